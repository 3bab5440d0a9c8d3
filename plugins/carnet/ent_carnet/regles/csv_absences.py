"""Lire un fichier d'absences venu d'un autre logiciel : chaque ligne fautive est dite, aucune n'est devinée.

Colonnes : ``classe ; nom ; prenom ; debut ; fin ; motif``. Les dates s'écrivent ``16/11/2026 08:00`` ou
``2026-11-16 08:00``, à l'heure de Paris. Le motif est un code de l'établissement, ou rien.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from ent_core.brique import FUSEAU

__all__ = ["COLONNES", "LIGNES_AU_PLUS", "ErreurLigne", "LigneLue", "cle_de_nom", "decoder", "lire_csv"]

COLONNES = ("classe", "nom", "prenom", "debut", "fin", "motif")
LIGNES_AU_PLUS = 5000
_FORMES = ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class LigneLue:
    """Une ligne lisible ; l'élève reste à retrouver.

    :param rang: numéro de la ligne dans le fichier, l'en-tête étant la première.
    :param eleve: classe, nom et prénom, réduits à ce qui se compare.
    """

    rang: int
    eleve: tuple[str, str, str]
    debut: datetime
    fin: datetime
    motif: str


@dataclass(frozen=True, slots=True)
class ErreurLigne:
    """Ce qui ne va pas dans une ligne, sans jamais nommer l'élève."""

    rang: int
    message: str


def cle_de_nom(texte: str) -> str:
    """Réduit un nom à ce qui se compare : sans accent, sans casse, sans ponctuation.

    :param texte: nom, prénom ou classe.
    """
    nu = unicodedata.normalize("NFKD", texte.casefold())
    lettres = "".join(c if c.isalnum() else " " for c in nu if not unicodedata.combining(c))
    return " ".join(lettres.split())


def decoder(octets: bytes) -> str:
    """Texte d'un fichier : UTF-8, avec ou sans marque, sinon celui des tableurs français.

    :param octets: contenu du fichier.
    """
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


def lire_csv(texte: str) -> tuple[list[LigneLue], list[ErreurLigne]]:
    """Lignes lisibles, et erreurs par ligne.

    :param texte: contenu, séparé par des points-virgules, des virgules ou des tabulations.
    """
    entete, _, _ = texte.partition("\n")
    separateur = max(";,\t", key=entete.count)
    lignes = texte.replace("\x00", "").splitlines()
    if len(lignes) > LIGNES_AU_PLUS + 1:
        return [], [ErreurLigne(LIGNES_AU_PLUS + 2, f"{LIGNES_AU_PLUS} lignes au plus : couper le fichier.")]
    try:
        tableau = [next(csv.reader([ligne], delimiter=separateur), []) for ligne in lignes]
    except csv.Error:
        return [], [ErreurLigne(1, "une cellule est trop longue : ce n'est pas un fichier d'absences.")]
    colonnes = [cle_de_nom(titre) for titre in tableau[0]] if tableau else []
    absentes = [titre for titre in COLONNES[:5] if titre not in colonnes]
    if absentes:
        return [], [ErreurLigne(1, f"il manque la colonne « {' », « '.join(absentes)} ».")]
    lues: list[LigneLue] = []
    erreurs: list[ErreurLigne] = []
    for rang, cellules in enumerate(tableau[1:], start=2):
        if not any(cellule.strip() for cellule in cellules):
            continue
        valeurs = dict(zip(colonnes, (c.strip() for c in cellules), strict=False))
        trouvee = _ligne(rang, valeurs)
        if isinstance(trouvee, LigneLue):
            lues.append(trouvee)
        else:
            erreurs.append(trouvee)
    return lues, erreurs


def _ligne(rang: int, valeurs: dict[str, str]) -> LigneLue | ErreurLigne:
    eleve = tuple(cle_de_nom(valeurs.get(titre, "")) for titre in COLONNES[:3])
    if not all(eleve):
        return ErreurLigne(rang, "la classe, le nom ou le prénom manque.")
    debut, fin = _instant(valeurs.get("debut", "")), _instant(valeurs.get("fin", ""))
    if debut is None or fin is None:
        return ErreurLigne(rang, "le début ou la fin ne se lit pas : écrire « 16/11/2026 08:00 ».")
    if fin <= debut:
        return ErreurLigne(rang, "la fin ne suit pas le début.")
    return LigneLue(rang, (eleve[0], eleve[1], eleve[2]), debut, fin, valeurs.get("motif", "").casefold())


def _instant(texte: str) -> datetime | None:
    for forme in _FORMES:
        try:
            return datetime.strptime(texte, forme).replace(tzinfo=FUSEAU)
        except ValueError:
            continue
    return None
