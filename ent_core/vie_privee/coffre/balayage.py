"""Le balayage : une clé dont plus aucune ligne ne dépend est détruite, et avec elle les copies oubliées.

Deux passages. Le premier, sans gêner personne, relève les clés que rien n'emploie. Le second prend seul le
verrou des écritures, vérifie qu'elles ne servent toujours pas, et les détruit. Une brique dont on ne sait
plus ce qu'elle chiffre garde ses clés tant que la base a une de ses tables.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, Table, func, literal, select, text, type_coerce
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ent_core.donnees.chiffrement import Chiffre
from ent_core.donnees.session import BaseDeDonnees
from ent_core.vie_privee.coffre.cles import Coffre
from ent_core.vie_privee.coffre.trousseau import COLONNE, TAILLE_UNITE, VERROU, prefixe
from ent_core.vie_privee.registre import Registre

__all__ = ["Balayage", "a_des_cellules", "balayer"]

_ATTENTE = "10s"
"""Ce qu'on attend ceux qui écrivent ; au-delà, le balayage suivant détruira les clés."""

_OCCUPE = "55P03"
_LOT = 10_000
_TABLES = text(
    "select exists (select 1 from pg_tables where schemaname = 'public' and starts_with(tablename, :debut))"
)
_journal = logging.getLogger("ent.coffre")


@dataclass(frozen=True, slots=True)
class Balayage:
    """Ce qu'un balayage a fait.

    :param detruites: clés détruites.
    :param remises: clés inutiles que des écritures en cours font remettre à plus tard.
    :param perdues: unités dont des lignes dépendent et dont la clé n'est plus dans le coffre.
    """

    detruites: int = 0
    remises: int = 0
    perdues: int = 0


def balayer(base: BaseDeDonnees, coffre: Coffre, registre: Registre) -> Balayage:
    """Détruit les clés inutiles, hors de toute transaction de l'appelant.

    :param base: base de l'application.
    :param registre: tout ce que la base garde, briques absentes comprises.
    :raises CoffreIndisponible: le coffre ne peut pas être écrit ; aucune clé n'est détruite.
    """
    chiffrees = _chiffrees(registre)
    presentes = coffre.unites(COLONNE)
    if not presentes and not chiffrees:
        return Balayage()
    with base.academie("coffre : clés inutiles") as session:
        employees = _employees(session, chiffrees)
        inutiles = _connues(session, presentes - employees, registre)
    perdues = len(employees - presentes)
    if perdues:
        _journal.error("cles_perdues", extra={"unites": perdues})
    if not inutiles:
        return Balayage(perdues=perdues)
    with base.academie("coffre : détruire des clés") as session:
        if not _verrouiller(session):
            return Balayage(remises=len(inutiles), perdues=perdues)
        detruites = coffre.detruire(inutiles - _reprises(session, chiffrees, inutiles))
    _journal.info("cles_detruites", extra={"nombre": detruites})
    return Balayage(detruites=detruites, perdues=perdues)


def a_des_cellules(session: Session, registre: Registre) -> bool:
    """Vrai si la base garde une valeur chiffrée.

    :param session: session de l'académie.
    :param registre: voir ``balayer``.
    """
    return any(
        session.scalar(select(literal(1)).select_from(source).where(func.length(octets) > 0).limit(1))
        for source, octets, _ in _chiffrees(registre)
    )


def _chiffrees(registre: Registre) -> list[tuple[Table, ColumnElement[bytes], str]]:
    """Colonnes chiffrées, en octets, et le début du nom de leurs unités."""
    return [
        (source, type_coerce(colonne, LargeBinary), prefixe(registre.brique_de[nom]))
        for nom, source in registre.tables.items()
        for colonne in source.columns
        if isinstance(colonne.type, Chiffre)
    ]


def _employees(session: Session, chiffrees: list[tuple[Table, ColumnElement[bytes], str]]) -> set[str]:
    """Unités dont une cellule dépend ; un parcours de chaque table chiffrée."""
    trouvees: set[str] = set()
    for _, octets, debut in chiffrees:
        unites = select(func.substring(octets, 1, TAILLE_UNITE)).where(func.length(octets) > 0).distinct()
        lues = session.scalars(unites, execution_options={"yield_per": _LOT})
        trouvees.update(debut + bytes(unite).hex() for unite in lues)
    return trouvees


def _reprises(
    session: Session, chiffrees: list[tuple[Table, ColumnElement[bytes], str]], inutiles: set[str]
) -> set[str]:
    """Parmi des unités qui ne servaient plus, celles qui servent de nouveau ; d'autres attendent."""
    trouvees: set[str] = set()
    for source, octets, debut in chiffrees:
        siennes = [bytes.fromhex(unite.removeprefix(debut)) for unite in inutiles if unite.startswith(debut)]
        if siennes:
            unite = func.unnest(literal(siennes, ARRAY(LargeBinary))).column_valued("unite")
            cellule = select(literal(1)).select_from(source)
            reprise = cellule.where(func.substring(octets, 1, TAILLE_UNITE) == unite).exists()
            trouvees.update(debut + bytes(lue).hex() for lue in session.scalars(select(unite).where(reprise)))
    return trouvees


def _connues(session: Session, unites: set[str], registre: Registre) -> set[str]:
    """Celles dont on sait tout : leur brique est déclarée, ou la base n'a plus rien d'elle."""
    briques = {unite.split(":")[1] for unite in unites}
    declarees = set(registre.brique_de.values())
    inconnues = {brique for brique in briques - declarees if session.scalar(_TABLES, {"debut": f"{brique}_"})}
    return {unite for unite in unites if unite.split(":")[1] not in inconnues}


def _verrouiller(session: Session) -> bool:
    """Attend que ceux qui écrivent aient fini ; faux s'ils tardent."""
    session.execute(select(func.set_config("lock_timeout", _ATTENTE, True)))
    try:
        session.execute(select(func.pg_advisory_xact_lock(VERROU)))
    except OperationalError as erreur:
        if getattr(erreur.orig, "sqlstate", "") != _OCCUPE:
            raise
        session.rollback()
        return False
    return True
