"""Le carnet d'un élève par l'API : les lignes que lit la famille, « vu », punitions et sanctions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    PersonneNommee,
    contexte_courant,
    eleves_nommes,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import CARNET
from ent_carnet.schemas.discipline_lue import DisciplineRendue, EleveRendu
from ent_carnet.schemas.famille import ChoixCarnet, LigneLue, VuesSaisies
from ent_carnet.services import discipline_famille, explication, famille
from ent_carnet.services.lecture_famille import LigneMontree, lignes_montrees, marquer_vues
from ent_carnet.traitements import AFFICHAGE, ASSIDUITE, PUNITIONS, SANCTIONS

__all__ = ["lire_la_discipline", "lister_les_eleves", "lister_les_lignes"]

_CARNET = (AFFICHAGE.cle, ASSIDUITE.cle, PUNITIONS.cle, SANCTIONS.cle)
_DISCIPLINE = (PUNITIONS.cle, SANCTIONS.cle)


@ressources.get("/eleves")
@exige(CARNET, traitements=(AFFICHAGE.cle,))
@ressources.response(200, EleveRendu(many=True))
def lister_les_eleves() -> list[PersonneNommee]:
    """Élèves dont on lit le carnet : soi-même, ou ses enfants."""
    return eleves_nommes(session_courante(), contexte_courant(), portee_courante())


@ressources.get("/eleves/<uuid:eleve_id>/discipline")
@exige(CARNET, traitements=_DISCIPLINE)
@ressources.response(200, DisciplineRendue)
def lire_la_discipline(eleve_id: UUID) -> dict[str, Any]:
    """Punitions et sanctions de l'année d'un élève, telles que sa famille les lit."""
    session, contexte = session_courante(), contexte_courant()
    explication.exiger_l_ecran(session, contexte, portee_courante(), eleve_id)
    lu = discipline_famille.lire(session, contexte, eleve_id, horloge_courante().maintenant())
    return {
        "punitions": lu.punitions,
        "procedures": [discipline_famille.montree(dossier) for dossier in lu.dossiers],
        "interdictions": [{"du": du, "au": au} for du, au in lu.interdictions],
    }


@ressources.get("/eleves/<uuid:eleve_id>/lignes")
@exige(CARNET, traitements=_CARNET)
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
