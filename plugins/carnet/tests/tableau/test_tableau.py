"""Le tableau de la vie scolaire : ce qui manque maintenant, pour qui en a la charge, et pour lui seul."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU, Base, Portee
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai, compter_enonces
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from ent_carnet.modeles import Absence, Contact
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.permissions import TRAITER
from ent_carnet.services import absences, justifications, motifs

if TYPE_CHECKING:
    from tests.tableau.conftest import HUIT_HEURES, LUNDI, MAINTENANT, Cour
else:
    from datetime import UTC, datetime

    HUIT_HEURES, LUNDI = datetime(2026, 9, 7, 6, tzinfo=UTC), date(2026, 9, 7)
    MAINTENANT = HUIT_HEURES + timedelta(minutes=20)

T, REGLER, API = "/carnet/tableau", "/carnet/tableau/regler", "/api/v1/carnet/tableau"


@pytest.fixture(scope="module")
def clients(ecole: InstanceEssai) -> dict[str, FlaskClient]:
    roles = ("cpe", "direction", "assistant", "enseignant", "parent", "eleve", "cpe_autre", "secretaire")
    return {role: ecole.client(role) for role in roles}


def bloc(texte: str, cle: str) -> str:
    """Le texte d'une carte du tableau, sans ses balises."""
    trouve = re.search(rf'<section class="carte[^"]*" id="{cle}">(.*?)</section>', texte, re.S)
    assert trouve, cle
    return " ".join(re.sub(r"<[^>]+>", " ", trouve[1]).split())


def siennes(cour: Cour) -> list[Absence]:
    with cour.session() as session:
        lues = session.scalars(select(Absence).where(Absence.eleve_id.in_(cour.eleves)).order_by(Absence.id))
        trouvees = list(lues)
        session.expunge_all()
        return trouvees


def motif(cour: Cour, code: str) -> str:
    with cour.session() as session:
        return str(motifs.obtenir(session, ECOLE, code).id)


def test_chaque_page_s_ouvre_a_la_vie_scolaire_et_a_personne_d_autre(
    clients: dict[str, FlaskClient], cour: Cour
) -> None:
    refus = dict.fromkeys(("assistant", "enseignant", "parent", "eleve", "secretaire"), 403)
    for adresse in (T, f"{T}/ensemble", REGLER, API):
        statuts = {role: clients[role].get(adresse).status_code for role in ("cpe", "direction", *refus)}
        assert statuts == {"cpe": 200, "direction": 200, **refus}, adresse
    famille = f"{T}/familles/{cour.eleves[0]}"
    lot = {"absences": [str(uuid4())], "motif_id": motif(cour, "maladie")}
    for role in refus:
        assert clients[role].post(famille, data={"abouti": "1"}).status_code == 403
        assert clients[role].post(REGLER, data=lot).status_code == 403
        assert (
            clients[role].post(f"{REGLER}/annuler", data={"lot": MAINTENANT.isoformat()}).status_code == 403
        )
    assert clients["cpe"].get(f"{T}?vue=inconnue").status_code == 404
    assert clients["cpe_autre"].post(famille, data={"abouti": "1"}).status_code == 404
    assert clients["cpe"].post(famille, data={}).status_code == 422


@pytest.mark.exigence("SURV-03")
@pytest.mark.exigence("CARNET-14")
def test_un_appel_oublie_se_voit_par_sa_classe_et_sa_salle_sans_nommer_d_agent(
    clients: dict[str, FlaskClient], cour: Cour, ecole: InstanceEssai
) -> None:
    seance = cour.seance(salle="B12")
    creneau = Base.metadata.tables["creneau_enseignant"]
    lien = {"uai": ECOLE, "annee": ANNEE, "creneau_id": seance, "personne_id": ecole.annuaire["enseignant"]}
    with ecole.base.academie("essai : enseignant") as session:
        session.execute(insert(creneau), [lien])
        personne = Base.metadata.tables["personne"].c
        nom = session.scalars(select(personne.nom).where(personne.id == ecole.annuaire["enseignant"])).one()
    page = clients["cpe"].get(f"{T}?vue=appels").text
    assert f"{cour.libelle} , salle B12 En cours" in bloc(page, "appels")
    assert nom not in page
    assert nom not in clients["direction"].get(f"{T}/ensemble").text
    # L'heure passée, l'oubli reste ; l'appel fait, il n'y est plus.
    ecole.horloge.instant = HUIT_HEURES + timedelta(minutes=58)
    cpe = ecole.client("cpe")
    assert f"{cour.libelle} , salle B12 Non fait" in bloc(cpe.get(f"{T}?vue=appels").text, "appels")
    cour.appel(seance)
    assert cour.libelle not in bloc(cpe.get(f"{T}?vue=appels").text, "appels")


