"""Les fiches AAF : ce qui est lu et ce qui est mis de côté."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from ent_core.identite.aaf.fiche import CodeRejet
from ent_core.identite.aaf.flux import entete
from ent_core.identite.aaf.grammaire import Categorie, Operation
from ent_core.identite.aaf.lecture import Fiche, Rejet, lire
from ent_core.identite.aaf.livraison import ouvrir_livraison
from tests.identite.aaf_fichiers import (
    CORPUS,
    NOM,
    OPERATIONNEL,
    ajout,
    document,
    lecture,
    seule_fiche,
)


def test_une_creation_rend_ses_attributs_sans_blancs_et_sans_valeurs_vides() -> None:
    fiche = seule_fiche(
        document(
            ajout(
                '<attr name="ENTPersonJointure"><value> 600001 </value></attr>'
                '<attr name="ENTPersonAutresPrenoms"><value>Élise</value><value/><value>Marie</value></attr>'
                '<attr name="ENTEleveDateSortieClasses"><value/></attr>'
                '<attr name="mail"><value>  </value></attr>'
            )
        )
    )
    assert (fiche.operation, fiche.categorie, fiche.cle) == (Operation.AJOUT, Categorie.ELEVE, "600001")
    assert fiche.ligne == 4
    assert fiche.attributs == {
        "ENTPersonJointure": ["600001"],
        "ENTPersonAutresPrenoms": ["Élise", "Marie"],
        "ENTEleveDateSortieClasses": [],
        "mail": [],
    }


def test_un_delta_rend_les_trois_operations() -> None:
    modification = (
        f"<modifyRequest>{OPERATIONNEL}<identifier><id>2</id></identifier><modifications>"
        '<modification name="mail" operation="replace"><value/></modification>'
        "</modifications></modifyRequest>"
    )
    suppression = f"<deleteRequest>{OPERATIONNEL}<identifier><id>3</id></identifier></deleteRequest>"
    lues = list(lecture(document(ajout(), modification, suppression)))
    assert [(f.operation, f.cle, f.attributs) for f in lues if isinstance(f, Fiche)] == [
        (Operation.AJOUT, "600001", {"sn": ["X"]}),
        (Operation.MODIFICATION, "2", {"mail": []}),
        (Operation.SUPPRESSION, "3", {}),
    ]


def test_seuls_les_attributs_utiles_sont_rendus_mais_la_jointure_est_verifiee() -> None:
    attributs = (
        '<attr name="ENTPersonJointure"><value>{}</value></attr><attr name="sn"><value>X</value></attr>'
    )
    utiles = frozenset({"sn"})
    assert seule_fiche(document(ajout(attributs.format("600001"))), utiles).attributs == {"sn": ["X"]}
    (rejet,) = lecture(document(ajout(attributs.format("600002"))), utiles)
    assert isinstance(rejet, Rejet)
    assert rejet.code is CodeRejet.IDENTIFIANT_DIFFERENT


def test_un_attribut_inconnu_est_accepte_et_compte() -> None:
    nouveau = ajout('<attr name="ENTNouveauteDeRentree"><value>x</value></attr>')
    for utiles in (None, frozenset({"sn"})):
        suite = lecture(document(nouveau, nouveau), utiles)
        assert all(isinstance(fiche, Fiche) for fiche in suite)
        assert suite.attributs_inconnus == {"ENTNouveauteDeRentree": 2}


def test_la_valeur_interne_decide_de_la_categorie() -> None:
    tete = OPERATIONNEL.replace("categoriePersonne", "categorieMatiere").replace("Eleve", "MatEducNat")
    assert seule_fiche(document(ajout(tete=tete))).categorie is Categorie.MATIERE


def test_commentaires_instructions_et_cdata_ne_genent_pas() -> None:
    contenu = ajout('<!-- a --><attr name="sn"><?x y?><value>A<!-- b -->B<![CDATA[ & C]]></value></attr>')
    assert seule_fiche(document(contenu)).attributs == {"sn": ["AB & C"]}


def test_un_fichier_sans_fiche_est_lu() -> None:
    assert list(lecture(document())) == []


def test_les_metadonnees_de_tete_se_lisent() -> None:
    contenu = document(
        '<!-- versionAF="AAF-VE2407" -->\n<!-- versionSDET="Annexe 4bis version 6.4" -->\n'
        '<!-- codeAcademieExport="13" -->\n<!-- degre="2D" -->\n<!-- dateGenerationExport="16/09/2024" -->\n',
        ajout() + '<!-- degre="1D" -->',
    )
    lu = entete(io.BytesIO(contenu.encode()))
    assert (lu.version_af, lu.version_sdet, lu.academie, lu.degre, str(lu.date_generation)) == (
        "AAF-VE2407",
        "Annexe 4bis version 6.4",
        "13",
        "2D",
        "2024-09-16",
    )
    assert entete(io.BytesIO(b"\xff\xfe\x00")).degre == ""


REJETS = {
    "sans identifiant": (ajout(identifiant=""), CodeRejet.IDENTIFIANT_ABSENT, ""),
    "identifier vide": (ajout(identifiant="<identifier/>"), CodeRejet.IDENTIFIANT_ABSENT, ""),
    "id vide": (ajout(identifiant="<identifier><id> </id></identifier>"), CodeRejet.IDENTIFIANT_VIDE, ""),
    "deux id": (
        ajout(identifiant="<identifier><id>1</id><id>2</id></identifier>"),
        CodeRejet.IDENTIFIANT_DOUBLE,
        "",
    ),
    "deux identifier": (
        ajout(identifiant="<identifier><id>1</id></identifier>" * 2),
        CodeRejet.IDENTIFIANT_DOUBLE,
        "1",
    ),
    "id trop long": (
        ajout(identifiant=f"<identifier><id>{'9' * 65}</id></identifier>"),
        CodeRejet.IDENTIFIANT_TROP_LONG,
        "",
    ),
    "jointure differente": (
        ajout('<attr name="ENTPersonJointure"><value>7</value></attr>'),
        CodeRejet.IDENTIFIANT_DIFFERENT,
        "600001",
    ),
    "jointure vide": (
        ajout('<attr name="ENTPersonJointure"><value/></attr>'),
        CodeRejet.IDENTIFIANT_DIFFERENT,
        "600001",
    ),
    "categorie inconnue": (
        ajout(tete=OPERATIONNEL.replace(">Eleve<", ">Robot<")),
        CodeRejet.CATEGORIE_INCONNUE,
        "600001",
    ),
    "deux categories": (
        ajout(tete=OPERATIONNEL.replace("</attr>", "<value>Eleve</value></attr>")),
        CodeRejet.STRUCTURE,
        "600001",
    ),
    "operation inconnue": (
        ajout().replace("addRequest", "upsertRequest"),
        CodeRejet.OPERATION_INCONNUE,
        "600001",
    ),
    "ordre des elements": (
        ajout(tete="").replace("</addRequest>", OPERATIONNEL + "</addRequest>"),
        CodeRejet.STRUCTURE,
        "600001",
    ),
    "sans attribut": (ajout(""), CodeRejet.STRUCTURE, "600001"),
    "attribut sans nom": (ajout("<attr><value>x</value></attr>"), CodeRejet.STRUCTURE, "600001"),
    "attribut sans value": (ajout('<attr name="sn"/>'), CodeRejet.STRUCTURE, "600001"),
    "balise dans une valeur": (
        ajout('<attr name="sn"><value>a<b/>c</value></attr>'),
        CodeRejet.STRUCTURE,
        "600001",
    ),
    "autre balise": (ajout('<attr name="sn"><val>a</val></attr>'), CodeRejet.STRUCTURE, "600001"),
    "attribut repete": (
        ajout('<attr name="sn"><value>a</value></attr>' * 2),
        CodeRejet.ATTRIBUT_REPETE,
        "600001",
    ),
    "modification d'un autre type": (
        f"<modifyRequest>{OPERATIONNEL}<identifier><id>2</id></identifier><modifications>"
        '<modification name="mail" operation="add"><value/></modification></modifications></modifyRequest>',
        CodeRejet.OPERATION_INCONNUE,
        "2",
    ),
}


@pytest.mark.parametrize("cas", REJETS)
def test_une_fiche_fautive_est_ecartee_et_la_suite_continue(cas: str) -> None:
    fautive, code, cle = REJETS[cas]
    rejet, saine = lecture(document(fautive, ajout()))
    assert isinstance(rejet, Rejet)
    assert (rejet.fichier, rejet.ligne, rejet.code, rejet.cle) == (NOM, 4, code, cle)
    assert rejet.motif
    assert isinstance(saine, Fiche)


def test_un_motif_ne_repete_aucune_valeur() -> None:
    for fautive, _, _ in REJETS.values():
        (rejet,) = lecture(document(fautive.replace(">a<", ">DUPONT<")))
        assert isinstance(rejet, Rejet)
        assert "DUPONT" not in rejet.motif


@pytest.mark.skipif(not CORPUS.is_dir(), reason="le corpus AAF n'est pas à côté du dépôt")
@pytest.mark.parametrize(
    ("dossier", "comptes"),
    [
        ("collected/entcore_min_2020", {"EtabEducNat": 1, "Eleve": 1}),
        ("collected/entcore_positions_2024/before", {"EtabEducNat": 1, "PersEducNat": 2}),
        ("collected/nomenclatures_2013", {"MatEducNat": 718, "MefEducNat": 2504}),
        ("derived_2013", {"EtabEducNat": 6, "Eleve": 170, "PersRelEleve": 305, "PersEducNat": 130}),
        (
            "constructed/1d_complet_20260907",
            {"EtabEducNat": 1, "Eleve": 1, "PersRelEleve": 2, "PersEducNat": 1},
        ),
        (
            "constructed/2d_complet_20260907",
            {
                "EtabEducNat": 1,
                "MatEducNat": 8,
                "MefEducNat": 2,
                "Eleve": 6,
                "PersRelEleve": 8,
                "PersEducNat": 8,
            },
        ),
        (
            "constructed/2d_delta_20260908",
            {"EtabEducNat": 1, "Eleve": 4, "PersRelEleve": 3, "PersEducNat": 1},
        ),
    ],
)
def test_le_corpus_se_lit_sans_un_rejet(dossier: str, comptes: dict[str, int]) -> None:
    vus: Counter[str] = Counter()
    with ouvrir_livraison(CORPUS / dossier) as livraison:
        for membre in livraison.membres:
            with livraison.ouvrir(membre) as fichier:
                suite = lire(fichier, nom=membre.nom)
                for fiche in suite:
                    assert isinstance(fiche, Fiche)
                    assert fiche.categorie is membre.categorie
                    vus[fiche.categorie.value] += 1
                assert suite.avertissements == ()
                assert not suite.attributs_inconnus
    assert vus == comptes
