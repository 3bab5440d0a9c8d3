"""De quoi lire les fichiers écrits sans passer par nos importeurs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lxml import etree

JOUR = date(2026, 9, 7)

Fiche = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Livraison:
    """Les fiches d'une livraison AAF, par catégorie puis par identifiant."""

    dossier: Path
    etablissements: Mapping[str, Fiche]
    eleves: Mapping[str, Fiche]
    responsables: Mapping[str, Fiche]
    personnels: Mapping[str, Fiche]


def fiches(dossier: Path, categorie: str) -> dict[str, Fiche]:
    """Les créations d'une catégorie ; un attribut vide n'a aucune valeur."""
    lues: dict[str, Fiche] = {}
    for chemin in sorted(dossier.glob(f"*_{categorie}_[0-9][0-9][0-9][0-9].xml")):
        for requete in etree.parse(str(chemin)).getroot().findall("addRequest"):
            cle = requete.findtext("identifier/id") or ""
            assert cle not in lues, f"identifiant {cle} présent deux fois"
            lues[cle] = {
                str(attribut.get("name")): [v.text for v in attribut.findall("value") if v.text]
                for attribut in requete.findall("attributes/attr")
            }
    return lues


def lire(dossier: Path) -> Livraison:
    """Lit toute une livraison."""
    return Livraison(
        dossier,
        fiches(dossier, "EtabEducNat"),
        fiches(dossier, "Eleve"),
        fiches(dossier, "PersRelEleve"),
        fiches(dossier, "PersEducNat"),
    )


def services_sts(chemin: Path) -> Iterator[tuple[str, str, etree._Element]]:
    """(balise de structure, code, service) de chaque service d'un fichier STS."""
    racine = etree.parse(str(chemin)).getroot()
    for structure in racine.iterfind("DONNEES/STRUCTURE/*/*"):
        for service in structure.iterfind("SERVICES/SERVICE"):
            yield str(structure.tag), str(structure.get("CODE")), service
