"""Les codes de secours : dix, imprimés une fois, chacun pour un seul jour sans téléphone."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.identite.modeles import CodeSecours
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge

__all__ = ["NOMBRE", "prouver", "renouveler"]

NOMBRE = 10
_SANS_AMBIGUITE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_TAILLE = 10


def renouveler(
    session: Session, horloge: Horloge, coffre: Coffre, compte_id: UUID, personne_id: UUID
) -> tuple[str, ...]:
    """Donne dix codes neufs, montrés cette seule fois ; les précédents ne valent plus rien.

    :param compte_id: compte.
    :param personne_id: sa personne.
    """
    session.execute(delete(CodeSecours).where(CodeSecours.compte_id == compte_id))
    codes = tuple("".join(secrets.choice(_SANS_AMBIGUITE) for _ in range(_TAILLE)) for _ in range(NOMBRE))
    instant = horloge.maintenant()
    session.add_all(
        CodeSecours(
            empreinte=_empreinte(coffre, compte_id, code),
            compte_id=compte_id,
            personne_id=personne_id,
            cree_le=instant,
        )
        for code in codes
    )
    session.flush()
    consigner(session, horloge, "secours.renouveles", acteur=personne_id, objet=str(compte_id))
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


def prouver(session: Session, horloge: Horloge, coffre: Coffre, compte_id: UUID, saisi: str) -> bool:
    """Vrai si ce code est du compte et n'a pas servi ; il ne servira plus.

    :param compte_id: compte.
    :param saisi: code saisi, avec ou sans tiret, en majuscules ou non.
    """
    servi = session.scalar(
        update(CodeSecours)
        .where(
            CodeSecours.empreinte == _empreinte(coffre, compte_id, saisi),
            CodeSecours.compte_id == compte_id,
            CodeSecours.servi_le.is_(None),
        )
        .values(servi_le=horloge.maintenant())
        .returning(CodeSecours.empreinte)
    )
    return servi is not None


def _empreinte(coffre: Coffre, compte_id: UUID, saisi: str) -> bytes:
    """Une empreinte rapide, à clé, suffit : un code porte 49 bits de hasard, et les essais sont freinés."""
    propre = "".join(c for c in saisi[:40].upper() if c in _SANS_AMBIGUITE)
    return coffre.sceller("secours", str(compte_id), propre)
