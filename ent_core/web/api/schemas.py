"""Ce que l'API rend : des schémas marshmallow, sans identifiant national d'élève ni coordonnée de trop."""

from __future__ import annotations

from marshmallow import Schema, fields

__all__ = [
    "ActeRendu",
    "BasculeRendue",
    "BriqueRendue",
    "EtablissementRendu",
    "LienPersonnelRendu",
    "MoiRendu",
    "PersonneRendue",
    "PersonneTrouveeRendue",
    "PrealableRendu",
    "Probleme",
    "ServiceRelieRendu",
]


class Probleme(Schema):
    """Une erreur (RFC 9457)."""

    type = fields.String()
    title = fields.String(metadata={"description": "Ce qui ne va pas, en peu de mots."})
    status = fields.Integer()
    detail = fields.String(metadata={"description": "Ce qui s'est passé, et pourquoi."})
    remede = fields.String(metadata={"description": "Ce que l'on peut faire."})
    reference = fields.String(metadata={"description": "Code à donner au secours."})
    erreurs = fields.Dict(metadata={"description": "Champs refusés, s'il y en a."})


class TitreRendu(Schema):
    """Un rattachement du jour."""

    uai = fields.String()
    etablissement_nom = fields.String()
    profil = fields.String()
    fonction = fields.String(allow_none=True)
    debut = fields.Date()
    fin = fields.Date(allow_none=True, metadata={"description": "Exclue."})


class EffectifsRendus(Schema):
    """Effectifs du jour."""

    eleves = fields.Integer()
    personnels = fields.Integer()
    classes = fields.Integer()


class EtablissementRendu(Schema):
    """Un établissement."""

    uai = fields.String()
    nom = fields.String()
    ville = fields.String()
    nature = fields.String()
    effectifs = fields.Nested(EffectifsRendus)
    briques = fields.List(fields.String(), metadata={"description": "Titres des briques ouvertes ce jour."})


class PersonneTrouveeRendue(Schema):
    """Une personne, dans un résultat de recherche."""

    id = fields.UUID()
    nom = fields.String()
    prenom = fields.String()
    sursis_depuis = fields.Date(allow_none=True)
    titres = fields.List(fields.Nested(TitreRendu))
    divisions = fields.List(fields.String())


class LienRendu(Schema):
    """Un responsable, ou un enfant."""

    personne_id = fields.UUID()
    nom = fields.String()
    prenom = fields.String()
    lien = fields.String(metadata={"description": "Code national du lien."})
    libelle = fields.String()
    legal = fields.Integer()
    contact = fields.Boolean()
    financier = fields.Boolean()
    restreint = fields.Boolean(metadata={"description": "Une décision de justice coupe son accès, ce jour."})
    informe_seulement = fields.Boolean(
        metadata={"description": "Une décision de justice lui retire l'exercice : il lit, sans décider."}
    )


class PersonneRendue(Schema):
    """La fiche d'une personne."""

    id = fields.UUID(attribute="personne.id")
    nom = fields.String(attribute="personne.nom")
    prenom = fields.String(attribute="personne.prenom", allow_none=True)
    naissance = fields.Date(attribute="personne.naissance", allow_none=True)
    courriel = fields.String(attribute="personne.courriel", allow_none=True)
    sursis_depuis = fields.Date(attribute="personne.sursis_depuis", allow_none=True)
    titres = fields.List(fields.Nested(TitreRendu))
    divisions = fields.List(fields.String())
    groupes = fields.List(fields.String())
    responsables = fields.List(fields.Nested(LienRendu))
    enfants = fields.List(fields.Nested(LienRendu))


class DecisionRendue(Schema):
    """La décision qui l'emporte."""

    ouverte = fields.Boolean()
    niveau = fields.String(metadata={"description": "« académie » ou « établissement »."})
    origine = fields.String()
    debut = fields.Date(allow_none=True)
    fin = fields.Date(allow_none=True, metadata={"description": "Exclue."})


class BriqueRendue(Schema):
    """Une brique chargée et son état."""

    id = fields.String()
    titre = fields.String()
    resume = fields.String()
    version = fields.String()
    ouverte = fields.Boolean()
    en_attente = fields.Boolean(
        metadata={"description": "Ouverte ou prévue ici, mais des préalables restent à attester."}
    )
    decision = fields.Nested(DecisionRendue, allow_none=True)


class PrealableRendu(Schema):
    """Un préalable d'une brique, et son attestation dans l'établissement."""

    cle = fields.String(attribute="prealable.cle")
    titre = fields.String(attribute="prealable.titre")
    detail = fields.String(attribute="prealable.detail")
    atteste_le = fields.DateTime(allow_none=True)


class BasculeRendue(Schema):
    """Une décision enregistrée."""

    id = fields.UUID()
    brique = fields.String()
    uai = fields.String(allow_none=True, metadata={"description": "Vide : toute l'académie."})
    ouverte = fields.Boolean()
    debut = fields.Date()
    fin = fields.Date(allow_none=True, metadata={"description": "Exclue."})
    origine = fields.String()
    posee_le = fields.AwareDateTime()
    retiree_le = fields.AwareDateTime(allow_none=True)


class ActeRendu(Schema):
    """Un acte du journal."""

    id = fields.UUID()
    instant = fields.AwareDateTime()
    acte = fields.String()
    uai = fields.String(allow_none=True)
    acteur_id = fields.UUID(allow_none=True)
    objet = fields.String(allow_none=True)
    details = fields.Dict()


class MoiRendu(Schema):
    """Qui parle, où et à quel titre."""

    personne_id = fields.UUID()
    uai = fields.String()
    etablissement_nom = fields.String()
    profil = fields.String()
    roles = fields.List(fields.String())
    briques = fields.List(fields.String(), metadata={"description": "Briques ouvertes ici, ce jour."})
    permissions = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Permission → périmètre."}
    )
    jeton_csrf = fields.String(metadata={"description": "À rendre dans X-CSRFToken à chaque écriture."})


class LienPersonnelRendu(Schema):
    """Un calendrier qu'un appareil relit."""

    id = fields.UUID()
    nom = fields.String(metadata={"description": "Nom de l'appareil."})
    adresse = fields.String(metadata={"description": "Chemin que le lien ouvre."})
    cree_le = fields.AwareDateTime()
    vu_le = fields.Date(allow_none=True, metadata={"description": "Dernier jour où il a été lu."})
    fin = fields.Date(metadata={"description": "Exclue."})


class PorteeRendue(Schema):
    """Un traitement qu'un service lit, dans les mots du registre."""

    portee = fields.String(metadata={"description": "Clé du traitement."})
    titre = fields.String()
    finalite = fields.String()


class ServiceRelieRendu(Schema):
    """Un service qui lit l'ENT au nom de la personne."""

    cle = fields.String()
    nom = fields.String()
    lit = fields.List(fields.Nested(PorteeRendue))
    hors_ligne = fields.Boolean(
        metadata={"description": "Il lit aussi quand la personne n'est pas connectée."}
    )
    accorde_le = fields.AwareDateTime()
    servi_le = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Absente : jamais depuis soixante jours."}
    )
