"""Le papier dans un vrai navigateur, à 320 pixels : imprimer, télécharger, recopier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import FabriqueInstance
from ent_core.essais.modeles import Creneau
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from ent_carnet import brique


@pytest.mark.exigence("CARNET-05")
def test_imprimer_puis_recopier_au_telephone(
    application_avec: FabriqueInstance,
    servir: Callable[[Flask], str],
    axe: Callable[[Page], list[str]],
    browser: Browser,
) -> None:
    instance = application_avec(brique)
    instance.horloge.avancer(datetime(2026, 11, 18, 16, tzinfo=UTC) - instance.horloge.maintenant())
    debut = datetime(2026, 11, 18, 8, tzinfo=FUSEAU)
    with instance.base.academie("essai : cours") as session:
        session.add(
            Creneau(
                uai=ECOLE, annee=ANNEE, debut=debut, fin=debut + timedelta(minutes=55),
                division_id=instance.annuaire.divisions[ECOLE],
            )
        )  # fmt: skip
    temoin = instance.client("cpe").get_cookie("ent")
    assert temoin
    adresse = servir(instance.application)
    contexte = browser.new_context(viewport={"width": 320, "height": 800})
    contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
    try:
        page = contexte.new_page()
        page.goto(f"{adresse}/carnet/papier")
        _lisible(page, axe)
        for bouton, signature in (
            ("Imprimer les feuilles", b"%PDF"),
            ("Télécharger le pack de panne", b"PK"),
        ):
            with page.expect_download() as attente:
                page.get_by_role("button", name=bouton).click()
            contenu = attente.value.path().read_bytes()
            assert contenu.startswith(signature)
        page.get_by_label("Toutes les familles, même celles qui lisent à l'écran").check()
        with page.expect_download() as attente:
            page.get_by_role("button", name="Imprimer les carnets").click()
        assert len(PdfReader(BytesIO(attente.value.path().read_bytes())).pages) == 2
        page.get_by_label("Toutes les familles, même celles qui lisent à l'écran").uncheck()
        page.get_by_role("button", name="Imprimer les carnets").click()
        expect(page.get_by_text("Aucune famille n'a gardé le papier ici.")).to_be_visible()

        page.get_by_role("link", name="Recopier une feuille").click()
        _lisible(page, axe)
        page.get_by_role("link", name="5e A").click()
        _lisible(page, axe)
        page.get_by_role("combobox").first.select_option("absent")
        page.get_by_role("button", name="Enregistrer la feuille").click()
        expect(page.get_by_text("La feuille est recopiée.")).to_be_visible()
        expect(page.get_by_text("Aucun appel ne manque ce jour-là.")).to_be_visible()
    finally:
        contexte.close()


def _lisible(page: Page, axe: Callable[[Page], list[str]]) -> None:
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
