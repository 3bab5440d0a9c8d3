"""Une tâche par établissement : un travail par école servie ; celle qui échoue n'arrête pas les autres."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from ent_core.chargement.ouvrier import executer
from ent_core.chargement.taches import toutes_les_taches
from ent_core.contrat.prealables import Prealable
from ent_core.contrat.taches import TacheParEtablissement
from ent_core.donnees.file_taches import lister_morts
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, faux_brique
from ent_core.socle.calendrier import Horloge

LETTRE = Prealable("lettre", "Les familles ont reçu la lettre", "La donner à la rentrée.")


@pytest.mark.exigence("CARNET-12")
def test_chaque_ecole_servie_a_son_travail_et_son_echec(application_avec: FabriqueInstance) -> None:
    faites: list[str] = []
    en_panne: set[str] = set()

    def compter(session: Session, uai: str, horloge: Horloge) -> None:
        if uai in en_panne:
            raise ConnectionError
        assert session.is_active
        faites.append(f"{uai} {horloge.aujourd_hui()}")

    nuit = TacheParEtablissement("veilleuse.compter", compter, periode="40 2 * * *", essais=1)
    instance = application_avec(
        faux_brique("veilleuse", ent_taches=lambda: (nuit,), ent_prealables=lambda: (LETTRE,))
    )
    instance.ouvrir("veilleuse", AUTRE)
    ent, jour = instance.ent, instance.horloge.aujourd_hui()
    [declaree] = [t for t in toutes_les_taches(ent.chargement, ent.configuration) if t.nom == nuit.nom]
    assert (declaree.periode, declaree.essais) == (nuit.periode, 1)
    tache = replace(declaree, periode=None)  # les rendez-vous sont ceux de l'essai

    def rendez_vous() -> list[str]:
        faites.clear()
        tache.fonction(instance.base, instance.horloge)
        executer(instance.base, [tache], instance.horloge, une_fois=True)
        return sorted(set(faites))

    en_panne = {ECOLE}
    assert rendez_vous() == [f"{AUTRE} {jour}"]
    with instance.base.academie("essai") as session:
        assert [mort.arguments for mort in lister_morts(session)] == [{"uai": ECOLE}]
    en_panne = set()
    assert rendez_vous() == sorted(f"{uai} {jour}" for uai in (ECOLE, AUTRE))

    # Un préalable retiré entre le rendez-vous et le travail : rien ne s'exécute là, ni au suivant.
    faites.clear()
    tache.fonction(instance.base, instance.horloge)
    with instance.base.academie("essai") as session:
        ent.activation.prealables.retirer(session, instance.horloge, "veilleuse", ECOLE, ["lettre"])
    executer(instance.base, [tache], instance.horloge, une_fois=True)
    assert ECOLE not in "".join(faites)
    assert rendez_vous() == [f"{AUTRE} {jour}"]
    instance.fermer("veilleuse", AUTRE)
    assert rendez_vous() == []
