"""Ce qui attend d'être éliminé ne se montre plus : la politique qui le cache, tirée de la déclaration.

Entre l'avis et l'élimination, les lignes annoncées restent en base, mais les pages ordinaires ne les voient
plus. Le fait qui les cache est d'une unité (table, établissement, année ou dates), non d'une ligne : une
colonne de plus dans chaque table coûterait une écriture par ligne, deux fois. L'académie voit tout : c'est
sous son rôle que se font la copie remise à une personne, l'élimination et la remise en place.
"""

from __future__ import annotations

from enum import Enum

from sqlalchemy import Date, DateTime, Table, Uuid

from ent_core.contrat.donnees import Conservation, Depart, Sort
from ent_core.donnees.base import DeclarationTable

__all__ = ["Masquage", "condition_de_masque", "masquage"]

_DATES = (Depart.CREATION, Depart.FIN_DE_VALIDITE, Depart.FAIT)


class Masquage(Enum):
    """Ce qui désigne les lignes d'une unité."""

    ANNEE = "année scolaire de la ligne"
    DATES = "date du départ"


def masquage(table: Table, declaree: DeclarationTable, conservation: Conservation) -> Masquage | None:
    """Comment cacher une unité de cette table ; ``None`` si elle ne peut l'être d'un seul fait.

    Ce qui suit une personne partie n'a pas d'unité : sans rattachement, les pages ne le montrent déjà plus.

    :param table: table déclarée.
    :param conservation: règle de son traitement.
    """
    par_uai = declaree.cloisonnement is not None and declaree.cloisonnement.par_uai
    identifiant = table.c.get("id")
    if (
        not par_uai
        or declaree.ajout_seul
        or conservation.sort is Sort.ANONYMISER
        or identifiant is None
        or not isinstance(identifiant.type, Uuid)
    ):
        return None
    if conservation.depart is Depart.FIN_ANNEE_SCOLAIRE:
        return Masquage.ANNEE if "annee" in table.c else None
    colonne = table.c.get(declaree.depart or "")
    datee = colonne is not None and isinstance(colonne.type, Date | DateTime)
    return Masquage.DATES if conservation.depart in _DATES and datee else None


def condition_de_masque(table: Table, declaree: DeclarationTable, comment: Masquage) -> str:
    """Condition de la politique restrictive : la ligne n'est d'aucune unité cachée.

    Sans unité cachée pour cette table, une seule lecture d'index par énoncé suffit à le dire.

    :param table: table que la politique protège.
    :param comment: ce qui désigne les lignes.
    """
    nom = f'"{table.name}"'
    siennes = f"from conservation_avis a where a.objet = '{table.name}' and a.masque"
    if comment is Masquage.ANNEE:
        ici = f"a.annee = {nom}.annee"
    else:
        colonne = table.c[declaree.depart or ""]
        jour = f'{nom}."{colonne.name}"'
        if isinstance(colonne.type, DateTime):
            jour = f"(({jour} at time zone 'Europe/Paris')::date)"
        ici = f"a.du <= {jour} and {jour} < a.au"
    # Ce qui est né après le plan n'en est pas : on peut encore écrire dans une unité cachée.
    return (
        f"(select not exists (select {siennes})) or not exists"
        f" (select {siennes} and a.uai = {nom}.uai and {ici} and {nom}.id <= a.repere)"
    )
