"""Le dossier d'un plan : ses lignes, ce qui s'est décidé, où il en est, et ce qui le retient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ent_core.socle.calendrier import Horloge
from ent_core.socle.dates import jour_court
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.conservation import avis as avis_d_elimination
from ent_core.vie_privee.conservation.modeles import (
    AvisElimination,
    DecisionConservation,
    LigneConservation,
    PlanConservation,
    Preuve,
    ReportConservation,
    VisaElimination,
)
from ent_core.vie_privee.conservation.plan import lignes
from ent_core.vie_privee.conservation.regles import VALIDITE

__all__ = ["EN_ATTENTE", "Dossier", "EtatPlan", "en_attente", "ouvrir", "plans"]


class EtatPlan(StrEnum):
    """Où en est un plan."""

    PROPOSE = "proposé"
    APPROUVE = "approuvé"
    EN_COURS = "en cours"
    EXECUTE = "exécuté"
    EXPIRE = "expiré"
    ANNULE = "annulé"
    EN_ECART = "en écart"


EN_ATTENTE = frozenset({EtatPlan.APPROUVE, EtatPlan.EN_COURS})
"""États d'un plan approuvé qu'il reste à exécuter."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Un plan et tout ce qui s'est décidé à son sujet, un jour donné.

    :param faites: lignes dont le bilan est dans la chaîne.
    :param avis: rang de ligne → avis donné, tant que la ligne n'est pas partie.
    :param partiel: un établissement regarde sa part d'un plan de l'académie : il reporte, sans décider.
    """

    plan: PlanConservation
    lignes: tuple[LigneConservation, ...]
    decisions: tuple[DecisionConservation, ...]
    reports: tuple[ReportConservation, ...]
    visas: tuple[VisaElimination, ...]
    faites: frozenset[int]
    jour: date
    partiel: bool = False
    avis: Mapping[int, AvisElimination] = field(default_factory=dict)

    @property
    def approbations(self) -> tuple[DecisionConservation, ...]:
        """Approbations encore valables, qui couvrent l'empreinte du plan."""
        return tuple(
            d
            for d in self.decisions
            if d.nature == "approbation"
            and d.empreinte == self.plan.empreinte
            and self.jour < d.jour + VALIDITE
        )

    @property
    def etat(self) -> EtatPlan:
        """Où en est le plan."""
        natures = {d.nature for d in self.decisions}
        for nature, etat in (
            ("ecart", EtatPlan.EN_ECART),
            ("fin", EtatPlan.EXECUTE),
            ("annulation", EtatPlan.ANNULE),
        ):
            if nature in natures:
                return etat
        if self.approbations:
            return EtatPlan.EN_COURS if "execution" in natures else EtatPlan.APPROUVE
        return EtatPlan.EXPIRE if "approbation" in natures else EtatPlan.PROPOSE

    @property
    def a_faire(self) -> tuple[LigneConservation, ...]:
        """Lignes qui éliminent quelque chose, et dont le bilan n'est pas fait."""
        return tuple(li for li in self.lignes if li.echues and li.rang not in self.faites)

    def obstacle(self, ligne: LigneConservation) -> str:
        """Ce qui empêche d'exécuter une ligne ce jour-là, en clair ; vide si rien.

        :param ligne: ligne du plan.
        """
        empechement = self.empechement(ligne)
        if empechement:
            return empechement
        avis = self.avis.get(ligne.rang)
        if avis is None:
            return "l'avis n'est pas encore donné : il part cette nuit"
        if self.jour < avis.execution_le:
            return f"le préavis court jusqu'au {jour_court(avis.execution_le)}"
        return ""

    def empechement(self, ligne: LigneConservation) -> str:
        """Ce qui, hors le préavis, empêche d'exécuter une ligne ; vide si rien.

        :param ligne: ligne du plan.
        """
        report = self.report(ligne)
        if ligne.defaut:
            return f"la règle ne peut pas s'appliquer ({ligne.defaut}) : la brique est à corriger"
        if report is not None:
            return f"reportée jusqu'au {jour_court(report.jusqu_au)}"
        if ligne.visa and not any(v.traitement == ligne.traitement for v in self.visas):
            return "le visa des archives manque"
        regards = {d.par for d in self.approbations}
        if not regards:
            return "le plan n'est pas approuvé"
        if ligne.second_regard and len(regards) < 2:
            return "une seconde personne doit approuver : plus d'un cinquième de la table partirait"
        return ""

    @property
    def a_annoncer(self) -> tuple[LigneConservation, ...]:
        """Lignes que ce plan, approuvé, peut éliminer, et dont l'avis n'est pas donné."""
        if self.etat not in EN_ATTENTE:
            return ()
        return tuple(li for li in self.a_faire if li.rang not in self.avis and not self.definitif(li))

    @property
    def pretes(self) -> tuple[LigneConservation, ...]:
        """Lignes que seul le préavis retient ; aucune, si le plan n'est pas à exécuter."""
        if self.etat not in EN_ATTENTE:
            return ()
        return tuple(li for li in self.a_faire if not self.empechement(li))

    def unite(self, ligne: LigneConservation) -> tuple[LigneConservation, ...]:
        """Lignes qui partent ensemble : même traitement, même établissement, même année.

        :param ligne: l'une d'elles.
        """
        cle = (ligne.traitement, ligne.uai, ligne.periode)
        return tuple(li for li in self.a_faire if (li.traitement, li.uai, li.periode) == cle)

    def definitif(self, ligne: LigneConservation) -> bool:
        """Vrai si ce plan n'éliminera jamais cette ligne, quoi que l'on attende.

        :param ligne: ligne du plan.
        """
        return bool(ligne.defaut or self.report(ligne))

    def report(self, ligne: LigneConservation) -> ReportConservation | None:
        """Report qui couvre une ligne ce jour-là.

        :param ligne: ligne du plan.
        """
        return next(
            (
                r
                for r in self.reports
                if (r.traitement, r.objet, r.uai, r.periode)
                == (ligne.traitement, ligne.objet, ligne.uai, ligne.periode)
                and r.jusqu_au > self.jour
            ),
            None,
        )


