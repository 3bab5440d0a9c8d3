"""Ce qui est rendu d'une ligne : à chaque colonne, sa valeur, un masque, ou une relecture.

Une donnée d'une autre personne ne sort pas, ni ce qui la désigne. Un texte libre peut nommer n'importe qui :
il attend qu'une personne l'ait lu. Un mot de passe, même chiffré, n'est remis à personne.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, String, Table, Uuid, select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Categorie, Donnee, Lien, Neutre
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.chiffrement import en_clair, type_clair
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.droits.graphe import Ligne

__all__ = [
    "AUTRUI",
    "Cellule",
    "Lecteur",
    "Reference",
    "cle_de_ligne",
    "conditions_de",
    "en_json",
    "texte_actuel",
]

VOUS = "[la personne concernée]"
AUTRUI = "[autre personne]"
D_AUTRUI = "[donnée d'une autre personne]"
INTERNE = "[identifiant interne]"
SECRET = "[secret, remis à personne]"  # noqa: S105 - ce qui est écrit à la place

_LIBELLES = ("libelle", "nom", "intitule")
_SIMPLES = (str, int, float, bool, type(None))
_NOMBRES = frozenset({int, bool, float})
_DATES = frozenset({date, datetime, time})
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


_Geste = Callable[[Any, Mapping[str, Any]], Any]
_Plan = tuple[tuple[str, _Geste | None], ...]


class Lecteur:
    """Rend les lignes d'une personne.

    :param session: session de l'académie, pour dire en clair une division ou un établissement.
    :param personne: personne qui exerce son droit.
    """

    def __init__(self, session: Session, personne: UUID) -> None:
        self._session = session
        self._personne = personne
        self._dits: dict[tuple[Any, ...], str | None] = {}
        self._plans: dict[tuple[str, frozenset[Lien], frozenset[Lien]], _Plan] = {}

    def rendre(self, table: Table, ligne: Ligne) -> tuple[dict[str, Any], list[Cellule]]:
        """Valeurs d'une ligne, prêtes pour JSON, et ce qui doit y être mis à part.

        :param table: table de la ligne.
        """
        repere = (table.name, ligne.liens, ligne.autres)
        plan = self._plans.get(repere)
        if plan is None:
            plan = self._plans[repere] = tuple(
                (c.nom, self._geste(table, c, entiere=ligne.entiere, partagee=ligne.partagee))
                for c in _colonnes(table)
            )
        valeurs = ligne.valeurs
        rendues: dict[str, Any] = {}
        a_part: list[Cellule] = []
        for nom, geste in plan:
            valeur = valeurs[nom]
            if valeur is None:
                rendues[nom] = None
            elif geste is not None:
                rendue = geste(valeur, valeurs)
                if type(rendue) is Cellule:
                    a_part.append(rendue)
                    rendue = None
                rendues[nom] = rendue
            elif type(valeur) in _NOMBRES or (type(valeur) is str and len(valeur) not in _LONGUEURS):
                rendues[nom] = valeur  # le cas de presque toutes les cellules
            elif type(valeur) in _DATES:
                rendues[nom] = en_json(valeur)
            else:
                rendues[nom] = en_json(self.masquer(valeur))
        return rendues, a_part

    def _geste(self, table: Table, colonne: _Colonne, *, entiere: bool, partagee: bool) -> _Geste | None:
        """Ce qui est fait d'une colonne, décidé une fois pour toutes les lignes de même lien.

        ``None`` : la valeur est rendue, ses identifiants masqués.
        """
        nom = colonne.nom
        if colonne.donnee is None:
            return self._etablissement if nom == "uai" else None
        if colonne.sujet:
            return lambda valeur, _: VOUS if valeur == self._personne else AUTRUI
        if colonne.secrete:
            return lambda _valeur, _: SECRET
        if colonne.libre or (entiere and partagee and colonne.sans_borne):
            return lambda valeur, valeurs: Cellule(
                nom, valeur, Reference(table.name, cle_de_ligne(table, valeurs), nom)
            )
        if not entiere and (partagee or colonne.binaire or not colonne.trace):
            # D'une ligne qu'elle a écrite, elle reçoit ce qui la trace ; le reste parle d'autrui.
            return lambda _valeur, _: D_AUTRUI
        if colonne.binaire:
            return lambda valeur, _: Cellule(nom, bytes(valeur), None)
        if colonne.identifiant:
            return lambda _, valeurs: self._en_clair(table.c[nom], valeurs)
        return None

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

    def _etablissement(self, uai: Any, _valeurs: Mapping[str, Any]) -> str:
        nom = self._lu("etablissement", {"uai": uai})
        return f"{uai}, {nom}" if nom else str(uai)

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
    voulue = table.c[reference.colonne]
    valeur = session.scalar(select(voulue).where(*conditions_de(table, reference)))
    valeur = en_clair(session, table, {**_cle(table, reference), voulue.name: valeur})[voulue.name]
    return None if valeur is None else str(valeur)


def conditions_de(table: Table, reference: Reference) -> list[ColumnElement[bool]]:
    """Conditions qui retrouvent la ligne d'une référence, et elle seule.

    :param table: table de la référence.
    """
    return [table.c[nom] == valeur for nom, valeur in _cle(table, reference).items()]


def _cle(table: Table, reference: Reference) -> dict[str, Any]:
    cles = json.loads(reference.ligne)
    return {c.name: _depuis_json(c, v) for c, v in zip(table.primary_key, cles, strict=True)}


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
    binaire: bool = False
    identifiant: bool = False


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
            vrai = type_clair(colonne.type)
            rendues.append(
                _Colonne(
                    nom=colonne.name, donnee=dite, sujet=colonne.name in sujets,
                    secrete=_secrete(colonne.name, dite), libre=dite.libre, sans_borne=_sans_borne(colonne),
                    trace=dite.categorie is Categorie.TRACE, binaire=isinstance(vrai, LargeBinary),
                    identifiant=isinstance(vrai, Uuid),
                )
            )  # fmt: skip
    return tuple(rendues)


def _technique(colonne: Column[Any]) -> bool:
    """Un identifiant ou une empreinte ne dit rien à personne."""
    return isinstance(type_clair(colonne.type), Uuid | LargeBinary)


def _secrete(nom: str, declaree: Donnee) -> bool:
    return declaree.categorie is Categorie.CONNEXION and (nom == "empreinte" or nom.endswith("_empreinte"))


def _sans_borne(colonne: Column[Any]) -> bool:
    vrai = type_clair(colonne.type)
    return isinstance(vrai, String) and vrai.length is None
