"""Les services d'enseignement que l'emploi du temps révèle : qui enseigne quoi, à qui."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from uuid import UUID

__all__ = ["EcartServices", "ServiceTenu", "ServiceVoulu", "ecart_services"]


@dataclass(frozen=True, slots=True)
class ServiceVoulu:
    """Une personne, une discipline, une structure."""

    personne_id: UUID
    matiere: str | None
    division_id: UUID | None
    groupe_id: UUID | None


@dataclass(frozen=True, slots=True)
class ServiceTenu:
    """Un service en cours dans la base."""

    id: UUID
    source: str
    service: ServiceVoulu


@dataclass(frozen=True, slots=True)
class EcartServices:
    """Services à ouvrir et à clore."""

    ajouts: tuple[ServiceVoulu, ...]
    retraits: tuple[UUID, ...]
    inchanges: int


def ecart_services(voulus: Set[ServiceVoulu], tenus: Iterable[ServiceTenu], source: str) -> EcartServices:
    """Services à ouvrir et à clore ; ceux d'une autre source comptent, mais ne sont jamais clos ici.

    :param voulus: services du fichier.
    :param tenus: services en cours, de toute source.
    :param source: source de cet import.
    """
    presents = list(tenus)
    connus = {tenu.service for tenu in presents}
    ajouts = sorted(voulus - connus, key=lambda service: str(service))
    retraits = [tenu.id for tenu in presents if tenu.source == source and tenu.service not in voulus]
    return EcartServices(tuple(ajouts), tuple(retraits), len(voulus & connus))
