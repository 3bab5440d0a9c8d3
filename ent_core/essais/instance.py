"""Greffon pytest : une instance entière, deux collèges peuplés, et les briques que l'essai demande.

``application_avec(brique, …)`` migre une vraie base, assemble l'application, peuple l'annuaire et ouvre
les briques dans le premier collège. ``faux_brique`` en compose une en quelques lignes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from ent_core.chargement.decouverte import charger, installees
from ent_core.chargement.taches import toutes_les_taches
from ent_core.chargement.verification import exiger_sans_erreur, verifier_declarations
from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import AucuneDonnee
from ent_core.contrat.manifeste import Manifeste
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import assembler, configuration_essai, connecter
from ent_core.essais.base import AdressesBase
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration
from ent_core.web.instance import EXTENSION, Instance

__all__ = ["FabriqueInstance", "InstanceEssai", "application_avec", "compter_enonces", "faux_brique"]


@dataclass(frozen=True, slots=True)
class InstanceEssai:
    """Une application d'essai et ce qui l'entoure.

    :param application: application Flask vérifiée.
    :param base: sa base, propre à l'essai.
    :param horloge: son heure, que l'essai avance.
    :param annuaire: ses personnes, par rôle.
    """

    application: Flask
    base: BaseDeDonnees
    horloge: HorlogeFixe
    annuaire: Annuaire

    @property
    def ent(self) -> Instance:
        """Les services de l'instance."""
        trouvee: Instance = self.application.extensions[EXTENSION]
        return trouvee

    def client(self, role: str) -> FlaskClient:
        """Navigateur d'une personne connectée, à son seul titre.

        :param role: nom de rôle de l'annuaire ; ``cpe_autre`` est celui de l'autre collège.
        """
        profil = self.annuaire.profils[role]
        return connecter(
            self.application, self.base, self.horloge, self.annuaire[role], self.uai_de(role), profil
        )

    def uai_de(self, role: str) -> str:
        """Établissement d'une personne de l'annuaire.

        :param role: nom de rôle.
        """
        if role.endswith("_autre"):
            return AUTRE
        return RECTORAT if self.annuaire.profils[role] == Profil.ACADEMIE else ECOLE

    def ouvrir(
        self, brique: str, uai: str | None = ECOLE, *, debut: date | None = None, fin: date | None = None,
        attester: bool = True,
    ) -> None:  # fmt: skip
        """Ouvre une brique, et atteste ses préalables : elle sert aussitôt.

        :param brique: identifiant.
        :param uai: établissement, ou ``None`` pour toute l'académie.
        :param debut: premier jour.
        :param fin: lendemain du dernier jour.
        :param attester: faux pour l'essai qui regarde les préalables.
        """
        self._basculer(brique, uai, ouverte=True, debut=debut, fin=fin)
        if attester:
            self.attester(brique, *((ECOLE, AUTRE) if uai is None else (uai,)))

    def attester(self, brique: str, *uais: str) -> None:
        """Atteste tous les préalables d'une brique.

        :param brique: identifiant.
        :param uais: établissements.
        """
        prealables = self.ent.activation.prealables
        cles = [prealable.cle for prealable in prealables.de(brique)]
        with self.base.academie("essai : préalables") as session:
            for uai in uais if cles else ():
                prealables.attester(session, self.horloge, brique, uai, cles, origine="commande")

    def fermer(self, brique: str, uai: str | None = ECOLE) -> None:
        """Ferme une brique.

        :param brique: identifiant.
        :param uai: établissement, ou ``None`` pour toute l'académie.
        """
        self._basculer(brique, uai, ouverte=False)

    def preparer(self, brique: str, uai: str = ECOLE) -> None:
        """Appelle ``ent_activer``, que la brique soit déjà prête ou non.

        :param brique: identifiant.
        :param uai: établissement.
        """
        with self.base.academie("essai : préparation") as session:
            for _ in self.ent.relais.appeler("ent_activer", frozenset({brique}), session=session, uai=uai):
                pass

    def reconcilier(self) -> list[Anomalie]:
        """Prévient les briques de ce qu'elles ignorent, comme au démarrage et chaque heure."""
        with self.base.academie("essai : réconciliation") as session:
            return self.ent.activation.reconcilier(session, self.horloge)

    def executer(self, tache: str, **arguments: Any) -> None:
        """Exécute une tâche de l'instance, comme l'ouvrier le ferait à cette heure.

        :param tache: nom de la tâche.
        :param arguments: ceux du travail.
        """
        toutes = toutes_les_taches(self.ent.chargement, self.ent.configuration)
        [voulue] = [t for t in toutes if t.nom == tache]
        voulue.fonction(self.base, self.horloge, **arguments)

    def _basculer(self, brique: str, uai: str | None, **decision: Any) -> None:
        with self.base.academie("essai : bascule") as session:
            self.ent.activation.basculer(
                session, self.horloge, brique, uai=uai, origine="commande", **decision
            )


