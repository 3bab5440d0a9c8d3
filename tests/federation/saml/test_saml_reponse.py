"""Une réponse SAML n'entre que signée, pour cet ENT, à l'instant, en réponse à ce navigateur."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.saml.enveloppe import ASSERTION, DS, PROTOCOLE, TAILLE
from ent_core.federation.saml.partenaire import EntiteLocale, lire_metadonnees
from ent_core.federation.saml.pilote import Pilote
from ent_core.federation.saml.reponse import AssertionLue, lire_reponse
from ent_core.socle.calendrier import HorlogeSysteme
from tests.federation.saml.saml_essai import (
    ACS,
    CBC,
    ENT,
    GCM,
    IDP,
    OAEP,
    RSA15,
    SLO,
    Forge,
    cles,
    encoder,
    metadonnees,
    oublier_les_fichiers,
)

Mutation = Callable[[etree._Element], etree._Element]
INTRUS = "sujet-de-quelqu-un-d-autre"


class Salle:
    """Un fournisseur, un autre qui n'est pas le bon, et cet ENT."""

    def __init__(self, dossier: Path) -> None:
        self.instant = HorlogeSysteme().maintenant().replace(microsecond=0)
        self.dossier = dossier
        self.idp, self.ancien, self.autre, ent = (cles(dossier, n) for n in ("idp", "ancien", "autre", "ent"))
        self.forge = Forge(self.instant, self.idp, ent)
        self.entite = EntiteLocale(ENT, ACS, SLO, ((ent.fichier_cle, ent.fichier_certificat),))
        self.pilote = self.relie()

    def relie(self, bornes: str = "") -> Pilote:
        fichier = self.dossier / "metadonnees.xml"
        fichier.write_text(metadonnees(self.ancien, self.idp, bornes=bornes))
        return Pilote(self.entite, lire_metadonnees(fichier, IDP))

    def lire(self, recue: etree._Element | str | bytes, **choix: object) -> AssertionLue:
        usuels = {"pilote": self.pilote, "demande": "_q1", "instant": self.instant}
        texte = recue if isinstance(recue, str) else encoder(recue)
        return lire_reponse(texte, entite=self.entite, **{**usuels, **choix})  # type: ignore[arg-type] # les choix d'un essai sont libres

    def motif(self, recue: etree._Element | str | bytes, **choix: object) -> str:
        with pytest.raises(EntreeRefusee) as refus:
            self.lire(recue, **choix)
        assert IDP not in str(refus.value)
        assert INTRUS not in str(refus.value)
        return refus.value.motif.removeprefix("saml.")


# pysaml2 laisse au ramasse-miettes les fichiers où il écrit, pour xmlsec1, les certificats publiés.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def salle_du_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salle]:
    yield Salle(tmp_path_factory.mktemp("saml"))
    oublier_les_fichiers()


@pytest.fixture
def salle(salle_du_module: Salle) -> Salle:
    """La bibliothèque lit la montre de la machine : chaque essai part de l'heure qu'il est."""
    salle_du_module.instant = HorlogeSysteme().maintenant().replace(microsecond=0)
    salle_du_module.forge.instant = salle_du_module.instant
    return salle_du_module


SIGNEES = [(True, False), (False, True), (True, True)]


@pytest.mark.exigence("IDF-S9")
@pytest.mark.parametrize("chiffre", [None, (GCM, OAEP)], ids=["clair", "chiffre"])
@pytest.mark.parametrize(("assertion", "reponse"), SIGNEES)
def test_une_bonne_reponse_est_lue(
    salle: Salle, assertion: bool, reponse: bool, chiffre: tuple[str, str] | None
) -> None:
    """IDF-S9, IDF-S20 : l'une, l'autre ou les deux signatures, en clair ou chiffrée."""
    recue = salle.forge.reponse(signe_assertion=assertion, signe_reponse=reponse, chiffre=chiffre)
    lue = salle.lire(recue)
    assert (lue.identifiant, lue.sujet, lue.session) == ("_a1", "sujet-opaque", "_s1")
    assert lue.attributs["FrEduCtRefId"] == ["{AAF}99|2D|600101"]
    assert lue.attributs["FrEduCtId"] == lue.attributs["urn:oid:1.3.6.1.4.1.20326.10.999.1.57"] == ["e" * 40]
    assert lue.expire_le == salle.instant + timedelta(seconds=360)


@pytest.mark.exigence("IDF-S9")
def test_sans_signature_rien_n_est_lu(salle: Salle) -> None:
    assert salle.motif(salle.forge.reponse(signe_assertion=False)) == "verification"
    assert salle.motif(salle.forge.reponse(signe_assertion=False, chiffre=(GCM, OAEP))) == "verification"