def ouvrir(session: Session, horloge: Horloge, plan_id: UUID, uai: str | None = None) -> Dossier:
    """Ouvre le dossier d'un plan.

    :param session: session de l'académie.
    :param plan_id: plan.
    :param uai: établissement qui regarde : ses plans, sa part de ceux de l'académie ; ``None``, l'académie.
    :raises Introuvable: plan inconnu, ou d'un autre établissement.
    """
    plan = session.get(PlanConservation, plan_id)
    if plan is None or (uai is not None and plan.uai not in (uai, None)):
        raise Introuvable("ce plan n'existe pas ici.", remede="le chercher dans la liste des plans.")

    def siens(table: type[DecisionConservation] | type[VisaElimination]) -> list[object]:
        return list(session.scalars(select(table).where(table.plan_id == plan_id).order_by(table.id)))

    return Dossier(
        plan,
        tuple(li for li in lignes(session, plan_id) if uai in (None, li.uai)),
        tuple(d for d in siens(DecisionConservation) if isinstance(d, DecisionConservation)),
        tuple(session.scalars(select(ReportConservation).order_by(ReportConservation.id))),
        tuple(v for v in siens(VisaElimination) if isinstance(v, VisaElimination)),
        frozenset(
            session.scalars(select(Preuve.rang).where(Preuve.plan_id == plan_id, Preuve.nature == "bilan"))
        ),
        horloge.aujourd_hui(),
        partiel=uai is not None and plan.uai is None,
        avis=avis_d_elimination.lister(session, plan_id),
    )


def plans(session: Session, uai: str | None = None, *, limite: int = 30) -> list[PlanConservation]:
    """Plans, du plus récent au plus ancien.

    :param session: session de l'académie.
    :param uai: ceux d'un établissement et de l'académie ; ``None`` pour tous.
    :param limite: nombre maximal.
    """
    enonce = select(PlanConservation).order_by(PlanConservation.id.desc()).limit(limite)
    siens = or_(PlanConservation.uai == uai, PlanConservation.uai.is_(None))
    return list(session.scalars(enonce if uai is None else enonce.where(siens)))


def en_attente(session: Session, horloge: Horloge) -> list[Dossier]:
    """Plans approuvés qu'il reste à exécuter, de toute l'académie, le plus récent d'abord.

    :param session: session de l'académie.
    """
    d = DecisionConservation
    approuves = select(d.plan_id).where(d.nature == "approbation", d.jour > horloge.aujourd_hui() - VALIDITE)
    ids = session.scalars(
        select(PlanConservation.id)
        .where(PlanConservation.id.in_(approuves))
        .order_by(PlanConservation.id.desc())
    ).all()
    dossiers = (ouvrir(session, horloge, plan_id) for plan_id in ids)
    return [dossier for dossier in dossiers if dossier.etat in EN_ATTENTE]
