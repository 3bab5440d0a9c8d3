"""Le schéma de la file : installé avec la base, mis à niveau, sans droit de trop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from ent_core.chargement.decouverte import charger
from ent_core.donnees.migrations import Etat, etats, migrer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.vie_privee.controle_base import controler_base

_CATALOGUE = text(
    "select 'fonction', p.oid::regprocedure::text, md5(p.prosrc) from pg_proc p"
    " where pronamespace = 'taches'::regnamespace"
    " union all select 'table', relname, relacl::text from pg_class"
    " where relnamespace = 'taches'::regnamespace order by 1, 2"
)


@pytest.fixture
def adresses(fabrique_bases: Fabrique) -> Iterator[AdressesBase]:
    trouvees = fabrique_bases.migree()
    yield trouvees
    fabrique_bases.retirer(trouvees)


@pytest.fixture
def proprietaire(adresses: AdressesBase) -> Engine:
    return create_engine(adresses.proprietaire, poolclass=NullPool)


def etat_de_la_file(adresses: AdressesBase) -> Etat:
    base = BaseDeDonnees(adresses.application)
    try:
        return etats(base.moteur, charger([]).distributions)[-1]
    finally:
        base.fermer()


def test_une_base_migree_a_la_file_a_jour_et_rien_dans_public(
    adresses: AdressesBase, proprietaire: Engine
) -> None:
    assert etat_de_la_file(adresses) == Etat("taches", "ent_01", "ent_01")
    with proprietaire.connect() as connexion:
        presentes = connexion.execute(
            text("select tablename from pg_tables where schemaname = 'public' and tablename like 'procrast%'")
        ).all()
    assert presentes == []


def test_migrer_deux_fois_ne_change_rien(adresses: AdressesBase, proprietaire: Engine) -> None:
    with proprietaire.connect() as connexion:
        avant = connexion.execute(_CATALOGUE).all()
    migrer(adresses.proprietaire, adresses.application, charger([]).distributions)
    with proprietaire.connect() as connexion:
        assert connexion.execute(_CATALOGUE).all() == avant


def installer_la_version(proprietaire: Engine, avant: str) -> None:
    """Refait la file telle qu'une version plus ancienne de Procrastinate l'a laissée."""
    anciennes = [f for f in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")) if f.name < avant]
    with proprietaire.begin() as connexion:
        connexion.execute(text("drop schema taches cascade"))
        connexion.execute(text("create schema taches authorization ent_proprietaire"))
        connexion.execute(text("set local role ent_proprietaire"))
        connexion.execute(text("create table taches.revisions (fichier text primary key)"))
        connexion.execute(text("grant usage on schema taches to public"))
        connexion.execute(text("grant select on taches.revisions to public"))
    for fichier in anciennes:
        with proprietaire.begin() as connexion:
            connexion.execute(text("set local role ent_proprietaire"))
            connexion.execute(text("set local search_path to taches"))
            connexion.exec_driver_sql(fichier.read_text("utf-8"), execution_options={"no_parameters": True})
            connexion.execute(text("insert into revisions values (:f)"), {"f": fichier.name})


def test_une_file_d_une_version_plus_ancienne_est_mise_a_niveau(
    adresses: AdressesBase, proprietaire: Engine
) -> None:
    with proprietaire.connect() as connexion:
        attendu = connexion.execute(_CATALOGUE).all()
    installer_la_version(proprietaire, avant="03.00")
    etat = etat_de_la_file(adresses)
    assert not etat.a_jour
    assert str(etat.actuelle).startswith("02.14.01_01_add_indexes_for_fetch_job, ")
    base = BaseDeDonnees(adresses.application)
    [anomalie] = controler_base(base.moteur, charger([]).distributions)
    base.fermer()
    assert (anomalie.code, anomalie.lieu) == ("BASE-010", "distribution taches")

    migrer(adresses.proprietaire, adresses.application, charger([]).distributions)

    assert etat_de_la_file(adresses).a_jour
    with proprietaire.connect() as connexion:
        assert connexion.execute(_CATALOGUE).all() == attendu


def test_une_base_sans_file_le_dit(adresses: AdressesBase, proprietaire: Engine) -> None:
    with proprietaire.begin() as connexion:
        connexion.execute(text("drop schema taches cascade"))
    assert etat_de_la_file(adresses) == Etat("taches", None, "ent_01")