@pytest.mark.exigence("IDF-S10")
def test_la_cle_d_un_autre_ne_vaut_rien(salle: Salle) -> None:
    """Le certificat joint au message n'est pas cru."""
    for signe_reponse in (False, True):
        recue = salle.forge.reponse(signe_reponse=signe_reponse, cles_de_signature=salle.autre)
        assert salle.motif(recue) == "verification"


@pytest.mark.exigence("IDF-S18")
def test_deux_cles_publiees_pendant_un_renouvellement(salle: Salle) -> None:
    assert salle.lire(salle.forge.reponse(cles_de_signature=salle.ancien)).sujet == "sujet-opaque"


# --- S1 à S8 : enveloppement de signature ---------------------------------------------------------------


def _intruse(element: etree._Element) -> etree._Element:
    """Copie de l'élément, sans signature, sous un autre identifiant, et qui parle de quelqu'un d'autre."""
    copie = deepcopy(element)
    copie.set("ID", "_intrus")
    for signature in list(copie.iter(f"{DS}Signature")):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    for nom in copie.iter(f"{ASSERTION}NameID"):
        nom.text = INTRUS
    return copie


def _signature(racine: etree._Element) -> etree._Element:
    trouvee = next(racine.iter(f"{DS}Signature"))
    return trouvee


def _assertion(racine: etree._Element) -> etree._Element:
    trouvee = racine.find(f"{ASSERTION}Assertion")
    assert trouvee is not None
    return trouvee


def _reponse_dans_la_signature(racine: etree._Element) -> etree._Element:
    intruse, signature = _intruse(racine), _signature(racine)
    originale = deepcopy(racine)
    originale.remove(next(originale.iter(f"{DS}Signature")))
    signature = deepcopy(signature)
    signature.append(originale)
    intruse.insert(1, signature)
    return intruse


def _reponse_avant_la_signature(racine: etree._Element) -> etree._Element:
    intruse, signature = _intruse(racine), deepcopy(_signature(racine))
    originale = deepcopy(racine)
    originale.remove(next(originale.iter(f"{DS}Signature")))
    intruse.insert(1, originale)
    intruse.insert(2, signature)
    return intruse


def _assertion_avant(racine: etree._Element) -> etree._Element:
    assertion = _assertion(racine)
    assertion.addprevious(_intruse(assertion))
    return racine


def _assertion_autour(racine: etree._Element) -> etree._Element:
    assertion = _assertion(racine)
    intruse = _intruse(assertion)
    racine.replace(assertion, intruse)
    intruse.append(assertion)
    return racine


def _copie_a_la_fin(racine: etree._Element) -> etree._Element:
    assertion = _assertion(racine)
    originale = deepcopy(assertion)
    originale.remove(_signature(originale))
    next(assertion.iter(f"{ASSERTION}NameID")).text = INTRUS
    assertion.set("ID", "_intrus")
    racine.append(originale)
    return racine


def _copie_dans_la_signature(racine: etree._Element) -> etree._Element:
    assertion = _assertion(racine)
    originale = deepcopy(assertion)
    originale.remove(_signature(originale))
    next(assertion.iter(f"{ASSERTION}NameID")).text = INTRUS
    assertion.set("ID", "_intrus")
    _signature(assertion).append(originale)
    return racine


def _dans(*noms: str) -> Mutation:
    """Cache l'assertion vraie dans un élément que personne ne lit, et met l'intruse à sa place."""

    def cacher(racine: etree._Element) -> etree._Element:
        assertion = _assertion(racine)
        intruse = _intruse(assertion)
        racine.replace(assertion, intruse)
        hote = intruse if noms[0].startswith(ASSERTION) else racine
        for nom in noms:
            element = etree.Element(nom)
            hote.insert(1, element)
            hote = element
        hote.append(assertion)
        return racine

    return cacher


def _objet_de_signature(racine: etree._Element) -> etree._Element:
    assertion = _assertion(racine)
    intruse = _intruse(assertion)
    signature = deepcopy(_signature(assertion))
    objet = etree.SubElement(signature, f"{DS}Object")
    racine.replace(assertion, intruse)
    intruse.insert(1, signature)
    objet.append(assertion)
    return racine


def _hors_de_la_reponse(racine: etree._Element) -> etree._Element:
    enveloppe = etree.Element(f"{PROTOCOLE}ArtifactResponse")
    enveloppe.append(racine)
    return enveloppe


