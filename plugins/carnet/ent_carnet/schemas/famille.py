"""La forme de ce que la famille envoie et lit, la même pour les pages et pour l'API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ent_carnet.nomenclatures import Genre

__all__ = ["ChoixAExpliquer", "ChoixCarnet", "LigneLue", "MotifChoisi", "VuesSaisies"]

_LIGNES = 500


class ChoixCarnet(Schema):
    """Quatre semaines, ou toute l'année."""

    tout = fields.Boolean(load_default=False)


class ChoixAExpliquer(Schema):
    """Le jour à expliquer ; par défaut, le plus ancien."""

    jour = fields.Date(load_default=None, allow_none=True)
    genre = fields.Enum(Genre, by_value=True, load_default=None)
    autre = fields.Boolean(load_default=False)


class MotifChoisi(ChoixAExpliquer):
    """Un motif de la liste : ni texte libre, ni diagnostic."""

    motif_id = fields.UUID(required=True)


class VuesSaisies(Schema):
    """Les événements que la personne dit avoir vus."""

    vues = fields.List(fields.UUID(), required=True, validate=validate.Length(1, _LIGNES))


class LigneLue(Schema):
    """Une ligne du carnet, telle que la famille la lit."""

    nature = fields.String(attribute="ligne.nature")
    objet_id = fields.UUID(attribute="ligne.objet_id")
    jour = fields.Date(attribute="ligne.jour")
    libelle = fields.String(attribute="ligne.libelle")
    detail = fields.String(attribute="ligne.detail")
    a_faire = fields.String(attribute="ligne.a_faire")
    attente = fields.Boolean(
        attribute="ligne.attente", metadata={"description": "un motif est envoyé, personne n'en a décidé"}
    )
    vue_le = fields.Date(allow_none=True)
