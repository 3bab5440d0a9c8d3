"""Les violations : le délai de 72 heures, les décisions, l'histoire que rien ne corrige, le comptage vrai."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, create_engine, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.chargement.violations import cle_des_comptages, taches_des_violations
from ent_core.donnees.sauvetage import Refus, compter_refus
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, Annuaire
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.traces.modeles import TraceEcriture, TraceLecture
from ent_core.vie_privee.traces.modeles_acces import RefusCompte
from ent_core.vie_privee.violations import comptages, decisions, signaux, tenue
from ent_core.vie_privee.violations.atteintes import Recherche, compter, lister
from ent_core.vie_privee.violations.delai import EtatDelai, compteur
from ent_core.vie_privee.violations.etapes import etapes
from ent_core.vie_privee.violations.exports import RegistreViolations, exporter
from ent_core.vie_privee.violations.lettres import lettres
from ent_core.vie_privee.violations.modeles import Violation, ViolationEtape
from ent_core.vie_privee.violations.rappels import rappeler

pytestmark = pytest.mark.exigence("RGPD-VIO-01")

PARIS = ZoneInfo("Europe/Paris")
CLE = b"cle d'essai"
FICHE = {
    "natures": ["confidentialite"], "origine": "envoi",
    "description": "Une liste est partie au mauvais destinataire.",
}  # fmt: skip
RAISON = "Le risque est improbable : fichier chiffré."


@pytest.fixture
def proprietaire(base: BaseDeDonnees, fabrique_bases: Fabrique) -> Engine:
    adresse = fabrique_bases._serveur.set(database=base.url.database)
    return create_engine(adresse, poolclass=NullPool)


def semer(proprietaire: Engine, modele: Any, *lignes: dict[str, Any]) -> None:
    """Des traces choisies : nul compte de l'application ne pourrait les écrire."""
    with proprietaire.begin() as connexion:
        connexion.exec_driver_sql("set local session_replication_role = replica")
        connexion.execute(insert(modele.__table__), list(lignes))


def vider_les_traces(proprietaire: Engine) -> None:
    with proprietaire.begin() as connexion:
        for modele in (TraceLecture, TraceEcriture):
            connexion.execute(delete(modele))


def ouvrir(session: Session, horloge: HorlogeFixe, uai: str | None = ECOLE, **valeurs: Any) -> Violation:
    voulues = {"connue_le": horloge.maintenant(), **FICHE, **valeurs}
    return tenue.ouvrir(session, horloge, uai=uai, valeurs=voulues, par=None)


# --- Le délai ----------------------------------------------------------------------------------

SU = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("heures", "etat", "dit"),
    [
        (0, EtatDelai.A_TEMPS, "Il reste 72 h"),
        (47, EtatDelai.A_TEMPS, "Il reste 25 h"),
        (48, EtatDelai.BIENTOT, "Il reste 24 h"),
        (71, EtatDelai.BIENTOT, "Il reste 1 h"),
        (71.5, EtatDelai.BIENTOT, "Il reste 30 min"),
        (72, EtatDelai.BIENTOT, "Il reste 0 min"),
        (73, EtatDelai.DEPASSE, "Dépassé de 1 h"),
    ],
)
def test_le_delai_se_compte_en_heures_vraies(heures: float, etat: EtatDelai, dit: str) -> None:
    lu = compteur(SU, SU + timedelta(hours=heures))
    assert (lu.etat, lu.en_clair) == (etat, dit)


@pytest.mark.parametrize(
    ("su", "echeance"),
    [
        # 29 mars 2026 : la nuit perd une heure. 25 octobre : elle en gagne une.
        (datetime(2026, 3, 27, 12, tzinfo=PARIS), "2026-03-30T13:00:00+02:00"),
        (datetime(2026, 10, 23, 12, tzinfo=PARIS), "2026-10-26T11:00:00+01:00"),
    ],
)
def test_le_changement_d_heure_deplace_la_pendule_non_le_nombre_d_heures(su: datetime, echeance: str) -> None:
    lu = compteur(su, su)
    assert lu.echeance.isoformat() == echeance
    assert lu.reste == timedelta(hours=72)
    assert compteur(su, lu.echeance).reste == timedelta()
    assert compteur(su, lu.echeance + timedelta(minutes=1)).etat is EtatDelai.DEPASSE
    assert compteur(su.astimezone(UTC), lu.echeance).reste == timedelta()


# --- Tenir le registre -------------------------------------------------------------------------


