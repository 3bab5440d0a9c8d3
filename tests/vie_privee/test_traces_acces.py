"""Les traces ne s'ouvrent qu'à deux, pour un incident, dans des bornes, quelques jours ; lire se consigne."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, delete, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, OperationRefusee
from ent_core.vie_privee.traces import acces, lecture
from ent_core.vie_privee.traces.acces import Etat, etat_de
from ent_core.vie_privee.traces.modeles import TraceEcriture, TraceLecture
from ent_core.vie_privee.traces.modeles_acces import AccesTraces
from ent_core.vie_privee.violations.modeles import ViolationEtape
from tests.vie_privee.conservation_essais import Moteur, a_midi
from tests.vie_privee.pages_essai import texte_de

JOURNAUX = "/vie-privee/journaux"
MOTIF = "Des photos de la fiche d'un élève circulent depuis jeudi."


@pytest.fixture
def proprietaire(base: BaseDeDonnees, fabrique_bases: Fabrique) -> Engine:
    return create_engine(fabrique_bases._serveur.set(database=base.url.database), poolclass=NullPool)


def semer(proprietaire: Engine, annuaire: Annuaire) -> None:
    """Trois lectures et deux écritures sur un élève ; une lecture sur un autre ; une, trop ancienne."""
    a = annuaire
    lues = [
        (date(2026, 9, 3), a["cpe"], a["eleve"], "sante.dossiers"),
        (date(2026, 9, 4), a["infirmier"], a["eleve"], "sante.dossiers"),
        (date(2026, 9, 4), a["cpe"], a["eleve"], "autre.chose"),
        (date(2026, 9, 4), a["cpe"], a["camarade"], "sante.dossiers"),
        (date(2026, 8, 1), a["cpe"], a["eleve"], "sante.dossiers"),
    ]
    ecrites = [datetime(2026, 9, 4, 9, tzinfo=UTC), datetime(2026, 9, 4, 22, 30, tzinfo=UTC)]
    with proprietaire.begin() as connexion:
        connexion.exec_driver_sql("set local session_replication_role = replica")
        for modele in (TraceLecture, TraceEcriture):
            connexion.execute(delete(modele))
        connexion.execute(
            insert(TraceLecture),
            [
                {"id": uuid4(), "jour": j, "uai": ECOLE, "lecteur_id": qui, "role": "ent_audience_cpe",
                 "traitement": t, "colonnes": ["note"], "sujet_id": sujet}
                for j, qui, sujet, t in lues
            ],
        )  # fmt: skip
        connexion.execute(
            insert(TraceEcriture),
            [
                {"id": uuid4(), "instant": i, "uai": ECOLE, "acteur_id": a["cpe"], "finalite": "x",
                 "role": "ent_application", "traitement": "sante.dossiers", "nom_table": "fiche",
                 "operation": "update", "colonnes": ["note"], "sujet_id": a["eleve"], "lignes": 1}
                for i in ecrites
            ],
        )  # fmt: skip


def demander(session: Session, horloge: HorlogeFixe, annuaire: Annuaire, **autres: Any) -> AccesTraces:
    valeurs: dict[str, Any] = {
        "demandeur": annuaire["administrateur_academique"], "journal": "lectures", "motif": MOTIF,
        "du": date(2026, 9, 3), "au": date(2026, 9, 4), "jours": 1, "sujet": annuaire["eleve"], **autres,
    }  # fmt: skip
    return acces.demander(session, horloge, **valeurs)


# --- SURV-04 : motif, durée, second regard, trace ----------------------------------------------


@pytest.mark.exigence("SURV-04")
def test_personne_n_accorde_sa_propre_demande(
    session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    demande = demander(session, horloge, annuaire, demandeur=annuaire["dpd"])
    with pytest.raises(AccesRefuse, match="sa propre demande"):
        acces.accorder(session, horloge, demande, annuaire["dpd"])
    with pytest.raises(AccesRefuse, match="sa propre demande"):
        acces.refuser(session, horloge, demande, "Motif assez long.", annuaire["dpd"])
    with pytest.raises(AccesRefuse):
        lecture.lire(session, horloge, demande, annuaire["dpd"])


@pytest.mark.exigence("SURV-04")
def test_la_base_exige_aussi_deux_personnes(
    session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    demande = demander(session, horloge, annuaire)
    demande.accordee, demande.decidee_par = True, demande.demandeur_id
    demande.decidee_le = demande.expire_le = horloge.maintenant()
    with pytest.raises(IntegrityError, match="deux_personnes"):
        session.flush()


@pytest.mark.exigence("SURV-04")
@pytest.mark.exigence("CNIL-LOG-05")
def test_un_acces_accorde_ne_lit_que_dans_ses_bornes_et_lire_se_consigne(
    base: BaseDeDonnees, proprietaire: Engine, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    semer(proprietaire, annuaire)
    moi, dpd = annuaire["administrateur_academique"], annuaire["dpd"]
    with base.academie("essai") as session:
        demande = demander(session, horloge, annuaire)
        with pytest.raises(AccesRefuse):
            lecture.lire(session, horloge, demande, moi)
        acces.accorder(session, horloge, demande, dpd)
        lues = lecture.lire(session, horloge, demande, moi)
        assert {(t.quand, t.qui, t.sujet) for t in lues} == {
            (date(2026, 9, 3), annuaire["cpe"], annuaire["eleve"]),
            (date(2026, 9, 4), annuaire["infirmier"], annuaire["eleve"]),
            (date(2026, 9, 4), annuaire["cpe"], annuaire["eleve"]),
        }
        with pytest.raises(AccesRefuse, match="une autre personne"):
            lecture.lire(session, horloge, demande, dpd)
        borne = demander(session, horloge, annuaire, traitement="autre.chose")
        acces.accorder(session, horloge, borne, dpd)
        assert len(lecture.lire(session, horloge, borne, moi)) == 1
        ecrit = demander(session, horloge, annuaire, journal="ecritures")
        acces.accorder(session, horloge, ecrit, dpd)
        # À Paris, 22 h 30 en temps universel est déjà le lendemain : hors des bornes.
        assert [t.acte for t in lecture.lire(session, horloge, ecrit, moi)] == ["update"]
    with base.academie("essai") as session:
        actes = session.execute(
            select(ActeJournal.acte, ActeJournal.acteur_id, ActeJournal.objet, ActeJournal.details)
            .where(ActeJournal.acte.startswith("traces."))
            .order_by(ActeJournal.id)
        ).all()
    assert [a.acte for a in actes[:3]] == ["traces.demandees", "traces.accordees", "traces.lues"]
    assert actes[2] == (
        "traces.lues", moi, str(demande.id), {"journal": "lectures", "nombre": 3, "page": 1},
    )  # fmt: skip
    assert sum(a.acte == "traces.lues" for a in actes) == 3


@pytest.mark.exigence("SURV-04")
def test_un_acces_se_ferme_de_lui_meme_et_avant_si_l_on_veut(
    base: BaseDeDonnees, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    moi, dpd = annuaire["administrateur_academique"], annuaire["dpd"]
    with base.academie("essai") as session:
        demande = demander(session, horloge, annuaire, jours=2)
        acces.accorder(session, horloge, demande, dpd)
        horloge.avancer(timedelta(hours=47, minutes=59))
        lecture.lire(session, horloge, demande, moi)
        horloge.avancer(timedelta(minutes=1))
        with pytest.raises(AccesRefuse, match="ne l'est plus"):
            lecture.lire(session, horloge, demande, moi)
        autre = demander(session, horloge, annuaire)
        acces.accorder(session, horloge, autre, dpd)
        with pytest.raises(AccesRefuse):
            acces.clore(session, horloge, autre, annuaire["administrateur_technique"])
        acces.clore(session, horloge, autre, dpd)
        with pytest.raises(AccesRefuse):
            lecture.lire(session, horloge, autre, moi)
        with pytest.raises(OperationRefusee):
            acces.clore(session, horloge, autre, dpd)


def test_une_demande_sans_reponse_tombe_d_elle_meme(
    session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    demande = demander(session, horloge, annuaire)
    horloge.avancer(timedelta(days=7))
    assert etat_de(demande, horloge.maintenant()) is Etat.ATTEND
    horloge.avancer(timedelta(days=1))
    assert etat_de(demande, horloge.maintenant()) is Etat.FERME
    with pytest.raises(OperationRefusee):
        acces.accorder(session, horloge, demande, annuaire["dpd"])


def test_une_demande_ne_se_decide_qu_une_fois(
    session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    demande = demander(session, horloge, annuaire)
    acces.refuser(session, horloge, demande, "L'incident est déjà instruit.", annuaire["dpd"])
    assert etat_de(demande, horloge.maintenant()) is Etat.REFUSE
    with pytest.raises(OperationRefusee):
        acces.accorder(session, horloge, demande, annuaire["administrateur_technique"])


@pytest.mark.exigence("CNIL-LOG-05")
@pytest.mark.parametrize(
    "autres",
    [
        {"motif": "pour voir"},
        {"sujet": None},
        {"jours": 30},
        {"journal": "connexions"},
        {"du": date(2026, 1, 1)},
        {"du": date(2026, 9, 5)},
        {"au": date(2026, 12, 1)},
    ],
)
def test_une_demande_vague_ou_sans_borne_est_refusee(
    autres: dict[str, Any], session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    with pytest.raises(DonneeInvalide):
        demander(session, horloge, annuaire, **autres)


def test_une_personne_effacee_n_elargit_pas_l_acces(
    base: BaseDeDonnees, proprietaire: Engine, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    semer(proprietaire, annuaire)
    inconnue = uuid4()
    with base.academie("essai") as session:
        demande = demander(session, horloge, annuaire, sujet=inconnue)
        acces.accorder(session, horloge, demande, annuaire["dpd"])
        assert lecture.lire(session, horloge, demande, annuaire["administrateur_academique"]) == []


# --- SURV-01, SURV-03 : ni la direction, ni par agent ------------------------------------------


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec()


@pytest.mark.exigence("SURV-01")
@pytest.mark.parametrize("role", ["direction", "cpe", "administrateur", "secretaire", "enseignant"])
def test_aucun_role_d_etablissement_n_atteint_les_journaux(ent: InstanceEssai, role: str) -> None:
    with ent.base.academie("essai") as session:
        demande = demander(session, ent.horloge, ent.annuaire).id
    client = ent.client(role)
    for adresse in ("/", "/nouveau", "/decisions", f"/{demande}", f"/{demande}/decider"):
        assert client.get(JOURNAUX + adresse).status_code == 403, adresse
    assert client.post(f"{JOURNAUX}/nouveau").status_code == 403
    assert client.post(f"{JOURNAUX}/{demande}/decider", data={"choix": "oui"}).status_code == 403


@pytest.mark.exigence("SURV-01")
def test_la_direction_ne_cherche_pas_par_compte_dans_une_violation(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    fiche = {
        "connue_le": "2026-09-07T07:00", "origine": "envoi", "natures": ["confidentialite"],
        "description": "Une liste est partie ailleurs.",
    }  # fmt: skip
    adresse = direction.post("/vie-privee/violations/nouvelle", data=fiche).location
    assert "Compte qui a servi" not in direction.get(f"{adresse}/personnes").text
    compte = f"essai.{ent.annuaire['direction'].hex}"
    bornes = {"du": "2026-09-01T00:00", "au": "2026-09-07T07:00", "journaux": "lectures", "compte": compte}
    assert direction.post(f"{adresse}/personnes", data=bornes).status_code == 303
    with ent.base.academie("essai") as session:
        comptage = session.scalars(select(ViolationEtape).where(ViolationEtape.acte == "comptage")).one()
        assert (comptage.valeurs["compte"], comptage.valeurs["uai"]) == (None, ECOLE)


@pytest.mark.exigence("SURV-03")
def test_rien_ne_compte_les_traces_par_agent() -> None:
    """Aucun regroupement du noyau ne se fait sur la colonne qui dit qui a agi."""
    racine = Path(__file__).resolve().parents[2] / "ent_core"
    fautes = []
    for fichier in racine.rglob("*.py"):
        for noeud in ast.walk(ast.parse(fichier.read_text("utf-8"))):
            if isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Attribute):
                if noeud.func.attr in ("group_by", "partition_by"):
                    dit = " ".join(map(ast.unparse, noeud.args))
                    if "lecteur_id" in dit or "acteur_id" in dit:
                        fautes.append(f"{fichier.name}:{noeud.lineno}")
    assert fautes == []


@pytest.mark.exigence("SURV-04")
def test_l_acces_se_demande_se_decide_et_se_lit_dans_les_pages(ent: InstanceEssai) -> None:
    demandeur, dpd = ent.client("administrateur_academique"), ent.client("dpd")
    saisie = {
        "motif": MOTIF, "journal": "ecritures", "sujet": str(ent.annuaire["eleve"]), "du": "2026-09-01",
        "au": "2026-09-07", "jours": "1",
    }  # fmt: skip
    assert demandeur.post(f"{JOURNAUX}/nouveau", data={**saisie, "motif": "voir"}).status_code == 422
    assert demandeur.post(f"{JOURNAUX}/nouveau", data=saisie).status_code == 303
    with ent.base.academie("essai") as session:
        demande = session.scalars(select(AccesTraces)).one().id
    assert demandeur.get(f"{JOURNAUX}/{demande}").status_code == 403
    assert "En attente" in texte_de(demandeur.get(f"{JOURNAUX}/").text)
    assert demandeur.post(f"{JOURNAUX}/{demande}/decider", data={"choix": "oui"}).status_code == 403
    assert MOTIF in texte_de(dpd.get(f"{JOURNAUX}/{demande}/decider").text)
    refus = dpd.post(f"{JOURNAUX}/{demande}/decider", data={"choix": "non"})
    assert refus.status_code == 422
    assert "Le motif manque" in texte_de(refus.text)
    assert dpd.post(f"{JOURNAUX}/{demande}/decider", data={"choix": "oui"}).status_code == 303
    lue = demandeur.get(f"{JOURNAUX}/{demande}")
    assert lue.status_code == 200
    assert "Chaque page lue est au journal" in texte_de(lue.text)
    assert dpd.get(f"{JOURNAUX}/{demande}").status_code == 403
    journal = texte_de(dpd.get("/administration/journal?acte=traces").text)
    assert "A lu des traces, au titre d'un accès accordé" in journal
    ent.horloge.avancer(timedelta(hours=25))
    assert ent.client("administrateur_academique").get(f"{JOURNAUX}/{demande}").status_code == 403


# --- Gardées douze mois, et plus ---------------------------------------------------------------


def test_l_academie_ne_peut_pas_effacer_une_trace(base: BaseDeDonnees) -> None:
    for modele in (TraceLecture, TraceEcriture):
        with pytest.raises(DBAPIError, match="denied"), base.academie("essai") as session:
            session.execute(delete(modele))


@pytest.mark.exigence("CNIL-LOG-02")
def test_la_conservation_elimine_les_traces_apres_douze_mois_et_le_prouve(
    base: BaseDeDonnees, proprietaire: Engine, horloge: HorlogeFixe, annuaire: Annuaire, tmp_path: Path
) -> None:
    semer(proprietaire, annuaire)
    moteur = Moteur.monter(base, horloge, tmp_path, annuaire)
    for jour, echues in ((date(2027, 9, 2), 1), (date(2027, 9, 3), 2)):
        horloge.instant = a_midi(jour)
        plan = moteur.planifier()
        # Celle du 3 septembre échoit un an après, jour pour jour ; celles du 4, le lendemain.
        assert moteur.echues(plan)["trace_lecture"] == echues
    moteur.approuver(plan)
    horloge.avancer(timedelta(days=8))
    resultat = moteur.executer(plan)
    assert resultat.finie
    assert _avant(base, date(2026, 9, 4)) == 0
    assert _avant(base, date(2026, 9, 5)) == 3


def _avant(base: BaseDeDonnees, jour: date) -> int:
    with base.academie("essai") as session:
        return session.scalar(select(func.count()).where(TraceLecture.jour < jour)) or 0
