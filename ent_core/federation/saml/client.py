"""L'entrée par un fournisseur SAML : partir avec une demande signée, revenir avec une réponse contrôlée."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.demandes import Demande
from ent_core.federation.evenement import EvenementAuthentification, lire_attributs
from ent_core.federation.saml.chez_lui import SessionSaml
from ent_core.federation.saml.enveloppe import refus
from ent_core.federation.saml.partenaire import EntiteLocale, lire_metadonnees
from ent_core.federation.saml.pilote import Pilote
from ent_core.federation.saml.reponse import AssertionLue, lire_reponse
from ent_core.federation.saml.sortie import MessageRecu, SortieDemandee, lire_sortie, sortie_confirmee
from ent_core.socle.calendrier import Horloge

__all__ = ["ClientSaml"]

_PERSISTANT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_EDUCONNECT = ("FrEduCtId", "urn:oid:1.3.6.1.4.1.20326.10.999.1.57")
"""Le nom durable d'un compte EduConnect : son ``NameID``, lui, change à chaque connexion."""

_SORTIE_EDUCONNECT = ("FrEduUrlRetour", "urn:oid:1.3.6.1.4.1.20326.10.999.1.5")


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
        entite, pilote = self._ouvrir(retour)
        gabarit = self.fournisseur.adresse_depart
        if gabarit and not demande.preuve:
            suite = f"{retour.removesuffix(f'/entree/{self.cle}/retour')}{demande.suite}"
            return gabarit.replace("{entite}", quote(entite.entite, safe="")).replace(
                "{suite}", quote(suite, safe="")
            )
        return pilote.demander(_identifiant(demande), demande.etat, de_nouveau=bool(demande.preuve))

    def conclure(self, recus: Mapping[str, str], demande: Demande, retour: str) -> EvenementAuthentification:
        """Lit la réponse reçue par un formulaire.

        :param recus: champs du formulaire ; leur état a déjà été reconnu.
        :param demande: demande à laquelle ils répondent.
        :param retour: adresse de retour envoyée au départ.
        :raises EntreeRefusee: elle n'est pas recevable.
        """
        return self._lire(recus, _identifiant(demande), retour)

    def accueillir(self, recus: Mapping[str, str], retour: str) -> EvenementAuthentification:
        """Lit une réponse que rien n'a demandée, d'un fournisseur qui y est admis.

        :param recus: champs du formulaire.
        :param retour: adresse de retour.
        :raises EntreeRefusee: elle n'est pas recevable, ou elle répond à une demande.
        """
        return self._lire(recus, "", retour)

    def _lire(self, recus: Mapping[str, str], demande: str, retour: str) -> EvenementAuthentification:
        entite, pilote = self._ouvrir(retour)
        lue = lire_reponse(
            recus.get("SAMLResponse", ""), pilote, entite, self._horloge.maintenant(),
            demande=demande, cbc=self.fournisseur.cbc,
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
            preuve=self._chez_lui(lue, pilote).en_texte(),
            jeton=lue.identifiant,
            expire_le=lue.expire_le,
        )

    def propose_la_sortie(self, preuve: str) -> bool:
        """Vrai si la personne peut se déconnecter aussi chez lui.

        :param preuve: ce que la session en garde.
        """
        chez_lui = SessionSaml.relire(preuve)
        return chez_lui is not None and bool(chez_lui.retour or chez_lui.annonce)

    def sortie(self, preuve: str, _suite: str, retour: str) -> str:
        """Adresse où se déconnecter aussi chez lui : celle qu'il a donnée, ou une annonce signée.

        :param preuve: ce que la session en garde.
        :param retour: adresse de retour, propre à ce fournisseur.
        """
        chez_lui = SessionSaml.relire(preuve)
        if chez_lui is None or not self.fournisseur.deconnexion:
            return ""
        pilote = self._ouvrir(retour)[1]
        if chez_lui.retour or not pilote.partenaire.sortie:
            return chez_lui.retour
        nom = {
            "text": chez_lui.nom, "format": chez_lui.format,
            "name_qualifier": chez_lui.chez, "sp_name_qualifier": chez_lui.pour,
        }  # fmt: skip
        return pilote.annoncer_la_sortie(nom, chez_lui.session, "")

    def lire_sortie(self, message: MessageRecu, retour: str) -> SortieDemandee:
        """Lit une fin de session qu'il annonce.

        :param message: annonce reçue.
        :param retour: adresse de retour, propre à ce fournisseur.
        :raises EntreeRefusee: elle n'est pas recevable.
        """
        entite, pilote = self._ouvrir(retour)
        return lire_sortie(message, pilote, entite, self._horloge.maintenant())

    def repondre_a_la_sortie(self, sortie: SortieDemandee, etat: str, retour: str, *, faite: bool) -> str:
        """Adresse où renvoyer le navigateur après une annonce ; vide s'il n'en publie pas.

        :param sortie: annonce lue.
        :param etat: ``RelayState`` reçu avec elle.
        :param retour: adresse de retour, propre à ce fournisseur.
        :param faite: faux si la session visée n'est pas celle de la personne nommée.
        """
        pilote = self._ouvrir(retour)[1]
        if not pilote.partenaire.suite_de_sortie:
            return ""
        return pilote.repondre_a_la_sortie(sortie.identifiant, etat, faite=faite)

    def sortie_confirmee(self, message: MessageRecu, retour: str) -> bool:
        """Vrai s'il confirme que la session est finie chez lui.

        :param message: réponse reçue.
        :param retour: adresse de retour, propre à ce fournisseur.
        :raises EntreeRefusee: elle n'est pas recevable.
        """
        entite, pilote = self._ouvrir(retour)
        return sortie_confirmee(message, pilote, entite, self._horloge.maintenant())

    def metadonnees(self, retour: str) -> str:
        """Description de cet ENT, à remettre au fournisseur (XML).

        :param retour: adresse de retour, propre à ce fournisseur.
        """
        return self._ouvrir(retour)[1].metadonnees()

    def _ouvrir(self, retour: str) -> tuple[EntiteLocale, Pilote]:
        """L'échange avec lui ; refait quand le fichier de ses métadonnées change."""
        declare = self.fournisseur
        fichier = Path(declare.metadonnees)
        version = retour, fichier.stat().st_mtime_ns if fichier.exists() else 0
        if self._echange is None or self._echange[0] != version:
            racine = retour.removesuffix("/retour")
            paires = [(declare.cle_fichier, declare.certificat_fichier)]
            if declare.cle_suivante_fichier:
                paires.append((declare.cle_suivante_fichier, declare.certificat_suivant_fichier))
            entite = EntiteLocale(
                declare.client or f"{racine}/metadonnees",
                retour,
                f"{racine}/sortie",
                tuple((Path(cle), Path(certificat)) for cle, certificat in paires),
                declare.emetteur_qualifie,
            )
            partenaire = lire_metadonnees(fichier, declare.emetteur)
            pilote = Pilote(entite, partenaire, spontanees=declare.idp_initiated)
            self._echange = version, entite, pilote
        return self._echange[1:]

    def _chez_lui(self, lue: AssertionLue, pilote: Pilote) -> SessionSaml:
        dites = {v for nom in _SORTIE_EDUCONNECT for v in lue.attributs.get(nom, ())}
        adresse = urlsplit(dites.pop()) if len(dites) == 1 else urlsplit("")
        # L'attribut est signé, mais un navigateur n'est envoyé que chez le fournisseur déclaré.
        admise = adresse.hostname in self.fournisseur.hotes_admis and not adresse.username
        sure = adresse.scheme == "https" or (adresse.scheme == "http" and self.fournisseur.reseau_interne)
        retour, annonce = adresse.geturl() if admise and sure else "", bool(pilote.partenaire.sortie)
        return SessionSaml(lue.sujet, lue.format_sujet, *lue.qualificatifs, lue.session, retour, annonce)

    def _sujet(self, lue: AssertionLue) -> str:
        """Le nom durable de la personne chez lui."""
        choisi, educonnect = self.fournisseur.sujet_attribut, self.fournisseur.correspondance == "educonnect"
        noms = (choisi,) if choisi else _EDUCONNECT if educonnect else ()
        durables = {v for nom in noms for v in lue.attributs.get(nom, ())}
        if len(durables) == 1:
            return durables.pop()
        if choisi:
            raise refus("sujet")
        if lue.format_sujet != _PERSISTANT:
            raise refus("sujet_passager")
        return lue.sujet


def _identifiant(demande: Demande) -> str:
    """Identifiant de la demande : il se recalcule de l'état, que seul ce navigateur peut rapporter."""
    return f"_{hashlib.sha256(demande.etat.encode('utf-8', 'replace')).hexdigest()}"
