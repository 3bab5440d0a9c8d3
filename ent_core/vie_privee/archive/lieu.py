"""Où est l'archive : ses clés dans le coffre, ses contenus dans un schéma à part ou dans une autre base.

Les contenus se lisent par un compte de base qui n'est pas celui de l'application : une injection dans une
page ordinaire ne les atteint pas.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, Connection, LargeBinary, Uuid, bindparam, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.donnees.session import ROLE_ARCHIVE, base_de
from ent_core.socle.erreurs import BaseIndisponible, OperationRefusee
from ent_core.vie_privee.coffre.cles import Coffre

__all__ = ["PREFIXE", "Archive", "archive_de", "archive_exigee", "jeton_de", "unite_du_coffre"]

PREFIXE = "archive/"
"""Début du nom, dans le coffre, des clés de l'archive."""

_LIRE = text("select unite, scelle from archive.contenu where unite = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_PORTER = text(
    "insert into archive.contenu (unite, scelle) values (:unite, :scelle) on conflict (unite) do nothing"
).bindparams(bindparam("unite", type_=Uuid), bindparam("scelle", type_=LargeBinary))
_VERIFIER = text(
    "select unite, encode(sha256(scelle), 'hex') from archive.contenu where unite = any(:ids)"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_OTER = text("delete from archive.contenu where unite = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)


def unite_du_coffre(identifiant: UUID) -> str:
    """Nom, dans le coffre, de la clé d'une unité.

    :param identifiant: identifiant de l'unité.
    """
    return f"{PREFIXE}{identifiant}"


@dataclass(frozen=True, slots=True)
class Archive:
    """L'archive d'une instance.

    :param coffre: clés, hors de la base.
    :param cle: clé des jetons qui tiennent lieu des personnes.
    :param ici: adresse du compte qui lit le schéma ``archive`` de la base de l'application.
    :param ailleurs: adresse de l'autre base, s'il y en a une.
    """

    coffre: Coffre
    cle: bytes = field(repr=False)
    ici: URL
    ailleurs: URL | None = None

    def jeton(self, personne: UUID) -> UUID:
        """Empreinte à clé d'une personne : sans la clé, elle ne désigne personne.

        :param personne: identifiant, jamais réemployé.
        """
        return UUID(bytes=hmac.new(self.cle, personne.bytes, hashlib.sha256).digest()[:16])

    def lire_ici(self, ids: Collection[UUID]) -> dict[UUID, bytes]:
        """Contenus scellés, de la base de l'application.

        :param ids: unités voulues.
        """
        with self._ouvrir(self.ici) as connexion:
            connexion.exec_driver_sql(f"set role {ROLE_ARCHIVE}")
            return _lus(connexion, ids)

    def lire_ailleurs(self, ids: Collection[UUID]) -> dict[UUID, bytes]:
        """Contenus scellés, de l'autre base.

        :param ids: unités voulues.
        """
        with self._ouvrir(self._autre()) as connexion:
            return _lus(connexion, ids)

    def porter(self, scelles: Mapping[UUID, bytes]) -> None:
        """Écrit des contenus dans l'autre base ; ce qui y est déjà y reste tel quel.

        :param scelles: unité → contenu.
        """
        with self._ouvrir(self._autre()) as connexion:
            _preparer(connexion)
            connexion.execute(_PORTER, [{"unite": u, "scelle": s} for u, s in scelles.items()])
            connexion.commit()

    def empreintes_ailleurs(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """Empreintes que l'autre base calcule de ce qu'elle garde.

        :param ids: unités voulues.
        """
        with self._ouvrir(self._autre()) as connexion:
            return {unite: empreinte for unite, empreinte in connexion.execute(_VERIFIER, {"ids": list(ids)})}

    def oter_ailleurs(self, ids: Collection[UUID]) -> None:
        """Détruit des contenus dans l'autre base.

        :param ids: unités parties de l'index.
        """
        if self.ailleurs is None:
            return
        with self._ouvrir(self.ailleurs) as connexion:
            _preparer(connexion)
            connexion.execute(_OTER, {"ids": list(ids)})
            connexion.commit()

    def _autre(self) -> URL:
        if self.ailleurs is None:
            raise OperationRefusee(
                "des contenus de l'archive sont dans une autre base, qui n'est plus donnée.",
                remede="remettre son adresse dans ENT_ARCHIVE.",
                lieu="archive",
            )
        return self.ailleurs

    @contextmanager
    def _ouvrir(self, adresse: URL) -> Iterator[Connection]:
        """Connexion brève : on lit rarement l'archive, et l'on n'y tient rien d'ouvert."""
        moteur = create_engine(adresse, poolclass=NullPool, hide_parameters=True)
        try:
            with moteur.connect() as connexion:
                yield connexion
        except DBAPIError as erreur:
            raise BaseIndisponible(
                f"la base de l'archive ne répond pas, ou refuse ({type(erreur.orig).__name__}).",
                remede="vérifier ENT_ARCHIVE et le mot de passe du compte, puis « ent base migrer ».",
                lieu="archive",
            ) from erreur
        finally:
            moteur.dispose()


def archive_de(session: Session) -> Archive | None:
    """Archive de l'instance, si elle en a une.

    :param session: session de l'académie.
    """
    trouvee = base_de(session).archive
    return trouvee if isinstance(trouvee, Archive) else None


def archive_exigee(session: Session) -> Archive:
    """Archive de l'instance.

    :param session: session de l'académie.
    :raises OperationRefusee: il n'y en a pas.
    """
    trouvee = archive_de(session)
    if trouvee is None:
        raise OperationRefusee(
            "cette base n'a pas d'archive intermédiaire : rien n'est ni déplacé, ni lu.",
            remede="poser l'archive de l'instance (chargement.archive.poser) avant d'ouvrir la base.",
            lieu="archive",
        )
    return trouvee


def jeton_de(session: Session, personne: UUID) -> UUID | None:
    """Jeton d'une personne ; ``None`` si l'instance n'a pas d'archive.

    :param session: session de l'académie.
    :param personne: personne de l'annuaire, ou qui en est partie.
    """
    archive = archive_de(session)
    return archive.jeton(personne) if archive else None


def _lus(connexion: Connection, ids: Collection[UUID]) -> dict[UUID, bytes]:
    return {unite: bytes(scelle) for unite, scelle in connexion.execute(_LIRE, {"ids": list(ids)})}


def _preparer(connexion: Connection) -> None:
    """L'autre base n'a que cette table ; elle naît au premier besoin."""
    connexion.exec_driver_sql("create schema if not exists archive")
    connexion.exec_driver_sql(
        "create table if not exists archive.contenu (unite uuid primary key, scelle bytea not null)"
    )
    connexion.commit()
