"""Une année que le plan élimine en entier part d'un coup ; au premier doute, ligne à ligne."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, ProgrammingError

from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.partitions import preparer_les_annees
from ent_core.donnees.garde_migrations import Garde
from ent_core.donnees.migrations import PREFIXE
from ent_core.donnees.partitions import ouvrir, presentes, veiller
from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import compter_enonces
from ent_core.identite.modeles import AnneeScolaire, Creneau, Personne
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation import partitions
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.modeles import PlanConservation, Preuve
from ent_core.vie_privee.conservation.preuve import verifier
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.controle_base import controler_base, controler_catalogue
from ent_core.vie_privee.registre import Registre
from tests.vie_privee.brique_passages import BRIQUE, Passage, Suite
from tests.vie_privee.conservation_essais import Moteur, a_midi

TABLES = ("passages_passage", "passages_suite")


@dataclass(slots=True)
class Monde:
    """Deux collèges, leurs passages de 2026 et de 2027, au 1er septembre 2027."""

    moteur: Moteur
    proprietaire: URL
    chargement: Chargement

    @property
    def base(self) -> BaseDeDonnees:
        return self.moteur.base

    def ajouter(self, annee: int, uai: str = ECOLE, nombre: int = 3, jour: date | None = None) -> list[UUID]:
        eleve = self.moteur.annuaire["eleve" if uai == ECOLE else "eleve_autre"]
        with self.base.academie("essai : passages") as session:
            passages = [
                Passage(uai=uai, annee=annee, eleve_id=eleve, lieu="CDI", jour=jour or date(annee, 10, 1))
                for _ in range(nombre)
            ]
            session.add_all(passages)
            session.flush()
            session.add_all(Suite(uai=uai, annee=annee, passage_id=p.id, dit="vu") for p in passages)
            return [p.id for p in passages]

    def veiller(self) -> None:
        """Ce que la tâche de la nuit fait."""
        for table in TABLES:
            with self.base.academie("essai : veille") as session:
                veiller(session, table, 2026)
        self.ordre("select pg_sleep(0.002)")  # la milliseconde suivante

    def planifier(self) -> PlanConservation:
        plan = self.moteur.planifier()
        self.moteur.approuver(plan)
        self.moteur.horloge.avancer(timedelta(days=1))
        return plan

    def comptes(self) -> dict[int, int]:
        """Année → lignes des deux tables."""
        with self.base.academie("essai : compter") as session:
            trouves: dict[int, int] = {}
            for table in (Passage, Suite):
                for annee, nombre in session.execute(select(table.annee, func.count()).group_by(table.annee)):
                    trouves[annee] = trouves.get(annee, 0) + nombre
            return trouves

    def annees(self) -> dict[str, set[int]]:
        with self.base.academie("essai : catalogue") as session:
            return presentes(session)

    def natures(self) -> set[str]:
        with self.base.academie("essai : preuves") as session:
            assert verifier(session, self.moteur.tetes.lire()) == []
            return set(session.scalars(select(Preuve.nature)))

    def ordre(self, ordre: str, role: str = "ent_proprietaire") -> None:
        moteur = create_engine(self.proprietaire)
        try:
            with moteur.begin() as connexion:
                connexion.exec_driver_sql(f"set role {role}")
                connexion.exec_driver_sql(ordre)
        finally:
            moteur.dispose()


@pytest.fixture
def monde(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Monde]:
    chargement = charger([], {"passages": BRIQUE})
    adresses, annuaire = fabrique_bases.peuplee(chargement.distributions)
    base = fabrique_bases.ouvrir(adresses.application)
    with base.academie("essai") as session:
        session.add_all(
            AnneeScolaire(uai=uai, annee=2027, debut=date(2027, 9, 1), fin=date(2028, 8, 1))
            for uai in (ECOLE, AUTRE)
        )
    brique = next(b.declaration() for b in chargement.briques if b.id == "passages")
    horloge = HorlogeFixe(a_midi(date(2027, 9, 1)))
    moteur = Moteur.monter(base, horloge, tmp_path, annuaire).sous(Regles.du(Registre.reunir([brique])))
    assert moteur.regles.anomalies() == []
    monde = Monde(moteur, adresses.proprietaire, chargement)
    for annee in (2026, 2027):
        for table in TABLES:
            with base.academie("essai : ouverture") as session:
                ouvrir(session, table, annee)
        monde.ajouter(annee)
        monde.ajouter(annee, AUTRE)
    yield monde
    base.fermer()
    fabrique_bases.retirer(adresses)


@pytest.mark.exigence("ENT-18", "RGPD-DUR-04")
def test_une_annee_entiere_part_d_un_coup_avec_sa_preuve(monde: Monde) -> None:
    monde.veiller()
    plan = monde.planifier()
    with compter_enonces(monde.base) as enonces:
        resultat = monde.moteur.executer(plan)
    assert (resultat.eliminees, resultat.lots, resultat.finie) == (12, 2, True)
    assert sum('insert into "conservation_preuve"' in e for e in enonces) == 1, "un énoncé pour toutes"
    assert monde.comptes() == {2027: 12}
    assert monde.annees() == {table: {2027} | ({2028} & monde.annees()[table]) for table in TABLES}
    assert monde.natures() == {"annee", "bilan"}
    with monde.base.academie("essai") as session:
        entieres = session.execute(
            select(Preuve.objet, Preuve.periode, Preuve.nombre, Preuve.uai).where(Preuve.nature == "annee")
        ).all()
        bilans = session.execute(
            select(Preuve.objet, Preuve.uai, Preuve.nombre).where(Preuve.nature == "bilan")
        ).all()
    assert sorted(entieres) == [("passages_passage", 2026, 6, None), ("passages_suite", 2026, 6, None)]
    assert sorted(bilans) == [(table, uai, 3) for table in TABLES for uai in sorted((ECOLE, AUTRE))]


def test_une_seconde_execution_ne_trouve_rien_a_faire(monde: Monde) -> None:
    monde.veiller()
    plan = monde.planifier()
    monde.moteur.executer(plan)
    resultat = monde.moteur.executer(plan)
    assert (resultat.eliminees, resultat.finie) == (0, True)
    assert monde.moteur.echues(monde.moteur.planifier()) == {}


def _ecrire(monde: Monde) -> None:
    with monde.base.academie("essai : rectification") as session:
        session.execute(update(Suite).where(Suite.annee == 2026).values(dit="corrigé"))


def _ajouter(monde: Monde) -> None:
    monde.ajouter(2026, nombre=1)


def _tenir_une_seance_tard(monde: Monde) -> None:
    with monde.base.academie("essai : séance") as session:
        session.add(
            Creneau(
                uai=AUTRE, annee=2026, division_id=monde.moteur.annuaire.divisions[AUTRE],
                debut=datetime(2027, 8, 30, 8, tzinfo=UTC), fin=datetime(2027, 8, 30, 9, tzinfo=UTC),
            )
        )  # fmt: skip


def _cesser_de_veiller(monde: Monde) -> None:
    monde.ordre("alter table partitions.passages_suite_2026 disable trigger ent_veille")


DOUTES: dict[str, tuple[Callable[[Monde], None], dict[int, int]]] = {
    "une ligne changée": (_ecrire, {2027: 12}),
    # Née après le plan, elle n'en est pas ; sa suite et elle restent.
    "une ligne ajoutée": (_ajouter, {2026: 2, 2027: 12}),
    "une séance après la fin": (_tenir_une_seance_tard, {2026: 6, 2027: 12}),
    "une veille interrompue": (_cesser_de_veiller, {2027: 12}),
}


@pytest.mark.parametrize("doute", DOUTES)
def test_au_premier_doute_depuis_le_plan_l_annee_part_ligne_a_ligne(monde: Monde, doute: str) -> None:
    changer, restent = DOUTES[doute]
    monde.veiller()
    plan = monde.planifier()
    changer(monde)
    assert monde.moteur.executer(plan).finie
    assert monde.comptes() == restent
    assert "annee" not in monde.natures()
    assert 2026 in monde.annees()["passages_passage"]


def test_sans_veille_avant_le_plan_rien_ne_part_d_un_coup(monde: Monde) -> None:
    plan = monde.planifier()
    monde.veiller()
    assert monde.moteur.executer(plan).eliminees == 12
    assert "annee" not in monde.natures()


@pytest.mark.exigence("RGPD-DUR-05")
def test_un_gel_fait_partir_le_reste_ligne_a_ligne(monde: Monde) -> None:
    monde.veiller()
    with monde.base.academie("essai : gel") as session:
        poser(
            session, monde.moteur.horloge, monde.moteur.annuaire["eleve"], nature=NatureGel.LITIGE,
            motif="TA 27-88", revoir_le=date(2027, 12, 1),
        )  # fmt: skip
    resultat = monde.moteur.executer(monde.planifier())
    assert (resultat.eliminees, resultat.finie) == (6, True)
    assert monde.comptes() == {2026: 6, 2027: 12}, "ce qui est gelé reste"
    assert "annee" not in monde.natures()


def test_un_etablissement_hors_du_plan_garde_toute_l_annee(monde: Monde) -> None:
    with monde.base.academie("essai : calendrier") as session:
        session.execute(
            update(AnneeScolaire)
            .where(AnneeScolaire.uai == AUTRE, AnneeScolaire.annee == 2026)
            .values(fin=date(2027, 9, 20))
        )
    monde.veiller()
    monde.moteur.executer(monde.planifier())
    assert monde.comptes() == {2026: 6, 2027: 12}
    assert "annee" not in monde.natures()


def test_une_suite_du_reste_retient_les_deux_tables(monde: Monde) -> None:
    """Une fille dont l'année n'est pas ouverte s'appuie sur la mère : la base refuserait de détacher."""
    for table in TABLES:
        monde.ordre(f"drop table partitions.{table}_2026 cascade")
    with monde.base.academie("essai : ouverture") as session:
        ouvrir(session, "passages_passage", 2026)
    monde.ajouter(2026)
    monde.veiller()
    assert monde.moteur.executer(monde.planifier()).eliminees == 6
    assert monde.comptes() == {2027: 12}
    assert "annee" not in monde.natures()


