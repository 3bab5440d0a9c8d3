"""Le contrôle des déclarations, sans base : toutes les anomalies d'un coup, dans un ordre stable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Table

from ent_core.contrat.donnees import (
    Categorie,
    Copie,
    Depart,
    Depot,
    Donnee,
    Duree,
    NatureDepot,
    Tableau,
    Traitement,
)
from ent_core.contrat.donnees import Texte as AutoriteTexte
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.roles import Role
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.controle_colonnes import controler_colonnes
from ent_core.vie_privee.controle_liens import controler_cycles, controler_liens
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["controler"]

_ROLES = frozenset(role.value for role in Role)
_JOURNAL = (6, 12)
"""Mois de garde d'un journal : au moins, au plus (délibération CNIL n° 2021-122)."""


def controler(declarations: Sequence[DeclarationBrique]) -> list[Anomalie]:
    """Vérifie les déclarations entre elles, sans base de données.

    :param declarations: une par brique, noyau compris.
    :returns: toutes les anomalies, dans un ordre stable.
    """
    anomalies: list[Anomalie] = []
    connus: dict[str, tuple[str, Traitement]] = {}
    for d in declarations:
        anomalies += _traitements(d, connus)
    traitements = {cle: traitement for cle, (_, traitement) in connus.items()}
    for d in declarations:
        for table in d.tables:
            anomalies += _table(d, table, traitements)
    anomalies += controler_cycles([table for d in declarations for table in d.tables])
    return anomalies


def _traitements(d: DeclarationBrique, connus: dict[str, tuple[str, Traitement]]) -> Iterator[Anomalie]:
    for t in d.traitements:
        lieu = f"brique {d.brique}, traitement {t.cle}"
        if not t.cle.startswith(f"{d.brique}."):
            yield Anomalie(
                "DONNEE-010",
                lieu,
                "sa clé ne commence pas par l'identifiant de la brique",
                f"la nommer « {d.brique}.… »",
            )
        if t.cle in connus:
            yield Anomalie(
                "DONNEE-011",
                lieu,
                f"clé déjà prise par la brique {connus[t.cle][0]}",
                "choisir une autre clé",
            )
        connus.setdefault(t.cle, (d.brique, t))
        yield from _fiche(t, lieu)
        yield from _conservation(t, lieu)
        for depot in t.depots:
            yield from _depot(depot, lieu)
    if not d.traitements and d.aucune is None:
        yield Anomalie(
            "DONNEE-017",
            f"brique {d.brique}",
            "elle ne déclare aucun traitement",
            "déclarer ses traitements, ou AucuneDonnee(motif) si elle n'en a pas",
        )


def _fiche(t: Traitement, lieu: str) -> Iterator[Anomalie]:
    if not t.destinataires:
        yield Anomalie("DONNEE-012", lieu, "aucun destinataire", "nommer au moins un rôle destinataire")
    for destinataire in t.destinataires:
        if destinataire.role not in _ROLES:
            yield Anomalie(
                "DONNEE-013",
                lieu,
                f"rôle destinataire inconnu « {destinataire.role} »",
                "employer un rôle de ent_core.brique.Role",
            )
    if not t.textes:
        yield Anomalie(
            "DONNEE-014", lieu, "base légale sans référence", "citer le texte : code, article, arrêté"
        )
    if not t.personnes:
        yield Anomalie("DONNEE-015", lieu, "aucune population concernée", "remplir « personnes »")


