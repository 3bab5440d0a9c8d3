"""Le fournisseur SAML : ce qu'il admet d'un service, ce qu'il lui écrit, lu par une autre bibliothèque."""

from __future__ import annotations

import base64
import warnings
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsSaml, ServiceTiers
from ent_core.essais.application import configuration_essai
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.fournisseur_saml.assertion import Affirmation, Destination, refuser, repondre
from ent_core.federation.fournisseur_saml.connexion import contexte_de_preuve, inapte
from ent_core.federation.fournisseur_saml.demande import Demande, accepter, ouvrir
from ent_core.federation.fournisseur_saml.emetteur import Emetteur, emetteur_de
from ent_core.federation.fournisseur_saml.metadonnees import metadonnees
from ent_core.federation.fournisseur_saml.normes import Contexte, Format, Statut
from ent_core.federation.fournisseur_saml.partenaire import lire_partenaire, reduire
from ent_core.federation.saml.enveloppe import ASSERTION, DS, PROTOCOLE, TAILLE
from ent_core.federation.services import ServiceConnu, controler
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.socle.configuration import Courriel
from ent_core.socle.erreurs import ConfigurationInvalide, DonneeInvalide
from ent_core.socle.services import Federation, SamlEnt
from tests.federation.saml.saml_essai import cles
from tests.federation.saml.service_essai import ENT, RSA_SHA256, SSO, ServiceEssai, cles_de_l_ent, heure


class Salle:
    """L'ENT, un service, et un intrus."""

    def __init__(self, dossier: Path) -> None:
        self.instant = HorlogeSysteme().maintenant().replace(microsecond=0)
        ent, suivante, service, self.intrus = (cles(dossier, n) for n in ("ent", "suite", "sp", "intrus"))
        self.service = ServiceEssai("service", service)
        configuration = configuration_essai(
            courriel=Courriel(adresse_ent=ENT),
            federation=Federation(saml=SamlEnt(**cles_de_l_ent(ent, suivante))),
        )
        self.emetteur: Emetteur = emetteur_de(configuration)

    def connu(self, metadonnees: str = "", cle: str = "service", **options: Any) -> ServiceConnu:
        options = {"metadonnees": metadonnees or self.service.metadonnees(), **options}
        tiers = ServiceTiers(
            cle=cle, nom="Service", adresse=self.service.racine, profils=frozenset({Profil.ELEVE}),
            finalite="Essayer.", base=BaseLegale.MISSION_INTERET_PUBLIC, destinataire="Éditeur",
            options=OptionsSaml(**options),
        )  # fmt: skip
        return ServiceConnu(tiers, "fichier")

    def admettre(self, adresse: str = "", champs: dict[str, str] | None = None, **options: Any) -> Demande:
        """Ce que l'ENT lit d'une demande."""
        from urllib.parse import parse_qs

        recus = champs or {n: v[0] for n, v in parse_qs(adresse).items()}
        recu = ouvrir(recus["SAMLRequest"], recus.get("RelayState", ""), "AuthnRequest", adresse=adresse)
        return accepter(recu, [self.connu(**options)], SSO, self.instant)

    def refus(self, adresse: str = "", champs: dict[str, str] | None = None, **options: Any) -> str:
        """Règle que la demande n'a pas tenue."""
        with pytest.raises(EntreeRefusee) as leve:
            self.admettre(adresse, champs, **options)
        return leve.value.motif.removeprefix("saml.")


@pytest.fixture(scope="module")
def salle(tmp_path_factory: pytest.TempPathFactory) -> Salle:
    return Salle(tmp_path_factory.mktemp("saml"))


# --- La demande ------------------------------------------------------------------------------


