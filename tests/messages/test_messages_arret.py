"""Une brique qui n'est pas servie ne dit rien : ses messages attendent, puis partent, ou se périment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.identite.modeles import ActeJournal
from ent_core.messages.demande import prevenir
from ent_core.messages.envoi import PEREMPTION, Tournee, envoyer
from ent_core.messages.modeles import Message
from ent_core.messages.poste import poste_de
from ent_core.messages.suivi import bordereaux
from tests.messages.messages_essai import (
    LIEN,
    NOTE,
    avancer,
    contexte_de,
    donner_des_coordonnees,
    poste_avec,
    prevenir_les_parents,
    serveur_smtp,
)


def journal(instance: InstanceEssai) -> list[tuple[str, int]]:
    with instance.base.academie("essai : journal") as session:
        actes = session.scalars(
            select(ActeJournal)
            .where(ActeJournal.acte.in_(("messages.tenus", "messages.perimes")))
            .order_by(ActeJournal.instant, ActeJournal.id)
        )
        return [(acte.acte, acte.details["nombre"]) for acte in actes]


def a_imprimer(instance: InstanceEssai) -> int:
    with instance.base.ecole(ECOLE, "essai : bordereaux") as session:
        return len(bordereaux(session, poste_de(session), ECOLE))


@pytest.mark.exigence("CARNET-12")
def test_les_messages_d_une_brique_arretee_attendent_puis_partent_ou_se_periment(
    instance: InstanceEssai,
) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        assert prevenir_les_parents(instance) == 2
        with instance.base.ecole(ECOLE, "essai") as session:
            cpe = [instance.annuaire["cpe"]]
            assert prevenir(session, contexte_de(instance), sujet=NOTE, personnes=cpe, lien=LIEN) == 1
        avancer(instance, 10)
        assert a_imprimer(instance) == 1
        assert "Une absence à expliquer" in instance.client("cpe").get("/messages/").text

        instance.fermer("prevenante")
        assert envoyer(instance.base, ECOLE) == Tournee()
        assert envoyer(instance.base, ECOLE) == Tournee()
        assert journal(instance) == [("messages.tenus", 3)]
        assert a_imprimer(instance) == 0
        assert "Une absence à expliquer" not in instance.client("cpe").get("/messages/").text
        assert not serveur.recus

        # Servie de nouveau le lendemain, elle prévient de ce qui a attendu.
        avancer(instance, 24 * 60)
        instance.ouvrir("prevenante")
        assert envoyer(instance.base, ECOLE).partis == 2
        assert [lettre["To"] for lettre in serveur.recus] == ["un@essai.example"]

        # Une semaine plus tard, prévenir n'a plus de sens, que la brique soit servie ou non.
        prevenir_les_parents(instance)
        instance.fermer("prevenante")
        avancer(instance, 10)
        envoyer(instance.base, ECOLE)
        instance.horloge.avancer(PEREMPTION + timedelta(minutes=1))
        instance.ouvrir("prevenante")
        assert envoyer(instance.base, ECOLE).ecartes == 3
        assert len(serveur.recus) == 1
    assert journal(instance)[1:] == [("messages.tenus", 2), ("messages.perimes", 3)]
    with instance.base.ecole(ECOLE, "essai") as session:
        assert not session.scalars(select(Message.id).where(Message.etat == "attente")).all()
