"""Déplier un cours en séances datées : son jour, chaque semaine de son alternance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from ent_core.identite.sts.modeles import Alternance, CoursSts

__all__ = ["occurrences"]


def occurrences(cours: CoursSts, alternances: Mapping[str, Alternance]) -> Iterator[tuple[date, time, time]]:
    """Rend le jour, le début et la fin de chaque séance, dans l'ordre du calendrier.

    Les congés et les jours fériés ne sont pas retirés : ils appartiennent au calendrier de l'établissement.
    Un cours dont l'alternance est inconnue n'a aucune séance ; la lecture l'a signalé.

    :param alternances: celles du même fichier, par code.
    """
    alternance = alternances.get(cours.alternance)
    if alternance is None:
        return
    for lundi in alternance.lundis:
        jour = lundi + timedelta(days=cours.jour - 1)
        fin = datetime.combine(jour, cours.debut) + cours.duree
        yield jour, cours.debut, fin.time()
