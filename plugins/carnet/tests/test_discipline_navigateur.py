"""La discipline dans un vrai navigateur, au téléphone : punir, pointer, conduire une procédure, lire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_carnet import brique


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Un collège, le lundi 7 septembre 2026 ; l'essai avance son horloge."""
    return application_avec(brique)


@pytest.mark.exigence("DISC-15")
@pytest.mark.exigence("DISC-16")
def test_punir_puis_sanctionner_au_telephone_sans_javascript(
    ecole: InstanceEssai, servir: Callable[[Flask], str], axe: Callable[[Page], list[str]], browser: Browser
) -> None:
    adresse = servir(ecole.application)

    def ouvrir(role: str, chemin: str, *, js: bool = True) -> Page:
        temoin = ecole.client(role).get_cookie("ent")
        assert temoin
        contexte = browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=js)
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
        page = contexte.new_page()
        page.goto(adresse + chemin)
        return page

    def lisible(page: Page) -> None:
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url

    # Le professeur punit, sans JavaScript : un élève, une retenue.
    prof = ouvrir("enseignant", "/carnet/punitions", js=False)
    prof.get_by_role("link", name="Donner une punition").click()
    prof.get_by_role("link", name="5e A").click()
    prof.get_by_role("link", name="Essai Eleve Camille").click()
    prof.get_by_role("radio", name="Retenue").check()
    prof.get_by_label("Motif").select_option("bavardage")
    prof.get_by_role("button", name="Donner la punition").click()
    expect(prof.get_by_text("Donnez le lieu de la retenue.").first).to_be_visible()
    # Refusée, la page rend ce qui est saisi, le moment de la retenue ouvert.
    prof.get_by_label("Jour de la retenue").fill("2026-09-07")
    prof.get_by_label("Heure").fill("13:00")
    prof.get_by_label("Lieu").fill("Permanence")
    prof.get_by_role("button", name="Donner la punition").click()
    expect(prof.get_by_text("La punition est donnée.")).to_be_visible()
    prof.context.close()

    surveillant = ouvrir("assistant", "/carnet/retenues")
    lisible(surveillant)
    surveillant.get_by_role("button", name="Présent").click()
    expect(surveillant.get_by_text("Faite")).to_be_visible()
    surveillant.context.close()

    cpe = ouvrir("cpe", f"/carnet/sanctions/nouvelle?eleve={ecole.annuaire['eleve']}")
    lisible(cpe)
    cpe.get_by_label("Motif").select_option("insolence")
    cpe.get_by_label("Faits reprochés").fill("A insulté un camarade dans la cour.")
    cpe.get_by_role("button", name="Ouvrir la procédure").click()
    for etape in ("notification_eleve", "notification_responsables"):
        cpe.get_by_role("combobox", name="Étape").select_option(etape)
        cpe.get_by_role("button", name="Noter l'étape").click()
    expect(cpe.get_by_role("heading", name="Défense jusqu'au mercredi 9 septembre")).to_be_visible()
    lisible(cpe)
    dossier = cpe.url.removeprefix(adresse)
    cpe.context.close()

    ecole.horloge.avancer(timedelta(days=3))
    chef = ouvrir("direction", dossier)
    chef.get_by_role("link", name="Prononcer la décision").click()
    lisible(chef)
    chef.get_by_label("Sanction").select_option("4")
    chef.get_by_label("Jours d'exclusion").fill("2")
    chef.get_by_label("Motifs de la décision").fill("Faits reconnus et répétés.")
    chef.get_by_role("button", name="Prononcer la décision").click()
    chef.get_by_label("Remise").first.select_option("recommande")
    chef.get_by_role("button", name="Notifier la décision").click()
    expect(chef.get_by_role("heading", name="Exécuter la sanction")).to_be_visible()
    lisible(chef)
    chef.context.close()

    famille = ouvrir("parent", f"/carnet/discipline/{ecole.annuaire['eleve']}")
    lisible(famille)
    famille.get_by_text("Contester cette décision").click()
    expect(famille.get_by_text("recours gracieux").first).to_be_visible()
    expect(famille.get_by_text("Retenue", exact=True)).to_be_visible()
    famille.context.close()
