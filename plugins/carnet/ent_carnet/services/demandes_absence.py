"""La demande d'autorisation d'absence : y inviter, la recevoir, la transmettre, noter la réponse (ABS-05).

La transmission à l'autorité académique se fait hors de l'ENT ; seule sa date y est notée. La réponse ne
change pas le registre : une personne règle ensuite l'absence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Contexte,
    DonneeInvalide,
    Horloge,
    Introuvable,
    OperationRefusee,
    Portee,
    annee_scolaire,
    consigner,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from ent_carnet.modeles import DemandeAbsence
from ent_carnet.nomenclatures import ActeDemandeAbsence, ReponseDemandeAbsence
from ent_carnet.regles.demande_absence import OUVERTS, derniere_date, etat, suites
from ent_carnet.services.atteinte import exiger_atteint

__all__ = ["avancer", "de_l_eleve", "inviter", "trouver"]


def inviter(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    *,
    eleve_id: UUID,
    debut: datetime,
    fin: datetime,
) -> DemandeAbsence:
    """Invite la famille à demander une autorisation pour une période dont le motif laisse un doute sérieux.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui invite.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param eleve_id: élève.
    :param debut: début de la période, avec fuseau.
    :param fin: fin de la période, avec fuseau.
    :raises DonneeInvalide: la fin ne suit pas le début, ou la période n'est pas de l'année.
    :raises OperationRefusee: une demande est déjà ouverte pour cette période.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if fin <= debut:
        raise DonneeInvalide("la fin d'une absence suit son début.", remede="corriger la période.")
    if annee_scolaire(debut.astimezone(FUSEAU).date()) != contexte.annee:
        raise DonneeInvalide(
            "cette période n'est pas de l'année scolaire.", remede="choisir une période de l'année."
        )
    deja = de_l_eleve(session, contexte, eleve_id)
    if any(etat(une) in OUVERTS and une.debut < fin and debut < une.fin for une in deja):
        raise OperationRefusee(
            "une autorisation est déjà demandée pour cette période.", remede="suivre celle qui est ouverte."
        )
    demande_absence = DemandeAbsence(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, debut=debut, fin=fin,
        invitee_le=contexte.jour, auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(demande_absence)
    session.flush()
    _inscrire(session, contexte, horloge, demande_absence.id, "inviter")
    return demande_absence


def avancer(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    demande_absence_id: UUID,
    acte: ActeDemandeAbsence,
    le: date,
) -> DemandeAbsence:
    """Note une étape.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui note.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param demande_absence_id: demande.
    :param acte: ce qui s'est passé.
    :param le: jour où c'est arrivé.
    :raises OperationRefusee: l'étape ne suit pas celle où en est la demande.
    :raises DonneeInvalide: le jour précède l'étape d'avant, ou est à venir.
    """
    demande_absence = trouver(session, contexte, portee, demande_absence_id)
    if acte not in suites(demande_absence):
        raise OperationRefusee(
            "cette demande n'en est pas à cette étape.",
            remede="rafraîchir la page, qui dit où elle en est.",
        )
    if not derniere_date(demande_absence) <= le <= contexte.jour:
        raise DonneeInvalide(
            "ce jour précède l'étape d'avant, ou est à venir.", remede="donner le jour où cela s'est fait."
        )
    match acte:
        case ActeDemandeAbsence.RECEVOIR:
            demande_absence.recue_le = le
        case ActeDemandeAbsence.TRANSMETTRE:
            demande_absence.transmise_le = le
        case ActeDemandeAbsence.LEVER:
            demande_absence.levee_le = le
        case _:
            accordee = acte is ActeDemandeAbsence.ACCORDER
            demande_absence.repondue_le = le
            demande_absence.reponse = (
                ReponseDemandeAbsence.ACCORDEE if accordee else ReponseDemandeAbsence.REFUSEE
            )
    session.flush()
    _inscrire(session, contexte, horloge, demande_absence_id, acte.value)
    return demande_absence


def de_l_eleve(
    session: Session, contexte: Contexte, eleve_id: UUID, *, auteur: bool = False
) -> Sequence[DemandeAbsence]:
    """Demandes de l'année au sujet d'un élève déjà atteint, de la plus récente à la plus ancienne.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève.
    :param auteur: lire aussi qui a invité ; ce n'est pas pour la famille, qui passe aussi par ici.
    """
    a = DemandeAbsence
    return session.scalars(
        select(a)
        .options(*(() if auteur else (defer(a.auteur_id),)))
        .where(a.uai == contexte.uai, a.annee == contexte.annee, a.eleve_id == eleve_id)
        .order_by(a.debut.desc(), a.id)
    ).all()


def trouver(session: Session, contexte: Contexte, portee: Portee, demande_absence_id: UUID) -> DemandeAbsence:
    """Une demande d'un élève du périmètre, retenue jusqu'à la fin de la transaction.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param demande_absence_id: demande.
    :raises Introuvable: elle n'existe pas ici.
    """
    cle = (contexte.uai, contexte.annee, demande_absence_id)
    options = [defer(DemandeAbsence.auteur_id)]
    trouvee = session.get(DemandeAbsence, cle, with_for_update=True, options=options)
    if trouvee is None:
        raise Introuvable("cette demande d'autorisation n'existe pas.", remede="revenir au dossier.")
    exiger_atteint(session, contexte, portee, trouvee.eleve_id)
    return trouvee


def _inscrire(
    session: Session, contexte: Contexte, horloge: Horloge, demande_absence_id: UUID, acte: str
) -> None:
    consigner(
        session, horloge, "carnet.autorisation", uai=contexte.uai, acteur=contexte.personne_id,
        objet=str(demande_absence_id), details={"acte": acte},
    )  # fmt: skip
