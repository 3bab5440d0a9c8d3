"""L'application du tampon à l'annuaire : une transaction, du SQL par ensembles, une facette par fichier."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.orm import Session

from ent_core.identite.aaf.chargement import curseur_de
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.aaf.rapport import Comptes, Retraits

__all__ = ["Application", "Contexte"]

_ETAPES = (
    "01_preparation",
    "02_etablissements",
    "03_fiches",
    "04_personnes",
    "05_structures",
    "06_scolarites",
    "07_responsabilites",
    "08_services",
    "09_rattachements",
    "10_rattacher",
    "11_rattachements_responsables",
    "10_rattacher",
    "12_sursis",
)
# Les contrôles de clé étrangère gardent leur plan : fait sur une table vide, il la relirait à chaque ligne.
# Trois mille lignes suffisent à connaître une table de travail ; en lire trente mille coûte dix fois plus.
# Une boucle que ferait choisir une estimation trop basse coûte le carré de la livraison : des heures.
_REGLAGES = """
set local work_mem = '128MB';
set local default_statistics_target = 10;
set local jit = off;
set local enable_nestloop = off;
discard plans
"""
# Une écriture annoncée par « -- compter TABLE » rend (uai, personne, clé, geste) : ses lignes sont comptées.
_COMPTEE = re.compile(r"^-- compter (\w+)\n", re.MULTILINE)
_COMPTER = """
with fait (uai, personne_id, cle, geste) as ({ordre})
insert into t_mouvement
select '{table}', geste, uai, count(*),
  (array_agg(personne_id) filter (where personne_id is not null))[1:5],
  (array_agg(cle) filter (where cle is not null))[1:5]
