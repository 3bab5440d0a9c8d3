"""Le vivier : une instance d'essai rendue propre sert à l'essai suivant qui demande les mêmes briques.

Assembler et peupler une instance coûte des dizaines de fois plus que la ramener à son départ. N'y revient
que ce qui n'a pas été altéré : l'application, la base et l'annuaire doivent être tels qu'on les a prêtés.
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ent_core.essais.application import dossier_de, etat
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.essais.connexions import au_repos
from ent_core.essais.remise_a_zero import Remise

if TYPE_CHECKING:
    from ent_core.essais.instance import InstanceEssai

__all__ = ["Cle", "Vivier", "vivier"]

Cle = tuple[Any, ...]
"""Ce que deux essais demandent de pareil : les objets eux-mêmes, jamais leur seul nom."""

_PLACES = 4
"""Instances gardées par processus ; chacune tient une base."""


@dataclass(slots=True)
class _Gardee:
    instance: InstanceEssai
    adresses: AdressesBase
    remise: Remise
    etat: tuple[Any, ...]
    annuaire: tuple[Any, ...]

    def ramener(self) -> bool:
        """Ramène l'instance à son départ ; faux si l'essai a changé ce que l'on ne sait pas défaire."""
        if etat(self.instance.application) != self.etat:
            return False
        if not self.remise.remettre(au_repos(self.instance.base)):
            return False
        shutil.rmtree(dossier_de(self.instance.application), ignore_errors=True)
        annuaire = self.instance.annuaire
        annuaire.personnes, annuaire.profils, annuaire.divisions = deepcopy(self.annuaire)
        return True


class Vivier:
    """Prête des instances, et reprend celles qu'on peut ramener à leur départ.

    :param bases: fabrique de bases du processus.
    """

    def __init__(self, bases: Fabrique) -> None:
        self.bases = bases
        self._libres: OrderedDict[Cle, _Gardee] = OrderedDict()
        self._pretees: dict[int, tuple[Cle, _Gardee]] = {}
        self._demandees: list[Cle] = []

    def prendre(self, cle: Cle) -> tuple[InstanceEssai, AdressesBase] | None:
        """Une instance prête, s'il y en a une.

        :param cle: ce que l'essai demande.
        """
        gardee = self._libres.pop(cle, None)
        if gardee is None:
            return None
        self._pretees[id(gardee.instance)] = cle, gardee
        return gardee.instance, gardee.adresses

    def retenir(self, cle: Cle, instance: InstanceEssai, adresses: AdressesBase) -> None:
        """Note le départ d'une instance neuve, si ce qu'elle est a déjà été demandé une fois.

        :param cle: ce que l'essai demande.
        :param instance: instance peuplée, que personne n'a encore employée.
        :param adresses: sa base.
        """
        if cle not in self._demandees:  # la plupart des briques composées par un essai ne servent qu'à lui
            self._demandees = [*self._demandees[-_PLACES:], cle]
            return
        if dossier_de(instance.application).exists():
            return
        annuaire = instance.annuaire
        gardee = _Gardee(
            instance,
            adresses,
            self.bases.remise(adresses).repere(),
            etat(instance.application),
            deepcopy((annuaire.personnes, annuaire.profils, annuaire.divisions)),
        )
        self._pretees[id(instance)] = cle, gardee

    def rendre(self, instance: InstanceEssai, adresses: AdressesBase) -> None:
        """Reprend une instance après un essai.

        :param instance: instance prêtée ou neuve.
        :param adresses: sa base.
        """
        cle, gardee = self._pretees.pop(id(instance), (None, None))
        if cle is None or gardee is None or cle in self._libres or not gardee.ramener():
            instance.base.fermer()
            self.bases.retirer(adresses)
            return
        self._libres[cle] = gardee
        while len(self._libres) > _PLACES:
            _, ancienne = self._libres.popitem(last=False)
            ancienne.instance.base.fermer()
            self.bases.retirer(ancienne.adresses)

    def fermer(self) -> None:
        """Ferme les instances gardées, à la fin de la session."""
        for gardee in self._libres.values():
            gardee.instance.base.fermer()


@pytest.fixture(scope="session")
def vivier(fabrique_bases: Fabrique) -> Iterator[Vivier]:
    """Instances de ce processus."""
    instances = Vivier(fabrique_bases)
    yield instances
    instances.fermer()
