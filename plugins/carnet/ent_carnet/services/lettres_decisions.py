"""Les lettres de la direction : demander une autorisation d'absence, informer d'une perturbation grave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from ent_carnet.nomenclatures import MotifSignalement
from ent_carnet.regles.intervalles import periode_dite
from ent_carnet.services.lettres import ElevePrecise, Lettre, jour_entier, texte

__all__ = ["PERTURBATIONS", "demande_absence_a_faire", "perturbation_grave", "perturbation_signalee"]

_CHEF = "Le chef d'établissement"
PERTURBATIONS: Mapping[MotifSignalement, str] = {
    MotifSignalement.ABSENTEISME: "des absences répétées",
    MotifSignalement.ABANDON: "un abandon des études",
}


def demande_absence_a_faire(eleve: ElevePrecise, debut: datetime, fin: datetime) -> Lettre:
    """Invite à présenter une demande d'autorisation d'absence (R. 131-5, alinéa 3).

    :param eleve: élève.
    :param debut: début de la période.
    :param fin: fin de la période.
    """
    dite = periode_dite(debut, fin, jour_entier)
    periode = dite if dite.startswith("du ") else f"le {dite}"
    return Lettre(
        "Demande d'autorisation d'absence",
        eleve,
        (
            texte(f"Absence de {eleve.libelle} : {periode}."),
            texte(
                "La légitimité du motif de cette absence laisse un doute sérieux. Comme le prévoit l'article"
                " R. 131-5 du code de l'éducation, nous vous invitons à présenter une demande d'autorisation"
                " d'absence. Nous la transmettrons à l'autorité académique, qui répondra."
            ),
            texte(
                "Adressez votre demande, datée et signée, au chef d'établissement. Aucun certificat ne doit"
                " dire la nature d'une maladie."
            ),
            texte("Tant que la réponse n'est pas connue, le motif de cette absence n'est pas retenu."),
        ),
        _CHEF,
    )


def perturbation_grave(eleve: ElevePrecise, motif: MotifSignalement, decide_le: date) -> Lettre:
    """Informe, à titre exceptionnel, les responsables d'un élève majeur qui s'y était opposé (FAM-07).

    :param eleve: élève majeur.
    :param motif: perturbation, dans la liste fermée.
    :param decide_le: jour de la décision.
    """
    return Lettre(
        "Information exceptionnelle",
        eleve,
        (
            texte(
                f"{eleve.libelle}, a dix-huit ans et a choisi de recevoir lui-même ce qui concerne sa"
                " scolarité. Nous respectons ce choix."
            ),
            texte(
                "À titre exceptionnel, nous vous informons d'une perturbation grave de cette scolarité :"
                f" {PERTURBATIONS[motif]}. Cette décision, du {jour_entier(decide_le)}, est personnelle et"
                " motivée ; l'élève en est informé."
            ),
            texte("Nous pouvons vous recevoir, avec l'élève, sur rendez-vous."),
        ),
        _CHEF,
    )


def perturbation_signalee(eleve: ElevePrecise, motif: MotifSignalement, decide_le: date) -> Lettre:
    """Dit à l'élève majeur ce qui est écrit à ses responsables, et ce qu'il peut faire.

    :param eleve: élève majeur.
    :param motif: perturbation, dans la liste fermée.
    :param decide_le: jour de la décision.
    """
    return Lettre(
        "Information donnée à vos responsables",
        eleve,
        (
            texte(
                "Vous avez choisi de recevoir vous-même ce qui concerne votre scolarité. Ce choix demeure :"
                " vos responsables ne lisent rien dans le carnet."
            ),
            texte(
                f"Le {jour_entier(decide_le)}, nous avons décidé, à titre exceptionnel, de les informer d'une"
                f" perturbation grave de votre scolarité : {PERTURBATIONS[motif]}. La lettre ne dit rien de"
                " plus."
            ),
            texte(
                "Vous pouvez demander à être reçu par le chef d'établissement, et contester cette décision"
                " auprès de lui."
            ),
        ),
        _CHEF,
    )
