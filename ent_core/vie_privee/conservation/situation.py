"""Où en est chaque ligne : à venir, en cours, sans date, gelée, vivante, retenue, ou à éliminer.

Les mêmes conditions servent à compter (le plan) et à éliminer (l'exécution) : elles ne peuvent pas diverger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    Select,
    Uuid,
    and_,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause, NamedFromClause

from ent_core.contrat.donnees import Depart, Lien, Sort
from ent_core.donnees.base import Base
from ent_core.donnees.declencheurs_sql import SOUS_ACADEMIE
from ent_core.identite.modeles import Compte, Creneau, Inscription, Personne, Service
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.conservation.declencheurs import dernier_depart_echu
from ent_core.vie_privee.conservation.expressions import (
    Calcul,
    calculer,
    chemins,
    echeance_sql,
    est_liee,
    existe,
    jour_sql,
)
from ent_core.vie_privee.conservation.gels import Gels
from ent_core.vie_privee.conservation.regles import DATES, Regle, Regles, valeurs_anonymes, vers
from ent_core.vie_privee.statistiques.periodes import comptee_avant

__all__ = ["Situation", "activites", "compter", "periode_sql"]

_tables = Base.metadata.tables
_personnes = _tables[Personne.__tablename__]
_comptes = _tables[Compte.__tablename__]
_creneaux = _tables[Creneau.__tablename__]
_LIENS_ICI = tuple(_tables[m.__tablename__] for m in (Inscription, Service, RoleLocal))


@dataclass(frozen=True, slots=True)
class Situation:
    """Les conditions d'une règle, un jour, sous les gels en vigueur.

    :param regles: toutes les règles : une ligne dépend aussi de celles qui s'appuient sur elle.
    :param jour: jour auquel les échéances sont comparées.
    :param gels: gels en vigueur.
    :param repere: dernier identifiant admis ; ce qui est né ensuite n'est pas du plan.
    """

    regles: Regles
    jour: date
    gels: Gels
    repere: UUID | None = None

    def calcul(self, regle: Regle, alias: NamedFromClause) -> Calcul:
        """Départ d'une ligne.

        :param alias: alias de la table de la règle.
        """
        return calculer(regle, alias, self.jour)

    def source(self, alias: NamedFromClause, calcul: Calcul) -> FromClause:
        """La table et ce qu'il faut joindre pour la dater.

        :param alias: alias de la table.
        """
        source: FromClause = alias
        for table, sur in calcul.jointures:
            source = source.outerjoin(table, sur)
        return source

    def echue(self, regle: Regle, alias: NamedFromClause, calcul: Calcul) -> ColumnElement[bool]:
        """L'échéance est atteinte, ce qui doit être compté l'est, et la ligne n'est pas née après le plan."""
        conditions: list[ColumnElement[bool]] = [echeance_sql(calcul, regle.duree) <= self.jour]
        if regle.depart in DATES:
            # La même condition, sur la colonne nue : un index y sert.
            assert regle.colonne_depart is not None  # noqa: S101 - sinon la règle aurait un défaut
            nue = alias.c[regle.colonne_depart.name]
            lendemain = dernier_depart_echu(self.jour, regle.duree) + timedelta(days=1)
            instant = isinstance(nue.type, DateTime)
            conditions.append(nue < (datetime.combine(lendemain, time(), FUSEAU) if instant else lendemain))
        if regle.sort is Sort.ANONYMISER:
            conditions.append(_encore_nominative(regle, alias))
        if regle.comptee is not None:
            conditions.append(jour_sql(alias.c[regle.comptee]) < comptee_avant(self.jour))
        identifiant = alias.c.get("id")
        if self.repere is not None and identifiant is not None and isinstance(identifiant.type, Uuid):
            conditions.append(or_(identifiant <= self.repere, _version(identifiant) != 7))
        return and_(*conditions)

    def gelee(
        self, regle: Regle, alias: NamedFromClause, vues: frozenset[str] = frozenset()
    ) -> ColumnElement[bool]:
        """Un gel porte sur une personne que la ligne concerne, ou sur une ligne qu'elle emporterait."""
        if regle.table.name in SOUS_ACADEMIE:
            return self.gels.archives(alias)
        personnes = self._gelees(regle)
        conditions = [
            _mene_a(chemin.etapes, chemin.personne.in_(personnes))
            for chemin in chemins(regle.table, alias)
            if personnes
        ]
        for cle in self.regles.cles[regle.table.name]:
            suivante = self.regles.de(cle.table.name)
            if suivante is None or cle.table.name in vues or not vers(cle, "CASCADE"):
                continue
            autre = cle.table.alias()
            portee = self.gelee(suivante, autre, vues | {regle.table.name})
            if not isinstance(portee, type(false())):
                conditions.append(existe([autre], _appuyee(cle, autre, alias), portee))
        return or_(*conditions) if conditions else false()

    def vivante(self, regle: Regle, alias: NamedFromClause, calcul: Calcul) -> ColumnElement[bool]:
        """Quelque chose s'est passé après le départ : la date ment, la ligne vit."""
        conditions: list[ColumnElement[bool]] = []
        if regle.depart in (Depart.PERTE_DE_VOCATION, Depart.SORTIE_ETABLISSEMENT):
            siens = [c for c in chemins(regle.table, alias) if c.lien is Lien.PROPRIETAIRE]
            par_qui = self._revenue if regle.depart is Depart.PERTE_DE_VOCATION else self._presente_ici
            conditions = [_mene_a(c.etapes, par_qui(c.personne, alias, calcul.depart)) for c in siens]
        elif regle.depart in DATES:
            for cle in self.regles.cles[regle.table.name]:
                suivante = self.regles.de(cle.table.name)
                if suivante is not None and suivante.colonne_depart is not None:
                    autre = cle.table.alias()
                    plus_tard = jour_sql(autre.c[suivante.colonne_depart.name]) > calcul.depart
                    conditions.append(existe([autre], _appuyee(cle, autre, alias), plus_tard))
        return or_(*conditions) if conditions else false()

    def retenue(
        self, regle: Regle, alias: NamedFromClause, vues: frozenset[str] = frozenset()
    ) -> ColumnElement[bool]:
        """Une ligne qui n'est pas à éliminer s'appuie sur elle, et sa clé la retient."""
        conditions: list[ColumnElement[bool]] = []
        for cle in self.regles.cles[regle.table.name]:
            if cle.table.name in vues or not vers(cle, None, "RESTRICT", "NO ACTION"):
                continue
            autre = cle.table.alias()
            suivante = self.regles.de(cle.table.name)
            if suivante is None:
                conditions.append(existe([autre], _appuyee(cle, autre, alias)))
                continue
            calcul = self.calcul(suivante, autre)
            part = self.a_eliminer(suivante, autre, calcul, vues | {regle.table.name})
            sur = (_appuyee(cle, autre, alias), part.is_not(True))
            conditions.append(_existe_datee(autre, calcul, sur))
        conditions += self._retenue_plus_haut(regle, alias, vues)
        return or_(*conditions) if conditions else false()

    def _retenue_plus_haut(
        self, regle: Regle, alias: NamedFromClause, vues: frozenset[str]
    ) -> Iterator[ColumnElement[bool]]:
        """Ce qui part d'ordinaire avec une ligne du même traitement reste avec elle, si elle est retenue."""
        for cle in regle.table.foreign_key_constraints:
            meneuse = self.regles.de(cle.referred_table.name)
            if meneuse is None or meneuse.table is regle.table or meneuse.table.name in vues:
                continue
            if meneuse.traitement.cle == regle.traitement.cle and vers(cle, "CASCADE"):
                haut = meneuse.table.alias()
                retenue = self.retenue(meneuse, haut, vues | {regle.table.name})
                if not isinstance(retenue, type(false())):
                    yield existe([haut], _appuyee(cle, alias, haut), retenue)

    def a_eliminer(
        self, regle: Regle, alias: NamedFromClause, calcul: Calcul, vues: frozenset[str] = frozenset()
    ) -> ColumnElement[bool]:
        """Échue, et ni gelée, ni vivante, ni retenue."""
        return and_(
            self.echue(regle, alias, calcul),
            not_(self.gelee(regle, alias)),
            not_(self.vivante(regle, alias, calcul)),
            not_(self.retenue(regle, alias, vues)),
        )

    def _gelees(self, regle: Regle) -> frozenset[UUID]:
        annuaire = self.regles.de(_personnes.name)
        if annuaire is not None and annuaire.traitement.cle == regle.traitement.cle:
            # Quel que soit le traitement gelé : sans elle, ce que l'on garde ne désignerait plus personne.
            return frozenset().union(*self.gels.par_traitement.values())
        return self.gels.pour(regle.traitement.cle)

    def _revenue(
        self, personne: ColumnElement[Any], _alias: NamedFromClause, depart: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        """Elle a retrouvé un lien ou un rôle, ou s'est connectée après son départ."""
        compte = _comptes.alias()
        return or_(
            existe([_personnes], _personnes.c.id == personne, est_liee(self.jour)),
            existe([compte], compte.c.personne_id == personne, jour_sql(compte.c.vu_le) > depart),
        )

    def _presente_ici(
        self, personne: ColumnElement[Any], alias: NamedFromClause, depart: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        """Une inscription, un service ou un rôle ici va au-delà de la sortie."""
        return or_(
            *(
                existe(
                    [lien],
                    lien.c.uai == alias.c.uai,
                    lien.c.personne_id == personne,
                    or_(lien.c.fin.is_(None), lien.c.fin > depart),
                )
                for table in _LIENS_ICI
                for lien in (table.alias(),)
            )
        )


def compter(situation: Situation, regle: Regle, ecole: str | None = None) -> Select[Any]:
    """Une ligne par établissement, période et état : nombre, première et dernière échéance.

    :param situation: jour et gels.
    :param regle: règle de la table comptée.
    :param ecole: établissement ; ``None`` pour tous.
    """
    alias = regle.table.alias("t")
    calcul = situation.calcul(regle, alias)
    terme = echeance_sql(calcul, regle.duree)
    suspendue = situation.gelee(regle, alias)
    etat = case(
        (and_(terme.is_(None), calcul.en_cours), "en_cours"),
        (terme.is_(None), "sans_date"),
        (not_(situation.echue(regle, alias, calcul)), "a_venir"),
        (suspendue, "gelees"),
        (situation.vivante(regle, alias, calcul), "actives"),
        (situation.retenue(regle, alias), "retenues"),
        else_="echues",
    )
    uai = alias.c.uai if regle.par_uai else cast(null(), _tables["etablissement"].c.uai.type)
    lues = (
        select(
            uai.label("uai"),
            periode_sql(regle, alias, calcul).label("periode"),
            etat.label("etat"),
            terme.label("terme"),
        )
        .select_from(situation.source(alias, calcul))
        .where(alias.c.uai == ecole if ecole is not None else true())
        .subquery()
    )
    groupe = (lues.c.uai, lues.c.periode, lues.c.etat)
    return select(*groupe, func.count(), func.min(lues.c.terme), func.max(lues.c.terme)).group_by(*groupe)


def periode_sql(regle: Regle, alias: NamedFromClause, calcul: Calcul) -> ColumnElement[Any]:
    """Jumelle de ``periode``.

    :param alias: alias de la table.
    """
    if regle.par_annee:
        return cast(alias.c.annee, Integer)
    bascule = case((extract("month", calcul.depart) >= 8, 0), else_=1)
    return cast(extract("year", calcul.depart), Integer) - bascule


def activites(
    session: Session, regle: Regle, uai: str | None = None, annee: int | None = None
) -> Mapping[tuple[str, int], date]:
    """Dernier fait daté de chaque année scolaire d'une table : une séance, ou ce que la table date.

    Postérieur à la fin de l'année, il dit que le calendrier est faux : rien de cette année n'est échu.

    :param session: session de l'académie.
    :param regle: règle dont le départ est la fin de l'année scolaire.
    :param uai: un établissement, ou tous.
    :param annee: une année, ou toutes.
    """
    if regle.depart is not Depart.FIN_ANNEE_SCOLAIRE or not regle.par_annee:
        return {}
    sources = [(_creneaux, _creneaux.c.debut)]
    if regle.colonne_depart is not None:
        sources.append((regle.table, regle.colonne_depart))
    derniers: dict[tuple[str, int], date] = {}
    for table, colonne in sources:
        enonce = select(table.c.uai, table.c.annee, func.max(jour_sql(colonne))).group_by(
            table.c.uai, table.c.annee
        )
        if uai is not None:
            enonce = enonce.where(table.c.uai == uai, table.c.annee == annee)
        for ici, an, dernier in session.execute(enonce):
            if dernier is not None:
                derniers[ici, an] = max(dernier, derniers.get((ici, an), dernier))
    return derniers


def _version(identifiant: ColumnElement[Any]) -> ColumnElement[int]:
    """Version d'un UUID : seule la septième porte l'heure de sa naissance."""
    return func.get_byte(func.uuid_send(identifiant), 6).op(">>")(4)


def _appuyee(
    cle: ForeignKeyConstraint, autre: NamedFromClause, alias: NamedFromClause
) -> ColumnElement[bool]:
    return and_(*(autre.c[e.parent.name] == alias.c[e.column.name] for e in cle.elements))


def _mene_a(
    etapes: tuple[tuple[FromClause, ColumnElement[bool]], ...], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """La condition, vraie au bout d'un chemin ; jamais vide, pour que sa négation ne le soit pas."""
    if not etapes:
        return func.coalesce(condition, False)
    return existe((table for table, _ in etapes), *(sur for _, sur in etapes), condition)


def _existe_datee(
    autre: NamedFromClause, calcul: Calcul, conditions: Iterable[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Comme ``existe``, avec ce qu'il faut joindre pour dater la ligne."""
    source: FromClause = autre
    for table, sur in calcul.jointures:
        source = source.outerjoin(table, sur)
    propres = (autre, *(table for table, _ in calcul.jointures))
    return select(literal(1)).select_from(source).where(*conditions).correlate_except(*propres).exists()


def _encore_nominative(regle: Regle, alias: NamedFromClause) -> ColumnElement[bool]:
    """Une colonne au moins n'a pas sa valeur anonyme : une ligne anonymisée n'est plus échue."""
    return or_(
        *(
            alias.c[nom].is_distinct_from(
                cast(literal(valeur, regle.table.c[nom].type), regle.table.c[nom].type)
            )
            for nom, valeur in valeurs_anonymes(regle.table).items()
        )
    )
