"""Sanctionner : la procédure entière, par les pages, l'horloge avancée ; et qui lit quoi."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from ent_core.brique import FUSEAU, Base
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from pypdf import PdfReader
from sqlalchemy import func, select

from ent_carnet import brique
from ent_carnet.modeles import (
    Absence,
    Affichage,
    InterdictionConservatoire,
    LigneDuRegistre,
    Motif,
    SanctionEleve,
)
from ent_carnet.nomenclatures import Accompagnement
from ent_carnet.services import registre

SANCTIONS = "/carnet/sanctions"
FAITS = "A insulté un camarade dans la cour, devant témoins."


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux collèges ; le carnet est ouvert dans le premier, le lundi 7 septembre 2026, 8 h."""
    return application_avec(brique)


def _ouvrir(ecole: InstanceEssai, eleve: str = "eleve", faits_le: str = "2026-09-07") -> str:
    envoi = {"eleve": str(ecole.annuaire[eleve]), "motif": "insolence", "faits": FAITS, "faits_le": faits_le}
    ouverte = ecole.client("cpe").post(f"{SANCTIONS}/nouvelle", data=envoi)
    assert ouverte.status_code == 302, ouverte.text
    return str(ouverte.location)


def _notifier(ecole: InstanceEssai, adresse: str, le: str) -> None:
    for etape in ("notification_eleve", "notification_responsables"):
        envoi = {"etape": etape, "le": le, "voie": "main_propre"}
        assert ecole.client("cpe").post(f"{adresse}/etape", data=envoi).status_code == 302


def _aller(ecole: InstanceEssai, jour: date) -> None:
    ecole.horloge.instant = datetime(jour.year, jour.month, jour.day, 9, tzinfo=FUSEAU)


def _prononcer(ecole: InstanceEssai, adresse: str, statut: int = 302, /, **decision: str) -> str:
    le = ecole.horloge.aujourd_hui().isoformat()
    envoi = {"le": le, "motivation": "Faits reconnus et répétés.", **decision}
    reponse = ecole.client("direction").post(f"{adresse}/prononcer", data=envoi)
    assert reponse.status_code == statut, reponse.text
    return str(reponse.text)


def _decidee(ecole: InstanceEssai, adresse: str, **decision: str) -> None:
    """De l'ouverture à la notification, par le chemin le plus court."""
    jour = ecole.horloge.aujourd_hui()
    _notifier(ecole, adresse, jour.isoformat())
    _aller(ecole, jour + timedelta(days=4))
    _prononcer(ecole, adresse, 302, **decision)
    envoi = {"le": ecole.horloge.aujourd_hui().isoformat(), "voie": "recommande"}
    assert ecole.client("cpe").post(f"{adresse}/notifier", data=envoi).status_code == 302


def _lue(ecole: InstanceEssai, adresse: str) -> SanctionEleve:
    with ecole.base.ecole(ECOLE, "essai") as session:
        return session.get_one(SanctionEleve, (ECOLE, UUID(adresse.rpartition("/")[2])))


def _famille(ecole: InstanceEssai, role: str = "parent") -> str:
    return str(ecole.client(role).get(f"/carnet/discipline/{ecole.annuaire['eleve']}").text)


