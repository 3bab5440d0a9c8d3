"""Les options d'un service CAS."""

from __future__ import annotations

from collections.abc import Iterator

from ent_core.contrat.services import OptionsCas

__all__ = ["controler"]


def controler(options: OptionsCas) -> Iterator[tuple[str, str]]:
    """Ce qui ne va pas dans ces options : champ, et phrase.

    :param options: options déclarées.
    """
    if not 10 <= options.duree <= 60:
        yield "duree", "un ticket vit de 10 à 60 secondes"
