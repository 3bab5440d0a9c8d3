"""Ce qui est rendu d'une ligne : à chaque colonne, sa valeur, un masque, ou une relecture.

Une donnée d'une autre personne ne sort pas, ni ce qui la désigne. Un texte libre peut nommer n'importe qui :
il attend qu'une personne l'ait lu. Un mot de passe, même chiffré, n'est remis à personne.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, String, Table, Uuid, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from ent_core.contrat.donnees import Categorie, Donnee, Neutre
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.droits.graphe import Ligne

__all__ = ["AUTRUI", "Cellule", "Lecteur", "Reference", "cle_de_ligne", "en_json", "texte_actuel"]

VOUS = "[la personne concernée]"
AUTRUI = "[autre personne]"
D_AUTRUI = "[donnée d'une autre personne]"
INTERNE = "[identifiant interne]"
SECRET = "[secret, remis à personne]"  # noqa: S105 - ce qui est écrit à la place

_LIBELLES = ("libelle", "nom", "intitule")
_SIMPLES = (str, int, float, bool, type(None))
_LONGUEURS = (32, 36)
"""Longueurs d'un identifiant écrit en texte."""
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """Où est un texte, sans le recopier.

    :param ligne: clé primaire, en JSON.
    """

    table: str
    ligne: str
    colonne: str


@dataclass(frozen=True, slots=True)
class Cellule:
    """Ce qu'une ligne ne rend pas tel quel : un texte à relire, ou les octets d'un fichier.

    :param reference: où est le texte ; ``None`` pour un fichier.
    """

    colonne: str
    valeur: Any
    reference: Reference | None


class Lecteur:
    """Rend les lignes d'une personne.

    :param session: session de l'académie, pour dire en clair une division ou un établissement.
    :param personne: personne qui exerce son droit.
    """

    def __init__(self, session: Session, personne: UUID) -> None:
        self._session = session
        self._personne = personne
        self._dits: dict[tuple[Any, ...], str | None] = {}
        self._colonnes: dict[str, tuple[_Colonne, ...]] = {}

    def rendre(self, table: Table, ligne: Ligne) -> tuple[dict[str, Any], list[Cellule]]:
        """Valeurs d'une ligne, prêtes pour JSON, et ce qui doit y être mis à part.

        :param table: table de la ligne.
        """
        colonnes = self._colonnes.get(table.name)
        if colonnes is None:
            colonnes = self._colonnes[table.name] = _colonnes(table)
        rendues: dict[str, Any] = {}
        a_part: list[Cellule] = []
        for colonne in colonnes:
            nom, valeur = colonne.nom, ligne.valeurs[colonne.nom]
            if valeur is None:
                rendues[nom] = None
            elif colonne.donnee is None:
                rendues[nom] = en_json(self._neutre(nom, valeur))
            else:
                rendue = self._donnee(table, colonne, ligne, valeur)
                if isinstance(rendue, Cellule):
                    a_part.append(rendue)
                    rendue = None
                rendues[nom] = en_json(rendue)
        return rendues, a_part

    def _donnee(self, table: Table, colonne: _Colonne, ligne: Ligne, valeur: Any) -> Any:
        nom, binaire = colonne.nom, isinstance(valeur, bytes | memoryview)
        if colonne.sujet:
            return VOUS if valeur == self._personne else AUTRUI
        if colonne.secrete:
            return SECRET
        if colonne.libre or (ligne.entiere and ligne.partagee and colonne.sans_borne):
            return Cellule(nom, valeur, Reference(table.name, cle_de_ligne(table, ligne.valeurs), nom))
        if not ligne.entiere and (ligne.partagee or binaire or not colonne.trace):
            # D'une ligne qu'elle a écrite, elle reçoit ce qui la trace ; le reste parle d'autrui.
            return D_AUTRUI
        if binaire:
            return Cellule(nom, bytes(valeur), None)
        if isinstance(valeur, UUID):
            return self._en_clair(table.c[nom], ligne.valeurs)
        return self.masquer(valeur)

    def masquer(self, valeur: Any) -> Any:
        """Remplace tout identifiant qui n'est pas le sien, aussi loin qu'il soit.

        :param valeur: texte, liste, objet JSON, ou valeur simple.
        """
        if isinstance(valeur, str):
            if len(valeur) not in _LONGUEURS or not _UUID.fullmatch(valeur):
                return valeur
            return VOUS if UUID(valeur) == self._personne else INTERNE
        if isinstance(valeur, UUID):
            return VOUS if valeur == self._personne else INTERNE
        if isinstance(valeur, dict):
            return {cle: self.masquer(dedans) for cle, dedans in valeur.items()}
        if isinstance(valeur, list | tuple):
            return [self.masquer(dedans) for dedans in valeur]
        return valeur

    def _neutre(self, nom_colonne: str, valeur: Any) -> Any:
        if nom_colonne == "uai":
            nom = self._lu("etablissement", {"uai": valeur})
            return f"{valeur}, {nom}" if nom else valeur
        return self.masquer(valeur)

    def _en_clair(self, colonne: Column[Any], valeurs: Mapping[str, Any]) -> str:
        """« 5e A » au lieu de son identifiant, si la table désignée a un libellé qui n'est pas personnel."""
        for cle in colonne.table.foreign_key_constraints:
            if colonne.name in cle.column_keys:
                cherchees = {e.column.name: valeurs[e.parent.name] for e in cle.elements}
                return self._lu(cle.referred_table.name, cherchees) or INTERNE
        return INTERNE

    def _lu(self, nom: str, cles: Mapping[str, Any]) -> str | None:
        repere = (nom, *sorted(cles.items()))
        if repere not in self._dits:
            if len(self._dits) > 1000:
                self._dits.clear()
            self._dits[repere] = self._chercher(nom, cles)
        return self._dits[repere]

    def _chercher(self, nom: str, cles: Mapping[str, Any]) -> str | None:
        table = Base.metadata.tables[nom]
        libelle = next(
            (c for n in _LIBELLES if (c := table.c.get(n)) is not None
             and isinstance(declaration_colonne(c), Neutre)),
            None,
        )  # fmt: skip
        if libelle is None:
            return None
        trouve = self._session.scalar(select(libelle).where(*(table.c[c] == v for c, v in cles.items())))
        return None if trouve is None else str(trouve)