@pytest.mark.exigence("FAM-12")
def test_un_absent_se_voit_maintenant_et_sa_famille_reste_a_joindre_jusqu_a_une_reponse(
    clients: dict[str, FlaskClient], cour: Cour, ecole: InstanceEssai
) -> None:
    cpe, (absent, present) = clients["cpe"], cour.noms
    cour.appel(cour.seance(), 0)
    page = cpe.get(T, query_string={"q": cour.libelle}).text
    assert f"Zoé {absent} {cour.libelle} Constatée à l&#39;appel" in bloc(page, "absents")
    assert present not in bloc(page, "absents")
    assert absent in bloc(page, "joindre")
    famille, seule = f"{T}/familles/{cour.eleves[0]}", {"vue": "joindre", "q": cour.libelle}
    assert cpe.post(famille, data={"abouti": "0"}).status_code == 302
    assert "un essai aujourd'hui" in bloc(cpe.get(T, query_string=seule).text, "joindre")
    assert cpe.post(famille, data={"abouti": "1"}).status_code == 302
    assert absent not in bloc(cpe.get(T, query_string=seule).text, "joindre")
    with cour.session() as session:
        notes = session.scalars(select(Contact.abouti).where(Contact.eleve_id == cour.eleves[0]))
        assert sorted(notes) == [False, True]
    # À la récréation, l'absent de l'heure se voit encore ; le soir, plus personne n'est absent.
    ecole.horloge.instant = HUIT_HEURES + timedelta(minutes=60)
    page = ecole.client("cpe").get(T, query_string={"q": cour.libelle}).text
    assert "Absents à la dernière heure" in page
    assert absent in bloc(page, "absents")
    ecole.horloge.instant = HUIT_HEURES + timedelta(hours=12)
    assert absent not in bloc(ecole.client("cpe").get(f"{T}?vue=absents").text, "absents")


@pytest.mark.exigence("ABS-03")
def test_une_absence_annoncee_et_un_motif_propose_ne_demandent_pas_d_appel_a_la_famille(
    clients: dict[str, FlaskClient], cour: Cour, ecole: InstanceEssai
) -> None:
    cour.appel(cour.seance(), 0)
    fin = HUIT_HEURES + timedelta(hours=8)
    with cour.session() as session:
        absences.ouvrir(
            session, uai=ECOLE, eleve_id=cour.eleves[1], debut=HUIT_HEURES, fin=fin, motif_cle="sortie",
            auteur_id=None, instant=MAINTENANT, annoncee=True,
        )  # fmt: skip
        justifications.declarer(
            session, uai=ECOLE, eleve_id=cour.eleves[0], declarant_id=ecole.annuaire["parent"],
            debut=HUIT_HEURES.astimezone(FUSEAU), fin=fin, motif_id=UUID(motif(cour, "maladie")), jour=LUNDI,
        )  # fmt: skip
    page = clients["cpe"].get(T, query_string={"q": cour.libelle}).text
    assert f"{cour.noms[1]} {cour.libelle} Absence annoncée" in bloc(page, "absents")
    assert 'id="joindre"' not in page, "une liste où il n'est pas ne se montre pas à qui cherche"
    lu = clients["cpe"].get(API).get_json()
    absents = {a["eleve_id"]: a["annoncee"] for a in lu["absents"]}
    assert [absents[str(eleve)] for eleve in cour.eleves] == [False, True]
    assert str(cour.eleves[0]) in {m["justification"]["eleve_id"] for m in lu["motifs"]}
    assert f"{cour.noms[0]} {cour.libelle} Maladie de l&#39;élève" in bloc(page, "motifs")


