"""Les comptes : création en nombre, activation par code, mot de passe, suspension, mise en sécurité."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import comptes, sessions
from ent_core.identite.codes import DUREE_CODE, emettre_codes
from ent_core.identite.comptes import creer_comptes_manquants
from ent_core.identite.modeles import Division, Inscription, Responsabilite
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable
from tests.identite.comptes_essais import (
    AUTRE_SECRET,
    COFFRE,
    COLLEGE,
    LYCEE,
    RENTREE,
    SECRET,
    actes,
    activer,
    codes,
    creer,
    donner_un_compte,
    identifiants,
    inscrire,
    le_compte,
    ouvrir_ecoles,
    sessions_ouvertes,
    textes_gardes,
)


@pytest.fixture(autouse=True)
def ecoles(base: BaseDeDonnees) -> None:
    ouvrir_ecoles(base)


def ouvrir(base: BaseDeDonnees, horloge: HorlogeFixe, personne: UUID) -> str:
    with base.unite(Portage("essai")) as session:
        return sessions.ouvrir(
            session,
            horloge,
            compte_id=le_compte(base, personne).id,
            personne_id=personne,
            methode="locale",
            appareil="",
            reseau="203.0.113.7",
        )


# --- création


def test_l_identifiant_est_prenom_point_nom_sans_accent(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    inscrire(base, "Jean-François", "D'Ornano de la Tour")
    inscrire(base, "Cœur Ÿann", "Müller-Œttinger")
    inscrire(base, "Мария", "李")
    assert creer(base, horloge) == 4
    assert identifiants(base) == [
        "cour-yann.muller-ottinger",
        "jean-francois.d-ornano-de-la-tour",
        "lea.martin",
        "x.x",
    ]


def test_les_homonymes_ont_un_numero_qui_ne_revient_jamais_en_arriere(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    for _ in range(3):
        inscrire(base, "Léa", "Martin")
    inscrire(base, "Lea", "MARTIN 2")
    creer(base, horloge)
    assert identifiants(base) == ["lea.martin", "lea.martin2", "lea.martin3", "lea.martin4"]
    for _ in range(8):
        inscrire(base, "Léa", "Martin", uai=LYCEE)
    inscrire(base, "Léa", "Martinet")
    assert creer(base, horloge) == 9
    assert set(identifiants(base)) >= {"lea.martin5", "lea.martin12", "lea.martinet"}


def test_recommencer_ne_cree_rien(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    assert creer(base, horloge) == 1
    assert creer(base, horloge) == 0
    assert [acte.details for acte in actes(base, "comptes.crees")] == [{"nombre": 1}]


@pytest.mark.exigence("SDET-AUTH-09")
def test_une_organisation_n_a_pas_de_compte(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, None, "Association sportive", Profil.RESPONSABLE)
    inscrire(base, "  ", "Foyer de l'enfance", Profil.RESPONSABLE)
    assert creer(base, horloge) == 0


def test_qui_est_en_sursis_parti_ou_sans_rattachement_n_a_pas_de_compte(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    inscrire(base, "Léa", "Martin", sursis=date(2026, 9, 5))
    inscrire(base, "Tom", "Martin", fin=date(2026, 9, 7))
    inscrire(base, "Zoé", "Martin", debut=date(2026, 11, 1))
    assert creer(base, horloge) == 1
    assert identifiants(base) == ["zoe.martin"], "une arrivée prévue reçoit son compte d'avance"


def test_une_personne_a_un_seul_compte_pour_toutes_ses_ecoles(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT, Profil.RESPONSABLE)
    with base.academie("essai") as session:
        session.add(
            RoleLocal(
                uai=LYCEE, personne_id=personne, role=Role.DPD, debut=RENTREE, fin=None, attribue_par=None
            )
        )
    assert creer(base, horloge) == 1


def test_un_etablissement_ne_cree_que_ses_comptes(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    inscrire(base, "Tom", "Durand", uai=LYCEE)
    with base.ecole(LYCEE, "essai") as session:
        assert creer_comptes_manquants(session, horloge, LYCEE) == 1
    assert identifiants(base) == ["tom.durand"]


def test_deux_creations_simultanees_ne_se_genent_pas(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    for _ in range(30):
        inscrire(base, "Léa", "Martin")
    with ThreadPoolExecutor(2) as executeur:
        nombres = list(executeur.map(lambda _: creer(base, horloge), range(2)))
    assert sorted(nombres) == [0, 30]


# --- codes


def test_un_code_n_est_montre_qu_une_fois(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    inscrire(base, "Tom", "Arnaud")
    creer(base, horloge)
    fiches = codes(base, horloge)
    assert [(fiche.nom, fiche.identifiant) for fiche in fiches] == [
        ("Arnaud", "tom.arnaud"),
        ("Martin", "lea.martin"),
    ]
    assert fiches[0].expire_le == horloge.maintenant() + DUREE_CODE
    gardes = " ".join(textes_gardes(base))
    assert all(fiche.code not in gardes for fiche in fiches)
    assert actes(base, "codes.emis")[0].details == {"nombre": 2}


def test_un_etablissement_ne_donne_pas_de_code_a_l_autre(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    inscrire(base, "Tom", "Durand", uai=LYCEE)
    creer(base, horloge)
    assert [fiche.identifiant for fiche in codes(base, horloge, LYCEE)] == ["tom.durand"]


def test_les_feuilles_d_une_classe_vont_aux_eleves_et_a_leurs_responsables(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    eleve, mere = inscrire(base, "Léa", "Martin"), inscrire(base, "Eva", "Martin", Profil.RESPONSABLE)
    autre = inscrire(base, "Tom", "Durand")
    inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT)
    with base.academie("essai") as session:
        classes = [Division(uai=COLLEGE, annee=2026, code=c, libelle=c, mefs=[]) for c in ("6A", "6B")]
        session.add_all(classes)
        session.flush()
        for personne, classe in ((eleve, classes[0]), (autre, classes[1])):
            session.add(
                Inscription(
                    uai=COLLEGE, annee=2026, personne_id=personne, division_id=classe.id, debut=RENTREE
                )
            )
        session.add(
            Responsabilite(
                eleve_id=eleve,
                responsable_id=mere,
                lien="10",
                legal=1,
                financier=True,
                contact=True,
                paiement=True,
                source="essai",
                debut=RENTREE,
            )
        )
        division = classes[0].id
    creer(base, horloge)
    with base.ecole(COLLEGE, "essai") as session:
        tous = [f.identifiant for f in emettre_codes(session, horloge, COFFRE, COLLEGE, division=division)]
        parents = [
            f.identifiant
            for f in emettre_codes(
                session, horloge, COFFRE, COLLEGE, division=division, profil=Profil.RESPONSABLE
            )
        ]
        seule = [f.personne_id for f in emettre_codes(session, horloge, COFFRE, COLLEGE, personne=autre)]
    assert tous == ["eva.martin", "lea.martin"]
    assert parents == ["eva.martin"]
    assert seule == [autre]


# --- mot de passe


def changer(base: BaseDeDonnees, horloge: HorlogeFixe, jeton: str, ancien: str, nouveau: str) -> str:
    with base.unite(Portage("essai")) as session:
        return comptes.changer_secret(session, horloge, COFFRE, jeton, ancien, nouveau)


@pytest.mark.exigence("SDET-SES-03")
def test_changer_de_mot_de_passe_ferme_les_autres_sessions_et_renouvelle_celle_ci(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    donner_un_compte(base, horloge, personne)
    jeton, _ = ouvrir(base, horloge, personne), ouvrir(base, horloge, personne)
    nouveau = changer(base, horloge, jeton, SECRET, AUTRE_SECRET)
    assert nouveau != jeton
    assert len(sessions_ouvertes(base)) == 1
    assert COFFRE.verifier(le_compte(base, personne).empreinte, AUTRE_SECRET)
    assert le_compte(base, personne).change_le == horloge.maintenant()
    with pytest.raises(AccesRefuse):
        changer(base, horloge, jeton, AUTRE_SECRET, SECRET)


@pytest.mark.parametrize(
    ("ancien", "nouveau", "raison"),
    [
        (AUTRE_SECRET, SECRET, "actuel"),
        (SECRET, SECRET, "le même"),
        (SECRET, "motdepasse2026", "ne convient pas"),
    ],
)
def test_un_changement_refuse_ne_change_rien(
    base: BaseDeDonnees, horloge: HorlogeFixe, ancien: str, nouveau: str, raison: str
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    donner_un_compte(base, horloge, personne)
    jeton, _ = ouvrir(base, horloge, personne), ouvrir(base, horloge, personne)
    with pytest.raises(DonneeInvalide, match=raison):
        changer(base, horloge, jeton, ancien, nouveau)
    assert COFFRE.verifier(le_compte(base, personne).empreinte, SECRET)
    assert len(sessions_ouvertes(base)) == 2


# --- suspension et mise en sécurité


def test_suspendre_ferme_les_sessions_et_retablir_rend_le_compte_tel_qu_il_etait(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    actif, neuf = inscrire(base, "Léa", "Martin"), inscrire(base, "Tom", "Durand")
    donner_un_compte(base, horloge, actif)
    ouvrir(base, horloge, actif)
    for personne, etat in ((actif, "actif"), (neuf, "a_activer")):
        compte = le_compte(base, personne).id
        with base.ecole(COLLEGE, "essai") as session:
            comptes.suspendre(session, horloge, compte, uai=COLLEGE, acteur=actif)
        assert le_compte(base, personne).etat == "suspendu"
        assert sessions_ouvertes(base) == []
        with base.ecole(COLLEGE, "essai") as session:
            comptes.retablir(session, horloge, compte, uai=COLLEGE, acteur=actif)
        assert le_compte(base, personne).etat == etat
    assert [acte.details for acte in actes(base, "compte.suspendu")] == [{"sessions": 1}, {"sessions": 0}]


def test_mettre_en_securite_ferme_tout_et_exige_un_nouveau_code(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    compte = donner_un_compte(base, horloge, personne)
    for _ in range(3):
        ouvrir(base, horloge, personne)
    with base.ecole(COLLEGE, "essai") as session:
        comptes.mettre_en_securite(session, horloge, compte, uai=COLLEGE)
    assert sessions_ouvertes(base) == []
    assert (le_compte(base, personne).etat, le_compte(base, personne).empreinte) == ("a_activer", None)
    [fiche] = codes(base, horloge)
    assert activer(base, horloge, "lea.martin", fiche.code, AUTRE_SECRET) == personne
    [acte] = actes(base, "compte.mis_en_securite")
    assert (acte.uai, acte.objet, acte.details) == (COLLEGE, str(compte), {"sessions": 3})


def test_la_mise_en_securite_ne_leve_pas_une_suspension(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    personne = inscrire(base, "Léa", "Martin")
    compte = donner_un_compte(base, horloge, personne)
    with base.academie("essai") as session:
        comptes.suspendre(session, horloge, compte)
        comptes.mettre_en_securite(session, horloge, compte)
    assert le_compte(base, personne).etat == "suspendu"
    assert codes(base, horloge) == []


def test_un_compte_inconnu_est_dit_introuvable(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    with base.academie("essai") as session, pytest.raises(Introuvable):
        comptes.suspendre(session, horloge, UUID(int=7))


@pytest.mark.exigence("CNIL-LOG-01")
def test_le_journal_ne_porte_aucun_nom(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    personne = inscrire(base, "Léa", "Martin")
    compte = donner_un_compte(base, horloge, personne)
    with base.academie("essai") as session:
        comptes.suspendre(session, horloge, compte)
    for acte in actes(base):
        assert "artin" not in f"{acte.acte} {acte.objet} {acte.details} {acte.reseau}"
        assert acte.instant == horloge.maintenant()
