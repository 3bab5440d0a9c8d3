"""Entrer par un fournisseur SAML sur une instance entière : la demande, la réponse, le lien, et les refus."""

from __future__ import annotations

import gc
import warnings
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select
from werkzeug.test import TestResponse

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import ActeJournal, Compte, Identifiant, LienIdentite, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from tests.federation.saml.saml_essai import IDP, Forge, cles, encoder, metadonnees

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CLE = "600101"


@dataclass(frozen=True, slots=True)
class Demandee:
    """Ce que le fournisseur lit dans la demande."""

    identifiant: str
    acs: str
    entite: str
    etat: str


class Lieu:
    """Une instance reliée à un fournisseur SAML, et ce fournisseur."""

    def __init__(self, dossier: Path, fabrique: FabriqueInstance, horloge: HorlogeFixe) -> None:
        idp, ent = cles(dossier, "idp"), cles(dossier, "ent")
        (dossier / "idp.xml").write_text(metadonnees(idp))
        declare = Fournisseur(
            protocole="saml", nom="EduConnect", emetteur=IDP, metadonnees=str(dossier / "idp.xml"),
            cle_fichier=str(ent.fichier_cle), certificat_fichier=str(ent.fichier_certificat),
            correspondance="educonnect", publics=("eleve", "responsable"), academies={"99": "099"},
        )  # fmt: skip
        self.forge = Forge(horloge.maintenant(), idp, ent)
        self.instance = fabrique(configuration=configuration_essai(fournisseurs={"educonnect": declare}))
        self.personne = self.instance.annuaire["parent"]
        with self.instance.base.academie("essai") as session:
            session.add(
                Identifiant(source="AAF:099", type="ENTPersonJointure", valeur=CLE, personne_id=self.personne)
            )
            if session.scalar(select(Compte.id).where(Compte.personne_id == self.personne)) is None:
                session.add(Compte(personne_id=self.personne, identifiant="saml.essai", etat="actif"))

    def client(self) -> FlaskClient:
        return self.instance.application.test_client()

    def partir(self, client: FlaskClient) -> Demandee:
        depart = client.get("/entree/educonnect", query_string={"suite": "/compte"})
        assert depart.location.startswith("https://idp.exemple.invalid/sso?"), depart.get_data(as_text=True)
        recus = parse_qs(urlsplit(depart.location).query)
        demande = etree.fromstring(zlib.decompress(b64decode(recus["SAMLRequest"][0]), -15))
        emetteur = demande.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
        return Demandee(
            demande.get("ID", ""), demande.get("AssertionConsumerServiceURL", ""), emetteur,
            recus["RelayState"][0],
        )  # fmt: skip

    def repondre(self, demande: Demandee, **choix: str) -> dict[str, str]:
        valeurs = {
            "demande": demande.identifiant, "acs": demande.acs, "ent": demande.entite,
            "reference": f"{{AAF}}99|2D|{CLE}", **choix,
        }  # fmt: skip
        return {"SAMLResponse": encoder(self.forge.reponse(valeurs=valeurs)), "RelayState": demande.etat}

    def sessions(self) -> int:
        with self.instance.base.academie("essai") as session:
            return len(session.scalars(select(SessionWeb.id)).all())


@pytest.fixture(scope="module")
def lieu(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    horloge = HorlogeFixe(HorlogeSysteme().maintenant().replace(microsecond=0))
    fabrique = FabriqueInstance(vivier, horloge)
    yield Lieu(tmp_path_factory.mktemp("saml"), fabrique, horloge)
    fabrique.fermer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def revenir(client: FlaskClient, champs: dict[str, str]) -> TestResponse:
    return client.post("/entree/educonnect/retour", data=champs)


@pytest.mark.exigence("SDET-AUTH-01", "IDF-S25")
def test_un_parent_entre_par_educonnect_et_son_lien_est_garde(lieu: Lieu) -> None:
    client = lieu.client()
    demande = lieu.partir(client)
    assert demande.acs.endswith("/entree/educonnect/retour")
    reponse = revenir(client, lieu.repondre(demande, reference=f"{{AAF}}99|2D|{CLE}"))
    assert (reponse.status_code, reponse.location) == (302, "/compte"), reponse.get_data(as_text=True)
    assert client.get("/compte").status_code == 200
    with lieu.instance.base.academie("essai") as session:
        lien = session.scalars(select(LienIdentite).where(LienIdentite.emetteur == IDP)).one()
        assert (lien.sujet, lien.personne_id, lien.moyen) == ("e" * 40, lieu.personne, "source")

    # La fois suivante, le nom passager a changé ; le nom durable suffit, sans clé.
    encore = lieu.client()
    suivante = lieu.repondre(lieu.partir(encore), sujet="autre-nom-passager", reference="{ECT}1")
    assert revenir(encore, suivante).location == "/compte"


@pytest.mark.exigence("IDF-S15", "IDF-S17")
def test_une_reponse_ne_sert_qu_une_fois_et_a_un_seul_navigateur(lieu: Lieu) -> None:
    client, voisin = lieu.client(), lieu.client()
    champs = lieu.repondre(lieu.partir(client))
    assert revenir(client, champs).status_code == 302
    avant = lieu.sessions()
    rejouee, volee = revenir(client, champs), revenir(voisin, champs)
    assert lieu.sessions() == avant
    assert rejouee.location is None or rejouee.location.endswith("/entree/educonnect")
    assert volee.location.endswith("/entree/educonnect"), "un autre navigateur refait sa propre demande"


@pytest.mark.exigence("IDF-S22")
@pytest.mark.parametrize("suite", ["", "https://ailleurs.invalid/", "javascript:alert(1)", "x" * 5000])
def test_ce_que_personne_n_a_demande_fait_repartir_une_demande(lieu: Lieu, suite: str) -> None:
    avant, champs = lieu.sessions(), lieu.repondre(lieu.partir(lieu.client()))
    reponse = revenir(lieu.client(), {**champs, "RelayState": suite})
    assert (reponse.status_code, urlsplit(reponse.location).path) == (303, "/entree/educonnect")
    assert urlsplit(reponse.location).netloc in {"", "localhost"}
    assert lieu.sessions() == avant


@pytest.mark.exigence("IDF-S9", "IDF-S21")
def test_un_refus_se_dit_simplement_et_se_consigne(lieu: Lieu) -> None:
    client = lieu.client()
    demande = lieu.partir(client)
    refusee = revenir(client, lieu.repondre(demande, statut="Responder"))
    page = refusee.get_data(as_text=True)
    assert refusee.status_code == 403
    assert "ENT-ENTREE" in page
    assert IDP not in page
    with lieu.instance.base.academie("essai") as session:
        acte = session.scalars(select(ActeJournal).where(ActeJournal.acte == "entree.refusee")).all()[-1]
    assert acte.details["motif"] == "saml.refuse_par_le_fournisseur"


def test_les_metadonnees_sont_a_remettre_au_fournisseur(lieu: Lieu) -> None:
    publiees = lieu.client().get("/entree/educonnect/metadonnees")
    assert publiees.mimetype == "application/samlmetadata+xml"
    racine = etree.fromstring(publiees.data)
    assert racine.get("entityID", "").endswith("/entree/educonnect/metadonnees")
