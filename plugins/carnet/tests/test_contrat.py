"""Le contrat commun à toutes les briques, tenu par celle-ci."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import DecomptesScelles, Demande
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE, Annuaire
from ent_core.essais.contrat import ContratBrique
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.modeles import Periode, Service
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.affichage import montrer
from ent_carnet.modeles import (
    Absence,
    Accuse,
    Affichage,
    Alerte,
    Appel,
    ChangementMotif,
    Contact,
    Decompte,
    DemandeAbsence,
    DemandeSanction,
    Desaccord,
    Etape,
    Fait,
    InterdictionConservatoire,
    Justification,
    LigneDuRegistre,
    Motif,
    ObservationEleve,
    PropositionPunition,
    Punition,
    Reglage,
    Retenue,
    SanctionEleve,
    Signalement,
)

DEBUT, FIN = datetime(2026, 9, 3, 6, tzinfo=UTC), datetime(2026, 9, 3, 7, tzinfo=UTC)
JOUR = date(2026, 9, 3)


class TestContrat(ContratBrique):
    brique = brique
    # Deux vignettes pour un CPE, chacune d'un énoncé et de la trace de sa lecture, et le rôle à prendre.
    enonces_par_accueil = 5
    comptent_un_auteur: Mapping[str, str] = {
        "services/agenda:_surveillances": "les retenues de qui regarde, et d'elles seules, pour son agenda"
    }

    def offres(self, annuaire: Annuaire) -> Sequence[Demande[Any]]:
        eleves = frozenset(annuaire[nom] for nom in ("eleve", "camarade", "eleve_autre"))
        return (DecomptesScelles(ANNEE, 1, eleves),)

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
        ici: dict[str, Any] = {"uai": uai, "annee": ANNEE}
        sien: dict[str, Any] = {**ici, "eleve_id": annuaire["eleve"]}
        heure: dict[str, Any] = {"debut": DEBUT, "fin": FIN}
        if session.get(Reglage, uai) is None:
            session.add(Reglage(uai=uai))
        if session.query(Periode).filter_by(**ici, rang=1).first() is None:
            session.add(Periode(**ici, rang=1, libelle="Trimestre 1", debut=RENTREE, fin=date(2026, 12, 1)))
            session.add_all(
                Decompte(**ici, eleve_id=annuaire[nom], periode="1", demi_journees=4, non_reglees=1,
                         retards=2, regle="une_seance", scelle_le=FIN)
                for nom in ("eleve", "camarade")
            )  # fmt: skip
        documentaliste = {"uai": ECOLE, "personne_id": annuaire["documentaliste"]}
        if session.query(Service).filter_by(**documentaliste).first() is None:
            # Le documentaliste a lui aussi une classe : sans elle, aucune page ne lui montrerait rien.
            session.add(
                Service(
                    **documentaliste, annee=ANNEE, matiere="000000", source="essai",
                    division_id=annuaire.divisions[ECOLE], debut=RENTREE,
                )
            )  # fmt: skip
        motif = Motif(
            uai=uai, code=uuid4().hex[:8], libelle="Maladie de l'élève", genre="absence",
            legitimite="maladie_enfant", recevable=True, regle=True, compte=True, affichable=True,
            proposable=True, sante=True,
        )  # fmt: skip
        appel = Appel(
            **ici, **heure, seance_id=uuid4(), division_id=annuaire.divisions[uai], matiere="MATHEMATIQUES",
            auteur_id=annuaire["enseignant"], fait_le=FIN,
        )  # fmt: skip
        punition = Punition(
            **sien, nature="retenue", motif="bavardage", circonstances="A continué malgré trois rappels.",
            travail="Relire la leçon du jour", jour=JOUR, auteur_id=annuaire["enseignant"], donnee_le=FIN,
            accueil="vie_scolaire",
        )  # fmt: skip
        affichage = Affichage(
            **sien, nature="punition", objet_id=uuid4()
        )  # fmt: skip
        sanction = SanctionEleve(
            **sien, etat="notifiee", motif="insolence", faits="A insulté un camarade dans la cour.",
            faits_le=JOUR, defense_jusqu_au=date(2026, 9, 7), sanction=4, prononcee_le=date(2026, 9, 8),
            prononcee_par=annuaire["direction"], motivation="Faits reconnus et répétés.", jours=2,
            heures=None, du=date(2026, 9, 14), au=date(2026, 9, 15), sursis_jusqu_au=date(2027, 8, 1),
            sursis_revoque_le=date(2026, 9, 10), mesure="aucune", efface_le=date(2029, 8, 1),
            conseil_le=date(2026, 9, 8), accompagnement="tutorat", effacement_demande_le=date(2026, 9, 10),
            issue="exclusion_classe",
        )  # fmt: skip
        responsabilisation = SanctionEleve(
            **sien, etat="prononcee", motif="degradation", faits="A abîmé une table de la salle douze.",
            faits_le=JOUR, sanction=3, heures=10, prononcee_le=date(2026, 9, 8), efface_le=date(2028, 8, 1),
            hors_etablissement=True, accord_le=JOUR, convention_le=JOUR, engagement_le=JOUR,
        )  # fmt: skip
        session.add_all([motif, appel, punition, affichage, sanction, responsabilisation])
        session.flush()
        retard = Fait(
            **sien, **heure, appel_id=appel.id, nature="retard", minutes=5, saisi_le=FIN, retire_le=FIN,
            auteur_id=annuaire["enseignant"], retire_par=annuaire["cpe"],
        )  # fmt: skip
        contact = Contact(
            **sien, responsable_id=annuaire["parent"], canal="telephone", abouti=True, le=JOUR,
            auteur_id=annuaire["cpe"], retire_le=FIN,
        )  # fmt: skip
        absence = Absence(
            **sien, **heure, genre="absence", motif_id=motif.id, etat="reglee", auteur_id=annuaire["cpe"],
            traitee_le=FIN, lot_id=uuid4(), justification_id=uuid4(), motif_avant_id=motif.id,
            etat_avant="motif_donne",
        )  # fmt: skip
        justification = Justification(
            **sien, **heure, declarant_id=annuaire["parent"], motif_id=motif.id, etat="acceptee",
            recue_le=JOUR, traitee_par=annuaire["cpe"], traitee_le=JOUR, retenue_id=uuid4(),
        )  # fmt: skip
        alerte = Alerte(
            **sien, seuil="mois", nombre=4, du=JOUR + timedelta(uuid4().int % 300), au=JOUR, suite="aide",
            traitee_par=annuaire["cpe"], traitee_le=JOUR, referent_id=annuaire["cpe"],
        )  # fmt: skip
        retenue = Retenue(
            **ici, **heure, punition_id=punition.id, lieu="Salle 12", surveille_par=annuaire["assistant"]
        )
        demande = DemandeSanction(
            **sien, conseil=True, motif="insolence", faits="A insulté un surveillant.", personnel_vise=True,
            jour=JOUR, auteur_id=annuaire["enseignant"], suite="engagee", suivie_le=JOUR,
            suivie_par=annuaire["cpe"],
        )  # fmt: skip
        proposition = PropositionPunition(
            **sien, nature="devoir", motif="degradation", circonstances="A cassé un carreau du préau.",
            jour=JOUR, auteur_id=annuaire["secretaire"], etat="acceptee", reponse="Merci, c'est fait.",
            repondue_le=JOUR, repondue_par=annuaire["cpe"], punition_id=punition.id,
        )  # fmt: skip
        observation = ObservationEleve(
            **sien, code="entraide", jour=JOUR, seance_id=appel.seance_id, auteur_id=annuaire["enseignant"]
        )
        interdiction = InterdictionConservatoire(**sien, du=JOUR, au=JOUR, auteur_id=annuaire["direction"])
        demande_absence = DemandeAbsence(
            **sien, **heure, invitee_le=JOUR, recue_le=JOUR, transmise_le=JOUR, repondue_le=JOUR,
            reponse="accordee", levee_le=JOUR, auteur_id=annuaire["direction"],
        )  # fmt: skip
        desaccord = Desaccord(**sien, signale_le=JOUR, leve_le=JOUR, auteur_id=annuaire["direction"])
        signalement = Signalement(
            **sien, motif="absenteisme", etat="decide", propose_le=JOUR, auteur_id=annuaire["cpe"],
            decide_le=JOUR, decide_par=annuaire["direction"],
        )  # fmt: skip
        session.add_all([retard, absence, justification, alerte, demande_absence, desaccord, signalement])
        session.flush()
        session.add_all(
            [
                Fait(**sien, **heure, appel_id=appel.id, nature="ailleurs", ailleurs="infirmerie",
                     saisi_le=FIN, remplace_id=retard.id),
                ChangementMotif(**ici, motif_id=motif.id, indicateur="compte", valeur=True, effet_le=JOUR,
                                decide_le=FIN, auteur_id=annuaire["direction"]),
                contact,
                Decompte(**sien, periode=uuid4().hex[:8], demi_journees=4, non_reglees=1, retards=2,
                         regle="une_seance", scelle_le=FIN),
                Accuse(**ici, affichage_id=affichage.id, personne_id=annuaire["parent"], lu_le=JOUR),
                retenue,
                observation,
                proposition,
                demande,
                Etape(uai=uai, sanction_id=sanction.id, nature="convocation_conseil", le=JOUR,
                      voie="main_propre", reunion_le=FIN, reunion_lieu="Salle du conseil",
                      auteur_id=annuaire["direction"], efface_le=sanction.efface_le),
                interdiction,
                LigneDuRegistre(**ici, mois=9, motif="insolence", sanction=4, avec_sursis=True,
                                par_conseil=False, mesure="aucune"),
            ]
        )  # fmt: skip
        session.flush()
        return {
            "eleve_id": annuaire["eleve"], "absence_id": absence.id, "lot_id": absence.lot_id,
            "seance_id": appel.seance_id,
            "justification_id": justification.id, "alerte_id": alerte.id, "motif_id": motif.id,
            "contact_id": contact.id,
            "rang": 1, "decision": "refuser",
            "punition_id": punition.id, "retenue_id": retenue.id, "demande_id": demande.id,
            "sanction_id": sanction.id, "interdiction_id": interdiction.id,
            "observation_id": observation.id, "proposition_id": proposition.id,
            "demande_absence_id": demande_absence.id, "signalement_id": signalement.id, "acte": "recevoir",
            "suite": "ecarter",
        }  # fmt: skip

    @pytest.mark.exigence("CARNET-14")
    def test_rien_ne_compte_les_actes_d_un_agent(self) -> None:
        super().test_rien_ne_compte_les_actes_d_un_agent()

    @pytest.mark.exigence("RGPD-DRO-06")
    def test_rien_ne_se_montre_a_l_ecran_d_un_eleve_oppose(self, banc: Banc) -> None:
        oppose, camarade = banc.annuaire["eleve"], banc.annuaire["camarade"]
        banc.executer(
            "insert into opposition_personne (uai, personne_id, traitement, source, motif, debut)"
            " values (:u, :p, 'carnet.affichage', 'papier', 'choix de la famille', '2026-09-01')",
            {"u": ECOLE, "p": oppose},
        )
        informations = [_retard(eleve) for eleve in (oppose, camarade)]
        with banc.base.ecole(ECOLE, "essai : affichage") as session:
            assert [montree.eleve_id for montree in montrer(session, informations)] == [camarade]
            session.flush()
            lus = select(Affichage.eleve_id).where(Affichage.nature == "retard")
            assert session.scalars(lus).all() == [camarade]


def _retard(eleve: UUID) -> Affichage:
    return Affichage(
        uai=ECOLE, annee=ANNEE, eleve_id=eleve, nature="retard", objet_id=uuid4()
    )  # fmt: skip