class FabriqueInstance:
    """Assemble des instances d'essai ; ce que l'essai y écrit disparaît avec lui.

    :param vivier: instances du processus.
    :param horloge: horloge de l'essai.
    """

    def __init__(self, vivier: Vivier, horloge: HorlogeFixe) -> None:
        self._vivier = vivier
        self._horloge = horloge
        self._ouvertes: list[tuple[InstanceEssai, AdressesBase]] = []

    def __call__(
        self,
        *briques: Any,
        ouvertes: bool = True,
        configuration: Configuration | None = None,
        neuve: bool = False,
    ) -> InstanceEssai:
        """Donne une instance : celle qu'un essai d'avant a rendue propre, ou une neuve.

        :param briques: modules ``brique``.
        :param ouvertes: les ouvrir dans le premier collège.
        :param configuration: par défaut ``configuration_essai()`` ; donnée, l'instance est neuve.
        :param neuve: qu'aucun essai n'ait employée, pour ce qu'un processus retient en mémoire.
        :raises AnomaliesTrouvees: une déclaration est fautive.
        """
        cle = (*briques, id(self._horloge), ouvertes)
        reprenable = configuration is None and not neuve
        prete = self._vivier.prendre(cle) if reprenable else None
        if prete is None:
            prete = self._assembler(briques, ouvertes, configuration or configuration_essai())
            if reprenable:
                self._vivier.retenir(cle, *prete)
        self._ouvertes.append(prete)
        return prete[0]

    def fermer(self) -> None:
        """Rend les instances."""
        for instance, adresses in self._ouvertes:
            self._vivier.rendre(instance, adresses)
        self._ouvertes.clear()

    def _assembler(
        self, briques: Sequence[Any], ouvertes: bool, reglages: Configuration
    ) -> tuple[InstanceEssai, AdressesBase]:
        greffons = {brique.ent_manifeste().id: brique for brique in briques}
        chargement = charger(reglages.briques.chargees, greffons)
        exiger_sans_erreur(verifier_declarations(chargement, reglages))
        adresses, annuaire = self._vivier.bases.peuplee(chargement.distributions)
        base = self._vivier.bases.ouvrir(adresses.application)
        try:
            application = assembler(base, self._horloge, reglages, greffons)
            instance = InstanceEssai(application, base, self._horloge, annuaire)
            for identifiant in greffons if ouvertes else ():
                instance.ouvrir(identifiant)
        except BaseException:
            base.fermer()
            self._vivier.bases.retirer(adresses)
            raise
        return instance, adresses


@pytest.fixture
def application_avec(vivier: Vivier, horloge: HorlogeFixe) -> Iterator[FabriqueInstance]:
    """Donne une instance complète : ``application_avec(brique)``."""
    fabrique = FabriqueInstance(vivier, horloge)
    yield fabrique
    fabrique.fermer()


@contextmanager
def compter_enonces(base: BaseDeDonnees) -> Iterator[list[str]]:
    """Relève les énoncés envoyés à la base tant que le contexte est ouvert.

    :param base: base de l'instance.
    """
    releves: list[str] = []

    def relever(_connexion: Any, _curseur: Any, enonce: str, *_: Any) -> None:
        releves.append(enonce)

    event.listen(base.moteur, "before_cursor_execute", relever)
    try:
        yield releves
    finally:
        event.remove(base.moteur, "before_cursor_execute", relever)


def faux_brique(identifiant: str, **crochets: Callable[..., Any]) -> ModuleType:
    """Compose une brique sans fichier : un manifeste, aucune donnée, et les crochets donnés.

    :param identifiant: identifiant de la brique.
    :param crochets: fonctions, par nom de crochet.
    """
    module = ModuleType(f"ent_{identifiant}")
    toutes: dict[str, Callable[..., Any]] = {
        "ent_manifeste": lambda: Manifeste(identifiant, identifiant.capitalize(), "0.1.0", "Brique d'essai."),
        "ent_traitements": lambda: AucuneDonnee("brique d'essai"),
        **crochets,
    }
    for nom, fonction in toutes.items():
        setattr(module, nom, implante(fonction))
    return module


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ajoute ``--brique``."""
    parser.addoption(
        "--brique",
        action="append",
        default=[],
        metavar="NOM",
        help="Lancer les essais d'une brique installée en place, où qu'elle soit.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Ajoute aux essais demandés ceux des briques nommées par ``--brique``."""
    demandees: list[str] = config.getoption("brique")
    if demandees and hasattr(config, "workerinput"):
        return
    dossiers = [_essais_de(nom) for nom in demandees]
    if dossiers:
        config.args[:] = dossiers


def _essais_de(nom: str) -> str:
    from importlib.util import find_spec
    from pathlib import Path

    point = installees().get(nom)
    trouve = find_spec(point.module.partition(".")[0]) if point else None
    if trouve is None or not trouve.submodule_search_locations:
        raise pytest.UsageError(
            f"la brique « {nom} » n'est pas installée ; « ent brique lister » montre celles qui le sont."
        )
    dossier = Path(trouve.submodule_search_locations[0]).parent / "tests"
    if not dossier.is_dir():
        raise pytest.UsageError(f"la brique « {nom} » n'a pas d'essais à côté d'elle ({dossier}).")
    return str(dossier)
