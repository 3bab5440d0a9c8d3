"""De quoi lire une archive du GAR et la soumettre au schéma national."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from ent_core.federation.gar.format import NOM_DE_FICHIER, FluxGar

FORMATS = Path(__file__).parents[4] / "shared" / "formats" / "gar"


@cache
def schema(degre: FluxGar) -> etree.XMLSchema:
    """Le schéma national d'un flux ; l'essai est passé s'il n'est pas là."""
    chemin = FORMATS / "schema" / degre.schema
    if not chemin.exists():
        pytest.skip(f"schéma absent : {chemin.name}")
    return etree.XMLSchema(etree.parse(str(chemin)))


def fichiers(archive: Path) -> Iterator[tuple[str, etree._Element]]:
    """Les fichiers d'une archive, dans leur ordre."""
    with tarfile.open(archive) as ouverte:
        for membre in ouverte:
            contenu = ouverte.extractfile(membre)
            assert contenu is not None
            yield membre.name, etree.fromstring(contenu.read())


def exiger_le_schema(archive: Path) -> None:
    """Chaque fichier suit le schéma national de son flux."""
    for nom, racine in fichiers(archive):
        lu = NOM_DE_FICHIER.fullmatch(nom)
        assert lu is not None, nom
        regle = schema(FluxGar(lu["degre"]))
        assert regle.validate(racine), (nom, str(regle.error_log))


def valeurs(archive: Path, noeud: str, *champs: str) -> list[tuple[str, ...]]:
    """Les champs demandés de chaque nœud, dans l'ordre ; « | » sépare les valeurs d'un champ répété."""
    trouves = []
    for _, racine in fichiers(archive):
        espace = etree.QName(racine).namespace
        for element in racine.iterchildren(f"{{{espace}}}{noeud}"):
            trouves.append(
                tuple("|".join(e.text or "" for e in element.iter(f"{{{espace}}}{c}")) for c in champs)
            )
    return trouves
