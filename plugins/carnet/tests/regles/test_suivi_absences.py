"""Périodes, seuils, indicateurs, signes et fichiers : les règles pures du suivi des absences."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
from ent_core.brique import FUSEAU
from hypothesis import given
from hypothesis import strategies as st

from ent_carnet.nomenclatures import Indicateur, NatureFait, SeuilAbsences
from ent_carnet.regles.csv_absences import cle_de_nom, decoder, lire_csv
from ent_carnet.regles.demi_journees import (
    DemiJournee,
    Moitie,
    Observee,
    Periode,
    RegleDemiJournee,
    Statut,
    compter,
)
from ent_carnet.regles.indicateurs import Changement, Indicateurs, indicateurs_au
from ent_carnet.regles.periodes import Accord, Tenue, accorder, suites
from ent_carnet.regles.seuils import Seuils, franchissements
from ent_carnet.regles.signes import signes

LUNDI = date(2026, 11, 16)
ABSENT = NatureFait.ABSENT
CIVIL, GLISSANT = Seuils(4, 10, glissant=False), Seuils(4, 10, glissant=True)


def a(heure: int, jour: date = LUNDI) -> datetime:
    return datetime.combine(jour, time(heure), FUSEAU)


def seance(heure: int, nature: NatureFait | None = ABSENT, *, appel: bool = True) -> Observee:
    return Observee(a(heure), a(heure) + timedelta(minutes=55), nature, appel)


def manquee(jour: date, *, legitime: bool = False, motif: str = "") -> DemiJournee:
    statut = Statut.REGLEE if legitime else Statut.NON_REGLEE
    return DemiJournee(
        jour, Moitie.MATIN, 1, 1, 0, statut, motif, RegleDemiJournee.UNE_SEANCE, legitime, au_bulletin=True
    )


def seuils_de(lignes: list[DemiJournee], seuils: Seuils = CIVIL) -> list[tuple[SeuilAbsences, int]]:
    return [(f.seuil, f.nombre) for f in franchissements(lignes, seuils)]


# --- Périodes ----------------------------------------------------------------------------------


def test_une_presence_coupe_la_suite_un_appel_manquant_non() -> None:
    fin = a(10) + timedelta(minutes=55)
    assert suites([seance(8), seance(9, None, appel=False), seance(10)]) == [(a(8), fin)]
    assert len(suites([seance(8), seance(9, None), seance(10)])) == 2
    assert len(suites([seance(8), seance(9, NatureFait.AILLEURS), seance(10)])) == 2


def test_deux_periodes_libres_reunies_par_un_appel_tardif_n_en_font_qu_une() -> None:
    matin = Tenue(uuid4(), a(8), a(8) + timedelta(minutes=55), libre=True)
    midi = Tenue(uuid4(), a(10), a(10) + timedelta(minutes=55), libre=True)
    accord = accorder([seance(8), seance(9), seance(10)], [matin, midi])
    assert accord == Accord(ajuster=((matin.id, (a(8), midi.fin)),), annuler=(midi.id,))


_JOURNEE = st.lists(st.sampled_from([ABSENT, None, NatureFait.RETARD]), min_size=1, max_size=9)


@given(_JOURNEE)
def test_accorder_deux_fois_ne_change_rien_la_seconde(natures: list[NatureFait | None]) -> None:
    seances = [seance(8 + rang, nature) for rang, nature in enumerate(natures)]
    premier = accorder(seances, [])
    tenues = [Tenue(uuid4(), debut, fin, libre=True) for debut, fin in premier.ouvrir]
    assert accorder(seances, tenues) == Accord()
    couvertes = sum(any(d <= s.debut and s.fin <= f for d, f in premier.ouvrir) for s in seances)
    assert couvertes == natures.count(ABSENT), "chaque séance manquée est dans une période, et elle seule"


# --- Seuils ------------------------------------------------------------------------------------


@pytest.mark.exigence("ABS-08")
@pytest.mark.parametrize(("nombre", "franchi"), [(3, False), (4, True), (9, True), (10, True)])
def test_les_bornes_du_mois(nombre: int, franchi: bool) -> None:
    trouves = dict(seuils_de([manquee(date(2026, 11, 1 + rang)) for rang in range(nombre)]))
    assert (trouves.get(SeuilAbsences.MOIS) == nombre) is franchi
    assert (SeuilAbsences.RENFORCE in trouves) is (nombre >= 10)


@pytest.mark.exigence("ABS-08")
def test_le_mois_civil_ou_glissant_est_un_choix() -> None:
    a_cheval = [
        manquee(jour)
        for jour in (date(2026, 10, 29), date(2026, 10, 30), date(2026, 11, 2), date(2026, 11, 3))
    ]
    assert seuils_de(a_cheval) == []
    assert {seuil for seuil, _ in seuils_de(a_cheval, GLISSANT)} == {
        SeuilAbsences.DIALOGUE,
        SeuilAbsences.MOIS,
    }
    espacees = [manquee(date(2026, 9, 1) + timedelta(days=14 * rang)) for rang in range(6)]
    assert seuils_de(espacees, GLISSANT) == []


@pytest.mark.exigence("ABS-07")
def test_justifiees_elles_appellent_le_dialogue_et_lui_seul() -> None:
    lignes = [manquee(date(2026, 11, rang), legitime=True) for rang in range(2, 8)]
    assert seuils_de(lignes) == [(SeuilAbsences.DIALOGUE, 6)]


def test_une_alerte_traitee_remet_a_zero_dans_les_deux_comptes() -> None:
    lignes = [manquee(date(2026, 11, rang)) for rang in range(2, 9)]
    for seuils in (CIVIL, GLISSANT):
        remises = [(SeuilAbsences.MOIS, date(2026, 11, 5))]
        trouves = [f for f in franchissements(lignes, seuils, remises) if f.seuil is SeuilAbsences.MOIS]
        assert [f.au for f in trouves] == [date(2026, 11, 5)], "trois jours après : pas de nouvelle alerte"


# --- Légitimité, bulletin et indicateurs -------------------------------------------------------


def test_reglee_n_est_pas_legitime_et_ne_compte_pas_toujours_au_bulletin() -> None:
    def ligne(*, recevable: bool, au_bulletin: bool) -> DemiJournee:
        periode = Periode(a(8), a(12), "motif", True, False, recevable, au_bulletin)
        (trouvee,) = compter([seance(8)], [periode], midi=time(13), regle=RegleDemiJournee.UNE_SEANCE)
        return trouvee

    assert [ligne(recevable=r, au_bulletin=b).legitime for r in (True, False) for b in (True, False)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert not ligne(recevable=True, au_bulletin=False).au_bulletin
    assert ligne(recevable=True, au_bulletin=False).compte, "elle reste au registre"


def test_un_changement_ne_touche_pas_ce_qui_precede_sa_date() -> None:
    courants = Indicateurs(recevable=False, regle=True, compte=True, affichable=True)
    histoire = [
        Changement(Indicateur.RECEVABLE, False, date(2026, 10, 1)),
        Changement(Indicateur.RECEVABLE, True, date(2026, 10, 15)),
        Changement(Indicateur.RECEVABLE, False, date(2026, 11, 1)),
    ]
    jours = (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 20), date(2026, 11, 1))
    assert [indicateurs_au(j, courants, histoire).recevable for j in jours] == [True, False, True, False]
    assert indicateurs_au(date(2026, 9, 1), courants, []) == courants


# --- Signes ------------------------------------------------------------------------------------


def test_les_signes_sont_des_phrases_sur_des_faits_recents() -> None:
    jour = date(2026, 11, 27)
    lundis = [manquee(date(2026, 11, rang)) for rang in (2, 9, 16, 23)]
    trouves = signes(lundis, [date(2026, 11, rang) for rang in (24, 25, 26)], jour)
    assert len(trouves) == 4
    assert "Absent 4 fois le lundi matin en quatre semaines." in trouves
    assert "3 retards en quatre semaines." in trouves
    assert signes([manquee(date(2026, 9, 7)), *lundis[:2]], [], jour) == []


# --- Fichiers ----------------------------------------------------------------------------------


def test_un_fichier_de_tableur_se_lit_quels_que_soient_ses_caracteres() -> None:
    texte = (
        "Classe;NOM;Prénom;Début;Fin;Motif\n5A;L'ÉVÊQUE;Zoé-Anne;16/11/2026 08:00;16/11/2026 12:00;Maladie\n"
    )
    for octets in (texte.encode("utf-8-sig"), texte.encode("cp1252")):
        (ligne,), erreurs = lire_csv(decoder(octets))
        assert erreurs == []
        assert (ligne.eleve, ligne.debut, ligne.motif) == (("5a", "l eveque", "zoe anne"), a(8), "maladie")
    assert cle_de_nom("  D’Artagnan ") == cle_de_nom("D'ARTAGNAN")


def test_une_colonne_qui_manque_arrete_la_lecture() -> None:
    lues, (erreur,) = lire_csv("nom,prenom,debut,fin\nx,y,z,t\n")
    assert lues == []
    assert "« classe »" in erreur.message
    assert lire_csv("")[0] == []


@pytest.mark.parametrize(
    "ligne",
    [
        "\x00;\x00",
        '"sans fin;5A',
        ";;;;;;;;;;",
        "5A",
        "\r0",
        "\u2028;x",
        "5A;x;y;99/99/9999 99:99;;",
        "x" * 200_000,
    ],
)
def test_aucun_fichier_ne_fait_tomber_la_lecture(ligne: str) -> None:
    lues, erreurs = lire_csv(f"classe;nom;prenom;debut;fin\n{ligne}\n")
    assert lues == []
    assert all("x" * 20 not in erreur.message for erreur in erreurs)
