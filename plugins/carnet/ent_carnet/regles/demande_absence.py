"""La demande d'autorisation d'absence (R. 131-5, alinéa 3) : ses états, et ce qui mène de l'un à l'autre.

Un doute sérieux sur un motif fait inviter la famille à demander une autorisation ; le chef d'établissement
transmet la demande à l'autorité académique, hors de l'ENT. Rien ne s'y décide d'office.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from ent_carnet.nomenclatures import ActeDemandeAbsence, EtatDemandeAbsence

__all__ = ["OUVERTS", "Datee", "derniere_date", "etat", "suites"]

_E, _A = EtatDemandeAbsence, ActeDemandeAbsence
_LEVER = {_A.LEVER: _E.LEVEE}
_SUITES: Mapping[EtatDemandeAbsence, Mapping[ActeDemandeAbsence, EtatDemandeAbsence]] = {
    _E.INVITEE: {_A.RECEVOIR: _E.RECUE, **_LEVER},
    _E.RECUE: {_A.TRANSMETTRE: _E.TRANSMISE, **_LEVER},
    _E.TRANSMISE: {_A.ACCORDER: _E.ACCORDEE, _A.REFUSER: _E.REFUSEE},
}
OUVERTS = frozenset(_SUITES)
"""Le doute tient encore : le motif donné n'est pas accepté pendant ce temps."""


class Datee(Protocol):
    """Les dates d'une demande."""

    @property
    def invitee_le(self) -> date:
        """Jour de l'invitation."""

    @property
    def recue_le(self) -> date | None:
        """Jour où la demande est arrivée."""

    @property
    def transmise_le(self) -> date | None:
        """Jour de la transmission."""

    @property
    def repondue_le(self) -> date | None:
        """Jour de la réponse."""

    @property
    def reponse(self) -> str | None:
        """Réponse de l'autorité académique."""

    @property
    def levee_le(self) -> date | None:
        """Jour où le doute a été levé."""


def etat(demande: Datee) -> EtatDemandeAbsence:
    """Où en est une demande.

    :param demande: ses dates.
    """
    if demande.levee_le is not None:
        return _E.LEVEE
    if demande.reponse is not None:
        return _E(demande.reponse)
    if demande.transmise_le is not None:
        return _E.TRANSMISE
    return _E.INVITEE if demande.recue_le is None else _E.RECUE


def suites(demande: Datee) -> Mapping[ActeDemandeAbsence, EtatDemandeAbsence]:
    """Ce que la direction peut noter maintenant, et l'état qui en vient.

    :param demande: ses dates.
    """
    return _SUITES.get(etat(demande), {})


def derniere_date(demande: Datee) -> date:
    """Le jour de la dernière étape : la suivante ne la précède pas.

    :param demande: ses dates.
    """
    connues = (
        demande.invitee_le, demande.recue_le, demande.transmise_le, demande.repondue_le, demande.levee_le,
    )  # fmt: skip
    return max(jour for jour in connues if jour is not None)