def _meme_identifiant(racine: etree._Element) -> etree._Element:
    racine.set("ID", _assertion(racine).get("ID", ""))
    return racine


def _identifiant_pollue(nom: str) -> Mutation:
    def polluer(racine: etree._Element) -> etree._Element:
        _assertion(racine).set(nom, "_a1")
        return racine

    return polluer


def _reference_vers_la_reponse(racine: etree._Element) -> etree._Element:
    next(racine.iter(f"{DS}Reference")).set("URI", "#_r1")
    return racine


ENVELOPPEMENTS: list[tuple[str, Mutation, bool]] = [
    ("S1", _reponse_dans_la_signature, True),
    ("S2", _reponse_avant_la_signature, True),
    ("S3", _assertion_avant, False),
    ("S4", _assertion_autour, False),
    ("S5", _copie_a_la_fin, False),
    ("S6", _copie_dans_la_signature, False),
    ("S7", _dans(f"{PROTOCOLE}Extensions"), False),
    ("S8", _objet_de_signature, False),
    ("S8-advice", _dans(f"{ASSERTION}Advice"), False),
    ("S8-statusdetail", _dans(f"{PROTOCOLE}StatusDetail"), False),
    ("S8-hors", _hors_de_la_reponse, False),
    ("S8-doublon", _meme_identifiant, False),
    ("S13-Id", _identifiant_pollue("Id"), False),
    ("S13-samlp", _identifiant_pollue(f"{PROTOCOLE}ID"), False),
    ("S8-reference", _reference_vers_la_reponse, False),
]


@pytest.mark.exigence("IDF-S1", "IDF-S2", "IDF-S3", "IDF-S4", "IDF-S5", "IDF-S6", "IDF-S7", "IDF-S8")
@pytest.mark.parametrize(
    ("mutation", "reponse"), [m[1:] for m in ENVELOPPEMENTS], ids=[m[0] for m in ENVELOPPEMENTS]
)
def test_une_signature_deplacee_ne_couvre_rien(salle: Salle, mutation: Mutation, reponse: bool) -> None:
    recue = salle.forge.reponse(signe_assertion=not reponse, signe_reponse=reponse)
    assert salle.motif(etree.tostring(mutation(recue))) in {
        "assertion", "racine", "interdit", "doublon", "identifiant", "reference", "signature_placee",
        "signature_multiple",
    }  # fmt: skip


# --- S11 à S14 : algorithmes, texte, document --------------------------------------------------------------


@pytest.mark.exigence("IDF-S11")
def test_les_algorithmes_faibles_sont_refuses(salle: Salle) -> None:
    def changer(texte: str, par: str) -> bytes:
        return etree.tostring(salle.forge.reponse()).replace(texte.encode(), par.encode())

    faible = salle.forge.reponse(methode=SignatureMethod.RSA_SHA1, condense=DigestAlgorithm.SHA1)
    canonique = "http://www.w3.org/2001/10/xml-exc-c14n#"
    enveloppee = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
    for recue in (
        faible,
        changer("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"),
        changer("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5"),
        changer("xmlenc#sha256", "xmldsig-more#md5"),
        changer(enveloppee, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        changer(enveloppee, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        changer(canonique, f"{canonique}WithComments"),
        changer(canonique, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
    ):
        assert salle.motif(recue) == "algorithme"


@pytest.mark.exigence("IDF-S12")
def test_un_commentaire_ne_coupe_pas_un_nom(salle: Salle) -> None:
    recue = salle.forge.reponse(sujet="sujet<!-- -->-opaque", reference="{AAF}99|2D|60<!-- -->0101")
    lue = salle.lire(recue)
    assert (lue.sujet, lue.attributs["FrEduCtRefId"]) == ("sujet-opaque", ["{AAF}99|2D|600101"])


@pytest.mark.exigence("IDF-S13")
def test_un_espace_de_noms_relatif_est_refuse(salle: Salle) -> None:
    brut = etree.tostring(salle.forge.reponse()).decode()
    assert salle.motif(brut.replace("<samlp:Status>", '<samlp:Status xmlns:x="1">', 1).encode()) == "espace"
    confus = brut.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol")
    assert salle.motif(confus.encode()) == "racine"


@pytest.fixture
def ecoute() -> Iterator[tuple[int, list[str]]]:
    """Une oreille sur la boucle locale : qui l'appelle s'est laissé entraîner."""
    appels: list[str] = []
    prise = socket.create_server(("127.0.0.1", 0))
    prise.settimeout(0.2)

    def entendre() -> None:
        try:
            while True:
                appels.append(str(prise.accept()[1]))
        except OSError:
            return

    fil = threading.Thread(target=entendre)
    fil.start()
    yield prise.getsockname()[1], appels
    prise.close()
    fil.join()


@pytest.mark.exigence("IDF-S14")
def test_ni_declaration_de_type_ni_entite_ni_instruction(salle: Salle, ecoute: tuple[int, list[str]]) -> None:
    port, appels = ecoute
    brut = etree.tostring(salle.forge.reponse()).decode()
    dehors = f"http://127.0.0.1:{port}/x"
    rires = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 9))
    for entete in (
        "<!DOCTYPE samlp:Response>",
        f'<!DOCTYPE r SYSTEM "{dehors}">',
        f'<!DOCTYPE r [<!ENTITY e SYSTEM "{dehors}">]>',
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{rires}]>',
        f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{dehors}">%p;]>',
    ):
        corps = brut.replace("sujet-opaque", "&e;") if "ENTITY e" in entete else brut
        assert salle.motif((entete + corps).encode()) in {"doctype", "xml"}
    assert salle.motif(f'<?xml-stylesheet href="{dehors}"?>{brut}'.encode()) == "instruction"
    inclus = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{dehors}"/>'
    assert salle.motif(brut.replace("sujet-opaque", inclus).encode()) == "verification"
    assert salle.motif(brut.encode("utf-16")) == "jeu"
    assert appels == []


