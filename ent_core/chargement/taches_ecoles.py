"""La tâche par établissement : au rendez-vous, un travail par école servie, qui réussit ou échoue seul."""

from __future__ import annotations

import logging

from ent_core.chargement.activation import Activation
from ent_core.chargement.deploiement import ecoles_servies
from ent_core.contrat.taches import Tache, TacheParEtablissement
from ent_core.donnees.file_taches import differer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import Horloge

__all__ = ["ecole_par_ecole"]

_journal = logging.getLogger("ent.taches")


def ecole_par_ecole(tache: TacheParEtablissement, activation: Activation) -> Tache:
    """La tâche que l'ouvrier exécute : sans établissement, elle demande un travail pour chacun.

    :param tache: tâche déclarée par une brique.
    :param activation: où cette brique est servie.
    """
    brique, motif = tache.nom.partition(".")[0], f"tâche {tache.nom}"

    def mener(base: BaseDeDonnees, horloge: Horloge, uai: str | None = None) -> None:
        jour = horloge.aujourd_hui()
        if uai is None:
            with base.academie(motif) as session:
                for ecole in ecoles_servies(session, activation, brique, jour):
                    differer(session, tache.nom, cle_unique=ecole, uai=ecole)
            return
        with base.ecole(uai, motif) as session:
            if brique in activation.actives(session, uai, jour):
                tache.fonction(session, uai, horloge)
            else:
                # Fermée depuis le rendez-vous, ou avant un nouvel essai : le prochain rendez-vous reprendra.
                _journal.info("tache_ecartee", extra={"tache": tache.nom, "uai": uai})

    return Tache(tache.nom, mener, tache.periode, tache.essais, tache.libelle)
