"""Un motif accepté par erreur : d'un geste, le jour même, tout redevient ce qui valait avant."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from ent_core.brique import FUSEAU, Base, OperationRefusee
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.services import absences, justifications, motifs

if TYPE_CHECKING:
    from tests.absences.conftest import SOIR, Classe
else:
    from datetime import UTC

    SOIR = datetime(2026, 11, 27, 17, tzinfo=UTC)

LUNDI = date(2026, 11, 16)
ACTES = Base.metadata.tables["acte_journal"]
A, API = "/carnet/absences", "/api/v1/carnet"


def a(jour: date, heure: int) -> datetime:
    return datetime.combine(jour, time(heure), FUSEAU)


@pytest.mark.exigence("ABS-03")
@pytest.mark.exigence("FAM-05")
def test_ce_qui_valait_avant_revient_et_ce_qu_une_personne_a_traite_depuis_reste(classe: Classe) -> None:
    annuaire = classe.instance.annuaire
    commun: dict[str, Any] = {"auteur_id": annuaire["cpe"], "instant": SOIR}

    def ouvrir(session: Session, jour: date, motif: str | None) -> UUID:
        return absences.ouvrir(
            session, uai=ECOLE, eleve_id=classe.eleve, debut=a(jour, 8), fin=a(jour, 12), motif_cle=motif,
            **commun,
        ).id  # fmt: skip

    def declarer(session: Session, qui: str, motif: str) -> UUID:
        return justifications.declarer(
            session, uai=ECOLE, eleve_id=classe.eleve, declarant_id=annuaire[qui], jour=LUNDI,
            debut=a(LUNDI, 0), fin=a(LUNDI + timedelta(days=3), 0),
            motif_id=motifs.obtenir(session, ECOLE, motif).id,
        ).id  # fmt: skip

    with classe.session() as session:
        au_telephone = ouvrir(session, LUNDI, "convenance")
        sans_motif, traitee = (ouvrir(session, LUNDI + timedelta(days=n), None) for n in (1, 2))
        accepte, contraire = declarer(session, "parent", "maladie"), declarer(session, "cpe", "transport")
        justifications.accepter(session, ECOLE, ANNEE, accepte, examinee=True, **commun)
        convenance = motifs.obtenir(session, ECOLE, "convenance").id
        absences.qualifier(session, ECOLE, ANNEE, [traitee], motif_id=convenance, reglee=True, **commun)

        rendues = justifications.reprendre(session, ECOLE, ANNEE, accepte, **commun)

        assert {une.id for une in rendues} == {au_telephone, sans_motif}
        etats = {
            une.id: (une.etat, une.motif_id)
            for une in session.scalars(select(Absence).where(Absence.eleve_id == classe.eleve))
        }
        assert etats == {
            au_telephone: (EtatAbsence.MOTIF_DONNE, convenance),
            sans_motif: (EtatAbsence.SANS_MOTIF, None),
            traitee: (EtatAbsence.REGLEE, convenance),
        }
        attendent = {une.id for une in justifications.a_traiter(session, ECOLE, ANNEE, [classe.eleve])}
        assert attendent == {accepte, contraire}, "l'autre parent n'a plus de refus"
        with pytest.raises(OperationRefusee, match="du jour"):
            justifications.reprendre(session, ECOLE, ANNEE, accepte, **commun)
        session.rollback()  # l'école est à tous : rien n'y attend de décision après l'essai


@pytest.mark.exigence("ABS-03")
def test_le_message_porte_le_geste_et_le_journal_le_garde(ecole: InstanceEssai, classe: Classe) -> None:
    enfant, parent, cpe = ecole.annuaire["eleve"], ecole.client("parent"), ecole.client("cpe")
    with classe.session() as session:
        maladie = motifs.obtenir(session, ECOLE, "maladie").id
    corps = {"debut": "2026-12-10T08:00", "fin": "2026-12-10T12:00", "motif_id": str(maladie)}
    donne = parent.post(f"{API}/eleves/{enfant}/motifs-proposes", json=corps).get_json()["id"]

    def annoncees() -> list[str]:
        lues = cpe.get(f"{API}/absences?etat=reglee").get_json()
        return [une["eleve_id"] for une in lues if une["debut"].startswith("2026-12-10")]

    page = cpe.get(cpe.post(f"{A}/motifs-proposes/{donne}/accepter").location).text
    assert "Le motif est accepté." in page
    assert f'action="{A}/motifs-proposes/{donne}/reprendre"' in page
    assert annoncees() == [str(enfant)]
    assert cpe.post(f"{A}/motifs-proposes/{donne}/reprendre").status_code == 302
    assert annoncees() == [], "ce que le motif annonçait n'est plus attendu"
    assert donne in {une["id"] for une in cpe.get(f"{API}/motifs-proposes").get_json()}
    with ecole.base.academie("essai : journal") as session:
        ecrits = select(ACTES.c.details).where(
            ACTES.c.acte == "carnet.decision_reprise", ACTES.c.objet == donne
        )
        assert session.scalars(ecrits).all() == [{"decision": "acceptee"}]

    assert cpe.post(f"{API}/motifs-proposes/{donne}/accepter").status_code == 204
    ecole.horloge.instant = SOIR + timedelta(days=1)
    try:
        page = ecole.client("cpe").get(f"{A}/motifs-proposes?fait={donne}").text
        assert "Le motif est accepté." not in page
        lendemain = ecole.client("cpe").post(f"{API}/motifs-proposes/{donne}/reprendre")
        assert lendemain.status_code == 409, "le jour même, pas après"
    finally:
        ecole.horloge.instant = SOIR