from fait group by geste, uai
"""
_EXEMPLES = """
select objet, geste, array_agg(cle order by rang) from (
  select m.objet, m.geste, coalesce(i.valeur, v.cle) as cle,
    row_number() over (partition by m.objet, m.geste order by m.uai nulls first, v.rang) as rang
  from t_mouvement m
  cross join lateral unnest(coalesce(m.personnes::text[], m.cles)) with ordinality as v (cle, rang)
  left join identifiant i on m.personnes is not null and i.personne_id::text = v.cle
    and i.source = %(annuaire)s and i.type = 'ENTPersonJointure'
  where m.geste <> 'attendus' and v.rang <= 2
) exemples where rang <= 10 group by objet, geste
"""
_EFFECTIF_MINIMAL = 20
_ECHANTILLON = 200


@dataclass(frozen=True, slots=True)
class Contexte:
    """Ce que les fichiers SQL savent du lot.

    :param source: annuaire et projet : provenance des liens.
    :param annuaire: annuaire de l'académie : espace des identifiants.
    :param degre: 1 ou 2.
    :param categories: catégories présentes dans la livraison ; les absentes ne font sortir personne.
    :param sursis: jours de sursis.
    :param demain: une suppression n'est jamais immédiate.
    """

    lot: UUID
    source: str
    annuaire: str
    jour: date
    annee: int
    complet: bool
    degre: int
    categories: tuple[str, ...]
    sursis: int
    demain: date

    def parametres(self) -> dict[str, Any]:
        """Paramètres nommés des fichiers SQL."""
        return {
            "lot": self.lot,
            "source": self.source,
            "annuaire": self.annuaire,
            "jour": self.jour,
            "annee": self.annee,
            "complet": self.complet,
            "degre": self.degre,
            "categories": list(self.categories),
            "sursis": self.sursis,
            "demain": self.demain,
            "effectif_minimal": _EFFECTIF_MINIMAL,
        }


class Application:
    """Applique un lot dans la transaction d'une session ; l'appelant valide ou annule.

    :param session: session de l'académie.
    :param contexte: le lot.
    """

    def __init__(self, session: Session, contexte: Contexte) -> None:
        connexion = curseur_de(session).connection
        # Les valeurs sont écrites par le pilote dans le texte : des tables se créent avec, et chaque ordre
        # reçoit un plan fait pour elles.
        self._curseur = psycopg.ClientCursor(connexion)
        self._contexte = contexte
        self._parametres = contexte.parametres()

    def executer(self, avancer: Callable[[int, int], None]) -> None:
        """Exécute toutes les étapes.

        :param avancer: reçoit le rang de l'ordre et leur nombre.
        """
        self._curseur.execute(_REGLAGES)
        ordres = [ordre for etape in _ETAPES for ordre in _ordres(etape)]
        for rang, ordre in enumerate(ordres, 1):
            self._curseur.execute(ordre, self._parametres)
            avancer(rang, len(ordres))
        # Ce qui suit ne lit que quelques lignes.
        self._curseur.execute("set local enable_nestloop = on")

    def retraits(self, seuil: float) -> tuple[Retraits, ...]:
        """Dépassements du seuil, le plus grand d'abord.

        :param seuil: part des personnes au-delà de laquelle demander.
        """
        lignes = self._lire(
            "select uai, avant, retires from t_retrait where retires > avant * %(seuil)s"
            " order by uai nulls first, retires desc",
            seuil=seuil,
        )
        return tuple(Retraits(uai, avant, retires) for uai, avant, retires in lignes)

    def comptes(self) -> Mapping[str, Comptes]:
        """Par table, nombre par geste."""
        comptes: dict[str, dict[str, int]] = defaultdict(dict)
        for table, geste, nombre in self._lire(
            "select objet, geste, sum(nombre)::bigint from t_mouvement group by 1, 2 order by 1, 2"
        ):
            comptes[table][geste] = nombre
        for gestes in comptes.values():
            if (attendus := gestes.pop("attendus", None)) is not None:
                gestes["inchanges"] = max(0, attendus - gestes.get("crees", 0) - gestes.get("modifies", 0))
        return dict(comptes)

    def etablissements(self) -> Mapping[str, Mapping[str, Comptes]]:
        """Par établissement, par table, nombre par geste."""
        etablissements: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        for uai, table, geste, nombre in self._lire(
            "select uai, objet, geste, sum(nombre)::bigint from t_mouvement where uai is not null"
            " group by 1, 2, 3 order by 1, 2, 3"
        ):
            etablissements[uai][table][geste] = nombre
        return {uai: dict(tables) for uai, tables in etablissements.items()}

    def exemples(self) -> Mapping[str, tuple[str, ...]]:
        """Par « table.geste », quelques identifiants de l'annuaire."""
        return {
            f"{table}.{geste}": tuple(cles)
            for table, geste, cles in self._lire(_EXEMPLES, annuaire=self._contexte.annuaire)
        }

    def constats(self) -> tuple[Constat, ...]:
        """Premiers défauts constatés par l'application, rejets d'abord."""
        lignes = self._lire(
            "select fichier, ligne, cle, code, motif, gravite from t_constat"
            " order by gravite desc, fichier, ligne limit %(limite)s",
            limite=_ECHANTILLON,
        )
        return tuple(
            Constat(f, li, cle or "", code, motif, Gravite(g)) for f, li, cle, code, motif, g in lignes
        )

    def nombre_de_constats(self) -> dict[str, int]:
        """Nombre de défauts par code, lecture et application ensemble."""
        return dict(
            self._lire(
                "select code, count(*) from (select code from t_constat union all"
                " select code from import_rejet where lot_id = %(lot)s) c group by code order by code",
                lot=self._contexte.lot,
            )
        )

    def garder_les_constats(self) -> None:
        """Verse les défauts constatés à ceux du lot."""
        self._curseur.execute(
            "insert into import_rejet (lot_id, fichier, ligne, cle, code, motif, gravite)"
            " select %(lot)s, fichier, ligne, cle, code, motif, gravite from t_constat",
            self._parametres,
        )

    def _lire(self, ordre: str, **parametres: object) -> list[Any]:
        return self._curseur.execute(ordre, parametres).fetchall()


@cache
def _ordres(etape: str) -> tuple[str, ...]:
    """Les ordres d'un fichier, les écritures comptées enveloppées."""
    texte = (files("ent_core.identite.aaf") / "sql" / f"{etape}.sql").read_text(encoding="utf-8")
    return tuple(_preparer(ordre) for ordre in _separer(texte))


def _separer(texte: str) -> Iterator[str]:
    for ordre in texte.split(";\n"):
        if ordre.strip():
            yield ordre.strip()


def _preparer(ordre: str) -> str:
    table = _COMPTEE.search(ordre)
    return _COMPTER.format(table=table[1], ordre=ordre) if table else ordre
