"""Trois années scolaires : chaque sanction part à son échéance, éliminée et prouvée par le moteur."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from ent_carnet import brique
from ent_carnet.modeles import Etape, LigneDuRegistre, SanctionEleve
from ent_carnet.nomenclatures import EtapeProcedure, MotifDiscipline, Sanction, Voie
from ent_carnet.regles.procedure import Acte, Decision
from ent_carnet.services import effacement, procedure, sanctions
from ent_carnet.services.dossier import appliquer
from ent_carnet.services.dossier import charger as dossier_de
from ent_carnet.services.echeances import aligner_partout
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.brique import Contexte, Portee
from ent_core.chargement.conservation import regles_de
from ent_core.chargement.decouverte import charger
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import AnneeScolaire
from ent_core.socle.calendrier import FUSEAU, annee_scolaire
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.plan import lignes, planifier
from ent_core.vie_privee.conservation.preuve import Tetes, verifier
from ent_core.vie_privee.conservation.regles import Regles

_DECISIONS = (
    Decision(Sanction.AVERTISSEMENT),
    Decision(Sanction.BLAME),
    Decision(Sanction.MESURE_DE_RESPONSABILISATION, heures=10),
    Decision(Sanction.EXCLUSION_DE_LA_CLASSE, jours=2),
    Decision(Sanction.EXCLUSION_DE_L_ETABLISSEMENT, jours=8),
    Decision(Sanction.EXCLUSION_DEFINITIVE, par_conseil=True),
)
_ECHEANCES = {1: date(2027, 8, 1), 2: date(2028, 8, 1), 3: date(2028, 8, 1), 4: date(2029, 8, 1),
              5: date(2029, 8, 1), 6: None}  # fmt: skip


def _contexte(ecole: InstanceEssai) -> Contexte:
    jour = ecole.horloge.aujourd_hui()
    return Contexte(
        compte_id=uuid4(), personne_id=ecole.annuaire["direction"], uai=ECOLE,
        etablissement_nom="Collège des Essais", profil="National_DIR", jour=jour,
        annee=annee_scolaire(jour), roles=frozenset({"direction"}), briques=frozenset({"carnet"}),
    )  # fmt: skip


def _aller(ecole: InstanceEssai, jour: date) -> None:
    ecole.horloge.instant = datetime(jour.year, jour.month, jour.day, 9, tzinfo=FUSEAU)


def _prononcer_toutes(ecole: InstanceEssai) -> None:
    """Les six, par les services, et une procédure jamais conclue."""
    with ecole.base.ecole(ECOLE, "essai : sanctions") as session:
        ouvertes = [_ouvrir(session, ecole, date(2026, 9, 7)) for _ in (*_DECISIONS, None)]
        for sanction_id in ouvertes[:-1]:
            for etape in (EtapeProcedure.NOTIFICATION_ELEVE, EtapeProcedure.NOTIFICATION_RESPONSABLES):
                procedure.noter(session, _contexte(ecole), sanction_id, etape, date(2026, 9, 7))
        conseil = dossier_de(session, _contexte(ecole), ouvertes[5])
        convocation = Acte(
            EtapeProcedure.CONVOCATION_CONSEIL, date(2026, 9, 7), Voie.RECOMMANDE, date(2026, 9, 14)
        )
        appliquer(session, _contexte(ecole), conseil, convocation)
    _aller(ecole, date(2026, 9, 14))
    with ecole.base.ecole(ECOLE, "essai : sanctions") as session:
        for sanction_id, decision in zip(ouvertes, _DECISIONS, strict=False):
            prononce = sanctions.Prononce(date(2026, 9, 14), "Faits reconnus.", decision)
            sanctions.prononcer(session, _contexte(ecole), sanction_id, prononce)


def _ouvrir(session: Session, ecole: InstanceEssai, jour: date) -> UUID:
    ouverte = procedure.ouvrir(
        session, _contexte(ecole), Portee.ETABLISSEMENT, eleve_id=ecole.annuaire["eleve"],
        motif=MotifDiscipline.INSOLENCE, faits="A insulté un camarade.", faits_le=jour,
    )  # fmt: skip
    return ouverte.id


def _au_dossier(ecole: InstanceEssai) -> set[int | None]:
    with ecole.base.ecole(ECOLE, "essai") as session:
        return set(session.scalars(select(SanctionEleve.sanction)))


def _regles() -> Regles:
    """Les règles du moteur, pour les sanctions seules : le reste de la base est éprouvé ailleurs."""
    toutes = regles_de(charger([], {"carnet": brique}))
    siennes = tuple(r for r in toutes.toutes if r.traitement.cle == "carnet.sanctions")
    return replace(toutes, toutes=siennes)


def _dues(ecole: InstanceEssai) -> int:
    """Sanctions qu'un plan de ce jour éliminerait."""
    with ecole.base.academie("essai : plan") as session:
        plan = planifier(session, ecole.horloge, _regles())
        return sum(li.echues for li in lignes(session, plan.id) if li.objet == "carnet_sanction")


