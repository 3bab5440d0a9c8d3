"""Le tutoriel « Ma première brique », suivi pas à pas, pour de vrai, dans un environnement jetable."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ent_core.donnees import embarque
from ent_core.essais.serveur import Serveur

from .tutoriel import Pas, changer, lire

RACINE = Path(__file__).resolve().parents[2]
PAGE = RACINE / "docs" / "tutoriels" / "ma_premiere_brique.md"


def _manques() -> list[str]:
    modules = [m for m in ("hatchling", "editables") if importlib.util.find_spec(m) is None]
    uv = shutil.which("uv") or (RACINE / ".outils" / "bin" / "uv").exists()
    return modules if uv else [*modules, "uv"]


@pytest.fixture
def environnement(tmp_path: Path, serveur: Serveur) -> dict[str, str]:
    """Un environnement qui voit les bibliothèques de celui-ci, et où l'on installe sans rien abîmer."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)  # noqa: S603 - fixe
    paquets = next(venv.glob("lib/python*/site-packages"))
    briques = [str(dossier) for dossier in sorted(RACINE.glob("plugins/*"))]
    vus = [str(RACINE), *briques, *(chemin for chemin in sys.path if chemin.endswith("-packages"))]
    (paquets / "noyau.pth").write_text("\n".join(vus) + "\n", "utf-8")
    commande = venv / "bin" / "ent"
    programme = "from ent_core.cli import principal; principal()"
    commande.write_text(f'#!/bin/sh\nexec {venv}/bin/python -c "{programme}" "$@"\n', "utf-8")
    commande.chmod(0o755)
    chemins = [venv / "bin", RACINE / ".outils" / "bin"]
    propre = {n: v for n, v in os.environ.items() if not n.startswith(("ENT_", "PYTEST_", "PYTHONPATH"))}
    chemin = os.pathsep.join([*map(str, chemins), propre["PATH"]])
    return {**propre, "PATH": chemin, "ENT_BASE_ESSAIS": serveur.url}


@pytest.mark.long
@pytest.mark.skipif(bool(_manques()), reason=f"il manque {', '.join(_manques())} (groupe « construction »)")
def test_le_tutoriel_se_suit_du_debut_a_la_fin(tmp_path: Path, environnement: dict[str, str]) -> None:
    lieu = tmp_path / "depot"
    lieu.mkdir()
    pas = lire(PAGE)
    assert [p for p in pas if p.langue == "sh"], "le tutoriel n'a plus de commande"
    try:
        for rang, un in enumerate(pas, 1):
            _suivre(lieu, environnement, un, rang)
    finally:
        embarque.arreter(lieu / ".ent" / "base")
        embarque.effacer(lieu / ".ent" / "base")


def _suivre(lieu: Path, environnement: dict[str, str], pas: Pas, rang: int) -> None:
    if pas.langue == "diff":
        changer(lieu / pas.cible, pas.texte)
    elif pas.langue == "python":
        (lieu / pas.cible).write_text(pas.texte, "utf-8")
    elif pas.langue == "sh" and "ent dev" in pas.texte:
        _servir(lieu, environnement, pas.texte)
    elif pas.langue == "sh":
        fini = subprocess.run(  # noqa: S603 - le tutoriel est dans ce dépôt
            ["/bin/sh", "-euc", pas.texte],
            cwd=lieu,
            env=environnement,
            capture_output=True,
            text=True,
            check=False,
        )
        sortie = f"pas {rang} : {pas.texte}\n{fini.stdout[-3000:]}{fini.stderr[-2000:]}"
        if attendu := re.fullmatch(r"refus (\S+)", pas.cible):
            assert fini.returncode == 1, sortie
            assert attendu[1] in fini.stdout, sortie
        else:
            assert fini.returncode == 0, sortie


def _servir(lieu: Path, environnement: dict[str, str], commande: str) -> None:
    """Sert sur un port libre, puis demande la page de la brique : elle mène à l'entrée."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    with (lieu / "serveur.log").open("w", encoding="utf-8") as journal:
        serveur = subprocess.Popen(  # noqa: S603 - le tutoriel est dans ce dépôt
            ["/bin/sh", "-c", f"{commande.strip()} --port {port}"],
            cwd=lieu, env=environnement, stdout=journal, stderr=journal, start_new_session=True,
        )  # fmt: skip
        try:
            _attendre(f"http://127.0.0.1:{port}/pret", serveur)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/mots/") as reponse:
                assert reponse.url.endswith("/connexion?suite=/mots/")
                assert reponse.status == 200
        finally:
            os.killpg(serveur.pid, 15)
            serveur.wait(timeout=30)


def _attendre(adresse: str, serveur: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert serveur.poll() is None, "le serveur s'est arrêté"
        try:
            with urllib.request.urlopen(adresse, timeout=2):  # noqa: S310 - adresse locale
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("le serveur ne répond pas")
