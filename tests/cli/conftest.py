"""La commande ``ent``, par son point d'entrée, dans un dossier vide."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ent_core.cli import principal


@dataclass(frozen=True, slots=True)
class Lancee:
    """Ce qu'une commande a rendu."""

    code: int
    sortie: str
    erreur: str


Lancer = Callable[..., Lancee]


@pytest.fixture
def ent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Lancer]:
    """Lance ``ent`` avec ces arguments ; une trace d'exécution est toujours une faute."""
    monkeypatch.chdir(tmp_path)
    # « ent demo » règle ses processus par l'environnement : celui d'un essai lui est propre.
    propre = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith("ENT_")}
    monkeypatch.setattr(os, "environ", propre)

    def lancer(*arguments: str) -> Lancee:
        monkeypatch.setattr(sys, "argv", ["ent", *arguments])
        code = 0
        try:
            principal()
        except SystemExit as fin:
            code = int(fin.code or 0)
        lu = capsys.readouterr()
        return Lancee(code, lu.out, lu.err)

    racine = logging.getLogger("ent")
    avant = racine.handlers[:], racine.level, racine.propagate
    yield lancer
    # Les journaux de la commande écrivaient dans la capture de cet essai.
    racine.handlers[:], racine.level, racine.propagate = avant