# --- S15 à S19 : à qui, quand, en réponse à quoi ----------------------------------------------------------


def sans(fragment: str, par: str = "") -> Callable[[str], str]:
    return lambda texte: texte.replace(fragment, par)


@pytest.mark.exigence("IDF-S16")
def test_le_public_est_cet_ent(salle: Salle) -> None:
    public = f"<saml:Audience>{ENT}</saml:Audience>"
    ailleurs = "<saml:Audience>https://ailleurs.exemple.invalid</saml:Audience>"
    assert salle.motif(salle.forge.reponse(ent="https://ailleurs.exemple.invalid")) in {
        "audience", "verification",
    }  # fmt: skip
    assert salle.motif(salle.forge.reponse(avant=sans(public))) in {"audience", "verification"}
    assert salle.lire(salle.forge.reponse(avant=sans(public, public + ailleurs))).sujet == "sujet-opaque"


@pytest.mark.exigence("IDF-S17")
def test_la_reponse_est_pour_cette_adresse_et_cette_demande(salle: Salle) -> None:
    def ailleurs(attribut: str) -> Callable[[str], str]:
        return sans(f'{attribut}="{ACS}"', f'{attribut}="https://ent.exemple.invalid/autre"')

    cas: list[tuple[etree._Element, set[str]]] = [
        (salle.forge.reponse(avant=ailleurs("Recipient")), {"destinataire", "verification", "sujet"}),
        (salle.forge.reponse(avant=ailleurs("Destination")), {"destination", "verification", "sujet"}),
        (salle.forge.reponse(avant=sans(f'Destination="{ACS}"')), {"destination", "verification", "sujet"}),
        (salle.forge.reponse(demande="_q2"), {"demande", "verification", "sujet"}),
        (salle.forge.reponse(avant=sans('InResponseTo="_q1"')), {"demande", "verification", "sujet"}),
    ]
    for recue, motifs in cas:
        assert salle.motif(recue) in motifs
    autre_navigateur = salle.motif(salle.forge.reponse(), demande="_q-d-un-autre")
    assert autre_navigateur in {"demande", "verification"}


@pytest.mark.exigence("IDF-S18")
@pytest.mark.parametrize(
    ("valeurs", "lue"),
    [
        ({"debut": -300, "fin": -59}, True),
        ({"debut": -300, "fin": -61}, False),
        ({"debut": 59}, True),
        ({"debut": 61}, False),
        ({"emise": 59}, True),
        ({"emise": 90}, False),
        ({"emise": -700}, False),
    ],
)
def test_soixante_secondes_d_ecart_et_pas_plus(salle: Salle, valeurs: dict[str, int], lue: bool) -> None:
    recue = salle.forge.reponse(valeurs={nom: salle.forge.heure(s) for nom, s in valeurs.items()})
    if lue:
        assert salle.lire(recue).sujet == "sujet-opaque"
    else:
        assert salle.motif(recue) in {"heure", "expiree"}


