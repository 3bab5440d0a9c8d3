"""La journée d'une école, dans un vrai navigateur : l'appel, l'absence, la famille, le papier, la discipline.

Chaque page rencontrée est lisible : axe n'y voit rien, et rien ne dépasse à 320 pixels, dans les deux sens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.messages import Operateur, donner_un_mobile, porter_les_messages
from ent_core.essais.modeles import (
    Creneau,
    CreneauEnseignant,
    HorlogeFixe,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
)
from ent_core.essais.vivier import Vivier
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pypdf import PdfReader

from ent_carnet import brique

pytestmark = pytest.mark.navigateur

Axe = Callable[[Page], list[str]]
LUNDI = datetime(2026, 9, 7, 8, 4, tzinfo=FUSEAU)
TOUCHES_EN_VINGT_SECONDES = 40
"""Deux touches par seconde : le pas de qui lève les yeux sur la classe à chaque nom."""
MOBILE, MOBILE_PERDU, MOBILE_DE_ZOE = "+33612345678", "+33698765432", "+33600000001"
FAITS = "A insulté un camarade dans la cour, devant témoins."
MOTIFS = "Faits reconnus et répétés."
OPERATEUR = Operateur(refuses={MOBILE_PERDU})
TELEPHONIE = OPERATEUR.brique()


class College:
    """Un collège servi, et de quoi y entrer au nom de quelqu'un."""

    def __init__(self, instance: InstanceEssai, adresse: str, navigateur: Browser, axe: Axe) -> None:
        self.instance, self.adresse = instance, adresse
        self._navigateur, self._axe = navigateur, axe
        self._ouverts: list[BrowserContext] = []

    def entrer(self, role: str, chemin: str, *, largeur: int = 320, script: bool = True) -> Page:
        """Ouvre une page à un titre ; étroite, elle l'est sur un téléphone, au doigt."""
        temoin = self.instance.client(role).get_cookie("ent")
        assert temoin
        telephone = largeur < 400
        contexte = self._navigateur.new_context(
            viewport={"width": largeur, "height": 800}, java_script_enabled=script, has_touch=telephone,
            is_mobile=telephone, color_scheme="light" if telephone else "dark",
        )  # fmt: skip
        contexte.add_cookies([{"name": "ent", "value": temoin.value, "url": self.adresse}])
        self._ouverts.append(contexte)
        page = contexte.new_page()
        page.goto(f"{self.adresse}{chemin}")
        return page

    def lisible(self, page: Page, titre: str) -> None:
        """La page voulue est là, sans défaut pour axe, et rien ne dépasse, dans les deux sens d'écriture."""
        expect(page).to_have_title(re.compile(titre))
        assert self._axe(page) == [], page.url
        for sens in ("rtl", "ltr"):
            page.evaluate("sens => { document.documentElement.dir = sens }", sens)
            tient = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert tient, (page.url, sens)

    def a(self, heure: int, minute: int = 0, *, jours: int = 0) -> None:
        """Met l'horloge, le jour de la rentrée du lundi ou tant de jours après."""
        jour = LUNDI + timedelta(days=jours)
        self.instance.horloge.instant = jour.replace(hour=heure, minute=minute)

    def fermer(self) -> None:
        for contexte in self._ouverts:
            contexte.close()


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Un collège dont la 5e A a trente élèves et un cours de mathématiques à 8 h."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(LUNDI))
    prete = fabrique(brique, TELEPHONIE)
    OPERATEUR.partis.clear()
    prete.application.config["WTF_CSRF_ENABLED"] = True
    peupler(prete)
    yield prete
    fabrique.fermer()


@pytest.fixture(scope="module")
def adresse(instance: InstanceEssai, servir: Callable[[Flask], str]) -> str:
    return servir(instance.application)


@pytest.fixture
def college(instance: InstanceEssai, adresse: str, browser: Browser, axe: Axe) -> Iterator[College]:
    ouvert = College(instance, adresse, browser, axe)
    ouvert.a(8, 4)
    yield ouvert
    ouvert.fermer()


