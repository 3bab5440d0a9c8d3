"""La forme des absences : ce qui entre et ce qui sort, la même pour les pages et pour l'API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ent_core.brique import FUSEAU, schema_de
from marshmallow import Schema, fields, pre_load, validate

from ent_carnet.modeles import Absence, Alerte, Contact, Decompte, Justification, Motif, Reglage
from ent_carnet.nomenclatures import CanalContact, EtatAbsence, Genre, Indicateur, SuiteAlerte
from ent_carnet.regles.demi_journees import RegleDemiJournee

__all__ = [
    "DECISIONS",
    "AbsenceLue",
    "AbsenceSaisie",
    "AlerteLue",
    "ChoixAbsences",
    "ChoixIntervalle",
    "ClotureSaisie",
    "ContactLu",
    "ContactSaisi",
    "DecompteLu",
    "DemiJourneeLue",
    "ImportSaisi",
    "IndicateurSaisi",
    "JustificationLue",
    "JustificationSaisie",
    "LotSaisi",
    "MotifLu",
    "ReglageLu",
    "ReglageSaisi",
    "TraitementSaisi",
]

DECISIONS = {"motif": None, "reglee": True, "non_reglee": False}
"""Ce que l'on décide d'une absence : comme le dit son motif, réglée, ou non."""

_FICHIER = 2_000_000
_DEBUT: dict[str, Any] = dict.fromkeys(("required", "invalid"), "Donnez le jour et l'heure du début.")
_FIN: dict[str, Any] = dict.fromkeys(("required", "invalid"), "Donnez le jour et l'heure de la fin.")


class InstantDeParis(fields.DateTime):
    """Un instant ; sans fuseau, il est à l'heure de Paris."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:  # noqa: ANN401 - signature de marshmallow
        lu: datetime = super()._deserialize(value, attr, data, **options)
        return lu if lu.tzinfo else lu.replace(tzinfo=FUSEAU)


class _Saisie(Schema):
    """Un champ laissé vide dans un formulaire n'est pas donné."""

    @pre_load
    def _oter_les_vides(self, donnees: Mapping[str, Any], **_options: object) -> dict[str, Any]:
        return {nom: valeur for nom, valeur in donnees.items() if valeur != ""}


class AbsenceSaisie(_Saisie):
    """Une période à ouvrir ; ``motif`` est un code de l'établissement."""

    debut = InstantDeParis(required=True, error_messages=_DEBUT)
    fin = InstantDeParis(required=True, error_messages=_FIN)
    motif = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 16))
    genre = fields.Enum(Genre, by_value=True, load_default=Genre.ABSENCE)
    annoncee = fields.Boolean(load_default=False)


class TraitementSaisi(_Saisie):
    """Le motif d'une absence, et ce que la personne décide."""

    motif_id = fields.UUID(load_default=None, allow_none=True)
    decision = fields.String(load_default="motif", validate=validate.OneOf(list(DECISIONS)))


class LotSaisi(TraitementSaisi):
    """Le même motif pour plusieurs absences."""

    absences = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 200))


class JustificationSaisie(_Saisie):
    """Le motif qu'une famille propose."""

    debut = InstantDeParis(required=True, error_messages={"required": "Donnez le début."})
    fin = InstantDeParis(required=True, error_messages={"required": "Donnez la fin."})
    motif_id = fields.UUID(required=True, error_messages={"required": "Choisissez un motif."})


class ContactSaisi(_Saisie):
    """Un essai de joindre la famille."""

    canal = fields.Enum(CanalContact, by_value=True, required=True)
    abouti = fields.Boolean(load_default=False)
    responsable_id = fields.UUID(load_default=None, allow_none=True)
    le = fields.Date(load_default=None, allow_none=True)


class Fait(Schema):
    """Ce que l'on vient de décider, et qui peut encore se défaire."""

    fait = fields.UUID(load_default=None)


class ClotureSaisie(_Saisie):
    """Ce qui est décidé d'une alerte ; le référent d'une aide est qui la décide."""

    suite = fields.Enum(SuiteAlerte, by_value=True, required=True)
    referent = fields.Boolean(load_default=False)


class IndicateurSaisi(_Saisie):
    """Un indicateur à changer ; sans ``confirmer``, rien ne change : c'est un aperçu."""

    indicateur = fields.Enum(Indicateur, by_value=True, required=True)
    valeur = fields.Boolean(required=True)
    effet_le = fields.Date(required=True)
    confirmer = fields.Boolean(load_default=False)


class ReglageSaisi(_Saisie):
    """La règle de la demi-journée et les seuils."""

    midi = fields.Time(required=True)
    regle = fields.Enum(RegleDemiJournee, by_value=True, required=True)
    seuil_mois = fields.Integer(required=True, validate=validate.Range(1, 60))
    seuil_renforce = fields.Integer(required=True, validate=validate.Range(1, 60))
    mois_glissant = fields.Boolean(required=True)


class ImportSaisi(_Saisie):
    """Un fichier d'absences ; sans ``confirmer``, rien ne change : c'est un aperçu."""

    texte = fields.String(required=True, validate=validate.Length(1, _FICHIER))
    confirmer = fields.Boolean(load_default=False)


class ChoixAbsences(_Saisie):
    """Les absences voulues."""

    etat = fields.Enum(EtatAbsence, by_value=True, load_default=EtatAbsence.SANS_MOTIF)


class ChoixIntervalle(_Saisie):
    """Un intervalle, dernier jour compris ; et s'il faut aussi montrer les présences."""

    du = fields.Date(load_default=None, allow_none=True)
    au = fields.Date(load_default=None, allow_none=True)
    tout = fields.Boolean(load_default=False)


AbsenceLue = schema_de(
    Absence, "id", "eleve_id", "genre", "debut", "fin", "motif_id", "etat", "annoncee", "source"
)
JustificationLue = schema_de(Justification, "id", "eleve_id", "debut", "fin", "motif_id", "etat", "recue_le")
AlerteLue = schema_de(Alerte, "id", "eleve_id", "seuil", "nombre", "du", "au", "suite", "traitee_le")
ContactLu = schema_de(Contact, "id", "eleve_id", "canal", "abouti", "le")
DecompteLu = schema_de(
    Decompte, "eleve_id", "periode", "demi_journees", "non_reglees", "retards",
    # Le jour, non l'instant : il ne dirait que l'heure où quelqu'un travaille (SURV-02).
    scelle_le=fields.Function(lambda tenu: tenu.scelle_le.astimezone(FUSEAU).date().isoformat()),
)  # fmt: skip
ReglageLu = schema_de(Reglage, "midi", "regle", "seuil_mois", "seuil_renforce", "mois_glissant")
MotifLu = schema_de(
    Motif, "id", "code", "libelle", "genre", "legitimite", "recevable", "regle", "compte", "affichable",
    "proposable", "sante",
)  # fmt: skip


class DemiJourneeLue(Schema):
    """Une demi-journée, et pourquoi elle compte ou non."""

    jour = fields.Date()
    moitie = fields.String()
    attendues = fields.Integer()
    manquees = fields.Integer()
    sans_appel = fields.Integer()
    statut = fields.String()
    compte = fields.Boolean()
    legitime = fields.Boolean()
    explication = fields.String()
