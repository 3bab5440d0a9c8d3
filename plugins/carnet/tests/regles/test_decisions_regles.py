"""Les règles pures des décisions : états d'une autorisation, motifs contraires, finesse d'un instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from ent_carnet.nomenclatures import ActeDemandeAbsence, EtatDemandeAbsence
from ent_carnet.regles.demande_absence import OUVERTS, derniere_date, etat, suites
from ent_carnet.regles.desaccords import MotifDonne, contraires
from ent_carnet.regles.finesse import du_jour

LUNDI = date(2026, 9, 7)
HUIT = datetime(2026, 9, 7, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Demande:
    """Les dates d'une demande."""

    invitee_le: date = LUNDI
    recue_le: date | None = None
    transmise_le: date | None = None
    repondue_le: date | None = None
    reponse: str | None = None
    levee_le: date | None = None


RECUE = Demande(recue_le=LUNDI)
TRANSMISE = replace(RECUE, transmise_le=LUNDI + timedelta(days=1))
ACCORDEE = replace(TRANSMISE, repondue_le=LUNDI + timedelta(days=9), reponse="accordee")


@pytest.mark.exigence("ABS-05")
@pytest.mark.parametrize(
    ("demande", "attendu", "actes"),
    [
        (Demande(), "invitee", {"recevoir", "lever"}),
        (RECUE, "recue", {"transmettre", "lever"}),
        (TRANSMISE, "transmise", {"accorder", "refuser"}),
        (ACCORDEE, "accordee", set()),
        (replace(ACCORDEE, reponse="refusee"), "refusee", set()),
        (replace(RECUE, levee_le=LUNDI), "levee", set()),
    ],
)
def test_chaque_etat_se_lit_des_dates_et_ne_mene_qu_a_ses_suites(
    demande: Demande, attendu: str, actes: set[str]
) -> None:
    assert etat(demande) is EtatDemandeAbsence(attendu)
    assert set(suites(demande)) == {ActeDemandeAbsence(acte) for acte in actes}
    assert (etat(demande) in OUVERTS) is bool(actes)


def test_une_etape_ne_precede_pas_la_derniere() -> None:
    assert derniere_date(Demande()) == LUNDI
    assert derniere_date(ACCORDEE) == LUNDI + timedelta(days=9)


@pytest.mark.exigence("FAM-05")
def test_deux_motifs_se_contredisent_de_deux_personnes_sur_un_meme_moment() -> None:
    eleve, premier, second, maladie, voyage = (uuid4() for _ in range(5))
    un = MotifDonne(uuid4(), eleve, premier, HUIT, HUIT + timedelta(hours=2), "absence", maladie)
    autre = replace(un, id=uuid4(), declarant=second, motif=voyage)
    assert contraires([un, autre]) == {un.id: {autre.id}, autre.id: {un.id}}
    for sans in (
        replace(autre, motif=maladie),
        replace(autre, declarant=premier),
        replace(autre, declarant=None),
        replace(autre, genre="retard"),
        replace(autre, eleve=uuid4()),
        replace(autre, debut=HUIT + timedelta(hours=2), fin=HUIT + timedelta(hours=3)),
    ):
        assert contraires([un, sans]) == {}


@pytest.mark.exigence("SURV-02")
def test_un_instant_de_saisie_ne_se_montre_que_le_jour_meme_a_l_heure_de_paris() -> None:
    tard = datetime(2026, 9, 7, 22, 30, tzinfo=UTC)  # le 8 à Paris
    assert du_jour(HUIT, LUNDI) == HUIT
    assert du_jour(HUIT, LUNDI + timedelta(days=1)) is None
    assert du_jour(tard, LUNDI) is None
    assert du_jour(tard, LUNDI + timedelta(days=1)) == tard
    assert du_jour(None, LUNDI) is None
