"""L'examen des sources d'une brique : imports, gabarits, styles, et ce qui reste à écrire.

Rien n'est exécuté : les fichiers sont lus. Une brique ne voit du noyau que ``ent_core.brique``, et dans
ses essais ``ent_core.essais`` ; jamais une autre brique.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ent_core.contrat.resultats import Anomalie, Niveau

__all__ = ["MARQUE", "documents", "examiner", "racine_de"]

MARQUE = "À COMPLÉTER"
"""Ce que le squelette laisse à écrire : un avertissement à l'essai, une erreur en production."""

_TEXTES = {".css", ".html", ".md", ".py", ".toml", ".txt", ".xml"}

_GABARITS: tuple[tuple[str, re.Pattern[str], str, str], ...] = (
    (
        "GABARIT-002",
        re.compile(r"<style\b|\sstyle\s*=|<script\b(?![^>]*\bsrc\s*=)|\son[a-z]+\s*=|javascript:", re.I),
        "script ou style en ligne : la politique de contenu le bloque",
        "écrire un fichier dans static/ et le nommer dans le bloc « tete » de la page",
    ),
    (
        "GABARIT-003",
        re.compile(r'\b(?:color|bgcolor|fill|stroke)\s*=\s*"(?!none|currentColor|var\()', re.I),
        "couleur en dur : elle ne suit ni le thème sombre ni le contraste renforcé",
        "employer une macro de ui/, ou un jeton var(--…)",
    ),
)
_EXPRESSIONS: tuple[tuple[str, re.Pattern[str], str, str], ...] = (
    (
        "GABARIT-002",
        re.compile(r"""["'](?:on(?:blur|change|click|error|focus|input|key\w+|load|submit)|style)["']\s*:"""),
        "script ou style en ligne, donné en attribut",
        "employer une classe, ou un fichier dans static/",
    ),
    (
        "GABARIT-004",
        re.compile(r"\|\s*safe\b|autoescape\s+false"),
        "échappement retiré : un texte saisi par une personne pourrait devenir du code",
        "laisser Jinja échapper ; rendre des données, jamais du HTML",
    ),
)
_COULEUR_CSS = re.compile(r":[^;{}]*(#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab|lch|hwb)a?\()")


def racine_de(paquet: Path) -> Path | None:
    """Dossier de travail d'une brique, celui de son ``pyproject.toml`` ; ``None`` si elle n'est pas en place.

    :param paquet: dossier du paquet importable.
    """
    return paquet.parent if (paquet.parent / "pyproject.toml").is_file() else None


_DETOURS = frozenset(
    "cursor exec_driver_sql raw_connection driver_connection dbapi_connection literal_column compiles".split()
)
"""Ce qu'aucune brique n'a lieu d'employer : la base le verrait encore, le portillon non."""


def examiner(paquet: Path, identifiant: str, *, production: bool = False) -> list[Anomalie]:
    """Examine toutes les sources d'une brique.

    :param paquet: dossier du paquet importable (``ent_<identifiant>``).
    :param identifiant: identifiant de la brique.
    :param production: vrai pour refuser ce qui reste à compléter.
    :returns: toutes les anomalies, par fichier.
    """
    racine = racine_de(paquet)
    essais = racine / "tests" if racine else None
    fichiers = list(_fichiers(paquet)) + (list(_fichiers(essais)) if essais else [])
    anomalies: list[Anomalie] = []
    for fichier in fichiers:
        lieu = str(fichier.relative_to(paquet.parent))
        if fichier.suffix == ".py":
            en_essai = essais is not None and essais in fichier.parents
            anomalies += _imports(fichier, lieu, identifiant, en_essai=en_essai)
        elif fichier.suffix == ".css":
            anomalies += _style(fichier, lieu)
        elif fichier.suffix in {".html", ".xml"}:
            anomalies += _gabarit(fichier, lieu)
    anomalies += _rangement(paquet, identifiant)
    hors_paquet = [racine / nom for nom in ("pyproject.toml", "README.md")] if racine else []
    anomalies += _marques([*fichiers, *hors_paquet], paquet.parent, production=production)
    return anomalies


def documents(paquet: Path) -> Iterator[Anomalie]:
    """Ce qu'un dépôt de brique doit dire de lui-même ; rien n'est demandé à une brique déjà empaquetée.

    :param paquet: dossier du paquet importable.
    """
    racine = racine_de(paquet)
    for nom in ("README.md", "CHANGELOG.md"):
        if racine and not (racine / nom).is_file():
            yield Anomalie(
                "DOC-001",
                f"{racine.name}/{nom}",
                "ce fichier manque",
                "dire ce que la brique apporte et à qui (README.md), et ce que chaque version change"
                " (CHANGELOG.md)",
            )


def _fichiers(dossier: Path) -> Iterator[Path]:
    for fichier in sorted(dossier.rglob("*")):
        if fichier.is_file() and fichier.suffix in _TEXTES and "__pycache__" not in fichier.parts:
            yield fichier


