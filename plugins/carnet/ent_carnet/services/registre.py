"""Le registre des sanctions : faits, mesures, et rien qui mène à l'élève (DISC-24).

Un mois s'inscrit quand il est fini, d'un coup et mêlé : ni l'heure, ni l'ordre, ni l'identifiant d'une ligne
ne la rattachent à une procédure. Ce qui est publié hors de la vie scolaire passe par les statistiques.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import SystemRandom
from uuid import uuid4

from ent_core.brique import Dimension, Statistique, annee_scolaire
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_carnet import traitements
from ent_carnet.libelles import ISSUES, MOTIFS, SUITES
from ent_carnet.modeles import DemandeSanction, LigneDuRegistre, SanctionEleve
from ent_carnet.nomenclatures import Mesure

__all__ = ["BILAN_DEMANDES", "BILAN_SANCTIONS", "LigneLue", "annees", "lire", "tenir"]

_MOTIFS = tuple((motif.value, dit) for motif, dit in MOTIFS.items())

BILAN_SANCTIONS = Statistique(
    cle="carnet.sanctions_bilan",
    traitement=traitements.SANCTIONS.cle,
    intitule="Décisions disciplinaires",
    table=SanctionEleve.__tablename__,
    jour="faits_le",
    dimensions=(
        Dimension("issue", "Décision", tuple((i.value, dit) for i, dit in ISSUES.items())),
        Dimension("motif", "Motif", _MOTIFS),
    ),
)
BILAN_DEMANDES = Statistique(
    cle="carnet.demandes_bilan",
    traitement=traitements.PUNITIONS.cle,
    intitule="Suites données aux demandes écrites",
    table=DemandeSanction.__tablename__,
    jour="jour",
    dimensions=(Dimension("suite", "Suite", tuple((s.value, dit) for s, dit in SUITES.items())),),
)
"""Le bilan annuel présenté au conseil d'administration (DISC-25) : des agrégats protégés, sans nom."""


@dataclass(frozen=True, slots=True)
class LigneLue:
    """Une ligne du registre."""

    annee: int
    mois: int
    motif: str
    sanction: int
    avec_sursis: bool
    par_conseil: bool
    mesure: str


def tenir(session: Session, uai: str, avant: date) -> int:
    """Inscrit les sanctions prononcées avant le mois de ce jour, et qui ne l'étaient pas.

    :param session: session ouverte dans l'établissement, ou de l'académie.
    :param uai: établissement.
    :param avant: le mois de ce jour est encore en cours.
    :returns: nombre de lignes ajoutées.
    """
    s = SanctionEleve
    lignes = session.execute(
        select(s.id, s.prononcee_le, s.motif, s.sanction, s.sursis_jusqu_au, s.par_conseil, s.mesure)
        .where(s.uai == uai, s.prononcee_le < avant.replace(day=1), s.au_registre.is_(False))
        .with_for_update()
    ).all()
    if not lignes:
        return 0
    inscrites = [ligne.id for ligne in lignes]
    session.execute(update(s).where(s.uai == uai, s.id.in_(inscrites)).values(au_registre=True))
    neuves = [
        LigneDuRegistre(
            uai=uai, annee=annee_scolaire(li.prononcee_le), id=uuid4(), mois=li.prononcee_le.month,
            motif=li.motif, sanction=li.sanction, avec_sursis=li.sursis_jusqu_au is not None,
            par_conseil=li.par_conseil, mesure=li.mesure or Mesure.AUCUNE,
        )
        for li in lignes
    ]  # fmt: skip
    SystemRandom().shuffle(neuves)
    session.add_all(neuves)
    session.flush()
    return len(neuves)


def annees(session: Session, uai: str) -> list[int]:
    """Années dont le registre a des lignes, la plus récente d'abord.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    """
    r = LigneDuRegistre
    return list(session.scalars(select(r.annee).where(r.uai == uai).distinct().order_by(r.annee.desc())))


def lire(session: Session, uai: str, annee: int) -> list[LigneLue]:
    """Le registre d'une année, par mois puis par rang dans l'échelle.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    r = LigneDuRegistre
    enonce = select(r.annee, r.mois, r.motif, r.sanction, r.avec_sursis, r.par_conseil, r.mesure).where(
        r.uai == uai, r.annee == annee
    )
    lues = [LigneLue(*ligne) for ligne in session.execute(enonce)]
    return sorted(lues, key=lambda li: ((li.mois - 8) % 12, li.sanction, li.motif))
