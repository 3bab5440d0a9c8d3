"""La fin d'année d'une académie : une année entière part, à côté d'un DETACH puis DROP nus des mêmes tables.

Des faits et leurs suites, dans tous les établissements, pour l'année finie et la suivante. L'étalon ôte des
tables jumelles, sans plan, sans gel, sans preuve ; il alterne avec le moteur, à chaque taille.

``python -m bench.cloture --tailles 50000 500000 5000000`` donne les figures entières.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from bench.base import CLE, BaseNeuve, base_neuve
from bench.mesure import annoncer, exposant
from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import (
    Categorie,
    Conservation,
    Copie,
    Depart,
    Donnee,
    Duree,
    Neutre,
    Sort,
    Sujet,
    par_etablissement,
)
from ent_core.donnees.base import CLE_INFO, PAR_ANNEE, DeclarationTable
from ent_core.donnees.partitions import ouvrir, veiller
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.plan import planifier
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre

__all__ = ["mesurer"]

_TAILLES, _TOURS, _ETABLISSEMENTS = (50_000, 500_000), 3, 300
_RAPPORT, _PENTE = 3.0, 0.10
_FINIE, _JOUR = 2026, datetime(2027, 9, 1, 12, tzinfo=UTC)
_PERSONNELLE, _NEUTRE = {CLE_INFO: Donnee(Categorie.VIE_SCOLAIRE)}, {CLE_INFO: Neutre("banc")}
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
    rapports, couts = [], []
    with base_neuve(dossier, serveur=serveur) as neuve:
        neuve.ordonner(*(_ECOLES % {"n": etablissements}).split(";"))
        for taille in tailles:
            nus, moteurs = [], []
            for tour in range(tours):
                nus.append(_nu(neuve, taille, etablissements))
                moteurs.append(_moteur(neuve, taille, etablissements, dossier / f"tetes_{taille}_{tour}"))
            nu, moteur = min(nus), min(moteurs)
            print(
                f"      {taille} lignes : nus {nu * 1000:.0f} ms, moteur {moteur * 1000:.0f} ms"
                f" (médianes {statistics.median(nus) * 1000:.0f} et {statistics.median(moteurs) * 1000:.0f})"
            )
            rapports.append(moteur / nu)
            couts.append(moteur)
    rapport, pente = rapports[-1], exposant(tailles, couts) if len(tailles) > 1 else 0.0
    libelle = f"fin d'année, {tailles[-1]} lignes ÷ DETACH et DROP nus"
    annoncer(libelle, rapport, f"≤ {_RAPPORT}", rapport <= _RAPPORT)
    annoncer("fin d'année, exposant en lignes", pente, f"≤ {_PENTE}", pente <= _PENTE)
    return rapport <= _RAPPORT and pente <= _PENTE


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


def _moteur(neuve: BaseNeuve, taille: int, etablissements: int, tetes: Path) -> float:
    """L'exécution du plan approuvé, du verrou à la tête de la chaîne."""
    fait, suite = _preparer(neuve, "fait", taille, etablissements)
    regles, horloge = _regles(fait, suite), HorlogeFixe(_JOUR)
    for table in (fait, suite):
        with neuve.base.academie("banc : veille") as session:
            veiller(session, table.name, _FINIE)
    time.sleep(0.01)
    with neuve.base.academie("banc : plan") as session:
        plan = planifier(session, horloge, regles)
        couvre, plan_id = plan.empreinte, plan.id
        for _ in range(2):
            approuver(session, horloge, regles, plan_id, couvre=couvre, par=uuid4())
    executeur = Executeur(neuve.base, horloge, regles, CLE.encode(), Tetes(tetes))
    neuve.ordonner("checkpoint")
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
    return duree


