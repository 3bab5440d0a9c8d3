"""Imprimer par l'API : le même document que la page, et la même trace au journal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, session_courante
from werkzeug.wrappers import Response

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import IMPRIMER
from ent_carnet.rendus.impression import gabarits_du_pack, rendre
from ent_carnet.schemas.papier import DivisionVoulue, ImpressionVoulue, SemaineVoulue
from ent_carnet.services import editions

__all__ = ["imprimer_les_carnets", "imprimer_les_feuilles", "preparer_le_pack"]

_FICHIER = {"type": "string", "format": "binary"}
_PDF, _ZIP = "application/pdf", "application/zip"


@ressources.post("/papier/appel")
@exige(IMPRIMER)
@ressources.arguments(ImpressionVoulue)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_les_feuilles(voulue: dict[str, Any]) -> Response:
    """Feuilles d'appel d'un jour."""
    edition = editions.appel(session_courante(), contexte_courant(), voulue["jour"], voulue["division"])
    return rendre(editions.exiger(edition))


@ressources.post("/papier/semaine")
@exige(IMPRIMER)
@ressources.arguments(SemaineVoulue)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_les_carnets(voulue: dict[str, Any]) -> Response:
    """Carnets de la semaine d'un jour, pour les familles qui gardent le papier, ou pour toutes."""
    edition = editions.carnets(
        session_courante(), contexte_courant(), voulue["jour"], horloge_courante().maintenant(),
        division_id=voulue["division"], tous=voulue["tous"],
    )  # fmt: skip
    return rendre(editions.exiger(edition))


@ressources.post("/papier/presentation")
@exige(IMPRIMER)
@ressources.arguments(DivisionVoulue)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_les_presentations(voulue: dict[str, Any]) -> Response:
    """Lettres qui présentent le carnet aux familles d'une division."""
    edition = editions.presentation(session_courante(), contexte_courant(), voulue["division"])
    return rendre(editions.exiger(edition))


@ressources.post("/papier/panne")
@exige(IMPRIMER)
@ressources.arguments(ImpressionVoulue)
@ressources.response(200, _FICHIER, content_type=_ZIP)
def preparer_le_pack(voulue: dict[str, Any]) -> Response:
    """Pack de panne : feuilles d'appel de plusieurs jours, qui s'ouvrent serveur éteint."""
    edition = editions.pack(session_courante(), contexte_courant(), voulue["jour"], gabarits_du_pack())
    return rendre(editions.exiger(edition))


@ressources.post("/papier/punitions/<uuid:punition_id>")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_la_punition(punition_id: UUID) -> Response:
    """Lettre d'une punition, une par foyer."""
    return rendre(editions.punition(session_courante(), contexte_courant(), punition_id))


@ressources.post("/papier/sanctions/<uuid:sanction_id>")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_la_procedure(sanction_id: UUID) -> Response:
    """Lettre qu'appelle l'état d'une procédure : les faits, ou la décision."""
    return rendre(editions.procedure(session_courante(), contexte_courant(), sanction_id))


@ressources.post("/papier/sanctions/<uuid:sanction_id>/convocation")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_la_convocation(sanction_id: UUID) -> Response:
    """Lettre de la dernière convocation : être entendu, ou venir devant le conseil de discipline."""
    return rendre(editions.convocation(session_courante(), contexte_courant(), sanction_id))


@ressources.post("/papier/alertes/<uuid:alerte_id>")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_l_alerte(alerte_id: UUID) -> Response:
    """Lettre qui propose une rencontre au sujet d'absences."""
    return rendre(editions.alerte(session_courante(), contexte_courant(), alerte_id))


@ressources.post("/papier/autorisations/<uuid:demande_absence_id>")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_la_demande_absence(demande_absence_id: UUID) -> Response:
    """Lettre qui invite à demander une autorisation d'absence."""
    return rendre(editions.demande_absence(session_courante(), contexte_courant(), demande_absence_id))


@ressources.post("/papier/signalements/<uuid:signalement_id>")
@exige(IMPRIMER)
@ressources.response(200, _FICHIER, content_type=_PDF)
def imprimer_le_signalement(signalement_id: UUID) -> Response:
    """Lettres d'un signalement décidé : aux responsables, et à l'élève."""
    return rendre(editions.signalement(session_courante(), contexte_courant(), signalement_id))
