"""Les établissements d'une académie : les chercher, les compter. Le coût suit la page, pas l'académie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, collate, func, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.contextes import PERSONNELS
from ent_core.identite.modeles import Division, Etablissement, Rattachement

__all__ = ["TRIS", "Effectifs", "divisions", "effectifs", "lister", "tous"]

TRIS = ("nom", "ville", "uai", "nature")
"""Colonnes de tri."""


@dataclass(frozen=True, slots=True)
class Effectifs:
    """Nombre d'élèves, de personnels et de classes, un jour."""

    eleves: int = 0
    personnels: int = 0
    classes: int = 0


def lister(
    session: Session,
    texte: str = "",
    *,
    tri: str = "nom",
    descendant: bool = False,
    degre: int | None = None,
    limite: int = 25,
    page: int = 1,
) -> list[Etablissement]:
    """Établissements ouverts ; une ligne de plus que ``limite`` dit qu'il y a une suite.

    :param session: session ouverte.
    :param texte: mots du nom, de la ville ou du code, sans accents ni ordre.
    :param tri: une colonne de ``TRIS``.
    :param descendant: ordre inverse.
    :param degre: 1, 2, ou 0 pour un service académique.
    :param limite: établissements par page.
    :param page: numéro de page, à partir de 1.
    """
    colonnes = {
        "nom": Etablissement.nom,
        "ville": func.coalesce(Etablissement.ville, ""),
        "uai": Etablissement.uai,
        "nature": func.coalesce(Etablissement.nature_libelle, ""),
    }
    cle = collate(func.ent_sans_accent(colonnes.get(tri, Etablissement.nom)), "C")
    enonce = _ouverts(texte).order_by(cle.desc() if descendant else cle, Etablissement.uai)
    if degre is not None:
        enonce = enonce.where(Etablissement.degre == degre)
    return list(session.scalars(enonce.limit(limite + 1).offset((max(page, 1) - 1) * limite)))


def tous(session: Session) -> list[tuple[str, str]]:
    """Code et nom de chaque établissement ouvert, pour une liste de choix.

    :param session: session ouverte.
    """
    cle = collate(func.ent_sans_accent(Etablissement.nom), "C")
    return [(e.uai, e.nom) for e in session.scalars(_ouverts("").order_by(cle, Etablissement.uai))]


def effectifs(session: Session, uais: Sequence[str], jour: date, annee: int) -> dict[str, Effectifs]:
    """Effectifs de quelques établissements, en deux énoncés.

    :param session: session de l'académie, ou de l'établissement demandé.
    :param uais: établissements montrés.
    :param jour: jour de référence.
    :param annee: année scolaire des classes.
    """
    if not uais:
        return {}
    eleve = Rattachement.profil == Profil.ELEVE.value
    personnel = Rattachement.profil.in_(sorted(PERSONNELS))
    personnes = session.execute(
        select(
            Rattachement.uai,
            func.count(Rattachement.personne_id.distinct()).filter(eleve),
            func.count(Rattachement.personne_id.distinct()).filter(personnel),
        )
        .where(Rattachement.uai.in_(uais), en_vigueur(Rattachement, jour))
        .group_by(Rattachement.uai)
    )
    ouvertes = session.execute(
        select(Division.uai, func.count())
        .where(Division.uai.in_(uais), Division.annee == annee, Division.ferme_le.is_(None))
        .group_by(Division.uai)
    )
    nombre_divisions = {uai: nombre for uai, nombre in ouvertes}
    comptes = {uai: (eleves, adultes) for uai, eleves, adultes in personnes}
    return {uai: Effectifs(*comptes.get(uai, (0, 0)), nombre_divisions.get(uai, 0)) for uai in uais}


def divisions(session: Session, uai: str, annee: int) -> list[Division]:
    """Classes d'un établissement pour une année, dans l'ordre de leur nom.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    return list(
        session.scalars(
            select(Division)
            .where(Division.uai == uai, Division.annee == annee, Division.ferme_le.is_(None))
            .order_by(Division.libelle)
        )
    )


def _ouverts(texte: str) -> Select[Etablissement]:
    enonce = select(Etablissement).where(Etablissement.ferme_le.is_(None))
    for mot in texte.split():
        motif = func.ent_sans_accent(mot)
        enonce = enonce.where(
            or_(
                *(
                    func.strpos(func.ent_sans_accent(colonne), motif) > 0
                    for colonne in (Etablissement.nom, Etablissement.ville, Etablissement.uai)
                )
            )
        )
    return enonce
