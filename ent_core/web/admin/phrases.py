"""Le journal en phrases : « A ouvert la brique Annonces » plutôt que ``brique.ouverte``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from string import Formatter
from typing import Any

from ent_core.contrat.actes import ActeDit
from ent_core.contrat.roles import LIBELLES_PROFILS, LIBELLES_ROLES
from ent_core.identite.consultation import ActeLu
from ent_core.identite.suspensions import MOTIFS
from ent_core.socle.calendrier import libelle_annee
from ent_core.socle.dates import jour_court
from ent_core.web.admin.phrases_entrees import LIENS, MOTIFS_D_ENTREE
from ent_core.web.rendu import nombre

__all__ = ["PHRASES", "Lexique", "phrase"]

PHRASES: Mapping[str, str] = {
    "annee.changee": "A fait passer les briques à l'année {annee}",
    "annee.definie": "A défini l'année {annee}{dates}",
    "appareil.nouveau": "S'est connecté depuis un appareil inconnu",
    "appareil.refuse": "N'a pas reconnu une connexion de son compte",
    "archive.accordee": "A accordé la lecture d'une archive",
    "archive.acquittee": "A noté que les archives ont reçu un versement",
    "archive.demandee": "A demandé à lire une archive",
    "archive.lue": "A lu une archive",
    "archive.refusee": "A refusé la lecture d'une archive",
    "archive.versee": "A préparé un versement aux archives",
    "brique.decision_retiree": "A annulé une décision sur la brique « {brique} »",
    "brique.fermee": "A fermé la brique « {brique} »{dates}",
    "brique.ouverte": "A ouvert la brique « {brique} »{dates}",
    "brique.retiree": "A retiré de l'ENT la brique « {brique} »",
    "code.donne_par_responsable": "A donné un nouveau code à son enfant : {compte}",
    "codes_responsables.permis": "A permis aux responsables de donner un nouveau code à leurs enfants",
    "codes_responsables.retires": "Ne permet plus aux responsables de donner un code à leurs enfants",
    "codes.emis": "A préparé {codes} d'activation",
    "compte.adresse_oubliee": "A retiré son adresse de secours",
    "compte.adresse_verifiee": "A prouvé son adresse de secours",
    "compte.active": "A activé son compte et choisi un mot de passe",
    "compte.mis_en_securite": "A mis en sécurité {compte} et fermé {sessions}",
    "compte.retabli": "A rétabli {compte}",
    "compte.secret_change": "A changé son mot de passe",
    "compte.secret_repris": "A choisi un autre mot de passe, par un lien reçu à son adresse",
    "compte.suspendu": "A suspendu {compte} et fermé {sessions}",
    "comptes.crees": "A créé {comptes}",
    "comptes.mis_en_securite": "A mis en sécurité {comptes}, en une fois",
    "comptes.securite_demandee": "A demandé de mettre en sécurité {comptes}",
    "conservation.avisee": "A annoncé ce qui va être éliminé",
    "conservation.decidee": "A pris une décision sur un plan de conservation",
    "conservation.planifiee": "A établi un plan de conservation : {echues} à traiter",
    "conservation.reportee": "A reporté une ligne d'un plan de conservation",
    "conservation.restauree": "A remis en place ce qui allait être éliminé",
    "conservation.visee": "A noté le visa des archives sur un plan de conservation",
    "contexte.choisi": "A choisi le profil « {profil} »",
    "copie.fabriquee": "A préparé la copie des données d'une personne",
    "copie.telechargee": "A téléchargé une copie de données",
    "delegation.accordee": "A délégué la permission « {permission} »{dates}",
    "delegation.revoquee": "A repris une délégation",
    "demande.prise": "A pris en charge une demande de droits",
    "demande.prolongee": "A prolongé le délai d'une demande de droits",
    "demande.recue": "A déposé ou enregistré une demande de droits",
    "demande.retiree": "A retiré une demande de droits",
    "destinataires.prevenus": "A prévenu les destinataires d'une rectification",
    "donnees.effacees": "A effacé des données d'une personne, à sa demande",
    "effacement.confirme": "A confirmé l'effacement d'une personne",
    "effacement.ecarte": "A écarté l'effacement d'une personne",
    "effacement.propose": "A proposé l'effacement d'une personne",
    "donnees.parties": "L'ENT a effacé ce qui part avec un élève",
    "emploi_du_temps.importe": "A importé un emploi du temps",
    "entree.a_relier": "A été reconnu par « {fournisseur} », pas par l'annuaire : compte à relier ({code})",
    "entree.refusee": "N'est pas entré par « {fournisseur} » : {motif_d_entree} ({code})",
    "gar.baisse_confirmee": "A confirmé la baisse qui retenait l'envoi au GAR",
    "gar.extrait": "A préparé, pour un essai, une archive du GAR : {eleves}, {personnels_gar}",
    "gar.ferme": "A fermé l'envoi au GAR",
    "gar.ouvert": "A ouvert l'envoi au GAR",
    "gar.retenu": "A retenu l'envoi au GAR, qui aurait trop baissé : {eleves}, {personnels_gar}",
    "gar.transmis": "A préparé l'envoi au GAR : {eleves}, {personnels_gar}",
    "facteur.ajoute": "A ajouté un second facteur à son compte",
    "facteur.retire": "A retiré un second facteur de son compte",
    "gel.leve": "A levé un gel : les suppressions qu'il retenait reprennent",
    "gel.pose": "A posé un gel : les suppressions qu'il vise attendent",
    "identite.deliee": "A retiré le lien d'une personne avec un fournisseur d'identité, et fermé {sessions}",
    "identite.fiche_changee": "Est passé à une autre de ses fiches",
    "identite.liee": "A été relié à « {fournisseur} », {lien}",
    "import.applique": "A importé l'annuaire, livraison du {jour}",
    "import.echec": "A tenté un import de l'annuaire, qui a échoué sans rien changer",
    "import.refuse": "A tenté un import de l'annuaire, arrêté avant de retirer trop de personnes",
    "journal.exporte": "A téléchargé {actes} du journal",
    "lien.envoye": "A envoyé un lien d'un seul usage à l'adresse prouvée de {compte}",
    "lien.refuse": "N'a pas pu envoyer un lien : l'adresse de {compte} est refusée",
    "lien_personnel.cree": "A relié un calendrier à un appareil",
    "lien_personnel.retire": "A retiré un appareil qui lisait un calendrier",
    "liste.annulee": "A annulé l'import d'une liste",
    "liste.importee": "A importé une liste {de_qui}",
    "messages.annules": "A annulé {messages} avant le départ",
    "messages.confirmes": "A confirmé un envoi retenu : {messages}",
    "messages.mis_sur_papier": "A remis sur papier {messages}",
    "messages.perimes": "L'ENT a renoncé à {messages}, d'une brique qui n'était plus servie",
    "messages.regles": "A réglé les heures et les bornes des envois",
    "messages.relances": "A relancé {messages}",
    "messages.remis": "A noté comme remis sur papier {messages}",
    "messages.retenus": "A retenu un envoi qui toucherait {familles}",
    "messages.tenus": "L'ENT garde {messages}, d'une brique qui n'est pas servie",
    "messages.urgents": "A demandé, aux heures de silence, {messages} d'un sujet urgent",
    "opposition.accueillie": "A accueilli une opposition à un traitement",
    "opposition.levee": "A levé une opposition à un traitement",
    "periode.definie": "A défini une période de l'année {annee}{dates}",
    "periode.retiree": "A retiré une période de l'année {annee}{dates}",
    "personne.effacee": "A effacé une personne de l'annuaire, à sa demande",
    "personne.exportee": "A extrait les données d'une personne",
    "personne.fusionnee": "A réuni deux fiches d'une même personne",
    "projet.renomme": "A changé le nom du projet de l'annuaire : {ancien}, puis {nouveau}",
    "prealable.atteste": "A attesté un préalable de la brique « {brique} » : {prealable}",
    "prealable.retire": "Est revenu sur un préalable de la brique « {brique} » : {prealable}",
    "profil.rouvert": "A rouvert la connexion du profil « {profil} »",
    "profil.suspendu": "A suspendu la connexion du profil « {profil} » : {motif}",
    "registre.complete": "A complété le registre des traitements",
    "registre.exporte": "A téléchargé le registre des traitements",
    "registre.information_notee": "A noté que les personnes ont été informées",
    "registre.sous_traitant_declare": "A déclaré un sous-traitant",
    "registre.sous_traitant_retire": "A mis fin à un sous-traitant",
    "restriction.enregistree": "A enregistré une décision de justice{dates}",
    "restriction.levee": "A levé une restriction",
    "role.attribue": "A attribué le rôle « {role} »{dates}",
    "role.retire": "A retiré le rôle « {role} »",
    "service.accord": "A laissé le service « {service} » lire en son nom",
    "service.accord_retire": "A repris au service « {service} » ce qu'il pouvait lire en son nom",
    "service.apercu": "A regardé ce que le service « {service} » recevrait d'une personne",
    "service.client_refuse": "A refusé un secret faux, présenté au nom du service « {service} »",
    "service.declare": "A ouvert le service « {service} », gabarit {gabarit}",
    "service.ferme": "A fermé ici le service « {service} »",
    "service.jeton_refuse": "A vu son entrée refusée par le serveur : service « {service} »{cause_jeton}",
    "service.lecture": "A lu l'ENT par le service « {service} », ce jour-là",
    "service.metadonnees_changees": "A remplacé les métadonnées du service « {service} »",
    "service.refuse": "S'est vu refuser le service « {service} »{pourquoi}",
    "service.repris": "A rouvert le service « {service} »",
    "service.secret_change": "A donné un secret neuf au service « {service} »",
    "service.retire": "A retiré le service « {service} »",
    "service.rouvert": "A rouvert ici le service « {service} »",
    "service.sortie_refusee": "A refusé au service « {service} » de fermer une session qu'il ne connaît pas",
    "service.suspendu": "A suspendu le service « {service} »",
    "service.ticket_refuse": "A vu son entrée refusée par le serveur : service « {service} », {code}",
    "second_facteur.regle": "A réglé le second facteur des personnels{dates}",
    "secours.renouveles": "A fait des codes de secours neufs",
    "session.attendue": "A donné une première preuve{moyen}, et attend la seconde",
    "session.fermee": "A fermé une session",
    "session.ouverte": "A ouvert une session{moyen}",
    "session.preuve_refusee": "A donné une preuve fausse, sa session ouverte ou en attente",
    "session.prouvee": "S'est prouvé de nouveau{moyen}",
    "session.refusee": "A refusé une connexion{cause}",
    "sessions.fermees": "A fermé {autres_sessions}",
    "statistique.figee": "A figé une statistique",
    "sso.cles_tournees": "A remplacé les clés qui signent les jetons des services",
    "sursis.echu": "A supprimé {personnes} au terme du sursis",
    "sursis.ouvert": "A mis en sursis {personnes} sans rattachement",
    "texte.relu": "A relu un texte libre avant de remettre une copie",
    "traces.accordees": "A accordé à un autre l'accès à des traces, pour {jours}",
    "traces.closes": "A fermé un accès à des traces",
    "traces.demandees": "A demandé l'accès à des traces",
    "traces.lues": "A lu des traces, au titre d'un accès accordé",
    "traces.refusees": "A refusé l'accès à des traces",
    "travail.abandonne": "A renoncé au travail n° {objet} ({tache})",
    "travail.rejoue": "A rejoué le travail n° {objet} ({tache})",
    "violation.cloture": "A clos une violation de données",
    "violation.cnil": "A décidé de notifier, ou non, une violation à la CNIL",
    "violation.complement": "A complété la notification d'une violation",
    "violation.comptage": "A compté les personnes touchées par une violation",
    "violation.correction": "A complété la fiche d'une violation",
    "violation.information": "A décidé de prévenir, ou non, les personnes d'une violation",
    "violation.liste_lue": "A lu la liste des personnes touchées par une violation",
    "violation.notification": "A notifié une violation à la CNIL",
    "violation.ouverture": "A enregistré une violation de données",
    "violation.preuve": "A noté la preuve d'une violation",
    "violation.prevenues": "A prévenu les personnes touchées par une violation",
    "violation.rappel": "A rappelé l'échéance d'une violation",
    "violation.registre_exporte": "A téléchargé le registre des violations",
    "violation.reouverture": "A rouvert une violation",
    "visite.commencee": "A commencé une visite de l'assistance, demande {demande} : {compte}",
    "visite.finie": "A fini une visite de l'assistance, demande {demande} : {compte}",
}
"""Phrase de chaque acte du noyau ; le sujet est la personne, ou l'ENT."""

