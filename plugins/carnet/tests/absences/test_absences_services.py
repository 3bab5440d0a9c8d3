"""Du fait au décompte, dans une vraie base : rapprocher, compter, alerter, sceller."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from ent_core.brique import (
    FUSEAU,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
)
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai, compter_enonces
from ent_core.essais.modeles import Creneau, Division, Inscription
from sqlalchemy import delete, func, select

from ent_carnet.modeles import Absence, Alerte, Justification, Motif
from ent_carnet.nomenclatures import CanalContact, EtatAbsence, Genre, Indicateur, SeuilAbsences, SuiteAlerte
from ent_carnet.regles.demi_journees import DemiJournee, Statut
from ent_carnet.services import (
    absences,
    contacts,
    decompte,
    indicateurs,
    justifications,
    motifs,
    rapprochement,
    seuils,
)

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

SOIR = datetime(2026, 11, 27, 17, tzinfo=UTC)
LUNDI, MARDI = date(2026, 11, 16), date(2026, 11, 17)
DU, AU = date(2026, 11, 1), date(2026, 11, 28)


def a(jour: date, heure: int, minute: int = 0) -> datetime:
    return datetime.combine(jour, time(heure, minute), FUSEAU)


def rapprocher(classe: Classe, jour: date) -> rapprochement.Rapprochement:
    with classe.session() as session:
        return rapprochement.rapprocher(session, ECOLE, ANNEE, [classe.eleve], jour, SOIR)


def tenues(classe: Classe) -> list[Absence]:
    with classe.session() as session:
        enonce = select(Absence).where(Absence.eleve_id == classe.eleve, Absence.annulee_le.is_(None))
        return list(session.scalars(enonce.order_by(Absence.debut)))


def compter(classe: Classe, du: date = DU, au: date = AU) -> decompte.Compte:
    with classe.session() as session:
        return decompte.compter_eleves(session, ECOLE, ANNEE, du, au, [classe.eleve])[classe.eleve]


def comptees(classe: Classe) -> list[DemiJournee]:
    return [ligne for ligne in compter(classe).lignes if ligne.compte]


def ouvrir(classe: Classe, debut: datetime, fin: datetime, motif: str | None, annoncee: bool = False) -> UUID:
    with classe.session() as session:
        return absences.ouvrir(
            session, uai=ECOLE, eleve_id=classe.eleve, debut=debut, fin=fin, motif_cle=motif,
            auteur_id=classe.instance.annuaire["cpe"], instant=SOIR, annoncee=annoncee,
        ).id  # fmt: skip


def donner(classe: Classe, absence_ids: list[UUID], code: str, *, reglee: bool | None = None) -> None:
    with classe.session() as session:
        motif = motifs.obtenir(session, ECOLE, code)
        absences.qualifier(
            session, ECOLE, ANNEE, absence_ids, motif_id=motif.id, reglee=reglee,
            auteur_id=classe.instance.annuaire["cpe"], instant=SOIR,
        )  # fmt: skip


@pytest.mark.exigence("ABS-04")
def test_les_motifs_de_depart_renvoient_tous_a_la_liste_de_la_loi(ecole: InstanceEssai) -> None:
    with ecole.base.ecole(ECOLE, "essai") as session:
        avant = session.scalar(select(func.count()).select_from(Motif))
        motifs.installer(session, ECOLE)
        assert session.scalar(select(func.count()).select_from(Motif)) == avant
        codes = {(motif.genre, motif.code) for motif in motifs.lister(session, ECOLE)}
        assert {(depart.genre, depart.code) for depart in motifs.DE_DEPART} <= codes
        legaux = {motif.legitimite for motif in motifs.lister(session, ECOLE, Genre.ABSENCE)}
    assert {"maladie_enfant", "maladie_proche", "reunion_solennelle", "communications"} <= legaux
    assert {"absence_responsables", "autre_a_apprecier", "etablissement"} <= legaux


def test_des_seances_manquees_qui_se_suivent_font_une_periode(classe: Classe) -> None:
    classe.absences(LUNDI, 8, 9, 14)
    classe.absences(MARDI, 8)
    classe.cours(MARDI, 9)
    classe.appel(MARDI, 9)
    assert len(rapprocher(classe, LUNDI).ouvertes) == 1
    assert rapprocher(classe, MARDI).ajustees == 1
    (seule,) = tenues(classe)
    assert (seule.debut, seule.fin, seule.etat) == (a(LUNDI, 8), a(MARDI, 8, 55), EtatAbsence.SANS_MOTIF)
    assert rapprocher(classe, MARDI) == rapprochement.Rapprochement((), 0, 0), "rejoué, il ne change rien"


@pytest.mark.exigence("CARNET-18")
def test_un_fait_corrige_ferme_sa_periode_et_une_periode_traitee_ne_bouge_plus(classe: Classe) -> None:
    classe.cours(LUNDI, 8, 9)
    appel = classe.appel(LUNDI, 8, "absent")
    rapprocher(classe, LUNDI)
    classe.corriger(appel)
    assert rapprocher(classe, LUNDI).annulees == 1
    assert tenues(classe) == []

    classe.absences(MARDI, 8)
    rapprocher(classe, MARDI)
    (traitee,) = tenues(classe)
    donner(classe, [traitee.id], "maladie")
    classe.absences(MARDI, 9)
    rapprocher(classe, MARDI)
    premiere, suite = tenues(classe)
    assert (premiere.fin, premiere.etat) == (a(MARDI, 8, 55), EtatAbsence.REGLEE)
    assert (suite.debut, suite.etat) == (a(MARDI, 9), EtatAbsence.SANS_MOTIF)


@pytest.mark.exigence("ABS-11")
def test_un_retard_a_sa_periode_et_n_est_jamais_une_absence(classe: Classe) -> None:
    classe.cours(LUNDI, 8)
    classe.appel(LUNDI, 8, "retard", minutes=5)
    rapprocher(classe, LUNDI)
    assert [absence.genre for absence in tenues(classe)] == [Genre.RETARD]
    compte = compter(classe)
    assert (compte.total, len(compte.retards)) == (0, 1)


def test_les_trois_etats_ne_se_confondent_pas(classe: Classe) -> None:
    classe.absences(LUNDI, 8)
    rapprocher(classe, LUNDI)
    (absence,) = tenues(classe)
    assert comptees(classe)[0].statut is Statut.NON_REGLEE
    donner(classe, [absence.id], "convenance")
    assert tenues(classe)[0].etat == EtatAbsence.MOTIF_DONNE
    (ligne,) = comptees(classe)
    assert (ligne.statut, ligne.legitime) == (Statut.NON_REGLEE, False)
    donner(classe, [absence.id], "convenance", reglee=True)
    (ligne,) = comptees(classe)
    assert (ligne.statut, ligne.legitime) == (Statut.REGLEE, False), "réglée, sans être légitime"
    donner(classe, [absence.id], "maladie")
    assert comptees(classe)[0].legitime


def test_un_motif_de_retard_ne_va_pas_a_une_absence(classe: Classe) -> None:
    identifiant = ouvrir(classe, a(LUNDI, 8), a(LUNDI, 9), None)
    with classe.session() as session:
        retard = motifs.obtenir(session, ECOLE, "etablissement", Genre.RETARD)
        with pytest.raises(DonneeInvalide, match="retard"):
            absences.qualifier(
                session, ECOLE, ANNEE, [identifiant], motif_id=retard.id, reglee=None,
                auteur_id=classe.instance.annuaire["cpe"], instant=SOIR,
            )  # fmt: skip


def test_une_exclusion_de_l_etablissement_n_est_pas_un_manquement(classe: Classe) -> None:
    ouvrir(classe, a(LUNDI, 0), a(MARDI, 0), "exclusion", annoncee=True)
    classe.absences(LUNDI, 8, 14)
    assert rapprocher(classe, LUNDI).ouvertes == (), "l'absence est déjà connue"
    assert [ligne.statut for ligne in compter(classe).lignes] == [Statut.ETABLISSEMENT] * 2
    with pytest.raises(Introuvable):
        ouvrir(classe, a(LUNDI, 8), a(LUNDI, 9), "inconnu")
    with pytest.raises(DonneeInvalide):
        ouvrir(classe, a(LUNDI, 9), a(LUNDI, 8), None)


def test_le_decompte_suit_l_eleve_qui_change_de_division_en_cours_d_annee(classe: Classe) -> None:
    """Mardi il est ailleurs : le cours de son ancienne classe n'est plus le sien."""
    classe.cours(LUNDI, 8)
    classe.cours(MARDI, 8)
    classe.appel(LUNDI, 8, "absent")
    classe.appel(MARDI, 8)
    with classe.instance.base.academie("essai") as session:
        ancienne = session.query(Inscription).filter_by(personne_id=classe.eleve).one()
        ancienne.fin = MARDI
        neuve = Division(uai=ECOLE, annee=ANNEE, code=f"N{str(classe.eleve)[-6:]}", libelle="Neuve", mefs=[])
        session.add(neuve)
        session.flush()
        session.add(
            Inscription(uai=ECOLE, annee=ANNEE, personne_id=classe.eleve, division_id=neuve.id, debut=MARDI)
        )
    assert [(ligne.jour, ligne.compte) for ligne in compter(classe).lignes] == [(LUNDI, True)]


