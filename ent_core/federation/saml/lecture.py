"""Lire un élément SAML : son texte entier, son instant, sa fraîcheur."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lxml import etree

from ent_core.federation.saml.enveloppe import refus

__all__ = ["AGE_MAXIMAL", "ECART", "exiger_recent", "lire_instant", "lire_texte"]

AGE_MAXIMAL = timedelta(minutes=10)
"""Un message plus vieux n'est pas celui qu'un navigateur vient d'apporter."""

ECART = timedelta(seconds=60)
"""Écart admis entre deux horloges."""


def lire_texte(element: etree._Element | None) -> str:
    """Texte entier : un commentaire glissé au milieu ne le coupe pas (CVE-2018-0489 et ses pareilles)."""
    if element is None:
        return ""
    morceaux = element.xpath("text()")
    return "".join(str(m) for m in morceaux).strip() if isinstance(morceaux, list) else ""


def lire_instant(texte: str | None) -> datetime:
    """Instant d'un attribut ; sans fuseau, il est en temps universel, comme la norme le veut.

    :raises EntreeRefusee: absent, ou illisible.
    """
    try:
        lu = datetime.fromisoformat(texte or "")
    except ValueError as erreur:
        raise refus("heure") from erreur
    return lu if lu.tzinfo else lu.replace(tzinfo=UTC)


def exiger_recent(element: etree._Element, instant: datetime) -> None:
    """Refuse un message trop vieux, ou daté de l'avenir.

    :param element: message ou assertion.
    :param instant: maintenant.
    :raises EntreeRefusee: ``IssueInstant`` est hors de la fenêtre.
    """
    emis = lire_instant(element.get("IssueInstant"))
    if not instant - AGE_MAXIMAL - ECART <= emis <= instant + ECART:
        raise refus("heure")
