"""Un élève qui quitte l'établissement n'y a plus d'affichage : lignes et accusés s'effacent (CARNET-10).

Le dossier administratif suit ses propres règles : il reste jusqu'à son terme, et ne part pas avec l'élève.
"""

from __future__ import annotations

from ent_core.brique import BaseDesTaches, Horloge, Tache, consigner, partis
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Affichage

__all__ = ["TACHES", "oublier_les_partis", "oublier_partout"]

_MOTIF = "carnet : affichage des élèves partis"


def oublier_partout(base: BaseDesTaches, horloge: Horloge) -> int:
    """Efface, dans chaque établissement, l'affichage de qui n'y est plus ; rejoué, il ne change rien.

    :param base: base de l'instance ; une transaction par établissement.
    :param horloge: horloge de l'instance.
    :returns: élèves dont l'affichage est effacé.
    """
    with base.academie(_MOTIF) as session:
        ecoles = session.scalars(select(Affichage.uai).distinct().order_by(Affichage.uai)).all()
    effaces = 0
    for uai in ecoles:
        with base.ecole(uai, _MOTIF) as session:
            effaces += oublier_les_partis(session, uai, horloge)
    return effaces


def oublier_les_partis(session: Session, uai: str, horloge: Horloge) -> int:
    """Efface l'affichage des élèves que l'établissement ne compte plus ce jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param horloge: horloge.
    :returns: élèves dont l'affichage est effacé.
    """
    a = Affichage
    connus = frozenset(session.scalars(select(a.eleve_id).where(a.uai == uai).distinct()))
    absents = partis(session, uai, connus, horloge.aujourd_hui())
    if absents:
        session.execute(delete(a).where(a.uai == uai, a.eleve_id.in_(absents)))
        consigner(session, horloge, "carnet.affichage_efface", uai=uai, details={"eleves": len(absents)})
    return len(absents)


TACHES = (Tache("carnet.oublier_les_partis", oublier_partout, periode="25 2 * * *", avec_horloge=True),)
"""La nuit qui suit le départ, connu par un import ou saisi à la main."""
