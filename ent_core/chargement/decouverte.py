"""Découverte : des points d'entrée, une liste explicite, un gestionnaire pluggy par application.

Installée ≠ chargée ≠ active. Une brique nommée qui manque ou qui échoue arrête le démarrage :
sinon ses durées de conservation cesseraient de courir sans que personne le voie.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy
from sqlalchemy import Table

from ent_core.chargement import noyau
from ent_core.contrat import crochets
from ent_core.contrat.actes import ActeDit
from ent_core.contrat.donnees import AucuneDonnee, Traitement
from ent_core.contrat.evenements import Evenement
from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.interface import Permission
from ent_core.contrat.manifeste import CONTRAT, DEGRES, FORME_IDENTIFIANT, Manifeste
from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.contrat.prealables import Prealable
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.services import ServiceTiers
from ent_core.contrat.statistiques import Statistique
from ent_core.contrat.taches import Tache, TacheParEtablissement
from ent_core.donnees.migrations import Distribution
from ent_core.socle.erreurs import AnomaliesTrouvees
from ent_core.vie_privee.registre import DeclarationBrique
from ent_core.vie_privee.verrou import chemin_du_verrou

__all__ = ["GROUPE", "BriqueChargee", "Chargement", "charger", "dossier", "installees", "verrou_de"]

GROUPE = "ent.briques"
"""Groupe de points d'entrée ; la valeur est le module ``brique``."""


@dataclass(frozen=True, slots=True)
class BriqueChargee:
    """Une brique et tout ce qu'elle a déclaré."""

    greffon: Any
    manifeste: Manifeste
    tables: tuple[Table, ...] = ()
    revisions: Path | None = None
    traitements: tuple[Traitement, ...] = ()
    aucune: AucuneDonnee | None = None
    permissions: tuple[Permission, ...] = ()
    taches: tuple[Tache | TacheParEtablissement, ...] = ()
    evenements: tuple[type[Evenement], ...] = ()
    reglages: type | None = None
    verifications: tuple[Callable[[], Iterable[Anomalie]], ...] = ()
    statistiques: tuple[Statistique, ...] = ()
    sujets: tuple[SujetDeMessage, ...] = ()
    sms: CanalSms | None = None
    prealables: tuple[Prealable, ...] = ()
    actes: tuple[ActeDit, ...] = ()
    fournisseurs: Mapping[str, Fournisseur] = field(default_factory=dict)
    services: tuple[ServiceTiers, ...] = ()

    @property
    def id(self) -> str:
        """Identifiant de la brique."""
        return self.manifeste.id

    def distribution(self) -> Distribution:
        """Ses tables et ses révisions."""
        return Distribution(self.id, self.tables, self.revisions, self.traitements)

    def declaration(self) -> DeclarationBrique:
        """Ce qu'elle déclare de ses données."""
        return DeclarationBrique(self.id, self.tables, self.traitements, self.aucune)


@dataclass(frozen=True, slots=True)
class Chargement:
    """Le résultat de la découverte : le noyau d'abord, puis les briques dans l'ordre alphabétique."""

    gestionnaire: pluggy.PluginManager
    briques: tuple[BriqueChargee, ...]
    anomalies: tuple[Anomalie, ...] = field(default=())

    def brique(self, identifiant: str) -> BriqueChargee | None:
        """Brique chargée de cet identifiant.

        :param identifiant: identifiant de brique.
        """
        return next((brique for brique in self.briques if brique.id == identifiant), None)

    @property
    def distributions(self) -> list[Distribution]:
        """Distributions à migrer, noyau d'abord."""
        return [brique.distribution() for brique in self.briques]


def installees() -> dict[str, Any]:
    """Briques installées : identifiant → point d'entrée. Les installer ne les charge pas."""
    return {point.name: point for point in entry_points(group=GROUPE)}


