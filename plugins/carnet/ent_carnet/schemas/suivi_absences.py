"""La forme du suivi des absences : ce que l'API rend du dossier d'un élève, des imports, d'un réglage."""

from __future__ import annotations

from marshmallow import Schema, fields

from ent_carnet.schemas.absences import AbsenceLue, AlerteLue

__all__ = ["DossierLu", "EffetLu", "ImportAnnule", "ImportLu", "LotLu", "NombreLu"]


class NombreLu(Schema):
    """Combien."""

    nombre = fields.Integer()


class AbsenceDuDossier(Schema):
    """Une absence, et son motif s'il est montrable à qui regarde."""

    absence = fields.Nested(AbsenceLue)
    motif = fields.String()


class DossierLu(Schema):
    """Ce que l'équipe lit d'un élève."""

    division = fields.String()
    absences = fields.List(fields.Nested(AbsenceDuDossier))
    demi_journees = fields.Integer(attribute="compte.total")
    non_reglees = fields.Integer(attribute="compte.non_reglees")
    retards = fields.List(fields.Date(), attribute="compte.retards")
    signes = fields.List(fields.String())
    alertes = fields.List(fields.Nested(AlerteLue))


class LigneLaissee(Schema):
    """Une ligne laissée, et pourquoi ; l'élève n'est pas nommé."""

    rang = fields.Integer()
    message = fields.String()


class ImportLu(Schema):
    """Ce qu'un fichier apporte, ou apporterait ; ``lot`` est nul d'un aperçu."""

    lot = fields.UUID(allow_none=True)
    pretes = fields.Function(lambda lu: len(lu["apercu"].pretes), metadata={"type": "integer"})
    eleves = fields.Integer(attribute="apercu.eleves")
    erreurs = fields.List(fields.Nested(LigneLaissee), attribute="apercu.erreurs")


class LotLu(Schema):
    """Un import passé, et ce qu'il en reste."""

    id = fields.UUID()
    le = fields.Function(lambda lot: lot.le.date().isoformat(), metadata={"type": "string", "format": "date"})
    absences = fields.Integer()
    tenues = fields.Integer()


class ImportAnnule(Schema):
    """Absences annulées, et absences gardées car une personne les a traitées depuis."""

    annulees = fields.Integer()
    gardees = fields.Integer()


class EffetLu(Schema):
    """Ce qu'un changement d'indicateur touche, ou toucherait."""

    absences = fields.Integer()
    eleves = fields.Integer()
    changent_d_etat = fields.Integer()
    alertes = fields.Integer()
    sans_objet = fields.Integer()
