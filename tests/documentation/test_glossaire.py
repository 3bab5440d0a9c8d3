"""Le glossaire tient la langue du code : tout y est, tout y est vrai, un terme n'a qu'un nom."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
GLOSSAIRE = RACINE / "docs" / "reference" / "glossaire.md"
SOURCES = ("ent_core", "plugins", "schema_directeur")
ENTETES = ["Terme", "Nom dans le code", "Source", "Anglais", "Synonymes interdits"]

IMPOSES = {
    ".PluginManager": "pluggy",
    ".PluginValidationError": "pluggy",
    ".plugin": "pluggy",
    "pytest_plugins": "pytest",
    ".import_plugin": "pytest",
    "scope": "paramètre de pytest.fixture",
    ".parent": "pathlib : le dossier d'un chemin",
    ".parents": "pathlib : les dossiers d'un chemin",
    "parents": "paramètre de Path.mkdir",
    "BasePlugin": "apispec",
    "MarshmallowPlugin": "apispec",
    ".parent_process": "multiprocessing",
    ".user_agent": "werkzeug",
    "user": "paramètre de subprocess.run",
    "UserVerificationRequirement": "webauthn",
    ".users": "pysaml2",
    "user_verification": "webauthn",
    "require_user_verification": "webauthn",
    "user_id": "webauthn",
    "user_name": "webauthn",
    ".substitute": "string.Template",
    "DELEGUE_PARENTS": "nom légal du mandat",
    ".DELEGUE_PARENTS": "nom légal du mandat",
    "EXCLUSION_DE_LA_CLASSE": "nom légal de la sanction (R. 511-13)",
    ".EXCLUSION_DE_LA_CLASSE": "nom légal de la sanction (R. 511-13)",
    "MES_CLASSES": "portée montrée aux personnes, dans leurs mots",
    ".MES_CLASSES": "portée montrée aux personnes, dans leurs mots",
    "MA_CLASSE_PRINCIPALE": "portée montrée aux personnes, dans leurs mots",
    ".MA_CLASSE_PRINCIPALE": "portée montrée aux personnes, dans leurs mots",
}
"""Identifiants qu'une bibliothèque ou un texte impose (précédés d'un point : lus sur un objet)."""

TOLERES = {
    "ent_core/chargement/ouvrier.py": {"parent": "le processus qui a lancé l'ouvrier"},
    "ent_core/demo/ecriture_aaf.py": {"classes": "attributs ENTEleveClasses et ENTAuxEnsClasses"},
    "ent_core/demo/ecriture_sts.py": {"parent": "nœud XML"},
    "ent_core/demo/eleves.py": {
        "_AGE_DE_PARENT": "une famille inventée a de vrais parents",
        "_agents_parents": "une famille inventée a de vrais parents",
        "._agents_parents": "une famille inventée a de vrais parents",
        "parent": "une famille inventée a de vrais parents",
        ".TUTEUR": "lien « tuteur » de l'annuaire",
    },
    "ent_core/demo/familles.py": {
        "_parent": "une famille inventée a de vrais parents",
        "_parents": "une famille inventée a de vrais parents",
        "parent": "une famille inventée a de vrais parents",
        "_TUTEUR": "lien « tuteur » de l'annuaire",
        "TUTEUR": "lien « tuteur » de l'annuaire",
        ".TUTEUR": "lien « tuteur » de l'annuaire",
        "tuteur": "lien « tuteur » de l'annuaire",
    },
    "ent_core/donnees/releve.py": {
        "get_statement_hint_text": "méthode de SQLAlchemy",
        ".get_statement_hint_text": "méthode de SQLAlchemy",
    },
    "ent_core/donnees/session.py": {"classe": "une classe Python"},
    "ent_core/identite/aaf/champs.py": {
        "_dates_classes": "attribut ENTEleveClasses",
        "classe": "composante de l'attribut",
    },
    "ent_core/identite/etablissements.py": {"classes": "à renommer en divisions"},
    "ent_core/identite/regles_secret.py": {"classes": "classes de caractères"},
    "ent_core/identite/tableur/champs.py": {"_CLASSE": "en-têtes des listes reçues"},
    "ent_core/web/api/schemas.py": {"classes": "à renommer en divisions"},
}
"""Par fichier, identifiants qui portent un mot interdit, et pourquoi. La liste ne fait que raccourcir."""


@dataclass(frozen=True, slots=True)
class Terme:
    """Une ligne du glossaire."""

    terme: str
    noms: tuple[str, ...]
    anglais: str
    interdits: tuple[str, ...]


def codes(cellule: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cellule))


@cache
def termes() -> tuple[Terme, ...]:
    lus = []
    for ligne in GLOSSAIRE.read_text("utf-8").splitlines():
        cellules = [cellule.strip() for cellule in ligne.strip("|").split("|")]
        if not ligne.startswith("|") or cellules == ENTETES or set(ligne) <= {"|", "-"}:
            continue
        assert len(cellules) == len(ENTETES), ligne
        lus.append(Terme(cellules[0], codes(cellules[1]), cellules[3].strip("*"), codes(cellules[4])))
    return tuple(lus)


def modules() -> Iterator[tuple[Path, str]]:
    for dossier in SOURCES:
        for chemin in sorted((RACINE / dossier).rglob("*.py")):
            if "tests" not in chemin.relative_to(RACINE).parts:
                yield chemin, chemin.read_text("utf-8")


@cache
def tables() -> dict[str, str]:
    """Classe → table, pour tout ce qui donne un ``__tablename__``."""
    trouvees = {}
    for _, source in modules():
        for classe in ast.walk(ast.parse(source)) if "__tablename__" in source else ():
            for ligne in classe.body if isinstance(classe, ast.ClassDef) else ():
                match ligne:
                    case ast.Assign(
                        targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str(table))
                    ):
                        trouvees[classe.name] = table  # type: ignore[attr-defined]  # une ClassDef, vu la boucle
    return trouvees


@cache
def identifiants() -> dict[str, set[str]]:
    """Identifiant → fichiers ; un point le précède quand il est lu sur un objet."""
    trouves: dict[str, set[str]] = {}
    for chemin, source in modules():
        precedent = ""
        for jeton in tokenize.generate_tokens(io.StringIO(source).readline):
            if jeton.type == tokenize.NAME and not keyword.iskeyword(jeton.string):
                nom = ("." if precedent == "." else "") + jeton.string
                trouves.setdefault(nom, set()).add(str(chemin.relative_to(RACINE)))
            precedent = jeton.string
    return trouves


def mots(identifiant: str) -> set[str]:
    """« mes_classes » et « MesClasses » donnent « mes », « classe » et « classes »."""
    trouves = {
        mot.lower() for mot in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifiant) if len(mot) > 1
    }
    return trouves | {mot.removesuffix("s") for mot in trouves}


def test_chaque_classe_et_chaque_table_est_au_glossaire() -> None:
    noms = {nom for terme in termes() for nom in terme.noms}
    absents = {f"{classe} ({table})" for classe, table in tables().items() if not {classe, table} <= noms}
    assert len(tables()) > 20
    assert absents == set()


def test_chaque_nom_du_glossaire_existe_dans_le_code() -> None:
    connus = {nom.lstrip(".") for nom in identifiants()} | set(tables().values())
    textes = {
        noeud.value
        for _, source in modules()
        for noeud in ast.walk(ast.parse(source))
        if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str)
    }
    inventes = {
        nom
        for terme in termes()
        for nom in terme.noms
        if nom not in connus and nom not in textes and not set(nom.split(".")) <= connus
    }
    assert inventes == set()


def test_un_nom_ne_designe_qu_un_terme() -> None:
    noms = [nom for terme in termes() for nom in terme.noms]
    assert sorted({nom for nom in noms if noms.count(nom) > 1}) == []


def test_chaque_terme_a_son_anglais_et_aucun_n_est_a_la_fois_permis_et_interdit() -> None:
    assert [terme.terme for terme in termes() if not terme.anglais] == []
    interdits = {mot for terme in termes() for mot in terme.interdits}
    permis = {nom.lower() for terme in termes() for nom in terme.noms}
    assert interdits & permis == set()


def fautifs() -> dict[str, set[str]]:
    """Fichier → identifiants qui portent un mot interdit."""
    interdits = {mot for terme in termes() for mot in terme.interdits}
    trouves: dict[str, set[str]] = {}
    for nom, fichiers in identifiants().items():
        for fichier in fichiers if mots(nom) & interdits else ():
            trouves.setdefault(fichier, set()).add(nom)
    return trouves


def test_aucun_identifiant_ne_porte_un_synonyme_interdit() -> None:
    nouveaux = {
        fichier: sorted(reste)
        for fichier, noms in fautifs().items()
        if (reste := noms - set(IMPOSES) - set(TOLERES.get(fichier, ())))
    }
    assert nouveaux == {}, "employer le nom du glossaire, ou dire ici pourquoi on ne le peut pas"


@pytest.mark.long
def test_chaque_exception_sert_encore() -> None:
    presents = fautifs()
    assert set(IMPOSES) - set().union(*presents.values()) == set()
    inutiles = {
        fichier: sorted(reste)
        for fichier, noms in TOLERES.items()
        if (reste := set(noms) - presents.get(fichier, set()))
    }
    assert inutiles == {}
