"""Les 12 formes d'écriture : refusées à qui ne fait que lire, tracées ligne par ligne pour les autres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Role
from ent_core.donnees.audiences import audience
from ent_core.donnees.declencheurs_sql import DETAIL
from ent_core.donnees.session import Portage
from ent_core.essais.base import Fabrique
from ent_core.socle.erreurs import DonneeProtegee
from ent_core.vie_privee.traces.modeles import TraceEcriture
from tests.vie_privee.brique_fuites import ICI, Absence, Lien, Lieu, Monde, ouvrir_monde

pytestmark = pytest.mark.exigence("CNIL-LOG-01")

Forme = Callable[[Session, Monde], Any]

_A: Any = Absence.__table__
_INSERER = "insert into fuites_absence (uai, eleve_id, lieu_id, motif) select uai, eleve_id, lieu_id, 'x'"


@pytest.fixture
def monde(fabrique_bases: Fabrique) -> Iterator[Monde]:
    yield from ouvrir_monde(fabrique_bases)


def _valeurs(monde: Monde) -> dict[str, Any]:
    return {"uai": ICI, "eleve_id": monde.annuaire["eleve"], "lieu_id": monde.lieux[ICI], "motif": "x"}


def _objet(session: Session, monde: Monde) -> Any:
    return session.get(Absence, (ICI, monde.absences[ICI]))


def _ajout(session: Session, monde: Monde) -> None:
    session.add(Absence(**_valeurs(monde)))
    session.flush()


def _attribut(session: Session, monde: Monde) -> None:
    _objet(session, monde).motif = "changé"
    session.flush()


def _suppression(session: Session, monde: Monde) -> None:
    session.delete(_objet(session, monde))
    session.flush()


def _lien(session: Session, monde: Monde) -> None:
    absence = _objet(session, monde)
    absence.lieux.append(session.get(Lieu, (ICI, monde.lieux[ICI])))
    session.flush()


def _curseur(session: Session, _monde: Monde) -> None:
    session.connection().connection.cursor().execute("update fuites_absence set motif = 'x'")


FORMES: dict[str, tuple[Forme, dict[tuple[str, str], int]]] = {
    "01 ajout d'un objet": (_ajout, {("fuites_absence", "insert"): 1}),
    "02 attribut changé": (_attribut, {("fuites_absence", "update"): 1}),
    "03 suppression d'un objet, et cascade": (
        _suppression,
        {("fuites_absence", "delete"): 1, ("fuites_lien", "delete"): 1},
    ),
    "04 lien multiple": (_lien, {("fuites_lien", "insert"): 1}),
    "05 update de l'ORM": (
        lambda s, m: s.execute(update(Absence).values(motif="x")),
        {("fuites_absence", "update"): 1},
    ),
    "06 delete de l'ORM, et cascade": (
        lambda s, m: s.execute(delete(Absence)),
        {("fuites_absence", "delete"): 1, ("fuites_lien", "delete"): 1},
    ),
    "07 ajout d'une liste": (
        lambda s, m: s.execute(insert(Absence), [_valeurs(m) for _ in range(3)]),
        {("fuites_absence", "insert"): 3},
    ),
    "08 update de table": (
        lambda s, m: s.execute(update(_A).values(motif="x")),
        {("fuites_absence", "update"): 1},
    ),
    "09 ajout d'une sélection": (
        lambda s, m: s.execute(
            insert(_A).from_select(
                ["uai", "eleve_id", "lieu_id", "motif"],
                select(_A.c.uai, _A.c.eleve_id, _A.c.lieu_id, _A.c.motif),
            )
        ),
        {("fuites_absence", "insert"): 1},
    ),
    "10 texte": (
        lambda s, m: s.execute(text(f"{_INSERER} from fuites_absence")),
        {("fuites_absence", "insert"): 1},
    ),
    "11 pilote": (
        lambda s, m: s.connection().exec_driver_sql("delete from fuites_lien"),
        {("fuites_lien", "delete"): 1},
    ),
    "12 curseur nu": (_curseur, {("fuites_absence", "update"): 1}),
}


def _page(monde: Monde, role: Role) -> Portage:
    assert monde.base.portillon is not None
    return Portage(
        "essai",
        uai=ICI,
        personne=monde.annuaire["cpe"],
        finalites=monde.base.portillon.finalites("fuites"),
        roles=(role,),
    )


def _etat(monde: Monde) -> list[Any]:
    with monde.base.academie("essai") as session:
        return [
            *session.execute(select(_A).order_by(_A.c.id)).all(),
            *session.execute(select(Lien.__table__)).all(),
        ]


@pytest.mark.parametrize("forme", FORMES)
def test_qui_ne_fait_que_lire_n_ecrit_rien(monde: Monde, forme: str) -> None:
    avant = _etat(monde)
    # L'assistant ne lit pas la note : ses formes par objet partent d'une entité qu'il ne peut pas charger.
    refus = (DonneeProtegee, InsufficientPrivilege)
    with pytest.raises(refus), monde.base.unite(_page(monde, Role.ASSISTANT_EDUCATION)) as session:
        FORMES[forme][0](session, monde)
    assert _etat(monde) == avant


@pytest.mark.parametrize("forme", FORMES)
def test_la_base_seule_refuse_qui_ne_fait_que_lire(monde: Monde, forme: str) -> None:
    avant = _etat(monde)
    portage = Portage("essai", uai=ICI, role=audience(Role.ASSISTANT_EDUCATION))
    with (
        pytest.raises((DBAPIError, InsufficientPrivilege), match="denied"),
        monde.base.unite(portage) as session,
    ):
        FORMES[forme][0](session, monde)
    assert _etat(monde) == avant


def _traces(monde: Monde) -> list[TraceEcriture]:
    with monde.base.academie("essai") as session:
        tables = ("fuites_absence", "fuites_lien", "fuites_lieu")
        return list(session.scalars(select(TraceEcriture).where(TraceEcriture.nom_table.in_(tables))))


def _oublier_les_traces(monde: Monde) -> None:
    # Nul compte de l'application n'en efface : seul le maître de la base d'essai le peut.
    with monde.proprietaire.moteur.begin() as connexion:
        connexion.execute(delete(TraceEcriture))


@pytest.mark.parametrize("forme", FORMES)
def test_chaque_forme_laisse_une_trace_par_ligne(monde: Monde, forme: str) -> None:
    agir, attendu = FORMES[forme]
    _oublier_les_traces(monde)
    portage = Portage("essai", uai=ICI, personne=monde.annuaire["cpe"], role=audience(Role.CPE))
    with monde.base.unite(portage) as session:
        agir(session, monde)
    traces = _traces(monde)
    vues: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        vues[trace.nom_table, trace.operation] += trace.lignes
        assert (trace.uai, trace.acteur_id, trace.role) == (ICI, monde.annuaire["cpe"], "ent_audience_cpe")
        assert trace.traitement == "fuites.absences"
    assert dict(vues) == attendu


def test_la_trace_nomme_les_colonnes_et_la_personne_jamais_une_valeur(monde: Monde) -> None:
    _oublier_les_traces(monde)
    with monde.base.unite(_page(monde, Role.CPE)) as session:
        _attribut(session, monde)
    (trace,) = _traces(monde)
    assert (trace.colonnes, trace.sujet_id) == (["motif"], monde.annuaire["eleve"])
    assert trace.finalite == "fuites"
    assert "changé" not in str(vars(trace))


def test_un_acte_en_nombre_laisse_une_seule_trace_avec_le_compte(monde: Monde) -> None:
    _oublier_les_traces(monde)
    with monde.base.ecole(ICI, "essai : import") as session:
        session.execute(insert(_A).values([{**_valeurs(monde), "id": uuid4()} for _ in range(DETAIL + 1)]))
    (trace,) = _traces(monde)
    assert (trace.lignes, trace.colonnes, trace.sujet_id) == (DETAIL + 1, None, None)


@pytest.mark.exigence("SURV-01")
@pytest.mark.parametrize("role", ["ent_application", "ent_audience_direction"])
def test_aucun_role_d_etablissement_ne_lit_les_traces(monde: Monde, role: str) -> None:
    for table in ("trace_ecriture", "trace_lecture"):
        with (
            pytest.raises(DBAPIError, match="denied"),
            monde.base.unite(Portage("essai", uai=ICI, role=role)) as session,
        ):
            session.execute(text(f"select count(*) from {table}"))  # noqa: S608 - constante


def test_personne_ne_corrige_ni_n_ajoute_une_trace(monde: Monde) -> None:
    ordres = (
        "update trace_ecriture set lignes = 0",
        "insert into trace_ecriture (finalite, role, nom_table, operation, lignes) values ('','','','',1)",
    )
    for role in ("ent_application", "ent_academie", "ent_audience_cpe"):
        for ordre in ordres:
            with (
                pytest.raises(DBAPIError, match="denied"),
                monde.base.unite(Portage("essai", uai=ICI, role=role)) as session,
            ):
                session.execute(text(ordre))


def test_une_table_du_noyau_est_tracee_aussi(monde: Monde) -> None:
    _oublier_les_traces(monde)
    eleve = monde.annuaire["eleve"]
    with monde.base.academie("essai") as session:
        session.execute(text("update personne set mobile = '06' where id = :p"), {"p": eleve})
    with monde.base.academie("essai") as session:
        (trace,) = session.scalars(select(TraceEcriture).where(TraceEcriture.nom_table == "personne"))
        assert trace.colonnes == ["mobile"]
        assert trace.sujet_id == eleve
        assert session.scalar(select(func.count()).select_from(TraceEcriture)) == 1
