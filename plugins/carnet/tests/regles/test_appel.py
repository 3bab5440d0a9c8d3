"""Les règles de l'appel : ce qui est attendu, quand il s'écrit, et comment deux saisies se réunissent."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from hypothesis import given
from hypothesis import strategies as st

from ent_carnet.nomenclatures import Ailleurs, NatureFait
from ent_carnet.regles.appel import (
    PRESENT,
    Changement,
    Constat,
    Delais,
    Derniere,
    EtatAppel,
    Heure,
    choisir,
    departager,
    etat_de_l_appel,
    fenetre,
    heures_de,
    minutes_manquees,
    prevoir,
)

HUIT = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)
COURS = Heure(HUIT, HUIT + timedelta(minutes=55))
MOI, AUTRE = uuid4(), uuid4()
ABSENT, RETARD = Constat(NatureFait.ABSENT), Constat(NatureFait.RETARD, 5)


def apres(minutes: int) -> datetime:
    return HUIT + timedelta(minutes=minutes)


def etat(instant: datetime, *, commence: bool = False, termine: bool = False) -> EtatAppel:
    return etat_de_l_appel(
        COURS, annulee=False, commence=commence, termine=termine, delais=Delais(), instant=instant
    )


@pytest.mark.exigence("ABS-01")
def test_un_appel_oublie_existe_sans_ligne_et_personne_d_absent_n_est_pas_un_oubli() -> None:
    assert etat(apres(-11)) is EtatAppel.A_VENIR
    assert etat(apres(-10)) is EtatAppel.A_FAIRE, "dix minutes d'avance"
    assert etat(apres(20), commence=True) is EtatAppel.COMMENCE
    assert etat(apres(56)) is EtatAppel.OUBLIE
    assert etat(apres(56), commence=True) is EtatAppel.OUBLIE, "commencé n'est pas terminé"
    assert etat(apres(56), commence=True, termine=True) is EtatAppel.FAIT


def test_la_vie_scolaire_corrige_plus_longtemps_que_l_enseignant() -> None:
    enseignant = fenetre(COURS, Delais(), vie_scolaire=False)
    cpe = fenetre(COURS, Delais(), vie_scolaire=True)
    assert not enseignant.contient(apres(-11))
    assert enseignant.contient(COURS.fin + timedelta(hours=2))
    assert not enseignant.contient(COURS.fin + timedelta(hours=2, seconds=1))
    assert cpe.contient(COURS.fin + timedelta(hours=72))


@pytest.mark.parametrize(("duree", "attendues"), [(55, 1), (60, 1), (90, 1), (105, 2), (115, 2), (180, 3)])
def test_une_seance_longue_a_un_appel_par_heure(duree: int, attendues: int) -> None:
    heures = heures_de(HUIT, apres(duree))
    assert len(heures) == attendues
    assert (heures[0].debut, heures[-1].fin) == (HUIT, apres(duree))
    assert all(avant.fin == suivante.debut for avant, suivante in pairwise(heures))


def test_deux_heures_de_cours_se_coupent_a_cinq_minutes_pres() -> None:
    assert [h.duree for h in heures_de(HUIT, apres(115))] == [55, 60]


def test_la_feuille_qui_s_ouvre_est_celle_de_l_heure() -> None:
    jour = [Heure(apres(60 * rang), apres(60 * rang + 55)) for rang in range(3)]

    def ouverte(minutes: int, *faits: int) -> int | None:
        instant = apres(minutes)
        etats = [
            etat_de_l_appel(
                h, annulee=False, commence=rang in faits, termine=rang in faits, delais=Delais(),
                instant=instant,
            )
            for rang, h in enumerate(jour)
        ]  # fmt: skip
        return choisir(list(zip(jour, etats, strict=True)), Delais(), instant)

    assert ouverte(-30) is None, "trop tôt"
    assert ouverte(4) == 0
    assert ouverte(52) == 0, "l'heure en cours n'est pas faite : elle passe avant la suivante"
    assert ouverte(52, 0) == 1, "faite : la suivante s'ouvre déjà"
    assert ouverte(30, 0) == 0, "faite, mais on y est : on la corrige"
    assert ouverte(200, 0, 2) == 1, "rien en cours : l'oubli qui se corrige encore"
    assert ouverte(400) is None


def test_un_retard_et_un_depart_ne_comptent_leurs_minutes_que_pendant_l_heure() -> None:
    assert minutes_manquees(NatureFait.RETARD, COURS, apres(5)) == 5
    assert minutes_manquees(NatureFait.DEPART, COURS, apres(45)) == 10
    assert minutes_manquees(NatureFait.RETARD, COURS, apres(70)) is None, "noté après coup : on ne sait pas"
    assert minutes_manquees(NatureFait.ABSENT, COURS, apres(5)) is None


def test_une_absence_connue_dit_ce_que_l_appel_attend() -> None:
    assert prevoir("maladie", etablissement=False) == ABSENT
    assert prevoir("exclusion", etablissement=True) == ABSENT
    assert prevoir("exclusion_classe", etablissement=True) == Constat(NatureFait.EXCLU_ACCUEILLI)
    assert prevoir("sortie", etablissement=True) == Constat(NatureFait.AILLEURS, ailleurs=Ailleurs.SORTIE)


def connue(constat: Constat, par: UUID = AUTRE) -> Derniere:
    return Derniere(None if constat == PRESENT else uuid4(), constat, par, HUIT)


def test_ce_qu_un_autre_a_note_n_est_pas_ecrase_sans_le_dire() -> None:
    eleve = uuid4()
    verdict = departager([Changement(eleve, RETARD)], {eleve: connue(ABSENT)}, MOI)
    assert (verdict.ecrire, verdict.conflits) == ((), (eleve,))


def test_ce_que_l_on_a_vu_se_corrige_meme_d_un_autre() -> None:
    eleve, vue = uuid4(), connue(ABSENT)
    changement = Changement(eleve, RETARD, vue.fait_id)
    assert departager([changement], {eleve: vue}, MOI).ecrire == (changement,)


@given(
    st.lists(st.sampled_from([PRESENT, ABSENT, RETARD]), min_size=1, max_size=6),
    st.lists(st.sampled_from([None, PRESENT, ABSENT, RETARD]), min_size=6, max_size=6),
    st.booleans(),
)
def test_reunir_n_ecrit_ni_deux_fois_ni_en_silence(
    voulus: list[Constat], tenus: list[Constat | None], de_moi: bool
) -> None:
    eleves = [uuid4() for _ in voulus]
    connues = {
        eleve: connue(constat, MOI if de_moi else AUTRE)
        for eleve, constat in zip(eleves, tenus, strict=False)
        if constat is not None
    }
    changements = [Changement(e, c, uuid4()) for e, c in zip(eleves, voulus, strict=True)]
    verdict = departager(changements, connues, MOI)
    traites = {c.eleve_id for c in verdict.ecrire} | set(verdict.conflits)
    for changement in changements:
        tenue = connues.get(changement.eleve_id)
        deja = (tenue.constat if tenue else PRESENT) == changement.constat
        assert (changement.eleve_id in traites) is not deja, "écrit, en conflit, ou déjà là : rien de perdu"
    assert not (verdict.conflits and de_moi), "mes propres constats se corrigent toujours"
