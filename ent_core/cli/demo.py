"""``ent demo`` : une académie inventée, importée par le vrai importeur, servie avec son ouvrier."""

from __future__ import annotations

import os
import shutil
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import installees
from ent_core.chargement.ouvrier import demarrer_ouvrier
from ent_core.cli.base import migrer_tout
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir
from ent_core.cli.personne import creer_administrateur
from ent_core.cli.servir import EcouteImpossible, exiger_port_libre, lancer
from ent_core.cli.sortie import progression
from ent_core.contrat.roles import Role
from ent_core.demo import ResumeGeneration
from ent_core.demo import generer as ecrire
from ent_core.identite import comptes
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.modeles import Etablissement
from ent_core.identite.sts.chargement import importer_emploi_du_temps
from ent_core.socle.calendrier import HorlogeSysteme, annee_scolaire
from ent_core.socle.configuration import charger

__all__ = ["demo"]

RECTORAT = ("0990000N", "Académie d'essai")
_PORTS = range(8000, 8020)
_NOMBRE = click.IntRange(min=1)


@click.group(cls=Groupe, invoke_without_command=True)
@click.option(
    "--etablissements",
    type=_NOMBRE,
    default=3,
    show_default=True,
    help="Nombre d'établissements, à la création.",
)
@click.option("--graine", default=2026, show_default=True, help="Graine du générateur, à la création.")
@click.option("--port", type=int, help="Port ; par défaut le premier libre à partir de 8000.")
@click.option(
    "--dossier",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".ent"),
    show_default=True,
    help="Dossier de la base et des fichiers inventés.",
)
@click.option("--neuve", is_flag=True, help="Effacer la démonstration précédente.")
@click.option("--sans-servir", is_flag=True, help="Préparer seulement.")
@click.pass_context
def demo(
    contexte: click.Context,
    etablissements: int,
    graine: int,
    port: int | None,
    dossier: Path,
    neuve: bool,
    sans_servir: bool,
) -> None:
    """Prépare au besoin une académie de démonstration, puis la sert avec son ouvrier."""
    if contexte.invoked_subcommand is not None:
        return
    if port:
        os.environ["ENT_SERVEUR_PORT"] = str(port)
    _environnement(dossier, port or _port_libre())
    configuration = charger()
    serveur = configuration.serveur
    if not sans_servir:
        exiger_port_libre(serveur.hote, serveur.port)
    if neuve:
        _effacer(dossier)
    with ExitStack() as pile:
        ouverture = pile.enter_context(ouvrir(configuration))
        _preparer(ouverture, dossier, etablissements, graine)
        if sans_servir:
            click.echo("La démonstration est prête : « make demo » la sert.")
            return
        adresse = ouverture.adresses.application.render_as_string(hide_password=False)
        os.environ["ENT_BASE"] = adresse
        ouvrier = demarrer_ouvrier(ouverture.configuration, ouverture.adresses.application)
        pile.callback(ouvrier.arreter)
        threading.Thread(target=_annoncer, args=(serveur.port,), daemon=True).start()
        lancer(ouverture.configuration, serveur.hote, serveur.port, processus=2)


@demo.command()
@click.argument("dossier", type=click.Path(path_type=Path))
@click.option("--etablissements", type=_NOMBRE, default=3, show_default=True, help="Nombre d'établissements.")
@click.option("--eleves", type=_NOMBRE, help="Élèves par établissement.")
@click.option("--graine", default=2026, show_default=True, help="Même graine, mêmes fichiers.")
@click.option(
    "--jour", type=click.DateTime(["%Y-%m-%d"]), help="Date de l'extraction ; par défaut aujourd'hui."
)
@click.option("--archive", is_flag=True, help="Écrire aussi l'archive .tgz.")
def generer(
    dossier: Path, etablissements: int, eleves: int | None, graine: int, jour: date | None, archive: bool
) -> None:
    """Écrit les fichiers AAF et STS d'une académie inventée."""
    with progression("Génération") as avancer:
        resume = ecrire(
            dossier,
            etablissements=etablissements,
            graine=graine,
            jour=date(jour.year, jour.month, jour.day) if jour else HorlogeSysteme().aujourd_hui(),
            eleves_par_etablissement=eleves,
            archive=archive,
            progression=lambda fait, total: avancer("établissements", fait, total),
        )
    click.echo(f"{resume.personnes} personnes écrites dans {resume.aaf}")


