"""À quels titres une personne peut agir : ses établissements et ses profils du jour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, String, Uuid, bindparam, column, literal, or_, select, table, union
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR
from ent_core.identite.modeles import Etablissement, Rattachement
from ent_core.identite.regles_secret import Exigence

__all__ = ["PERSONNELS", "ContextePossible", "contextes_possibles", "exigence_de", "role_local"]

PERSONNELS: frozenset[str] = frozenset(profil.value for profil in Profil) - {Profil.ELEVE, Profil.RESPONSABLE}
"""Profils des adultes qui travaillent."""

_PROFIL_LOCAL: dict[str, str] = {
    Role.ADMINISTRATEUR_FONCTIONNEL: Profil.ADMINISTRATIF,
    Role.ADMINISTRATEUR_ACADEMIQUE: Profil.ACADEMIE,
    Role.ADMINISTRATEUR_TECHNIQUE: Profil.ACADEMIE,
    Role.DPD: Profil.ACADEMIE,
    Role.ARCHIVISTE: Profil.ADMINISTRATIF,
    Role.INSPECTION: Profil.ACADEMIE,
    Role.COLLECTIVITE: Profil.COLLECTIVITE,
}
"""Titre auquel agit une personne qu'aucun annuaire ne rattache ; un rôle absent n'ouvre aucune porte."""

_RATTACHEMENT = Rattachement.__table__.c
_ETABLISSEMENT = Etablissement.__table__.c

# La table appartient à la couche des rôles, au-dessus de celle-ci : on n'en connaît que les colonnes.
role_local = table(
    "role_local",
    column("uai", String),
    column("personne_id", Uuid),
    column("role", String),
    column("debut", Date),
    column("fin", Date),
)


_PERSONNE: Any = bindparam("personne")

_titres = union(
    select(_RATTACHEMENT.uai, literal("profil").label("genre"), _RATTACHEMENT.profil.label("valeur")).where(
        _RATTACHEMENT.personne_id == _PERSONNE, en_vigueur(_RATTACHEMENT, JOUR)
    ),
    select(role_local.c.uai, literal("local"), role_local.c.role).where(
        role_local.c.personne_id == _PERSONNE, en_vigueur(role_local.c, JOUR)
    ),
).subquery()

_CONTEXTES = (
    select(_titres.c.uai, _ETABLISSEMENT.nom, _ETABLISSEMENT.degre, _titres.c.genre, _titres.c.valeur)
    .join_from(_titres, Etablissement.__table__, _ETABLISSEMENT.uai == _titres.c.uai)
    .where(or_(_ETABLISSEMENT.ferme_le.is_(None), _ETABLISSEMENT.ferme_le > JOUR))
    .order_by(_ETABLISSEMENT.nom, _titres.c.uai, _titres.c.genre.desc(), _titres.c.valeur)
)


@dataclass(frozen=True, slots=True)
class ContextePossible:
    """Un titre auquel une personne peut agir.

    :param degre: 1 pour une école, 2 pour un collège ou un lycée, 0 pour un service académique.
    """

    uai: str
    etablissement_nom: str
    profil: str
    degre: int


def contextes_possibles(session: Session, personne_id: UUID, jour: date) -> list[ContextePossible]:
    """Établissements et profils d'une personne, tirés de ses rattachements et de ses rôles locaux.

    La base ne montre à quelqu'un que ses propres rattachements : sans ``Portage.personne``,
    la liste est vide.

    :param session: session dont le portage nomme la personne.
    :param personne_id: personne.
    :param jour: jour de la décision.
    """
    trouves: dict[tuple[str, str], ContextePossible] = {}
    travaille: set[str] = set()
    for uai, nom, degre, genre, valeur in session.execute(
        _CONTEXTES, {"personne": personne_id, "jour": jour}
    ):
        # Les profils précèdent les rôles locaux : un personnel rattaché agit déjà à son titre.
        profil = valeur if genre == "profil" else _PROFIL_LOCAL.get(valeur)
        if profil is None or (genre == "local" and uai in travaille):
            continue
        if profil in PERSONNELS:
            travaille.add(uai)
        trouves.setdefault((uai, profil), ContextePossible(uai, nom, profil, degre))
    return list(trouves.values())


def exigence_de(contextes: Sequence[ContextePossible]) -> Exigence:
    """Longueur de mot de passe exigée d'une personne : le plus exigeant de ses titres l'emporte.

    :param contextes: ce qu'elle peut faire ; vide, on exige le plus.
    """
    if not contextes or any(c.profil in PERSONNELS for c in contextes):
        return Exigence.PERSONNEL
    if all(c.profil == Profil.ELEVE and c.degre == 1 for c in contextes):
        return Exigence.ELEVE_PREMIER_DEGRE
    return Exigence.USAGER
