"""Le passage d'un compte : le trouver d'après la voie d'entrée, le noter s'il peut s'ouvrir."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, Uuid, bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from ent_core.donnees.base import Base
from ent_core.donnees.liees import instant_lie
from ent_core.identite.modeles import Compte, LienIdentite, Personne
from ent_core.socle.calendrier import Horloge

__all__ = ["noter_le_passage"]

_compte = Base.metadata.tables[Compte.__tablename__]
_personne = Base.metadata.tables[Personne.__tablename__]
_c, _p = _compte.c, _personne.c
_l = Base.metadata.tables[LienIdentite.__tablename__].c


def _passage(designe: ColumnElement[bool]) -> ReturningUpdate[tuple[UUID, UUID, datetime | None]]:
    """Énoncé qui note le passage d'un compte, et rend son passage précédent.

    Sous verrou de ligne : une suspension simultanée attend, puis ferme aussi la session qui va naître.

    :param designe: condition qui mène aux fiches de la personne, et à elles seules.
    """
    # Un sujet peut mener à plusieurs fiches d'une même personne : la première ouverte, la plus employée.
    elu = (
        select(_c.id, _c.vu_le)
        .join(_personne, _p.id == _c.personne_id)
        .where(designe, _p.sursis_depuis.is_(None))
        .order_by(_c.etat == "suspendu", _c.vu_le.desc().nulls_last(), _c.id)
        .limit(1)
        .subquery()
    )
    empreinte: Any = bindparam("verifiee", type_=String)
    return (
        update(_compte)
        .where(_c.id == elu.c.id, _c.etat != "suspendu", or_(empreinte.is_(None), _c.empreinte == empreinte))
        .values(vu_le=instant_lie("instant"))
        .returning(_c.id, _c.personne_id, elu.c.vu_le)
    )


_LOCAL = _passage(_c.id == bindparam("sujet", type_=Uuid))
_EMIS = _passage(
    _c.personne_id.in_(
        select(_l.personne_id).where(_l.emetteur == bindparam("emetteur"), _l.sujet == bindparam("sujet"))
    )
)


def noter_le_passage(
    session: Session, horloge: Horloge, sujet: str, *, emetteur: str = "", empreinte: str | None = None
) -> Row[tuple[UUID, UUID, datetime | None]] | None:
    """Compte, personne et passage précédent ; ``None`` si aucun compte n'y répond ou ne peut s'ouvrir.

    :param sujet: compte (voie locale), ou nom que l'émetteur donne à la personne.
    :param emetteur: fournisseur d'identité ; vide pour la voie locale.
    :param empreinte: empreinte du mot de passe vérifié, qui doit être encore celle du compte.
    """
    voulu = {"instant": horloge.maintenant(), "verifiee": empreinte}
    if emetteur:
        return session.execute(_EMIS, {**voulu, "emetteur": emetteur, "sujet": sujet}).one_or_none()
    return session.execute(_LOCAL, {**voulu, "sujet": UUID(sujet)}).one_or_none()
