"""La page du GAR : ouvrir, fermer, voir ce qui n'est pas parti, confirmer une baisse."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.federation.gar import suivi
from ent_core.federation.gar.baisses import Baisse, Effectif
from ent_core.federation.gar.export import DemandeGar, exporter
from ent_core.federation.gar.modeles import GarEtablissement
from ent_core.identite.fusion import fusionner_personnes
from ent_core.identite.modeles import Personne
from ent_core.socle.configuration import Gar

PAGE = "/administration/gar"


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec()


def _etat(instance: InstanceEssai, uai: str = ECOLE) -> GarEtablissement | None:
    with instance.base.academie("essai") as session:
        return suivi.etat_de(session, uai)


@pytest.mark.exigence("SDET-INT-02")
def test_le_chef_ouvre_voit_ce_qui_n_est_pas_parti_et_ferme(instance: InstanceEssai, tmp_path: Path) -> None:
    chef = instance.client("direction")
    assert (
        "Ouvrir l&#39;envoi au GAR" in chef.get(PAGE).text or "Ouvrir l'envoi au GAR" in chef.get(PAGE).text
    )
    # Un établissement nommé par la page n'est jamais que le sien.
    assert chef.post(f"{PAGE}/decision", data={"ouvert": "1", "uai": AUTRE}).status_code == 404
    assert chef.post(f"{PAGE}/decision", data={"ouvert": "1"}).status_code == 302
    etat = _etat(instance)
    assert etat is not None
    assert etat.ouvert
    with instance.base.academie("essai") as session:
        eleve = session.get(Personne, instance.annuaire["camarade"])
        assert eleve is not None
        eleve.naissance = None
    exporter(instance.base, instance.horloge, Gar(id_ent="ENT99"), DemandeGar(tmp_path))
    page = chef.get(PAGE).text
    assert "La date de naissance manque" in page
    assert "La personne affecte les ressources, et n" in page  # le chef n'a pas d'adresse
    assert str(instance.annuaire["camarade"]) in page
    assert chef.post(f"{PAGE}/decision", data={"ouvert": "0"}).status_code == 302
    journal = chef.get("/administration/journal").text
    assert "A préparé l" in journal
    assert "A fermé l" in journal


def test_les_autres_n_y_entrent_pas_et_l_academie_voit_tout_le_monde(instance: InstanceEssai) -> None:
    for role in ("enseignant", "parent", "eleve", "cpe"):
        assert instance.client(role).get(PAGE).status_code == 403
    academie = instance.client("administrateur_academique")
    assert academie.post(f"{PAGE}/decision", data={"ouvert": "1", "uai": AUTRE}).status_code == 302
    liste = academie.get(PAGE).text
    assert f"uai={AUTRE}" in liste
    assert "Collège d" in academie.get(f"{PAGE}?uai={AUTRE}").text
    assert academie.get(f"{PAGE}?uai=9999999Z").status_code == 404


def test_une_baisse_se_confirme_d_un_bouton(instance: InstanceEssai) -> None:
    chef = instance.client("direction")
    chef.post(f"{PAGE}/decision", data={"ouvert": "1"})
    assert chef.post(f"{PAGE}/baisse", data={}).status_code == 409
    with instance.base.academie("essai") as session:
        suivi.retenir(session, instance.horloge, [Baisse(ECOLE, Effectif(40, 9), Effectif(2, 9))])
    assert "Confirmer cette baisse" in chef.get(PAGE).text
    assert chef.post(f"{PAGE}/baisse", data={}).status_code == 302
    assert "La baisse est confirmée" in chef.get(PAGE).text


def test_la_page_lit_toujours_autant(instance: InstanceEssai, tmp_path: Path) -> None:
    chef = instance.client("direction")
    chef.post(f"{PAGE}/decision", data={"ouvert": "1"})
    nombres = []
    for _ in range(2):
        chef.get(PAGE)
        with compter_enonces(instance.base) as enonces:
            chef.get(PAGE)
        nombres.append(len(enonces))
        exporter(instance.base, instance.horloge, Gar(id_ent="ENT99"), DemandeGar(tmp_path))
    assert nombres[0] == nombres[1]


@pytest.mark.exigence("SDET-INT-02", "SDET-ANN-03")
def test_chacun_lit_que_le_ministere_recoit_et_sous_quel_identifiant(
    instance: InstanceEssai, tmp_path: Path
) -> None:
    chef = instance.client("direction")
    chef.post(f"{PAGE}/decision", data={"ouvert": "1"})
    exporter(instance.base, instance.horloge, Gar(id_ent="ENT99"), DemandeGar(tmp_path))
    eleve = instance.client("eleve")
    assert "Accès aux ressources numériques par le GAR" in eleve.get("/mes-donnees/").text
    notice = html.unescape(eleve.get("/donnees-personnelles").text)
    assert "gestionnaire d'accès aux ressources du ministère (GAR)" in notice
    assert "arrêté du 18 décembre 2017" in notice


@pytest.mark.exigence("SDET-ANN-03")
def test_deux_fiches_reunies_gardent_le_plus_ancien_identifiant(
    instance: InstanceEssai, tmp_path: Path
) -> None:
    from ent_core.federation.gar.identifiants import identifiant_gar

    garde, absorbee = instance.annuaire["collegue"], instance.annuaire["documentaliste"]
    instance.client("direction").post(f"{PAGE}/decision", data={"ouvert": "1"})
    exporter(instance.base, instance.horloge, Gar(id_ent="ENT99"), DemandeGar(tmp_path))
    jour = instance.horloge.aujourd_hui()
    with instance.base.academie("essai") as session:
        avant = {identifiant_gar(session, p, ECOLE, jour) for p in (garde, absorbee)}
        fusionner_personnes(session, instance.horloge, garde=garde, absorbee=absorbee, prevenir=lambda: None)
        apres = identifiant_gar(session, garde, ECOLE, jour)
    assert len(avant) == 2
    assert apres in avant
