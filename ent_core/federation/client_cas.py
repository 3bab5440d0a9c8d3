"""L'entrée par un serveur CAS extérieur : un ticket rendu par le navigateur, vérifié de serveur à serveur."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from lxml import etree

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_http import envoyer
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import Demande
from ent_core.federation.evenement import EvenementAuthentification, lire_attributs
from ent_core.socle.calendrier import Horloge
from ent_core.socle.xml import analyseur_sur

__all__ = ["ClientCas"]

_NS = "{http://www.yale.edu/tp/cas}"
_TICKET = re.compile(r"ST-[A-Za-z0-9._\-]{1,250}")
_SUJET_MAXIMAL = 255


class ClientCas:
    """Un serveur CAS auprès de qui l'ENT est un service comme un autre.

    :param cle: sa clé dans la configuration.
    :param fournisseur: sa déclaration ; ``emetteur`` est l'adresse du serveur.
    :param horloge: heure de l'instance.
    """

    def __init__(self, cle: str, fournisseur: Fournisseur, horloge: Horloge) -> None:
        self.cle = cle
        self._horloge = horloge
        self.fournisseur = fournisseur
        self._racine = fournisseur.emetteur.rstrip("/")

    def depart(self, demande: Demande, retour: str) -> str:
        """Adresse où envoyer le navigateur.

        :param demande: demande commencée.
        :param retour: adresse de retour, propre à ce fournisseur.
        """
        return f"{self._racine}/login?{urlencode(_question(demande, retour))}"

    def conclure(self, recus: Mapping[str, str], demande: Demande, retour: str) -> EvenementAuthentification:
        """Fait vérifier le ticket reçu.

        :param recus: paramètres de l'adresse de retour ; leur état a déjà été reconnu.
        :param demande: demande à laquelle ils répondent.
        :param retour: adresse de retour envoyée au départ.
        :raises EntreeRefusee: ticket refusé, ou réponse qui ne se lit pas.
        :raises PartenaireInjoignable: le serveur ne répond pas.
        """
        ticket = recus.get("ticket", "")
        if not _TICKET.fullmatch(ticket):
            raise refuser("ticket", "il n'a pas donné de ticket")
        question = urlencode({**_question(demande, retour), "ticket": ticket})
        adresse = f"{self._racine}/p3/serviceValidate?{question}"
        reponse = envoyer("GET", adresse, autorises=self.fournisseur.hotes_internes)
        if reponse.statut != 200:
            raise refuser("reponse", f"il a répondu par le code {reponse.statut}")
        sujet, attributs = _lire(reponse.corps)
        return EvenementAuthentification(
            fournisseur=self.cle,
            emetteur=self.fournisseur.emetteur,
            sujet=sujet,
            methode="cas",
            attributs=lire_attributs(attributs, self.fournisseur.correspondance),
            # Avec « renew », il ne valide un ticket que si la personne vient de se prouver.
            instant=self._horloge.maintenant() if demande.preuve else None,
            sid=ticket,
        )

    def propose_la_sortie(self, _preuve: str) -> bool:
        """Vrai : tout serveur CAS a une adresse de sortie."""
        return True

    def sortie(self, _preuve: str, suite: str, _retour: str) -> str:
        """Adresse où se déconnecter aussi chez le fournisseur ; vide s'il ne le faut pas.

        :param suite: adresse où revenir.
        """
        return (
            f"{self._racine}/logout?{urlencode({'service': suite})}" if self.fournisseur.deconnexion else ""
        )


def _question(demande: Demande, retour: str) -> dict[str, str]:
    """L'adresse que le ticket ouvre porte l'état, que CAS ne connaît pas ; ``renew`` veut une preuve."""
    service = {"service": f"{retour}?{urlencode({'state': demande.etat})}"}
    return {**service, "renew": "true"} if demande.preuve else service


def _lire(corps: bytes) -> tuple[str, dict[str, list[str]]]:
    """Sujet et attributs ; la réussite est un élément à sa place, jamais un texte trouvé quelque part."""
    if b"<!" in corps.replace(b"<!--", b"") or b"<?xml-stylesheet" in corps:
        raise refuser("reponse", "sa réponse contient une déclaration interdite")
    try:
        racine = etree.fromstring(corps, analyseur_sur(sans_commentaires=True))
    except (etree.XMLSyntaxError, ValueError) as erreur:
        raise refuser("reponse", "ce n'est pas du XML") from erreur
    enfants = list(racine)
    if racine.tag != f"{_NS}serviceResponse" or len(enfants) != 1:
        raise refuser("reponse", "ce n'est pas une réponse CAS")
    (seul,) = enfants
    if seul.tag != f"{_NS}authenticationSuccess":
        raise refuser("ticket", "il ne reconnaît pas le ticket")
    noms = seul.findall(f"{_NS}user")
    sujet = (noms[0].text or "").strip() if len(noms) == 1 and not len(noms[0]) else ""
    if not 0 < len(sujet) <= _SUJET_MAXIMAL or not sujet.isprintable():
        raise refuser("sujet", "il ne dit pas qui est la personne")
    attributs: dict[str, list[str]] = {}
    for element in seul.iterfind(f"{_NS}attributes/*"):
        if isinstance(element.tag, str) and element.tag.startswith(_NS) and not len(element):
            attributs.setdefault(element.tag.removeprefix(_NS), []).append(element.text or "")
    return sujet, attributs
