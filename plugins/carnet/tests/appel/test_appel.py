"""Faire l'appel : qui, quand, de qui ; ce qui s'enregistre, ce qui demeure, ce qui ne se perd pas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import Base
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai, compter_enonces
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from ent_carnet.modeles import Absence, Appel, InterdictionConservatoire, Motif
from ent_carnet.services.appel import attendus_du_jour, faits_du_jour

if TYPE_CHECKING:
    from tests.appel.conftest import Classe

LUNDI = date(2026, 9, 7)
HUIT_HEURES = datetime(2026, 9, 7, 6, tzinfo=UTC)
API = "/api/v1/carnet/appels"
INSCRIPTION, MESSAGE = Base.metadata.tables["inscription"], Base.metadata.tables["message"]


def envoyer(
    client: FlaskClient, seance: UUID, *changements: dict[str, Any], statut: int = 200, **reste: object
) -> TestResponse:
    """Envoie des constats, comme le fait la page."""
    reponse = client.put(f"{API}/{seance}", json={"changements": list(changements), **reste})
    assert reponse.status_code == statut, reponse.text
    return reponse


def note(eleve: UUID, etat: str, vu: str | None = None, **reste: object) -> dict[str, Any]:
    return {"eleve_id": str(eleve), "etat": etat, "vu": vu, **reste}


def feuille(client: FlaskClient, seance: UUID, heure: int = 1) -> dict[str, Any]:
    lue: dict[str, Any] = client.get(f"{API}/{seance}?heure={heure}").get_json()
    return lue


def etats(lue: dict[str, Any]) -> list[str]:
    return [eleve["etat"] for eleve in lue["eleves"]]


@pytest.mark.exigence("ABS-01")
def test_la_feuille_de_l_heure_s_ouvre_seule_et_chaque_constat_s_enregistre_a_son_heure(
    classe: Classe,
) -> None:
    seance, client = classe.seance(), classe.client()
    classe.seance(60)
    page = client.get("/carnet/appel")
    assert page.status_code == 200
    rangs = [page.text.index(f'data-eleve="{eleve}"') for eleve in classe.eleves]
    assert rangs == sorted(rangs), "dans l'ordre des noms"
    assert "Appel pas encore fait" in page.text
    assert page.text.count('aria-current="page"') == 1, "une seule entrée du menu est celle où l'on est"
    assert "8\u202fh\u202f00 à 8\u202fh\u202f55" in client.get("/").text, "l'accueil dit l'appel à faire"
    recu = envoyer(client, seance, note(classe.eleves[1], "absent")).get_json()
    assert (recu["version"], recu["termine_le"], recu["conflits"]) == (1, None, [])
    assert feuille(client, seance)["etat"] == "commence", "un absent noté n'est pas un appel terminé"
    classe.a(7)
    envoyer(client, seance, note(classe.eleves[2], "retard"), termine=True)
    fait = next(f for f in classe.faits(seance) if f.nature == "retard")
    assert (fait.minutes, fait.saisi_le) == (7, HUIT_HEURES + timedelta(minutes=7))
    assert classe.courants(seance) == {1: "absent", 2: "retard"}
    assert [a["etat"] for a in client.get(API).get_json()] == ["fait", "a_venir"]
    assert "Prochain appel à 9\u202fh\u202f00" in client.get("/").text
    assert "1 absent, 1 en retard" in client.get("/carnet/appel/jour").text


@pytest.mark.exigence("ABS-02")
@pytest.mark.exigence("CARNET-18")
def test_un_appel_termine_previent_les_familles_une_fois_et_une_correction_l_annule(classe: Classe) -> None:
    eleve = classe.instance.annuaire["eleve"]
    with classe.instance.base.academie("essai : dans cette classe") as session:
        sienne = update(INSCRIPTION).where(INSCRIPTION.c.personne_id == eleve)
        session.execute(sienne.values(division_id=classe.id))
    seance, client = classe.seance(), classe.client()

    def suites() -> tuple[int, list[str]]:
        with classe.instance.base.academie("essai : suites") as session:
            ouvertes = select(Absence.id).where(Absence.eleve_id == eleve, Absence.annulee_le.is_(None))
            messages = select(MESSAGE.c.etat).where(MESSAGE.c.a_propos == eleve)
            return len(session.scalars(ouvertes).all()), sorted(session.scalars(messages).all())

    fait = envoyer(client, seance, note(eleve, "absent")).get_json()["constats"][0]["fait_id"]
    assert suites() == (0, []), "rien avant que l'appel soit terminé"
    for _ in range(2):
        envoyer(client, seance, termine=True)
        assert suites() == (1, ["attente", "attente"]), "ses deux responsables, une fois"
    envoyer(client, seance, note(eleve, "present", fait))
    assert suites() == (0, ["annule", "annule"]), "corrigé : plus rien à traiter, ni à dire"
    # Trop tard pour retenir le message : un second le rectifie, et la page des familles le dit.
    vu = envoyer(client, seance, note(eleve, "absent")).get_json()["constats"][0]["fait_id"]
    assert suites() == (1, ["annule", "annule", "attente", "attente"])
    with classe.instance.base.academie("essai : partis") as session:
        partis = update(MESSAGE).where(
            MESSAGE.c.a_propos == eleve, MESSAGE.c.etat == "attente",
            MESSAGE.c.personne_id == classe.instance.annuaire["parent"],
        )  # fmt: skip
        session.execute(partis.values(etat="parti", clos_le=HUIT_HEURES))
    envoyer(client, seance, note(eleve, "present", vu))
    detrompe = ["annule", "annule", "annule", "attente", "parti"]
    assert suites() == (0, detrompe), "l'autre parent, que rien n'avait alerté, ne reçoit rien"
    page = classe.instance.client("parent").get(f"/carnet/famille/{eleve}").text
    assert "a corrigé ce qu&#39;il avait noté du lundi 7 septembre" in page
    envoyer(client, seance, note(classe.eleves[0], "absent"), termine=True)
    assert suites() == (0, detrompe), "dit une fois"


def test_personne_d_absent_n_est_pas_appel_non_fait(classe: Classe) -> None:
    fait, oublie = classe.seance(), classe.seance(60)
    envoyer(classe.client(), fait, termine=True)
    assert classe.faits(fait) == []
    with classe.instance.base.ecole(ECOLE, "essai") as session:
        classe.a(130)
        trouves = {
            a.seance.id: a
            for a in attendus_du_jour(session, ECOLE, LUNDI, classe.instance.horloge.maintenant())
        }
        assert session.scalar(select(Appel.id).where(Appel.seance_id == oublie)) is None
    assert (trouves[fait].etat, trouves[fait].manque) == ("fait", False)
    assert (trouves[oublie].etat, trouves[oublie].manque) == ("oublie", True)
    assert "Non fait" in classe.client().get("/carnet/appel/jour").text


def test_sans_script_le_formulaire_fait_l_appel_et_se_corrige(classe: Classe) -> None:
    seance, client = classe.seance(), classe.client()
    adresse = f"/carnet/appel/{seance}"
    un, deux, trois, quatre = classe.eleves
    tous = {f"etat-{e}": "present" for e in classe.eleves}
    premier = tous | {f"etat-{un}": "absent", f"etat-{deux}": "ailleurs", f"ailleurs-{deux}": "cdi"}
    assert client.post(adresse, data=premier).status_code == 302
    assert "est enregistré. Vous pouvez encore le corriger" in client.get(adresse).text
    assert classe.courants(seance) == {0: "absent", 1: "ailleurs"}
    vus = {f"vu-{e['eleve_id']}": e["vu"] or "" for e in feuille(client, seance)["eleves"]}
    corrige = premier | vus | {f"etat-{un}": "retard", f"minutes-{un}": "3"}
    client.post(adresse, data=corrige)
    assert classe.courants(seance) == {0: "retard", 1: "ailleurs"}
    assert len(classe.faits(seance)) == 3, "qui n'a pas changé n'est pas récrit"
    assert client.post(adresse, data=premier | {f"etat-{trois}": "envolé"}).status_code == 422
    assert classe.courants(seance) == {0: "retard", 1: "ailleurs"}, f"{quatre} et les autres sont intacts"


@pytest.mark.exigence("CARNET-18")
def test_un_fait_se_corrige_et_ne_s_efface_pas(classe: Classe) -> None:
    seance, client, eleve = classe.seance(), classe.client(), classe.eleves[0]
    vu = None
    for etat in ("absent", "retard", "present", "absent"):
        recu = envoyer(client, seance, note(eleve, etat, vu)).get_json()
        vu = recu["constats"][0]["fait_id"]
    assert [(f.nature, f.retire_par == classe.enseignant) for f in classe.faits(seance)] == [
        ("absent", True),
        ("retard", True),
        ("absent", False),
    ]
    assert [f.remplace_id is None for f in classe.faits(seance)] == [True, False, True]
    assert envoyer(client, seance, note(eleve, "absent")).get_json()["version"] == 5
    assert len(classe.faits(seance)) == 3, "un envoi répété n'écrit rien de plus"
    assert "Corrigé à 8\u202fh\u202f04" in client.get(f"/carnet/appel/{seance}").text


def test_deux_personnes_sur_une_feuille_ne_perdent_rien(classe: Classe) -> None:
    autre = classe.autre()
    seance = classe.seance(enseignants=(classe.enseignant, autre.enseignant))
    moi, collegue, cpe = classe.client(), classe.client(autre.enseignant), classe.client("cpe")
    envoyer(moi, seance, note(classe.eleves[0], "absent"))
    recu = envoyer(collegue, seance, note(classe.eleves[1], "retard"), note(classe.eleves[0], "retard"))
    dit = {c["eleve_id"]: c for c in recu.get_json()["constats"]}[str(classe.eleves[0])]
    assert recu.get_json()["conflits"] == [str(classe.eleves[0])]
    assert (dit["etat"], dit["par"].startswith("Camille Prof-")) == ("absent", True)
    assert classe.courants(seance) == {0: "absent", 1: "retard"}
    envoyer(cpe, seance, note(classe.eleves[0], "retard", dit["fait_id"]))
    assert classe.courants(seance) == {0: "retard", 1: "retard"}, "ce que l'on a vu se corrige"
    perime = {f"etat-{e}": "present" for e in classe.eleves} | {f"etat-{classe.eleves[0]}": "absent"}
    page = moi.post(f"/carnet/appel/{seance}", data=perime)
    assert "Votre choix n'est pas enregistré" in page.text
    assert classe.courants(seance) == {0: "retard", 1: "retard"}, "sans script non plus"


def test_la_feuille_s_ecrit_dans_les_delais_de_l_etablissement(classe: Classe) -> None:
    tot, seance = classe.seance(120), classe.seance()
    constat = note(classe.eleves[0], "absent")
    refus = envoyer(classe.client(), tot, constat, statut=409).get_json()
    assert refus["detail"] == "cet appel s'ouvre à 9\u202fh\u202f50."
    classe.a(55 + 121)
    assert "vie scolaire" in envoyer(classe.client(), seance, constat, statut=409).get_json()["remede"]
    assert "ne se corrige plus" in classe.client().get(f"/carnet/appel/{seance}").text
    renvoi: dict[str, Any] = {
        "canal": "hors_ligne",
        "saisi_le": (HUIT_HEURES + timedelta(minutes=6)).isoformat(),
    }
    envoyer(classe.client(), seance, note(classe.eleves[1], "retard"), termine=True, **renvoi)
    retard = classe.faits(seance)[0]
    assert (retard.minutes, retard.saisi_le) == (6, HUIT_HEURES + timedelta(minutes=6)), (
        "l'heure de la saisie"
    )
    envoyer(classe.client("cpe"), seance, constat)
    assert classe.courants(seance) == {0: "absent", 1: "retard"}


def test_chacun_n_appelle_que_ses_seances_et_ses_classes(classe: Classe) -> None:
    autre, seance = classe.autre(), classe.seance()
    etranger, constat = classe.client(autre.enseignant), note(classe.eleves[0], "absent")
    assert etranger.get(f"/carnet/appel/{seance}").status_code == 404
    envoyer(etranger, seance, constat, statut=404)
    envoyer(classe.client("cpe_autre"), seance, constat, statut=404)
    for role in ("parent", "eleve", "secretaire"):
        assert classe.client(role).get(f"/carnet/appel/{seance}").status_code == 403
        envoyer(classe.client(role), seance, constat, statut=403)
    remplacee = classe.seance(enseignants=(autre.enseignant,))
    assert "remplacez un collègue" in classe.client().get("/carnet/appel/jour").text
    envoyer(classe.client(), remplacee, constat)
    intrus = envoyer(classe.client(), seance, note(autre.eleves[0], "absent"), statut=422)
    assert str(autre.eleves[0]) not in intrus.text
    assert classe.faits(seance) == []


def test_un_groupe_a_ses_membres_du_jour(classe: Classe) -> None:
    reste, parti, arrive, hors = classe.eleves
    bornes: dict[UUID, tuple[date, date | None]] = {
        reste: (RENTREE, None), parti: (RENTREE, LUNDI), arrive: (LUNDI, None),
        hors: (LUNDI + timedelta(1), None),
    }  # fmt: skip
    numero, ici = uuid4(), {"uai": ECOLE, "annee": ANNEE}
    with classe.instance.base.academie("essai : groupe") as session:
        groupe = {**ici, "id": numero, "code": uuid4().hex[:8], "libelle": "Latin"}
        session.execute(insert(Base.metadata.tables["groupe"]), groupe)
        membres = [
            {**ici, "personne_id": e, "groupe_id": numero, "debut": debut, "fin": fin}
            for e, (debut, fin) in bornes.items()
        ]
        session.execute(insert(INSCRIPTION), membres)
    seance, client = classe.seance(groupe=numero), classe.client()
    attendus = {eleve["eleve_id"] for eleve in feuille(client, seance)["eleves"]}
    assert attendus == {str(reste), str(arrive)}
    envoyer(client, seance, note(reste, "absent"))
    with classe.instance.base.academie("essai : correction") as session:
        sienne = update(INSCRIPTION).where(INSCRIPTION.c.groupe_id == numero)
        session.execute(sienne.where(INSCRIPTION.c.personne_id == reste).values(fin=LUNDI))
    assert str(reste) in {e["eleve_id"] for e in feuille(client, seance)["eleves"]}, "noté, il y reste"


def test_une_seance_longue_a_un_appel_par_heure(classe: Classe) -> None:
    seance, client = classe.seance(duree=115), classe.client()
    envoyer(client, seance, note(classe.eleves[0], "absent"), termine=True)
    classe.a(58)
    client = classe.client()
    assert "2e heure" in client.get("/carnet/appel").text, "la première est faite : la deuxième s'ouvre"
    seconde = feuille(client, seance, 2)
    assert (etats(seconde), seconde["eleves"][0]["mention"]) == (["present"] * 4, "Absent à 8\u202fh\u202f00")
    changement = {"changements": [note(classe.eleves[1], "absent")], "termine": True}
    assert client.put(f"{API}/{seance}?heure=2", json=changement).status_code == 200
    assert etats(feuille(client, seance)) == ["absent", "present", "present", "present"]
    assert etats(feuille(client, seance, 2)) == ["present", "absent", "present", "present"]
    assert client.get(f"{API}/{seance}?heure=3").status_code == 404


@pytest.mark.exigence("ABS-03")
def test_ce_qui_est_connu_est_deja_sur_la_feuille_sans_dire_pourquoi(classe: Classe) -> None:
    annonce, exclu, interdit, reste = classe.eleves
    seance, client = classe.seance(), classe.client()
    periode: dict[str, Any] = {
        "uai": ECOLE, "annee": ANNEE, "genre": "absence", "debut": HUIT_HEURES - timedelta(hours=1),
        "fin": HUIT_HEURES + timedelta(hours=4), "traitee_le": HUIT_HEURES,
    }  # fmt: skip
    with classe.instance.base.ecole(ECOLE, "essai") as session:
        motifs = {
            code: Motif(
                uai=ECOLE, code=f"{code}", libelle=code, genre="absence", legitimite=loi, recevable=True,
                regle=True, compte=False, affichable=True, proposable=False,
            )
            for code, loi in (("maladie", "maladie_enfant"), ("exclusion_classe", "etablissement"))
        }  # fmt: skip
        for code, motif in motifs.items():
            connu = session.scalar(select(Motif).where(Motif.uai == ECOLE, Motif.code == code))
            motifs[code] = connu or motif
            session.add(motifs[code])
        session.flush()
        session.add_all(
            [
                Absence(**periode, eleve_id=annonce, motif_id=motifs["maladie"].id, annoncee=True),
                Absence(**periode, eleve_id=exclu, motif_id=motifs["exclusion_classe"].id),
                InterdictionConservatoire(uai=ECOLE, annee=ANNEE, eleve_id=interdit, du=LUNDI, au=LUNDI),
            ]
        )  # fmt: skip
    lue = feuille(client, seance)
    assert etats(lue) == ["absent", "exclu_accueilli", "absent", "present"]
    assert [e["prevu"] for e in lue["eleves"]] == [True, True, True, False]
    assert "maladie" not in client.get(f"/carnet/appel/{seance}").text.lower()
    assert classe.faits(seance) == [], "rien n'est écrit tant que personne ne l'a confirmé"
    formulaire = {f"etat-{e['eleve_id']}": e["etat"] for e in lue["eleves"]} | {f"etat-{annonce}": "present"}
    client.post(f"/carnet/appel/{seance}", data=formulaire)
    assert classe.courants(seance) == {1: "exclu_accueilli", 2: "absent"}, f"{reste} est là, l'annoncé aussi"


def emploi_du_temps(dossier: Path, classe: Classe, heure: str, matiere: str) -> Path:
    """Un vrai fichier de STS : un cours le lundi 7 septembre 2026."""
    chemin = dossier / f"emp_sts_{ECOLE}_2026_{uuid4().hex[:4]}.xml"
    code = classe.libelle.removeprefix("Classe ")
    chemin.write_text(
        f"""<?xml version="1.0" encoding="ISO-8859-15"?>
