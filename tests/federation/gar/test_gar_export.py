"""L'export vers le GAR : du collège construit à l'archive que le schéma admet, et ce qui l'arrête."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update

from ent_core.chargement.decouverte import charger
from ent_core.chargement.gar import tache_du_gar
from ent_core.cli import ent
from ent_core.contrat.interface import Portee
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.federation.gar import suivi
from ent_core.federation.gar.baisses import BaisseTropForte
from ent_core.federation.gar.export import DemandeGar, RapportGar, exporter, purger
from ent_core.federation.gar.identifiants import identifiant_gar
from ent_core.federation.gar.modeles import GarEtablissement
from ent_core.federation.gar.verification import verifier
from ent_core.identite.modeles import (
    ActeJournal,
    Groupe,
    Identifiant,
    Inscription,
    Personne,
    Rattachement,
    Scolarite,
    Service,
)
from ent_core.roles.modeles import Delegation
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Gar
from ent_core.socle.erreurs import ConfigurationInvalide, Introuvable, OperationRefusee
from tests.federation.gar.gar_essais import exiger_le_schema, valeurs
from tests.identite.aaf_import_essais import COLLEGE, LUNDI, Annuaire, corpus, horloge_du

ECOLE = "0990103Z"
# Un élève du collège l'a quitté le 10.
VEILLE, JOUR = date(2026, 10, 11), date(2026, 10, 12)
REGLAGES = Gar(id_ent="ENT99")


@pytest.fixture(scope="module")
def academie(fabrique_bases: Fabrique, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseDeDonnees]:
    """Le collège et l'école construits, importés de l'annuaire, et ouverts au GAR."""
    adresses = fabrique_bases.migree(charger([]).distributions)
    base = fabrique_bases.ouvrir(adresses.application)
    annuaire = Annuaire(base, tmp_path_factory.mktemp("aaf"))
    annuaire.importer(corpus("constructed/2d_complet_20260907"), jour=LUNDI)
    annuaire.importer(corpus("constructed/1d_complet_20260907"), jour=LUNDI)
    with base.academie("essai") as session:
        for uai in (COLLEGE, ECOLE):
            suivi.decider(session, horloge_du(LUNDI), uai, ouvert=True, acteur=None)
    yield base
    base.fermer()
    fabrique_bases.retirer(adresses)


@pytest.fixture(scope="module")
def envoi(academie: BaseDeDonnees, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RapportGar]:
    """Un premier envoi, que les essais de lecture se partagent."""
    dossier = tmp_path_factory.mktemp("gar")
    return dossier, exporter(academie, horloge_du(VEILLE), REGLAGES, DemandeGar(dossier))


def _second(dossier: Path, rapport: RapportGar) -> Path:
    return dossier / next(a.nom for a in rapport.archives if "_2D." in a.nom)


@pytest.mark.exigence("SDET-INT-02", "SDET-INT-03")
def test_le_college_construit_part_entier_et_suit_le_schema(envoi: tuple[Path, RapportGar]) -> None:
    dossier, rapport = envoi
    for archive in rapport.archives:
        exiger_le_schema(dossier / archive.nom)
        assert verifier(dossier / archive.nom).defauts == []
    college = _second(dossier, rapport)
    assert college.name == "ENT99_GAR-ENT_Complet_20261011_100000_2D.tar.gz"
    assert rapport.etablissements[COLLEGE].eleves == 5
    eleves = valeurs(college, "GAREleve", "GARPersonNom", "GARPersonProfil", "GARPersonDateNaissance")
    assert ("BERTOGNE", "National_elv", "2015-03-12") in eleves
    profils = valeurs(college, "GAREnseignant", "GARPersonProfil")
    assert {p for (p,) in profils} >= {"National_ens", "National_doc", "National_dir", "National_evs"}
    assert valeurs(college, "GARGroupe", "GARGroupeCode", "GARGroupeStatut", "GARGroupeDivAppartenance") == [
        ("3B", "DIVISION", ""), ("6A", "DIVISION", ""),
        ("3B LAT", "GROUPE", "3B"), ("6A_ANG1", "GROUPE", "6A"),
    ]  # fmt: skip
    assert valeurs(college, "GARMEF", "GARMEFCode") == [("10010012110",), ("10310019110",)]
    assert len(valeurs(college, "GARPersonMEF", "GARMEFCode")) >= 5
    assert valeurs(college, "GAREnsClasseMatiere", "GARMatiereCode")
    assert valeurs(college, "GARRespAff", "GARPersonNom", "GARRespAffEtab") == [("QUERCYNOL", COLLEGE)]


def test_le_premier_degre_a_ses_niveaux_et_ni_formation_ni_discipline(
    envoi: tuple[Path, RapportGar],
) -> None:
    dossier, rapport = envoi
    ecole = dossier / next(a.nom for a in rapport.archives if "_1D." in a.nom)
    assert rapport.etablissements[ECOLE].eleves == len(valeurs(ecole, "GAREleve", "GARPersonNom")) > 0
    assert not valeurs(ecole, "GARMEF", "GARMEFCode")
    assert not valeurs(ecole, "GAREnseignant", "GARPersonMail")[0][0]
    for (niveau,) in valeurs(ecole, "GARPersonMEFSTAT4", "GARMEFSTAT4Code"):
        assert len(niveau) == 4


@pytest.mark.exigence("SDET-INT-02", "SDET-ANN-02")
def test_rien_de_plus_que_le_necessaire_ne_sort(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar]
) -> None:
    dossier, rapport = envoi
    import gzip

    octets = gzip.decompress(_second(dossier, rapport).read_bytes()).decode()
    with academie.academie("essai") as session:
        interdits = [
            *session.scalars(select(Identifiant.valeur)),
            *map(str, session.scalars(select(Personne.id))),
            *session.scalars(
                select(Personne.nom)
                .join(Rattachement, Rattachement.personne_id == Personne.id)
                .where(Rattachement.profil == "National_TUT", Personne.nom == "MARTIGNAC")
            ),
        ]
        responsables = set(
            session.scalars(
                select(Personne.courriel)
                .join(Rattachement, Rattachement.personne_id == Personne.id)
                .where(Rattachement.profil == "National_TUT", Personne.courriel.is_not(None))
            )
        )
    assert not [valeur for valeur in (*interdits, *responsables) if valeur and f">{valeur}<" in octets]


@pytest.mark.exigence("SDET-ANN-03", "IDF-S32")
def test_l_identifiant_est_stable_et_celui_que_portera_une_assertion(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path
) -> None:
    dossier, rapport = envoi
    suivant = exporter(academie, horloge_du(JOUR + timedelta(days=1)), REGLAGES, DemandeGar(tmp_path))
    champs = ("GAREleve", "GARPersonIdentifiant", "GARPersonNom", "GARPersonPrenom")
    assert valeurs(_second(tmp_path, suivant), *champs) == valeurs(_second(dossier, rapport), *champs)
    with academie.academie("essai") as session:
        personne = session.scalar(
            select(Personne.id).where(Personne.nom == "BERTOGNE", Personne.prenom == "Élise")
        )
        assert personne is not None
        annonce = identifiant_gar(session, personne, COLLEGE, JOUR)
        assert (annonce, "BERTOGNE", "Élise") in valeurs(_second(dossier, rapport), *champs)
        assert identifiant_gar(session, personne, ECOLE, JOUR) is None
        responsable = session.scalar(
            select(Rattachement.personne_id).where(Rattachement.profil == "National_TUT").limit(1)
        )
        assert responsable is not None
        assert identifiant_gar(session, responsable, COLLEGE, JOUR) is None


def test_l_envoi_est_consigne_avec_ses_nombres_et_publie_avec_son_empreinte(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar]
) -> None:
    dossier, rapport = envoi
    noms = {chemin.name.rpartition(".")[2] for chemin in dossier.iterdir()}
    assert noms == {"gz", "md5", "csv"}
    assert all(chemin.stat().st_mode & 0o077 == 0 for chemin in dossier.iterdir())
    with academie.academie("essai") as session:
        acte = session.scalars(
            select(ActeJournal).where(
                ActeJournal.acte == "gar.transmis",
                ActeJournal.uai == COLLEGE,
                ActeJournal.instant == horloge_du(VEILLE).maintenant(),
            )
        ).one()
    comptes = rapport.etablissements[COLLEGE]
    assert acte.details == {
        "eleves": 5, "personnels": comptes.personnels, "structures": 4, "ecartes": 0,
    }  # fmt: skip


@pytest.fixture
def sale(academie: BaseDeDonnees) -> Iterator[BaseDeDonnees]:
    """La même académie, où l'essai salit l'annuaire ; tout est remis après lui."""
    with academie.academie("essai : avant") as session:
        personnes = {
            p.id: (p.naissance, p.prenom, p.sursis_depuis) for p in session.scalars(select(Personne))
        }
        mefs = {(s.uai, s.annee, s.personne_id): s.mef for s in session.scalars(select(Scolarite))}
    yield academie
    with academie.academie("essai : après") as session:
        for cle, (naissance, prenom, sursis) in personnes.items():
            session.execute(
                update(Personne)
                .where(Personne.id == cle)
                .values(naissance=naissance, prenom=prenom, sursis_depuis=sursis)
            )
        for (uai, annee, personne), mef in mefs.items():
            session.execute(
                update(Scolarite)
                .where(Scolarite.uai == uai, Scolarite.annee == annee, Scolarite.personne_id == personne)
                .values(mef=mef)
            )
        session.execute(delete(Groupe).where(Groupe.source == "essai"))
        session.execute(delete(Delegation))
        session.execute(delete(Service).where(Service.source == "essai"))
        session.execute(delete(Rattachement).where(Rattachement.source == "essai"))
        session.execute(update(GarEtablissement).values(ouvert=True, retenu_le=None, baisse_acceptee=False))


def test_ce_qui_ne_peut_partir_est_mis_de_cote_et_le_reste_part(sale: BaseDeDonnees, tmp_path: Path) -> None:
    with sale.academie("essai") as session:
        ids = list(
            session.scalars(
                select(Inscription.personne_id)
                .where(
                    Inscription.uai == COLLEGE,
                    Inscription.fin.is_(None),
                    Inscription.division_id.is_not(None),
                )
                .order_by(Inscription.personne_id)
            )
        )
        session.execute(update(Personne).where(Personne.id == ids[0]).values(naissance=None))
        session.execute(update(Personne).where(Personne.id == ids[1]).values(prenom=None))
        session.execute(update(Personne).where(Personne.id == ids[2]).values(sursis_depuis=JOUR))
        session.execute(update(Scolarite).where(Scolarite.personne_id == ids[3]).values(mef="99999999999"))
        session.add(Groupe(uai=COLLEGE, annee=2026, code="6A", libelle="Chorale & Cie", source="essai"))
        # Parti de sa division, et resté dans un groupe : il n'est plus là.
        parti = session.scalar(
            select(Inscription.personne_id).where(Inscription.uai == COLLEGE, Inscription.fin.is_not(None))
        )
        chorale = Groupe(uai=COLLEGE, annee=2026, code="CHANT", libelle="Chant", source="essai")
        session.add(chorale)
        session.flush()
        session.add(
            Inscription(uai=COLLEGE, annee=2026, personne_id=parti, groupe_id=chorale.id, debut=LUNDI)
        )
        enseignant = session.scalar(select(Service.personne_id).where(Service.uai == COLLEGE).limit(1))
        division = session.scalar(
            select(Service.division_id).where(Service.division_id.is_not(None)).limit(1)
        )
        assert enseignant is not None
        session.add(
            Service(uai=COLLEGE, annee=2026, personne_id=enseignant, matiere="999999", division_id=division,
                    source="essai", debut=LUNDI)
        )  # fmt: skip
        # Un élève qui enseigne aussi à sa propre division, dans deux établissements : une ligne par clé.
        session.add(
            Rattachement(uai=COLLEGE, personne_id=ids[4], profil="National_ENS", source="essai", debut=LUNDI)
        )
        chez_lui = session.scalar(
            select(Inscription.division_id).where(
                Inscription.personne_id == ids[4], Inscription.division_id.is_not(None)
            )
        )
        session.add(
            Service(uai=COLLEGE, annee=2026, personne_id=ids[4], matiere="061300", division_id=chez_lui,
                    source="essai", debut=LUNDI)
        )  # fmt: skip
        session.add(
            Rattachement(
                uai=ECOLE, personne_id=enseignant, profil="National_ENS", source="essai", debut=LUNDI
            )
        )
    rapport = exporter(sale, horloge_du(JOUR), REGLAGES, DemandeGar(tmp_path))
    archive = _second(tmp_path, rapport)
    exiger_le_schema(archive)
    assert rapport.etablissements[COLLEGE].eleves == 2
    assert rapport.etablissements[COLLEGE].ecartes == 3
    with (tmp_path / rapport.releve).open(encoding="utf-8", newline="") as fichier:
        lignes = list(csv.DictReader(fichier, delimiter=";"))
    dits = {(ligne["fichier"], ligne["clé"], ligne["motif"][:18]) for ligne in lignes}
    assert ("Eleve", str(ids[0]), "La date de naissan") in dits
    assert ("Eleve", str(ids[1]), "Le prénom manque o") in dits
    assert ("Eleve", str(ids[3]), "La formation n'est") in dits
    assert ("Groupe", "6A", "Ce groupe a le mêm") in dits
    assert ("Etab", "999999", "La discipline n'es") in dits
    assert str(ids[2]) not in str(dits)  # en sursis : il n'est plus de l'annuaire
    assert ("999999", "MATIERE 999999") in valeurs(
        archive, "GARMatiere", "GARMatiereCode", "GARMatiereLibelle"
    )
    with sale.academie("essai") as session:
        lues = suivi.anomalies(session, COLLEGE)
        assert {(a.fichier, a.motif) for a in lues} >= {("Eleve", "naissance"), ("Groupe", "code_pris")}
        assert identifiant_gar(session, ids[0], COLLEGE, JOUR) is None


def test_une_baisse_arrete_tout_se_voit_et_se_confirme(
    sale: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path
) -> None:
    def perdre() -> None:
        with sale.academie("essai") as session:
            session.execute(
                update(GarEtablissement).where(GarEtablissement.uai == COLLEGE).values(eleves=400)
            )

    perdre()
    with pytest.raises(BaisseTropForte, match=COLLEGE):
        exporter(sale, horloge_du(JOUR), REGLAGES, DemandeGar(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with sale.academie("essai") as session:
        etat = suivi.etat_de(session, COLLEGE)
        assert etat is not None
        assert (etat.eleves, etat.retenu_eleves) == (400, 5)
        acteur = session.scalar(select(Personne.id).limit(1))
        assert acteur is not None
        suivi.accepter_la_baisse(session, horloge_du(JOUR), COLLEGE, acteur=acteur)
    exporter(sale, horloge_du(JOUR), REGLAGES, DemandeGar(tmp_path))
    with sale.academie("essai") as session:
        etat = suivi.etat_de(session, COLLEGE)
        assert etat is not None
        assert (etat.eleves, etat.retenu_le, etat.baisse_acceptee) == (5, None, False)
        with pytest.raises(OperationRefusee, match="aucun envoi n'est retenu"):
            suivi.accepter_la_baisse(session, horloge_du(JOUR), COLLEGE, acteur=acteur)


def test_une_ecole_qui_ferme_fait_partir_une_archive_vide_une_seule_fois(
    sale: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path
) -> None:
    with sale.academie("essai") as session:
        suivi.decider(session, horloge_du(JOUR), ECOLE, ouvert=False, acteur=None)
    vide = exporter(sale, horloge_du(JOUR), REGLAGES, DemandeGar(tmp_path))
    ecole = next(a for a in vide.archives if "_1D." in a.nom)
    assert sum(ecole.noeuds.values()) == 0
    exiger_le_schema(tmp_path / ecole.nom)
    demain = horloge_du(JOUR + timedelta(days=1))
    suivant = exporter(sale, demain, REGLAGES, DemandeGar(tmp_path))
    assert [archive.nom[-9:] for archive in suivant.archives] == ["2D.tar.gz"]


def test_un_delegue_affecte_et_sans_adresse_ne_part_pas(sale: BaseDeDonnees, tmp_path: Path) -> None:
    with sale.academie("essai") as session:
        delegue = session.scalar(
            select(Personne.id).join(Rattachement, Rattachement.personne_id == Personne.id)
            .where(Rattachement.uai == COLLEGE, Rattachement.profil == "National_DOC")
        )  # fmt: skip
        session.add(
            Delegation(uai=COLLEGE, personne_id=delegue, permission="noyau.gar_affectation",
                       portee=Portee.ETABLISSEMENT.value, motif="essai",
                       accordee_le=horloge_du(LUNDI).maintenant(), debut=LUNDI, fin=JOUR + timedelta(days=1))
        )  # fmt: skip
    rapport = exporter(sale, horloge_du(JOUR), REGLAGES, DemandeGar(tmp_path, uais=(COLLEGE,)))
    assert len(valeurs(_second(tmp_path, rapport), "GARRespAff", "GARPersonNom")) == 2


def test_une_simulation_et_une_archive_d_essai_ne_changent_pas_l_etat(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path
) -> None:
    def etat() -> object:
        with academie.academie("essai") as session:
            trouve = suivi.etat_de(session, COLLEGE)
            return trouve and (trouve.exporte_le, trouve.archive)

    avant = etat()
    tard = horloge_du(JOUR + timedelta(days=30))
    simule = exporter(academie, tard, REGLAGES, DemandeGar(tmp_path, simulation=True))
    assert list(tmp_path.iterdir()) == []
    assert simule.etablissements[COLLEGE].eleves == 5
    assert list(exporter(academie, tard, REGLAGES, DemandeGar(tmp_path, uais=(COLLEGE,))).etablissements) == [
        COLLEGE
    ]
    assert etat() == avant
    with pytest.raises(Introuvable, match="0999999Z"):
        exporter(academie, tard, REGLAGES, DemandeGar(tmp_path, uais=("0999999Z",)))
    with pytest.raises(ConfigurationInvalide, match="pas réglé"):
        exporter(academie, tard, Gar(), DemandeGar(tmp_path))


def test_la_nuit_envoie_si_l_instance_est_accrochee_et_oublie_les_anciennes(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path
) -> None:
    horloge = horloge_du(JOUR + timedelta(days=2))
    tache_du_gar(Configuration(donnees=str(tmp_path))).fonction(academie, horloge)
    assert not (tmp_path / "gar").exists()
    accrochee = Configuration(donnees=str(tmp_path), gar=REGLAGES)
    tache_du_gar(accrochee).fonction(academie, horloge)
    assert len(list((tmp_path / "gar").glob("*.md5"))) == 2
    (tmp_path / "gar" / "note.txt").write_text("à moi")
    plus_tard = HorlogeFixe(horloge.maintenant() + timedelta(days=8))
    assert purger(tmp_path / "gar", plus_tard.maintenant()) == 5
    assert [chemin.name for chemin in (tmp_path / "gar").iterdir()] == ["note.txt"]


def test_la_commande_exporte_puis_relit(
    academie: BaseDeDonnees, envoi: tuple[Path, RapportGar], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENT_BASE", academie.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_GAR_ID_ENT", "ENT99")
    monkeypatch.chdir(tmp_path)
    lancer = CliRunner().invoke
    partielle = lancer(ent, ["gar", "exporter", "--uai", COLLEGE.lower()])
    assert partielle.exit_code == 2
    assert "retirerait du GAR" in partielle.output
    sorti = lancer(ent, ["gar", "exporter", "--dossier", "ici", "--uai", COLLEGE.lower(), "--json"])
    assert sorti.output, sorti.exception
    rapport = json.loads(sorti.output)
    assert sorti.exit_code in (0, 4), sorti.exception
    archive = next(Path("ici").glob("*_2D.tar.gz"))
    assert rapport["archives"][0]["nom"] == archive.name
    relu = json.loads(lancer(ent, ["gar", "verifier", str(archive), "--json"]).output)
    assert relu["defauts"] == []
    assert relu["noeuds"]["GAREleve"] == rapport["etablissements"][COLLEGE]["eleves"]
    etats = json.loads(lancer(ent, ["gar", "etat", "--json"]).output)
    assert {ligne["uai"] for ligne in etats} == {COLLEGE, ECOLE}
