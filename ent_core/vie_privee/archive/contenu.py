"""Le contenu d'une unité : des lignes et ce qu'il faut pour les comprendre sans la brique qui les a faites.

Un JSON versionné, comprimé, scellé sous la clé de l'unité et lié à sa place dans l'index.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from ent_core.contrat.donnees import Donnee, Traitement
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.socle.erreurs import ErreurEnt
from ent_core.vie_privee.coffre.scelle import ouvrir, sceller
from ent_core.vie_privee.droits.lecture import en_json

__all__ = ["SCHEMA", "Contenu", "Place", "composer", "decrire", "desceller", "fermer"]

SCHEMA = 1
"""Version de la forme d'un contenu ; toutes celles qui ont servi se lisent encore."""

_TAILLE_MAXIMALE = 256 * 1024 * 1024


class ContenuIllisible(ErreurEnt):
    """Un contenu de l'archive n'a pas une forme que cette version sache lire."""

    code = "ENT-ARCHIVE"


@dataclass(frozen=True, slots=True)
class Place:
    """Ce qui lie un contenu à son entrée d'index : mis à la place d'un autre, il ne s'ouvre pas."""

    id: UUID
    uai: str
    traitement: str
    annee: int

    @property
    def associees(self) -> bytes:
        """Octets liés au sceau."""
        return f"archive|{self.id}|{self.uai}|{self.traitement}|{self.annee}".encode()


@dataclass(frozen=True, slots=True)
class Contenu:
    """Un contenu ouvert.

    :param traitement: le traitement, tel qu'il était déclaré le jour de l'entrée.
    :param tables: table → colonnes décrites et lignes.
    """

    traitement: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]

    def lignes(self) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """Table, colonnes décrites et valeurs de chaque ligne."""
        for nom, table in self.tables.items():
            for ligne in table["lignes"]:
                yield nom, table["colonnes"], ligne

    @property
    def nombre(self) -> int:
        """Lignes du contenu."""
        return sum(len(table["lignes"]) for table in self.tables.values())


def composer(
    traitement: Traitement, entree_le: date,
    tables: Mapping[str, tuple[Mapping[str, Any], Iterable[Mapping[str, Any]]]],
) -> bytes:  # fmt: skip
    """Écrit un contenu.

    :param entree_le: jour de l'entrée.
    :param tables: nom → colonnes décrites et lignes.
    """
    ecrit = {
        "schema": SCHEMA,
        "entree_le": entree_le.isoformat(),
        "traitement": {
            "cle": traitement.cle,
            "version": traitement.version,
            "intitule": traitement.intitule,
            "finalite": traitement.finalite,
            "base_legale": traitement.base.value,
            "textes": list(traitement.textes),
        },
        "tables": {
            nom: {
                "colonnes": colonnes,
                "lignes": [{cle: en_json(valeur) for cle, valeur in ligne.items()} for ligne in lignes],
            }
            for nom, (colonnes, lignes) in tables.items()
        },
    }
    return json.dumps(ecrit, ensure_ascii=False, separators=(",", ":")).encode()


def decrire(table: Table) -> dict[str, dict[str, Any]]:
    """Ce que la déclaration dit de chaque colonne, pour la lire et la masquer plus tard.

    :param table: table déclarée.
    """
    declaree = declaration(table)
    liens = {s.colonne: s.lien.value for s in declaree.sujets if not s.par} if declaree else {}
    decrites: dict[str, dict[str, Any]] = {}
    for colonne in table.columns:
        dite = declaration_colonne(colonne)
        decrite: dict[str, Any] = {"libelle": colonne.name.removesuffix("_id").replace("_", " ")}
        if isinstance(dite, Donnee):
            decrite |= {"categorie": dite.categorie.value, "libre": dite.libre}
        elif dite is not None:
            decrite["sens"] = dite.motif
        if colonne.name in liens:
            decrite["sujet"] = liens[colonne.name]
        decrites[colonne.name] = decrite
    return decrites


def fermer(cle: bytes, clair: bytes, place: Place) -> bytes:
    """Comprime et scelle un contenu.

    :param cle: clé de l'unité.
    """
    return sceller(cle, zlib.compress(clair, 6), place.associees)


def desceller(cle: bytes | None, scelle: bytes, place: Place) -> Contenu:
    """Ouvre un contenu.

    :param cle: clé de l'unité ; ``None`` si elle a été détruite.
    :raises CleDisparue: la clé n'est plus là.
    :raises ScelleAltere: le contenu a été changé, ou mis à la place d'un autre.
    :raises ContenuIllisible: il vient d'une version plus récente.
    """
    decompresseur = zlib.decompressobj()
    clair = decompresseur.decompress(ouvrir(cle, scelle, place.associees), _TAILLE_MAXIMALE)
    lu = json.loads(clair)
    if lu.get("schema") != SCHEMA:
        raise ContenuIllisible(
            f"ce contenu est de la forme {lu.get('schema')}, que cette version ne sait pas lire.",
            remede="mettre l'ENT à jour.",
            lieu=f"unité {place.id}",
        )
    return Contenu(lu["traitement"], lu["tables"])
