"""Les colonnes chiffrées : du texte pour la brique, une enveloppe scellée pour la base.

Le type de la colonne n'accepte qu'une enveloppe : un texte en clair, donné par Core ou en masse, est refusé
avant de partir. Les classes qui ont une telle colonne sont surveillées : l'ORM scelle en écrivant et ouvre en
lisant. Les clés viennent d'un *trousseau*, propre à une transaction, que donne celui qui tient le coffre.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import LargeBinary, Table, Uuid, event, inspect
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction, object_session
from sqlalchemy.types import TypeDecorator, TypeEngine

from ent_core.socle.erreurs import DonneeProtegee, ErreurEnt

__all__ = [
    "CHIFFREUR", "EFFACE", "Chiffre", "Chiffreur", "Scelle", "Trousseau", "Valeurs", "en_clair",
    "fermer_trousseau", "place", "preparer", "surveiller", "type_clair",
]  # fmt: skip

CHIFFREUR = "ent.chiffreur"
"""Clé de ``Session.info`` sous laquelle vit celui qui donne les trousseaux."""

EFFACE = "[effacé]"
"""Ce qui se lit à la place d'un texte dont la clé a été détruite."""

_TROUSSEAU = "ent.trousseau"
_ATTRIBUTS = "__chiffrees__"


class Valeurs(Protocol):
    """Les valeurs d'une ligne, par nom de colonne."""

    def __getitem__(self, nom: str, /) -> Any:
        """Valeur d'une colonne."""
        ...


class Trousseau(Protocol):
    """Les clés d'une transaction (``ent_core.vie_privee.coffre.trousseau``)."""

    def preparer(self, lignes: Iterable[tuple[Table, Valeurs]]) -> None:
        """Obtient d'un coup les clés de lignes qui vont s'écrire."""
        ...

    def sceller(self, table: Table, colonne: str, ligne: Valeurs, clair: bytes) -> bytes:
        """Enveloppe d'une cellule."""
        ...

    def ouvrir(self, table: Table, colonne: str, ligne: Valeurs, cellule: bytes) -> bytes | None:
        """Contenu d'une cellule ; ``None`` si sa clé a été détruite."""
        ...

    def fermer(self) -> None:
        """Oublie les clés."""
        ...


class Chiffreur(Protocol):
    """Ce que la base attend de celui qui tient le coffre."""

    def trousseau(self, session: Session) -> Trousseau:
        """Un trousseau neuf, pour la transaction en cours."""
        ...


class Scelle(bytes):
    """Une cellule telle que la base la garde ; elle ne montre rien."""

    def __repr__(self) -> str:
        return "[chiffré]"

    __str__ = __repr__


class _TexteScelle(str):
    """Un texte et son enveloppe, le temps d'une écriture."""

    __slots__ = ("enveloppe",)
    enveloppe: bytes


class _OctetsScelles(bytes):
    """Des octets et leur enveloppe, le temps d'une écriture."""

    enveloppe: bytes


class Chiffre(TypeDecorator[Any]):
    """Type d'une colonne ``donnee(…, chiffree=True)``.

    :param clair: type que la brique écrit et lit, texte ou binaire.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, clair: TypeEngine[Any]) -> None:
        super().__init__()
        self.clair = clair

    def process_bind_param(self, value: Any, _dialect: Any) -> bytes | None:
        """Laisse partir une enveloppe, le vide, ou ce qui est déjà scellé ; rien d'autre."""
        if value is None:
            return None
        if isinstance(value, _TexteScelle | _OctetsScelles):
            return value.enveloppe
        if isinstance(value, Scelle) or value in ("", b""):
            return bytes(value or b"")
        raise DonneeProtegee(
            "une colonne chiffrée allait recevoir un texte en clair, ou s'y comparer : rien n'est parti.",
            remede="écrire par la classe (session.add, puis un attribut), une ligne à la fois ; une colonne"
            " chiffrée ne se cherche pas.",
        )

    def process_result_value(self, value: Any, _dialect: Any) -> Scelle | None:
        """Rend la cellule ; l'ORM l'ouvre, ou ``en_clair``."""
        return None if value is None else Scelle(value)


