"""Les voies d'une requête : ce qu'ouvrent le jeton d'un service relié et le lien personnel d'un agenda."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ent_annonces import brique as annonces
from ent_carnet import brique as carnet
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from ent_core.donnees.session import Portage
from ent_core.donnees.sous_portillon import finalites_de
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.delegues import (
    SERVICE,
    creer_jeton,
    creer_lien,
    lire_par_jeton,
    lire_par_lien,
    titre,
)
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.federation.fournisseur_oidc import jetons
from ent_core.federation.modeles import ServiceDeclare, ServiceFerme
from ent_core.identite import comptes, liens_personnels
from ent_core.identite.liens_personnels import LECTURES_PAR_JOUR, LIENS_AU_PLUS
from ent_core.identite.modeles import ActeJournal, Compte, LienPersonnel, Tentative
from ent_core.identite.suspensions import rouvrir_profil, suspendre_profil
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.web.routes import Exigence, exigence_de
from ent_core.web.voie_jeton import LECTURES_PAR_MINUTE

ABONNEMENT, RENDEZ_VOUS = "/carnet/rendez_vous.ics", "/api/v1/carnet/agenda"
MOTS = "/api/v1/annonces/mots"
VENDREDI = datetime(2026, 11, 27, 9, tzinfo=UTC)
LECTURES = ("annonces.affichage", "carnet.assiduite", "carnet.punitions", "carnet.sanctions")


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux briques, un collège."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(VENDREDI))
    yield fabrique(annonces, carnet)
    fabrique.fermer()


@pytest.fixture
def ecole(instance: InstanceEssai) -> InstanceEssai:
    """La même, à l'heure de départ, sans demande comptée."""
    instance.horloge.instant = VENDREDI
    with instance.base.academie("essai : cadence") as session:
        session.execute(delete(Tentative))
    return instance


def lien(ecole: InstanceEssai, role: str, adresse: str = ABONNEMENT) -> str:
    return creer_lien(ecole, role, adresse)


def par_lien(
    ecole: InstanceEssai, secret: str, adresse: str = ABONNEMENT, client: FlaskClient | None = None
) -> TestResponse:
    return lire_par_lien(ecole, secret, adresse, client)


def refuse_en_texte(reponse: TestResponse) -> None:
    assert (reponse.status_code, reponse.mimetype) == (404, "text/plain"), reponse.text[:200]
    assert "Calendriers reliés" in reponse.text
    assert "Set-Cookie" not in reponse.headers


# --- Fermé par défaut : toutes les routes, toutes les briques ---------------------------------------


def lectures(ecole: InstanceEssai) -> Iterator[tuple[str, Exigence]]:
    """Toutes les adresses qui se lisent, avec des paramètres quelconques."""
    application = ecole.application
    for regle in application.url_map.iter_rules():
        exigence = exigence_de(application.view_functions[regle.endpoint], "GET")
        if "GET" in (regle.methods or ()) and exigence is not None and not exigence.motif:
            valeurs = {nom: _exemple(regle._converters[nom]) for nom in regle.arguments}
            yield application.url_map.bind("localhost").build(regle.endpoint, valeurs), exigence


def _exemple(convertisseur: Any) -> Any:
    permis = getattr(convertisseur, "items", None)
    genre = type(convertisseur).__name__
    return (
        sorted(permis)[0]
        if permis
        else {"UUIDConverter": uuid4(), "IntegerConverter": 2026}.get(genre, "essai")
    )


@pytest.mark.exigence("ENT-09")
def test_aucune_route_ne_s_ouvre_a_un_jeton_sans_l_avoir_dit(ecole: InstanceEssai) -> None:
    tout = creer_jeton(ecole, "cpe", *ecole.ent.registre.traitements)
    ecarts, ouvertes = [], set()
    for adresse, exigence in lectures(ecole):
        reponse = lire_par_jeton(ecole, tout, adresse)
        attendu = 401 if not adresse.startswith("/api/") else 403
        if exigence.traitements and attendu == 403:
            ouvertes.add(adresse)
            if "WWW-Authenticate" in reponse.headers:
                ecarts.append(f"{adresse} → {reponse.status_code}, alors que le jeton la couvre")
        elif reponse.status_code != attendu or "Bearer" not in reponse.headers.get("WWW-Authenticate", ""):
            ecarts.append(f"{adresse} → {reponse.status_code}")
        if "Set-Cookie" in reponse.headers:
            ecarts.append(f"{adresse} pose un témoin")
    assert ecarts == []
    assert {RENDEZ_VOUS, MOTS} <= ouvertes


