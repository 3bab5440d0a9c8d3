"""Un projet renommé ne passe pas pour un autre : l'import s'arrête, et une commande lui rend ses liens."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.aaf.projets import ProjetInconnu, exiger_projet_connu, provenance_de, renommer_projet
from ent_core.identite.modeles import Division, Etablissement, Identifiant, ImportLot, Rattachement
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from tests.identite.aaf_import_essais import LUNDI, LYCEE, MARDI, SOURCE, Annuaire, Ecriture, horloge_du

NOUVEAU = "AAF:099/ENT2D-NOUVEAU"


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(
        Ecriture()
        .etablissement()
        .eleve("1", ENTElevePersRelEleve="11$10$1$1$0$0")
        .eleve("2")
        .responsable("11")
        .agent("21", ENTAuxEnsClasses="9101$6A", ENTAuxEnsClassesPrincipal="9101$6A")
    )
    return annuaire


def renommee(jour: object = MARDI) -> Ecriture:
    """La livraison suivante, sous un autre nom : l'élève 2 est parti."""
    ecriture = Ecriture(jour, projet="ENT2D-NOUVEAU").etablissement()  # type: ignore[arg-type] # dates
    return ecriture.eleve("1", ENTElevePersRelEleve="11$10$1$1$0$0").responsable("11").agent("21")


def verifier(annuaire: Annuaire, livraison: Ecriture) -> None:
    with ouvrir_livraison(annuaire.ecrire(livraison)) as ouverte:
        exiger_projet_connu(annuaire.base, ouverte)


def renommer(annuaire: Annuaire, ancien: str = SOURCE, nouveau: str = NOUVEAU) -> int:
    return renommer_projet(annuaire.base, ancien, nouveau, horloge=horloge_du(MARDI))


def test_le_nom_inconnu_d_un_projet_arrete_l_import_et_dit_les_deux_issues(annuaire: Annuaire) -> None:
    with pytest.raises(ProjetInconnu) as refus:
        verifier(annuaire, renommee())
    assert SOURCE in refus.value.message
    assert f"renommer-projet '{SOURCE}' '{NOUVEAU}'" in refus.value.remede
    assert "--nouveau-projet" in refus.value.remede


def test_la_source_annoncee_est_celle_que_l_import_ecrit(annuaire: Annuaire) -> None:
    with ouvrir_livraison(annuaire.ecrire(Ecriture().etablissement())) as ouverte:
        assert provenance_de(ouverte) == ("AAF:099", SOURCE)
    assert annuaire.lire("select distinct source from rattachement") == [SOURCE]


@pytest.mark.parametrize(
    ("projet", "degre"),
    [("ENT2DVA-ENT99", "2D"), ("ENT1D-ENT99", "1D")],
    ids=["le même projet", "l'autre degré"],
)
def test_rien_n_est_demande_quand_il_n_y_a_pas_de_doute(annuaire: Annuaire, projet: str, degre: str) -> None:
    verifier(annuaire, Ecriture(MARDI, projet=projet, degre=degre).etablissement())


def test_la_premiere_livraison_d_une_academie_passe(base: BaseDeDonnees, tmp_path: Path) -> None:
    verifier(Annuaire(base, tmp_path), Ecriture().etablissement())


def test_renomme_le_projet_garde_ses_liens_et_ferme_ceux_des_partis(annuaire: Annuaire) -> None:
    assert renommer(annuaire) == 1
    verifier(annuaire, renommee())
    annuaire.importer(renommee(), accepter_retraits=True)
    assert annuaire.actifs("National_ELV", MARDI) == ["1"]
    assert annuaire.en_sursis() == ["2"]
    for table in ("etablissement", "division", "groupe", "rattachement", "responsabilite"):
        assert annuaire.lire(f"select distinct source from {table}") == [NOUVEAU]  # noqa: S608 - tables de l'essai
    assert annuaire.lire("select count(*) from personne") == [4]
    actes = annuaire.lire("select details->>'nouveau' from acte_journal where acte = 'projet.renomme'")
    assert actes == [NOUVEAU]


def test_renomme_le_projet_refuse_encore_une_livraison_plus_ancienne(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture(MARDI).etablissement().eleve("1").eleve("2"), accepter_retraits=True)
    renommer(annuaire)
    with pytest.raises(OperationRefusee, match="plus récente"):
        annuaire.importer(renommee(LUNDI))


def test_deux_projets_en_place_ne_se_confondent_pas(annuaire: Annuaire) -> None:
    lycee = Ecriture(projet="ENT2D-NOUVEAU").etablissement("9102", LYCEE)
    annuaire.importer(lycee.eleve("3", ENTPersonStructRattach="9102", ENTEleveClasses="9102$6A"))
    verifier(annuaire, renommee())
    with pytest.raises(OperationRefusee, match="deux projets"):
        renommer(annuaire)


@pytest.mark.parametrize(
    ("ancien", "nouveau", "erreur"),
    [
        (SOURCE, SOURCE, DonneeInvalide),
        (SOURCE, "AAF:098/ENT2DVA-ENT99", DonneeInvalide),
        (SOURCE, "TABLEUR:0990101X", DonneeInvalide),
        ("AAF:099/JAMAIS-VU", NOUVEAU, Introuvable),
    ],
)
def test_un_nom_qui_ne_convient_pas_est_refuse(
    annuaire: Annuaire, ancien: str, nouveau: str, erreur: type[Exception]
) -> None:
    avant = annuaire.photo()
    with pytest.raises(erreur):
        renommer(annuaire, ancien, nouveau)
    assert annuaire.photo() == avant


def test_un_projet_sans_academie_en_recoit_une_et_garde_ses_personnes(annuaire: Annuaire) -> None:
    sans = "AAF:ENT2DVA-ENT99/-"
    with annuaire.base.academie("essai") as session:
        for table in (Etablissement, Rattachement, ImportLot, Division):
            session.execute(update(table).values(source=sans))
        session.execute(update(Identifiant).values(source="AAF:ENT2DVA-ENT99"))
    with pytest.raises(ProjetInconnu):
        verifier(annuaire, Ecriture(MARDI).etablissement())
    renommer(annuaire, sans, SOURCE)
    annuaire.importer(
        Ecriture(MARDI).etablissement().eleve("1").eleve("2").agent("21"), accepter_retraits=True
    )
    assert annuaire.lire("select count(*) from personne") == [4]
