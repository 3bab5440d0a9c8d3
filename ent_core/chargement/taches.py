"""Les tâches d'une instance : toutes celles qui sont déclarées, leur contrôle, leurs rendez-vous.

Une période est une expression cron de cinq champs, à l'heure de Paris.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from croniter import croniter  # type: ignore[import-untyped] # croniter ne publie pas de types
from sqlalchemy.orm import Session

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.chargement.taches_ecoles import ecole_par_ecole
from ent_core.chargement.taches_noyau import taches_du_noyau
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.taches import Tache, TacheParEtablissement
from ent_core.donnees.file_taches import ComptesTache, etat_file
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.configuration import Configuration

__all__ = [
    "LigneTache",
    "controler_taches",
    "libelle_de",
    "prochain_rendez_vous",
    "tableau_des_taches",
    "toutes_les_taches",
]


@dataclass(frozen=True, slots=True)
class LigneTache:
    """Une tâche, ses travaux, et son prochain rendez-vous.

    :param libelle: ce qu'elle fait ; à défaut de mieux, les mots de son nom.
    :param connue: fausse si des travaux portent le nom d'une tâche qui n'est plus chargée.
    """

    comptes: ComptesTache
    libelle: str
    periode: str | None
    prochain: datetime | None
    connue: bool


def toutes_les_taches(chargement: Chargement, configuration: Configuration) -> tuple[Tache, ...]:
    """Tâches du noyau, puis de chaque brique chargée.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """
    relais = Relais(chargement)
    activation = Activation(chargement, relais, configuration.bascules)
    noyau = taches_du_noyau(chargement, configuration, relais, activation)
    declarees = (tache for brique in chargement.briques for tache in brique.taches)
    return (*noyau, *(t if isinstance(t, Tache) else ecole_par_ecole(t, activation) for t in declarees))


def controler_taches(taches: Sequence[Tache | TacheParEtablissement]) -> Iterator[Anomalie]:
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
        libelle = libelle_de(nom, declarees.values())
        lignes.append(
            LigneTache(comptes.get(nom, ComptesTache(nom)), libelle, periode, prochain, nom in declarees)
        )
    return lignes


def libelle_de(nom: str, taches: Iterable[Tache]) -> str:
    """Ce que fait une tâche ; à défaut, les mots de son nom : « carnet.aligner » se lit « Carnet : aligner ».

    :param nom: nom de la tâche, même si plus aucune brique ne la porte.
    :param taches: toutes les tâches de l'instance.
    """
    declare = next((tache.libelle for tache in taches if tache.nom == nom), "")
    brique, _, verbe = nom.partition(".")
    return declare or f"{brique.capitalize()} : {verbe.replace('_', ' ')}"


def _lisible(periode: str) -> bool:
    return len(periode.split()) == 5 and bool(croniter.is_valid(periode))
