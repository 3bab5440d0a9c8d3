"""Le registre publié : chaque rubrique de la fiche, d'où elle vient, et ce qui reste à demander."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import installees
from ent_core.chargement.publication import Publication
from ent_core.contrat.donnees import (
    Acces,
    BaseLegale,
    Conservation,
    Copie,
    Depart,
    Destinataire,
    Duree,
    Opposition,
    Sort,
    Tableau,
    Texte,
    Visa,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.vie_privee.publication import phrases, reponses
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.droits import Droit, droits
from ent_core.vie_privee.publication.exports import SCHEMA, exporter, nom_de_fichier
from ent_core.vie_privee.publication.fiche import Provenance
from ent_core.vie_privee.publication.historique import relever
from ent_core.vie_privee.publication.modeles import ReponseRegistre

from .pages_essai import chercher

JOUR = date(2026, 9, 7)
DEMANDEES = {
    "responsable",
    "delegue",
    "conjoints",
    "sous_traitants",
    "transferts",
    "mesures",
    "analyse",
}
"""Les seules rubriques que le code ne remplit pas ; en ôter une de cette liste se discute."""

ARTICLE_30 = {
    "a": ("responsable", "delegue", "conjoints", "representant"),
    "b": ("finalite", "sous_finalites"),
    "c": ("personnes", "donnees"),
    "d": ("destinataires", "externes"),
    "e": ("transferts",),
    "f": ("active", "intermediaire", "sort"),
    "g": ("techniques", "mesures"),
}
"""RGPD, article 30, paragraphe 1 : chaque mention, et les rubriques qui la portent."""


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(installees()["annonces"].load())


def publication(instance: InstanceEssai) -> Publication:
    ent = instance.ent
    return Publication(ent.configuration, ent.chargement, ent.activation, ent.registre)


def publie(instance: InstanceEssai, uai: str | None = ECOLE) -> RegistrePublie:
    with instance.base.academie("essai : registre") as session:
        relever(session, instance.horloge, instance.ent.registre)
        return publication(instance).registre_de(session, uai, JOUR)


def repondre_a_tout(instance: InstanceEssai, uai: str | None) -> None:
    valeurs = {case: f"réponse à {case}" for case in reponses.CASES} | {"analyse_le": date(2026, 6, 1)}
    hebergeur = {"nom": "Hébergeur", "mission": "hébergement", "pays": "France"}
    with instance.base.academie("essai : réponses") as session:
        reponses.repondre(session, instance.horloge, uai, valeurs)
        reponses.declarer(session, instance.horloge, uai, hebergeur)


@pytest.mark.exigence("RGPD-REG-01")
def test_au_moins_quatre_rubriques_sur_cinq_viennent_du_code(instance: InstanceEssai) -> None:
    registre = publie(instance)
    for fiche in registre.fiches:
        du_code = {r.cle for r in fiche.rubriques if r.provenance is Provenance.CODE and not r.vide}
        assert du_code == {r.cle for r in fiche.rubriques} - DEMANDEES, fiche.cle
    mesure = registre.mesure
    assert mesure.part_du_code >= 0.8
    assert (mesure.code, mesure.total) == (29 * len(registre.fiches), 36 * len(registre.fiches))


@pytest.mark.exigence("RGPD-REG-01")
def test_une_fois_les_questions_posees_chaque_mention_de_l_article_30_est_remplie(
    instance: InstanceEssai,
) -> None:
    assert {r.cle for r in publie(instance).a_completer} == DEMANDEES - {"responsable"}
    repondre_a_tout(instance, None)
    registre = publie(instance)
    assert registre.a_completer == ()
    for fiche in registre.fiches:
        for mention, cles in ARTICLE_30.items():
            assert all(fiche[cle].valeurs for cle in cles), f"{fiche.cle}, article 30.1 {mention}"


@pytest.mark.exigence("RGPD-REG-04")
def test_le_responsable_est_le_chef_d_etablissement_sans_qu_on_le_demande(instance: InstanceEssai) -> None:
    rubrique = publie(instance).fiches[0]["responsable"]
    assert rubrique.valeurs[0] == "Le chef d'établissement : Collège des Essais"
    assert rubrique.provenance is Provenance.INSTANCE
    assert "Chaque chef d'établissement" in publie(instance, None).fiches[0]["responsable"].valeurs[0]


@pytest.mark.exigence("RGPD-REG-02")
def test_toute_colonne_personnelle_est_sur_la_fiche_de_son_traitement(instance: InstanceEssai) -> None:
    donnees = publie(instance).fiches[-1]["donnees"].valeurs
    assert publie(instance).fiches[-1].cle == "annonces.affichage"
    assert donnees == ("identifiants : auteur id", "vie scolaire : texte (texte libre)")


def test_le_registre_d_un_etablissement_ne_montre_que_ses_briques(instance: InstanceEssai) -> None:
    assert "annonces.affichage" in {f.cle for f in publie(instance).fiches}
    assert "annonces.affichage" not in {f.cle for f in publie(instance, AUTRE).fiches}
    assert "noyau.annuaire" in {f.cle for f in publie(instance, AUTRE).fiches}
    assert "annonces.affichage" in {f.cle for f in publie(instance, None).fiches}


def test_l_etablissement_precise_ce_que_l_academie_a_repondu(instance: InstanceEssai) -> None:
    with instance.base.academie("essai") as session:
        reponses.repondre(session, instance.horloge, None, {"delegue": "DPD", "conjoints": "La région"})
        reponses.repondre(session, instance.horloge, ECOLE, {"conjoints": "Le département"})
    ici, ailleurs = publie(instance).fiches[0], publie(instance, AUTRE).fiches[0]
    assert (ici["delegue"].valeurs, ici["delegue"].provenance) == (("DPD",), Provenance.ACADEMIE)
    assert (ici["conjoints"].valeurs, ici["conjoints"].provenance) == (
        ("Le département",),
        Provenance.ETABLISSEMENT,
    )
    assert ailleurs["conjoints"].valeurs == ("La région",)


def test_l_academie_ne_designe_pas_le_responsable_d_un_etablissement(instance: InstanceEssai) -> None:
    with instance.base.academie("essai") as session:
        reponses.repondre(session, instance.horloge, None, {"responsable": "Le recteur"})
    assert "Collège des Essais" in publie(instance).fiches[0]["responsable"].valeurs[0]


def test_une_reponse_remplacee_garde_sa_ligne_et_une_reponse_egale_n_en_fait_pas(
    instance: InstanceEssai,
) -> None:
    with instance.base.academie("essai") as session:
        for mesures in ("charte", "charte", "charte et formation"):
            reponses.repondre(session, instance.horloge, ECOLE, {"mesures": mesures})
        lignes = session.scalars(select(ReponseRegistre).order_by(ReponseRegistre.id)).all()
        assert [(ligne.mesures, ligne.remplacee_le is None) for ligne in lignes] == [
            ("charte", False),
            ("charte et formation", True),
        ]


@pytest.mark.exigence("RGPD-REG-05")
def test_les_transferts_se_deduisent_des_sous_traitants(instance: InstanceEssai) -> None:
    hors = {"nom": "Nuage", "mission": "messages", "pays": "Japon", "hors_union": True}
    with instance.base.academie("essai") as session:
        with pytest.raises(DonneeInvalide):
            reponses.declarer(session, instance.horloge, ECOLE, hors)
        cle = reponses.declarer(
            session, instance.horloge, ECOLE, {**hors, "garanties": "décision d'adéquation"}
        )
        with pytest.raises(Introuvable):
            reponses.retirer(session, instance.horloge, AUTRE, cle)
    fiche = publie(instance).fiches[0]
    assert fiche["transferts"].valeurs == ("Nuage (Japon) : décision d'adéquation",)
    assert fiche["sous_traitants"].valeurs == ("Nuage : messages (Japon, clauses à joindre)",)
    assert publie(instance, AUTRE).fiches[0]["transferts"].vide
    with instance.base.academie("essai") as session:
        reponses.retirer(session, instance.horloge, ECOLE, cle)
    assert publie(instance).fiches[0]["sous_traitants"].vide


@pytest.mark.exigence("RGPD-INF-02")
def test_l_information_de_l_annee_se_note_et_se_voit_sur_la_fiche(
    instance: InstanceEssai,
) -> None:
    with instance.base.academie("essai") as session:
        with pytest.raises(DonneeInvalide):
            reponses.noter_campagne(session, instance.horloge, ECOLE, 2026, date(2027, 1, 1), "reunion")
        for jour in (date(2026, 9, 3), date(2026, 9, 5)):
            reponses.noter_campagne(session, instance.horloge, ECOLE, 2026, jour, "reunion")
        assert [c.faite_le for c in reponses.campagnes(session, ECOLE)] == [date(2026, 9, 5)]
    assert "redonnée le 05/09/2026" in publie(instance).fiches[0]["information"].valeurs[0]


@pytest.mark.parametrize(
    ("regle", "dite"),
    [
        (
            Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER),
            "jusqu'à la fin de l'année scolaire",
        ),
        (
            Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=2), Sort.SUPPRIMER),
            "jusqu'à la fin de la 2e année scolaire suivante",
        ),
        (Conservation(Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER), "12 mois après l'enregistrement"),
        (Conservation(Depart.FAIT, Duree(), Sort.SUPPRIMER), "jusqu'à le fait daté"),
    ],
)
def test_une_duree_se_dit_avec_ce_qui_la_fait_courir(regle: Conservation, dite: str) -> None:
    assert phrases.conservation(regle) == dite


@pytest.mark.parametrize(
    ("autorite", "mot"),
    [
        (Texte("article R. 131-6"), "un texte l'ordonne"),
        (Tableau("tableau 2026", date(2026, 1, 5)), "05/01/2026"),
        (Copie("SIECLE"), "l'original est gardé ailleurs"),
        (Visa("bulletins"), "visa du directeur des archives"),
    ],
)
def test_ce_qui_permet_d_eliminer_se_dit(autorite: Texte | Tableau | Copie | Visa, mot: str) -> None:
    assert mot in phrases.autorite(autorite)


@pytest.mark.exigence("RGPD-DRO-04")
def test_les_droits_se_deduisent_de_la_base_legale(instance: InstanceEssai) -> None:
    annuaire = instance.ent.registre.traitements["noyau.annuaire"]

    def ouverts(base: BaseLegale, opposition: Opposition | None = None) -> set[Droit]:
        declaree = replace(annuaire, base=base, opposition=opposition)
        return {droit.droit for droit in droits(declaree) if droit.ouvert}

    toujours = {Droit.ACCES, Droit.RECTIFICATION, Droit.LIMITATION}
    assert ouverts(BaseLegale.OBLIGATION_LEGALE) == toujours
    assert ouverts(BaseLegale.MISSION_INTERET_PUBLIC) == toujours | {Droit.OPPOSITION}
    assert ouverts(BaseLegale.MISSION_INTERET_PUBLIC, Opposition(False, "Un texte l'écarte.")) == toujours
    assert ouverts(BaseLegale.CONSENTEMENT) == set(Droit) - {Droit.OPPOSITION}


@pytest.mark.exigence("RGPD-REG-06")
def test_le_json_suit_son_schema_et_porte_chaque_rubrique(instance: InstanceEssai) -> None:
    registre = publie(instance)
    lu = json.loads(exporter(registre, "json"))
    assert lu["schema"] == SCHEMA == "registre-ent/1"
    assert (lu["uai"], lu["jour"], lu["rubriques"]["total"]) == (ECOLE, "2026-09-07", registre.mesure.total)
    assert [t["cle"] for t in lu["traitements"]] == [f.cle for f in registre.fiches]
    assert set(lu["traitements"][0]) == {"cle", "version", "intitule", "brique", "rubriques"}
    assert set(lu["traitements"][0]["rubriques"][0]) == {
        "cle",
        "partie",
        "intitule",
        "valeurs",
        "provenance",
    }
    assert nom_de_fichier(registre, "json") == f"registre-{ECOLE}-20260907.json"


@pytest.mark.exigence("RGPD-REG-06")
def test_le_csv_s_ouvre_et_n_execute_rien(instance: InstanceEssai) -> None:
    with instance.base.academie("essai") as session:
        reponses.repondre(session, instance.horloge, ECOLE, {"conjoints": "=cmd|' /C calc'!A0"})
    lignes = list(
        csv.reader(io.StringIO(exporter(publie(instance), "csv").decode("utf-8-sig")), delimiter=";")
    )
    assert len(lignes) == 1 + len(publie(instance).fiches)
    assert "Responsables conjoints" in lignes[0]
    assert lignes[1][lignes[0].index("Responsables conjoints")].startswith("'=")
    assert "à compléter" in lignes[1]


@pytest.mark.exigence("RGPD-REG-06")
def test_le_classeur_a_une_feuille_d_ensemble_et_une_par_traitement(instance: InstanceEssai) -> None:
    from python_calamine import CalamineWorkbook

    with instance.base.academie("essai") as session:
        reponses.repondre(session, instance.horloge, ECOLE, {"mesures": "charte\x0b signée\nformation"})
    registre = publie(instance)
    classeur = CalamineWorkbook.from_filelike(io.BytesIO(exporter(registre, "ods")))
    assert classeur.sheet_names[0] == "Registre"
    assert len(classeur.sheet_names) == 1 + len(registre.fiches)
    fiche = classeur.get_sheet_by_name("Annonces de l'établissement".replace("'", " ")).to_python()
    rubriques = {ligne[1]: ligne[2] for ligne in fiche if len(ligne) > 2}
    assert str(rubriques["Finalité principale"]).startswith("Afficher les annonces")
    assert "formation" in str(rubriques["Mesures d'organisation"])


@pytest.mark.exigence("RGPD-REG-06")
def test_la_page_a_garder_ne_demande_rien_au_reseau(instance: InstanceEssai) -> None:
    with instance.base.academie("essai") as session:
        reponses.repondre(session, instance.horloge, ECOLE, {"conjoints": "<script>alert(1)</script>"})
    page = exporter(publie(instance), "html").decode()
    assert chercher(page, "//script | //img | //link | //@src | //iframe") == []
    assert all(adresse.startswith("#") for adresse in chercher(page, "//@href"))
    assert "&lt;script&gt;" in page
    assert set(chercher(page, "//h2/text()")) == {f.intitule for f in publie(instance).fiches}


def test_un_registre_sans_brique_ouverte_reste_lisible(
    application_avec: FabriqueInstance, session: Session
) -> None:
    instance = application_avec()
    registre = publie(instance)
    assert {f.brique for f in registre.fiches} == {"noyau"}
    for format_ in ("ods", "csv", "json", "html"):
        assert exporter(registre, format_)
    assert zipfile.is_zipfile(io.BytesIO(exporter(registre, "ods")))


def test_les_destinataires_de_meme_perimetre_se_disent_ensemble() -> None:
    lire = [Destinataire(role, Portee.MES_CLASSES) for role in (Role.ENSEIGNANT, Role.SUPPLEANT)]
    seul = Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE)
    assert phrases.destinataires([*lire, seul]) == [
        "les enseignants et les enseignants suppléants, pour leurs classes et leurs groupes (lecture)",
        "le chef d'établissement, pour l'établissement (lecture et écriture)",
    ]


def test_chaque_personne_ne_se_dit_que_si_tous_les_roles_y_sont() -> None:
    tous = [Destinataire(role, Portee.MOI) for role in Role]
    assert phrases.destinataires(tous) == ["chaque personne, pour ce qui la concerne (lecture)"]
    assert phrases.destinataires(tous[:-1])[0].startswith("les élèves, les responsables d'élèves,")


def test_une_duree_longue_se_dit_en_annees() -> None:
    longue = Conservation(Depart.CREATION, Duree(mois=60), Sort.SUPPRIMER, intermediaire=Duree(mois=18))
    assert phrases.conservation(longue) == "5 ans après l'enregistrement"
    assert phrases.intermediaire(longue).startswith("18 mois de plus")