@pytest.mark.exigence("IDF-S30")
def test_s30_une_demande_signee_entre_par_l_adresse_et_par_le_formulaire(salle: Salle) -> None:
    demande = salle.service.demande(salle.instant, ForceAuthn="true", IsPassive="1")
    lues = (
        salle.admettre(salle.service.par_adresse(demande, "a & b")),
        salle.admettre(champs=salle.service.par_formulaire(demande, "a & b")),
    )
    for lue in lues:
        assert (lue.entite, lue.retour, lue.numero) == (salle.service.entite, salle.service.acs, "_q1")
        assert (lue.prouver, lue.passive, lue.relais) == (True, True, "a & b")


@pytest.mark.exigence("IDF-S30")
def test_s30_la_signature_est_exigee_ou_non_service_par_service(salle: Salle) -> None:
    nue = salle.service.demande(salle.instant)
    assert salle.refus(salle.service.par_adresse(nue, signe=False)) == "sans_signature"
    assert salle.refus(champs=salle.service.par_formulaire(nue, signe=False)) == "sans_signature"
    assert salle.admettre(salle.service.par_adresse(nue, signe=False), demande_signee=False).numero == "_q1"
    # Dispensé de signer, mais il a dit qu'il signait : une demande nue n'est pas la sienne.
    promis = salle.service.metadonnees().replace(
        "<md:SPSSODescriptor", '<md:SPSSODescriptor AuthnRequestsSigned="true"'
    )
    nue_encore = salle.service.par_adresse(nue, signe=False)
    assert salle.refus(nue_encore, metadonnees=promis, demande_signee=False) == "sans_signature"


def _fausse(salle: Salle) -> str:
    return salle.service.par_adresse(salle.service.demande(salle.instant), cles=salle.intrus)


def _autre_relais(salle: Salle) -> str:
    juste = salle.service.par_adresse(salle.service.demande(salle.instant), "relais")
    return juste.replace("RelayState=relais", "RelayState=ailleurs")


def _sha1(salle: Salle) -> str:
    sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    return salle.service.par_adresse(salle.service.demande(salle.instant), algorithme=sha1)


def _repetee(salle: Salle) -> str:
    juste = salle.service.par_adresse(salle.service.demande(salle.instant))
    return f"{juste}&SAMLRequest=autre"


@pytest.mark.exigence("IDF-S30")
@pytest.mark.parametrize("faire", [_fausse, _autre_relais, _sha1, _repetee])
def test_s30_une_mauvaise_signature_est_refusee_meme_d_un_service_qui_n_en_doit_pas(
    salle: Salle, faire: Callable[[Salle], str]
) -> None:
    assert salle.refus(faire(salle)) == "signature"
    assert salle.refus(faire(salle), demande_signee=False) == "signature"


@pytest.mark.exigence("IDF-S30")
def test_s30_une_signature_enveloppee_ailleurs_est_refusee(salle: Salle) -> None:
    champs = salle.service.par_formulaire(salle.service.demande(salle.instant))
    racine = etree.fromstring(base64.b64decode(champs["SAMLRequest"]))
    racine.set("AssertionConsumerServiceURL", "https://intrus.exemple.invalid/acs")
    champs["SAMLRequest"] = base64.b64encode(etree.tostring(racine)).decode()
    assert salle.refus(champs=champs) == "signature"


@pytest.mark.exigence("IDF-S30")
@pytest.mark.parametrize(
    ("attributs", "regle"),
    [
        ({"AssertionConsumerServiceURL": "https://intrus.exemple.invalid/acs"}, "retour"),
        ({"AssertionConsumerServiceURL": "https://service.exemple.invalid/acs/"}, "retour"),
        ({"AssertionConsumerServiceIndex": "7"}, "retour"),
        ({"Destination": "https://ailleurs.exemple.invalid/"}, "destination"),
        ({"Destination": ""}, "destination"),
        ({"IssueInstant": "2020-01-01T00:00:00Z"}, "heure"),
        ({"IssueInstant": "hier"}, "heure"),
        ({"Version": "1.1"}, "version"),
    ],
)  # fmt: skip
def test_s30_une_demande_pour_ailleurs_ou_d_un_autre_temps_est_refusee(
    salle: Salle, attributs: dict[str, str], regle: str
) -> None:
    assert salle.refus(salle.service.par_adresse(salle.service.demande(salle.instant, **attributs))) == regle


