"""``spid-sp-test`` : une batterie extérieure de réponses SAML, dans son propre environnement."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

__all__ = ["programme"]

_DEPOT = Path(__file__).parents[2]
_VERROU = _DEPOT / "requirements" / "pair_spid.txt"
_ATTENTE = 180


def programme() -> Path:
    """Le programme, installé une fois d'après son verrou ; faute de quoi l'essai est passé, en le disant.

    Il apporte sa propre version de ``pysaml2`` : son environnement n'est pas celui de l'ENT.
    """
    uv = shutil.which("uv", path=f"{_DEPOT / '.outils' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip("uv manque : spid-sp-test ne peut pas s'installer")
    racine = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ent-pairs"
    lieu = racine / f"spid-{hashlib.sha256(_VERROU.read_bytes()).hexdigest()[:16]}"
    if not lieu.exists():
        racine.mkdir(parents=True, exist_ok=True)
        neuf = Path(mkdtemp(dir=racine))
        try:
            for ordre in (
                ["venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable,
                 str(neuf)],
                ["pip", "install", "--quiet", "--require-hashes", "--python", str(neuf / "bin" / "python"),
                 "-r", str(_VERROU)],
            ):  # fmt: skip
                subprocess.run(  # noqa: S603 - commandes fixes
                    [uv, *ordre], check=True, capture_output=True, text=True, timeout=_ATTENTE
                )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as panne:
            shutil.rmtree(neuf, ignore_errors=True)
            pytest.skip(f"spid-sp-test n'a pas pu s'installer : {str(panne.stderr or panne)[-300:]}")
        try:
            neuf.rename(lieu)  # deux processus peuvent installer à la fois : le premier gagne
        except OSError:
            shutil.rmtree(neuf, ignore_errors=True)
    return lieu / "bin" / "spid_sp_test"
