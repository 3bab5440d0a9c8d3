"""La nuit recompte les seuils : ce que personne n'a écrit la veille est juste le lendemain matin."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.modeles import HorlogeFixe

from ent_carnet import brique
from ent_carnet.nomenclatures import SeuilAbsences, SuiteAlerte
from ent_carnet.services import absences, motifs, seuils

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

LUNDI = date(2026, 10, 5)
QUATRE = [LUNDI + timedelta(days=rang) for rang in range(4)]
CINQ_HEURES = time(5, tzinfo=FUSEAU)


def la_nuit(classe: Classe, matin: date) -> dict[str, str | None]:
    """Ce que la tâche déclarée laisse des alertes de l'élève, un matin donné."""
    [tache] = [t for t in brique.ent_taches() if t.nom == "carnet.recompter_seuils"]
    with classe.session() as session:
        tache.fonction(session, ECOLE, HorlogeFixe(datetime.combine(matin, CINQ_HEURES)))
        return {a.seuil: a.suite for a in seuils.de_l_eleve(session, ECOLE, ANNEE, classe.eleve)}


def minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)


@pytest.mark.exigence("ABS-07")
@pytest.mark.exigence("ABS-08")
def test_une_absence_annoncee_franchit_le_seuil_sans_que_rien_ne_le_recompte(classe: Classe) -> None:
    # Les constats de chaque appel tombent dans une absence déjà connue : ils n'en ouvrent aucune.
    for jour in QUATRE:
        classe.absences(jour, 8)
    cpe = classe.instance.annuaire["cpe"]
    with classe.session() as session:
        annoncee = absences.ouvrir(
            session, uai=ECOLE, eleve_id=classe.eleve, debut=minuit(LUNDI),
            fin=minuit(LUNDI + timedelta(days=5)), motif_cle=None, auteur_id=cpe, instant=minuit(LUNDI),
            annoncee=True,
        ).id  # fmt: skip
    assert la_nuit(classe, QUATRE[2]) == {}, "trois demi-journées"
    ouvertes: dict[str, str | None] = {SeuilAbsences.DIALOGUE: None, SeuilAbsences.MOIS: None}
    assert la_nuit(classe, QUATRE[3]) == ouvertes
    assert la_nuit(classe, QUATRE[3]) == ouvertes, "rejouée, elle ne change rien"
    # Réglée par le motif de la famille, puis défaite le mois suivant : l'alerte s'éteint, puis se rouvre.
    for code, suite in (("maladie", SuiteAlerte.SANS_OBJET), ("non_valable", None)):
        with classe.session() as session:
            motif = motifs.obtenir(session, ECOLE, code)
            absences.qualifier(
                session, ECOLE, ANNEE, [annoncee], motif_id=motif.id, reglee=None, auteur_id=cpe,
                instant=minuit(LUNDI),
            )  # fmt: skip
        assert la_nuit(classe, date(2026, 11, 2)) == {**ouvertes, SeuilAbsences.MOIS: suite}
