"""Par où prévenir une personne : ce qu'elle préfère si c'est possible, le papier si rien ne l'est."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from ent_core.messages.destinataires import Joignable
from ent_core.messages.poste import Poste

__all__ = ["LIBELLES", "Canal", "choisir", "ouverts"]


class Canal(StrEnum):
    """Par où un message part."""

    ENT = "ent"
    COURRIEL = "courriel"
    SMS = "sms"
    PAPIER = "papier"


LIBELLES = {
    Canal.ENT: "dans l'ENT seulement",
    Canal.COURRIEL: "par courriel",
    Canal.SMS: "par SMS",
    Canal.PAPIER: "sur papier",
}


def ouverts(poste: Poste) -> frozenset[Canal]:
    """Canaux de l'instance.

    :param poste: poste de l'instance.
    """
    avec = {Canal.COURRIEL: bool(poste.courriel.hote), Canal.SMS: poste.sms is not None}
    return frozenset(canal for canal in Canal if avec.get(canal, True))


def choisir(personne: Joignable, canaux: Collection[Canal], *, urgent: bool) -> Canal:
    """Canal d'un message.

    Un personnel ou un élève n'est rappelé hors de l'ENT que s'il le demande. Une famille l'est par courriel,
    ou par SMS si c'est urgent ; sans adresse ni compte ouvert, par le papier.

    :param personne: à qui l'on parle.
    :param canaux: canaux de l'instance.
    :param urgent: le sujet est urgent.
    """
    if personne.opposee:
        return Canal.PAPIER
    possibles = {
        Canal.ENT: personne.compte,
        Canal.COURRIEL: bool(personne.courriel) and Canal.COURRIEL in canaux,
        Canal.SMS: bool(personne.mobile) and Canal.SMS in canaux,
        Canal.PAPIER: True,
    }
    if personne.canal and possibles[Canal(personne.canal)]:
        return Canal(personne.canal)
    if personne.qualite != "famille":
        return Canal.ENT
    ordre = (Canal.COURRIEL, Canal.ENT, Canal.PAPIER)
    return next(c for c in ((Canal.SMS, *ordre) if urgent else ordre) if possibles[c])
