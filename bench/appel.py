"""L'appel de huit heures : soixante enseignants par école, quarante écoles à la fois, à côté d'un appel nu.

Un appel est ce que la page envoie : un absent, un retard, puis « terminé », trois requêtes. Chacune passe
par toute l'application WSGI, comme la sert Granian : témoin de session, jeton anti-contrefaçon, droits,
portillon, écriture, validation. L'étalon (``bench.appel_nu``) fait le même appel d'autres classes, en
alternance ; on vérifie à la fin que les deux ont écrit autant de lignes dans chaque table.

La queue d'attente est calculée, non simulée par un générateur de charge qui prendrait un des deux cœurs :
des arrivées au hasard, à la moitié du débit mesuré, devant un seul processus dont les durées de service sont
celles de la mesure (Lindley). Un serveur de plusieurs processus attend moins.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from ent_carnet import brique as carnet
from flask import Flask
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.appel_nu import ENONCES, application_nue
from bench.base import CLE, BaseNeuve, base_neuve
from bench.mesure import Serie, alterner, annoncer
from bench.peuplement import Effectifs, peupler
from ent_core.application import create_app
from ent_core.chargement.decouverte import charger
from ent_core.essais.instance import compter_enonces
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur

__all__ = ["mesurer", "preparer"]

INSTANT, JOUR = datetime(2026, 11, 17, 9, 4, tzinfo=UTC), date(2026, 11, 17)
"""Quatre minutes après le début de la séance de 10 h, à Paris."""
_EFFECTIFS = Effectifs(eleves=1500, parents=1500, enseignants=60, divisions=60)
_CINQ_MINUTES = 300
_RAPPORT, _QUEUE = 0.55, 8.0
_SESSIONS = """
insert into session_web
  (jeton, compte_id, personne_id, uai, profil, methode, appareil, reseau, creee_le, vue_le)
select sha256(('banc.' || c.identifiant)::bytea), c.id, c.personne_id, r.uai, r.profil, 'banc', 'banc', '',
  cast(:instant as timestamptz), cast(:instant as timestamptz)
from compte c join rattachement r on r.personne_id = c.personne_id
"""
# Une classe de chaque école, puis une autre : les écoles appellent en même temps.
_APPELS = """
select left(c.uai, 7)::int as ecole, 'banc.' || k.identifiant as jeton, c.id as seance,
  (select array_agg(i.personne_id order by i.personne_id) from inscription i
   where i.uai = c.uai and i.annee = c.annee and i.division_id = c.division_id) as eleves