@pytest.mark.exigence("DISC-10")
@pytest.mark.exigence("DISC-11")
@pytest.mark.exigence("DISC-15")
@pytest.mark.exigence("DISC-16")
@pytest.mark.exigence("DISC-26")
@pytest.mark.exigence("DISC-28")
def test_une_exclusion_de_la_classe_par_toute_la_procedure(ecole: InstanceEssai) -> None:
    adresse = _ouvrir(ecole)
    assert "Procédure disciplinaire" not in _famille(ecole)  # les faits se notifient d'abord
    _prononcer(ecole, adresse, 422, sanction="1")
    _notifier(ecole, adresse, "2026-09-07")
    for lecteur in ("parent", "second_parent", "eleve"):  # FAM-01, FAM-11 : la même chose à chacun
        page = _famille(ecole, lecteur)
        assert "Vous pouvez vous défendre jusqu" in page
        assert "mercredi 9 septembre" in page
        assert "faire assister" in page
        assert "devant témoins" in page
    _aller(ecole, date(2026, 9, 9))
    refus = _prononcer(ecole, adresse, 422, sanction="4", jours="2")
    assert "deux jours ouvrables" in refus
    assert "Faits reconnus et répétés." in refus  # rien de ce qui est saisi n'est perdu
    _aller(ecole, date(2026, 9, 10))
    assert ecole.client("cpe").post(f"{adresse}/prononcer", data={"sanction": "1"}).status_code == 403
    assert "un à huit" in _prononcer(ecole, adresse, 422, sanction="4", jours="9")
    assert _lue(ecole, adresse).etat == "faits_notifies"
    _prononcer(ecole, adresse, sanction="4", jours="2", accompagnement=Accompagnement.ACCUEIL_AU_RETOUR)
    assert "Elle vous sera notifiée" in _famille(ecole)
    notifiee = {"le": "2026-09-10", "voie": "recommande"}
    assert ecole.client("cpe").post(f"{adresse}/notifier", data=notifiee).status_code == 302
    page = _famille(ecole)
    assert "Exclusion temporaire de la classe" in page
    assert "deux mois" in page
    assert "Accueil au retour" in page
    assert "01/08/2029" in page  # effacée à la fin de la deuxième année suivante
    jours = {"du": "2026-09-14", "au": "2026-09-15"}
    assert ecole.client("cpe").post(f"{adresse}/executer", data={}).status_code == 422
    assert ecole.client("cpe").post(f"{adresse}/executer", data=jours).status_code == 302
    with ecole.base.ecole(ECOLE, "essai") as session:
        absence, code = session.execute(
            select(Absence, Motif.code).join(Motif, Motif.id == Absence.motif_id)
        ).one()
        # L'appel saura qu'il est exclu de la classe, accueilli : jamais un manquement.
        assert (code, absence.annoncee, absence.etat) == ("exclusion_classe", True, "reglee")
        assert absence.debut == datetime(2026, 9, 14, tzinfo=FUSEAU)
        assert absence.fin == datetime(2026, 9, 16, tzinfo=FUSEAU)
        assert session.scalars(select(Affichage.nature)).all() == ["sanction"]
    assert "Exclusion temporaire de la classe" in ecole.client("parent").get("/carnet/famille").text
    assert _lue(ecole, adresse).etat == "executee"


@pytest.mark.exigence("DISC-11")
@pytest.mark.exigence("DISC-17")
@pytest.mark.exigence("DISC-18")
def test_le_conseil_seul_exclut_definitivement_et_l_acces_s_interdit_d_ici_la(ecole: InstanceEssai) -> None:
    adresse, cpe = _ouvrir(ecole), ecole.client("cpe")
    interdire, chef = f"{adresse}/interdire", ecole.client("direction")
    assert chef.post(interdire, data={"du": "2026-09-07", "au": "2026-09-08"}).status_code == 422
    _notifier(ecole, adresse, "2026-09-07")
    convocation = {
        "etape": "convocation_conseil", "le": "2026-09-07", "voie": "recommande", "reunion_heure": "17:30",
        "reunion_lieu": "Salle du conseil",
    }  # fmt: skip
    lettre = f"/carnet/papier/sanctions/{adresse.rpartition('/')[2]}/convocation"
    assert "Imprimer la convocation" not in cpe.get(adresse).text
    assert cpe.post(lettre).status_code == 409, "rien n'est convoqué"
    assert cpe.post(f"{adresse}/etape", data=convocation).status_code == 422, "sans son jour"
    tot = cpe.post(f"{adresse}/etape", data={**convocation, "reunion_jour": "2026-09-11"})
    assert tot.status_code == 422
    assert "cinq jours au moins" in tot.text
    assert cpe.post(f"{adresse}/etape", data={**convocation, "reunion_jour": "2026-09-14"}).status_code == 302
    moment = 'lundi 14 septembre, 17\u202fh\u202f30, <span dir="auto">Salle du conseil</span>'
    assert moment in cpe.get(adresse).text
    assert moment in _famille(ecole)
    imprimee = cpe.post(lettre)
    assert "Salle du conseil" in "".join(p.extract_text() for p in PdfReader(BytesIO(imprimee.data)).pages)
    assert chef.post(interdire, data={"du": "2026-09-07", "au": "2026-09-15"}).status_code == 422
    assert cpe.post(interdire, data={"du": "2026-09-07", "au": "2026-09-14"}).status_code == 403
    assert chef.post(interdire, data={"du": "2026-09-08", "au": "2026-09-14"}).status_code == 302
    assert "Accès à l&#39;établissement interdit" in _famille(ecole)
    with ecole.base.ecole(ECOLE, "essai") as session:
        interdiction = session.scalars(select(InterdictionConservatoire)).one()
        assert session.scalars(select(Absence.fin)).one() == datetime(2026, 9, 15, tzinfo=FUSEAU)
        assert session.scalars(select(LigneDuRegistre)).all() == []
    _aller(ecole, date(2026, 9, 10))
    assert "seul conseil de discipline" in _prononcer(ecole, adresse, 422, sanction="6")
    lever = f"{adresse}/interdictions/{interdiction.id}/lever"
    assert ecole.client("direction").post(lever).status_code == 302
    with ecole.base.ecole(ECOLE, "essai") as session:
        assert session.scalars(select(Absence.fin)).one() == datetime(2026, 9, 10, 9, tzinfo=FUSEAU)
    _aller(ecole, date(2026, 9, 14))
    _prononcer(ecole, adresse, sanction="6", par_conseil="1")
    sanction = _lue(ecole, adresse)
    assert (sanction.par_conseil, sanction.efface_le) == (True, None)
    envoi = {"le": "2026-09-14", "voie": "recommande"}
    assert ecole.client("cpe").post(f"{adresse}/notifier", data=envoi).status_code == 302
    assert "recteur" in _famille(ecole)
    # Elle ne s'efface pas à la demande (DISC-23).
    assert ecole.client("direction").post(f"{adresse}/effacer", data={"confirmer": "1"}).status_code == 409


