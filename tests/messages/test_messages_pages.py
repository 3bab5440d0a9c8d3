"""Les pages des messages : chacun les siens, l'établissement ses envois, et rien de plus."""

from __future__ import annotations

import re
from datetime import time, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.messages.demande import prevenir, prevenir_familles
from ent_core.messages.envoi import envoyer
from ent_core.messages.heures import Reglage
from ent_core.messages.modeles import Message
from ent_core.messages.preferences import preferences
from ent_core.messages.reglages import reglage_de
from tests.messages.messages_essai import (
    APPEL,
    LIEN,
    NOTE,
    SERVICE,
    Operateur,
    contexte_de,
    donner_des_coordonnees,
    ecrits,
    familles,
    poste_avec,
    serveur_smtp,
)

SUIVENT = {"direction", "cpe", "secretaire"}
REGLENT = {"direction"}
ROLES = (
    "direction", "cpe", "assistant", "enseignant", "documentaliste", "secretaire", "infirmier", "eleve",
    "parent", "administrateur", "administrateur_technique", "dpd",
)  # fmt: skip
INCONNU = "00000000-0000-7000-8000-000000000000"


def texte(reponse: Any) -> str:
    """Ce qu'une personne lit."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", reponse.text)))


def deposer(instance: InstanceEssai, sujet: str = NOTE) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        liens = {instance.annuaire["eleve"]: LIEN}
        prevenir_familles(session, contexte_de(instance), sujet=sujet, liens=liens)


def test_chaque_page_n_est_ouverte_qu_a_qui_en_a_la_permission(instance: InstanceEssai) -> None:
    for role in ROLES:
        client = instance.client(role)
        attendu = {
            "/messages/": 200,
            "/messages/notifications": 200,
            "/messages/envois": 200 if role in SUIVENT else 403,
            "/messages/papier": 200 if role in SUIVENT else 403,
            "/messages/reglages": 200 if role in REGLENT else 403,
        }
        assert {page: client.get(page).status_code for page in attendu} == attendu, role
        for acte in ("confirmer", "renoncer", "relancer", "papier", f"{INCONNU}/annuler"):
            recu = client.post(f"/messages/envois/{acte}", data={"sujet": NOTE}).status_code
            assert (recu == 403) == (role not in SUIVENT), (role, acte)
            assert recu in (303, 403, 404, 422), (role, acte)
    assert instance.application.test_client().get("/messages/").status_code == 302


def test_une_brique_previent_depuis_sa_page_sous_le_portillon(instance: InstanceEssai) -> None:
    enseignant = instance.client("enseignant")
    assert enseignant.post(f"/prevenante/{instance.annuaire['eleve']}").text == "3 sur 3"
    assert enseignant.post(f"/prevenante/{instance.annuaire['eleve_autre']}").text == "0 sur 3"
    instance.horloge.avancer(timedelta(minutes=10))
    accueil = texte(instance.client("parent").get("/"))
    assert "lire ce qui vous attend" in accueil
    assert "Une absence à expliquer" in accueil


def test_la_boite_montre_ce_qui_attend_et_mene_a_la_page_sans_accuse(instance: InstanceEssai) -> None:
    deposer(instance)
    parent, second = instance.client("parent"), instance.client("second_parent")
    # Le délai d'annulation vaut aussi dans l'ENT.
    assert "Aucun message" in texte(parent.get("/messages/"))
    instance.horloge.avancer(timedelta(minutes=10))
    page = parent.get("/messages/")
    assert "1 à lire" in texte(page)
    assert "Une absence à expliquer" in texte(page)
    assert LIEN not in page.text
    (adresse,) = set(re.findall(r"/messages/[0-9a-f-]{36}", page.text))
    assert second.get(adresse).status_code == 404
    assert instance.client("cpe").get(adresse).status_code == 404
    assert parent.get(adresse).location == LIEN
    assert "Vous avez tout ouvert" in texte(parent.get("/messages/"))
    assert "lire ce qui vous attend" not in texte(parent.get("/"))
    assert second.post("/messages/vus").status_code == 303
    assert "Vous avez tout ouvert" in texte(second.get("/messages/"))


@pytest.mark.exigence("SURV-05")
def test_nul_ne_sait_qui_a_lu(instance: InstanceEssai) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        for role in ("enseignant", "assistant"):
            qui = [instance.annuaire[role]]
            prevenir(session, contexte_de(instance), sujet=NOTE, personnes=qui, lien=LIEN)
    instance.horloge.avancer(timedelta(minutes=10))
    direction = instance.client("direction")
    avant = texte(direction.get("/messages/envois"))
    instance.client("enseignant").post("/messages/vus")
    assert texte(direction.get("/messages/envois")) == avant
    # La base n'en garde ni l'heure ni le lieu : seulement qu'il n'y a plus à rappeler.
    dates = {c.name for c in Message.__table__.c if c.name.endswith("_le")}
    assert dates == {"cree_le", "visible_le", "prevu_le", "tenu_le", "clos_le"}
    with instance.base.ecole(ECOLE, "essai") as session:
        vus = {m.personne_id: m.vu for m in ecrits(session)}
        assert sorted(vus.values()) == [False, True]


def test_la_cpe_voit_ce_qui_va_partir_et_l_annule(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", mobile="06 12 34 56 78")
    donner_des_coordonnees(instance, "second_parent", mobile="06 98 76 54 32")
    operateur = Operateur()
    with poste_avec(instance, operateur=operateur):
        deposer(instance, APPEL)
        cpe, autre = instance.client("cpe"), instance.client("cpe_autre")
        page = cpe.get("/messages/envois")
        assert "2 SMS" in texte(page)
        assert "à 10 h 10" in texte(page)
        assert "2 SMS" not in texte(autre.get("/messages/envois"))
        (lot,) = re.findall(r"/messages/envois/([0-9a-f-]{36})/annuler", page.text)
        annuler = f"/messages/envois/{lot}/annuler"
        assert autre.post(annuler, data={"canal": "sms"}).status_code == 404
        assert cpe.post(annuler, data={"canal": "pigeon"}).status_code == 422
        assert cpe.post(annuler, data={"canal": "sms"}).status_code == 303
        assert cpe.post(annuler, data={"canal": "sms"}).status_code == 404
        instance.horloge.avancer(timedelta(minutes=10))
        envoyer(instance.base, ECOLE)
    assert not operateur.partis
    assert "Aucun message" in texte(instance.client("parent").get("/messages/"))


def test_un_envoi_retenu_se_confirme_ou_s_abandonne(instance: InstanceEssai) -> None:
    lot = familles(instance, 22)
    cpe, chef = instance.client("cpe"), instance.client("direction")
    for acte, etat, qui in (("renoncer", "annule", cpe), ("confirmer", "attente", chef)):
        with instance.base.ecole(ECOLE, "essai") as session:
            liens = dict.fromkeys(lot.eleves, LIEN)
            prevenir_familles(session, contexte_de(instance), sujet=NOTE, liens=liens)
        # Qui l'a demandé peut y renoncer ; c'est une autre personne qui répond du nombre.
        sienne = cpe.get("/messages/envois")
        assert "Un envoi attend : 22 personnes" in texte(sienne)
        assert "une autre personne le confirme" in texte(sienne)
        assert "/messages/envois/confirmer" not in sienne.text
        assert cpe.post("/messages/envois/confirmer", data={"sujet": NOTE}).status_code == 409
        page = texte(chef.get("/messages/envois"))
        assert "confirmer un envoi à 22 personnes" in page
        assert "plus de 30 % des 24 responsables" in page
        assert qui.post(f"/messages/envois/{acte}", data={"sujet": NOTE}).status_code == 303
        with instance.base.ecole(ECOLE, "essai") as session:
            derniers = session.scalars(select(Message.etat).order_by(Message.id.desc()).limit(22))
            assert set(derniers) == {etat}
    assert cpe.post("/messages/envois/confirmer", data={"sujet": NOTE}).status_code == 404


@pytest.mark.exigence("FAM-09")
def test_ce_qui_ne_part_pas_va_sur_papier_et_s_imprime(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="parti@essai.example")
    cpe = instance.client("cpe")
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        serveur.refuses["parti@essai.example"] = "550 inconnu"
        deposer(instance)
        instance.horloge.avancer(timedelta(minutes=10))
        envoyer(instance.base, ECOLE)
        page = cpe.get("/messages/envois")
        assert "Adresse de courriel refusée" in texte(page)
        assert "parti@essai.example" not in page.text
        (message,) = re.findall(r'name="message" value="([^"]+)"', page.text)
        assert cpe.post("/messages/envois/papier").status_code == 422
        assert instance.client("cpe_autre").post(
            "/messages/envois/relancer", data={"message": message}
        ).status_code == 303  # fmt: skip
        assert "Adresse de courriel refusée" in texte(cpe.get("/messages/envois"))
        assert cpe.post("/messages/envois/papier", data={"message": message}).status_code == 303
    papier = cpe.get("/messages/papier")
    dit = texte(papier)
    assert dit.count("Une information vous attend à l'établissement") == 2
    assert "absence" not in dit
    assert "Essai Eleve" not in dit
    champs = re.findall(r'name="(vus|personne)" value="([^"]+)"', papier.text)
    deposer(instance)  # ce qui arrive pendant l'impression reste à imprimer
    instance.horloge.avancer(timedelta(minutes=10))
    vus = dict(champs)["vus"]
    personnes = [valeur for nom, valeur in champs if nom == "personne"]
    assert cpe.post("/messages/papier", data={"vus": vus, "personne": personnes}).status_code == 303
    assert texte(cpe.get("/messages/papier")).count("Une information vous attend") == 2


def test_chacun_choisit_par_ou_il_est_prevenu(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example", mobile="06 12 34 56 78")
    parent = instance.client("parent")
    page = texte(parent.get("/messages/notifications"))
    assert "Par SMS" not in page
    assert "Par courriel" not in page
    with serveur_smtp() as serveur, poste_avec(instance, serveur, Operateur()):
        page = texte(parent.get("/messages/notifications"))
        assert "un@essai.example" in page
        choix = {NOTE: "courriel:jour", APPEL: "papier", "autre.sujet": "sms:aussitot"}
        assert parent.post("/messages/notifications", data=choix).status_code == 303
        with instance.base.academie("essai") as session:
            gardees = preferences(session, instance.annuaire["parent"])
            assert {s: (p.canal, p.rythme) for s, p in gardees.items()} == {
                NOTE: ("courriel", "jour"), APPEL: ("papier", "aussitot"),
            }  # fmt: skip
            assert not preferences(session, instance.annuaire["second_parent"])
        assert parent.post("/messages/notifications", data={NOTE: "pigeon"}).status_code == 422
        assert parent.post("/messages/notifications", data={NOTE: "", APPEL: ""}).status_code == 303
    with instance.base.academie("essai") as session:
        assert not preferences(session, instance.annuaire["parent"])


def test_chacun_ne_regle_que_les_sujets_dont_on_le_previent(instance: InstanceEssai) -> None:
    for role, voit in (("parent", False), ("enseignant", True), ("cpe", True), ("direction", False)):
        client = instance.client(role)
        assert ("Un cours à remplacer" in texte(client.get("/messages/notifications"))) is voit, role
        assert client.post("/messages/notifications", data={SERVICE: "papier"}).status_code == 303
        with instance.base.academie("essai") as session:
            assert (SERVICE in preferences(session, instance.annuaire[role])) is voit, role


def test_l_etablissement_regle_ses_heures(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    bons = {
        "silence_debut": "19:00", "silence_fin": "08:00", "resume": "17:30", "delai": "15", "seuil": "50",
        "fin_de_semaine": "1",
    }  # fmt: skip
    for faux, dit in (
        ({"silence_debut": "07:30"}, "Le silence du soir commence avant"),
        ({"resume": "20:00"}, "L'heure du résumé tombe dans le silence"),
        ({"delai": "500"}, "Le délai va de 0 à 120 minutes"),
        ({"seuil": "0"}, "La part va de 1 à 100"),
        ({"resume": "midi"}, "Écrivez une heure"),
    ):
        reponse = direction.post("/messages/reglages", data={**bons, **faux})
        assert (reponse.status_code, dit in texte(reponse)) == (422, True), faux
    assert direction.post("/messages/reglages", data=bons).status_code == 303
    with instance.base.ecole(ECOLE, "essai") as session:
        attendu = Reglage(time(19), time(8), True, time(17, 30), 15, 50)
        assert reglage_de(session, ECOLE) == attendu
    assert 'value="17:30"' in direction.get("/messages/reglages").text
