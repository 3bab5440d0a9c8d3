"""Les liens que l'export lit : à une formation, une discipline, une division, un groupe.

Un lien ne se lit que si la personne part elle-même, au même titre, du même établissement.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CTE, Select, and_, exists, func, or_, select, union

from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import ANNEE, JOUR
from ent_core.federation.gar.format import PROFILS
from ent_core.federation.gar.lectures import (
    ELEVE,
    IDENTIFIANTS,
    colonnes_de,
    dedans,
    encore_inscrit,
)
from ent_core.identite.modeles import (
    Division,
    GroupeDivision,
    Inscription,
    Matiere,
    Mef,
    Personne,
    Rattachement,
    Scolarite,
    Service,
)

__all__ = ["DISCIPLINES", "ENSEIGNEMENTS", "FORMATIONS", "FORMATIONS_DES_ELEVES", "FORMATIONS_ENSEIGNEES",
           "GROUPES_DES_ELEVES", "SERVICES"]  # fmt: skip

_division, _groupe_division, _inscription = map(colonnes_de, (Division, GroupeDivision, Inscription))
_matiere, _mef, _personne = map(colonnes_de, (Matiere, Mef, Personne))
_rattachement, _scolarite, _service = map(colonnes_de, (Rattachement, Scolarite, Service))


def _presents(profils: Iterable[str], nom: str, *conditions: Any) -> CTE:
    """Qui part, d'où, et sous quel identifiant : évalué une fois par personne, et non une fois par lien."""
    return (
        select(_rattachement.uai, _rattachement.personne_id, IDENTIFIANTS.c.identifiant)
        .join(Personne.__table__, _personne.id == _rattachement.personne_id)
        .join(IDENTIFIANTS, IDENTIFIANTS.c.personne_id == _rattachement.personne_id)
        .where(
            dedans(_rattachement.uai),
            _rattachement.profil.in_(tuple(profils)),
            en_vigueur(_rattachement, JOUR),
            _personne.sursis_depuis.is_(None),
            *conditions,
        )
        .distinct()
        .cte(nom)
    )


_eleves = _presents(
    ELEVE, "eleves", encore_inscrit(_rattachement.uai, _rattachement.personne_id, JOUR, ANNEE)
)
_personnels = _presents(PROFILS, "personnels")


def _liens(source: Any, c: Any, presents: CTE, *colonnes: Any) -> Select[Any]:
    return (
        select(c.uai, presents.c.identifiant, c.personne_id, *colonnes)
        .select_from(source)
        .join(presents, and_(presents.c.uai == c.uai, presents.c.personne_id == c.personne_id))
        .where(dedans(c.uai), c.annee == ANNEE)
    )


FORMATIONS_DES_ELEVES = (
    _liens(Scolarite.__table__, _scolarite, _eleves, _scolarite.mef, _mef.code, _mef.mefstat)
    .outerjoin(Mef.__table__, _mef.code == _scolarite.mef)
    .order_by(_scolarite.uai, _eleves.c.identifiant)
)

GROUPES_DES_ELEVES = (
    _liens(
        Inscription.__table__,
        _inscription,
        _eleves,
        func.coalesce(_inscription.division_id, _inscription.groupe_id).label("structure"),
    )
    .where(en_vigueur(_inscription, JOUR))
    .distinct()
    .order_by(_inscription.uai, _eleves.c.identifiant, "structure")
)

_meme_structure = and_(
    _service.uai == _inscription.uai,
    _service.annee == _inscription.annee,
    or_(
        _service.division_id == _inscription.division_id,
        _service.groupe_id == _inscription.groupe_id,
    ),
)
ENSEIGNEMENTS = (
    _liens(Inscription.__table__, _inscription, _eleves, _service.matiere)
    .join(Service.__table__, _meme_structure)
    .where(en_vigueur(_inscription, JOUR), en_vigueur(_service, JOUR), _service.matiere.is_not(None))
    .distinct()
    .order_by(_inscription.uai, _eleves.c.identifiant, _service.matiere)
)
"""Disciplines suivies : celles qui s'enseignent à la division et aux groupes de l'élève."""

