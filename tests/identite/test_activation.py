"""La première connexion : un code provisoire, à usage unique, remplacé par un mot de passe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite import comptes
from ent_core.identite.comptes import CodeRefuse
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import DonneeInvalide
from tests.identite.comptes_essais import (
    AUTRE_SECRET,
    COFFRE,
    ECOLE,
    LYCEE,
    SECRET,
    actes,
    activer,
    codes,
    creer,
    inscrire,
    le_compte,
    ouvrir_ecoles,
)


@pytest.fixture(autouse=True)
def ecoles(base: BaseDeDonnees) -> None:
    ouvrir_ecoles(base)


@pytest.mark.exigence("SDET-AUTH-10")
def test_le_code_ne_sert_qu_une_fois_et_laisse_la_place_au_mot_de_passe(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    personne = inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    assert activer(base, horloge, "  LÉA.Martin ", fiche.code.lower().replace("-", " ")) == personne
    compte = le_compte(base, personne)
    assert (compte.etat, compte.code_empreinte, compte.code_expire_le) == ("actif", None, None)
    assert COFFRE.verifier(compte.empreinte, SECRET)
    with pytest.raises(CodeRefuse):
        activer(base, horloge, "lea.martin", fiche.code, AUTRE_SECRET)
    assert codes(base, horloge) == [], "un compte actif ne reçoit plus de code"
    [acte] = actes(base, "compte.active")
    assert (acte.acteur_id, acte.objet) == (personne, str(compte.id))


@pytest.mark.exigence("SDET-AUTH-10")
def test_un_code_expire_au_bout_de_quatre_vingt_dix_jours(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    horloge.avancer(timedelta(days=90) - timedelta(seconds=1))
    with pytest.raises(DonneeInvalide):
        activer(base, horloge, "lea.martin", fiche.code, "court")
    horloge.avancer(timedelta(seconds=1))
    with pytest.raises(CodeRefuse):
        activer(base, horloge, "lea.martin", fiche.code)


def test_un_nouveau_code_annule_l_ancien(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [ancienne], [nouvelle] = codes(base, horloge), codes(base, horloge)
    with pytest.raises(CodeRefuse):
        activer(base, horloge, "lea.martin", ancienne.code)
    assert activer(base, horloge, "lea.martin", nouvelle.code)


def test_tous_les_refus_d_un_code_disent_la_meme_chose(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    inscrire(base, "Tom", "Durand", uai=LYCEE)
    parti = inscrire(base, "Zoé", "Leroy")
    creer(base, horloge)
    fiches = {fiche.identifiant: fiche.code for fiche in codes(base, horloge)}
    with base.academie("essai") as session:
        comptes.suspendre(session, horloge, le_compte(base, parti).id)
    refus = set()
    for identifiant, code in [
        ("lea.martin", fiches["zoe.leroy"]),
        ("lea.martin", ""),
        ("tom.durand", ""),
        ("inconnu.ici", fiches["lea.martin"]),
        ("\x00\ud800", fiches["lea.martin"]),
        ("zoe.leroy", fiches["zoe.leroy"]),
    ]:
        with pytest.raises(CodeRefuse) as erreur:
            activer(base, horloge, identifiant, code)
        refus.add(str(erreur.value))
    assert len(refus) == 1


def test_un_mot_de_passe_faible_ne_consomme_pas_le_code(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT)
    creer(base, horloge)
    [fiche] = codes(base, horloge)
    with pytest.raises(DonneeInvalide, match="moins de 12"):
        activer(base, horloge, "anne.petit", fiche.code, "k7#Qz!m2Rv")
    assert activer(base, horloge, "anne.petit", fiche.code)


def test_l_exigence_depend_des_titres_de_la_personne(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin", uai=ECOLE)
    inscrire(base, "Eva", "Martin", Profil.RESPONSABLE, uai=ECOLE)
    creer(base, horloge)
    fiches = {fiche.identifiant: fiche.code for fiche in codes(base, horloge, ECOLE)}
    with pytest.raises(DonneeInvalide, match="moins de 10"):
        activer(base, horloge, "eva.martin", fiches["eva.martin"], "k7#Qz!m2é")
    assert activer(base, horloge, "lea.martin", fiches["lea.martin"], "k7#Qz!m2é")


def test_deux_activations_simultanees_n_en_font_qu_une(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    inscrire(base, "Léa", "Martin")
    creer(base, horloge)
    [fiche] = codes(base, horloge)

    def essayer(secret: str) -> bool:
        try:
            return bool(activer(base, horloge, "lea.martin", fiche.code, secret))
        except CodeRefuse:
            return False

    with ThreadPoolExecutor(2) as executeur:
        assert sorted(executeur.map(essayer, [SECRET, AUTRE_SECRET])) == [False, True]
