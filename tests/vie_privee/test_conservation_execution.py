"""L'exécution : ce qui est échu part, ce qui ne l'est pas reste, et la chaîne le prouve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, delete, func, select, text
from sqlalchemy.exc import InternalError, ProgrammingError

from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.essais.annuaire import ECOLE, Annuaire, peupler
from ent_core.essais.base import Fabrique
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ActeJournal, Identifiant, Inscription, Personne, Rattachement
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.approbation import annuler
from ent_core.vie_privee.conservation.execution import _VERROU, _ajuster
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import DecisionConservation, Preuve
from ent_core.vie_privee.conservation.preuve import Tetes, ajouter_preuve, verifier
from tests.vie_privee.conservation_essais import Moteur, a_midi, faire_partir

DEPART = date(2026, 9, 8)


@pytest.fixture
def moteur(base: BaseDeDonnees, horloge: HorlogeFixe, tmp_path: Path, annuaire: Annuaire) -> Moteur:
    faire_partir(base, [annuaire["camarade"], annuaire["camarade_autre"]], DEPART)
    horloge.instant = a_midi(DEPART + timedelta(days=61))
    return Moteur.monter(base, horloge, tmp_path, annuaire)


def presentes(base: BaseDeDonnees, *ids: UUID) -> int:
    with base.academie("essai") as session:
        return session.scalar(select(func.count()).where(Personne.id.in_(ids))) or 0


def intacte(moteur: Moteur) -> bool:
    with moteur.base.academie("essai") as session:
        return verifier(session, moteur.tetes.lire()) == []


def geler(moteur: Moteur, personne: UUID, traitement: str | None = None) -> UUID:
    with moteur.base.academie("essai : gel") as session:
        return poser(
            session, moteur.horloge, personne, nature=NatureGel.LITIGE, motif="dossier 26-001",
            revoir_le=moteur.horloge.aujourd_hui() + timedelta(days=90), traitement=traitement,
        ).id  # fmt: skip


@pytest.mark.exigence("ENT-18", "RGPD-DUR-04")
def test_une_personne_dont_le_sursis_est_echu_part_avec_ce_qui_la_concerne(
    moteur: Moteur, annuaire: Annuaire
) -> None:
    with moteur.base.academie("essai") as session:
        session.add(Identifiant(source="essai", type="cle", valeur="1", personne_id=annuaire["camarade"]))
    plan = moteur.planifier()
    assert moteur.echues(plan) == {"personne": 2, "identifiant": 1, "inscription": 2}
    assert presentes(moteur.base, annuaire["camarade"]) == 1, "un plan n'élimine rien"
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    resultat = moteur.executer(plan)
    assert (resultat.eliminees, resultat.disparues, resultat.finie) == (5, 0, True)
    assert presentes(moteur.base, annuaire["camarade"], annuaire["camarade_autre"]) == 0
    assert presentes(moteur.base, annuaire["eleve"]) == 1
    assert intacte(moteur)
    with moteur.base.academie("essai") as session:
        assert session.scalar(select(func.count()).select_from(Inscription)) == 2


def test_une_seconde_execution_ne_fait_rien(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    moteur.executer(plan)
    resultat = moteur.executer(plan)
    assert (resultat.eliminees, resultat.lots, resultat.finie) == (0, 0, True)
    assert moteur.echues(moteur.planifier()) == {}


def test_la_preuve_ne_porte_ni_nom_ni_identifiant(moteur: Moteur, annuaire: Annuaire) -> None:
    moteur.tout()
    with moteur.base.academie("essai") as session:
        chaine = "\n".join(session.scalars(text("select p::text from conservation_preuve p")))
    assert str(annuaire["camarade"]) not in chaine
    assert "Camarade" not in chaine
    assert "noyau.annuaire" in chaine


@pytest.mark.exigence("RGPD-DUR-05")
def test_un_gel_garde_la_personne_et_tout_ce_qui_la_designe(moteur: Moteur, annuaire: Annuaire) -> None:
    gel = geler(moteur, annuaire["camarade"], "carnet.absences")
    plan = moteur.planifier()
    assert moteur.echues(plan) == {"personne": 1, "inscription": 1}, "l'autre élève part"
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    moteur.executer(plan)
    assert presentes(moteur.base, annuaire["camarade"]) == 1
    with moteur.base.academie("essai") as session:
        lever(session, moteur.horloge, gel, par=annuaire["dpd"], uai=None)
        actes = set(session.scalars(select(ActeJournal.acte)))
    assert {"gel.pose", "gel.leve"} <= actes
    assert moteur.echues(moteur.planifier()) == {"personne": 1, "inscription": 1}


def test_un_gel_pose_pendant_un_lot_attend_puis_dit_vrai(moteur: Moteur, annuaire: Annuaire) -> None:
    """La course : ou bien le gel est posé et rien ne part, ou bien il apprend qu'il est trop tard."""
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    barriere, issues = threading.Barrier(2), []

    def poser_au_meme_instant() -> None:
        autre = BaseDeDonnees(moteur.base.url)
        barriere.wait()
        try:
            with autre.academie("essai : gel en course") as session:
                poser(
                    session, moteur.horloge, annuaire["camarade"], nature=NatureGel.LITIGE, motif="course",
                    revoir_le=moteur.horloge.aujourd_hui() + timedelta(days=9),
                )  # fmt: skip
            issues.append("posé")
        except Introuvable:
            issues.append("partie")
        finally:
            autre.fermer()

    fil = threading.Thread(target=poser_au_meme_instant)
    fil.start()
    barriere.wait()
    try:
        moteur.executer(plan)
    except OperationRefusee as refus:  # le gel a devancé l'exécution : l'approbation tombe
        assert "les gels" in refus.message  # noqa: PT017 - les deux issues sont bonnes
    fil.join()
    assert presentes(moteur.base, annuaire["camarade"]) == (1 if issues == ["posé"] else 0)
    assert intacte(moteur)


