"""Un delta ne touche que ce qu'il porte ; qui sort est mis en sursis, qui revient en sort."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ent_core.donnees.session import BaseDeDonnees
from tests.identite.aaf_import_essais import LUNDI, MARDI, MERCREDI, Annuaire, Ecriture, horloge_du
from tests.vie_privee.conservation_essais import eliminer_tout, personnes_echues

ELV, TUT, ENS = "National_ELV", "National_TUT", "National_ENS"


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(
        Ecriture()
        .etablissement()
        .fiche("MatEducNat", "020700", ENTLibelleMatiere="FRANCAIS")
        .fiche("MatEducNat", "030201", ENTLibelleMatiere="ANGLAIS LV1")
        .eleve(
            "1",
            ENTEleveGroupes="9101$6A_ANG",
            ENTEleveMEF="10010012110",
            ENTEleveRegime="EXTERNE",
            ENTElevePersRelEleve="11$10$1$1$0$0",
        )
        .eleve("2", ENTElevePersRelEleve=["11$10$1$1$0$0", "12$20$0$2$0$0"])
        .responsable("11", mail="a@exemple.invalid")
        .responsable("12")
        .agent("21", ENTAuxEnsClassesMatieres="9101$6A$020700", ENTAuxEnsClassesPrincipal="9101$6A")
        .agent("22", ENTAuxEnsGroupesMatieres="9101$6A_ANG$030201")
    )
    return annuaire


def delta(jour: date = MARDI) -> Ecriture:
    return Ecriture(jour, "Delta")


def test_une_modification_remplace_toutes_les_valeurs_de_son_attribut(annuaire: Annuaire) -> None:
    annuaire.importer(delta().fiche("Eleve", "2", "~", ENTElevePersRelEleve="12$20$0$1$1$1"))
    liens = [ligne for ligne in annuaire.photo()["responsabilite"] if ligne[0] == "2"]
    assert [(r, legal, contact, paiement, fin) for _, r, _, legal, _, contact, paiement, _, fin in liens] == [
        ("11", 1, False, False, MARDI),
        ("12", 1, True, True, None),
    ]


def test_une_valeur_vide_efface_l_attribut_et_lui_seul(annuaire: Annuaire) -> None:
    avant = annuaire.photo()
    annuaire.importer(
        delta().fiche("Eleve", "1", "~", ENTEleveGroupes="").fiche("PersRelEleve", "11", "~", mail="")
    )
    apres = annuaire.photo()
    assert annuaire.lire("select courriel from personne where courriel is not null") == []
    assert [ligne[2:] for ligne in apres["inscription"] if ligne[1] == "1"] == [
        ("6A", None, LUNDI, None),
        (None, "6A_ANG", LUNDI, MARDI),
    ]
    for table in ("rattachement", "responsabilite", "scolarite", "service"):
        assert apres[table] == avant[table]


def test_une_date_de_sortie_seule_clot_la_division_en_cours(annuaire: Annuaire) -> None:
    annuaire.importer(delta().fiche("Eleve", "1", "~", ENTEleveDateSortieClasses="9101$10/10/2026$6A"))
    divisions = [ligne for ligne in annuaire.photo()["inscription"] if ligne[1] == "1" and ligne[2]]
    assert divisions[0][4:] == (LUNDI, date(2026, 10, 10))
    assert annuaire.actifs(ELV, MARDI) == ["1", "2"]


def test_un_delta_ne_ferme_pas_un_groupe(annuaire: Annuaire) -> None:
    annuaire.importer(delta().fiche("EtabEducNat", "9101", "~", ENTStructureGroupes="6B_ESP$ESPAGNOL$6B"))
    assert annuaire.lire("select code from groupe where ferme_le is null order by 1") == ["6A_ANG", "6B_ESP"]


def test_une_livraison_complete_ferme_le_groupe_qui_n_y_est_plus(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture(MARDI)
        .etablissement(ENTStructureGroupes="", ENTStructureClasses="6A$6EME A")
        .eleve("1")
        .eleve("2"),
        accepter_retraits=True,
    )
    assert annuaire.lire("select code, ferme_le from groupe") == [("6A_ANG", MARDI)]
    assert annuaire.lire("select code from division where ferme_le = :jour", jour=MARDI) == ["6B"]


def test_les_services_qui_disparaissent_sont_clos_et_non_effaces(annuaire: Annuaire) -> None:
    annuaire.importer(
        delta().fiche(
            "PersEducNat", "21", "~", ENTAuxEnsClassesMatieres="9101$6B$020700", ENTAuxEnsClassesPrincipal=""
        )
    )
    services = [ligne[2:] for ligne in annuaire.photo()["service"] if ligne[1] == "21"]
    assert services == [("020700", "6A", None, LUNDI, MARDI), ("020700", "6B", None, MARDI, None)]
    assert [ligne[-1] for ligne in annuaire.photo()["principal"]] == [MARDI]


def test_une_fiche_inconnue_est_ecartee_et_le_reste_entre(annuaire: Annuaire) -> None:
    annuaire.importer(
        delta()
        .fiche("Eleve", "404", "~", ENTEleveRegime="X")
        .fiche("PersRelEleve", "405", "-")
        .fiche("Eleve", "1", "~", ENTEleveRegime="DEMI-PENSIONNAIRE")
    )
    assert annuaire.constats() == [("fiche_inconnue", "404"), ("fiche_inconnue", "405")]
    assert annuaire.lire("select regime, mef from scolarite where regime is not null") == [
        ("DEMI-PENSIONNAIRE", "10010012110")
    ]


def test_un_lien_qui_revient_rouvre_la_meme_ligne_et_garde_sa_restriction(annuaire: Annuaire) -> None:
    with annuaire.base.academie("essai") as session:
        session.connection().exec_driver_sql(
            "insert into restriction (responsabilite_id, reference, debut)"
            " select r.id, 'JAF', '2026-09-07' from responsabilite r where lien = '20'"
        )
    annuaire.importer(
        delta().fiche("Eleve", "2", "~", ENTElevePersRelEleve="11$10$1$1$0$0"), accepter_retraits=True
    )
    annuaire.importer(delta(MERCREDI).fiche("Eleve", "2", "~", ENTElevePersRelEleve="12$20$0$2$0$0"))
    ordre = "select r.fin, x.reference from responsabilite r join restriction x on x.responsabilite_id = r.id"
    assert annuaire.lire(ordre) == [(None, "JAF")]


def test_qui_sort_est_en_sursis_et_qui_revient_en_sort(annuaire: Annuaire) -> None:
    annuaire.importer(
        delta().fiche("Eleve", "2", "-").fiche("PersRelEleve", "12", "-"), accepter_retraits=True
    )
    assert annuaire.en_sursis() == ["12", "2"]
    assert annuaire.actifs(TUT, MARDI) == ["11"]
    termes = annuaire.lire("select distinct suppression_le from personne where sursis_depuis is not null")
    assert termes == [MARDI + timedelta(days=60)]

    rapport = annuaire.importer(
        delta(MERCREDI).eleve("2", ENTElevePersRelEleve="12$20$0$2$0$0").responsable("12")
    )
    assert annuaire.en_sursis() == []
    assert rapport.nombre("personne", "retours") == 2
    assert annuaire.actifs(ELV, MERCREDI) == ["1", "2"]


def test_un_parent_reste_tant_qu_un_de_ses_enfants_reste(annuaire: Annuaire) -> None:
    annuaire.importer(delta().fiche("Eleve", "1", "-"), accepter_retraits=True)
    assert annuaire.en_sursis() == ["1"]
    assert annuaire.actifs(TUT, MARDI) == ["11", "12"]


def test_les_sessions_de_qui_sort_sont_fermees(annuaire: Annuaire) -> None:
    with annuaire.base.academie("essai") as session:
        session.connection().exec_driver_sql(
            "with c as (insert into compte (personne_id, identifiant)"
            " select personne_id, valeur from identifiant where valeur in ('21', '22')"
            " returning id, personne_id)"
            " insert into session_web"
            " (jeton, compte_id, personne_id, methode, appareil, reseau, creee_le, vue_le)"
            " select personne_id::text::bytea, id, personne_id, 'local', '', '', now(), now() from c"
        )
    annuaire.importer(delta().fiche("PersEducNat", "21", "-"), accepter_retraits=True)
    restent = "select i.valeur from session_web s join identifiant i using (personne_id)"
    assert annuaire.lire(restent) == ["22"]


def test_la_fin_du_sursis_supprime_a_son_terme_et_jamais_avant(annuaire: Annuaire, tmp_path: Path) -> None:
    # Avec l'élève part son père, qui n'avait que lui.
    annuaire.importer(delta().fiche("Eleve", "2", "-"), accepter_retraits=True)
    terme = MARDI + timedelta(days=60)
    assert personnes_echues(annuaire.base, horloge_du(terme - timedelta(days=1))) == (0, 0)
    assert personnes_echues(annuaire.base, horloge_du(terme)) == (2, 0)
    eliminer_tout(annuaire.base, horloge_du(terme), tmp_path)
    assert personnes_echues(annuaire.base, horloge_du(terme)) == (0, 0)
    assert annuaire.lire("select count(*) from identifiant where valeur = '2'") == [0]
    assert annuaire.lire("select count(*) from responsabilite") == [1]


def test_une_personne_rattachee_n_est_jamais_supprimee(annuaire: Annuaire) -> None:
    with annuaire.base.academie("essai") as session:
        session.connection().exec_driver_sql(
            "update personne set sursis_depuis = '2026-09-07', suppression_le = '2026-09-08'"
        )
    assert personnes_echues(annuaire.base, horloge_du(MERCREDI)) == (0, 6)


Etat = dict[str, tuple[str, set[str], bool]]
ELEVES = ("1", "2", "3", "4")
ETATS = st.dictionaries(
    st.sampled_from(ELEVES),
    st.tuples(st.sampled_from(["6A", "6B", ""]), st.sets(st.sampled_from(["11", "12"])), st.booleans()),
    min_size=1,
)


def _etat(jour: date, eleves: Etat) -> Ecriture:
    ecriture = Ecriture(jour).etablissement()
    ecriture.fiches["Eleve"] = []
    ecriture.fiches["PersRelEleve"] = []
    for cle, (classe, responsables, groupe) in eleves.items():
        ecriture.eleve(
            cle,
            ENTEleveClasses=f"9101${classe}" if classe else "",
            ENTEleveGroupes="9101$6A_ANG" if groupe else "",
            ENTElevePersRelEleve=[f"{r}$10$0$1$0$0" for r in sorted(responsables)],
        )
    for cle in sorted(set().union(*(r for _, r, _ in eleves.values()))):
        ecriture.responsable(cle)
    return ecriture


def _en_cours(annuaire: Annuaire, jour: date) -> dict[str, list[tuple[str, ...]]]:
    """Ce qui est en vigueur, sans les dates : la mémoire des étapes ne doit pas s'y voir."""
    photo = annuaire.photo()
    return {
        table: sorted(
            tuple(map(str, ligne[:-2])) for ligne in photo[table] if ligne[-1] is None or ligne[-1] > jour
        )
        for table in ("rattachement", "inscription", "responsabilite")
    }


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(premier=ETATS, second=ETATS)
def test_peu_importe_le_chemin_l_etat_livre_est_l_etat_en_vigueur(
    base: BaseDeDonnees, tmp_path_factory: pytest.TempPathFactory, premier: Etat, second: Etat
) -> None:
    """Arriver à un état par un autre, ou directement, donne les mêmes liens en vigueur."""
    vus = []
    for etapes in ((premier, second), (second,)):
        with base.academie("essai") as session:
            session.connection().exec_driver_sql("delete from personne")
            for table in (
                "import_lot",
                "groupe_division",
                "groupe",
                "division",
                "annee_scolaire",
                "etablissement",
            ):
                session.connection().exec_driver_sql(f"delete from {table}")  # noqa: S608 - noms écrits ici
        annuaire = Annuaire(base, tmp_path_factory.mktemp("etat"))
        for rang, etat in enumerate(etapes, 3 - len(etapes)):
            annuaire.importer(_etat(LUNDI + timedelta(days=rang), etat), accepter_retraits=True)
        vus.append(_en_cours(annuaire, MERCREDI))
    assert vus[0] == vus[1]
