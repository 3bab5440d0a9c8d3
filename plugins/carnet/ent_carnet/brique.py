"""La brique « Carnet » : tout ce qu'elle apporte au noyau, et rien d'autre."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

import click
from ent_core.brique import (
    ActeDit,
    Bilan,
    Contexte,
    DecompteScelle,
    Demande,
    EntreeMenu,
    FormulairePapier,
    Manifeste,
    Permission,
    Prealable,
    Statistique,
    SujetDeMessage,
    TacheParEtablissement,
    Traitement,
    Vignette,
    implante,
)
from flask import Blueprint
from sqlalchemy.orm import Session

from ent_carnet import __version__, affichage, commandes, permissions, prealables, traitements
from ent_carnet.actes import ACTES
from ent_carnet.api import ressources
from ent_carnet.modeles import MODELES
from ent_carnet.services import (
    avis,
    echeances,
    motifs,
    offre,
    recompte,
    registre,
    signalements,
    suites_absences,
)
from ent_carnet.vues import absences, appel, discipline, famille, pages, papier, propositions, tableau


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste(
        id="carnet",
        titre="Carnet",
        version=__version__,
        resume="L'appel, les absences, les punitions et les sanctions ; et ce que la famille en lit.",
        degres=frozenset({2}),
    )


@implante
def ent_modeles() -> Sequence[type]:
    return MODELES


@implante
def ent_migrations() -> Traversable:
    return files("ent_carnet") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return (
        traitements.ASSIDUITE,
        traitements.AFFICHAGE,
        traitements.PUNITIONS,
        traitements.PROPOSITIONS,
        traitements.SANCTIONS,
    )


@implante
def ent_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@implante
def ent_prealables() -> Sequence[Prealable]:
    return prealables.PREALABLES


@implante
def ent_routes() -> Sequence[Blueprint]:
    return (pages, ressources)


@implante
def ent_navigation(contexte: Contexte) -> Sequence[EntreeMenu]:
    return (
        *tableau.menu(contexte),
        *appel.MENU,
        *absences.MENU,
        *papier.MENU,
        *discipline.MENU,
        *propositions.MENU,
        *famille.MENU,
    )


@implante
def ent_tableau_de_bord(session: Session, contexte: Contexte, instant: datetime) -> Sequence[Vignette]:
    return (
        *tableau.vignettes(session, contexte, instant),
        *appel.vignettes(session, contexte, instant),
        *discipline.vignettes(session, contexte),
        *famille.vignettes(session, contexte),
    )


@implante
def ent_formulaire_papier(
    session: Session, contexte: Contexte, traitement: str, personne_id: UUID
) -> FormulairePapier | None:
    return affichage.FEUILLE if traitement == traitements.AFFICHAGE.cle else None


@implante
def ent_activer(session: Session, uai: str) -> None:
    motifs.installer(session, uai)


@implante
def ent_sujets_de_message() -> Sequence[SujetDeMessage]:
    return (
        avis.DISCIPLINE,
        avis.EXCLUSIONS_DE_COURS,
        avis.PROPOSITIONS,
        suites_absences.ABSENCE_A_LIRE,
        suites_absences.MOTIF_REFUSE,
        signalements.SIGNALEMENT,
    )


@implante
def ent_actes_du_journal() -> Sequence[ActeDit]:
    return ACTES


@implante
def ent_statistiques() -> Sequence[Statistique]:
    return (registre.BILAN_SANCTIONS, registre.BILAN_DEMANDES)


@implante
def ent_taches() -> Sequence[TacheParEtablissement]:
    return (*echeances.TACHES, *recompte.TACHES)


@implante
def ent_changer_annee(session: Session, uai: str, nouvelle: int) -> Bilan:
    return Bilan(echeances.changer_annee(session, uai, nouvelle))


@implante
def ent_repondre(
    session: Session, contexte: Contexte, demande: Demande[Any]
) -> Sequence[DecompteScelle] | None:
    return offre.repondre(session, contexte, demande)


@implante
def ent_commandes() -> Sequence[click.Command]:
    return commandes.COMMANDES
