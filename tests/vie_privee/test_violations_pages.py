"""Les pages des violations : déclarer, suivre le délai, décider, compter, écrire ; et les refus comptés."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.vie_privee.traces.modeles_acces import RefusCompte
from ent_core.vie_privee.violations.modeles import Violation
from ent_core.vie_privee.violations.signaux import SEUIL
from tests.vie_privee.pages_essai import chercher, texte_de

pytestmark = pytest.mark.exigence("RGPD-VIO-01")

REGISTRE = "/vie-privee/violations/"
FICHE = {
    "connue_le": "2026-09-07T07:30", "origine": "envoi", "natures": ["confidentialite"],
    "description": "Une liste est partie au mauvais destinataire.",
}  # fmt: skip


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec()


def declarer(ent: InstanceEssai, role: str = "direction", **autres: object) -> str:
    reponse = ent.client(role).post(f"{REGISTRE}nouvelle", data={**FICHE, **autres})
    assert reponse.status_code == 303, texte_de(reponse.text)
    return str(reponse.location)


def refus(ent: InstanceEssai) -> dict[tuple[str, str], int]:
    with ent.base.academie("essai") as session:
        lus = session.execute(select(RefusCompte.nature, RefusCompte.objet, RefusCompte.nombre))
        return {(nature, objet): nombre for nature, objet, nombre in lus}


def test_une_violation_se_declare_en_quatre_reponses_et_le_delai_se_voit(ent: InstanceEssai) -> None:
    adresse = declarer(ent)
    page = texte_de(ent.client("direction").get(adresse).text)
    # Sue à 7 h 30, il est 8 h : à Paris, l'échéance est le 10 à 7 h 30.
    assert "Il reste 71 h pour notifier la CNIL" in page
    assert "jeudi 10 septembre, 7 h 30" in page
    ent.horloge.avancer(timedelta(hours=73))
    tard = ent.client("direction")
    assert "Dépassé de 1 h" in texte_de(tard.get(REGISTRE).text)
    assert "la notification est en retard" in texte_de(tard.get(adresse).text)


def test_les_traitements_disent_les_donnees_et_les_publics(ent: InstanceEssai) -> None:
    adresse = declarer(ent, traitements=["noyau.annuaire", "inconnu.autre"])
    with ent.base.academie("essai") as session:
        violation = session.scalars(select(Violation)).one()
        assert violation.traitements == ["noyau.annuaire"]
        assert {"identite", "coordonnees"} <= set(violation.categories)
        assert {"eleve", "responsable"} <= set(violation.populations)
    assert "Annuaire des personnes" in ent.client("direction").get(adresse).text


def test_une_saisie_fausse_est_gardee_et_dite(ent: InstanceEssai) -> None:
    reponse = ent.client("direction").post(f"{REGISTRE}nouvelle", data={**FICHE, "natures": []})
    assert reponse.status_code == 422
    assert "Dites ce qui est touché." in reponse.text
    assert "mauvais destinataire" in reponse.text


def test_du_constat_a_la_cloture(ent: InstanceEssai) -> None:
    adresse = declarer(ent, consequences=["reputation"], categories=["coordonnees"])
    direction = ent.client("direction")
    assert direction.post(f"{adresse}/clore").status_code == 422
    assert direction.post(f"{adresse}/cnil", data={"choix": "non"}).status_code == 422
    assert direction.post(f"{adresse}/cnil", data={"choix": "oui"}).status_code == 303
    ent.horloge.avancer(timedelta(hours=74))
    direction = ent.client("direction")
    envoi = {"le": "2026-09-10T09:30", "reference": "N-1"}
    tardive = direction.post(f"{adresse}/notifier", data=envoi)
    assert tardive.status_code == 422
    assert "raisons du retard" in texte_de(tardive.text)
    raison = {"retard_motif": "Sue un vendredi soir, l'analyse a pris du temps."}
    assert direction.post(f"{adresse}/notifier", data={**envoi, **raison}).status_code == 303
    assert direction.post(f"{adresse}/information", data={"choix": "oui"}).status_code == 303
    fiche = {**FICHE, "mesures": "Le fichier a été rappelé.", "consequences": ["reputation"]}
    assert direction.post(f"{adresse}/corriger", data=fiche).status_code == 303
    lettres = texte_de(direction.get(f"{adresse}/lettres").text)
    assert "Le fichier a été rappelé." in lettres
    assert "Aux responsables d'élèves" in lettres
    assert direction.post(
        f"{adresse}/prevenues", data={"le": "2026-09-10", "dit": "Douze lettres remises."}
    ).status_code == 303  # fmt: skip
    preuve = {"dit": "Accusé de la CNIL, armoire 3."}
    assert direction.post(f"{adresse}/preuve", data=preuve).status_code == 303
    assert direction.post(f"{adresse}/clore").status_code == 303
    page = texte_de(direction.get(adresse).text)
    for dit in ("close le 10/09/2026", "Notification initiale", "Personnes prévenues", "Preuve notée"):
        assert dit in page
    nouveau = {"dit": "Un second envoi est apparu."}
    assert direction.post(f"{adresse}/rouvrir", data=nouveau).status_code == 303


def test_une_fiche_relue_sans_rien_changer_ne_change_rien(ent: InstanceEssai) -> None:
    adresse = declarer(ent)
    direction = ent.client("direction")
    page = direction.get(f"{adresse}/corriger").text
    saisie: dict[str, list[str]] = {}
    for champ in chercher(page, "//main//form//input[@name][not(@type='checkbox') or @checked]"):
        saisie.setdefault(champ.get("name"), []).append(champ.get("value") or "")
    for champ in chercher(page, "//main//form//select"):
        saisie[champ.get("name")] = champ.xpath(".//option[@selected]/@value")
    for champ in chercher(page, "//main//form//textarea"):
        # Un navigateur ôte le premier saut de ligne d'une zone ; lxml, non.
        saisie[champ.get("name")] = [(champ.text or "").removeprefix("\n")]
    suite = direction.post(f"{adresse}/corriger", data=saisie, follow_redirects=True)
    assert "Rien n'a changé" in texte_de(suite.text)


def test_chaque_ecole_ne_voit_que_les_siennes_et_le_delegue_toutes(ent: InstanceEssai) -> None:
    adresse = declarer(ent)
    assert ent.client("direction_autre").get(adresse).status_code == 404
    assert ent.client("direction_autre").post(f"{adresse}/clore").status_code == 404
    assert ent.client("dpd").get(adresse).status_code == 200
    commune, la_bas = declarer(ent, "dpd"), declarer(ent, "dpd", uai=AUTRE)
    assert ent.client("direction").get(commune).status_code == 404
    assert ent.client("direction_autre").get(la_bas).status_code == 200
    assert ent.client("dpd").post(f"{REGISTRE}nouvelle", data={**FICHE, "uai": "0000000A"}).status_code == 422
    for role in ("cpe", "enseignant", "secretaire", "administrateur", "parent", "eleve"):
        assert ent.client(role).get(REGISTRE).status_code == 403, role


def test_l_echeance_est_sur_l_accueil_tant_qu_elle_court(ent: InstanceEssai) -> None:
    assert "notifier une violation" not in ent.client("direction").get("/").text
    adresse = declarer(ent)
    for role in ("direction", "dpd"):
        accueil = texte_de(ent.client(role).get("/").text)
        assert "À faire : notifier une violation de données" in accueil
        assert "avant jeudi 10 septembre, 7 h 30" in accueil
    assert "notifier une violation" not in ent.client("direction_autre").get("/").text
    raison = "Fichier chiffré, clé non transmise : risque improbable."
    ent.client("direction").post(f"{adresse}/cnil", data={"choix": "non", "motif": raison})
    assert "notifier une violation" not in ent.client("direction").get("/").text


def test_le_registre_s_emporte_dans_trois_formats(ent: InstanceEssai) -> None:
    declarer(ent)
    for format_ in ("ods", "csv", "json"):
        reponse = ent.client("direction").get(f"{REGISTRE}registre.{format_}")
        assert reponse.status_code == 200
        assert reponse.headers["Cache-Control"] == "no-store"
        assert f"violations-{ECOLE}" in reponse.headers["Content-Disposition"]
    assert ent.client("dpd").get(f"{REGISTRE}registre.xml").status_code == 404


def test_compter_puis_lire_la_liste(ent: InstanceEssai) -> None:
    adresse = declarer(ent)
    direction = ent.client("direction")
    bornes = {"du": "2026-09-07T08:00", "au": "2026-09-01T00:00", "journaux": ["lectures"]}
    assert "La fin précède le début" in texte_de(direction.post(f"{adresse}/personnes", data=bornes).text)
    bornes = {"du": "2026-09-01T00:00", "au": "2026-09-07T08:00", "journaux": ["lectures", "ecritures"]}
    suite = direction.post(f"{adresse}/personnes", data=bornes, follow_redirects=True)
    assert "personne(s) au moins" in texte_de(suite.text)
    assert direction.get(f"{adresse}/lettres?liste=1").status_code == 200


# --- Les refus ---------------------------------------------------------------------------------


def test_une_page_refusee_se_compte_sans_dire_qui(ent: InstanceEssai) -> None:
    for role in ("enseignant", "collegue"):
        assert ent.client(role).get(REGISTRE).status_code == 403
    assert refus(ent) == {("permission", "noyau.violations"): 2}


def test_viser_un_autre_etablissement_se_compte(ent: InstanceEssai) -> None:
    direction = ent.client("direction")
    inconnue = "00000000-0000-0000-0000-000000000000"
    assert direction.get(f"/vie-privee/demandes/{AUTRE}/{inconnue}").status_code == 404
    assert direction.get(f"/vie-privee/demandes/{ECOLE}/{inconnue}").status_code == 404
    assert refus(ent) == {("ecole", "vie_privee_droits.demande"): 1}
    assert ent.client("dpd").get(f"/vie-privee/demandes/{AUTRE}/{inconnue}").status_code == 404
    assert refus(ent) == {("ecole", "vie_privee_droits.demande"): 1}, "le délégué va partout"


def test_des_refus_repetes_se_proposent_et_font_une_fiche(ent: InstanceEssai) -> None:
    ent.horloge.instant = HorlogeSysteme().maintenant()
    direction = ent.client("direction")
    for _ in range(SEUIL):
        direction.get(f"/vie-privee/demandes/{AUTRE}/00000000-0000-0000-0000-000000000000")
    page = ent.client("direction").get(REGISTRE).text
    assert f"Tentatives vers un autre établissement : {SEUIL} fois" in texte_de(page)
    (lien,) = chercher(page, "//a[contains(., 'En faire une violation')]/@href")
    fiche = direction.get(lien).text
    assert "Chaque demande a été refusée." in fiche
    (cle,) = chercher(fiche, "//input[@name='signal']/@value")
    sans = direction.post(f"{REGISTRE}signaux/ecarter", data={"signal": cle})
    assert sans.status_code == 422
    ecarte = direction.post(
        f"{REGISTRE}signaux/ecarter", data={"signal": cle, "motif": "Un signet périmé dans un navigateur."}
    )
    assert ecarte.status_code == 303
    assert "Aucun refus répété" in texte_de(direction.get(REGISTRE).text)
    with ent.base.academie("essai") as session:
        violation = session.scalars(select(Violation)).one()
        assert (violation.uai, violation.close_le is not None) == (ECOLE, True)
