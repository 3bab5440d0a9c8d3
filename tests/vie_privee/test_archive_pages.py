"""Les pages et les commandes de l'archive : qui demande, qui décide, qui lit, et ce qui se refuse."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from ent_core.chargement.decouverte import charger
from ent_core.cli import ent
from ent_core.contrat.roles import Role
from ent_core.essais.application import CLE
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal, Compte
from ent_core.roles.modeles import RoleLocal
from ent_core.vie_privee.archive.modeles import DemandeArchive, UniteArchivee
from tests.vie_privee.archive_essais import Depot, monter, ouvrir
from tests.vie_privee.brique_dossiers import Livret, Sanction, brique_dossiers

RACINE = "/vie-privee/archives/"
MOTIF = {"motif": "recours devant le tribunal, dossier 27-18", "heures": "4", "traitement": ""}


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Une sanction de l'élève est dans l'archive."""
    montee = application_avec(brique_dossiers())
    depot = ouvrir(montee, charger([], {"dossiers": brique_dossiers()}), montee.ent.configuration)
    depot.ecrire(Sanction, nature="une bousculade", camarade_id=montee.annuaire["camarade"])
    depot.deplacer()
    return montee


def demander(instance: InstanceEssai, role: str = "direction") -> str:
    eleve = instance.annuaire["eleve"]
    reponse = instance.client(role).post(f"{RACINE}personnes/{eleve}", data=MOTIF)
    assert reponse.status_code == 303, reponse.text
    return reponse.location


@pytest.mark.exigence("RGPD-DUR-02")
@pytest.mark.parametrize(
    ("role", "statut"),
    [
        ("direction", 200), ("dpd", 200), ("administrateur_academique", 403), ("administrateur", 403),
        ("enseignant", 403), ("cpe", 403), ("parent", 403), ("eleve", 403),
    ],
)  # fmt: skip
def test_jamais_un_enseignant_ni_un_administrateur(instance: InstanceEssai, role: str, statut: int) -> None:
    client = instance.client(role)
    eleve = instance.annuaire["eleve"]
    for page in ("", f"personnes/{eleve}", f"series/{instance.uai_de('cpe')}/dossiers.sanctions/2025"):
        assert client.get(RACINE + page).status_code == statut, page
    assert client.post(f"{RACINE}personnes/{eleve}", data=MOTIF).status_code == (
        303 if statut == 200 else 403
    )


def test_on_cherche_on_demande_un_autre_accorde_et_l_on_lit(instance: InstanceEssai) -> None:
    eleve = instance.annuaire["eleve"]
    direction, dpd = instance.client("direction"), instance.client("dpd")
    accueil = direction.get(f"{RACINE}?q=eleve").text
    assert f"/personnes/{eleve}" in accueil
    assert "Sanctions" in accueil
    page = direction.get(f"{RACINE}personnes/{eleve}").text
    assert "Sanctions" in page
    assert "une bousculade" not in page, "l'index ne dit rien du contenu"
    adresse = demander(instance)
    mienne = direction.get(adresse).text
    assert "une autre personne doit l&#39;accorder" in mienne.lower() or "autre personne doit" in mienne
    assert "Accorder 4 heures" not in mienne
    assert direction.post(f"{adresse}/accorder").status_code == 403
    assert direction.post(f"{adresse}/lecture").status_code == 403
    assert "Accorder 4 heures" in dpd.get(adresse).text
    assert dpd.post(f"{adresse}/accorder").status_code == 303
    assert dpd.post(f"{adresse}/lecture").status_code == 403, "qui accorde ne lit pas"
    lue = direction.post(f"{adresse}/lecture")
    assert lue.status_code == 200
    assert "une bousculade" in lue.text
    assert "Essai Camarade" in lue.text
    with instance.base.academie("essai") as session:
        assert session.scalars(select(ActeJournal).where(ActeJournal.acte == "archive.lue")).one()
    instance.horloge.avancer(timedelta(hours=4))
    direction = instance.client("direction")
    assert direction.post(f"{adresse}/lecture").status_code == 403
    assert "Fermée" in direction.get(adresse).text


def test_un_refus_se_lit_et_un_formulaire_faux_se_corrige(instance: InstanceEssai) -> None:
    eleve = instance.annuaire["eleve"]
    direction, dpd = instance.client("direction"), instance.client("dpd")
    faux = direction.post(f"{RACINE}personnes/{eleve}", data={**MOTIF, "heures": "73", "motif": "court"})
    assert faux.status_code == 422
    assert "De 1 à 72 heures" in faux.text
    adresse = demander(instance)
    assert dpd.post(f"{adresse}/refuser", data={"motif": ""}).status_code == 422
    assert dpd.post(f"{adresse}/refuser", data={"motif": "le dossier est clos"}).status_code == 303
    assert "le dossier est clos" in direction.get(adresse).text
    assert dpd.post(f"{adresse}/accorder").status_code == 409


def test_un_autre_etablissement_ne_voit_ni_demande_ni_personne(instance: InstanceEssai) -> None:
    adresse = demander(instance)
    ailleurs = instance.client("direction_autre")
    assert ailleurs.get(adresse).status_code == 404
    assert ailleurs.post(f"{adresse}/accorder").status_code == 404
    assert ailleurs.get(f"{RACINE}personnes/{instance.annuaire['eleve']}").status_code == 404
    assert ailleurs.get(f"{RACINE}series/0991001A/dossiers.sanctions/2025").status_code == 404
    assert "L&#39;archive est vide" in ailleurs.get(RACINE).text
    vide = instance.client("direction").get(f"{RACINE}personnes/{instance.annuaire['camarade']}")
    assert vide.status_code == 200


