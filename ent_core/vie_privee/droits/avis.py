"""Ce que la loi permet de répondre : calculé de la base légale de chaque traitement, jamais deviné."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ent_core.contrat.donnees import Traitement
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.droits import Droit, droits

__all__ = ["RECOURS", "Avis", "MotifRefus", "demandables", "rendre_avis"]

RECOURS = (
    "Si vous n'êtes pas d'accord : vous pouvez écrire au délégué à la protection des données de l'académie ;"
    " saisir la CNIL (3, place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, www.cnil.fr/fr/plaintes) ;"
    " ou saisir le tribunal, dans les deux mois : le tribunal administratif pour un établissement public."
)
"""Voies de recours, jointes à tout refus (RGPD, article 12.4)."""


class MotifRefus(StrEnum):
    """Pourquoi une demande est refusée, en tout ou partie."""

    CONSERVATION = "conservation"
    NON_OUVERT = "non_ouvert"
    IDENTITE = "identite"
    QUALITE = "qualite"
    ABUSIVE = "abusive"
    RIEN = "rien"


MOTIFS: dict[MotifRefus, str] = {
    MotifRefus.CONSERVATION: "La loi impose de garder ces données jusqu'à leur terme (RGPD, article 17.3 b).",
    MotifRefus.NON_OUVERT: "La loi n'ouvre pas ce droit pour ce traitement.",
    MotifRefus.IDENTITE: "Votre identité n'a pas pu être établie (RGPD, article 12.6).",
    MotifRefus.QUALITE: "Vous n'avez pas qualité pour demander au nom de cette personne.",
    MotifRefus.ABUSIVE: "La demande est manifestement infondée ou excessive (RGPD, article 12.5).",
    MotifRefus.RIEN: "Rien n'est enregistré sur cette personne.",
}
"""Ce que chaque motif dit à la personne."""


@dataclass(frozen=True, slots=True)
class Avis:
    """Ce que la base légale d'un traitement permet.

    :param ouvert: le droit est ouvert.
    :param phrase: pourquoi, dans les mots de la personne.
    """

    cle: str
    intitule: str
    ouvert: bool
    phrase: str


def rendre_avis(traitement: Traitement, droit: Droit) -> Avis:
    """Avis sur un droit, pour un traitement.

    :param traitement: déclaration.
    :param droit: droit demandé.
    """
    ouvert = next(o for o in droits(traitement) if o.droit is droit).ouvert
    if ouvert:
        phrase = f"Ce droit est ouvert : {traitement.base}."
    elif droit is Droit.EFFACEMENT:
        textes = ", ".join(traitement.textes)
        phrase = (
            f"Refusé (RGPD, article 17.3 b) : {traitement.base} ({textes}). Ces données sont gardées"
            f" {phrases.conservation(traitement.conservation)}."
        )
    elif droit is Droit.PORTABILITE:
        phrase = f"Fermé (RGPD, article 20.3) : {traitement.base}. La copie d'accès reste ouverte."
    elif droit is Droit.OPPOSITION and traitement.opposition is not None and traitement.opposition.motif:
        phrase = f"Fermé : {traitement.opposition.motif}"
    else:
        phrase = f"Fermé : la base légale est « {traitement.base} »."
    return Avis(traitement.cle, traitement.intitule, ouvert, phrase)


def demandables(traitements: Iterable[Traitement]) -> list[Droit]:
    """Droits qu'un traitement au moins ouvre, et l'effacement, dont le refus se motive.

    :param traitements: traitements qui portent sur la personne.
    """
    ouverts = {o.droit for traitement in traitements for o in droits(traitement) if o.ouvert}
    return [droit for droit in Droit if droit in ouverts or droit is Droit.EFFACEMENT]
