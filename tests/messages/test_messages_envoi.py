"""Prévenir pour de vrai : une base, un serveur SMTP, un service de SMS, une horloge que l'on avance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update

from ent_core.chargement.messages import tache_des_messages
from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.identite.modeles import ActeJournal, Personne, Rattachement, Responsabilite, Restriction
from ent_core.messages.demande import (
    annuler_messages,
    messages_en_attente,
    prevenir,
    prevenir_familles,
    rectifier_messages,
)
from ent_core.messages.envoi import envoyer
from ent_core.messages.garde import PLANCHER, confirmer
from ent_core.messages.modeles import Message
from ent_core.messages.poste import TRAITEMENT, poste_de
from ent_core.messages.preferences import Preference, garder
from ent_core.messages.suivi import lots
from ent_core.socle.erreurs import AnomaliesTrouvees, OperationRefusee
from ent_core.vie_privee.droits.oppositions import Voie, accueillir
from tests.messages.messages_essai import (
    APPEL,
    LIEN,
    NOTE,
    SERVICE,
    Operateur,
    avancer,
    contexte_de,
    donner_des_coordonnees,
    ecrits,
    familles,
    ouvrir_un_compte,
    poste_avec,
    prevenir_les_parents,
    serveur_smtp,
)


@pytest.mark.exigence("CARNET-17")
@pytest.mark.exigence("FAM-01")
@pytest.mark.exigence("FAM-04")
def test_les_deux_parents_recoivent_le_meme_courriel_qui_ne_dit_rien(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    donner_des_coordonnees(instance, "second_parent", courriel="deux@essai.example")
    donner_des_coordonnees(instance, "contact", courriel="contact@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        assert prevenir_les_parents(instance) == 2
        assert prevenir_les_parents(instance) == 2
        assert envoyer(instance.base, ECOLE).partis == 0  # le délai d'annulation court
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).partis == 4
        assert envoyer(instance.base, ECOLE).partis == 0
    # Quatre messages, deux parents : une lettre chacun, sans l'adresse de l'autre.
    assert sorted(str(lettre["To"]) for lettre in serveur.recus) == ["deux@essai.example", "un@essai.example"]
    un, deux = serveur.recus
    assert un.get_content() == deux.get_content()
    assert "2 informations vous attendent" in un.get_content()
    assert "https://ent.example/messages" in un.get_content()
    assert un["Auto-Submitted"] == "auto-generated"
    for lettre in serveur.recus:
        dit = lettre.as_string().lower()
        for mot in ("absence", "expliquer", "secret-42", "prevenante", "camille", "essai eleve", "lettre-cc"):
            assert mot not in dit


@pytest.mark.exigence("ENT-10")
def test_qui_n_a_pas_autorite_ou_n_est_rien_ici_n_est_pas_prevenu(instance: InstanceEssai) -> None:
    annuaire = instance.annuaire
    with instance.base.academie("essai") as session:
        lien = session.scalar(
            select(Responsabilite.id).where(Responsabilite.responsable_id == annuaire["second_parent"])
        )
        session.add(Restriction(responsabilite_id=lien, reference="TJ 1/26", debut=date(2026, 9, 1)))
    with instance.base.ecole(ECOLE, "essai") as session:
        qui = [annuaire[r] for r in ("parent", "second_parent", "contact", "parent_autre", "cpe", "camarade")]
        agent = contexte_de(instance)
        eleve = annuaire["eleve"]
        assert prevenir(session, agent, sujet=NOTE, personnes=qui, lien=LIEN, a_propos=eleve) == 2
        assert {m.personne_id for m in ecrits(session)} == {annuaire["parent"], annuaire["cpe"]}
        autre = annuaire["eleve_autre"]
        assert prevenir(session, agent, sujet=NOTE, personnes=qui, lien=LIEN, a_propos=autre) == 0
        # Sans élève nommé, il suffit d'être quelqu'un ici ; un simple contact ne l'est pas.
        assert prevenir(session, agent, sujet=NOTE, personnes=qui, lien="/") == 3


def test_un_acte_de_justice_survenu_depuis_la_demande_arrete_l_envoi(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    donner_des_coordonnees(instance, "second_parent", courriel="deux@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        prevenir_les_parents(instance)
        with instance.base.academie("essai") as session:
            lien = session.scalar(
                select(Responsabilite.id).where(Responsabilite.responsable_id == instance.annuaire["parent"])
            )
            session.add(Restriction(responsabilite_id=lien, reference="TJ 1/26", debut=date(2026, 9, 1)))
        avancer(instance, 10)
        tournee = envoyer(instance.base, ECOLE)
    assert (tournee.partis, tournee.ecartes) == (1, 1)
    assert [str(lettre["To"]) for lettre in serveur.recus] == ["deux@essai.example"]


@pytest.mark.exigence("FAM-06")
def test_un_eleve_majeur_est_prevenu_lui_meme_et_peut_s_opposer_a_ce_que_ses_parents_le_soient(
    instance: InstanceEssai,
) -> None:
    annuaire = instance.annuaire
    with instance.base.academie("essai") as session:
        session.execute(
            update(Personne).where(Personne.id == annuaire["eleve"]).values(naissance=date(2008, 9, 8))
        )

    def prevenus() -> set[UUID]:
        with instance.base.ecole(ECOLE, "essai") as session:
            session.execute(update(Message).values(etat="annule", clos_le=instance.horloge.maintenant()))
            prevenir_familles(session, contexte_de(instance), sujet=NOTE, liens={annuaire["eleve"]: LIEN})
            return {m.personne_id for m in ecrits(session, etat="attente")}

    parents = {annuaire["parent"], annuaire["second_parent"]}
    assert prevenus() == parents  # la veille de ses dix-huit ans
    avancer(instance, 24 * 60)
    assert prevenus() == {annuaire["eleve"]} | parents
    with instance.base.ecole(ECOLE, "essai") as session:
        accueillir(
            session, instance.horloge, instance.ent.registre.traitements[TRAITEMENT], annuaire["eleve"],
            uai=ECOLE, motif="majeur", source=Voie.PAPIER, par=None,
        )  # fmt: skip
    assert prevenus() == {annuaire["eleve"]}


@pytest.mark.exigence("FAM-09")
def test_qui_s_oppose_recoit_le_papier_meme_si_l_opposition_suit_la_demande(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example", mobile="0612345678")
    operateur = Operateur()
    with serveur_smtp() as serveur, poste_avec(instance, serveur, operateur):
        prevenir_les_parents(instance, APPEL)
        with instance.base.ecole(ECOLE, "essai") as session:
            accueillir(
                session, instance.horloge, instance.ent.registre.traitements[TRAITEMENT],
                instance.annuaire["parent"], uai=ECOLE, motif="x", source=Voie.PAPIER, par=None,
            )  # fmt: skip
        avancer(instance, 10)
        envoyer(instance.base, ECOLE)
    assert not serveur.recus
    assert not operateur.partis
    with instance.base.ecole(ECOLE, "essai") as session:
        (ligne,) = ecrits(session, personne_id=instance.annuaire["parent"])
        assert (ligne.canal, ligne.etat) == ("papier", "attente")


def test_quatre_sms_vont_partir_et_s_annulent(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", mobile="06 12 34 56 78")
    donner_des_coordonnees(instance, "second_parent", mobile="06 98 76 54 32")
    operateur = Operateur()
    with poste_avec(instance, operateur=operateur), instance.base.ecole(ECOLE, "essai") as session:
        agent, eleve = contexte_de(instance), instance.annuaire["eleve"]
        for lien in ("/prevenante/1", "/prevenante/2"):
            prevenir_familles(session, agent, sujet=APPEL, liens={eleve: lien})
        attente = messages_en_attente(session, agent, sujets=[APPEL])
        assert (attente.canaux, attente.retenus, attente.total) == ({"sms": 4}, 0, 4)
        assert attente.depart == instance.horloge.maintenant() + timedelta(minutes=10)
        assert [lot.nombre for lot in lots(session, ECOLE)] == [2, 2]
        assert annuler_messages(session, agent, sujet=APPEL, a_propos=eleve, lien="/prevenante/1") == 2
        assert messages_en_attente(session, agent).canaux == {"sms": 2}
    with poste_avec(instance, operateur=operateur):
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).partis == 2
        with instance.base.ecole(ECOLE, "essai") as session:
            assert annuler_messages(session, contexte_de(instance), sujet=APPEL) == 0
    assert sorted(numero for numero, _ in operateur.partis) == ["+33612345678", "+33698765432"]
    assert all("une information vous attend" in texte for _, texte in operateur.partis)


@pytest.mark.exigence("ABS-02")
def test_un_rectificatif_ne_va_qu_a_qui_a_recu_ce_qui_etait_faux(instance: InstanceEssai) -> None:
    """Le père n'avait encore rien reçu ; la mère, si : elle seule est appelée à relire."""
    donner_des_coordonnees(instance, "parent", mobile="06 12 34 56 78")
    agent, eleve, operateur = contexte_de(instance), instance.annuaire["eleve"], Operateur()
    debut, liens = instance.horloge.maintenant(), {eleve: LIEN}

    def rectifier(depuis: datetime) -> list[tuple[UUID, str]]:
        with instance.base.ecole(ECOLE, "essai") as session:
            rectifier_messages(session, agent, sujet=APPEL, liens=liens, depuis=depuis)
            return sorted((m.personne_id, m.etat) for m in ecrits(session))

    mere, pere = instance.annuaire["parent"], instance.annuaire["second_parent"]
    with poste_avec(instance, operateur=operateur):
        prevenir_les_parents(instance, APPEL)
        with instance.base.ecole(ECOLE, "essai") as session:
            session.execute(
                update(Message).where(Message.personne_id == pere).values(prevu_le=debut + timedelta(hours=9))
            )
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).partis == 1
        apres = rectifier(instance.horloge.maintenant())
        assert apres == sorted([(mere, "parti"), (pere, "attente")]), "annoncé avant : pas en cause"
        assert rectifier(debut) == sorted([(mere, "attente"), (mere, "parti"), (pere, "annule")])
        with instance.base.ecole(ECOLE, "essai") as session:
            session.execute(update(Message).where(Message.personne_id == pere).values(vu=True))
        assert sum(qui == pere for qui, _ in rectifier(debut)) == 2, "ouvert dans l'ENT, il était reçu"


