"""La brique « Carnet » : tout ce qu'elle apporte au noyau, et rien d'autre."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from uuid import UUID

from ent_core.brique import (
    Contexte,
    FormulairePapier,
    Manifeste,
    Permission,
    Traitement,
    implante,
)
from sqlalchemy.orm import Session

from ent_carnet import __version__, affichage, permissions, traitements
from ent_carnet.modeles import MODELES


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste(
        id="carnet",
        titre="Carnet",
        version=__version__,
        resume="L'appel, les absences, les punitions et les sanctions ; et ce que la famille en lit.",
    )


@implante
def ent_modeles() -> Sequence[type]:
    return MODELES


@implante
def ent_migrations() -> Traversable:
    return files("ent_carnet") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return (traitements.ASSIDUITE, traitements.AFFICHAGE, traitements.PUNITIONS, traitements.SANCTIONS)


@implante
def ent_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@implante
def ent_formulaire_papier(
    session: Session, contexte: Contexte, traitement: str, personne_id: UUID
) -> FormulairePapier | None:
    return affichage.FEUILLE if traitement == traitements.AFFICHAGE.cle else None
