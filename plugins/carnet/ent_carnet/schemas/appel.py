"""La forme de l'appel : ce qu'une feuille envoie, par l'API ou par un formulaire, et ce qu'elle reçoit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from ent_core.brique import DonneeInvalide
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from ent_carnet.nomenclatures import Ailleurs, Canal, NatureFait
from ent_carnet.regles.appel import PRESENT, Changement, Constat
from ent_carnet.services.saisie_appel import Saisie

__all__ = [
    "AppelAttenduLu",
    "AppelEcrit",
    "AppelSaisi",
    "ChoixDuJour",
    "ChoixHeure",
    "FeuilleLue",
    "constats",
]

_LE_JOUR_MEME = {"description": "instant de la saisie, donné le jour même seulement"}
_PRESENT = "present"
_ETATS = (_PRESENT, *NatureFait)
_CHANGEMENTS = 100
_MINUTES = 600


class ChoixDuJour(Schema):
    """Le jour demandé ; par défaut, aujourd'hui."""

    jour = fields.Date(load_default=None)


class ChoixHeure(Schema):
    """L'heure d'une séance longue, à partir de 1."""

    heure = fields.Integer(load_default=1, validate=validate.Range(1, 12))


class ChangementSaisi(Schema):
    """Ce qui est noté d'un élève."""

    eleve_id = fields.UUID(required=True)
    etat = fields.String(required=True, validate=validate.OneOf(_ETATS))
    minutes = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, _MINUTES))
    ailleurs = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(list(Ailleurs)))
    vu = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "fait que l'on avait sous les yeux"}
    )

    @validates_schema
    def _coherent(self, donnees: Mapping[str, Any], **_: object) -> None:
        if (donnees["etat"] == NatureFait.AILLEURS) != (donnees["ailleurs"] is not None):
            raise ValidationError("Dites où est l'élève s'il est ailleurs, et seulement alors.", "ailleurs")
        if donnees["minutes"] is not None and donnees["etat"] not in (NatureFait.RETARD, NatureFait.DEPART):
            raise ValidationError("Les minutes sont celles d'un retard ou d'un départ.", "minutes")

    @post_load
    def _changement(self, donnees: Mapping[str, Any], **_: object) -> Changement:
        return Changement(
            donnees["eleve_id"],
            _constat(donnees["etat"], donnees["minutes"], donnees["ailleurs"]),
            donnees["vu"],
        )


class AppelSaisi(Schema):
    """Ce qu'une feuille envoie : les seuls élèves changés."""

    changements = fields.List(
        fields.Nested(ChangementSaisi), load_default=list, validate=validate.Length(max=_CHANGEMENTS)
    )
    termine = fields.Boolean(load_default=False)
    canal = fields.String(load_default=Canal.ECRAN.value, validate=validate.OneOf(list(Canal)))
    saisi_le = fields.AwareDateTime(load_default=None, allow_none=True)

    @post_load
    def _saisie(self, donnees: Mapping[str, Any], **_: object) -> Saisie:
        return Saisie(
            tuple(donnees["changements"]), donnees["termine"], Canal(donnees["canal"]), donnees["saisi_le"]
        )


class ConstatLu(Schema):
    """Ce qui est noté d'un élève ; ``fait_id`` nul : il est présent."""

    eleve_id = fields.UUID(required=True)
    fait_id = fields.UUID(allow_none=True)
    etat = fields.String(required=True)
    minutes = fields.Integer(allow_none=True)
    ailleurs = fields.String(allow_none=True)
    par = fields.String(allow_none=True, metadata={"description": "qui l'a noté, si ce n'est vous"})
    le = fields.AwareDateTime(allow_none=True, metadata=_LE_JOUR_MEME)


class AppelEcrit(Schema):
    """La feuille après l'écriture : tout ce qui y est noté, y compris par une autre personne."""

    version = fields.Integer(required=True)
    fait_le = fields.AwareDateTime(allow_none=True, metadata=_LE_JOUR_MEME)
    termine = fields.Boolean(required=True)
    termine_le = fields.AwareDateTime(allow_none=True, metadata=_LE_JOUR_MEME)
    constats = fields.List(fields.Nested(ConstatLu), required=True)
    conflits = fields.List(
        fields.UUID(),
        required=True,
        metadata={"description": "élèves qu'une autre personne a notés autrement"},
    )


class EleveLu(Schema):
    """Un élève de la feuille."""

    eleve_id = fields.UUID(required=True)
    nom = fields.String(required=True)
    prenom = fields.String(required=True)
    etat = fields.String(required=True)
    minutes = fields.Integer(allow_none=True)
    ailleurs = fields.String(allow_none=True)
    vu = fields.UUID(allow_none=True)
    mention = fields.String(required=True)
    prevu = fields.Boolean(required=True)


class AppelAttenduLu(Schema):
    """Un appel attendu par l'emploi du temps, fait ou non."""

    seance_id = fields.UUID(required=True)
    structure = fields.String(required=True)
    matiere = fields.String(required=True)
    heure = fields.Integer(required=True, metadata={"description": "Rang dans une séance longue, dès 1."})
    debut = fields.AwareDateTime(required=True)
    fin = fields.AwareDateTime(required=True)
    etat = fields.String(required=True)
    termine_le = fields.AwareDateTime(allow_none=True, metadata=_LE_JOUR_MEME)


class FeuilleLue(AppelAttenduLu):
    """Une feuille d'appel."""

    heures = fields.Integer(required=True)
    ouverte = fields.Boolean(required=True)
    version = fields.Integer(allow_none=True)
    eleves = fields.List(fields.Nested(EleveLu), required=True)


def constats(formulaire: Mapping[str, str], eleves: Iterable[UUID]) -> Iterator[Changement]:
    """Toute la classe, telle qu'un formulaire sans script l'envoie ; les champs en trop sont ignorés.

    :param formulaire: champs ``etat-<élève>``, ``minutes-<élève>``, ``ailleurs-<élève>``, ``vu-<élève>``.
    :param eleves: élèves de la feuille.
    :raises DonneeInvalide: une valeur n'est d'aucune liste.
    """
    for eleve in eleves:
        etat = formulaire.get(f"etat-{eleve}")
        if etat is None:
            continue
        minutes = formulaire.get(f"minutes-{eleve}", "")
        try:
            saisi = ChangementSaisi().load(
                {
                    "eleve_id": str(eleve),
                    "etat": etat,
                    "minutes": minutes
                    if minutes and etat in (NatureFait.RETARD, NatureFait.DEPART)
                    else None,
                    "ailleurs": formulaire.get(f"ailleurs-{eleve}") if etat == NatureFait.AILLEURS else None,
                    "vu": formulaire.get(f"vu-{eleve}") or None,
                }
            )
        except ValidationError as refus:
            raise DonneeInvalide(
                f"la ligne d'un élève est fautive : {', '.join(sorted(refus.messages_dict))}.",
                remede="recharger la feuille, puis recommencer.",
                lieu=f"élève {eleve}",
            ) from refus
        yield saisi


def _constat(etat: str, minutes: int | None, ailleurs: str | None) -> Constat:
    if etat == _PRESENT:
        return PRESENT
    return Constat(NatureFait(etat), minutes, Ailleurs(ailleurs) if ailleurs else None)