@pytest.mark.parametrize(("role", "ou"), [("cpe", "tableau"), ("assistant", "presences")])
def test_chercher_un_eleve_depuis_le_tableau_ou_les_presences(
    clients: dict[str, FlaskClient], cour: Cour, role: str, ou: str
) -> None:
    code = cour.libelle.split()[-1]
    cherche, page = {"q": f"ozturk {code.lower()}"}, f"/carnet/{ou}"
    trouves = re.search(
        r'<section id="trouves">(.*?)</section>', clients[role].get(page, query_string=cherche).text, re.S
    )
    assert trouves
    assert "Un élève trouvé" in trouves[1]
    assert f"/carnet/absences/eleves/{cour.eleves[1]}" in trouves[1]
    (dit,) = clients[role].get(f"/api/v1{page}/recherche", query_string=cherche).get_json()
    assert dit["division"] == cour.libelle
    assert "Aucun élève trouvé" in clients[role].get(page, query_string={"q": "introuvable"}).text


def test_regler_en_lot_s_apercoit_se_compte_se_fait_se_defait_et_se_journalise(
    clients: dict[str, FlaskClient], cour: Cour, ecole: InstanceEssai
) -> None:
    cpe = clients["cpe"]
    cour.appel(cour.seance(), 0, 1)
    lot: dict[str, object] = {
        "absences": [*(str(a.id) for a in siennes(cour)), str(uuid4())], "motif_id": motif(cour, "maladie"),
    }  # fmt: skip
    # Sans rien cocher, sans motif : dit, et rien ne change.
    vide = cpe.post(REGLER, data={"genre": "absence"})
    assert (vide.status_code, "Cochez au moins une absence" in vide.text) == (422, True)
    apercu = cpe.post(REGLER, data=lot)
    assert "Donner ce motif à 2 absences" in apercu.text
    assert "Une de celles que vous aviez cochées ne changera pas." in apercu.text
    assert {a.etat for a in siennes(cour)} == {EtatAbsence.SANS_MOTIF}
    # Ni l'autre collège, ni un motif de retard.
    assert clients["cpe_autre"].post(REGLER, data={**lot, "confirmer": "1"}).status_code in (302, 404)
    with cour.session() as session:
        retard = str(next(m.id for m in motifs.lister(session, ECOLE) if m.genre == "retard"))
    assert cpe.post(REGLER, data={**lot, "motif_id": retard, "confirmer": "1"}).status_code == 422
    assert {a.etat for a in siennes(cour)} == {EtatAbsence.SANS_MOTIF}

    ecole.horloge.avancer(timedelta(minutes=1))
    fait = cpe.post(REGLER, data={**lot, "confirmer": "1"})
    assert fait.status_code == 302
    assert {a.etat for a in siennes(cour)} == {EtatAbsence.REGLEE}
    suite = cpe.get(fait.location).text
    assert "Un motif est donné à 2 périodes." in suite
    instant = re.search(r'name="lot" value="([^"]+)"', suite)
    assert instant
    # Une des deux est reprise à la main depuis : elle n'est plus du lot. Personne d'autre ne le défait.
    defaire = {"lot": instant[1].replace("&#43;", "+")}
    ecole.horloge.avancer(timedelta(minutes=1))
    with cour.session() as session:
        absences.qualifier(
            session, ECOLE, ANNEE, [siennes(cour)[0].id], motif_id=UUID(motif(cour, "convenance")),
            reglee=None, auteur_id=ecole.annuaire["cpe"], instant=ecole.horloge.maintenant(),
        )  # fmt: skip
    assert clients["direction"].post(f"{REGLER}/annuler", data=defaire).status_code == 302
    assert [a.etat for a in siennes(cour)] == [EtatAbsence.MOTIF_DONNE, EtatAbsence.REGLEE]
    assert cpe.post(f"{REGLER}/annuler", data=defaire).status_code == 302
    assert [a.etat for a in siennes(cour)] == [EtatAbsence.MOTIF_DONNE, EtatAbsence.SANS_MOTIF]
    journal = Base.metadata.tables["acte_journal"].c
    with ecole.base.academie("essai : journal") as session:
        actes = session.execute(
            select(journal.acte, journal.details).where(
                journal.acte.in_(["carnet.lot_traite", "carnet.lot_defait"]),
                journal.objet == defaire["lot"], journal.acteur_id == ecole.annuaire["cpe"],
            )
        ).all()  # fmt: skip
    assert sorted((acte, details["absences"]) for acte, details in actes) == [
        ("carnet.lot_defait", 1), ("carnet.lot_traite", 2),
    ]  # fmt: skip


