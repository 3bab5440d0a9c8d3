"""La garde des migrations : rien d'indéclaré n'entre dans la base, rien n'en sort avant son terme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, String, Table, Text, create_engine, text
from sqlalchemy.pool import NullPool

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import commun
from ent_core.donnees.base import CLE_INFO, Base, DeclarationTable
from ent_core.donnees.droits import ROLE_PROPRIETAIRE
from ent_core.donnees.migrations import Distribution, Etat, migrer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.controle_base import controler_base

from .declarations_essai import donnee, neutre

ENTETE = """from alembic import op
revision, down_revision, branch_labels, depends_on = "{nom}", {avant}, None, None
def upgrade():
    {ordres}
"""

Migrer = Callable[..., list[Etat]]


@pytest.fixture
def adresses(fabrique_bases: Fabrique) -> Iterator[AdressesBase]:
    neuve = fabrique_bases.migree()
    yield neuve
    fabrique_bases.retirer(neuve)


@pytest.fixture
def faire(adresses: AdressesBase, tmp_path: Path) -> Migrer:
    """Migre la brique « suivi » : ses révisions, en SQL, et les colonnes que son code déclare alors."""

    def migrer_suivi(*revisions: tuple[str, ...], colonnes: tuple[str, ...]) -> list[Etat]:
        for rang, ordres in enumerate(revisions, 1):
            avant = repr(f"s{rang - 1}") if rang > 1 else "None"
            corps = "\n    ".join(f"op.execute({ordre!r})" for ordre in ordres)
            (tmp_path / f"s{rang}.py").write_text(
                ENTETE.format(nom=f"s{rang}", avant=avant, ordres=corps), "utf-8"
            )
        note = Table(
            "suivi_note",
            MetaData(),
            neutre("id", String(8), primary_key=True),
            *(neutre(c, Text) if c.startswith("n_") else donnee(c, Text) for c in colonnes),
        )
        note.info[CLE_INFO] = DeclarationTable(None, commun("essai"), ())
        suivi = Distribution("suivi", (note,), tmp_path)
        return migrer(adresses.proprietaire, adresses.application, [*charger([]).distributions, suivi])

    return migrer_suivi


CREER = ("create table suivi_note (id varchar(8) primary key, texte text)",)
OTER = ("alter table suivi_note drop column texte",)


def _connexion(adresses: AdressesBase) -> Connection:
    return create_engine(adresses.proprietaire, poolclass=NullPool).connect()


def _colonnes(adresses: AdressesBase) -> set[str]:
    enonce = "select column_name from information_schema.columns where table_name = 'suivi_note'"
    with _connexion(adresses) as connexion:
        return set(connexion.execute(text(enonce)).scalars())


def _remplir(adresses: AdressesBase, valeur: str | None = "bavarde") -> None:
    with _connexion(adresses) as connexion:
        connexion.execute(text("insert into suivi_note values ('1', :valeur)"), {"valeur": valeur})
        connexion.commit()


def test_une_revision_declaree_passe(faire: Migrer, adresses: AdressesBase) -> None:
    assert all(etat.a_jour for etat in faire(CREER, colonnes=("texte",)))
    assert _colonnes(adresses) == {"id", "texte"}


@pytest.mark.exigence("ENT-05")
@pytest.mark.parametrize(
    ("ordre", "lieu"),
    [
        ("alter table suivi_note add column humeur text", "table suivi_note, colonne humeur"),
        ("create table suivi_secret (nom text)", "table suivi_secret"),
        ("create view suivi_vue as select id as nom from suivi_note", "table suivi_vue"),
        ("alter table personne add column religion text", "table personne, colonne religion"),
    ],
)
def test_une_revision_qui_ajoute_de_l_indeclare_est_defaite(
    faire: Migrer, adresses: AdressesBase, ordre: str, lieu: str
) -> None:
    with pytest.raises(OperationRefusee) as refus:
        faire(CREER, (ordre,), colonnes=("texte",))
    assert refus.value.lieu == lieu
    assert "donnee(…) ou neutre(…)" in refus.value.remede
    assert _colonnes(adresses) == set(), "la première révision est défaite avec la seconde"


@pytest.mark.exigence("RGPD-DUR-01")
def test_une_colonne_ou_il_reste_des_donnees_ne_s_ote_pas(faire: Migrer, adresses: AdressesBase) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses)
    with pytest.raises(OperationRefusee) as refus:
        faire(CREER, OTER, colonnes=())
    assert refus.value.lieu == "table suivi_note, colonne texte"
    assert "s2" in refus.value.message
    assert "bavarde" not in str(refus.value)
    assert _colonnes(adresses) == {"id", "texte"}


def test_une_colonne_videe_s_ote(faire: Migrer, adresses: AdressesBase) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses, None)
    faire(CREER, OTER, colonnes=())
    assert _colonnes(adresses) == {"id"}


def test_une_donnee_reprise_ailleurs_se_vide_dans_une_revision_et_s_ote_dans_la_suivante(
    faire: Migrer, adresses: AdressesBase
) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses)
    reprendre = (
        "alter table suivi_note no force row level security",
        "alter table suivi_note add column mot text",
        "update suivi_note set mot = texte, texte = null",
        "alter table suivi_note force row level security",
    )
    with pytest.raises(OperationRefusee):
        faire(CREER, (*reprendre, *OTER), colonnes=("mot",))
    faire(CREER, reprendre, OTER, colonnes=("mot",))
    assert _colonnes(adresses) == {"id", "mot"}


def test_renommer_n_est_pas_oter(faire: Migrer, adresses: AdressesBase) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses)
    faire(CREER, ("alter table suivi_note rename column texte to mot",), colonnes=("mot",))
    assert _colonnes(adresses) == {"id", "mot"}


@pytest.mark.parametrize(
    "ordres",
    [
        (*OTER, "alter table suivi_note add column texte text"),
        ("drop table suivi_note", *CREER),
    ],
    ids=["colonne", "table"],
)
def test_oter_puis_refaire_sous_le_meme_nom_se_voit(
    faire: Migrer, adresses: AdressesBase, ordres: tuple[str, ...]
) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses)
    with pytest.raises(OperationRefusee):
        faire(CREER, ordres, colonnes=("texte",))


def test_le_cloisonnement_est_retabli_apres_la_lecture_de_la_garde(
    faire: Migrer, adresses: AdressesBase
) -> None:
    faire(CREER, colonnes=("texte",))
    _remplir(adresses, None)
    faire(CREER, OTER, colonnes=())
    with _connexion(adresses) as connexion:
        forcees = connexion.execute(
            text(
                "select relname from pg_class where relforcerowsecurity"
                " and relname in ('suivi_note', 'brique_connue')"
            )
        ).scalars()
        assert set(forcees) == {"suivi_note", "brique_connue"}


def test_une_cle_dont_l_index_a_disparu_de_la_base_arrete_le_demarrage(adresses: AdressesBase) -> None:
    with _connexion(adresses) as connexion:
        connexion.exec_driver_sql(f"set role {ROLE_PROPRIETAIRE}")
        connexion.exec_driver_sql("drop index ix_restriction_saisi_par")
        connexion.commit()
    base = BaseDeDonnees(adresses.application)
    trouvees = controler_base(base.moteur, charger([]).distributions)
    base.fermer()
    assert [(a.code, a.lieu) for a in trouvees] == [
        ("BASE-024", "table restriction, clé vers personne (saisi_par)")
    ]
    assert "restriction" in Base.metadata.tables
