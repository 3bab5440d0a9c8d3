"""Lire et écrire l'emploi du temps d'une école, par grands blocs.

PostgreSQL refuse COPY sur une table cloisonnée ; des tableaux dépliés par ``unnest`` écrivent aussi un bloc
en un seul énoncé, sous la garde du cloisonnement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from ent_core.identite.sts.seances import EcartSeances, Seance, Tenue
from ent_core.identite.sts.services import EcartServices, ServiceTenu, ServiceVoulu

__all__ = ["ecrire_seances", "ecrire_services", "services_tenus", "tenues"]

_BLOC = 10_000
_T = TypeVar("_T")

_TENUES = text(
    "select id, etat, debut, fin, division_id, groupe_id, matiere, salle"
    " from creneau where uai = :uai and annee = :annee"
)
_ENSEIGNANTS = text(
    "select creneau_id, personne_id from creneau_enseignant where uai = :uai and annee = :annee"
)
_AJOUTER = text(
    """
    insert into creneau (uai, annee, id, debut, fin, division_id, groupe_id, matiere, salle)
    select :uai, :annee, s.* from unnest(
      cast(:ids as uuid[]), cast(:debuts as timestamptz[]), cast(:fins as timestamptz[]),
      cast(:divisions as uuid[]), cast(:groupes as uuid[]), cast(:matieres as text[]), cast(:salles as text[])
    ) s
    """
)
_MODIFIER = text(
    """
    update creneau c set fin = s.fin, salle = s.salle
    from unnest(cast(:ids as uuid[]), cast(:fins as timestamptz[]), cast(:salles as text[]))
      as s (id, fin, salle)
    where c.uai = :uai and c.annee = :annee and c.id = s.id
    """
)
_RETIRER = text("delete from creneau where uai = :uai and annee = :annee and id = any(cast(:ids as uuid[]))")
_SANS_ENSEIGNANT = text(
    "delete from creneau_enseignant where uai = :uai and annee = :annee"
    " and creneau_id = any(cast(:ids as uuid[]))"
)
_ENSEIGNER = text(
    """
    insert into creneau_enseignant (uai, annee, creneau_id, personne_id)
    select :uai, :annee, s.* from unnest(cast(:creneaux as uuid[]), cast(:personnes as uuid[])) s
    """
)
# Sans statistiques (première année d'une base neuve), la clé étrangère de chaque enseignant relirait toutes
# les séances de l'école : le coût serait le carré du nombre de séances.
_STATISTIQUES = text(
    """
    do $$ begin
      if to_regprocedure('ent_statistiques(regclass)') is not null then
        perform ent_statistiques('creneau');
      end if;
    end $$
    """
)
_IDENTIFIANTS = text("select ent_uuid7() from generate_series(1, :nombre)")
_SERVICES = text(
    """
    select id, source, personne_id, matiere, division_id, groupe_id from service
    where uai = :uai and annee = :annee and fin is null
    """
)
# Un service clos puis rouvert le même jour reprend sa ligne.
_OUVRIR_SERVICES = text(
    """
    insert into service (uai, annee, personne_id, matiere, division_id, groupe_id, source, debut)
    select :uai, :annee, s.*, :source, :jour from unnest(
      cast(:personnes as uuid[]), cast(:matieres as text[]),
      cast(:divisions as uuid[]), cast(:groupes as uuid[])
    ) s
    on conflict (uai, annee, personne_id, matiere, division_id, groupe_id, debut) do update set fin = null
    """
)
_CLORE_SERVICES = text(
    "update service set fin = greatest(debut, :jour)"
    " where uai = :uai and annee = :annee and id = any(cast(:ids as uuid[]))"
)


def tenues(session: Session, uai: str, annee: int) -> Iterator[Tenue]:
    """Toutes les séances d'une année, avec leurs enseignants.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    # Deux lectures plutôt qu'une jointure : juste après un gros import, la base n'a pas de statistiques.
    ecole = {"uai": uai, "annee": annee}
    enseignants: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for creneau, personne in session.execute(_ENSEIGNANTS, ecole):
        enseignants[creneau].add(personne)
    for ligne in session.execute(_TENUES, ecole):
        yield Tenue(
            ligne.id,
            ligne.etat,
            Seance(
                ligne.debut.astimezone(UTC),
                ligne.fin.astimezone(UTC),
                ligne.division_id,
                ligne.groupe_id,
                ligne.matiere,
                ligne.salle,
                frozenset(enseignants.get(ligne.id, ())),
            ),
        )


