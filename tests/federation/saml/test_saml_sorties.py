"""Finir une session SAML : l'annonce du fournisseur, la nôtre, et ce que nos métadonnées en disent."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from werkzeug.test import TestResponse

from ent_core.essais.vivier import Vivier
from ent_core.federation.saml.chez_lui import SessionSaml
from ent_core.federation.saml.liaison import signature_juste
from tests.federation.saml.lieu_essai import Lieu, adresse_signee, ouvrir
from tests.federation.saml.saml_essai import IDP, cles, encoder

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SORTIE = "/entree/educonnect/sortie"
ANNONCE = """<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"
  xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{emise}"
  Destination="{vers}" NotOnOrAfter="{fin}"><a:Issuer>{idp}</a:Issuer>{place}<a:NameID>{nom}</a:NameID>
  {sessions}</p:LogoutRequest>"""


@pytest.fixture(scope="module")
def lieu(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    dossier = tmp_path_factory.mktemp("sorties")
    suivante = cles(dossier, "suivante")
    with ouvrir(
        vivier, dossier, cle_suivante_fichier=str(suivante.fichier_cle),
        certificat_suivant_fichier=str(suivante.fichier_certificat),
    ) as lieu:  # fmt: skip
        yield lieu


def annonce(lieu: Lieu, *sessions: str, nom: str = "sujet-opaque", numero: str = "_q", **dits: str) -> str:
    valeurs = {
        "id": numero, "emise": lieu.forge.heure(), "fin": lieu.forge.heure(300), "idp": IDP, "nom": nom,
        "vers": f"http://localhost{SORTIE}", "place": "",
        "sessions": "".join(f"<p:SessionIndex>{s}</p:SessionIndex>" for s in sessions), **dits,
    }  # fmt: skip
    return ANNONCE.format(**valeurs)


def annoncer(lieu: Lieu, message: str, etat: str = "retour-chez-lui") -> TestResponse:
    return lieu.client().get(f"{SORTIE}?{adresse_signee(lieu.idp, 'SAMLRequest', message, etat)}")


def reponse_lue(lieu: Lieu, recue: TestResponse) -> tuple[str, str]:
    """Statut de notre réponse et identifiant qu'elle cite ; signée, et chez le fournisseur déclaré."""
    assert recue.location.startswith("https://idp.exemple.invalid/slo?SAMLResponse="), recue.text
    brute = urlsplit(recue.location).query
    assert signature_juste(brute, "SAMLResponse", [lieu.ent.certificat])
    champs = parse_qs(brute)
    assert champs["RelayState"] == ["retour-chez-lui"]
    racine = etree.fromstring(zlib.decompress(base64.b64decode(champs["SAMLResponse"][0]), -15))
    statut = next(racine.iter("{*}StatusCode")).get("Value", "")
    return statut.rpartition(":")[2], racine.get("InResponseTo", "")


def connecte(client: FlaskClient) -> bool:
    return client.get("/compte").status_code == 200


@pytest.mark.exigence("IDF-S24")
def test_une_annonce_signee_ne_ferme_que_la_session_qu_elle_nomme(lieu: Lieu) -> None:
    visee, voisine = lieu.entrer(session="_visee"), lieu.entrer(session="_voisine")
    recue = annoncer(lieu, annonce(lieu, "_visee", numero="_q1"))
    assert (recue.status_code, reponse_lue(lieu, recue)) == (303, ("Success", "_q1"))
    assert (connecte(visee), connecte(voisine)) == (False, True)
    assert annoncer(lieu, annonce(lieu, "_visee", numero="_q1")).status_code == 403, (
        "elle ne sert qu'une fois"
    )
    deja = annoncer(lieu, annonce(lieu, "_visee", numero="_q2"))
    assert reponse_lue(lieu, deja)[0] == "Success", "une session déjà finie n'est pas une erreur"
    # Le nom d'un autre, sous une session d'ici : rien ne se ferme, et le fournisseur l'apprend.
    autre = annoncer(lieu, annonce(lieu, "_voisine", nom="quelqu-un-d-autre", numero="_q3"))
    assert reponse_lue(lieu, autre)[0] == "Responder"
    assert connecte(voisine)
    assert lieu.journal("entree.refusee")["motif"] == "sortie"


@pytest.mark.exigence("IDF-S24", "IDF-S23", "IDF-S11")
def test_une_annonce_fausse_vieille_ou_mal_adressee_ne_ferme_rien(lieu: Lieu) -> None:
    client = lieu.entrer(session="_s9")
    bonne = annonce(lieu, "_s9")
    signee = adresse_signee(lieu.idp, "SAMLRequest", bonne)
    vieille, hier = lieu.forge.heure(-800), lieu.forge.heure(-90)
    bombe = zlib.compressobj(9, zlib.DEFLATED, -15)
    grosse = base64.b64encode(bombe.compress(b"<a>" + b" " * 3_000_000) + bombe.flush()).decode()
    essais = {
        "signature": [
            signee.partition("&SigAlg")[0],
            adresse_signee(lieu.ent, "SAMLRequest", bonne),
            signee.replace("rsa-sha256", "rsa-sha1"),
            f"{signee}&RelayState=ajoute",
            f"{signee}&SAMLRequest=double",
        ],
        "heure": [adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu, "_s9", emise=vieille))],
        "expiree": [adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu, "_s9", fin=hier))],
        "destination": [
            adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu, "_s9", vers="https://ailleurs/"))
        ],
        "emetteur": [adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu, "_s9", idp="https://autre"))],
        "session": [adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu))],
        "sujet": [adresse_signee(lieu.idp, "SAMLRequest", annonce(lieu, "_s9", nom=""))],
        "taille": [f"SAMLRequest={grosse.replace('+', '%2B')}"],
        "encodage": ["SAMLRequest=%21%21", "SAMLRequest=AAAA"],
    }
    for motif, adresses in essais.items():
        for adresse in adresses:
            recue = lieu.client().get(f"{SORTIE}?{adresse}")
            assert (recue.status_code, lieu.journal("entree.refusee")["motif"]) == (403, f"saml.{motif}")
    assert connecte(client)


