"""Le contrat voit qui compte les actes d'un agent, où qu'il l'écrive, et laisse qui compte autre chose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ent_core.chargement.decouverte import BriqueChargee, charger
from ent_core.contrat.statistiques import Dimension, Statistique
from ent_core.essais.contrat.agregats import agregats_par_agent, colonnes_d_auteur

from .temoin import module_du_temoin

SOURCES = """
PAR_AGENT = select(t.c.{auteur}, func.count()).group_by(t.c.{auteur})

def classement(lignes):
    return Counter(ligne.{auteur} for ligne in lignes)

class Vue:
    def total(self, session, contexte):
        return session.scalar(select(func.count()).where(m.{auteur} == contexte.qui))

def par_division(session):
    return session.execute(select(m.division_id, func.count()).group_by(m.division_id))

def auteurs(session):
    return session.scalars(select(m.{auteur}))
"""


@pytest.fixture(scope="module")
def temoin() -> BriqueChargee:
    brique = charger([], {"temoin": module_du_temoin("brique")}).brique("temoin")
    assert brique is not None
    return brique


@pytest.mark.exigence("SURV-03")
def test_compter_par_auteur_se_voit_dans_une_fonction_une_methode_ou_un_enonce(
    temoin: BriqueChargee, tmp_path: Path
) -> None:
    auteur = min(colonnes_d_auteur(temoin))
    (tmp_path / "comptes.py").write_text(SOURCES.replace("{auteur}", auteur), encoding="utf-8")
    trouves = {ou for ou, _ in agregats_par_agent(tmp_path, temoin)}
    assert trouves == {"comptes:PAR_AGENT", "comptes:classement", "comptes:Vue.total"}


@pytest.mark.exigence("SURV-03")
def test_une_statistique_par_auteur_se_voit(temoin: BriqueChargee, tmp_path: Path) -> None:
    auteur = min(colonnes_d_auteur(temoin))
    par_agent = Statistique(
        cle="temoin.par_agent", traitement="temoin.suivi", intitule="Par agent", table="temoin_note",
        jour="cree_le", dimensions=(Dimension(auteur, "Agent", ()),),
    )  # fmt: skip
    assert list(agregats_par_agent(tmp_path, replace(temoin, statistiques=(par_agent,)))) == [
        ("statistique temoin.par_agent", auteur)
    ]
