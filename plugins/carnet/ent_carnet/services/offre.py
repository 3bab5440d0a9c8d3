"""Ce que le carnet offre aux autres briques : les décomptes scellés, à qui le registre les destine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ent_core.brique import (
    Contexte,
    DecompteScelle,
    DecomptesScelles,
    Demande,
    eleves,
    portee_de_lecture,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Decompte
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
    d = Decompte
    portee = portee_de_lecture(contexte, d.eleve_id, d.periode, d.demi_journees, d.non_reglees, d.retards)
    if portee is None:
        return ()
    lus = session.scalars(
        select(d).where(
            d.uai == contexte.uai, d.annee == demande.annee, d.periode == str(demande.periode),
            d.eleve_id.in_(demande.eleves), d.eleve_id.in_(eleves(contexte, portee)),
        )
    ).all()  # fmt: skip
    corriges = set()
    if lus and portee_de_lecture(contexte, Absence.annoncee):  # la famille lit ce qui s'imprime, rien d'autre
        vus = {lu.eleve_id for lu in lus}
        ecarts = apres_scellement(session, contexte.uai, demande.annee, demande.periode, vus)
        corriges = {ecart.eleve_id for ecart in ecarts}
    return [
        DecompteScelle(
            lu.eleve_id, lu.demi_journees, lu.non_reglees, lu.retards, lu.scelle_le, lu.eleve_id in corriges
        )
        for lu in lus
    ]
