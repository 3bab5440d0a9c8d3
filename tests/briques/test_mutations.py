"""Le contrat rougit pour chaque annotation ôtée : avec le verrou, et sans lui.

Le verrou voit tout changement ; il ne dit rien d'une annotation qui n'a jamais été là. On compte donc aussi
ce que le reste du contrat voit seul. L'observation se fait une fois, sur la brique intacte ; chaque mutant
lui est confronté en mémoire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from ent_core.chargement.decouverte import BriqueChargee, Chargement, charger, dossier
from ent_core.chargement.verification import verifier_declarations
from ent_core.contrat.resultats import Niveau
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.contrat.coherence import REGLES, Indices, ecarts, fiches_incompletes
from ent_core.essais.contrat.observation import Observation, observer
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.parcours import Parcours
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.web.routes import verifier_routes

from .mutations import Mutant, mutants
from .temoin import envois_du_temoin, exemples_du_temoin, module_du_temoin

LE_VERROU_SEUL = {
    "conservation, autorite ôté": "à défaut, le visa des archives : la règle devient plus prudente",
    "conservation, preavis ôté": "à défaut, sept jours : une durée que rien d'autre ne dit",
    "conservation, intermediaire ôté": "rien d'autre ne dit que les données passent par l'archive",
    "conservation, durée vidée": "une fin d'année, ou un terme que la loi date, peut être sans délai",
    "origines ôté": "à défaut, l'annuaire : une autre origine ne se voit pas dans le code",
}
"""Ce qu'aucune preuve, hors de la déclaration, ne peut contredire ; et pourquoi."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ce que chaque part du contrat reproche à un mutant.

    :param construit: la brique se construit encore sans l'annotation.
    :param regles: règles de cohérence qui rougissent.
    """

    mutant: Mutant
    construit: bool = True
    verrou: bool = False
    demarrage: bool = False
    fiche: bool = False
    regles: frozenset[str] = frozenset()

    @property
    def vu_sans_verrou(self) -> bool:
        return not self.construit or self.demarrage or self.fiche or bool(self.regles)

    @property
    def vu(self) -> bool:
        return self.vu_sans_verrou or self.verrou


@dataclass(frozen=True, slots=True)
class Etabli:
    """Une brique intacte, ce qu'on l'a vue faire, et de quoi éprouver ses mutants."""

    brique: BriqueChargee
    chargement: Chargement
    instance: InstanceEssai
    vu: Observation

    def juger(self, mutant: Mutant) -> Verdict:
        with ExitStack() as pile:
            try:
                brique = pile.enter_context(mutant.poser())
            except TypeError:
                return Verdict(mutant, construit=False)
            seule = replace(self.chargement, briques=(brique,))
            codes = {
                anomalie.code
                for anomalie in verifier_declarations(seule, configuration_essai())
                if anomalie.niveau is Niveau.ERREUR
            }
            demarrage = any(not code.startswith("VERROU") for code in codes)
            if demarrage:  # elle ne démarre pas : le reste n'est pas demandé
                return Verdict(mutant, verrou=True, demarrage=True)
            indices = Indices(brique, self.vu)
            rouges = frozenset(regle.__name__ for regle in REGLES if ecarts(indices, [regle]))
            fiche = any(fiches_incompletes(brique))
            return Verdict(mutant, verrou=bool(codes), fiche=fiche, regles=rouges)


def _annonces() -> tuple[ModuleType, Callable[..., Any]]:
    modeles = import_module("ent_annonces.modeles")

    def exemples(session: Any, annuaire: Any, uai: str) -> dict[str, Any]:
        mot = modeles.Mot(uai=uai, auteur_id=annuaire["direction"], texte="Exercice", fin=date(2026, 9, 12))
        session.add(mot)
        session.flush()
        return {"mot_id": mot.id}

    return import_module("ent_annonces.brique"), exemples


@pytest.fixture(scope="module", params=["annonces", "temoin"])
def etabli(request: pytest.FixtureRequest, vivier: Vivier) -> Iterator[Etabli]:
    nom = str(request.param)
    module, exemples = _annonces() if nom == "annonces" else (module_du_temoin("brique"), exemples_du_temoin)
    fabrique = FabriqueInstance(vivier, HorlogeFixe())
    instance = fabrique(module)
    instance.ouvrir(nom, None)
    with instance.base.academie("essai : exemples") as session:
        parametres = exemples(session, instance.annuaire, ECOLE)
    chargement = charger([], {nom: module})
    brique = chargement.brique(nom)
    assert brique is not None
    envois: Mapping[str, Any] = {} if nom == "annonces" else envois_du_temoin(instance.annuaire)
    vu = observer(Parcours(instance, nom, parametres), brique, dossier(module), envois)
    yield Etabli(brique, chargement, instance, vu)
    fabrique.fermer()


@pytest.fixture(scope="module")
def verdicts(etabli: Etabli) -> list[Verdict]:
    return [etabli.juger(mutant) for mutant in mutants(etabli.brique)]


def test_la_brique_intacte_ne_montre_rien(etabli: Etabli) -> None:
    intacte = etabli.juger(Mutant("rien", "", lambda: nullcontext(etabli.brique)))
    assert not intacte.vu, "l'épreuve rougirait d'elle-même"


@pytest.mark.exigence("RGPD-REG-03")
def test_chaque_annotation_otee_se_voit(verdicts: list[Verdict]) -> None:
    assert len(verdicts) > 50
    assert [str(v.mutant) for v in verdicts if not v.vu] == []


def test_sans_le_verrou_ne_survit_que_ce_que_rien_ne_peut_contredire(verdicts: list[Verdict]) -> None:
    survivants = [v.mutant for v in verdicts if not v.vu_sans_verrou]
    assert [str(m) for m in survivants if m.sorte not in LE_VERROU_SEUL] == []


def test_une_exigence_otee_d_une_route_se_voit(etabli: Etabli, monkeypatch: pytest.MonkeyPatch) -> None:
    application = etabli.instance.application
    permissions = dict(etabli.instance.ent.permissions)
    protegees = [
        vue for point, vue in application.view_functions.items()
        if point.startswith(etabli.brique.id) and hasattr(vue, "ent_exigence")
    ]  # fmt: skip
    assert protegees
    for vue in protegees:
        with monkeypatch.context() as retrait:
            retrait.delattr(vue, "ent_exigence")
            assert [a.code for a in verifier_routes(application, permissions)], vue.__name__


def test_chaque_regle_voit_ce_qu_elle_est_seule_a_voir(etabli: Etabli, verdicts: list[Verdict]) -> None:
    """Témoin : ôter une règle ferait baisser le score ; celle qui ne sert à rien ne resterait pas."""
    if etabli.brique.id != "temoin":
        pytest.skip("la brique témoin porte toutes les annotations")
    seules = {regle for v in verdicts if len(v.regles) == 1 and not v.fiche for regle in v.regles}
    assert {regle.__name__ for regle in REGLES} - seules == set()
