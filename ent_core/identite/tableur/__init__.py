"""Importer des personnes depuis un tableau (CSV, XLSX, ODS), pour les écoles sans annuaire fédérateur.

Quatre temps, sans base : :func:`lire_tableau`, :func:`proposer_correspondance`, :func:`valider`,
puis :func:`ecrire_rapport` pour rendre à la personne son fichier avec ce qu'il faut corriger.
"""

from __future__ import annotations

from ent_core.identite.tableur.champs import CHAMPS, Champ, Genre
from ent_core.identite.tableur.correspondance import Affectation, Correspondance, proposer_correspondance
from ent_core.identite.tableur.doublons import Doublon
from ent_core.identite.tableur.lecture import lire_tableau
from ent_core.identite.tableur.lignes import (
    EnfantCite,
    LigneEleve,
    LigneLue,
    LignePersonnel,
    LigneResponsable,
)
from ent_core.identite.tableur.modeles import Avertissement, ErreurLigne, Format, Ligne, Tableau
from ent_core.identite.tableur.rapport import COLONNE_ERREUR, ecrire_rapport, modele_vierge
from ent_core.identite.tableur.validation import ResultatLecture, valider

__all__ = [
    "CHAMPS",
    "COLONNE_ERREUR",
    "Affectation",
    "Avertissement",
    "Champ",
    "Correspondance",
    "Doublon",
    "EnfantCite",
    "ErreurLigne",
    "Format",
    "Genre",
    "Ligne",
    "LigneEleve",
    "LigneLue",
    "LignePersonnel",
    "LigneResponsable",
    "ResultatLecture",
    "Tableau",
    "ecrire_rapport",
    "lire_tableau",
    "modele_vierge",
    "proposer_correspondance",
    "valider",
]
