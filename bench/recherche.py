"""Chercher un élève, comme une CPE au téléphone : le nom, ou le nom et la classe, dans un grand collège.

L'étalon est la même réponse faite à la main, dans le même processus et sur la même base : Flask, psycopg, une
session reconnue, un titre de vie scolaire vérifié, un énoncé. Ni cloisonnement, ni rôles, ni portillon, ni
trace de lecture. Les deux rendent le même JSON. Une école cherche chez elle : les autres n'y font rien.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from ent_carnet import brique as carnet
from ent_carnet.regles.tableau import mots
from flask import Flask, Response, jsonify, request
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.base import CLE, base_neuve
from bench.mesure import alterner, annoncer, exposant
from bench.peuplement import Effectifs, peupler
from ent_core.application import create_app
from ent_core.chargement.decouverte import charger
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur

__all__ = ["mesurer"]

_INSTANT, _JOUR = datetime(2026, 11, 17, 9, 0, tzinfo=UTC), date(2026, 11, 17)
_UAI, _JETON = "0000001A", "enseignant.1.2"
_TAILLES, _COLLEGE = (2, 12, 60), Effectifs(eleves=900, parents=700, enseignants=60, divisions=32)
_RAPPORT, _PENTE = 0.20, 0.05
_CHERCHES = ("nom12", "prénom nom4", "nom4 division 5", "personne-de-ce-nom")
_REMPLIR = (
    """
    insert into rattachement (uai, personne_id, profil, fonction, source, debut)
    select '0000001A', md5('1:enseignant:2')::uuid, 'National_EVS', 'EDU', 'banc', date '2026-09-01'
    """,
    """
    insert into session_web
      (jeton, compte_id, personne_id, uai, profil, methode, appareil, reseau, creee_le, vue_le)
    select sha256(identifiant::bytea), id, personne_id, '0000001A', 'National_EVS', 'banc', 'banc', '',
      cast(:instant as timestamptz), cast(:instant as timestamptz)
    from compte where identifiant = 'enseignant.1.2'
    """,
)
_SESSION = """
select s.uai from session_web s join compte c on c.id = s.compte_id
join rattachement r on r.uai = s.uai and r.personne_id = s.personne_id and r.profil = s.profil
  and r.fonction = 'EDU' and r.debut <= %s and (r.fin is null or r.fin > %s)
where s.jeton = %s and s.vue_le > %s and c.etat <> 'suspendu'
"""
_TROUVES = """
select p.id, p.nom, p.prenom, d.libelle from inscription i
join division d on d.uai = i.uai and d.annee = i.annee and d.id = i.division_id
join personne p on p.id = i.personne_id
where i.uai = %s and i.annee = %s and i.debut <= %s and (i.fin is null or i.fin > %s)
  and p.recherche || ' ' || lower(d.libelle) ~ all(%s)
