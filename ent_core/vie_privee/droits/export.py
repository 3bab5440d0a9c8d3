"""La copie d'une personne (RGPD, articles 15 et 20) : un fichier ZIP, écrit au fil de la lecture.

Un JSON et une page par traitement, les pièces des briques, une page d'accueil qui se lit sans connexion, et
un manifeste qui donne l'empreinte de chaque fichier. Rien n'est tenu entier en mémoire.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Donnee, Traitement
from ent_core.contrat.resultats import PieceExport
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.archive.lecture import lignes_archivees, rendre
from ent_core.vie_privee.droits import pages
from ent_core.vie_privee.droits.graphe import Place, lire_lignes, places
from ent_core.vie_privee.droits.lecture import Lecteur, Reference, en_json
from ent_core.vie_privee.droits.modeles import CopieMorceau, TexteARelire
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.droits import droits
from ent_core.vie_privee.registre import Registre

__all__ = ["SCHEMA", "Composition", "Entete", "Pieces", "composer", "inventorier", "table_dite"]

SCHEMA = 1
"""Version de la forme de la copie."""

RELECTURE = "[texte en attente de relecture : il peut nommer d'autres personnes]"
RETENU = "[texte retenu : il nomme d'autres personnes]"

_HORS = frozenset({CopieMorceau.__tablename__, TexteARelire.__tablename__})
"""Ce que la demande elle-même fabrique : une copie ne contient pas les copies."""

_NOM = re.compile(r"[^a-z0-9_.-]+")
_BLOC = 1 << 16
_LOT = 200
_ENCODER = json.JSONEncoder(ensure_ascii=False).encode

Pieces = Callable[[Session, UUID], Iterable[tuple[str, PieceExport]]]
"""Ce que les briques donnent d'elles-mêmes : (brique, pièce)."""


@dataclass(frozen=True, slots=True)
class Entete:
    """Ce que le manifeste dit de la copie.

    :param demande: numéro de la demande ; vide si la copie est faite hors d'une demande.
    :param registre: empreinte des déclarations en vigueur.
    """

    produit: str
    responsable: str
    faite_le: datetime
    uai: str | None = None
    demande: str = ""
    registre: str = ""


@dataclass(slots=True)
class Composition:
    """Ce qu'une copie contient.

    :param lignes: lignes par table.
    :param remis: textes libres remis après relecture.
    :param a_relire: textes libres qui ne sont pas dans la copie, faute de relecture.
    :param retenus: textes libres qu'une relecture a retenus.
    """

    lignes: dict[str, int] = field(default_factory=dict)
    remis: int = 0
    a_relire: list[Reference] = field(default_factory=list)
    retenus: int = 0
    fichiers: dict[str, str] = field(default_factory=dict)


class _Fichier:
    """Un fichier du ZIP, et l'empreinte de ce qui y entre."""

    def __init__(self, vers: IO[bytes]) -> None:
        self._vers = vers
        self._empreinte = hashlib.sha256()

    def ecrire(self, contenu: str | bytes) -> None:
        octets = contenu.encode() if isinstance(contenu, str) else contenu
        self._empreinte.update(octets)
        self._vers.write(octets)

    @property
    def empreinte(self) -> str:
        return self._empreinte.hexdigest()


class _Archive:
    def __init__(self, sortie: IO[bytes], le: datetime) -> None:
        self._zip = zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._date = (le.year, le.month, le.day, le.hour, le.minute, le.second)
        self.empreintes: dict[str, str] = {}

    @contextmanager
    def fichier(self, chemin: str) -> Iterator[_Fichier]:
        info = zipfile.ZipInfo(chemin, self._date)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as vers:
            fichier = _Fichier(vers)
            yield fichier
        self.empreintes[chemin] = fichier.empreinte

    def fermer(self) -> None:
        self._zip.close()