def _tables(nom: str) -> tuple[Table, Table]:
    a_part = MetaData()
    # Les tables du noyau que l'on désigne, sans leurs colonnes.
    Table("etablissement", a_part, Column("uai", String(8), primary_key=True))
    Table("personne", a_part, Column("id", Uuid, primary_key=True))

    def cles() -> list[Column[Any]]:
        ecole = ForeignKey("etablissement.uai")
        return [
            Column("uai", String(8), ecole, primary_key=True, info=_NEUTRE),
            Column("annee", SmallInteger, primary_key=True, info=_NEUTRE),
            Column("id", Uuid, primary_key=True, server_default=text("ent_uuid7()"), info=_NEUTRE),
        ]

    def declaree(sujet: Sujet) -> dict[str, Any]:
        return {CLE_INFO: DeclarationTable("banc.faits", par_etablissement(), (sujet,))}

    fait = Table(
        f"banc_{nom}", a_part, *cles(),
        Column("eleve_id", Uuid, ForeignKey("personne.id", ondelete="CASCADE"), info=_PERSONNELLE),
        Column("texte", String(60), info=_PERSONNELLE), Index(None, "eleve_id"),
        info=declaree(Sujet("eleve_id")), postgresql_partition_by=PAR_ANNEE,
    )  # fmt: skip
    suite = Table(
        f"banc_{nom}_suite", a_part, *cles(), Column("fait_id", Uuid, info=_NEUTRE),
        Column("texte", String(60), info=_PERSONNELLE),
        ForeignKeyConstraint(
            ["uai", "annee", "fait_id"], [f"{fait.name}.uai", f"{fait.name}.annee", f"{fait.name}.id"],
            ondelete="CASCADE",
        ),
        Index(None, "uai", "annee", "fait_id"),
        info=declaree(Sujet("fait_id", par=fait.name)), postgresql_partition_by=PAR_ANNEE,
    )  # fmt: skip
    return fait, suite


def _preparer(neuve: BaseNeuve, nom: str, taille: int, etablissements: int) -> tuple[Table, Table]:
    """Tables, partitions, index ; l'année finie a la taille voulue, la suivante un dixième."""
    fait, suite = _tables(nom)
    faits = taille * _SUITES // (_SUITES + 1)
    dialecte = neuve.base.moteur.dialect
    creations: list[ExecutableDDLElement] = []
    for table in (fait, suite):
        creations += [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
    neuve.ordonner(
        "set role ent_proprietaire", *(str(ordre.compile(dialect=dialecte)) for ordre in creations),
        *(f"grant all on {table.name} to ent_academie" for table in (fait, suite)),
    )  # fmt: skip
    for table in (fait, suite):
        for annee in (None, _FINIE, _FINIE + 1):
            with neuve.base.academie("banc : partitions") as session:
                ouvrir(session, table.name, annee)
    remplir = (
        f"insert into {fait.name} (uai, annee, eleve_id, texte)"  # noqa: S608 - nos noms
        f" select 'E' || lpad((n %% {etablissements} + 1)::text, 7, '0'), {{annee}},"
        " md5((n %% 1000 + 1)::text)::uuid, repeat('x', 40) from generate_series(1, {nombre}) n"
    ).replace("%%", "%")
    suivre = (
        f"insert into {suite.name} (uai, annee, fait_id, texte)"  # noqa: S608 - nos noms
        f" select uai, annee, id, repeat('x', 40) from {fait.name} where annee = {{annee}} limit {{nombre}}"
    )
    ordres = []
    for annee, nombre in ((_FINIE, faits), (_FINIE + 1, faits // 10)):
        combien = taille - faits if annee == _FINIE else nombre // 10
        ordres += [
            remplir.format(annee=annee, nombre=nombre), suivre.format(annee=annee, nombre=combien),
        ]  # fmt: skip
    neuve.ordonner(*ordres, f"vacuum analyze {fait.name}", f"vacuum analyze {suite.name}", "checkpoint")
    return fait, suite


def _regles(fait: Table, suite: Table) -> Regles:
    modele = charger([]).briques[0].traitements[0]
    voulue = Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, Copie("banc"), preavis=0)
    traitement = replace(modele, cle="banc.faits", conservation=voulue)
    tables = {table.name: table for table in (fait, suite)}
    return Regles.du(
        Registre(
            MappingProxyType({"banc.faits": traitement}), MappingProxyType(tables),
            MappingProxyType(dict.fromkeys(tables, "banc")),
        )
    )  # fmt: skip


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
