"""Ramener une base d'essai à son départ : défaire ce que l'essai a écrit coûte moins qu'une copie.

Le départ est la naissance de la base, ou un repère pris plus tard, quand elle est peuplée. Une base dont
l'essai a changé le schéma, les droits ou les lignes de naissance n'est pas ramenée : elle est supprimée, et
la suivante sera une copie neuve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString, Self, cast

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

__all__ = ["Remise"]

_TROP = 20_000
"""Lignes au-delà desquelles une copie neuve coûte moins que de vider."""

_FOIS = 200
"""Remises au-delà desquelles les lignes mortes pèsent."""

_ESPACES = (
    "select oid from pg_namespace where nspname !~ '^(pg_catalog$|pg_toast|pg_temp|information_schema$)'"
)
_RELATIONS = f"select oid from pg_class where relnamespace in ({_ESPACES})"  # noqa: S608 - aucun texte du dehors
# Toute modification d'un objet récrit sa ligne de catalogue, donc change son xmin.
_CATALOGUES = (
    ("pg_namespace", f"oid in ({_ESPACES})"),
    ("pg_class", f"oid in ({_RELATIONS})"),
    ("pg_proc", f"pronamespace in ({_ESPACES})"),
    ("pg_attribute", f"attrelid in ({_RELATIONS})"),
    ("pg_attrdef", "true"),
    ("pg_constraint", f"connamespace in ({_ESPACES})"),
    ("pg_trigger", "true"),
    ("pg_policy", "true"),
    ("pg_index", f"indrelid in ({_RELATIONS})"),
    ("pg_inherits", "true"),
    ("pg_default_acl", "true"),
    ("pg_db_role_setting", "setdatabase = (select oid from pg_database where datname = current_database())"),
)
_EMPREINTE = " union all ".join(
    f"select '{nom}', count(*), coalesce(sum(hashtext(ctid::text || xmin::text)), 0)::bigint"  # noqa: S608 - catalogues nommés ici
    f" from {nom} where {condition}"
    for nom, condition in _CATALOGUES
)
_TABLES = f"select oid::regclass::text from pg_class where relkind = 'r' and oid in ({_RELATIONS})"  # noqa: S608 - idem
_SUITES = "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences order by 1"
_COUPER = (
    "select pg_terminate_backend(pid, 2000) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


@dataclass(slots=True)
class Remise:
    """Une base, ce qu'elle était à son départ, et le moyen de l'y ramener.

    Aucune connexion ne reste ouverte : un essai peut copier sa base, ou la restaurer.

    :param depart: empreinte du contenu des tables qui n'étaient pas vides.
    :param copies: ce même contenu, pour les tables que l'on sait remplir de nouveau.
    """

    adresse: str
    tables: tuple[str, ...]
    depart: dict[str, str]
    suites: dict[str, int | None]
    empreinte: list[Any]
    copies: dict[str, bytes] = field(default_factory=dict)
    fois: int = 0

    @classmethod
    def relever(cls, proprietaire: URL) -> Self:
        """Note l'état d'une base qui vient de naître.

        :param proprietaire: adresse d'un compte qui peut tout y faire.
        """
        adresse = proprietaire.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(adresse, autocommit=True) as connexion:
            tables = tuple(nom for (nom,) in _lire(connexion, _TABLES))
            depart = {nom: _contenu(connexion, nom) for nom in _remplies(connexion, tables)}
            suites = dict(_lire(connexion, _SUITES))
            return cls(adresse, tables, depart, suites, _lire(connexion, _EMPREINTE))

    def intacte(self) -> bool:
        """Vrai si aucune table n'a reçu de ligne depuis le départ, ni perdu les siennes."""
        with psycopg.connect(self.adresse, autocommit=True) as connexion:
            return set(_remplies(connexion, self.tables)) == set(self.depart)

    def rejouer(self, repere: Remise) -> None:
        """Écrit d'un bloc ce qu'un repère a noté, pris sur une base sœur au même départ.

        :param repere: repère.
        """
        with psycopg.connect(self.adresse, autocommit=True) as connexion:
            connexion.execute("set session_replication_role = replica")
            for nom, contenu in repere.copies.items():
                _remplir(connexion, nom, contenu)
            _reprendre(connexion, repere.suites)

    def repere(self) -> Remise:
        """Note l'état présent comme un nouveau départ : ce qui a été écrit depuis la naissance en est."""
        with psycopg.connect(self.adresse, autocommit=True) as connexion:
            remplies = _remplies(connexion, self.tables)
            return replace(
                self,
                depart={nom: _contenu(connexion, nom) for nom in remplies},
                suites=dict(_lire(connexion, _SUITES)),
                # D'un repère à l'autre, ce que l'on sait remplir l'est ; les lignes de naissance, jamais.
                copies={
                    nom: _copier(connexion, nom)
                    for nom in remplies
                    if nom not in self.depart or nom in self.copies
                },
                fois=0,
            )

    def remettre(self) -> bool:
        """Ramène la base à son départ ; faux s'il vaut mieux la supprimer."""
        self.fois += 1
        if self.fois > _FOIS:
            return False
        try:
            with psycopg.connect(self.adresse, autocommit=True) as connexion:
                return self._remettre(connexion)
        except psycopg.Error:
            return False

    def _remettre(self, connexion: psycopg.Connection[Any]) -> bool:
        _lire(connexion, _COUPER)
        if _lire(connexion, _EMPREINTE) != self.empreinte:
            return False
        remplies = _remplies(connexion, self.tables)
        changees = [
            nom
            for nom in {*remplies, *self.depart}
            if nom not in self.depart or _contenu(connexion, nom) != self.depart[nom]
        ]
        if any(nom in self.depart and nom not in self.copies for nom in changees):
            return False
        # Sans déclencheur ni clé étrangère : défaire n'est pas un acte de l'essai.
        connexion.execute("set session_replication_role = replica")
        if sum(connexion.execute(_vider(nom)).rowcount for nom in changees) > _TROP:
            return False
        for nom in changees:
            if nom in self.copies:
                _remplir(connexion, nom, self.copies[nom])
        _reprendre(connexion, self.suites)
        return True


