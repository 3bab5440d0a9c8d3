"""L'agenda d'un téléphone, relié par un lien personnel : les mêmes rendez-vous, tenus à jour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.essais.modeles import Responsabilite, Restriction
from icalendar import Calendar
from sqlalchemy import delete, select
from werkzeug.test import TestResponse


def relier(ecole: InstanceEssai, role: str) -> str:
    """L'adresse du calendrier de l'élève, créée comme la personne le fait."""
    client, eleve = ecole.client(role), ecole.annuaire["eleve"]
    page = client.get(f"/carnet/famille/{eleve}").text
    assert f"calendrier=/carnet/famille/{eleve}/rendez_vous.ics" in page.replace("%2F", "/")
    donnees = {"calendrier": f"/carnet/famille/{eleve}/rendez_vous.ics", "nom": "mon téléphone"}
    cree = client.post("/compte/calendriers", data=donnees).text
    return f"/carnet/famille/{eleve}/rendez_vous.ics?lien=" + cree.partition("?lien=")[2].partition('"')[0]


def relire(ecole: InstanceEssai, adresse: str) -> TestResponse:
    """Ce que reçoit l'appareil, qui n'a aucun témoin."""
    return ecole.application.test_client().get(adresse)


def rendez_vous(lu: TestResponse, jour: date) -> list[tuple[str, str, int, str]]:
    assert lu.status_code == 200, lu.text
    lus: list[Any] = list(Calendar.from_ical(lu.data).walk("VEVENT"))
    return [
        (str(e["UID"]), str(e["SUMMARY"]), int(e["SEQUENCE"]), str(e["STATUS"]))
        for e in lus
        if isinstance(e["DTSTART"].dt, datetime) and e["DTSTART"].dt.date() == jour
    ]


def api(ecole: InstanceEssai, methode: str, adresse: str, **corps: Any) -> Any:  # noqa: ANN401 - du JSON
    reponse = ecole.client("cpe").open(f"/api/v1/carnet/{adresse}", method=methode, json=corps or None)
    assert reponse.status_code < 400, reponse.text
    return reponse.get_json(silent=True)


@contextmanager
def ecarte(ecole: InstanceEssai, role: str) -> Iterator[None]:
    """Un acte de justice coupe l'accès d'un responsable, le temps de l'essai."""
    with ecole.base.academie("essai : restriction") as session:
        lien = session.scalars(
            select(Responsabilite.id).where(
                Responsabilite.eleve_id == ecole.annuaire["eleve"],
                Responsabilite.responsable_id == ecole.annuaire[role],
            )
        ).one()
        session.add(Restriction(responsabilite_id=lien, reference="jugement", debut=date(2026, 9, 1)))
    yield
    with ecole.base.academie("essai : fin de restriction") as session:
        session.execute(delete(Restriction).where(Restriction.responsabilite_id == lien))


@pytest.mark.exigence("SURV-02")
def test_un_agenda_relie_suit_une_retenue_reportee_puis_annulee(ecole: InstanceEssai) -> None:
    adresse = relier(ecole, "parent")
    donnee = api(
        ecole, "POST", "punitions", eleve=str(ecole.annuaire["eleve"]), nature="retenue", motif="insolence",
        jour="2026-11-27", travail="Relire la leçon.", retenue_jour="2026-12-03", retenue_heure="17:00",
        retenue_lieu="Salle 3",
    )["id"]  # fmt: skip
    assert rendez_vous(relire(ecole, adresse), date(2026, 12, 3)) == [], "encore en correction"
    ecole.horloge.avancer(timedelta(hours=2))
    lu = relire(ecole, adresse)
    ((uid, titre, revision, etat),) = rendez_vous(lu, date(2026, 12, 3))
    assert (titre, revision, etat) == ("Rendez-vous à l'établissement", 0, "CONFIRMED")
    for tu in ("retenue", "punition", "insolence", "leçon", "camille", donnee):
        assert tu not in lu.text.lower(), tu
    (retenue,) = api(ecole, "GET", f"punitions/{donnee}")["retenues"]
    report = {"jour": "2026-12-04", "heure": "12:00", "minutes": 30, "lieu": "Étude"}
    api(ecole, "POST", f"retenues/{retenue['id']}/report", **report)
    lu = relire(ecole, adresse)
    assert rendez_vous(lu, date(2026, 12, 3)) == []
    assert rendez_vous(lu, date(2026, 12, 4)) == [(uid, titre, 1, "CONFIRMED")]
    api(ecole, "DELETE", f"punitions/{donnee}")
    assert rendez_vous(relire(ecole, adresse), date(2026, 12, 4)) == [(uid, titre, 1, "CANCELLED")]


@pytest.mark.exigence("CARNET-04")
def test_un_lien_ne_lit_que_ce_que_la_personne_lirait_a_cet_instant(ecole: InstanceEssai) -> None:
    adresse = relier(ecole, "second_parent")
    assert relire(ecole, adresse).status_code == 200
    with ecarte(ecole, "second_parent"):
        refus = relire(ecole, adresse)
        assert (refus.status_code, refus.mimetype) == (404, "text/plain")
    assert relire(ecole, adresse).status_code == 200
    ecole.fermer("carnet", ECOLE)
    assert relire(ecole, adresse).status_code == 404
    ecole.ouvrir("carnet", ECOLE)
    autre = adresse.replace(str(ecole.annuaire["eleve"]), str(ecole.annuaire["camarade"]))
    assert relire(ecole, autre).status_code == 404, "le lien d'un élève n'ouvre pas un autre élève"
