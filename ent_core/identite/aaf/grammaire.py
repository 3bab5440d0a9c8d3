"""Le vocabulaire d'une livraison AAF : catégories, opérations, noms d'attributs.

Source : la DTD ``ficAlimMENESR.dtd`` et l'annexe 4 bis du schéma directeur des ENT.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "ATTRIBUTS_CONNUS",
    "CATEGORIES_DES_FICHIERS",
    "ELEMENTS_ATTENDUS",
    "JOINTURES",
    "OPERATIONS",
    "RACINE",
    "Categorie",
    "Nature",
    "Operation",
]

RACINE = "ficAlimMENESR"


class Nature(StrEnum):
    """Ce que vaut la livraison : tout l'état du projet, ou ce qui a changé."""

    COMPLET = "complet"
    DELTA = "delta"


class Categorie(StrEnum):
    """Catégorie d'une fiche : la valeur de ``operationalAttributes``, dans l'ordre de traitement."""

    ETABLISSEMENT = "EtabEducNat"
    MATIERE = "MatEducNat"
    MEF = "MefEducNat"
    ELEVE = "Eleve"
    RESPONSABLE = "PersRelEleve"
    AGENT = "PersEducNat"


class Operation(StrEnum):
    """Ce que la fiche demande."""

    AJOUT = "ajout"
    MODIFICATION = "modification"
    SUPPRESSION = "suppression"


# Le nom de fichier dit « MatiereEducNat » là où la fiche dit « MatEducNat ».
CATEGORIES_DES_FICHIERS: Mapping[str, Categorie] = MappingProxyType(
    {("MatiereEducNat" if c is Categorie.MATIERE else c.value): c for c in Categorie}
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "addRequest": Operation.AJOUT,
        "modifyRequest": Operation.MODIFICATION,
        "deleteRequest": Operation.SUPPRESSION,
    }
)

ELEMENTS_ATTENDUS: Mapping[Operation, list[str]] = MappingProxyType(
    {
        Operation.AJOUT: ["operationalAttributes", "identifier", "attributes"],
        Operation.MODIFICATION: ["operationalAttributes", "identifier", "modifications"],
        Operation.SUPPRESSION: ["operationalAttributes", "identifier"],
    }
)

# L'attribut qui répète la clé de la fiche.
JOINTURES: Mapping[Categorie, str] = MappingProxyType(
    {
        Categorie.ETABLISSEMENT: "ENTStructureJointure",
        Categorie.MATIERE: "ENTMatJointure",
        Categorie.MEF: "ENTMefJointure",
        Categorie.ELEVE: "ENTPersonJointure",
        Categorie.RESPONSABLE: "ENTPersonJointure",
        Categorie.AGENT: "ENTPersonJointure",
    }
)

_STRUCTURES = """
    ENTStructureJointure ENTStructureUAI ENTEtablissementUAI ENTStructureSIREN ENTStructureNomCourant
    ENTStructureTypeStruct ENTStructureCodeTypeStruct ENTEtablissementMinistereTutelle
    ENTEtablissementCodeMinistereTutelle ENTEtablissementContrat postOfficeBox street postalCode l
    telephoneNumber facsimileTelephoneNumber ENTStructureMailSI ENTEtablissementStructRattachFctl
    ENTEtablissementBassin ENTServAcAcademie ENTServAcCodeAcademie ENTStructureClasses ENTStructureGroupes
    ENTStructureAdresse ENTStructureBoitePostale ENTStructureCodePostal ENTStructureVille
    ENTStructureTelephone ENTStructureFax ENTStructureEmail ENTEcoleMinistereTutelle
    ENTEcoleCirconscription ENTEcoleCommune ENTEcoleRPI ENTEcoleSecteur
"""
_PERSONNES = """
    ENTPersonJointure ENTPersonDateNaissance ENTPersonNomPatro sn givenName ENTPersonAutresPrenoms
    personalTitle ENTPersonAdresse ENTPersonCodePostal ENTPersonVille ENTPersonPays ENTPersonStructRattach
    homePhone telephoneNumber mobile mail ENTPersonMobileSMS ENTPersonAdresseDiffusion ENTPersonNom
    ENTPersonPrenom ENTPersonCivilite ENTPersonMail ENTPersonTelPerso ENTPersonClasses ENTPersonGroupes
    ENTPersonSTSId
"""
_ELEVES = """
    ENTEleveINE ENTEleveStructRattachId ENTElevePersRelEleve ENTEleveBoursier ENTEleveTransport
    ENTEleveRegime ENTEleveAdresseRel ENTEleveStatutEleve ENTEleveMEF ENTEleveLibelleMEF
    ENTEleveNivFormation ENTEleveFiliere ENTEleveEnseignements ENTEleveCodeEnseignements ENTEleveClasses
    ENTEleveGroupes ENTEleveDateEntreeClasses ENTEleveDateSortieClasses ENTEleveDateEntreeStructRattach
    ENTEleveDateSortieStructRattach ENTEleveStructureRattachIdMEN
    ENTEleveEnseignementsEtablissementsAccueil ENTEleveParents ENTElevePere ENTEleveMere
    ENTEleveAutoriteParentale ENTElevePersRelEleve1 ENTElevePersRelEleve2 ENTEleveQualitePersRelEleve1
    ENTEleveQualitePersRelEleve2 ENTEleveNiveau ENTEleveCycle ENTEleveTypeClasse
    ENTEleveRestaurantScolaire ENTEleveGarderieMatin ENTEleveGarderieSoir ENTEleveEtudesSurveillees
"""
_RESPONSABLES = """
    ENTAuxPersRelEleveEleve ENTPersRelEleveEleve ENTPersRelEleveTelPro ENTPersRelEleveTelMobile
"""
_AGENTS = """
    ENTPersonFonctions ENTAuxEnsCategoDiscipline ENTAuxEnsDisciplinesPoste ENTAuxEnsMEF
    ENTAuxEnsMatiereEnseignEtab ENTAuxEnsClasses ENTAuxEnsGroupes ENTAuxEnsClassesMatieres
    ENTAuxEnsGroupesMatieres ENTAuxEnsClassesPrincipal PersEducNatPresenceDevantEleves
    ENTPersonCategorieEnseignant ENTPersonFonctionsDate ENTAuxEnsClassesMatieresDate
    ENTAuxEnsGroupesMatieresDate ENTAuxEnsClassesPrincipalDate ENTEnsFonctionDir ENTEnsSpecialites
"""
_NOMENCLATURES = """
    ENTMefJointure ENTLibelleMef ENTMEFRattach ENTMEFSTAT11 ENTMatJointure ENTLibelleMatiere
    ENTMatiereRattach
"""

# Tout autre nom est accepté, et compté : de nouveaux attributs paraissent chaque rentrée.
ATTRIBUTS_CONNUS: frozenset[str] = frozenset(
    (_STRUCTURES + _PERSONNES + _ELEVES + _RESPONSABLES + _AGENTS + _NOMENCLATURES).split()
)
