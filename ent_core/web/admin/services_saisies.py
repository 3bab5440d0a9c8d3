"""Ce qu'une page accepte pour déclarer un service : le commun, puis les champs de son seul protocole."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import (
    OptionsCas,
    OptionsOidc,
    OptionsSaml,
    OptionsService,
    Protocole,
    ServiceTiers,
)
from ent_core.federation.fournisseur_oidc.clients import nouveau_secret
from ent_core.federation.fournisseur_saml.partenaire import reduire
from ent_core.federation.gabarits import GABARITS
from ent_core.federation.protocoles.oidc import ALGORITHMES, PRESENTATIONS
from ent_core.web.admin.pages import lendemain
from ent_core.web.admin.saisies import Saisie
from ent_core.web.instance import instance

__all__ = ["SAISIES", "SaisieMetadonnees", "SaisieService", "ServiceSaisi", "protocole_choisi"]

_OBLIGATOIRE: dict[str, Any] = {"required": "Remplissez ce champ."}
_LISTE = "Choisissez dans la liste."
_COMMUNS = ("cle", "nom", "adresse", "finalite", "base", "destinataire", "contact", "gabarit", "debut")


@dataclass(frozen=True, slots=True)
class ServiceSaisi:
    """Un service saisi.

    :param secret: secret tiré pour lui, à montrer une fois ; vide, il n'en a pas.
    """

    service: ServiceTiers
    secret: str = ""


class SaisieService(Saisie):
    """Ce que tout service dit de lui, et que le registre répète."""

    cle = fields.String(required=True, error_messages=_OBLIGATOIRE)
    nom = fields.String(required=True, error_messages=_OBLIGATOIRE)
    adresse = fields.String(required=True, error_messages=_OBLIGATOIRE, validate=validate.Length(max=500))
    profils = fields.List(
        fields.Enum(Profil, by_value=True, error_messages={"unknown": "Ce profil n'existe pas."}),
        required=True,
        error_messages={"required": "Choisissez un profil au moins."},
    )
    finalite = fields.String(required=True, error_messages=_OBLIGATOIRE)
    base = fields.Enum(BaseLegale, required=True, error_messages={**_OBLIGATOIRE, "unknown": _LISTE})
    destinataire = fields.String(required=True, error_messages=_OBLIGATOIRE)
    contact = fields.String(load_default="")
    gabarit = fields.String(
        required=True,
        error_messages=_OBLIGATOIRE,
        validate=validate.OneOf(list(GABARITS), error=_LISTE),
    )
    attributs = fields.String(load_default="", validate=validate.Length(max=400))
    debut = fields.Date(load_default=None)
    fin = fields.Date(load_default=None)

    @abstractmethod
    def options(self, lue: dict[str, Any]) -> tuple[OptionsService, str]:
        """Options du protocole, et secret tiré s'il en faut un.

        :param lue: valeurs de ce schéma.
        """

    def saisi(self, lue: dict[str, Any], uai: str | None) -> ServiceSaisi:
        """Service saisi.

        :param lue: valeurs de ce schéma.
        :param uai: établissement qui l'ouvre ; ``None``, toute l'académie.
        """
        options, secret = self.options(lue)
        declare = ServiceTiers(
            **{nom: lue[nom] for nom in _COMMUNS},
            profils=frozenset(lue["profils"]),
            attributs=tuple(lue["attributs"].replace(",", " ").split()),
            etablissements=(uai,) if uai else (),
            options=options,
            fin=lendemain(lue["fin"]),
        )
        return ServiceSaisi(declare, secret)


class SaisieCas(SaisieService):
    """Déclarer un service CAS."""

    attributs_en_2 = fields.Boolean(load_default=False)
    deconnexion = fields.Boolean(load_default=False)
    duree = fields.Integer(load_default=30)

    def options(self, lue: dict[str, Any]) -> tuple[OptionsService, str]:
        return OptionsCas(lue["attributs_en_2"], lue["deconnexion"], lue["duree"]), ""


class SaisieOidc(SaisieService):
    """Déclarer un service OpenID Connect ; son secret est tiré ici, jamais choisi."""

    retours = fields.String(
        required=True,
        error_messages=_OBLIGATOIRE,
        validate=validate.Length(min=1, max=5000, error="Remplissez ce champ."),
    )
    retours_sortie = fields.String(load_default="", validate=validate.Length(max=5000))
    avis = fields.String(load_default="", validate=validate.Length(max=500))
    presentation = fields.String(
        load_default="basic", validate=validate.OneOf([*PRESENTATIONS, "aucune"], error=_LISTE)
    )
    algorithme = fields.String(load_default="RS256", validate=validate.OneOf(list(ALGORITHMES), error=_LISTE))
    portees = fields.String(load_default="", validate=validate.Length(max=1000))
    prolonger = fields.Boolean(load_default=False)

    def options(self, lue: dict[str, Any]) -> tuple[OptionsService, str]:
        prouve = lue["presentation"] != "aucune"
        secret, empreinte = nouveau_secret() if prouve else ("", "")
        declarees = OptionsOidc(
            retours=tuple(lue["retours"].split()),
            retours_sortie=tuple(lue["retours_sortie"].split()),
            avis=lue["avis"].strip(),
            secret=empreinte,
            presentation=lue["presentation"] if prouve else "basic",
            algorithme=lue["algorithme"],
            portees=tuple(lue["portees"].replace(",", " ").split()),
            prolonger=lue["prolonger"],
        )
        return declarees, secret


class SaisieMetadonnees(Saisie):
    """Le document qu'un éditeur remet."""

    metadonnees = fields.String(
        required=True,
        error_messages=_OBLIGATOIRE,
        validate=validate.Length(min=1, max=500_000, error="Collez ce document, entier."),
    )


class SaisieSaml(SaisieService, SaisieMetadonnees):
    """Déclarer un service SAML : ses métadonnées disent ses adresses et ses certificats."""

    demande_signee = fields.Boolean(load_default=False)
    persistant = fields.Boolean(load_default=False)
    chiffree = fields.Boolean(load_default=False)
    ouvrable = fields.Boolean(load_default=False)

    def options(self, lue: dict[str, Any]) -> tuple[OptionsService, str]:
        declarees = OptionsSaml(
            metadonnees=reduire(lue["metadonnees"], instance().horloge.maintenant()),
            **{nom: lue[nom] for nom in ("demande_signee", "persistant", "chiffree", "ouvrable")},
        )
        return declarees, ""


SAISIES: Mapping[Protocole, type[SaisieService]] = {
    Protocole.CAS: SaisieCas,
    Protocole.OIDC: SaisieOidc,
    Protocole.SAML: SaisieSaml,
}
"""La saisie de chaque protocole qui se déclare par une page."""


def protocole_choisi(lu: str) -> Protocole:
    """Protocole de la page, CAS si rien n'est dit.

    :param lu: protocole reçu.
    """
    return next((protocole for protocole in SAISIES if protocole.value == lu), Protocole.CAS)
