"""Le premier lecteur : ``pysaml2`` demande, vérifie et déchiffre ; ce module est le seul à le connaître.

Il laisse passer ce que ``reponse`` refuse ensuite (destinataire, destination, algorithmes, rejeu) : aucun des
deux ne suffit seul, et ils doivent désigner la même assertion.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from typing import Any

from ent_core.federation.saml.enveloppe import refus
from ent_core.federation.saml.partenaire import REDIRECTION, EntiteLocale, Partenaire
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["Pilote"]

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_TOLERANCE = 180
"""Secondes d'écart qu'il admet : il lit sa propre montre ; le contrôle à la minute est dans ``reponse``."""

# Ses journaux citent ce qu'il lit : noms, identifiants, assertions entières.
logging.getLogger("saml2").setLevel(logging.CRITICAL + 1)


class Pilote:
    """Un échange avec un fournisseur ; bâti une fois par version de ses métadonnées.

    :param entite: cet ENT.
    :param partenaire: fournisseur d'identité.
    """

    def __init__(self, entite: EntiteLocale, partenaire: Partenaire) -> None:
        with warnings.catch_warnings():
            # Il nomme à l'import un mode de chiffrement que « cryptography » retire ; il ne sert pas ici.
            warnings.filterwarnings("ignore", message=".*CFB has been moved")
            from saml2.client import Saml2Client
            from saml2.config import SPConfig
        if shutil.which("xmlsec1") is None:
            raise ConfigurationInvalide(
                "un fournisseur SAML est déclaré, et le programme « xmlsec1 » manque sur cette machine.",
                remede="l'installer (sous Debian : apt-get install xmlsec1), puis relancer l'ENT.",
            )
        self.partenaire = partenaire
        configuration = SPConfig()
        configuration.load(_reglages(entite, partenaire))
        self._client: Any = Saml2Client(configuration)

    def demander(self, identifiant: str, etat: str) -> str:
        """Adresse où envoyer le navigateur, avec une demande signée.

        :param identifiant: identifiant de la demande, que la réponse devra citer.
        :param etat: valeur que le fournisseur rend telle quelle (``RelayState``).
        """
        vers = self.partenaire.connexion
        _, demande = self._client.create_authn_request(vers, binding=_POST, message_id=identifiant)
        envoi = self._client.apply_binding(
            REDIRECTION, str(demande), vers, relay_state=etat, sign=True, sigalg=_RSA_SHA256
        )
        return str(dict(envoi["headers"])["Location"])

    def juger(self, texte: str, demande: str) -> tuple[str, str]:
        """Avis du premier lecteur sur une réponse.

        :param texte: champ ``SAMLResponse``.
        :param demande: identifiant de la demande de ce navigateur.
        :returns: identifiant de l'assertion, et nom du sujet.
        :raises EntreeRefusee: il la refuse, ou n'y lit pas de sujet.
        """
        from saml2.population import Population

        self._client.users = Population(None)  # il y garde, en mémoire, chaque personne qu'il a lue
        try:
            lue = self._client.parse_authn_request_response(texte, _POST, outstanding={demande: ""})
            sujet = lue.name_id.text if lue is not None and lue.name_id is not None else ""
            assertion = lue.assertion.id if sujet else ""
        except Exception as erreur:  # il lève de tout, jusqu'à des erreurs d'attribut
            raise refus("verification") from erreur
        if not sujet or not assertion:
            raise refus("sujet")
        return str(assertion), str(sujet)

    def dechiffrer(self, xml: str) -> str:
        """Le même document, son assertion en clair.

        :param xml: réponse chiffrée.
        :raises EntreeRefusee: la clé de cet ENT n'ouvre rien ; la même réponse, quelle qu'en soit la cause.
        """
        try:
            return str(self._client.sec.decrypt_keys(xml))
        except Exception as erreur:
            raise refus("dechiffrement") from erreur

    def metadonnees(self) -> str:
        """Description de cet ENT, à remettre au fournisseur."""
        from saml2.metadata import entity_descriptor

        return str(entity_descriptor(self._client.config))


def _reglages(entite: EntiteLocale, partenaire: Partenaire) -> dict[str, Any]:
    paire = {"key_file": str(entite.cle), "cert_file": str(entite.certificat)}
    service = {
        "endpoints": {"assertion_consumer_service": [(entite.retour, _POST)]},
        "allow_unsolicited": False,
        "authn_requests_signed": True,
        "want_assertions_signed": False,
        "want_response_signed": False,
        # L'une ou l'autre : Shibboleth signe la réponse et chiffre l'assertion ; d'autres signent celle-ci.
        "want_assertions_or_response_signed": True,
        # Ici, et non au premier niveau, où la bibliothèque les ignore sans le dire.
        "signing_algorithm": _RSA_SHA256,
        "digest_algorithm": _SHA256,
        "name_id_format_allow_create": True,
    }
    return {
        "entityid": entite.entite,
        **paire,
        "encryption_keypairs": [paire],
        "metadata": {"inline": [partenaire.metadonnees]},
        "accepted_time_diff": _TOLERANCE,
        "allow_unknown_attributes": True,
        "service": {"sp": service},
    }
