"""Arriver sans l'avoir demandé, se prouver de nouveau, être prévenu d'un appareil : par SAML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import AvisAppareil, LienIdentite, SessionFederee, SessionWeb
from ent_core.identite.secrets import empreinte_jeton
from tests.federation.saml.lieu_essai import CLE, Lieu, ouvrir, revenir
from tests.federation.saml.saml_essai import IDP, encoder

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
GUICHET = "https://idp.exemple.invalid/sso/SSO?SPEntityID={entite}&TARGET={suite}"


@pytest.fixture(scope="module")
def lieu(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    dossier = tmp_path_factory.mktemp("arrivees")
    with ouvrir(vivier, dossier, idp_initiated=True, adresse_depart=GUICHET) as lieu:
        yield lieu


def envoyee(lieu: Lieu, numero: str, etat: str = "", **choix: str) -> dict[str, str]:
    """Une réponse que l'ENT n'a pas demandée, comme le guichet en poste."""
    ici = "http://localhost/entree/educonnect"
    valeurs = {
        "acs": f"{ici}/retour", "ent": f"{ici}/metadonnees", "reference": f"{{AAF}}99|2D|{CLE}",
        "identifiant": numero, **choix,
    }  # fmt: skip
    sans_demande = lieu.forge.reponse(
        valeurs=valeurs, avant=lambda texte: texte.replace('InResponseTo="_q1"', "")
    )
    return {"SAMLResponse": encoder(sans_demande), "RelayState": etat}


def suivre(client: FlaskClient, reponse: TestResponse) -> TestResponse:
    assert (reponse.status_code, urlsplit(reponse.location).path) == (303, "/entree/educonnect/arrivee"), (
        reponse.text
    )
    return client.get(reponse.location)


@pytest.mark.exigence("IDF-S22")
@pytest.mark.parametrize(
    ("etat", "suite"),
    [
        ("/compte", "/compte"),
        ("http://localhost/compte", "/compte"),
        ("", "/"),
        ("https://ailleurs.invalid/", "/"),
        ("http://localhost.invalid/compte", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 5000, "/"),
    ],
)
def test_un_fournisseur_admis_fait_entrer_sans_demande(lieu: Lieu, etat: str, suite: str) -> None:
    client, numero = lieu.client(), f"_n{abs(hash(etat))}"
    envoi = envoyee(lieu, numero, etat)
    entree = suivre(client, revenir(client, envoi))
    assert (entree.status_code, entree.location) == (302, suite)
    assert client.get("/compte").status_code == 200
    avant = lieu.sessions()
    assert revenir(lieu.client(), envoi).status_code == 403, "la même assertion ne sert qu'une fois"
    assert lieu.journal("entree.refusee")["motif"] == "rejeu"
    assert lieu.sessions() == avant


@pytest.mark.exigence("IDF-S22")
def test_une_autre_session_ouverte_n_est_remplacee_que_si_la_personne_le_confirme(lieu: Lieu) -> None:
    client = lieu.instance.client("enseignant")
    place = revenir(client, envoyee(lieu, "_c1", "/compte"))
    page = suivre(client, place)
    assert (page.status_code, "Changer de compte ?" in page.text) == (200, True)
    assert lieu.personne != personne_de(lieu, client)
    change = client.post("/entree/educonnect/arrivee", data={"suite": "/compte"})
    assert (change.status_code, change.location) == (302, "/compte")
    assert personne_de(lieu, client) == lieu.personne
    # Le même, déjà entré : rien ne change, et l'attente est finie.
    avant = lieu.sessions()
    encore = suivre(client, revenir(client, envoyee(lieu, "_c2", "/compte")))
    assert (encore.location, lieu.sessions()) == ("/compte", avant)
    assert client.get("/entree/educonnect/arrivee").location == "/"


def personne_de(lieu: Lieu, client: FlaskClient) -> object:
    temoin = client.get_cookie("ent")
    assert temoin is not None
    with lieu.instance.base.academie("essai") as session:
        return session.scalar(
            select(SessionWeb.personne_id).where(SessionWeb.jeton == empreinte_jeton(temoin.value))
        )


@pytest.mark.exigence("IDF-S22", "IDF-S17")
def test_qui_n_est_pas_reconnu_relie_son_compte_et_qui_repond_a_rien_recommence(lieu: Lieu) -> None:
    client = lieu.client()
    inconnu = revenir(client, envoyee(lieu, "_i1", "/compte", educonnect="f" * 40, reference="{ECT}1"))
    assert (inconnu.status_code, inconnu.location) == (303, "/entree/relier?suite=/compte")
    assert 'name="mot_de_passe"' in client.get(inconnu.location).text
    perdue = lieu.forge.reponse(valeurs={
        "acs": "http://localhost/entree/educonnect/retour", "identifiant": "_i2",
        "ent": "http://localhost/entree/educonnect/metadonnees",
    })  # fmt: skip
    recommence = revenir(lieu.client(), {"SAMLResponse": encoder(perdue), "RelayState": ""})
    assert (recommence.status_code, recommence.location) == (303, "/entree/educonnect")


def test_le_depart_vers_un_guichet_suit_son_adresse(lieu: Lieu) -> None:
    depart = lieu.client().get("/entree/educonnect?suite=/compte").location
    assert depart == (
        "https://idp.exemple.invalid/sso/SSO?SPEntityID=http%3A%2F%2Flocalhost%2Fentree%2Feduconnect%2F"
        "metadonnees&TARGET=http%3A%2F%2Flocalhost%2Fcompte"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"adresse_depart": GUICHET},
        {"idp_initiated": True, "adresse_depart": "https://ailleurs.invalid/sso?e={entite}"},
        {"idp_initiated": True, "adresse_depart": "https://idp.exemple.invalid/sso?e={secret}"},
        {"cle_suivante_fichier": "seule.key"},
    ],
)
def test_une_declaration_imprudente_est_refusee(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="«"):
        Fournisseur(
            protocole="saml", nom="Guichet", emetteur=IDP, metadonnees="m", cle_fichier="c",
            certificat_fichier="c", **options,  # type: ignore[arg-type] # les options d'un essai sont libres
        )  # fmt: skip


# --- Se prouver de nouveau ---------------------------------------------------------------------------------


def vieillir(lieu: Lieu) -> None:
    with lieu.instance.base.academie("essai") as session:
        session.execute(update(SessionWeb).values(prouvee_le=lieu.forge.instant - timedelta(hours=1)))


def entre(lieu: Lieu, numero: str) -> FlaskClient:
    client = lieu.client()
    suivre(client, revenir(client, envoyee(lieu, numero, "/compte")))
    vieillir(lieu)
    return client


def prouvees(lieu: Lieu) -> int:
    """Sessions dont la preuve est fraîche."""
    with lieu.instance.base.academie("essai") as session:
        return len(
            session.scalars(
                select(SessionWeb.id)
                .join(SessionFederee, SessionFederee.session_id == SessionWeb.id)
                .where(SessionWeb.prouvee_le == lieu.forge.instant)
            ).all()
        )


@pytest.mark.exigence("SDET-AUTH-07")
def test_se_prouver_par_le_meme_fournisseur_sous_le_meme_nom(lieu: Lieu) -> None:
    client = entre(lieu, "_p1")
    page = client.get("/compte/preuve?suite=/compte").text
    assert "Me prouver avec EduConnect" in page
    assert 'href="/entree/educonnect/preuve?suite=/compte"' in page
    demande = lieu.demander(client, "/entree/educonnect/preuve?suite=/compte")
    assert demande.forcee
    retour = revenir(client, lieu.repondre(demande))
    assert urlsplit(retour.location).path == "/entree/educonnect/prouver"
    assert prouvees(lieu) == 0, "sans la session elle-même, une preuve n'élève rien"
    assert lieu.client().get(retour.location).location.startswith("/connexion")
    autre = entre(lieu, "_p2")
    assert autre.get(retour.location).status_code == 404, "la preuve d'une session n'en élève pas une autre"
    ancien = client.get_cookie("ent")
    assert client.get(retour.location).location == "/compte"
    nouveau = client.get_cookie("ent")
    assert (prouvees(lieu), ancien != nouveau) == (1, True)
    assert lieu.journal("session.prouvee")["methode"] == "saml"


@pytest.mark.exigence("SDET-AUTH-07")
@pytest.mark.parametrize(
    ("choix", "motif"),
    [({"educonnect": "d" * 40}, "autre_sujet"), ({"prouvee": "-600"}, "preuve_ancienne")],
)
def test_un_autre_nom_ou_une_vieille_preuve_ne_prouvent_rien(
    lieu: Lieu, choix: dict[str, str], motif: str
) -> None:
    client = entre(lieu, f"_r-{motif}")
    demande = lieu.demander(client, "/entree/educonnect/preuve")
    dits = {nom: lieu.forge.heure(int(v)) if nom == "prouvee" else v for nom, v in choix.items()}
    refusee = revenir(client, lieu.repondre(demande, **dits))
    assert (refusee.status_code, "La preuve n&#39;est pas faite" in refusee.text) == (403, True)
    assert lieu.journal("entree.refusee")["motif"] == motif
    assert (prouvees(lieu), client.get("/compte").status_code) == (0, 200), "la session n'a pas changé"
    assert client.get("/entree/autre/preuve").status_code == 404


def test_un_formulaire_deja_rempli_attend_la_preuve_dans_un_autre_onglet(lieu: Lieu) -> None:
    client = entre(lieu, "_f1")
    page = client.post("/compte/preuve", data={"preuve_code": ""}).text
    assert "Me prouver avec EduConnect" in page
    demande = lieu.demander(client, "/entree/educonnect/preuve")
    fait = client.get(revenir(client, lieu.repondre(demande)).location)
    assert fait.location == "/entree/educonnect/preuve/faite"
    assert "Fermez cet onglet" in client.get(fait.location).text


# --- L'appareil --------------------------------------------------------------------------------------------


def test_un_appareil_inconnu_fait_prevenir_la_personne_et_se_retient(lieu: Lieu) -> None:
    def avis() -> int:
        with lieu.instance.base.academie("essai") as session:
            return len(
                session.scalars(
                    select(AvisAppareil.id).where(AvisAppareil.personne_id == lieu.personne)
                ).all()
            )

    client = entre(lieu, "_a1")
    avant = avis()
    client.post("/deconnexion")
    suivre(client, revenir(client, envoyee(lieu, "_a2", "/compte")))
    assert avis() == avant, "le même appareil est reconnu"
    entre(lieu, "_a3")
    assert avis() == avant + 1
    with lieu.instance.base.academie("essai") as session:
        assert session.scalar(select(LienIdentite.moyen).where(LienIdentite.sujet == "e" * 40)) == "source"
