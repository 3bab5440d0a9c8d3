"""Les lots d'import : ce qui a été reçu, ce que cela a changé, ce qui a été mis de côté."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from ent_core.identite.aaf.chargement import consigner_constats
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.modeles import ImportLot, ImportRejet
from ent_core.socle.calendrier import Horloge

__all__ = [
    "ANNULE",
    "APPLIQUE",
    "Ecart",
    "LotResume",
    "RapportChargement",
    "ecarts_des",
    "empreinte_des",
    "enregistrer_lot",
    "libelle_table",
    "lister_lots",
    "lot_resume",
    "rejets_du_lot",
    "source_d_ecole",
]

APPLIQUE = "applique"
"""État d'un lot entièrement appliqué."""

ANNULE = "annule"
"""État d'un lot appliqué, puis annulé."""


@dataclass(frozen=True, slots=True)
class Ecart:
    """Ce qu'un import change, ou changerait, pour une sorte d'objet.

    :param objet: nom au pluriel, pour la personne (« Séances »).
    """

    objet: str
    ajouts: int = 0
    modifications: int = 0
    retraits: int = 0
    inchanges: int = 0

    @property
    def vide(self) -> bool:
        """Rien ne change."""
        return not (self.ajouts or self.modifications or self.retraits)


@dataclass(frozen=True, slots=True)
class RapportChargement:
    """Le résultat d'un import d'école (liste ou emploi du temps).

    :param lot: lot enregistré ; ``None`` pour une simulation.
    :param constats: rejets et avertissements, sans donnée nominative.
    """

    uai: str
    annee: int
    simulation: bool
    ecarts: tuple[Ecart, ...]
    constats: tuple[Constat, ...]
    lot: UUID | None = None

    @property
    def rejets(self) -> int:
        """Nombre d'éléments mis de côté."""
        return sum(constat.gravite is Gravite.REJET for constat in self.constats)

    @property
    def avertissements(self) -> int:
        """Nombre d'éléments gardés malgré un défaut."""
        return len(self.constats) - self.rejets

    @property
    def change(self) -> bool:
        """L'import change quelque chose."""
        return not all(ecart.vide for ecart in self.ecarts)

    @property
    def comptes(self) -> dict[str, dict[str, int]]:
        """Les nombres, tels que le lot les garde."""
        return {
            e.objet: {
                "ajouts": e.ajouts,
                "modifications": e.modifications,
                "retraits": e.retraits,
                "inchanges": e.inchanges,
            }
            for e in self.ecarts
        }


@dataclass(frozen=True, slots=True)
class LotResume:
    """Un lot et le nombre de ses défauts."""

    lot: ImportLot
    rejets: int
    avertissements: int

    @property
    def ecarts(self) -> tuple[Ecart, ...]:
        """Ce que le lot a changé."""
        return tuple(ecart for ecart in ecarts_des(self.lot.comptes) if not ecart.vide)


_LIBELLES_TABLES = {
    "etablissement": "Établissements",
    "annee_scolaire": "Années scolaires",
    "matiere": "Matières",
    "mef": "Formations",
    "personne": "Personnes",
    "identifiant": "Identifiants",
    "rattachement": "Rattachements",
    "division": "Classes",
    "groupe": "Groupes",
    "inscription": "Inscriptions",
    "scolarite": "Scolarités",
    "responsabilite": "Responsabilités",
    "service": "Services",
    "professeur_principal": "Professeurs principaux",
    "groupe_division": "Classes des groupes",
    "compte": "Comptes",
    "role_local": "Rôles locaux",
    "delegation": "Délégations",
    "creneau": "Séances",
    "creneau_enseignant": "Enseignants des séances",
    "restriction": "Restrictions",
}
_GESTES = {
    "crees": "ajouts",
    "retours": "ajouts",
    "ajouts": "ajouts",
    "modifies": "modifications",
    "modifications": "modifications",
    "fermes": "retraits",
    "sursis": "retraits",
    "retraits": "retraits",
    "inchanges": "inchanges",
}


def ecarts_des(comptes: Mapping[str, Any]) -> tuple[Ecart, ...]:
    """Écarts lus dans les comptes d'un lot, quel que soit l'importeur qui les a écrits.

    :param comptes: comptes par table (annuaire fédérateur) ou par objet (listes, emploi du temps).
    """
    tables: Mapping[str, Mapping[str, int]] = comptes.get("tables", comptes)
    ordre = [*_LIBELLES_TABLES, *_LIBELLES_TABLES.values()]
    ecarts = []
    for nom in sorted(tables, key=lambda table: [*ordre, table].index(table)):
        nombres: Counter[str] = Counter()
        for geste, nombre in tables[nom].items():
            if geste in _GESTES:
                nombres[_GESTES[geste]] += nombre
        ecarts.append(Ecart(_LIBELLES_TABLES.get(nom, nom), **nombres))
    return tuple(ecarts)


