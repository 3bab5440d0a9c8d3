"""Les lettres : ce que chacune doit dire, et ce qu'aucune ne montre. Sans base."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from uuid import uuid4

import pytest
from ent_core.brique import FUSEAU, DonneeInvalide, Expediteur, Foyer, PersonneNommee
from pypdf import PdfReader

from ent_carnet.libelles import MOTIFS, OBSERVATIONS, PUNITIONS, SANCTIONS
from ent_carnet.nomenclatures import Accueil, MotifDiscipline, MotObservation, NaturePunition, Sanction
from ent_carnet.services import lettres_discipline as discipline
from ent_carnet.services.lettres import ElevePrecise, Lettre, imprimer_lettres, sans_camarade
from ent_carnet.services.lettres_suivi import (
    AbsencesEcrites,
    SeuilEcrit,
    motif_a_donner,
    presentation,
    seuil_franchi,
)

ELEVE = ElevePrecise("Zoé Ancelin", "5e A")
LE, ECOLE = date(2026, 11, 23), Expediteur("Collège des Essais", ("1 place Haute", "59000 Lille"))
DECISION = discipline.DecisionEcrite(
    eleve=ELEVE, sanction=Sanction.EXCLUSION_DE_LA_CLASSE, motif=MotifDiscipline.INSOLENCE,
    motivation="Faits reconnus et répétés.", faits_le=date(2026, 11, 16), prononcee_le=date(2026, 11, 20),
    jours=2, du=date(2026, 11, 26), au=date(2026, 11, 27), efface_le=date(2029, 8, 1),
)  # fmt: skip


def dite(lettre: Lettre) -> str:
    blocs = (f"{bloc.texte} {' '.join(bloc.lignes)}" for bloc in lettre.blocs)
    return " ".join(" ".join((lettre.objet, *blocs)).split())


def texte(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_chaque_liste_fermee_a_ses_mots() -> None:
    assert set(PUNITIONS) == set(NaturePunition)
    assert set(SANCTIONS) == set(Sanction)
    assert set(MOTIFS) == set(MotifDiscipline)
    assert set(OBSERVATIONS) == set(MotObservation)


@pytest.mark.exigence("FAM-04")
def test_deux_parents_separes_ont_deux_lettres_sans_l_adresse_de_l_autre() -> None:
    foyers = (
        Foyer(("Mme Ana Ancelin",), ("3 rue Basse", "59000 Lille")),
        Foyer(("M. Luc Ancelin",), ("8 quai Vert", "59800 Roubaix")),
    )
    une, autre = texte(imprimer_lettres(ECOLE, LE, [(presentation(ELEVE, etablissement=ECOLE.nom), foyers)]))
    assert "3 rue Basse" in une
    assert not {"quai Vert", "Roubaix", "Luc"} & {
        mot for mot in ("quai Vert", "Roubaix", "Luc") if mot in une
    }
    assert "8 quai Vert" in autre
    assert not [mot for mot in ("rue Basse", "Ana") if mot in autre]
    assert une.split("Le lundi")[1] == autre.split("Le lundi")[1], "le même texte pour les deux"


@pytest.mark.exigence("FAM-04")
def test_un_camarade_n_est_pas_nomme() -> None:
    zoe = PersonneNommee(uuid4(), "ANCELIN", "Zoé")
    camarades = [
        PersonneNommee(uuid4(), "BRICOURT-LE GALL", "Sacha"),
        PersonneNommee(uuid4(), "ANCELIN", "Noé"),
    ]
    recit = "Zoé Ancelin a bousculé Sacha Bricourt-Le Gall, puis NOÉ. Sacha est tombé ; noé est un mot."
    assert sans_camarade(recit, zoe, camarades) == (
        "Zoé Ancelin a bousculé un autre élève, puis un autre élève."
        " un autre élève est tombé ; noé est un mot."
    )


@pytest.mark.exigence("DISC-04")
def test_une_punition_est_expliquee_et_n_entre_pas_au_dossier() -> None:
    debut = datetime(2026, 11, 25, 16, tzinfo=FUSEAU)
    retenue = discipline.RetenueEcrite(debut, debut.replace(hour=17), "salle 12")
    ecrite = discipline.PunitionEcrite(
        ELEVE, NaturePunition.RETENUE, MotifDiscipline.BAVARDAGE, LE, "Relire la leçon.", retenue
    )
    lettre = dite(discipline.punition(ecrite))
    assert f"Motif : {MOTIFS[MotifDiscipline.BAVARDAGE].lower()}." in lettre
    assert "mercredi 25 novembre 2026, de 16 h 00 à 17 h 00, salle 12" in lettre
    assert "n'est pas inscrite au dossier" in lettre
    assert "sanction suivante" not in lettre
    with pytest.raises(DonneeInvalide, match="la date de la retenue"):
        discipline.punition(replace(ecrite, retenue=None))


@pytest.mark.exigence("DISC-06")
def test_une_exclusion_de_cours_a_ses_mentions_obligatoires() -> None:
    ecrite = discipline.ExclusionEcrite(
        ELEVE, datetime(2026, 11, 23, 9, 5, tzinfo=FUSEAU), MotifDiscipline.INSOLENCE,
        "A refusé de travailler.", "Exercices 3 et 4.", Accueil.VIE_SCOLAIRE,
    )  # fmt: skip
    rapport = dite(discipline.rapport_d_exclusion(ecrite))
    assert "confié à : vie scolaire" in rapport
    assert "9 h 05" in rapport
    assert "Exercices 3 et 4." in rapport
    for manque in ({"circonstances": " "}, {"travail": ""}, {"accueil": None}):
        with pytest.raises(DonneeInvalide):
            discipline.rapport_d_exclusion(replace(ecrite, **manque))


@pytest.mark.exigence("DISC-15")
@pytest.mark.exigence("DISC-17")
def test_les_faits_se_notifient_avec_les_droits_de_la_defense() -> None:
    faits = discipline.FaitsEcrits(
        ELEVE, "A insulté un camarade.", date(2026, 11, 16), date(2026, 11, 19),
        (date(2026, 11, 17), date(2026, 11, 19)),
    )  # fmt: skip
    lettre = dite(discipline.notification_des_faits(faits))
    for attendu in (
        "A insulté un camarade.", "lundi 16 novembre 2026", "jusqu'au jeudi 19 novembre 2026 inclus",
        "deux jours ouvrables", "Se faire assister", "Consulter le dossier", "représentant légal",
        "Cette mesure n'est pas une sanction.",
    ):  # fmt: skip
        assert attendu in lettre
    with pytest.raises(DonneeInvalide, match="les faits reprochés"):
        discipline.notification_des_faits(replace(faits, faits=""))


@pytest.mark.exigence("DISC-18")
def test_la_convocation_dit_les_faits_le_lieu_et_les_droits() -> None:
    quand, lieu = datetime(2026, 12, 3, 17, tzinfo=FUSEAU), "salle des conseils"
    ecrite = discipline.ConvocationEcrite(ELEVE, "A frappé un camarade.", LE, quand, lieu, LE)
    conseil, audition = (
        discipline.convocation_au_conseil(ecrite),
        discipline.convocation_a_une_audition(ecrite),
    )
    for lettre in (conseil, audition):
        assert lettre.accuse, "elle se remet contre signature"
        for attendu in (
            "jeudi 3 décembre 2026 à 17 h 00, salle des conseils", "A frappé un camarade.",
            "Se faire assister", "représentants légaux y sont convoqués",
        ):  # fmt: skip
            assert attendu in dite(lettre)
    assert "Le conseil de discipline se réunit" in dite(conseil)
    assert "le chef d'établissement l'entend" in dite(audition)
    assert "jusqu'au jeudi 3 décembre 2026 inclus" in dite(audition), "on ne décide pas avant de l'entendre"


@pytest.mark.exigence("DISC-28")
@pytest.mark.parametrize("sanction", list(Sanction))
def test_chaque_decision_se_notifie_avec_ses_voies_de_recours(sanction: Sanction) -> None:
    par_conseil = sanction is Sanction.EXCLUSION_DEFINITIVE
    decision = replace(DECISION, sanction=sanction, par_conseil=par_conseil)
    lettre = dite(discipline.notification_de_la_decision(decision))
    assert SANCTIONS[sanction].lower() in lettre
    assert "Voies et délais de recours" in lettre
    if par_conseil:
        assert "recteur d'académie, dans les huit jours" in lettre
        assert "délai d'un mois" in lettre
        assert "immédiatement exécutoire" in lettre
    else:
        assert "tribunal administratif" in lettre
        assert "deux mois" in lettre


def test_une_decision_dit_ses_motifs_son_execution_et_son_effacement() -> None:
    lettre = dite(discipline.notification_de_la_decision(DECISION))
    assert "2 jours" in lettre
    assert "Du jeudi 26 novembre 2026 au vendredi 27 novembre 2026." in lettre
    assert "l'élève est accueilli dans l'établissement" in lettre
    assert "effacée d'office le mercredi 1er août 2029" in lettre
    sursis = replace(DECISION, sursis_jusqu_au=date(2027, 8, 1), mesure="Dix heures au CDI.")
    dit = dite(discipline.notification_de_la_decision(sursis))
    assert "avec sursis" in dit
    assert "sauf si le sursis est révoqué" in dit
    assert "Mesure alternative proposée : Dix heures au CDI." in dit
    for manque in ({"motivation": ""}, {"jours": None}):
        with pytest.raises(DonneeInvalide):
            discipline.notification_de_la_decision(replace(DECISION, **manque))


@pytest.mark.exigence("ABS-07")
def test_les_absences_repetees_proposent_un_dialogue_et_ne_decident_rien() -> None:
    lettre = dite(seuil_franchi(SeuilEcrit(ELEVE, 4, date(2026, 11, 1), LE)))
    assert "vous rencontrer" in lettre
    assert "R. 131-7" in lettre
    assert "il est encore temps" in lettre


@pytest.mark.exigence("ABS-03")
def test_le_motif_se_demande_sans_diagnostic() -> None:
    debut = datetime(2026, 11, 16, 8, tzinfo=FUSEAU)
    lettre = dite(motif_a_donner(AbsencesEcrites(ELEVE, ((debut, debut.replace(hour=12)),))))
    assert "le lundi 16 novembre 2026, de 8 h 00 à 12 h 00" in lettre
    assert "Aucun certificat ne doit dire la nature d'une maladie." in lettre


@pytest.mark.exigence("CARNET-06")
def test_la_presentation_dit_le_dispositif_l_alternative_et_le_code_provisoire() -> None:
    lettre = dite(presentation(ELEVE, etablissement="Collège des Essais"))
    for attendu in (
        "absences, des retards, des punitions et des sanctions", "facultatif",
        "aucune conséquence sur la scolarité",
        "sur papier", "Un code provisoire vous est remis à part", "fin de l'année scolaire", "vous opposer",
    ):  # fmt: skip
        assert attendu in lettre
