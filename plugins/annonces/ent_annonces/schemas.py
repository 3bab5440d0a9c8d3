"""La forme de ce qui entre et de ce qui sort, la même pour les pages et pour l'API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

__all__ = ["MotLu", "MotSaisi"]

_TEXTE = "Écrivez le mot, en 500 caractères au plus."
_JOUR = "Donnez le dernier jour d'affichage."


class MotSaisi(Schema):
    """Un mot à afficher."""

    texte = fields.String(
        required=True,
        validate=validate.Length(1, 500, error=_TEXTE),
        error_messages={"required": _TEXTE, "null": _TEXTE, "invalid": _TEXTE},
    )
    dernier_jour = fields.Date(
        required=True, error_messages={"required": _JOUR, "null": _JOUR, "invalid": _JOUR}
    )


class MotLu(Schema):
    """Un mot affiché."""

    id = fields.UUID(required=True)
    texte = fields.String(required=True)
    dernier_jour = fields.Date(required=True)
