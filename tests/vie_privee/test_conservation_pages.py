"""Les pages et les commandes de la conservation : qui décide, ce qui se voit, ce qui se refuse."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select

from ent_core.cli import ent
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import Compte, Personne
from ent_core.vie_privee.conservation.modeles import Gel, PlanConservation, ReportConservation
from tests.vie_privee.conservation_essais import a_midi, faire_partir

RACINE = "/vie-privee/conservation/"


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux élèves partis depuis plus de deux mois ; leurs inscriptions sont dans deux collèges."""
    ouverte = application_avec()
    annuaire = ouverte.annuaire
    faire_partir(ouverte.base, [annuaire["camarade"], annuaire["camarade_autre"]], date(2026, 9, 8))
    ouverte.horloge.instant = a_midi(date(2026, 11, 20))
    return ouverte


def etablir(client: FlaskClient) -> str:
    reponse = client.post(RACINE)
    assert reponse.status_code == 303
    return reponse.location


@pytest.mark.parametrize(
    ("role", "statut"),
    [
        ("direction", 200), ("administrateur_academique", 200), ("dpd", 200), ("administrateur", 403),
        ("cpe", 403), ("enseignant", 403), ("parent", 403), ("eleve", 403),
    ],
)  # fmt: skip
def test_seuls_ceux_qui_en_repondent_voient_la_conservation(
    instance: InstanceEssai, role: str, statut: int
) -> None:
    client = instance.client(role)
    for page in ("", "gels", "preuves"):
        assert client.get(RACINE + page).status_code == statut


def test_un_plan_se_relit_se_trie_s_exporte_et_s_approuve(instance: InstanceEssai) -> None:
    client = instance.client("administrateur_academique")
    adresse = etablir(client)
    page = client.get(adresse).text
    assert "4 enregistrements échus" in page
    assert "Annuaire des personnes et des classes" in page
    assert client.get(f"{adresse}?tri=-echues").status_code == 200
    assert client.get(f"{adresse}.csv").text.count("inscription") == 2
    assert client.get(f"{adresse}.ods").data[:2] == b"PK"
    with instance.base.academie("essai") as session:
        empreinte = session.scalars(select(PlanConservation.empreinte)).one()
    assert client.post(f"{adresse}/approuver", data={"empreinte": "0" * 64}).status_code == 422
    assert client.post(f"{adresse}/approuver", data={"empreinte": empreinte}).status_code == 303
    assert "Approuvé" in client.get(adresse).text
    assert "Approuver ce plan" not in client.get(adresse).text
    ligne = client.get(f"{adresse}/lignes/1").text
    assert "Voir la personne" in ligne
    assert client.post(f"{adresse}/annuler", data={"motif": ""}).status_code == 422
    assert client.post(f"{adresse}/annuler", data={"motif": "à revoir"}).status_code == 303
    assert "Annulé" in client.get(adresse).text


def test_le_chef_d_etablissement_reporte_sa_part_et_ne_decide_pas_du_reste(instance: InstanceEssai) -> None:
    adresse = etablir(instance.client("administrateur_academique"))
    direction = instance.client("direction")
    page = direction.get(adresse).text
    assert "Votre part du plan de l&#39;académie" in page
    assert "Collège d&#39;à côté" not in page
    assert "Approuver ce plan" not in page
    rang = page.split(f"{adresse}/lignes/")[1].split('"')[0]
    mauvais = direction.post(f"{adresse}/lignes/{rang}", data={"jusqu_au": "2030-01-01", "motif": "litige"})
    assert mauvais.status_code == 422
    bon = direction.post(f"{adresse}/lignes/{rang}", data={"jusqu_au": "2027-01-15", "motif": "litige"})
    assert bon.status_code == 303
    assert "Reportée jusqu" in direction.get(adresse).text
    with instance.base.academie("essai") as session:
        assert [r.uai for r in session.scalars(select(ReportConservation))] == [ECOLE]
    assert direction.get(f"{adresse}/lignes/999").status_code == 404
    assert direction.post(f"{adresse}/annuler", data={"motif": "à revoir"}).status_code == 403


def test_un_gel_se_pose_depuis_une_recherche_et_se_leve(instance: InstanceEssai) -> None:
    client, eleve = instance.client("direction"), instance.annuaire["eleve"]
    assert f"/gels/{eleve}" in client.get(f"{RACINE}gels?q=eleve").text
    adresse = f"{RACINE}gels/{eleve}"
    assert client.get(adresse).status_code == 200
    assert client.post(adresse, data={"motif": "TA 26-1"}).status_code == 422
    saisie = {"nature": "litige", "motif": "TA 26-1", "revoir_le": "2027-03-01", "traitement": ""}
    assert client.post(adresse, data=saisie).status_code == 303
    assert client.get(f"{RACINE}gels/{instance.annuaire['eleve_autre']}").status_code == 404
    page = client.get(f"{RACINE}gels").text
    assert "TA 26-1" in page
    with instance.base.academie("essai") as session:
        gel = session.scalars(select(Gel.id)).one()
    assert instance.client("direction_autre").post(f"{RACINE}gels/{gel}/lever").status_code == 404
    assert client.post(f"{RACINE}gels/{gel}/lever").status_code == 303
    instance.horloge.instant = a_midi(date(2027, 3, 2))
    assert "levé le" in instance.client("direction").get(f"{RACINE}gels").text


