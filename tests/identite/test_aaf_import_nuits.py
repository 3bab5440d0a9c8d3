"""Les nuits suivantes : presque tout est déjà là, et se compare par ensembles, non chacun à tous."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.application import Application
from tests.identite.aaf_import_essais import LUNDI, MARDI, MERCREDI, Annuaire, Ecriture

EFFECTIF = 250


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    return Annuaire(base, tmp_path)


@pytest.fixture
def lues(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lignes lues de bout en bout d'une table, tables de travail comprises, par chaque import."""
    lues: list[int] = []
    executer = Application.executer

    def compter(application: Application, avancer: Callable[[int, int], None]) -> None:
        executer(application, avancer)
        lues.extend(n for (n,) in application._lire("select sum(seq_tup_read) from pg_stat_xact_user_tables"))

    monkeypatch.setattr(Application, "executer", compter)
    return lues


def nuit(jour: date, *, partis: int = 0) -> Ecriture:
    livraison = Ecriture(jour).etablissement()
    for rang in range(partis, EFFECTIF):
        livraison.eleve(f"1{rang:03}", ENTElevePersRelEleve=f"2{rang:03}$10$1$1$0$0")
        livraison.responsable(f"2{rang:03}")
        livraison.agent(f"3{rang:03}", ENTAuxEnsClassesMatieres=["9101$6A", "9101$6B"])
    return livraison


def test_une_nuit_ordinaire_ne_compare_pas_chacun_a_tous(annuaire: Annuaire, lues: list[int]) -> None:
    annuaire.importer(nuit(LUNDI))
    partis = annuaire.importer(nuit(MARDI, partis=20))
    revenus = annuaire.importer(nuit(MERCREDI))

    assert [partis.nombre("personne", "sursis"), revenus.nombre("personne", "retours")] == [60, 60]
    # Quelque soixante-dix lectures par personne ; chacun comparé à tous en ferait huit cents.
    assert max(lues) < 200 * 3 * EFFECTIF
