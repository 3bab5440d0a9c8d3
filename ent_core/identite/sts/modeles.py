"""Ce qu'un fichier STS dit d'un établissement : agents, structures, services, emploi du temps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

__all__ = [
    "Alternance",
    "AnomalieSts",
    "CoursSts",
    "DivisionSts",
    "Etablissement",
    "FichierSts",
    "GroupeSts",
    "Individu",
    "Nature",
    "ProfesseurPrincipal",
    "ReferenceAgent",
    "ServiceSts",
    "TypeStructure",
]


class Nature(StrEnum):
    """Les deux sens de l'échange, reconnus à la racine du document."""

    STRUCTURES = "STS_EDT"  # de STS vers l'emploi du temps : sts_emp_<UAI>_<année>.xml
    EMPLOI_DU_TEMPS = "EDT_STS"  # de l'emploi du temps vers STS : emp_sts_<UAI>_<année>.xml


class TypeStructure(StrEnum):
    """Une division et un groupe peuvent porter le même code."""

    DIVISION = "D"
    GROUPE = "G"


@dataclass(frozen=True, slots=True)
class Etablissement:
    """L'établissement et l'année (la première année civile) du fichier."""

    uai: str
    annee: int


@dataclass(frozen=True, slots=True, order=True)
class ReferenceAgent:
    """La clé d'un agent dans STS : un identifiant n'est unique qu'avec son type (epp, local, dir, eppsup)."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class ProfesseurPrincipal:
    """Une division dont l'agent est professeur principal, de ``debut`` à ``fin`` inclus s'ils sont donnés."""

    structure: str
    debut: date | None = None
    fin: date | None = None


@dataclass(frozen=True, slots=True)
class Individu:
    """Un agent, ou un suppléant.

    :param nom: nom d'usage, à défaut nom de naissance.
    :param nom_naissance: nom patronymique ; avec la date de naissance, il sert au rapprochement.
    :param fonction: ENS, DIR, DOC, EDU… ; vide s'il manque.
    """

    id: str
    type: str
    nom: str
    prenom: str
    fonction: str = ""
    profs_princ: tuple[ProfesseurPrincipal, ...] = ()
    nom_naissance: str = ""
    date_naissance: date | None = None

    @property
    def reference(self) -> ReferenceAgent:
        """Sa clé."""
        return ReferenceAgent(self.type, self.id)


@dataclass(frozen=True, slots=True)
class DivisionSts:
    """Une division ; ``mefs`` donne ses codes MEF."""

    code: str
    libelle: str = ""
    mefs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupeSts:
    """Un groupe et les divisions dont viennent ses élèves."""

    code: str
    libelle: str = ""
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceSts:
    """Une matière enseignée à une structure.

    :param inconnus: enseignants cités que le fichier ne décrit pas (congé, départ) ; le service est gardé.
    """

    structure: str
    type_structure: TypeStructure
    matiere: str
    modalite: str
    enseignants: tuple[ReferenceAgent, ...] = ()
    inconnus: tuple[ReferenceAgent, ...] = ()


@dataclass(frozen=True, slots=True)
class CoursSts:
    """Un cours répété chaque semaine de son alternance.

    :param jour: 1 pour lundi, 7 pour dimanche.
    :param salle: code de la salle ; vide si le fichier ne le dit pas.
    """

    structure: str
    type_structure: TypeStructure
    matiere: str
    modalite: str
    enseignants: tuple[ReferenceAgent, ...]
    alternance: str
    jour: int
    debut: time
    duree: timedelta
    salle: str = ""


@dataclass(frozen=True, slots=True)
class Alternance:
    """Un rythme (toutes les semaines, quinzaine A…) ; ``lundis`` est trié et sans répétition."""

    code: str
    libelle: str
    lundis: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class AnomalieSts:
    """Un élément mis de côté, ou gardé malgré un défaut.

    :param code: code stable, par exemple ``horaire_invalide``.
    :param ligne: ligne du fichier.
    :param motif: ce qui ne va pas ; ne cite que des codes, jamais un nom.
    """

    code: str
    ligne: int
    motif: str


@dataclass(frozen=True, slots=True)
class FichierSts:
    """Tout ce qui a été lu.

    :param etablissement: ``None`` quand le fichier ne dit pas de quel établissement ou année il parle.
    :param alternances: par code.
    """

    nature: Nature
    etablissement: Etablissement | None
    individus: tuple[Individu, ...]
    divisions: tuple[DivisionSts, ...]
    groupes: tuple[GroupeSts, ...]
    services: tuple[ServiceSts, ...]
    cours: tuple[CoursSts, ...]
    alternances: Mapping[str, Alternance]
    anomalies: tuple[AnomalieSts, ...]
