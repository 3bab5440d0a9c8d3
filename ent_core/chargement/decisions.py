"""Les décisions d'ouverture : laquelle l'emporte, pour une brique, dans un établissement, un jour.

Ordre de force : établissement avant académie ; à même niveau, la base (page, commande ou API) avant le
fichier ; à même origine, la décision la plus récente. Sans décision, une brique est fermée. Une brique faite
pour un degré reste fermée dans les établissements de l'autre, quelle que soit la décision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Select,
    String,
    bindparam,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import SelectBase

from ent_core.chargement.modeles import Bascule, PrealableAtteste
from ent_core.contrat.manifeste import DEGRES
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import pas_fini
from ent_core.donnees.liees import JOUR, UAI
from ent_core.donnees.session import lire
from ent_core.identite.modeles import Etablissement
from ent_core.socle.configuration import BasculeFichier
from ent_core.vie_privee.acceptation.modeles import Acceptation
from ent_core.vie_privee.acceptation.services import ACCEPTEE

__all__ = ["Decision", "Decisions", "EtatLu"]

_UAIS: Any = bindparam("uais", type_=ARRAY(String))
_DECISION, _ACCEPTEE, _ATTESTE, _DEGRE = "decision", "acceptee", "atteste", "degre"
_b = Base.metadata.tables[Bascule.__tablename__].c
_a = Base.metadata.tables[Acceptation.__tablename__].c
_p = Base.metadata.tables[PrealableAtteste.__tablename__].c
_e = Base.metadata.tables[Etablissement.__tablename__].c
_SANS_DATE: Any = null().cast(Date)


def _lignes(sorte: str, uai: Any, brique: Any, valeur: Any, quand: Any) -> Select[Any]:
    """Une sorte de ligne, aux mêmes colonnes que les décisions : tout se lit en un seul énoncé."""
    return select(
        literal(sorte).label("sorte"), uai, brique, literal(True), valeur, _SANS_DATE, _SANS_DATE, quand
    )


_POSEES = select(
    literal(_DECISION).label("sorte"),
    _b.uai,
    _b.brique,
    _b.ouverte,
    _b.origine,
    _b.debut,
    _b.fin,
    _b.posee_le,
).where(_b.retiree_le.is_(None), pas_fini(_b, JOUR))
_ICI = _POSEES.where(or_(_b.uai == UAI, _b.uai.is_(None)))
_LA = _POSEES.where(or_(_b.uai == _UAIS.any_(), _b.uai.is_(None)))
_ACCEPTEES_ICI = _lignes(_ACCEPTEE, _a.uai, _a.brique, _a.empreinte, _a.decidee_le).where(
    _a.uai == UAI, _a.reponse == ACCEPTEE, _a.remplacee_le.is_(None)
)
_ATTESTES_ICI = _lignes(_ATTESTE, _p.uai, _p.brique, _p.cle, _p.atteste_le).where(
    _p.uai == UAI, _p.retire_le.is_(None)
)
_DEGRES = _lignes(_DEGRE, _e.uai, literal(""), _e.degre.cast(String), null().cast(DateTime(timezone=True)))


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


@dataclass(frozen=True, slots=True)
class EtatLu:
    """Ce qu'une page lit d'un coup d'un établissement.

    :param prevues: briques ouvertes ce jour, ou un jour à venir.
    :param acceptees: brique → empreinte acceptée.
    :param attestes: brique → préalables attestés.
    """

    decisions: dict[str, Decision]
    prevues: frozenset[str]
    acceptees: dict[str, str]
    attestes: dict[str, set[str]]


@dataclass(slots=True)
class _Lues:
    """Lignes rangées par sorte ; les décisions, de la plus faible à la plus forte."""

    posees: dict[str | None, list[Decision]] = field(default_factory=dict)
    degres: dict[str, int] = field(default_factory=dict)
    acceptees: dict[str, str] = field(default_factory=dict)
    attestes: dict[str, set[str]] = field(default_factory=dict)


class Decisions:
    """Lit les décisions du fichier et de la base, et dit laquelle l'emporte.

    :param degres: briques chargées, hors noyau, et les degrés où chacune s'ouvre ; les décisions des autres
        ne comptent pas.
    :param fichier: décisions de la configuration.
    :param prealables: vrai si une brique au moins en demande.
    """

    def __init__(
        self, degres: Mapping[str, frozenset[int]], fichier: Iterable[BasculeFichier], *, prealables: bool
    ) -> None:
        self._briques = frozenset(degres)
        self._refus = {b: DEGRES - siens for b, siens in degres.items() if DEGRES - siens}
        self._avec_prealables = prealables
        self._fichier: dict[str | None, list[Decision]] = {}
        for b in fichier:
            niveau = "établissement" if b.etablissements else "académie"
            decision = Decision(b.brique, b.ouverte, niveau, "fichier", b.du, b.fin)
            for uai in b.etablissements or (None,):
                self._fichier.setdefault(uai, []).append(decision)
        # Le degré d'un établissement n'est lu que s'il en ferme une brique.
        refuses = _e.degre.in_(sorted(set().union(*self._refus.values())))
        ici, la = [_ICI], [_LA]
        if self._refus:
            ici.append(_DEGRES.where(_e.uai == UAI, refuses))
            la.append(_DEGRES.where(_e.uai == _UAIS.any_(), refuses))
        attestes = [_ATTESTES_ICI] if prealables else []
        self._ici = union_all(*ici).order_by("posee_le")
        self._la = union_all(*la).order_by("posee_le")
        # Une page lit d'un coup ce qui est ouvert ici, ce qui en est accepté, ce qui en est attesté.
        self._etat = union_all(*ici, _ACCEPTEES_ICI, *attestes).order_by("posee_le")

    def du_jour(self, session: Session, uai: str, jour: date) -> dict[str, Decision]:
        """Décision en vigueur pour chaque brique ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement ; vide, les seules décisions de l'académie.
        :param jour: le jour.
        """
        return self._retenir(uai, jour, self._lire(session, self._ici, jour, uai=uai))

    def etat(self, session: Session, uai: str, jour: date) -> EtatLu:
        """Décisions en vigueur, empreintes acceptées, préalables attestés ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        lues = self._lire(session, self._etat, jour, uai=uai)
        retenues = self._retenir(uai, jour, lues)
        prevues = self._prevues(uai, jour, lues) if self._avec_prealables else frozenset[str]()
        return EtatLu(retenues, prevues, lues.acceptees, lues.attestes)

    def de_plusieurs(
        self, session: Session, uais: Sequence[str], jour: date
    ) -> dict[str, dict[str, Decision]]:
        """Décisions en vigueur dans chacun de ces établissements ; un seul énoncé, quel que soit leur nombre.

        :param session: session de l'académie.
        :param uais: établissements.
        :param jour: le jour.
        """
        lues = self._lire(session, self._la, jour, uais=uais)
        return {uai: self._retenir(uai, jour, lues) for uai in uais}

    def prevues(self, session: Session, uais: Sequence[str], jour: date) -> dict[str, frozenset[str]]:
        """Briques ouvertes dans chaque établissement ce jour, ou un jour à venir ; un seul énoncé.

        :param session: session de l'académie, ou de l'établissement demandé.
        :param uais: établissements.
        :param jour: premier jour regardé.
        """
        lues = self._lire(session, self._la, jour, uais=uais)
        # Sans décision ni degré propre, un établissement suit l'académie : la réponse est la même pour tous.
        communes = self._prevues(None, jour, lues)
        a_part = lues.posees.keys() | self._fichier.keys() | lues.degres.keys()
        return {uai: self._prevues(uai, jour, lues) if uai in a_part else communes for uai in uais}

    def ouvertures(
        self, session: Session, brique: str, uais: Sequence[str], jour: date
    ) -> dict[str, Decision | None]:
        """Ce qui ouvre une brique dans chaque établissement : ce jour, sinon au premier jour à venir.

        :param session: session de l'académie.
        :param brique: identifiant.
        :param uais: établissements ; une chaîne vide demande les seules décisions de l'académie.
        :param jour: premier jour regardé.
        """
        lues = self._lire(session, self._la, jour, uais=uais)
        return {uai: self._ouverture(brique, uai, jour, lues) for uai in uais}

    def _lire(self, session: Session, enonce: SelectBase, jour: date, **ou: Any) -> _Lues:
        lues = _Lues()
        if not self._briques:
            return lues
        for sorte, uai, brique, ouverte, valeur, debut, fin, _ in lire(session, enonce, {**ou, "jour": jour}):
            if sorte == _DECISION:
                niveau = "académie" if uai is None else "établissement"
                lues.posees.setdefault(uai, []).append(Decision(brique, ouverte, niveau, valeur, debut, fin))
            elif sorte == _ACCEPTEE:
                lues.acceptees[brique] = valeur
            elif sorte == _ATTESTE:
                lues.attestes.setdefault(brique, set()).add(valeur)
            else:
                lues.degres[uai] = int(valeur)
        return lues

    def _retenir(self, uai: str | None, jour: date, lues: _Lues) -> dict[str, Decision]:
        """La dernière en vigueur l'emporte : elles viennent de la plus faible à la plus forte."""
        return {decision.brique: decision for decision in self._toutes(uai, lues) if decision.vaut(jour)}

    def _prevues(self, uai: str | None, jour: date, lues: _Lues) -> frozenset[str]:
        retenues = (d for j in self._jours(uai, jour, lues) for d in self._retenir(uai, j, lues).values())
        return frozenset(decision.brique for decision in retenues if decision.ouverte)

    def _ouverture(self, brique: str, uai: str, jour: date, lues: _Lues) -> Decision | None:
        for j in self._jours(uai, jour, lues):
            decision = self._retenir(uai, j, lues).get(brique)
            if decision is not None and decision.ouverte:
                return decision
        return None

    def _jours(self, uai: str | None, jour: date, lues: _Lues) -> list[date]:
        """Ce qui l'emporte ne change qu'au début ou à la fin d'une décision : ces jours suffisent."""
        bornes = {d for decision in self._toutes(uai, lues) for d in (decision.debut, decision.fin)}
        return sorted({jour, *(borne for borne in bornes if borne is not None and borne > jour)})

    def _toutes(self, uai: str | None, lues: _Lues) -> Iterator[Decision]:
        degre = lues.degres.get(uai or "")
        for niveau in (None,) if not uai else (None, uai):
            for decision in chain(self._fichier.get(niveau, ()), lues.posees.get(niveau, ())):
                if decision.brique in self._briques and degre not in self._refus.get(decision.brique, ()):
                    yield decision
