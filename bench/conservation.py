"""L'élimination d'un million de lignes, à côté d'un « DELETE » nu par lots, dans la même passe.

Une table de faits d'une année finie (578 400 échus), une table de suites en cascade, des gels, la chaîne des
preuves. L'étalon fait le même travail sans rien vérifier : mêmes lignes, mêmes lots, même clé étrangère.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
    create_engine,
    text,
)

from bench.base import CLE, base_neuve
from bench.faits import NEUTRE, PERSONNELLE, plan_approuve, regles_du_banc, tables_du_banc
from bench.mesure import annoncer
from ent_core.contrat.donnees import Conservation, Copie, Depart, Duree, Sort
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.execution import TAILLE, Executeur
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.conservation.regles import Regles

__all__ = ["mesurer"]

_UAI, _ECHUES, _LIGNES, _GELES = "0990001A", 578_400, 1_000_000, 5
_PAR_ELEVE = 1_000
_JOUR = datetime(2027, 9, 1, 12, tzinfo=UTC)


def _tables(nom: str) -> tuple[Table, Table]:
    def cles() -> list[Column[Any]]:
        return [
            Column("uai", String(8), primary_key=True, info=NEUTRE),
            Column("annee", SmallInteger, primary_key=True, info=NEUTRE),
            Column("id", Uuid, primary_key=True, info=NEUTRE),
        ]

    def eleve() -> Column[Any]:
        return Column("eleve_id", Uuid, info=PERSONNELLE)

    return tables_du_banc(
        nom, MetaData(), cles, fait=(eleve(), Column("texte", String(60), info=PERSONNELLE)),
        suite=(eleve(),), suites_declarees=False,
    )  # fmt: skip


def _remplir(moteur: Engine, fait: Table, suite: Table, personnes: int) -> None:
    """Les échues en 2026, le reste en 2027 ; une suite pour dix faits."""
    with moteur.begin() as connexion:
        connexion.execute(text("set local role ent_proprietaire"))
        fait.metadata.create_all(connexion)
        connexion.execute(
            text(
                f"insert into {fait.name} (uai, annee, id, eleve_id, texte)"  # noqa: S608 - nos noms
                " select :u, case when n <= :e then 2026 else 2027 end, ent_uuid7(),"
                " (select id from banc_eleves where rang = n / :p % :q + 1), repeat('x', 40)"
                " from generate_series(1, :n) n"
            ),
            {"u": _UAI, "e": _ECHUES, "n": _LIGNES, "p": _PAR_ELEVE, "q": personnes},
        )
        connexion.execute(
            text(
                f"insert into {suite.name} (uai, annee, id, eleve_id, fait_id)"  # noqa: S608 - nos noms
                f" select uai, annee, ent_uuid7(), eleve_id, id from {fait.name} tablesample bernoulli (10)"
            )
        )
        for table in (fait, suite):
            connexion.execute(text(f"grant all on {table.name} to ent_academie"))
    with moteur.connect().execution_options(isolation_level="AUTOCOMMIT") as connexion:
        for table in (fait, suite):
            connexion.execute(text(f"vacuum analyze {table.name}"))


def _etalon(base: BaseDeDonnees, fait: Table) -> float:
    """Le plancher : les mêmes lots, sans gel, sans preuve, sans recompte."""
    # fmt: off
    ordre = text(
        f"with lot as (select uai, annee, id from {fait.name}"  # noqa: S608 - nos noms
        " where uai = :u and annee = 2026 and id > :apres order by id limit :n for update skip locked)"
        f" delete from {fait.name} t using lot where t.uai = lot.uai and t.annee = lot.annee"
        " and t.id = lot.id returning t.id"
    )
    # fmt: on
    apres, debut = UUID(int=0), time.perf_counter()
    while True:
        with base.academie("banc : étalon") as session:
            parties = session.scalars(ordre, {"u": _UAI, "apres": apres, "n": TAILLE}).all()
        if not parties:
            return time.perf_counter() - debut
        apres = max(parties)


def _regles(fait: Table) -> Regles:
    voulue = Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, Copie("banc"), preavis=0)
    return regles_du_banc(voulue, fait)


def mesurer(dossier: Path) -> bool:
    """Mesure et annonce l'élimination ; rend vrai si tous les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    """
    with ExitStack() as pile:
        neuve = pile.enter_context(base_neuve(dossier))
        moteur = create_engine(neuve.proprietaire)
        pile.callback(moteur.dispose)
        eleves = _eleves(moteur)
        temoin, fait = _tables("etalon"), _tables("fait")
        _remplir(moteur, *temoin, len(eleves))
        _remplir(moteur, *fait, len(eleves))
        _reposer(moteur)
        nu = _etalon(neuve.base, temoin[0])
        _reposer(moteur)
        return _mesurer(neuve.base, eleves, nu, fait[0], dossier)


