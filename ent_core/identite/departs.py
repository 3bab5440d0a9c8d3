"""Une session se ferme : les services qui en savent quelque chose seront prévenus, hors de la requête."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import String, Uuid, column, func, table, update
from sqlalchemy.orm import Session

from ent_core.donnees.file_taches import differer

__all__ = ["TACHE", "annoncer"]

TACHE = "noyau.prevenir_services"

# La table appartient à la fédération, au-dessus de cette couche : on n'en connaît que les colonnes.
_partie = table("partie_de_session", column("session_id", Uuid), column("etat", String))


def annoncer(session: Session, fermees: Iterable[UUID]) -> None:
    """Demande que les services de ces sessions soient prévenus, dans la transaction qui les ferme.

    Une session sans service ne coûte qu'un énoncé, et aucun travail.

    :param session: session de base, celle qui ferme.
    :param fermees: sessions fermées.
    """
    numeros = list(fermees)
    if not numeros:
        return
    touchees = session.scalars(
        update(_partie)
        .where(_partie.c.session_id == func.any(numeros), _partie.c.etat == "ouverte")
        .values(etat="a_prevenir")
        .returning(_partie.c.session_id)
    ).all()
    for numero in sorted(set(touchees)):
        differer(session, TACHE, session_id=str(numero))
