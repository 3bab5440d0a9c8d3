"""Ce que l'on devine d'abord d'une personne, et qui ne fait donc pas un mot de passe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import pas_fini
from ent_core.donnees.session import changer_portage, portage
from ent_core.identite.contextes import ContextePossible, contextes_possibles, exigence_de
from ent_core.identite.force_secret import ecritures
from ent_core.identite.modeles import Division, Inscription
from ent_core.identite.regles_secret import exiger_secret
from ent_core.socle.calendrier import Horloge

__all__ = ["exiger_du_titulaire"]


def exiger_du_titulaire(
    session: Session, horloge: Horloge, compte: Row[*tuple[Any, ...]], secret: str
) -> None:
    """Applique au mot de passe l'exigence des titres de la personne, qui vient d'être prouvée.

    :param compte: ``personne_id``, ``identifiant``, ``nom``, ``prenom`` et ``naissance`` du titulaire.
    :param secret: mot de passe choisi.
    :raises DonneeInvalide: mot de passe trop faible.
    """
    changer_portage(session, personne=compte.personne_id)
    contextes = contextes_possibles(session, compte.personne_id, horloge.aujourd_hui())
    entourage = [texte for c in contextes for texte in (c.uai, c.etablissement_nom)]
    entourage += _divisions(session, horloge, compte.personne_id, contextes)
    if compte.naissance is not None:
        entourage += ecritures(compte.naissance)
    exiger_secret(
        secret, exigence_de(contextes), (compte.identifiant, compte.nom, compte.prenom or ""), entourage
    )


def _divisions(
    session: Session, horloge: Horloge, personne_id: UUID, contextes: Sequence[ContextePossible]
) -> list[str]:
    """Divisions d'un élève : « 6eB » est la première chose qu'il écrirait."""
    ici = portage(session).uai
    trouvees: list[str] = []
    for contexte in contextes:
        if contexte.profil == Profil.ELEVE:
            changer_portage(session, uai=contexte.uai)
            trouvees += session.scalars(
                select(Division.libelle)
                .join(Inscription, Inscription.division_id == Division.id)
                .where(
                    Division.uai == contexte.uai,
                    Inscription.uai == contexte.uai,
                    Inscription.annee == Division.annee,
                    Inscription.personne_id == personne_id,
                    pas_fini(Inscription, horloge.aujourd_hui()),
                )
            )
            changer_portage(session, uai=ici)
    return [libelle for libelle in trouvees if libelle]
