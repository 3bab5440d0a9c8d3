"""Les règles : ce que les déclarations veulent de chaque table, et ce qui empêche de l'appliquer.

Une règle par table qui porte une donnée. L'ordre d'exécution suit les clés étrangères : une ligne part
après celles qui s'appuient sur elle. ``ondelete`` est une déclaration : ``CASCADE`` suit, ``SET NULL``
survit sans elle, rien ou ``RESTRICT`` la retient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Date, DateTime, ForeignKeyConstraint, Table, UniqueConstraint

from ent_core.contrat.donnees import (
    Autorite,
    Copie,
    Depart,
    Donnee,
    Duree,
    Lien,
    Sort,
    Tableau,
    Texte,
    Traitement,
    Visa,
)
from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import DeclarationTable, declaration
from ent_core.donnees.chiffrement import Chiffre
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.registre import Registre

__all__ = [
    "ARCHIVE",
    "DATES",
    "SANS_DEPART",
    "VALIDITE",
    "Regle",
    "Regles",
    "autorite_en_clair",
    "valeurs_anonymes",
    "vers",
]

DATES = frozenset({Depart.CREATION, Depart.FIN_DE_VALIDITE, Depart.FAIT})
"""Départs lus dans la colonne que la table nomme."""

ARCHIVE = "archive intermédiaire"
"""Acte d'un plan qui déplace au lieu d'éliminer."""

SANS_DEPART = "CONSERV-001"
"""Anomalie d'une règle qui ne peut dater aucune ligne."""

VALIDITE = timedelta(days=30)
"""Ce que dure l'approbation d'un plan."""

_RETIENT = (None, "RESTRICT", "NO ACTION")


@dataclass(frozen=True, slots=True)
class Regle:
    """Ce que les déclarations veulent d'une table.

    :param suivie: une clé ``CASCADE`` emporte ses lignes avec celles d'une table qui a sa règle.
    :param defaut: anomalie qui empêche de l'exécuter.
    :param comptee: colonne par laquelle une statistique date ses lignes : elles attendent d'être comptées.
    """

    brique: str
    traitement: Traitement
    table: Table
    declaree: DeclarationTable
    suivie: bool = False
    defaut: Anomalie | None = None
    comptee: str | None = None

    @property
    def depart(self) -> Depart:
        """Fait qui fait courir la durée."""
        return self.traitement.conservation.depart

    @property
    def duree(self) -> Duree:
        """Durée en base active."""
        return self.traitement.conservation.duree

    @property
    def sort(self) -> Sort:
        """Sort final."""
        return self.traitement.conservation.sort

    @property
    def deplace(self) -> bool:
        """Ses lignes entrent dans l'archive au lieu d'être éliminées."""
        voulue = self.traitement.conservation
        return voulue.intermediaire is not None or voulue.sort is Sort.ARCHIVER

    @property
    def acte(self) -> str:
        """Ce qu'un plan fait de ses lignes, en clair."""
        return ARCHIVE if self.deplace else self.sort.value

    @property
    def autorite(self) -> str:
        """Ce qui permet cet acte, en clair."""
        if self.deplace:
            return "Déclaration du traitement : les données changent de lieu, rien n'est éliminé"
        return autorite_en_clair(self.traitement.conservation.autorite)

    @property
    def sous_visa(self) -> bool:
        """L'acte attend le visa des archives ; un déplacement n'élimine rien, il ne l'attend pas."""
        return isinstance(self.traitement.conservation.autorite, Visa) and not self.deplace

    @property
    def colonne_depart(self) -> Column[Any] | None:
        """Colonne nommée par ``__depart__``."""
        return self.table.c.get(self.declaree.depart or "")

    @property
    def par_uai(self) -> bool:
        """La table est cloisonnée par établissement."""
        return bool(self.declaree.cloisonnement and self.declaree.cloisonnement.par_uai)

    @property
    def par_annee(self) -> bool:
        """La ligne porte son année scolaire."""
        return "annee" in self.table.c

    def resume(self) -> dict[str, Any]:
        """Forme stable de la règle, qui entre dans l'empreinte d'un plan.

        Sans ``comptee`` : ôtée, une brique ne compte plus rien, et ses règles demeurent.
        """
        voulue = self.traitement.conservation
        return {
            "brique": self.brique,
            "traitement": self.traitement.cle,
            "version": self.traitement.version,
            "table": self.table.name,
            "depart": voulue.depart.value,
            "colonne": self.declaree.depart,
            "duree": [voulue.duree.annees, voulue.duree.mois, voulue.duree.jours],
            "sort": voulue.sort.value,
            "intermediaire": str(voulue.intermediaire or ""),
            "autorite": autorite_en_clair(voulue.autorite),
            "preavis": voulue.preavis,
            "sujets": sorted([s.colonne, s.lien.value, s.par] for s in self.declaree.sujets),
            "defaut": self.defaut.code if self.defaut else "",
        }


