"""Un énoncé fréquent part au pilote sans SQLAlchemy : il rend, refuse et tombe en panne tout pareil."""

from __future__ import annotations

import enum
import gc
import weakref
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Enum,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    text,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees, Portage, lire
from ent_core.donnees.sous_portillon import garder
from ent_core.donnees.tourniquet import Juge, LectureSensible, Passage
from ent_core.essais.instance import compter_enonces
from ent_core.identite.modeles import Etablissement, Personne
from ent_core.socle.erreurs import BaseIndisponible, DonneeProtegee
from tests.donnees.test_reprise import couper

_ecole = Base.metadata.tables[Etablissement.__tablename__].c
_personne = Base.metadata.tables[Personne.__tablename__].c


class _Couleur(enum.Enum):
    ROUGE = "rouge"


def _valeur(type_: Any) -> Any:
    return select(bindparam("v", type_=type_).label("v"))


@pytest.mark.parametrize(
    ("type_", "valeur"),
    [
        (String, "l'été, 100 % « sûr » : é€"),
        (Integer, -7),
        (Numeric, Decimal("12.50")),
        (Uuid, UUID(int=42)),
        (Date, date(2026, 2, 28)),
        (DateTime(timezone=True), datetime(2026, 11, 23, 8, 5, tzinfo=UTC)),
        (Interval, datetime(2026, 1, 2, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC)),
        (LargeBinary, b"\x00\xff"),
        (JSONB, {"a": [1, None, "é"]}),
        (ARRAY(Uuid), [UUID(int=1), UUID(int=2)]),
        (ARRAY(String), []),
        (Enum(_Couleur, native_enum=False), _Couleur.ROUGE),
        (String, None),
        (JSONB, None),
    ],
    ids=lambda valeur: str(valeur)[:20],
)
def test_chaque_type_va_et_revient_comme_par_sqlalchemy(base: BaseDeDonnees, type_: Any, valeur: Any) -> None:
    enonce = _valeur(type_)
    with base.academie("essai") as session:
        for _ in range(2):
            assert lire(session, enonce, {"v": valeur}).all() == session.execute(enonce, {"v": valeur}).all()


def test_une_ligne_se_lit_par_nom_par_rang_et_par_valeur_seule(base: BaseDeDonnees) -> None:
    trois = values(column("rang", Integer), column("nom", String), name="t").data([(1, "a"), (2, "b")])
    enonce = select(trois.c.rang, trois.c.nom, func.upper(trois.c.nom)).order_by(trois.c.rang)
    with base.academie("essai") as session:
        lignes = lire(session, enonce, {}).all()
        assert [tuple(ligne) for ligne in lignes] == [(1, "a", "A"), (2, "b", "B")]
        assert (lignes[1].nom, lignes[1][2], lignes[1].upper_1) == ("b", "B", "B")
        assert lire(session, enonce, {}).scalars().all() == [1, 2]
        assert lire(session, enonce.where(trois.c.rang == 3), {}).one_or_none() is None
        assert {nom: rang for rang, nom, _ in lire(session, enonce, {})} == {"a": 1, "b": 2}


def test_les_constantes_les_listes_et_les_reunions_s_ecrivent_une_fois(base: BaseDeDonnees) -> None:
    n: Any = bindparam("n", type_=Integer)
    t = bindparam("t", type_=ARRAY(Integer))
    enonce = union_all(
        select(literal("liste").label("sorte"), case((n.in_((1, 2)), "oui"), else_="non")),
        select(literal("tableau"), case((n == any_(t), "oui"), else_="non")),
        select(literal("vide"), cast(null(), String)),
    )
    with base.academie("essai") as session:
        for nombre, tableau, attendu in ((1, [3], ["oui", "non", None]), (3, [3, 4], ["non", "oui", None])):
            assert [v for _, v in lire(session, enonce, {"n": nombre, "t": tableau})] == attendu


def test_une_valeur_oubliee_est_une_erreur_jamais_un_vide(base: BaseDeDonnees) -> None:
    with (
        base.academie("essai") as session,
        pytest.raises(ProgrammingError, match="query parameter missing: v"),
    ):
        lire(session, _valeur(String), {})


def test_un_enonce_bati_a_chaque_appel_ne_reste_pas_en_memoire(base: BaseDeDonnees) -> None:
    with base.academie("essai") as session:
        premier = _valeur(String)
        temoin = weakref.ref(premier)
        lire(session, premier, {"v": "a"})
        del premier
        for _ in range(1000):
            base.traductions.de(select(literal(1)), base.moteur.dialect)
    gc.collect()
    assert temoin() is None


