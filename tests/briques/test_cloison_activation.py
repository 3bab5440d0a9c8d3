"""Une brique ouverte ici existe ici, et nulle part ailleurs : page, API, menu et accueil."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import AnomaliesTrouvees, DonneeInvalide, Introuvable

from .brique_visible import API, PAGE, brique_visible

ICI, AILLEURS = "enseignant", "enseignant_autre"
LUNDI, MARDI = date(2026, 9, 7), date(2026, 9, 8)


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Le panneau est chargé, fermé partout ; on est le lundi 7 septembre 2026."""
    return application_avec(brique_visible(), ouvertes=False)


def statuts(instance: InstanceEssai, role: str) -> tuple[int, int]:
    client = instance.client(role)
    return client.get(PAGE).status_code, client.get(API).status_code


@pytest.mark.exigence("ENT-22")
def test_chargee_mais_fermee_elle_n_existe_nulle_part(instance: InstanceEssai) -> None:
    assert statuts(instance, ICI) == (404, 404)
    accueil = instance.client(ICI).get("/").text
    assert "Panneau" not in accueil
    assert "Annonces du panneau" not in accueil


@pytest.mark.exigence("ENT-22")
def test_ouverte_dans_un_college_elle_n_existe_que_la(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", ECOLE)
    assert statuts(instance, ICI) == (200, 200)
    assert statuts(instance, AILLEURS) == (404, 404)
    ici, ailleurs = instance.client(ICI).get("/").text, instance.client(AILLEURS).get("/").text
    assert PAGE in ici
    assert "Annonces du panneau" in ici
    assert PAGE not in ailleurs
    assert "Annonces du panneau" not in ailleurs


def test_fermee_elle_disparait_pour_une_personne_deja_connectee(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", ECOLE)
    client = instance.client(ICI)
    assert client.get(PAGE).status_code == 200
    instance.fermer("panneau", ECOLE)
    assert client.get(PAGE).status_code == 404
    assert client.get(API).status_code == 404


def test_une_ouverture_a_venir_attend_son_jour_et_s_arrete_au_sien(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", ECOLE, debut=MARDI, fin=MARDI + timedelta(days=1))
    assert statuts(instance, ICI) == (404, 404)
    instance.horloge.avancer(timedelta(days=1))
    assert statuts(instance, ICI) == (200, 200)
    instance.horloge.avancer(timedelta(days=1))
    assert statuts(instance, ICI) == (404, 404)


def test_l_ecole_l_emporte_sur_l_academie(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", None)
    assert statuts(instance, ICI) == statuts(instance, AILLEURS) == (200, 200)
    instance.fermer("panneau", ECOLE)
    assert statuts(instance, ICI) == (404, 404)
    assert statuts(instance, AILLEURS) == (200, 200)


def test_une_fermeture_de_l_academie_n_eteint_pas_un_pilote(instance: InstanceEssai) -> None:
    instance.ouvrir("panneau", ECOLE)
    instance.fermer("panneau", None)
    assert statuts(instance, ICI) == (200, 200)
    assert statuts(instance, AILLEURS) == (404, 404)


def test_le_fichier_ouvre_un_pilote_puis_la_base_decide(application_avec: FabriqueInstance) -> None:
    pilote = BasculeFichier(brique="panneau", etablissements=(ECOLE,), du=LUNDI)
    instance = application_avec(
        brique_visible(), ouvertes=False, configuration=configuration_essai(bascules=(pilote,))
    )
    instance.reconcilier()
    assert statuts(instance, ICI) == (200, 200)
    assert statuts(instance, AILLEURS) == (404, 404)
    instance.fermer("panneau", ECOLE)
    assert statuts(instance, ICI) == (404, 404)


def test_une_bascule_du_fichier_pour_une_brique_absente_arrete_le_demarrage(
    application_avec: FabriqueInstance,
) -> None:
    configuration = configuration_essai(bascules=(BasculeFichier(brique="panneaux"),))
    with pytest.raises(AnomaliesTrouvees) as refus:
        application_avec(brique_visible(), configuration=configuration)
    assert [a.code for a in refus.value.anomalies] == ["CONF-005"]


def test_on_n_ouvre_ni_une_brique_absente_ni_un_etablissement_inconnu(instance: InstanceEssai) -> None:
    with pytest.raises(Introuvable, match="n'est pas chargée"):
        instance.ouvrir("carnaval")
    with pytest.raises(Introuvable, match="0000000X"):
        instance.ouvrir("panneau", "0000000X")
    with pytest.raises(DonneeInvalide, match="la fin précède le début"):
        instance.ouvrir("panneau", ECOLE, debut=MARDI, fin=LUNDI)


def test_deux_applications_d_un_meme_processus_ne_se_melangent_pas(
    application_avec: FabriqueInstance,
) -> None:
    avec, sans = application_avec(brique_visible()), application_avec()
    assert statuts(avec, ICI) == (200, 200)
    assert statuts(sans, ICI) == (404, 404)