def test_qui_lit_longtemps_fait_renoncer_et_rien_n_est_perdu(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_ESSAIS", 1)
    monde.veiller()
    plan = monde.planifier()
    with monde.base.academie("essai : longue lecture") as session:
        session.execute(select(func.count()).select_from(Passage)).scalar_one()
        autre = BaseDeDonnees(monde.base.url)
        moteur = Moteur(
            autre, monde.moteur.horloge, monde.moteur.regles, monde.moteur.tetes, monde.moteur.annuaire
        )
        assert moteur.executer(plan).eliminees == 12
        autre.fermer()
    assert "annee" not in monde.natures()


def test_une_ecriture_en_cours_a_la_pose_de_la_veille_l_empeche(monde: Monde) -> None:
    """La pose attend la fin de qui écrit, deux secondes au plus ; elle se refait la nuit suivante."""
    pret, fini = threading.Event(), threading.Event()

    def ecrire() -> None:
        autre = BaseDeDonnees(monde.base.url)
        with autre.academie("essai : longue écriture") as session:
            session.execute(update(Passage).where(Passage.annee == 2026).values(lieu="gymnase"))
            pret.set()
            fini.wait(20)
        autre.fermer()

    fil = threading.Thread(target=ecrire)
    fil.start()
    pret.wait(20)
    try:
        with pytest.raises(Exception, match="la base de données"):
            monde.veiller()
    finally:
        fini.set()
        fil.join()
    monde.veiller()
    assert monde.moteur.executer(monde.planifier()).lots == 2


def test_une_table_refaite_retrouve_sa_veille(monde: Monde) -> None:
    """La veille d'avant ne vaut rien pour la partition d'après : la nuit suivante la recommence."""
    monde.veiller()
    monde.ordre("drop table partitions.passages_suite_2026 cascade")
    with monde.base.academie("essai : ouverture") as session:
        ouvrir(session, "passages_suite", 2026)
    monde.ajouter(2026, nombre=1)
    monde.veiller()
    resultat = monde.moteur.executer(monde.planifier())
    assert (resultat.eliminees, resultat.lots) == (8, 2)


# --- Ranger, et fermer à clé -----------------------------------------------------------------


def test_une_annee_que_rien_n_attendait_tombe_dans_le_reste(monde: Monde) -> None:
    monde.ajouter(2019)
    assert monde.comptes()[2019] == 6
    with monde.base.academie("essai : ouverture tardive") as session:
        assert ouvrir(session, "passages_passage", 2019) == "reste"
    with monde.base.academie("essai : ouverture") as session:
        assert ouvrir(session, "passages_passage", 2031) == "ouverte"
        assert ouvrir(session, "passages_passage", 2031) == "presente"


@pytest.mark.exigence("RGPD-SEC-02")
@pytest.mark.parametrize("role", ["ent_application", "ent_academie", "ent_audience_cpe"])
def test_une_partition_ne_s_atteint_que_par_sa_table(monde: Monde, role: str) -> None:
    for ordre in (
        "select * from partitions.passages_passage_2026",
        "delete from partitions.passages_passage_2026",
        "insert into partitions.passages_passage_2026 select * from passages_passage",
        "drop table partitions.passages_passage_2026",
        "update partitions.veille set ecrite = false",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            monde.ordre(ordre, role)


@pytest.mark.exigence("RGPD-SEC-02")
def test_par_sa_table_chacun_ne_voit_que_son_etablissement(monde: Monde) -> None:
    with monde.base.ecole(ECOLE, "essai") as session:
        assert set(session.scalars(select(Passage.uai))) == {ECOLE}
    with connecter(monde.base.moteur) as connexion:
        connexion.exec_driver_sql("set local role ent_application")
        assert connexion.execute(text("select count(*) from passages_passage")).scalar() == 0
        connexion.rollback()


def test_sans_preuve_de_la_transaction_rien_ne_se_detache(monde: Monde) -> None:
    with (
        pytest.raises(DBAPIError, match="aucune preuve"),
        monde.base.academie("essai : détacher") as session,
    ):
        session.execute(text("select ent_detacher_partition('passages_passage', 2026::smallint, 1)"))
    assert monde.comptes() == {2026: 12, 2027: 12}


def test_les_ecritures_laissent_leur_trace_cascade_comprise(monde: Monde) -> None:
    with monde.base.academie("essai") as session:
        session.delete(session.get_one(Personne, monde.moteur.annuaire["eleve_autre"]))
    with monde.base.academie("essai") as session:
        traces = session.execute(
            text(
                "select nom_table, operation, sum(lignes) from trace_ecriture"
                " where nom_table like 'passages%' group by 1, 2 order by 1, 2"
            )
        ).all()
    assert [tuple(trace) for trace in traces] == [
        (table, acte, nombre) for table in TABLES for acte, nombre in (("delete", 6), ("insert", 12))
    ]


def test_la_tache_de_la_nuit_ouvre_d_avance_et_veille_sur_ce_qui_est_fini(monde: Monde) -> None:
    assert preparer_les_annees(monde.base, list(TABLES), monde.moteur.horloge) == []
    assert all({2026, 2027, 2028, 2029} <= annees for annees in monde.annees().values())
    monde.ordre("select pg_sleep(0.002)")
    assert monde.moteur.executer(monde.planifier()).lots == 2
    assert preparer_les_annees(monde.base, list(TABLES), monde.moteur.horloge) == [], (
        "rejouée, elle ne fait rien"
    )


def test_une_annee_arrivee_avant_son_ouverture_se_dit_chaque_nuit(monde: Monde) -> None:
    for table in TABLES:
        monde.ordre(f"drop table if exists partitions.{table}_2028 cascade")
    monde.ajouter(2028)
    dites = preparer_les_annees(monde.base, list(TABLES), monde.moteur.horloge)
    assert {(a.code, a.lieu) for a in dites} == {
        ("PARTITION-001", f"table {table}, année 2028-2029") for table in TABLES
    }


# --- Au démarrage, la base est comparée aux déclarations -------------------------------------

ECARTS = {
    "une table entière": (
        "drop table passages_suite; create table passages_suite (uai varchar(8), annee smallint, id uuid,"
        " passage_id uuid, dit varchar(40), primary key (uai, annee, id))",
        ("BASE-025", "table passages_suite"),
    ),
    "pas de reste": (
        "drop table partitions.passages_suite_reste",
        ("BASE-026", "table passages_suite"),
    ),
    "une partition ouverte à tous": (
        "grant select on partitions.passages_suite_2026 to public",
        ("BASE-035", "partition passages_suite_2026"),
    ),
    "une partition sans cloisonnement": (
        "alter table partitions.passages_suite_2026 disable row level security",
        ("BASE-035", "partition passages_suite_2026"),
    ),
    "le schéma ouvert à l'application": (
        "grant usage on schema partitions to ent_application",
        ("BASE-035", "schéma partitions"),
    ),
}


@pytest.mark.exigence("RGPD-SEC-02")
@pytest.mark.parametrize("ecart", ECARTS)
def test_un_ecart_des_partitions_arrete_le_demarrage(monde: Monde, ecart: str) -> None:
    ordre, attendu = ECARTS[ecart]
    tables = {table.name: table for d in monde.chargement.distributions for table in d.tables}
    assert controler_catalogue(monde.base.moteur, tables) == []
    monde.ordre(ordre)
    assert attendu in {(a.code, a.lieu) for a in controler_catalogue(monde.base.moteur, tables)}


def test_la_base_d_une_brique_partitionnee_demarre(monde: Monde) -> None:
    assert controler_base(monde.base.moteur, monde.chargement.distributions) == []


def test_la_garde_des_migrations_voit_ce_qu_une_table_partitionnee_contient(monde: Monde) -> None:
    moteur = create_engine(monde.proprietaire)
    with moteur.connect() as connexion:
        connexion.exec_driver_sql("set role ent_proprietaire")
        declarees = {t.name: t.columns.keys() for d in monde.chargement.distributions for t in d.tables}
        garde = Garde(connexion, declarees, PREFIXE)
        garde.commencer()
        connexion.exec_driver_sql("alter table passages_suite drop column dit")
        with pytest.raises(OperationRefusee, match="ôte une colonne"):
            garde.apres_revision(None, SimpleNamespace(up_revision_id="essai"), (), {})
        connexion.rollback()
    moteur.dispose()
