"""L'annuaire : chercher une personne, ouvrir sa fiche. Des lectures, jamais d'écriture.

La recherche ignore les accents, la casse et l'ordre des mots ; chaque mot doit se trouver. Sur
l'académie, elle tient à l'index de trigrammes : la session a le rôle de l'académie, sans quoi le
cloisonnement empêche la base de s'en servir. Dans une école, on part de ses rattachements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, collate, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.contextes import PERSONNELS
from ent_core.identite.modeles import (
    Division,
    Etablissement,
    Inscription,
    Personne,
    Rattachement,
)

__all__ = [
    "PAGES_MAXIMUM",
    "PageResultats",
    "PersonneTrouvee",
    "Titre",
    "chercher",
    "personnels",
    "titres",
]

PAGES_MAXIMUM = 200
"""Au-delà, préciser la recherche sert mieux que tourner des pages."""

_LETTRES_ACADEMIE = 2
"""Une lettre seule désigne un dixième de l'académie : on attend la seconde."""

_LETTRES_INDEXEES = 3
"""Un trigramme demande trois lettres ; un mot plus court est cherché au début d'un mot."""


@dataclass(frozen=True, slots=True)
class Titre:
    """Ce qu'une personne est dans un établissement, ce jour."""

    uai: str
    etablissement_nom: str
    profil: str
    fonction: str | None
    debut: date
    fin: date | None


@dataclass(frozen=True, slots=True)
class PersonneTrouvee:
    """Une ligne de résultat.

    :param sursis_depuis: jour où elle a disparu de l'annuaire, s'il y a lieu.
    :param divisions: classes de l'élève cette année, dans l'ordre alphabétique.
    """

    id: UUID
    nom: str
    prenom: str
    sursis_depuis: date | None
    titres: tuple[Titre, ...] = ()
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageResultats:
    """Une page de résultats ; ``suite`` dit s'il y en a une autre."""

    personnes: tuple[PersonneTrouvee, ...]
    page: int
    limite: int
    suite: bool

    @property
    def premiere(self) -> int:
        """Rang de la première personne montrée."""
        return (self.page - 1) * self.limite + 1


def chercher(
    session: Session,
    texte: str,
    *,
    uai: str | None,
    jour: date,
    annee: int,
    profil: str | None = None,
    division: UUID | None = None,
    limite: int = 50,
    page: int = 1,
) -> PageResultats:
    """Personnes dont le nom contient chaque mot cherché, dans l'ordre des noms.

    :param session: session de l'établissement, ou de l'académie.
    :param texte: mots, dans n'importe quel ordre ; vide, tout l'établissement.
        Dans l'académie, deux lettres au moins, sans quoi la page est vide.
    :param uai: établissement ; ``None`` pour toute l'académie.
    :param jour: jour auquel les rattachements sont lus.
    :param annee: année scolaire des classes montrées.
    :param profil: profil national exigé.
    :param division: classe exigée, dans l'établissement.
    :param limite: personnes par page, 200 au plus.
    :param page: numéro de page, à partir de 1.
    """
    limite, page = min(max(limite, 1), 200), min(max(page, 1), PAGES_MAXIMUM)
    mots = _mots(session, texte)
    if uai is None and not any(len(mot) >= _LETTRES_ACADEMIE for mot in mots):
        return PageResultats((), page, limite, suite=False)
    enonce = select(Personne.id, Personne.nom, Personne.prenom, Personne.sursis_depuis)
    enonce = enonce.where(*(_contient(mot) for mot in mots))
    # En sursis comprise : l'administrateur doit retrouver qui vient de disparaître de l'annuaire.
    if uai is not None:
        rattachees = _rattachees(uai, profil, jour)
        enonce = enonce.join(rattachees, rattachees.c.personne_id == Personne.id).where(
            or_(rattachees.c.active, Personne.sursis_depuis.is_not(None))
        )
    elif profil is not None:
        enonce = enonce.where(
            exists().where(
                Rattachement.personne_id == Personne.id,
                Rattachement.profil == profil,
                or_(en_vigueur(Rattachement, jour), Personne.sursis_depuis.is_not(None)),
            )
        )
    if uai is not None and division is not None:
        inscrites = _inscrites(uai, annee, division, jour).subquery()
        enonce = enonce.join(inscrites, inscrites.c.personne_id == Personne.id)
    enonce = enonce.order_by(collate(Personne.recherche, "C"), Personne.id)
    lignes = session.execute(enonce.limit(limite + 1).offset((page - 1) * limite)).all()
    trouvees = lignes[:limite]
    identifiants = [ligne.id for ligne in trouvees]
    de_qui = titres(session, identifiants, uai, jour)
    divisions = _divisions(session, identifiants, uai, annee, jour)
    return PageResultats(
        tuple(
            PersonneTrouvee(
                id=p.id,
                nom=p.nom,
                prenom=p.prenom or "",
                sursis_depuis=p.sursis_depuis,
                titres=de_qui.get(p.id, ()),
                divisions=divisions.get(p.id, ()),
            )
            for p in trouvees
        ),
        page,
        limite,
        suite=len(lignes) > limite and page < PAGES_MAXIMUM,
    )


