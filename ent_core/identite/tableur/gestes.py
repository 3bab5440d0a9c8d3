"""Les gestes d'un lot : chaque ligne qu'une liste crée, change ou ôte, et de quoi l'annuler.

L'importeur n'en sait rien : la session dit elle-même ce qu'elle va écrire. Ce que le lot a laissé n'est
gardé que sous forme d'empreinte, pour reconnaître ce qu'on a changé depuis ; ce qu'il a remplacé est gardé
en clair, le temps où l'annulation reste possible.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Table, delete, event, insert, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from ent_core.identite.modeles import (
    Division,
    Groupe,
    Identifiant,
    ImportGeste,
    ImportLot,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Scolarite,
    Service,
)
from ent_core.socle.calendrier import Horloge

__all__ = [
    "DELAI",
    "Gestes",
    "Nature",
    "colonnes_de",
    "depuis_json",
    "empreinte_de",
    "en_json",
    "oublier_les_anciens",
]

DELAI = timedelta(days=30)
"""Temps pendant lequel une liste s'annule ; après, ce qu'elle a remplacé est effacé."""

_SUJETS = ("personne_id", "eleve_id")
_NOTES = (
    Personne,
    Identifiant,
    Rattachement,
    Division,
    Groupe,
    Inscription,
    Scolarite,
    Responsabilite,
    Service,
)


class Nature(StrEnum):
    """Ce qu'un lot a fait d'une ligne."""

    CREATION = "creation"
    MODIFICATION = "modification"
    RETRAIT = "retrait"


class Gestes:
    """Ce qu'une session écrit, noté au fil de l'eau.

    :param session: session de l'import ; ce qu'elle écrit de l'annuaire par l'ORM est noté.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        # Par objet, et non par clé : la session ne tient que faiblement ce qu'elle a écrit.
        self._notes: dict[object, tuple[Nature, dict[str, Any]]] = {}
        event.listen(session, "before_flush", self._noter)

    def garder(self, uai: str, lot: UUID) -> None:
        """Écrit les gestes du lot et cesse de noter.

        :param uai: établissement du lot.
        :param lot: lot enregistré.
        """
        self._session.flush()
        event.remove(self._session, "before_flush", self._noter)
        lignes = [
            {"uai": uai, "lot_id": lot, **geste}
            for objet, (nature, avant) in self._notes.items()
            if (geste := _geste(objet, nature, avant)) is not None
        ]
        if lignes:
            self._session.execute(insert(ImportGeste), lignes)

    def _noter(self, session: Session, _contexte: UOWTransaction, _objets: object) -> None:
        for objet in filter(_est_note, session.new):
            self._notes[objet] = Nature.CREATION, {}
        for objet in filter(_est_note, session.dirty):
            nature, deja = self._notes.get(objet, (Nature.MODIFICATION, {}))
            # La première valeur remplacée est celle d'avant l'import.
            if nature is Nature.MODIFICATION and (avant := {**_remplacees(objet), **deja}):
                self._notes[objet] = nature, avant
        for objet in filter(_est_note, session.deleted):
            nature, deja = self._notes.pop(objet, (Nature.RETRAIT, {}))
            if nature is not Nature.CREATION:
                self._notes[objet] = Nature.RETRAIT, {**_valeurs(objet), **_remplacees(objet), **deja}


def _est_note(objet: object) -> bool:
    # Une brique qui réagit à l'import écrit dans la même session : ses lignes sont à elle.
    return isinstance(objet, _NOTES)


def _geste(objet: object, nature: Nature, avant: Mapping[str, Any]) -> dict[str, Any] | None:
    valeurs = avant if nature is Nature.RETRAIT else _valeurs(objet)
    gardees: Mapping[str, Any] = {}
    if nature is Nature.MODIFICATION:
        gardees = {nom: valeur for nom, valeur in avant.items() if valeurs[nom] != valeur}
        if not gardees:
            return None
    elif nature is Nature.RETRAIT:
        gardees = avant
    table = _table(objet)
    sujets = ("id",) if table.name == "personne" else _SUJETS
    ecrites = {nom: valeurs[nom] for nom in gardees or valeurs}
    return {
        "nature": nature.value,
        "objet": table.name,
        "cle": [en_json(valeurs[colonne.name]) for colonne in table.primary_key],
        "avant": {nom: en_json(valeur) for nom, valeur in gardees.items()},
        "empreinte": None if nature is Nature.RETRAIT else empreinte_de(ecrites),
        "personne_id": next((valeurs[nom] for nom in sujets if nom in valeurs), None),
    }


def colonnes_de(table: Table) -> Iterator[Column[Any]]:
    """Colonnes qu'un import écrit : les autres sont calculées par la base.

    :param table: table.
    """
    return (colonne for colonne in table.columns if colonne.computed is None)


def empreinte_de(valeurs: Mapping[str, Any]) -> str:
    """SHA-256 de valeurs nommées, quel que soit leur ordre.

    :param valeurs: valeur par colonne.
    """
    ecrites = json.dumps({nom: en_json(valeur) for nom, valeur in valeurs.items()}, sort_keys=True)
    return hashlib.sha256(ecrites.encode()).hexdigest()


def en_json(valeur: Any) -> Any:
    """Une valeur de colonne sous une forme que JSON sait porter.

    :param valeur: valeur telle que l'ORM la rend.
    """
    if isinstance(valeur, date):
        return valeur.isoformat()
    return str(valeur) if isinstance(valeur, UUID) else valeur


def depuis_json(colonne: Column[Any], valeur: Any) -> Any:
    """L'inverse de ``en_json``.

    :param colonne: colonne qui dit le type.
    :param valeur: valeur lue dans un geste.
    """
    genre = colonne.type.python_type
    if isinstance(valeur, str) and issubclass(genre, date):
        return genre.fromisoformat(valeur)
    return UUID(valeur) if isinstance(valeur, str) and genre is UUID else valeur


def oublier_les_anciens(session: Session, horloge: Horloge) -> int:
    """Efface les gestes des lots qui ne s'annulent plus.

    :param session: session de l'académie ; l'appelant valide.
    :param horloge: heure de référence.
    :returns: nombre de gestes effacés.
    """
    anciens = select(ImportLot.id).where(ImportLot.demarre_le < horloge.maintenant() - DELAI)
    effaces: Iterable[UUID] = session.scalars(
        delete(ImportGeste)
        .where(ImportGeste.lot_id.in_(anciens))
        .returning(ImportGeste.id)
        .execution_options(synchronize_session=False)
    )
    return sum(1 for _ in effaces)


def _table(objet: object) -> Table:
    return cast(Table, inspect(type(objet)).local_table)


def _valeurs(objet: object) -> dict[str, Any]:
    return {colonne.name: getattr(objet, colonne.name) for colonne in colonnes_de(_table(objet))}


def _remplacees(objet: object) -> dict[str, Any]:
    """Colonnes changées depuis la lecture, et leur valeur d'alors."""
    attributs = inspect(objet).attrs
    anciennes = {c.name: attributs[c.name].history.deleted for c in colonnes_de(_table(objet))}
    return {nom: valeurs[0] for nom, valeurs in anciennes.items() if valeurs}
