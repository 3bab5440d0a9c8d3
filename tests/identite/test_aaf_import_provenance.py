"""Une livraison ne ferme que ce que son annuaire a apporté : le reste est à l'établissement."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text

from ent_core.chargement.decouverte import charger
from ent_core.donnees.migrations import configuration_alembic
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Division, Groupe, Identifiant, Inscription, Rattachement
from tests.identite.aaf_import_essais import COLLEGE, LUNDI, MARDI, SOURCE, Annuaire, Ecriture

LISTE = f"TABLEUR:{COLLEGE}"


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(Ecriture().etablissement().eleve("1"))
    return annuaire


def ouvrir(annuaire: Annuaire, *structures: tuple[type[Division | Groupe], str, str | None]) -> None:
    """Ouvre des divisions et des groupes : (table, code, provenance)."""
    with annuaire.base.academie("essai") as session:
        for table, code, source in structures:
            valeurs: dict[str, object] = {"mefs": []} if table is Division else {}
            session.add(table(uai=COLLEGE, annee=2026, code=code, libelle=code, source=source, **valeurs))


def ouvertes(annuaire: Annuaire, table: str) -> list[str]:
    return annuaire.lire(f"select code from {table} where ferme_le is null order by 1")  # noqa: S608 - table de l'essai


def test_ce_que_l_annuaire_apporte_dit_d_ou_il_vient(annuaire: Annuaire) -> None:
    assert annuaire.lire("select distinct source from division union select source from groupe") == [SOURCE]


@pytest.mark.parametrize("source", [None, LISTE, "AAF:098/AILLEURS"])
def test_une_livraison_complete_laisse_ouvertes_les_structures_qui_ne_sont_pas_a_elle(
    annuaire: Annuaire, source: str | None
) -> None:
    ouvrir(annuaire, (Division, "ULIS", source), (Groupe, "CHORALE", source))
    annuaire.importer(
        Ecriture(MARDI).etablissement(ENTStructureClasses="6A$6EME A", ENTStructureGroupes="").eleve("1"),
        accepter_retraits=True,
    )
    assert ouvertes(annuaire, "division") == ["6A", "ULIS"]
    assert ouvertes(annuaire, "groupe") == ["CHORALE"]


def inscrire(annuaire: Annuaire, table: type[Division | Groupe], code: str) -> None:
    """Inscrit l'élève 1 dans une division ou un groupe, comme le fait une liste."""
    colonne = "division_id" if table is Division else "groupe_id"
    with annuaire.base.academie("essai") as session:
        structure = session.scalars(select(table.id).where(table.code == code)).one()
        eleve = session.scalars(select(Identifiant.personne_id).where(Identifiant.valeur == "1")).one()
        session.add(
            Inscription(uai=COLLEGE, annee=2026, personne_id=eleve, debut=LUNDI, **{colonne: structure})
        )


def places(annuaire: Annuaire) -> list[str]:
    ouvertes = [ligne for ligne in annuaire.photo()["inscription"] if ligne[1] == "1" and ligne[5] is None]
    return sorted(division or groupe for _, _, division, groupe, _, _ in ouvertes)


def test_un_eleve_garde_sa_place_dans_un_groupe_que_l_annuaire_ne_connait_pas(annuaire: Annuaire) -> None:
    ouvrir(annuaire, (Groupe, "CHORALE", LISTE))
    inscrire(annuaire, Groupe, "CHORALE")
    annuaire.importer(Ecriture(MARDI).etablissement().eleve("1", ENTEleveClasses="9101$6B"))
    assert places(annuaire) == ["6B", "CHORALE"]


