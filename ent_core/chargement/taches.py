"""Les tâches d'une instance : toutes celles qui sont déclarées, leur contrôle, leurs rendez-vous.

Une période est une expression cron de cinq champs, à l'heure de Paris.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from croniter import croniter  # type: ignore[import-untyped] # croniter ne publie pas de types
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.taches_noyau import taches_du_noyau
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.taches import Tache
from ent_core.donnees.file_taches import ComptesTache, etat_file
from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.socle.configuration import Configuration

__all__ = [
    "LigneTache",
    "controler_taches",
    "prochain_rendez_vous",
    "tableau_des_taches",
    "toutes_les_taches",
]


@dataclass(frozen=True, slots=True)
class LigneTache:
    """Une tâche, ses travaux, et son prochain rendez-vous.

    :param connue: fausse si des travaux portent le nom d'une tâche qui n'est plus chargée.
    """

    comptes: ComptesTache
    periode: str | None
    prochain: datetime | None
    connue: bool


def toutes_les_taches(
    chargement: Chargement, configuration: Configuration, horloge: Horloge
) -> tuple[Tache, ...]:
    """Tâches du noyau, puis de chaque brique chargée.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    :param horloge: horloge donnée aux tâches du noyau.
    """
    noyau = taches_du_noyau(chargement, configuration, horloge)
    return (*noyau, *(t for b in chargement.briques for t in b.taches))


def controler_taches(taches: Sequence[Tache]) -> Iterator[Anomalie]:
    """Contrôle des tâches : noms uniques, périodes lisibles, au moins un essai.

    :param taches: toutes les tâches de l'instance.
    """
    vus: set[str] = set()
    for tache in taches:
        lieu = f"tâche {tache.nom}"
        if tache.nom in vus:
            yield Anomalie("TACHE-002", lieu, "ce nom est pris deux fois", "renommer l'une des deux")
        vus.add(tache.nom)
        if tache.periode is not None and not _lisible(tache.periode):
            yield Anomalie(
                "TACHE-003",
                lieu,
                f"la période « {tache.periode} » ne se lit pas",
                "écrire cinq champs cron : minute, heure, jour, mois, jour de semaine (« 40 2 * * * »)",
            )
        if tache.essais < 1:
            yield Anomalie("TACHE-004", lieu, f"{tache.essais} essai", "permettre au moins un essai")


def prochain_rendez_vous(periode: str, apres: datetime) -> datetime:
    """Premier rendez-vous après un instant.

    :param periode: expression cron, à l'heure de Paris.
    :param apres: instant, avec fuseau.
    """
    suivant: float = croniter(periode, apres.astimezone(FUSEAU)).get_next(ret_type=float)
    return datetime.fromtimestamp(suivant, UTC)


def tableau_des_taches(session: Session, taches: Sequence[Tache], instant: datetime) -> list[LigneTache]:
    """Une ligne par tâche déclarée ou présente dans la file, par nom.

    :param session: session de l'académie.
    :param taches: toutes les tâches de l'instance.
    :param instant: moment présent.
    """
    comptes = {compte.tache: compte for compte in etat_file(session)}
    declarees = {tache.nom: tache for tache in taches}
    lignes = []
    for nom in sorted(comptes.keys() | declarees.keys()):
        periode = declarees[nom].periode if nom in declarees else None
        prochain = prochain_rendez_vous(periode, instant) if periode else None
        lignes.append(LigneTache(comptes.get(nom, ComptesTache(nom)), periode, prochain, nom in declarees))
    return lignes


def _lisible(periode: str) -> bool:
    return len(periode.split()) == 5 and bool(croniter.is_valid(periode))
