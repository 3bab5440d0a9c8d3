"""L'autorité parentale : qui décide pour un élève, et qui en est seulement informé (FAM-02, FAM-03).

L'exercice conjoint est présumé ; seul un acte de justice produit le change. Un acte écarte le responsable
(``acces`` : il ne lit plus rien), ou lui retire l'exercice (``exercice`` : il est informé comme l'autre, et
ne décide plus).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Exists, bindparam, case, exists, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.existence import au_moins_une
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI, liste_liee
from ent_core.donnees.session import lire
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.modeles import Personne, Rattachement, Responsabilite, Restriction
from ent_core.socle.calendrier import est_mineur

__all__ = ["EffetActe", "QuiDecide", "ecarte", "qui_decide"]

_tables = Base.metadata.tables
_personne = _tables[Personne.__tablename__].c
_titre = _tables[Rattachement.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_limite = _tables[Restriction.__tablename__].c

_ELEVE_ICI = au_moins_une(
    _titre.uai == UAI, _titre.personne_id == _personne.id, _titre.profil == Profil.ELEVE.value
)
_DECIDE = select(
    _personne.id,
    case((_ELEVE_ICI, _personne.naissance)),
    au_moins_une(
        _lien.eleve_id == _personne.id,
        _lien.responsable_id == bindparam("responsable"),
        _lien.legal > 0,
        en_vigueur(_lien, JOUR),
        ~exists().where(_limite.responsabilite_id == _lien.id, en_vigueur(_limite, JOUR)),
    ),
).where(_personne.id == liste_liee("eleves"))


class EffetActe(StrEnum):
    """Ce que l'acte retire au responsable."""

    ACCES = "acces"
    EXERCICE = "exercice"


class QuiDecide(NamedTuple):
    """Qui décide pour un élève, un jour.

    :param majeur: l'élève a dix-huit ans : lui seul décide.
    :param exerce: la personne exerce l'autorité parentale sur lui, tant qu'il est mineur.
    """

    majeur: bool
    exerce: bool


def ecarte(lien: Any, jour: Any) -> Exists:
    """Condition : un acte en vigueur coupe l'accès du responsable ; celui qui retire l'exercice laisse lire.

    :param lien: ``Responsabilite``, ou colonnes de sa table.
    :param jour: le jour.
    """
    return exists().where(
        _limite.responsabilite_id == lien.id,
        _limite.effet == EffetActe.ACCES.value,
        en_vigueur(_limite, jour),
    )


def qui_decide(
    session: Session, uai: str, personne: UUID, eleves: Iterable[UUID], jour: date
) -> dict[UUID, QuiDecide]:
    """Les deux questions d'un acte, ensemble : l'élève est-il majeur, et cette personne décide-t-elle ?

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param personne: personne qui agit.
    :param eleves: élèves, déjà atteints.
    :param jour: le jour.
    :returns: par élève, en un énoncé.
    """
    valeurs = {"uai": uai, "eleves": list(eleves), "responsable": personne, "jour": jour}
    with hors_portillon(session, "autorité : deux oui ou non, jamais la date de naissance"):
        lues = lire(session, _DECIDE, valeurs).all()
    return {
        eleve: QuiDecide(est_mineur(naissance, jour) is False, exerce) for eleve, naissance, exerce in lues
    }
