"""L'API des sanctions : les mêmes actes que les pages, sous les mêmes règles de procédure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    AccesRefuse,
    DonneeInvalide,
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import InterdictionConservatoire, SanctionEleve
from ent_carnet.nomenclatures import SuiteDemande
from ent_carnet.permissions import INSTRUIRE, SANCTIONNER, SANCTIONS
from ent_carnet.schemas.discipline import (
    EffacementSaisi,
    EtapeNotee,
    ExclusionSaisie,
    NotificationSaisie,
    OuvertureSaisie,
    PrononceSaisi,
)
from ent_carnet.schemas.discipline_lue import Cree, DossierRendu, LigneDuRegistreRendue, SanctionRendue
from ent_carnet.schemas.registre import AnneeVoulue
from ent_carnet.services import demandes, effacement, procedure, registre, sanctions
from ent_carnet.services.dossier import Dossier, lit_les_dossiers

__all__ = ["lire_un_dossier", "lister_sanctions"]


@ressources.get("/sanctions")
@exige(SANCTIONS)
@ressources.response(200, SanctionRendue(many=True))
def lister_sanctions() -> list[sanctions.SanctionLue]:
    """Rend les sanctions des élèves atteints ; les procédures en cours, à qui lit les dossiers."""
    contexte = contexte_courant()
    return sanctions.lister(
        session_courante(), contexte, portee_courante(), instruction=lit_les_dossiers(contexte)
    )


@ressources.post("/sanctions")
@exige(INSTRUIRE)
@ressources.arguments(OuvertureSaisie)
@ressources.response(201, Cree)
def ouvrir_une_procedure(saisie: dict[str, Any]) -> SanctionEleve:
    """Ouvre une procédure pour un élève ; elle peut répondre à une demande."""
    session, contexte = session_courante(), contexte_courant()
    demande_id, eleve_id = saisie.pop("demande"), saisie.pop("eleve")
    ouverte = procedure.ouvrir(session, contexte, portee_courante(), eleve_id=eleve_id, **saisie)
    if demande_id is not None:
        demandes.suivre(session, contexte, demande_id, SuiteDemande.ENGAGEE)
    return ouverte


@ressources.get("/sanctions/<uuid:sanction_id>")
@exige(SANCTIONS)
@ressources.response(200, SanctionRendue)
def lire_une_sanction(sanction_id: UUID) -> sanctions.SanctionLue:
    """Rend une sanction notifiée, sans le dossier."""
    return sanctions.trouver(session_courante(), contexte_courant(), portee_courante(), sanction_id)


@ressources.get("/sanctions/<uuid:sanction_id>/dossier")
@exige(SANCTIONS)
@ressources.response(200, DossierRendu)
def lire_un_dossier(sanction_id: UUID) -> Dossier:
    """Rend une procédure entière, à la direction et au CPE."""
    contexte = contexte_courant()
    if not lit_les_dossiers(contexte):
        raise AccesRefuse(
            "le dossier d'une procédure se lit par la direction et le CPE.",
            remede="lire la sanction notifiée, sans son dossier.",
        )
    return sanctions.du_dossier(session_courante(), contexte, portee_courante(), sanction_id)


@ressources.post("/sanctions/<uuid:sanction_id>/etapes")
@exige(INSTRUIRE)
@ressources.arguments(EtapeNotee)
@ressources.response(200, DossierRendu)
def noter_une_etape(saisie: dict[str, Any], sanction_id: UUID) -> Dossier:
    """Note une étape de l'instruction."""
    return procedure.noter(
        session_courante(), contexte_courant(), sanction_id, saisie["etape"], saisie["le"],
        voie=saisie["voie"], reunion=EtapeNotee.reunion(saisie), pieces=EtapeNotee.pieces(saisie),
    )  # fmt: skip


@ressources.post("/sanctions/<uuid:sanction_id>/prononce")
@exige(SANCTIONNER)
@ressources.arguments(PrononceSaisi)
@ressources.response(200, DossierRendu)
def prononcer_une_sanction(saisie: dict[str, Any], sanction_id: UUID) -> Dossier:
    """Prononce la sanction, révoque un sursis, ou les deux."""
    prononce = PrononceSaisi().prononce(saisie)
    return sanctions.prononcer(session_courante(), contexte_courant(), sanction_id, prononce)


@ressources.post("/sanctions/<uuid:sanction_id>/notification")
@exige(INSTRUIRE)
@ressources.arguments(NotificationSaisie)
@ressources.response(200, DossierRendu)
def notifier_une_decision(saisie: dict[str, Any], sanction_id: UUID) -> Dossier:
    """Note que la décision est notifiée ; la famille peut la lire."""
    instant = horloge_courante().maintenant()
    return sanctions.notifier(
        session_courante(), contexte_courant(), sanction_id, saisie["le"], saisie["voie"], instant
    )


@ressources.post("/sanctions/<uuid:sanction_id>/execution")
@exige(INSTRUIRE)
@ressources.arguments(ExclusionSaisie)
@ressources.response(200, DossierRendu)
def executer_une_sanction(saisie: dict[str, Any], sanction_id: UUID) -> Dossier:
    """Exécute la sanction ; une exclusion a ses jours."""
    instant = horloge_courante().maintenant()
    return sanctions.executer(session_courante(), contexte_courant(), sanction_id, **saisie, instant=instant)


@ressources.post("/sanctions/<uuid:sanction_id>/interdictions")
@exige(SANCTIONNER)
@ressources.arguments(ExclusionSaisie)
@ressources.response(201, Cree)
def interdire_l_acces(saisie: dict[str, Any], sanction_id: UUID) -> InterdictionConservatoire:
    """Interdit l'accès à titre conservatoire, le temps de la défense."""
    du, au = saisie["du"], saisie["au"]
    if du is None or au is None:
        raise DonneeInvalide(
            "une interdiction d'accès a un premier et un dernier jour.", remede="les donner."
        )
    instant = horloge_courante().maintenant()
    return procedure.interdire(session_courante(), contexte_courant(), sanction_id, du, au, instant)


@ressources.delete("/sanctions/<uuid:sanction_id>/interdictions/<uuid:interdiction_id>")
@exige(SANCTIONNER)
@ressources.response(204)
def lever_une_interdiction(sanction_id: UUID, interdiction_id: UUID) -> None:
    """Lève une interdiction d'accès avant son terme."""
    procedure.lever(session_courante(), contexte_courant(), interdiction_id, horloge_courante().maintenant())


@ressources.post("/sanctions/<uuid:sanction_id>/effacement")
@exige(SANCTIONNER)
@ressources.arguments(EffacementSaisi)
@ressources.response(204)
def effacer_une_sanction(saisie: dict[str, Any], sanction_id: UUID) -> None:
    """Efface une sanction à la demande de la famille ; ``confirmer`` le dit, cela ne s'annule pas."""
    session, contexte = session_courante(), contexte_courant()
    dossier = sanctions.du_dossier(session, contexte, portee_courante(), sanction_id)
    effacement.demander(session, contexte, dossier.sanction)


@ressources.get("/registre")
@exige(INSTRUIRE)
@ressources.arguments(AnneeVoulue, location="query")
@ressources.response(200, LigneDuRegistreRendue(many=True))
def lire_le_registre(voulue: dict[str, int | None]) -> list[registre.LigneLue]:
    """Rend le registre des sanctions d'une année, sans aucun nom."""
    contexte = contexte_courant()
    return registre.lire(session_courante(), contexte.uai, voulue["annee"] or contexte.annee)
