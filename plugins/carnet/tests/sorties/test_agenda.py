"""Les rendez-vous au format iCalendar : au bon endroit, à l'heure, et rien de ce qui a mené là."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.essais.modeles import OppositionPersonne
from icalendar import Calendar

from ent_carnet.modeles import Contact, Etape, SanctionEleve
from ent_carnet.services.agenda import Page, RendezVous
from ent_carnet.services.ical import composer

SIX_HEURES = datetime(2026, 12, 1, 17, tzinfo=FUSEAU)
LUNDI_LOIN = date(2026, 12, 7)
ENTENDU = datetime(2026, 12, 2, 8, 15, tzinfo=FUSEAU)


class Lu(NamedTuple):
    """Un rendez-vous, tel qu'un agenda le lit."""

    uid: str
    titre: str
    lieu: str
    debut: date
    revision: int
    etat: str
    diffusion: str
    adresse: str


def evenements(texte: bytes) -> list[Lu]:
    lus: list[Any] = list(Calendar.from_ical(texte).walk("VEVENT")) if texte else []
    return [
        Lu(
            str(e["UID"]), str(e["SUMMARY"]), str(e["LOCATION"]), e["DTSTART"].dt, int(e["SEQUENCE"]),
            str(e["STATUS"]), str(e["CLASS"]), str(e["URL"]),
        )
        for e in lus
    ]  # fmt: skip


def fichier(ecole: InstanceEssai, role: str, adresse: str = "agenda", statut: int = 200) -> bytes:
    reponse = ecole.client(role).get(f"/api/v1/carnet/{adresse}")
    assert reponse.status_code in ((200, 204) if statut == 200 else (statut,)), reponse.text
    return bytes(reponse.data)


def de_l_eleve(ecole: InstanceEssai, role: str = "parent", statut: int = 200) -> bytes:
    return fichier(ecole, role, f"eleves/{ecole.annuaire['eleve']}/agenda", statut)


def uids(texte: bytes) -> set[str]:
    return {str(e.uid) for e in evenements(texte)}


def surveillances(ecole: InstanceEssai, role: str, debut: datetime) -> list[tuple[str, str]]:
    siennes = evenements(fichier(ecole, role))
    return [(e.titre, e.etat) for e in siennes if e.debut == debut]


def api(ecole: InstanceEssai, role: str, methode: str, adresse: str, statut: int, **corps: Any) -> Any:  # noqa: ANN401 - du JSON
    reponse = ecole.client(role).open(f"/api/v1/carnet/{adresse}", method=methode, json=corps or None)
    assert reponse.status_code == statut, reponse.text
    return reponse.get_json(silent=True)


def test_le_fichier_est_neutre_et_garde_l_identite_d_un_rendez_vous_reporte() -> None:
    id_, instant = uuid4(), datetime(2026, 11, 27, 17, tzinfo=UTC)

    def compose(**change: Any) -> Lu:  # noqa: ANN401 - ce qui change
        rdv: dict[str, Any] = {
            "cle": f"retenue:{id_}", "debut": SIX_HEURES, "fin": SIX_HEURES + timedelta(hours=1),
            "page": Page.CARNET, "objet": id_, "lieu": "Salle 3",
        } | change  # fmt: skip
        contenu = composer(
            [RendezVous(**rdv)], uai=ECOLE, etablissement="Collège des Essais", instant=instant,
            adresse=lambda rdv: f"https://ent.example/carnet/famille/{rdv.objet}",
        )  # fmt: skip
        heure = isinstance(rdv["debut"], datetime)
        assert (b"BEGIN:VTIMEZONE\r\nTZID:Europe/Paris" in contenu) is heure
        assert (b"DTSTART;TZID=Europe/Paris:" in contenu) is heure
        assert b"METHOD:PUBLISH" in contenu
        (evenement,) = evenements(contenu)
        return evenement

    prevu = compose()
    assert (prevu.titre, prevu.lieu) == (
        "Rendez-vous à l'établissement", "Salle 3, Collège des Essais",
    )  # fmt: skip
    assert prevu.debut == SIX_HEURES
    assert (prevu.diffusion, prevu.etat, prevu.revision) == ("PRIVATE", "CONFIRMED", 0)
    assert str(id_) not in prevu.uid, "une clé UUIDv7 dirait l'instant de la saisie"
    lendemain = SIX_HEURES + timedelta(days=1)
    reporte = compose(debut=lendemain, fin=lendemain + timedelta(hours=1), revision=1)
    assert (reporte.uid, reporte.revision) == (prevu.uid, 1)
    assert compose(annule=True).etat == "CANCELLED"
    assert compose(cle="retenue:autre").uid != prevu.uid
    assert compose(fin=None).debut == SIX_HEURES, "nul ne sait à quelle heure un conseil finit"
    entier = compose(debut=LUNDI_LOIN, fin=LUNDI_LOIN + timedelta(days=1))
    assert entier.debut == LUNDI_LOIN


