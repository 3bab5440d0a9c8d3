"""Greffon pytest : des bases d'essai, copiées d'un modèle migré une fois par processus."""

from __future__ import annotations

import itertools
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.pool import NullPool

from ent_core.chargement.decouverte import charger
from ent_core.donnees.droits import ROLE_PROPRIETAIRE
from ent_core.donnees.migrations import Distribution, migrer
from ent_core.donnees.prepares import garder_prets
from ent_core.donnees.releve import Compilateur
from ent_core.donnees.session import BaseDeDonnees
from ent_core.donnees.traduction import Traductions
from ent_core.essais.annuaire import Annuaire, peupler
from ent_core.essais.remise_a_zero import Remise
from ent_core.essais.serveur import Serveur

__all__ = ["AdressesBase", "Fabrique", "fabrique_bases"]

_SECRET = "essais-sur-cette-machine"  # noqa: S105 - compte d'un serveur jetable
_COMPTE = "ent_web"


_Sorte = tuple[object, ...]
"""Ce que deux bases ont de pareil : leurs distributions, et si elles sont peuplées."""

_PEUPLEE = "peuplée"


@dataclass(frozen=True, slots=True)
class AdressesBase:
    """Adresses d'une base d'essai."""

    application: URL
    proprietaire: URL


class Fabrique:
    """Crée et retire des bases d'essai sur le serveur de la session.

    :param serveur: serveur des essais.
    :param prefixe: propre au processus, pour que deux processus ne se gênent pas.
    """

    def __init__(self, serveur: Serveur, prefixe: str) -> None:
        self._serveur = make_url(serveur.url).set(drivername="postgresql+psycopg")
        self._jetable = serveur.jetable
        self._prefixe = prefixe
        self._noyau = tuple(charger([]).distributions)
        self._numeros = itertools.count(1)
        self._modeles: dict[tuple[Distribution, ...], str] = {}
        self._sortes: dict[str, _Sorte] = {}
        self._annuaires: dict[str, Annuaire] = {}
        self._remises: dict[str, Remise] = {}
        self._libres: dict[_Sorte, list[str]] = defaultdict(list)
        self._traductions = Traductions()
        self._dialecte: Dialect | None = None

    def ouvrir(self, adresse: URL, *, connexions: int = 2) -> BaseDeDonnees:
        """La base de cette adresse ; ce qu'une autre a traduit en SQL lui sert.

        SQLAlchemy retient ses traductions par dialecte ; un dialecte déjà accordé au serveur, qui est le même
        pour toutes, devient celui de la base suivante.

        :param adresse: adresse de l'application.
        :param connexions: taille de sa réserve.
        """
        base = BaseDeDonnees(adresse, connexions=connexions, traductions=self._traductions)
        self._accorder(base.moteur)
        return base

    def maitre(self, adresse: URL) -> Engine:
        """Le moteur du propriétaire d'une base, qui se sert des mêmes traductions.

        :param adresse: adresse du propriétaire.
        """
        moteur = create_engine(
            adresse, poolclass=NullPool, execution_options={"compiled_cache": self._traductions.enonces}
        )
        moteur.dialect.statement_compiler = Compilateur
        garder_prets(moteur)
        self._accorder(moteur)
        return moteur

    def _accorder(self, moteur: Engine) -> None:
        accorde = self._dialecte
        if accorde is None or getattr(accorde, "server_version_info", None) is None:
            accorde = self._dialecte = moteur.dialect
        moteur.dialect = accorde

    def vide(self) -> AdressesBase:
        """Une base sans aucune table."""
        nom = f"{self._prefixe}_{next(self._numeros)}"
        self._ordre(f'create database "{nom}"')
        return self._adresses(nom)

    def migree(self, distributions: Sequence[Distribution] | None = None) -> AdressesBase:
        """Une base migrée et neuve : remise à zéro après un essai, ou copiée d'un modèle fait une fois.

        :param distributions: par défaut, le noyau seul.
        """
        cle = self._noyau if distributions is None else tuple(distributions)
        if cle not in self._modeles:
            # D'une base du noyau, il ne reste à migrer que les briques.
            modele = self.migree() if cle[:1] == self._noyau != cle else self.vide()
            migrer(modele.proprietaire, modele.application, cle)
            self._modeles[cle] = str(modele.application.database)
            if (remise := self._remises.pop(self._modeles[cle], None)) is not None:
                remise.fil.fermer()
        if self._libres[cle]:
            return self._adresses(self._libres[cle].pop())
        nom = f"{self._prefixe}_{next(self._numeros)}"
        # Par fichiers : le journal de la base n'a que faire de bases qui vivent une seconde.
        self._ordre(f'create database "{nom}" template "{self._modeles[cle]}" strategy file_copy')
        adresses = self._adresses(nom)
        # Les droits sur la base elle-même ne sont pas de ce que l'on copie.
        self._ordre(f'grant create, temporary on database "{nom}" to {ROLE_PROPRIETAIRE}')
        self._sortes[nom], self._remises[nom] = cle, Remise.relever(adresses.proprietaire)
        return adresses

    def peuplee(self, distributions: Sequence[Distribution]) -> tuple[AdressesBase, Annuaire]:
        """Une base migrée où vit déjà l'annuaire d'essai ; ramenée, elle le garde.

        :param distributions: noyau et briques.
        """
        sorte = (_PEUPLEE, *distributions)
        if self._libres[sorte]:
            nom = self._libres[sorte].pop()
            return self._adresses(nom), deepcopy(self._annuaires[nom])
        adresses = self.migree(distributions)
        base = self.ouvrir(adresses.application)
        with base.academie("essai : annuaire") as session:
            annuaire = peupler(session)
        base.fermer()
        nom = str(adresses.application.database)
        self._sortes[nom], self._remises[nom] = sorte, self._remises[nom].repere()
        self._annuaires[nom] = annuaire
        return adresses, deepcopy(annuaire)

    def retirer(self, adresses: AdressesBase) -> None:
        """Rend une base, même si une connexion traîne : elle resservira si elle peut redevenir neuve.

        :param adresses: base à rendre.
        """
        nom = str(adresses.application.database)
        remise = self._remises.get(nom)
        if remise is not None and remise.remettre():
            remise.fil.fermer()
            self._libres[self._sortes[nom]].append(nom)
        else:
            self._supprimer(nom)

    def remise(self, adresses: AdressesBase) -> Remise:
        """De quoi ramener une base migrée à sa naissance.

        :param adresses: base rendue par ``migree``.
        """
        return self._remises[str(adresses.application.database)]

    def tout_retirer(self) -> None:
        """Supprime les modèles et les bases libres, à la fin de la session, si le serveur lui survit."""
        for remise in self._remises.values():
            remise.fil.fermer()
        for nom in [] if self._jetable else [*self._modeles.values(), *self._remises]:
            self._supprimer(nom)

    def _supprimer(self, nom: str) -> None:
        if (remise := self._remises.pop(nom, None)) is not None:
            remise.fil.fermer()
        self._ordre(f'drop database if exists "{nom}" with (force)')

    def _adresses(self, nom: str) -> AdressesBase:
        proprietaire = self._serveur.set(database=nom)
        return AdressesBase(proprietaire.set(username=_COMPTE, password=_SECRET), proprietaire)

    def _ordre(self, ordre: str) -> None:
        moteur = create_engine(self._serveur, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with moteur.connect() as connexion:
            connexion.exec_driver_sql(ordre)


@pytest.fixture(scope="session")
def fabrique_bases(serveur: Serveur, worker_id: str) -> Iterator[Fabrique]:
    """Fabrique de bases d'essai du processus."""
    # Deux sessions peuvent partager un serveur : chacune a ses noms.
    fabrique = Fabrique(serveur, f"essai_{secrets.token_hex(3)}_{worker_id}")
    yield fabrique
    fabrique.tout_retirer()
