"""Punir : une personne, un élève, à temps ; la famille lit la nature, le jour et le motif."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from ent_core.brique import FUSEAU, Base
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from sqlalchemy import func, select

from ent_carnet import brique
from ent_carnet.modeles import DemandeSanction, Punition, Retenue, SanctionEleve
from ent_carnet.nomenclatures import NaturePunition
from ent_carnet.services.avis import EXCLUSIONS_DE_COURS

PUNITIONS, NOUVELLE, RETENUES = "/carnet/punitions", "/carnet/punitions/nouvelle", "/carnet/retenues"


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux collèges ; le carnet est ouvert dans le premier, le lundi 7 septembre 2026, 8 h."""
    return application_avec(brique)


def _champs(ecole: InstanceEssai, nature: str, **plus: str) -> dict[str, str]:
    return {
        "eleve": str(ecole.annuaire["eleve"]), "nature": nature, "motif": "bavardage", "jour": "2026-09-07",
        "circonstances": "A continué malgré trois rappels.", **plus,
    }  # fmt: skip


def _retenue(ecole: InstanceEssai, **plus: str) -> dict[str, str]:
    moment = {"retenue_jour": "2026-09-09", "retenue_heure": "13:00", "retenue_lieu": "Permanence"}
    return _champs(ecole, "retenue", travail="Relire la leçon du jour", **moment | plus)


def _seule(ecole: InstanceEssai) -> UUID:
    with ecole.base.ecole(ECOLE, "essai") as session:
        return session.scalars(select(Punition.id).order_by(Punition.id.desc()).limit(1)).one()


def _famille(ecole: InstanceEssai) -> str:
    return f"/carnet/discipline/{ecole.annuaire['eleve']}"


@pytest.mark.exigence("DISC-03")
@pytest.mark.exigence("DISC-04")
@pytest.mark.exigence("CARNET-18")
def test_une_punition_se_donne_se_corrige_a_temps_et_s_annule_avec_trace(ecole: InstanceEssai) -> None:
    prof, parent = ecole.client("enseignant"), ecole.client("parent")
    assert prof.post(NOUVELLE, data=_champs(ecole, "mention")).status_code == 302
    adresse = f"{PUNITIONS}/{_seule(ecole)}"
    # Le délai de correction court : la famille ne lit pas encore, l'auteur corrige.
    assert "Mention au carnet" not in parent.get(_famille(ecole)).text
    assert prof.post(f"{adresse}/corriger", data=_champs(ecole, "excuse")).status_code == 302
    ecole.horloge.avancer(timedelta(hours=3))
    prof, cpe = ecole.client("enseignant"), ecole.client("cpe")
    for lecteur in (ecole.client(qui) for qui in ("parent", "second_parent", "eleve")):
        page = lecteur.get(_famille(ecole)).text
        assert "Excuse orale ou écrite" in page
        assert "bavardages répétés" in page
        assert "trois rappels" not in page  # les circonstances restent aux personnels
        assert "Essai Enseignant" not in page
    assert prof.post(f"{adresse}/corriger", data=_champs(ecole, "mention")).status_code == 422
    assert cpe.post(f"{adresse}/corriger", data=_champs(ecole, "mention")).status_code == 302
    ecole.horloge.avancer(timedelta(days=4))
    assert ecole.client("cpe").post(f"{adresse}/corriger", data=_champs(ecole, "excuse")).status_code == 422
    # Annulée, elle reste aux personnels avec sa trace, et la famille ne la voit plus.
    assert ecole.client("enseignant").post(f"{adresse}/annuler").status_code == 302
    assert "Annulée" in ecole.client("enseignant").get(PUNITIONS).text
    assert "Mention au carnet" not in ecole.client("parent").get(_famille(ecole)).text


