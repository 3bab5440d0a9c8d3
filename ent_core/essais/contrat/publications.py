"""Publier les exemples d'une brique, multipliés, et chercher ce que la publication laisse retrouver.

Le noyau compte, protège et fige comme pour une vraie période. L'attaquant, lui, ne lit que ce qui est figé.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Table, bindparam, func, select, text

from ent_core.contrat.interface import Portee
from ent_core.contrat.statistiques import Dimension, Statistique
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.coherence import seuil_voulu
from ent_core.essais.marges import Case, egalites, encadrer
from ent_core.identite.modeles import AnneeScolaire, Division
from ent_core.socle.calendrier import FUSEAU, annee_scolaire
from ent_core.vie_privee.statistiques.comptage import EcoleComptee
from ent_core.vie_privee.statistiques.controle import concerne, par_division
from ent_core.vie_privee.statistiques.periodes import PeriodeStatistique, a_figer
from ent_core.vie_privee.statistiques.publication import figer

__all__ = ["fuites_par_les_marges"]

_DIVISIONS = 3
_EFFECTIFS = (0, 1, 2, 4, 7, 10, 15, 30)
"""Lignes d'une case, tirées au sort : de quoi taire, et de quoi dire."""

_TIRAGES = 4

_UNICITES = text(
    "select format('alter table %I drop constraint %I cascade', t.relname, n.conname) from pg_constraint n"
    " join pg_class t on t.oid = n.conrelid where t.relname = :t and n.contype in ('p', 'u', 'x')"
    " union all select format('drop index %I', c.relname) from pg_index i join pg_class c on"
    " c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid where t.relname = :t and i.indisunique"
    " and not exists (select from pg_constraint n where n.conindid = i.indexrelid)"
)
"""Deux copies d'un exemple ont la même clé : ce qui l'interdirait est levé."""


def fuites_par_les_marges(banc: Banc, statistique: Statistique) -> Iterator[str]:
    """Ce qu'une publication dit, ou laisse calculer, de trop peu de personnes.

    :param banc: base de l'instance, exemples créés.
    :param statistique: statistique de la brique éprouvée.
    """
    seuil = seuil_voulu(banc.chargee, statistique.traitement)
    nombre_tues = nombre_dites = 0
    for tirage in range(_TIRAGES):
        with banc.puis_revenir():
            publiee = _publier(banc, statistique, Random(tirage))  # noqa: S311 - un tirage à refaire
        cases = {(i, j): n for i, ligne in enumerate(publiee["cases"]) for j, n in enumerate(ligne)}
        dites = {case: n for case, n in cases.items() if n is not None}
        tues = sorted(cases.keys() - dites.keys())
        nombre_tues, nombre_dites = nombre_tues + len(tues), nombre_dites + len(dites)
        for case, nombre in dites.items():
            if nombre < seuil:
                yield f"{_ou(publiee, case)} : {nombre} est publié, en dessous de {seuil}"
        sommes = egalites([ligne["dessus"] for ligne in publiee["lignes"]], len(publiee["colonnes"]))
        bornes = encadrer(sommes, {case: (n, n) for case, n in dites.items()}, tues)
        for case, (bas, haut) in bornes.items():
            if haut is not None and haut - bas < seuil:
                trouve = f"retrouvée, {bas}" if haut == bas else f"encadrée, de {bas} à {haut}"
                yield f"{_ou(publiee, case)} : tue, et {trouve}"
    if not (nombre_tues and nombre_dites):
        yield f"{statistique.cle} : tout se tait, ou rien ; l'attaque n'éprouve rien"


def _ou(publiee: dict[str, Any], case: Case) -> str:
    ligne, colonne = case
    entetes = [*(c["cle"] for c in publiee["colonnes"]), "total"]
    return f"{publiee['intitule']}, {publiee['lignes'][ligne]['cle'] or 'tout'}, {entetes[colonne]}"


