"""Le registre : toutes les déclarations d'une instance, réunies, vérifiées, figées.

Vocabulaire. *Déclaration* : ce qu'une brique dit d'une table ou d'une colonne. *Traitement* :
une ligne du registre (RGPD, article 30). *Destinataire* : un rôle qui reçoit des données.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table

from ent_core.contrat.donnees import AucuneDonnee, Donnee, Neutre, Traitement
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.roles import Role
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne

__all__ = ["DeclarationBrique", "Registre", "controler"]

_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class DeclarationBrique:
    """Ce qu'une brique déclare de ses données."""

    brique: str
    tables: tuple[Table, ...]
    traitements: tuple[Traitement, ...]
    aucune: AucuneDonnee | None = None


@dataclass(frozen=True, slots=True)
class Registre:
    """Les traitements de l'instance, par clé."""

    traitements: Mapping[str, Traitement]
    tables: Mapping[str, Table]
    brique_de: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def reunir(cls, declarations: Iterable[DeclarationBrique]) -> Registre:
        """Réunit des déclarations déjà contrôlées.

        :param declarations: une par brique, noyau compris.
        """
        toutes = tuple(declarations)
        return cls(
            {t.cle: t for d in toutes for t in d.traitements},
            {t.name: t for d in toutes for t in d.tables},
            {t.name: d.brique for d in toutes for t in d.tables},
        )

    def instantane(self, brique: str) -> dict[str, Any]:
        """Déclarations d'une brique sous une forme JSON stable, gardée par la base.

        :param brique: identifiant.
        """
        return {
            "traitements": {
                cle: {
                    "version": t.version,
                    "finalite": t.finalite,
                    "sort": str(t.conservation.sort),
                    "depart": str(t.conservation.depart),
                    "duree": str(t.conservation.duree),
                }
                for cle, t in sorted(self.traitements.items())
                if cle.split(".")[0] == brique
            },
            "tables": {
                nom: sorted(colonne.name for colonne in table.columns)
                for nom, table in sorted(self.tables.items())
                if self.brique_de.get(nom) == brique
            },
        }


def controler(declarations: Sequence[DeclarationBrique]) -> list[Anomalie]:
    """Vérifie les déclarations entre elles, sans base de données.

    :param declarations: une par brique, noyau compris.
    :returns: toutes les anomalies, dans un ordre stable.
    """
    anomalies: list[Anomalie] = []
    connus: dict[str, str] = {}
    for d in declarations:
        anomalies += _traitements(d, connus)
    for d in declarations:
        for table in d.tables:
            anomalies += _table(d, table, connus)
    return anomalies


def _traitements(d: DeclarationBrique, connus: dict[str, str]) -> Iterator[Anomalie]:
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
                "DONNEE-011", lieu, f"clé déjà prise par la brique {connus[t.cle]}", "choisir une autre clé"
            )
        connus.setdefault(t.cle, d.brique)
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
        if not t.conservation.autorite:
            yield Anomalie(
                "DONNEE-016",
                lieu,
                "conservation sans autorité d'élimination",
                "citer le texte, le visa ou le tableau de gestion qui permet le sort final",
            )
    if not d.traitements and d.aucune is None:
        yield Anomalie(
            "DONNEE-017",
            f"brique {d.brique}",
            "elle ne déclare aucun traitement",
            "déclarer ses traitements, ou AucuneDonnee(motif) si elle n'en a pas",
        )


def _table(d: DeclarationBrique, table: Table, connus: Mapping[str, str]) -> Iterator[Anomalie]:
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
    if declaree.traitement is not None and declaree.traitement not in connus:
        yield Anomalie(
            "DONNEE-005",
            lieu,
            f"traitement inconnu « {declaree.traitement} »",
            "le déclarer dans ent_traitements, ou corriger __traitement__",
        )
    for sujet in declaree.sujets:
        if sujet.colonne not in table.c:
            yield Anomalie(
                "DONNEE-006", lieu, f"sujet « {sujet.colonne} » absent de la table", "corriger __sujets__"
            )
    yield from _colonnes(lieu, table, declaree.traitement, {s.colonne for s in declaree.sujets})


def _colonnes(lieu: str, table: Table, traitement: str | None, sujets: set[str]) -> Iterator[Anomalie]:
    for colonne in table.columns:
        declaree = declaration_colonne(colonne)
        ou = f"{lieu}, colonne {colonne.name}"
        if declaree is None:
            yield Anomalie(
                "DONNEE-020",
                ou,
                "cette colonne n'est pas déclarée",
                "l'écrire donnee(catégorie, …) ou neutre(motif, …)",
            )
        elif isinstance(declaree, Donnee) and traitement is None:
            yield Anomalie(
                "DONNEE-021",
                ou,
                "donnée personnelle dans une table sans traitement",
                "donner __traitement__ à la table",
            )
        elif isinstance(declaree, Neutre) and not declaree.motif.strip():
            yield Anomalie("DONNEE-022", ou, "neutre sans motif", "dire pourquoi elle n'est pas personnelle")
        if isinstance(declaree, Donnee) and not declaree.cles and "JSON" in str(colonne.type):
            yield Anomalie("DONNEE-023", ou, "colonne JSON sans clés déclarées", "donner cles=(…)")
        vers = {cle.target_fullname for cle in colonne.foreign_keys}
        if "personne.id" in vers:
            if colonne.name not in sujets:
                yield Anomalie(
                    "DONNEE-024",
                    ou,
                    "référence à une personne absente de __sujets__",
                    f'ajouter Sujet("{colonne.name}")',
                )
            if any(cle.ondelete is None for cle in colonne.foreign_keys):
                yield Anomalie(
                    "DONNEE-025",
                    ou,
                    "référence à une personne sans « ondelete »",
                    "employer vers_personne(ondelete=…)",
                )
