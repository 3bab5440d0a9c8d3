"""Le premier lecteur : ``pysaml2`` demande, vérifie et déchiffre ; ce module est le seul à le connaître.

Il laisse passer ce que ``reponse`` refuse ensuite (destinataire, destination, algorithmes, rejeu) : aucun des
deux ne suffit seul, et ils doivent désigner la même assertion.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Mapping
from typing import Any

from cryptography import x509

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
    :param spontanees: laisser passer ce que rien n'a demandé ; ``reponse`` dit ce qui est attendu.
    """

    def __init__(self, entite: EntiteLocale, partenaire: Partenaire, *, spontanees: bool = False) -> None:
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
        self._entite = entite
        configuration = SPConfig()
        configuration.load(_reglages(entite, partenaire, spontanees=spontanees))
        self._client: Any = Saml2Client(configuration)

    def demander(self, identifiant: str, etat: str, *, de_nouveau: bool = False) -> str:
        """Adresse où envoyer le navigateur, avec une demande signée.

        :param identifiant: identifiant de la demande, que la réponse devra citer.
        :param etat: valeur que le fournisseur rend telle quelle (``RelayState``).
        :param de_nouveau: la personne se prouve de nouveau, même si elle a une session chez lui.
        """
        vers = self.partenaire.connexion
        choix = {"force_authn": "true"} if de_nouveau else {}
        # La signature est celle de l'adresse : par redirection, le message lui-même n'en porte pas.
        _, demande = self._client.create_authn_request(
            vers, binding=_POST, message_id=identifiant, sign=False, **choix
        )
        if self._entite.qualifie:
            demande.issuer.name_qualifier = self._entite.entite
        return self._adresse(demande, vers, etat)

    def annoncer_la_sortie(self, nom: Mapping[str, str], session: str, etat: str) -> str:
        """Adresse où envoyer le navigateur pour qu'une session finisse aussi chez le fournisseur.

        :param nom: ``text``, ``format``, ``name_qualifier`` et ``sp_name_qualifier`` du ``NameID`` reçu.
        :param session: ``SessionIndex`` reçu, vide s'il n'y en avait pas.
        :param etat: valeur que le fournisseur rend telle quelle.
        """
        from saml2.saml import NameID

        vers = self.partenaire.sortie
        dits = {cle: valeur for cle, valeur in nom.items() if valeur}
        _, demande = self._client.create_logout_request(
            vers, self.partenaire.entite, name_id=NameID(**dits),
            session_indexes=[session] if session else None, sign=False,
        )  # fmt: skip
        return self._adresse(demande, vers, etat)

    def repondre_a_la_sortie(self, demande: str, etat: str, *, faite: bool) -> str:
        """Adresse où renvoyer le navigateur, avec la réponse signée à une annonce de sortie.

        :param demande: identifiant de l'annonce.
        :param etat: ``RelayState`` reçu avec elle.
        :param faite: faux si cette session n'est pas celle de la personne nommée.
        """
        from saml2 import s_utils, samlp, time_util

        statut = (
            s_utils.success_status_factory()
            if faite
            else samlp.Status(
                status_code=samlp.StatusCode(
                    value=samlp.STATUS_RESPONDER,
                    status_code=samlp.StatusCode(value=samlp.STATUS_UNKNOWN_PRINCIPAL),
                )
            )
        )
        vers = self.partenaire.suite_de_sortie
        reponse = samlp.LogoutResponse(
            id=s_utils.sid(), version="2.0", issue_instant=time_util.instant(), destination=vers,
            issuer=self._client._issuer(), in_response_to=demande, status=statut,
        )  # fmt: skip
        return self._adresse(reponse, vers, etat, reponse=True)

    def _adresse(self, message: Any, vers: str, etat: str, *, reponse: bool = False) -> str:
        envoi = self._client.apply_binding(
            REDIRECTION, str(message), vers, relay_state=etat, response=reponse, sign=True, sigalg=_RSA_SHA256
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
        """Description de cet ENT, à remettre au fournisseur : signée, elle vaut autant que son certificat."""
        from saml2.metadata import entity_descriptor, sign_entity_descriptor

        description = entity_descriptor(self._client.config)
        terme = max(
            x509.load_pem_x509_certificate(certificat.read_bytes()).not_valid_after_utc
            for _, certificat in self._entite.paires
        )
        description.valid_until = terme.strftime("%Y-%m-%dT%H:%M:%SZ")
        _, signee = sign_entity_descriptor(
            description, None, self._client.sec, sign_alg=_RSA_SHA256, digest_alg=_SHA256
        )
        return str(signee)


def _reglages(entite: EntiteLocale, partenaire: Partenaire, *, spontanees: bool) -> dict[str, Any]:
    paires = [{"key_file": str(cle), "cert_file": str(certificat)} for cle, certificat in entite.paires]
    service = {
        "endpoints": {
            "assertion_consumer_service": [(entite.retour, _POST)],
            "single_logout_service": [(entite.sortie, REDIRECTION), (entite.sortie, _POST)],
        },
        "allow_unsolicited": spontanees,
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
        **paires[0],
        # Pendant un renouvellement, les deux certificats sont publiés, et les deux clés déchiffrent.
        "additional_cert_files": [paire["cert_file"] for paire in paires[1:]],
        "encryption_keypairs": paires,
        "metadata": {"inline": [partenaire.metadonnees]},
        "accepted_time_diff": _TOLERANCE,
        "allow_unknown_attributes": True,
        "service": {"sp": service},
    }
