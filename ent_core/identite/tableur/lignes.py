"""Les lignes lues et sûres, une forme par genre de liste ; le rapprochement avec l'annuaire vient après."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["EnfantCite", "LigneEleve", "LigneLue", "LignePersonnel", "LigneResponsable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LigneEleve:
    """Un élève. Un texte absent est vide ; ``ligne`` est le numéro dans le fichier."""

    ligne: int
    nom: str
    prenom: str
    date_naissance: date
    identifiant_externe: str = ""
    ine: str = ""
    nom_usage: str = ""
    sexe: str = ""
    niveau: str = ""
    division: str = ""
    groupes: tuple[str, ...] = ()
    regime: str = ""
    courriel: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnfantCite:
    """Un enfant tel que la fiche d'un responsable le désigne : par identifiant, ou par nom et prénom."""

    identifiant: str = ""
    nom: str = ""
    nom_usage: str = ""
    prenom: str = ""
    date_naissance: date | None = None
    division: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LigneResponsable:
    """Un responsable et ses enfants. ``responsable_legal`` vaut ``None`` quand le fichier ne le dit pas."""

    ligne: int
    nom: str
    prenom: str
    enfants: tuple[EnfantCite, ...]
    identifiant_externe: str = ""
    civilite: str = ""
    nom_usage: str = ""
    courriel: str = ""
    telephone: str = ""
    lien: str = ""
    responsable_legal: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LignePersonnel:
    """Un personnel. ``directeur`` vaut ``None`` quand le fichier ne le dit pas."""

    ligne: int
    nom: str
    prenom: str
    identifiant_externe: str = ""
    civilite: str = ""
    nom_usage: str = ""
    date_naissance: date | None = None
    courriel: str = ""
    telephone: str = ""
    fonction: str = ""
    directeur: bool | None = None
    matieres: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()


LigneLue = LigneEleve | LigneResponsable | LignePersonnel
