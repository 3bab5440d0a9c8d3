"""À qui téléphoner au sujet d'un élève : peu d'élèves à la fois, et chaque lecture laisse une trace.

Un numéro n'est pas de ce que la façade partage : qui joint les familles le demande, pour qui il appelle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Uuid,
    bindparam,
    desc,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import lire
from ent_core.donnees.sous_portillon import hors_portillon, noter_lecture
from ent_core.identite.autorite import ecarte
from ent_core.identite.courrier import dix_huit_ans_avant
from ent_core.identite.modeles import Personne, Rattachement, Responsabilite
from ent_core.socle.erreurs import AccesRefuse

__all__ = ["TELEPHONES_AU_PLUS", "Correspondant", "telephones"]

TELEPHONES_AU_PLUS = 100
"""Élèves d'une même demande : de quoi appeler les familles d'un jour, non recopier l'annuaire."""

_APPELLENT = frozenset(
    {Role.CPE, Role.ASSISTANT_EDUCATION, Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.ADMINISTRATIF}
)
_ANNUAIRE, _COLONNES = "noyau.annuaire", ("mobile", "telephone")

_tables = Base.metadata.tables
_eleve = _tables[Personne.__tablename__].alias("eleve").c
_adulte = _tables[Personne.__tablename__].alias("adulte").c
_titre = _tables[Rattachement.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_JOUR: Any = bindparam("jour")
_ELEVES: Any = bindparam("eleves", type_=ARRAY(Uuid))
_MAJEURS: Any = bindparam("majeurs")
_OPPOSES: Any = bindparam("opposes", type_=ARRAY(Uuid))

_ICI = exists().where(
    _titre.uai == bindparam("uai"),
    _titre.personne_id == _eleve.id,
    _titre.profil == Profil.ELEVE.value,
    en_vigueur(_titre, _JOUR),
)


def _numeros(personne: Any) -> tuple[Any, ...]:
    nom = func.concat_ws(" ", personne.civilite, personne.prenom, personne.nom)
    return personne.id.label("personne"), nom.label("nom"), personne.mobile, personne.telephone


_SE_DIT = or_(_eleve.id != func.all(_OPPOSES), _eleve.naissance.is_(None), _eleve.naissance > _MAJEURS)
_A_APPELER = union_all(
    # À dix-huit ans, c'est l'élève que l'on appelle d'abord (FAM-06).
    select(
        _eleve.id.label("eleve"), literal(0).label("rang"), true().label("lui_meme"), *_numeros(_eleve)
    ).where(_eleve.id == func.any(_ELEVES), _eleve.naissance <= _MAJEURS, _ICI),
    select(_eleve.id, _lien.legal, false(), *_numeros(_adulte)).where(
        _eleve.id == func.any(_ELEVES),
        _SE_DIT,
        _ICI,
        _lien.eleve_id == _eleve.id,
        _lien.responsable_id == _adulte.id,
        _lien.legal > 0,
        en_vigueur(_lien, _JOUR),
        ~ecarte(_lien, _JOUR),
    ),
).order_by("eleve", desc("lui_meme"), "rang", "nom", "personne")


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
    valeurs = {
        "eleves": voulus,
        "opposes": list(opposes),
        "uai": contexte.uai,
        "jour": contexte.jour,
        "majeurs": dix_huit_ans_avant(contexte.jour),
    }
    noter_lecture(session, _ANNUAIRE, _COLONNES, voulus)
    with hors_portillon(session, "téléphoner aux familles"):
        lignes = lire(session, _A_APPELER, valeurs).all()
    trouves: dict[UUID, dict[UUID, Correspondant]] = {}
    for eleve, _rang, lui_meme, personne, nom, *connus in lignes:
        numeros = tuple(dict.fromkeys(numero for numero in connus if numero))
        trouves.setdefault(eleve, {}).setdefault(personne, Correspondant(personne, nom, numeros, lui_meme))
    return {eleve: tuple(siens.values()) for eleve, siens in trouves.items()}