def test_une_notification_a_la_72e_heure_est_a_temps_et_apres_elle_dit_pourquoi(
    session: Session, horloge: HorlogeFixe
) -> None:
    for heures, tardive in ((71, False), (72, False), (73, True)):
        violation = ouvrir(session, horloge)
        horloge.avancer(timedelta(hours=heures))
        le = horloge.maintenant()
        if tardive:
            with pytest.raises(DonneeInvalide, match="72 heures"):
                decisions.notifier(session, horloge, violation, le=le, par=None)
        retard = "Découverte un vendredi soir, analyse longue." if tardive else ""
        decisions.notifier(session, horloge, violation, le=le, retard_motif=retard, par=None)
        assert violation.cnil == "oui"
        assert (violation.retard_motif is not None) == tardive


def test_la_base_refuse_aussi_un_retard_sans_raison(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    violation.notifiee_le = violation.connue_le + timedelta(hours=73)
    with pytest.raises(IntegrityError, match="ck_violation_retard"):
        session.flush()


def test_ne_pas_notifier_et_ne_pas_prevenir_se_justifient(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    with pytest.raises(DonneeInvalide, match="se justifie"):
        decisions.decider_cnil(session, horloge, violation, notifier_=False, motif="non", par=None)
    with pytest.raises(DonneeInvalide, match="se justifie"):
        decisions.decider_information(session, horloge, violation, prevenir_=False, motif="", par=None)
    decisions.decider_cnil(session, horloge, violation, notifier_=False, motif=RAISON, par=None)
    with pytest.raises(OperationRefusee, match="ne pas notifier"):
        decisions.notifier(session, horloge, violation, le=horloge.maintenant(), par=None)


def test_une_notification_part_incomplete_puis_se_complete(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    horloge.avancer(timedelta(hours=10))
    decisions.notifier(session, horloge, violation, le=horloge.maintenant(), reference="CNIL-1", par=None)
    horloge.avancer(timedelta(days=9))
    decisions.notifier(session, horloge, violation, le=horloge.maintenant(), dit="Nombre exact.", par=None)
    assert violation.reference == "CNIL-1"
    assert violation.completee_le == horloge.maintenant()
    assert violation.notifiee_le == horloge.maintenant() - timedelta(days=9)


def test_une_violation_ne_se_clot_que_finie(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    with pytest.raises(OperationRefusee) as refus:
        tenue.clore(session, horloge, violation, None)
    assert "dire les mesures" in refus.value.remede
    tenue.corriger(session, horloge, violation, {"mesures": "Fichier rappelé, agent formé."}, None)
    decisions.notifier(session, horloge, violation, le=horloge.maintenant(), par=None)
    decisions.decider_information(session, horloge, violation, prevenir_=True, motif="", par=None)
    with pytest.raises(OperationRefusee, match="pas finie"):
        tenue.clore(session, horloge, violation, None)
    decisions.prevenir(
        session, horloge, violation, le=horloge.aujourd_hui(), dit="12 lettres remises.", par=None
    )
    tenue.clore(session, horloge, violation, None)
    assert violation.close_le == horloge.aujourd_hui()
    with pytest.raises(OperationRefusee, match="close"):
        tenue.corriger(session, horloge, violation, {"personnes": 3}, None)
    tenue.rouvrir(session, horloge, violation, "Un autre envoi a été trouvé.", None)
    assert violation.close_le is None


def test_l_histoire_garde_chaque_valeur_et_ne_se_corrige_pas(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        violation = ouvrir(session, horloge)
        tenue.corriger(session, horloge, violation, {"personnes": 12, "gravite": 2}, None)
        tenue.corriger(session, horloge, violation, {"personnes": 40, "gravite": 2}, None)
        assert tenue.corriger(session, horloge, violation, {"personnes": 40}, None) == ()
        histoire = etapes(session, violation)
        assert [e.acte for e in histoire] == ["ouverture", "correction", "correction"]
        assert [e.valeurs.get("personnes") for e in histoire] == [None, 12, 40]
        assert histoire[2].valeurs == {"personnes": 40}
        actes = set(session.scalars(select(ActeJournal.acte)))
        assert {"violation.ouverture", "violation.correction"} <= actes
    for ordre in (update(ViolationEtape).values(dit="autre"), delete(ViolationEtape)):
        with pytest.raises(DBAPIError, match="denied"), base.academie("essai") as session:
            session.execute(ordre)


def test_deplacer_la_prise_de_connaissance_se_justifie(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    avant = violation.connue_le - timedelta(hours=5)
    with pytest.raises(DonneeInvalide, match="fait courir le délai"):
        tenue.corriger(session, horloge, violation, {"connue_le": avant}, None)
    tenue.corriger(session, horloge, violation, {"connue_le": avant}, None, "Un courriel du matin le disait.")
    assert violation.connue_le == avant


def test_une_connaissance_avancee_ne_cache_pas_un_retard(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(session, horloge)
    horloge.avancer(timedelta(hours=70))
    decisions.notifier(session, horloge, violation, le=horloge.maintenant(), par=None)
    avant = violation.connue_le - timedelta(hours=5)
    with pytest.raises(DonneeInvalide, match="en retard"):
        tenue.corriger(session, horloge, violation, {"connue_le": avant}, None, "Un courriel le disait.")


@pytest.mark.parametrize(
    "valeurs",
    [
        {"origine": "inventee"}, {"natures": ["autre"]}, {"natures": []}, {"gravite": 5}, {"personnes": -1},
        {"connue_le": SU + timedelta(days=400)}, {"debut": SU, "fin": SU - timedelta(hours=1)},
        {"description": ""},
    ],
)  # fmt: skip
def test_une_fiche_fausse_est_refusee(
    valeurs: dict[str, Any], session: Session, horloge: HorlogeFixe
) -> None:
    with pytest.raises(DonneeInvalide):
        ouvrir(session, horloge, **valeurs)


def test_chaque_etablissement_ne_trouve_que_les_siennes(session: Session, horloge: HorlogeFixe) -> None:
    ici, ailleurs, commune = (ouvrir(session, horloge, uai) for uai in (ECOLE, AUTRE, None))
    assert [v.id for v in tenue.lister(session, ECOLE)] == [ici.id]
    assert {v.id for v in tenue.lister(session, None)} == {ici.id, ailleurs.id, commune.id}
    for autre in (ailleurs, commune):
        with pytest.raises(Introuvable):
            tenue.trouver(session, ECOLE, autre.id)


# --- Les rappels -------------------------------------------------------------------------------


def test_l_echeance_se_rappelle_a_un_jour_a_six_heures_et_a_son_terme_une_fois(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        identifiant = ouvrir(session, horloge).id
    (rappel, _) = taches_des_violations()
    debut = horloge.maintenant()
    for heures in (1, 47, 48, 49, 66, 67, 72, 80, 200):
        horloge.instant = debut + timedelta(hours=heures)
        rappel.fonction(base, horloge)
    with base.academie("essai") as session:
        violation = tenue.trouver(session, None, identifiant)
        paliers = [e.valeurs["palier"] for e in etapes(session, violation) if e.acte == "rappel"]
        assert paliers == [24, 6, 0]
        decisions.decider_cnil(session, horloge, violation, notifier_=False, motif=RAISON, par=None)
        assert rappeler(session, horloge) == []


def test_un_serveur_arrete_ne_rappelle_que_le_plus_pressant(session: Session, horloge: HorlogeFixe) -> None:
    ouvrir(session, horloge)
    horloge.avancer(timedelta(hours=90))
    assert [palier for _, palier in rappeler(session, horloge)] == [0]
    assert rappeler(session, horloge) == []


# --- Les personnes touchées --------------------------------------------------------------------


def lecture(jour: date, lecteur: UUID | None, sujet: UUID | None, **autres: Any) -> dict[str, Any]:
    return {
        "id": uuid4(), "jour": jour, "uai": ECOLE, "lecteur_id": lecteur, "role": "ent_audience_cpe",
        "traitement": "sante.dossiers", "colonnes": ["note"], "sujet_id": sujet, **autres,
    }  # fmt: skip


def ecriture(instant: datetime, acteur: UUID | None, sujet: UUID | None, **autres: Any) -> dict[str, Any]:
    return {
        "id": uuid4(), "instant": instant, "uai": ECOLE, "acteur_id": acteur, "finalite": "x", "role": "x",
        "traitement": "sante.dossiers", "nom_table": "t", "operation": "update", "colonnes": ["note"],
        "sujet_id": sujet, "lignes": 1, **autres,
    }  # fmt: skip


def test_le_compte_est_vrai_sur_un_cas_construit(
    base: BaseDeDonnees, proprietaire: Engine, annuaire: Annuaire
) -> None:
    a, jour = annuaire, date(2026, 9, 3)
    midi = datetime(2026, 9, 3, 10, tzinfo=UTC)
    partie = uuid4()
    vider_les_traces(proprietaire)
    semer(
        proprietaire, TraceLecture,
        lecture(jour, a["cpe"], a["eleve"]),
        lecture(jour, a["infirmier"], a["eleve"]),  # la même personne, une fois
        lecture(jour, a["cpe"], a["parent"]),
        lecture(jour, a["cpe"], partie),  # partie depuis : comptée
        lecture(jour, a["cpe"], a["cpe"]),  # soi-même : pas une atteinte
        lecture(jour, a["cpe"], None),  # une liste : personne n'est nommé
        lecture(date(2026, 9, 1), a["cpe"], a["camarade"]),  # la veille du début
        lecture(jour, a["cpe"], a["camarade"], traitement="autre.chose"),
        lecture(jour, a["cpe"], a["eleve_autre"], uai=AUTRE),
    )  # fmt: skip
    semer(
        proprietaire, TraceEcriture,
        ecriture(midi, a["cpe"], a["eleve"]),
        ecriture(midi, a["cpe"], a["enseignant"], lignes=4),
        ecriture(midi, a["cpe"], None, lignes=80, colonnes=None),  # un acte en nombre
        ecriture(midi + timedelta(hours=9), a["cpe"], a["collegue"]),  # après la fin
    )  # fmt: skip
    recherche = Recherche(
        du=datetime(2026, 9, 2, 0, tzinfo=PARIS), au=datetime(2026, 9, 3, 18, tzinfo=PARIS), uai=ECOLE,
        traitement="sante.dossiers",
    )  # fmt: skip
    with base.academie("essai") as session:
        trouve = compter(session, recherche, CLE)
        assert dict(trouve.par_groupe) == {"eleve": 1, "responsable": 1, "personnel": 1, "partie": 1}
        assert (trouve.personnes, trouve.indeterminees, trouve.enregistrements) == (4, 2, 85)
        assert [p.id for p in lister(session, recherche, limite=10)] == [
            a["eleve"], a["parent"], a["enseignant"],
        ]  # fmt: skip
        par_le_cpe = Recherche(recherche.du, recherche.au, compte=a["cpe"], journaux=frozenset({"lectures"}))
        volee = compter(session, par_le_cpe, CLE)
        # Un compte volé a vu aussi ce qui est à son titulaire, l'autre traitement et l'autre école.
        assert volee.personnes == 6
        assert compter(session, recherche, b"autre cle").empreinte != trouve.empreinte
        assert compter(session, recherche, CLE).empreinte == trouve.empreinte


def test_la_liste_n_est_pas_gardee_son_empreinte_si(
    base: BaseDeDonnees, proprietaire: Engine, annuaire: Annuaire, horloge: HorlogeFixe
) -> None:
    vider_les_traces(proprietaire)
    semer(proprietaire, TraceLecture, lecture(date(2026, 9, 3), annuaire["cpe"], annuaire["eleve"]))
    recherche = Recherche(datetime(2026, 9, 1, tzinfo=PARIS), datetime(2026, 9, 7, tzinfo=PARIS))
    with base.academie("essai") as session:
        violation = ouvrir(session, horloge)
        comptages.compter_et_retenir(session, horloge, violation, recherche, CLE, annuaire["dpd"])
        assert violation.personnes == 1
        retenue, dit = comptages.derniere_recherche(session, violation) or pytest.fail("rien")
        assert retenue == recherche
        assert len(dit["empreinte"]) == 64
        assert str(annuaire["eleve"]) not in json.dumps([e.valeurs for e in etapes(session, violation)])
        lue = comptages.lire_la_liste(session, horloge, violation, retenue, annuaire["dpd"], limite=50)
        assert [p.id for p in lue] == [annuaire["eleve"]]
    with base.academie("essai") as session:
        acte = session.scalars(select(ActeJournal).where(ActeJournal.acte == "violation.liste_lue")).one()
        assert (acte.acteur_id, acte.details["personnes"]) == (annuaire["dpd"], 1)


@pytest.mark.parametrize("journaux", [frozenset(), frozenset({"connexions"})])
def test_une_recherche_sans_objet_est_refusee(journaux: frozenset[str]) -> None:
    with pytest.raises(DonneeInvalide):
        Recherche(SU, SU, journaux=journaux)
    with pytest.raises(DonneeInvalide, match="précède"):
        Recherche(SU, SU - timedelta(hours=1))


# --- Les signaux -------------------------------------------------------------------------------


def test_des_refus_repetes_font_un_signal_qui_se_qualifie(
    base: BaseDeDonnees, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    # La base compte à son heure, non à celle de l'essai.
    horloge.instant = HorlogeSysteme().maintenant()
    refus = Refus("ecole", "vie_privee_droits.demande", "enseignant", ECOLE)
    compter_refus(base.moteur, [refus] * (signaux.SEUIL - 1))
    with base.academie("essai") as session:
        assert signaux.signaux(session, horloge, None) == []
    compter_refus(base.moteur, [refus])
    with base.academie("essai") as session:
        (signal,) = signaux.signaux(session, horloge, ECOLE)
        assert (signal.nombre, signal.uai, signal.roles) == (20, ECOLE, ("enseignant",))
        assert signaux.signaux(session, horloge, AUTRE) == []
        violation = signaux.ecarter(session, horloge, signal, "Un lien périmé dans un courriel.", None)
        assert violation.close_le is not None
        assert signaux.signaux(session, horloge, ECOLE) == []
        with pytest.raises(Introuvable):
            signaux.signal_nomme(session, horloge, ECOLE, signal.cle)


def test_un_compte_de_refus_ne_dit_jamais_qui_et_part_apres_un_an(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    colonnes = set(RefusCompte.__table__.columns.keys())
    assert colonnes == {"id", "heure", "nature", "objet", "role", "uai", "nombre"}
    compter_refus(base.moteur, [Refus("base", "x", "cpe", ECOLE), Refus("base", "x", "cpe", "")] * 2)
    with base.academie("essai") as session:
        assert sorted(session.scalars(select(RefusCompte.nombre))) == [2, 2]
        horloge.instant = HorlogeSysteme().maintenant() + timedelta(days=364)
        assert signaux.oublier_anciens(session, horloge) == 0
        horloge.avancer(timedelta(days=2))
        assert signaux.oublier_anciens(session, horloge) == 2


# --- Ce qui en sort ----------------------------------------------------------------------------


def test_les_trois_exports_disent_la_meme_chose_sans_formule_ni_compte(
    session: Session, horloge: HorlogeFixe, annuaire: Annuaire
) -> None:
    violation = ouvrir(session, horloge, description="=cmd()", categories=["sante"])
    recherche = Recherche(SU - timedelta(days=3), SU, compte=annuaire["cpe"])
    comptages.compter_et_retenir(session, horloge, violation, recherche, CLE, None)
    registre = RegistreViolations(horloge.aujourd_hui(), ECOLE, [(violation, etapes(session, violation))])
    en_json = json.loads(exporter(registre, "json"))
    assert en_json["violations"][0]["categories"] == ["sante"]
    assert str(annuaire["cpe"]) not in json.dumps(en_json)
    (ligne,) = csv.DictReader(io.StringIO(exporter(registre, "csv").decode("utf-8-sig")), delimiter=";")
    assert (ligne["Données"], ligne["Description"]) == ("Santé", "'=cmd()")
    contenu = zipfile.ZipFile(io.BytesIO(exporter(registre, "ods"))).read("content.xml").decode()
    assert "Santé" in contenu
    assert "Violation enregistrée" in contenu


def test_une_lettre_dit_ce_que_l_article_34_demande(session: Session, horloge: HorlogeFixe) -> None:
    violation = ouvrir(
        session, horloge, debut=SU - timedelta(days=1), categories=["sante"], consequences=["reputation"],
        mesures="Le fichier a été rappelé.",
    )  # fmt: skip
    ecrites = {lettre.public: lettre for lettre in lettres(violation, "l'accueil", frozenset({"eleve"}))}
    assert list(ecrites) == ["responsable", "eleve"]
    for lettre in ecrites.values():
        tout = " ".join((*lettre.debut, *lettre.informations, *lettre.suite))
        for attendu in ("dimanche 6 septembre", "harceler", "Le fichier a été rappelé.", "l'accueil", "3018"):
            assert attendu in tout
        assert len(lettre.informations) == 1
    assert "parles-en" in " ".join(ecrites["eleve"].suite)
    assert "vous" not in " ".join(ecrites["eleve"].suite).lower()


def test_la_cle_des_empreintes_vient_de_l_instance() -> None:
    assert cle_des_comptages(configuration_essai()) == cle_des_comptages(configuration_essai())
    assert len(cle_des_comptages(configuration_essai())) == 32
