"""Le plan de chaque énoncé des pages de tous les jours : par index, sous le cloisonnement et ses rôles.

Les énoncés sont ceux que l'application envoie vraiment ; chacun est expliqué là où il part, sans ses valeurs,
comme la base le prépare. Lire une grande table d'un bout à l'autre n'est jamais le plan d'une page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from ent_carnet import brique as carnet
from flask.testing import FlaskClient
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from bench.peuplement import peupler
from ent_core.essais.application import connecter
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.serveur import Serveur
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe

INSTANT, JOUR = datetime(2026, 11, 17, 9, 4, tzinfo=UTC), date(2026, 11, 17)
"""Quatre minutes après le début de la séance de 10 h, à Paris."""
UAI, ECOLES = "0000010A", 16
pytestmark = pytest.mark.long
GRANDE = 2_000
"""Lignes au-delà desquelles une table ne se lit pas d'un bout à l'autre pour montrer une page."""

_REMPLIR = (
    """
    insert into rattachement (uai, personne_id, profil, fonction, source, debut)
    select lpad(n::text, 7, '0') || 'A', md5(n || ':enseignant:2')::uuid, 'National_EVS', 'EDU', 'essai',
      date '2026-09-01'
    from generate_series(1, 16) n
    """,
    """
    insert into session_web
      (jeton, compte_id, personne_id, uai, profil, methode, appareil, reseau, creee_le, vue_le)
    select sha256((c.identifiant || r.profil || n)::bytea), c.id, c.personne_id, r.uai, r.profil, 'essai', '',
      '', cast(:instant as timestamptz), cast(:instant as timestamptz)
    from compte c join rattachement r on r.personne_id = c.personne_id, generate_series(1, 12) n
    """,
    """
    insert into message (uai, personne_id, lot, sujet, lien, qualite, canal, urgent, cree_le, visible_le,
      prevu_le)
    select r.uai, r.personne_id, gen_random_uuid(), 'carnet.discipline', '/carnet', 'famille', 'courriel',
      false, cast(:instant as timestamptz), cast(:instant as timestamptz), cast(:instant as timestamptz)
    from rattachement r, generate_series(1, 3) n
    """,
    """
    insert into carnet_appel (uai, annee, seance_id, debut, fin, division_id, matiere, fait_le, termine_le)
    select uai, annee, id, debut, fin, division_id, matiere, debut, debut
    from creneau where debut < cast(:instant as timestamptz) - interval '1 hour' and matiere is not null
    """,
    """
    insert into carnet_fait (uai, annee, eleve_id, appel_id, debut, fin, nature, saisi_le)
    select a.uai, a.annee, i.personne_id, a.id, a.debut, a.fin, 'absent', a.debut
    from carnet_appel a
    join inscription i on (i.uai, i.annee, i.division_id) = (a.uai, a.annee, a.division_id)
    where a.debut::date = cast(:jour as date) - 1
    """,
    """
    insert into carnet_absence (uai, annee, eleve_id, genre, debut, fin, traitee_le)
    select uai, annee, eleve_id, 'absence', debut, fin, fin from carnet_fait
    """,
    """
    insert into carnet_affichage (uai, annee, eleve_id, nature, objet_id)
    select uai, annee, eleve_id, 'absence', id from carnet_absence
    """,
    """
    insert into carnet_observation (uai, annee, eleve_id, code, jour, seance_id)
    select uai, annee, personne_id, 'entraide', cast(:jour as date) - n, gen_random_uuid()
    from inscription, generate_series(1, 3) n
    """,
    """
    insert into carnet_punition (uai, annee, eleve_id, nature, motif, jour, donnee_le)
    select uai, annee, personne_id, 'mention', 'bavardage', cast(:jour as date) - n,
      cast(:instant as timestamptz)
    from inscription, generate_series(1, 2) n
    """,
)


_LUES_DANS_LA_TRANSACTION = (
    b"select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"
)


class Plan(NamedTuple):
    """Un énoncé, et les tables que la base lirait d'un bout à l'autre."""

    enonce: str
    lues: frozenset[str]


class Lecture(NamedTuple):
    """Ce qu'un énoncé a lu d'une table."""

    enonce: str
    table: str
    lignes: int


class Ville(NamedTuple):
    """L'instance, et de quoi ouvrir une session à chacun."""

    ecole: InstanceEssai
    proprietaire: Engine
    grandes: frozenset[str]

    def client(self, qui: str, profil: str) -> FlaskClient:
        """Navigateur d'une personne du dixième collège."""
        with self.proprietaire.connect() as connexion:
            personne = connexion.exec_driver_sql(
                "select md5(%s)::uuid", (f"{int(UAI[:7])}:{qui}",)
            ).scalar_one()
        return connecter(self.ecole.application, self.ecole.base, self.ecole.horloge, personne, UAI, profil)

    def seance(self, enseignant: int) -> tuple[UUID, UUID]:
        """La séance que fait un enseignant, maintenant, et un élève qu'il y attend."""
        with self.proprietaire.connect() as connexion:
            seance, eleve = connexion.exec_driver_sql(
                "select c.id, i.personne_id from creneau c join creneau_enseignant e"
                " on (e.uai, e.annee, e.creneau_id) = (c.uai, c.annee, c.id)"
                " join inscription i on (i.uai, i.annee, i.division_id) = (c.uai, c.annee, c.division_id)"
                " where e.personne_id = md5(%s)::uuid and c.debut <= %s and c.fin > %s limit 1",
                (f"{int(UAI[:7])}:enseignant:{enseignant}", INSTANT, INSTANT),
            ).one()
        return seance, eleve


