"""Protéger les comptes : lettres, profils suspendus, comptes volés, appareils inconnus, oublis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.vivier import Vivier
from ent_core.identite.mises_en_securite import TACHE
from ent_core.identite.modeles import ActeJournal, AdresseVerifiee, AvisAppareil, Compte
from ent_core.messages.modeles import Message
from ent_core.messages.securite import AVIS, envoyer_lien
from ent_core.socle.calendrier import HorlogeFixe
from tests.messages.messages_essai import poste_avec, serveur_smtp

MATIN = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
SECRET = "girafe trottoir violon"  # noqa: S105 - mot de passe d'essai
AUTRE_SECRET = "tambour cerise escalier"  # noqa: S105 - mot de passe d'essai


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Un collège, un matin ; chaque essai y emploie ses propres personnes."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(MATIN))
    yield fabrique()
    fabrique.fermer()


@pytest.fixture(autouse=True)
def matin(instance: InstanceEssai) -> None:
    instance.horloge.instant = MATIN


def compte_actif(instance: InstanceEssai, role: str) -> str:
    """Donne à quelqu'un un compte et un mot de passe ; rend son identifiant."""
    personne, identifiant = instance.annuaire[role], f"camille.{role.replace('_', '')}"
    with instance.base.academie("essai") as session:
        compte = session.scalar(select(Compte).where(Compte.personne_id == personne))
        if compte is None:
            compte = Compte(personne_id=personne)
            session.add(compte)
        compte.identifiant, compte.etat = identifiant, "actif"
        compte.empreinte = instance.ent.coffre.hacher(SECRET)
    return identifiant


def entrer(instance: InstanceEssai, identifiant: str, secret: str = SECRET) -> tuple[FlaskClient, Any]:
    client = instance.application.test_client()
    reponse = client.post("/connexion", data={"identifiant": identifiant, "mot_de_passe": secret})
    return client, reponse


def lire(instance: InstanceEssai, enonce: Any) -> list[Any]:
    with instance.base.academie("essai") as session:
        return list(session.scalars(enonce))


def actes(instance: InstanceEssai, acte: str) -> list[dict[str, Any]]:
    return lire(instance, select(ActeJournal.details).where(ActeJournal.acte == acte))


def etat(instance: InstanceEssai, role: str) -> str:
    [trouve] = lire(instance, select(Compte.etat).where(Compte.personne_id == instance.annuaire[role]))
    return str(trouve)


def avis_a(instance: InstanceEssai, role: str) -> int:
    """Nombre d'avis de sécurité que cette personne a reçus."""
    a_lui = (Message.sujet == AVIS.cle) & (Message.personne_id == instance.annuaire[role])
    return len(lire(instance, select(Message.id).where(a_lui)))


def pages_pdf(donnees: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(donnees)).pages]


@pytest.mark.exigence("SDET-AUTH-10")
def test_les_lettres_d_une_classe_tiennent_en_une_page_par_personne(instance: InstanceEssai) -> None:
    direction = instance.client("direction_autre")
    saisie = {"profil": "National_DOC", "forme": "pdf"}
    seule = direction.post("/administration/codes", data=saisie)
    [page] = pages_pdf(seule.data)
    assert seule.mimetype == "application/pdf"
    assert seule.headers["Cache-Control"] == "no-store"
    for dit in ("Collège d'à côté", "camille.essai-documentaliste-autre", "une seule fois", "papier", "CNIL"):
        assert dit in page, dit
    [code] = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", page)

    division = str(instance.annuaire.divisions[AUTRE])
    liste, *lettres = pages_pdf(
        direction.post("/administration/codes", data={"division": division, "forme": "pdf"}).data
    )
    noms = re.findall(r"Camille Essai [\w ]+", liste)
    assert len(lettres) == len(noms) == 5
    assert not re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}-", liste), "la liste de remise n'a pas de code"
    for nom, lettre in zip(noms, lettres, strict=True):
        assert len(set(re.findall(r"camille\.essai-[\w-]+", lettre))) == 1, "rien d'une autre personne"
        assert nom.strip() in lettre

    nouvelle = direction.post("/administration/codes", data=saisie)
    [autre] = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", pages_pdf(nouvelle.data)[0])
    client = instance.application.test_client()
    for essaye, statut in ((code, 401), (autre, 302)):
        reponse = client.post(
            "/activation",
            data={
                "identifiant": "camille.essai-documentaliste-autre", "code": essaye, "nouveau": SECRET,
                "confirmation": SECRET,
            },
        )  # fmt: skip
        assert reponse.status_code == statut, "une nouvelle lettre annule la précédente"
    assert direction.post("/administration/codes", data=saisie).status_code == 422, "active : plus de lettre"


