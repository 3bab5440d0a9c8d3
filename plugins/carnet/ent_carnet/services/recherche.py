"""Trouver un élève de son périmètre, par son nom ou sa division."""

from __future__ import annotations

from collections.abc import Sequence

from ent_core.brique import Contexte, PersonneNommee, Portee, divisions, eleves, inscrits_du_jour
from sqlalchemy.orm import Session

from ent_carnet.regles.tableau import correspond

__all__ = ["LIMITE", "chercher"]

LIMITE = 20


def chercher(
    session: Session, contexte: Contexte, portee: Portee, cherches: Sequence[str]
) -> list[tuple[PersonneNommee, str]]:
    """Élèves inscrits aujourd'hui dans une division, dans l'ordre des noms ; ``LIMITE`` au plus.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui cherche.
    :param portee: périmètre accordé.
    :param cherches: mots cherchés ; aucun, rien n'est trouvé.
    """
    if not cherches:
        return []
    noms = {d.id: d.libelle for d in divisions(session, contexte.uai, contexte.annee)}
    inscrits = inscrits_du_jour(session, contexte.uai, contexte.annee, contexte.jour, groupes=False)
    atteints = None if portee is Portee.ETABLISSEMENT else set(session.scalars(eleves(contexte, portee)))
    trouves = [
        (eleve, noms[structure])
        for structure, siens in inscrits.items()
        if structure in noms
        for eleve in siens
        if (atteints is None or eleve.id in atteints)
        and correspond(cherches, f"{eleve.libelle} {noms[structure]}")
    ]
    return sorted(trouves, key=lambda trouve: (trouve[0].nom, trouve[0].prenom, trouve[1]))[:LIMITE]
