"""Le registre des violations hors de l'ENT : JSON au schéma stable, CSV, classeur ODS (article 33.5)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from ent_core.identite.tableur.texte import proteger
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.violations.delai import compteur, en_retard
from ent_core.vie_privee.violations.etapes import numero
from ent_core.vie_privee.violations.modeles import Violation, ViolationEtape
from ent_core.vie_privee.violations.nomenclatures import (
    ACTES,
    CATEGORIES,
    CAUSES,
    CONSEQUENCES,
    GRAVITES,
    NATURES,
    ORIGINES,
    POPULATIONS,
)

__all__ = ["FORMATS", "SCHEMA", "RegistreViolations", "exporter", "nom_de_fichier"]

SCHEMA = "violations-ent/1"
"""Nom du schéma JSON ; un champ s'y ajoute sans changer de nom, il n'en part aucun."""

_DECISIONS: Mapping[str, str] = {"a_decider": "à décider", "oui": "oui", "non": "non"}


@dataclass(frozen=True, slots=True)
class RegistreViolations:
    """Le registre d'un établissement, ou de l'académie, un jour donné.

    :param uai: établissement ; vide, l'académie.
    :param violations: chacune avec ses étapes.
    """

    jour: date
    uai: str
    violations: Sequence[tuple[Violation, Sequence[ViolationEtape]]]


def exporter(registre: RegistreViolations, format_: str) -> bytes:
    """Registre dans un format.

    :param format_: clé de ``FORMATS``.
    """
    return FORMATS[format_][1](registre)


def nom_de_fichier(registre: RegistreViolations, format_: str) -> str:
    """« violations-0991001A-20260907.ods ».

    :param format_: clé de ``FORMATS``.
    """
    return f"violations-{registre.uai or 'academie'}-{registre.jour:%Y%m%d}.{format_}"


def en_json(registre: RegistreViolations) -> bytes:
    """Schéma ``violations-ent/1`` : codes, instants universels, et toutes les étapes."""
    valeur = {
        "schema": SCHEMA,
        "jour": registre.jour.isoformat(),
        "uai": registre.uai or None,
        "violations": [
            {
                "numero": numero(violation),
                **{nom: _brut(getattr(violation, nom)) for nom in _BRUTS},
                "echeance": compteur(violation.connue_le, violation.connue_le).echeance.isoformat(),
                "etapes": [
                    {
                        "instant": e.instant.isoformat(),
                        "acte": e.acte,
                        "dit": e.dit,
                        "valeurs": _sans_compte(e),
                    }
                    for e in etapes
                ],
            }
            for violation, etapes in registre.violations
        ],
    }
    return (json.dumps(valeur, ensure_ascii=False, indent=2) + "\n").encode()


def en_csv(registre: RegistreViolations) -> bytes:
    """Une violation par ligne ; le format que les tableurs ouvrent d'un clic."""
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(_COLONNES)
    for violation, _ in registre.violations:
        ecrivain.writerow([proteger(dire(violation)) for dire in _COLONNES.values()])
    return sortie.getvalue().encode("utf-8-sig")


def en_ods(registre: RegistreViolations) -> bytes:
    """Deux feuilles : les violations, et leurs étapes."""
    document = OpenDocumentSpreadsheet()
    fiches = [[dire(violation) for dire in _COLONNES.values()] for violation, _ in registre.violations]
    suites = [
        [numero(violation), _instant(e.instant), ACTES.get(e.acte, e.acte), e.dit or ""]
        for violation, etapes in registre.violations
        for e in etapes
    ]
    document.spreadsheet.addElement(_feuille("Violations", list(_COLONNES), fiches))
    document.spreadsheet.addElement(_feuille("Étapes", ["Violation", "Quand", "Quoi", "Dit"], suites))
    sortie = io.BytesIO()
    document.write(sortie)
    return sortie.getvalue()


FORMATS: dict[str, tuple[str, Callable[[RegistreViolations], bytes]]] = {
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", en_ods),
    "csv": ("text/csv", en_csv),
    "json": ("application/json", en_json),
}
"""Format → type MIME et écriture."""


