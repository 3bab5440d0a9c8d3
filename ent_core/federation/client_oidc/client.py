"""Le client OpenID Connect d'un fournisseur : partir chez lui, en revenir prouvé, en sortir."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_http import PartenaireInjoignable, ReponseHttp, envoyer
from ent_core.federation.client_oidc import jetons
from ent_core.federation.client_oidc.cles import Cles
from ent_core.federation.client_oidc.decouverte import Metadonnees, decouvrir, lire_objet
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import Demande
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification, lire_attributs
from ent_core.socle.calendrier import Horloge

__all__ = ["ClientOidc", "Sortie"]

_DUREE = timedelta(hours=1)
_REPIT = timedelta(seconds=30)
_AMR_MAXIMAL, _MOT_MAXIMAL = 10, 100


@dataclass(frozen=True, slots=True)
class Sortie:
    """Une déconnexion que le fournisseur annonce.

    :param jti: numéro du jeton, qui ne sert qu'une fois.
    """

    sid: str
    sujet: str
    jti: str
    expire_le: datetime


class ClientOidc:
    """Un fournisseur, vu d'un processus : ses adresses et ses clés y sont gardées.

    :param cle: sa clé dans la configuration.
    :param fournisseur: sa déclaration.
    :param horloge: heure de l'instance.
    """

    def __init__(self, cle: str, fournisseur: Fournisseur, horloge: Horloge) -> None:
        self.cle = cle
        self.fournisseur = fournisseur
        self._horloge = horloge
        self._lues: tuple[datetime, Metadonnees] | None = None
        self._panne: tuple[datetime, PartenaireInjoignable] | None = None
        self._cles = Cles(fournisseur, horloge, lambda: lire_objet(self._envoyer("GET", self.meta().cles)))

    def meta(self) -> Metadonnees:
        """Adresses du fournisseur, relues chaque heure ; une panne passagère laisse servir les dernières.

        :raises PartenaireInjoignable: jamais lues, et il ne répond pas.
        """
        instant = self._horloge.maintenant()
        if self._lues is not None and instant - self._lues[0] < _DUREE:
            return self._lues[1]
        if self._panne is not None and instant - self._panne[0] < _REPIT:
            raise self._panne[1]
        try:
            self._lues, self._panne = (instant, decouvrir(self.fournisseur)), None
        except PartenaireInjoignable as panne:
            # Qui insiste n'occupe pas un processus à attendre un serveur en panne.
            self._panne = (instant, panne)
            if self._lues is None:
                raise
            self._lues = (instant, self._lues[1])
        return self._lues[1]

    def depart(self, demande: Demande, retour: str) -> str:
        """Adresse où envoyer le navigateur.

        :param demande: demande commencée.
        :param retour: adresse de retour, propre à ce fournisseur.
        """
        f = self.fournisseur
        parametres = {
            "response_type": "code",
            "client_id": f.client,
            "redirect_uri": retour,
            "scope": " ".join(f.portees),
            "state": demande.etat,
            "nonce": demande.nonce,
        }
        if f.pkce:
            parametres |= {"code_challenge": demande.defi, "code_challenge_method": "S256"}
        if demande.preuve:
            parametres |= {"prompt": "login", "max_age": "0"}
        if f.demander_amr:
            parametres["claims"] = json.dumps({"id_token": {"amr": {"essential": True}}})
        return _avec(self.meta().depart, parametres)

    def conclure(self, recus: Mapping[str, str], demande: Demande, retour: str) -> EvenementAuthentification:
        """Échange le code reçu contre une identité vérifiée.

        :param recus: paramètres de l'adresse de retour ; leur état a déjà été reconnu.
        :param demande: demande à laquelle ils répondent.
        :param retour: adresse de retour envoyée au départ.
        :raises EntreeRefusee: la personne a renoncé, ou la réponse ne se vérifie pas.
        :raises PartenaireInjoignable: le fournisseur ne répond pas.
        """
        meta = self.meta()
        # Le mélange de fournisseurs se reconnaît avant tout envoi du code.
        if recus.get("iss", self.fournisseur.emetteur if not meta.annonce_son_nom else "") != (
            self.fournisseur.emetteur
        ):
            raise refuser("melange", "la réponse vient d'un autre service que celui qui a été demandé")
        if "error" in recus:
            raise _renonce(recus["error"])
        if not recus.get("code"):
            raise refuser("reponse", "sa réponse ne contient pas de code")
        rendus = self._echanger(meta, recus["code"], demande, retour)
        acces = rendus.get("access_token")
        acces = acces if isinstance(acces, str) else ""
        entete, dit = jetons.ouvrir(self.fournisseur, self._cles, rendus.get("id_token"))
        jetons.controler_identite(
            self.fournisseur, self._horloge, entete, dit, nonce=demande.nonce, acces=acces
        )
        infos = self._infos(meta, acces, dit["sub"])
        return EvenementAuthentification(
            fournisseur=self.cle,
            emetteur=self.fournisseur.emetteur,
            sujet=dit["sub"],
            methode="oidc",
            attributs=lire_attributs({**dit, **infos}, self.fournisseur.correspondance),
            amr=_mots(dit.get("amr")),
            acr=next(iter(_mots(dit.get("acr"))), ""),
            instant=_instant(dit.get("auth_time")),
            sid=next(iter(_mots(dit.get("sid"))), ""),
            preuve=rendus["id_token"],
        )

    def propose_la_sortie(self, _preuve: str) -> bool:
        """Vrai : s'il n'a pas d'adresse de sortie, on le découvre au moment de partir."""
        return True

    def sortie(self, preuve: str, suite: str, _retour: str) -> str:
        """Adresse où se déconnecter aussi chez le fournisseur ; vide s'il n'en a pas.

        :param preuve: jeton d'identité de la session.
        :param suite: adresse où revenir.
        """
        adresse = self.meta().sortie
        if not adresse or not self.fournisseur.deconnexion:
            return ""
        parametres = {"post_logout_redirect_uri": suite, "client_id": self.fournisseur.client}
        return _avec(adresse, {**parametres, "id_token_hint": preuve} if preuve else parametres)

    def lire_sortie(self, jeton: object) -> Sortie:
        """Vérifie un jeton de déconnexion.

        :param jeton: ``logout_token`` reçu.
        :raises EntreeRefusee: il n'est pas recevable.
        """
        entete, dit = jetons.ouvrir(self.fournisseur, self._cles, jeton)
        jetons.controler_sortie(self.fournisseur, self._horloge, entete, dit)
        echeance = datetime.fromtimestamp(dit["exp"], UTC) + jetons.TOLERANCE
        return Sortie(dit.get("sid") or "", str(dit.get("sub") or ""), dit["jti"], echeance)

    def relire_les_cles(self) -> dict[str, Any]:
        """Document des clés publiques, pour ``ent sso essayer``."""
        return lire_objet(self._envoyer("GET", self.meta().cles))

    def _echanger(self, meta: Metadonnees, code: str, demande: Demande, retour: str) -> dict[str, Any]:
        f = self.fournisseur
        champs = {"grant_type": "authorization_code", "code": code, "redirect_uri": retour}
        if f.pkce:
            champs["code_verifier"] = demande.verificateur
        entetes = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if f.authentification == "basic" and f.secret:
            paire = f"{quote_plus(f.client)}:{quote_plus(f.secret)}"
            entetes["Authorization"] = f"Basic {b64encode(paire.encode()).decode()}"
        else:
            champs |= {"client_id": f.client, **({"client_secret": f.secret} if f.secret else {})}
        corps = urlencode(champs).encode()
        return lire_objet(self._envoyer("POST", meta.jeton, corps=corps, entetes=entetes))

    def _infos(self, meta: Metadonnees, acces: str, sujet: str) -> dict[str, Any]:
        if not self.fournisseur.infos or not meta.infos or not acces:
            return {}
        entetes = {"Authorization": f"Bearer {acces}", "Accept": "application/json, application/jwt"}
        reponse = self._envoyer("GET", meta.infos, entetes=entetes)
        if reponse.entetes.get("content-type", "").partition(";")[0].strip() == "application/jwt":
            if reponse.statut != 200:
                raise refuser("infos", f"il a répondu par le code {reponse.statut}")
            _, infos = jetons.ouvrir(self.fournisseur, self._cles, reponse.corps.decode("ascii", "replace"))
            if infos.get("iss", self.fournisseur.emetteur) != self.fournisseur.emetteur:
                raise refuser("infos", "ses renseignements viennent d'un autre émetteur")
            destines = infos.get("aud", self.fournisseur.client)
            if self.fournisseur.client not in (destines if isinstance(destines, list) else [destines]):
                raise refuser("infos", "ses renseignements sont destinés à un autre service")
        else:
            infos = lire_objet(reponse)
        if infos.get("sub") != sujet:
            raise refuser("infos", "ses renseignements parlent d'une autre personne")
        return infos

    def _envoyer(self, methode: str, url: str, **options: Any) -> ReponseHttp:
        return envoyer(methode, url, autorises=self.fournisseur.hotes_internes, **options)


def _avec(adresse: str, parametres: Mapping[str, str]) -> str:
    return f"{adresse}{'&' if '?' in adresse else '?'}{urlencode(parametres)}"


def _mots(recu: object) -> tuple[str, ...]:
    liste = recu if isinstance(recu, list) else [recu]
    return tuple(
        mot for mot in liste[:_AMR_MAXIMAL]
        if isinstance(mot, str) and 0 < len(mot) <= _MOT_MAXIMAL and mot.isprintable()
    )  # fmt: skip


def _instant(recu: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(recu, UTC) if isinstance(recu, int) else None
    except (OverflowError, ValueError, OSError):
        return None


def _renonce(erreur: str) -> EntreeRefusee:
    """Le texte du fournisseur n'est jamais montré : il vient de l'adresse, que chacun peut écrire."""
    if erreur in ("access_denied", "login_required", "interaction_required", "consent_required"):
        return EntreeRefusee(
            "renonce",
            "la connexion n'est pas allée à son terme.",
            remede="recommencer, ou choisir une autre entrée.",
        )
    return refuser("erreur", "il dit ne pas pouvoir vous connecter")
