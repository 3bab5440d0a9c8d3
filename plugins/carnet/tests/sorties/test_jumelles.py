"""Tout ce qui se fait d'une page se fait par l'API, ou une raison écrite dit pourquoi."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ent_carnet.api import ressources
from ent_carnet.permissions import ABSENCES
from ent_carnet.vues import pages

FORMULAIRE = "formulaire vide : l'envoyer est l'acte, et il a sa jumelle"

JUMELLES = {
    # L'appel, à l'écran et recopié du papier.
    "appel": "lire_appel",
    "appels_du_jour": "lister_appels",
    "feuille_d_appel": "lire_appel",
    "enregistrer_appel": "ecrire_appel",
    "recopie": "lister_appels",
    "recopier": "lire_appel",
    "enregistrer_recopie": "ecrire_appel",
    # Les absences.
    "liste_des_absences": "lister_les_absences",
    "reprendre_les_appels": "reprendre_les_appels_du_jour",
    "une_absence": "lire_le_dossier",
    "traiter_l_absence": "traiter_des_absences",
    "annuler_l_absence": "annuler_une_absence",
    "dossier_d_absences": "lire_le_dossier",
    "ouvrir_une_absence": "ouvrir_une_absence",
    "noter_un_contact": "noter_un_contact",
    "decompte_explique": "expliquer_le_decompte",
    "motifs_d_absence": "lister_tous_les_motifs",
    "un_motif": "lister_tous_les_motifs",
    "changer_le_motif": "changer_un_motif",
    "reglages_des_absences": "lire_les_reglages",
    "regler_les_absences": "changer_les_reglages",
    "importer_des_absences": "lister_les_imports",
    "apercevoir_ou_importer": "importer_un_fichier",
    "annuler_l_import": "annuler_un_import",
    "motifs_proposes": "lister_les_motifs_proposes",
    "accepter_le_motif": "decider_d_un_motif",
    "refuser_le_motif": "decider_d_un_motif",
    "reprendre_le_motif": "decider_d_un_motif",
    "alertes_d_absences": "lister_les_alertes",
    "clore_l_alerte": "clore_une_alerte",
    "rouvrir_l_alerte": "rouvrir_une_alerte",
    "decomptes_scelles": "lister_les_decomptes",
    "sceller_la_periode": "sceller_les_decomptes",
    # Autorisations, désaccords, signalements, règlement intérieur.
    "decisions_d_un_eleve": "lister_les_demandes_absence",
    "inviter_a_demander": "inviter_a_une_demande",
    "avancer_la_demande_absence": "avancer_une_demande_absence",
    "imprimer_demande_absence": "imprimer_la_demande_absence",
    "signaler_un_desaccord": "signaler_le_desaccord",
    "lever_un_desaccord": "lever_le_desaccord",
    "proposer_un_signalement": "proposer_le_signalement",
    "decider_un_signalement": "decider_le_signalement",
    "imprimer_signalement": "imprimer_le_signalement",
    "reglement_interieur": "lire_le_reglement",
    "changer_le_reglement": "donner_le_reglement",
    # La vie scolaire maintenant.
    "tableau": "lire_la_situation",
    "ensemble_de_l_etablissement": "lire_l_ensemble",
    "noter_un_appel_a_la_famille": "noter_un_contact",
    "regler_des_absences": "lister_les_absences",
    "apercevoir_ou_regler": "traiter_des_absences",
    "annuler_le_lot": "traiter_des_absences",
    "presences": "lire_les_presences",
    "noter_un_appel_aux_presences": "noter_un_appel_passe",
    "retirer_un_contact": "retirer_un_contact_note",
    "retirer_un_contact_du_jour": "retirer_un_appel_passe",
    "noter_une_arrivee_d_eleve": "ecrire_appel",
    # Punitions, retenues, observations, demandes.
    "liste_des_punitions": "lister_punitions",
    "donner_punition": "donner_punition_api",
    "punition": "lire_une_punition",
    "corriger_punition": "corriger_une_punition",
    "annuler_punition": "annuler_une_punition",
    "retenues_du_jour": "lister_retenues",
    "pointer_retenue": "pointer_une_retenue",
    "reporter_retenue": "reporter_une_retenue",
    "liste_des_observations": "lister_les_observations",
    "noter_observation": "noter_une_observation",
    "retirer_observation": "retirer_une_observation",
    "liste_des_demandes": "lister_les_demandes",
    "deposer_demande": "deposer_une_demande",
    "suivre_demande": "donner_suite",
    # Les punitions proposées.
    "mes_propositions": "lister_mes_propositions",
    "proposer_une_punition": "proposer_une_punition_api",
    "propositions_recues": "lister_propositions_recues",
    "une_proposition": "lister_propositions_recues",
    "accepter_une_proposition": "accepter_une_proposition_api",
    "refuser_une_proposition": "refuser_une_proposition_api",
    "retirer_une_proposition": "retirer_une_proposition_api",
    "remettre_une_proposition": "remettre_une_proposition_api",
    # Sanctions.
    "liste_des_sanctions": "lister_sanctions",
    "ouvrir_procedure": "ouvrir_une_procedure",
    "sanction": "lire_un_dossier",
    "noter_etape": "noter_une_etape",
    "prononcer_sanction": "prononcer_une_sanction",
    "notifier_decision": "notifier_une_decision",
    "executer_sanction": "executer_une_sanction",
    "interdire_acces": "interdire_l_acces",
    "lever_interdiction": "lever_une_interdiction",
    "effacer_sanction": "effacer_une_sanction",
    "registre_des_sanctions": "lire_le_registre",
    # La famille.
    "carnet_de_la_famille": "lister_les_eleves",
    "carnet_d_un_eleve": "lister_les_lignes",
    "noter_les_vues": "noter_des_lignes_vues",
    "envoyer_le_motif": "proposer_un_motif",
    "retirer_le_motif": "retirer_un_motif",
    "discipline": "lire_la_discipline",
    # Le papier et l'agenda.
    "imprimer_appel": "imprimer_les_feuilles",
    "imprimer_semaine": "imprimer_les_carnets",
    "imprimer_presentation": "imprimer_les_presentations",
    "telecharger_pack": "preparer_le_pack",
    "imprimer_punition": "imprimer_la_punition",
    "imprimer_procedure": "imprimer_la_procedure",
    "imprimer_convocation": "imprimer_la_convocation",
    "imprimer_alerte": "imprimer_l_alerte",
    "agenda_d_un_eleve": "lire_l_agenda_d_un_eleve",
    "mon_agenda": "lire_l_agenda",
    "abonnement_d_un_eleve": "lire_l_agenda_d_un_eleve",
    "mon_abonnement": "lire_l_agenda",
}
SANS_JUMELLE = {
    "expliquer": FORMULAIRE,
    "nouvelle_punition": FORMULAIRE,
    "nouvelle_observation": FORMULAIRE,
    "nouvelle_demande": FORMULAIRE,
    "nouvelle_proposition": FORMULAIRE,
    "nouvelle_procedure": FORMULAIRE,
    "decision": FORMULAIRE,
    "papier": FORMULAIRE,
    "recu_du_motif": "l'envoi rend le reçu, et les lignes du carnet disent « en attente »",
    "dossier_individuel": "papier remis à l'autorité académique hors de l'ENT (ABS-10) : on l'édite soi-même",
}


LECTURES_PLUS_LARGES = {"motifs_d_absence", "un_motif", "regler_des_absences", "une_absence"}
"""Pages d'où l'on agit, dont la jumelle ne fait que lire : qui voit les absences lit par elle, sans agir."""


def vues(blueprint: str) -> Iterator[tuple[str, str, str]]:
    """Nom, méthode et permission de chaque route."""
    application = Flask(__name__)
    application.register_blueprint(pages if blueprint == "carnet" else ressources)
    for regle in application.url_map.iter_rules():
        dans, _, nom = regle.endpoint.partition(".")
        if dans == blueprint and nom != "static":
            for methode in sorted((regle.methods or set()) - {"HEAD", "OPTIONS"}):
                exigence = getattr(application.view_functions[regle.endpoint], "ent_exigence", None)
                yield nom, methode, exigence.permission if exigence else ""


def test_chaque_page_a_sa_jumelle_ou_sa_raison() -> None:
    ecrites = {nom for nom, _, _ in vues("carnet")}
    assert ecrites - JUMELLES.keys() - SANS_JUMELLE.keys() == set(), "une page sans jumelle, sans raison"
    assert (JUMELLES.keys() | SANS_JUMELLE.keys()) - ecrites == set(), "une page qui n'existe plus"
    assert JUMELLES.keys() & SANS_JUMELLE.keys() == set()


def test_la_jumelle_existe_et_demande_la_meme_permission() -> None:
    api = {nom: (methode, permission) for nom, methode, permission in vues("carnet_api")}
    assert set(JUMELLES.values()) - api.keys() == set(), "une jumelle qui n'existe pas"
    pages_ = {nom: permission for nom, _, permission in vues("carnet")}
    autres = {page for page, jumelle in JUMELLES.items() if pages_[page] != api[jumelle][1]}
    assert autres == LECTURES_PLUS_LARGES
    assert {api[JUMELLES[page]] for page in autres} == {("GET", ABSENCES)}
