"""L'archive d'une instance : où elle est, qui la lit, et ce qu'elle fait chaque nuit."""

from __future__ import annotations

import base64
import hashlib
import hmac

from sqlalchemy.engine import URL

from ent_core.chargement.coffre import coffre_de
from ent_core.contrat.taches import Tache
from ent_core.donnees.cloisonnement import COMPTE_ARCHIVE
from ent_core.donnees.connexion import adresse_donnee, cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.archive.lieu import Archive
from ent_core.vie_privee.archive.transport import acheminer, solder

__all__ = ["PERMISSION", "PERMISSION_DECIDER", "archive_de", "regler", "tache_de_l_archive"]

PERMISSION = "noyau.archives"
PERMISSION_DECIDER = "noyau.archives_accorder"


def archive_de(configuration: Configuration, application: URL) -> Archive:
    """Archive de l'instance ; à poser sur ``BaseDeDonnees.archive``. Rien n'est ouvert ni créé ici.

    :param configuration: configuration de l'instance.
    :param application: adresse de la base de l'application.
    :raises ConfigurationInvalide: ``ENT_ARCHIVE`` n'est pas une adresse de base.
    """
    secret = cle_secrete(configuration).encode()
    donnee = adresse_donnee(configuration.archive.url, "ENT_ARCHIVE") if configuration.archive.url else None
    meme_base = donnee is not None and _lieu(donnee) == _lieu(application)
    ici = (
        donnee
        if donnee is not None and meme_base
        else application.set(username=COMPTE_ARCHIVE, password=_mot_de_passe(secret))
    )
    return Archive(
        coffre_de(configuration),
        hmac.new(secret, b"archive", hashlib.sha256).digest(),
        ici,
        None if meme_base else donnee,
    )


def regler(base: BaseDeDonnees, horloge: Horloge) -> None:
    """Porte ce qui attend d'aller dans l'autre base, détruit les clés de ce qui est parti.

    :param base: base de l'application, son archive posée.
    """
    solder(base, horloge)
    acheminer(base)


def tache_de_l_archive() -> Tache:
    """Chaque nuit, après la conservation."""
    return Tache(
        "noyau.archive",
        regler,
        periode="55 2 * * *",
        essais=3,
        libelle="Porter en archive, détruire les clés de ce qui est parti",
    )


def _lieu(adresse: URL) -> tuple[object, ...]:
    """Ce qui désigne une base, quel que soit le compte : serveur, port, nom."""
    hote = adresse.host or adresse.query.get("host")
    return hote, adresse.port or 5432, adresse.database


def _mot_de_passe(secret: bytes) -> str:
    """Tiré de la clé secrète : personne n'a à le choisir, à l'écrire, ni à le changer à part."""
    tire = hmac.new(secret, b"archive : compte", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(tire).decode().rstrip("=")
