"""Les déclarations d'une brique absente, relues de la copie que la base en garde.

Son code n'est plus là ; ses tables, ses lignes et ce qu'elle avait déclaré le sont. Les tables se relisent du
catalogue, leurs déclarations de la forme canonique : le noyau continue de dater, d'éliminer et de remettre.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, LargeBinary, MetaData, Table, Text, inspect

from ent_core.contrat.donnees import (
    Acces,
    Autorite,
    BaseLegale,
    Categorie,
    Conservation,
    Copie,
    Depart,
    Depot,
    Destinataire,
    Donnee,
    Duree,
    Exemption,
    FinaliteEnt,
    Lien,
    NatureDepot,
    Neutre,
    Opposition,
    Population,
    Sort,
    Sujet,
    Tableau,
    Texte,
    Traitement,
    Visa,
    commun,
    par_etablissement,
)
from ent_core.contrat.interface import Portee
from ent_core.donnees.base import CLE_INFO, DeclarationTable
from ent_core.donnees.chiffrement import Chiffre
from ent_core.donnees.partitions import SCHEMA as PARTITIONS
from ent_core.donnees.partitions import vers_une_partition
from ent_core.vie_privee.empreinte import Forme
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["relire"]


def relire(
    connexion: Connection, formes: Mapping[str, Forme], du_noyau: Iterable[Table]
) -> list[DeclarationBrique]:
    """Ce que des briques absentes déclaraient, sur leurs tables telles que la base les montre.

    Une table que la base n'a plus n'est pas rendue.

    :param connexion: connexion qui lit le catalogue.
    :param formes: identifiant de brique → forme canonique de ses déclarations.
    :param du_noyau: tables du noyau, que les leurs désignent.
    """
    # À part : le catalogue d'une brique absente n'entre pas parmi les tables que le code déclare.
    metadata = MetaData()
    for table in du_noyau:
        table.to_metadata(metadata)
    presentes = set(inspect(connexion).get_table_names())
    return [
        DeclarationBrique(
            brique,
            tuple(
                _table(connexion, metadata, nom, declaree)
                for nom, declaree in sorted(forme.get("tables", {}).items())
                if nom in presentes
            ),
            tuple(_traitement(cle, t) for cle, t in sorted(forme.get("traitements", {}).items())),
        )
        for brique, forme in sorted(formes.items())
    ]


def _table(connexion: Connection, metadata: MetaData, nom: str, forme: Forme) -> Table:
    table = Table(nom, metadata, autoload_with=connexion, resolve_fks=False)
    for cle in filter(vers_une_partition, table.foreign_key_constraints):
        _oter(table, cle)
    _oublier_les_partitions(table)
    motif = forme.get("commune")
    table.info[CLE_INFO] = DeclarationTable(
        traitement=forme.get("traitement"),
        cloisonnement=commun(motif) if motif else par_etablissement(),
        sujets=tuple(Sujet(s["colonne"], Lien[s["lien"]], s.get("par", "")) for s in forme.get("sujets", ())),
        ajout_seul=forme.get("ajout_seul", False),
        depart=forme.get("depart"),
        sans_sujet=forme.get("sans_sujet", ""),
        anonyme=forme.get("anonyme", {}),
    )
    for colonne, dite in forme["colonnes"].items():
        if colonne in table.c:
            declaree = _colonne(dite)
            table.c[colonne].info[CLE_INFO] = declaree
            if isinstance(declaree, Donnee) and declaree.chiffree:
                table.c[colonne].type = Chiffre(Text() if declaree.libre else LargeBinary())
    return table


def _oublier_les_partitions(table: Table) -> None:
    """Une clé vers une table partitionnée est répétée, au catalogue, vers chacune de ses partitions."""
    for cle in list(table.foreign_key_constraints):
        if cle.elements[0].target_fullname.startswith(f"{PARTITIONS}."):
            table.constraints.discard(cle)
            for element in cle.elements:
                table.foreign_keys.discard(element)
                element.parent.foreign_keys.discard(element)


def _oter(table: Table, cle: ForeignKeyConstraint) -> None:
    table.constraints.discard(cle)
    for element in cle.elements:
        table.foreign_keys.discard(element)
        element.parent.foreign_keys.discard(element)


def _colonne(forme: Forme) -> Donnee | Neutre:
    if "donnee" in forme:
        return Donnee(
            Categorie[forme["donnee"]], forme.get("libre", False), tuple(forme.get("cles", ())),
            frozenset(forme.get("pour", ())), forme.get("chiffree", False),
        )  # fmt: skip
    signee = forme.get("exemption")
    return Neutre(
        forme.get("neutre", ""),
        Exemption(signee["motif"], signee["par"], date.fromisoformat(signee["le"])) if signee else None,
    )


def _traitement(cle: str, forme: Forme) -> Traitement:
    opposition = forme.get("opposition")
    return Traitement(
        cle=cle, version=forme["version"], intitule=forme["intitule"], finalite=forme["finalite"],
        finalite_ent=FinaliteEnt[forme["finalite_ent"]], base=BaseLegale[forme["base"]],
        textes=tuple(forme.get("textes", ())),
        personnes=frozenset(Population[p] for p in forme.get("personnes", ())),
        destinataires=tuple(
            Destinataire(role, Portee[portee], Acces[acces])
            for role, portee, acces in forme.get("destinataires", ())
        ),
        conservation=_conservation(forme["conservation"]),
        opposition=Opposition(
            opposition.get("possible", False), opposition.get("motif", ""), opposition.get("papier", "")
        )
        if opposition
        else None,
        origines=tuple(forme.get("origines", ())),
        depots=tuple(
            Depot(d["intitule"], NatureDepot[d["nature"]], _duree(d["duree"]), d["moyen"])
            for d in forme.get("depots", ())
        ),
        seuil=forme["seuil"],
    )  # fmt: skip


def _conservation(forme: Forme) -> Conservation:
    intermediaire = forme.get("intermediaire")
    return Conservation(
        Depart[forme["depart"]], _duree(forme["duree"]), Sort[forme["sort"]], _autorite(forme["autorite"]),
        _duree(intermediaire) if intermediaire else None, forme["preavis"],
    )  # fmt: skip


def _duree(forme: Mapping[str, Any]) -> Duree:
    return Duree(forme.get("mois", 0), forme.get("jours", 0), forme.get("annees", 0))


def _autorite(forme: Forme) -> Autorite:
    match forme["nature"]:
        case "Texte":
            return Texte(forme.get("reference", ""))
        case "Tableau":
            return Tableau(forme.get("reference", ""), date.fromisoformat(forme["du"]))
        case "Copie":
            return Copie(forme.get("original", ""))
        case _:
            return Visa(forme.get("serie", ""))
