"""La forme de ce qui s'envoie : punitions, retenues, demandes, étapes d'une procédure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from ent_carnet.nomenclatures import (
    Accompagnement,
    Accueil,
    EtapeProcedure,
    EtatRetenue,
    Mesure,
    MotifDiscipline,
    MotObservation,
    NaturePunition,
    PunitionProposable,
    Sanction,
    SuiteDemande,
    Voie,
)
from ent_carnet.regles.procedure import Decision, Reunion
from ent_carnet.regles.sursis import Suite
from ent_carnet.services import punitions, retenues
from ent_carnet.services.dossier import AUDITION, CONSEIL, Pieces
from ent_carnet.services.sanctions import Prononce

__all__ = [
    "ChoixEleve",
    "CreneauSaisi",
    "DemandeSaisie",
    "EffacementSaisi",
    "EtapeNotee",
    "ExclusionSaisie",
    "FiltrePunitions",
    "JourDemande",
    "NotificationSaisie",
    "ObservationSaisie",
    "OuvertureSaisie",
    "PointageSaisi",
    "PrononceSaisi",
    "PropositionAcceptee",
    "PropositionRefusee",
    "PropositionSaisie",
    "PunitionCorrigee",
    "PunitionSaisie",
    "SuiteSaisie",
]

_TEXTE, _LIEU = 2000, 32
_DURES = "Choisissez une durée de quinze minutes à quatre heures."


def _textes(dit: str) -> dict[str, str | list[Any] | dict[Any, Any]]:
    return dict.fromkeys(("required", "null", "invalid", "invalid_uuid"), dit)


def _jour(dit: str, **options: Any) -> fields.Date:  # noqa: ANN401 - options de marshmallow
    return fields.Date(error_messages=_textes(dit), **options)


def _choix(liste: type[StrEnum], dit: str, **options: Any) -> fields.Enum[Any]:  # noqa: ANN401 - de même
    messages = {**_textes(dit), "unknown": dit}
    return fields.Enum(liste, by_value=True, error_messages=messages, **options)


def _texte(dit: str, *, required: bool = True, longueur: int = _TEXTE) -> fields.String:
    bornes = validate.Length(1, longueur, error=dit)
    if required:
        return fields.String(required=True, validate=bornes, error_messages=_textes(dit))
    return fields.String(load_default=None, validate=bornes, error_messages=_textes(dit))


class _Formulaire(Schema):
    """Un champ laissé vide n'est pas envoyé."""

    class Meta:
        """Les champs inconnus (jeton, boutons) sont laissés."""

        unknown = EXCLUDE

    @pre_load
    def _sans_vide(self, donnees: Mapping[str, Any], **_: object) -> dict[str, Any]:
        return {
            nom: valeur.strip() if isinstance(valeur, str) else valeur
            for nom, valeur in donnees.items()
            if not isinstance(valeur, str) or valeur.strip()
        }


class ChoixEleve(_Formulaire):
    """Quelle structure, quel élève, quelle demande à l'origine."""

    structure = fields.UUID(load_default=None)
    eleve = fields.UUID(load_default=None)
    demande = fields.UUID(load_default=None)


class FiltrePunitions(_Formulaire):
    """Quelles punitions montrer."""

    nature = _choix(NaturePunition, "Choisissez une nature de la liste.", load_default=None)
    du = _jour("Écrivez un jour.", load_default=None)


class JourDemande(_Formulaire):
    """Un jour ; par défaut, aujourd'hui."""

    jour = _jour("Écrivez un jour.", load_default=None)


class CreneauSaisi(_Formulaire):
    """Quand et où."""

    jour = _jour("Donnez le jour de la retenue.", required=True)
    heure = fields.Time(required=True, error_messages=_textes("Donnez l'heure de la retenue."))
    minutes = fields.Integer(
        load_default=60, validate=validate.Range(15, 240, error=_DURES), error_messages=_textes(_DURES)
    )
    lieu = _texte("Donnez le lieu, en 32 caractères au plus.", longueur=_LIEU)

    def creneau(self, donnees: Mapping[str, Any]) -> retenues.Creneau:
        """Le moment saisi.

        :param donnees: ce que ``load`` a rendu.
        """
        return retenues.Creneau(donnees["jour"], donnees["heure"], donnees["minutes"], donnees["lieu"])