def charger(noms: Sequence[str], en_plus: Mapping[str, Any] | None = None) -> Chargement:
    """Découvre et interroge les briques nommées, en gardant toutes les anomalies.

    :param noms: briques de la configuration.
    :param en_plus: greffons donnés directement, par identifiant (essais, brique en un fichier).
    """
    gestionnaire = pluggy.PluginManager("ent")
    gestionnaire.add_hookspecs(crochets)
    anomalies: list[Anomalie] = []
    briques: list[BriqueChargee] = []
    greffons: dict[str, Any] = {"noyau": noyau, **(en_plus or {})}
    a_trouver = sorted(set(noms) - set(greffons))
    disponibles = installees() if a_trouver else {}
    for nom in a_trouver:
        if nom not in disponibles:
            anomalies.append(
                Anomalie(
                    "BRIQUE-001",
                    f"brique {nom}",
                    "elle est demandée mais n'est pas installée",
                    f"installer sa distribution (par exemple ent-{nom.replace('_', '-')}), "
                    "ou la retirer de [briques] chargees",
                )
            )
            continue
        try:
            greffons[nom] = disponibles[nom].load()
        except Exception as erreur:  # noqa: BLE001 - une brique cassée arrête le démarrage, quelle que soit sa panne
            anomalies.append(
                Anomalie(
                    "BRIQUE-002",
                    f"brique {nom}, {_ou(erreur)}",
                    f"elle ne se charge pas ({type(erreur).__name__} : {erreur})",
                    "réparer cette ligne, ou ôter la brique de [briques] chargees",
                )
            )
    for nom, greffon in greffons.items():
        anomalies += _enregistrer(gestionnaire, nom, greffon)
    for nom, greffon in greffons.items():
        if gestionnaire.is_registered(greffon):
            brique = _interroger(nom, greffon, anomalies)
            if brique:
                briques.append(brique)
    briques.sort(key=lambda brique: (brique.id != "noyau", brique.id))
    return Chargement(gestionnaire, tuple(briques), tuple(anomalies))


def _ou(erreur: Exception) -> str:
    """Fichier et ligne d'une panne."""
    if isinstance(erreur, SyntaxError):
        return f"{erreur.filename}, ligne {erreur.lineno}"
    traces = traceback.extract_tb(erreur.__traceback__)
    trace = next(t for t in reversed(traces) if not t.filename.startswith("<"))
    return f"{trace.filename}, ligne {trace.lineno}"


def _enregistrer(gestionnaire: pluggy.PluginManager, nom: str, greffon: Any) -> Iterable[Anomalie]:
    lieu = f"brique {nom}"
    try:
        gestionnaire.register(greffon, name=nom)
        gestionnaire.check_pending()
    except pluggy.PluginValidationError as erreur:
        if gestionnaire.is_registered(greffon):
            gestionnaire.unregister(greffon)
        yield Anomalie(
            "BRIQUE-003",
            lieu,
            f"crochet refusé : {str(erreur).splitlines()[-1]}",
            "corriger le nom du crochet ou de ses arguments (voir docs/reference/crochets.md)",
        )
        return
    for appelant in gestionnaire.get_hookcallers(greffon) or ():
        for implantation in appelant.get_hookimpls():
            if implantation.plugin is not greffon:
                continue
            options = implantation.opts
            if any(
                (
                    options["wrapper"],
                    options["hookwrapper"],
                    options["tryfirst"],
                    options["trylast"],
                    options["specname"],
                )
            ):
                yield Anomalie(
                    "BRIQUE-004",
                    f"{lieu}, crochet {appelant.name}",
                    "enveloppe, ordre forcé ou nom détourné : une brique pourrait réécrire "
                    "la réponse d'une autre",
                    "employer @implante sans option",
                )


