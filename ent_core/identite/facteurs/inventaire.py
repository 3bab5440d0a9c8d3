"""Les facteurs d'un compte : les voir, les nommer, les retirer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import CodeSecours, Facteur
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee

__all__ = [
    "NOM_MAXIMAL",
    "FacteurLu",
    "Genre",
    "Moyens",
    "a_un_facteur",
    "lister",
    "moyens",
    "nom_propose",
    "oublier",
    "renommer",
    "retirer",
]

NOM_MAXIMAL = 60

_f = Base.metadata.tables[Facteur.__tablename__].c
_A_UN_FACTEUR = select(exists().where(_f.compte_id == bindparam("compte"), _f.confirme_le.is_not(None)))


class Genre(StrEnum):
    """Ce qu'est un facteur."""

    CLE = "cle"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class FacteurLu:
    """Un facteur, tel que la personne le voit."""

    id: UUID
    genre: str
    nom: str
    cree_le: datetime
    servi_le: datetime | None


@dataclass(frozen=True, slots=True)
class Moyens:
    """Ce qu'un compte peut montrer comme second facteur.

    :param secours: codes de secours qui n'ont pas servi.
    """

    cles: int
    applications: int
    secours: int

    @property
    def total(self) -> int:
        """Facteurs, codes de secours non compris."""
        return self.cles + self.applications


def a_un_facteur(session: Session, compte_id: UUID) -> bool:
    """Vrai si le compte a au moins un facteur éprouvé.

    :param compte_id: compte.
    """
    return bool(session.scalar(_A_UN_FACTEUR, {"compte": compte_id}))


def moyens(session: Session, compte_id: UUID) -> Moyens:
    """Ce que le compte peut montrer, d'un seul énoncé.

    :param compte_id: compte.
    """
    eprouve = (Facteur.compte_id == compte_id) & Facteur.confirme_le.is_not(None)
    cles, applications, secours = session.execute(
        select(
            select(func.count()).where(eprouve, Facteur.genre == Genre.CLE.value).scalar_subquery(),
            select(func.count()).where(eprouve, Facteur.genre == Genre.APPLICATION.value).scalar_subquery(),
            select(func.count())
            .where(CodeSecours.compte_id == compte_id, CodeSecours.servi_le.is_(None))
            .scalar_subquery(),
        )
    ).one()
    return Moyens(cles, applications, secours)


def lister(session: Session, compte_id: UUID) -> list[FacteurLu]:
    """Facteurs éprouvés d'un compte, le plus ancien d'abord.

    :param compte_id: compte.
    """
    enonce = (
        select(Facteur.id, Facteur.genre, Facteur.nom, Facteur.cree_le, Facteur.servi_le)
        .where(Facteur.compte_id == compte_id, Facteur.confirme_le.is_not(None))
        .order_by(Facteur.cree_le, Facteur.id)
    )
    return [FacteurLu(**ligne._mapping) for ligne in session.execute(enonce)]


def nom_propose(saisi: str, defaut: str) -> str:
    """Nom d'un facteur : ce que la personne a saisi, nettoyé, sinon un nom par défaut.

    :param saisi: nom saisi.
    :param defaut: nom à défaut.
    """
    propre = " ".join("".join(c for c in saisi if c.isprintable()).split())
    return propre[:NOM_MAXIMAL] or defaut[:NOM_MAXIMAL]


def renommer(session: Session, compte_id: UUID, facteur_id: UUID, nom: str) -> None:
    """Change le nom d'un facteur.

    :param compte_id: compte de la personne.
    :param facteur_id: facteur.
    :param nom: nom voulu.
    :raises DonneeInvalide: nom vide.
    :raises Introuvable: ce n'est pas un facteur de ce compte.
    """
    propre = nom_propose(nom, "")
    if not propre:
        raise DonneeInvalide("ce nom est vide.", remede="écrire un nom, par exemple « Mon téléphone ».")
    _changer(
        session.scalar(
            update(Facteur)
            .where(Facteur.compte_id == compte_id, Facteur.id == facteur_id)
            .values(nom=propre)
            .returning(Facteur.id)
        )
    )


def retirer(
    session: Session, horloge: Horloge, compte_id: UUID, personne_id: UUID, facteur_id: UUID, *, oblige: bool
) -> None:
    """Retire un facteur ; avec le dernier partent les codes de secours.

    :param compte_id: compte de la personne.
    :param facteur_id: facteur.
    :param oblige: la personne doit garder un facteur.
    :raises OperationRefusee: c'est le dernier, et il en faut un.
    :raises Introuvable: ce n'est pas un facteur de ce compte.
    """
    # Sous verrou : deux retraits simultanés ne laissent pas une personne obligée sans facteur.
    gardes = session.scalars(
        select(Facteur.id)
        .where(Facteur.compte_id == compte_id, Facteur.confirme_le.is_not(None))
        .with_for_update()
    ).all()
    _changer(facteur_id if facteur_id in gardes else None)
    if oblige and len(gardes) == 1:
        raise OperationRefusee(
            "c'est votre dernier second facteur, et votre fonction en exige un.",
            remede="en ajouter un autre, puis retirer celui-ci.",
        )
    session.execute(delete(Facteur).where(Facteur.id == facteur_id))
    if len(gardes) == 1:
        session.execute(delete(CodeSecours).where(CodeSecours.compte_id == compte_id))
    consigner(session, horloge, "facteur.retire", acteur=personne_id, objet=str(compte_id))


def oublier(session: Session, comptes: Collection[UUID]) -> None:
    """Efface les facteurs et les codes de secours de comptes mis en sécurité.

    Qui a volé un compte a pu y ajouter les siens. L'appelant consigne l'acte.

    :param comptes: comptes.
    """
    session.execute(delete(CodeSecours).where(CodeSecours.compte_id.in_(comptes)))
    session.execute(delete(Facteur).where(Facteur.compte_id.in_(comptes)))


def _changer(trouve: UUID | None) -> None:
    if trouve is None:
        raise Introuvable("ce second facteur n'est plus sur votre compte.", remede="rafraîchir la page.")
