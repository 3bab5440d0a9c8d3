"""Les règles des messages, sans base : l'heure, le canal, les mots."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ent_core.messages import textes
from ent_core.messages.canaux import Canal, choisir
from ent_core.messages.destinataires import Joignable
from ent_core.messages.heures import PAR_DEFAUT, Reglage, depart, ouvre_a
from ent_core.messages.transports import numero_international
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.configuration import Courriel

TOUS = frozenset(Canal)


def a(jour: int, heures: int, minutes: int = 0, mois: int = 9) -> datetime:
    """Un instant de l'automne 2026, à l'heure de Paris ; le 7 septembre est un lundi."""
    return datetime(2026, mois, jour, heures, minutes, tzinfo=FUSEAU)


@pytest.mark.parametrize(
    ("demande", "part"),
    [
        (a(7, 10), a(7, 10, 10)),
        (a(7, 19, 49), a(7, 19, 59)),
        (a(7, 19, 50), a(8, 7)),
        (a(7, 23), a(8, 7)),
        (a(8, 3), a(8, 7)),
        (a(11, 19, 55), a(14, 7)),
        (a(12, 11), a(14, 7)),
        (a(13, 22), a(14, 7)),
        # La nuit où l'heure change, sept heures reste sept heures à Paris.
        (a(25, 2, 30, mois=10), a(26, 7, mois=10)),
    ],
)
def test_rien_ne_part_la_nuit_ni_en_fin_de_semaine(demande: datetime, part: datetime) -> None:
    assert depart(PAR_DEFAUT, demande.astimezone(UTC)) == part


def test_un_sujet_urgent_part_a_toute_heure_mais_jamais_avant_qu_on_ait_pu_l_annuler() -> None:
    assert depart(PAR_DEFAUT, a(12, 23), urgent=True) == a(12, 23, 10)


@pytest.mark.parametrize(
    ("demande", "part"),
    [(a(7, 9), a(7, 18)), (a(7, 17, 55), a(8, 18)), (a(11, 18, 30), a(14, 18)), (a(12, 9), a(14, 18))],
)
def test_un_resume_part_a_son_heure_le_premier_jour_ouvert(demande: datetime, part: datetime) -> None:
    assert depart(PAR_DEFAUT, demande, resume=True) == part


def test_un_etablissement_peut_ecrire_le_samedi() -> None:
    assert depart(Reglage(fin_de_semaine=True), a(12, 9)) == a(12, 9, 10)
    assert depart(Reglage(fin_de_semaine=True), a(12, 21)) == a(13, 7)


@given(
    demande=st.integers(0, 365 * 86400).map(
        lambda s: datetime(2026, 8, 1, tzinfo=UTC) + timedelta(seconds=s)
    ),
    soir=st.integers(12, 23),
    matin=st.integers(0, 11),
    samedi=st.booleans(),
    resume=st.booleans(),
    delai=st.integers(0, 120),
    attente=st.none() | st.integers(0, 30 * 1440),
)
def test_un_depart_est_toujours_apres_le_delai_et_hors_du_silence(
    demande: datetime, soir: int, matin: int, samedi: bool, resume: bool, delai: int, attente: int | None
) -> None:
    reglage = Reglage(time(soir), time(matin), samedi, time(matin + (soir - matin) // 2), delai, 30)
    pas_avant = None if attente is None else demande + timedelta(minutes=attente)
    part = depart(reglage, demande, resume=resume, pas_avant=pas_avant)
    local = part.astimezone(FUSEAU)
    assert part >= max(demande + timedelta(minutes=delai), pas_avant or demande)
    assert part - (pas_avant or demande) < timedelta(days=4, hours=1)
    assert time(matin) <= local.time() < time(soir)
    assert samedi or local.weekday() < 5
    assert ouvre_a(reglage, part) == part


def joignable(qualite: str = "famille", **valeurs: object) -> Joignable:
    base: dict[str, object] = {
        "courriel": "", "mobile": "", "compte": False, "canal": "", "resume": False, "opposee": False,
    }  # fmt: skip
    return Joignable(uuid4(), qualite, **(base | valeurs))  # type: ignore[arg-type] # valeurs d'essai


@pytest.mark.parametrize(
    ("personne", "urgent", "canal"),
    [
        (joignable(courriel="a@b.example", mobile="06"), False, Canal.COURRIEL),
        (joignable(courriel="a@b.example", mobile="06"), True, Canal.SMS),
        (joignable(mobile="06", compte=True), False, Canal.ENT),
        (joignable(mobile="06", canal="sms", compte=True), False, Canal.SMS),
        (joignable(canal="sms", compte=True), False, Canal.ENT),
        (joignable(canal="ent"), False, Canal.PAPIER),
        (joignable(), False, Canal.PAPIER),
        (joignable(courriel="a@b.example", opposee=True, canal="sms", mobile="06"), True, Canal.PAPIER),
    ],
)
def test_une_famille_est_jointe_par_ce_qu_elle_prefere_puis_par_ce_qui_est_possible(
    personne: Joignable, urgent: bool, canal: Canal
) -> None:
    assert choisir(personne, TOUS, urgent=urgent) is canal


@pytest.mark.exigence("SURV-05")
@pytest.mark.parametrize("qualite", ["personnel", "eleve"])
def test_un_agent_ou_un_eleve_n_est_rappele_hors_de_l_ent_que_s_il_le_demande(qualite: str) -> None:
    tout = {"courriel": "a@b.example", "mobile": "06", "compte": True}
    assert choisir(joignable(qualite, **tout), TOUS, urgent=True) is Canal.ENT
    assert choisir(joignable(qualite, **tout, canal="courriel"), TOUS, urgent=False) is Canal.COURRIEL


def test_un_canal_ferme_dans_l_instance_n_est_jamais_choisi() -> None:
    personne = joignable(courriel="a@b.example", mobile="06", canal="sms")
    assert choisir(personne, {Canal.ENT, Canal.PAPIER}, urgent=True) is Canal.PAPIER


@pytest.mark.parametrize(
    ("mobile", "numero"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("07.12.34.56.78", "+33712345678"),
        ("0690 12 34 56", "+590690123456"),
        ("+32 470 12 34 56", "+32470123456"),
        ("0032470123456", "+32470123456"),
        ("01 23 45 67 89", None),
        ("06 12 34", None),
        ("néant", None),
        ("", None),
    ],
)
def test_un_numero_de_mobile_se_lit_ou_se_refuse(mobile: str, numero: str | None) -> None:
    assert numero_international(mobile) == numero


@pytest.mark.exigence("CARNET-17")
def test_les_textes_qui_sortent_ne_peuvent_dire_ni_motif_ni_nature() -> None:
    for texte in (textes.courriel, textes.sms):
        assert set(inspect.signature(texte).parameters) == {"ecole", "produit", "adresse_ent", "nombre"}
    assert set(inspect.signature(textes.bordereau).parameters) == {"nombre"}
    dit = textes.courriel("Collège des Essais", "ENT", "https://ent.example", 1).lower()
    for mot in ("absence", "retard", "sanction", "punition", "note", "santé", "élève", "enfant"):
        assert mot not in dit


@pytest.mark.parametrize("ecole", ["Collège Pé", "Lycée polyvalent " * 12])
@pytest.mark.parametrize("nombre", [1, 12])
def test_un_sms_tient_en_un_seul_message(ecole: str, nombre: int) -> None:
    dit = textes.sms(ecole, "ENT", "https://ent.exemple.fr", nombre)
    assert len(dit) <= 160
    assert dit.endswith("https://ent.exemple.fr/messages")


@pytest.mark.parametrize(
    "valeurs",
    [
        {"hote": "smtp.example"},
        {"hote": "smtp.example", "expediteur": "ent@a.example", "securite": "aucune"},
        {"securite": "ssl"},
        {"adresse_ent": "ent.example"},
    ],
)
def test_un_serveur_de_courrier_mal_regle_empeche_de_demarrer(valeurs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="«"):
        Courriel(**valeurs)  # type: ignore[arg-type] # valeurs d'essai
