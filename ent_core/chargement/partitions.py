"""La tâche des partitions : chaque nuit, ouvrir les années à venir, et veiller sur celles qui sont finies."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.taches import Tache
from ent_core.donnees.partitions import RESTE, est_partitionnee, ouvrir, presentes, veiller
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.modeles import AnneeScolaire
from ent_core.socle.calendrier import Horloge, annee_scolaire, libelle_annee
from ent_core.socle.erreurs import AnomaliesTrouvees, BaseIndisponible

__all__ = ["preparer_les_annees", "taches_de_partitions"]

_AVANCE = 2
"""Années ouvertes après l'année en cours : un import d'été apporte déjà la suivante."""
_MOTIF = "partitions : années"


def taches_de_partitions(chargement: Chargement) -> tuple[Tache, ...]:
    """Avant le plan de la nuit : ce qu'il compte est alors sous veille.

    :param chargement: briques chargées.
    """
    tables = [t.name for d in chargement.distributions for t in d.tables if est_partitionnee(t)]

    def preparer(base: BaseDeDonnees, horloge: Horloge) -> None:
        if anomalies := preparer_les_annees(base, tables, horloge):
            raise AnomaliesTrouvees(anomalies)

    return (
        Tache(
            "noyau.preparer_partitions",
            preparer,
            periode="40 1 * * *",
            libelle="Préparer la place de l'année qui vient",
        ),
    )


def preparer_les_annees(base: BaseDeDonnees, tables: list[str], horloge: Horloge) -> list[Anomalie]:
    """Ouvre et veille, chaque année dans sa transaction ; peut être rejoué sans effet.

    :param base: base de l'académie.
    :param tables: tables partitionnées.
    :param horloge: horloge de l'instance.
    :returns: ce qui n'a pas pu se faire, et se refera la nuit suivante.
    """
    courante = annee_scolaire(horloge.aujourd_hui())
    with base.academie(_MOTIF) as session:
        ouvertes = presentes(session)
        connues = set(session.scalars(select(AnneeScolaire.annee).distinct()))
    voulues = {a for a in connues if a >= courante} | set(range(courante, courante + _AVANCE + 1))
    return [
        anomalie
        for table in tables
        for annee in sorted(voulues | ouvertes.get(table, set()))
        for anomalie in _preparer(base, table, annee, finie=annee < courante)
    ]


def _preparer(base: BaseDeDonnees, table: str, annee: int, *, finie: bool) -> Iterator[Anomalie]:
    lieu = f"table {table}, année {libelle_annee(annee)}"
    try:
        with base.academie(_MOTIF) as session:
            if finie:
                veiller(session, table, annee)
            elif ouvrir(session, table, annee) == RESTE:
                yield Anomalie(
                    "PARTITION-001",
                    lieu,
                    "des lignes sont arrivées avant l'ouverture de l'année : elles partiront une à une",
                    "rien n'est perdu ; vérifier que la tâche noyau.preparer_partitions passe chaque nuit",
                )
    except BaseIndisponible as panne:
        yield Anomalie(
            "PARTITION-002",
            lieu,
            f"rien n'y est préparé : {panne.message}",
            "attendre : la nuit suivante recommence",
        )
