"""Ce qui tient à une ligne : tout ce qui la désigne, dans le noyau et dans les briques, chargées ou non."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Uuid, bindparam, column, func, literal_column, or_, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from ent_core.identite.modeles import Compte
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["Renvoi", "comptes_en_usage", "comptes_jamais_actives", "lignes_qui_designent", "renvois_vers"]

_ETRANGERES = text("""
select f.relname, cible.relname, min(a.attname) as colonne,
  (select array_agg(k.attname::text order by k.attname) from pg_index i
   join pg_attribute k on k.attrelid = f.oid and k.attnum = any(i.indkey)
   where i.indrelid = f.oid and i.indisprimary) as cle,
  has_table_privilege(f.oid, 'select') as lisible
from pg_constraint c
join pg_class f on f.oid = c.conrelid
join pg_class cible on cible.oid = c.confrelid
cross join lateral unnest(c.conkey, c.confkey) as u (ici, la)
join pg_attribute a on a.attrelid = f.oid and a.attnum = u.ici
join pg_attribute b on b.attrelid = cible.oid and b.attnum = u.la and b.attname = 'id'
where c.contype = 'f' and c.connamespace = 'public'::regnamespace and cible.relname = any(:cibles)
  and f.relname <> all(:sauf)
group by c.oid, f.oid, f.relname, cible.relname order by 1, 3
""").bindparams(bindparam("cibles"), bindparam("sauf"))
# Un compte se juge à part ; ses sessions le suivent, et un geste ne fait que se souvenir.
_SAUF = ("compte", "session_web", "import_geste")


@dataclass(frozen=True, slots=True)
class Renvoi:
    """Une colonne d'une table qui désigne les lignes d'une autre par leur identifiant.

    :param cle: colonnes de la clé primaire de la table qui désigne, par nom.
    """

    table: str
    cible: str
    colonne: str
    cle: tuple[str, ...]


def renvois_vers(session: Session, cibles: Collection[str]) -> Iterator[Renvoi]:
    """Les colonnes qui désignent ces tables, lues dans la base : une brique retirée y a encore les siennes.

    :param session: session de l'académie.
    :param cibles: noms de tables.
    :raises OperationRefusee: une table ne se lit pas.
    """
    for nom, cible, colonne, cle, lisible in session.execute(
        _ETRANGERES, {"cibles": sorted(cibles), "sauf": list(_SAUF)}
    ):
        if not lisible:
            raise OperationRefusee(
                "L'ENT ne peut pas lire une table qui désigne ces lignes : rien ne dit ce qui serait perdu.",
                remede="relancer « ent base migrer », qui rend les droits, puis recommencer.",
                lieu=f"table {nom}",
            )
        yield Renvoi(nom, cible, colonne, tuple(cle))


def lignes_qui_designent(session: Session, renvoi: Renvoi, ids: Collection[Any]) -> Iterator[dict[str, Any]]:
    """Clés primaires des lignes qui désignent l'une de ces lignes.

    :param session: session de l'académie.
    :param renvoi: colonne à suivre.
    :param ids: identifiants désignés.
    """
    depuis = table(renvoi.table, *(column(nom) for nom in {renvoi.colonne, *renvoi.cle}))
    voulus = bindparam("ids", list(ids), type_=ARRAY(Uuid))
    enonce = select(*(depuis.c[nom] for nom in renvoi.cle)).where(
        depuis.c[renvoi.colonne] == func.any(voulus)
    )
    for ligne in session.execute(enonce):
        yield dict(zip(renvoi.cle, ligne, strict=True))


def comptes_en_usage(session: Session, personnes: Collection[Any]) -> int:
    """Nombre de ces personnes dont le compte a été activé, ou a servi.

    :param session: session de l'académie.
    :param personnes: identifiants.
    """
    return _compter(session, personnes, servi=True)


def comptes_jamais_actives(session: Session, personnes: Collection[Any]) -> int:
    """Nombre de ces personnes qui ont un compte que nul n'a activé.

    :param session: session de l'académie.
    :param personnes: identifiants.
    """
    return _compter(session, personnes, servi=False)


def _compter(session: Session, personnes: Collection[Any], *, servi: bool) -> int:
    a_servi = or_(Compte.etat != "a_activer", Compte.vu_le.is_not(None))
    voulus = bindparam("ids", list(personnes), type_=ARRAY(Uuid))
    enonce = (
        select(func.count(literal_column("*")))
        .select_from(Compte)
        .where(Compte.personne_id == func.any(voulus), a_servi if servi else ~a_servi)
    )
    return session.scalar(enonce) or 0