def cle_de_ligne(table: Table, valeurs: Mapping[str, Any]) -> str:
    """Clé primaire d'une ligne, en JSON.

    :param valeurs: au moins les colonnes de la clé.
    """
    return json.dumps([en_json(valeurs[c.name]) for c in table.primary_key], ensure_ascii=False)


def texte_actuel(session: Session, table: Table, reference: Reference) -> str | None:
    """Le texte, tel qu'il est à présent ; ``None`` si la ligne ou le texte n'est plus.

    :param session: session de l'académie.
    :param table: table de la référence.
    """
    cles = json.loads(reference.ligne)
    conditions = [c == _depuis_json(c, v) for c, v in zip(table.primary_key, cles, strict=True)]
    valeur = session.scalar(select(table.c[reference.colonne]).where(*conditions))
    return None if valeur is None else str(valeur)


def en_json(valeur: Any) -> Any:
    """Valeur que JSON sait écrire ; dates à l'heure de Paris.

    :param valeur: valeur lue dans la base.
    """
    if type(valeur) in _SIMPLES:
        return valeur
    if isinstance(valeur, datetime):
        return (valeur.astimezone(FUSEAU) if valeur.tzinfo else valeur).isoformat(timespec="seconds")
    if isinstance(valeur, date | time):
        return valeur.isoformat()
    if isinstance(valeur, UUID | Decimal):
        return str(valeur)
    if isinstance(valeur, bytes | memoryview):
        return bytes(valeur).hex()
    if isinstance(valeur, Mapping):
        return {str(cle): en_json(dedans) for cle, dedans in valeur.items()}
    if isinstance(valeur, list | tuple | set | frozenset):
        return [en_json(dedans) for dedans in valeur]
    return valeur if isinstance(valeur, str | int | float | bool) or valeur is None else str(valeur)


def _depuis_json(colonne: Column[Any], valeur: Any) -> Any:
    attendu = colonne.type.python_type
    if attendu is UUID:
        return UUID(valeur)
    if attendu is bytes:
        return bytes.fromhex(valeur)
    if attendu in (date, datetime):
        return attendu.fromisoformat(valeur)
    return valeur


@dataclass(frozen=True, slots=True)
class _Colonne:
    """Ce qu'il faut savoir d'une colonne, calculé une fois par table."""

    nom: str
    donnee: Donnee | None = None
    sujet: bool = False
    secrete: bool = False
    libre: bool = False
    sans_borne: bool = False
    trace: bool = False


def _colonnes(table: Table) -> tuple[_Colonne, ...]:
    """Colonnes rendues d'une table ; celles qui ne disent rien à personne n'y sont pas."""
    declaree = declaration(table)
    sujets = {s.colonne for s in declaree.sujets if not s.par} if declaree else set()
    rendues = []
    for colonne in table.columns:
        dite = declaration_colonne(colonne)
        if isinstance(dite, Neutre) and not _technique(colonne):
            rendues.append(_Colonne(colonne.name))
        elif isinstance(dite, Donnee):
            rendues.append(
                _Colonne(
                    nom=colonne.name, donnee=dite, sujet=colonne.name in sujets,
                    secrete=_secrete(colonne.name, dite), libre=dite.libre, sans_borne=_sans_borne(colonne),
                    trace=dite.categorie is Categorie.TRACE,
                )
            )  # fmt: skip
    return tuple(rendues)


def _technique(colonne: Column[Any]) -> bool:
    """Un identifiant ou une empreinte ne dit rien à personne."""
    return isinstance(_vrai(colonne), Uuid | LargeBinary)


def _secrete(nom: str, declaree: Donnee) -> bool:
    return declaree.categorie is Categorie.CONNEXION and (nom == "empreinte" or nom.endswith("_empreinte"))


def _sans_borne(colonne: Column[Any]) -> bool:
    vrai = _vrai(colonne)
    return isinstance(vrai, String) and vrai.length is None


def _vrai(colonne: Column[Any]) -> Any:
    return colonne.type.impl_instance if isinstance(colonne.type, TypeDecorator) else colonne.type