@pytest.mark.exigence("ENT-09")
def test_aucune_route_ne_s_ouvre_a_un_lien_sans_l_avoir_dit(ecole: InstanceEssai) -> None:
    ecarts, ouvertes = [], set()
    for adresse, exigence in lectures(ecole):
        reponse = par_lien(ecole, creer_lien(ecole, "cpe", adresse, seul=True), adresse)
        if exigence.lien_personnel:
            ouvertes.add(adresse)
        elif reponse.status_code not in (401, 302) or "/connexion" not in (reponse.location or "/connexion"):
            ecarts.append(f"{adresse} → {reponse.status_code}")
    assert ecarts == []
    assert ABONNEMENT in ouvertes


# --- Le lien personnel ------------------------------------------------------------------------------


def test_un_lien_lit_son_calendrier_et_rien_d_autre(ecole: InstanceEssai) -> None:
    secret = lien(ecole, "cpe")
    lu = par_lien(ecole, secret)
    assert (lu.status_code, lu.mimetype) == (200, "text/calendar"), lu.text
    assert b"BEGIN:VTIMEZONE" in lu.data
    assert lu.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in lu.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in lu.headers
    refuse_en_texte(par_lien(ecole, "faux"))
    refuse_en_texte(par_lien(ecole, ""))
    refuse_en_texte(par_lien(ecole, secret, f"/carnet/famille/{ecole.annuaire['eleve']}/rendez_vous.ics"))
    assert ecole.client("cpe").get(ABONNEMENT).status_code == 200, "sa page s'ouvre aussi, connecté"
    refuse_en_texte(par_lien(ecole, "faux", client=ecole.client("cpe")))
    assert par_lien(ecole, secret, "/carnet/retenues").location.startswith("/connexion")
    with ecole.base.academie("essai : usage") as session:
        garde = session.scalars(select(LienPersonnel).where(LienPersonnel.adresse == ABONNEMENT)).all()
        assert {g.vu_le for g in garde} >= {date(2026, 11, 27)}
        assert secret.encode() not in {g.jeton for g in garde}


def test_un_lien_suit_la_personne_telle_qu_elle_est(ecole: InstanceEssai) -> None:
    secret = lien(ecole, "assistant")
    assert par_lien(ecole, secret).status_code == 200
    profil = ecole.annuaire.profils["assistant"]
    with ecole.base.ecole(ECOLE, "essai : suspension") as session:
        suspendre_profil(session, ecole.horloge, ECOLE, profil, motif="comptes")
    refuse_en_texte(par_lien(ecole, secret))
    with ecole.base.ecole(ECOLE, "essai : réouverture") as session:
        rouvrir_profil(session, ecole.horloge, ECOLE, profil)
    ecole.fermer("carnet")
    refuse_en_texte(par_lien(ecole, secret))
    ecole.ouvrir("carnet")
    assert par_lien(ecole, secret).status_code == 200
    refuse_en_texte(par_lien(ecole, lien(ecole, "secretaire")))  # sans la permission de la page


@pytest.mark.parametrize("acte", [comptes.suspendre, comptes.mettre_en_securite])
def test_un_lien_meurt_avec_le_compte_suspendu_ou_mis_en_securite(ecole: InstanceEssai, acte: Any) -> None:
    qui, secret = titre(ecole, "direction"), lien(ecole, "direction")
    assert par_lien(ecole, secret).status_code == 200
    with ecole.base.academie("essai : acte") as session:
        acte(session, ecole.horloge, qui.compte_id)
    refuse_en_texte(par_lien(ecole, secret))
    with ecole.base.academie("essai : retour") as session:
        assert not liens_personnels.lister(session, ecole.horloge, qui.compte_id)
        session.execute(update(Compte).where(Compte.id == qui.compte_id).values(etat="actif"))


def test_un_lien_s_arrete_le_31_aout_et_se_borne_chaque_jour(ecole: InstanceEssai) -> None:
    secret = lien(ecole, "collegue")
    with ecole.base.academie("essai : fin") as session:
        (garde,) = session.scalars(
            select(LienPersonnel).where(LienPersonnel.personne_id == ecole.annuaire["collegue"])
        )
        assert garde.fin == date(2027, 9, 1)
        garde.vu_le, garde.lectures = ecole.horloge.aujourd_hui(), LECTURES_PAR_JOUR
    freine = par_lien(ecole, secret)
    assert (freine.status_code, freine.mimetype) == (429, "text/plain")
    with ecole.base.academie("essai : fin") as session:
        session.execute(
            update(LienPersonnel)
            .where(LienPersonnel.id == garde.id)
            .values(lectures=0, fin=date(2026, 11, 27))
        )
    refuse_en_texte(par_lien(ecole, secret))
    with ecole.base.academie("essai : purge") as session:
        assert liens_personnels.purger(session, ecole.horloge) == 1