def test_qui_quitte_l_annuaire_quitte_aussi_les_groupes_de_l_etablissement(annuaire: Annuaire) -> None:
    ouvrir(annuaire, (Groupe, "CHORALE", LISTE))
    inscrire(annuaire, Groupe, "CHORALE")
    annuaire.importer(Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-"), accepter_retraits=True)
    assert places(annuaire) == []


def test_qui_quitte_l_annuaire_mais_qu_une_liste_tient_garde_ses_places(annuaire: Annuaire) -> None:
    ouvrir(annuaire, (Groupe, "CHORALE", LISTE))
    inscrire(annuaire, Groupe, "CHORALE")
    with annuaire.base.academie("essai") as session:
        eleve = session.scalars(select(Identifiant.personne_id).where(Identifiant.valeur == "1")).one()
        # Une autre fonction, pour que les deux rattachements vivent côte à côte.
        session.add(
            Rattachement(
                uai=COLLEGE,
                personne_id=eleve,
                profil="National_ELV",
                fonction="LST",
                source=LISTE,
                debut=LUNDI,
            )
        )
    annuaire.importer(Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-"), accepter_retraits=True)
    assert places(annuaire) == ["6A", "CHORALE"]
    assert annuaire.en_sursis() == []


def test_au_premier_degre_aussi(base: BaseDeDonnees, tmp_path: Path) -> None:
    annuaire = Annuaire(base, tmp_path)
    ecole = {"ENTStructureClasses": "", "ENTStructureGroupes": "", "ENTStructureCodeTypeStruct": "151"}

    def livraison(jour: object, code: str) -> Ecriture:
        ecriture = Ecriture(jour, projet="ENT1D-ENT99", degre="1D").etablissement(**ecole)  # type: ignore[arg-type] # dates
        return ecriture.fiche(
            "Eleve",
            "1",
            ENTPersonNom="NOM",
            ENTPersonPrenom="Prénom",
            ENTPersonStructRattach="9101",
            ENTPersonClasses=f"9101$CP$CP${code}$CLASSE {code}",
        )

    annuaire.importer(livraison(LUNDI, "100"))
    ouvrir(annuaire, (Division, "DECLOISONNEMENT", LISTE))
    annuaire.importer(livraison(MARDI, "200"))
    assert ouvertes(annuaire, "division") == ["200", "DECLOISONNEMENT"]


def test_l_annuaire_prend_a_son_compte_ce_qu_il_cite_et_le_ferme_ensuite(annuaire: Annuaire) -> None:
    ouvrir(annuaire, (Division, "6C", LISTE))
    citee = ["6A$6EME A", "6B$6EME B", "6C$6EME C"]
    annuaire.importer(Ecriture(LUNDI, "Delta").fiche("EtabEducNat", "9101", "~", ENTStructureClasses=citee))
    assert annuaire.lire("select source, libelle from division where code = '6C'") == [(SOURCE, "6EME C")]
    annuaire.importer(Ecriture(MARDI).etablissement().eleve("1"))
    assert ouvertes(annuaire, "division") == ["6A", "6B"]


def test_deux_projets_d_une_academie_gardent_chacun_la_structure_du_premier(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture(MARDI, projet="AUTRE").etablissement().eleve("1"))
    assert annuaire.lire("select distinct source from division") == [SOURCE]


def test_la_migration_deduit_la_provenance_la_ou_nulle_liste_n_est_passee(fabrique_bases: Fabrique) -> None:
    adresses = fabrique_bases.migree()
    noyau = charger([]).distributions[0]
    moteur = create_engine(adresses.proprietaire)
    with moteur.connect() as connexion:
        connexion.exec_driver_sql("set role ent_proprietaire")
        command.downgrade(configuration_alembic(noyau, connexion), "noyau_0004")
        command.downgrade(configuration_alembic(noyau, connexion), "-1")
        connexion.commit()
        connexion.exec_driver_sql("reset role")
        connexion.execute(
            text("""
            insert into etablissement (uai, source, nom, degre) values
              ('0990001A', 'AAF:099/ENT2D', 'A', 2), ('0990002B', 'AAF:099/ENT2D', 'B', 2),
              ('0990003C', null, 'C', 1);
            insert into import_lot (source, format, nature, jour, empreinte, etat, demarre_le, comptes)
              values ('TABLEUR:0990002B', 'tableur', 'complet', '2026-09-07', '0', 'applique', now(), '{}');
            insert into division (uai, annee, code, libelle, mefs)
              select uai, 2026, '6A', '6A', '{}' from etablissement;
            insert into groupe (uai, annee, code, libelle) select uai, 2026, 'G', 'G' from etablissement;
            """)
        )
        connexion.commit()
        connexion.exec_driver_sql("set role ent_proprietaire")
        command.upgrade(configuration_alembic(noyau, connexion), "head")
        connexion.commit()
        connexion.exec_driver_sql("reset role")
        sources = [
            connexion.execute(text(f"select source from {table} order by uai")).scalars().all()  # noqa: S608 - tables de l'essai
            for table in ("division", "groupe")
        ]
        connexion.rollback()
    moteur.dispose()
    fabrique_bases.retirer(adresses)
    assert sources == [["AAF:099/ENT2D", None, None]] * 2
