"""Les décisions d'une violation : notifier la CNIL ou non, prévenir les personnes ou non, et l'avoir fait."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from ent_core.vie_privee.violations.delai import en_retard
from ent_core.vie_privee.violations.etapes import exiger_dit, exiger_ouverte, inscrire, poser
from ent_core.vie_privee.violations.modeles import Violation

__all__ = ["decider_cnil", "decider_information", "notifier", "prevenir"]


def decider_cnil(
    session: Session, horloge: Horloge, violation: Violation, notifier_: bool, motif: str, par: UUID | None
) -> None:
    """Décide de notifier la CNIL, ou non avec la raison (article 33.1 : risque improbable).

    :param notifier_: vrai pour notifier.
    :param motif: raison ; exigée pour ne pas notifier.
    :raises OperationRefusee: close, ou déjà notifiée.
    :raises DonneeInvalide: raison absente.
    """
    exiger_ouverte(session, violation)
    if violation.notifiee_le is not None:
        raise OperationRefusee("la CNIL est déjà notifiée.", remede="compléter la notification.")
    if not notifier_:
        exiger_dit(motif, "ne pas notifier se justifie", "dire pourquoi le risque est improbable")
    violation.cnil, violation.cnil_motif = _oui_non(notifier_), motif.strip()[:1000] or None
    inscrire(
        session, horloge, violation, "cnil", par, dit=motif,
        valeurs={"cnil": violation.cnil, "cnil_motif": violation.cnil_motif},
    )  # fmt: skip


def notifier(
    session: Session, horloge: Horloge, violation: Violation, *, le: datetime, par: UUID | None,
    reference: str = "", retard_motif: str = "", dit: str = "",
) -> None:  # fmt: skip
    """Note une notification faite à la CNIL : la première est l'initiale, les suivantes la complètent.

    :param le: instant de l'envoi.
    :param reference: numéro donné par la CNIL.
    :param retard_motif: raisons du retard, exigées passé 72 heures (article 33.1).
    :param dit: ce que le complément apporte.
    :raises OperationRefusee: close, ou décidée sans notification.
    :raises DonneeInvalide: instant hors de l'histoire, retard sans raison, ou complément qui n'apporte rien.
    """
    exiger_ouverte(session, violation)
    if violation.cnil == "non":
        raise OperationRefusee(
            "il est décidé de ne pas notifier.", remede="reprendre d'abord cette décision."
        )
    _dans_l_histoire(violation, le, horloge)
    initiale = violation.notifiee_le is None
    valeurs: dict[str, Any] = {"reference": reference.strip()[:60] or violation.reference}
    if initiale:
        if en_retard(violation.connue_le, le):
            exiger_dit(
                retard_motif,
                "les 72 heures sont passées",
                "donner les raisons du retard : la CNIL les demande",
            )
        valeurs |= {"cnil": "oui", "notifiee_le": le, "retard_motif": retard_motif.strip()[:1000] or None}
    else:
        if violation.notifiee_le is not None and le < violation.notifiee_le:
            raise DonneeInvalide("un complément suit la notification initiale.", remede="corriger la date.")
        # Un second envoi du même formulaire n'est pas un complément.
        exiger_dit(dit, "la notification est déjà notée", "dire ce que le complément apporte")
        valeurs["completee_le"] = le
    poser(violation, valeurs)
    inscrire(
        session, horloge, violation, "notification" if initiale else "complement", par, dit=dit,
        valeurs=valeurs,
    )  # fmt: skip


def decider_information(
    session: Session, horloge: Horloge, violation: Violation, prevenir_: bool, motif: str, par: UUID | None
) -> None:
    """Décide de prévenir les personnes, ou non avec la raison (article 34.3).

    :param prevenir_: vrai pour les prévenir.
    :param motif: raison ; exigée pour ne pas prévenir.
    :raises OperationRefusee: close, ou déjà prévenues.
    :raises DonneeInvalide: raison absente.
    """
    exiger_ouverte(session, violation)
    if violation.informees_le is not None:
        raise OperationRefusee("les personnes sont déjà prévenues.", remede="corriger la fiche, au besoin.")
    if not prevenir_:
        exiger_dit(
            motif, "ne pas prévenir se justifie", "dire laquelle des exceptions de l'article 34.3 vaut"
        )
    violation.information, violation.information_motif = _oui_non(prevenir_), motif.strip()[:1000] or None
    inscrire(
        session, horloge, violation, "information", par, dit=motif,
        valeurs={"information": violation.information, "information_motif": violation.information_motif},
    )  # fmt: skip


def prevenir(
    session: Session, horloge: Horloge, violation: Violation, *, le: date, dit: str, par: UUID | None
) -> None:
    """Note que les personnes sont prévenues.

    :param le: jour de l'envoi ou de la remise.
    :param dit: comment (lettre, message, affichage).
    :raises OperationRefusee: close, ou décidée sans information.
    :raises DonneeInvalide: jour à venir, ou moyen absent.
    """
    exiger_ouverte(session, violation)
    if violation.information != "oui":
        raise OperationRefusee(
            "il n'est pas décidé de prévenir les personnes.", remede="prendre d'abord cette décision."
        )
    if le > horloge.aujourd_hui():
        raise DonneeInvalide("ce jour est à venir.", remede="donner le jour de l'envoi.")
    exiger_dit(dit, "le moyen manque", "dire comment elles l'ont été, et combien")
    violation.informees_le = le
    inscrire(session, horloge, violation, "prevenues", par, dit=dit, valeurs={"informees_le": le})


def _dans_l_histoire(violation: Violation, le: datetime, horloge: Horloge) -> None:
    if not violation.connue_le <= le <= horloge.maintenant():
        raise DonneeInvalide(
            "cet instant précède la prise de connaissance, ou il est à venir.", remede="corriger la date."
        )


def _oui_non(choix: bool) -> str:
    return "oui" if choix else "non"
