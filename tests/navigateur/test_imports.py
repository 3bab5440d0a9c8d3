"""Importer, relire, annuler, dans un vrai navigateur : à 320 pixels, sans script, au clavier, en sombre."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ent_core.essais.annuaire import ECOLE, RECTORAT, peupler
from ent_core.essais.application import assembler, configuration_essai, connecter
from ent_core.essais.base import Fabrique
from ent_core.socle.calendrier import HorlogeFixe

pytestmark = pytest.mark.navigateur

Axe = Callable[[Page], list[str]]
Servir = Callable[[Flask], str]
ELEVES = """Identifiant;Nom de famille;Prénom;Date de naisance;Classe
{rang}1;AUBEMARE-DE-LA-TOUR-D'AUVERGNE;Marie-Zoé Alexandrine;02/05/2015;6A
{rang}2;BRICOURT;Sacha;11/09/2015;6A
{rang}3;CORVAL;Inès;31/02/2014;5B
"""


class Lieu:
    """Une école servie, et de quoi y ouvrir une page au nom de quelqu'un."""

    def __init__(self, navigateur: Browser, adresse: str, jetons: dict[str, str]) -> None:
        self._navigateur, self._adresse, self._jetons = navigateur, adresse, jetons
        self._ouverts: list[BrowserContext] = []

    def page(
        self, role: str = "direction", *, script: bool = True, sombre: bool = False, largeur: int = 320
    ) -> Page:
        contexte = self._navigateur.new_context(
            java_script_enabled=script,
            color_scheme="dark" if sombre else "light",
            viewport={"width": largeur, "height": 800},
        )
        contexte.add_cookies([{"name": "ent", "value": self._jetons[role], "url": self._adresse}])
        self._ouverts.append(contexte)
        return contexte.new_page()

    def adresse(self, chemin: str) -> str:
        return f"{self._adresse}/administration/imports{chemin}"

    def fermer(self) -> None:
        for contexte in self._ouverts:
            contexte.close()