def test_l_archiviste_demande_et_lit_mais_ne_decide_pas(instance: InstanceEssai) -> None:
    with instance.base.academie("essai : archiviste") as session:
        session.add(
            RoleLocal(
                uai="0991001A", personne_id=instance.annuaire["secretaire"], role=Role.ARCHIVISTE.value,
                debut=date(2026, 9, 1),
            )
        )  # fmt: skip
    archiviste, direction = instance.client("secretaire"), instance.client("direction")
    de_la_direction = demander(instance)
    assert archiviste.post(f"{de_la_direction}/accorder").status_code == 403
    sienne = demander(instance, "secretaire")
    assert direction.post(f"{sienne}/accorder").status_code == 303
    assert "une bousculade" in archiviste.post(f"{sienne}/lecture").text


def test_une_serie_se_demande_aussi(instance: InstanceEssai) -> None:
    adresse = f"{RACINE}series/0991001A/dossiers.sanctions/2025"
    assert "Sanctions" in instance.client("dpd").get(adresse).text
    assert instance.client("dpd").post(adresse, data=MOTIF).status_code == 303
    assert instance.client("dpd").get(f"{RACINE}series/0991001A/dossiers.rien/2025").status_code == 404
    with instance.base.academie("essai") as session:
        demande = session.scalars(select(DemandeArchive)).one()
        assert (demande.personne_id, demande.traitement, demande.annee) == (None, "dossiers.sanctions", 2025)


@pytest.fixture
def depot(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Depot]:
    """L'archive d'une brique qui n'est plus chargée : la ligne de commande n'en a pas besoin."""
    with monter(fabrique_bases, tmp_path / "donnees") as monte:
        monte.ecrire(Sanction, nature="une bousculade")
        monte.ecrire(Livret, nature="un livret")
        monte.deplacer()
        with monte.base.academie("essai : comptes et termes") as session:
            for role in ("dpd", "direction", "enseignant"):
                session.add(
                    Compte(personne_id=monte.annuaire[role], identifiant=f"essai.{role}", etat="actif")
                )
            session.execute(update(UniteArchivee).values(echeance=date(2026, 1, 1)))
        yield monte


@pytest.fixture
def lancer(depot: Depot) -> Callable[..., Result]:
    variables = {
        "ENT_BASE": depot.base.url.render_as_string(hide_password=False), "ENT_CLE_SECRETE": CLE,
        "ENT_DONNEES": depot.configuration.donnees, "ENT_CONFIGURATION": "",
        "ENT_SERVEUR_SECURISE": "false", "ENT_COFFRE": str(depot.archive.coffre.chemin),
    }  # fmt: skip
    return lambda *arguments: CliRunner().invoke(ent, ["archive", *arguments], env=variables)


def test_la_ligne_de_commande_cherche_demande_accorde_et_lit(
    lancer: Callable[..., Result], depot: Depot
) -> None:
    etat = lancer("etat", "--json")
    assert etat.exit_code == 0, etat.output
    assert {s["traitement"]: s["nombre"] for s in json.loads(etat.output)["series"]} == {
        "dossiers.sanctions": 1, "dossiers.livrets": 1,
    }  # fmt: skip
    eleve = str(depot.annuaire["eleve"])
    assert len(json.loads(lancer("chercher", "--personne", eleve, "--json").output)) == 2
    assert "rien qui réponde" in lancer("chercher", "--annee", "1999").output
    voulue = ("demander", "--etablissement", "0991001A", "--personne", eleve, "--motif", MOTIF["motif"])
    refus = lancer(*voulue, "--par", "essai.enseignant")
    assert "ne peut pas décider" in str(refus.exception)
    demande = json.loads(lancer(*voulue, "--par", "essai.direction", "--json").output)["demande"]
    assert "sa propre demande" in str(lancer("approuver", demande, "--par", "essai.direction").exception)
    assert "en attente" in str(lancer("lire", demande, "--par", "essai.direction").exception)
    assert "ouverte" in lancer("approuver", demande, "--par", "essai.dpd").output
    assert "une bousculade" in lancer("lire", demande, "--par", "essai.direction").output
    lues = json.loads(lancer("lire", demande, "--par", "essai.direction", "--json").output)
    assert len(lues) == 2
    autre = json.loads(lancer(*voulue, "--par", "essai.direction", "--json").output)["demande"]
    assert "refusée" in lancer("approuver", autre, "--refuser", "sans objet", "--par", "essai.dpd").output


def test_la_ligne_de_commande_verse_et_acquitte(
    lancer: Callable[..., Result], depot: Depot, tmp_path: Path
) -> None:
    paquet = tmp_path / "livrets.zip"
    voulu = (
        "verser",
        "--etablissement",
        "0991001A",
        "--traitement",
        "dossiers.livrets",
        "--par",
        "essai.dpd",
    )
    fait = lancer(*voulu, "--vers", str(paquet), "--json")
    assert fait.exit_code == 0, (fait.output, fait.exception)
    assert zipfile.is_zipfile(paquet)
    assert oct(paquet.stat().st_mode)[-3:] == "600"
    assert "existe déjà" in str(lancer(*voulu, "--vers", str(paquet)).exception)
    rien = lancer(*voulu, "--vers", str(tmp_path / "autre.zip"))
    assert "rien n'est dû" in str(rien.exception)
    assert list(tmp_path.glob(".autre*")) + list(tmp_path.glob("autre*")) == []
    versement = str(UUID(json.loads(fait.output)["versement"]))
    assert versement in lancer("etat", "--json").output
    acquitte = lancer("acquitter", versement, "--reference", "W 12", "--par", "essai.dpd")
    assert "1 unité(s) éliminée(s)" in acquitte.output, acquitte.exception
    assert [u.traitement for u in depot.unites()] == ["dossiers.sanctions"]
