"""Les pages de la copie : lisibles sans connexion, sans script, à la voix comme à l'œil."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from ent_core.contrat.donnees import Traitement
from ent_core.socle.dates import jour_court
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.droits import droits

__all__ = ["TABLE_FERMEE", "Entree", "accueil", "debut", "fin", "ligne", "modele_de_ligne", "table_ouverte"]

_STYLE = """<style>
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}
h1,h2{line-height:1.2}.cadre{overflow-x:auto}
table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold;padding:.5rem 0}
th,td{border:1px solid;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
dt{font-weight:bold}a:focus-visible{outline:3px solid}
@media(max-width:40rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}tr,td{display:block}tr{margin-bottom:1rem}
td::before{content:attr(data-nom) " : ";font-weight:bold}}
@media print{a{color:inherit}}
</style>"""

_SEPARATEUR = "\x00"
"""Ce que la base n'admet dans aucun texte."""

TABLE_FERMEE = "</tbody></table></div>\n"


@dataclass(frozen=True, slots=True)
class Entree:
    """Un traitement, dans le sommaire.

    :param page: chemin de sa page.
    """

    cle: str
    intitule: str
    finalite: str
    lignes: int
    page: str


def accueil(
    produit: str,
    responsable: str,
    faite_le: datetime,
    demande: str,
    sommaire: Sequence[Entree],
    jointes: Sequence[str],
    *,
    en_attente: int,
    retenus: int,
) -> str:
    """Page d'accueil de la copie.

    :param sommaire: un traitement par entrée.
    :param jointes: pièces des briques.
    :param en_attente: textes libres qui n'ont pas été relus.
    :param retenus: textes libres retenus.
    """
    presents = [entree for entree in sommaire if entree.lignes]
    absents = [entree.intitule for entree in sommaire if not entree.lignes]
    corps = [
        f"<p>{escape(responsable)}, le {jour_court(faite_le)}."
        f"{f' Demande {escape(demande)}.' if demande else ''}</p>",
        f"<p>Cette copie réunit ce que {escape(produit)} enregistre sur vous. Elle se lit sans connexion."
        " Ce qui désigne ou concerne d'autres personnes est remplacé par une mention entre crochets.</p>",
    ]
    if en_attente or retenus:
        corps.append(
            f"<p>{en_attente} texte(s) attendent une relecture et {retenus} sont retenus, car ils peuvent"
            " nommer d'autres personnes.</p>"
        )
    corps.append("<h2>Ce qui est enregistré</h2>")
    corps += [
        f'<h3><a href="{escape(e.page)}">{escape(e.intitule)}</a></h3>'
        f"<p>{escape(e.finalite)} {e.lignes} enregistrement(s).</p>"
        for e in presents
    ]
    if absents:
        corps.append(f"<h2>Rien n'y est enregistré sur vous</h2>{_liste(absents)}")
    if jointes:
        liens = "".join(f'<li><a href="{escape(p)}">{escape(p.split("/", 1)[1])}</a></li>' for p in jointes)
        corps.append(f"<h2>Pièces</h2><ul>{liens}</ul>")
    corps.append(
        "<h2>Pour un programme</h2><p>Les mêmes données sont dans le dossier « donnees », en JSON ;"
        ' <a href="manifest.json">manifest.json</a> donne l\'empreinte de chaque fichier.</p>'
        "<h2>Un désaccord ?</h2><p>Vous pouvez demander une correction à l'établissement, et saisir la CNIL :"
        " 3, place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, www.cnil.fr.</p>"
    )
    return _page("Mes données", "".join(corps))


def debut(traitement: Traitement) -> str:
    """Haut de la page d'un traitement : ce que l'article 15.1 demande de dire.

    :param traitement: déclaration.
    """
    ouverts = [o.phrase for o in droits(traitement) if o.ouvert]
    dits = (
        ("Pourquoi", [traitement.finalite]),
        ("Base légale", [traitement.base.value, *traitement.textes]),
        ("Qui y a accès", phrases.destinataires(traitement.destinataires)),
        ("Gardé", [phrases.conservation(traitement.conservation)]),
        ("D'où cela vient", list(traitement.origines)),
        ("Ce que vous pouvez demander", ouverts),
    )
    reponses = "".join(f"<dt>{escape(q)}</dt><dd>{_liste(r)}</dd>" for q, r in dits)
    retour = '<p><a href="../index.html">Retour au sommaire</a></p>'
    return _haut(traitement.intitule) + f"{retour}<dl>{reponses}</dl>"


def table_ouverte(nom: str, colonnes: Mapping[str, Mapping[str, str]], premiere: Iterable[str]) -> str:
    """Début d'une table.

    :param colonnes: ce que chaque colonne veut dire.
    :param premiere: colonnes rendues, dans l'ordre.
    """
    titres = "".join(f'<th scope="col">{escape(colonnes[c]["libelle"])}</th>' for c in premiere)
    return (
        f'<div class="cadre"><table><caption>{escape(nom.capitalize())}</caption>'
        f"<thead><tr>{titres}</tr></thead><tbody>\n"
    )


def modele_de_ligne(colonnes: Iterable[str]) -> str:
    """Ce qu'une ligne d'une table a de constant, à remplir par ``ligne``.

    :param colonnes: colonnes rendues, dans l'ordre.
    """
    noms = (escape(nom.replace("_", " ")).replace("%", "%%") for nom in colonnes)
    cellules = "".join(f'<td data-nom="{nom}">%s</td>' for nom in noms)
    return f"<tr>{cellules}</tr>\n"


def ligne(modele: str, valeurs: Iterable[Any]) -> str:
    """Une ligne ; tout est échappé d'un coup.

    :param modele: voir ``modele_de_ligne``.
    :param valeurs: valeurs, dans l'ordre des colonnes.
    """
    dites = _SEPARATEUR.join([v if type(v) is str else _dire(v) for v in valeurs])
    return modele % tuple(escape(dites).split(_SEPARATEUR))


def fin(nombre: int) -> str:
    """Bas de la page d'un traitement.

    :param nombre: lignes rendues.
    """
    return ("" if nombre else "<p>Rien n'y est enregistré sur vous.</p>") + "</main></body></html>\n"


def _dire(valeur: Any) -> str:
    if valeur is None:
        return "—"
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, Mapping):
        return ", ".join(f"{cle} : {_dire(dedans)}" for cle, dedans in valeur.items())
    if isinstance(valeur, list):
        return ", ".join(map(_dire, valeur)) or "—"
    return str(valeur)


def _liste(textes: Sequence[str]) -> str:
    if len(textes) == 1:
        return escape(textes[0])
    return f"<ul>{''.join(f'<li>{escape(t)}</li>' for t in textes)}</ul>"


def _haut(titre: str) -> str:
    return (
        '<!doctype html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(titre)}</title>{_STYLE}</head>\n<body><main><h1>{escape(titre)}</h1>"
    )


def _page(titre: str, corps: str) -> str:
    return f"{_haut(titre)}{corps}</main></body></html>\n"
