"""Les personnes touchées : celles dont les traces disent qu'une donnée a été lue ou changée.

Ce n'est qu'un minimum. Une lecture qui ne nomme pas la personne (une liste, un acte en nombre) n'a laissé
qu'une trace sans sujet : elle est comptée à part. Une lecture est datée au jour, une écriture à l'instant.
Personne ne dit ici qui a lu : ce sont les sujets que l'on compte, non l'activité des personnels.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, String, case, cast, exists, func, literal, select, union
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from ent_core.contrat.roles import Profil
from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.vie_privee.traces.modeles import TraceEcriture, TraceLecture

__all__ = ["GROUPES", "JOURNAUX", "Atteinte", "PersonneTouchee", "Recherche", "compter", "lister"]

JOURNAUX: Mapping[str, str] = {"lectures": "Données sensibles lues", "ecritures": "Données changées"}

GROUPES: Mapping[str, str] = {
    "eleve": "élèves",
    "responsable": "responsables d'élèves",
    "personnel": "personnels",
    "autre": "sans rattachement",
    "partie": "parties de l'annuaire",
}
"""Chaque personne touchée est d'un seul groupe : le premier qui vaut pour elle."""


@dataclass(frozen=True, slots=True)
class Recherche:
    """Ce que l'on cherche dans les traces.

    :param du: début, compris.
    :param au: fin, comprise.
    :param uai: établissement ; ``None``, tous.
    :param traitement: traitement ; ``None``, tous.
    :param compte: personne dont le compte a servi ; ``None``, toutes, sauf chacun sur ses propres données.
    :param journaux: clés de ``JOURNAUX``.
    :raises DonneeInvalide: intervalle à l'envers, ou aucun journal.
    """

    du: datetime
    au: datetime
    uai: str | None = None
    traitement: str | None = None
    compte: UUID | None = None
    journaux: frozenset[str] = frozenset(JOURNAUX)

    def __post_init__(self) -> None:
        if self.au < self.du:
            raise DonneeInvalide("la fin précède le début.", remede="corriger l'un des deux.", lieu="au")
        if not self.journaux or self.journaux - set(JOURNAUX):
            raise DonneeInvalide(
                "rien n'est à chercher.", remede="choisir lectures, changements, ou les deux."
            )


@dataclass(frozen=True, slots=True)
class Atteinte:
    """Ce que disent les traces.

    :param personnes: personnes différentes, au moins.
    :param par_groupe: groupe → personnes.
    :param indeterminees: traces qui ne nomment personne.
    :param enregistrements: lignes changées.
    :param empreinte: empreinte à clé de la liste : la prouver sans la garder.
    """

    personnes: int
    par_groupe: Mapping[str, int]
    indeterminees: int
    enregistrements: int
    empreinte: str


@dataclass(frozen=True, slots=True)
class PersonneTouchee:
    """Une personne à prévenir."""

    id: UUID
    nom: str
    prenom: str
    groupe: str


def compter(session: Session, recherche: Recherche, cle: bytes) -> Atteinte:
    """Compte les personnes touchées, chacune une fois.

    :param session: session de l'académie : elle seule lit les traces.
    :param cle: clé des empreintes.
    """
    sujets = _sujets(recherche).subquery()
    groupe = _groupe(sujets.c.sujet_id).label("groupe")
    par_groupe: dict[str, int] = {
        nom: nombre
        for nom, nombre in session.execute(select(groupe, func.count()).select_from(sujets).group_by(groupe))
    }
    texte = cast(sujets.c.sujet_id, String)
    liste = session.scalar(
        select(func.encode(func.sha256(func.convert_to(_jointes(texte), "UTF8")), "hex")).select_from(sujets)
    )
    indeterminees, enregistrements = 0, 0
    for journal in sorted(recherche.journaux):
        conditions = list(_conditions(journal, recherche))
        if journal == "lectures":
            sans, lignes = select(func.count()).where(TraceLecture.sujet_id.is_(None), *conditions), None
        else:
            sans = select(func.count()).where(TraceEcriture.sujet_id.is_(None), *conditions)
            lignes = select(func.coalesce(func.sum(TraceEcriture.lignes), 0)).where(*conditions)
        indeterminees += session.scalar(sans) or 0
        enregistrements += int(session.scalar(lignes) or 0) if lignes is not None else 0
    return Atteinte(
        personnes=sum(par_groupe.values()),
        par_groupe={nom: par_groupe[nom] for nom in GROUPES if nom in par_groupe},
        indeterminees=indeterminees,
        enregistrements=enregistrements,
        empreinte=hmac.new(cle, (liste or "").encode(), hashlib.sha256).hexdigest(),
    )


