"""Les permissions du noyau, et les rôles qui les ont par défaut."""

from __future__ import annotations

from ent_core.chargement.traitements_noyau import CHACUN
from ent_core.contrat.interface import Permission, Portee
from ent_core.contrat.roles import Role

__all__ = ["PERMISSIONS"]

_ADMINISTRATION: dict[str, Portee] = {
    Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
    Role.ADMINISTRATEUR_FONCTIONNEL: Portee.ETABLISSEMENT,
    Role.DIRECTION: Portee.ETABLISSEMENT,
}
_EQUIPE: dict[str, Portee] = {**_ADMINISTRATION, Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT}

PERMISSIONS = (
    Permission(
        "noyau.etablissements",
        "Voir les établissements et leurs années",
        {Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE, Role.INSPECTION: Portee.ACADEMIE},
    ),
    Permission("noyau.annees", "Tenir les années scolaires et leurs périodes", _ADMINISTRATION),
    Permission("noyau.roles", "Attribuer et retirer les rôles locaux", _ADMINISTRATION),
    Permission("noyau.restrictions", "Enregistrer les restrictions d'un acte de justice", _ADMINISTRATION),
    Permission("noyau.briques", "Ouvrir et fermer les briques", _ADMINISTRATION),
    Permission(
        "noyau.personnes",
        "Chercher et consulter les personnes",
        {**_EQUIPE, Role.CPE: Portee.ETABLISSEMENT, Role.ADMINISTRATIF: Portee.ETABLISSEMENT},
        delegable=True,
    ),
    Permission(
        "noyau.comptes",
        "Remettre des codes d'activation, suspendre et rétablir des comptes",
        _EQUIPE,
        delegable=True,
    ),
    Permission(
        "noyau.second_facteur",
        "Régler qui doit avoir un second facteur dans l'établissement",
        _ADMINISTRATION,
    ),
    Permission(
        "noyau.support",
        "Voir l'ENT comme une personne, en lecture seule, à sa demande",
        {Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.codes_eleves",
        "Donner un nouveau code à ses élèves",
        {Role.CPE: Portee.ETABLISSEMENT, Role.PROFESSEUR_PRINCIPAL: Portee.MA_CLASSE_PRINCIPALE},
        delegable=True,
    ),
    Permission(
        "noyau.codes_responsables",
        "Permettre aux responsables de donner un nouveau code à leurs enfants",
        {Role.DIRECTION: Portee.ETABLISSEMENT},
    ),
    Permission(
        "noyau.comptes_enfants",
        "Voir le compte de ses enfants, leur donner un nouveau code si l'établissement le permet",
        {Role.RESPONSABLE: Portee.MES_ENFANTS},
    ),
    Permission("noyau.imports", "Importer l'annuaire et les listes", _ADMINISTRATION, delegable=True),
    Permission("noyau.journal", "Lire le journal des actes", {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE}),
    Permission(
        "noyau.delegations",
        "Déléguer et reprendre des permissions",
        {Role.DIRECTION: Portee.ETABLISSEMENT},
    ),
    Permission(
        "noyau.taches",
        "Voir et rejouer les travaux différés",
        {Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE, Role.ADMINISTRATEUR_TECHNIQUE: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.acceptation",
        "Accepter ou refuser ce qu'une brique fait des données",
        {Role.DIRECTION: Portee.ETABLISSEMENT},
    ),
    Permission(
        "noyau.prealables",
        "Attester ce qu'une brique demande d'avoir fait avant qu'elle serve",
        {Role.DIRECTION: Portee.ETABLISSEMENT},
    ),
    Permission(
        "noyau.conservation",
        "Planifier, approuver et annuler des éliminations ; poser et lever des gels",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
            Role.DPD: Portee.ACADEMIE,
        },
    ),
    Permission(
        "noyau.avis",
        "Voir ce qui va être éliminé de ce que l'on écrit",
        {
            **{
                role: Portee.ETABLISSEMENT
                for role in Role
                if role not in (Role.ELEVE, Role.RESPONSABLE, Role.DELEGUE_ELEVES, Role.DELEGUE_PARENTS)
            },
            Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
            Role.DPD: Portee.ACADEMIE,
        },
    ),
    Permission(
        "noyau.droits",
        "Instruire les demandes d'exercice des droits",
        {Role.DIRECTION: Portee.ETABLISSEMENT, Role.DPD: Portee.ACADEMIE},
        delegable=True,
    ),
    Permission(
        "noyau.violations",
        "Tenir le registre des violations, notifier, prévenir les personnes",
        {Role.DIRECTION: Portee.ETABLISSEMENT, Role.DPD: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.traces_lire",
        "Demander à lire des traces, et les lire une fois l'accès accordé",
        {Role.DPD: Portee.ACADEMIE, Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.traces_accorder",
        "Accorder ou refuser à un autre la lecture de traces",
        # L'administrateur technique tient lieu de responsable de la sécurité : il décide, et ne lit pas.
        {Role.DPD: Portee.ACADEMIE, Role.ADMINISTRATEUR_TECHNIQUE: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.archives",
        "Demander à lire l'archive intermédiaire, et la lire une fois la demande accordée",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.ARCHIVISTE: Portee.ETABLISSEMENT,
            Role.DPD: Portee.ACADEMIE,
        },
    ),
    Permission(
        "noyau.archives_accorder",
        "Accorder ou refuser à un autre la lecture de l'archive intermédiaire",
        {Role.DIRECTION: Portee.ETABLISSEMENT, Role.DPD: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.statistiques",
        "Lire les statistiques publiées",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT,
            Role.CPE: Portee.ETABLISSEMENT,
            Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
            Role.INSPECTION: Portee.ACADEMIE,
            Role.DPD: Portee.ACADEMIE,
        },
        delegable=True,
        statistiques=True,
    ),
    Permission(
        "noyau.effacement",
        "Proposer et confirmer, à deux, l'effacement des données d'une personne",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.DPD: Portee.ACADEMIE,
            Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
        },
        delegable=True,
    ),
    Permission(
        "noyau.oppositions",
        "Voir qui s'oppose à quoi, et imprimer la feuille qui remplace l'écran",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.ADMINISTRATIF: Portee.ETABLISSEMENT,
            Role.DPD: Portee.ACADEMIE,
        },
    ),
    Permission("noyau.gar", "Ouvrir l'envoi au GAR et suivre ce qu'il transmet", _ADMINISTRATION),
    Permission(
        "noyau.gar_affectation",
        "Affecter les ressources numériques, dans le GAR",
        {Role.DIRECTION: Portee.ETABLISSEMENT},
        delegable=True,
    ),
    Permission("noyau.mes_services", "Ouvrir les services de l'établissement", CHACUN),
    Permission(
        "noyau.services",
        "Ouvrir et fermer des services tiers, et voir ce que chacun reçoit",
        {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE},
    ),
    Permission("noyau.mes_messages", "Lire ses messages, et choisir par où être prévenu", CHACUN),
    Permission(
        "noyau.messages",
        "Suivre les envois : annuler, confirmer, relancer, remettre sur papier",
        {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT,
            Role.CPE: Portee.ETABLISSEMENT,
            Role.ADMINISTRATIF: Portee.ETABLISSEMENT,
        },
        delegable=True,
    ),
    Permission(
        "noyau.messages_reglages",
        "Régler les heures des envois, le délai d'annulation et la part des familles à confirmer",
        {Role.DIRECTION: Portee.ETABLISSEMENT, Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT},
    ),
    Permission("noyau.mes_donnees", "Voir ce que l'ENT enregistre sur soi, et exercer ses droits", CHACUN),
    Permission(
        "noyau.registre",
        "Lire le registre des traitements",
        {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE},
    ),
    Permission(
        "noyau.registre_reponses",
        "Compléter le registre et noter l'information des personnes",
        {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE},
        delegable=True,
    ),
)
