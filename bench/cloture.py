"""La fin d'année d'une académie : une année entière part, à côté d'un DETACH puis DROP nus des mêmes tables.

Des faits et leurs suites, dans tous les établissements, pour l'année finie et la suivante. L'étalon ôte des
tables jumelles, sans plan, sans gel, sans preuve ; il alterne avec le moteur, à chaque taille.

``python -m bench.cloture --tailles 50000 500000 5000000`` donne les figures entières.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, ExecutableDDLElement

from bench.base import CLE, BaseNeuve, base_neuve
from bench.faits import NEUTRE, PERSONNELLE, plan_approuve, regles_du_banc, tables_du_banc
from bench.mesure import annoncer, exposant
from ent_core.contrat.donnees import Conservation, Copie, Depart, Duree, Sort
from ent_core.donnees.base import PAR_ANNEE
from ent_core.donnees.partitions import ouvrir, veiller
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.conservation.regles import Regles

__all__ = ["mesurer"]

_TAILLES, _TOURS, _ETABLISSEMENTS = (50_000, 1_000_000), 3, 300
_RAPPORT, _PENTE = 3.0, 0.10
_FINIE, _JOUR = 2026, datetime(2027, 9, 1, 12, tzinfo=UTC)
_SUITES = 10
"""Une suite pour dix faits."""

_ECOLES = """
insert into etablissement (uai, nom, degre) select 'E' || lpad(n::text, 7, '0'), 'Banc', 2
from generate_series(1, %(n)s) n;
insert into annee_scolaire (uai, annee, debut, fin) select uai, a, make_date(a, 9, 1), make_date(a + 1, 7, 4)
from etablissement, generate_series(2026, 2027) a;
insert into personne (id, nom) select md5(n::text)::uuid, 'Banc' from generate_series(1, 1000) n
"""


def mesurer(
    dossier: Path,
    *,
    tailles: Sequence[int] = _TAILLES,
    tours: int = _TOURS,
    etablissements: int = _ETABLISSEMENTS,
    serveur: str = "",
) -> bool:
    """Mesure et annonce ; rend vrai si les buts sont tenus.

    :param dossier: dossier jetable de la base.
    :param tailles: lignes de l'année finie, suites comprises.
    :param tours: tours par taille.
    :param etablissements: établissements de l'académie.
    :param serveur: base vide d'un serveur PostgreSQL ; par défaut, une base embarquée.
    """
    rapports, bruts, couts, propres = [], [], [], []
    with base_neuve(dossier, serveur=serveur) as neuve:
        neuve.ordonner(*(_ECOLES % {"n": etablissements}).split(";"))
        for taille in tailles:
            nus, moteurs, sans_remise = [], [], []
            for tour in range(tours):
                nus.append(_nu(neuve, taille, etablissements))
                duree, remise = _moteur(neuve, taille, etablissements, dossier / f"tetes_{taille}_{tour}")
                moteurs.append(duree)
                sans_remise.append(duree - remise)
            nu, moteur = min(nus), min(moteurs)
            print(
                f"      {taille} lignes : nus {nu * 1000:.0f} ms, moteur {moteur * 1000:.0f} ms"
                f" (médianes {statistics.median(nus) * 1000:.0f} et {statistics.median(moteurs) * 1000:.0f}),"
                f" dont hors COMMIT {min(sans_remise) * 1000:.0f} ; charge {os.getloadavg()[0]:.1f}"
            )
            rapports.append(moteur / nu)
            bruts.append(nu)
            couts.append(moteur)
            propres.append(min(sans_remise))
    rapport = rapports[-1]
    libelle = f"fin d'année, {tailles[-1]} lignes ÷ DETACH et DROP nus"
    annoncer(libelle, rapport, f"≤ {_RAPPORT}", rapport <= _RAPPORT)
    if len(tailles) < 2:
        return rapport <= _RAPPORT
    pente = exposant(tailles, propres)
    print(
        f"      exposants entiers : nus {exposant(tailles, bruts):.3f}, moteur {exposant(tailles, couts):.3f}"
    )
    annoncer("fin d'année, exposant en lignes, hors COMMIT", pente, f"≤ {_PENTE}", pente <= _PENTE)
    return rapport <= _RAPPORT and pente <= _PENTE


@contextmanager
def _remises(moteur: Engine) -> Iterator[list[float]]:
    """Durées des validations : c'est là que la base rend les fichiers au disque, verrous levés.

    Ce temps suit la taille des fichiers ; nul ne l'évite, et l'étalon le paie aussi.
    """
    durees: list[float] = []
    dialecte: Any = moteur.dialect
    valider = dialecte.do_commit

    def chronometrer(connexion: Any) -> None:
        debut = time.perf_counter()
        valider(connexion)
        durees.append(time.perf_counter() - debut)

    dialecte.do_commit = chronometrer
    try:
        yield durees
    finally:
        del dialecte.do_commit


def _nu(neuve: BaseNeuve, taille: int, etablissements: int) -> float:
    """Le plancher : les mêmes partitions, détachées puis ôtées, filles d'abord."""
    fait, suite = _preparer(neuve, "nu", taille, etablissements)
    ordres = [
        ordre
        for table in (suite, fait)
        for ordre in (
            f"alter table {table.name} detach partition partitions.{table.name}_{_FINIE}",
            f"drop table partitions.{table.name}_{_FINIE}",
        )
    ]
    debut = time.perf_counter()
    neuve.ordonner(*ordres)
    duree = time.perf_counter() - debut
    neuve.ordonner(f"drop table {suite.name}, {fait.name}")
    return duree


