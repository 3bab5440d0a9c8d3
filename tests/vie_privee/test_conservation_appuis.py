"""Les lignes qui s'appuient sur d'autres, l'anonymisation, et les briques qui purgent elles-mêmes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import (
    Categorie,
    Conservation,
    Copie,
    Depart,
    Donnee,
    Duree,
    Neutre,
    Sort,
    Sujet,
    Traitement,
    par_etablissement,
)
from ent_core.contrat.resultats import Bilan
from ent_core.donnees.base import CLE_INFO, DeclarationTable
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, Annuaire, peupler
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import ImportLot
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation.dossier import ouvrir
from ent_core.vie_privee.conservation.execution import Execution
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre
from tests.vie_privee.conservation_essais import Moteur, a_midi

VIEUX, RECENT, AUJOURD_HUI = date(2025, 9, 1), date(2027, 8, 20), date(2027, 9, 1)
_DONNEE, _NEUTRE = {CLE_INFO: Donnee(Categorie.VIE_SCOLAIRE)}, {CLE_INFO: Neutre("essai")}


def _colonnes(*autres: Column[Any]) -> list[Column[Any]]:
    return [
        Column("uai", String(8), primary_key=True, info=_NEUTRE),
        Column("id", Uuid, primary_key=True, server_default=text("ent_uuid7()"), info=_NEUTRE),
        Column("eleve_id", Uuid, info=_DONNEE),
        Column("le", Date, info=_NEUTRE),
        *autres,
    ]


def _declaration(traitement: str) -> dict[str, Any]:
    return {CLE_INFO: DeclarationTable(traitement, par_etablissement(), (Sujet("eleve_id"),), depart="le")}


def tables(effet: str | None) -> tuple[Table, Table]:
    """Un fait et ses suites, liés par une clé à l'effet voulu ; à part de la base commune."""
    a_part = MetaData()
    fait = Table("essai_fait", a_part, *_colonnes(), info=_declaration("essai.faits"))
    suite = Table(
        "essai_suite", a_part, *_colonnes(Column("fait_id", Uuid, info=_NEUTRE)),
        ForeignKeyConstraint(["uai", "fait_id"], ["essai_fait.uai", "essai_fait.id"], ondelete=effet),
        Index(None, "uai", "fait_id"), info=_declaration("essai.suites"),
    )  # fmt: skip
    return fait, suite


@dataclass(slots=True)
class Atelier:
    """Deux tables d'essai, dans une base à elles."""

    moteur: Moteur
    fait: Table
    suite: Table

    def ajouter(self, table: Table, le: date | None, uai: str = ECOLE, **valeurs: Any) -> UUID:
        with self.moteur.base.academie("essai") as session:
            valeurs = {"eleve_id": self.moteur.annuaire["eleve"], **valeurs, "uai": uai, "le": le}
            trouvee: UUID = session.execute(insert(table).values(valeurs).returning(table.c.id)).scalar_one()
            return trouvee

    def comptes(self) -> tuple[int, int]:
        with self.moteur.base.academie("essai") as session:
            un, deux = (
                session.scalar(select(func.count()).select_from(t)) or 0 for t in (self.fait, self.suite)
            )
            return un, deux

    def lignes(self) -> list[tuple[str, int, int, int, int]]:
        plan = self.moteur.planifier()
        with self.moteur.base.academie("essai") as session:
            dossier = ouvrir(session, self.moteur.horloge, plan.id)
        return [(li.objet, li.echues, li.gelees, li.actives, li.retenues) for li in dossier.lignes]


@pytest.fixture
def base_essai(fabrique_bases: Fabrique) -> Iterator[tuple[BaseDeDonnees, Any]]:
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    yield base, adresses.proprietaire
    base.fermer()
    fabrique_bases.retirer(adresses)


def monter(base_essai: tuple[BaseDeDonnees, Any], dossier: Path, effet: str | None) -> Atelier:
    base, proprietaire = base_essai
    fait, suite = tables(effet)
    moteur = create_engine(proprietaire)
    with moteur.begin() as connexion:
        connexion.execute(text("set role ent_proprietaire"))
        fait.metadata.create_all(connexion)
        for table in (fait, suite):
            connexion.execute(text(f"grant all on {table.name} to ent_academie"))
    moteur.dispose()
    with base.academie("essai") as session:
        annuaire = peupler(session)
    modele: Traitement = charger([]).briques[0].traitements[0]
    traitements = {
        cle: replace(
            modele,
            cle=cle,
            conservation=Conservation(Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, Copie("x")),
        )
        for cle in ("essai.faits", "essai.suites")
    }
    registre = Registre(
        MappingProxyType(traitements), MappingProxyType({fait.name: fait, suite.name: suite}),
        MappingProxyType({fait.name: "essai", suite.name: "essai"}),
    )  # fmt: skip
    regles = Regles.du(registre)
    assert regles.anomalies() == []
    horloge = HorlogeFixe(a_midi(AUJOURD_HUI))
    return Atelier(replace(Moteur.monter(base, horloge, dossier, annuaire), regles=regles), fait, suite)


