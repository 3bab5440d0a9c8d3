"""La trace des écritures : un déclencheur par acte et par table, écrit d'après la déclaration.

Un déclencheur d'énoncé, et non de ligne : il voit les mêmes douze chemins (cascades de la base comprises),
compte les lignes exactement, et ne s'exécute qu'une fois pour un import de cent mille lignes. Il note qui,
pourquoi, quelle table, quel acte, quelles colonnes, quelle personne ; jamais une valeur.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table
from sqlalchemy.types import JSON

from ent_core.donnees.audiences import NOYAU, Droits

__all__ = [
    "COMPTEURS",
    "DETAIL",
    "SOUS_ACADEMIE",
    "SURVEILLEES",
    "TRACES",
    "declencheurs",
    "fonction_de_trace",
]

TRACES = frozenset({"trace_ecriture", "trace_lecture"})
"""Tables que la base seule remplit, par ses fonctions : nul compte n'y ajoute, nul établissement n'y lit."""

SOUS_ACADEMIE = frozenset({"archive_unite", "archive_unite_visa"})
"""Tables que seul l'acte d'académie touche : l'index de l'archive n'est lu de personne d'autre."""

COMPTEURS = frozenset({"refus_compte"})
"""Tables que la base seule remplit aussi, mais où rien n'est personnel : l'académie les vide."""

SURVEILLEES = frozenset(
    "personne identifiant rattachement inscription scolarite responsabilite restriction compte role_local"
    " delegation".split()
)
"""Tables du noyau dont les écritures laissent une trace ; des briques, toutes celles d'un traitement."""

DETAIL = 50
"""Au-delà de ce nombre de lignes, un énoncé laisse une seule trace, avec leur compte."""

_UAI = "nullif(current_setting('ent.uai', true), '')"
_ACTES = {"insert": "new table as apres", "update": "old table as avant new table as apres",
          "delete": "old table as avant"}  # fmt: skip


def _tracee(table: Table, droits: Droits) -> bool:
    if droits.brique == NOYAU:
        return table.name in SURVEILLEES
    return droits.traitement is not None


def declencheurs(table: Table, droits: Droits) -> Iterator[tuple[str, str]]:
    """Nom et ordre de chaque déclencheur d'une table ; rien, si ses écritures ne laissent pas de trace.

    :param table: table déclarée.
    :param droits: ce que sa déclaration donne.
    """
    if not _tracee(table, droits):
        return
    for acte, tables in _ACTES.items():
        nom = f"ent_trace_{acte}"
        yield (
            nom,
            f'create trigger {nom} after {acte} on "{table.name}" referencing {tables}'
            f' for each statement execute function "{_fonction(table)}"()',
        )


def fonction_de_trace(table: Table, droits: Droits) -> str:
    """Ordre qui crée la fonction des déclencheurs d'une table ; vide, si elle n'en a pas.

    :param table: table déclarée.
    :param droits: ce que sa déclaration donne.
    """
    if not _tracee(table, droits):
        return ""
    cle = " and ".join(f'v."{c.name}" = n."{c.name}"' for c in table.primary_key.columns)
    changees = ", ".join(f"case when {_change(table, c.name)} then '{c.name}' end" for c in table.columns)
    remplies = ", ".join(f"case when n.\"{c.name}\" is not null then '{c.name}' end" for c in table.columns)
    en_nombre = _ajout(table, droits, _UAI, "null", "null", "nombre", "")
    ajoutees = _detail(table, droits, "n", f"array_remove(array[{remplies}], null)", "from apres n")
    modifiees = _detail(
        table, droits, "n", f"array_remove(array[{changees}], null)",
        f"from apres n left join avant v on {cle}",
    )  # fmt: skip
    otees = _detail(table, droits, "v", "'{}'::text[]", "from avant v")
    return f"""
create or replace function "{_fonction(table)}"() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $trace$
declare nombre bigint;
begin
  if tg_op = 'DELETE' then select count(*) into nombre from avant;
  else select count(*) into nombre from apres; end if;
  if nombre > {DETAIL} then {en_nombre}
  elsif tg_op = 'INSERT' then {ajoutees}
  elsif tg_op = 'UPDATE' then {modifiees}
  else {otees}
  end if;
  return null;
end $trace$"""  # noqa: S608 - noms tirés de nos tables déclarées


def _fonction(table: Table) -> str:
    return f"ent_tracer_{table.name}"


def _change(table: Table, colonne: str) -> str:
    """Deux JSON ne se comparent que par leur texte."""
    texte = "::text" if isinstance(table.columns[colonne].type, JSON) else ""
    return f'v."{colonne}"{texte} is distinct from n."{colonne}"{texte}'


def _detail(table: Table, droits: Droits, alias: str, colonnes: str, source: str) -> str:
    uai = f'{alias}."uai"::text' if "uai" in table.c else _UAI
    sujet = f'{alias}."{droits.sujet}"' if droits.sujet else "null::uuid"
    return _ajout(table, droits, uai, colonnes, sujet, "count(*)", f"{source} group by 1, 5, 8, 9")


def _ajout(
    table: Table, droits: Droits, uai: str, colonnes: str, sujet: str, nombre: str, source: str
) -> str:
    traitement = f"'{droits.traitement}'" if droits.traitement else "null"
    return f"""insert into trace_ecriture
      (uai, acteur_id, finalite, role, traitement, nom_table, operation, colonnes, sujet_id, lignes)
    select {uai}, nullif(current_setting('ent.personne', true), '')::uuid,
      coalesce(current_setting('ent.finalite', true), ''), current_setting('role'),
      {traitement}, '{table.name}', lower(tg_op), {colonnes}, {sujet}, {nombre} {source};"""
