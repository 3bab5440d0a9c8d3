"""Ce que les gabarits reçoivent : dates en français, adresses des fichiers statiques, nom du produit."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for

from ent_core.socle.dates import heure, jour_court, jour_long

__all__ = ["de", "installer", "nombre", "telephone"]

_UN_AN = 31_536_000


def nombre(valeur: float) -> str:
    """« 12 345 » ou « 12,5 », avec une espace fine insécable.

    :param valeur: nombre.
    """
    return f"{valeur:,}".replace(",", "\u202f").replace(".", ",")


def de(nom: str) -> str:
    """« d'Adam », « de Zoé » : le prénom commande l'élision.

    Devant un h ou un y, « de » : rien n'y dit l'élision (« de Hugo », « de Yanis »).

    :param nom: prénom, ou nom qui commence par un prénom.
    """
    initiale = unicodedata.normalize("NFD", nom[:1]).upper()[:1]
    return f"d'{nom}" if initiale and initiale in "AEIOUŒÆ" else f"de {nom}"


def telephone(numero: str) -> str:
    """« 06 12 34 56 78 », d'espaces insécables ; un numéro étranger reste tel quel.

    :param numero: numéro sans séparateur.
    """
    if len(numero) != 10 or not numero.startswith("0"):
        return numero
    return "\u202f".join(numero[rang : rang + 2] for rang in range(0, 10, 2))


def _adresse_statique(application: Flask) -> Callable[..., str]:
    """Adresse d'un fichier, avec l'empreinte de son contenu : il se garde un an en cache."""

    @cache
    def adresse(nom: str, brique: str, _racine: str) -> str:
        porteur = application.blueprints[brique] if brique else application
        contenu = (Path(str(porteur.static_folder)) / nom).read_bytes()
        point = f"{brique}.static" if brique else "static"
        return url_for(point, filename=nom, v=hashlib.sha256(contenu).hexdigest()[:12])

    def url_statique(nom: str, brique: str = "") -> str:
        # L'ENT peut être servi sous un préfixe : l'adresse en dépend, et de rien d'autre.
        return adresse(nom, brique, request.script_root)

    return url_statique


def installer(application: Flask, produit: str) -> None:
    """Donne aux gabarits leurs filtres et leurs valeurs communes.

    :param application: application Flask.
    :param produit: nom de l'instance.
    """
    application.config["SEND_FILE_MAX_AGE_DEFAULT"] = _UN_AN
    environnement = application.jinja_env
    environnement.trim_blocks = environnement.lstrip_blocks = True
    filtres: dict[str, Callable[..., Any]] = {
        "jour_long": jour_long, "jour_court": jour_court, "heure": heure, "nombre": nombre, "de": de,
        "telephone": telephone,
    }  # fmt: skip
    environnement.filters.update(filtres)
    environnement.globals.update(produit=produit, url_statique=_adresse_statique(application))
