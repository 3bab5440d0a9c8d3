"""L'ENT, fournisseur OpenID Connect : liste d'essais O1 à O32 de l'étude des protocoles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata  # type: ignore[import-untyped] # sans types
from joserfc import jws
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsOidc
from ent_core.donnees.session import Portage
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.fournisseur_oidc import cles, codes, jetons
from ent_core.federation.fournisseur_oidc.modeles import AccordService, CleOidc, CodeOidc, JetonOidc
from ent_core.federation.protocoles.oidc import controler
from ent_core.federation.services import fermer_ici, rouvrir_ici
from ent_core.identite import sessions
from ent_core.identite.modeles import ActeJournal, Compte, Personne, SessionWeb
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Courriel
from ent_core.socle.erreurs import ConfigurationInvalide
from tests.federation.cas_essais import actes, configuration, partenaire, parties
from tests.federation.oidc_essais import EMETTEUR, SORTI, Client, declare, erreur, reponse_de

LIRE = "noyau.annuaire"


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges, lundi 7 septembre 2026 à 10 h, et six services."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    declaree = configuration(
        moodle=declare("moodle", options={"portees": (LIRE,), "prolonger": True}),
        blog=declare("blog", gabarit="annuaire", options={"presentation": "post", "algorithme": "ES256"}),
        mobile=declare("mobile", partage="", options={"retours": ("https://mobile.exemple.invalid/retour",)}),
        profs=declare("profs", profils=(Profil.ENSEIGNANT,)),
        ailleurs=declare("ailleurs", etablissements=(AUTRE,)),
        muet=declare("muet", gabarit="identifiant"),
    )
    yield fabrique(configuration=replace(declaree, courriel=Courriel(adresse_ent=EMETTEUR)))
    fabrique.fermer()


@pytest.fixture
def moodle(instance: InstanceEssai) -> Client:
    return Client(instance, "moodle")


def changer(instance: InstanceEssai, modele: type[Any], condition: Any, **valeurs: Any) -> None:
    with instance.base.academie("essai") as session:
        session.execute(update(modele).where(condition).values(**valeurs))


def accorder(
    instance: InstanceEssai, navigateur: Any, client: Client, portees: str, **plus: str
) -> dict[str, str]:
    """Lit la page d'accord, et accepte."""
    page = client.demander(navigateur, scope=portees, **plus)
    assert page.status_code == 200, page.text
    marque = page.text.split('name="marque" value="')[1].split('"')[0]
    adresse = "/oidc/accord?" + urlencode(client.parametres(scope=portees, **plus))
    return reponse_de(navigateur.post(adresse, data={"marque": marque, "decision": "accorder"}))


# --- Le chemin ordinaire ---------------------------------------------------------------------


@pytest.mark.exigence("IDF-O1", "IDF-O3", "IDF-O4", "IDF-O27")
def test_o1_le_code_avec_pkce_et_la_decouverte_dit_vrai(instance: InstanceEssai, moodle: Client) -> None:
    dit = instance.application.test_client().get("/.well-known/openid-configuration").get_json()
    OpenIDProviderMetadata(dit).validate()
    assert dit["issuer"] == EMETTEUR
    for nom, adresse in dit.items():
        if nom.endswith("_endpoint"):
            methode = instance.application.test_client().post(urlsplit(adresse).path)
            assert methode.status_code not in (404, 405), nom
    eleve = instance.client("eleve")
    rendus = moodle.echanger(moodle.code(eleve))
    assert rendus.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in rendus.headers
    jeton = moodle.identite(rendus.get_json())
    instant = int(instance.horloge.maintenant().timestamp())
    assert (jeton["iss"], jeton["aud"], jeton["nonce"]) == (EMETTEUR, "moodle", "n-1")
    assert jws.extract_compact(rendus.get_json()["id_token"].encode()).headers()["alg"] == "RS256"
    sans = OptionsOidc(retours=("https://a.invalid/",), algorithme="none")
    assert [champ for champ, _ in controler(sans, ())] == ["algorithme"]
    assert (jeton["iat"], jeton["exp"]) == (instant, instant + 300)
    assert set(jeton) == {
        "iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "nonce", "at_hash",
    }  # fmt: skip
    infos = moodle.infos(rendus.get_json()["access_token"])
    assert infos.headers["Cache-Control"] == "no-store"
    assert infos.get_json() == {
        "sub": jeton["sub"], "name": "Camille Essai Eleve", "family_name": "Essai Eleve",
        "given_name": "Camille", "ent_profil": "National_ELV", "ent_uais": [ECOLE], "ent_divisions": ["5e A"],
    }  # fmt: skip
    assert "nonce" not in moodle.identite(moodle.entrer(eleve, nonce=None))


