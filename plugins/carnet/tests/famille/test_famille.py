"""La famille lit le carnet de son enfant, explique une absence et dit « vu » ; et personne d'autre."""

from __future__ import annotations

import gzip
import re
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.modeles import (
    Creneau,
    OppositionPersonne,
    Personne,
    Responsabilite,
    Restriction,
)
from sqlalchemy import select

from ent_carnet import brique
from ent_carnet.modeles import (
    Absence,
    Accuse,
    Affichage,
    Appel,
    ObservationEleve,
    Punition,
)
from ent_carnet.services import absences, justifications, motifs

LUNDI = date(2026, 9, 7)
HUIT = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)
ICI = {"uai": ECOLE, "annee": ANNEE}
FAMILLE = "/carnet/famille"
_RIEN = "Vous n&#39;avez aucun motif à donner."


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Le carnet ouvert, le lundi 7 septembre à 8 h : cours ce jour et le lendemain, un appel fait."""
    instance = application_avec(brique)
    instance.horloge.instant = HUIT + timedelta(hours=4)
    division = {"division_id": instance.annuaire.divisions[ECOLE]}
    with instance.base.academie("essai : cours") as session:
        for heures, etat in ((0, "prevue"), (1, "prevue"), (24, "prevue"), (25, "annulee")):
            debut = HUIT + timedelta(hours=heures)
            session.add(
                Creneau(
                    **ICI, debut=debut, fin=debut + timedelta(minutes=55), salle="S12", etat=etat, **division
                )
            )
    with instance.base.ecole(ECOLE, "essai : appel") as session:
        appel = Appel(
            **ICI, seance_id=uuid4(), debut=HUIT, fin=HUIT + timedelta(minutes=55), matiere="MATHEMATIQUES",
            fait_le=HUIT, termine_le=HUIT, **division,
        )  # fmt: skip
        session.add(appel)
    return instance


def absent(ecole: InstanceEssai, debut: datetime, eleve: str = "eleve", heures: int = 2) -> UUID:
    """Une absence sans motif, telle que la vie scolaire l'a ouverte."""
    with ecole.base.ecole(ECOLE, "essai : absence") as session:
        absence = Absence(
            **ICI, eleve_id=ecole.annuaire[eleve], genre="absence", debut=debut,
            fin=debut + timedelta(hours=heures), traitee_le=debut,
        )  # fmt: skip
        session.add(absence)
        session.flush()
        return absence.id


def page(ecole: InstanceEssai, role: str, suite: str = "", statut: int = 200, eleve: str = "eleve") -> str:
    reponse = ecole.client(role).get(f"{FAMILLE}/{ecole.annuaire[eleve]}{suite}")
    assert reponse.status_code == statut, reponse.text
    return str(reponse.text).replace("&#39;", "'")


def envoyer(ecole: InstanceEssai, role: str, code: str = "maladie", statut: int = 302) -> str:
    with ecole.base.ecole(ECOLE, "essai") as session:
        motif = motifs.obtenir(session, ECOLE, code).id
    reponse = ecole.client(role).post(
        f"{FAMILLE}/{ecole.annuaire['eleve']}/expliquer", data={"motif_id": str(motif)}
    )
    assert reponse.status_code == statut, reponse.text
    return str(reponse.location)


def opposer(ecole: InstanceEssai, role: str) -> None:
    with ecole.base.ecole(ECOLE, "essai : opposition") as session:
        session.add(
            OppositionPersonne(
                uai=ECOLE, personne_id=ecole.annuaire[role], traitement="carnet.affichage", source="papier",
                motif="choix de la famille", debut=LUNDI,
            )
        )  # fmt: skip


@pytest.mark.exigence("ABS-03")
@pytest.mark.exigence("FAM-01")
@pytest.mark.exigence("FAM-04")
def test_un_responsable_explique_et_l_autre_le_sait_sans_savoir_qui(ecole: InstanceEssai) -> None:
    absence = absent(ecole, HUIT - timedelta(days=3))
    accueil = ecole.client("parent").get("/").text.replace("&#39;", "'")
    assert "donner un motif" in accueil
    assert "Camille : absence" in accueil
    assert _RIEN in ecole.client("eleve").get("/").text, "c'est à ses responsables de le donner"
    for lecteur in ("parent", "second_parent"):
        assert "Expliquer l'absence" in page(ecole, lecteur)
    assert "Maladie de l'élève" in page(ecole, "parent", "/expliquer")
    recu = envoyer(ecole, "parent")
    for lecteur, retirable in (("parent", True), ("second_parent", False)):
        montre = ecole.client(lecteur).get(recu).text.replace("&#39;", "'")
        assert "L'établissement a reçu le motif" in montre
        assert "Maladie de l'élève" in montre
        assert ("Retirer le motif" in montre) is retirable
        assert ("Essai Parent" in montre) is retirable  # qui l'a envoyé ne se dit pas
        carnet = page(ecole, lecteur)
        assert "Expliquer l'absence" not in carnet
        assert "En attente" in carnet
    assert _RIEN in ecole.client("second_parent").get("/").text
    # Le registre n'a pas bougé ; un autre responsable ne retire pas, qui l'a envoyé le peut.
    with ecole.base.ecole(ECOLE, "essai") as session:
        assert session.get_one(Absence, (ECOLE, ANNEE, absence)).etat == "sans_motif"
    assert ecole.client("second_parent").post(f"{recu}/retirer").status_code == 404
    assert ecole.client("parent").post(f"{recu}/retirer").status_code == 302
    assert "Expliquer l'absence" in page(ecole, "second_parent")
    # Envoyer deux fois ne fait qu'un motif.
    envoyer(ecole, "second_parent")
    envoyer(ecole, "parent")
    with ecole.base.ecole(ECOLE, "essai") as session:
        (propose,) = justifications.a_traiter(session, ECOLE, ANNEE)
        justifications.accepter(
            session, ECOLE, ANNEE, propose.id, auteur_id=ecole.annuaire["cpe"],
            instant=ecole.horloge.maintenant(),
        )  # fmt: skip
    acceptee = page(ecole, "parent")
    assert "Motif : Maladie de l'élève." in acceptee
    assert "À faire" not in acceptee


