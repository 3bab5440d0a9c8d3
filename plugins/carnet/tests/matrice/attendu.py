"""Qui peut quoi, d'après la réglementation (§ 3.1), et sous quelle ligne tombe chaque route.

Rien ici ne se déduit des permissions du code : c'est à elles de s'y conformer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["CORPS", "ECARTS", "ILLISIBLES", "MATRICE", "RIEN", "ROUTES", "TEXTES"]

MATRICE = """
acte                      |ELV|TUT   |contact|ENS  |PP   |DOC   |CPE  |AED   |DIR   |ADJ   |ETA
lire le carnet            |soi|enfant|sans   |—    |—    |—     |—    |—     |—     |—     |—
proposer un motif         |—  |enfant|—      |—    |—    |—     |—    |—     |—     |—     |—
faire l'appel             |—  |—     |—      |siens|siens|siens |école|école |école*|—     |—
lire les absences         |—  |—     |—      |siens|siens|siens |école|école |école |école |—
tenir les présences       |—  |—     |—      |—    |—    |—     |école|école*|école*|école*|—
suivre l'assiduité        |—  |—     |—      |—    |—    |—     |école|—     |école |école |—
traiter les absences      |—  |—     |—      |—    |—    |—     |école|—     |école*|école*|—
décider d'une absence     |—  |—     |—      |—    |—    |—     |—    |—     |école |école*|—
lire les punitions        |—  |—     |—      |siens|siens|siens |école|école |école |école |—
punir                     |—  |—     |—      |siens|siens|siens |école|école |école |école |—
proposer une punition     |—  |—     |—      |—    |—    |—     |—    |—     |—     |—     |école
répondre à une proposition|—  |—     |—      |—    |—    |—     |école|—     |école |école |—
demander une sanction     |—  |—     |—      |siens|siens|siens*|école|école*|école |école |—
lire les sanctions        |—  |—     |—      |siens|siens|—     |école|—     |école |école |—
lire une procédure        |—  |—     |—      |—    |—    |—     |école|—     |école |école |—
instruire                 |—  |—     |—      |—    |—    |—     |école|—     |école |—     |—
prononcer                 |—  |—     |—      |—    |—    |—     |—    |—     |école |—     |—
imprimer                  |—  |—     |—      |—    |—    |—     |école|—     |école |école |—
régler le carnet          |—  |—     |—      |—    |—    |—     |—    |—     |école |—     |—
"""
"""« sans » : la page s'ouvre, sur aucun élève (sans autorité parentale). L'étoile renvoie à ECARTS."""

RIEN = ("COL", "ACA", "fonctionnel", "technique", "personne")
"""Qui n'a aucune case : ni la collectivité, ni l'académie, ni la technique, ni l'inconnu."""

TEXTES = {
    "Confié-à-qui-instruit": {"ENS", "CPE", "DIR", "ADJ"},
    "Lu-au-dossier-seul": {"ELV", "TUT", "CPE", "DIR", "ADJ"},
    "Proposé-par-un-autre": {"CPE", "DIR", "ADJ"},
    "Proposé-par-le-secrétariat": {"CPE", "DIR", "ADJ", "ETA"},
}
"""Textes d'une demande, que son auteur relit, d'une procédure, d'une proposition : qui les voit."""

ECARTS = {
    "faire l'appel": "le chef d'établissement répond de l'ordre : sans CPE, il tient l'appel (R. 421-10)",
    "tenir les présences": "le CPE fait téléphoner, et la direction aussi : l'essai se note par qui appelle"
    " (L. 131-8)",
    "traiter les absences": "le chef d'établissement apprécie les motifs (L. 131-8 ; R. 131-5)",
    "décider d'une absence": "l'adjoint seconde le chef d'établissement (R. 421-13), sauf en discipline",
    "demander une sanction": "tout membre de la communauté éducative peut la demander par écrit (D. 511-30)",
}
"""Ce que le carnet ouvre de plus que le § 3.1, et le texte qui le permet."""