@pytest.fixture(scope="module")
def ville(vivier: Vivier, serveur: Serveur) -> Iterator[Ville]:
    """Seize collèges, leurs familles, leurs séances, et quelques semaines de carnet."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(INSTANT))
    ecole = fabrique(carnet, neuve=True)
    adresse = make_url(serveur.url).set(drivername="postgresql+psycopg", database=ecole.base.url.database)
    proprietaire = create_engine(adresse, isolation_level="AUTOCOMMIT")
    with ecole.base.academie("essai : peuplement") as session:
        peupler(session, 1, ECOLES, JOUR)
        for etape in _REMPLIR:
            session.execute(text(etape), {"instant": INSTANT, "jour": JOUR})
    ecole.ouvrir("carnet", UAI)
    ecole.preparer("carnet", UAI)
    with proprietaire.connect() as connexion:
        connexion.exec_driver_sql("analyze")
        grandes = connexion.exec_driver_sql(
            "select relname from pg_class where relkind = 'r' and reltuples >= %s", (GRANDE,)
        ).scalars()
        yield Ville(ecole, proprietaire, frozenset(grandes))
    proprietaire.dispose()
    fabrique.fermer()


@contextmanager
def expliquer(ville: Ville) -> Iterator[list[Plan]]:
    """Relève le plan de chaque énoncé, là où il part : mêmes droits, même contexte.

    :param ville: instance regardée.
    """
    plans: list[Plan] = []

    def relever(connexion: Connection, _curseur: object, enonce: str, valeurs: Any, *_: object) -> None:
        pilote = connexion.connection.dbapi_connection
        assert isinstance(pilote, psycopg.Connection)
        sans_valeurs = _sans_valeurs(pilote, enonce, valeurs[0] if isinstance(valeurs, list) else valeurs)
        rendu = pilote.pgconn.exec_(f"explain (generic_plan, format json) {sans_valeurs}".encode())
        assert rendu.status == ExecStatus.TUPLES_OK, f"{rendu.error_message.decode()} : {sans_valeurs}"
        (trouve,) = json.loads(rendu.get_value(0, 0) or b"")
        plans.append(Plan(enonce, frozenset(_lues(trouve["Plan"]))))

    moteur = ville.ecole.base.moteur
    event.listen(moteur, "before_cursor_execute", relever)
    try:
        yield plans
    finally:
        event.remove(moteur, "before_cursor_execute", relever)


_PARAMETRE = re.compile(r"%(?:\((\w+)\))?s")


def _sans_valeurs(pilote: psycopg.Connection[Any], enonce: str, valeurs: Any) -> str:
    """L'énoncé tel que le pilote le prépare : de chaque valeur, le rang, et le type s'il le dit."""
    rangs: dict[str, int] = {}
    pilotes = Transformer(pilote)

    def rang(trouve: re.Match[str]) -> str:
        nom = trouve[1] or str(len(rangs))
        numero = rangs.setdefault(nom, len(rangs) + 1)
        valeur = valeurs[nom] if trouve[1] else valeurs[numero - 1]
        oid = 0 if valeur is None else pilotes.get_dumper(valeur, PyFormat.AUTO).oid
        connu = pilote.adapters.types.get(oid) if oid else None
        genre = "" if connu is None else f"::{connu.regtype}{'[]' if oid == connu.array_oid else ''}"
        return f"(${numero}{genre})"

    return _PARAMETRE.sub(rang, enonce).replace("%%", "%")


def _lues(noeud: Mapping[str, Any]) -> Iterator[str]:
    if noeud["Node Type"] == "Seq Scan":
        yield noeud["Relation Name"]
    for fils in noeud.get("Plans", ()):
        yield from _lues(fils)


def fautes(ville: Ville, plans: Sequence[Plan]) -> list[str]:
    """Ce qu'une page lit d'un bout à l'autre et ne devrait pas."""
    return [
        f"{', '.join(sorted(plan.lues & ville.grandes))} : {' '.join(plan.enonce.split())[:400]}"
        for plan in plans
        if plan.lues & ville.grandes
    ]


