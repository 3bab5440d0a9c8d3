"""L'adresse d'un service : comparée morceau par morceau, jamais par une expression sur le texte.

Une adresse qui pourrait se lire de deux façons (compte, fragment, barre oblique inverse, caractère
encodé, segment qui remonte) est refusée, d'où qu'elle vienne.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["AdresseAdmise", "lire_adresse", "morceaux_surs", "sans_ticket"]

_PORTS = {"http": 80, "https": 443}
_LONGUEUR = 1500
_HOTE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_ENCODES = re.compile(r"%(?:2e|2f|5c|25|0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE)
_MAL_ENCODE = re.compile(r"%(?![0-9a-fA-F]{2})")
_TICKET = re.compile(r"[?&]ticket=[^&#]*$")


@dataclass(frozen=True, slots=True)
class AdresseAdmise:
    """Ce qu'un service déclare : où il est, et le début de ses chemins."""

    schema: str
    hote: str
    port: int
    chemin: str

    def admet(self, url: str) -> bool:
        """Vrai si une adresse reçue est de ce service.

        :param url: adresse reçue, à laquelle on ne se fie pas.
        """
        morceaux = morceaux_surs(url)
        if morceaux is None:
            return False
        origine = (morceaux.scheme, morceaux.netloc.partition(":")[0], _port(morceaux))
        if _ipv6(morceaux):
            origine = (morceaux.scheme, morceaux.netloc.rpartition("]")[0] + "]", _port(morceaux))
        chemin = morceaux.path or "/"
        dedans = chemin == self.chemin or chemin.startswith(self.chemin.rstrip("/") + "/")
        return origine == (self.schema, self.hote, self.port) and dedans

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.schema] else f":{self.port}"
        return f"{self.schema}://{self.hote}{port}{self.chemin}"


def morceaux_surs(url: str) -> SplitResult | None:
    """Morceaux d'une adresse qui ne se lit que d'une façon ; ``None`` sinon.

    :param url: adresse reçue.
    """
    if not url or len(url) > _LONGUEUR or any(not 32 < ord(c) < 127 for c in url):
        return None
    if any(c in url for c in '\\#<>"{}|^`'):
        return None
    try:
        morceaux = urlsplit(url)
        port = morceaux.port
    except ValueError:
        return None
    # ``urlsplit`` met le schéma et l'hôte en minuscules : écrits autrement, ils seraient ambigus.
    hote = morceaux.netloc.rpartition(":")[0] if port is not None else morceaux.netloc
    if morceaux.scheme not in _PORTS or not url.startswith(f"{morceaux.scheme}://"):
        return None
    if not _HOTE.fullmatch(hote) or morceaux.netloc.endswith(":") or port == 0:
        return None
    chemin = morceaux.path
    if _ENCODES.search(chemin) or _MAL_ENCODE.search(url) or "//" in chemin:
        return None
    if any(segment in (".", "..") for segment in unquote(chemin).split("/")):
        return None
    return morceaux


def lire_adresse(texte: str, hotes_permis: frozenset[str] = frozenset()) -> AdresseAdmise:
    """Adresse déclarée d'un service.

    :param texte: ce qui est déclaré, ``https://hote[:port][/chemin]``.
    :param hotes_permis: hôtes admis sans https (réseau interne).
    :raises DonneeInvalide: elle ne se lit pas d'une seule façon, ou n'est pas en https.
    """
    morceaux = morceaux_surs(texte.strip())
    if morceaux is None or morceaux.query:
        raise DonneeInvalide(
            "cette adresse ne se lit pas d'une seule façon.",
            remede="écrire https://, l'hôte en minuscules, au besoin le port, puis le début du chemin.",
        )
    hote = morceaux.netloc.rpartition("]")[0] + "]" if _ipv6(morceaux) else morceaux.netloc.partition(":")[0]
    if morceaux.scheme != "https" and hote not in hotes_permis:
        raise DonneeInvalide(
            "un service reçoit des données personnelles : son adresse commence par https://.",
            remede="passer le service en https ; pour un hôte interne, voir [federation] hotes_permis.",
        )
    return AdresseAdmise(morceaux.scheme, hote, _port(morceaux), morceaux.path or "/")


def sans_ticket(url: str) -> str:
    """Adresse sans le paramètre ``ticket`` que des clients laissent à la fin ; nulle part ailleurs.

    :param url: adresse reçue.
    """
    return _TICKET.sub("", url)


def _port(morceaux: SplitResult) -> int:
    return morceaux.port or _PORTS[morceaux.scheme]


def _ipv6(morceaux: SplitResult) -> bool:
    return morceaux.netloc.startswith("[")
