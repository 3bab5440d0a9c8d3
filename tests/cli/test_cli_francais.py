"""« ent » parle français d'un bout à l'autre, se trompe proprement, et son aide ne charge presque rien."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ent_core.cli.francais import PHRASES

from .conftest import Lancer

_ANGLAIS = re.compile(
    r"\b(usage:|the|show|missing|error|such|valid|invalid|does|exist|required|must|and exit)\b", re.I
)


def test_chaque_phrase_traduite_est_encore_une_phrase_de_click() -> None:
    """click a changé une phrase ? La traduire de nouveau."""
    paquet = Path(click.__file__).parent
    dites = {
        noeud.value
        for fichier in paquet.glob("*.py")
        for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8")))
        if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str)
    }
    assert set(PHRASES) <= dites


@pytest.mark.parametrize(
    ("arguments", "dit"),
    [
        (("--help",), "Montrer cette aide."),
        (("brique", "--help"), "et les établissements où elles sont ouvertes ce jour."),
        (("brique", "ouvrir", "--help"), "--du AAAA-MM-JJ"),
        (("demo", "--help"), "par défaut : 3"),
        (("brique",), "Usage : ent brique [OPTIONS] COMMANDE [ARGUMENTS]..."),
        (("briqe",), "Vouliez-vous dire « brique » ?"),
        (("brique", "nouvele"), "La commande « nouvele » n'existe pas."),
        (("brique", "ouvrir"), "Il manque l'argument 'NOM'."),
        (("brique", "ouvrir", "carnet", "--academi"), "L'option « --academi » n'existe pas."),
        (("brique", "ouvrir", "carnet", "--du", "demain"), "l'écrire ainsi : 2026-09-01."),
        (("taches", "rejouer", "x"), "« x » n'est pas un entier."),
        (("taches", "executer", "--simultanes", "99"), "99 sort des bornes"),
        (("importer", "aaf", "absent"), "Chemin introuvable : « absent »."),
        (("importer", "modele", "autre"), "« autre » n'en est pas ; au choix :"),
        (("etablissement", "voir", "0990001A", "encore"), "Cet argument est de trop : encore."),
    ],
)
def test_aide_et_mauvais_usage_se_disent_en_francais(
    ent: Lancer, arguments: tuple[str, ...], dit: str
) -> None:
    rendu = ent(*arguments)
    texte = rendu.sortie + rendu.erreur
    assert dit in re.sub(r"\s+", " ", texte)
    assert not _ANGLAIS.findall(texte)
    assert rendu.code == (0 if "--help" in arguments else 2)


def test_l_aide_n_importe_ni_flask_ni_la_base() -> None:
    programme = (
        "import sys; sys.argv = ['ent', '--help']\n"
        "from ent_core.cli import principal\n"
        "try: principal()\n"
        "finally: print(sorted({'flask', 'sqlalchemy', 'pluggy', 'rich'} & set(sys.modules)))"
    )
    fini = subprocess.run([sys.executable, "-c", programme], capture_output=True, text=True, check=True)  # noqa: S603 - écrit ici
    assert fini.stdout.splitlines()[-1] == "[]"
