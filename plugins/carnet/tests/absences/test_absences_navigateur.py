"""La vie scolaire suit les absences dans un vrai navigateur : à 320 pixels, accessible, et sans script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ent_carnet.nomenclatures import SeuilAbsences
from ent_carnet.services import justifications, motifs, rapprochement, seuils

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

pytestmark = pytest.mark.navigateur

DEJA_VUES = ("/motifs-proposes", "/decomptes", "/motifs", "/reglages")
"""Mêmes composants que les autres pages : on n'y vérifie plus que la largeur."""
JOURS = [date(2026, 11, jour) for jour in (2, 3, 4, 5)]


def preparer(classe: Classe) -> None:
    """Quatre absences coupées par une présence, une alerte, et un motif proposé pour la première."""
    for jour in JOURS:
        classe.absences(jour, 8)
        classe.cours(jour, 10)
        classe.appel(jour, 10)
    instant = classe.instance.horloge.maintenant()
    with classe.session() as session:
        for jour in JOURS:
            rapprochement.rapprocher(session, ECOLE, ANNEE, [classe.eleve], jour, instant)
        seuils.evaluer(session, ECOLE, ANNEE, date(2026, 8, 1), date(2026, 11, 28), [classe.eleve])
        justifications.declarer(
            session, uai=ECOLE, eleve_id=classe.eleve, declarant_id=classe.instance.annuaire["parent"],
            debut=datetime(2026, 11, 2, tzinfo=FUSEAU), fin=datetime(2026, 11, 3, tzinfo=FUSEAU),
            motif_id=motifs.obtenir(session, ECOLE, "maladie").id, jour=JOURS[0],
        )  # fmt: skip


@pytest.mark.exigence("ABS-08")
def test_suivre_les_absences_au_telephone_avec_et_sans_script(
    classe: Classe, servir: Callable[[Flask], str], axe: Callable[[Page], list[str]], browser: Browser
) -> None:
    preparer(classe)
    adresse = servir(classe.instance.application)

    def ouvrir(role: str, *, script: bool) -> Page:
        temoin = classe.instance.client(role).get_cookie("ent")
        assert temoin
        contexte = browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=script)
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
        return contexte.new_page()

    dossier = f"{adresse}/carnet/absences/eleves/{classe.eleve}"

    # Sans script : accepter un motif, en donner un autre, clore l'alerte.
    cpe = ouvrir("cpe", script=False)
    cpe.goto(f"{adresse}/carnet/absences/motifs-proposes")
    cpe.locator("li", has=cpe.locator(f"a[href*='{classe.eleve}']")).get_by_role(
        "button", name="Accepter"
    ).click()
    expect(cpe.get_by_text("Le motif est accepté.")).to_be_visible()
    cpe.goto(dossier)
    expect(cpe.get_by_text("Sans motif", exact=True)).to_have_count(3)
    cpe.get_by_role("link", name="Donner un motif").first.click()
    cpe.get_by_label("Motif", exact=True).select_option(label="Convenance personnelle (à régler)")
    cpe.get_by_role("button", name="Enregistrer le motif").click()
    expect(cpe.get_by_text("Motif donné", exact=True)).to_have_count(1)
    cpe.get_by_label("Non").check()
    cpe.get_by_role("button", name="Noter le contact").click()
    expect(cpe.get_by_text("Sans réponse")).to_be_visible()
    cpe.goto(f"{adresse}/carnet/absences/alertes")
    dialogue = cpe.locator("section.carte", has=cpe.locator(f"a[href*='{classe.eleve}']")).filter(
        has_text="engager le dialogue"
    )
    dialogue.get_by_text("Donner une suite").click()
    dialogue.get_by_role("button", name="Noter la suite").click()
    expect(cpe.get_by_text("La suite est notée")).to_be_visible()
    cpe.context.close()
    with classe.session() as session:
        suites = {a.seuil: a.suite for a in seuils.de_l_eleve(session, ECOLE, ANNEE, classe.eleve)}
    assert suites[SeuilAbsences.DIALOGUE] == "dialogue"

    # Chaque page : aucun défaut d'accessibilité, rien qui dépasse à 320 pixels.
    pages = {
        "cpe": ("", "/motifs-proposes", "/alertes", "/decomptes", "/import",
                f"/eleves/{classe.eleve}", f"/eleves/{classe.eleve}/decompte?du=2026-11-01&tout=1"),
        "direction": ("/motifs", "/reglages"),
    }  # fmt: skip
    for role, chemins in pages.items():
        page = ouvrir(role, script=True)
        for chemin in chemins:
            page.goto(f"{adresse}/carnet/absences{chemin}")
            assert chemin in DEJA_VUES or axe(page) == [], chemin
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, chemin
        if role == "direction":
            page.goto(f"{adresse}/carnet/absences/motifs")
            page.get_by_role("link", name="Changer : Maladie de l'élève", exact=True).first.click()
            page.get_by_role("button", name="Voir ce qui changerait").click()
            expect(page.get_by_role("button", name="Changer le motif")).to_be_visible()
            assert axe(page) == [], "aperçu d'un motif"
        page.context.close()