def _moteur(neuve: BaseNeuve, taille: int, etablissements: int, tetes: Path) -> tuple[float, float]:
    """L'exécution du plan approuvé, du verrou à la tête de la chaîne ; et ce qu'en prennent les COMMIT."""
    fait, suite = _preparer(neuve, "fait", taille, etablissements)
    regles, horloge = _regles(fait, suite), HorlogeFixe(_JOUR)
    for table in (fait, suite):
        with neuve.base.academie("banc : veille") as session:
            veiller(session, table.name, _FINIE)
    time.sleep(0.01)
    plan_id = plan_approuve(neuve.base, horloge, regles)
    executeur = Executeur(neuve.base, horloge, regles, CLE.encode(), Tetes(tetes))
    neuve.ordonner("checkpoint")
    gc.collect()
    with _remises(neuve.base.moteur) as remises:
        debut = time.perf_counter()
        resultat = executeur.executer(plan_id)
        duree = time.perf_counter() - debut
    if resultat.eliminees != taille or resultat.lots != 2 or not resultat.finie:
        raise RuntimeError(
            f"{resultat.eliminees} lignes parties en {resultat.lots} lots pour {taille} annoncées"
        )
    with neuve.base.academie("banc : vérifier") as session:
        if verifier(session, executeur.tetes.lire()):
            raise RuntimeError("la chaîne des preuves est rompue")
        if session.scalar(text(f"select exists (select from {fait.name} where annee = {_FINIE})")):  # noqa: S608 - nos noms
            raise RuntimeError("des lignes restent")
    neuve.ordonner(f"drop table {suite.name}, {fait.name}", "delete from partitions.veille")
    return duree, sum(remises)


def _tables(nom: str) -> tuple[Table, Table]:
    a_part = MetaData()
    # Les tables du noyau que l'on désigne, sans leurs colonnes.
    Table("etablissement", a_part, Column("uai", String(8), primary_key=True))
    Table("personne", a_part, Column("id", Uuid, primary_key=True))

    def cles() -> list[Column[Any]]:
        ecole = ForeignKey("etablissement.uai")
        return [
            Column("uai", String(8), ecole, primary_key=True, info=NEUTRE),
            Column("annee", SmallInteger, primary_key=True, info=NEUTRE),
            Column("id", Uuid, primary_key=True, server_default=text("ent_uuid7()"), info=NEUTRE),
        ]

    def texte() -> Column[Any]:
        return Column("texte", String(60), info=PERSONNELLE)

    eleve = Column("eleve_id", Uuid, ForeignKey("personne.id", ondelete="CASCADE"), info=PERSONNELLE)
    return tables_du_banc(
        nom, a_part, cles, fait=(eleve, texte(), Index(None, "eleve_id")), suite=(texte(),),
        postgresql_partition_by=PAR_ANNEE,
    )  # fmt: skip