def peupler(instance: InstanceEssai) -> None:
    """Vingt-huit élèves de plus, une mère pour Zoé, des mobiles, un cours ce lundi et le suivant."""
    division, annuaire = instance.annuaire.divisions[ECOLE], instance.annuaire
    lie: dict[str, Any] = {"uai": ECOLE, "source": "essai", "debut": RENTREE}
    ici: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE}
    with instance.base.academie("essai : une classe") as session:
        eleves = [uuid4() for _ in range(28)]
        mere = uuid4()
        session.add_all(
            Personne(id=e, nom=f"Martin {rang:02d}", prenom="Zoé", naissance=date(2014, 1, 1))
            for rang, e in enumerate(eleves)
        )
        session.add(Personne(id=mere, nom="Martin", prenom="Jo", mobile=MOBILE_DE_ZOE))
        session.flush()
        for eleve in eleves:
            session.add(Rattachement(**lie, personne_id=eleve, profil="National_ELV"))
            session.add(Inscription(**ici, debut=RENTREE, personne_id=eleve, division_id=division))
        session.add(
            Responsabilite(
                eleve_id=eleves[0], responsable_id=mere, lien="10", legal=1, financier=False, contact=True,
                paiement=False, source="essai", debut=RENTREE,
            )
        )  # fmt: skip
        for jour in (0, 7):
            debut, creneau = (LUNDI + timedelta(days=jour)).replace(hour=8, minute=0), uuid4()
            session.add(
                Creneau(
                    **ici, id=creneau, debut=debut, fin=debut + timedelta(minutes=55), matiere="061300",
                    division_id=division, salle="204",
                )
            )  # fmt: skip
            session.flush()
            session.add(CreneauEnseignant(**ici, creneau_id=creneau, personne_id=annuaire["enseignant"]))
    donner_un_mobile(instance, "parent", MOBILE)
    donner_un_mobile(instance, "second_parent", MOBILE_PERDU)


def eleve_de(page: Page, nom: str) -> Locator:
    return page.locator(".appel-eleve", has_text=nom)


def lettres(texte: str) -> str:
    """Ce qui se lit, sans les coupures de mots ni de lignes qui diffèrent d'une page à l'autre."""
    return re.sub(r"[\W_]+", "", texte)


def telecharger(page: Page, bouton: str) -> str:
    """Le texte du PDF qu'un bouton donne."""
    with page.expect_download() as attente:
        page.get_by_role("button", name=bouton).click()
    pages = PdfReader(BytesIO(attente.value.path().read_bytes())).pages
    return lettres("".join(page.extract_text() for page in pages))


@pytest.mark.exigence("ABS-02")
def test_la_matinee_de_l_appel_au_papier(college: College) -> None:
    faire_l_appel_au_clavier(college)
    arriver_en_retard(college)
    porter_un_sms_et_voir_l_echec(college)
    expliquer_en_trois_gestes(college)
    regler(college)
    voir_et_retrouver_sur_papier(college)


def faire_l_appel_au_clavier(college: College) -> None:
    """Trente élèves, deux absents, sans la souris."""
    page = college.entrer("enseignant", "/carnet/appel", largeur=1280)
    expect(page.locator("#appel-etat")).to_have_text("Appel pas encore fait")
    lignes = page.locator(".appel-eleve")
    expect(lignes).to_have_count(30)
    noms = lignes.locator(".appel-nom").all_inner_texts()
    absents = [rang for rang, nom in enumerate(noms) if "Essai Eleve" in nom or "Martin 00" in nom]
    touches = []
    for rang in range(30):
        touches += [*(["a"] if rang in absents else []), *(["ArrowDown"] if rang < 29 else ["Enter"])]
    assert len(touches) <= TOUCHES_EN_VINGT_SECONDES
    for touche in touches:
        page.keyboard.press(touche)
    expect(page.locator("#appel-etat")).to_have_text("Appel fait, enregistré à 8 h 04")
    expect(page.locator("#appel-compte")).to_have_text("28 présents2 absents")
    college.lisible(page, "5e A")


def arriver_en_retard(college: College) -> None:
    """Zoé se présente à la vie scolaire à 8 h 09 : un assistant d'éducation la note en retard."""
    college.a(8, 9)
    page = college.entrer("assistant", "/carnet/appel/jour")
    college.lisible(page, "Appels du")
    page.get_by_role("link", name="5e A").first.tap()
    zoe = eleve_de(page, "Martin 00")
    expect(zoe.locator("[value=absent]")).to_be_checked()
    zoe.locator("[value=retard]").tap()
    expect(page.locator("#appel-etat")).to_have_text("Appel fait, enregistré à 8 h 09")
    college.lisible(page, "5e A")


