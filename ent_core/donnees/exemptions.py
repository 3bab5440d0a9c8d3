"""Les dérogations du noyau : pourquoi telle colonne libre n'est pas une donnée personnelle.

Chacune est signée une fois et s'emploie là où son motif est vrai. Une brique signe les siennes.
"""

from __future__ import annotations

from datetime import date

from ent_core.contrat.donnees import Exemption

__all__ = ["CODE", "EMPREINTE", "FICHIER", "MESSAGE", "NOMBRES", "NOMENCLATURE", "PUBLIC"]

_PAR = "mainteneurs du noyau"
_LE = date(2026, 11, 22)

CODE = Exemption("valeur d'une liste fermée, écrite par le programme et jamais saisie", _PAR, _LE)
EMPREINTE = Exemption("empreinte irréversible, de longueur fixe", _PAR, _LE)
FICHIER = Exemption("nom d'un fichier reçu d'un système d'information, cité pour le retrouver", _PAR, _LE)
MESSAGE = Exemption("phrase composée par le programme, où aucune valeur de fiche n'entre", _PAR, _LE)
NOMBRES = Exemption("codes et nombres posés par le programme, sans texte saisi", _PAR, _LE)
NOMENCLATURE = Exemption("nom ou code d'une structure, d'une salle ou d'une nomenclature", _PAR, _LE)
PUBLIC = Exemption("coordonnées publiques d'un établissement, non d'une personne", _PAR, _LE)
