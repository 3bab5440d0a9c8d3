"""Les effectifs d'un jour : qui est dans chaque division et chaque groupe de l'établissement."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import collate, func, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import ANNEE, JOUR, UAI
from ent_core.donnees.session import lire
from ent_core.identite.lectures import PersonneNommee
from ent_core.identite.modeles import Inscription, Personne

__all__ = ["inscrits_du_jour"]

_inscription: Any = Base.metadata.tables[Inscription.__tablename__].c
_personne: Any = Base.metadata.tables[Personne.__tablename__].c

_INSCRITS = (
    select(
        func.coalesce(_inscription.division_id, _inscription.groupe_id),
        _personne.id,
        _personne.nom,
        func.coalesce(_personne.prenom, ""),
    )
    .where(
        _inscription.uai == UAI,
        _inscription.annee == ANNEE,
        _inscription.personne_id == _personne.id,
        en_vigueur(_inscription, JOUR),
    )
    .order_by(collate(_personne.recherche, "C"), _personne.id)
)
_DES_DIVISIONS = _INSCRITS.where(_inscription.division_id.is_not(None))


def inscrits_du_jour(
    session: Session, uai: str, annee: int, jour: date, *, groupes: bool = True
) -> dict[UUID, list[PersonneNommee]]:
    """Élèves de chaque division et de chaque groupe un jour, dans l'ordre des noms ; un seul énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param jour: le jour ; qui est parti n'y est plus, qui arrive n'y est pas encore.
    :param groupes: faux pour les seules divisions, où chaque élève n'est qu'une fois.
    """
    enonce, valeurs = _INSCRITS if groupes else _DES_DIVISIONS, {"uai": uai, "annee": annee, "jour": jour}
    par_structure: dict[UUID, list[PersonneNommee]] = {}
    for structure, *eleve in lire(session, enonce, valeurs):
        par_structure.setdefault(structure, []).append(PersonneNommee(*eleve))
    return par_structure
