"""Tables de l'identité."""

from ent_core.identite.modeles.comptes import Compte, SessionWeb, Tentative
from ent_core.identite.modeles.enseignement import Creneau, CreneauEnseignant, ProfesseurPrincipal, Service
from ent_core.identite.modeles.facteurs import AccesSupport, CodeSecours, Defi, ExigenceFacteur, Facteur
from ent_core.identite.modeles.federation import EntreeEnAttente, JetonVu, LienIdentite, SessionFederee
from ent_core.identite.modeles.imports import (
    ImportFichier,
    ImportGeste,
    ImportLot,
    ImportRejet,
    ImportTampon,
)
from ent_core.identite.modeles.journal import ActeJournal
from ent_core.identite.modeles.liens import Inscription, Rattachement, Responsabilite, Restriction, Scolarite
from ent_core.identite.modeles.liens_personnels import LienPersonnel
from ent_core.identite.modeles.personnes import Identifiant, Personne
from ent_core.identite.modeles.protection import AdresseVerifiee, AvisAppareil, LienSecret, SuspensionProfil
from ent_core.identite.modeles.securisation import CodesParResponsables, CompteASecuriser, Securisation
from ent_core.identite.modeles.structures import (
    AnneeScolaire,
    Division,
    Etablissement,
    Groupe,
    GroupeDivision,
    Matiere,
    Mef,
    Periode,
)

__all__ = [
    "AccesSupport",
    "ActeJournal",
    "AdresseVerifiee",
    "AnneeScolaire",
    "AvisAppareil",
    "CodeSecours",
    "CodesParResponsables",
    "Compte",
    "CompteASecuriser",
    "Creneau",
    "CreneauEnseignant",
    "Defi",
    "Division",
    "EntreeEnAttente",
    "Etablissement",
    "ExigenceFacteur",
    "Facteur",
    "Groupe",
    "GroupeDivision",
    "Identifiant",
    "ImportFichier",
    "ImportGeste",
    "ImportLot",
    "ImportRejet",
    "ImportTampon",
    "Inscription",
    "JetonVu",
    "LienIdentite",
    "LienPersonnel",
    "LienSecret",
    "Matiere",
    "Mef",
    "Periode",
    "Personne",
    "ProfesseurPrincipal",
    "Rattachement",
    "Responsabilite",
    "Restriction",
    "Scolarite",
    "Securisation",
    "Service",
    "SessionFederee",
    "SessionWeb",
    "SuspensionProfil",
    "Tentative",
]
