"""Les services tiers : ce qu'un logiciel hors de l'ENT peut apprendre d'une personne, et à quel titre.

Une déclaration sert deux fois : elle ouvre le service, et elle est la ligne du registre qui dit ce qui sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, TypeVar

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil

__all__ = ["OptionsCas", "OptionsOidc", "OptionsSaml", "OptionsService", "Protocole", "ServiceTiers"]


class Protocole(StrEnum):
    """Par quoi un service reconnaît les personnes."""

    CAS = "cas"
    OIDC = "oidc"
    SAML = "saml"


@dataclass(frozen=True, slots=True)
class OptionsCas:
    """Ce qu'un service demande du protocole CAS.

    :param attributs_en_2: donner les attributs aussi par ``/serviceValidate`` (protocole 2.0).
    :param deconnexion: prévenir le service quand la personne quitte l'ENT.
    :param duree: secondes pendant lesquelles un ticket attend sa validation, de 10 à 60.
    """

    protocole: ClassVar[Protocole] = Protocole.CAS

    attributs_en_2: bool = False
    deconnexion: bool = True
    duree: int = 30


@dataclass(frozen=True, slots=True)
class OptionsOidc:
    """Ce qu'un service demande du protocole OpenID Connect ; son identifiant de client est la clé du service.

    :param retours: adresses de retour, comparées caractère par caractère.
    :param retours_sortie: adresses où la personne peut être renvoyée après être sortie.
    :param avis: adresse où le service est prévenu d'une sortie ; vide, il ne l'est pas.
    :param secret: empreinte SHA-256, en hexadécimal, du secret qu'il présente ; vide, client sans secret.
    :param presentation: comment il présente ce secret, ``basic`` ou ``post``.
    :param algorithme: signature de ses jetons, ``RS256`` ou ``ES256``.
    :param portees: traitements de l'ENT qu'il peut demander à lire par l'API ; la personne y consent.
    :param prolonger: il peut demander à lire encore quand la personne est sortie (``offline_access``).
    """

    protocole: ClassVar[Protocole] = Protocole.OIDC

    retours: tuple[str, ...] = ()
    retours_sortie: tuple[str, ...] = ()
    avis: str = ""
    secret: str = ""
    presentation: str = "basic"
    algorithme: str = "RS256"
    portees: tuple[str, ...] = ()
    prolonger: bool = False


@dataclass(frozen=True, slots=True)
class OptionsSaml:
    """Ce qu'un service demande du protocole SAML 2.0 ; ses adresses et ses certificats sont ses métadonnées.

    :param metadonnees: métadonnées que son éditeur a remises (XML) ; leur ``entityID`` désigne le service.
    :param demande_signee: n'admettre de lui que des demandes signées.
    :param persistant: lui donner un nom durable et propre à lui ; sinon, un nom différent à chaque fois.
    :param chiffree: chiffrer l'assertion pour lui, avec le certificat de ses métadonnées.
    :param ouvrable: il s'ouvre aussi depuis « Mes services », sans rien avoir demandé.
    """

    protocole: ClassVar[Protocole] = Protocole.SAML

    metadonnees: str = ""
    demande_signee: bool = True
    persistant: bool = False
    chiffree: bool = False
    ouvrable: bool = False


OptionsService = OptionsCas | OptionsOidc | OptionsSaml
"""Les options d'un service : leur type dit son protocole."""

Options = TypeVar("Options", OptionsCas, OptionsOidc, OptionsSaml)


@dataclass(frozen=True, slots=True)
class ServiceTiers:
    """Un service hors de l'ENT, où l'on entre par l'ENT.

    :param cle: identifiant, de 2 à 40 minuscules, chiffres ou tirets ; unique dans l'instance.
    :param nom: nom montré aux personnes.
    :param adresse: début de ses adresses : schéma, hôte, port, chemin. Rien d'autre n'est admis.
    :param profils: profils qui peuvent y entrer.
    :param finalite: but poursuivi, en une phrase.
    :param base: base légale.
    :param destinataire: organisme qui reçoit les données : éditeur, hébergeur.
    :param contact: à qui s'adresser au sujet de ces données.
    :param gabarit: ce qui lui est donné, par le nom d'un gabarit.
    :param attributs: parmi ceux du gabarit, les seuls donnés ; vide, tous.
    :param etablissements: codes UAI où il est ouvert ; vide, toute l'académie.
    :param options: options de son protocole, CAS si rien n'est dit.
    :param debut: premier jour ; absent, depuis toujours.
    :param fin: lendemain du dernier jour ; absent, sans fin.
    """

    cle: str
    nom: str
    adresse: str
    profils: frozenset[Profil]
    finalite: str
    base: BaseLegale
    destinataire: str
    contact: str = ""
    gabarit: str = "identifiant"
    attributs: tuple[str, ...] = ()
    etablissements: tuple[str, ...] = ()
    options: OptionsService = OptionsCas()
    debut: date | None = None
    fin: date | None = None

    @property
    def protocole(self) -> Protocole:
        """Par quoi il reconnaît les personnes."""
        return self.options.protocole

    def selon(self, sorte: type[Options]) -> Options:
        """Ses options, quand on sait déjà de quel protocole il est.

        :param sorte: type de ces options.
        :raises TypeError: il est d'un autre protocole.
        """
        if not isinstance(self.options, sorte):
            raise TypeError(f"le service « {self.cle} » est du protocole {self.protocole.value}")
        return self.options

    def ouvert_a(self, uai: str, profil: str, jour: date) -> bool:
        """Vrai si ce profil y entre, de cet établissement, ce jour.

        :param uai: établissement en vigueur.
        :param profil: profil en vigueur.
        :param jour: le jour.
        """
        return profil in self.profils and self.concerne(uai) and self.en_vigueur(jour)

    def concerne(self, uai: str) -> bool:
        """Vrai si le service est ouvert dans cet établissement.

        :param uai: établissement.
        """
        return not self.etablissements or uai in self.etablissements

    def en_vigueur(self, jour: date) -> bool:
        """Vrai entre ses deux dates.

        :param jour: le jour.
        """
        return (self.debut is None or self.debut <= jour) and (self.fin is None or jour < self.fin)
