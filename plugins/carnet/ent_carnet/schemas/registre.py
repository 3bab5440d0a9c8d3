"""La forme de ce qui se demande du registre des sanctions."""

from __future__ import annotations

from marshmallow import Schema, fields

__all__ = ["AnneeVoulue"]


class AnneeVoulue(Schema):
    """Une année scolaire, par sa première année civile ; par défaut, celle en cours."""

    annee = fields.Integer(load_default=None)
