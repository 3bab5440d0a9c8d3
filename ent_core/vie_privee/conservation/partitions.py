"""Une année entière : quand un plan élimine tout ce qu'une partition contient, elle part d'un coup.

Rien n'y est relu : le plan a compté, et la veille de la partition dit si quelque chose y fut écrit depuis
avant lui. Au premier doute (un gel, une écriture, une séance tardive, un établissement hors du plan, une
ligne qui s'appuie sur elle), l'année part comme les autres, ligne à ligne.

Des tables liées partent ensemble, les filles d'abord, dans une seule transaction, avec leurs preuves.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import ColumnElement, ForeignKeyConstraint, literal, literal_column, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import False_
from sqlalchemy.sql.selectable import FromClause

from ent_core.contrat.donnees import Depart, Sort
from ent_core.donnees.partitions import est_partitionnee, oter, retenir
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.erreurs import BaseIndisponible
from ent_core.vie_privee.conservation.lots import Atelier
from ent_core.vie_privee.conservation.modeles import LigneConservation
from ent_core.vie_privee.conservation.preuve import ajouter_preuves, canonique
from ent_core.vie_privee.conservation.regles import Regle, Regles, vers
from ent_core.vie_privee.conservation.situation import Situation

__all__ = ["Annee", "detacher", "familles"]

_PATIENCE = text("set local lock_timeout = '400ms'")
"""Attendre un verrou fait attendre tous ceux qui arrivent derrière : mieux vaut renoncer et revenir."""

_ESSAIS, _PAUSE = 6, 0.25
_TARDIVE = text(
    "select exists (select from annee_scolaire a join creneau c on c.uai = a.uai and c.annee = a.annee"
    " and c.debut >= a.fin::timestamp at time zone 'Europe/Paris' where a.annee = :annee)"
)


@dataclass(frozen=True, slots=True)
class Annee:
    """Une année d'une table, que le plan élimine dans tous les établissements.

    :param ateliers: un par établissement.
    """

    ateliers: tuple[Atelier, ...]

    @property
    def regle(self) -> Regle:
        """Règle de la table."""
        return self.ateliers[0].regle

    @property
    def annee(self) -> int:
        """Année scolaire."""
        annee = self.ateliers[0].ligne.periode
        assert annee is not None  # noqa: S101 - une année sans millésime n'est pas choisie
        return annee

    @property
    def nombre(self) -> int:
        """Lignes que le plan y a comptées."""
        return sum(atelier.ligne.echues for atelier in self.ateliers)


# --- Choisir ---------------------------------------------------------------------------------


def familles(
    regles: Regles, lignes: Sequence[LigneConservation], permises: Collection[int]
) -> Iterator[list[list[LigneConservation]]]:
    """Années entières d'un plan de l'académie, groupées par tables liées ; les filles d'abord.

    :param regles: règles du plan.
    :param lignes: toutes les lignes du plan.
    :param permises: rangs de celles que rien ne retient.
    """
    unites: dict[int, dict[str, list[LigneConservation]]] = {}
    for ligne in lignes:
        if ligne.periode is not None:
            unites.setdefault(ligne.periode, {}).setdefault(ligne.objet, []).append(ligne)
    for annee in sorted(unites):
        siennes = unites[annee]
        choisies = {
            objet: regle
            for objet, du_plan in siennes.items()
            if (regle := regles.de(objet)) is not None
            and _detachable(regle)
            and all(li.rang in permises and _pleine(li) for li in du_plan)
        }
        while seules := [
            n for n, regle in choisies.items() if not _entouree(regle, regles, choisies, siennes)
        ]:
            for nom in seules:
                del choisies[nom]
        ordre = [regle.table.name for regle in regles.toutes]
        for groupe in _groupes(choisies):
            yield [siennes[nom] for nom in sorted(groupe, key=ordre.index)]


def _pleine(ligne: LigneConservation) -> bool:
    """Tout ce que l'établissement a de cette année est à éliminer."""
    return ligne.echues > 0 and not (ligne.gelees or ligne.actives or ligne.retenues or ligne.sans_date)


