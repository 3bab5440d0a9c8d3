"""Le carnet, ouvert par étapes : fermé par défaut, au second degré, une fois ses préalables attestés."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ent_carnet import brique
from ent_carnet.prealables import PREALABLES

from ent_core.cli import ent
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import Etablissement

ELEMENTAIRE, LETTRE = "0991009E", "/carnet/papier/presentation"


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Le carnet est chargé, fermé partout ; une école élémentaire s'ajoute aux deux collèges."""
    prete = application_avec(brique, ouvertes=False)
    with prete.base.academie("essai : école") as session:
        session.add(Etablissement(uai=ELEMENTAIRE, nom="École du Bourg", degre=1))
    return prete


@pytest.fixture
def lancer(instance: InstanceEssai, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Lance ``ent`` sur la base de l'instance."""
    monkeypatch.setenv("ENT_BASE", instance.base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_BRIQUES_CHARGEES", "carnet")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(ent, arguments)


@pytest.mark.exigence("CARNET-02")
@pytest.mark.exigence("CARNET-03")
@pytest.mark.exigence("CARNET-06")
@pytest.mark.exigence("SURV-06")
def test_le_carnet_s_ouvre_une_fois_les_familles_et_les_personnels_informes(
    instance: InstanceEssai, lancer: Callable[..., Result]
) -> None:
    direction, cpe = instance.client("direction"), instance.client("cpe")
    assert cpe.get("/carnet/tableau").status_code == 404, "sans décision, il est fermé"
    assert direction.get(LETTRE).status_code == 404
    assert lancer("brique", "ouvrir", "carnet", "--etablissement", ELEMENTAIRE).exit_code != 0
    ouvert = lancer("brique", "ouvrir", "carnet", "--etablissement", ECOLE, "--du", "2026-01-01")
    assert "ses préalables sont attestés" in ouvert.output, ouvert.exception

    assert cpe.get("/carnet/tableau").status_code == 404, "ouvert, il attend"
    lettre = direction.get(LETTRE)
    assert "Un code provisoire vous est remis à part" in lettre.text, "la lettre s'imprime avant d'ouvrir"
    adresse = {"adresse": "https://college.example/reglement"}
    assert direction.post("/carnet/reglement", data=adresse).status_code == 302, "et ce qu'elle envoie"
    assert adresse["adresse"] in direction.get("/carnet/reglement").text
    reglage = direction.get("/administration/briques/carnet").text
    assert f'href="{LETTRE}"' in reglage
    for texte in (
        "avis de la CNIL",
        "R. 421-20",
        "RGPD, article 13",
        "R. 421-5",
        "Lire et imprimer la lettre",
    ):
        assert texte in reglage, "chaque préalable dit son texte"

    def etats() -> dict[str, bool]:
        lus = json.loads(lancer("etablissement", "prealables", ECOLE, "carnet", "--json").output)
        return {p["cle"]: p["atteste_le"] is not None for p in lus}

    assert etats() == dict.fromkeys(("courrier", "papier", "conseil", "personnels", "reglement"), False)
    assert lancer("etablissement", "prealables", ECOLE, "carnet", "--attester", "inconnu").exit_code != 0
    cles = [morceau for p in PREALABLES[1:] for morceau in ("--attester", p.cle)]
    lancer("etablissement", "prealables", ECOLE.lower(), "carnet", *cles)
    assert cpe.get("/carnet/tableau").status_code == 404
    attente = json.loads(lancer("brique", "deploiement", "carnet", "--json").output)
    assert {e["uai"]: (e["etape"], e["restent"]) for e in attente["etablissements"]} == {
        ECOLE: ("en attente", [PREALABLES[0].titre]), AUTRE: ("fermée", [])
    }  # fmt: skip
    assert (attente["hors_degre"], attente["pilotes"]) == (1, 1)
    assert "en attente : 1, fermée : 1 ; pilotes : 1" in lancer("brique", "deploiement", "carnet").output

    lancer("etablissement", "prealables", ECOLE, "carnet", "--attester", "courrier")
    assert cpe.get("/carnet/tableau").status_code == 200
    assert "courrier" in lancer("etablissement", "prealables", ECOLE).output
    lancer("etablissement", "prealables", ECOLE, "carnet", "--retirer", "papier")
    assert cpe.get("/carnet/tableau").status_code == 404
    assert etats()["papier"] is False