def libelle_table(nom: str) -> str:
    """Ce qu'une table contient, dit à une personne.

    :param nom: nom de la table ; celle d'une brique n'a que le sien.
    """
    return _LIBELLES_TABLES.get(nom, f"Données « {nom} »")


def source_d_ecole(format_lu: str, uai: str) -> str:
    """Source d'un import d'école : ``STS:0990001X``, ``TABLEUR:0990001X``.

    :param format_lu: ``sts`` ou ``tableur``.
    :param uai: établissement.
    """
    return f"{format_lu.upper()}:{uai}"


def empreinte_des(fichiers: Iterable[Path]) -> str:
    """SHA-256 des fichiers reçus, dans l'ordre.

    :param fichiers: fichiers d'un même envoi.
    """
    empreinte = hashlib.sha256()
    for fichier in fichiers:
        empreinte.update(hashlib.sha256(fichier.read_bytes()).digest())
    return empreinte.hexdigest()


def enregistrer_lot(
    session: Session,
    horloge: Horloge,
    rapport: RapportChargement,
    *,
    format_lu: str,
    empreinte: str,
    par: UUID | None,
) -> UUID:
    """Garde le lot et ses constats, dans la transaction de l'import.

    :param session: session de l'import.
    :param horloge: horloge.
    :param rapport: ce qui vient d'être appliqué.
    :param format_lu: ``sts`` ou ``tableur``.
    :param empreinte: SHA-256 de l'envoi.
    :param par: personne qui importe.
    """
    instant = horloge.maintenant()
    lot = session.execute(
        insert(ImportLot)
        .values(
            source=source_d_ecole(format_lu, rapport.uai),
            format=format_lu,
            nature="complet",
            jour=horloge.aujourd_hui(),
            empreinte=empreinte,
            etat=APPLIQUE,
            demarre_le=instant,
            fini_le=instant,
            comptes=rapport.comptes,
            par=par,
        )
        .returning(ImportLot.id)
    ).scalar_one()
    consigner_constats(session, lot, rapport.constats)
    return lot


def lister_lots(session: Session, *, uai: str | None = None, limite: int = 50) -> Sequence[LotResume]:
    """Les lots, du plus récent au plus ancien.

    :param session: session ouverte.
    :param uai: pour ne voir que les imports de cette école ; ``None`` pour tous.
    :param limite: nombre de lots.
    """
    enonce = _de_l_ecole(_avec_comptes(), uai).order_by(ImportLot.demarre_le.desc()).limit(limite)
    return [LotResume(*ligne) for ligne in session.execute(enonce)]


def lot_resume(session: Session, lot: UUID, *, uai: str | None = None) -> LotResume | None:
    """Un lot ; ``None`` s'il n'existe pas, ou pas pour cette école.

    :param session: session ouverte.
    :param lot: lot.
    :param uai: école qui le demande ; ``None`` pour l'académie.
    """
    ligne = session.execute(_de_l_ecole(_avec_comptes(), uai).where(ImportLot.id == lot)).one_or_none()
    return None if ligne is None else LotResume(*ligne)


def _de_l_ecole(enonce: Select[ImportLot, int, int], uai: str | None) -> Select[ImportLot, int, int]:
    if uai is None:
        return enonce
    return enonce.where(ImportLot.source.in_([source_d_ecole(f, uai) for f in ("sts", "tableur")]))


def _avec_comptes() -> Select[ImportLot, int, int]:
    def nombre(gravite: Gravite) -> Any:
        return (
            select(func.count())
            .select_from(ImportRejet)
            .where(ImportRejet.lot_id == ImportLot.id, ImportRejet.gravite == gravite.value)
            .correlate(ImportLot)
            .scalar_subquery()
        )

    return select(ImportLot, nombre(Gravite.REJET), nombre(Gravite.AVERTISSEMENT))


def rejets_du_lot(session: Session, lot: UUID, *, limite: int | None = None) -> Sequence[ImportRejet]:
    """Rejets d'un lot, puis avertissements, dans l'ordre des fichiers.

    :param session: session ouverte.
    :param lot: lot.
    :param limite: nombre de lignes ; ``None`` pour toutes.
    """
    return session.scalars(
        select(ImportRejet)
        .where(ImportRejet.lot_id == lot)
        .order_by(ImportRejet.gravite.desc(), ImportRejet.fichier, ImportRejet.ligne, ImportRejet.cle)
        .limit(limite)
    ).all()
