"""Des canaris : une valeur reconnaissable dans chaque donnée, pour une personne et pour une autre.

Ce qui est semé se déduit des déclarations : une table nouvelle est éprouvée sans qu'on y pense.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    insert,
    text,
)
from sqlalchemy.schema import sort_tables

from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.contrat.donnees import Donnee, Lien
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.droits.graphe import Place, places
from ent_core.vie_privee.droits.modeles import CopieMorceau, TexteARelire
from ent_core.vie_privee.registre import Registre

__all__ = ["Canari", "Champ", "Poste", "monter"]

_LISTES = text(
    "select format('alter table %I drop constraint %I', c.relname, n.conname) from pg_constraint n"
    " join pg_class c on c.oid = n.conrelid where n.contype = 'c' and c.relnamespace = 'public'::regnamespace"
)
_HORS = {CopieMorceau.__tablename__, TexteARelire.__tablename__}


@dataclass(frozen=True, slots=True)
class Canari:
    """Une valeur semée.

    :param attendu: ``present``, ``relecture`` ou ``absent`` dans la copie de la personne.
    :param part: vrai si l'effacement de la personne doit l'emporter.
    """

    lieu: str
    valeur: str
    attendu: str
    part: bool


@dataclass(slots=True)
class Champ:
    """Ce qui a été semé."""

    canaris: list[Canari] = field(default_factory=list)

    def attendus(self, attendu: str) -> dict[str, str]:
        """Valeur → lieu."""
        return {c.valeur: c.lieu for c in self.canaris if c.attendu == attendu}


@dataclass(slots=True)
class Poste:
    """Une base, son annuaire, son guichet."""

    base: BaseDeDonnees
    adresses: AdressesBase
    proprietaire: Engine
    chargement: Chargement
    horloge: HorlogeFixe
    guichet: Guichet
    annuaire: Annuaire
    numeros: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def registre(self) -> Registre:
        """Déclarations de l'instance."""
        return self.guichet.registre

    def toute_la_base(self) -> str:
        """Chaque ligne de chaque table, en texte."""
        with self.proprietaire.connect() as connexion:
            tables = connexion.exec_driver_sql(
                "select tablename from pg_tables where schemaname = 'public'"
            ).scalars()
            return "\n".join(
                str(ligne)
                for table in tables.all()
                for ligne in connexion.exec_driver_sql(f'select t::text from "{table}" t').scalars()  # noqa: S608 - noms lus au catalogue
            )

    def semer(self, personne: UUID, autre: UUID) -> Champ:
        """Sème trois lignes par table : à elle ; à l'autre, écrite par elle ; à l'autre seule."""
        champ = Champ()
        with self.proprietaire.begin() as connexion:
            # Une valeur reconnaissable n'est pas de celles qu'une liste permet : ces contraintes sont levées.
            for contrainte in connexion.execute(_LISTES).scalars().all():
                connexion.exec_driver_sql(contrainte)
            connexion.exec_driver_sql("set local session_replication_role = replica")
            semeur = _Semeur(champ, self.numeros, personne, autre)
            par_table = {place.table: place for place in places(self.registre)}
            for table in sort_tables(par_table):
                if table.name in _HORS:
                    continue
                for valeurs in semeur.lignes(par_table[table]):
                    if table.name == "personne":
                        connexion.execute(
                            table.update().where(table.c.id == valeurs.pop("id")).values(valeurs)
                        )
                    else:
                        connexion.execute(insert(table), [valeurs])
        return champ