@pytest.mark.exigence("IDF-O5", "IDF-O6", "IDF-O10", "IDF-O9")
def test_o5_a_o10_userinfo_de_trois_facons_et_les_portees_coupent(
    instance: InstanceEssai, moodle: Client
) -> None:
    eleve, serveur = instance.client("eleve"), instance.application.test_client()
    acces = moodle.entrer(eleve, scope="scolarite openid")["access_token"]
    porte = {"Authorization": f"Bearer {acces}"}
    attendu = moodle.infos(acces).get_json()
    assert set(attendu) == {"sub", "ent_profil", "ent_uais", "ent_divisions"}
    assert serveur.post("/oidc/infos", headers=porte).get_json() == attendu
    assert serveur.post("/oidc/infos", data={"access_token": acces}).get_json() == attendu
    # Dans l'adresse, jamais : les journaux la gardent.
    refus = serveur.get("/oidc/infos", query_string={"access_token": acces})
    assert refus.status_code == 401
    assert 'error="invalid_token"' in refus.headers["WWW-Authenticate"]
    seul = moodle.entrer(eleve, scope="openid inconnue noyau.secret")
    assert seul["scope"] == "openid"
    assert set(moodle.infos(seul["access_token"]).get_json()) == {"sub"}
    # Le gabarit borne toujours : ce service-ci ne reçoit qu'un identifiant, quoi qu'il demande.
    muet = Client(instance, "muet")
    tout = muet.entrer(eleve, scope="openid profile email address scolarite")
    assert set(muet.infos(tout["access_token"]).get_json()) == {"sub"}
    bruit = {
        "display": "page",
        "ui_locales": "fr",
        "login_hint": "x",
        "acr_values": "2",
        "id_token_hint": "x",
    }
    poste = eleve.post("/oidc/autorisation", data=moodle.parametres(**bruit, inconnu="1"))
    assert poste.status_code == 303
    assert "code" in reponse_de(eleve.get(poste.location))


@pytest.mark.exigence("IDF-O2", "IDF-O15", "IDF-O17", "IDF-O18")
@pytest.mark.parametrize(
    ("faute", "attendu"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "a" * 42}, "invalid_request"),
        ({"code_challenge": "a" * 129}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://moodle.exemple.invalid/r"}, "request_uri_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
    ],
)
def test_o2_une_faute_revient_au_service_avec_son_etat_et_l_emetteur(
    instance: InstanceEssai, moodle: Client, faute: dict[str, str | None], attendu: str
) -> None:
    rendue = moodle.demander(instance.application.test_client(), **faute)
    assert rendue.location.startswith(moodle.retour + "?")
    lue = reponse_de(rendue)
    assert (lue["error"], lue["state"], lue["iss"]) == (attendu, "etat-1", EMETTEUR)
    assert lue["error_description"].isascii()
    assert "code" not in lue


