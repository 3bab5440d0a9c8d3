"""Les droits ouverts par chaque base légale (RGPD, articles 15 à 22) : à relire par le délégué."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ent_core.contrat.donnees import BaseLegale, Traitement

__all__ = ["Droit", "DroitOuvert", "droits"]


class Droit(StrEnum):
    """Droits des personnes sur leurs données."""

    ACCES = "accès"
    RECTIFICATION = "rectification"
    LIMITATION = "limitation"
    OPPOSITION = "opposition"
    EFFACEMENT = "effacement"
    PORTABILITE = "portabilité"
    RETRAIT = "retrait du consentement"


_OUVERTS: dict[BaseLegale, frozenset[Droit]] = {
    BaseLegale.MISSION_INTERET_PUBLIC: frozenset(
        {Droit.ACCES, Droit.RECTIFICATION, Droit.LIMITATION, Droit.OPPOSITION}
    ),
    BaseLegale.OBLIGATION_LEGALE: frozenset({Droit.ACCES, Droit.RECTIFICATION, Droit.LIMITATION}),
    BaseLegale.CONSENTEMENT: frozenset(set(Droit) - {Droit.OPPOSITION}),
}

_PHRASES: dict[Droit, tuple[str, str]] = {
    Droit.ACCES: (
        "voir vos données et en recevoir une copie",
        "",
    ),
    Droit.RECTIFICATION: ("faire corriger ce qui est faux", ""),
    Droit.LIMITATION: ("faire suspendre leur emploi, le temps de vérifier", ""),
    Droit.OPPOSITION: (
        "vous y opposer, pour une raison qui tient à votre situation",
        "vous y opposer : la loi ne l'ouvre pas pour ce traitement",
    ),
    Droit.EFFACEMENT: (
        "les faire effacer",
        "les faire effacer avant le terme, sauf exception : l'école en a encore besoin pour sa mission",
    ),
    Droit.PORTABILITE: ("les emporter dans un format réutilisable", ""),
    Droit.RETRAIT: ("retirer votre accord à tout moment", ""),
}


@dataclass(frozen=True, slots=True)
class DroitOuvert:
    """Un droit, et ce qu'il permet ici.

    :param ouvert: faux si la base légale, ou la déclaration, ne l'ouvre pas.
    :param phrase: ce qui est dit aux personnes ; vide si un droit fermé n'appelle pas d'explication.
    """

    droit: Droit
    ouvert: bool
    phrase: str


def droits(traitement: Traitement) -> tuple[DroitOuvert, ...]:
    """Droits des personnes sur un traitement, dans un ordre stable.

    Une mission d'intérêt public ouvre l'opposition (RGPD, article 21), sauf si la déclaration dit que non et
    pourquoi ; sans rien en dire, la demande est reçue et motivée.

    :param traitement: déclaration.
    """
    ouverts = set(_OUVERTS[traitement.base])
    opposition = traitement.opposition
    if opposition is not None:
        (ouverts.add if opposition.possible else ouverts.discard)(Droit.OPPOSITION)
    rendus = []
    for droit in Droit:
        oui, non = _PHRASES[droit]
        ouvert = droit in ouverts
        if droit is Droit.OPPOSITION and not ouvert and opposition is not None and opposition.motif:
            non = f"vous y opposer : non, car {_minuscule(opposition.motif)}"
        rendus.append(DroitOuvert(droit, ouvert, oui if ouvert else non))
    return tuple(rendus)


def _minuscule(texte: str) -> str:
    return texte[:1].lower() + texte[1:].rstrip(".")
