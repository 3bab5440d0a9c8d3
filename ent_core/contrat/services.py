"""Les services tiers : ce qu'un logiciel hors de l'ENT peut apprendre d'une personne, et à quel titre.

Une déclaration sert deux fois : elle ouvre le service, et elle est la ligne du registre qui dit ce qui sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil

__all__ = ["OptionsCas", "Protocole", "ServiceTiers"]


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

    attributs_en_2: bool = False
    deconnexion: bool = True
    duree: int = 30


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
    :param protocole: par quoi il reconnaît les personnes.
    :param cas: options du protocole CAS.
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
    protocole: Protocole = Protocole.CAS
    cas: OptionsCas = OptionsCas()
    debut: date | None = None
    fin: date | None = None

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
