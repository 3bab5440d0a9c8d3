"""Le rapport de minimisation (RGPD, article 5.1 c) : les données déclarées que nul ne lit depuis un an."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Donnee, Duree
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.conservation.declencheurs import ajouter
from ent_core.vie_privee.minimisation.modeles import ColonneLue
from ent_core.vie_privee.registre import Registre

__all__ = ["DELAI", "ColonneOubliee", "Rapport", "etablir", "suivre"]

DELAI = Duree(mois=12)


@dataclass(frozen=True, slots=True)
class ColonneOubliee:
    """Une donnée que l'on recueille sans la lire.

    :param lue_le: dernière lecture ; ``None``, aucune depuis qu'on l'observe.
    """

    traitement: str
    intitule: str
    table: str
    colonne: str
    categorie: str
    suivie_depuis: date
    lue_le: date | None


@dataclass(frozen=True, slots=True)
class Rapport:
    """Ce que l'observation permet de dire.

    :param depuis: premier jour de l'observation ; ``None``, elle n'a pas commencé.
    :param observees: données déclarées que l'on observe.
    :param trop_tot: données observées depuis moins d'un an, et non encore lues.
    """

    jour: date
    depuis: date | None
    observees: int
    trop_tot: int
    oubliees: tuple[ColonneOubliee, ...]


def etablir(session: Session, registre: Registre, jour: date) -> Rapport:
    """Rapport du jour, par traitement.

    :param session: session de l'académie.
    :param registre: déclarations de l'instance.
    """
    lues = {(c.objet, c.colonne): c for c in session.scalars(select(ColonneLue))}
    oubliees: list[ColonneOubliee] = []
    observees = trop_tot = 0
    for traitement, table, colonne, dite in _donnees(registre):
        suivie = lues.get((table, colonne))
        if suivie is None:
            continue
        observees += 1
        if ajouter(suivie.lue_le or suivie.suivie_depuis, DELAI) <= jour:
            oubliees.append(
                ColonneOubliee(
                    traitement, registre.traitements[traitement].intitule, table, colonne,
                    dite.categorie.value, suivie.suivie_depuis, suivie.lue_le,
                )
            )  # fmt: skip
        elif suivie.lue_le is None:
            trop_tot += 1
    depuis = min((c.suivie_depuis for c in lues.values()), default=None)
    return Rapport(jour, depuis, observees, trop_tot, tuple(oubliees))


def suivre(session: Session, registre: Registre, jour: date) -> None:
    """Met en observation chaque donnée déclarée, et oublie celles qui ne le sont plus.

    :param session: session de l'académie.
    :param registre: déclarations de l'instance.
    """
    cles = [(table, colonne) for _, table, colonne, _ in _donnees(registre)]
    session.execute(delete(ColonneLue).where(tuple_(ColonneLue.objet, ColonneLue.colonne).not_in(cles)))
    session.execute(
        insert(ColonneLue).on_conflict_do_nothing(),
        [{"objet": table, "colonne": colonne, "suivie_depuis": jour} for table, colonne in cles],
    )


def _donnees(registre: Registre) -> Iterator[tuple[str, str, str, Donnee]]:
    """Traitement, table et nom de chaque donnée ; les liens vers une personne se lisent en joignant."""
    for nom, table in sorted(registre.tables.items()):
        declaree = declaration(table)
        traitement = declaree.traitement if declaree else None
        if declaree is None or traitement is None or traitement not in registre.traitements:
            continue
        sujets = {s.colonne for s in declaree.sujets}
        for colonne in table.columns:
            dite = declaration_colonne(colonne)
            if isinstance(dite, Donnee) and colonne.name not in sujets:
                yield traitement, nom, colonne.name, dite
