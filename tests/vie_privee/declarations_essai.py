"""De petites déclarations, composées hors de la ``MetaData`` du noyau : chaque essai a les siennes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, String, Table, Uuid
from sqlalchemy.types import TypeEngine

from ent_core.contrat.donnees import (
    BaseLegale,
    Categorie,
    Cloisonnement,
    Conservation,
    Depart,
    Destinataire,
    Donnee,
    Duree,
    FinaliteEnt,
    Neutre,
    Population,
    Sort,
    Sujet,
    Texte,
    Traitement,
    commun,
    par_etablissement,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role
from ent_core.donnees.base import CLE_INFO, DeclarationTable
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["CONSERVATION", "SUIVI", "anomalies", "brique", "codes", "donnee", "neutre", "table", "tables"]

CONSERVATION = Conservation(
    Depart.PERTE_DE_VOCATION,
    Duree(mois=3),
    Sort.SUPPRIMER,
    autorite=Texte("code de l'éducation, article R. 1"),
)

SUIVI = Traitement(
    cle="suivi.notes",
    version=1,
    intitule="Suivi des élèves",
    finalite="Suivre les élèves.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 1",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(
        Destinataire(Role.CPE, Portee.ETABLISSEMENT),
        Destinataire(Role.ENSEIGNANT, Portee.MES_CLASSES),
    ),
    conservation=CONSERVATION,
)


def donnee(nom: str, type_: TypeEngine[Any] | type[Any], *args: Any, **options: Any) -> Column[Any]:
    """Colonne qui porte une donnée ; les options du contrat d'abord, celles de SQLAlchemy ensuite."""
    contrat = {c: options.pop(c) for c in ("libre", "cles", "pour", "chiffree") if c in options}
    declaree = Donnee(options.pop("categorie", Categorie.VIE_SCOLAIRE), **contrat)
    return Column(nom, type_, *args, info={CLE_INFO: declaree}, **options)


def neutre(nom: str, type_: TypeEngine[Any] | type[Any], *args: Any, **options: Any) -> Column[Any]:
    """Colonne neutre."""
    declaree = Neutre(options.pop("motif", "pour l'essai"), options.pop("exemption", None))
    return Column(nom, type_, *args, info={CLE_INFO: declaree}, **options)


def tables() -> MetaData:
    """Une ``MetaData`` neuve, où vivent déjà les personnes."""
    metadata = MetaData()
    _declarer(
        Table("personne", metadata, neutre("id", Uuid, primary_key=True)),
        DeclarationTable("noyau.annuaire", commun("annuaire"), (Sujet("id"),)),
    )
    return metadata


def table(
    metadata: MetaData,
    nom: str,
    *elements: Any,
    traitement: str | None = "suivi.notes",
    sujets: tuple[Sujet, ...] | None = None,
    cloisonnement: Cloisonnement | None = None,
    **declaration: Any,
) -> Table:
    """Une table ; sans autre précision, elle a un élève pour propriétaire."""
    if sujets is None:
        sujets = (Sujet("eleve_id"),)
        elements = (
            donnee("eleve_id", Uuid, ForeignKey("personne.id", ondelete="CASCADE"), index=True), *elements,
        )  # fmt: skip
    neuve = Table(
        nom,
        metadata,
        neutre("uai", String(8), primary_key=True),
        neutre("id", Uuid, primary_key=True),
        *elements,
    )
    return _declarer(
        neuve, DeclarationTable(traitement, cloisonnement or par_etablissement(), sujets, **declaration)
    )


def _declarer(table_: Table, declaree: DeclarationTable) -> Table:
    table_.info[CLE_INFO] = declaree
    return table_


def brique(*tables_: Table, traitement: Traitement = SUIVI, **champs: Any) -> DeclarationBrique:
    """La brique « suivi », avec ces tables."""
    return DeclarationBrique("suivi", tables_, (replace(traitement, **champs),))


def anomalies(*tables_: Table, **champs: Any) -> list[str]:
    """Ce qui ne va pas dans ces tables, ou dans ce traitement changé."""
    return [str(anomalie) for anomalie in controler([brique(*tables_, **champs)])]


def codes(*tables_: Table, **champs: Any) -> list[str]:
    """Codes de ce qui ne va pas."""
    return [anomalie.code for anomalie in controler([brique(*tables_, **champs)])]