def test_l_accueil_du_cpe_dit_la_vie_scolaire_de_maintenant(
    clients: dict[str, FlaskClient], cour: Cour
) -> None:
    cour.appel(cour.seance(), 0)
    accueil, lu = clients["cpe"].get("/").text, clients["cpe"].get(API).get_json()
    assert "Vie scolaire maintenant" in accueil
    comptes = re.findall(rf'<a [^>]*href="{T}\?vue=(\w+)">(\d+) ', accueil)
    dits = {"absents": "absents", "joindre": "a_joindre", "motifs": "motifs"}
    assert {cle: int(nombre) for cle, nombre in comptes} == {c: len(lu[n]) for c, n in dits.items() if lu[n]}
    assert len(lu["absents"]) >= 1
    aed = clients["assistant"].get("/").text
    siens = dict(re.findall(r'<a [^>]*href="/carnet/presences\?vue=(\w+)">(\d+) ', aed))
    assert siens == {c: str(len(lu[n])) for c, n in dits.items() if n != "motifs" and lu[n]}
    assert "retenue" not in aed, "aucune n'est prévue ce jour"
    assert "Vie scolaire maintenant" not in clients["enseignant"].get("/").text


def test_chaque_page_demande_un_nombre_fixe_d_enonces(
    clients: dict[str, FlaskClient], cour: Cour, ecole: InstanceEssai
) -> None:
    adresses, releves = (T, f"{T}?q=amrani", f"{T}/ensemble", REGLER, "/"), []
    cour.appel(cour.seance(), 0)
    for absents in ((), (0, 1)):
        if absents:
            cour.appel(cour.seance(5), *absents, minutes=5)
        nombres = []
        for adresse in adresses:
            clients["direction"].get(adresse)
            with compter_enonces(ecole.base) as enonces:
                assert clients["direction"].get(adresse).status_code == 200
            nombres.append(len(enonces))
        releves.append(nombres)
    assert releves[0] == releves[1]
    assert max(releves[0][:4]) <= 30, releves


def test_une_delegation_etroite_ne_montre_que_ses_eleves(cour: Cour, ecole: InstanceEssai) -> None:
    collegue, tables = ecole.annuaire["collegue"], Base.metadata.tables
    cour.appel(cour.seance(), 0)
    accordee = {
        "uai": ECOLE, "personne_id": collegue, "permission": TRAITER, "portee": Portee.MES_CLASSES.value,
        "motif": "essai", "accordee_par": ecole.annuaire["direction"], "accordee_le": MAINTENANT,
        "debut": RENTREE, "fin": date(2027, 7, 1),
    }  # fmt: skip
    with ecole.base.academie("essai : délégation") as session:
        session.execute(insert(tables["delegation"]), [accordee])
    client = ecole.client("collegue")
    assert client.get(f"{T}/ensemble").status_code == 403
    assert cour.noms[0] not in client.get(T, query_string={"q": cour.libelle}).text
    lot = {
        "absences": [str(a.id) for a in siennes(cour)],
        "motif_id": motif(cour, "maladie"),
        "confirmer": "1",
    }
    assert client.post(REGLER, data=lot).status_code == 302
    assert {a.etat for a in siennes(cour)} == {EtatAbsence.SANS_MOTIF}
    service = {
        "uai": ECOLE, "annee": ANNEE, "personne_id": collegue, "division_id": cour.id, "source": "essai",
        "debut": RENTREE,
    }  # fmt: skip
    with ecole.base.academie("essai : ses classes") as session:
        session.execute(insert(tables["service"]), [service])
    assert cour.noms[0] in bloc(client.get(f"{T}?vue=absents").text, "absents")
    assert client.post(REGLER, data=lot).status_code == 302
    assert {a.etat for a in siennes(cour)} == {EtatAbsence.REGLEE}
