"""Mesurer deux choses en alternance, et n'en garder que le rapport."""

from __future__ import annotations

import math
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Serie", "alterner", "annoncer", "cpu_de", "exposant"]


@dataclass(frozen=True, slots=True)
class Serie:
    """Durées d'un cas, en secondes par opération.

    :param murs: temps écoulé, une valeur par tour.
    :param processeur: temps processeur de ce processus, une valeur par tour.
    """

    murs: tuple[float, ...]
    processeur: tuple[float, ...]

    @property
    def mur(self) -> float:
        """Médiane du temps écoulé."""
        return statistics.median(self.murs)

    @property
    def cpu(self) -> float:
        """Médiane du temps processeur."""
        return statistics.median(self.processeur)


def alterner(cas: Mapping[str, Callable[[], object]], *, tours: int, fois: int) -> dict[str, Serie]:
    """Joue chaque cas à chaque tour, dans un ordre tiré au sort, après un tour d'échauffement.

    :param cas: nom → opération.
    :param tours: tours comptés.
    :param fois: opérations par tour.
    """
    murs: dict[str, list[float]] = {nom: [] for nom in cas}
    cpu: dict[str, list[float]] = {nom: [] for nom in cas}
    ordre = list(cas)
    for tour in range(tours + 1):
        random.Random(tour).shuffle(ordre)  # noqa: S311 - un ordre de mesure, reproductible
        for nom in ordre:
            operation, debut, debut_cpu = cas[nom], time.perf_counter(), time.process_time()
            for _ in range(fois):
                operation()
            if tour:
                murs[nom].append((time.perf_counter() - debut) / fois)
                cpu[nom].append((time.process_time() - debut_cpu) / fois)
    return {nom: Serie(tuple(murs[nom]), tuple(cpu[nom])) for nom in cas}


def cpu_de(pid: int) -> float:
    """Temps processeur d'un autre processus, au centième de seconde.

    :param pid: processus, par exemple celui de PostgreSQL qui nous sert.
    """
    champs = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(champs[11]) + int(champs[12])) / os.sysconf("SC_CLK_TCK")


def exposant(tailles: Sequence[int], couts: Sequence[float]) -> float:
    """Pente de log(coût) sur log(taille), par moindres carrés : 0 si le coût ne dépend pas de la taille.

    :param tailles: nombres d'établissements.
    :param couts: coût par requête, mêmes rangs.
    """
    x = [math.log(taille) for taille in tailles]
    y = [math.log(cout) for cout in couts]
    mx, my = statistics.fmean(x), statistics.fmean(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def annoncer(libelle: str, valeur: float, but: str, tenu: bool) -> None:
    """Écrit une figure et son but.

    :param libelle: ce qui est mesuré.
    :param valeur: rapport ou nombre.
    :param but: but, en clair.
    :param tenu: le but est-il tenu ?
    """
    print(f"{'tenu ' if tenu else 'RATÉ '} {libelle:<62} {valeur:>8.3f}   but {but}")
