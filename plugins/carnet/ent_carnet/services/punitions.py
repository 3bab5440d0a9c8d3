"""Donner une punition à un élève, la corriger à temps, l'annuler en gardant trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    Portee,
    Role,
    Source,
    eleves,
    nommer,
    seance,
    seances_enseignees,
)
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_carnet.modeles import Punition, Retenue
from ent_carnet.nomenclatures import Accueil, EtatRetenue, MotifDiscipline, NatureAffichage, NaturePunition
from ent_carnet.services import avis, motifs
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.services.retenues import Creneau, prevoir

__all__ = ["PunitionLue", "Saisie", "annuler", "corriger", "donner", "lister", "peut_corriger", "trouver"]

LIGNES = 200


@dataclass(frozen=True, slots=True)
class Saisie:
    """Une punition à donner ; un seul élève, jamais une liste (DISC-07).

    :param circonstances: rapport écrit ; obligatoire pour une exclusion de cours (DISC-06).
    :param accueil: qui prend l'élève en charge ; de même.
    :param retenue: quand et où, pour une retenue.
    """

    eleve_id: UUID
    nature: NaturePunition
    motif: MotifDiscipline
    jour: date
    circonstances: str | None = None
    travail: str | None = None
    seance_id: UUID | None = None
    accueil: Accueil | None = None
    retenue: Creneau | None = None
    source: Source = Source.SAISIE


@dataclass(frozen=True, slots=True)
class PunitionLue:
    """Une punition dans une liste."""

    id: UUID
    eleve: PersonneNommee
    nature: NaturePunition
    motif: MotifDiscipline
    jour: date
    annulee: bool
    retenue: datetime | None = None
    auteur: PersonneNommee | None = field(default=None)


def donner(
    session: Session, contexte: Contexte, portee: Portee, saisie: Saisie, instant: datetime
) -> Punition:
    """Donne une punition.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui punit.
    :param portee: périmètre de la permission.
    :param saisie: la punition.
    :param instant: maintenant.
    :raises Introuvable: l'élève n'est pas dans le périmètre.
    :raises DonneeInvalide: il manque ce que la nature exige.
    """
    exiger_atteint(session, contexte, portee, saisie.eleve_id)
    _exiger_complete(session, contexte, saisie)
    punition = Punition(
        uai=contexte.uai, annee=contexte.annee, eleve_id=saisie.eleve_id, nature=saisie.nature,
        motif=saisie.motif, circonstances=saisie.circonstances or None, travail=saisie.travail or None,
        jour=saisie.jour, seance_id=saisie.seance_id, accueil=saisie.accueil, source=saisie.source,
        auteur_id=contexte.personne_id, donnee_le=instant,
    )  # fmt: skip
    session.add(punition)
    session.flush()
    if saisie.retenue is not None and saisie.nature is NaturePunition.RETENUE:
        prevoir(session, contexte, punition.id, saisie.retenue)
    correction = timedelta(hours=motifs.reglage(session, contexte.uai).correction)
    avis.publier(
        session, contexte, eleve_id=saisie.eleve_id, annee=contexte.annee, nature=NatureAffichage.PUNITION,
        objet_id=punition.id, visible_le=instant + correction, lien=lien_famille(saisie.eleve_id),
    )  # fmt: skip
    if saisie.nature is NaturePunition.EXCLUSION_DE_COURS:
        avis.informer_cpe_et_chef(session, contexte, lien=f"/carnet/punitions/{punition.id}")
    return punition


def corriger(
    session: Session, contexte: Contexte, portee: Portee, punition_id: UUID, saisie: Saisie, instant: datetime
) -> Punition:
    """Corrige une punition pendant le délai ; l'élève ne change pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui corrige.
    :param portee: périmètre de la permission.
    :param punition_id: punition.
    :param saisie: ce qu'elle devient.
    :param instant: maintenant.
    :raises OperationRefusee: le délai est passé, ou elle est annulée.
    """
    punition = trouver(session, contexte, portee, punition_id)
    if punition.eleve_id != saisie.eleve_id or not peut_corriger(
        session, contexte, portee, punition, instant
    ):
        raise OperationRefusee(
            "le délai pour corriger cette punition est passé.", remede="l'annuler, puis en donner une autre."
        )
    if (punition.nature == NaturePunition.RETENUE) != (saisie.nature is NaturePunition.RETENUE):
        raise OperationRefusee(
            "une retenue ne se change pas en une autre punition, ni l'inverse.",
            remede="l'annuler, puis en donner une autre.",
        )
    _exiger_complete(session, contexte, saisie, retenue=False)
    punition.nature, punition.motif, punition.jour = saisie.nature, saisie.motif, saisie.jour
    punition.circonstances, punition.travail = saisie.circonstances or None, saisie.travail or None
    punition.seance_id, punition.accueil = saisie.seance_id, saisie.accueil
    session.flush()
    return punition


def annuler(
    session: Session, contexte: Contexte, portee: Portee, punition_id: UUID, instant: datetime
) -> Punition:
    """Annule une punition : elle reste lisible des personnels, la famille ne la voit plus.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui annule : son auteur, la vie scolaire ou la direction.
    :param portee: périmètre de la permission.
    :param punition_id: punition.
    :param instant: maintenant.
    :raises OperationRefusee: elle est d'une autre personne.
    """
    punition = trouver(session, contexte, portee, punition_id)
    if not _sienne(contexte, portee, punition):
        raise OperationRefusee(
            "une punition s'annule par qui l'a donnée, la vie scolaire ou la direction.",
            remede="le leur demander.",
        )
    if punition.annulee_le is None:
        punition.annulee_le = instant
        r = Retenue
        session.execute(
            update(r)
            .where(
                r.uai == punition.uai, r.annee == punition.annee, r.punition_id == punition.id,
                r.etat == EtatRetenue.PREVUE,
            )
            .values(etat=EtatRetenue.LEVEE)
        )  # fmt: skip
        avis.retirer(
            session, contexte, eleve_id=punition.eleve_id, annee=punition.annee, objets=[punition.id],
            instant=instant, lien=lien_famille(punition.eleve_id),
        )  # fmt: skip
    return punition


def trouver(session: Session, contexte: Contexte, portee: Portee, punition_id: UUID) -> Punition:
    """Une punition de l'année, d'un élève du périmètre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param punition_id: punition.
    :raises Introuvable: elle n'existe pas pour cette personne.
    """
    punition = session.get(Punition, (contexte.uai, contexte.annee, punition_id))
    if punition is None:
        raise Introuvable("cette punition n'existe pas.", remede="revenir à la liste des punitions.")
    exiger_atteint(session, contexte, portee, punition.eleve_id)
    return punition


def peut_corriger(
    session: Session, contexte: Contexte, portee: Portee, punition: Punition, instant: datetime
) -> bool:
    """Vrai pendant le délai de correction : celui de l'auteur, ou celui de la vie scolaire.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui corrigerait.
    :param portee: périmètre de la permission.
    :param punition: punition.
    :param instant: maintenant.
    """
    if punition.annulee_le is not None or not _sienne(contexte, portee, punition):
        return False
    reglage = motifs.reglage(session, contexte.uai)
    heures = reglage.correction_cpe if _vie_scolaire(contexte, portee) else reglage.correction
    return instant <= punition.donnee_le + timedelta(hours=heures)


def lister(
    session: Session, contexte: Contexte, portee: Portee, *, du: date | None = None, nature: str = ""
) -> list[PunitionLue]:
    """Punitions de l'année dans le périmètre, la plus récente d'abord ; trois énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param du: pas avant ce jour.
    :param nature: une seule nature ; vide, toutes.
    """
    p, r = Punition, Retenue
    prevue = (
        select(r.debut)
        .where(
            r.uai == p.uai, r.annee == p.annee, r.punition_id == p.id, r.etat == EtatRetenue.PREVUE
        )
        .correlate(p)
        .scalar_subquery()
    )  # fmt: skip
    enonce = (
        select(
            p.id, p.eleve_id, p.nature, p.motif, p.jour, p.annulee_le, p.auteur_id, prevue.label("retenue")
        )
        .where(p.uai == contexte.uai, p.annee == contexte.annee, p.eleve_id.in_(eleves(contexte, portee)))
        .order_by(p.jour.desc(), p.id.desc())
        .limit(LIGNES)
    )
    if du is not None:
        enonce = enonce.where(p.jour >= du)
    if nature:
        enonce = enonce.where(p.nature == nature)
    lignes = session.execute(enonce).all()
    noms = nommer(session, {qui for li in lignes for qui in (li.eleve_id, li.auteur_id) if qui})
    return [
        PunitionLue(
            li.id, noms[li.eleve_id], NaturePunition(li.nature), MotifDiscipline(li.motif), li.jour,
            li.annulee_le is not None, li.retenue, noms.get(li.auteur_id),
        )
        for li in lignes if li.eleve_id in noms
    ]  # fmt: skip


def lien_famille(eleve_id: UUID) -> str:
    """Adresse de la page où la famille lit les punitions et les sanctions d'un élève.

    :param eleve_id: élève.
    """
    return f"/carnet/discipline/{eleve_id}"


def _exiger_complete(session: Session, contexte: Contexte, saisie: Saisie, *, retenue: bool = True) -> None:
    if saisie.jour > contexte.jour:
        raise DonneeInvalide("une punition ne se date pas d'un jour à venir.", remede="corriger le jour.")
    if saisie.nature is NaturePunition.DEVOIR and not saisie.travail:
        raise DonneeInvalide("un devoir supplémentaire dit le travail à faire.", remede="l'écrire.")
    if retenue and saisie.nature is NaturePunition.RETENUE and saisie.retenue is None:
        raise DonneeInvalide("une retenue a un jour, une heure et un lieu.", remede="les donner.")
    if saisie.nature is not NaturePunition.EXCLUSION_DE_COURS:
        return
    if not saisie.circonstances or saisie.accueil is None:
        raise DonneeInvalide(
            "une exclusion de cours demande un rapport écrit au CPE et au chef d'établissement, et la prise"
            " en charge de l'élève.",
            remede="écrire les circonstances, et dire qui accueille l'élève.",
        )
    if saisie.seance_id is None or not _de_ce_jour(session, contexte, saisie):
        raise DonneeInvalide(
            "une exclusion de cours se rattache à une séance de ce jour.", remede="choisir la séance."
        )


def _de_ce_jour(session: Session, contexte: Contexte, saisie: Saisie) -> bool:
    """Une séance que l'auteur fait ; la vie scolaire recopie celle d'un autre."""
    assert saisie.seance_id is not None  # noqa: S101 - vérifié par l'appelant
    if contexte.roles & {Role.CPE, Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.ASSISTANT_EDUCATION}:
        return seance(session, contexte.uai, contexte.annee, saisie.seance_id) is not None
    siennes = seances_enseignees(session, contexte.uai, contexte.annee, contexte.personne_id, saisie.jour)
    return saisie.seance_id in {une.id for une in siennes}


def _vie_scolaire(contexte: Contexte, portee: Portee) -> bool:
    return portee is Portee.ETABLISSEMENT


def _sienne(contexte: Contexte, portee: Portee, punition: Punition) -> bool:
    return punition.auteur_id == contexte.personne_id or _vie_scolaire(contexte, portee)
