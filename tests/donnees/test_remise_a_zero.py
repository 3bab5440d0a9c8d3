"""Une base d'essai resservie est comme neuve ; celle que l'essai a altérée ne ressert pas."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.essais.remise_a_zero import Remise

ALTERATIONS = (
    "alter table personne add column surnom text",
    "alter table personne disable row level security",
    "alter table personne add check (length(nom) > 0)",
    "grant select on personne to public",
    "grant select (nom) on personne to public",
    "create index en_trop on personne (nom)",
    "create table en_trop (id integer)",
    "create view en_trop as select 1 as un",
    "create policy en_trop on personne using (true)",
    "create function en_trop() returns integer language sql as 'select 1'",
    "alter table personne disable trigger all",
    "delete from taches.revisions",
)
"""Ce que l'on ne sait pas défaire : le schéma, les droits, les lignes de naissance."""


@pytest.fixture(scope="module")
def adresses(fabrique_bases: Fabrique) -> Iterator[AdressesBase]:
    neuves = fabrique_bases.migree()
    yield neuves
    fabrique_bases.retirer(neuves)


@pytest.fixture
def remise(adresses: AdressesBase, fabrique_bases: Fabrique) -> Remise:
    prise = fabrique_bases.remise(adresses)
    # La base a pu servir à d'autres essais : trop resservie, elle ne reviendrait pas, altérée ou non.
    prise.fois = 0
    return prise


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_une_base_alteree_ne_ressert_pas(remise: Remise, alteration: str) -> None:
    with remise.fil.tenir() as connexion, connexion.transaction(force_rollback=True):
        connexion.execute(alteration.encode())
        assert not remise.remettre()
    assert remise.remettre()


def test_ce_qui_est_ecrit_ou_vide_d_un_bloc_revient(remise: Remise) -> None:
    with remise.fil.tenir() as connexion:
        connexion.execute("insert into personne (id, nom, prenom) values (gen_random_uuid(), 'Un', 'Nom')")
        connexion.execute("truncate import_tampon")
    assert not remise.intacte()
    assert remise.remettre()
    assert remise.intacte()


def test_une_connexion_laissee_en_cours_est_coupee(remise: Remise, adresses: AdressesBase) -> None:
    adresse = adresses.application.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(adresse, application_name="ent") as oubliee:
        oubliee.execute("select 1")
        assert remise.remettre()
        with pytest.raises(psycopg.OperationalError):
            oubliee.execute("select 1")


def test_la_connexion_du_proprietaire_coupee_se_rouvre(remise: Remise) -> None:
    with remise.fil.tenir() as connexion:
        numero = connexion.info.backend_pid
    with psycopg.connect(remise.fil.adresse, autocommit=True) as autre:
        autre.execute("select pg_terminate_backend(%s, 2000)", (numero,))
    assert remise.remettre()
