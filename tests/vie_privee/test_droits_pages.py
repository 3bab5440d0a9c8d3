"""Les pages des droits : « Mes données » pour chacun, la file et l'instruction pour qui répond."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal
from ent_core.vie_privee.conservation.modeles import Gel
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.oppositions import limitees, opposee, opposees_et_limitees
from tests.vie_privee.brique_incidents import SUIVI, Fait, brique_incidents
from tests.vie_privee.pages_essai import chercher, texte_de

FILE = "/vie-privee/demandes/"
MOI = "/mes-donnees/"


_BRIQUE = brique_incidents()


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(_BRIQUE)


def demander(ent: InstanceEssai, role: str, pour: str = "", **valeurs: str) -> Demande:
    formulaire = {"droit": "acces", **({"pour": str(ent.annuaire[pour])} if pour else {}), **valeurs}
    reponse = ent.client(role).post(MOI, data=formulaire)
    assert reponse.status_code == 302, texte_de(reponse.text)
    with ent.base.academie("essai") as session:
        return session.scalars(select(Demande).order_by(Demande.id.desc()).limit(1)).one()


def adresse(demande: Demande, acte: str = "") -> str:
    return f"{FILE}{demande.uai}/{demande.id}{f'/{acte}' if acte else ''}"


def test_chacun_voit_ce_qui_est_enregistre_sur_lui(ent: InstanceEssai) -> None:
    for role in ("cpe", "parent", "eleve", "secretaire", "dpd"):
        lu = texte_de(ent.client(role).get(MOI).text)
        assert "Annuaire des personnes et des classes" in lu, role
        assert "Faire une demande" in lu


@pytest.mark.exigence("FAM-11")
def test_un_parent_voit_ses_enfants_et_pas_ceux_des_autres(ent: InstanceEssai) -> None:
    a = ent.annuaire
    assert "Les données de" in ent.client("parent").get(MOI, query_string={"pour": a["eleve"]}).text
    assert ent.client("parent").get(MOI, query_string={"pour": a["camarade"]}).status_code == 403
    assert ent.client("contact").get(MOI, query_string={"pour": a["eleve"]}).status_code == 403
    assert ent.client("eleve").get(MOI, query_string={"pour": a["parent"]}).status_code == 403


@pytest.mark.exigence("RGPD-DRO-01")
def test_une_demande_se_depose_se_suit_et_se_repond(ent: InstanceEssai) -> None:
    with ent.base.academie("essai") as session:
        session.add(
            Fait(
                uai=ECOLE, eleve_id=ent.annuaire["eleve"], jour=ent.horloge.aujourd_hui(),
                nature="bavardage", recit="Avec Zoé Petit.",
            )
        )  # fmt: skip
    demande = demander(ent, "parent", "eleve")
    direction = ent.client("direction")
    assert "Recevoir une copie" in direction.get(FILE).text
    assert direction.post(adresse(demande, "prendre")).status_code == 302
    assert direction.post(adresse(demande, "copie")).location.endswith("/relire")
    page = direction.get(adresse(demande, "relire")).text
    assert "Avec Zoé Petit." in page
    (texte,) = chercher(page, "//input[@name='texte']/@value")
    direction.post(
        adresse(demande, "relire"), data={"texte": texte, "acte": "remettre", "remis": "Avec […]."}
    )
    refusee = direction.post(
        adresse(demande, "repondre"), data={"texte": "Voici la copie.", "association": "informe"}
    )
    assert refusee.status_code == 422
    assert direction.post(adresse(demande, "copie")).status_code == 302
    rendue = direction.post(
        adresse(demande, "repondre"), data={"texte": "Voici la copie.", "association": "informe"}
    )
    assert rendue.status_code == 302
    parent = ent.client("parent")
    suivi = f"{MOI}demandes/{demande.id}"
    assert "Télécharger la copie" in parent.get(suivi).text
    fichier = parent.get(f"{suivi}/copie.zip")
    assert fichier.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(fichier.data))
    assert "Avec […]." in archive.read("donnees/incidents.suivi.json").decode()
    with ent.base.academie("essai") as session:
        actes = set(session.scalars(select(ActeJournal.acte)))
    assert {"demande.recue", "texte.relu", "copie.fabriquee", "copie.telechargee"} <= actes


def test_une_copie_ne_se_remet_qu_a_qui_l_a_demandee_et_se_connecte_a_l_instant(ent: InstanceEssai) -> None:
    demande = demander(ent, "cpe")
    direction, cpe = ent.client("direction"), ent.client("cpe")
    direction.post(adresse(demande, "copie"))
    copie = f"{MOI}demandes/{demande.id}/copie.zip"
    assert cpe.get(copie).status_code == 404, "prête, mais pas encore remise"
    direction.post(adresse(demande, "repondre"), data={"texte": "Voici la copie."})
    assert ent.client("enseignant").get(copie).status_code == 404
    assert ent.client("direction").get(copie).status_code == 404
    assert cpe.get(copie).data.startswith(b"PK")
    ent.horloge.avancer(timedelta(minutes=16))
    assert cpe.get(copie).status_code == 403
    assert "Me reconnecter" in cpe.get(f"{MOI}demandes/{demande.id}").text
    ent.horloge.avancer(timedelta(days=30))
    assert ent.client("cpe").get(copie).status_code == 404


def test_qui_n_instruit_pas_ne_voit_pas_la_file(ent: InstanceEssai) -> None:
    demande = demander(ent, "cpe")
    for role in ("cpe", "enseignant", "secretaire", "administrateur", "parent", "eleve"):
        assert ent.client(role).get(FILE).status_code == 403
    assert ent.client("direction_autre").get(adresse(demande)).status_code == 404
    assert ent.client("dpd").get(adresse(demande)).status_code == 200


@pytest.mark.exigence("RGPD-DRO-01")
def test_une_demande_en_retard_se_voit_en_premier(ent: InstanceEssai) -> None:
    demander(ent, "cpe")
    ent.horloge.avancer(timedelta(days=35))
    demander(ent, "enseignant")
    page = ent.client("direction").get(FILE).text
    assert "1 demande est en retard" in texte_de(page)
    (premiere, _) = chercher(page, "//tbody/tr")
    assert "En retard de 5 j" in premiere.text_content()


@pytest.mark.exigence("RGPD-DRO-06")
def test_repondre_a_une_opposition_l_accueille(ent: InstanceEssai) -> None:
    sans = ent.client("parent").post(MOI, data={"droit": "opposition", "pour": str(ent.annuaire["eleve"])})
    assert sans.status_code == 422
    demande = demander(
        ent, "parent", "eleve", droit="opposition", traitement=SUIVI.cle, precisions="situation protégée"
    )
    ent.client("direction").post(
        adresse(demande, "repondre"),
        data={"texte": "Votre opposition est accueillie.", "association": "entendu"},
    )
    with ent.base.ecole(ECOLE, "essai") as session:
        assert opposee(session, ent.annuaire["eleve"], SUIVI.cle)


def test_repondre_a_une_limitation_pose_un_gel(ent: InstanceEssai) -> None:
    demande = demander(ent, "cpe", droit="limitation")
    ent.client("direction").post(adresse(demande, "repondre"), data={"texte": "Tout est suspendu."})
    with ent.base.academie("essai") as session:
        gel = session.scalars(select(Gel)).one()
        assert (gel.personne_id, gel.nature) == (ent.annuaire["cpe"], "limitation")
    with ent.base.ecole(ECOLE, "essai") as session:
        deux = {ent.annuaire["cpe"], ent.annuaire["enseignant"]}
        assert limitees(session, SUIVI.cle, deux) == {ent.annuaire["cpe"]}
        assert opposees_et_limitees(session, SUIVI.cle, deux) == (
            frozenset(),
            frozenset({ent.annuaire["cpe"]}),
        )
    with ent.base.ecole(AUTRE, "essai") as session:
        assert limitees(session, SUIVI.cle, deux) == frozenset()


@pytest.mark.exigence("RGPD-DRO-04")
def test_un_refus_se_lit_avec_ses_recours(ent: InstanceEssai) -> None:
    demande = demander(ent, "cpe", droit="effacement")
    direction = ent.client("direction")
    assert "Refusé (RGPD, article 17.3 b)" in texte_de(direction.get(adresse(demande)).text)
    direction.post(
        adresse(demande, "refuser"), data={"motif": "conservation", "texte": "Votre dossier est gardé."}
    )
    lu = texte_de(ent.client("cpe").get(f"{MOI}demandes/{demande.id}").text)
    assert "article 17.3 b" in lu
    assert "CNIL" in lu
    assert "tribunal administratif" in lu


@pytest.mark.exigence("FAM-09")
def test_une_demande_sur_papier_se_recopie_avec_son_jour(ent: InstanceEssai) -> None:
    direction, a = ent.client("direction"), ent.annuaire
    assert str(a["eleve"]) in direction.get(f"{FILE}nouvelle", query_string={"q": "essai eleve"}).text
    page = direction.get(f"{FILE}nouvelle", query_string={"personne": a["eleve"]}).text
    proposes = set(chercher(page, "//select[@name='demandeur']/option/@value"))
    assert {str(a["parent"]), str(a["second_parent"]), "mandataire"} <= proposes
    assert str(a["contact"]) not in proposes
    recue = ent.horloge.aujourd_hui() - timedelta(days=4)
    formulaire = {
        "personne": str(a["eleve"]), "demandeur": str(a["parent"]), "droit": "rectification",
        "recue_le": recue.isoformat(), "controle": "piece_vue", "precisions": "date de naissance",
    }  # fmt: skip
    assert direction.post(
        f"{FILE}nouvelle", data={**formulaire, "demandeur": str(a["contact"])}
    ).status_code in (403, 422)
    assert direction.post(f"{FILE}nouvelle", data=formulaire).status_code == 302
    with ent.base.academie("essai") as session:
        demande = session.scalars(select(Demande)).one()
        assert (demande.source, demande.recue_le, demande.controle) == ("papier", recue, "piece_vue")
        assert demande.demandeur_id == a["parent"]


def test_une_demande_se_retire_par_qui_l_a_faite(ent: InstanceEssai) -> None:
    demande = demander(ent, "parent", "eleve")
    retrait = f"{MOI}demandes/{demande.id}/retirer"
    assert ent.client("eleve").post(retrait).status_code == 404
    assert ent.client("second_parent").post(retrait).status_code == 404
    assert ent.client("parent").post(retrait).status_code == 302


@pytest.mark.exigence("FAM-04")
def test_ce_qu_un_parent_ecrit_n_est_pas_montre_a_l_autre_ni_a_l_enfant(ent: InstanceEssai) -> None:
    demande = demander(ent, "parent", "eleve", precisions="mon ex-conjoint m'inquiète")
    suivi = f"{MOI}demandes/{demande.id}"
    assert "inquiète" in ent.client("parent").get(suivi).text
    assert "inquiète" not in ent.client("eleve").get(suivi).text
    assert ent.client("second_parent").get(suivi).status_code == 404


def test_un_identifiant_inconnu_ne_dit_rien(ent: InstanceEssai) -> None:
    assert ent.client("direction").get(f"{FILE}{ECOLE}/{UUID(int=5)}").status_code == 404
    assert ent.client("direction").get(f"{FILE}nouvelle?personne={UUID(int=5)}").status_code == 404
