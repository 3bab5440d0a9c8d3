"""Lire ce qu'une page reçoit : une adresse fautive n'existe pas, un formulaire fautif se dit en français."""

from __future__ import annotations

from typing import Any

from ent_core.brique import DonneeInvalide
from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug.exceptions import NotFound

__all__ = ["lire_demande", "lire_formulaire"]


def lire_demande(schema: Schema) -> dict[str, Any]:
    """Paramètres de l'adresse.

    :param schema: leur forme.
    :raises NotFound: cette adresse n'existe pas.
    """
    try:
        lu: dict[str, Any] = schema.load(request.args.to_dict(), unknown=EXCLUDE)
    except ValidationError as refus:
        raise NotFound from refus
    return lu


def lire_formulaire(schema: Schema) -> dict[str, Any]:
    """Champs d'un formulaire.

    :param schema: leur forme.
    :raises DonneeInvalide: un champ manque, ou n'a pas la forme voulue.
    """
    try:
        lu: dict[str, Any] = schema.load(request.form.to_dict(), unknown=EXCLUDE)
    except ValidationError as refus:
        champs = ", ".join(sorted(refus.messages_dict))
        raise DonneeInvalide(
            f"le formulaire n'est pas complet ({champs}) : rien n'est changé.",
            remede="revenir en arrière, corriger ces champs, puis renvoyer.",
        ) from refus
    return lu
