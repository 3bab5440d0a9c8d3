"""Les certificats : des fichiers, hors de la base, un par personne."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

__all__ = ["lire", "oter", "ranger"]


def _chemin(personne: UUID) -> Path:
    return Path(os.environ.get("ENT_TEMOIN_PIECES", "pieces")) / f"{personne}.txt"


def ranger(personne: UUID, contenu: str) -> None:
    """Range le certificat d'une personne.

    :param contenu: texte du certificat.
    """
    _chemin(personne).parent.mkdir(parents=True, exist_ok=True)
    _chemin(personne).write_text(contenu, "utf-8")


def lire(personne: UUID) -> bytes | None:
    """Certificat d'une personne, s'il y en a un."""
    return _chemin(personne).read_bytes() if _chemin(personne).is_file() else None


def oter(personne: UUID) -> int:
    """Ôte le certificat d'une personne, et dit combien de fichiers sont partis."""
    present = _chemin(personne).is_file()
    _chemin(personne).unlink(missing_ok=True)
    return int(present)
