"""Les pages du registre : qui les voit, ce qu'elles montrent, ce qu'elles demandent une fois."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from ent_core.chargement.decouverte import installees
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal
from ent_core.vie_privee.publication.historique import relever
from ent_core.vie_privee.publication.modeles import CampagneInformation, ReponseRegistre, SousTraitant

from .pages_essai import chercher

REGISTRE = "/vie-privee/registre/"
COMPLETER = "/vie-privee/registre/completer"


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    ouverte = application_avec(installees()["annonces"].load())
    with ouverte.base.academie("essai : démarrage") as session:
        relever(session, ouverte.horloge, ouverte.ent.registre)
    return ouverte


@pytest.mark.parametrize(
    ("role", "lit", "complete"),
    [
        ("direction", 200, 200),
        ("administrateur", 200, 200),
        ("administrateur_academique", 200, 200),
        ("dpd", 200, 200),
        ("enseignant", 403, 403),
        ("parent", 403, 403),
        ("eleve", 403, 403),
    ],
)
def test_le_registre_se_lit_et_se_complete_par_qui_en_repond(
    instance: InstanceEssai, role: str, lit: int, complete: int
) -> None:
    client = instance.client(role)
    assert client.get(REGISTRE).status_code == lit
    assert client.get(COMPLETER).status_code == complete


def test_le_registre_dit_ce_qui_reste_a_completer_et_y_mene(instance: InstanceEssai) -> None:
    page = instance.client("direction").get(REGISTRE).text
    assert "Annonces de l&#39;établissement" in page
    assert "compléter le registre" in page
    assert f'href="{COMPLETER}"' in page
    assert "81 %" in page
    fiche = instance.client("direction").get("/vie-privee/registre/traitements/annonces.affichage").text
    assert f'href="{COMPLETER}#delegue"' in fiche
    assert "Traitement mis en service." in fiche
    assert "texte (texte libre)" in fiche


def test_chaque_lien_a_completer_mene_a_une_question(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    fiche = direction.get("/vie-privee/registre/traitements/noyau.annuaire").text
    liens = [lien for lien in chercher(fiche, "//a/@href") if COMPLETER in lien]
    ancres = {lien.partition("#")[2] for lien in liens}
    ids = set(chercher(direction.get(COMPLETER).text, "//@id"))
    assert ancres == {"delegue", "conjoints", "sous_traitants", "transferts", "mesures", "analyse"}
    assert ancres <= ids


def test_une_fiche_d_une_brique_fermee_n_existe_pas(instance: InstanceEssai) -> None:
    adresse = "/vie-privee/registre/traitements/annonces.affichage"
    assert instance.client("direction").get(adresse).status_code == 200
    assert instance.client("direction_autre").get(adresse).status_code == 404


@pytest.mark.exigence("RGPD-REG-04")
def test_une_reponse_vaut_pour_toutes_les_fiches(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    saisie = {
        "delegue": "Délégué de l'académie",
        "delegue_contact": "dpd@ac.example",
        "analyse_le": "2026-06-01",
    }
    assert direction.post(COMPLETER, data=saisie).status_code == 302
    for cle in ("noyau.annuaire", "annonces.affichage"):
        fiche = direction.get(f"/vie-privee/registre/traitements/{cle}").text
        assert "dpd@ac.example" in fiche
        assert "faite le 01/06/2026" in fiche
    assert "dpd@ac.example" in instance.client("parent").get("/donnees-personnelles").text
    assert "dpd@ac.example" not in instance.client("parent_autre").get("/donnees-personnelles").text
    with instance.base.academie("essai") as session:
        acte = session.scalars(select(ActeJournal).where(ActeJournal.acte == "registre.complete")).one()
        assert (acte.uai, acte.details) == (ECOLE, {"reponses": 3})


def test_l_academie_repond_pour_tous_et_pour_un(instance: InstanceEssai) -> None:
    academie = instance.client("administrateur_academique")
    assert 'name="responsable"' not in academie.get(COMPLETER).text
    academie.post(COMPLETER, data={"delegue": "DPD commun"})
    academie.post(f"{COMPLETER}?uai={AUTRE}", data={"delegue": "DPD d'à côté"})
    assert "DPD commun" in instance.client("direction").get("/donnees-personnelles").text
    assert "DPD d&#39;à côté" in instance.client("direction_autre").get("/donnees-personnelles").text
    assert "DPD d&#39;à côté" in academie.get(f"{REGISTRE}traitements/noyau.annuaire?uai={AUTRE}").text
    with instance.base.academie("essai") as session:
        assert set(session.scalars(select(ReponseRegistre.uai))) == {None, AUTRE}


def test_un_etablissement_ne_regarde_ni_ne_remplit_le_registre_d_un_autre(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    for adresse in (f"{REGISTRE}?uai={AUTRE}", f"{COMPLETER}?uai={AUTRE}"):
        assert direction.get(adresse).status_code == 404
    assert direction.post(f"{COMPLETER}?uai={AUTRE}", data={"delegue": "X"}).status_code == 404
    with instance.base.academie("essai") as session:
        assert session.scalars(select(ReponseRegistre)).all() == []
    assert instance.client("dpd").get(f"{REGISTRE}?uai=0000000X").status_code == 404


@pytest.mark.parametrize(
    ("adresse", "saisie", "message"),
    [
        (COMPLETER, {"analyse_le": "hier"}, "Écrivez une date"),
        (COMPLETER, {"delegue": "x" * 201}, "200 caractères au plus"),
        ("sous-traitants", {"nom": "A", "pays": "France"}, "Dites ce qu&#39;il fait."),
        (
            "sous-traitants",
            {"nom": "A", "mission": "b", "pays": "Japon", "hors_union": "1"},
            "demande des garanties",
        ),
        ("information", {"faite_le": "2027-01-01", "moyen": "reunion"}, "pas encore été donnée"),
        ("information", {"faite_le": "2026-09-01", "moyen": "pigeon"}, "Ce moyen n&#39;existe pas."),
    ],
)
def test_une_saisie_fautive_se_dit_et_rien_n_est_garde(
    instance: InstanceEssai, adresse: str, saisie: dict[str, str], message: str
) -> None:
    complete = adresse if adresse.startswith("/") else f"/vie-privee/registre/{adresse}"
    reponse = instance.client("direction").post(complete, data=saisie)
    assert reponse.status_code == 422
    assert message in reponse.text
    for valeur in saisie.values():
        assert valeur in reponse.text or valeur == "1" or valeur == "pigeon"
    with instance.base.academie("essai") as session:
        for table in (ReponseRegistre, SousTraitant, CampagneInformation):
            assert session.scalars(select(table)).all() == []


@pytest.mark.exigence("RGPD-INF-02")
def test_la_campagne_de_la_rentree_se_demande_puis_se_note(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    assert "redonner l&#39;information" in direction.get(REGISTRE).text
    saisie = {"faite_le": "2026-09-03", "moyen": "reunion"}
    assert direction.post("/vie-privee/registre/information", data=saisie).status_code == 302
    assert "redonner l&#39;information" not in direction.get(REGISTRE).text
    assert "réunion de rentrée, le 03/09/2026" in direction.get(COMPLETER).text
    assert "redonner l&#39;information" in instance.client("direction_autre").get(REGISTRE).text


def test_un_sous_traitant_se_declare_et_se_retire(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    saisie = {"nom": "Hébergeur du rectorat", "mission": "hébergement", "pays": "France"}
    assert direction.post("/vie-privee/registre/sous-traitants", data=saisie).status_code == 302
    page = direction.get(COMPLETER).text
    assert "Hébergeur du rectorat" in page
    (retirer,) = chercher(page, "//form[contains(@action, '/retirer')]/@action")
    assert instance.client("direction_autre").post(retirer).status_code == 404
    assert direction.post(retirer).status_code == 302
    assert "Aucun n'est déclaré" in direction.get(COMPLETER).text


@pytest.mark.exigence("RGPD-REG-06")
@pytest.mark.parametrize("format_", ["ods", "csv", "json", "html"])
def test_le_registre_se_telecharge_et_le_journal_le_dit(instance: InstanceEssai, format_: str) -> None:
    reponse = instance.client("direction").get(f"/vie-privee/registre/registre.{format_}")
    assert reponse.status_code == 200
    assert f"registre-{ECOLE}-20260907.{format_}" in reponse.headers["Content-Disposition"]
    with instance.base.academie("essai") as session:
        actes = session.scalars(select(ActeJournal).where(ActeJournal.acte == "registre.exporte")).all()
        assert [(acte.uai, acte.details) for acte in actes] == [(ECOLE, {"format": format_})]


def test_l_academie_exporte_un_etablissement_ou_toutes_les_briques(instance: InstanceEssai) -> None:
    dpd = instance.client("dpd")
    toutes = cles(dpd, "/vie-privee/registre/registre.json")
    assert "annonces.affichage" in toutes
    assert "annonces.affichage" not in cles(dpd, f"/vie-privee/registre/registre.json?uai={AUTRE}")
    assert dpd.get("/vie-privee/registre/registre.exe").status_code == 404


def test_l_histoire_ne_montre_que_les_traitements_de_l_etablissement(instance: InstanceEssai) -> None:
    histoire = "/vie-privee/registre/historique"
    assert "Annonces de l&#39;établissement" in instance.client("direction").get(histoire).text
    assert "Annonces de l&#39;établissement" not in instance.client("direction_autre").get(histoire).text
    assert "Annonces de l&#39;établissement" in instance.client("dpd").get(histoire).text


def cles(client: FlaskClient, adresse: str) -> set[str]:
    return {traitement["cle"] for traitement in json.loads(client.get(adresse).data)["traitements"]}
