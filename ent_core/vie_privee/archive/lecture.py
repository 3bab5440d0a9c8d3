"""Chercher dans l'index, ouvrir des contenus, rendre à une personne ce qui la concerne, ou l'oublier."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, not_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Lien
from ent_core.vie_privee.archive.contenu import Contenu, Place, desceller
from ent_core.vie_privee.archive.lieu import archive_de, archive_exigee, unite_du_coffre
from ent_core.vie_privee.archive.modeles import UniteArchivee, UniteSousVisa
from ent_core.vie_privee.archive.transport import TABLES
from ent_core.vie_privee.coffre.scelle import CleDisparue
from ent_core.vie_privee.conservation.gels import en_vigueur
from ent_core.vie_privee.droits.lecture import AUTRUI

__all__ = [
    "LIBRE_RETENU",
    "Criteres",
    "Serie",
    "UniteLue",
    "chercher",
    "lignes_archivees",
    "lire",
    "oublier",
    "rendre",
    "reporter",
    "series",
    "traitements_archives",
]

Unite = UniteArchivee | UniteSousVisa
LIBRE_RETENU = "[texte libre archivé : remis après relecture, sur demande de consultation]"
_LOT = 100


@dataclass(frozen=True, slots=True)
class Criteres:
    """Ce que l'on cherche ; vide, tout.

    :param jeton: empreinte à clé de la personne.
    """

    uai: str | None = None
    jeton: UUID | None = None
    traitement: str | None = None
    annee: int | None = None

    def conditions(self, table: type[UniteArchivee] | type[UniteSousVisa]) -> list[ColumnElement[bool]]:
        """Conditions sur une table de l'index."""
        voulues = (
            (table.uai, self.uai), (table.jeton, self.jeton), (table.traitement, self.traitement),
            (table.annee, self.annee),
        )  # fmt: skip
        return [colonne == valeur for colonne, valeur in voulues if valeur is not None]


@dataclass(frozen=True, slots=True)
class Serie:
    """Ce que l'archive garde d'un traitement, pour une année, dans un établissement.

    :param dues: unités dont la durée intermédiaire est finie.
    :param versees: unités remises aux archives, qui attendent leur acquittement.
    """

    uai: str
    traitement: str
    annee: int
    sort: str
    autorite: str
    nombre: int
    premiere: date
    derniere: date
    dues: int
    versees: int


@dataclass(frozen=True, slots=True)
class UniteLue:
    """Une unité de l'index, et son contenu ; ``None`` si sa clé a été détruite."""

    unite: Unite
    contenu: Contenu | None


def chercher(session: Session, criteres: Criteres, *, limite: int = 500) -> list[Unite]:
    """Unités qui répondent, de la plus ancienne année à la plus récente.

    :param session: session de l'académie.
    """
    trouvees: list[Unite] = []
    for table in TABLES:
        trouvees += session.scalars(
            select(table)
            .where(*criteres.conditions(table))
            .order_by(table.annee, table.traitement, table.id)
            .limit(limite)
        )
    return sorted(trouvees, key=lambda u: (u.annee, u.traitement, u.id))[:limite]


def series(session: Session, criteres: Criteres, jour: date) -> list[Serie]:
    """L'état de l'archive : des nombres, aucun nom.

    :param session: session de l'académie.
    :param jour: jour auquel les échéances sont comparées.
    """
    trouvees = []
    for table in TABLES:
        cles = (table.uai, table.traitement, table.annee, table.sort, table.autorite)
        enonce = (
            select(
                *cles, func.count(), func.min(table.echeance), func.max(table.echeance),
                func.count().filter(table.echeance <= jour), func.count(table.versement_id),
            )
            .where(*criteres.conditions(table))
            .group_by(*cles)
        )  # fmt: skip
        trouvees += [Serie(*tuple[Any, ...](rangee)) for rangee in session.execute(enonce)]
    return sorted(trouvees, key=lambda s: (s.uai, s.traitement, s.annee))


