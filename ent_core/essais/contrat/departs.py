"""Faire courir une durée : donner aux lignes semées le fait d'où leur conservation part."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, DateTime, text

from ent_core.contrat.donnees import Depart
from ent_core.essais.annuaire import ANNEE, ECOLE, FIN, RENTREE
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.canaris import Semeur
from ent_core.vie_privee.conservation.declencheurs import ajouter
from ent_core.vie_privee.conservation.regles import DATES, Regle

__all__ = ["LOIN", "a_midi", "dater", "tout_dater"]

_UNIQUES = text(
    "select format('drop index %I', c.relname) from pg_index i join pg_class c on c.oid = i.indexrelid"
    " join pg_class t on t.oid = i.indrelid where t.relname = :t and i.indisunique and not i.indisprimary"
    " and not exists (select from pg_constraint n where n.conindid = i.indexrelid)"
)
"""Index uniques d'une table : « en vigueur » ne se dit que d'une ligne, et l'essai en ôte plusieurs dates."""

LOIN = date(2045, 3, 1)
"""Un jour où tout ce qui a une date est échu."""


def dater(banc: Banc, regle: Regle, depart: date | None) -> date:
    """Fait courir depuis ce jour la durée des lignes semées, et dit leur échéance d'après le calendrier.

    :param regle: règle de la table.
    :param depart: jour du fait ; ``None``, il manque. La fin d'une année scolaire, elle, ne se choisit pas.
    """
    match regle.depart:
        case Depart.FIN_ANNEE_SCOLAIRE:
            if depart is None:
                banc.executer("delete from annee_scolaire where uai = :u", {"u": ECOLE})
                return LOIN
            _annees(banc, regle.duree.annees)
            return ajouter(_an(FIN, regle.duree.annees), regle.duree)
        case Depart.PERTE_DE_VOCATION:
            _quitter(banc, depart)
        case Depart.SORTIE_ETABLISSEMENT:
            _sortir(banc, depart)
        case _:
            _noter(banc, regle, depart)
    return ajouter(depart, regle.duree) if depart else LOIN


def tout_dater(banc: Banc, depart: date) -> Semeur:
    """Chaque table de la brique a des lignes dont la durée court depuis ce jour, ou depuis la fin de l'année.

    :param depart: jour des faits.
    """
    banc.vider()
    seme = banc.semer()
    _quitter(banc, depart)
    _sortir(banc, depart)
    for regle in banc.siennes:
        if regle.depart in DATES and regle.colonne_depart is not None:
            _noter(banc, regle, depart)
        elif regle.depart is Depart.FIN_ANNEE_SCOLAIRE:
            _annees(banc, regle.duree.annees)
    return seme


def a_midi(jour: date) -> datetime:
    """Midi à Greenwich.

    :param jour: jour.
    """
    return datetime(jour.year, jour.month, jour.day, 12, tzinfo=UTC)


def _noter(banc: Banc, regle: Regle, jour: date | None) -> None:
    colonne: Column[Any] | None = regle.colonne_depart
    assert colonne is not None
    if colonne.computed is not None:
        banc.executer(f'alter table "{regle.table.name}" alter "{colonne.name}" drop expression')
    if jour is None:
        for ordre in banc.connexion.execute(_UNIQUES, {"t": regle.table.name}).scalars().all():
            banc.executer(ordre)
        banc.executer(f'alter table "{regle.table.name}" alter "{colonne.name}" drop not null')
    instant = a_midi(jour) if jour is not None and isinstance(colonne.type, DateTime) else jour
    ordre = f'update "{regle.table.name}" set "{colonne.name}" = :j'  # noqa: S608 - noms déclarés
    banc.executer(ordre, {"j": instant})


def _annees(banc: Banc, annees: int) -> None:
    for rang in range(1, annees + 1):
        banc.executer(
            "insert into annee_scolaire (uai, annee, debut, fin) values (:u, :a, :d, :f)"
            " on conflict do nothing",
            {"u": ECOLE, "a": ANNEE + rang, "d": _an(RENTREE, rang), "f": _an(FIN, rang)},
        )


def _an(jour: date, rang: int) -> date:
    return jour.replace(year=jour.year + rang)


def _quitter(banc: Banc, depart: date | None) -> None:
    """Les deux personnes semées quittent l'annuaire ce jour-là, ou y restent."""
    for role in ("eleve", "camarade") if depart else ():
        banc.executer("delete from rattachement where personne_id = :p", {"p": banc.annuaire[role]})
        banc.executer(
            "update personne set sursis_depuis = :d, suppression_le = null where id = :p",
            {"d": depart, "p": banc.annuaire[role]},
        )


def _sortir(banc: Banc, depart: date | None) -> None:
    """Les deux personnes semées sortent de l'établissement ce jour-là, ou y restent."""
    for role in ("eleve", "camarade") if depart else ():
        for table in ("rattachement", "inscription"):
            banc.executer(
                f"update {table} set fin = :d where personne_id = :p",  # noqa: S608 - deux tables du noyau
                {"d": depart, "p": banc.annuaire[role]},
            )
