"""``ent statistiques`` : ce qu'on tape, ce qu'on lit ; et la fiche reste quand la brique est partie."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import charger
from ent_core.chargement.relais import Relais
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.chargement.statistiques import Statistiques
from ent_core.cli import ent
from ent_core.essais.annuaire import ECOLE, peupler
from ent_core.essais.application import CLE, configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import Introuvable
from tests.vie_privee.brique_sanctions import brique_sanctions

Commande = Callable[..., Result]


@pytest.fixture
def commande(fabrique_bases: Fabrique, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commande]:
    horloge = HorlogeFixe()
    chargement = charger([], {"sanctions": brique_sanctions()})
    adresses = fabrique_bases.migree(chargement.distributions)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENT_BASE", adresses.application.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", CLE)
    Path("ent.toml").write_text("[briques]\nchargees = []\n", encoding="utf-8")
    base = fabrique_bases.ouvrir(adresses.application)
    activation = Activation(chargement, Relais(chargement))
    with base.academie("essai") as session:
        peupler(session)
        enregistrer_vues(session, horloge, chargement)
        activation.basculer(
            session, horloge, "sanctions", uai=ECOLE, ouverte=True, debut=date(2025, 9, 1), origine="commande"
        )
    Statistiques(chargement, activation, configuration_essai()).figer_les_echues(base, horloge)
    yield lambda *arguments: CliRunner().invoke(ent, ["statistiques", *arguments])
    base.fermer()
    fabrique_bases.retirer(adresses)


def test_une_publication_se_rend_meme_quand_sa_brique_n_est_plus_chargee(commande: Commande) -> None:
    rendue = commande("rendre", "sanctions.bilan", "--periode", "2025", "--etablissement", ECOLE.lower())
    assert rendue.exit_code == 0, rendue.exception
    assert "Bilan des sanctions, 2025-2026" in rendue.output
    assert "non communiqué" in rendue.output
    rendue = commande("rendre", "sanctions.bilan", "--periode", "2025", "--etablissement", ECOLE, "--json")
    assert json.loads(rendue.output)["seuil"] == 5


def test_l_academie_n_a_pas_ce_qui_est_a_l_ecole(commande: Commande) -> None:
    assert isinstance(commande("rendre", "sanctions.bilan", "--periode", "2025").exception, Introuvable)


def test_la_liste_dit_ce_qui_est_publie_et_quelle_brique_manque(commande: Commande) -> None:
    (ligne,) = json.loads(commande("lister", "--json").output)
    assert (ligne["cle"], ligne["table"], ligne["publiees"]) == ("sanctions.bilan", "brique absente", "2025")


def test_publier_ne_refait_rien_et_refuse_l_inconnue(commande: Commande) -> None:
    assert json.loads(commande("publier", "--json").output) == {"nouvelles": 0}
    assert isinstance(commande("publier", "sanctions.bilan").exception, Introuvable)