def _conservation(t: Traitement, lieu: str) -> Iterator[Anomalie]:
    c = t.conservation
    match c.autorite:
        case AutoriteTexte(reference) | Tableau(reference=reference) | Copie(original=reference):
            if not reference.strip():
                yield Anomalie(
                    "DONNEE-016",
                    lieu,
                    "autorité d'élimination sans référence",
                    "citer le texte, le tableau de gestion ou le lieu de l'original ; à défaut, Visa()",
                )
    for duree in (c.duree, c.intermediaire):
        if duree is not None and min(duree.annees, duree.mois, duree.jours) < 0:
            yield Anomalie("DONNEE-018", lieu, "durée négative", "donner une durée de zéro ou plus")
    if c.duree.annees and c.depart is not Depart.FIN_ANNEE_SCOLAIRE:
        yield Anomalie(
            "DONNEE-018",
            lieu,
            f"durée en années scolaires, qui ne se comptent pas depuis « {c.depart} »",
            "compter en mois, ou partir de Depart.FIN_ANNEE_SCOLAIRE",
        )


def _depot(depot: Depot, lieu: str) -> Iterator[Anomalie]:
    ou = f"{lieu}, dépôt « {depot.intitule} »"
    if not depot.moyen.strip() or not depot.intitule.strip():
        yield Anomalie(
            "DONNEE-019",
            ou,
            "dépôt sans intitulé, ou sans moyen de l'effacer",
            "dire ce que c'est, qui l'efface et comment",
        )
    if depot.nature is NatureDepot.JOURNAUX and not _duree_de_journal(depot.duree):
        yield _journal(ou, depot.duree)


def _duree_de_journal(duree: Duree) -> bool:
    """Entre six et douze mois, quelle que soit l'unité."""
    minimum, maximum = _JOURNAL
    if duree.annees:
        return False
    jours = duree.mois * 30.4375 + duree.jours
    return minimum * 30 <= jours <= maximum * 30.5


def _journal(lieu: str, duree: Duree) -> Anomalie:
    return Anomalie(
        "DONNEE-040",
        lieu,
        f"journal gardé {duree}",
        "le garder de six à douze mois (délibération CNIL n° 2021-122)",
    )


def _table(d: DeclarationBrique, table: Table, traitements: Mapping[str, Traitement]) -> Iterator[Anomalie]:
    lieu = f"brique {d.brique}, table {table.name}"
    declaree = declaration(table)
    if declaree is None or declaree.cloisonnement is None:
        yield Anomalie(
            "DONNEE-001",
            lieu,
            "son cloisonnement n'est pas déclaré",
            "donner __cloisonnement__ = par_etablissement() ou commun(motif)",
        )
        return
    if d.brique != "noyau" and not table.name.startswith(f"{d.brique}_"):
        yield Anomalie(
            "DONNEE-002",
            lieu,
            "son nom ne commence pas par l'identifiant de la brique",
            f"la nommer « {d.brique}_… »",
        )
    cle = [colonne.name for colonne in table.primary_key.columns]
    if declaree.cloisonnement.par_uai and cle[:1] != ["uai"]:
        yield Anomalie(
            "DONNEE-003",
            lieu,
            "« uai » ne mène pas sa clé",
            "employer le mixin Cloisonne, ou placer « uai » en tête de la clé",
        )
    if not declaree.cloisonnement.par_uai and not declaree.cloisonnement.motif:
        yield Anomalie("DONNEE-004", lieu, "table commune sans motif", "dire pourquoi dans commun(motif)")
    traitement = traitements.get(declaree.traitement or "")
    if declaree.traitement is not None and traitement is None:
        yield Anomalie(
            "DONNEE-005",
            lieu,
            f"traitement inconnu « {declaree.traitement} »",
            "le déclarer dans ent_traitements, ou corriger __traitement__",
        )
    yield from controler_colonnes(lieu, table, declaree, traitement)
    yield from controler_liens(lieu, table, declaree, traitement)
    if traitement and declaree.ajout_seul and _porte_une_trace(table):
        duree = traitement.conservation.duree
        if not _duree_de_journal(duree):
            yield _journal(lieu, duree)


def _porte_une_trace(table: Table) -> bool:
    declarees = (declaration_colonne(colonne) for colonne in table.columns)
    return any(isinstance(d, Donnee) and d.categorie is Categorie.TRACE for d in declarees)
