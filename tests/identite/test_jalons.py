"""Ce qu'une règle de droit attend de l'annuaire : la fin d'une année, la majorité, une fonction."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from ent_core.brique import Role, est_majeur, fins_d_annee, personnels
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, FIN, Annuaire

LUNDI = date(2026, 9, 7)


def test_une_brique_apprend_la_fin_des_annees_la_majorite_et_qui_dirige(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.ecole(ECOLE, "essai") as session:
        assert fins_d_annee(session, ECOLE) == {ANNEE: FIN}
        assert not est_majeur(session, ECOLE, annuaire["eleve"], date(2032, 5, 1))
        assert est_majeur(session, ECOLE, annuaire["eleve"], date(2032, 5, 2))
        assert not est_majeur(session, ECOLE, uuid4(), LUNDI)
        assert not est_majeur(session, ECOLE, annuaire["enseignant"], LUNDI)
        voulus = {annuaire["cpe"], annuaire["direction"]}
        assert set(personnels(session, ECOLE, {Role.CPE, Role.DIRECTION}, LUNDI)) == voulus
        assert personnels(session, AUTRE, {Role.CPE}, LUNDI) == []