def test_une_ligne_part_apres_celles_qui_s_appuient_sur_elle(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, None)
    for _ in range(5):
        atelier.ajouter(atelier.suite, VIEUX, fait_id=atelier.ajouter(atelier.fait, VIEUX))
    assert atelier.lignes() == [("essai_suite", 5, 0, 0, 0), ("essai_fait", 5, 0, 0, 0)]
    assert atelier.moteur.tout().eliminees == 10
    assert atelier.comptes() == (0, 0)


def test_une_suite_qui_reste_retient_ce_sur_quoi_elle_s_appuie(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "RESTRICT")
    atelier.ajouter(atelier.suite, None, fait_id=atelier.ajouter(atelier.fait, VIEUX))
    atelier.ajouter(atelier.fait, VIEUX)
    assert atelier.lignes() == [("essai_suite", 0, 0, 0, 0), ("essai_fait", 1, 0, 0, 1)]
    assert atelier.moteur.tout().eliminees == 1
    assert atelier.comptes() == (1, 1)


def test_une_suite_datee_d_apres_dit_que_le_fait_vit_encore(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    atelier.ajouter(atelier.suite, RECENT, fait_id=atelier.ajouter(atelier.fait, VIEUX))
    assert atelier.lignes() == [("essai_fait", 0, 0, 1, 0)]


def test_une_suite_gelee_retient_le_fait_qui_l_emporterait(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    autre = atelier.moteur.annuaire["camarade"]
    for eleve in (None, autre):
        fait = atelier.ajouter(atelier.fait, VIEUX)
        atelier.ajouter(atelier.suite, VIEUX, fait_id=fait, eleve_id=eleve)
    with atelier.moteur.base.academie("essai") as session:
        poser(
            session, atelier.moteur.horloge, autre, nature=NatureGel.INSPECTION, motif="visite 8",
            revoir_le=AUJOURD_HUI + timedelta(days=30), traitement="essai.suites",
        )  # fmt: skip
    assert atelier.lignes() == [("essai_suite", 1, 1, 0, 0), ("essai_fait", 1, 1, 0, 0)]
    atelier.moteur.tout()
    assert atelier.comptes() == (1, 1)


def test_une_date_absente_n_est_jamais_echue_et_se_compte(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    atelier.ajouter(atelier.fait, None)
    plan = atelier.moteur.planifier()
    with atelier.moteur.base.academie("essai") as session:
        ligne = ouvrir(session, atelier.moteur.horloge, plan.id).lignes[0]
    assert (ligne.echues, ligne.sans_date, ligne.periode) == (0, 1, None)


def _executer(atelier: Atelier, plan: PlanConservation, purger: Any) -> Execution:
    atelier.moteur.approuver(plan)
    atelier.moteur.horloge.avancer(timedelta(days=8))
    return replace(atelier.moteur.executeur(), purger=purger).executer(plan.id)


def test_une_brique_qui_purge_est_recomptee_et_prouvee(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    for uai in (ECOLE, ECOLE, AUTRE):
        atelier.ajouter(atelier.fait, VIEUX, uai)
    limites = []

    def purger(
        session: Session, brique: str, traitement: str, uai: str, limite: date, simulation: bool
    ) -> Bilan | None:
        limites.append((brique, uai, limite))
        if uai != ECOLE:
            return None
        siennes = atelier.fait.c.uai == uai
        nombre = session.scalar(select(func.count()).select_from(atelier.fait).where(siennes)) or 0
        if not simulation:
            session.execute(delete(atelier.fait).where(siennes))
        return Bilan({"essai_fait": nombre})

    resultat = _executer(atelier, atelier.moteur.planifier(), purger)
    assert resultat.finie
    assert atelier.comptes() == (0, 0)
    assert ("essai", ECOLE, date(2026, 9, 2)) in limites


@pytest.mark.parametrize("faute", ["ment", "va trop loin"])
def test_une_brique_qui_ment_ou_va_trop_loin_ne_change_rien(
    base_essai: Any, tmp_path: Path, faute: str
) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    atelier.ajouter(atelier.fait, VIEUX)
    atelier.ajouter(atelier.fait, RECENT)

    def purger(session: Session, *arguments: Any) -> Bilan:
        if arguments[-1] is False and faute == "va trop loin":
            session.execute(delete(atelier.fait).where(atelier.fait.c.uai == ECOLE))
        return Bilan({"essai_fait": 2})

    with pytest.raises(OperationRefusee, match="n'a pas purgé ce qu'elle dit"):
        _executer(atelier, atelier.moteur.planifier(), purger)
    assert atelier.comptes() == (2, 0)


def test_une_brique_qui_refuse_est_laissee_en_attente(base_essai: Any, tmp_path: Path) -> None:
    atelier = monter(base_essai, tmp_path, "CASCADE")
    atelier.ajouter(atelier.fait, VIEUX)
    resultat = _executer(atelier, atelier.moteur.planifier(), lambda *_: Bilan(refus="contrôle en cours"))
    assert list(resultat.attente.values()) == ["la brique essai refuse : contrôle en cours"]
    assert atelier.comptes() == (1, 0)


def _regle_du_noyau(table: str, depart: Depart, sort: Sort) -> Regles:
    registre = Registre.reunir(brique.declaration() for brique in charger([]).briques)
    cle = registre.tables[table].info["ent"].traitement
    voulue = replace(registre.traitements[cle], conservation=Conservation(depart, Duree(), sort, Copie("x")))
    seule = MappingProxyType({table: registre.tables[table]})
    return Regles.du(Registre(MappingProxyType({cle: voulue}), seule, MappingProxyType({})))


def test_anonymiser_vide_l_auteur_garde_la_ligne_et_ne_recommence_pas(
    base: BaseDeDonnees, horloge: HorlogeFixe, tmp_path: Path, annuaire: Annuaire
) -> None:
    moteur = Moteur.monter(base, horloge, tmp_path, annuaire)
    moteur = moteur.sous(_regle_du_noyau("import_lot", Depart.CREATION, Sort.ANONYMISER))
    with base.academie("essai") as session:
        session.add(
            ImportLot(
                source="essai", format="aaf", nature="complet", jour=VIEUX, empreinte="0" * 64,
                etat="applique", demarre_le=a_midi(VIEUX), comptes={}, par=annuaire["administrateur"],
            )
        )  # fmt: skip
    horloge.instant = a_midi(AUJOURD_HUI)
    assert moteur.tout().eliminees == 1
    with base.academie("essai") as session:
        assert [(lot.par, lot.source) for lot in session.scalars(select(ImportLot))] == [(None, "essai")]
    assert moteur.echues(moteur.planifier()) == {}


def test_une_colonne_qui_ne_peut_etre_videe_se_dit_avant() -> None:
    anomalies = _regle_du_noyau("delegation", Depart.FIN_DE_VALIDITE, Sort.ANONYMISER).anomalies()
    assert {a.code for a in anomalies} == {"CONSERV-003"}


def test_une_regle_sans_depart_se_dit_et_ne_s_execute_pas() -> None:
    anomalies = _regle_du_noyau("compte", Depart.FAIT, Sort.SUPPRIMER).anomalies()
    assert {a.code for a in anomalies} == {"CONSERV-001"}


def test_deux_cles_qui_se_retiennent_se_disent_et_n_eliminent_rien() -> None:
    a_part = MetaData()
    cotes = [
        Table(
            nom, a_part, *_colonnes(Column("autre_id", Uuid, info=_NEUTRE)),
            ForeignKeyConstraint(["uai", "autre_id"], [f"{autre}.uai", f"{autre}.id"], name=f"fk_{nom}"),
            info=_declaration("essai.faits"),
        )
        for nom, autre in (("essai_un", "essai_deux"), ("essai_deux", "essai_un"))
    ]  # fmt: skip
    modele = charger([]).briques[0].traitements[0]
    voulue = replace(modele, conservation=Conservation(Depart.FAIT, Duree(), Sort.SUPPRIMER, Copie("x")))
    deux = MappingProxyType({t.name: t for t in cotes})
    registre = Registre(MappingProxyType({"essai.faits": voulue}), deux, MappingProxyType({}))
    assert {a.code for a in Regles.du(registre).anomalies()} == {"CONSERV-002"}
