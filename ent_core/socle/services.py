"""Les services tiers déclarés par le fichier de configuration."""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsCas, Protocole, ServiceTiers
from ent_core.socle.section import Section

__all__ = ["CasFichier", "Federation", "ServiceFichier", "lire_services"]

_CLE = re.compile(r"[a-z][a-z0-9-]{1,39}")


class Federation(Section, frozen=True, kw_only=True):
    """Ce qui vaut pour tous les échanges avec des partenaires.

    :param hotes_permis: hôtes que l'ENT peut joindre à une adresse privée, et sans https.
    """

    hotes_permis: tuple[str, ...] = ()

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
    :param cas: options du protocole CAS.
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
            protocole=Protocole.CAS,
            cas=OptionsCas(s.cas.attributs_en_2, s.cas.deconnexion, s.cas.duree),
            debut=s.du,
            fin=None if s.au is None else s.au + timedelta(days=1),
        )
        for cle, s in declares.items()
    )