ROUTES = """
lire le carnet
    GET /api/v1/carnet/eleves
    GET /api/v1/carnet/eleves/<uuid:eleve_id>/agenda
    GET /api/v1/carnet/eleves/<uuid:eleve_id>/discipline
    GET /carnet/famille/<uuid:eleve_id>/agenda.ics
    GET /carnet/famille/<uuid:eleve_id>/rendez_vous.ics
    GET /carnet/famille
    GET /carnet/famille/<uuid:eleve_id>
    POST /carnet/famille/<uuid:eleve_id>/vues
    GET /carnet/discipline/<uuid:eleve_id>
    GET /carnet/famille/motifs/<uuid:justification_id>
    GET /api/v1/carnet/eleves/<uuid:eleve_id>/lignes
    POST /api/v1/carnet/eleves/<uuid:eleve_id>/lignes/vues
    GET /api/v1/carnet/motifs
proposer un motif
    GET /carnet/famille/<uuid:eleve_id>/expliquer
    POST /carnet/famille/<uuid:eleve_id>/expliquer
    POST /carnet/famille/motifs/<uuid:justification_id>/retirer
    POST /api/v1/carnet/eleves/<uuid:eleve_id>/motifs-proposes
    DELETE /api/v1/carnet/motifs-proposes/<uuid:justification_id>
faire l'appel
    GET /carnet/appel
    GET /carnet/appel/jour
    GET /carnet/appel/<uuid:seance_id>
    POST /carnet/appel/<uuid:seance_id>
    POST /carnet/appel/<uuid:seance_id>/arrivees
    GET /carnet/papier/recopie
    GET /carnet/papier/recopie/<uuid:seance_id>
    POST /carnet/papier/recopie/<uuid:seance_id>
    GET /api/v1/carnet/appels
    GET /api/v1/carnet/appels/<uuid:seance_id>
    PUT /api/v1/carnet/appels/<uuid:seance_id>
lire les absences
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>
    GET /carnet/absences
    GET /carnet/absences/eleves/<uuid:eleve_id>
    GET /carnet/absences/eleves/<uuid:eleve_id>/decompte
    GET /api/v1/carnet/absences
    GET /api/v1/carnet/absences/motifs
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>/decompte
tenir les présences
    GET /api/v1/carnet/presences
    GET /api/v1/carnet/presences/recherche
    GET /carnet/presences
    POST /api/v1/carnet/presences/familles/<uuid:eleve_id>
    POST /carnet/presences/familles/<uuid:eleve_id>
    DELETE /api/v1/carnet/presences/contacts/<uuid:contact_id>
    POST /carnet/presences/contacts/<uuid:contact_id>/retirer
suivre l'assiduité
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>/autorisations
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>/desaccord
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>/signalements
    GET /api/v1/carnet/absences/imports
    GET /api/v1/carnet/tableau/ensemble
    GET /api/v1/carnet/tableau/recherche
    GET /carnet/absences/eleves/<uuid:eleve_id>/decisions
    GET /carnet/tableau
    GET /carnet/tableau/ensemble
    GET /carnet/tableau/regler
    GET /carnet/absences/<uuid:absence_id>
    GET /carnet/absences/alertes
    GET /carnet/absences/decomptes
    GET /carnet/absences/import
    GET /carnet/absences/motifs-proposes
    POST /carnet/absences/eleves/<uuid:eleve_id>/dossier
    GET /api/v1/carnet/absences/eleves/<uuid:eleve_id>/contacts
    GET /api/v1/carnet/alertes
    GET /api/v1/carnet/decomptes/<int:rang>
    GET /api/v1/carnet/motifs-proposes
    GET /api/v1/carnet/tableau
traiter les absences
    DELETE /api/v1/carnet/absences/<uuid:absence_id>
    DELETE /api/v1/carnet/absences/contacts/<uuid:contact_id>
    POST /carnet/absences/contacts/<uuid:contact_id>/retirer
    DELETE /api/v1/carnet/absences/imports/<uuid:lot_id>
    POST /api/v1/carnet/absences/eleves/<uuid:eleve_id>/signalements
    POST /api/v1/carnet/absences/imports
    POST /api/v1/carnet/absences/reprise
    POST /api/v1/carnet/decomptes/<int:rang>
    POST /carnet/absences/eleves/<uuid:eleve_id>/signalements
    POST /carnet/absences/<uuid:absence_id>
    POST /carnet/absences/<uuid:absence_id>/annuler
    POST /carnet/absences/alertes/<uuid:alerte_id>
    POST /carnet/absences/decomptes/<int:rang>
    POST /carnet/absences/eleves/<uuid:eleve_id>/contact
    POST /carnet/absences/eleves/<uuid:eleve_id>/ouvrir
    POST /carnet/absences/import
    POST /carnet/absences/import/<uuid:lot_id>/annuler
    POST /carnet/absences/motifs-proposes/<uuid:justification_id>/accepter
    POST /carnet/absences/motifs-proposes/<uuid:justification_id>/refuser
    POST /carnet/absences/motifs-proposes/<uuid:justification_id>/reprendre
    POST /carnet/absences/alertes/<uuid:alerte_id>/rouvrir
    DELETE /api/v1/carnet/alertes/<uuid:alerte_id>/suite
    POST /carnet/absences/reprendre
    POST /carnet/tableau/familles/<uuid:eleve_id>
    POST /carnet/tableau/regler
    POST /carnet/tableau/regler/annuler
    POST /api/v1/carnet/absences/eleves/<uuid:eleve_id>
    POST /api/v1/carnet/absences/eleves/<uuid:eleve_id>/contacts
    POST /api/v1/carnet/absences/traiter
    POST /api/v1/carnet/alertes/<uuid:alerte_id>
    POST /api/v1/carnet/motifs-proposes/<uuid:justification_id>/<decision>
décider d'une absence
    POST /carnet/absences/eleves/<uuid:eleve_id>/autorisations
    POST /carnet/absences/autorisations/<uuid:demande_absence_id>/<acte>
    POST /carnet/absences/eleves/<uuid:eleve_id>/desaccord
    POST /carnet/absences/eleves/<uuid:eleve_id>/desaccord/lever
    POST /carnet/absences/signalements/<uuid:signalement_id>/<suite>
    POST /api/v1/carnet/absences/eleves/<uuid:eleve_id>/autorisations
    POST /api/v1/carnet/autorisations/<uuid:demande_absence_id>/<acte>
    PUT /api/v1/carnet/absences/eleves/<uuid:eleve_id>/desaccord
    DELETE /api/v1/carnet/absences/eleves/<uuid:eleve_id>/desaccord
    POST /api/v1/carnet/signalements/<uuid:signalement_id>/<suite>
lire les punitions
    GET /api/v1/carnet/agenda
    GET /api/v1/carnet/observations
    GET /api/v1/carnet/punitions/<uuid:punition_id>
    GET /carnet/agenda.ics
    GET /carnet/rendez_vous.ics
    GET /carnet/punitions
    GET /carnet/punitions/<uuid:punition_id>
    GET /carnet/retenues
    GET /carnet/observations
    GET /api/v1/carnet/punitions
    GET /api/v1/carnet/retenues
punir
    DELETE /api/v1/carnet/observations/<uuid:observation_id>
    DELETE /api/v1/carnet/punitions/<uuid:punition_id>
    POST /api/v1/carnet/observations
    POST /api/v1/carnet/retenues/<uuid:retenue_id>/pointage
    POST /api/v1/carnet/retenues/<uuid:retenue_id>/report
    PUT /api/v1/carnet/punitions/<uuid:punition_id>
    GET /carnet/punitions/nouvelle
    POST /carnet/punitions/nouvelle
    POST /carnet/punitions/<uuid:punition_id>/corriger
    POST /carnet/punitions/<uuid:punition_id>/annuler
    POST /carnet/retenues/<uuid:retenue_id>/pointer
    POST /carnet/retenues/<uuid:retenue_id>/reporter
    GET /carnet/observations/nouvelle
    POST /carnet/observations/nouvelle
    POST /carnet/observations/<uuid:observation_id>/retirer
    POST /api/v1/carnet/punitions
proposer une punition
    GET /api/v1/carnet/propositions
    GET /carnet/propositions
    GET /carnet/propositions/nouvelle
    POST /api/v1/carnet/propositions
    POST /carnet/propositions/nouvelle
    DELETE /api/v1/carnet/propositions/<uuid:proposition_id>
    POST /api/v1/carnet/propositions/<uuid:proposition_id>/remise
    POST /carnet/propositions/<uuid:proposition_id>/retirer
    POST /carnet/propositions/<uuid:proposition_id>/remettre
répondre à une proposition
    GET /api/v1/carnet/propositions/recues
    GET /carnet/propositions/recues
    GET /carnet/propositions/<uuid:proposition_id>
    POST /api/v1/carnet/propositions/<uuid:proposition_id>/punition
    POST /api/v1/carnet/propositions/<uuid:proposition_id>/refus
    POST /carnet/propositions/<uuid:proposition_id>/accepter
    POST /carnet/propositions/<uuid:proposition_id>/refuser
demander une sanction
    GET /api/v1/carnet/demandes
    POST /api/v1/carnet/demandes
    GET /carnet/demandes
    GET /carnet/demandes/nouvelle
    POST /carnet/demandes/nouvelle
lire les sanctions
    GET /api/v1/carnet/sanctions/<uuid:sanction_id>
    GET /carnet/sanctions
    GET /carnet/sanctions/<uuid:sanction_id>
    GET /api/v1/carnet/sanctions
lire une procédure
    GET /api/v1/carnet/sanctions/<uuid:sanction_id>/dossier
instruire
    GET /api/v1/carnet/registre
    POST /api/v1/carnet/demandes/<uuid:demande_id>/suite
    POST /api/v1/carnet/sanctions
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/etapes
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/execution
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/notification
    GET /carnet/registre
    GET /carnet/sanctions/nouvelle
    POST /carnet/sanctions/nouvelle
    POST /carnet/sanctions/<uuid:sanction_id>/etape
    POST /carnet/sanctions/<uuid:sanction_id>/notifier
    POST /carnet/sanctions/<uuid:sanction_id>/executer
    POST /carnet/demandes/<uuid:demande_id>/suite
prononcer
    DELETE /api/v1/carnet/sanctions/<uuid:sanction_id>/interdictions/<uuid:interdiction_id>
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/effacement
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/interdictions
    POST /api/v1/carnet/sanctions/<uuid:sanction_id>/prononce
    GET /carnet/sanctions/<uuid:sanction_id>/prononcer
    POST /carnet/sanctions/<uuid:sanction_id>/prononcer
    POST /carnet/sanctions/<uuid:sanction_id>/interdire
    POST /carnet/sanctions/<uuid:sanction_id>/interdictions/<uuid:interdiction_id>/lever
    POST /carnet/sanctions/<uuid:sanction_id>/effacer
imprimer
    POST /api/v1/carnet/papier/appel
    POST /api/v1/carnet/papier/autorisations/<uuid:demande_absence_id>
    POST /api/v1/carnet/papier/panne
    POST /api/v1/carnet/papier/presentation
    POST /api/v1/carnet/papier/semaine
    POST /api/v1/carnet/papier/alertes/<uuid:alerte_id>
    POST /api/v1/carnet/papier/punitions/<uuid:punition_id>
    POST /api/v1/carnet/papier/sanctions/<uuid:sanction_id>
    POST /api/v1/carnet/papier/sanctions/<uuid:sanction_id>/convocation
    POST /api/v1/carnet/papier/signalements/<uuid:signalement_id>
    POST /carnet/papier/signalements/<uuid:signalement_id>
    GET /carnet/papier
    POST /carnet/papier/appel
    POST /carnet/papier/autorisations/<uuid:demande_absence_id>
    POST /carnet/papier/semaine
    GET /carnet/papier/presentation
    POST /carnet/papier/presentation
    POST /carnet/papier/panne
    POST /carnet/papier/punitions/<uuid:punition_id>
    POST /carnet/papier/sanctions/<uuid:sanction_id>
    POST /carnet/papier/sanctions/<uuid:sanction_id>/convocation
    POST /carnet/papier/alertes/<uuid:alerte_id>
régler le carnet
    GET /api/v1/carnet/reglages
    GET /api/v1/carnet/reglement
    PUT /api/v1/carnet/reglages
    PUT /api/v1/carnet/reglement
    POST /api/v1/carnet/absences/motifs/<uuid:motif_id>
    GET /carnet/reglement
    POST /carnet/reglement
    GET /carnet/absences/motifs
    GET /carnet/absences/motifs/<uuid:motif_id>
    POST /carnet/absences/motifs/<uuid:motif_id>
    GET /carnet/absences/reglages
    POST /carnet/absences/reglages
"""

