"""Une livraison AAF complète devient l'annuaire, avec ses comptes exacts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.erreurs import FichierRefuse, OperationRefusee
from tests.identite.aaf_import_essais import (
    COLLEGE,
    LUNDI,
    LYCEE,
    MARDI,
    MERCREDI,
    Annuaire,
    Ecriture,
    corpus,
)

ELV, TUT, ENS = "National_ELV", "National_TUT", "National_ENS"


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    return Annuaire(base, tmp_path)


def test_la_livraison_complete_donne_les_comptes_attendus(annuaire: Annuaire) -> None:
    rapport = annuaire.importer(corpus("constructed/2d_complet_20260907"))

    assert len(annuaire.actifs(ELV, LUNDI)) == 6
    assert len(annuaire.actifs(TUT, LUNDI)) == 8
    personnels = "select count(distinct personne_id) from rattachement where profil not in (:elv, :tut)"
    assert annuaire.lire(personnels, elv=ELV, tut=TUT) == [8]
    assert annuaire.lire("select count(*) from responsabilite where fin is null") == [8]
    assert annuaire.lire("select code, libelle, mefs from division order by 1") == [
        ("3B", "3EME B", ["10310019110"]),
        ("6A", "6EME A", ["10010012110"]),
    ]
    assert annuaire.lire("select code from groupe order by 1") == ["3B LAT", "6A_ANG1"]
    assert annuaire.lire("select debut, fin from inscription where fin is not null") == [
        (date(2026, 9, 1), date(2026, 10, 10))
    ]
    assert annuaire.lire("select debut, fin from annee_scolaire") == [(date(2026, 9, 1), date(2027, 9, 1))]
    assert annuaire.lire("select type, count(*) from identifiant group by 1 order by 1") == [
        ("ELEVE_ID", 6),
        ("ENTPersonJointure", 22),
        ("INE", 6),
    ]
    assert annuaire.constats() == []
    assert rapport.nombre("personne", "crees") == 22
    assert rapport.etablissements[COLLEGE]["rattachement"] == {"crees": 22}


def test_chaque_responsable_garde_ses_indicateurs(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    liens = {(e, r): drapeaux for e, r, *drapeaux, _debut, _fin in annuaire.photo()["responsabilite"]}
    # lien, légal, financier, contact, paiement
    assert liens["600005", "600107"] == ["38", 0, False, True, False]
    assert liens["600004", "600105"] == ["51", 1, True, False, True]


def test_le_delta_du_lendemain_fait_entrer_et_sortir(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    rapport = annuaire.importer(corpus("constructed/2d_delta_20260908"))

    assert annuaire.actifs(ELV, MARDI) == ["600001", "600002", "600003", "600004", "600005", "600009"]
    assert len(annuaire.actifs(TUT, MARDI)) == 8
    assert "600109" in annuaire.actifs(TUT, MARDI)
    assert annuaire.en_sursis() == ["600006", "600108"]
    assert annuaire.lire("select code from groupe where ferme_le is null order by 1") == [
        "3B ESP2",
        "3B LAT",
        "6A_ANG1",
    ]
    assert rapport.nombre("personne", "sursis") == 2
    courriel = (
        "select courriel, telephone from personne p join identifiant i on i.personne_id = p.id"
        " where i.valeur = '600101'"
    )
    assert annuaire.lire(courriel) == [("anais.nouvelle@exemple.invalid", None)]
    # Une modification ne touche que ce qu'elle porte : la classe de cet élève n'a pas bougé.
    en_cours = (
        "select d.code, g.code from inscription n join identifiant i on i.personne_id = n.personne_id"
        " left join division d on d.id = n.division_id left join groupe g on g.id = n.groupe_id"
        " where i.valeur = '600002' and n.fin is null"
    )
    assert annuaire.lire(en_cours) == [("6A", None)]


def test_le_meme_delta_deux_fois_ne_change_rien(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    annuaire.importer(corpus("constructed/2d_delta_20260908"))
    avant = annuaire.photo()
    rapport = annuaire.importer(corpus("constructed/2d_delta_20260908"))
    assert rapport.deja_importee
    assert annuaire.photo() == avant


def test_le_premier_degre_deduit_ses_divisions_des_eleves(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/1d_complet_20260907"))
    assert annuaire.lire("select uai, degre from etablissement") == [("0990103Z", 1)]
    assert annuaire.lire("select code, libelle from division") == [("4410", "CE1-CE2 MME DORIAN")]
    assert annuaire.lire("select code, libelle from groupe") == [("4490", "CHORALE")]
    assert annuaire.lire("select lien, legal, contact from responsabilite order by 1") == [
        ("10", 1, False),
        ("20", 1, False),
    ]
    # La directrice a une classe : elle est aux deux titres.
    profils = "select profil from rattachement where profil not in (:elv, :tut) order by 1"
    assert annuaire.lire(profils, elv=ELV, tut=TUT) == ["National_DIR", "National_ENS"]


def test_les_deux_degres_d_une_academie_ne_s_effacent_pas(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    rapport = annuaire.importer(corpus("constructed/1d_complet_20260907"))
    assert rapport.nombre("rattachement", "fermes") == 0
    assert annuaire.en_sursis() == []
    assert len(annuaire.actifs(ELV, LUNDI)) == 7


@pytest.mark.parametrize(
    "dossier",
    [
        "collected/entcore_min_2020",
        "collected/entcore_positions_2024/before",
        "collected/nomenclatures_2013",
        "derived_2013",
    ],
)
def test_les_dossiers_recueillis_entrent(annuaire: Annuaire, dossier: str) -> None:
    assert not annuaire.importer(corpus(dossier)).inchange


def test_un_dossier_qui_n_est_pas_de_l_aaf_est_refuse_clairement(annuaire: Annuaire) -> None:
    with pytest.raises(FichierRefuse) as refus:
        annuaire.importer(corpus("constructed/ldif"))
    assert refus.value.remede
    assert refus.value.lieu


def test_les_fiches_de_2013_entrent_sauf_les_agents_d_ailleurs(annuaire: Annuaire) -> None:
    rapport = annuaire.importer(corpus("derived_2013"))
    assert rapport.nombre("personne", "crees") == 170 + 305
    assert rapport.constats["hors_perimetre"] == 130


def test_reimporter_le_meme_etat_un_autre_jour_ne_change_rien(annuaire: Annuaire) -> None:
    def etat(jour: date) -> Ecriture:
        return (
            Ecriture(jour)
            .etablissement(ENTStructureGroupes=["6A_ANG$ANGLAIS$6A", "6_LAT$LATIN$6A$6B"])
            .eleve(
                "1",
                ENTEleveINE="090000001AA",
                ENTEleveGroupes=["9101$6A_ANG", "9101$6_LAT"],
                ENTEleveDateEntreeClasses="9101$01/09/2026$6A",
                ENTEleveDateSortieClasses="9101$08/09/2026$6A",
                ENTElevePersRelEleve="11$10$1$1$0$0",
            )
            .eleve("2", ENTElevePersRelEleve=["11$10$1$1$0$0", "12$20$0$2$1$0"])
            .responsable("11", mail="a@exemple.invalid", mobile="06 99 00 00 11")
            .responsable("12")
            .agent(
                "21",
                ENTAuxEnsClassesMatieres=["9101$6A$020700", "9101$6A"],
                ENTAuxEnsClassesPrincipal="9101$6A",
            )
        )

    annuaire.importer(etat(LUNDI))
    avant = annuaire.photo()
    for jour in (MARDI, MERCREDI):
        rapport = annuaire.importer(etat(jour))
        assert rapport.inchange, rapport.comptes
        assert not rapport.deja_importee
    assert annuaire.photo() == avant


def test_une_fratrie_sur_deux_etablissements_rattache_ses_parents_aux_deux(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .etablissement("9102", LYCEE)
        .eleve("1", ENTElevePersRelEleve="11$10$0$1$1$0")
        .eleve(
            "2",
            ENTPersonStructRattach="9102",
            ENTEleveClasses="9102$6A",
            ENTElevePersRelEleve="11$10$0$1$1$0",
        )
        .responsable("11")
    )
    assert annuaire.lire("select uai from rattachement where profil = :tut order by 1", tut=TUT) == [
        COLLEGE,
        LYCEE,
    ]


def test_un_changement_d_etablissement_clot_l_ancien_et_ouvre_le_nouveau(annuaire: Annuaire) -> None:
    debut = Ecriture().etablissement().etablissement("9102", LYCEE)
    annuaire.importer(
        debut.eleve("1", ENTElevePersRelEleve="11$10$0$1$1$0").responsable("11"), accepter_retraits=True
    )
    suite = Ecriture(MARDI).etablissement().etablissement("9102", LYCEE)
    annuaire.importer(
        suite.eleve(
            "1",
            ENTPersonStructRattach="9102",
            ENTEleveClasses="9102$6B",
            ENTElevePersRelEleve="11$10$0$1$1$0",
        ).responsable("11")
    )
    ordre = "select profil, uai, debut, fin from rattachement order by 1, 2"
    assert annuaire.lire(ordre) == [
        (ELV, COLLEGE, LUNDI, MARDI),
        (ELV, LYCEE, MARDI, None),
        (TUT, COLLEGE, LUNDI, MARDI),
        (TUT, LYCEE, MARDI, None),
    ]
    assert annuaire.lire("select uai, debut, fin from inscription order by 1") == [
        (COLLEGE, LUNDI, MARDI),
        (LYCEE, MARDI, None),
    ]
    assert annuaire.en_sursis() == []


def test_deux_enseignants_d_une_meme_classe_sont_deux_services(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .agent("21", ENTAuxEnsClassesMatieres="9101$6A$020700")
        .agent("22", ENTAuxEnsClassesMatieres="9101$6A$020700")
    )
    assert annuaire.lire("select matiere, nature from service") == [("020700", "titulaire")] * 2


def test_une_livraison_appliquee_ne_laisse_rien_dans_le_tampon(annuaire: Annuaire) -> None:
    rapport = annuaire.importer(Ecriture().etablissement().eleve("1"))
    assert annuaire.lire("select count(*) from import_tampon") == [0]
    assert annuaire.lire("select etat, comptes->'tables'->'personne' from import_lot") == [
        ("applique", {"crees": 1, "inchanges": 0})
    ]
    assert annuaire.lire("select acte, objet from acte_journal") == [("import.applique", str(rapport.lot))]


def test_l_annuaire_ne_garde_que_la_liste_blanche(annuaire: Annuaire) -> None:
    vu: list[str] = []

    def regarder(etape: str, fait: int, total: int) -> None:
        if etape == "lecture" and fait == total:
            vu.extend(annuaire.lire("select attributs::text from import_tampon"))

    annuaire.importer(
        Ecriture().etablissement().eleve("1", ENTEleveBoursier="SECRET1", AttributNouveau="SECRET2"),
        progression=regarder,
    )
    assert vu
    assert "SECRET" not in "".join(vu)


def test_un_changement_d_annee_ferme_les_inscriptions_de_l_ancienne(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture(date(2026, 7, 6)).etablissement().eleve("1"))
    annuaire.importer(Ecriture().etablissement().eleve("1"))
    assert annuaire.lire("select annee, fin from inscription order by 1") == [(2025, LUNDI), (2026, None)]
    assert annuaire.lire("select annee from annee_scolaire order by 1") == [2025, 2026]


def test_une_simulation_dit_tout_et_ne_change_rien(annuaire: Annuaire) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    avant = annuaire.photo()
    simule = annuaire.importer(corpus("constructed/2d_delta_20260908"), simulation=True)
    assert annuaire.photo() == avant
    assert annuaire.lire("select count(*) from import_tampon") == [0]
    reel = annuaire.importer(corpus("constructed/2d_delta_20260908"))
    assert simule.comptes == reel.comptes
    assert simule.etablissements == reel.etablissements
    assert simule.exemples["groupe.crees"] == ("3B ESP2",)
    assert set(simule.exemples["personne.sursis"]) == {"600006", "600108"}
    assert "changerait" in simule.resume()


def test_deux_imports_a_la_fois_le_second_attend_son_tour(annuaire: Annuaire) -> None:
    second = annuaire.ecrire(Ecriture(MARDI).etablissement())
    refus: list[str] = []

    def gener(_etape: str, _fait: int, _total: int) -> None:
        if not refus:
            autre = BaseDeDonnees(annuaire.base.url)
            try:
                with pytest.raises(OperationRefusee) as vu:
                    Annuaire(autre, annuaire.dossier).importer(second)
                refus.append(vu.value.message)
            finally:
                autre.fermer()

    annuaire.importer(Ecriture().etablissement().eleve("1"), progression=gener)
    assert refus == ["Un autre import est en cours."]
