"""Les codes d'anomalie, relevés dans le code : chacun avec ses messages et ses remèdes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["codes", "erreurs"]

_CODE = re.compile(r"[A-Z]+-\d{3}")
_RACINE = Path(__file__).parents[1]


def codes() -> dict[str, list[tuple[str, str]]]:
    """Code → couples (message, remède), dans l'ordre des codes."""
    trouves: dict[str, list[tuple[str, str]]] = {}
    for fichier in sorted(_RACINE.rglob("*.py")):
        for code, message, remede in _releves(ast.parse(fichier.read_text(encoding="utf-8"))):
            cas = trouves.setdefault(code, [])
            if (message, remede) not in cas:
                cas.append((message, remede))
    return dict(sorted(trouves.items()))


def erreurs() -> list[tuple[str, int, str]]:
    """Erreurs montrées aux personnes : code, statut HTTP, première phrase de leur documentation."""
    corps: dict[str, tuple[list[str], dict[str, object], str]] = {}
    for fichier in sorted(_RACINE.rglob("*.py")):
        for noeud in ast.parse(fichier.read_text(encoding="utf-8")).body:
            if isinstance(noeud, ast.ClassDef):
                bases = [base.id for base in noeud.bases if isinstance(base, ast.Name)]
                dit = (ast.get_docstring(noeud) or "").partition("\n\n")[0].replace("\n", " ")
                corps[noeud.name] = (bases, _attributs(noeud), dit)

    def herite(nom: str, attribut: str) -> object:
        bases, attributs, _ = corps.get(nom, ([], {}, ""))
        return attributs.get(attribut) or next(filter(None, (herite(b, attribut) for b in bases)), None)

    return sorted(
        (str(attributs["code"]), int(str(herite(nom, "statut_http"))), dit)
        for nom, (_, attributs, dit) in corps.items()
        if str(attributs.get("code", "")).startswith("ENT-")
    )


def _attributs(noeud: ast.ClassDef) -> dict[str, object]:
    return {
        cible.id: ligne.value.value
        for ligne in noeud.body
        if isinstance(ligne, ast.Assign) and isinstance(ligne.value, ast.Constant)
        for cible in ligne.targets
        if isinstance(cible, ast.Name)
    }


def _releves(module: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Les appels ``Anomalie(code, lieu, message, remede)`` et les règles en tuple de la même forme."""
    constantes = {
        cible.id: noeud.value
        for noeud in module.body
        if isinstance(noeud, ast.Assign)
        for cible in noeud.targets
        if isinstance(cible, ast.Name)
    }
    for noeud in ast.walk(module):
        match noeud:
            case ast.Call(
                func=ast.Name(id="Anomalie"), args=[ast.Constant(value=str(code)), _, dit, faire, *_]
            ):
                yield code, _texte(dit, constantes), _texte(faire, constantes)
            case ast.Tuple(elts=[ast.Constant(value=str(code)), _, dit, faire]) if _CODE.fullmatch(code):
                yield code, _texte(dit, constantes), _texte(faire, constantes)
            case _:
                pass


def _texte(noeud: ast.expr, constantes: Mapping[str, ast.expr]) -> str:
    """Texte d'une expression ; ce qui n'est connu qu'à l'exécution devient « … »."""
    match noeud:
        case ast.Constant(value=str(texte)):
            return texte
        case ast.JoinedStr(values=morceaux):
            return "".join(_texte(morceau, constantes) for morceau in morceaux)
        case ast.Name(id=nom) if nom in constantes:
            return _texte(constantes[nom], constantes)
        case _:
            return "…"
