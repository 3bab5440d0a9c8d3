"""Qui enseigne quoi : répartition des demandes entre enseignants, puis emploi du temps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from ent_core.demo.emploi_du_temps import Seance, cours_places, indisponible_hors, placer
from ent_core.demo.modele import Cours, Etablissement, Service
from ent_core.demo.nomenclatures import MATIERES
from ent_core.demo.numeros import Numeros
from ent_core.demo.structures import Bloc, Plan, plan_des_enseignements

__all__ = ["Poste", "services_du_bassin"]

# Dix-sept heures : un peu moins que le service d'un certifié, pour que la semaine se remplisse bien.
_DEMI_HEURES_PAR_POSTE = 34
_PARTAGEE = "LC"
_PARTAGE_AU_PLUS = 24
# Le premier établissement a l'enseignant partagé du lundi au mercredi, le second jeudi et vendredi.
_JOURS_PARTAGES = ((0, 1, 2), (3, 4))
_ACCOMPAGNEMENT = "006600"


@dataclass(slots=True)
class Poste:
    """Un enseignant à créer.

    :param etablissements: rangs des établissements où il enseigne (deux s'il est partagé).
    """

    cle: int
    discipline: str
    etablissements: list[int]
    charge: int = 0
    principal: list[tuple[int, str]] = field(default_factory=list)


def services_du_bassin(
    etablissements: Sequence[Etablissement], numeros: Numeros, alea: Random
) -> tuple[tuple[Etablissement, ...], tuple[Poste, ...]]:
    """Complète des établissements de leurs groupes, services et cours.

    :returns: les établissements complets et les postes d'enseignant.
    :raises OperationRefusee: un emploi du temps ne tient pas.
    """
    plans = [plan_des_enseignements(e.divisions) for e in etablissements]
    postes: list[Poste] = []
    partage = _poste_partage(plans, etablissements, numeros)
    if partage is not None:
        postes.append(partage)
    complets = []
    for rang, (etablissement, plan) in enumerate(zip(etablissements, plans, strict=True)):
        commun = partage if rang < len(_JOURS_PARTAGES) else None
        locaux, affectation = _affecter(plan, etablissement, numeros, commun)
        postes.extend(locaux)
        absences: dict[object, int] = {}
        par_cle = {poste.cle: poste for poste in locaux}
        if commun is not None:
            absences[commun.cle] = indisponible_hors(_JOURS_PARTAGES[rang])
            par_cle[commun.cle] = commun
        services = _services(plan, affectation, absences, alea)
        _designer_principaux(etablissement, services, par_cle)
        complets.append(replace(etablissement, groupes=plan.groupes, services=services))
    return tuple(complets), tuple(postes)


def _demi_heures(plan: Plan, discipline: str) -> int:
    return sum(d.demi_heures for d in plan.demandes if d.discipline == discipline)


def _poste_partage(
    plans: Sequence[Plan], etablissements: Sequence[Etablissement], numeros: Numeros
) -> Poste | None:
    """Un enseignant de lettres classiques pour les deux premiers établissements, si leur besoin le permet."""
    if len(plans) < 2:
        return None
    besoins = [_demi_heures(plan, _PARTAGEE) for plan in plans[:2]]
    if not all(0 < besoin <= _PARTAGE_AU_PLUS for besoin in besoins):
        return None
    return Poste(numeros.personne(), _PARTAGEE, [e.rang for e in etablissements[:2]], sum(besoins))


def _affecter(
    plan: Plan, etablissement: Etablissement, numeros: Numeros, partage: Poste | None
) -> tuple[list[Poste], list[tuple[int, ...]]]:
    """Répartit les lots de chaque discipline sur le moins chargé de ses postes.

    :returns: les postes créés et, par demande, les identifiants de ses enseignants.
    """
    lots: dict[str, dict[str, list[int]]] = {}
    for rang, demande in enumerate(plan.demandes):
        lots.setdefault(demande.discipline, {}).setdefault(demande.lot, []).append(rang)
    postes: list[Poste] = []
    affectation: list[tuple[int, ...]] = [()] * len(plan.demandes)
    for discipline, par_lot in lots.items():
        if partage is not None and discipline == partage.discipline:
            equipe = [partage]
        else:
            total = _demi_heures(plan, discipline)
            equipe = [
                Poste(numeros.personne(), discipline, [etablissement.rang])
                for _ in range(-(-total // _DEMI_HEURES_PAR_POSTE))
            ]
            postes.extend(equipe)
        tailles = {lot: sum(plan.demandes[r].demi_heures for r in rangs) for lot, rangs in par_lot.items()}
        for lot in sorted(par_lot, key=lambda cle: (-tailles[cle], cle)):
            poste = min(equipe, key=lambda p: p.charge)
            poste.charge += tailles[lot]
            for rang in par_lot[lot]:
                affectation[rang] = (poste.cle,)
    _co_enseigner(plan, affectation)
    return postes, affectation


def _co_enseigner(plan: Plan, affectation: list[tuple[int, ...]]) -> None:
    """Le premier accompagnement personnalisé se fait à deux, avec le professeur de mathématiques."""
    for rang, demande in enumerate(plan.demandes):
        if demande.matiere == _ACCOMPAGNEMENT:
            second = next(
                affectation[r]
                for r, d in enumerate(plan.demandes)
                if d.cible == demande.cible and d.discipline == "MAT"
            )
            affectation[rang] += second
            return


def _seances(rang: int, bloc: Bloc, enseignants: tuple[int, ...]) -> list[Seance]:
    ressources = (*bloc.divisions, *enseignants)
    heures, reste = divmod(bloc.demi_heures, 2)
    longues, courtes = divmod(heures, 2) if bloc.par_deux else (0, heures)
    semaine = bloc.semaine or "AB"[rang % 2]
    return [
        *(Seance(rang, ressources, 2, "") for _ in range(longues)),
        *(Seance(rang, ressources, 1, "") for _ in range(courtes)),
        *(Seance(rang, ressources, 1, semaine) for _ in range(reste)),
    ]


def _services(
    plan: Plan, affectation: Sequence[tuple[int, ...]], absences: Mapping[object, int], alea: Random
) -> tuple[Service, ...]:
    seances = [
        seance
        for rang, bloc in enumerate(plan.blocs)
        for seance in _seances(
            rang, bloc, tuple(dict.fromkeys(cle for d in bloc.demandes for cle in affectation[d]))
        )
    ]
    placer(seances, absences, alea)
    donnees = [(s, d) for s in seances for d in plan.blocs[s.bloc].demandes]
    places = cours_places([(s, MATIERES[plan.demandes[d].matiere].salle) for s, d in donnees])
    par_demande: dict[int, list[Cours]] = {}
    for (_, demande), cours in zip(donnees, places, strict=True):
        par_demande.setdefault(demande, []).append(cours)
    return tuple(
        Service(
            demande.cible,
            demande.est_groupe,
            demande.matiere,
            affectation[rang],
            demande.demi_heures,
            tuple(sorted(par_demande[rang], key=lambda c: (c.jour, c.debut))),
        )
        for rang, demande in enumerate(plan.demandes)
    )


def _designer_principaux(
    etablissement: Etablissement, services: Sequence[Service], postes: dict[int, Poste]
) -> None:
    """Un professeur principal par division : celui qui la voit le plus et n'en a pas déjà une."""
    heures: dict[str, dict[int, int]] = {}
    for service in services:
        if not service.est_groupe:
            par_cle = heures.setdefault(service.cible, {})
            cle = service.enseignants[0]
            par_cle[cle] = par_cle.get(cle, 0) + service.demi_heures
    for division in etablissement.divisions:
        candidats = heures[division.code]
        choisi = min(candidats, key=lambda c: (len(postes[c].principal), -candidats[c], c))
        postes[choisi].principal.append((etablissement.cle, division.code))
