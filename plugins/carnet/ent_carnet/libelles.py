"""Les mots montrés pour chaque code des listes fermées, à l'écran comme sur papier."""

from __future__ import annotations

from collections.abc import Mapping

from ent_carnet.nomenclatures import (
    Accompagnement,
    Accueil,
    EtapeProcedure,
    EtatProposition,
    EtatRetenue,
    EtatSanction,
    Issue,
    Mesure,
    MotifDiscipline,
    MotObservation,
    NaturePunition,
    PunitionProposable,
    Sanction,
    SuiteDemande,
    Voie,
)

__all__ = [
    "ACCOMPAGNEMENTS",
    "ACCUEILS",
    "ETAPES",
    "ETATS",
    "ETATS_RETENUE",
    "ISSUES",
    "MESURES",
    "MOTIFS",
    "OBSERVATIONS",
    "PROPOSABLES",
    "PROPOSITIONS",
    "PUNITIONS",
    "SANCTIONS",
    "SUITES",
    "VOIES",
]

MOTIFS: Mapping[MotifDiscipline, str] = {
    MotifDiscipline.TRAVAIL_NON_FAIT: "Travail non fait",
    MotifDiscipline.MATERIEL: "Matériel oublié",
    MotifDiscipline.BAVARDAGE: "Bavardages répétés",
    MotifDiscipline.RETARDS: "Retards répétés",
    MotifDiscipline.ABSENTEISME: "Absences répétées",
    MotifDiscipline.TELEPHONE: "Téléphone",
    MotifDiscipline.INSOLENCE: "Insolence",
    MotifDiscipline.DEGRADATION: "Dégradation",
    MotifDiscipline.FRAUDE: "Fraude",
    MotifDiscipline.MISE_EN_DANGER: "Mise en danger",
    MotifDiscipline.VIOLENCE_VERBALE: "Violence verbale",
    MotifDiscipline.VIOLENCE_PHYSIQUE: "Violence physique",
    MotifDiscipline.HARCELEMENT: "Harcèlement",
    MotifDiscipline.ATTEINTE_A_LA_LAICITE: "Atteinte à la laïcité",
    MotifDiscipline.AUTRE: "Autre motif",
}
PUNITIONS: Mapping[NaturePunition, str] = {
    NaturePunition.MENTION: "Mention au carnet",
    NaturePunition.EXCUSE: "Excuse orale ou écrite",
    NaturePunition.DEVOIR: "Devoir supplémentaire",
    NaturePunition.EXCLUSION_DE_COURS: "Exclusion ponctuelle d'un cours",
    NaturePunition.RETENUE: "Retenue",
}
PROPOSABLES: Mapping[PunitionProposable, str] = {
    proposable: PUNITIONS[NaturePunition(proposable)] for proposable in PunitionProposable
}
PROPOSITIONS: Mapping[EtatProposition, str] = {
    EtatProposition.PROPOSEE: "En attente",
    EtatProposition.ACCEPTEE: "Punition donnée",
    EtatProposition.REFUSEE: "Refusée",
    EtatProposition.RETIREE: "Retirée",
}
SANCTIONS: Mapping[Sanction, str] = {
    Sanction.AVERTISSEMENT: "Avertissement",
    Sanction.BLAME: "Blâme",
    Sanction.MESURE_DE_RESPONSABILISATION: "Mesure de responsabilisation",
    Sanction.EXCLUSION_DE_LA_CLASSE: "Exclusion temporaire de la classe",
    Sanction.EXCLUSION_DE_L_ETABLISSEMENT: "Exclusion temporaire de l'établissement",
    Sanction.EXCLUSION_DEFINITIVE: "Exclusion définitive",
}
OBSERVATIONS: Mapping[MotObservation, str] = {
    MotObservation.PARTICIPATION: "Bonne participation",
    MotObservation.ENTRAIDE: "Entraide",
    MotObservation.PROGRES: "Progrès",
    MotObservation.TRAVAIL_NON_RENDU: "Travail non rendu",
    MotObservation.MATERIEL_OUBLIE: "Matériel oublié",
    MotObservation.DISTRACTION: "Distraction",
}
ISSUES: Mapping[Issue, str] = {
    Issue.EN_COURS: "Procédure en cours",
    Issue.SANS_SANCTION: "Sans sanction",
    **dict(zip(list(Issue)[2:], SANCTIONS.values(), strict=True)),
}
ETATS: Mapping[EtatSanction, str] = {
    EtatSanction.OUVERTE: "Procédure ouverte",
    EtatSanction.FAITS_NOTIFIES: "Faits notifiés",
    EtatSanction.PRONONCEE: "Sanction prononcée",
    EtatSanction.NOTIFIEE: "Décision notifiée",
    EtatSanction.EXECUTEE: "Exécutée",
    EtatSanction.CLASSEE: "Sans sanction",
}
ETAPES: Mapping[EtapeProcedure, str] = {
    EtapeProcedure.OUVERTURE: "Procédure ouverte",
    EtapeProcedure.NOTIFICATION_ELEVE: "Faits notifiés à l'élève",
    EtapeProcedure.NOTIFICATION_RESPONSABLES: "Faits notifiés aux responsables",
    EtapeProcedure.CONSULTATION_DOSSIER: "Dossier consulté",
    EtapeProcedure.OBSERVATIONS_RECUES: "Observations reçues",
    EtapeProcedure.CONVOCATION_AUDITION: "Élève convoqué pour être entendu",
    EtapeProcedure.CONVOCATION_CONSEIL: "Conseil de discipline convoqué",
    EtapeProcedure.SECONDE_CONVOCATION: "Second conseil convoqué",
    EtapeProcedure.PRONONCE: "Sanction prononcée",
    EtapeProcedure.NOTIFICATION_DECISION: "Décision notifiée",
    EtapeProcedure.MESURE_ACCEPTEE: "Mesure alternative acceptée",
    EtapeProcedure.MESURE_REFUSEE: "Mesure alternative refusée",
    EtapeProcedure.MESURE_RESPECTEE: "Mesure alternative respectée",
    EtapeProcedure.MESURE_MANQUEE: "Mesure alternative non respectée",
    EtapeProcedure.REVOCATION_SURSIS: "Sursis révoqué",
    EtapeProcedure.EXECUTION: "Sanction exécutée",
    EtapeProcedure.APPEL: "Appel devant le recteur",
    EtapeProcedure.CLASSEMENT: "Procédure close sans sanction",
}
MESURES: Mapping[Mesure, str] = {
    Mesure.AUCUNE: "Aucune mesure alternative",
    Mesure.PROPOSEE: "Mesure alternative proposée",
    Mesure.ACCEPTEE: "Mesure alternative acceptée",
    Mesure.RESPECTEE: "Mesure alternative respectée",
    Mesure.MANQUEE: "Mesure alternative non respectée",
}
VOIES: Mapping[Voie, str] = {
    Voie.MAIN_PROPRE: "Remise contre signature",
    Voie.RECOMMANDE: "Pli recommandé",
}
ACCUEILS: Mapping[Accueil, str] = {
    Accueil.VIE_SCOLAIRE: "Vie scolaire",
    Accueil.CPE: "Conseiller principal d'éducation",
    Accueil.DIRECTION: "Direction",
    Accueil.CDI: "Centre de documentation",
    Accueil.INFIRMERIE: "Infirmerie",
}
ACCOMPAGNEMENTS: Mapping[Accompagnement, str] = {
    Accompagnement.ENTRETIEN: "Entretien éducatif",
    Accompagnement.FICHE_DE_SUIVI: "Fiche de suivi",
    Accompagnement.TUTORAT: "Tutorat par un adulte",
    Accompagnement.COMMISSION_EDUCATIVE: "Commission éducative",
    Accompagnement.RENCONTRE_FAMILLE: "Rencontre avec la famille",
    Accompagnement.ACCUEIL_AU_RETOUR: "Accueil au retour d'exclusion",
    Accompagnement.MEDIATION: "Médiation ou réparation",
}
SUITES: Mapping[SuiteDemande, str] = {
    SuiteDemande.ATTENTE: "En attente",
    SuiteDemande.ENGAGEE: "Procédure engagée",
    SuiteDemande.CLASSEE: "Sans suite",
}
ETATS_RETENUE: Mapping[EtatRetenue, str] = {
    EtatRetenue.PREVUE: "Prévue",
    EtatRetenue.FAITE: "Faite",
    EtatRetenue.REPORTEE: "Reportée",
    EtatRetenue.MANQUEE: "Manquée",
    EtatRetenue.LEVEE: "Levée",
}
