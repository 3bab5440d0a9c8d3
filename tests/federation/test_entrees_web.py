"""Entrer par un fournisseur, de la page « je suis… » à la sortie, sur une instance entière."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from werkzeug.test import TestResponse

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.vivier import Vivier
from ent_core.federation.evenement import EvenementAuthentification
from ent_core.federation.rapprochement import lier
from ent_core.identite import comptes
from ent_core.identite.modeles import (
    ActeJournal,
    Compte,
    Identifiant,
    LienIdentite,
    Personne,
    SessionFederee,
    SessionWeb,
)
from ent_core.socle.calendrier import HorlogeFixe
from tests.federation.operateur_essais import Operateur, operateur

_CHOIX = re.compile(r'value="([^"]+)"[^>]*><span><strong>[^,]*, ([^<]+)</span>')
MOT = "quatre-mots-sans-rapport-ici"


@pytest.fixture(scope="module")
def service(vivier: Vivier) -> Iterator[tuple[Operateur, InstanceEssai]]:
    horloge = HorlogeFixe()
    with operateur(horloge) as lui:
        declares = {
            "essai": lui.declare(correspondance="educonnect", publics=("eleve", "responsable")),
            "agents": lui.declare(
                nom="Guichet", emetteur="http://localhost:9", publics=("personnel",), etablissements=(ECOLE,)
            ),
        }
        fabrique = FabriqueInstance(vivier, horloge)
        yield lui, fabrique(configuration=configuration_essai(fournisseurs=declares))
        fabrique.fermer()


@pytest.fixture
def lui(service: tuple[Operateur, InstanceEssai]) -> Iterator[Operateur]:
    yield service[0]
    service[0].remettre()


@pytest.fixture
def ent(service: tuple[Operateur, InstanceEssai]) -> InstanceEssai:
    return service[1]


def donner_une_cle(ent: InstanceEssai, role: str, cle: str) -> UUID:
    """Un compte, et la clé de jointure par laquelle l'annuaire connaît la personne."""
    personne = ent.annuaire[role]
    with ent.base.academie("essai") as session:
        session.add(Identifiant(source="AAF:099", type="ENTPersonJointure", valeur=cle, personne_id=personne))
        valeurs = {
            "identifiant": f"{role}.essai", "etat": "actif", "empreinte": ent.ent.coffre.hacher(MOT),
        }  # fmt: skip
        pose = insert(Compte).values(personne_id=personne, **valeurs)
        session.execute(pose.on_conflict_do_update(index_elements=["personne_id"], set_=valeurs))
    return personne


def aller(lui: Operateur, client: FlaskClient, suite: str = "/compte") -> str:
    """Part chez le fournisseur ; rend l'état."""
    depart = client.get("/entree/essai", query_string={"suite": suite})
    assert depart.location.startswith(lui.emetteur)
    envoyes = parse_qs(urlsplit(depart.location).query)
    lui.nonce = envoyes["nonce"][0]
    return envoyes["state"][0]


def revenir(client: FlaskClient, etat: str, **plus: str) -> TestResponse:
    return client.get("/entree/essai/retour", query_string={"code": "c", "state": etat, **plus})


def entrer(lui: Operateur, client: FlaskClient) -> TestResponse:
    return revenir(client, aller(lui, client))


def reference(lui: Operateur, cle: str, sujet: str, **jeton: Any) -> None:
    lui.jeton, lui.infos = {"sub": sujet, **jeton}, {"FrEduCtRefId": f"{{AAF}}99|2D|{cle}"}


def evenement(lui: Operateur, sujet: str) -> EvenementAuthentification:
    return EvenementAuthentification("essai", lui.emetteur, sujet, "oidc")


def derniers(ent: InstanceEssai, acte: str) -> list[dict[str, Any]]:
    with ent.base.academie("essai") as session:
        return list(
            session.scalars(
                select(ActeJournal.details).where(ActeJournal.acte == acte).order_by(ActeJournal.id.desc())
            )
        )


