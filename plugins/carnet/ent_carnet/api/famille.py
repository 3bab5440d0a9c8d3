"""Le carnet d'un élève par l'API : les lignes que lit la famille, et « vu »."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import CARNET
from ent_carnet.schemas.famille import ChoixCarnet, LigneLue, VuesSaisies
from ent_carnet.services import explication, famille
from ent_carnet.services.lecture_famille import LigneMontree, lignes_montrees, marquer_vues

__all__ = ["lister_les_lignes"]


@ressources.get("/eleves/<uuid:eleve_id>/lignes")
@exige(CARNET)
@ressources.arguments(ChoixCarnet, location="query")
@ressources.response(200, LigneLue(many=True))
def lister_les_lignes(choix: dict[str, Any], eleve_id: UUID) -> list[LigneMontree]:
    """Lignes du carnet d'un élève, de la plus récente à la plus ancienne."""
    return _lignes(eleve_id, tout=choix["tout"])


@ressources.post("/eleves/<uuid:eleve_id>/lignes/vues")
@exige(CARNET)
@ressources.arguments(VuesSaisies)
@ressources.response(204)
def noter_des_lignes_vues(saisie: dict[str, Any], eleve_id: UUID) -> None:
    """Note que l'on a vu des lignes ; la seule date est gardée."""
    marquer_vues(
        session_courante(), contexte_courant(), eleve_id, _lignes(eleve_id, tout=True), saisie["vues"],
        horloge_courante().maintenant(),
    )  # fmt: skip


def _lignes(eleve_id: UUID, *, tout: bool) -> list[LigneMontree]:
    session, contexte = session_courante(), contexte_courant()
    explication.exiger_l_ecran(session, contexte, portee_courante(), eleve_id)
    du, au = famille.fenetre(contexte, tout=tout)
    return lignes_montrees(session, contexte, eleve_id, du, au, horloge_courante().maintenant())
