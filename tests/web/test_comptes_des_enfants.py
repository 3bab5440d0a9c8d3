"""Un responsable aide son enfant à retrouver son compte ; qui doit l'apprendre l'apprend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import ActeJournal, Compte, Personne, Responsabilite, Restriction
from ent_core.messages.modeles import Message
from ent_core.messages.securite import ASSISTANCE, AVIS, AVIS_ENFANT
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Support

MATIN = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
REGLAGE = "/administration/comptes/codes-responsables"


@pytest.fixture(scope="module")
def partagee(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Un collège où l'assistance est ouverte."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(MATIN))
    yield fabrique(configuration=configuration_essai(support=Support(actif=True)))
    fabrique.fermer()


@pytest.fixture
def instance(partagee: InstanceEssai) -> InstanceEssai:
    """Chaque essai trouve les comptes actifs, le réglage fermé, et un autre jour."""
    partagee.horloge.avancer(timedelta(days=2))
    with partagee.base.academie("essai") as session:
        session.execute(delete(Message))
        session.execute(delete(Restriction))
        for role in ("eleve", "camarade"):
            compte = session.scalar(select(Compte).where(Compte.personne_id == partagee.annuaire[role]))
            if compte is None:
                compte = Compte(personne_id=partagee.annuaire[role], identifiant=f"camille.{role}")
                session.add(compte)
            compte.etat, compte.empreinte = "actif", partagee.ent.coffre.hacher("girafe trottoir violon")
    regler(partagee, "0")
    return partagee


def regler(instance: InstanceEssai, permis: str) -> TestResponse:
    return instance.client("direction").post(REGLAGE, data={"permis": permis})


def donner(instance: InstanceEssai, role: str = "parent", eleve: str = "eleve") -> TestResponse:
    return instance.client(role).post(f"/compte/enfants/{instance.annuaire[eleve]}/code")


def messages(instance: InstanceEssai, sujet: str) -> set[str]:
    """Rôles des personnes que ce sujet a prévenues."""
    roles = {personne: role for role, personne in instance.annuaire.personnes.items()}
    return {roles[qui] for qui in lire(instance, select(Message.personne_id).where(Message.sujet == sujet))}


def lire(instance: InstanceEssai, enonce: Any) -> list[Any]:
    with instance.base.academie("essai") as session:
        return list(session.scalars(enonce))


def etat(instance: InstanceEssai) -> str:
    return str(lire(instance, select(Compte.etat).where(Compte.personne_id == instance.annuaire["eleve"]))[0])


def test_ferme_par_defaut_et_le_chef_seul_en_decide(instance: InstanceEssai) -> None:
    page = instance.client("parent").get("/compte/enfants")
    assert "Essai Eleve" in page.text
    assert "Nouveau code" not in page.text
    assert "remet lui-même les codes" in page.text
    assert (donner(instance).status_code, etat(instance)) == (409, "actif")
    for role in ("parent", "cpe", "administrateur", "enseignant"):
        assert instance.client(role).post(REGLAGE, data={"permis": "1"}).status_code == 403, role
    assert regler(instance, "1").status_code == 303
    assert "Nouveau code" in instance.client("parent").get("/compte/enfants").text
    assert "Les comptes de mes enfants" in instance.client("parent").get("/compte").text
    assert "Les comptes de mes enfants" not in instance.client("enseignant").get("/compte").text


@pytest.mark.exigence("SDET-AUTH-10")
def test_un_responsable_donne_un_code_et_toute_la_famille_l_apprend(instance: InstanceEssai) -> None:
    regler(instance, "1")
    eleve = instance.client("eleve")
    page = donner(instance)
    assert (page.status_code, "Code provisoire" in page.text) == (200, True)
    assert "/administration/" not in page.text, "rien ne mène un parent à l'administration"
    assert etat(instance) == "a_activer"
    assert eleve.get("/compte").status_code == 302, "ses appareils sont déconnectés"
    assert messages(instance, AVIS.cle) == {"eleve"}
    assert messages(instance, AVIS_ENFANT.cle) == {"parent", "second_parent"}
    assert "Un code lui a été donné le" in instance.client("second_parent").get("/compte/enfants").text
    dit = (
        ActeJournal.acte == "code.donne_par_responsable",
        ActeJournal.instant == instance.horloge.maintenant(),
    )
    assert lire(instance, select(ActeJournal.acteur_id).where(*dit)) == [instance.annuaire["parent"]]

    assert [donner(instance).status_code for _ in range(3)] == [200, 200, 409], "trois par jour"
    assert donner(instance, "second_parent").status_code == 200, "l'autre parent a les siens"


def test_ni_l_enfant_d_un_autre_ni_sans_autorite_ni_un_majeur(instance: InstanceEssai) -> None:
    regler(instance, "1")
    assert donner(instance, eleve="camarade").status_code == 404
    assert donner(instance, eleve="eleve_autre").status_code == 404
    assert donner(instance, "contact").status_code == 404, "un contact n'a pas l'autorité parentale"
    assert donner(instance, "enseignant").status_code == 403
    for effet, attendu in (("exercice", 403), ("acces", 404)):
        with instance.base.academie("essai") as session:
            lien = session.scalar(
                select(Responsabilite.id).where(Responsabilite.responsable_id == instance.annuaire["parent"])
            )
            session.add(
                Restriction(
                    responsabilite_id=lien, reference="JAF 1", effet=effet, debut=date(2026, 9, 1), fin=None
                )
            )
        assert donner(instance).status_code == attendu, effet
    naissances = ((date(2008, 9, 1), 404), (None, 404), (date(2014, 5, 2), 200))
    for naissance, attendu in naissances:
        naitre(instance, naissance)
        assert donner(instance, "second_parent").status_code == attendu, naissance
    assert etat(instance) == "a_activer"


def naitre(instance: InstanceEssai, naissance: date | None) -> None:
    with instance.base.academie("essai") as session:
        session.execute(
            update(Personne).where(Personne.id == instance.annuaire["eleve"]).values(naissance=naissance)
        )


def test_un_compte_suspendu_le_reste_et_l_acte_se_prouve(instance: InstanceEssai) -> None:
    regler(instance, "1")
    tard = instance.client("parent")
    instance.horloge.avancer(timedelta(minutes=11))
    preuve = tard.post(f"/compte/enfants/{instance.annuaire['eleve']}/code")
    assert (preuve.status_code, "C&#39;est bien vous" in preuve.text, etat(instance)) == (403, True, "actif")
    with instance.base.academie("essai") as session:
        session.execute(update(Compte).values(etat="suspendu").where(Compte.identifiant == "camille.eleve"))
    assert (donner(instance).status_code, etat(instance)) == (409, "suspendu")


@pytest.mark.parametrize("par", ["enseignant", "direction"])
def test_un_code_donne_par_l_ecole_se_dit_a_l_eleve_et_a_ses_responsables(
    instance: InstanceEssai, par: str
) -> None:
    eleve = instance.annuaire["eleve"]
    adresse = f"/codes-eleves/{eleve}" if par == "enseignant" else f"/administration/personnes/{eleve}/code"
    assert instance.client(par).post(adresse).status_code == 200
    assert messages(instance, AVIS.cle) == {"eleve"}
    assert messages(instance, AVIS_ENFANT.cle) == {"parent", "second_parent"}


def test_un_majeur_est_seul_prevenu_de_son_compte(instance: InstanceEssai) -> None:
    naitre(instance, date(2008, 9, 1))
    eleve = instance.annuaire["eleve"]
    assert instance.client("direction").post(f"/administration/personnes/{eleve}/code").status_code == 200
    assert messages(instance, AVIS.cle) == {"eleve"}
    assert messages(instance, AVIS_ENFANT.cle) == set()
    naitre(instance, date(2014, 5, 2))


def test_une_visite_de_l_assistance_se_dit_des_son_debut(instance: InstanceEssai) -> None:
    agent, eleve = instance.client("administrateur_academique"), instance.annuaire["eleve"]
    visite = {"motif": "droits", "demande": "T-2026.17", "titre": f"{ECOLE}:National_ELV"}
    assert agent.post(f"/administration/personnes/{eleve}/assistance", data=visite).status_code == 303
    assert messages(instance, AVIS.cle) == {"eleve"}
    assert messages(instance, ASSISTANCE.cle) == {"parent", "second_parent", "direction"}
    journal = instance.client("direction").get("/administration/journal?acte=visite")
    assert "T-2026.17" in journal.text, "la page du chef dit la visite"
    assert "T-2026.17" in instance.client("parent").get("/compte/facteurs").text
    textes = lire(instance, select(Message.lien).where(Message.sujet == ASSISTANCE.cle))
    assert not [texte for texte in textes if str(eleve) in texte], "le message ne dit pas chez qui"
