"""Ce que l'export lit de l'annuaire : des énoncés bâtis une fois, lus au fil de l'eau, dans un ordre fixe.

Chaque énoncé prend le jour, l'année scolaire et les établissements ouverts d'un flux ; chaque ligne n'y
paraît qu'une fois par clé du schéma. Qui est en sursis, ou n'est plus rattaché ce jour, n'y est pas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur, pas_fini
from ent_core.donnees.liees import ANNEE, JOUR, instant_lie
from ent_core.federation.gar.format import PROFILS
from ent_core.federation.gar.modeles import GarIdentifiant
from ent_core.identite.modeles import (
    Division,
    Etablissement,
    Groupe,
    GroupeDivision,
    Inscription,
    Personne,
    Rattachement,
)
from ent_core.roles.modeles import Delegation, RoleLocal

__all__ = [
    "AFFECTATION", "DIVISIONS", "ELEVE", "ELEVES", "ETABLISSEMENTS", "GROUPES", "IDENTIFIANTS",
    "PERSONNELS", "RESPONSABLES_AFFECTATION", "SANS_IDENTIFIANT", "FenetreGar", "attribuer",
    "colonnes_de", "dedans", "encore_inscrit", "parcourir",
]  # fmt: skip

AFFECTATION = "noyau.gar_affectation"
"""Permission de qui affecte les ressources : le chef d'établissement, et ceux à qui il la délègue."""

_LOT = 2000


def colonnes_de(modele: type[Base]) -> Any:
    """Les colonnes de la table d'une classe.

    :param modele: classe de l'annuaire.
    """
    return Base.metadata.tables[modele.__tablename__].c


_division, _groupe, _groupe_division = map(colonnes_de, (Division, Groupe, GroupeDivision))
_personne = colonnes_de(Personne)
_rattachement, _delegation, _local = map(colonnes_de, (Rattachement, Delegation, RoleLocal))
_etablissement, _gar = map(colonnes_de, (Etablissement, GarIdentifiant))

"""Paramètre : le jour de l'export."""

"""Paramètre : l'année scolaire de ce jour."""

_UAIS: Any = func.any(bindparam("uais", type_=ARRAY(String)))


@dataclass(frozen=True, slots=True)
class FenetreGar:
    """De quand et d'où l'on parle.

    :param annee: année scolaire du jour.
    :param uais: établissements ouverts du flux.
    """

    jour: date
    annee: int
    uais: tuple[str, ...]

    @property
    def valeurs(self) -> dict[str, object]:
        """Valeurs des paramètres."""
        return {"jour": self.jour, "annee": self.annee, "uais": list(self.uais)}


def parcourir(session: Session, enonce: Select[Any], fenetre: FenetreGar) -> Iterator[Any]:
    """Les lignes d'un énoncé, au fil de l'eau.

    :param session: session de l'académie.
    :param enonce: énoncé de ce module.
    :param fenetre: jour, année, établissements.
    """
    yield from session.execute(enonce, fenetre.valeurs, execution_options={"yield_per": _LOT})


def dedans(colonne: Any) -> Any:
    """Condition « d'un établissement de la fenêtre ».

    :param colonne: colonne qui porte l'établissement.
    """
    return colonne == _UAIS


# --- Les personnes ---------------------------------------------------------------------------------

IDENTIFIANTS = (
    select(_gar.personne_id, _gar.identifiant)
    .ext(distinct_on(_gar.personne_id))
    .order_by(_gar.personne_id, _gar.attribue_le, _gar.identifiant)
    .cte("identifiants")
)
"""L'identifiant en vigueur de chacun : le plus ancien."""

ELEVE = (Profil.ELEVE.value,)
"""Le profil national des élèves."""

_TRANSMIS = (*ELEVE, *PROFILS)
_NOUVEAUX = (
    select(_rattachement.personne_id, instant_lie("maintenant"))
    .join(Personne.__table__, _personne.id == _rattachement.personne_id)
    .where(
        dedans(_rattachement.uai),
        _rattachement.profil.in_(_TRANSMIS),
        en_vigueur(_rattachement, JOUR),
        _personne.sursis_depuis.is_(None),
        ~exists().where(_gar.personne_id == _rattachement.personne_id),
    )
    .distinct()
)
_TABLE: Any = GarIdentifiant.__table__
_ATTRIBUER = insert(_TABLE).from_select(["personne_id", "attribue_le"], _NOUVEAUX)


def attribuer(session: Session, fenetre: FenetreGar, maintenant: Any) -> None:
    """Donne un identifiant à qui n'en a pas encore, parmi ceux que l'export transmet.

    :param session: session de l'académie.
    :param fenetre: jour et établissements.
    :param maintenant: instant de l'export.
    """
    session.execute(_ATTRIBUER, {**fenetre.valeurs, "maintenant": maintenant})


