"""Le garde-fou d'un export : une baisse trop forte arrête tout et demande.

Le GAR retire qui n'est plus dans l'envoi, avec ses ressources : un annuaire à moitié vide lui coûterait plus
qu'une nuit sans envoi.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ent_core.socle.erreurs import OperationRefusee

__all__ = ["Baisse", "BaisseTropForte", "Effectif", "baisses"]

_PLANCHER = 5
"""Départs qui n'arrêtent jamais : sans lui, une petite école s'arrêterait à chaque départ."""

_CITES = 5


@dataclass(frozen=True, slots=True)
class Effectif:
    """Ce qu'un établissement transmet."""

    eleves: int
    personnels: int


@dataclass(frozen=True, slots=True)
class Baisse:
    """Un établissement dont l'export transmettrait bien moins que le précédent."""

    uai: str
    avant: Effectif
    apres: Effectif

    def __str__(self) -> str:
        return (
            f"{self.uai} : élèves, {self.avant.eleves} puis {self.apres.eleves} ; "
            f"personnels, {self.avant.personnels} puis {self.apres.personnels}"
        )


class BaisseTropForte(OperationRefusee):
    """L'export retirerait trop de personnes du GAR : rien n'est publié.

    :param trouvees: établissements en cause.
    :param seuil: part au-delà de laquelle on demande.
    """

    def __init__(self, trouvees: Iterable[Baisse], seuil: float) -> None:
        self.baisses = tuple(trouvees)
        reste = len(self.baisses) - _CITES
        super().__init__(
            f"l'export retirerait du GAR plus de {seuil:.0%} des élèves ou des personnels. "
            + " ; ".join(map(str, self.baisses[:_CITES]))
            + (f" ; et {reste} autre(s) établissement(s)." if reste > 0 else "."),
            remede="vérifier le dernier import ; si la baisse est voulue, la confirmer à la page du GAR de "
            "chaque établissement, ou par « ent gar exporter --accepter-baisse ».",
        )


def baisses(avant: Mapping[str, Effectif], apres: Mapping[str, Effectif], seuil: float) -> tuple[Baisse, ...]:
    """Les établissements qui perdraient plus que le seuil, dans l'ordre de leurs codes.

    :param avant: derniers effectifs transmis ; un établissement nouveau n'y est pas.
    :param apres: effectifs que l'export transmettrait.
    :param seuil: part, entre 0 et 1.
    """
    rien = Effectif(0, 0)
    return tuple(
        Baisse(uai, ancien, apres.get(uai, rien))
        for uai, ancien in sorted(avant.items())
        if _excessive(ancien.eleves, apres.get(uai, rien).eleves, seuil)
        or _excessive(ancien.personnels, apres.get(uai, rien).personnels, seuil)
    )


def _excessive(avant: int, apres: int, seuil: float) -> bool:
    return avant - apres > max(seuil * avant, _PLANCHER)
