"""À qui téléphoner au sujet d'un élève : peu d'élèves à la fois, et chaque lecture laisse une trace.

Un numéro n'est pas de ce que la façade partage : qui joint les familles le demande, pour qui il appelle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, desc, func, or_
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Role
from ent_core.donnees.session import lire
from ent_core.donnees.sous_portillon import hors_portillon, noter_lecture
from ent_core.identite.correspondants import correspondants, majeur, nom_de, valeurs
from ent_core.socle.erreurs import AccesRefuse

__all__ = ["TELEPHONES_AU_PLUS", "Correspondant", "telephones"]

TELEPHONES_AU_PLUS = 100
"""Élèves d'une même demande : de quoi appeler les familles d'un jour, non recopier l'annuaire."""

_APPELLENT = frozenset(
    {Role.CPE, Role.ASSISTANT_EDUCATION, Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.ADMINISTRATIF}
)
_ANNUAIRE, _COLONNES = "noyau.annuaire", ("mobile", "telephone")

_OPPOSES: Any = bindparam("opposes", type_=ARRAY(Uuid))


def _numeros(personne: Any) -> tuple[Any, ...]:
    return nom_de(personne), personne.mobile, personne.telephone


def _joints(eleve: Any) -> ColumnElement[bool]:
    """Majeur et opposé, l'élève est le seul que l'on appelle (FAM-07)."""
    return or_(eleve.id != func.all(_OPPOSES), eleve.naissance.is_(None), ~majeur(eleve))


_A_APPELER = correspondants(_numeros, _joints).order_by("eleve", desc("lui_meme"), "rang", "nom", "personne")


@dataclass(frozen=True, slots=True)
class Correspondant:
    """Une personne à appeler au sujet d'un élève.

    :param nom: « Mme Camille Durand ».
    :param numeros: le mobile d'abord ; vide si aucun n'est connu.
    :param eleve: vrai pour l'élève majeur lui-même.
    """

    id: UUID
    nom: str
    numeros: tuple[str, ...]
    eleve: bool = False


def telephones(
    session: Session, contexte: Contexte, eleves: Iterable[UUID], *, opposes: Collection[UUID] = ()
) -> dict[UUID, tuple[Correspondant, ...]]:
    """Qui appeler au sujet d'élèves : les responsables légaux en vigueur, dans l'ordre de l'annuaire.

    Un responsable qu'un acte de justice écarte n'y est pas. La lecture est notée, élève par élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui appelle ; vie scolaire, direction ou secrétariat.
    :param eleves: élèves de l'établissement, déjà atteints, cent au plus ; les autres sont ignorés.
    :param opposes: parmi eux, ceux qui s'opposent : majeurs, on n'appelle qu'eux (FAM-07).
    :raises AccesRefuse: ce rôle n'a pas à connaître les numéros des familles.
    :raises ValueError: trop d'élèves à la fois (faute de programmation).
    """
    if not contexte.roles & _APPELLENT:
        raise AccesRefuse(
            "les numéros des familles sont réservés à la vie scolaire, à la direction et au secrétariat.",
            remede="demander à la vie scolaire d'appeler.",
        )
    voulus = sorted(set(eleves))
    if len(voulus) > TELEPHONES_AU_PLUS:
        raise ValueError(f"{len(voulus)} élèves demandés : {TELEPHONES_AU_PLUS} au plus à la fois")
    if not voulus:
        return {}
    noter_lecture(session, _ANNUAIRE, _COLONNES, voulus)
    with hors_portillon(session, "téléphoner aux familles"):
        lignes = lire(session, _A_APPELER, valeurs(contexte, voulus) | {"opposes": list(opposes)}).all()
    trouves: dict[UUID, dict[UUID, Correspondant]] = {}
    for eleve, _rang, lui_meme, personne, nom, *connus in lignes:
        numeros = tuple(dict.fromkeys(numero for numero in connus if numero))
        trouves.setdefault(eleve, {}).setdefault(personne, Correspondant(personne, nom, numeros, lui_meme))
    return {eleve: tuple(siens.values()) for eleve, siens in trouves.items()}
