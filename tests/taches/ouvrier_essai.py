"""Un ouvrier d'essai, lancé pour de vrai dans son processus : ``python ouvrier_essai.py ADRESSE``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqlalchemy import text

from ent_core.chargement.ouvrier import Rythme, connexions_voulues, executer
from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge, HorlogeFixe

__all__ = ["BARRIERE", "SILENCE", "TACHES"]

BARRIERE = 4242
"""Verrou consultatif que tient l'essai : le travail attend qu'il soit rendu."""

SILENCE = 300.0
"""Bien plus que la durée d'un essai : seul un signe de vie vieilli exprès fait reprendre un travail."""


def attendre_et_ecrire(base: BaseDeDonnees, horloge: Horloge, *, lot: str) -> None:
    """Attend la barrière, puis écrit un acte : de quoi tuer l'ouvrier au milieu."""
    with base.academie("essai") as session:
        session.execute(text("select pg_advisory_xact_lock(:v)"), {"v": BARRIERE})
        consigner(session, horloge, "essai.fait", objet=lot)


TACHES: Sequence[Tache] = (Tache("essai.attendre", attendre_et_ecrire, essais=1),)


if __name__ == "__main__":
    ouverte = BaseDeDonnees(sys.argv[1], connexions=connexions_voulues(1))
    executer(ouverte, TACHES, HorlogeFixe(), rythme=Rythme(battement=0.2, silence=SILENCE))
