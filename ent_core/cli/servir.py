"""``ent servir`` et ``ent dev`` : Granian, un processus par cœur, quelques fils par processus."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from ent_core.cli.ouverture import lire_configuration
from ent_core.donnees.connexion import adresses
from ent_core.socle.configuration import NOM_PAR_DEFAUT, Configuration

__all__ = ["dev", "lancer", "servir"]

ENV_ADRESSE = "ENT_BASE"


@click.command()
@click.option("--hote", help="Adresse d'écoute.")
@click.option("--port", type=int, help="Port d'écoute.")
@click.option("--processus", type=int, help="Nombre de processus.")
def servir(hote: str | None, port: int | None, processus: int | None) -> None:
    """Sert l'ENT ; « /sante », « /pret » et « /mesures » sont pour l'hébergeur."""
    configuration = lire_configuration()
    with adresses(configuration) as trouvees:
        os.environ[ENV_ADRESSE] = trouvees.application.render_as_string(hide_password=False)
        lancer(configuration, hote=hote, port=port, processus=processus)


@click.command()
@click.option("--port", type=int, default=8000, show_default=True, help="Port d'écoute.")
def dev(port: int) -> None:
    """Sert en rechargeant dès qu'un fichier change (code, gabarits, styles, configuration)."""
    os.environ.setdefault("ENT_SERVEUR_SECURISE", "false")
    os.environ.setdefault("ENT_JOURNAUX_FORMAT", "texte")
    configuration = lire_configuration()
    with adresses(configuration) as trouvees:
        os.environ[ENV_ADRESSE] = trouvees.application.render_as_string(hide_password=False)
        lancer(configuration, port=port, processus=1, recharger=True)


def lancer(
    configuration: Configuration,
    *,
    hote: str | None = None,
    port: int | None = None,
    processus: int | None = None,
    recharger: bool = False,
) -> None:
    """Lance le serveur et attend sa fin.

    :param configuration: configuration vérifiée.
    :param hote: adresse d'écoute, à la place de celle de la configuration.
    :param port: port d'écoute, à la place de celui de la configuration.
    :param processus: nombre de processus, à la place de celui de la configuration.
    :param recharger: recharger quand un fichier change.
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
            address=hote or configuration.serveur.hote,
            port=port or configuration.serveur.port,
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
        click.echo(f"Le serveur ne peut pas écouter : {erreur.strerror}.", err=True)
        sys.exit(4)


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
