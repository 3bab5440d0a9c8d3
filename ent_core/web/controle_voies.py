"""Au démarrage : ce qu'une route ouvre à un jeton ou à un lien est bien ce qu'elle croit ouvrir."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flask import Flask

from ent_core.contrat.resultats import Anomalie
from ent_core.web.routes import Exigence, exigence_de
from ent_core.web.voies import LECTURES

__all__ = ["verifier_voies"]

_API = "/api/"


def verifier_voies(application: Flask, traitements: Collection[str]) -> Iterator[Anomalie]:
    """Une route ouverte à un jeton ou à un lien dit des traitements connus, et ne fait que lire.

    :param application: application, routes enregistrées.
    :param traitements: clés du registre.
    """
    for regle in application.url_map.iter_rules():
        for methode in sorted((regle.methods or set()) - {"OPTIONS"}):
            exigence = exigence_de(application.view_functions[regle.endpoint], methode)
            if exigence is not None:
                api = regle.rule.startswith(_API)
                lieu = f"route {regle.rule} ({regle.endpoint}), méthode {methode}"
                yield from _verifier(lieu, exigence, methode, api=api, cles=traitements)


def _verifier(
    lieu: str, exigence: Exigence, methode: str, *, api: bool, cles: Collection[str]
) -> Iterator[Anomalie]:
    if inconnus := sorted(exigence.traitements - set(cles)):
        yield Anomalie(
            "ROUTE-007",
            lieu,
            f"elle dit lire {', '.join(inconnus)}, qui n'est pas au registre",
            "donner la clé d'un traitement déclaré",
        )
    if not exigence.traitements and not exigence.lien_personnel:
        return
    if exigence.lien_personnel and (api or not exigence.traitements):
        yield Anomalie(
            "ROUTE-008",
            lieu,
            "un lien personnel l'ouvrirait, sans qu'elle soit une page ou dise ce qu'elle lit",
            "ne l'ouvrir à un lien que par une page, avec ses traitements",
        )
    if methode not in LECTURES or exigence.reauthentification:
        yield Anomalie(
            "ROUTE-008",
            lieu,
            "un jeton ou un lien l'ouvrirait, et elle écrit ou demande une preuve récente",
            "n'ouvrir que des lectures ; ôter traitements et lien_personnel d'un acte sensible",
        )
    if not api and not exigence.lien_personnel:
        yield Anomalie(
            "ROUTE-008",
            lieu,
            "elle dit des traitements, mais aucun jeton n'ouvre une page",
            "les dire sur la ressource de l'API ; ou donner lien_personnel, si un appareil la relit",
        )
