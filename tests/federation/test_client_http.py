"""Le client HTTP vers un partenaire : borné en temps et en taille, jamais vers l'intérieur."""

from __future__ import annotations

import socket
from threading import Event, Thread

import pytest

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


def test_un_partenaire_qui_parle_au_goutte_a_goutte_est_coupe() -> None:
    ecoute = socket.create_server((BOUCLE, 0))

    def egrener() -> None:
        prise, _ = ecoute.accept()
        with prise:
            prise.recv(1000)
            try:
                for octet in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000:
                    prise.sendall(bytes([octet]))
                    if fini.wait(0.02):
                        return
            except OSError:
                return

    fini = Event()
    fil = Thread(target=egrener, daemon=True)
    fil.start()
    port = ecoute.getsockname()[1]
    try:
        with pytest.raises(PartenaireInjoignable):
            envoyer("GET", f"http://{BOUCLE}:{port}/", autorises=PERMIS, delai=0.3)
    finally:
        fini.set()
        fil.join()
        ecoute.close()
