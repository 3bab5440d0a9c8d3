"""L'envoi de la nuit au GAR, si l'instance y est accrochée ; et les vieilles archives qui partent."""

from __future__ import annotations

from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.gar.export import DemandeGar, dossier_de, exporter, purger
from ent_core.federation.gar.suivi import quelque_chose_a_transmettre
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration

__all__ = ["tache_du_gar"]


def tache_du_gar(configuration: Configuration) -> Tache:
    """La tâche de la nuit.

    :param configuration: section ``[gar]`` et dossier de l'instance.
    """

    def envoyer(base: BaseDeDonnees, horloge: Horloge) -> None:
        dossier = dossier_de(configuration)
        purger(dossier, horloge.maintenant())
        if not configuration.gar.id_ent:
            return
        with base.academie("GAR : y a-t-il à transmettre ?") as session:
            if not quelque_chose_a_transmettre(session):
                return
        exporter(base, horloge, configuration.gar, DemandeGar(dossier))

    # Une baisse arrêtée ne se guérit pas d'elle-même : deux essais, puis la page des travaux le dit.
    return Tache(
        "noyau.exporter_gar",
        envoyer,
        periode="5 4 * * *",
        essais=2,
        libelle="Préparer l'envoi au GAR, effacer les anciens",
    )
