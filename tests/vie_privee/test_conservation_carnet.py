"""Le 1er septembre du carnet : l'affichage vidé, le dossier parti, chaque sanction à son terme.

Deux collèges, une année entière de chaque table, trois étés. Rien n'est appelé à part : les tâches de la
nuit passent à leur heure, deux personnes approuvent, le moteur élimine et prouve.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from ent_carnet import brique
from ent_carnet.modeles import Etape, LigneDuRegistre, SanctionEleve
from ent_carnet.services import registre
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.engine import make_url

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.conservation import tetes_de
from ent_core.chargement.taches import prochain_rendez_vous, toutes_les_taches
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.serveur import Serveur
from ent_core.identite.modeles import AnneeScolaire
from ent_core.socle.calendrier import FUSEAU
from ent_core.vie_privee.archive.modeles import UniteArchivee, UniteSousVisa
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.dossier import plans
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.plan import lignes as lignes_du_plan
from ent_core.vie_privee.conservation.plan import planifier
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.statistiques.periodes import lire_periode
from ent_core.vie_privee.statistiques.publication import StatistiquePubliee, rendre
from tests.vie_privee.carnet_essais import (
    DECISIONS,
    aller,
    lignes,
    prononcer,
    reinscrire,
    remplir_le_bilan,
    tables,
    vivre,
)

RESTENT = {"carnet_motif", "carnet_reglage", "carnet_registre"}
"""Sans donnée sur personne : la liste des motifs, les réglages, le registre sans nom."""

DISCIPLINE = {"carnet_sanction", "carnet_etape"}
GARDEES_PAR_LEUR_LIEN = {
    "carnet_appel": 1, "carnet_accuse": 3, "carnet_retenue": 1, "carnet_motif_change": 0,
}  # fmt: skip
"""Sans élève en propre : ce qui s'appuie sur une ligne gelée, ou la porte, reste avec elle."""

COMPTEES = {"carnet_sanction", "carnet_demande"}
FIN = date(2027, 7, 5)


@pytest.fixture
def ecole(application_avec: FabriqueInstance, tmp_path: Path) -> InstanceEssai:
    """Le carnet ouvert dans deux collèges ; la fin de l'année est connue, le 5 juillet."""
    instance = application_avec(brique, configuration=configuration_essai(donnees=str(tmp_path / "donnees")))
    instance.ouvrir("carnet", AUTRE)
    with instance.base.academie("essai : calendrier") as session:
        session.execute(update(AnneeScolaire).values(fin=FIN))
        for uai, eleve in ((ECOLE, "eleve"), (AUTRE, "eleve_autre")):
            session.add(AnneeScolaire(uai=uai, annee=ANNEE + 1, debut=date(2027, 9, 1), fin=date(2028, 7, 6)))
            session.flush()
            reinscrire(session, uai, instance.annuaire[eleve], ANNEE + 1)
    return instance


def nuit(ecole: InstanceEssai, matin: date, heures: int = 6) -> None:
    """Chaque tâche périodique à son heure, depuis minuit ; le plan s'établit après quatre heures."""
    minuit = datetime.combine(matin, time(), FUSEAU)
    rendez_vous = [
        (heure, tache)
        for tache in toutes_les_taches(ecole.ent.chargement, ecole.ent.configuration)
        if tache.periode
        and (heure := prochain_rendez_vous(tache.periode, minuit)) < minuit + timedelta(hours=heures)
    ]
    for heure, tache in sorted(rendez_vous, key=lambda r: r[0]):
        ecole.horloge.instant = heure
        tache.fonction(ecole.base, ecole.horloge)
        for uai in (ECOLE, AUTRE) if tache.nom.startswith("carnet.") else ():
            tache.fonction(ecole.base, ecole.horloge, uai)
    aller(ecole, matin)


def decider(ecole: InstanceEssai, jour: date, uai: str | None = None) -> None:
    """Deux personnes approuvent le plan du jour ; le préavis passe, et la nuit l'exécute."""
    roles = ("direction", "cpe") if uai else ("administrateur_academique", "dpd")
    with ecole.base.academie("essai : approuver") as session:
        regles = regles_completes(session, ecole.ent.chargement)
        if uai is None:
            plan = next(p for p in plans(session) if p.uai is None)
        else:
            plan = planifier(session, ecole.horloge, regles, uai=uai)
        for role in roles:
            approuver(
                session, ecole.horloge, regles, plan.id, couvre=plan.empreinte, par=ecole.annuaire[role],
                uai=uai,
            )  # fmt: skip
    nuit(ecole, jour + timedelta(days=8), 4)


