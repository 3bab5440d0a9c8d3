"""L'entrée dans l'archive : copier, vérifier, puis laisser éliminer, dans une seule transaction.

Une unité par personne et par lot. Une ligne qui a deux propriétaires entre dans l'unité de chacun : l'un
effacé, l'autre garde la sienne. Ce qu'une clé « cascade » emporterait avec une ligne entre avec elle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ForeignKeyConstraint,
    LargeBinary,
    Table,
    Uuid,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Conservation, Duree, Lien, Sort, Traitement, Visa
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.chiffrement import en_clair
from ent_core.donnees.en_nombre import inserer, parmi
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.contenu import Place, composer, decrire, fermer
from ent_core.vie_privee.archive.lieu import Archive, archive_exigee, unite_du_coffre
from ent_core.vie_privee.archive.modeles import UniteArchivee, UniteSousVisa
from ent_core.vie_privee.conservation.declencheurs import ajouter
from ent_core.vie_privee.conservation.expressions import au_bout, chemins
from ent_core.vie_privee.conservation.regles import Regle, Regles, autorite_en_clair, vers

__all__ = ["Partante", "echeance_intermediaire", "verser"]

_DEPOSER = text("select deposee, empreinte from archive.deposer(:unites, :scelles)").bindparams(
    bindparam("unites", type_=ARRAY(Uuid)), bindparam("scelles", type_=ARRAY(LargeBinary))
)
_PROFONDEUR = 4
_PERSONNE = "qui_{}_"


@dataclass(frozen=True, slots=True)
class Partante:
    """Une ligne qui finit sa vie active.

    :param cle: clé primaire.
    :param echeance: jour où elle l'a finie.
    """

    cle: tuple[Any, ...]
    echeance: date


@dataclass(slots=True)
class _Unite:
    """Ce qui entre d'une personne."""

    id: UUID
    echeance: date
    tables: dict[str, tuple[Table, dict[tuple[Any, ...], Mapping[str, Any]]]] = field(default_factory=dict)


def verser(
    session: Session, horloge: Horloge, regles: Regles, regle: Regle, annee: int | None,
    partantes: Sequence[Partante],
) -> int:  # fmt: skip
    """Fait entrer des lignes dans l'archive, dans la transaction de qui va les éliminer.

    :param session: session de l'académie ; l'échec annule aussi l'élimination.
    :param regles: pour suivre ce qui partirait avec elles.
    :param regle: règle de leur table, à archive intermédiaire ou à versement.
    :param annee: année scolaire sous laquelle le plan les range.
    :param partantes: lignes déjà tenues par la transaction.
    :returns: nombre d'unités créées.
    :raises OperationRefusee: l'instance n'a pas d'archive, ou ce qui est gardé n'est pas ce qui a été confié.
    """
    archive = archive_exigee(session)
    unites: dict[tuple[str, UUID | None], _Unite] = {}
    fins = {p.cle: p.echeance for p in partantes}
    for uai, groupe in _par_ecole(_lire(session, regle, partantes)).items():
        lignes = []
        for valeurs, personnes in groupe:
            echeance = fins[tuple(valeurs[c.name] for c in regle.table.primary_key)]
            siennes = []
            for personne in personnes or (None,):
                unite = unites.setdefault((uai, personne), _Unite(UUID(int=0), echeance))
                unite.echeance = max(unite.echeance, echeance)
                siennes.append(unite)
            lignes.append((valeurs, siennes))
        _ranger(session, regles, regle.table, lignes)
    if not unites:
        return 0
    nombre = len(unites)
    ids = session.scalars(select(func.ent_uuid7()).select_from(func.generate_series(1, nombre))).all()
    for unite, identifiant in zip(unites.values(), ids, strict=True):
        unite.id = identifiant
    _deposer(session, horloge, archive, regle.traitement, annee, unites)
    return nombre


def _deposer(
    session: Session, horloge: Horloge, archive: Archive, traitement: Traitement, annee: int | None,
    unites: Mapping[tuple[str, UUID | None], _Unite],
) -> None:  # fmt: skip
    jour, regle = horloge.aujourd_hui(), traitement.conservation
    # Les clés d'abord, toutes ensemble : rien de scellé n'est validé sans la sienne ; annulé, on les balaie.
    cles = archive.coffre.creer_toutes([unite_du_coffre(u.id) for u in unites.values()])
    connues = {nom: table for u in unites.values() for nom, (table, _) in u.tables.items()}
    decrites = {nom: decrire(table) for nom, table in connues.items()}
    final = _sort_final(regle)
    sous_visa = isinstance(regle.autorite, Visa) and final is Sort.SUPPRIMER
    index: list[dict[str, Any]] = []
    scelles: dict[UUID, bytes] = {}
    for (uai, personne), unite in unites.items():
        place = Place(unite.id, uai, traitement.cle, annee if annee is not None else unite.echeance.year)
        tables = {nom: (decrites[nom], lignes.values()) for nom, (_, lignes) in unite.tables.items()}
        clair = composer(traitement, jour, tables)
        scelles[unite.id] = fermer(cles[unite_du_coffre(unite.id)], clair, place)
        terme = echeance_intermediaire(unite.echeance, regle)
        index.append(
            {
                "uai": uai, "id": unite.id, "traitement": place.traitement, "annee": place.annee,
                "jeton": None if personne is None else archive.jeton(personne), "entree_le": jour,
                "echeance": terme, "sort": final.value, "autorite": autorite_en_clair(regle.autorite),
                "fin": None if final is Sort.ARCHIVER else terme,
                "empreinte": hashlib.sha256(scelles[unite.id]).hexdigest(),
                "etat": "a_porter" if archive.ailleurs else "sur_place",
            }
        )  # fmt: skip
    genre = UniteSousVisa if sous_visa else UniteArchivee
    inserer(session, Base.metadata.tables[genre.__tablename__], index)
    deposees = session.execute(_DEPOSER, {"unites": list(scelles), "scelles": list(scelles.values())})
    gardees: dict[UUID, str] = {unite: empreinte for unite, empreinte in deposees}
    if gardees != {entree["id"]: entree["empreinte"] for entree in index}:
        raise OperationRefusee(
            "ce que l'archive a gardé n'est pas ce qui lui a été confié : rien n'est déplacé.",
            remede="vérifier le disque et la base de l'archive, puis relancer l'exécution.",
            lieu=f"traitement {traitement.cle}",
        )


