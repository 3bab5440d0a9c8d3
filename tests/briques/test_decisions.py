"""Les décisions se lisent d'un coup, et leurs dates se disent partout de la même façon."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ent_core.chargement.decouverte import charger
from ent_core.cli import ent
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.identite.modeles import Etablissement
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.configuration import charger as lire
from ent_core.socle.erreurs import AnomaliesTrouvees, ConfigurationInvalide

from .brique_visible import PAGE, brique_visible

LUNDI, MARDI = date(2026, 9, 7), date(2026, 9, 8)


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(brique_visible(), ouvertes=False)


def test_plusieurs_etablissements_se_lisent_en_un_enonce_et_comme_un_seul(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", None)
    instance.fermer("panneau", ECOLE)
    uais, jour = ["", ECOLE, AUTRE, RECTORAT], instance.horloge.aujourd_hui()
    activation = instance.ent.activation
    with instance.base.academie("essai") as session:
        session.connection()
        with compter_enonces(instance.base) as enonces:
            ensemble = activation.decisions_de(session, uais, jour)
        assert len(enonces) == 1
        assert ensemble == {uai: activation.decisions(session, uai, jour) for uai in uais}
    assert {uai: d["panneau"].ouverte for uai, d in ensemble.items()} == {
        "": True, ECOLE: False, AUTRE: True, RECTORAT: True
    }  # fmt: skip


@pytest.mark.parametrize("adresse", ["/administration/etablissements", "/api/v1/etablissements"])
def test_la_liste_des_etablissements_a_un_nombre_d_enonces_fixe(
    instance: InstanceEssai, adresse: str
) -> None:
    instance.ouvrir("panneau", None)
    client = instance.client("administrateur_academique")

    def compter() -> int:
        with compter_enonces(instance.base) as enonces:
            reponse = client.get(adresse)
        assert reponse.status_code == 200
        assert "Panneau" in reponse.text
        return len(enonces)

    compter()
    peu = compter()
    with instance.base.academie("essai") as session:
        session.add_all(
            Etablissement(uai=f"09920{rang:02}A", nom=f"Collège {rang}", degre=2) for rang in range(20)
        )
    assert compter() == peu


# --- Le dernier jour est compris -----------------------------------------------------------------


def test_dans_le_fichier_le_dernier_jour_est_compris(application_avec: FabriqueInstance) -> None:
    pilote = BasculeFichier(brique="panneau", etablissements=(ECOLE,), du=LUNDI, au=LUNDI)
    instance = application_avec(
        brique_visible(), ouvertes=False, configuration=configuration_essai(bascules=(pilote,))
    )
    instance.reconcilier()
    assert instance.client("enseignant").get(PAGE).status_code == 200
    instance.horloge.avancer(timedelta(days=1))
    assert instance.client("enseignant").get(PAGE).status_code == 404


def test_l_ancienne_ecriture_du_fichier_est_refusee_et_dit_les_cles(tmp_path: Path) -> None:
    fichier = tmp_path / "ent.toml"
    fichier.write_text('[[bascules]]\nbrique = "panneau"\nfin = 2027-07-05\n', "utf-8")
    with pytest.raises(
        ConfigurationInvalide, match="« fin » dans la section \\[bascules\\] est inconnue"
    ) as refus:
        lire(fichier, {})
    assert refus.value.remede == "clés permises : au, brique, du, etablissements, ouverte."


def test_un_dernier_jour_sans_lendemain_est_refuse(tmp_path: Path) -> None:
    fichier = tmp_path / "ent.toml"
    fichier.write_text('[[bascules]]\nbrique = "panneau"\nau = 9999-12-31\n', "utf-8")
    with pytest.raises(ConfigurationInvalide, match="l'omettre"):
        lire(fichier, {})


def test_dans_le_fichier_un_seul_jour_est_permis_et_pas_l_envers(application_avec: FabriqueInstance) -> None:
    envers = BasculeFichier(brique="panneau", du=MARDI, au=LUNDI)
    with pytest.raises(AnomaliesTrouvees) as refus:
        application_avec(brique_visible(), configuration=configuration_essai(bascules=(envers,)))
    assert [a.code for a in refus.value.anomalies] == ["CONF-006"]


def test_la_commande_dit_le_dernier_jour_compris(
    fabrique_bases: Fabrique, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    adresses = fabrique_bases.migree(charger(["annonces"]).distributions)
    base = fabrique_bases.ouvrir(adresses.application)
    with base.academie("essai") as session:
        session.add(Etablissement(uai=ECOLE, nom="Collège", degre=2))
    monkeypatch.setenv("ENT_BASE", adresses.application.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_BRIQUES_CHARGEES", "annonces")
    monkeypatch.chdir(tmp_path)

    def lancer(*arguments: str) -> str:
        fini = CliRunner().invoke(ent, ["brique", *arguments])
        assert fini.exit_code == 0, fini.exception
        return fini.output

    dates = ("--etablissement", ECOLE, "--du", "2026-09-07", "--au", "2026-09-11")
    assert "et jusqu'au 11/09/2026" in lancer("ouvrir", "annonces", *dates)
    assert json.loads(lancer("ouvrir", "annonces", *dates, "--json"))["au"] == "2026-09-11"
    histoire = json.loads(lancer("historique", "annonces", "--json"))
    assert {(d["du"], d["au"]) for d in histoire} == {("2026-09-07", "2026-09-11")}
    base.fermer()
    fabrique_bases.retirer(adresses)