@pytest.mark.exigence("DISC-16")
def test_l_eleve_est_convoque_pour_etre_entendu_et_la_decision_l_attend(ecole: InstanceEssai) -> None:
    adresse, cpe = _ouvrir(ecole), ecole.client("cpe")
    _notifier(ecole, adresse, "2026-09-07")
    audition = {
        "etape": "convocation_audition", "le": "2026-09-07", "reunion_jour": "2026-09-11",
        "reunion_heure": "08:15", "reunion_lieu": "Bureau du principal",
    }  # fmt: skip
    assert cpe.post(f"{adresse}/etape", data=audition).status_code == 302
    for page in (_famille(ecole), _famille(ecole, "eleve"), cpe.get(adresse).text):
        assert 'vendredi 11 septembre, 8\u202fh\u202f15, <span dir="auto">Bureau du principal</span>' in page
    assert "attend que l&#39;élève soit entendu" in cpe.get(adresse).text
    dossier = cpe.get(f"/api/v1{adresse}/dossier").get_json()
    assert [e["reunion_lieu"] for e in dossier["etapes"] if e["reunion_le"]] == ["Bureau du principal"]
    lettre = cpe.post(f"/carnet/papier/sanctions/{adresse.rpartition('/')[2]}/convocation")
    lue = "".join(page.extract_text() for page in PdfReader(BytesIO(lettre.data)).pages)
    assert "Bureau du principal" in lue
    assert "Conseil de discipline" not in lue
    _aller(ecole, date(2026, 9, 10))
    assert "attend ce jour-là" in _prononcer(ecole, adresse, 422, sanction="1")
    _aller(ecole, date(2026, 9, 11))
    _prononcer(ecole, adresse, sanction="1")
    assert "Bureau du principal" not in _famille(ecole).split("Étapes de la procédure")[0]


