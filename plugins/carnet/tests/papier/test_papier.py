"""Le papier d'un collège : carnets, feuilles d'appel, pack de panne, recopie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from ent_core.brique import FUSEAU, Contexte, imprimer, jour_long
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.modeles import (
    ActeJournal,
    Creneau,
    CreneauEnseignant,
    Groupe,
    Inscription,
    Matiere,
    OppositionPersonne,
    Personne,
    Rattachement,
)
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import (
    Absence,
    Alerte,
    Appel,
    Etape,
    Fait,
    Motif,
    ObservationEleve,
    Punition,
    Retenue,
    SanctionEleve,
)
from ent_carnet.schemas.papier import champs_de_la_feuille
from ent_carnet.services.feuilles_appel import feuilles
from ent_carnet.services.lignes import LigneCarnet, lignes_du_carnet
from ent_carnet.services.semaine_papier import SemaineImprimee, donnees, semaine

LUNDI = date(2026, 11, 16)
MERCREDI = datetime(2026, 11, 18, 16, tzinfo=UTC)
HOSTILE = 'D\'Été #panic("x") $0$ *Ŝ*'
_ICI = {"uai": ECOLE, "annee": ANNEE}


@dataclass
class College:
    """L'instance, ses deux séances du lundi, et de quoi lire ce qu'elle imprime."""

    instance: InstanceEssai
    francais: UUID
    latin: UUID

    def contexte(self) -> Contexte:
        return Contexte(
            compte_id=self.instance.annuaire["cpe"], personne_id=self.instance.annuaire["cpe"], uai=ECOLE,
            etablissement_nom="Collège des Essais", profil="", jour=MERCREDI.date(), annee=ANNEE,
            roles=frozenset({"cpe"}),
        )  # fmt: skip

    def semaine(self, *, papier_seul: bool = False) -> SemaineImprimee:
        with self.instance.base.ecole(ECOLE, "essai : semaine") as session:
            return semaine(session, self.contexte(), MERCREDI.date(), MERCREDI, papier_seul=papier_seul)

    def imprimer(self, role: str, quoi: str, **champs: str) -> bytes:
        reponse = self.instance.client(role).post(f"/carnet/papier/{quoi}", data=champs)
        assert reponse.status_code == 200, reponse.text
        return bytes(reponse.data)


@pytest.fixture
def college(application_avec: FabriqueInstance) -> College:
    """Une classe de deux élèves, le français le lundi à 8 h, le latin de l'un d'eux à 9 h, une annulée."""
    instance = application_avec(brique)
    instance.horloge.avancer(MERCREDI - instance.horloge.maintenant())
    huit = datetime(2026, 11, 16, 8, tzinfo=FUSEAU)
    with instance.base.academie("essai : emploi du temps") as session:
        session.get_one(Personne, instance.annuaire["eleve"]).nom = HOSTILE
        for nom, adresse in (("parent", "1 rue des Lilas"), ("second_parent", "8 quai Vert")):
            session.get_one(Personne, instance.annuaire[nom]).adresse = adresse
        latin = Groupe(**_ICI, code="LAT", libelle="Latin")
        session.add_all([latin, Matiere(code="020700", libelle="Français")])
        session.flush()
        camarade = instance.annuaire["camarade"]
        session.add(Inscription(**_ICI, personne_id=camarade, groupe_id=latin.id, debut=RENTREE))
        classe = {"division_id": instance.annuaire.divisions[ECOLE]}
        seances = [
            Creneau(**_ICI, id=uuid4(), debut=debut, fin=debut + timedelta(minutes=55), **quoi)
            for debut, quoi in (
                (huit, {**classe, "matiere": "020700", "salle": "S12"}),
                (huit + timedelta(hours=1), {"groupe_id": latin.id}),
                (huit + timedelta(hours=2), {**classe, "etat": "annulee"}),
            )
        ]
        session.add_all(seances)
        session.flush()
        session.add(
            CreneauEnseignant(**_ICI, creneau_id=seances[0].id, personne_id=instance.annuaire["enseignant"])
        )
    with instance.base.ecole(ECOLE, "essai : faits") as session:
        _peupler(session, instance, huit)
    return College(instance, seances[0].id, seances[1].id)


def _peupler(session: Session, instance: InstanceEssai, huit: datetime) -> None:
    """Une ligne de chaque nature, et ce qui ne doit pas paraître."""
    sien = {**_ICI, "eleve_id": instance.annuaire["eleve"]}
    heure = {"debut": huit, "fin": huit + timedelta(minutes=55)}
    mardi = {"debut": huit + timedelta(days=1), "fin": huit + timedelta(days=1, minutes=55)}
    motifs = [
        Motif(
            uai=ECOLE, code=uuid4().hex[:8], libelle=libelle, genre="absence", legitimite="maladie_enfant",
            recevable=True, regle=True, compte=True, affichable=affichable, proposable=True,
        )
        for libelle, affichable in (("Rendez-vous médical", True), ("MOTIF CACHÉ", False))
    ]  # fmt: skip
    appel = Appel(
        **_ICI, **mardi, seance_id=uuid4(), division_id=instance.annuaire.divisions[ECOLE], matiere="X",
        fait_le=huit,
    )  # fmt: skip
    punition = Punition(
        **sien, nature="retenue", motif="insolence", circonstances="CIRCONSTANCES",
        travail="Relire *la* leçon #1", jour=LUNDI, donnee_le=huit,
    )  # fmt: skip
    sanction = SanctionEleve(
        **sien, etat="notifiee", motif="degradation", faits="FAITS BRUTS", faits_le=date(2026, 11, 2),
        sanction=2, prononcee_le=date(2026, 11, 10), efface_le=date(2028, 8, 1),
        motivation="MOTIVATION : a bousculé Essai Camarade.",
    )  # fmt: skip
    session.add_all([*motifs, appel, punition, sanction])
    session.flush()
    session.add_all(
        [
            Absence(**sien, **heure, genre="absence", traitee_le=huit),
            Absence(**sien, **{k: v + timedelta(hours=2) for k, v in heure.items()}, genre="absence",
                    etat="reglee", motif_id=motifs[0].id, traitee_le=huit),
            Absence(**sien, **{k: v + timedelta(hours=4) for k, v in heure.items()}, genre="absence",
                    etat="motif_donne", motif_id=motifs[1].id, traitee_le=huit),
            Absence(**sien, **{k: v + timedelta(hours=6) for k, v in heure.items()}, genre="retard",
                    traitee_le=huit, annulee_le=huit),
            Fait(**sien, **mardi, appel_id=appel.id, nature="retard", minutes=7, saisi_le=huit),
            Retenue(**_ICI, punition_id=punition.id, debut=huit + timedelta(days=2, hours=8),
                    fin=huit + timedelta(days=2, hours=9), lieu="Salle 3"),
            ObservationEleve(**sien, code="entraide", jour=LUNDI + timedelta(days=3), seance_id=uuid4()),
            ObservationEleve(**sien, code="distraction", jour=LUNDI, seance_id=uuid4(), retiree_le=huit),
            Etape(uai=ECOLE, sanction_id=sanction.id, nature="notification_decision",
                  le=LUNDI + timedelta(days=4), efface_le=sanction.efface_le),
        ]
    )  # fmt: skip


def texte(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def plat(dit: str) -> str:
    return re.sub(r"\s+", "", dit).replace("’", "'")


def phrases(lignes: tuple[LigneCarnet, ...]) -> Iterator[str]:
    """Ce que la page d'un élève doit dire entre son en-tête et la réponse de la famille, jour après jour."""
    jour = None
    for ligne in lignes:
        if ligne.jour != jour:
            jour = ligne.jour
            yield jour_long(jour).capitalize()
        yield f"{ligne.libelle} : {ligne.detail}"
        if ligne.a_faire:
            yield f"→ À faire : {ligne.a_faire}"


