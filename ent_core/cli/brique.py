"""``ent brique`` : créer et vérifier une brique, voir ce qui est chargé, ouvrir et fermer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from ent_core.chargement import historique as decisions
from ent_core.chargement import retrait, squelette
from ent_core.chargement.decouverte import installees
from ent_core.cli.deploiement import deploiement
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, lire_configuration, ouvrir
from ent_core.cli.sortie import ecrire_anomalies, ecrire_json, ecrire_tableau, option_json
from ent_core.identite.etablissements import tous
from ent_core.socle.configuration import NOM_PAR_DEFAUT
from ent_core.socle.erreurs import BaseIndisponible, DonneeInvalide

__all__ = ["brique"]

_ACADEMIE = "académie"
_JOUR = click.DateTime(["%Y-%m-%d"])
F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Groupe)
def brique() -> None:
    """Les briques : installées, chargées, ouvertes."""


brique.add_command(deploiement)


@brique.command()
@click.argument("nom")
@click.option("--titre", help="Nom montré aux personnes ; par défaut, tiré de NOM.")
@click.option(
    "--dossier", type=click.Path(path_type=Path, file_okay=False), default=Path("plugins"), show_default=True,
    help="Dossier où l'écrire.",
)  # fmt: skip
@click.option("--sans-installer", is_flag=True, help="Écrire seulement : ni installation, ni configuration.")
@option_json
def nouvelle(nom: str, titre: str | None, dossier: Path, sans_installer: bool, en_json: bool) -> None:
    """Écrit une brique complète et qui marche, l'installe en place et la charge.

    L'installation se fait dans l'environnement Python de la commande : un lien vers le dossier, rien n'est
    téléchargé.
    """
    commande = None if sans_installer else squelette.installateur()
    fichier = click.get_current_context().find_root().obj or Path(NOM_PAR_DEFAUT)
    squelette.valider(nom, dossier)
    if commande:
        click.echo(
            f"Écriture dans {dossier / nom}, installation en place dans {sys.prefix} (rien n'est téléchargé),"
            f" chargement par {fichier}. Pour écrire seulement : --sans-installer.",
            err=True,
        )
    racine = squelette.ecrire(nom, dossier, titre)
    chargee = False
    if commande:
        squelette.installer(racine, commande)
        deja = (
            lire_configuration().briques.chargees
            if fichier.exists()
            else tuple(sorted({*installees()} - {nom}))
        )
        chargee = squelette.charger_dans(fichier, nom, deja)
    etapes = _etapes(nom, racine, fichier, installee=not sans_installer, chargee=chargee)
    if en_json:
        ecrire_json({"brique": nom, "dossier": str(racine), "chargee": chargee, "etapes": etapes})
        return
    click.echo(f"La brique « {nom} » est écrite dans {racine}.")
    if chargee:
        click.echo(f"Elle est installée dans {sys.prefix}, et chargée par {fichier}.")
    click.echo("\nEnsuite :")
    for rang, etape in enumerate(etapes, 1):
        click.echo(f"  {rang}. {etape}")


def _etapes(nom: str, racine: Path, fichier: Path, *, installee: bool, chargee: bool) -> list[str]:
    etapes = []
    if not installee:
        etapes.append(f"uv pip install --no-deps --no-build-isolation -e {racine}")
    if not chargee:
        etapes.append(f'ajouter "{nom}" à [briques] chargees, dans {fichier}')
    return [
        *etapes,
        f"ent brique verifier {nom}",
        f"ent base migrer && ent brique ouvrir {nom} --academie",
        f"ent dev, puis ouvrir http://127.0.0.1:8000/{nom}/",
    ]


@brique.command()
@click.argument("nom")
@click.option(
    "--base", "adresse", metavar="URL", help="Serveur pour une base jetable ; par défaut, embarqué."
)
@click.option("--sans-essais", is_flag=True, help="Ne pas lancer les essais de la brique.")
@option_json
def verifier(nom: str, adresse: str | None, sans_essais: bool, en_json: bool) -> None:
    """Éprouve une brique : déclarations, sources, migrations, routes, essais ; code 1 s'il y a une erreur."""
    from ent_core.cli.epreuve import a_une_erreur, eprouver

    anomalies = eprouver(nom, lire_configuration(), serveur=adresse, essais=not sans_essais)
    ecrire_anomalies(anomalies, en_json=en_json)
    if a_une_erreur(anomalies):
        sys.exit(1)