def test_un_profil_suspendu_n_ouvre_plus_rien_et_la_page_dit_pourquoi(instance: InstanceEssai) -> None:
    identifiant = compte_actif(instance, "second_parent")
    direction, parent = instance.client("direction"), instance.client("second_parent")
    with compter_enonces(instance.base) as avant:
        assert parent.get("/compte/protection").status_code == 200
    saisie = {"profil": "National_TUT", "motif": "comptes"}
    assert direction.post("/administration/comptes/suspendre", data=saisie).status_code == 302
    try:
        refus = parent.get("/compte/protection")
        assert refus.status_code == 403
        assert "des comptes volés y ont servi" in refus.text
        assert "ENT-PROFIL" in refus.text
        assert parent.get("/api/v1/noyau/moi").status_code in (403, 404)
        assert parent.get("/secours").status_code == 200, "une page publique reste ouverte"
        assert parent.get("/connexion").status_code == 200, "mais sans reconnaître personne"
        assert parent.get("/etablissement").status_code in (200, 302)
        _, reponse = entrer(instance, identifiant)
        assert reponse.status_code == 403
        assert "suspendue" in reponse.text
        assert {"cause": "profil", "attente": 0} in actes(instance, "session.refusee")
        doublon = direction.post("/administration/comptes/suspendre", data=saisie)
        assert (doublon.status_code, "déjà suspendu" in doublon.text) == (422, True)
        soi = direction.post(
            "/administration/comptes/suspendre", data={"profil": "National_DIR", "motif": "autre"}
        )
        assert (soi.status_code, "le vôtre" in soi.text) == (422, True)
        assert "Rouvrir la connexion" in direction.get("/administration/comptes").text
    finally:
        direction.post(f"/administration/comptes/{ECOLE}/National_TUT/rouvrir")
    with compter_enonces(instance.base) as apres:
        assert parent.get("/compte/protection").status_code == 200, "la session ouverte reprend"
    assert len(apres) == len(avant), "aucun énoncé de plus par page"
    assert entrer(instance, identifiant)[1].status_code == 302
    assert instance.client("cpe").post("/administration/comptes/suspendre", data=saisie).status_code == 403