def _sort_final(regle: Conservation) -> Sort:
    """Sort de ce qui est dans l'archive ; ce qui devient anonyme reste en base, et sa copie est éliminée."""
    return Sort.ARCHIVER if regle.sort is Sort.ARCHIVER else Sort.SUPPRIMER


def echeance_intermediaire(depuis: date, regle: Conservation) -> date:
    """Terme de la durée intermédiaire ; elle court de la fin de la vie active, non du jour du déplacement.

    :param depuis: fin de la vie active.
    """
    voulue = regle.intermediaire or Duree()
    return ajouter(depuis, Duree(mois=voulue.mois + 12 * voulue.annees, jours=voulue.jours))


def _lire(
    session: Session, regle: Regle, partantes: Sequence[Partante]
) -> Iterator[tuple[dict[str, Any], tuple[UUID, ...]]]:
    """Chaque ligne, et les personnes dont elle est."""
    alias = regle.table.alias("t")
    proprietaires = [c for c in chemins(regle.table, alias) if c.lien is Lien.PROPRIETAIRE]
    noms = [c.name for c in regle.table.columns]
    enonce = select(
        *alias.columns, *(au_bout(c).label(_PERSONNE.format(n)) for n, c in enumerate(proprietaires))
    ).where(parmi([alias.c[c.name] for c in regle.table.primary_key], [p.cle for p in partantes]))
    for rendue in session.execute(enonce):
        personnes = {p for p in rendue[len(noms) :] if p is not None}
        valeurs = en_clair(session, regle.table, dict(zip(noms, rendue, strict=False)))
        yield valeurs, tuple(sorted(personnes))


def _par_ecole(
    lues: Iterable[tuple[dict[str, Any], tuple[UUID, ...]]],
) -> dict[str, list[tuple[dict[str, Any], tuple[UUID, ...]]]]:
    groupes: dict[str, list[tuple[dict[str, Any], tuple[UUID, ...]]]] = {}
    for valeurs, personnes in lues:
        groupes.setdefault(valeurs["uai"], []).append((valeurs, personnes))
    return groupes


def _ranger(
    session: Session, regles: Regles, table: Table, lignes: Sequence[tuple[Mapping[str, Any], list[_Unite]]],
    profondeur: int = 0,
) -> None:  # fmt: skip
    """Met chaque ligne dans ses unités, puis ce qui partirait avec elle."""
    for valeurs, unites in lignes:
        cle_primaire = tuple(valeurs[c.name] for c in table.primary_key)
        for unite in unites:
            unite.tables.setdefault(table.name, (table, {}))[1][cle_primaire] = valeurs
    if lignes and profondeur > _PROFONDEUR:
        raise OperationRefusee(
            "des tables se suivent en cascade au-delà de ce que l'archive sait garder : rien n'est déplacé.",
            remede="raccourcir la chaîne de clés « cascade », ou donner sa propre règle à l'une d'elles.",
            lieu=f"table {table.name}",
        )
    for cle in regles.cles.get(table.name, ()):
        if vers(cle, "CASCADE") and lignes:
            _ranger(session, regles, cle.table, _suites(session, cle, lignes), profondeur + 1)


def _suites(
    session: Session, cle: ForeignKeyConstraint, meres: Sequence[tuple[Mapping[str, Any], list[_Unite]]]
) -> list[tuple[Mapping[str, Any], list[_Unite]]]:
    unites = {tuple(valeurs[e.column.name] for e in cle.elements): siennes for valeurs, siennes in meres}
    table = cle.table
    enonce = select(table).where(parmi([table.c[e.parent.name] for e in cle.elements], list(unites)))
    declaree = declaration(table)
    if not (declaree and declaree.ajout_seul):
        # Tenues jusqu'à l'élimination : ce qui entre est ce qui part.
        enonce = enonce.with_for_update()
    suites: list[tuple[Mapping[str, Any], list[_Unite]]] = []
    for rendue in session.execute(enonce).mappings():
        valeurs = en_clair(session, table, {c.name: rendue[c] for c in table.columns})
        suites.append((valeurs, unites[tuple(valeurs[e.parent.name] for e in cle.elements)]))
    return suites
