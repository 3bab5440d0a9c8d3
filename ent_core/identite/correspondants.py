"""À qui s'adresser au sujet d'un élève d'ici : les responsables légaux en vigueur ; l'élève majeur, d'abord.

Le courrier et le téléphone posent la même question. Un responsable qu'un acte de justice écarte (FAM-03) n'y
répond jamais, ni qui n'est qu'à prévenir.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    exists,
    false,
    func,
    literal,
    select,
    true,
    union_all,
)

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI, liste_liee
from ent_core.identite.autorite import ecarte
from ent_core.identite.modeles import Personne, Rattachement, Responsabilite

__all__ = ["correspondants", "dix_huit_ans_avant", "majeur", "nom_de", "valeurs"]

_tables = Base.metadata.tables
_eleve = _tables[Personne.__tablename__].alias("eleve").c
_adulte = _tables[Personne.__tablename__].alias("adulte").c
_titre = _tables[Rattachement.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_ELEVES: Any = liste_liee("eleves")

_ICI = exists().where(
    _titre.uai == UAI,
    _titre.personne_id == _eleve.id,
    _titre.profil == Profil.ELEVE.value,
    en_vigueur(_titre, JOUR),
)


def correspondants(
    coordonnees: Callable[[Any], Iterable[Any]],
    responsables: Callable[[Any], ColumnElement[bool]] = lambda _eleve: true(),
) -> CompoundSelect[*tuple[Any, ...]]:
    """Énoncé : « eleve », « rang » légal, « lui_meme », « personne », puis les coordonnées demandées.

    :param coordonnees: colonnes d'une personne, élève ou adulte, à joindre au reste.
    :param responsables: d'après l'élève, s'il faut aussi ses responsables ; par défaut, toujours.
    """
    return union_all(
        # À dix-huit ans, l'élève est le premier à qui dire ce qui le concerne (FAM-06).
        select(
            _eleve.id.label("eleve"), literal(0).label("rang"), true().label("lui_meme"),
            _eleve.id.label("personne"), *coordonnees(_eleve),
        ).where(_eleve.id == _ELEVES, majeur(_eleve), _ICI),
        select(_eleve.id, _lien.legal, false(), _adulte.id, *coordonnees(_adulte)).where(
            _eleve.id == _ELEVES,
            responsables(_eleve),
            _ICI,
            _lien.eleve_id == _eleve.id,
            _lien.responsable_id == _adulte.id,
            _lien.legal > 0,
            en_vigueur(_lien, JOUR),
            ~ecarte(_lien, JOUR),
        ),
    )  # fmt: skip


def majeur(eleve: Any) -> ColumnElement[bool]:
    """Condition : l'élève a dix-huit ans ; sans naissance connue, la réponse n'est ni oui ni non.

    :param eleve: colonnes de la table des personnes.
    """
    condition: ColumnElement[bool] = eleve.naissance <= bindparam("majeurs")
    return condition


def nom_de(personne: Any) -> Any:
    """« Mme Camille Durand ».

    :param personne: colonnes de la table des personnes.
    """
    return func.concat_ws(" ", personne.civilite, personne.prenom, personne.nom).label("nom")


def valeurs(contexte: Contexte, eleves: Iterable[Any]) -> dict[str, Any]:
    """Ce que l'énoncé attend.

    :param contexte: d'où l'on écrit ou appelle, et quel jour.
    :param eleves: élèves ; ceux d'une autre école sont ignorés.
    """
    return {
        "eleves": list(eleves),
        "uai": contexte.uai,
        "jour": contexte.jour,
        "majeurs": dix_huit_ans_avant(contexte.jour),
    }


def dix_huit_ans_avant(jour: date) -> date:
    """Jour de naissance au plus tard de qui est majeur.

    :param jour: le jour.
    """
    bissextile = (jour.month, jour.day) == (2, 29)
    return date(jour.year - 18, 2, 28) if bissextile else jour.replace(year=jour.year - 18)
