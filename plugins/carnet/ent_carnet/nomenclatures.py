"""Les listes fermées de la vie scolaire, telles que les textes les écrivent."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = [
    "Accompagnement",
    "Accueil",
    "ActeDemandeAbsence",
    "Ailleurs",
    "Canal",
    "CanalContact",
    "EtapeProcedure",
    "EtatAbsence",
    "EtatDemandeAbsence",
    "EtatJustification",
    "EtatProposition",
    "EtatRetenue",
    "EtatSanction",
    "EtatSignalement",
    "Genre",
    "Indicateur",
    "Issue",
    "LegitimiteMotif",
    "Mesure",
    "MotObservation",
    "MotifDiscipline",
    "MotifSignalement",
    "NatureAffichage",
    "NatureFait",
    "NaturePunition",
    "PunitionProposable",
    "ReponseDemandeAbsence",
    "Sanction",
    "SeuilAbsences",
    "SuiteAlerte",
    "SuiteDemande",
    "Voie",
]


class NatureFait(StrEnum):
    """Ce qu'un appel constate d'un élève ; présent ne s'écrit pas."""

    ABSENT = "absent"
    RETARD = "retard"
    DEPART = "depart"
    AILLEURS = "ailleurs"
    EXCLU_ACCUEILLI = "exclu_accueilli"
    """Exclu de la classe, accueilli dans l'établissement (R. 511-13 I 4°) : il n'est pas absent."""


class Ailleurs(StrEnum):
    """Où est l'élève que l'établissement sait ailleurs : il n'est pas absent."""

    INFIRMERIE = "infirmerie"
    CDI = "cdi"
    SORTIE = "sortie"
    STAGE = "stage"
    EXAMEN = "examen"
    CONVOCATION = "convocation"
    DISPENSE = "dispense"


class Canal(StrEnum):
    """Comment un appel est parvenu."""

    ECRAN = "ecran"
    HORS_LIGNE = "hors_ligne"
    PAPIER = "papier"


class Genre(StrEnum):
    """Genre d'un manquement à l'assiduité ; un retard n'est jamais converti en absence (ABS-11)."""

    ABSENCE = "absence"
    RETARD = "retard"


class LegitimiteMotif(StrEnum):
    """Ce que la loi dit d'un motif (C. éduc. L. 131-8, alinéa 2) ; la liste des motifs y renvoie."""

    MALADIE_ENFANT = "maladie_enfant"
    MALADIE_PROCHE = "maladie_proche"
    REUNION_SOLENNELLE = "reunion_solennelle"
    COMMUNICATIONS = "communications"
    ABSENCE_RESPONSABLES = "absence_responsables"
    AUTRE_A_APPRECIER = "autre_a_apprecier"
    ETABLISSEMENT = "etablissement"
    """Sous la responsabilité de l'établissement : jamais un manquement à l'assiduité."""


class Indicateur(StrEnum):
    """Les quatre indicateurs d'un motif, indépendants les uns des autres ; chacun se change à une date."""

    RECEVABLE = "recevable"
    REGLE = "regle"
    COMPTE = "compte"
    AFFICHABLE = "affichable"


class SeuilAbsences(StrEnum):
    """Ce qui alerte une personne, et ne décide rien (R. 131-6, R. 131-7)."""

    DIALOGUE = "dialogue"
    """Absences répétées, justifiées ou non : un dialogue est engagé avec la famille."""
    MOIS = "mois"
    """Quatre demi-journées dans le mois sans motif légitime ni excuse valable."""
    RENFORCE = "renforce"
    """Dix demi-journées dans le mois."""


class SuiteAlerte(StrEnum):
    """Ce qu'une personne décide d'une alerte (L. 131-8, R. 131-7)."""

    DIALOGUE = "dialogue"
    COMMISSION = "commission"
    AIDE = "aide"
    """Aide contractualisée avec la famille, et un personnel référent (R. 131-7 II)."""
    SAISINE = "saisine"
    SANS_SUITE = "sans_suite"
    SANS_OBJET = "sans_objet"
    """Le seuil n'est plus franchi depuis une correction."""


class EtatAbsence(StrEnum):
    """Trois états, jamais deux."""

    SANS_MOTIF = "sans_motif"
    MOTIF_DONNE = "motif_donne"
    REGLEE = "reglee"