_MOYENS = {
    "locale": ", par mot de passe",
    "demonstration": ", en un clic (démonstration)",
    "application": ", par un code d'application",
    "cle": ", par une clé d'accès",
    "secours": ", par un code de secours",
}
_CAUSES = {
    "code": " : code d'activation faux ou expiré",
    "ferme": " : compte suspendu, ou sans établissement",
    "inconnu": " : identifiant inconnu",
    "profil": " : profil suspendu dans l'établissement",
    "secret": " : mot de passe faux",
}
_REFUS_DE_SERVICE = {
    "compte": " : compte pas encore activé, ou suspendu",
    "contexte": " : aucun établissement choisi",
    "assistance": " : visite de l'assistance",
    "dates": " : hors de ses dates",
    "ecole": " : il n'est pas ouvert dans cet établissement",
    "gar": " : la personne n'est pas dans l'envoi au GAR",
    "inconnu": " : cette adresse n'est celle d'aucun service déclaré",
    "profil": " : ce profil n'y entre pas",
    "saml": " : demande SAML non recevable",
    "saml_absent": " : l'ENT n'a pas de clé SAML, voir [federation.saml]",
    "saml_tard": " : demande trop ancienne",
    "second_facteur": " : second facteur attendu",
    "suspendu": " : service ou connexion suspendus",
}
_GENRES = {"eleves": "d'élèves", "responsables": "de responsables", "personnels": "de personnels"}