def test_la_personne_cree_voit_et_retire_ses_liens(ecole: InstanceEssai) -> None:
    client = ecole.client("enseignant")
    page = client.get("/compte/calendriers").text
    assert "Aucun appareil" in page
    assert "Mes rendez-vous du carnet" in page
    cree = client.post("/compte/calendriers", data={"calendrier": ABONNEMENT, "nom": "Tablette du salon"})
    secret = cree.text.partition("rendez_vous.ics?lien=")[2].partition('"')[0]
    assert par_lien(ecole, secret).status_code == 200
    page = client.get("/compte/calendriers").text
    assert secret not in page, "il n'est montré qu'une fois"
    assert "Tablette du salon" in page
    assert "Dernière lecture : vendredi 27 novembre" in page
    retrait = page.partition('action="/compte/calendriers/')[2].partition('"')[0]
    assert ecole.client("collegue").post(f"/compte/calendriers/{retrait}").status_code == 404
    client.post(f"/compte/calendriers/{retrait}")
    refuse_en_texte(par_lien(ecole, secret))
    for faux in ("/carnet/retenues", "https://ailleurs.example/x.ics", "", "/rien"):
        assert client.post("/compte/calendriers", data={"calendrier": faux}).status_code == 422, faux
    for _ in range(LIENS_AU_PLUS):
        lien(ecole, "enseignant")
    assert client.post("/compte/calendriers", data={"calendrier": ABONNEMENT}).status_code == 409
    with ecole.base.academie("essai : journal") as session:
        actes = session.scalars(
            select(ActeJournal.acte).where(ActeJournal.acteur_id == ecole.annuaire["enseignant"])
        ).all()
    assert {"lien_personnel.cree", "lien_personnel.retire"} <= set(actes)


# --- Le jeton d'un service relié ---------------------------------------------------------------------


def test_un_jeton_lit_ce_que_ses_portees_couvrent(ecole: InstanceEssai) -> None:
    porte = creer_jeton(ecole, "cpe", *LECTURES)
    lu = lire_par_jeton(ecole, porte, RENDEZ_VOUS)
    assert lu.status_code in (200, 204), lu.text
    assert "Set-Cookie" not in lu.headers
    assert lire_par_jeton(ecole, porte, MOTS).get_json() == []
    etroit = lire_par_jeton(ecole, creer_jeton(ecole, "cpe", "carnet.punitions"), RENDEZ_VOUS)
    assert (etroit.status_code, etroit.mimetype) == (403, "application/problem+json")
    assert etroit.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", scope="carnet.assiduite carnet.punitions carnet.sanctions"'
    )
    assert "carnet.sanctions" in etroit.get_json()["detail"]


def test_le_journal_dit_une_fois_par_jour_qu_un_service_a_lu(ecole: InstanceEssai) -> None:
    ecole.horloge.avancer(timedelta(days=1))
    for _ in range(2):
        porte = creer_jeton(ecole, "secretaire", *LECTURES)
        for _ in range(2):
            assert lire_par_jeton(ecole, porte, MOTS).status_code == 200
    with ecole.base.academie("essai : journal") as session:
        lus = session.scalars(
            select(ActeJournal.objet).where(
                ActeJournal.acte == "service.lecture",
                ActeJournal.acteur_id == ecole.annuaire["secretaire"],
                ActeJournal.instant >= ecole.horloge.maintenant(),
            )
        ).all()
    assert lus == [SERVICE]


def test_un_jeton_n_ecrit_pas_et_n_est_sauve_par_aucun_temoin(ecole: InstanceEssai) -> None:
    porte = creer_jeton(ecole, "direction", *LECTURES)
    ecrit = lire_par_jeton(ecole, porte, MOTS, "POST")
    assert (ecrit.status_code, ecrit.headers["WWW-Authenticate"]) == (
        403,
        'Bearer error="insufficient_scope"',
    )
    client: FlaskClient = ecole.client("direction")
    for recu in ("faux", "", "é"):
        refus = client.get(MOTS, headers={"Authorization": f"bearer {recu}"})
        assert (refus.status_code, refus.mimetype) == (401, "application/problem+json")
        assert refus.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    page = client.get("/carnet/retenues", headers={"Authorization": f"Bearer {porte}"})
    assert page.status_code == 401, "un jeton n'ouvre aucune page, même avec un témoin"


def test_un_service_qui_lit_sans_fin_attend_la_minute_suivante(ecole: InstanceEssai) -> None:
    porte = creer_jeton(ecole, "enseignant", *LECTURES)
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 200
    with ecole.base.academie("essai : cadence") as session:
        session.execute(update(Tentative).values(echecs=LECTURES_PAR_MINUTE))
    refus = lire_par_jeton(ecole, porte, MOTS)
    assert (refus.status_code, refus.mimetype) == (429, "application/problem+json")
    assert 0 < int(refus.headers["Retry-After"]) <= 60
    ecole.horloge.avancer(timedelta(minutes=1))
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 200


