"""L'attaque par les marges : qui a toute une publication n'y retrouve aucune case tue.

Les grilles sont tirées au sort : creuses, denses, déséquilibrées, à une entrée ou deux, à plat ou en arbre.
L'attaquant est écrit à part (``ent_core.essais.marges``) et calcule exactement.
"""

from __future__ import annotations

import itertools
import math
import os
import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from ent_core.essais import marges
from ent_core.essais.marges import egalites, encadrer
from ent_core.vie_privee.statistiques.grille import Case, Trame, totaliser
from ent_core.vie_privee.statistiques.periodes import lire_periode
from ent_core.vie_privee.statistiques.protection import completer, taire
from ent_core.vie_privee.statistiques.publication import LignePubliee, StatistiquePubliee

pytestmark = pytest.mark.exigence("LIVRET-19")

SEUIL = 5
TRAMES: dict[str, Trame] = {
    "à plat, deux entrées": Trame((None, *[0] * 4), 3),
    "à plat, une entrée": Trame((None, *[0] * 6), 0),
    "en arbre, deux entrées": Trame((None, 0, 0, 1, 1, 1, 2), 2),
    "en arbre, une entrée": Trame((None, 0, 0, 1, 1, 1, 2), 0),
    "une seule division": Trame((None, 0), 3),
    "une seule école sous l'académie": Trame((None, 0, 1, 1, 1), 3),
    "un seul nombre": Trame((None,), 0),
}
TIRAGES = int(os.environ.get("ENT_TIRAGES", "30"))
"""Par trame ; « ENT_TIRAGES=2000 pytest … » en fait un banc."""


@dataclass(frozen=True)
class Publiee:
    """Ce que l'attaquant reçoit, et la vérité pour le juger."""

    trame: Trame
    nombres: dict[Case, int]
    tues: frozenset[Case]

    def connues(self) -> dict[Case, tuple[int, int | None]]:
        return {c: (n, n) for c, n in self.nombres.items() if c not in self.tues}


def tirer(trame: Trame, hasard: random.Random, moyenne: float) -> dict[Case, int]:
    """Une grille de Poisson, dont les lignes et les colonnes n'ont pas le même poids."""
    lignes = [hasard.choice((0.2, 1, 3)) for _ in trame.dessus]
    colonnes = [hasard.choice((0.2, 1, 4)) for _ in range(max(trame.colonnes, 1))]
    return totaliser(
        trame,
        {
            (i, j): _poisson(hasard, moyenne * lignes[i] * colonnes[j])
            for i in trame.feuilles
            for j in range(max(trame.colonnes, 1))
        },
    )


def _poisson(hasard: random.Random, moyenne: float) -> int:
    limite, nombre, produit = math.exp(-moyenne), 0, hasard.random()
    while produit > limite:
        nombre, produit = nombre + 1, produit * hasard.random()
    return nombre


def publications(trame: Trame, graine: int, combien: int) -> list[Publiee]:
    hasard = random.Random(graine)  # noqa: S311 - un tirage à refaire, non un secret
    rendues = []
    for _ in range(combien):
        nombres = tirer(trame, hasard, hasard.choice((0.3, 1, 3, 8)))
        rendues.append(Publiee(trame, nombres, taire(trame, nombres, nombres, SEUIL, hasard.randbytes(32))))
    return rendues


@pytest.mark.parametrize("nom", TRAMES)
def test_aucune_case_ne_se_retrouve_par_les_marges(nom: str) -> None:
    trame = TRAMES[nom]
    sommes = egalites(trame.dessus, trame.colonnes)
    for publiee in publications(trame, list(TRAMES).index(nom), TIRAGES):
        assert {c for c, n in publiee.nombres.items() if n < SEUIL} <= publiee.tues
        bornes = encadrer(sommes, publiee.connues(), sorted(publiee.tues))
        for case, (bas, haut) in bornes.items():
            vrai = publiee.nombres[case]
            assert bas <= vrai  # l'attaquant raisonne juste
            assert haut is None or vrai <= haut
            assert haut is None or haut - bas >= SEUIL


