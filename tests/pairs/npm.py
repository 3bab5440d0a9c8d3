"""Les pairs écrits en JavaScript : installés une fois, d'après le verrou, dans un cache hors du dépôt."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

ICI = Path(__file__).parent
_VERROU = ICI / "package-lock.json"
_ATTENTE = 60


def modules() -> Path:
    """Dossier où les pairs sont installés ; l'essai est passé, en le disant, si npm manque ou échoue."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node et npm manquent : les pairs de protocole ne peuvent pas s'installer")
    racine = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ent-pairs"
    lieu = racine / hashlib.sha256(_VERROU.read_bytes()).hexdigest()[:16]
    if lieu.exists():
        return lieu
    racine.mkdir(parents=True, exist_ok=True)
    neuf = Path(mkdtemp(dir=racine))
    for fichier in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ICI / fichier, neuf / fichier)
    try:
        subprocess.run(  # noqa: S603 - commande fixe
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=neuf, capture_output=True, text=True, timeout=_ATTENTE, check=True,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as panne:
        shutil.rmtree(neuf, ignore_errors=True)
        pytest.skip(f"npm n'a pas pu installer les pairs : {str(panne.stderr or panne)[-300:]}")
    try:
        neuf.rename(lieu)  # deux processus peuvent installer à la fois : le premier gagne
    except OSError:
        shutil.rmtree(neuf, ignore_errors=True)
    return lieu


@contextmanager
def lancer(script: str, reglages: str) -> Iterator[None]:
    """Lance un pair, et l'arrête.

    :param script: fichier de ce dossier, qui écrit « prêt » quand il écoute.
    :param reglages: son premier argument.
    """
    lieu = modules()
    # Le script se cherche ses modules à côté de lui.
    copie = lieu / script
    copie.write_bytes((ICI / script).read_bytes())
    node = shutil.which("node") or "node"
    pair = subprocess.Popen(  # noqa: S603 - commande fixe
        [node, str(copie), reglages], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        lignes = iter(pair.stdout.readline, "") if pair.stdout else iter(())
        if not any("prêt" in ligne for ligne in lignes):
            raise RuntimeError(f"le pair {script} ne démarre pas : {pair.communicate()[1][-2000:]}")
        yield
    finally:
        pair.terminate()
        pair.communicate(timeout=10)
