"""Le client OpenID Connect face à un fournisseur hostile : chaque mensonge a son refus (R1 à R19)."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.client_oidc.client import ClientOidc
from ent_core.federation.demandes import Demande, ouvrir_demande, reprendre_demande
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe
from tests.federation.operateur_essais import CLIENT, EC, Operateur, moitie, operateur, rsa

RETOUR = "https://ent.exemple.invalid/entree/essai/retour"
COFFRE = Coffre("une clé d'essai de plus de trente-deux caractères")
HORLOGE = HorlogeFixe(datetime(2026, 11, 23, 8, tzinfo=UTC))


@pytest.fixture(scope="module")
def service() -> Iterator[Operateur]:
    with operateur(HORLOGE) as lui:
        yield lui


@pytest.fixture
def lui(service: Operateur) -> Iterator[Operateur]:
    yield service
    service.remettre()


def entrer(
    lui: Operateur, client: ClientOidc | None = None, recus: dict[str, str] | None = None, **declare: Any
) -> EvenementAuthentification:
    """Part chez lui, reçoit un code, et conclut."""
    client = client or ClientOidc("essai", lui.declare(**declare), HORLOGE)
    demande = ouvrir_demande(COFFRE, HORLOGE, "essai", "/")
    lui.nonce = parse_qs(urlsplit(client.depart(demande, RETOUR)).query)["nonce"][0]
    return client.conclure({"code": "code-1", **(recus or {})}, demande, RETOUR)


def refus(lui: Operateur, **options: Any) -> str:
    with pytest.raises(EntreeRefusee) as leve:
        entrer(lui, **options)
    assert leve.value.remede
    return leve.value.motif


def test_une_reponse_juste_donne_un_evenement(lui: Operateur) -> None:
    lui.jeton = {"amr": ["pwd", "mfa"], "acr": "eidas2", "sid": "chez-lui-1", "auth_time": 1_700_000_000}
    lui.infos = {"FrEduCtRefId": ["{AAF}99|2D|600101"], "hobby": "secret"}
    dit = entrer(lui, correspondance="educonnect")
    assert (dit.sujet, dit.emetteur, dit.sid) == ("sujet-1", lui.emetteur, "chez-lui-1")
    assert dit.attributs.references == ("{AAF}99|2D|600101",)
    assert "secret" not in repr(dit), "ce qui n'est pas de la liste est oublié"
    declare = lui.declare()
    assert "mfa" in dit.authentification(declare).amr


def test_la_demande_est_longue_imprevisible_et_porte_pkce(lui: Operateur) -> None:
    client = ClientOidc("essai", lui.declare(demander_amr=True, portees=("openid", "educonnect")), HORLOGE)
    demandes = [ouvrir_demande(COFFRE, HORLOGE, "essai", "/") for _ in range(2)]
    un, deux = (parse_qs(urlsplit(client.depart(d, RETOUR)).query) for d in demandes)
    for nom in ("state", "nonce", "code_challenge"):
        assert len(un[nom][0]) >= 32
        assert un[nom] != deux[nom]
    assert un["code_challenge_method"] == ["S256"]
    assert un["scope"] == ["openid educonnect"]
    assert "amr" in un["claims"][0]
    sans = ClientOidc("essai", lui.declare(pkce=False), HORLOGE).depart(demandes[0], RETOUR)
    assert "code_challenge" not in sans, "un fournisseur qui refuse tout paramètre de plus n'en reçoit pas"
    entrer(lui)
    _, champs, entetes = next(d for d in lui.demandes if d[0] == "/jeton")
    assert len(champs["code_verifier"][0]) >= 43
    assert entetes["Authorization"].startswith("Basic ")


@pytest.mark.exigence("IDF-R1")
def test_r1_une_signature_fausse_est_refusee(lui: Operateur) -> None:
    lui.cle = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    assert refus(lui) == "signature"


def _sans_signature(entete: dict[str, Any], dit: dict[str, Any]) -> str:
    morceaux = [urlsafe_b64encode(json.dumps(m).encode()).rstrip(b"=").decode() for m in (entete, dit)]
    return ".".join([*morceaux, ""])


@pytest.mark.exigence("IDF-R2")
@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
def test_r2_alg_none_est_refuse_meme_annonce(lui: Operateur, alg: str) -> None:
    lui.alg, lui.fabriquer = alg, _sans_signature
    assert refus(lui) == "algorithme"


@pytest.mark.exigence("IDF-R3")
def test_r3_hs256_avec_la_cle_publique_est_refuse(lui: Operateur) -> None:
    cle_publique = lui.publiees[0].as_pem(private=False)

    def sceller(entete: dict[str, Any], dit: dict[str, Any]) -> str:
        # À la main : une bibliothèque honnête refuse de prendre une clé publique pour un secret.
        corps = _sans_signature(entete, dit).removesuffix(".")
        sceau = hmac.new(cle_publique, corps.encode(), hashlib.sha256).digest()
        return f"{corps}.{urlsafe_b64encode(sceau).rstrip(b'=').decode()}"

    lui.alg, lui.fabriquer = "HS256", sceller
    assert refus(lui) == "algorithme"
    assert refus(lui, algorithmes=("RS256", "HS256")) == "signature", "déclaré, il vaut sous le secret seul"


@pytest.mark.exigence("IDF-R4")
def test_r4_sans_nom_une_cle_ne_vaut_que_seule_et_un_nom_inconnu_relit_une_fois(lui: Operateur) -> None:
    client = ClientOidc("essai", lui.declare(), HORLOGE)
    lui.entete = {"kid": None}
    assert entrer(lui, client).sujet == "sujet-1"
    lui.publiees = [*lui.publiees, rsa("rsa-2")]
    assert refus(lui) == "cle"
    lui.entete = {"kid": "jamais-vue"}
    lui.demandes.clear()
    HORLOGE.avancer(timedelta(minutes=2))
    assert refus(lui, client=client) == "cle"
    assert refus(lui, client=client) == "cle"
    assert [d[0] for d in lui.demandes].count("/cles") == 1, "une relecture par minute, quoi qu'on envoie"


@pytest.mark.exigence("IDF-R5")
def test_r5_une_cle_changee_juste_avant_de_signer_est_relue(lui: Operateur) -> None:
    client = ClientOidc("essai", lui.declare(), HORLOGE)
    entrer(lui, client)
    HORLOGE.avancer(timedelta(minutes=2))
    lui.cle, lui.publiees = rsa("rsa-2"), [rsa("rsa-2")]
    assert entrer(lui, client).sujet == "sujet-1"


@pytest.mark.parametrize(
    ("change", "motif"),
    [
        pytest.param({"iss": "https://autre.invalid"}, "emetteur", marks=pytest.mark.exigence("IDF-R6")),
        pytest.param({"iss": None}, "emetteur", marks=pytest.mark.exigence("IDF-R6")),
        pytest.param({"aud": "un-autre"}, "audience", marks=pytest.mark.exigence("IDF-R7")),
        pytest.param({"aud": ["un", "autre"]}, "audience", marks=pytest.mark.exigence("IDF-R7")),
        pytest.param({"aud": "un-autre", "azp": CLIENT}, "audience", marks=pytest.mark.exigence("IDF-R7")),
        pytest.param({"aud": [CLIENT, "autre"]}, "audience", marks=pytest.mark.exigence("IDF-R7")),
        pytest.param({"azp": "autre"}, "audience", marks=pytest.mark.exigence("IDF-R7")),
        pytest.param({"exp": 1}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"exp": True}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"exp": None}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"iat": None}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"iat": 99_999_999_999}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"nbf": 99_999_999_999}, "dates", marks=pytest.mark.exigence("IDF-R8")),
        pytest.param({"sub": None}, "sujet", marks=pytest.mark.exigence("IDF-R9")),
        pytest.param({"sub": ""}, "sujet", marks=pytest.mark.exigence("IDF-R9")),
        pytest.param({"sub": 12}, "sujet", marks=pytest.mark.exigence("IDF-R9")),
        pytest.param({"nonce": "autre"}, "nonce", marks=pytest.mark.exigence("IDF-R10")),
        pytest.param({"nonce": None}, "nonce", marks=pytest.mark.exigence("IDF-R10")),
        pytest.param({"at_hash": moitie("autre")}, "at_hash", marks=pytest.mark.exigence("IDF-R11")),
    ],
)
def test_r6_a_r11_une_affirmation_fausse_ou_absente_est_refusee(
    lui: Operateur, change: dict[str, Any], motif: str
) -> None:
    lui.jeton = {nom: valeur for nom, valeur in change.items() if valeur is not None}
    lui.sans = tuple(nom for nom, valeur in change.items() if valeur is None)
    assert refus(lui) == motif


@pytest.mark.exigence("IDF-R8")
def test_r8_trente_secondes_d_ecart_passent_et_un_jeton_d_hier_non(lui: Operateur) -> None:
    instant = int(HORLOGE.maintenant().timestamp())
    lui.jeton = {"exp": instant - 29, "iat": instant + 29}
    assert entrer(lui)
    for faux in ({"exp": instant - 31}, {"iat": instant + 31}, {"iat": instant - 86_400}):
        lui.jeton = faux
        assert refus(lui) == "dates"


@pytest.mark.exigence("IDF-R10")
def test_r10_le_nonce_d_une_autre_connexion_est_refuse(lui: Operateur) -> None:
    entrer(lui)
    ancien = lui.nonce
    lui.jeton = {"nonce": ancien}
    assert refus(lui) == "nonce"


@pytest.mark.exigence("IDF-R12")
def test_r12_sans_jeton_d_identite_personne_n_entre(lui: Operateur) -> None:
    lui.sans = ("id_token",)
    assert refus(lui) == "jeton_absent"


@pytest.mark.exigence("IDF-R13")
def test_r13_des_renseignements_sur_un_autre_sont_refuses(lui: Operateur) -> None:
    for sujet in ("sujet-2", None, ""):
        lui.infos = {"sub": sujet}
        assert refus(lui) == "infos"


@pytest.mark.exigence("IDF-R14")
@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://autre.invalid"},
        {"issuer": "http://127.0.0.1:1/"},
        {"token_endpoint": "https://mechant.invalid/jeton"},
        {"jwks_uri": "http://127.0.0.1.mechant.invalid/cles"},
        {"authorization_endpoint": None},
        {"userinfo_endpoint": "file:///etc/passwd"},
    ],
)
def test_r14_une_decouverte_qui_parle_d_un_autre_est_refusee(lui: Operateur, change: dict[str, Any]) -> None:
    lui.decouverte = change
    assert refus(lui) == "decouverte"


@pytest.mark.exigence("IDF-R15")
def test_r15_la_reponse_d_un_autre_fournisseur_est_refusee_avant_tout_envoi(lui: Operateur) -> None:
    lui.demandes.clear()
    assert refus(lui, recus={"iss": "https://autre.invalid"}) == "melange"
    lui.decouverte = {"authorization_response_iss_parameter_supported": True}
    assert refus(lui) == "melange", "qui annonce son nom doit le mettre"
    assert "/jeton" not in [d[0] for d in lui.demandes]
    assert entrer(lui, recus={"iss": lui.emetteur})


@pytest.mark.exigence("IDF-R15")
@pytest.mark.exigence("IDF-R16")
def test_r15_r16_un_etat_ne_vaut_que_pour_son_fournisseur_son_navigateur_et_dix_minutes() -> None:
    demande = ouvrir_demande(COFFRE, HORLOGE, "un", "/compte")
    autre = ouvrir_demande(COFFRE, HORLOGE, "un", "/compte")

    def reprendre(cle: str, etat: str, temoin: str) -> Demande:
        return reprendre_demande(COFFRE, HORLOGE, cle, etat, temoin)

    assert reprendre("un", demande.etat, demande.temoin) == demande
    for cle, etat, temoin in (
        ("deux", demande.etat, demande.temoin),
        ("un", autre.etat, demande.temoin),
        ("un", "", demande.temoin),
        ("un", demande.etat, ""),
        ("un", demande.etat, demande.temoin.replace(".", ".é", 1)),
        ("un", demande.etat, f"9{demande.temoin}"),
        ("un", "x" * 5000, demande.temoin),
    ):
        with pytest.raises(EntreeRefusee):
            reprendre(cle, etat, temoin)
    HORLOGE.avancer(timedelta(minutes=11))
    with pytest.raises(EntreeRefusee):
        reprendre("un", demande.etat, demande.temoin)


@pytest.mark.exigence("IDF-R18")
def test_r18_des_renseignements_signes_se_verifient_et_un_jeton_chiffre_est_refuse(lui: Operateur) -> None:
    lui.infos_signees, lui.infos = True, {"usual_name": "MARTIN", "given_name": "Léa"}
    dit = entrer(lui, correspondance="proconnect")
    assert (dit.attributs.nom, dit.attributs.prenom) == ("MARTIN", "Léa")
    lui.infos = {"aud": "un-autre"}
    assert refus(lui) == "infos"
    lui.fabriquer = lambda _entete, _dit: "a.b.c.d.e"
    assert refus(lui) == "jeton_chiffre"


def test_une_cle_elliptique_signe_aussi(lui: Operateur) -> None:
    lui.alg, lui.cle, lui.publiees = "ES256", EC, [EC]
    assert entrer(lui).sujet == "sujet-1"
    assert refus(lui, algorithmes=("RS256",)) == "algorithme"


@pytest.mark.exigence("IDF-R19")
@pytest.mark.parametrize(
    ("chemin", "reponse"),
    [
        ("/jeton", (302, {"Location": "https://mechant.invalid/"}, b"")),
        ("/jeton", (500, {}, b"panne")),
        ("/jeton", (200, {}, b"[" * 100_000)),
        ("/jeton", (200, {}, b"[]")),
        ("/jeton", (400, {}, b'{"error": "invalid_grant"}')),
        ("/infos", (401, {}, b"{}")),
        ("/cles", (200, {}, json.dumps({"keys": [EC.as_dict(private=False)] * 101}).encode())),
        ("/cles", (200, {}, b'{"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB", "kid": "rsa-1"}, 3, {}]}')),
    ],
)
def test_r19_un_fournisseur_malade_est_refuse_avec_une_phrase(
    lui: Operateur, chemin: str, reponse: tuple[int, dict[str, str], bytes]
) -> None:
    lui.detourner = {chemin: reponse}
    assert refus(lui) in ("reponse", "cle")


@pytest.mark.exigence("IDF-R19")
def test_r19_une_reponse_enorme_et_un_serveur_eteint_ne_font_pas_attendre(lui: Operateur) -> None:
    enorme = json.dumps({"keys": [EC.as_dict(private=False)] * 10_000}).encode()
    lui.detourner = {"/cles": (200, {}, enorme)}
    with pytest.raises(PartenaireInjoignable):
        entrer(lui)
    eteint = ClientOidc("essai", lui.declare(emetteur="http://127.0.0.1:9"), HORLOGE)
    for _ in range(3):
        with pytest.raises(PartenaireInjoignable):
            eteint.meta()


@pytest.mark.exigence("IDF-R17")
def test_r17_une_erreur_du_fournisseur_ne_montre_rien_de_ce_qu_il_ecrit(lui: Operateur) -> None:
    texte = "<script>alert(1)</script>"
    for erreur, motif in (("access_denied", "renonce"), ("server_error", "erreur"), (texte, "erreur")):
        with pytest.raises(EntreeRefusee) as leve:
            entrer(lui, recus={"error": erreur, "error_description": texte})
        assert leve.value.motif == motif
        assert "script" not in f"{leve.value.message} {leve.value.remede}"


@pytest.mark.exigence("IDF-R20")
@pytest.mark.parametrize(
    ("change", "entete"),
    [
        ({"aud": "autre"}, {}), ({"iss": "https://autre.invalid"}, {}), ({"nonce": "n"}, {}),
        ({"events": None}, {}), ({"events": {}}, {}), ({"events": []}, {}), ({"sid": None}, {}),
        ({"jti": None}, {}), ({"exp": 1}, {}), ({"iat": None}, {}), ({"sid": 3}, {}), ({}, {"typ": "id+jwt"}),
    ],
)  # fmt: skip
def test_r20_un_jeton_de_deconnexion_bancal_est_refuse(
    lui: Operateur, change: dict[str, Any], entete: dict[str, Any]
) -> None:
    client = ClientOidc("essai", lui.declare(), HORLOGE)
    juste = lui.sortir()
    assert client.lire_sortie(juste).sid == "chez-lui-1"
    if entete:
        jeton = lui.signer(json.loads(_contenu(juste)), **entete)
    else:
        jeton = lui.sortir(**change)
    with pytest.raises(EntreeRefusee):
        client.lire_sortie(jeton)


def _contenu(jeton: str) -> bytes:
    milieu = jeton.split(".")[1]
    return urlsafe_b64decode(milieu + "=" * (-len(milieu) % 4))
