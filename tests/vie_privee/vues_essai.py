"""Une école où chaque page de la vie privée a quelque chose à montrer : les pages s'y regardent pleines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import URL, create_engine, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.decouverte import charger
from ent_core.essais.annuaire import ECOLE, peupler
from ent_core.essais.application import assembler, configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import InstanceEssai
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.archive.modeles import DemandeArchive
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.plan import planifier
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.oppositions import Voie, accueillir
from ent_core.vie_privee.minimisation.rapport import suivre
from ent_core.vie_privee.statistiques.modeles import PublicationStatistique
from ent_core.vie_privee.traces.modeles import TraceLecture
from ent_core.vie_privee.traces.modeles_acces import AccesTraces
from ent_core.vie_privee.violations.modeles import Violation
from ent_core.vie_privee.violations.signaux import SEUIL
from tests.vie_privee.archive_essais import ouvrir
from tests.vie_privee.brique_cahiers import AbsenceNotee, Passage, brique_cahiers
from tests.vie_privee.brique_dossiers import Livret, Sanction, brique_dossiers
from tests.vie_privee.brique_incidents import SUIVI, Adhesion, Fait, brique_incidents
from tests.vie_privee.brique_papier import VOEUX, brique_papier
from tests.vie_privee.brique_sanctions import brique_sanctions
from tests.vie_privee.conservation_essais import a_midi
from tests.vie_privee.pages_essai import chercher
from tests.vie_privee.test_statistiques import ANNEE_PLEINE, figer, saisir

__all__ = ["garnie"]

ECHU = date(2025, 9, 1)
"""Jour de ce qui a fait son temps quand l'essai commence."""

_V = "/vie-privee"
_VIOLATION = {
    "connue_le": "2026-09-14T07:30", "origine": "envoi", "natures": ["confidentialite"],
    "description": "Une liste de trois classes est partie au mauvais destinataire.\nIl l'a signalé.",
    "traitements": [SUIVI.cle], "consequences": ["reputation"], "gravite": "3", "personnes": "84",
    "mesures": "Le destinataire a effacé le fichier, et l'a écrit.", "debut": "2026-09-13T18:00",
}  # fmt: skip


@contextmanager
def garnie(fabrique: Fabrique, dossier: Path) -> Iterator[tuple[InstanceEssai, dict[str, str]]]:
    """Monte l'école et la remplit, par les pages quand c'est possible.

    :param fabrique: fabrique de bases.
    :param dossier: dossier des fichiers.
    :returns: l'instance, et l'identifiant de ce que les adresses nomment.
    """
    modules = (
        brique_cahiers(),
        brique_dossiers(),
        brique_incidents(bornees=[]),
        brique_papier(),
        brique_sanctions(),
    )
    briques = {module.ent_manifeste().id: module for module in modules}
    configuration, chargement = configuration_essai(donnees=str(dossier)), charger([], briques)
    adresses = fabrique.migree(chargement.distributions)
    base, horloge = fabrique.ouvrir(adresses.application, connexions=8), HorlogeFixe()
    application = assembler(base, horloge, configuration, briques)
    with base.academie("essai : annuaire") as session:
        annuaire = peupler(session)
    ent = InstanceEssai(application, base, horloge, annuaire)
    for brique in briques:
        ent.ouvrir(brique, debut=ECHU)
    saisir(ent, ECOLE, ANNEE_PLEINE)
    figer(ent)
    depot = ouvrir(ent, chargement, configuration)
    depot.ecrire(Sanction, nature="une bousculade", jour=ECHU, camarade_id=annuaire["camarade"])
    depot.ecrire(Livret, nature="un livret", jour=ECHU)
    depot.tout()
    ici = {"eleve": str(annuaire["eleve"]), "uai": ECOLE}
    with base.academie("essai : ce qui se montre") as session:
        _ecrire(session, ent)
        ici["plan"] = str(_planifier(session, ent))
    _lectures(adresses.proprietaire, ent)
    _archives(ent)
    _traces(ent)
    _violations(ent)
    _demandes(ent)
    with base.academie("essai : identifiants") as session:
        ici |= _reperes(session)
    yield ent, ici
    base.fermer()
    fabrique.retirer(adresses)


def _ecrire(session: Session, ent: InstanceEssai) -> None:
    eleve, jour = ent.annuaire["eleve"], ent.horloge.aujourd_hui()
    for absent in ("eleve", "camarade"):
        session.add(AbsenceNotee(uai=ECOLE, annee=2025, eleve_id=ent.annuaire[absent], motif="essai"))
    session.add(Passage(uai=ECOLE, eleve_id=eleve, le=a_midi(date(2026, 1, 15)), avis="essai"))
    session.add(Fait(uai=ECOLE, eleve_id=eleve, jour=jour, nature="retard"))
    session.add(Adhesion(uai=ECOLE, eleve_id=eleve, jour=jour, gout="le jeu de go"))
    accueillir(
        session, ent.horloge, VOEUX, eleve, uai=ECOLE, motif="famille protégée", source=Voie.PAPIER,
        par=ent.annuaire["direction"],
    )  # fmt: skip
    suivre(session, ent.ent.registre, ECHU)