@pytest.mark.exigence("IDF-O12", "IDF-O25")
def test_o12_une_adresse_de_retour_douteuse_ne_mene_nulle_part(
    instance: InstanceEssai, moodle: Client
) -> None:
    eleve, bonne = instance.client("eleve"), moodle.retour
    for fausse in (
        None, "", "https://voleur.invalid/", f"{bonne}?x=1", f"{bonne}/", f"{bonne}#a", f"{bonne}/../retour",
        bonne.replace("https", "http"), bonne.replace(".invalid", ".invalid:8443"), bonne.upper(),
        bonne.replace("https://", "https://moi@"), "//moodle.exemple.invalid/retour", "javascript:alert(1)",
    ):  # fmt: skip
        for prompt in (None, "none"):
            page = moodle.demander(eleve, redirect_uri=fausse, prompt=prompt)
            assert (page.status_code, bool(page.location)) == (400, False), fausse
            assert "adresse de retour" in page.text
    doubles = urlencode([*moodle.parametres().items(), ("redirect_uri", bonne)])
    assert eleve.get(f"/oidc/autorisation?{doubles}").status_code == 400
    assert "pas déclaré" in moodle.demander(eleve, client_id="inconnu").text
    assert "retour" in {details["cause"] for details in actes(instance.base, "service.refuse")}
    for nom in ("state", "nonce", "scope", "code_challenge", "prompt"):
        repete = urlencode([*moodle.parametres(prompt="login").items(), (nom, "x")])
        assert reponse_de(eleve.get(f"/oidc/autorisation?{repete}"))["error"] == "invalid_request"


@pytest.mark.exigence("IDF-O7", "IDF-O8")
def test_o7_prompt_et_max_age(instance: InstanceEssai, moodle: Client) -> None:
    inconnu = instance.application.test_client()
    assert reponse_de(moodle.demander(inconnu, prompt="none"))["error"] == "login_required"
    assert moodle.demander(inconnu).location.startswith("/connexion?suite=")
    eleve, horloge = instance.client("eleve"), instance.horloge
    premier = moodle.identite(moodle.entrer(eleve, prompt="none"))["auth_time"]
    depart = horloge.instant
    try:
        horloge.instant = depart + timedelta(seconds=100)
        assert moodle.identite(moodle.entrer(eleve, max_age="10000"))["auth_time"] == premier
        assert reponse_de(moodle.demander(eleve, max_age="60", prompt="none"))["error"] == "login_required"
        for demande in (
            {"prompt": "login"},
            {"max_age": "60"},
            {"max_age": "0"},
            {"prompt": "select_account"},
        ):
            envoi = moodle.demander(eleve, **demande)
            assert envoi.location.startswith("/compte/preuve?suite="), demande
            suite = parse_qs(urlsplit(envoi.location).query)["suite"][0]
            # Revenir sans rien prouver ne suffit pas ; prouver suffit, même si la page a pris son temps.
            assert eleve.get(suite).location.startswith("/compte/preuve")
            horloge.instant += timedelta(seconds=70)
            qui = SessionWeb.personne_id == instance.annuaire["eleve"]
            changer(instance, SessionWeb, qui, prouvee_le=horloge.instant)
            horloge.instant += timedelta(seconds=70)
            rendus = moodle.echanger(reponse_de(eleve.get(suite))["code"]).get_json()
            assert moodle.identite(rendus)["auth_time"] > premier
            assert moodle.demander(eleve, prompt="login", depuis="0.1.a").location.startswith(
                "/compte/preuve"
            )
    finally:
        horloge.instant = depart


@pytest.mark.exigence("IDF-O11")
def test_o11_un_code_rejoue_eteint_ce_qui_en_est_ne(instance: InstanceEssai, moodle: Client) -> None:
    eleve, depart = instance.client("eleve"), instance.horloge.instant
    try:
        for delai in (0, 31):
            code = moodle.code(eleve)
            acces = moodle.echanger(code).get_json()["access_token"]
            instance.horloge.instant = depart + timedelta(seconds=delai)
            assert moodle.infos(acces).status_code == 200
            assert erreur(moodle.echanger(code)) == "invalid_grant"
            assert moodle.infos(acces).status_code == 401
    finally:
        instance.horloge.instant = depart
    assert {"cause": "rejeu"} in actes(instance.base, "service.jeton_refuse")


