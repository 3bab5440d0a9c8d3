"""``make bench`` : toutes les mesures, avec leurs étalons."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import (
    aaf,
    accueil,
    appel,
    archive,
    cloture,
    connexion,
    conservation,
    export,
    famille,
    portillon,
    recherche,
    verification,
)


def principal() -> int:
    """Lance les bancs ; rend 1 si un but n'est pas tenu."""
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenus = [
            accueil.mesurer(Path(dossier) / "accueil"),
            appel.mesurer(Path(dossier) / "appel"),
            connexion.mesurer(Path(dossier) / "connexion"),
            famille.mesurer(Path(dossier) / "famille"),
            recherche.mesurer(Path(dossier) / "recherche"),
            aaf.mesurer(Path(dossier) / "aaf"),
            verification.mesurer(Path(dossier) / "verification"),
            conservation.mesurer(Path(dossier) / "conservation"),
            cloture.mesurer(Path(dossier) / "cloture"),
            archive.mesurer(Path(dossier) / "archive"),
            portillon.mesurer(Path(dossier) / "portillon"),
            export.mesurer(Path(dossier) / "export"),
        ]
    return 0 if all(tenus) else 1


if __name__ == "__main__":
    sys.exit(principal())
