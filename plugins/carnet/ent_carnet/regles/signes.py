"""Ce qui change dans l'assiduité d'un élève, dit en phrases à l'équipe qui le suit : ni note, ni classement.

Une personne lit et décide. Rien ici ne se trie, ne s'additionne ni ne se compare d'un élève à l'autre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from ent_carnet.regles.demi_journees import DemiJournee, Moitie

__all__ = ["signes"]

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_FENETRE = timedelta(days=28)
_REPETEES = 3


def signes(lignes: Sequence[DemiJournee], retards: Sequence[date], jour: date) -> list[str]:
    """Faits qui méritent d'être regardés ensemble ; vide, rien n'a changé.

    :param lignes: demi-journées de l'élève, dans l'ordre.
    :param retards: jours de ses retards.
    :param jour: jour où l'on regarde.
    """
    charniere = jour - _FENETRE
    comptees = [ligne for ligne in lignes if ligne.compte]
    recentes = [ligne for ligne in comptees if charniere < ligne.jour <= jour]
    avant = [ligne for ligne in comptees if charniere - _FENETRE < ligne.jour <= charniere]
    trouves = []
    if len(recentes) >= _REPETEES and len(recentes) > len(avant):
        trouves.append(
            f"{len(recentes)} demi-journées d'absence en quatre semaines, {len(avant)} les quatre d'avant."
        )
    trouves += [
        f"Absent {nombre} fois le {_JOURS[rang]} {'matin' if moitie is Moitie.MATIN else 'après-midi'}"
        " en quatre semaines."
        for (rang, moitie), nombre in sorted(_habitudes(recentes).items())
        if nombre >= _REPETEES
    ]
    sans_motif = sum(not ligne.motif for ligne in recentes)
    if sans_motif >= _REPETEES:
        trouves.append(f"{sans_motif} demi-journées récentes sans aucun motif donné.")
    tardifs = sum(charniere < retard <= jour for retard in retards)
    if tardifs >= _REPETEES:
        trouves.append(f"{tardifs} retards en quatre semaines.")
    return trouves


def _habitudes(lignes: Sequence[DemiJournee]) -> Counter[tuple[int, Moitie]]:
    return Counter((ligne.jour.weekday(), ligne.moitie) for ligne in lignes)