@pytest.mark.exigence("DISC-06")
@pytest.mark.exigence("DISC-07")
def test_une_exclusion_de_cours_informe_le_cpe_et_le_chef_et_confie_l_eleve(ecole: InstanceEssai) -> None:
    prof, debut = ecole.client("enseignant"), datetime(2026, 9, 7, 9, tzinfo=FUSEAU)
    with ecole.base.academie("essai : une séance") as session:
        creneau, fait_par = (Base.metadata.tables[nom] for nom in ("creneau", "creneau_enseignant"))
        ici = {"uai": ECOLE, "annee": ANNEE}
        seance_id = session.execute(
            creneau.insert().returning(creneau.c.id),
            {
                **ici, "debut": debut, "fin": debut + timedelta(minutes=55), "matiere": "061300",
                "division_id": ecole.annuaire.divisions[ECOLE],
            },
        ).scalar_one()  # fmt: skip
        session.execute(
            fait_par.insert(),
            {**ici, "creneau_id": seance_id, "personne_id": ecole.annuaire["enseignant"]},
        )
    complete = _champs(ecole, "exclusion_de_cours", seance=str(seance_id), accueil="vie_scolaire")
    for manque in ("seance", "accueil", "circonstances"):
        refus = prof.post(NOUVELLE, data={**complete, manque: ""})
        assert refus.status_code == 422, manque
        assert "trois rappels" in refus.text or manque == "circonstances"  # ce qui est saisi reste
    # Une séance d'un autre n'est pas la sienne ; deux élèves ne se punissent pas ensemble.
    autre = ecole.client("enseignant").post(NOUVELLE, data={**complete, "seance": str(UUID(int=7))})
    assert autre.status_code == 422
    deux = {**complete, "eleve": f"{ecole.annuaire['eleve']},{ecole.annuaire['camarade']}"}
    assert prof.post(NOUVELLE, data=deux).status_code == 422
    assert prof.post(NOUVELLE, data=complete).status_code == 302
    adresse = f"{PUNITIONS}/{_seule(ecole)}"
    for qui in ("cpe", "direction"):
        assert "trois rappels" in ecole.client(qui).get(adresse).text
    with ecole.base.ecole(ECOLE, "essai") as session:
        message = Base.metadata.tables["message"].c
        avertis = select(message.personne_id).where(message.sujet == EXCLUSIONS_DE_COURS.cle)
        assert set(session.scalars(avertis)) == {ecole.annuaire["cpe"], ecole.annuaire["direction"]}


def test_une_retenue_se_pointe_se_reporte_et_garde_son_histoire(ecole: InstanceEssai) -> None:
    prof, assistant = ecole.client("enseignant"), ecole.client("assistant")
    assert prof.post(NOUVELLE, data=_champs(ecole, "retenue")).status_code == 422  # ni jour, ni lieu
    assert prof.post(NOUVELLE, data=_retenue(ecole)).status_code == 302
    camarade = {**_retenue(ecole, retenue_heure="13:30"), "eleve": str(ecole.annuaire["camarade"])}
    assert prof.post(NOUVELLE, data=camarade).status_code == 302
    page = assistant.get(f"{RETENUES}?jour=2026-09-09").text
    assert "Relire la leçon du jour" in page
    assert page.count("2 élèves attendus") == 2  # deux moments qui se touchent, un seul lieu
    with ecole.base.ecole(ECOLE, "essai") as session:
        une, autre = session.scalars(select(Retenue.id).order_by(Retenue.debut)).all()
    pointer = f"{RETENUES}/{une}/pointer"
    assert assistant.post(pointer, data={"etat": "faite"}).status_code == 409  # pas encore eu lieu
    assert ecole.client("collegue").post(pointer, data={"etat": "levee"}).status_code == 404
    ecole.horloge.avancer(timedelta(days=2))
    assistant, cpe = ecole.client("assistant"), ecole.client("cpe")
    for etat in ("manquee", "prevue", "manquee"):  # une erreur de pointage se défait
        assert assistant.post(pointer, data={"etat": etat}).status_code == 302
    ailleurs = {"jour": "2026-09-16", "heure": "14:00", "minutes": "60", "lieu": "Salle 12"}
    for retenue in (une, autre):
        assert cpe.post(f"{RETENUES}/{retenue}/reporter", data=ailleurs).status_code == 302
    assert cpe.post(f"{RETENUES}/{une}/reporter", data=ailleurs).status_code == 409
    assert cpe.post(f"{RETENUES}/{autre}/pointer", data={"etat": "prevue"}).status_code == 409
    with ecole.base.ecole(ECOLE, "essai") as session:
        etats = session.execute(select(Retenue.etat, func.count()).group_by(Retenue.etat)).all()
        assert {etat: nombre for etat, nombre in etats} == {"manquee": 1, "reportee": 1, "prevue": 2}
    assert "Salle 12" in ecole.client("parent").get(_famille(ecole)).text