class PunitionSaisie(_Formulaire):
    """Une punition, pour un élève."""

    eleve = fields.UUID(required=True, error_messages=_textes("Choisissez un élève, un seul."))
    nature = _choix(NaturePunition, "Choisissez une punition.", required=True)
    motif = _choix(MotifDiscipline, "Choisissez un motif.", required=True)
    jour = _jour("Donnez le jour des faits.", required=True)
    circonstances = _texte("Deux mille caractères au plus.", required=False)
    travail = _texte("Deux mille caractères au plus.", required=False)
    seance = fields.UUID(load_default=None, error_messages=_textes("Choisissez la séance."))
    accueil = _choix(Accueil, "Dites qui accueille l'élève.", load_default=None)
    retenue_jour = _jour("Donnez le jour de la retenue.", load_default=None)
    retenue_heure = fields.Time(load_default=None, error_messages=_textes("Donnez l'heure."))
    retenue_minutes = fields.Integer(
        load_default=60, validate=validate.Range(15, 240, error=_DURES), error_messages=_textes(_DURES)
    )
    retenue_lieu = _texte("Trente-deux caractères au plus.", required=False, longueur=_LIEU)

    @validates_schema
    def _complete(self, donnees: Mapping[str, Any], **_: object) -> None:
        manquent: dict[str, list[str]] = {}
        nature = donnees.get("nature")
        if nature is NaturePunition.DEVOIR and not donnees.get("travail"):
            manquent["travail"] = ["Écrivez le travail à faire."]
        if nature is NaturePunition.RETENUE and self.avec_retenue:
            for champ, dit in (
                ("retenue_jour", "Donnez le jour de la retenue."),
                ("retenue_heure", "Donnez l'heure de la retenue."),
                ("retenue_lieu", "Donnez le lieu de la retenue."),
            ):
                if donnees.get(champ) is None:
                    manquent[champ] = [dit]
        if nature is NaturePunition.EXCLUSION_DE_COURS:
            for champ, dit in (
                ("seance", "Choisissez la séance."),
                ("accueil", "Dites qui accueille l'élève."),
                ("circonstances", "Écrivez le rapport pour le CPE et le chef d'établissement."),
            ):
                if not donnees.get(champ):
                    manquent[champ] = [dit]
        if manquent:
            raise ValidationError(manquent)

    avec_retenue = True

    def saisie(self, donnees: Mapping[str, Any]) -> punitions.Saisie:
        """La punition saisie.

        :param donnees: ce que ``load`` a rendu.
        """
        jour: date | None = donnees["retenue_jour"]
        heure: time | None = donnees["retenue_heure"]
        retenue = None
        if donnees["nature"] is NaturePunition.RETENUE and jour and heure and donnees["retenue_lieu"]:
            retenue = retenues.Creneau(jour, heure, donnees["retenue_minutes"], donnees["retenue_lieu"])
        return punitions.Saisie(
            donnees["eleve"], donnees["nature"], donnees["motif"], donnees["jour"],
            donnees["circonstances"], donnees["travail"], donnees["seance"], donnees["accueil"], retenue,
        )  # fmt: skip


class PunitionCorrigee(PunitionSaisie):
    """Une punition corrigée : le moment d'une retenue se change par un report."""

    avec_retenue = False


class PointageSaisi(_Formulaire):
    """Ce que devient une retenue."""

    etat = _choix(EtatRetenue, "Dites ce que devient la retenue.", required=True)


class DemandeSaisie(_Formulaire):
    """La demande écrite d'un personnel."""

    eleve = fields.UUID(required=True, error_messages=_textes("Choisissez un élève, un seul."))
    motif = _choix(MotifDiscipline, "Choisissez un motif.", required=True)
    faits = _texte("Écrivez les faits, en deux mille caractères au plus.")
    conseil = fields.Boolean(load_default=False)
    personnel_vise = fields.Boolean(load_default=False)


