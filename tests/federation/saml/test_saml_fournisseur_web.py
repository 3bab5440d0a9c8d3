"""Le fournisseur SAML, de la demande d'un service à sa sortie : S24, S30 à S32 de l'étude des protocoles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select
from werkzeug.test import TestResponse

from ent_core.cli import ent
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import Protocole
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.vivier import Vivier
from ent_core.federation import parties as suivi
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.fournisseur_saml.normes import Contexte, Format
from ent_core.federation.fournisseur_saml.sortie import messager
from ent_core.federation.gar.modeles import GarEtablissement, GarIdentifiant
from ent_core.federation.modeles import ServiceDeclare
from ent_core.federation.saml.enveloppe import ASSERTION, PROTOCOLE
from ent_core.federation.saml.liaison import deplier, signature_juste
from ent_core.federation.saml.signature import element_signe
from ent_core.identite.modeles import Identifiant, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Courriel
from ent_core.socle.services import Federation, SamlEnt, SamlFichier, ServiceFichier
from tests.federation.cas_essais import BOUCLE, Partenaire, actes, partenaire, parties
from tests.federation.saml.saml_essai import Cles, cles
from tests.federation.saml.service_essai import (
    ENT,
    Formulaire,
    ServiceEssai,
    cles_de_l_ent,
    formulaire,
    heure,
)

_SOAP_REUSSI = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><p:LogoutResponse '
    'xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:Status><p:StatusCode Value="'
    'urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status></p:LogoutResponse></soap:Body></soap:Envelope>'
)


@dataclass(frozen=True, slots=True)
class Salle:
    """Deux collèges, et des services SAML qui s'y ouvrent."""

    instance: InstanceEssai
    ent: Cles
    services: dict[str, ServiceEssai]

    def demander(
        self, client: FlaskClient, nom: str = "resto", contenu: str = "", relais: str = "", **attributs: str
    ) -> TestResponse:
        """Ce que fait un service qui ne connaît pas la personne ; rend la page où elle arrive."""
        service = self.services[nom]
        demande = service.demande(self.instance.horloge.maintenant(), contenu, **attributs)
        recue = client.get(f"/saml/connexion?{service.par_adresse(demande, relais)}")
        assert recue.status_code == 303, recue.text
        return client.get(recue.location)

    def entrer(self, role: str, nom: str = "resto", contenu: str = "", **attributs: str) -> Formulaire:
        """La réponse que le service reçoit."""
        page = self.demander(self.instance.client(role), nom, contenu, **attributs)
        return formulaire(page, self.ent.certificat)

    def sortir(self, requete: str) -> TestResponse:
        return self.instance.application.test_client().get(f"/saml/sortie?{requete}")

    def annonce(self, recu: Formulaire, nom: str = "resto", **choix: Any) -> str:
        """Partie de l'adresse par laquelle un service annonce une sortie."""
        sujet, index = choix.pop("sujet", recu.nom), choix.pop("index", recu.session)
        signe = choix.pop("signe", True)
        service = self.services[nom]
        message = service.annonce(self.instance.horloge.maintenant(), sujet, index, **choix)
        return service.par_adresse(message, "suite", signe=signe)

    def vivante(self, role: str) -> int:
        """Sessions d'une personne."""
        mienne = SessionWeb.personne_id == self.instance.annuaire[role]
        with self.instance.base.academie("essai") as session:
            return len(session.scalars(select(SessionWeb.id).where(mienne)).all())


def _fichier(service: ServiceEssai, **choix: Any) -> ServiceFichier:
    options = {
        n: choix.pop(n) for n in ("demande_signee", "persistant", "chiffree", "ouvrable") if n in choix
    }
    usuels: dict[str, Any] = {
        "nom": service.nom.capitalize(), "profils": tuple(Profil), "finalite": "Essayer.",
        "destinataire": "Éditeur d'essai", "etablissements": (ECOLE,), "gabarit": "vecteur",
    }  # fmt: skip
    saml = SamlFichier(metadonnees=service.metadonnees(), **options)
    return ServiceFichier(adresse=service.racine, saml=saml, **{**usuels, **choix})


@pytest.fixture(scope="module")
def avise() -> Iterator[Partenaire]:
    with partenaire(corps=_SOAP_REUSSI) as lui:
        yield lui


