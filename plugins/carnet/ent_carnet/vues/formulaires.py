"""Lire un formulaire, tenter un acte : ce qui ne va pas revient à la page, et rien n'est enregistré."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ent_core.brique import DonneeInvalide, ErreurEnt, OperationRefusee, session_courante
from flask import request
from marshmallow import Schema, ValidationError

__all__ = ["filtres", "lire", "tenter"]


def lire(schema: Schema) -> tuple[dict[str, Any], dict[str, str]]:
    """Ce qui est envoyé, et ce qui ne va pas, par champ.

    :param schema: forme attendue.
    """
    try:
        return schema.load(request.form.to_dict()), {}
    except ValidationError as refus:
        return {}, {champ: messages[0] for champ, messages in refus.messages_dict.items()}


def filtres(schema: Schema) -> dict[str, Any]:
    """Filtres d'une page ; un filtre fautif est laissé de côté.

    :param schema: forme attendue ; chaque champ y a une valeur par défaut.
    """
    recus = request.args.to_dict()
    try:
        lus: dict[str, Any] = schema.load(recus)
    except ValidationError as refus:
        fautifs = refus.messages_dict
        lus = schema.load({nom: valeur for nom, valeur in recus.items() if nom not in fautifs})
    return lus


def tenter(acte: Callable[[], object]) -> ErreurEnt | None:
    """Fait un acte ; s'il est refusé, défait tout ce qu'il avait commencé et rend le refus.

    :param acte: appel d'un service.
    """
    try:
        acte()
    except (DonneeInvalide, OperationRefusee) as refus:
        session_courante().rollback()
        return refus
    return None