def test_la_table_de_l_etude_garde_toutes_ses_cases() -> None:
    # 24 classes et 6 motifs : sans suppression complémentaire, l'étude en retrouvait 16 % au seuil de cinq.
    trame = Trame((None, *[0] * 24), 6)
    sommes = egalites(trame.dessus, trame.colonnes)
    for publiee in publications(trame, 24, max(2, TIRAGES // 50)):
        bornes = encadrer(sommes, publiee.connues(), sorted(publiee.tues))
        assert all(haut is None or haut - bas >= SEUIL for bas, haut in bornes.values())


def test_l_attaquant_ne_doit_rien_au_code_qui_protege() -> None:
    importes = re.findall(r"^(?:from|import) (\w+)", Path(marges.__file__).read_text("utf-8"), re.MULTILINE)
    assert set(importes) == {"__future__", "collections", "fractions", "math"}


def test_l_attaquant_retrouve_ce_qu_une_suppression_simple_laisse() -> None:
    # Sans quoi l'épreuve ne prouverait rien : les mêmes grilles, où l'on ne tait que les petites cases.
    trame = TRAMES["à plat, deux entrées"]
    sommes = egalites(trame.dessus, trame.colonnes)
    retrouvees = 0
    for publiee in publications(trame, 3, 60):
        petites = {c for c, n in publiee.nombres.items() if n < SEUIL}
        connues = {c: (n, n) for c, n in publiee.nombres.items() if c not in petites}
        bornes = encadrer(sommes, dict(connues), sorted(petites))
        retrouvees += sum(bas == haut for bas, haut in bornes.values())
    assert retrouvees > 20


@pytest.mark.parametrize(
    ("trame", "plus_grand", "seuil"),
    [
        (Trame((None, 0, 0, 0, 0), 0), 6, 3),
        (Trame((None, 0, 0), 2), 5, 2),
        (Trame((None, 0, 0, 1, 1), 0), 6, 3),
    ],
)
def test_connaitre_le_programme_n_ecarte_aucune_grille(trame: Trame, plus_grand: int, seuil: int) -> None:
    # Toute grille compatible avec la publication aurait pu la donner, si le hasard avait tu de même.
    fines = [(i, j) for i in sorted(trame.feuilles) for j in range(max(trame.colonnes, 1))]
    toutes = [
        totaliser(trame, dict(zip(fines, valeurs, strict=True)))
        for valeurs in itertools.product(range(plus_grand + 1), repeat=len(fines))
    ]
    hasard = random.Random(7)  # noqa: S311 - un tirage à refaire, non un secret
    compatibles = 0
    for vraie in hasard.sample(toutes, 25):
        cle = hasard.randbytes(32)
        tues = taire(trame, vraie, vraie, seuil, cle)
        for autre in toutes:
            if all(autre[c] == vraie[c] for c in trame.cases if c not in tues):
                compatibles += 1
                assert completer(trame, autre, autre, seuil, cle, tues) == tues
    assert compatibles > 25


def test_une_case_publiee_peut_l_avoir_ete_au_hasard_mais_jamais_une_petite() -> None:
    trame = TRAMES["à plat, deux entrées"]
    pleine = totaliser(trame, {(i, j): 50 for i in trame.feuilles for j in range(3)})
    tues = [taire(trame, pleine, pleine, SEUIL, i.to_bytes(4)) for i in range(200)]
    part = sum(map(len, tues)) / (200 * len(trame.cases))
    assert 0 < part < 0.25


def test_des_faits_nombreux_de_peu_de_personnes_se_taisent_aussi() -> None:
    trame = TRAMES["à plat, deux entrées"]
    nombres = totaliser(trame, {(i, j): 20 for i in trame.feuilles for j in range(3)})
    personnes = {c: 2 if c == (1, 0) else 30 for c in trame.cases}
    tues = taire(trame, nombres, personnes, SEUIL, b"cle")
    sommes = egalites(trame.dessus, trame.colonnes)
    connues: dict[Case, tuple[int, int | None]] = {c: (n, n) for c, n in nombres.items() if c not in tues}
    bas, haut = encadrer(sommes, connues, [(1, 0)])[1, 0]
    assert (1, 0) in tues
    assert haut is None or haut - bas >= 20


def test_l_arrondi_n_apprend_rien_de_plus() -> None:
    trame = TRAMES["en arbre, deux entrées"]
    sommes = egalites(trame.dessus, trame.colonnes)
    for publiee in publications(trame, 5, 25):
        vue = _vue(publiee).pour_l_academie()
        connues: dict[Case, tuple[int, int | None]] = {}
        for i, ligne in enumerate(vue.cases):
            for j, nombre in enumerate(ligne):
                if nombre is not None:
                    assert nombre % 5 == 0
                    connues[i, j] = (max(SEUIL, nombre - 2), nombre + 2)  # ce que sait qui connaît l'arrondi
        dehors = encadrer(sommes, connues, sorted(publiee.tues))
        dedans = encadrer(sommes, publiee.connues(), sorted(publiee.tues))
        for case, (bas, haut) in dehors.items():
            assert bas <= dedans[case][0]
            assert haut is None or (dedans[case][1] is not None and haut >= (dedans[case][1] or 0))


def _vue(publiee: Publiee) -> StatistiquePubliee:
    trame = publiee.trame
    cases = tuple(
        tuple(None if (i, j) in publiee.tues else publiee.nombres[i, j] for j in range(trame.colonnes + 1))
        for i in range(len(trame.dessus))
    )
    return StatistiquePubliee(
        id=uuid4(), cle="essai.essai", intitule="Essai", compte="faits", uai=None,
        periode=lire_periode("2025"), seuil=SEUIL, dimensions=("Ligne", "Colonne"),
        lignes=tuple(LignePubliee(str(i), str(i), trame.profondeur(i)) for i in range(len(trame.dessus))),
        colonnes=tuple(map(str, range(trame.colonnes))), cases=cases, empreinte="",
        figee_le=datetime(2026, 8, 16, tzinfo=UTC),
    )  # fmt: skip


def test_les_periodes_suivent_le_calendrier() -> None:
    assert (lire_periode("2026").debut, lire_periode("2026").fin) == (date(2026, 8, 1), date(2027, 8, 1))
    assert lire_periode("2026-12").fin == date(2027, 1, 1)
    assert lire_periode("2026").libelle == "2026-2027"
    assert lire_periode("2026-08").libelle == "août 2026"
