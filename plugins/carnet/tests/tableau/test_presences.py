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

from ent_carnet.modeles import Absence, Contact, Fait, SanctionEleve

if TYPE_CHECKING:
    from tests.tableau.conftest import Cour

HUIT_HEURES, LUNDI = datetime(2026, 9, 7, 6, tzinfo=UTC), date(2026, 9, 7)
PAGE, API = "/carnet/presences", "/api/v1/carnet/presences"


def ajouter(cour: Cour, table: str, **colonnes: Any) -> None:  # noqa: ANN401 - valeurs de toute table
    with cour.instance.base.academie("essai : présences") as session:
        session.execute(insert(Base.metadata.tables[table]), [colonnes])


def liste(client: FlaskClient, cour: Cour, vue: str = "joindre") -> str:
    page = client.get(PAGE, query_string={"vue": vue, "q": cour.libelle}).text
    trouve = re.search(rf'<section class="carte[^"]*" id="{vue}">(.*?)</section>', page, re.S)
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
    lue = liste(aed, familles)
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
    assert "un essai aujourd" in liste(aed, familles)
    ailleurs = f"{API}/familles/{familles.eleves[0]}"
    assert aed.post(ailleurs, json={"abouti": True}).status_code == 201
    assert familles.noms[0] not in liste(aed, familles)
    with familles.session() as session:
        notes = select(Contact.abouti).where(Contact.eleve_id == familles.eleves[0])
        assert sorted(session.scalars(notes)) == [False, True]
    # Noter un appel n'ouvre ni le dossier des contacts, ni le règlement des absences.
    assert aed.get("/carnet/tableau").status_code == 403
    dossier = aed.get(f"/carnet/absences/eleves/{familles.eleves[0]}")
    assert dossier.status_code == 200
    assert 'id="contacts"' not in dossier.text
    assert "carnet/presences" in aed.get("/").text
    assert "carnet/presences" not in ecole.client("cpe").get("/").text, "le CPE a le tableau"
    assert ecole.client("enseignant").get(PAGE).status_code == 403


@pytest.mark.exigence("FAM-12")
def test_un_appel_note_par_erreur_se_retire_d_un_geste_et_laisse_sa_trace(
    familles: Cour, ecole: InstanceEssai
) -> None:
    aed, cpe, famille = ecole.client("assistant"), ecole.client("cpe"), familles.eleves[0]
    faite = aed.post(f"{PAGE}/familles/{famille}", data={"abouti": "1"})
    assert familles.noms[0] not in liste(aed, familles)
    suite = aed.get(faite.location).text
    assert "La famille est jointe." in suite
    defaire = re.search(r'action="(/carnet/presences/contacts/[^"]+/retirer)"', suite)
    assert defaire, "la page offre de défaire"
    for _ in range(2):  # deux fois de suite, rien de plus
        assert aed.post(defaire[1]).status_code == 302
    lue = liste(aed, familles)
    assert familles.noms[0] in lue
    assert "un essai" not in lue, "retiré, l'essai ne compte plus"
    assert "A répondu" not in cpe.get(f"/carnet/absences/eleves/{famille}").text
    with ecole.base.academie("essai : journal") as session:
        journal = Base.metadata.tables["acte_journal"].c
        qui = select(journal.acteur_id).where(journal.acte == "carnet.contact_retire")
        assert session.scalars(qui).all() == [ecole.annuaire["assistant"]], "une fois"
    with familles.session() as session:
        (retire,) = session.scalars(select(Contact).where(Contact.eleve_id == famille))
        assert (retire.abouti, retire.retire_le) == (True, ecole.horloge.instant), "rien n'est effacé"
        session.add(
            Contact(uai=ECOLE, annee=2026, eleve_id=famille, canal="entretien", abouti=True,
                    le=LUNDI - timedelta(days=3))
        )  # fmt: skip
        session.flush()
        ancien = session.scalars(select(Contact.id).where(Contact.canal == "entretien")).one()
    assert aed.delete(f"{API}/contacts/{ancien}").status_code == 409, "d'un autre jour : au CPE"
    dossier = cpe.get(f"/carnet/absences/eleves/{famille}").text
    assert f'action="/carnet/absences/contacts/{ancien}/retirer"' in dossier
    assert cpe.delete(f"/api/v1/carnet/absences/contacts/{ancien}").status_code == 204
    assert "Aucun contact cette année" in cpe.get(f"/carnet/absences/eleves/{famille}").text


@pytest.mark.exigence("ABS-11")
@pytest.mark.exigence("CARNET-18")
def test_un_absent_qui_arrive_se_note_en_retard_depuis_la_liste_et_se_defait(
    cour: Cour, ecole: InstanceEssai
) -> None:
    seance = cour.seance()
    cour.appel(seance, 0)
    aed = ecole.client("assistant")
    lue = liste(aed, cour, "absents")
    assert f'action="/carnet/appel/{seance}/arrivees?heure=1"' in lue
    vu = re.search(r'name="vu" value="([^"]+)"', lue)
    assert vu
    arrivee = {"eleve": cour.eleves[0], "vu": vu[1]}
    faite = aed.post(f"/carnet/appel/{seance}/arrivees?heure=1", data=arrivee)
    assert faite.status_code == 302
    assert cour.noms[0] not in liste(aed, cour, "absents")
    with cour.session() as session:
        courants = select(Fait.nature, Fait.minutes).where(
            Fait.eleve_id == cour.eleves[0], Fait.retire_le.is_(None)
        )
        assert session.execute(courants).all() == [("retard", 20)], "de maintenant : il est 8 h 20"
        dit = session.scalars(
            select(Absence.genre).where(Absence.eleve_id == cour.eleves[0], Absence.annulee_le.is_(None))
        )
        assert list(dit) == ["retard"]
    ancienne = {**arrivee, "la": "0"}
    refus = ecole.client("cpe").post(f"/carnet/appel/{seance}/arrivees?heure=1", data=ancienne)
    assert refus.status_code == 409, "une page ancienne n'efface pas ce qu'un autre a noté"
    suite = aed.get(faite.location).text
    nouveau = re.search(r'name="vu" value="([^"]+)"', suite)
    assert nouveau
    retour = {"eleve": cour.eleves[0], "vu": nouveau[1], "la": "0"}
    aed.post(f"/carnet/appel/{seance}/arrivees?heure=1", data=retour)
    assert cour.noms[0] in liste(aed, cour, "absents")
    assert (
        ecole.client("assistant").post(f"/carnet/appel/{uuid4()}/arrivees", data=arrivee).status_code == 404
    )


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
    carte = page.split('id="exclus"')[1].split("</section>")[0]
    assert cour.noms[0] in carte
    assert cour.noms[1] not in carte, "un avertissement ne le regarde pas"
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
