"""Greffon pytest : une application vérifiée, et un navigateur sans écran par personne."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from ent_core.application import create_app
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import connexion, sessions
from ent_core.identite.connexion import Authentification, Origine
from ent_core.identite.facteurs.politique import DOUBLE
from ent_core.identite.modeles import Compte
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur
from ent_core.web.instance import EXTENSION, Instance

__all__ = ["CLE", "assembler", "client_de", "configuration_essai", "connecter", "dossier_de", "etat"]

CLE = "une clé d'essai, assez longue pour signer"
_PROCESSUS = os.getpid()
_DOSSIERS = Path(mkdtemp(prefix=f"ent-essais-{_PROCESSUS}-"))
"""Le numéro du processus dit aux sessions voisines que ces coffres servent encore."""


@atexit.register
def _ranger() -> None:
    if os.getpid() == _PROCESSUS:  # un essai peut bifurquer : seul le premier processus range
        shutil.rmtree(_DOSSIERS, ignore_errors=True)


class _GabaritsTraduits(BytecodeCache):
    """Gabarits déjà traduits par ce processus : ses applications ont les mêmes."""

    def __init__(self) -> None:
        self._traduits: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key + bucket.checksum in self._traduits:
            bucket.bytecode_from_string(self._traduits[bucket.key + bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._traduits[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


_GABARITS = _GabaritsTraduits()


def pytest_configure() -> None:
    """Werkzeug traduit chaque adresse en code ; deux applications d'un même processus ont les mêmes."""
    traduire, traduites = Rule._compile_builder, {}

    def une_fois(regle: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        cle = (append_unknown, repr(regle._trace), repr(regle.defaults))
        if cle not in traduites:
            traduites[cle] = traduire(regle, append_unknown)
        return traduites[cle]

    Rule._compile_builder = une_fois  # type: ignore[method-assign,assignment] # même signature, mémorisée


def configuration_essai(**valeurs: Any) -> Configuration:
    """Configuration d'essai : HTTP, clé connue, dossier à elle, tout le reste par défaut.

    :param valeurs: réglages à remplacer.
    """
    # À chaque instance son dossier : ses copies, et son coffre que le balayage d'une autre n'ouvre pas.
    reglages: dict[str, Any] = {
        "cle_secrete": CLE,
        "serveur": Serveur(securise=False),
        "donnees": str(_DOSSIERS / uuid4().hex),
    }
    return Configuration(**reglages | valeurs)


def assembler(
    base: BaseDeDonnees,
    horloge: HorlogeFixe,
    configuration: Configuration | None = None,
    briques: Mapping[str, Any] | None = None,
) -> Flask:
    """Assemble une application d'essai ; les jetons de formulaire y sont désactivés.

    :param base: base migrée.
    :param horloge: horloge d'essai.
    :param configuration: par défaut ``configuration_essai()``.
    :param briques: briques données directement, par identifiant.
    """
    assemblee = create_app(configuration or configuration_essai(), base, horloge=horloge, briques=briques)
    assemblee.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    assemblee.jinja_env.bytecode_cache = _GABARITS
    return assemblee


@pytest.fixture
def client_de(
    application: Flask, base: BaseDeDonnees, horloge: HorlogeFixe
) -> Callable[[UUID, str, str], FlaskClient]:
    """Donne le client d'une personne, connectée à un titre : ``client_de(personne_id, uai, profil)``."""

    def ouvrir(personne_id: UUID, uai: str, profil: str) -> FlaskClient:
        return connecter(application, base, horloge, personne_id, uai, profil)

    return ouvrir


def connecter(
    application: Flask, base: BaseDeDonnees, horloge: HorlogeFixe, personne_id: UUID, uai: str, profil: str
) -> FlaskClient:
    """Ouvre une session pour une personne et choisit son titre.

    :param application: application d'essai.
    :param base: sa base.
    :param horloge: son horloge.
    :param personne_id: personne ; son compte est créé au besoin.
    :param uai: établissement voulu.
    :param profil: profil national voulu.
    """
    with base.academie("essai : compte") as session:
        compte = session.query(Compte).filter_by(personne_id=personne_id).one_or_none()
        if compte is None:
            compte = Compte(personne_id=personne_id, identifiant=f"essai.{personne_id.hex}", etat="actif")
            session.add(compte)
            session.flush()
        compte_id = compte.id
    with base.unite(Portage("connexion")) as session:
        ouverture = connexion.entrer(
            session,
            horloge,
            Authentification("essai", str(compte_id), amr=(DOUBLE,)),
            Origine("127.0.0.1", "Essai"),
        )
        assert ouverture is not None, "la personne ne peut pas se connecter"
        jeton = sessions.choisir_contexte(session, horloge, ouverture.jeton, uai, profil)
    client = application.test_client()
    client.set_cookie("ent", jeton)
    return client


def dossier_de(application: Flask) -> Path:
    """Dossier des fichiers d'une application d'essai : ses copies, son coffre.

    :param application: application d'essai.
    """
    ent: Instance = application.extensions[EXTENSION]
    return Path(ent.configuration.donnees)


def etat(application: Flask) -> tuple[Any, ...]:
    """Ce qu'un essai peut changer d'une application sans passer par sa base ; se compare.

    :param application: application d'essai.
    """
    accroches = (
        application.before_request_funcs,
        application.after_request_funcs,
        application.teardown_request_funcs,
    )
    return (
        dict(application.config),
        dict(application.view_functions),
        dict(application.extensions),
        dict(application.jinja_env.globals),
        application.wsgi_app,
        [{ou: list(fonctions) for ou, fonctions in accroche.items()} for accroche in accroches],
    )
