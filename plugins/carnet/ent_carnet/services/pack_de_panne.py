"""Le pack de panne : de quoi faire l'appel plusieurs jours, serveur éteint. Un PDF et une page par classe."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from ent_core.brique import imprimer_lot
from sqlalchemy.orm import Session

from ent_carnet.services.feuilles_appel import Feuille, donnees, feuilles

__all__ = ["JOURS", "DivisionDuPack", "composer", "premier_jour", "preparer"]

JOURS = 5
"""Jours préparés, à partir de celui que l'on choisit ; le dimanche n'en est pas."""

_DIMANCHE = 6
_DATE_DU_ZIP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DivisionDuPack:
    """Une classe, et ses feuilles dans l'ordre des jours.

    :param fichier: nom, sans extension ni accent : il s'ouvre sur toute machine.
    """

    nom: str
    fichier: str
    feuilles: tuple[Feuille, ...]


def composer(
    session: Session,
    uai: str,
    annee: int,
    debut: date,
    *,
    etablissement: str,
    etabli_le: date,
    page: Callable[[DivisionDuPack], str],
    sommaire: Callable[[list[DivisionDuPack]], str],
) -> tuple[bytes, int]:
    """Archive du pack, et nombre de classes.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param debut: premier jour.
    :param etablissement: son nom.
    :param etabli_le: jour de l'édition.
    :param page: page HTML d'une classe, sans rien d'extérieur.
    :param sommaire: page HTML qui mène aux autres.
    """
    divisions = preparer(session, uai, annee, debut)
    sortie = BytesIO()
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as archive:
        _ajouter(archive, "ouvrir_moi.html", sommaire(divisions).encode())
        pdf = imprimer_lot(
            "ent_carnet/appel", (donnees(d.feuilles, etablissement, etabli_le) for d in divisions)
        )
        for division, document in zip(divisions, pdf, strict=True):
            _ajouter(archive, f"{division.fichier}.pdf", document)
            _ajouter(archive, f"{division.fichier}.html", page(division).encode())
    return sortie.getvalue(), len(divisions)


def preparer(session: Session, uai: str, annee: int, debut: date) -> list[DivisionDuPack]:
    """Feuilles de chaque classe, des jours du pack.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param debut: premier jour.
    """
    return _divisions([feuilles(session, uai, annee, jour) for jour in _jours(debut)])


def premier_jour(jour: date) -> date:
    """Ce jour-là, ou le lundi si c'est un dimanche.

    :param jour: le jour.
    """
    return jour + timedelta(days=1) if jour.weekday() == _DIMANCHE else jour


def _jours(debut: date) -> list[date]:
    jours = [premier_jour(debut)]
    while len(jours) < JOURS:
        jours.append(premier_jour(jours[-1] + timedelta(days=1)))
    return jours


def _divisions(par_jour: Iterable[list[Feuille]]) -> list[DivisionDuPack]:
    """Un jour sans aucune séance ne s'imprime pas, sauf le premier : l'emploi du temps peut manquer."""
    utiles = [
        lot for rang, lot in enumerate(par_jour) if rang == 0 or any(feuille.seances for feuille in lot)
    ]
    return [
        DivisionDuPack(groupe[0].division, f"{rang:02d}_{_nom(groupe[0].code)}", groupe)
        for rang, groupe in enumerate(zip(*utiles, strict=True), start=1)
    ]


def _nom(code: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", code).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_).strip("_") or "classe"


def _ajouter(archive: zipfile.ZipFile, nom: str, contenu: bytes) -> None:
    entree = zipfile.ZipInfo(nom, _DATE_DU_ZIP)
    entree.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entree, contenu)