def porter_un_sms_et_voir_l_echec(college: College) -> None:
    """Le compteur, l'annulation, le départ à l'heure dite, et ce qui n'est pas parti, que quelqu'un voit."""
    page = college.entrer("cpe", "/messages/envois", script=False)
    expect(page.get_by_text("3 SMS. Tant qu'un envoi n'est pas parti, il s'annule.")).to_be_visible()
    # La mère de Zoé vient de téléphoner : son SMS ne part pas.
    page.get_by_role("listitem").filter(has_text="8 h 19").get_by_role("button").click()
    expect(page.get_by_text("1 message : rien ne partira.")).to_be_visible()
    college.a(8, 13)
    assert porter_les_messages(college.instance).partis == 0, "le délai d'annulation court encore"
    college.a(8, 14)
    porter_les_messages(college.instance)
    [(numero, texte)] = OPERATEUR.partis
    assert numero == MOBILE
    assert not {"absen", "retard", "Camille", "Eleve"} & set(texte.split()), texte
    college.a(8, 20)
    porter_les_messages(college.instance)
    assert len(OPERATEUR.partis) == 1, "ce qui est annulé ne part pas"
    page = college.entrer("cpe", "/messages/envois")
    perdu = page.get_by_role("listitem").filter(has_text="Camille Essai Second Parent")
    expect(perdu).to_contain_text("Numéro de mobile refusé")
    college.lisible(page, "Envois")
    perdu.get_by_role("checkbox").check()
    page.get_by_role("button", name="Remettre sur papier").tap()
    expect(page.get_by_text("1 bordereau")).to_be_visible()


def expliquer_en_trois_gestes(college: College) -> None:
    """Sur un téléphone étroit, au doigt : ouvrir, choisir, envoyer."""
    college.a(10)
    page = college.entrer("parent", "/")
    college.lisible(page, "Bonjour")
    page.goto(f"{college.adresse}/carnet/famille")
    college.lisible(page, "Carnet de")
    page.get_by_role("link", name="Expliquer l'absence").tap()
    page.get_by_label("Rendez-vous médical").tap()
    page.get_by_role("button", name="Envoyer le motif").tap()
    expect(page.get_by_text("L'établissement a reçu le motif")).to_be_visible()
    college.lisible(page, "Motif envoyé")


def regler(college: College) -> None:
    """La CPE lit ce que la famille propose, et l'accepte ; le tableau n'a plus rien à lui demander d'elle."""
    page = college.entrer("cpe", "/carnet/tableau", largeur=1280)
    college.lisible(page, "Vie scolaire")
    page.get_by_role("link", name="Accepter ou refuser").click()
    college.lisible(page, "Motifs proposés")
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_text("Le motif est accepté.")).to_be_visible()
    expect(page.get_by_text("Aucun motif n'attend de décision.")).to_be_visible()


def voir_et_retrouver_sur_papier(college: College) -> None:
    """L'autre responsable voit la même chose, sans script, le dit ; le papier porte chacune de ces lignes."""
    page = college.entrer("second_parent", "/carnet/famille", script=False)
    page.get_by_role("button", name="J'ai vu").click()
    expect(page.get_by_text("C'est noté : vous l'avez vu.")).to_be_visible()
    lignes = page.locator(".famille-ligne", has=page.locator("time[datetime='2026-09-07']"))
    ecran = [texte for p in lignes.locator("strong, p[dir=auto]").all() if (texte := p.inner_text().strip())]
    cpe = college.entrer("cpe", "/carnet/papier")
    college.lisible(cpe, "Papier")
    cpe.get_by_label("Toutes les familles").check()
    papier = telecharger(cpe, "Imprimer les carnets")
    assert ecran
    assert [texte for texte in ecran if lettres(texte) not in papier] == []


@pytest.mark.exigence("DISC-15")
@pytest.mark.exigence("DISC-16")
def test_de_la_retenue_a_la_sanction_executee(college: College) -> None:
    punir_sans_script(college)
    tenir_la_retenue(college)
    dossier = notifier_les_faits(college)
    decider(college, dossier)
    lire_et_comparer(college, dossier)
    executer(college, dossier)


def punir_sans_script(college: College) -> None:
    """Un élève, une retenue ; refusée, la page rend ce qui est saisi, le moment de la retenue ouvert."""
    page = college.entrer("enseignant", "/carnet/punitions", script=False)
    page.get_by_role("link", name="Donner une punition").click()
    page.get_by_role("link", name="5e A").click()
    page.get_by_role("link", name="Essai Eleve Camille").click()
    page.get_by_role("radio", name="Retenue").check()
    page.get_by_label("Motif").select_option("bavardage")
    page.get_by_role("button", name="Donner la punition").click()
    expect(page.get_by_text("Donnez le lieu de la retenue.").first).to_be_visible()
    page.get_by_label("Jour de la retenue").fill("2026-09-07")
    page.get_by_label("Heure").fill("13:00")
    page.get_by_label("Lieu").fill("Permanence")
    page.get_by_role("button", name="Donner la punition").click()
    expect(page.get_by_text("La punition est donnée.")).to_be_visible()


