"""La fiche d'une personne, telle qu'un personnel de son établissement la voit.

Une fiche ne sort pas de l'établissement : ni les autres écoles de la personne, ni les enfants
qu'elle a ailleurs. Elle est faite pour les personnels ; une famille a ses propres pages, où un
parent ne lit jamais les coordonnées de l'autre.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.annuaire import Titre, titres
from ent_core.identite.autorite import EffetActe
from ent_core.identite.modeles import (
    Compte,
    Division,
    Groupe,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Restriction,
)
from ent_core.socle.erreurs import Introuvable

__all__ = ["LIBELLES_LIENS", "Fiche", "LienFamilial", "RestrictionEcrite", "fiche"]

LIBELLES_LIENS: dict[str, str] = {
    "10": "mère",
    "20": "père",
    "37": "frère ou sœur",
    "38": "grand-parent",
    "39": "autre membre de la famille",
    "41": "éducateur",
    "42": "assistant familial",
    "43": "garde d'enfant",
    "50": "tuteur",
    "51": "aide sociale à l'enfance",
    "70": "l'élève lui-même, majeur",
    "90": "autre lien",
}
"""Nomenclature nationale N_LIEN_ELEVE_RESPONSABLE."""


@dataclass(frozen=True, slots=True)
class RestrictionEcrite:
    """Une décision de justice enregistrée, passée, présente ou à venir."""

    id: UUID
    reference: str
    effet: str
    debut: date
    fin: date | None
    en_vigueur: bool


@dataclass(frozen=True, slots=True)
class LienFamilial:
    """Un responsable, vu de l'élève ; ou un enfant, vu du responsable."""

    id: UUID
    personne_id: UUID
    nom: str
    prenom: str
    lien: str
    legal: int
    financier: bool
    contact: bool
    restrictions: tuple[RestrictionEcrite, ...] = ()

    @property
    def libelle(self) -> str:
        """Le lien en clair."""
        return LIBELLES_LIENS.get(self.lien, "lien non précisé")

    @property
    def restreint(self) -> bool:
        """Vrai si un acte en vigueur coupe l'accès."""
        return any(r.en_vigueur and r.effet == EffetActe.ACCES for r in self.restrictions)

    @property
    def informe_seulement(self) -> bool:
        """Vrai si un acte en vigueur laisse lire, sans décider."""
        return not self.restreint and any(r.en_vigueur for r in self.restrictions)


@dataclass(frozen=True, slots=True)
class Fiche:
    """Tout ce qu'une page de personne montre."""

    personne: Personne
    titres: tuple[Titre, ...]
    divisions: tuple[str, ...]
    groupes: tuple[str, ...]
    responsables: tuple[LienFamilial, ...]
    enfants: tuple[LienFamilial, ...]
    compte: Compte | None


def fiche(session: Session, uai: str | None, personne_id: UUID, *, jour: date, annee: int) -> Fiche:
    """Fiche d'une personne de l'établissement.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement d'où l'on regarde ; ``None`` pour l'académie.
    :param personne_id: personne.
    :param jour: jour de référence.
    :param annee: année scolaire des classes et des groupes.
    :raises Introuvable: elle n'existe pas, ou n'a jamais été rattachée ici.
    """
    personne = session.get(Personne, personne_id)
    if personne is None or not (uai is None or _connue(session, uai, personne_id)):
        raise Introuvable(
            "cette personne n'est pas dans cet établissement.",
            remede="chercher son nom, ou changer d'établissement.",
        )
    divisions, groupes = _structures(session, uai, personne_id, jour, annee)
    return Fiche(
        personne=personne,
        titres=titres(session, [personne_id], uai, jour).get(personne_id, ()),
        divisions=divisions,
        groupes=groupes,
        responsables=_liens(session, uai, jour, eleve=personne_id),
        enfants=_liens(session, uai, jour, responsable=personne_id),
        compte=session.scalar(select(Compte).where(Compte.personne_id == personne_id)),
    )


def _connue(session: Session, uai: str, personne_id: UUID) -> bool:
    lien = exists().where(Rattachement.uai == uai, Rattachement.personne_id == personne_id)
    return bool(session.scalar(select(lien)))


def _structures(
    session: Session, uai: str | None, personne_id: UUID, jour: date, annee: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    def de(structure: Any, colonne: Any) -> tuple[str, ...]:
        cle = and_(
            structure.uai == Inscription.uai,
            structure.annee == Inscription.annee,
            structure.id == colonne,
        )
        conditions = [
            Inscription.personne_id == personne_id,
            Inscription.annee == annee,
            en_vigueur(Inscription, jour),
        ]
        if uai is not None:
            conditions.append(Inscription.uai == uai)
        enonce = select(structure.libelle).join(Inscription, cle).where(*conditions)
        return tuple(session.scalars(enonce.order_by(structure.libelle)))

    return de(Division, Inscription.division_id), de(Groupe, Inscription.groupe_id)


def _liens(
    session: Session,
    uai: str | None,
    jour: date,
    *,
    eleve: UUID | None = None,
    responsable: UUID | None = None,
) -> tuple[LienFamilial, ...]:
    """Liens en vigueur, les responsables légaux d'abord ; les enfants d'ailleurs ne sont pas montrés."""
    autre, moi = (
        (Responsabilite.responsable_id, Responsabilite.eleve_id == eleve)
        if eleve
        else (Responsabilite.eleve_id, Responsabilite.responsable_id == responsable)
    )
    enonce = (
        select(Responsabilite, Personne.id, Personne.nom, Personne.prenom)
        .join(Personne, Personne.id == autre)
        .where(moi, en_vigueur(Responsabilite, jour))
        .order_by(Responsabilite.legal == 0, Responsabilite.legal, Personne.nom, Personne.prenom)
    )
    if responsable and uai is not None:
        enonce = enonce.where(
            exists().where(Rattachement.uai == uai, Rattachement.personne_id == Responsabilite.eleve_id)
        )
    lignes = session.execute(enonce).all()
    restrictions = _restrictions(session, [lien.id for lien, *_ in lignes], jour)
    return tuple(
        LienFamilial(
            id=lien.id,
            personne_id=qui,
            nom=nom,
            prenom=prenom or "",
            lien=lien.lien,
            legal=lien.legal,
            financier=lien.financier,
            contact=lien.contact,
            restrictions=restrictions.get(lien.id, ()),
        )
        for lien, qui, nom, prenom in lignes
    )


def _restrictions(
    session: Session, liens: list[UUID], jour: date
) -> dict[UUID, tuple[RestrictionEcrite, ...]]:
    if not liens:
        return {}
    resultat: dict[UUID, tuple[RestrictionEcrite, ...]] = {}
    enonce = (
        select(Restriction, en_vigueur(Restriction, jour))
        .where(Restriction.responsabilite_id.in_(liens))
        .order_by(Restriction.debut)
    )
    for r, tient in session.execute(enonce).all():
        ecrite = RestrictionEcrite(r.id, r.reference, r.effet, r.debut, r.fin, tient)
        resultat[r.responsabilite_id] = (*resultat.get(r.responsabilite_id, ()), ecrite)
    return resultat
