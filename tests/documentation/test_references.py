"""Les références générées sont à jour, et rien de ce qu'elles montrent n'est muet."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import msgspec
import pytest

import ent_core.brique as facade
from ent_core.cli.codes import codes
from ent_core.cli.references import documentation, pages
from ent_core.contrat import crochets
from ent_core.socle import configuration

DOSSIER = Path(__file__).resolve().parents[2] / "docs" / "reference"
CROCHETS = {nom: f for nom, f in vars(crochets).items() if nom.startswith("ent_") and callable(f)}


def test_chaque_page_generee_est_a_jour() -> None:
    perimees = [
        nom
        for nom, texte in pages().items()
        if not (DOSSIER / nom).is_file() or (DOSSIER / nom).read_text("utf-8") != texte
    ]
    assert perimees == [], "lancer « ent docs generer »"


@pytest.mark.parametrize("nom", sorted(CROCHETS))
def test_chaque_crochet_et_chaque_argument_est_documente(nom: str) -> None:
    dit = documentation(CROCHETS[nom])
    assert dit.texte
    assert set(dit.parametres) == set(inspect.signature(CROCHETS[nom]).parameters)
    assert f"### `{nom}`" in (DOSSIER / "crochets.md").read_text("utf-8")


def test_chaque_nom_de_la_facade_est_documente() -> None:
    muets = [
        nom for nom in facade.__all__ if callable(getattr(facade, nom)) and not getattr(facade, nom).__doc__
    ]
    assert muets == []


def test_la_facade_ne_rend_que_ce_qu_elle_annonce() -> None:
    publics = {n for n, o in vars(facade).items() if not n.startswith("_") and not inspect.ismodule(o)}
    assert publics - {"annotations"} == set(facade.__all__)


def test_chaque_reglage_est_documente() -> None:
    structures = [
        objet
        for objet in vars(configuration).values()
        if isinstance(objet, type)
        and issubclass(objet, msgspec.Struct)
        and not objet.__name__.startswith("_")
    ]
    muets = [
        f"{structure.__name__}.{champ.name}"
        for structure in structures
        for champ in msgspec.structs.fields(structure)
        if champ.name not in documentation(structure).parametres
        and not (isinstance(champ.type, type) and issubclass(champ.type, msgspec.Struct))
        and champ.name != "bascules"
    ]
    assert muets == []


def test_chaque_code_d_anomalie_dit_quoi_et_que_faire() -> None:
    releves = codes()
    assert len(releves) > 40
    muets = [code for code, cas in releves.items() for dit, faire in cas if "…" in (dit, faire)]
    assert muets == []


def test_la_documentation_d_une_fonction_se_lit() -> None:
    @dataclasses.dataclass
    class Exemple:
        """Une ligne,
        et la suite.

        :param nom: ce qu'il
            est.
        :raises ValueError: mauvais ``nom``.
        """

        nom: str

    dit = documentation(Exemple)
    assert dit.texte == "Une ligne, et la suite."
    assert dit.parametres == {"nom": "ce qu'il est."}
    assert dit.autres == (("ValueError", "mauvais `nom`."),)
