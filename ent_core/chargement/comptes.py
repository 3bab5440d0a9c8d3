"""Les travaux des comptes : envoyer un lien demandé, effacer les liens et les avis échus."""

from __future__ import annotations

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.messages import poste_des_messages
from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.appareils import purger_avis
from ent_core.identite.liens_secrets import purger_liens
from ent_core.messages.securite import TACHE_LIEN, envoyer_lien
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration

__all__ = ["taches_des_comptes"]


def taches_des_comptes(chargement: Chargement, configuration: Configuration) -> tuple[Tache, ...]:
    """Travaux des comptes.

    :param chargement: briques chargées.
    :param configuration: serveur de courrier, nom de l'ENT.
    """

    def envoyer(base: BaseDeDonnees, horloge: Horloge, usage: str, compte: str) -> None:
        envoyer_lien(base, poste_des_messages(chargement, configuration, horloge), usage, compte)

    def purger(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : liens et avis des comptes") as session:
            purger_liens(session, horloge)
            purger_avis(session, horloge)

    return (
        Tache(TACHE_LIEN, envoyer),
        Tache("noyau.purger_liens", purger, periode="37 * * * *"),
    )
