"""La documentation se tient : liens, pages atteintes, accents, commandes citées."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from ent_core.chargement.decouverte import installees
from ent_core.cli import ent

RACINE = Path(__file__).resolve().parents[2]
DOCS = RACINE / "docs"
IGNORES = {"node_modules", "build", "dist", "test-results"}

SANS_ACCENT = """
    academie acces activite annee apres cle controle creneau decembre decision deja donnee ecole ecran eleve
    equipe etablissement etat etre evenement execute fevrier fonctionnalite francais generer identite
    journee matiere meme memoire modele numero periode plutot premiere prepare probleme propriete
    qualite regle requete reference role scolarite securite serie specifique systeme telephone tres
    verifier verification voila
"""
"""Mots courants, écrits ici sans leurs accents : les pages ne les portent pas ainsi."""

# Coupés, pour que cette page ne les porte pas.
ETRANGERS = r"/w[o]rk/|/r[o]ot/|/h[o]me/\w|/U[s]ers/|\bp[r]ompts?\b|\bL[L]M\b"


@cache
def pages() -> tuple[Path, ...]:
    trouvees = (
        chemin
        for chemin in RACINE.rglob("*.md")
        if not any(p.startswith(".") or p in IGNORES for p in chemin.relative_to(RACINE).parts)
    )
    return tuple(sorted(trouvees))


def relatif(chemin: Path) -> str:
    return str(chemin.relative_to(RACINE))


def sans_code(texte: str) -> str:
    """Le texte seul : les blocs et les mots de code sont effacés, les lignes gardées."""
    texte = re.sub(
        r"^(```|~~~).*?^\1[^\n]*$", lambda m: "\n" * m[0].count("\n"), texte, flags=re.DOTALL | re.MULTILINE
    )
    return re.sub(r"(`+)[^`].*?\1", "", texte)


@cache
def liens(page: Path) -> tuple[str, ...]:
    """Cibles internes d'une page."""
    cibles = re.findall(r"(?<!\\)\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", sans_code(page.read_text("utf-8")))
    return tuple(cible for cible in cibles if not urlsplit(cible).scheme)


@cache
def ancres(page: Path) -> frozenset[str]:
    """Ancres des titres, formées comme le font les forges : minuscules, accents gardés, espaces en tirets."""
    trouvees: set[str] = set()
    contenu = page.read_text("utf-8")
    for titre in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", _sans_bloc(contenu), flags=re.MULTILINE):
        texte = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", titre).lower()
        base = ancre = re.sub(r"[^\w\- ]", "", texte).replace(" ", "-")
        rang = 0
        while ancre in trouvees:
            rang += 1
            ancre = f"{base}-{rang}"
        trouvees.add(ancre)
    return frozenset(trouvees | set(re.findall(r"<a id=\"([^\"]+)\"", contenu)))


def _sans_bloc(texte: str) -> str:
    return re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", texte, flags=re.DOTALL | re.MULTILINE)


def cible_de(page: Path, lien: str) -> tuple[Path, str]:
    morceaux = urlsplit(lien)
    chemin = unquote(morceaux.path)
    return ((page.parent / chemin).resolve() if chemin else page), unquote(morceaux.fragment)


@pytest.mark.parametrize("chemin", pages(), ids=relatif)
def test_chaque_lien_interne_mene_quelque_part(chemin: Path) -> None:
    perdus = []
    for lien in liens(chemin):
        cible, ancre = cible_de(chemin, lien)
        if not cible.is_relative_to(RACINE) or not cible.exists():
            perdus.append(f"{lien} : fichier absent")
        elif ancre and (cible.suffix != ".md" or ancre not in ancres(cible)):
            perdus.append(f"{lien} : titre absent")
    assert perdus == []


def test_chaque_page_s_atteint_depuis_l_index() -> None:
    vues, a_voir = set(), [DOCS / "README.md"]
    while a_voir:
        page = a_voir.pop()
        if page in vues or not page.exists():
            continue
        vues.add(page)
        a_voir += [c for c, _ in (cible_de(page, lien) for lien in liens(page)) if c.suffix == ".md"]
    assert [relatif(page) for page in pages() if page.is_relative_to(DOCS) and page not in vues] == []


