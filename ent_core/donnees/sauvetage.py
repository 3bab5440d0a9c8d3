"""Ce qu'une transaction défaite ne doit pas emporter : les lectures sensibles, et les refus.

Une page lit, puis échoue : la personne a pu voir. Les lectures notées dans une transaction qui n'est pas
validée sont réécrites après elle, dans la leur ; les refus, eux, ne peuvent être comptés qu'ainsi.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["Lecture", "Refus", "Sauvetage", "compter_refus"]

_QUI = (
    "select set_config('role', %s, true), set_config('ent.uai', %s, true),"
    " set_config('ent.personne', %s, true)"
)
_NOTER = "select ent_noter_lecture(%s, %s, %s)"
_COMPTER = "select ent_compter_refus(%s, %s, %s, %s, %s)"
_APPLICATION = "ent_application"
_journal = logging.getLogger("ent.base")


@dataclass(frozen=True, slots=True)
class Lecture:
    """Une lecture sensible, telle que la base l'a notée.

    :param role: rôle de base sous lequel elle a été faite.
    """

    role: str
    uai: str
    personne: UUID | None
    traitement: str
    colonnes: tuple[str, ...]
    sujets: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Refus:
    """Un refus à compter : jamais qui, seulement quoi, sous quel rôle et où.

    :param nature: ``portillon``, ``base``, ``permission`` ou ``ecole``.
    :param objet: table, colonne, permission ou page.
    """

    nature: str
    objet: str
    role: str
    uai: str


class Sauvetage:
    """Ce qu'une session a noté depuis sa dernière transaction validée."""

    __slots__ = ("_en_cours", "_faites", "_perdues", "_refus")

    def __init__(self) -> None:
        self._en_cours: list[Lecture] = []
        self._faites: set[Lecture] = set()
        self._perdues: set[Lecture] = set()
        self._refus: list[Refus] = []

    def annoncer(self, lecture: Lecture) -> None:
        """Un énoncé qui la fait va partir.

        :param lecture: lecture que la base vient de noter.
        """
        self._en_cours.append(lecture)

    def constater(self) -> None:
        """L'énoncé a rendu ses lignes : ses lectures ont eu lieu."""
        self._faites.update(self._en_cours)
        self._en_cours.clear()

    def oublier(self) -> None:
        """L'énoncé a échoué : rien n'a été lu."""
        self._en_cours.clear()

    def refuser(self, refus: Refus) -> None:
        """Un énoncé a été refusé.

        :param refus: à compter, quoi que devienne la transaction.
        """
        self._refus.append(refus)

    def defaire(self) -> None:
        """Un point de reprise a été rendu : ce qui était noté l'est peut-être encore, peut-être plus."""
        self._perdues |= self._faites
        self._faites.clear()

    def valider(self) -> None:
        """La transaction est validée : ce qu'elle notait est gardé."""
        self._faites.clear()

    def rendre(self, moteur: Engine) -> None:
        """Écrit, dans une transaction à part, ce que la précédente a emporté ; une panne se dit au journal.

        :param moteur: moteur de l'application, dont la session a rendu sa connexion.
        """
        lectures, refus = self._perdues | self._faites, self._refus
        self._en_cours, self._faites, self._perdues, self._refus = [], set(), set(), []
        if not lectures and not refus:
            return
        try:
            with moteur.begin() as connexion:
                for lecture in lectures:
                    connexion.exec_driver_sql(_QUI, (lecture.role, lecture.uai, str(lecture.personne or "")))
                    connexion.exec_driver_sql(
                        _NOTER, (lecture.traitement, list(lecture.colonnes), list(lecture.sujets))
                    )
        except SQLAlchemyError:
            _journal.exception("lectures_non_notees", extra={"nombre": len(lectures)})
        compter_refus(moteur, refus)


def compter_refus(moteur: Engine, refus: Iterable[Refus]) -> None:
    """Compte des refus, heure par heure ; une panne se dit au journal, et ne gêne pas la page.

    :param moteur: moteur de l'application.
    :param refus: à compter.
    """
    comptes = Counter(refus)
    if not comptes:
        return
    try:
        with moteur.begin() as connexion:
            connexion.exec_driver_sql(_QUI, (_APPLICATION, "", ""))
            for fait, nombre in comptes.items():
                connexion.exec_driver_sql(
                    _COMPTER, (fait.nature, fait.objet[:120], fait.role[:40], fait.uai or None, nombre)
                )
    except SQLAlchemyError:
        _journal.exception("refus_non_comptes", extra={"nombre": comptes.total()})
