"""La brique témoin : tout ce qu'elle apporte au noyau."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from uuid import UUID

from ent_temoin import permissions, pieces, traitements, vues
from ent_temoin.modeles import Dossier, Passage, Point, Suite
from flask import Blueprint
from sqlalchemy.orm import Session

from ent_core.brique import (
    Bilan,
    ChampPapier,
    Contexte,
    EntreeMenu,
    FormulairePapier,
    Manifeste,
    Permission,
    PieceExport,
    Traitement,
    implante,
)


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste("temoin", "Témoin", "0.1.0", "Une annotation de chaque sorte.")


@implante
def ent_modeles() -> Sequence[type]:
    return (Dossier, Suite, Point, Passage)


@implante
def ent_migrations() -> Traversable:
    return files("ent_temoin") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return (traitements.SUIVI, traitements.POINTS, traitements.JOURNAL)


@implante
def ent_permissions() -> Sequence[Permission]:
    return permissions.TOUTES


@implante
def ent_routes() -> Sequence[Blueprint]:
    return (vues.pages,)


@implante
def ent_navigation() -> Sequence[EntreeMenu]:
    return (EntreeMenu(point="temoin.accueil", libelle="Dossiers", permission=permissions.LIRE),)


@implante
def ent_exporter_personne(session: Session, personne_id: UUID) -> Iterator[PieceExport]:
    certificat = pieces.lire(personne_id)
    if certificat is not None:
        yield PieceExport("certificat.txt", certificat)


@implante
def ent_effacer_personne(session: Session, personne_id: UUID, motif: str) -> Bilan:
    return Bilan({"certificats": pieces.oter(personne_id)})


@implante
def ent_formulaire_papier(
    session: Session, contexte: Contexte, traitement: str, personne_id: UUID
) -> FormulairePapier | None:
    champs = (ChampPapier("Ce qui s'est passé", lignes=4),)
    return FormulairePapier("Feuille de suivi", "La rendre à la vie scolaire.", champs)
