"""L'entrée par un fournisseur SAML : partir avec une demande signée, revenir avec une réponse contrôlée."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.demandes import Demande
from ent_core.federation.evenement import EvenementAuthentification, lire_attributs
from ent_core.federation.saml.enveloppe import refus
from ent_core.federation.saml.partenaire import EntiteLocale, lire_metadonnees
from ent_core.federation.saml.pilote import Pilote
from ent_core.federation.saml.reponse import AssertionLue, lire_reponse
from ent_core.socle.calendrier import Horloge

__all__ = ["ClientSaml"]

_PERSISTANT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_EDUCONNECT = ("FrEduCtId", "urn:oid:1.3.6.1.4.1.20326.10.999.1.57")
"""Le nom durable d'un compte EduConnect : son ``NameID``, lui, change à chaque connexion."""


class ClientSaml:
    """Un fournisseur d'identité SAML 2.0.

    :param cle: sa clé dans la configuration.
    :param fournisseur: sa déclaration ; ``emetteur`` est son ``entityID``.
    :param horloge: heure de l'instance.
    """

    def __init__(self, cle: str, fournisseur: Fournisseur, horloge: Horloge) -> None:
        self.cle = cle
        self.fournisseur = fournisseur
        self._horloge = horloge
        self._echange: tuple[tuple[str, int], EntiteLocale, Pilote] | None = None

    def depart(self, demande: Demande, retour: str) -> str:
        """Adresse où envoyer le navigateur.

        :param demande: demande commencée.
        :param retour: adresse de retour, propre à ce fournisseur (ACS).
        :raises ConfigurationInvalide: métadonnées illisibles, ou ``xmlsec1`` absent.
        """
        return self._ouvrir(retour)[1].demander(_identifiant(demande), demande.etat)

    def conclure(self, recus: Mapping[str, str], demande: Demande, retour: str) -> EvenementAuthentification:
        """Lit la réponse reçue par un formulaire.

        :param recus: champs du formulaire ; leur état a déjà été reconnu.
        :param demande: demande à laquelle ils répondent.
        :param retour: adresse de retour envoyée au départ.
        :raises EntreeRefusee: elle n'est pas recevable.
        """
        entite, pilote = self._ouvrir(retour)
        lue = lire_reponse(
            recus.get("SAMLResponse", ""), pilote, entite, self._horloge.maintenant(),
            demande=_identifiant(demande), cbc=self.fournisseur.cbc,
        )  # fmt: skip
        return EvenementAuthentification(
            fournisseur=self.cle,
            emetteur=self.fournisseur.emetteur,
            sujet=self._sujet(lue),
            methode="saml",
            attributs=lire_attributs(lue.attributs, self.fournisseur.correspondance),
            acr=lue.niveau,
            instant=lue.instant,
            sid=lue.session,
        )

    def sortie(self, _preuve: str, _retour: str) -> str:
        """Rien à redire ici : EduConnect donne son adresse de sortie avec ``FrEduUrlRetour``."""
        return ""

    def metadonnees(self, retour: str) -> str:
        """Description de cet ENT, à remettre au fournisseur (XML).

        :param retour: adresse de retour, propre à ce fournisseur.
        """
        return self._ouvrir(retour)[1].metadonnees()

    def _ouvrir(self, retour: str) -> tuple[EntiteLocale, Pilote]:
        """L'échange avec lui ; refait quand le fichier de ses métadonnées change."""
        fichier = Path(self.fournisseur.metadonnees)
        version = retour, fichier.stat().st_mtime_ns if fichier.exists() else 0
        if self._echange is None or self._echange[0] != version:
            entite = EntiteLocale(
                self.fournisseur.client or f"{retour.removesuffix('/retour')}/metadonnees",
                retour,
                Path(self.fournisseur.cle_fichier),
                Path(self.fournisseur.certificat_fichier),
            )
            partenaire = lire_metadonnees(fichier, self.fournisseur.emetteur)
            self._echange = version, entite, Pilote(entite, partenaire)
        return self._echange[1:]

    def _sujet(self, lue: AssertionLue) -> str:
        """Le nom durable de la personne chez lui."""
        durables = {v for nom in _EDUCONNECT for v in lue.attributs.get(nom, ())}
        if self.fournisseur.correspondance == "educonnect" and len(durables) == 1:
            return durables.pop()
        if lue.format_sujet != _PERSISTANT:
            raise refus("sujet_passager")
        return lue.sujet


def _identifiant(demande: Demande) -> str:
    """Identifiant de la demande : il se recalcule de l'état, que seul ce navigateur peut rapporter."""
    return f"_{hashlib.sha256(demande.etat.encode('utf-8', 'replace')).hexdigest()}"