def test_les_faits_survivent_a_un_emploi_du_temps_change_apres_coup(classe: Classe) -> None:
    classe.absences(LUNDI, 8, 9)
    avant = compter(classe).lignes
    with classe.instance.base.academie("essai : nouvel emploi du temps") as session:
        session.execute(delete(Creneau).where(Creneau.division_id == classe.id))
    assert compter(classe).lignes == avant
    classe.cours(LUNDI, 8, 9, 10)
    assert [(ligne.attendues, ligne.manquees, ligne.sans_appel) for ligne in compter(classe).lignes] == [
        (3, 2, 1)
    ]


@pytest.mark.exigence("ABS-08")
def test_quatre_demi_journees_sans_motif_alertent_et_trois_non(classe: Classe) -> None:
    for jour in range(2, 5):
        classe.absences(date(2026, 11, jour), 8)
    assert evaluer(classe) == []
    classe.absences(date(2026, 11, 5), 8)
    assert {alerte.seuil for alerte in evaluer(classe)} == {SeuilAbsences.DIALOGUE, SeuilAbsences.MOIS}
    assert evaluer(classe) == [], "une alerte par seuil et par mois"


@pytest.mark.exigence("ABS-07")
def test_des_absences_justifiees_appellent_aussi_le_dialogue(classe: Classe) -> None:
    for jour in range(2, 6):
        classe.absences(date(2026, 11, jour), 8)
    ouvrir(classe, a(date(2026, 11, 2), 0), a(date(2026, 11, 7), 0), "maladie")
    assert [alerte.seuil for alerte in evaluer(classe)] == [SeuilAbsences.DIALOGUE]


