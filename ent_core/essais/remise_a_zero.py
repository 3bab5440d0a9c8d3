"""Ramener une base d'essai à son départ : défaire ce que l'essai a écrit coûte moins qu'une copie.

Le départ est la naissance de la base, ou un repère pris plus tard, quand elle est peuplée. Une base dont
l'essai a changé le schéma, les droits ou les lignes de naissance n'est pas ramenée : elle est supprimée, et
la suivante sera une copie neuve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
# Toute modification d'un objet récrit sa ligne de catalogue, donc change son xmin et sa place.
_LIGNE = "hashtid(ctid)::bigint + 31 * xmin::text::bigint"
_CATALOGUES = (
    ("pg_namespace", f"oid in ({_ESPACES})", _LIGNE),
    # TRUNCATE donne à une table un autre fichier, sans rien changer de ce qu'elle est.
    (
        "pg_class",
        f"relnamespace in ({_ESPACES})",
        "hashtext(concat_ws('/', oid, relname, relnamespace, relowner, relacl, relkind, relnatts, relchecks,"
        " relhasrules, relhastriggers, relrowsecurity, relforcerowsecurity, relispartition, reloptions,"
        " relpersistence))",
    ),
    ("pg_proc", f"pronamespace in ({_ESPACES})", _LIGNE),
    ("pg_attribute", f"attrelid in ({_RELATIONS})", _LIGNE),
    ("pg_attrdef", "true", _LIGNE),
    ("pg_constraint", f"connamespace in ({_ESPACES})", _LIGNE),
    ("pg_trigger", "true", _LIGNE),
    ("pg_policy", "true", _LIGNE),
    ("pg_rewrite", f"ev_class in ({_RELATIONS})", _LIGNE),
    ("pg_index", f"indrelid in ({_RELATIONS})", _LIGNE),
    ("pg_inherits", "true", _LIGNE),
    ("pg_default_acl", "true", _LIGNE),
    (
        "pg_db_role_setting",
        "setdatabase = (select oid from pg_database where datname = current_database())",
        _LIGNE,
    ),
)
_EMPREINTE = " union all ".join(
    f"select '{nom}', count(*), coalesce(sum({marque}), 0)::bigint from {nom} where {condition}"  # noqa: S608 - catalogues nommés ici
    for nom, condition, marque in _CATALOGUES
)
_TABLES = f"select oid::regclass::text from pg_class where relkind = 'r' and oid in ({_RELATIONS})"  # noqa: S608 - idem
# Un fichier sans un octet n'a aucune ligne : la plupart des tables n'ont pas à être regardées.
_TAILLE = f"{_TABLES} and pg_relation_size(oid) > 0"
_SUITES = "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences order by 1"
_COUPER = (
    "select pg_terminate_backend(pid, 2000) from pg_stat_activity where datname = current_database()"
    " and pid <> pg_backend_pid() and pid <> all(%s)"
)


@dataclass(slots=True)
class Fil:
    """La connexion du propriétaire à une base d'essai, gardée ouverte : une connexion neuve relit tout.

    Qui copie la base coupe d'abord ses connexions ; celle-ci se rouvre d'elle-même.
    """

    adresse: str
    _connexion: psycopg.Connection[Any] | None = None

    @contextmanager
    def tenir(self) -> Iterator[psycopg.Connection[Any]]:
        """La connexion ; ce qui y est fait l'est d'un bloc."""
        if self._connexion is not None:
            try:
                self._connexion.execute("")
            except psycopg.Error:
                self.fermer()
        if self._connexion is None:
            self._connexion = psycopg.connect(self.adresse, autocommit=True)
        with self._connexion.transaction():
            yield self._connexion

    def fermer(self) -> None:
        """Ferme la connexion."""
        if self._connexion is not None:
            self._connexion.close()
            self._connexion = None


@dataclass(slots=True)
class Remise:
    """Une base, ce qu'elle était à son départ, et le moyen de l'y ramener.

    :param depart: empreinte du contenu des tables qui n'étaient pas vides.
    :param copies: ce même contenu, pour les tables que l'on sait remplir de nouveau.
    """

    fil: Fil
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
        fil = Fil(proprietaire.set(drivername="postgresql").render_as_string(hide_password=False))
        with fil.tenir() as connexion:
            tables = tuple(nom for (nom,) in _lire(connexion, _TABLES))
            depart = {nom: _contenu(connexion, nom) for nom in _remplies(connexion, tables)}
            suites = dict(_lire(connexion, _SUITES))
            return cls(fil, tables, depart, suites, _lire(connexion, _EMPREINTE))

    def intacte(self) -> bool:
        """Vrai si aucune table n'a reçu de ligne depuis le départ, ni perdu les siennes."""
        with self.fil.tenir() as connexion:
            return set(_remplies(connexion, self.tables)) == set(self.depart)

    def rejouer(self, repere: Remise) -> None:
        """Écrit d'un bloc ce qu'un repère a noté, pris sur une base sœur au même départ.

        :param repere: repère.
        """
        with self.fil.tenir() as connexion:
            connexion.execute("set local session_replication_role = replica")
            for nom, contenu in repere.copies.items():
                _remplir(connexion, nom, contenu)
            _reprendre(connexion, repere.suites)

    def repere(self) -> Remise:
        """Note l'état présent comme un nouveau départ : ce qui a été écrit depuis la naissance en est."""
        with self.fil.tenir() as connexion:
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

    def remettre(self, au_repos: Sequence[int] = ()) -> bool:
        """Ramène la base à son départ ; faux s'il vaut mieux la supprimer.

        :param au_repos: numéros des connexions qui n'y font rien, et resserviront.
        """
        self.fois += 1
        if self.fois > _FOIS:
            return False
        try:
            with self.fil.tenir() as connexion:
                connexion.execute(_COUPER, (list(au_repos),))
                return self._remettre(connexion)
        except psycopg.Error:
            return False

    def _remettre(self, connexion: psycopg.Connection[Any]) -> bool:
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
        connexion.execute("set local session_replication_role = replica")
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
    ecrites = {nom for (nom,) in _lire(connexion, _TAILLE)}
    tables = [nom for nom in tables if nom in ecrites]
    if not tables:
        return []
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