@pytest.mark.exigence("CARNET-05")
@pytest.mark.exigence("FAM-09")
def test_le_papier_dit_ce_que_dit_l_ecran_et_rien_de_plus(college: College) -> None:
    eleve = college.instance.annuaire["eleve"]
    with college.instance.base.ecole(ECOLE, "essai : écran") as session:
        semaine_entiere = (LUNDI, LUNDI + timedelta(days=7), MERCREDI)
        ecran = lignes_du_carnet(session, ECOLE, ANNEE, [eleve], *semaine_entiere)[eleve]
    assert [(ligne.nature.value, ligne.libelle) for ligne in ecran] == [
        ("absence", "Absence"), ("absence", "Absence"), ("absence", "Absence"), ("punition", "Retenue"),
        ("retard", "Retard de 7 minutes"), ("punition", "Retenue prévue"), ("observation", "Entraide"),
        ("sanction", "Blâme"),
    ]  # fmt: skip
    une = texte(imprimer("ent_carnet/semaine", donnees(college.semaine(), MERCREDI.date())))[0]
    corps = plat(une).split(plat("établie le 18/11/2026."))[1].split(plat("Votre réponse"))[0]
    assert corps == plat("".join(phrases(ecran)))


@pytest.mark.exigence("CARNET-07")
def test_le_papier_ne_montre_ni_motif_cache_ni_circonstances_ni_annulation(college: College) -> None:
    pages = "\n".join(texte(imprimer("ent_carnet/semaine", donnees(college.semaine(), MERCREDI.date()))))
    for cache in ("CACHÉ", "CIRCONSTANCES", "FAITS BRUTS", "MOTIVATION", "Distraction"):
        assert cache not in pages
    assert plat(HOSTILE) in plat(pages)
    assert "Motif connu de l'établissement" in pages


