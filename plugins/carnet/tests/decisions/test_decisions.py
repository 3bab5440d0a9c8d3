"""Ce que la loi demande autour d'une absence et d'une famille : informer, examiner, décider."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai
from ent_core.essais.modeles import ActeJournal, Creneau, OppositionPersonne, Rattachement
from pypdf import PdfReader
from sqlalchemy import func, select, update

from ent_carnet.modeles import Absence, Accuse, Affichage, Appel, Fait, Justification, Signalement

if TYPE_CHECKING:
    from tests.decisions.conftest import Famille

MATIN_TEXTE = "Vendredi 4 septembre"


def actes(famille: Famille, objet: str) -> list[str]:
    with famille.instance.base.academie("essai : journal") as session:
        lus = select(ActeJournal.acte).where(ActeJournal.objet == objet).order_by(ActeJournal.id)
        return list(session.scalars(lus))


def texte_du_pdf(famille: Famille, membre: str, adresse: str) -> str:
    reponse = famille.client(membre).post(adresse)
    assert reponse.status_code == 200, reponse.text
    pages = PdfReader(io.BytesIO(reponse.data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split()).replace("’", "'")


@pytest.mark.exigence("FAM-03")
def test_le_responsable_sans_exercice_lit_tout_et_ne_decide_de_rien(famille: Famille) -> None:
    absence = famille.absent()
    famille.restreindre("second", "exercice")
    for membre in ("premier", "second"):
        lu = famille.carnet(membre)
        assert "expliquer l'absence" in lu.lower()
        assert MATIN_TEXTE in lu
    assert "vous êtes informé de tout, sans donner de motif" in famille.carnet("second")
    assert "/expliquer?" in famille.carnet("premier")
    assert "/expliquer?" not in famille.carnet("second")
    # Ni par la page, ni par l'API : et le refus dit pourquoi, et que faire.
    refus = famille.page("second", f"/carnet/famille/{famille.eleve}/expliquer", 403)
    assert "vous êtes informé de tout, sans décider pour cet élève" in refus
    assert "présenter au secrétariat un acte plus récent" in refus.lower()
    saisie = {
        "debut": "2026-09-04T08:00:00+02:00", "fin": "2026-09-04T10:00:00+02:00",
        "motif_id": famille.motif("maladie"),
    }  # fmt: skip
    adresse = f"/api/v1/carnet/eleves/{famille.eleve}/motifs-proposes"
    par_api = famille.client("second").post(adresse, json=saisie)
    assert par_api.status_code == 403
    assert "sans décider pour cet élève" in str(par_api.json)
    # « Vu » n'est pas une décision ; et qui exerce décide toujours.
    vues = famille.client("second").post(f"/carnet/famille/{famille.eleve}/vues", data={"vues": str(absence)})
    assert vues.status_code == 302
    assert famille.client("premier").post(adresse, json=saisie).status_code == 201


@pytest.mark.exigence("FAM-05")
@pytest.mark.exigence("FAM-04")
def test_deux_motifs_contraires_attendent_l_examen_sans_que_l_un_lise_ce_que_l_autre_a_dit(
    famille: Famille,
) -> None:
    absence = famille.absent()
    recu = famille.expliquer("premier", "maladie")
    assert "Donner un autre motif" in famille.page("second", recu)
    assert "Un motif est déjà envoyé" in famille.page(
        "second", f"/carnet/famille/{famille.eleve}/expliquer?autre=1"
    )
    famille.expliquer("second", "convenance", autre=1)
    famille.expliquer("second", "reveil", autre=1)  # un seul chacun : rien de plus
    for membre, dit, tait in (
        ("premier", "Maladie de l'élève", "Convenance personnelle"),
        ("second", "Convenance personnelle", "Maladie de l'élève"),
    ):
        lu = famille.carnet(membre)
        assert "Un désaccord est connu de l'établissement" in lu
        assert dit in lu
        assert tait not in lu
        assert "Un autre motif a été donné" in lu
        assert f"Adulte {'second' if membre == 'premier' else 'premier'}" not in lu
    assert "Deux motifs ne concordent pas" in famille.page("second", recu)
    assert "Maladie" not in famille.page("second", recu)
    # Aucun ne s'accepte d'un geste, ni dans un lot ; une personne examine, et dit l'avoir fait.
    liste = famille.page("cpe", "/carnet/absences/motifs-proposes")
    assert "Deux motifs contraires ont été donnés" in liste
    assert "Retenir ce motif après examen" in liste
    with famille.session() as session:
        donnes = {
            str(j.motif_id): j.id
            for j in session.scalars(select(Justification).where(Justification.eleve_id == famille.eleve))
        }
    assert len(donnes) == 2
    maladie = donnes[famille.motif("maladie")]
    accepter = f"/carnet/absences/motifs-proposes/{maladie}/accepter"
    par_api = f"/api/v1/carnet/motifs-proposes/{maladie}/accepter"
    refus = famille.poster("cpe", accepter, 409)
    assert "ne sont pas d'accord" in refus
    assert famille.client("cpe").post(par_api).status_code == 409
    lot = {"absences": [str(absence)], "motif_id": famille.motif("maladie"), "confirmer": 1}
    famille.poster("cpe", "/carnet/tableau/regler", **lot)
    with famille.session() as session:
        assert session.get_one(Absence, (ECOLE, ANNEE, absence)).etat == "sans_motif"
    assert famille.client("cpe").post(f"{par_api}?examinee=1").status_code == 204
    with famille.session() as session:
        etats = {
            str(j.motif_id): j.etat
            for j in session.scalars(select(Justification).where(Justification.eleve_id == famille.eleve))
        }
        assert session.get_one(Absence, (ECOLE, ANNEE, absence)).etat == "reglee"
    assert etats == {famille.motif("maladie"): "acceptee", famille.motif("convenance"): "refusee"}
    # Après l'examen non plus, le refus de l'un ne se lit pas chez l'autre.
    assert "Convenance personnelle" not in famille.carnet("premier")


@pytest.mark.exigence("FAM-05")
def test_un_desaccord_signale_par_la_direction_bloque_un_motif_seul(famille: Famille) -> None:
    famille.absent()
    adresse = f"/carnet/absences/eleves/{famille.eleve}/desaccord"
    famille.poster("cpe", adresse, 403)
    famille.poster("direction", adresse)
    famille.poster("direction", adresse, 409)
    recu = famille.expliquer("premier", "maladie").rsplit("/", 1)[-1]
    accepter = f"/carnet/absences/motifs-proposes/{recu}/accepter"
    famille.poster("cpe", accepter, 409)
    for membre in ("premier", "second"):
        assert "Un désaccord est connu de l'établissement" in famille.carnet(membre)
    api = f"absences/eleves/{famille.eleve}/desaccord"
    assert famille.api("cpe", api) == {"ouvert": True, "signale_le": "2026-09-07"}
    assert famille.client("direction").delete(f"/api/v1/carnet/{api}").status_code == 204
    assert famille.api("cpe", api) == {"ouvert": False, "signale_le": None}
    assert "désaccord" not in famille.carnet("premier")
    famille.poster("cpe", accepter)


@pytest.mark.exigence("ABS-05")
def test_le_doute_serieux_fait_demander_une_autorisation_dont_l_ent_ne_garde_que_les_dates(
    famille: Famille,
) -> None:
    absence = famille.absent()
    recu = famille.expliquer("premier", "rendez_vous").rsplit("/", 1)[-1]
    decisions = f"/carnet/absences/eleves/{famille.eleve}/decisions"
    assert "Inviter à demander une autorisation" in famille.page("direction", decisions)
    assert "Inviter à demander une autorisation" not in famille.page("cpe", decisions)
    famille.page("enseignant", decisions, 403)
    periode = {"debut": "2026-09-04T08:00:00+02:00", "fin": "2026-09-04T10:00:00+02:00"}
    inviter = f"/carnet/absences/eleves/{famille.eleve}/autorisations"
    famille.poster("cpe", inviter, 403, **periode)
    famille.poster("direction", inviter, **periode)
    famille.poster("direction", inviter, 409, **periode)
    assert "demander une autorisation d'absence" in famille.carnet("second")
    # Tant que le doute tient, le motif ne s'accepte pas, même après examen.
    accepter = f"/carnet/absences/motifs-proposes/{recu}/accepter"
    assert "autorisation d'absence est demandée" in famille.poster("cpe", accepter, 409, examinee=1)
    assert "ne s'accepte pas tant que" in famille.page("cpe", "/carnet/absences/motifs-proposes")
    (lue,) = famille.api("cpe", f"absences/eleves/{famille.eleve}/autorisations")
    assert (lue["etat"], lue["invitee_le"], lue["recue_le"]) == ("invitee", "2026-09-07", None)
    lettre = texte_du_pdf(famille, "direction", f"/carnet/papier/autorisations/{lue['id']}")
    assert "vendredi 4 septembre 2026, de 8 h 00 à 10 h 00" in lettre.replace("\u202f", " ").replace(
        "\xa0", " "
    )
    assert "doute sérieux" in lettre
    assert "R. 131-5" in lettre
    # Chaque étape suit la précédente, à son jour ; la transmission se fait hors de l'ENT.
    etape = f"/carnet/absences/autorisations/{lue['id']}"
    famille.poster("direction", f"{etape}/transmettre", 409)
    famille.poster("direction", f"{etape}/recevoir", 422, le="2026-09-06")
    famille.poster("cpe", f"{etape}/recevoir", 403)
    famille.poster("direction", f"{etape}/recevoir", le="2026-09-07")
    famille.poster("direction", f"{etape}/transmettre")
    refusee = famille.client("direction").post(f"/api/v1/carnet/autorisations/{lue['id']}/refuser", json={})
    assert refusee.get_json()["etat"] == "refusee", refusee.text
    assert "L'autorisation d'absence est refusée" in famille.carnet("premier")
    assert actes(famille, lue["id"]) == ["carnet.autorisation"] * 4
    with famille.session() as session:  # la réponse ne règle rien : une personne le fait
        assert session.get_one(Absence, (ECOLE, ANNEE, absence)).etat == "sans_motif"
    famille.poster("cpe", accepter)


@pytest.mark.exigence("FAM-07")
def test_signaler_aux_responsables_d_un_majeur_oppose_est_exceptionnel_decide_et_dit_a_l_eleve(
    majeur: Famille, famille: Famille
) -> None:
    adresse = f"/carnet/absences/eleves/{majeur.eleve}/signalements"
    assert "élève majeur" in majeur.poster("cpe", adresse, 409, motif="absenteisme")  # il n'est pas opposé
    mineur = f"/carnet/absences/eleves/{famille.eleve}/signalements"
    famille.poster("cpe", mineur, 409, motif="absenteisme")
    with majeur.session() as session:
        session.add(
            OppositionPersonne(
                uai=ECOLE, personne_id=majeur.eleve, traitement="carnet.affichage", source="papier",
                motif="choix de l'élève", debut=RENTREE,
            )
        )  # fmt: skip
    assert "sur papier" in majeur.carnet("premier")
    # Sur papier aussi, il reçoit seul ce qui le concerne (FAM-06).
    carnets = texte_du_pdf(majeur, "cpe", "/carnet/papier/semaine")
    assert f"Zoé Élève {majeur.code}" in carnets
    assert f"Adulte premier {majeur.code}" not in carnets
    majeur.poster("cpe", adresse, 422)  # sans motif de la liste, rien
    majeur.poster("cpe", adresse, 422, motif="mauvaise humeur")
    majeur.poster("cpe", adresse, motif="absenteisme")
    majeur.poster("cpe", adresse, 409, motif="abandon")
    assert "ont été informés" not in majeur.carnet("soi")
    with majeur.session() as session:
        propose = session.scalars(select(Signalement).where(Signalement.eleve_id == majeur.eleve)).one().id
    lettres = f"/carnet/papier/signalements/{propose}"
    majeur.poster("direction", lettres, 404)  # rien ne part avant la décision
    decider = f"/carnet/absences/signalements/{propose}/signaler"
    majeur.poster("cpe", decider, 403)
    majeur.poster("direction", decider)
    assert actes(majeur, str(propose)) == ["carnet.signalement_propose", "carnet.signalement_decide"]
    assert "Vos responsables ont été informés" in majeur.carnet("soi")
    assert "ont été informés" not in majeur.carnet("premier")
    ecrit = texte_du_pdf(majeur, "direction", lettres)
    assert "perturbation grave de cette scolarité : des absences répétées" in ecrit
    assert "Information donnée à vos responsables" in ecrit
    (lu,) = majeur.api("cpe", f"absences/eleves/{majeur.eleve}/signalements")
    assert (lu["motif"], lu["etat"], lu["decide_le"]) == ("absenteisme", "decide", "2026-09-07")


@pytest.mark.exigence("ABS-13")
def test_le_reglement_interieur_se_lit_de_partout_et_la_direction_sait_qu_il_manque(famille: Famille) -> None:
    ou = {
        "premier": (f"/carnet/famille/{famille.eleve}", f"/carnet/discipline/{famille.eleve}"),
        "enseignant": ("/carnet/appel/jour", "/carnet/punitions", "/carnet/sanctions"),
    }
    assert "dire où lire le règlement intérieur" in famille.page("direction", "/carnet/punitions")
    assert "règlement intérieur" not in famille.page("enseignant", "/carnet/punitions").lower()
    famille.poster("cpe", "/carnet/reglement", 403, adresse="https://college.example/ri.pdf")
    for fautive in (
        "http://college.example/ri",
        "javascript:alert(1)",
        "https://x@college.example/",
        "ri.pdf",
    ):
        famille.poster("direction", "/carnet/reglement", 422, adresse=fautive)
    famille.poster("direction", "/carnet/reglement", adresse="https://college.example/ri.pdf")
    for membre, pages in ou.items():
        for page in pages:
            assert 'href="https://college.example/ri.pdf"' in famille.page(membre, page), page
    vide = famille.client("direction").put("/api/v1/carnet/reglement", json={"adresse": ""})
    assert vide.status_code == 204
    assert "college.example" not in famille.page("enseignant", "/carnet/punitions")


EFFACER = "noyau.effacer_les_partis"


@pytest.mark.exigence("CARNET-10")
def test_qui_change_d_etablissement_n_y_a_plus_d_affichage_et_le_dossier_suit_ses_regles(
    famille: Famille, demain: Callable[[], None]
) -> None:
    absence = famille.absent()
    famille.client("premier").post(f"/carnet/famille/{famille.eleve}/vues", data={"vues": str(absence)})

    def compter(modele: type, uai: str = ECOLE) -> int:
        with famille.instance.base.ecole(uai, "essai : compte") as session:
            lie = Affichage if modele is Accuse else modele
            enonce = select(func.count()).where(lie.eleve_id == famille.eleve)  # type: ignore[attr-defined] # une table d'élève
            if modele is Accuse:
                enonce = enonce.select_from(Accuse).join(Affichage, Accuse.affichage_id == Affichage.id)
            return session.scalars(enonce).one()

    assert (compter(Affichage), compter(Accuse), compter(Absence)) == (1, 1, 1)
    famille.instance.executer(EFFACER)
    assert compter(Affichage) == 1  # il est encore là
    jour = famille.instance.horloge.aujourd_hui()
    with famille.instance.base.academie("essai : départ") as session:
        session.execute(
            update(Rattachement)
            .where(Rattachement.personne_id == famille.eleve)
            .values(fin=jour + timedelta(days=1))
        )
        session.add(
            Rattachement(
                uai=AUTRE, personne_id=famille.eleve, profil="National_ELV", source="essai",
                debut=jour + timedelta(days=1),
            )
        )  # fmt: skip
    demain()
    famille.carnet("premier", 404)  # dès le départ, la page est fermée
    # Même si la brique n'est plus servie : ce que la loi efface ne l'attend pas.
    famille.instance.fermer("carnet")
    famille.instance.executer(EFFACER)
    famille.instance.executer(EFFACER)
    famille.instance.ouvrir("carnet")
    assert (compter(Affichage), compter(Accuse), compter(Absence)) == (0, 0, 1)
    # Le nouvel établissement n'a rien de l'ancien : ni affichage, ni dossier.
    assert (compter(Affichage, AUTRE), compter(Absence, AUTRE)) == (0, 0)


@pytest.mark.exigence("SURV-02")
def test_l_heure_d_une_saisie_se_lit_le_jour_meme_et_plus_ensuite(
    college: InstanceEssai, famille: Famille, demain: Callable[[], None]
) -> None:
    debut = college.horloge.instant - timedelta(hours=4)
    saisie = debut + timedelta(minutes=7, seconds=32)
    ici = {"uai": ECOLE, "annee": ANNEE}
    heures = {"debut": debut, "fin": debut + timedelta(minutes=55)}
    division = {"division_id": college.annuaire.divisions[ECOLE]}
    with college.base.academie("essai : cours") as session:
        creneau = Creneau(**ici, **heures, **division, salle="S12", etat="prevue")
        session.add(creneau)
        session.flush()
        seance = creneau.id
    with famille.session() as session:
        appel = Appel(
            **ici, **heures, **division, seance_id=seance, matiere="MATHEMATIQUES", fait_le=saisie,
            termine_le=saisie, auteur_id=college.annuaire["enseignant"],
        )  # fmt: skip
        session.add(appel)
        session.flush()
        session.add(
            Fait(
                **ici, **heures, appel_id=appel.id, eleve_id=famille.eleve, nature="absent", saisi_le=saisie,
                auteur_id=college.annuaire["enseignant"],
            )
        )  # fmt: skip

    def montre() -> tuple[bool, ...]:
        cpe = college.client("cpe")
        pages = (f"/carnet/appel/{seance}", "/carnet/appel/jour?jour=2026-09-07")
        api = (f"/api/v1/carnet/appels/{seance}", "/api/v1/carnet/appels?jour=2026-09-07")
        textes = [cpe.get(page).text.replace("\u202f", " ").replace("\xa0", " ") for page in pages]
        return (
            *("8 h 07" in texte or "08:07" in texte for texte in textes),
            *("08:07" in cpe.get(lu).text or "06:07" in cpe.get(lu).text for lu in api),
        )

    assert montre() == (True, True, True, True)
    demain()
    assert montre() == (False, False, False, False)
    etat = famille.api("cpe", f"appels/{seance}")
    assert (etat["etat"], etat["termine_le"]) == ("fait", None)
    assert "Appel fait" in college.client("cpe").get(f"/carnet/appel/{seance}").text
    # Écrire une correction le lendemain ne rend pas non plus l'heure de la veille.
    ecrit = college.client("cpe").put(
        f"/api/v1/carnet/appels/{seance}",
        json={"changements": [{"eleve_id": str(famille.eleve), "etat": "present", "vu": None}]},
    )
    assert "06:07" not in ecrit.text
    assert "08:07" not in ecrit.text
    # La base, elle, garde l'instant.
    with famille.session() as session:
        assert session.scalars(select(Appel.termine_le).where(Appel.seance_id == seance)).one() == saisie
