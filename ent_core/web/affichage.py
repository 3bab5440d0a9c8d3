"""Ce que tout gabarit sait de la requête : le jour, les couleurs, qui parle et à quel titre, le menu."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g

from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.web import navigation
from ent_core.web.instance import instance
from ent_core.web.requete import Requete

__all__ = ["ContexteAffiche", "installer"]


@dataclass(frozen=True, slots=True)
class ContexteAffiche:
    """Ce que l'en-tête de page montre en permanence."""

    uai: str
    etablissement_nom: str
    profil_libelle: str
    personne_nom: str
    plusieurs_contextes: bool


def installer(application: Flask) -> None:
    """Donne ces valeurs à tous les gabarits.

    :param application: application Flask.
    """
    application.context_processor(_pour_les_gabarits)


def _pour_les_gabarits() -> dict[str, object]:
    ent = instance()
    courante: Requete | None = g.get("ent_requete")
    reconnue = courante.reconnue if courante else None
    contexte = courante.contexte if courante else None
    affiche = None
    if courante and reconnue and contexte:
        affiche = ContexteAffiche(
            contexte.uai,
            contexte.etablissement_nom,
            LIBELLES_PROFILS.get(contexte.profil, ""),
            f"{reconnue.prenom or ''} {reconnue.nom}".strip(),
            courante.autres_titres,
        )
    return {
        "aujourd_hui": ent.horloge.aujourd_hui(),
        "theme": reconnue.theme if reconnue else "auto",
        "contexte": affiche,
        "visite": reconnue if reconnue and reconnue.support else None,
        "menu": navigation.menu(ent, contexte) if contexte else [],
    }
