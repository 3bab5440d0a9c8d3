"""La recherche et la fiche, sur une vraie base."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE, Annuaire
from ent_core.identite import annuaire as lecture
from ent_core.identite.annuaire import PageResultats
from ent_core.identite.fiches import fiche
from ent_core.identite.modeles import Personne, Rattachement, Responsabilite, Restriction
from ent_core.socle.erreurs import Introuvable

JOUR = date(2026, 9, 7)


def ajouter(session: Session, nom: str, prenom: str, uai: str = ECOLE, **lien: date) -> Personne:
    personne = Personne(nom=nom, prenom=prenom)
    session.add(personne)
    session.flush()
    session.add(
        Rattachement(
            uai=uai,
            personne_id=personne.id,
            profil="National_ELV",
            source="essai",
            **{"debut": RENTREE, **lien},
        )
    )
    session.flush()
    return personne


def trouver(session: Session, texte: str, uai: str | None = None, **filtres: object) -> list[str]:
    return noms(lecture.chercher(session, texte, uai=uai, jour=JOUR, annee=ANNEE, **filtres))  # type: ignore[arg-type]  # filtres nommés par l'essai


def noms(page: PageResultats) -> list[str]:
    return [f"{p.nom} {p.prenom}".strip() for p in page.personnes]


@pytest.mark.parametrize(
    "texte",
    [
        "Lévêque Zoé",
        "zoe leveque",
        "ZOE",
        "lev zo",
        "d'Arc",
        "darc leveque",
        "arc",
        "leveque-d arc",
    ],
)
def test_la_recherche_ignore_accents_casse_ordre_et_ponctuation(
    session: Session, annuaire: Annuaire, texte: str
) -> None:
    ajouter(session, "Lévêque d'Arc", "Zoé")
    trouves = trouver(session, texte)
    assert trouves == ([] if "darc" in texte else ["Lévêque d'Arc Zoé"])


def test_chaque_mot_doit_se_trouver(session: Session, annuaire: Annuaire) -> None:
    ajouter(session, "Martin", "Léa")
    ajouter(session, "Martin", "Paul")
    assert trouver(session, "martin lea") == ["Martin Léa"]
    assert trouver(session, "martin jules") == []


def test_un_mot_court_est_le_debut_d_un_mot(session: Session, annuaire: Annuaire) -> None:
    ajouter(session, "Ng", "Al")
    ajouter(session, "Dung", "Pascal")
    assert trouver(session, "ng al") == ["Ng Al"]


@pytest.mark.parametrize("texte", ["%", "_", "100%", "\\", "' or 1=1 --", "*", "   "])
def test_un_signe_n_est_pas_un_joker(session: Session, annuaire: Annuaire, texte: str) -> None:
    ajouter(session, "Martin", "Léa")
    assert trouver(session, texte) == []


def test_sans_texte_l_ecole_se_feuillette_et_l_academie_attend(session: Session, annuaire: Annuaire) -> None:
    assert trouver(session, "") == []
    assert trouver(session, "e") == [], "une lettre seule désigne trop de monde"
    assert len(trouver(session, "", ECOLE)) == 14


def test_les_filtres_se_cumulent(session: Session, annuaire: Annuaire) -> None:
    classe = annuaire.divisions[ECOLE]
    assert trouver(session, "", ECOLE, division=classe) == ["Essai Camarade Camille", "Essai Eleve Camille"]
    assert trouver(session, "eleve", ECOLE, division=classe, profil="National_TUT") == []
    assert len(trouver(session, "essai", profil="National_TUT")) == 6


def test_qui_n_est_plus_rattache_disparait_sauf_en_sursis(session: Session, annuaire: Annuaire) -> None:
    ajouter(session, "Parti", "Jean", fin=JOUR)
    sursitaire = ajouter(session, "Parti", "Marie", fin=JOUR)
    sursitaire.sursis_depuis = JOUR
    session.flush()
    page = lecture.chercher(session, "parti", uai=ECOLE, jour=JOUR, annee=ANNEE)
    assert noms(page) == ["Parti Marie"]
    assert page.personnes[0].sursis_depuis == JOUR
    assert page.personnes[0].titres == ()


def test_les_pages_se_suivent_sans_trou_ni_doublon(session: Session, annuaire: Annuaire) -> None:
    for numero in range(7):
        ajouter(session, "Homonyme", f"Noé {numero}")
    suites, vus = [], []
    for page in (1, 2, 3):
        resultats = lecture.chercher(
            session, "homonyme", uai=None, jour=JOUR, annee=ANNEE, limite=3, page=page
        )
        suites.append(resultats.suite)
        vus += noms(resultats)
    assert suites == [True, True, False]
    assert vus == [f"Homonyme Noé {numero}" for numero in range(7)]


def test_une_session_d_ecole_ne_lit_que_les_rattachements_d_ici(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.ecole(ECOLE, "essai") as session:
        assert "Essai Eleve Autre Camille" not in trouver(session, "essai", ECOLE)
        assert trouver(session, "", AUTRE) == []


def test_les_personnels_sont_les_adultes_qui_travaillent_ici(session: Session, annuaire: Annuaire) -> None:
    trouves = {p.id for p in lecture.personnels(session, ECOLE, JOUR)}
    assert annuaire["cpe"] in trouves
    assert not trouves & {annuaire["eleve"], annuaire["parent"], annuaire["cpe_autre"]}


def test_la_fiche_ne_sort_pas_de_l_etablissement(session: Session, annuaire: Annuaire) -> None:
    session.add(
        Responsabilite(
            eleve_id=annuaire["eleve_autre"],
            responsable_id=annuaire["parent"],
            lien="10",
            legal=1,
            financier=False,
            contact=True,
            paiement=False,
            source="essai",
            debut=RENTREE,
        )
    )
    session.flush()
    ici = fiche(session, ECOLE, annuaire["parent"], jour=JOUR, annee=ANNEE)
    partout = fiche(session, None, annuaire["parent"], jour=JOUR, annee=ANNEE)
    assert [e.personne_id for e in ici.enfants] == [annuaire["eleve"]]
    assert {e.personne_id for e in partout.enfants} == {annuaire["eleve"], annuaire["eleve_autre"]}
    with pytest.raises(Introuvable):
        fiche(session, ECOLE, annuaire["eleve_autre"], jour=JOUR, annee=ANNEE)


def test_la_fiche_dit_les_restrictions_et_celles_qui_ont_fini(session: Session, annuaire: Annuaire) -> None:
    avant = fiche(session, ECOLE, annuaire["eleve"], jour=JOUR, annee=ANNEE)
    premier, second, contact = avant.responsables
    assert (premier.legal, second.legal, contact.legal) == (1, 2, 0)
    for lien, fin in ((premier, None), (second, JOUR)):
        session.add(
            Restriction(responsabilite_id=lien.id, reference="acte", debut=JOUR - timedelta(days=9), fin=fin)
        )
    session.flush()
    apres = fiche(session, ECOLE, annuaire["eleve"], jour=JOUR, annee=ANNEE)
    assert [lien.restreint for lien in apres.responsables] == [True, False, False]


def test_un_lien_fini_n_est_plus_montre(session: Session, annuaire: Annuaire) -> None:
    session.execute(update(Responsabilite).values(fin=JOUR))
    assert fiche(session, ECOLE, annuaire["eleve"], jour=JOUR, annee=ANNEE).responsables == ()