def echues(ecole: InstanceEssai) -> set[str]:
    """Tables du carnet dont le dernier plan éliminerait une ligne."""
    with ecole.base.academie("essai : plan") as session:
        dernier = session.scalars(select(PlanConservation).order_by(PlanConservation.id.desc())).first()
        assert dernier is not None
        return {li.objet for li in lignes_du_plan(session, dernier.id) if li.echues} & tables().keys()


def au_dossier(ecole: InstanceEssai, ouvertes: dict[str, UUID]) -> set[str]:
    """Procédures encore dans la base, par leur nom."""
    with ecole.base.ecole(ECOLE, "essai") as session:
        la = set(session.scalars(select(SanctionEleve.id)))
    return {nom for nom, procedure in ouvertes.items() if procedure in la}


def bilans(ecole: InstanceEssai) -> list[StatistiquePubliee]:
    with ecole.base.academie("essai : bilans") as session:
        return [
            rendre(session, declaree.cle, lire_periode(str(ANNEE)), ECOLE)
            for declaree in (registre.BILAN_SANCTIONS, registre.BILAN_DEMANDES)
        ]


def constats(ecole: InstanceEssai, serveur: Serveur, tetes: Tetes, *ordres: str) -> list[str]:
    """Ce que dit la chaîne, après qu'un administrateur de la base l'a touchée ; tout est défait ensuite."""
    adresse = make_url(serveur.url).set(drivername="postgresql+psycopg", database=ecole.base.url.database)
    moteur, base = create_engine(adresse), BaseDeDonnees(ecole.base.url)
    with moteur.connect() as connexion:
        for ordre in ordres:
            connexion.execute(text(ordre))
        base.lier(connexion)
        with base.academie("essai : vérifier") as session:
            trouvees = [anomalie.message for anomalie in verifier(session, tetes.lire())]
        connexion.rollback()
    moteur.dispose()
    base.fermer()
    return trouvees


