"""Le mur des connexions : à 8 h, tout un département se connecte, et les autres pages doivent s'ouvrir.

Le vrai serveur, ses processus et ses fils, sous une foule qui se connecte sans cesse ; à côté, la machine qui
ne calcule que des empreintes (argon2id t2, 19 Mio, p1). Le but porte sur le rapport des deux, et sur celui du
95e centile d'une page servie pendant la foule, puis au calme. Il demande une machine sans autre travail.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
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
_ECOLE = "0750001A"
_LANCER = "from ent_core.cli import principal; principal()"


def mesurer(dossier: Path, *, secondes: float = 12.0) -> bool:
    """Mesure et annonce le mur des connexions ; rend vrai si les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param secondes: durée de chaque phase.
    """
    processus = os.cpu_count() or 2
    coffre = Coffre(CLE)
    with base_neuve(dossier) as neuve:
        _peupler(neuve.base, coffre)
        temoin = _session(neuve.base)
        with _serveur(neuve.application.render_as_string(hide_password=False), processus) as port:
            calme = _pages(port, temoin, secondes)
            nus = _empreintes(coffre.hacher(_SECRET), processus, secondes)
            statuts, pendant, par_seconde = _assaut(port, temoin, coffre, secondes)
    rapport = par_seconde / nus
    lenteur = _centile(pendant) / _centile(calme)
    print(
        f"      {nus:.1f} empreintes/s, {par_seconde:.1f} connexions/s ; réponses {dict(statuts)}\n"
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
                if _demander(port, "GET", "/sante")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("le serveur du banc ne répond pas")
        yield port
    finally:
        lance.terminate()
        lance.wait(20)


def _demander(
    port: int, methode: str, chemin: str, temoins: str = "", corps: str = ""
) -> tuple[int, str, str]:
    """Statut, témoins posés et page."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        entetes = {"Cookie": temoins, "Content-Type": "application/x-www-form-urlencoded"}
        client.request(methode, chemin, body=corps or None, headers=entetes)
        reponse = client.getresponse()
        poses = [v.split(";")[0] for n, v in reponse.getheaders() if n.lower() == "set-cookie"]
        return reponse.status, "; ".join(poses), reponse.read().decode(errors="replace")
    finally:
        client.close()


def _pages(port: int, temoin: str, secondes: float, stop: threading.Event | None = None) -> list[float]:
    """Durées d'une page, ouverte toutes les 50 ms."""
    durees = []
    fin = time.perf_counter() + secondes
    while time.perf_counter() < fin and not (stop and stop.is_set()):
        debut = time.perf_counter()
        statut, _, _ = _demander(port, "GET", "/", temoin)
        durees.append(time.perf_counter() - debut)
        if statut != 200:
            raise RuntimeError(f"la page répond {statut}")
        time.sleep(0.05)
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


def _assaut(
    port: int, temoin: str, coffre: Coffre, secondes: float
) -> tuple[Counter[int], list[float], float]:
    """Une foule d'appareils connus se connecte sans cesse ; qui est refusé revient une seconde après."""
    statuts: Counter[int] = Counter()
    fin = time.perf_counter() + secondes

    def insister(rang: int) -> None:
        _, pose, page = _demander(port, "GET", "/connexion")
        csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
        tour = rang
        while time.perf_counter() < fin:
            tour = (tour + _FOULE) % _COMPTES
            appareil = freinage.jeton_appareil(coffre, f"banc.{tour}")
            corps = urlencode({"identifiant": f"banc.{tour}", "mot_de_passe": _SECRET, "csrf_token": csrf})
            statut, _, _ = _demander(port, "POST", "/connexion", f"{pose}; ent_appareil={appareil}", corps)
            statuts[statut] += 1
            if statut == 503:
                time.sleep(1)

    with ThreadPoolExecutor(_FOULE + 1) as fils:
        pages = fils.submit(_pages, port, temoin, secondes)
        debut = time.perf_counter()
        list(fils.map(insister, range(_FOULE)))
        duree = time.perf_counter() - debut
        return statuts, pages.result(), statuts[302] / duree
