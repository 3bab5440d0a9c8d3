"""Le verrou d'une brique : le fichier ``registre.lock.json``, qui fige ce qu'elle déclare.

Il se relit dans une revue, voyage dans le paquet, et se compare au code à chaque démarrage. Il garde aussi
la suite des versions : une déclaration ne change pas sans que monte la version de son traitement (ou celle
de la brique, quand aucun traitement n'est touché).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from ent_core.vie_privee.elargissement import comparer
from ent_core.vie_privee.empreinte import Forme, empreinte

__all__ = [
    "NOM_DU_VERROU",
    "Verrou",
    "chemin_du_verrou",
    "controler_verrou",
    "ecrire",
    "lire",
    "sceller",
    "verrouiller",
]

NOM_DU_VERROU = "registre.lock.json"


@dataclass(frozen=True, slots=True)
class Verrou:
    """Un verrou lu.

    :param brique: identifiant de brique.
    :param declarations: forme canonique verrouillée.
    :param versions: de la plus ancienne à la présente : version de la brique, versions de ses traitements,
        empreinte.
    """

    brique: str
    declarations: Forme
    versions: tuple[Forme, ...]

    @property
    def empreinte(self) -> str:
        """Empreinte de la version présente, telle que le fichier la donne."""
        return str(self.versions[-1]["empreinte"])


def chemin_du_verrou(paquet: Path) -> Path:
    """Où est, ou serait, le verrou d'une brique : dans le paquet, sinon à côté de son ``pyproject.toml``.

    :param paquet: dossier du paquet importable.
    """
    dedans, a_cote = paquet / NOM_DU_VERROU, paquet.parent / NOM_DU_VERROU
    if dedans.is_file() or not (paquet.parent / "pyproject.toml").is_file():
        return dedans
    return a_cote


def lire(chemin: Path) -> Verrou:
    """Lit un verrou.

    :param chemin: fichier.
    :raises DonneeInvalide: fichier illisible, ou qui n'est pas un verrou.
    """
    try:
        lu = json.loads(chemin.read_text(encoding="utf-8"))
        verrou = Verrou(lu["brique"], lu["declarations"], tuple(lu["versions"]))
        if not all(
            isinstance(v["empreinte"], str) and isinstance(v["traitements"], dict) for v in verrou.versions
        ):
            raise TypeError
        _ = verrou.empreinte
    except (OSError, ValueError, KeyError, TypeError, IndexError) as erreur:
        raise DonneeInvalide(
            f"ce verrou est illisible ({type(erreur).__name__}).",
            remede="le reprendre de l'historique, ou l'effacer et relancer « ent registre verrouiller ».",
            lieu=str(chemin),
        ) from erreur
    return verrou


def verrouiller(brique: str, version: str, declarations: Forme, ancien: Verrou | None) -> Verrou:
    """Verrou des déclarations présentes, à la suite de l'ancien.

    :param brique: identifiant de brique.
    :param version: version de la brique.
    :param declarations: forme canonique.
    :param ancien: verrou en place, s'il y en a un.
    :raises OperationRefusee: une déclaration change sans que sa version monte.
    """
    presente = _version(version, declarations)
    if ancien is None:
        return Verrou(brique, declarations, (presente,))
    if ancien.empreinte == presente["empreinte"]:
        return ancien
    immobiles = list(_immobiles(ancien, version, declarations))
    if immobiles:
        raise OperationRefusee(
            "les déclarations changent, mais pas leur version : " + ", ".join(immobiles) + ".",
            remede="augmenter « version » de chaque traitement nommé (ou la version de la brique),"
            " puis verrouiller de nouveau.",
            lieu=f"brique {brique}",
        )
    return Verrou(brique, declarations, (*ancien.versions, presente))


def _version(version: str, declarations: Forme) -> Forme:
    return {
        "brique": version,
        "traitements": _versions(declarations),
        "empreinte": empreinte(declarations),
    }


def _versions(declarations: Forme) -> dict[str, int]:
    return {cle: t["version"] for cle, t in declarations.get("traitements", {}).items()}


def _immobiles(ancien: Verrou, version: str, declarations: Forme) -> Iterator[str]:
    """Ce qui change sans que monte la version qui le porte."""
    avant = ancien.declarations
    anciens, nouveaux = avant.get("traitements", {}), declarations.get("traitements", {})
    for cle in sorted({*anciens, *nouveaux}):
        if cle in anciens and cle in nouveaux:
            change = _part(avant, cle) != _part(declarations, cle)
            if change and nouveaux[cle]["version"] <= anciens[cle]["version"]:
                yield f"traitement {cle} (version {nouveaux[cle]['version']})"
    if _part(avant, "") != _part(declarations, "") and version == ancien.versions[-1]["brique"]:
        yield f"tables sans traitement (version {version} de la brique)"


def _part(declarations: Forme, cle: str) -> Forme:
    """Ce qui relève d'un traitement, version mise à part ; avec une clé vide, de la brique seule."""
    fiche = {c: v for c, v in declarations.get("traitements", {}).get(cle, {}).items() if c != "version"}
    tables = {n: t for n, t in declarations.get("tables", {}).items() if t.get("traitement", "") == cle}
    return {"fiche": fiche, "tables": tables, "aucune": "" if cle else declarations.get("aucune_donnee", "")}


