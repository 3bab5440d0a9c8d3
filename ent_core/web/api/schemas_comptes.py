"""Ce que l'API rend des comptes, des seconds facteurs et des services : un seul secret, le code donné."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marshmallow import Schema, fields, validate

__all__ = [
    "CodeRendu",
    "CompteRendu",
    "EtatDuCompte",
    "FacteurRendu",
    "LienDeConnexionRendu",
    "MonServiceRendu",
    "ServiceRendu",
]

_ETATS = ["a_activer", "actif", "suspendu"]


@dataclass(frozen=True, slots=True)
class EtatDuCompte:
    """Le compte d'une personne, pour qui en a la charge."""

    personne_id: UUID
    identifiant: str
    etat: str
    change_le: datetime | None
    code_expire_le: datetime | None
    sessions: int
    second_facteur: bool


class CompteRendu(Schema):
    """Où en est un compte."""

    personne_id = fields.UUID()
    identifiant = fields.String(metadata={"description": "Identifiant de connexion."})
    etat = fields.String(validate=validate.OneOf(_ETATS))
    change_le = fields.AwareDateTime(allow_none=True, metadata={"description": "Mot de passe choisi."})
    code_expire_le = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Terme du code qui attend ; le code n'est pas rendu."}
    )
    sessions = fields.Integer(metadata={"description": "Appareils connectés."})
    second_facteur = fields.Boolean()


class CodeRendu(Schema):
    """Un code d'activation, rendu cette seule fois à qui peut l'imprimer."""

    personne_id = fields.UUID()
    identifiant = fields.String()
    code = fields.String(metadata={"description": "À usage unique ; l'ENT n'en garde qu'une empreinte."})
    expire_le = fields.AwareDateTime()


class FacteurRendu(Schema):
    """Un second facteur de la personne connectée."""

    id = fields.UUID()
    genre = fields.String(validate=validate.OneOf(["cle", "application"]))
    nom = fields.String()
    cree_le = fields.AwareDateTime()
    servi_le = fields.AwareDateTime(allow_none=True)


class LienDeConnexionRendu(Schema):
    """Un service par lequel la personne entre dans l'ENT."""

    emetteur = fields.String()
    moyen = fields.String(validate=validate.OneOf(["source", "etat_civil", "preuve"]))
    fait_le = fields.AwareDateTime()
    vu_le = fields.AwareDateTime(allow_none=True)


class MonServiceRendu(Schema):
    """Un service ouvert à la personne connectée, et ce qu'il apprend d'elle."""

    cle = fields.String(attribute="service.cle")
    nom = fields.String(attribute="service.nom")
    finalite = fields.String(attribute="service.finalite")
    destinataire = fields.String(attribute="service.destinataire")
    recoit = fields.List(fields.String(), metadata={"description": "Ce qu'il apprend d'elle."})
    appris_le = fields.AwareDateTime(allow_none=True, metadata={"description": "Depuis soixante jours."})


class ServiceRendu(Schema):
    """Un service tiers, et ce qui sort de l'ENT vers lui."""

    cle = fields.String(attribute="service.cle")
    nom = fields.String(attribute="service.nom")
    adresse = fields.String(attribute="service.adresse")
    protocole = fields.String(attribute="service.protocole.value")
    profils = fields.List(fields.String())
    finalite = fields.String(attribute="service.finalite")
    base_legale = fields.String(attribute="service.base.value")
    destinataire = fields.String(attribute="service.destinataire")
    recoit = fields.List(fields.String(), metadata={"description": "Ce qui lui est donné d'une personne."})
    debut = fields.Date(attribute="service.debut", allow_none=True)
    fin = fields.Date(attribute="service.fin", allow_none=True, metadata={"description": "Exclue."})
    actif = fields.Boolean(metadata={"description": "Faux : suspendu partout."})
    ferme_ici = fields.Boolean(metadata={"description": "L'établissement en vigueur l'a fermé."})
    origine = fields.String()
