"""La boîte d'une personne : ce qui l'attend dans l'ENT. Elle seule sait ce qu'elle a ouvert (SURV-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, and_, any_, bindparam, func, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.donnees.base import Base
from ent_core.donnees.session import lire
from ent_core.identite.modeles import Personne
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste
from ent_core.socle.erreurs import Introuvable

__all__ = ["PLAFOND", "Recu", "a_lire", "ouvrir", "recus", "tout_voir"]

PLAFOND = 100
"""Messages montrés, les plus récents d'abord ; les autres s'effacent en soixante jours."""

_table = Base.metadata.tables[Message.__tablename__]
_c = _table.c
_personne = Base.metadata.tables[Personne.__tablename__]
_MONTRES = and_(
    _c.uai == bindparam("ici"),
    _c.personne_id == bindparam("qui"),
    _c.visible_le <= bindparam("maintenant"),
    _c.etat.notin_(("annule", "retenu")),
    # Une brique qui n'est pas servie n'annonce rien : sa page n'existe pas ici.
    func.split_part(_c.sujet, ".", 1) == any_(bindparam("briques", type_=ARRAY(String))),
)
_RECUS = (
    select(_c.id, _c.sujet, _c.lien, _c.visible_le, _c.vu, _personne.c.prenom, _c.a_propos)
    .select_from(_table)
    .outerjoin(_personne, _personne.c.id == _c.a_propos)
    .where(_MONTRES)
    .order_by(_c.visible_le.desc(), _c.id.desc())
    .limit(PLAFOND)
)
_A_LIRE = select(func.count()).select_from(_table).where(_MONTRES, _c.vu.is_(False))


@dataclass(frozen=True, slots=True)
class Recu:
    """Un message, tel que sa destinataire le lit dans l'ENT.

    :param libelle: libellé du sujet.
    :param prenom: prénom de l'élève dont il s'agit ; vide si c'est elle-même, ou personne.
    """

    id: UUID
    libelle: str
    prenom: str
    recu_le: datetime
    vu: bool


def recus(session: Session, poste: Poste, contexte: Contexte) -> list[Recu]:
    """Messages d'une personne dans l'établissement en vigueur, le plus récent d'abord.

    :param session: session de l'établissement.
    :param contexte: qui regarde.
    """
    return [
        Recu(
            ligne.id,
            poste.sujets[ligne.sujet].libelle if ligne.sujet in poste.sujets else "Information",
            (ligne.prenom or "") if ligne.a_propos != contexte.personne_id else "",
            ligne.visible_le,
            ligne.vu,
        )
        for ligne in lire(session, _RECUS, _qui(poste, contexte))
    ]


def a_lire(session: Session, poste: Poste, contexte: Contexte) -> int:
    """Nombre de messages que la personne n'a pas ouverts.

    :param session: session de l'établissement.
    :param contexte: qui regarde.
    """
    nombre: int = lire(session, _A_LIRE, _qui(poste, contexte)).scalar_one()
    return nombre


def ouvrir(session: Session, poste: Poste, contexte: Contexte, message_id: UUID) -> str:
    """Ouvre un message ; rend l'adresse de la page, dans l'ENT.

    :param session: session de l'établissement.
    :param contexte: qui ouvre.
    :param message_id: message.
    :raises Introuvable: il n'est pas à cette personne, ou n'est plus montré.
    """
    lien = session.scalar(
        update(_table).where(_MONTRES, _c.id == message_id).values(vu=True).returning(_c.lien),
        _qui(poste, contexte),
    )
    if lien is None:
        raise Introuvable("ce message n'existe plus.", remede="revenir à vos messages.")
    return str(lien)


def tout_voir(session: Session, poste: Poste, contexte: Contexte) -> None:
    """Tient tous les messages montrés pour vus.

    :param session: session de l'établissement.
    :param contexte: qui agit.
    """
    session.execute(update(_table).where(_MONTRES, _c.vu.is_(False)).values(vu=True), _qui(poste, contexte))


def _qui(poste: Poste, contexte: Contexte) -> dict[str, Any]:
    return {
        "ici": contexte.uai, "qui": contexte.personne_id, "maintenant": poste.horloge.maintenant(),
        "briques": ["noyau", *sorted(contexte.briques)],
    }  # fmt: skip
