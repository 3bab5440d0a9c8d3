"""Le registre et les notices dans un vrai navigateur : lisibles à 320 pixels, et sans JavaScript."""

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
from ent_core.essais.instance import faux_brique
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.publication import reponses
from ent_core.vie_privee.publication.historique import relever
from ent_core.web.instance import EXTENSION

pytestmark = pytest.mark.navigateur

PAGES = {
    "direction": (
        "/vie-privee/registre/",
        "/vie-privee/registre/traitements/noyau.annuaire",
        "/vie-privee/registre/historique",
        "/vie-privee/registre/completer",
        "/donnees-personnelles",
        "/donnees-personnelles/noyau",
    ),
    "administrateur_academique": (
        "/vie-privee/registre/",
        f"/vie-privee/registre/?uai={ECOLE}",
        "/vie-privee/registre/completer",
    ),
    "": ("/donnees-personnelles", "/donnees-personnelles?pour=personnels"),
}


@dataclass(frozen=True, slots=True)
class Lieu:
    """Une école servie, et le jeton de chaque rôle."""

    adresse: str
    jetons: dict[str, str]


@pytest.fixture(scope="module")
def lieu(fabrique_bases: Fabrique, servir: Callable[[Flask], str]) -> Iterator[Lieu]:
    adresses, horloge = fabrique_bases.migree(), HorlogeFixe()
    base = fabrique_bases.ouvrir(adresses.application, connexions=8)
    application = assembler(base, horloge, briques={"fanion": faux_brique("fanion")})
    with base.academie("essai") as session:
        annuaire = peupler(session)
        relever(session, horloge, application.extensions[EXTENSION].registre)
        nuage = {"nom": "Nuage", "mission": "messages", "pays": "Japon", "hors_union": True}
        reponses.declarer(session, horloge, None, {**nuage, "garanties": "décision d'adéquation"})
        reponses.repondre(session, horloge, None, {"delegue": "Délégué de l'académie d'essai"})
    jetons = {}
    titres = {
        "direction": (ECOLE, Profil.DIRECTION),
        "administrateur_academique": (RECTORAT, Profil.ACADEMIE),
    }
    for role, (uai, profil) in titres.items():
        temoin = connecter(application, base, horloge, annuaire[role], uai, profil.value).get_cookie("ent")
        assert temoin
        jetons[role] = temoin.value
    application.config["WTF_CSRF_ENABLED"] = True
    yield Lieu(servir(application), jetons)
    base.fermer()
    fabrique_bases.retirer(adresses)


def ouvrir(
    navigateur: Browser,
    lieu: Lieu,
    role: str,
    *,
    largeur: int = 1280,
    script: bool = True,
    sombre: bool = False,
) -> Page:
    ecran = ViewportSize(width=largeur, height=800)
    contexte = navigateur.new_context(
        viewport=ecran,
        java_script_enabled=script,
        bypass_csp=True,
        color_scheme="dark" if sombre else "light",
    )
    if role:
        contexte.add_cookies([{"name": "ent", "value": lieu.jetons[role], "url": lieu.adresse}])
    return contexte.new_page()


@pytest.mark.parametrize(("largeur", "sombre"), [(320, False), (1280, False), (1280, True)])
@pytest.mark.parametrize("role", PAGES)
def test_aucune_page_n_a_de_defaut_ni_ne_deborde(
    browser: Browser, lieu: Lieu, axe: Callable[[Page], list[str]], role: str, largeur: int, sombre: bool
) -> None:
    page = ouvrir(browser, lieu, role, largeur=largeur, sombre=sombre)
    defauts: list[str] = []
    for chemin in PAGES[role]:
        page.goto(lieu.adresse + chemin)
        defauts += [f"{chemin} : {defaut}" for defaut in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth") > largeur:
            defauts.append(f"{chemin} : déborde de {largeur} pixels")
    page.context.close()
    assert defauts == []


@pytest.mark.exigence("RGPD-INF-01")
def test_completer_le_registre_sans_javascript_et_le_lire_en_pied_de_page(
    browser: Browser, lieu: Lieu
) -> None:
    page = ouvrir(browser, lieu, "direction", script=False)
    page.goto(f"{lieu.adresse}/vie-privee/registre/")
    page.get_by_role("link", name="Compléter le registre").click()
    page.get_by_label("Comment joindre le délégué").fill("dpd@ac-essai.example")
    page.get_by_role("button", name="Enregistrer les réponses").click()
    expect(page.get_by_text("Les réponses sont au registre")).to_be_visible()
    page.get_by_role("link", name="Données personnelles", exact=True).click()
    expect(page.get_by_text("dpd@ac-essai.example")).to_be_visible()
    expect(page.get_by_role("heading", name="Vos connexions et vos actes")).to_be_visible()
    page.get_by_role("link", name="Élèves et familles").click()
    expect(page.get_by_role("heading", name="Si tu es élève")).to_be_visible()
    page.context.close()


@pytest.mark.exigence("RGPD-REG-06")
def test_le_registre_garde_se_lit_hors_ligne(browser: Browser, lieu: Lieu) -> None:
    page = ouvrir(browser, lieu, "direction")
    page.goto(f"{lieu.adresse}/vie-privee/registre/")
    with page.expect_download() as recu:
        page.get_by_role("link", name="Page à garder").click()
    page.context.set_offline(True)
    page.set_content(recu.value.path().read_text(encoding="utf-8"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Collège des Essais")
    page.context.close()