<EDT_STS><PARAMETRES><UAJ>{ECOLE}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES><DONNEES>
<ALTERNANCES><ALTERNANCE CODE="H"><SEMAINES><DATE_DEBUT_SEMAINE>2026-09-07</DATE_DEBUT_SEMAINE></SEMAINES>
</ALTERNANCE></ALTERNANCES><STRUCTURE><DIVISIONS><DIVISION CODE="{code}"><SERVICES>
<SERVICE CODE_MATIERE="{matiere}" CODE_MOD_COURS="CG"><ENSEIGNANTS>
<ENSEIGNANT ID="1" TYPE="epp"><COURS_RATTACHES><COURS><CODE_ALTERNANCE>H</CODE_ALTERNANCE><JOUR>1</JOUR>
<HEURE_DEBUT>{heure}</HEURE_DEBUT><DUREE>0055</DUREE></COURS></COURS_RATTACHES></ENSEIGNANT>
</ENSEIGNANTS></SERVICE></SERVICES></DIVISION></DIVISIONS></STRUCTURE></DONNEES></EDT_STS>""",
        encoding="iso-8859-15",
    )
    return chemin


@pytest.mark.exigence("ABS-01")
def test_un_nouvel_emploi_du_temps_ne_perd_ni_ne_double_un_appel(
    classe: Classe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def importer(heure: str, matiere: str) -> list[Any]:
        fichier = emploi_du_temps(tmp_path, classe, heure, matiere)
        monkeypatch.setattr("sys.argv", ["ent", "importer", "emploi-du-temps", str(fichier)])
        ent()
        with instance.base.ecole(ECOLE, "essai") as session:
            toutes = attendus_du_jour(session, ECOLE, LUNDI, instance.horloge.maintenant())
            return [a for a in toutes if a.seance.division_id == classe.id]

    instance, cpe, ancienne = classe.instance, classe.client("cpe"), classe.seance()
    (commande,) = entry_points(group="console_scripts", name="ent")
    ent: Callable[[], None] = commande.load()
    url = instance.base.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("ENT_BASE", url)
    envoyer(cpe, ancienne, note(classe.eleves[0], "absent"), termine=True)
    (corrigee,) = importer("0800", "020700")
    assert corrigee.seance.id != ancienne, "STS ne reconnaît plus la séance : discipline changée"
    assert corrigee.etat == "fait", "même classe, même heure : c'est le même appel"
    envoyer(cpe, corrigee.seance.id, note(classe.eleves[1], "absent"))
    assert classe.courants(ancienne) == {0: "absent", 1: "absent"}, "une seule feuille"
    (deplacee,) = importer("1000", "020700")
    assert deplacee.etat == "a_venir", "une autre heure attend un autre appel"
    lue = feuille(cpe, ancienne)
    assert etats(lue)[:2] == ["absent", "absent"], "ce qui a été constaté demeure, séance retirée ou non"
    assert "plus à l&#39;emploi du temps" in cpe.get(f"/carnet/appel/{ancienne}").text
    with instance.base.ecole(ECOLE, "essai") as session:
        miens = [f.eleve_id for f in faits_du_jour(session, ECOLE, LUNDI) if f.eleve_id in classe.eleves]
    assert set(miens) == set(classe.eleves[:2])


def test_la_feuille_coute_autant_d_enonces_pour_deux_eleves_que_pour_trente(
    ecole: InstanceEssai, classe: Classe
) -> None:
    mesures = []
    for nombre in (2, 30):
        une = classe.autre(nombre)
        seance, client = une.seance(), une.client()
        envoyer(client, seance, *(note(e, "absent") for e in une.eleves))
        client.get(f"/carnet/appel/{seance}")
        with compter_enonces(ecole.base) as lire:
            page = client.get(f"/carnet/appel/{seance}")
        with compter_enonces(ecole.base) as ecrire:
            envoyer(client, seance, *(note(e, "retard", minutes=4) for e in une.eleves))
        mesures.append((len(lire), len(ecrire)))
        assert len(page.data) < 100_000, "une feuille de trente élèves reste légère"
    assert mesures[0] == mesures[1], mesures
    assert max(mesures[0]) <= 14, mesures
