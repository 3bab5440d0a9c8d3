"""L'entrée en attente : prouvée par un fournisseur, gardée dix minutes, le temps d'un pas de plus.

Ce pas est la preuve de son compte d'ici, ou l'accord pour quitter la session d'un autre. Le navigateur n'a
qu'un jeton, la base n'en a que l'empreinte.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ent_core.federation.demandes import DUREE
from ent_core.federation.evenement import Attributs, EvenementAuthentification
from ent_core.identite.modeles import EntreeEnAttente
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge

__all__ = ["attendre", "attendue", "finir"]

_GARDES = ("fournisseur", "emetteur", "sujet", "methode", "acr", "sid", "preuve")


def attendre(session: Session, horloge: Horloge, evenement: EvenementAuthentification) -> str:
    """Garde une entrée, et rend le jeton qui la fera retrouver.

    :param session: session de l'académie.
    :param evenement: ce que le fournisseur affirme, preuve faite.
    """
    jeton = nouveau_jeton()
    session.add(
        EntreeEnAttente(
            jeton=empreinte_jeton(jeton),
            evenement={
                **{nom: getattr(evenement, nom) for nom in _GARDES},
                "amr": list(evenement.amr),
                "uais": list(evenement.attributs.uais),
            },
            expire_le=horloge.maintenant() + DUREE,
        )
    )
    return jeton


def attendue(session: Session, horloge: Horloge, jeton: str) -> EvenementAuthentification | None:
    """L'entrée qui attend encore, ou ``None``.

    :param session: session de la requête.
    :param jeton: témoin reçu du navigateur.
    """
    garde = session.scalar(
        select(EntreeEnAttente.evenement).where(
            EntreeEnAttente.jeton == empreinte_jeton(jeton), EntreeEnAttente.expire_le > horloge.maintenant()
        )
    )
    if garde is None:
        return None
    return EvenementAuthentification(
        **{nom: garde[nom] for nom in _GARDES},
        attributs=Attributs(uais=tuple(garde["uais"])),
        amr=tuple(garde["amr"]),
    )


def finir(session: Session, jeton: str) -> bool:
    """Oublie une entrée en attente ; vrai pour le seul appelant qui l'a trouvée.

    :param session: session de l'académie.
    :param jeton: témoin reçu du navigateur.
    """
    finie = session.scalar(
        delete(EntreeEnAttente)
        .where(EntreeEnAttente.jeton == empreinte_jeton(jeton))
        .returning(EntreeEnAttente.jeton)
    )
    return finie is not None