def _detachable(regle: Regle) -> bool:
    """Toutes les lignes d'un établissement et d'une année ont le même terme, et aucune n'est à reprendre."""
    return (
        est_partitionnee(regle.table)
        and regle.depart is Depart.FIN_ANNEE_SCOLAIRE
        and regle.sort is Sort.SUPPRIMER
        and not regle.deplace
        and regle.par_uai
        and regle.comptee is None
        and not any(cle.referred_table is regle.table for cle in regle.table.foreign_key_constraints)
    )


def _entouree(
    regle: Regle, regles: Regles, choisies: Mapping[str, Regle], du_plan: Mapping[str, object]
) -> bool:
    """Ce qui s'appuie sur elle part avec elle, ou n'a rien cette année-là ; ce qui la mène aussi."""
    return all(
        _annee_suit(cle)
        and (cle.table.name in choisies or (est_partitionnee(cle.table) and cle.table.name not in du_plan))
        for cle in regles.cles[regle.table.name]
    ) and all(
        meneuse.table.name in choisies
        for cle in regle.table.foreign_key_constraints
        if (meneuse := regles.de(cle.referred_table.name)) is not None
        and meneuse.traitement.cle == regle.traitement.cle
        and vers(cle, "CASCADE")
    )


def _annee_suit(cle: ForeignKeyConstraint) -> bool:
    return any(e.parent.name == "annee" and e.column.name == "annee" for e in cle.elements)


def _groupes(choisies: Mapping[str, Regle]) -> Iterator[set[str]]:
    """Tables liées, de proche en proche, par leurs clés étrangères."""
    voisines: dict[str, set[str]] = {nom: set() for nom in choisies}
    for nom, regle in choisies.items():
        for cle in regle.table.foreign_key_constraints:
            if cle.referred_table.name in choisies:
                voisines[nom].add(cle.referred_table.name)
                voisines[cle.referred_table.name].add(nom)
    restantes = dict.fromkeys(choisies)
    while restantes:
        groupe, a_voir = set(), [next(iter(restantes))]
        while a_voir:
            nom = a_voir.pop()
            if nom not in groupe:
                groupe.add(nom)
                restantes.pop(nom)
                a_voir += voisines[nom]
        yield groupe


# --- Détacher --------------------------------------------------------------------------------


def detacher(
    base: BaseDeDonnees, famille: Sequence[Annee], motif: str, avant: Callable[[Session], None]
) -> float | None:
    """Ôte des années liées, avec leurs preuves : toutes, ou aucune.

    :param base: base de l'académie.
    :param famille: années de tables liées, les filles d'abord.
    :param motif: motif de l'accès.
    :param avant: contrôle à faire en tête de la transaction.
    :returns: durée en secondes ; ``None`` s'il faut les éliminer ligne à ligne.
    """
    for essai in range(1, _ESSAIS + 1):
        debut = time.perf_counter()
        try:
            with base.academie(motif) as session:
                avant(session)
                if not _ensemble(session, famille):
                    return None
            return time.perf_counter() - debut
        except IntegrityError:
            return None  # une ligne s'y appuie encore : la base refuse de détacher, et tout est défait
        except BaseIndisponible as panne:
            if not _occupee(panne):
                raise
        time.sleep(_PAUSE * essai)
    return None


def _occupee(panne: BaseIndisponible) -> bool:
    cause = panne.__cause__
    return isinstance(cause, DBAPIError) and isinstance(cause.orig, LockNotAvailable | DeadlockDetected)


