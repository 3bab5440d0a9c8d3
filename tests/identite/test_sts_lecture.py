"""Lire les fichiers de STS : chaque exemple connu, les défauts rencontrés, les documents piégés."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from ent_core.identite.sts import (
    DivisionSts,
    Etablissement,
    FichierSts,
    GroupeSts,
    Nature,
    ProfesseurPrincipal,
    ReferenceAgent,
    TypeStructure,
    lire_sts,
    occurrences,
)
from ent_core.socle.erreurs import FichierRefuse

STS = Path(__file__).parents[3] / "shared" / "formats" / "sts"
avec_exemples = pytest.mark.skipif(not STS.is_dir(), reason="les exemples STS ne sont pas à côté du dépôt")
MAL_FORME = "collected/openent_edt/parsing-error-case/emp_sts.xml"
CASTELBRUN = ReferenceAgent("epp", "40001")
PARAMETRES = "<PARAMETRES><UAJ>0990101X</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES>"


def exemple(chemin: str) -> FichierSts:
    return lire_sts(STS / chemin)


def descendant(donnees: str) -> FichierSts:
    return lire_sts(f"<STS_EDT>{PARAMETRES}<DONNEES>{donnees}</DONNEES></STS_EDT>".encode())


def montant(donnees: str, lundis: tuple[str, ...] = ("2026-08-31", "2026-09-07")) -> FichierSts:
    semaines = "".join(f"<DATE_DEBUT_SEMAINE>{lundi}</DATE_DEBUT_SEMAINE>" for lundi in lundis)
    alternances = (
        f'<ALTERNANCES><ALTERNANCE CODE="H"><SEMAINES>{semaines}</SEMAINES></ALTERNANCE></ALTERNANCES>'
    )
    return lire_sts(f"<EDT_STS>{PARAMETRES}<DONNEES>{alternances}{donnees}</DONNEES></EDT_STS>".encode())


def division(*enseignants: str) -> str:
    service = f"<ENSEIGNANTS>{''.join(enseignants)}</ENSEIGNANTS></SERVICE>"
    return (
        '<STRUCTURE><DIVISIONS><DIVISION CODE="6A"><SERVICES>'
        f'<SERVICE CODE_MATIERE="020700" CODE_MOD_COURS="CG">{service}'
        "</SERVICES></DIVISION></DIVISIONS></STRUCTURE>"
    )


def enseignant(attributs: str, **cours: str) -> str:
    valeurs = {"CODE_ALTERNANCE": "H", "JOUR": "1", "HEURE_DEBUT": "0800", "DUREE": "0100"} | cours
    balises = "".join(f"<{nom}>{valeur}</{nom}>" for nom, valeur in valeurs.items())
    return f"<ENSEIGNANT {attributs}><COURS_RATTACHES><COURS>{balises}</COURS></COURS_RATTACHES></ENSEIGNANT>"


def codes(fichier: FichierSts) -> list[str]:
    return [anomalie.code for anomalie in fichier.anomalies]


# --- Les exemples -------------------------------------------------------------------------------


@avec_exemples
def test_chaque_exemple_est_lu_sauf_celui_qui_est_mal_forme() -> None:
    chemins = sorted(chemin.relative_to(STS).as_posix() for chemin in STS.rglob("*.xml"))
    assert len(chemins) == 16
    for chemin in chemins:
        if chemin == MAL_FORME:
            continue
        fichier = exemple(chemin)
        attendue = Nature.STRUCTURES if "/sts_emp" in chemin else Nature.EMPLOI_DU_TEMPS
        assert fichier.nature is attendue, chemin
        assert bool(fichier.cours) is (attendue is Nature.EMPLOI_DU_TEMPS), chemin
        assert set(codes(fichier)) <= {"semaine_hors_lundi", "parametres_absents"}, chemin


@avec_exemples
def test_l_exemple_mal_forme_est_refuse_avec_sa_ligne() -> None:
    with pytest.raises(FichierRefuse) as erreur:
        exemple(MAL_FORME)
    assert erreur.value.lieu == "emp_sts.xml, ligne 82, colonne 15"
    assert erreur.value.remede


@avec_exemples
def test_le_fichier_des_structures_decrit_agents_classes_groupes_et_services() -> None:
    fichier = exemple("constructed/sts_emp_0990101X_2026.xml")
    assert fichier.etablissement == Etablissement("0990101X", 2026)
    assert [agent.type for agent in fichier.individus] == ["epp"] * 7 + ["local", "eppsup"]
    premier = fichier.individus[0]
    assert (premier.reference, premier.fonction) == (CASTELBRUN, "ENS")
    assert premier.profs_princ == (ProfesseurPrincipal("6A", date(2026, 9, 1), date(2027, 8, 31)),)
    assert fichier.individus[1].nom == "PÉRIGNOL"
    assert fichier.individus[7].fonction == ""
    assert fichier.divisions[0] == DivisionSts("6A", "SIXIEME A", ("10010012110",))
    assert fichier.groupes[1] == GroupeSts("3B LAT", "3B LATIN", ("3B",))
    assert len(fichier.services) == 7
    assert fichier.services[0].enseignants == (CASTELBRUN,)


@avec_exemples
def test_l_emploi_du_temps_decrit_ses_cours_et_leurs_seances() -> None:
    fichier = exemple("constructed/emp_sts_0990101X_2026.xml")
    assert len(fichier.cours) == 5
    cours = fichier.cours[-1]
    assert (cours.structure, cours.type_structure, cours.matiere) == (
        "6A_ANG1",
        TypeStructure.GROUPE,
        "030201",
    )
    assert (cours.debut, cours.duree, cours.salle) == (time(15, 13), timedelta(minutes=55), "A101")
    assert list(occurrences(cours, fichier.alternances)) == [
        (jour, time(15, 13), time(16, 8))
        for jour in (date(2026, 9, 11), date(2026, 9, 25), date(2026, 10, 9), date(2026, 11, 6))
    ]


@avec_exemples
def test_les_alternances_hors_de_donnees_sont_trouvees() -> None:
    fichier = exemple("collected/klepsydrix/emp_sts_0750001A_2026.xml")
    assert {code: len(alternance.lundis) for code, alternance in fichier.alternances.items()} == {
        "H": 36,
        "A": 18,
        "B": 18,
    }
    assert fichier.etablissement is None
    assert "parametres_absents" in codes(fichier)


@avec_exemples
def test_les_groupes_ranges_dans_les_divisions_sont_trouves() -> None:
    fichier = exemple("collected/openent_edt/case7/emp_sts.xml")
    assert fichier.groupes == (GroupeSts("3B_G2", "", ("3B",)),)
    assert [(cours.structure, cours.type_structure) for cours in fichier.cours] == [
        ("3A", TypeStructure.DIVISION),
        ("3B_G2", TypeStructure.GROUPE),
    ]


@avec_exemples
def test_les_valeurs_entourees_de_blancs_sont_nettoyees() -> None:
    fichier = exemple("collected/openent_edt/case1/sts_emp.xml")
    assert fichier.divisions[0].libelle == "3EMEA"
    assert fichier.individus[0].fonction == "ENS"
    assert fichier.individus[0].date_naissance == date(1980, 1, 11)


# --- Les défauts ordinaires ---------------------------------------------------------------------


def test_un_service_qui_cite_un_agent_inconnu_est_garde_et_signale() -> None:
    fichier = descendant(
        '<INDIVIDUS><INDIVIDU ID="1" TYPE="epp"><NOM_USAGE>A</NOM_USAGE></INDIVIDU></INDIVIDUS>'
        + division('<ENSEIGNANT ID="1" TYPE="epp"/>', '<ENSEIGNANT ID="1" TYPE="local"/>')
    )
    (service,) = fichier.services
    assert service.enseignants == (ReferenceAgent("epp", "1"), ReferenceAgent("local", "1"))
    assert service.inconnus == (ReferenceAgent("local", "1"),)
    assert codes(fichier) == ["agent_inconnu"]


def test_le_meme_identifiant_sous_deux_types_fait_deux_agents() -> None:
    agent = '<INDIVIDU ID="1" TYPE="{}"><NOM_USAGE>A</NOM_USAGE></INDIVIDU>'
    fichier = descendant(agent.format("epp") + agent.format("local") + agent.format("epp"))
    assert [individu.type for individu in fichier.individus] == ["epp", "local"]
    assert codes(fichier) == ["agent_repete"]


def test_un_agent_sans_cle_est_mis_de_cote_et_sans_nom_d_usage_garde_son_nom() -> None:
    fichier = descendant(
        '<INDIVIDU ID="1"><NOM_USAGE>A</NOM_USAGE></INDIVIDU>'
        '<INDIVIDU ID="2" TYPE="epp"><NOM_PATRONYMIQUE>B</NOM_PATRONYMIQUE></INDIVIDU>'
    )
    assert [individu.nom for individu in fichier.individus] == ["B"]
    assert codes(fichier) == ["agent_sans_identifiant"]


def test_un_cours_partage_par_deux_enseignants_n_en_fait_qu_un() -> None:
    fichier = montant(division(enseignant('ID="1" TYPE="epp"'), enseignant('ID="2" TYPE="epp"')))
    (cours,) = fichier.cours
    assert cours.enseignants == (ReferenceAgent("epp", "1"), ReferenceAgent("epp", "2"))


def test_un_cours_dont_l_enseignant_n_a_pas_d_identifiant_reste_un_cours() -> None:
    fichier = montant(division(enseignant("")))
    (cours,) = fichier.cours
    assert cours.enseignants == ()
    assert codes(fichier) == ["agent_sans_identifiant"]


@pytest.mark.parametrize(
    "defaut",
    [
        {"JOUR": "0"},
        {"JOUR": "8"},
        {"JOUR": ""},
        {"HEURE_DEBUT": "2460"},
        {"HEURE_DEBUT": "8h"},
        {"DUREE": "0000"},
        {"HEURE_DEBUT": "2330", "DUREE": "0100"},
    ],
)
def test_un_cours_a_l_horaire_impossible_est_mis_de_cote(defaut: dict[str, str]) -> None:
    fichier = montant(division(enseignant('ID="1" TYPE="epp"', **defaut)))
    assert fichier.cours == ()
    assert codes(fichier) == ["horaire_invalide"]


def test_une_heure_sans_zero_de_tete_est_comprise() -> None:
    (cours,) = montant(division(enseignant('ID="1" TYPE="epp"', HEURE_DEBUT="800"))).cours
    assert cours.debut == time(8)


def test_un_cours_d_une_alternance_inconnue_est_garde_sans_seance() -> None:
    fichier = montant(division(enseignant('ID="1" TYPE="epp"', CODE_ALTERNANCE="Z")))
    (cours,) = fichier.cours
    assert codes(fichier) == ["alternance_inconnue"]
    assert list(occurrences(cours, fichier.alternances)) == []


def test_une_semaine_donnee_par_un_autre_jour_est_ramenee_a_son_lundi() -> None:
    semaines = ("2026-09-13", "2026-09-01", "2026-09-08", "2026-09-07", "2026-31-31")
    fichier = montant("", semaines)
    assert fichier.alternances["H"].lundis == (date(2026, 8, 31), date(2026, 9, 7), date(2026, 9, 14))
    assert sorted(codes(fichier)) == ["date_invalide", *["semaine_hors_lundi"] * 3]


def test_les_seances_tombent_le_bon_jour_et_dans_l_ordre_meme_au_passage_de_l_annee() -> None:
    fichier = montant(division(enseignant('ID="1" TYPE="epp"', JOUR="5")), ("2027-01-04", "2026-12-28"))
    jours = [jour for jour, _, _ in occurrences(fichier.cours[0], fichier.alternances)]
    assert jours == [date(2027, 1, 1), date(2027, 1, 8)]


@pytest.mark.parametrize("parametres", ["<UAJ>X</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>",
                                        "<UAJ>0990101X</UAJ><ANNEE_SCOLAIRE/>"])  # fmt: skip
def test_des_parametres_faux_laissent_l_etablissement_inconnu(parametres: str) -> None:
    fichier = lire_sts(f"<EDT_STS><PARAMETRES>{parametres}</PARAMETRES></EDT_STS>".encode())
    assert fichier.etablissement is None
    assert codes(fichier) == ["parametres_invalides"]


def test_les_anomalies_ne_citent_aucun_nom() -> None:
    fichier = descendant(
        '<INDIVIDU ID="1"><NOM_USAGE>SECRETEL</NOM_USAGE><PRENOM>Zoé</PRENOM></INDIVIDU>'
        '<INDIVIDU ID="2" TYPE="epp"><NOM_USAGE>SECRETEL</NOM_USAGE>'
        "<DATE_NAISSANCE>1/1/80</DATE_NAISSANCE></INDIVIDU>"
    )
    assert len(fichier.anomalies) == 2
    assert not any("SECRETEL" in anomalie.motif or "80" in anomalie.motif for anomalie in fichier.anomalies)


# --- Les documents refusés ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "contenu",
    [
        b"",
        b"  \n",
        b"<BEE_ELEVES/>",
        b'<EDT_STS xmlns="urn:x"/>',
        b"<EDT_STS>",
        b"<EDT_STS>\xe9</EDT_STS>",
        b"Nom;Prenom\n",
        b"PK\x03\x04",
        b"<EDT_STS>" + b"<A>" * 100_000,
    ],
)
def test_un_document_qui_n_est_pas_de_sts_est_refuse(contenu: bytes) -> None:
    with pytest.raises(FichierRefuse) as erreur:
        lire_sts(contenu, "depot.xml")
    assert erreur.value.lieu.startswith("depot.xml")
    assert erreur.value.remede


def test_une_entite_externe_n_est_jamais_lue(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("trésor", encoding="utf-8")
    piege = (
        f'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "{secret.as_uri()}">]><EDT_STS>&b;</EDT_STS>'
    )
    for encodage in ("utf-8", "utf-16"):
        with pytest.raises(FichierRefuse, match="DOCTYPE"):
            lire_sts(piege.encode(encodage))


def test_une_bombe_d_entites_est_refusee_avant_d_etre_depliee() -> None:
    entites = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    with pytest.raises(FichierRefuse, match="DOCTYPE"):
        lire_sts(f"<!DOCTYPE EDT_STS [{entites}]><EDT_STS>&a11;</EDT_STS>".encode())


def test_un_document_demesure_est_refuse(tmp_path: Path) -> None:
    enorme = tmp_path / "emp_sts.xml"
    with enorme.open("wb") as fichier:
        fichier.truncate(65 * 1024**2)
    with pytest.raises(FichierRefuse, match="64 Mo"):
        lire_sts(enorme)
