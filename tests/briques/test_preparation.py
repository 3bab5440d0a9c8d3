"""Une brique sait où elle est ouverte : prévenue une fois, d'où que vienne la décision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.application import prevenir_les_briques
from ent_core.brique import Bilan, BriqueActivee, BriqueDesactivee, Evenement
from ent_core.chargement.decouverte import charger
from ent_core.chargement.modeles import Bascule, BriqueConnue, BriquePreparee
from ent_core.chargement.retrait import retirer
from ent_core.chargement.taches import toutes_les_taches
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT
from ent_core.essais.application import assembler, configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, faux_brique
from ent_core.identite.modeles import ActeJournal, Etablissement
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import AnomaliesTrouvees

LUNDI, VENDREDI = date(2026, 9, 7), date(2026, 9, 11)
UN_JOUR, UN_AN = timedelta(days=1), timedelta(days=365)
PILOTE = BasculeFichier(brique="temoin", etablissements=(ECOLE,))


@dataclass(slots=True)
class Temoin:
    """Une brique qui note ce qu'on lui dit.

    :param appels: couples (crochet, établissement), et les années s'il y en a.
    :param panne: établissements où elle échoue.
    :param refus: motif qu'elle oppose au changement d'année.
    """

    appels: list[tuple[Any, ...]] = field(default_factory=list)
    evenements: list[Evenement] = field(default_factory=list)
    panne: set[str] = field(default_factory=set)
    refus: str | None = None

    def brique(self) -> ModuleType:
        def ent_activer(session: Session, uai: str) -> None:
            if uai in self.panne:
                raise RuntimeError("le nom d'une personne")
            self.appels.append(("activer", uai))

        def ent_desactiver(session: Session, uai: str) -> None:
            self.appels.append(("desactiver", uai))

        def ent_changer_annee(session: Session, uai: str, ancienne: int, nouvelle: int) -> Bilan:
            if self.refus is None:
                self.appels.append(("changer", uai, ancienne, nouvelle))
            return Bilan(refus=self.refus)

        def ent_sur_evenement(evenement: Evenement) -> None:
            self.evenements.append(evenement)

        return faux_brique(
            "temoin",
            ent_activer=ent_activer,
            ent_desactiver=ent_desactiver,
            ent_changer_annee=ent_changer_annee,
            ent_sur_evenement=ent_sur_evenement,
        )

    def vus(self) -> list[tuple[Any, ...]]:
        """Ce qui a été dit depuis la dernière lecture, trié."""
        lus, self.appels = sorted(self.appels), []
        return lus


@pytest.fixture
def temoin() -> Temoin:
    return Temoin()


@pytest.fixture
def instance(application_avec: FabriqueInstance, temoin: Temoin) -> InstanceEssai:
    """Le témoin est chargé, fermé partout ; on est le lundi 7 septembre 2026."""
    return application_avec(temoin.brique(), ouvertes=False)


@pytest.fixture
def redemarrer(instance: InstanceEssai, temoin: Temoin) -> Callable[..., None]:
    """Redémarre l'instance avec d'autres bascules dans le fichier."""

    def redemarrer(*bascules: BasculeFichier) -> None:
        application = assembler(
            instance.base,
            instance.horloge,
            configuration_essai(bascules=bascules),
            {"temoin": temoin.brique()},
        )
        prevenir_les_briques(application)

    return redemarrer


def actes(instance: InstanceEssai, *noms: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    with instance.base.academie("essai") as session:
        enonce = select(ActeJournal).where(ActeJournal.acte.in_(noms)).order_by(ActeJournal.id)
        return [(acte.acte, acte.uai, acte.details) for acte in session.scalars(enonce)]


# --- Décisions de page et de commande ------------------------------------------------------------


def test_ouvrir_deux_fois_ne_previent_qu_une_fois(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin")
    instance.ouvrir("temoin")
    assert temoin.vus() == [("activer", ECOLE)]
    assert temoin.evenements == [BriqueActivee(ECOLE, "temoin")]


def test_fermer_l_academie_ne_ferme_pas_un_pilote(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin", None)
    instance.ouvrir("temoin", ECOLE)
    temoin.vus()
    instance.fermer("temoin", None)
    assert temoin.vus() == [("desactiver", RECTORAT), ("desactiver", AUTRE)]
    assert temoin.evenements[-1] == BriqueDesactivee(AUTRE, "temoin")


def test_annuler_une_ouverture_previent_de_la_fermeture(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin")
    with instance.base.academie("essai") as session:
        instance.ent.activation.retirer(session, instance.horloge, session.scalars(select(Bascule.id)).one())
    assert temoin.vus() == [("activer", ECOLE), ("desactiver", ECOLE)]


def test_annuler_une_fermeture_previent_de_l_ouverture(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin", None)
    instance.fermer("temoin", ECOLE)
    temoin.vus()
    with instance.base.academie("essai") as session:
        fermeture = session.scalars(select(Bascule.id).where(Bascule.uai == ECOLE)).one()
        instance.ent.activation.retirer(session, instance.horloge, fermeture)
    assert temoin.vus() == [("activer", ECOLE)]


def test_une_brique_qui_echoue_annule_la_decision(instance: InstanceEssai, temoin: Temoin) -> None:
    temoin.panne = {ECOLE}
    with pytest.raises(RuntimeError):
        instance.ouvrir("temoin")
    with instance.base.academie("essai") as session:
        assert session.scalars(select(Bascule.id)).all() == []
        assert session.scalars(select(BriquePreparee.uai)).all() == []


# --- Dates ---------------------------------------------------------------------------------------


def test_une_ouverture_a_venir_se_prepare_des_qu_elle_est_decidee(
    instance: InstanceEssai, temoin: Temoin
) -> None:
    instance.ouvrir("temoin", debut=VENDREDI, fin=VENDREDI + UN_JOUR)
    assert temoin.vus() == [("activer", ECOLE)]


def test_une_ouverture_echue_previent_de_la_fermeture_le_lendemain(
    instance: InstanceEssai, temoin: Temoin
) -> None:
    instance.ouvrir("temoin", debut=LUNDI, fin=LUNDI + UN_JOUR)
    temoin.vus()
    assert instance.reconcilier() == []
    assert temoin.vus() == []
    instance.horloge.avancer(UN_JOUR)
    assert instance.reconcilier() == []
    assert temoin.vus() == [("desactiver", ECOLE)]
    assert actes(instance, "brique.desactivee") == [("brique.desactivee", ECOLE, {"etablissements": 1})]


def test_fermee_puis_rouverte_plus_tard_elle_reste_prete(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin", debut=VENDREDI)
    temoin.vus()
    instance.ouvrir("temoin", debut=LUNDI, fin=LUNDI + UN_JOUR)
    instance.horloge.avancer(UN_JOUR)
    instance.reconcilier()
    assert temoin.vus() == []


def test_un_etablissement_nouveau_suit_l_academie(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin", None)
    temoin.vus()
    with instance.base.academie("essai") as session:
        session.add(Etablissement(uai="0991003C", nom="Collège neuf", degre=2))
    instance.reconcilier()
    assert temoin.vus() == [("activer", "0991003C")]


def test_un_etablissement_ferme_n_est_plus_prepare(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin", None)
    temoin.vus()
    with instance.base.academie("essai") as session:
        session.get_one(Etablissement, AUTRE).ferme_le = LUNDI
    instance.reconcilier()
    assert temoin.vus() == [("desactiver", AUTRE)]


# --- Fichier -------------------------------------------------------------------------------------


def test_une_bascule_du_fichier_previent_au_demarrage_une_seule_fois(
    redemarrer: Callable[..., None], temoin: Temoin, instance: InstanceEssai
) -> None:
    redemarrer(PILOTE)
    redemarrer(PILOTE)
    assert temoin.vus() == [("activer", ECOLE)]
    assert actes(instance, "brique.activee") == [("brique.activee", ECOLE, {"etablissements": 1})]
    redemarrer()
    assert temoin.vus() == [("desactiver", ECOLE)]


def test_une_decision_de_page_l_emporte_sur_le_fichier_pour_la_brique_aussi(
    redemarrer: Callable[..., None], instance: InstanceEssai, temoin: Temoin
) -> None:
    instance.fermer("temoin", ECOLE)
    redemarrer(PILOTE)
    assert temoin.vus() == []


def test_deux_processus_qui_demarrent_ensemble_ne_previennent_qu_une_fois(
    instance: InstanceEssai, temoin: Temoin
) -> None:
    pilote = configuration_essai(bascules=(BasculeFichier(brique="temoin"),))
    processus = [
        assembler(instance.base, instance.horloge, pilote, {"temoin": temoin.brique()}) for _ in range(2)
    ]
    with ThreadPoolExecutor(2) as fils:
        list(fils.map(prevenir_les_briques, processus))
    assert temoin.vus() == [("activer", RECTORAT), ("activer", ECOLE), ("activer", AUTRE)]


def test_une_panne_n_empeche_ni_les_autres_ni_de_reessayer(instance: InstanceEssai, temoin: Temoin) -> None:
    temoin.panne = {ECOLE}
    configuration = configuration_essai(bascules=(BasculeFichier(brique="temoin"),))
    application = assembler(instance.base, instance.horloge, configuration, {"temoin": temoin.brique()})
    activation = application.extensions["ent"].activation
    with instance.base.academie("essai") as session:
        (anomalie,) = activation.reconcilier(session, instance.horloge)
    assert anomalie.code == "BRIQUE-011"
    assert anomalie.lieu == f"brique temoin, crochet ent_activer, établissement {ECOLE}"
    assert "personne" not in str(anomalie)
    assert temoin.vus() == [("activer", RECTORAT), ("activer", AUTRE)]
    temoin.panne = set()
    prevenir_les_briques(application)
    assert temoin.vus() == [("activer", ECOLE)]


def test_chaque_heure_l_ouvrier_reconcilie_et_montre_l_echec(instance: InstanceEssai, temoin: Temoin) -> None:
    chargement = charger([], {"temoin": temoin.brique()})
    configuration = configuration_essai(bascules=(PILOTE,))
    taches = {t.nom: t for t in toutes_les_taches(chargement, configuration)}
    reconcilier = taches["noyau.reconcilier_briques"]
    assert reconcilier.periode
    temoin.panne = {ECOLE}
    with pytest.raises(AnomaliesTrouvees):
        reconcilier.fonction(instance.base, instance.horloge)
    temoin.panne = set()
    reconcilier.fonction(instance.base, instance.horloge)
    assert temoin.vus() == [("activer", ECOLE)]


# --- Année ---------------------------------------------------------------------------------------


def test_l_annee_qui_change_se_dit_une_fois_aux_briques_ouvertes(
    instance: InstanceEssai, temoin: Temoin
) -> None:
    instance.ouvrir("temoin")
    temoin.vus()
    instance.reconcilier()
    assert temoin.vus() == []
    instance.horloge.avancer(UN_AN)
    instance.reconcilier()
    instance.reconcilier()
    assert temoin.vus() == [("changer", ECOLE, 2026, 2027)]
    assert actes(instance, "annee.changee") == [
        ("annee.changee", ECOLE, {"ancienne": 2026, "briques": "temoin"})
    ]


def test_deux_annees_passees_se_disent_l_une_apres_l_autre(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin")
    temoin.vus()
    instance.horloge.avancer(UN_AN * 2)
    instance.reconcilier()
    assert temoin.vus() == [("changer", ECOLE, 2026, 2027), ("changer", ECOLE, 2027, 2028)]


def test_une_brique_qui_refuse_l_annee_est_redemandee(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin")
    temoin.vus()
    instance.horloge.avancer(UN_AN)
    temoin.refus = "des bulletins ne sont pas clos."
    (anomalie,) = instance.reconcilier()
    assert "des bulletins ne sont pas clos" in anomalie.message
    assert actes(instance, "annee.changee") == []
    temoin.refus = None
    assert instance.reconcilier() == []
    assert temoin.vus() == [("changer", ECOLE, 2026, 2027)]


# --- Départ --------------------------------------------------------------------------------------


def test_le_depart_d_une_brique_encore_ouverte_est_dit(instance: InstanceEssai, temoin: Temoin) -> None:
    instance.ouvrir("temoin")
    with instance.base.academie("essai") as session:
        session.add(BriqueConnue(id="temoin", version="1", registre={}, vue_le=instance.horloge.maintenant()))
    with instance.base.academie("essai") as session:
        assert retirer(session, instance.horloge, charger([]), "temoin") == 1
    assert actes(instance, "brique.retiree") == [("brique.retiree", None, {"encore_ouverte": 1})]
    temoin.vus()
    instance.reconcilier()
    assert temoin.vus() == [("activer", ECOLE)], "revenue, elle est prévenue de nouveau"
