"""Les parcours, dans un vrai navigateur : entrer, changer d'école, sans souris, sans script, en petit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, peupler
from ent_core.essais.application import CLE, assembler, connecter
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Compte, Rattachement
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe

pytestmark = pytest.mark.navigateur

Servir = Callable[[Flask], str]
Axe = Callable[[Page], list[str]]
SECRET = "quatre mots sans rapport aucun"  # noqa: S105 - secret d'essai

ADMIN = "administrateur_academique"
PROFILS = ["parent", "eleve", "enseignant", "cpe", "direction"]


class Servie(str):
    """L'adresse de l'école, et la session ouverte de son administrateur."""

    jeton: str


@pytest.fixture(scope="module")
def adresse(fabrique_bases: Fabrique, servir: Servir) -> Iterator[Servie]:
    """Une école servie pour tout le module, où chaque personne a un compte nommé comme son rôle."""
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application, connexions=8)
    empreinte = Coffre(CLE).hacher(SECRET)
    with base.academie("essai : comptes") as session:
        annuaire = peupler(session)
        for role, personne_id in annuaire.personnes.items():
            session.add(Compte(personne_id=personne_id, identifiant=role, empreinte=empreinte, etat="actif"))
        session.add(
            Rattachement(
                uai=AUTRE,
                personne_id=annuaire["parent"],
                profil=Profil.RESPONSABLE.value,
                source="essai",
                debut=date(2026, 9, 1),
            )
        )
    horloge = HorlogeFixe()
    application = assembler(base, horloge)
    # Un administrateur entre en deux temps (test_second_facteur) : ici, sa session est déjà ouverte.
    client = connecter(application, base, horloge, annuaire[ADMIN], RECTORAT, annuaire.profils[ADMIN])
    temoin = client.get_cookie("ent")
    assert temoin
    application.config["WTF_CSRF_ENABLED"] = True
    servie = Servie(servir(application))
    servie.jeton = temoin.value
    yield servie
    base.fermer()
    fabrique_bases.retirer(adresses)


def entrer(page: Page, adresse: Servie, role: str) -> None:
    if role == ADMIN:
        page.context.add_cookies([{"name": "ent", "value": adresse.jeton, "url": adresse}])
        page.goto(adresse)
        return
    page.goto(adresse)
    page.get_by_label("Identifiant").fill(role)
    page.get_by_label("Mot de passe", exact=True).fill(SECRET)
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.parametrize("role", PROFILS)
def test_chaque_profil_entre_et_voit_son_etablissement(page: Page, adresse: Servie, role: str) -> None:
    entrer(page, adresse, role)
    if role == "parent":
        page.get_by_role("button", name=re.compile("Responsable.*Collège des Essais")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    ecole = "Collège des Essais"
    expect(page.get_by_role("banner")).to_contain_text(ecole)


@pytest.mark.exigence("SDET-SES-02")
def test_sortir_ferme_la_session_partout(page: Page, adresse: Servie) -> None:
    entrer(page, adresse, "eleve")
    temoin = page.context.cookies()
    page.locator("summary", has_text="Compte de").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_text("Vous êtes déconnecté.")).to_be_visible()
    page.context.add_cookies(temoin)  # type: ignore[arg-type] # les témoins lus se reposent tels quels
    page.goto(adresse)
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_un_parent_change_d_ecole_avec_un_seul_compte(page: Page, adresse: Servie) -> None:
    entrer(page, adresse, "parent")
    page.get_by_role("button", name=re.compile("Responsable.*Collège d'à côté")).click()
    expect(page.get_by_role("banner")).to_contain_text("Collège d'à côté")
    page.get_by_role("link", name="Changer").click()
    page.get_by_role("button", name=re.compile("Responsable.*Collège des Essais")).click()
    expect(page.get_by_role("banner")).to_contain_text("Collège des Essais")


def test_un_mauvais_mot_de_passe_garde_l_identifiant_et_dit_quoi_faire(page: Page, adresse: Servie) -> None:
    page.goto(adresse)
    page.get_by_label("Identifiant").fill("eleve")
    page.get_by_label("Mot de passe", exact=True).fill("pas le bon du tout")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("Identifiant ou mot de passe incorrect")
    expect(page.get_by_label("Identifiant")).to_have_value("eleve")


def test_sans_javascript_on_entre_et_on_sort(browser: Browser, adresse: Servie) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    entrer(page, adresse, "enseignant")
    expect(page.get_by_role("banner")).to_contain_text("Collège des Essais")
    page.locator("summary", has_text="Compte de").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_au_clavier_seul_on_entre(page: Page, adresse: Servie) -> None:
    page.goto(adresse)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Aller au contenu")
    page.get_by_label("Identifiant").focus()
    page.keyboard.type("cpe")
    page.keyboard.press("Tab")
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    expect(page.get_by_role("banner")).to_contain_text("Collège des Essais")


def test_la_touche_barre_mene_a_la_recherche_sauf_si_l_on_ecrit_ou_si_on_l_eteint(
    page: Page, adresse: Servie
) -> None:
    recherche = page.get_by_label("Nom ou prénom")
    entrer(page, adresse, "direction")
    page.goto(adresse + "/administration/personnes")
    page.keyboard.press("/")
    expect(recherche).to_be_focused()
    page.keyboard.press("/")
    expect(recherche).to_have_value("/")
    page.goto(adresse + "/compte")
    page.get_by_label("La touche « / » mène au champ de recherche").uncheck()
    page.reload()
    expect(page.get_by_label("La touche « / » mène au champ de recherche")).not_to_be_checked()
    page.goto(adresse + "/administration/personnes")
    page.keyboard.press("/")
    expect(recherche).not_to_be_focused()


@pytest.mark.parametrize("role", ["direction", "administrateur_academique"])
@pytest.mark.parametrize("largeur", [320, 360, 412])
def test_au_telephone_le_menu_du_bas_ne_coupe_aucun_mot(
    browser: Browser, adresse: Servie, role: str, largeur: int
) -> None:
    page = browser.new_context(viewport={"width": largeur, "height": 740}).new_page()
    entrer(page, adresse, role)
    menu = page.get_by_role("navigation", name="Menu principal")
    for taille in ("100%", "200%"):
        page.evaluate(f"document.documentElement.style.setProperty('font-size', '{taille}')")
        expect(menu.locator(".onglet").last).to_be_in_viewport(ratio=1)
        coupes = menu.locator(".onglet > span:not(.tel, .bureau)").evaluate_all(
            "mots => mots.filter(m => { const texte = document.createRange(); texte.selectNodeContents(m);"
            " const boite = m.closest('.onglet').getBoundingClientRect();"
            r" return texte.getClientRects().length > m.textContent.trim().split(/\s+/).length"
            " || [...texte.getClientRects()].some(r => r.right > boite.right + 1"
            " || r.left < boite.left - 1) })"
            ".map(m => m.textContent)"
        )
        assert coupes == [], taille
        for boite in (".nav > ul", "html"):
            assert page.evaluate(f"document.querySelector('{boite}').scrollWidth") <= largeur, taille
    page.context.close()


PAGES = {
    "connexion": (None, "/connexion"),
    "activation": (None, "/activation"),
    "accueil parent": ("eleve", "/"),
    "mon compte": ("eleve", "/compte"),
    "données personnelles": (None, "/donnees-personnelles"),
    "accessibilité": (None, "/accessibilite"),
    "aide": (None, "/aide"),
    "état": (None, "/etat"),
    "erreur": (None, "/nulle-part"),
    "personnes": ("direction", "/administration/personnes?q=essai"),
    "briques": ("direction", "/administration/briques"),
    "délégations": ("direction", "/administration/delegations"),
    "journal": ("direction", "/administration/journal"),
    "imports": ("administrateur_academique", "/administration/imports"),
    "établissements": ("administrateur_academique", "/administration/etablissements"),
    "travaux": ("administrateur_academique", "/administration/travaux"),
}


@pytest.mark.parametrize("nom", PAGES)
@pytest.mark.parametrize("couleurs", ["light", "dark"])
def test_aucune_page_n_a_de_defaut_que_la_machine_voit(
    browser: Browser, adresse: Servie, axe: Axe, nom: str, couleurs: str
) -> None:
    """axe sans violation, ni erreur de console, ni défilement de côté à 320 pixels ou texte doublé."""
    role, chemin = PAGES[nom]
    contexte = browser.new_context(
        color_scheme="dark" if couleurs == "dark" else "light", viewport={"width": 320, "height": 640}
    )
    page = contexte.new_page()
    erreurs: list[str] = []
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    if role:
        entrer(page, adresse, role)
    page.goto(adresse + chemin)
    assert [e for e in erreurs if "404" not in e and "401" not in e] == []
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    contexte.close()


@pytest.mark.exigence("SDET-SSI-02")
def test_un_script_en_ligne_ne_s_execute_pas(page: Page, adresse: Servie) -> None:
    page.goto(adresse + "/connexion")
    execute = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.pirate = 1';"
        " document.body.append(s); return window.pirate === 1 }"
    )
    assert execute is False


def test_l_administrateur_de_l_academie_voit_ses_pages(page: Page, adresse: Servie) -> None:
    entrer(page, adresse, "administrateur_academique")
    expect(page.get_by_role("banner")).to_contain_text("Services académiques")
    page.get_by_role("link", name="Établissements").click()
    expect(page.get_by_role("table")).to_contain_text("Collège d'à côté")
    assert ECOLE in page.content()