@pytest.mark.exigence("ABS-09")
def test_une_alerte_close_garde_son_histoire_et_la_persistance_en_ouvre_une_autre(classe: Classe) -> None:
    cpe = classe.instance.annuaire["cpe"]
    for jour in range(2, 6):
        classe.absences(date(2026, 11, jour), 8)
    alertes = {alerte.seuil: alerte.id for alerte in evaluer(classe)}
    with classe.session() as session:
        with pytest.raises(OperationRefusee, match="référent"):
            seuils.clore(
                session, ECOLE, ANNEE, alertes[SeuilAbsences.MOIS], suite=SuiteAlerte.AIDE, auteur_id=cpe,
                jour=date(2026, 11, 8),
            )  # fmt: skip
        seuils.clore(
            session, ECOLE, ANNEE, alertes[SeuilAbsences.MOIS], suite=SuiteAlerte.AIDE, auteur_id=cpe,
            jour=date(2026, 11, 8), referent_id=cpe,
        )  # fmt: skip
        with pytest.raises(OperationRefusee, match="déjà close"):
            seuils.clore(
                session, ECOLE, ANNEE, alertes[SeuilAbsences.MOIS], suite=SuiteAlerte.SANS_SUITE,
                auteur_id=cpe, jour=date(2026, 11, 8),
            )  # fmt: skip
    for jour in range(9, 13):
        classe.absences(date(2026, 11, jour), 8)
    (persistance,) = [alerte for alerte in evaluer(classe) if alerte.seuil == SeuilAbsences.MOIS]
    assert (persistance.du, persistance.nombre) == (date(2026, 11, 9), 4)


