"""Les décisions d'ouverture : laquelle l'emporte, pour une brique, dans un établissement, un jour.

Ordre de force : établissement avant académie ; à même niveau, la base (page, commande ou API) avant le
fichier ; à même origine, la décision la plus récente. Sans décision, une brique est fermée.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Date, String, bindparam, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from ent_core.chargement.modeles import Bascule
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur, pas_fini
from ent_core.donnees.session import lire
from ent_core.socle.configuration import BasculeFichier
from ent_core.vie_privee.acceptation.modeles import Acceptation
from ent_core.vie_privee.acceptation.services import ACCEPTEE

__all__ = ["Decision", "Decisions"]

_JOUR: Any = bindparam("jour")
_UAIS: Any = bindparam("uais", type_=ARRAY(String))
_b = Base.metadata.tables[Bascule.__tablename__].c
_POSEES = (
    select(_b.uai, _b.brique, _b.ouverte, _b.origine, _b.debut, _b.fin)
    .where(_b.retiree_le.is_(None))
    .order_by(_b.posee_le)
)
_a = Base.metadata.tables[Acceptation.__tablename__].c
_ICI = _POSEES.where(or_(_b.uai == bindparam("uai"), _b.uai.is_(None)), en_vigueur(_b, _JOUR))
_LA = _POSEES.where(or_(_b.uai == _UAIS.any_(), _b.uai.is_(None)), pas_fini(_b, _JOUR))
# Une page lit d'un coup ce qui est ouvert ici et ce que l'établissement en a accepté.
_ICI_ET_ACCEPTEES = union_all(
    _ICI.add_columns(null().cast(String), _b.posee_le).order_by(None),
    select(
        _a.uai, _a.brique, literal(True), literal(""), null().cast(Date), null().cast(Date),
        _a.empreinte, _a.decidee_le,
    ).where(_a.uai == bindparam("uai"), _a.reponse == ACCEPTEE, _a.remplacee_le.is_(None)),
).order_by("posee_le")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """Une décision, et celle qui l'emporte pour une brique.

    :param niveau: « académie » ou « établissement ».
    :param origine: ``fichier``, ``page``, ``commande`` ou ``api``.
    :param debut: premier jour ; absent, depuis toujours.
    :param fin: lendemain du dernier jour ; absent, sans fin.
    """

    brique: str
    ouverte: bool
    niveau: str
    origine: str
    debut: date | None = None
    fin: date | None = None

    def vaut(self, jour: date) -> bool:
        """Vrai si elle est en vigueur ce jour.

        :param jour: le jour.
        """
        return (self.debut is None or self.debut <= jour) and (self.fin is None or jour < self.fin)


Posees = Mapping[str | None, Sequence[Decision]]
"""Décisions par établissement, ``None`` pour l'académie, de la plus faible à la plus forte."""


class Decisions:
    """Lit les décisions du fichier et de la base, et dit laquelle l'emporte.

    :param briques: briques chargées, hors noyau ; les décisions des autres ne comptent pas.
    :param fichier: décisions de la configuration.
    """

    def __init__(self, briques: Iterable[str], fichier: Iterable[BasculeFichier]) -> None:
        self._briques = frozenset(briques)
        self._fichier: dict[str | None, list[Decision]] = {}
        for b in fichier:
            niveau = "établissement" if b.etablissements else "académie"
            decision = Decision(b.brique, b.ouverte, niveau, "fichier", b.du, b.fin)
            for uai in b.etablissements or (None,):
                self._fichier.setdefault(uai, []).append(decision)

    def du_jour(self, session: Session, uai: str, jour: date) -> dict[str, Decision]:
        """Décision en vigueur pour chaque brique ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement ; vide, les seules décisions de l'académie.
        :param jour: le jour.
        """
        if not self._briques:
            return {}
        return self._retenir(uai, jour, _ranger(lire(session, _ICI, {"uai": uai, "jour": jour})))

    def et_acceptees(
        self, session: Session, uai: str, jour: date
    ) -> tuple[dict[str, Decision], dict[str, str]]:
        """Décision en vigueur pour chaque brique, et empreinte acceptée de chacune ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        if not self._briques:
            return {}, {}
        posees, acceptees = [], {}
        for *decision, empreinte, _ in lire(session, _ICI_ET_ACCEPTEES, {"uai": uai, "jour": jour}):
            if empreinte is None:
                posees.append(decision)
            else:
                acceptees[decision[1]] = empreinte
        return self._retenir(uai, jour, _ranger(posees)), acceptees

    def de_plusieurs(
        self, session: Session, uais: Sequence[str], jour: date
    ) -> dict[str, dict[str, Decision]]:
        """Décisions en vigueur dans chacun de ces établissements ; un seul énoncé, quel que soit leur nombre.

        :param session: session de l'académie.
        :param uais: établissements.
        :param jour: le jour.
        """
        posees = self._lire(session, uais, jour)
        return {uai: self._retenir(uai, jour, posees) for uai in uais}

    def prevues(self, session: Session, uais: Sequence[str], jour: date) -> dict[str, frozenset[str]]:
        """Briques ouvertes dans chaque établissement ce jour, ou un jour à venir ; un seul énoncé.

        :param session: session de l'académie, ou de l'établissement demandé.
        :param uais: établissements.
        :param jour: premier jour regardé.
        """
        posees = self._lire(session, uais, jour)
        # Sans décision propre, un établissement suit l'académie : la réponse est la même pour tous ceux-là.
        communes = self._prevues(None, jour, posees)
        return {
            uai: self._prevues(uai, jour, posees) if uai in posees or uai in self._fichier else communes
            for uai in uais
        }

    def _lire(self, session: Session, uais: Sequence[str], jour: date) -> Posees:
        if not (self._briques and uais):
            return {}
        return _ranger(lire(session, _LA, {"uais": list(uais), "jour": jour}))

    def _retenir(self, uai: str | None, jour: date, posees: Posees) -> dict[str, Decision]:
        """La dernière en vigueur l'emporte : elles viennent de la plus faible à la plus forte."""
        return {
            decision.brique: decision
            for decision in self._toutes(uai, posees)
            if decision.brique in self._briques and decision.vaut(jour)
        }

    def _prevues(self, uai: str | None, jour: date, posees: Posees) -> frozenset[str]:
        """Ce qui l'emporte ne change qu'au début ou à la fin d'une décision : ces jours suffisent."""
        bornes = {d for decision in self._toutes(uai, posees) for d in (decision.debut, decision.fin)}
        jours = {jour, *(borne for borne in bornes if borne is not None and borne > jour)}
        retenues = (d for j in jours for d in self._retenir(uai, j, posees).values())
        return frozenset(decision.brique for decision in retenues if decision.ouverte)

    def _toutes(self, uai: str | None, posees: Posees) -> Iterable[Decision]:
        niveaux = (None,) if uai is None else (None, uai)
        return chain.from_iterable((*self._fichier.get(n, ()), *posees.get(n, ())) for n in niveaux)


def _ranger(lignes: Iterable[Any]) -> Posees:
    rangees: dict[str | None, list[Decision]] = {}
    for uai, brique, ouverte, origine, debut, fin in lignes:
        niveau = "académie" if uai is None else "établissement"
        rangees.setdefault(uai, []).append(Decision(brique, ouverte, niveau, origine, debut, fin))
    return rangees