def tenir_la_retenue(college: College) -> None:
    college.a(13, 5)
    page = college.entrer("assistant", "/carnet/retenues")
    college.lisible(page, "Retenues")
    page.get_by_role("button", name="Présent").tap()
    expect(page.get_by_text("Faite")).to_be_visible()


def notifier_les_faits(college: College) -> str:
    """Les faits, par écrit ; le dossier ouvert à la défense ; deux jours ouvrables avant de décider."""
    nouvelle = f"/carnet/sanctions/nouvelle?eleve={college.instance.annuaire['eleve']}"
    page = college.entrer("cpe", nouvelle)
    college.lisible(page, "Ouvrir une procédure")
    page.get_by_label("Motif").select_option("insolence")
    page.get_by_label("Faits reprochés").fill(FAITS)
    page.get_by_role("button", name="Ouvrir la procédure").tap()
    expect(page.get_by_role("heading", name="Notifier les faits")).to_be_visible()
    dossier = page.url.removeprefix(college.adresse)
    assert lettres(FAITS) in telecharger(page, "Imprimer la lettre des faits")
    for etape in ("notification_eleve", "notification_responsables", "consultation_dossier"):
        page.get_by_role("combobox", name="Étape").select_option(etape)
        page.get_by_role("button", name="Noter l'étape").tap()
    expect(page.get_by_role("heading", name="Défense jusqu'au mercredi 9 septembre")).to_be_visible()
    expect(page.locator(".chronologie").get_by_text("Dossier consulté")).to_be_visible()
    college.lisible(page, "Procédure")
    return dossier


def decider(college: College, dossier: str) -> None:
    college.a(17, jours=2)
    chef = college.entrer("direction", dossier)
    expect(chef.get_by_role("heading", name="Défense jusqu'au mercredi 9 septembre")).to_be_visible()
    expect(chef.get_by_role("link", name="Prononcer la décision")).to_have_count(0)
    college.a(9, jours=3)
    chef = college.entrer("direction", dossier)
    chef.get_by_role("link", name="Prononcer la décision").tap()
    college.lisible(chef, "Prononcer la décision")
    chef.get_by_label("Sanction").select_option("4")
    chef.get_by_label("Jours d'exclusion").fill("2")
    chef.get_by_label("Motifs de la décision").fill(MOTIFS)
    chef.get_by_role("button", name="Prononcer la décision").tap()
    chef.get_by_label("Remise").first.select_option("recommande")
    chef.get_by_role("button", name="Notifier la décision").tap()
    expect(chef.get_by_role("heading", name="Exécuter la sanction")).to_be_visible()
    college.lisible(chef, "Procédure|Exclusion")


def lire_et_comparer(college: College, dossier: str) -> None:
    """La famille lit la décision et comment la contester ; la lettre dit la même chose."""
    page = college.entrer("parent", f"/carnet/discipline/{college.instance.annuaire['eleve']}")
    college.lisible(page, "Punitions et sanctions")
    expect(page.get_by_text("Retenue", exact=True)).to_be_visible()
    page.get_by_text("Contester cette décision").tap()
    recours = page.locator("details[open] .texte p")
    expect(recours.first).to_be_visible()
    ecran = [MOTIFS, "exclusion temporaire de la classe", *recours.all_inner_texts()]
    chef = college.entrer("direction", dossier)
    lettre = telecharger(chef, "Imprimer la lettre de décision")
    assert [texte for texte in ecran if lettres(texte) not in lettre] == []


def executer(college: College, dossier: str) -> None:
    """Le jour dit, l'appel sait déjà que l'élève est exclu de la classe et accueilli dans l'établissement."""
    page = college.entrer("cpe", dossier)
    page.get_by_label("Premier jour").fill("2026-09-14")
    page.get_by_label("Dernier jour").fill("2026-09-15")
    page.get_by_role("button", name="Exécuter la sanction").tap()
    expect(page.get_by_text("Exécutée").first).to_be_visible()
    college.a(8, 4, jours=7)
    page = college.entrer("enseignant", "/carnet/appel", largeur=1280)
    expect(eleve_de(page, "Essai Eleve").locator("[value=exclu_accueilli]")).to_be_checked()
    college.lisible(page, "5e A")