@brique.command()
@click.option("--etablissement", metavar="UAI", help="Dire l'état dans cet établissement seulement.")
@option_json
def lister(etablissement: str | None, en_json: bool) -> None:
    """Liste les briques installées, chargées, et les établissements où elles sont ouvertes ce jour."""
    with ouvrir() as ouverture:
        try:
            ouvertes = _ouvertes(ouverture, etablissement)
        except BaseIndisponible as panne:
            ouvertes = {}
            click.echo(f"Où elles sont ouvertes n'est pas connu : {panne.message}", err=True)
        chargees = {b.id: b.manifeste for b in ouverture.chargement.briques if b.id != "noyau"}
    noms = sorted({*installees(), *chargees})
    if en_json:
        ecrire_json(
            [
                {"brique": nom, "titre": chargees[nom].titre if nom in chargees else None,
                 "version": chargees[nom].version if nom in chargees else None,
                 "chargee": nom in chargees, "ouverte": ouvertes.get(nom, [])}
                for nom in noms
            ]
        )  # fmt: skip
        return
    ecrire_tableau(
        "Briques",
        ("brique", "titre", "version", "chargée", "ouverte"),
        [
            (nom, chargees[nom].titre, chargees[nom].version, "oui", _ou(ouvertes.get(nom, [])))
            if nom in chargees
            else (nom, "", "", "non : l'ajouter à [briques] chargees", "")
            for nom in noms
        ],
        en_json=False,
        vide="Aucune brique installée : « ent brique nouvelle NOM » en écrit une.",
    )


def _ouvertes(ouverture: Ouverture, etablissement: str | None) -> dict[str, list[str]]:
    """Établissements où chaque brique est ouverte ce jour, « académie » si c'est la règle générale."""
    trouvees: dict[str, list[str]] = {}
    jour = ouverture.horloge.aujourd_hui()
    if ouverture.base.a_la_table("bascule"):
        with ouverture.base.academie("commande : lister les briques") as session:
            uais = [etablissement.upper()] if etablissement else ["", *(uai for uai, _ in tous(session))]
            for uai, decisions_la in ouverture.activation.decisions_de(session, uais, jour).items():
                for decision in decisions_la.values():
                    if decision.ouverte:
                        trouvees.setdefault(decision.brique, []).append(uai or _ACADEMIE)
    return trouvees


def _ou(uais: Sequence[str]) -> str:
    if len(uais) > 3:
        return f"{'académie, ' if _ACADEMIE in uais else ''}{len(set(uais) - {_ACADEMIE})} établissements"
    return ", ".join(uais) or "nulle part"


def _cible(fonction: F) -> F:
    """Ajoute les options qui disent où et quand."""
    for option in reversed(
        (
            click.option("--etablissement", "uais", multiple=True, metavar="UAI", help="Répétable."),
            click.option("--academie", is_flag=True, help="Tous les établissements."),
            click.option("--du", type=_JOUR, help="Premier jour ; par défaut aujourd'hui."),
            click.option("--au", type=_JOUR, help="Dernier jour, compris."),
        )
    ):
        fonction = option(fonction)
    return fonction


@brique.command("ouvrir")
@click.argument("nom")
@_cible
@option_json
def ouvrir_(
    nom: str, uais: tuple[str, ...], academie: bool, du: datetime | None, au: datetime | None, en_json: bool
) -> None:
    """Ouvre une brique dans des établissements, ou dans toute l'académie, pour des dates ou sans fin."""
    _basculer(nom, uais, academie=academie, du=du, au=au, ouverte=True, en_json=en_json)


