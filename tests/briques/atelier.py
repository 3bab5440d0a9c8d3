"""L'atelier : un dossier où l'on écrit des briques, et la commande ``ent`` lancée pour de vrai.

Une brique y est « installée » comme pip le ferait d'un paquet en place : son dossier est sur le chemin
des modules, à côté d'un ``dist-info`` qui porte ses points d'entrée. L'environnement n'est pas touché.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ent_core.chargement.squelette import ecrire

__all__ = ["RACINE", "Atelier"]

RACINE = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Atelier:
    """Un dossier de travail.

    :param dossier: dossier jetable.
    :param variables: variables d'environnement des commandes.
    """

    dossier: Path
    variables: dict[str, str] = field(default_factory=dict)
    _chemins: list[Path] = field(default_factory=list)

    def generer(self, nom: str, titre: str | None = None) -> Path:
        """Écrit une brique neuve et l'installe.

        :param nom: identifiant.
        :param titre: titre.
        """
        racine = ecrire(nom, self.dossier / "plugins", titre)
        infos = racine / f"ent_{nom}-0.1.0.dist-info"
        infos.mkdir()
        (infos / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ent-{nom}\nVersion: 0.1.0\n", "utf-8")
        (infos / "entry_points.txt").write_text(f"[ent.briques]\n{nom} = ent_{nom}.brique\n", "utf-8")
        self._chemins.append(racine)
        return racine

    def charger(self, *noms: str) -> None:
        """Écrit la configuration.

        :param noms: briques chargées.
        """
        liste = ", ".join(f'"{nom}"' for nom in noms)
        (self.dossier / "ent.toml").write_text(
            f"[serveur]\nsecurise = false\n\n[briques]\nchargees = [{liste}]\n", "utf-8"
        )

    def ent(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Lance la commande ``ent``.

        :param arguments: arguments.
        """
        programme = "from ent_core.cli import principal; principal()"
        return self._lancer([sys.executable, "-c", programme, *arguments], self.dossier)

    def python(self, racine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Lance un module Python dans le dossier d'une brique.

        :param racine: dossier de la brique.
        :param arguments: module et ses arguments.
        """
        return self._lancer([sys.executable, "-m", *arguments], racine)

    def _lancer(self, commande: list[str], lieu: Path) -> subprocess.CompletedProcess[str]:
        propre = {n: v for n, v in os.environ.items() if not n.startswith(("ENT_", "PYTEST_", "COV_"))}
        chemins = os.pathsep.join(map(str, (RACINE, *self._chemins)))
        return subprocess.run(  # noqa: S603 - commandes écrites dans ces essais
            commande,
            cwd=lieu,
            env={**propre, "PYTHONPATH": chemins, "MYPYPATH": chemins, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )
