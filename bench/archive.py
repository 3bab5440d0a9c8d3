"""L'entrée dans l'archive intermédiaire, à côté de ses gestes nus : lire, sceller, déposer, supprimer.

Deux faits par personne, des suites en cascade. L'étalon le fait par lots, sans gel, sans index, sans
empreinte à vérifier, sans preuve.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Date, MetaData, String, Table, Uuid, text
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from bench.base import CLE, BaseNeuve, base_neuve
from bench.faits import NEUTRE, PERSONNELLE, plan_approuve, regles_du_banc, tables_du_banc
from bench.mesure import annoncer
from ent_core.chargement.archive import archive_de
from ent_core.contrat.donnees import Conservation, Copie, Depart, Duree, Sort
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.archive.lieu import Archive
from ent_core.vie_privee.coffre.scelle import sceller
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.conservation.regles import Regles

__all__ = ["mesurer"]

_UAI, _TAILLES, _LOT = "0990001A", (6_000, 24_000), 500
_RAPPORT, _DERIVE = 3.0, 1.3
_JOUR = datetime(2027, 9, 1, 12, tzinfo=UTC)


def mesurer(dossier: Path, *, tailles: Sequence[int] = _TAILLES) -> bool:
    """Mesure et annonce ; rend vrai si les buts sont tenus.

    :param dossier: dossier jetable de la base et du coffre.
    :param tailles: faits à faire entrer.
    """
    parts, nus, longs = [], [], []
    with base_neuve(dossier) as neuve:
        archive = archive_de(Configuration(donnees=str(dossier), cle_secrete=CLE), neuve.base.url)
        neuve.base.archive = archive
        neuve.ordonner(f"insert into etablissement (uai, nom, degre) values ('{_UAI}', 'Banc', 2)")  # noqa: S608 - le nôtre
        for taille in tailles:
            nus.append(_etalon(neuve, archive, taille) / taille)
            duree, long = _moteur(neuve, taille, dossier / f"tetes_{taille}")
            parts.append(duree / taille)
            longs.append(long)
            print(
                f"      {taille} faits : nus {nus[-1] * 1e3:.2f} ms par fait, moteur {parts[-1] * 1e3:.2f},"
                f" lot le plus long {long:.2f} s ; charge {os.getloadavg()[0]:.1f}"
            )
    rapport, derive = parts[-1] / nus[-1], (parts[-1] / parts[0]) / (nus[-1] / nus[0])
    annoncer("archive : lot le plus long (s)", max(longs), "< 1", max(longs) < 1)
    annoncer("archive : entrée ÷ gestes nus", rapport, f"≤ {_RAPPORT}", rapport <= _RAPPORT)
    annoncer("archive : coût d'un fait, grand ÷ petit", derive, f"≤ {_DERIVE}", derive <= _DERIVE)
    return max(longs) < 1 and rapport <= _RAPPORT and derive <= _DERIVE


def _etalon(neuve: BaseNeuve, archive: Archive, taille: int) -> float:
    """Le plancher : une clé, un sceau, un dépôt par personne, puis un « DELETE » par lot."""
    fait, suite = _preparer(neuve, "nu", taille)
    lire = text(f"select id, eleve_id, jour, texte from {fait.name} where id > :apres order by id limit :n")  # noqa: S608 - nos noms
    suivre = text(f"select id, fait_id, texte from {suite.name} where fait_id = any(:ids)")  # noqa: S608 - nos noms
    deposer = text("select deposee from archive.deposer(cast(:u as uuid[]), :s)")
    oter = text(f"delete from {fait.name} where uai = :uai and id = any(:ids)")  # noqa: S608 - nos noms
    apres, debut = UUID(int=0), time.perf_counter()
    while True:
        with neuve.base.academie("banc : étalon") as session:
            lus = [dict(ligne) for ligne in session.execute(lire, {"apres": apres, "n": _LOT}).mappings()]
            if not lus:
                break
            ids = [ligne["id"] for ligne in lus]
            suites: dict[UUID, list[Any]] = {}
            for suivie in session.execute(suivre, {"ids": ids}).mappings():
                suites.setdefault(suivie["fait_id"], []).append(dict(suivie))
            unites: dict[UUID, list[Any]] = {}
            for ligne in lus:
                unites.setdefault(ligne["eleve_id"], []).append([ligne, suites.get(ligne["id"])])
            cles = archive.coffre.creer_toutes([f"banc/{personne}" for personne in unites])
            scelles = [
                sceller(cles[f"banc/{qui}"], zlib.compress(json.dumps(siennes, default=str).encode()), b"")
                for qui, siennes in unites.items()
            ]
            session.execute(deposer, {"u": [uuid4() for _ in unites], "s": scelles}).all()
            session.execute(oter, {"uai": _UAI, "ids": ids})
        apres = max(ids)
    return time.perf_counter() - debut


def _moteur(neuve: BaseNeuve, taille: int, tetes: Path) -> tuple[float, float]:
    """L'exécution du plan approuvé : sa durée, et celle de son lot le plus long."""
    fait, suite = _preparer(neuve, "fait", taille)
    regles, horloge = _regles(fait, suite), HorlogeFixe(_JOUR)
    plan_id = plan_approuve(neuve.base, horloge, regles)
    executeur = Executeur(neuve.base, horloge, regles, CLE.encode(), Tetes(tetes))
    neuve.ordonner("checkpoint")
    debut = time.perf_counter()
    resultat = executeur.executer(plan_id)
    duree = time.perf_counter() - debut
    with neuve.base.academie("banc : vérifier") as session:
        if verifier(session, executeur.tetes.lire()):
            raise RuntimeError("la chaîne des preuves est rompue")
        restent = session.scalar(text(f"select count(*) from {suite.name}"))  # noqa: S608 - nos noms
    if resultat.eliminees != taille or restent:
        raise RuntimeError(f"{resultat.eliminees} faits partis sur {taille}, {restent} suites restent")
    return duree, resultat.lot_le_plus_long