def parcourir(ville: Ville) -> dict[str, list[Plan]]:
    """Ce que fait une école de huit heures à neuf heures : page → plans de ses énoncés."""
    parent, eleve = ville.client("parent:1", "National_TUT"), ville.client("eleve:1", "National_ELV")
    cpe, prof = ville.client("enseignant:2", "National_EVS"), ville.client("enseignant:12", "National_ENS")
    seance, attendu = ville.seance(12)
    absent = {"changements": [{"eleve_id": str(attendu), "etat": "absent"}]}
    demandes: dict[str, Callable[[], TestResponse]] = {
        "accueil d'un parent": lambda: parent.get("/"),
        "accueil d'un enseignant": lambda: prof.get("/"),
        "accueil d'un CPE": lambda: cpe.get("/"),
        "carnet de la famille": lambda: parent.get("/carnet/famille", follow_redirects=True),
        "carnet d'un élève": lambda: eleve.get("/carnet/famille", follow_redirects=True),
        "feuille d'appel": lambda: prof.get(f"/carnet/appel/{seance}"),
        "appel enregistré": lambda: prof.put(f"/api/v1/carnet/appels/{seance}", json=absent),
        "appel terminé": lambda: prof.put(f"/api/v1/carnet/appels/{seance}", json={"termine": True}),
        "tableau de la vie scolaire": lambda: cpe.get("/carnet/tableau"),
        "absences": lambda: cpe.get("/carnet/absences"),
        "punitions": lambda: cpe.get("/carnet/punitions"),
        "messages": lambda: parent.get("/messages", follow_redirects=True),
    }
    trouves = {}
    for page, demander in demandes.items():
        with expliquer(ville) as plans:
            reponse = demander()
        assert reponse.status_code == 200, (page, reponse.status_code, reponse.text[:400])
        assert plans, page
        trouves[page] = plans
    return trouves


def test_aucune_page_ne_lit_une_grande_table_d_un_bout_a_l_autre(ville: Ville) -> None:
    assert {
        "personne",
        "rattachement",
        "session_web",
        "message",
        "creneau",
        "carnet_absence",
    } <= ville.grandes
    for page, plans in parcourir(ville).items():
        assert fautes(ville, plans) == [], page


