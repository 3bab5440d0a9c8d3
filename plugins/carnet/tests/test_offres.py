"""Ce qui sort du carnet vers une autre brique : trois nombres scellés, et rien de la discipline."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import ent_core.brique as facade
import pytest
from ent_core.brique import Contexte, DecompteScelle, DecomptesScelles, Demande
from sqlalchemy.orm import Session

import ent_carnet
from ent_carnet.brique import ent_repondre

DOSSIER = Path(ent_carnet.__file__).parent


class BaremeVoulu(Demande[object]):
    """Une demande de plus, que nul contrat ne prévoit."""


def contrats() -> set[type]:
    return {
        valeur
        for valeur in vars(facade).values()
        if isinstance(valeur, type) and issubclass(valeur, Demande) and valeur is not Demande
    }


def noms_importes(module: Path) -> Iterator[str]:
    for noeud in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(noeud, ast.ImportFrom) and noeud.module == "ent_core.brique":
            yield from (alias.name for alias in noeud.names)


@pytest.mark.exigence("DISC-05")
def test_du_carnet_au_livret_ne_passent_que_les_decomptes_scelles() -> None:
    # Les contrats qu'une brique peut demander sont en liste : en ajouter un se décide ici.
    assert contrats() == {DecomptesScelles}
    assert {champ.name for champ in fields(DecompteScelle)} == {
        "eleve_id", "demi_journees", "non_reglees", "retards", "scelle_le", "corrige",
    }  # fmt: skip
    # À toute autre demande, le carnet n'a rien à dire : il ne touche pas même la base.
    assert (
        ent_repondre(cast("Session", None), cast("Contexte", None), cast("Demande[Any]", BaremeVoulu()))
        is None
    )
    # Et il n'en demande aucune : ni note ni bulletin ne dépendent de ce qu'il lirait ailleurs.
    demandent = {module.name for module in DOSSIER.rglob("*.py") if "consulter" in set(noms_importes(module))}
    assert demandent == set()
    offrent = {
        module.name for module in DOSSIER.rglob("*.py") if "DecompteScelle" in set(noms_importes(module))
    }
    assert offrent == {"brique.py", "offre.py"}
