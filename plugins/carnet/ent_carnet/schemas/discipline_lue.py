"""La forme de ce que l'API rend de la discipline : aux personnels, et aux familles."""

from __future__ import annotations

from ent_core.brique import schema_de
from marshmallow import Schema, fields

from ent_carnet.modeles import Retenue
from ent_carnet.nomenclatures import (
    Accueil,
    EtatProposition,
    EtatRetenue,
    EtatSanction,
    Mesure,
    MotifDiscipline,
    MotObservation,
    NaturePunition,
    PunitionProposable,
)

__all__ = [
    "Cree",
    "DemandeRendue",
    "DisciplineRendue",
    "DossierRendu",
    "EleveRendu",
    "LigneDuRegistreRendue",
    "ObservationRendue",
    "PunitionEntiere",
    "PunitionRendue",
    "RetenueRendue",
    "RetenueSuivie",
    "SanctionRendue",
]


class Cree(Schema):
    """Ce qui vient d'être écrit."""

    id = fields.UUID()


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


RetenueSuivie = schema_de(Retenue, "id", "punition_id", "debut", "fin", "lieu", "etat")


class PunitionEntiere(Schema):
    """Une punition et ses retenues, pour les personnels qui suivent l'élève."""

    id = fields.UUID(attribute="punition.id")
    eleve_id = fields.UUID(attribute="punition.eleve_id")
    nature = fields.String(attribute="punition.nature")
    motif = fields.String(attribute="punition.motif")
    circonstances = fields.String(attribute="punition.circonstances", allow_none=True)
    travail = fields.String(attribute="punition.travail", allow_none=True)
    jour = fields.Date(attribute="punition.jour")
    seance = fields.UUID(attribute="punition.seance_id", allow_none=True)
    accueil = fields.String(attribute="punition.accueil", allow_none=True)
    annulee = fields.Boolean()
    retenues = fields.List(fields.Nested(RetenueSuivie))


class RetenueRendue(Schema):
    """Une retenue d'un jour."""

    id = fields.UUID()
    punition_id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    debut = fields.DateTime()
    fin = fields.DateTime()
    lieu = fields.String()
    etat = fields.Enum(EtatRetenue, by_value=True)


class ObservationRendue(Schema):
    """Une observation ; ``mienne`` : qui lit l'a écrite."""

    id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    mot = fields.Enum(MotObservation, by_value=True)
    jour = fields.Date()
    mienne = fields.Boolean()


class DemandeRendue(Schema):
    """Une demande écrite ; ``obligation`` : ce que le texte impose d'y répondre (DISC-19)."""

    id = fields.UUID(attribute="demande.id")
    eleve = fields.Nested(EleveRendu, allow_none=True)
    conseil = fields.Boolean(attribute="demande.conseil")
    motif = fields.String(attribute="demande.motif")
    faits = fields.String(attribute="demande.faits")
    personnel_vise = fields.Boolean(attribute="demande.personnel_vise")
    jour = fields.Date(attribute="demande.jour")
    suite = fields.String(attribute="demande.suite")
    obligation = fields.String(allow_none=True)


class PropositionRendue(Schema):
    """Une punition proposée, et la réponse."""

    id = fields.UUID()
    eleve = fields.Nested(EleveRendu, allow_none=True)
    nature = fields.Enum(PunitionProposable, by_value=True)
    motif = fields.Enum(MotifDiscipline, by_value=True)
    circonstances = fields.String()
    jour = fields.Date()
    etat = fields.Enum(EtatProposition, by_value=True)
    reponse = fields.String(allow_none=True)
    repondue_le = fields.Date(allow_none=True)


class SanctionRendue(Schema):
    """Une sanction, sans le dossier ; ``sanction`` est nulle d'une procédure en cours."""

    id = fields.UUID()
    eleve = fields.Nested(EleveRendu)
    etat = fields.Enum(EtatSanction, by_value=True)
    motif = fields.Enum(MotifDiscipline, by_value=True)
    sanction = fields.Integer(allow_none=True)
    par_conseil = fields.Boolean()
    prononcee_le = fields.Date(allow_none=True)
    jours = fields.Integer(allow_none=True)
    heures = fields.Integer(allow_none=True)
    du = fields.Date(allow_none=True)
    au = fields.Date(allow_none=True)
    sursis_jusqu_au = fields.Date(allow_none=True)
    mesure = fields.Enum(Mesure, by_value=True)