@pytest.mark.exigence("IDF-S24")
def test_une_annonce_par_formulaire_est_signee_dans_son_texte(lieu: Lieu) -> None:
    client = lieu.entrer(session="_s8")
    place = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>'
    racine = etree.fromstring(annonce(lieu, "_s8", numero="_p1", place=place))
    signee = lieu.forge.signer(racine, lieu.idp, SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256)
    champs = {"RelayState": "retour-chez-lui"}
    nue = {"SAMLRequest": encoder(annonce(lieu, "_s8", numero="_p0")), **champs}
    assert lieu.client().post(SORTIE, data=nue).status_code == 403
    recue = lieu.client().post(
        SORTIE, data={"SAMLRequest": encoder(signee), **champs}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert reponse_lue(lieu, recue) == ("Success", "_p1")
    assert not connecte(client)


def retour_educonnect(adresse: str) -> str:
    return (
        '<saml:Attribute Name="urn:oid:1.3.6.1.4.1.20326.10.999.1.5"><saml:AttributeValue>'
        f"{adresse}</saml:AttributeValue></saml:Attribute>"
    )


@pytest.mark.parametrize(
    ("dite", "suivie"),
    [
        ("https://idp.exemple.invalid/sortir?a=1", True),
        ("https://ailleurs.exemple.invalid/sortir", False),
        ("https://idp.exemple.invalid@ailleurs.invalid/", False),
        ("javascript:alert(1)", False),
        ("http://idp.exemple.invalid/", False),
    ],
)
def test_sortir_aussi_d_educonnect_par_l_adresse_qu_il_a_donnee(lieu: Lieu, dite: str, suivie: bool) -> None:
    client = lieu.entrer(autres=retour_educonnect(dite))
    client.post("/deconnexion")
    assert "Quitter aussi EduConnect" in client.get("/connexion").text
    vers = client.get("/entree/educonnect/sortir").location
    assert (vers == dite) if suivie else vers.startswith("https://idp.exemple.invalid/slo?SAMLRequest=")


def test_sortir_aussi_par_une_annonce_signee_puis_revenir(lieu: Lieu) -> None:
    client = lieu.entrer(session="_s7")
    client.post("/deconnexion")
    temoin = client.get_cookie("ent_sortie")
    assert temoin is not None
    vers = client.get("/entree/educonnect/sortir").location
    brute = urlsplit(vers).query
    assert signature_juste(brute, "SAMLRequest", [lieu.ent.certificat])
    dite = zlib.decompress(base64.b64decode(parse_qs(brute)["SAMLRequest"][0]), -15).decode()
    assert "sujet-opaque<" in dite
    assert ">_s7<" in dite
    # Le témoin est scellé : on ne fait pas signer la sortie de quelqu'un d'autre.
    forge = SessionSaml("quelqu-un-d-autre", session="_s7", annonce=True).en_texte()
    client.set_cookie("ent_sortie", f"educonnect:{forge}.{unquote(temoin.value).partition('.')[2]}")
    assert client.get("/entree/educonnect/sortir").location == "/connexion"
    for statut, phrase in (("Success", "aussi quitté EduConnect"), ("Responder", "pas confirmé")):
        rendue = (
            annonce(lieu).replace("LogoutRequest", "LogoutResponse").partition("<a:NameID>")[0]
            + f'<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{statut}"/></p:Status>'
            + "</p:LogoutResponse>"
        )
        client.get(f"{SORTIE}?{adresse_signee(lieu.idp, 'SAMLResponse', rendue)}")
        assert phrase in client.get("/connexion").text
    assert client.get(f"{SORTIE}?{adresse_signee(lieu.ent, 'SAMLResponse', rendue)}").status_code == 403


@pytest.mark.exigence("IDF-S19")
def test_nos_metadonnees_sont_signees_datees_et_publient_la_cle_suivante(lieu: Lieu, tmp_path: Path) -> None:
    racine = etree.fromstring(lieu.client().get("/entree/educonnect/metadonnees").data)
    assert racine.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None
    jusqu_a = racine.get("validUntil", "")
    assert jusqu_a == lieu.ent.certificat.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    usages = [cle.get("use") for cle in racine.iter("{*}KeyDescriptor")]
    assert (usages.count("signing"), usages.count("encryption")) == (2, 2)
    assert {e.get("Location") for e in racine.iter("{*}SingleLogoutService")} == {f"http://localhost{SORTIE}"}
    assert lieu.forge.instant + timedelta(days=365) < lieu.ent.certificat.not_valid_after_utc