from creneau c join creneau_enseignant e on (e.uai, e.annee, e.creneau_id) = (c.uai, c.annee, c.id)
join compte k on k.personne_id = e.personne_id
where c.debut <= :instant and c.fin > :instant order by k.identifiant
"""


_ECRITES = "carnet_appel carnet_fait carnet_absence carnet_alerte message trace_ecriture".split()


@dataclass(frozen=True, slots=True)
class _AFaire:
    """Un appel à faire : qui le fait, de quelle séance, et les élèves de la classe."""

    ecole: int
    jeton: str
    seance: str
    eleves: Sequence[str]


@dataclass(slots=True)
class _Cote:
    """Un des deux côtés : son application, ses classes, et la durée de chacune de ses requêtes."""

    application: Flask
    appels: Iterator[_AFaire]
    entetes: list[tuple[str, str]] = field(default_factory=list)
    durees: list[float] = field(default_factory=list)

    def faire(self) -> None:
        """Fait l'appel d'une classe encore neuve."""
        appel = next(self.appels)
        absent, retard = appel.eleves[3], appel.eleves[7]
        for corps in (
            {"changements": [{"eleve_id": absent, "etat": "absent"}]},
            {"changements": [{"eleve_id": retard, "etat": "retard", "minutes": 4}]},
            {"termine": True},
        ):
            self._envoyer(appel, corps)

    def _envoyer(self, appel: _AFaire, corps: Mapping[str, Any]) -> None:
        temoins, *autres = self.entetes or [("Cookie", "")]
        environ = EnvironBuilder(
            f"/api/v1/carnet/appels/{appel.seance}",
            method="PUT",
            headers=[("Cookie", f"ent={appel.jeton}{temoins[1]}"), *autres],
            data=json.dumps(corps),
            content_type="application/json",
        ).get_environ()
        debut = time.perf_counter()
        recu, statut, _ = run_wsgi_app(self.application.wsgi_app, environ)
        self.durees.append(time.perf_counter() - debut)
        if not statut.startswith("200"):
            raise RuntimeError(f"l'appel répond {statut} : {b''.join(recu).decode()}")


def mesurer(dossier: Path, *, ecoles: int = 40, tours: int = 7, fois: int = 40) -> bool:
    """Mesure et annonce G4 et G5 ; rend vrai si les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param ecoles: établissements qui appellent en même temps.
    :param tours: tours comptés.
    :param fois: appels par tour, de chaque côté.
    """
    with base_neuve(dossier, charger([], {"carnet": carnet}).distributions) as neuve:
        application = preparer(neuve, ecoles)
        ours, nue = _cotes(neuve, application)
        gc.collect()
        gc.freeze()
        avant = _lignes(neuve)
        ours.faire()
        milieu = _lignes(neuve)
        nue.faire()
        _comparer(avant, milieu, _lignes(neuve))
        with compter_enonces(neuve.base) as enonces:
            ours.faire()
        print(f"      énoncés par appel, en trois requêtes : {len(enonces)}, et nu {ENONCES}")
        for _ in range(fois):  # une base qui a servi : la planification connaît ses tables
            ours.faire()
            nue.faire()
        neuve.ordonner("vacuum analyze")
        ours.durees.clear()
        series = alterner({"ENT": ours.faire, "nu": nue.faire}, tours=tours, fois=fois)
        return _conclure(series, ours.durees, ecoles)


def preparer(neuve: BaseNeuve, ecoles: int) -> Flask:
    """Des écoles, leurs enseignants connectés, le carnet ouvert ; rend l'application.

    :param neuve: base neuve, où le carnet est migré.
    :param ecoles: nombre d'établissements.
    """
    base = neuve.base
    with base.academie("banc : peuplement") as session:
        peupler(session, 1, ecoles, JOUR, _EFFECTIFS)
        session.execute(text(_SESSIONS), {"instant": INSTANT})
    configuration = Configuration(cle_secrete=CLE, serveur=Serveur(securise=False))
    application = create_app(configuration, base, horloge=HorlogeFixe(INSTANT), briques={"carnet": carnet})
    ent = application.extensions["ent"]
    activation, horloge = ent.activation, ent.horloge
    cles = [prealable.cle for prealable in activation.prealables.de("carnet")]
    for uai in (f"{rang:07}A" for rang in range(1, ecoles + 1)):
        with base.academie("banc : ouverture") as session:
            activation.basculer(session, horloge, "carnet", uai=uai, origine="commande", ouverte=True)
            activation.prealables.attester(session, horloge, "carnet", uai, cles, origine="commande")
    neuve.ordonner("vacuum analyze")  # comme le ferait l'autovacuum après un import
    return application


def _cotes(neuve: BaseNeuve, application: Flask) -> tuple[_Cote, _Cote]:
    """Les deux côtés, une classe sur deux : les mêmes écoles, jamais les mêmes enseignants."""
    with neuve.base.academie("banc : appels") as session:
        lignes = session.execute(text(_APPELS), {"instant": INSTANT})
        appels = [_AFaire(e, jeton, str(s), [str(i) for i in eleves]) for e, jeton, s, eleves in lignes]
    appels.sort(key=lambda appel: (int(appel.jeton.rpartition(".")[2]), appel.ecole))
    par_ecole = itertools.groupby(appels, key=lambda appel: int(appel.jeton.rpartition(".")[2]))
    paires = [list(rangee) for _, rangee in par_ecole]
    siens = [appel for rangee in paires[::2] for appel in rangee]
    autres = [appel for rangee in paires[1::2] for appel in rangee]
    adresse = neuve.application.set(drivername="postgresql").render_as_string(hide_password=False)
    nue = _Cote(application_nue(adresse, INSTANT), iter(autres))
    return _Cote(application, iter(siens), _jeton_de_formulaire(application, siens[0].jeton)), nue


def _jeton_de_formulaire(application: Flask, jeton: str) -> list[tuple[str, str]]:
    """Ce qu'un navigateur renvoie après la page : le témoin du jeton anti-contrefaçon, et ce jeton."""
    environ = EnvironBuilder("/carnet/appel", headers=[("Cookie", f"ent={jeton}")]).get_environ()
    recu, statut, entetes = run_wsgi_app(application.wsgi_app, environ)
    page = b"".join(recu).decode()
    trouve = re.search(r'name="csrf-token" content="([^"]+)"', page)
    if trouve is None or 'class="appel-eleve' not in page:
        raise RuntimeError(f"la feuille d'appel ne s'ouvre pas : {statut}")
    temoins = "".join(f"; {pose.split(';')[0]}" for pose in entetes.getlist("Set-Cookie"))
    return [("Cookie", temoins), ("X-CSRFToken", trouve[1])]