def _fiches(*titre: Any) -> Select[Any]:
    return (
        select(
            IDENTIFIANTS.c.identifiant,
            _personne.id,
            _personne.nom,
            _personne.prenom,
            _personne.nom_naissance,
            _personne.autres_prenoms,
            _personne.civilite,
            _personne.naissance,
            _personne.courriel,
            *titre,
        )
        .join(IDENTIFIANTS, IDENTIFIANTS.c.personne_id == _personne.id)
        .where(_personne.sursis_depuis.is_(None))
    )


def encore_inscrit(uai: Any, personne: Any, jour: Any, annee: Any) -> ColumnElement[bool]:
    """Condition « n'a pas quitté ses divisions » : qui n'en a pas encore eu cette année n'en a quitté aucune.

    L'annuaire ferme l'inscription d'un élève parti avant d'ôter son rattachement.

    :param uai: établissement.
    :param personne: élève.
    :param jour: jour de l'export.
    :param annee: année scolaire de ce jour.
    """
    # Un alias : l'énoncé où la condition entre lit peut-être déjà les inscriptions.
    siennes = aliased(Inscription.__table__, name="divisions_de_l_eleve").c
    dites = and_(
        siennes.uai == uai,
        siennes.annee == annee,
        siennes.personne_id == personne,
        siennes.division_id.is_not(None),
    )
    return or_(~exists().where(dites), exists().where(dites, pas_fini(siennes, jour)))


def _rattaches(*profils: str) -> Select[Any]:
    return (
        _fiches(_rattachement.uai, _rattachement.profil, _rattachement.fonction)
        .join(Rattachement.__table__, _rattachement.personne_id == _personne.id)
        .where(dedans(_rattachement.uai), _rattachement.profil.in_(profils), en_vigueur(_rattachement, JOUR))
        .order_by(IDENTIFIANTS.c.identifiant, _rattachement.uai, _rattachement.id)
    )


ELEVES = _rattaches(*ELEVE).where(encore_inscrit(_rattachement.uai, _rattachement.personne_id, JOUR, ANNEE))
PERSONNELS = _rattaches(*PROFILS)

_adjoint = exists().where(
    _local.uai == _rattachement.uai,
    _local.personne_id == _rattachement.personne_id,
    _local.role == Role.DIRECTION_ADJOINTE.value,
    en_vigueur(_local, JOUR),
)
_affectent = union(
    select(_rattachement.personne_id, _rattachement.uai).where(
        dedans(_rattachement.uai),
        _rattachement.profil == Profil.DIRECTION.value,
        en_vigueur(_rattachement, JOUR),
        ~_adjoint,
    ),
    select(_delegation.personne_id, _delegation.uai).where(
        dedans(_delegation.uai),
        _delegation.permission == AFFECTATION,
        _delegation.revoquee_le.is_(None),
        en_vigueur(_delegation, JOUR),
    ),
).subquery("affectent")
RESPONSABLES_AFFECTATION = (
    _fiches(_affectent.c.uai, literal("").label("profil"), literal("").label("fonction"))
    .join(_affectent, _affectent.c.personne_id == _personne.id)
    .order_by(IDENTIFIANTS.c.identifiant, _affectent.c.uai)
)
"""Le chef d'établissement et ses délégués, établissement par établissement."""

SANS_IDENTIFIANT = (
    select(_personne.id, _personne.nom, _personne.prenom, _personne.courriel)
    .where(_personne.id.in_(select(_affectent.c.personne_id)), _personne.sursis_depuis.is_(None))
    .order_by(_personne.nom, _personne.prenom, _personne.id)
)
"""Les mêmes, pour une page : que le GAR les connaisse déjà ou non."""

# --- Les établissements et leurs structures ----------------------------------------------------------

ETABLISSEMENTS = (
    select(
        _etablissement.uai, _etablissement.nom, _etablissement.contrat, _etablissement.telephone,
        _etablissement.courriel,
    )
    .where(dedans(_etablissement.uai))
    .order_by(_etablissement.uai)
)  # fmt: skip


def _structures(table: Any, c: Any) -> Select[Any]:
    return (
        select(c.id, c.uai, c.code, c.libelle)
        .select_from(table)
        .where(dedans(c.uai), c.annee == ANNEE, or_(c.ferme_le.is_(None), c.ferme_le > JOUR))
        .order_by(c.uai, c.code)
    )


DIVISIONS = _structures(Division.__table__, _division)
GROUPES = (
    _structures(Groupe.__table__, _groupe)
    .add_columns(
        select(func.array_agg(_groupe_division.division_id))
        .where(
            _groupe_division.uai == _groupe.uai,
            _groupe_division.annee == _groupe.annee,
            _groupe_division.groupe_id == _groupe.id,
        )
        .scalar_subquery()
    )
)  # fmt: skip
