"""L'archive dans une autre base : écrite, vérifiée, puis ôtée d'ici ; tuée à chaque pas, elle reprend."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, select, text
from sqlalchemy.pool import NullPool

from ent_core.chargement.archive import regler
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.lecture import lignes_archivees
from ent_core.vie_privee.archive.modeles import UniteArchivee
from ent_core.vie_privee.archive.transport import acheminer, solder
from tests.vie_privee.archive_essais import ECHEANCE, TERME, Depot, monter
from tests.vie_privee.brique_dossiers import Sanction


@pytest.fixture
def autre(fabrique_bases: Fabrique) -> Iterator[AdressesBase]:
    """Une seconde base, vide ; le compte de l'archive y peut tout."""
    adresses = fabrique_bases.vide()
    yield adresses
    fabrique_bases.retirer(adresses)


@pytest.fixture
def depot(fabrique_bases: Fabrique, tmp_path: Path, autre: AdressesBase) -> Iterator[Depot]:
    url = autre.proprietaire.render_as_string(hide_password=False)
    with monter(fabrique_bases, tmp_path, url) as monte:
        yield monte


def ailleurs(autre: AdressesBase) -> int:
    moteur = create_engine(autre.proprietaire, poolclass=NullPool)
    with moteur.connect() as connexion:
        if connexion.execute(text("select to_regclass('archive.contenu')")).scalar() is None:
            return 0
        return int(connexion.execute(text("select count(*) from archive.contenu")).scalar_one())


def deplacer_sans_porter(depot: Depot, nombre: int = 3) -> None:
    for rang in range(nombre):
        depot.ecrire(Sanction, ("eleve", "camarade", "eleve_autre")[rang], nature=f"n{rang}")
    depot.au(ECHEANCE)
    plan = depot.planifier()
    depot.approuver(plan)
    depot.horloge.instant = depot.horloge.instant.replace(day=20)
    depot.executer(plan)


def etats(depot: Depot) -> set[str]:
    return {unite.etat for unite in depot.unites()}


def test_le_contenu_passe_dans_l_autre_base_et_s_y_lit(depot: Depot, autre: AdressesBase) -> None:
    deplacer_sans_porter(depot)
    assert (etats(depot), depot.contenus(), ailleurs(autre)) == ({"a_porter"}, 3, 0)
    with depot.base.academie("essai") as session:
        assert len(list(lignes_archivees(session, depot.annuaire["eleve"]))) == 1, (
            "lisible avant d'être portée"
        )
    assert acheminer(depot.base) == 3
    assert (etats(depot), depot.contenus(), ailleurs(autre)) == ({"ailleurs"}, 0, 3)
    assert acheminer(depot.base) == 0
    with depot.base.academie("essai") as session:
        (lue,) = lignes_archivees(session, depot.annuaire["eleve"])
    assert lue.contenu is not None
    assert next(lue.contenu.lignes())[2]["nature"] == "n0"


def test_la_purge_detruit_aussi_la_bas(depot: Depot, autre: AdressesBase) -> None:
    deplacer_sans_porter(depot)
    regler(depot.base, depot.horloge)
    depot.au(TERME)
    depot.tout()
    assert (depot.unites(), depot.contenus(), ailleurs(autre)) == ([], 0, 0)


def test_ce_qui_part_avant_d_etre_porte_ne_reste_pas_la_bas(depot: Depot, autre: AdressesBase) -> None:
    deplacer_sans_porter(depot)
    premiere = depot.unites()[0]
    depot.archive.porter(depot.archive.lire_ici([premiere.id]))
    with depot.base.academie("essai") as session:
        session.execute(delete(UniteArchivee).where(UniteArchivee.id == premiere.id))
    assert solder(depot.base, depot.horloge) == 1
    acheminer(depot.base)
    assert ailleurs(autre) == 2


def test_un_contenu_abime_la_bas_est_reporte_d_ici(depot: Depot, autre: AdressesBase) -> None:
    deplacer_sans_porter(depot)
    victime = depot.unites()[0]
    depot.archive.porter({victime.id: b"autre chose"})
    with pytest.raises(OperationRefusee, match="ne sont pas ceux qui sont partis"):
        acheminer(depot.base)
    assert depot.contenus() == 1, "celui-là seul est gardé ici"
    assert acheminer(depot.base) == 1
    assert etats(depot) == {"ailleurs"}
    with depot.base.academie("essai") as session:
        unites = session.scalars(select(UniteArchivee)).all()
        assert depot.archive.empreintes_ailleurs([u.id for u in unites]) == {
            u.id: u.empreinte for u in unites
        }


_TUE = """
import os, signal, sys
from pathlib import Path
from ent_core.chargement.archive import archive_de
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.application import configuration_essai
from ent_core.socle.configuration import Archive
from ent_core.vie_privee.archive import lieu, transport
adresse, autre, donnees, pas = sys.argv[1:]
base = BaseDeDonnees(adresse, connexions=3)
configuration = configuration_essai(donnees=donnees, archive=Archive(url=autre))
base.archive = archive_de(configuration, base.url)
faits = []
def tuer(nom):
    faits.append(nom)
    if len(faits) == int(pas):
        os.kill(os.getpid(), signal.SIGKILL)
porter, passer = lieu.Archive.porter, transport._passer
def porter_et_noter(self, scelles):
    porter(self, scelles)
    tuer("porte")
def passer_et_noter(*arguments):
    passees = passer(*arguments)
    tuer("passe")
    return passees
lieu.Archive.porter, transport._passer = porter_et_noter, passer_et_noter
transport.acheminer(base)
"""


@pytest.mark.parametrize(
    ("pas", "attendu"),
    [
        (1, ("a_porter", 3, 3)),
        pytest.param(2, ("portee", 3, 3), marks=pytest.mark.long),
        pytest.param(3, ("verifiee", 3, 3), marks=pytest.mark.long),
        (4, ("ailleurs", 0, 3)),
    ],
    ids=["écrite là-bas", "notée écrite", "notée vérifiée", "ôtée d'ici"],
)
def test_tuee_a_chaque_pas_elle_reprend_sans_rien_perdre(
    depot: Depot, autre: AdressesBase, pas: int, attendu: tuple[str, int, int]
) -> None:
    deplacer_sans_porter(depot)
    coupee = subprocess.run(  # noqa: S603 - notre propre programme
        [
            sys.executable, "-c", _TUE, depot.base.url.render_as_string(hide_password=False),
            autre.proprietaire.render_as_string(hide_password=False), depot.configuration.donnees, str(pas),
        ],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert coupee.returncode == -signal.SIGKILL, coupee.stderr
    (etat,) = etats(depot)
    assert (etat, depot.contenus(), ailleurs(autre)) == attendu
    acheminer(depot.base)
    assert (etats(depot), depot.contenus(), ailleurs(autre)) == ({"ailleurs"}, 0, 3)
    with depot.base.academie("essai") as session:
        for eleve in ("eleve", "camarade", "eleve_autre"):
            (lue,) = lignes_archivees(session, depot.annuaire[eleve])
            assert lue.contenu is not None
