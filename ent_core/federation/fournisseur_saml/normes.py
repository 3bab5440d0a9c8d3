"""Les noms que la norme SAML 2.0 fixe, et que le fournisseur emploie."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "MD",
    "PORTEUR",
    "SOAP",
    "STATUT_REUSSI",
    "Contexte",
    "Format",
    "Liaison",
    "Statut",
]

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
PORTEUR = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_S = "urn:oasis:names:tc:SAML:2.0:status:"
STATUT_REUSSI = f"{_S}Success"


class Liaison(StrEnum):
    """Par quel chemin un message voyage."""

    REDIRECTION = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    FORMULAIRE = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"


class Format(StrEnum):
    """Comment une personne est nommée."""

    PASSAGER = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    PERSISTANT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    LIBRE = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


class Contexte(StrEnum):
    """Comment la personne a prouvé qui elle est."""

    MOT_DE_PASSE = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    DEUX_PREUVES = "https://refeds.org/profile/mfa"


class Statut(StrEnum):
    """Pourquoi une demande bien formée n'a pas d'assertion : second niveau du statut."""

    NOM = f"{_S}InvalidNameIDPolicy"
    PREUVE = f"{_S}NoAuthnContext"
    PASSIF = f"{_S}NoPassive"
    REFUSE = f"{_S}RequestDenied"
    INCONNU = f"{_S}UnknownPrincipal"
    PARTIEL = f"{_S}PartialLogout"

    @property
    def premier(self) -> str:
        """Premier niveau : la faute est-elle à la demande, ou à l'ENT qui ne peut y répondre ?"""
        match self:
            case Statut.NOM | Statut.INCONNU:
                return f"{_S}Requester"
            case Statut.PARTIEL:
                return STATUT_REUSSI
            case _:
                return f"{_S}Responder"
