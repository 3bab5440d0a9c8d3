"""Sondes, mesures et journal des requêtes : ce qu'il faut pour exploiter, rien sur les personnes."""

from __future__ import annotations

import logging
import os
import time
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, abort, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ent_core.web.instance import instance
from ent_core.web.routes import public

__all__ = ["installer"]

_journal = logging.getLogger("ent.acces")
_SEAUX = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

sondes = Blueprint("sondes", __name__)


@sondes.get("/sante")
@public("sonde de l'hébergeur : dit seulement que le processus répond")
def sante() -> Response:
    return jsonify(etat="ok")


@sondes.get("/pret")
@public("sonde de l'hébergeur : dit seulement que la base répond")
def pret() -> tuple[Response, int]:
    try:
        with instance().base.moteur.connect() as connexion:
            connexion.execute(text("select 1"))
    except SQLAlchemyError:
        return jsonify(etat="base indisponible"), 503
    return jsonify(etat="ok"), 200


@sondes.get("/mesures")
@public("mesures sans donnée personnelle, servies à la machine elle-même seulement")
def mesures() -> Response:
    # Derrière un mandataire non déclaré, toute requête semble venir de la machine : on la refuse aussi.
    locale = ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - adresse absente : refus
    if not locale or "X-Forwarded-For" in request.headers:
        abort(404)
    registre: CollectorRegistry = g.ent_mesures
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registre = CollectorRegistry()
        MultiProcessCollector(registre)  # type: ignore[no-untyped-call] # bibliothèque sans types
    return Response(generate_latest(registre), mimetype=CONTENT_TYPE_LATEST)


def installer(application: Flask) -> None:
    """Branche les sondes et compte chaque requête par route, jamais par adresse ni par personne.

    :param application: application Flask.
    """
    registre = CollectorRegistry()
    requetes = Counter("ent_requetes", "Requêtes servies", ("point", "methode", "statut"), registry=registre)
    durees = Histogram(
        "ent_duree_secondes", "Durée des requêtes", ("point",), registry=registre, buckets=_SEAUX
    )
    application.register_blueprint(sondes)

    @application.before_request
    def debut() -> None:
        g.ent_debut = time.perf_counter()
        g.ent_mesures = registre

    @application.after_request
    def fin(reponse: Response) -> Response:
        point = request.endpoint or "inconnu"
        duree = time.perf_counter() - g.get("ent_debut", time.perf_counter())
        requetes.labels(point, request.method, reponse.status_code).inc()
        durees.labels(point).observe(duree)
        if not point.endswith("static"):
            _journal.info(
                "requete",
                extra={
                    "point": point,
                    "methode": request.method,
                    "statut": reponse.status_code,
                    "duree_ms": round(duree * 1000, 1),
                },
            )
        return reponse
