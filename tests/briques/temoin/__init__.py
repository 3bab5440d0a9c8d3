"""La brique témoin, chargée comme si elle était installée en place."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ent_core.essais.annuaire import ANNEE, Annuaire

__all__ = ["envois_du_temoin", "exemples_du_temoin", "module_du_temoin"]

_ICI = str(Path(__file__).parent)


def module_du_temoin(nom: str) -> Any:
    """Un module de la brique ; son dossier rejoint le chemin des modules.

    :param nom: ``brique``, ``modeles``, ``pieces``…
    """
    if _ICI not in sys.path:
        sys.path.append(_ICI)
    return import_module(f"ent_temoin.{nom}")


def exemples_du_temoin(session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
    """Une ligne de chaque table, chaque donnée remplie.

    :param session: session de l'académie.
    :param annuaire: personnes inventées.
    :param uai: établissement où créer.
    """
    modeles = module_du_temoin("modeles")
    eleve, auteur = annuaire["eleve"], annuaire["cpe"]
    dossier = modeles.Dossier(
        uai=uai, eleve_id=eleve, saisi_par=auteur, motif="retards répétés", recit="Il arrive tard.",
        soin="suivi infirmier", precisions={"lieu": "portail"}, etat="ouvert", modele="Madame, Monsieur,",
        certificat="asthme d'effort",
        clos_le=date(2026, 9, 12),
    )  # fmt: skip
    session.add(dossier)
    session.flush()
    session.add_all(
        [
            modeles.Suite(uai=uai, dossier_id=dossier.id, decide_par=auteur, decision="entretien"),
            modeles.Point(uai=uai, annee=ANNEE, eleve_id=eleve, valeur="très assidu"),
            modeles.Passage(acteur_id=auteur),
        ]
    )
    session.flush()
    return {}


def envois_du_temoin(annuaire: Annuaire) -> dict[str, dict[str, str]]:
    """Ce que ses formulaires acceptent.

    :param annuaire: personnes inventées.
    """
    return {
        "POST /temoin/": {"eleve": str(annuaire["camarade"]), "motif": "retard"},
        "POST /temoin/points": {"eleve": str(annuaire["camarade"]), "valeur": "assidu"},
    }
