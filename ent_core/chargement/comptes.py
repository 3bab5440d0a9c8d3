"""Les travaux des comptes : envoyer un lien demandé, mettre en sécurité, effacer ce qui est échu."""

from __future__ import annotations

from uuid import UUID

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.messages import poste_des_messages
from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite import mises_en_securite
from ent_core.identite.appareils import purger_avis
from ent_core.identite.liens_personnels import purger as purger_liens_personnels
from ent_core.identite.liens_secrets import purger_liens
from ent_core.messages.securite import TACHE_LIEN, envoyer_lien, prevenir_d_un_nouveau_code
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
            purger_liens_personnels(session, horloge)
            purger_avis(session, horloge)
            mises_en_securite.purger(session, horloge)

    def securiser(base: BaseDeDonnees, horloge: Horloge, uai: str, securisation: str, acteur: str) -> None:
        base.poste = base.poste or poste_des_messages(chargement, configuration, horloge)
        mises_en_securite.avancer(
            base, horloge, uai, UUID(securisation), acteur=UUID(acteur) if acteur else None,
            prevenir=prevenir_d_un_nouveau_code,
        )  # fmt: skip

    return (
        Tache(TACHE_LIEN, envoyer, libelle="Envoyer un lien de reprise de compte"),
        Tache(mises_en_securite.TACHE, securiser, libelle="Mettre des comptes en sécurité"),
        Tache(
            "noyau.purger_liens",
            purger,
            periode="37 * * * *",
            libelle="Effacer les liens de reprise de compte passés",
        ),
    )
