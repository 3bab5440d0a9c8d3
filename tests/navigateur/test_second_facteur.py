"""Le second facteur dans un vrai navigateur : une clé d'accès virtuelle, une application, un secours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_core.essais.annuaire import peupler
from ent_core.essais.application import CLE, assembler
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Compte
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe

pytestmark = pytest.mark.navigateur

SECRET = "quatre mots sans rapport aucun"  # noqa: S105 - secret d'essai
HORLOGE = HorlogeFixe()


@pytest.fixture(scope="module")
def adresse(fabrique_bases: Fabrique, servir: Callable[[Flask], str]) -> Iterator[str]:
    """Une école servie sous un nom : une clé d'accès n'accepte pas un nombre pour domaine."""
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application, connexions=8)
    empreinte = Coffre(CLE).hacher(SECRET)
    with base.academie("essai : comptes") as session:
        annuaire = peupler(session)
        for role in ("administrateur_academique", "enseignant"):
            session.add(
                Compte(personne_id=annuaire[role], identifiant=role, empreinte=empreinte, etat="actif")
            )
    application = assembler(base, HORLOGE)
    application.config["WTF_CSRF_ENABLED"] = True
    yield servir(application).replace("127.0.0.1", "localhost")
    base.fermer()
    fabrique_bases.retirer(adresses)


def entrer(page: Page, adresse: str, role: str) -> None:
    page.goto(f"{adresse}/connexion")
    page.get_by_label("Identifiant").fill(role)
    page.get_by_label("Mot de passe", exact=True).fill(SECRET)
    page.get_by_role("button", name="Se connecter").click()


def poser_une_cle(page: Page) -> None:
    """Un téléphone qui reconnaît la personne, sans qu'on le touche."""
    protocole = page.context.new_cdp_session(page)
    protocole.send("WebAuthn.enable")
    protocole.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip


@pytest.mark.exigence("SDET-AUTH-07")
def test_un_administrateur_ajoute_une_cle_d_acces_puis_entre_avec_elle_seule(
    page: Page, adresse: str, axe: Callable[[Page], list[str]]
) -> None:
    poser_une_cle(page)
    entrer(page, adresse, "administrateur_academique")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second facteur")
    assert axe(page) == []
    page.get_by_label("Son nom").fill("Mon téléphone")
    page.get_by_role("button", name="Ajouter une clé d'accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos codes de secours")
    page.get_by_role("link", name="C'est noté").click()
    expect(page.get_by_role("banner")).to_contain_text("Services académiques")
    page.context.clear_cookies()
    entrer(page, adresse, "administrateur_academique")
    expect(page.get_by_role("heading", level=1)).to_have_text("Encore une preuve")
    assert axe(page) == []
    page.get_by_role("button", name="Employer ma clé d'accès").click()
    expect(page.get_by_role("banner")).to_contain_text("Services académiques")
    page.context.clear_cookies()
    page.goto(f"{adresse}/connexion")
    page.get_by_role("button", name="Entrer avec une clé d'accès").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")


def test_sans_javascript_une_application_un_code_de_secours_et_partout_dehors(
    browser: Browser, adresse: str
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    entrer(page, adresse, "enseignant")
    page.goto(f"{adresse}/compte/facteurs")
    page.get_by_role("button", name="Ajouter une application").click()
    cle = re.sub(r"\s", "", page.locator(".cle-a-recopier").text_content() or "")
    page.get_by_label("Code").fill(pyotp.TOTP(cle).at(HORLOGE.maintenant()))
    page.get_by_role("button", name="Ajouter l'application").click()
    codes = page.locator(".codes-de-secours code").all_text_contents()
    ailleurs = browser.new_context(java_script_enabled=False).new_page()
    entrer(ailleurs, adresse, "enseignant")
    expect(ailleurs.get_by_role("heading", level=1)).to_have_text("Encore une preuve")
    ailleurs.get_by_label("Code").fill("123 456")
    ailleurs.get_by_role("button", name="Entrer", exact=True).click()
    expect(ailleurs.get_by_role("alert")).to_contain_text("n'est pas le bon")
    ailleurs.get_by_label("Code").fill(codes[0])
    ailleurs.get_by_role("button", name="Entrer", exact=True).click()
    expect(ailleurs.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    ailleurs.goto(f"{adresse}/compte")
    ailleurs.get_by_role("button", name="Me déconnecter partout").click()
    page.goto(adresse)
    for sortie in (page, ailleurs):
        expect(sortie.get_by_role("heading", level=1)).to_have_text("Se connecter")
