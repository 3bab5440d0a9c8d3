"""La garde des migrations : rien d'indéclaré n'entre dans la base, rien n'en sort avant son terme.

Toutes les révisions d'une distribution tiennent dans une transaction. La garde regarde la base après chacune
et, à la première faute, lève : tout est défait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from ent_core.socle.erreurs import OperationRefusee

__all__ = ["Garde"]

_COLONNES = text(
    "select c.oid, a.attnum, c.relname, a.attname, case c.relkind when 'p' then exists"
    " (select from pg_partition_tree(c.oid) p where pg_relation_size(p.relid) > 0)"
    " else pg_relation_size(c.oid) > 0 end from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace"
    " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
    " where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')"
)
_FORCEE = text("select relforcerowsecurity from pg_class where oid = to_regclass(:table)")

Place = tuple[int, int]
"""Ce qu'un renommage ne change pas : le numéro de la table et celui de la colonne."""


class Garde:
    """Suit les colonnes d'une distribution au fil de ses révisions.

    :param connexion: connexion qui agit comme propriétaire.
    :param declarees: colonnes déclarées par le code, par table ; de toutes les distributions.
    :param prefixe: préfixe des tables de version, que la garde ignore.
    """

    def __init__(self, connexion: Connection, declarees: Mapping[str, Iterable[str]], prefixe: str) -> None:
        self._connexion = connexion
        self._declarees = {table: frozenset(colonnes) for table, colonnes in declarees.items()}
        self._prefixe = prefixe
        self._au_depart: frozenset[tuple[str, str]] = frozenset()
        self._neutres: frozenset[tuple[str, str]] = frozenset()
        self._pleines: dict[Place, tuple[str, str]] = {}
        self._remplies: set[int] = set()

    def commencer(self) -> None:
        """Relève ce qui est dans la base, avant la première révision."""
        presentes = self._presentes()
        self._au_depart = frozenset(presentes.values())
        if ("brique_connue", "registre") in self._au_depart:
            self._neutres = frozenset(self._lire_neutres())
        self._pleines = self._relever_pleines(presentes)

    def apres_revision(self, ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        """Refuse une révision qui ôte une colonne où il reste des données (appelée par Alembic).

        :param ctx: contexte d'Alembic.
        :param step: révision qui vient de s'appliquer.
        :param heads: têtes présentes.
        :param run_args: arguments de la commande.
        :raises OperationRefusee: une donnée est détruite avant le terme de sa conservation.
        """
        presentes = self._presentes()
        for place, (table, colonne) in sorted(self._pleines.items(), key=lambda p: p[1]):
            if place not in presentes:
                raise OperationRefusee(
                    f"la révision {step.up_revision_id} ôte une colonne dont la conservation n'est pas"
                    " finie : des lignes y portent encore une valeur. Rien n'est changé.",
                    remede="attendre que la conservation l'ait vidée ; ou, si la donnée est reprise ailleurs,"
                    " la mettre à nul dans une révision, et n'ôter la colonne que dans la suivante.",
                    lieu=f"table {table}, colonne {colonne}",
                )
        self._pleines = self._relever_pleines(presentes)

    def finir(self) -> None:
        """Refuse ce que les révisions ont ajouté sans que le code le déclare.

        :raises OperationRefusee: une table ou une colonne n'est pas déclarée.
        """
        nouvelles = frozenset(self._presentes().values()) - self._au_depart
        inconnues = sorted(
            (table, colonne) for table, colonne in nouvelles if not self._est_declaree(table, colonne)
        )
        if inconnues:
            lieux = sorted(
                {f"table {t}, colonne {c}" if t in self._declarees else f"table {t}" for t, c in inconnues}
            )
            raise OperationRefusee(
                "les révisions ajoutent ce que le code ne déclare pas. Rien n'est changé.",
                remede="la déclarer avec donnee(…) ou neutre(…), ou l'ôter de la révision.",
                lieu=" ; ".join(lieux),
            )

    def _presentes(self) -> dict[Place, tuple[str, str]]:
        presentes: dict[Place, tuple[str, str]] = {}
        self._remplies = set()
        for table, numero, nom, colonne, remplie in self._connexion.execute(_COLONNES):
            if not nom.startswith(self._prefixe):
                presentes[table, numero] = (nom, colonne)
                if remplie:
                    self._remplies.add(table)
        return presentes

    def _est_declaree(self, table: str, colonne: str) -> bool:
        return colonne in self._declarees.get(table, frozenset())

    def _relever_pleines(self, presentes: Mapping[Place, tuple[str, str]]) -> dict[Place, tuple[str, str]]:
        """Colonnes où il reste des données : elles ne doivent pas partir.

        On ne lit que celles que le code ne déclare plus, les seules qu'une révision ait lieu d'ôter. Des
        autres, qu'elle ôterait pour les refaire, la taille de la table suffit à dire qu'il y a des lignes.
        """
        return {
            place: (table, colonne)
            for place, (table, colonne) in presentes.items()
            if place[0] in self._remplies
            and (table, colonne) in self._au_depart
            and (table, colonne) not in self._neutres
            and (self._est_declaree(table, colonne) or self._remplie(table, colonne))
        }

    def _remplie(self, table: str, colonne: str) -> bool:
        enonce = f'select exists (select from "{table}" where "{colonne}" is not null)'  # noqa: S608 - noms du catalogue
        return bool(self._lire(table, enonce)[0][0])

    def _lire_neutres(self) -> Iterable[tuple[str, str]]:
        """Colonnes que la version en place déclarait neutres : leur départ ne détruit aucune donnée."""
        for (registre,) in self._lire("brique_connue", "select registre from brique_connue"):
            for table, declaree in (registre.get("tables") or {}).items():
                colonnes = declaree.get("colonnes", {}) if isinstance(declaree, dict) else {}
                yield from ((table, colonne) for colonne, dite in colonnes.items() if "neutre" in dite)

    def _lire(self, table: str, enonce: str) -> list[Any]:
        """Lit une table dont le cloisonnement s'impose même à son propriétaire, puis le rétablit."""
        forcee = self._connexion.execute(_FORCEE, {"table": f'public."{table}"'}).scalar()
        if forcee:
            self._connexion.exec_driver_sql(f'alter table "{table}" no force row level security')
        lignes = list(self._connexion.exec_driver_sql(enonce).all())
        if forcee:
            self._connexion.exec_driver_sql(f'alter table "{table}" force row level security')
        return lignes
