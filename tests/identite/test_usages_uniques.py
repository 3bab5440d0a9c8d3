"""Ce qui ne sert qu'une fois, présenté à deux ouvriers au même instant ; et ce qui ne doit plus servir."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ent_core.chargement.coffre import chiffreur_de
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.essais.application import configuration_essai
from ent_core.federation.modeles import PartieDeSession
from ent_core.identite import comptes, connexion, liens_secrets, mises_en_securite, sessions
from ent_core.identite.comptes import SecretActuelFaux
from ent_core.identite.connexion import Ouverture, se_connecter
from ent_core.identite.facteurs import application, secours
from ent_core.identite.liens_secrets import LienPerdu, Usage
from ent_core.identite.modeles import AdresseVerifiee, Compte, CompteASecuriser, SessionWeb
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.securisation import ApercuSecurite
from ent_core.socle.calendrier import HorlogeFixe
from tests.identite.comptes_essais import (
    AUTRE_SECRET,
    COFFRE,
    COLLEGE,
    LYCEE,
    MAISON,
    SECRET,
    actes,
    donner_un_compte,
    inscrire,
    le_compte,
    ouvrir_ecoles,
    rattacher,
)

REQUETE = Portage("essai")
Titulaire = tuple[UUID, UUID]


@pytest.fixture
def titulaire(base: BaseDeDonnees, horloge: HorlogeFixe) -> Titulaire:
    """Compte et personne ; elle agit dans deux établissements, et sa première adresse est prouvée."""
    base.chiffreur = chiffreur_de(configuration_essai())
    ouvrir_ecoles(base)
    personne = inscrire(base, "Léa", "Martin", Profil.ENSEIGNANT)
    with base.academie("essai") as session:
        rattacher(session, personne, Profil.ENSEIGNANT, uai=LYCEE)
    compte = donner_un_compte(base, horloge, personne)
    with base.academie("essai") as session:
        session.add(
            AdresseVerifiee(
                compte_id=compte, personne_id=personne, adresse="lea@maison.example",
                verifiee_le=horloge.maintenant(),
            )
        )  # fmt: skip
    return compte, personne


def ensemble(acte: Callable[[int], bool]) -> list[bool]:
    """Deux ouvriers, lancés au même instant."""
    depart = Barrier(2)

    def courir(rang: int) -> bool:
        depart.wait()
        return acte(rang)

    with ThreadPoolExecutor(2) as executeur:
        return sorted(executeur.map(courir, range(2)))


def lien(base: BaseDeDonnees, horloge: HorlogeFixe, qui: Titulaire, usage: Usage) -> str:
    with base.academie("essai") as session:
        return liens_secrets.creer_lien(session, horloge, usage, *qui, "voleur@ailleurs.example")


def entree(base: BaseDeDonnees, horloge: HorlogeFixe) -> str:
    ouverte = se_connecter(base, horloge, COFFRE, "lea.martin", SECRET, MAISON)
    assert isinstance(ouverte, Ouverture)
    return ouverte.jeton


def test_a_deux_ouvriers_un_seul_passe(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire
) -> None:
    compte, _ = titulaire
    with base.unite(REQUETE) as session:
        prete = application.preparer(session, horloge, *titulaire, "lea.martin", "ENT")
        cle = prete.cle.replace(" ", "")
        code = pyotp.TOTP(cle).at(horloge.maintenant())
        assert application.confirmer(session, horloge, compte, prete.facteur_id, code, "")
        [de_secours, *_] = secours.renouveler(session, horloge, COFFRE, *titulaire)
    horloge.avancer(timedelta(seconds=30))
    suivant = pyotp.TOTP(cle).at(horloge.maintenant())

    def par_application(_rang: int) -> bool:
        with base.unite(REQUETE) as session:
            return application.prouver(session, horloge, compte, suivant)

    def par_secours(_rang: int) -> bool:
        with base.unite(REQUETE) as session:
            return secours.prouver(session, horloge, COFFRE, compte, de_secours)

    jeton = lien(base, horloge, titulaire, Usage.SECRET)

    def par_lien(rang: int) -> bool:
        try:
            with base.unite(REQUETE) as session:
                liens_secrets.reprendre(session, horloge, COFFRE, jeton, [SECRET, AUTRE_SECRET][rang])
        except LienPerdu:
            return False
        return True

    for acte in (par_application, par_secours, par_lien):
        assert ensemble(acte) == [False, True], acte.__name__


def test_changer_de_mot_de_passe_efface_un_lien_qu_un_voleur_a_demande(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire
) -> None:
    preuve = lien(base, horloge, titulaire, Usage.ADRESSE)
    with base.unite(REQUETE) as session:
        comptes.changer_secret(session, horloge, COFFRE, entree(base, horloge), SECRET, AUTRE_SECRET)
    seconde = lien(base, horloge, titulaire, Usage.ADRESSE)
    reprise = lien(base, horloge, titulaire, Usage.SECRET)
    with base.unite(REQUETE) as session:
        liens_secrets.reprendre(session, horloge, COFFRE, reprise, SECRET)
    for jeton in (preuve, seconde):
        with pytest.raises(LienPerdu), base.unite(REQUETE) as session:
            liens_secrets.confirmer_adresse(session, horloge, jeton)


def test_un_compte_suspendu_ne_prouve_plus_d_adresse(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire
) -> None:
    preuve = lien(base, horloge, titulaire, Usage.ADRESSE)
    with base.academie("essai") as session:
        comptes.suspendre(session, horloge, titulaire[0])
    with pytest.raises(LienPerdu), base.unite(REQUETE) as session:
        liens_secrets.confirmer_adresse(session, horloge, preuve)


def test_changer_d_etablissement_ne_rend_pas_d_essais_a_qui_devine_le_mot_de_passe(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire
) -> None:
    jeton = entree(base, horloge)
    for rang in range(5):
        with base.unite(REQUETE) as session:
            uai = (COLLEGE, LYCEE)[rang % 2]
            jeton = sessions.choisir_contexte(session, horloge, jeton, uai, Profil.ENSEIGNANT)
        with pytest.raises(SecretActuelFaux), base.unite(REQUETE) as session:
            connexion.changer_secret(base, session, horloge, COFFRE, jeton, f"faux {rang}", AUTRE_SECRET)
    with base.unite(REQUETE) as session:
        refus = connexion.changer_secret(base, session, horloge, COFFRE, jeton, SECRET, AUTRE_SECRET)
    assert isinstance(refus, Refus)
    assert refus.motif is MotifRefus.ATTENTE


# --- mettre en sécurité en nombre


def demander(base: BaseDeDonnees, horloge: HorlogeFixe, *qui: Titulaire) -> UUID:
    with base.ecole(COLLEGE, "essai") as session:
        return mises_en_securite.demander(session, horloge, COLLEGE, ApercuSecurite(qui, 0, ()))


def avancer(base: BaseDeDonnees, horloge: HorlogeFixe, lot: UUID, prevenir: Callable[..., int]) -> int:
    return mises_en_securite.avancer(base, horloge, COLLEGE, lot, acteur=None, prevenir=prevenir)


def test_une_coupure_ne_perd_rien_et_ne_refait_rien(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mises_en_securite, "_MORCEAU", 1)
    autre = inscrire(base, "Noé", "Petit", Profil.ENSEIGNANT)
    second = (donner_un_compte(base, horloge, autre), autre)
    entree(base, horloge)
    lot = demander(base, horloge, titulaire, second)
    vus: list[UUID] = []

    def couper(_session: Session, personnes: Sequence[UUID]) -> int:
        if vus:
            raise RuntimeError("coupure")
        vus.extend(personnes)
        return 1

    with pytest.raises(RuntimeError):
        avancer(base, horloge, lot, couper)
    with base.ecole(COLLEGE, "essai") as session:
        suivi = mises_en_securite.suivre(session, COLLEGE, lot)
    assert (suivi.total, suivi.faits, suivi.finie_le) == (2, 1, None)
    etats = sorted(le_compte(base, personne).etat for _, personne in (titulaire, second))
    assert etats == ["a_activer", "actif"], "le morceau coupé est défait, celui d'avant reste"

    reste: list[UUID] = []

    def finir(_session: Session, personnes: Sequence[UUID]) -> int:
        reste.extend(personnes)
        return len(personnes)

    assert avancer(base, horloge, lot, finir) == 1
    assert sorted([*vus, *reste]) == sorted([titulaire[1], autre]), "chacun une fois"
    assert avancer(base, horloge, lot, lambda _s, p: len(p)) == 0, "relancer ne refait rien"
    with base.ecole(COLLEGE, "essai") as session:
        fini = mises_en_securite.suivre(session, COLLEGE, lot)
        assert (fini.faits, fini.sessions, fini.finie_le) == (2, 1, horloge.maintenant())
    assert len(actes(base, "compte.mis_en_securite")) == 2
    assert [a.details for a in actes(base, "comptes.mis_en_securite")] == [{"nombre": 2}]
    horloge.avancer(timedelta(days=31))
    with base.academie("essai") as session:
        assert mises_en_securite.purger(session, horloge) == 1
        assert session.scalar(select(func.count()).select_from(CompteASecuriser)) == 0


def test_les_services_d_un_compte_mis_en_securite_l_apprennent(
    base: BaseDeDonnees, horloge: HorlogeFixe, titulaire: Titulaire
) -> None:
    entree(base, horloge)
    with base.academie("essai") as session:
        session.add(
            PartieDeSession(
                session_id=session.scalar(select(SessionWeb.id)), personne_id=titulaire[1], uai=COLLEGE,
                service="moodle", protocole="cas", nom_de_session="ST-1", adresse="https://moodle.example/",
                etat="ouverte", cree_le=horloge.maintenant(),
            )
        )  # fmt: skip
    avancer(base, horloge, demander(base, horloge, titulaire), lambda _s, p: len(p))
    with base.academie("essai") as session:
        assert session.scalar(select(PartieDeSession.etat)) == "a_prevenir"
        session.execute(update(Compte).values(etat="actif"))
