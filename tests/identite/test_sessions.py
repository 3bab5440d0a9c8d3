"""Les sessions tenues par le serveur : reconnaissance, durées, contexte, fermeture."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, text, update

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import comptes, sessions
from ent_core.identite.journal import consigner
from ent_core.identite.lecture_session import RECONNAITRE, limites
from ent_core.identite.modeles import Compte, Personne
from ent_core.identite.reseau import reseau_de
from ent_core.identite.secrets import empreinte_jeton
from ent_core.identite.sessions import ContextePossible, SessionReconnue
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Sessions
from ent_core.socle.erreurs import AccesRefuse
from tests.identite.comptes_essais import (
    COLLEGE,
    ECOLE,
    LYCEE,
    actes,
    donner_un_compte,
    inscrire,
    le_compte,
    ouvrir_ecoles,
    rattacher,
    sessions_ouvertes,
    textes_gardes,
)

REQUETE = Portage("session")
DUREES = Sessions()
JOUR = date(2026, 9, 7)


@pytest.fixture(autouse=True)
def ecoles(base: BaseDeDonnees) -> None:
    ouvrir_ecoles(base)


@pytest.fixture
def parent(base: BaseDeDonnees, horloge: HorlogeFixe) -> UUID:
    """Une enseignante du collège, mère d'un élève du collège et d'un élève du lycée."""
    personne = inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT, Profil.RESPONSABLE)
    with base.academie("essai") as session:
        rattacher(session, personne, Profil.RESPONSABLE, uai=LYCEE)
    donner_un_compte(base, horloge, personne)
    return personne


def ouvrir(base: BaseDeDonnees, horloge: HorlogeFixe, personne: UUID, appareil: str = "Navigateur") -> str:
    with base.unite(REQUETE) as session:
        return sessions.ouvrir(
            session,
            horloge,
            compte_id=le_compte(base, personne).id,
            personne_id=personne,
            methode="locale",
            appareil=appareil,
            reseau="203.0.113.7",
        )


def reconnaitre(
    base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str, durees: Sessions = DUREES
) -> SessionReconnue | None:
    with base.unite(REQUETE) as session:
        return sessions.reconnaitre(session, horloge, durees, jeton)


def choisir(base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str, uai: str, profil: str) -> str:
    with base.unite(REQUETE) as session:
        return sessions.choisir_contexte(session, horloge, jeton, uai, profil)


# --- reconnaissance


def test_une_session_dit_tout_ce_qu_il_faut_a_une_requete(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = choisir(base, horloge, ouvrir(base, horloge, parent), LYCEE, Profil.RESPONSABLE)
    session = reconnaitre(base, horloge, jeton)
    assert session is not None
    assert (session.personne_id, session.compte_id) == (parent, le_compte(base, parent).id)
    assert (session.nom, session.prenom, session.identifiant) == ("Petit", "Anne", "anne.petit")
    assert (session.uai, session.etablissement_nom, session.profil) == (LYCEE, "Lycée B", Profil.RESPONSABLE)
    assert (session.theme, session.methode) == ("auto", "locale")


def test_reconnaitre_ne_coute_qu_un_enonce(base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID) -> None:
    jeton = ouvrir(base, horloge, parent)
    enonces: list[str] = []
    event.listen(base.moteur, "before_cursor_execute", lambda *recu: enonces.append(recu[2]))
    for _ in range(2):
        assert reconnaitre(base, horloge, jeton)
    assert len(enonces) == 4, "deux fois : le prologue, puis la reconnaissance"
    assert enonces[1] == enonces[3]
    assert "session_web" in enonces[1]


def test_reconnaitre_cherche_par_index_sous_le_cloisonnement(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    """Une expression dans une jointure suffirait à faire lire toutes les personnes, à chaque page."""
    jeton = empreinte_jeton(ouvrir(base, horloge, parent))
    with base.unite(Portage("page")) as session:
        session.execute(text("set local enable_seqscan = off"))
        connexion = session.connection()
        traduit = RECONNAITRE.compile(dialect=connexion.dialect)
        valeurs = traduit.construct_params({"jeton": jeton, **limites(horloge, DUREES)})
        lignes = connexion.exec_driver_sql(f"explain {traduit}", valeurs).scalars()
        plan = "\n".join(str(ligne) for ligne in lignes)
    assert "Index Cond: (id = " in plan, "la personne"
    assert "Index Cond: (personne_id = " in plan, "son compte"


def test_le_passage_est_note_une_fois_par_minute_au_plus(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    depart = horloge.maintenant()
    horloge.avancer(timedelta(seconds=59))
    reconnaitre(base, horloge, jeton)
    assert sessions_ouvertes(base)[0].vue_le == depart
    horloge.avancer(timedelta(seconds=1))
    reconnaitre(base, horloge, jeton)
    assert sessions_ouvertes(base)[0].vue_le == horloge.maintenant()


@pytest.mark.parametrize("jeton", ["", "inconnu", "\x00", "\ud800", "é" * 10_000])
def test_un_jeton_invente_n_ouvre_rien(base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str) -> None:
    assert reconnaitre(base, horloge, jeton) is None


@pytest.mark.exigence("SDET-SES-03")
def test_la_base_ne_garde_pas_le_jeton(base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID) -> None:
    jeton = ouvrir(base, horloge, parent)
    gardes = " ".join(textes_gardes(base))
    assert jeton not in gardes
    assert "203.0.113.7" not in gardes
    assert "203.0.113.0/24" in gardes


def test_une_description_d_appareil_est_nettoyee(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    ouvrir(base, horloge, parent, appareil="a\x00b\n\ud800" + "c" * 1000)
    assert sessions_ouvertes(base)[0].appareil == "ab" + "c" * 198


@pytest.mark.exigence("SDET-SES-01")
def test_une_session_expire_apres_une_demi_heure_sans_rien_faire(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    horloge.avancer(timedelta(minutes=29))
    assert reconnaitre(base, horloge, jeton)
    horloge.avancer(timedelta(minutes=29))
    assert reconnaitre(base, horloge, jeton), "le passage a repoussé l'échéance"
    horloge.avancer(timedelta(minutes=30))
    assert reconnaitre(base, horloge, jeton) is None


@pytest.mark.exigence("SDET-SES-01")
def test_une_session_active_finit_quand_meme_et_changer_de_contexte_ne_la_prolonge_pas(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    durees = Sessions(inactivite=60, duree=2)
    for _ in range(7):
        horloge.avancer(timedelta(minutes=16))
        assert reconnaitre(base, horloge, jeton, durees)
        jeton = choisir(base, horloge, jeton, COLLEGE, Profil.ENSEIGNANT)
    horloge.avancer(timedelta(minutes=8))
    assert reconnaitre(base, horloge, jeton, durees) is None


def test_un_compte_suspendu_ou_une_personne_en_sursis_n_a_plus_de_session(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    with base.academie("essai") as session:
        session.execute(update(Personne).where(Personne.id == parent).values(sursis_depuis=JOUR))
    assert reconnaitre(base, horloge, jeton) is None
    with base.academie("essai") as session:
        session.execute(update(Personne).where(Personne.id == parent).values(sursis_depuis=None))
        session.execute(update(Compte).where(Compte.personne_id == parent).values(etat="suspendu"))
    assert reconnaitre(base, horloge, jeton) is None


# --- choix du contexte


@pytest.mark.exigence("SDET-SES-03")
def test_changer_de_contexte_change_le_jeton(base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID) -> None:
    jeton = ouvrir(base, horloge, parent)
    avant = reconnaitre(base, horloge, jeton)
    nouveau = choisir(base, horloge, jeton, COLLEGE, Profil.ENSEIGNANT)
    apres = reconnaitre(base, horloge, nouveau)
    assert avant is not None
    assert apres is not None
    assert avant.id == apres.id
    assert (avant.uai, apres.uai) == (None, COLLEGE)
    assert reconnaitre(base, horloge, jeton) is None, "l'ancien jeton ne vaut plus rien"
    assert actes(base, "contexte.choisi")[0].acteur_id == parent


@pytest.mark.parametrize(
    ("uai", "profil"),
    [
        (LYCEE, Profil.ENSEIGNANT),
        (ECOLE, Profil.RESPONSABLE),
        (COLLEGE, Profil.DIRECTION),
        ("", ""),
        ("0" * 500, "x" * 500),
    ],
)
def test_un_titre_qu_on_n_a_pas_est_refuse_et_ne_change_rien(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID, uai: str, profil: str
) -> None:
    jeton = choisir(base, horloge, ouvrir(base, horloge, parent), COLLEGE, Profil.ENSEIGNANT)
    with pytest.raises(AccesRefuse):
        choisir(base, horloge, jeton, uai, profil)
    session = reconnaitre(base, horloge, jeton)
    assert session is not None
    assert (session.uai, session.profil) == (COLLEGE, Profil.ENSEIGNANT)


def test_choisir_avec_un_jeton_inconnu_est_refuse(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    with pytest.raises(AccesRefuse):
        choisir(base, horloge, "inconnu", COLLEGE, Profil.ELEVE)


def test_une_session_s_ouvre_directement_dans_un_contexte(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    with base.unite(REQUETE) as session:
        jeton = sessions.ouvrir(
            session,
            horloge,
            compte_id=le_compte(base, parent).id,
            personne_id=parent,
            methode="locale",
            appareil="",
            reseau="",
            contexte=ContextePossible(LYCEE, "Lycée B", Profil.RESPONSABLE, 2),
        )
    reconnue = reconnaitre(base, horloge, jeton)
    assert reconnue is not None
    assert reconnue.uai == LYCEE


# --- fermeture


@pytest.mark.exigence("SDET-SES-02")
def test_un_jeton_rejoue_apres_la_deconnexion_est_refuse(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    for _ in range(2):
        with base.unite(REQUETE) as session:
            sessions.fermer(session, horloge, jeton)
        assert reconnaitre(base, horloge, jeton) is None
    assert len(actes(base, "session.fermee")) == 1


def test_fermer_les_autres_sessions_ne_touche_qu_au_meme_compte(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    voisin = inscrire(base, "Tom", "Durand")
    donner_un_compte(base, horloge, voisin)
    ici, ailleurs, chez_lui = (ouvrir(base, horloge, p) for p in (parent, parent, voisin))
    with base.unite(REQUETE) as session:
        assert sessions.fermer_autres(session, horloge, "inconnu") == 0
        assert sessions.fermer_autres(session, horloge, ici) == 1
    assert [bool(reconnaitre(base, horloge, j)) for j in (ici, ailleurs, chez_lui)] == [True, False, True]


def test_une_personne_ferme_une_de_ses_sessions_et_pas_celle_d_un_autre(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    voisin = inscrire(base, "Tom", "Durand")
    donner_un_compte(base, horloge, voisin)
    ici, chez_lui = ouvrir(base, horloge, parent), ouvrir(base, horloge, voisin)
    cibles = [session.id for session in sessions_ouvertes(base)]
    with base.unite(REQUETE) as session:
        for cible in cibles:
            sessions.fermer_une(session, horloge, le_compte(base, parent).id, cible)
    assert [bool(reconnaitre(base, horloge, jeton)) for jeton in (ici, chez_lui)] == [False, True]


@pytest.mark.exigence("SDET-SES-04")
def test_une_personne_voit_ses_sessions_vivantes(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    ouvrir(base, horloge, parent, appareil="Oubliée")
    horloge.avancer(timedelta(minutes=20))
    ouvrir(base, horloge, parent, appareil="Bureau")
    horloge.avancer(timedelta(minutes=15))
    ouvrir(base, horloge, parent, appareil="Téléphone")
    with base.unite(REQUETE) as session:
        vues = sessions.lister(session, horloge, DUREES, le_compte(base, parent).id)
    assert [vue.appareil for vue in vues] == ["Téléphone", "Bureau"]
    assert vues[0].reseau == "203.0.113.0/24"


def test_la_purge_n_efface_que_les_sessions_expirees(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    ouvrir(base, horloge, parent)
    horloge.avancer(timedelta(minutes=31))
    jeton = ouvrir(base, horloge, parent)
    with base.unite(REQUETE) as session:
        assert sessions.purger_expirees(session, horloge, DUREES) == 1
    assert reconnaitre(base, horloge, jeton)


def test_sans_finalite_la_base_ne_montre_aucune_session(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jeton = ouvrir(base, horloge, parent)
    with base.unite(Portage("")) as session:
        assert sessions.reconnaitre(session, horloge, DUREES, jeton) is None


# --- réseau et journal


@pytest.mark.parametrize(
    ("adresse", "reseau"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        (" 203.0.113.255 ", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2ff:aaaa::1", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "inconnu"),
        ("pas une adresse", "inconnu"),
    ],
)
def test_une_adresse_est_gardee_au_reseau_pres(adresse: str, reseau: str) -> None:
    assert reseau_de(adresse) == reseau


def test_un_acte_mal_nomme_est_une_faute_de_programmation(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    with base.academie("essai") as session, pytest.raises(ValueError, match="participe"):
        consigner(session, horloge, "Connexion réussie")


def test_fermer_toutes_les_sessions_d_un_compte(
    base: BaseDeDonnees, horloge: HorlogeFixe, parent: UUID
) -> None:
    jetons = [ouvrir(base, horloge, parent) for _ in range(3)]
    with base.unite(REQUETE) as session:
        comptes.suspendre(session, horloge, le_compte(base, parent).id)
    assert [reconnaitre(base, horloge, jeton) for jeton in jetons] == [None] * 3