@dataclass(frozen=True, slots=True)
class Regles:
    """Les règles d'une instance, dans l'ordre où les exécuter.

    :param meres: table → clés étrangères d'autres tables déclarées qui la désignent.
    """

    toutes: tuple[Regle, ...]
    cles: Mapping[str, tuple[ForeignKeyConstraint, ...]]

    @classmethod
    def du(cls, registre: Registre, comptees: Mapping[str, str] = MappingProxyType({})) -> Regles:
        """Règles tirées des déclarations.

        :param registre: registre de l'instance.
        :param comptees: table que compte une statistique → colonne qui en date les faits.
        """
        cles: dict[str, list[ForeignKeyConstraint]] = {nom: [] for nom in registre.tables}
        for table in registre.tables.values():
            for contrainte in sorted(table.foreign_key_constraints, key=lambda c: tuple(c.column_keys)):
                if contrainte.referred_table.name in cles:
                    cles[contrainte.referred_table.name].append(contrainte)
        figees = {nom: tuple(siennes) for nom, siennes in cles.items()}
        brutes = {
            table.name: regle
            for table in registre.tables.values()
            if (regle := _regle(registre, table)) is not None
        }
        boucles = _boucles(brutes, figees)
        suivies = {nom for nom, regle in brutes.items() if _suit(regle.table, brutes)}
        completes = {
            nom: Regle(
                regle.brique, regle.traitement, regle.table, regle.declaree, nom in suivies,
                next(_defauts(regle, boucles), None), comptees.get(nom),
            )
            for nom, regle in brutes.items()
            if not (_sans_depart(regle) and (nom in suivies or regle.declaree.sans_sujet))
        }  # fmt: skip
        return cls(tuple(completes[nom] for nom in _ordre(completes, figees)), figees)

    def de(self, table: str) -> Regle | None:
        """Règle d'une table, si elle en a une.

        :param table: nom de table.
        """
        return next((regle for regle in self.toutes if regle.table.name == table), None)

    def avec(self, traitement: Traitement) -> Regles:
        """Les mêmes, si un traitement changeait de durée ou de préavis.

        :param traitement: traitement tel qu'il serait, de même départ et de même sort.
        """
        return Regles(
            tuple(
                replace(regle, traitement=traitement) if regle.traitement.cle == traitement.cle else regle
                for regle in self.toutes
            ),
            self.cles,
        )

    def anomalies(self) -> list[Anomalie]:
        """Règles qui ne peuvent pas s'appliquer, chacune avec son remède."""
        return [regle.defaut for regle in self.toutes if regle.defaut]


def autorite_en_clair(autorite: Autorite) -> str:
    """« Texte : arrêté…, article 6 ».

    :param autorite: ce qui permet d'éliminer.
    """
    if isinstance(autorite, Texte):
        return f"Texte : {autorite.reference}"
    if isinstance(autorite, Tableau):
        return f"Tableau de gestion : {autorite.reference}, du {autorite.du.isoformat()}"
    if isinstance(autorite, Copie):
        return f"Copie : l'original est conservé par {autorite.original}"
    return f"Visa des archives{f' : {autorite.serie}' if autorite.serie else ''}"


def valeurs_anonymes(table: Table) -> dict[str, Any]:
    """Valeur que prend chaque colonne personnelle d'une ligne anonymisée : vide, ou ce que la table déclare.

    :param table: table déclarée ; son ``__anonyme__`` donne ce qui ne peut être vide.
    """
    declaree = declaration(table)
    return {
        colonne.name: declaree.anonyme.get(colonne.name) if declaree else None
        for colonne in table.columns
        if isinstance(declaration_colonne(colonne), Donnee) and not colonne.primary_key
    }


def vers(cle: ForeignKeyConstraint, *actes: str | None) -> bool:
    """Vrai si la clé étrangère a l'un de ces effets.

    :param actes: valeurs d'``ondelete`` ; ``None`` si rien n'est dit.
    """
    return (cle.ondelete.upper() if cle.ondelete else None) in actes


def _regle(registre: Registre, table: Table) -> Regle | None:
    declaree = declaration(table)
    traitement = registre.traitements.get(declaree.traitement or "") if declaree else None
    if declaree is None or traitement is None:
        return None
    personnelle = any(isinstance(declaration_colonne(colonne), Donnee) for colonne in table.columns)
    if not personnelle and not declaree.sujets:
        return None
    brique = registre.brique_de.get(table.name, "")
    return Regle(brique, traitement, table, declaree)


def _suit(table: Table, regles: Mapping[str, Regle]) -> bool:
    """Une clé emporte ses lignes avec celles d'une table qui, elle, a un départ."""
    return any(
        vers(cle, "CASCADE") and cle.referred_table is not table and not _sans_depart(meneuse)
        for cle in table.foreign_key_constraints
        if (meneuse := regles.get(cle.referred_table.name)) is not None
    )


def _sans_depart(regle: Regle) -> bool:
    colonne = regle.colonne_depart
    datee = colonne is not None and isinstance(colonne.type, Date | DateTime)
    if regle.depart in DATES:
        return not datee
    if regle.depart is Depart.FIN_ANNEE_SCOLAIRE:
        return not (regle.par_uai and (regle.par_annee or datee))
    a_un_proprietaire = any(sujet.lien is Lien.PROPRIETAIRE for sujet in regle.declaree.sujets)
    return not a_un_proprietaire or (regle.depart is Depart.SORTIE_ETABLISSEMENT and not regle.par_uai)


