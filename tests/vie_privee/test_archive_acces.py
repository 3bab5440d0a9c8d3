"""Lire l'archive : sur demande, accordée par un autre, pour un temps ; verser, acquitter, oublier."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.archive import regler
from ent_core.chargement.conservation import cle_des_preuves, tetes_de
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import ActeJournal, Compte
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.archive import acces
from ent_core.vie_privee.archive.acces import EtatDemande, accorder, consulter, demander, etat_de, refuser
from ent_core.vie_privee.archive.lecture import lignes_archivees, reporter
from ent_core.vie_privee.archive.lieu import unite_du_coffre
from ent_core.vie_privee.archive.modeles import DemandeArchive, VersementArchive
from ent_core.vie_privee.archive.versement import acquitter, verser_aux_archives
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import Gel, Preuve
from ent_core.vie_privee.conservation.preuve import verifier
from ent_core.vie_privee.droits.verdict import Fondement
from tests.vie_privee.archive_essais import ECHEANCE, TERME, Depot, monter
from tests.vie_privee.brique_dossiers import Livret, Sanction

MOTIF = "recours devant le tribunal administratif, dossier 27-18"


@pytest.fixture
def depot(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Depot]:
    with monter(fabrique_bases, tmp_path) as monte:
        monte.ecrire(
            Sanction, nature="la sienne", recit="ce qu'il a fait", camarade_id=monte.annuaire["camarade"]
        )
        monte.ecrire(Sanction, "camarade", nature="celle du camarade")
        monte.ecrire(Livret, nature="un livret")
        monte.deplacer()
        yield monte


def demander_pour(depot: Depot, role: str = "direction", uai: str = ECOLE, heures: int = 24) -> UUID:
    with depot.base.academie("essai : demander") as session:
        return demander(
            session, depot.horloge, uai, par=depot.annuaire[role], motif=MOTIF, heures=heures,
            personne=depot.annuaire["eleve"], traitement="dossiers.sanctions",
        ).id  # fmt: skip


def decider(depot: Depot, demande: UUID, role: str = "dpd") -> None:
    with depot.base.academie("essai : accorder") as session:
        accorder(session, depot.horloge, None, demande, par=depot.annuaire[role])


def lire_comme(depot: Depot, demande: UUID, role: str = "direction") -> list[str]:
    with depot.base.academie("essai : lire") as session:
        lues = consulter(session, depot.horloge, ECOLE, demande, par=depot.annuaire[role])
        return [li["nature"] for lue in lues if lue.contenu for _, _, li in lue.contenu.lignes()]


@pytest.mark.exigence("RGPD-DUR-02")
def test_nul_ne_lit_avant_qu_un_autre_l_ait_permis(depot: Depot) -> None:
    demande = demander_pour(depot)
    with pytest.raises(AccesRefuse, match="en attente"):
        lire_comme(depot, demande)
    decider(depot, demande)
    assert lire_comme(depot, demande) == ["la sienne"], "ce qui est d'un autre élève n'est pas lu"
    with pytest.raises(AccesRefuse, match="seul qui a demandé"):
        lire_comme(depot, demande, "dpd")


@pytest.mark.exigence("RGPD-DUR-02")
def test_nul_ne_s_accorde_sa_propre_demande_meme_par_un_second_compte(depot: Depot) -> None:
    demande = demander_pour(depot)
    with pytest.raises(AccesRefuse, match="sa propre demande"):
        decider(depot, demande, "direction")
    # Un second compte serait de la même personne ; la base n'en admet d'ailleurs pas deux.
    with depot.base.academie("essai : compte") as session:
        session.add(Compte(personne_id=depot.annuaire["direction"], identifiant="direction.1"))
    with pytest.raises(IntegrityError), depot.base.academie("essai : second compte") as session:
        session.add(Compte(personne_id=depot.annuaire["direction"], identifiant="direction.2"))
    with pytest.raises(IntegrityError), depot.base.academie("essai : par la base") as session:
        session.get_one(DemandeArchive, (ECOLE, demande)).decidee_par = depot.annuaire["direction"]


def test_la_personne_concernee_n_en_decide_pas(depot: Depot) -> None:
    demande = demander_pour(depot)
    with pytest.raises(AccesRefuse, match="vous concerne"):
        decider(depot, demande, "eleve")


def test_a_l_heure_dite_elle_se_ferme_d_elle_meme(depot: Depot) -> None:
    demande = demander_pour(depot, heures=2)
    decider(depot, demande)
    depot.horloge.avancer(timedelta(hours=2) - timedelta(seconds=1))
    assert lire_comme(depot, demande)
    depot.horloge.avancer(timedelta(seconds=1))
    with pytest.raises(AccesRefuse, match="fermée"):
        lire_comme(depot, demande)


def test_sans_reponse_elle_ne_vaut_plus_rien(depot: Depot) -> None:
    demande = demander_pour(depot)
    depot.horloge.avancer(timedelta(days=30))
    with pytest.raises(OperationRefusee, match="sans réponse"):
        decider(depot, demande)


def test_un_refus_se_motive_et_se_garde(depot: Depot) -> None:
    demande = demander_pour(depot)
    with depot.base.academie("essai") as session:
        with pytest.raises(DonneeInvalide, match="motif du refus"):
            refuser(session, depot.horloge, ECOLE, demande, par=depot.annuaire["dpd"], motif=" ")
        dite = refuser(session, depot.horloge, ECOLE, demande, par=depot.annuaire["dpd"], motif="sans objet")
        assert etat_de(dite, depot.horloge.maintenant()) is EtatDemande.REFUSEE
    with pytest.raises(AccesRefuse):
        lire_comme(depot, demande)


def test_la_duree_le_motif_et_l_objet_sont_exiges(depot: Depot) -> None:
    with pytest.raises(DonneeInvalide, match="de 1 à 72"):
        demander_pour(depot, heures=73)
    with pytest.raises(Introuvable, match="rien qui réponde"):
        demander_pour(depot, uai=AUTRE)
    with depot.base.academie("essai") as session, pytest.raises(DonneeInvalide, match="ni une personne"):
        demander(session, depot.horloge, ECOLE, par=depot.annuaire["direction"], motif=MOTIF, heures=1)
    with depot.base.academie("essai") as session, pytest.raises(Introuvable):
        acces.trouver(session, AUTRE, demander_pour(depot))


def test_chaque_lecture_est_au_journal(depot: Depot) -> None:
    demande = demander_pour(depot)
    decider(depot, demande)
    lire_comme(depot, demande)
    lire_comme(depot, demande)
    with depot.base.academie("essai") as session:
        actes = session.scalars(select(ActeJournal).where(ActeJournal.acte == "archive.lue")).all()
        assert {a.details["demande"] for a in actes} == {str(demande)}
        assert {a.acteur_id for a in actes} == {depot.annuaire["direction"]}
        assert len(actes) == 2
        assert session.scalars(select(DemandeArchive.lectures)).one() == 2


@pytest.mark.exigence("RGPD-DUR-03")
def test_verser_puis_acquitter_elimine_avec_une_preuve_de_versement(depot: Depot, tmp_path: Path) -> None:
    paquet = tmp_path / "versement.zip"
    with depot.base.academie("essai") as session, paquet.open("x+b") as sortie, pytest.raises(Introuvable):
        verser_aux_archives(session, depot.horloge, ECOLE, "dossiers.livrets", sortie, par=None)
    depot.au(TERME)
    assert depot.lignes(depot.planifier()).get("archive_unite") is not None, (
        "les sanctions, elles, sont échues"
    )
    versement = verser(depot, paquet)
    with zipfile.ZipFile(paquet) as archive:
        manifeste = json.loads(archive.read("manifeste.json"))
        for chemin, empreinte in manifeste["fichiers"].items():
            assert f"sha256:{hashlib.sha256(archive.read(chemin)).hexdigest()}" == empreinte
        (tableau,) = [n for n in archive.namelist() if n.endswith(".csv")]
        rangees = list(csv.DictReader(io.StringIO(archive.read(tableau).decode("utf-8-sig")), delimiter=";"))
    assert [r["nature"] for r in rangees] == ["un livret"]
    assert manifeste["traitement"]["intitule"] == "Livrets"
    assert hashlib.sha256(paquet.read_bytes()).hexdigest() == versement.empreinte
    assert len([u for u in depot.unites() if u.sort == "versement aux archives"]) == 1, "gardé jusque-là"
    assert acquitter_(depot, versement.id) == 1
    assert [u for u in depot.unites() if u.sort == "versement aux archives"] == []
    with depot.base.academie("essai") as session:
        preuves = session.scalars(select(Preuve).where(Preuve.sort == "versement aux archives")).all()
        assert {p.nature for p in preuves} == {"lot", "bilan"}
        assert all("acquitté sous le numéro W 1234" in p.autorite for p in preuves)
        assert verifier(session, tetes_de(depot.configuration).lire()) == []
    with pytest.raises(OperationRefusee, match="ne reste rien"):
        acquitter_(depot, versement.id)


def test_un_gel_garde_ce_qui_est_acquitte_jusqu_a_sa_levee(depot: Depot, tmp_path: Path) -> None:
    depot.au(TERME)
    versement = verser(depot, tmp_path / "v.zip")
    with depot.base.academie("essai") as session:
        poser(
            session, depot.horloge, depot.annuaire["eleve"], nature=NatureGel.LITIGE, motif="TA 27-1",
            revoir_le=TERME + timedelta(days=100),
        )  # fmt: skip
    assert acquitter_(depot, versement.id) == 0
    with depot.base.academie("essai") as session:
        lever(session, depot.horloge, session.scalars(select(Gel.id)).one(), par=None, uai=None)
    with pytest.raises(OperationRefusee, match="déjà acquitté"):
        acquitter_(depot, versement.id, "W 9999")
    assert acquitter_(depot, versement.id) == 1


def test_un_paquet_incomplet_ne_se_verse_pas(depot: Depot, tmp_path: Path) -> None:
    depot.au(TERME)
    (livret,) = [u for u in depot.unites() if u.traitement == "dossiers.livrets"]
    depot.archive.coffre.detruire([unite_du_coffre(livret.id)])
    with pytest.raises(OperationRefusee, match="n'est plus dans le coffre"):
        verser(depot, tmp_path / "v.zip")
    with depot.base.academie("essai") as session:
        assert session.scalar(select(func.count()).select_from(VersementArchive)) == 0


def verser(depot: Depot, vers: Path) -> VersementArchive:
    with depot.base.academie("essai : verser") as session, vers.open("w+b") as sortie:
        return verser_aux_archives(
            session, depot.horloge, ECOLE, "dossiers.livrets", sortie, par=depot.annuaire["dpd"]
        )


def acquitter_(depot: Depot, versement: UUID, reference: str = "W 1234") -> int:
    with depot.base.academie("essai : acquitter") as session:
        eliminees = acquitter(
            session, depot.horloge, regles_completes(session, depot.chargement),
            cle_des_preuves(depot.configuration), versement, reference=reference, par=depot.annuaire["dpd"],
        )  # fmt: skip
    regler(depot.base, depot.horloge)
    return eliminees


@pytest.mark.exigence("RGPD-DRO-04")
def test_la_copie_de_la_personne_contient_son_archive_et_masque_autrui(depot: Depot) -> None:
    sortie = io.BytesIO()
    with depot.base.academie("essai : copie") as session:
        bilan = depot.guichet.exporter(session, depot.annuaire["eleve"], sortie)
    assert bilan.lignes["dossiers_sanction (archive)"] == 1
    with zipfile.ZipFile(sortie) as copie:
        dits = [copie.read(n).decode() for n in copie.namelist() if n.startswith("archive/")]
        accueil = copie.read("index.html").decode()
        manifeste = json.loads(copie.read("manifest.json"))
    tout = "\n".join(dits)
    assert len(dits) == 2
    assert all(f"archive/dossiers.{nom}" in accueil for nom in ("sanctions", "livrets"))
    assert "la sienne" in tout
    assert "un livret" in tout
    assert str(depot.annuaire["camarade"]) not in tout
    assert "celle du camarade" not in tout
    assert "ce qu'il a fait" not in tout, "un texte libre attend une relecture"
    assert any(chemin.startswith("archive/") for chemin in manifeste["fichiers"])


@pytest.mark.exigence("RGPD-DRO-04")
def test_l_effacement_vide_aussi_l_archive_et_detruit_ses_cles(depot: Depot) -> None:
    eleve = depot.annuaire["eleve"]
    siennes = {u.id for u in depot.unites() if u.jeton == depot.archive.jeton(eleve)}
    depot.sans_brique()
    efface = depot.guichet.effacer(depot.base, eleve, Fondement.ILLICITE)
    assert efface.supprimees["archive_unite"] == 2, "même de la brique qui n'est plus là"
    restantes = {u.id for u in depot.unites()}
    assert siennes.isdisjoint(restantes)
    assert len(restantes) == 1
    assert depot.contenus() == 1
    assert not depot.archive.coffre.lire_toutes(map(unite_du_coffre, siennes))
    assert depot.horloge.aujourd_hui() >= ECHEANCE


def test_une_fusion_de_fiches_emporte_l_archive(depot: Depot) -> None:
    """Les deux fiches étaient la même personne : ce qui est archivé sous l'une se retrouve par l'autre."""
    eleve, autre = depot.annuaire["eleve"], depot.annuaire["eleve_autre"]
    with depot.base.academie("essai : fusion") as session:
        assert reporter(session, eleve, autre) == 2
        assert list(lignes_archivees(session, eleve)) == []
        assert len([lue for lue in lignes_archivees(session, autre) if lue.contenu]) == 2
