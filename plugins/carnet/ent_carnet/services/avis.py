"""Dire à la famille, et à qui doit le savoir, qu'une punition ou une sanction est à lire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ent_core.brique import (
    Contexte,
    Role,
    SujetDeMessage,
    annuler_messages,
    personnels,
    prevenir,
    prevenir_familles,
)
from sqlalchemy import update
from sqlalchemy.orm import Session

from ent_carnet.affichage import montrer
from ent_carnet.modeles import Affichage
from ent_carnet.modeles.communs import FAMILLE, SUIVI
from ent_carnet.nomenclatures import NatureAffichage

__all__ = [
    "DISCIPLINE",
    "EXCLUSIONS_DE_COURS",
    "PROPOSITIONS",
    "informer_cpe_et_chef",
    "publier",
    "reprendre_proposition",
    "retirer",
    "soumettre_proposition",
]

DISCIPLINE = SujetDeMessage("carnet.discipline", "Punition ou sanction à lire dans le carnet", pour=FAMILLE)
EXCLUSIONS_DE_COURS = SujetDeMessage(
    "carnet.exclusion_de_cours", "Exclusion d'un cours à connaître", urgent=True,
    pour=SUIVI,
)  # fmt: skip
PROPOSITIONS = SujetDeMessage("carnet.proposition", "Punition proposée, à laquelle répondre", pour=SUIVI)


def publier(
    session: Session,
    contexte: Contexte,
    *,
    eleve_id: UUID,
    annee: int,
    nature: NatureAffichage,
    objet_id: UUID,
    visible_le: datetime,
    lien: str,
) -> None:
    """Montre un fait à la famille, et la prévient qu'il est à lire ; le message ne dit rien de plus.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param annee: année scolaire du fait.
    :param objet_id: punition ou sanction.
    :param visible_le: la famille n'est pas prévenue avant cet instant.
    :param lien: adresse de la page.
    """
    montrees = montrer(
        session,
        [Affichage(uai=contexte.uai, annee=annee, eleve_id=eleve_id, nature=nature, objet_id=objet_id)],
    )
    if montrees:
        prevenir_familles(
            session, contexte, sujet=DISCIPLINE.cle, liens={eleve_id: lien}, pas_avant=visible_le
        )


def retirer(
    session: Session,
    contexte: Contexte,
    *,
    eleve_id: UUID,
    annee: int,
    objets: Sequence[UUID],
    instant: datetime,
    lien: str,
) -> None:
    """La famille ne voit plus ce qui est annulé, et ce qui n'est pas parti ne part pas (CARNET-18).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param objets: punitions ou sanctions.
    :param instant: maintenant.
    :param lien: adresse de la page annoncée.
    """
    a = Affichage
    session.execute(
        update(a)
        .where(a.uai == contexte.uai, a.annee == annee, a.objet_id.in_(objets), a.retire_le.is_(None))
        .values(retire_le=instant)
    )
    annuler_messages(session, contexte, sujet=DISCIPLINE.cle, a_propos=eleve_id, lien=lien)


def informer_cpe_et_chef(session: Session, contexte: Contexte, *, lien: str) -> None:
    """L'exclusion d'un cours est portée par écrit à la connaissance du CPE et du chef (DISC-06).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui exclut.
    :param lien: adresse du rapport écrit.
    """
    qui = personnels(session, contexte.uai, {Role.CPE, Role.DIRECTION}, contexte.jour)
    autres = [personne for personne in qui if personne != contexte.personne_id]
    prevenir(session, contexte, sujet=EXCLUSIONS_DE_COURS.cle, personnes=autres, lien=lien)


def soumettre_proposition(session: Session, contexte: Contexte, *, lien: str) -> None:
    """Le CPE sait qu'une punition est proposée ; sans CPE, le chef d'établissement.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui propose.
    :param lien: adresse de la proposition.
    """
    for roles in ({Role.CPE}, {Role.DIRECTION}):
        if qui := personnels(session, contexte.uai, roles, contexte.jour):
            prevenir(session, contexte, sujet=PROPOSITIONS.cle, personnes=qui, lien=lien)
            return


def reprendre_proposition(session: Session, contexte: Contexte, *, lien: str) -> None:
    """Une proposition retirée n'est plus à lire : ce qui n'est pas parti ne part pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui la retire.
    :param lien: adresse de la proposition.
    """
    annuler_messages(session, contexte, sujet=PROPOSITIONS.cle, lien=lien)
