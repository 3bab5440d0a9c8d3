"""Les codes d'activation remis sur papier : provisoires, à usage unique, montrés une seule fois."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import pas_fini
from ent_core.identite.contextes import role_local
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    Compte,
    Division,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
)
from ent_core.identite.secrets import Coffre, nouveau_code
from ent_core.socle.calendrier import Horloge

__all__ = ["DUREE_CODE", "FicheActivation", "de_la_division", "emettre_codes", "titulaires"]

DUREE_CODE = timedelta(days=90)
"""Validité d'un code remis sur papier (SDET-AUTH-10)."""

_compte = Base.metadata.tables[Compte.__tablename__]
_c = _compte.c


@dataclass(frozen=True, slots=True)
class FicheActivation:
    """Ce qui s'imprime pour une personne ; le code n'est montré qu'ici, la base n'en a qu'une empreinte."""

    personne_id: UUID
    nom: str
    prenom: str | None
    identifiant: str
    code: str
    expire_le: datetime


def emettre_codes(
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    uai: str,
    *,
    division: UUID | None = None,
    profil: Profil | None = None,
    personne: UUID | None = None,
    personnes: Collection[UUID] | None = None,
    acteur: UUID | None = None,
) -> Iterator[FicheActivation]:
    """Donne un code neuf aux comptes à activer d'un établissement ; les codes précédents ne valent plus rien.

    :param uai: établissement.
    :param division: seulement les élèves de cette division et leurs responsables.
    :param profil: seulement les personnes de ce profil.
    :param personne: seulement cette personne.
    :param personnes: seulement celles-ci.
    :param acteur: personne qui les demande.
    :returns: une fiche par compte, par ordre alphabétique.
    """
    expire_le = horloge.maintenant() + DUREE_CODE
    comptes = _a_activer(
        session, uai, horloge.aujourd_hui(), division, profil, [personne] if personne else personnes
    )
    fiches = [
        FicheActivation(c.personne_id, c.nom, c.prenom, c.identifiant, nouveau_code(), expire_le)
        for c in comptes
    ]
    if fiches:
        session.execute(
            update(_compte)
            .where(_c.id == bindparam("compte"), _c.etat == "a_activer")
            .values(code_empreinte=bindparam("empreinte_du_code"), code_expire_le=expire_le),
            [
                {"compte": compte.id, "empreinte_du_code": coffre.sceller_code(fiche.code)}
                for compte, fiche in zip(comptes, fiches, strict=True)
            ],
        )
        consigner(session, horloge, "codes.emis", uai=uai, acteur=acteur, details={"nombre": len(fiches)})
    return iter(fiches)


def titulaires(uai: str, jour: date, profil: Profil | None = None) -> ColumnElement[bool]:
    """Condition sur ``Compte`` : la personne est d'ici, maintenant ou bientôt.

    :param uai: établissement.
    :param jour: jour de référence.
    :param profil: à ce titre seulement ; sinon, un rôle local suffit.
    """
    rattachees = select(Rattachement.personne_id).where(Rattachement.uai == uai, pas_fini(Rattachement, jour))
    if profil is not None:
        return Compte.personne_id.in_(rattachees.where(Rattachement.profil == profil))
    locaux = select(role_local.c.personne_id).where(role_local.c.uai == uai, pas_fini(role_local.c, jour))
    return or_(Compte.personne_id.in_(rattachees), Compte.personne_id.in_(locaux))


def de_la_division(uai: str, jour: date, division: UUID) -> tuple[Select[UUID], Select[UUID]]:
    """Les élèves d'une division, et leurs responsables.

    :param uai: établissement.
    :param jour: jour de référence.
    :param division: division.
    """
    annee = select(Division.annee).where(Division.uai == uai, Division.id == division).scalar_subquery()
    eleves = select(Inscription.personne_id).where(
        Inscription.uai == uai,
        Inscription.annee == annee,
        Inscription.division_id == division,
        pas_fini(Inscription, jour),
    )
    responsables = select(Responsabilite.responsable_id).where(
        Responsabilite.eleve_id.in_(eleves), pas_fini(Responsabilite, jour)
    )
    return eleves, responsables


def _a_activer(
    session: Session,
    uai: str,
    jour: date,
    division: UUID | None,
    profil: Profil | None,
    personnes: Collection[UUID] | None,
) -> Sequence[Row[UUID, UUID, str, str, str | None]]:
    enonce = (
        select(Compte.id, Compte.personne_id, Compte.identifiant, Personne.nom, Personne.prenom)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(Compte.etat == "a_activer", Personne.sursis_depuis.is_(None), titulaires(uai, jour, profil))
        .order_by(Personne.nom, Personne.prenom, Compte.identifiant)
    )
    if division is not None:
        enonce = enonce.where(
            or_(*(Compte.personne_id.in_(membres) for membres in de_la_division(uai, jour, division)))
        )
    if personnes is not None:
        enonce = enonce.where(Compte.personne_id.in_(list(personnes)))
    return session.execute(enonce).all()
