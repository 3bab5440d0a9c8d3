"""Ce que les pages de l'archive acceptent."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ent_core.vie_privee.archive.acces import HEURES
from ent_core.web.admin.saisies import Saisie

__all__ = ["SaisieDemandeArchive", "SaisieRefusArchive", "SaisieSerie"]

_MOTIF: dict[str, Any] = {"required": "Dites pourquoi, en une phrase."}


class SaisieSerie(Saisie):
    """Chercher une personne, ou ouvrir le formulaire d'une série."""

    q = fields.String(load_default="", validate=validate.Length(max=100, error="Cent caractères au plus."))
    serie = fields.String(load_default="", validate=validate.Length(max=90, error="Série inconnue."))


class SaisieDemandeArchive(Saisie):
    """Demander à lire."""

    traitement = fields.String(load_default=None, validate=validate.Length(max=64, error="Série inconnue."))
    annee = fields.Integer(
        load_default=None,
        validate=validate.Range(1900, 2200, error="Année inconnue."),
        error_messages={"invalid": "Année inconnue."},
    )
    motif = fields.String(
        required=True,
        validate=validate.Length(min=10, max=500, error="De 10 à 500 caractères."),
        error_messages=_MOTIF,
    )
    heures = fields.Integer(
        required=True,
        validate=validate.Range(1, HEURES, error=f"De 1 à {HEURES} heures."),
        error_messages={
            "required": "Dites pour combien d'heures.",
            "invalid": "Écrivez un nombre d'heures.",
        },
    )


class SaisieRefusArchive(Saisie):
    """Refuser une demande."""

    motif = fields.String(
        required=True,
        validate=validate.Length(min=3, max=500, error="De 3 à 500 caractères."),
        error_messages=_MOTIF,
    )