@pytest.mark.exigence("IDF-O13", "IDF-O14", "IDF-O15", "IDF-O19")
def test_o13_a_o19_un_code_n_est_qu_a_qui_l_a_demande(instance: InstanceEssai, moodle: Client) -> None:
    eleve, depart = instance.client("eleve"), instance.horloge.instant
    fautes: tuple[dict[str, Any], ...] = (
        {"redirect_uri": f"{moodle.retour}/"}, {"redirect_uri": None}, {"code_verifier": "b" * 43},
        {"code_verifier": "b" * 42}, {"code_verifier": "b" * 129}, {"code_verifier": "é" * 43},
    )  # fmt: skip
    for faute in fautes:
        code = moodle.code(eleve)
        assert erreur(moodle.echanger(code, **faute)) == "invalid_grant", faute
        assert erreur(moodle.echanger(code)) == "invalid_grant"  # un essai le brûle
    assert erreur(moodle.echanger(moodle.code(eleve), code_verifier=None)) == "invalid_request"
    assert erreur(moodle.echanger("x", redirect_uri=["a", "b"])) == "invalid_request"
    voleur = Client(instance, "muet", preuve=moodle.preuve)
    assert erreur(voleur.echanger(moodle.code(eleve), redirect_uri=moodle.retour)) == "invalid_grant"
    perdu = moodle.code(eleve)
    try:
        instance.horloge.instant = depart + timedelta(seconds=61)
        assert erreur(moodle.echanger(perdu)) == "invalid_grant"
    finally:
        instance.horloge.instant = depart
    assert erreur(moodle.echanger("inconnu")) == "invalid_grant"
    assert erreur(moodle.serveur("/oidc/jeton", grant_type="password")) == "unsupported_grant_type"
    assert erreur(moodle.serveur("/oidc/jeton")) == "invalid_request"


@pytest.mark.exigence("IDF-O16")
def test_o16_chacun_se_prouve_comme_il_l_a_declare(instance: InstanceEssai, moodle: Client) -> None:
    eleve = instance.client("eleve")
    blog = Client(instance, "blog", presentation="post")
    rendus = blog.entrer(eleve)
    assert blog.identite(rendus)["aud"] == "blog"
    mobile = Client(instance, "mobile", partage="")
    assert mobile.identite(mobile.entrer(eleve))["aud"] == "mobile"
    for faux in (
        Client(instance, "moodle", presentation="post"), Client(instance, "blog"),
        Client(instance, "moodle", partage="faux"), Client(instance, "moodle", partage=""),
        Client(instance, "inconnu"), Client(instance, "mobile", partage="quelconque"),
    ):  # fmt: skip
        refus = faux.echanger("peu importe")
        assert (refus.status_code, erreur(refus)) == (401, "invalid_client")
        assert refus.headers["WWW-Authenticate"].startswith("Basic")
    devine = Client(instance, "moodle", partage="deviné")
    statuts = [devine.echanger("x").status_code for _ in range(8)]
    assert statuts[-1] == 429
    assert int(devine.echanger("x").headers["Retry-After"]) > 0
    # Le vrai service, sur le même réseau, n'attend pas pour autant.
    assert moodle.entrer(eleve)["expires_in"] == 600
    with instance.base.academie("essai") as session:
        objets = select(ActeJournal.objet).where(ActeJournal.acte == "service.client_refuse")
        assert "moodle" in session.scalars(objets).all()


