"""La façade : tout ce qu'une brique peut importer du noyau, et rien d'autre.

Le noyau ne l'emploie jamais. Un nom n'en part qu'avec une version majeure du contrat.
"""

from __future__ import annotations

from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import (
    Acces,
    AucuneDonnee,
    BaseLegale,
    Categorie,
    Cloisonnement,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Opposition,
    Population,
    Sort,
    Sujet,
    Traitement,
    commun,
    par_etablissement,
)
from ent_core.contrat.evenements import (
    BriqueActivee,
    BriqueDesactivee,
    ElevePartiDeDivision,
    Evenement,
    PersonneMiseEnSursis,
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
from ent_core.contrat.resultats import Anomalie, Bilan, Niveau, PieceExport
from ent_core.contrat.roles import Profil, Role
from ent_core.contrat.taches import Tache
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, ParAnnee, cle, donnee, neutre, vers_personne
from ent_core.roles.perimetre import eleves, peut_atteindre
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.erreurs import (
    AccesRefuse,
    DonneeInvalide,
    ErreurEnt,
    Introuvable,
    OperationRefusee,
)
from ent_core.web.droits import peut
from ent_core.web.requete import contexte_courant, horloge_courante, portee_courante, session_courante
from ent_core.web.routes import ApiBrique, BlueprintBrique, exige, public

__all__ = [
    "CONTRAT",
    "Acces",
    "AccesRefuse",
    "Anomalie",
    "ApiBrique",
    "AucuneDonnee",
    "Base",
    "BaseLegale",
    "Bilan",
    "BlueprintBrique",
    "BriqueActivee",
    "BriqueDesactivee",
    "Categorie",
    "Cloisonne",
    "Cloisonnement",
    "Conservation",
    "Contexte",
    "Depart",
    "Destinataire",
    "DonneeInvalide",
    "Duree",
    "ElevePartiDeDivision",
    "EntreeMenu",
    "ErreurEnt",
    "EtatVignette",
    "Evenement",
    "FinaliteEnt",
    "Horloge",
    "Introuvable",
    "LigneVignette",
    "Manifeste",
    "Niveau",
    "OperationRefusee",
    "Opposition",
    "ParAnnee",
    "Permission",
    "PersonneMiseEnSursis",
    "PieceExport",
    "Population",
    "Portee",
    "Profil",
    "Role",
    "Sort",
    "Sujet",
    "Tache",
    "Traitement",
    "Vignette",
    "annee_scolaire",
    "cle",
    "commun",
    "contexte_courant",
    "donnee",
    "eleves",
    "exige",
    "horloge_courante",
    "implante",
    "neutre",
    "par_etablissement",
    "peut",
    "peut_atteindre",
    "portee_courante",
    "public",
    "session_courante",
    "vers_personne",
]
