"""Le contrôle du démarrage : 500 tables de 20 colonnes, dans le code puis dans la base vivante.

Le but porte sur le temps processeur, le nôtre et celui de PostgreSQL : l'un suit l'autre, et une machine
seule n'y passe pas plus de temps. Le temps écoulé, dit à côté, dépend de ce qu'elle fait d'autre.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Column, Date, DateTime, ForeignKey, Index, String, Table, Text, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from bench.base import base_neuve
from bench.mesure import annoncer, cpu_de
from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Categorie, Donnee, Neutre, Sujet, par_etablissement
from ent_core.donnees.base import CLE_INFO, Base, DeclarationTable
from ent_core.donnees.migrations import Distribution
from ent_core.vie_privee.controle_base import controler_base, controler_catalogue
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.registre import DeclarationBrique
from ent_core.vie_privee.verrou import NOM_DU_VERROU, controler_verrou, ecrire, verrouiller

__all__ = ["mesurer"]

_TABLES, _COLONNES, _TOURS = 500, 20, 9
_BUT = 0.200
_DIALECTE = postgresql.dialect()  # type: ignore[no-untyped-call] # ainsi dans SQLAlchemy
_REVISION = '''"""Tables du banc."""
from alembic import op
revision, down_revision, branch_labels, depends_on = "banc_0001", None, None, None
ORDRES = {ordres!r}
def upgrade():
    for ordre in ORDRES:
        op.execute(ordre)
'''


def mesurer(dossier: Path) -> bool:
    """Mesure le contrôle du code, puis celui de la base.

    :param dossier: dossier jetable.
    :returns: vrai si les buts sont tenus.
    """
    dossier.mkdir(parents=True)
    declaration = _declaration()
    chemin = dossier / NOM_DU_VERROU
    ecrire(chemin, verrouiller("banc", "0.1.0", canonique(declaration), None))

    def code() -> list[object]:
        forme = canonique(declaration)
        return [*controler([declaration]), *controler_verrou("banc", forme, chemin, production=True)]

    assert code() == []
    dans_le_code = _mesurer(code)
    dans_la_base, complet = _mesurer_base(dossier, declaration)
    for libelle, cout in (
        (f"{_TABLES} tables × {_COLONNES} colonnes : le code", dans_le_code),
        ("les mêmes : le catalogue de la base", dans_la_base),
        ("avec les droits, les politiques et la sonde", complet),
    ):
        annoncer(f"{libelle} (ms de processeur)", cout.processeur * 1000, f"dit ; {cout.dit}", tenu=True)
    declare = dans_le_code.processeur + dans_la_base.processeur
    annoncer("déclaré = présent, en tout (ms de processeur)", declare * 1000, "< 200", declare < _BUT)
    return declare < _BUT


@dataclass(frozen=True, slots=True)
class _Cout:
    """Coût d'une opération, en secondes.

    :param processeur: le nôtre et celui de PostgreSQL ; médiane des tours.
    :param mur: temps écoulé du tour le moins gêné.
    """

    processeur: float
    mur: float

    @property
    def dit(self) -> str:
        return f"écoulé {self.mur * 1000:.0f} ms au mieux"


def _mesurer_base(dossier: Path, declaration: DeclarationBrique) -> tuple[_Cout, _Cout]:
    """Coût du catalogue seul, puis de tout le contrôle de la base."""
    revisions = dossier / "revisions"
    revisions.mkdir()
    ordres = [
        str(ordre.compile(dialect=_DIALECTE)).strip()
        for table in declaration.tables
        for ordre in _creer(table)
    ]
    (revisions / "banc_0001.py").write_text(_REVISION.format(ordres=ordres), "utf-8")
    distributions = [
        *charger([]).distributions,
        replace(Distribution("banc", declaration.tables, revisions), traitements=declaration.traitements),
    ]
    with base_neuve(dossier / "donnees", distributions) as neuve:
        moteur = neuve.base.moteur
        assert controler_base(moteur, distributions) == []
        tables = {table.name: table for d in distributions for table in d.tables}
        with moteur.connect() as connexion:
            pid = connexion.exec_driver_sql("select pg_backend_pid()").scalar_one()
        return (
            _mesurer(lambda: controler_catalogue(moteur, tables), pid),
            _mesurer(lambda: controler_base(moteur, distributions), pid),
        )


def _creer(table: Table) -> list[ExecutableDDLElement]:
    return [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]


def _mesurer(operation: Callable[[], object], pid: int | None = None) -> _Cout:
    """Coût d'une opération.

    :param pid: processus de PostgreSQL qui la sert ; son temps est une moyenne, il se lit au centième.
    """
    murs, notres = [], []
    serveur = cpu_de(pid) if pid else 0.0
    for _ in range(_TOURS):
        debut, cpu = time.perf_counter(), time.process_time()
        operation()
        murs.append(time.perf_counter() - debut)
        notres.append(time.process_time() - cpu)
    sien = (cpu_de(pid) - serveur) / _TOURS if pid else 0.0
    return _Cout(statistics.median(notres) + sien, min(murs))


def _declaration() -> DeclarationBrique:
    """Une brique démesurée ; ses tables rejoignent les personnes, dans la ``MetaData`` du noyau."""
    modele = next(t for b in charger([]).briques for t in b.traitements if t.cle == "noyau.annuaire")
    traitement = replace(modele, cle="banc.donnees")
    return DeclarationBrique("banc", tuple(_table(rang) for rang in range(_TABLES)), (traitement,))


def _table(rang: int) -> Table:
    def neutre(nom: str, type_: object, *args: object, **options: object) -> Column[object]:
        return Column(nom, type_, *args, info={CLE_INFO: Neutre("pour le banc")}, **options)  # type: ignore[arg-type] # « type_ » : classe ou instance

    def donnee(nom: str, type_: object, *args: object) -> Column[object]:
        return Column(nom, type_, *args, info={CLE_INFO: Donnee(Categorie.VIE_SCOLAIRE)})  # type: ignore[arg-type] # idem

    nom = f"banc_table_{rang:03}"
    types = (Text, String(20), Date, DateTime(timezone=True))
    table = Table(
        nom,
        Base.metadata,
        neutre("uai", String(8), primary_key=True),
        neutre("id", Uuid, primary_key=True),
        donnee("personne_id", Uuid, ForeignKey("personne.id", ondelete="CASCADE")),
        *(donnee(f"colonne_{c:02}", types[c % len(types)]) for c in range(_COLONNES - 3)),
        Index(None, "personne_id"),
    )
    table.info[CLE_INFO] = DeclarationTable("banc.donnees", par_etablissement(), (Sujet("personne_id"),))
    return table
