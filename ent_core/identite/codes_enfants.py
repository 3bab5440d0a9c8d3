"""Le nouveau code qu'un responsable donne à son enfant, si l'établissement l'a permis.

Seulement qui exerce l'autorité parentale ce jour : un acte de justice, quel que soit son effet, retire ce
pouvoir. Seulement à un mineur : à dix-huit ans, le compte n'est plus qu'à lui, et une date de naissance
inconnue ne prouve pas qu'il est mineur.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite import comptes
from ent_core.identite.autorite import ecarte
from ent_core.identite.codes import DUREE_CODE, FicheActivation, emettre_codes
from ent_core.identite.correspondants import dix_huit_ans_avant
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    ActeJournal,
    CodesParResponsables,
    Compte,
    Personne,
    Rattachement,
    Responsabilite,
    Restriction,
)
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, Introuvable, OperationRefusee

__all__ = ["PAR_JOUR", "EnfantSuivi", "donner", "enfants", "ouvert", "regler"]

PAR_JOUR = 3
"""Codes qu'un responsable peut donner à un même enfant en vingt-quatre heures."""

_ACTE = "code.donne_par_responsable"
_o = CodesParResponsables


@dataclass(frozen=True, slots=True)
class EnfantSuivi:
    """Un enfant mineur, et son compte.

    :param compte_id: ``None`` s'il n'a pas de compte ici.
    :param etat: ``actif``, ``a_activer``, ``suspendu``, ou vide.
    :param change_le: dernier mot de passe choisi.
    :param code_expire_le: terme du code qui attend, s'il y en a un.
    :param peut: le responsable exerce l'autorité parentale ce jour.
    """

    id: UUID
    nom: str
    prenom: str | None
    compte_id: UUID | None
    etat: str
    change_le: datetime | None
    code_expire_le: datetime | None
    peut: bool

    @property
    def code_donne_le(self) -> datetime | None:
        """Quand le code qui attend a été donné."""
        return self.code_expire_le - DUREE_CODE if self.code_expire_le else None


def ouvert(session: Session, uai: str) -> bool:
    """Vrai si l'établissement permet aux responsables de donner un nouveau code.

    :param uai: établissement.
    """
    return session.get(_o, uai) is not None


def regler(session: Session, horloge: Horloge, uai: str, *, permis: bool, acteur: UUID) -> None:
    """Permet, ou ne permet plus, aux responsables de donner un nouveau code à leurs enfants.

    :param uai: établissement.
    :param permis: ce que l'on veut désormais.
    :param acteur: chef d'établissement.
    """
    if permis == ouvert(session, uai):
        return
    if permis:
        session.execute(insert(_o).values(uai=uai, ouvert_le=horloge.maintenant()).on_conflict_do_nothing())
    else:
        session.execute(delete(_o).where(_o.uai == uai))
    acte = "codes_responsables.permis" if permis else "codes_responsables.retires"
    consigner(session, horloge, acte, uai=uai, acteur=acteur)


def enfants(session: Session, uai: str, responsable: UUID, jour: date) -> list[EnfantSuivi]:
    """Enfants mineurs d'un responsable dans un établissement ; jamais ceux dont un acte l'écarte.

    :param session: session de l'établissement.
    :param uai: établissement.
    :param responsable: personne qui regarde.
    :param jour: jour de référence.
    """
    lien, acte = Responsabilite, Restriction
    limite = exists().where(acte.responsabilite_id == lien.id, en_vigueur(acte, jour))
    eleve_ici = exists().where(
        Rattachement.uai == uai,
        Rattachement.personne_id == Personne.id,
        Rattachement.profil == Profil.ELEVE.value,
        en_vigueur(Rattachement, jour),
    )
    enonce = (
        select(
            Personne.id, Personne.nom, Personne.prenom, Compte.id, func.coalesce(Compte.etat, ""),
            Compte.change_le, Compte.code_expire_le, ~limite,
        )
        .join(lien, lien.eleve_id == Personne.id)
        .outerjoin(Compte, Compte.personne_id == Personne.id)
        .where(
            lien.responsable_id == responsable,
            lien.legal > 0,
            en_vigueur(lien, jour),
            ~ecarte(lien, jour),
            eleve_ici,
            Personne.naissance > dix_huit_ans_avant(jour),
            Personne.sursis_depuis.is_(None),
        )
        .order_by(Personne.nom, Personne.prenom, Personne.id)
    )  # fmt: skip
    return [EnfantSuivi(*ligne) for ligne in session.execute(enonce)]


def donner(
    session: Session, horloge: Horloge, coffre: Coffre, uai: str, responsable: UUID, eleve_id: UUID
) -> FicheActivation:
    """Efface le mot de passe de l'enfant et lui donne un code ; ses appareils sont déconnectés.

    :param session: session de l'établissement.
    :param uai: établissement.
    :param responsable: personne qui agit, et vient de se prouver.
    :param eleve_id: enfant.
    :raises OperationRefusee: l'établissement ne le permet pas ; compte suspendu ; trop de codes ce jour.
    :raises Introuvable: ce n'est pas un enfant mineur de cette personne, ici.
    :raises AccesRefuse: un acte lui retire l'exercice de l'autorité parentale.
    """
    if not ouvert(session, uai):
        raise OperationRefusee(
            "l'établissement remet lui-même les codes des élèves.",
            remede="le demander au professeur principal ou à la vie scolaire.",
        )
    siens = enfants(session, uai, responsable, horloge.aujourd_hui())
    enfant = next((e for e in siens if e.id == eleve_id), None)
    if enfant is None:
        raise Introuvable("cet enfant n'est pas des vôtres ici.", remede="revenir à la liste.")
    if not enfant.peut:
        raise AccesRefuse(
            "l'exercice de l'autorité parentale ne vous permet pas cet acte.",
            remede="s'adresser à l'établissement.",
        )
    if enfant.compte_id is None or enfant.etat == "suspendu":
        raise OperationRefusee(
            "ce compte est suspendu, ou n'existe pas encore.", remede="s'adresser à l'établissement."
        )
    if _trop_donne(session, horloge, responsable, enfant.compte_id):
        raise OperationRefusee(
            f"vous avez déjà donné {PAR_JOUR} codes à cet enfant en un jour.",
            remede="attendre demain, ou s'adresser à l'établissement.",
        )
    if enfant.etat == "actif":
        comptes.mettre_en_securite(session, horloge, enfant.compte_id, uai=uai, acteur=responsable)
    [fiche] = emettre_codes(session, horloge, coffre, uai, personne=eleve_id, acteur=responsable)
    consigner(session, horloge, _ACTE, uai=uai, acteur=responsable, objet=str(enfant.compte_id))
    return fiche


def _trop_donne(session: Session, horloge: Horloge, responsable: UUID, compte_id: UUID) -> bool:
    """Vrai si le dernier code permis date de moins d'un jour ; le journal le sait déjà."""
    a = ActeJournal
    enonce = (
        select(a.instant)
        .where(
            a.acteur_id == responsable,
            a.acte == _ACTE,
            a.objet == str(compte_id),
            a.instant > horloge.maintenant() - timedelta(days=1),
        )
        .order_by(a.instant.desc())
        .offset(PAR_JOUR - 1)
        .limit(1)
    )
    return session.scalar(enonce) is not None
