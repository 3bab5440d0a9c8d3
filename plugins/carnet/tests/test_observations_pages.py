"""Noter une observation : un mot de la liste, une séance du jour ; la famille la lit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import Creneau

from ent_carnet import brique

PAGE = "/carnet/observations"
HUIT = datetime(2026, 9, 7, 6, tzinfo=UTC)


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Le carnet est ouvert, le lundi 7 septembre 2026, 8 h."""
    return application_avec(brique)


def _cours(ecole: InstanceEssai) -> UUID:
    with ecole.base.academie("essai : cours") as session:
        creneau = Creneau(
            uai=ECOLE, annee=ANNEE, debut=HUIT, fin=HUIT + timedelta(minutes=55), matiere="061300",
            division_id=ecole.annuaire.divisions[ECOLE],
        )  # fmt: skip
        session.add(creneau)
        session.flush()
        return creneau.id


@pytest.mark.exigence("CARNET-15")
def test_une_observation_est_un_mot_choisi_rattache_a_une_seance_du_jour(ecole: InstanceEssai) -> None:
    eleve, enseignant = str(ecole.annuaire["eleve"]), ecole.client("enseignant")
    sans_cours = enseignant.get(f"{PAGE}/nouvelle?eleve={eleve}")
    assert "Une observation se rattache à une séance du jour." in sans_cours.text
    envoi = {"eleve": eleve, "mot": "entraide", "seance": str(_cours(ecole))}
    for faux in ({"mot": "dix sur vingt"}, {"seance": ""}, {"seance": str(uuid4())}):
        refusee = enseignant.post(f"{PAGE}/nouvelle", data=envoi | faux)
        assert refusee.status_code == 422, faux
    assert "Aucune observation" in enseignant.get(PAGE).text
    assert enseignant.post(f"{PAGE}/nouvelle", data=envoi).status_code == 302
    assert "Entraide" in enseignant.get(PAGE).text
    assert "Entraide" in ecole.client("parent").get("/carnet/famille").text
    # Qui n'a pas cette classe n'a pas cet élève ; la famille n'écrit pas.
    assert ecole.client("collegue").post(f"{PAGE}/nouvelle", data=envoi).status_code == 404
    assert ecole.client("parent").get(PAGE).status_code == 403


@pytest.mark.exigence("CARNET-18")
def test_une_observation_retiree_ne_se_lit_plus(ecole: InstanceEssai) -> None:
    envoi = {"eleve": str(ecole.annuaire["eleve"]), "mot": "progres", "seance": str(_cours(ecole))}
    enseignant = ecole.client("enseignant")
    enseignant.post(f"{PAGE}/nouvelle", data=envoi)
    trouve = re.search(rf'action="({PAGE}/[^"]+/retirer)"', enseignant.get(PAGE).text)
    assert trouve
    retrait = trouve[1]
    assert ecole.client("collegue").post(retrait).status_code == 404
    assert enseignant.post(retrait).status_code == 302
    assert "Progrès" not in ecole.client("parent").get("/carnet/famille").text
    assert "Aucune observation" in enseignant.get(PAGE).text
    assert enseignant.post(retrait).status_code == 404