@pytest.mark.exigence("DISC-12")
@pytest.mark.exigence("DISC-13")
@pytest.mark.exigence("DISC-14")
def test_une_faute_pendant_un_sursis(ecole: InstanceEssai) -> None:
    ancienne = _ouvrir(ecole)
    _notifier(ecole, ancienne, "2026-09-07")
    _aller(ecole, date(2026, 9, 11))
    avec = {"sanction": "5", "jours": "5"}
    assert "terme du sursis" in _prononcer(ecole, ancienne, 422, **avec, sursis_jusqu_au="2027-05-01")
    _prononcer(ecole, ancienne, 302, **avec, sursis_jusqu_au="2027-08-01")
    envoi = {"le": "2026-09-11", "voie": "recommande"}
    assert ecole.client("cpe").post(f"{ancienne}/notifier", data=envoi).status_code == 302
    assert ecole.client("cpe").post(f"{ancienne}/executer", data={}).status_code == 422
    _aller(ecole, date(2026, 10, 5))
    nouvelle = _ouvrir(ecole, faits_le="2026-10-05")
    _notifier(ecole, nouvelle, "2026-10-05")
    sursis = ancienne.rpartition("/")[2]
    hate = {"suite": "revocation_seule", "sursis": sursis}
    assert "deux jours ouvrables" in _prononcer(ecole, nouvelle, 422, **hate)
    _aller(ecole, date(2026, 10, 9))
    assert sursis in ecole.client("direction").get(f"{nouvelle}/prononcer").text
    deux = {"suite": "les_deux", "sursis": sursis, "sanction": "5"}
    assert "huit jours" in _prononcer(ecole, nouvelle, 422, **deux, jours="4")
    assert _lue(ecole, ancienne).sursis_revoque_le is None  # un refus ne laisse rien à moitié
    _prononcer(ecole, nouvelle, 302, **deux, jours="3")
    assert _lue(ecole, ancienne).sursis_revoque_le == date(2026, 10, 9)
    dates = {"du": "2026-10-12", "au": "2026-10-16"}
    assert ecole.client("cpe").post(f"{ancienne}/executer", data=dates).status_code == 302
    # Révoquer seulement : la procédure nouvelle se clôt sans sanction.
    camarade = _ouvrir(ecole, "camarade", "2026-10-09")
    _decidee(ecole, camarade, sanction="3", heures="10", sursis_jusqu_au="2027-08-01")
    encore = _ouvrir(ecole, "camarade", ecole.horloge.aujourd_hui().isoformat())
    _notifier(ecole, encore, ecole.horloge.aujourd_hui().isoformat())
    _aller(ecole, ecole.horloge.aujourd_hui() + timedelta(days=4))
    seule = {"suite": "revocation_seule", "sursis": camarade.rpartition("/")[2]}
    _prononcer(ecole, encore, 302, **seule)
    assert _lue(ecole, encore).etat == "classee"
    assert _lue(ecole, camarade).sursis_revoque_le == ecole.horloge.aujourd_hui()


@pytest.mark.exigence("DISC-20")
@pytest.mark.exigence("DISC-21")
@pytest.mark.exigence("DISC-23")
def test_mesure_alternative_pieces_et_effacement_a_la_demande(ecole: InstanceEssai) -> None:
    adresse = _ouvrir(ecole)
    _decidee(ecole, adresse, sanction="5", jours="3", mesure="1")
    cpe, jour = ecole.client("cpe"), ecole.horloge.aujourd_hui().isoformat()
    assert cpe.post(f"{adresse}/executer", data={"du": jour, "au": jour}).status_code == 422
    acceptee = {"etape": "mesure_acceptee", "le": jour, "accord_le": jour}
    manque = cpe.post(f"{adresse}/etape", data=acceptee)
    assert manque.status_code == 422
    assert "la convention et l&#39;engagement signé" in manque.text
    pieces = {"convention_le": jour, "engagement_le": jour}
    assert cpe.post(f"{adresse}/etape", data={**acceptee, **pieces}).status_code == 302
    assert _lue(ecole, adresse).efface_le == date(2029, 8, 1)
    assert cpe.post(f"{adresse}/etape", data={"etape": "mesure_respectee", "le": jour}).status_code == 302
    respectee = _lue(ecole, adresse)
    # Respectée, elle seule est inscrite, et part à la fin de l'année.
    assert (respectee.etat, respectee.efface_le) == ("executee", date(2027, 8, 1))
    assert cpe.post(f"{adresse}/effacer").status_code == 403
    chef = ecole.client("direction")
    assert chef.post(f"{adresse}/effacer").status_code == 422  # il se confirme
    assert chef.post(f"{adresse}/effacer", data={"confirmer": "1"}).status_code == 302
    assert ecole.client("direction").get(adresse).status_code == 404  # effacée : plus personne ne la lit
    assert "Exclusion temporaire" not in _famille(ecole)
    assert _lue(ecole, adresse).efface_le == ecole.horloge.aujourd_hui()


