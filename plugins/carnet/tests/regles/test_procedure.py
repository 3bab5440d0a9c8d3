"""La procédure disciplinaire : aucun chemin interdit (DISC-11 à DISC-16, DISC-18, DISC-21)."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ent_carnet.nomenclatures import EtapeProcedure as Etape
from ent_carnet.nomenclatures import EtatSanction as Etat
from ent_carnet.nomenclatures import Mesure, MotifDiscipline, Sanction, Voie
from ent_carnet.regles.engagement import Obligation, obligation
from ent_carnet.regles.procedure import (
    PASSAGES,
    Acte,
    Decision,
    Procedure,
    Refus,
    Reunion,
    fin_de_la_defense,
    jouer,
    possibles,
)
from ent_carnet.regles.recours import voies_de_recours
from ent_carnet.regles.sursis import Suite, dans_le_sursis, empechement

LUNDI = date(2026, 11, 16)
_N1, _N2 = Etape.NOTIFICATION_ELEVE, Etape.NOTIFICATION_RESPONSABLES
_DECISIONS = st.builds(
    Decision,
    sanction=st.sampled_from(Sanction),
    par_conseil=st.booleans(),
    jours=st.none() | st.integers(0, 10),
    heures=st.none() | st.integers(0, 25),
    sursis_jusqu_au=st.none() | st.dates(date(2027, 7, 1), date(2028, 8, 1)),
    mesure=st.sampled_from(Mesure),
)
_JUSTES = st.sampled_from(
    [
        Decision(Sanction.AVERTISSEMENT),
        Decision(Sanction.MESURE_DE_RESPONSABILISATION, heures=10, sursis_jusqu_au=date(2027, 8, 1)),
        Decision(Sanction.EXCLUSION_DE_LA_CLASSE, jours=2, mesure=Mesure.PROPOSEE),
        Decision(Sanction.EXCLUSION_DEFINITIVE, par_conseil=True),
        Decision(Sanction.EXCLUSION_DEFINITIVE, par_conseil=True, sursis_jusqu_au=date(2027, 8, 1)),
    ]
)
_ACTES = st.tuples(
    st.integers(-len(Etape), 30),
    st.integers(0, 4),
    st.none() | st.sampled_from(Voie),
    st.integers(0, 12),
    st.none() | _JUSTES | _DECISIONS,
    st.booleans(),
)
_SANCTION_SEULE = {
    Sanction.MESURE_DE_RESPONSABILISATION: {"heures": 10},
    Sanction.EXCLUSION_DE_LA_CLASSE: {"jours": 3},
    Sanction.EXCLUSION_DE_L_ETABLISSEMENT: {"jours": 8},
}


def _le(jour: date) -> Reunion:
    return Reunion(jour, time(17, 30), "Salle du conseil")


def _decision(sanction: Sanction, **plus: object) -> Decision:
    return Decision(sanction, **{**_SANCTION_SEULE.get(sanction, {}), **plus})  # type: ignore[arg-type] # champs variés d’une décision


def _notifiee(*, majeur: bool = False) -> Procedure:
    procedure = jouer(Procedure(LUNDI, majeur=majeur), Acte(_N1, LUNDI))
    return procedure if majeur else jouer(procedure, Acte(_N2, LUNDI))


def _prononcee(decision: Decision, *, le: date = LUNDI + timedelta(days=3)) -> Procedure:
    procedure = _notifiee()
    if decision.par_conseil:
        convocation = Acte(Etape.CONVOCATION_CONSEIL, LUNDI, Voie.RECOMMANDE, _le(LUNDI + timedelta(days=8)))
        procedure, le = jouer(procedure, convocation), LUNDI + timedelta(days=8)
    procedure = jouer(procedure, Acte(Etape.PRONONCE, le, decision=decision))
    return jouer(procedure, Acte(Etape.NOTIFICATION_DECISION, le))


@pytest.mark.exigence("DISC-15")
@pytest.mark.parametrize("etat", Etat)
@pytest.mark.parametrize("etape", Etape)
def test_une_etape_hors_de_la_table_est_refusee(etat: Etat, etape: Etape) -> None:
    if etape not in PASSAGES[etat]:
        with pytest.raises(Refus, match="ne suit pas l'état"):
            jouer(Procedure(LUNDI, etat=etat), Acte(etape, LUNDI))


@pytest.mark.exigence("DISC-15")
@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(_ACTES, max_size=14))
def test_aucune_suite_d_etapes_ne_mene_a_un_etat_illegal(majeur: bool, actes: list[tuple[Any, ...]]) -> None:
    procedure, jour = Procedure(LUNDI, majeur=majeur), LUNDI
    for choix, ecart, voie, conseil, decision, par_conseil in actes:
        permises = list(PASSAGES[procedure.etat])
        # Le plus souvent une étape de la table, sinon n'importe laquelle.
        etape = (
            permises[choix % len(permises)] if permises and choix >= 0 else list(Etape)[choix % len(Etape)]
        )
        jour += timedelta(days=ecart)
        acte = Acte(etape, jour, voie, _le(jour + timedelta(days=conseil)), decision, par_conseil)
        if decision is not None and decision.par_conseil and procedure.conseil_le is not None:
            acte = Acte(etape, procedure.conseil_le, voie, acte.reunion, decision, par_conseil)
        try:
            procedure = jouer(procedure, acte)
        except Refus:
            continue
        jour = max(jour, acte.le)
        _legale(procedure)


def _legale(p: Procedure) -> None:
    faites = dict(p.etapes)
    jours = [jour for _, jour in p.etapes]
    assert jours == sorted(jours)
    if p.etat not in (Etat.OUVERTE, Etat.CLASSEE):
        assert _N1 in faites
        assert p.majeur is (_N2 not in faites)
    if p.decision is None:
        assert p.etat in (Etat.OUVERTE, Etat.FAITS_NOTIFIES, Etat.CLASSEE)
        return
    prononce = faites[Etape.PRONONCE]
    assert prononce > fin_de_la_defense(max(faites[_N1], faites.get(_N2, faites[_N1])))
    d = p.decision
    assert d.par_conseil or d.sanction is not Sanction.EXCLUSION_DEFINITIVE
    assert (d.jours is not None) == (d.sanction in (4, 5))
    assert (d.heures is not None) == (d.sanction == 3)
    assert d.jours is None or 1 <= d.jours <= 8
    assert d.heures is None or 1 <= d.heures <= 20
    assert d.sursis_jusqu_au is None or d.sanction >= 3
    if d.par_conseil:
        assert prononce == p.conseil_le
        assert prononce >= faites[Etape.CONVOCATION_CONSEIL] + timedelta(days=5)
    if p.revoque_le is not None:
        assert d.sursis_jusqu_au is not None
        assert p.revoque_le <= d.sursis_jusqu_au
    if p.etat is Etat.EXECUTEE:
        assert Etape.NOTIFICATION_DECISION in faites
        assert d.sursis_jusqu_au is None or p.revoque_le is not None or p.mesure is Mesure.RESPECTEE
        assert p.mesure not in (Mesure.PROPOSEE, Mesure.ACCEPTEE)
    if Etape.APPEL in faites:
        assert d.par_conseil


@pytest.mark.exigence("DISC-16")
def test_la_decision_attend_deux_jours_ouvrables_entiers() -> None:
    avertir = Decision(Sanction.AVERTISSEMENT)
    for ecart in (0, 1, 2):
        with pytest.raises(Refus, match="deux jours ouvrables"):
            jouer(_notifiee(), Acte(Etape.PRONONCE, LUNDI + timedelta(days=ecart), decision=avertir))
    assert jouer(_notifiee(), Acte(Etape.PRONONCE, LUNDI + timedelta(days=3), decision=avertir)).decision
    # Vendredi 24 décembre : ni Noël, ni le dimanche ; en Moselle, le 26 décembre non plus.
    assert fin_de_la_defense(date(2027, 12, 23)) == date(2027, 12, 27)
    assert fin_de_la_defense(date(2028, 12, 23), alsace_moselle=True) == date(2028, 12, 28)


@pytest.mark.exigence("DISC-15")
def test_les_faits_ne_sont_notifies_qu_une_fois_tous_prevenus() -> None:
    procedure = jouer(Procedure(LUNDI), Acte(_N1, LUNDI))
    assert procedure.etat is Etat.OUVERTE
    assert procedure.defense_jusqu_au is None
    assert jouer(procedure, Acte(_N2, LUNDI + timedelta(days=1))).defense_jusqu_au == date(2026, 11, 19)
    assert _notifiee(majeur=True).etat is Etat.FAITS_NOTIFIES
    with pytest.raises(Refus, match="majeur"):
        jouer(Procedure(LUNDI, majeur=True), Acte(_N2, LUNDI))


@pytest.mark.exigence("DISC-11")
@pytest.mark.parametrize("sanction", Sanction)
def test_le_chef_prononce_seul_les_cinq_premieres_le_conseil_toutes(sanction: Sanction) -> None:
    if sanction is Sanction.EXCLUSION_DEFINITIVE:
        with pytest.raises(Refus, match="seul conseil"):
            _prononcee(_decision(sanction))
    else:
        assert _prononcee(_decision(sanction)).etat is Etat.NOTIFIEE
    assert _prononcee(_decision(sanction, par_conseil=True)).etat is Etat.NOTIFIEE


@pytest.mark.exigence("DISC-09")
@pytest.mark.parametrize(
    ("decision", "dit"),
    [
        (Decision(Sanction.EXCLUSION_DE_LA_CLASSE, jours=9), "un à huit"),
        (Decision(Sanction.EXCLUSION_DE_L_ETABLISSEMENT), "nombre de jours"),
        (Decision(Sanction.MESURE_DE_RESPONSABILISATION, heures=21), "vingt heures"),
        (Decision(Sanction.BLAME, heures=2), "nombre d'heures"),
        (Decision(Sanction.BLAME, sursis_jusqu_au=date(2027, 8, 1)), "sursis"),
        (Decision(Sanction.BLAME, mesure=Mesure.PROPOSEE), "exclusion temporaire"),
    ],
)
def test_une_decision_hors_des_bornes_est_refusee(decision: Decision, dit: str) -> None:
    with pytest.raises(Refus, match=dit):
        _prononcee(decision)


@pytest.mark.exigence("DISC-18")
def test_le_conseil_se_convoque_cinq_jours_avant_et_se_reconvoque_de_cinq_a_dix() -> None:
    convoquer, encore = Etape.CONVOCATION_CONSEIL, Etape.SECONDE_CONVOCATION
    with pytest.raises(Refus, match="cinq jours au moins"):
        jouer(_notifiee(), Acte(convoquer, LUNDI, Voie.RECOMMANDE, _le(LUNDI + timedelta(days=4))))
    with pytest.raises(Refus, match="le jour, l'heure et le lieu"):
        jouer(_notifiee(), Acte(convoquer, LUNDI, Voie.RECOMMANDE))
    with pytest.raises(Refus, match="pli recommandé"):
        jouer(_notifiee(), Acte(convoquer, LUNDI, None, _le(LUNDI + timedelta(days=5))))
    premier = LUNDI + timedelta(days=5)
    procedure = jouer(_notifiee(), Acte(convoquer, LUNDI, Voie.MAIN_PROPRE, _le(premier)))
    for ecart in (4, 11):
        with pytest.raises(Refus, match="cinq à dix jours"):
            jouer(procedure, Acte(encore, premier, Voie.RECOMMANDE, _le(premier + timedelta(days=ecart))))
    second = premier + timedelta(days=10)
    procedure = jouer(procedure, Acte(encore, premier, Voie.RECOMMANDE, _le(second)))
    definitive = Decision(Sanction.EXCLUSION_DEFINITIVE, par_conseil=True)
    with pytest.raises(Refus, match="le jour où il a été convoqué"):
        jouer(procedure, Acte(Etape.PRONONCE, second - timedelta(days=1), decision=definitive))
    assert jouer(procedure, Acte(Etape.PRONONCE, second, decision=definitive)).etat is Etat.PRONONCEE
    with pytest.raises(Refus, match="premier"):
        jouer(_notifiee(), Acte(encore, LUNDI, Voie.RECOMMANDE, _le(premier)))


@pytest.mark.exigence("DISC-16")
def test_l_eleve_convoque_pour_etre_entendu_l_est_avant_toute_decision() -> None:
    entendre, avertir = Etape.CONVOCATION_AUDITION, Decision(Sanction.AVERTISSEMENT)
    with pytest.raises(Refus, match="ne suit pas"):
        jouer(Procedure(LUNDI), Acte(entendre, LUNDI, reunion=_le(LUNDI)))
    for sans in (None, _le(LUNDI - timedelta(days=1))):
        with pytest.raises(Refus, match="le jour, à venir, l'heure et le lieu"):
            jouer(_notifiee(), Acte(entendre, LUNDI, reunion=sans))
    vendredi = LUNDI + timedelta(days=4)
    convoquee = jouer(_notifiee(), Acte(entendre, LUNDI, reunion=_le(vendredi)))
    veille = Acte(Etape.PRONONCE, vendredi - timedelta(days=1), decision=avertir)
    with pytest.raises(Refus, match="attend ce jour-là"):
        jouer(convoquee, veille)
    assert jouer(convoquee, Acte(Etape.PRONONCE, vendredi, decision=avertir)).etat is Etat.PRONONCEE
    # Avancée : une convocation de plus, et la décision suit.
    avancee = jouer(convoquee, Acte(entendre, LUNDI, reunion=_le(LUNDI + timedelta(days=1))))
    assert jouer(avancee, veille).etat is Etat.PRONONCEE


@pytest.mark.exigence("DISC-12")
@pytest.mark.exigence("DISC-14")
def test_un_sursis_suspend_jusqu_a_sa_revocation_par_qui_de_droit() -> None:
    terme = date(2027, 8, 1)
    avec = _prononcee(_decision(Sanction.EXCLUSION_DE_L_ETABLISSEMENT, sursis_jusqu_au=terme))
    plus_tard = LUNDI + timedelta(days=60)
    with pytest.raises(Refus, match="sursis"):
        jouer(avec, Acte(Etape.EXECUTION, plus_tard))
    revoquee = jouer(avec, Acte(Etape.REVOCATION_SURSIS, plus_tard))
    assert jouer(revoquee, Acte(Etape.EXECUTION, plus_tard)).etat is Etat.EXECUTEE
    with pytest.raises(Refus, match="délai du sursis"):
        jouer(avec, Acte(Etape.REVOCATION_SURSIS, terme + timedelta(days=1)))
    with pytest.raises(Refus, match="pas assortie"):
        jouer(_prononcee(_decision(Sanction.BLAME)), Acte(Etape.REVOCATION_SURSIS, plus_tard))
    definitive = _prononcee(Decision(Sanction.EXCLUSION_DEFINITIVE, True, sursis_jusqu_au=terme))
    with pytest.raises(Refus, match="seul le conseil"):
        jouer(definitive, Acte(Etape.REVOCATION_SURSIS, plus_tard))
    assert jouer(definitive, Acte(Etape.REVOCATION_SURSIS, plus_tard, par_conseil=True)).revoque_le


@pytest.mark.exigence("DISC-13")
@given(st.integers(0, 8), st.integers(0, 8))
def test_exclusion_revoquee_et_exclusion_nouvelle_tiennent_en_huit_jours(
    nouveaux: int, revoques: int
) -> None:
    refus = empechement(Suite.LES_DEUX, nouveaux=nouveaux, revoques=revoques)
    assert (refus is None) == (nouveaux + revoques <= 8)
    for suite in (Suite.SANCTION_SEULE, Suite.REVOCATION_SEULE):
        assert empechement(suite, nouveaux=nouveaux, revoques=revoques) is None


@pytest.mark.exigence("DISC-13")
def test_seule_une_faute_commise_pendant_le_sursis_permet_de_le_revoquer() -> None:
    sursis = {"prononcee_le": date(2026, 11, 19), "sursis_jusqu_au": date(2027, 8, 1)}
    assert dans_le_sursis(date(2027, 8, 1), **sursis)
    assert not dans_le_sursis(date(2026, 11, 18), **sursis)
    assert not dans_le_sursis(date(2027, 8, 2), **sursis)


@pytest.mark.exigence("DISC-21")
def test_une_mesure_respectee_remplace_l_exclusion_une_mesure_manquee_la_rend_executoire() -> None:
    jour = LUNDI + timedelta(days=5)
    proposee = _prononcee(_decision(Sanction.EXCLUSION_DE_LA_CLASSE, mesure=Mesure.PROPOSEE))
    assert Etape.EXECUTION not in possibles(proposee, jour)
    acceptee = jouer(proposee, Acte(Etape.MESURE_ACCEPTEE, jour))
    assert jouer(acceptee, Acte(Etape.MESURE_RESPECTEE, jour)).etat is Etat.EXECUTEE
    manquee = jouer(acceptee, Acte(Etape.MESURE_MANQUEE, jour))
    assert jouer(manquee, Acte(Etape.EXECUTION, jour)).etat is Etat.EXECUTEE
    assert Etape.EXECUTION in possibles(jouer(proposee, Acte(Etape.MESURE_REFUSEE, jour)), jour)


@pytest.mark.exigence("DISC-28")
def test_l_appel_devant_le_recteur_est_du_conseil_et_tient_en_huit_jours() -> None:
    conseil = _prononcee(Decision(Sanction.EXCLUSION_DEFINITIVE, True))
    notifiee = LUNDI + timedelta(days=8)
    assert Etape.APPEL in possibles(conseil, notifiee + timedelta(days=8))
    assert Etape.APPEL not in possibles(conseil, notifiee + timedelta(days=9))
    assert Etape.APPEL not in possibles(_prononcee(_decision(Sanction.BLAME)), notifiee)
    dit = " ".join(voies_de_recours(par_conseil=True))
    assert all(mots in dit for mots in ("recteur", "huit jours", "délai d'un mois", "exécutoire"))
    assert "deux mois" in " ".join(voies_de_recours(par_conseil=False))


@pytest.mark.exigence("DISC-19")
def test_violence_sur_un_personnel_saisir_le_conseil_violence_verbale_engager() -> None:
    verbale, physique = MotifDiscipline.VIOLENCE_VERBALE, MotifDiscipline.VIOLENCE_PHYSIQUE
    assert obligation(physique, personnel_vise=True) is Obligation.SAISIR_LE_CONSEIL
    assert obligation(physique, personnel_vise=False) is Obligation.ENGAGER
    assert obligation(verbale, personnel_vise=True) is Obligation.ENGAGER
    assert obligation(verbale, personnel_vise=False) is None
    assert obligation(MotifDiscipline.BAVARDAGE, personnel_vise=True) is None


@pytest.mark.exigence("DISC-08")
@pytest.mark.exigence("DISC-27")
def test_l_echelle_est_celle_du_texte_dans_son_ordre() -> None:
    assert [(int(s), s.name) for s in Sanction] == [
        (1, "AVERTISSEMENT"),
        (2, "BLAME"),
        (3, "MESURE_DE_RESPONSABILISATION"),
        (4, "EXCLUSION_DE_LA_CLASSE"),
        (5, "EXCLUSION_DE_L_ETABLISSEMENT"),
        (6, "EXCLUSION_DEFINITIVE"),
    ]
