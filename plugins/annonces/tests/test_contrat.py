"""Le contrat commun à toutes les briques, tenu par celle-ci."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from ent_core.essais.annuaire import Annuaire
from ent_core.essais.contrat import ContratBrique
from sqlalchemy.orm import Session

from ent_annonces import brique
from ent_annonces.modeles import Mot


class TestContrat(ContratBrique):
    brique = brique

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, UUID]:
        mot = Mot(
            uai=uai, auteur_id=annuaire["direction"], texte="Exercice d'évacuation", fin=date(2026, 9, 12)
        )
        session.add(mot)
        session.flush()
        return {"mot_id": mot.id}
