"""Ce que le noyau met au menu et à l'accueil : l'administration, la journée, les enfants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, EntreeMenu, EtatVignette, LigneVignette, Vignette
from ent_core.contrat.roles import Profil, Role
from ent_core.identite.emploi_du_temps import Seance, seances_des_eleves, seances_enseignant
from ent_core.roles.perimetre import enfants_de
from ent_core.socle.calendrier import FUSEAU

__all__ = ["entrees", "vignettes"]

_ENTREES = (
    EntreeMenu("admin.personnes", "Personnes", "noyau.personnes", 800, "personnes"),
    EntreeMenu("admin.briques", "Briques", "noyau.briques", 810, "brique"),
    EntreeMenu("admin.etablissements", "Établissements", "noyau.etablissements", 820, "etablissement"),
    EntreeMenu("admin.imports", "Imports", "noyau.imports", 830, "fichier"),
    EntreeMenu("admin.delegations", "Délégations", "noyau.delegations", 840, "changer"),
    EntreeMenu("admin.journal", "Journal", "noyau.journal", 850, "journal"),
    EntreeMenu("admin.taches", "Travaux", "noyau.taches", 860, "reglages"),
)


def entrees() -> Sequence[EntreeMenu]:
    """Entrées d'administration ; le menu cache celles qui ne sont pas permises."""
    return _ENTREES


def vignettes(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Vignettes du noyau pour le profil en vigueur.

    :param session: session de la requête.
    :param contexte: qui regarde.
    """
    if contexte.profil == Profil.RESPONSABLE:
        return _enfants(session, contexte)
    if contexte.profil == Profil.ELEVE:
        seances = seances_des_eleves(
            session, contexte.uai, contexte.annee, [contexte.personne_id], contexte.jour
        )
        return [_journee("noyau.journee", "Mes cours aujourd'hui", seances)]
    if contexte.roles & {Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE}:
        seances = seances_enseignant(
            session, contexte.uai, contexte.annee, contexte.personne_id, contexte.jour
        )
        return [_journee("noyau.journee", "Mes cours aujourd'hui", seances, pour_eleve=False)]
    return []


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
    seances = seances_des_eleves(
        session, contexte.uai, contexte.annee, [enfant.id for enfant in enfants], contexte.jour
    )
    return [
        _journee(f"noyau.enfant.{rang}", f"{enfant.prenom}, aujourd'hui", _de(seances, enfant.id), rang=rang)
        for rang, enfant in enumerate(enfants)
    ]


def _de(seances: Iterable[Seance], personne_id: UUID) -> list[Seance]:
    return [seance for seance in seances if seance.personne_id == personne_id]


def _journee(
    cle: str, titre: str, seances: Sequence[Seance], *, pour_eleve: bool = True, rang: int = 0
) -> Vignette:
    lignes = tuple(
        LigneVignette(
            f"{_heure(seance)} {seance.matiere}{' (annulé)' if seance.etat == 'annulee' else ''}",
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
        titre,
        lignes,
        ordre=100 + rang,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide="Aucun cours aujourd'hui.",
    )


def _heure(seance: Seance) -> str:
    debut, fin = (instant.astimezone(FUSEAU) for instant in (seance.debut, seance.fin))
    return f"{debut:%H:%M}–{fin:%H:%M}"