def _lignes(neuve: BaseNeuve) -> dict[str, int]:
    """Lignes de chaque table où un appel écrit."""
    with psycopg.connect(neuve.nue) as connexion:
        return {
            table: _compte(connexion.execute(f"select count(*) from {table}".encode()))  # noqa: S608 - nos noms
            for table in _ECRITES
        }


def _compte(curseur: psycopg.Cursor[Any]) -> int:
    (nombre,) = curseur.fetchone() or (0,)
    return int(nombre)


def _comparer(avant: Mapping[str, int], milieu: Mapping[str, int], apres: Mapping[str, int]) -> None:
    """Un appel écrit autant de lignes des deux côtés ; le travail d'envoi, demandé une fois, est partagé."""
    notres = {table: nombre - avant[table] for table, nombre in milieu.items()}
    nues = {table: nombre - milieu[table] for table, nombre in apres.items()}
    if notres != nues:
        raise RuntimeError(f"les deux appels n'écrivent pas la même chose : {notres}, et nu {nues}")
    print(f"      lignes écrites par appel, des deux côtés : {notres}")


def _conclure(series: Mapping[str, Serie], durees: Sequence[float], ecoles: int) -> bool:
    ours, nue = series["ENT"], series["nu"]
    for nom, serie in series.items():
        print(f"      {nom} : {serie.mur * 1000:.2f} ms par appel, dont CPU {serie.cpu * 1000:.2f}")
    rapport = statistics.median(n / e for n, e in zip(nue.murs, ours.murs, strict=True))
    annoncer("appels par seconde ÷ appel nu", rapport, "≥ 0,55 (visé 0,70)", rapport >= _RAPPORT)
    mediane = statistics.median(durees)
    queue = _p99(durees) / mediane
    annoncer("p99 à la moitié du débit ÷ médiane à vide", queue, "≤ 8", queue <= _QUEUE)
    demande = ecoles * _EFFECTIFS.enseignants / _CINQ_MINUTES
    debit = 1 / ours.mur
    annoncer(
        f"appels/s d'un processus ÷ {ecoles} écoles × 60 en cinq minutes", debit / demande, "≥ 1,00",
        debit >= demande,
    )  # fmt: skip
    return rapport >= _RAPPORT and queue <= _QUEUE and debit >= demande


def _p99(durees: Sequence[float], arrivees: int = 200_000) -> float:
    """99ᵉ centile du temps passé, attente comprise, quand les requêtes arrivent à la moitié du débit."""
    hasard = random.Random(99)  # noqa: S311 - des arrivées reproductibles
    ecart = 2 * statistics.fmean(durees)
    attente, temps = 0.0, []
    for _ in range(arrivees):
        service = hasard.choice(durees)
        temps.append(attente + service)
        attente = max(0.0, attente + service - hasard.expovariate(1 / ecart))
    return statistics.quantiles(temps, n=100)[98]


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--ecoles", type=int, default=40)
    analyse.add_argument("--tours", type=int, default=7)
    analyse.add_argument("--fois", type=int, default=40)
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenu = mesurer(Path(dossier), ecoles=choix.ecoles, tours=choix.tours, fois=choix.fois)
    return 0 if tenu else 1


if __name__ == "__main__":
    sys.exit(principal())
