"""Entrer en deux temps, se prouver de nouveau, et l'assistance qui regarde sans toucher."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ECOLE, RECTORAT
from ent_core.essais.application import CLE, configuration_essai, connecter
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.identite.modeles import (
    AccesSupport,
    ActeJournal,
    Compte,
    ExigenceFacteur,
    Facteur,
    SessionWeb,
    Tentative,
)
from ent_core.identite.secrets import Coffre
from ent_core.messages.modeles import Message
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.configuration import Support
from tests.identite.cle_logicielle import CleLogicielle
from tests.web.briques_essai import Fanion

SECRET = "quatre mots sans rapport aucun"  # noqa: S105 - secret d'essai
_EMPREINTE = Coffre(CLE).hacher(SECRET)


@pytest.fixture
def college(application_avec: FabriqueInstance) -> InstanceEssai:
    """Un collège où chacun a un compte à son nom de rôle, et la brique « fanion »."""
    return comptes_de(application_avec(Fanion()))


def comptes_de(instance: InstanceEssai) -> InstanceEssai:
    with instance.base.academie("essai : comptes") as session:
        for role in ("enseignant", "parent", "administrateur", "eleve", "administrateur_academique"):
            session.add(
                Compte(
                    personne_id=instance.annuaire[role], identifiant=role.replace("_", "."),
                    empreinte=_EMPREINTE, etat="actif",
                )
            )  # fmt: skip
    return instance


def entrer(college: InstanceEssai, qui: str) -> tuple[FlaskClient, TestResponse]:
    client = college.application.test_client()
    return client, client.post("/connexion", data={"identifiant": qui, "mot_de_passe": SECRET})


def ajouter(client: FlaskClient, college: InstanceEssai) -> tuple[str, TestResponse]:
    """Ajoute une application par les pages ; rend sa clé et la dernière page."""
    page = client.post("/compte/facteurs/application").text
    cle = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    facteur = re.search(r'action="(/compte/facteurs/application/[^"]+)"', page)
    assert cle, page
    assert facteur, page
    secret = cle[1].replace(" ", "")
    code = pyotp.TOTP(secret).at(college.horloge.maintenant())
    return secret, client.post(facteur[1], data={"code": code, "nom": "Mon téléphone"})


def lire(college: InstanceEssai, enonce: Any) -> Any:
    with college.base.academie("essai") as session:
        return session.scalar(enonce)


def actes(college: InstanceEssai, acte: str) -> int:
    nombre: int = lire(college, select(func.count()).where(ActeJournal.acte == acte))
    return nombre


@pytest.mark.exigence("SDET-AUTH-08")
def test_entrer_en_deux_temps_et_rien_ne_s_ouvre_entre_les_deux(college: InstanceEssai) -> None:
    client, reponse = entrer(college, "enseignant")
    assert reponse.location == "/", "sans facteur ni obligation, rien ne change"
    autre, _ = entrer(college, "enseignant")
    secret, page = ajouter(client, college)
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", page.text)
    assert len(codes) == 10
    assert autre.get("/fanion/").location.startswith("/connexion"), "les autres sessions sont fermées"
    assert client.get("/fanion/").status_code == 200
    assert lire(college, select(func.count()).where(Message.lien == "/compte/facteurs")) == 1

    college.horloge.avancer(timedelta(minutes=1))
    demi, _ = entrer(college, "enseignant")
    attendu = "/connexion/verification"
    assert demi.get("/fanion/").location == f"{attendu}?suite=/fanion/"
    for chemin in (
        "/",
        "/compte",
        "/etablissement",
        "/messages/",
        "/administration/personnes",
        "/compte/preuve",
    ):
        assert demi.get(chemin).location.startswith(attendu), chemin
    assert demi.post("/theme", data={"theme": "sombre"}).location.startswith(attendu)
    assert demi.get("/api/v1/fanion/couleurs").status_code == 401
    for acte in ("/compte/facteurs", "/compte/facteurs/application"):
        refus = demi.get(acte) if acte.endswith("facteurs") else demi.post(acte)
        assert refus.status_code == 403, "qui a volé le mot de passe n'ajoute pas son facteur"
    assert demi.post(attendu, data={"preuve_secret": SECRET}).status_code == 401, (
        "le mot de passe ne suffit pas"
    )

    bon = pyotp.TOTP(secret).at(college.horloge.maintenant())
    avant = demi.get_cookie("ent")
    reponse = demi.post(attendu, data={"preuve_code": bon, "suite": "/fanion/"})
    assert reponse.location == "/fanion/"
    assert demi.get("/fanion/").status_code == 200
    assert avant is not None
    assert demi.get_cookie("ent") != avant, "un nouveau jeton"
    assert lire(college, select(SessionWeb.preuves).where(SessionWeb.niveau == 2).limit(1)) is not None

    secours, _ = entrer(college, "enseignant")
    assert secours.post(attendu, data={"preuve_code": bon}).status_code == 401, "le code a servi"
    assert secours.post(attendu, data={"preuve_code": codes[3].lower()}).location == "/"
    encore, _ = entrer(college, "enseignant")
    assert encore.post(attendu, data={"preuve_code": codes[3]}).status_code == 401
    assert actes(college, "session.attendue") == 3
    assert actes(college, "session.preuve_refusee") == 3


def test_deviner_le_second_facteur_est_freine(college: InstanceEssai) -> None:
    client, _ = entrer(college, "enseignant")
    ajouter(client, college)
    demi, _ = entrer(college, "enseignant")
    statuts = [
        demi.post("/connexion/verification", data={"preuve_code": "000000"}).status_code for _ in range(6)
    ]
    assert statuts[:4] == [401] * 4
    assert statuts[-1] == 429
    refus = demi.post("/connexion/verification", data={"preuve_code": "000000"})
    assert int(refus.headers["Retry-After"]) > 0
    assert "Réessayez dans" in refus.text


@pytest.mark.exigence("SDET-AUTH-07")
def test_un_administrateur_sans_facteur_en_ajoute_un_pour_entrer(college: InstanceEssai) -> None:
    client, _ = entrer(college, "administrateur")
    assert client.get("/", follow_redirects=True).request.path == "/compte/facteurs"
    assert client.get("/administration/personnes").location.startswith("/connexion/verification")
    _, page = ajouter(client, college)
    assert "Vos codes de secours" in page.text
    assert client.get("/administration/personnes").status_code == 200
    facteur = lire(college, select(Facteur.id))
    refus = client.post(f"/compte/facteurs/{facteur}/retirer")
    assert refus.status_code == 409
    assert "dernier second facteur" in refus.text


@pytest.mark.exigence("SDET-AUTH-07")
def test_une_ecole_l_exige_de_ses_personnels_a_partir_d_un_jour(college: InstanceEssai) -> None:
    chef = college.client("direction")
    demain = college.horloge.aujourd_hui() + timedelta(days=1)
    assert chef.post("/administration/second-facteur", data={"exige": "1"}).status_code == 422
    saisie = {"exige": "1", "des_le": demain.isoformat()}
    assert chef.post("/administration/second-facteur", data=saisie).status_code == 303
    assert re.search(r"0 personnel sur \d+", chef.get("/administration/second-facteur").text)
    client, _ = entrer(college, "enseignant")
    assert "en ajouter un avant le" in client.get("/compte/facteurs").text
    college.horloge.avancer(timedelta(days=1))
    for qui, libre in (("enseignant", False), ("parent", True), ("eleve", True)):
        entre, _ = entrer(college, qui)
        assert (entre.get("/").location is None) is libre, qui
    assert chef.get("/administration/second-facteur").status_code in (200, 302)
    assert lire(college, select(ExigenceFacteur.des_le)) == demain


def test_une_cle_d_acces_ajoute_prouve_et_entre_seule(college: InstanceEssai) -> None:
    client, _ = entrer(college, "enseignant")
    cle = CleLogicielle()
    demande = client.post("/compte/facteurs/cle/defi").text
    assert client.post("/compte/facteurs/cle", data={"reponse": cle.creer(demande)}).status_code == 200
    demi, _ = entrer(college, "enseignant")
    preuve = cle.prouver(demi.post("/compte/preuve/cle").text)
    assert demi.post("/connexion/verification", data={"preuve_cle": preuve}).location == "/"
    seul = college.application.test_client()
    demande = seul.post("/connexion/cle/defi").text
    assert json.loads(demande)["userVerification"] == "required"
    autre = college.application.test_client()
    reponse = cle.prouver(demande)
    assert autre.post("/connexion/cle", data={"reponse": reponse}).status_code == 401, "un autre navigateur"
    assert seul.post("/connexion/cle", data={"reponse": reponse}).location == "/"
    assert seul.get("/fanion/").status_code == 200
    assert seul.post("/connexion/cle", data={"reponse": reponse}).status_code == 401, "rejouée"
    with college.base.academie("essai : cadence") as session:
        session.execute(update(Tentative).values(echecs=1000))
    trop = seul.post("/connexion/cle/defi")
    assert (trop.status_code, "Retry-After" in trop.headers) == (429, True), (
        "un réseau qui en demande sans fin"
    )
    college.horloge.avancer(timedelta(minutes=1))
    assert seul.post("/connexion/cle/defi").status_code == 200


def test_une_cle_d_acces_n_ouvre_pas_un_profil_suspendu_et_le_journal_le_dit(college: InstanceEssai) -> None:
    client, _ = entrer(college, "enseignant")
    cle = CleLogicielle()
    demande = client.post("/compte/facteurs/cle/defi").text
    assert client.post("/compte/facteurs/cle", data={"reponse": cle.creer(demande)}).status_code == 200
    saisie = {"profil": Profil.ENSEIGNANT.value, "motif": "comptes"}
    assert (
        college.client("direction").post("/administration/comptes/suspendre", data=saisie).status_code == 302
    )
    seul = college.application.test_client()
    reponse = cle.prouver(seul.post("/connexion/cle/defi").text)
    page = seul.post("/connexion/cle", data={"reponse": reponse})
    assert (page.status_code, "suspendue" in page.text) == (403, True)
    assert seul.get_cookie("ent") is None
    refus = ActeJournal.details["cause"].astext == "profil"
    assert lire(college, select(func.count()).where(ActeJournal.acte == "session.refusee", refus)) == 1


def test_un_acte_sensible_demande_une_preuve_et_garde_la_saisie(college: InstanceEssai) -> None:
    client, _ = entrer(college, "enseignant")
    secret, _ = ajouter(client, college)
    with college.base.academie("essai") as session:
        session.add(
            RoleLocal(
                uai=ECOLE, personne_id=college.annuaire["enseignant"], role="administrateur_fonctionnel",
                debut=college.horloge.aujourd_hui(),
            )
        )  # fmt: skip
    eleve = college.annuaire["eleve"]
    adresse = f"/administration/personnes/{eleve}/roles"
    saisie = {"role": "delegue_eleves", "debut": "2026-09-07", "fin": ""}
    college.horloge.avancer(timedelta(minutes=11))
    demande = client.post(adresse, data=saisie)
    assert demande.status_code == 403
    assert 'name="role" value="delegue_eleves"' in demande.text
    assert 'name="debut" value="2026-09-07"' in demande.text
    assert f'action="{adresse}"' in demande.text
    assert lire(college, select(func.count()).where(RoleLocal.role == "delegue_eleves")) == 0
    assert client.post(adresse, data={**saisie, "preuve_code": "123456"}).status_code == 403
    assert client.post(adresse, data={**saisie, "preuve_secret": SECRET}).status_code == 403
    code = pyotp.TOTP(secret).at(college.horloge.maintenant())
    avant = client.get_cookie("ent")
    assert client.post(adresse, data={**saisie, "preuve_code": code}).status_code == 302
    assert client.get_cookie("ent") != avant
    assert lire(college, select(func.count()).where(RoleLocal.role == "delegue_eleves")) == 1
    assert actes(college, "session.prouvee") == 1
    assert client.get("/administration/journal/export").status_code != 302, "dix minutes tranquilles"


def test_une_lecture_sensible_mene_a_la_preuve_puis_revient(college: InstanceEssai) -> None:
    client, _ = entrer(college, "parent")
    college.horloge.avancer(timedelta(minutes=11))
    with compter_enonces(college.base) as ordinaires:
        assert client.get("/compte").status_code == 200
    assert len(ordinaires) < 20
    depart = client.get("/mes-donnees/copies/0198b5c1-0000-7000-8000-000000000000", follow_redirects=False)
    assert depart.status_code in (302, 404)
    page = client.get("/compte/preuve?suite=/compte")
    assert "Mot de passe" in page.text
    assert (
        client.post("/compte/preuve", data={"preuve_secret": "faux", "suite": "/compte"}).status_code == 403
    )
    assert (
        client.post("/compte/preuve", data={"preuve_secret": SECRET, "suite": "/compte"}).location
        == "/compte"
    )
    assert (
        client.post("/compte/preuve", data={"preuve_secret": SECRET, "suite": "//x.example"}).location == "/"
    )


@pytest.mark.exigence("SDET-SES-02")
def test_partout_et_poste_partage(college: InstanceEssai) -> None:
    ici, _ = entrer(college, "parent")
    ailleurs, _ = entrer(college, "parent")
    assert "Me déconnecter partout" in ici.get("/compte").text
    sortie = ici.post("/compte", data={"acte": "partout"})
    assert sortie.status_code == 302
    assert ici.get_cookie("ent") is None
    assert ailleurs.get("/").location.startswith("/connexion")
    cdi = college.application.test_client()
    cdi.post("/connexion", data={"identifiant": "parent", "mot_de_passe": SECRET, "partage": "1"})
    assert cdi.get_cookie("ent_appareil") is None, "un poste partagé n'est pas reconnu"
    college.horloge.avancer(timedelta(minutes=21))
    assert cdi.get("/").location.startswith("/connexion")
    cdi.post("/connexion", data={"identifiant": "parent", "mot_de_passe": SECRET, "partage": "1"})
    assert cdi.post("/deconnexion").headers["Clear-Site-Data"] == '"cache", "storage"'


# --- l'assistance


@pytest.fixture
def ouverte(application_avec: FabriqueInstance) -> InstanceEssai:
    return comptes_de(
        application_avec(Fanion(), configuration=configuration_essai(support=Support(actif=True)))
    )


def visiter(client: FlaskClient, personne: UUID, **saisie: str) -> TestResponse:
    envoye = {"motif": "droits", "demande": "T-2026.17", **saisie}
    return client.post(f"/administration/personnes/{personne}/assistance", data=envoye)


def test_l_assistance_est_fermee_par_defaut(college: InstanceEssai) -> None:
    agent = college.client("administrateur_academique")
    titre = f"{ECOLE}:{Profil.ENSEIGNANT.value}"
    assert visiter(agent, college.annuaire["enseignant"], titre=titre).status_code == 404


def test_l_assistance_regarde_un_quart_d_heure_sans_rien_ecrire_et_chacun_le_sait(
    ouverte: InstanceEssai,
) -> None:
    qui, titre = ouverte.annuaire["enseignant"], f"{ECOLE}:{Profil.ENSEIGNANT.value}"
    agent = ouverte.client("administrateur_academique")
    for role in ("direction", "administrateur", "infirmier", "psychologue", "dpd"):
        with ouverte.base.academie("essai") as session:
            if session.scalar(select(Compte.id).where(Compte.personne_id == ouverte.annuaire[role])) is None:
                session.add(Compte(personne_id=ouverte.annuaire[role], identifiant=f"x.{role}", etat="actif"))
        assert visiter(agent, ouverte.annuaire[role], titre=titre).status_code == 403, role
    assert visiter(agent, qui, titre=titre, demande="M. Martin, 5e A").status_code == 422
    assert visiter(agent, qui, titre=f"{RECTORAT}:{Profil.ACADEMIE.value}").status_code == 403
    assert visiter(ouverte.client("direction"), qui, titre=titre).status_code == 403
    assert visiter(agent, qui, titre=titre).status_code == 303

    accueil = agent.get("/")
    assert "Assistance, en lecture seule." in accueil.text
    assert "Collège des Essais" in accueil.text
    page = agent.get("/fanion/")
    assert (page.status_code, page.text) == (200, "bleu, blanc, rouge")
    for chemin in (
        "/compte", "/compte/facteurs", "/messages/", "/mes-donnees/", "/api/v1/fanion/couleurs",
        "/etablissement", "/administration/personnes", f"/administration/personnes/{qui}/assistance",
    ):  # fmt: skip
        assert agent.get(chemin).status_code == 403, chemin
    for chemin in ("/theme", "/etablissement", "/connexion", "/compte", "/activation", "/fanion/"):
        assert agent.post(chemin, data={"theme": "sombre"}).status_code in (403, 405), chemin
    assert lire(ouverte, select(Compte.theme).where(Compte.personne_id == qui)) == "auto"

    ouverte.horloge.avancer(timedelta(minutes=16))
    assert "Assistance, en lecture seule" not in agent.get("/").text, "le quart d'heure est passé"
    assert agent.get("/administration/personnes").status_code == 200, "l'agent est redevenu lui-même"
    assert actes(ouverte, "visite.commencee") == 2, "au journal de l'établissement, et à celui de l'agent"
    assert "T-2026.17" in entrer(ouverte, "enseignant")[0].get("/compte/facteurs").text
    assert lire(ouverte, select(Message.lien).where(Message.personne_id == qui)) == "/compte/facteurs"


def test_finir_la_visite_rend_a_l_agent_sa_session_et_les_responsables_la_voient(
    ouverte: InstanceEssai,
) -> None:
    agent, eleve = ouverte.client("administrateur_academique"), ouverte.annuaire["eleve"]
    assert visiter(agent, eleve, titre=f"{ECOLE}:{Profil.ELEVE.value}").status_code == 303
    assert agent.post("/assistance/fin").location == "/"
    assert agent.get("/administration/personnes").status_code == 200
    assert agent.post("/assistance/fin").status_code == 409
    assert lire(ouverte, select(AccesSupport.ferme_le)) is not None
    parent = connecter(
        ouverte.application, ouverte.base, ouverte.horloge, ouverte.annuaire["parent"], ECOLE,
        Profil.RESPONSABLE.value,
    )  # fmt: skip
    assert "Visites de l" in parent.get("/compte/facteurs").text
    assert actes(ouverte, "visite.finie") == 1