@pytest.mark.exigence("IDF-O20", "IDF-O21")
def test_o20_les_jetons_de_suite_tournent_et_se_retirent(instance: InstanceEssai, moodle: Client) -> None:
    eleve, portees = instance.client("eleve"), f"openid profile offline_access {LIRE}"
    premiers = moodle.echanger(accorder(instance, eleve, moodle, portees)["code"]).get_json()
    seconds = moodle.suivre(premiers["refresh_token"]).get_json()
    assert seconds["refresh_token"] != premiers["refresh_token"]
    assert "nonce" not in moodle.identite(seconds)
    etroits = moodle.suivre(seconds["refresh_token"], scope="openid").get_json()
    assert etroits["scope"] == "openid"
    large = moodle.suivre(etroits["refresh_token"], scope="openid email")
    assert erreur(large) == "invalid_scope"
    # Introspection et retrait : à personne d'autre.
    autre = Client(instance, "muet")
    jeton = etroits["access_token"]
    assert autre.serveur("/oidc/introspection", token=jeton).get_json() == {"active": False}
    assert autre.serveur("/oidc/revocation", token=jeton).status_code == 200
    assert moodle.serveur("/oidc/introspection", token=jeton).get_json()["active"] is True
    assert erreur(autre.suivre(etroits["refresh_token"])) == "invalid_grant"
    # Le jeton remplacé ressert : toute la famille s'éteint.
    assert erreur(moodle.suivre(premiers["refresh_token"])) == "invalid_grant"
    assert moodle.infos(jeton).status_code == 401
    assert erreur(moodle.suivre(etroits["refresh_token"])) == "invalid_grant"
    assert {"cause": "suite"} in actes(instance.base, "service.jeton_refuse")
    neufs = moodle.entrer(eleve, scope=portees)
    assert moodle.serveur("/oidc/revocation", token=neufs["refresh_token"]).status_code == 200
    assert moodle.infos(neufs["access_token"]).status_code == 401
    assert moodle.serveur("/oidc/revocation", token="x" * 43).status_code == 200
    assert "refresh_token" not in moodle.entrer(eleve)


@pytest.mark.exigence("IDF-O22")
def test_o22_les_cles_tournent_sans_coupure(instance: InstanceEssai, moodle: Client) -> None:
    ancien = moodle.entrer(instance.client("eleve"))
    depart, coffre = instance.horloge.instant, instance.ent.coffre
    with instance.base.academie("essai") as session:
        noms = cles.tourner(session, instance.horloge, coffre)
        assert session.scalar(select(CleOidc.privee).limit(1))[:8] != b"-----BEG"  # type: ignore[index] # il y en a une
    neuf = moodle.entrer(instance.client("eleve"))
    assert moodle.identite(ancien)["iss"] == moodle.identite(neuf)["iss"] == EMETTEUR
    publiees = {
        cle["kid"]: cle for cle in instance.application.test_client().get("/oidc/cles").get_json()["keys"]
    }
    assert set(noms) < set(publiees)
    assert not any({"d", "p", "q"} & set(cle) for cle in publiees.values())
    try:
        instance.horloge.instant = depart + cles.RECOUVREMENT + timedelta(seconds=1)
        with instance.base.academie("essai") as session:
            restent = {cle["kid"] for cle in cles.publiques(session, instance.horloge, coffre)["keys"]}
            assert restent == set(noms)
            assert cles.purger(session, instance.horloge) > 0
            # La clé secrète de l'instance a changé : tourner suffit à repartir.
            autre = Coffre("une autre clé secrète, de plus de trente-deux caractères")
            with pytest.raises(ConfigurationInvalide):
                cles.signante(session, instance.horloge, autre, "RS256")
            neufs = cles.tourner(session, instance.horloge, autre)
            jeu = cles.publiques(session, instance.horloge, autre)["keys"]
            assert {cle["kid"] for cle in jeu} == set(neufs)
            session.rollback()
    finally:
        instance.horloge.instant = depart


