"""Du registre aux lignes d'une personne : par les liens déclarés, et par eux seuls.

Une lecture par chemin, chacun tenu par un index : son coût suit ce que la personne a, non ce que la base
contient. Une ligne atteinte par deux chemins n'est rendue qu'une fois.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, Uuid, bindparam, func, literal, not_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.contrat.donnees import Lien
from ent_core.donnees.base import declaration
from ent_core.donnees.chiffrement import en_clair
from ent_core.donnees.liees import UAI
from ent_core.donnees.session import lire
from ent_core.vie_privee.conservation.expressions import Chemin, au_bout, chemins, existe
from ent_core.vie_privee.registre import Registre

__all__ = ["Ligne", "Place", "compter", "lire_lignes", "mene_a", "places"]

_LOT = 500
_TABLES = 1000
_PERSONNE: Any = bindparam("personne", type_=Uuid)
_SUJET = "sujet_{}_"


@dataclass(frozen=True, slots=True)
class Place:
    """Une table où une personne peut se trouver.

    :param brique: à qui est la table.
    """

    table: Table
    brique: str
    traitement: str


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une ligne qui touche la personne.

    :param valeurs: valeur de chaque colonne.
    :param liens: ce que la personne est pour elle.
    :param autres: les liens qu'y ont d'autres personnes.
    """

    valeurs: Mapping[str, Any]
    liens: frozenset[Lien]
    autres: frozenset[Lien]

    @property
    def entiere(self) -> bool:
        """La ligne la concerne : elle lui est rendue en entier."""
        return Lien.PROPRIETAIRE in self.liens

    @property
    def partagee(self) -> bool:
        """Une autre personne en est propriétaire, seule ou avec elle."""
        return Lien.PROPRIETAIRE in self.autres


def places(registre: Registre) -> list[Place]:
    """Tables qui mènent à des personnes, dans l'ordre des traitements puis des noms.

    :param registre: déclarations de l'instance.
    """
    trouvees = [
        Place(table, registre.brique_de.get(nom, ""), declaree.traitement or "")
        for nom, table in registre.tables.items()
        if (declaree := declaration(table)) is not None
        and declaree.sujets
        and declaree.traitement in registre.traitements
    ]
    return sorted(trouvees, key=lambda place: (place.traitement, place.table.name))


def mene_a(chemin: Chemin, personne: Any) -> ColumnElement[bool]:
    """La ligne mène à cette personne par ce chemin ; vrai ou faux, jamais inconnu.

    :param chemin: chemin depuis la ligne.
    """
    condition = func.coalesce(chemin.personne == personne, False)
    if not chemin.etapes:
        return condition
    return existe(
        (table for table, _ in chemin.etapes), *(sur for _, sur in chemin.etapes), chemin.personne == personne
    )


def lire_lignes(session: Session, place: Place, personne: UUID, uai: str | None) -> Iterator[Ligne]:
    """Lignes d'une table qui touchent une personne, sans les tenir ensemble en mémoire.

    :param session: session de l'académie.
    :param uai: établissement dont les lignes sont lues, avec celles qui ne sont d'aucun ; ``None``, tous.
    """
    alias = place.table.alias("t")
    tous = list(chemins(place.table, alias))
    noms = [colonne.name for colonne in place.table.columns]
    vus: dict[tuple[bool | None, ...], tuple[frozenset[Lien], frozenset[Lien]]] = {}
    for enonce in _enonces(place.table, alias, tous, personne, uai):
        for rendue in _lire(session, enonce):
            qui = tuple(None if p is None else p == personne for p in rendue[len(noms) :])
            liens = vus.get(qui)
            if liens is None:
                liens = vus[qui] = (_liens(tous, qui, vrai=True), _liens(tous, qui, vrai=False))
            yield Ligne(en_clair(session, place.table, dict(zip(noms, rendue, strict=False))), *liens)


def _lire(session: Session, enonce: Select[Any]) -> Iterable[Row[Any]]:
    """Peu de lignes : un aller-retour, le cas ordinaire. Davantage : un curseur, qui n'en tient qu'un lot."""
    premieres = session.execute(enonce.limit(_LOT + 1)).all()
    if len(premieres) <= _LOT:
        return premieres
    return session.execute(enonce, execution_options={"yield_per": _LOT})


def _liens(tous: list[Chemin], qui: tuple[bool | None, ...], *, vrai: bool) -> frozenset[Lien]:
    return frozenset(chemin.lien for chemin, est in zip(tous, qui, strict=True) if est is vrai)


def compter(session: Session, place: Place, personne: UUID, uai: str | None, *, communes: bool = True) -> int:
    """Nombre de lignes d'une table qui touchent une personne.

    :param session: session de l'académie.
    :param uai: voir ``lire_lignes``.
    :param communes: faux pour ne compter que les lignes de l'établissement, sans celles d'aucun.
    """
    if uai is not None and not communes and "uai" not in place.table.c:
        return 0
    valeurs = {"personne": personne} if uai is None else {"personne": personne, "uai": uai}
    nombre: int = lire(session, _compte(place.table, uai is not None, communes), valeurs).scalar_one()
    return nombre


@lru_cache(_TABLES)
def _compte(table: Table, ici: bool, communes: bool) -> Select[Any]:
    """Le compte de tous les chemins d'une table, en un énoncé bâti une fois."""
    alias = table.alias("t")
    tous = list(chemins(table, alias))
    comptes = (
        select(func.count()).select_from(enonce.with_only_columns(literal(1)).subquery()).scalar_subquery()
        for enonce in _enonces(table, alias, tous, _PERSONNE, UAI if ici else None, communes=communes)
    )
    return select(reduce(add, comptes))


def _enonces(
    table: Table, alias: NamedFromClause, tous: list[Chemin], personne: Any, uai: Any, *,
    communes: bool = True,
) -> Iterator[Select[Any]]:  # fmt: skip
    """Un énoncé par chemin ; chacun passe ce que les précédents ont rendu."""
    colonnes = [*alias.columns, *(au_bout(c).label(_SUJET.format(rang)) for rang, c in enumerate(tous))]
    for rang, chemin in enumerate(tous):
        # Le chemin qui cherche part de la personne et remonte : la jointure suit les index des clés.
        enonce = select(*colonnes).select_from(alias)
        for etape, sur in chemin.etapes:
            enonce = enonce.join(etape, sur)
        enonce = enonce.where(chemin.personne == personne)
        if rang:
            enonce = enonce.where(not_(or_(*(mene_a(autre, personne) for autre in tous[:rang]))))
        if uai is not None and "uai" in table.c:
            sienne = alias.c.uai == uai
            enonce = enonce.where(or_(sienne, alias.c.uai.is_(None)) if communes else sienne)
        yield enonce
