"""Lever et baisser le portillon sur une session : pour une page, pour un appel, ou par dérogation."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.donnees.session import base_de, noter_portage, portage, poser_tourniquet
from ent_core.donnees.tourniquet import OPTION, Tourniquet

__all__ = ["STATISTIQUES", "finalites_de", "garder", "hors_portillon", "noter_lecture", "sous_portillon"]

STATISTIQUES = "noyau.statistiques"
"""Finalité d'une page qui ne montre que des nombres publiés : aucune donnée personnelle ne s'y lit."""

_journal = logging.getLogger("ent.base")


def finalites_de(session: Session, brique: str) -> frozenset[str]:
    """Ce au titre de quoi une brique agit ; la page d'un lien ou d'un jeton, ses crochets compris, moins.

    :param session: session ouverte par ``BaseDeDonnees``.
    :param brique: identifiant.
    """
    portillon = base_de(session).portillon
    toutes = portillon.finalites(brique) if portillon else frozenset({brique})
    permis = portage(session).traitements
    if permis is None:
        return toutes
    return frozenset(f for f in toutes if f in permis or not f.startswith(f"{brique}."))


def garder(session: Session, brique: str, roles: tuple[str, ...], *, statistiques: bool = False) -> None:
    """Met le portillon en vigueur, jusqu'à la fin de la session.

    Ce qui attendait part avant ; ce qui était en mémoire est oublié : un objet lu sans portillon ne se
    retrouve pas derrière lui.

    :param session: session ouverte.
    :param brique: brique au titre de laquelle on agit.
    :param roles: rôles de l'ENT en vigueur, celui qui ouvre l'accès d'abord.
    :param statistiques: vrai pour une page de statistiques : les tables personnelles de la brique et
        l'annuaire lui sont fermés, quels que soient les rôles.
    """
    session.flush()
    session.expunge_all()
    finalites = frozenset({brique, STATISTIQUES}) if statistiques else finalites_de(session, brique)
    noter_portage(session, finalites=finalites, roles=() if statistiques else roles)
    poser_tourniquet(session, aussitot=True)


@contextmanager
def sous_portillon(
    session: Session, brique: str, roles: tuple[str, ...], *, memoire: bool = True
) -> Iterator[None]:
    """Met le portillon en vigueur le temps d'un appel, puis rend le contexte d'avant.

    :param session: session ouverte.
    :param brique: brique au titre de laquelle on agit.
    :param roles: rôles de l'ENT en vigueur.
    :param memoire: vrai si l'appelé reçoit la session : il y part d'une mémoire vide. Faux pour un appel
        au milieu d'un acte du noyau, dont les objets doivent rester.
    """
    avant = portage(session)
    if memoire:
        garder(session, brique, roles)
    else:
        session.flush()  # ce que le noyau laisse à écrire part avant, à son titre
        noter_portage(session, finalites=finalites_de(session, brique), roles=roles)
        poser_tourniquet(session, aussitot=False)
    try:
        yield
        session.flush()  # ce que l'appelé laisse à écrire passe devant son juge, non devant le suivant
    except BaseException:
        if memoire:
            session.expunge_all()
        raise
    finally:
        noter_portage(session, finalites=avant.finalites, roles=avant.roles)
        poser_tourniquet(session, aussitot=False)


@contextmanager
def hors_portillon(session: Session, motif: str) -> Iterator[None]:
    """Dérogation du noyau : un service qu'une page de brique appelle, et qui sait ce qu'il fait.

    Chaque emploi se trouve en cherchant ce nom, et dit son motif. Une brique ne peut pas l'importer.

    :param session: session ouverte.
    :param motif: pourquoi le service lit ou écrit ce que la brique ne pourrait pas.
    """
    avant = portage(session)
    session.flush()
    noter_portage(session, finalites=frozenset(), roles=())
    poser_tourniquet(session, aussitot=False)
    _journal.debug("hors_portillon", extra={"motif": motif})
    try:
        yield
        session.flush()
    finally:
        noter_portage(session, finalites=avant.finalites, roles=avant.roles)
        poser_tourniquet(session, aussitot=False)


def noter_lecture(
    session: Session, traitement: str, colonnes: tuple[str, ...], sujets: Iterable[UUID]
) -> None:
    """Note, au nom de qui agit, ce qu'un service va lire hors du portillon pour la page d'une brique.

    :param session: session ouverte.
    :param traitement: traitement dont relève ce qui est lu.
    :param colonnes: colonnes lues, dans l'ordre alphabétique.
    :param sujets: personnes concernées.
    """
    connexion = session.connection()
    tourniquet: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if tourniquet is not None:
        tourniquet.retenir(connexion, (traitement, colonnes, tuple(sorted(sujets))))
