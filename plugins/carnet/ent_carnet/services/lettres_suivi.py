"""Les lettres de l'assiduité, et celle qui présente le carnet aux familles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ent_carnet.regles.intervalles import periode_dite
from ent_carnet.services.lettres import ElevePrecise, Lettre, jour_entier, liste, texte, titre

__all__ = ["AbsencesEcrites", "SeuilEcrit", "motif_a_donner", "presentation", "seuil_franchi"]

_VIE_SCOLAIRE = "La vie scolaire"
_CHEF = "Le chef d'établissement"
_LEGITIMES = (
    "maladie de l'enfant",
    "maladie transmissible ou contagieuse d'un membre de la famille",
    "réunion solennelle de famille",
    "empêchement dû à une difficulté accidentelle des communications",
    "absence temporaire des personnes responsables, lorsque l'enfant les suit",
)


@dataclass(frozen=True, slots=True)
class AbsencesEcrites:
    """Des absences dont le motif manque."""

    eleve: ElevePrecise
    periodes: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class SeuilEcrit:
    """Un seuil de demi-journées franchi.

    :param nombre: demi-journées comptées de ``du`` à ``au``.
    """

    eleve: ElevePrecise
    nombre: int
    du: date
    au: date


def motif_a_donner(ecrites: AbsencesEcrites) -> Lettre:
    """Demande le motif d'absences (ABS-03).

    :param ecrites: les absences.
    """
    return Lettre(
        "Absences dont le motif est attendu",
        ecrites.eleve,
        (
            texte(f"Absences de {ecrites.eleve.libelle}, dont le motif n'est pas connu :"),
            liste(_periode(*periode) for periode in ecrites.periodes),
            texte("Merci de le faire connaître sans délai à la vie scolaire, au dos de cette lettre."),
            texte(f"La loi répute légitimes : {' ; '.join(_LEGITIMES)}. Les autres motifs sont appréciés."),
            texte("Aucun certificat ne doit dire la nature d'une maladie."),
        ),
        _VIE_SCOLAIRE,
    )


def seuil_franchi(ecrit: SeuilEcrit) -> Lettre:
    """Propose un dialogue ; une personne l'envoie, rien n'est décidé d'office (ABS-07, ABS-08).

    :param ecrit: le seuil.
    """
    return Lettre(
        "Absences répétées : rencontre proposée",
        ecrit.eleve,
        (
            texte(
                f"{ecrit.eleve.libelle}, a manqué {ecrit.nombre} demi-journées du {jour_entier(ecrit.du)} au"
                f" {jour_entier(ecrit.au)}, sans motif légitime ni excuse valable connus à ce jour."
            ),
            texte(
                "Nous souhaitons vous rencontrer pour en parler avec vous et avec l'élève. Merci de prendre"
                " rendez-vous auprès de la vie scolaire."
            ),
            texte(
                "À partir de quatre demi-journées dans le mois, le chef d'établissement réunit la commission"
                " éducative, et peut saisir l'autorité académique (code de l'éducation, articles L. 131-8 et"
                " R. 131-7)."
            ),
            texte("Si un motif ne nous a pas été donné, il est encore temps de le faire connaître."),
        ),
        _CHEF,
        accuse=True,
    )


def presentation(eleve: ElevePrecise, *, etablissement: str) -> Lettre:
    """Présente le carnet : le dispositif, le papier pour qui le préfère, le code provisoire (CARNET-06).

    :param eleve: élève.
    :param etablissement: son nom.
    """
    return Lettre(
        "Le carnet de l'élève",
        eleve,
        (
            texte(
                f"{etablissement} ouvre le carnet numérique. Il informe à distance l'élève et ses"
                " responsables des absences, des retards, des punitions et des sanctions."
            ),
            titre("Vous choisissez"),
            texte(
                "Le carnet numérique est facultatif. Ne pas l'ouvrir n'a aucune conséquence sur la scolarité."
                " Qui ne peut ou ne veut pas l'employer reçoit chaque semaine les mêmes informations sur"
                " papier : il suffit de le dire à la vie scolaire, à tout moment."
            ),
            titre("Pour l'ouvrir"),
            texte(
                "Chaque responsable et chaque élève a son propre accès. Un code provisoire vous est remis à"
                " part, sur papier : il sert une fois, puis vous choisissez votre mot de passe. Ne le donnez"
                " à personne ; l'établissement ne vous le demandera jamais."
            ),
            titre("Vos données"),
            liste(
                (
                    "Les lisent : l'élève, ses responsables, ses enseignants, la vie scolaire, la direction.",
                    "L'affichage est effacé à la fin de l'année scolaire, et si l'élève change"
                    " d'établissement.",
                    "Vous pouvez les consulter, les faire corriger, et vous opposer à leur affichage :"
                    " adressez-vous au chef d'établissement.",
                )
            ),
        ),
        _CHEF,
    )


def _periode(debut: datetime, fin: datetime) -> str:
    dite = periode_dite(debut, fin, jour_entier)
    return dite if dite.startswith("du ") else f"le {dite}"
