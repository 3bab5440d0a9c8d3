"""Des canaris : une valeur reconnaissable dans chaque donnée, pour une personne et pour une autre.

Ce qui est semé se déduit des déclarations : une colonne nouvelle est éprouvée sans qu'on y pense.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Computed,
    Connection,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    insert,
    select,
    text,
)
from sqlalchemy.schema import sort_tables
from sqlalchemy.types import TypeDecorator

from ent_core.contrat.donnees import Categorie, Donnee, Lien
from ent_core.donnees.base import DeclarationTable, declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.vie_privee.conservation.expressions import chemins

__all__ = ["Attendu", "Canari", "Genre", "Ligne", "Semeur"]

Genre = str
"""``sienne``, ``ecrite`` (à l'autre, par elle) ou ``autre``."""

Attendu = str
"""Dans la copie de la personne : ``present``, ``relecture`` ou ``absent``."""

_LISTES = text(
    "select format('alter table %I drop constraint %I', c.relname, n.conname) from pg_constraint n"
    " join pg_class c on c.oid = n.conrelid where n.contype = 'c'"
    " and c.relnamespace = 'public'::regnamespace"
)
_PERSONNE = "personne"
_JOURS = date(1930, 1, 1)


@dataclass(frozen=True, slots=True)
class Canari:
    """Une valeur semée.

    :param lieu: table, colonne et genre de ligne.
    :param attendu: ce qu'en fait la copie de la personne.
    :param part: vrai si l'effacement de la personne doit l'emporter.
    """

    lieu: str
    valeur: str
    attendu: Attendu
    part: bool


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une ligne semée."""

    table: Table
    genre: Genre
    valeurs: Mapping[str, Any]


@dataclass(slots=True)
class Semeur:
    """Sème, avec le compte propriétaire, des lignes qu'aucune contrainte n'arrête.

    :param personne: personne qui exercera ses droits.
    :param autre: autre personne, dont rien ne doit sortir ni partir.
    """

    connexion: Connection
    personne: UUID
    autre: UUID
    canaris: list[Canari] = field(default_factory=list)
    lignes: list[Ligne] = field(default_factory=list)
    _numeros: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _meres: dict[tuple[str, Genre], Mapping[str, Any]] = field(default_factory=dict)

    def semer(self, tables: Iterable[Table]) -> None:
        """Sème trois lignes par table : à elle ; à l'autre, écrite par elle ; à l'autre seule.

        :param tables: tables qui mènent à des personnes.
        """
        voulues = list(tables)
        # Une valeur reconnaissable n'est pas de celles qu'une liste permet : ces contraintes sont levées.
        for ordre in self.connexion.execute(_LISTES).scalars().all():
            self.connexion.exec_driver_sql(ordre)
        self.connexion.exec_driver_sql("set local session_replication_role = replica")
        for table in sort_tables(voulues):
            declaree = declaration(table)
            if declaree is not None:
                for genre in _genres(table, declaree):
                    self._ecrire(table, genre, self._ligne(table, declaree, genre))
        self.connexion.exec_driver_sql("set local session_replication_role = origin")

    def attendus(self, attendu: Attendu) -> dict[str, str]:
        """Valeur → lieu.

        :param attendu: ce qu'en fait la copie.
        """
        return {c.valeur: c.lieu for c in self.canaris if c.attendu == attendu}

    def partent(self, *, part: bool = True) -> dict[str, str]:
        """Valeur → lieu de ce que l'effacement emporte, ou de ce qu'il laisse.

        :param part: ce qui part, ou ce qui reste.
        """
        return {c.valeur: c.lieu for c in self.canaris if c.part is part}

    def _ecrire(self, table: Table, genre: Genre, valeurs: dict[str, Any]) -> None:
        valeurs = {nom: valeur for nom, valeur in valeurs.items() if nom in table.c}
        if table.name == _PERSONNE:
            identifiant = valeurs.pop("id")
            for nom in ("sursis_depuis", "suppression_le"):
                valeurs.pop(nom, None)
            self.connexion.execute(table.update().where(table.c.id == identifiant).values(valeurs))
            valeurs["id"] = identifiant
        else:
            self.connexion.execute(insert(table), [valeurs])
        self._meres[table.name, genre] = valeurs
        self.lignes.append(Ligne(table, genre, valeurs))

    def _ligne(self, table: Table, declaree: DeclarationTable, genre: Genre) -> dict[str, Any]:
        proprietaires = [s for s in declaree.sujets if s.lien is Lien.PROPRIETAIRE]
        valeurs = self._liens(table, declaree, genre, a_un_proprietaire=bool(proprietaires))
        liens = {s.colonne for s in declaree.sujets if not s.par}
        for colonne in table.columns:
            if colonne.name in valeurs or isinstance(colonne.server_default, Computed):
                continue
            dite = declaration_colonne(colonne)
            personnelle = isinstance(dite, Donnee) and colonne.name not in liens
            if isinstance(dite, Donnee) and dite.chiffree:
                if not colonne.nullable:
                    valeurs[colonne.name] = b""
                continue  # un canari en clair n'y serait pas lisible : le coffre a ses propres essais
            valeur, canari = self._valeur(colonne, personnelle=personnelle)
            if valeur is not None:
                valeurs[colonne.name] = valeur
            if canari and isinstance(dite, Donnee) and personnelle:
                self._noter(table, declaree, colonne, dite, canari, genre)
        self._appuyer(table, valeurs, genre, {s.par for s in declaree.sujets if s.par})
        return valeurs

    def _appuyer(self, table: Table, valeurs: dict[str, Any], genre: Genre, faites: set[str]) -> None:
        """Chaque clé étrangère mène à une ligne : l'effacement, plus tard, les vérifie."""
        for cle in table.foreign_key_constraints:
            visee = cle.referred_table
            if visee.name in (_PERSONNE, table.name) or visee.name in faites:
                continue
            propres = [nom for nom in cle.column_keys if nom not in ("uai", "annee")]
            if propres and all(table.c[nom].nullable for nom in propres):
                valeurs |= dict.fromkeys(propres)
            else:
                appui = self._meres.get((visee.name, genre)) or self._appui(visee)
                valeurs |= {e.parent.name: appui[e.column.name] for e in cle.elements}

    def _appui(self, table: Table) -> Mapping[str, Any]:
        """Une ligne de cette table, de l'établissement si elle en a un ; au besoin, on la crée."""
        enonce = select(table).limit(1)
        if "uai" in table.c:
            enonce = enonce.where(table.c.uai == ECOLE)
        trouvee = self.connexion.execute(enonce).mappings().one_or_none()
        if trouvee is not None:
            return dict(trouvee)
        valeurs: dict[str, Any] = {
            colonne.name: self._valeur(colonne, personnelle=False)[0]
            for colonne in table.columns
            if colonne.primary_key or (not colonne.nullable and colonne.server_default is None)
        }
        self._appuyer(table, valeurs, "autre", set())
        self.connexion.execute(insert(table), [valeurs])
        return {**dict.fromkeys(table.c.keys()), **valeurs}

    def _liens(
        self, table: Table, declaree: DeclarationTable, genre: Genre, *, a_un_proprietaire: bool
    ) -> dict[str, Any]:
        qui = self.personne if genre == "sienne" else self.autre
        auteur = self.autre if genre == "sienne" and a_un_proprietaire else qui
        if genre == "ecrite":
            auteur = self.personne
        valeurs: dict[str, Any] = {}
        premier = True
        for sujet in declaree.sujets:
            if sujet.par:
                mere = self._meres.get((sujet.par, genre)) or self._meres.get((sujet.par, "autre"))
                for cle in table.foreign_key_constraints if mere else ():
                    if cle.referred_table.name == sujet.par:
                        valeurs |= {e.parent.name: (mere or {})[e.column.name] for e in cle.elements}
            elif sujet.lien is Lien.PROPRIETAIRE:
                # Une ligne à deux propriétaires est partagée : la personne d'abord, l'autre ensuite.
                valeurs[sujet.colonne] = qui if premier else self.autre
                premier = False
            else:
                valeurs[sujet.colonne] = auteur
        return valeurs

    def _noter(
        self, table: Table, declaree: DeclarationTable, colonne: Column[Any], dite: Donnee, canari: str,
        genre: Genre,
    ) -> None:  # fmt: skip
        directs = [s for s in declaree.sujets if s.lien is Lien.PROPRIETAIRE and not s.par]
        a_un_proprietaire = any(s.lien is Lien.PROPRIETAIRE for s in declaree.sujets)
        secret = dite.categorie is Categorie.CONNEXION and colonne.name.endswith("empreinte")
        sans_borne = isinstance(_vrai(colonne), String) and _vrai(colonne).length is None
        partages = [c for c in chemins(table, table.alias()) if c.lien is Lien.PROPRIETAIRE]
        attendu: Attendu = "absent"
        if genre == "sienne" and a_un_proprietaire and not secret:
            attendu = "relecture" if dite.libre or (len(partages) > 1 and sans_borne) else "present"
        elif genre == "sienne" and not a_un_proprietaire:
            trace = dite.categorie is Categorie.TRACE and not isinstance(_vrai(colonne), LargeBinary)
            attendu = "relecture" if dite.libre else "present" if trace else "absent"
        gardee = len(directs) > 1 and any(table.c[s.colonne].nullable for s in directs)
        part = genre == "sienne" and a_un_proprietaire and not gardee
        self.canaris.append(Canari(f"{table.name}.{colonne.name} ({genre})", canari, attendu, part))

    def _valeur(self, colonne: Column[Any], *, personnelle: bool) -> tuple[Any, str]:
        """Valeur à écrire, et le texte où la retrouver, s'il y en a un."""
        n = next(self._numeros)
        mot, jour = f"canari-{n:05d}", _JOURS + timedelta(days=n)
        vrai = _vrai(colonne)
        if colonne.name == "uai":
            return ECOLE, ""
        if colonne.name == "annee":  # sans identifiant, elle distingue les lignes
            return ANNEE if "id" in colonne.table.c else 1000 + n, ""
        match vrai:
            case Uuid():
                return uuid4(), ""
            case Enum():
                return vrai.enums[0], ""
            case String():
                longueur = vrai.length or len(mot)
                return (mot, mot) if longueur >= len(mot) and personnelle else (f"x{n}"[:longueur], "")
            case ARRAY():
                return ([mot], mot) if personnelle and isinstance(vrai.item_type, String) else ([], "")
            case JSON():
                return ({"cle": mot}, mot) if personnelle else ({}, "")
            case DateTime():
                return datetime(jour.year, jour.month, jour.day, 12, tzinfo=UTC), jour.isoformat()
            case Date():
                return jour, jour.isoformat()
            case Time():
                return time(8, n % 60), ""
            case LargeBinary():
                return mot.encode(), mot if personnelle else ""
            case Boolean():
                return False, ""
            case Integer() | Numeric():
                return n % 30000, ""
        return None, ""


def _genres(table: Table, declaree: DeclarationTable) -> Iterator[Genre]:
    yield "sienne"
    liens = {s.lien is Lien.PROPRIETAIRE for s in declaree.sujets}
    if table.name != _PERSONNE and len(liens) > 1:
        yield "ecrite"
    yield "autre"


def _vrai(colonne: Column[Any]) -> Any:
    return colonne.type.impl_instance if isinstance(colonne.type, TypeDecorator) else colonne.type
