"""Le poste : ce qu'une instance sait des messages, assemblé au démarrage et posé sur la base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.donnees.file_taches import differer
from ent_core.donnees.session import base_de
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Courriel

__all__ = ["TACHE", "TRAITEMENT", "Opposees", "Poste", "demander", "poste_de"]

TACHE = "noyau.envoyer_messages"

TRAITEMENT = "noyau.messages"

Opposees = Callable[[Session, str, set[UUID]], frozenset[UUID]]
"""Parmi des personnes, celles qui s'opposent à un traitement."""


@dataclass(frozen=True, slots=True)
class Poste:
    """De quoi préparer et porter des messages.

    :param produit: nom de l'ENT, tel que les messages le disent.
    :param sujets: sujets déclarés, par clé.
    :param courriel: réglages du courrier ; sans serveur, aucun courriel ne part.
    :param sms: service de SMS, s'il y en a un.
    :param opposees: lecture des oppositions.
    :param servies: briques servies dans un établissement, ce jour.
    """

    horloge: Horloge
    produit: str
    sujets: Mapping[str, SujetDeMessage]
    courriel: Courriel
    sms: CanalSms | None
    opposees: Opposees
    servies: Callable[[Session, str], frozenset[str]]

    def servis(self, session: Session, uai: str) -> list[str]:
        """Sujets dont la brique est servie dans un établissement ; les autres s'y taisent.

        :param session: session de l'établissement, hors du portillon.
        :param uai: établissement.
        """
        briques = {"noyau", *self.servies(session, uai)}
        return [cle for cle in self.sujets if cle.partition(".")[0] in briques]


def poste_de(session: Session) -> Poste:
    """Poste de l'instance d'où vient une session.

    :param session: session ouverte.
    :raises RuntimeError: l'instance est mal assemblée (faute de programmation).
    """
    poste = base_de(session).poste
    if not isinstance(poste, Poste):
        raise RuntimeError("BaseDeDonnees.poste n'est pas posé : assembler par create_app ou ouvrir().")
    return poste


def demander(session: Session, poste: Poste, uai: str, departs: Iterable[datetime]) -> None:
    """Demande le travail qui enverra, un par instant de départ, dans la transaction de l'appelant.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param departs: instants de départ ; les mêmes se confondent.
    """
    maintenant = poste.horloge.maintenant()
    for prevu in sorted(set(departs)):
        differer(
            session, TACHE, dans=max(prevu - maintenant, timedelta()),
            cle_unique=f"{uai}:{prevu.astimezone(UTC):%Y%m%dT%H%M}", uai=uai,
        )  # fmt: skip
