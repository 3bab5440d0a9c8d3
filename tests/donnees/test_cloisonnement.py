"""Le cloisonnement : sans contexte rien, dans une école celle-là seulement, par tous les chemins."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, insert, select, text, union_all, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from ent_core.chargement.decouverte import charger
from ent_core.donnees.base import Base
from ent_core.donnees.cloisonnement import sonder
from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.essais.annuaire import AUTRE, ECOLE, Annuaire
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Division, Inscription, Rattachement

pytestmark = pytest.mark.exigence("SDET-SSI-07")

Chemin = Callable[[Session], Any]

_TABLE = Base.metadata.tables["rattachement"]
_DIVISION = Base.metadata.tables["division"]
_INSCRIPTION = Base.metadata.tables["inscription"]
_ALIAS = aliased(Rattachement)


def _brut(session: Session) -> Any:
    """Le curseur du pilote, à côté de tout ce que SQLAlchemy contrôle."""
    curseur = session.connection().connection.cursor()
    curseur.execute("select uai from rattachement")
    return [ligne[0] for ligne in curseur.fetchall()]


def _copie(session: Session) -> Any:
    curseur: Any = session.connection().connection.cursor()
    sortie = io.BytesIO()
    with curseur.copy("copy (select uai from rattachement) to stdout") as copie:
        for bloc in copie:
            sortie.write(bloc)
    return sortie.getvalue().decode().split()


LECTURES: dict[str, Chemin] = {
    "entité": lambda s: [r.uai for r in s.scalars(select(Rattachement))],
    "colonnes": lambda s: s.scalars(select(Rattachement.uai)).all(),
    "requête à l'ancienne": lambda s: [r.uai for r in s.query(Rattachement)],
    "alias": lambda s: s.scalars(select(_ALIAS.uai)).all(),
    "sous-requête": lambda s: s.scalars(select(select(Rattachement.uai).subquery().c.uai)).all(),
    "expression de table": lambda s: s.scalars(select(select(Rattachement.uai).cte().c.uai)).all(),
    "union": lambda s: s.scalars(union_all(select(Rattachement.uai), select(Rattachement.uai))).all(),
    "table": lambda s: s.scalars(select(_TABLE.c.uai)).all(),
    "connexion": lambda s: s.connection().execute(select(_TABLE.c.uai)).scalars().all(),
    "texte": lambda s: s.scalars(text("select uai from rattachement")).all(),
    "pilote": lambda s: s.connection().exec_driver_sql("select uai from rattachement").scalars().all(),
    "curseur nu": _brut,
    "copie": _copie,
    "agrégat": lambda s: s.scalars(select(func.max(_TABLE.c.uai))).all(),
}


@pytest.mark.parametrize("chemin", LECTURES)
def test_aucun_chemin_de_lecture_ne_montre_une_autre_ecole(
    base: BaseDeDonnees, annuaire: Annuaire, chemin: str
) -> None:
    with base.ecole(ECOLE, "essai") as session:
        assert set(LECTURES[chemin](session)) == {ECOLE}


@pytest.mark.parametrize("chemin", LECTURES)
def test_sans_contexte_aucun_chemin_ne_montre_rien(
    base: BaseDeDonnees, annuaire: Annuaire, chemin: str
) -> None:
    with base.unite(Portage("")) as session:
        assert set(LECTURES[chemin](session)) <= {None, "\\N"}


def test_le_compte_de_l_application_ne_lit_rien_sans_prologue(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.moteur.connect() as connexion, pytest.raises(DBAPIError, match="permission denied"):
        connexion.execute(text("select count(*) from rattachement"))


ECRITURES: dict[str, Chemin] = {
    "objet": lambda s: _ajouter(s, _division()),
    "insertion": lambda s: s.execute(insert(_DIVISION).values(**_valeurs())),
    "texte": lambda s: s.execute(
        text("insert into division (uai, annee, code, libelle, mefs) values (:u, 2026, 'X', 'X', '{}')"),
        {"u": AUTRE},
    ),
    "déplacement": lambda s: s.execute(update(_DIVISION).values(uai=AUTRE)),
    "inscription à l'étranger": lambda s: s.execute(update(_INSCRIPTION).values(uai=AUTRE)),
}


@pytest.mark.parametrize("chemin", ECRITURES)
def test_aucune_ecriture_n_entre_dans_une_autre_ecole(
    base: BaseDeDonnees, annuaire: Annuaire, chemin: str
) -> None:
    with pytest.raises(DBAPIError), base.ecole(ECOLE, "essai") as session:
        ECRITURES[chemin](session)


def test_modifier_ou_supprimer_partout_ne_touche_que_son_ecole(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.ecole(ECOLE, "essai") as session:
        session.execute(update(_DIVISION).values(libelle="changée"))
        session.execute(delete(Inscription))
    with base.academie("essai") as session:
        intacte = session.scalars(select(Division.libelle).where(Division.uai == AUTRE)).one()
        restantes = session.scalar(select(func.count()).select_from(Inscription))
    assert intacte == "5e A"
    assert restantes == 2


def test_la_base_refuse_un_enfant_dont_le_parent_est_ailleurs(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    ailleurs = insert(Inscription).values(
        uai=AUTRE,
        annee=2026,
        personne_id=annuaire["eleve"],
        division_id=annuaire.divisions[ECOLE],
        debut=func.current_date(),
    )
    with pytest.raises(DBAPIError), base.academie("essai") as session:
        session.execute(ailleurs)


def test_une_personne_voit_ses_propres_rattachements_dans_toutes_ses_ecoles(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.unite(Portage("essai", personne=annuaire["eleve_autre"])) as session:
        assert session.scalars(select(_TABLE.c.uai)).all() == [AUTRE]


def test_le_contexte_ne_passe_pas_a_la_transaction_suivante(base: BaseDeDonnees, annuaire: Annuaire) -> None:
    """La réserve rend la même connexion : rien de la transaction d'avant n'y reste."""
    with base.ecole(ECOLE, "essai"):
        pass
    with base.moteur.connect() as connexion:
        uai, role = connexion.execute(text("select current_setting('ent.uai', true), current_user")).one()
    assert not uai
    assert role == "ent_web"


def test_le_journal_ne_se_corrige_pas(base: BaseDeDonnees) -> None:
    for role in ("ent_application", ROLE_ACADEMIE):
        for ordre in ("update acte_journal set acte = 'x'", "delete from acte_journal"):
            with (
                pytest.raises(DBAPIError, match="permission denied"),
                base.unite(Portage("essai", role=role)) as session,
            ):
                session.execute(text(ordre))


def test_la_sonde_prouve_que_rien_n_est_lu_sans_contexte(base: BaseDeDonnees, annuaire: Annuaire) -> None:
    tables = [table for d in charger([]).distributions for table in d.tables]
    assert sonder(base.moteur, tables) == []


def test_la_sonde_trouve_une_table_ou_la_cloison_manque(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    base, maitre = BaseDeDonnees(adresses.application), BaseDeDonnees(adresses.proprietaire)
    tables = [table for d in charger([]).distributions for table in d.tables]
    with base.academie("essai") as session:
        session.execute(text("insert into mef (code, libelle) values ('1', 'x')"))
    with maitre.moteur.begin() as connexion:
        connexion.execute(text("alter table mef disable row level security"))
    trouvees = sonder(base.moteur, tables)
    base.fermer()
    maitre.fermer()
    fabrique_bases.retirer(adresses)
    assert [a.code for a in trouvees] == ["BASE-004"]
    assert "mef" in trouvees[0].lieu


def _ajouter(session: Session, objet: object) -> None:
    session.add(objet)
    session.flush()


def _valeurs() -> dict[str, Any]:
    return {"uai": AUTRE, "annee": 2026, "id": uuid4(), "code": "X", "libelle": "X", "mefs": []}


def _division() -> Division:
    return Division(**_valeurs())


def test_un_compte_qui_heriterait_est_corrige_par_la_migration_et_vu_par_la_sonde(
    fabrique_bases: Fabrique,
) -> None:
    adresses = fabrique_bases.migree()
    base, maitre = BaseDeDonnees(adresses.application), BaseDeDonnees(adresses.proprietaire)
    tables = [table for d in charger([]).distributions for table in d.tables]
    with maitre.moteur.begin() as connexion:
        connexion.execute(text("grant select on mef to ent_web"))
    codes = {a.code for a in sonder(base.moteur, tables)}
    with base.moteur.connect() as connexion:
        herite = connexion.execute(
            text("select rolinherit from pg_roles where rolname = current_user")
        ).scalar()
    base.fermer()
    maitre.fermer()
    fabrique_bases.retirer(adresses)
    assert codes == {"BASE-005"}
    assert herite is False
