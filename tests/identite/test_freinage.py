"""Le freinage des essais : compteurs, attentes, appareils reconnus."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import freinage
from ent_core.identite.cadence import TropDeDemandes, mesurer
from ent_core.identite.freinage import (
    ECHECS_PAR_JOUR,
    Cibles,
    attente_paire,
    attente_reseau,
    cibler,
    echouer,
    jeton_appareil,
    passer,
)
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe
from tests.identite.comptes_essais import CLE, COFFRE, compteurs

LIBRE = timedelta()
ECOLE, MAISON = "198.51.100.4", "203.0.113.7"


def rater(base: BaseDeDonnees, horloge: HorlogeFixe, cibles: Cibles) -> timedelta:
    """Un essai qui échoue, une fois l'attente écoulée."""
    attente = passer(base, horloge, cibles)
    horloge.avancer(attente)
    if attente:
        assert passer(base, horloge, cibles) == LIBRE
    return echouer(base, horloge, cibles)


@pytest.mark.exigence("CNIL-PWD-02")
def test_cinq_echecs_puis_une_attente_qui_double_jusqu_a_un_quart_d_heure(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    attentes = [rater(base, horloge, cibles).total_seconds() for _ in range(12)]
    assert attentes == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_un_essai_refuse_ne_compte_pas_et_n_allonge_pas_l_attente(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    for _ in range(5):
        rater(base, horloge, cibles)
    for _ in range(20):
        assert passer(base, horloge, cibles) == timedelta(seconds=30)
    horloge.avancer(timedelta(seconds=29))
    assert passer(base, horloge, cibles) == timedelta(seconds=1)
    horloge.avancer(timedelta(seconds=1))
    assert passer(base, horloge, cibles) == LIBRE


def test_une_reussite_efface_les_echecs(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    for _ in range(4):
        rater(base, horloge, cibles)
    assert passer(base, horloge, cibles) == LIBRE
    with base.unite(Portage("essai")) as session:
        freinage.reussir(session, cibles)
    assert [rater(base, horloge, cibles) for _ in range(4)] == [LIBRE] * 4


def test_un_jour_sans_essai_efface_les_echecs(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    for _ in range(8):
        rater(base, horloge, cibles)
    horloge.avancer(timedelta(days=1))
    assert rater(base, horloge, cibles) == LIBRE


def test_un_essai_sans_verdict_est_rendu(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    for _ in range(20):
        assert passer(base, horloge, cibles) == LIBRE
        freinage.rendre(base, cibles)


@pytest.mark.exigence("CNIL-PWD-02")
def test_des_essais_lances_ensemble_ne_passent_pas_mieux_que_l_un_apres_l_autre(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    autre = BaseDeDonnees(base.url, connexions=8)
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    with ThreadPoolExecutor(8) as executeur:
        reponses = list(executeur.map(lambda _: passer(autre, horloge, cibles), range(60)))
    autre.fermer()
    assert reponses.count(LIBRE) == 5


def test_un_echec_reste_compte_quand_la_connexion_echoue_en_route(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    cibles = cibler(COFFRE, horloge, "lea.martin", "", MAISON)
    for _ in range(5):
        assert passer(base, horloge, cibles) == LIBRE
        with base.session(Portage("essai")) as session:
            freinage.reussir(session, cibles)
            session.rollback()
    assert passer(base, horloge, cibles) == timedelta(seconds=30)


def test_les_echecs_d_un_camarade_n_enferment_pas_le_titulaire_dehors(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    temoin = jeton_appareil(COFFRE, "lea.martin")
    camarade = cibler(COFFRE, horloge, "lea.martin", "", ECOLE)
    for _ in range(ECHECS_PAR_JOUR):
        rater(base, horloge, camarade)
    assert passer(base, horloge, cibler(COFFRE, horloge, "lea.martin", temoin, ECOLE)) == LIBRE


def test_un_autre_reseau_a_son_propre_compteur(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    for _ in range(5):
        rater(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", ECOLE))
    assert passer(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", ECOLE)) > LIBRE
    assert passer(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", MAISON)) == LIBRE
    assert passer(base, horloge, cibler(COFFRE, horloge, "paul.durand", "", ECOLE)) == LIBRE


def test_cent_echecs_venus_de_partout_ferment_le_compte_aux_inconnus_jusqu_au_lendemain(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    for numero in range(ECHECS_PAR_JOUR):
        rater(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", f"203.0.{numero}.9"))
    inconnu = cibler(COFFRE, horloge, "lea.martin", "", "192.0.2.1")
    assert passer(base, horloge, inconnu) == timedelta(hours=16), "il est huit heures à Paris"
    with base.unite(Portage("essai")) as session:
        freinage.liberer(session, horloge, COFFRE, "lea.martin")
    assert passer(base, horloge, inconnu) == LIBRE


def test_le_compte_ferme_rouvre_le_lendemain(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    for numero in range(ECHECS_PAR_JOUR):
        rater(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", f"203.0.{numero}.9"))
    horloge.avancer(timedelta(hours=16))
    assert passer(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", "192.0.2.1")) == LIBRE


def test_un_reseau_est_ralenti_et_jamais_bloque(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    for numero in range(120):
        rater(base, horloge, cibler(COFFRE, horloge, f"eleve{numero}", "", ECOLE))
    autre = cibler(COFFRE, horloge, "lea.martin", "", ECOLE)
    attente = passer(base, horloge, autre)
    assert LIBRE < attente <= timedelta(seconds=30)
    reconnu = jeton_appareil(COFFRE, "lea.martin")
    assert passer(base, horloge, cibler(COFFRE, horloge, "lea.martin", reconnu, ECOLE)) == LIBRE
    horloge.avancer(attente)
    assert passer(base, horloge, autre) == LIBRE


def test_un_appareil_garde_plusieurs_comptes_d_une_famille(horloge: HorlogeFixe) -> None:
    temoin = ""
    for enfant in ("lea.martin", "tom.martin", "zoe.martin"):
        temoin = jeton_appareil(COFFRE, enfant, temoin)
    for enfant in ("lea.martin", "tom.martin", "zoe.martin"):
        assert cibler(COFFRE, horloge, enfant, temoin, ECOLE).compte is None
    assert cibler(COFFRE, horloge, "paul.durand", temoin, ECOLE).compte is not None
    assert jeton_appareil(COFFRE, "lea.martin", temoin).count(".") == 3


def test_un_appareil_ne_grossit_pas_sans_fin(horloge: HorlogeFixe) -> None:
    temoin = ""
    for numero in range(40):
        temoin = jeton_appareil(COFFRE, f"eleve{numero}", temoin)
    assert len(temoin) < 256
    assert cibler(COFFRE, horloge, "eleve39", temoin, ECOLE).compte is None
    assert cibler(COFFRE, horloge, "eleve0", temoin, ECOLE).compte is not None


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]{22}){1,8}", fullmatch=True))
def test_un_temoin_invente_ne_fait_reconnaitre_personne(temoin: str) -> None:
    assert cibler(COFFRE, HorlogeFixe(), "lea.martin", temoin, ECOLE).compte is not None
    repris = jeton_appareil(COFFRE, "tom.martin", temoin)
    assert cibler(COFFRE, HorlogeFixe(), "lea.martin", repris, ECOLE).compte is not None


def test_un_temoin_d_une_autre_instance_ne_vaut_rien(horloge: HorlogeFixe) -> None:
    etranger = jeton_appareil(Coffre(CLE + "!"), "lea.martin")
    assert cibler(COFFRE, horloge, "lea.martin", etranger, ECOLE).compte is not None


def test_la_base_ne_garde_ni_identifiant_ni_adresse(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    rater(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", ECOLE))
    gardes = compteurs(base)
    assert {len(compteur.cible) for compteur in gardes} == {32}
    assert len(gardes) == 3


def test_les_vieux_compteurs_s_effacent(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    rater(base, horloge, cibler(COFFRE, horloge, "lea.martin", "", ECOLE))
    horloge.avancer(timedelta(days=1, hours=23))
    rater(base, horloge, cibler(COFFRE, horloge, "tom.martin", "", MAISON))
    horloge.avancer(timedelta(hours=2))
    with base.unite(Portage("essai")) as session:
        assert freinage.purger(session, horloge) == 3
    assert len(compteurs(base)) == 3


@given(st.integers(min_value=-10, max_value=100_000))
def test_l_attente_ne_decroit_jamais_et_reste_bornee(echecs: int) -> None:
    for attente, borne in ((attente_paire, timedelta(minutes=15)), (attente_reseau, timedelta(seconds=30))):
        assert LIBRE <= attente(echecs) <= attente(echecs + 1) <= borne
    assert (attente_paire(echecs) == LIBRE) == (echecs < 5)
    assert (attente_reseau(echecs) == LIBRE) == (echecs < 100)


@pytest.mark.exigence("CNIL-PWD-02")
@given(st.integers(min_value=1, max_value=31))
def test_une_paire_ne_peut_pas_essayer_plus_de_cent_fois_par_jour(jours: int) -> None:
    """La force brute simulée : au mieux cinq essais libres, puis un essai par attente écoulée."""
    essais, temps = 0, timedelta()
    while temps < timedelta(days=jours):
        essais += 1
        temps += attente_paire(essais)
    assert essais <= 10 + 96 * jours


def test_la_cadence_repart_a_chaque_minute_et_dit_combien_attendre(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    def demander() -> None:
        with base.unite(Portage("essai")) as session:
            mesurer(session, horloge, b"cible", 2)

    horloge.avancer(-timedelta(seconds=horloge.maintenant().second))
    demander()
    demander()
    horloge.avancer(timedelta(seconds=45))
    with pytest.raises(TropDeDemandes) as refus:
        demander()
    assert refus.value.attente == 15
    horloge.avancer(timedelta(seconds=15))
    demander()
