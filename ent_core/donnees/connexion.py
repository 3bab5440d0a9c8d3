"""Où est la base : serveur donné par ``ENT_BASE``, ou base embarquée ; et la clé secrète de l'instance."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["Adresses", "adresse_donnee", "adresses", "cle_secrete"]

COMPTE = "ent_web"
"""Compte de l'application sur la base embarquée."""

BASE = "ent"
"""Base de données de la base embarquée."""


@dataclass(frozen=True, slots=True)
class Adresses:
    """Adresses de la base.

    :param application: compte qui ne possède rien.
    :param proprietaire: compte qui migre ; ``None`` s'il n'est pas donné.
    """

    application: URL
    proprietaire: URL | None


@contextmanager
def adresses(configuration: Configuration) -> Iterator[Adresses]:
    """Adresses de la base, qui tourne tant que le contexte est ouvert.

    :param configuration: configuration vérifiée.
    :raises ConfigurationInvalide: adresse mal formée.
    :raises BaseIndisponible: la base embarquée ne démarre pas.
    """
    if configuration.base.url:
        yield Adresses(
            adresse_donnee(configuration.base.url, "ENT_BASE"),
            adresse_donnee(configuration.base.proprietaire, "ENT_BASE_PROPRIETAIRE")
            if configuration.base.proprietaire
            else None,
        )
        return
    # La base embarquée est un supplément : son code ne se charge que si elle sert.
    from ent_core.donnees import embarque

    with embarque.demarrer(Path(configuration.donnees) / "base") as serveur:
        maitre = make_url(serveur.url).set(drivername="postgresql+psycopg")
        _creer_base(maitre)
        proprietaire = maitre.set(database=BASE)
        yield Adresses(proprietaire.set(username=COMPTE), proprietaire)


def cle_secrete(configuration: Configuration) -> str:
    """Clé qui signe les témoins ; créée une fois, lisible du seul propriétaire.

    :param configuration: configuration vérifiée.
    :raises ConfigurationInvalide: clé trop courte.
    """
    if configuration.cle_secrete:
        if len(configuration.cle_secrete) < 32:
            raise ConfigurationInvalide(
                "la clé secrète a moins de 32 caractères.",
                remede="en tirer une au hasard, par exemple avec « openssl rand -base64 48 ».",
                lieu="cle_secrete",
            )
        return configuration.cle_secrete
    chemin = Path(configuration.donnees) / "cle_secrete"
    chemin.parent.mkdir(parents=True, exist_ok=True)
    try:
        fichier = os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return chemin.read_text(encoding="ascii")
    with os.fdopen(fichier, "w", encoding="ascii") as ouvert:
        ouvert.write(secrets.token_urlsafe(48))
    return chemin.read_text(encoding="ascii")


def _creer_base(maitre: URL) -> None:
    moteur = create_engine(maitre, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with moteur.connect() as connexion:
        existe = connexion.execute(text("select 1 from pg_database where datname = :b"), {"b": BASE}).scalar()
        if not existe:
            connexion.exec_driver_sql(f'create database "{BASE}"')


def adresse_donnee(valeur: str, nom: str) -> URL:
    """Adresse PostgreSQL donnée par la configuration.

    :param valeur: adresse.
    :param nom: réglage d'où elle vient, pour le message.
    :raises ConfigurationInvalide: ce n'en est pas une.
    """
    try:
        adresse = make_url(valeur)
    except ArgumentError:
        adresse = None
    if adresse is None or not adresse.drivername.startswith("postgres"):
        raise ConfigurationInvalide(
            "cette adresse n'est pas celle d'une base PostgreSQL.",
            remede="l'écrire postgresql://compte:motdepasse@serveur:5432/base.",
            lieu=nom,
        )
    return adresse.set(drivername="postgresql+psycopg")