def _lectures(proprietaire: URL, ent: InstanceEssai) -> None:
    """Trois lectures du jour ; la dernière est d'une liste entière."""
    jour, eleve = ent.horloge.aujourd_hui(), ent.annuaire["eleve"]
    lue = {"uai": ECOLE, "jour": jour, "traitement": VOEUX.cle, "colonnes": ["langue"]}
    moteur = create_engine(proprietaire, poolclass=NullPool)
    with moteur.begin() as connexion:
        for lecteur, sujet in (("cpe", eleve), ("enseignant", eleve), ("cpe", None)):
            qui = {"lecteur_id": ent.annuaire[lecteur], "role": lecteur, "sujet_id": sujet}
            connexion.execute(insert(TraceLecture), {**lue, **qui})
    moteur.dispose()


def _planifier(session: Session, ent: InstanceEssai) -> UUID:
    regles = regles_completes(session, ent.ent.chargement)
    plan = planifier(session, ent.horloge, regles)
    approuver(session, ent.horloge, regles, plan.id, couvre=plan.empreinte, par=ent.annuaire["dpd"])
    return plan.id


def _archives(ent: InstanceEssai) -> None:
    direction, dpd = ent.client("direction"), ent.client("dpd")
    adresse = f"{_V}/archives/personnes/{ent.annuaire['eleve']}"
    for suite in ("", "/accorder", "/refuser"):
        voulu = {"motif": "recours devant le tribunal, dossier 27-18", "heures": "4"}
        demandee = direction.post(adresse, data=voulu).location
        if suite:
            assert dpd.post(demandee + suite, data={"motif": "le dossier est clos"}).status_code == 303


def _traces(ent: InstanceEssai) -> None:
    admin, dpd = ent.client("administrateur_academique"), ent.client("dpd")
    jour = ent.horloge.aujourd_hui()
    voulu = {
        "motif": "un accès inhabituel signalé par la direction", "journal": "lectures",
        "traitement": VOEUX.cle, "du": (jour - timedelta(days=9)).isoformat(), "au": jour.isoformat(),
    }  # fmt: skip
    for choix, jours in (("oui", "2"), ("non", "3"), ("", "1")):
        assert admin.post(f"{_V}/journaux/nouveau", data={**voulu, "jours": jours}).status_code == 303
        with ent.base.academie("essai") as session:
            derniere = session.scalars(select(AccesTraces.id).order_by(AccesTraces.id.desc())).first()
        if choix:
            decision = {"choix": choix, "motif": "rien ne le justifie"}
            adresse = f"{_V}/journaux/{derniere}/decider"
            assert dpd.post(adresse, data=decision).status_code == 303


def _violations(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    tardive = {**_VIOLATION, "connue_le": "2026-09-09T07:30", "debut": "", "origine": "equipement"}
    for valeurs in (tardive, _VIOLATION):
        reponse = direction.post(f"{_V}/violations/nouvelle", data=valeurs)
        assert reponse.status_code == 303, reponse.text
    adresse = reponse.location
    assert direction.post(f"{adresse}/cnil", data={"choix": "oui"}).status_code == 303
    compte = {"du": "2026-09-07T08:00", "au": "2026-09-15T12:00", "journaux": ["lectures", "ecritures"]}
    assert direction.post(f"{adresse}/personnes", data=compte).status_code == 303
    for _ in range(SEUIL):
        direction.get(f"{_V}/demandes/0991002B/00000000-0000-0000-0000-000000000000")


def _demandes(ent: InstanceEssai) -> None:
    parent, direction = ent.client("parent"), ent.client("direction")
    pour = {"pour": str(ent.annuaire["eleve"])}
    for droit in ("effacement", "rectification"):
        voulu = {**pour, "droit": droit, "precisions": "Il n'y est plus inscrit."}
        assert parent.post("/mes-donnees/", data=voulu).status_code == 302
    with ent.base.academie("essai") as session:
        effacer = session.scalars(select(Demande.id).where(Demande.droit == "effacement")).one()
    champs = {"fondement": "consentement"}
    adresse = f"{_V}/effacements/{ECOLE}/{effacer}"
    (relue,) = chercher(direction.get(adresse, query_string=champs).text, "//input[@name='relue']/@value")
    assert direction.post(adresse, data={**champs, "relue": relue}).status_code == 302


def _reperes(session: Session) -> dict[str, str]:
    demandes = {d.droit: str(d.id) for d in session.scalars(select(Demande))}
    acces = {a.jours: str(a.id) for a in session.scalars(select(AccesTraces))}
    archives = [str(d.id) for d in session.scalars(select(DemandeArchive).order_by(DemandeArchive.id))]
    statistique = session.scalars(select(PublicationStatistique.id)).one()
    violations = [str(v.id) for v in session.scalars(select(Violation).order_by(Violation.connue_le))]
    return {
        **demandes, "acces": acces[2], "acces_attend": acces[1], "violation": violations[-1],
        "statistique": str(statistique),
        "archive_attend": archives[0], "archive_refusee": archives[2],
    }  # fmt: skip
