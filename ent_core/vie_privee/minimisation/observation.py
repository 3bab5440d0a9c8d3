"""Observer quelles colonnes servent : une note par énoncé nouveau et par jour, jamais par requête.

Un énoncé compilé sait ce qu'il lit (voir ``ent_core.donnees.releve``). La première fois qu'il passe dans la
journée, ses colonnes sont retenues et il porte une marque : ensuite, il ne coûte qu'une comparaison. Ce que
l'académie lit pour copier, éliminer ou importer n'est pas un usage, et ne compte pas.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.dialects.postgresql import insert

from ent_core.donnees.releve import Releve
from ent_core.donnees.session import ROLE, ROLE_ACADEMIE, BaseDeDonnees
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import ErreurEnt
from ent_core.vie_privee.minimisation.modeles import ColonneLue

__all__ = ["RYTHME", "Observation"]

RYTHME = timedelta(minutes=5)
"""Ce qu'un processus a vu de nouveau s'écrit au plus une fois par intervalle."""

_MARQUE = "ent_observe"
_journal = logging.getLogger("ent.minimisation")


class Observation:
    """Ce qu'un processus a vu lire, en attendant de l'écrire.

    :param base: base de l'application, dont le moteur est écouté.
    """

    def __init__(self, base: BaseDeDonnees, horloge: Horloge) -> None:
        self._base, self._horloge = base, horloge
        self._verrou = Lock()
        self._tour, self._nouvelles = object(), set[tuple[str, str]]()
        self._jour = horloge.aujourd_hui()
        self._prochain = horloge.maintenant() + RYTHME
        event.listen(base.moteur, "before_cursor_execute", self._noter)

    def _noter(
        self, connexion: Connection, _curseur: Any, _enonce: str, _parametres: Any, contexte: Any, _lot: bool
    ) -> None:
        compile_ = contexte.compiled
        if compile_ is None or getattr(compile_, _MARQUE, None) is self._tour:
            return
        if connexion.info.get(ROLE) == ROLE_ACADEMIE:
            return
        releve: Releve | None = getattr(compile_, "releve", None)
        if releve is not None:
            with self._verrou:
                self._nouvelles |= releve.lus
            setattr(compile_, _MARQUE, self._tour)

    def verser(self) -> None:
        """Écrit ce qui a été vu, s'il est temps ; à la fin d'une requête, sa connexion rendue."""
        maintenant = self._horloge.maintenant()
        if maintenant < self._prochain:
            return
        with self._verrou:
            if maintenant < self._prochain:
                return
            self._prochain = maintenant + RYTHME
            vues, self._nouvelles = self._nouvelles, set()
            jour, self._jour = self._jour, self._horloge.aujourd_hui()
            if jour != self._jour:
                self._tour = object()  # jour nouveau : chaque énoncé se note une fois de plus
        if not vues:
            return
        lignes = [
            {"objet": table, "colonne": colonne, "suivie_depuis": jour, "lue_le": jour}
            for table, colonne in sorted(vues)
        ]
        ajout = insert(ColonneLue)
        mise_a_jour = ajout.on_conflict_do_update(
            index_elements=["objet", "colonne"],
            set_={"lue_le": ajout.excluded.lue_le},
            where=ColonneLue.lue_le.is_distinct_from(ajout.excluded.lue_le),
        )
        try:
            with self._base.academie("minimisation : colonnes lues") as session:
                session.execute(mise_a_jour, lignes)
        except ErreurEnt:
            # La réponse est déjà partie ; ces colonnes se noteront demain.
            _journal.warning("colonnes_lues_non_ecrites", extra={"colonnes": len(lignes)})