@pytest.mark.exigence("IDF-O23")
def test_o23_la_personne_bloquee_ou_partie_n_ouvre_plus_rien(instance: InstanceEssai, moodle: Client) -> None:
    cpe, qui = instance.client("cpe"), instance.annuaire["cpe"]
    portees = "openid offline_access"
    jetons_donnes = moodle.echanger(accorder(instance, cpe, moodle, portees)["code"]).get_json()
    acces = jetons_donnes["access_token"]
    code = moodle.code(cpe)
    for modele, condition, coupe, rend in (
        (Compte, Compte.personne_id == qui, {"etat": "suspendu"}, {"etat": "actif"}),
        (Personne, Personne.id == qui, {"sursis_depuis": instance.horloge.instant}, {"sursis_depuis": None}),
    ):
        changer(instance, modele, condition, **coupe)
        assert moodle.infos(acces).status_code == 401
        changer(instance, modele, condition, **rend)
        assert moodle.infos(acces).status_code == 200
    with instance.base.academie("essai") as session:
        fermer_ici(session, instance.horloge, "moodle", uai=ECOLE, acteur=None)
    assert moodle.infos(acces).status_code == 401
    assert erreur(moodle.echanger(code)) == "invalid_grant"
    with instance.base.academie("essai") as session:
        rouvrir_ici(session, instance.horloge, "moodle", uai=ECOLE, acteur=None)
    assert moodle.infos(acces).status_code == 401  # rouvrir ne rallume rien
    # La session finie : le jeton qui en dépend finit, celui qui se prolonge demeure.
    simple, longs = moodle.entrer(cpe), moodle.entrer(cpe, scope=portees)
    cpe.post("/deconnexion")
    assert moodle.infos(simple["access_token"]).status_code == 401
    assert moodle.infos(longs["access_token"]).status_code == 200
    changer(instance, Compte, Compte.personne_id == qui, etat="suspendu")
    assert erreur(moodle.suivre(longs["refresh_token"])) == "invalid_grant"
    changer(instance, Compte, Compte.personne_id == qui, etat="actif")
    assert erreur(moodle.suivre(longs["refresh_token"])) == "invalid_grant"


@pytest.mark.exigence("IDF-O24")
def test_o24_un_service_ferme_a_cette_personne_le_dit_en_francais(instance: InstanceEssai) -> None:
    eleve = instance.client("eleve")
    for cle, phrase in (("profs", "ouvert à votre profil"), ("ailleurs", "établissement où vous êtes")):
        client = Client(instance, cle)
        page = client.demander(eleve)
        assert (page.status_code, bool(page.location)) == (403, False)
        assert phrase in page.text
        assert "ENT-SERVICE" in page.text
        assert reponse_de(client.demander(eleve, prompt="none"))["error"] == "access_denied"


@pytest.mark.exigence("IDF-O26", "IDF-O29")
def test_o29_l_accord_se_demande_une_fois_se_retient_et_se_reprend(
    instance: InstanceEssai, moodle: Client
) -> None:
    prof, portees = instance.client("enseignant"), f"openid {LIRE}"
    page = moodle.demander(prof, scope=portees)
    assert "Autoriser Service moodle" in page.text
    assert instance.ent.registre.traitements[LIRE].intitule in page.text
    assert reponse_de(moodle.demander(prof, scope=portees, prompt="none"))["error"] == "consent_required"
    adresse = "/oidc/accord?" + urlencode(moodle.parametres(scope=portees))
    marque = page.text.split('name="marque" value="')[1].split('"')[0]
    # La page lue par une personne ne vaut pas l'accord d'une autre : elle est montrée de nouveau.
    cpe = instance.client("direction")
    assert "Autoriser" in cpe.post(adresse, data={"marque": marque, "decision": "accorder"}).text
    assert "Autoriser" in prof.post(adresse, data={"decision": "accorder"}).text
    non = reponse_de(prof.post(adresse, data={"marque": marque, "decision": "refuser"}))
    assert (non["error"], non["state"], non["iss"]) == ("access_denied", "etat-1", EMETTEUR)
    donnes = moodle.echanger(accorder(instance, prof, moodle, portees)["code"]).get_json()
    assert set(donnes["scope"].split()) == {"openid", LIRE}
    acces = donnes["access_token"]
    with instance.base.academie("essai") as session:
        lu = jetons.acces(session, instance.horloge, acces)
        assert lu is not None
        assert (lu.service, lu.uai, LIRE in lu.portees) == ("moodle", ECOLE, True)
        (accord,) = jetons.accords(session, lu.compte_id)
        assert (accord.service, accord.portees) == ("moodle", (LIRE,))
        assert accord.servi_le == instance.horloge.instant
    assert "code" in reponse_de(moodle.demander(prof, scope=portees))
    assert "Autoriser" in moodle.demander(prof, scope=portees, prompt="consent").text
    assert "Autoriser" in moodle.demander(prof, scope=f"{portees} offline_access").text
    with instance.base.academie("essai") as session, session.begin_nested() as efface:
        session.execute(delete(AccordService).where(AccordService.compte_id == lu.compte_id))
        assert jetons.acces(session, instance.horloge, acces) is None, "l'accord effacé, le jeton s'éteint"
        efface.rollback()
    with instance.base.academie("essai") as session:
        jetons.retirer_accord(session, instance.horloge, lu.compte_id, "moodle")
        assert jetons.acces(session, instance.horloge, acces) is None
    assert "Autoriser" in moodle.demander(prof, scope=portees).text


