"""Ce que reçoit une commande de brique : de quoi ouvrir un établissement, et à quel titre y agir."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Role
from ent_core.donnees.session import portage
from ent_core.identite.journal import COMMANDE
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge, annee_scolaire

__all__ = ["OuvrirEcole", "contexte_de_commande"]


class OuvrirEcole(Protocol):
    """Ouvre une unité de travail dans un établissement ; une commande la prend par ``click.pass_obj``."""

    def __call__(self, uai: str, finalite: str) -> AbstractContextManager[tuple[Session, Horloge]]:
        """Rend la session de l'établissement et l'horloge ; tout est validé à la sortie, ou rien.

        :param uai: établissement, en majuscules ou non.
        :param finalite: motif de l'accès, écrit dans les traces.
        :raises Introuvable: établissement inconnu.
        """
        ...


def contexte_de_commande(session: Session, horloge: Horloge, roles: Iterable[Role]) -> Contexte:
    """À quel titre agit une commande, dans l'établissement ouvert : le journal en dira l'acteur.

    Elle ne désigne personne : une colonne d'auteur reste vide.

    :param session: session que rend ``OuvrirEcole``.
    :param horloge: horloge qu'il rend.
    :param roles: rôles au nom desquels elle agit.
    """
    uai, jour = portage(session).uai, horloge.aujourd_hui()
    return Contexte(
        compte_id=COMMANDE, personne_id=COMMANDE, uai=uai,
        etablissement_nom=session.get_one(Etablissement, uai).nom, profil="", jour=jour,
        annee=annee_scolaire(jour), roles=frozenset(roles),
    )  # fmt: skip
