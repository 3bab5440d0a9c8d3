"""Ouvrir les traces : une demande motivée et bornée, accordée par une autre personne, pour quelques jours.

Les traces disent ce que font les personnels. On ne les lit que pour un incident, à deux (SURV-04), et lire
laisse soi-même une trace. Le chef d'établissement n'y est jamais (SURV-01).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.traces.modeles_acces import AccesTraces

__all__ = [
    "DUREES",
    "FENETRE",
    "Etat",
    "accorder",
    "clore",
    "demander",
    "etat_de",
    "exiger_ouvert",
    "lister",
    "refuser",
    "trouver",
]

DUREES = (1, 2, 3, 7)
"""Jours pendant lesquels un accès peut être demandé."""

FENETRE = timedelta(days=92)
"""Étendue la plus longue qu'une demande puisse lire."""

_ATTENTE = timedelta(days=7)
"""Une demande sans réponse tombe d'elle-même."""


class Etat(StrEnum):
    """Où en est une demande."""

    ATTEND = "attend"
    OUVERT = "ouvert"
    REFUSE = "refuse"
    FERME = "ferme"


def etat_de(acces: AccesTraces, maintenant: datetime) -> Etat:
    """État d'une demande à un instant.

    :param maintenant: instant, avec fuseau.
    """
    if acces.accordee is None:
        return Etat.ATTEND if maintenant.astimezone(FUSEAU).date() <= acces.valable_au else Etat.FERME
    if not acces.accordee:
        return Etat.REFUSE
    return Etat.OUVERT if acces.expire_le is not None and maintenant < acces.expire_le else Etat.FERME


def demander(
    session: Session,
    horloge: Horloge,
    *,
    demandeur: UUID,
    journal: str,
    motif: str,
    du: date,
    au: date,
    jours: int,
    sujet: UUID | None = None,
    traitement: str | None = None,
    uai: str | None = None,
    violation: UUID | None = None,
) -> AccesTraces:
    """Demande à lire des traces.

    :param session: session de l'académie.
    :param demandeur: personne qui lira, si c'est accordé.
    :param journal: ``lectures`` ou ``ecritures``.
    :param motif: l'incident, en une phrase.
    :param du: premier jour, et ``au`` le dernier.
    :param jours: durée de l'accès, parmi ``DUREES``.
    :param sujet: personne dont les données ont été lues ou changées ; jamais celle qui a agi.
    :raises DonneeInvalide: motif absent, étendue trop longue, ou ni personne ni traitement.
    """
    if len(motif.strip()) < 20:
        raise DonneeInvalide(
            "le motif ne dit rien de l'incident.", remede="dire ce qui s'est passé, en une phrase."
        )
    if not du <= au <= horloge.aujourd_hui() or au - du > FENETRE:
        raise DonneeInvalide(
            f"cette étendue n'est pas acceptable : {FENETRE.days} jours au plus, et passés.",
            remede="donner un premier et un dernier jour plus proches.", lieu="du",
        )  # fmt: skip
    if sujet is None and traitement is None:
        raise DonneeInvalide(
            "la demande porte sur tout.", remede="nommer la personne concernée, ou un traitement."
        )
    if jours not in DUREES or journal not in ("lectures", "ecritures"):
        raise DonneeInvalide("ce choix n'existe pas.", remede="choisir dans la liste.")
    acces = AccesTraces(
        journal=journal, motif=motif.strip()[:500], violation_id=violation, uai=uai, sujet_id=sujet,
        traitement=traitement, du=du, au=au, jours=jours, demandeur_id=demandeur,
        demandee_le=horloge.maintenant(), valable_au=horloge.aujourd_hui() + _ATTENTE, lectures=0,
    )  # fmt: skip
    session.add(acces)
    session.flush()
    _consigner(session, horloge, "traces.demandees", acces, demandeur, journal=journal, jours=jours)
    return acces


def accorder(session: Session, horloge: Horloge, acces: AccesTraces, par: UUID) -> None:
    """Accorde une demande : l'accès s'ouvre aussitôt, et se ferme de lui-même.

    :param par: personne qui décide, et qui n'a pas demandé.
    :raises AccesRefuse: c'est la personne qui demande.
    :raises OperationRefusee: elle n'attend plus.
    """
    _decider(session, horloge, acces, par)
    maintenant = horloge.maintenant()
    acces.accordee, acces.decidee_par, acces.decidee_le = True, par, maintenant
    acces.expire_le = maintenant + timedelta(days=acces.jours)
    acces.valable_au = acces.expire_le.astimezone(FUSEAU).date()
    session.flush()
    _consigner(session, horloge, "traces.accordees", acces, par, jours=acces.jours)


