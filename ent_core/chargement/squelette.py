"""Le squelette : écrire une brique neuve, complète et qui marche, à partir des gabarits du noyau."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from unicodedata import normalize

from ent_core import __version__
from ent_core.chargement.decouverte import installees
from ent_core.contrat.manifeste import FORME_IDENTIFIANT
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from ent_core.vie_privee.verrou import NOM_DU_VERROU, sceller

__all__ = ["RESERVES", "charger_dans", "ecrire", "installateur", "installer", "valider", "valider_titre"]

RESERVES = frozenset(
    "admin api base brique compte configuration connexion core demo dev docs ent etablissement importer"
    " mesures noyau personne pret registre sante servir static statique taches test tests theme"
    " verifier".split()
)
"""Noms d'adresses, de commandes ou de paquets que le noyau emploie déjà."""

_AUTRE_NOM = "choisir un nom qui dit ce que la brique apporte, par exemple « mots_du_jour »."

_MARQUE = "NOM"
"""Dans un nom de fichier de gabarit, la place de l'identifiant."""

_SUFFIXE = ".txt"
"""Un gabarit n'est pas du code : il porte ce suffixe, ôté à l'écriture."""


def valider(nom: str, dossier: Path) -> None:
    """Refuse un identifiant mal formé, réservé au noyau ou à Python, ou déjà pris.

    :param nom: identifiant voulu.
    :param dossier: dossier des briques.
    :raises DonneeInvalide: mal formé ou réservé.
    :raises OperationRefusee: déjà pris.
    """
    if not FORME_IDENTIFIANT.fullmatch(nom):
        sans_accent = normalize("NFKD", nom.lower()).encode("ascii", "ignore").decode()
        propose = re.sub(r"[^a-z0-9]+", "_", sans_accent).strip("_0123456789")
        indice = f" Par exemple : {propose}." if FORME_IDENTIFIANT.fullmatch(propose) else ""
        raise DonneeInvalide(
            f"« {nom} » ne peut pas nommer une brique.",
            remede="de 3 à 31 lettres minuscules sans accent, chiffres et soulignés,"
            f" en commençant par une lettre.{indice}",
        )
    if nom in RESERVES:
        raise DonneeInvalide(f"« {nom} » est réservé au noyau.", remede=_AUTRE_NOM)
    if keyword.iskeyword(nom) or nom in keyword.softkwlist:
        raise DonneeInvalide(f"« {nom} » est un mot de Python.", remede=_AUTRE_NOM)
    if nom in sys.stdlib_module_names:
        raise DonneeInvalide(f"« {nom} » est un module de Python.", remede=_AUTRE_NOM)
    if nom in installees() or importlib.util.find_spec(f"ent_{nom}") is not None:
        raise OperationRefusee(
            f"une brique « {nom} » est déjà installée ici.",
            remede="choisir un autre nom ; « ent brique lister » montre les briques installées.",
            lieu=sys.prefix,
        )
    if (dossier / nom).exists():
        raise OperationRefusee(
            "ce dossier existe déjà ; rien n'y est écrit.",
            remede="choisir un autre nom, ou un autre dossier avec --dossier.",
            lieu=str(dossier / nom),
        )


def valider_titre(titre: str) -> None:
    """Refuse un titre qui casserait un gabarit.

    :param titre: nom montré aux personnes.
    :raises DonneeInvalide: vide, trop long, ou avec un caractère de code.
    """
    if not titre.strip() or len(titre) > 40 or re.search(r'["\\{}<>$\n\r]', titre):
        raise DonneeInvalide(
            "ce titre ne convient pas.",
            remede="de 1 à 40 caractères, sans guillemet droit, accolade, chevron, dollar ni barre inverse.",
        )


def ecrire(nom: str, dossier: Path, titre: str | None = None) -> Path:
    """Écrit une brique complète, tout ou rien.

    :param nom: identifiant.
    :param dossier: dossier des briques ; créé au besoin.
    :param titre: nom montré aux personnes ; par défaut, tiré de l'identifiant.
    :returns: le dossier de la brique.
    :raises DonneeInvalide: identifiant ou titre refusé.
    :raises OperationRefusee: identifiant déjà pris, ou dossier où l'on ne peut pas écrire.
    """
    valider(nom, dossier)
    montre = nom.replace("_", " ").capitalize() if titre is None else titre.strip()
    valider_titre(montre)
    majeure, mineure = __version__.split(".")[:2]
    valeurs = {
        "nom": nom,
        "titre": montre,
        "distribution": f"ent-{nom.replace('_', '-')}",
        # Alembic garde 32 caractères d'une révision ; chaque brique a sa propre table de version.
        "revision": f"{nom[:27].rstrip('_')}_0001",
        "noyau_minimum": f"{majeure}.{mineure}.dev0",
        "noyau_suivant": str(int(majeure) + 1),
    }
    racine, brouillon = dossier / nom, dossier / f".{nom}.brouillon"
    try:
        shutil.rmtree(brouillon, ignore_errors=True)
        _copier(files("ent_core") / "squelette", brouillon, valeurs)
        sceller(brouillon / NOM_DU_VERROU)
        brouillon.rename(racine)
    except OSError as erreur:
        shutil.rmtree(brouillon, ignore_errors=True)
        raise OperationRefusee(
            "le dossier ne peut pas être écrit.",
            remede="vérifier ses droits et la place du disque, ou choisir un autre dossier avec --dossier.",
            lieu=str(dossier),
        ) from erreur
    return racine