@pytest.fixture(scope="module")
def salle(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory, avise: Partenaire) -> Iterator[Salle]:
    """Lundi 7 septembre 2026 à 10 h."""
    dossier: Path = tmp_path_factory.mktemp("saml")
    ent, paire, autre = (cles(dossier, nom) for nom in ("ent", "service", "autre"))
    services = {
        "resto": ServiceEssai("resto", paire, soap=avise.adresse),
        "cdi": ServiceEssai("cdi", autre),
        "gar": ServiceEssai("gar", paire),
        "ailleurs": ServiceEssai("ailleurs", paire),
        "profs": ServiceEssai("profs", paire),
    }
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    instance = fabrique(
        configuration=configuration_essai(
            courriel=Courriel(adresse_ent=ENT),
            federation=Federation(hotes_permis=(BOUCLE,), saml=SamlEnt(**cles_de_l_ent(ent))),
            services={
                "resto": _fichier(services["resto"]),
                "cdi": _fichier(
                    services["cdi"], gabarit="moodle", attributs=("sn", "ENTEleveClasses"), persistant=True,
                    demande_signee=False, ouvrable=True,
                ),
                "gar": _fichier(services["gar"], gabarit="gar"),
                "ailleurs": _fichier(services["ailleurs"], etablissements=(AUTRE,)),
                "profs": _fichier(services["profs"], profils=(Profil.ENSEIGNANT,)),
            },
        )
    )  # fmt: skip
    yield Salle(instance, ent, services)
    fabrique.fermer()


# --- Entrer ----------------------------------------------------------------------------------


@pytest.mark.exigence("IDF-S31")
def test_s31_chaque_service_ne_recoit_que_les_attributs_de_sa_declaration(salle: Salle) -> None:
    eleve = salle.instance.annuaire["eleve"]
    with salle.instance.base.academie("essai") as session:
        session.add(Identifiant(source="essai", type="ELEVE_ID", valeur="700001", personne_id=eleve))
    resto, cdi = salle.entrer("eleve", relais="a&b"), salle.entrer("eleve", "cdi")
    assert resto.action == salle.services["resto"].acs
    assert resto.relais == "a&b"
    assert set(resto.attributs) == {"FrEduVecteur"}
    assert resto.attributs["FrEduVecteur"] == [f"4|Essai Eleve|Camille|700001|{ECOLE}"]
    assert cdi.attributs["urn:oid:2.5.4.4"] == ["Essai Eleve"]
    assert set(cdi.attributs) <= {"urn:oid:2.5.4.4", "ENTEleveClasses"}
    assert resto.contexte == Contexte.DEUX_PREUVES
    texte = etree.tostring(resto.reponse, encoding=str)
    assert str(eleve) not in texte
    assert eleve.hex not in texte


def test_le_nom_passager_change_le_nom_durable_non(salle: Salle) -> None:
    noms = {salle.entrer("eleve").nom for _ in range(2)}
    durables = {salle.entrer("eleve", "cdi").nom for _ in range(2)}
    assert len(noms) == 2
    assert len(durables) == 1
    assert noms.isdisjoint(durables)


