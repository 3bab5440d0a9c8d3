"""La famille au téléphone, à 320 pixels et sans script : expliquer en trois gestes, puis « vu »."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import FabriqueInstance
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_carnet import brique
from ent_carnet.modeles import Absence

HUIT = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)


@pytest.mark.exigence("ABS-03")
@pytest.mark.exigence("FAM-01")
@pytest.mark.exigence("CARNET-16")
def test_expliquer_au_telephone_en_trois_gestes_sans_script_puis_l_autre_responsable_a_vu(
    application_avec: FabriqueInstance,
    servir: Callable[[Flask], str],
    axe: Callable[[Page], list[str]],
    browser: Browser,
) -> None:
    instance = application_avec(brique)
    instance.horloge.instant = HUIT + timedelta(hours=4)
    with instance.base.ecole(ECOLE, "essai : absences") as session:
        for jours in (0, 3):
            debut = HUIT - timedelta(days=jours)
            session.add(
                Absence(
                    uai=ECOLE, annee=ANNEE, eleve_id=instance.annuaire["eleve"], genre="absence",
                    debut=debut, fin=debut + timedelta(hours=2), traitee_le=debut,
                )
            )  # fmt: skip
    adresse = servir(instance.application)

    def ouvrir(role: str, *, script: bool) -> Page:
        temoin = instance.client(role).get_cookie("ent")
        assert temoin
        contexte = browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=script)
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
        return contexte.new_page()

    # Sans script : depuis le carnet, trois gestes et un reçu.
    page = ouvrir("parent", script=False)
    page.goto(f"{adresse}/carnet/famille")
    page.get_by_role("link", name="Expliquer l'absence").first.click()
    page.get_by_label("Rendez-vous médical").check()
    page.get_by_role("button", name="Envoyer le motif").click()
    expect(page.get_by_text("L'établissement a reçu le motif")).to_be_visible()
    page.context.close()

    # L'autre responsable : le même carnet, accessible et sans rien qui dépasse ; il explique le reste.
    page = ouvrir("second_parent", script=True)
    page.goto(f"{adresse}/carnet/famille")
    expect(page.get_by_text("En attente", exact=True)).to_be_visible()
    _lisible(page, axe)
    page.get_by_role("link", name="Expliquer l'absence").click()
    _lisible(page, axe)
    page.get_by_label("Maladie de l'élève").check()
    page.get_by_role("button", name="Envoyer le motif").click()
    expect(page.get_by_role("button", name="Retirer le motif")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("link", name="Revenir au carnet").click()
    expect(page.get_by_text("Motif envoyé, en attente.")).to_have_count(2)
    page.get_by_role("button", name="J'ai vu ces 2 lignes").click()
    expect(page.get_by_text("C'est noté : vous l'avez vu.")).to_be_visible()
    expect(page.get_by_text("vu le 07/09/2026")).to_have_count(2)
    expect(page.get_by_role("button", name="J'ai vu")).to_have_count(0)
    page.context.close()


def _lisible(page: Page, axe: Callable[[Page], list[str]]) -> None:
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
