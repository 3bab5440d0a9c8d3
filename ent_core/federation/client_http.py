"""Le seul client HTTP vers un partenaire : borné, sans redirection, jamais vers l'intérieur.

Le nom est résolu une fois, chaque adresse trouvée est contrôlée, et c'est à l'adresse contrôlée que l'on se
connecte : un nom qui change de réponse entre le contrôle et l'appel (« DNS rebinding ») n'y gagne rien. Le
certificat, lui, est vérifié pour le nom.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from ent_core.socle.erreurs import ErreurEnt

__all__ = ["DELAI", "TAILLE", "PartenaireInjoignable", "ReponseHttp", "envoyer"]

DELAI = 3.0
"""Secondes accordées à un échange entier, du premier octet de la demande au dernier de la réponse."""

TAILLE = 256 * 1024
"""Octets lus d'une réponse ; au-delà, elle est refusée."""

_PORTS = {"http": 80, "https": 443}
_PREMIER_PORT_LIBRE = 1024


class PartenaireInjoignable(ErreurEnt):
    """Un service partenaire n'a pas répondu, ou ce qu'il a répondu n'est pas recevable."""

    code = "ENT-PARTENAIRE"
    statut_http = 502


@dataclass(frozen=True, slots=True)
class ReponseHttp:
    """Ce qu'un partenaire a répondu.

    :param entetes: en-têtes, noms en minuscules.
    """

    statut: int
    entetes: Mapping[str, str]
    corps: bytes


def envoyer(
    methode: str,
    url: str,
    *,
    corps: bytes | None = None,
    entetes: Mapping[str, str] | None = None,
    autorises: Collection[str] = (),
    delai: float = DELAI,
    taille: int = TAILLE,
) -> ReponseHttp:
    """Un échange, et un seul : une redirection est rendue telle quelle, jamais suivie.

    :param methode: ``GET`` ou ``POST``.
    :param url: adresse absolue, en ``https``.
    :param corps: corps de la demande.
    :param entetes: en-têtes de la demande.
    :param autorises: hôtes que la configuration admet à une adresse privée, et en ``http``.
    :param delai: secondes pour l'échange entier.
    :param taille: octets de réponse admis.
    :raises PartenaireInjoignable: adresse refusée, panne, lenteur, réponse trop longue ou illisible.
    """
    morceaux, hote, port = _decouper(url, autorises)
    adresse = _resoudre(hote, port, permis=hote in autorises)
    chemin = f"{morceaux.path or '/'}{'?' + morceaux.query if morceaux.query else ''}"
    try:
        with _connecter(morceaux.scheme, hote, port, adresse, delai) as (connexion, coupee):
            connexion.request(methode, chemin, body=corps, headers={"Connection": "close", **(entetes or {})})
            recue = connexion.getresponse()
            contenu = recue.read(taille + 1)
            if len(contenu) > taille:
                raise _injoignable(hote, f"sa réponse dépasse {taille // 1024} Kio")
            if recue.length or coupee.is_set():
                raise _injoignable(hote, "sa réponse est tronquée, ou trop lente")
            noms = {nom.lower(): valeur for nom, valeur in recue.getheaders()}
            return ReponseHttp(recue.status, noms, contenu)
    except (OSError, http.client.HTTPException, ValueError) as erreur:
        raise _injoignable(hote, f"l'échange a échoué ({type(erreur).__name__})") from erreur


def _decouper(url: str, autorises: Collection[str]) -> tuple[SplitResult, str, int]:
    try:
        morceaux = urlsplit(url)
        hote, port = (morceaux.hostname or "").lower(), morceaux.port
    except ValueError as erreur:
        raise _refusee("elle ne se lit pas") from erreur
    if any(ord(c) <= 32 or ord(c) > 126 for c in url) or not hote or "\\" in url:
        raise _refusee("elle contient un caractère interdit, ou n'a pas d'hôte")
    if morceaux.username is not None or morceaux.password is not None:
        raise _refusee("elle porte un compte")
    if morceaux.scheme != "https" and not (morceaux.scheme == "http" and hote in autorises):
        raise _refusee("elle n'est pas en https")
    port = _PORTS[morceaux.scheme] if port is None else port
    if port not in _PORTS.values() and port < _PREMIER_PORT_LIBRE:
        raise _refusee(f"le port {port} n'est pas celui d'un service web")
    return morceaux, hote, port


def _resoudre(hote: str, port: int, *, permis: bool) -> str:
    """Première adresse du nom ; une seule adresse privée parmi elles, et le nom entier est refusé."""
    try:
        trouvees = [str(ligne[4][0]) for ligne in socket.getaddrinfo(hote, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as erreur:
        raise _injoignable(hote, "son nom ne se résout pas") from erreur
    if not permis and any(not _publique(adresse) for adresse in trouvees):
        raise _refusee("elle mène à une adresse qui n'est pas publique")
    return trouvees[0]


def _publique(adresse: str) -> bool:
    lue: IPv4Address | IPv6Address = ip_address(adresse.partition("%")[0])
    if isinstance(lue, IPv6Address):
        # Une adresse IPv4 logée dans une IPv6 (traduction, tunnel) est jugée pour ce qu'elle est.
        logee = lue.ipv4_mapped or lue.sixtofour or (lue.teredo[1] if lue.teredo else None)
        if logee is None and lue.packed[:12] == bytes.fromhex("0064ff9b") + bytes(8):
            logee = IPv4Address(lue.packed[12:])
        lue = logee or lue
    return lue.is_global and not lue.is_multicast


@contextmanager
def _connecter(
    schema: str, hote: str, port: int, adresse: str, delai: float
) -> Iterator[tuple[http.client.HTTPConnection, Event]]:
    """Connexion à l'adresse contrôlée ; passé le délai, elle est coupée, même au goutte à goutte."""
    tenue = [socket.create_connection((adresse, port), timeout=delai)]
    coupee = Event()
    coupure = Timer(delai, _couper, (tenue, coupee))
    coupure.daemon = True
    coupure.start()
    connexion = http.client.HTTPConnection(hote, port, timeout=delai)
    try:
        if schema == "https":
            connexion = http.client.HTTPSConnection(hote, port, timeout=delai)
            # Chiffrer détache la première prise : l'autre doit pouvoir être coupée, dès la poignée de main.
            chiffree = ssl.create_default_context().wrap_socket(
                tenue[0], server_hostname=hote, do_handshake_on_connect=False
            )
            tenue[0] = chiffree
            chiffree.do_handshake()
        connexion.sock = tenue[0]
        yield connexion, coupee
    finally:
        coupure.cancel()
        connexion.close()
        tenue[0].close()


def _couper(tenue: list[socket.socket], coupee: Event) -> None:
    coupee.set()
    try:
        # Sous le chiffrement : la prise chiffrée attendrait, elle, le bon vouloir du partenaire.
        socket.socket.shutdown(tenue[0], socket.SHUT_RDWR)
    except OSError:
        return  # déjà fermée : l'échange est fini


def _refusee(pourquoi: str) -> PartenaireInjoignable:
    return PartenaireInjoignable(
        f"l'adresse du partenaire est refusée : {pourquoi}.",
        remede="corriger l'adresse déclarée ; un hôte interne s'autorise par [federation] hotes_permis.",
    )


def _injoignable(hote: str, pourquoi: str) -> PartenaireInjoignable:
    return PartenaireInjoignable(
        f"le partenaire ne répond pas comme il faut : {pourquoi}.",
        remede="réessayer ; si cela dure, prévenir le contact déclaré pour ce service.",
        lieu=hote,
    )
