"""Les tickets CAS : un hasard de 128 bits, gardé sous forme d'empreinte, brûlé au premier essai."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, delete
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsCas, ServiceTiers
from ent_core.donnees.base import Base
from ent_core.federation.emission import ecrire_si_en_regle
from ent_core.federation.modeles import TicketCas
from ent_core.identite.secrets import empreinte_jeton
from ent_core.identite.sessions import SessionReconnue
from ent_core.socle.calendrier import Horloge

__all__ = ["FORME", "TicketBrule", "bruler", "emettre", "purger"]

FORME = re.compile(r"ST-[0-9a-zA-Z]{26}")
"""Vingt-neuf caractères : tous les clients en admettent trente-deux."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_table = Base.metadata.tables[TicketCas.__tablename__]
_t = _table.c
_CHAMPS = ("service", "adresse", "session_id", "personne_id", "uai", "profil", "principal", "expire_le")


@dataclass(frozen=True, slots=True)
class TicketBrule:
    """Un ticket qui vient de servir, ou de se perdre."""

    service: str
    adresse: str
    session_id: UUID
    personne_id: UUID
    uai: str
    profil: str
    principal: bool
    expire_le: datetime


def emettre(
    session: Session,
    horloge: Horloge,
    service: ServiceTiers,
    reconnue: SessionReconnue,
    adresse: str,
    *,
    principal: bool,
) -> str | None:
    """Donne un ticket, ou ``None`` si le compte n'est pas actif, ou la personne en sursis.

    :param session: session de la requête.
    :param service: service pour lequel il vaut.
    :param reconnue: session dont il découle ; ``peut_emettre`` l'a admise.
    :param adresse: adresse exacte du service.
    :param principal: la personne vient de prouver qui elle est.
    """
    ticket = "ST-" + "".join(secrets.choice(_ALPHABET) for _ in range(26))
    instant = horloge.maintenant()
    valeurs = {
        "empreinte": empreinte_jeton(ticket),
        "service": service.cle,
        "adresse": adresse,
        "session_id": reconnue.id,
        "compte_id": reconnue.compte_id,
        "personne_id": reconnue.personne_id,
        "uai": reconnue.uai,
        "profil": reconnue.profil,
        "principal": principal,
        "cree_le": instant,
        "expire_le": instant + timedelta(seconds=service.selon(OptionsCas).duree),
    }
    return ticket if ecrire_si_en_regle(session, _table, valeurs, reconnue) else None


def bruler(session: Session, ticket: str) -> TicketBrule | None:
    """Consomme un ticket, en un seul énoncé : de deux demandes simultanées, une seule l'obtient.

    L'appelant valide aussitôt la transaction : le ticket est perdu même si la suite échoue.

    :param session: session à part.
    :param ticket: ticket présenté.
    """
    if not FORME.fullmatch(ticket):
        return None
    ligne: Row[*tuple[object, ...]] | None = session.execute(
        delete(_table)
        .where(_t.empreinte == empreinte_jeton(ticket))
        .returning(*(_t[champ] for champ in _CHAMPS))
    ).one_or_none()
    return None if ligne is None else TicketBrule(**ligne._mapping)


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les tickets que personne n'a validés ; rend leur nombre.

    :param session: session de l'académie.
    """
    perdus = delete(_table).where(_t.expire_le <= horloge.maintenant()).returning(_t.service)
    return len(session.execute(perdus).all())
