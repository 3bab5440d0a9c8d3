"""Les restrictions : ce qu'une décision de justice retire à un responsable, pour un temps (ENT-10)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ent_core.identite.autorite import EffetActe
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Rattachement, Responsabilite, Restriction
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["lever", "restreindre"]


def restreindre(
    session: Session,
    horloge: Horloge,
    responsabilite_id: UUID,
    *,
    uai: str | None,
    reference: str,
    effet: EffetActe = EffetActe.ACCES,
    debut: date,
    fin: date | None,
    acteur: UUID,
) -> Restriction:
    """Enregistre un acte : dès son premier jour, le responsable ne lit plus, ou ne décide plus.

    :param session: session de l'établissement, ou de l'académie.
    :param responsabilite_id: lien restreint ; l'élève est de l'établissement.
    :param uai: établissement d'où l'on agit ; ``None`` pour l'académie.
    :param reference: juridiction, date et numéro de l'acte.
    :param effet: ce que l'acte lui retire.
    :param debut: premier jour.
    :param fin: lendemain du dernier jour ; ``None`` jusqu'à nouvel ordre.
    :param acteur: personne qui saisit.
    :raises Introuvable: le lien n'existe pas ici.
    :raises DonneeInvalide: dates à l'envers, ou acte sans référence.
    """
    _lien(session, responsabilite_id, uai)
    if not reference.strip():
        raise DonneeInvalide(
            "la référence de l'acte manque.", remede="écrire la juridiction, la date et le numéro."
        )
    if fin is not None and fin <= debut:
        raise DonneeInvalide("la fin précède le début.", remede="choisir une fin après le début.")
    restriction = Restriction(
        responsabilite_id=responsabilite_id,
        reference=reference.strip(),
        effet=effet,
        debut=debut,
        fin=fin,
        saisi_par=acteur,
    )
    session.add(restriction)
    session.flush()
    consigner(
        session,
        horloge,
        "restriction.enregistree",
        uai=uai,
        acteur=acteur,
        objet=str(restriction.id),
        details={
            "effet": effet.value,
            "debut": debut.isoformat(),
            "fin": fin.isoformat() if fin else None,
        },
    )
    return restriction


def lever(session: Session, horloge: Horloge, restriction_id: UUID, *, uai: str | None, acteur: UUID) -> None:
    """Met fin à une restriction aujourd'hui ; celle qui n'a pas commencé est retirée.

    :param session: session de l'établissement, ou de l'académie.
    :param restriction_id: restriction.
    :param uai: établissement d'où l'on agit ; ``None`` pour l'académie.
    :param acteur: personne qui agit.
    :raises Introuvable: elle n'existe pas ici.
    """
    restriction = session.get(Restriction, restriction_id)
    if restriction is None:
        raise Introuvable("cette restriction n'existe pas.", remede="rafraîchir la fiche.")
    _lien(session, restriction.responsabilite_id, uai)
    jour = horloge.aujourd_hui()
    if restriction.fin is not None and restriction.fin <= jour:
        return
    if restriction.debut < jour:
        restriction.fin = jour
    else:
        session.delete(restriction)
    consigner(session, horloge, "restriction.levee", uai=uai, acteur=acteur, objet=str(restriction_id))


def _lien(session: Session, responsabilite_id: UUID, uai: str | None) -> None:
    enonce = select(Responsabilite.id).where(Responsabilite.id == responsabilite_id)
    if uai is not None:
        enonce = enonce.where(
            exists().where(Rattachement.uai == uai, Rattachement.personne_id == Responsabilite.eleve_id)
        )
    if session.scalar(enonce) is None:
        raise Introuvable("ce lien familial n'existe pas ici.", remede="rafraîchir la fiche.")
