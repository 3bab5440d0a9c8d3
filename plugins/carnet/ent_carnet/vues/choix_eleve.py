"""Le début de tout acte de discipline : sur quel élève, un seul (DISC-07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, nommer, portee_courante, session_courante
from flask import request

from ent_carnet.schemas.discipline import ChoixEleve
from ent_carnet.services import choix_eleve
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.vues.formulaires import filtres

__all__ = ["Choix", "choisir"]


@dataclass(frozen=True, slots=True)
class Choix:
    """L'élève choisi, s'il l'est, et de quoi montrer le choix.

    :param champs: ce que le gabarit ``discipline/_choix.html`` attend.
    """

    eleve_id: UUID | None
    champs: dict[str, Any]


def choisir(impose: UUID | None = None) -> Choix:
    """L'élève qu'un formulaire renvoie, ou qu'un lien désigne, s'il est de ceux de la personne.

    :param impose: élève déjà connu, d'une demande par exemple.
    :raises Introuvable: il est hors du périmètre de la permission.
    """
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    lus = filtres(ChoixEleve())
    eleve_id: UUID | None = impose or request.form.get("eleve", type=UUID) or lus["eleve"]
    if eleve_id is not None:
        exiger_atteint(session, contexte, portee, eleve_id)
    structures = choix_eleve.structures(session, contexte, portee)
    return Choix(
        eleve_id,
        {
            "structures": structures,
            "structure_id": lus["structure"],
            "eleves": choix_eleve.eleves_de(session, contexte, structures, lus["structure"]),
            "eleve": nommer(session, [eleve_id]).get(eleve_id) if eleve_id else None,
        },
    )
