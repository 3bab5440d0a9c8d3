"""La base d'un banc : neuve, migrée, embarquée ou sur un serveur donné, effacée à la sortie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from ent_core.chargement.decouverte import charger
from ent_core.donnees import embarque
from ent_core.donnees.connexion import adresses
from ent_core.donnees.migrations import Distribution, migrer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.configuration import Base, Configuration

__all__ = ["CLE", "BaseNeuve", "base_neuve"]

CLE = "clé du banc, assez longue pour signer"


@dataclass(frozen=True, slots=True)
class BaseNeuve:
    """Une base de banc.

    :param base: par le compte de l'application.
    :param application: adresse de ce compte.
    :param proprietaire: adresse de celui qui possède tout.
    """

    base: BaseDeDonnees
    application: URL
    proprietaire: URL

    @property
    def nue(self) -> str:
        """Adresse du propriétaire pour psycopg seul."""
        return self.proprietaire.set(drivername="postgresql").render_as_string(hide_password=False)

    def ordonner(self, *ordres: str) -> None:
        """Exécute des ordres en propriétaire, hors transaction.

        :param ordres: SQL.
        """
        with psycopg.connect(self.nue, autocommit=True) as connexion:
            for ordre in ordres:
                connexion.execute(ordre.encode())


@contextmanager
def base_neuve(
    dossier: Path, distributions: Sequence[Distribution] | None = None, *, serveur: str = ""
) -> Iterator[BaseNeuve]:
    """Ouvre une base neuve.

    :param dossier: dossier jetable.
    :param distributions: par défaut, le noyau seul.
    :param serveur: base vide d'un serveur PostgreSQL ; par défaut, une base embarquée.
    """
    configuration = Configuration(
        donnees=str(dossier),
        cle_secrete=CLE,
        base=Base(url=serveur, proprietaire=serveur) if serveur else Base(),
    )
    try:
        with adresses(configuration) as trouvees:
            if trouvees.proprietaire is None:
                raise RuntimeError("le banc a besoin du compte qui possède la base")
            application = trouvees.application.set(username="ent_web") if serveur else trouvees.application
            migrer(trouvees.proprietaire, application, distributions or charger([]).distributions)
            base = BaseDeDonnees(application)
            try:
                yield BaseNeuve(base, application, trouvees.proprietaire)
            finally:
                base.fermer()
    finally:
        if not serveur:
            embarque.effacer(dossier / "base")