def _interroger(nom: str, greffon: Any, anomalies: list[Anomalie]) -> BriqueChargee | None:
    """Appelle chaque crochet de déclaration ; toute exception devient une anomalie."""

    def lire(crochet: str, defaut: Any) -> Any:
        fonction = getattr(greffon, crochet, None)
        if fonction is None:
            return defaut
        try:
            return fonction()
        except Exception as erreur:  # noqa: BLE001 - une déclaration qui échoue arrête le démarrage
            anomalies.append(
                Anomalie(
                    "BRIQUE-005",
                    f"brique {nom}, crochet {crochet}",
                    f"il échoue ({type(erreur).__name__}: {erreur})",
                    "une déclaration est pure et sans effet",
                )
            )
            return defaut

    def suite(crochet: str, admis: Callable[[Any], bool], attendu: str) -> tuple[Any, ...]:
        """Rend une suite dont chaque élément est de la bonne sorte."""
        return admise(crochet, lire(crochet, ()), admis, attendu)

    def admise(crochet: str, rendu: Any, admis: Callable[[Any], bool], attendu: str) -> tuple[Any, ...]:
        if not isinstance(rendu, Sequence) or isinstance(rendu, str) or not all(map(admis, rendu)):
            anomalies.append(
                Anomalie(
                    "BRIQUE-010",
                    f"brique {nom}, crochet {crochet}",
                    f"il ne rend pas une suite de {attendu}",
                    "rendre un tuple ou une liste (voir docs/reference/crochets.md)",
                )
            )
            return ()
        return tuple(rendu)

    manifeste = lire("ent_manifeste", None)
    if not isinstance(manifeste, Manifeste):
        anomalies.append(
            Anomalie(
                "BRIQUE-006", f"brique {nom}", "elle ne rend pas de manifeste", "implanter ent_manifeste()"
            )
        )
        return None
    anomalies += _identite(nom, manifeste)
    traitements = lire("ent_traitements", ())
    aucune = traitements if isinstance(traitements, AucuneDonnee) else None
    migrations = lire("ent_migrations", None)
    return BriqueChargee(
        greffon=greffon,
        manifeste=manifeste,
        tables=tuple(
            modele.__table__ for modele in suite("ent_modeles", lambda m: hasattr(m, "__table__"), "tables")
        ),
        revisions=Path(str(migrations)) / "versions" if migrations is not None else None,
        traitements=() if aucune else admise("ent_traitements", traitements, _est(Traitement), "Traitement"),
        aucune=aucune,
        permissions=suite("ent_permissions", _est(Permission), "Permission"),
        taches=suite("ent_taches", _est((Tache, TacheParEtablissement)), "Tache ou TacheParEtablissement"),
        evenements=suite("ent_evenements", lambda e: isinstance(e, type), "classes d'événement"),
        reglages=lire("ent_configuration", None),
        verifications=suite("ent_verifications", callable, "fonctions"),
        statistiques=suite("ent_statistiques", _est(Statistique), "Statistique"),
        sujets=suite("ent_sujets_de_message", _est(SujetDeMessage), "SujetDeMessage"),
        sms=lire("ent_canal_sms", None),
        prealables=suite("ent_prealables", _est(Prealable), "Prealable"),
        actes=suite("ent_actes_du_journal", _est(ActeDit), "ActeDit"),
        fournisseurs=lire("ent_fournisseurs_identite", {}),
        services=suite("ent_services_tiers", _est(ServiceTiers), "ServiceTiers"),
    )


def _est(sorte: type | tuple[type, ...]) -> Callable[[Any], bool]:
    return lambda valeur: isinstance(valeur, sorte)


def _identite(nom: str, manifeste: Manifeste) -> Iterable[Anomalie]:
    if manifeste.id != nom or not FORME_IDENTIFIANT.fullmatch(manifeste.id):
        yield Anomalie(
            "BRIQUE-007",
            f"brique {nom}",
            f"identifiant « {manifeste.id} » mal formé, ou différent de son point d'entrée",
            "de 3 à 31 lettres minuscules, chiffres et soulignés, comme le point d'entrée",
        )
    if manifeste.contrat != CONTRAT:
        yield Anomalie(
            "BRIQUE-008",
            f"brique {nom}",
            f"écrite pour le contrat {manifeste.contrat}, ce noyau tient le contrat {CONTRAT}",
            "installer une version de la brique faite pour ce noyau",
        )
    if not manifeste.degres or not manifeste.degres <= DEGRES:
        yield Anomalie(
            "BRIQUE-012",
            f"brique {nom}",
            "son manifeste ne dit pas de degré où elle puisse s'ouvrir",
            "écrire degres=frozenset({1}), frozenset({2}), ou ne rien écrire : les deux",
        )


def dossier(greffon: Any) -> Path:
    """Dossier du paquet d'une brique, où vivent ses gabarits et ses fichiers statiques.

    :param greffon: module ``brique`` ou objet donné directement.
    :raises AnomaliesTrouvees: le greffon n'a pas de fichier source.
    """
    module = greffon if inspect.ismodule(greffon) else inspect.getmodule(type(greffon))
    if module is None or not getattr(module, "__file__", None):
        raise AnomaliesTrouvees(
            [Anomalie("BRIQUE-009", str(greffon), "sans fichier source", "donner un module")]
        )
    return Path(str(module.__file__)).parent


def verrou_de(brique: BriqueChargee) -> Path | None:
    """Fichier de verrou d'une brique ; ``None`` pour une brique composée en mémoire, qui n'a pas de dossier.

    :param brique: brique chargée, ou noyau.
    """
    if brique.id == "noyau":
        return chemin_du_verrou(Path(__file__).parent.parent)
    try:
        return chemin_du_verrou(dossier(brique.greffon))
    except AnomaliesTrouvees:
        return None
