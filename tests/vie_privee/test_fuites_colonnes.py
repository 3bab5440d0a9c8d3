"""Les 32 formes par lesquelles un rôle lirait une colonne qui n'est pas pour lui, et 3 qui doivent passer.

L'enseignant écrit des absences, mais n'est pas destinataire de leur note. E3 (le portillon) et E2 (la base)
sont essayés l'un sans l'autre : ce que l'un laisse, l'autre le tient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import case, exists, func, insert, literal_column, select, text, union_all, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session, aliased, defer, joinedload, selectinload

from ent_core.contrat.roles import Role
from ent_core.donnees.audiences import audience
from ent_core.donnees.session import Portage
from ent_core.essais.base import Fabrique
from ent_core.socle.erreurs import DonneeProtegee
from tests.vie_privee.brique_fuites import ICI, Absence, Lieu, Monde, ouvrir_monde

pytestmark = pytest.mark.exigence("RGPD-SEC-02")

Forme = Callable[[Session, Monde], Any]

_A: Any = Absence.__table__
_L: Any = Lieu.__table__
_ALIAS = aliased(Absence)
_PAR_TEXTE = text("select id, uai, note from fuites_absence").columns(_A.c.id, _A.c.uai, _A.c.note)


@pytest.fixture(scope="module")
def monde(fabrique_bases: Fabrique) -> Iterator[Monde]:
    yield from ouvrir_monde(fabrique_bases)


def _curseur(session: Session) -> Any:
    curseur = session.connection().connection.cursor()
    curseur.execute("select note from fuites_absence")
    return curseur.fetchall()


FORMES: dict[str, Forme] = {
    "01 entité": lambda s, m: [a.note for a in s.scalars(select(Absence))],
    "02 colonne": lambda s, m: s.scalars(select(Absence.note)).all(),
    "03 étiquette": lambda s, m: s.scalars(select(Absence.note.label("n"))).all(),
    "04 fonction": lambda s, m: s.scalars(select(func.upper(Absence.note))).all(),
    "05 cas": lambda s, m: s.scalars(select(case((Absence.note.is_(None), 0), else_=1))).all(),
    "06 alias": lambda s, m: s.scalars(select(_ALIAS.note)).all(),
    "07 sous-requête": lambda s, m: s.scalars(select(select(Absence.note).subquery().c.note)).all(),
    "08 expression de table": lambda s, m: s.scalars(select(select(Absence.note).cte().c.note)).all(),
    "09 union": lambda s, m: s.scalars(union_all(select(Absence.motif), select(Absence.note))).all(),
    "10 table": lambda s, m: s.execute(select(_A)).all(),
    "11 connexion": lambda s, m: s.connection().execute(select(_A.c.note)).all(),
    "12 joinedload": lambda s, m: s.scalars(select(Lieu).options(joinedload(Lieu.absences))).unique().all(),
    "13 lien paresseux": lambda s, m: s.scalars(select(Lieu)).one().absences,
    "14 selectinload": lambda s, m: s.scalars(select(Lieu).options(selectinload(Lieu.absences))).all(),
    "15 par la clé": lambda s, m: s.get(Absence, (ICI, m.absences[ICI])),
    "16 critère": lambda s, m: s.scalars(select(Absence.id).where(Absence.note == "note ici")).all(),
    "17 tri": lambda s, m: s.scalars(select(Absence.id).order_by(Absence.note)).all(),
    "18 regroupement": lambda s, m: s.scalars(select(func.count()).select_from(_A).group_by(_A.c.note)).all(),
    "19 existence": lambda s, m: s.scalar(select(exists().where(Absence.note.is_not(None)))),
    "20 jointure": lambda s, m: s.scalars(select(Lieu.id).join(Absence, Absence.note == Lieu.nom)).all(),
    "21 mise à jour qui rend": lambda s, m: s.scalars(
        update(Absence).values(motif="x").returning(Absence.note)
    ).all(),
    "22 mise à jour qui copie": lambda s, m: s.execute(update(Absence).values(motif=Absence.note)),
    "23 ajout qui copie": lambda s, m: s.execute(
        insert(_L).from_select(["uai", "nom"], select(_A.c.uai, _A.c.note))
    ),
    "24 colonne en toutes lettres": lambda s, m: s.execute(
        select(literal_column("note")).select_from(_A)
    ).all(),
    "25 texte": lambda s, m: s.execute(text("select note from fuites_absence")).all(),
    "26 texte et ses colonnes": lambda s, m: s.execute(_PAR_TEXTE).all(),
    "27 objets tirés d'un texte": lambda s, m: s.scalars(select(Absence).from_statement(_PAR_TEXTE)).all(),
    "28 pilote": lambda s, m: s.connection().exec_driver_sql("select note from fuites_absence").all(),
    "29 curseur nu": lambda s, m: _curseur(s),
    "30 ligne entière": lambda s, m: s.scalars(select(func.row_to_json(_A.table_valued()))).all(),
    "31 fonction de ligne entière": lambda s, m: s.scalars(
        select(func.to_jsonb(literal_column("fuites_absence"))).select_from(_A)
    ).all(),
    "32 étoile": lambda s, m: s.execute(select(text("*")).select_from(_A)).all(),
}
PASSENT: dict[str, Forme] = {
    "colonnes permises": lambda s, m: s.execute(select(Absence.motif, Absence.eleve_id)).all(),
    "entité dont la note est retenue": lambda s, m: s.scalars(
        select(Absence).options(defer(Absence.note, raiseload=True))
    ).all(),
    "ajout ordinaire": lambda s, m: _ajouter(
        s, Absence(uai=ICI, eleve_id=m.annuaire["eleve"], lieu_id=m.lieux[ICI], motif="retard")
    ),
}


def _ajouter(session: Session, objet: object) -> list[object]:
    session.add(objet)
    session.flush()
    return [objet]


def _portillon(monde: Monde, role: Role) -> Portage:
    """E3 : le portillon, tel qu'une page de la brique le met en vigueur."""
    assert monde.base.portillon is not None
    return Portage("essai", uai=ICI, finalites=monde.base.portillon.finalites("fuites"), roles=(role,))


