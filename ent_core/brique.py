"""La façade : tout ce qu'une brique peut importer du noyau, et rien d'autre.

Le noyau ne l'emploie jamais. Un nom n'en part qu'avec une version majeure du contrat.
"""

from __future__ import annotations

from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import (
    Acces,
    AucuneDonnee,
    Autorite,
    BaseLegale,
    Categorie,
    Cloisonnement,
    Conservation,
    Copie,
    Depart,
    Depot,
    Destinataire,
    Duree,
    Exemption,
    FinaliteEnt,
    Lien,
    NatureDepot,
    Opposition,
    Population,
    Sort,
    Sujet,
    Tableau,
    Texte,
    Traitement,
    Visa,
    commun,
    par_etablissement,
)
from ent_core.contrat.evenements import (
    BriqueActivee,
    BriqueDesactivee,
    DonneeRectifiee,
    ElevesPartisDeDivision,
    Evenement,
    PersonnesMisesEnSursis,
)
from ent_core.contrat.interface import (
    Contexte,
    EntreeMenu,
    EtatVignette,
    LigneVignette,
    Permission,
    Portee,
    Vignette,
)
from ent_core.contrat.manifeste import CONTRAT, Manifeste
from ent_core.contrat.papier import ChampPapier, FormulairePapier, Source
from ent_core.contrat.resultats import Anomalie, Bilan, Niveau, PieceExport
from ent_core.contrat.roles import Profil, Role
from ent_core.contrat.statistiques import Dimension, Rythme, Statistique, UniteComptee
from ent_core.contrat.taches import Tache
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, ParAnnee, Partitionnee, cle, donnee, neutre, vers_personne
from ent_core.identite.lectures import (
    PersonneNommee,
    SeanceLue,
    Structure,
    divisions,
    eleves_inscrits,
    groupes,
    nommer,
    seance,
    seances_enseignees,
    structures_enseignees,
)
from ent_core.roles.perimetre import eleves, peut_atteindre
from ent_core.socle.calendrier import FUSEAU, Horloge, annee_scolaire
from ent_core.socle.erreurs import (
    AccesRefuse,
    DonneeInvalide,
    ErreurEnt,
    Introuvable,
    OperationRefusee,
)
from ent_core.vie_privee.droits.oppositions import limitees, opposee, opposees
from ent_core.vie_privee.droits.papier import Saisie
from ent_core.vie_privee.statistiques.publication import (
    LignePubliee,
    StatistiquePubliee,
    periodes_publiees,
    rendre_statistique,
)
from ent_core.web.droits import peut
from ent_core.web.requete import contexte_courant, horloge_courante, portee_courante, session_courante
from ent_core.web.routes import ApiBrique, BlueprintBrique, exige, public
from ent_core.web.sortie import schema_de

__all__ = [
    "CONTRAT",
    "FUSEAU",
    "Acces",
    "AccesRefuse",
    "Anomalie",
    "ApiBrique",
    "AucuneDonnee",
    "Autorite",
    "Base",
    "BaseLegale",
    "Bilan",
    "BlueprintBrique",
    "BriqueActivee",
    "BriqueDesactivee",
    "Categorie",
    "ChampPapier",
    "Cloisonne",
    "Cloisonnement",
    "Conservation",
    "Contexte",
    "Copie",
    "Depart",
    "Depot",
    "Destinataire",
    "Dimension",
    "DonneeInvalide",
    "DonneeRectifiee",
    "Duree",
    "ElevesPartisDeDivision",
    "EntreeMenu",
    "ErreurEnt",
    "EtatVignette",
    "Evenement",
    "Exemption",
    "FinaliteEnt",
    "FormulairePapier",
    "Horloge",
    "Introuvable",
    "Lien",
    "LignePubliee",
    "LigneVignette",
    "Manifeste",
    "NatureDepot",
    "Niveau",
    "OperationRefusee",
    "Opposition",
    "ParAnnee",
    "Partitionnee",
    "Permission",
    "PersonneNommee",
    "PersonnesMisesEnSursis",
    "PieceExport",
    "Population",
    "Portee",
    "Profil",
    "Role",
    "Rythme",
    "Saisie",
    "SeanceLue",
    "Sort",
    "Source",
    "Statistique",
    "StatistiquePubliee",
    "Structure",
    "Sujet",
    "Tableau",
    "Tache",
    "Texte",
    "Traitement",
    "UniteComptee",
    "Vignette",
    "Visa",
    "annee_scolaire",
    "cle",
    "commun",
    "contexte_courant",
    "divisions",
    "donnee",
    "eleves",
    "eleves_inscrits",
    "exige",
    "groupes",
    "horloge_courante",
    "implante",
    "limitees",
    "neutre",
    "nommer",
    "opposee",
    "opposees",
    "par_etablissement",
    "periodes_publiees",
    "peut",
    "peut_atteindre",
    "portee_courante",
    "public",
    "rendre_statistique",
    "schema_de",
    "seance",
    "seances_enseignees",
    "session_courante",
    "structures_enseignees",
    "vers_personne",
]
