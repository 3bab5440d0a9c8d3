"""La matrice d'accès du carnet (réglementation, § 3.1), case par case : rôle, route, élève visé.

L'attendu est écrit d'après les textes (``attendu.py``) ; le constaté est la réponse de l'application. Une
route nouvelle sans ligne fait échouer l'essai.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import TestResponse

from .attendu import CORPS, ECARTS, ILLISIBLES, MATRICE, RIEN, ROUTES, TEXTES

if TYPE_CHECKING:
    from tests.matrice.conftest import College


ATTEINTS = {"soi": 1, "enfant": 1, "siens": 1, "école": 2, "sans": 0, "—": 0}
"""Portée → combien de cercles elle ouvre, du plus proche au plus lointain."""


@dataclass(frozen=True)
class Route:
    """Une route et une méthode de l'application."""

    methode: str
    regle: str
    point: str
    parametres: frozenset[str]

    @property
    def nom(self) -> str:
        """Ce qu'en dit ROUTES ; d'un mot à choisir, le nom seul."""
        return f"{self.methode} {re.sub(r'<any[^>]*:', '<', self.regle)}"

    @property
    def vise(self) -> bool:
        """Elle désigne quelque chose qui est à un élève, ou à une école."""
        return self.nom in CORPS or any(nom.endswith("_id") for nom in self.parametres)


def matrice() -> dict[str, dict[str, str]]:
    """Acte → rôle → portée, étoile comprise."""
    entete, *lignes = [[case.strip() for case in ligne.split("|")] for ligne in MATRICE.strip().splitlines()]
    return {acte: dict(zip(entete[1:], portees, strict=True)) for acte, *portees in lignes}


def actes() -> dict[str, str]:
    """Route → acte."""
    rendu, acte = {}, ""
    for ligne in ROUTES.strip().splitlines():
        if ligne.startswith(" "):
            rendu[ligne.strip()] = acte
        else:
            acte = ligne
    return rendu


def routes(college: College) -> Iterator[Route]:
    """Chaque route du carnet, lue dans l'application."""
    application = college.instance.application
    for regle in application.url_map.iter_rules():
        blueprint = application.blueprints.get(regle.endpoint.rpartition(".")[0])
        if getattr(blueprint, "brique", None) == "carnet" and not regle.endpoint.endswith(".static"):
            for methode in sorted((regle.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Route(methode, regle.rule, regle.endpoint, frozenset(regle.arguments))


def sonder(college: College, role: str, route: Route, cercle: str) -> TestResponse:
    """Envoie la demande à la place d'une personne ; ce qu'elle écrit est défait."""
    objets = college.objets[cercle]
    adresse = college.instance.application.url_map.bind("localhost").build(
        route.point, {nom: objets[nom] for nom in route.parametres}, method=route.methode
    )
    composer = (CORPS | ILLISIBLES).get(route.nom)
    corps = composer(objets) if composer else {}
    forme: dict[str, Any] = {"query_string" if route.methode == "GET" else "data": corps}
    if route.regle.startswith("/api/") and route.methode not in ("GET", "DELETE"):
        forme = {"json": corps}
    client = college.client(role)
    with nullcontext() if route.methode == "GET" else college.puis_revenir():
        return client.open(adresse, method=route.methode, **forme)


def ouverte(reponse: TestResponse) -> bool:
    """La personne est passée ; ce qu'elle a envoyé peut être refusé, mais pas elle."""
    vers_l_entree = "/connexion" in (reponse.location or "") or "/contexte" in (reponse.location or "")
    return reponse.status_code not in (401, 403, 404) and not vers_l_entree


def sondes(college: College, route: Route, portee: str) -> list[tuple[str, bool]]:
    """Cercles à éprouver, et si la route doit s'y ouvrir."""
    cercles, atteints = list(college.noms), ATTEINTS[portee]
    if not route.vise or not atteints:
        # Une case vide s'éprouve sur l'élève le plus proche : refusé pour lui, il l'est pour tous.
        return [(cercles[0], bool(atteints) or (portee == "sans" and not route.vise))]
    # Qui suit tout l'établissement n'a de lien avec aucune classe : l'une vaut l'autre.
    return [(c, rang < atteints) for rang, c in enumerate(cercles) if portee != "école" or rang]


def ecarts(college: College, role: str, route: Route, portee: str) -> Iterator[str]:
    """Ce qui ne répond pas comme le texte le veut, d'un rôle devant une route."""
    trop_loin = list(college.noms.values())[ATTEINTS[portee] :]
    textes = [texte for texte, lecteurs in TEXTES.items() if role not in lecteurs]
    for cercle, attendue in sondes(college, route, portee):
        reponse = sonder(college, role, route, cercle)
        if ouverte(reponse) is not attendue or reponse.status_code >= 500:
            dit = "ouverte" if attendue else "refusée"
            yield f"{role}, {route.nom}, {cercle} : {reponse.status_code}, devait être {dit}"
        caches = [*textes, *(trop_loin if attendue else ())]
        yield from (f"{role}, {route.nom} : montre « {t} »" for t in caches if t.encode() in reponse.data)


@pytest.mark.exigence("CARNET-08")
@pytest.mark.exigence("ENT-09")
def test_chaque_route_a_sa_ligne_et_chaque_ecart_son_texte(college: College) -> None:
    dites, ouvertes = actes(), {route.nom for route in routes(college)}
    assert sorted(ouvertes - set(dites)) == [], "à ranger dans ROUTES, sous l'acte du § 3.1"
    assert sorted(set(dites) - ouvertes) == [], "à ôter de ROUTES"
    assert set(dites.values()) == set(matrice())
    assert {a for a, portees in matrice().items() if any("*" in p for p in portees.values())} == set(ECARTS)


@pytest.mark.exigence("CARNET-08")
@pytest.mark.exigence("ENT-09")
@pytest.mark.exigence("ENT-10")
@pytest.mark.exigence("ENT-11")
@pytest.mark.exigence("ENT-12")
def test_chaque_role_ouvre_ce_que_le_texte_lui_donne_et_rien_d_autre(college: College) -> None:
    attendu, dites = matrice(), actes()
    trouves = [
        ecart
        for route in routes(college)
        if route.nom in dites
        for role, portee in {**dict.fromkeys(RIEN, "—"), **attendu[dites[route.nom]]}.items()
        for ecart in ecarts(college, role, route, portee.rstrip("*"))
    ]
    assert trouves == [], "\n".join(trouves)


@pytest.mark.exigence("ENT-12")
def test_la_vie_scolaire_se_delegue_et_rien_ne_vient_avec(college: College) -> None:
    """§ 3.1 : le secrétariat par délégation tracée ; l'assistant d'éducation, selon ce que le chef règle."""
    confies = {"suivre l'assiduité", "traiter les absences"}
    college.deleguer("carnet.traiter", "ETA", "AED")
    attendu, dites, trouves = matrice(), actes(), []
    for route in routes(college):
        if dites.get(route.nom) in confies:
            trouves += [e for role in ("ETA", "AED") for e in ecarts(college, role, route, "école")]
        elif route.methode == "GET":
            trouves += list(ecarts(college, "ETA", route, attendu[dites[route.nom]]["ETA"]))
            if dites.get(route.nom) == "lire les absences":
                trouves += list(ecarts(college, "AED", route, "école"))
    assert trouves == [], "\n".join(trouves)
