"""Le mur des connexions : à 8 h, tout un département se connecte, et les autres pages doivent s'ouvrir.

Le vrai serveur, ses processus et ses fils, sous une foule qui se connecte sans cesse ; à côté, la machine qui
ne calcule que des empreintes (argon2id t2, 19 Mio, p1). Le but porte sur le rapport des deux, et sur celui du
95e centile d'une page servie pendant la foule, puis au calme. Il demande une machine sans autre travail.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from argon2 import PasswordHasher

from bench.base import CLE, base_neuve
from bench.mesure import annoncer
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite import connexion, freinage
from ent_core.identite.connexion import Authentification, Origine
from ent_core.identite.modeles import Compte, Etablissement, Personne, Rattachement
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeSysteme

__all__ = ["mesurer"]

_SECRET = "girafe trottoir violon"  # noqa: S105 - mot de passe du banc
_COMPTES = 200
_FOULE = 24
_AU_TRAVAIL = 6
_TOURS = 5
_ECOLE = "0750001A"
_LANCER = "from ent_core.cli import principal; principal()"


def mesurer(dossier: Path, *, secondes: float = 12.0) -> bool:
    """Mesure et annonce le mur des connexions ; rend vrai si les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param secondes: durée de chaque phase.
    """
    processus = os.cpu_count() or 2
    coffre = Coffre(CLE)
    rapports, nus, connexions = [], [], []
    with base_neuve(dossier) as neuve:
        _peupler(neuve.base, coffre)
        temoin = _session(neuve.base)
        empreinte = coffre.hacher(_SECRET)
        with _serveur(neuve.application.render_as_string(hide_password=False), processus) as port:
            calme = _pages(port, temoin, secondes)
            for _ in range(_TOURS):
                nus.append(_empreintes(empreinte, processus, secondes / 4))
                statuts, par_seconde = _assaut(port, coffre, secondes / 3, _AU_TRAVAIL)
                connexions.append(par_seconde)
                rapports.append(par_seconde / nus[-1])
            with ThreadPoolExecutor(1) as fils:
                pages = fils.submit(_pages, port, temoin, secondes)
                statuts, _ = _assaut(port, coffre, secondes, _FOULE)
                pendant = pages.result()
    rapport, lenteur = statistics.median(rapports), _centile(pendant) / _centile(calme)
    print(
        f"      {statistics.median(nus):.1f} empreintes/s, {statistics.median(connexions):.1f} connexions/s"
        f" ({_TOURS} tours) ; la foule reçoit {dict(statuts)}\n"
        f"      page au calme p95 {_centile(calme) * 1000:.1f} ms, pendant la foule"
        f" {_centile(pendant) * 1000:.1f} ms ({len(pendant)} pages)"
    )
    surprises = set(statuts) - {302, 503}
    tenus = rapport >= 0.85, lenteur <= 2.5, not surprises and statuts[503] > 0
    annoncer("connexions par seconde ÷ empreintes nues", rapport, "≥ 0,85", tenus[0])
    annoncer("p95 d'une page pendant la foule ÷ au calme", lenteur, "≤ 2,5", tenus[1])
    annoncer("réponses autres que 302 et 503 (et des 503)", float(len(surprises)), "0", tenus[2])
    return all(tenus)


def _peupler(base: BaseDeDonnees, coffre: Coffre) -> None:
    empreinte = coffre.hacher(_SECRET)
    with base.academie("banc : comptes") as session:
        session.add(Etablissement(uai=_ECOLE, nom="Collège du banc", degre=2))
        session.flush()
        for rang in range(_COMPTES):
            personne = Personne(nom=f"Banc {rang}", prenom="Camille")
            session.add(personne)
            session.flush()
            session.add_all(
                (
                    Rattachement(
                        uai=_ECOLE, personne_id=personne.id, profil=Profil.ELEVE, source="banc",
                        debut=date(2020, 1, 1),
                    ),
                    Compte(
                        personne_id=personne.id, identifiant=f"banc.{rang}", etat="actif", empreinte=empreinte
                    ),
                )
            )  # fmt: skip


def _session(base: BaseDeDonnees) -> str:
    with base.academie("banc : session") as session:
        compte = session.query(Compte).filter_by(identifiant="banc.0").one()
        ouverture = connexion.entrer(
            session, HorlogeSysteme(), Authentification("banc", str(compte.id)), Origine("127.0.0.1", "banc")
        )
    assert ouverture is not None
    return f"ent={ouverture.jeton}"


@contextmanager
def _serveur(adresse: str, processus: int) -> Iterator[int]:
    with socket.socket() as libre:
        libre.bind(("127.0.0.1", 0))
        port: int = libre.getsockname()[1]
    milieu = {
        **os.environ, "ENT_BASE": adresse, "ENT_CLE_SECRETE": CLE, "ENT_SERVEUR_SECURISE": "false",
        "ENT_JOURNAUX_NIVEAU": "ERROR", "PYTHONPATH": str(Path(__file__).parents[1]),
    }  # fmt: skip
    milieu.pop("ENT_CONFIGURATION", None)
    lance = subprocess.Popen(  # noqa: S603 - notre commande
        [sys.executable, "-c", _LANCER, "servir", "--port", str(port), "--processus", str(processus)],
        env=milieu, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                if _Visiteur(port).demander("GET", "/sante")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("le serveur du banc ne répond pas")
        yield port
    finally:
        lance.terminate()
        lance.wait(20)


class _Visiteur:
    """Un client HTTP qui ne coûte presque rien : il partage la machine avec le serveur qu'il mesure."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._prise: socket.socket | None = None

    def demander(
        self, methode: str, chemin: str, temoins: str = "", corps: str = ""
    ) -> tuple[int, bytes, bytes]:
        """Statut, en-têtes et page ; la connexion est gardée tant que le serveur la garde."""
        envoi = (
            f"{methode} {chemin} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nCookie: {temoins}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(corps)}\r\n\r\n{corps}"
        ).encode()
        try:
            return self._echanger(envoi)
        except ConnectionError:
            self.raccrocher()
            return self._echanger(envoi)

    def _echanger(self, envoi: bytes) -> tuple[int, bytes, bytes]:
        if self._prise is None:
            self._prise = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._prise.sendall(envoi)
        recu = b""
        while b"\r\n\r\n" not in recu:
            recu += self._lire()
        entetes, _, page = recu.partition(b"\r\n\r\n")
        bas = entetes.lower()
        longueur = re.search(rb"content-length: (\d+)", bas)
        while longueur and len(page) < int(longueur[1]):
            page += self._lire()
        if b"connection: close" in bas:
            self.raccrocher()
        return int(entetes[9:12]), entetes, page

    def _lire(self) -> bytes:
        lu = self._prise.recv(1 << 16) if self._prise else b""
        if not lu:
            raise ConnectionResetError
        return lu

    def raccrocher(self) -> None:
        """Ferme la connexion."""
        if self._prise is not None:
            self._prise.close()
            self._prise = None


