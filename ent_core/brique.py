"""La façade : tout ce qu'une brique peut importer du noyau, et rien d'autre.

Le noyau ne l'emploie jamais. Un nom n'en part qu'avec une version majeure du contrat.
"""

from __future__ import annotations

from ent_core.chargement.commandes import OuvrirEcole, contexte_de_commande
from ent_core.chargement.sortie import ecrire_json, option_json
from ent_core.contrat.actes import ActeDit
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
from ent_core.contrat.fournisseurs import Fournisseur
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
from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.contrat.offres import DecompteScelle, DecomptesScelles, Demande
from ent_core.contrat.papier import ChampPapier, FormulairePapier, Source
from ent_core.contrat.prealables import Prealable
from ent_core.contrat.resultats import Anomalie, Bilan, Niveau, PieceExport
from ent_core.contrat.roles import Profil, Role
from ent_core.contrat.services import OptionsCas, OptionsOidc, OptionsSaml, Protocole, ServiceTiers
from ent_core.contrat.statistiques import Dimension, Rythme, Statistique, UniteComptee
from ent_core.contrat.taches import BaseDesTaches, Tache, TacheParEtablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, ParAnnee, Partitionnee, cle, donnee, neutre, vers_personne
from ent_core.donnees.liees import ANNEE, JOUR, UAI, instant_lie, liste_liee
from ent_core.donnees.session import lire
from ent_core.identite.autorite import QuiDecide, qui_decide
from ent_core.identite.courrier import Expediteur, Foyer, expediteur, foyers
from ent_core.identite.effectifs import inscrits_du_jour
from ent_core.identite.jalons import est_majeur, fins_d_annee, partis, personnels
from ent_core.identite.journal import COMMANDE, consigner
from ent_core.identite.lectures import (
    PersonneNommee,
    SeanceLue,
    Structure,
    divisions,
    eleves_inscrits,
    groupes,
    nommer,
    seance,
    seances_du_jour,
    seances_enseignees,
    structures_enseignees,
)
from ent_core.identite.parcours import (
    InscriptionLue,
    PeriodeLue,
    SeancePrevue,
    inscriptions,
    periodes,
    responsables,
    seances_de_l_eleve,
    seances_prevues,
    structures_suivies,
)
from ent_core.identite.telephones import TELEPHONES_AU_PLUS, Correspondant, telephones
from ent_core.messages.demande import (
    EnAttente,
    annuler_messages,
    messages_en_attente,
    prevenir,
    prevenir_familles,
    rectifier_messages,
)
from ent_core.papier.impression import imprimer, imprimer_lot
from ent_core.roles.perimetre import eleves, eleves_nommes, peut_atteindre
from ent_core.socle.calendrier import FUSEAU, Horloge, annee_scolaire
from ent_core.socle.dates import heure, jour_court, jour_long
from ent_core.socle.erreurs import (
    AccesRefuse,
    DocumentImpossible,
    DonneeInvalide,
    ErreurEnt,
    Introuvable,
    OperationRefusee,
)
from ent_core.vie_privee.droits.oppositions import limitees, opposee, opposees, opposees_et_limitees
from ent_core.vie_privee.droits.papier import Saisie
from ent_core.vie_privee.statistiques.publication import (
    LignePubliee,
    StatistiquePubliee,
    periodes_publiees,
    rendre_statistique,
)
from ent_core.web.droits import perimetre, peut, portee_de_lecture
from ent_core.web.offres import consulter
from ent_core.web.requete import contexte_courant, horloge_courante, portee_courante, session_courante
from ent_core.web.routes import ApiBrique, BlueprintBrique, exige, public
from ent_core.web.sortie import schema_de

__all__ = [
    "ANNEE",
    "COMMANDE",
    "CONTRAT",
    "FUSEAU",
    "JOUR",
    "TELEPHONES_AU_PLUS",
    "UAI",
    "Acces",
    "AccesRefuse",
    "ActeDit",
    "Anomalie",
    "ApiBrique",
    "AucuneDonnee",
    "Autorite",
    "Base",
    "BaseDesTaches",
    "BaseLegale",
    "Bilan",
    "BlueprintBrique",
    "BriqueActivee",
    "BriqueDesactivee",
    "CanalSms",
    "Categorie",
    "ChampPapier",
    "Cloisonne",
    "Cloisonnement",
    "Conservation",
    "Contexte",
    "Copie",
    "Correspondant",
    "DecompteScelle",
    "DecomptesScelles",
    "Demande",
    "Depart",
    "Depot",
    "Destinataire",
    "Dimension",
    "DocumentImpossible",
    "DonneeInvalide",
    "DonneeRectifiee",
    "Duree",
    "ElevesPartisDeDivision",
    "EnAttente",
    "EntreeMenu",
    "ErreurEnt",
    "EtatVignette",
    "Evenement",
    "Exemption",
    "Expediteur",
    "FinaliteEnt",
    "FormulairePapier",
    "Fournisseur",
    "Foyer",
    "Horloge",
    "InscriptionLue",
    "Introuvable",
    "Lien",
    "LignePubliee",
    "LigneVignette",
    "Manifeste",
    "NatureDepot",
    "Niveau",
    "OperationRefusee",
    "Opposition",
    "OptionsCas",
    "OptionsOidc",
    "OptionsSaml",
    "OuvrirEcole",
    "ParAnnee",
    "Partitionnee",
    "PeriodeLue",
    "Permission",
    "PersonneNommee",
    "PersonnesMisesEnSursis",
    "PieceExport",
    "Population",
    "Portee",
    "Prealable",
    "Profil",
    "Protocole",
    "QuiDecide",
    "Role",
    "Rythme",
    "Saisie",
    "SeanceLue",
    "SeancePrevue",
    "ServiceTiers",
    "Sort",
    "Source",
    "Statistique",
    "StatistiquePubliee",
    "Structure",
    "Sujet",
    "SujetDeMessage",
    "Tableau",
    "Tache",
    "TacheParEtablissement",
    "Texte",
    "Traitement",
    "UniteComptee",
    "Vignette",
    "Visa",
    "annee_scolaire",
    "annuler_messages",
    "cle",
    "commun",
    "consigner",
    "consulter",
    "contexte_courant",
    "contexte_de_commande",
    "divisions",
    "donnee",
    "ecrire_json",
    "eleves",
    "eleves_inscrits",
    "eleves_nommes",
    "est_majeur",
    "exige",
    "expediteur",
    "fins_d_annee",
    "foyers",
    "groupes",
    "heure",
    "horloge_courante",
    "implante",
    "imprimer",
    "imprimer_lot",
    "inscriptions",
    "inscrits_du_jour",
    "instant_lie",
    "jour_court",
    "jour_long",
    "limitees",
    "lire",
    "liste_liee",
    "messages_en_attente",
    "neutre",
    "nommer",
    "opposee",
    "opposees",
    "opposees_et_limitees",
    "option_json",
    "par_etablissement",
    "partis",
    "perimetre",
    "periodes",
    "periodes_publiees",
    "personnels",
    "peut",
    "peut_atteindre",
    "portee_courante",
    "portee_de_lecture",
    "prevenir",
    "prevenir_familles",
    "public",
    "qui_decide",
    "rectifier_messages",
    "rendre_statistique",
    "responsables",
    "schema_de",
    "seance",
    "seances_de_l_eleve",
    "seances_du_jour",
    "seances_enseignees",
    "seances_prevues",
    "session_courante",
    "structures_enseignees",
    "structures_suivies",
    "telephones",
    "vers_personne",
]