class PropositionSaisie(_Formulaire):
    """La punition qu'un personnel propose."""

    eleve = fields.UUID(required=True, error_messages=_textes("Choisissez un élève, un seul."))
    nature = _choix(PunitionProposable, "Choisissez une punition.", required=True)
    motif = _choix(MotifDiscipline, "Choisissez un motif.", required=True)
    jour = _jour("Donnez le jour des faits.", required=True)
    circonstances = _texte("Écrivez ce qui s'est passé, en deux mille caractères au plus.")


class PropositionAcceptee(PunitionSaisie):
    """La punition donnée pour une proposition : la même, ou une autre, et un mot pour qui proposait."""

    reponse = _texte("Deux mille caractères au plus.", required=False)


class PropositionRefusee(_Formulaire):
    """Le mot de qui refuse."""

    reponse = _texte("Écrivez un mot à qui proposait, en deux mille caractères au plus.")


class ObservationSaisie(_Formulaire):
    """Une observation, pour un élève."""

    eleve = fields.UUID(required=True, error_messages=_textes("Choisissez un élève, un seul."))
    mot = _choix(MotObservation, "Choisissez une observation.", required=True)
    seance = fields.UUID(required=True, error_messages=_textes("Choisissez la séance."))


class SuiteSaisie(_Formulaire):
    """La suite donnée à une demande."""

    suite = _choix(SuiteDemande, "Choisissez une suite.", required=True)


class OuvertureSaisie(_Formulaire):
    """L'ouverture d'une procédure."""

    eleve = fields.UUID(required=True, error_messages=_textes("Choisissez un élève, un seul."))
    demande = fields.UUID(load_default=None)
    motif = _choix(MotifDiscipline, "Choisissez un motif.", required=True)
    faits = _texte("Écrivez les faits, en deux mille caractères au plus.")
    faits_le = _jour("Donnez le jour des faits.", required=True)


class _AvecPieces(_Formulaire):
    """Les trois pièces d'une mesure hors de l'établissement : toutes, ou aucune (DISC-20)."""

    accord_le = _jour("Donnez le jour de l'accord.", load_default=None)
    convention_le = _jour("Donnez le jour de la convention.", load_default=None)
    engagement_le = _jour("Donnez le jour de l'engagement.", load_default=None)

    @validates_schema
    def _toutes(self, donnees: Mapping[str, Any], **_: object) -> None:
        manquent = [nom for nom in _PIECES if donnees.get(nom) is None]
        if manquent and len(manquent) < len(_PIECES):
            dit = "Hors de l'établissement, il faut l'accord, la convention et l'engagement signé."
            raise ValidationError({nom: [dit] for nom in manquent})

    @staticmethod
    def pieces(donnees: Mapping[str, Any]) -> Pieces | None:
        """Les trois pièces, ou ``None`` si la mesure se fait dans l'établissement.

        :param donnees: ce que ``load`` a rendu.
        """
        if donnees["accord_le"] is None:
            return None
        return Pieces(donnees["accord_le"], donnees["convention_le"], donnees["engagement_le"])


_PIECES = ("accord_le", "convention_le", "engagement_le")


class EtapeNotee(_AvecPieces):
    """Une étape de l'instruction."""

    etape = _choix(EtapeProcedure, "Choisissez l'étape.", required=True)
    le = _jour("Donnez le jour de l'étape.", required=True)
    voie = _choix(Voie, "Dites comment l'acte est remis.", load_default=None)
    reunion_jour = _jour("Donnez le jour où l'élève est entendu.", load_default=None)
    reunion_heure = fields.Time(
        load_default=None, error_messages=_textes("Donnez l'heure où l'élève est entendu.")
    )
    reunion_lieu = _texte("Donnez le lieu, en 64 caractères au plus.", required=False, longueur=64)

    @validates_schema
    def _convoquee(self, donnees: Mapping[str, Any], **_: object) -> None:
        if donnees.get("etape") in (*AUDITION, *CONSEIL):
            manquent = [nom for nom in _REUNION if donnees.get(nom) is None]
            if manquent:
                raise ValidationError({nom: [_REUNION[nom]] for nom in manquent})

    @staticmethod
    def reunion(donnees: Mapping[str, Any]) -> Reunion | None:
        """Quand et où l'élève est entendu, ou ``None`` si l'étape n'en dit rien.

        :param donnees: ce que ``load`` a rendu.
        """
        jour, heure, lieu = (donnees[nom] for nom in _REUNION)
        return Reunion(jour, heure, lieu) if jour and heure is not None and lieu else None