@pytest.mark.exigence("IDF-S30")
def test_s30_un_formulaire_venu_d_un_autre_site_mene_a_la_meme_reponse(salle: Salle) -> None:
    client, service = salle.instance.client("eleve"), salle.services["resto"]
    champs = service.par_formulaire(service.demande(salle.instance.horloge.maintenant()), "r")
    # Le navigateur n'y joint pas le témoin de session ; il le joindra à l'adresse où il est renvoyé.
    recue = salle.instance.application.test_client().post(
        "/saml/connexion", data=champs, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert recue.status_code == 303
    lue = formulaire(client.get(recue.location), salle.ent.certificat)
    assert (lue.statuts, lue.relais) == (["Success"], "r")


@pytest.mark.exigence("IDF-S30")
def test_s30_une_demande_refusee_montre_une_page_et_laisse_une_ligne(salle: Salle) -> None:
    client, service = salle.instance.client("eleve"), salle.services["resto"]
    demande = service.demande(
        salle.instance.horloge.maintenant(), AssertionConsumerServiceURL="https://intrus.exemple.invalid/"
    )
    par_adresse = client.get(f"/saml/connexion?{service.par_adresse(demande)}")
    poste = client.post("/saml/connexion", data=service.par_formulaire(demande))
    for page in (par_adresse, client.get(poste.location)):
        assert page.status_code == 400
        assert "ENT-SERVICE ·" in page.text
        assert "intrus" not in page.text
    regles = [dits.get("regle") for dits in actes(salle.instance.base, "service.refuse")]
    assert regles.count("retour") == 2
    assert client.get("/saml/connexion").status_code == 400
    assert client.get("/saml/entrer/forge.1.2").status_code == 410


def test_sans_session_on_se_connecte_puis_on_revient(salle: Salle) -> None:
    visiteur = salle.instance.application.test_client()
    page = salle.demander(visiteur)
    assert page.status_code == 302
    suite = parse_qs(urlsplit(page.location).query)["suite"][0]
    assert suite.startswith("/saml/entrer/")
    assert formulaire(salle.instance.client("eleve").get(suite), salle.ent.certificat).statuts == ["Success"]


@pytest.mark.exigence("IDF-S30")
def test_s30_is_passive_ne_montre_rien_et_repond_non(salle: Salle) -> None:
    visiteur = salle.instance.application.test_client()
    page = salle.demander(visiteur, IsPassive="true")
    lue = formulaire(page, salle.ent.certificat)
    assert lue.statuts == ["Responder", "NoPassive"]
    assert lue.reponse.find(f"{ASSERTION}Assertion") is None
    assert "sans rien lui apprendre de vous" in page.text
    profs = salle.entrer("eleve", "profs", IsPassive="true")
    assert profs.statuts == ["Responder", "RequestDenied"]
    assert salle.entrer("eleve", IsPassive="true", ForceAuthn="true").statuts == ["Responder", "NoPassive"]


@pytest.mark.exigence("IDF-S30")
def test_s30_force_authn_fait_prouver_de_nouveau(salle: Salle) -> None:
    instance = salle.instance
    client, depart = instance.client("eleve"), instance.horloge.instant
    try:
        page = salle.demander(client, ForceAuthn="true")
        assert page.location.startswith("/compte/preuve?")
        suite = parse_qs(urlsplit(page.location).query)["suite"][0]
        instance.horloge.instant += timedelta(seconds=30)
        assert client.get(suite).location.startswith("/compte/preuve?")
        with instance.base.academie("essai") as session:
            mienne = select(SessionWeb).where(SessionWeb.personne_id == instance.annuaire["eleve"])
            for ouverte in session.scalars(mienne):
                ouverte.prouvee_le = instance.horloge.instant
        lue = formulaire(client.get(suite), salle.ent.certificat)
        preuve = lue.assertion.find(f"{ASSERTION}AuthnStatement")
        assert preuve is not None
        assert preuve.get("AuthnInstant") == heure(instance.horloge.instant)
    finally:
        instance.horloge.instant = depart


@pytest.mark.exigence("IDF-S30")
def test_s30_un_nom_ou_une_preuve_impossibles_sont_dits_au_service(salle: Salle) -> None:
    nom = f'<samlp:NameIDPolicy Format="{Format.PERSISTANT}"/>'
    assert salle.entrer("eleve", contenu=nom).statuts == ["Requester", "InvalidNameIDPolicy"]
    preuve = (
        "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>"
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
    )
    assert salle.entrer("eleve", contenu=preuve).statuts == ["Responder", "NoAuthnContext"]


def test_ni_une_autre_ecole_ni_un_autre_profil_n_entrent(salle: Salle) -> None:
    for nom, phrase in (("ailleurs", "dans l&#39;établissement où vous êtes"), ("profs", "à votre profil")):
        page = salle.demander(salle.instance.client("eleve"), nom)
        assert page.status_code == 403
        assert phrase in page.text


def test_un_service_qui_l_admet_s_ouvre_de_mes_services(salle: Salle) -> None:
    client = salle.instance.client("eleve")
    assert "/saml/ouvrir/cdi" in client.get("/mes-services").text
    lue = formulaire(client.get("/saml/ouvrir/cdi"), salle.ent.certificat)
    assert lue.action == salle.services["cdi"].acs
    assert lue.reponse.get("InResponseTo") is None
    assert client.get("/saml/ouvrir/resto").status_code == 404


def test_une_entree_coute_un_nombre_fixe_d_enonces(salle: Salle) -> None:
    client = salle.instance.client("eleve")
    client.get("/saml/ouvrir/cdi")
    with compter_enonces(salle.instance.base) as compte:
        client.get("/saml/ouvrir/cdi")
    assert len(compte) <= 16, compte


# --- Le GAR ----------------------------------------------------------------------------------


@pytest.mark.exigence("IDF-S32")
def test_s32_le_gar_ne_recoit_que_les_personnes_de_l_envoi(salle: Salle) -> None:
    instance, personne = salle.instance, salle.instance.annuaire["eleve"]
    page = salle.demander(instance.client("eleve"), "gar")
    assert page.status_code == 403
    assert "ne vous connaît pas encore" in page.text
    assert "gar" in [dits["cause"] for dits in actes(instance.base, "service.refuse")]
    with instance.base.academie("essai") as session:
        maintenant = instance.horloge.maintenant()
        session.add(
            GarEtablissement(
                uai=ECOLE, ouvert=True, decide_le=maintenant, exporte_le=maintenant,
                archive="ENT-ESSAI_GAR-ENT_Complet_20260907_020000_2D.tar.gz",
            )
        )  # fmt: skip
        session.add(GarIdentifiant(personne_id=personne, attribue_le=maintenant))
        session.flush()
        attendu = str(session.scalar(select(GarIdentifiant.identifiant)))
    lue = salle.entrer("eleve", "gar")
    assert lue.attributs == {"idEnt": ["ENT-ESSAI"], "GARPersonIdentifiant": [attendu]}
    assert salle.demander(instance.client("parent"), "gar").status_code == 403


# --- Sortir ----------------------------------------------------------------------------------


def test_sortir_de_l_ent_previent_le_service_par_un_avis_signe(salle: Salle, avise: Partenaire) -> None:
    instance = salle.instance
    client = instance.client("enseignant")
    lue = formulaire(salle.demander(client), salle.ent.certificat)
    salle.demander(client, "cdi")
    avise.recus.clear()
    sortie = client.post("/deconnexion", follow_redirects=True)
    assert "Ne se prévient pas" in sortie.text
    mienne = next(p for p in parties(instance, "enseignant") if p.service == "resto")
    messagers = {Protocole.SAML: messager(instance.ent.configuration, instance.horloge)}
    suivi.prevenir(instance.base, instance.horloge, frozenset({BOUCLE}), mienne.session_id, messagers)
    ((_, corps),) = avise.recus
    avis = etree.fromstring(corps.encode()).find(f".//{PROTOCOLE}LogoutRequest")
    assert avis is not None
    signe = element_signe(etree.fromstring(etree.tostring(avis)), [salle.ent.certificat])
    assert signe is not None
    assert signe.findtext(f"{ASSERTION}NameID") == lue.nom
    assert signe.findtext(f"{PROTOCOLE}SessionIndex") == lue.session
    assert {p.service: p.etat for p in parties(instance, "enseignant")} == {
        "resto": "prevenue", "cdi": "sans_avis",
    }  # fmt: skip


def test_un_service_qui_ne_se_previent_que_par_le_navigateur_est_nomme_en_sortant(salle: Salle) -> None:
    client = salle.instance.client("documentaliste")
    salle.demander(client, "cdi")
    sortie = client.post("/deconnexion", follow_redirects=True).text
    assert "ne peut pas les prévenir" in sortie
    assert "Cdi" in sortie


def test_un_service_qui_ne_dit_pas_avoir_ferme_est_repris_puis_dit_injoignable(
    salle: Salle, avise: Partenaire
) -> None:
    instance = salle.instance
    client = instance.client("cpe")
    salle.demander(client)
    client.post("/deconnexion")
    (mienne,) = parties(instance, "cpe")
    messagers = {Protocole.SAML: messager(instance.ent.configuration, instance.horloge)}
    avise.corps = "<html>panne</html>"
    try:
        for _ in range(2):
            with pytest.raises(PartenaireInjoignable):
                suivi.prevenir(instance.base, instance.horloge, frozenset(), mienne.session_id, messagers)
        suivi.prevenir(instance.base, instance.horloge, frozenset(), mienne.session_id, messagers)
    finally:
        avise.corps = _SOAP_REUSSI
    assert [p.etat for p in parties(instance, "cpe")] == ["injoignable"]


@pytest.mark.exigence("IDF-S24")
def test_s24_une_annonce_signee_ferme_cette_session_et_elle_seule(salle: Salle) -> None:
    instance = salle.instance
    gardee, quittee = instance.client("parent"), instance.client("parent")
    lue = formulaire(salle.demander(quittee), salle.ent.certificat)
    formulaire(salle.demander(quittee, "cdi"), salle.ent.certificat)
    avant = salle.vivante("parent")
    retour = salle.sortir(salle.annonce(lue))
    assert salle.vivante("parent") == avant - 1
    assert quittee.get("/compte").status_code == 302
    assert gardee.get("/compte").status_code == 200
    adresse = urlsplit(retour.location)
    assert f"{adresse.scheme}://{adresse.netloc}{adresse.path}" == "https://resto.exemple.invalid/sorti"
    assert signature_juste(adresse.query, "SAMLResponse", [salle.ent.certificat])
    champs = parse_qs(adresse.query)
    reponse = etree.fromstring(deplier(champs["SAMLResponse"][0]))
    assert champs["RelayState"] == ["suite"]
    assert reponse.get("InResponseTo") == "_q1"
    # Le CDI ne sait pas être prévenu : la sortie n'est que partielle, et c'est dit.
    codes = [c.get("Value", "").rpartition(":")[2] for c in reponse.iter(f"{PROTOCOLE}StatusCode")]
    assert codes == ["Success", "PartialLogout"]


@pytest.mark.exigence("IDF-S24")
def test_s24_une_annonce_non_signee_expiree_ou_d_un_autre_ne_ferme_rien(salle: Salle) -> None:
    instance = salle.instance
    client = instance.client("eleve")
    lue = formulaire(salle.demander(client), salle.ent.certificat)
    avant, maintenant = salle.vivante("eleve"), instance.horloge.maintenant()
    refusees = [
        salle.annonce(lue, signe=False),
        salle.annonce(lue, NotOnOrAfter=heure(maintenant, -61)),
        salle.annonce(lue, IssueInstant=heure(maintenant, -700)),
        salle.annonce(lue, Destination="https://ailleurs.exemple.invalid/"),
    ]
    assert [salle.sortir(requete).status_code for requete in refusees] == [400] * 4
    # Bien signées, mais pour un nom, une session ou un service qui n'est pas le leur.
    etrangeres = [
        salle.annonce(lue, sujet="_autre"),
        salle.annonce(lue, index="_autre"),
        salle.annonce(lue, "cdi"),
    ]
    for requete in etrangeres:
        reponse = parse_qs(urlsplit(salle.sortir(requete).location).query)["SAMLResponse"][0]
        assert b"UnknownPrincipal" in deplier(reponse)
    assert salle.vivante("eleve") == avant
    assert client.get("/compte").status_code == 200
    assert len(actes(instance.base, "service.sortie_refusee")) == 3


@pytest.mark.exigence("IDF-S24")
def test_s24_une_annonce_postee_est_lue_de_meme(salle: Salle) -> None:
    client = salle.instance.client("eleve")
    lue = formulaire(salle.demander(client), salle.ent.certificat)
    service = salle.services["resto"]
    message = service.annonce(salle.instance.horloge.maintenant(), lue.nom, lue.session)
    visiteur = salle.instance.application.test_client()
    retour = visiteur.post("/saml/sortie", data=service.par_formulaire(message))
    assert retour.location.startswith("https://resto.exemple.invalid/sorti?SAMLResponse=")
    assert client.get("/compte").status_code == 302


# --- Les métadonnées ------------------------------------------------------------------------


@pytest.mark.exigence("IDF-S23")
def test_les_metadonnees_sont_publiques_et_un_corps_enorme_est_refuse(salle: Salle) -> None:
    visiteur = salle.instance.application.test_client()
    page = visiteur.get("/saml/metadonnees")
    assert page.content_type.startswith("application/samlmetadata+xml")
    racine = etree.fromstring(page.data)
    assert racine.get("entityID") == f"{ENT}/saml/metadonnees"
    enorme = visiteur.post("/saml/connexion", data={"SAMLRequest": "A" * 1_000_000})
    assert enorme.status_code in (303, 413)


# --- Le registre -----------------------------------------------------------------------------


def client_refuse(salle: Salle, client: FlaskClient) -> bool:
    """La demande, signée de l'ancienne clé, n'est plus admise."""
    service = salle.services["resto"]
    demande = service.par_adresse(service.demande(salle.instance.horloge.maintenant()))
    return client.get(f"/saml/connexion?{demande}").status_code == 400


def test_une_direction_colle_les_metadonnees_et_voit_l_assertion_exacte(salle: Salle) -> None:
    instance, service = salle.instance, ServiceEssai("manuel", salle.services["cdi"].cles)
    direction = instance.client("direction")
    saisie: dict[str, Any] = {
        "protocole": "saml", "cle": "manuel", "nom": "Manuel", "adresse": service.racine,
        "profils": [Profil.ELEVE.value], "finalite": "Lire.", "base": "MISSION_INTERET_PUBLIC",
        "destinataire": "Éditeur", "gabarit": "generique", "attributs": "lastName", "persistant": "1",
        "metadonnees": service.metadonnees(), "demande_signee": "1",
    }  # fmt: skip
    page = direction.get("/administration/services/nouveau?protocole=saml")
    assert "Métadonnées du service" in page.text
    perimee = service.metadonnees(bornes='validUntil="2026-09-01T00:00:00Z"')
    for faute in ("<rien/>", perimee, service.metadonnees().replace("https://", "http://")):
        refuse = direction.post("/administration/services", data={**saisie, "metadonnees": faute})
        assert refuse.status_code == 422
        assert "métadonnées" in refuse.text
    assert direction.post("/administration/services", data=saisie).location.endswith("/manuel")
    fiche = direction.get("/administration/services/manuel").text
    for attendu in (service.entite, service.acs, f"{ENT}/saml/metadonnees", "Durable"):
        assert attendu in fiche
    assert "à remplacer" not in direction.get("/administration/services").text
    fin = instance.horloge.maintenant() + timedelta(days=20)
    bornee = service.metadonnees(bornes=f'validUntil="{fin:%Y-%m-%dT%H:%M:%SZ}"')
    direction.post("/administration/services/manuel/metadonnees", data={"metadonnees": bornee})
    assert "Elles finissent le" in direction.get("/administration/services/manuel").text
    assert "à remplacer" in direction.get("/administration/services").text
    eleve = instance.client("eleve")
    qui = f"essai.{instance.annuaire['eleve'].hex}"
    vu = direction.post("/administration/services/manuel/apercu", data={"identifiant": qui}).text
    assert "&lt;saml:AttributeValue&gt;Essai Eleve&lt;" in vu
    with instance.base.academie("essai") as session:
        gardee = session.scalars(select(ServiceDeclare.options).where(ServiceDeclare.cle == "manuel")).one()
    assert "Personne nommée" not in str(gardee)
    neuf = ServiceEssai("manuel", salle.services["resto"].cles)
    remplacer = "/administration/services/manuel/metadonnees"
    for faute in (salle.services["resto"].metadonnees(), perimee, "<rien/>"):
        assert direction.post(remplacer, data={"metadonnees": faute}).status_code == 422
    assert direction.post(remplacer, data={"metadonnees": neuf.metadonnees()}).status_code == 302
    assert client_refuse(Salle(instance, salle.ent, {"resto": service}), eleve)
    ecole_du_manuel = Salle(instance, salle.ent, {"resto": neuf})
    lue = formulaire(ecole_du_manuel.demander(eleve), salle.ent.certificat)
    assert lue.attributs == {"lastName": ["Essai Eleve"]}


def test_la_commande_declare_un_service_saml_et_ecrit_son_assertion(
    salle: Salle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance, service = salle.instance, ServiceEssai("notes", salle.services["cdi"].cles)
    monkeypatch.setenv("ENT_BASE", instance.base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", instance.ent.configuration.cle_secrete)
    monkeypatch.setenv("ENT_SERVEUR_SECURISE", "false")
    document = tmp_path / "notes.xml"
    document.write_text(service.metadonnees())

    def lancer(*arguments: str) -> str:
        return str(CliRunner().invoke(ent, ["sso", *arguments], catch_exceptions=False).output)

    ouvert = lancer(
        "service", "ajouter", "notes", "--nom", "Notes", "--adresse", service.racine, "--protocole", "saml",
        "--metadonnees", str(document), "--profil", "National_ELV", "--finalite", "Essayer.",
        "--destinataire", "Éditeur", "--gabarit", "uai", "--persistant",
    )  # fmt: skip
    assert "ouvert" in ouvert
    instance.client("eleve")
    dit = etree.fromstring(lancer("apercu", "notes", f"essai.{instance.annuaire['eleve'].hex}"))
    assert dit.findtext(f".//{ASSERTION}Audience") == service.entite
    assert ECOLE in [valeur.text for valeur in dit.iter(f"{ASSERTION}AttributeValue")]
    assert "remplacées" in lancer("service", "metadonnees", "notes", str(document))
    lancer("service", "retirer", "notes")
