"""Le sursis : qui en est retenu par un lien, et qui y entre. Son terme est une règle de conservation."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Role
from ent_core.donnees.intervalles import pas_fini
from ent_core.identite.contextes import role_local
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne, Rattachement, SessionWeb
from ent_core.socle.calendrier import Horloge

__all__ = ["a_un_rattachement", "a_un_role_local", "ouvrir_les_sursis"]

_SANS_TITRE = (Role.DELEGUE_ELEVES.value, Role.DELEGUE_PARENTS.value)
"""Rôles qui s'ajoutent à un profil et n'en donnent pas : seuls, ils ne retiennent personne."""


def a_un_rattachement(jour: date) -> ColumnElement[bool]:
    """Condition sur ``Personne`` : un rattachement ouvert, présent ou à venir, dans quelque établissement.

    :param jour: jour de référence.
    """
    ouvert = pas_fini(Rattachement, jour)
    return select(Rattachement.id).where(Rattachement.personne_id == Personne.id, ouvert).exists()


def a_un_role_local(jour: date) -> ColumnElement[bool]:
    """Condition sur ``Personne`` : un rôle local ouvert, présent ou à venir, qui donne un titre où agir.

    :param jour: jour de référence.
    """
    return (
        select(role_local.c.role)
        .where(
            role_local.c.personne_id == Personne.id,
            pas_fini(role_local.c, jour),
            role_local.c.role.not_in(_SANS_TITRE),
        )
        .exists()
    )


def ouvrir_les_sursis(session: Session, horloge: Horloge, jours: int) -> int:
    """Met en sursis qui n'avait plus qu'un rôle local, une fois ce rôle fini : plus rien ne le retient.

    :param session: session de l'académie ; l'appelant valide.
    :param horloge: heure de référence.
    :param jours: durée du sursis.
    :returns: nombre de personnes mises en sursis.
    """
    jour = horloge.aujourd_hui()
    eut_un_role = (
        select(role_local.c.role)
        .where(role_local.c.personne_id == Personne.id, role_local.c.role.not_in(_SANS_TITRE))
        .exists()
    )
    parties = session.scalars(
        update(Personne)
        .where(
            Personne.sursis_depuis.is_(None),
            eut_un_role,
            ~a_un_role_local(jour),
            ~a_un_rattachement(jour),
        )
        .values(sursis_depuis=jour, suppression_le=jour + timedelta(days=jours))
        .returning(Personne.id)
        .execution_options(synchronize_session=False)
    ).all()
    if parties:
        session.execute(delete(SessionWeb).where(SessionWeb.personne_id.in_(parties)))
        consigner(session, horloge, "sursis.ouvert", details={"personnes": len(parties)})
    return len(parties)
