"""Un mandat : au nom de qui, à quel titre, sur quelle preuve un service agit. Il suit la personne.

Ce qui a pu changer depuis le code (compte suspendu, départ, session fermée, profil coupé) se relit à chaque
usage : un jeton ne survit pas au droit dont il est né.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, literal, or_
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.emission import compte_en_regle
from ent_core.federation.fournisseur_oidc.modeles import AccordService
from ent_core.federation.fournisseur_oidc.portees import soumises
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.modeles import Compte, SessionWeb, SuspensionProfil
from ent_core.identite.sessions import EN_ATTENTE, SessionReconnue
from ent_core.socle.calendrier import Horloge

__all__ = ["Mandat", "colonnes", "de_la_ligne", "encore_valable"]

_tables = Base.metadata.tables
_accord = _tables[AccordService.__tablename__].c
_compte = _tables[Compte.__tablename__].c
_session = _tables[SessionWeb.__tablename__].c
_suspension = _tables[SuspensionProfil.__tablename__].c


@dataclass(frozen=True, slots=True)
class Mandat:
    """Ce qu'un code et les jetons qui en naissent ont en commun.

    :param famille: numéro partagé par tout ce qui naît d'un même code.
    :param uai: établissement en vigueur quand la personne a ouvert le service.
    :param profil: profil en vigueur, de même.
    :param methode: moyen par lequel la session a été ouverte.
    :param preuves: moyens prouvés, séparés par un espace.
    :param authentifie_le: dernière preuve donnée.
    :param portees: portées accordées.
    :param prolonge: vaut encore quand la personne est sortie.
    """

    famille: UUID
    service: str
    compte_id: UUID
    personne_id: UUID
    uai: str
    profil: str
    session_id: UUID
    methode: str
    preuves: str
    niveau: int
    authentifie_le: datetime
    portees: tuple[str, ...]
    prolonge: bool

    @classmethod
    def de_la_session(
        cls,
        famille: UUID,
        service: str,
        reconnue: SessionReconnue,
        portees: tuple[str, ...],
        *,
        prolonge: bool,
    ) -> Mandat:
        """Mandat que donne une session ; ``peut_emettre`` l'a admise.

        :param reconnue: session de la requête.
        :param portees: portées accordées.
        """
        return cls(
            famille=famille,
            service=service,
            compte_id=reconnue.compte_id,
            personne_id=reconnue.personne_id,
            uai=reconnue.uai or "",
            profil=reconnue.profil or "",
            session_id=reconnue.id,
            methode=reconnue.methode,
            preuves=reconnue.preuves,
            niveau=reconnue.niveau,
            authentifie_le=reconnue.prouvee_le or reconnue.creee_le,
            portees=portees,
            prolonge=prolonge,
        )


def colonnes(mandat: Mandat) -> dict[str, Any]:
    """Valeurs à écrire, par colonne.

    :param mandat: mandat à écrire.
    """
    return {**asdict(mandat), "portees": list(mandat.portees)}


def de_la_ligne(ligne: Row[Any]) -> Mandat:
    """Mandat relu d'un code ou d'un jeton.

    :param ligne: ligne qui en porte toutes les colonnes.
    """
    lue = {champ.name: getattr(ligne, champ.name) for champ in fields(Mandat)}
    return Mandat(**{**lue, "portees": tuple(lue["portees"])})


def encore_valable(session: Session, horloge: Horloge, mandat: Mandat) -> bool:
    """Vrai si le compte, la personne, la session, l'accord et le titre dont il vient tiennent. Deux énoncés.

    :param session: session de l'académie.
    :param mandat: celui d'un code ou d'un jeton.
    """
    ouverte = exists().where(_session.id == mandat.session_id, _session.niveau > EN_ATTENTE)
    coupee = exists().where(
        _suspension.uai == mandat.uai,
        _suspension.profil == mandat.profil,
        _suspension.rouvert_le.is_(None),
    )
    accordees = exists().where(
        _accord.compte_id == mandat.compte_id,
        _accord.service == mandat.service,
        _accord.retire_le.is_(None),
        _accord.portees.contains(sorted(soumises(mandat.portees))),
    )
    tient = session.scalar(
        compte_en_regle(mandat.compte_id, mandat.methode).where(
            _compte.personne_id == mandat.personne_id,
            or_(literal(mandat.prolonge), ouverte),
            or_(literal(not soumises(mandat.portees)), accordees),
            ~coupee,
        )
    )
    if tient is None:
        return False
    titres = contextes_possibles(session, mandat.personne_id, horloge.aujourd_hui())
    return any((t.uai, t.profil) == (mandat.uai, mandat.profil) for t in titres)
