"""Une instance entière reliée à un fournisseur SAML d'essai, et ce fournisseur."""

from __future__ import annotations

import base64
import secrets
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select
from werkzeug.test import TestResponse

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import ActeJournal, Compte, Identifiant, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from tests.federation.saml.saml_essai import (
    IDP,
    Cles,
    Forge,
    cles,
    encoder,
    metadonnees,
    oublier_les_fichiers,
)

__all__ = ["CLE", "Demandee", "Lieu", "adresse_signee", "ouvrir", "revenir"]

CLE = "600101"


@dataclass(frozen=True, slots=True)
class Demandee:
    """Ce que le fournisseur lit dans la demande."""

    identifiant: str
    acs: str
    entite: str
    etat: str
    forcee: bool


class Lieu:
    """Une instance reliée à un fournisseur SAML, et ce fournisseur."""

    def __init__(
        self, dossier: Path, fabrique: FabriqueInstance, horloge: HorlogeFixe, **options: Any
    ) -> None:
        idp, ent = cles(dossier, "idp"), cles(dossier, "ent")
        (dossier / "idp.xml").write_text(metadonnees(idp))
        declare = Fournisseur(
            protocole="saml", nom="EduConnect", emetteur=IDP, metadonnees=str(dossier / "idp.xml"),
            cle_fichier=str(ent.fichier_cle), certificat_fichier=str(ent.fichier_certificat),
            correspondance="educonnect", publics=("eleve", "responsable"), academies={"99": "099"}, **options,
        )  # fmt: skip
        self.idp, self.ent = idp, ent
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
        """Part pour entrer."""
        return self.demander(client, "/entree/educonnect?suite=/compte")

    def demander(self, client: FlaskClient, chemin: str) -> Demandee:
        """Suit une adresse qui mène chez le fournisseur, et lit la demande comme lui."""
        depart = client.get(chemin)
        assert depart.location.startswith("https://idp.exemple.invalid/sso?"), depart.get_data(as_text=True)
        recus = parse_qs(urlsplit(depart.location).query)
        demande = etree.fromstring(zlib.decompress(b64decode(recus["SAMLRequest"][0]), -15))
        emetteur = demande.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
        return Demandee(
            demande.get("ID", ""), demande.get("AssertionConsumerServiceURL", ""), emetteur,
            recus["RelayState"][0], demande.get("ForceAuthn") == "true",
        )  # fmt: skip

    def repondre(self, demande: Demandee, **choix: str) -> dict[str, str]:
        valeurs = {
            "demande": demande.identifiant, "acs": demande.acs, "ent": demande.entite,
            "reference": f"{{AAF}}99|2D|{CLE}", "identifiant": f"_{secrets.token_hex(8)}", **choix,
        }  # fmt: skip
        return {"SAMLResponse": encoder(self.forge.reponse(valeurs=valeurs)), "RelayState": demande.etat}

    def sessions(self) -> int:
        with self.instance.base.academie("essai") as session:
            return len(session.scalars(select(SessionWeb.id)).all())

    def journal(self, acte: str) -> dict[str, Any]:
        """Détails du dernier acte de ce nom."""
        with self.instance.base.academie("essai") as session:
            lignes = session.scalars(
                select(ActeJournal).where(ActeJournal.acte == acte).order_by(ActeJournal.id)
            ).all()
            return dict(lignes[-1].details)

    def entrer(self, **choix: str) -> FlaskClient:
        """Une personne entrée par le fournisseur, dans un navigateur neuf."""
        client = self.client()
        reponse = revenir(client, self.repondre(self.partir(client), **choix))
        assert reponse.status_code == 302, reponse.get_data(as_text=True)
        return client


def revenir(client: FlaskClient, champs: dict[str, str]) -> TestResponse:
    """Le navigateur poste la réponse, depuis la page du fournisseur."""
    return client.post("/entree/educonnect/retour", data=champs, headers={"Sec-Fetch-Site": "cross-site"})


def adresse_signee(cle: Cles, champ: str, message: str, etat: str = "") -> str:
    """Ce qui suit « ? » dans une adresse signée par redirection."""
    comprime = zlib.compressobj(9, zlib.DEFLATED, -15)
    brut = comprime.compress(message.encode()) + comprime.flush()
    morceaux = {champ: base64.b64encode(brut).decode(), **({"RelayState": etat} if etat else {})}
    morceaux["SigAlg"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    signes = "&".join(f"{nom}={quote_plus(valeur)}" for nom, valeur in morceaux.items())
    signature = cle.cle.sign(signes.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signes}&Signature={quote_plus(base64.b64encode(signature).decode())}"


@contextmanager
def ouvrir(vivier: Vivier, dossier: Path, **options: Any) -> Iterator[Lieu]:
    """Ouvre un lieu, et le ferme ; la bibliothèque lit la montre de la machine, l'instance aussi.

    :param options: champs de plus de la déclaration du fournisseur.
    """
    horloge = HorlogeFixe(HorlogeSysteme().maintenant().replace(microsecond=0))
    fabrique = FabriqueInstance(vivier, horloge)
    yield Lieu(dossier, fabrique, horloge, **options)
    fabrique.fermer()
    oublier_les_fichiers()
