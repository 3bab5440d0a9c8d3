"""Les pages de la vie privée, pleines, dans un vrai navigateur : à 320 pixels, de nuit, sans script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ent_core.essais.base import Fabrique
from tests.vie_privee.vues_essai import garnie

pytestmark = pytest.mark.navigateur

PAGES = {
    "direction": (
        "archives/?q=eleve",
        "archives/personnes/{eleve}",
        "archives/series/{uai}/dossiers.sanctions/2025",
        "archives/demandes/{archive_refusee}",
        "violations/",
        "violations/nouvelle",
        "violations/{violation}",
        "violations/{violation}/corriger",
        "violations/{violation}/personnes",
        "violations/{violation}/lettres?liste=1",
        "statistiques/",
        "statistiques/{statistique}",
        "avis/",
        "conservation/",
        "effacements/",
        "effacements/{uai}/{effacement}",
        "corrections/{uai}/{rectification}",
        "oppositions/",
        "oppositions/souhaits.voeux/{eleve}",
    ),
    "dpd": (
        "archives/demandes/{archive_attend}",
        "journaux/decisions",
        "journaux/{acces_attend}/decider",
        "sous-traitance/",
        "minimisation/",
        "conservation/plans/{plan}",
    ),
    "administrateur_academique": ("journaux/", "journaux/nouveau?q=essai", "journaux/{acces}"),
    "parent": ("/mes-donnees/?pour={eleve}", "/mes-donnees/vues?pour={eleve}"),
}


@dataclass(frozen=True, slots=True)
class Lieu:
    """Une école servie, le jeton de chaque rôle, et de quoi écrire les adresses."""

    adresse: str
    jetons: dict[str, str]
    reperes: dict[str, str]

    def page(self, chemin: str) -> str:
        """Adresse entière d'une page."""
        return (
            self.adresse + ("" if chemin.startswith("/") else "/vie-privee/") + chemin.format(**self.reperes)
        )


@pytest.fixture(scope="module")
def lieu(
    fabrique_bases: Fabrique, servir: Callable[[Flask], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lieu]:
    with garnie(fabrique_bases, Path(tmp_path_factory.mktemp("vues"))) as (ent, reperes):
        jetons = {}
        for role in PAGES:
            temoin = ent.client(role).get_cookie("ent")
            assert temoin
            jetons[role] = temoin.value
        ent.application.config["WTF_CSRF_ENABLED"] = True
        yield Lieu(servir(ent.application), jetons, reperes)


def ouvrir(
    navigateur: Browser,
    lieu: Lieu,
    role: str,
    *,
    largeur: int = 1280,
    script: bool = True,
    sombre: bool = False,
) -> Page:
    contexte = navigateur.new_context(
        viewport=ViewportSize(width=largeur, height=800), java_script_enabled=script, bypass_csp=True,
        color_scheme="dark" if sombre else "light",
    )  # fmt: skip
    contexte.add_cookies([{"name": "ent", "value": lieu.jetons[role], "url": lieu.adresse}])
    return contexte.new_page()


@pytest.mark.long
@pytest.mark.parametrize("role", PAGES)
def test_aucune_page_pleine_n_a_de_defaut_ni_ne_deborde(
    browser: Browser, lieu: Lieu, axe: Callable[[Page], list[str]], role: str
) -> None:
    etroite = ouvrir(browser, lieu, role, largeur=320, sombre=True)
    large = ouvrir(browser, lieu, role, script=False)
    defauts: list[str] = []
    for chemin in PAGES[role]:
        for page, largeur in ((etroite, 320), (large, 1280)):
            reponse = page.goto(lieu.page(chemin))
            assert reponse is not None
            if reponse.status != 200:
                defauts.append(f"{chemin} : {reponse.status}")
            if page.evaluate("document.documentElement.scrollWidth") > largeur:
                defauts.append(f"{chemin} : déborde de {largeur} pixels")
            if page.locator("main .bouton.principal").count() > 1:
                defauts.append(f"{chemin} : plus d'un bouton principal")
        defauts += [f"{chemin} : {defaut}" for defaut in axe(etroite)]
    etroite.context.close()
    large.context.close()
    assert defauts == []


@pytest.mark.exigence("RGPD-VIO-01")
def test_declarer_une_violation_sans_javascript_jusqu_aux_lettres(browser: Browser, lieu: Lieu) -> None:
    page = ouvrir(browser, lieu, "direction", script=False, largeur=320)
    page.goto(lieu.page("violations/"))
    page.get_by_role("link", name="Déclarer une violation").click()
    expect(page.get_by_label("Début")).to_be_hidden()
    page.get_by_label("Que s'est-il passé ?").select_option("envoi")
    page.get_by_label("Décrivez-le").fill("Une liste est partie au mauvais destinataire.")
    page.get_by_label("Confidentialité").check()
    page.get_by_text("Dire plus dès maintenant").click()
    page.get_by_label("Mesures prises ou prévues").fill("Le fichier est effacé.")
    page.get_by_role("button", name="Déclarer la violation").click()
    expect(page.get_by_text("Le délai de 72 heures court.")).to_be_visible()
    page.get_by_role("link", name="Compter dans les traces").click()
    page.get_by_role("button", name="Compter les personnes").click()
    page.get_by_role("link", name="Préparer les lettres").click()
    expect(page.get_by_role("heading", name="Aux responsables d'élèves")).to_be_visible()
    page.context.close()


def test_l_archive_et_les_traces_s_accordent_par_la_meme_page(browser: Browser, lieu: Lieu) -> None:
    page = ouvrir(browser, lieu, "dpd", script=False)
    plans = []
    for chemin in ("archives/demandes/{archive_attend}", "journaux/{acces_attend}/decider"):
        page.goto(lieu.page(chemin))
        titres = page.locator("main .carte h2").all_inner_texts()
        boutons = [texte.split()[0] for texte in page.locator("main .carte .bouton").all_inner_texts()]
        plans.append((titres, boutons))
    assert plans[0] == plans[1] == (["La demande", "Accorder", "Refuser"], ["Accorder", "Refuser"])
    page.context.close()
