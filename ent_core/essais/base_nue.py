"""Greffon pytest : la base nue d'un essai, l'application sans brique qu'on y assemble, et leurs personnes.

``base`` est une vraie base, propre à l'essai : on y valide, on y ouvre plusieurs connexions. ``session`` est
une session sur cette base, annulée à la fin. ``horloge`` est une heure choisie. Le processus n'a qu'une base
nue, ramenée à sa naissance après chaque essai : assembler et peupler ne se font qu'une fois.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.essais.annuaire import Annuaire, peupler
from ent_core.essais.application import assembler, dossier_de, etat
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.essais.connexions import au_repos
from ent_core.essais.remise_a_zero import Remise
from ent_core.socle.calendrier import HorlogeFixe

__all__ = ["BaseNue", "annuaire", "application", "base", "base_nue", "horloge", "session"]

_HORLOGE = HorlogeFixe()


@dataclass(slots=True)
class _Place:
    base: BaseDeDonnees
    adresses: AdressesBase
    application: Flask | None = None
    depart: tuple[object, ...] = ()
    poses: dict[str, object] = field(default_factory=dict)

    def propre(self) -> bool:
        """Vrai si l'essai n'a rien changé de l'application, ni posé autre chose sur la base."""
        poses = _poses(self.base)
        if any(pose is not None and pose is not self.poses.get(nom) for nom, pose in poses.items()):
            return False
        if self.application is None:
            return True
        for nom, pose in self.poses.items():
            setattr(self.base, nom, pose)
        shutil.rmtree(dossier_de(self.application), ignore_errors=True)
        return etat(self.application) == self.depart


class BaseNue:
    """La base nue du processus.

    :param bases: fabrique de bases.
    """

    def __init__(self, bases: Fabrique) -> None:
        self._bases = bases
        self._place: _Place | None = None
        self._peuplement: tuple[Annuaire, Remise] | None = None

    def prendre(self) -> BaseDeDonnees:
        """Une base migrée et vide, sans rien d'assemblé."""
        if self._place is None:
            adresses = self._bases.migree()
            self._place = _Place(self._bases.ouvrir(adresses.application), adresses)
        for nom in _POSES:
            setattr(self._place.base, nom, None)
        return self._place.base

    def application(self, horloge: HorlogeFixe) -> Flask:
        """Une application sans brique sur la base prise.

        :param horloge: son heure.
        """
        place = self._place
        assert place is not None, "la base d'abord"
        if place.application is None:
            place.application = assembler(place.base, horloge)
            place.depart, place.poses = etat(place.application), _poses(place.base)
        for nom, pose in place.poses.items():
            setattr(place.base, nom, pose)
        return place.application

    def peupler(self) -> Annuaire:
        """Peuple la base prise : la première fois par l'ORM, puis des mêmes lignes, d'un bloc."""
        place = self._place
        assert place is not None, "la base d'abord"
        remise = self._bases.remise(place.adresses)
        if self._peuplement is None:
            if not remise.intacte():
                return _peupler(place.base)
            self._peuplement = _peupler(place.base), remise.repere()
        else:
            remise.rejouer(self._peuplement[1])
        return deepcopy(self._peuplement[0])

    def rendre(self) -> None:
        """Ramène la base à sa naissance, ou l'abandonne avec ce que l'essai y a changé."""
        place = self._place
        assert place is not None, "la base d'abord"
        if not (place.propre() and self._bases.remise(place.adresses).remettre(au_repos(place.base))):
            place.base.fermer()
            self._bases.retirer(place.adresses)
            self._place = None

    def fermer(self) -> None:
        """Ferme ce qui restait ouvert, à la fin de la session."""
        if self._place is not None:
            self._place.base.fermer()


_POSES = ("portillon", "chiffreur", "archive", "poste")
"""Ce qu'assembler une application pose sur sa base."""


def _poses(base: BaseDeDonnees) -> dict[str, object]:
    return {nom: getattr(base, nom) for nom in _POSES}


def _peupler(base: BaseDeDonnees) -> Annuaire:
    with base.academie("essai : annuaire") as session:
        return peupler(session)


@pytest.fixture(scope="session")
def base_nue(fabrique_bases: Fabrique) -> Iterator[BaseNue]:
    """La base nue du processus."""
    nue = BaseNue(fabrique_bases)
    yield nue
    nue.fermer()


@pytest.fixture
def base(base_nue: BaseNue) -> Iterator[BaseDeDonnees]:
    """Une base migrée, propre à l'essai."""
    yield base_nue.prendre()
    base_nue.rendre()


@pytest.fixture
def session(base: BaseDeDonnees) -> Iterator[Session]:
    """Une session de l'académie, annulée à la fin de l'essai."""
    with base.session(Portage("essai", role=ROLE_ACADEMIE)) as ouverte:
        yield ouverte
        ouverte.rollback()


@pytest.fixture
def annuaire(base: BaseDeDonnees, base_nue: BaseNue) -> Annuaire:
    """Deux collèges peuplés dans la base de l'essai."""
    return base_nue.peupler()


@pytest.fixture
def application(base: BaseDeDonnees, base_nue: BaseNue, horloge: HorlogeFixe) -> Flask:
    """Une application sans brique, sur une base migrée et vide."""
    return base_nue.application(horloge)


@pytest.fixture
def horloge() -> HorlogeFixe:
    """Lundi 7 septembre 2026, 8 h à Paris : celle du processus, remise à l'heure à chaque essai."""
    _HORLOGE.instant = HorlogeFixe().instant
    return _HORLOGE