def _preparer(neuve: BaseNeuve, nom: str, taille: int, etablissements: int) -> tuple[Table, Table]:
    """Tables et partitions ; l'année finie a la taille voulue, la suivante un dixième.

    Remplies dans l'ordre de leur clé, les index et les clés étrangères ensuite : la base les fait d'un trait.
    """
    fait, suite = _tables(nom)
    dialecte = neuve.base.moteur.dialect

    def ordonner(*creations: ExecutableDDLElement, avant: str = "reset role") -> None:
        neuve.ordonner(avant, *(str(creation.compile(dialect=dialecte)) for creation in creations))

    nues = (CreateTable(table, include_foreign_key_constraints=[]) for table in (fait, suite))
    ordonner(*nues, avant="set role ent_proprietaire")
    for table in (fait, suite):
        neuve.ordonner(f"grant all on {table.name} to ent_academie")
        for annee in (None, _FINIE, _FINIE + 1):
            with neuve.base.academie("banc : partitions") as session:
                ouvrir(session, table.name, annee)
    faits = taille * _SUITES // (_SUITES + 1)
    for annee, nombre, suites in (
        (_FINIE, faits, taille - faits), (_FINIE + 1, faits // 10, faits // (10 * _SUITES)),
    ):  # fmt: skip
        neuve.ordonner(*_remplir(fait.name, suite.name, annee, nombre, suites, etablissements))
    # Hors du rôle qui possède les tables : leur cloisonnement cacherait les personnes à la vérification.
    ordonner(
        *(CreateIndex(index) for table in (fait, suite) for index in table.indexes),
        *(AddConstraint(cle) for table in (fait, suite) for cle in table.foreign_key_constraints),
    )
    neuve.ordonner(f"vacuum analyze {fait.name}", f"vacuum analyze {suite.name}", "checkpoint")
    return fait, suite


def _remplir(
    fait: str, suite: str, annee: int, faits: int, suites: int, etablissements: int
) -> tuple[str, str]:
    """Les établissements l'un après l'autre ; des UUIDv7 du passé, dont la suite et le fait ont les rangs."""
    identifiant = "('01900000-0000-7000-{}-' || lpad(to_hex({}), 12, '0'))::uuid"
    rang = f"least(n * {_SUITES}, {faits})"
    ecole = f"'E' || lpad((({{}} - 1) * {etablissements}::bigint / {faits} + 1)::text, 7, '0')"
    return (
        f"insert into {fait} (uai, annee, id, eleve_id, texte)"  # noqa: S608 - nos noms
        f" select {ecole.format('n')}, {annee}, {identifiant.format('8000', 'n')},"
        f" md5((n % 1000 + 1)::text)::uuid, repeat('x', 40) from generate_series(1, {faits}) n",
        f"insert into {suite} (uai, annee, id, fait_id, texte)"  # noqa: S608 - nos noms
        f" select {ecole.format(rang)}, {annee}, {identifiant.format('9000', 'n')},"
        f" {identifiant.format('8000', rang)}, repeat('x', 40) from generate_series(1, {suites}) n",
    )


def _regles(fait: Table, suite: Table) -> Regles:
    voulue = Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, Copie("banc"), preavis=0)
    return regles_du_banc(voulue, fait, suite)


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--tailles", type=int, nargs="+", default=_TAILLES)
    analyse.add_argument("--tours", type=int, default=_TOURS)
    analyse.add_argument("--etablissements", type=int, default=_ETABLISSEMENTS)
    analyse.add_argument("--serveur", default="", help="base vide, par son propriétaire")
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenu = mesurer(
            Path(dossier), tailles=choix.tailles, tours=choix.tours, etablissements=choix.etablissements,
            serveur=choix.serveur,
        )  # fmt: skip
    return 0 if tenu else 1


if __name__ == "__main__":
    sys.exit(principal())