@pytest.mark.exigence("FAM-06")
@pytest.mark.exigence("FAM-11")
@pytest.mark.exigence("ABS-12")
def test_a_dix_huit_ans_jour_pour_jour_l_eleve_explique_et_ses_responsables_lisent(
    ecole: InstanceEssai,
) -> None:
    absent(ecole, HUIT)
    assert "Une absence est notée aujourd'hui." in page(ecole, "eleve")
    assert "Un de vos responsables en donne le motif." in page(ecole, "eleve")
    envoyer(ecole, "eleve", statut=403)
    with ecole.base.academie("essai") as session:
        session.get_one(Personne, ecole.annuaire["eleve"]).naissance = date(2008, 9, 8)
    assert "Expliquer l'absence" in page(ecole, "parent")  # la veille de ses dix-huit ans
    ecole.horloge.avancer(timedelta(days=1))
    assert "L'élève a dix-huit ans" in page(ecole, "parent")
    envoyer(ecole, "parent", statut=403)
    assert "Expliquer l'absence" in page(ecole, "eleve")
    envoyer(ecole, "eleve")
    assert "En attente" in page(ecole, "parent")


@pytest.mark.exigence("CARNET-04")
@pytest.mark.exigence("FAM-02")
def test_ni_autre_famille_ni_responsable_ecarte_ni_opposition_ne_lisent_rien(ecole: InstanceEssai) -> None:
    absent(ecole, HUIT)
    absent(ecole, HUIT, "camarade")
    for role, eleve, statut in (
        ("parent", "camarade", 404), ("eleve", "camarade", 404), ("camarade", "eleve", 404),
        ("contact", "eleve", 404), ("parent_autre", "eleve", 404), ("cpe", "eleve", 403),
    ):  # fmt: skip
        page(ecole, role, statut=statut, eleve=eleve)
        vues = ecole.client(role).post(f"{FAMILLE}/{ecole.annuaire[eleve]}/vues", data={"vues": uuid4()})
        assert vues.status_code == statut
    recu = envoyer(ecole, "parent")
    for role in ("contact", "camarade", "parent_autre"):
        assert ecole.client(role).get(recu).status_code == 404
    assert "Aucun enfant" in ecole.client("contact").get(FAMILLE).text
    # Un acte de justice daté écarte l'un, et l'autre lit toujours.
    with ecole.base.academie("essai : acte") as session:
        lien = session.scalars(
            select(Responsabilite).where(Responsabilite.responsable_id == ecole.annuaire["second_parent"])
        ).one()
        session.add(Restriction(responsabilite_id=lien.id, reference="jugement", debut=RENTREE))
    page(ecole, "second_parent", statut=404)
    assert "En attente" in page(ecole, "parent")
    # Qui garde le papier ne lit rien à l'écran, et n'y fait rien ; l'élève, lui, lit encore.
    opposer(ecole, "parent")
    sur_papier = page(ecole, "parent")
    assert "sur papier" in sur_papier
    assert "Absence" not in sur_papier
    assert ecole.client("parent").get(recu).status_code == 404
    page(ecole, "parent", "/expliquer", 403)
    assert "Absence" in page(ecole, "eleve")
    opposer(ecole, "eleve")
    assert "sur papier" in page(ecole, "eleve")
    absent(ecole, HUIT - timedelta(days=1))
    assert "Camille : absence" not in ecole.client("parent").get("/").text
    lignes = ecole.client("parent").get(f"/api/v1/carnet/eleves/{ecole.annuaire['eleve']}/lignes")
    assert lignes.status_code == 403


