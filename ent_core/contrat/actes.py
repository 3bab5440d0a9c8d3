"""Les actes qu'une brique inscrit au journal, et la phrase que chacun y devient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

__all__ = ["ActeDit"]


@dataclass(frozen=True, slots=True)
class ActeDit:
    """Un acte que ``consigner`` inscrit, dit à qui lit le journal : « A scellé 27 décomptes ».

    :param acte: nom donné à ``consigner``, au nom de la brique (``carnet.decomptes_scelles``).
    :param phrase: ce qui a été fait, sans sujet ; ``{detail}`` y met un détail de l'acte, et
        ``{detail:décompte|décomptes}`` un nombre et son mot. Jamais de nom de personne.
    :param codes: détail → code → mots, pour un détail qui vient d'une liste fermée.
    """

    acte: str
    phrase: str
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def details(self) -> frozenset[str]:
        """Détails de l'acte que la phrase emploie."""
        return frozenset(champ for _, champ, _, _ in Formatter().parse(self.phrase) if champ)