@pytest.mark.exigence("DISC-24")
def test_rien_du_registre_ne_mene_a_un_eleve(ecole: InstanceEssai) -> None:
    for eleve in ("eleve", "camarade"):
        _decidee(ecole, _ouvrir(ecole, eleve, ecole.horloge.aujourd_hui().isoformat()), sanction="1")
    with ecole.base.ecole(ECOLE, "essai") as session:
        jour = ecole.horloge.aujourd_hui()
        assert registre.tenir(session, ECOLE, jour) == 0  # le mois n'est pas fini
        assert registre.tenir(session, ECOLE, date(2026, 10, 2)) == 2
        assert registre.tenir(session, ECOLE, date(2026, 11, 2)) == 0
    table = LigneDuRegistre.__table__
    assert [cle.column.table.name for cle in table.foreign_keys] == ["etablissement"]
    assert {c.name for c in table.columns if c.type.python_type in (date, datetime)} == set()
    assert "mois" in table.columns
    with ecole.base.academie("essai : recouper") as session:
        lignes = session.execute(select(table)).mappings().all()
        propres = [set(ligne.values()) for ligne in lignes]
        ailleurs: set[Any] = set()
        for nom in ("carnet_sanction", "carnet_etape", "carnet_affichage", "trace_ecriture"):
            tout = session.execute(select(Base.metadata.tables[nom]))
            ailleurs |= {v for ligne in tout for v in ligne if isinstance(v, UUID)}
        # Ni identifiant commun, ni identifiant daté (une version 7 dirait l'instant du prononcé).
        assert all(not (propre & ailleurs) for propre in propres)
        assert {ligne["id"].version for ligne in lignes} == {4}
        # Deux élèves, deux lignes que rien ne distingue : on ne sait pas laquelle est à qui.
        sans_id = [{k: v for k, v in ligne.items() if k != "id"} for ligne in lignes]
        assert sans_id[0] == sans_id[1]
        traces = Base.metadata.tables["trace_ecriture"].c
        assert not session.scalar(select(func.count()).where(traces.nom_table == "carnet_registre"))
    page = ecole.client("direction").get("/carnet/registre").text
    assert page.count("Avertissement") == 2
    assert "Essai Eleve" not in page
    assert "septembre" in page


_MATRICE: Mapping[str, tuple[int, int, int]] = {
    # rôle : liste des sanctions, dossier, page de la famille
    "eleve": (403, 403, 200),
    "camarade": (403, 403, 404),
    "parent": (403, 403, 200),
    "second_parent": (403, 403, 200),
    "contact": (403, 403, 404),
    "enseignant": (200, 200, 403),
    "collegue": (200, 404, 403),
    "documentaliste": (403, 403, 403),
    "assistant": (403, 403, 403),
    "cpe": (200, 200, 403),
    "direction": (200, 200, 403),
    "secretaire": (403, 403, 403),
    "infirmier": (403, 403, 403),
    "psychologue": (403, 403, 403),
    "administrateur": (403, 403, 403),
    "cpe_autre": (200, 404, 403),
    "direction_autre": (200, 404, 403),
    "enseignant_autre": (200, 404, 403),
    "parent_autre": (403, 403, 404),
    "eleve_autre": (403, 403, 404),
    # Le carnet ne s'ouvre pas dans un rectorat, ouvert à toute l'académie ou non (CARNET-02).
    "administrateur_academique": (404, 404, 404),
    "administrateur_technique": (404, 404, 404),
    "dpd": (404, 404, 404),
}
_INSTRUISENT = {"cpe", "direction", "cpe_autre", "direction_autre"}
_DECIDENT = {"direction", "direction_autre"}
_ACTES = {"etape": _INSTRUISENT, "prononcer": _DECIDENT}
"""Un acte par permission ; le contrat refuse déjà chaque route à qui n'a pas la sienne."""


@pytest.mark.exigence("CARNET-08")
@pytest.mark.exigence("DISC-11")
def test_qui_lit_et_qui_ecrit_les_sanctions(ecole: InstanceEssai) -> None:
    ecole.ouvrir("carnet", None)
    adresse = _ouvrir(ecole)
    en_cours = {role: ecole.client(role).get(adresse).status_code for role in ("enseignant", "cpe")}
    assert en_cours == {"enseignant": 404, "cpe": 200}  # avant la décision, l'instruction seule lit
    _decidee(ecole, adresse, sanction="4", jours="2")
    famille = f"/carnet/discipline/{ecole.annuaire['eleve']}"
    clients = {role: ecole.client(role) for role in _MATRICE}
    vus = {
        role: tuple(client.get(page).status_code for page in (SANCTIONS, adresse, famille))
        for role, client in clients.items()
    }
    assert vus == dict(_MATRICE)
    # L'enseignant sait ce qui est prononcé et quand ; le dossier ne lui est pas ouvert.
    resume = clients["enseignant"].get(adresse).text
    assert "Exclusion temporaire de la classe" in resume
    assert "devant témoins" not in resume
    assert "reconnus" not in resume
    assert "Essai Eleve" not in clients["collegue"].get(SANCTIONS).text
    for acte, permis in _ACTES.items():
        for role, client in clients.items():
            statut = client.post(f"{adresse}/{acte}", data={}).status_code
            attendus = {422} if role in permis else {404} if _MATRICE[role][0] == 404 else {403}
            if role in permis and role.endswith("_autre"):
                attendus = {404}
            assert statut in attendus, (acte, role, statut)
