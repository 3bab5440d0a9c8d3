"""Ce que les pages d'administration ont en commun : le périmètre d'un acte, la saisie, les dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.interface import Portee
from ent_core.socle.dates import jour_court
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.web.admin.saisies import messages
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, portee_courante, requete, session_courante

__all__ = [
    "Intervalle",
    "ReponsePage",
    "administration",
    "de_l_academie",
    "ecole",
    "jours",
    "lendemain",
    "lire",
    "lire_boutons",
    "perimetre",
    "traiter",
]

administration = Blueprint("admin", __name__, url_prefix="/administration")
"""Pages d'administration ; les modules voisins y ajoutent leurs routes."""

ReponsePage = str | tuple[str, int] | Response


def de_l_academie() -> bool:
    """Vrai si la permission de la route va jusqu'à l'académie."""
    return portee_courante() is Portee.ACADEMIE


@dataclass(frozen=True, slots=True)
class Intervalle:
    """Des dates à dire : du premier jour à la fin, exclue."""

    debut: date
    fin: date | None


@contextmanager
def perimetre(motif: str) -> Iterator[tuple[Session, str | None]]:
    """Session et établissement de la page : tous si la permission le dit, sinon celui en vigueur.

    :param motif: motif de l'accès à toute l'académie, gardé dans les traces.
    :returns: la session, et l'établissement (``None`` pour toute l'académie).
    """
    if not de_l_academie():
        yield session_courante(), contexte_courant().uai
        return
    # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
    requete().base.commit()
    with instance().base.academie(motif) as session:
        yield session, None


@contextmanager
def ecole(motif: str, demandee: str | None = None) -> Iterator[tuple[Session, str]]:
    """Session et établissement d'un acte local.

    :param motif: motif de l'accès de l'académie, gardé dans les traces.
    :param demandee: établissement nommé par la page ; l'académie seule en nomme un autre que le sien.
    :raises Introuvable: établissement hors de portée.
    """
    ici = contexte_courant().uai
    if demandee not in (None, ici) and not de_l_academie():
        raise Introuvable("cet établissement n'existe pas ici.", remede="changer d'établissement.")
    with perimetre(motif) as (session, uai):
        yield session, uai or demandee or ici


def lire(schema: Schema) -> dict[str, Any]:
    """Paramètres de l'adresse.

    :param schema: schéma attendu.
    :raises DonneeInvalide: un paramètre n'est pas acceptable.
    """
    return _charger(schema, request.args)


def lire_boutons(schema: Schema) -> dict[str, Any]:
    """Ce qu'envoie une page de boutons et de cases.

    :param schema: schéma attendu.
    :raises DonneeInvalide: une valeur n'est pas de celles que la page envoie.
    """
    return _charger(schema, request.form)


def _charger(schema: Schema, recu: Any) -> dict[str, Any]:
    try:
        lus: dict[str, Any] = schema.load(recu)
    except ValidationError as erreur:
        champ, message = next(iter(messages(erreur).items()))
        raise DonneeInvalide(
            message, remede="corriger l'adresse, ou repartir de la page.", lieu=champ
        ) from erreur
    return lus


def traiter(
    schema: Schema,
    agir: Callable[[dict[str, Any]], ReponsePage],
    refaire: Callable[[dict[str, str]], str],
) -> ReponsePage:
    """Lit le formulaire, agit, ou montre de nouveau la page avec ce qui ne va pas.

    :param schema: schéma du formulaire.
    :param agir: fait l'acte et rend la réponse.
    :param refaire: montre la page, avec un message par champ.
    """
    try:
        return agir(schema.load(request.form))
    except ValidationError as erreur:
        return refaire(messages(erreur)), 422
    except (DonneeInvalide, OperationRefusee) as erreur:
        requete().base.rollback()
        return refaire({"contenu": f"{_phrase(erreur.message)} {_phrase(erreur.remede)}".strip()}), 422


def _phrase(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def lendemain(jour: date | None) -> date | None:
    """Fin exclue d'un intervalle dont on a saisi le dernier jour.

    :param jour: dernier jour compris.
    """
    return jour + timedelta(days=1) if jour else None


@administration.app_template_filter("jours")
def jours(intervalle: Any) -> str:
    """« du 01/09/2026 au 04/07/2027 », ou « depuis le 01/09/2026 ».

    :param intervalle: objet à attributs ``debut`` et ``fin`` (exclue, ou absente).
    """
    if intervalle.debut is None:
        return "" if intervalle.fin is None else f"jusqu'au {jour_court(intervalle.fin - timedelta(days=1))}"
    if intervalle.fin is None:
        return f"depuis le {jour_court(intervalle.debut)}"
    return f"du {jour_court(intervalle.debut)} au {jour_court(intervalle.fin - timedelta(days=1))}"