@pytest.mark.exigence("IDF-S18")
def test_une_borne_absente_est_refusee(salle: Salle) -> None:
    fin, debut = salle.forge.heure(300), salle.forge.heure(-60)
    for fragment in (f'NotOnOrAfter="{fin}" Recipient', f'NotBefore="{debut}" NotOnOrAfter="{fin}"'):
        garde = "Recipient" if "Recipient" in fragment else ""
        assert salle.motif(salle.forge.reponse(avant=sans(fragment, garde))) in {
            "heure", "verification", "sujet", "expiree",
        }  # fmt: skip
    conditions = f'<saml:Conditions\n  NotBefore="{debut}"'
    assert salle.motif(salle.forge.reponse(avant=sans(conditions, "<saml:Conditions"))) == "heure"


@pytest.mark.exigence("IDF-S19")
def test_l_emetteur_est_celui_des_metadonnees_en_vigueur(salle: Salle) -> None:
    assert salle.motif(salle.forge.reponse(idp="https://autre.exemple.invalid")) in {
        "verification", "emetteur", "sujet",
    }  # fmt: skip
    perime = salle.relie('validUntil="2026-01-01T00:00:00Z"')
    assert salle.motif(salle.forge.reponse(), pilote=perime) == "metadonnees_perimees"


# --- S20 à S23 : chiffrement, statut, initiative, taille --------------------------------------------------


@pytest.mark.exigence("IDF-S20")
def test_ce_qui_est_chiffre_l_est_pour_nous_et_sans_oracle(salle: Salle) -> None:
    pour_un_autre = Forge(salle.instant, salle.idp, salle.autre)
    motifs = {
        salle.motif(pour_un_autre.reponse(chiffre=(GCM, OAEP), signe_reponse=True)),
        salle.motif(_abime(salle.forge.reponse(chiffre=(GCM, OAEP)))),
    }
    assert motifs == {"sujet"}, "une mauvaise clé et un contenu abîmé se disent pareil"
    for chiffre in ((CBC, OAEP), (GCM, RSA15)):
        assert salle.motif(salle.forge.reponse(chiffre=chiffre, signe_reponse=True)) == "algorithme"
    seule = {"chiffre": (CBC, OAEP), "signe_assertion": False, "signe_reponse": True}
    assert salle.lire(salle.forge.reponse(**seule), cbc=True).sujet == "sujet-opaque"  # type: ignore[arg-type] # idem
    assert salle.motif(salle.forge.reponse(chiffre=(CBC, OAEP)), cbc=True) == "algorithme"


def _abime(racine: etree._Element) -> etree._Element:
    valeurs = list(racine.iter("{http://www.w3.org/2001/04/xmlenc#}CipherValue"))
    texte = "".join((valeurs[-1].text or "").split())
    valeurs[-1].text = texte[:40] + ("A" if texte[40] != "A" else "B") + texte[41:]
    return racine


@pytest.mark.exigence("IDF-S21")
def test_un_refus_du_fournisseur_se_reconnait(salle: Salle) -> None:
    assert salle.motif(salle.forge.reponse(statut="Responder")) == "refuse_par_le_fournisseur"


@pytest.mark.exigence("IDF-S22")
def test_une_reponse_que_personne_n_a_demandee(salle: Salle) -> None:
    seule = salle.forge.reponse(avant=sans('InResponseTo="_q1"'))
    assert salle.motif(seule) in {"verification", "sujet"}


@pytest.mark.exigence("IDF-S23")
def test_trop_grand_ou_mal_encode(salle: Salle) -> None:
    assert salle.motif("A" * (TAILLE + 1)) == "taille"
    assert salle.motif("pas du base64 !") == "encodage"
    assert salle.motif(encoder(b"<pas>du xml")) == "xml"
    assert salle.motif(encoder(b"<a/>")) == "racine"


def test_les_restes_de_la_batterie_exterieure(salle: Salle) -> None:
    """Ce que la bibliothèque seule laissait passer : version, sujet vide, niveau vide, attributs absents."""
    for avant in (
        sans('ID="_a1" Version="2.0"', 'ID="_a1" Version="1.1"'),
        sans(">sujet-opaque<", "><"),
        sans("AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport<",
             "AuthnContextClassRef><"),
    ):  # fmt: skip
        assert salle.motif(salle.forge.reponse(avant=avant)) in {
            "verification", "sujet", "emetteur", "niveau", "confirmation",
        }  # fmt: skip


def test_la_demande_est_signee(salle: Salle) -> None:
    adresse = salle.pilote.demander("_q9", "etat")
    assert adresse.startswith("https://idp.exemple.invalid/sso?")
    assert "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256" in adresse
    assert "Signature=" in adresse
    assert "RelayState=etat" in adresse
    assert ACS in salle.pilote.metadonnees()
