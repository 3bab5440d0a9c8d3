"""Vers l'autre base, en trois temps qui se reprennent ; et ce qu'il reste à détruire hors de la base.

Écrit là-bas, vérifié là-bas, puis seulement ôté d'ici. L'état de chaque unité dit où l'on en est : un
processus tué entre deux temps ne perd rien et ne double rien.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.lieu import PREFIXE, Archive, unite_du_coffre
from ent_core.vie_privee.archive.modeles import UniteArchivee, UniteSousVisa

__all__ = ["TABLES", "acheminer", "solder"]

TABLES: tuple[type[UniteArchivee] | type[UniteSousVisa], ...] = (UniteArchivee, UniteSousVisa)
"""Les deux tables de l'index."""

_VERROU = 0x454E54_415243
_LOT = 200
_MARGE = timedelta(days=40)
"""Âge d'une clé sans unité avant qu'on la détruise : une sauvegarde restaurée peut encore la demander."""

_PARTIES = text("select unite from archive.partie order by unite limit :n")
_REGLER = text("delete from archive.partie where unite = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)


def acheminer(base: BaseDeDonnees) -> int:
    """Porte dans l'autre base ce qui l'attend ; ne fait rien s'il n'y en a pas.

    :param base: base de l'application, deux connexions au moins.
    :returns: nombre d'unités dont le contenu n'est plus que là-bas.
    :raises OperationRefusee: ce qui y est gardé n'est pas ce qui est parti ; rien n'est ôté d'ici.
    """
    archive = base.archive
    if not isinstance(archive, Archive) or archive.ailleurs is None:
        return 0
    with _seul(base):
        for lot in _lots(base, "a_porter"):
            archive.porter(archive.lire_ici(list(lot)))
            _passer(base, list(lot), "a_porter", "portee")
        ecarts = 0
        for lot in _lots(base, "portee"):
            trouvees = archive.empreintes_ailleurs(list(lot))
            fausses = [unite for unite, empreinte in lot.items() if trouvees.get(unite) != empreinte]
            _passer(base, [unite for unite in lot if unite not in fausses], "portee", "verifiee")
            if fausses:
                ecarts += len(fausses)
                archive.oter_ailleurs(fausses)
                _passer(base, fausses, "portee", "a_porter")
        faites = 0
        for lot in _lots(base, "verifiee"):
            faites += _passer(base, list(lot), "verifiee", "ailleurs")
    if ecarts:
        raise OperationRefusee(
            f"{ecarts} contenu(s) de l'autre base ne sont pas ceux qui sont partis : gardés ici, à reporter.",
            remede="vérifier le disque de la base de l'archive, puis relancer.",
            lieu="archive",
        )
    return faites


def solder(base: BaseDeDonnees, horloge: Horloge) -> int:
    """Détruit, hors de la base, la clé et le contenu de chaque unité partie de l'index.

    :param base: base de l'application, deux connexions au moins.
    :returns: nombre d'unités soldées.
    """
    archive = base.archive
    if not isinstance(archive, Archive):
        return 0
    soldees = 0
    with _seul(base):
        while ids := _parties(base):
            archive.oter_ailleurs(ids)
            archive.coffre.detruire(map(unite_du_coffre, ids))
            with base.academie("archive : unités soldées") as session:
                session.execute(_REGLER, {"ids": ids})
            soldees += len(ids)
        _balayer(base, archive, horloge.maintenant())
    return soldees


def _balayer(base: BaseDeDonnees, archive: Archive, maintenant: datetime) -> None:
    """Détruit les vieilles clés qu'une transaction annulée a laissées sans unité."""
    vieilles = {}
    for unite in archive.coffre.unites(PREFIXE):
        identifiant = UUID(unite.removeprefix(PREFIXE))
        if _naissance(identifiant) < (maintenant - _MARGE).timestamp():
            vieilles[identifiant] = unite
    if vieilles:
        with base.academie("archive : clés sans unité") as session:
            for table in TABLES:
                for identifiant in session.scalars(select(table.id).where(table.id.in_(vieilles))):
                    vieilles.pop(identifiant, None)
        archive.coffre.detruire(vieilles.values())


def _naissance(identifiant: UUID) -> float:
    """Instant que porte un UUID de septième version, en secondes."""
    return int.from_bytes(identifiant.bytes[:6]) / 1000


def _parties(base: BaseDeDonnees) -> list[UUID]:
    with base.academie("archive : unités parties") as session:
        return list(session.scalars(_PARTIES, {"n": _LOT}))


def _lots(base: BaseDeDonnees, etat: str) -> Iterator[dict[UUID, str]]:
    """Unités d'un état, lot par lot : identifiant → empreinte."""
    apres = UUID(int=0)
    while True:
        with base.academie("archive : acheminer") as session:
            lot = dict(_suivantes(session, etat, apres))
        if not lot:
            return
        yield lot
        apres = max(lot)


def _suivantes(session: Session, etat: str, apres: UUID) -> Sequence[Any]:
    trouvees: list[Any] = []
    for table in TABLES:
        enonce = select(table.id, table.empreinte).where(table.etat == etat, table.id > apres)
        trouvees += session.execute(enonce.order_by(table.id).limit(_LOT)).all()
    return sorted((unite, empreinte) for unite, empreinte in trouvees)[:_LOT]


def _passer(base: BaseDeDonnees, ids: Sequence[UUID], de: str, a: str) -> int:
    passees = 0
    with base.academie("archive : acheminer") as session:
        for table in TABLES:
            resultat: Any = session.execute(
                update(table).where(table.id.in_(ids), table.etat == de).values(etat=a),
                execution_options={"synchronize_session": False},
            )
            passees += resultat.rowcount
    return passees


@contextmanager
def _seul(base: BaseDeDonnees) -> Iterator[None]:
    """Porter et détruire ne se croisent pas : ce qui part pendant qu'on le porte est détruit ensuite."""
    with connecter(base.moteur) as connexion:
        connexion.execute(select(func.pg_advisory_lock(_VERROU)))
        connexion.commit()
        try:
            yield
        finally:
            connexion.execute(select(func.pg_advisory_unlock(_VERROU)))
            connexion.commit()