_REUNION = {
    "reunion_jour": "Donnez le jour où l'élève est entendu.",
    "reunion_heure": "Donnez l'heure où l'élève est entendu.",
    "reunion_lieu": "Donnez le lieu où l'élève est entendu.",
}


class PrononceSaisi(_AvecPieces):
    """Une décision du chef d'établissement, ou du conseil de discipline."""

    le = _jour("Donnez le jour de la décision.", required=True)
    motivation = _texte("Écrivez les motifs de la décision, en deux mille caractères au plus.")
    sanction = fields.Integer(
        load_default=None,
        validate=validate.OneOf([int(s) for s in Sanction], error="Choisissez une sanction de l'échelle."),
        error_messages=_textes("Choisissez une sanction de l'échelle."),
    )
    par_conseil = fields.Boolean(load_default=False)
    jours = fields.Integer(load_default=None, error_messages=_textes("Un nombre de jours, de 1 à 8."))
    heures = fields.Integer(load_default=None, error_messages=_textes("Un nombre d'heures, de 1 à 20."))
    sursis_jusqu_au = _jour("Donnez le terme du sursis.", load_default=None)
    mesure = fields.Boolean(load_default=False)
    suite = _choix(Suite, "Dites ce que devient le sursis.", load_default=Suite.SANCTION_SEULE)
    sursis = fields.UUID(load_default=None)
    accompagnement = _choix(Accompagnement, "Choisissez dans la liste.", load_default=None)

    @validates_schema
    def _une_decision(self, donnees: Mapping[str, Any], **_: object) -> None:
        if donnees.get("suite") is not Suite.REVOCATION_SEULE and donnees.get("sanction") is None:
            raise ValidationError("Choisissez une sanction de l'échelle.", "sanction")

    def prononce(self, donnees: Mapping[str, Any]) -> Prononce:
        """La décision saisie.

        :param donnees: ce que ``load`` a rendu.
        """
        d = donnees
        decision = None
        if d["suite"] is not Suite.REVOCATION_SEULE:
            mesure = Mesure.PROPOSEE if d["mesure"] else Mesure.AUCUNE
            decision = Decision(
                Sanction(d["sanction"]),
                d["par_conseil"],
                d["jours"],
                d["heures"],
                d["sursis_jusqu_au"],
                mesure,
            )
        return Prononce(
            d["le"], d["motivation"], decision, d["suite"], d["sursis"], d["par_conseil"],
            d["accompagnement"], self.pieces(d),
        )  # fmt: skip


class NotificationSaisie(_Formulaire):
    """La notification d'une décision."""

    le = _jour("Donnez le jour de la notification.", required=True)
    voie = _choix(Voie, "Dites comment la lettre est remise.", required=True)


class EffacementSaisi(_Formulaire):
    """L'effacement à la demande ne s'annule pas : il se confirme."""

    confirmer = fields.Boolean(
        required=True,
        validate=validate.Equal(True, error="Confirmez l'effacement : il ne s'annule pas."),
        error_messages=_textes("Confirmez l'effacement : il ne s'annule pas."),
    )


class ExclusionSaisie(_Formulaire):
    """Les jours d'une exclusion, ou d'une interdiction d'accès."""

    du = _jour("Donnez le premier jour.", load_default=None)
    au = _jour("Donnez le dernier jour.", load_default=None)
