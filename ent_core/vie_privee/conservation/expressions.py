"""Les jumelles en SQL des départs et des échéances, et les chemins d'une ligne vers les personnes.

Un essai tient chaque expression égale à sa fonction pure. Tout se bâtit sur un alias de la table : la même
expression sert pour une table et, dans un ``exists``, pour celles qui s'appuient sur elle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.contrat.donnees import Depart, Duree, Lien, Sujet
from ent_core.donnees.base import Base, declaration
from ent_core.identite.modeles import AnneeScolaire, Personne, Rattachement
from ent_core.identite.sursis import a_un_rattachement, a_un_role_local
from ent_core.vie_privee.conservation.regles import DATES, SANS_DEPART, Regle

__all__ = [
    "Calcul",
    "Chemin",
    "ajouter_sql",
    "au_bout",
    "calculer",
    "chemins",
    "echeance_sql",
    "est_liee",
    "existe",
    "jour_sql",
    "rejoindre",
]

_annees = Base.metadata.tables[AnneeScolaire.__tablename__]
_personnes = Base.metadata.tables[Personne.__tablename__]
_rattachements = Base.metadata.tables[Rattachement.__tablename__]
_PROFONDEUR = 4
Etape = tuple[FromClause, ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Chemin:
    """Par où une ligne mène à une personne.

    :param etapes: tables à joindre, dans l'ordre.
    :param personne: identifiant de la personne.
    """

    lien: Lien
    etapes: tuple[Etape, ...]
    personne: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Calcul:
    """Ce qu'il faut pour dater une ligne.

    :param jointures: tables à joindre à gauche, dans l'ordre.
    :param depart: jour du départ, ou vide.
    :param terme: terme propre, s'il en est un.
    :param en_cours: vrai si le fait n'a pas encore eu lieu ; sinon, un départ vide est un défaut.
    """

    jointures: tuple[Etape, ...]
    depart: ColumnElement[Any]
    terme: ColumnElement[Any]
    en_cours: ColumnElement[bool]


def jour_sql(colonne: ColumnElement[Any]) -> ColumnElement[Any]:
    """Jour d'une colonne de date, ou d'un instant ramené à l'heure de Paris.

    :param colonne: date, ou instant avec fuseau.
    """
    if isinstance(colonne.type, DateTime):
        return cast(func.timezone("Europe/Paris", colonne), Date)
    return colonne


def ajouter_sql(depart: ColumnElement[Any], duree: Duree) -> ColumnElement[Any]:
    """Jumelle d'``ajouter``.

    :param depart: jour.
    """
    return cast(depart + func.make_interval(0, duree.mois, 0, duree.jours), Date)


def echeance_sql(calcul: Calcul, duree: Duree) -> ColumnElement[Any]:
    """Jumelle d'``echeance`` : vide si le départ l'est.

    :param calcul: départ et terme de la ligne.
    """
    # « least » oublie les vides : un terme absent ne change rien.
    voulue = ajouter_sql(calcul.depart, duree)
    return case((calcul.depart.is_(None), null()), else_=func.least(voulue, calcul.terme))


def existe(sources: Iterable[FromClause], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Une ligne au moins de ces tables répond ; tout le reste vient de l'énoncé qui englobe, à tout niveau.

    :param sources: tables propres à la sous-requête.
    """
    propres = list(sources)
    return select(literal(1)).select_from(*propres).where(*conditions).correlate_except(*propres).exists()


def chemins(table: Table, alias: NamedFromClause, *, profondeur: int = 0) -> Iterator[Chemin]:
    """Chemins d'une ligne vers chaque personne qu'elle concerne.

    :param table: table déclarée.
    :param alias: alias sous lequel elle est lue.
    """
    declaree = declaration(table)
    for sujet in declaree.sujets if declaree else ():
        if not sujet.par:
            yield Chemin(sujet.lien, (), alias.c[sujet.colonne])
        elif profondeur < _PROFONDEUR and sujet.par in table.metadata.tables:
            menante = table.metadata.tables[sujet.par]
            autre = menante.alias()
            etape = (autre, rejoindre(table, alias, sujet, autre))
            for suite in chemins(menante, autre, profondeur=profondeur + 1):
                lien = sujet.lien if suite.lien is Lien.PROPRIETAIRE else suite.lien
                yield Chemin(lien, (etape, *suite.etapes), suite.personne)


def calculer(regle: Regle, alias: NamedFromClause, jour: date) -> Calcul:
    """Départ d'une ligne, selon la règle de sa table.

    :param regle: règle ; défectueuse, elle ne date rien.
    :param alias: alias sous lequel la table est lue.
    :param jour: jour de référence.
    """
    vide = cast(null(), Date)
    if regle.defaut and regle.defaut.code == SANS_DEPART:
        return Calcul((), vide, vide, false())
    if regle.depart in DATES:
        assert regle.colonne_depart is not None  # noqa: S101 - sinon la règle aurait un défaut
        fait = jour_sql(alias.c[regle.colonne_depart.name])
        # Une validité sans fin court encore ; un fait sans date est un défaut de saisie.
        return Calcul((), fait, vide, literal(regle.depart is Depart.FIN_DE_VALIDITE))
    if regle.depart is Depart.FIN_ANNEE_SCOLAIRE:
        return _par_annee(regle, alias, vide)
    proprietaires = [c for c in chemins(regle.table, alias) if c.lien is Lien.PROPRIETAIRE]
    # Deux propriétaires au bout d'une même table ne la font joindre qu'une fois.
    etapes = tuple({id(etape[0]): etape for chemin in proprietaires for etape in chemin.etapes}.values())
    if regle.depart is Depart.SORTIE_ETABLISSEMENT:
        return _par_sortie(alias, jour, vide, proprietaires, etapes)
    return _par_vocation(regle, alias, jour, vide, proprietaires, etapes)


