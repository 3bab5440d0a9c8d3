"""Le menu dit où l'on est : chaque page du carnet est d'une entrée, et d'une seule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import HorlogeFixe
from ent_core.essais.vivier import Vivier

from ent_carnet import brique

LUNDI = datetime(2026, 9, 7, 6, tzinfo=UTC)
SECTIONS = {
    "/carnet/tableau": "Vie scolaire",
    "/carnet/presences": "Vie scolaire",
    "/carnet/appel": "Appel",
    "/carnet/papier/recopie": "Appel",
    "/carnet/papier": "Papier",
    "/carnet/absences": "Absences",
    "/carnet/reglement": "Absences",
    "/carnet/famille": "Carnet",
    **dict.fromkeys(
        (
            "/carnet/punitions", "/carnet/retenues", "/carnet/observations", "/carnet/demandes",
            "/carnet/sanctions", "/carnet/registre", "/carnet/propositions/recues",
        ),
        "Discipline",
    ),
    "/carnet/propositions": "Propositions",
}  # fmt: skip
"""Début d'adresse → entrée ; le plus long l'emporte."""

ROLES = ("direction", "cpe", "enseignant", "assistant", "secretaire", "parent")


@pytest.fixture(scope="module")
def ecole(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; rien ne s'y écrit."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(LUNDI))
    yield fabrique(brique)
    fabrique.fermer()


def pages(ecole: InstanceEssai) -> list[str]:
    """Les pages du carnet que l'on ouvre sans rien désigner."""
    return sorted(
        regle.rule
        for regle in ecole.application.url_map.iter_rules()
        if regle.rule.startswith("/carnet/") and "GET" in (regle.methods or ()) and not regle.arguments
        if not regle.rule.endswith(".ics")
    )


def actives(page: str) -> set[str]:
    menu = page[page.index('<nav class="nav"') : page.index("</nav>")]
    lus = re.findall(r'<a [^>]*aria-current="page"[^>]*>(.*?)</a>', menu, re.DOTALL)
    return {re.sub(r"<[^>]+>", "", lu).strip() for lu in lus}


@pytest.mark.parametrize("role", ROLES)
def test_chaque_page_est_d_une_entree_et_d_une_seule(ecole: InstanceEssai, role: str) -> None:
    client, vues = ecole.client(role), set()
    for adresse in pages(ecole):
        reponse = client.get(adresse)
        if reponse.status_code == 200:
            attendue = SECTIONS[max((debut for debut in SECTIONS if adresse.startswith(debut)), key=len)]
            assert actives(reponse.text) == {attendue}, adresse
            vues.add(attendue)
    assert vues, "au moins une page s'ouvre à ce rôle"
    assert actives(client.get("/compte").text) == set(), "le compte n'est d'aucune brique"
    assert actives(client.get("/").text) == {"Accueil"}
