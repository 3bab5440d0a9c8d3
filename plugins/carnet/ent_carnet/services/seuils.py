"""Les seuils d'absences : ouvrir, suivre et clore une alerte ; elle ne décide rien."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    UAI,
    Introuvable,
    OperationRefusee,
    Source,
    instant_lie,
    lire,
    liste_liee,
)
from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    cast,
    distinct,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ent_carnet.modeles import Absence, Alerte, Fait, Reglage
from ent_carnet.nomenclatures import NatureFait, SeuilAbsences, SuiteAlerte
from ent_carnet.regles.seuils import Franchissement, Seuils, franchissements
from ent_carnet.services.decompte import compter_eleves
from ent_carnet.services.motifs import reglage

__all__ = ["LIBELLES", "a_portee", "clore", "de_l_eleve", "evaluer", "ouvertes", "rouvrir", "trouver"]

LIBELLES = {
    SeuilAbsences.DIALOGUE: "Absences répétées : engager le dialogue avec la famille",
    SeuilAbsences.MOIS: "Absences sans motif légitime : réunir la commission éducative",
    SeuilAbsences.RENFORCE: "Absences nombreuses sans motif légitime : seuil renforcé",
}
"""Ce qu'une alerte propose ; la personne décide (R. 131-6, R. 131-7)."""


_fait, _absence, _alerte = (modele.__table__.c for modele in (Fait, Absence, Alerte))
_DEBUT, _FIN = instant_lie("debut"), instant_lie("fin")


def _d_eleves(table: ReadOnlyColumnCollection[str, Any]) -> ColumnElement[bool]:
    return and_(table.uai == UAI, table.annee == ANNEE, table.eleve_id == liste_liee("eleves"))


_A_PORTEE = union(
    select(_fait.eleve_id)
    .where(
        _d_eleves(_fait), _fait.debut >= _DEBUT, _fait.debut < _FIN, _fait.retire_le.is_(None),
        _fait.nature == NatureFait.ABSENT.value,
    )
    .group_by(_fait.eleve_id)
    .having(func.count(distinct(cast(func.timezone(FUSEAU.key, _fait.debut), Date))) >= bindparam("jours")),
    select(_absence.eleve_id).where(
        _d_eleves(_absence), _absence.debut < _FIN, _absence.fin > _DEBUT, _absence.annulee_le.is_(None),
        _absence.source == Source.IMPORT.value,
    ),
    select(_alerte.eleve_id).where(_d_eleves(_alerte), _alerte.suite.is_(None)),
)  # fmt: skip


