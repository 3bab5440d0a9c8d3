"""Lire un tutoriel comme on le suivrait : les commandes, les fichiers à écrire, les lignes à changer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Pas", "changer", "lire"]

_BLOC = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pas:
    """Un bloc du tutoriel.

    :param langue: ``sh``, ``python`` ou ``diff`` ; les autres se lisent sans se faire.
    :param cible: fichier visé, ou « refus CODE » pour une commande qui doit échouer.
    """

    langue: str
    cible: str
    texte: str


def lire(page: Path) -> list[Pas]:
    """Les pas d'une page, dans l'ordre.

    :param page: fichier Markdown.
    """
    return [Pas(*trouve) for trouve in _BLOC.findall(page.read_text("utf-8"))]


def changer(fichier: Path, diff: str) -> None:
    """Applique un changement donné par ses lignes ; elles doivent se trouver une fois, et une seule.

    :param fichier: fichier à changer.
    :param diff: lignes gardées (espace), ôtées (-) et ajoutées (+).
    """
    lignes = diff.splitlines()
    avant = "".join(f"{ligne[1:]}\n" for ligne in lignes if ligne[0] in " -")
    apres = "".join(f"{ligne[1:]}\n" for ligne in lignes if ligne[0] in " +")
    texte = fichier.read_text("utf-8")
    assert texte.count(avant) == 1, f"{fichier.name} : {texte.count(avant)} fois\n{avant}"
    fichier.write_text(texte.replace(avant, apres), "utf-8")