def _reposer(moteur: Engine) -> None:
    """Chaque mesure part d'une base dont tout est écrit : la première ne paie pas le remplissage."""
    with moteur.connect().execution_options(isolation_level="AUTOCOMMIT") as connexion:
        connexion.execute(text("checkpoint"))


def _eleves(moteur: Engine) -> list[UUID]:
    with moteur.begin() as connexion:
        connexion.execute(text("create table banc_eleves (rang serial primary key, id uuid)"))
        connexion.execute(text("grant select on banc_eleves to public"))
        connexion.execute(
            text("insert into etablissement (uai, nom, degre) values (:u, 'Banc', 2)"), {"u": _UAI}
        )
        connexion.execute(
            text(
                "insert into annee_scolaire (uai, annee, debut, fin) values"
                " (:u, 2026, '2026-09-01', '2027-07-04'), (:u, 2027, '2027-09-01', '2028-07-04')"
            ),
            {"u": _UAI},
        )
        return list(
            connexion.scalars(
                text(
                    "with p as (insert into personne (nom) select 'Banc' from generate_series(1, 500)"
                    " returning id), r as (insert into banc_eleves (id) select id from p)"
                    " select id from p"
                )
            )
        )


def _mesurer(base: BaseDeDonnees, eleves: list[UUID], nu: float, fait: Table, dossier: Path) -> bool:
    regles, horloge = _regles(fait), HorlogeFixe(_JOUR)
    with base.academie("banc : gels") as session:
        for eleve in eleves[:_GELES]:
            poser(
                session, horloge, eleve, nature=NatureGel.LITIGE, motif="banc",
                revoir_le=date(2027, 9, 1) + timedelta(days=30),
            )  # fmt: skip
    plan_id = plan_approuve(base, horloge, regles)
    executeur = Executeur(base, horloge, regles, CLE.encode(), Tetes(dossier / "tetes.jsonl"))
    debut = time.perf_counter()
    resultat = executeur.executer(plan_id)
    duree = time.perf_counter() - debut
    debut = time.perf_counter()
    seconde = executeur.executer(plan_id)
    relance = time.perf_counter() - debut
    with base.academie("banc : vérifier") as session:
        intacte = verifier(session, executeur.tetes.lire()) == []
        restent = session.scalar(
            text(f"select count(*) from {fait.name} where annee = 2026 and eleve_id = any(:g)"),  # noqa: S608 - nos noms
            {"g": eleves[:_GELES]},
        )
        autres = session.scalar(text(f"select count(*) from {fait.name} where annee = 2027"))  # noqa: S608 - nos noms
    debit, rapport = resultat.eliminees / duree, duree / resultat.eliminees / (nu / _ECHUES)
    long = resultat.lot_le_plus_long
    gardees = bool(restent) and restent + resultat.eliminees == _ECHUES and autres == _LIGNES - _ECHUES
    figures = (
        ("lignes éliminées par seconde", debit, "≥ 10 000", debit >= 10_000),
        ("durée par ligne, rapport au DELETE nu", rapport, "≤ 2", rapport <= 2),
        ("lot le plus long (s)", long, "< 1", long < 1),
        ("seconde exécution (s)", relance, "< 1, 0 ligne", relance < 1 and not seconde.eliminees),
        ("lignes gelées gardées", restent or 0, "toutes, et la chaîne intacte", gardees and intacte),
    )
    for libelle, valeur, but, tenu in figures:
        annoncer(f"conservation : {libelle}", float(valeur), but, tenu)
    return all(tenu for *_, tenu in figures)