def _imports(fichier: Path, lieu: str, identifiant: str, *, en_essai: bool) -> Iterator[Anomalie]:
    try:
        arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as erreur:
        yield Anomalie("FACADE-000", lieu, f"fichier illisible ({type(erreur).__name__})", "le corriger")
        return
    permis = ("ent_core.brique", "ent_core.essais") if en_essai else ("ent_core.brique",)
    for ligne, module, noms in _importes(arbre):
        ou, racine = f"{lieu}, ligne {ligne}", module.partition(".")[0]
        complets = [module, *(f"{module}.{nom}" for nom in noms)]
        if racine == "ent_core" and not any(_dans(c, p) for c in complets for p in permis):
            yield Anomalie(
                "FACADE-001",
                ou,
                f"elle importe {module}, qui n'est pas la façade",
                f"importer depuis {' ou '.join(permis)}",
            )
        elif racine.startswith("ent_") and racine not in {"ent_core", f"ent_{identifiant}"}:
            yield Anomalie(
                "FACADE-002",
                ou,
                f"elle importe une autre brique ({racine})",
                "passer par le noyau : un événement, ou un contrat que l'une offre et que l'autre demande",
            )
        elif module.startswith("sqlalchemy") and "text" in noms and "migrations" not in lieu:
            yield Anomalie(
                "FACADE-003",
                ou,
                "elle écrit du SQL en texte, que le noyau ne peut pas contrôler",
                "écrire l'énoncé avec select(…), insert(…), update(…) sur les tables déclarées",
            )
    if "migrations" not in lieu and not en_essai:
        yield from _detours(arbre, lieu)


def _detours(arbre: ast.AST, lieu: str) -> Iterator[Anomalie]:
    """Ce qui passe à côté du portillon : curseur du pilote, SQL en toutes lettres, compilation détournée."""
    for noeud in ast.walk(arbre):
        noms = [noeud.attr] if isinstance(noeud, ast.Attribute) else []
        if isinstance(noeud, ast.ImportFrom) and (noeud.module or "").startswith("sqlalchemy"):
            noms = [alias.name for alias in noeud.names]
        for nom in _DETOURS.intersection(noms):
            yield Anomalie(
                "FACADE-004",
                f"{lieu}, ligne {getattr(noeud, 'lineno', 0)}",
                f"elle emploie {nom}, qui passe à côté du portillon",
                "écrire l'énoncé avec select(…), insert(…), update(…) sur les tables déclarées",
            )


def _importes(arbre: ast.AST) -> Iterator[tuple[int, str, list[str]]]:
    for noeud in ast.walk(arbre):
        if isinstance(noeud, ast.Import):
            for alias in noeud.names:
                yield noeud.lineno, alias.name, []
        elif isinstance(noeud, ast.ImportFrom) and not noeud.level:
            yield noeud.lineno, noeud.module or "", [alias.name for alias in noeud.names]


def _dans(module: str, permis: str) -> bool:
    return module == permis or module.startswith(f"{permis}.")


def _gabarit(fichier: Path, lieu: str) -> Iterator[Anomalie]:
    texte = _masquer(fichier.read_text(encoding="utf-8"), r"\{#.*?#\}")
    yield from _chercher(texte, lieu, _EXPRESSIONS)
    yield from _chercher(_masquer(texte, r"\{%.*?%\}|\{\{.*?\}\}"), lieu, _GABARITS)


def _style(fichier: Path, lieu: str) -> Iterator[Anomalie]:
    texte = _masquer(fichier.read_text(encoding="utf-8"), r"/\*.*?\*/")
    for trouve in _COULEUR_CSS.finditer(texte):
        yield Anomalie(
            "GABARIT-003",
            f"{lieu}, ligne {_ligne(texte, trouve.start(1))}",
            "couleur en dur : elle ne suit ni le thème sombre ni le contraste renforcé",
            "employer un jeton var(--…)",
        )


def _chercher(
    texte: str, lieu: str, regles: Iterable[tuple[str, re.Pattern[str], str, str]]
) -> Iterator[Anomalie]:
    for code, motif, message, remede in regles:
        for trouve in motif.finditer(texte):
            yield Anomalie(code, f"{lieu}, ligne {_ligne(texte, trouve.start())}", message, remede)


def _masquer(texte: str, motif: str) -> str:
    """Blanchit ce qui n'est pas à lire, en gardant les lignes."""
    return re.sub(motif, lambda m: re.sub(r"[^\n]", " ", m[0]), texte, flags=re.DOTALL)


def _ligne(texte: str, position: int) -> int:
    return texte.count("\n", 0, position) + 1


def _rangement(paquet: Path, identifiant: str) -> Iterator[Anomalie]:
    for dossier in ("templates", "static"):
        for fichier in sorted((paquet / dossier).rglob("*")):
            chemin = fichier.relative_to(paquet)
            if fichier.is_file() and chemin.parts[1] != identifiant:
                yield Anomalie(
                    "GABARIT-001",
                    f"{paquet.name}/{chemin}",
                    "il pourrait prendre la place d'un fichier du noyau ou d'une autre brique",
                    f"le ranger dans {dossier}/{identifiant}/",
                )


def _marques(fichiers: Iterable[Path], racine: Path, *, production: bool) -> Iterator[Anomalie]:
    for fichier in fichiers:
        if not fichier.is_file():
            continue
        for numero, ligne in enumerate(fichier.read_text(encoding="utf-8").splitlines(), 1):
            if MARQUE in ligne:
                yield Anomalie(
                    "MARQUE-001",
                    f"{fichier.relative_to(racine)}, ligne {numero}",
                    "il reste à compléter",
                    "écrire ce que la ligne demande, puis ôter la marque",
                    Niveau.ERREUR if production else Niveau.AVERTISSEMENT,
                )
