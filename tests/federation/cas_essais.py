"""Pour les essais du serveur CAS : services déclarés, navigateur, partenaire sur la boucle locale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import InstanceEssai
from ent_core.federation.modeles import PartieDeSession
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.configuration import Configuration
from ent_core.socle.services import Federation, ServiceFichier

CAS = "{http://www.yale.edu/tp/cas}"
BOUCLE = "127.0.0.1"
TOUS = tuple(Profil)


def service(adresse: str, **valeurs: Any) -> ServiceFichier:
    """Un service du fichier, entier, ouvert à tous dans le premier collège."""
    defauts: dict[str, Any] = {
        "nom": "Service d'essai", "profils": TOUS, "finalite": "Essayer.", "destinataire": "Éditeur d'essai",
        "etablissements": (ECOLE,),
    }  # fmt: skip
    return ServiceFichier(adresse=adresse, **{**defauts, **valeurs})


def configuration(**services: ServiceFichier) -> Configuration:
    """Une instance où ces services sont déclarés, et où la boucle locale peut être jointe."""
    declares = {nom.replace("_", "-"): declare for nom, declare in services.items()}
    return configuration_essai(services=declares, federation=Federation(hotes_permis=(BOUCLE,)))


def demander(client: FlaskClient, adresse: str, **autres: str) -> TestResponse:
    """Ce que fait un service qui ne connaît pas la personne : il l'envoie à l'ENT."""
    return client.get("/cas/login", query_string={"service": adresse, **autres})


def ticket_de(reponse: TestResponse) -> str:
    """Ticket que la redirection porte."""
    assert reponse.status_code == 302, reponse.text
    return parse_qs(urlsplit(reponse.location).query)["ticket"][-1]


def obtenir(client: FlaskClient, adresse: str, **autres: str) -> str:
    """Un ticket pour ce service."""
    return ticket_de(demander(client, adresse, **autres))


def valider(
    instance: InstanceEssai, adresse: str, ticket: str, chemin: str = "/cas/p3/serviceValidate", **autres: str
) -> etree._Element:
    """Ce que le service demande à son tour, lui-même, sans témoin."""
    reponse = instance.application.test_client().get(
        chemin, query_string={"service": adresse, "ticket": ticket, **autres}
    )
    assert reponse.status_code == 200
    return etree.fromstring(reponse.data)


def code(reponse: etree._Element) -> str:
    """Code d'échec, ou vide si la validation a réussi."""
    echec = reponse.find(f"{CAS}authenticationFailure")
    if echec is None:
        assert reponse.find(f"{CAS}authenticationSuccess") is not None
        return ""
    return str(echec.get("code"))


def attributs(reponse: etree._Element) -> dict[str, list[str]]:
    """Attributs donnés, hors ceux du protocole."""
    lus: dict[str, list[str]] = {}
    for noeud in reponse.iterfind(f".//{CAS}attributes/*"):
        lus.setdefault(etree.QName(noeud).localname, []).append(noeud.text or "")
    for nom in ("authenticationDate", "longTermAuthenticationRequestTokenUsed", "isFromNewLogin"):
        lus.pop(nom, None)
    return lus


def utilisateur(reponse: etree._Element) -> str:
    return reponse.findtext(f".//{CAS}user") or ""


def actes(base: BaseDeDonnees, acte: str) -> list[Mapping[str, Any]]:
    with base.academie("essai") as session:
        return list(session.scalars(select(ActeJournal.details).where(ActeJournal.acte == acte)))


def parties(instance: InstanceEssai, role: str) -> list[PartieDeSession]:
    """Ce que les services savent des sessions d'une personne."""
    sienne = PartieDeSession.personne_id == instance.annuaire[role]
    with instance.base.academie("essai") as session:
        return list(session.scalars(select(PartieDeSession).where(sienne)))


@dataclass
class Partenaire:
    """Un service sur la boucle locale : ce qu'il a reçu, et ce qu'il répond."""

    port: int = 0
    statut: int = 200
    corps: str = "ok"
    recus: list[tuple[str, str]] = field(default_factory=list)

    @property
    def adresse(self) -> str:
        return f"http://{BOUCLE}:{self.port}/appli"


@contextmanager
def partenaire(
    statut: int = 200, entetes: Mapping[str, str] | None = None, corps: str = "ok"
) -> Iterator[Partenaire]:
    """Écoute sur la boucle locale, le temps de l'essai."""
    lui = Partenaire(statut=statut, corps=corps)

    class Ecoute(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            recu = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            lui.recus.append((self.path, recu))
            self.send_response(lui.statut)
            for nom, valeur in (entetes or {}).items():
                self.send_header(nom, valeur)
            self.end_headers()
            self.wfile.write(lui.corps.encode())

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            return

    serveur = ThreadingHTTPServer((BOUCLE, 0), Ecoute)
    lui.port = serveur.server_address[1]
    fil = Thread(target=serveur.serve_forever, args=(0.02,), daemon=True)
    fil.start()
    try:
        yield lui
    finally:
        serveur.shutdown()
        serveur.server_close()
        fil.join()


@contextmanager
def servie(instance: InstanceEssai) -> Iterator[str]:
    """L'instance, servie sur la boucle locale : un vrai client peut lui parler."""
    serveur = make_server(BOUCLE, 0, instance.application, threaded=True)
    fil = Thread(target=serveur.serve_forever, args=(0.02,), daemon=True)
    fil.start()
    try:
        yield f"http://{BOUCLE}:{serveur.server_port}"
    finally:
        serveur.shutdown()
        serveur.server_close()
        fil.join()