def _environnement(dossier: Path, port: int) -> None:
    """Les processus du serveur lisent la même configuration, par l'environnement."""
    valeurs = {
        "ENT_DEMO": "true",
        "ENT_PRODUIT": "ENT de démonstration",
        "ENT_DONNEES": str(dossier),
        "ENT_SERVEUR_SECURISE": "false",
        "ENT_SERVEUR_PORT": str(port),
        "ENT_JOURNAUX_FORMAT": "texte",
        "ENT_JOURNAUX_NIVEAU": "WARNING",
        "ENT_BRIQUES_CHARGEES": ",".join(sorted(installees())),
    }
    for nom, valeur in valeurs.items():
        os.environ.setdefault(nom, valeur)
    if not os.environ["ENT_BRIQUES_CHARGEES"]:
        del os.environ["ENT_BRIQUES_CHARGEES"]


def _preparer(ouverture: Ouverture, dossier: Path, etablissements: int, graine: int) -> None:
    migrer_tout(ouverture)
    with ouverture.base.academie("démonstration : état") as session:
        if session.scalars(select(Etablissement.uai).limit(1)).first():
            click.echo("La démonstration d'avant est reprise ; « ent demo --neuve » l'efface.", err=True)
            return
    fichiers = dossier / "demonstration"
    shutil.rmtree(fichiers, ignore_errors=True)
    jour = ouverture.horloge.aujourd_hui()
    click.echo("Création d'une académie inventée…", err=True)
    resume = ecrire(fichiers, etablissements=etablissements, graine=graine, jour=jour)
    _importer(ouverture, resume)
    with ouverture.base.academie("démonstration : comptes") as session:
        _administrer(session, ouverture)
        comptes.creer_comptes_manquants(session, ouverture.horloge)


def _importer(ouverture: Ouverture, resume: ResumeGeneration) -> None:
    """Par les importeurs de tout le monde : la démonstration n'a pas de raccourci."""
    reglages, horloge = ouverture.configuration.imports, ouverture.horloge
    with progression("Import de l'annuaire") as avancer, ouvrir_livraison(resume.aaf) as livraison:
        importer(ouverture.base, livraison, horloge=horloge, reglages=reglages, progression=avancer)
    lots = sorted(resume.sts.glob(f"emp_sts_*_{annee_scolaire(horloge.aujourd_hui())}.xml"))
    with progression("Import des emplois du temps") as avancer:
        for rang, seances in enumerate(lots, 1):
            individus = seances.with_name(seances.name.replace("emp_sts", "sts_emp"))
            importer_emploi_du_temps(ouverture.base, seances, individus=individus, horloge=horloge)
            avancer("établissements", rang, len(lots))


def _administrer(session: Session, ouverture: Ouverture) -> None:
    """Un service académique, son administratrice, et les briques ouvertes dans le premier établissement."""
    uai, nom = RECTORAT
    session.add(Etablissement(uai=uai, nom=nom, degre=0))
    session.flush()
    creer_administrateur(session, ouverture, "Lestrade", "Odile", uai, Role.ADMINISTRATEUR_ACADEMIQUE)
    premier = session.scalars(
        select(Etablissement.uai).where(Etablissement.degre == 2).order_by(Etablissement.uai)
    ).first()
    activation, horloge = ouverture.activation, ouverture.horloge
    assert premier is not None  # noqa: S101 - le générateur écrit un collège d'abord
    for brique in activation.briques:
        activation.basculer(session, horloge, brique, uai=premier, ouverte=True, origine="commande")
        cles = [prealable.cle for prealable in activation.prealables.de(brique)]
        activation.prealables.attester(session, horloge, brique, premier, cles, origine="commande")


def _annoncer(port: int) -> None:
    """Donne l'adresse quand le serveur répond, pas avant."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante", timeout=1):
                click.echo(
                    f"\nL'ENT de démonstration est prêt : http://127.0.0.1:{port}/\nCtrl+C pour l'arrêter."
                )
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    click.echo("Le serveur ne répond pas encore ; voir les messages ci-dessus.", err=True)


def _port_libre() -> int:
    for port in _PORTS:
        try:
            exiger_port_libre("127.0.0.1", port)
        except EcouteImpossible as refus:
            dernier = refus
        else:
            return port
    raise dernier


def _effacer(dossier: Path) -> None:
    from ent_core.donnees import embarque

    embarque.effacer(dossier / "base")
    shutil.rmtree(dossier / "demonstration", ignore_errors=True)