def test_je_suis_propose_par_role_et_le_compte_local_reste_joignable(ent: InstanceEssai) -> None:
    client = ent.application.test_client()
    page = client.get("/connexion", query_string={"suite": "/compte"}).text
    for public in ("Élève", "Parent ou responsable", "Personnel", "Autre personne"):
        assert public in page
    assert "OpenID" not in page, "on choisit par ce que l'on est, non par une technique"
    assert "J'ai un identifiant de l'ENT" in page
    assert 'name="mot_de_passe"' in client.get("/connexion?je_suis=local").text
    assert 'name="mot_de_passe"' in client.get("/connexion?je_suis=autre").text, "aucun fournisseur pour lui"
    assert "Guichet" in page
    assert "Guichet" not in client.get("/connexion?uai=0990999Z").text, "réservé à une autre école"
    assert client.get("/connexion?idp_hint=essai&suite=/compte").location == "/entree/essai?suite=/compte"
    assert client.get("/connexion?idp_hint=https://mechant.invalid").status_code == 200
    for adresse in ("/connexion", "/connexion?je_suis=eleve", "/entree/agents"):
        client.get(adresse)
        with compter_enonces(ent.base) as enonces:
            client.get(adresse)
        lus = [e for e in enonces if not e.startswith(("select set_config", "insert into acte_journal"))]
        assert len(lus) <= 1, f"{adresse} : qui n'est pas connecté ne coûte rien à la base"


def test_une_cle_de_l_annuaire_ouvre_la_session_et_se_retient(lui: Operateur, ent: InstanceEssai) -> None:
    personne = donner_une_cle(ent, "parent", "600101")
    reference(lui, "600101", "sujet-parent", sid="chez-lui-1")
    client = ent.application.test_client()
    assert entrer(lui, client).location == "/compte"
    page = client.get("/compte").text
    assert "Par où vous entrez" in page
    assert "reconnu par l&#39;annuaire" in page
    assert "sujet-parent" not in page, "le nom opaque n'est montré à personne"
    lui.infos = {}
    autre = ent.application.test_client()
    assert entrer(lui, autre).location == "/compte", "le lien suffit, sans nouvelle clé"
    with ent.base.academie("essai") as session:
        liees = session.scalars(select(LienIdentite.personne_id).where(LienIdentite.sujet == "sujet-parent"))
        assert liees.all() == [personne]
    assert "sujet-parent" not in str(derniers(ent, "identite.liee"))
    sortie = client.post("/deconnexion")
    assert "Quitter aussi Fournisseur d" in client.get(sortie.location).text
    depart = client.get("/entree/essai/sortir").location
    assert depart.startswith(f"{lui.emetteur}/sortir?")
    assert {"id_token_hint", "post_logout_redirect_uri"} <= set(parse_qs(urlsplit(depart).query))
    assert "Continuer avec Fournisseur d" in client.get("/connexion").text, "cet appareil s'en souvient"


@pytest.mark.exigence("IDF-R16")
def test_r16_un_etat_absent_rejoue_ou_d_un_autre_navigateur_n_ouvre_rien(
    lui: Operateur, ent: InstanceEssai
) -> None:
    donner_une_cle(ent, "camarade", "600002")
    reference(lui, "600002", "sujet-camarade")
    client, voleur = ent.application.test_client(), ent.application.test_client()
    etat = aller(lui, client)
    for reponse in (revenir(client, ""), revenir(client, "invente"), revenir(voleur, etat)):
        assert reponse.status_code == 403
        assert "ENT-ENTREE" in reponse.text
    deux_fois = client.get(f"/entree/essai/retour?code=a&code=b&state={etat}")
    assert deux_fois.status_code == 403
    etat = aller(lui, client)
    assert revenir(client, etat).status_code == 302
    garde = ent.application.test_client()
    assert revenir(garde, etat).status_code == 403, "rejoué, sans le témoin"
    assert {"demande", "reponse"} <= {acte["motif"] for acte in derniers(ent, "entree.refusee")}


