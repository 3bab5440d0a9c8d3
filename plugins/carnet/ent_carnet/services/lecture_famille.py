"""Ce qu'une personne de la famille lit du carnet, et ce qu'elle dit avoir vu : la seule date (CARNET-16)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    UAI,
    Contexte,
    lire,
    opposees_et_limitees,
)
from sqlalchemy import and_, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_carnet.modeles import Accuse, Affichage
from ent_carnet.services.lignes import LigneCarnet, lignes_du_carnet
from ent_carnet.traitements import AFFICHAGE

__all__ = ["LigneMontree", "lignes_montrees", "marquer_vues", "sur_papier"]


_affichage, _accuse = Affichage.__table__.c, Accuse.__table__.c
_ACCUSES = (
    select(_affichage.nature, _affichage.objet_id, _accuse.lu_le)
    .join_from(
        Affichage.__table__,
        Accuse.__table__,
        and_(
            _accuse.uai == _affichage.uai,
            _accuse.annee == _affichage.annee,
            _accuse.affichage_id == _affichage.id,
        ),
    )
    .where(
        _affichage.uai == UAI, _affichage.annee == ANNEE,
        _affichage.eleve_id == bindparam("eleve"), _affichage.retire_le.is_(None),
        _accuse.personne_id == bindparam("lecteur"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LigneMontree:
    """Une ligne, et le jour où cette personne a dit l'avoir vue."""

    ligne: LigneCarnet
    vue_le: date | None


def sur_papier(session: Session, contexte: Contexte, eleve_id: UUID) -> bool:
    """Vrai si rien ne se montre à l'écran : l'élève ou le lecteur s'y oppose, ou l'emploi est limité.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève.
    """
    lecteur = contexte.personne_id
    opposes, limites = opposees_et_limitees(session, AFFICHAGE.cle, {eleve_id, lecteur})
    return bool(opposes) or (eleve_id in limites and lecteur != eleve_id)


def lignes_montrees(
    session: Session, contexte: Contexte, eleve_id: UUID, du: date, au: date, instant: datetime
) -> list[LigneMontree]:
    """Lignes d'un élève, de la plus récente à la plus ancienne ; les mêmes que sur papier.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève, déjà atteint.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param instant: maintenant : une punition encore en correction n'est pas montrée.
    """
    lignes = lignes_du_carnet(session, contexte.uai, contexte.annee, [eleve_id], du, au, instant)[eleve_id]
    valeurs = {
        "uai": contexte.uai, "annee": contexte.annee, "eleve": eleve_id, "lecteur": contexte.personne_id,
    }  # fmt: skip
    vues = {(nature, objet): lu_le for nature, objet, lu_le in lire(session, _ACCUSES, valeurs)}
    return [LigneMontree(ligne, vues.get((ligne.nature, ligne.objet_id))) for ligne in reversed(lignes)]


def marquer_vues(
    session: Session,
    contexte: Contexte,
    eleve_id: UUID,
    montrees: Collection[LigneMontree],
    voulues: Collection[UUID],
    instant: datetime,
) -> int:
    """Note que cette personne a vu des lignes ; les autres responsables gardent les leurs.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui a vu.
    :param eleve_id: élève.
    :param montrees: ce que la page lui montre : rien d'autre ne se marque.
    :param voulues: événements vus.
    :param instant: maintenant.
    :returns: lignes nouvellement vues.
    """
    neuves = {m.ligne.objet_id: m.ligne for m in montrees if m.vue_le is None and m.ligne.objet_id in voulues}
    if not neuves:
        return 0
    ici = {"uai": contexte.uai, "annee": contexte.annee}
    # Deux responsables peuvent l'ouvrir au même instant : une seule information, deux accusés.
    session.execute(
        insert(Affichage).on_conflict_do_nothing(),
        [
            {**ici, "eleve_id": eleve_id, "nature": ligne.nature, "objet_id": objet}
            for objet, ligne in neuves.items()
        ],
    )  # fmt: skip
    a = Affichage
    informations = session.scalars(
        select(a.id).where(
            a.uai == contexte.uai, a.annee == contexte.annee, a.eleve_id == eleve_id,
            a.objet_id.in_(neuves), a.retire_le.is_(None),
        )
    ).all()  # fmt: skip
    session.execute(
        insert(Accuse).on_conflict_do_nothing(),
        [
            {**ici, "affichage_id": information, "personne_id": contexte.personne_id, "lu_le": contexte.jour}
            for information in informations
        ],
    )
    return len(neuves)
