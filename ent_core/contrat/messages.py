"""Ce qu'une brique dit des messages : de quoi elle prévient, et par quel service elle porte un SMS.

Un message dit qu'une information est disponible, jamais laquelle : ni motif, ni nature (CARNET-17).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ent_core.contrat.roles import Role

__all__ = ["CanalSms", "SujetDeMessage"]


@dataclass(frozen=True, slots=True)
class SujetDeMessage:
    """Ce dont une brique prévient des personnes ; chacune choisit par où elle l'apprend.

    :param cle: ``brique.nom``, 64 caractères au plus, unique dans l'instance.
    :param libelle: ce dont il s'agit, tel que la personne le lit dans l'ENT, et là seulement.
    :param urgent: part aussi la nuit et en fin de semaine ; chaque envoi en est journalisé.
    :param pour: rôles que l'on prévient de ce sujet, et qui seuls en règlent la réception ; vide, tous.
    """

    cle: str
    libelle: str
    urgent: bool = False
    pour: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class CanalSms:
    """Un service qui porte des SMS ; une instance en a un au plus.

    :param nom: nom du service, montré aux administrateurs.
    :param envoyer: reçoit le numéro et le texte ; rend faux si le numéro est refusé. Une exception est une
        panne : l'envoi sera refait.
    """

    nom: str
    envoyer: Callable[[str, str], bool]
