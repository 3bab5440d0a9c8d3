"""Ce qu'une règle de droit attend de l'annuaire : fin d'une année, majorité d'un élève, qui a une fonction,
qui est parti.

Rien n'est accordé ici. La date de naissance ne sort pas : une brique apprend un oui ou un non.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil, Role, role_de
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI, liste_liee
from ent_core.donnees.session import lire
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.modeles import AnneeScolaire, Personne, Rattachement
from ent_core.socle.calendrier import est_mineur

__all__ = ["est_majeur", "fins_d_annee", "partis", "personnels"]

_tables = Base.metadata.tables
_annee = _tables[AnneeScolaire.__tablename__].c
_personne = _tables[Personne.__tablename__].c
_titre = _tables[Rattachement.__tablename__].c

_FINS = select(_annee.annee, _annee.fin).where(_annee.uai == UAI)
_NAISSANCE = select(_personne.naissance).where(
    _personne.id == bindparam("eleve"),
    exists().where(
        _titre.uai == UAI, _titre.personne_id == _personne.id, _titre.profil == Profil.ELEVE.value
    ),
)
_PRESENTS = select(_titre.personne_id).where(
    _titre.uai == UAI,
    _titre.profil == Profil.ELEVE.value,
    _titre.personne_id == liste_liee("eleves"),
    en_vigueur(_titre, JOUR),
)
_TITRES = select(_titre.personne_id, _titre.profil, _titre.fonction).where(
    _titre.uai == UAI, en_vigueur(_titre, JOUR), _titre.profil.not_in([Profil.ELEVE, Profil.RESPONSABLE])
)


def fins_d_annee(session: Session, uai: str) -> dict[int, date]:
    """Année scolaire → lendemain de son dernier jour, pour les années que l'établissement a définies.

    :param session: session ouverte dans l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    return {annee: fin for annee, fin in lire(session, _FINS, {"uai": uai})}


def est_majeur(session: Session, uai: str, eleve_id: UUID, jour: date) -> bool:
    """Vrai si un élève de l'établissement a dix-huit ans ce jour ; faux si sa naissance n'est pas connue.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param eleve_id: élève.
    :param jour: le jour.
    """
    with hors_portillon(session, "majorité : un oui ou un non, jamais la date"):
        naissance = lire(session, _NAISSANCE, {"uai": uai, "eleve": eleve_id}).scalar()
    return est_mineur(naissance, jour) is False


def partis(session: Session, uai: str, eleves: Collection[UUID], jour: date) -> frozenset[UUID]:
    """Parmi des élèves qu'une brique connaît, ceux que l'établissement ne compte plus ce jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param eleves: élèves.
    :param jour: le jour.
    """
    lignes = lire(session, _PRESENTS, {"uai": uai, "jour": jour, "eleves": list(eleves)})
    return frozenset(eleves) - frozenset(lignes.scalars())


def personnels(session: Session, uai: str, roles: Collection[Role], jour: date) -> list[UUID]:
    """Personnels d'un établissement qui ont l'un de ces rôles par leur profil et leur fonction.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param roles: rôles voulus (``cpe``, ``direction``…).
    :param jour: le jour.
    """
    lignes = lire(session, _TITRES, {"uai": uai, "jour": jour})
    return sorted({personne for personne, profil, fonction in lignes if role_de(profil, fonction) in roles})
