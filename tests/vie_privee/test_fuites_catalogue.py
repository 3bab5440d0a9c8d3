"""Au démarrage, la base est comparée aux déclarations : un droit de trop ou de moins se voit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from ent_core.donnees.droits import comparer_droits
from ent_core.donnees.migrations import declarees, migrer
from ent_core.essais.base import Fabrique
from ent_core.vie_privee.controle_base import controler_base
from tests.vie_privee.brique_fuites import Monde, ouvrir_monde

pytestmark = pytest.mark.exigence("RGPD-SEC-02")

ECARTS = {
    "colonne donnée à qui ne la reçoit pas": (
        "grant select (note) on fuites_absence to ent_audience_enseignant",
        ("BASE-031", "table fuites_absence, colonne note, rôle ent_audience_enseignant"),
    ),
    "colonne ôtée à qui la reçoit": (
        "revoke select (note) on fuites_absence from ent_audience_cpe",
        ("BASE-030", "table fuites_absence, colonne note, rôle ent_audience_cpe"),
    ),
    "écriture donnée à un lecteur": (
        "grant update (motif) on fuites_absence to ent_audience_assistant_education",
        ("BASE-031", "table fuites_absence, colonne motif, rôle ent_audience_assistant_education"),
    ),
    "table du noyau ouverte à une audience": (
        "grant select on compte to ent_audience_cpe",
        ("BASE-031", "table compte, rôle ent_audience_cpe"),
    ),
    "table ouverte à tous": (
        "grant select on personne to public",
        ("BASE-031", "table personne, rôle public"),
    ),
    "droit de transmettre": (
        "grant select on personne to ent_application with grant option",
        ("BASE-031", "table personne, rôle ent_application"),
    ),
    "droit ôté à l'application": (
        "revoke delete on personne from ent_application",
        ("BASE-030", "table personne, rôle ent_application"),
    ),
    "politique élargie": (
        "alter policy ent_contexte on fuites_absence using (true)",
        ("BASE-032", "table fuites_absence, politique ent_contexte"),
    ),
    "politique donnée à un autre rôle": (
        "alter policy ent_contexte on fuites_absence to public",
        ("BASE-032", "table fuites_absence, politique ent_contexte"),
    ),
    "politique ajoutée": (
        "create policy porte on fuites_absence to ent_audience using (true)",
        ("BASE-032", "table fuites_absence, politique porte"),
    ),
    "politique retirée": (
        "drop policy ent_academie on fuites_absence",
        ("BASE-032", "table fuites_absence, politique ent_academie"),
    ),
    "trace arrêtée": (
        "alter table fuites_absence disable trigger ent_trace_update",
        ("BASE-033", "table fuites_absence, déclencheur ent_trace_update"),
    ),
    "trace retirée": (
        "drop trigger ent_trace_delete on personne",
        ("BASE-033", "table personne, déclencheur ent_trace_delete"),
    ),
}


@pytest.fixture(scope="module")
def monde(fabrique_bases: Fabrique) -> Iterator[Monde]:
    yield from ouvrir_monde(fabrique_bases)


def test_une_base_migree_suit_exactement_les_declarations(monde: Monde) -> None:
    assert comparer_droits(monde.base.moteur, *declarees(monde.distributions)) == []
    assert controler_base(monde.base.moteur, monde.distributions) == []


@pytest.mark.parametrize("ecart", ECARTS)
def test_un_ecart_est_nomme_et_la_migration_le_repare(monde: Monde, ecart: str) -> None:
    ordre, (code, lieu) = ECARTS[ecart]
    with monde.proprietaire.moteur.begin() as connexion:
        connexion.execute(text(ordre))
    (trouvee,) = comparer_droits(monde.base.moteur, *declarees(monde.distributions))
    assert (trouvee.code, trouvee.lieu) == (code, lieu)
    assert "ent base migrer" in trouvee.remede
    migrer(monde.proprietaire.url, monde.base.url, monde.distributions)
    assert comparer_droits(monde.base.moteur, *declarees(monde.distributions)) == []
