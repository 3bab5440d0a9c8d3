"""La section ``[gar]`` : l'envoi de l'annuaire au gestionnaire national d'accès aux ressources."""

from __future__ import annotations

import re

from ent_core.socle.section import Section

__all__ = ["Gar"]


class Gar(Section, frozen=True, kw_only=True):
    """L'envoi de l'annuaire au gestionnaire d'accès aux ressources ; sans identifiant, rien ne part.

    :param id_ent: identifiant de l'ENT, donné par le GAR à l'accrochage ; vide, aucun envoi.
    :param dossier: où paraissent les archives, chaque nuit ; vide, ``gar`` dans ``donnees``.
    :param seuil_baisse: part des élèves ou des personnels d'un établissement au-delà de laquelle un envoi
        s'arrête et demande.
    """

    id_ent: str = ""
    dossier: str = ""
    seuil_baisse: float = 0.2

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{0,32}", self.id_ent):
            raise ValueError("« id_ent » a 32 lettres, chiffres ou traits d'union au plus, sans accent")
        if not 0 < self.seuil_baisse <= 1:
            raise ValueError("« seuil_baisse » est une part entre 0 et 1")
