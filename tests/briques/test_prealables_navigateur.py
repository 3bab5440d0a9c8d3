"""Les préalables dans un vrai navigateur : au téléphone, à 320 pixels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_core.essais.instance import FabriqueInstance

from .test_prealables import AFFICHE, PAGE, REGLAGE

pytestmark = pytest.mark.navigateur


def test_le_chef_atteste_au_telephone_puis_revient_dessus(
    application_avec: FabriqueInstance,
    servir: Callable[[Flask], str],
    axe: Callable[[Page], list[str]],
    browser: Browser,
) -> None:
    instance = application_avec(AFFICHE, ouvertes=False)
    instance.ouvrir("affiche", attester=False)
    temoin = instance.client("direction").get_cookie("ent")
    assert temoin
    adresse = servir(instance.application)
    contexte = browser.new_context(viewport={"width": 320, "height": 720})
    contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
    try:
        page = contexte.new_page()
        page.goto(adresse)
        page.get_by_role("link", name="Voir ce qui reste").click()
        page.get_by_role("link", name="Voir ce qui reste à attester").click()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_label("Les familles ont la lettre").check()
        page.get_by_role("button", name="Attester ce qui est coché").click()
        expect(page.get_by_text("Reste à attester : 1 sur 2")).to_be_visible()
        page.get_by_role("button", name="Tout est fait").click()
        expect(page.get_by_text("Tout est attesté : la brique est servie ici.")).to_be_visible()
        reponse = page.goto(f"{adresse}{PAGE}")
        assert reponse
        assert reponse.ok
        page.goto(f"{adresse}{REGLAGE}")
        page.get_by_text("Ce qui est attesté (2)").click()
        page.get_by_text("Revenir dessus").first.click()
        expect(page.get_by_text("La brique ne sera plus servie").first).to_be_visible()
        page.get_by_role("button", name="Retirer l'attestation").first.click()
        expect(page.get_by_text("n'est pas servie ici tant que")).to_be_visible()
    finally:
        contexte.close()
