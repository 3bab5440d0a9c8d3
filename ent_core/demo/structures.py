"""Groupes et besoins d'enseignement d'un établissement, tirés des grilles de chaque niveau."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ent_core.demo.modele import Division, Groupe
from ent_core.demo.nomenclatures import MATIERES, NIVEAUX, Barrette, Niveau

__all__ = ["Bloc", "Demande", "Plan", "plan_des_enseignements"]

_DIVISIONS_PAR_ALIGNEMENT = 3


@dataclass(frozen=True, slots=True)
class Demande:
    """Une matière à enseigner à une cible, par un enseignant à trouver.

    :param lot: demandes de même lot et de même discipline vont au même enseignant.
    :param demi_heures: durée hebdomadaire de la cible.
    """

    cible: str
    est_groupe: bool
    matiere: str
    discipline: str
    lot: str
    demi_heures: int


@dataclass(frozen=True, slots=True)
class Bloc:
    """Des demandes données aux mêmes heures (une seule, ou celles de groupes parallèles).

    :param demandes: rangs dans le plan.
    :param divisions: divisions occupées.
    :param semaine: « A » ou « B » pour un enseignement d'une seule semaine de la quinzaine, sinon vide.
    """

    demandes: tuple[int, ...]
    divisions: tuple[str, ...]
    demi_heures: int
    par_deux: bool
    semaine: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Tout ce qu'un établissement doit enseigner."""

    groupes: tuple[Groupe, ...]
    demandes: tuple[Demande, ...]
    blocs: tuple[Bloc, ...]


def plan_des_enseignements(divisions: tuple[Division, ...]) -> Plan:
    """Développe les grilles horaires en groupes, demandes et blocs.

    :param divisions: divisions de l'établissement, niveaux consécutifs.
    """
    groupes: list[Groupe] = []
    demandes: list[Demande] = []
    blocs: list[Bloc] = []

    def demander(demande: Demande) -> int:
        demandes.append(demande)
        return len(demandes) - 1

    for cle, du_niveau in groupby(divisions, key=lambda d: d.niveau):
        niveau, du_meme = NIVEAUX[cle], tuple(du_niveau)
        for division in du_meme:
            for ligne in niveau.lignes:
                rang = demander(
                    Demande(
                        division.code,
                        False,
                        ligne.matiere,
                        ligne.discipline,
                        division.code,
                        ligne.demi_heures,
                    )
                )
                blocs.append(Bloc((rang,), (division.code,), ligne.demi_heures, ligne.blocs))
            if niveau.demi_groupes:
                moities = _moities(division)
                groupes.extend(moities)
                for semaine, ordre in (("A", moities), ("B", moities[::-1])):
                    paire = tuple(
                        demander(Demande(groupe.code, True, matiere, discipline, division.code, 1))
                        for groupe, (matiere, discipline) in zip(ordre, niveau.demi_groupes, strict=True)
                    )
                    blocs.append(Bloc(paire, (division.code,), 1, False, semaine))
        for numero, alignement in enumerate(_alignements(du_meme), start=1):
            codes = tuple(d.code for d in alignement)
            for barrette in niveau.barrettes:
                if barrette.unique and numero > 1:
                    continue
                paralleles = tuple(_groupes_de_barrette(niveau, barrette, numero, codes))
                groupes.extend(paralleles)
                rangs = tuple(
                    demander(Demande(g.code, True, matiere, discipline, g.ensemble, barrette.demi_heures))
                    for g, (matiere, discipline, _) in zip(paralleles, barrette.choix, strict=True)
                )
                blocs.append(Bloc(rangs, codes, barrette.demi_heures, barrette.blocs))
    return Plan(tuple(groupes), tuple(demandes), tuple(blocs))


def _moities(division: Division) -> tuple[Groupe, Groupe]:
    premier, second = (
        Groupe(
            f"{division.code}_G{n}", f"{division.libelle} GROUPE {n}", (division.code,), f"{division.code}_G"
        )
        for n in (1, 2)
    )
    return premier, second


def _alignements(divisions: tuple[Division, ...]) -> Iterator[tuple[Division, ...]]:
    """Coupe les divisions d'un niveau en alignements de trois au plus, de tailles voisines."""
    nombre = -(-len(divisions) // _DIVISIONS_PAR_ALIGNEMENT)
    for rang in range(nombre):
        yield divisions[rang * len(divisions) // nombre : (rang + 1) * len(divisions) // nombre]


def _groupes_de_barrette(
    niveau: Niveau, barrette: Barrette, numero: int, divisions: tuple[str, ...]
) -> Iterator[Groupe]:
    for code_matiere, _, poids in barrette.choix:
        matiere = MATIERES[code_matiere]
        # Le code d'une option contient une espace : les importeurs doivent savoir la garder.
        liaison = " " if barrette.part < 1 else "_"
        yield Groupe(
            f"{niveau.prefixe}{liaison}{matiere.gestion}_{numero}",
            f"{niveau.libelle} {matiere.libelle} {numero}",
            divisions,
            f"{niveau.cle}:{barrette.cle}:{numero}",
            code_matiere,
            poids,
            barrette.part,
        )
