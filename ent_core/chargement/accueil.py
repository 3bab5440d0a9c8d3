"""Ce que le noyau met au menu et à l'accueil : l'administration, la journée, les enfants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.chargement.vignette_messages import vignettes_des_messages
from ent_core.chargement.violations import vignettes_des_violations
from ent_core.contrat.interface import Contexte, EntreeMenu, EtatVignette, LigneVignette, Vignette
from ent_core.contrat.roles import Profil, Role
from ent_core.identite.emploi_du_temps import (
    Seance,
    prochain_jour,
    seances_des_eleves,
    seances_enseignant,
)
from ent_core.identite.modeles import Etablissement, ImportLot
from ent_core.roles.perimetre import enfants_de
from ent_core.socle.dates import heure, jour_long
from ent_core.vie_privee.conservation.avis import resumer

__all__ = ["entrees", "vignettes"]

_ENTREES = (
    EntreeMenu("admin.personnes", "Personnes", "noyau.personnes", 800, "personnes"),
    EntreeMenu("ent.codes_eleves", "Codes des élèves", "noyau.codes_eleves", 805, "verrou"),
    EntreeMenu("admin.briques", "Briques", "noyau.briques", 810, "brique"),
    EntreeMenu("admin.etablissements", "Établissements", "noyau.etablissements", 820, "etablissement"),
    EntreeMenu("admin.gar", "Ressources (GAR)", "noyau.gar", 835, "cahier"),
    EntreeMenu("admin.imports", "Imports", "noyau.imports", 830, "fichier"),
    EntreeMenu("admin.services", "Services tiers", "noyau.services", 812, "sortir"),
    EntreeMenu("admin.delegations", "Délégations", "noyau.delegations", 840, "changer"),
    EntreeMenu("vie_privee_acceptation.soumissions", "Acceptations", "noyau.acceptation", 845, "verrou"),
    EntreeMenu("vie_privee_registre.liste", "Registre", "noyau.registre", 846, "cahier"),
    EntreeMenu("vie_privee_droits.liste", "Demandes", "noyau.droits", 844, "message"),
    EntreeMenu("vie_privee_effacements.liste", "Effacements", "noyau.effacement", 844, "fermer"),
    EntreeMenu("vie_privee_oppositions.liste", "Oppositions", "noyau.oppositions", 844, "verrou"),
    EntreeMenu("vie_privee_conservation.liste", "Conservation", "noyau.conservation", 847, "journal"),
    EntreeMenu("vie_privee_statistiques.liste", "Statistiques", "noyau.statistiques", 849, "notes"),
    EntreeMenu("vie_privee_violations.liste", "Violations", "noyau.violations", 848, "interdit"),
    EntreeMenu("vie_privee_journaux.liste", "Accès aux traces", "noyau.traces_lire", 851, "oeil"),
    EntreeMenu("vie_privee_journaux.decisions", "Accès à décider", "noyau.traces_accorder", 852, "coche"),
    EntreeMenu("vie_privee_archives.liste", "Archive", "noyau.archives", 848, "verrou"),
    EntreeMenu("admin.journal", "Journal", "noyau.journal", 850, "journal"),
    EntreeMenu("messages.envois", "Envois", "noyau.messages", 842, "envoyer"),
    EntreeMenu("admin.taches", "Travaux", "noyau.taches", 860, "reglages"),
)

_SOURCES = {"aaf": "Annuaire", "sts": "Emploi du temps", "tableur": "Liste"}
_ETATS = {
    "applique": "appliqué",
    "annule": "annulé",
    "simule": "simulation",
    "lecture": "en cours",
    "refuse": "à confirmer",
    "echec": "refusé",
    "abandonne": "abandonné",
}
"""États d'un lot, dans les mots de l'administrateur."""


def entrees() -> Sequence[EntreeMenu]:
    """Entrées d'administration ; le menu cache celles qui ne sont pas permises."""
    return _ENTREES


