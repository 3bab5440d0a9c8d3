"""Tenir le registre des violations : ouvrir, corriger, noter une preuve, clore, rouvrir, retrouver.

Chaque geste change la fiche et ajoute une étape, dans la même transaction : la fiche dit ce que l'on sait,
les étapes disent quand on l'a su (RGPD, article 33.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.violations.delai import en_retard
from ent_core.vie_privee.violations.etapes import exiger_dit, exiger_ouverte, inscrire, poser
from ent_core.vie_privee.violations.modeles import Violation
from ent_core.vie_privee.violations.nomenclatures import (
    CATEGORIES,
    CAUSES,
    CONSEQUENCES,
    GRAVITES,
    NATURES,
    ORIGINES,
    POPULATIONS,
    SAISIS,
)

__all__ = ["clore", "corriger", "lister", "noter_preuve", "ouvrir", "rouvrir", "trouver"]

_LISTES: Mapping[str, Mapping[Any, str]] = {
    "natures": NATURES, "origine": ORIGINES, "cause": CAUSES, "categories": CATEGORIES,
    "populations": POPULATIONS, "consequences": CONSEQUENCES, "gravite": GRAVITES,
}  # fmt: skip


def ouvrir(
    session: Session,
    horloge: Horloge,
    *,
    uai: str | None,
    valeurs: Mapping[str, Any],
    par: UUID | None,
    signal: str | None = None,
) -> Violation:
    """Enregistre une violation ; les 72 heures courent de ``connue_le``.

    :param session: session de l'académie.
    :param uai: établissement responsable ; ``None``, l'académie.
    :param valeurs: champs de la fiche ; l'heure, la nature, l'origine et la description sont exigées.
    :param signal: refus répétés qui l'ont fait voir.
    :raises DonneeInvalide: un champ manque, est d'une autre liste, ou une date est à venir.
    """
    violation = Violation(
        uai=uai, signal=signal, declaree_par=par, en_cours=False, natures=[], cause="inconnue",
        traitements=[], categories=[], populations=[], consequences=[],
    )  # fmt: skip
    manquants = [nom for nom in ("connue_le", "natures", "origine", "description") if not valeurs.get(nom)]
    if manquants:
        raise DonneeInvalide(
            f"il manque : {', '.join(manquants)}.", remede="dire quand on l'a su, et ce qui s'est passé."
        )
    _remplir(violation, valeurs, horloge)
    session.add(violation)
    session.flush()
    inscrire(session, horloge, violation, "ouverture", par, valeurs={**valeurs, "uai": uai, "signal": signal})
    return violation


def corriger(
    session: Session, horloge: Horloge, violation: Violation, valeurs: Mapping[str, Any], par: UUID | None,
    dit: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """Corrige ou complète la fiche ; l'étape retient les valeurs nouvelles, une étape d'avant les anciennes.

    :param valeurs: champs voulus ; ceux qui ne changent pas sont ignorés.
    :param dit: pourquoi, si la prise de connaissance est corrigée.
    :returns: champs changés.
    :raises DonneeInvalide: valeur d'une autre liste, ou date de connaissance changée sans raison.
    """
    exiger_ouverte(session, violation)
    changees = {nom: valeur for nom, valeur in valeurs.items() if getattr(violation, nom) != valeur}
    if not changees:
        return ()
    if "connue_le" in changees:
        exiger_dit(dit, "la prise de connaissance fait courir le délai", "dire pourquoi elle change")
        if violation.notifiee_le and not violation.retard_motif:
            if en_retard(changees["connue_le"], violation.notifiee_le):
                raise DonneeInvalide(
                    "à cette date, la notification serait en retard, et aucune raison n'en est donnée.",
                    remede="compléter d'abord la notification, avec les raisons du retard.",
                )
    _remplir(violation, changees, horloge)
    inscrire(session, horloge, violation, "correction", par, dit=dit, valeurs=changees)
    return tuple(changees)


def noter_preuve(
    session: Session, horloge: Horloge, violation: Violation, dit: str, par: UUID | None
) -> None:
    """Note où se trouve une preuve : capture, courrier, accusé de réception.

    :param dit: quoi, et où c'est rangé.
    :raises DonneeInvalide: rien n'est dit.
    """
    exiger_dit(dit, "la preuve n'est pas dite", "dire ce que c'est, et où c'est rangé")
    inscrire(session, horloge, violation, "preuve", par, dit=dit)


def clore(session: Session, horloge: Horloge, violation: Violation, par: UUID | None) -> None:
    """Clôt une violation dont tout est décidé et fait.

    :raises OperationRefusee: il reste à faire.
    """
    exiger_ouverte(session, violation)
    reste = [
        quoi
        for manque, quoi in (
            (not (violation.mesures or "").strip(), "dire les mesures prises"),
            (violation.cnil == "a_decider", "décider de notifier la CNIL ou non"),
            (violation.cnil == "oui" and violation.notifiee_le is None, "notifier la CNIL"),
            (violation.information == "a_decider", "décider de prévenir les personnes ou non"),
            (violation.information == "oui" and violation.informees_le is None, "prévenir les personnes"),
        )
        if manque
    ]
    if reste:
        raise OperationRefusee("cette violation n'est pas finie.", remede=f"{', puis '.join(reste)}.")
    violation.close_le, violation.en_cours = horloge.aujourd_hui(), False
    inscrire(session, horloge, violation, "cloture", par, valeurs={"close_le": violation.close_le})


def rouvrir(session: Session, horloge: Horloge, violation: Violation, dit: str, par: UUID | None) -> None:
    """Rouvre une violation close : un fait nouveau est apparu.

    :param dit: lequel.
    :raises OperationRefusee: elle n'est pas close.
    """
    if violation.close_le is None:
        raise OperationRefusee("cette violation est ouverte.", remede="la corriger.")
    exiger_dit(dit, "la raison manque", "dire ce qui est apparu")
    violation.close_le = None
    inscrire(session, horloge, violation, "reouverture", par, dit=dit, valeurs={"close_le": None})


def trouver(session: Session, uai: str | None, identifiant: UUID) -> Violation:
    """Violation d'un établissement, ou de l'académie entière.

    :param session: session de l'académie.
    :param uai: établissement de qui demande ; ``None``, tous.
    :raises Introuvable: elle n'existe pas ici.
    """
    violation = session.get(Violation, identifiant)
    if violation is None or uai not in (None, violation.uai):
        raise Introuvable("cette violation n'existe pas ici.", remede="revenir au registre des violations.")
    return violation


def lister(session: Session, uai: str | None, *, ouvertes: bool = False) -> list[Violation]:
    """Violations ouvertes, l'échéance la plus proche d'abord, puis closes, la plus récente d'abord.

    :param uai: établissement ; ``None``, tous.
    :param ouvertes: sans les closes.
    """
    enonce = select(Violation).order_by(
        Violation.close_le.desc().nulls_first(), Violation.connue_le, Violation.id
    )
    if uai is not None:
        enonce = enonce.where(Violation.uai == uai)
    if ouvertes:
        enonce = enonce.where(Violation.close_le.is_(None))
    return list(session.scalars(enonce))


def _remplir(violation: Violation, valeurs: Mapping[str, Any], horloge: Horloge) -> None:
    inconnus = set(valeurs) - set(SAISIS)
    if inconnus:
        raise ValueError(f"champs inconnus : {', '.join(sorted(inconnus))}")
    for nom, liste in _LISTES.items():
        donnees = valeurs.get(nom)
        codes = donnees if isinstance(donnees, list) else [] if donnees is None else [donnees]
        if any(code not in liste for code in codes):
            raise DonneeInvalide("ce choix n'existe pas.", remede="choisir dans la liste.", lieu=nom)
    poser(violation, valeurs)
    maintenant = horloge.maintenant()
    for instant in (violation.connue_le, violation.debut, violation.fin):
        if instant is not None and instant > maintenant:
            raise DonneeInvalide("cet instant est à venir.", remede="donner un instant passé.")
    if violation.debut and violation.fin and violation.fin < violation.debut:
        raise DonneeInvalide("la fin précède le début.", remede="corriger l'un des deux.")
    if violation.debut and violation.debut > violation.connue_le:
        raise DonneeInvalide("le début suit l'instant où vous l'avez su.", remede="corriger l'un des deux.")
    if any(n is not None and n < 0 for n in (violation.personnes, violation.enregistrements)):
        raise DonneeInvalide("un nombre ne peut être négatif.", remede="le corriger, ou le laisser vide.")
