"""Ce que les commandes d'import montrent : l'écart, les défauts, la proposition de colonnes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import click

from ent_core.cli.sortie import ecrire_json, ecrire_tableau
from ent_core.identite.aaf.constats import Gravite
from ent_core.identite.lots import Ecart, RapportChargement
from ent_core.identite.tableur import CHAMPS, Correspondance, Tableau
from ent_core.identite.tableur.texte import proteger

__all__ = [
    "Defaut",
    "ecrire_apercu",
    "ecrire_defauts",
    "ecrire_ecarts",
    "ecrire_rapport_ecole",
    "enregistrer",
]

_CITES = 20
_LIGNES_APERCU = 5


class Defaut(Protocol):
    """Un constat, lu dans un rapport ou dans la base."""

    @property
    def fichier(self) -> str: ...
    @property
    def ligne(self) -> int | None: ...
    @property
    def cle(self) -> str | None: ...
    @property
    def code(self) -> str: ...
    @property
    def motif(self) -> str: ...
    @property
    def gravite(self) -> str: ...


def ecrire_rapport_ecole(rapport: RapportChargement, *, en_json: bool) -> None:
    """Écrit le rapport d'une liste ou d'un emploi du temps.

    :param rapport: import fait ou simulé.
    :param en_json: vrai pour du JSON.
    """
    if en_json:
        ecrire_json(
            {
                "etablissement": rapport.uai,
                "annee": rapport.annee,
                "simulation": rapport.simulation,
                "lot": rapport.lot,
                "comptes": rapport.comptes,
                "constats": [_en_dict(constat) for constat in rapport.constats],
            }
        )
        return
    ecrire_ecarts(rapport.ecarts, simulation=rapport.simulation)
    ecrire_defauts(rapport.constats)
    if rapport.lot is not None:
        click.echo(f"Lot {rapport.lot}")


def ecrire_ecarts(ecarts: Sequence[Ecart], *, simulation: bool) -> None:
    """Écrit ce qui change, par sorte d'objet.

    :param ecarts: écarts ; ceux qui sont nuls restent, pour dire ce qui ne change pas.
    :param simulation: vrai si rien n'a été fait.
    """
    if all(ecart.vide for ecart in ecarts):
        click.echo("Rien ne changerait." if simulation else "Rien n'a changé.")
        return
    ecrire_tableau(
        "Ce qui changerait (simulation)" if simulation else "Ce qui a changé",
        ("objet", "ajouts", "modifications", "retraits", "inchangés"),
        [(e.objet, *_signes(e), e.inchanges or "") for e in ecarts],
        en_json=False,
        vide="",
    )


def ecrire_defauts(defauts: Iterable[Defaut]) -> None:
    """Écrit les défauts par nature, puis les premiers d'entre eux.

    :param defauts: constats ou rejets.
    """
    tous = list(defauts)
    if not tous:
        click.echo("Aucun défaut.")
        return
    for (gravite, code), nombre in sorted(
        Counter((str(d.gravite), d.code) for d in tous).items(), reverse=True
    ):
        click.echo(f"{'✗' if gravite == Gravite.REJET else '!'} {nombre} × {code} ({gravite})")
    for defaut in sorted(tous, key=lambda d: str(d.gravite), reverse=True)[:_CITES]:
        click.echo(f"    {_lieu(defaut)} : {defaut.motif}.")
    if len(tous) > _CITES:
        click.echo(f"    … et {len(tous) - _CITES} autre(s) ; « ent importer rejets LOT » les montre tous.")


def ecrire_apercu(tableau: Tableau, correspondance: Correspondance, *, en_json: bool) -> None:
    """Écrit la correspondance proposée et les premières lignes du fichier.

    :param tableau: fichier lu.
    :param correspondance: proposée ou rejouée.
    :param en_json: vrai pour écrire la correspondance à garder, sans une seule donnée du fichier.
    """
    if en_json:
        ecrire_json(correspondance.en_dict())
        return
    libelles = {champ.cle: champ.libelle for champ in CHAMPS[correspondance.genre]}
    ecrire_tableau(
        f"Colonnes de {tableau.nom} ({correspondance.genre.value})",
        (
            "colonne",
            "donnée",
            "confiance",
            *(f"ligne {ligne.numero}" for ligne in tableau.lignes[:_LIGNES_APERCU]),
        ),
        [
            (
                a.entete,
                libelles[a.champ] + (f" n° {a.rang}" if a.rang > 1 else ""),
                f"{a.confiance:.0%}",
                *(_cellule(ligne.cellules, a.indice) for ligne in tableau.lignes[:_LIGNES_APERCU]),
            )
            for a in correspondance.affectations
        ],
        en_json=False,
        vide="Aucune colonne n'est reconnue.",
    )
    for titre, noms in (("Non lues", correspondance.ignorees), ("Manquent", correspondance.manquants)):
        if noms:
            click.echo(f"{titre} : {', '.join(noms)}.")
    for avertissement in tableau.avertissements:
        click.echo(f"! {avertissement.message}")


def enregistrer(chemin: Path, defauts: Iterable[Defaut]) -> None:
    """Écrit les défauts dans un fichier CSV qu'un tableur français ouvre.

    :param chemin: fichier à écrire.
    :param defauts: constats ou rejets.
    """
    with chemin.open("w", encoding="utf-8-sig", newline="") as fichier:
        ecrivain = csv.writer(fichier, delimiter=";")
        ecrivain.writerow(("gravité", "fichier", "ligne", "clé", "code", "motif"))
        ecrivain.writerows(
            [proteger(str(v or "")) for v in (d.gravite, d.fichier, d.ligne, d.cle, d.code, d.motif)]
            for d in defauts
        )


def _signes(ecart: Ecart) -> tuple[str, str, str]:
    return tuple(  # type: ignore[return-value] # trois éléments
        f"{signe}{nombre}" if nombre else ""
        for signe, nombre in (("+", ecart.ajouts), ("~", ecart.modifications), ("-", ecart.retraits))
    )


def _lieu(defaut: Defaut) -> str:
    ligne = f", ligne {defaut.ligne}" if defaut.ligne else ""
    return f"{defaut.fichier}{ligne}{f', {defaut.cle}' if defaut.cle else ''}"


def _cellule(cellules: Sequence[str], indice: int) -> str:
    return cellules[indice] if indice < len(cellules) else ""


def _en_dict(defaut: Defaut) -> dict[str, Any]:
    champs = ("gravite", "fichier", "ligne", "cle", "code", "motif")
    return {champ: getattr(defaut, champ) for champ in champs}
