"""Le contrôle des colonnes : chacune est classée, et « neutre » ne sert pas à cacher une donnée.

Ce qui peut contenir n'importe quoi (texte libre, JSON, binaire), ou dont le nom annonce une coordonnée,
n'est neutre que par une dérogation signée.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, Enum, LargeBinary, String, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from ent_core.contrat.donnees import Donnee, Exemption, Neutre, Traitement
from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import DeclarationTable
from ent_core.donnees.chiffrement import type_clair
from ent_core.donnees.colonnes import declaration_colonne

__all__ = ["LONGUEUR_CODE", "controler_colonnes"]

LONGUEUR_CODE = 64
"""Longueur du plus long des codes que nous rangeons, une empreinte SHA-256 en hexadécimal.

Au-delà, une colonne peut porter une phrase sur quelqu'un : elle se traite en texte libre.
"""

_COORDONNEES = frozenset(
    "courriel courriels mail email mel telephone tel portable fax adresse adresses rue ville commune"
    " prenom prenoms naissance ine nir ip".split()
)
"""Mots d'un nom de colonne qui annoncent l'identité ou les coordonnées d'une personne."""

_AUTRES = {"HSTORE": "un dictionnaire libre", "XML": "un document XML"}


def controler_colonnes(
    lieu: str, table: Table, declaree: DeclarationTable, traitement: Traitement | None
) -> Iterator[Anomalie]:
    """Contrôle chaque colonne d'une table.

    :param lieu: brique et table, pour le message.
    :param table: table déclarée.
    :param declaree: sa déclaration.
    :param traitement: traitement dont elle relève, s'il est connu.
    """
    sujets = {sujet.colonne for sujet in declaree.sujets}
    destinataires = frozenset(d.role for d in traitement.destinataires) if traitement else None
    for colonne in table.columns:
        # Le lieu ne s'écrit que pour une faute : dix mille colonnes se contrôlent à chaque démarrage.
        match declaration_colonne(colonne):
            case None:
                yield Anomalie(
                    "DONNEE-020",
                    f"{lieu}, colonne {colonne.name}",
                    "cette colonne n'est pas déclarée",
                    "l'écrire donnee(catégorie, …) ou neutre(motif, …)",
                )
            case Donnee() as donnee:
                if declaree.traitement is None:
                    yield Anomalie(
                        "DONNEE-021",
                        f"{lieu}, colonne {colonne.name}",
                        "donnée personnelle dans une table sans traitement",
                        "donner __traitement__ à la table",
                    )
                if donnee.pour or donnee.chiffree or isinstance(colonne.type, (JSON, TypeDecorator)):
                    yield from _donnee(f"{lieu}, colonne {colonne.name}", colonne, donnee, destinataires)
            case Neutre() as neutre:
                yield from _neutre(f"{lieu}, colonne {colonne.name}", colonne, neutre)
        if colonne.foreign_keys:
            yield from _vers_personne(f"{lieu}, colonne {colonne.name}", colonne, sujets)


def _donnee(
    ou: str, colonne: Column[Any], donnee: Donnee, destinataires: frozenset[str] | None
) -> Iterator[Anomalie]:
    if not donnee.cles and isinstance(type_clair(colonne.type), JSON):
        yield Anomalie("DONNEE-023", ou, "colonne JSON sans clés déclarées", "donner cles=(…)")
    inconnus = sorted(donnee.pour - destinataires) if destinataires is not None else []
    if inconnus:
        yield Anomalie(
            "DONNEE-028",
            ou,
            f"« pour » nomme {', '.join(inconnus)}, qui ne reçoit rien du traitement",
            "n'y mettre que des destinataires du traitement",
        )
    if donnee.chiffree and not _chiffrable(colonne, donnee):
        yield Anomalie(
            "DONNEE-029",
            ou,
            "« chiffree » ne vaut que pour un texte libre ou un binaire que rien ne cherche ni ne joint",
            "employer Text avec libre=True, ou LargeBinary, sans clé ni index ; sinon ôter chiffree=True",
        )


def _chiffrable(colonne: Column[Any], donnee: Donnee) -> bool:
    type_ = type_clair(colonne.type)
    cherchee = (
        colonne.primary_key
        or bool(colonne.foreign_keys)
        or bool(colonne.unique)
        or (
            colonne.table is not None
            and any(colonne.name in index.columns for index in colonne.table.indexes)
        )
    )
    return (isinstance(type_, LargeBinary) or (isinstance(type_, Text) and donnee.libre)) and not cherchee


def _neutre(ou: str, colonne: Column[Any], neutre: Neutre) -> Iterator[Anomalie]:
    if not neutre.motif.strip():
        yield Anomalie("DONNEE-022", ou, "neutre sans motif", "dire pourquoi elle n'est pas personnelle")
    if neutre.exemption is not None:
        yield from _exemption(ou, neutre.exemption)
        return
    contenu = None if colonne.foreign_keys else _contenu_libre(colonne.type)
    if contenu is not None:
        yield Anomalie(
            "DONNEE-026",
            ou,
            f"neutre, alors que {contenu} peut parler d'une personne",
            "l'écrire donnee(catégorie, …), borner sa longueur, ou signer Exemption(motif, par, le)",
        )
    elif isinstance(type_clair(colonne.type), String) and _COORDONNEES & set(colonne.name.lower().split("_")):
        yield Anomalie(
            "DONNEE-026",
            ou,
            "neutre, alors que son nom annonce l'identité ou les coordonnées d'une personne",
            "l'écrire donnee(catégorie, …), ou signer Exemption(motif, par, le)",
        )


def _exemption(ou: str, exemption: Exemption) -> Iterator[Anomalie]:
    if not exemption.motif.strip() or not exemption.par.strip():
        yield Anomalie(
            "DONNEE-027",
            ou,
            "dérogation sans motif, ou sans personne qui en répond",
            "remplir Exemption(motif, par, le)",
        )


def _contenu_libre(type_: TypeEngine[Any]) -> str | None:
    """Ce qu'une colonne de ce type peut contenir sans borne ; ``None`` si elle est bornée."""
    vrai = type_clair(type_)
    if isinstance(vrai, ARRAY):
        return _contenu_libre(vrai.item_type)
    if isinstance(vrai, JSON):
        return "un JSON"
    if isinstance(vrai, LargeBinary):
        return "un binaire"
    if isinstance(vrai, Enum):
        return None
    if isinstance(vrai, String):
        return "un texte libre" if vrai.length is None or vrai.length > LONGUEUR_CODE else None
    return _AUTRES.get(str(vrai.__visit_name__).upper())


def _vers_personne(ou: str, colonne: Column[Any], sujets: set[str]) -> Iterator[Anomalie]:
    if not any(cle.target_fullname == "personne.id" for cle in colonne.foreign_keys):
        return
    if colonne.name not in sujets:
        yield Anomalie(
            "DONNEE-024",
            ou,
            "référence à une personne absente de __sujets__",
            f'ajouter Sujet("{colonne.name}")',
        )
    if any(cle.ondelete is None for cle in colonne.foreign_keys):
        yield Anomalie(
            "DONNEE-025",
            ou,
            "référence à une personne sans « ondelete »",
            "employer vers_personne(ondelete=…)",
        )
