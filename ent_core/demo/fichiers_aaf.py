"""L'enveloppe des fichiers AAF : noms, en-tête, découpage, grammaire, archive."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO

__all__ = ["DTD", "Attributs", "EcrivainAaf", "archiver"]

Attributs = Sequence[tuple[str, Sequence[str]]]

_PROJET = "ENT2DVA-ENT99"
_FICHES_PAR_FICHIER = 5_000
_NOM_DTD = "ficAlimMENESR.dtd"

# Écrite d'après la grammaire du flux, pour que chaque livraison se suffise à elle-même.
DTD = """\
<!-- Grammaire des fichiers d'alimentation : une suite de créations, modifications et suppressions. -->
<!ELEMENT ficAlimMENESR (addRequest | modifyRequest | deleteRequest)*>
<!ELEMENT addRequest (operationalAttributes, identifier, attributes)>
<!ELEMENT modifyRequest (operationalAttributes, identifier, modifications)>
<!ELEMENT deleteRequest (operationalAttributes, identifier)>
<!ELEMENT operationalAttributes (attr)>
<!ELEMENT identifier (id)>
<!ELEMENT attributes (attr+)>
<!ELEMENT modifications (modification+)>
<!ELEMENT attr (value+)>
<!ATTLIST attr name CDATA #REQUIRED>
<!ELEMENT modification (value+)>
<!ATTLIST modification name CDATA #REQUIRED operation (replace) #REQUIRED>
<!ELEMENT id (#PCDATA)>
<!ELEMENT value (#PCDATA)>
"""

# Catégorie du nom de fichier -> (attribut opérationnel, valeur), qui diffèrent pour les matières.
_CATEGORIES = {
    "EtabEducNat": ("categorieStructure", "EtabEducNat"),
    "Eleve": ("categoriePersonne", "Eleve"),
    "PersRelEleve": ("categoriePersonne", "PersRelEleve"),
    "PersEducNat": ("categoriePersonne", "PersEducNat"),
    "MefEducNat": ("categorieMef", "MefEducNat"),
    "MatiereEducNat": ("categorieMatiere", "MatEducNat"),
}


def _valeurs(valeurs: Sequence[str]) -> str:
    if len(valeurs) != 1:
        return "".join([_valeurs((valeur,)) for valeur in valeurs]) or "<value/>"
    texte = valeurs[0]
    if "&" in texte or "<" in texte:
        texte = texte.replace("&", "&amp;").replace("<", "&lt;")
    return f"<value>{texte}</value>" if texte else "<value/>"


@dataclass(slots=True)
class EcrivainAaf:
    """Écrit les fichiers d'une livraison ; gestionnaire de contexte.

    :param dossier: dossier des fichiers, existant.
    :param jour: date de l'extraction.
    :param delta: vrai pour une livraison différentielle.
    """

    dossier: Path
    jour: date
    delta: bool = False
    fichiers: list[Path] = field(default_factory=list)
    _ouverts: dict[str, TextIO] = field(default_factory=dict)
    _fiches: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> EcrivainAaf:
        dtd = self.dossier / _NOM_DTD
        dtd.write_text(DTD, encoding="utf-8")
        self.fichiers.append(dtd)
        return self

    def __exit__(self, *exception: object) -> None:
        complet = exception[0] is None
        for fichier in self._ouverts.values():
            # Après une erreur, le fichier reste sans fin : un importeur le refusera comme tronqué.
            if complet:
                fichier.write("\n</ficAlimMENESR>\n")
            fichier.close()

    def creer(self, categorie: str, cle: str, attributs: Attributs) -> None:
        """Écrit une création (addRequest).

        :param categorie: par exemple « Eleve ».
        :param cle: identifiant de la fiche.
        :param attributs: nom et valeurs de chaque attribut ; sans valeur, l'attribut est vide.
        """
        corps = "\n".join([f'<attr name="{nom}">{_valeurs(valeurs)}</attr>' for nom, valeurs in attributs])
        self._ecrire(categorie, "addRequest", cle, f"<attributes>\n{corps}\n</attributes>\n")

    def modifier(self, categorie: str, cle: str, attributs: Attributs) -> None:
        """Écrit une modification (modifyRequest) : chaque attribut cité est remplacé en entier."""
        corps = "\n".join(
            f'<modification name="{nom}" operation="replace">{_valeurs(valeurs)}</modification>'
            for nom, valeurs in attributs
        )
        self._ecrire(categorie, "modifyRequest", cle, f"<modifications>\n{corps}\n</modifications>\n")

    def supprimer(self, categorie: str, cle: str) -> None:
        """Écrit une suppression (deleteRequest)."""
        self._ecrire(categorie, "deleteRequest", cle, "")

    def _ecrire(self, categorie: str, requete: str, cle: str, corps: str) -> None:
        nombre = self._fiches.get(categorie, 0)
        if nombre % _FICHES_PAR_FICHIER == 0:
            self._ouvrir(categorie, nombre // _FICHES_PAR_FICHIER)
        self._fiches[categorie] = nombre + 1
        attribut, valeur = _CATEGORIES[categorie]
        self._ouverts[categorie].write(
            f"\n<{requete}>\n<operationalAttributes>"
            f'<attr name="{attribut}"><value>{valeur}</value></attr></operationalAttributes>\n'
            f"<identifier><id>{cle}</id></identifier>\n{corps}</{requete}>\n"
        )

    def _ouvrir(self, categorie: str, numero: int) -> None:
        precedent = self._ouverts.get(categorie)
        if precedent is not None:
            precedent.write("\n</ficAlimMENESR>\n")
            precedent.close()
        etendue = "Delta" if self.delta else "Complet"
        chemin = self.dossier / f"{_PROJET}_{etendue}_{self.jour:%Y%m%d}_{categorie}_{numero:04d}.xml"
        fichier = chemin.open("w", encoding="utf-8", newline="\n")
        self._ouverts[categorie] = fichier
        self.fichiers.append(chemin)
        fichier.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<!DOCTYPE ficAlimMENESR SYSTEM "{_NOM_DTD}">\n'
            "<ficAlimMENESR>\n"
            '<!-- versionAF="AAF-VE2407" -->\n'
            '<!-- versionSDET="Annexe 4bis version 6.4" -->\n'
            '<!-- codeAcademieExport="99" -->\n'
            '<!-- degre="2D" -->\n'
            f'<!-- dateGenerationExport="{self.jour:%d/%m/%Y}" -->\n'
        )


def archiver(chemin: Path, fichiers: Iterable[Path]) -> None:
    """Réunit des fichiers dans une archive tar compressée, identique d'une fois à l'autre.

    :param chemin: archive à écrire.
    :param fichiers: fichiers à mettre à sa racine.
    """

    def anonyme(membre: tarfile.TarInfo) -> tarfile.TarInfo:
        membre.mtime = membre.uid = membre.gid = 0
        membre.uname = membre.gname = ""
        membre.mode = 0o644
        return membre

    with (
        chemin.open("wb") as brut,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=brut, mtime=0) as compresse,
        tarfile.open(fileobj=compresse, mode="w") as archive,
    ):
        for fichier in sorted(fichiers):
            archive.add(fichier, arcname=fichier.name, filter=anonyme)
