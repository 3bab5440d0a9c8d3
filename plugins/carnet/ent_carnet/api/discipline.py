"""L'API de la discipline : donner et lire les punitions, les retenues d'un jour, les sanctions notifiées."""

from __future__ import annotations

from datetime import date
from typing import Any

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante
from marshmallow import Schema, fields

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import Punition
from ent_carnet.nomenclatures import EtatRetenue, EtatSanction, Mesure, MotifDiscipline, NaturePunition
from ent_carnet.permissions import PUNIR, PUNITIONS, SANCTIONS
from ent_carnet.schemas.discipline import JourDemande, PunitionSaisie
from ent_carnet.services import punitions, retenues, sanctions

__all__ = ["donner_punition_api", "lister_punitions", "lister_retenues", "lister_sanctions"]


class EleveRendu(Schema):
    """Un élève, nommé."""

    id = fields.UUID()
    nom = fields.String()
    prenom = fields.String()


class PunitionRendue(Schema):
    """Une punition, telle que la liste la montre."""

    id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    nature = fields.Enum(NaturePunition, by_value=True)
    motif = fields.Enum(MotifDiscipline, by_value=True)
    jour = fields.Date()
    annulee = fields.Boolean()
    retenue = fields.DateTime(allow_none=True)


class PunitionDonnee(Schema):
    """Ce qui vient d'être donné."""

    id = fields.UUID()


class RetenueRendue(Schema):
    """Une retenue d'un jour."""

    id = fields.UUID()
    punition_id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    debut = fields.DateTime()
    fin = fields.DateTime()
    lieu = fields.String()
    etat = fields.Enum(EtatRetenue, by_value=True)


class SanctionRendue(Schema):
    """Une sanction notifiée, sans le dossier."""

    id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    etat = fields.Enum(EtatSanction, by_value=True)
    motif = fields.Enum(MotifDiscipline, by_value=True)
    sanction = fields.Integer()
    par_conseil = fields.Boolean()
    prononcee_le = fields.Date()
    jours = fields.Integer(allow_none=True)
    heures = fields.Integer(allow_none=True)
    du = fields.Date(allow_none=True)
    au = fields.Date(allow_none=True)
    sursis_jusqu_au = fields.Date(allow_none=True)
    mesure = fields.Enum(Mesure, by_value=True)


@ressources.get("/punitions")
@exige(PUNITIONS)
@ressources.response(200, PunitionRendue(many=True))
def lister_punitions() -> list[punitions.PunitionLue]:
    """Rend les punitions de l'année des élèves atteints."""
    return punitions.lister(session_courante(), contexte_courant(), portee_courante())


@ressources.post("/punitions")
@exige(PUNIR)
@ressources.arguments(PunitionSaisie)
@ressources.response(201, PunitionDonnee)
def donner_punition_api(saisie: dict[str, Any]) -> Punition:
    """Donne une punition à un élève."""
    instant, donnee = horloge_courante().maintenant(), PunitionSaisie().saisie(saisie)
    return punitions.donner(session_courante(), contexte_courant(), portee_courante(), donnee, instant)


@ressources.get("/retenues")
@exige(PUNITIONS)
@ressources.arguments(JourDemande, location="query")
@ressources.response(200, RetenueRendue(many=True))
def lister_retenues(demande: dict[str, date | None]) -> list[retenues.RetenueLue]:
    """Rend les retenues d'un jour ; par défaut, aujourd'hui."""
    contexte = contexte_courant()
    return retenues.du_jour(session_courante(), contexte, portee_courante(), demande["jour"] or contexte.jour)


@ressources.get("/sanctions")
@exige(SANCTIONS)
@ressources.response(200, SanctionRendue(many=True))
def lister_sanctions() -> list[sanctions.SanctionLue]:
    """Rend les sanctions notifiées des élèves atteints."""
    return sanctions.lister(session_courante(), contexte_courant(), portee_courante(), instruction=False)