def test_une_transaction_annulee_emporte_le_message_et_le_travail(instance: InstanceEssai) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        prevenir_familles(
            session, contexte_de(instance), sujet=NOTE, liens={instance.annuaire["eleve"]: LIEN}
        )
        session.rollback()
    prevenir_les_parents(instance)
    with instance.base.academie("essai") as session:
        assert len(ecrits(session)) == 2
        travaux = session.execute(
            text("select args from taches.procrastinate_jobs where task_name = 'noyau.envoyer_messages'")
        ).scalars().all()  # fmt: skip
        # Un seul travail, dont l'argument ne dit que l'établissement.
        assert [set(arguments) for arguments in travaux] == [{"uai"}]


def test_la_nuit_seul_ce_qui_est_urgent_part_et_le_journal_le_dit(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example", mobile="0612345678")
    operateur = Operateur()
    instance.horloge.instant = datetime(2026, 9, 7, 20, 30, tzinfo=UTC)
    with serveur_smtp() as serveur, poste_avec(instance, serveur, operateur):
        prevenir_les_parents(instance, NOTE)
        prevenir_les_parents(instance, APPEL)
        avancer(instance, 10)
        envoyer(instance.base, ECOLE)
        assert (len(operateur.partis), len(serveur.recus)) == (1, 0)
        instance.horloge.instant = datetime(2026, 9, 8, 5, 0, tzinfo=UTC)
        envoyer(instance.base, ECOLE)
        assert len(serveur.recus) == 1
    with instance.base.academie("essai") as session:
        acte = session.scalars(select(ActeJournal).where(ActeJournal.acte == "messages.urgents")).one()
        assert (acte.objet, acte.details) == (APPEL, {"nombre": 2})


def test_ce_qui_ne_se_lit_que_plus_tard_ne_s_annonce_pas_avant(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="parent@essai.example")
    soir = instance.horloge.instant + timedelta(hours=12)  # 22 h à Paris
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        with instance.base.ecole(ECOLE, "essai") as session:
            liens = {instance.annuaire["eleve"]: LIEN}
            agent = contexte_de(instance)
            assert prevenir_familles(session, agent, sujet=NOTE, liens=liens, pas_avant=soir) == 2
            siens = ecrits(session)
            assert {m.visible_le for m in siens} == {soir}
            par_canal = {m.canal: m.prevu_le for m in siens}
            assert par_canal == {"courriel": soir + timedelta(hours=9), "papier": soir}  # 7 h, le lendemain
            with pytest.raises(ValueError, match="30 jours"):
                prevenir_familles(
                    session, agent, sujet=NOTE, liens=liens, pas_avant=soir + timedelta(days=30)
                )
        avancer(instance, 60)
        assert envoyer(instance.base, ECOLE).partis == 0
        instance.horloge.instant = soir + timedelta(hours=9)
        assert envoyer(instance.base, ECOLE).partis == 1


def test_un_ouvrier_relance_la_nuit_ne_reveille_personne(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur):
        prevenir_les_parents(instance)
        instance.horloge.instant = datetime(2026, 9, 7, 21, 0, tzinfo=UTC)
        envoyer(instance.base, ECOLE)
        assert not serveur.recus
        instance.horloge.instant = datetime(2026, 9, 8, 5, 0, tzinfo=UTC)
        envoyer(instance.base, ECOLE)
        assert len(serveur.recus) == 1


def test_le_resume_du_jour_groupe_ce_qui_est_venu_depuis_le_matin(instance: InstanceEssai) -> None:
    donner_des_coordonnees(instance, "parent", courriel="un@essai.example")
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        with instance.base.ecole(ECOLE, "essai") as session:
            choix = {NOTE: Preference("courriel", "jour")}
            garder(session, poste, instance.annuaire["parent"], choix)
        for _ in range(3):
            prevenir_les_parents(instance)
            avancer(instance, 60)
            envoyer(instance.base, ECOLE)
        assert not serveur.recus
        instance.horloge.instant = datetime(2026, 9, 7, 16, 0, tzinfo=UTC)
        envoyer(instance.base, ECOLE)
    (lettre,) = serveur.recus
    assert "3 informations" in lettre.get_content()


def test_un_envoi_qui_toucherait_trop_de_familles_attend_une_confirmation(instance: InstanceEssai) -> None:
    lot = familles(instance, PLANCHER + 4)
    agent = contexte_de(instance)
    with serveur_smtp() as serveur, poste_avec(instance, serveur) as poste:
        with instance.base.ecole(ECOLE, "essai") as session:
            for eleve in lot.eleves[:12]:
                prevenir_familles(session, agent, sujet=NOTE, liens={eleve: LIEN})
            assert messages_en_attente(session, agent).retenus == 0
            # Une boucle d'appels vaut un envoi : c'est le nombre de familles touchées qui compte.
            for eleve in lot.eleves[12:]:
                prevenir_familles(session, agent, sujet=NOTE, liens={eleve: LIEN})
            assert messages_en_attente(session, agent).retenus == len(lot.eleves)
            # Un autre sujet n'est pas touché.
            prevenir_familles(session, agent, sujet=APPEL, liens={lot.eleves[0]: LIEN})
        avancer(instance, 10)
        assert envoyer(instance.base, ECOLE).partis == 1
        with instance.base.ecole(ECOLE, "essai") as session:
            with pytest.raises(OperationRefusee, match="une autre personne"):
                confirmer(session, poste, agent, NOTE)
        with instance.base.academie("essai : une école où une seule personne suit les envois") as session:
            autres = [instance.annuaire[role] for role in ("direction", "secretaire")]
            session.execute(delete(Rattachement).where(Rattachement.personne_id.in_(autres)))
            assert confirmer(session, poste, agent, NOTE) == len(lot.eleves)
            session.rollback()
        with instance.base.ecole(ECOLE, "essai") as session:
            chef = contexte_de(instance, "direction")
            assert confirmer(session, poste, chef, NOTE) == len(lot.eleves)
        assert envoyer(instance.base, ECOLE).partis == len(lot.eleves)
        assert serveur.connexions == 2  # une par tournée, non une par famille
        with instance.base.ecole(ECOLE, "essai") as session:
            # Ce qui est confirmé ne compte plus : l'envoi suivant repart de zéro.
            prevenir_familles(session, agent, sujet=NOTE, liens={lot.eleves[0]: LIEN})
            assert messages_en_attente(session, agent).retenus == 0
            actes = set(session.scalars(select(ActeJournal.acte)))
            assert {"messages.retenus", "messages.confirmes"} <= actes


def test_un_lot_coute_le_meme_nombre_d_enonces_quelle_que_soit_sa_taille(instance: InstanceEssai) -> None:
    lot = familles(instance, 18)
    nombres = []
    for taille in (2, 15):
        with instance.base.ecole(ECOLE, "essai") as session:
            session.execute(text("select 1"))
            with compter_enonces(instance.base) as enonces:
                liens = dict.fromkeys(lot.eleves[:taille], LIEN)
                assert prevenir_familles(session, contexte_de(instance), sujet=NOTE, liens=liens) == taille
            nombres.append(len([e for e in enonces if "set_config" not in e]))
    assert nombres[0] == nombres[1] <= 9


def test_la_tournee_de_toutes_les_ecoles_ne_sert_que_celles_qui_attendent(instance: InstanceEssai) -> None:
    instance.ouvrir("prevenante", AUTRE)
    with instance.base.academie("essai") as session:
        ouvrir_un_compte(session, instance.annuaire["parent_autre"])
    with instance.base.ecole(AUTRE, "essai") as session:
        eleve = instance.annuaire["eleve_autre"]
        assert prevenir_familles(session, None, sujet=NOTE, liens={eleve: LIEN}) == 2
    avancer(instance, 10)
    ent = instance.ent
    tache_des_messages(ent.chargement, ent.configuration).fonction(instance.base, ent.horloge)
    with instance.base.ecole(AUTRE, "essai") as session:
        etats = {m.canal: m.etat for m in ecrits(session)}
    # Sans compte ouvert ni courriel, une famille a le papier.
    assert etats == {"ent": "parti", "papier": "attente"}


def test_un_sujet_inconnu_ou_un_lien_qui_sort_de_l_ent_est_une_faute(instance: InstanceEssai) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        agent = contexte_de(instance)
        for sujet, lien in (("prevenante.inconnu", "/"), (NOTE, "https://x.example"), (NOTE, "//x.example")):
            with pytest.raises(ValueError, match=r"sujet déclaré|lien de message"):
                prevenir(session, agent, sujet=sujet, personnes=[agent.personne_id], lien=lien)
        assert poste_de(session).sujets.keys() >= {NOTE, APPEL, SERVICE}


def test_des_sujets_mal_declares_empechent_de_demarrer(application_avec: FabriqueInstance) -> None:
    fautive = faux_brique(
        "fautive",
        ent_sujets_de_message=lambda: (
            SujetDeMessage("autre.chose", "x"),
            SujetDeMessage("autre.chose", "y", pour=("inconnu",)),  # type: ignore[arg-type] # c'est la faute
        ),
        ent_canal_sms=lambda: CanalSms("un", lambda _n, _t: True),
    )
    second = faux_brique("second", ent_canal_sms=lambda: "un service")
    with pytest.raises(AnomaliesTrouvees) as trouvees:
        application_avec(fautive, second)
    codes = {anomalie.code for anomalie in trouvees.value.anomalies}
    assert {"MESSAGE-001", "MESSAGE-002", "MESSAGE-003", "MESSAGE-004", "MESSAGE-005"} <= codes
