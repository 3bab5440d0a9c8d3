"""Les préalables attestés : ce que chaque établissement dit avoir fait, qui l'a dit, quand.

Une brique ouverte dont un préalable manque n'est pas servie : elle *attend*, comme fermée. Le noyau ne
vérifie pas ce qui est attesté ; il en garde la trace, que l'on retire sans l'effacer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.chargement.modeles import PrealableAtteste
from ent_core.contrat.prealables import Prealable
from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["EtatPrealable", "Prealables"]

_table = Base.metadata.tables[PrealableAtteste.__tablename__]
_p = _table.c
_EN_VIGUEUR = _p.retire_le.is_(None)


@dataclass(frozen=True, slots=True)
class EtatPrealable:
    """Un préalable, et son attestation s'il y en a une.

    :param atteste_par: nom de qui l'a attesté ; vide si c'est l'exploitant.
    """

    prealable: Prealable
    atteste_le: datetime | None = None
    atteste_par: str = ""


class Prealables:
    """Ce que les briques demandent, et ce que les établissements attestent.

    :param declares: préalables de chaque brique chargée.
    """

    def __init__(self, declares: Mapping[str, Sequence[Prealable]]) -> None:
        self._declares = {brique: tuple(siens) for brique, siens in declares.items() if siens}

    def __bool__(self) -> bool:
        return bool(self._declares)

    def de(self, brique: str) -> tuple[Prealable, ...]:
        """Préalables d'une brique, dans l'ordre où elle les déclare.

        :param brique: identifiant.
        """
        return self._declares.get(brique, ())

    def manquants(self, brique: str, attestes: Collection[str]) -> tuple[Prealable, ...]:
        """Préalables qui restent à attester.

        :param brique: identifiant.
        :param attestes: clés attestées dans l'établissement.
        """
        return tuple(p for p in self.de(brique) if p.cle not in attestes)

    def etats(self, session: Session, brique: str, uai: str) -> list[EtatPrealable]:
        """Où en est un établissement ; un seul énoncé.

        :param session: session de l'établissement, ou de l'académie.
        :param brique: identifiant.
        :param uai: établissement.
        """
        if not self.de(brique):
            return []
        enonce = (
            select(_p.cle, _p.atteste_le, Personne.prenom, Personne.nom)
            .outerjoin(Personne, Personne.id == _p.atteste_par)
            .where(_p.uai == uai, _p.brique == brique, _EN_VIGUEUR)
        )
        attestes = {
            cle: (quand, f"{prenom or ''} {nom or ''}".strip())
            for cle, quand, prenom, nom in session.execute(enonce)
        }
        return [EtatPrealable(p, *attestes.get(p.cle, (None, ""))) for p in self.de(brique)]

    def attestes(self, session: Session, brique: str) -> dict[str, frozenset[str]]:
        """Clés attestées dans chaque établissement ; un seul énoncé.

        :param session: session de l'académie.
        :param brique: identifiant.
        """
        if not self.de(brique):
            return {}
        trouvees: dict[str, set[str]] = {}
        for uai, cle in session.execute(select(_p.uai, _p.cle).where(_p.brique == brique, _EN_VIGUEUR)):
            trouvees.setdefault(uai, set()).add(cle)
        return {uai: frozenset(cles) for uai, cles in trouvees.items()}

    def attester(
        self, session: Session, horloge: Horloge, brique: str, uai: str, cles: Collection[str],
        *, par: UUID | None = None, origine: str = "page",
    ) -> tuple[str, ...]:  # fmt: skip
        """L'établissement atteste avoir fait ; ce qui l'était déjà garde son premier auteur et sa date.

        :param session: session de l'établissement, ou de l'académie.
        :param horloge: horloge injectée.
        :param brique: identifiant.
        :param uai: établissement.
        :param cles: préalables attestés.
        :param par: personne qui atteste.
        :param origine: ``page``, ``commande`` ou ``api``.
        :returns: clés attestées par cet acte.
        :raises Introuvable: la brique ne demande pas ce préalable.
        """
        voulues = self._verifier(brique, cles)
        if not voulues:
            return ()
        maintenant = horloge.maintenant()
        nouvelles = session.scalars(
            insert(_table)
            .values(
                [
                    {"uai": uai, "brique": brique, "cle": cle, "origine": origine,
                     "atteste_par": par, "atteste_le": maintenant}
                    for cle in voulues
                ]
            )
            .on_conflict_do_nothing()
            .returning(_p.cle)
        ).all()  # fmt: skip
        return self._noter(session, horloge, "prealable.atteste", brique, uai, nouvelles, par)

    def retirer(
        self, session: Session, horloge: Horloge, brique: str, uai: str, cles: Collection[str],
        *, par: UUID | None = None,
    ) -> tuple[str, ...]:  # fmt: skip
        """L'établissement revient sur ce qu'il a attesté : la brique attend de nouveau.

        :param session: session de l'établissement, ou de l'académie.
        :param horloge: horloge injectée.
        :param brique: identifiant.
        :param uai: établissement.
        :param cles: préalables dont l'attestation est retirée.
        :param par: personne qui la retire.
        :returns: clés retirées par cet acte.
        :raises Introuvable: la brique ne demande pas ce préalable.
        """
        voulues = self._verifier(brique, cles)
        retirees = session.scalars(
            update(_table)
            .where(
                _p.uai == uai,
                _p.brique == brique,
                _p.cle.in_(voulues),
                _EN_VIGUEUR,
            )
            .values(retire_le=horloge.maintenant(), retire_par=par)
            .returning(_p.cle)
        ).all()
        return self._noter(session, horloge, "prealable.retire", brique, uai, retirees, par)

    def _verifier(self, brique: str, cles: Collection[str]) -> list[str]:
        connues = [p.cle for p in self.de(brique)]
        inconnues = sorted(set(cles) - set(connues))
        if inconnues:
            raise Introuvable(
                f"la brique « {brique} » ne demande pas ce préalable : {', '.join(inconnues)}.",
                remede=f"préalables connus : {', '.join(connues)}."
                if connues
                else "elle n'en demande aucun.",
            )
        return [cle for cle in connues if cle in cles]

    def _noter(
        self, session: Session, horloge: Horloge, acte: str, brique: str, uai: str,
        cles: Collection[str], par: UUID | None,
    ) -> tuple[str, ...]:  # fmt: skip
        faites = tuple(p.cle for p in self.de(brique) if p.cle in cles)
        for cle in faites:
            consigner(session, horloge, acte, uai=uai, acteur=par, objet=brique, details={"cle": cle})
        return faites
