"""Ce que les pages des violations et des accès aux traces acceptent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from ent_core.contrat.uai import UAI, UAI_ATTENDU
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.traces.acces import DUREES
from ent_core.vie_privee.violations.atteintes import JOURNAUX
from ent_core.vie_privee.violations.nomenclatures import (
    CATEGORIES,
    CAUSES,
    CONSEQUENCES,
    GRAVITES,
    NATURES,
    ORIGINES,
    POPULATIONS,
)
from ent_core.web.admin.saisies import Saisie

__all__ = [
    "SaisieAcces",
    "SaisieComptage",
    "SaisieDecision",
    "SaisieFiche",
    "SaisieListe",
    "SaisieNotification",
    "SaisiePage",
    "SaisiePhrase",
    "SaisiePrevenues",
    "SaisieSignal",
]

_PREMIERE, _DERNIERE = 2000, 2199
_DATE: dict[str, Any] = {"required": "Donnez une date.", "invalid": "Écrivez une date."}
_UAI = validate.Regexp(UAI, error=UAI_ATTENDU)
_PERSONNE: dict[str, Any] = {"invalid_uuid": "Cette personne n'existe pas."}


class Instant(fields.Field[datetime]):
    """Date et heure lues à la pendule, à Paris ; une heure qui passe deux fois est la première."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_options: Any) -> datetime:
        try:
            lu = datetime.fromisoformat(str(value))
        except ValueError as erreur:
            raise ValidationError("Écrivez une date et une heure, par exemple 2026-09-07T08:30.") from erreur
        # Un formulaire ne sait pas les secondes.
        lu = lu.replace(second=0, microsecond=0)
        # Hors de ces bornes, l'année est une faute de frappe, et le fuseau ne se calcule plus.
        if not _PREMIERE <= lu.year <= _DERNIERE:
            raise ValidationError(f"L'année va de {_PREMIERE} à {_DERNIERE}.")
        return (lu if lu.tzinfo else lu.replace(tzinfo=FUSEAU)).astimezone(UTC)


def _codes(liste: Any, manque: str = "") -> fields.List[str]:
    regle = validate.OneOf(list(liste), error="Ce choix n'existe pas.")
    if manque:
        return fields.List(fields.String(validate=regle), required=True, error_messages={"required": manque})
    return fields.List(fields.String(validate=regle), load_default=list)


def _texte(longueur: int, manque: str = "") -> fields.String:
    borne = validate.Length(max=longueur, error=f"{longueur} caractères au plus.")
    if manque:
        return fields.String(required=True, validate=borne, error_messages={"required": manque})
    return fields.String(load_default="", validate=borne)


def _nombre() -> fields.Integer:
    return fields.Integer(
        load_default=None, validate=validate.Range(0, 10_000_000, error="Un nombre positif."),
        error_messages={"invalid": "Écrivez un nombre."},
    )  # fmt: skip


class SaisieFiche(Saisie):
    """La fiche d'une violation."""

    connue_le = Instant(required=True, error_messages={"required": "Dites quand vous l'avez su."})
    debut = Instant(load_default=None)
    fin = Instant(load_default=None)
    en_cours = fields.Boolean(load_default=False)
    natures = _codes(NATURES, "Dites ce qui est touché.")
    origine = fields.String(
        required=True, validate=validate.OneOf(list(ORIGINES), error="Ce choix n'existe pas."),
        error_messages={"required": "Dites ce qui s'est passé."},
    )  # fmt: skip
    cause = fields.String(
        load_default="inconnue", validate=validate.OneOf(list(CAUSES), error="Ce choix n'existe pas.")
    )
    description = _texte(4000, "Décrivez ce qui s'est passé, sans nommer personne.")
    traitements = fields.List(fields.String(), load_default=list)
    categories = _codes(CATEGORIES)
    populations = _codes(POPULATIONS)
    personnes = _nombre()
    enregistrements = _nombre()
    consequences = _codes(CONSEQUENCES)
    gravite = fields.Integer(
        load_default=None, validate=validate.OneOf(list(GRAVITES), error="Ce choix n'existe pas.")
    )
    mesures = fields.String(
        load_default=None, validate=validate.Length(max=4000, error="4 000 signes au plus.")
    )
    dit = _texte(1000)
    signal = fields.String(load_default=None)
    uai = fields.String(load_default=None, validate=_UAI)


class SaisieDecision(Saisie):
    """Oui, ou non avec la raison."""

    choix = fields.String(
        required=True, validate=validate.OneOf(["oui", "non"], error="Ce choix n'existe pas."),
        error_messages={"required": "Choisissez."},
    )  # fmt: skip
    motif = _texte(1000)


class SaisieNotification(Saisie):
    """Une notification faite à la CNIL."""

    le = Instant(required=True, error_messages={"required": "Dites quand elle a été envoyée."})
    reference = _texte(60)
    retard_motif = _texte(1000)
    dit = _texte(1000)


class SaisiePrevenues(Saisie):
    """Les personnes sont prévenues."""

    le = fields.Date(required=True, error_messages=_DATE)
    dit = _texte(1000, "Dites comment, et combien.")


class SaisiePhrase(Saisie):
    """Une phrase."""

    dit = _texte(1000, "Écrivez une phrase.")


class SaisieSignal(Saisie):
    """Un signal étudié, qui n'est pas une violation."""

    signal = fields.String(required=True)
    motif = _texte(1000, "Dites pourquoi ce n'est pas une violation.")


class SaisieComptage(Saisie):
    """Ce que l'on cherche dans les traces."""

    du = Instant(required=True, error_messages={"required": "Donnez le début."})
    au = Instant(required=True, error_messages={"required": "Donnez la fin."})
    traitement = fields.String(load_default=None)
    compte = fields.String(load_default=None)
    uai = fields.String(load_default=None, validate=_UAI)
    journaux = _codes(JOURNAUX, "Choisissez lectures, changements, ou les deux.")


class SaisiePage(Saisie):
    """Une page d'une liste."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 2000, error="Une page existante."))


class SaisieListe(SaisiePage):
    """Ce que les lettres montrent."""

    liste = fields.Boolean(load_default=False)


class SaisieAcces(Saisie):
    """Une demande de lire des traces."""

    q = _texte(100)
    journal = fields.String(
        required=True, validate=validate.OneOf(["lectures", "ecritures"], error="Ce choix n'existe pas."),
        error_messages={"required": "Dites ce que vous voulez lire."},
    )  # fmt: skip
    motif = _texte(500, "Dites quel incident vous instruisez.")
    sujet = fields.UUID(load_default=None, error_messages=_PERSONNE)
    traitement = fields.String(load_default=None)
    uai = fields.String(load_default=None, validate=_UAI)
    du = fields.Date(required=True, error_messages=_DATE)
    au = fields.Date(required=True, error_messages=_DATE)
    jours = fields.Integer(
        required=True, validate=validate.OneOf(list(DUREES), error="Ce choix n'existe pas."),
        error_messages={"required": "Dites pour combien de jours."},
    )  # fmt: skip