def _publier(banc: Banc, statistique: Statistique, hasard: Random) -> dict[str, Any]:
    """Ce que la base garde d'une publication : la grille, sans ce qui est tu."""
    academie = statistique.portee is Portee.ACADEMIE
    uais = (ECOLE, AUTRE) if academie else (ECOLE,)
    periode = a_figer(statistique.rythme, banc.horloge.aujourd_hui())[-1]
    _multiplier(banc, statistique, periode, uais, hasard)
    with banc.base.academie("essai : figer une statistique") as session:
        publiee = figer(
            session, banc.horloge, banc.guichet.registre, statistique, periode,
            [EcoleComptee(uai, f"Collège {uai}") for uai in uais], hasard.randbytes(32),
            None if academie else ECOLE,
        )  # fmt: skip
        return dict(publiee.contenu)


def _multiplier(
    banc: Banc, statistique: Statistique, periode: PeriodeStatistique, uais: tuple[str, ...], hasard: Random
) -> None:
    """Recopie un exemple dans chaque case, autant de fois que le sort le dit, chaque fois d'une personne."""
    table = next(t for t in banc.chargee.tables if t.name == statistique.table)
    sujet = concerne(table)
    assert sujet is not None, f"{table.name} : elle ne mène à personne"
    lignes: list[dict[str, Any]] = []
    for uai in uais:
        divisions = _divisions(banc, uai, annee_scolaire(periode.debut))
        par = {d.colonne: _valeurs(table, d, divisions) for d in statistique.dimensions}
        for place in itertools.product(*par.values()):
            commun = {
                **dict(zip(par, place, strict=True)),
                statistique.jour: _jour(table, statistique, periode.debut + timedelta(days=10)),
                "uai": uai,
                **({"annee": annee_scolaire(periode.debut)} if "annee" in table.c else {}),
            }
            lignes += [{**commun, sujet: uuid4()} for _ in range(hasard.choice(_EFFECTIFS))]
    banc.maitre()
    for ordre in banc.connexion.execute(_UNICITES, {"t": table.name}).scalars().all():
        banc.executer(ordre)
    _recopier(banc, table, lignes)


def _recopier(banc: Banc, table: Table, lignes: list[dict[str, Any]]) -> None:
    """Un exemple, dont ces colonnes changent ; le reste est recopié tel que la base le garde."""
    assert banc.connexion.scalar(select(func.count()).select_from(table)), f"{table.name} : aucun exemple"
    noms = [colonne.name for colonne in table.columns if colonne.computed is None]
    lues = [
        bindparam(f"autre_{nom}", type_=table.c[nom].type) if nom in lignes[0] else table.c[nom]
        for nom in noms
    ]
    exemple = select(*lues).select_from(table).limit(1)
    valeurs = [{f"autre_{nom}": valeur for nom, valeur in ligne.items()} for ligne in lignes]
    banc.executer(table.insert().from_select(noms, exemple), valeurs)


def _divisions(banc: Banc, uai: str, annee: int) -> list[UUID]:
    with banc.base.academie("essai : divisions à compter") as session:
        if session.get(AnneeScolaire, (uai, annee)) is None:
            session.add(
                AnneeScolaire(uai=uai, annee=annee, debut=date(annee, 9, 1), fin=date(annee + 1, 8, 1))
            )
            session.flush()
        faites = [
            Division(uai=uai, annee=annee, code=f"X{rang}", libelle=f"Division X{rang}", mefs=[])
            for rang in range(_DIVISIONS)
        ]
        session.add_all(faites)
        session.flush()
        return [division.id for division in faites]


def _valeurs(table: Table, dimension: Dimension, divisions: list[UUID]) -> list[Any]:
    if par_division(table, dimension):
        return list(divisions)
    vide = [None] if table.c[dimension.colonne].nullable else []
    return [*(valeur for valeur, _ in dimension.modalites), *vide]


def _jour(table: Table, statistique: Statistique, jour: date) -> date | datetime:
    if isinstance(table.c[statistique.jour].type, DateTime):
        return datetime(jour.year, jour.month, jour.day, 12, tzinfo=FUSEAU)
    return jour
