"""La forme canonique des déclarations d'une brique, et son empreinte.

Deux déclarations égales ont la même forme, quel que soit l'ordre où le code les écrit ; une différence,
si petite soit-elle, change l'empreinte. Ce qui vaut sa valeur par défaut n'est pas écrit : un champ ajouté
au contrat ne change pas l'empreinte de qui ne l'emploie pas.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import Table

from ent_core.contrat.donnees import (
    Autorite,
    Conservation,
    Copie,
    Depot,
    Donnee,
    Duree,
    Neutre,
    Sujet,
    Tableau,
    Texte,
    Traitement,
)
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["Forme", "canonique", "empreinte"]

Forme = dict[str, Any]
"""Des déclarations en JSON : chaînes, nombres, listes triées, objets."""


def canonique(d: DeclarationBrique) -> Forme:
    """Forme canonique des déclarations d'une brique.

    :param d: ce que la brique déclare.
    """
    # Les mêmes déclarations de colonne reviennent sans cesse : chacune ne s'écrit qu'une fois.
    dites: dict[Donnee | Neutre | None, Forme] = {}
    return _utile(
        {
            "aucune_donnee": d.aucune.motif if d.aucune else "",
            "traitements": {t.cle: _traitement(t) for t in sorted(d.traitements, key=lambda t: t.cle)},
            "tables": {t.name: _table(t, dites) for t in sorted(d.tables, key=lambda t: t.name)},
        }
    )


def empreinte(forme: Mapping[str, Any]) -> str:
    """SHA-256 d'une forme canonique, en hexadécimal.

    :param forme: rendue par ``canonique``, ou relue d'un JSON.
    """
    texte = json.dumps(forme, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(texte.encode()).hexdigest()


def _traitement(t: Traitement) -> Forme:
    return _utile(
        {
            "version": t.version,
            "intitule": t.intitule,
            "finalite": t.finalite,
            "finalite_ent": t.finalite_ent.name,
            "base": t.base.name,
            "textes": sorted(t.textes),
            "personnes": sorted(p.name for p in t.personnes),
            "destinataires": sorted([d.role, d.portee.name, d.acces.name] for d in t.destinataires),
            "conservation": _conservation(t.conservation),
            "opposition": _utile(
                {
                    "possible": t.opposition.possible,
                    "motif": t.opposition.motif,
                    "papier": t.opposition.papier,
                }
            )
            if t.opposition
            else None,
            "origines": sorted(t.origines),
            "depots": [_depot(d) for d in sorted(t.depots, key=lambda d: (d.nature.name, d.intitule))],
            "seuil": t.seuil,
        }
    )


def _conservation(c: Conservation) -> Forme:
    return _utile(
        {
            "depart": c.depart.name,
            "duree": _duree(c.duree),
            "sort": c.sort.name,
            "autorite": _autorite(c.autorite),
            "intermediaire": _duree(c.intermediaire) if c.intermediaire else None,
            "preavis": c.preavis,
            "au_depart": c.au_depart,
        }
    )


def _autorite(autorite: Autorite) -> Forme:
    forme: Forme = {"nature": type(autorite).__name__}
    match autorite:
        case Texte(reference):
            forme["reference"] = reference
        case Tableau(reference, du):
            forme |= {"reference": reference, "du": du.isoformat()}
        case Copie(original):
            forme["original"] = original
        case _:
            forme["serie"] = autorite.serie
    return _utile(forme)


def _duree(duree: Duree) -> Forme:
    return {"annees": duree.annees, "mois": duree.mois, "jours": duree.jours}


def _depot(depot: Depot) -> Forme:
    return {
        "intitule": depot.intitule,
        "nature": depot.nature.name,
        "duree": _duree(depot.duree),
        "moyen": depot.moyen,
    }


def _table(table: Table, dites: dict[Donnee | Neutre | None, Forme]) -> Forme:
    declaree = declaration(table)
    if declaree is None:
        return {"colonnes": {}}
    return _utile(
        {
            "traitement": declaree.traitement,
            "commune": declaree.cloisonnement.motif
            if declaree.cloisonnement and not declaree.cloisonnement.par_uai
            else None,
            "sujets": sorted((_sujet(s) for s in declaree.sujets), key=lambda s: (s["colonne"], s["lien"])),
            "sans_sujet": declaree.sans_sujet,
            "depart": declaree.depart,
            "ajout_seul": declaree.ajout_seul,
            "anonyme": dict(sorted(declaree.anonyme.items())),
            "colonnes": {
                colonne.key: _memo(declaration_colonne(colonne), dites)
                for colonne in sorted(table.c, key=attrgetter("key"))
            },
        }
    )


def _sujet(sujet: Sujet) -> Forme:
    return _utile({"colonne": sujet.colonne, "lien": sujet.lien.name, "par": sujet.par})


def _memo(declaree: Donnee | Neutre | None, dites: dict[Donnee | Neutre | None, Forme]) -> Forme:
    # Une seule recherche : comparer deux déclarations coûte plus que tout le reste.
    dite = dites.get(declaree)
    if dite is None:
        dite = dites[declaree] = _colonne(declaree)
    return dite


def _colonne(declaree: Donnee | Neutre | None) -> Forme:
    match declaree:
        case Donnee():
            return _utile(
                {
                    "donnee": declaree.categorie.name,
                    "libre": declaree.libre,
                    "cles": sorted(declaree.cles),
                    "pour": sorted(declaree.pour),
                    "chiffree": declaree.chiffree,
                }
            )
        case Neutre(motif, exemption):
            signee = exemption and {
                "motif": exemption.motif,
                "par": exemption.par,
                "le": exemption.le.isoformat(),
            }
            return _utile({"neutre": motif, "exemption": signee})
        case None:
            return {}


def _utile(forme: Forme) -> Forme:
    """Ôte ce qui n'est pas renseigné ; un zéro, lui, dit quelque chose."""
    return {
        cle: valeur
        for cle, valeur in forme.items()
        if valeur is not None and valeur is not False and valeur not in ("", [], {})
    }
