"""La forme de ce que l'on demande à imprimer, et de la feuille que l'on recopie."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate

__all__ = ["Demande", "DivisionVoulue", "ImpressionVoulue", "SemaineVoulue", "champs_de_la_feuille"]

_ETAT = "etat-"
_JOUR = "Donnez une date, par exemple 23/11/2026."


class Demande(Schema):
    """Un jour, une classe ; rien de saisi vaut aujourd'hui, et toutes les classes."""

    class Meta:
        unknown = EXCLUDE

    jour = fields.Date(load_default=None, error_messages={"invalid": _JOUR})
    tous = fields.Boolean(load_default=False)
    heure = fields.Integer(load_default=1, validate=validate.Range(1, 12))
    division = fields.UUID(
        load_default=None, error_messages={"invalid": "Choisissez une classe de la liste."}
    )

    @pre_load
    def _sans_vide(self, champs: dict[str, str], **_: object) -> dict[str, str]:
        return {nom: valeur for nom, valeur in champs.items() if valeur}


class DivisionVoulue(Schema):
    """Une division, à dire en toutes lettres : ``null`` vaut toutes."""

    division = fields.UUID(required=True, allow_none=True)


class ImpressionVoulue(Schema):
    """Un jour, et une division ou toutes ; le jour se dit, pour ne rien imprimer par mégarde."""

    jour = fields.Date(required=True)
    division = fields.UUID(load_default=None, allow_none=True)


class SemaineVoulue(ImpressionVoulue):
    """La semaine d'un jour ; ``tous`` : avec les familles qui lisent à l'écran."""

    tous = fields.Boolean(load_default=False)


def champs_de_la_feuille(formulaire: Mapping[str, str]) -> dict[str, str]:
    """Les champs de l'appel, où « ailleurs:cdi » devient un état et un lieu.

    :param formulaire: champs envoyés par la page de recopie.
    """
    champs = dict(formulaire)
    for nom, valeur in formulaire.items():
        etat, _, lieu = valeur.partition(":")
        if lieu and nom.startswith(_ETAT):
            champs[nom] = etat
            champs[f"ailleurs-{nom.removeprefix(_ETAT)}"] = lieu
    return champs
