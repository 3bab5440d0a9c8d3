"""Ce que le noyau déclare de lui-même, par les mêmes crochets que les briques."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core import __version__
from ent_core.chargement import accueil
from ent_core.chargement import modeles as bascules
from ent_core.chargement.permissions_noyau import PERMISSIONS
from ent_core.chargement.traitements_messages import FEUILLES
from ent_core.chargement.traitements_noyau import TRAITEMENTS
from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import Traitement
from ent_core.contrat.interface import Contexte, EntreeMenu, Permission, Vignette
from ent_core.contrat.manifeste import Manifeste
from ent_core.contrat.messages import SujetDeMessage
from ent_core.contrat.papier import FormulairePapier
from ent_core.federation import modeles as federation
from ent_core.federation.fournisseur_oidc import modeles as fournisseur_oidc
from ent_core.federation.gar import modeles as gar
from ent_core.identite import modeles as identite
from ent_core.messages import modeles as messages
from ent_core.messages.securite import SUJETS
from ent_core.roles import modeles as roles
from ent_core.vie_privee.acceptation import modeles as acceptation
from ent_core.vie_privee.archive import modeles as archive
from ent_core.vie_privee.conservation import modeles as conservation
from ent_core.vie_privee.droits import modeles as droits
from ent_core.vie_privee.minimisation import modeles as minimisation
from ent_core.vie_privee.publication import modeles as publication
from ent_core.vie_privee.statistiques import modeles as statistiques
from ent_core.vie_privee.traces import modeles as traces
from ent_core.vie_privee.traces import modeles_acces as acces_traces
from ent_core.vie_privee.violations import modeles as violations


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste("noyau", "Noyau", __version__, "Identité, rôles, registres et cadre des briques.")


@implante
def ent_modeles() -> Sequence[type]:
    modules = (
        identite,
        roles,
        bascules,
        acceptation,
        publication,
        traces,
        acces_traces,
        violations,
        conservation,
        droits,
        archive,
        minimisation,
        statistiques,
        messages,
        federation,
        gar,
        fournisseur_oidc,
    )
    return [getattr(module, nom) for module in modules for nom in module.__all__]


@implante
def ent_migrations() -> Traversable:
    return files("ent_core") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return TRAITEMENTS


@implante
def ent_sujets_de_message() -> Sequence[SujetDeMessage]:
    return SUJETS


@implante
def ent_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@implante
def ent_formulaire_papier(
    session: Session, contexte: Contexte, traitement: str, personne_id: UUID
) -> FormulairePapier | None:
    return FEUILLES.get(traitement)


@implante
def ent_navigation(contexte: Contexte) -> Sequence[EntreeMenu]:
    return accueil.entrees()


@implante
def ent_tableau_de_bord(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    return accueil.vignettes(session, contexte)
