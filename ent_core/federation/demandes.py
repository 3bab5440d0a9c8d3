"""La demande faite à un fournisseur : liée au navigateur par un témoin, et qui ne sert qu'une fois.

L'état voyage chez le fournisseur et dans l'adresse ; le témoin reste au navigateur. La demande ne revient
que si les deux vont ensemble. Ni le nonce, ni la preuve PKCE ne sont gardés : ils se recalculent de l'état,
par une clé que seul l'ENT possède.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.federation.evenement import EntreeRefusee
from ent_core.identite.modeles import EntreeEnAttente, JetonVu
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge

__all__ = [
    "DUREE",
    "Demande",
    "consommer",
    "nom_du_temoin",
    "ouvrir_demande",
    "purger",
    "reprendre_demande",
]

DUREE = timedelta(minutes=10)
"""Temps laissé à la personne chez le fournisseur."""

_ETAT_MAXIMAL = 200


@dataclass(frozen=True, slots=True)
class Demande:
    """Une entrée commencée.

    :param cle: fournisseur.
    :param etat: valeur qui revient dans l'adresse.
    :param temoin: valeur que garde le navigateur.
    :param suite: chemin local où aller ensuite.
    :param preuve: session déjà ouverte que la personne prouve de nouveau ; vide pour une entrée.
    """

    cle: str
    etat: str
    nonce: str
    verificateur: str
    temoin: str
    suite: str
    expire_le: datetime
    preuve: str = ""

    @property
    def commencee_le(self) -> datetime:
        """Instant du départ : une authentification plus ancienne n'en est pas la réponse."""
        return self.expire_le - DUREE

    @property
    def defi(self) -> str:
        """Preuve PKCE à envoyer d'abord (S256)."""
        return _en_texte(hashlib.sha256(self.verificateur.encode()).digest())

    @property
    def nom_du_temoin(self) -> str:
        """Nom du témoin : deux onglets n'effacent pas la demande l'un de l'autre."""
        return nom_du_temoin(self.etat)


def nom_du_temoin(etat: str) -> str:
    """Nom du témoin d'une demande.

    :param etat: état reçu ou donné.
    """
    return f"ent_entree_{hashlib.sha256(etat.encode('utf-8', 'replace')).hexdigest()[:12]}"


def ouvrir_demande(coffre: Coffre, horloge: Horloge, cle: str, suite: str, *, preuve: str = "") -> Demande:
    """Commence une entrée.

    :param coffre: calculs secrets de l'instance.
    :param horloge: heure de l'instance.
    :param cle: fournisseur.
    :param suite: chemin local où aller ensuite, déjà contrôlé.
    :param preuve: session à prouver de nouveau.
    """
    expire_le = horloge.maintenant() + DUREE
    return _batir(coffre, cle, secrets.token_urlsafe(32), suite, preuve, int(expire_le.timestamp()))


def reprendre_demande(coffre: Coffre, horloge: Horloge, cle: str, etat: str, temoin: str) -> Demande:
    """Retrouve la demande à laquelle le fournisseur répond.

    :param cle: fournisseur dont l'adresse de retour a servi.
    :param etat: état reçu.
    :param temoin: témoin reçu du navigateur.
    :raises EntreeRefusee: état ou témoin absent, faux, d'un autre navigateur, d'un autre fournisseur, échu.
    """
    expire, _, reste = temoin.partition(".")
    suite, _, reste = reste.partition(".")
    preuve, _, _sceau = reste.partition(".")
    try:
        echeance, chemin = int(expire), urlsafe_b64decode(suite).decode()
    except ValueError:
        raise _perdue() from None
    if not 0 < len(etat) <= _ETAT_MAXIMAL:
        raise _perdue()
    demande = _batir(coffre, cle, etat, chemin, preuve, echeance)
    if not hmac.compare_digest(demande.temoin.encode(), temoin.encode("utf-8", "replace")):
        raise _perdue()
    if demande.expire_le <= horloge.maintenant():
        raise _perdue()
    return demande


def consommer(session: Session, emetteur: str, jeton: str, expire_le: datetime) -> bool:
    """Vrai la première fois qu'un jeton à usage unique est présenté, sur quelque serveur que ce soit.

    :param emetteur: qui l'a donné.
    :param jeton: valeur présentée.
    :param expire_le: passé cet instant, elle serait refusée de toute façon.
    """
    empreinte = hashlib.sha256(f"{emetteur}\0{jeton}".encode("utf-8", "replace")).digest()
    premiere = session.scalar(
        insert(JetonVu)
        .values(jeton=empreinte, expire_le=expire_le)
        .on_conflict_do_nothing()
        .returning(JetonVu.jeton)
    )
    return premiere is not None


def purger(session: Session, horloge: Horloge) -> None:
    """Efface ce qui ne peut plus servir.

    :param session: session de l'académie.
    """
    instant = horloge.maintenant()
    # Une heure de plus que la validité : deux serveurs n'ont pas exactement la même heure.
    session.execute(delete(JetonVu).where(JetonVu.expire_le < instant - timedelta(hours=1)))
    session.execute(delete(EntreeEnAttente).where(EntreeEnAttente.expire_le < instant))


def _batir(coffre: Coffre, cle: str, etat: str, suite: str, preuve: str, echeance: int) -> Demande:
    sceau = coffre.sceller("entree.demande", cle, etat, suite, preuve, str(echeance))
    chemin = urlsafe_b64encode(suite.encode()).decode()
    try:
        expire_le = datetime.fromtimestamp(echeance, UTC)
    except (OverflowError, ValueError, OSError):
        raise _perdue() from None
    return Demande(
        cle,
        etat,
        nonce=_en_texte(coffre.sceller("entree.nonce", cle, etat)),
        verificateur=_en_texte(coffre.sceller("entree.pkce", cle, etat)),
        temoin=f"{echeance}.{chemin}.{preuve}.{_en_texte(sceau)}",
        suite=suite,
        expire_le=expire_le,
        preuve=preuve,
    )


def _en_texte(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _perdue() -> EntreeRefusee:
    return EntreeRefusee(
        "demande",
        "cette réponse ne correspond à aucune connexion commencée sur cet appareil, ou elle a trop tardé.",
        remede="recommencer depuis la page de connexion.",
    )
