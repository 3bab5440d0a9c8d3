"""Où le noyau laisse des données hors de ses tables, jusqu'à quand, et qui les en ôte."""

from __future__ import annotations

from ent_core.contrat.donnees import Depot, Duree, NatureDepot

__all__ = [
    "ARCHIVES_DU_GAR", "BORDEREAUX", "COFFRE", "CONTENUS", "COPIES", "COPIES_DU_COFFRE", "COURRIELS",
    "ENVOIS", "ENVOI_AU_GAR", "JOURNAL_TECHNIQUE", "LIVRE",
    "REGISTRES_EXPORTES", "SAUVEGARDES", "SERVICES", "SMS", "TETES", "TRAVAUX",
]  # fmt: skip

ENVOIS = Depot(
    "fichiers reçus pour un import, et leur rapport",
    NatureDepot.FICHIERS,
    Duree(jours=1),
    "effacés par la tâche noyau.purger_envois ; une copie déchiffrée disparaît avec la lecture",
)
TRAVAUX = Depot(
    "travaux demandés, par des numéros et sans aucun texte",
    NatureDepot.TRAVAUX,
    Duree(jours=90),
    "ôtés par la tâche noyau.purger_travaux : 7 jours après leur fin, 90 s'ils ont échoué",
)
SAUVEGARDES = Depot(
    "copies de la base entière, briques comprises",
    NatureDepot.SAUVEGARDES,
    Duree(mois=1),
    "détruites par l'exploitant ; restaurée, une copie ne rouvre qu'une fois les effacements refaits",
)
JOURNAL_TECHNIQUE = Depot(
    "journal technique du serveur, sans nom, compte ni adresse",
    NatureDepot.JOURNAUX,
    Duree(mois=6),
    "ôté par la rotation que règle l'exploitant",
)
COURRIELS = Depot(
    "courriels en route : une adresse, et qu'une information est disponible",
    NatureDepot.MESSAGES,
    Duree(jours=5),
    "ôtés par le serveur de courrier, qui renonce à les porter ; lus, ils sont à qui les a reçus",
)
SMS = Depot(
    "SMS en route, si une brique en porte : un numéro, et qu'une information est disponible",
    NatureDepot.SERVICE_TIERS,
    Duree(jours=30),
    "ôtés par le service de SMS, sous-traitant que l'exploitant inscrit au registre",
)
SERVICES = Depot(
    "réponses données aux services tiers, selon le gabarit de chacun",
    NatureDepot.SERVICE_TIERS,
    Duree(),
    "tenues par chaque service, sous-traitant ou responsable nommé dans sa déclaration : lui seul les efface",
)
TETES = Depot(
    "têtes de la chaîne des preuves : un rang, une empreinte, un instant",
    NatureDepot.FICHIERS,
    Duree(),
    "ne désignent personne ; gardées avec l'instance, sans quoi une chaîne coupée ne se verrait pas",
)
LIVRE = Depot(
    "livre des effacements : pour chacun, une empreinte à clé, le fondement, l'établissement, la date",
    NatureDepot.FICHIERS,
    Duree(),
    "gardé avec l'instance, pour qu'une sauvegarde ne rende pas ce qui est effacé ; muet sans la clé secrète",
)
COFFRE = Depot(
    "coffre des clés de ce qui est chiffré : briques et archive",
    NatureDepot.FICHIERS,
    Duree(),
    "une clé est détruite avec ce qu'elle ouvre, au plus tard la nuit suivante (tâche noyau.coffre)",
)
COPIES_DU_COFFRE = Depot(
    "copies du coffre des clés",
    NatureDepot.SAUVEGARDES,
    Duree(jours=7),
    "détruites par l'exploitant, là où supprimer supprime : l'effacement n'est accompli qu'alors",
)
COPIES = Depot(
    "copie que l'on prépare, envoie, ou écrit par « ent personne exporter »",
    NatureDepot.FICHIERS,
    Duree(),
    "en préparation, un fichier sans nom qui disparaît avec l'envoi ; écrite, effacée par qui la remet",
)
CONTENUS = Depot(
    "contenus scellés de l'archive, hors des tables de l'application",
    NatureDepot.FICHIERS,
    Duree(),
    "suivent l'index : effacés par la base avec lui, et leur clé détruite dans le coffre",
)
BORDEREAUX = Depot(
    "paquet écrit pour les archives, qui le reçoivent",
    NatureDepot.FICHIERS,
    Duree(),
    "effacé par qui le remet, une fois l'acquittement saisi",
)
REGISTRES_EXPORTES = Depot(
    "registre des violations, exporté par qui le tient",
    NatureDepot.FICHIERS,
    Duree(mois=60),
    "effacé par qui l'a exporté, avec la violation",
)
ENVOI_AU_GAR = Depot(
    "gestionnaire d'accès aux ressources du ministère (GAR) : identifiant propre au GAR, noms, prénoms,"
    " civilité, date de naissance, établissements, profil, formation, disciplines, classes et groupes"
    " des élèves et des personnels ; adresse professionnelle des personnels du second degré, et de qui"
    " affecte les ressources",
    NatureDepot.SERVICE_TIERS,
    Duree(jours=1),
    "chaque envoi remplace le précédent : le ministère retire qui n'y est plus, et répond de la suite",
)
ARCHIVES_DU_GAR = Depot(
    "archives de l'envoi et relevés de ce qui n'est pas parti",
    NatureDepot.FICHIERS,
    Duree(jours=7),
    "effacés par la tâche noyau.exporter_gar",
)