def test_un_visa_se_joint_et_le_bordereau_s_imprime(instance: InstanceEssai) -> None:
    client = instance.client("administrateur_academique")
    adresse = etablir(client)
    assert "Aucune ligne de ce plan n&#39;attend de visa" in client.get(f"{adresse}/bordereau").text
    assert client.get(f"{adresse}/bordereau.ods").data[:2] == b"PK"
    refus = client.post(
        f"{adresse}/visa",
        data={
            "traitement": "noyau.annuaire", "numero": "12", "jour": "2026-11-01",
            "fichier": (io.BytesIO(b"%PDF-"), "b.pdf"),
        },
        content_type="multipart/form-data",
    )  # fmt: skip
    assert refus.status_code == 422
    assert "attend de visa" in refus.text


def test_sans_rien_d_echu_les_pages_le_disent(application_avec: FabriqueInstance) -> None:
    client = application_avec().client("dpd")
    assert "Aucun plan." in client.get(RACINE).text
    assert "Rien n&#39;a été éliminé." in client.get(f"{RACINE}preuves").text
    assert "Aucun gel." in client.get(f"{RACINE}gels").text
    assert "Rien n&#39;est échu" in client.get(etablir(client)).text


# --- Les commandes ---------------------------------------------------------------------------


@pytest.fixture
def lancer(base: BaseDeDonnees, tmp_path: Path, annuaire: Annuaire) -> Callable[..., Result]:
    """Lance ``ent conservation`` sur la base de l'essai, à l'heure du système : le sursis est ancien."""
    faire_partir(base, [annuaire["camarade"]], date(2020, 9, 8))
    with base.academie("essai : comptes") as session:
        for role in ("dpd", "administrateur_academique", "enseignant"):
            session.add(Compte(personne_id=annuaire[role], identifiant=f"essai.{role}", etat="actif"))
    variables = {
        "ENT_BASE": base.url.render_as_string(hide_password=False), "ENT_DONNEES": str(tmp_path),
        "ENT_CONFIGURATION": "", "ENT_SERVEUR_SECURISE": "false",
    }  # fmt: skip
    return lambda *arguments: CliRunner().invoke(ent, ["conservation", *arguments], env=variables)


def test_la_ligne_de_commande_planifie_approuve_et_prouve(
    lancer: Callable[..., Result], base: BaseDeDonnees, annuaire: Annuaire, tmp_path: Path
) -> None:
    fait = lancer("planifier", "--json")
    assert fait.exit_code == 0, fait.output
    plan = json.loads(fait.output)
    assert {li["objet"]: li["echues"] for li in plan["lignes"] if li["echues"]} == {
        "personne": 1, "inscription": 1,
    }  # fmt: skip
    refus = lancer("approuver", plan["plan"], "--par", "essai.enseignant")
    assert refus.exit_code != 0
    assert "ne peut pas décider" in str(refus.exception)
    accord = lancer("approuver", plan["plan"], "--par", "essai.dpd", "--json")
    assert json.loads(accord.output)["etat"] == "approuvé"
    tot = lancer("executer", plan["plan"])
    assert "préavis" in str(tot.exception)
    annule = lancer("approuver", plan["plan"], "--par", "essai.dpd", "--annuler", "à revoir")
    assert annule.exit_code == 0
    assert "annulé" in annule.output
    assert lancer("verifier").exit_code == 0
    assert "Aucune preuve" in lancer("preuves").output
    assert "aucune preuve" in lancer("preuves", "--exporter", str(tmp_path / "ailleurs.jsonl")).output
    with base.academie("essai") as session:
        assert session.get(Personne, annuaire["camarade"]) is not None


def test_la_ligne_de_commande_pose_et_leve_un_gel(lancer: Callable[..., Result], annuaire: Annuaire) -> None:
    jour = json.loads(lancer("planifier", "--json").output)["jour"]
    revoir = date.fromisoformat(jour) + timedelta(days=30)
    pose = lancer(
        "gels", "poser", str(annuaire["camarade"]), "--par", "essai.dpd", "--nature", "litige", "--motif",
        "TA 1", "--revoir", revoir.isoformat(),
    )  # fmt: skip
    assert pose.exit_code == 0, pose.output
    gel = json.loads(lancer("gels", "lister", "--json").output)[0]
    assert gel["nature"] == "litige"
    plan = json.loads(lancer("planifier", "--json").output)
    assert sum(li["gelees"] for li in plan["lignes"]) == 2
    assert plan["ecarts"] != []
    assert lancer("gels", "lever", gel["id"], "--par", "essai.dpd").exit_code == 0
    assert "Aucun gel." in lancer("gels", "lister").output