class _Semeur:
    def __init__(self, champ: Champ, numeros: Iterator[int], personne: UUID, autre: UUID) -> None:
        self._champ, self._personne, self._autre = champ, personne, autre
        self._numeros = numeros
        self._meres: dict[tuple[str, str], Mapping[str, Any]] = {}

    def lignes(self, place: Place) -> Iterator[dict[str, Any]]:
        """Ligne « sienne », « ecrite » (à l'autre, par elle) et « autre »."""
        declaree = declaration(place.table)
        assert declaree is not None
        a_un_proprietaire = any(s.lien is Lien.PROPRIETAIRE for s in declaree.sujets)
        for genre in ("sienne", "ecrite", "autre"):
            if place.table.name == "personne" and genre == "ecrite":
                continue
            if genre == "ecrite" and len({s.lien is Lien.PROPRIETAIRE for s in declaree.sujets}) == 1:
                continue
            yield self._ligne(place.table, genre, a_un_proprietaire=a_un_proprietaire)

    def _ligne(self, table: Table, genre: str, *, a_un_proprietaire: bool) -> dict[str, Any]:
        declaree = declaration(table)
        assert declaree is not None
        sienne = genre == "sienne"
        qui = self._personne if sienne else self._autre
        auteur = self._autre if sienne and a_un_proprietaire else qui
        if genre == "ecrite":
            auteur = self._personne
        valeurs: dict[str, Any] = {}
        premier = True
        for sujet in declaree.sujets:
            if sujet.par:
                mere = self._meres[sujet.par, genre if (sujet.par, genre) in self._meres else "autre"]
                for cle in table.foreign_key_constraints:
                    if cle.referred_table.name == sujet.par:
                        valeurs |= {e.parent.name: mere[e.column.name] for e in cle.elements}
            elif sujet.lien is Lien.PROPRIETAIRE:
                # Une ligne à deux propriétaires est partagée : la personne d'abord, l'autre ensuite.
                valeurs[sujet.colonne] = qui if premier else self._autre
                premier = False
            else:
                valeurs[sujet.colonne] = auteur
        liens = {s.colonne for s in declaree.sujets if not s.par}
        for colonne in table.columns:
            if colonne.name in valeurs or isinstance(colonne.server_default, Computed):
                continue
            dite = declaration_colonne(colonne)
            personnelle = isinstance(dite, Donnee) and colonne.name not in liens
            valeur, texte = self._valeur(colonne, personnelle=personnelle)
            if valeur is not _OMIS:
                valeurs[colonne.name] = valeur
            if personnelle and texte and isinstance(dite, Donnee):
                self._noter(table, colonne, dite, texte, genre, a_un_proprietaire=a_un_proprietaire)
        if table.name != "personne":
            self._meres[table.name, genre] = valeurs
        else:
            valeurs.pop("sursis_depuis", None), valeurs.pop("suppression_le", None)
        return valeurs

    def _noter(
        self, table: Table, colonne: Column[Any], dite: Donnee, texte: str, genre: str, *,
        a_un_proprietaire: bool,
    ) -> None:  # fmt: skip
        secret = dite.categorie.name == "CONNEXION" and colonne.name.endswith("empreinte")
        attendu = "absent"
        if genre == "sienne" and a_un_proprietaire and not secret:
            partagee = table.name in ("responsabilite", "restriction") and colonne.name == "reference"
            attendu = "relecture" if dite.libre or partagee else "present"
        elif genre == "sienne" and not a_un_proprietaire:
            trace = dite.categorie.name == "TRACE" and not isinstance(colonne.type, LargeBinary)
            attendu = "relecture" if dite.libre else "present" if trace else "absent"
        part = genre == "sienne" and a_un_proprietaire
        self._champ.canaris.append(Canari(f"{table.name}.{colonne.name} ({genre})", texte, attendu, part))

    def _valeur(self, colonne: Column[Any], *, personnelle: bool) -> tuple[Any, str]:
        n = next(self._numeros)
        mot, jour = f"canari-{n:05d}", date(1930, 1, 1) + timedelta(days=n)
        vrai = colonne.type
        match vrai:
            case Uuid():
                if colonne.primary_key and colonne.server_default is not None:
                    return uuid4(), ""
                return uuid4(), ""
            case String():
                if colonne.name == "uai":
                    return ECOLE, ""
                longueur = vrai.length or 40
                return (mot, mot) if longueur >= len(mot) and personnelle else (f"x{n}"[:longueur], "")
            case ARRAY():
                return ([mot], mot) if personnelle else ([], "")
            case JSON():
                return ({"cle": mot}, mot) if personnelle else ({}, "")
            case DateTime():
                return datetime(jour.year, jour.month, jour.day, 12, tzinfo=UTC), jour.isoformat()
            case Date():
                return jour, jour.isoformat()
            case LargeBinary():
                octets = mot.encode()
                return octets, (mot if personnelle else "")
            case Boolean():
                return False, ""
            case Integer():
                return n % 30000, ""
        return _OMIS, ""


_OMIS = object()


def monter(bases: Fabrique, dossier: Path, *briques: Any) -> Poste:
    """Une base migrée avec ces briques et les annonces, peuplée de l'annuaire d'essai.

    :param bases: fabrique de bases.
    :param dossier: dossier des données, où vit le livre.
    :param briques: modules ``brique``.
    """
    horloge = HorlogeFixe()
    chargement = charger(["annonces"], {brique.ent_manifeste().id: brique for brique in briques})
    adresses, annuaire = bases.peuplee(chargement.distributions)
    base = bases.ouvrir(adresses.application)
    guichet = Guichet(configuration_essai(donnees=str(dossier)), chargement, horloge)
    proprietaire = bases.maitre(adresses.proprietaire)
    return Poste(base, adresses, proprietaire, chargement, horloge, guichet, annuaire)
