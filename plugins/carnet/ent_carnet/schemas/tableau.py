"""La forme de ce que reçoit le tableau de la vie scolaire."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from ent_carnet.nomenclatures import Genre
from ent_carnet.schemas.absences import JustificationLue, LotSaisi
from ent_carnet.schemas.discipline_lue import EleveRendu

__all__ = [
    "AppelPasse",
    "ArriveeSaisie",
    "ChoixDuLot",
    "ChoixDuTableau",
    "ContactARetirer",
    "EnsembleLu",
    "Geste",
    "LotAConfirmer",
    "LotADefaire",
    "PresencesLues",
    "RechercheVoulue",
    "SituationLue",
    "TrouveLu",
    "VueTableau",
]


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


class Geste(Schema):
    """Ce que l'on vient de faire du tableau, et qui se défait : un contact noté, ou une arrivée."""

    contact = fields.UUID(load_default=None)
    abouti = fields.Boolean(load_default=False)
    seance = fields.UUID(load_default=None)
    heure = fields.Integer(load_default=1, validate=validate.Range(1, 12))
    eleve = fields.UUID(load_default=None)
    vu = fields.UUID(load_default=None)


class ArriveeSaisie(_Choix):
    """Un élève dit absent qui arrive ; ou, de retour en arrière, qui n'est pas arrivé."""

    eleve = fields.UUID(required=True)
    vu = fields.UUID(load_default=None)
    la = fields.Boolean(load_default=True)


class ContactARetirer(_Choix):
    """D'où l'on retire un contact."""

    du_dossier = fields.Boolean(load_default=False)


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


class AppelPasse(_Choix):
    """Un appel à la famille : quelqu'un a répondu, ou non."""

    abouti = fields.Boolean(required=True)


class AppelManquant(Schema):
    """Une heure commencée sans appel ; aucun agent n'y est nommé. ``heure`` : son rang dans la séance."""

    seance_id = fields.UUID(attribute="seance.id")
    structure = fields.String(attribute="seance.structure")
    matiere = fields.String(attribute="seance.matiere")
    salle = fields.String(attribute="seance.salle")
    heure = fields.Integer(attribute="numero")
    debut = fields.DateTime(attribute="heure.debut")
    fin = fields.DateTime(attribute="heure.fin")
    etat = fields.String()


class ConstateLu(Schema):
    """L'appel où l'absence est constatée ; ``fait_id`` s'envoie dans ``vu`` pour la corriger."""

    seance_id = fields.UUID()
    heure = fields.Integer()
    fait_id = fields.UUID()


class AbsentLu(Schema):
    """Un élève qui n'est pas là."""

    eleve_id = fields.UUID(attribute="eleve.id")
    division = fields.String()
    debut = fields.DateTime()
    fin = fields.DateTime()
    annoncee = fields.Boolean()
    constate = fields.Nested(ConstateLu, allow_none=True)


class AJoindreLu(Schema):
    """Une famille à joindre, et les essais du jour."""

    eleve_id = fields.UUID(attribute="eleve.id")
    division = fields.String()
    debut = fields.DateTime()
    fin = fields.DateTime()
    essais = fields.Integer()


class ExcluLu(Schema):
    """Un élève exclu aujourd'hui : d'où, et de quand à quand."""

    eleve_id = fields.UUID(attribute="eleve.id")
    division = fields.String()
    effet = fields.Integer()
    du = fields.Date()
    au = fields.Date(allow_none=True)


class MotifProposeLu(Schema):
    """Un motif proposé qui attend une décision."""

    eleve_id = fields.UUID(attribute="eleve.id")
    division = fields.String()
    justification = fields.Nested(JustificationLue)


class SituationLue(Schema):
    """La vie scolaire à un instant."""

    attendus = fields.Integer()
    appels = fields.List(fields.Nested(AppelManquant))
    absents = fields.List(fields.Nested(AbsentLu))
    a_joindre = fields.List(fields.Nested(AJoindreLu))
    motifs = fields.List(fields.Nested(MotifProposeLu))
    sans_motif = fields.Integer()


class PresencesLues(Schema):
    """Qui manque et qui est exclu à un instant ; rien de ce qu'une absence devient."""

    attendus = fields.Integer()
    appels = fields.List(fields.Nested(AppelManquant))
    absents = fields.List(fields.Nested(AbsentLu))
    exclus = fields.List(fields.Nested(ExcluLu))
    a_joindre = fields.List(fields.Nested(AJoindreLu))


class DivisionComptee(Schema):
    """Absents de maintenant dans une division."""

    division = fields.String()
    absents = fields.Integer()


class EnsembleLu(Schema):
    """L'établissement en nombres."""

    appels_attendus = fields.Integer()
    appels_manquants = fields.Integer()
    absents = fields.Integer()
    a_joindre = fields.Integer()
    motifs_a_decider = fields.Integer()
    sans_motif = fields.Integer()
    par_division = fields.List(fields.Nested(DivisionComptee))


class RechercheVoulue(Schema):
    """Ce que l'on cherche : des débuts de noms, ou une division."""

    q = fields.String(load_default="", validate=validate.Length(max=64))


class TrouveLu(Schema):
    """Un élève trouvé, et sa division."""

    eleve = fields.Nested(EleveRendu)
    division = fields.String()
