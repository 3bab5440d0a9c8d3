"""Les contacts avec la famille : l'essai, sa voie, s'il a abouti (FAM-12). Rien de ce qui s'y est dit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from ent_core.brique import (
    TELEPHONES_AU_PLUS,
    Contexte,
    Correspondant,
    DonneeInvalide,
    Horloge,
    Introuvable,
    OperationRefusee,
    Portee,
    consigner,
    opposees,
    peut_atteindre,
    responsables,
    telephones,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from ent_carnet.modeles import Contact
from ent_carnet.nomenclatures import CanalContact
from ent_carnet.traitements import AFFICHAGE

__all__ = ["a_appeler", "de_l_eleve", "noter", "retirer"]


def noter(
    session: Session,
    *,
    uai: str,
    annee: int,
    eleve_id: UUID,
    responsable_id: UUID | None,
    canal: CanalContact,
    abouti: bool,
    jour: date,
    auteur_id: UUID,
) -> Contact:
    """Note un essai ; sans réponse, il en est un aussi.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleve_id: élève, déjà atteint par qui note.
    :param responsable_id: à qui l'on s'est adressé ; ``None``, à l'élève ou au foyer.
    :param canal: voie.
    :param abouti: quelqu'un a répondu.
    :param jour: jour de l'essai.
    :param auteur_id: qui a essayé.
    :raises DonneeInvalide: cette personne n'est pas responsable de l'élève ce jour.
    """
    if responsable_id is not None and responsable_id not in {
        personne.id for personne in responsables(session, eleve_id, jour)
    }:
        raise DonneeInvalide(
            "cette personne n'est pas responsable légale de l'élève ce jour.",
            remede="choisir un responsable dans la liste.",
        )
    contact = Contact(
        uai=uai, annee=annee, eleve_id=eleve_id, responsable_id=responsable_id, canal=canal, abouti=abouti,
        le=jour, auteur_id=auteur_id,
    )  # fmt: skip
    session.add(contact)
    session.flush()
    return contact


def retirer(
    session: Session, contexte: Contexte, portee: Portee, horloge: Horloge, contact_id: UUID, *, du_jour: bool
) -> UUID:
    """Retire un contact noté par erreur : la ligne reste, le journal dit qui. Rejoué, rien ne change.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui retire.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param contact_id: contact.
    :param du_jour: un contact d'un autre jour se refuse ; seul qui suit l'élève y revient.
    :returns: l'élève.
    :raises Introuvable: il n'existe pas ici, ou l'élève est hors du périmètre.
    :raises OperationRefusee: il est d'un autre jour.
    """
    # Réduit à ce que lit qui téléphone.
    connu = [load_only(Contact.eleve_id, Contact.le, Contact.retire_le)]
    contact = session.get(Contact, (contexte.uai, contexte.annee, contact_id), options=connu)
    if contact is None or not peut_atteindre(session, contexte, portee, contact.eleve_id):
        raise Introuvable("ce contact n'existe pas.", remede="revenir à la liste.")
    if du_jour and contact.le != contexte.jour:
        raise OperationRefusee(
            "ce contact est d'un autre jour.", remede="demander au CPE de le retirer du dossier de l'élève."
        )
    if contact.retire_le is None:
        contact.retire_le = horloge.maintenant()
        session.flush()
        consigner(
            session, horloge, "carnet.contact_retire", uai=contexte.uai, acteur=contexte.personne_id,
            objet=str(contact.id),
        )  # fmt: skip
    return contact.eleve_id


def a_appeler(
    session: Session, contexte: Contexte, eleves: Iterable[UUID]
) -> dict[UUID, tuple[Correspondant, ...]]:
    """Qui appeler pour des élèves absents : personne, si l'annuaire ne connaît aucun responsable à joindre.

    Au-delà de ce que le noyau permet, les derniers ne sont pas rendus : rien n'est dit d'eux.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui appelle.
    :param eleves: élèves montrés, le premier à appeler d'abord.
    """
    voulus = list(dict.fromkeys(eleves))[:TELEPHONES_AU_PLUS]
    if not voulus:
        return {}
    opposes = opposees(session, AFFICHAGE.cle, set(voulus))
    connus = telephones(session, contexte, voulus, opposes=opposes)
    return {eleve: connus.get(eleve, ()) for eleve in voulus}


def de_l_eleve(session: Session, uai: str, annee: int, eleve_id: UUID) -> Sequence[Contact]:
    """Contacts de l'année, du plus récent au plus ancien.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleve_id: élève.
    """
    return session.scalars(
        select(Contact)
        .where(
            Contact.uai == uai, Contact.annee == annee, Contact.eleve_id == eleve_id,
            Contact.retire_le.is_(None),
        )
        .order_by(Contact.le.desc(), Contact.id.desc())
    ).all()  # fmt: skip