def _ensemble(session: Session, famille: Sequence[Annee]) -> bool:
    session.execute(_PATIENCE)
    premier = famille[0].ateliers[0]
    situation = premier.situation(session)
    if session.scalar(_TARDIVE, {"annee": famille[0].annee}):
        return False
    tables = {annee.regle.table.name for annee in famille}
    descriptions = []
    for annee in famille:
        description = retenir(session, annee.regle.table.name, annee.annee, premier.repere)
        if description is None or _retenue(session, situation, annee, tables):
            return False
        descriptions.append(description)
    numeros = _prouver(session, famille, descriptions)
    # Les verrous forts en dernier : d'ici la validation, qui lit ces tables attend.
    for annee, numero in zip(famille, numeros, strict=True):
        oter(session, annee.regle.table.name, annee.annee, numero)
    return True


def _retenue(session: Session, situation: Situation, annee: Annee, ensemble: Collection[str]) -> bool:
    """Quelque chose y est gelé, n'était pas du plan, ou s'appuie dessus."""
    regle = annee.regle
    if _etablissements(session, annee) - {atelier.ligne.uai for atelier in annee.ateliers}:
        return True
    alias = regle.table.alias("t")
    gelee = situation.gelee(regle, alias)
    if not isinstance(gelee, False_) and _existe(session, alias, annee.annee, gelee):
        return True
    return any(
        _existe(session, cle.table, annee.annee)
        for cle in situation.regles.cles[regle.table.name]
        if cle.table.name not in ensemble
    )


def _existe(session: Session, table: FromClause, annee: int, *conditions: ColumnElement[bool]) -> bool:
    # L'année en toutes lettres : le planificateur n'ouvre que sa partition.
    celle = table.c.annee == literal_column(str(int(annee)))
    trouvee = select(literal(1)).select_from(table).where(celle, *conditions).limit(1)
    return session.scalar(trouvee) is not None


def _etablissements(session: Session, annee: Annee) -> set[str | None]:
    """Établissements qui ont des lignes cette année-là : un saut d'index chacun, sans relecture."""
    ici = f'select uai from "{annee.regle.table.name}" where annee = {annee.annee:d}'  # noqa: S608 - nom déclaré
    suivant = f"{ici} and uai > e.uai order by uai limit 1"
    return set(
        session.scalars(
            text(
                f"with recursive e (uai) as (({ici} order by uai limit 1) union all"  # noqa: S608 - nom déclaré
                f" select ({suivant}) from e where e.uai is not null) select uai from e where uai is not null"
            )
        )
    )


def _prouver(session: Session, famille: Sequence[Annee], descriptions: Sequence[str]) -> list[int]:
    """Les preuves de toutes les années, d'un coup ; rend le numéro de celle de chacune."""
    entrees: list[dict[str, Any]] = []
    rangs = []
    for annee, description in zip(famille, descriptions, strict=True):
        entrees += _entrees(annee, description)
        rangs.append(len(entrees))
    premier = famille[0].ateliers[0]
    avant = ajouter_preuves(session, premier.horloge, entrees) - len(entrees)
    return [avant + rang for rang in rangs]


def _entrees(annee: Annee, description: str) -> Iterator[dict[str, Any]]:
    """Un bilan par établissement, puis l'année."""
    siennes = [atelier.ligne for atelier in annee.ateliers]
    for atelier, ligne in zip(annee.ateliers, siennes, strict=True):
        yield atelier.entree(
            "bilan", ligne.echues, prevues=ligne.echues,
            echeance_min=ligne.echeance_min, echeance_max=ligne.echeance_max,
        )  # fmt: skip
    premier = annee.ateliers[0]
    yield premier.entree(
        "annee", annee.nombre, rang=0, uai=None, prevues=annee.nombre,
        echeance_min=_borne(min, (li.echeance_min for li in siennes)),
        echeance_max=_borne(max, (li.echeance_max for li in siennes)),
        lignes=hashlib.sha256(
            canonique([premier.plan, description, [[li.rang, li.uai, li.echues] for li in siennes]])
        ).hexdigest(),
    )  # fmt: skip


def _borne(choisir: Callable[[Iterable[date]], date], dates: Iterable[date | None]) -> date:
    return choisir(jour for jour in dates if jour is not None)
