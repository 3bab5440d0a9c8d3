"""Les migrations et les mauvaises bases : absente, d'un mauvais compte, en retard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from ent_core.application import create_app
from ent_core.chargement.decouverte import charger
from ent_core.donnees.base import Base
from ent_core.donnees.migrations import configuration_alembic, etats, migrer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.socle.erreurs import AnomaliesTrouvees, BaseIndisponible
from ent_core.vie_privee.controle_base import controler_base


def test_deux_migrations_lancees_ensemble_reussissent_toutes_deux(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.vide()
    distributions = charger([]).distributions
    with ThreadPoolExecutor(2) as fils:
        resultats = list(
            fils.map(
                lambda _rang: migrer(adresses.proprietaire, adresses.application, distributions), range(2)
            )
        )
    fabrique_bases.retirer(adresses)
    assert all(etat.a_jour for resultat in resultats for etat in resultat)


def test_la_base_migree_est_exactement_celle_des_modeles(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    noyau = charger([]).distributions[0]
    moteur = create_engine(adresses.proprietaire)
    with moteur.connect() as connexion:
        noms = {table.name for table in noyau.tables}
        contexte = MigrationContext.configure(
            connexion,
            opts={
                "version_table": noyau.table_de_version,
                "compare_server_default": True,
                "include_object": lambda _objet, nom, genre, _reflete, _autre: (
                    genre != "table" or nom in noms
                ),
            },
        )
        ecarts = compare_metadata(contexte, Base.metadata)
        connexion.rollback()
        command.downgrade(configuration_alembic(noyau, connexion), "base")
        connexion.commit()
        restantes = connexion.execute(
            text("select count(*) from pg_tables where schemaname = 'public' and tablename = any(:noms)"),
            {"noms": list(noms)},
        ).scalar_one()
    moteur.dispose()
    fabrique_bases.retirer(adresses)
    assert [e for e in ecarts if not (e[0] == "remove_table")] == []
    assert restantes == 0


def test_une_base_absente_donne_une_phrase_et_un_remede() -> None:
    base = BaseDeDonnees("postgresql://ent_web@127.0.0.1:1/ent")
    with pytest.raises(BaseIndisponible) as refus, base.academie("essai") as session:
        session.execute(text("select 1"))
    assert "ne répond pas" in str(refus.value)
    assert "ENT_BASE" in refus.value.remede


def test_une_base_en_retard_refuse_de_demarrer(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.vide()
    base = BaseDeDonnees(adresses.proprietaire)
    with pytest.raises(AnomaliesTrouvees) as refus:
        create_app(configuration_essai(), base)
    base.fermer()
    fabrique_bases.retirer(adresses)
    assert {a.code for a in refus.value.anomalies} == {"BASE-010"}
    assert "ent base migrer" in refus.value.anomalies[0].remede


def test_un_superutilisateur_ne_peut_pas_servir(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    maitre = BaseDeDonnees(adresses.proprietaire)
    codes = [a.code for a in controler_base(maitre.moteur, charger([]).distributions)]
    maitre.fermer()
    fabrique_bases.retirer(adresses)
    assert codes == ["BASE-002"]


def test_le_proprietaire_des_tables_ne_peut_pas_servir(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    moteur = create_engine(adresses.proprietaire)
    nom = f"possede_{adresses.application.database}"
    with moteur.begin() as connexion:
        connexion.execute(text(f"create role \"{nom}\" login password 'essai' in role ent_proprietaire"))
    fautive = BaseDeDonnees(adresses.application.set(username=nom, password="essai"))  # noqa: S106 - compte jetable
    codes = [a.code for a in controler_base(fautive.moteur, charger([]).distributions)]
    fautive.fermer()
    moteur.dispose()
    fabrique_bases.retirer(adresses)
    assert codes == ["BASE-003"]


def test_une_colonne_ajoutee_dans_la_base_est_refusee(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    moteur = create_engine(adresses.proprietaire)
    with moteur.begin() as connexion:
        connexion.execute(text("alter table personne add column religion text"))
        connexion.execute(text("create table cachette (id int)"))
    base = BaseDeDonnees(adresses.application)
    trouvees = controler_base(base.moteur, charger([]).distributions)
    base.fermer()
    moteur.dispose()
    fabrique_bases.retirer(adresses)
    assert {(a.code, a.lieu) for a in trouvees} == {
        ("BASE-020", "table cachette"),
        ("BASE-021", "table personne, colonne religion"),
    }


def test_l_etat_dit_la_revision_presente_et_l_attendue(base: BaseDeDonnees) -> None:
    noyau = etats(base.moteur, charger([]).distributions)[0]
    assert noyau.id == "noyau"
    assert noyau.a_jour
    assert noyau.actuelle
