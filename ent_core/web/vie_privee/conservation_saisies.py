"""Ce que les pages de la conservation acceptent."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ent_core.vie_privee.conservation.gels import NatureGel
from ent_core.web.admin.saisies import Saisie

__all__ = ["TRIS", "SaisieApprobation", "SaisieGel", "SaisieMotif", "SaisieReport", "SaisieTri", "SaisieVisa"]

TRIS = {
    "traitement": "Traitement",
    "uai": "Établissement",
    "echues": "À éliminer",
    "echeance_min": "Échéance",
}
_DATE: dict[str, Any] = {
    "required": "Donnez une date.",
    "invalid": "Écrivez une date, par exemple 2027-09-01.",
}
_TROP_COURT = validate.Length(min=3, max=300, error="De 3 à 300 caractères.")


class SaisieTri(Saisie):
    """Trier les lignes d'un plan, ou chercher une personne à geler."""

    tri = fields.String(
        load_default="traitement",
        validate=validate.OneOf([*TRIS, *(f"-{t}" for t in TRIS)], error="Ce tri n'existe pas."),
    )
    q = fields.String(load_default="", validate=validate.Length(max=100, error="Cent caractères au plus."))


class SaisieApprobation(Saisie):
    """Approuver le plan que l'on a sous les yeux."""

    empreinte = fields.String(required=True, error_messages={"required": "Relisez le plan, puis approuvez."})


class SaisieMotif(Saisie):
    """Dire pourquoi."""

    motif = fields.String(
        required=True, validate=_TROP_COURT, error_messages={"required": "Dites pourquoi, en quelques mots."}
    )


class SaisieReport(SaisieMotif):
    """Ôter une unité du plan, jusqu'à un jour."""

    jusqu_au = fields.Date(required=True, error_messages=_DATE)


class SaisieGel(SaisieMotif):
    """Geler ce qui concerne une personne."""

    nature = fields.Enum(
        NatureGel,
        by_value=True,
        required=True,
        error_messages={"required": "Choisissez.", "unknown": "Choisissez."},
    )
    revoir_le = fields.Date(required=True, error_messages=_DATE)
    traitement = fields.String(load_default=None, validate=validate.Length(max=63, error="Trop long."))


class SaisieVisa(Saisie):
    """Enregistrer le visa des archives."""

    traitement = fields.String(required=True, error_messages={"required": "Choisissez la série."})
    numero = fields.String(
        required=True,
        validate=validate.Length(min=1, max=60, error="Soixante caractères au plus."),
        error_messages={"required": "Recopiez le numéro du visa."},
    )
    jour = fields.Date(required=True, error_messages=_DATE)
