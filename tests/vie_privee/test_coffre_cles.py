"""Le coffre et l'enveloppe : rien ne s'ouvre hors de sa place, et une clé détruite l'est vraiment."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ent_core.vie_privee.coffre.cles import Coffre, CoffreIllisible, CoffreIndisponible
from ent_core.vie_privee.coffre.scelle import TAILLE_CLE, CleDisparue, ScelleAltere, ouvrir, sceller

SECRET = b"une cle d'instance, assez longue pour un essai"
octets = st.binary(max_size=400)
cles = st.binary(min_size=TAILLE_CLE, max_size=TAILLE_CLE)


@pytest.fixture
def chemin(tmp_path: Path) -> Path:
    return tmp_path / "coffre" / "cles.sqlite"


@pytest.fixture
def coffre(chemin: Path) -> Coffre:
    return Coffre(chemin, SECRET)


# --- L'enveloppe ---------------------------------------------------------------------------------


@given(cles, octets, octets)
def test_ce_qui_est_scelle_s_ouvre_a_sa_place(cle: bytes, clair: bytes, place: bytes) -> None:
    scelle = sceller(cle, clair, place)
    assert ouvrir(cle, scelle, place) == clair
    assert sceller(cle, clair, place) != scelle
    if len(clair) > 3:
        assert clair not in scelle


@given(cles, octets, octets, octets)
def test_ailleurs_rien_ne_s_ouvre(cle: bytes, clair: bytes, place: bytes, autre: bytes) -> None:
    if place != autre:
        with pytest.raises(ScelleAltere):
            ouvrir(cle, sceller(cle, clair, place), autre)


@given(cles, octets, st.data())
def test_un_octet_change_ferme_l_enveloppe(cle: bytes, clair: bytes, choix: st.DataObject) -> None:
    scelle = bytearray(sceller(cle, clair, b"place"))
    rang = choix.draw(st.integers(0, len(scelle) - 1))
    scelle[rang] ^= choix.draw(st.integers(1, 255))
    with pytest.raises((ScelleAltere, CleDisparue)):
        ouvrir(cle, bytes(scelle), b"place")


@given(cles, octets, st.integers(1, 40))
def test_une_enveloppe_coupee_ne_s_ouvre_pas(cle: bytes, clair: bytes, reste: int) -> None:
    with pytest.raises((ScelleAltere, CleDisparue)):
        ouvrir(cle, sceller(cle, clair, b"")[:-reste], b"")


@given(octets)
def test_n_importe_quels_octets_donnent_une_erreur_dite(bruit: bytes) -> None:
    with pytest.raises((ScelleAltere, CleDisparue)):
        ouvrir(bytes(TAILLE_CLE), bruit, b"")


@given(cles, cles, octets)
def test_la_cle_disparue_ou_remplacee_se_distingue_d_une_alteration(
    cle: bytes, autre: bytes, clair: bytes
) -> None:
    scelle = sceller(cle, clair, b"place")
    with pytest.raises(CleDisparue):
        ouvrir(None, scelle, b"place")
    if autre != cle:
        with pytest.raises(CleDisparue):
            ouvrir(autre, scelle, b"place")


# --- Le coffre -----------------------------------------------------------------------------------


def test_une_unite_a_une_cle_et_une_seule(coffre: Coffre) -> None:
    cle = coffre.creer("a")
    assert len(cle) == TAILLE_CLE
    assert coffre.creer("a") == cle == coffre.lire("a")
    assert coffre.creer("b") != cle
    assert coffre.lire_toutes(["a", "b", "c"]) == {"a": cle, "b": coffre.creer("b")}


def test_lire_ne_cree_rien(coffre: Coffre, chemin: Path) -> None:
    assert coffre.lire("a") is None
    assert coffre.unites() == set()
    assert coffre.detruire(["a"]) == 0
    assert not chemin.parent.exists()


def test_le_fichier_n_est_qu_au_compte_de_l_instance(coffre: Coffre, chemin: Path) -> None:
    coffre.creer("a")
    assert stat.S_IMODE(chemin.stat().st_mode) == 0o600
    assert stat.S_IMODE(chemin.parent.stat().st_mode) == 0o700


def test_aucune_cle_n_y_est_en_clair(coffre: Coffre, chemin: Path) -> None:
    cle = coffre.creer("a")
    assert cle not in chemin.read_bytes()


def test_les_unites_se_listent_par_debut(coffre: Coffre) -> None:
    coffre.creer_toutes(["colonne:x:1", "colonne:y:2", "archive:3"])
    assert coffre.unites("colonne:") == {"colonne:x:1", "colonne:y:2"}
    assert coffre.unites() == {"colonne:x:1", "colonne:y:2", "archive:3"}


def test_deux_mille_cles_d_un_coup(coffre: Coffre) -> None:
    unites = [f"unite {rang}" for rang in range(2000)]
    creees = coffre.creer_toutes(unites)
    assert coffre.lire_toutes(unites) == creees
    assert coffre.detruire(unites[:1500]) == 1500
    assert coffre.unites() == set(unites[1500:])


@pytest.mark.exigence("RGPD-DRO-04")
def test_une_cle_detruite_ne_laisse_rien_dans_le_fichier(coffre: Coffre, chemin: Path) -> None:
    coffre.creer_toutes(["gardee", "effacee"])
    with sqlite3.connect(chemin) as lu:
        enveloppe = lu.execute("select enveloppe from cle where unite = 'effacee'").fetchone()[0]
    lu.close()
    assert enveloppe in chemin.read_bytes()
    assert coffre.detruire(["effacee", "inconnue"]) == 1
    reste = b"".join(fichier.read_bytes() for fichier in chemin.parent.iterdir())
    assert enveloppe not in reste
    assert b"effacee" not in reste
    assert coffre.lire("effacee") is None
    assert coffre.lire("gardee") is not None
    assert [fichier.name for fichier in chemin.parent.iterdir()] == [chemin.name]


def test_une_cle_recreee_n_est_pas_l_ancienne(coffre: Coffre) -> None:
    ancienne = coffre.creer("a")
    coffre.detruire(["a"])
    assert coffre.creer("a") != ancienne


def test_l_unite_vide_est_reservee(coffre: Coffre) -> None:
    coffre.creer("a")
    with pytest.raises(ValueError, match="réservée"):
        coffre.creer("")
    assert coffre.detruire([""]) == 0
    assert coffre.lire("a") is not None


# --- Ce qui peut mal tourner ---------------------------------------------------------------------


def test_une_autre_cle_secrete_est_refusee_et_ne_change_rien(coffre: Coffre, chemin: Path) -> None:
    cle, avant = coffre.creer("a"), chemin.read_bytes()
    etranger = Coffre(chemin, SECRET + b"!")
    for essai in (lambda: etranger.lire("a"), lambda: etranger.creer("b"), lambda: etranger.detruire(["a"])):
        with pytest.raises(CoffreIllisible, match="autre clé secrète"):
            essai()
    assert chemin.read_bytes() == avant
    assert coffre.lire("a") == cle


def test_une_enveloppe_mise_a_la_place_d_une_autre_ne_s_ouvre_pas(coffre: Coffre, chemin: Path) -> None:
    coffre.creer_toutes(["a", "b"])
    with sqlite3.connect(chemin) as ecrit:
        ecrit.execute("update cle set enveloppe = (select enveloppe from cle where unite = 'b')"
                      " where unite = 'a'")  # fmt: skip
    ecrit.close()
    with pytest.raises(CoffreIllisible, match="abîmée"):
        coffre.lire("a")
    assert coffre.lire("b") is not None


@pytest.mark.parametrize("contenu", [b"pas une base" * 100, b"SQLite format 3\x00" + bytes(80)])
def test_un_fichier_abime_se_dit_et_n_est_pas_ecrase(coffre: Coffre, chemin: Path, contenu: bytes) -> None:
    chemin.parent.mkdir(parents=True)
    chemin.write_bytes(contenu)
    for essai in (lambda: coffre.lire("a"), lambda: coffre.creer("a"), coffre.unites):
        with pytest.raises(CoffreIllisible) as refus:
            essai()
        assert refus.value.remede
        assert refus.value.lieu == str(chemin)
    assert chemin.read_bytes() == contenu


def test_un_fichier_vide_laisse_par_une_panne_est_repris(coffre: Coffre, chemin: Path) -> None:
    chemin.parent.mkdir(parents=True)
    chemin.touch(0o600)
    assert coffre.lire("a") is None
    assert coffre.creer("a") == coffre.lire("a")


def test_un_dossier_ferme_se_dit(tmp_path: Path) -> None:
    (tmp_path / "fichier").touch()
    with pytest.raises(CoffreIndisponible, match="ni lu ni écrit"):
        Coffre(tmp_path / "fichier" / "cles.sqlite", SECRET).creer("a")


def test_un_disque_plein_ne_perd_ni_ne_promet_rien(chemin: Path) -> None:
    coffre = Coffre(chemin, SECRET)
    cle = coffre.creer("a")
    # Le noyau du système refuse d'agrandir un fichier au-delà de cette taille : comme un disque plein.
    programme = (
        "import resource, signal, sys; from pathlib import Path;"
        "from ent_core.vie_privee.coffre.cles import Coffre, CoffreIndisponible\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try: Coffre(Path(sys.argv[1]), sys.argv[2].encode()).creer_toutes([str(n) for n in range(5000)])\n"
        "except CoffreIndisponible as erreur: print(erreur.message)"
    )
    dit = subprocess.run(  # noqa: S603 - notre propre interprète
        [sys.executable, "-c", programme, str(chemin), SECRET.decode()],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert "rien n'est changé" in dit.stdout
    assert coffre.unites() == {"a"}
    assert coffre.lire("a") == cle


def test_deux_processus_a_la_fois_obtiennent_la_meme_cle(chemin: Path) -> None:
    programme = (
        "import sys; from pathlib import Path; from ent_core.vie_privee.coffre.cles import Coffre\n"
        "coffre = Coffre(Path(sys.argv[1]), sys.argv[2].encode())\n"
        "print(''.join(coffre.creer(str(n)).hex() for n in range(20)))"
    )
    lances = [
        subprocess.Popen(  # noqa: S603 - notre propre interprète
            [sys.executable, "-c", programme, str(chemin), SECRET.decode()], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    dites = {lance.communicate()[0] for lance in lances}
    assert len(dites) == 1
    assert len(dites.pop()) == 20 * 2 * TAILLE_CLE + 1


def test_des_fils_qui_ecrivent_et_detruisent_ne_se_genent_pas(coffre: Coffre) -> None:
    with ThreadPoolExecutor(8) as fils:
        creees = list(fils.map(lambda n: coffre.creer(f"u{n % 10}"), range(40)))
    assert len(set(creees)) == 10
    with ThreadPoolExecutor(8) as fils:
        detruites = sum(fils.map(lambda n: coffre.detruire([f"u{n % 10}"]), range(40)))
    assert detruites == 10
