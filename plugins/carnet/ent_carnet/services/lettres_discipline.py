"""Les lettres de la discipline : ce que chacune doit dire, et les recours (DISC-06, DISC-15, DISC-28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ent_core.brique import FUSEAU, DonneeInvalide, heure

from ent_carnet.libelles import ACCUEILS, MOTIFS, PUNITIONS, SANCTIONS
from ent_carnet.nomenclatures import Accueil, MotifDiscipline, NaturePunition, Sanction
from ent_carnet.regles.recours import voies_de_recours
from ent_carnet.services.lettres import Bloc, ElevePrecise, Lettre, jour_entier, liste, texte, titre

__all__ = [
    "ConvocationEcrite",
    "DecisionEcrite",
    "ExclusionEcrite",
    "FaitsEcrits",
    "PunitionEcrite",
    "RetenueEcrite",
    "convocation_a_une_audition",
    "convocation_au_conseil",
    "notification_de_la_decision",
    "notification_des_faits",
    "punition",
    "rapport_d_exclusion",
]

_CHEF = "Le chef d'établissement"
_VIE_SCOLAIRE = "La vie scolaire"


@dataclass(frozen=True, slots=True)
class RetenueEcrite:
    """Quand et où."""

    debut: datetime
    fin: datetime
    lieu: str


@dataclass(frozen=True, slots=True)
class PunitionEcrite:
    """Ce que la famille apprend d'une punition : ni les circonstances, ni qui l'a donnée."""

    eleve: ElevePrecise
    nature: NaturePunition
    motif: MotifDiscipline
    jour: date
    travail: str = ""
    retenue: RetenueEcrite | None = None


@dataclass(frozen=True, slots=True)
class ExclusionEcrite:
    """Le rapport d'une exclusion ponctuelle de cours, pour le CPE et le chef d'établissement (DISC-06)."""

    eleve: ElevePrecise
    debut: datetime
    motif: MotifDiscipline
    circonstances: str
    travail: str
    accueil: Accueil | None


@dataclass(frozen=True, slots=True)
class FaitsEcrits:
    """Les faits reprochés, avant toute décision (R. 421-10-1).

    :param defense_jusqu_au: dernier jour où présenter ses observations ; deux jours ouvrables au moins.
    :param interdiction: premier et dernier jour d'une interdiction d'accès, qui n'est pas une sanction.
    """

    eleve: ElevePrecise
    faits: str
    faits_le: date
    defense_jusqu_au: date
    interdiction: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class ConvocationEcrite:
    """La convocation de qui doit être entendu : par le chef d'établissement, ou par le conseil de discipline.

    :param defense_jusqu_au: dernier jour où présenter ses observations.
    """

    eleve: ElevePrecise
    faits: str
    faits_le: date
    reunion_le: datetime
    lieu: str
    defense_jusqu_au: date


@dataclass(frozen=True, slots=True)
class DecisionEcrite:
    """Une décision, à notifier.

    :param mesure: la mesure alternative proposée à la place d'une exclusion ; vide, aucune.
    :param efface_le: jour où elle quitte le dossier ; ``None``, au terme de la scolarité.
    """

    eleve: ElevePrecise
    sanction: Sanction
    motif: MotifDiscipline
    motivation: str
    faits_le: date
    prononcee_le: date
    par_conseil: bool = False
    jours: int | None = None
    heures: int | None = None
    du: date | None = None
    au: date | None = None
    sursis_jusqu_au: date | None = None
    mesure: str = ""
    efface_le: date | None = None


def punition(ecrite: PunitionEcrite) -> Lettre:
    """Porte une punition à la connaissance de la famille (DISC-04).

    :param ecrite: la punition.
    :raises DonneeInvalide: une retenue sans date, un devoir sans travail.
    """
    _exiger(
        ecrite.nature is not NaturePunition.RETENUE or ecrite.retenue is not None, "la date de la retenue"
    )
    _exiger(ecrite.nature is not NaturePunition.DEVOIR or bool(ecrite.travail), "le travail demandé")
    libelle = PUNITIONS[ecrite.nature]
    blocs = [
        texte(
            f"{ecrite.eleve.libelle}, a reçu une punition le {jour_entier(ecrite.jour)} :"
            f" {libelle.lower()}. Motif : {MOTIFS[ecrite.motif].lower()}."
        )
    ]
    if ecrite.retenue is not None:
        blocs.append(texte(f"La retenue a lieu le {_quand(ecrite.retenue)}."))
    if ecrite.travail:
        blocs.append(texte(f"Travail à faire : {ecrite.travail}"))
    blocs += [
        texte(
            "Une punition est une mesure d'ordre intérieur. Elle n'est pas une sanction, et n'est pas"
            " inscrite au dossier de l'élève."
        ),
        texte("La vie scolaire se tient à votre disposition pour en parler avec vous."),
    ]
    return Lettre(libelle, ecrite.eleve, tuple(blocs), _VIE_SCOLAIRE, accuse=True)


def rapport_d_exclusion(ecrite: ExclusionEcrite) -> Lettre:
    """Information écrite du CPE et du chef d'établissement ; elle ne part pas à la famille.

    :param ecrite: l'exclusion.
    :raises DonneeInvalide: une mention obligatoire manque.
    """
    _exiger(bool(ecrite.circonstances.strip()), "les circonstances de l'exclusion")
    _exiger(bool(ecrite.travail.strip()), "le travail donné à l'élève")
    if ecrite.accueil is None:
        raise _manque("qui prend l'élève en charge")
    return Lettre(
        "Rapport d'exclusion ponctuelle de cours",
        ecrite.eleve,
        (
            texte(
                f"Élève exclu du cours : {ecrite.eleve.libelle}. Le {jour_entier(ecrite.debut)} à"
                f" {heure(ecrite.debut)}. Motif : {MOTIFS[ecrite.motif].lower()}."
            ),
            titre("Circonstances"),
            texte(ecrite.circonstances),
            titre("Prise en charge de l'élève"),
            texte(f"Élève confié à : {ACCUEILS[ecrite.accueil].lower()}."),
            texte(f"Travail à faire : {ecrite.travail}"),
        ),
        "L'enseignant",
    )


def notification_des_faits(ecrits: FaitsEcrits) -> Lettre:
    """Engage le contradictoire : faits, observations, assistance, dossier, délai (DISC-15, DISC-16).

    :param ecrits: les faits.
    :raises DonneeInvalide: les faits ne sont pas dits.
    """
    _exiger(bool(ecrits.faits.strip()), "les faits reprochés")
    blocs = [
        texte(
            f"Une procédure disciplinaire est engagée à l'égard de {ecrits.eleve.libelle}, pour les faits"
            f" suivants, du {jour_entier(ecrits.faits_le)}."
        ),
        texte(ecrits.faits),
        *_defense(f"jusqu'au {jour_entier(ecrits.defense_jusqu_au)} inclus"),
    ]
    if ecrits.interdiction is not None:
        du, au = ecrits.interdiction
        blocs += [
            titre("Interdiction d'accès à titre conservatoire"),
            texte(
                "L'accès de l'établissement est interdit à l'élève,"
                f" du {jour_entier(du)} au {jour_entier(au)}."
                " Cette mesure n'est pas une sanction."
            ),
        ]
    return Lettre("Engagement d'une procédure disciplinaire", ecrits.eleve, tuple(blocs), _CHEF, accuse=True)


def convocation_a_une_audition(ecrite: ConvocationEcrite) -> Lettre:
    """Convoque pour entendre la défense de l'élève, avant toute décision du chef d'établissement (DISC-16).

    :param ecrite: la convocation.
    :raises DonneeInvalide: les faits ne sont pas dits.
    """
    _exiger(bool(ecrite.faits.strip()), "les faits reprochés")
    return Lettre(
        "Convocation : entendre l'élève avant toute décision",
        ecrite.eleve,
        (
            texte(
                f"Une procédure disciplinaire est engagée à l'égard de {ecrite.eleve.libelle}. Avant toute"
                f" décision, le chef d'établissement l'entend le {_moment(ecrite)}. L'élève et ses"
                " représentants légaux y sont convoqués."
            ),
            texte(f"Faits reprochés, du {jour_entier(ecrite.faits_le)} : {ecrite.faits}"),
            texte(
                "Ne pas pouvoir venir n'ôte aucun droit : les observations peuvent aussi être écrites, et une"
                " autre heure se demande à l'établissement."
            ),
            *_defense(_au_plus_tard(ecrite)),
        ),
        _CHEF,
        accuse=True,
    )


def convocation_au_conseil(ecrite: ConvocationEcrite) -> Lettre:
    """Convoque devant le conseil de discipline ; pli recommandé, ou remise contre signature (DISC-18).

    :param ecrite: la convocation.
    :raises DonneeInvalide: les faits ne sont pas dits.
    """
    _exiger(bool(ecrite.faits.strip()), "les faits reprochés")
    return Lettre(
        "Convocation devant le conseil de discipline",
        ecrite.eleve,
        (
            texte(
                f"Le conseil de discipline se réunit le {_moment(ecrite)}, pour examiner la situation de"
                f" {ecrite.eleve.libelle}. L'élève et ses représentants légaux y sont convoqués."
            ),
            texte(f"Faits reprochés, du {jour_entier(ecrite.faits_le)} : {ecrite.faits}"),
            *_defense("jusqu'au jour du conseil"),
        ),
        _CHEF,
        accuse=True,
    )


def notification_de_la_decision(ecrite: DecisionEcrite) -> Lettre:
    """Notifie une sanction, motivée, avec les voies et délais de recours (DISC-28).

    :param ecrite: la décision.
    :raises DonneeInvalide: elle n'est pas motivée, ou une exclusion n'a pas de durée.
    """
    _exiger(bool(ecrite.motivation.strip()), "la motivation de la décision")
    temporaire = ecrite.sanction in (
        Sanction.EXCLUSION_DE_LA_CLASSE,
        Sanction.EXCLUSION_DE_L_ETABLISSEMENT,
    )
    _exiger(not temporaire or ecrite.jours is not None, "la durée de l'exclusion")
    autorite = "Le conseil de discipline" if ecrite.par_conseil else _CHEF
    return Lettre(
        "Notification d'une sanction disciplinaire",
        ecrite.eleve,
        (
            texte(
                f"{autorite} a prononcé le {jour_entier(ecrite.prononcee_le)}, à l'égard de"
                f" {ecrite.eleve.libelle}, la sanction suivante : {_dite(ecrite)}."
            ),
            titre("Motifs"),
            texte(
                f"Faits du {jour_entier(ecrite.faits_le)}. Motif : {MOTIFS[ecrite.motif].lower()}."
                f" {ecrite.motivation}"
            ),
            titre("Exécution"),
            liste(_execution(ecrite)),
            titre("Inscription au dossier"),
            texte(_inscription(ecrite)),
            titre("Voies et délais de recours"),
            liste(voies_de_recours(par_conseil=ecrite.par_conseil)),
        ),
        "Le président du conseil de discipline" if ecrite.par_conseil else _CHEF,
        accuse=True,
    )


def _dite(ecrite: DecisionEcrite) -> str:
    dite = SANCTIONS[ecrite.sanction].lower()
    if ecrite.jours is not None:
        dite += f", {ecrite.jours} jour{'s' if ecrite.jours > 1 else ''}"
    if ecrite.heures is not None:
        dite += f", {ecrite.heures} heure{'s' if ecrite.heures > 1 else ''}"
    return f"{dite}, avec sursis" if ecrite.sursis_jusqu_au else dite


def _execution(ecrite: DecisionEcrite) -> list[str]:
    lignes = []
    if ecrite.sursis_jusqu_au is not None:
        lignes.append(
            "La sanction ne s'exécute pas, sauf si le sursis est révoqué avant le"
            f" {jour_entier(ecrite.sursis_jusqu_au)}."
        )
    elif ecrite.du is not None:
        lignes.append(f"Du {jour_entier(ecrite.du)} au {jour_entier(ecrite.au or ecrite.du)}.")
    if ecrite.sanction is Sanction.EXCLUSION_DE_LA_CLASSE:
        lignes.append("Pendant l'exclusion de la classe, l'élève est accueilli dans l'établissement.")
    if ecrite.mesure:
        lignes.append(
            f"Mesure alternative proposée : {ecrite.mesure} Respectée, elle seule est inscrite au dossier ;"
            " refusée ou non respectée, la sanction s'exécute."
        )
    return lignes or ["Dès sa notification."]


def _inscription(ecrite: DecisionEcrite) -> str:
    if ecrite.efface_le is None:
        return "La sanction est inscrite au dossier administratif de l'élève jusqu'au terme de sa scolarité."
    return (
        "La sanction est inscrite au dossier administratif de l'élève. Elle en est effacée d'office le"
        f" {jour_entier(ecrite.efface_le)}."
    )


def _defense(delai: str) -> tuple[Bloc, ...]:
    return (
        titre("Vos droits"),
        liste(
            (
                f"Présenter des observations, par écrit ou de vive voix, {delai} ; ce délai est de deux jours"
                " ouvrables au moins.",
                "Se faire assister par la personne de son choix.",
                "Consulter le dossier de l'élève auprès du chef d'établissement.",
                "L'élève mineur exerce ces droits avec son représentant légal (code de l'éducation, article"
                " R. 421-10-1).",
            )
        ),
    )


def _moment(ecrite: ConvocationEcrite) -> str:
    return f"{jour_entier(ecrite.reunion_le)} à {heure(ecrite.reunion_le)}, {ecrite.lieu}"


def _au_plus_tard(ecrite: ConvocationEcrite) -> str:
    """La défense dure jusqu'à l'audition, si elle vient après le délai : on ne décide pas avant elle."""
    dernier = max(ecrite.defense_jusqu_au, ecrite.reunion_le.astimezone(FUSEAU).date())
    return f"jusqu'au {jour_entier(dernier)} inclus"


def _quand(retenue: RetenueEcrite) -> str:
    heures = f"de {heure(retenue.debut)} à {heure(retenue.fin)}"
    return f"{jour_entier(retenue.debut)}, {heures}, {retenue.lieu}"


def _exiger(tenue: bool, quoi: str) -> None:
    if not tenue:
        raise _manque(quoi)


def _manque(quoi: str) -> DonneeInvalide:
    return DonneeInvalide(
        f"cette lettre ne peut pas s'écrire sans {quoi}.", remede="compléter, puis imprimer."
    )
