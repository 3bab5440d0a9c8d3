"""La minimisation : une donnée que personne ne lit en un an se voit ; et le registre du sous-traitant."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from ent_core.chargement.taches import toutes_les_taches
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.vie_privee.minimisation.modeles import ColonneLue
from ent_core.vie_privee.minimisation.observation import RYTHME
from ent_core.vie_privee.minimisation.rapport import Rapport, etablir, suivre
from tests.vie_privee.brique_incidents import brique_incidents
from tests.vie_privee.pages_essai import texte_de

_BRIQUE = brique_incidents()


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(_BRIQUE, neuve=True)


def rapport(ent: InstanceEssai) -> Rapport:
    with ent.base.academie("essai") as session:
        return etablir(session, ent.ent.registre, ent.horloge.aujourd_hui())


def nuit(ent: InstanceEssai) -> None:
    with ent.base.academie("essai") as session:
        suivre(session, ent.ent.registre, ent.horloge.aujourd_hui())


@pytest.mark.exigence("RGPD-MIN-01")
def test_ce_que_personne_n_a_lu_en_un_an_se_voit(ent: InstanceEssai) -> None:
    nuit(ent)
    assert rapport(ent).oubliees == (), "on ne dit rien avant un an d'observation"
    ent.horloge.avancer(timedelta(days=366))
    direction = ent.client("direction")
    direction.get("/administration/personnes", follow_redirects=True)
    ent.horloge.avancer(RYTHME)
    direction.get("/administration/personnes", follow_redirects=True)
    oubliees = {(c.table, c.colonne): c for c in rapport(ent).oubliees}
    assert oubliees["incidents_fait", "recit"].lue_le is None
    assert ("personne", "nom") not in oubliees
    assert ("incidents_fait", "eleve_id") not in oubliees, (
        "un lien vers une personne n'est pas une donnée lue"
    )
    lu = texte_de(ent.client("dpd").get("/vie-privee/minimisation/").text)
    assert "incidents fait, recit" in lu
    assert json.loads(ent.client("dpd").get("/vie-privee/minimisation/rapport.json").text)["oubliees"]
    assert ent.client("enseignant").get("/vie-privee/minimisation/").status_code == 403


@pytest.mark.exigence("RGPD-MIN-01")
def test_une_copie_ou_un_acte_de_l_academie_n_est_pas_une_lecture(ent: InstanceEssai) -> None:
    nuit(ent)
    with ent.base.academie("essai") as session:
        session.execute(select(ent.ent.registre.tables["incidents_fait"].c.recit))
    ent.horloge.avancer(RYTHME)
    ent.client("direction").get("/")
    with ent.base.academie("essai") as session:
        lue = session.get_one(ColonneLue, ("incidents_fait", "recit")).lue_le
    assert lue is None


def test_l_observation_ne_coute_aucun_enonce_a_une_page_deja_vue(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    for _ in range(2):
        direction.get("/")
        ent.horloge.avancer(RYTHME)
    direction.get("/")
    with compter_enonces(ent.base) as enonces:
        direction.get("/")
    assert not [enonce for enonce in enonces if "colonne_lue" in enonce]


def test_chaque_jour_un_enonce_se_note_de_nouveau(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    jours = []
    for _ in range(2):
        for _ in range(3):
            direction.get("/")
            ent.horloge.avancer(RYTHME)
        with ent.base.academie("essai") as session:
            jours.append(session.get_one(ColonneLue, ("personne", "nom")).lue_le)
        ent.horloge.avancer(timedelta(hours=12))
        direction = ent.client("direction")
        ent.horloge.avancer(timedelta(hours=12))
        direction = ent.client("direction")
    avant, apres = jours
    assert avant is not None
    assert apres is not None
    assert apres > avant


def test_la_nuit_met_en_observation_et_oublie_ce_qui_n_est_plus_declare(
    ent: InstanceEssai,
) -> None:
    with ent.base.academie("essai") as session:
        session.add(ColonneLue(objet="disparue", colonne="x", suivie_depuis=ent.horloge.aujourd_hui()))
    taches = toutes_les_taches(ent.ent.chargement, ent.ent.configuration)
    (tache,) = [t for t in taches if t.nom == "noyau.suivre_colonnes"]
    tache.fonction(ent.base, ent.horloge)
    with ent.base.academie("essai") as session:
        objets = set(session.scalars(select(ColonneLue.objet)))
    assert "incidents_fait" in objets
    assert "disparue" not in objets


@pytest.mark.exigence("RGPD-REG-05")
def test_le_registre_du_sous_traitant_dit_pour_qui_et_quoi(ent: InstanceEssai) -> None:
    dpd = ent.client("dpd")
    lu = texte_de(dpd.get("/vie-privee/sous-traitance/").text)
    assert "Club, Faits de vie scolaire" in lu
    assert ent.client("direction").get("/vie-privee/sous-traitance/").status_code == 403
    dit = json.loads(dpd.get("/vie-privee/sous-traitance/registre.json").text)
    par_ecole = {r["uai"]: r for r in dit["responsables"]}
    assert "Incidents" in par_ecole[ECOLE]["briques"]
    assert par_ecole[ECOLE]["responsable"].startswith("Le chef d'établissement : ")
    assert "Annuaire, comptes et sécurité" in par_ecole[AUTRE]["briques"]
    for categorie in dit["categories"]:
        assert categorie["mesures"], categorie["titre"]
    lignes = list(
        csv.reader(
            io.StringIO(dpd.get("/vie-privee/sous-traitance/registre.csv").data.decode("utf-8-sig")),
            delimiter=";",
        )
    )
    assert len(lignes) == 1 + len(par_ecole)
