"""Voir et rejouer : la page d'administration et la commande montrent la même file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select, text

from ent_core.cli import ent
from ent_core.contrat.roles import Profil
from ent_core.donnees.file_taches import differer, lister_morts, noter_echec
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, RECTORAT, Annuaire
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import Introuvable

Client = Callable[..., FlaskClient]
Statut = Callable[[int], str | None]


@pytest.fixture
def mort(base: BaseDeDonnees) -> int:
    """Un travail mort."""
    with base.academie("essai") as session:
        numero = differer(session, "essai.envoyer", lot="lot-7")
        session.execute(text("select taches.procrastinate_fetch_job_v2(null, null)"))
        session.execute(
            text("select taches.procrastinate_finish_job_v1(:id, 'failed', false)"), {"id": numero}
        )
        noter_echec(session, numero, "ConnectionError", HorlogeFixe().maintenant())
    return numero


@pytest.fixture
def administrateur(client_de: Client, annuaire: Annuaire) -> FlaskClient:
    return client_de(annuaire["administrateur_academique"], RECTORAT, Profil.ACADEMIE.value)


@pytest.fixture
def lancer(base: BaseDeDonnees, tmp_path: Path) -> Callable[..., Result]:
    """Lance ``ent taches`` sur la base de l'essai."""
    variables = {
        "ENT_BASE": base.url.render_as_string(hide_password=False),
        "ENT_DONNEES": str(tmp_path),
        "ENT_CONFIGURATION": "",
    }

    def commande(*arguments: str) -> Result:
        return CliRunner().invoke(ent, ["taches", *arguments], env=variables)

    return commande


def test_l_administrateur_voit_les_morts_et_les_rendez_vous(administrateur: FlaskClient, mort: int) -> None:
    page = administrateur.get("/administration/travaux")
    assert page.status_code == 200, page.text
    for attendu in (
        "essai.envoyer",
        "lot-7",
        "ConnectionError",
        "Effacer les sessions finies",
        "Brique absente",
    ):
        assert attendu in page.text
    # Lundi 7 septembre 2026, 8 h : la prochaine purge des travaux est demain à 3 h 20.
    assert "08/09/2026 à 3\u202fh\u202f20" in page.text


def test_une_file_saine_le_dit(administrateur: FlaskClient) -> None:
    assert "Aucun travail mort." in administrateur.get("/administration/travaux").text


@pytest.mark.parametrize(("acte", "attendu"), [("rejouer", "todo"), ("abandonner", "cancelled")])
def test_l_administrateur_rejoue_ou_abandonne_et_c_est_journalise(
    administrateur: FlaskClient, base: BaseDeDonnees, mort: int, statut: Statut, acte: str, attendu: str
) -> None:
    reponse = administrateur.post(f"/administration/travaux/{mort}/{acte}")
    assert (reponse.status_code, reponse.location) == (303, "/administration/travaux")
    assert statut(mort) == attendu
    with base.academie("essai") as session:
        actes = session.execute(
            select(ActeJournal.objet, ActeJournal.details).where(ActeJournal.acte.like("travail.%"))
        ).all()
        assert [tuple(a) for a in actes] == [(str(mort), {"tache": "essai.envoyer"})]
    assert administrateur.post(f"/administration/travaux/{mort}/{acte}").status_code == 404


@pytest.mark.parametrize("role", ["direction", "enseignant", "parent", "eleve"])
def test_les_travaux_sont_fermes_a_qui_n_administre_pas_l_academie(
    client_de: Client, annuaire: Annuaire, mort: int, statut: Statut, role: str
) -> None:
    client = client_de(annuaire[role], ECOLE, annuaire.profils[role])
    assert client.get("/administration/travaux").status_code == 403
    assert client.post(f"/administration/travaux/{mort}/rejouer").status_code == 403
    assert statut(mort) == "failed"


def test_la_commande_montre_la_file_et_rejoue_un_mort(
    lancer: Callable[..., Result], base: BaseDeDonnees, mort: int, statut: Statut
) -> None:
    [montre] = json.loads(lancer("morts", "--json").output)
    assert (montre["id"], montre["tache"], montre["exception"]) == (mort, "essai.envoyer", "ConnectionError")
    assert lancer("rejouer", str(mort)).exit_code == 0
    assert statut(mort) == "todo"
    etats = {ligne["tache"]: ligne for ligne in json.loads(lancer("etat", "--json").output)}
    assert etats["essai.envoyer"]["en_attente"] == 1
    assert etats["noyau.purger_travaux"]["prochain"].endswith(("+01:00", "+02:00"))
    # La brique n'est pas chargée : l'ouvrier le déclare mort de nouveau, et il reste rejouable.
    fin = lancer("executer", "--une-fois")
    assert fin.exit_code == 0, fin.output
    with base.academie("essai") as session:
        assert [m.id for m in lister_morts(session)] == [mort]
    assert lancer("abandonner", str(mort)).exit_code == 0
    assert lancer("morts").output == "Aucun travail mort.\n"


def test_rejouer_un_numero_inconnu_dit_que_faire(lancer: Callable[..., Result]) -> None:
    refus = lancer("rejouer", "4242").exception
    assert isinstance(refus, Introuvable)
    assert "ent taches morts" in str(refus)