def _liste(nom: str, mots: Mapping[Any, str]) -> Callable[[Violation], str]:
    return lambda v: ", ".join(mots.get(code, str(code)) for code in getattr(v, nom))


def _mot(nom: str, mots: Mapping[Any, str]) -> Callable[[Violation], str]:
    return lambda v: mots.get(getattr(v, nom), "") if getattr(v, nom) is not None else ""


def _champ(nom: str) -> Callable[[Violation], str]:
    def dire(violation: Violation) -> str:
        valeur = getattr(violation, nom)
        if isinstance(valeur, datetime):
            return _instant(valeur)
        return "" if valeur is None else valeur.isoformat() if isinstance(valeur, date) else str(valeur)

    return dire


def _retard(violation: Violation) -> str:
    if violation.notifiee_le is None:
        return ""
    return "oui" if en_retard(violation.connue_le, violation.notifiee_le) else "non"


_COLONNES: Mapping[str, Callable[[Violation], str]] = {
    "Numéro": numero,
    "Établissement": _champ("uai"),
    "Connue le": _champ("connue_le"),
    "Début": _champ("debut"),
    "Fin": _champ("fin"),
    "En cours": lambda v: "oui" if v.en_cours else "non",
    "Nature": _liste("natures", {code: mots.partition(" :")[0] for code, mots in NATURES.items()}),
    "Origine": _mot("origine", ORIGINES),
    "Cause": _mot("cause", CAUSES),
    "Description": _champ("description"),
    "Traitements": lambda v: ", ".join(v.traitements),
    "Données": _liste("categories", CATEGORIES),
    "Personnes concernées": _liste("populations", POPULATIONS),
    "Nombre de personnes, environ": _champ("personnes"),
    "Nombre d'enregistrements, environ": _champ("enregistrements"),
    "Conséquences probables": _liste("consequences", CONSEQUENCES),
    "Gravité": _mot("gravite", GRAVITES),
    "Mesures": _champ("mesures"),
    "Notifier la CNIL": _mot("cnil", _DECISIONS),
    "Raison": _champ("cnil_motif"),
    "Notifiée le": _champ("notifiee_le"),
    "En retard": _retard,
    "Raisons du retard": _champ("retard_motif"),
    "Complétée le": _champ("completee_le"),
    "Référence": _champ("reference"),
    "Prévenir les personnes": _mot("information", _DECISIONS),
    "Pourquoi": _champ("information_motif"),
    "Prévenues le": _champ("informees_le"),
    "Close le": _champ("close_le"),
}

_BRUTS = (
    "uai", "connue_le", "debut", "fin", "en_cours", "natures", "origine", "cause", "description",
    "traitements", "categories", "populations", "personnes", "enregistrements", "consequences", "gravite",
    "mesures", "cnil", "cnil_motif", "notifiee_le", "reference", "retard_motif", "completee_le",
    "information", "information_motif", "informees_le", "close_le",
)  # fmt: skip


def _brut(valeur: Any) -> Any:
    return valeur.isoformat() if isinstance(valeur, date) else valeur


def _sans_compte(etape: ViolationEtape) -> dict[str, Any]:
    """Un export sort de l'ENT : il dit qu'un compte était cherché, non lequel."""
    return {nom: bool(valeur) if nom == "compte" else valeur for nom, valeur in etape.valeurs.items()}


def _instant(instant: datetime) -> str:
    return instant.astimezone(FUSEAU).strftime("%d/%m/%Y %H:%M")


def _feuille(nom: str, entetes: Sequence[str], lignes: Sequence[Sequence[str]]) -> Table:
    feuille = Table(name=nom)
    for valeurs in (entetes, *lignes):
        rangee = TableRow()
        for valeur in valeurs:
            cellule = TableCell(valuetype="string")
            for paragraphe in str(valeur).split("\n"):
                cellule.addElement(P(text=paragraphe))
            rangee.addElement(cellule)
        feuille.addElement(rangee)
    return feuille
