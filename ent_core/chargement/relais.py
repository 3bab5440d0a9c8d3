"""Le relais : n'appelle que les briques actives de l'établissement, isole celle qui échoue, trie tout."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

from ent_core.chargement.decouverte import BriqueChargee, Chargement

__all__ = ["Relais"]

_journal = logging.getLogger("ent.crochets")


class Relais:
    """Appelle un crochet brique par brique, dans l'ordre des identifiants.

    :param chargement: briques chargées.
    """

    def __init__(self, chargement: Chargement) -> None:
        self._briques = chargement.briques
        self._trace = bool(os.environ.get("ENT_TRACE_CROCHETS"))
        self._appelants = {
            brique.id: {
                appelant.name: chargement.gestionnaire.subset_hook_caller(
                    appelant.name, [autre.greffon for autre in chargement.briques if autre is not brique]
                )
                for appelant in chargement.gestionnaire.get_hookcallers(brique.greffon) or ()
            }
            for brique in chargement.briques
        }

    def appeler(
        self, crochet: str, actives: frozenset[str] | None = None, **arguments: Any
    ) -> Iterator[tuple[BriqueChargee, Any]]:
        """Appelle un crochet ; une exception remonte et annule la transaction de l'appelant.

        :param crochet: nom du crochet.
        :param actives: briques actives, ou ``None`` pour toutes les briques chargées.
        :param arguments: arguments du crochet, par nom.
        """
        for brique in self._briques:
            appelant = self._appelants[brique.id].get(crochet)
            if appelant is None or not (actives is None or brique.id == "noyau" or brique.id in actives):
                continue
            if self._trace:
                _journal.warning("crochet %s de %s", crochet, brique.id)
            for resultat in appelant(**arguments):
                yield brique, resultat

    def demander(
        self, crochet: str, actives: frozenset[str], **arguments: Any
    ) -> Iterator[tuple[BriqueChargee, Any, Exception | None]]:
        """Appelle un crochet de requête ; une brique qui échoue est signalée, les autres continuent.

        :param crochet: nom du crochet.
        :param actives: briques actives dans l'établissement.
        :param arguments: arguments du crochet, par nom.
        """
        for brique in self._briques:
            if crochet not in self._appelants[brique.id] or not (
                brique.id == "noyau" or brique.id in actives
            ):
                continue
            try:
                for resultat in self._appelants[brique.id][crochet](**arguments):
                    yield brique, resultat, None
            except Exception as erreur:  # noqa: BLE001 - une brique en panne ne casse pas la page
                _journal.error("crochet_en_echec", extra={"brique": brique.id, "crochet": crochet})
                yield brique, None, erreur