@pytest.mark.exigence("IDF-S30")
def test_s30_un_inconnu_et_des_metadonnees_expirees_sont_refuses(salle: Salle) -> None:
    demande = salle.service.par_adresse(salle.service.demande(salle.instant))
    autre = ServiceEssai("autre", salle.service.cles).metadonnees()
    assert salle.refus(demande, metadonnees=autre) == "emetteur"
    bornes = f'validUntil="{heure(salle.instant, -1)}"'
    perimees = salle.service.metadonnees(bornes=bornes)
    assert salle.refus(demande, metadonnees=perimees) == "metadonnees_perimees"


@pytest.mark.exigence("IDF-S30")
def test_s30_l_adresse_de_reponse_est_choisie_parmi_les_declarees(salle: Salle) -> None:
    for attributs, attendue in (
        ({}, "acs"),
        ({"AssertionConsumerServiceIndex": "0"}, "autre"),
        ({"AssertionConsumerServiceURL": "https://service.exemple.invalid/autre"}, "autre"),
    ):
        demande = salle.service.demande(salle.instant, **attributs)
        lue = salle.admettre(salle.service.par_adresse(demande))
        assert lue.retour == f"{salle.service.racine}/{attendue}"


@pytest.mark.exigence("IDF-S30")
@pytest.mark.parametrize(
    ("politique", "statut"),
    [
        ("", None),
        ('<samlp:NameIDPolicy AllowCreate="true"/>', None),
        (f'<samlp:NameIDPolicy Format="{Format.LIBRE}"/>', None),
        (f'<samlp:NameIDPolicy Format="{Format.PASSAGER}"/>', None),
        (f'<samlp:NameIDPolicy Format="{Format.PERSISTANT}"/>', Statut.NOM),
        ('<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"/>', Statut.NOM),
        ('<samlp:NameIDPolicy SPNameQualifier="https://autre.exemple.invalid"/>', Statut.NOM),
    ],
)  # fmt: skip
def test_s30_un_nom_que_la_declaration_ne_donne_pas_n_est_pas_donne(
    salle: Salle, politique: str, statut: Statut | None
) -> None:
    lue = salle.admettre(salle.service.par_adresse(salle.service.demande(salle.instant, politique)))
    assert inapte(lue, salle.connu().service) == statut


def test_le_niveau_de_preuve_annonce_est_atteint_et_demande() -> None:
    def juger(niveau: int, comparaison: str, *preuves: str) -> Contexte | None:
        return contexte_de_preuve(Demande((), "", "", preuves=preuves, comparaison=comparaison), niveau)

    simple, double = Contexte.MOT_DE_PASSE, Contexte.DEUX_PREUVES
    assert juger(1, "exact") is simple
    assert juger(2, "exact") is double
    assert juger(2, "exact", simple) is simple
    assert juger(1, "exact", double) is None
    assert juger(1, "exact", "urn:inconnu") is None
    assert juger(1, "exact", "urn:inconnu", simple) is simple
    assert juger(2, "minimum", simple) is double
    assert juger(1, "minimum", double) is None
    assert juger(2, "maximum", simple) is simple
    assert juger(2, "better", simple) is double
    assert juger(2, "better", double) is None
    assert juger(1, "quelconque", simple) is None


