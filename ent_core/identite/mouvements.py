"""Les mouvements : qui vient de quitter sa division, qui vient d'entrer en sursis.

Un import change l'annuaire par ensembles : l'état d'avant est comparé à celui d'après, dans la même
transaction. Un départ connu d'avance est dit quand il est enregistré, une seule fois ; un départ effacé
n'est pas un mouvement. Les structures des années passées se ferment sans bruit : l'année change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from ent_core.contrat.evenements import ElevesPartisDeDivision, Evenement, PersonnesMisesEnSursis
from ent_core.donnees.base import Base
from ent_core.donnees.liees import ANNEE, liste_liee
from ent_core.donnees.session import lire
from ent_core.identite.contextes import role_local
from ent_core.identite.modeles import Inscription, Personne, Rattachement

__all__ = ["Annoncer", "Suivi"]

Annoncer = Callable[[Session, Iterable[Evenement]], None]
"""Annonce des faits à qui les écoute, dans la transaction de la session."""

_inscription = Base.metadata.tables[Inscription.__tablename__].c
_personne = Base.metadata.tables[Personne.__tablename__].c
_rattachement = Base.metadata.tables[Rattachement.__tablename__].c
_PERSONNES: Any = liste_liee("personnes")

_FINIES = select(
    _inscription.uai, _inscription.division_id, _inscription.fin, _inscription.personne_id, _inscription.id
).where(
    _inscription.annee == ANNEE,
    _inscription.division_id.is_not(None),
    _inscription.fin.is_not(None),
)
_EN_SURSIS = select(_personne.id).where(_personne.suppression_le.is_not(None))
# Où elles étaient en dernier : un établissement quitté plus tôt n'a rien à apprendre.
_tous = union_all(
    *(
        select(lien.personne_id, lien.uai, lien.fin).where(lien.personne_id == _PERSONNES)
        for lien in (_rattachement, role_local.c)
    )
).subquery()
_liens = select(
    _tous.c.personne_id,
    _tous.c.uai,
    func.rank()
    .over(partition_by=_tous.c.personne_id, order_by=_tous.c.fin.desc().nulls_first())
    .label("rang"),
).subquery()
_QUITTES = (
    select(_liens.c.uai, _personne.suppression_le, _personne.id)
    .join(_liens, _liens.c.personne_id == _personne.id)
    .where(_liens.c.rang == 1)
    .distinct()
)


class Suivi:
    """Relève l'état d'avant à sa création ; ``annoncer`` dit ce qui a changé depuis.

    :param session: session de l'import ; dans un établissement, elle n'en voit que les siens.
    :param annee: année scolaire en cours.
    :param annoncer: à qui le dire ; ``None`` si personne n'écoute, et rien n'est lu.
    """

    def __init__(self, session: Session, annee: int, annoncer: Annoncer | None) -> None:
        self._session = session
        self._annee = annee
        self._annoncer = annoncer
        self._finies = set(self._lire_finies())
        self._en_sursis = set(self._lire_sursis())

    def annoncer(self) -> None:
        """Annonce les mouvements, par établissement ; à appeler avant de valider."""
        if self._annoncer is not None:
            self._session.flush()
            self._annoncer(self._session, [*self._departs(), *self._sursis()])

    def _departs(self) -> Iterator[Evenement]:
        partis: dict[tuple[str, UUID, date], set[UUID]] = {}
        for uai, division, jour, eleve, _ in set(self._lire_finies()) - self._finies:
            partis.setdefault((uai, division, jour), set()).add(eleve)
        for (uai, division, jour), eleves in sorted(partis.items()):
            yield ElevesPartisDeDivision(uai, division, tuple(sorted(eleves)), jour)

    def _sursis(self) -> Iterator[Evenement]:
        nouvelles = list(set(self._lire_sursis()) - self._en_sursis)
        partis: dict[tuple[str, date], set[UUID]] = {}
        if nouvelles:
            for uai, terme, personne in lire(self._session, _QUITTES, {"personnes": nouvelles}):
                partis.setdefault((uai, terme), set()).add(personne)
        for (uai, terme), personnes in sorted(partis.items()):
            yield PersonnesMisesEnSursis(uai, tuple(sorted(personnes)), terme)

    def _lire_finies(self) -> Iterator[tuple[str, UUID, date, UUID, UUID]]:
        if self._annoncer is not None:
            for ligne in lire(self._session, _FINIES, {"annee": self._annee}):
                yield tuple(ligne)

    def _lire_sursis(self) -> Iterator[UUID]:
        if self._annoncer is not None:
            yield from lire(self._session, _EN_SURSIS, {}).scalars()