class _Garde:
    """Un portillon qui dit ce qu'on lui dit."""

    def __init__(self, juger: Juge) -> None:
        self._juger = juger
        self.vus: list[set[str]] = []

    def finalites(self, brique: str) -> frozenset[str]:
        return frozenset({brique})

    def juge(self, finalites: frozenset[str], roles: tuple[str, ...]) -> Juge:
        def juger(compile_: Any) -> Passage:
            self.vus.append(set(compile_.releve.tables))
            return self._juger(compile_)

        return juger


def _refuser(_compile: Any) -> Passage:
    raise DonneeProtegee("non.", remede="rien.", lieu="table personne")


def _sous_garde(base: BaseDeDonnees, juger: Juge) -> tuple[_Garde, Callable[[], Session]]:
    garde = _Garde(juger)
    base.portillon = garde

    def ouvrir() -> Session:
        session = base.session(Portage("essai", uai="0750001A"))
        garder(session, "essai", ())
        return session

    return garde, ouvrir


def test_le_portillon_l_entend_avant_qu_il_ne_parte(base: BaseDeDonnees) -> None:
    enonce = select(_personne.id).where(_personne.id == any_(bindparam("qui", type_=ARRAY(Uuid))))
    garde, ouvrir = _sous_garde(base, _refuser)
    with ouvrir() as session, compter_enonces(base) as enonces, pytest.raises(DonneeProtegee):
        lire(session, enonce, {"qui": [UUID(int=1)]})
    assert garde.vus == [{"personne"}]
    assert not [e for e in enonces if "FROM personne" in e and "any" not in e]


def test_chaque_role_de_base_garde_le_sien_prepare(base: BaseDeDonnees) -> None:
    """D'un énoncé que plusieurs rôles lisent tour à tour, PostgreSQL ne garderait que le plan du dernier."""
    enonce = select(_ecole.nom.label("tour_a_tour")).where(_ecole.uai == bindparam("uai"))
    roles = ["ent_audience_eleve", "ent_audience_responsable"]
    tour = iter(roles * 3)
    _, ouvrir = _sous_garde(base, lambda _: Passage((next(tour),)))
    for _ in roles:
        with ouvrir() as session:
            lire(session, enonce, {"uai": "0750001A"})
            session.execute(enonce, {"uai": "0750001A"})
            session.execute(enonce, {"uai": "0750001A"})
            session.commit()
    with base.academie("essai") as session:
        prepares = session.scalars(
            text("select statement from pg_prepared_statements where statement like '%AS tour_a_tour%'")
        ).all()
    assert sorted(p.partition("/* ")[2] for p in prepares) == [f"{role} */" for role in roles]


def test_le_portillon_apprend_de_qui_parlent_ses_valeurs(base: BaseDeDonnees) -> None:
    qui = bindparam("qui", type_=Uuid)
    sensible = LectureSensible("noyau.annuaire", ("nom",), ("qui",))
    _, ouvrir = _sous_garde(base, lambda _: Passage(("ent_application",), (sensible,)))
    notes: list[Any] = []
    with ouvrir() as session:
        connexion = session.connection()
        lire(session, select(_personne.nom).where(_personne.id == qui), {"qui": UUID(int=7)})
        tourniquet = connexion.get_execution_options()["ent_tourniquet"]
        notes = list(tourniquet._a_noter)
        tourniquet._a_noter.clear()
    assert notes == [("noyau.annuaire", ("nom",), (UUID(int=7),))]


def test_un_refus_de_la_base_est_une_erreur_de_sqlalchemy_sans_ses_valeurs(base: BaseDeDonnees) -> None:
    enonce = select(cast(bindparam("v", type_=String), Integer))
    with base.academie("essai") as session, pytest.raises(DBAPIError) as levee:
        lire(session, enonce, {"v": "secret-7"})
    assert isinstance(levee.value.orig, psycopg.Error)
    assert "secret-7" not in str(levee.value.params)


def test_une_connexion_coupee_se_dit_et_ne_se_reprend_pas(base: BaseDeDonnees) -> None:
    enonce = select(func.count()).select_from(Base.metadata.tables["etablissement"])

    def couper_au_milieu() -> None:
        with base.academie("essai") as session:
            lire(session, enonce, {})
            couper(base)
            lire(session, enonce, {})

    for _ in range(2):
        with pytest.raises(BaseIndisponible):
            couper_au_milieu()
    with base.academie("essai") as session:
        assert lire(session, enonce, {}).scalar_one() >= 0