def _pages(port: int, temoin: str, secondes: float) -> list[float]:
    """Durées d'une page, ouverte cinq fois par seconde : elle observe la foule sans en être une."""
    durees = []
    visiteur = _Visiteur(port)
    fin = time.perf_counter() + secondes
    while time.perf_counter() < fin:
        debut = time.perf_counter()
        statut, _, _ = visiteur.demander("GET", "/", temoin)
        durees.append(time.perf_counter() - debut)
        if statut != 200:
            raise RuntimeError(f"la page répond {statut}")
        time.sleep(0.2)
    visiteur.raccrocher()
    return durees[len(durees) // 10 :]


def _empreintes(empreinte: str, processus: int, secondes: float) -> float:
    """Empreintes vérifiées par seconde, par autant de fils que de processus ; argon2 rend le verrou."""
    argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    fin = time.perf_counter() + secondes

    def verifier(_: int) -> int:
        faites = 0
        while time.perf_counter() < fin:
            argon2.verify(empreinte, _SECRET)
            faites += 1
        return faites

    with ThreadPoolExecutor(processus) as fils:
        return sum(fils.map(verifier, range(processus))) / secondes


def _centile(durees: list[float]) -> float:
    """Le 95e centile."""
    return sorted(durees)[int(len(durees) * 0.95)]


def _assaut(port: int, coffre: Coffre, secondes: float, foule: int) -> tuple[Counter[int], float]:
    """Une foule d'appareils connus se connecte sans cesse ; qui est refusé revient une seconde après."""
    statuts: Counter[int] = Counter()
    appareils = [freinage.jeton_appareil(coffre, f"banc.{rang}") for rang in range(_COMPTES)]
    fin = time.perf_counter() + secondes

    def insister(rang: int) -> None:
        visiteur = _Visiteur(port)
        _, entetes, page = visiteur.demander("GET", "/connexion")
        csrf = page.decode().split('name="csrf_token" value="')[1].split('"')[0]
        pose = "; ".join(t.decode() for t in re.findall(rb"(?i)set-cookie: ([^;\r]+)", entetes))
        tour = rang
        while time.perf_counter() < fin:
            tour = (tour + foule) % _COMPTES
            corps = urlencode({"identifiant": f"banc.{tour}", "mot_de_passe": _SECRET, "csrf_token": csrf})
            temoins = f"{pose}; ent_appareil={appareils[tour]}"
            statut, _, _ = visiteur.demander("POST", "/connexion", temoins, corps)
            statuts[statut] += 1
            if statut == 503:
                time.sleep(1)
        visiteur.raccrocher()

    with ThreadPoolExecutor(foule) as fils:
        debut = time.perf_counter()
        list(fils.map(insister, range(foule)))
        return statuts, statuts[302] / (time.perf_counter() - debut)