@pytest.mark.exigence("FAM-04")
@pytest.mark.exigence("CARNET-04")
def test_seuls_les_foyers_qui_gardent_le_papier_en_recoivent(college: College) -> None:
    assert college.semaine(papier_seul=True).exemplaires == ()
    client = college.instance.client("cpe")
    assert client.post("/carnet/papier/semaine").status_code == 302, (
        "rien à imprimer se dit, sans document vide"
    )
    with college.instance.base.academie("essai : opposition") as session:
        session.add(
            OppositionPersonne(
                uai=ECOLE, personne_id=college.instance.annuaire["parent"], traitement="carnet.affichage",
                source="papier", motif="choix", debut=RENTREE,
            )
        )  # fmt: skip
    (page,) = texte(college.imprimer("cpe", "semaine", jour=LUNDI.isoformat()))
    assert "1 rue des Lilas" in page
    assert "quai Vert" not in page


def test_deux_foyers_deux_feuilles_et_un_nombre_fixe_d_enonces(college: College) -> None:
    with compter_enonces(college.instance.base) as avant:
        exemplaires = college.semaine().exemplaires
    assert [e.foyer.adresse for e in exemplaires] == [("1 rue des Lilas",), ("8 quai Vert",)]
    with college.instance.base.academie("essai : plus d'élèves") as session:
        nouveaux = [Personne(nom=f"Nouveau {rang}", prenom="Ana") for rang in range(8)]
        session.add_all(nouveaux)
        session.flush()
        for nouveau in nouveaux:
            session.add(
                Rattachement(
                    uai=ECOLE, personne_id=nouveau.id, profil="National_ELV", source="essai", debut=RENTREE
                )
            )
            session.add(
                Inscription(
                    **_ICI, personne_id=nouveau.id, division_id=college.instance.annuaire.divisions[ECOLE],
                    debut=RENTREE, fin=MERCREDI.date() + timedelta(days=1),
                )
            )  # fmt: skip
    with compter_enonces(college.instance.base) as apres:
        college.semaine()
    assert len(apres) == len(avant)