@pytest.mark.exigence("IDF-R16")
def test_r16_le_meme_etat_ne_sert_qu_une_fois_meme_au_bon_navigateur(
    lui: Operateur, ent: InstanceEssai
) -> None:
    client = ent.application.test_client()
    etat = aller(lui, client)
    temoin = next(t for t in client._cookies.values() if t.key.startswith("ent_entree_"))  # type: ignore[union-attr] # témoins du client d'essai
    revenir(client, etat, error="access_denied")
    client.set_cookie(temoin.key, temoin.value, path="/entree")
    assert revenir(client, etat).status_code == 403
    assert derniers(ent, "entree.refusee")[0]["motif"] == "rejeu"


@pytest.mark.exigence("IDF-R17")
def test_r17_le_texte_d_une_erreur_n_est_jamais_montre(lui: Operateur, ent: InstanceEssai) -> None:
    client = ent.application.test_client()
    texte = "<script>alert(1)</script>"
    reponse = revenir(client, aller(lui, client), error="access_denied", error_description=texte)
    assert reponse.status_code == 403
    assert "alert(1)" not in reponse.text
    assert "recommencer" in reponse.text.lower()
    assert derniers(ent, "entree.refusee")[0]["motif"] == "renonce"


@pytest.mark.exigence("IDF-R20")
def test_r20_une_sortie_annoncee_ferme_la_session_nommee_et_elle_seule(
    lui: Operateur, ent: InstanceEssai
) -> None:
    donner_une_cle(ent, "second_parent", "600109")
    reference(lui, "600109", "sujet-second", sid="chez-lui-7")
    un, deux = ent.application.test_client(), ent.application.test_client()
    entrer(lui, un)
    lui.jeton["sid"] = "chez-lui-8"
    entrer(lui, deux)
    ent.application.config["WTF_CSRF_ENABLED"] = True
    serveur = ent.application.test_client()
    try:
        annonce = lui.sortir(sid="chez-lui-7", jti="a")
        assert serveur.post("/entree/essai/sortie", data={"logout_token": annonce}).status_code == 200
        refusees: tuple[dict[str, str], ...] = (
            {"logout_token": annonce}, {"logout_token": lui.sortir(sid="inconnue", jti="b")}, {},
            {"logout_token": "x.y.z"},
        )  # fmt: skip
        for champs in refusees:
            assert serveur.post("/entree/essai/sortie", data=champs).status_code == 400
        assert serveur.post("/entree/agents/sortie", data={}).status_code == 400
    finally:
        ent.application.config["WTF_CSRF_ENABLED"] = False
    assert un.get("/compte").status_code == 302
    assert deux.get("/compte").status_code == 200


@pytest.mark.exigence("IDF-R21")
def test_r21_un_inconnu_montre_son_compte_une_fois_et_un_sujet_pris_est_refuse(
    lui: Operateur, ent: InstanceEssai
) -> None:
    donner_une_cle(ent, "contact", "600777")
    lui.jeton, lui.infos = {"sub": "sujet-neuf"}, {"FrEduCtEleveUAI": ECOLE}
    client = ent.application.test_client()
    suite = entrer(lui, client)
    assert suite.location == "/entree/relier?suite=/compte"
    page = client.get(suite.location).text
    assert "Collège des Essais" in page, "la page nomme l'école à qui s'adresser"
    assert "ENT-RELIER" in page
    champs = {"identifiant": "contact.essai", "mot_de_passe": "faux", "suite": "/compte"}
    assert client.post("/entree/relier", data=champs).status_code == 401
    assert client.post("/entree/relier", data=champs | {"mot_de_passe": MOT}).location == "/compte"
    assert client.post("/entree/relier", data=champs | {"mot_de_passe": MOT}).status_code == 403
    assert entrer(lui, ent.application.test_client()).location == "/compte"
    # Mis en sécurité, le compte perd ce lien : le mot de passe qui l'a prouvé était peut-être volé.
    with ent.base.academie("essai") as session:
        compte = session.scalars(select(Compte).where(Compte.identifiant == "contact.essai")).one().id
        comptes.mettre_en_securite(session, ent.horloge, compte)
    assert entrer(lui, ent.application.test_client()).location.startswith("/entree/relier")
    with ent.base.academie("essai") as session:
        moi = ent.annuaire["contact"]
        lier(session, ent.horloge, evenement(lui, "sujet-neuf"), [moi], "preuve")
    # Le même sujet, revenu par un chemin où il n'a pas été reconnu, ne se relie pas à un autre compte.
    donner_une_cle(ent, "eleve", "600001")
    reference(lui, "600001", "sujet-neuf")
    entrer(lui, ent.application.test_client())
    with ent.base.academie("essai") as session:
        liees = session.scalars(select(LienIdentite.personne_id).where(LienIdentite.sujet == "sujet-neuf"))
        assert liees.all() == [ent.annuaire["contact"]]


