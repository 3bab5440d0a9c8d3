"""Le client HTTP vers un partenaire : borné en temps et en taille, jamais vers l'intérieur."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ent_core.federation import client_http
from ent_core.federation.client_http import PartenaireInjoignable, envoyer
from tests.federation.cas_essais import BOUCLE, partenaire

PERMIS = frozenset({BOUCLE})


def test_un_echange_rend_statut_entetes_et_corps() -> None:
    with partenaire(201, {"X-Essai": "oui"}) as lui:
        reponse = envoyer("POST", f"{lui.adresse}?a=1", corps=b"x=1", autorises=PERMIS)
    assert (reponse.statut, reponse.entetes["x-essai"], reponse.corps) == (201, "oui", b"ok")
    assert lui.recus == [("/appli?a=1", "x=1")]


def test_une_redirection_n_est_jamais_suivie() -> None:
    with partenaire() as cible, partenaire(302, {"Location": cible.adresse}) as lui:
        assert envoyer("GET", lui.adresse, autorises=PERMIS).statut == 302
        assert cible.recus == []


@pytest.mark.exigence("IDF-C13")
@pytest.mark.parametrize(
    "adresse",
    [
        "http://exemple.invalid/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://compte:secret@exemple.fr/",
        "https://exemple.fr:25/",
        "https://exemple.fr/\r\nHost: interne",
        "file:///etc/passwd",
        "ftp://exemple.fr/",
        "https:///chemin",
    ],
)
def test_une_adresse_interne_ou_ambigue_n_est_pas_jointe(
    adresse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connexion tentée"))
    with pytest.raises(PartenaireInjoignable):
        envoyer("GET", adresse)


@pytest.mark.exigence("IDF-C13")
def test_un_nom_qui_mene_a_la_fois_dehors_et_dedans_est_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    trouvees = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (adresse, 443)) for adresse in ("192.0.2.1", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: trouvees)
    with pytest.raises(PartenaireInjoignable, match="pas publique"):
        envoyer("GET", "https://deux-faces.exemple.fr/")


@pytest.mark.parametrize("adresse", ["8.8.8.8", "2001:4860:4860::8888"])
def test_une_adresse_publique_est_publique(adresse: str) -> None:
    assert client_http._publique(adresse)


def test_une_reponse_trop_longue_est_refusee() -> None:
    with partenaire() as lui, pytest.raises(PartenaireInjoignable, match="dépasse"):
        envoyer("GET", lui.adresse, autorises=PERMIS, taille=1)


@pytest.mark.parametrize("schema", ["http", "https"])
def test_un_partenaire_qui_parle_au_goutte_a_goutte_est_coupe(
    schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chiffré ou non : chaque octet arrive à temps, l'échange entier jamais."""
    ecoute, coupe = socket.create_server((BOUCLE, 0)), Event()
    chiffre = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chiffre.load_cert_chain(certificat_de(BOUCLE, tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificat.pem"))

    def egrener() -> None:
        prise, _ = ecoute.accept()
        try:
            if schema == "https":
                prise = chiffre.wrap_socket(prise, server_side=True)
            prise.recv(1000)
            for octet in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300:
                prise.sendall(bytes([octet]))
                sleep(0.02)
        except OSError:
            coupe.set()
        finally:
            prise.close()

    fil = Thread(target=egrener, daemon=True)
    fil.start()
    adresse = f"{schema}://{BOUCLE}:{ecoute.getsockname()[1]}/"
    try:
        with pytest.raises(PartenaireInjoignable):
            envoyer("GET", adresse, autorises=PERMIS, delai=0.5)
    finally:
        fil.join()
        ecoute.close()
    assert coupe.is_set(), "il a été coupé avant d'avoir tout dit"


def certificat_de(hote: str, dossier: Path) -> Path:
    """Un certificat que seul cet essai croit, et sa clé, dans un fichier PEM."""
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "essai")])
    certificat = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(hote))]), critical=False)
        .sign(cle, hashes.SHA256())
    )
    fichier = dossier / "certificat.pem"
    fichier.write_bytes(
        cle.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificat.public_bytes(serialization.Encoding.PEM)
    )
    return fichier