order by p.nom, p.prenom, d.libelle limit 20
"""


def mesurer(dossier: Path, *, tailles: tuple[int, ...] = _TAILLES, tours: int = 7, fois: int = 30) -> bool:
    """Mesure et annonce ; rend vrai si les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param tailles: nombres d'établissements de neuf cents élèves.
    :param tours: tours par mesure.
    :param fois: recherches par tour.
    """
    couts, resultats, fait = [], [], 0
    with base_neuve(dossier, charger([], {"carnet": carnet}).distributions) as neuve:
        base = neuve.base
        for taille in tailles:
            with base.academie("banc : peuplement") as session:
                peupler(session, fait + 1, taille, _JOUR, _COLLEGE)
                if not fait:
                    for ordre in _REMPLIR:
                        session.execute(text(ordre), {"instant": _INSTANT})
            application = _application(base)
            if not fait:
                _ouvrir(application, base)
            fait = taille
            neuve.ordonner("vacuum analyze")
            adresse = neuve.application.set(drivername="postgresql").render_as_string(hide_password=False)
            ours, nue = _recherches(application), _recherches(_reponse_nue(adresse))
            if json.loads(ours()) != json.loads(nue()):
                raise RuntimeError("les deux réponses diffèrent")
            gc.collect()
            gc.freeze()
            series = alterner({"ENT": ours, "nue": nue, "étalon": _etalon}, tours=tours, fois=fois)
            couts.append(series["ENT"].mur / series["étalon"].mur)
            print(
                f"      {taille:>3} établissement(s) : ENT {series['ENT'].mur * 1000:.1f} ms"
                f" (CPU {series['ENT'].cpu * 1000:.1f}), nue {series['nue'].mur * 1000:.1f} ms"
            )
            rapport = series["nue"].mur / series["ENT"].mur
        resultats.append(rapport >= _RAPPORT)
        annoncer("recherche d'un élève ÷ même réponse nue (débit)", rapport, "≥ 0,20", resultats[-1])
        pente = exposant(tailles, couts)
        resultats.append(pente <= _PENTE)
        libelle = f"exposant d'une recherche, {tailles[0]} → {tailles[-1]} établissements"
        annoncer(libelle, pente, "≤ 0,05", resultats[-1])
    return all(resultats)


def _application(base: BaseDeDonnees) -> Flask:
    configuration = Configuration(cle_secrete=CLE, serveur=Serveur(securise=False))
    return create_app(configuration, base, horloge=HorlogeFixe(_INSTANT), briques={"carnet": carnet})


def _ouvrir(application: Flask, base: BaseDeDonnees) -> None:
    ent = application.extensions["ent"]
    cles = [prealable.cle for prealable in ent.activation.prealables.de("carnet")]
    with base.academie("banc : ouverture") as session:
        ent.activation.basculer(session, ent.horloge, "carnet", ouverte=True, uai=_UAI, origine="commande")
        ent.activation.prealables.attester(
            session, ent.horloge, "carnet", cles=cles, uai=_UAI, origine="commande"
        )


def _recherches(application: Flask) -> Callable[[], bytes]:
    """Toutes les recherches, l'une après l'autre, sans serveur ni client."""
    environs = [
        EnvironBuilder(
            "/api/v1/carnet/tableau/recherche", query_string={"q": q}, headers=[("Cookie", f"ent={_JETON}")]
        ).get_environ()
        for q in _CHERCHES
    ]

    def chercher() -> bytes:
        corps = []
        for environ in environs:
            recu, statut, _entetes = run_wsgi_app(application.wsgi_app, dict(environ))
            if not statut.startswith("200"):
                raise RuntimeError(f"la recherche répond {statut}")
            corps.append(b"".join(recu))
        return b"[" + b",".join(corps) + b"]"

    return chercher


def _reponse_nue(adresse: str) -> Flask:
    """La même réponse, sans permission, sans crochet, sans cloisonnement : le plancher de la pile."""
    nue = Flask("nue")
    connexion = psycopg.connect(adresse, prepare_threshold=1, autocommit=False)
    for reglage in ("plan_cache_mode = force_generic_plan", "role ent_academie"):
        connexion.execute(f"set {reglage}".encode())
    connexion.commit()

    @nue.get("/api/v1/carnet/tableau/recherche")
    def chercher() -> Response:
        jeton = hashlib.sha256(request.cookies["ent"].encode()).digest()
        with connexion.transaction():
            ici = connexion.execute(_SESSION, (_JOUR, _JOUR, jeton, _INSTANT - timedelta(minutes=30)))
            (uai,) = ici.fetchone() or ("",)
            debuts = [rf"\m{mot}" for mot in mots(request.args["q"])]
            valeurs = (uai, _JOUR.year, _JOUR, _JOUR, debuts)
            lignes = connexion.execute(_TROUVES, valeurs).fetchall()
        return jsonify(
            [
                {"eleve": {"id": str(cle), "nom": nom, "prenom": prenom}, "division": division}
                for cle, nom, prenom, division in lignes
            ]
        )

    return nue


def _etalon() -> None:
    """Un travail fixe, sans base : il dit si la machine elle-même a changé d'allure entre deux tailles."""
    hashlib.pbkdf2_hmac("sha256", b"allure", b"machine", 2000)


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--tours", type=int, default=7)
    analyse.add_argument("--fois", type=int, default=30)
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenu = mesurer(Path(dossier), tours=choix.tours, fois=choix.fois)
    return 0 if tenu else 1


if __name__ == "__main__":
    sys.exit(principal())
