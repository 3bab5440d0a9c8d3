"""Le format du GAR : espaces de noms, genres de fichiers, noms, longueurs (schémas GAR-ENT 1.7 et 1D 1.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ent_core.contrat.roles import Profil
from ent_core.socle.calendrier import FUSEAU

__all__ = [
    "LONGUEURS", "MARQUE_ARCHIVE", "NOEUDS_MAX", "NOM_DE_FICHIER", "PROFILS", "PROFIL_ELEVE", "FluxGar",
    "GenreGar", "NomPaquet", "ordre_de", "profil_du_gar",
]  # fmt: skip

NOEUDS_MAX = 10_000
"""Nœuds d'un fichier au plus ; au-delà, le fichier suivant."""


class FluxGar(StrEnum):
    """Les deux flux : second degré, premier degré."""

    SECOND = "2D"
    PREMIER = "1D"

    @property
    def espace(self) -> str:
        """Espace de noms du flux."""
        return "http://data.education.fr/ns/gar" + ("/1d" if self is FluxGar.PREMIER else "")

    @property
    def schema(self) -> str:
        """Nom du schéma que l'en-tête cite."""
        return "GAR-ENT-1D.xsd" if self is FluxGar.PREMIER else "GAR-ENT.xsd"


class GenreGar(StrEnum):
    """Genres de fichiers, tels que leur nom les porte."""

    ELEVE = "Eleve"
    ENSEIGNANT = "Enseignant"
    ETABLISSEMENT = "Etab"
    GROUPE = "Groupe"
    RESP_AFF = "RespAff"


_ORDRES: Mapping[GenreGar, tuple[str, ...]] = MappingProxyType(
    {
        GenreGar.ELEVE: ("GAREleve", "GARPersonMEF", "GAREleveEnseignement"),
        GenreGar.ENSEIGNANT: ("GAREnseignant", "GARPersonMEF"),
        GenreGar.ETABLISSEMENT: ("GAREtab", "GARMEF", "GARMatiere"),
        GenreGar.GROUPE: ("GARGroupe", "GARPersonGroupe", "GAREnsGroupeMatiere", "GAREnsClasseMatiere"),
        GenreGar.RESP_AFF: ("GARRespAff",),
    }
)
_ORDRES_1D: Mapping[GenreGar, tuple[str, ...]] = MappingProxyType(
    {
        GenreGar.ELEVE: ("GAREleve", "GARPersonMEFSTAT4"),
        GenreGar.ENSEIGNANT: ("GAREnseignant", "GARPersonMEFSTAT4"),
        GenreGar.ETABLISSEMENT: ("GAREtab",),
        GenreGar.GROUPE: ("GARGroupe", "GARPersonGroupe"),
        GenreGar.RESP_AFF: ("GARRespAff",),
    }
)


def ordre_de(degre: FluxGar, genre: GenreGar) -> tuple[str, ...]:
    """Les nœuds qu'un fichier admet, dans l'ordre que le schéma impose.

    :param degre: flux.
    :param genre: genre de fichier.
    """
    return (_ORDRES_1D if degre is FluxGar.PREMIER else _ORDRES)[genre]


LONGUEURS: Mapping[str, int] = MappingProxyType(
    {
        "GARPersonIdentifiant": 64,
        "GARStructureUAI": 45,
        "GARPersonNomPatro": 500,
        "GARPersonNom": 500,
        "GARPersonPrenom": 500,
        "GARPersonAutresPrenoms": 500,
        "GARPersonCivilite": 30,
        "GARPersonMail": 255,
        "GARPersonProfil": 31,
        "GARPersonStructRattach": 45,
        "GARPersonEtab": 45,
        "GARRespAffEtab": 45,
        "GARStructureNomCourant": 500,
        "GARStructureContrat": 45,
        "GARStructureTelephone": 20,
        "GARStructureEmail": 255,
        "GARMEFCode": 255,
        "GARMEFLibelle": 255,
        "GARMEFRattach": 255,
        "GARMEFSTAT11": 255,
        "GARMEFSTAT4Code": 4,
        "GARMatiereCode": 255,
        "GARMatiereLibelle": 255,
        "GARGroupeCode": 255,
        "GARGroupeLibelle": 255,
        "GARGroupeStatut": 31,
        "GARGroupeDivAppartenance": 255,
    }
)
"""Caractères au plus, par élément (schémas)."""

# Dans l'ordre où un titre l'emporte : d'abord qui ouvre des ressources devant des élèves.
PROFILS: Mapping[str, str] = MappingProxyType(
    {
        Profil.DOCUMENTALISTE: "National_doc",
        Profil.ENSEIGNANT: "National_ens",
        Profil.DIRECTION: "National_dir",
        Profil.VIE_SCOLAIRE: "National_evs",
        Profil.ADMINISTRATIF: "National_eta",
        Profil.COLLECTIVITE: "National_col",
    }
)
"""Profil national d'un personnel → profil du GAR, en casse du GAR (SDET-INT-03)."""

PROFIL_ELEVE = "National_elv"
_DOCUMENTATION = frozenset({"DOC", "CIO", "DCT"})


def profil_du_gar(titres: frozenset[tuple[str, str | None]]) -> str | None:
    """Le profil d'un personnel dans un établissement ; ``None`` s'il n'y en a pas que le GAR connaisse.

    :param titres: profils nationaux et fonctions qu'il y a.
    """
    profils = {profil for profil, _ in titres}
    if any(fonction in _DOCUMENTATION for _, fonction in titres):
        profils.add(Profil.DOCUMENTALISTE.value)
    return next((du_gar for profil, du_gar in PROFILS.items() if profil in profils), None)


MARQUE_ARCHIVE = "_GAR-ENT_Complet_"
"""Ce qui sépare, dans un nom, l'identifiant de l'ENT de l'instant de l'envoi."""

NOM_DE_FICHIER = re.compile(
    r"(?P<ent>[A-Za-z0-9-]{1,32})_GAR-ENT_Complet_(?P<instant>[0-9]{8}_[0-9]{6})_(?P<degre>2D|1D)_"
    r"(?P<genre>Eleve|Enseignant|Etab|Groupe|RespAff)_(?P<numero>[0-9]{4})\.xml"
)


@dataclass(frozen=True, slots=True)
class NomPaquet:
    """Le nom que portent une archive et ses fichiers.

    :param ent: identifiant de l'ENT auprès du GAR.
    :param instant: instant de l'export ; les noms l'écrivent à l'heure de Paris.
    """

    ent: str
    instant: datetime
    degre: FluxGar

    @property
    def racine(self) -> str:
        """Début commun de tous les noms, sans le degré."""
        return f"{self.ent}{MARQUE_ARCHIVE}{self.instant.astimezone(FUSEAU):%Y%m%d_%H%M%S}"

    @property
    def archive(self) -> str:
        """Nom de l'archive."""
        return f"{self.racine}_{self.degre}.tar.gz"

    @property
    def empreinte(self) -> str:
        """Nom du fichier qui porte l'empreinte de l'archive."""
        return f"{self.racine}_{self.degre}.md5"

    @property
    def releve(self) -> str:
        """Nom du relevé des anomalies, qui ne quitte pas l'ENT."""
        return f"{self.racine}_anomalies.csv"

    def fichier(self, genre: GenreGar, numero: int) -> str:
        """Nom d'un fichier de l'archive.

        :param genre: genre de fichier.
        :param numero: rang dans son genre, à partir de 0.
        """
        return f"{self.racine}_{self.degre}_{genre}_{numero:04d}.xml"
