"""L'identifiant d'une personne pour le GAR : le même dans l'envoi et dans ce qu'une assertion portera."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.federation.gar.anomalies import ECARTE
from ent_core.federation.gar.format import MARQUE_ARCHIVE, PROFILS
from ent_core.federation.gar.lectures import encore_inscrit
from ent_core.federation.gar.modeles import GarAnomalie, GarEtablissement, GarIdentifiant
from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.calendrier import annee_scolaire

__all__ = ["ent_du_gar", "identifiant_gar"]


def identifiant_gar(session: Session, personne_id: UUID, uai: str, jour: date) -> str | None:
    """L'identifiant à annoncer au GAR, ou ``None`` s'il ne connaît pas la personne à ce titre.

    Il la connaît si l'établissement lui est ouvert et lui a été transmis, si elle y est rattachée ce jour, et
    si le dernier envoi ne l'a pas écartée : une assertion pour un autre serait refusée là-bas, sans un mot.

    :param session: session de l'établissement, ou de l'académie.
    :param personne_id: élève ou personnel.
    :param uai: établissement au titre duquel elle agit.
    :param jour: jour de la décision.
    """
    ici = (
        exists()
        .where(GarEtablissement.uai == uai, GarEtablissement.ouvert, GarEtablissement.exporte_le.is_not(None))
    )  # fmt: skip
    rattachee = exists().where(
        Rattachement.uai == uai,
        Rattachement.personne_id == personne_id,
        Rattachement.profil.in_((Profil.ELEVE.value, *PROFILS)),
        en_vigueur(Rattachement, jour),
        Personne.id == Rattachement.personne_id,
        Personne.sursis_depuis.is_(None),
        or_(
            Rattachement.profil != Profil.ELEVE.value,
            encore_inscrit(uai, personne_id, jour, annee_scolaire(jour)),
        ),
    )
    ecartee = exists().where(
        GarAnomalie.uai == uai,
        GarAnomalie.personne_id == personne_id,
        GarAnomalie.fichier != "RespAff",
        GarAnomalie.motif.in_([motif.value for motif in ECARTE]),
    )
    trouve = session.scalar(
        select(GarIdentifiant.identifiant)
        .where(GarIdentifiant.personne_id == personne_id, ici, rattachee, ~ecartee)
        .order_by(GarIdentifiant.attribue_le, GarIdentifiant.identifiant)
        .limit(1)
    )
    return None if trouve is None else str(trouve)


def ent_du_gar(session: Session, uai: str) -> str:
    """Le nom de l'ENT auprès du GAR, tel que l'écrit la dernière archive de l'école ; vide sans envoi.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    archive = session.scalar(select(GarEtablissement.archive).where(GarEtablissement.uai == uai))
    return (archive or "").partition(MARQUE_ARCHIVE)[0]
