"""Le décompte en demi-journées (ABS-11, § 4.2) : cas nommés, puis propriétés."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from ent_core.brique import FUSEAU
from hypothesis import given
from hypothesis import strategies as st

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.regles.demi_journees import (
    DemiJournee,
    Moitie,
    Observee,
    Periode,
    RegleDemiJournee,
    Statut,
    compter,
)

LUNDI = date(2026, 11, 16)
MIDI = time(13)
ABSENT, RETARD = NatureFait.ABSENT, NatureFait.RETARD


def seance(
    heure: int, nature: NatureFait | None = None, *, jour: date = LUNDI, appel: bool = True
) -> Observee:
    debut = datetime.combine(jour, time(heure), FUSEAU)
    return Observee(debut, debut + timedelta(minutes=55), nature, appel)


def periode(de: int, a: int, *, reglee: bool = False, etablissement: bool = False) -> Periode:
    return Periode(
        datetime.combine(LUNDI, time(de), FUSEAU), datetime.combine(LUNDI, time(a), FUSEAU),
        "sortie" if etablissement else "maladie", reglee, etablissement,
    )  # fmt: skip


def decompte(
    *seances: Observee,
    periodes: tuple[Periode, ...] = (),
    regle: RegleDemiJournee = RegleDemiJournee.UNE_SEANCE,
) -> list[DemiJournee]:
    return compter(seances, periodes, midi=MIDI, regle=regle)


@pytest.mark.exigence("ABS-11")
def test_un_retard_ne_fait_jamais_une_demi_journee() -> None:
    assert not any(d.compte for d in decompte(seance(8, RETARD), seance(9, RETARD)))


def test_une_demi_journee_ne_compte_qu_une_fois() -> None:
    assert sum(d.compte for d in decompte(seance(8, ABSENT), seance(9, ABSENT), seance(10, ABSENT))) == 1


def test_sans_cours_rien_ne_compte() -> None:
    assert decompte(periodes=(periode(8, 18),)) == []


def test_une_journee_entiere_fait_deux_demi_journees() -> None:
    trouvees = decompte(seance(8, ABSENT), seance(14, ABSENT))
    assert [(d.moitie, d.compte) for d in trouvees] == [(Moitie.MATIN, True), (Moitie.APRES_MIDI, True)]


@pytest.mark.parametrize(
    ("regle", "manquees", "attendu"),
    [
        (RegleDemiJournee.UNE_SEANCE, 1, True),
        (RegleDemiJournee.LA_MOITIE, 1, False),
        (RegleDemiJournee.LA_MOITIE, 2, True),
        (RegleDemiJournee.TOUTES, 3, False),
        (RegleDemiJournee.TOUTES, 4, True),
    ],
)
def test_chaque_regle_a_son_seuil(regle: RegleDemiJournee, manquees: int, attendu: bool) -> None:
    seances = [seance(8 + rang, ABSENT if rang < manquees else None) for rang in range(4)]
    assert [d.compte for d in decompte(*seances, regle=regle)] == [attendu]


@pytest.mark.exigence("DISC-10")
@pytest.mark.parametrize("nature", [NatureFait.EXCLU_ACCUEILLI, NatureFait.AILLEURS, NatureFait.DEPART])
def test_qui_est_accueilli_ou_ailleurs_n_est_pas_absent(nature: NatureFait) -> None:
    assert [d.statut for d in decompte(seance(8, nature))] == [Statut.PRESENT]


def test_ce_qui_releve_de_l_etablissement_n_est_pas_un_manquement() -> None:
    (trouvee,) = decompte(seance(8, ABSENT), periodes=(periode(8, 12, etablissement=True),))
    assert (trouvee.statut, trouvee.compte) == (Statut.ETABLISSEMENT, False)
    assert "sortie" in trouvee.explication


def test_une_excuse_partielle_ne_cache_pas_le_reste() -> None:
    """La sortie couvre la première heure ; l'élève a aussi manqué la seconde, sans motif."""
    (trouvee,) = decompte(
        seance(8, ABSENT), seance(10, ABSENT),
        periodes=(periode(8, 9, etablissement=True),), regle=RegleDemiJournee.TOUTES,
    )  # fmt: skip
    assert trouvee.statut is Statut.NON_REGLEE


