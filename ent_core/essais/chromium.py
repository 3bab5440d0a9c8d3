"""Greffon pytest : Chromium est celui de la machine, sans rien demander au réseau."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

__all__ = ["browser_type_launch_args"]

# Sans écran d'abord : le même moteur, sans l'interface, et moitié moins de processeur.
_NOMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium de la machine, sans rien demander au réseau."""
    chemin = next(filter(None, map(shutil.which, _NOMS)), None)
    return {**browser_type_launch_args, "executable_path": chemin, "args": list(_OPTIONS)}
