"""D'où l'on regarde : ce qu'un établissement atteint, ce que l'académie atteint, et de quoi le nommer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.pages import de_l_academie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.vie_privee.droits_communs import academie

__all__ = ["intitules", "noms_de", "personne_d_ici", "portee"]


@contextmanager
def portee(motif: str) -> Iterator[tuple[Session, str | None]]:
    """Session de l'académie, et établissement auquel la personne est bornée (``None`` : aucun).

    :param motif: motif de l'accès, gardé dans les traces.
    """
    with academie(motif) as session:
        yield session, None if de_l_academie() else contexte_courant().uai


def personne_d_ici(session: Session, personne_id: UUID, uai: str | None, page: str) -> Personne:
    """Personne que l'on peut viser d'ici : un établissement ne vise que les siennes.

    :param page: page où la chercher, pour le remède.
    :raises Introuvable: elle n'existe pas, ou pas ici.
    """
    personne = session.get(Personne, personne_id)
    sienne = uai is None or session.scalar(
        select(Rattachement.id)
        .where(Rattachement.uai == uai, Rattachement.personne_id == personne_id)
        .limit(1)
    )
    if personne is None or not sienne:
        raise Introuvable("cette personne n'est pas ici.", remede=f"la chercher dans la page {page}.")
    return personne


def noms_de(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Noms affichés de personnes ; une personne disparue n'y est pas."""
    enonce = select(Personne.id, Personne.prenom, Personne.nom).where(Personne.id.in_(set(ids)))
    return {cle: f"{prenom or ''} {nom}".strip() for cle, prenom, nom in session.execute(enonce)}


def intitules() -> dict[str, str]:
    """Clé de traitement → intitulé."""
    return {cle: t.intitule for cle, t in instance().registre.traitements.items()}
