"""La vignette des messages : ce que la personne n'a pas ouvert, dès l'accueil."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, EtatVignette, LigneVignette, Vignette
from ent_core.messages import boite
from ent_core.messages.poste import poste_de
from ent_core.socle.dates import heure, jour_long

__all__ = ["vignettes_des_messages"]

_LIGNES = 3


def vignettes_des_messages(session: Session, contexte: Contexte) -> list[Vignette]:
    """Ce que la personne n'a pas ouvert ; rien, s'il n'y a rien.

    :param session: session de la requête.
    :param contexte: qui regarde.
    """
    attendent = [recu for recu in boite.recus(session, poste_de(session), contexte) if not recu.vu]
    if not attendent:
        return []
    lignes = tuple(
        LigneVignette(
            recu.libelle,
            ", ".join(filter(None, (recu.prenom, f"{jour_long(recu.recu_le)} à {heure(recu.recu_le)}"))),
            "messages.ouvrir",
            {"message_id": str(recu.id)},
        )
        for recu in attendent[:_LIGNES]
    )
    return [
        Vignette(
            "noyau.messages",
            "lire ce qui vous attend",
            lignes,
            permission="noyau.mes_messages",
            ordre=30,
            compte=len(attendent),
            etat=EtatVignette.A_FAIRE,
            point="messages.liste",
            libelle_lien="Voir tous les messages",
        )
    ]
