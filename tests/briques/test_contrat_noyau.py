"""Le noyau tient, sur ses propres tables, ce qu'il exige des briques."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import ent_core
from ent_core.chargement import depots_noyau as depots
from ent_core.chargement import noyau
from ent_core.chargement.decouverte import BriqueChargee, charger
from ent_core.contrat.donnees import NatureDepot
from ent_core.essais.contrat.agregats import agregats_par_agent
from ent_core.essais.contrat.coherence import REGLES, Indices, ecarts, fiches_incompletes
from ent_core.essais.contrat.conservation import Conservation
from ent_core.essais.contrat.droits import Droits
from ent_core.essais.contrat.observation import Observation
from ent_core.essais.contrat.sources import Preuves, fouiller

PAQUET = Path(ent_core.__file__).parent
COUCHES = (
    "socle", "donnees", "identite", "roles", "messages", "federation", "vie_privee", "chargement", "web",
)  # fmt: skip
"""Ce qui tourne dans une instance ; les commandes, elles, écrivent où on le leur dit."""

SANS_OBJET = {
    "_textes_neutres": "des codes et des empreintes sans liste en base ; trois se saisissent (pays, numéros)",
    "_portees": "ses permissions règlent aussi ce qui n'est à personne : briques, calendrier, travaux",
    "_ecritures": "se confronte aux pages ; celles du noyau ont leurs propres essais",
    "_moindre_privilege": "se confronte aux pages ; celles du noyau ont leurs propres essais",
    "_populations": "se confronte aux exemples d'une brique",
}
"""Règles qui ne disent rien du noyau, et pourquoi ; toutes les autres courent, celles de demain comprises."""

EXPLIQUES = {
    "import_rejet : elle s'appuie sur import_lot ; Sujet(…, par=…)":
        "un lot n'a pour sujet que qui l'a lancé ; un rejet n'est pas à lui",
    "violation_etape : elle s'appuie sur violation ; Sujet(…, par=…)":
        "une violation n'a pour sujet que qui l'a consignée",
    "demande_archive.personne_id : la ligne survit sans être à personne ; Lien.AUTEUR, ou CASCADE":
        "la personne partie, il faut encore pouvoir dire qui a lu son archive",
    "noyau.archives_visa : aucune durée, alors que rien ne dit que c'est une copie de travail":
        "chaque série a la sienne, inscrite à l'entrée ; l'élimination attend le visa",
    "message.lien : on peut y écrire n'importe quoi ; libre=True, ou borner sa longueur":
        "une adresse de l'ENT, composée par une brique et jamais saisie",
    "ticket_cas : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True":
        "un ticket se brûle au premier essai : sa ligne part avec lui",
    "code_oidc : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True":
        "un code se marque comme servi : présenté deux fois, il éteint ce qui en est né",
    "jeton_oidc : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True":
        "un jeton se marque comme servi, ou comme éteint",
    "ses sources montrent des données ailleurs (cache) ; Depot(…)":
        "les métadonnées d'un service et la clé de l'ENT, lues une fois ; rien d'une personne",
    "acces_support : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True":
        "la fin d'une visite s'y écrit ; le journal en a les deux lignes, et ne se récrit pas",
    "partie_de_session : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True":
        "à la sortie, l'état de l'avis donné au service y change",
    "violation_etape : un journal sans aucune colonne Categorie.TRACE":
        "les étapes datées d'un registre (RGPD, article 33.5), non la trace d'une activité",
}  # fmt: skip

COMPTENT_UN_AUTEUR = {
    "messages/suivi:lots": "un envoi en attente, que l'on confirme ou annule avec qui l'a demandé",
    "vie_privee/droits/consultations:_lectures": "combien ont lu, sans dire qui (RGPD, article 15)",
}
"""Ce qui compte et cite qui a agi, sans compter ses actes."""

ENDROITS = {
    "envois": depots.ENVOIS,
    "effacements": depots.LIVRE,
    "coffre": depots.COFFRE,
    "conservation": depots.TETES,
    "gar": depots.ARCHIVES_DU_GAR,
}
"""Dossier ouvert sous celui des données → ce que le registre en dit."""

SANS_DEPOT = {"base": "la base embarquée : les tables elles-mêmes", "cle_secrete": "une clé, sans donnée"}


class TestContratDuNoyau(Droits, Conservation):
    """Copie, effacement, restauration, opposition, conservation ; ses pages ont leurs propres essais."""

    brique = noyau


@pytest.fixture(scope="module")
def seul() -> BriqueChargee:
    trouve = charger([]).brique("noyau")
    assert trouve is not None
    return trouve


@pytest.fixture(scope="module")
def vu(seul: BriqueChargee) -> Observation:
    """Où ses sources montrent qu'il écrit, hors des tables."""
    preuves = [fouiller(PAQUET / couche, seul) for couche in COUCHES]
    natures = frozenset[NatureDepot]().union(*(preuve.natures for preuve in preuves))
    oppositions = sum(preuve.oppositions for preuve in preuves)
    return Observation(preuves=Preuves(natures, oppositions=oppositions, papier=preuves[0].papier))


@pytest.mark.exigence("RGPD-MIN-01")
def test_ce_que_le_noyau_declare_s_accorde_avec_ce_qu_il_fait(seul: BriqueChargee, vu: Observation) -> None:
    assert SANS_OBJET.keys() <= {regle.__name__ for regle in REGLES}
    courent = [regle for regle in REGLES if regle.__name__ not in SANS_OBJET]
    assert set(ecarts(Indices(seul, vu), courent)) == EXPLIQUES.keys()


@pytest.mark.exigence("RGPD-REG-01")
def test_la_fiche_de_chaque_traitement_du_noyau_est_complete(seul: BriqueChargee) -> None:
    assert list(fiches_incompletes(seul)) == []


@pytest.mark.exigence("SURV-03")
def test_rien_dans_le_noyau_ne_compte_les_actes_d_un_agent(seul: BriqueChargee) -> None:
    trouves = {f"{couche}/{ou}" for couche in COUCHES for ou, _ in agregats_par_agent(PAQUET / couche, seul)}
    assert trouves == COMPTENT_UN_AUTEUR.keys()


@pytest.mark.exigence("RGPD-REG-03")
def test_chaque_endroit_ou_le_noyau_ecrit_est_au_registre(seul: BriqueChargee) -> None:
    ouverts = {
        nom
        for couche in COUCHES
        for fichier in (PAQUET / couche).rglob("*.py")
        for nom in re.findall(r'\.donnees\)\s*/\s*"(\w+)"', fichier.read_text("utf-8"))
    }
    assert ouverts == {*ENDROITS, *SANS_DEPOT}
    declares = {depot for traitement in seul.traitements for depot in traitement.depots}
    assert declares == {getattr(depots, nom) for nom in depots.__all__}
    assert set(ENDROITS.values()) <= declares


@pytest.mark.parametrize("nature", [NatureDepot.FICHIERS, NatureDepot.JOURNAUX, NatureDepot.TRAVAUX])
def test_un_depot_oublie_se_voit(seul: BriqueChargee, vu: Observation, nature: NatureDepot) -> None:
    oublieux = tuple(
        replace(t, depots=tuple(depot for depot in t.depots if depot.nature is not nature))
        for t in seul.traitements
    )
    [oubli] = set(ecarts(Indices(replace(seul, traitements=oublieux), vu))) - set(ecarts(Indices(seul, vu)))
    assert f"({nature.value})" in oubli
