"""Le relevé : ce qu'un énoncé touche dans la base, noté au moment où son SQL s'écrit.

Le compilateur de SQLAlchemy écrit chaque colonne, chaque table, chaque fonction par une méthode. Celui-ci
note en écrivant : ce qui n'est pas noté n'est pas dans le SQL, quel que soit le chemin (ORM, sous-requête,
critère, tri, clause RETURNING). Ce qu'il ne sait pas lire (texte libre, ligne entière, fonction inconnue)
rend l'énoncé opaque. Le relevé ne juge rien : c'est le portillon qui juge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Column, Delete, Insert, Select, TableClause, Update
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import (
    CollectionAggregate,
    ColumnClause,
    TableValuedColumn,
    UnaryExpression,
    _textual_label_reference,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, SelectBase, Values

__all__ = ["FONCTIONS", "Compilateur", "Releve"]

AGREGATS = frozenset("avg count mode percentile_cont percentile_disc stddev sum variance".split())
"""Fonctions qui comptent ou mesurent un groupe de lignes."""

FONCTIONS = frozenset(
    # Agrégats et fenêtres.
    "array_agg avg bool_and bool_or count cume_dist dense_rank every first_value lag last_value lead max min"
    " mode nth_value ntile percent_rank percentile_cont percentile_disc rank row_number stddev string_agg sum"
    " variance json_agg jsonb_agg json_object_agg jsonb_object_agg"
    # Valeurs et textes.
    " coalesce nullif greatest least concat concat_ws lower upper initcap length char_length left right lpad"
    " rpad ltrim rtrim trim btrim replace repeat reverse split_part starts_with strpos position substr"
    " substring overlay translate to_char to_date to_number to_timestamp format md5 sha256 encode decode"
    " unaccent similarity regexp_replace regexp_match regexp_split_to_array ent_sans_accent"
    " to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_headline"
    # Nombres.
    " abs ceil ceiling floor round trunc sqrt power pow mod sign random exp ln log div width_bucket"
    # Dates.
    " now current_date current_time current_timestamp localtime localtimestamp clock_timestamp"
    " statement_timestamp transaction_timestamp age date_part date_trunc date extract make_date make_interval"
    " make_timestamp timezone lower_inc upper_inc isempty"
    # Tableaux, JSON, suites.
    " any all array cardinality array_length array_append array_cat array_position array_positions"
    " array_remove array_to_string string_to_array unnest generate_series json_build_object"
    " json_build_array jsonb_build_object jsonb_build_array jsonb_extract_path_text json_extract_path_text"
    " jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_object_keys jsonb_each"
    " jsonb_each_text jsonb_set jsonb_typeof daterange tstzrange tsrange int4range gen_random_uuid"
    " ent_uuid7".split()
)
"""Fonctions de la base connues pour ne rien lire d'autre que leurs arguments ; toute autre est opaque."""

_CONSTANTE = re.compile(r"-?\d+(\.\d+)?|'[^'\\]*'|null|true|false", re.IGNORECASE)
_OPERATEUR = re.compile(r"[-+*/<>=~!@#%^&|`?]{1,8}|[a-z]{2,12}( [a-z]{2,12}){0,3}", re.IGNORECASE)
_ETOILE = "*"
_DERIVEES = (SelectBase, UpdateBase, FunctionElement, Values)
"""Ce dont les colonnes sont déjà notées là où il s'écrit."""
_Base: Any = PGCompiler_psycopg


class Releve:
    """Ce qu'un énoncé touche, par noms de table et de colonne.

    ``tables`` et ``lus`` : lues ; ``crees`` et ``otes`` : tables où il ajoute, où il supprime ;
    ``modifies`` : colonnes qu'il change ; ``verrouille`` : il retient les lignes lues ; ``egalites`` :
    colonnes comparées à une valeur liée ; ``agreges`` : colonnes par lesquelles il compte ; ``opaque`` : ce
    qu'il contient d'illisible, s'il y a lieu.
    """

    __slots__ = ("agreges", "crees", "egalites", "lus", "modifies", "opaque", "otes", "tables", "verrouille")

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.agreges: set[tuple[str, str]] = set()
        self.lus: set[tuple[str, str]] = set()
        self.crees: set[str] = set()
        self.modifies: set[tuple[str, str]] = set()
        self.otes: set[str] = set()
        self.egalites: list[tuple[tuple[str, str], BindParameter[Any]]] = []
        self.verrouille = False
        self.opaque = ""

    @property
    def vide(self) -> bool:
        """Vrai si l'énoncé ne touche aucune table."""
        return not (self.opaque or self.tables or self.lus or self.crees or self.modifies or self.otes)