def test_des_comptes_se_mettent_en_securite_en_nombre_apres_un_apercu(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    for role in ("secretaire", "infirmier"):
        compte_actif(instance, role)
    session_volee = instance.client("secretaire")
    saisie = {"identifiants": "camille.secretaire\nCamille.Infirmier inconnu.ici"}
    apercu = direction.post("/administration/comptes/securite", data=saisie)
    assert "2 comptes visés" in apercu.text
    assert "inconnu.ici" in apercu.text
    assert session_volee.get("/compte/protection").status_code == 200, "un aperçu ne change rien"
    perime = direction.post("/administration/comptes/securite", data={**saisie, "confirmes": "3"})
    assert (perime.status_code, "a changé" in perime.text) == (422, True)
    fait = direction.post("/administration/comptes/securite", data={**saisie, "confirmes": "2"})
    assert fait.status_code == 303
    assert "En attente de son tour" in direction.get(fait.location).text
    lot = fait.location.rpartition("/")[2]
    instance.executer(TACHE, uai=ECOLE, securisation=lot, acteur=str(instance.annuaire["direction"]))
    assert session_volee.get("/compte/protection").status_code == 302, "sa session est fermée"
    finie = direction.get(fait.location)
    assert "2 comptes sont" in finie.text
    assert 'hx-trigger="every' not in finie.text, "la page n'interroge plus"
    assert "En cours" not in direction.get("/administration/comptes").text
    assert instance.client("direction_autre").get(fait.location).status_code == 404
    assert direction.post(f"{fait.location}/relancer").status_code == 303
    liste, *lettres = pages_pdf(direction.post(f"{fait.location}/lettres", data={"forme": "pdf"}).data)
    assert len(lettres) == 2
    assert "Secretaire" in liste
    assert "Infirmier" in liste
    assert {etat(instance, "secretaire"), etat(instance, "infirmier")} == {"a_activer"}
    assert entrer(instance, "camille.secretaire")[1].status_code == 401
    assert {"nombre": 2} in actes(instance, "comptes.mis_en_securite")
    assert avis_a(instance, "infirmier") == 1
    vide = direction.post("/administration/comptes/securite", data={})
    assert vide.status_code == 422
    tous = direction.post("/administration/comptes/securite", data={"profil": "National_DIR"})
    assert "Aucun compte visé" in tous.text, "ni soi-même"


@pytest.mark.exigence("SDET-SES-04")
def test_un_appareil_inconnu_se_signale_et_se_refuse(instance: InstanceEssai) -> None:
    identifiant = compte_actif(instance, "collegue")
    premier, reponse = entrer(instance, identifiant)
    assert reponse.status_code == 302
    assert avis_a(instance, "collegue") == 0, "la première connexion n'est pas un appareil de plus"
    assert entrer(instance, identifiant)[1].status_code == 302
    assert avis_a(instance, "collegue") == 1
    instance.horloge.instant += timedelta(minutes=1)
    premier.post("/connexion", data={"identifiant": identifiant, "mot_de_passe": SECRET})
    assert avis_a(instance, "collegue") == 1, "l'appareil reconnu ne prévient plus"
    assert "Dernière connexion" in premier.get("/compte/protection").text
    [avis] = lire(
        instance, select(AvisAppareil.id).where(AvisAppareil.personne_id == instance.annuaire["collegue"])
    )
    page = premier.get(f"/compte/appareils/{avis}")
    assert "que vous employez déjà" in page.text
    assert instance.client("cpe").get(f"/compte/appareils/{avis}").status_code == 404
    assert premier.post(f"/compte/appareils/{avis}", data={"reponse": "pas_moi"}).status_code == 302
    assert etat(instance, "collegue") == "a_activer"
    assert premier.get("/compte/protection").status_code == 302


def test_un_mot_de_passe_oublie_se_reprend_par_un_lien_d_un_seul_usage(instance: InstanceEssai) -> None:
    identifiant = compte_actif(instance, "assistant")
    personne = instance.annuaire["assistant"]
    [compte] = lire(instance, select(Compte.id).where(Compte.personne_id == personne))
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        ouvert, _ = entrer(instance, identifiant)
        envoyer_lien(instance.base, poste, "secret", str(compte))
        assert serveur.recus == [], "sans adresse prouvée, rien ne part"
        assert ouvert.post("/compte/adresse", data={"adresse": "pas une adresse"}).status_code == 422
        assert ouvert.post("/compte/adresse", data={"adresse": "a@maison.example"}).status_code == 302
        envoyer_lien(instance.base, poste, "adresse", str(compte))
        visiteur = instance.application.test_client()
        preuve = lien(serveur.recus[-1].get_content())
        assert "mon adresse" in visiteur.get("/adresse", query_string={"jeton": preuve}).text
        assert visiteur.post("/adresse", data={"jeton": preuve}).status_code == 302
        assert visiteur.post("/adresse", data={"jeton": preuve}).status_code == 410

        mesures = []
        for demande in (identifiant, "personne.ici"):
            with compter_enonces(instance.base) as enonces:
                page = visiteur.post("/secours", data={"identifiant": demande})
            mesures.append((page.status_code, len(enonces), page.text.replace(demande, "x")))
        assert mesures[0] == mesures[1], "même réponse et même travail, que le compte existe ou non"

        envoyer_lien(instance.base, poste, "secret", str(compte))
        envoyer_lien(instance.base, poste, "secret", str(compte))
        premier, second = (lien(m.get_content()) for m in serveur.recus[-2:])
        assert "Camille" not in serveur.recus[-1].get_content()
    assert visiteur.get("/mot-de-passe", query_string={"jeton": premier}).status_code == 410
    assert visiteur.get("/mot-de-passe", query_string={"jeton": second}).status_code == 200
    saisie = {"jeton": second, "nouveau": "essai", "confirmation": "essai"}
    assert visiteur.post("/mot-de-passe", data=saisie).status_code == 422, "un refus ne consomme pas le lien"
    saisie |= {"nouveau": AUTRE_SECRET, "confirmation": AUTRE_SECRET}
    assert visiteur.post("/mot-de-passe", data=saisie).status_code == 302
    assert visiteur.post("/mot-de-passe", data=saisie).status_code == 410
    assert ouvert.get("/compte/protection").status_code == 302, "les sessions ouvertes sont fermées"
    assert entrer(instance, identifiant, AUTRE_SECRET)[1].status_code == 302
    assert avis_a(instance, "assistant") >= 2, "l'adresse et le mot de passe"
    assert second not in str(lire(instance, select(ActeJournal.details)))


def test_un_lien_expire_et_une_mise_en_securite_l_efface(instance: InstanceEssai) -> None:
    compte_actif(instance, "psychologue")
    personne = instance.annuaire["psychologue"]
    [compte] = lire(instance, select(Compte.id).where(Compte.personne_id == personne))
    with instance.base.academie("essai") as session:
        session.add(
            AdresseVerifiee(compte_id=compte, personne_id=personne, adresse="p@x.fr", verifiee_le=MATIN)
        )
    visiteur = instance.application.test_client()
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        envoyer_lien(instance.base, poste, "secret", str(compte))
        jeton = lien(serveur.recus[-1].get_content())
        instance.horloge.instant += timedelta(hours=1)
        assert visiteur.get("/mot-de-passe", query_string={"jeton": jeton}).status_code == 410
        envoyer_lien(instance.base, poste, "secret", str(compte))
        jeton = lien(serveur.recus[-1].get_content())
    moi = instance.client("psychologue")
    assert "Tout fermer ?" in moi.get("/compte/protection").text
    assert moi.post("/compte/securite").status_code == 302
    assert moi.get("/compte/protection").status_code == 302
    assert visiteur.get("/mot-de-passe", query_string={"jeton": jeton}).status_code == 410
    assert not lire(instance, select(AdresseVerifiee.adresse).where(AdresseVerifiee.compte_id == compte))


def test_demander_des_liens_sans_fin_est_freine(instance: InstanceEssai) -> None:
    visiteur = instance.application.test_client()
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        statuts = [visiteur.post("/secours", data={"identifiant": "le.meme"}).status_code for _ in range(7)]
    assert statuts[:5] == [200] * 5
    assert statuts[-1] == 429


def test_changer_son_mot_de_passe_se_dit_et_une_adresse_ne_s_inonde_pas(instance: InstanceEssai) -> None:
    compte_actif(instance, "cpe")
    moi, avant = instance.client("cpe"), avis_a(instance, "cpe")
    saisie = {"actuel": SECRET, "nouveau": AUTRE_SECRET, "confirmation": AUTRE_SECRET}
    assert moi.post("/compte", data={"acte": "changer_mot_de_passe", **saisie}).status_code == 302
    assert avis_a(instance, "cpe") == avant + 1
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        statuts = [
            moi.post("/compte/adresse", data={"adresse": f"inconnu{n}@x.fr"}).status_code for n in range(6)
        ]
    assert statuts == [302] * 5 + [429]


def test_un_professeur_principal_donne_un_code_a_ses_eleves_seulement(instance: InstanceEssai) -> None:
    compte_actif(instance, "camarade")
    principal = instance.client("enseignant")
    assert "Camarade" in principal.get("/codes-eleves").text
    page = principal.post(f"/codes-eleves/{instance.annuaire['camarade']}").text
    assert "Code provisoire" in page
    assert etat(instance, "camarade") == "a_activer"
    assert avis_a(instance, "camarade") == 1
    assert principal.post(f"/codes-eleves/{instance.annuaire['eleve_autre']}").status_code == 404
    assert principal.post(f"/codes-eleves/{instance.annuaire['parent']}").status_code == 404
    assert instance.client("eleve").get("/codes-eleves").status_code == 403


def test_le_mur_de_la_connexion_dit_de_revenir_et_ne_remplit_rien_de_secret(instance: InstanceEssai) -> None:
    coffre = instance.ent.coffre
    places, patience = coffre._places, coffre._patience
    prises = 0
    coffre._patience = 0
    try:
        while places.acquire(blocking=False):
            prises += 1
        _, reponse = entrer(instance, "camille.quelconque")
        ailleurs = instance.application.test_client().get("/aide")
    finally:
        coffre._patience = patience
        for _ in range(prises):
            places.release()
    assert reponse.status_code == 503
    assert 3 <= int(reponse.headers["Retry-After"]) <= 10
    assert "Réessayez dans quelques secondes" in reponse.text
    assert "camille.quelconque" in reponse.text
    assert SECRET not in reponse.text
    assert ailleurs.status_code == 200, "les autres pages ne le savent pas"


def lien(corps: str) -> str:
    """Jeton du lien d'un courriel ; il ne part qu'à l'adresse publique de l'ENT."""
    [adresse] = re.findall(r"https://\S+", corps)
    assert adresse.startswith("https://ent.example/")
    [jeton] = parse_qs(str(urlsplit(adresse).query))["jeton"]
    assert len(jeton) >= 43
    return str(jeton)