def refuser(session: Session, horloge: Horloge, acces: AccesTraces, motif: str, par: UUID) -> None:
    """Refuse une demande.

    :param motif: pourquoi ; qui a demandé le lira.
    :raises AccesRefuse: c'est la personne qui demande.
    :raises DonneeInvalide: motif absent.
    :raises OperationRefusee: elle n'attend plus.
    """
    _decider(session, horloge, acces, par)
    if len(motif.strip()) < 10:
        raise DonneeInvalide("le motif manque.", remede="dire à la personne pourquoi.")
    acces.accordee, acces.decidee_par, acces.decidee_le = False, par, horloge.maintenant()
    acces.motif_refus, acces.valable_au = motif.strip()[:500], horloge.aujourd_hui()
    session.flush()
    _consigner(session, horloge, "traces.refusees", acces, par)


def clore(session: Session, horloge: Horloge, acces: AccesTraces, par: UUID) -> None:
    """Ferme un accès avant son terme : qui a demandé, ou qui a accordé.

    :raises AccesRefuse: une autre personne.
    :raises OperationRefusee: il n'est pas ouvert.
    """
    if par not in (acces.demandeur_id, acces.decidee_par):
        raise _pas_la_sienne()
    if etat_de(acces, horloge.maintenant()) is not Etat.OUVERT:
        raise OperationRefusee("cet accès n'est pas ouvert.", remede="en demander un autre, au besoin.")
    acces.expire_le, acces.valable_au = horloge.maintenant(), horloge.aujourd_hui()
    session.flush()
    _consigner(session, horloge, "traces.closes", acces, par)


def exiger_ouvert(horloge: Horloge, acces: AccesTraces, lecteur: UUID) -> None:
    """Vérifie, à chaque lecture, que l'accès est ouvert et que c'est bien à cette personne.

    :param lecteur: personne qui lit.
    :raises AccesRefuse: accès d'une autre, en attente, refusé ou fermé.
    """
    if lecteur != acces.demandeur_id:
        raise _pas_la_sienne()
    if etat_de(acces, horloge.maintenant()) is not Etat.OUVERT:
        raise AccesRefuse(
            "cet accès aux traces n'est pas ouvert, ou ne l'est plus.",
            remede="attendre la décision, ou faire une autre demande.",
        )


def trouver(session: Session, identifiant: UUID) -> AccesTraces:
    """Demande par son identifiant.

    :param session: session de l'académie.
    :raises Introuvable: elle n'existe pas.
    """
    acces = session.get(AccesTraces, identifiant)
    if acces is None:
        raise Introuvable("cette demande n'existe pas.", remede="revenir aux accès aux traces.")
    return acces


def lister(session: Session, *, limite: int = 100) -> list[AccesTraces]:
    """Demandes, la plus récente d'abord : chacun de ceux qui décident voit qui a lu quoi, et pourquoi.

    :param session: session de l'académie.
    """
    return list(
        session.scalars(
            select(AccesTraces).order_by(AccesTraces.demandee_le.desc(), AccesTraces.id.desc()).limit(limite)
        )
    )


def _decider(session: Session, horloge: Horloge, acces: AccesTraces, par: UUID) -> None:
    # Relue sous verrou : de deux décisions au même instant, la seconde voit la première.
    session.flush()
    session.refresh(acces, with_for_update=True)
    if par == acces.demandeur_id:
        raise AccesRefuse(
            "on n'accorde pas sa propre demande.", remede="la faire décider par une autre personne."
        )
    if etat_de(acces, horloge.maintenant()) is not Etat.ATTEND:
        raise OperationRefusee("cette demande n'attend plus de réponse.", remede="en faire une autre.")


def _pas_la_sienne() -> AccesRefuse:
    return AccesRefuse("cet accès a été accordé à une autre personne.", remede="faire sa propre demande.")


def _consigner(
    session: Session, horloge: Horloge, acte: str, acces: AccesTraces, par: UUID, **details: str | int
) -> None:
    consigner(session, horloge, acte, uai=acces.uai, acteur=par, objet=str(acces.id), details=details)
