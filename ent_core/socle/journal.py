"""Les journaux techniques : une ligne JSON par fait, jamais de donnée personnelle.

Ce qui peut y entrer est une liste blanche : un champ inconnu est laissé de côté, si bien qu'un
nom glissé par mégarde n'y arrive pas.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

__all__ = ["CHAMPS", "configurer"]

CHAMPS = frozenset(
    {
        "acte", "brique", "code", "crochet", "duree_ms", "etape", "exception", "finalite", "methode",
        "niveau", "nombre", "point", "reference", "statut", "tache", "travail", "uai", "version",
    }
)  # fmt: skip
"""Champs permis dans un journal technique."""

_FIXES = frozenset({"event", "level", "logger", "timestamp"})


def configurer(format_: str, niveau: str) -> None:
    """Branche la journalisation du processus.

    :param format_: ``json`` (exploitation) ou ``texte`` (développement).
    :param niveau: niveau minimal, par exemple ``INFO``.
    """
    commun: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception,
        _liste_blanche,
    ]
    rendu: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format_ == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    sortie = logging.StreamHandler(sys.stderr)
    sortie.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=commun,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendu],
        )
    )
    racine = logging.getLogger("ent")
    racine.handlers[:] = [sortie]
    racine.setLevel(niveau.upper())
    racine.propagate = False


def _exception(_journal: Any, _methode: str, evenement: dict[str, Any]) -> dict[str, Any]:
    """Garde le type de l'exception et le lieu, jamais son message : il peut citer une valeur."""
    info = evenement.pop("exc_info", None)
    if isinstance(info, tuple) and info[0] is not None:
        trace = info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        lieu = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
        evenement["exception"] = f"{info[0].__name__} {lieu}".strip()
    return evenement


def _liste_blanche(_journal: Any, _methode: str, evenement: dict[str, Any]) -> dict[str, Any]:
    return {cle: v for cle, v in evenement.items() if cle in CHAMPS or cle in _FIXES or cle.startswith("_")}
