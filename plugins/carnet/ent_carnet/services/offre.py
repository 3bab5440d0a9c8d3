"""Ce que le carnet offre aux autres briques : les décomptes scellés, dans le périmètre de qui demande."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ent_core.brique import Contexte, DecompteScelle, DecomptesScelles, Demande, eleves, perimetre
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Decompte
from ent_carnet.permissions import TRAITER
from ent_carnet.services.decompte import apres_scellement

__all__ = ["repondre"]


def repondre(session: Session, contexte: Contexte, demande: Demande[Any]) -> Sequence[DecompteScelle] | None:
    """Répond à une demande de décomptes scellés ; ``None`` à toute autre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui demande.
    :param demande: demande d'une autre brique.
    """
    if not isinstance(demande, DecomptesScelles):
        return None
    portee = perimetre(contexte, TRAITER)  # qui suit l'assiduité imprime les décomptes
    if portee is None:
        return ()
    lus = session.scalars(
        select(Decompte).where(
            Decompte.uai == contexte.uai, Decompte.annee == demande.annee,
            Decompte.periode == str(demande.periode), Decompte.eleve_id.in_(demande.eleves),
            Decompte.eleve_id.in_(eleves(contexte, portee)),
        )
    ).all()  # fmt: skip
    corriges = set()
    if lus:
        ecarts = apres_scellement(session, contexte.uai, demande.annee, demande.periode)
        corriges = {ecart.eleve_id for ecart in ecarts}
    return [
        DecompteScelle(
            d.eleve_id, d.demi_journees, d.non_reglees, d.retards, d.scelle_le, d.eleve_id in corriges
        )
        for d in lus
    ]
