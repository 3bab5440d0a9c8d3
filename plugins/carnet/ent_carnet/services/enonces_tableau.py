"""Les énoncés du tableau de la vie scolaire, bâtis une fois."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import ANNEE, JOUR, UAI, instant_lie
from sqlalchemy import (
    CompoundSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from ent_carnet.modeles import Absence, Appel, Contact, Fait, Justification, Motif, SanctionEleve
from ent_carnet.nomenclatures import (
    EtatAbsence,
    EtatJustification,
    Genre,
    LegitimiteMotif,
    NatureFait,
    Sanction,
)
from ent_carnet.regles.appel import ACCUEILLI

__all__ = ["ABSENTS", "A_JOINDRE", "EXCLUS", "SANS_MOTIF", "du_moment"]

_appel, _fait, _absence, _motif, _contact, _propose = (
    modele.__table__.c for modele in (Appel, Fait, Absence, Motif, Contact, Justification)
)
_sanction = SanctionEleve.__table__.c
_INSTANT, _MONTRE, _MATIN, _SOIR = (instant_lie(nom) for nom in ("instant", "montre", "matin", "soir"))

ABSENTS = union_all(
    select(
        _fait.eleve_id, _fait.debut, _fait.fin, literal(False).label("annoncee"), _appel.id.label("appel"),
        _fait.id.label("fait"),
    )
    .select_from(
        Appel.__table__.join(
            Fait.__table__,
            and_(_fait.uai == _appel.uai, _fait.annee == _appel.annee, _fait.appel_id == _appel.id),
        )
    )
    .where(
        _appel.uai == UAI, _appel.annee == ANNEE, _appel.debut >= _MATIN, _appel.debut <= _MONTRE,
        _appel.fin > _MONTRE, _fait.retire_le.is_(None), _fait.nature == NatureFait.ABSENT.value,
    ),
    select(_absence.eleve_id, _absence.debut, _absence.fin, literal(True), *[cast(null(), Uuid)] * 2)
    .select_from(
        Absence.__table__.outerjoin(
            Motif.__table__, and_(_motif.uai == _absence.uai, _motif.id == _absence.motif_id)
        )
    )
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.genre == Genre.ABSENCE.value,
        _absence.annulee_le.is_(None), _absence.debut <= _MONTRE, _absence.fin > _MONTRE,
        or_(_absence.annoncee, _motif.legitimite == LegitimiteMotif.ETABLISSEMENT.value),
        func.coalesce(_motif.code, "") != ACCUEILLI,  # exclu de la classe, il est dans l'établissement
    ),
)  # fmt: skip
"""Qui n'est pas là à un instant, constaté à l'appel de l'heure ou annoncé ; parfois les deux."""

_essais = and_(
    _contact.uai == _absence.uai, _contact.annee == _absence.annee, _contact.eleve_id == _absence.eleve_id,
    _contact.le == JOUR, _contact.retire_le.is_(None),
)  # fmt: skip
A_JOINDRE = (
    select(
        _absence.eleve_id, _absence.debut, _absence.fin,
        select(func.count()).where(_essais).correlate(Absence.__table__).scalar_subquery().label("essais"),
    )
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.etat == EtatAbsence.SANS_MOTIF.value,
        _absence.annulee_le.is_(None), _absence.genre == Genre.ABSENCE.value,
        _absence.debut < _SOIR, _absence.fin > _MATIN, _absence.debut <= _INSTANT,
        ~exists().where(_essais, _contact.abouti).correlate(Absence.__table__),
        ~exists()
        .where(
            _propose.uai == _absence.uai, _propose.annee == _absence.annee,
            _propose.eleve_id == _absence.eleve_id, _propose.etat == EtatJustification.ENVOYEE.value,
            _propose.debut < _absence.fin, _propose.fin > _absence.debut,
        )
        .correlate(Absence.__table__),
    )
    .order_by(_absence.debut, _absence.id)
)  # fmt: skip
"""Absences du jour sans motif, dont la famille n'a ni répondu aujourd'hui, ni rien proposé."""

EXCLUS = (
    select(_sanction.eleve_id, _sanction.sanction, _sanction.du, _sanction.au)
    .where(
        _sanction.uai == UAI,
        _sanction.sanction.in_(
            [
                Sanction.EXCLUSION_DE_LA_CLASSE,
                Sanction.EXCLUSION_DE_L_ETABLISSEMENT,
                Sanction.EXCLUSION_DEFINITIVE,
            ]
        ),
        _sanction.du <= JOUR,
        or_(_sanction.au >= JOUR, and_(_sanction.au.is_(None), _sanction.du > bindparam("recentes"))),
    )
    .order_by(_sanction.au, _sanction.id)
)
"""Exclusions en cours : les jours et l'effet, rien des faits ni de la procédure (réglementation, § 3.1).

Elles n'ont de jours qu'une fois exécutées ; une exclusion définitive, qui n'a pas de dernier jour, se dit un
temps, puis l'élève est inscrit ailleurs.
"""

SANS_MOTIF = (
    select(_absence.eleve_id, func.count().label("nombre"), func.min(_absence.debut).label("plus_ancienne"))
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.etat == EtatAbsence.SANS_MOTIF.value,
        _absence.annulee_le.is_(None),
    )
    .group_by(_absence.eleve_id)
)  # fmt: skip
"""Par élève, périodes qui attendent un motif."""


_absents, _a_joindre = ABSENTS.subquery("absents"), A_JOINDRE.subquery("a_joindre")
_DU_MOMENT = (
    select(literal("absents").label("vue"), func.count(_absents.c.eleve_id.distinct())),
    select(literal("joindre"), func.count(_a_joindre.c.eleve_id.distinct())),
)


def du_moment(atteints: Select[UUID]) -> CompoundSelect[Any]:
    """Ce que l'accueil compte, en un énoncé : absents, familles à joindre, motifs proposés.

    :param atteints: élèves de l'établissement.
    """
    proposes = select(literal("motifs"), func.count(_propose.id)).where(
        _propose.uai == UAI, _propose.annee == ANNEE,
        _propose.etat == EtatJustification.ENVOYEE.value, _propose.eleve_id.in_(atteints),
    )  # fmt: skip
    return union_all(*_DU_MOMENT, proposes)
