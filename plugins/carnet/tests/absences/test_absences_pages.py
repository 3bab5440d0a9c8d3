"""Les pages et l'API des absences : qui ouvre quoi, et ce qu'un acte change vraiment."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from ent_core.brique import Base, Portee
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai, compter_enonces
from ent_core.essais.modeles import Delegation, Division, Service
from flask.testing import FlaskClient
from sqlalchemy import select

from ent_carnet.modeles import Absence
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.permissions import TRAITER
from ent_carnet.services import motifs, rapprochement

if TYPE_CHECKING:
    from tests.absences.conftest import SOIR, Classe
else:
    from datetime import UTC, datetime

    SOIR = datetime(2026, 11, 27, 17, tzinfo=UTC)

LUNDI = date(2026, 11, 16)
MESSAGE = Base.metadata.tables["message"]
A, API = "/carnet/absences", "/api/v1/carnet"


@pytest.fixture(scope="session")
def clients(ecole: InstanceEssai) -> dict[str, FlaskClient]:
    roles = ("cpe", "direction", "assistant", "enseignant", "parent", "eleve", "cpe_autre", "secretaire")
    return {role: ecole.client(role) for role in roles}


def rapprocher(classe: Classe) -> UUID:
    with classe.session() as session:
        (absence,) = rapprochement.rapprocher(session, ECOLE, ANNEE, [classe.eleve], LUNDI, SOIR).ouvertes
        return absence.id


def motif(classe: Classe, code: str) -> UUID:
    with classe.session() as session:
        return motifs.obtenir(session, ECOLE, code).id


def etats(classe: Classe) -> list[tuple[str, bool]]:
    with classe.session() as session:
        lues = session.scalars(
            select(Absence).where(Absence.eleve_id == classe.eleve).order_by(Absence.debut)
        )
        return [(absence.etat, absence.annulee_le is not None) for absence in lues]


def test_chaque_page_s_ouvre_a_qui_elle_est_et_a_personne_d_autre(
    clients: dict[str, FlaskClient], classe: Classe
) -> None:
    classe.absences(LUNDI, 8)
    absence = rapprocher(classe)
    dossier = f"{A}/eleves/{classe.eleve}"
    attendus = {
        A: {"cpe": 200, "assistant": 200, "enseignant": 200, "parent": 403, "eleve": 403, "secretaire": 403},
        dossier: {"cpe": 200, "assistant": 200, "enseignant": 404, "parent": 403, "cpe_autre": 404},
        f"{dossier}/decompte": {"cpe": 200, "enseignant": 404, "eleve": 403, "cpe_autre": 404},
        f"{A}/{absence}": {"cpe": 200, "direction": 200, "assistant": 403, "enseignant": 403,
                           "cpe_autre": 404},
        f"{A}/motifs-proposes": {"cpe": 200, "assistant": 403, "enseignant": 403, "parent": 403},
        f"{A}/alertes": {"cpe": 200, "assistant": 403, "enseignant": 403},
        f"{A}/decomptes": {"cpe": 200, "direction": 200, "enseignant": 403},
        f"{A}/import": {"cpe": 200, "assistant": 403},
        f"{A}/motifs": {"direction": 200, "cpe": 403},
        f"{A}/motifs/{motif(classe, 'maladie')}": {"direction": 200, "cpe": 403},
        f"{A}/reglages": {"direction": 200, "cpe": 403},
        f"{A}/{uuid4()}": {"cpe": 404},
        f"{A}?etat=inconnu": {"cpe": 404},
        f"{API}/absences": {"cpe": 200, "enseignant": 200, "parent": 403},
        f"{API}/absences/motifs": {"cpe": 200, "parent": 403},
        f"{API}/motifs": {"parent": 200, "eleve": 200, "cpe": 403},
        f"{API}/motifs-proposes": {"cpe": 200, "parent": 403},
        f"{API}/alertes": {"cpe": 200, "enseignant": 403},
        f"{API}/decomptes/1": {"cpe": 200, "enseignant": 403},
        f"{API}/absences/eleves/{classe.eleve}/decompte": {"cpe": 200, "enseignant": 404, "cpe_autre": 404},
        f"{API}/absences/eleves/{classe.eleve}/contacts": {"cpe": 200, "enseignant": 403},
    }  # fmt: skip
    ecarts = [
        f"{adresse} par {role} : {statut}, non {voulu}"
        for adresse, voulus in attendus.items()
        for role, voulu in voulus.items()
        if (statut := clients[role].get(adresse).status_code) != voulu
    ]
    assert ecarts == []


def test_l_equipe_lit_l_absence_sans_la_nature_d_une_maladie(
    ecole: InstanceEssai, clients: dict[str, FlaskClient], classe: Classe
) -> None:
    with ecole.base.academie("essai") as session:
        session.add(
            Service(
                uai=ECOLE, annee=ANNEE, personne_id=ecole.annuaire["enseignant"], division_id=classe.id,
                source="essai", debut=RENTREE,
            )
        )  # fmt: skip
    classe.absences(LUNDI, 8)
    absence = rapprocher(classe)
    reponse = clients["cpe"].post(f"{A}/{absence}", data={"motif_id": motif(classe, "maladie")})
    assert reponse.status_code == 302, reponse.text
    assert etats(classe) == [(EtatAbsence.REGLEE, False)]
    cpe, enseignant = (clients[r].get(f"{A}/eleves/{classe.eleve}").text for r in ("cpe", "enseignant"))
    assert "Maladie de l&#39;élève" in cpe
    assert "Maladie" not in enseignant
    assert "Motif donné" in enseignant
    assert "Noter le contact" not in enseignant


@pytest.mark.exigence("ABS-07")
def test_le_dossier_montre_ce_qui_change_en_phrases_et_sans_score(
    clients: dict[str, FlaskClient], classe: Classe
) -> None:
    for jour in (2, 9, 16, 23):
        classe.absences(date(2026, 11, jour), 8)
    page = clients["cpe"].get(f"{A}/eleves/{classe.eleve}").text
    assert "Absent 4 fois le lundi matin" in page
    assert "score" not in page.lower()


def test_le_decompte_s_explique_ligne_a_ligne(clients: dict[str, FlaskClient], classe: Classe) -> None:
    classe.absences(LUNDI, 8, 9)
    classe.cours(LUNDI, 14)
    adresse = f"{A}/eleves/{classe.eleve}/decompte?du=2026-11-16&au=2026-11-16"
    page = clients["cpe"].get(adresse).text
    assert "2 séances manquées sur 2 : compte, non réglée (aucun motif)." in page
    assert "0 séance manquée sur 1, 1 sans appel" in page
    lignes = (
        clients["cpe"]
        .get(f"{API}/absences/eleves/{classe.eleve}/decompte?du=2026-11-16&au=2026-11-16")
        .get_json()
    )
    assert [(ligne["moitie"], ligne["compte"]) for ligne in lignes] == [
        ("matin", True),
        ("apres_midi", False),
    ]


@pytest.mark.exigence("ABS-03")
def test_une_famille_propose_la_vie_scolaire_decide(
    clients: dict[str, FlaskClient], ecole: InstanceEssai, classe: Classe
) -> None:
    enfant = ecole.annuaire["eleve"]
    corps = {
        "debut": "2026-12-01T08:00",
        "fin": "2026-12-01T12:00",
        "motif_id": str(motif(classe, "maladie")),
    }
    assert (
        clients["parent"].post(f"{API}/eleves/{classe.eleve}/motifs-proposes", json=corps).status_code == 404
    )
    reponse = clients["parent"].post(f"{API}/eleves/{enfant}/motifs-proposes", json=corps)
    assert reponse.status_code == 201, reponse.text
    proposee = reponse.get_json()["id"]
    assert reponse.get_json()["debut"].startswith("2026-12-01T0")
    assert "Rendez-vous" in str(clients["parent"].get(f"{API}/motifs").get_json())
    assert clients["cpe"].get(f"{A}/motifs-proposes").text.count("Maladie de l&#39;élève") == 1
    assert clients["cpe"].post(f"{A}/motifs-proposes/{proposee}/accepter").status_code == 302
    assert clients["parent"].delete(f"{API}/motifs-proposes/{proposee}").status_code == 409
    assert clients["cpe"].post(f"{API}/motifs-proposes/{proposee}/refuser").status_code == 409


@pytest.mark.exigence("ABS-03")
def test_un_refus_se_dit_a_qui_a_donne_le_motif_et_se_reprend_le_jour_meme(
    clients: dict[str, FlaskClient], ecole: InstanceEssai, classe: Classe
) -> None:
    corps = {
        "debut": "2026-12-08T08:00",
        "fin": "2026-12-08T12:00",
        "motif_id": str(motif(classe, "maladie")),
    }
    enfant, parent, cpe = ecole.annuaire["eleve"], clients["parent"], clients["cpe"]
    donne = parent.post(f"{API}/eleves/{enfant}/motifs-proposes", json=corps).get_json()["id"]
    recu = f"/carnet/famille/motifs/{donne}"

    def messages() -> list[tuple[UUID, str]]:
        with ecole.base.academie("essai : messages") as session:
            dits = select(MESSAGE.c.personne_id, MESSAGE.c.etat).where(MESSAGE.c.lien == recu)
            return [(qui, etat) for qui, etat in session.execute(dits)]

    suite = cpe.get(cpe.post(f"{A}/motifs-proposes/{donne}/refuser").location).text
    assert messages() == [(ecole.annuaire["parent"], "attente")], "à qui l'a donné, et à personne d'autre"
    assert f'action="{A}/motifs-proposes/{donne}/reprendre"' in suite
    assert cpe.post(f"{A}/motifs-proposes/{donne}/reprendre").status_code == 302
    assert messages() == [(ecole.annuaire["parent"], "annule")], "repris : rien ne part"
    assert "En attente" in parent.get(recu).text
    assert cpe.post(f"{API}/motifs-proposes/{donne}/reprendre").status_code == 409, "rien à reprendre"
    assert cpe.post(f"{API}/motifs-proposes/{donne}/refuser").status_code == 204
    assert "Le motif est refusé" in parent.get(recu).text


@pytest.mark.exigence("ABS-09")
@pytest.mark.exigence("ABS-10")
def test_une_alerte_se_clot_et_le_dossier_individuel_se_trace(
    clients: dict[str, FlaskClient], ecole: InstanceEssai, classe: Classe
) -> None:
    for jour in range(2, 6):
        classe.absences(date(2026, 11, jour), 8)
    corps = {"debut": "2026-11-26T08:00", "fin": "2026-11-26T09:00"}
    assert clients["cpe"].post(f"{A}/eleves/{classe.eleve}/ouvrir", data=corps).status_code == 302
    ouvertes = clients["cpe"].get(f"{API}/alertes").get_json()
    siennes = [x for x in ouvertes if x["eleve_id"] == str(classe.eleve)]
    par_seuil = {alerte["seuil"]: alerte["id"] for alerte in siennes}
    assert par_seuil.keys() == {"dialogue", "mois"}
    assert "réunir la commission éducative" in clients["cpe"].get(f"{A}/alertes").text
    adresse = f"{A}/alertes/{par_seuil['mois']}"
    assert clients["cpe"].post(adresse, data={"suite": "aide"}).status_code == 409
    trompee = clients["cpe"].post(adresse, data={"suite": "sans_suite"})
    assert f'action="{adresse}/rouvrir"' in clients["cpe"].get(trompee.location).text
    assert clients["cpe"].post(f"{adresse}/rouvrir").status_code == 302
    assert clients["cpe"].delete(f"{API}/alertes/{par_seuil['mois']}/suite").status_code == 409
    assert par_seuil["mois"] in {x["id"] for x in clients["cpe"].get(f"{API}/alertes").get_json()}
    assert clients["cpe"].post(adresse, data={"suite": "aide", "referent": "1"}).status_code == 302
    dossier = clients["cpe"].get(f"{A}/eleves/{classe.eleve}").text
    assert "Aide contractualisée" in dossier
    assert "référent" in dossier
    individuel = clients["cpe"].post(f"{A}/eleves/{classe.eleve}/dossier")
    assert "4 demi-journées d'absence" in individuel.text
    with ecole.base.academie("essai : journal") as session:
        actes = session.connection().exec_driver_sql(
            "select objet from acte_journal where acte = 'carnet.dossier_absences_imprime'"
        )
        assert str(classe.eleve) in [objet for (objet,) in actes]


@pytest.mark.exigence("FAM-12")
def test_un_contact_se_note_et_un_formulaire_fautif_se_dit(
    clients: dict[str, FlaskClient], classe: Classe
) -> None:
    contact = f"{A}/eleves/{classe.eleve}/contact"
    assert clients["cpe"].post(contact, data={"canal": "telephone", "abouti": "0"}).status_code == 302
    assert "Sans réponse" in clients["cpe"].get(f"{A}/eleves/{classe.eleve}").text
    refus = clients["cpe"].post(contact, data={"canal": "pigeon"})
    assert (refus.status_code, "rien n&#39;est changé" in refus.text) == (422, True)
    assert clients["enseignant"].post(contact, data={"canal": "telephone"}).status_code == 403


def test_une_absence_mal_datee_revient_avec_ce_qui_etait_saisi(
    clients: dict[str, FlaskClient], classe: Classe
) -> None:
    corps = {"debut": "2026-11-26T10:00", "fin": "2026-11-26T09:00", "motif": "maladie"}
    refus = clients["cpe"].post(f"{A}/eleves/{classe.eleve}/ouvrir", data=corps)
    assert refus.status_code == 422
    assert "La fin d&#39;une absence suit son début." in refus.text
    assert all(f'value="{valeur}"' in refus.text for valeur in corps.values()), "rien n'est à ressaisir"
    vide = clients["cpe"].post(f"{A}/eleves/{classe.eleve}/ouvrir", data={"fin": corps["fin"]})
    assert "Donnez le jour et l&#39;heure du début." in vide.text
    assert etats(classe) == []


def test_reprendre_les_appels_annuler_une_periode(clients: dict[str, FlaskClient], classe: Classe) -> None:
    vendredi = date(2026, 11, 27)
    classe.absences(vendredi, 8)
    assert clients["cpe"].post(f"{A}/reprendre").status_code == 302
    (absence,) = [
        x for x in clients["cpe"].get(f"{API}/absences").get_json() if x["eleve_id"] == str(classe.eleve)
    ]
    reponse = clients["cpe"].post(
        f"{API}/absences/traiter",
        json={"absences": [absence["id"]], "motif_id": str(motif(classe, "convenance"))},
    )
    assert [x["etat"] for x in reponse.get_json()] == ["motif_donne"]
    assert clients["cpe"].post(f"{A}/{absence['id']}/annuler").status_code == 302
    assert etats(classe) == [(EtatAbsence.MOTIF_DONNE, True)]
    assert "Annulée" in clients["cpe"].get(f"{A}/eleves/{classe.eleve}").text


def test_un_motif_se_change_apres_apercu_et_les_reglages_se_disent(
    clients: dict[str, FlaskClient], classe: Classe
) -> None:
    adresse = f"{A}/motifs/{motif(classe, 'rendez_vous')}"
    corps = {"indicateur": "compte", "valeur": "0", "effet_le": "2026-11-20"}
    apercu = clients["direction"].post(adresse, data=corps)
    assert "0 absences de 0 élèves" in apercu.text
    assert "Changements de l'année" not in clients["direction"].get(adresse).text
    assert clients["direction"].post(adresse, data={**corps, "confirmer": "1"}).status_code == 302
    assert "Changements de l'année" in clients["direction"].get(adresse).text
    futur = {**corps, "effet_le": "2027-06-01", "valeur": "1"}
    assert clients["direction"].post(adresse, data=futur).status_code == 422
    reglages = {"midi": "13:00", "regle": "une_seance", "seuil_mois": "4", "seuil_renforce": "10"}
    assert clients["direction"].post(f"{A}/reglages", data=reglages).status_code == 422
    assert (
        clients["direction"].post(f"{A}/reglages", data={**reglages, "mois_glissant": "0"}).status_code == 302
    )


def test_un_fichier_s_apercoit_s_importe_et_s_annule_depuis_la_page(
    ecole: InstanceEssai, clients: dict[str, FlaskClient], classe: Classe
) -> None:
    from io import BytesIO

    with ecole.base.academie("essai") as session:
        code = session.get_one(Division, (ECOLE, ANNEE, classe.id)).code
    texte = (
        "classe;nom;prenom;debut;fin;motif\n"
        f"{code};Essai-{code};Zoé;16/11/2026 08:00;16/11/2026 12:00;maladie\n{code};Autre;Nom;hier;demain;\n"
    )
    fichier = {"fichier": (BytesIO(texte.encode("cp1252")), "absences.csv")}
    apercu = clients["cpe"].post(f"{A}/import", data=fichier)
    assert "Ligne 3 : le début ou la fin ne se lit pas" in apercu.text
    assert "Importer 1 absence" in apercu.text
    assert etats(classe) == []
    long = texte + f"{' ' * 600}\n" * 1000  # un grand fichier se confirme comme un petit
    importe = clients["cpe"].post(f"{A}/import", data={"texte": long, "confirmer": "1"})
    assert importe.status_code == 302
    assert etats(classe) == [(EtatAbsence.REGLEE, False)]
    with classe.session() as session:
        lot = session.scalars(select(Absence.lot_id).where(Absence.eleve_id == classe.eleve)).one()
    assert clients["cpe"].post(f"{A}/import/{lot}/annuler").status_code == 302
    assert etats(classe) == [(EtatAbsence.REGLEE, True)]


def test_la_liste_demande_un_nombre_fixe_d_enonces(
    ecole: InstanceEssai, clients: dict[str, FlaskClient], classe: Classe
) -> None:
    nombres = []
    for heure in (8, 10):
        classe.absences(LUNDI, heure)
        classe.cours(LUNDI, heure + 1)
        classe.appel(LUNDI, heure + 1)
        with classe.session() as session:
            rapprochement.rapprocher(session, ECOLE, ANNEE, [classe.eleve], LUNDI, SOIR)
        clients["cpe"].get(A)
        with compter_enonces(ecole.base) as enonces:
            assert clients["cpe"].get(A).status_code == 200
        nombres.append(len(enonces))
    assert nombres[0] == nombres[1]


def test_une_delegation_etroite_n_ouvre_que_ses_eleves(
    ecole: InstanceEssai, clients: dict[str, FlaskClient], classe: Classe
) -> None:
    """Pour ses seules classes : ni les autres élèves, ni les actes qui les touchent tous."""
    collegue = ecole.annuaire["collegue"]
    classe.absences(LUNDI, 8)
    absence = rapprocher(classe)
    with ecole.base.academie("essai : délégation") as session:
        session.add(
            Delegation(
                uai=ECOLE, personne_id=collegue, permission=TRAITER, portee=Portee.MES_CLASSES.value,
                motif="essai", accordee_par=ecole.annuaire["direction"], accordee_le=SOIR, debut=RENTREE,
                fin=date(2027, 7, 1),
            )
        )  # fmt: skip
    client = ecole.client("collegue")
    ensemble = ("/decomptes", "/import")
    assert [client.get(f"{A}{chemin}").status_code for chemin in ensemble] == [403, 403]
    assert client.post(f"{A}/reprendre").status_code == 403
    assert client.get(f"{A}/{absence}").status_code == 404
    assert client.post(f"{A}/{absence}/annuler").status_code == 404
    lot = {"absences": [str(absence)], "motif_id": str(motif(classe, "maladie"))}
    assert client.post(f"{API}/absences/traiter", json=lot).status_code == 404
    assert etats(classe) == [(EtatAbsence.SANS_MOTIF, False)]
    with ecole.base.academie("essai : ses classes") as session:
        session.add(
            Service(
                uai=ECOLE, annee=ANNEE, personne_id=collegue, division_id=classe.id, source="essai",
                debut=RENTREE,
            )
        )  # fmt: skip
    assert client.post(f"{API}/absences/traiter", json=lot).status_code == 200
    assert etats(classe) == [(EtatAbsence.REGLEE, False)]