def test_l_api_donne_et_rend_comme_les_pages(ecole: InstanceEssai) -> None:
    prof, api = ecole.client("enseignant"), "/api/v1/carnet"
    assert prof.post(f"{api}/punitions", json=_champs(ecole, "devoir")).status_code == 422
    retenue = {**_retenue(ecole), "retenue_jour": "2026-09-07"}
    assert prof.post(f"{api}/punitions", json=retenue).status_code == 201
    assert [p["nature"] for p in prof.get(f"{api}/punitions").get_json()] == ["retenue"]
    assert prof.get(f"{api}/retenues").get_json()[0]["lieu"] == "Permanence"
    assert prof.get(f"{api}/sanctions").get_json() == []
    assert ecole.client("collegue").get(f"{api}/punitions").get_json() == []
    assert ecole.client("collegue").post(f"{api}/punitions", json=retenue).status_code == 404
    assert ecole.client("assistant").get(f"{api}/sanctions").status_code == 403


@pytest.mark.exigence("DISC-01")
@pytest.mark.exigence("DISC-02")
def test_punitions_et_sanctions_n_ont_rien_en_commun(ecole: InstanceEssai) -> None:
    assert {n.value for n in NaturePunition} == {
        "mention", "excuse", "devoir", "exclusion_de_cours", "retenue",
    }  # fmt: skip
    liees = {"carnet_sanction", "carnet_etape", "carnet_registre"}
    for table in (Punition.__table__, Retenue.__table__, DemandeSanction.__table__):
        assert not {cle.column.table.name for cle in table.foreign_keys} & liees
        assert "sanction_id" not in table.columns
    assert not {cle.column.table.name for cle in SanctionEleve.__table__.foreign_keys} & {"carnet_punition"}
    assert {"eleve_id"} == {c.name for c in Punition.__table__.columns if "eleve" in c.name}


@pytest.mark.exigence("DISC-03")
@pytest.mark.exigence("DISC-19")
@pytest.mark.exigence("CARNET-14")
def test_une_demande_ecrite_alerte_la_direction_et_le_cpe(ecole: InstanceEssai) -> None:
    prof = ecole.client("enseignant")
    demande = {
        "eleve": str(ecole.annuaire["eleve"]), "motif": "violence_physique", "personnel_vise": "1",
        "faits": "A poussé un surveillant dans l'escalier.", "conseil": "1",
    }  # fmt: skip
    assert prof.post("/carnet/demandes/nouvelle", data={**demande, "faits": ""}).status_code == 422
    assert prof.post("/carnet/demandes/nouvelle", data=demande).status_code == 302
    ecole.client("assistant").post("/carnet/demandes/nouvelle", data={**demande, "motif": "bavardage"})
    for qui in ("direction", "cpe"):
        accueil = ecole.client(qui).get("/").text
        assert "Le conseil de discipline doit être saisi" in accueil
        assert "Essai Eleve" not in accueil.partition("demandes de sanction")[2][:400]
    cpe, sienne = ecole.client("cpe"), prof.get("/carnet/demandes").text
    assert "poussé un surveillant" in sienne
    assert "Bavardages" not in sienne  # un enseignant ne lit que les siennes
    with ecole.base.ecole(ECOLE, "essai") as session:
        demande_id = session.scalars(select(DemandeSanction.id).where(DemandeSanction.conseil)).first()
    suite = f"/carnet/demandes/{demande_id}/suite"
    assert prof.post(suite, data={"suite": "classee"}).status_code == 403
    ouverture = cpe.get(f"/carnet/sanctions/nouvelle?demande={demande_id}").text
    assert "poussé un surveillant" in ouverture
    envoi = {
        "eleve": str(ecole.annuaire["eleve"]), "demande": str(demande_id), "motif": "violence_physique",
        "faits": "A poussé un surveillant.", "faits_le": "2026-09-07",
    }  # fmt: skip
    assert cpe.post("/carnet/sanctions/nouvelle", data=envoi).status_code == 302
    assert cpe.post(suite, data={"suite": "classee"}).status_code == 409
    assert "Procédure engagée" in prof.get("/carnet/demandes").text


def test_la_liste_ne_coute_pas_plus_avec_plus_de_punitions(ecole: InstanceEssai) -> None:
    cpe = ecole.client("cpe")

    def donner() -> None:
        assert cpe.post(NOUVELLE, data=_retenue(ecole)).status_code == 302

    donner()
    mesures = []
    for _ in range(2):
        for adresse in (PUNITIONS, f"{RETENUES}?jour=2026-09-09"):
            cpe.get(adresse)
            with compter_enonces(ecole.base) as enonces:
                assert cpe.get(adresse).status_code == 200
            mesures.append(len(enonces))
        donner()
        donner()
    assert mesures[:2] == mesures[2:]
    assert date(2026, 9, 7) == ecole.horloge.aujourd_hui()
