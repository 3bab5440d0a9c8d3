"""Le tableau de la vie scolaire dans un vrai navigateur : au téléphone, sans script, puis au clavier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.tableau.conftest import Cour

pytestmark = pytest.mark.navigateur


def test_la_vie_scolaire_tient_sa_matinee_depuis_le_tableau(
    cour: Cour, servir: Callable[[Flask], str], axe: Callable[[Page], list[str]], browser: Browser
) -> None:
    cour.appel(cour.seance(), 0, 1)
    cour.seance(5, salle="B12")
    adresse = servir(cour.instance.application)
    temoin = cour.instance.client("cpe").get_cookie("ent")
    assert temoin

    def ouvrir(*, script: bool) -> Page:
        contexte = browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=script)
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
        return contexte.new_page()

    # Sans script : l'essai sans réponse reste à joindre, la famille jointe quitte la liste.
    page = ouvrir(script=False)
    page.goto(f"{adresse}/")
    page.get_by_role("link", name="2 familles à joindre").click()
    page.get_by_role("button", name="Sans réponse").first.click()
    expect(page.get_by_text("un essai aujourd'hui")).to_be_visible()
    page.get_by_role("button", name=f"Jointe : la famille de Zoé {cour.noms[0]}").click()
    expect(page.get_by_role("button", name="Jointe")).to_have_count(1)
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("button", name="Jointe")).to_have_count(2)
    # Un absent se présente à la vie scolaire : un geste, qui se défait.
    page.goto(f"{adresse}/carnet/tableau?vue=absents")
    page.get_by_role("button", name=f"Arrivé : Zoé {cour.noms[0]}").click()
    expect(page.get_by_role("button", name="Arrivé")).to_have_count(1)
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("button", name="Arrivé")).to_have_count(2)
    # Régler les deux d'un coup, se raviser.
    page.goto(f"{adresse}/carnet/tableau")
    page.get_by_role("link", name="Régler plusieurs absences").click()
    page.get_by_role("link", name="Tout cocher").click()
    page.get_by_label("Motif", exact=True).select_option(label="Difficulté accidentelle de transport")
    page.get_by_role("button", name="Voir ce qui changerait").click()
    expect(page.get_by_text("Rien n'est encore changé.")).to_be_visible()
    page.get_by_role("button", name="Donner ce motif à 2 absences").click()
    expect(page.get_by_text("Un motif est donné à 2 périodes.")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("2 absences attendent de nouveau un motif.")).to_be_visible()
    page.context.close()

    # Chaque page : aucun défaut d'accessibilité, rien qui dépasse ; « / » mène au filtre.
    page = ouvrir(script=True)
    for chemin in ("", "/ensemble", "/regler?tout=1"):
        page.goto(f"{adresse}/carnet/tableau{chemin}")
        assert axe(page) == [], chemin
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, chemin
    page.get_by_label("Motif", exact=True).select_option(label="Difficulté accidentelle de transport")
    page.get_by_role("button", name="Voir ce qui changerait").click()
    assert axe(page) == [], "aperçu"
    page.goto(f"{adresse}/carnet/tableau")
    page.keyboard.press("/")
    page.keyboard.type("ozturk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Un élève trouvé")).to_be_visible()
    page.context.close()
