"""Les statistiques : aucune case ne se retrouve par les marges, aucun effectif ne désigne quelqu'un."""

from __future__ import annotations

import pytest

from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.publications import fuites_par_les_marges
from ent_core.essais.contrat.socle import Commun

__all__ = ["Statistiques"]


class Statistiques(Commun):
    """Attaque par les marges."""

    @pytest.mark.exigence("LIVRET-19")
    def test_les_marges_ne_rendent_aucune_case_tue(self, banc: Banc) -> None:
        if not banc.chargee.statistiques:
            pytest.skip("cette brique ne déclare aucune statistique")
        for statistique in banc.chargee.statistiques:
            assert list(fuites_par_les_marges(banc, statistique)) == []
