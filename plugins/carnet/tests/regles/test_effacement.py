"""L'effacement de chaque sanction, et les délais (DISC-12, DISC-16, DISC-21, DISC-22)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ent_core.brique import annee_scolaire
from hypothesis import given
from hypothesis import strategies as st

from ent_carnet.nomenclatures import Sanction
from ent_carnet.regles.effacement import bornes_du_sursis, effacement, fin_supposee
from ent_carnet.regles.ouvrables import apres_jours_ouvrables, est_ouvrable, jours_feries

_JOURS = st.dates(date(2020, 9, 1), date(2040, 7, 31))
_DE_PLUS = {
    Sanction.AVERTISSEMENT: 0,
    Sanction.BLAME: 1,
    Sanction.MESURE_DE_RESPONSABILISATION: 1,
    Sanction.EXCLUSION_DE_LA_CLASSE: 2,
    Sanction.EXCLUSION_DE_L_ETABLISSEMENT: 2,
}


@pytest.mark.exigence("DISC-22")
@pytest.mark.parametrize(
    ("sanction", "attendu"),
    [
        (Sanction.AVERTISSEMENT, date(2027, 8, 1)),
        (Sanction.BLAME, date(2028, 8, 1)),
        (Sanction.MESURE_DE_RESPONSABILISATION, date(2028, 8, 1)),
        (Sanction.EXCLUSION_DE_LA_CLASSE, date(2029, 8, 1)),
        (Sanction.EXCLUSION_DE_L_ETABLISSEMENT, date(2029, 8, 1)),
        (Sanction.EXCLUSION_DEFINITIVE, None),
    ],
)
def test_chaque_sanction_a_son_echeance(sanction: Sanction, attendu: date | None) -> None:
    assert effacement(sanction, date(2026, 11, 17), fin_supposee) == attendu


@pytest.mark.exigence("DISC-22")
@given(st.sampled_from(list(_DE_PLUS)), _JOURS)
def test_l_echeance_ne_depend_que_de_l_annee_scolaire(sanction: Sanction, jour: date) -> None:
    echeance = effacement(sanction, jour, fin_supposee)
    assert echeance == date(annee_scolaire(jour) + 1 + _DE_PLUS[sanction], 8, 1)
    assert echeance is not None
    assert echeance > jour


@pytest.mark.exigence("DISC-21")
@given(st.sampled_from(list(Sanction)), _JOURS)
def test_une_mesure_respectee_part_a_la_fin_de_l_annee(sanction: Sanction, jour: date) -> None:
    assert effacement(sanction, jour, fin_supposee, mesure_respectee=True) == fin_supposee(
        annee_scolaire(jour)
    )


@pytest.mark.exigence("DISC-12")
@given(st.sampled_from(list(Sanction)), _JOURS)
def test_le_sursis_finit_entre_la_fin_de_l_annee_et_celle_de_l_inscription(
    sanction: Sanction, jour: date
) -> None:
    bornes = bornes_du_sursis(sanction, jour, fin_supposee)
    if sanction < Sanction.MESURE_DE_RESPONSABILISATION:
        assert bornes is None
        return
    assert bornes is not None
    premier, dernier = bornes
    assert premier == fin_supposee(annee_scolaire(jour))
    echeance = effacement(sanction, jour, fin_supposee)
    assert dernier == (echeance or fin_supposee(annee_scolaire(jour) + 2))


@pytest.mark.exigence("DISC-16")
@pytest.mark.parametrize(
    ("notifies", "dernier"),
    [
        (date(2026, 11, 16), date(2026, 11, 18)),  # lundi : mardi et mercredi
        (date(2026, 11, 13), date(2026, 11, 16)),  # vendredi : samedi, puis lundi
        (date(2026, 11, 10), date(2026, 11, 13)),  # le 11 novembre ne compte pas
        (date(2027, 3, 26), date(2027, 3, 30)),  # samedi, puis le mardi de Pâques
        (date(2026, 12, 24), date(2026, 12, 28)),  # ni Noël ni dimanche
    ],
)
def test_deux_jours_ouvrables_pour_se_defendre(notifies: date, dernier: date) -> None:
    assert apres_jours_ouvrables(notifies, 2) == dernier


def test_onze_jours_feries_par_an_et_treize_en_alsace_moselle() -> None:
    assert len(jours_feries(2026)) == 11
    assert len(jours_feries(2026, alsace_moselle=True)) == 13


@given(_JOURS, st.integers(1, 15))
def test_le_delai_contient_exactement_ses_jours_ouvrables(depart: date, nombre: int) -> None:
    dernier = apres_jours_ouvrables(depart, nombre)
    ecoules = (depart + timedelta(days=rang + 1) for rang in range((dernier - depart).days))
    assert sum(est_ouvrable(jour) for jour in ecoules) == nombre
    assert est_ouvrable(dernier)