def test_un_jeton_suit_la_personne_et_son_accord(ecole: InstanceEssai) -> None:
    sans_droit = lire_par_jeton(ecole, creer_jeton(ecole, "secretaire", *LECTURES), RENDEZ_VOUS)
    assert (sans_droit.status_code, "WWW-Authenticate" in sans_droit.headers) == (403, False)
    porte, qui = creer_jeton(ecole, "enseignant", *LECTURES), titre(ecole, "enseignant")
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 200
    with ecole.base.academie("essai : retrait") as session:
        jetons.retirer_accord(session, ecole.horloge, qui.compte_id, SERVICE)
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 401
    porte = creer_jeton(ecole, "enseignant", *LECTURES)
    profil = ecole.annuaire.profils["enseignant"]
    with ecole.base.ecole(ECOLE, "essai : suspension") as session:
        suspendre_profil(session, ecole.horloge, ECOLE, profil, motif="comptes")
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 401
    with ecole.base.ecole(ECOLE, "essai : réouverture") as session:
        rouvrir_profil(session, ecole.horloge, ECOLE, profil)
    ecole.fermer("annonces")
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 404
    ecole.ouvrir("annonces")
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 200
    with ecole.base.academie("essai : service fermé ici") as session:
        session.add(ServiceFerme(uai=ECOLE, cle=SERVICE))
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 401
    with ecole.base.academie("essai : service rouvert") as session:
        session.execute(delete(ServiceFerme))
        session.execute(update(ServiceDeclare).values(options=ServiceDeclare.options.op("-")("portees")))
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 403, "le service ne déclare plus ces portées"
    with ecole.base.academie("essai : déclaration") as session:
        session.execute(delete(ServiceDeclare))


def test_la_personne_voit_et_retire_ce_qu_elle_a_accorde(ecole: InstanceEssai) -> None:
    client = ecole.client("collegue")
    assert "Aucun service ne lit" in client.get("/compte/services").text
    assert client.get("/api/v1/moi/accords").get_json() == []
    porte = creer_jeton(ecole, "collegue", "openid", "offline_access", *LECTURES)
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 200
    page = client.get("/compte/services").text
    for dit in (
        "Agenda en ligne",
        "Punitions scolaires",
        "Sanctions disciplinaires",
        "27 novembre",
        "pas connecté",
    ):
        assert dit in page, dit
    (relie,) = client.get("/api/v1/moi/accords").get_json()
    assert [p["portee"] for p in relie["lit"]] == sorted(LECTURES)
    assert relie["hors_ligne"] is True
    assert client.post("/compte/services/inconnu/retirer").status_code == 404
    client.post("/compte/services/agenda-en-ligne/retirer")
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 401
    porte = creer_jeton(ecole, "collegue", *LECTURES)
    assert client.delete("/api/v1/moi/accords/agenda-en-ligne").status_code == 204
    assert lire_par_jeton(ecole, porte, MOTS).status_code == 401
    lien(ecole, "collegue")
    (garde,) = client.get("/api/v1/moi/calendriers").get_json()
    assert "jeton" not in garde
    assert client.delete(f"/api/v1/moi/calendriers/{garde['id']}").status_code == 204
    assert client.get("/api/v1/moi/calendriers").get_json() == []


def test_le_portillon_se_ferme_a_ce_que_la_route_n_a_pas_dit(ecole: InstanceEssai) -> None:
    limite = Portage("essai : portillon", uai=ECOLE, traitements=frozenset({"carnet.punitions"}))
    with ecole.base.session(limite) as session:
        permises = finalites_de(session, "carnet")
        assert {"carnet", "carnet.punitions"} <= permises
        assert not {"carnet.sanctions", "carnet.assiduite"} & permises
        assert "annonces.affichage" not in finalites_de(session, "annonces"), (
            "un crochet d'une autre brique non plus"
        )
        assert any(cle.startswith("noyau.") for cle in permises), "l'annuaire partagé reste"
    with ecole.base.session(replace(limite, traitements=None)) as session:
        assert "carnet.sanctions" in finalites_de(session, "carnet")


def test_openapi_dit_les_portees_de_chaque_ressource(ecole: InstanceEssai) -> None:
    decrit = ecole.application.test_client().get("/api/v1/openapi.json").get_json()
    assert decrit["components"]["securitySchemes"]["jeton"]["type"] == "openIdConnect"
    mots = decrit["paths"]["/api/v1/annonces/mots"]
    assert mots["get"]["security"] == [{"session": []}, {"jeton": ["annonces.affichage"]}]
    assert "security" not in mots["post"]