def test_reglee_si_chaque_seance_manquee_l_est() -> None:
    seances = (seance(8, ABSENT), seance(10, ABSENT))
    assert [d.statut for d in decompte(*seances, periodes=(periode(8, 12, reglee=True),))] == [Statut.REGLEE]
    assert [d.statut for d in decompte(*seances, periodes=(periode(8, 9, reglee=True),))] == [
        Statut.NON_REGLEE
    ]


def test_un_motif_donne_mais_non_accepte_ne_regle_pas() -> None:
    (trouvee,) = decompte(seance(8, ABSENT), periodes=(periode(8, 12),))
    assert trouvee.statut is Statut.NON_REGLEE
    assert "maladie" in trouvee.explication


@pytest.mark.exigence("ABS-01")
def test_un_appel_manquant_n_accuse_personne_et_se_voit() -> None:
    (trouvee,) = decompte(seance(8, ABSENT, appel=False), seance(9))
    assert (trouvee.compte, trouvee.sans_appel) == (False, 1)
    assert "sans appel" in trouvee.explication


def test_l_appel_d_une_seance_a_venir_ne_manque_pas() -> None:
    seances = (seance(8, ABSENT), seance(9, appel=False), seance(10, appel=False))
    neuf_heures_dix = datetime.combine(LUNDI, time(9, 10), FUSEAU)
    (vue,) = compter(seances, (), midi=MIDI, regle=RegleDemiJournee.UNE_SEANCE, vu_le=neuf_heures_dix)
    assert (vue.attendues, vue.manquees, vue.sans_appel) == (3, 1, 1)


def test_midi_se_lit_a_l_heure_de_paris_hiver_comme_ete() -> None:
    for jour in (date(2026, 10, 23), date(2026, 10, 26)):
        trouvees = compter([seance(13, ABSENT, jour=jour)], [], midi=MIDI, regle=RegleDemiJournee.UNE_SEANCE)
        assert [d.moitie for d in trouvees] == [Moitie.APRES_MIDI]


_NATURES = st.sampled_from([None, *NatureFait])
_SEANCES = st.lists(
    st.builds(
        lambda ecart, heure, nature, appel: seance(
            heure, nature, jour=LUNDI + timedelta(days=ecart), appel=appel
        ),
        st.integers(0, 4), st.integers(8, 17), _NATURES, st.booleans(),
    ),
    max_size=40, unique_by=lambda s: s.debut,
)  # fmt: skip


@given(_SEANCES, st.sampled_from(RegleDemiJournee))
def test_jamais_plus_de_demi_journees_que_de_moities_ou_il_y_a_cours(
    seances: list[Observee], regle: RegleDemiJournee
) -> None:
    trouvees = compter(seances, [], midi=MIDI, regle=regle)
    assert len({(d.jour, d.moitie) for d in trouvees}) == len(trouvees)
    assert sum(d.attendues for d in trouvees) == len(seances)
    assert all(d.manquees for d in trouvees if d.compte)


@given(_SEANCES)
def test_les_regles_sont_de_plus_en_plus_exigeantes(seances: list[Observee]) -> None:
    totaux = [
        sum(d.compte for d in compter(seances, [], midi=MIDI, regle=regle)) for regle in RegleDemiJournee
    ]
    assert totaux == sorted(totaux, reverse=True)


@given(_SEANCES, st.sampled_from(RegleDemiJournee))
def test_regler_toute_la_periode_ne_change_pas_le_total(
    seances: list[Observee], regle: RegleDemiJournee
) -> None:
    tout = Periode(
        datetime(2026, 11, 1, tzinfo=FUSEAU), datetime(2026, 12, 1, tzinfo=FUSEAU), "maladie", reglee=True
    )
    avant = [d for d in compter(seances, [], midi=MIDI, regle=regle) if d.compte]
    apres = [d for d in compter(seances, [tout], midi=MIDI, regle=regle) if d.compte]
    assert len(avant) == len(apres)
    assert all(d.statut is Statut.REGLEE for d in apres)
    assert all(d.statut is Statut.NON_REGLEE for d in avant)
