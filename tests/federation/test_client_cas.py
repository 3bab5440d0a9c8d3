"""L'entrée par un serveur CAS extérieur : ce qu'il répond se lit à sa place, ou ne se lit pas (C17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_cas import ClientCas
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.demandes import ouvrir_demande
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe
from tests.federation.operateur_essais import Operateur, operateur

RETOUR = "https://ent.exemple.invalid/entree/cas/retour"
COFFRE = Coffre("une clé d'essai de plus de trente-deux caractères")
HORLOGE = HorlogeFixe(datetime(2026, 11, 23, 8, tzinfo=UTC))
NS = 'xmlns:cas="http://www.yale.edu/tp/cas"'


@pytest.fixture(scope="module")
def lui() -> Iterator[Operateur]:
    with operateur(HORLOGE) as service:
        yield service


def entrer(lui: Operateur, corps: str | bytes, ticket: str = "ST-1-abc") -> EvenementAuthentification:
    contenu = corps.encode() if isinstance(corps, str) else corps
    lui.detourner = {"/p3/serviceValidate": (200, {"Content-Type": "text/xml"}, contenu)}
    declare = Fournisseur(protocole="cas", nom="CAS", emetteur=lui.emetteur, reseau_interne=True)
    demande = ouvrir_demande(COFFRE, HORLOGE, "cas", "/")
    return ClientCas("cas", declare, HORLOGE).conclure({"ticket": ticket}, demande, RETOUR)


def reussite(dedans: str, ns: str = NS) -> str:
    return (
        f"<cas:serviceResponse {ns}><cas:authenticationSuccess>{dedans}</cas:authenticationSuccess>"
        "</cas:serviceResponse>"
    )


@pytest.mark.exigence("IDF-C17")
def test_c17_une_reponse_juste_donne_le_sujet_et_les_attributs_de_la_liste(lui: Operateur) -> None:
    attributs = "<cas:uai>0990101X</cas:uai><cas:uai>0990102Y</cas:uai><cas:sn>É &amp; F</cas:sn><cas:z/>"
    dit = entrer(
        lui, reussite(f"<cas:user> lea.martin </cas:user><cas:attributes>{attributs}</cas:attributes>")
    )
    assert (dit.sujet, dit.methode, dit.attributs.nom) == ("lea.martin", "cas", "É & F")
    assert dit.attributs.uais == ("0990101X", "0990102Y")
    chemin, question, _ = lui.demandes[-1]
    assert chemin == "/p3/serviceValidate"
    assert question["ticket"] == ["ST-1-abc"]
    assert question["service"][0].startswith(f"{RETOUR}?state=")


ECHEC = (
    f'<cas:serviceResponse {NS}><cas:authenticationFailure code="INVALID_TICKET">%s'
    "</cas:authenticationFailure></cas:serviceResponse>"
)


@pytest.mark.exigence("IDF-C17")
@pytest.mark.parametrize(
    ("corps", "motif"),
    [
        (ECHEC % "non", "ticket"),
        (ECHEC % "<cas:authenticationSuccess><cas:user>lea</cas:user></cas:authenticationSuccess>", "ticket"),
        (ECHEC % "&lt;cas:authenticationSuccess&gt;", "ticket"),
        (reussite("<cas:user>lea</cas:user>", 'xmlns:cas="http://autre.invalid/"'), "reponse"),
        ("<serviceResponse><authenticationSuccess><user>lea</user></authenticationSuccess></serviceResponse>",
         "reponse"),
        (reussite("<cas:user>lea</cas:user>").replace("</cas:serviceResponse>",
         "<cas:authenticationSuccess/></cas:serviceResponse>"), "reponse"),
        (reussite("<cas:user>a</cas:user><cas:user>b</cas:user>"), "sujet"),
        (reussite("<cas:user>a<b/>c</cas:user>"), "sujet"),
        (reussite("<cas:user> </cas:user>"), "sujet"),
        (reussite(""), "sujet"),
        ('<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + reussite("<cas:user>&e;</cas:user>"),
         "reponse"),
        ('<!DOCTYPE r [<!ENTITY e "lea">]>' + reussite("<cas:user>&e;</cas:user>"), "reponse"),
        ("pas du xml", "reponse"),
        (b"\xff\xfe", "reponse"),
        ("", "reponse"),
    ],
)  # fmt: skip
def test_c17_une_reponse_fausse_est_refusee(lui: Operateur, corps: Any, motif: str) -> None:
    with pytest.raises(EntreeRefusee) as leve:
        entrer(lui, corps)
    assert leve.value.motif == motif


@pytest.mark.exigence("IDF-C17")
def test_c17_un_commentaire_ne_coupe_pas_le_nom(lui: Operateur) -> None:
    dit = entrer(lui, reussite("<cas:user>admin<!-- -->.mechant</cas:user>"))
    assert dit.sujet == "admin.mechant"


@pytest.mark.exigence("IDF-C17")
def test_c17_une_reponse_enorme_un_ticket_etrange_et_une_adresse_http_sont_refuses(lui: Operateur) -> None:
    with pytest.raises(PartenaireInjoignable):
        entrer(lui, reussite(f"<cas:user>{'a' * 300_000}</cas:user>"))
    for ticket in ("", "PT-1", "ST-1&service=autre", "ST-" + "a" * 300):
        with pytest.raises(EntreeRefusee):
            entrer(lui, "", ticket)
    with pytest.raises(ValueError, match="https"):
        Fournisseur(protocole="cas", nom="CAS", emetteur="http://cas.exemple.invalid")


def test_le_depart_porte_l_etat_et_la_sortie_revient_a_l_ent(lui: Operateur) -> None:
    declare = Fournisseur(protocole="cas", nom="CAS", emetteur="https://cas.exemple.invalid/cas")
    client = ClientCas("cas", declare, HORLOGE)
    demande = ouvrir_demande(COFFRE, HORLOGE, "cas", "/")
    assert "renew=" not in client.depart(demande, RETOUR)
    preuve = ouvrir_demande(COFFRE, HORLOGE, "cas", "/", preuve="une-session")
    assert client.depart(preuve, RETOUR).endswith("&renew=true"), "se prouver de nouveau, même connecté"
    service = parse_qs(urlsplit(client.depart(demande, RETOUR)).query)["service"][0]
    assert parse_qs(urlsplit(service).query)["state"] == [demande.etat]
    assert client.sortie("", RETOUR, RETOUR).startswith("https://cas.exemple.invalid/cas/logout?service=")