@pytest.mark.exigence("SURV-02")
def test_une_retenue_s_inscrit_se_reporte_et_s_annule_dans_l_agenda(ecole: InstanceEssai) -> None:
    connus = uids(de_l_eleve(ecole))
    donnee = api(
        ecole, "cpe", "POST", "punitions", 201, eleve=str(ecole.annuaire["eleve"]), nature="retenue",
        motif="insolence", jour="2026-11-27", travail="Relire la leçon.", retenue_jour="2026-12-01",
        retenue_heure="17:00", retenue_lieu="Salle 3",
    )["id"]  # fmt: skip
    assert uids(de_l_eleve(ecole)) == connus, "encore en correction, elle n'est nulle part"
    assert ("Surveillance", "CONFIRMED") in surveillances(ecole, "assistant", SIX_HEURES)
    assert fichier(ecole, "enseignant").count(b"BEGIN:VEVENT") == 0, "il ne l'a pas donnée"
    ecole.horloge.avancer(timedelta(hours=2))
    contenu = de_l_eleve(ecole)
    (prevu,) = (e for e in evenements(contenu) if e.uid not in connus and e.debut == SIX_HEURES)
    assert (prevu.debut, prevu.revision, prevu.etat) == (SIX_HEURES, 0, "CONFIRMED")
    for tu in ("retenue", "punition", "insolence", "camille", "leçon", donnee):
        assert tu not in contenu.decode().lower(), tu
    assert prevu.adresse.endswith(f"/carnet/famille/{ecole.annuaire['eleve']}")
    page = ecole.client("parent").get(f"/carnet/famille/{ecole.annuaire['eleve']}/agenda.ics")
    assert (page.data, page.mimetype) == (contenu, "text/calendar")
    assert de_l_eleve(ecole, "second_parent") == contenu == de_l_eleve(ecole, "eleve")
    # Reportée : le même rendez-vous, plus tard. Pointée, reportée encore : la même histoire.
    (retenue,) = api(ecole, "cpe", "GET", f"punitions/{donnee}", 200)["retenues"]
    report = {"jour": "2026-12-02", "heure": "12:00", "minutes": 30, "lieu": "Étude"}
    api(ecole, "cpe", "POST", f"retenues/{retenue['id']}/report", 201, **report)
    (reporte,) = (e for e in evenements(de_l_eleve(ecole)) if e.uid == prevu.uid)
    assert (reporte.revision, reporte.etat) == (1, "CONFIRMED")
    assert reporte.debut == datetime(2026, 12, 2, 12, tzinfo=FUSEAU)
    assert ("Surveillance", "CANCELLED") in surveillances(ecole, "cpe", SIX_HEURES), "plus personne"
    # Annulée : l'agenda l'apprend au téléchargement suivant.
    api(ecole, "cpe", "DELETE", f"punitions/{donnee}", 204)
    (annule,) = (e for e in evenements(de_l_eleve(ecole)) if e.uid == prevu.uid)
    assert annule.etat == "CANCELLED"


