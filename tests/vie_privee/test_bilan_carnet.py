"""Le bilan de l'année et le registre des sanctions : qui les a tous n'y retrouve personne."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ent_carnet.modeles import LigneDuRegistre, SanctionEleve
from ent_carnet.nomenclatures import Issue, MotifDiscipline
from ent_carnet.services.registre import BILAN_DEMANDES, BILAN_SANCTIONS
from ent_carnet.traitements import PUNITIONS, SANCTIONS
from sqlalchemy import Boolean, Column, Integer, SmallInteger, String, Uuid

from ent_core.contrat.donnees import Donnee
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.marges import egalites, encadrer
from ent_core.vie_privee.statistiques.grille import Case, Trame, totaliser
from ent_core.vie_privee.statistiques.protection import taire

pytestmark = pytest.mark.exigence("DISC-25")

TRAMES = {
    BILAN_SANCTIONS.cle: Trame(
        (None, *[0] * len(BILAN_SANCTIONS.dimensions[0].modalites)),
        len(BILAN_SANCTIONS.dimensions[1].modalites),
    ),
    BILAN_DEMANDES.cle: Trame((None, *[0] * len(BILAN_DEMANDES.dimensions[0].modalites)), 0),
}
SEUILS = {BILAN_SANCTIONS.cle: SANCTIONS.seuil, BILAN_DEMANDES.cle: PUNITIONS.seuil}


def une_annee(trame: Trame, hasard: random.Random) -> dict[Case, int]:
    """Les décisions d'un collège : quelques-unes fréquentes, beaucoup d'uniques, des cases vides."""
    fines: dict[Case, int] = {}
    for _ in range(hasard.choice((8, 40, 120))):
        ligne = min(trame.feuilles) + int(len(trame.feuilles) * hasard.random() ** 2)
        case = (ligne, int(max(trame.colonnes, 1) * hasard.random() ** 2))
        fines[case] = fines.get(case, 0) + 1
    return totaliser(trame, fines)


@pytest.mark.exigence("SDET-STA-02")
@pytest.mark.parametrize("cle", TRAMES)
def test_aucune_decision_ne_se_retrouve_par_les_marges_du_bilan(cle: str) -> None:
    trame, seuil = TRAMES[cle], SEUILS[cle]
    assert seuil >= 5
    sommes, hasard = egalites(trame.dessus, trame.colonnes), random.Random(cle)  # noqa: S311 - un tirage à refaire, non un secret
    for _ in range(2):
        nombres = une_annee(trame, hasard)
        tues = taire(trame, nombres, nombres, seuil, hasard.randbytes(32))
        assert {case for case, nombre in nombres.items() if nombre < seuil} <= tues
        connues: dict[Case, tuple[int, int | None]] = {
            case: (nombre, nombre) for case, nombre in nombres.items() if case not in tues
        }
        for case, (bas, haut) in encadrer(sommes, connues, sorted(tues)).items():
            assert bas <= nombres[case]
            assert haut is None or haut - bas >= seuil


def test_le_bilan_ne_compte_que_par_des_listes_fermees() -> None:
    issues, motifs = BILAN_SANCTIONS.dimensions
    assert {code for code, _ in issues.modalites} == set(Issue)
    assert {code for code, _ in motifs.modalites} == set(MotifDiscipline)
    assert [d.colonne for d in (*BILAN_SANCTIONS.dimensions, *BILAN_DEMANDES.dimensions)] == [
        "issue", "motif", "suite",
    ]  # fmt: skip
    libres = {c.name for c in SanctionEleve.metadata.tables[BILAN_SANCTIONS.table].columns if _libre(c)}
    assert libres == {"faits", "motivation"}, "et le récit n'y est pour rien"


def _libre(colonne: Column[Any]) -> bool:
    declaree = declaration_colonne(colonne)
    return isinstance(declaree, Donnee) and declaree.libre


@pytest.mark.exigence("DISC-24")
def test_le_registre_n_a_ni_texte_ni_date_ni_auteur() -> None:
    table = LigneDuRegistre.metadata.tables[LigneDuRegistre.__tablename__]
    genres = {c.name: type(c.type) for c in table.columns}
    assert set(genres.values()) <= {Boolean, Integer, SmallInteger, String, Uuid}
    assert {nom for nom, genre in genres.items() if genre is Uuid} == {"id"}
    assert not any(isinstance(declaration_colonne(colonne), Donnee) for colonne in table.columns)
    # Le plus fin est le mois ; les textes courts sont des codes de listes, non des phrases.
    assert {nom for nom, genre in genres.items() if genre is String} == {"uai", "motif", "mesure"}
    assert all(c.type.length <= 24 for c in table.columns if isinstance(c.type, String) and c.type.length)
