"""Ce que les pages du registre acceptent."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import fields, validate

from ent_core.contrat.uai import UAI, UAI_ATTENDU
from ent_core.vie_privee.publication.reponses import MOYENS
from ent_core.web.admin.saisies import Saisie

__all__ = ["SaisieCampagne", "SaisieReponses", "SaisieSousTraitant", "SaisieVue"]

_DATE: dict[str, Any] = {
    "required": "Donnez une date.",
    "invalid": "Écrivez une date, par exemple 2026-09-01.",
    "null": "Donnez une date.",
}


def _texte(longueur: int, *, manque: str = "") -> fields.String:
    borne = validate.Length(max=longueur, error=f"{longueur} caractères au plus.")
    if manque:
        return fields.String(required=True, validate=borne, error_messages={"required": manque})
    return fields.String(load_default=None, validate=borne)


class SaisieVue(Saisie):
    """De quel établissement on regarde le registre."""

    uai = fields.String(
        load_default=None,
        validate=validate.Regexp(UAI.pattern, re.IGNORECASE, error=UAI_ATTENDU),
    )


class SaisieReponses(Saisie):
    """Les réponses d'un établissement, ou de l'académie."""

    responsable = _texte(200)
    contact = _texte(300)
    delegue = _texte(200)
    delegue_contact = _texte(300)
    conjoints = _texte(500)
    mesures = _texte(2000)
    analyse_le = fields.Date(load_default=None, error_messages=_DATE)


class SaisieSousTraitant(Saisie):
    """Un sous-traitant."""

    nom = _texte(200, manque="Donnez son nom.")
    mission = _texte(300, manque="Dites ce qu'il fait.")
    pays = _texte(64, manque="Dites où il traite les données.")
    hors_union = fields.Boolean(load_default=False)
    garanties = _texte(300)
    contrat_le = fields.Date(load_default=None, error_messages=_DATE)


class SaisieCampagne(Saisie):
    """L'information donnée cette année."""

    faite_le = fields.Date(required=True, error_messages=_DATE)
    moyen = fields.String(
        required=True,
        validate=validate.OneOf(list(MOYENS), error="Ce moyen n'existe pas."),
        error_messages={"required": "Dites comment."},
    )