def ecrire(chemin: Path, verrou: Verrou) -> None:
    """Écrit un verrou, prêt à être relu ligne à ligne.

    :param chemin: fichier.
    :param verrou: rendu par ``verrouiller``.
    """
    contenu = {
        "brique": verrou.brique,
        "versions": list(verrou.versions),
        "declarations": verrou.declarations,
    }
    texte = json.dumps(contenu, ensure_ascii=False, indent=2, sort_keys=True)
    provisoire = chemin.with_name(f".{chemin.name}.brouillon")
    provisoire.write_text(f"{texte}\n", encoding="utf-8")
    provisoire.replace(chemin)


def sceller(chemin: Path) -> None:
    """Refait le verrou d'une brique neuve, dont le gabarit ne connaît pas l'empreinte.

    :param chemin: verrou écrit par le squelette.
    """
    brouillon = lire(chemin)
    version = str(brouillon.versions[-1]["brique"])
    ecrire(chemin, verrouiller(brouillon.brique, version, brouillon.declarations, None))


def controler_verrou(
    brique: str, declarations: Mapping[str, Any], chemin: Path, *, production: bool
) -> Iterator[Anomalie]:
    """Compare le code d'une brique à son verrou, et le verrou à lui-même.

    :param brique: identifiant de brique.
    :param declarations: forme canonique du code.
    :param chemin: où est, ou serait, le verrou.
    :param production: vrai pour refuser une brique sans verrou.
    """
    lieu = f"brique {brique}, {chemin.name}"
    if not chemin.is_file():
        yield Anomalie(
            "VERROU-001",
            lieu,
            "ce fichier manque : rien ne dit ce que l'établissement accepte",
            f"lancer « ent registre verrouiller {brique} », et le livrer avec la brique",
            Niveau.ERREUR if production else Niveau.AVERTISSEMENT,
        )
        return
    try:
        verrou = lire(chemin)
    except DonneeInvalide as erreur:
        yield Anomalie(
            "VERROU-002",
            lieu,
            f"il ne se lit pas : {erreur.message}",
            f"le reprendre de l'historique, ou l'effacer et lancer « ent registre verrouiller {brique} »",
        )
        return
    if declarations != verrou.declarations:
        changes = [changement.phrase for changement in comparer(verrou.declarations, declarations)]
        suite = f" Et {len(changes) - 3} autre(s)." if len(changes) > 3 else ""
        yield Anomalie(
            "VERROU-003",
            lieu,
            f"le code ne dit plus ce que le verrou dit. {' '.join(changes[:3])}{suite}",
            f"relire « ent registre comparer {brique} », monter la version du traitement touché,"
            f" puis « ent registre verrouiller {brique} »",
        )
    if empreinte(verrou.declarations) != verrou.empreinte or not _suite_croissante(verrou):
        yield Anomalie(
            "VERROU-004",
            lieu,
            "il a été modifié à la main, ou sans que monte une version",
            f"le reprendre de l'historique, puis lancer « ent registre verrouiller {brique} »",
        )


def _suite_croissante(verrou: Verrou) -> bool:
    """Chaque version diffère de la précédente, et aucun traitement ne revient en arrière."""
    if verrou.versions[-1]["traitements"] != _versions(verrou.declarations):
        return False
    for avant, apres in zip(verrou.versions, verrou.versions[1:], strict=False):
        meme = (avant["brique"], avant["traitements"]) == (apres["brique"], apres["traitements"])
        recule = any(v < avant["traitements"].get(c, 0) for c, v in apres["traitements"].items())
        if meme or recule or avant["empreinte"] == apres["empreinte"]:
            return False
    return True
