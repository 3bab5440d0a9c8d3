"""La brique « Annonces » : tout ce qu'elle apporte au noyau, et rien d'autre."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from ent_core.brique import Contexte, EntreeMenu, Manifeste, Permission, Traitement, Vignette, implante
from flask import Blueprint
from sqlalchemy.orm import Session

from ent_annonces import __version__, api, permissions, services, traitements, vues
from ent_annonces.modeles import Mot


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste(
        id="annonces",
        titre="Annonces",
        version=__version__,
        resume="De courtes annonces, affichées dans l'établissement jusqu'à une date.",
    )


@implante
def ent_modeles() -> Sequence[type]:
    return (Mot,)


@implante
def ent_migrations() -> Traversable:
    return files("ent_annonces") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return (traitements.AFFICHAGE,)


@implante
def ent_permissions() -> Sequence[Permission]:
    return (permissions.LECTURE, permissions.ECRITURE)


@implante
def ent_routes() -> Sequence[Blueprint]:
    return (vues.pages, api.ressources)


@implante
def ent_navigation() -> Sequence[EntreeMenu]:
    return (
        EntreeMenu(
            point="annonces.accueil",
            libelle="Annonces",
            permission=permissions.LIRE,
            icone="message",
        ),
    )


@implante
def ent_tableau_de_bord(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    return (services.vignette(session, contexte),)
