"""Dans un vrai navigateur : entrer la première fois par le carré de la lettre, puis avoir oublié son code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite import comptes
from ent_core.identite.codes import emettre_codes
from ent_core.identite.lettres import adresse_a_scanner
from ent_core.socle.calendrier import HorlogeFixe

pytestmark = pytest.mark.navigateur

SECRET = "girafe trottoir violon"  # noqa: S105 - mot de passe d'essai
Axe = Callable[[object], list[str]]


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    prete = fabrique()
    prete.application.config["WTF_CSRF_ENABLED"] = True
    yield prete
    prete.application.config["WTF_CSRF_ENABLED"] = False
    fabrique.fermer()


@pytest.mark.exigence("SDET-AUTH-10")
def test_un_parent_entre_par_sa_lettre_puis_un_eleve_oublie_son_code(
    instance: InstanceEssai, servir: Callable[[Flask], str], browser: Browser, axe: Axe
) -> None:
    adresse = servir(instance.application)
    vues: list[str] = []
    with instance.base.ecole(ECOLE, "essai") as session:
        comptes.creer_comptes_manquants(session, instance.horloge, ECOLE)
        [fiche] = emettre_codes(
            session, instance.horloge, instance.ent.coffre, ECOLE, personne=instance.annuaire["parent"]
        )
    telephone = browser.new_context(viewport={"width": 360, "height": 740}, locale="fr-FR")
    page = telephone.new_page()
    page.on("request", lambda requete: vues.append(requete.url + requete.headers.get("referer", "")))
    page.goto(adresse_a_scanner(adresse, fiche))
    expect(page.locator("#identifiant")).to_have_value(fiche.identifiant)
    expect(page.locator("#code")).to_have_value(fiche.code)
    assert page.url == f"{adresse}/activation", "le code ne reste pas dans l'adresse"
    assert axe(page) == []
    page.fill("#nouveau", "Camille2026")
    page.fill("#confirmation", "Camille2026")
    page.click("text=Activer mon compte >> nth=-1")
    expect(page.locator("#nouveau-erreur")).to_contain_text("votre prénom")
    expect(page.locator("#code")).to_have_value(fiche.code)
    page.fill("#nouveau", SECRET)
    page.fill("#confirmation", SECRET)
    page.get_by_role("button", name="Activer mon compte").click()
    expect(page.get_by_text("Votre compte est activé.")).to_be_visible()
    code = fiche.code.split("-")[0]
    assert not [vue for vue in vues if code in vue], "le code n'est dans aucune adresse demandée"
    telephone.close()

    # Un élève a oublié : la page dit à qui demander ; son professeur principal lui donne un code.
    ordinaire = browser.new_context(java_script_enabled=False, locale="fr-FR")
    eleve = ordinaire.new_page()
    eleve.goto(f"{adresse}/connexion")
    eleve.click("text=Je n'arrive pas à entrer")
    expect(eleve.get_by_text("Demandez un nouveau code à votre professeur principal")).to_be_visible()
    principal = browser.new_context(locale="fr-FR")
    principal.add_cookies([{"name": "ent", "value": jeton_de(instance, "enseignant"), "url": adresse}])
    bureau = principal.new_page()
    bureau.goto(f"{adresse}/codes-eleves")
    assert axe(bureau) == []
    ligne = bureau.get_by_role("listitem").filter(has_text="Camarade")
    ligne.locator("summary").click()
    ligne.get_by_role("button", name=re.compile("à l'écran")).click()
    identifiant, neuf = bureau.locator("dd.code").all_inner_texts()
    principal.close()
    eleve.click("text=Saisir le code de la lettre")
    for champ, valeur in (
        ("identifiant", identifiant),
        ("code", neuf),
        ("nouveau", SECRET),
        ("confirmation", SECRET),
    ):
        eleve.fill(f"#{champ}", valeur)
    eleve.get_by_role("button", name="Activer mon compte").click()
    expect(eleve.get_by_text("Votre compte est activé.")).to_be_visible()
    ordinaire.close()


def jeton_de(instance: InstanceEssai, role: str) -> str:
    """Jeton d'une session ouverte, tel que le navigateur le garde."""
    assert instance.annuaire.profils[role] == Profil.ENSEIGNANT
    temoin = instance.client(role).get_cookie("ent")
    assert temoin is not None
    return temoin.value
