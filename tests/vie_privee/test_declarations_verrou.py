"""Le verrou fige ce qu'une brique déclare ; le code qui s'en écarte ne démarre pas."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import String, Text

from ent_core.chargement.decouverte import charger, verrou_de
from ent_core.contrat.donnees import Duree
from ent_core.contrat.resultats import Niveau
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.empreinte import Forme, canonique
from ent_core.vie_privee.registre import DeclarationBrique
from ent_core.vie_privee.verrou import (
    NOM_DU_VERROU,
    Verrou,
    chemin_du_verrou,
    controler_verrou,
    ecrire,
    lire,
    verrouiller,
)

from .declarations_essai import CONSERVATION, brique, donnee, neutre, table, tables


def forme(*, version: int = 1, mois: int = 3) -> Forme:
    conservation = replace(CONSERVATION, duree=Duree(mois=mois))
    return canonique(brique(version=version, conservation=conservation))


@pytest.fixture
def verrou(tmp_path: Path) -> Path:
    chemin = tmp_path / NOM_DU_VERROU
    ecrire(chemin, verrouiller("suivi", "0.1.0", forme(), None))
    return chemin


def codes(chemin: Path, declarations: Forme, *, production: bool = True) -> list[str]:
    return [a.code for a in controler_verrou("suivi", declarations, chemin, production=production)]


def test_le_code_qui_dit_ce_que_dit_le_verrou_demarre(verrou: Path) -> None:
    assert codes(verrou, forme()) == []


@pytest.mark.exigence("RGPD-REG-03")
def test_le_code_qui_s_ecarte_du_verrou_est_refuse_et_l_ecart_est_dit(verrou: Path) -> None:
    (anomalie,) = controler_verrou("suivi", forme(version=2, mois=4), verrou, production=False)
    assert (anomalie.code, anomalie.niveau) == ("VERROU-003", Niveau.ERREUR)
    assert "4 mois (avant : 3 mois)" in anomalie.message
    assert "ent registre verrouiller suivi" in anomalie.remede


def test_une_version_qui_monte_seule_s_ecarte_aussi(verrou: Path) -> None:
    assert codes(verrou, forme(version=2)) == ["VERROU-003"]


def test_un_verrou_absent_avertit_a_l_essai_et_arrete_en_production(tmp_path: Path) -> None:
    for production, niveau in ((False, Niveau.AVERTISSEMENT), (True, Niveau.ERREUR)):
        (anomalie,) = controler_verrou("suivi", forme(), tmp_path / NOM_DU_VERROU, production=production)
        assert (anomalie.code, anomalie.niveau) == ("VERROU-001", niveau)


@pytest.mark.parametrize(
    "contenu", ["", "[]", "{}", '{"brique": 1, "declarations": {}, "versions": []}', "\x00"]
)
def test_un_verrou_illisible_est_refuse(tmp_path: Path, contenu: str) -> None:
    chemin = tmp_path / NOM_DU_VERROU
    chemin.write_text(contenu, "utf-8")
    assert codes(chemin, forme()) == ["VERROU-002"]


def test_un_verrou_retouche_a_la_main_est_refuse(verrou: Path) -> None:
    lu = json.loads(verrou.read_text("utf-8"))
    lu["declarations"]["traitements"]["suivi.notes"]["conservation"]["duree"]["mois"] = 9
    verrou.write_text(json.dumps(lu), "utf-8")
    assert codes(verrou, lu["declarations"]) == ["VERROU-004"]


def test_un_changement_sans_version_ne_se_verrouille_pas(verrou: Path) -> None:
    with pytest.raises(OperationRefusee) as refus:
        verrouiller("suivi", "0.2.0", forme(mois=4), lire(verrou))
    assert "suivi.notes (version 1)" in refus.value.message


def test_un_changement_avec_sa_version_s_ajoute_a_la_suite(verrou: Path) -> None:
    suivant = verrouiller("suivi", "0.1.0", forme(version=2, mois=4), lire(verrou))
    ecrire(verrou, suivant)
    assert [v["traitements"]["suivi.notes"] for v in lire(verrou).versions] == [1, 2]
    assert codes(verrou, forme(version=2, mois=4)) == []


def test_une_suite_ou_la_version_n_a_pas_monte_est_refusee(verrou: Path) -> None:
    """Un verrou changé à la main, empreinte recalculée comprise, se trahit par sa suite de versions."""
    ancien, change = lire(verrou), forme(mois=4)
    faux = verrouiller("suivi", "0.1.0", change, None).versions[-1]
    ecrire(verrou, Verrou("suivi", change, (*ancien.versions, faux)))
    assert codes(verrou, change) == ["VERROU-004"]


def test_une_table_sans_traitement_suit_la_version_de_la_brique() -> None:
    def sans(*colonnes: str) -> Forme:
        metadata = tables()
        elements = [neutre(nom, String(4)) for nom in colonnes]
        return canonique(brique(table(metadata, "suivi_rang", *elements, sujets=(), traitement=None)))

    ancien = verrouiller("suivi", "0.1.0", sans(), None)
    with pytest.raises(OperationRefusee):
        verrouiller("suivi", "0.1.0", sans("rang"), ancien)
    assert len(verrouiller("suivi", "0.2.0", sans("rang"), ancien).versions) == 2


def test_verrouiller_deux_fois_ne_change_rien(verrou: Path) -> None:
    ancien = lire(verrou)
    assert verrouiller("suivi", "0.1.0", forme(), ancien) is ancien
    avant = verrou.read_bytes()
    ecrire(verrou, ancien)
    assert verrou.read_bytes() == avant


def test_la_forme_survit_a_son_json(verrou: Path) -> None:
    declaree = DeclarationBrique("suivi", (table(tables(), "suivi_note", donnee("t", Text, libre=True)),), ())
    assert json.loads(json.dumps(canonique(declaree))) == canonique(declaree)
    assert lire(verrou).declarations == forme()


def test_le_verrou_voyage_dans_le_paquet_sinon_a_cote_du_pyproject(tmp_path: Path) -> None:
    paquet = tmp_path / "ent_suivi"
    paquet.mkdir()
    assert chemin_du_verrou(paquet) == paquet / NOM_DU_VERROU
    (tmp_path / "pyproject.toml").touch()
    assert chemin_du_verrou(paquet) == tmp_path / NOM_DU_VERROU
    (paquet / NOM_DU_VERROU).touch()
    assert chemin_du_verrou(paquet) == paquet / NOM_DU_VERROU


def test_les_verrous_livres_sont_a_jour() -> None:
    for livree in charger(["annonces"]).briques:
        chemin = verrou_de(livree)
        assert chemin is not None
        assert (
            list(
                map(
                    str, controler_verrou(livree.id, canonique(livree.declaration()), chemin, production=True)
                )
            )
            == []
        )