@dataclass(frozen=True, slots=True)
class Lexique:
    """Les mots qui dépendent de l'instance.

    :param briques: identifiant d'une brique → titre.
    :param permissions: clé d'une permission → ce qu'elle laisse faire.
    :param actes: actes que les briques disent, par nom.
    :param prealables: préalable d'une brique (identifiant, clé) → ce qui est attesté.
    """

    briques: Mapping[str, str]
    permissions: Mapping[str, str]
    actes: Mapping[str, ActeDit] = field(default_factory=dict)
    prealables: Mapping[tuple[str, str], str] = field(default_factory=dict)


def phrase(acte: ActeLu, lexique: Lexique) -> str:
    """Ce que dit un acte ; vide si rien ne le dit, ou s'il lui manque un détail.

    :param acte: ligne du journal.
    :param lexique: mots de l'instance.
    """
    gabarit = PHRASES.get(acte.acte)
    try:
        if gabarit is None:
            dit = lexique.actes.get(acte.acte)
            return "" if dit is None else _d_une_brique(dit, acte.details)
        mots = {mot: _MOTS[mot](acte, lexique) for _, mot, _, _ in Formatter().parse(gabarit) if mot}
    except (KeyError, TypeError, ValueError):
        return ""
    return gabarit.format(**mots)