class Compilateur(_Base):  # type: ignore[misc] # ses méthodes ne sont pas typées
    """Le compilateur de PostgreSQL, qui note ce qu'il écrit dans ``releve``."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.releve = Releve()
        self._etoile = ""
        super().__init__(*arguments, **options)

    def _opaque(self, quoi: str) -> None:
        self.releve.opaque = self.releve.opaque or quoi

    # --- Colonnes et tables lues -------------------------------------------------------------

    def visit_column(self, column: ColumnClause[Any], *arguments: Any, **options: Any) -> Any:
        if column.is_literal and column.name == _ETOILE and self._etoile:
            ecrit, self._etoile = self._etoile, ""
            return ecrit
        self._noter_lecture(column)
        return super().visit_column(column, *arguments, **options)

    def _noter_lecture(self, colonne: ColumnClause[Any]) -> None:
        if colonne.is_literal:
            if not _CONSTANTE.fullmatch(str(colonne.name)):
                self._opaque("du SQL écrit en toutes lettres (literal_column, ou « * »)")
            return
        origine = _origine(colonne.table)
        if isinstance(origine, TableClause):
            self.releve.lus.add((_nom(origine), str(colonne.name)))
        elif not isinstance(origine, _DERIVEES):
            self._opaque("une colonne sans table (column, ou ligne d'une fonction)")

    def visit_table(self, table: TableClause, *arguments: Any, **options: Any) -> Any:
        rendu: str = super().visit_table(table, *arguments, **options)
        if rendu and not options.get("iscrud"):
            self.releve.tables.add(_nom(table))
        return rendu

    def visit_table_valued_column(self, element: TableValuedColumn[Any], **options: Any) -> Any:
        if not isinstance(_origine(element.scalar_alias), FunctionElement):
            self._opaque("une ligne entière de table")
        return super().visit_column(element, **options)

    def visit_unary(self, unary: UnaryExpression[Any], *arguments: Any, **options: Any) -> Any:
        if unary.operator is operators.exists:
            enonce = getattr(unary.element, "element", None)
            colonnes = enonce._raw_columns if isinstance(enonce, Select) else ()
            if len(colonnes) == 1 and _est_etoile(colonnes[0]):
                # « select * » demanderait à la base le droit de lire chaque colonne, pour n'en lire aucune.
                self._etoile = "1"
        return super().visit_unary(unary, *arguments, **options)

    def visit_binary(self, binary: Any, *arguments: Any, **options: Any) -> Any:
        if binary.operator in (operators.eq, operators.in_op) and (liee := _liee(binary.right)) is not None:
            origine = _origine(getattr(binary.left, "table", None))
            if isinstance(origine, TableClause) and isinstance(binary.left, ColumnClause):
                self.releve.egalites.append(((_nom(origine), str(binary.left.name)), liee))
        return super().visit_binary(binary, *arguments, **options)

    def group_by_clause(self, select: Any, **options: Any) -> Any:
        par = select._group_by_clauses
        if par and isinstance(select, Select) and any(map(_agrege, _montrees(select))):
            if any(isinstance(e, _textual_label_reference) for c in par for e in visitors.iterate(c)):
                # Un intitulé en toutes lettres : on ne sait pas celui de quelle colonne.
                par = (*par, *select._raw_columns)
            self.releve.agreges |= _colonnes_de_base(par)
        return super().group_by_clause(select, **options)

    def visit_over(self, over: Any, *arguments: Any, **options: Any) -> Any:
        if _agrege(over) and over.partition_by is not None:
            self.releve.agreges |= _colonnes_de_base([over.partition_by])
        return super().visit_over(over, *arguments, **options)

    def for_update_clause(self, select: Any, **options: Any) -> Any:
        self.releve.verrouille = True
        return super().for_update_clause(select, **options)

    # --- Écritures ---------------------------------------------------------------------------

    def visit_insert(self, insert_stmt: Insert, *arguments: Any, **options: Any) -> Any:
        self.releve.crees.add(_nom(insert_stmt.table))
        return super().visit_insert(insert_stmt, *arguments, **options)

    def visit_delete(self, delete_stmt: Delete, *arguments: Any, **options: Any) -> Any:
        self.releve.otes.add(_nom(delete_stmt.table))
        return super().visit_delete(delete_stmt, *arguments, **options)

    def update_tables_clause(self, update_stmt: Update, *arguments: Any, **options: Any) -> Any:
        table: Any = _origine(update_stmt.table)
        self.releve.modifies |= {(_nom(table), colonne) for colonne in self._changees(update_stmt, table)}
        return super().update_tables_clause(update_stmt, *arguments, **options)

    def _changees(self, enonce: Update, table: TableClause) -> Iterator[str]:
        """Colonnes que l'énoncé change ; toutes, s'il ne les dit pas."""
        cles = [*(enonce._values or ()), *(self.column_keys or ())]
        if not cles:
            yield from (colonne.name for colonne in table.columns)
        for cle in cles:
            if isinstance(cle, str):  # parmi les noms, ceux des valeurs du critère ne sont pas des colonnes
                yield from (table.columns[cle].name,) if cle in table.columns else ()
            else:
                yield from (e.name for e in visitors.iterate(cle) if isinstance(e, ColumnClause))
        yield from (c.name for c in table.columns if isinstance(c, Column) and c.onupdate is not None)

    def visit_on_conflict_do_update(self, on_conflict: Any, **options: Any) -> Any:
        table = self.stack[-1]["selectable"].table
        for cle in dict(on_conflict.update_values_to_set):
            nom = cle if isinstance(cle, str) else cle.name
            self.releve.modifies.add((_nom(table), table.columns[nom].name if nom in table.columns else nom))
        return super().visit_on_conflict_do_update(on_conflict, **options)

    def _on_conflict_target(self, clause: Any, **options: Any) -> Any:
        table = self.stack[-1]["selectable"].table
        if clause.constraint_target is not None:
            # La base exige de lire les colonnes de la contrainte ; son nom ne dit pas lesquelles.
            self.releve.lus |= {(_nom(table), colonne.name) for colonne in table.columns}
        for cible in clause.inferred_target_elements or ():
            if isinstance(cible, str):
                self.releve.lus.add((_nom(table), cible))
        return super()._on_conflict_target(clause, **options)

    # --- Ce que l'on ne sait pas lire ----------------------------------------------------------

    def visit_function(self, func: Any, *arguments: Any, **options: Any) -> Any:
        nom = str(func.name).lower()
        if func.packagenames or nom not in FONCTIONS:
            self._opaque(f"la fonction « {nom} », inconnue du portillon")
        arguments_ecrits = list(func.clauses)
        if nom == "count" and len(arguments_ecrits) == 1 and _est_etoile(arguments_ecrits[0]):
            self._etoile = _ETOILE
        return super().visit_function(func, *arguments, **options)

    def visit_textclause(self, textclause: Any, *arguments: Any, **options: Any) -> Any:
        self._opaque("du texte SQL (text)")
        return super().visit_textclause(textclause, *arguments, **options)

    def visit_tstring(self, tstring: Any, *arguments: Any, **options: Any) -> Any:
        self._opaque("du texte SQL (tstring)")
        return super().visit_tstring(tstring, *arguments, **options)

    def visit_sequence(self, sequence: Any, **options: Any) -> Any:
        self._opaque("une séquence")
        return super().visit_sequence(sequence, **options)

    def visit_custom_op_binary(self, element: Any, operator: Any, **options: Any) -> Any:
        self._verifier_operateur(operator)
        return super().visit_custom_op_binary(element, operator, **options)

    def visit_custom_op_unary_operator(self, element: Any, operator: Any, **options: Any) -> Any:
        self._verifier_operateur(operator)
        return super().visit_custom_op_unary_operator(element, operator, **options)

    def visit_custom_op_unary_modifier(self, element: Any, operator: Any, **options: Any) -> Any:
        self._verifier_operateur(operator)
        return super().visit_custom_op_unary_modifier(element, operator, **options)

    def _verifier_operateur(self, operateur: Any) -> None:
        if not _OPERATEUR.fullmatch(operateur.opstring.strip()):
            self._opaque("un opérateur écrit en toutes lettres (op)")

    def get_statement_hint_text(self, conseils: Any) -> Any:
        self._opaque("un conseil au planificateur (with_statement_hint)")
        return super().get_statement_hint_text(conseils)


def _montrees(enonce: Select[Any]) -> Iterator[Any]:
    yield from enonce._raw_columns
    yield from enonce._having_criteria


def _agrege(element: Any) -> bool:
    """Vrai si un agrégat y figure ; ceux d'une sous-requête se jugent avec elle."""
    return any(
        isinstance(e, FunctionElement) and str(getattr(e, "name", "")).lower() in AGREGATS
        for e in visitors.iterate(element)
    )