@pytest.fixture(scope="module")
def servie(
    fabrique_bases: Fabrique, servir: Servir, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    adresses, horloge = fabrique_bases.migree(), HorlogeFixe()
    base = fabrique_bases.ouvrir(adresses.application, connexions=8)
    with base.academie("essai") as session:
        annuaire = peupler(session)
    dossier: Path = tmp_path_factory.mktemp("donnees")
    application = assembler(base, horloge, configuration_essai(donnees=str(dossier)))
    jetons = {}
    for role, uai in (("direction", ECOLE), ("administrateur_academique", RECTORAT)):
        client = connecter(application, base, horloge, annuaire[role], uai, annuaire.profils[role])
        temoin = client.get_cookie("ent")
        assert temoin
        jetons[role] = temoin.value
    horloge.avancer(timedelta(minutes=1))
    application.config["WTF_CSRF_ENABLED"] = True
    yield servir(application), jetons
    base.fermer()
    fabrique_bases.retirer(adresses)


@pytest.fixture
def lieu(browser: Browser, servie: tuple[str, dict[str, str]]) -> Iterator[Lieu]:
    lieu = Lieu(browser, *servie)
    yield lieu
    lieu.fermer()


def envoyer(page: Page, lieu: Lieu, rang: str) -> None:
    """Envoie une liste d'élèves ; la page demande alors ses colonnes."""
    page.goto(lieu.adresse("/nouveau/liste"))
    contenu = ELEVES.format(rang=rang).encode()
    fichier = {"name": "liste des élèves de l'école du bourg.csv", "mimeType": "text/csv", "buffer": contenu}
    page.get_by_label("Liste", exact=False).set_input_files(files=[fichier])  # type: ignore[arg-type] # dictionnaire
    page.get_by_role("button", name="Envoyer le fichier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Colonnes de la liste")


def simuler(page: Page) -> None:
    page.get_by_role("button", name="Voir ce qui changerait").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui changerait")


def confirmer(page: Page) -> None:
    page.get_by_role("button", name="Confirmer l'import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rapport de l'import")
    page.get_by_role("link", name="Voir le lot").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Import du")


def exiger_lisible(page: Page, axe: Axe) -> None:
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


@pytest.mark.parametrize(
    "sombre", [False, pytest.param(True, marks=pytest.mark.long)], ids=["clair", "sombre"]
)
def test_chaque_page_du_parcours_est_lisible_par_tous(lieu: Lieu, axe: Axe, sombre: bool) -> None:
    """axe sans violation et rien qui dépasse à 320 pixels, de l'envoi à l'annulation."""
    page = lieu.page(sombre=sombre)
    erreurs: list[str] = []
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    page.goto(lieu.adresse("/nouveau/liste"))
    exiger_lisible(page, axe)
    envoyer(page, lieu, "S" if sombre else "C")
    exiger_lisible(page, axe)
    simuler(page)
    exiger_lisible(page, axe)
    confirmer(page)
    exiger_lisible(page, axe)
    page.get_by_role("link", name="Annuler cet import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Annuler cet import ?")
    exiger_lisible(page, axe)
    page.get_by_role("button", name="Annuler l'import").click()
    expect(page.get_by_text("L'import est annulé.")).to_be_visible()
    exiger_lisible(page, axe)
    page.goto(lieu.adresse(""))
    exiger_lisible(page, axe)
    assert erreurs == []


def test_sans_javascript_on_importe_et_on_annule(lieu: Lieu) -> None:
    page = lieu.page(script=False)
    envoyer(page, lieu, "J")
    simuler(page)
    confirmer(page)
    page.get_by_role("link", name="Annuler cet import").click()
    expect(page.get_by_role("main")).to_contain_text("2 à ôter")
    page.get_by_role("button", name="Annuler l'import").click()
    expect(page.get_by_role("main")).to_contain_text("Annulé")
    expect(page.get_by_role("link", name="Annuler cet import")).to_have_count(0)


def test_ce_qui_retient_l_annulation_se_lit_a_320_pixels(lieu: Lieu, axe: Axe) -> None:
    page = lieu.page()
    envoyer(page, lieu, "R")
    simuler(page)
    confirmer(page)
    page.get_by_role("link", name="Annuler cet import").click()
    annulation = page.url
    envoyer(page, lieu, "R2")
    page.get_by_label("La liste contient des").select_option("responsables")
    page.get_by_role("button", name="Changer le contenu de la liste").click()
    expect(page.get_by_label(re.compile("^Lien"))).to_be_visible()
    page.get_by_role("button", name="Renoncer à cet import").click()
    # Le même élève, dans une autre classe : la première liste ne s'annule plus.
    page.goto(lieu.adresse("/nouveau/liste"))
    contenu = ELEVES.format(rang="R").replace(";6A", ";6Z").encode()
    fichier = {"name": "suite.csv", "mimeType": "text/csv", "buffer": contenu}
    page.get_by_label("Liste", exact=False).set_input_files(files=[fichier])  # type: ignore[arg-type] # dictionnaire
    page.get_by_role("button", name="Envoyer le fichier").click()
    simuler(page)
    confirmer(page)
    page.goto(annulation)
    expect(page.get_by_role("main")).to_contain_text("ajouts depuis, qui en dépendent")
    expect(page.get_by_role("button", name="Annuler l'import")).to_have_count(0)
    exiger_lisible(page, axe)


def test_un_fichier_vide_est_refuse_au_meme_endroit_et_dit_que_faire(lieu: Lieu, axe: Axe) -> None:
    page = lieu.page()
    page.goto(lieu.adresse("/nouveau/liste"))
    fichier = {"name": "vide.csv", "mimeType": "text/csv", "buffer": b""}
    page.get_by_label("Liste", exact=False).set_input_files(files=[fichier])  # type: ignore[arg-type] # dictionnaire
    page.get_by_role("button", name="Envoyer le fichier").click()
    expect(page.get_by_role("alert")).to_contain_text("Que faire")
    exiger_lisible(page, axe)


@pytest.mark.parametrize("sorte", ["annuaire", "liste", "emploi-du-temps"])
def test_l_academie_a_ses_trois_envois_lisibles(lieu: Lieu, axe: Axe, sorte: str) -> None:
    page = lieu.page("administrateur_academique")
    reponse = page.goto(lieu.adresse(f"/nouveau/{sorte}"))
    assert reponse is not None
    assert reponse.status == 200
    exiger_lisible(page, axe)


def test_au_clavier_le_formulaire_d_annulation_s_atteint_et_se_declenche(lieu: Lieu) -> None:
    page = lieu.page(largeur=1280)
    envoyer(page, lieu, "K")
    simuler(page)
    confirmer(page)
    page.get_by_role("link", name="Annuler cet import").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Annuler cet import ?")
    bouton = page.get_by_role("button", name="Annuler l'import")
    for _ in range(40):
        page.keyboard.press("Tab")
        if bouton.evaluate("element => element === document.activeElement"):
            break
    expect(bouton).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("L'import est annulé.")).to_be_visible()