def vignettes(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Vignettes du noyau pour le profil en vigueur : les cours du jour, ou du prochain jour de cours.

    :param session: session de la requête.
    :param contexte: qui regarde.
    """
    if contexte.profil == Profil.RESPONSABLE:
        return [*vignettes_des_messages(session, contexte), *_enfants(session, contexte)]
    if contexte.profil == Profil.ELEVE:
        jour, seances = _jour_utile(contexte, session, partial(_des_eleves, personnes=[contexte.personne_id]))
        cours = _journee("noyau.journee", "Mes cours", jour, contexte.jour, seances)
        return [*vignettes_des_messages(session, contexte), cours]
    return [
        *vignettes_des_messages(session, contexte),
        *vignettes_des_violations(session, contexte),
        *_avis_d_elimination(session, contexte),
        *_du_personnel(session, contexte),
    ]


def _du_personnel(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    if Role.DIRECTION in contexte.roles and (contexte.suspendues or contexte.en_attente):
        return [
            *([_a_accepter(contexte)] if contexte.suspendues else ()),
            *([_a_attester(contexte)] if contexte.en_attente else ()),
        ]
    if contexte.roles & {Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE}:
        jour, seances = _jour_utile(contexte, session, _de_l_enseignant)
        return [_journee("noyau.journee", "Mes cours", jour, contexte.jour, seances, pour_eleve=False)]
    if Role.ADMINISTRATEUR_ACADEMIQUE in contexte.roles:
        return [_annuaire(session)]
    return []


def _a_accepter(contexte: Contexte) -> Vignette:
    """Des briques se sont suspendues : le chef d'établissement doit l'apprendre sans le chercher."""
    nombre = len(contexte.suspendues)
    briques = "une brique fait" if nombre == 1 else f"{nombre} briques font"
    return Vignette(
        "noyau.acceptation",
        f"{briques} davantage des données",
        (
            LigneVignette(
                "Suspendue jusqu'à votre réponse" if nombre == 1 else "Suspendues jusqu'à votre réponse"
            ),
        ),
        permission="noyau.acceptation",
        ordre=10,
        etat=EtatVignette.A_FAIRE,
        point="vie_privee_acceptation.soumissions",
        libelle_lien="Lire et répondre",
    )


def _a_attester(contexte: Contexte) -> Vignette:
    """L'ouverture est décidée et la brique attend : seul le chef d'établissement peut la faire servir."""
    nombre = len(contexte.en_attente)
    titre, ligne = "attester les préalables d'une brique", "Elle n'est pas servie avant."
    if nombre > 1:
        titre, ligne = f"attester les préalables de {nombre} briques", "Elles ne sont pas servies avant."
    return Vignette(
        "noyau.prealables",
        titre,
        (LigneVignette(ligne),),
        permission="noyau.prealables",
        ordre=11,
        etat=EtatVignette.A_FAIRE,
        point="admin.briques",
        libelle_lien="Voir ce qui reste",
    )


def _avis_d_elimination(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Ce qui va disparaître se dit avant à ceux qui l'ont écrit et à ceux qui en décident."""
    ici = None if contexte.roles & {Role.DPD, Role.ADMINISTRATEUR_ACADEMIQUE} else contexte.uai
    nombre, premier = resumer(session, ici, contexte.roles)
    if premier is None:
        return []
    dit = f"{nombre} enregistrement{'s' if nombre > 1 else ''}, à partir du {jour_long(premier)}"
    return [
        Vignette(
            "noyau.avis",
            "relire ce qui va être éliminé",
            (LigneVignette(dit),),
            permission="noyau.avis",
            ordre=20,
            etat=EtatVignette.A_FAIRE,
            point="vie_privee_avis.liste",
            libelle_lien="Voir ce qui va partir",
        )
    ]


def _annuaire(session: Session) -> Vignette:
    """Où en est l'annuaire : la première question d'un administrateur, le matin."""
    ecoles = session.scalar(
        select(func.count()).where(Etablissement.degre > 0, Etablissement.ferme_le.is_(None))
    )
    lots = session.scalars(select(ImportLot).order_by(ImportLot.demarre_le.desc()).limit(4)).all()
    lignes = tuple(
        LigneVignette(
            f"{_SOURCES.get(lot.format, lot.format)} du {jour_long(lot.jour)}",
            # La source dit l'établissement, ou le projet de l'annuaire : « STS:0990101X ».
            f"{lot.source.partition(':')[2]}, {_ETATS.get(lot.etat, lot.etat)}",
        )
        for lot in lots
    )
    return Vignette(
        "noyau.annuaire",
        f"Annuaire : {ecoles} établissements",
        lignes,
        permission="noyau.imports",
        ordre=100,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide="Aucun import. L'annuaire se remplit par l'import des fichiers de l'académie.",
    )


Lecture = Callable[[Session, Contexte, date], list[Seance]]


def _des_eleves(session: Session, contexte: Contexte, jour: date, personnes: Sequence[UUID]) -> list[Seance]:
    return seances_des_eleves(session, contexte.uai, contexte.annee, personnes, jour)


def _de_l_enseignant(session: Session, contexte: Contexte, jour: date) -> list[Seance]:
    return seances_enseignant(session, contexte.uai, contexte.annee, contexte.personne_id, jour)


def _jour_utile(contexte: Contexte, session: Session, lire: Lecture) -> tuple[date, list[Seance]]:
    """Le jour même s'il a des cours, sinon le prochain jour de cours de l'établissement."""
    seances = lire(session, contexte, contexte.jour)
    if seances:
        return contexte.jour, seances
    suivant = prochain_jour(session, contexte.uai, contexte.annee, contexte.jour)
    return (contexte.jour, []) if suivant is None else (suivant, lire(session, contexte, suivant))


def _enfants(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    enfants = enfants_de(session, contexte)
    if not enfants:
        return [
            Vignette(
                "noyau.enfants",
                "Mes enfants",
                ordre=100,
                etat=EtatVignette.VIDE,
                vide="Aucun enfant n'est relié à votre compte dans cet établissement. "
                "Si c'est une erreur, le secrétariat peut la corriger.",
            )
        ]
    lire = partial(_des_eleves, personnes=[enfant.id for enfant in enfants])
    jour, seances = _jour_utile(contexte, session, lire)
    return [
        _journee(
            f"noyau.enfant.{rang}",
            enfant.prenom,
            jour,
            contexte.jour,
            [seance for seance in seances if seance.personne_id == enfant.id],
            rang=rang,
        )
        for rang, enfant in enumerate(enfants)
    ]


def _journee(
    cle: str,
    sujet: str,
    jour: date,
    aujourd_hui: date,
    seances: Sequence[Seance],
    *,
    pour_eleve: bool = True,
    rang: int = 0,
) -> Vignette:
    quand = "aujourd'hui" if jour == aujourd_hui else jour_long(jour)
    lignes = tuple(
        LigneVignette(
            f"{heure(seance.debut)} – {heure(seance.fin)} {seance.matiere}"
            f"{' (annulé)' if seance.etat == 'annulee' else ''}",
            ", ".join(
                filter(
                    None,
                    (
                        seance.enseignants if pour_eleve else seance.structure,
                        f"salle {seance.salle}" if seance.salle else "",
                    ),
                )
            ),
        )
        for seance in seances
    )
    return Vignette(
        cle,
        f"{sujet}, {quand}",
        lignes,
        ordre=100 + rang,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide="Aucun cours ce jour-là." if jour != aujourd_hui else "Aucun cours aujourd'hui.",
    )