def ecrire_seances(session: Session, uai: str, annee: int, ecart: EcartSeances) -> None:
    """Applique un écart, dans la transaction de l'appelant.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param ecart: ce qu'il faut changer.
    """
    ecole = {"uai": uai, "annee": annee}
    _par_blocs(session, _RETIRER, ecole, ecart.retraits)
    _par_blocs(session, _SANS_ENSEIGNANT, ecole, [identifiant for identifiant, _ in ecart.modifications])
    for bloc in _blocs(ecart.modifications):
        session.execute(
            _MODIFIER,
            ecole
            | {
                "ids": [identifiant for identifiant, _ in bloc],
                "fins": [seance.fin for _, seance in bloc],
                "salles": [seance.salle for _, seance in bloc],
            },
        )
    for neuves in _blocs(ecart.ajouts):
        ids = session.scalars(_IDENTIFIANTS, {"nombre": len(neuves)}).all()
        session.execute(
            _AJOUTER,
            ecole
            | {
                "ids": ids,
                "debuts": [seance.debut for seance in neuves],
                "fins": [seance.fin for seance in neuves],
                "divisions": [seance.division_id for seance in neuves],
                "groupes": [seance.groupe_id for seance in neuves],
                "matieres": [seance.matiere for seance in neuves],
                "salles": [seance.salle for seance in neuves],
            },
        )
        session.execute(_STATISTIQUES)
        _enseigner(session, ecole, list(zip(ids, neuves, strict=True)))
    _enseigner(session, ecole, ecart.modifications)


def _enseigner(session: Session, ecole: dict[str, object], seances: Sequence[tuple[UUID, Seance]]) -> None:
    couples = [(ident, personne) for ident, seance in seances for personne in seance.enseignants]
    for bloc in _blocs(couples):
        session.execute(
            _ENSEIGNER,
            ecole | {"creneaux": [c for c, _ in bloc], "personnes": [personne for _, personne in bloc]},
        )


def _blocs(suite: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (suite[rang : rang + _BLOC] for rang in range(0, len(suite), _BLOC))


def _par_blocs(session: Session, enonce: TextClause, ecole: dict[str, object], ids: Sequence[UUID]) -> None:
    for bloc in _blocs(ids):
        session.execute(enonce, ecole | {"ids": list(bloc)})


def services_tenus(session: Session, uai: str, annee: int) -> Iterator[ServiceTenu]:
    """Services en cours d'un établissement.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    for ligne in session.execute(_SERVICES, {"uai": uai, "annee": annee}):
        yield ServiceTenu(
            ligne.id,
            ligne.source,
            ServiceVoulu(ligne.personne_id, ligne.matiere, ligne.division_id, ligne.groupe_id),
        )


def ecrire_services(
    session: Session, uai: str, annee: int, ecart: EcartServices, source: str, jour: date
) -> None:
    """Ouvre et clôt des services, dans la transaction de l'appelant.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param ecart: ce qu'il faut changer.
    :param source: provenance des services ouverts.
    :param jour: premier jour des uns, dernier des autres.
    """
    ecole: dict[str, object] = {"uai": uai, "annee": annee, "jour": jour}
    _par_blocs(session, _CLORE_SERVICES, ecole, ecart.retraits)
    for bloc in _blocs(ecart.ajouts):
        session.execute(
            _OUVRIR_SERVICES,
            ecole
            | {
                "source": source,
                "personnes": [service.personne_id for service in bloc],
                "matieres": [service.matiere for service in bloc],
                "divisions": [service.division_id for service in bloc],
                "groupes": [service.groupe_id for service in bloc],
            },
        )