def _defauts(regle: Regle, boucles: frozenset[str]) -> Iterator[Anomalie]:
    table = regle.table
    lieu = f"table {table.name}, traitement {regle.traitement.cle}"
    if _sans_depart(regle):
        yield Anomalie(
            SANS_DEPART,
            lieu,
            f"rien n'y donne la date du départ « {regle.depart.value} »",
            "selon le départ : __depart__, le mixin ParAnnee, un sujet propriétaire, ou le cloisonnement",
        )
    preavis = regle.traitement.conservation.preavis
    if not 0 <= preavis < VALIDITE.days:
        yield Anomalie(
            "CONSERV-005",
            lieu,
            f"préavis de {preavis} jours ; une approbation n'en vaut que {VALIDITE.days} : rien ne partirait",
            f"donner à « preavis » de 0 à {VALIDITE.days - 1} jours",
        )
    if regle.traitement.conservation.au_depart and not _part_avec_la_personne(regle):
        yield Anomalie(
            "CONSERV-007", lieu, "ses lignes ne peuvent pas s'effacer au départ d'un élève",
            "cloisonner la table, lui donner un sujet propriétaire ; supprimer sans visa, journal ni archive",
        )  # fmt: skip
    if table.name in boucles:
        yield Anomalie(
            "CONSERV-002",
            lieu,
            "des clés étrangères forment une boucle : chacune retient l'autre",
            'donner ondelete="SET NULL" à l\'une de ces clés',
        )
    if regle.deplace and not regle.par_uai:
        yield Anomalie(
            "CONSERV-006",
            lieu,
            "elle est commune à l'académie, et l'archive se range par établissement",
            "cloisonner la table, ou ôter « intermediaire » et le versement de son traitement",
        )
    if regle.sort is Sort.ANONYMISER:
        yield from _anonymisables(table, lieu)
    if regle.declaree.ajout_seul and [c.name for c in table.primary_key] != ["id"]:
        yield Anomalie(
            "CONSERV-004",
            lieu,
            "un journal ne s'élimine que par son identifiant",
            "lui donner la clé « id » (cle())",
        )


def _part_avec_la_personne(regle: Regle) -> bool:
    supprimee = regle.sort is Sort.SUPPRIMER and not (regle.deplace or regle.sous_visa or not regle.par_uai)
    siens = any(sujet.lien is Lien.PROPRIETAIRE for sujet in regle.declaree.sujets)
    return siens and supprimee and not regle.declaree.ajout_seul


def _anonymisables(table: Table, lieu: str) -> Iterator[Anomalie]:
    uniques = {
        colonne.name
        for contrainte in table.constraints
        if isinstance(contrainte, UniqueConstraint)
        for colonne in contrainte.columns
    } | {colonne.name for colonne in table.columns if colonne.unique}
    for nom, valeur in valeurs_anonymes(table).items():
        if valeur is None and not table.c[nom].nullable:
            dit = "vide, elle serait refusée"
        elif valeur is not None and nom in uniques:
            dit = "sa valeur anonyme serait la même partout, et elle est unique"
        elif valeur and isinstance(table.c[nom].type, Chiffre):
            dit = "chiffrée, elle ne peut que se vider"
        else:
            continue
        yield Anomalie(
            "CONSERV-003", f"{lieu}, colonne {nom}", f"elle ne peut être anonymisée : {dit}",
            "donner sa valeur dans __anonyme__ (« \"\" » pour une chiffrée), ou permettre le vide",
        )  # fmt: skip


def _appuis(
    regles: Mapping[str, Regle], cles: Mapping[str, tuple[ForeignKeyConstraint, ...]], *actes: str | None
) -> dict[str, set[str]]:
    """Table → tables dont les lignes doivent partir avant les siennes."""
    return {
        nom: {
            cle.table.name
            for cle in cles[nom]
            if cle.table.name in regles and cle.table.name != nom and vers(cle, *actes)
        }
        for nom in regles
    }


def _boucles(
    regles: Mapping[str, Regle], cles: Mapping[str, tuple[ForeignKeyConstraint, ...]]
) -> frozenset[str]:
    try:
        TopologicalSorter(_appuis(regles, cles, *_RETIENT)).prepare()
    except CycleError as erreur:
        return frozenset(erreur.args[1])
    return frozenset()


def _ordre(regles: Mapping[str, Regle], cles: Mapping[str, tuple[ForeignKeyConstraint, ...]]) -> list[str]:
    """Ordre d'exécution, stable ; une boucle de clés ``CASCADE`` ou ``SET NULL`` ne compte pas."""
    for actes in ((*_RETIENT, "CASCADE", "SET NULL"), (*_RETIENT, "CASCADE"), _RETIENT):
        appuis = _appuis(regles, cles, *actes)
        tri = TopologicalSorter({nom: sorted(appuis[nom]) for nom in sorted(appuis)})
        try:
            return list(tri.static_order())
        except CycleError:
            continue
    return sorted(regles)
