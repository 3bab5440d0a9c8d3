"""Le contrôle de la base vivante : ce qui existe est déclaré, ce qui est déclaré existe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Table, text

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.cloisonnement import sonder
from ent_core.donnees.droits import comparer_droits
from ent_core.donnees.migrations import PREFIXE, Distribution, declarees, etats, orphelines
from ent_core.donnees.partitions import controler_partitions
from ent_core.donnees.session import connecter
from ent_core.vie_privee.controle_liens import Index, purgeable, sert

__all__ = ["controler_base", "controler_catalogue"]

# Des milliers de colonnes à chaque démarrage : une seule lecture de pg_attribute, et les numéros de colonnes
# des clés et des index se disent en noms ici, non par une sous-requête pour chacun.
_CLES = text(
    "select f.relname, p.relname, array_to_string(k.conkey, ' ')"
    " from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class p on p.oid = k.confrelid"
    " where f.relnamespace = 'public'::regnamespace and k.contype = 'f' and k.conparentid = 0"
    " order by f.relname, k.conname"
)
_INDEX = text(
    "select c.relname, i.indkey::text,"
    " case when i.indpred is not null then pg_get_expr(i.indpred, i.indrelid) end"
    " from pg_index i join pg_class c on c.oid = i.indrelid"
    " where c.relnamespace = 'public'::regnamespace and i.indisvalid"
)
_TABLES = text(
    "select c.relname, c.relrowsecurity and c.relforcerowsecurity,"
    " string_agg(case when a.attisdropped then '' else a.attname end, chr(31) order by a.attnum)"
    " from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
    " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')"
    " group by c.oid, c.relname"
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
            f"la base n'est pas à la révision de ce programme (présente : {etat.actuelle or 'aucune'},"
            f" attendue : {etat.attendue})",
            "lancer « ent base migrer » ; si elle refuse, installer la version, plus récente, de la base",
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
            "ses tables sont dans la base, mais elle n'est plus chargée : seules ses dernières déclarations"
            " les tiennent encore",
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
    with connecter(moteur) as connexion:
        lues = connexion.execute(_TABLES).all()
        cles, index = connexion.execute(_CLES).all(), connexion.execute(_INDEX).all()
        partitions = list(controler_partitions(connexion, tables.values()))
    vivantes = {nom: (colonnes or "").split("\x1f") for nom, _, colonnes in lues}
    cloisonnees = {nom for nom, cloisonnee, _ in lues if cloisonnee}
    return [
        *_catalogue(tables, vivantes, cloisonnees, ailleurs),
        *_cles_sans_index(tables, vivantes, cles, index),
        *(partitions if tables.keys() <= vivantes.keys() else ()),
    ]


def _catalogue(
    tables: Mapping[str, Table],
    presentes: Mapping[str, Sequence[str]],
    cloisonnees: Collection[str],
    ailleurs: frozenset[str],
) -> Iterable[Anomalie]:
    vivantes = {nom: {colonne for colonne in colonnes if colonne} for nom, colonnes in presentes.items()}
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


def _cles_sans_index(
    tables: Mapping[str, Table],
    vivantes: Mapping[str, Sequence[str]],
    cles: Iterable[Any],
    presents: Iterable[Any],
) -> Iterable[Anomalie]:
    """Un index peut manquer dans la base seule : ôté pour un chargement, jamais refait, ou invalide."""
    index: dict[str, list[Index]] = {}
    for table, numeros, condition in presents:
        if table in tables:
            noms = _noms(vivantes[table], numeros)
            index.setdefault(table, []).append(Index(noms, condition))
    for table, parente, numeros in cles:
        vise = tables.get(parente)
        if table in tables and vise is not None and purgeable(vise):
            colonnes = _noms(vivantes[table], numeros)
            if not sert(index.get(table, ()), colonnes):
                dites = ", ".join(colonnes)
                yield Anomalie(
                    "BASE-024",
                    f"table {table}, clé vers {parente} ({dites})",
                    "dans la base, aucun index ne la sert : chaque ligne effacée de la table parente relirait"
                    " toute celle-ci",
                    f"recréer l'index qui commence par {dites}",
                )


def _noms(colonnes: Sequence[str], numeros: str) -> tuple[str, ...]:
    """Noms de colonnes d'une clé ou d'un index ; vide pour une expression, de numéro zéro."""
    return tuple(colonnes[int(n) - 1] if n != "0" else "" for n in numeros.split())
