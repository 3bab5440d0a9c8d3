"""``ent servir`` et ``ent dev`` : Granian, un processus par cœur, quelques fils par processus."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path

import click

from ent_core.cli.ouverture import lire_configuration
from ent_core.donnees.connexion import Adresses, adresses
from ent_core.socle.configuration import NOM_PAR_DEFAUT, Configuration
from ent_core.socle.erreurs import ErreurEnt

__all__ = ["EcouteImpossible", "dev", "exiger_port_libre", "lancer", "servir"]

ENV_ADRESSE = "ENT_BASE"


class EcouteImpossible(ErreurEnt):
    """Le serveur ne peut pas écouter là où on le lui demande.

    :param hote: adresse d'écoute.
    :param port: port d'écoute.
    :param erreur: ce qu'en dit le système.
    """

    code = "ENT-PORT"
    code_de_sortie = 4

    def __init__(self, hote: str, port: int, erreur: Exception) -> None:
        numero = erreur.errno if isinstance(erreur, OSError) else None
        if numero == errno.EADDRINUSE:
            pourquoi = "un autre serveur écoute déjà là."
        elif numero == errno.EACCES:
            pourquoi = "ce compte n'a pas le droit d'écouter sous le port 1024."
        else:
            pourquoi = "cette machine n'a pas cette adresse, ou ce port n'existe pas."
        super().__init__(
            pourquoi,
            remede="donner un autre --port ou --hote, ou arrêter ce qui écoute là.",
            lieu=f"{hote}, port {port}",
        )


@click.command()
@click.option("--hote", help="Adresse d'écoute.")
@click.option("--port", type=int, help="Port d'écoute.")
@click.option("--processus", type=int, help="Nombre de processus.")
def servir(hote: str | None, port: int | None, processus: int | None) -> None:
    """Sert l'ENT ; « /sante », « /pret » et « /mesures » sont pour l'hébergeur."""
    configuration = lire_configuration()
    with adresses(configuration) as trouvees:
        os.environ[ENV_ADRESSE] = trouvees.application.render_as_string(hide_password=False)
        ecoute = _annoncer(configuration, hote, port)
        _assembler_une_fois(configuration, trouvees)
        lancer(configuration, *ecoute, processus=processus)


def _assembler_une_fois(configuration: Configuration, trouvees: Adresses) -> None:
    """Dit une fois ce qui empêche de démarrer : chaque processus le redirait, et serait relancé."""
    from ent_core.application import create_app
    from ent_core.donnees.session import BaseDeDonnees

    base = BaseDeDonnees(trouvees.application, connexions=1)
    try:
        create_app(configuration, base)
    finally:
        base.fermer()


@click.command()
@click.option("--port", type=int, default=8000, show_default=True, help="Port d'écoute.")
def dev(port: int) -> None:
    """Sert en rechargeant dès qu'un fichier change (code, gabarits, styles, configuration)."""
    os.environ.setdefault("ENT_SERVEUR_SECURISE", "false")
    os.environ.setdefault("ENT_JOURNAUX_FORMAT", "texte")
    configuration = lire_configuration()
    with adresses(configuration) as trouvees:
        os.environ[ENV_ADRESSE] = trouvees.application.render_as_string(hide_password=False)
        lancer(configuration, *_annoncer(configuration, None, port), processus=1, recharger=True)


def _annoncer(configuration: Configuration, hote: str | None, port: int | None) -> tuple[str, int]:
    """Là où l'on va écouter, une fois le port vérifié."""
    voulus = hote or configuration.serveur.hote, port or configuration.serveur.port
    exiger_port_libre(*voulus)
    click.echo("Démarrage sur http://{}:{}/ ; Ctrl+C l'arrête.".format(*voulus), err=True)
    return voulus


def lancer(
    configuration: Configuration,
    hote: str,
    port: int,
    *,
    processus: int | None = None,
    recharger: bool = False,
) -> None:
    """Lance le serveur et attend sa fin.

    :param configuration: configuration vérifiée.
    :param hote: adresse d'écoute.
    :param port: port d'écoute.
    :param processus: nombre de processus, à la place de celui de la configuration.
    :param recharger: recharger quand un fichier change.
    :raises EcouteImpossible: l'adresse ou le port se refuse.
    """
    from granian.constants import Interfaces
    from granian.server import Server

    chemin: Path | None = click.get_current_context().find_root().obj
    if chemin is not None:
        os.environ["ENT_CONFIGURATION"] = str(chemin.absolute())
    if not recharger:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="ent-mesures-"))
    nombre = processus or configuration.serveur.processus
    try:
        Server(
            "ent_core.service:application",
            factory=True,
            address=hote,
            port=port,
            interface=Interfaces.WSGI,
            workers=nombre,
            blocking_threads=configuration.serveur.fils,
            backpressure=max(64, nombre * 32),
            respawn_failed_workers=True,
            workers_kill_timeout=10,
            log_enabled=False,
            reload=recharger,
            reload_paths=_a_surveiller() if recharger else None,
            reload_ignore_worker_failure=recharger,
        ).serve()
    except OSError as erreur:
        raise EcouteImpossible(hote, port, erreur) from erreur


def exiger_port_libre(hote: str, port: int) -> None:
    """Refuse un port où l'on n'écoute pas, ou que tient un autre serveur.

    Granian partage un port entre ses processus : sans ce refus, il le partagerait avec une autre instance.

    :param hote: adresse d'écoute.
    :param port: port d'écoute.
    :raises EcouteImpossible: avec le remède.
    """
    try:
        famille = socket.getaddrinfo(hote, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(famille) as prise:
            prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            prise.bind((hote, port))
    except (OSError, OverflowError) as erreur:
        raise EcouteImpossible(hote, port, erreur) from erreur


def _a_surveiller() -> list[Path]:
    """Le noyau, les briques installées et le fichier de configuration."""
    import importlib.util

    from ent_core.chargement.decouverte import installees

    trouves = (
        importlib.util.find_spec(str(point.module).partition(".")[0]) for point in installees().values()
    )
    briques = [Path(spec.origin).parent for spec in trouves if spec and spec.origin]
    configuration = Path(os.environ.get("ENT_CONFIGURATION") or NOM_PAR_DEFAUT)
    return [Path(__file__).parents[1], *briques, *([configuration] if configuration.is_file() else [])]
