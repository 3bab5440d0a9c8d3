"""Relire une archive du GAR comme il la lira : noms, empreinte, ordre, longueurs, clés, renvois.

Le schéma national n'est pas livré avec l'ENT ; qui l'a peut le donner, et il est appliqué en plus. Une
archive se lit au fil de l'eau : ni chemin, ni lien, ni document démesuré n'en sort.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from zlib import error as ErreurZlib

from lxml import etree

from ent_core.federation.gar.format import (
    LONGUEURS,
    NOEUDS_MAX,
    NOM_DE_FICHIER,
    PROFIL_ELEVE,
    PROFILS,
    FluxGar,
    GenreGar,
    ordre_de,
)  # fmt: skip
from ent_core.federation.gar.paquet import empreinte_de
from ent_core.socle.erreurs import FichierRefuse
from ent_core.socle.xml import analyseur_sur

__all__ = ["VerificationGar", "verifier"]

_OCTETS_MAX = 64 * 1024 * 1024
_DEFAUTS_MAX = 50
_PROFILS = frozenset({PROFIL_ELEVE, *PROFILS.values()})
_ID, _UAI = "GARPersonIdentifiant", "GARStructureUAI"
_CLES = {
    "GAREleve": (_ID,),
    "GAREnseignant": (_ID,),
    "GARRespAff": (_ID,),
    "GARPersonMEF": (_UAI, _ID, "GARMEFCode"),
    "GARPersonMEFSTAT4": (_UAI, _ID, "GARMEFSTAT4Code"),
    "GAREleveEnseignement": (_UAI, _ID, "GARMatiereCode"),
    "GAREtab": (_UAI,),
    "GARMEF": (_UAI, "GARMEFCode"),
    "GARMatiere": (_UAI, "GARMatiereCode"),
    "GARGroupe": ("GARGroupeCode", _UAI),
    "GARPersonGroupe": (_UAI, _ID, "GARGroupeCode"),
    "GAREnsGroupeMatiere": (_UAI, _ID, "GARGroupeCode"),
    "GAREnsClasseMatiere": (_UAI, _ID, "GARGroupeCode"),
}
_PERSONNES = ("GAREleve", "GAREnseignant")


class _Arret(Exception):
    """Assez de défauts sont dits."""


@dataclass(slots=True)
class VerificationGar:
    """Ce qu'une relecture a trouvé.

    :param defauts: phrases, chacune avec son fichier ; vide si tout va bien.
    :param noeuds: nombre de nœuds, par balise.
    """

    defauts: list[str] = field(default_factory=list)
    fichiers: int = 0
    noeuds: Counter[str] = field(default_factory=Counter)
    _personnes: set[str] = field(default_factory=set)
    _structures: set[tuple[str, str]] = field(default_factory=set)
    _personnes_nommees: set[str] = field(default_factory=set)
    _structures_nommees: set[tuple[str, str]] = field(default_factory=set)
    _noms: set[str] = field(default_factory=set)

    def dire(self, ou: str, quoi: str) -> None:
        """Ajoute un défaut ; au-delà d'un nombre utile, on cesse de lire.

        :param ou: fichier.
        :param quoi: défaut, sans donnée personnelle.
        """
        self.defauts.append(f"{ou} : {quoi}")
        if len(self.defauts) >= _DEFAUTS_MAX:
            raise _Arret


def verifier(chemin: Path, *, nom: str = "", schema: Path | None = None) -> VerificationGar:
    """Relit une archive.

    :param chemin: archive ``.tar.gz``.
    :param nom: nom sous lequel elle paraîtra ; à défaut, le sien, et son empreinte est alors relue aussi.
    :param schema: schéma du GAR, si l'on en dispose.
    :raises FichierRefuse: ce n'est pas une archive lisible, ou le schéma ne l'est pas.
    """
    trouve = VerificationGar()
    regle = _lire_schema(schema) if schema else None
    try:
        if not nom:
            _verifier_l_empreinte(trouve, chemin)
        for membre, contenu in _membres(trouve, chemin):
            _fichier(trouve, membre, contenu, regle)
        _renvois(trouve, chemin.name if not nom else nom)
    except _Arret:
        pass
    return trouve


def _verifier_l_empreinte(trouve: VerificationGar, chemin: Path) -> None:
    voisin = chemin.with_name(chemin.name.removesuffix(".tar.gz") + ".md5")
    if not voisin.is_file():
        trouve.dire(chemin.name, f"son empreinte « {voisin.name} » manque.")
    elif voisin.read_text(encoding="ascii", errors="replace").split()[:1] != [empreinte_de(chemin)]:
        trouve.dire(chemin.name, "son empreinte n'est pas celle qui l'accompagne : la copie est coupée.")


def _membres(trouve: VerificationGar, chemin: Path) -> Iterator[tuple[str, IO[bytes]]]:
    racines: set[str] = set()
    try:
        with tarfile.open(chemin, "r|gz") as archive:
            for membre in archive:
                if not membre.isreg() or not NOM_DE_FICHIER.fullmatch(membre.name):
                    trouve.dire(chemin.name, "elle contient autre chose que des fichiers du GAR.")
                    continue
                if membre.name in trouve._noms or membre.size > _OCTETS_MAX:
                    trouve.dire(membre.name, "il y est deux fois, ou il est démesuré.")
                    continue
                trouve._noms.add(membre.name)
                racines.add(membre.name.rsplit("_", 2)[0])
                contenu = archive.extractfile(membre)
                if contenu is not None:
                    yield membre.name, contenu
    except (tarfile.TarError, OSError, EOFError, ErreurZlib) as erreur:
        raise FichierRefuse(
            "ce n'est pas une archive .tar.gz lisible jusqu'au bout.",
            remede="la copier de nouveau, ou refaire l'export.",
            lieu=chemin.name,
        ) from erreur
    if len(racines) != 1:
        trouve.dire(chemin.name, "elle est vide, ou mêle plusieurs exports.")
    _suites(trouve, chemin.name)


def _suites(trouve: VerificationGar, ou: str) -> None:
    """Chaque genre est là, et ses numéros se suivent depuis zéro."""
    numeros: dict[str, set[int]] = {genre: set() for genre in GenreGar}
    for nom in trouve._noms:
        if lu := NOM_DE_FICHIER.fullmatch(nom):
            numeros[lu["genre"]].add(int(lu["numero"]))
    for genre, vus in numeros.items():
        if vus != set(range(len(vus))) or not vus:
            trouve.dire(ou, f"il manque un fichier « {genre} ».")


def _fichier(trouve: VerificationGar, nom: str, contenu: IO[bytes], regle: etree.XMLSchema | None) -> None:
    lu = NOM_DE_FICHIER.fullmatch(nom)
    if lu is None:
        return
    trouve.fichiers += 1
    degre, genre = FluxGar(lu["degre"]), GenreGar(lu["genre"])
    analyseur = analyseur_sur()
    try:
        racine = etree.fromstring(contenu.read(_OCTETS_MAX), analyseur)
    except etree.XMLSyntaxError as erreur:
        trouve.dire(nom, f"ligne {erreur.position[0]}, ce n'est pas du XML correct.")
        return
    if racine.getroottree().docinfo.internalDTD is not None:
        trouve.dire(nom, "il déclare un type de document, que le GAR n'admet pas.")
    if racine.tag != f"{{{degre.espace}}}GAR-ENT-{genre}" or racine.get("Version") is None:
        trouve.dire(nom, "sa racine n'est pas celle de son genre, ou n'a pas de version.")
        return
    if len(racine) > NOEUDS_MAX:
        trouve.dire(nom, f"il a plus de {NOEUDS_MAX} nœuds.")
    _noeuds(trouve, nom, racine, ordre_de(degre, genre), len(degre.espace) + 2)
    if regle is not None and not regle.validate(racine):
        # Le message du schéma citerait la valeur ; sa ligne et le nom de la règle suffisent.
        journal: Any = regle.error_log
        trouve.dire(nom, f"ligne {journal[0].line}, le schéma le refuse ({journal[0].type_name}).")


def _noeuds(
    trouve: VerificationGar, nom: str, racine: etree._Element, ordre: tuple[str, ...], coupe: int
) -> None:
    vues: set[tuple[str, ...]] = set()
    rang = 0
    for noeud in racine:
        balise = str(noeud.tag)[coupe:]
        if balise not in ordre or ordre.index(balise) < rang:
            trouve.dire(nom, f"ligne {noeud.sourceline}, « {balise} » n'est pas à sa place.")
            continue
        rang = ordre.index(balise)
        trouve.noeuds[balise] += 1
        champs: dict[str, str] = {}
        for champ in noeud.iter():
            cle, valeur = str(champ.tag)[coupe:], champ.text or ""
            champs.setdefault(cle, valeur)
            if not len(champ) and (not valeur.strip() or len(valeur) > LONGUEURS.get(cle, 10)):
                trouve.dire(nom, f"ligne {champ.sourceline}, « {cle} » est vide ou trop long.")
            if cle == "GARPersonProfil" and valeur not in _PROFILS:
                trouve.dire(nom, f"ligne {champ.sourceline}, le profil n'est pas du GAR.")
        absents = [cle for cle in _CLES[balise] if cle not in champs]
        cle_lue = (balise, *(champs.get(cle, "") for cle in _CLES[balise]))
        if absents or cle_lue in vues:
            trouve.dire(nom, f"ligne {noeud.sourceline}, « {balise} » n'a pas de clé, ou l'a déjà donnée.")
        vues.add(cle_lue)
        _retenir(trouve, balise, champs)


def _retenir(trouve: VerificationGar, balise: str, champs: dict[str, str]) -> None:
    """Qui est transmis, et qui est nommé : les renvois se jugent à la fin, les fichiers étant sans ordre."""
    personne, structure = champs.get(_ID, ""), (champs.get(_UAI, ""), champs.get("GARGroupeCode", ""))
    if balise in _PERSONNES:
        trouve._personnes.add(personne)
    elif balise == "GARGroupe":
        trouve._structures.add(structure)
    elif _ID in _CLES[balise] and balise != "GARRespAff":
        # Qui est déjà connu n'est pas retenu deux fois : d'ordinaire, rien ne l'est.
        if personne not in trouve._personnes:
            trouve._personnes_nommees.add(personne)
        if "GARGroupeCode" in champs and structure not in trouve._structures:
            trouve._structures_nommees.add(structure)


def _renvois(trouve: VerificationGar, ou: str) -> None:
    """Un lien ne mène pas au vide."""
    if perdues := len(trouve._personnes_nommees - trouve._personnes):
        trouve.dire(ou, f"{perdues} personne(s) nommée(s) par un lien ne sont pas transmises.")
    if perdues := len(trouve._structures_nommees - trouve._structures):
        trouve.dire(ou, f"{perdues} groupe(s) nommé(s) par un lien ne sont pas transmis.")


def _lire_schema(chemin: Path) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(str(chemin), analyseur_sur()))
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as erreur:
        raise FichierRefuse(
            "ce n'est pas un schéma XML lisible.",
            remede="donner GAR-ENT.xsd pour le second degré, GAR-ENT-1D.xsd pour le premier.",
            lieu=chemin.name,
        ) from erreur