@pytest.mark.exigence("ABS-01")
def test_la_feuille_a_une_colonne_par_seance_et_les_eleves_de_ce_jour(college: College) -> None:
    with college.instance.base.ecole(ECOLE, "essai : feuilles") as session:
        (feuille,) = feuilles(session, ECOLE, ANNEE, LUNDI)
        (samedi,) = feuilles(session, ECOLE, ANNEE, LUNDI + timedelta(days=5))
    assert [(s.heure, s.matiere, s.salle) for s in feuille.seances] == [
        ("8\u202fh\u202f00", "Français", "S12"), ("9\u202fh\u202f00", "Séance", ""),
    ], "l'annulée n'y est pas"  # fmt: skip
    assert sorted(ligne.attendu for ligne in feuille.eleves) == [(True, False), (True, True)], (
        "le latin n'est que de l'un des deux"
    )
    assert samedi.seances == ()
    (page,) = texte(college.imprimer("direction", "appel", jour=LUNDI.isoformat()))
    assert "Français" in page
    assert plat(HOSTILE) in plat(page)
    assert "à détruire avant le 23/11/2026" in page


def test_le_pack_de_panne_s_ouvre_sans_l_ent_et_laisse_une_trace(college: College) -> None:
    archive = ZipFile(BytesIO(college.imprimer("cpe", "panne", jour=LUNDI.isoformat())))
    assert sorted(archive.namelist()) == ["01_5A.html", "01_5A.pdf", "ouvrir_moi.html"]
    for nom in ("01_5A.html", "ouvrir_moi.html"):
        html = archive.read(nom).decode()
        assert not re.search(r"<(script|link|img|form|iframe)|https?:|src=|url\(", html), nom
        liens = re.findall(r'href="([^"]+)"', html)
        assert set(liens) <= set(archive.namelist()), "chaque lien mène dans le pack"
    classe = archive.read("01_5A.html").decode()
    assert "#panic(&#34;x&#34;)" in classe, "un nom y reste un nom"
    assert "Français" in classe
    assert "Lundi 16 novembre 2026" in texte(archive.read("01_5A.pdf"))[0]
    with college.instance.base.academie("essai : journal") as session:
        acte = session.scalars(
            select(ActeJournal)
            .where(ActeJournal.acte == "carnet.papier_imprime")
            .order_by(ActeJournal.id.desc())
        ).first()
        assert acte is not None
        assert (acte.acteur_id, acte.uai) == (college.instance.annuaire["cpe"], ECOLE)
        assert acte.objet == "pack_de_panne_2026-11-16"
    for role in ("enseignant", "assistant", "parent", "eleve", "secretaire"):
        assert college.instance.client(role).post("/carnet/papier/panne").status_code == 403


def test_une_feuille_recopiee_garde_l_heure_du_papier_et_qui_la_recopie(college: College) -> None:
    client, camarade = college.instance.client("assistant"), college.instance.annuaire["camarade"]
    adresse, liste = f"/carnet/papier/recopie/{college.latin}", f"/carnet/papier/recopie?jour={LUNDI}"
    assert adresse in client.get(liste).text
    assert client.get(adresse).status_code == 200
    champs = {f"etat-{camarade}": "retard", f"minutes-{camarade}": "12"}
    assert client.post(adresse, data=champs).status_code == 302
    assert client.post(adresse, data=champs).status_code == 302, "recopiée deux fois, elle ne double rien"
    with college.instance.base.ecole(ECOLE, "essai : recopie") as session:
        appel = session.scalars(select(Appel).where(Appel.seance_id == college.latin)).one()
        (fait,) = session.scalars(select(Fait).where(Fait.appel_id == appel.id)).all()
    assert (appel.canal, appel.auteur_id) == ("papier", college.instance.annuaire["assistant"])
    assert (fait.source, fait.nature, fait.minutes, fait.eleve_id) == ("papier", "retard", 12, camarade)
    assert fait.debut.astimezone(FUSEAU) == datetime(2026, 11, 16, 9, tzinfo=FUSEAU), "l'heure du papier"
    assert fait.saisi_le == MERCREDI, "et le jour de la recopie"
    assert adresse not in client.get(liste).text
    assert college.instance.client("collegue").get(adresse).status_code == 404, "ni sa séance, ni sa classe"


