"""Le PostgreSQL embarqué, en vrai : chaque essai crée, démarre, casse et arrête de vrais serveurs."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ent_core.donnees import embarque, embarque_serveur
from ent_core.donnees.embarque_lieu import Lieu, dossier_des_prises, lieu_existant
from ent_core.socle.erreurs import BaseIndisponible, OperationRefusee

COMPTER = """
import sys
from pathlib import Path
import psycopg
from ent_core.donnees.embarque import demarrer
with demarrer(Path(sys.argv[1]), jetable=True) as base, psycopg.connect(base.url) as connexion:
    print("prêt", connexion.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def dossier(tmp_path: Path) -> Iterator[Path]:
    """Un dossier comme en ont les gens : long, avec des espaces et des accents."""
    choisi = tmp_path / "Bureau de l'été" / "académie & lycées" / ("x" * 60) / "base"
    yield choisi
    embarque.arreter(choisi)
    embarque.effacer(choisi)


def lieu_de(dossier: Path) -> Lieu:
    lieu = lieu_existant(dossier)
    assert lieu is not None
    return lieu


def processus(dossier: Path) -> int:
    numero = embarque_serveur.processus(lieu_de(dossier))
    assert numero is not None
    return numero


def valeur(url: str, requete: str) -> object:
    with psycopg.connect(url) as connexion:
        ligne = connexion.execute(requete.encode()).fetchone()
    assert ligne is not None
    return ligne[0]


def autre_processus(dossier: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 -- notre propre interprète, script constant
        [sys.executable, "-c", COMPTER, str(dossier)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_un_dossier_avec_espaces_et_accents_convient(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, "SELECT 1 + 1") == 2
        assert embarque.etat(dossier).en_marche
        assert embarque.etat(dossier).version == 18
    assert not embarque.etat(dossier).en_marche


def test_les_donnees_restent_d_un_demarrage_a_l_autre(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True) as base, psycopg.connect(base.url) as connexion:
        connexion.execute("CREATE TABLE note AS SELECT 17 AS valeur")
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, "SELECT valeur FROM note") == 17


def test_l_ordre_des_textes_ne_depend_pas_de_la_machine(dossier: Path) -> None:
    requete = "SELECT string_agg(t, '' ORDER BY t) FROM unnest(ARRAY['é', 'b', 'Z', 'a']) AS t"
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, requete) == "Zabé"
        assert valeur(base.url, "SELECT upper('éœ')") == "ÉŒ"


def test_sans_jetable_la_base_est_durable(dossier: Path) -> None:
    with embarque.demarrer(dossier) as base:
        assert valeur(base.url, "SHOW fsync") == "on"
        assert valeur(base.url, "SHOW synchronous_commit") == "on"


def test_le_serveur_n_ecoute_que_sa_prise_et_la_prise_est_privee(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, "SHOW listen_addresses") == ""
        prises = dossier_des_prises(lieu_de(dossier))
        assert stat.S_IMODE(prises.stat().st_mode) == 0o700
        assert valeur(base.url, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'peer'") == 0


def test_deux_processus_partagent_le_serveur_et_le_dernier_l_arrete(dossier: Path) -> None:
    premier, second = autre_processus(dossier), autre_processus(dossier)
    try:
        assert premier.stdout is not None
        assert second.stdout is not None
        vu = premier.stdout.readline()
        assert vu.startswith("prêt")
        assert second.stdout.readline() == vu
        premier.communicate()
        assert embarque.etat(dossier).en_marche
        second.communicate()
        assert not embarque.etat(dossier).en_marche
        assert (premier.returncode, second.returncode) == (0, 0)
    finally:
        premier.kill()
        second.kill()
        premier.wait()
        second.wait()


def test_un_utilisateur_tue_net_ne_retient_pas_le_serveur(dossier: Path) -> None:
    tue = autre_processus(dossier)
    assert tue.stdout is not None
    assert tue.stdout.readline().startswith("prêt")
    with embarque.demarrer(dossier, jetable=True):
        tue.kill()
        tue.communicate()
        assert embarque.etat(dossier).en_marche
    assert not embarque.etat(dossier).en_marche


def test_apres_un_arret_brutal_les_donnees_validees_sont_la(dossier: Path) -> None:
    with embarque.demarrer(dossier) as base:
        with psycopg.connect(base.url) as connexion:
            connexion.execute("CREATE TABLE note AS SELECT 12 AS valeur")
        os.kill(processus(dossier), signal.SIGKILL)
    with embarque.demarrer(dossier) as base:
        assert valeur(base.url, "SELECT valeur FROM note") == 12


def test_un_numero_de_processus_perime_n_empeche_pas_de_demarrer(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True):
        pass
    # Le numéro a été repris par un processus bien vivant, qui n'est pas le serveur.
    fiche = lieu_de(dossier).donnees / "postmaster.pid"
    fiche.write_text(f"{os.getpid()}\n{fiche.parent}\n1\n5432\n/tmp\n\n  1 1\nready\n", "utf-8")
    assert not embarque.etat(dossier).en_marche
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, "SELECT 1") == 1


def test_une_prise_disparue_fait_redemarrer(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True):
        avant = processus(dossier)
        prise = dossier_des_prises(lieu_de(dossier)) / ".s.PGSQL.5432"
        prise.unlink()
        with embarque.demarrer(dossier, jetable=True) as base:
            assert valeur(base.url, "SELECT 1") == 1
            assert processus(dossier) != avant


def test_une_creation_interrompue_est_reprise(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True):
        pass
    lieu = lieu_de(dossier)
    lieu.donnees.rename(lieu.racine / "donnees.ebauche")
    with embarque.demarrer(dossier, jetable=True) as base:
        assert valeur(base.url, "SELECT 1") == 1
    assert not (lieu.racine / "donnees.ebauche").exists()


def test_une_autre_version_est_refusee_sans_rien_changer(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True):
        pass
    version = lieu_de(dossier).donnees / "PG_VERSION"
    version.write_text("17\n", "ascii")
    with pytest.raises(BaseIndisponible, match="PostgreSQL 17") as refus:
        embarque.demarrer(dossier, jetable=True)
    assert "pg_dump" in refus.value.remede
    assert version.read_text("ascii") == "17\n"
    assert not embarque.etat(dossier).en_marche


def test_un_serveur_qui_ne_demarre_pas_dit_pourquoi(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True):
        pass
    (lieu_de(dossier).donnees / "postgresql.auto.conf").write_text("reglage_inconnu = 1\n", "ascii")
    with pytest.raises(BaseIndisponible, match="arrêté à son démarrage") as refus:
        embarque.demarrer(dossier, jetable=True)
    assert "reglage_inconnu" in refus.value.message or "postgresql.auto.conf" in refus.value.message
    assert refus.value.lieu.endswith("serveur.log")


def test_le_journal_ne_contient_ni_requete_ni_valeur(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True) as base, psycopg.connect(base.url) as connexion:
        connexion.execute("CREATE TABLE eleve (ine text PRIMARY KEY)")
        connexion.execute("INSERT INTO eleve VALUES ('0123456789A')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connexion.execute("INSERT INTO eleve VALUES ('0123456789A')")
    journal = lieu_de(dossier).journal
    assert "duplicate key" in journal.read_text("utf-8")
    assert "0123456789A" not in journal.read_text("utf-8")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_une_base_utilisee_ne_s_efface_pas(dossier: Path) -> None:
    with embarque.demarrer(dossier, jetable=True) as base:
        with pytest.raises(OperationRefusee, match="rien n'est effacé"):
            embarque.effacer(dossier)
        assert valeur(base.url, "SELECT 1") == 1
    racine = lieu_de(dossier).racine
    embarque.effacer(dossier)
    assert not dossier.exists()
    assert not racine.exists()


def test_un_dossier_impossible_est_explique(tmp_path: Path) -> None:
    fichier = tmp_path / "fichier"
    fichier.write_text("")
    with pytest.raises(BaseIndisponible, match="n'est pas accessible"):
        embarque.demarrer(fichier / "base")


def test_sans_le_paquet_l_erreur_dit_quoi_installer(tmp_path: Path) -> None:
    essai = "from pathlib import Path; from ent_core.donnees import embarque; embarque.demarrer(Path('base'))"
    resultat = subprocess.run(  # noqa: S603 -- notre propre interprète, sans ses paquets (-S)
        [sys.executable, "-S", "-c", essai],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(embarque.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install 'ent-core[embarque]'" in resultat.stderr


def test_une_base_absente_est_arretee_et_ne_se_cree_pas_en_la_regardant(tmp_path: Path) -> None:
    absente = tmp_path / "base"
    assert not embarque.etat(absente).en_marche
    assert not embarque.arreter(absente)
    assert not absente.exists()
