"""Propriété : sur des énoncés tirés au sort, le portillon et la base rendent le même verdict.

La force brute est la base elle-même : un énoncé est permis si, sous l'audience d'un des rôles en vigueur,
PostgreSQL l'exécute. Le portillon doit dire pareil sans l'envoyer. (Seul écart connu, hors du tirage : d'une
sous-requête dont rien n'est repris, le planificateur se débarrasse sans vérifier ; le portillon la refuse.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, reject, settings
from hypothesis import strategies as st
from sqlalchemy import case, delete, exists, func, insert, select, union_all, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from ent_core.contrat.roles import Role
from ent_core.donnees.audiences import audience
from ent_core.donnees.session import Portage
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Compte, Division, Personne
from ent_core.socle.erreurs import DonneeProtegee
from tests.vie_privee.brique_fuites import ICI, Absence, Lien, Lieu, Monde, ouvrir_monde

_A: Any = Absence.__table__
_L: Any = Lieu.__table__
_N: Any = Lien.__table__
_TEXTES = (_A.c.motif, _A.c.note, _L.c.nom, Personne.__table__.c.nom, Personne.__table__.c.courriel,
           Compte.__table__.c.identifiant, Division.__table__.c.libelle)  # fmt: skip
_ROLES = (Role.CPE, Role.ENSEIGNANT, Role.ASSISTANT_EDUCATION, Role.ELEVE, Role.SANTE_SOCIAL)


@pytest.fixture(scope="module")
def monde(fabrique_bases: Fabrique) -> Iterator[Monde]:
    yield from ouvrir_monde(fabrique_bases)


class Essai:
    """Un énoncé, qui se montre par son SQL."""

    def __init__(self, enonce: Any) -> None:
        self.enonce = enonce

    def __repr__(self) -> str:
        dialecte: Any = postgresql.dialect
        return str(self.enonce.compile(dialect=dialecte()))


@st.composite
def expressions(tirer: st.DrawFn) -> Any:
    """Une colonne, ou ce que l'on en fait."""
    colonne = tirer(st.sampled_from(_TEXTES))
    return tirer(
        st.sampled_from(
            (
                colonne,
                func.upper(colonne),
                colonne.label("x"),
                case((colonne == "a", "b"), else_="c"),
                select(colonne).scalar_subquery(),
                select(func.max(colonne)).scalar_subquery(),
            )
        )
    )


@st.composite
def criteres(tirer: st.DrawFn) -> Any:
    """Un oracle possible."""
    colonne = tirer(st.sampled_from(_TEXTES))
    return tirer(
        st.sampled_from(
            (
                colonne == "a",
                colonne.is_(None),
                colonne.contains("a"),
                exists().where(colonne == "a"),
                exists().select_from(colonne.table),
                _A.c.id.in_(select(_A.c.id).where(colonne == "a")),
            )
        )
    )


@st.composite
def lectures(tirer: st.DrawFn) -> Any:
    """Une lecture."""
    enonce = select(*tirer(st.lists(expressions(), min_size=1, max_size=2)))
    if tirer(st.booleans()):
        enonce = enonce.where(tirer(criteres()))
    if tirer(st.booleans()):
        colonne = tirer(st.sampled_from(_TEXTES))
        enonce = enonce.select_from(colonne.table).order_by(colonne)
    forme = tirer(st.sampled_from(("nue", "compte", "cte", "sous", "union", "jointe", "tenue")))
    if forme == "compte":
        return select(func.count()).select_from(tirer(st.sampled_from((_A, _L, _N, Compte.__table__))))
    if forme == "cte":
        return select(enonce.cte())
    if forme == "sous":
        return select(enonce.subquery())
    if forme == "union":
        return union_all(select(func.count()).select_from(_L), select(func.count()).select_from(_A))
    if forme == "jointe":
        return select(_L.c.id).join(_A, _A.c.lieu_id == _L.c.id).where(tirer(criteres()))
    if forme == "tenue":
        return select(_A.c.id).with_for_update()
    return enonce


@st.composite
def ecritures(tirer: st.DrawFn) -> Any:
    """Une écriture, qui lit parfois ce qu'elle écrit."""
    table, texte = tirer(st.sampled_from(((_A, _A.c.motif), (_A, _A.c.note), (_L, _L.c.nom))))
    forme = tirer(st.sampled_from(("change", "copie", "ote", "ajoute", "deverse", "insere ou change")))
    if forme == "change":
        enonce: Any = update(table).values({texte: "x"})
    elif forme == "copie":
        enonce = update(table).values({texte: tirer(expressions())})
    elif forme == "ote":
        enonce = delete(table)
    elif forme == "ajoute":
        return insert(_L).values(uai=ICI, nom="x")
    elif forme == "deverse":
        return insert(_L).from_select(["uai", "nom"], select(_L.c.uai, tirer(expressions())))
    else:
        ajout = pg_insert(_L).values(uai=ICI, nom="x")
        return ajout.on_conflict_do_update(index_elements=["uai", "id"], set_={"nom": ajout.excluded.nom})
    if tirer(st.booleans()):
        enonce = enonce.where(tirer(criteres()))
    return enonce.returning(texte) if tirer(st.booleans()) else enonce


def _selon_le_portillon(monde: Monde, enonce: Any, roles: tuple[str, ...]) -> bool:
    portillon: Any = monde.base.portillon
    try:
        compile_ = enonce.compile(dialect=monde.base.moteur.dialect)
    except InvalidRequestError:
        reject()
    try:
        portillon.juge(portillon.finalites("fuites"), roles)(compile_)
    except DonneeProtegee as refus:
        note(refus.lieu)
        return False
    return True


def _selon_la_base(monde: Monde, enonce: Any, roles: tuple[str, ...]) -> bool:
    return any(_executee(monde, enonce, role) for role in roles)


def _executee(monde: Monde, enonce: Any, role: str) -> bool:
    with monde.base.session(Portage("essai", uai=ICI, role=audience(role))) as session:
        try:
            session.connection().execute(enonce)
        except DBAPIError as erreur:
            note(str(erreur.orig))
            code = str(getattr(erreur.orig, "sqlstate", ""))
            assume(not code.startswith("42") or code == "42501")  # mal formé : il ne dit rien
            return "permission denied" not in str(erreur.orig)
        return True


@pytest.mark.filterwarnings("ignore:.*cartesian product")
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    essai=st.one_of(lectures(), ecritures()).map(Essai),
    roles=st.lists(st.sampled_from(_ROLES), min_size=1, max_size=3, unique=True),
)
def test_le_portillon_et_la_base_rendent_le_meme_verdict(
    monde: Monde, essai: Essai, roles: list[str]
) -> None:
    trouves = tuple(roles)
    verdict = _selon_le_portillon(monde, essai.enonce, trouves)
    assert verdict == _selon_la_base(monde, essai.enonce, trouves)
