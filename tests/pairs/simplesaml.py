"""SimpleSAMLphp, du paquet de Debian, en fournisseur d'identité : il chiffre, sous les noms d'EduConnect."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Reglages", "lancer"]

_PAQUET = Path("/usr/share/simplesamlphp/www")
_ATTENTE = 20
_EDUCONNECT = "urn:oid:1.3.6.1.4.1.20326.10.999.1."
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_REDIRECTION = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True, slots=True)
class Reglages:
    """Un fournisseur, le seul service qu'il connaît, et ses comptes.

    :param dossier: où il écrit ; ``idp.key`` et ``idp.crt`` y sont déjà.
    :param ent: ``entityID`` de l'ENT, et ``certificat`` le sien (base 64, sans en-tête).
    :param comptes: identifiant → attributs, sous le dernier arc de leur OID.
    """

    dossier: Path
    hote: str
    port: int
    ent: str
    certificat: str
    retour: str
    sortie: str
    comptes: Mapping[str, Mapping[str, Sequence[str]]]

    @property
    def racine(self) -> str:
        """Adresse du fournisseur."""
        return f"http://{self.hote}:{self.port}"


@contextmanager
def lancer(reglages: Reglages) -> Iterator[None]:
    """Lance le fournisseur, et l'arrête ; un seul processus, qui ne s'appelle jamais lui-même.

    :param reglages: ce qu'il doit savoir.
    """
    php = shutil.which("php")
    if php is None or not _PAQUET.is_dir():
        pytest.skip("simplesamlphp et php-cli manquent : outils/installer_paquets.sh epreuves")
    _ecrire(reglages)
    with (reglages.dossier / "journal").open("w") as journal:
        pair = subprocess.Popen(  # noqa: S603 - commande fixe
            [php, "-d", f"session.save_path={reglages.dossier}", "-S", f"{reglages.hote}:{reglages.port}",
             "-t", str(_PAQUET)],
            env={"SIMPLESAMLPHP_CONFIG_DIR": str(reglages.dossier), "PATH": "/usr/bin:/bin"},
            stdout=journal, stderr=journal,
        )  # fmt: skip
        try:
            _attendre(reglages, pair)
            yield
        finally:
            pair.terminate()
            pair.wait(timeout=10)


def _attendre(reglages: Reglages, pair: subprocess.Popen[bytes]) -> None:
    fin = time.monotonic() + _ATTENTE
    while pair.poll() is None and time.monotonic() < fin:
        with socket.socket() as prise:
            if prise.connect_ex((reglages.hote, reglages.port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError((reglages.dossier / "journal").read_text()[-2000:])


def _ecrire(r: Reglages) -> None:
    (r.dossier / "metadata").mkdir()
    ici = f"{r.dossier}/"
    _php(r.dossier / "config.php", "config", {
        "baseurlpath": f"{r.racine}/", "certdir": ici, "loggingdir": ici, "datadir": ici, "tempdir": ici,
        "metadatadir": f"{ici}metadata", "secretsalt": "un sel d'essai", "timezone": "Europe/Paris",
        "technicalcontact_email": "essai@exemple.invalid", "auth.adminpassword": "essai",
        "enable.saml20-idp": True, "store.type": "phpsession", "session.cookie.secure": False,
        "session.phpsession.savepath": str(r.dossier), "logging.handler": "errorlog",
        "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "metadata.sources": [{"type": "flatfile"}], "trusted.url.domains": [r.hote, "localhost"],
    })  # fmt: skip
    comptes = {
        f"{nom}:secret": {f"{_EDUCONNECT}{arc}" if arc.isdigit() else arc: list(v) for arc, v in dits.items()}
        for nom, dits in r.comptes.items()
    }
    _php(r.dossier / "authsources.php", "config", {"personnes": ["exampleauth:UserPass", comptes]})
    _php(r.dossier / "metadata/saml20-idp-hosted.php", "metadata", {
        f"{r.racine}/idp": {
            "host": "__DEFAULT__", "privatekey": "idp.key", "certificate": "idp.crt", "auth": "personnes",
            "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "attributes.NameFormat": _URI, "assertion.encryption": True, "sign.logout": True,
            "validate.logout": True, "validate.authnrequest": True,
        },
    })  # fmt: skip
    _php(r.dossier / "metadata/saml20-sp-remote.php", "metadata", {
        r.ent: {
            "AssertionConsumerService": r.retour, "certData": r.certificat, "attributes.NameFormat": _URI,
            "SingleLogoutService": [{"Binding": _REDIRECTION, "Location": r.sortie}],
            "validate.authnrequest": True, "redirect.sign": True, "redirect.validate": True,
        },
    })  # fmt: skip


def _php(fichier: Path, variable: str, valeurs: Mapping[str, object]) -> None:
    """Écrit un fichier de réglages, en PHP."""
    fichier.write_text(f"<?php\n${variable} = {_litteral(dict(valeurs))};\n")


def _litteral(valeur: object) -> str:
    if isinstance(valeur, bool):
        return "true" if valeur else "false"
    if isinstance(valeur, str):
        return "'{}'".format(valeur.replace("\\", "\\\\").replace("'", "\\'"))
    if isinstance(valeur, dict):
        # Une source de comptes mêle un nom de classe sans clé et des comptes : la liste en est le signe.
        return "[{}]".format(", ".join(f"{_litteral(c)} => {_litteral(v)}" for c, v in valeur.items()))
    if isinstance(valeur, list):
        if len(valeur) == 2 and isinstance(valeur[1], dict) and isinstance(valeur[0], str):
            return f"[{_litteral(valeur[0])}, ...{_litteral(valeur[1])}]"
        return "[{}]".format(", ".join(_litteral(v) for v in valeur))
    raise TypeError(type(valeur).__name__)
