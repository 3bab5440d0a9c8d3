"""Les tâches du noyau : ce qui expire disparaît, sans que personne ait à y penser."""

from __future__ import annotations

from ent_core.chargement.activation import Activation
from ent_core.chargement.archive import tache_de_l_archive
from ent_core.chargement.coffre import tache_du_coffre
from ent_core.chargement.comptes import taches_des_comptes
from ent_core.chargement.conservation import taches_de_conservation
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.gar import tache_du_gar
from ent_core.chargement.imports import taches_d_import
from ent_core.chargement.messages import tache_des_messages
from ent_core.chargement.partitions import taches_de_partitions
from ent_core.chargement.relais import Relais
from ent_core.chargement.services import taches_des_services
from ent_core.chargement.statistiques import Statistiques, tache_des_statistiques
from ent_core.chargement.violations import taches_des_violations
from ent_core.contrat.taches import Tache
from ent_core.donnees import file_taches
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation import demandes
from ent_core.identite import freinage
from ent_core.identite.facteurs import defis
from ent_core.identite.sessions import purger_expirees
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees
from ent_core.vie_privee.minimisation.rapport import suivre
from ent_core.vie_privee.registre import Registre

__all__ = ["taches_du_noyau"]


def taches_du_noyau(
    chargement: Chargement, configuration: Configuration, relais: Relais, activation: Activation
) -> tuple[Tache, ...]:
    """Tâches périodiques du noyau.

    :param chargement: briques chargées.
    :param configuration: durées des sessions.
    :param relais: à qui dire les départs et les sursis.
    :param activation: où les briques sont ouvertes.
    """

    def reconcilier_briques(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("briques : dates échues et année nouvelle") as session:
            anomalies = activation.reconcilier(session, horloge)
        # Ce qui a réussi est gardé ; l'échec se voit dans la page des travaux.
        if anomalies:
            raise AnomaliesTrouvees(anomalies)

    def purger_sessions(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : sessions expirées") as session:
            purger_expirees(session, horloge, configuration.sessions)
            defis.purger(session, horloge)

    def purger_travaux(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : travaux finis") as session:
            file_taches.purger(session, horloge.maintenant())

    def purger_essais(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : essais de connexion") as session:
            freinage.purger(session, horloge)
            demandes.purger(session, horloge)

    def suivre_colonnes(base: BaseDeDonnees, horloge: Horloge) -> None:
        registre = Registre.reunir(brique.declaration() for brique in chargement.briques)
        with base.academie("minimisation : colonnes à observer") as session:
            suivre(session, registre, horloge.aujourd_hui())

    return (
        Tache(
            "noyau.reconcilier_briques",
            reconcilier_briques,
            periode="3 * * * *",
            libelle="Ouvrir et fermer les briques à leurs dates",
        ),
        Tache(
            "noyau.purger_sessions",
            purger_sessions,
            periode="17 * * * *",
            libelle="Effacer les sessions finies",
        ),
        Tache(
            "noyau.purger_essais",
            purger_essais,
            periode="27 * * * *",
            libelle="Effacer les essais de connexion passés",
        ),
        Tache(
            "noyau.purger_travaux", purger_travaux, periode="20 3 * * *", libelle="Effacer les travaux finis"
        ),
        tache_du_coffre(chargement, configuration),
        tache_des_messages(chargement, configuration),
        *taches_des_comptes(chargement, configuration),
        *taches_des_services(chargement, configuration),
        *taches_de_partitions(chargement),
        tache_des_statistiques(Statistiques(chargement, activation, configuration)),
        Tache(
            "noyau.suivre_colonnes",
            suivre_colonnes,
            periode="40 3 * * *",
            libelle="Repérer les données que personne ne remplit",
        ),
        *taches_de_conservation(chargement, configuration),
        tache_de_l_archive(),
        *taches_des_violations(),
        tache_du_gar(configuration),
        *taches_d_import(configuration, relais.annonceur),
    )