_y_est_eleve = exists().where(
    _inscription.uai == _service.uai,
    _inscription.annee == _service.annee,
    _inscription.personne_id == _service.personne_id,
    or_(
        _inscription.division_id == _service.division_id,
        _inscription.groupe_id == _service.groupe_id,
    ),
    en_vigueur(_inscription, JOUR),
    _eleves.c.uai == _inscription.uai,
    _eleves.c.personne_id == _inscription.personne_id,
)
SERVICES = (
    _liens(
        Service.__table__,
        _service,
        _personnels,
        _service.division_id,
        _service.groupe_id,
        func.array_agg(_service.matiere.distinct()).filter(_service.matiere.is_not(None)),
        func.bool_or(_y_est_eleve),
    )
    .where(en_vigueur(_service, JOUR))
    .group_by(
        _service.uai, _personnels.c.identifiant, _service.personne_id, _service.division_id,
        _service.groupe_id,
    )
    .order_by(_service.uai, _personnels.c.identifiant, _service.division_id, _service.groupe_id)
)  # fmt: skip
"""Divisions et groupes de chaque enseignant, ce qu'il leur enseigne, et s'il en est aussi élève."""

_divisions_enseignees = union(
    select(_service.uai, _service.annee, _service.personne_id, _service.division_id).where(
        dedans(_service.uai),
        _service.annee == ANNEE,
        _service.division_id.is_not(None),
        en_vigueur(_service, JOUR),
    ),
    select(_service.uai, _service.annee, _service.personne_id, _groupe_division.division_id)
    .join(
        GroupeDivision.__table__,
        and_(
            _groupe_division.uai == _service.uai,
            _groupe_division.annee == _service.annee,
            _groupe_division.groupe_id == _service.groupe_id,
        ),
    )
    .where(dedans(_service.uai), _service.annee == ANNEE, en_vigueur(_service, JOUR)),
).subquery("enseignees")
_mefs_des_divisions = (
    select(_division.uai, _division.annee, _division.id, func.unnest(_division.mefs).label("mef"))
    .where(dedans(_division.uai), _division.annee == ANNEE)
    .subquery("mefs_des_divisions")
)
FORMATIONS_ENSEIGNEES = (
    select(
        _divisions_enseignees.c.uai,
        _personnels.c.identifiant,
        _divisions_enseignees.c.personne_id,
        _mef.code,
        _mef.mefstat,
    )
    .join(
        _personnels,
        and_(
            _personnels.c.uai == _divisions_enseignees.c.uai,
            _personnels.c.personne_id == _divisions_enseignees.c.personne_id,
        ),
    )
    .join(
        _mefs_des_divisions,
        and_(
            _mefs_des_divisions.c.uai == _divisions_enseignees.c.uai,
            _mefs_des_divisions.c.id == _divisions_enseignees.c.division_id,
        ),
    )
    .join(Mef.__table__, _mef.code == _mefs_des_divisions.c.mef)
    .distinct()
    .order_by(_divisions_enseignees.c.uai, _personnels.c.identifiant, _mef.code)
)
"""Formations des divisions où chacun enseigne, directement ou par un groupe."""

_formations = union(
    select(_scolarite.uai, _scolarite.mef.label("mef")).where(
        dedans(_scolarite.uai), _scolarite.annee == ANNEE, _scolarite.mef.is_not(None)
    ),
    select(_mefs_des_divisions.c.uai, _mefs_des_divisions.c.mef),
).subquery("formations")
FORMATIONS = (
    select(_formations.c.uai, _formations.c.mef, _mef.code, _mef.libelle, _mef.rattachement, _mef.mefstat)
    .outerjoin(Mef.__table__, _mef.code == _formations.c.mef)
    .order_by(_formations.c.uai, _formations.c.mef)
)

DISCIPLINES = (
    select(_service.uai, _service.matiere, _matiere.libelle)
    .outerjoin(Matiere.__table__, _matiere.code == _service.matiere)
    .where(
        dedans(_service.uai),
        _service.annee == ANNEE,
        _service.matiere.is_not(None),
        en_vigueur(_service, JOUR),
    )
    .distinct()
    .order_by(_service.uai, _service.matiere)
)
