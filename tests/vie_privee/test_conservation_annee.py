"""Une année d'une petite académie, puis le 1er septembre : ce qui doit partir part, le reste demeure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ent_core.chargement.conservation import regles_de, taches_de_conservation, tetes_de
from ent_core.chargement.decouverte import charger
from ent_core.demo import generer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.application import configuration_essai
from ent_core.identite import comptes
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    ActeJournal,
    Compte,
    Identifiant,
    Inscription,
    Personne,
    Rattachement,
    SessionWeb,
)
from ent_core.identite.sessions import purger_expirees
from ent_core.roles.modeles import Delegation
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Imports
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.dossier import EtatPlan, ouvrir, plans
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.preuve import verifier
from tests.vie_privee.conservation_essais import a_midi, faire_partir

RENTREE, SUIVANTE = date(2026, 9, 7), date(2027, 9, 1)


@dataclass(slots=True)
class Academie:
    """Une petite académie importée, et son année."""

    base: BaseDeDonnees
    horloge: HorlogeFixe
    partis: list[UUID]
    recents: list[UUID]
    geles: list[UUID]


@pytest.fixture
def academie(base: BaseDeDonnees, tmp_path: Path) -> Academie:
    horloge = HorlogeFixe(a_midi(RENTREE))
    resume = generer(tmp_path / "fichiers", etablissements=2, eleves_par_etablissement=30, jour=RENTREE)
    with ouvrir_livraison(resume.aaf) as livraison:
        importer(base, livraison, horloge=horloge, reglages=Imports())
    with base.academie("essai : comptes") as session:
        comptes.creer_comptes_manquants(session, horloge)
        eleves = list(
            session.scalars(
                select(Inscription.personne_id).distinct().order_by(Inscription.personne_id).limit(9)
            )
        )
    partis, recents, geles = eleves[:4], eleves[4:7], eleves[7:]
    faire_partir(base, [*partis, *geles], date(2026, 10, 15))
    faire_partir(base, recents, date(2027, 8, 20))
    with base.academie("essai : une année") as session:
        _vivre(session, partis[0])
        for personne in geles:
            poser(
                session, horloge, personne, nature=NatureGel.LITIGE, motif="TA 26-1123",
                revoir_le=date(2027, 12, 1),
            )  # fmt: skip
    return Academie(base, horloge, partis, recents, geles)


def _vivre(session: Session, personne: UUID) -> None:
    """Des actes chaque mois, une session, des délégations : l'ordinaire."""
    for mois in range(14):
        consigner(session, HorlogeFixe(a_midi(date(2026, 7, 1) + timedelta(days=30 * mois))), "essai.vecu")
    compte = session.scalars(select(Compte.id).where(Compte.personne_id == personne)).one()
    instant = a_midi(date(2026, 10, 1))
    session.add(
        SessionWeb(
            jeton=b"jeton", compte_id=compte, personne_id=personne, methode="local", appareil="", reseau="",
            creee_le=instant, vue_le=instant,
        )
    )  # fmt: skip
    agents = session.execute(
        select(Rattachement.personne_id, Rattachement.uai)
        .where(Rattachement.profil == "National_ENS")
        .limit(2)
    ).all()
    for (agent, uai), fin in zip(agents, (date(2026, 8, 15), date(2027, 1, 31)), strict=True):
        session.add(
            Delegation(
                uai=uai, personne_id=agent, permission="noyau.personnes", portee="etablissement",
                motif="remplacement", accordee_le=a_midi(date(2026, 8, 1)), debut=date(2026, 8, 1), fin=fin,
            )
        )  # fmt: skip


def _compter(base: BaseDeDonnees, ids: list[UUID], table: type = Personne, colonne: str = "id") -> int:
    with base.academie("essai : compter") as session:
        voulue = getattr(table, colonne).in_(ids)
        return session.scalar(select(func.count()).select_from(table).where(voulue)) or 0