def _audience(role: Role) -> Portage:
    """E2 seule : l'audience posée dans la base, sans portillon."""
    return Portage("essai", uai=ICI, role=audience(role))


@pytest.mark.parametrize("forme", FORMES)
def test_le_portillon_refuse_avant_l_envoi(monde: Monde, forme: str) -> None:
    refus: type[Exception] = DBAPIError if forme == "29 curseur nu" else DonneeProtegee
    if forme == "29 curseur nu":  # le portillon ne le voit pas ; l'audience, déjà posée, le refuse
        from psycopg.errors import InsufficientPrivilege as refus
    with monde.base.session(_portillon(monde, Role.ENSEIGNANT)) as session, pytest.raises(refus) as leve:
        FORMES[forme](session, monde)
    assert "note ici" not in str(leve.value)


@pytest.mark.parametrize("forme", FORMES)
def test_la_base_seule_refuse(monde: Monde, forme: str) -> None:
    with monde.base.session(_audience(Role.ENSEIGNANT)) as session, pytest.raises(Exception, match="denied"):
        FORMES[forme](session, monde)


@pytest.mark.parametrize("avec_portillon", [True, False])
@pytest.mark.parametrize("forme", PASSENT)
def test_ce_qui_est_permis_passe(monde: Monde, forme: str, avec_portillon: bool) -> None:
    portage = _portillon(monde, Role.ENSEIGNANT) if avec_portillon else _audience(Role.ENSEIGNANT)
    with monde.base.session(portage) as session:
        assert len(PASSENT[forme](session, monde)) == 1


def test_une_note_retenue_ne_se_charge_pas_apres_coup(monde: Monde) -> None:
    with monde.base.session(_portillon(monde, Role.ENSEIGNANT)) as session:
        absence = session.scalars(select(Absence).options(defer(Absence.note, raiseload=True))).one()
        with pytest.raises(InvalidRequestError, match="raiseload"):
            _ = absence.note


@pytest.mark.parametrize("forme", [f for f in FORMES if f[:2] < "24"])
def test_les_memes_formes_passent_pour_le_destinataire(monde: Monde, forme: str) -> None:
    """Témoin : ce n'est pas la forme qui est refusée, c'est le rôle."""
    with monde.base.session(_portillon(monde, Role.CPE)) as session:
        FORMES[forme](session, monde)


@pytest.mark.parametrize("forme", [f for f in FORMES if f[:2] >= "24" and "curseur" not in f])
def test_l_illisible_est_refuse_meme_au_destinataire(monde: Monde, forme: str) -> None:
    with monde.base.session(_portillon(monde, Role.CPE)) as session, pytest.raises(DonneeProtegee):
        FORMES[forme](session, monde)


def test_le_refus_dit_la_table_la_colonne_les_roles_et_le_remede(monde: Monde) -> None:
    with (
        monde.base.session(_portillon(monde, Role.ENSEIGNANT)) as session,
        pytest.raises(DonneeProtegee) as leve,
    ):
        session.scalars(select(Absence.note).where(Absence.note == "note ici"))
    dit = str(leve.value)
    assert "table fuites_absence, colonne note" in dit
    assert "enseignant" in dit
    assert "destinataires" in dit
    assert "note ici" not in dit


def test_les_trente_deux_formes_y_sont() -> None:
    assert sorted(forme[:2] for forme in FORMES) == [f"{n:02}" for n in range(1, 33)]
