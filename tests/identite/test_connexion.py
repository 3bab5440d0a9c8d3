"""La connexion de bout en bout : réponse uniforme, freinage, journal, porte ouverte à la fédération."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, update

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import comptes, connexion, sessions
from ent_core.identite.comptes import SecretActuelFaux
from ent_core.identite.connexion import (
    Authentification,
    MotifRefus,
    Origine,
    Ouverture,
    Refus,
    activer_compte,
    entrer,
    se_connecter,
)
from ent_core.identite.modeles import Compte, Identifiant, LienIdentite, Personne
from ent_core.identite.secrets import Coffre, CoffreSature
from ent_core.identite.sessions import SessionReconnue
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Sessions
from ent_core.socle.erreurs import DonneeInvalide
from tests.identite.comptes_essais import (
    AUTRE_SECRET,
    CLASSE,
    CLE,
    COFFRE,
    COLLEGE,
    LYCEE,
    MAISON,
    SECRET,
    actes,
    codes,
    compteurs,
    creer,
    donner_un_compte,
    inscrire,
    le_compte,
    ouvrir_ecoles,
    rattacher,
    sessions_ouvertes,
    textes_gardes,
)


@pytest.fixture(autouse=True)
def ecoles(base: BaseDeDonnees) -> None:
    ouvrir_ecoles(base)


@pytest.fixture
def lea(base: BaseDeDonnees, horloge: HorlogeFixe) -> UUID:
    personne = inscrire(base, "Léa", "Martin")
    donner_un_compte(base, horloge, personne)
    return personne


def connecter(
    base: BaseDeDonnees,
    horloge: HorlogeFixe,
    secret: str = SECRET,
    identifiant: str = "lea.martin",
    origine: Origine = MAISON,
) -> Ouverture | Refus:
    return se_connecter(base, horloge, COFFRE, identifiant, secret, origine)


def ouverte(resultat: Ouverture | Refus | None) -> Ouverture:
    assert isinstance(resultat, Ouverture)
    return resultat


def reconnaitre(base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str) -> SessionReconnue | None:
    with base.unite(Portage("session")) as session:
        return sessions.reconnaitre(session, horloge, Sessions(), jeton)


# --- réussite


def test_le_bon_mot_de_passe_ouvre_une_session_dans_le_seul_contexte_possible(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    resultat = ouverte(connecter(base, horloge, identifiant=" Léa.MARTIN "))
    session = reconnaitre(base, horloge, resultat.jeton)
    assert session is not None
    assert (session.personne_id, session.uai, session.profil) == (lea, COLLEGE, Profil.ELEVE)
    [acte] = actes(base, "session.ouverte")
    assert (acte.acteur_id, acte.uai, acte.reseau) == (lea, COLLEGE, "203.0.113.0/24")
    assert acte.details == {"methode": "locale"}


def test_qui_a_plusieurs_titres_choisit_ensuite(base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID) -> None:
    with base.academie("essai") as session:
        rattacher(session, lea, uai=LYCEE)
    resultat = ouverte(connecter(base, horloge))
    assert [contexte.uai for contexte in resultat.contextes] == [COLLEGE, LYCEE]
    session_web = reconnaitre(base, horloge, resultat.jeton)
    assert session_web is not None
    assert session_web.uai is None


@pytest.mark.exigence("SDET-SES-04")
def test_la_connexion_dit_quand_etait_la_precedente(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    assert ouverte(connecter(base, horloge)).precedente is None
    premiere = horloge.maintenant()
    horloge.avancer(timedelta(days=1))
    assert ouverte(connecter(base, horloge)).precedente == premiere


@pytest.mark.exigence("SDET-SES-03")
def test_chaque_connexion_a_son_jeton(base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID) -> None:
    assert ouverte(connecter(base, horloge)).jeton != ouverte(connecter(base, horloge)).jeton


def test_une_empreinte_trop_faible_est_refaite_a_la_connexion(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    faible = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(SECRET)
    with base.academie("essai") as session:
        session.execute(update(Compte).where(Compte.personne_id == lea).values(empreinte=faible))
    ouverte(connecter(base, horloge))
    empreinte = le_compte(base, lea).empreinte
    assert empreinte is not None
    assert empreinte != faible
    assert not COFFRE.a_rehacher(empreinte)
    ouverte(connecter(base, horloge))


# --- refus


def test_tous_les_refus_se_ressemblent(base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID) -> None:
    """Compte inconnu, mot de passe faux, compte suspendu ou jamais activé, personne en sursis."""
    suspendu, sursis = (inscrire(base, prenom, "Martin") for prenom in ("Tom", "Zoé"))
    inscrire(base, "Eva", "Martin")
    for personne in (suspendu, sursis):
        donner_un_compte(base, horloge, personne)
    with base.academie("essai") as session:
        comptes.suspendre(session, horloge, le_compte(base, suspendu).id)
        session.execute(update(Personne).where(Personne.id == sursis).values(sursis_depuis=date(2026, 9, 6)))
    cas = [
        ("lea.martin", AUTRE_SECRET),
        ("tom.martin", SECRET),
        ("zoe.martin", SECRET),
        ("eva.martin", SECRET),
        ("eva.martin", ""),
        ("inconnu.ici", SECRET),
        ("", ""),
        ("\x00'; drop table compte --", "\ud800"),
        ("a" * 100_000, "b" * 100_000),
    ]
    reponses = {connecter(base, horloge, secret, identifiant) for identifiant, secret in cas}
    assert reponses == {Refus(MotifRefus.INCORRECT)}
    assert sessions_ouvertes(base) == []


def test_un_refus_coute_les_memes_enonces_que_le_compte_existe_ou_non(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    enonces: list[str] = []
    event.listen(base.moteur, "before_cursor_execute", lambda *recu: enonces.append(recu[2]))
    suites = []
    for identifiant in ("lea.martin", "inconnu.ici"):
        enonces.clear()
        connecter(base, horloge, AUTRE_SECRET, identifiant)
        suites.append(list(enonces))
    assert suites[0] == suites[1]


@pytest.mark.exigence("CNIL-LOG-01")
def test_un_refus_est_consigne_sans_ce_qui_a_ete_saisi(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    connecter(base, horloge, "tapé-par-erreur-A")
    connecter(base, horloge, "x", "tapé-par-erreur-B")
    causes = [(acte.details["cause"], acte.objet, acte.acteur_id) for acte in actes(base, "session.refusee")]
    assert causes == [("secret", str(le_compte(base, lea).id), None), ("inconnu", None, None)]
    assert not any("erreur" in garde for garde in textes_gardes(base))


@pytest.mark.exigence("CNIL-PWD-02")
def test_apres_cinq_echecs_meme_le_bon_mot_de_passe_attend(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    for _ in range(4):
        assert connecter(base, horloge, AUTRE_SECRET) == Refus(MotifRefus.INCORRECT)
    demi_minute = timedelta(seconds=30)
    assert connecter(base, horloge, AUTRE_SECRET) == Refus(MotifRefus.INCORRECT, demi_minute)
    assert connecter(base, horloge) == Refus(MotifRefus.ATTENTE, demi_minute)
    assert len(actes(base, "session.refusee")) == 5, "une attente n'emplit pas le journal"
    horloge.avancer(demi_minute)
    ouverte(connecter(base, horloge))
    assert connecter(base, horloge, AUTRE_SECRET) == Refus(MotifRefus.INCORRECT), "les échecs sont oubliés"


def test_un_identifiant_inconnu_est_freine_comme_un_vrai(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    suites = [
        [connecter(base, horloge, AUTRE_SECRET, identifiant) for _ in range(7)]
        for identifiant in ("lea.martin", "inconnu.ici")
    ]
    assert suites[0] == suites[1]


def test_l_appareil_du_titulaire_entre_malgre_les_essais_d_un_camarade(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    temoin = ouverte(connecter(base, horloge, origine=CLASSE)).temoin
    for _ in range(6):
        connecter(base, horloge, AUTRE_SECRET, origine=CLASSE)
    assert isinstance(connecter(base, horloge, origine=CLASSE), Refus)
    ouverte(connecter(base, horloge, origine=Origine(CLASSE.adresse, temoin=temoin)))


@pytest.mark.exigence("CNIL-PWD-02")
def test_vingt_essais_lances_ensemble_n_en_font_juger_que_cinq(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    autre = BaseDeDonnees(base.url, connexions=4)
    with ThreadPoolExecutor(4) as executeur:
        reponses = list(executeur.map(lambda _: connecter(autre, horloge, AUTRE_SECRET), range(20)))
    autre.fermer()
    motifs = [reponse.motif for reponse in reponses if isinstance(reponse, Refus)]
    assert motifs.count(MotifRefus.INCORRECT) == 5
    assert len(actes(base, "session.refusee")) == 5


def test_un_serveur_sature_le_dit_et_ne_compte_pas_l_essai(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    plein = Coffre(CLE, simultanes=1, patience=0)
    with plein._place():
        for _ in range(8):
            with pytest.raises(CoffreSature):
                se_connecter(base, horloge, plein, "lea.martin", SECRET, MAISON)
    assert {compteur.echecs for compteur in compteurs(base)} == {0}
    ouverte(connecter(base, horloge))


@pytest.mark.parametrize(
    ("attente", "texte"),
    [
        (timedelta(seconds=1), "1 seconde."),
        (timedelta(seconds=29, milliseconds=1), "30 secondes."),
        (timedelta(minutes=15), "15 minutes."),
        (timedelta(hours=15, minutes=1), "16 heures."),
    ],
)
def test_l_attente_est_dite_clairement(attente: timedelta, texte: str) -> None:
    assert Refus(MotifRefus.ATTENTE, attente).message.endswith(f"Réessayez dans {texte}")
    assert "Réessayez" not in Refus(MotifRefus.INCORRECT).message


# --- première connexion


@pytest.mark.exigence("SDET-AUTH-10")
def test_la_premiere_connexion_active_le_compte_et_ouvre_la_session(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    resultat = ouverte(activer_compte(base, horloge, COFFRE, "lea.martin", fiche.code, SECRET, MAISON))
    assert resultat.personne_id == personne
    assert reconnaitre(base, horloge, resultat.jeton)
    assert [acte.acte for acte in actes(base)][-2:] == ["compte.active", "session.ouverte"]
    ouverte(connecter(base, horloge))
    rejoue = activer_compte(base, horloge, COFFRE, "lea.martin", fiche.code, AUTRE_SECRET, MAISON)
    assert rejoue == Refus(MotifRefus.CODE)


def test_deviner_un_code_est_freine(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    for _ in range(5):
        activer_compte(base, horloge, COFFRE, "lea.martin", "AAAA-AAAA-AAAA-AAAA", SECRET, MAISON)
    refus = activer_compte(base, horloge, COFFRE, "lea.martin", fiche.code, SECRET, MAISON)
    assert refus == Refus(MotifRefus.ATTENTE, timedelta(seconds=30))


def test_chercher_un_mot_de_passe_convenable_n_est_pas_freine(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    for _ in range(8):
        with pytest.raises(DonneeInvalide):
            activer_compte(base, horloge, COFFRE, "lea.martin", fiche.code, "123456", MAISON)
    ouverte(activer_compte(base, horloge, COFFRE, "lea.martin", fiche.code, SECRET, MAISON))


# --- changement de mot de passe


def changer(base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str, ancien: str, nouveau: str) -> str | Refus:
    """Comme une requête : la session web est reconnue, donc verrouillée, dans la transaction qui suit."""
    horloge.avancer(timedelta(minutes=1))
    with base.unite(Portage("session")) as session:
        assert sessions.reconnaitre(session, horloge, Sessions(), jeton)
        return connexion.changer_secret(base, session, horloge, COFFRE, jeton, ancien, nouveau)


def test_deviner_le_mot_de_passe_depuis_un_poste_abandonne_est_freine(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    jeton = ouverte(connecter(base, horloge)).jeton
    for _ in range(7):
        with pytest.raises(SecretActuelFaux):
            changer(base, horloge, jeton, "faux", AUTRE_SECRET)
    refus = changer(base, horloge, jeton, SECRET, AUTRE_SECRET)
    assert refus == Refus(MotifRefus.ATTENTE, timedelta(seconds=60))
    suivant = changer(base, horloge, jeton, SECRET, AUTRE_SECRET)
    assert isinstance(suivant, str)
    assert reconnaitre(base, horloge, suivant)
    ouverte(connecter(base, horloge, AUTRE_SECRET))


def test_un_nouveau_mot_de_passe_faible_ne_compte_pas_comme_un_echec(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    jeton = ouverte(connecter(base, horloge)).jeton
    for _ in range(8):
        with pytest.raises(DonneeInvalide, match="convient"):
            changer(base, horloge, jeton, SECRET, "123456")


# --- fédération


def par(base: BaseDeDonnees, horloge: HorlogeFixe, emetteur: str, sujet: str) -> Ouverture | None:
    with base.unite(Portage("connexion")) as session:
        return entrer(session, horloge, Authentification("oidc", sujet, emetteur), MAISON)


def _lien(personne: UUID, horloge: HorlogeFixe) -> LienIdentite:
    return LienIdentite(
        emetteur="educonnect",
        sujet="a1b2",
        personne_id=personne,
        moyen="source",
        fait_le=horloge.maintenant(),
    )


@pytest.mark.exigence("SDET-AUTH-06")
def test_un_fournisseur_d_identite_entre_par_la_meme_porte_sans_mot_de_passe_local(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    with base.academie("essai") as session:
        session.add(_lien(personne, horloge))
        session.add(Identifiant(source="aaf", type="cle", valeur="a1b2", personne_id=personne))
    resultat = ouverte(par(base, horloge, "educonnect", "a1b2"))
    assert resultat.personne_id == personne
    session_web = reconnaitre(base, horloge, resultat.jeton)
    assert session_web is not None
    assert session_web.methode == "oidc"
    for emetteur, sujet in [("autre", "a1b2"), ("educonnect", "a1b3"), ("aaf", "a1b2"), ("educonnect", "")]:
        assert par(base, horloge, emetteur, sujet) is None


def test_une_suspension_vaut_pour_toutes_les_voies(
    base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID
) -> None:
    with base.academie("essai") as session:
        session.add(_lien(lea, horloge))
        comptes.suspendre(session, horloge, le_compte(base, lea).id)
    assert par(base, horloge, "educonnect", "a1b2") is None
    assert isinstance(connecter(base, horloge), Refus)


@pytest.mark.exigence("CNIL-PWD-05")
def test_aucun_secret_n_est_garde_en_clair(base: BaseDeDonnees, horloge: HorlogeFixe, lea: UUID) -> None:
    resultat = ouverte(connecter(base, horloge))
    connecter(base, horloge, AUTRE_SECRET)
    gardes = " ".join(textes_gardes(base))
    for secret in (SECRET, AUTRE_SECRET, resultat.jeton, resultat.temoin, MAISON.adresse):
        assert secret not in gardes