@pytest.mark.exigence("ENT-18", "RGPD-DUR-01", "RGPD-DUR-04", "RGPD-DUR-05")
def test_au_premier_septembre_ce_qui_doit_partir_part_et_le_reste_demeure(
    academie: Academie, tmp_path: Path
) -> None:
    base, horloge = academie.base, academie.horloge
    configuration, chargement = configuration_essai(donnees=str(tmp_path)), charger([])
    regles = regles_de(chargement)
    _, executer, planifier = (t.fonction for t in taches_de_conservation(chargement, configuration))
    avant = _compter(base, academie.partis, Identifiant, "personne_id")
    with base.academie("essai") as session:
        tous = session.scalar(select(func.count()).select_from(Personne)) or 0

    horloge.instant = a_midi(SUIVANTE)
    executer(base, horloge)
    with base.academie("essai : sessions") as session:
        purger_expirees(session, horloge, configuration.sessions)
        assert session.scalar(select(func.count()).select_from(SessionWeb)) == 0
    assert _compter(base, academie.partis) == len(academie.partis), "la nuit n'élimine rien d'elle-même"

    planifier(base, horloge)
    planifier(base, horloge)
    with base.academie("essai : approuver") as session:
        [plan] = plans(session)
        dossier = ouvrir(session, horloge, plan.id)
        assert sum(ligne.sans_date for ligne in dossier.lignes) == 0
        assert {ligne.objet for ligne in dossier.lignes if ligne.echues} >= {
            "personne", "identifiant", "compte", "inscription", "acte_journal", "delegation",
        }  # fmt: skip
        for _ in range(2):
            approuver(session, horloge, regles, plan.id, couvre=plan.empreinte, par=UUID(int=_ + 1))
    executer(base, horloge)
    assert _compter(base, academie.partis) == len(academie.partis), "ni avant la fin du préavis"
    horloge.avancer(timedelta(days=7))
    executer(base, horloge)

    assert avant > 0
    for table, colonne in ((Personne, "id"), (Identifiant, "personne_id"), (Compte, "personne_id")):
        assert _compter(base, academie.partis, table, colonne) == 0
        assert _compter(base, academie.geles, table, colonne) > 0
        assert _compter(base, academie.recents, table, colonne) > 0
    with base.academie("essai : ce qui reste") as session:
        assert session.scalar(select(func.count()).select_from(Personne)) == tous - len(academie.partis)
        assert session.scalars(select(Delegation.fin)).all() == [date(2027, 1, 31)]
        vecus = session.scalars(select(ActeJournal.instant).where(ActeJournal.acte == "essai.vecu")).all()
        assert min(vecus).date() == date(2026, 9, 29)
        assert len(vecus) == 11
        assert ouvrir(session, horloge, plan.id).etat is EtatPlan.EXECUTE
        assert verifier(session, tetes_de(configuration).lire()) == []

    planifier(base, horloge)
    with base.academie("essai : plan suivant") as session:
        suivant = ouvrir(session, horloge, plans(session)[0].id)
        # Huit jours ont passé : les actes du jour de l'import ont eu douze mois à leur tour, et eux seuls.
        assert {li.objet for li in suivant.lignes if li.echues} == {"acte_journal", "import_lot"}
        assert {li.objet for li in suivant.lignes if li.gelees} >= {"personne", "identifiant", "compte"}


def test_une_approbation_s_eteint_si_un_gel_arrive_avant_la_nuit(academie: Academie, tmp_path: Path) -> None:
    base, horloge = academie.base, academie.horloge
    chargement, configuration = charger([]), configuration_essai(donnees=str(tmp_path))
    _, executer, planifier = (t.fonction for t in taches_de_conservation(chargement, configuration))
    horloge.instant = a_midi(SUIVANTE)
    planifier(base, horloge)
    with base.academie("essai : approuver") as session:
        [plan] = plans(session)
        approuver(session, horloge, regles_de(chargement), plan.id, couvre=plan.empreinte, par=UUID(int=1))
        session.execute(update(Personne).where(Personne.id == academie.partis[0]).values(courriel=None))
    with base.academie("essai : gel") as session:
        poser(
            session, horloge, academie.partis[0], nature=NatureGel.RECLAMATION, motif="courrier 77",
            revoir_le=SUIVANTE + timedelta(days=30),
        )  # fmt: skip
    horloge.avancer(timedelta(days=8))
    with pytest.raises(Exception, match="l'approbation tombe"):
        executer(base, horloge)
    assert _compter(base, academie.partis) == len(academie.partis)