def test_un_conseil_et_un_entretien_sont_a_l_agenda_de_qui_y_vient(ecole: InstanceEssai) -> None:
    ici, sujet = {"uai": ECOLE}, {"annee": ANNEE, "eleve_id": ecole.annuaire["camarade"]}
    with ecole.base.ecole(ECOLE, "essai : conseil") as session:
        procedure = SanctionEleve(
            **ici, **sujet, etat="faits_notifies", motif="insolence", faits="FAITS", conseil_le=LUNDI_LOIN,
            faits_le=date(2026, 11, 20), efface_le=date(2028, 8, 1),
        )  # fmt: skip
        session.add(procedure)
        session.flush()
        heure = datetime.combine(LUNDI_LOIN, time(17, 30), FUSEAU)
        for nature, quand in (
            ("convocation_conseil", heure - timedelta(days=5)), ("seconde_convocation", heure),
            ("convocation_audition", ENTENDU),
        ):  # fmt: skip
            session.add(
                Etape(
                    **ici, sanction_id=procedure.id, nature=nature, le=date(2026, 11, 24), reunion_le=quand,
                    reunion_lieu="Bureau",
                )
            )  # fmt: skip
        session.add(
            Contact(
                **ici, **sujet, canal="entretien", abouti=False, le=date(2026, 12, 3),
                auteur_id=ecole.annuaire["cpe"],
            )
        )  # fmt: skip

    def jours(role: str) -> list[tuple[str, date, int]]:
        trouves = evenements(fichier(ecole, role))
        return [(e.titre, e.debut, e.revision) for e in trouves if e.titre != "Surveillance"]

    entretien = ("Rendez-vous", date(2026, 12, 3), 0)
    audition, conseil = ("Réunion", ENTENDU, 0), ("Réunion", heure, 1)
    assert jours("cpe") == [audition, entretien, conseil]
    assert jours("direction") == [audition, conseil], "l'entretien est de qui l'a noté"
    assert jours("assistant") == jours("enseignant") == []
    siens = evenements(fichier(ecole, "camarade", f"eleves/{ecole.annuaire['camarade']}/agenda"))
    assert {sien.titre for sien in siens} == {"Rendez-vous à l'établissement"}, "rien n'y dit la discipline"
    assert [sien.debut for sien in siens] == [ENTENDU, heure]
    assert siens[0].lieu.startswith("Bureau, ")


@pytest.mark.exigence("CARNET-04")
def test_l_agenda_d_un_eleve_n_est_qu_a_lui_et_suit_le_choix_du_papier(ecole: InstanceEssai) -> None:
    for role, statut in (("camarade", 404), ("parent_autre", 404), ("contact", 404), ("cpe", 403)):
        de_l_eleve(ecole, role, statut)
    for role in ("parent", "eleve", "secretaire"):
        fichier(ecole, role, statut=403)
    vide = ecole.client("collegue").get("/carnet/agenda.ics", follow_redirects=True)
    assert "Aucun rendez-vous n&#39;est à venir" in vide.text
    assert vide.request.path == "/carnet/retenues"
    with ecole.base.ecole(ECOLE, "essai : opposition") as session:
        opposition = OppositionPersonne(
            uai=ECOLE, personne_id=ecole.annuaire["second_parent"], traitement="carnet.affichage",
            source="papier", motif="choix", debut=date(2026, 9, 1),
        )  # fmt: skip
        session.add(opposition)
    try:
        de_l_eleve(ecole, "second_parent", 403)
        de_l_eleve(ecole, "parent")
    finally:
        lever(ecole, opposition.id)


def lever(ecole: InstanceEssai, opposition: UUID) -> None:
    """L'instance est commune aux essais du dossier : l'opposition ne reste pas."""
    with ecole.base.ecole(ECOLE, "essai : fin d'opposition") as session:
        session.get_one(OppositionPersonne, (ECOLE, opposition)).fin = date(2026, 11, 27)
