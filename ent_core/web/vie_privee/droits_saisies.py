"""Ce que les pages des droits acceptent."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from ent_core.vie_privee.droits.avis import MotifRefus
from ent_core.vie_privee.droits.demandes import Association, Controle
from ent_core.vie_privee.droits.verdict import Fondement
from ent_core.vie_privee.publication.droits import Droit
from ent_core.web.admin.saisies import Saisie

__all__ = [
    "SaisieConfirmation",
    "SaisieCorrection",
    "SaisieDemande",
    "SaisieDonnee",
    "SaisieEffacement",
    "SaisieFile",
    "SaisiePapier",
    "SaisieProlongation",
    "SaisieRefus",
    "SaisieRelecture",
    "SaisieReponse",
    "SaisieSujet",
    "SaisieVues",
]

_ID: dict[str, Any] = {"invalid_uuid": "Cette personne n'existe pas."}


def _choix(valeurs: type[StrEnum], manque: str = "", *, noms: bool = False) -> fields.String:
    codes = [v.name.lower() if noms else v.value for v in valeurs]
    regle = validate.OneOf(codes, error="Ce choix n'existe pas.")
    if manque:
        return fields.String(required=True, validate=regle, error_messages={"required": manque})
    return fields.String(load_default=None, validate=regle)


def _texte(longueur: int, manque: str = "") -> fields.String:
    borne = validate.Length(max=longueur, error=f"{longueur} caractères au plus.")
    if manque:
        return fields.String(required=True, validate=borne, error_messages={"required": manque})
    return fields.String(load_default="", validate=borne)


class SaisieSujet(Saisie):
    """De qui l'on parle : soi, ou l'un de ses enfants."""

    pour = fields.UUID(load_default=None, error_messages=_ID)


class SaisieDemande(SaisieSujet):
    """Une demande faite à l'écran."""

    droit = _choix(Droit, "Choisissez ce que vous demandez.", noms=True)
    traitement = fields.String(load_default=None)
    precisions = _texte(2000)


class SaisieVues(SaisieSujet):
    """Quelle page des lectures montrer."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 1000, error="Cette page n'existe pas."))


class SaisieFile(Saisie):
    """Ce que la file montre."""

    closes = fields.Boolean(load_default=False)


class SaisiePapier(Saisie):
    """Une demande reçue sur papier, que l'on recopie."""

    q = fields.String(load_default="", validate=validate.Length(max=100, error="Cent caractères au plus."))
    personne = fields.UUID(load_default=None, error_messages=_ID)
    uai = fields.String(load_default=None)
    demandeur = fields.String(load_default="")
    droit = _choix(Droit, "Choisissez le droit exercé.", noms=True)
    traitement = fields.String(load_default=None)
    precisions = _texte(2000)
    recue_le = fields.Date(
        required=True,
        error_messages={"required": "Donnez le jour de réception.", "invalid": "Écrivez une date."},
    )
    controle = _choix(Controle, "Dites comment l'identité a été établie.")


class SaisieProlongation(Saisie):
    """Pourquoi il faut deux mois de plus."""

    motif = _texte(500, "Dites pourquoi il faut plus de temps.")


class SaisieReponse(Saisie):
    """Une réponse."""

    texte = _texte(4000, "Écrivez la réponse.")
    association = _choix(Association)


class SaisieRefus(SaisieReponse):
    """Un refus motivé."""

    motif = _choix(MotifRefus, "Choisissez le motif.")


class SaisieRelecture(Saisie):
    """Ce qui est remis d'un texte, et ce qui en est retenu."""

    texte = fields.UUID(required=True)
    acte = fields.String(required=True, validate=validate.OneOf(["remettre", "retenir"]))
    remis = _texte(20000)


class SaisieConfirmation(Saisie):
    """Ce que la personne a lu avant de trancher."""

    relue = fields.String(load_default="", validate=validate.Length(max=64))


class SaisieEffacement(SaisieConfirmation):
    """Pourquoi effacer, et jusqu'où."""

    fondement = _choix(Fondement)
    partout = fields.Boolean(load_default=False)


class SaisieDonnee(Saisie):
    """Où est une donnée."""

    objet = fields.String(required=True, validate=validate.Length(max=63))
    ligne = fields.String(required=True, validate=validate.Length(max=400))
    colonne = fields.String(required=True, validate=validate.Length(max=63))


class SaisieCorrection(SaisieDonnee):
    """Ce qu'elle doit être."""

    voulue = _texte(2000)
