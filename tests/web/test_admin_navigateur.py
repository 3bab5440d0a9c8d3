"""L'administration dans un vrai navigateur : lisible par tous, à 320 pixels, et sans JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ECOLE, RECTORAT, peupler
from ent_core.essais.application import assembler, connecter
from ent_core.essais.base import Fabrique
from ent_core.socle.calendrier import HorlogeFixe

from .briques_essai import Fanion

pytestmark = pytest.mark.navigateur

PAGES = {
    "direction": (
        "personnes?q=essai",
        "personnes?q=personne-de-ce-nom",
        "personnes/{eleve}",
        "personnes/{direction}",
        "briques",
        "briques/fanion",
        "briques/fanion/basculer?ouverte=1",
        "briques/fanion/basculer?ouverte=1&debut=2026-10-02&fin=2026-09-01",
        "codes",
        "delegations",
        "journal",
        f"etablissements/{ECOLE}/annees",
    ),
    "administrateur_academique": (
        "etablissements",
        f"etablissements/{ECOLE}",
        "briques/fanion",
        "personnes?q=essai",
        "personnes/{eleve}",
        "journal",
    ),
}


@dataclass(frozen=True, slots=True)
class Lieu:
    """Une école servie, et le jeton de chaque rôle."""

    adresse: str
    jetons: dict[str, str]
    personnes: dict[str, str]

    def page(self, role: str, chemin: str) -> str:
        return f"{self.adresse}/administration/{chemin.format(**self.personnes)}"


@pytest.fixture(scope="module")
def lieu(fabrique_bases: Fabrique, servir: Callable[[Flask], str]) -> Iterator[Lieu]:
    adresses, horloge = fabrique_bases.migree(), HorlogeFixe()
    base = fabrique_bases.ouvrir(adresses.application, connexions=8)
    with base.academie("essai") as session:
        annuaire = peupler(session)
    application = assembler(base, horloge, briques={"fanion": Fanion()})
    jetons = {}
    titres = {
        "direction": (ECOLE, Profil.DIRECTION),
        "administrateur_academique": (RECTORAT, Profil.ACADEMIE),
    }
    for role, (uai, profil) in titres.items():
        client = connecter(application, base, horloge, annuaire[role], uai, profil.value)
        temoin = client.get_cookie("ent")
        assert temoin
        jetons[role] = temoin.value
    application.config["WTF_CSRF_ENABLED"] = True
    yield Lieu(servir(application), jetons, {nom: str(cle) for nom, cle in annuaire.personnes.items()})
    base.fermer()
    fabrique_bases.retirer(adresses)


def ouvrir(navigateur: Browser, lieu: Lieu, role: str, *, largeur: int = 1280, script: bool = True) -> Page:
    ecran = ViewportSize(width=largeur, height=800)
    contexte = navigateur.new_context(viewport=ecran, java_script_enabled=script, bypass_csp=True)
    contexte.add_cookies([{"name": "ent", "value": lieu.jetons[role], "url": lieu.adresse}])
    return contexte.new_page()


@pytest.mark.parametrize("largeur", [320, 1280])
@pytest.mark.parametrize("role", PAGES)
def test_aucune_page_n_a_de_defaut_ni_ne_deborde(
    browser: Browser, lieu: Lieu, axe: Callable[[Page], list[str]], role: str, largeur: int
) -> None:
    page = ouvrir(browser, lieu, role, largeur=largeur)
    defauts: list[str] = []
    for chemin in PAGES[role]:
        page.goto(lieu.page(role, chemin))
        defauts += [f"{chemin} : {defaut}" for defaut in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth") > largeur:
            defauts.append(f"{chemin} : déborde de {largeur} pixels")
    page.context.close()
    assert defauts == []


def test_ouvrir_puis_refermer_une_brique_sans_javascript(browser: Browser, lieu: Lieu) -> None:
    page = ouvrir(browser, lieu, "direction", script=False)
    page.goto(lieu.page("direction", "briques"))
    page.get_by_role("link", name="Ouvrir").click()
    expect(page.get_by_text("Voir le fanion")).to_be_visible()
    page.get_by_role("button", name="Ouvrir la brique").click()
    expect(page.get_by_text("Fanion du collège est ouverte : Collège des Essais.")).to_be_visible()
    page.locator("#bulles").get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("Annulée le 07/09/2026")).to_be_visible()
    page.context.close()