class EtatJustification(StrEnum):
    """Vie d'un motif proposé par une famille ; il ne change jamais le registre de lui-même."""

    ENVOYEE = "envoyee"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    RETIREE = "retiree"


class EtatDemandeAbsence(StrEnum):
    """Où en est une demande d'autorisation d'absence (R. 131-5, alinéa 3) ; chaque état a sa date."""

    INVITEE = "invitee"
    """Doute sérieux : la famille est invitée à demander une autorisation."""
    RECUE = "recue"
    TRANSMISE = "transmise"
    """Transmise à l'autorité académique, hors de l'ENT."""
    ACCORDEE = "accordee"
    REFUSEE = "refusee"
    LEVEE = "levee"
    """Le doute est levé : il n'y a plus rien à demander."""


class ActeDemandeAbsence(StrEnum):
    """Ce que la direction note d'une demande d'autorisation d'absence."""

    RECEVOIR = "recevoir"
    TRANSMETTRE = "transmettre"
    ACCORDER = "accorder"
    REFUSER = "refuser"
    LEVER = "lever"


class ReponseDemandeAbsence(StrEnum):
    """Ce que l'autorité académique répond."""

    ACCORDEE = "accordee"
    REFUSEE = "refusee"


class MotifSignalement(StrEnum):
    """Perturbations graves qui se signalent aux responsables d'un élève majeur opposé (FAM-07)."""

    ABSENTEISME = "absenteisme"
    ABANDON = "abandon"


class EtatSignalement(StrEnum):
    """Un signalement se propose, puis la direction le décide ou l'écarte."""

    PROPOSE = "propose"
    DECIDE = "decide"
    ECARTE = "ecarte"


class CanalContact(StrEnum):
    """Comment la famille a été jointe (FAM-12)."""

    TELEPHONE = "telephone"
    SMS = "sms"
    COURRIEL = "courriel"
    COURRIER = "courrier"
    ENTRETIEN = "entretien"


class NaturePunition(StrEnum):
    """Punitions scolaires (circulaire n° 2014-059) ; rien de commun avec une sanction (DISC-01)."""

    MENTION = "mention"
    EXCUSE = "excuse"
    DEVOIR = "devoir"
    EXCLUSION_DE_COURS = "exclusion_de_cours"
    RETENUE = "retenue"


class PunitionProposable(StrEnum):
    """Punitions qu'un autre personnel propose ; exclure d'un cours revient à qui le fait (DISC-03)."""

    MENTION = "mention"
    EXCUSE = "excuse"
    DEVOIR = "devoir"
    RETENUE = "retenue"


class EtatProposition(StrEnum):
    """Vie d'une punition proposée ; la famille n'en lit que la punition, si elle est donnée."""

    PROPOSEE = "proposee"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    RETIREE = "retiree"


class EtatRetenue(StrEnum):
    """Suites d'une retenue."""

    PREVUE = "prevue"
    FAITE = "faite"
    REPORTEE = "reportee"
    MANQUEE = "manquee"
    LEVEE = "levee"


class MotifDiscipline(StrEnum):
    """Motifs d'une punition ou d'une sanction ; l'établissement écrit les circonstances à part."""

    TRAVAIL_NON_FAIT = "travail_non_fait"
    MATERIEL = "materiel"
    BAVARDAGE = "bavardage"
    RETARDS = "retards"
    ABSENTEISME = "absenteisme"
    TELEPHONE = "telephone"
    INSOLENCE = "insolence"
    DEGRADATION = "degradation"
    FRAUDE = "fraude"
    MISE_EN_DANGER = "mise_en_danger"
    VIOLENCE_VERBALE = "violence_verbale"
    VIOLENCE_PHYSIQUE = "violence_physique"
    HARCELEMENT = "harcelement"
    ATTEINTE_A_LA_LAICITE = "atteinte_a_la_laicite"
    AUTRE = "autre"


class MotObservation(StrEnum):
    """Observations possibles, toutes rattachées à une séance ; encouragements compris."""

    PARTICIPATION = "participation"
    ENTRAIDE = "entraide"
    PROGRES = "progres"
    TRAVAIL_NON_RENDU = "travail_non_rendu"
    MATERIEL_OUBLIE = "materiel_oublie"
    DISTRACTION = "distraction"