def _colonnes_de_base(elements: Iterable[Any]) -> set[tuple[str, str]]:
    """Les colonnes de table derrière des expressions, à travers alias et sous-requêtes."""
    colonnes = (e for element in elements for e in visitors.iterate(element) if isinstance(e, ColumnClause))
    return {
        (_nom(base.table), str(base.name))
        for colonne in colonnes
        for base in colonne.base_columns
        if isinstance(base, Column) and isinstance(base.table, TableClause)
    }


def _liee(comparee: Any) -> BindParameter[Any] | None:
    """La valeur liée à laquelle on compare : elle-même, ou le tableau dont « any » prend chaque élément."""
    if isinstance(comparee, CollectionAggregate):
        comparee = comparee.element
    elif isinstance(comparee, FunctionElement) and comparee.name.lower() == "any":
        (comparee,) = comparee.clauses
    comparee = getattr(comparee, "element", comparee)  # les parenthèses d'un groupe
    return comparee if isinstance(comparee, BindParameter) else None


def _origine(source: Any) -> Any:
    """La table, l'énoncé ou la fonction derrière des alias."""
    while isinstance(source, AliasedReturnsRows):
        source = source.element
    return source


def _nom(table: Any) -> str:
    """Nom d'une table, précédé de son schéma s'il est dit : seules celles de ``public`` sont déclarées."""
    schema = getattr(table, "schema", None)
    return f"{schema}.{table.name}" if schema else str(table.name)


def _est_etoile(element: Any) -> bool:
    return isinstance(element, ColumnClause) and element.is_literal and element.name == _ETOILE
