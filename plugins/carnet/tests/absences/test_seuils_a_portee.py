"""L'appel ne recompte les seuils que des élèves qui ont pu en atteindre un."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from ent_core.essais.annuaire import ANNEE, ECOLE
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Alerte
from ent_carnet.nomenclatures import Genre, SeuilAbsences, SuiteAlerte
from ent_carnet.services import motifs, seuils

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

DU, AU = date(2026, 11, 1), date(2026, 11, 28)
LUNDI, HUIT = date(2026, 11, 16), datetime(2026, 11, 16, 7, tzinfo=UTC)


def a_portee(classe: Classe, session: Session) -> bool:
    choix = motifs.reglage(session, ECOLE)
    return classe.eleve in seuils.a_portee(session, choix, ANNEE, DU, AU, [classe.eleve])


@pytest.mark.exigence("ABS-08")
def test_un_jour_d_absence_deux_demi_journees_au_plus_n_atteint_pas_un_seuil_de_quatre(
    classe: Classe,
) -> None:
    portees = []
    for jour in (2, 3):
        classe.absences(date(2026, 11, jour), 8, 14)
        with classe.session() as session:
            portees.append(a_portee(classe, session))
    assert portees == [False, True]
    with classe.session() as session:
        alertes = seuils.evaluer(session, ECOLE, ANNEE, DU, AU, [classe.eleve])
    assert alertes, "quatre demi-journées en deux jours : recompter était utile"


@pytest.mark.parametrize(
    ("ligne", "attendu"),
    [("alerte close", False), ("alerte ouverte", True), ("absence importée", True)],
)
def test_une_absence_importee_ou_une_alerte_ouverte_font_recompter(
    classe: Classe, ligne: str, attendu: bool
) -> None:
    lui = {"uai": ECOLE, "annee": ANNEE, "eleve_id": classe.eleve}
    close = {"suite": SuiteAlerte.SANS_OBJET, "traitee_le": LUNDI} if ligne == "alerte close" else {}
    with classe.session() as session:
        if ligne == "absence importée":
            fin = HUIT + timedelta(hours=1)
            session.add(
                Absence(**lui, genre=Genre.ABSENCE, debut=HUIT, fin=fin, traitee_le=fin, source="import")
            )
        else:
            session.add(Alerte(**lui, **close, seuil=SeuilAbsences.DIALOGUE, nombre=4, du=DU, au=LUNDI))
        session.flush()
        assert a_portee(classe, session) is attendu
