"""Ce que les bancs de la conservation ont en commun : faits et suites, leur règle, un plan approuvé."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table, Uuid
from sqlalchemy.schema import SchemaItem

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Categorie, Conservation, Donnee, Neutre, Sujet, par_etablissement
from ent_core.donnees.base import CLE_INFO, DeclarationTable
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.plan import planifier
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre

__all__ = ["NEUTRE", "PERSONNELLE", "plan_approuve", "regles_du_banc", "tables_du_banc"]

PERSONNELLE, NEUTRE = {CLE_INFO: Donnee(Categorie.VIE_SCOLAIRE)}, {CLE_INFO: Neutre("banc")}
_TRAITEMENT = "banc.faits"


def tables_du_banc(
    nom: str,
    a_part: MetaData,
    cles: Callable[[], Sequence[Column[Any]]],
    *,
    fait: Sequence[SchemaItem],
    suite: Sequence[SchemaItem],
    depart: str | None = None,
    suites_declarees: bool = True,
    **options: Any,
) -> tuple[Table, Table]:
    """Une table de faits, et celle des suites que ses lignes emportent.

    :param nom: ce qui distingue ces tables.
    :param cles: colonnes de la clé primaire, l'identifiant en dernier.
    :param fait: le reste des faits, dont ``eleve_id``.
    :param suite: le reste des suites.
    :param depart: colonne qui date un fait, s'il en faut une.
    :param suites_declarees: faux pour des suites que la règle ne voit pas.
    :param options: options des deux tables.
    """
    noms = [cle.name for cle in cles()]
    vers = [*noms[:-1], "fait_id"]
    faits = Table(f"banc_{nom}", a_part, *cles(), *fait, info=_declaree(Sujet("eleve_id"), depart), **options)
    suites = Table(
        f"banc_{nom}_suite", a_part, *cles(), Column("fait_id", Uuid, info=NEUTRE), *suite,
        ForeignKeyConstraint(vers, [f"{faits.name}.{cle}" for cle in noms], ondelete="CASCADE"),
        Index(None, *vers),
        info=_declaree(Sujet("fait_id", par=faits.name)) if suites_declarees else {}, **options,
    )  # fmt: skip
    return faits, suites


def regles_du_banc(conservation: Conservation, *tables: Table) -> Regles:
    """Les règles de ces tables, sous une seule conservation.

    :param conservation: règle du traitement.
    :param tables: tables déclarées.
    """
    modele = charger([]).briques[0].traitements[0]
    traitement = replace(modele, cle=_TRAITEMENT, conservation=conservation)
    declarees = {table.name: table for table in tables}
    return Regles.du(
        Registre(
            MappingProxyType({_TRAITEMENT: traitement}), MappingProxyType(declarees),
            MappingProxyType(dict.fromkeys(declarees, "banc")),
        )
    )  # fmt: skip


def plan_approuve(base: BaseDeDonnees, horloge: Horloge, regles: Regles) -> UUID:
    """Un plan, et les deux approbations qu'il lui faut.

    :param base: base du banc.
    """
    with base.academie("banc : plan") as session:
        plan = planifier(session, horloge, regles)
        couvre, plan_id = plan.empreinte, plan.id
        for _ in range(2):
            approuver(session, horloge, regles, plan_id, couvre=couvre, par=uuid4())
    return plan_id


def _declaree(sujet: Sujet, depart: str | None = None) -> dict[str, Any]:
    return {CLE_INFO: DeclarationTable(_TRAITEMENT, par_etablissement(), (sujet,), depart=depart)}
