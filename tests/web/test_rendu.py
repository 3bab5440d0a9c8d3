"""Ce que les gabarits écrivent : prénoms et numéros comme on les dit."""

from __future__ import annotations

import pytest

from ent_core.web.rendu import de, telephone


@pytest.mark.parametrize(
    ("nom", "dit"),
    [("Adam", "d'Adam"), ("Élise", "d'Élise"), ("Zoé", "de Zoé"), ("Hugo", "de Hugo"), ("Yanis", "de Yanis")],
)
def test_un_prenom_commande_l_elision(nom: str, dit: str) -> None:
    assert de(nom) == dit


def test_un_numero_se_lit_deux_chiffres_par_deux_chiffres_et_ne_se_coupe_pas() -> None:
    assert telephone("0612345678") == "06\u202f12\u202f34\u202f56\u202f78"
    assert telephone("+41221234567") == "+41221234567"