def test_l_accueil_du_depot_mene_a_la_documentation() -> None:
    for accueil in ("README.md", "README.en.md"):
        page = RACINE / accueil
        assert DOCS / "README.md" in {cible for cible, _ in (cible_de(page, lien) for lien in liens(page))}


def test_les_mots_courants_portent_leurs_accents() -> None:
    nus = set(SANS_ACCENT.split())
    assert all(mot == unicodedata.normalize("NFKD", mot).encode("ascii", "ignore").decode() for mot in nus)
    formes = nus | {f"{mot}s" for mot in nus}
    trouves = [
        f"{relatif(page)}:{numero} : {mot}"
        for page in pages()
        if page.name != "README.en.md"
        for numero, ligne in enumerate(_texte_seul(page).splitlines(), 1)
        for mot in re.findall(r"[^\W\d_]+", ligne)
        if mot.lower() in formes
    ]
    assert trouves == []


def _texte_seul(page: Path) -> str:
    """Ni code, ni adresse, ni chemin, ni nom de fichier ; ni italique, qui dit l'anglais."""
    texte = re.sub(r"\]\([^)]*\)|<[^>]*>|https?://\S+", "", sans_code(page.read_text("utf-8")))
    texte = re.sub(r"(?<!\*)\*[^*\n]+\*(?!\*)", "", texte)
    return re.sub(r"\S*[\w-][/_.][\w/]\S*", "", texte)


def test_rien_n_y_nomme_un_outil_prive_ni_le_dossier_d_une_machine() -> None:
    trouves = [
        f"{relatif(page)}:{numero}"
        for page in pages()
        for numero, ligne in enumerate(page.read_text("utf-8").splitlines(), 1)
        if re.search(ETRANGERS, ligne, flags=re.IGNORECASE)
    ]
    assert trouves == []


def test_les_decisions_sont_datees_et_disent_leurs_consequences() -> None:
    decisions = [page for page in (DOCS / "decisions").glob("*.md") if page.name != "README.md"]
    assert decisions
    for page in decisions:
        titres = re.findall(r"^## (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d-[a-z0-9-]+\.md", page.name), page.name
        assert titres == ["Contexte", "Décision", "Conséquences"], page.name


def commandes_citees() -> Iterator[tuple[Path, str]]:
    """« ent … » dans un bloc de commandes, ou seul entre accents graves."""
    for page in pages():
        texte = page.read_text("utf-8")
        for _, bloc in re.findall(r"^```(\w*)\n(.*?)^```$", texte, flags=re.DOTALL | re.MULTILINE):
            for ligne in bloc.splitlines():
                if trouvee := re.match(r"\s*(?:\$ )?(?:\S*/bin/)?ent ([a-z].*)", ligne):
                    yield page, trouvee[1]
        for citee in re.findall(r"`ent ([a-z][^`…]*)`", _sans_bloc(texte)):
            yield page, citee


def test_chaque_commande_citee_existe_avec_ses_options() -> None:
    fautes = {
        f"{relatif(page)} : ent {citee} : {faute}"
        for page, citee in commandes_citees()
        if (faute := _faute(citee))
    }
    assert sorted(fautes) == []


def _faute(citee: str) -> str:
    # Ce qui suit un enchaînement, une redirection ou un commentaire n'est pas à nous.
    mots = shlex.split(re.split(r"\s(?:#|&&|>|\|)\s?", citee)[0].rstrip(" \\"))
    commande: click.Command = ent
    while mots and isinstance(commande, click.Group) and not mots[0].startswith("-"):
        if commande is ent and mots[0] in installees():
            return ""
        suivante = commande.get_command(click.Context(commande), mots[0])
        if suivante is None:
            return f"« {mots[0]} » n'existe pas"
        commande, mots = suivante, mots[1:]
    contexte = click.Context(commande)
    connues = {nom for p in commande.get_params(contexte) for nom in (*p.opts, *p.secondary_opts)}
    citees = {mot.partition("=")[0] for mot in mots if re.match(r"--?[a-z]", mot)}
    inconnues = sorted(citees - connues)
    return f"option inconnue {', '.join(inconnues)}" if inconnues else ""