def est_liee(jour: date) -> ColumnElement[bool]:
    """Condition sur ``Personne`` : un rattachement ou un rôle local la retient dans l'annuaire.

    :param jour: jour de référence.
    """
    return or_(a_un_rattachement(jour), a_un_role_local(jour))


def _par_annee(regle: Regle, alias: NamedFromClause, vide: ColumnElement[Any]) -> Calcul:
    visee = _annees.alias()
    if regle.par_annee:
        sur = and_(visee.c.uai == alias.c.uai, visee.c.annee == alias.c.annee + regle.duree.annees)
        return Calcul(((visee, sur),), visee.c.fin, vide, false())
    assert regle.colonne_depart is not None  # noqa: S101 - sinon la règle aurait un défaut
    fait, celle = jour_sql(alias.c[regle.colonne_depart.name]), _annees.alias()
    etapes = (
        (celle, and_(celle.c.uai == alias.c.uai, celle.c.debut <= fait, fait < celle.c.fin)),
        (visee, and_(visee.c.uai == alias.c.uai, visee.c.annee == celle.c.annee + regle.duree.annees)),
    )
    return Calcul(etapes, visee.c.fin, vide, false())


def _par_sortie(
    alias: NamedFromClause,
    jour: date,
    vide: ColumnElement[Any],
    proprietaires: list[Chemin],
    etapes: tuple[Etape, ...],
) -> Calcul:
    jointures, fins, presents = list(etapes), [], []
    for chemin in proprietaires:
        ouvert = or_(_rattachements.c.fin.is_(None), _rattachements.c.fin > jour)
        liens = (
            select(
                _rattachements.c.uai,
                _rattachements.c.personne_id,
                func.bool_or(ouvert).label("present"),
                func.max(_rattachements.c.fin).label("fin"),
            )
            .group_by(_rattachements.c.uai, _rattachements.c.personne_id)
            .subquery()
        )
        jointures.append((liens, and_(liens.c.uai == alias.c.uai, liens.c.personne_id == chemin.personne)))
        fins.append(case((liens.c.present, null()), else_=liens.c.fin))
        presents.append(liens.c.present.is_(True))
    return Calcul(tuple(jointures), _dernier(fins, vide), vide, or_(false(), *presents))


def _par_vocation(
    regle: Regle,
    alias: NamedFromClause,
    jour: date,
    vide: ColumnElement[Any],
    proprietaires: list[Chemin],
    etapes: tuple[Etape, ...],
) -> Calcul:
    jointures, sursis, termes, connus = list(etapes), [], [], []
    for chemin in proprietaires:
        personne = _personnes.alias()
        jointures.append((personne, personne.c.id == chemin.personne))
        sursis.append(personne.c.sursis_depuis)
        termes.append(personne.c.suppression_le)
        connus.append(chemin.personne.is_not(None))
    terme = termes[0] if len(termes) == 1 else vide
    if regle.table is _personnes:
        # C'est ici que se voit qui n'a plus de lien sans être en sursis : rien ne le ferait jamais partir.
        liee = existe([_personnes], _personnes.c.id == alias.c.id, est_liee(jour))
        return Calcul(tuple(jointures), sursis[0], terme, liee)
    return Calcul(
        tuple(jointures), _dernier(sursis, vide), terme, true() if regle.suivie else and_(true(), *connus)
    )


def _dernier(departs: list[Any], vide: ColumnElement[Any]) -> ColumnElement[Any]:
    """Le plus tardif, ou rien si l'un manque : « greatest » seul oublierait les vides."""
    if len(departs) < 2:
        return departs[0] if departs else vide
    return case((or_(*(d.is_(None) for d in departs)), null()), else_=func.greatest(*departs))


def rejoindre(
    table: Table, alias: Table | NamedFromClause, sujet: Sujet, autre: NamedFromClause
) -> ColumnElement[bool]:
    """Par la clé étrangère qui porte la colonne, ou par l'identifiant et ce que les deux clés partagent.

    :param table: table déclarée.
    :param alias: elle-même, ou l'alias sous lequel elle est lue.
    :param sujet: lien qui passe par une table mère.
    :param autre: alias de la table mère.
    """
    for cle in table.foreign_key_constraints:
        if cle.referred_table.name == sujet.par and sujet.colonne in cle.column_keys:
            return and_(*(alias.c[e.parent.name] == autre.c[e.column.name] for e in cle.elements))
    communes = [nom for nom in ("uai", "annee") if nom in alias.c and nom in autre.c]
    return and_(autre.c.id == alias.c[sujet.colonne], *(autre.c[nom] == alias.c[nom] for nom in communes))


def au_bout(chemin: Chemin) -> ColumnElement[Any]:
    """La personne au bout d'un chemin, lue à part pour ne rien multiplier.

    :param chemin: d'une table à la personne.
    """
    if not chemin.etapes:
        return chemin.personne
    tables: list[Any] = [etape for etape, _ in chemin.etapes]
    return (
        select(chemin.personne)
        .select_from(*tables)
        .where(and_(*(sur for _, sur in chemin.etapes)))
        .correlate_except(*tables)
        .scalar_subquery()
    )