def lister(session: Session, recherche: Recherche, *, limite: int, page: int = 1) -> list[PersonneTouchee]:
    """Personnes touchées encore dans l'annuaire, par groupe puis par nom ; la liste n'est gardée nulle part.

    :param session: session de l'académie.
    :param limite: lignes par page ; une de plus dit qu'il y a une suite.
    :param page: à partir de 1.
    """
    sujets = _sujets(recherche).subquery()
    groupe = _groupe(sujets.c.sujet_id)
    rang = case({nom: place for place, nom in enumerate(GROUPES)}, value=groupe)
    enonce = (
        select(Personne.id, Personne.nom, func.coalesce(Personne.prenom, ""), groupe)
        .join(sujets, sujets.c.sujet_id == Personne.id)
        .order_by(rang, Personne.recherche, Personne.id)
        .limit(limite + 1)
        .offset((max(page, 1) - 1) * limite)
    )
    return [PersonneTouchee(*ligne) for ligne in session.execute(enonce)]


def _jointes(texte: ColumnElement[str]) -> ColumnElement[str]:
    return func.coalesce(func.string_agg(texte, aggregate_order_by(literal(","), texte)), "")


def _sujets(recherche: Recherche) -> Any:
    enonces: list[Select[Any]] = []
    for journal in sorted(recherche.journaux):
        trace = _TRACES[journal]
        enonces.append(
            select(trace.sujet_id).where(trace.sujet_id.is_not(None), *_conditions(journal, recherche))
        )
    return union(*enonces)


_TRACES: Mapping[str, Any] = {"lectures": TraceLecture, "ecritures": TraceEcriture}


def _conditions(journal: str, recherche: Recherche) -> Iterator[ColumnElement[bool]]:
    trace = _TRACES[journal]
    if journal == "lectures":
        acteur = trace.lecteur_id
        # Un jour est un jour de Paris : le premier et le dernier sont pris entiers.
        yield trace.jour >= literal(recherche.du.astimezone(FUSEAU).date(), Date)
        yield trace.jour <= literal(recherche.au.astimezone(FUSEAU).date(), Date)
    else:
        acteur = trace.acteur_id
        yield trace.instant >= recherche.du
        yield trace.instant <= recherche.au
    if recherche.uai is not None:
        yield trace.uai == recherche.uai
    if recherche.traitement is not None:
        yield trace.traitement == recherche.traitement
    if recherche.compte is not None:
        yield acteur == recherche.compte
    else:
        yield acteur.is_distinct_from(trace.sujet_id)


def _groupe(sujet: ColumnElement[UUID]) -> ColumnElement[str]:
    fiche = aliased(Personne)  # la requête qui l'emploie peut avoir la sienne

    def rattachee(*profils: str) -> ColumnElement[bool]:
        voulus = Rattachement.profil.in_(profils) if profils else Rattachement.profil.not_in(_FAMILLES)
        return exists().where(Rattachement.personne_id == sujet, voulus)

    return case(
        (rattachee(Profil.ELEVE), "eleve"),
        (rattachee(Profil.RESPONSABLE), "responsable"),
        (rattachee(), "personnel"),
        (exists().where(fiche.id == sujet), "autre"),
        else_="partie",
    )


_FAMILLES = (Profil.ELEVE, Profil.RESPONSABLE)
