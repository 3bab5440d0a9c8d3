"""À quelles séances un élève était attendu (§ 4.2) : des vecteurs nommés, puis ce qui tient toujours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from hypothesis import given
from hypothesis import strategies as st

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.regles.attendus import Appartenance, AppelFait, Constat, Prevue, observer
from ent_carnet.regles.demi_journees import Observee, RegleDemiJournee, Statut, compter

LUNDI, MARDI = date(2026, 11, 16), date(2026, 11, 17)
ELEVE, CLASSE, AUTRE, LATIN = uuid4(), uuid4(), uuid4(), uuid4()
DANS_LA_CLASSE = Appartenance(ELEVE, CLASSE, date(2026, 9, 1), None)


def a(jour: date, heure: int) -> datetime:
    return datetime.combine(jour, time(heure), FUSEAU)


def prevue(jour: date, heure: int, structure: UUID = CLASSE) -> Prevue:
    return Prevue(uuid4(), structure, a(jour, heure), a(jour, heure) + timedelta(minutes=55))


def appel(seance: Prevue, *, termine: bool = True, heures: int = 0) -> AppelFait:
    debut = seance.debut + timedelta(hours=heures)
    fin = debut + timedelta(minutes=55)
    return AppelFait(uuid4(), seance.id, seance.structure_id, debut, fin, termine)


def absent(fait: AppelFait) -> Constat:
    return Constat(fait.id, NatureFait.ABSENT, fait.debut, fait.fin)


def vues(
    appartenances: list[Appartenance], prevues: list[Prevue], appels: list[AppelFait], *constats: Constat
) -> list[Observee]:
    return observer(appartenances, prevues, appels, {ELEVE: constats})[ELEVE]


def test_sans_appel_rien_n_est_su() -> None:
    (seule,) = vues([DANS_LA_CLASSE], [prevue(LUNDI, 8)], [])
    assert (seule.nature, seule.appel_fait) == (None, False)


@pytest.mark.exigence("ABS-01")
def test_un_appel_commence_ne_dit_que_ce_qui_est_note() -> None:
    seance = prevue(LUNDI, 8)
    commence = appel(seance, termine=False)
    assert [o.appel_fait for o in vues([DANS_LA_CLASSE], [seance], [commence])] == [False]
    (note,) = vues([DANS_LA_CLASSE], [seance], [commence], absent(commence))
    assert (note.nature, note.appel_fait) == (NatureFait.ABSENT, True)


def test_qui_change_de_division_n_est_attendu_que_dans_celle_du_jour() -> None:
    parcours = [
        Appartenance(ELEVE, CLASSE, date(2026, 9, 1), MARDI),
        Appartenance(ELEVE, AUTRE, MARDI, None),
    ]
    seances = [prevue(jour, 8, structure) for jour in (LUNDI, MARDI) for structure in (CLASSE, AUTRE)]
    observees = vues(parcours, seances, [appel(seance) for seance in seances])
    assert [o.debut for o in observees] == [a(LUNDI, 8), a(MARDI, 8)]


def test_un_groupe_n_attend_que_les_siens() -> None:
    latin = prevue(LUNDI, 14, LATIN)
    assert vues([DANS_LA_CLASSE], [latin], [appel(latin)]) == []
    dans_le_groupe = Appartenance(ELEVE, LATIN, date(2026, 9, 1), None)
    assert len(vues([DANS_LA_CLASSE, dans_le_groupe], [latin], [appel(latin)])) == 1


def test_un_groupe_sur_l_heure_de_la_classe_l_eleve_n_est_qu_a_un_endroit() -> None:
    classe, latin = prevue(LUNDI, 8), prevue(LUNDI, 8, LATIN)
    fait_classe, fait_latin = appel(classe), appel(latin)
    dans_le_groupe = Appartenance(ELEVE, LATIN, date(2026, 9, 1), None)
    observees = vues(
        [DANS_LA_CLASSE, dans_le_groupe], [classe, latin], [fait_classe, fait_latin], absent(fait_classe)
    )
    assert [o.nature for o in observees] == [None], "vu en latin, il n'est pas absent"


def test_un_appel_survit_a_l_emploi_du_temps_et_ne_compte_qu_une_fois() -> None:
    avant, apres = prevue(LUNDI, 8), prevue(LUNDI, 8)
    fait = appel(avant)
    for emploi_du_temps in ([avant], [], [apres]):
        (seule,) = vues([DANS_LA_CLASSE], emploi_du_temps, [fait], absent(fait))
        assert seule.nature is NatureFait.ABSENT


def test_une_seance_longue_a_un_appel_par_heure() -> None:
    longue = Prevue(uuid4(), CLASSE, a(LUNDI, 8), a(LUNDI, 10))
    premiere, seconde = appel(longue), appel(longue, heures=1)
    observees = vues([DANS_LA_CLASSE], [longue], [premiere, seconde], absent(seconde))
    assert [o.nature for o in observees] == [None, NatureFait.ABSENT]


def test_un_fait_hors_de_ses_structures_reste_un_fait() -> None:
    ailleurs = prevue(LUNDI, 8, AUTRE)
    fait = appel(ailleurs)
    (seule,) = vues([DANS_LA_CLASSE], [], [fait], absent(fait))
    assert seule.nature is NatureFait.ABSENT


def test_un_import_tient_lieu_d_appel_mais_ne_dement_personne() -> None:
    seances = [prevue(LUNDI, 8), prevue(LUNDI, 9), prevue(MARDI, 8)]
    importee = {ELEVE: [(a(LUNDI, 8), a(LUNDI, 12))]}
    observees = observer([DANS_LA_CLASSE], seances, [appel(seances[1])], {}, importee)[ELEVE]
    assert [o.nature for o in observees] == [NatureFait.ABSENT, None, None]
    assert [o.appel_fait for o in observees] == [True, True, False]


@pytest.mark.exigence("DISC-10")
def test_exclu_de_la_classe_il_n_est_pas_absent_exclu_de_l_etablissement_il_n_est_pas_attendu() -> None:
    seance = prevue(LUNDI, 8)
    fait = appel(seance)
    accueilli = Constat(fait.id, NatureFait.EXCLU_ACCUEILLI, fait.debut, fait.fin)
    (ligne,) = compter(
        vues([DANS_LA_CLASSE], [seance], [fait], accueilli), [],
        midi=time(13), regle=RegleDemiJournee.UNE_SEANCE,
    )  # fmt: skip
    assert ligne.statut is Statut.PRESENT


_HEURES = st.lists(st.tuples(st.integers(0, 6), st.integers(8, 16)), max_size=25, unique=True)


@given(_HEURES, st.data())
def test_jamais_plus_d_observations_que_de_seances_et_jamais_deux_a_la_meme_heure(
    heures: list[tuple[int, int]], donnees: st.DataObject
) -> None:
    seances = [prevue(LUNDI + timedelta(days=jour), heure) for jour, heure in heures]
    faites = donnees.draw(st.lists(st.sampled_from(range(len(seances))), unique=True)) if seances else []
    appels = [appel(seances[rang]) for rang in faites]
    observees = vues([DANS_LA_CLASSE], seances, appels, *(absent(fait) for fait in appels))
    assert len(observees) == len(seances) == len({o.debut for o in observees})
    assert observees == sorted(observees, key=lambda o: o.debut)
    assert sum(o.nature is NatureFait.ABSENT for o in observees) == len(appels)
