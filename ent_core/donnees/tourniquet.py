"""Le tourniquet : sur une connexion, le portillon en vigueur et le rôle de base réellement posé.

Sans juge, il laisse tout passer. Avec un juge, il lui soumet chaque énoncé *avant* qu'il ne parte, et pose
l'audience qu'il désigne. Le rôle n'est changé que s'il le faut : une page, une fois. Les lectures sensibles
se notent ensemble, d'un envoi, avant la validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from ent_core.donnees.envoi import envoyer
from ent_core.donnees.sauvetage import Lecture, Refus, Sauvetage
from ent_core.socle.erreurs import DonneeProtegee

__all__ = ["OPTION", "LectureSensible", "Passage", "Portillon", "Tourniquet", "executer_du_noyau"]

OPTION = "ent_tourniquet"
"""Option de connexion sous laquelle vit le tourniquet ; il disparaît avec la transaction."""

_POSER = "select set_config('role', %s, true), set_config('ent.finalite', %s, true)"
_DROITS = "42501"
"""Code de la base : droit manquant, ou ligne que le cloisonnement refuse."""

_NOTER = "ent_noter_lecture(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class LectureSensible:
    """Ce qu'un énoncé lit de sensible dans une table.

    :param colonnes: colonnes lues.
    :param sujets: noms des valeurs liées qui désignent la personne concernée, s'il y en a.
    """

    traitement: str
    colonnes: tuple[str, ...]
    sujets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Un énoncé permis.

    :param audiences: rôles de base dont chacun suffit ; vide, il ne touche aucune table.
    :param lectures: ce qu'il faut noter.
    """

    audiences: tuple[str, ...] = ()
    lectures: tuple[LectureSensible, ...] = ()


_Fait = tuple[str, tuple[str, ...], tuple[UUID, ...]]
"""Traitement, colonnes lues, personnes concernées."""

Juge = Callable[[Any], Passage]
"""Rend le passage d'un énoncé compilé, ou le refuse par une ``ErreurEnt``."""


class Portillon(Protocol):
    """Ce que la base attend de celui qui juge (``ent_core.vie_privee.portillon``)."""

    def finalites(self, brique: str) -> frozenset[str]:
        """Ce au titre de quoi une brique agit."""
        ...

    def juge(self, finalites: frozenset[str], roles: tuple[str, ...]) -> Juge:
        """Le juge de ces finalités et de ces rôles."""
        ...


class Tourniquet:
    """L'état d'une connexion.

    :param role: rôle de base hors du portillon.
    :param finalite: motif posé dans la base hors du portillon.
    """

    __slots__ = (
        "_a_noter", "_audience", "_finalite", "_interne", "_juge", "_notees", "_pose", "finalite", "personne",
        "role", "sauvetage", "uai", "visite",
    )  # fmt: skip

    def __init__(self, role: str, finalite: str) -> None:
        self.role, self.finalite = role, finalite
        self.uai = ""
        self.visite = False
        self.personne: UUID | None = None
        self.sauvetage = Sauvetage()
        self._juge: Juge | None = None
        self._finalite = self._audience = ""
        self._pose: str | None = role
        self._interne = False
        self._notees: set[_Fait] = set()
        self._a_noter: list[_Fait] = []

    def lever(self, juge: Juge | None, finalite: str = "", audience: str = "") -> None:
        """Met un juge en vigueur, ou aucun ; la base ne le saura qu'au prochain énoncé.

        :param juge: juge, ou ``None`` pour laisser passer.
        :param finalite: motif à poser dans la base avec l'audience.
        :param audience: rôle de base du rôle qui ouvre l'accès ; un refus se compte sous lui.
        """
        self._juge, self._finalite, self._audience = juge, finalite, audience

    def posee(self, role: str | None) -> None:
        """Retient le rôle que la base a désormais ; ``None`` si on ne le sait plus.

        :param role: rôle de base.
        """
        self._pose = role
        # Ce qui était noté est peut-être défait, ou l'était pour une autre personne.
        self._notees.clear()
        self._a_noter.clear()

    def poser(self, connexion: Connection, role: str) -> None:
        """Pose une audience dans la base, si elle n'y est pas.

        :param connexion: connexion de la transaction.
        :param role: rôle de base.
        """
        if self._pose != role:
            self.noter(connexion)
            finalite = self.finalite if self._juge is None else self._finalite
            self.executer(connexion, _POSER, (role, finalite))
            self._pose = role

    def passer(self, connexion: Connection, contexte: Any) -> None:
        """Soumet un énoncé qui va partir.

        :param connexion: connexion qui l'exécute.
        :param contexte: contexte d'exécution de SQLAlchemy.
        """
        if self._juge is None:
            self.poser(connexion, self.role)
            return
        try:
            passage = self._juge(contexte.compiled)
            if self.visite and passage.lectures:
                raise _pas_en_visite(passage.lectures[0].traitement)
        except DonneeProtegee as refus:
            self.refuser("portillon", refus.lieu or "énoncé illisible")
            raise
        if passage.audiences and self._pose not in passage.audiences:
            self.poser(connexion, passage.audiences[0])
        if passage.lectures:
            self._retenir(contexte, passage.lectures)

    def refuser(self, nature: str, objet: str = "") -> None:
        """Retient un refus, à compter quand la transaction sera finie.

        :param nature: qui refuse, du portillon ou de la base.
        :param objet: ce qui était demandé ; à défaut, la brique.
        """
        self.sauvetage.refuser(Refus(nature, objet or self._finalite, self._audience, self.uai))

    def _retenir(self, contexte: Any, lectures: Iterable[LectureSensible]) -> None:
        """Retient des lectures sensibles, une fois par transaction et par personne concernée."""
        role = self._pose or self.role
        for lecture in lectures:
            sujets = tuple(sorted(_sujets(contexte, lecture.sujets)))
            self._annoncer(role, (lecture.traitement, lecture.colonnes, sujets))

    def retenir(self, connexion: Connection, fait: _Fait) -> None:
        """Retient une lecture que le noyau va faire pour une brique ; sans juge, il la fait pour lui-même.

        :param connexion: connexion de la transaction.
        :param fait: traitement, colonnes lues, personnes concernées.
        """
        if self._juge is not None:
            if self.visite:
                raise _pas_en_visite(fait[0])
            self.poser(connexion, self._audience)
            self._annoncer(self._audience, fait)

    def _annoncer(self, role: str, fait: _Fait) -> None:
        if fait not in self._notees:
            self._notees.add(fait)
            self._a_noter.append(fait)
            self.sauvetage.annoncer(Lecture(role, self.uai, self.personne, *fait))

    def noter(self, connexion: Connection) -> None:
        """Note d'un seul envoi les lectures retenues, sous le rôle et pour la personne qui les ont faites.

        Avant la validation, ou avant qu'un autre rôle ne soit posé. Rien de ce qui est lu ne sort d'ici là ;
        si la transaction est défaite, le sauvetage les réécrit.

        :param connexion: connexion de la transaction.
        """
        if self._a_noter:
            valeurs = [v for traitement, *listes in self._a_noter for v in (traitement, *map(list, listes))]
            notes = ", ".join([_NOTER] * len(self._a_noter))
            self._a_noter.clear()
            self.executer(connexion, f"select {notes}", tuple(valeurs))

    @property
    def marque(self) -> str:
        """Ce qui distingue, sous un autre rôle, le même énoncé.

        PostgreSQL ne garde d'un énoncé préparé que le plan du dernier rôle, dont les politiques y sont
        écrites : relu par un parent puis par un élève, il serait planifié à chaque fois.
        """
        return f" /* {self._pose} */" if self._pose and self._pose != self.role else ""

    @property
    def interne(self) -> bool:
        """Vrai pendant un énoncé du tourniquet lui-même."""
        return self._interne

    def executer(self, connexion: Connection, ordre: str, valeurs: tuple[Any, ...]) -> None:
        """Exécute un ordre du noyau, que personne ne juge.

        :param connexion: connexion de la transaction.
        :param ordre: SQL du pilote.
        """
        self._interne = True
        try:
            envoyer(connexion, ordre, valeurs)
        finally:
            self._interne = False


