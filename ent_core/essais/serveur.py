"""Greffon pytest : le serveur de base de données des essais.

Sans réglage, un PostgreSQL embarqué et jetable naît au premier essai qui le demande, sert tous les processus
de la session et disparaît avec elle. ``ENT_BASE_ESSAIS`` (une adresse PostgreSQL dont le rôle peut créer des
bases et des rôles) donne un autre serveur ; chaque essai y crée ses propres bases.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ent_core.donnees import embarque
from ent_core.socle.erreurs import ErreurEnt

__all__ = ["Serveur", "serveur"]

_PREFIXE = "ent-essais-"
_DOSSIER = pytest.StashKey[Path]()


@dataclass(frozen=True, slots=True)
class Serveur:
    """Un serveur PostgreSQL pour les essais.

    :param url: adresse libpq d'un rôle qui peut tout y créer.
    :param jetable: il disparaît avec la session, et ses bases avec lui.
    """

    url: str
    jetable: bool = False


def pytest_configure(config: pytest.Config) -> None:
    """Choisit le dossier du serveur ; un processus auxiliaire reçoit celui du principal."""
    recu: dict[str, Any] | None = getattr(config, "workerinput", None)
    if recu is not None:
        config.stash[_DOSSIER] = Path(recu["dossier_du_serveur"])
    elif "ENT_BASE_ESSAIS" not in os.environ:
        _effacer_les_sessions_mortes()
        config.stash[_DOSSIER] = Path(tempfile.mkdtemp(prefix=f"{_PREFIXE}{os.getpid()}-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Donne le dossier à un processus auxiliaire de pytest-xdist."""
    node.workerinput["dossier_du_serveur"] = str(node.config.stash.get(_DOSSIER, ""))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Le principal, qui finit le dernier, arrête et efface le serveur."""
    if not hasattr(config, "workerinput") and _DOSSIER in config.stash:
        embarque.arreter(config.stash[_DOSSIER])
        embarque.effacer(config.stash[_DOSSIER])


@pytest.fixture(scope="session")
def serveur(pytestconfig: pytest.Config) -> Iterator[Serveur]:
    """Le serveur de la session, commun à tous ses processus."""
    if url := os.environ.get("ENT_BASE_ESSAIS"):
        yield Serveur(url)
        return
    with embarque.demarrer(pytestconfig.stash[_DOSSIER], jetable=True) as base:
        yield Serveur(base.url, jetable=True)


def _effacer_les_sessions_mortes() -> None:
    """Une session tuée net laisse son serveur ; la suivante le retire."""
    for dossier in Path(tempfile.gettempdir()).glob(f"{_PREFIXE}*"):
        numero = dossier.name.removeprefix(_PREFIXE).partition("-")[0]
        # Un dossier qui ne dit pas son processus peut servir : on n'y touche pas.
        if not numero.isdigit() or Path(f"/proc/{numero}").exists() or dossier.stat().st_uid != os.geteuid():
            continue
        with contextlib.suppress(ErreurEnt, OSError):
            embarque.effacer(dossier)
            shutil.rmtree(dossier, ignore_errors=True)
