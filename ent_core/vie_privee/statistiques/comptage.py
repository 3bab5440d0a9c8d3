"""Le comptage : d'une table à une grille, sous le rôle de l'académie, avant toute protection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Table, distinct, func, select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Portee
from ent_core.contrat.statistiques import Dimension, Statistique, UniteComptee
from ent_core.identite.modeles import Division
from ent_core.socle.calendrier import FUSEAU, annee_scolaire
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.vie_privee.statistiques.controle import concerne, par_division
from ent_core.vie_privee.statistiques.grille import Case, Entete, Grille, Trame, totaliser
from ent_core.vie_privee.statistiques.periodes import PeriodeStatistique

__all__ = ["EcoleComptee", "compter"]

_TOUT = object()
"""À la place d'une valeur : toutes réunies."""

Place = tuple[Any, ...]
"""Établissement, puis valeur de chaque dimension."""

Modalites = Sequence[tuple[Any, Entete]]


@dataclass(frozen=True, slots=True)
class EcoleComptee:
    """Un établissement compté."""

    uai: str
    nom: str


@dataclass(slots=True)
class _Lignes:
    """Les lignes d'une grille, à mesure qu'on les ajoute."""

    entetes: list[Entete] = field(default_factory=list)
    dessus: list[int | None] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def ajouter(self, entete: Entete, dessus: int | None, place: Place) -> int:
        self.entetes.append(entete)
        self.dessus.append(dessus)
        self.places.append(place)
        return len(self.entetes) - 1


def compter(
    session: Session,
    table: Table,
    statistique: Statistique,
    periode: PeriodeStatistique,
    ecoles: Sequence[EcoleComptee],
) -> Grille:
    """Compte une statistique sur une période.

    :param session: session de l'académie.
    :param table: table comptée, déjà contrôlée.
    :param ecoles: l'établissement ; ou tous ceux de l'académie où la brique est ouverte.
    :raises DonneeInvalide: une ligne porte une valeur absente de la liste fermée.
    """
    academie = statistique.portee is Portee.ACADEMIE
    *en_lignes, derniere = statistique.dimensions
    en_colonne = bool(en_lignes) or (academie and not par_division(table, derniere))
    if not en_colonne:
        en_lignes = [derniere]
    lues = {d.colonne: _modalites(session, table, d, periode.debut, ecoles) for d in statistique.dimensions}
    rien = (_TOUT,) * len(en_lignes)
    lignes = _Lignes()
    racine = lignes.ajouter(Entete("", "Académie"), None, (_TOUT, *rien)) if academie else None
    for ecole in ecoles:
        ici = lignes.ajouter(Entete(ecole.uai, ecole.nom), racine, (ecole.uai, *rien))
        for dimension in en_lignes:
            for valeur, entete in lues[dimension.colonne].get(ecole.uai, ()):
                lignes.ajouter(entete, ici, (ecole.uai, valeur))
    colonnes = next(iter(lues[derniere.colonne].values()), ()) if en_colonne else ()
    trame = Trame(tuple(lignes.dessus), len(colonnes))
    rangs: dict[Place, Case] = {}
    for rang, place in enumerate(lignes.places):
        for colonne, valeur in enumerate([*(v for v, _ in colonnes), _TOUT]):
            rangs[(*place, valeur) if en_colonne else place] = (rang, colonne)
    nombres: dict[Case, int] = {}
    personnes = dict.fromkeys(trame.cases, 0)
    for place, nombre, differentes in _lire(session, table, statistique, periode, ecoles):
        if place in rangs:
            nombres[rangs[place]], personnes[rangs[place]] = nombre, differentes
        elif _TOUT not in place:
            raise DonneeInvalide(
                "des lignes portent une valeur absente de la liste fermée.",
                remede="ajouter la valeur aux modalités de la statistique, ou contraindre la colonne.",
                lieu=f"statistique {statistique.cle}, période {periode.code}",
            )
    return Grille(
        trame, tuple(lignes.entetes), tuple(e for _, e in colonnes), totaliser(trame, nombres), personnes
    )


def _modalites(
    session: Session, table: Table, dimension: Dimension, debut: date, ecoles: Sequence[EcoleComptee]
) -> Mapping[str, Modalites]:
    """Modalités d'une dimension dans chaque établissement, et celle des colonnes vides s'il peut y en avoir.

    Celle-ci s'y trouve même si aucune ne l'est : sa seule présence dirait qu'il y en a.
    """
    uais = [ecole.uai for ecole in ecoles]
    rendues: dict[str, list[tuple[Any, Entete]]] = {uai: [] for uai in uais}
    if par_division(table, dimension):
        divisions = select(Division.uai, Division.id, Division.code, Division.libelle).where(
            Division.uai.in_(uais), Division.annee == annee_scolaire(debut)
        )
        for uai, identifiant, code, libelle in session.execute(divisions.order_by(Division.code)):
            rendues[uai].append((identifiant, Entete(code, libelle)))
    else:
        for uai in uais:
            rendues[uai] += [(valeur, Entete(str(valeur), dit)) for valeur, dit in dimension.modalites]
    if table.columns[dimension.colonne].nullable:
        for uai in uais:
            rendues[uai].append((None, Entete("", "Non renseigné")))
    return rendues


def _lire(
    session: Session,
    table: Table,
    statistique: Statistique,
    periode: PeriodeStatistique,
    ecoles: Sequence[EcoleComptee],
) -> Iterator[tuple[Place, int, int]]:
    """Nombre et personnes différentes de chaque place, à tous les niveaux de regroupement, en une lecture."""
    par: list[Column[Any]] = [table.columns["uai"]]
    par += [table.columns[d.colonne] for d in statistique.dimensions]
    personnes = func.count(distinct(table.columns[concerne(table) or ""]))
    nombre: ColumnElement[int] = func.count()
    if statistique.compte is UniteComptee.PERSONNES:
        nombre = personnes
    jour = table.columns[statistique.jour]
    debut, fin = (_borne(jour, limite) for limite in (periode.debut, periode.fin))
    enonce = (
        select(*par, *(func.grouping(colonne) for colonne in par), nombre, personnes)
        .select_from(table)
        .where(table.columns["uai"].in_([ecole.uai for ecole in ecoles]), jour >= debut, jour < fin)
        .group_by(func.cube(*par))
    )
    if "annee" in table.columns:
        enonce = enonce.where(table.columns["annee"] == annee_scolaire(periode.debut))
    for ligne in session.execute(enonce):
        valeurs, reunies = ligne[: len(par)], ligne[len(par) : -2]
        place = tuple(_TOUT if r else v for v, r in zip(valeurs, reunies, strict=True))
        yield place, ligne[-2], ligne[-1]


def _borne(colonne: Column[Any], jour: date) -> date | datetime:
    """Le début d'un jour, à l'heure de Paris pour une colonne qui a une heure."""
    return datetime.combine(jour, time(), FUSEAU) if isinstance(colonne.type, DateTime) else jour
