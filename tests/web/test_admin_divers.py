"""Établissements, années, délégations, journal."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

import ent_core
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import AnneeScolaire, Compte, Periode
from ent_core.roles.modeles import Delegation
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.web.admin.phrases import PHRASES

ClientDe = Callable[[UUID, str, str], FlaskClient]
ETABLISSEMENTS = "/administration/etablissements"


@pytest.fixture
def direction(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    return client_de(annuaire["direction"], ECOLE, annuaire.profils["direction"])


@pytest.fixture
def academie(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    role = "administrateur_academique"
    return client_de(annuaire[role], RECTORAT, annuaire.profils[role])


def test_la_liste_des_etablissements_filtre_trie_et_compte(academie: FlaskClient) -> None:
    page = academie.get(f"{ETABLISSEMENTS}?q=ESSAIS").text
    assert "Collège des Essais" in page
    assert "à côté" not in page
    trie = academie.get(f"{ETABLISSEMENTS}?tri=-uai").text
    assert trie.index(f"/etablissements/{AUTRE}") < trie.index(f"/etablissements/{ECOLE}")
    assert 'aria-sort="descending"' in trie


def test_une_recherche_vide_de_resultat_le_dit(academie: FlaskClient) -> None:
    assert "Aucun établissement ne correspond" in academie.get(f"{ETABLISSEMENTS}?q=zzz").text


def test_un_etablissement_inconnu_n_a_pas_de_fiche(academie: FlaskClient) -> None:
    assert academie.get(f"{ETABLISSEMENTS}/{ECOLE}").status_code == 200
    assert academie.get(f"{ETABLISSEMENTS}/0000000X").status_code == 404


def test_les_periodes_se_definissent_se_changent_et_se_retirent(
    direction: FlaskClient, base: BaseDeDonnees
) -> None:
    adresse = f"{ETABLISSEMENTS}/{ECOLE}/periodes"
    saisie = {"annee": "2026", "rang": "1", "libelle": "Premier trimestre", "debut": "2026-09-01"}
    for fin in ("2026-11-30", "2026-12-04"):
        assert direction.post(adresse, data={**saisie, "fin": fin}).status_code == 302
    with base.ecole(ECOLE, "essai") as session:
        assert [p.fin.isoformat() for p in session.scalars(select(Periode))] == ["2026-12-05"]
    assert "du 01/09/2026 au 04/12/2026" in direction.get(f"{ETABLISSEMENTS}/{ECOLE}/annees").text
    assert direction.post(f"{adresse}/2026/1/retirer").status_code == 302
    with base.ecole(ECOLE, "essai") as session:
        assert session.scalars(select(Periode)).all() == []


@pytest.mark.parametrize(
    ("valeurs", "message"),
    [
        ({"fin": "2028-01-01"}, "sortent de l&#39;année"),
        ({"rang": "0"}, "Un rang de 1 à 12."),
        ({"libelle": ""}, "Donnez un nom"),
        ({"annee": "2030"}, None),
    ],
)
def test_une_periode_impossible_est_refusee(
    direction: FlaskClient, base: BaseDeDonnees, valeurs: dict[str, str], message: str | None
) -> None:
    saisie = {"annee": "2026", "rang": "1", "libelle": "T1", "debut": "2026-09-01", "fin": "2026-11-30"}
    reponse = direction.post(f"{ETABLISSEMENTS}/{ECOLE}/periodes", data={**saisie, **valeurs})
    assert reponse.status_code == (422 if message else 404)
    assert message is None or message in reponse.text
    with base.ecole(ECOLE, "essai") as session:
        assert session.scalars(select(Periode)).all() == []


def test_deux_periodes_ne_se_chevauchent_pas(direction: FlaskClient) -> None:
    adresse = f"{ETABLISSEMENTS}/{ECOLE}/periodes"
    saisie = {"annee": "2026", "rang": "1", "libelle": "T1", "debut": "2026-09-01", "fin": "2026-11-30"}
    direction.post(adresse, data=saisie)
    reponse = direction.post(adresse, data={**saisie, "rang": "2", "fin": "2026-12-30"})
    assert reponse.status_code == 422
    assert "couvre ces dates" in reponse.text


def test_une_annee_se_definit_chez_soi_et_pas_ailleurs(direction: FlaskClient, base: BaseDeDonnees) -> None:
    saisie = {"annee": "2027", "debut": "2027-09-01", "fin": "2028-07-07"}
    assert direction.post(f"{ETABLISSEMENTS}/{ECOLE}/annees", data=saisie).status_code == 302
    assert direction.post(f"{ETABLISSEMENTS}/{AUTRE}/annees", data=saisie).status_code == 404
    with base.academie("essai") as session:
        enonce = select(AnneeScolaire.uai).where(AnneeScolaire.annee == 2027)
        assert session.scalars(enonce).all() == [ECOLE]


@pytest.mark.exigence("SDET-AUT-02")
def test_une_delegation_ouvre_la_page_et_sa_reprise_la_ferme(
    direction: FlaskClient, client_de: ClientDe, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    enseignant = client_de(annuaire["enseignant"], ECOLE, annuaire.profils["enseignant"])
    assert enseignant.get("/administration/personnes").status_code == 403
    saisie = {
        "permission": "noyau.personnes",
        "personne": str(annuaire["enseignant"]),
        "portee": "mon établissement",
        "motif": "Rentrée des sixièmes",
        "debut": "2026-09-07",
        "fin": "2026-10-16",
    }
    assert direction.post("/administration/delegations", data=saisie).status_code == 302
    assert enseignant.get("/administration/personnes").status_code == 200
    assert "En cours" in direction.get("/administration/delegations").text
    with base.ecole(ECOLE, "essai") as session:
        delegation = session.scalars(select(Delegation.id)).one()
    direction.post(f"/administration/delegations/{delegation}/reprendre")
    assert enseignant.get("/administration/personnes").status_code == 403
    assert "Reprise" in direction.get("/administration/delegations").text


@pytest.mark.parametrize(
    ("valeurs", "message"),
    [
        ({"motif": ""}, "Dites pourquoi"),
        ({"permission": "noyau.briques"}, "ne peut pas être déléguée"),
        ({"fin": "2029-01-01"}, "Les dates ne conviennent pas"),
    ],
)
def test_une_delegation_mal_posee_est_refusee(
    direction: FlaskClient, annuaire: Annuaire, valeurs: dict[str, str], message: str
) -> None:
    saisie = {
        "permission": "noyau.personnes",
        "personne": str(annuaire["enseignant"]),
        "motif": "Rentrée",
        "debut": "2026-09-07",
        "fin": "2026-10-16",
    }
    reponse = direction.post("/administration/delegations", data={**saisie, **valeurs})
    assert reponse.status_code == 422
    assert message in reponse.text
    assert "Rentrée" in reponse.text or "motif" in valeurs, "la saisie est gardée"


def test_le_journal_d_une_ecole_ne_montre_que_ses_actes(
    direction: FlaskClient, academie: FlaskClient, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        for uai in (ECOLE, AUTRE):
            consigner(session, horloge, "import.fini", uai=uai, objet=f"objet-de-{uai}")
    page = direction.get("/administration/journal?acte=import").text
    assert f"objet-de-{ECOLE}" in page
    assert f"objet-de-{AUTRE}" not in page
    assert f"objet-de-{AUTRE}" not in direction.get("/administration/journal.csv").text
    assert f"objet-de-{AUTRE}" in academie.get("/administration/journal?acte=import").text


def test_le_journal_se_filtre_par_jour_et_par_acteur(
    direction: FlaskClient, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        consigner(session, horloge, "role.attribue", uai=ECOLE, acteur=annuaire["cpe"], objet="repere")
    journal = "/administration/journal"
    assert "repere" in direction.get(f"{journal}?du=2026-09-07&au=2026-09-07").text
    assert "repere" not in direction.get(f"{journal}?au=2026-09-06").text
    assert "repere" in direction.get(f"{journal}?acteur={annuaire['cpe']}").text
    assert "Aucun acte ne correspond" in direction.get(f"{journal}?acteur={annuaire['parent']}").text
    assert direction.get(f"{journal}?du=demain").status_code == 422


@pytest.mark.exigence("SURV-01")
@pytest.mark.parametrize("acte", ["session.ouverte", "sessions.fermees", "contexte.choisi"])
@pytest.mark.parametrize(
    "adresse",
    ["/administration/journal", "/administration/journal?acte={acte}", "/administration/journal.csv",
     "/administration/journal?acteur={cpe}", "/api/v1/journal"],
)  # fmt: skip
def test_la_direction_ne_voit_pas_les_connexions_des_agents(
    acte: str,
    adresse: str,
    direction: FlaskClient,
    academie: FlaskClient,
    annuaire: Annuaire,
    base: BaseDeDonnees,
    horloge: HorlogeFixe,
) -> None:
    with base.academie("essai") as session:
        for nom in (acte, "essai.range"):
            consigner(session, horloge, nom, uai=ECOLE, acteur=annuaire["cpe"], reseau="198.51.100.0/24")
    page = adresse.format(acte=acte, cpe=annuaire["cpe"])
    vue = direction.get(page)
    assert vue.status_code == 200
    assert acte not in vue.text.replace(f"acte={acte}", "")
    assert not re.search("A ouvert une session|A fermé|A choisi le profil", vue.text)
    assert ("essai.range" in vue.text) == ("acte=" not in page)
    assert acte in academie.get("/administration/journal.csv").text


def test_le_journal_parle_en_phrases_et_l_export_garde_les_codes(
    direction: FlaskClient, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        compte = session.scalars(select(Compte).where(Compte.personne_id == annuaire["direction"])).one()
        ecole: dict[str, Any] = {"uai": ECOLE, "acteur": annuaire["direction"]}
        consigner(session, horloge, "compte.suspendu", objet=str(compte.id), details={"sessions": 2}, **ecole)
        consigner(
            session,
            horloge,
            "role.attribue",
            details={"role": "dpd", "debut": "2026-09-07", "fin": "2026-10-01"},
            **ecole,
        )
        consigner(session, horloge, "essai.range", objet="armoire-3", details={"rayon": 4}, **ecole)
    page = direction.get("/administration/journal").text
    assert "A suspendu le compte de Camille Essai Direction et fermé 2 sessions" in page
    assert str(compte.id) not in page
    assert "« délégué à la protection des données », du 07/09/2026 au 30/09/2026" in page
    assert re.search(r"essai\.range.*rayon : 4, armoire-3", page), "l'acte d'une brique garde son code"
    export = direction.get("/administration/journal.csv").text
    assert re.search(rf";compte\.suspendu;A suspendu le compte.*;{compte.id};sessions : 2;", export)


def actes_du_noyau() -> set[str]:
    """Chaque nom d'acte écrit en toutes lettres dans un appel à ``consigner``."""
    trouves = set()
    for chemin in Path(ent_core.__file__).parent.rglob("*.py"):
        for appel in ast.walk(ast.parse(chemin.read_text("utf-8"))):
            if isinstance(appel, ast.Call) and getattr(appel.func, "id", "").endswith("consigner"):
                noms = [n.value for a in appel.args for n in ast.walk(a) if isinstance(n, ast.Constant)]
                trouves |= {n for n in noms if isinstance(n, str) and "." in n.strip(".")}
    return trouves


def test_chaque_acte_du_noyau_a_sa_phrase() -> None:
    assert len(actes_du_noyau()) > 25
    assert actes_du_noyau() - PHRASES.keys() == set(), "écrire la phrase dans ent_core/web/admin/phrases.py"


def test_l_export_du_journal_s_ouvre_dans_un_tableur_sans_formule(
    direction: FlaskClient, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        consigner(session, horloge, "import.fini", uai=ECOLE, objet="=1+1")
    reponse = direction.get("/administration/journal.csv")
    assert reponse.data.startswith(b"\xef\xbb\xbf")
    lignes = reponse.data.decode("utf-8-sig").splitlines()
    assert lignes[0].startswith("Quand;Acte;")
    assert any(";'=1+1;" in ligne for ligne in lignes)
    assert "journal.exporte" in direction.get("/administration/journal.csv").text


def test_chaque_page_d_administration_demande_une_session(direction: FlaskClient) -> None:
    anonyme = direction.application.test_client()
    for regle in direction.application.url_map.iter_rules():
        if (
            regle.rule.startswith("/administration")
            and "GET" in (regle.methods or ())
            and not regle.arguments
        ):
            assert anonyme.get(regle.rule).status_code == 302, regle.rule
