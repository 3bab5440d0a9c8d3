"""Quand un envoi échoue : réessayer, le montrer, ne rien perdre ni répéter, et jamais en clair."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.messages.demande import prevenir_familles
from ent_core.messages.envoi import ESSAIS, envoyer
from ent_core.messages.suivi import echecs, relancer, vers_le_papier
from tests.messages.messages_essai import (
    APPEL,
    LIEN,
    NOTE,
    Operateur,
    avancer,
    contexte_de,
    donner_des_coordonnees,
    familles,
    poste_avec,
    prevenir_les_parents,
    serveur_smtp,
)


def test_une_adresse_refusee_devient_l_affaire_d_une_personne(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="parti@essai.example")
    donner_des_coordonnees(instance, "second_parent", courriel="pas une adresse\r\nBcc: tous@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        serveur.refuses["parti@essai.example"] = "550 inconnu"
        prevenir_les_parents(instance)
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).echecs == 2
        with instance.base.ecole(ECOLE, "essai") as session:
            trouves = echecs(session, ECOLE)
            assert {e.echec for e in trouves} == {"adresse_refusee"}
            par_personne = {e.personne_id: e.id for e in trouves}
            parti, autre = (par_personne[instance.annuaire[r]] for r in ("parent", "second_parent"))
            serveur.refuses.clear()
            assert relancer(session, poste, ECOLE, [parti], None) == 1
            assert vers_le_papier(session, poste, ECOLE, [autre], None) == 1
        assert envoyer(instance.base, ECOLE).partis == 1
        with instance.base.ecole(ECOLE, "essai") as session:
            assert not echecs(session, ECOLE)
    assert len(serveur.recus) == 1


def test_un_service_en_panne_est_reessaye_puis_se_voit(instance: InstanceEssai) -> None:
    lot = familles(instance, 3)
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        with instance.base.ecole(ECOLE, "essai") as session:
            liens = dict.fromkeys(lot.eleves, LIEN)
            prevenir_familles(session, contexte_de(instance), sujet=NOTE, liens=liens)
        avancer(instance, 10)
        serveur.coupe = 1  # il prend une lettre, puis raccroche
        tournee = envoyer(instance.base, ECOLE)
        assert (tournee.partis, tournee.reportes) == (1, 2)
        serveur.coupe = 0
        for _ in range(ESSAIS - 1):
            assert envoyer(instance.base, ECOLE).partis == 0  # pas encore l'heure
            avancer(instance, 90)
            tournee = envoyer(instance.base, ECOLE)
        assert (tournee.reportes, tournee.echecs) == (0, 2)
        with instance.base.ecole(ECOLE, "essai") as session:
            assert {e.echec for e in echecs(session, ECOLE)} == {"service_indisponible"}
    assert len(serveur.recus) == 1


def test_deux_tournees_a_la_fois_n_envoient_qu_une_fois(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", mobile="06 12 34 56 78")
    pendant: list[int] = []

    class Ubiquite(Operateur):
        def envoyer(self, numero: str, texte: str) -> bool:
            pendant.append(envoyer(instance.base, ECOLE).partis)
            return super().envoyer(numero, texte)

    operateur = Ubiquite()
    with poste_avec(instance, operateur=operateur):
        prevenir_les_parents(instance, APPEL)
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).partis == 1
    assert (len(operateur.partis), pendant) == (1, [0])


def test_rien_ne_part_en_clair_si_le_serveur_ne_sait_pas_chiffrer(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        for securite in ("starttls", "tls"):
            reglage = msgspec.structs.replace(poste.courriel, securite=securite, compte="ent", attente=1)
            instance.base.poste = replace(poste, courriel=reglage)
            prevenir_les_parents(instance)
            avancer(instance, 10)
            tournee = envoyer(instance.base, ECOLE)
            assert tournee.reportes >= 1, securite
            assert (tournee.partis, serveur.recus) == (0, [])


def test_un_numero_refuse_ou_illisible_ne_part_pas(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", mobile="06 12 34 56 78")
    donner_des_coordonnees(instance, "second_parent", mobile="06 12")
    operateur = Operateur(refuses={"+33612345678"})
    with poste_avec(instance, operateur=operateur):
        prevenir_les_parents(instance, APPEL)
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).echecs == 2
        with instance.base.ecole(ECOLE, "essai") as session:
            assert {e.echec for e in echecs(session, ECOLE)} == {"numero_refuse"}
