"""La famille « statistiques » du contrat, sur une brique qui en déclare ; et elle rougit quand il le faut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.brique import Dimension, Portee, Rythme, Statistique, UniteComptee
from ent_core.chargement.decouverte import charger
from ent_core.essais.annuaire import ANNEE, Annuaire
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.publications import fuites_par_les_marges
from ent_core.essais.contrat.statistiques import Statistiques
from ent_core.identite.modeles import Division
from ent_core.vie_privee.statistiques import publication
from ent_core.vie_privee.statistiques.grille import Case, Trame
from tests.vie_privee.brique_sanctions import MOTIFS, STATISTIQUE, SUIVI, Mesure, brique_sanctions

PREVENUE = Dimension("prevenue", "Famille prévenue", ((True, "Oui"), (False, "Non")))
AUTREMENT: dict[str, Statistique] = {
    "toute l'académie": replace(STATISTIQUE, portee=Portee.ACADEMIE),
    "une seule entrée": replace(STATISTIQUE, dimensions=STATISTIQUE.dimensions[1:]),
    "deux listes, dont une a des vides": replace(
        STATISTIQUE, dimensions=(Dimension("motif", "Motif", MOTIFS), PREVENUE)
    ),
    "chaque mois, à l'heure de Paris": replace(STATISTIQUE, rythme=Rythme.MOIS, jour="saisie_le"),
    "des personnes": replace(STATISTIQUE, compte=UniteComptee.PERSONNES),
}


def _petites_seules(
    trame: Trame, nombres: Mapping[Case, int], personnes: Mapping[Case, int], seuil: int, cle: bytes
) -> frozenset[Case]:
    """La protection, moins la suppression complémentaire."""
    return frozenset(case for case in trame.cases if personnes[case] < seuil)


class TestContratDesSanctions(Statistiques):
    brique: ModuleType = brique_sanctions()

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
        division = session.scalars(
            select(Division.id).where(Division.uai == uai, Division.annee == ANNEE)
        ).first()
        session.add(
            Mesure(
                uai=uai, annee=ANNEE, eleve_id=annuaire["eleve"], saisi_par=annuaire["cpe"],
                jour=date(2026, 9, 4), division_id=division, motif="retard", recit="Il arrive tard.",
            )
        )  # fmt: skip
        session.flush()
        return {}

    @pytest.mark.parametrize("autrement", AUTREMENT)
    def test_de_quelque_facon_qu_elle_compte(self, banc: Banc, autrement: str) -> None:
        assert list(fuites_par_les_marges(banc, AUTREMENT[autrement])) == []

    @pytest.mark.parametrize("seuil", [1, 2, 4])
    def test_un_seuil_abaisse_rougit(self, banc: Banc, seuil: int) -> None:
        abaissee = brique_sanctions(ent_traitements=lambda: (replace(SUIVI, seuil=seuil),))
        fuites = list(
            fuites_par_les_marges(replace(banc, chargement=charger([], {"sanctions": abaissee})), STATISTIQUE)
        )
        assert any("est publié, en dessous de 5" in fuite for fuite in fuites)

    def test_sans_suppression_complementaire_elle_rougit(
        self, banc: Banc, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publication, "taire", _petites_seules)
        fuites = list(fuites_par_les_marges(banc, STATISTIQUE))
        assert any("tue, et retrouvée" in fuite for fuite in fuites)

    def test_une_publication_ou_rien_ne_se_tait_n_eprouve_rien(
        self, banc: Banc, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publication, "taire", lambda trame, *_: frozenset(trame.cases))
        assert list(fuites_par_les_marges(banc, STATISTIQUE)) == [
            "sanctions.bilan : tout se tait, ou rien ; l'attaque n'éprouve rien"
        ]