_JOUR, _DEBUT, _FIN = "2026-09-07", "2026-09-07T08:00:00+02:00", "2026-09-07T08:55:00+02:00"
_API, _PAGE = "/api/v1/carnet", "/carnet"

Objets = Mapping[str, Any]
Corps = Callable[[Objets], dict[str, Any]]


def _de(**champs: str) -> Corps:
    """Un corps dont chaque valeur est prise telle quelle, ou, après « @ », parmi les objets visés."""

    def composer(objets: Objets) -> dict[str, Any]:
        return {
            nom: objets[valeur[1:]] if valeur.startswith("@") else valeur for nom, valeur in champs.items()
        }

    return composer


_ELEVE = _de(eleve="@eleve_id")
_PERIODE = _de(debut=_DEBUT, fin=_FIN)
_CONTACT = _de(canal="telephone")
_CLOTURE = _de(suite="dialogue")
_INDICATEUR = _de(indicateur="compte", valeur="false", effet_le=_JOUR)
_PUNITION = _de(eleve="@eleve_id", nature="mention", motif="bavardage", jour=_JOUR)
_PROPOSITION = _de(
    eleve="@eleve_id", nature="mention", motif="bavardage", jour=_JOUR, circonstances="A bousculé la file."
)
_OBSERVATION = _de(eleve="@eleve_id", mot="entraide", seance="@seance_id")
_DEMANDE = _de(eleve="@eleve_id", motif="insolence", faits="A insulté un camarade.")
_OUVERTURE = _de(eleve="@eleve_id", motif="insolence", faits="A insulté un camarade.", faits_le=_JOUR)
_POINTAGE = _de(etat="faite")
_REPORT = _de(jour="2026-09-09", heure="14:00", lieu="Salle 12")
_SUITE = _de(suite="classee")
_SIGNALEMENT = _de(motif="absenteisme")
_ILLISIBLE = _de(jour="quand ?", division="laquelle ?")