@pytest.mark.exigence("IDF-S23")
def test_s23_ni_bombe_ni_mauvais_encodage_ni_ambiguite_ne_passent(salle: Salle) -> None:
    bombe = base64.b64encode(zlib.compress(b"<a/>" + b" " * 40_000_000, 9)[2:-4]).decode()
    demande = salle.service.demande(salle.instant)
    juste = salle.service.par_formulaire(demande)["SAMLRequest"]

    def regle(champ: str, adresse: str = "", relais: str = "") -> str:
        with pytest.raises(EntreeRefusee) as leve:
            ouvrir(champ, relais, "AuthnRequest", adresse=adresse)
        return leve.value.motif.removeprefix("saml.")

    assert regle(bombe, "?") == "taille"
    assert regle("A" * (TAILLE + 1)) == "taille"
    assert regle("A" * (TAILLE + 1), "?") == "taille"
    assert regle("%%%") == "encodage"
    assert regle("%%%", "?") == "encodage"
    assert regle(juste, "?") == "encodage"
    assert regle(juste, relais="r" * 513) == "relais"
    for avant, apres, attendue in (
        (b"<samlp", b"<!DOCTYPE a [<!ENTITY b 'c'>]><samlp", "doctype"),
        (b"<samlp", b"<?xml-stylesheet href='x'?><samlp", "instruction"),
        (b"AuthnRequest", b"LogoutRequest", "racine"),
        (b"<saml:Issuer>", b"<samlp:Extensions/><saml:Issuer>", "interdit"),
        (b"<saml:Issuer>", b'<saml:Assertion ID="_a"/><saml:Issuer>', "assertion"),
        (b"<saml:Issuer>", b'<saml:Issuer ID="_q1">', "doublon"),
        (b' ID="_q1"', b"", "version"),
        (b"</", b"<", "xml"),
    ):  # fmt: skip
        brut = etree.tostring(demande).replace(avant, apres, -1 if avant == b"AuthnRequest" else 1)
        assert regle(base64.b64encode(brut).decode()) == attendue, (avant, apres)


# --- Ce que l'ENT écrit ----------------------------------------------------------------------


def affirmation(salle: Salle, **valeurs: Any) -> Affirmation:
    usuelles = {
        "nom": "_opaque", "forme": Format.PASSAGER, "session": "_s", "prouvee_le": salle.instant,
        "contexte": Contexte.MOT_DE_PASSE,
        "attributs": {"sn": ("Ça <va> & bien",), "FrEduVecteur": ("4|N|P|1|0750001A", "4|N|P|2|0750001A")},
    }  # fmt: skip
    return Affirmation(**{**usuelles, **valeurs})


@pytest.mark.exigence("IDF-S33")
def test_s33_une_assertion_breve_a_un_seul_public_signee_deux_fois(salle: Salle) -> None:
    vers = Destination(salle.service.entite, salle.service.acs, "_q1")
    reponse = repondre(salle.emetteur, vers, affirmation(salle), salle.instant)
    methodes = [e.get("Algorithm") for e in reponse.iter(f"{DS}SignatureMethod")]
    assert methodes == [RSA_SHA256, RSA_SHA256]
    assert all(str(e.get("Algorithm")).endswith("sha256") for e in reponse.iter(f"{DS}DigestMethod"))
    conditions = reponse.find(f"{ASSERTION}Assertion/{ASSERTION}Conditions")
    assert conditions is not None
    debut, fin = (datetime.fromisoformat(conditions.get(b, "")) for b in ("NotBefore", "NotOnOrAfter"))
    assert debut < salle.instant < fin
    assert (fin - debut).total_seconds() <= 300
    assert [a.text for a in conditions.iter(f"{ASSERTION}Audience")] == [salle.service.entite]
    donnees = next(reponse.iter(f"{ASSERTION}SubjectConfirmationData"))
    assert {str(n): v for n, v in donnees.items()} == {
        "Recipient": salle.service.acs, "InResponseTo": "_q1", "NotOnOrAfter": conditions.get("NotOnOrAfter"),
    }  # fmt: skip
    assert reponse.get("Destination") == salle.service.acs
    assert reponse.get("InResponseTo") == "_q1"
    spontanee = repondre(
        salle.emetteur, Destination("e", "https://e.invalid/"), affirmation(salle), salle.instant
    )
    assert not [e for e in spontanee.iter() if e.get("InResponseTo") is not None]