def type_clair(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Type que la brique écrit et lit, sous un chiffrement ou un décorateur.

    :param type_: type d'une colonne.
    """
    if isinstance(type_, Chiffre):
        return type_.clair
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


def place(table: Table, colonne: str, ligne: Valeurs) -> bytes:
    """Ce qui dit où est une cellule : une enveloppe portée ailleurs ne s'y ouvre pas.

    :param ligne: au moins la clé primaire.
    """
    # Aucune de ces valeurs ne peut contenir le caractère nul : deux places ne se confondent pas.
    return "\0".join((table.name, colonne, *(str(ligne[c.name]) for c in table.primary_key))).encode()


def en_clair(session: Session, table: Table, ligne: Mapping[Any, Any]) -> dict[str, Any]:
    """Une ligne lue par Core, ses cellules ouvertes.

    :param session: session ouverte par ``BaseDeDonnees``.
    :param ligne: valeurs par colonne ; la clé primaire en est, si une cellule est scellée.
    """
    return {
        nom: _ouvrir(session, table, nom, ligne, valeur) if isinstance(valeur, Scelle) else valeur
        for nom, valeur in ligne.items()
    }


def surveiller(modele: Any) -> None:
    """Branche le scellement et l'ouverture sur une classe qui a des colonnes chiffrées.

    :param modele: classe déclarée.
    """
    mapper: Mapper[Any] = modele.__mapper__
    chiffrees = [c for c in mapper.local_table.columns if isinstance(c.type, Chiffre)]
    if chiffrees:
        setattr(modele, _ATTRIBUTS, {mapper.get_property_by_column(c).key: c.name for c in chiffrees})
        for moment in ("load", "refresh"):
            event.listen(modele, moment, _a_la_lecture)
        for moment in ("before_insert", "before_update"):
            event.listen(modele, moment, _avant_l_ecriture)
        for moment in ("after_insert", "after_update"):
            event.listen(modele, moment, _apres_l_ecriture)


def preparer(session: Session, *_: Any) -> None:
    """Avant d'écrire, donne leur identifiant aux lignes neuves, et obtient toutes les clés d'un coup.

    :param session: session qui va écrire.
    """
    lignes: list[tuple[Table, Valeurs]] = []
    for objet in (*session.new, *session.dirty):
        if hasattr(type(objet), _ATTRIBUTS):
            etat: InstanceState[Any] = inspect(objet)
            _identifier(etat)
            if _a_sceller(etat):
                lignes.append((_table(etat), _Ligne(etat)))
    if lignes:
        _trousseau(session).preparer(lignes)


def fermer_trousseau(session: Session, transaction: SessionTransaction) -> None:
    """Oublie les clés : elles ne valent que le temps d'une transaction, ou d'un point de reprise.

    :param session: session dont la transaction finit.
    """
    if transaction.parent is None or transaction.nested:
        trousseau: Trousseau | None = session.info.pop(_TROUSSEAU, None)
        if trousseau is not None:
            trousseau.fermer()


def _trousseau(session: Session) -> Trousseau:
    trousseau: Trousseau | None = session.info.get(_TROUSSEAU)
    if trousseau is None:
        chiffreur: Chiffreur | None = session.info.get(CHIFFREUR)
        if chiffreur is None:
            raise ErreurEnt(
                "une colonne est chiffrée, et aucun coffre n'est ouvert : on ne peut ni la lire ni l'écrire.",
                remede="assembler l'application par create_app, ou poser BaseDeDonnees.chiffreur.",
            )
        trousseau = session.info[_TROUSSEAU] = chiffreur.trousseau(session)
    return trousseau


class _Ligne:
    """La ligne d'un objet, par nom de colonne."""

    __slots__ = ("_mapper", "_objet")

    def __init__(self, etat: InstanceState[Any]) -> None:
        self._objet, self._mapper = etat.obj(), etat.mapper

    def __getitem__(self, nom: str) -> Any:
        return getattr(self._objet, self._mapper.get_property_by_column(self._mapper.columns[nom]).key)


def _ouvrir(session: Session, table: Table, nom: str, ligne: Valeurs, cellule: Scelle) -> Any:
    binaire = isinstance(type_clair(table.c[nom].type), LargeBinary)
    if not cellule:
        return b"" if binaire else ""
    clair = _trousseau(session).ouvrir(table, nom, ligne, bytes(cellule))
    if binaire:
        return clair or b""
    return EFFACE if clair is None else clair.decode()


def _a_la_lecture(objet: Any, contexte: Any, *_: Any) -> None:
    etat: InstanceState[Any] = inspect(objet)
    ligne: dict[str, Any] = {}
    for cle, nom in _attributs(etat):
        cellule = etat.dict.get(cle)
        if isinstance(cellule, Scelle) and etat.key is not None:
            ligne = ligne or dict(zip((c.name for c in etat.mapper.primary_key), etat.key[1], strict=True))
            etat.dict[cle] = _ouvrir(contexte.session, _table(etat), nom, ligne, cellule)


def _avant_l_ecriture(_mapper: Any, _connexion: Any, objet: Any) -> None:
    etat: InstanceState[Any] = inspect(objet)
    session = object_session(objet)
    if session is None:  # l'ORM n'écrit rien hors d'une session
        return
    _identifier(etat)
    for cle, nom in _a_sceller(etat):
        valeur = etat.dict[cle]
        scelle: _TexteScelle | _OctetsScelles
        if isinstance(valeur, str):
            scelle, octets = _TexteScelle(valeur), valeur.encode()
        else:
            scelle, octets = _OctetsScelles(valeur), bytes(valeur)
        scelle.enveloppe = _trousseau(session).sceller(_table(etat), nom, _Ligne(etat), octets)
        etat.dict[cle] = scelle


def _apres_l_ecriture(_mapper: Any, _connexion: Any, objet: Any) -> None:
    """L'enveloppe ne sert qu'une fois : recopiée dans une autre ligne, elle ne s'ouvrirait pas."""
    etat: InstanceState[Any] = inspect(objet)
    for cle, _ in _attributs(etat):
        match etat.dict.get(cle):
            case _TexteScelle() as texte:
                etat.dict[cle] = str.__str__(texte)
            case _OctetsScelles() as octets:
                etat.dict[cle] = bytes(octets)


def _attributs(etat: InstanceState[Any]) -> list[tuple[str, str]]:
    """Attributs chiffrés d'une classe surveillée, et leurs colonnes."""
    attributs: Mapping[str, str] = getattr(etat.class_, _ATTRIBUTS)
    return list(attributs.items())


def _a_sceller(etat: InstanceState[Any]) -> list[tuple[str, str]]:
    """Ceux qui vont s'écrire, et ne sont pas vides."""
    return [
        (cle, nom)
        for cle, nom in _attributs(etat)
        if etat.dict.get(cle) and (not etat.persistent or cle in etat.committed_state)
    ]


def _table(etat: InstanceState[Any]) -> Table:
    table: Any = etat.mapper.local_table
    return cast(Table, table)


def _identifier(etat: InstanceState[Any]) -> None:
    """Donne dès maintenant l'identifiant que la base donnerait : il entre dans la place de la cellule."""
    if etat.persistent:
        return
    for colonne in _table(etat).primary_key:
        cle = etat.mapper.get_property_by_column(colonne).key
        donne_par_la_base = isinstance(colonne.type, Uuid) and colonne.server_default is not None
        if donne_par_la_base and etat.dict.get(cle) is None:
            setattr(etat.obj(), cle, _uuid7())


def _uuid7() -> UUID:
    """Comme ``ent_uuid7()`` : l'heure en millisecondes, puis du hasard (RFC 9562)."""
    octets = bytearray((time.time_ns() // 1_000_000).to_bytes(6) + os.urandom(10))
    octets[6] = 0x70 | octets[6] & 0x0F
    octets[8] = 0x80 | octets[8] & 0x3F
    return UUID(bytes=bytes(octets))