def lire(session: Session, unites: Sequence[Unite]) -> Iterator[UniteLue]:
    """Ouvre des contenus, lot par lot ; l'appelant a vérifié le droit, et consigne.

    :param session: session de l'académie.
    :raises ScelleAltere: un contenu a été changé ou déplacé.
    """
    archive = archive_exigee(session)
    for debut in range(0, len(unites), _LOT):
        lot = unites[debut : debut + _LOT]
        la_bas = [u.id for u in lot if u.etat == "ailleurs"]
        ici = [u.id for u in lot if u.etat != "ailleurs"]
        scelles = archive.lire_ici(ici) if ici else {}
        scelles |= archive.lire_ailleurs(la_bas) if la_bas else {}
        cles = archive.coffre.lire_toutes(unite_du_coffre(u.id) for u in lot)
        for unite in lot:
            place = Place(unite.id, unite.uai, unite.traitement, unite.annee)
            try:
                contenu = desceller(cles.get(unite_du_coffre(unite.id)), scelles.get(unite.id, b""), place)
            except CleDisparue:
                contenu = None
            yield UniteLue(unite, contenu)


def lignes_archivees(session: Session, personne: UUID, uai: str | None = None) -> Iterator[UniteLue]:
    """Ce que l'archive garde d'une personne, pour la copie qu'elle demande (RGPD, article 15).

    :param session: session de l'académie.
    :param personne: personne qui exerce son droit.
    :param uai: un établissement ; ``None``, tous.
    """
    archive = archive_de(session)
    if archive is None:
        return
    yield from lire(
        session, chercher(session, Criteres(uai=uai, jeton=archive.jeton(personne)), limite=100_000)
    )


def rendre(
    colonnes: Mapping[str, Mapping[str, Any]], ligne: Mapping[str, Any], personne: UUID
) -> dict[str, Any]:
    """Une ligne, telle qu'elle est remise à la personne : ce qui désigne autrui est masqué.

    :param colonnes: ce que le contenu dit de chaque colonne.
    """
    rendue: dict[str, Any] = {}
    for nom, valeur in ligne.items():
        dite = colonnes.get(nom, {})
        if valeur is None:
            rendue[nom] = None
        elif dite.get("libre"):
            rendue[nom] = LIBRE_RETENU
        elif "sujet" in dite and valeur != str(personne):
            rendue[nom] = AUTRUI
        elif dite.get("sujet") == Lien.PROPRIETAIRE.value:
            rendue[nom] = "[la personne concernée]"
        else:
            rendue[nom] = valeur
    return rendue


def traitements_archives(session: Session, personne: UUID, uai: str | None) -> set[str]:
    """Traitements dont l'archive garde quelque chose d'une personne, que leur brique soit là ou non.

    :param session: session de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    archive = archive_de(session)
    if archive is None:
        return set()
    criteres = Criteres(uai=uai, jeton=archive.jeton(personne))
    return {
        cle
        for table in TABLES
        for cle in session.scalars(select(table.traitement).where(*criteres.conditions(table)).distinct())
    }


def reporter(session: Session, de: UUID, vers: UUID) -> int:
    """Range sous une fiche ce qui l'était sous une autre, quand les deux sont la même personne.

    :param session: session de l'académie.
    :param de: fiche absorbée.
    :param vers: fiche gardée.
    :returns: nombre d'unités reportées.
    """
    archive = archive_de(session)
    if archive is None:
        return 0
    reportees = 0
    for table in TABLES:
        resultat: Any = session.execute(
            update(table).where(table.jeton == archive.jeton(de)).values(jeton=archive.jeton(vers)),
            execution_options={"synchronize_session": False},
        )
        reportees += resultat.rowcount
    return reportees


def oublier(
    session: Session, personne: UUID, traitements: Collection[str], uai: str | None
) -> dict[str, int]:
    """Ôte de l'archive ce qui est d'une personne ; « solder » en détruit ensuite les clés.

    :param session: session de l'académie, sous le verrou des gels.
    :param traitements: traitements effacés.
    :param uai: établissement ; ``None``, tous.
    :returns: unités ôtées, par table.
    """
    archive = archive_de(session)
    if archive is None or not traitements:
        return {}
    gels, otees = en_vigueur(session), dict[str, int]()
    for table in TABLES:
        resultat: Any = session.execute(
            delete(table).where(
                *Criteres(uai=uai, jeton=archive.jeton(personne)).conditions(table),
                table.traitement.in_(traitements),
                not_(gels.archives(table.__table__)),  # type: ignore[arg-type] # une table se lit comme son alias
            ),
            execution_options={"synchronize_session": False},
        )
        if resultat.rowcount:
            otees[table.__tablename__] = resultat.rowcount
    return otees
