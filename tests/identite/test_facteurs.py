"""Les seconds facteurs : qui en doit un, ce qu'ils prouvent, et ce qui ne prouve rien."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pyotp
import pytest
from sqlalchemy import select

from ent_core.chargement.coffre import chiffreur_de
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.essais.application import configuration_essai
from ent_core.identite import comptes, sessions
from ent_core.identite.facteurs import application, cles, inventaire, secours
from ent_core.identite.facteurs.cles import Lieu
from ent_core.identite.facteurs.defis import Usage
from ent_core.identite.facteurs.politique import Obligation, exigence
from ent_core.identite.modeles import Facteur
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import SecondFacteur, Sessions
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from tests.identite.cle_logicielle import CleLogicielle
from tests.identite.comptes_essais import (
    COFFRE,
    actes,
    donner_un_compte,
    inscrire,
    ouvrir_ecoles,
    textes_gardes,
)

LIEU = Lieu("localhost", "http://localhost", "ENT")
REQUETE = Portage("essai")
JOUR = date(2026, 9, 7)
HIER, DEMAIN = JOUR - timedelta(days=1), JOUR + timedelta(days=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - clé d'essai


# --- règles pures


@pytest.mark.exigence("SDET-AUTH-07")
@pytest.mark.parametrize(
    ("administre", "dates", "attendu"),
    [
        (False, [], Obligation.LIBRE),
        (False, [None, None], Obligation.LIBRE),
        (True, [], Obligation.EXIGEE),
        (True, [DEMAIN], Obligation.EXIGEE),
        (False, [DEMAIN], Obligation.BIENTOT),
        (False, [JOUR], Obligation.EXIGEE),
        (False, [DEMAIN, HIER], Obligation.EXIGEE),
        (False, [None, DEMAIN], Obligation.BIENTOT),
    ],
)
def test_qui_doit_un_second_facteur(administre: bool, dates: list[date | None], attendu: Obligation) -> None:
    assert exigence(administre, dates, JOUR).obligation is attendu


@pytest.mark.parametrize(("secondes", "bon"), [(0, True), (30, True), (-30, True), (61, False), (-61, False)])
def test_un_code_vaut_une_demi_minute_avant_et_apres(horloge: HorlogeFixe, secondes: int, bon: bool) -> None:
    instant = horloge.maintenant().replace(second=15)
    code = pyotp.TOTP(SECRET).at(instant + timedelta(seconds=secondes))
    assert (application.pas_du_code(SECRET, code, instant) is not None) is bon


@pytest.mark.parametrize("saisi", ["", "12345", "abcdef", "000000000", "é" * 6, "\ud800"])
def test_un_code_malforme_est_faux_et_ne_fait_pas_de_panne(horloge: HorlogeFixe, saisi: str) -> None:
    assert application.pas_du_code(SECRET, saisi, horloge.maintenant()) is None


def test_une_cle_d_acces_demande_une_adresse_sure() -> None:
    with pytest.raises(ValueError, match="https"):
        SecondFacteur(adresse="http://ent.example")


# --- avec une base


@pytest.fixture
def compte(base: BaseDeDonnees, horloge: HorlogeFixe) -> tuple[UUID, UUID]:
    base.chiffreur = chiffreur_de(configuration_essai())
    ouvrir_ecoles(base)
    personne = inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT)
    return donner_un_compte(base, horloge, personne), personne


def ajouter_application(base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]) -> str:
    """Ajoute une application ; rend sa clé."""
    with base.unite(REQUETE) as session:
        prete = application.preparer(session, horloge, *compte, "anne.petit", "ENT")
        cle = prete.cle.replace(" ", "")
        code = pyotp.TOTP(cle).at(horloge.maintenant())
        assert application.confirmer(session, horloge, compte[0], prete.facteur_id, code, "Mon téléphone")
    return cle


def ajouter_cle(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID], cle: CleLogicielle
) -> None:
    with base.unite(REQUETE) as session:
        demande = cles.demander_ajout(session, horloge, LIEU, "ici", compte[0], "anne.petit")
    with base.unite(REQUETE) as session:
        cles.ajouter(
            base, session, horloge, LIEU, navigateur="ici", compte_id=compte[0], personne_id=compte[1],
            reponse=cle.creer(demande), nom="  ",
        )  # fmt: skip


def preuve(
    base: BaseDeDonnees,
    horloge: HorlogeFixe,
    cle: CleLogicielle,
    compte_id: UUID | None,
    *,
    navigateur: str = "ici",
    usage: Usage = Usage.PROUVER,
    reponse: Callable[[str], str] | None = None,
) -> UUID:
    with base.unite(REQUETE) as session:
        demande = cles.demander_preuve(session, horloge, LIEU, "ici", Usage.PROUVER, compte_id)
    with base.unite(REQUETE) as session:
        return cles.verifier(
            base, session, horloge, LIEU, navigateur=navigateur, usage=usage, compte_id=compte_id,
            reponse=(reponse or cle.prouver)(demande),
        )  # fmt: skip


@pytest.mark.exigence("SDET-AUTH-07")
def test_un_code_d_application_ne_sert_qu_une_fois(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    cle = ajouter_application(base, horloge, compte)

    def essayer(decalage: int = 0) -> bool:
        code = pyotp.TOTP(cle).at(horloge.maintenant() + timedelta(seconds=decalage))
        with base.unite(REQUETE) as session:
            return application.prouver(session, horloge, compte[0], f"{code[:3]} {code[3:]}")

    assert not essayer(), "celui de la mise en service a servi"
    horloge.avancer(timedelta(seconds=30))
    assert essayer()
    assert not essayer(), "rejoué"
    assert not essayer(-30), "plus ancien que le dernier employé"
    with base.unite(REQUETE) as session:
        assert not application.prouver(session, horloge, uuid4(), pyotp.TOTP(cle).at(horloge.maintenant()))


def test_la_base_ne_garde_ni_la_cle_d_une_application_ni_un_code_de_secours(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    cle = ajouter_application(base, horloge, compte)
    with base.unite(REQUETE) as session:
        codes = secours.renouveler(session, horloge, COFFRE, *compte)
    with base.academie("essai") as session:
        lignes = [
            str(tuple(ligne))
            for table in ("facteur", "code_secours")
            for ligne in session.connection().exec_driver_sql(f"table {table}")
        ]
    garde = " ".join([*lignes, *textes_gardes(base)])
    assert cle not in garde
    assert cle.encode().hex() not in garde
    assert not [code for code in codes if code in garde or code.replace("-", "") in garde]


def test_un_code_de_secours_ne_sert_qu_une_fois_et_les_neufs_effacent_les_anciens(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    ajouter_application(base, horloge, compte)
    with base.unite(REQUETE) as session:
        codes = secours.renouveler(session, horloge, COFFRE, *compte)
    assert len(set(codes)) == secours.NOMBRE

    def essayer(saisi: str, qui: UUID = compte[0]) -> bool:
        with base.unite(REQUETE) as session:
            return secours.prouver(session, horloge, COFFRE, qui, saisi)

    assert not essayer(codes[0], uuid4()), "le code d'un autre compte"
    assert essayer(codes[0].lower().replace("-", " "))
    assert not essayer(codes[0])
    with base.unite(REQUETE) as session:
        assert inventaire.moyens(session, compte[0]).secours == secours.NOMBRE - 1
        secours.renouveler(session, horloge, COFFRE, *compte)
    assert not essayer(codes[1])
    assert [acte.details for acte in actes(base, "secours.renouveles")] == [{}, {}]


@pytest.mark.exigence("SDET-AUTH-07")
def test_une_cle_d_acces_s_ajoute_puis_prouve(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    cle = CleLogicielle()
    ajouter_cle(base, horloge, compte, cle)
    assert preuve(base, horloge, cle, compte[0]) == compte[0]
    assert preuve(base, horloge, cle, None) == compte[0], "la clé dit elle-même quel compte"
    with pytest.raises(OperationRefusee, match="déjà ajoutée"):
        ajouter_cle(base, horloge, compte, cle)
    assert actes(base, "facteur.ajoute")[0].details == {"genre": "cle"}


def test_ce_qui_n_est_pas_une_preuve_est_refuse(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    cle = CleLogicielle()
    ajouter_cle(base, horloge, compte, cle)
    retenue: list[str] = []

    def retenir(demande: str) -> str:
        retenue.append(cle.prouver(demande))
        return retenue[0]

    assert preuve(base, horloge, cle, compte[0], reponse=retenir)
    etrangere, copie = CleLogicielle(), replace(cle, compteur=0)
    faux = replace(cle, origine="https://ent-lycee.example", compteur=50)
    ailleurs = replace(cle, domaine="ent-lycee.example", compteur=50)
    refus: list[Callable[[], UUID]] = [
        lambda: preuve(base, horloge, cle, compte[0], reponse=lambda _: retenue[0]),
        lambda: preuve(base, horloge, cle, compte[0], navigateur="un autre"),
        lambda: preuve(base, horloge, cle, compte[0], usage=Usage.ENTRER),
        lambda: preuve(base, horloge, cle, uuid4()),
        lambda: preuve(base, horloge, etrangere, compte[0]),
        lambda: preuve(base, horloge, faux, compte[0]),
        lambda: preuve(base, horloge, ailleurs, compte[0]),
        lambda: preuve(base, horloge, copie, compte[0]),
        lambda: preuve(base, horloge, replace(cle, verifie=False, compteur=60), None),
        *(
            (lambda texte=texte: preuve(base, horloge, cle, compte[0], reponse=lambda _: texte))
            for texte in ("", "[]", "{}", "null", '{"response": {"clientDataJSON": "éé"}}', "x" * 50_000)
        ),
    ]
    for refuse in refus:
        with pytest.raises(DonneeInvalide):
            refuse()

    def trop_tard(demande: str) -> str:
        horloge.avancer(timedelta(minutes=6))
        return replace(cle, compteur=90).prouver(demande)

    with pytest.raises(DonneeInvalide):
        preuve(base, horloge, cle, compte[0], reponse=trop_tard)


def test_qui_doit_un_facteur_garde_le_dernier_et_celui_d_un_autre_ne_se_touche_pas(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    ajouter_application(base, horloge, compte)
    with base.unite(REQUETE) as session:
        secours.renouveler(session, horloge, COFFRE, *compte)
        (seul,) = inventaire.lister(session, compte[0])
    assert seul.nom == "Mon téléphone"
    with base.unite(REQUETE) as session, pytest.raises(OperationRefusee, match="dernier"):
        inventaire.retirer(session, horloge, *compte, seul.id, oblige=True)
    with base.unite(REQUETE) as session, pytest.raises(Introuvable):
        inventaire.retirer(session, horloge, uuid4(), compte[1], seul.id, oblige=False)
    with base.unite(REQUETE) as session, pytest.raises(Introuvable):
        inventaire.renommer(session, uuid4(), seul.id, "x")
    ajouter_cle(base, horloge, compte, CleLogicielle())
    with base.unite(REQUETE) as session:
        inventaire.renommer(session, compte[0], seul.id, " Un \x00 autre nom ")
        assert [f.nom for f in inventaire.lister(session, compte[0])] == ["Un autre nom", "Clé d'accès"]
        inventaire.retirer(session, horloge, *compte, seul.id, oblige=True)
        (cle,) = inventaire.lister(session, compte[0])
        inventaire.retirer(session, horloge, *compte, cle.id, oblige=False)
        assert inventaire.moyens(session, compte[0]).secours == 0, (
            "les codes de secours partent avec le dernier"
        )


def test_mettre_un_compte_en_securite_oublie_ses_facteurs(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    ajouter_application(base, horloge, compte)
    with base.academie("essai") as session:
        comptes.mettre_en_securite(session, horloge, compte[0])
        assert session.scalars(select(Facteur)).all() == []


# --- sessions


@pytest.mark.exigence("SDET-SES-01")
def test_une_session_en_attente_ne_vit_que_dix_minutes_et_une_partagee_vingt(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    def ouvrir(niveau: int = sessions.UNE_PREUVE, *, partagee: bool = False) -> str:
        with base.unite(REQUETE) as session:
            return sessions.ouvrir(
                session, horloge, compte_id=compte[0], personne_id=compte[1], methode="locale", appareil="",
                reseau="", niveau=niveau, partagee=partagee,
            )  # fmt: skip

    attente, partagee, simple = ouvrir(niveau=sessions.EN_ATTENTE), ouvrir(partagee=True), ouvrir()

    def vivantes() -> list[bool]:
        with base.unite(REQUETE) as session:
            return [
                sessions.reconnaitre(session, horloge, Sessions(inactivite=60), jeton) is not None
                for jeton in (attente, partagee, simple)
            ]

    assert vivantes() == [True, True, True]
    with base.unite(REQUETE) as session:
        montrees = sessions.lister(session, horloge, Sessions(), compte[0])
    assert len(montrees) == 2, "une session en attente n'est pas une connexion"
    horloge.avancer(timedelta(minutes=11))
    assert vivantes() == [False, True, True]
    horloge.avancer(timedelta(minutes=21))
    assert vivantes() == [False, False, True]
    with base.unite(REQUETE) as session:
        assert sessions.purger_expirees(session, horloge, Sessions(inactivite=60)) == 2


def test_une_seule_preuve_ne_fait_jamais_monter_une_session(
    base: BaseDeDonnees, horloge: HorlogeFixe, compte: tuple[UUID, UUID]
) -> None:
    with base.unite(REQUETE) as session:
        jeton = sessions.ouvrir(
            session, horloge, compte_id=compte[0], personne_id=compte[1], methode="locale", appareil="",
            reseau="", niveau=sessions.EN_ATTENTE,
        )  # fmt: skip
        suivant = sessions.elever(session, horloge, jeton, "locale", sessions.UNE_PREUVE)
        vue = sessions.reconnaitre(session, horloge, Sessions(), suivant)
        assert vue is not None
        assert (vue.niveau, vue.uai) == (sessions.EN_ATTENTE, None)
        dernier = sessions.elever(session, horloge, suivant, "application", sessions.DEUX_PREUVES)
        vue = sessions.reconnaitre(session, horloge, Sessions(), dernier)
        assert vue is not None
        assert (vue.niveau, vue.preuves) == (sessions.DEUX_PREUVES, "locale application")
        assert sessions.reconnaitre(session, horloge, Sessions(), jeton) is None, "le jeton a changé"
