"""Démarrer sur une mauvaise base, ou sur un port pris : une phrase, un remède, un code de sortie."""

from __future__ import annotations

import os
import socket

import pytest
from sqlalchemy import text

from ent_core.essais.base import Fabrique

from .conftest import Lancer


def test_un_port_pris_ne_se_partage_pas(ent: Lancer) -> None:
    """Granian, lui, l'aurait partagé : deux instances auraient répondu tour à tour à la même adresse."""
    with socket.socket() as prise:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        refus = ent("demo", "--port", str(prise.getsockname()[1]))
    assert refus.code == 4
    assert "un autre serveur écoute déjà là" in refus.erreur


def test_une_base_qui_n_est_pas_preparee_dit_de_la_migrer(
    ent: Lancer, fabrique_bases: Fabrique, monkeypatch: pytest.MonkeyPatch
) -> None:
    adresses = fabrique_bases.vide()
    inconnu = adresses.application.set(username="ent_personne", password="x")  # noqa: S106 - compte absent
    monkeypatch.setitem(os.environ, "ENT_BASE", inconnu.render_as_string(hide_password=False))
    refus = ent("etablissement", "lister")
    fabrique_bases.retirer(adresses)
    assert refus.code == 3
    assert "« ent base migrer »" in refus.erreur


def test_une_base_plus_recente_que_le_programme_n_est_pas_changee(
    ent: Lancer, fabrique_bases: Fabrique, monkeypatch: pytest.MonkeyPatch
) -> None:
    adresses = fabrique_bases.migree()
    for nom, adresse in (("BASE", adresses.application), ("BASE_PROPRIETAIRE", adresses.proprietaire)):
        monkeypatch.setitem(os.environ, f"ENT_{nom}", adresse.render_as_string(hide_password=False))
    with fabrique_bases.maitre(adresses.proprietaire).begin() as connexion:
        connexion.execute(text("update ent_migration_noyau set version_num = 'noyau_9999'"))
    etat, refus = ent("base", "etat"), ent("base", "migrer")
    fabrique_bases.retirer(adresses)
    assert (etat.code, "à migrer" in etat.sortie) == (3, True)
    assert refus.code == 3
    assert "version plus récente que ce programme" in refus.erreur
