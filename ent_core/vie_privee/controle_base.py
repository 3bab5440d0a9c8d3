"""Le contrôle de la base vivante : ce qui existe est déclaré, ce qui est déclaré existe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine, Table, text

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.cloisonnement import sonder
from ent_core.donnees.droits import comparer_droits
from ent_core.donnees.migrations import PREFIXE, Distribution, declarees, etats, orphelines
from ent_core.donnees.session import connecter
from ent_core.vie_privee.controle_liens import Index, purgeable, sert

__all__ = ["controler_base", "controler_catalogue"]

_CLES = text(
    "select f.relname, p.relname,"
    " array(select a.attname::text from unnest(k.conkey) with ordinality u(n, rang)"
    " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.rang)"
    " from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class p on p.oid = k.confrelid"
    " join pg_namespace n on n.oid = f.relnamespace"
    " where n.nspname = 'public' and k.contype = 'f' and k.conparentid = 0 order by f.relname, k.conname"
)
_INDEX = text(
    "select c.relname,"
    " array(select coalesce(a.attname, '')::text from unnest(i.indkey) with ordinality u(n, rang)"
    " left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.n order by u.rang),"
    " pg_get_expr(i.indpred, i.indrelid)"
    " from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and i.indisvalid"
)

_TABLES = text(
    "select c.relname, c.relrowsecurity and c.relforcerowsecurity,"
    " array(select a.attname::text from pg_attribute a"
    " where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)"
    " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')"
)


def controler_base(
    moteur: Engine, distributions: Sequence[Distribution], retirees: frozenset[str] = frozenset()
) -> list[Anomalie]:
    """Compare la base aux déclarations, puis sonde le cloisonnement.

    :param moteur: moteur de l'application.
    :param distributions: noyau et briques chargées.
    :param retirees: briques dont le retrait est enregistré ; leurs tables ne sont plus orphelines.
    :returns: toutes les anomalies.
    """
    anomalies = [
        Anomalie(
            "BASE-010",
            f"distribution {etat.id}",
            f"migrations en retard (présente : {etat.actuelle or 'aucune'}, attendue : {etat.attendue})",
            "lancer « ent base migrer »",
        )
        for etat in etats(moteur, distributions)
        if not etat.a_jour
    ]
    if anomalies:
        return anomalies
    perdues = [brique for brique in orphelines(moteur, distributions) if brique not in retirees]
    anomalies += [
        Anomalie(
            "BASE-011",
            f"brique {brique}",
            "ses tables sont dans la base, mais elle n'est plus chargée : plus rien ne les purge",
            f"la remettre dans [briques] chargees, ou lancer « ent brique retirer {brique} »",
        )
        for brique in perdues
    ]
    tables = {table.name: table for d in distributions for table in d.tables}
    anomalies += controler_catalogue(moteur, tables, frozenset(perdues) | retirees)
    if not anomalies:
        anomalies += comparer_droits(moteur, *declarees(distributions))
    return anomalies or sonder(moteur, tables.values())


def controler_catalogue(
    moteur: Engine, tables: dict[str, Table], ailleurs: frozenset[str] = frozenset()
) -> list[Anomalie]:
    """Compare le catalogue de la base vivante aux tables déclarées, colonne par colonne, dans les deux sens.

    :param moteur: moteur de l'application.
    :param tables: tables déclarées, par nom.
    :param ailleurs: briques absentes, dont les tables restent.
    """
    return [*_catalogue(moteur, tables, ailleurs), *_cles_sans_index(moteur, tables)]


def _catalogue(moteur: Engine, tables: dict[str, Table], ailleurs: frozenset[str]) -> Iterable[Anomalie]:
    with connecter(moteur) as connexion:
        lues = connexion.execute(_TABLES).all()
    vivantes = {nom: set(colonnes) for nom, _, colonnes in lues}
    cloisonnees = {nom for nom, cloisonnee, _ in lues if cloisonnee}
    for nom, colonnes in sorted(vivantes.items()):
        if nom.startswith(PREFIXE) or any(nom.startswith(f"{brique}_") for brique in ailleurs):
            continue
        if nom not in tables:
            yield Anomalie(
                "BASE-020",
                f"table {nom}",
                "elle existe dans la base sans être déclarée",
                "la déclarer dans une brique, ou la supprimer par une migration",
            )
            continue
        for colonne in sorted(colonnes - {c.name for c in tables[nom].columns}):
            yield Anomalie(
                "BASE-021",
                f"table {nom}, colonne {colonne}",
                "elle existe dans la base sans être déclarée",
                "la déclarer avec donnee(…) ou neutre(…), ou la supprimer par une migration",
            )
    for nom, table in sorted(tables.items()):
        manquantes = {c.name for c in table.columns} - vivantes.get(nom, set())
        for colonne in sorted(manquantes):
            yield Anomalie(
                "BASE-022",
                f"table {nom}, colonne {colonne}",
                "elle est déclarée, mais absente de la base",
                "écrire la migration qui la crée, puis « ent base migrer »",
            )
        if nom in vivantes and nom not in cloisonnees:
            yield Anomalie(
                "BASE-023",
                f"table {nom}",
                "le cloisonnement n'y est pas imposé",
                "lancer « ent base migrer », qui le recompile",
            )


def _cles_sans_index(moteur: Engine, tables: dict[str, Table]) -> Iterable[Anomalie]:
    """Un index peut manquer dans la base seule : ôté pour un chargement, jamais refait, ou invalide."""
    with connecter(moteur) as connexion:
        cles = connexion.execute(_CLES).all()
        index: dict[str, list[Index]] = {}
        for table, colonnes, condition in connexion.execute(_INDEX):
            index.setdefault(table, []).append(Index(tuple(colonnes), condition))
    for table, parente, colonnes in cles:
        vise = tables.get(parente)
        if table in tables and vise is not None and purgeable(vise):
            if not sert(index.get(table, ()), colonnes):
                dites = ", ".join(colonnes)
                yield Anomalie(
                    "BASE-024",
                    f"table {table}, clé vers {parente} ({dites})",
                    "dans la base, aucun index ne la sert : chaque ligne effacée de la table parente relirait"
                    " toute celle-ci",
                    f"recréer l'index qui commence par {dites}",
                )