def _d_une_brique(dit: ActeDit, details: Mapping[str, Any]) -> str:
    """La phrase qu'une brique donne à son acte : ses détails, ses nombres, les mots de ses codes."""
    morceaux: list[str] = []
    for avant, champ, mots, _ in Formatter().parse(dit.phrase):
        morceaux.append(avant)
        if champ and mots:
            un, plusieurs = mots.split("|")
            combien = int(details[champ])
            morceaux.append(f"{nombre(combien)} {plusieurs if combien > 1 else un}")
        elif champ:
            valeur = str(details[champ])
            morceaux.append(dit.codes.get(champ, {}).get(valeur, valeur))
    return "".join(morceaux)


def _dates(acte: ActeLu, _lexique: Lexique) -> str:
    """« , du 01/09/2026 au 04/07/2027 » ; la fin consignée est exclue."""
    debut, fin = acte.details.get("debut"), acte.details.get("fin")
    du = jour_court(date.fromisoformat(debut)) if debut else ""
    au = jour_court(date.fromisoformat(fin) - timedelta(days=1)) if fin else ""
    if du and au:
        return f", du {du} au {au}"
    return f", depuis le {du}" if du else f", jusqu'au {au}" if au else ""


def _annee(acte: ActeLu, _lexique: Lexique) -> str:
    return libelle_annee(int(acte.objet or ""))