@pytest.mark.exigence("CARNET-15")
@pytest.mark.exigence("CARNET-16")
@pytest.mark.exigence("CARNET-18")
def test_vu_ne_garde_que_la_date_de_cette_personne_et_la_correction_cache_l_ancienne_valeur(
    ecole: InstanceEssai,
) -> None:
    absence = absent(ecole, HUIT)
    with ecole.base.ecole(ECOLE, "essai") as session:
        sien = {**ICI, "eleve_id": ecole.annuaire["eleve"], "jour": LUNDI}
        session.add(ObservationEleve(**sien, code="entraide", seance_id=uuid4()))
        punition = Punition(
            **sien, nature="devoir", motif="bavardage", circonstances="A insisté.",
            travail="Relire la leçon.", donnee_le=HUIT + timedelta(hours=3),
        )  # fmt: skip
        session.add(punition)
        session.flush()
        session.add(
            Affichage(
                **ICI, eleve_id=ecole.annuaire["eleve"], nature="punition", objet_id=punition.id
            )
        )  # fmt: skip
    adresse = f"{FAMILLE}/{ecole.annuaire['eleve']}"
    avant = page(ecole, "parent")
    assert "Entraide" in avant
    assert "Devoir" not in avant  # encore en correction
    vues = re.findall(r'name="vues" value="([^"]+)"', avant)
    assert len(vues) == 2
    envoi = {"vues": [*vues, str(punition.id), str(uuid4())]}  # ce qui n'est pas montré ne se marque pas
    assert ecole.client("parent").post(f"{adresse}/vues", data=envoi).status_code == 302
    assert ecole.client("parent").post(f"{adresse}/vues", data=envoi).status_code == 302
    ecole.horloge.avancer(timedelta(hours=2))
    apres, autre = page(ecole, "parent"), page(ecole, "second_parent")
    assert "Devoir supplémentaire" in apres
    assert "A insisté" not in apres
    assert (apres.count("vu le 07/09/2026"), autre.count("vu le")) == (2, 0)
    api = ecole.client("second_parent").post(
        f"/api/v1/carnet/eleves/{ecole.annuaire['eleve']}/lignes/vues", json={"vues": vues}
    )
    assert api.status_code == 204, api.text
    with ecole.base.ecole(ECOLE, "essai") as session:
        accuses = session.scalars(select(Accuse)).all()
        assert len(accuses) == 4
        assert len({accuse.affichage_id for accuse in accuses}) == 2
        assert {accuse.lu_le for accuse in accuses} == {LUNDI}
        absences.annuler(
            session, ECOLE, ANNEE, absence, auteur_id=ecole.annuaire["cpe"],
            instant=ecole.horloge.maintenant(),
        )  # fmt: skip
    corrige = page(ecole, "parent")
    assert "Absence" not in corrige.partition('id="lignes"')[2].partition("</ul>")[0]
    assert "Aucune absence aujourd'hui, 1 appel fait." in corrige


@pytest.mark.exigence("FAM-10")
def test_present_change_demain_en_un_nombre_fixe_d_enonces_et_moins_de_cent_kilo_octets(
    ecole: InstanceEssai,
) -> None:
    client, adresse = ecole.client("parent"), f"{FAMILLE}/{ecole.annuaire['eleve']}"
    client.get(adresse)
    with compter_enonces(ecole.base) as vides:
        calme = client.get(adresse).text.replace("&#39;", "'")
    assert "Aucune absence aujourd'hui, 1 appel fait." in calme
    assert "Mardi 8 septembre" in calme
    assert "Annulé" in calme
    with ecole.base.ecole(ECOLE, "essai : un mois chargé") as session:
        appel = session.scalars(select(Appel)).first()
        assert appel is not None
        for rang in range(120):
            debut = HUIT - timedelta(days=rang % 25, hours=rang // 25)
            session.add(
                ObservationEleve(
                    **ICI, eleve_id=ecole.annuaire["eleve"], jour=debut.date(), code="entraide",
                    seance_id=uuid4(),
                )
            )  # fmt: skip
        for rang in range(6):
            session.add(
                Absence(
                    **ICI, eleve_id=ecole.annuaire["eleve"], genre="absence", traitee_le=HUIT,
                    debut=HUIT - timedelta(days=rang), fin=HUIT - timedelta(days=rang, hours=-1),
                )
            )  # fmt: skip
    with compter_enonces(ecole.base) as pleins:
        reponse = client.get(adresse)
    assert len(pleins) == len(vides) <= 20, pleins
    # Au-delà, psycopg relit tout l'énoncé à chaque envoi.
    assert max(map(len, pleins)) <= 4096
    assert reponse.text.count('class="famille-ligne"') == 30
    # À froid : la page, et chaque fichier qu'elle demande, comprimés comme le serveur frontal les envoie.
    poids = len(gzip.compress(reponse.data))
    fichiers = set(re.findall(r'(?:href|src)="(/[^"#]*\.(?:css|js|svg)[^"#]*)', reponse.text))
    assert len(fichiers) > 4
    for fichier in fichiers:
        with client.get(fichier) as servi:
            poids += len(gzip.compress(servi.data))
    assert poids <= 100_000