def _copier(source: Traversable, cible: Path, valeurs: dict[str, str]) -> None:
    cible.mkdir(parents=True)
    for element in source.iterdir():
        chemin = cible / element.name.removesuffix(_SUFFIXE).replace(_MARQUE, valeurs["nom"])
        if element.is_dir():
            _copier(element, chemin, valeurs)
        elif element.name.endswith(_SUFFIXE):
            texte = element.read_text(encoding="utf-8")
            chemin.write_text(Template(texte).substitute(valeurs), encoding="utf-8")


def installateur() -> list[str]:
    """Commande d'installation de l'environnement : uv du Makefile, uv de la machine, ou pip.

    :raises OperationRefusee: il manque l'outil d'installation, ou celui de construction.
    """
    locaux = (Path(sys.prefix) / "bin" / "uv", Path(sys.prefix).parent / ".outils" / "bin" / "uv")
    uv = next((str(chemin) for chemin in locaux if chemin.is_file()), None) or shutil.which("uv")
    manquants = [m for m in ("hatchling", "editables") if importlib.util.find_spec(m) is None]
    if uv is None and importlib.util.find_spec("pip") is None:
        manquants.append("uv")
    if manquants:
        raise OperationRefusee(
            f"il manque {' et '.join(manquants)} pour installer la brique ; rien n'est écrit.",
            remede=f"installer {' '.join(manquants)} dans cet environnement, ou ajouter --sans-installer.",
            lieu=sys.prefix,
        )
    if uv:
        return [uv, "pip", "install", "--quiet", "--offline", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]


def installer(racine: Path, commande: Sequence[str]) -> None:
    """Installe une brique en place dans l'environnement courant, sans réseau.

    :param racine: dossier qui contient ``pyproject.toml``.
    :param commande: rendue par ``installateur``.
    :raises OperationRefusee: l'installation échoue ; la brique reste écrite.
    """
    ordre = [*commande, "--no-deps", "--no-build-isolation", "--editable", str(racine)]
    fini = subprocess.run(ordre, capture_output=True, text=True, check=False)  # noqa: S603 - composée ici
    if fini.returncode:
        raise OperationRefusee(
            f"la brique est écrite, mais son installation échoue :\n{fini.stderr.strip()[-800:]}",
            remede=f"corriger ce qui est dit, puis relancer : {shlex.join(ordre)}",
            lieu=str(racine),
        )


def charger_dans(fichier: Path, nom: str, deja: Collection[str]) -> bool:
    """Ajoute une brique à ``[briques] chargees`` d'un fichier de configuration, sans toucher au reste.

    :param fichier: fichier TOML ; créé s'il n'existe pas, réglé pour un essai sur cette machine.
    :param nom: identifiant de la brique.
    :param deja: briques que le fichier charge déjà.
    :returns: faux si le fichier est écrit d'une façon que l'on n'ose pas modifier.
    """
    if nom in deja:
        return True
    ligne = f"chargees = {_liste([*deja, nom])}"
    if not fichier.exists():
        fichier.write_text(
            f"# Essai sur cette machine, en HTTP.\n\n[serveur]\nsecurise = false\n\n[briques]\n{ligne}\n",
            encoding="utf-8",
        )
        return True
    ancien = fichier.read_text(encoding="utf-8")
    if "chargees" in tomllib.loads(ancien).get("briques", {}):
        nouveau = re.sub(r"(?ms)^chargees[ \t]*=[ \t]*\[[^\]]*\]", ligne, ancien, count=1)
    elif re.search(r"(?m)^\[briques\][ \t]*$", ancien):
        nouveau = re.sub(r"(?m)^\[briques\][ \t]*$", f"[briques]\n{ligne}", ancien, count=1)
    else:
        nouveau = f"{ancien.rstrip()}\n\n[briques]\n{ligne}\n"
    if not _seule_difference(ancien, nouveau, [*deja, nom]):
        return False
    fichier.write_text(nouveau, encoding="utf-8")
    return True


def _liste(noms: Collection[str]) -> str:
    return "[" + ", ".join(f'"{nom}"' for nom in noms) + "]"


def _seule_difference(ancien: str, nouveau: str, chargees: list[str]) -> bool:
    """Relit les deux textes : rien d'autre que la liste des briques ne doit avoir changé."""
    try:
        avant, apres = tomllib.loads(ancien), tomllib.loads(nouveau)
    except tomllib.TOMLDecodeError:
        return False
    avant.setdefault("briques", {})["chargees"] = chargees
    return avant == apres