@pytest.mark.exigence("IDF-O28")
def test_o28_chaque_service_a_son_identifiant_stable_d_une_annee_a_l_autre(
    instance: InstanceEssai, moodle: Client
) -> None:
    eleve, muet = instance.client("eleve"), Client(instance, "muet")
    ici, la = moodle.identite(moodle.entrer(eleve)), muet.identite(muet.entrer(eleve))
    assert ici["sub"] != la["sub"]
    assert ici["sid"] != la["sid"]
    assert str(instance.annuaire["eleve"]) not in str(ici)
    depart = instance.horloge.instant
    try:
        instance.horloge.instant = depart + timedelta(minutes=50)
        assert moodle.identite(moodle.entrer(instance.client("eleve")))["sub"] == ici["sub"]
    finally:
        instance.horloge.instant = depart


@pytest.mark.exigence("IDF-O27")
def test_o27_rien_de_ce_qui_est_garde_ne_permet_d_entrer(instance: InstanceEssai, moodle: Client) -> None:
    eleve = instance.client("eleve")
    code = moodle.code(eleve)
    acces = moodle.echanger(code).get_json()["access_token"]
    with instance.base.academie("essai") as session:
        gardes = str(
            [tuple(ligne) for m in (CodeOidc, JetonOidc) for ligne in session.execute(select(m.__table__))]
        )
    assert code not in gardes
    assert acces not in gardes
    with instance.base.unite(Portage("essai")) as session:
        futur = HorlogeFixe(instance.horloge.instant + timedelta(days=70))
        assert codes.purger(session, futur) + jetons.purger(session, futur) >= 2
        session.rollback()


# --- La sortie -------------------------------------------------------------------------------


def _sortir(navigateur: Any, **parametres: str) -> Any:
    return navigateur.get("/oidc/sortie", query_string=parametres)


