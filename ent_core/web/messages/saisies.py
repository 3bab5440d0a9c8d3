"""Ce que les pages des messages acceptent."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ent_core.web.admin.saisies import Saisie

__all__ = ["SaisieCanal", "SaisieEchecs", "SaisieReglage", "SaisieRemis", "SaisieSujet"]

_HEURE: dict[str, Any] = {"invalid": "Écrivez une heure, par exemple 18:00."}


class SaisieSujet(Saisie):
    """Un sujet, parmi ceux qui sont retenus."""

    sujet = fields.String(required=True, validate=validate.Length(max=64, error="Ce sujet n'existe pas."))


class SaisieCanal(Saisie):
    """Le canal d'un envoi à annuler."""

    canal = fields.String(
        required=True, validate=validate.OneOf(["courriel", "sms"], error="Ce canal n'existe pas.")
    )


class SaisieEchecs(Saisie):
    """Des messages en échec ; aucun, tous."""

    message = fields.List(fields.UUID(), load_default=list)


class SaisieRemis(Saisie):
    """Les bordereaux que la page montrait, et quand."""

    personne = fields.List(fields.UUID(), load_default=list)
    vus = fields.AwareDateTime(required=True)


class SaisieReglage(Saisie):
    """Les réglages d'un établissement."""

    silence_debut = fields.Time(required=True, error_messages=_HEURE)
    silence_fin = fields.Time(required=True, error_messages=_HEURE)
    fin_de_semaine = fields.Boolean(load_default=False)
    resume = fields.Time(required=True, error_messages=_HEURE)
    delai = fields.Integer(
        required=True, validate=validate.Range(0, 120, error="Le délai va de 0 à 120 minutes.")
    )
    seuil = fields.Integer(
        required=True, validate=validate.Range(1, 100, error="La part va de 1 à 100 pour cent.")
    )
