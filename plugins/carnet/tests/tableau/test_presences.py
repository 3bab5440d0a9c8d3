"""Les présences : de quoi faire l'appel partout et joindre les familles, sans rien de plus."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from ent_core.brique import Base
from ent_core.essais.annuaire import ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from ent_carnet.modeles import Contact, SanctionEleve

if TYPE_CHECKING:
    from tests.tableau.conftest import Cour

HUIT_HEURES, LUNDI = datetime(2026, 9, 7, 6, tzinfo=UTC), date(2026, 9, 7)
PAGE, API = "/carnet/presences", "/api/v1/carnet/presences"


def ajouter(cour: Cour, table: str, **colonnes: Any) -> None:  # noqa: ANN401 - valeurs de toute table
    with cour.instance.base.academie("essai : présences") as session:
        session.execute(insert(Base.metadata.tables[table]), [colonnes])


def joindre(client: FlaskClient, cour: Cour) -> str:
    page = client.get(PAGE, query_string={"vue": "joindre", "q": cour.libelle}).text
    trouve = re.search(r'<section class="carte[^"]*" id="joindre">(.*?)</section>', page, re.S)
    assert trouve
    return trouve[1]


@pytest.fixture
def familles(cour: Cour) -> Cour:
    """Un absent sans motif ; sa mère a deux numéros, son père est écarté par un acte de justice."""
    mere, pere = uuid4(), uuid4()
    for qui, nom, legal in ((mere, "Berthier", 1), (pere, "Delcourt", 2)):
        ajouter(
            cour, "personne", id=qui, nom=nom, prenom="Dominique", telephone=f"03200000{legal}0",
            mobile=f"06000000{legal}0",
        )  # fmt: skip
        lien = uuid4()
        ajouter(
            cour, "responsabilite", id=lien, eleve_id=cour.eleves[0], responsable_id=qui, lien="10",
            legal=legal, financier=False, contact=True, paiement=False, source="essai", debut=RENTREE,
        )  # fmt: skip
        if legal == 2:
            ajouter(cour, "restriction", responsabilite_id=lien, reference="JAF", debut=RENTREE)
    cour.appel(cour.seance(), 0)
    return cour


@pytest.mark.exigence("FAM-12")
@pytest.mark.exigence("FAM-04")
def test_un_assistant_appelle_la_mere_note_l_essai_et_rien_d_autre(
    familles: Cour, ecole: InstanceEssai
) -> None:
    aed, famille = ecole.client("assistant"), f"{PAGE}/familles/{familles.eleves[0]}"
    lue = joindre(aed, familles)
    assert lue.index('href="tel:0600000010"') < lue.index('href="tel:0320000010"'), "le mobile d'abord"
    assert "06\u202f00\u202f00\u202f00\u202f10" in lue
    assert "Delcourt" not in lue, "un responsable écarté n'est pas appelé"
    assert "0600000020" not in aed.get(PAGE).text
    with ecole.base.academie("essai : trace") as session:
        trace = Base.metadata.tables["trace_lecture"].c
        notees = session.execute(
            select(trace.colonnes, trace.lecteur_id).where(
                trace.sujet_id == familles.eleves[0], trace.traitement == "noyau.annuaire"
            )
        ).all()
    assert notees == [(["mobile", "telephone"], ecole.annuaire["assistant"])], "la lecture est notée"
    assert aed.post(famille, data={"abouti": "0"}).status_code == 302
    assert "un essai aujourd" in joindre(aed, familles)
    ailleurs = f"{API}/familles/{familles.eleves[0]}"
    assert aed.post(ailleurs, json={"abouti": True}).status_code == 201
    assert familles.noms[0] not in joindre(aed, familles)
    with familles.session() as session:
        assert sorted(session.scalars(select(Contact.abouti))) == [False, True]
    # Noter un appel n'ouvre ni le dossier des contacts, ni le règlement des absences.
    assert aed.get("/carnet/tableau").status_code == 403
    dossier = aed.get(f"/carnet/absences/eleves/{familles.eleves[0]}")
    assert dossier.status_code == 200
    assert 'id="contacts"' not in dossier.text
    assert "carnet/presences" in aed.get("/").text
    assert "carnet/presences" not in ecole.client("cpe").get("/").text, "le CPE a le tableau"
    assert ecole.client("enseignant").get(PAGE).status_code == 403


def test_sans_responsable_connu_la_liste_le_dit_au_lieu_de_se_taire(cour: Cour, ecole: InstanceEssai) -> None:
    cour.appel(cour.seance(), 0)
    for role in ("assistant", "cpe"):
        page = "/carnet/tableau" if role == "cpe" else PAGE
        lue = ecole.client(role).get(page, query_string={"vue": "joindre", "q": cour.libelle}).text
        assert cour.noms[0] in lue
        assert "Aucun responsable à appeler n'est connu" in lue


@pytest.mark.exigence("DISC-10")
def test_un_assistant_sait_d_une_exclusion_les_jours_et_l_effet_seulement(
    cour: Cour, ecole: InstanceEssai
) -> None:
    tue = {"motif": "harcelement", "faits": "Faits-tus", "motivation": "Motivation-tue", "faits_le": LUNDI}
    exclus = {"jours": 2, "prononcee_le": LUNDI, "du": LUNDI, "au": LUNDI + timedelta(days=1)}
    with cour.session() as session:
        session.add_all(
            [
                SanctionEleve(uai=ECOLE, annee=2026, eleve_id=cour.eleves[0], etat="executee", sanction=4,
                              **tue, **exclus),
                SanctionEleve(uai=ECOLE, annee=2026, eleve_id=cour.eleves[1], etat="notifiee", sanction=1,
                              **tue, prononcee_le=LUNDI),
            ]
        )  # fmt: skip
    page = ecole.client("assistant").get(PAGE, query_string={"q": cour.libelle}).text
    assert cour.noms[0] in page
    assert "Exclu de la classe, accueilli dans l&#39;établissement, du lundi 7 septembre" in page
    assert cour.noms[1] not in page, "un avertissement ne le regarde pas"
    assert not re.search("Harcèlement|harcelement|Faits-tus|Motivation-tue", page)
    (exclu,) = [
        e
        for e in ecole.client("assistant").get(API).get_json()["exclus"]
        if e["eleve_id"] == str(cour.eleves[0])
    ]
    assert exclu == {
        "eleve_id": str(cour.eleves[0]), "division": cour.libelle, "effet": 4, "du": "2026-09-07",
        "au": "2026-09-08",
    }  # fmt: skip
    assert cour.noms[0] in ecole.client("cpe").get("/carnet/tableau").text
    assert ecole.client("assistant").get("/carnet/sanctions").status_code == 403


@pytest.mark.exigence("ABS-01")
def test_la_deuxieme_heure_oubliee_d_une_seance_longue_manque_elle_aussi(
    cour: Cour, ecole: InstanceEssai
) -> None:
    seance = cour.seance(duree=115)
    cour.appel(seance)
    assert cour.libelle not in ecole.client("cpe").get("/carnet/tableau?vue=appels").text
    ecole.horloge.instant = HUIT_HEURES + timedelta(minutes=80)
    cpe = ecole.client("cpe")
    page = cpe.get("/carnet/tableau", query_string={"vue": "appels", "q": cour.libelle}).text
    assert f'href="/carnet/appel/{seance}?heure=2"' in page
    assert "2<sup>e</sup> heure" in page
    (manque,) = [
        a for a in cpe.get("/api/v1/carnet/tableau").get_json()["appels"] if a["seance_id"] == str(seance)
    ]
    assert (manque["heure"], manque["etat"]) == (2, "a_faire")
    assert f'href="/carnet/appel/{seance}?heure=2"' in cpe.get("/carnet/appel/jour").text
