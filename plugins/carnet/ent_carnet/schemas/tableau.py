"""La forme de ce que reçoit le tableau de la vie scolaire."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from ent_carnet.nomenclatures import Genre
from ent_carnet.schemas.absences import LotSaisi

__all__ = ["AppelSaisi", "ChoixDuLot", "ChoixDuTableau", "LotAConfirmer", "LotADefaire", "VueTableau"]


_COCHEZ = "Cochez au moins une absence, et deux cents au plus."


class VueTableau(StrEnum):
    """Ce que l'on regarde : tout en bref, ou une seule liste en entier."""

    TOUT = "tout"
    APPELS = "appels"
    ABSENTS = "absents"
    JOINDRE = "joindre"
    MOTIFS = "motifs"


class _Choix(Schema):
    @pre_load
    def _oter_les_vides(self, donnees: Mapping[str, Any], **_options: object) -> dict[str, Any]:
        return {nom: valeur for nom, valeur in donnees.items() if valeur != ""}


class ChoixDuTableau(_Choix):
    """La vue, et ce que l'on cherche."""

    vue = fields.Enum(VueTableau, by_value=True, load_default=VueTableau.TOUT)
    q = fields.String(load_default="", validate=validate.Length(max=64))


class ChoixDuLot(_Choix):
    """Les absences parmi lesquelles on choisit ; ``fait`` : le lot que l'on vient de traiter."""

    genre = fields.Enum(Genre, by_value=True, load_default=Genre.ABSENCE)
    q = fields.String(load_default="", validate=validate.Length(max=64))
    tout = fields.Boolean(load_default=False)
    fait = fields.AwareDateTime(load_default=None, allow_none=True)


class LotAConfirmer(LotSaisi):
    """Un lot ; sans ``confirmer``, rien ne change : c'est un aperçu."""

    genre = fields.Enum(Genre, by_value=True, load_default=Genre.ABSENCE)
    motif_id = fields.UUID(required=True, error_messages={"required": "Choisissez un motif."})
    absences = fields.List(
        fields.UUID(), required=True, validate=validate.Length(1, 200, error=_COCHEZ),
        error_messages={"required": _COCHEZ},
    )  # fmt: skip
    confirmer = fields.Boolean(load_default=False)


class LotADefaire(_Choix):
    """Le lot à défaire, par son instant."""

    lot = fields.AwareDateTime(required=True)


class AppelSaisi(_Choix):
    """Un appel à la famille : quelqu'un a répondu, ou non."""

    abouti = fields.Boolean(required=True)
