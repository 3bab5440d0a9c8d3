"""Avant qu'une brique serve : seules s'ouvrent les pages par lesquelles ses préalables se font."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, url_for
from werkzeug.exceptions import NotFound

from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.interface import Contexte
from ent_core.contrat.resultats import Anomalie
from ent_core.identite.contextes import PERSONNELS
from ent_core.socle.erreurs import Introuvable
from ent_core.web.instance import Instance

__all__ = ["exiger_avant_ouverture", "verifier_liens"]


def exiger_avant_ouverture(ent: Instance, contexte: Contexte, brique: str, adresse: str) -> None:
    """Laisse passer la page d'un préalable si la brique attend ; sinon, sa page n'existe pas ici.

    :param ent: instance.
    :param contexte: qui regarde.
    :param brique: brique qui n'est pas servie dans l'établissement.
    :param adresse: adresse demandée ; ce qu'une page envoie à sa propre adresse passe comme elle.
    :raises NotFound: la brique est fermée ici, ou la personne n'est pas un personnel.
    :raises Introuvable: la brique attend ses préalables : les personnels l'apprennent.
    """
    if brique not in contexte.en_attente or contexte.profil not in PERSONNELS:
        raise NotFound
    liens = (prealable.lien for prealable in ent.activation.prealables.de(brique))
    if any(url_for(lien) == adresse for lien in liens if lien):
        return
    raise Introuvable(
        "cette brique n'est pas encore servie ici : des préalables restent à attester.",
        remede="le chef d'établissement les atteste au menu « Briques ».",
    )


def verifier_liens(application: Flask, chargement: Chargement) -> Iterator[Anomalie]:
    """Le lien d'un préalable mène à une page de sa brique, qui s'ouvre sans paramètre.

    :param application: application, routes enregistrées.
    :param chargement: briques chargées.
    """
    pages = {
        regle.endpoint
        for regle in application.url_map.iter_rules()
        if "GET" in (regle.methods or ()) and not regle.arguments
    }
    for brique in chargement.briques:
        for prealable in brique.prealables:
            if prealable.lien and not (
                prealable.lien.startswith(f"{brique.id}.") and prealable.lien in pages
            ):
                yield Anomalie(
                    "PREALABLE-003",
                    f"brique {brique.id}, préalable {prealable.cle}",
                    f"« {prealable.lien} » n'est pas une page de la brique qui s'ouvre sans paramètre",
                    f"donner le nom d'une route « {brique.id}.… »",
                )
