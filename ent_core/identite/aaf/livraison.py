"""Ouvre une livraison AAF (dossier, archive ou fichier seul) et dit ce qu'elle contient.

Rien n'est extrait sur le disque sous un nom venu de l'archive. L'empreinte de chaque fichier est calculée
à l'ouverture, ce qui vérifie aussi que l'archive se lit jusqu'au bout.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from ent_core.identite.aaf.flux import Entete, entete
from ent_core.identite.aaf.grammaire import CATEGORIES_DES_FICHIERS, Categorie, Nature
from ent_core.identite.aaf.sources import LIMITES, Limites, Source, archive_lisible, ouvrir_source
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["Livraison", "Membre", "ouvrir_livraison"]

FORME_ATTENDUE = "<PROJET>_<Complet|Delta>_<AAAAMMJJ>_<Catégorie>_<NNNN>.xml"
# Le nom du projet peut contenir des « _ » ; un nom caché (« ._… ») est un résidu de copie.
_NOM = re.compile(
    r"(?P<projet>[^.].*)_(?P<nature>Complet|Delta)_(?P<date>[0-9]{8})_(?P<categorie>[A-Za-z]+)_(?P<numero>[0-9]{4})\.xml"
)
_DTD = "ficAlimMENESR.dtd"
_DEGRE_DU_PROJET = re.compile(r"ENT([12]D)")
_NOMS_CITES = 5
_BLOC = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Membre:
    """Un fichier de la livraison.

    :param nom: nom du fichier, sans dossier.
    :param numero: rang dans sa catégorie, à partir de 0.
    :param taille: octets, une fois décompressé.
    :param empreinte: SHA-256 du contenu, en hexadécimal.
    """

    nom: str
    categorie: Categorie
    numero: int
    taille: int
    empreinte: str
    entete: Entete


@dataclass(frozen=True, slots=True)
class Livraison:
    """Une livraison contrôlée : un projet, une date, une nature, des suites de fichiers sans trou.

    :param degre: « 1D » ou « 2D » ; ``None`` si ni les en-têtes ni le nom du projet ne le disent.
    :param academie: code de l'académie des en-têtes ; ``None`` si aucun ne le dit.
    :param membres: dans l'ordre de traitement (structures, nomenclatures, personnes), puis par numéro.
    :param taille: octets de tous les membres, décompressés.
    :param empreinte: SHA-256 des noms et des empreintes des membres ; ne dépend pas de l'emballage.
    """

    projet: str
    nature: Nature
    date: date
    degre: str | None
    academie: str | None
    membres: tuple[Membre, ...]
    taille: int
    empreinte: str
    avertissements: tuple[str, ...]
    _source: Source = field(repr=False, compare=False)

    def ouvrir(self, membre: Membre) -> BinaryIO:
        """Ouvre un membre en lecture ; repositionnable.

        :param membre: un membre de cette livraison.
        """
        return self._source.ouvrir(membre.nom)


@dataclass(frozen=True, slots=True)
class _Nom:
    complet: str
    projet: str
    nature: Nature
    date: str
    categorie: str
    numero: int


@contextmanager
def ouvrir_livraison(chemin: Path, *, limites: Limites = LIMITES) -> Iterator[Livraison]:
    """Ouvre et contrôle une livraison ; elle se lit tant que le contexte est ouvert.

    :param chemin: dossier, ``.zip``, ``.tgz``, ``.tar.gz``, ou fichier XML seul.
    :param limites: tailles admises.
    :raises FichierRefuse: livraison vide, incomplète, mêlée ou dangereuse.
    """
    with ouvrir_source(chemin, limites) as source:
        yield _controler(source, seul=chemin.is_file() and chemin.suffix.lower() == ".xml")


def _controler(source: Source, *, seul: bool) -> Livraison:
    noms, avertissements = _trier_les_noms(source)
    projet = _unique({nom.projet for nom in noms}, "projets", source)
    nature = Nature(_unique({nom.nature.value for nom in noms}, "natures", source))
    jour = _lire_jour(_unique({nom.date for nom in noms}, "dates", source), source)
    if seul:
        avertissements.append(f"{source.lieu} : fichier pris seul ; le reste de la livraison n'est pas lu.")
    else:
        _verifier_les_suites(noms, source)
    connus = [nom for nom in noms if nom.categorie in CATEGORIES_DES_FICHIERS]
    if not connus:
        raise FichierRefuse(
            f"La livraison n'a aucune catégorie connue ; trouvé : {_citer(n.categorie for n in noms)}.",
            lieu=source.lieu,
            remede=f"attendu : {', '.join(CATEGORIES_DES_FICHIERS)}.",
        )
    membres = tuple(sorted((_lire_membre(source, nom) for nom in connus), key=_ordre_de_traitement))
    empreinte = hashlib.sha256()
    for membre in membres:
        empreinte.update(f"{membre.nom}\0{membre.empreinte}\n".encode())
    degre = _commun({m.entete.degre for m in membres}, "degrés", source)
    if degre is None and (trouve := _DEGRE_DU_PROJET.search(projet)):
        degre = trouve[1]
    return Livraison(
        projet=projet,
        nature=nature,
        date=jour,
        degre=degre,
        academie=_commun({m.entete.academie for m in membres}, "académies", source),
        membres=membres,
        taille=sum(membre.taille for membre in membres),
        empreinte=empreinte.hexdigest(),
        avertissements=tuple(avertissements),
        _source=source,
    )


def _trier_les_noms(source: Source) -> tuple[list[_Nom], list[str]]:
    retenus: list[_Nom] = []
    ignores: list[str] = []
    avertissements: list[str] = []
    for complet in sorted(source.noms):
        trouve = _NOM.fullmatch(complet)
        if trouve is None:
            if complet != _DTD and not complet.startswith("."):
                ignores.append(complet)
            continue
        categorie = trouve["categorie"]
        if categorie not in CATEGORIES_DES_FICHIERS:
            avertissements.append(f"{complet} : catégorie « {categorie} » inconnue, fichier ignoré.")
        retenus.append(
            _Nom(
                complet=complet,
                projet=trouve["projet"],
                nature=Nature(trouve["nature"].lower()),
                date=trouve["date"],
                categorie=categorie,
                numero=int(trouve["numero"]),
            )
        )
    if not retenus:
        raise FichierRefuse(
            f"Aucun fichier AAF ; trouvé : {_citer(source.noms) or 'rien'}.",
            lieu=source.lieu,
            remede=f"attendu : des fichiers nommés {FORME_ATTENDUE}.",
        )
    if ignores:
        avertissements.append(f"{source.lieu} : {len(ignores)} fichier(s) ignoré(s) : {_citer(ignores)}.")
    return retenus, avertissements


def _unique(valeurs: set[str], quoi: str, source: Source) -> str:
    if len(valeurs) > 1:
        raise FichierRefuse(
            f"La livraison mêle plusieurs {quoi} : {_citer(valeurs)}.",
            lieu=source.lieu,
            remede="importer une seule livraison à la fois, dans l'ordre des dates.",
        )
    return next(iter(valeurs))


def _commun(valeurs: set[str], quoi: str, source: Source) -> str | None:
    """La valeur que disent les en-têtes ; un en-tête muet ne contredit pas les autres."""
    dites = valeurs - {""}
    return _unique(dites, quoi, source) if dites else None


def _lire_jour(texte: str, source: Source) -> date:
    try:
        return date(int(texte[:4]), int(texte[4:6]), int(texte[6:]))
    except ValueError:
        raise FichierRefuse(
            f"La date {texte} n'existe pas au calendrier.",
            lieu=source.lieu,
            remede=f"attendu : des fichiers nommés {FORME_ATTENDUE}.",
        ) from None


def _verifier_les_suites(noms: Iterable[_Nom], source: Source) -> None:
    numeros: dict[str, set[int]] = defaultdict(set)
    for nom in noms:
        numeros[nom.categorie].add(nom.numero)
    for categorie, presents in sorted(numeros.items()):
        manquants = sorted(set(range(max(presents) + 1)) - presents)
        if manquants:
            raise FichierRefuse(
                f"La livraison est incomplète : {categorie} va jusqu'au numéro {max(presents):04d}, "
                f"mais il manque {_citer(f'{numero:04d}' for numero in manquants)}.",
                lieu=source.lieu,
                remede="recopier ou redemander la livraison entière.",
            )


def _lire_membre(source: Source, nom: _Nom) -> Membre:
    empreinte = hashlib.sha256()
    taille = 0
    lieu = f"{source.lieu}, {nom.complet}"
    with archive_lisible(lieu), source.ouvrir(nom.complet) as fichier:
        while bloc := fichier.read(_BLOC):
            empreinte.update(bloc)
            taille += len(bloc)
        if not taille:
            raise FichierRefuse(
                "Le fichier est vide ; même sans fiche, un fichier AAF a une racine.",
                lieu=lieu,
                remede="le transfert a pu être coupé ; recopier ou redemander la livraison.",
            )
        tete = entete(fichier)
    return Membre(
        nom=nom.complet,
        categorie=CATEGORIES_DES_FICHIERS[nom.categorie],
        numero=nom.numero,
        taille=taille,
        empreinte=empreinte.hexdigest(),
        entete=tete,
    )


def _ordre_de_traitement(membre: Membre) -> tuple[int, int]:
    return list(Categorie).index(membre.categorie), membre.numero


def _citer(noms: Iterable[str]) -> str:
    suite = sorted(noms)
    reste = len(suite) - _NOMS_CITES
    cites = ", ".join(suite[:_NOMS_CITES])
    return f"{cites} et {reste} autre(s)" if reste > 0 else cites