@brique.command()
@click.argument("nom")
@_cible
@option_json
def fermer(
    nom: str, uais: tuple[str, ...], academie: bool, du: datetime | None, au: datetime | None, en_json: bool
) -> None:
    """Ferme une brique : ses pages disparaissent, ses données restent."""
    _basculer(nom, uais, academie=academie, du=du, au=au, ouverte=False, en_json=en_json)


def _basculer(
    nom: str, uais: tuple[str, ...], *, academie: bool, du: datetime | None, au: datetime | None,
    ouverte: bool, en_json: bool,
) -> None:  # fmt: skip
    if academie == bool(uais):
        raise DonneeInvalide(
            "il faut dire où : des établissements, ou toute l'académie.",
            remede="donner --etablissement UAI (répétable), ou --academie, mais pas les deux.",
        )
    debut, dernier = du.date() if du else None, au.date() if au else None
    if dernier == date.max:
        raise DonneeInvalide("ce dernier jour n'a pas de lendemain.", remede="omettre --au : sans fin.")
    fin = dernier + timedelta(days=1) if dernier else None
    cibles: list[str | None] = [uai.upper() for uai in dict.fromkeys(uais)] or [None]
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : basculer {nom}") as session:
        for uai in cibles:
            ouverture.activation.basculer(
                session, ouverture.horloge, nom, uai=uai, ouverte=ouverte, debut=debut, fin=fin,
                origine="commande",
            )  # fmt: skip
        jour = debut or ouverture.horloge.aujourd_hui()
        avec_prealables = ouverte and ouverture.activation.prealables.de(nom)
    if en_json:
        ecrire_json(
            {"brique": nom, "ouverte": ouverte, "etablissements": list(uais), "du": jour, "au": dernier}
        )
        return
    ou = ", ".join(uai for uai in cibles if uai) or "toute l'académie"
    jusque = f" et jusqu'au {_jour(dernier)}" if dernier else ""
    etat = "ouverte" if ouverte else "fermée"
    click.echo(f"La brique « {nom} » est {etat} : {ou}, à partir du {_jour(jour)}{jusque}.")
    if avec_prealables:
        click.echo(
            "Elle n'est servie que là où ses préalables sont attestés :"
            f" « ent brique deploiement {nom} » dit où ils manquent."
        )


def _jour(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"


@brique.command()
@click.argument("nom")
@click.option("--etablissement", metavar="UAI", help="Les décisions qui touchent cet établissement.")
@option_json
def historique(nom: str, etablissement: str | None, en_json: bool) -> None:
    """Montre les décisions sur une brique, la plus récente d'abord."""
    with ouvrir() as ouverture, ouverture.base.academie("commande : histoire d'une brique") as session:
        lues = decisions.lire(session, nom, etablissement.upper() if etablissement else None)
    ecrire_tableau(
        f"Décisions sur « {nom} »",
        ("posée le", "décision", "où", "du", "au", "origine", "retirée le"),
        [
            (d.posee_le, "ouverte" if d.ouverte else "fermée", d.uai or "académie",
             d.debut, d.dernier_jour, d.origine, d.retiree_le)
            for d in lues
        ],
        en_json=en_json,
        vide="Aucune décision : la brique est fermée partout.",
    )  # fmt: skip


@brique.command()
@click.argument("nom")
@option_json
def retirer(nom: str, en_json: bool) -> None:
    """Enregistre le départ d'une brique qui n'est plus chargée ; ses tables et ses données restent."""
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : retirer {nom}") as session:
        encore = retrait.retirer(session, ouverture.horloge, ouverture.chargement, nom)
    if en_json:
        ecrire_json({"brique": nom, "retiree": True, "encore_ouverte": encore})
        return
    click.echo(f"Le départ de « {nom} » est enregistré ; ses tables et leurs données restent.")
    if encore:
        click.echo(
            f"Elle était encore ouverte dans {encore} établissement(s), et n'a pas su qu'elle fermait."
        )
