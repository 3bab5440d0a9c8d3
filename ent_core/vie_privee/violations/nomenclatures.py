"""Les listes d'une violation : ce que demande une notification, dans les mots d'un établissement."""

from __future__ import annotations

from collections.abc import Mapping

from ent_core.contrat.donnees import Categorie, Population

__all__ = [
    "ACTES",
    "CATEGORIES",
    "CAUSES",
    "CHAMPS",
    "CONSEQUENCES",
    "GRAVITES",
    "NATURES",
    "ORIGINES",
    "POPULATIONS",
    "RISQUE_ELEVE",
    "SAISIS",
]

NATURES: Mapping[str, str] = {
    "confidentialite": "Confidentialité : quelqu'un a vu ou reçu ce qu'il ne devait pas",
    "integrite": "Intégrité : des données ont été changées",
    "disponibilite": "Disponibilité : des données sont perdues ou hors d'atteinte",
}
ORIGINES: Mapping[str, str] = {
    "equipement": "Équipement perdu ou volé",
    "papier": "Papier perdu, volé ou laissé en vue",
    "rebut": "Papier ou équipement mis au rebut avec ses données",
    "envoi": "Données envoyées au mauvais destinataire",
    "publication": "Données publiées par erreur",
    "habilitation": "Droit d'accès de trop, ou réglage fautif",
    "acces_interne": "Consultation sans raison de service",
    "piratage": "Intrusion ou logiciel malveillant",
    "hameconnage": "Mot de passe obtenu par tromperie",
    "panne": "Panne, erreur de manipulation ou sinistre",
    "autre": "Autre, à préciser dans la description",
}
CAUSES: Mapping[str, str] = {
    "interne_accident": "De l'intérieur, par accident",
    "interne_malveillance": "De l'intérieur, à dessein",
    "externe_accident": "De l'extérieur, par accident",
    "externe_malveillance": "De l'extérieur, à dessein",
    "inconnue": "Pas encore connue",
}
CONSEQUENCES: Mapping[str, str] = {
    "perte_de_controle": "Perte de la maîtrise de ses données",
    "discrimination": "Discrimination ou mise à l'écart",
    "usurpation": "Usurpation d'identité",
    "reputation": "Atteinte à la réputation, moquerie, harcèlement",
    "securite": "Danger pour la personne (adresse, éloignement d'un proche)",
    "scolarite": "Tort à la scolarité ou à l'orientation",
    "financier": "Perte financière",
    "secret": "Levée d'un secret professionnel ou médical",
    "service": "Service rendu avec retard ou pas rendu",
}
GRAVITES: Mapping[int, str] = {1: "Négligeable", 2: "Limitée", 3: "Importante", 4: "Maximale"}
RISQUE_ELEVE = 3
"""Gravité à partir de laquelle les personnes sont prévenues, sauf exception motivée (RGPD, article 34)."""

CATEGORIES: Mapping[str, str] = {c.name.lower(): c.value.capitalize() for c in Categorie}
POPULATIONS: Mapping[str, str] = {
    **{p.name.lower(): p.value.capitalize() for p in Population},
    "mineur": "Mineurs",
}

ACTES: Mapping[str, str] = {
    "ouverture": "Violation enregistrée",
    "correction": "Fiche corrigée ou complétée",
    "cnil": "Décision de notifier la CNIL",
    "notification": "Notification initiale à la CNIL",
    "complement": "Notification complétée",
    "information": "Décision de prévenir les personnes",
    "prevenues": "Personnes prévenues",
    "comptage": "Personnes touchées, comptées dans les traces",
    "preuve": "Preuve notée",
    "rappel": "Rappel de l'échéance",
    "cloture": "Violation close",
    "reouverture": "Violation rouverte",
}

SAISIS = (
    "connue_le", "debut", "fin", "en_cours", "natures", "origine", "cause", "traitements", "categories",
    "populations", "personnes", "enregistrements", "consequences", "gravite", "description", "mesures",
)  # fmt: skip
"""Champs que la fiche laisse corriger."""

CHAMPS = (
    *SAISIS, "uai", "cnil", "cnil_motif", "notifiee_le", "reference", "retard_motif", "completee_le",
    "information", "information_motif", "informees_le", "signal", "close_le",
    # Ce qu'un comptage ou un rappel retient de plus.
    "du", "au", "traitement", "compte", "journaux", "indeterminees", "empreinte", "palier",
)  # fmt: skip
"""Clés qu'une étape peut retenir."""
