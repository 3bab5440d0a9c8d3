"""Le relais : n'appelle que les briques actives de l'établissement, isole celle qui échoue, trie tout."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import BriqueChargee, Chargement
from ent_core.contrat.evenements import Evenement
from ent_core.identite.mouvements import Annoncer

__all__ = ["Relais"]

_journal = logging.getLogger("ent.crochets")

Autour = Callable[[str, Mapping[str, Any]], AbstractContextManager[None]]
"""Ce qui entoure l'appel d'un crochet de requête : brique, arguments."""


def _sans_rien(_brique: str, _arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
    return nullcontext()


class Relais:
    """Appelle un crochet brique par brique, dans l'ordre des identifiants.

    :param chargement: briques chargées.
    :param autour: ce qui entoure un crochet de requête d'une brique ; le service web y met le portillon.
    """

    def __init__(self, chargement: Chargement, autour: Autour = _sans_rien) -> None:
        self._autour = autour
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

    def implante(self, crochet: str, brique: str) -> bool:
        """Vrai si cette brique implante ce crochet.

        :param crochet: nom du crochet.
        :param brique: identifiant d'une brique chargée.
        """
        return crochet in self._appelants[brique]

    def lit(self, crochet: str, brique: str, argument: str) -> bool:
        """Vrai si l'implantation de cette brique lit cet argument.

        :param crochet: nom du crochet.
        :param brique: identifiant d'une brique chargée.
        :param argument: nom de l'argument.
        """
        appelant = self._appelants[brique].get(crochet)
        return appelant is not None and any(argument in i.argnames for i in appelant.get_hookimpls())

    @property
    def ecoute(self) -> bool:
        """Vrai si une brique au moins réagit aux événements."""
        return any("ent_sur_evenement" in crochets for crochets in self._appelants.values())

    @property
    def annonceur(self) -> Annoncer | None:
        """Ce qu'un import appelle ; ``None`` si aucune brique n'écoute, et il ne relève rien."""
        return self.annoncer if self.ecoute else None

    def annoncer(self, session: Session, evenements: Iterable[Evenement]) -> None:
        """Annonce des faits à toutes les briques chargées, ouvertes ou non.

        :param session: session de l'appelant ; une exception remonte et annule sa transaction.
        :param evenements: faits, dans l'ordre.
        """
        for evenement in evenements:
            for _ in self.appeler("ent_sur_evenement", session=session, evenement=evenement):
                pass

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
                rendus = self._rendus(brique.id, crochet, arguments)
            except Exception as erreur:  # noqa: BLE001 - une brique en panne ne casse pas la page
                _journal.error("crochet_en_echec", extra={"brique": brique.id, "crochet": crochet})
                yield brique, None, erreur
                continue
            for resultat in rendus:
                yield brique, resultat, None

    def _rendus(self, brique: str, crochet: str, arguments: Mapping[str, Any]) -> list[Any]:
        """Réponses d'une brique, complètes : rien ne se calcule après l'appel, hors de ce qui l'entoure."""
        appelant = self._appelants[brique][crochet]
        if brique == "noyau":
            return list(appelant(**arguments))
        with self._autour(brique, arguments):
            return [tuple(r) if isinstance(r, Iterator) else r for r in appelant(**arguments)]
