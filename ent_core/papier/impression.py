"""Composer des PDF : un gabarit Typst d'une brique, des données, et rien qui puisse s'y glisser.

Les données entrent en JSON, lues par ``json(bytes(sys.inputs.donnees))`` : un nom qui contient du Typst
reste un nom. Chaque document est un PDF/UA-1, en français, avec les seules polices du paquet.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from ent_core.socle.erreurs import DocumentImpossible

__all__ = ["PAR_ATELIER", "imprimer", "imprimer_lot"]

PAR_ATELIER = 60
"""Documents qu'un processus compose au plus : Typst garde en mémoire ce qu'il a composé."""

_OCTETS = 1 << 30
_SECONDES = 30.0
_MODELE = re.compile(r"([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)")
_ATELIER = Path(__file__).with_name("atelier.py")
_MOTIF = re.compile(r"(?:PDF/UA-1 error: )?[a-z ,-]*")


def imprimer(modele: str, donnees: Mapping[str, Any], *, secondes: float = _SECONDES) -> bytes:
    """Compose un document.

    :param modele: paquet et gabarit : ``ent_carnet/semaine`` est ``ent_carnet/papier/semaine.typ``. Les
        gabarits voisins et ``commun.typ`` du noyau s'importent par leur nom.
    :param donnees: ce que le gabarit montre : textes, nombres, listes, dictionnaires, dataclasses.
    :param secondes: temps accordé.
    :raises DocumentImpossible: gabarit fautif, données qu'il ne comprend pas, temps ou mémoire dépassés.
    """
    (document,) = _composer(modele, [donnees], secondes)
    return document


def imprimer_lot(
    modele: str, documents: Iterable[Mapping[str, Any]], *, secondes: float = _SECONDES
) -> Iterator[bytes]:
    """Compose plusieurs documents du même gabarit, dans l'ordre ; la mémoire reste bornée.

    :param modele: comme pour ``imprimer``.
    :param documents: données de chacun.
    :param secondes: temps accordé à chaque groupe de ``PAR_ATELIER`` documents.
    :raises DocumentImpossible: comme ``imprimer``.
    """
    for groupe in _par_groupes(documents):
        yield from _composer(modele, groupe, secondes)


def _par_groupes(documents: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    groupe: list[Mapping[str, Any]] = []
    for document in documents:
        groupe.append(document)
        if len(groupe) == PAR_ATELIER:
            yield groupe
            groupe = []
    if groupe:
        yield groupe


def _composer(modele: str, documents: list[Mapping[str, Any]], secondes: float) -> list[bytes]:
    commande = msgspec.json.encode(
        {
            "fichiers": _gabarits(modele),
            "documents": [msgspec.json.encode(document).decode() for document in documents],
            "octets": _OCTETS,
            "secondes": max(1, int(secondes)) * 2,  # secondes de processeur, sur deux cœurs
        }
    )
    try:
        fini = subprocess.run(  # noqa: S603 - notre interpréteur, notre fichier, aucune donnée en argument
            [sys.executable, "-I", str(_ATELIER)],
            input=commande,
            capture_output=True,
            env={"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "2"},
            timeout=secondes,
            check=False,
        )
    except subprocess.TimeoutExpired as erreur:
        raise _trop_grand(modele) from erreur
    if fini.returncode == 3:
        raise _refus(modele, fini.stderr.decode(errors="replace"))
    if fini.returncode != 0:
        raise _trop_grand(modele)
    return _decouper(fini.stdout)


def _gabarits(modele: str) -> dict[str, str]:
    forme = _MODELE.fullmatch(modele)
    if forme is None:
        raise ValueError(f"« {modele} » n'est pas un modèle : écrire « paquet/gabarit »")
    paquet, nom = forme[1], forme[2]
    trouves = {
        fichier.name: fichier.read_text(encoding="utf-8")
        for fichier in chain(_typ(files("ent_core") / "papier"), _typ(files(paquet) / "papier"))
    }
    if f"{nom}.typ" not in trouves:
        raise ValueError(f"le paquet {paquet} n'a pas de gabarit papier/{nom}.typ")
    trouves["main.typ"] = trouves[f"{nom}.typ"]
    return trouves


def _typ(dossier: Traversable) -> Iterator[Traversable]:
    yield from (fichier for fichier in dossier.iterdir() if fichier.name.endswith(".typ"))


def _decouper(flux: bytes) -> list[bytes]:
    documents, place = [], 0
    while place < len(flux):
        fin = place + 8 + int.from_bytes(flux[place : place + 8], "big")
        documents.append(flux[place + 8 : fin])
        place = fin
    return documents


def _refus(modele: str, dit: str) -> DocumentImpossible:
    # Typst cite ce qu'il n'a pas compris : ce peut être un nom. Seuls ses premiers mots sortent d'ici.
    trouve = _MOTIF.match(dit)
    motif = trouve[0].strip(" ,-") if trouve else ""
    return DocumentImpossible(
        f"ce document n'a pas pu être composé ({motif or 'sans motif'}).",
        remede="réessayer ; si cela dure, donner la référence de l'erreur à l'administrateur.",
        lieu=f"gabarit {modele}",
    )


def _trop_grand(modele: str) -> DocumentImpossible:
    return DocumentImpossible(
        "ce document demande trop de temps ou de mémoire : il n'a pas été composé.",
        remede="imprimer moins de pages à la fois, une classe par exemple.",
        lieu=f"gabarit {modele}",
    )
