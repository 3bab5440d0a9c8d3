"""Les fournisseurs d'identité déclarés : par qui l'on entre, sous quelles conditions, pour quels publics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["FORME_CLE", "PUBLICS", "Fournisseur"]

PUBLICS: Mapping[str, str] = {
    "eleve": "Élève",
    "responsable": "Parent ou responsable",
    "personnel": "Personnel",
    "autre": "Autre personne",
}
"""Qui dit « je suis… » à l'entrée, dans l'ordre de la page."""

FORME_CLE = re.compile(r"(?!relier$)[a-z][a-z0-9-]{1,29}")
"""Clé d'un fournisseur : elle est dans ses adresses de retour, dont « relier » est déjà pris."""

_PROTOCOLES = ("oidc", "saml", "cas")
_ALGORITHMES = ("RS256", "PS256", "ES256", "EdDSA", "HS256")
_CORRESPONDANCES = ("educonnect", "proconnect", "generique")
_A_REMPLIR = re.compile(r"\{([^{}]*)\}")
_CODE = re.compile(r"[\w.\- ]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fournisseur:
    """Un fournisseur d'identité, section ``[fournisseurs.<clé>]``.

    :param protocole: ``oidc``, ``saml``, ou ``cas`` pour un serveur CAS extérieur.
    :param nom: nom montré aux personnes.
    :param emetteur: identifiant exact de l'émetteur (SAML : ``entityID``) ; pour CAS, adresse du serveur.
    :param client: identifiant donné par le fournisseur à cet ENT ; SAML : ``entityID`` de cet ENT.
    :param secret_fichier: fichier qui contient le secret ; sinon, la variable ``ENT_SECRET_<CLÉ>``.
    :param secret: posé au démarrage ; ne s'écrit pas dans le fichier de configuration.
    :param authentification: comment le secret est présenté, ``basic`` ou ``post``.
    :param algorithmes: signatures admises, quoi que dise le fournisseur.
    :param pkce: envoyer la preuve PKCE ; faux si le fournisseur refuse tout paramètre de plus.
    :param portees: portées demandées.
    :param demander_amr: demander les moyens employés (``amr``) par le paramètre ``claims``.
    :param infos: lire aussi le point d'information (``userinfo``).
    :param correspondance: vocabulaire des attributs : ``educonnect``, ``proconnect`` ou ``generique``.
    :param publics: à qui il est proposé : ``eleve``, ``responsable``, ``personnel``, ``autre``.
    :param etablissements: écoles où il est proposé ; vide, toutes.
    :param academies: code ou nom d'académie de ses références → code de l'annuaire (``"1" = "001"``).
    :param etat_civil: admettre nom, prénom et naissance identiques à une seule personne, faute de clé.
    :param seconds_facteurs: valeurs de ``amr`` ou ``acr`` qui disent un second facteur.
    :param hotes: hôtes de ses adresses, s'il en a d'autres que celui de l'émetteur.
    :param reseau_interne: ses hôtes peuvent avoir une adresse privée.
    :param deconnexion: proposer de se déconnecter aussi chez lui.
    :param metadonnees: SAML : fichier de ses métadonnées.
    :param cle_fichier: SAML : clé privée de cet ENT (PEM).
    :param certificat_fichier: SAML : certificat de cet ENT (PEM).
    :param cle_suivante_fichier: SAML : clé qui remplacera celle-ci (PEM) ; publiée et admise dès maintenant.
    :param certificat_suivant_fichier: SAML : son certificat (PEM).
    :param sujet_attribut: SAML : attribut qui nomme durablement la personne, si son ``NameID`` est passager.
    :param cbc: SAML : admettre AES-CBC dans une réponse signée, s'il ne sait pas mieux.
    :param emetteur_qualifie: SAML : nommer cet ENT par ``NameQualifier`` aussi, s'il l'exige.
    :param idp_initiated: SAML : admettre une réponse que l'ENT n'a pas demandée (guichet des agents).
    :param adresse_depart: SAML : son adresse d'entrée, faute de demande ; ``{entite}`` et ``{suite}`` y sont
        remplacés par l'``entityID`` de cet ENT et l'adresse où aller.
    """

    protocole: str
    nom: str
    emetteur: str
    client: str = ""
    secret_fichier: str = ""
    secret: str = ""
    authentification: str = "basic"
    algorithmes: tuple[str, ...] = ("RS256", "ES256")
    pkce: bool = True
    portees: tuple[str, ...] = ("openid",)
    demander_amr: bool = False
    infos: bool = True
    correspondance: str = "generique"
    publics: tuple[str, ...] = tuple(PUBLICS)
    etablissements: tuple[str, ...] = ()
    academies: dict[str, str] = field(default_factory=dict)
    etat_civil: bool = False
    seconds_facteurs: tuple[str, ...] = ("mfa", "hwk", "otp")
    hotes: tuple[str, ...] = ()
    reseau_interne: bool = False
    deconnexion: bool = True
    metadonnees: str = ""
    cle_fichier: str = ""
    certificat_fichier: str = ""
    cle_suivante_fichier: str = ""
    certificat_suivant_fichier: str = ""
    sujet_attribut: str = ""
    cbc: bool = False
    emetteur_qualifie: bool = False
    idp_initiated: bool = False
    adresse_depart: str = ""

    def __post_init__(self) -> None:
        _parmi("protocole", (self.protocole,), _PROTOCOLES)
        _parmi("authentification", (self.authentification,), ("basic", "post"))
        _parmi("algorithmes", self.algorithmes, _ALGORITHMES)
        _parmi("correspondance", (self.correspondance,), _CORRESPONDANCES)
        _parmi("publics", self.publics, tuple(PUBLICS))
        adresse = urlsplit(self.emetteur)
        local = adresse.scheme == "http" and self.reseau_interne
        if not adresse.hostname or not (adresse.scheme == "https" or local):
            raise ValueError("« emetteur » est une adresse en https://")
        if adresse.query or adresse.fragment or adresse.username:
            raise ValueError("« emetteur » n'a ni compte, ni paramètre, ni fragment")
        if not self.publics or not self.algorithmes:
            raise ValueError("« publics » et « algorithmes » ne sont pas vides")
        if self.protocole == "oidc" and not self.client:
            raise ValueError("« client » manque : c'est l'identifiant que le fournisseur a donné à cet ENT")
        if self.protocole == "saml" and not (
            self.metadonnees and self.cle_fichier and self.certificat_fichier
        ):
            raise ValueError("SAML demande « metadonnees », « cle_fichier » et « certificat_fichier »")
        if bool(self.cle_suivante_fichier) != bool(self.certificat_suivant_fichier):
            raise ValueError("« cle_suivante_fichier » et « certificat_suivant_fichier » vont ensemble")
        if self.idp_initiated and self.protocole != "saml":
            raise ValueError("« idp_initiated » ne vaut que pour SAML")
        if self.adresse_depart:
            _controler_le_depart(self)
        if self.protocole == "oidc" and "openid" not in self.portees:
            raise ValueError("« portees » contient « openid »")
        if any(not _CODE.fullmatch(code) or not code_annuaire.isalnum() or len(code_annuaire) != 3
               for code, code_annuaire in self.academies.items()):  # fmt: skip
            raise ValueError("« academies » va d'un code du fournisseur à un code d'annuaire de 3 caractères")

    @property
    def hotes_admis(self) -> frozenset[str]:
        """Hôtes vers lesquels l'ENT accepte d'écrire pour ce fournisseur."""
        return frozenset({urlsplit(self.emetteur).hostname or "", *(hote.lower() for hote in self.hotes)})

    @property
    def hotes_internes(self) -> frozenset[str]:
        """Ceux d'entre eux qui peuvent avoir une adresse privée."""
        return self.hotes_admis if self.reseau_interne else frozenset()


def _controler_le_depart(declare: Fournisseur) -> None:
    if not declare.idp_initiated:
        raise ValueError("« adresse_depart » demande « idp_initiated = true » : rien n'aura été demandé")
    adresse = urlsplit(declare.adresse_depart)
    if adresse.scheme != urlsplit(declare.emetteur).scheme or adresse.hostname not in declare.hotes_admis:
        raise ValueError("« adresse_depart » est chez le fournisseur (« emetteur » ou « hotes »)")
    if set(_A_REMPLIR.findall(declare.adresse_depart)) - {"entite", "suite"}:
        raise ValueError("« adresse_depart » ne remplace que {entite} et {suite}")


def _parmi(nom: str, valeurs: tuple[str, ...], permises: tuple[str, ...]) -> None:
    for valeur in valeurs:
        if valeur not in permises:
            raise ValueError(f"« {nom} » : « {valeur} » n'est pas de {', '.join(permises)}")