def _lire(connexion: psycopg.Connection[Any], enonce: str) -> list[Any]:
    return connexion.execute(cast("Any", enonce)).fetchall()


def _remplies(connexion: psycopg.Connection[Any], tables: Sequence[str]) -> list[str]:
    enonce = " union all ".join(f"select '{nom}' where exists (select from {nom})" for nom in tables)  # noqa: S608 - noms lus au catalogue
    return [nom for (nom,) in _lire(connexion, enonce)]


def _contenu(connexion: psycopg.Connection[Any], nom: str) -> str:
    enonce = f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {nom} t"  # noqa: S608 - nom lu au catalogue
    return str(_lire(connexion, enonce)[0][0])


def _reprendre(connexion: psycopg.Connection[Any], suites: dict[str, int | None]) -> None:
    for nom, dernier in _lire(connexion, _SUITES):
        if dernier != (depart := suites.get(nom)):
            connexion.execute("select setval(%s::regclass, %s, %s)", (nom, depart or 1, depart is not None))


def _copier(connexion: psycopg.Connection[Any], nom: str) -> bytes:
    with connexion.cursor() as curseur, curseur.copy(_ordre("copy {} to stdout", nom)) as copie:
        return b"".join(bytes(morceau) for morceau in copie)


def _remplir(connexion: psycopg.Connection[Any], nom: str, contenu: bytes) -> None:
    with connexion.cursor() as curseur, curseur.copy(_ordre("copy {} from stdin", nom)) as copie:
        copie.write(contenu)


def _vider(nom: str) -> sql.Composed:
    return _ordre("delete from {}", nom)


def _ordre(ordre: LiteralString, nom: str) -> sql.Composed:
    return sql.SQL(ordre).format(sql.SQL(cast("Any", nom)))
