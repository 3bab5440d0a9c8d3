"""Les fichiers envoyés par une page : gardés à part, sous un nom tiré au hasard, le temps de l'import.

Un envoi tient en un dossier privé : ses fichiers, et son état en JSON. Tout disparaît après le travail, et au
plus tard vingt-quatre heures après l'envoi. Plusieurs serveurs partagent le dossier ``donnees``.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import FichierRefuse, Introuvable

__all__ = ["DUREE", "Envoi", "Envois", "Etape", "Sorte", "envois_de"]

DUREE = timedelta(hours=24)
"""Durée de garde d'un envoi, même abandonné."""

_BLOC = 1024 * 1024
_CLE = re.compile(r"[0-9a-f]{32}")
_ETAT = "etat.json"
_NOM_MONTRE = 120


class Sorte(StrEnum):
    """Ce qui est envoyé ; la valeur est dans l'adresse de la page."""

    ANNUAIRE = "annuaire"
    LISTE = "liste"
    EMPLOI_DU_TEMPS = "emploi-du-temps"


class Etape(StrEnum):
    """Où en est l'envoi."""

    COLONNES = "colonnes"
    SIMULATION_DEMANDEE = "simulation demandée"
    SIMULE = "simulé"
    IMPORT_DEMANDE = "import demandé"
    FINI = "fini"
    REFUSE = "refusé"


class Envoi(msgspec.Struct, kw_only=True):
    """Un envoi et son état.

    :param noms: nom de chaque fichier, tel que la personne l'a donné ; il ne sert qu'à être montré.
    :param uai: établissement visé ; vide pour toute l'académie.
    :param options: choix de la personne (correspondance, liste complète…).
    :param avancement: étape, fait, total.
    :param rapport: ce que l'import change, ou changerait.
    :param erreur: message, remède et lieu d'un refus.
    """

    cle: str
    sorte: Sorte
    par: UUID
    recu_le: datetime
    etape: Etape
    noms: list[str] = msgspec.field(default_factory=list)
    uai: str = ""
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    avancement: tuple[str, int, int] = ("", 0, 0)
    rapport: dict[str, Any] = msgspec.field(default_factory=dict)
    erreur: dict[str, str] = msgspec.field(default_factory=dict)


def envois_de(configuration: Configuration, horloge: Horloge) -> Envois:
    """Les envois d'une instance.

    :param configuration: dossier des données.
    :param horloge: date les envois.
    """
    return Envois(Path(configuration.donnees) / "envois", horloge)


class Envois:
    """Le dossier des envois.

    :param dossier: créé au besoin, lisible du seul compte de l'ENT.
    """

    def __init__(self, dossier: Path, horloge: Horloge) -> None:
        self._dossier = dossier
        self._horloge = horloge

    def recevoir(
        self,
        fichiers: Sequence[tuple[str, BinaryIO]],
        *,
        sorte: Sorte,
        etape: Etape,
        par: UUID,
        uai: str,
        limite: int,
    ) -> Envoi:
        """Garde des fichiers reçus.

        :param fichiers: nom donné par la personne et contenu, dans l'ordre.
        :param limite: octets par fichier.
        :raises FichierRefuse: fichier vide ou trop grand ; rien n'est gardé.
        """
        self.purger()
        envoi = Envoi(
            cle=secrets.token_hex(16),
            sorte=sorte,
            par=par,
            recu_le=self._horloge.maintenant(),
            etape=etape,
            noms=[_montrable(nom) for nom, _ in fichiers],
            uai=uai,
        )
        self._chemin(envoi.cle).mkdir(mode=0o700)
        try:
            for rang, (_, contenu) in enumerate(fichiers):
                _copier(contenu, self._chemin(envoi.cle) / str(rang), envoi.noms[rang], limite)
        except FichierRefuse:
            self.effacer(envoi.cle)
            raise
        self.garder(envoi)
        return envoi

    def ouvrir(self, cle: str) -> Envoi:
        """État d'un envoi.

        :raises Introuvable: envoi inconnu, ou effacé.
        """
        try:
            contenu = (self._chemin(cle) / _ETAT).read_bytes()
        except OSError:
            raise Introuvable(
                "cet envoi n'existe plus.",
                remede="envoyer de nouveau le fichier ; un envoi est gardé un jour.",
            ) from None
        return msgspec.json.decode(contenu, type=Envoi)

    def garder(self, envoi: Envoi) -> None:
        """Écrit l'état, d'un seul geste : une page qui lit ne voit jamais un état à moitié écrit."""
        dossier = self._chemin(envoi.cle)
        provisoire = dossier / f"{_ETAT}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as fichier:
            fichier.write(msgspec.json.encode(envoi))
        provisoire.replace(dossier / _ETAT)

    def fichiers(self, envoi: Envoi) -> list[Path]:
        """Fichiers de l'envoi, dans l'ordre.

        :raises Introuvable: ils sont déjà effacés.
        """
        chemins = [self._chemin(envoi.cle) / str(rang) for rang in range(len(envoi.noms))]
        if not all(chemin.is_file() for chemin in chemins):
            raise Introuvable(
                "les fichiers de cet envoi sont effacés.", remede="envoyer de nouveau le fichier."
            )
        return chemins

    def retirer_fichiers(self, envoi: Envoi) -> None:
        """Efface les fichiers et garde l'état, pour le rapport."""
        for rang in range(len(envoi.noms)):
            (self._chemin(envoi.cle) / str(rang)).unlink(missing_ok=True)

    def effacer(self, cle: str) -> None:
        """Efface tout l'envoi."""
        shutil.rmtree(self._chemin(cle), ignore_errors=True)

    def purger(self) -> int:
        """Efface les envois de plus d'un jour ; rend leur nombre."""
        self._dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
        terme = self._horloge.maintenant() - DUREE
        perimes = [dossier.name for dossier in self._dossier.iterdir() if self._recu_le(dossier) < terme]
        for cle in perimes:
            shutil.rmtree(self._dossier / cle, ignore_errors=True)
        return len(perimes)

    def _recu_le(self, dossier: Path) -> datetime:
        """Date de l'envoi ; un dossier sans état est celui d'une réception en cours, ou coupée."""
        try:
            return self.ouvrir(dossier.name).recu_le
        except (Introuvable, msgspec.DecodeError):
            return datetime.fromtimestamp(dossier.stat().st_mtime, tz=self._horloge.maintenant().tzinfo)

    def _chemin(self, cle: str) -> Path:
        if not _CLE.fullmatch(cle):
            raise Introuvable("cet envoi n'existe pas.", remede="envoyer de nouveau le fichier.")
        return self._dossier / cle


def _copier(contenu: BinaryIO, chemin: Path, nom: str, limite: int) -> None:
    taille = 0
    with os.fdopen(os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as fichier:
        while bloc := contenu.read(_BLOC):
            taille += len(bloc)
            if taille > limite:
                raise FichierRefuse(
                    f"Le fichier dépasse {limite // 1024**2} Mo.",
                    remede="vérifier le fichier, ou l'importer par la commande « ent importer ».",
                    lieu=nom,
                )
            fichier.write(bloc)
    if not taille:
        raise FichierRefuse("Le fichier est vide.", remede="refaire l'export, puis recommencer.", lieu=nom)


def _montrable(nom: str) -> str:
    """Le nom donné, sans dossier ni caractère invisible : il ne sert qu'aux messages."""
    dernier = re.split(r"[\\/]", nom)[-1]
    return "".join(c for c in dernier if c.isprintable())[-_NOM_MONTRE:].strip() or "fichier reçu"
