"""La cadence : tant de demandes par minute, et pas plus, pour ce qui n'est ni un essai ni une page.

Le compte est en base, comme celui des essais : autant de processus qu'on veut n'en laissent pas passer
davantage. Une cible n'a qu'une ligne, qui repart à un à chaque minute ; ``freinage.purger`` l'efface.
"""

from __future__ import annotations

import math
from datetime import timedelta

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.modeles import Tentative
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import ErreurEnt

__all__ = ["TropDeDemandes", "mesurer"]

_table = Base.metadata.tables[Tentative.__tablename__]
_c = _table.c
_MINUTE = timedelta(minutes=1)


class TropDeDemandes(ErreurEnt):
    """La cible a déjà demandé autant qu'elle le peut dans cette minute.

    :param attente: secondes avant la minute suivante.
    """

    code = "ENT-CADENCE"
    statut_http = 429

    def __init__(self, attente: int) -> None:
        super().__init__("trop de demandes en une minute.", remede="attendre une minute, puis recommencer.")
        self.attente = attente


def mesurer(session: Session, horloge: Horloge, cible: bytes, au_plus: int) -> None:
    """Compte une demande dans la minute en cours.

    :param session: session dont la transaction est courte : deux demandes de la même cible s'y suivent.
    :param cible: empreinte à clé de qui demande.
    :param au_plus: demandes permises en une minute.
    :raises TropDeDemandes: elles sont faites ; celle-ci ne compte pas.
    """
    instant = horloge.maintenant()
    minute = instant.replace(second=0, microsecond=0)
    depuis = case((_c.dernier_le == minute, _c.echecs + 1), else_=1)
    faites = session.scalars(
        insert(_table)
        .values(cible=cible, echecs=1, dernier_le=minute)
        .on_conflict_do_update(index_elements=[_c.cible], set_={"echecs": depuis, "dernier_le": minute})
        .returning(_c.echecs)
    ).one()
    if faites > au_plus:
        raise TropDeDemandes(math.ceil((minute + _MINUTE - instant).total_seconds()))