def executer_du_noyau(connexion: Connection, ordre: str, valeurs: tuple[Any, ...]) -> None:
    """Exécute un ordre que le noyau donne lui-même ; le juge en vigueur, s'il y en a un, ne le voit pas.

    :param connexion: connexion de la transaction.
    :param ordre: SQL du pilote, qui ne lit aucune table.
    """
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is None:
        envoyer(connexion, ordre, valeurs)
    else:
        tourniquet.executer(connexion, ordre, valeurs)


def _pas_en_visite(traitement: str) -> DonneeProtegee:
    return DonneeProtegee(
        "l'assistance ne lit pas ce qui est sensible.",
        remede="demander à la personne de montrer elle-même cette page.",
        lieu=f"traitement {traitement}",
    )


def _sujets(contexte: Any, noms: tuple[str, ...]) -> set[UUID]:
    trouves: set[UUID] = set()
    for valeurs in contexte.compiled_parameters if noms else ():
        for nom in noms:
            valeur = valeurs.get(nom)
            trouves |= {v for v in (valeur if isinstance(valeur, list) else [valeur]) if isinstance(v, UUID)}
    return trouves


def brancher(moteur: Engine) -> None:
    """Fait passer chaque énoncé d'un moteur devant le tourniquet de sa connexion, s'il y en a un.

    :param moteur: moteur de l'application.
    """
    event.listen(moteur, "before_cursor_execute", _passer, retval=True)
    event.listen(moteur, "after_cursor_execute", _constater)
    event.listen(moteur, "handle_error", _echouer)
    event.listen(moteur, "rollback_savepoint", _douter)
    event.listen(moteur, "commit", _noter)
    event.listen(moteur, "release_savepoint", _noter)


def _passer(
    connexion: Connection, _curseur: Any, enonce: str, parametres: Any, contexte: Any, _plusieurs: bool
) -> tuple[str, Any]:
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is None or tourniquet.interne:
        return enonce, parametres
    tourniquet.passer(connexion, contexte)
    return f"{enonce}{tourniquet.marque}", parametres


def _constater(
    connexion: Connection, _curseur: Any, _enonce: str, _parametres: Any, _contexte: Any, _plusieurs: bool
) -> None:
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is not None and not tourniquet.interne:
        tourniquet.sauvetage.constater()


def _echouer(erreur: ExceptionContext) -> None:
    """L'énoncé n'a rien lu ; s'il a été refusé par les droits ou le cloisonnement, c'est à compter."""
    connexion = erreur.connection
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION) if connexion else None
    if tourniquet is not None:
        tourniquet.sauvetage.oublier()
        if getattr(erreur.original_exception, "sqlstate", "") == _DROITS:
            tourniquet.refuser("base")


def _douter(connexion: Connection, _nom: str, _contexte: Any) -> None:
    """Revenir à un point de reprise rend aussi le rôle d'alors : on ne sait plus lequel."""
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is not None:
        tourniquet.sauvetage.defaire()
        tourniquet.posee(None)


def _noter(connexion: Connection, *_point: Any) -> None:
    """La transaction, ou un point de reprise, va être validée : ce qui s'y est lu d'abord."""
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is not None:
        tourniquet.noter(connexion)
