"""L'accueil de l'assistant d'éducation : qui manque, qui appeler, quelles retenues surveiller. En nombres."""

from __future__ import annotations

from datetime import datetime, timedelta

from ent_core.brique import (
    ANNEE,
    UAI,
    Contexte,
    EtatVignette,
    LigneVignette,
    Role,
    Vignette,
    annee_scolaire,
    heure,
    instant_lie,
    lire,
)
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from ent_carnet.modeles import Retenue
from ent_carnet.nomenclatures import EtatRetenue
from ent_carnet.permissions import JOINDRE
from ent_carnet.services.enonces_tableau import A_JOINDRE, ABSENTS
from ent_carnet.services.feuille import minuit

__all__ = ["vignette"]

_retenue = Retenue.__table__.c
_absents, _a_joindre = ABSENTS.subquery("absents"), A_JOINDRE.subquery("a_joindre")
_DU_MOMENT = union_all(
    select(literal("absents").label("quoi"), func.count(_absents.c.eleve_id.distinct())),
    select(literal("joindre"), func.count(_a_joindre.c.eleve_id.distinct())),
    select(literal("retenues"), func.count(_retenue.id)).where(
        _retenue.uai == UAI, _retenue.annee == ANNEE, _retenue.etat == EtatRetenue.PREVUE.value,
        _retenue.debut >= instant_lie("matin"), _retenue.debut < instant_lie("soir"),
    ),
)  # fmt: skip
_MOTS = (
    ("absents", "élève absent à cette heure", "élèves absents à cette heure"),
    ("joindre", "famille à joindre", "familles à joindre"),
    ("retenues", "retenue aujourd'hui", "retenues aujourd'hui"),
)


def vignette(session: Session, contexte: Contexte, maintenant: datetime) -> Vignette | None:
    """« Vie scolaire maintenant », en un énoncé ; rien pour qui n'est pas assistant d'éducation.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param maintenant: l'instant.
    """
    if Role.ASSISTANT_EDUCATION not in contexte.roles:
        return None
    jour = contexte.jour
    valeurs = {
        "uai": contexte.uai, "annee": annee_scolaire(jour), "jour": jour, "matin": minuit(jour),
        "soir": minuit(jour + timedelta(days=1)), "instant": maintenant, "montre": maintenant,
    }  # fmt: skip
    nombres: dict[str, int] = {quoi: nombre for quoi, nombre in lire(session, _DU_MOMENT, valeurs)}
    lignes = tuple(
        LigneVignette(
            f"{nombre} {un if nombre == 1 else des}", "",
            *(("carnet.retenues_du_jour", {}) if quoi == "retenues" else ("carnet.presences", {"vue": quoi})),
        )
        for quoi, un, des in _MOTS
        if (nombre := nombres[quoi])
    )  # fmt: skip
    return Vignette(
        "carnet.presences", "Vie scolaire maintenant", lignes, permission=JOINDRE, ordre=10,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide=f"À {heure(maintenant)}, personne n'est noté absent, ni à joindre.",
        point="carnet.presences", libelle_lien="Voir les appels et tout le reste",
    )  # fmt: skip
