"""La forme de ce que la direction décide : les mêmes champs pour les pages et pour l'API."""

from __future__ import annotations

import re

from marshmallow import EXCLUDE, Schema, fields, validate

from ent_carnet.nomenclatures import EtatDemandeAbsence, EtatSignalement, MotifSignalement
from ent_carnet.regles.demande_absence import etat
from ent_carnet.schemas.absences import InstantDeParis

__all__ = [
    "DemandeAbsenceLue",
    "DemandeAbsenceSaisie",
    "DesaccordLu",
    "EtapeDemandeAbsence",
    "ExamenSaisi",
    "ReglementSaisi",
    "SignalementLu",
    "SignalementSaisi",
]

_HTTPS = re.compile(r"(?:https://[^\s/@:]+\.[^\s/@:]+(?::\d+)?(?:/\S*)?)?\Z")


class DemandeAbsenceSaisie(Schema):
    """La période pour laquelle la famille est invitée à demander une autorisation."""

    debut = InstantDeParis(required=True)
    fin = InstantDeParis(required=True)


class EtapeDemandeAbsence(Schema):
    """Le jour où une étape s'est faite ; vide, aujourd'hui."""

    le = fields.Date(load_default=None, allow_none=True)


class SignalementSaisi(Schema):
    """La perturbation grave à signaler : un motif de la liste, sans texte."""

    motif = fields.Enum(
        MotifSignalement, by_value=True, required=True, error_messages={"required": "Choisissez un motif."}
    )


class ExamenSaisi(Schema):
    """La personne dit avoir entendu chacun des responsables."""

    class Meta:
        unknown = EXCLUDE

    examinee = fields.Boolean(load_default=False)


class ReglementSaisi(Schema):
    """L'adresse du règlement intérieur ; vide, elle est ôtée."""

    adresse = fields.String(
        required=True,
        validate=[
            validate.Length(max=500),
            validate.Regexp(_HTTPS, error="Une adresse qui commence par https://."),
        ],
    )


class DemandeAbsenceLue(Schema):
    """Une demande d'autorisation d'absence : son état et ses dates."""

    id = fields.UUID()
    eleve_id = fields.UUID()
    debut = fields.AwareDateTime()
    fin = fields.AwareDateTime()
    etat = fields.Function(etat, metadata={"enum": [e.value for e in EtatDemandeAbsence]})
    invitee_le = fields.Date()
    recue_le = fields.Date(allow_none=True)
    transmise_le = fields.Date(allow_none=True)
    repondue_le = fields.Date(allow_none=True)
    levee_le = fields.Date(allow_none=True)


class DesaccordLu(Schema):
    """Un désaccord connu est-il en vigueur ?"""

    ouvert = fields.Boolean()
    signale_le = fields.Date(allow_none=True)


class SignalementLu(Schema):
    """Un signalement aux responsables d'un élève majeur."""

    id = fields.UUID()
    eleve_id = fields.UUID()
    motif = fields.String(metadata={"enum": [m.value for m in MotifSignalement]})
    etat = fields.String(metadata={"enum": [e.value for e in EtatSignalement]})
    propose_le = fields.Date()
    decide_le = fields.Date(allow_none=True)
