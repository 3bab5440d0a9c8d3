"""Entrer par un fournisseur SAML sur une instance entière : la demande, la réponse, le lien, et les refus."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from lxml import etree
from sqlalchemy import select

from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import ActeJournal, LienIdentite
from tests.federation.saml.lieu_essai import CLE, Lieu, ouvrir, revenir
from tests.federation.saml.saml_essai import IDP

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def lieu(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    with ouvrir(vivier, tmp_path_factory.mktemp("saml")) as lieu:
        yield lieu


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