def _combien(cle: str, un: str, plusieurs: str) -> Callable[[ActeLu, Lexique], str]:
    def dire(acte: ActeLu, _lexique: Lexique) -> str:
        combien = int(acte.details[cle])
        return f"{nombre(combien)} {plusieurs if combien > 1 else un}"

    return dire


def _detail(cle: str, libelles: Mapping[str, str]) -> Callable[[ActeLu, Lexique], str]:
    return lambda acte, _lexique: libelles.get(acte.details[cle], acte.details[cle])


_REFUS_DE_JETON = {
    "rejeu": " : un code a servi deux fois, ses jetons sont éteints ; un code a peut-être été volé",
    "suite": " : un jeton déjà remplacé a resservi, sa famille est éteinte ; il a peut-être été volé",
    "expire": " : le service a mis plus d'une minute à présenter son code",
    "autre_service": " : il présente le code d'un autre service",
    "retour": " : son adresse de retour a changé en chemin",
    "preuve": " : il ne prouve pas que la demande était la sienne",
    "ferme": " : il n'est plus ouvert à cette personne",
    "personne": " : la session est finie, ou la personne n'a plus ce titre",
    "sans_sujet": " : ce compte n'a pas l'identifiant que son gabarit demande",
}

_MOTS: Mapping[str, Callable[[ActeLu, Lexique], str]] = {
    "actes": _combien("nombre", "acte", "actes"),
    "ancien": lambda acte, _: acte.details["ancien"],
    "annee": _annee,
    "autres_sessions": _combien("nombre", "autre session", "autres sessions"),
    "brique": lambda acte, lexique: lexique.briques.get(acte.objet or "", acte.objet or "inconnue"),
    "cause": lambda acte, _: _CAUSES.get(acte.details["cause"], ""),
    "codes": _combien("nombre", "code", "codes"),
    "compte": lambda acte, _: f"le compte de {acte.concerne_nom}" if acte.concerne_nom else "un compte",
    "comptes": _combien("nombre", "compte", "comptes"),
    "dates": _dates,
    "de_qui": _detail("genre", _GENRES),
    "demande": lambda acte, _: acte.details["demande"],
    "echues": _combien("echues", "donnée échue", "données échues"),
    "eleves": _combien("eleves", "élève", "élèves"),
    "familles": _combien("familles", "famille", "familles"),
    "jours": _combien("jours", "jour", "jours"),
    "jour": lambda acte, _: jour_court(date.fromisoformat(acte.details["jour"])),
    "messages": _combien("nombre", "message", "messages"),
    "moyen": lambda acte, _: _MOYENS.get(acte.details["methode"], ""),
    "fournisseur": lambda acte, _: acte.details["fournisseur"] or "inconnu",
    "lien": _detail("moyen", LIENS),
    "motif": _detail("motif", MOTIFS),
    "motif_d_entree": _detail("motif", MOTIFS_D_ENTREE),
    "nouveau": lambda acte, _: acte.details["nouveau"],
    "objet": lambda acte, _: acte.objet or "?",
    "permission": lambda acte, lexique: lexique.permissions.get(
        acte.details["permission"], acte.details["permission"]
    ),
    "personnels_gar": _combien("personnels", "personnel", "personnels"),
    "personnes": _combien("personnes", "personne", "personnes"),
    "prealable": lambda acte, lexique: lexique.prealables.get(
        (acte.objet or "", acte.details["cle"]), acte.details["cle"]
    ),
    "profil": _detail("profil", LIBELLES_PROFILS),
    "role": _detail("role", LIBELLES_ROLES),
    "code": lambda acte, _: acte.details["code"],
    "gabarit": lambda acte, _: acte.details["gabarit"],
    "cause_jeton": lambda acte, _: _REFUS_DE_JETON.get(acte.details["cause"], ""),
    "pourquoi": lambda acte, _: (
        _REFUS_DE_SERVICE.get(acte.details["cause"], "")
        + (f" (règle « {regle} »)" if (regle := acte.details.get("regle")) else "")
    ),
    "service": lambda acte, _: acte.objet or "inconnu",
    "sessions": _combien("sessions", "session", "sessions"),
    "tache": lambda acte, _: acte.details["tache"],
}
"""Ce qui remplit les phrases, tiré de l'objet et des détails de l'acte."""
