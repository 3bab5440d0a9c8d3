"""L'appel dans un vrai navigateur : au clavier, au doigt à 320 pixels, sans réseau, à deux, sans script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from ent_core.essais.instance import InstanceEssai
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

if TYPE_CHECKING:
    from tests.appel.conftest import Classe

pytestmark = pytest.mark.navigateur

Axe = Callable[[Page], list[str]]
TOUCHES_EN_VINGT_SECONDES = 40
"""Deux touches par seconde : le pas de qui lève les yeux sur la classe à chaque nom."""


class Salle:
    """L'école servie, et de quoi y ouvrir une page au nom d'une personne."""

    def __init__(self, navigateur: Browser, adresse: str) -> None:
        self._navigateur, self.adresse = navigateur, adresse
        self._ouverts: list[BrowserContext] = []

    def entrer(
        self, classe: Classe, personne: UUID | None = None, *, largeur: int = 1280, script: bool = True,
        sombre: bool = False,
    ) -> BrowserContext:  # fmt: skip
        temoin = classe.client(personne).get_cookie("ent")
        assert temoin
        contexte = self._navigateur.new_context(
            java_script_enabled=script, viewport={"width": largeur, "height": 800},
            color_scheme="dark" if sombre else "light", has_touch=largeur < 400, is_mobile=largeur < 400,
        )  # fmt: skip
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": self.adresse}])
        self._ouverts.append(contexte)
        return contexte

    def appel(self, contexte: BrowserContext, chemin: str = "/carnet/appel") -> Page:
        page = contexte.new_page()
        page.goto(f"{self.adresse}{chemin}")
        return page

    def fermer(self) -> None:
        for contexte in self._ouverts:
            contexte.close()


@pytest.fixture(scope="module")
def adresse(ecole: InstanceEssai, servir: Callable[[Flask], str]) -> str:
    ecole.application.config["WTF_CSRF_ENABLED"] = True
    return servir(ecole.application)


@pytest.fixture
def salle(browser: Browser, adresse: str) -> Iterator[Salle]:
    ouverte = Salle(browser, adresse)
    yield ouverte
    ouverte.fermer()


def ligne(rang: int) -> str:
    return f".appel-eleve:nth-child({rang + 1})"


def tient(page: Page, largeur: int) -> None:
    """Rien ne dépasse, de gauche à droite comme de droite à gauche."""
    for sens in ("rtl", "ltr"):
        page.evaluate("sens => { document.documentElement.dir = sens }", sens)
        assert page.evaluate("document.documentElement.scrollWidth") <= largeur, sens


def test_trente_eleves_au_clavier_puis_sans_reseau(salle: Salle, classe: Classe, axe: Axe) -> None:
    grande = classe.autre(30)
    seance = grande.seance()
    contexte = salle.entrer(grande)
    page = salle.appel(contexte)
    erreurs: list[str] = []
    page.on("console", lambda m: erreurs.append(m.text) if m.type == "error" else None)
    etat, compte = page.locator("#appel-etat"), page.locator("#appel-compte")
    expect(etat).to_have_text("Appel pas encore fait")
    frappes = 0

    def frapper(*touches: str) -> None:
        nonlocal frappes
        for touche in touches:
            page.keyboard.press(touche)
            frappes += 1

    for rang in range(30):
        frapper(*{3: "a", 11: "a", 20: "r"}.get(rang, ""))
        if rang < 29:
            frapper("ArrowDown")
    frapper("Enter")
    assert frappes <= TOUCHES_EN_VINGT_SECONDES
    expect(etat).to_have_text("Appel fait, enregistré à 8 h 04")
    expect(compte).to_have_text("28 présents2 absents1 en retard")
    assert grande.courants(seance) == {3: "absent", 11: "absent", 20: "retard"}
    expect(page.locator(f"{ligne(29)} [value=present]")).to_be_focused()
    assert axe(page) == []
    tient(page, 1280)

    # Ailleurs, puis on se ravise : tout revient, et l'histoire demeure.
    frapper("ArrowUp", "e", "e", "Enter")
    expect(page.locator(f"{ligne(28)} select")).to_have_value("cdi")
    frapper("z", "z")
    expect(compte).to_have_text("28 présents2 absents1 en retard")
    expect(etat).to_have_text("Appel fait, enregistré à 8 h 04")
    page.wait_for_function("() => !document.querySelector('#appel-etat').textContent.includes('…')")
    assert grande.courants(seance) == {3: "absent", 11: "absent", 20: "retard"}
    assert erreurs == []

    # Le réseau tombe : la feuille le dit, garde, et renvoie d'elle-même.
    contexte.set_offline(True)
    frapper("a")
    expect(etat).to_have_text("En attente de réseau : 1 élève. Rien n'est perdu.")
    contexte.set_offline(False)
    expect(etat).to_have_text("Appel fait, enregistré à 8 h 04")
    assert grande.courants(seance)[28] == "absent"

    # Et si la page se ferme sans réseau, la suivante reprend ce que l'appareil a gardé.
    contexte.set_offline(True)
    frapper("r")
    expect(etat).to_contain_text("En attente de réseau")
    page.close()
    contexte.set_offline(False)
    page = salle.appel(contexte, f"/carnet/appel/{seance}")
    expect(page.locator("#appel-compte")).to_have_text("28 présents2 absents2 en retard")
    expect(page.locator("#appel-etat")).to_have_text("Appel fait, enregistré à 8 h 04")
    assert grande.courants(seance)[28] == "retard"


def test_au_doigt_a_320_pixels_et_a_deux(salle: Salle, classe: Classe, axe: Axe) -> None:
    autre = classe.autre()
    seance = classe.seance(enseignants=(classe.enseignant, autre.enseignant))
    page = salle.appel(salle.entrer(classe, largeur=320, sombre=True))
    collegue = salle.appel(salle.entrer(classe, autre.enseignant))
    etat = page.locator("#appel-etat")
    page.locator(f"{ligne(0)} [value=absent]").tap()
    expect(etat).to_have_text("Enregistré à 8 h 04")
    page.locator(f"{ligne(1)} summary").tap()
    page.locator(f"{ligne(1)} .panneau [value=ailleurs]").tap()
    page.locator(f"{ligne(1)} select").select_option("cdi")
    expect(page.locator(f"{ligne(1)} summary")).to_contain_text("Ailleurs")
    expect(etat).to_have_text("Enregistré à 8 h 04")
    petites = page.eval_on_selector_all(
        ".appel-choix > label > span, .appel-autre > summary, .appel-finir, .appel-lieu select",
        "e => e.filter(x => x.offsetParent && (x.offsetHeight < 44 || x.offsetWidth < 44)).length",
    )
    assert petites == 0, "des cibles de 44 pixels"
    assert axe(page) == []
    tient(page, 320)

    # Un collègue note le même élève sans avoir vu : rien n'est écrasé, et il sait de qui cela vient.
    collegue.keyboard.press("r")
    expect(collegue.locator("#appel-etat")).to_contain_text("sauf 1 élève")
    expect(collegue.locator(f"{ligne(0)} .appel-par")).to_contain_text("noté par Camille Prof-")
    expect(collegue.locator(f"{ligne(0)} [value=absent]")).to_be_checked()
    expect(collegue.locator(f"{ligne(1)} [value=ailleurs]")).to_be_checked()
    collegue.keyboard.press("r")
    expect(collegue.locator("#appel-etat")).to_have_text("Enregistré à 8 h 04")
    page.get_by_role("button", name="Terminer l'appel").tap()
    expect(etat).to_have_text("Appel fait, enregistré à 8 h 04")
    expect(page.locator(f"{ligne(0)} .appel-par")).to_contain_text("Noté par Camille Prof-")
    assert classe.courants(seance) == {0: "retard", 1: "ailleurs"}


def test_sans_script_l_appel_se_fait_par_ses_boutons_radio(salle: Salle, classe: Classe) -> None:
    seance = classe.seance()
    page = salle.appel(salle.entrer(classe, script=False, largeur=320))
    page.locator(f"{ligne(1)} [value=absent]").check()
    page.locator(f"{ligne(2)} summary").click()
    page.locator(f"{ligne(2)} [value=depart]").check()
    page.locator(f"{ligne(2)} [type=number]").fill("12")
    page.get_by_role("button", name="Terminer l'appel").click()
    expect(page.get_by_text("L'appel est enregistré.")).to_be_visible()
    expect(page.locator("#appel-etat")).to_have_text("Appel fait, enregistré à 8 h 04")
    assert classe.courants(seance) == {1: "absent", 2: "depart"}
    assert next(f.minutes for f in classe.faits(seance) if f.nature == "depart") == 12
    page.get_by_role("link", name="Appels de la journée").click()
    expect(page.get_by_text("1 absent")).to_be_visible()
