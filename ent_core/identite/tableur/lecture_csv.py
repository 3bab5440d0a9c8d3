"""Lire un CSV tel que les logiciels le produisent : encodage et séparateur devinés, rien d'évalué."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from ent_core.identite.tableur import limites
from ent_core.identite.tableur.modeles import Avertissement, Ligne
from ent_core.identite.tableur.texte import cellule_propre, commence_une_formule, deproteger
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["lire_csv"]

# À égalité, le point-virgule gagne : c'est le séparateur des tableurs réglés en français.
_SEPARATEURS = (";", "\t", ",")
_ECHANTILLON = 50
_MARQUES = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LIGNE_SEP = re.compile(r"\Asep=([;,\t])\r?\n?", re.IGNORECASE)
_PROPRE_A_CP1252 = re.compile(rb"[\x80-\x9f]")
_REMEDE_ENCODAGE = "enregistrer le fichier en « CSV UTF-8 », puis recommencer"


def lire_csv(contenu: bytes, nom: str) -> tuple[str, str, list[Ligne], list[Avertissement]]:
    """Rend l'encodage, le séparateur, les lignes non vides (en-tête compris) et les remarques.

    :raises FichierRefuse: caractère nul, encodage illisible, guillemets mal fermés, bornes dépassées.
    """
    texte, encodage = _decoder(contenu, nom)
    saut, impose = 0, ""
    if annonce := _LIGNE_SEP.match(texte):
        saut, impose, texte = 1, annonce[1], texte[annonce.end() :]
    separateur = impose or _deviner_separateur(texte)
    lignes: list[Ligne] = []
    formules: list[int] = []
    for numero, brutes in _enregistrements(texte, separateur, saut, nom):
        cellules = tuple(deproteger(cellule_propre(cellule)) for cellule in brutes)
        if not any(cellules):
            continue
        if max(map(len, cellules)) > limites.CARACTERES_PAR_CELLULE:
            raise FichierRefuse(
                f"Une cellule dépasse {limites.CARACTERES_PAR_CELLULE} caractères.",
                remede="raccourcir la cellule ; un guillemet ouvert et jamais fermé en est souvent la cause",
                lieu=f"{nom}, ligne {numero}",
            )
        if any(map(commence_une_formule, cellules)):
            formules.append(numero)
        lignes.append(Ligne(numero, cellules))
        if len(lignes) > limites.LIGNES + 1:
            raise FichierRefuse(
                f"Le fichier a plus de {limites.LIGNES} lignes.",
                remede="importer en plusieurs fichiers",
                lieu=nom,
            )
    remarques = []
    if formules:
        remarques.append(
            Avertissement(
                "formule",
                f"{len(formules)} ligne(s) ont une cellule qui commence comme une formule ; elle est gardée"
                " comme texte et jamais calculée.",
                tuple(formules),
            )
        )
    return encodage, separateur, lignes, remarques


def _decoder(contenu: bytes, nom: str) -> tuple[str, str]:
    for marque, encodage in _MARQUES:
        if contenu.startswith(marque):
            return _sans_nul(_essayer(contenu, encodage, nom), nom), encodage
    try:
        return _sans_nul(contenu.decode("utf-8"), nom), "utf-8"
    except UnicodeDecodeError:
        pass
    # Les octets 80 à 9F ne sont des caractères visibles qu'en Windows-1252.
    encodage = "cp1252" if _PROPRE_A_CP1252.search(contenu) else "iso8859-15"
    return _sans_nul(_essayer(contenu, encodage, nom), nom), encodage


def _essayer(contenu: bytes, encodage: str, nom: str) -> str:
    try:
        return contenu.decode(encodage)
    except UnicodeDecodeError as erreur:
        ligne = contenu.count(b"\n", 0, erreur.start) + 1
        raise FichierRefuse(
            "L'encodage du fichier n'est pas reconnu.",
            remede=_REMEDE_ENCODAGE,
            lieu=f"{nom}, ligne {ligne}",
        ) from None


def _sans_nul(texte: str, nom: str) -> str:
    position = texte.find("\0")
    if position >= 0:
        raise FichierRefuse(
            "Le fichier contient des caractères nuls : il est binaire, abîmé, ou en UTF-16 sans marque.",
            remede=_REMEDE_ENCODAGE,
            lieu=f"{nom}, ligne {texte.count(chr(10), 0, position) + 1}",
        )
    return texte


def _deviner_separateur(texte: str) -> str:
    """Le séparateur qui donne à l'en-tête la largeur du plus grand nombre de lignes."""
    debut = "".join(islice(io.StringIO(texte, newline=""), _ECHANTILLON))

    def note(separateur: str) -> tuple[int, int]:
        try:
            largeurs = [
                len(ligne) for ligne in csv.reader(io.StringIO(debut, newline=""), delimiter=separateur)
            ]
        except csv.Error:
            return (0, 0)
        entete = next((largeur for largeur in largeurs if largeur), 0)
        return (largeurs.count(entete) if entete > 1 else 0, entete)

    return max(_SEPARATEURS, key=note)


def _enregistrements(texte: str, separateur: str, saut: int, nom: str) -> Iterator[tuple[int, list[str]]]:
    """Les enregistrements et le numéro de leur première ligne physique."""
    flux = io.StringIO(texte, newline="")
    lecteur = csv.reader(_lignes_bornees(flux, saut, nom), delimiter=separateur, strict=True)
    debut = 1
    try:
        for cellules in lecteur:
            if len(cellules) > limites.COLONNES:
                raise FichierRefuse(
                    f"La ligne a plus de {limites.COLONNES} colonnes.",
                    remede="retirer les colonnes inutiles",
                    lieu=f"{nom}, ligne {debut + saut}",
                )
            yield debut + saut, cellules
            debut = lecteur.line_num + 1
    except csv.Error:
        raise FichierRefuse(
            "Les guillemets de la ligne ne s'ouvrent et ne se ferment pas correctement.",
            remede="doubler les guillemets à l'intérieur d'une cellule, ou enregistrer en XLSX ou ODS",
            lieu=f"{nom}, ligne {debut + saut}",
        ) from None


def _lignes_bornees(flux: io.StringIO, saut: int, nom: str) -> Iterator[str]:
    # La borne vient avant le découpage : une ligne de vingt millions de séparateurs ne doit pas être coupée.
    for numero, ligne in enumerate(flux, start=1 + saut):
        if len(ligne) > limites.CARACTERES_PAR_LIGNE:
            raise FichierRefuse(
                f"La ligne dépasse {limites.CARACTERES_PAR_LIGNE} caractères.",
                remede="vérifier que le fichier est bien un tableau",
                lieu=f"{nom}, ligne {numero}",
            )
        yield ligne
