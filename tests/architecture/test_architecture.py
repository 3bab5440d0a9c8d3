"""Les règles de construction du dépôt, lues dans les fichiers eux-mêmes.

Les couches du noyau sont tenues par import-linter (``make verifier``) ; ici, ce qu'il ne voit pas.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
CODE = ("ent_core", "plugins", "schema_directeur")
TEXTES = {".cfg", ".css", ".html", ".in", ".js", ".md", ".po", ".py", ".sh", ".sql", ".toml", ".txt", ".yml"}
PRODUITS = {"__pycache__", "build", "dist", "node_modules", "test-results"}
HORLOGE = RACINE / "ent_core" / "socle" / "calendrier.py"


def fichiers(*dossiers: str, motif: str = "*") -> list[Path]:
    """Nos fichiers : ni environnement, ni cache, ni produit de construction, ni bibliothèque reprise."""
    trouves = []
    for dossier in dossiers:
        for chemin, sous_dossiers, noms in os.walk(RACINE / dossier):
            sous_dossiers[:] = [n for n in sous_dossiers if n == ".ci" or (n[0] != "." and n not in PRODUITS)]
            trouves += [Path(chemin) / nom for nom in noms if fnmatch(nom, motif) and ".min." not in nom]
    return sorted(trouves)


def textes() -> list[Path]:
    noms = {"Makefile", "LICENSE", "run", ".gitignore", ".editorconfig"}
    return [chemin for chemin in fichiers("") if chemin.suffix in TEXTES or chemin.name in noms]


def relatif(chemin: Path) -> str:
    return str(chemin.relative_to(RACINE))


def lignes_ou(motif: str, chemins: list[Path]) -> list[str]:
    cherche = re.compile(motif)
    return [
        f"{relatif(chemin)}:{numero}"
        for chemin in chemins
        for numero, ligne in enumerate(chemin.read_text("utf-8").splitlines(), 1)
        if cherche.search(ligne)
    ]


def importations(arbre: ast.AST) -> Iterator[str]:
    """Les modules importés à l'exécution : ce qui ne sert qu'aux types est à part."""
    for noeud in ast.iter_child_nodes(arbre):
        if isinstance(noeud, ast.If) and ast.unparse(noeud.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            continue
        if isinstance(noeud, ast.Import):
            yield from (alias.name for alias in noeud.names)
        elif isinstance(noeud, ast.ImportFrom) and not noeud.level:
            yield noeud.module or ""
        else:
            yield from importations(noeud)


def noms_et_textes(arbre: ast.AST) -> Iterator[str]:
    """Ce que le code nomme : identifiants et chaînes, sans les chaînes de documentation."""
    for noeud in ast.walk(arbre):
        match noeud:
            case ast.Name(id=nom) | ast.Attribute(attr=nom) | ast.arg(arg=nom):
                yield nom
            case ast.FunctionDef(name=nom) | ast.ClassDef(name=nom):
                yield nom
            case ast.Constant(value=str(texte)):
                yield texte
            case ast.Import() | ast.ImportFrom():
                yield ast.unparse(noeud)
            case _:
                pass


def sans_documentation(source: str) -> ast.Module:
    arbre = ast.parse(source)
    for noeud in ast.walk(arbre):
        corps = getattr(noeud, "body", None)
        if isinstance(corps, list):
            noeud.body = [  # type: ignore[attr-defined]  # tout nœud qui a un corps
                ligne
                for ligne in corps
                if not (isinstance(ligne, ast.Expr) and isinstance(ligne.value, ast.Constant))
            ]
    return arbre


def test_un_module_tient_en_400_lignes() -> None:
    longs = {
        relatif(chemin): nombre
        for chemin in fichiers(*CODE, motif="*.py")
        # Une révision de la base est un relevé : elle est longue comme les tables, et ne se découpe pas.
        if chemin.parent.name != "versions" and (nombre := len(chemin.read_text("utf-8").splitlines())) > 400
    }
    assert longs == {}


def test_aucun_module_fourre_tout() -> None:
    interdits = {"utils", "util", "helpers", "helper", "outils", "divers", "commun", "misc"}
    assert [relatif(c) for c in fichiers(*CODE, motif="*.py") if c.stem in interdits] == []


def test_seule_l_horloge_lit_l_heure_du_systeme() -> None:
    autres = [chemin for chemin in fichiers(*CODE, motif="*.py") if chemin != HORLOGE]
    assert lignes_ou(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(", autres) == []


def test_la_forme_d_un_uai_n_est_ecrite_qu_une_fois() -> None:
    autres = [c for c in fichiers(*CODE, motif="*.py") if relatif(c) != "ent_core/contrat/uai.py"]
    assert lignes_ou(r"(\[0-9\]|\\d)\{7\}\[?[A-Z]", autres) == []


def test_chaque_exemption_dit_sa_raison() -> None:
    chemins = fichiers(*CODE, "tests", motif="*.py")
    sans_raison = [
        *lignes_ou(r"#\s*n[o]qa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)*\s*(--?|—|#|:)\s*\S{2,})", chemins),
        *lignes_ou(r"#\s*type:\s*ig[n]ore(?!\[[\w, -]+\]\s*#\s*\S{2,})", chemins),
    ]
    assert sans_raison == []


def test_le_contrat_n_importe_que_la_bibliotheque_standard_et_pluggy() -> None:
    etrangers = {
        f"{relatif(chemin)} : {module}"
        for chemin in fichiers("ent_core/contrat", motif="*.py")
        for module in importations(ast.parse(chemin.read_text("utf-8")))
        if module.partition(".")[0] not in sys.stdlib_module_names | {"pluggy"}
        and not module.startswith("ent_core.contrat")
    }
    assert etrangers == set()


def test_le_noyau_ne_nomme_aucune_brique() -> None:
    briques = {"carnet", "livret", "cahier_textes"}
    briques |= {chemin.parent.name for chemin in RACINE.glob("plugins/*/pyproject.toml")}
    nomme = re.compile(rf"\b(ent_)?({'|'.join(sorted(briques))})\b")
    trouves = {
        f"{relatif(chemin)} : {texte!r}"
        for chemin in fichiers("ent_core", motif="*.py")
        for texte in noms_et_textes(sans_documentation(chemin.read_text("utf-8")))
        if nomme.search(texte)
    }
    assert trouves == set()


@pytest.mark.exigence("DISC-05")
@pytest.mark.parametrize("dossier", ["plugins", "schema_directeur"])
def test_une_brique_n_importe_que_la_facade(dossier: str) -> None:
    interdits = set()
    for chemin in fichiers(dossier, motif="*.py"):
        parties = chemin.relative_to(RACINE).parts
        soi = next((p for p in parties if p.startswith("ent_")), "")
        permis = ("ent_core.brique", "ent_core.essais") if "tests" in parties else ("ent_core.brique",)
        for module in importations(ast.parse(chemin.read_text("utf-8"))):
            racine = module.partition(".")[0]
            if racine == "ent_core":
                refuse = not any(module == p or module.startswith(f"{p}.") for p in permis)
            else:
                refuse = racine.startswith("ent_") and racine != soi and "tests" not in parties
            if refuse:
                interdits.add(f"{relatif(chemin)} : {module}")
    assert interdits == set()


def test_les_textes_sont_en_utf8_et_finissent_par_une_ligne() -> None:
    fautifs = []
    for chemin in textes():
        try:
            contenu = chemin.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            fautifs.append(f"{relatif(chemin)} : pas en UTF-8")
            continue
        if "\r" in contenu or (contenu and not contenu.endswith("\n")) or contenu.startswith("\ufeff"):
            fautifs.append(f"{relatif(chemin)} : fins de ligne")
    assert fautifs == []


def test_rien_ne_depend_d_une_machine_ni_d_un_depot_de_paquets() -> None:
    motif = (
        r"(?<![\w.])/(w[o]rk|r[o]ot|h[o]me/\w+)/|p[y]pi\.org|pythonh[o]sted|npmj[s]\.|debian\.[o]rg/debian"
    )
    assert lignes_ou(motif, textes()) == []


def test_un_essai_de_navigateur_se_reconnait_a_son_fichier() -> None:
    """« make test » ne cherche les essais de navigateur que là."""
    egares = [
        relatif(chemin)
        for chemin in fichiers("tests", "plugins", motif="test_*.py")
        if "playwright" in chemin.read_text("utf-8")
        and not (chemin.match("*navigateur.py") or "tests/navigateur/" in relatif(chemin))
        and chemin != Path(__file__).resolve()
    ]
    assert egares == []