def test_une_correction_rend_une_alerte_sans_objet_et_ne_l_efface_pas(classe: Classe) -> None:
    for jour in range(2, 6):
        classe.absences(date(2026, 11, jour), 8)
    evaluer(classe)
    ouvrir(classe, a(date(2026, 11, 2), 0), a(date(2026, 11, 7), 0), "maladie")
    evaluer(classe)
    with classe.session() as session:
        siennes = seuils.de_l_eleve(session, ECOLE, ANNEE, classe.eleve)
        suites = {alerte.seuil: alerte.suite for alerte in siennes}
    assert suites == {SeuilAbsences.DIALOGUE: None, SeuilAbsences.MOIS: SuiteAlerte.SANS_OBJET}


def test_un_indicateur_change_a_une_date_apres_un_apercu_qui_ne_change_rien(classe: Classe) -> None:
    for jour in range(2, 6):
        classe.absences(date(2026, 11, jour), 8)
    with classe.session() as session:
        motif = Motif(
            uai=ECOLE, code=str(classe.eleve)[-12:], libelle="Motif à changer", genre="absence",
            legitimite="autre_a_apprecier", recevable=True, regle=True, compte=True, affichable=True,
            proposable=False,
        )  # fmt: skip
        session.add(motif)
        session.flush()
        code, motif_id = motif.code, motif.id
    avant = ouvrir(classe, a(date(2026, 11, 2), 0), a(date(2026, 11, 3), 0), code)
    apres = ouvrir(classe, a(date(2026, 11, 3), 0), a(date(2026, 11, 7), 0), code)
    evaluer(classe)
    demande: dict[str, Any] = {
        "indicateur": Indicateur.RECEVABLE, "valeur": False, "effet_le": date(2026, 11, 3), "instant": SOIR,
        "auteur_id": classe.instance.annuaire["direction"],
    }  # fmt: skip
    with classe.session() as session:
        effet = indicateurs.previsualiser(session, ECOLE, ANNEE, motif_id, **demande)
        assert (effet.absences, effet.eleves, effet.changent_d_etat) == (1, 1, 0)
    assert all(ligne.legitime for ligne in comptees(classe)), "l'aperçu n'a rien changé"
    with classe.session() as session:
        assert indicateurs.changer(session, ECOLE, ANNEE, motif_id, **demande) == effet
        assert len(indicateurs.historique(session, ECOLE, ANNEE, motif_id)) == 1
        with pytest.raises(OperationRefusee):
            indicateurs.changer(session, ECOLE, ANNEE, motif_id, **demande)
    assert [ligne.legitime for ligne in comptees(classe)] == [True, False, False, False]
    with classe.session() as session:
        regle = {**demande, "indicateur": Indicateur.REGLE}
        assert indicateurs.changer(session, ECOLE, ANNEE, motif_id, **regle).changent_d_etat == 1
    etats = {absence.id: absence.etat for absence in tenues(classe)}
    assert (etats[avant], etats[apres]) == (EtatAbsence.REGLEE, EtatAbsence.MOTIF_DONNE)


@pytest.mark.exigence("ABS-03")
def test_un_motif_propose_ne_change_le_registre_qu_une_fois_accepte(classe: Classe) -> None:
    annuaire = classe.instance.annuaire
    classe.absences(LUNDI, 8)
    rapprocher(classe, LUNDI)
    proposee = declarer(classe, a(LUNDI, 0), a(MARDI, 0))
    assert tenues(classe)[0].etat == EtatAbsence.SANS_MOTIF
    with classe.session() as session:
        assert [j.id for j in justifications.a_traiter(session, ECOLE, ANNEE, [classe.eleve])] == [proposee]
        justifications.accepter(session, ECOLE, ANNEE, proposee, auteur_id=annuaire["cpe"], instant=SOIR)
        with pytest.raises(OperationRefusee):
            justifications.refuser(session, ECOLE, ANNEE, proposee, auteur_id=annuaire["cpe"], instant=SOIR)
    assert tenues(classe)[0].etat == EtatAbsence.REGLEE

    a_venir = declarer(classe, a(date(2026, 12, 1), 8), a(date(2026, 12, 1), 12))
    refusee = declarer(classe, a(MARDI, 8), a(MARDI, 12))
    with classe.session() as session:
        (annoncee,) = justifications.accepter(
            session, ECOLE, ANNEE, a_venir, auteur_id=annuaire["cpe"], instant=SOIR
        )
        assert (annoncee.annoncee, annoncee.etat) == (True, EtatAbsence.REGLEE)
        justifications.refuser(session, ECOLE, ANNEE, refusee, auteur_id=annuaire["cpe"], instant=SOIR)
    assert len(tenues(classe)) == 2


