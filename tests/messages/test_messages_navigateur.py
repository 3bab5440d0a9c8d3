"""Les messages dans un vrai navigateur : la CPE compte et annule, un parent lit et choisit, à 320 pixels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.messages.demande import prevenir_familles
from ent_core.messages.envoi import envoyer
from tests.messages.messages_essai import (
    APPEL,
    LIEN,
    NOTE,
    Operateur,
    contexte_de,
    donner_des_coordonnees,
    familles,
    poste_avec,
    serveur_smtp,
)

pytestmark = pytest.mark.navigateur
Ouvrir = Callable[..., Page]


@pytest.fixture
def ouvrir(instance: InstanceEssai, browser: Browser, servir: Callable[[Flask], str]) -> Ouvrir:
    adresse = servir(instance.application)

    def ouvrir(role: str, chemin: str, *, largeur: int = 320, script: bool = True) -> Page:
        temoin = instance.client(role).get_cookie("ent")
        assert temoin
        ecran = ViewportSize(width=largeur, height=800)
        contexte = browser.new_context(viewport=ecran, java_script_enabled=script, bypass_csp=True)
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": adresse}])
        page = contexte.new_page()
        page.goto(adresse + chemin)
        return page

    return ouvrir


def deposer(instance: InstanceEssai, sujet: str, *eleves: UUID) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        liens = dict.fromkeys(eleves or [instance.annuaire["eleve"]], LIEN)
        prevenir_familles(session, contexte_de(instance), sujet=sujet, liens=liens)


def sans_debord(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.exigence("CARNET-17")
def test_la_cpe_annule_des_sms_confirme_un_grand_envoi_et_remet_sur_papier(
    instance: InstanceEssai, ouvrir: Ouvrir, axe: Callable[[Page], list[str]]
) -> None:
    lot = familles(instance, 22)
    for role, mobile in (("parent", "06 12 34 56 78"), ("second_parent", "06 98 76 54 32")):
        donner_des_coordonnees(instance, role, mobile=mobile, courriel=f"{role}@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur, Operateur()):
        serveur.refuses["parent@essai.example"] = "550 inconnu"
        deposer(instance, NOTE)
        instance.horloge.avancer(timedelta(minutes=10))
        envoyer(instance.base, ECOLE)
        deposer(instance, APPEL)
        deposer(instance, NOTE, *lot.eleves)
        page = ouvrir("cpe", "/messages/envois")
        expect(page.get_by_text("2 SMS").first).to_be_visible()
        assert axe(page) == []
        assert sans_debord(page)
        page.get_by_role("button", name="Annuler l'envoi").click()
        expect(page.get_by_text("2 messages : rien ne partira.")).to_be_visible()
        # Elle l'a demandé : c'est la direction qui répond du nombre.
        expect(page.get_by_text("une autre personne le confirme")).to_be_visible()
        chef = ouvrir("direction", "/messages/envois")
        assert axe(chef) == []
        chef.get_by_role("button", name="Confirmer l'envoi").click()
        expect(chef.get_by_text("22 messages : l'envoi reprend.")).to_be_visible()
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Remettre sur papier").click()
        page.get_by_role("link", name="Voir et imprimer").click()
        expect(page.get_by_role("heading", name="Bordereaux à remettre")).to_be_visible()
        assert axe(page) == []
        assert sans_debord(page)
        page.get_by_role("button", name="Noter 1 bordereau comme remis").click()
        expect(page.get_by_text("Aucun bordereau à remettre.")).to_be_visible()
        reglages = ouvrir("direction", "/messages/reglages")
        assert axe(reglages) == []
        assert sans_debord(reglages)


def test_un_parent_lit_son_message_et_choisit_sans_javascript(
    instance: InstanceEssai, ouvrir: Ouvrir, axe: Callable[[Page], list[str]]
) -> None:
    deposer(instance, NOTE)
    instance.horloge.avancer(timedelta(minutes=10))
    with serveur_smtp() as serveur, poste_avec(instance, serveur, Operateur()):
        page = ouvrir("parent", "/")
        expect(page.get_by_role("heading", name="À faire : lire ce qui vous attend")).to_be_visible()
        assert axe(page) == []
        page.get_by_role("link", name="Voir tous les messages").click()
        assert axe(page) == []
        assert sans_debord(page)
        page.get_by_role("link", name="Notifications").click()
        assert axe(page) == []
        assert sans_debord(page)
        sans = ouvrir("parent", "/messages/notifications", script=False)
        sans.get_by_label("Une absence à expliquer").select_option(label="Par courriel, un résumé par jour")
        sans.get_by_role("button", name="Garder ces choix").click()
        expect(sans.get_by_text("Vos choix sont gardés.")).to_be_visible()
        expect(sans.get_by_label("Une absence à expliquer")).to_have_value("courriel:jour")
        liste = ouvrir("parent", "/messages/", script=False)
        liste.get_by_role("button", name="Tout marquer comme vu").click()
        expect(liste.get_by_text("Vous avez tout ouvert.")).to_be_visible()
