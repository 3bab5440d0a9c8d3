"""Lire ce qu'une page reçoit : une adresse fautive n'existe pas, un formulaire fautif se dit en français."""

from __future__ import annotations

from typing import Any

from ent_core.brique import DonneeInvalide
from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug.exceptions import NotFound

__all__ = ["lire_demande", "lire_formulaire"]

_DITS = {
    "adresse": "l'adresse",
    "canal": "le moyen employé",
    "debut": "le début",
    "decision": "ce que vous décidez",
    "effet_le": "le premier jour",
    "fin": "la fin",
    "jour": "le jour",
    "le": "la date",
    "midi": "la fin de la matinée",
    "motif": "le motif",
    "motif_id": "le motif",
    "regle": "la règle",
    "seuil_mois": "le seuil du mois",
    "seuil_renforce": "le seuil renforcé",
    "suite": "la suite donnée",
    "texte": "le fichier",
    "valeur": "la nouvelle valeur",
}
"""Ce que la page nomme ; un champ qu'elle cache n'a pas de nom pour qui lit."""


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
        fautifs = sorted({_DITS[nom] for nom in refus.messages_dict if nom in _DITS})
        lesquels = f" ({', '.join(fautifs)})" if fautifs else ""
        raise DonneeInvalide(
            f"il manque quelque chose au formulaire, ou cela ne se lit pas{lesquels} : rien n'est changé.",
            remede="revenir en arrière, où votre saisie est gardée ; la corriger, puis renvoyer.",
        ) from refus
    return lu