def test_qui_a_propose_peut_seul_retirer_et_seulement_un_motif_proposable(classe: Classe) -> None:
    proposee = declarer(classe, a(LUNDI, 8), a(LUNDI, 12))
    with classe.session() as session:
        with pytest.raises(Introuvable):
            justifications.retirer(session, ECOLE, ANNEE, proposee, declarant_id=classe.eleve, instant=SOIR)
        justifications.retirer(
            session, ECOLE, ANNEE, proposee, declarant_id=classe.instance.annuaire["parent"], instant=SOIR
        )
        assert session.get_one(Justification, (ECOLE, ANNEE, proposee)).etat == "retiree"
    with pytest.raises(DonneeInvalide, match="propose"):
        declarer(classe, a(LUNDI, 8), a(LUNDI, 12), "sortie")


@pytest.mark.exigence("FAM-12")
def test_un_essai_sans_reponse_est_un_contact(classe: Classe) -> None:
    cpe = classe.instance.annuaire["cpe"]
    commun: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE, "eleve_id": classe.eleve, "auteur_id": cpe}
    with classe.session() as session:
        contacts.noter(
            session, **commun, responsable_id=None, canal=CanalContact.TELEPHONE, abouti=False, jour=LUNDI
        )
        contacts.noter(
            session, **commun, responsable_id=None, canal=CanalContact.ENTRETIEN, abouti=True, jour=MARDI
        )
        notes = contacts.de_l_eleve(session, ECOLE, ANNEE, classe.eleve)
        assert [(note.canal, note.abouti) for note in notes] == [("entretien", True), ("telephone", False)]
        with pytest.raises(DonneeInvalide, match="responsable"):
            contacts.noter(
                session, **commun, responsable_id=cpe, canal=CanalContact.SMS, abouti=True, jour=LUNDI
            )


def test_un_decompte_scelle_ne_bouge_plus_et_dit_ce_qui_est_venu_apres(classe: Classe) -> None:
    classe.absences(LUNDI, 8)
    with classe.session() as session:
        with pytest.raises(OperationRefusee, match="pas fini"):
            decompte.sceller(session, ECOLE, ANNEE, 2, SOIR)
        with pytest.raises(Introuvable):
            decompte.sceller(session, ECOLE, ANNEE, 9, SOIR)
        decompte.sceller(session, ECOLE, ANNEE, 1, SOIR)
        assert decompte.sceller(session, ECOLE, ANNEE, 1, SOIR) == 0, "rejoué, il n'ajoute rien"
    ouvrir(classe, a(LUNDI, 0), a(MARDI, 0), "maladie")
    with classe.session() as session:
        scelle = decompte.scelles(session, ECOLE, ANNEE, 1)[classe.eleve]
        assert (scelle.demi_journees, scelle.non_reglees, scelle.retards) == (1, 1, 0)
        ecarts = {e.eleve_id: e for e in decompte.apres_scellement(session, ECOLE, ANNEE, 1)}
    assert (ecarts[classe.eleve].scelle, ecarts[classe.eleve].courant) == ((1, 1, 0), (1, 0, 0))


def test_le_decompte_ne_compte_pas_ses_enonces_par_eleve(ecole: InstanceEssai, classe: Classe) -> None:
    classe.absences(LUNDI, 8)
    releves = []
    for eleves in ([classe.eleve], None):
        with ecole.base.ecole(ECOLE, "essai") as session, compter_enonces(ecole.base) as enonces:
            decompte.compter_eleves(session, ECOLE, ANNEE, DU, AU, eleves)
        releves.append(len(enonces))
    assert releves[0] == releves[1]


def evaluer(classe: Classe) -> list[Alerte]:
    with classe.session() as session:
        return seuils.evaluer(session, ECOLE, ANNEE, date(2026, 8, 1), AU, [classe.eleve])


def declarer(classe: Classe, debut: datetime, fin: datetime, code: str = "maladie") -> UUID:
    with classe.session() as session:
        motif = motifs.obtenir(session, ECOLE, code)
        return justifications.declarer(
            session, uai=ECOLE, eleve_id=classe.eleve, declarant_id=classe.instance.annuaire["parent"],
            debut=debut, fin=fin, motif_id=motif.id, jour=LUNDI,
        ).id  # fmt: skip
