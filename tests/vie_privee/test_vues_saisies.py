"""Ce que l'on écrit de travers dans les pages de la vie privée : une phrase claire, jamais une panne."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.vie_privee.violations.modeles import Violation
from tests.vie_privee.pages_essai import texte_de
from tests.vie_privee.test_violations_pages import FICHE

V = "/vie-privee/violations/"


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec()


@pytest.mark.exigence("RGPD-VIO-01")
def test_une_violation_mal_datee_se_corrige_et_rien_ne_se_perd(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    for faux, dit in (
        ({"connue_le": "0001-01-01T00:00"}, "L'année va de 2000 à 2199."),
        ({"debut": "9999-12-31T23:59"}, "L'année va de 2000 à 2199."),
        ({"debut": "2026-09-07T07:40"}, "Le début suit l'instant où vous l'avez su."),
        ({"debut": "2026-09-06T08:00", "fin": "2026-09-05T08:00"}, "La fin précède le début."),
    ):
        reponse = direction.post(f"{V}nouvelle", data={**FICHE, **faux})
        assert (reponse.status_code, dit in texte_de(reponse.text)) == (422, True), faux
        assert str(FICHE["description"]) in texte_de(reponse.text)
    with ent.base.academie("essai") as session:
        assert session.scalars(select(Violation)).all() == []


def test_un_caractere_nul_est_ote_sans_panne(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    adresse = direction.post(f"{V}nouvelle", data={**FICHE, "description": "Un envoi\0 de trop."}).location
    assert "Un envoi de trop." in texte_de(direction.get(adresse).text)
    assert direction.post(f"{adresse}/cnil", data={"choix": "oui", "motif": "\0"}).status_code == 303
    demande = {"droit": "effacement", "precisions": "merci\0"}
    assert ent.client("parent").post("/mes-donnees/", data=demande).status_code == 302
    admin = ent.client("administrateur_academique")
    assert admin.get("/vie-privee/journaux/nouveau?q=%00").status_code == 200


def test_un_comptage_n_abaisse_pas_ce_que_l_on_estime(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    adresse = direction.post(f"{V}nouvelle", data={**FICHE, "personnes": "84"}).location
    jour = ent.horloge.aujourd_hui()
    compte = {"du": f"{jour - timedelta(days=1)}T08:00", "au": f"{jour}T08:00", "journaux": ["lectures"]}
    assert direction.post(f"{adresse}/personnes", data=compte).status_code == 303
    assert "84 environ" in texte_de(direction.get(adresse).text)


def test_une_adresse_mal_ecrite_le_dit_en_francais(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    lu = direction.get("/mes-donnees/vues?page=abc")
    assert (lu.status_code, "Écrivez un nombre entier." in texte_de(lu.text)) == (422, True)
    assert direction.get("/vie-privee/archives/series/0991001A/noyau.rien/99999999999").status_code == 404


def test_un_formulaire_envoye_deux_fois_ne_fait_pas_deux_notifications(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    adresse = direction.post(f"{V}nouvelle", data=FICHE).location
    envoi = {"le": "2026-09-07T07:45"}
    statuts = [direction.post(f"{adresse}/notifier", data=envoi).status_code for _ in range(2)]
    assert statuts == [303, 422]
    with ent.base.academie("essai") as session:
        assert session.scalars(select(Violation)).one().completee_le is None