def a_portee(
    session: Session, choix: Reglage, annee: int, du: date, au: date, eleves: Iterable[UUID]
) -> set[UUID]:
    """Parmi des élèves, ceux qu'un seuil peut concerner : pour les autres, recompter ne dirait rien.

    Un jour où l'appel dit un élève absent fait au plus deux demi-journées. Une absence importée, qui n'a pas
    d'appel, ou une alerte ouverte font aussi recompter.

    :param session: session ouverte dans l'établissement.
    :param choix: réglages de l'établissement.
    :param annee: année scolaire.
    :param du: premier jour d'où l'on compte.
    :param au: lendemain du dernier jour compté.
    :param eleves: élèves.
    """
    debut, fin = (datetime.combine(jour, time(), FUSEAU) for jour in (du, au))
    valeurs = {
        "uai": choix.uai, "annee": annee, "debut": debut, "fin": fin, "eleves": list(eleves),
        "jours": -(-min(choix.seuil_mois, choix.seuil_renforce) // 2),
    }  # fmt: skip
    return set(lire(session, _A_PORTEE, valeurs).scalars())


def evaluer(
    session: Session, uai: str, annee: int, du: date, au: date, eleves: Iterable[UUID] | None = None
) -> list[Alerte]:
    """Ouvre les alertes que les faits demandent, met à jour celles qui attendent, ferme les sans objet.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour de l'année, ou d'où l'on compte.
    :param au: lendemain du dernier jour compté.
    :param eleves: élèves voulus ; par défaut, tous.
    :returns: alertes nouvelles.
    """
    choix = reglage(session, uai)
    seuils = Seuils(choix.seuil_mois, choix.seuil_renforce, choix.mois_glissant)
    comptes = compter_eleves(session, uai, annee, du, au, eleves)
    tenues: dict[UUID, list[Alerte]] = defaultdict(list)
    for alerte in session.scalars(
        select(Alerte).where(
            Alerte.uai == uai,
            Alerte.annee == annee,
            Alerte.eleve_id.in_(list(comptes)),
            or_(Alerte.au >= du, Alerte.traitee_le >= du),
        )
    ):
        tenues[alerte.eleve_id].append(alerte)
    nouvelles: list[Alerte] = []
    for eleve, compte in comptes.items():
        siennes = tenues[eleve]
        remises = [
            (SeuilAbsences(alerte.seuil), alerte.traitee_le)
            for alerte in siennes
            if alerte.traitee_le is not None and alerte.suite != SuiteAlerte.SANS_OBJET
        ]
        trouves = franchissements(compte.lignes, seuils, remises)
        nouvelles += _accorder(uai, annee, eleve, siennes, trouves, au)
    session.add_all(nouvelles)
    session.flush()
    return nouvelles


def _accorder(
    uai: str, annee: int, eleve: UUID, siennes: Sequence[Alerte], trouves: Sequence[Franchissement], au: date
) -> list[Alerte]:
    """Une alerte par seuil et par intervalle ; une alerte close le reste, sauf si elle était sans objet."""
    par_cle = {(alerte.seuil, alerte.du): alerte for alerte in siennes}
    nouvelles = []
    for trouve in trouves:
        alerte = par_cle.pop((trouve.seuil.value, trouve.du), None)
        if alerte is None:
            nouvelles.append(
                Alerte(
                    uai=uai, annee=annee, eleve_id=eleve, seuil=trouve.seuil, nombre=trouve.nombre,
                    du=trouve.du, au=trouve.au,
                )
            )  # fmt: skip
        elif alerte.suite is None or alerte.suite == SuiteAlerte.SANS_OBJET:
            alerte.nombre, alerte.au = trouve.nombre, trouve.au
            alerte.suite = alerte.traitee_par = alerte.traitee_le = None
    for alerte in par_cle.values():
        if alerte.suite is None:
            alerte.suite, alerte.traitee_le = SuiteAlerte.SANS_OBJET, au - timedelta(days=1)
    return nouvelles


def ouvertes(
    session: Session, uai: str, annee: int, eleves: Select[UUID] | None = None, limite: int = 200
) -> Sequence[Alerte]:
    """Alertes qui attendent une personne, de la plus ancienne à la plus récente.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: celles de ces seuls élèves ; par défaut, de tous.
    :param limite: au plus.
    """
    enonce = select(Alerte).where(Alerte.uai == uai, Alerte.annee == annee, Alerte.suite.is_(None))
    if eleves is not None:
        enonce = enonce.where(Alerte.eleve_id.in_(eleves))
    return session.scalars(enonce.order_by(Alerte.au, Alerte.id).limit(limite)).all()


def de_l_eleve(session: Session, uai: str, annee: int, eleve_id: UUID) -> Sequence[Alerte]:
    """Alertes d'un élève dans l'année, closes comprises, de la plus ancienne à la plus récente.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleve_id: élève.
    """
    enonce = select(Alerte).where(Alerte.uai == uai, Alerte.annee == annee, Alerte.eleve_id == eleve_id)
    return session.scalars(enonce.order_by(Alerte.du, Alerte.seuil)).all()


def trouver(session: Session, uai: str, annee: int, alerte_id: UUID) -> Alerte:
    """Une alerte, retenue jusqu'à la fin de la transaction.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param alerte_id: alerte.
    :raises Introuvable: elle n'existe pas ici.
    """
    alerte = session.get(Alerte, (uai, annee, alerte_id), with_for_update=True)
    if alerte is None:
        raise Introuvable("cette alerte n'existe pas.", remede="revenir à la liste des alertes.")
    return alerte


def clore(
    session: Session,
    uai: str,
    annee: int,
    alerte_id: UUID,
    *,
    suite: SuiteAlerte,
    auteur_id: UUID,
    jour: date,
    referent_id: UUID | None = None,
) -> Alerte:
    """Enregistre ce qu'une personne décide ; le compte du seuil repart à zéro, l'histoire reste.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param alerte_id: alerte.
    :param suite: ce qui est décidé.
    :param auteur_id: qui décide.
    :param jour: aujourd'hui.
    :param referent_id: personnel d'éducation référent, obligatoire pour une aide contractualisée (ABS-09).
    :raises Introuvable: l'alerte n'existe pas ici.
    :raises OperationRefusee: elle est déjà close, ou l'aide n'a pas de référent.
    """
    alerte = trouver(session, uai, annee, alerte_id)
    if alerte.suite is not None:
        raise OperationRefusee("cette alerte est déjà close.", remede="rafraîchir la page.")
    if suite is SuiteAlerte.AIDE and referent_id is None:
        raise OperationRefusee(
            "une aide contractualisée a un personnel d'éducation référent (R. 131-7 II).",
            remede="désigner le référent.",
        )
    alerte.suite, alerte.traitee_par, alerte.traitee_le = suite, auteur_id, jour
    alerte.referent_id = referent_id
    session.flush()
    return alerte


def rouvrir(session: Session, uai: str, annee: int, alerte_id: UUID, *, jour: date) -> Alerte:
    """Une suite notée par erreur : le jour même, l'alerte attend de nouveau une personne.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param alerte_id: alerte.
    :param jour: aujourd'hui.
    :raises OperationRefusee: aucune suite du jour n'est à reprendre.
    """
    alerte = trouver(session, uai, annee, alerte_id)
    if alerte.suite in (None, SuiteAlerte.SANS_OBJET) or alerte.traitee_le != jour:
        raise OperationRefusee(
            "seule une suite notée aujourd'hui se reprend.",
            remede="attendre l'alerte suivante : l'histoire reste au dossier.",
        )
    alerte.suite = alerte.traitee_par = alerte.traitee_le = alerte.referent_id = None
    session.flush()
    return alerte
