"""Le contrôle de la base vivante : ce qui existe est déclaré, ce qui est déclaré existe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine, Table, text

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.cloisonnement import sonder
from ent_core.donnees.migrations import PREFIXE, Distribution, etats, orphelines
from ent_core.donnees.session import connecter

__all__ = ["controler_base"]

_COLONNES = text(
    "select c.relname, a.attname from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace"
    " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
    " where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')"
)
_CLOISONS = text(
    "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and c.relkind in ('r', 'p')"
    " and c.relrowsecurity and c.relforcerowsecurity"
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
    anomalies += _catalogue(moteur, tables, frozenset(perdues) | retirees)
    return anomalies or sonder(moteur, tables.values())


def _catalogue(moteur: Engine, tables: dict[str, Table], ailleurs: frozenset[str]) -> Iterable[Anomalie]:
    with connecter(moteur) as connexion:
        vivantes: dict[str, set[str]] = {}
        for table, colonne in connexion.execute(_COLONNES):
            vivantes.setdefault(table, set()).add(colonne)
        cloisonnees = set(connexion.execute(_CLOISONS).scalars())
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