@contextmanager
def compter_les_lignes(ville: Ville) -> Iterator[list[Lecture]]:
    """Relève ce que chaque énoncé lit vraiment de chaque grande table."""
    lectures: list[Lecture] = []
    avant: dict[str, int] = {}

    def lire(connexion: Connection) -> dict[str, int]:
        pilote = connexion.connection.dbapi_connection
        assert isinstance(pilote, psycopg.Connection)
        rendu = pilote.pgconn.exec_(_LUES_DANS_LA_TRANSACTION)
        colonnes = ((rendu.get_value(rang, 0), rendu.get_value(rang, 1)) for rang in range(rendu.ntuples))
        return {(nom or b"").decode(): int(nombre or b"0") for nom, nombre in colonnes}

    def retenir(connexion: Connection, *_: object) -> None:
        avant.clear()
        avant.update(lire(connexion))

    def comparer(connexion: Connection, _curseur: object, enonce: str, *_: object) -> None:
        for table, nombre in lire(connexion).items():
            if table in ville.grandes and nombre > avant.get(table, 0):
                lectures.append(Lecture(enonce, table, nombre - avant.get(table, 0)))

    moteur = ville.ecole.base.moteur
    event.listen(moteur, "before_cursor_execute", retenir)
    event.listen(moteur, "after_cursor_execute", comparer)
    try:
        yield lectures
    finally:
        event.remove(moteur, "before_cursor_execute", retenir)
        event.remove(moteur, "after_cursor_execute", comparer)


def test_ce_qui_ne_concerne_qu_une_classe_ne_lit_pas_toute_l_ecole(ville: Ville) -> None:
    """Sous le cloisonnement, la base croit l'école toute petite, et la lirait volontiers d'avance."""
    prof, parent = ville.client("enseignant:13", "National_ENS"), ville.client("parent:2", "National_TUT")
    seance, attendu = ville.seance(13)
    absent = {"changements": [{"eleve_id": str(attendu), "etat": "absent"}], "termine": True}
    with compter_les_lignes(ville) as lectures:
        assert prof.put(f"/api/v1/carnet/appels/{seance}", json=absent).status_code == 200
        assert parent.get("/").status_code == 200
        assert parent.get("/carnet/famille", follow_redirects=True).status_code == 200
    assert any(lecture.table == "rattachement" for lecture in lectures)
    classe = 200 // 8
    trop = [lecture for lecture in lectures if lecture.table == "rattachement" and lecture.lignes > classe]
    assert trop == []


def test_un_eleve_se_lit_par_lui_et_le_jour_par_sa_fin(ville: Ville) -> None:
    """La page d'un élève ne relit pas l'année de l'école ; « maintenant » ne relit pas les mois passés."""
    eleve, cpe = ville.client("eleve:3", "National_ELV"), ville.client("enseignant:2", "National_EVS")
    with ville.proprietaire.connect() as connexion:
        connexion.exec_driver_sql(
            "insert into carnet_absence (uai, annee, eleve_id, genre, debut, fin, traitee_le, etat, motif_id)"
            " select a.uai, a.annee, a.eleve_id, 'absence', a.debut - n * interval '1 day',"
            " a.fin - n * interval '1 day', a.fin, 'reglee', m.id from carnet_absence a"
            " join lateral (select id from carnet_motif m where m.uai = a.uai limit 1) m on true,"
            " generate_series(1, 9) n where a.uai = %s",
            (UAI,),
        )
        connexion.exec_driver_sql("analyze")
    with compter_les_lignes(ville) as lectures:
        assert eleve.get("/carnet/famille", follow_redirects=True).status_code == 200
        assert cpe.get("/carnet/presences").status_code == 200
    de_l_ecole = {"carnet_punition": 400, "carnet_absence": 12_000}
    assert [une for une in lectures if une.lignes > de_l_ecole.get(une.table, une.lignes * 8) // 8] == []


def test_un_index_ote_se_voit(ville: Ville) -> None:
    """Le contrôle n'est pas aveugle : sans son index, un parent lirait les liens de toute l'académie."""
    index = "ix_responsabilite_responsable_id"
    parent = ville.client("parent:1", "National_TUT")
    with ville.proprietaire.connect() as connexion:
        ordre = connexion.exec_driver_sql("select pg_get_indexdef(%s::regclass)", (index,)).scalar_one()
        connexion.exec_driver_sql(f"drop index {index}")
        try:
            with expliquer(ville) as plans:
                parent.get("/")
        finally:
            connexion.exec_driver_sql(ordre)
    assert any("responsabilite" in faute for faute in fautes(ville, plans))