@pytest.mark.exigence("CARNET-09")
@pytest.mark.exigence("ABS-06")
@pytest.mark.exigence("DISC-04")
@pytest.mark.exigence("DISC-22")
@pytest.mark.exigence("DISC-24")
@pytest.mark.exigence("DISC-25")
def test_le_premier_septembre_puis_trois_ans(ecole: InstanceEssai, serveur: Serveur) -> None:
    a, tetes = ecole.annuaire, tetes_de(ecole.ent.configuration)
    ouvertes = prononcer(ecole, ECOLE, a["eleve"], DECISIONS)
    gelee = prononcer(ecole, ECOLE, a["camarade"], {"gelée": DECISIONS["avertissement"]})
    prononcer(ecole, AUTRE, a["eleve_autre"], {"avertissement": DECISIONS["avertissement"]})
    vivre(ecole, ECOLE, {"eleve": a["eleve"], "camarade": a["camarade"]})
    vivre(ecole, AUTRE, {"eleve": a["eleve_autre"]})
    remplir_le_bilan(ecole, ECOLE, 12)
    with ecole.base.academie("essai : gel") as session:
        gel = poser(
            session, ecole.horloge, a["camarade"], nature=NatureGel.LITIGE, motif="TA 26-1123",
            revoir_le=date(2028, 9, 1),
        ).id  # fmt: skip

    # Le 5 juillet, l'année finit : tout est dû, sauf ce que le bilan de l'année n'a pas encore compté.
    nuit(ecole, FIN + timedelta(days=1))
    assert not echues(ecole) & {*COMPTEES, *RESTENT}
    assert {"carnet_affichage", "carnet_accuse", "carnet_fait", "carnet_absence"} <= echues(ecole)
    assert "Exclusion" in ecole.client("cpe").get("/carnet/sanctions").text

    # Le 1er août, l'année change : le registre prend ce qui n'y était pas, sans nom.
    nuit(ecole, date(2027, 8, 1), 4)
    with ecole.base.academie("essai : registre") as session:
        inscrites = select(LigneDuRegistre.sanction).where(LigneDuRegistre.uai == ECOLE)
        au_registre = sorted(session.scalars(inscrites))
    assert au_registre == sorted([1, *(p.decision.sanction for p in DECISIONS.values() if p.decision)])
    plein, voisin = lignes(ecole, ECOLE), lignes(ecole, AUTRE)
    assert {nom for nom in tables() if not (plein[nom] and voisin[nom])} == set(), (
        "en donner une ligne à carnet_essais.vivre"
    )

    # Le 1er septembre, les bilans sont figés ; ce qu'ils ont compté peut partir.
    nuit(ecole, date(2027, 9, 1))
    figes = bilans(ecole)
    nombres = [nombre for bilan in figes for ligne in bilan.cases for nombre in ligne if nombre is not None]
    assert nombres, "le bilan des demandes dit quelque chose"
    assert min(nombres) >= figes[0].seuil >= 5

    # La famille lit un carnet vide, qui dit pourquoi.
    assert echues(ecole) == tables().keys() - RESTENT
    parent, vues = ecole.client("parent"), ""
    for suite in (f"famille/{a['eleve']}?tout=1", f"discipline/{a['eleve']}"):
        page = parent.get(f"/carnet/{suite}")
        assert page.status_code == 200
        vues += unescape(page.text)
    assert "Chaque été, le carnet de l'année est effacé." in vues
    assert not {mot for mot in ("Exclusion", "Blâme", "Retenue", "Entraide") if mot in vues}
    assert lignes(ecole, ECOLE) == plein, "rien ne part sans avoir été approuvé"

    # Un collège décide pour lui : l'autre n'en perd rien.
    decider(ecole, date(2027, 9, 1), ECOLE)
    assert lignes(ecole, AUTRE) == voisin
    reste = lignes(ecole, ECOLE)
    assert au_dossier(ecole, ouvertes | gelee) == {n for n, p in DECISIONS.items() if p.de_plus != 0} | {
        "gelée"
    }
    avec_sujet = {nom: t for nom, t in tables().items() if nom not in {*RESTENT, *DISCIPLINE}}
    gelees = {nom for nom, t in avec_sujet.items() if "eleve_id" in t.c}
    gardees = {nom: {li for li in plein[nom] if str(a["camarade"]) in li} for nom in gelees}
    assert {nom: reste[nom] for nom in gardees} == gardees, "d'un élève gelé, tout ; des autres, rien"
    tenues = {nom: len(reste[nom]) for nom in avec_sujet.keys() - gardees.keys()}
    assert tenues == GARDEES_PAR_LEUR_LIEN
    assert {nom: reste[nom] for nom in RESTENT} == {nom: plein[nom] for nom in RESTENT}
    with ecole.base.ecole(ECOLE, "essai : pièces") as session:
        orphelines = select(func.count(Etape.id)).where(Etape.sanction_id.not_in(select(SanctionEleve.id)))
        assert session.scalar(orphelines) == 0
    with ecole.base.academie("essai : archive") as session:
        # Les traitements du carnet suppriment : rien n'entre dans l'archive.
        archivees = (select(func.count(table.id)) for table in (UniteArchivee, UniteSousVisa))
        assert [session.scalar(compte) for compte in archivees] == [0, 0]
    assert bilans(ecole) == figes
    assert constats(ecole, serveur, tetes) == []
    coupe = "delete from conservation_preuve where numero = (select max(numero) from conservation_preuve)"
    sous_verrou = ("alter table conservation_preuve disable row level security",
                   "alter table conservation_preuve disable trigger user")  # fmt: skip
    for ou in ("", " - 1"):
        assert constats(ecole, serveur, tetes, *sous_verrou, coupe + ou), "la fin, ou le milieu"

    # Trois étés : chacune à son année, et celle de l'année suivante à la sienne.
    ouvertes |= prononcer(ecole, ECOLE, a["eleve"], {"neuve": DECISIONS["blâme"]}, date(2027, 10, 4))
    ouvertes |= gelee
    attendues = {nom: prevue.de_plus for nom, prevue in DECISIONS.items()} | {"neuve": 2, "gelée": 0}
    for ans in (1, 2, 3):
        jour = date(2027 + ans, 9, 1)
        if ans == 1:
            with ecole.base.academie("essai : gel levé") as session:
                lever(session, ecole.horloge, gel, par=None, uai=None)
        nuit(ecole, jour)
        dues = {nom for nom, de_plus in attendues.items() if de_plus is not None and de_plus <= ans}
        lues = ecole.client("cpe").get("/carnet/sanctions").text
        assert lues.count("discipline-ligne") == len(attendues) - len(dues), "échue, elle ne se lit plus"
        decider(ecole, jour)
        assert au_dossier(ecole, ouvertes) == attendues.keys() - dues
        pleines = {nom for nom, siennes in lignes(ecole, ECOLE).items() if siennes}
        assert pleines == RESTENT | DISCIPLINE
        assert bilans(ecole) == figes
        assert constats(ecole, serveur, tetes) == []
    assert {nom for nom, siennes in lignes(ecole, AUTRE).items() if siennes} == RESTENT
