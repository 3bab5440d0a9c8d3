"""Proposer une punition : qui ne punit pas la propose, le CPE répond ; la famille n'en lit que l'effet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ent_core.brique import Base
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import ActeJournal
from sqlalchemy import select

from ent_carnet import brique
from ent_carnet.modeles import PropositionPunition, Punition
from ent_carnet.services.avis import PROPOSITIONS

PAGES, API = "/carnet/propositions", "/api/v1/carnet/propositions"


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux collèges ; le carnet est ouvert dans le premier, le lundi 7 septembre 2026, 8 h."""
    return application_avec(brique)


def champs(ecole: InstanceEssai, **autres: str) -> dict[str, str]:
    return {
        "eleve": str(ecole.annuaire["eleve"]), "nature": "mention", "motif": "degradation",
        "jour": "2026-09-07", "circonstances": "A renversé une poubelle au réfectoire.", **autres,
    }  # fmt: skip


def lues(ecole: InstanceEssai) -> list[PropositionPunition]:
    with ecole.base.ecole(ECOLE, "essai") as session:
        trouvees = list(session.scalars(select(PropositionPunition).order_by(PropositionPunition.id)))
        session.expunge_all()
        return trouvees


@pytest.mark.exigence("DISC-03")
def test_une_punition_se_propose_se_change_ou_se_refuse_et_la_famille_n_en_lit_que_l_effet(
    ecole: InstanceEssai,
) -> None:
    secretaire, infirmier, cpe = (ecole.client(qui) for qui in ("secretaire", "infirmier", "cpe"))
    demain = champs(ecole, jour="2026-09-08")
    assert secretaire.post(f"{PAGES}/nouvelle", data=demain).status_code == 422
    exclusion = champs(ecole, nature="exclusion_de_cours")
    assert secretaire.post(f"{PAGES}/nouvelle", data=exclusion).status_code == 422
    assert secretaire.post(f"{PAGES}/nouvelle", data=champs(ecole)).status_code == 302
    assert infirmier.post(API, json=champs(ecole, circonstances="A crié.")).status_code == 201
    changee, refusee = lues(ecole)
    # Chacun ne relit que les siennes ; le CPE en est prévenu et les lit toutes.
    assert "réfectoire" in secretaire.get(PAGES).text
    assert "A crié" not in secretaire.get(PAGES).text
    with ecole.base.ecole(ECOLE, "essai") as session:
        message = Base.metadata.tables["message"].c
        avertis = select(message.personne_id).where(message.sujet == PROPOSITIONS.cle)
        assert set(session.scalars(avertis)) == {ecole.annuaire["cpe"]}
    assert [p["etat"] for p in cpe.get(f"{API}/recues").get_json()] == ["proposee", "proposee"]
    for qui in ("enseignant", "assistant", "parent", "eleve"):
        assert ecole.client(qui).get(f"{PAGES}/recues").status_code == 403
    # Acceptée, autre, avec un mot : la punition est du CPE, et suit les délais de toute punition.
    autre = champs(ecole, nature="devoir", travail="Nettoyer les tables", reponse="Un devoir suffit.")
    ailleurs = {**autre, "eleve": str(ecole.annuaire["camarade"])}
    adresse = f"{PAGES}/{changee.id}"
    assert "poubelle" in cpe.get(adresse).text
    assert cpe.post(f"{adresse}/accepter", data=ailleurs).status_code == 422
    assert cpe.post(f"{adresse}/accepter", data=autre).status_code == 302
    assert cpe.post(f"{adresse}/refuser", data={"reponse": "Trop tard."}).status_code == 422, "déjà répondu"
    sans_mot = cpe.post(f"{PAGES}/{refusee.id}/refuser", data={"reponse": " "})
    assert sans_mot.status_code == 422
    assert cpe.post(f"{API}/{refusee.id}/refus", json={"reponse": "Vu avec lui."}).status_code == 204
    changee, refusee = lues(ecole)
    assert (changee.etat, refusee.etat) == ("acceptee", "refusee")
    with ecole.base.ecole(ECOLE, "essai") as session:
        punition = session.scalars(select(Punition)).one()
        assert (punition.nature, punition.auteur_id) == ("devoir", ecole.annuaire["cpe"])
        choisie = select(PropositionPunition.punition_id).where(PropositionPunition.id == changee.id)
        assert session.scalars(choisie).one() == punition.id
    assert "Un devoir suffit." in secretaire.get(PAGES).text
    assert "Vu avec lui." in infirmier.get(PAGES).text
    # Retirée par son auteur, puis remise : « Annuler » de la page ; à répondue, plus rien.
    erreur = champs(ecole, circonstances="Erreur.")
    assert secretaire.post(f"{PAGES}/nouvelle", data=erreur).status_code == 302
    (une,) = (p for p in lues(ecole) if p.circonstances == "Erreur.")
    assert infirmier.post(f"{PAGES}/{une.id}/retirer").status_code == 404, "elle n'est pas de lui"
    assert cpe.post(f"{PAGES}/{une.id}/retirer").status_code == 403
    retrait = secretaire.post(f"{PAGES}/{une.id}/retirer", follow_redirects=True).text
    assert "La proposition est retirée" in retrait
    assert f"{PAGES}/{une.id}/remettre" in retrait
    assert cpe.get(f"{PAGES}/{une.id}").status_code == 404
    assert "Erreur." not in cpe.get(f"{PAGES}/recues").text
    with ecole.base.ecole(ECOLE, "essai") as session:
        message = Base.metadata.tables["message"].c
        sien = select(message.etat).where(message.lien == f"{PAGES}/{une.id}")
        assert session.scalars(sien).all() == ["annule"], "le CPE n'est plus appelé à y répondre"
    assert secretaire.delete(f"{API}/{une.id}").status_code == 409, "déjà retirée"
    assert secretaire.post(f"{PAGES}/{une.id}/remettre").status_code == 302
    assert "Erreur." in cpe.get(f"{PAGES}/recues").text
    for fois, statut in ((1, 204), (2, 409)):
        assert secretaire.delete(f"{API}/{une.id}").status_code == statut, fois
    assert secretaire.post(f"{PAGES}/{changee.id}/retirer").status_code == 409, "le CPE y a répondu"
    # La famille lit la punition après le délai ; d'une proposition, jamais rien.
    famille = f"/carnet/discipline/{ecole.annuaire['eleve']}"
    assert "Devoir" not in ecole.client("parent").get(famille).text
    ecole.horloge.avancer(timedelta(hours=80))
    for qui in ("parent", "eleve"):
        page = ecole.client(qui).get(famille).text
        assert "Devoir supplémentaire" in page
        assert not any(mot in page for mot in ("poubelle", "A crié", "Mention au carnet", "Vu avec lui"))
    with ecole.base.academie("essai : journal") as session:
        actes = session.scalars(select(ActeJournal.acte).where(ActeJournal.acte.like("carnet.prop%")))
        assert sorted(actes) == [
            "carnet.proposition_acceptee", *["carnet.proposition_deposee"] * 3,
            "carnet.proposition_refusee", "carnet.proposition_remise",
            *["carnet.proposition_retiree"] * 2,
        ]  # fmt: skip
    journal = ecole.client("direction").get("/administration/journal?acte=carnet").text
    assert "A proposé une punition : mention au carnet" in journal
    assert "A répondu à une punition proposée par une punition : devoir supplémentaire" in journal
    assert "A retiré sa punition proposée" in journal
    assert "carnet.proposition" not in journal
