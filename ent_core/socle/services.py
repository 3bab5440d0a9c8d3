"""Les services tiers déclarés par le fichier de configuration."""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsCas, OptionsOidc, OptionsSaml, OptionsService, ServiceTiers
from ent_core.socle.section import Section

__all__ = [
    "CasFichier",
    "Federation",
    "OidcFichier",
    "SamlEnt",
    "SamlFichier",
    "ServiceFichier",
    "lire_services",
]

_CLE = re.compile(r"[a-z][a-z0-9-]{1,39}")


class SamlEnt(Section, frozen=True, kw_only=True):
    """L'ENT, pour les services qui parlent SAML : sa clé, et ce qu'il en publie.

    :param cle_fichier: clé privée RSA, au format PEM.
    :param certificat_fichier: certificat de cette clé.
    :param certificat_suivant: certificat de la clé qui la remplacera, publié d'avance ; vide, aucun.
    """

    cle_fichier: str
    certificat_fichier: str
    certificat_suivant: str = ""


class Federation(Section, frozen=True, kw_only=True):
    """Ce qui vaut pour tous les échanges avec des partenaires.

    :param hotes_permis: hôtes que l'ENT peut joindre à une adresse privée, et sans https.
    :param saml: l'ENT comme fournisseur d'identité SAML ; absent, aucun service SAML ne s'ouvre.
    """

    hotes_permis: tuple[str, ...] = ()
    saml: SamlEnt | None = None

    @property
    def permis(self) -> frozenset[str]:
        """Les mêmes, en minuscules."""
        return frozenset(hote.lower() for hote in self.hotes_permis)


class CasFichier(Section, frozen=True, kw_only=True):
    """Options du protocole CAS.

    :param attributs_en_2: donner les attributs aussi par le protocole 2.0.
    :param deconnexion: prévenir le service quand la personne quitte l'ENT.
    :param duree: secondes de vie d'un ticket, de 10 à 60.
    """

    attributs_en_2: bool = False
    deconnexion: bool = True
    duree: int = 30

    def __post_init__(self) -> None:
        if not 10 <= self.duree <= 60:
            raise ValueError("« duree » d'un ticket va de 10 à 60 secondes")


class OidcFichier(Section, frozen=True, kw_only=True):
    """Options du protocole OpenID Connect ; la clé du service est son identifiant de client.

    :param retours: adresses de retour, exactes.
    :param retours_sortie: adresses où renvoyer la personne après sa sortie.
    :param avis: adresse où le prévenir d'une sortie ; vide, il ne l'est pas.
    :param secret: empreinte SHA-256 de son secret, donnée par ``ent sso secret`` ; vide, client sans secret.
    :param presentation: comment il le présente, ``basic`` ou ``post``.
    :param algorithme: signature de ses jetons, ``RS256`` ou ``ES256``.
    :param portees: traitements qu'il peut demander à lire par l'API.
    :param prolonger: il peut demander à lire encore quand la personne est sortie.
    """

    retours: tuple[str, ...]
    retours_sortie: tuple[str, ...] = ()
    avis: str = ""
    secret: str = ""
    presentation: str = "basic"
    algorithme: str = "RS256"
    portees: tuple[str, ...] = ()
    prolonger: bool = False


class SamlFichier(Section, frozen=True, kw_only=True):
    """Options du protocole SAML 2.0.

    :param metadonnees: métadonnées que l'éditeur a remises (XML), entre triples apostrophes.
    :param demande_signee: n'admettre de lui que des demandes signées.
    :param persistant: lui donner un nom durable et propre à lui ; sinon, un nom différent à chaque fois.
    :param chiffree: chiffrer l'assertion pour lui.
    :param ouvrable: il s'ouvre aussi depuis « Mes services ».
    """

    metadonnees: str
    demande_signee: bool = True
    persistant: bool = False
    chiffree: bool = False
    ouvrable: bool = False


class ServiceFichier(Section, frozen=True, kw_only=True):
    """Un service tiers, section ``[services.<clé>]``.

    :param nom: nom montré aux personnes.
    :param adresse: début de ses adresses.
    :param profils: profils nationaux qui y entrent.
    :param finalite: but poursuivi, en une phrase.
    :param base: ``mission d'intérêt public``, ``obligation légale`` ou ``consentement``.
    :param destinataire: organisme qui reçoit les données.
    :param contact: à qui s'adresser chez lui.
    :param gabarit: ce qui lui est donné.
    :param attributs: parmi ceux du gabarit, les seuls donnés ; vide, tous.
    :param etablissements: codes UAI ; vide, toute l'académie.
    :param cas: options du protocole CAS, celui d'un service qui n'en dit pas d'autre.
    :param oidc: options du protocole OpenID Connect ; elles disent qu'il est le sien.
    :param saml: options du protocole SAML 2.0 ; elles disent qu'il est le sien.
    :param du: premier jour ; absent, depuis toujours.
    :param au: dernier jour, compris ; absent, sans fin.
    """

    nom: str
    adresse: str
    profils: tuple[Profil, ...]
    finalite: str
    destinataire: str
    base: BaseLegale = BaseLegale.MISSION_INTERET_PUBLIC
    contact: str = ""
    gabarit: str = "identifiant"
    attributs: tuple[str, ...] = ()
    etablissements: tuple[str, ...] = ()
    cas: CasFichier = msgspec.field(default_factory=CasFichier)
    oidc: OidcFichier | None = None
    saml: SamlFichier | None = None
    du: date | None = None
    au: date | None = None

    def __post_init__(self) -> None:
        if self.au == date.max:
            raise ValueError("« au » n'a pas de lendemain : l'omettre, pour un service sans fin")


def lire_services(declares: dict[str, ServiceFichier]) -> tuple[ServiceTiers, ...]:
    """Services du fichier, tels que le registre les tient.

    :param declares: sections ``[services.<clé>]``.
    :raises ValueError: une clé n'a pas la forme voulue.
    """
    for cle in declares:
        if not _CLE.fullmatch(cle):
            raise ValueError(f"« {cle} » : une clé de service a de 2 à 40 minuscules, chiffres ou tirets")
    return tuple(
        ServiceTiers(
            cle=cle,
            nom=s.nom,
            adresse=s.adresse,
            profils=frozenset(s.profils),
            finalite=s.finalite,
            base=s.base,
            destinataire=s.destinataire,
            contact=s.contact,
            gabarit=s.gabarit,
            attributs=s.attributs,
            etablissements=s.etablissements,
            options=_options(s),
            debut=s.du,
            fin=None if s.au is None else s.au + timedelta(days=1),
        )
        for cle, s in declares.items()
    )


def _options(declare: ServiceFichier) -> OptionsService:
    if declare.oidc is not None:
        return OptionsOidc(**msgspec.structs.asdict(declare.oidc))
    if declare.saml is not None:
        return OptionsSaml(**msgspec.structs.asdict(declare.saml))
    return OptionsCas(**msgspec.structs.asdict(declare.cas))
