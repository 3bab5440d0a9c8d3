"""Les réglages par l'API : indicateurs d'un motif, demi-journée et seuils."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import Reglage
from ent_carnet.permissions import REGLER
from ent_carnet.schemas.absences import IndicateurSaisi, ReglageLu, ReglageSaisi
from ent_carnet.schemas.suivi_absences import EffetLu
from ent_carnet.services import actes_absences, indicateurs, motifs

__all__ = ["lire_les_reglages"]


@ressources.get("/reglages")
@exige(REGLER)
@ressources.response(200, ReglageLu)
def lire_les_reglages() -> Reglage:
    """Règle de la demi-journée et seuils de l'établissement."""
    return motifs.reglage(session_courante(), contexte_courant().uai)


@ressources.put("/reglages")
@exige(REGLER)
@ressources.arguments(ReglageSaisi)
@ressources.response(200, ReglageLu)
def changer_les_reglages(saisie: dict[str, Any]) -> Reglage:
    """Change la règle et les seuils ; ce qui est scellé ne change pas."""
    return actes_absences.regler(session_courante(), contexte_courant(), horloge_courante(), saisie)


@ressources.post("/absences/motifs/<uuid:motif_id>")
@exige(REGLER)
@ressources.arguments(IndicateurSaisi)
@ressources.response(200, EffetLu)
def changer_un_motif(saisie: dict[str, Any], motif_id: UUID) -> indicateurs.Effet:
    """Change un indicateur à une date ; sans ``confirmer``, rien ne change : c'est un aperçu."""
    session, contexte, horloge = session_courante(), contexte_courant(), horloge_courante()
    if saisie.pop("confirmer"):
        return actes_absences.changer_motif(session, contexte, horloge, motif_id, saisie)
    return indicateurs.previsualiser(
        session, contexte.uai, contexte.annee, motif_id, **saisie, auteur_id=contexte.personne_id,
        instant=horloge.maintenant(),
    )  # fmt: skip
