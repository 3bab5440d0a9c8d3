"""Ce que les essais de la conservation ont en commun : un moteur, un plan approuvé, des élèves partis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import delete, update

from ent_core.chargement.decouverte import charger
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import Annuaire
from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.execution import Executeur, Execution
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.plan import lignes, planifier
from ent_core.vie_privee.conservation.preuve import Tetes
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre

__all__ = ["Moteur", "a_midi", "eliminer_tout", "faire_partir", "personnes_echues"]

CLE = b"cle d'essai des empreintes"


@dataclass(frozen=True, slots=True)
class Moteur:
    """Un moteur sur la base d'un essai, et ceux qui approuvent."""

    base: BaseDeDonnees
    horloge: HorlogeFixe
    regles: Regles
    tetes: Tetes
    annuaire: Annuaire
    taille: int = 5000

    @classmethod
    def monter(cls, base: BaseDeDonnees, horloge: HorlogeFixe, dossier: Path, annuaire: Annuaire) -> Moteur:
        registre = Registre.reunir(brique.declaration() for brique in charger([]).briques)
        return cls(base, horloge, Regles.du(registre), Tetes(dossier / "tetes.jsonl"), annuaire)

    def sous(self, regles: Regles) -> Moteur:
        return replace(self, regles=regles)

    def planifier(self, uai: str | None = None) -> PlanConservation:
        with self.base.academie("essai : plan") as session:
            return planifier(session, self.horloge, self.regles, uai=uai)

    def echues(self, plan: PlanConservation) -> dict[str, int]:
        """Table → lignes à éliminer."""
        with self.base.academie("essai : lignes") as session:
            trouvees: dict[str, int] = {}
            for ligne in lignes(session, plan.id):
                if ligne.echues:
                    trouvees[ligne.objet] = trouvees.get(ligne.objet, 0) + ligne.echues
            return trouvees

    def approuver(self, plan: PlanConservation, *roles: str, uai: str | None = None) -> None:
        for role in roles or ("administrateur_academique", "dpd"):
            with self.base.academie("essai : approbation") as session:
                approuver(
                    session, self.horloge, self.regles, plan.id, couvre=plan.empreinte,
                    par=self.annuaire[role], uai=uai,
                )  # fmt: skip

    def executeur(self) -> Executeur:
        return Executeur(self.base, self.horloge, self.regles, CLE, self.tetes, taille=self.taille)

    def executer(self, plan: PlanConservation) -> Execution:
        return self.executeur().executer(plan.id)

    def tout(self, apres: Callable[[], None] = lambda: None) -> Execution:
        """Planifie, approuve à deux, laisse passer le préavis, exécute."""
        plan = self.planifier()
        self.approuver(plan)
        self.horloge.avancer(timedelta(days=8))
        apres()
        return self.executer(plan)


def faire_partir(base: BaseDeDonnees, personnes: list[UUID], depuis: date, jours: int = 60) -> None:
    """Met des personnes en sursis, et ferme leurs rattachements."""
    with base.academie("essai : départs") as session:
        session.execute(
            update(Personne)
            .where(Personne.id.in_(personnes))
            .values(sursis_depuis=depuis, suppression_le=depuis + timedelta(days=jours))
        )
        session.execute(delete(Rattachement).where(Rattachement.personne_id.in_(personnes)))


def a_midi(jour: date) -> datetime:
    """Midi à Greenwich, un jour donné."""
    return datetime(jour.year, jour.month, jour.day, 12, tzinfo=UTC)


def _regles() -> Regles:
    return Regles.du(Registre.reunir(brique.declaration() for brique in charger([]).briques))


def personnes_echues(base: BaseDeDonnees, horloge: HorlogeFixe) -> tuple[int, int]:
    """Personnes qu'un plan éliminerait ce jour-là, et personnes qu'il garde parce qu'elles vivent."""
    with base.academie("essai : compter") as session:
        plan = planifier(session, horloge, _regles())
        siennes = [ligne for ligne in lignes(session, plan.id) if ligne.objet == "personne"]
        comptes = sum(ligne.echues for ligne in siennes), sum(ligne.actives for ligne in siennes)
        session.rollback()
    return comptes


def eliminer_tout(base: BaseDeDonnees, horloge: HorlogeFixe, dossier: Path) -> Execution:
    """Planifie ce jour-là, approuve à deux, attend la fin des préavis, exécute."""
    regles = _regles()
    with base.academie("essai : plan") as session:
        plan = planifier(session, horloge, regles)
        couvre, plan_id = plan.empreinte, plan.id
        for _ in range(2):
            approuver(session, horloge, regles, plan_id, couvre=couvre, par=uuid4())
    plus_tard = HorlogeFixe(horloge.instant + timedelta(days=8))
    return Executeur(base, plus_tard, regles, CLE, Tetes(dossier / "tetes.jsonl")).executer(plan_id)