def inventorier(session: Session, registre: Registre, personne: UUID, uai: str | None) -> Iterator[Reference]:
    """Textes libres des lignes d'une personne, à relire avant de les remettre.

    :param session: session de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    lecteur = Lecteur(session, personne)
    for place in _places(registre):
        if not _peut_attendre(place.table):
            continue
        for ligne in lire_lignes(session, place, personne, uai):
            for cellule in lecteur.rendre(place.table, ligne)[1]:
                if cellule.reference is not None:
                    yield cellule.reference


def composer(
    session: Session,
    registre: Registre,
    personne: UUID,
    sortie: IO[bytes],
    entete: Entete,
    *,
    pieces: Pieces,
    relus: Mapping[Reference, str | None],
) -> Composition:
    """Écrit la copie.

    :param session: session de l'académie.
    :param sortie: où écrire ; il n'est pas nécessaire de pouvoir y revenir en arrière.
    :param pieces: ce que les briques donnent d'elles-mêmes.
    :param relus: texte à remettre pour chaque référence relue ; ``None`` s'il est retenu.
    """
    composeur = _Composeur(session, registre, personne, entete, _Archive(sortie, entete.faite_le), relus)
    return composeur.composer(pieces)


def table_dite(table: Table) -> str:
    """Nom d'une table, en clair.

    :param table: table déclarée.
    """
    return table.name.replace("_", " ")


def _places(registre: Registre) -> list[Place]:
    return [place for place in places(registre) if place.table.name not in _HORS]


def _peut_attendre(table: Table) -> bool:
    return any(isinstance(declaration_colonne(colonne), Donnee) for colonne in table.columns)


class _Composeur:
    """Écrit une copie, traitement par traitement."""

    def __init__(
        self,
        session: Session,
        registre: Registre,
        personne: UUID,
        entete: Entete,
        archive: _Archive,
        relus: Mapping[Reference, str | None],
    ) -> None:
        self._session = session
        self._registre = registre
        self._personne = personne
        self._entete = entete
        self._archive = archive
        self._relus = relus
        self._lecteur = Lecteur(session, personne)
        self._bilan = Composition()

    def composer(self, pieces: Pieces) -> Composition:
        entete, bilan, sommaire = self._entete, self._bilan, []
        for cle, siennes in groupby(_places(self._registre), key=lambda place: place.traitement):
            traitement, page = self._registre.traitements[cle], f"pages/{cle}.html"
            with _brouillon() as brouillon, _brouillon() as joints:
                nombre, tailles = self._traitement(traitement, list(siennes), brouillon, joints)
                taille_page = brouillon.tell()
                brouillon.seek(0)
                joints.seek(0)
                self._recopier(page, brouillon, taille_page)
                for chemin, taille in tailles:
                    self._recopier(chemin, joints, taille)
            sommaire.append(pages.Entree(cle, traitement.intitule, traitement.finalite, nombre, page))
        jointes = [*self._joindre(pieces), *self._archives()]
        with self._archive.fichier("index.html") as fichier:
            fichier.ecrire(
                pages.accueil(
                    entete.produit, entete.responsable, entete.faite_le, entete.demande, sommaire, jointes,
                    en_attente=len(bilan.a_relire), retenus=bilan.retenus,
                )
            )  # fmt: skip
        bilan.fichiers = dict(self._archive.empreintes)
        with self._archive.fichier("manifest.json") as fichier:
            fichier.ecrire(
                json.dumps(_manifeste(entete, self._personne, bilan), ensure_ascii=False, indent=1)
            )
        self._archive.fermer()
        return bilan

    def _traitement(
        self, traitement: Traitement, siennes: list[Place], brouillon: IO[bytes], joints: IO[bytes]
    ) -> tuple[int, list[tuple[str, int]]]:
        """Un traitement : son JSON dans l'archive, sa page et ses fichiers dans les brouillons.

        :returns: nombre de lignes, puis chemin et taille de chaque fichier joint.
        """
        nombre, tailles = 0, list[tuple[str, int]]()
        brouillon.write(pages.debut(traitement).encode())
        with self._archive.fichier(f"donnees/{traitement.cle}.json") as json_:
            json_.ecrire('{"traitement": ' + json.dumps(_declare(traitement), ensure_ascii=False))
            json_.ecrire(',\n"tables": {')
            for rang, place in enumerate(siennes):
                colonnes = _dites(place.table)
                entree = json.dumps({"colonnes": colonnes}, ensure_ascii=False)[:-1]
                json_.ecrire(f'{"," if rang else ""}\n"{place.table.name}": {entree}, "lignes": [')
                vues, modele = 0, ""
                for lot in _par_lots(self._lignes(place, joints, tailles)):
                    if not vues:
                        modele = pages.modele_de_ligne(lot[0])
                        brouillon.write(
                            pages.table_ouverte(table_dite(place.table), colonnes, lot[0]).encode()
                        )
                    json_.ecrire(("," if vues else "") + "\n" + _ENCODER(lot)[1:-1])
                    brouillon.write("".join(pages.ligne(modele, li.values()) for li in lot).encode())
                    vues += len(lot)
                if vues:
                    brouillon.write(pages.TABLE_FERMEE.encode())
                    self._bilan.lignes[place.table.name] = vues
                json_.ecrire("]}")
                nombre += vues
            json_.ecrire("}}\n")
        brouillon.write(pages.fin(nombre).encode())
        return nombre, tailles

    def _lignes(
        self, place: Place, joints: IO[bytes], tailles: list[tuple[str, int]]
    ) -> Iterator[dict[str, Any]]:
        for ligne in lire_lignes(self._session, place, self._personne, self._entete.uai):
            valeurs, a_part = self._lecteur.rendre(place.table, ligne)
            for cellule in a_part:
                if cellule.reference is None:
                    chemin = f"pieces/{place.table.name}/{len(tailles) + 1}.bin"
                    tailles.append((chemin, joints.write(cellule.valeur)))
                    valeurs[cellule.colonne] = chemin
                else:
                    valeurs[cellule.colonne] = self._relu(cellule.reference)
            yield valeurs

    def _relu(self, reference: Reference) -> str:
        if reference not in self._relus:
            self._bilan.a_relire.append(reference)
            return RELECTURE
        remis = self._relus[reference]
        if remis is None:
            self._bilan.retenus += 1
            return RETENU
        self._bilan.remis += 1
        return remis

    def _recopier(self, chemin: str, brouillon: IO[bytes], taille: int) -> None:
        """Verse dans l'archive les octets suivants d'un brouillon."""
        with self._archive.fichier(chemin) as fichier:
            while bloc := brouillon.read(min(_BLOC, taille)):
                fichier.ecrire(bloc)
                taille -= len(bloc)

    def _joindre(self, pieces: Pieces) -> list[str]:
        """Les pièces des briques ; un chemin ne sort jamais du dossier de sa brique."""
        jointes: list[str] = []
        for brique, piece in pieces(self._session, self._personne):
            parties = [_NOM.sub("-", p.lower()).strip(".-") for p in piece.chemin.split("/")]
            chemin = "/".join(["pieces", brique, *(p for p in parties if p)])
            if chemin in self._archive.empreintes or chemin == f"pieces/{brique}":
                chemin = f"pieces/{brique}/{len(jointes) + 1}-{parties[-1] or 'piece'}"
            contenu = piece.contenu
            with self._archive.fichier(chemin) as fichier:
                if isinstance(contenu, bytes):
                    fichier.ecrire(contenu)
                else:
                    masque = en_json(self._lecteur.masquer(contenu))
                    fichier.ecrire(json.dumps(masque, ensure_ascii=False, indent=1))
            jointes.append(chemin)
        return jointes

    def _archives(self) -> Iterator[str]:
        """Ce que l'archive intermédiaire garde d'elle, une unité par fichier."""
        for lue in lignes_archivees(self._session, self._personne, self._entete.uai):
            if lue.contenu is None:
                continue
            chemin = f"archive/{lue.unite.traitement}/{lue.unite.annee}-{lue.unite.id}.json"
            tables: dict[str, list[Any]] = {}
            for nom, colonnes, ligne in lue.contenu.lignes():
                rendue = self._lecteur.masquer(rendre(colonnes, ligne, self._personne))
                tables.setdefault(nom, []).append(rendue)
                cle = f"{nom} (archive)"
                self._bilan.lignes[cle] = self._bilan.lignes.get(cle, 0) + 1
            dit = {
                "traitement": lue.contenu.traitement, "conservee_jusqu_au": en_json(lue.unite.echeance),
                "sort_final": lue.unite.sort, "tables": tables,
            }  # fmt: skip
            with self._archive.fichier(chemin) as fichier:
                fichier.ecrire(json.dumps(dit, ensure_ascii=False, indent=1))
            yield chemin


def _par_lots(lignes: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while lot := list(islice(lignes, _LOT)):
        yield lot


def _brouillon() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=1 << 20)


def _declare(traitement: Traitement) -> dict[str, Any]:
    """Ce que l'article 15.1 demande de dire, tiré de la déclaration."""
    return {
        "cle": traitement.cle,
        "version": traitement.version,
        "intitule": traitement.intitule,
        "finalite": traitement.finalite,
        "base_legale": traitement.base.value,
        "textes": list(traitement.textes),
        "destinataires": phrases.destinataires(traitement.destinataires),
        "conservation": phrases.conservation(traitement.conservation),
        "archive_intermediaire": phrases.intermediaire(traitement.conservation),
        "sort_final": traitement.conservation.sort.value,
        "origines": list(traitement.origines),
        "droits": [o.phrase for o in droits(traitement) if o.ouvert],
        "decision_automatisee": "aucune",
    }


def _dites(table: Table) -> dict[str, dict[str, str]]:
    dites = {}
    for colonne in table.columns:
        declaree = declaration_colonne(colonne)
        libelle = colonne.name.replace("_", " ")
        if isinstance(declaree, Donnee):
            dites[colonne.name] = {"libelle": libelle, "categorie": declaree.categorie.value}
        elif declaree is not None:
            dites[colonne.name] = {"libelle": libelle, "sens": declaree.motif}
    return dites


def _manifeste(entete: Entete, personne: UUID, bilan: Composition) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "produit": entete.produit,
        "responsable": entete.responsable,
        "uai": entete.uai,
        "personne": str(personne),
        "demande": entete.demande,
        "faite_le": en_json(entete.faite_le),
        "registre": entete.registre,
        "lignes": bilan.lignes,
        "textes": {
            "remis": bilan.remis,
            "en_attente_de_relecture": len(bilan.a_relire),
            "retenus": bilan.retenus,
        },
        "fichiers": {chemin: f"sha256:{empreinte}" for chemin, empreinte in bilan.fichiers.items()},
    }