def test_deux_executions_a_la_fois_sont_impossibles(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    with moteur.executeur()._seul():
        autre = BaseDeDonnees(moteur.base.url)
        with pytest.raises(OperationRefusee, match="une autre exécution"):
            Moteur(autre, moteur.horloge, moteur.regles, moteur.tetes, moteur.annuaire).executer(plan)
        autre.fermer()
    assert moteur.executer(plan).finie


def attendre_le_verrou(base: BaseDeDonnees) -> None:
    """Attend que la base ait appris la mort de qui tenait le verrou : elle la lit, sans hâte, à sa connexion.

    D'ici là, une autre exécution est, pour elle, en cours ; une machine très chargée le montre.
    """
    with connecter(base.moteur) as connexion:
        for demande in (func.pg_advisory_lock, func.pg_advisory_unlock):
            connexion.execute(select(demande(_VERROU)))


_COUPEE = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from tests.vie_privee.conservation_essais import CLE, a_midi, _regles
from datetime import date
from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.preuve import Tetes
faits = []
def couper(etape, fait, total):
    faits.append(fait)
    if len(faits) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
base = BaseDeDonnees(sys.argv[1])
horloge = HorlogeFixe(a_midi(date.fromisoformat(sys.argv[3])))
executeur = Executeur(base, horloge, _regles(), CLE, Tetes(Path(sys.argv[4])), taille=7)
executeur.executer(UUID(sys.argv[2]), couper)
"""


def test_une_execution_tuee_reprend_ou_elle_en_etait(moteur: Moteur, annuaire: Annuaire) -> None:
    with moteur.base.academie("essai") as session:
        for rang in range(40):
            session.add(
                Identifiant(source="essai", type="cle", valeur=str(rang), personne_id=annuaire["camarade"])
            )
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    coupee = subprocess.run(  # noqa: S603 - notre propre programme
        [
            sys.executable, "-c", _COUPEE, moteur.base.url.render_as_string(hide_password=False),
            str(plan.id), moteur.horloge.aujourd_hui().isoformat(), str(moteur.tetes.chemin),
        ],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert coupee.returncode == -signal.SIGKILL, coupee.stderr
    with moteur.base.academie("essai") as session:
        deja = session.scalar(select(func.sum(Preuve.nombre))) or 0
    assert 0 < deja < 44
    assert intacte(moteur), "ce qui est fait est prouvé, même coupé"
    attendre_le_verrou(moteur.base)
    resultat = moteur.executer(plan)
    assert (resultat.eliminees, resultat.finie) == (44 - deja, True)
    assert intacte(moteur)


def test_une_annulation_en_cours_de_route_arrete_au_lot_suivant(moteur: Moteur, annuaire: Annuaire) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    annulees: list[bool] = []

    def annuler_des_le_premier_lot(_etape: str, _fait: int, _total: int) -> None:
        if not annulees:
            with moteur.base.academie("essai : annulation") as session:
                annuler(session, moteur.horloge, plan.id, motif="on s'arrête", par=annuaire["dpd"])
            annulees.append(True)

    with pytest.raises(OperationRefusee, match="annulé"):
        moteur.executeur().executer(plan.id, annuler_des_le_premier_lot)
    assert annulees
    assert presentes(moteur.base, annuaire["camarade"], annuaire["camarade_autre"]) > 0
    assert intacte(moteur)


def test_ce_qui_disparait_entre_temps_est_compte_comme_tel(moteur: Moteur, annuaire: Annuaire) -> None:
    def effacer() -> None:
        with moteur.base.academie("essai") as session:
            session.execute(delete(Personne).where(Personne.id == annuaire["camarade_autre"]))

    resultat = moteur.tout(apres=effacer)
    assert (resultat.eliminees, resultat.disparues, resultat.finie) == (2, 2, True)
    assert intacte(moteur)


def test_ne_rien_trouver_la_ou_il_etait_annonce_est_un_echec(moteur: Moteur) -> None:
    def effacer() -> None:
        partis = [moteur.annuaire["camarade"], moteur.annuaire["camarade_autre"]]
        with moteur.base.academie("essai") as session:
            session.execute(delete(Personne).where(Personne.id.in_(partis)))

    with pytest.raises(OperationRefusee, match="le compte n'y est pas"):
        moteur.tout(apres=effacer)
    with moteur.base.academie("essai") as session:
        natures = set(session.scalars(select(DecisionConservation.nature)))
    assert "ecart" in natures
    assert "fin" not in natures


def test_qui_revient_apres_le_plan_est_garde(moteur: Moteur, annuaire: Annuaire) -> None:
    """Le frein d'activité : un rattachement retrouvé l'emporte sur le sursis."""

    def revenir() -> None:
        with moteur.base.academie("essai") as session:
            session.add(
                Rattachement(
                    uai=ECOLE, personne_id=annuaire["camarade"], profil="National_ELV", source="essai",
                    debut=moteur.horloge.aujourd_hui(),
                )
            )  # fmt: skip

    resultat = moteur.tout(apres=revenir)
    assert presentes(moteur.base, annuaire["camarade"]) == 1
    assert (resultat.eliminees, resultat.suspendues) == (2, 2)
    assert intacte(moteur)


def test_une_ligne_nee_apres_le_plan_n_en_est_pas(moteur: Moteur, annuaire: Annuaire) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    with moteur.base.academie("essai") as session:
        tard = Personne(nom="Arrivée", sursis_depuis=DEPART, suppression_le=DEPART)
        session.add(tard)
        session.flush()
        tardive = tard.id
    moteur.executer(plan)
    assert presentes(moteur.base, tardive) == 1


@pytest.mark.exigence("ENT-18")
def test_le_journal_part_a_douze_mois_et_pas_autrement(moteur: Moteur) -> None:
    vieux = HorlogeFixe(a_midi(date(2025, 9, 1)))
    with moteur.base.academie("essai") as session:
        for _ in range(3):
            consigner(session, vieux, "essai.fait")
        consigner(session, moteur.horloge, "essai.fait")
    moteur.tout()
    with moteur.base.academie("essai") as session:
        restent = session.scalars(select(ActeJournal.instant).where(ActeJournal.acte == "essai.fait")).all()
        assert len(restent) == 1
        ids = [session.scalars(select(ActeJournal.id).limit(1)).one()]
    for ordre, parametres in (
        ("delete from acte_journal", {}),
        ("select ent_eliminer('acte_journal', cast(:ids as uuid[]), 1)", {"ids": ids}),
        ("delete from conservation_preuve", {}),
        ("update conservation_preuve set nombre = 0", {}),
    ):
        with pytest.raises((ProgrammingError, InternalError)), moteur.base.academie("essai") as session:
            session.execute(text(ordre), parametres)


def test_meme_avec_une_preuve_la_chaine_ne_s_efface_pas(moteur: Moteur) -> None:
    moteur.tout()

    def effacer_la_chaine() -> None:
        with moteur.base.academie("essai") as session:
            derniere = session.scalars(select(Preuve).order_by(Preuve.numero.desc()).limit(1)).one()
            entree = {c.key: getattr(derniere, c.key) for c in Preuve.__table__.c}
            for nom in ("numero", "precedente", "instant", "empreinte", "transaction"):
                del entree[nom]
            entree |= {"objet": "conservation_preuve", "nombre": 0, "nature": "lot"}
            numero = ajouter_preuve(session, moteur.horloge, entree).numero
            ordre = "select ent_eliminer('conservation_preuve', cast(:ids as uuid[]), :n)"
            session.execute(text(ordre), {"ids": [], "n": numero})

    with pytest.raises((ProgrammingError, InternalError)):
        effacer_la_chaine()


def test_un_disque_plein_se_dit_et_ne_perd_rien(moteur: Moteur, tmp_path: Path) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    (tmp_path / "fichier").touch()  # son dossier n'en est pas un : écrire y échoue, comme sur un disque plein
    empeche = replace(moteur, tetes=Tetes(tmp_path / "fichier" / "tetes.jsonl"))
    with pytest.raises(OperationRefusee, match="la tête de la chaîne"):
        empeche.executer(plan)
    assert moteur.executer(plan).finie
    assert moteur.tetes.lire() != [], "la tête suivante couvre tout ce qui précède"
    assert intacte(moteur)


ACCIDENTS = {
    "le disque de la base est plein": "raise exception 'plus de place' using errcode = 'disk_full'",
    "la base a interrompu un lot trop long": "perform pg_sleep(20)",
}


@pytest.mark.parametrize("dit", ACCIDENTS)
def test_un_accident_de_la_base_au_milieu_d_un_lot_se_dit_et_se_reprend(
    fabrique_bases: Fabrique, horloge: HorlogeFixe, tmp_path: Path, dit: str
) -> None:
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    with base.academie("essai") as session:
        annuaire = peupler(session)
    faire_partir(base, [annuaire["camarade"], annuaire["camarade_autre"]], DEPART)
    horloge.instant = a_midi(DEPART + timedelta(days=61))
    moteur = Moteur.monter(base, horloge, tmp_path, annuaire)
    plan = moteur.planifier()
    moteur.approuver(plan)
    horloge.avancer(timedelta(days=8))
    proprietaire = create_engine(adresses.proprietaire)
    with proprietaire.begin() as connexion:
        connexion.exec_driver_sql(
            "create function accident() returns trigger language plpgsql as"
            f" $$ begin {ACCIDENTS[dit]}; return old; end $$"
        )
        connexion.exec_driver_sql(
            "create trigger accident before delete on personne for each row execute function accident()"
        )
        connexion.exec_driver_sql(
            f"alter database \"{adresses.proprietaire.database}\" set statement_timeout = '1s'"
        )
    base.fermer()  # les connexions suivantes ont le réglage nouveau
    with pytest.raises(OperationRefusee, match=dit) as refus:
        moteur.executer(plan)
    assert "reprend où elle en était" in str(refus.value.remede)
    assert presentes(base, annuaire["camarade"], annuaire["camarade_autre"]) == 2
    assert intacte(moteur)
    with proprietaire.begin() as connexion:
        connexion.exec_driver_sql("drop trigger accident on personne")
    proprietaire.dispose()
    assert moteur.executer(plan).finie
    assert presentes(base, annuaire["camarade"], annuaire["camarade_autre"]) == 0
    assert intacte(moteur)
    base.fermer()
    fabrique_bases.retirer(adresses)


def test_deux_executions_lancees_ensemble_n_eliminent_qu_une_fois(moteur: Moteur, annuaire: Annuaire) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    barriere, eliminees, refusees = threading.Barrier(2), [], []

    def executer() -> None:
        autre = BaseDeDonnees(moteur.base.url)
        barriere.wait()
        try:
            rejoue = Moteur(autre, moteur.horloge, moteur.regles, moteur.tetes, annuaire).executer(plan)
            eliminees.append(rejoue.eliminees)
        except OperationRefusee as refus:
            refusees.append(refus.message)
        finally:
            autre.fermer()

    fils = [threading.Thread(target=executer) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert sum(eliminees) == 4
    assert len(eliminees) + len(refusees) == 2
    assert all("une autre exécution" in message for message in refusees)
    assert intacte(moteur)


def test_un_lot_vise_un_quart_de_seconde_et_ne_fait_que_doubler() -> None:
    assert _ajuster(1000, 0.25, 5000) == 1000
    assert _ajuster(1000, 1.0, 5000) == 250, "une machine qui peine"
    assert _ajuster(200, 0.01, 5000) == 400, "ce qui suit peut coûter bien plus"
    assert _ajuster(4000, 0.01, 5000) == 5000
    assert _ajuster(3, 2.0, 5000) == 100, "un lot n'est jamais si petit que ses frais l'emportent"