def _tables(nom: str) -> tuple[Table, Table]:
    def cles() -> list[Column[Any]]:
        return [
            Column("uai", String(8), primary_key=True, info=NEUTRE),
            Column("id", Uuid, primary_key=True, info=NEUTRE),
        ]

    def texte() -> Column[Any]:
        return Column("texte", String(200), info=PERSONNELLE)

    return tables_du_banc(
        nom, MetaData(), cles,
        fait=(Column("eleve_id", Uuid, info=PERSONNELLE), Column("jour", Date, info=NEUTRE), texte()),
        suite=(texte(),), depart="jour",
    )  # fmt: skip


def _preparer(neuve: BaseNeuve, nom: str, taille: int) -> tuple[Table, Table]:
    """Deux faits par personne, qui ne se suivent pas ; une suite pour quatre faits."""
    fait, suite = _tables(f"{nom}_{taille}")
    dialecte = neuve.base.moteur.dialect
    creations: list[ExecutableDDLElement] = []
    for table in (fait, suite):
        creations += [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
    neuve.ordonner(
        "set role ent_proprietaire", *(str(ordre.compile(dialect=dialecte)) for ordre in creations),
        *(f"grant all on {table.name} to ent_academie" for table in (fait, suite)),
    )  # fmt: skip
    neuve.ordonner(
        f"insert into {fait.name} select '{_UAI}', ent_uuid7(), md5((n % {taille // 2})::text)::uuid,"  # noqa: S608 - nos noms
        f" '2026-03-10', repeat('récit ', 30) from generate_series(1, {taille}) n",
        f"insert into {suite.name} select uai, ent_uuid7(), id, repeat('suite ', 10) from {fait.name}"  # noqa: S608 - nos noms
        f" order by id limit {taille // 4}",
        f"analyze {fait.name}", f"analyze {suite.name}", "checkpoint",
    )  # fmt: skip
    return fait, suite


def _regles(fait: Table, suite: Table) -> Regles:
    voulue = Conservation(
        Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, Copie("banc"), intermediaire=Duree(mois=24), preavis=0
    )
    return regles_du_banc(voulue, fait, suite)


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--tailles", type=int, nargs="+", default=_TAILLES)
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        return 0 if mesurer(Path(dossier), tailles=choix.tailles) else 1


if __name__ == "__main__":
    sys.exit(principal())
