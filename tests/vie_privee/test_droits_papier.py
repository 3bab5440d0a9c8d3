"""La voie papier d'une opposition ; « qui a vu mes données » ; qui demande pour qui."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from ent_core.contrat.papier import Source
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.socle.erreurs import AccesRefuse, OperationRefusee
from ent_core.vie_privee.droits import demandes
from ent_core.vie_privee.droits.consultations import PAR_PAGE, Consultation, consultations, en_csv
from ent_core.vie_privee.droits.demandes import Association
from ent_core.vie_privee.droits.modeles import OppositionPersonne
from ent_core.vie_privee.droits.oppositions import Voie, accueillir
from ent_core.vie_privee.droits.qualite import Qualite, qualite_de
from ent_core.vie_privee.publication.droits import Droit
from ent_core.vie_privee.traces.modeles import TraceLecture
from tests.vie_privee.brique_papier import VOEUX, Voeu, brique_papier, enregistrer
from tests.vie_privee.droits_essais import Poste, monter
from tests.vie_privee.pages_essai import chercher, texte_de

OPPOSITIONS = "/vie-privee/oppositions/"
VUES = "/mes-donnees/vues"


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    instance = application_avec(brique_papier())
    instance.ouvrir("souhaits")
    return instance


def s_opposer(ent: InstanceEssai) -> None:
    with ent.base.academie("essai") as session:
        accueillir(
            session, ent.horloge, VOEUX, ent.annuaire["eleve"], uai=ECOLE, motif="famille protégée",
            source=Voie.PAPIER, par=ent.annuaire["direction"],
        )  # fmt: skip


@pytest.mark.exigence("RGPD-DRO-06")
@pytest.mark.exigence("FAM-09")
def test_a_qui_s_oppose_la_brique_imprime_une_feuille_et_recopie_le_retour(ent: InstanceEssai) -> None:
    s_opposer(ent)
    secretaire, eleve = ent.client("secretaire"), ent.annuaire["eleve"]
    (lien,) = chercher(secretaire.get(OPPOSITIONS).text, "//a[contains(., 'Imprimer la feuille')]/@href")
    lu = texte_de(secretaire.get(lien).text)
    assert "Feuille de vœux" in lu
    assert "☐ allemand" in lu
    jour = ent.horloge.aujourd_hui()
    with ent.base.ecole(ECOLE, "essai") as session:
        with pytest.raises(OperationRefusee, match="s'y oppose"):
            enregistrer(session, ECOLE, eleve, jour, "allemand")
        enregistrer(session, ECOLE, eleve, jour, "espagnol", Source.PAPIER)
        enregistrer(session, ECOLE, ent.annuaire["camarade"], jour, "allemand")
    with ent.base.academie("essai") as session:
        assert {langue: source for langue, source in session.execute(select(Voeu.langue, Voeu.source))} == {
            "espagnol": "papier", "allemand": "saisie",
        }  # fmt: skip


def test_la_feuille_n_est_que_pour_qui_s_oppose_et_dans_son_ecole(ent: InstanceEssai) -> None:
    s_opposer(ent)
    feuille = f"{OPPOSITIONS}{VOEUX.cle}/"
    secretaire = ent.client("secretaire")
    assert secretaire.get(f"{feuille}{ent.annuaire['camarade']}").status_code == 404
    assert ent.client("enseignant").get(f"{feuille}{ent.annuaire['eleve']}").status_code == 403
    autre = ent.client("direction_autre").get(OPPOSITIONS).text
    assert "Vœux de langue" not in autre
    assert ent.client("direction_autre").get(f"{feuille}{ent.annuaire['eleve']}").status_code == 404


def test_une_opposition_se_leve_par_qui_instruit(ent: InstanceEssai) -> None:
    s_opposer(ent)
    with ent.base.academie("essai") as session:
        opposition = session.scalars(select(OppositionPersonne)).one()
    lever = f"{OPPOSITIONS}{ECOLE}/{opposition.id}/lever"
    assert ent.client("secretaire").post(lever).status_code == 403
    assert ent.client("direction_autre").post(lever).status_code == 404
    assert ent.client("direction").post(lever).status_code == 302
    assert "Aucune opposition en vigueur" in ent.client("direction").get(OPPOSITIONS).text


# --- Qui a vu ---------------------------------------------------------------------------------


@pytest.fixture
def poste(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Poste]:
    monte = monter(fabrique_bases, tmp_path, brique_papier())
    yield monte
    monte.base.fermer()
    fabrique_bases.retirer(monte.adresses)


def noter(poste: Poste, **valeurs: object) -> None:
    """Une lecture, telle que la base la note."""
    voulues = {
        "jour": poste.horloge.aujourd_hui(),
        "uai": ECOLE,
        "role": "ent_audience_cpe",
        "lecteur_id": poste.annuaire["cpe"],
        "traitement": VOEUX.cle,
        "colonnes": ["langue"],
        "sujet_id": poste.annuaire["eleve"],
    }
    with poste.proprietaire.begin() as connexion:
        connexion.execute(insert(TraceLecture), [{**voulues, **valeurs}])


def lues(poste: Poste, page: int = 1) -> list[Consultation]:
    with poste.base.academie("essai") as session:
        return consultations(
            session, poste.registre, poste.annuaire["eleve"], ECOLE, presente=[VOEUX.cle], page=page
        )


@pytest.mark.exigence("RGPD-DRO-03")
@pytest.mark.exigence("SURV-01")
def test_qui_a_vu_mes_donnees_dit_la_fonction_le_jour_et_quoi_jamais_le_nom(poste: Poste) -> None:
    jour = poste.horloge.aujourd_hui()
    noter(poste)
    noter(poste, sujet_id=None, colonnes=["langue", "jour"])
    noter(poste, sujet_id=None, uai=AUTRE, jour=jour - timedelta(days=1))
    noter(poste, sujet_id=poste.annuaire["camarade"], jour=jour - timedelta(days=2))
    noter(poste, lecteur_id=poste.annuaire["eleve"], jour=jour - timedelta(days=3))
    trouvees = lues(poste)
    assert [(c.jour, c.fonction, c.traitement, c.donnees, c.liste) for c in trouvees] == [
        (jour, "conseiller principal d'éducation", VOEUX.intitule, ("langue",), False),
        (jour, "conseiller principal d'éducation", VOEUX.intitule, ("jour", "langue"), True),
    ], "la sienne, et la liste de son école ; ni celle d'une autre école, ni ses propres lectures"
    fichier = list(csv.reader(io.StringIO(en_csv(trouvees).decode("utf-8-sig")), delimiter=";"))
    assert [ligne[5] for ligne in fichier] == ["Liste entière", "non", "oui"]
    assert str(poste.annuaire["cpe"]) not in str(trouvees)


def test_une_copie_remise_pour_une_demande_s_y_voit(poste: Poste) -> None:
    with poste.base.academie("essai") as session:
        demande = demandes.deposer(
            session, poste.horloge, uai=ECOLE, personne=poste.annuaire["eleve"], qualite=Qualite.RESPONSABLE,
            demandeur=poste.annuaire["parent"], droit=Droit.ACCES,
        )  # fmt: skip
        demandes.repondre(session, poste.horloge, demande, "Voici la copie.", None, Association.INFORME)
    assert [c.traitement for c in lues(poste)] == ["Copie complète, pour répondre à une demande"]


def test_les_lectures_se_tournent_page_par_page(poste: Poste) -> None:
    for rang in range(60):
        noter(poste, jour=poste.horloge.aujourd_hui() - timedelta(days=rang))
    assert len(lues(poste)) == PAR_PAGE + 1, "une de plus dit qu'il y a une suite"
    assert len(lues(poste, page=2)) == 60 - PAR_PAGE


@pytest.mark.exigence("FAM-11")
def test_un_parent_ne_voit_les_lectures_que_de_ses_enfants(ent: InstanceEssai) -> None:
    parent = ent.client("parent")
    for adresse in (VUES, f"{VUES}.csv"):
        assert parent.get(adresse, query_string={"pour": ent.annuaire["eleve"]}).status_code == 200
        assert parent.get(adresse, query_string={"pour": ent.annuaire["camarade"]}).status_code == 403
    assert parent.get(f"{VUES}.csv").headers["Cache-Control"] == "no-store"


@pytest.mark.exigence("RGPD-DRO-02")
def test_un_frere_meme_majeur_ne_demande_pas_pour_un_autre(ent: InstanceEssai) -> None:
    with ent.base.academie("essai") as session, pytest.raises(AccesRefuse, match="autorité parentale"):
        qualite_de(session, ent.annuaire["camarade"], ent.annuaire["eleve"], ent.horloge.aujourd_hui())
