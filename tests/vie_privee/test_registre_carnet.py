"""Ce que le registre dit du carnet : une finalité, un responsable, des données en liste fermée."""

from __future__ import annotations

import pytest
from ent_carnet import brique, traitements
from ent_carnet.nomenclatures import NatureAffichage

from ent_core.chargement.decouverte import charger
from ent_core.vie_privee.publication.contenu import contenus
from ent_core.vie_privee.publication.fiche import Cadre, FicheTraitement, rediger
from ent_core.vie_privee.publication.reponses import Reponses
from ent_core.vie_privee.registre import Registre

CADRE = Cadre(briques={"carnet": "Carnet"}, etablissement="Collège des Essais", degre=2)


@pytest.fixture(scope="module")
def fiches() -> dict[str, FicheTraitement]:
    """Les fiches du carnet, rédigées pour un collège."""
    registre = Registre.reunir(b.declaration() for b in charger([], {"carnet": brique}).briques)
    dedans = contenus(registre)
    return {
        cle: rediger(traitement, dedans[cle], CADRE, Reponses())
        for cle, traitement in registre.traitements.items()
        if cle.startswith("carnet.")
    }


@pytest.mark.exigence("CARNET-01")
@pytest.mark.exigence("CARNET-07")
def test_ce_qui_est_montre_aux_familles_a_une_finalite_et_une_liste_fermee(
    fiches: dict[str, FicheTraitement],
) -> None:
    fiche = fiches[traitements.AFFICHAGE.cle]
    assert fiche["finalite"].valeurs == (
        "Informer à distance l'élève et ses responsables des absences, retards, punitions et sanctions.",
    )
    # L'affichage ne recopie rien : de quoi il s'agit, pour qui, vu quand ; le texte se lit au dossier.
    dites = {ligne.partition(" : ")[0]: ligne.partition(" : ")[2] for ligne in fiche["donnees"].valeurs}
    assert {categorie: set(dite.split(", ")) for categorie, dite in dites.items()} == {
        "identifiants": {"eleve id", "personne id"},
        "vie scolaire": {"nature", "lu le"},
    }
    assert {nature.value for nature in NatureAffichage} == {
        "absence", "retard", "punition", "sanction", "observation",
    }  # fmt: skip


@pytest.mark.exigence("CARNET-12")
def test_l_etablissement_repond_de_chaque_traitement_du_carnet(fiches: dict[str, FicheTraitement]) -> None:
    assert {fiche["responsable"].valeurs[0] for fiche in fiches.values()} == {
        "Le chef d'établissement : Collège des Essais"
    }
    assert {fiche.cle for fiche in fiches.values()} == {t.cle for t in brique.ent_traitements()}
