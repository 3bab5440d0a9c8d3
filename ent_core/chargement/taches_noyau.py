"""Les tâches du noyau : ce qui expire disparaît, sans que personne ait à y penser."""

from __future__ import annotations

from ent_core.chargement.imports import taches_d_import
from ent_core.contrat.taches import Tache
from ent_core.donnees import file_taches
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite import freinage
from ent_core.identite.sessions import purger_expirees
from ent_core.identite.sursis import supprimer_echus
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration

__all__ = ["taches_du_noyau"]


def taches_du_noyau(configuration: Configuration, horloge: Horloge) -> tuple[Tache, ...]:
    """Tâches périodiques du noyau.

    :param configuration: durées des sessions.
    :param horloge: horloge de l'instance.
    """

    def purger_sessions(base: BaseDeDonnees) -> None:
        with base.academie("conservation : sessions expirées") as session:
            purger_expirees(session, horloge, configuration.sessions)

    def supprimer_sursis(base: BaseDeDonnees) -> None:
        with base.academie("conservation : sursis échus") as session:
            supprimer_echus(session, horloge)

    def purger_travaux(base: BaseDeDonnees) -> None:
        with base.academie("conservation : travaux finis") as session:
            file_taches.purger(session, horloge.maintenant())

    def purger_essais(base: BaseDeDonnees) -> None:
        with base.academie("conservation : essais de connexion") as session:
            freinage.purger(session, horloge)

    return (
        Tache("noyau.purger_sessions", purger_sessions, periode="17 * * * *"),
        Tache("noyau.purger_essais", purger_essais, periode="27 * * * *"),
        Tache("noyau.supprimer_sursis", supprimer_sursis, periode="40 2 * * *"),
        Tache("noyau.purger_travaux", purger_travaux, periode="20 3 * * *"),
        *taches_d_import(configuration, horloge),
    )
