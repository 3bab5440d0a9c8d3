"""Les comptes, les seconds facteurs et les services par l'API : les mêmes règles que les pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import ActeJournal, Compte, Facteur
from ent_core.socle.calendrier import HorlogeFixe

MATIN = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
CLE = "JBSWY3DPEHPK3PXP"
CODE = re.compile(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}")


@pytest.fixture(scope="module")
def partagee(vivier: Vivier) -> Iterator[InstanceEssai]:
    fabrique = FabriqueInstance(vivier, HorlogeFixe(MATIN))
    yield fabrique()
    fabrique.fermer()


@pytest.fixture
def instance(partagee: InstanceEssai) -> InstanceEssai:
    partagee.horloge.avancer(timedelta(days=1))
    return partagee


def compte(instance: InstanceEssai, role: str, suite: str = "") -> str:
    return f"/api/v1/personnes/{instance.annuaire[role]}/compte{suite}"


def lire(instance: InstanceEssai, enonce: Any) -> Any:
    with instance.base.academie("essai") as session:
        return session.scalar(enonce)


def test_qui_a_la_charge_des_comptes_et_lui_seul(instance: InstanceEssai) -> None:
    actes = [("GET", ""), ("POST", "/code"), ("POST", "/securite")]
    actes += [(methode, "/suspension") for methode in ("PUT", "DELETE")]
    instance.client("direction").post(compte(instance, "collegue", "/code"))
    attendus = {"direction": 200, "enseignant": 403, "parent": 403, "eleve": 403, "dpd": 403, "cpe": 403}
    for role, attendu in attendus.items():
        client = instance.client(role)
        statuts = {
            f"{methode} {suite}": client.open(compte(instance, "collegue", suite), method=methode).status_code
            for methode, suite in actes
        }
        voulus = {f"{m} {s}": 201 if (m, s, attendu) == ("POST", "/code", 200) else attendu for m, s in actes}
        assert statuts == voulus, role
    inconnu = instance.application.test_client()
    assert inconnu.get(compte(instance, "collegue")).status_code == 401
    direction = instance.client("direction")
    assert direction.get(compte(instance, "cpe_autre")).status_code == 404, "l'autre collège"
    assert direction.post(compte(instance, "administrateur_academique", "/code")).status_code in (403, 404)


def test_un_code_ne_sort_qu_une_fois_et_vers_qui_peut_l_imprimer(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    donne = direction.post(compte(instance, "documentaliste", "/code"))
    assert donne.status_code == 201
    assert CODE.fullmatch(donne.get_json()["code"])
    assert donne.headers["Cache-Control"] == "no-store"
    lu = direction.get(compte(instance, "documentaliste"))
    assert set(lu.get_json()) == {
        "personne_id", "identifiant", "etat", "change_le", "code_expire_le", "sessions", "second_facteur",
    }  # fmt: skip
    assert lu.get_json()["etat"] == "a_activer"
    assert not CODE.search(lu.text)
    assert donne.get_json()["code"] not in str(lire(instance, select(ActeJournal.details)))


def test_securiser_suspendre_retablir(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    direction.post(compte(instance, "secretaire", "/code"))
    with instance.base.academie("essai") as session:
        session.execute(
            update(Compte)
            .where(Compte.personne_id == instance.annuaire["secretaire"])
            .values(etat="actif", empreinte="x", code_empreinte=None, code_expire_le=None)
        )
    volee = instance.client("secretaire")
    assert direction.get(compte(instance, "secretaire")).get_json()["sessions"] == 1
    assert direction.put(compte(instance, "secretaire", "/suspension")).get_json()["etat"] == "suspendu"
    assert volee.get("/compte").status_code == 302
    refus = direction.post(compte(instance, "secretaire", "/code"))
    assert (refus.status_code, refus.mimetype) == (409, "application/problem+json")
    assert "rétablir" in refus.get_json()["remede"]
    assert direction.delete(compte(instance, "secretaire", "/suspension")).get_json()["etat"] == "actif"
    assert direction.post(compte(instance, "secretaire", "/securite")).get_json()["etat"] == "a_activer"
    instance.horloge.avancer(timedelta(minutes=11))
    tard = direction.post(compte(instance, "secretaire", "/securite"))
    assert (tard.status_code, "sensible" in tard.get_json()["detail"]) == (403, True)


def facteur(instance: InstanceEssai, role: str) -> str:
    with instance.base.academie("essai") as session:
        a_lui = instance.annuaire[role]
        pose = Facteur(
            compte_id=session.scalar(select(Compte.id).where(Compte.personne_id == a_lui)), personne_id=a_lui,
            genre="application", nom="Téléphone", cree_le=MATIN, confirme_le=MATIN, secret=CLE,
        )  # fmt: skip
        session.add(pose)
        session.flush()
        return str(pose.id)


def test_on_lit_et_retire_ses_seconds_facteurs_et_les_siens_seulement(instance: InstanceEssai) -> None:
    moi, autre = instance.client("enseignant"), instance.client("cpe")
    mien, sien = facteur(instance, "enseignant"), facteur(instance, "cpe")
    lus = moi.get("/api/v1/moi/facteurs")
    assert [lu["id"] for lu in lus.get_json()] == [mien]
    assert CLE not in lus.text
    assert moi.delete(f"/api/v1/moi/facteurs/{sien}").status_code == 404
    assert moi.delete(f"/api/v1/moi/facteurs/{mien}").get_json() == []
    instance.horloge.avancer(timedelta(minutes=11))
    assert autre.delete(f"/api/v1/moi/facteurs/{sien}").status_code == 403, "la preuve date"


def test_ce_qui_sort_et_par_ou_l_on_entre(instance: InstanceEssai) -> None:
    permis = {"direction": 200, "dpd": 200, "enseignant": 403, "parent": 403}
    clients: dict[str, FlaskClient] = {role: instance.client(role) for role in permis}
    assert {role: c.get("/api/v1/services").status_code for role, c in clients.items()} == permis
    for adresse in ("/api/v1/moi/liens", "/api/v1/moi/services"):
        assert clients["parent"].get(adresse).get_json() == []
        assert instance.application.test_client().get(adresse).status_code == 401
