"""Une valeur et un instant confiés au navigateur, scellés : il les rapporte, il ne les change pas."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from ent_core.web.instance import instance

__all__ = ["marquer", "relire"]


def marquer(usage: str, texte: str = "") -> str:
    """Marque à mettre dans une adresse.

    :param usage: à quoi elle sert ; deux usages ne se confondent pas.
    :param texte: ce qu'elle porte, sans point.
    """
    instant = f"{instance().horloge.maintenant().timestamp():.6f}".replace(".", "-")
    return f"{texte}.{instant}.{_sceau(usage, texte, instant)}"


def relire(usage: str, marque: str, duree: timedelta) -> tuple[str, datetime] | None:
    """Ce que porte une marque, et son instant ; ``None`` si elle est forgée, d'un autre usage, trop vieille.

    :param usage: usage attendu.
    :param marque: marque reçue.
    :param duree: âge permis.
    """
    texte, _, reste = marque.partition(".")
    instant, _, sceau = reste.partition(".")
    if not hmac.compare_digest(sceau.encode(), _sceau(usage, texte, instant).encode()):
        return None
    posee = datetime.fromtimestamp(float(instant.replace("-", ".")), UTC)
    return (texte, posee) if instance().horloge.maintenant() - posee < duree else None


def _sceau(usage: str, texte: str, instant: str) -> str:
    return instance().coffre.sceller(f"marque.{usage}", texte, instant).hex()[:32]