@pytest.mark.exigence("IDF-R21")
def test_r21_le_code_de_la_lettre_relie_une_fois_et_ne_cree_pas_de_mot_de_passe(
    lui: Operateur, ent: InstanceEssai
) -> None:
    personne = ent.annuaire["eleve_autre"]
    with ent.base.academie("essai") as session:
        comptes.creer_comptes_manquants(session, ent.horloge)
        uai = ent.uai_de("eleve_autre")
        (fiche,) = comptes.emettre_codes(session, ent.horloge, ent.ent.coffre, uai, personne=personne)
    lui.jeton, lui.infos = {"sub": "sujet-code"}, {}
    client = ent.application.test_client()
    entrer(lui, client)
    champs = {"identifiant": fiche.identifiant, "mot_de_passe": fiche.code}
    assert client.post("/entree/relier", data=champs).status_code == 302
    with ent.base.academie("essai") as session:
        compte = session.scalars(select(Compte).where(Compte.personne_id == personne)).one()
        assert (compte.empreinte, compte.code_empreinte) == (None, None)
    assert entrer(lui, ent.application.test_client()).status_code == 302


@pytest.mark.exigence("IDF-R21")
def test_r21_un_compte_suspendu_ou_en_sursis_a_une_page_qui_le_dit(
    lui: Operateur, ent: InstanceEssai
) -> None:
    personne = donner_une_cle(ent, "parent_autre", "600555")
    reference(lui, "600555", "sujet-ferme")
    lui.infos["FrEduCtEleveUAI"] = ECOLE
    for change, motif, phrase in (
        (
            update(Compte).where(Compte.personne_id == personne).values(etat="suspendu"),
            "suspendu",
            "suspendu",
        ),
        (
            update(Personne).where(Personne.id == personne).values(sursis_depuis=ent.horloge.aujourd_hui()),
            "sursis",
            "aucun établissement",
        ),
    ):
        with ent.base.academie("essai") as session:
            session.execute(change)
        reponse = entrer(lui, ent.application.test_client())
        assert reponse.status_code == 403
        assert phrase in reponse.text
        assert "Collège des Essais" in reponse.text
        assert derniers(ent, "entree.refusee")[0]["motif"] == motif


@pytest.mark.exigence("IDF-R21")
def test_r21_un_responsable_de_deux_annuaires_passe_d_une_fiche_a_l_autre(
    lui: Operateur, ent: InstanceEssai
) -> None:
    fiches = [donner_une_cle(ent, "cpe", "700"), donner_une_cle(ent, "cpe_autre", "701")]
    with ent.base.academie("essai") as session:
        for fiche in fiches:
            session.execute(
                update(Personne).where(Personne.id == fiche).values(nom="Bertogne", prenom="Anaïs")
            )
    reference(lui, "700", "sujet-double")
    lui.infos["FrEduCtRefId"] = ["{AAF}99|2D|700", "{AAF}99|1D|701"]
    client, seul = ent.application.test_client(), ent.client("cpe")
    entrer(lui, client)
    for _ in range(2):
        choix = dict(_CHOIX.findall(client.get("/etablissement").text))
        assert set(choix.values()) == {"Collège des Essais", "Collège d&#39;à côté"}
        autre = next(cle for cle in choix if cle.count(":") == 2)
        client.post("/etablissement", data={"contexte": autre})
        assert choix[autre] in client.get("/").text
    # La même adresse, d'une session que ce fournisseur n'a pas ouverte, ne mène nulle part.
    ailleurs = f"{AUTRE}:{ent.annuaire.profils['cpe_autre']}:{fiches[1]}"
    assert seul.post("/etablissement", data={"contexte": ailleurs}).status_code == 403


