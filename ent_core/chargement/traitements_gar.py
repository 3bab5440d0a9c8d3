"""Ce que l'ENT transmet au gestionnaire national d'accès aux ressources, et ce qu'il en retient."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import ARCHIVES_DU_GAR, ENVOI_AU_GAR
from ent_core.contrat.donnees import (
    Acces,
    BaseLegale,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Population,
    Sort,
    Texte,
    Traitement,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role

__all__ = ["TRAITEMENT_GAR"]

TRAITEMENT_GAR = Traitement(
    cle="noyau.gar",
    version=1,
    intitule="Accès aux ressources numériques par le GAR",
    finalite="Transmettre au ministère ce qu'il lui faut pour ouvrir aux élèves et aux enseignants les"
    " ressources numériques de leur établissement, et rien à leurs éditeurs.",
    finalite_ent=FinaliteEnt.CONTENUS,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(
        "arrêté du 18 décembre 2017 portant création du traitement « Gestionnaire d'accès aux ressources »,"
        " articles 1 à 3",
        "arrêté du 30 novembre 2006 modifié, article 1",
    ),
    personnes=frozenset({Population.ELEVE, Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
    ),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION,
        Duree(mois=3),
        Sort.SUPPRIMER,
        autorite=Texte("arrêté du 30 novembre 2006 modifié, article 6"),
    ),
    depots=(ENVOI_AU_GAR, ARCHIVES_DU_GAR),
)