class EtapeProcedure(StrEnum):
    """Étapes obligées ou possibles d'une procédure (R. 421-10-1, D. 511-31 et suivants)."""

    OUVERTURE = "ouverture"
    NOTIFICATION_ELEVE = "notification_eleve"
    NOTIFICATION_RESPONSABLES = "notification_responsables"
    CONSULTATION_DOSSIER = "consultation_dossier"
    OBSERVATIONS_RECUES = "observations_recues"
    CONVOCATION_AUDITION = "convocation_audition"
    CONVOCATION_CONSEIL = "convocation_conseil"
    SECONDE_CONVOCATION = "seconde_convocation"
    PRONONCE = "prononce"
    NOTIFICATION_DECISION = "notification_decision"
    MESURE_ACCEPTEE = "mesure_acceptee"
    MESURE_REFUSEE = "mesure_refusee"
    MESURE_RESPECTEE = "mesure_respectee"
    MESURE_MANQUEE = "mesure_manquee"
    REVOCATION_SURSIS = "revocation_sursis"
    EXECUTION = "execution"
    APPEL = "appel"
    CLASSEMENT = "classement"


class Sanction(IntEnum):
    """L'échelle des sanctions, fermée, dans l'ordre du texte (C. éduc. R. 511-13 I)."""

    AVERTISSEMENT = 1
    BLAME = 2
    MESURE_DE_RESPONSABILISATION = 3
    EXCLUSION_DE_LA_CLASSE = 4
    EXCLUSION_DE_L_ETABLISSEMENT = 5
    EXCLUSION_DEFINITIVE = 6


class EtatSanction(StrEnum):
    """Étapes d'une procédure ; chacune ne s'atteint que par la précédente (R. 421-10-1)."""

    OUVERTE = "ouverte"
    FAITS_NOTIFIES = "faits_notifies"
    PRONONCEE = "prononcee"
    NOTIFIEE = "notifiee"
    EXECUTEE = "executee"
    CLASSEE = "classee"


class Issue(StrEnum):
    """À quoi une procédure a mené ; ce que compte le bilan de l'année (DISC-25)."""

    EN_COURS = "en_cours"
    SANS_SANCTION = "sans_sanction"
    AVERTISSEMENT = "avertissement"
    BLAME = "blame"
    RESPONSABILISATION = "responsabilisation"
    EXCLUSION_DE_LA_CLASSE = "exclusion_classe"
    EXCLUSION_ETABLISSEMENT = "exclusion_etab"
    EXCLUSION_DEFINITIVE = "definitive"


class Mesure(StrEnum):
    """Mesure alternative proposée à la place d'une exclusion (R. 511-13 III)."""

    AUCUNE = "aucune"
    PROPOSEE = "proposee"
    ACCEPTEE = "acceptee"
    RESPECTEE = "respectee"
    MANQUEE = "manquee"


class Accueil(StrEnum):
    """Qui prend en charge l'élève exclu d'un cours : il n'est jamais laissé seul (DISC-06)."""

    VIE_SCOLAIRE = "vie_scolaire"
    CPE = "cpe"
    DIRECTION = "direction"
    CDI = "cdi"
    INFIRMERIE = "infirmerie"


class Voie(StrEnum):
    """Comment un acte de la procédure est remis ; pli recommandé ou signature pour le conseil (DISC-18)."""

    MAIN_PROPRE = "main_propre"
    RECOMMANDE = "recommande"


class Accompagnement(StrEnum):
    """Prévention et accompagnement proposés avec une sanction, ou au retour d'une exclusion (DISC-26)."""

    ENTRETIEN = "entretien"
    FICHE_DE_SUIVI = "fiche_de_suivi"
    TUTORAT = "tutorat"
    COMMISSION_EDUCATIVE = "commission_educative"
    RENCONTRE_FAMILLE = "rencontre_famille"
    ACCUEIL_AU_RETOUR = "accueil_au_retour"
    MEDIATION = "mediation"


class SuiteDemande(StrEnum):
    """Suite donnée à la demande écrite d'un personnel (DISC-25)."""

    ATTENTE = "attente"
    ENGAGEE = "engagee"
    CLASSEE = "classee"


class NatureAffichage(StrEnum):
    """Ce que la famille peut lire ; rien d'autre (CARNET-07)."""

    ABSENCE = "absence"
    RETARD = "retard"
    PUNITION = "punition"
    SANCTION = "sanction"
    OBSERVATION = "observation"