@pytest.mark.exigence("IDF-R22")
def test_r22_un_administrateur_sans_second_facteur_chez_lui_le_donne_ici(
    lui: Operateur, ent: InstanceEssai
) -> None:
    donner_une_cle(ent, "administrateur", "600900")
    niveaux = []
    for amr in ([], ["pwd"], ["pwd", "mfa"]):
        reference(lui, "600900", "sujet-admin", amr=amr)
        entrer(lui, ent.application.test_client())
        with ent.base.academie("essai") as session:
            derniere = select(SessionWeb.niveau).order_by(SessionWeb.id.desc()).limit(1)
            niveaux.append(session.scalar(derniere))
    assert niveaux == [0, 0, 2]


def test_un_fournisseur_en_panne_a_sa_page_et_un_inconnu_n_existe_pas(
    lui: Operateur, ent: InstanceEssai
) -> None:
    client = ent.application.test_client()
    panne = client.get("/entree/agents")
    assert panne.status_code == 503
    assert "ENT-PARTENAIRE" in panne.text
    assert derniers(ent, "entree.refusee")[0] == derniers(ent, "entree.refusee")[0] | {
        "fournisseur": "agents",
        "motif": "panne",
    }
    assert client.get("/entree/inconnu").status_code == 404
    assert client.get("/entree/essai?suite=https://mechant.invalid").status_code == 302


def test_retirer_un_lien_ferme_les_sessions_qui_en_viennent(lui: Operateur, ent: InstanceEssai) -> None:
    personne = donner_une_cle(ent, "contact_autre", "600888")
    reference(lui, "600888", "sujet-retire")
    client = ent.application.test_client()
    entrer(lui, client)
    assert client.post("/compte/liens", data={"emetteur": "https://inconnu.invalid"}).status_code == 404
    client.post("/compte/liens", data={"emetteur": lui.emetteur})
    assert client.get("/compte").status_code == 302
    entrer(lui, client)
    admin = ent.client("administrateur_academique")
    assert "Par où entre-t-elle" in admin.get(f"/administration/personnes/{personne}").text
    admin.post(f"/administration/personnes/{personne}/liens", data={"emetteur": lui.emetteur})
    with ent.base.academie("essai") as session:
        assert not session.scalars(select(SessionFederee).where(SessionFederee.personne_id == personne)).all()


@pytest.mark.exigence("SDET-AUTH-07")
def test_se_prouver_de_nouveau_chez_un_fournisseur_openid(lui: Operateur, ent: InstanceEssai) -> None:
    donner_une_cle(ent, "parent", "600163")
    client = ent.application.test_client()
    reference(lui, "600163", "sujet-preuve")
    assert entrer(lui, client).status_code == 302
    instant = int(ent.horloge.maintenant().timestamp())
    for sujet, auth_time, arrive in (
        ("sujet-preuve", instant, True),
        ("sujet-preuve", instant - 600, False),
        ("sujet-preuve", None, False),
        ("quelqu-un-d-autre", instant, False),
    ):
        depart = client.get("/entree/essai/preuve?suite=/compte")
        envoyes = parse_qs(urlsplit(depart.location).query)
        assert (envoyes["prompt"], envoyes["max_age"]) == (["login"], ["0"])
        lui.nonce = envoyes["nonce"][0]
        reference(lui, "600163", sujet, **({"auth_time": auth_time} if auth_time else {}))
        retour = revenir(client, envoyes["state"][0])
        if not arrive:
            assert (retour.status_code, "n&#39;est pas faite" in retour.text) == (403, True)
            continue
        assert urlsplit(retour.location).path == "/entree/essai/prouver"
        assert client.get(retour.location).location == "/compte"
    assert client.get("/compte").status_code == 200, "une preuve refusée laisse la session comme elle est"
    assert derniers(ent, "session.prouvee")[0]["methode"] == "oidc"