@pytest.fixture(scope="module")
def client(salle: Salle, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``pysaml2``, côté service : il ne connaît de l'ENT que ses métadonnées."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*CFB has been moved")
        from saml2.client import Saml2Client
        from saml2.config import SPConfig
    cles_sp = salle.service.cles
    paire = {"key_file": str(cles_sp.fichier_cle), "cert_file": str(cles_sp.fichier_certificat)}
    lues = metadonnees(salle.emetteur, salle.instant, demandes_signees=True).decode()
    configuration = SPConfig()
    configuration.load(
        {
            "entityid": salle.service.entite, **paire, "encryption_keypairs": [paire],
            "metadata": {"inline": [lues]},
            "accepted_time_diff": 60, "allow_unknown_attributes": True,
            "service": {"sp": {
                "endpoints": {"assertion_consumer_service": [
                    (salle.service.acs, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")]},
                "want_assertions_signed": True, "want_response_signed": True, "authn_requests_signed": True,
                "signing_algorithm": RSA_SHA256, "name_id_format": Format.PASSAGER.value,
            }},
        }
    )  # fmt: skip
    return Saml2Client(configuration)


@pytest.mark.exigence("IDF-S33")
@pytest.mark.parametrize("chiffree", [False, True])
def test_une_autre_bibliotheque_demande_et_lit_la_reponse_en_clair_et_chiffree(
    salle: Salle, client: Any, chiffree: bool
) -> None:
    from urllib.parse import urlsplit

    numero, envoi = client.prepare_for_authenticate(salle.emetteur.entite, relay_state="r")
    requete = urlsplit(dict(envoi["headers"])["Location"]).query
    lue = salle.admettre(requete)
    assert (lue.numero, lue.relais) == (numero, "r")
    pour = lire_partenaire(salle.service.metadonnees()).chiffrement[0] if chiffree else None
    vers = Destination(lue.entite, lue.retour, lue.numero)
    reponse = repondre(salle.emetteur, vers, affirmation(salle), salle.instant, pour)
    assert bool(reponse.findall(f"{ASSERTION}EncryptedAssertion")) is chiffree
    recue = client.parse_authn_request_response(
        base64.b64encode(etree.tostring(reponse)).decode(),
        "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", outstanding={numero: "/"},
    )  # fmt: skip
    assert recue.name_id.text == "_opaque"
    assert recue.ava["sn"] == ["Ça <va> & bien"]
    assert recue.ava["FrEduVecteur"] == ["4|N|P|1|0750001A", "4|N|P|2|0750001A"]
    assert recue.session_info()["session_index"] == "_s"


@pytest.mark.exigence("IDF-S30")
def test_une_autre_bibliotheque_comprend_le_refus(salle: Salle, client: Any) -> None:
    from saml2.response import StatusNoPassive

    numero, _ = client.prepare_for_authenticate(salle.emetteur.entite)
    vers = Destination(salle.service.entite, salle.service.acs, numero)
    reponse = refuser(salle.emetteur, vers, Statut.PASSIF, salle.instant)
    with pytest.raises(StatusNoPassive):
        client.parse_authn_request_response(
            base64.b64encode(etree.tostring(reponse)).decode(),
            "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", outstanding={numero: "/"},
        )  # fmt: skip


def test_les_metadonnees_publient_les_deux_certificats_et_finissent_dans_la_semaine(salle: Salle) -> None:
    racine = etree.fromstring(metadonnees(salle.emetteur, salle.instant, demandes_signees=True))
    publies = [
        "".join((c.text or "").split()) for c in racine.iterfind(".//{*}KeyDescriptor//{*}X509Certificate")
    ]
    assert len(set(publies)) == 2
    assert racine.get("entityID") == f"{ENT}/saml/metadonnees"
    reste = datetime.fromisoformat(racine.get("validUntil", "")) - salle.instant
    assert reste.days == 7
    assert {p.get("Location") for p in racine.iterfind(".//{*}SingleSignOnService")} == {SSO}
    assert racine.find(f"{DS}Signature") is not None


# --- Les métadonnées d'un service ------------------------------------------------------------


def test_des_metadonnees_d_un_service_on_ne_garde_que_ce_qui_sert(salle: Salle) -> None:
    court = reduire(salle.service.metadonnees(), salle.instant)
    assert "Personne nommée" not in court
    assert lire_partenaire(court) == lire_partenaire(salle.service.metadonnees())
    assert reduire(court, salle.instant) == court


@pytest.mark.parametrize(
    ("avant", "apres", "phrase"),
    [
        ("<md:EntityDescriptor", "<!DOCTYPE a><md:EntityDescriptor", "DOCTYPE"),
        ("SPSSODescriptor", "IDPSSODescriptor", "fournisseur d'identité"),
        ("HTTP-POST", "HTTP-Artifact", "par formulaire"),
        ("entityID=", "autre=", "un seul service"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAAA", "certificat"),
        ("</md:EntityDescriptor>", "", "lisible"),
    ],
)  # fmt: skip
def test_des_metadonnees_incompletes_sont_refusees_en_disant_pourquoi(
    salle: Salle, avant: str, apres: str, phrase: str
) -> None:
    with pytest.raises(DonneeInvalide, match=phrase):
        reduire(salle.service.metadonnees().replace(avant, apres), salle.instant)


def test_des_metadonnees_expirees_sont_refusees_des_la_declaration(salle: Salle) -> None:
    perimees = salle.service.metadonnees(bornes=f'validUntil="{heure(salle.instant)}"')
    with pytest.raises(DonneeInvalide, match="passée"):
        reduire(perimees, salle.instant)


def test_une_declaration_dit_ce_qui_manque_a_ses_metadonnees(salle: Salle) -> None:
    def champs(**options: Any) -> list[str]:
        return [champ for champ, _ in controler(salle.connu(**options).service, frozenset())]

    en_clair = salle.service.metadonnees().replace("https://service", "http://service")
    assert champs() == []
    assert champs(metadonnees="rien") == ["metadonnees"]
    assert champs(metadonnees=en_clair) == ["metadonnees"]
    assert champs(metadonnees=salle.service.metadonnees(avec_cle=False)) == ["metadonnees"]
    seule = salle.service.metadonnees(usage=' use="signing"')
    assert champs(metadonnees=seule, chiffree=True) == ["chiffree"]


def test_le_nom_durable_est_propre_au_service(salle: Salle) -> None:
    vers = Destination(salle.service.entite, salle.service.acs)
    reponse = repondre(salle.emetteur, vers, affirmation(salle, forme=Format.PERSISTANT), salle.instant)
    nom = next(reponse.iter(f"{ASSERTION}NameID"))
    assert nom.get("Format") == Format.PERSISTANT
    assert (nom.get("NameQualifier"), nom.get("SPNameQualifier")) == (
        salle.emetteur.entite, salle.service.entite
    )  # fmt: skip
    assert reponse.find(f"{PROTOCOLE}Status") is not None


def test_sans_cle_ni_adresse_publique_l_ent_dit_ce_qui_manque(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalide, match="pas prêt"):
        emetteur_de(configuration_essai())
    paire = cles(tmp_path, "ent")
    for champ, fichier in (("cle_fichier", "absent"), ("cle_fichier", str(paire.fichier_certificat))):
        saml = SamlEnt(**{**cles_de_l_ent(paire), champ: fichier})
        configuration = configuration_essai(
            courriel=Courriel(adresse_ent=ENT), federation=Federation(saml=saml)
        )
        with pytest.raises(ConfigurationInvalide, match="ne se lit pas"):
            emetteur_de(configuration)