def personnels(session: Session, uai: str, jour: date) -> list[PersonneTrouvee]:
    """Les adultes qui travaillent dans un établissement, dans l'ordre des noms.

    :param session: session de l'établissement ou de l'académie.
    :param uai: établissement.
    :param jour: jour de référence.
    """
    rattachees = select(Rattachement.personne_id).where(
        Rattachement.uai == uai,
        Rattachement.profil.in_(sorted(PERSONNELS)),
        en_vigueur(Rattachement, jour),
    )
    lignes = session.execute(
        select(Personne.id, Personne.nom, Personne.prenom)
        .where(Personne.id.in_(rattachees), Personne.sursis_depuis.is_(None))
        .order_by(collate(Personne.recherche, "C"), Personne.id)
    )
    return [PersonneTrouvee(p.id, p.nom, p.prenom or "", None) for p in lignes]


def titres(
    session: Session, personnes: Sequence[UUID], uai: str | None, jour: date
) -> dict[UUID, tuple[Titre, ...]]:
    """Rattachements du jour, par personne.

    :param session: session de l'établissement ou de l'académie.
    :param personnes: identifiants ; vide, aucun énoncé n'est envoyé.
    :param uai: établissement ; ``None`` pour tous.
    :param jour: jour de référence.
    """
    if not personnes:
        return {}
    enonce = (
        select(Rattachement, Etablissement.nom)
        .join(Etablissement, Etablissement.uai == Rattachement.uai)
        .where(Rattachement.personne_id == func.any(list(personnes)), en_vigueur(Rattachement, jour))
        .order_by(Etablissement.nom, Rattachement.profil, Rattachement.fonction)
    )
    if uai is not None:
        enonce = enonce.where(Rattachement.uai == uai)
    resultat: dict[UUID, tuple[Titre, ...]] = {}
    for lien, nom in session.execute(enonce).all():
        titre = Titre(lien.uai, nom, lien.profil, lien.fonction, lien.debut, lien.fin)
        resultat[lien.personne_id] = (*resultat.get(lien.personne_id, ()), titre)
    return resultat


def _mots(session: Session, texte: str) -> list[str]:
    """Les mots cherchés, mis sous la forme de la colonne par la base elle-même."""
    if not texte.strip():
        return []
    normal = session.scalar(select(func.ent_sans_accent(texte[:100]))) or ""
    return sorted({mot for mot in normal.split() if any(c.isalnum() for c in mot)}, key=len, reverse=True)


def _contient(mot: str) -> ColumnElement[bool]:
    if len(mot) >= _LETTRES_INDEXEES:
        return Personne.recherche.contains(mot, autoescape=True)
    return or_(
        Personne.recherche.startswith(mot, autoescape=True),
        Personne.recherche.contains(f" {mot}", autoescape=True),
    )


def _rattachees(uai: str, profil: str | None, jour: date) -> Subquery:
    """Personnes rattachées un jour, et si elles le sont encore : l'école d'abord, les noms ensuite."""
    enonce = (
        select(Rattachement.personne_id, func.bool_or(en_vigueur(Rattachement, jour)).label("active"))
        .where(Rattachement.uai == uai)
        .group_by(Rattachement.personne_id)
    )
    return (enonce if profil is None else enonce.where(Rattachement.profil == profil)).subquery()


def _inscrites(uai: str, annee: int, division: UUID, jour: date) -> Select[UUID]:
    return (
        select(Inscription.personne_id)
        .where(
            Inscription.uai == uai,
            Inscription.annee == annee,
            Inscription.division_id == division,
            en_vigueur(Inscription, jour),
        )
        .distinct()
    )


def _divisions(
    session: Session, personnes: Sequence[UUID], uai: str | None, annee: int, jour: date
) -> dict[UUID, tuple[str, ...]]:
    if not personnes:
        return {}
    enonce = (
        select(Inscription.personne_id, Division.libelle)
        .join(
            Division,
            and_(
                Division.uai == Inscription.uai,
                Division.annee == Inscription.annee,
                Division.id == Inscription.division_id,
            ),
        )
        .where(
            Inscription.personne_id == func.any(list(personnes)),
            Inscription.annee == annee,
            en_vigueur(Inscription, jour),
        )
        .order_by(Division.libelle)
    )
    if uai is not None:
        enonce = enonce.where(Inscription.uai == uai)
    resultat: dict[UUID, tuple[str, ...]] = {}
    for personne, libelle in session.execute(enonce).all():
        resultat[personne] = (*resultat.get(personne, ()), libelle)
    return resultat