def _eliminer(ecole: InstanceEssai, tetes: Tetes) -> None:
    """Un plan proposé, approuvé par deux personnes, exécuté après son préavis."""
    regles = _regles()
    with ecole.base.academie("essai : plan") as session:
        plan = planifier(session, ecole.horloge, regles)
        for _ in range(2):
            approuver(session, ecole.horloge, regles, plan.id, couvre=plan.empreinte, par=uuid4())
    preavis = max(regle.traitement.conservation.preavis for regle in regles.toutes)
    ecole.horloge.avancer(timedelta(days=preavis + 1))
    Executeur(ecole.base, ecole.horloge, regles, b"cle d'essai", tetes).executer(plan.id)


@pytest.mark.exigence("DISC-22")
@pytest.mark.exigence("DISC-24")
def test_chaque_sanction_part_a_son_annee_et_le_registre_reste(
    application_avec: FabriqueInstance, tmp_path: Path
) -> None:
    ecole, tetes = application_avec(brique, neuve=True), Tetes(tmp_path / "tetes.jsonl")
    _prononcer_toutes(ecole)
    with ecole.base.ecole(ECOLE, "essai") as session:
        poses = session.execute(select(SanctionEleve.sanction, SanctionEleve.efface_le)).all()
        assert {sanction: le for sanction, le in poses if sanction} == _ECHEANCES
        assert session.scalar(select(func.count()).select_from(Etape).where(Etape.efface_le.is_(None))) == 5
    # Le calendrier de 2027-2028 est connu plus tard, et finit plus tôt : les échéances le suivent.
    with ecole.base.academie("essai : calendrier") as session:
        session.add(AnneeScolaire(uai=ECOLE, annee=2027, debut=date(2027, 9, 1), fin=date(2028, 7, 5)))
    aligner_partout(ecole.base)
    with ecole.base.ecole(ECOLE, "essai") as session:
        bouge = select(SanctionEleve.sanction, SanctionEleve.efface_le).where(
            SanctionEleve.efface_le == date(2028, 7, 5)
        )
        assert {sanction for sanction, _ in session.execute(bouge)} == {2, 3, None}
        assert effacement.aligner(session, ECOLE) == 0  # rejouée, elle ne change rien

    _aller(ecole, date(2027, 7, 31))
    assert _dues(ecole) == 0  # la veille, aucune n'est due
    restent: list[tuple[set[int | None], date]] = [
        ({2, 3, 4, 5, 6, None}, date(2027, 8, 1)),
        ({4, 5, 6}, date(2028, 8, 1)),
        ({6}, date(2029, 8, 1)),
    ]
    for attendues, jour in restent:
        _aller(ecole, jour)
        with ecole.base.academie("essai : année nouvelle") as session:
            brique.ent_changer_annee(session, ECOLE, jour.year)
        # À son terme, elle ne se lit plus, avant même d'être éliminée.
        client = ecole.client("direction")
        assert client.get("/carnet/sanctions").text.count("discipline-ligne") == len(attendues)
        _eliminer(ecole, tetes)
        assert _au_dossier(ecole) == attendues
    with ecole.base.ecole(ECOLE, "essai") as session:
        assert session.scalar(select(func.count()).select_from(Etape)) == 5  # celles de la seule qui reste
        registre = session.scalars(select(LigneDuRegistre.sanction).order_by(LigneDuRegistre.sanction))
        assert list(registre) == [1, 2, 3, 4, 5, 6]
    with ecole.base.academie("essai : chaîne") as session:
        assert verifier(session, tetes.lire()) == []