class EtapeRendue(Schema):
    """Une étape de la procédure."""

    nature = fields.String()
    le = fields.Date()
    voie = fields.String(allow_none=True)
    reunion_le = fields.DateTime(allow_none=True)
    reunion_lieu = fields.String(allow_none=True)


class DossierRendu(Schema):
    """Une procédure entière, pour qui l'instruit."""

    id = fields.UUID(attribute="sanction.id")
    eleve_id = fields.UUID(attribute="sanction.eleve_id")
    etat = fields.String(attribute="sanction.etat")
    motif = fields.String(attribute="sanction.motif")
    faits = fields.String(attribute="sanction.faits")
    faits_le = fields.Date(attribute="sanction.faits_le")
    majeur = fields.Boolean(attribute="sanction.majeur")
    defense_jusqu_au = fields.Date(attribute="sanction.defense_jusqu_au", allow_none=True)
    conseil_le = fields.Date(attribute="sanction.conseil_le", allow_none=True)
    sanction = fields.Integer(attribute="sanction.sanction", allow_none=True)
    par_conseil = fields.Boolean(attribute="sanction.par_conseil")
    prononcee_le = fields.Date(attribute="sanction.prononcee_le", allow_none=True)
    motivation = fields.String(attribute="sanction.motivation", allow_none=True)
    jours = fields.Integer(attribute="sanction.jours", allow_none=True)
    heures = fields.Integer(attribute="sanction.heures", allow_none=True)
    du = fields.Date(attribute="sanction.du", allow_none=True)
    au = fields.Date(attribute="sanction.au", allow_none=True)
    sursis_jusqu_au = fields.Date(attribute="sanction.sursis_jusqu_au", allow_none=True)
    sursis_revoque_le = fields.Date(attribute="sanction.sursis_revoque_le", allow_none=True)
    mesure = fields.String(attribute="sanction.mesure")
    efface_le = fields.Date(attribute="sanction.efface_le", allow_none=True)
    etapes = fields.List(fields.Nested(EtapeRendue))


class RetenueMontree(Schema):
    """Quand, où, et ce qu'elle est devenue."""

    debut = fields.DateTime()
    fin = fields.DateTime()
    lieu = fields.String()
    etat = fields.String()


class PunitionMontree(Schema):
    """Une punition, telle que la famille la lit : ni les circonstances, ni qui l'a donnée."""

    id = fields.UUID()
    nature = fields.String()
    motif = fields.String()
    jour = fields.Date()
    travail = fields.String(allow_none=True)
    accueil = fields.String(allow_none=True, metadata={"enum": [None, *(a.value for a in Accueil)]})
    retenues = fields.List(fields.Nested(RetenueMontree))


class ProcedureMontree(Schema):
    """Une procédure, telle que la famille la lit ; la décision n'y est qu'une fois notifiée."""

    id = fields.UUID()
    etat = fields.String()
    motif = fields.String()
    faits = fields.String()
    faits_le = fields.Date()
    defense_jusqu_au = fields.Date(allow_none=True)
    conseil_le = fields.Date(allow_none=True)
    sanction = fields.Integer(allow_none=True)
    motivation = fields.String(allow_none=True)
    prononcee_le = fields.Date(allow_none=True)
    jours = fields.Integer(allow_none=True)
    heures = fields.Integer(allow_none=True)
    du = fields.Date(allow_none=True)
    au = fields.Date(allow_none=True)
    sursis_jusqu_au = fields.Date(allow_none=True)
    efface_le = fields.Date(allow_none=True)
    etapes = fields.List(fields.Nested(EtapeRendue))


class InterdictionRendue(Schema):
    """Premier et dernier jour."""

    du = fields.Date()
    au = fields.Date()


class DisciplineRendue(Schema):
    """Les punitions et les sanctions de l'année d'un élève, pour lui et sa famille."""

    punitions = fields.List(fields.Nested(PunitionMontree))
    procedures = fields.List(fields.Nested(ProcedureMontree))
    interdictions = fields.List(fields.Nested(InterdictionRendue))


class LigneDuRegistreRendue(Schema):
    """Une ligne du registre des sanctions : ni élève, ni date au jour (DISC-24)."""

    annee = fields.Integer()
    mois = fields.Integer()
    motif = fields.String()
    sanction = fields.Integer()
    avec_sursis = fields.Boolean()
    par_conseil = fields.Boolean()
    mesure = fields.String()