@pytest.mark.exigence("IDF-O30", "IDF-O25")
def test_o30_le_service_fait_sortir_la_personne_s_il_prouve_qu_il_la_connait(
    instance: InstanceEssai, moodle: Client
) -> None:
    eleve = instance.client("eleve")
    jeton, sorti = moodle.entrer(eleve)["id_token"], SORTI.format("moodle")
    for faux in (
        {"id_token_hint": jeton, "post_logout_redirect_uri": "https://voleur.invalid/"},
        {"id_token_hint": jeton, "post_logout_redirect_uri": f"{sorti}?a=1"},
        {"post_logout_redirect_uri": sorti},
        {"id_token_hint": jeton[:-6] + "AAAAAA", "post_logout_redirect_uri": sorti},
        {"id_token_hint": "n'importe quoi"},
        {"id_token_hint": jeton, "client_id": "muet"},
        {"client_id": "inconnu"},
    ):
        page = _sortir(eleve, **faux)
        assert (page.status_code, bool(page.location)) == (400, False), faux
    for parametres in ({}, {"state": "x"}, {"client_id": "moodle", "post_logout_redirect_uri": sorti}):
        assert "Quitter aussi" in _sortir(eleve, **parametres).text
    # Le jeton d'une autre session ne ferme pas celle-ci : la personne confirme.
    autre = moodle.entrer(instance.client("eleve"))["id_token"]
    assert "Quitter aussi" in _sortir(eleve, id_token_hint=autre).text
    assert eleve.get("/compte").status_code == 200
    rendu = _sortir(eleve, id_token_hint=jeton, post_logout_redirect_uri=sorti, state="é&a=b")
    assert rendu.location == f"{sorti}?state=%C3%A9%26a%3Db"
    assert eleve.get("/compte").status_code == 302
    assert _sortir(eleve, id_token_hint=jeton, post_logout_redirect_uri=sorti).location == sorti
    encore = instance.client("eleve")
    confirme = encore.post(
        f"/oidc/sortie/confirmer?{urlencode({'client_id': 'moodle', 'post_logout_redirect_uri': sorti})}"
    )
    assert confirme.location == sorti
    assert encore.get("/compte").status_code == 302
    poste = encore.post("/oidc/sortie", data={"client_id": "moodle"})
    assert poste.location == "/oidc/sortie?client_id=moodle"


@pytest.mark.exigence("IDF-O31", "IDF-O32")
def test_o31_chaque_service_de_la_session_est_prevenu_une_fois(vivier: Vivier) -> None:
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    with partenaire() as vif, partenaire(500) as casse:
        declaree = configuration(
            vif=declare("vif", options={"avis": vif.adresse}),
            casse=declare("casse", options={"avis": casse.adresse, "algorithme": "ES256"}),
            sourd=declare("sourd"),
        )
        instance = fabrique(configuration=replace(declaree, courriel=Courriel(adresse_ent=EMETTEUR)))
        eleve = instance.client("eleve")
        dits = {}
        for cle in ("vif", "vif", "casse", "sourd"):
            client = Client(instance, cle)
            dits[cle] = client.identite(client.entrer(eleve))
        jamais = Client(instance, "vif").code(eleve)
        (session_id,) = {partie.session_id for partie in parties(instance, "eleve")}
        with instance.base.academie("essai") as session:
            compte = session.scalar(select(Compte.id).where(Compte.personne_id == instance.annuaire["eleve"]))
            assert compte is not None
            sessions.fermer_toutes(session, compte)
        for _ in range(4):
            with suppress(PartenaireInjoignable):
                instance.executer("noyau.prevenir_services", session_id=str(session_id))
        assert len(vif.recus) == 1
        assert len(casse.recus) == 3
        assert jamais not in str(vif.recus)
        avis = parse_qs(vif.recus[0][1])["logout_token"][0]
        client = Client(instance, "vif")
        lu = client.identite({"id_token": avis})
        assert lu["exp"] - lu["iat"] <= 120
        assert (lu["iss"], lu["aud"], lu["sid"]) == (EMETTEUR, "vif", dits["vif"]["sid"])
        assert set(lu) == {"iss", "aud", "iat", "exp", "jti", "sid", "events"}
        assert lu["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
        assert jws.extract_compact(avis.encode()).headers()["typ"] == "logout+jwt"
        # Un avis de sortie n'est pas un jeton d'identité : il ne fait pas sortir.
        assert _sortir(instance.client("eleve"), id_token_hint=avis).status_code == 400
        etats = {partie.service: partie.etat for partie in parties(instance, "eleve")}
        assert etats == {"vif": "prevenue", "casse": "injoignable", "sourd": "sans_avis"}
        fabrique.fermer()
