"""« Qui a vu mes données » : le journal des lectures sensibles, rendu à la personne qu'elles concernent.

Il dit le jour, la fonction, le traitement et les données, sans nommer l'agent : c'est ce que le droit d'accès
ouvre, et le journal n'est pas un outil de surveillance. Y sont aussi les lectures de listes entières où la
personne pouvait figurer, et les copies complètes remises pour une demande.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Donnee
from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.donnees.audiences import AUDIENCE
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.publication.droits import Droit
from ent_core.vie_privee.registre import Registre
from ent_core.vie_privee.traces.modeles import TraceLecture

__all__ = ["PAR_PAGE", "Consultation", "consultations", "en_csv"]

PAR_PAGE = 50
_COPIES = (Droit.ACCES.name.lower(), Droit.PORTABILITE.name.lower())


@dataclass(frozen=True, slots=True)
class Consultation:
    """Des lectures d'un même jour, d'une même fonction.

    :param donnees: ce qui a été lu, en clair ; vide, tout.
    :param categories: la même chose, en catégories de données : ce qu'un parent comprend.
    :param personnes: nombre de personnes de cette fonction.
    :param liste: la lecture portait sur une liste où la personne pouvait figurer.
    """

    jour: date
    fonction: str
    traitement: str
    donnees: tuple[str, ...]
    categories: tuple[str, ...]
    personnes: int
    liste: bool = False


def consultations(
    session: Session, registre: Registre, personne: UUID, uai: str | None, *, presente: Sequence[str] = (),
    page: int = 1, limite: int = PAR_PAGE,
) -> list[Consultation]:  # fmt: skip
    """Lectures de données sensibles d'une personne, les plus récentes d'abord ; une de plus dit une suite.

    :param session: session de l'académie : elle seule lit ce journal.
    :param uai: établissement ; ``None``, tous.
    :param presente: traitements où la personne est : une liste de ceux-là peut la contenir.
    :param page: numéro de page, à partir de 1.
    :param limite: lignes par page.
    """
    trace = TraceLecture
    siennes = _lectures(personne, uai, trace.sujet_id == personne, liste=False)
    # Sans établissement, une liste n'est d'aucun : on ne peut pas dire que la personne y était.
    listes = _lectures(
        personne, uai, trace.sujet_id.is_(None), trace.traitement.in_(presente), trace.uai.is_not(None),
        liste=True,
    )  # fmt: skip
    lues = union_all(siennes, listes, _copies(personne, uai)).subquery()
    enonce = (
        select(lues)
        .order_by(lues.c.jour.desc(), lues.c.role, lues.c.traitement, lues.c.liste)
        .limit(limite + 1)
        .offset((page - 1) * limite)
    )
    return [
        Consultation(
            jour,
            _fonction(role),
            _intitule(registre, cle),
            _en_clair(donnees),
            _categories(registre, cle, donnees),
            max(nombre, 1),
            liste=liste,
        )
        for jour, role, cle, donnees, nombre, liste in session.execute(enonce)
    ]


def en_csv(lues: Sequence[Consultation]) -> bytes:
    """Un tableur des lectures, pour la personne.

    :param lues: lectures, dans l'ordre.
    """
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(("Jour", "Fonction", "Personnes", "Traitement", "Données", "Liste entière"))
    for lue in lues:
        ecrivain.writerow(
            (lue.jour.isoformat(), lue.fonction, lue.personnes, lue.traitement, ", ".join(lue.donnees),
             "oui" if lue.liste else "non")
        )  # fmt: skip
    return sortie.getvalue().encode("utf-8-sig")


def _lectures(personne: UUID, uai: str | None, *conditions: ColumnElement[bool], liste: bool) -> Select[Any]:
    trace = TraceLecture
    groupe = (trace.jour, trace.role, trace.traitement)
    enonce = (
        select(
            *groupe, func.string_agg(func.array_to_string(trace.colonnes, ","), ",").label("donnees"),
            func.count(trace.lecteur_id.distinct()).label("personnes"), literal(liste).label("liste"),
        )
        .where(*conditions, or_(trace.lecteur_id.is_(None), trace.lecteur_id != personne))
        .group_by(*groupe)
    )  # fmt: skip
    return enonce if uai is None else enonce.where(or_(trace.uai == uai, trace.uai.is_(None)))


def _copies(personne: UUID, uai: str | None) -> Any:
    """Copies complètes, remises pour une demande qui concerne la personne."""
    ici = () if uai is None else (Demande.uai == uai,)
    return select(
        Demande.close_le.label("jour"), literal("").label("role"), literal("").label("traitement"),
        null().label("donnees"), literal(1).label("personnes"), literal(False).label("liste"),
    ).where(
        Demande.personne_id == personne, Demande.droit.in_(_COPIES), Demande.etat == "repondue", *ici
    )  # fmt: skip


def _en_clair(donnees: str | None) -> tuple[str, ...]:
    return tuple(sorted({nom.replace("_", " ") for nom in (donnees or "").split(",") if nom}))


def _categories(registre: Registre, cle: str, donnees: str | None) -> tuple[str, ...]:
    lues = set((donnees or "").split(","))
    tables = [t for t in registre.tables.values() if (dite := declaration(t)) and dite.traitement == cle]
    declarees = (declaration_colonne(c) for t in tables for c in t.columns if c.name in lues)
    return tuple(sorted({d.categorie.value for d in declarees if isinstance(d, Donnee)}))


def _fonction(role: str) -> str:
    return LIBELLES_ROLES.get(role.removeprefix(f"{AUDIENCE}_"), "service de l'ENT")


def _intitule(registre: Registre, cle: str) -> str:
    if not cle:
        return "Copie complète, pour répondre à une demande"
    traitement = registre.traitements.get(cle)
    return traitement.intitule if traitement else cle
