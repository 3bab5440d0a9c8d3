"""Le journal des actes : qui a fait quoi, quand, où ; jamais de valeur nominative (CNIL-LOG-01)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.identite.modeles import ActeJournal
from ent_core.identite.reseau import reseau_de
from ent_core.socle.calendrier import Horloge

__all__ = ["COMMANDE", "consigner"]

COMMANDE = UUID(int=0)
"""L'acteur d'une commande du serveur : aucune personne n'est désignée, et le journal le dit."""

_FORME = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")


def consigner(
    session: Session,
    horloge: Horloge,
    acte: str,
    *,
    uai: str | None = None,
    acteur: UUID | None = None,
    objet: str | None = None,
    details: Mapping[str, str | int | bool | None] | None = None,
    reseau: str | None = None,
) -> None:
    """Ajoute un acte au journal, dans la transaction de l'appelant.

    :param acte: objet et participe passé, par exemple ``session.ouverte``.
    :param uai: établissement où l'acte a lieu.
    :param acteur: personne qui agit (``personne.id``) ; ``COMMANDE`` ; ``None`` si elle n'est pas prouvée.
    :param objet: identifiant technique de ce sur quoi l'acte porte.
    :param details: codes et nombres.
    :param reseau: adresse de la requête ; seul son réseau est gardé.
    :raises ValueError: le nom de l'acte n'a pas la forme voulue (faute de programmation).
    """
    if not _FORME.fullmatch(acte):
        raise ValueError(f"« {acte} » n'est pas un nom d'acte : écrire « objet.participe_passe »")
    par_commande = {"origine": "commande"} if acteur == COMMANDE else {}
    session.add(
        ActeJournal(
            instant=horloge.maintenant(),
            acte=acte,
            uai=uai,
            acteur_id=None if par_commande else acteur,
            objet=objet,
            details={**(details or {}), **par_commande},
            reseau=None if reseau is None else reseau_de(reseau),
        )
    )
