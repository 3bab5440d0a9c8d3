"""Une publication en fichier : CSV pour un tableur, JSON pour un programme."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from ent_core.vie_privee.statistiques.publication import StatistiquePubliee

__all__ = ["FORMATS", "NON_COMMUNIQUE", "en_donnees", "exporter"]

NON_COMMUNIQUE = "non communiqué"

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def exporter(publiee: StatistiquePubliee, format_: str) -> bytes:
    """Le fichier d'une publication.

    :param publiee: publication, telle que la voit qui la demande.
    :param format_: ``csv`` ou ``json``.
    """
    if format_ == "json":
        return json.dumps(en_donnees(publiee), ensure_ascii=False, indent=2).encode()
    sortie = io.StringIO()
    ecrire = csv.writer(sortie, delimiter=";")
    ecrire.writerow([publiee.dimensions[0], *publiee.colonnes, "Total"])
    for ligne, cases in zip(publiee.lignes, publiee.cases, strict=True):
        # Une cellule qui commence par « = » serait une formule : un intitulé de division est saisi ailleurs.
        titre = f"'{ligne.intitule}" if ligne.intitule[:1] in "=+-@\t\r" else ligne.intitule
        ecrire.writerow([titre, *(NON_COMMUNIQUE if case is None else case for case in cases)])
    return sortie.getvalue().encode("utf-8-sig")


def en_donnees(publiee: StatistiquePubliee) -> dict[str, Any]:
    """La publication en valeurs simples.

    :param publiee: publication, telle que la voit qui la demande.
    """
    return {
        "statistique": publiee.cle,
        "intitule": publiee.intitule,
        "compte": publiee.compte,
        "etablissement": publiee.uai,
        "periode": publiee.periode.code,
        "debut": publiee.periode.debut.isoformat(),
        "fin": publiee.periode.fin.isoformat(),
        "seuil": publiee.seuil,
        "arrondie": publiee.arrondie,
        "figee_le": publiee.figee_le.isoformat(),
        "empreinte": publiee.empreinte,
        "dimensions": list(publiee.dimensions),
        "colonnes": [*publiee.colonnes, "Total"],
        "lignes": [
            {"intitule": ligne.intitule, "niveau": ligne.niveau, "cases": list(cases)}
            for ligne, cases in zip(publiee.lignes, publiee.cases, strict=True)
        ],
    }