def test_ailleurs_se_recopie_avec_son_lieu() -> None:
    champs = champs_de_la_feuille({"etat-1": "ailleurs:cdi", "etat-2": "absent", "minutes-2": "1:2"})
    assert champs == {"etat-1": "ailleurs", "ailleurs-1": "cdi", "etat-2": "absent", "minutes-2": "1:2"}


@pytest.mark.exigence("CARNET-06")
def test_la_presentation_s_imprime_par_foyer_et_une_saisie_fautive_le_dit(college: College) -> None:
    pages = texte(college.imprimer("direction", "presentation"))
    assert len(pages) == 2
    refus = college.instance.client("cpe").post("/carnet/papier/appel", data={"jour": "hier"})
    assert refus.status_code == 422
    assert "Donnez une date" in refus.text
    inconnue = college.instance.client("cpe").post("/carnet/papier/appel", data={"division": str(uuid4())})
    assert inconnue.status_code == 302, "la classe d'une autre école n'existe pas ici"


@pytest.mark.exigence("DISC-04")
@pytest.mark.exigence("DISC-28")
def test_la_lettre_d_un_dossier_s_imprime_par_foyer_sans_nommer_un_camarade(college: College) -> None:
    eleve, instance = college.instance.annuaire["eleve"], college.instance
    with instance.base.ecole(ECOLE, "essai : dossier") as session:
        punition = session.scalars(select(Punition).where(Punition.eleve_id == eleve)).one()
        sanction = session.scalars(select(SanctionEleve).where(SanctionEleve.eleve_id == eleve)).one()
        alerte = Alerte(**_ICI, eleve_id=eleve, seuil="mois", nombre=4, du=LUNDI, au=MERCREDI.date())
        session.add(alerte)
        session.flush()
    une, autre = texte(college.imprimer("cpe", f"punitions/{punition.id}"))
    assert "1 rue des Lilas" in une
    assert "quai Vert" not in une
    assert "8 quai Vert" in autre
    assert "mercredi 18 novembre 2026, de 16 h 00 à 17 h 00, Salle 3" in " ".join(une.split())
    assert "CIRCONSTANCES" not in une
    decision = " ".join(texte(college.imprimer("direction", f"sanctions/{sanction.id}"))[0].split())
    assert "la sanction suivante : blâme" in decision
    assert "a bousculé un autre élève." in decision
    assert "tribunal administratif" in decision
    assert "4 demi-journées" in texte(college.imprimer("cpe", f"alertes/{alerte.id}"))[0]

    with instance.base.ecole(ECOLE, "essai : majeur") as session:
        session.get_one(SanctionEleve, (ECOLE, sanction.id)).majeur = True
    refus = instance.client("direction").post(f"/carnet/papier/sanctions/{sanction.id}")
    assert refus.status_code == 422, "majeur, il la reçoit seul : ses responsables ne l'ont pas"
    for role in ("enseignant", "assistant", "parent"):
        assert instance.client(role).post(f"/carnet/papier/sanctions/{sanction.id}").status_code == 403
    assert instance.client("cpe").post(f"/carnet/papier/punitions/{uuid4()}").status_code == 404
    instance.ouvrir("carnet", AUTRE)
    voisine = instance.client("cpe_autre")
    for adresse in (f"punitions/{punition.id}", f"sanctions/{sanction.id}", f"alertes/{alerte.id}"):
        assert voisine.post(f"/carnet/papier/{adresse}").status_code == 404, "une autre école n'en a rien"