CORPS: dict[str, Corps] = {
    f"GET {_PAGE}/punitions/nouvelle": _ELEVE,
    f"GET {_PAGE}/observations/nouvelle": _ELEVE,
    f"GET {_PAGE}/demandes/nouvelle": _ELEVE,
    f"GET {_PAGE}/sanctions/nouvelle": _ELEVE,
    f"POST {_PAGE}/famille/<uuid:eleve_id>/expliquer": _de(motif_id="@motif_id", jour=_JOUR),
    f"POST {_API}/eleves/<uuid:eleve_id>/motifs-proposes": _de(motif_id="@motif_id", debut=_DEBUT, fin=_FIN),
    f"POST {_API}/eleves/<uuid:eleve_id>/lignes/vues": lambda o: {"vues": [o["affichage_id"]]},
    f"POST {_PAGE}/appel/<uuid:seance_id>/arrivees": _de(eleve="@eleve_id"),
    f"POST {_PAGE}/absences/alertes/<uuid:alerte_id>": _CLOTURE,
    f"POST {_API}/alertes/<uuid:alerte_id>": _CLOTURE,
    f"POST {_PAGE}/absences/eleves/<uuid:eleve_id>/contact": _CONTACT,
    f"POST {_API}/absences/eleves/<uuid:eleve_id>/contacts": _CONTACT,
    f"POST {_PAGE}/tableau/familles/<uuid:eleve_id>": _de(abouti="true"),
    f"POST {_PAGE}/absences/eleves/<uuid:eleve_id>/ouvrir": _PERIODE,
    f"POST {_API}/absences/eleves/<uuid:eleve_id>": _PERIODE,
    f"POST {_PAGE}/absences/eleves/<uuid:eleve_id>/autorisations": _PERIODE,
    f"POST {_API}/absences/eleves/<uuid:eleve_id>/autorisations": _PERIODE,
    f"POST {_PAGE}/absences/eleves/<uuid:eleve_id>/signalements": _SIGNALEMENT,
    f"POST {_API}/absences/eleves/<uuid:eleve_id>/signalements": _SIGNALEMENT,
    f"POST {_API}/absences/traiter": lambda o: {"absences": [o["absence_id"]], "motif_id": o["motif_id"]},
    f"POST {_PAGE}/absences/motifs/<uuid:motif_id>": _INDICATEUR,
    f"POST {_API}/absences/motifs/<uuid:motif_id>": _INDICATEUR,
    f"POST {_PAGE}/punitions/nouvelle": _PUNITION,
    f"POST {_API}/punitions": _PUNITION,
    f"PUT {_API}/punitions/<uuid:punition_id>": _PUNITION,
    f"POST {_PAGE}/retenues/<uuid:retenue_id>/pointer": _POINTAGE,
    f"POST {_API}/retenues/<uuid:retenue_id>/pointage": _POINTAGE,
    f"POST {_PAGE}/retenues/<uuid:retenue_id>/reporter": _REPORT,
    f"POST {_API}/retenues/<uuid:retenue_id>/report": _REPORT,
    f"GET {_PAGE}/propositions/nouvelle": _ELEVE,
    f"POST {_PAGE}/propositions/nouvelle": _PROPOSITION,
    f"POST {_API}/propositions": _PROPOSITION,
    f"POST {_PAGE}/propositions/<uuid:proposition_id>/accepter": _PUNITION,
    f"POST {_API}/propositions/<uuid:proposition_id>/punition": _PUNITION,
    f"POST {_PAGE}/propositions/<uuid:proposition_id>/refuser": _de(reponse="Déjà puni."),
    f"POST {_API}/propositions/<uuid:proposition_id>/refus": _de(reponse="Déjà puni."),
    f"POST {_PAGE}/presences/familles/<uuid:eleve_id>": _de(abouti="true"),
    f"POST {_API}/presences/familles/<uuid:eleve_id>": _de(abouti="true"),
    f"POST {_PAGE}/observations/nouvelle": _OBSERVATION,
    f"POST {_API}/observations": _OBSERVATION,
    f"POST {_PAGE}/demandes/nouvelle": _DEMANDE,
    f"POST {_API}/demandes": _DEMANDE,
    f"POST {_PAGE}/demandes/<uuid:demande_id>/suite": _SUITE,
    f"POST {_API}/demandes/<uuid:demande_id>/suite": _SUITE,
    f"POST {_PAGE}/sanctions/nouvelle": _OUVERTURE,
    f"POST {_API}/sanctions": _OUVERTURE,
    f"POST {_API}/sanctions/<uuid:sanction_id>/etapes": _de(etape="notification_eleve", le=_JOUR),
    f"POST {_API}/sanctions/<uuid:sanction_id>/prononce": _de(le=_JOUR, motivation="Faits.", sanction="1"),
    f"POST {_API}/sanctions/<uuid:sanction_id>/notification": _de(le=_JOUR, voie="main_propre"),
    f"POST {_API}/sanctions/<uuid:sanction_id>/interdictions": _de(du=_JOUR, au=_JOUR),
    f"POST {_API}/sanctions/<uuid:sanction_id>/effacement": _de(confirmer="true"),
}
"""Ce qu'il faut envoyer pour désigner un élève, ou pour que la saisie ne soit pas refusée avant lui."""

ILLISIBLES: dict[str, Corps] = {
    f"POST {ou}/papier/{quoi}": _ILLISIBLE
    for ou in (_API, _PAGE)
    for quoi in ("appel", "panne", "presentation", "semaine")
}
"""Ce que l'on n'imprime pas pour de bon : la saisie est refusée, la personne ne l'est pas."""
