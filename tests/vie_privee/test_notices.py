"""Les notices : ce que les personnes lisent est exactement ce que le registre publie."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from ent_core.chargement.decouverte import charger, installees
from ent_core.chargement.publication import Publication
from ent_core.contrat.donnees import Conservation, Depart, Duree, Opposition, Sort, Texte
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, faux_brique
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.contenu import contenus
from ent_core.vie_privee.publication.fiche import CADRE_VIDE
from ent_core.vie_privee.publication.notices import Lecteurs, Notice, NoticeTraitement, rediger_notice
from ent_core.vie_privee.publication.reponses import Reponses
from ent_core.vie_privee.registre import Registre

from .pages_essai import chercher, texte_de

ADRESSE = "/donnees-personnelles"


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(installees()["annonces"].load())


def publier(
    instance: InstanceEssai, uai: str | None = ECOLE
) -> tuple[RegistrePublie, dict[Lecteurs, Notice]]:
    ent = instance.ent
    redacteur = Publication(ent.configuration, ent.chargement, ent.activation, ent.registre)
    with instance.base.academie("essai : notices") as session:
        registre = redacteur.registre_de(session, uai, instance.horloge.aujourd_hui())
        return registre, {lecteurs: redacteur.notice(registre, session, lecteurs) for lecteurs in Lecteurs}


def dits(notices: dict[Lecteurs, Notice]) -> dict[str, NoticeTraitement]:
    return {t.cle: t for notice in notices.values() for t in notice.traitements}


@pytest.mark.exigence("RGPD-INF-01")
@pytest.mark.parametrize("uai", [ECOLE, AUTRE, None])
def test_les_notices_et_le_registre_disent_la_meme_chose(instance: InstanceEssai, uai: str | None) -> None:
    registre, notices = publier(instance, uai)
    dedans = contenus(instance.ent.registre)
    assert set(dits(notices)) == {fiche.cle for fiche in registre.fiches}
    for cle, dit in dits(notices).items():
        fiche = registre.fiche(cle)
        assert fiche
        assert dit.qui == fiche["destinataires"].valeurs
        # La notice dit les services qui reçoivent ; la fiche y ajoute les rôles d'ailleurs.
        assert set(dit.dehors) <= set(fiche["externes"].valeurs)
        assert dit.duree[0] == fiche["active"].valeurs[0]
        assert fiche["sort"].valeurs[0] in dit.duree[-1]
        assert dit.pourquoi[0] == fiche["finalite"].valeurs[0]
        assert dit.textes == fiche["textes"].valeurs
        assert dit.origines == fiche["sources"].valeurs
        assert {p.removeprefix("les ") for p in dit.personnes} == set(fiche["personnes"].valeurs)
        categories = [ligne.split(" : ")[0] for ligne in fiche["donnees"].valeurs if " : " in ligne]
        assert categories == [str(categorie) for categorie in dedans[cle].categories]
        assert dit.quoi == tuple(phrases.CATEGORIES[categorie] for categorie in dedans[cle].categories)
        ouverts = {ligne.split(" : ")[0] for ligne in fiche["droits"].valeurs if " : oui" in ligne}
        assert {droit.droit.value for droit in dit.droits if droit.ouvert} == ouverts


@pytest.mark.exigence("RGPD-INF-01")
def test_la_page_porte_chaque_phrase_de_la_notice(instance: InstanceEssai) -> None:
    _, notices = publier(instance)
    for role, lecteurs in (("parent", Lecteurs.FAMILLES), ("enseignant", Lecteurs.PERSONNELS)):
        page = texte(instance.client(role), ADRESSE)
        for traitement in notices[lecteurs].traitements:
            for phrase in (
                traitement.intitule,
                *traitement.qui,
                *traitement.dehors,
                *traitement.quoi,
                *traitement.duree,
            ):
                assert phrase in page, (role, traitement.cle, phrase)


@pytest.mark.exigence("RGPD-INF-01")
def test_l_information_s_ouvre_sans_connexion_et_depuis_chaque_page(instance: InstanceEssai) -> None:
    inconnu = instance.application.test_client()
    assert "Tous les établissements" in texte(inconnu, ADRESSE)
    for client, adresse in ((inconnu, "/connexion"), (instance.client("eleve"), "/")):
        assert f'href="{ADRESSE}"' in client.get(adresse).text


@pytest.mark.exigence("RGPD-INF-01")
def test_chacun_lit_d_abord_ce_qui_le_concerne(instance: InstanceEssai) -> None:
    assert "Si tu es élève" in texte(instance.client("eleve"), ADRESSE)
    assert "Si tu es élève" not in texte(instance.client("enseignant"), ADRESSE)
    assert "Si tu es élève" in texte(instance.client("enseignant"), f"{ADRESSE}?pour=familles")


@pytest.mark.exigence("SURV-06")
@pytest.mark.exigence("CNIL-LOG-06")
def test_les_personnels_savent_quelles_traces_sont_gardees(instance: InstanceEssai) -> None:
    _, notices = publier(instance)
    traces = {t.cle for t in notices[Lecteurs.PERSONNELS].traces}
    assert {"noyau.journal", "noyau.comptes"} <= traces
    page = texte(instance.client("enseignant"), ADRESSE)
    assert "Vos connexions et vos actes" in page
    assert "Journal des actes" in page
    assert "Vos connexions et vos actes" not in texte(instance.client("parent"), ADRESSE)


def test_une_page_par_brique_et_rien_pour_une_brique_fermee(instance: InstanceEssai) -> None:
    personnel = instance.client("enseignant")
    seule = texte(personnel, f"{ADRESSE}/annonces")
    assert "Annonces de l'établissement" in seule
    assert "Annuaire des personnes" not in seule
    assert "Cette brique n'enregistre rien sur vous." in texte(
        instance.client("parent"), f"{ADRESSE}/annonces"
    )
    assert instance.client("enseignant_autre").get(f"{ADRESSE}/annonces").status_code == 404
    assert personnel.get(f"{ADRESSE}/inconnue").status_code == 404


def test_une_brique_sans_donnee_le_dit(application_avec: FabriqueInstance) -> None:
    instance = application_avec(faux_brique("fanion"))
    registre, notices = publier(instance)
    assert registre.sans_donnee == ("Fanion",)
    assert [b.titre for b in notices[Lecteurs.FAMILLES].briques][-1] == "Fanion"
    assert "Cette brique n'enregistre rien sur vous." in texte(instance.client("parent"), ADRESSE)


def test_les_memes_droits_ne_se_disent_qu_une_fois(instance: InstanceEssai) -> None:
    _, notices = publier(instance)
    notice = notices[Lecteurs.PERSONNELS]
    noms = [nom for groupe, _ in notice.droits for nom in groupe]
    assert sorted(noms) == sorted(t.intitule for t in notice.traitements)
    assert len({droits for _, droits in notice.droits}) == len(notice.droits)


@pytest.mark.exigence("RGPD-INF-01")
def test_les_phrases_restent_courtes(instance: InstanceEssai) -> None:
    page = instance.client("eleve").get(ADRESSE).text
    encadre = chercher(page, "//section[.//h2[text()='Si tu es élève']]//li/text()")
    assert len(encadre) == 5
    for ligne in encadre:
        for phrase in re.split(r"[.?!:]", ligne):
            assert len(phrase.split()) <= 15, phrase


def texte(client: FlaskClient, adresse: str) -> str:
    reponse = client.get(adresse)
    assert reponse.status_code == 200
    return texte_de(reponse.text)


def test_une_brique_dit_sa_voie_papier_et_l_attente_des_archives() -> None:
    registre = Registre.reunir(brique.declaration() for brique in charger([]).briques)
    annuaire = replace(
        registre.traitements["noyau.annuaire"],
        opposition=Opposition(True, "motif légitime", "une feuille remise par le secrétariat"),
        conservation=Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=1), Sort.SUPPRIMER),
    )
    change = replace(registre, traitements={"noyau.annuaire": annuaire})

    def notice(registre: Registre) -> NoticeTraitement:
        redigee = rediger_notice(
            Lecteurs.FAMILLES, registre, CADRE_VIDE, Reponses(), ["noyau.annuaire"], {"noyau": "ENT"}, ()
        )
        return redigee.traitements[0]

    assert notice(change).papier == "une feuille remise par le secrétariat"
    assert notice(change).duree == (
        "jusqu'à la fin de l'année scolaire suivante",
        "puis supprimées, une fois l'accord des archives obtenu",
    )
    ordonne = replace(annuaire, conservation=replace(annuaire.conservation, autorite=Texte("article 6")))
    assert notice(replace(change, traitements={"noyau.annuaire": ordonne})).duree[-1] == "puis supprimées"
