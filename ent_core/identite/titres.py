"""Le titre auquel quelque chose agit pour une personne, sans sa session : ce qu'elle est maintenant.

Un lien ou un jeton a été donné hier ; la personne a pu partir, son compte être suspendu, son profil fermé.
Rien n'est donc gardé avec eux que l'établissement et le profil : le reste se relit à chaque requête.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.liees import JOUR, UAI
from ent_core.donnees.session import changer_portage, lire
from ent_core.identite.modeles import Compte, Etablissement, Personne, SuspensionProfil
from ent_core.socle.calendrier import Horloge

__all__ = ["Titre", "titre_en_vigueur"]

_tables = Base.metadata.tables
_compte = _tables[Compte.__tablename__]
_personne = _tables[Personne.__tablename__]
_etablissement = _tables[Etablissement.__tablename__]
_suspension = _tables[SuspensionProfil.__tablename__]

_SUSPENDU = exists().where(
    _suspension.c.uai == UAI,
    _suspension.c.profil == bindparam("profil"),
    _suspension.c.rouvert_le.is_(None),
)
_TITRE = (
    select(_compte.c.personne_id, _etablissement.c.nom)
    .join(_personne, _personne.c.id == _compte.c.personne_id)
    .join(_etablissement, _etablissement.c.uai == UAI)
    .where(
        _compte.c.id == bindparam("compte"),
        _compte.c.etat != "suspendu",
        _personne.c.sursis_depuis.is_(None),
        or_(_etablissement.c.ferme_le.is_(None), _etablissement.c.ferme_le > JOUR),
        ~_SUSPENDU,
    )
)


@dataclass(frozen=True, slots=True)
class Titre:
    """Une personne, dans un établissement, sous un profil."""

    compte_id: UUID
    personne_id: UUID
    uai: str
    etablissement_nom: str
    profil: str


def titre_en_vigueur(
    session: Session, horloge: Horloge, compte_id: UUID, uai: str, profil: str
) -> Titre | None:
    """Titre d'un compte, et le pose dans la transaction ; ``None`` s'il ne peut plus rien ouvrir.

    Compte suspendu, personne en sursis, établissement fermé, profil suspendu : la réponse est la même. Les
    rôles, eux, se lisent ensuite, comme pour une session.

    :param compte_id: compte.
    :param uai: établissement.
    :param profil: profil national.
    """
    ligne = lire(
        session,
        _TITRE,
        {"compte": compte_id, "uai": uai, "profil": profil, "jour": horloge.aujourd_hui()},
    ).one_or_none()
    if ligne is None:
        return None
    changer_portage(session, uai=uai, personne=ligne.personne_id)
    return Titre(compte_id, ligne.personne_id, uai, ligne.nom, profil)
