"""Le dossier d'une procédure : ce que la base en garde, vu par la règle, et ce que la règle y change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import FUSEAU, Contexte, DonneeInvalide, Introuvable, OperationRefusee
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, undefer

from ent_carnet.modeles import Etape, SanctionEleve
from ent_carnet.modeles.communs import SUIVI
from ent_carnet.nomenclatures import EtapeProcedure, EtatSanction, Issue, Mesure, Sanction
from ent_carnet.regles.procedure import Acte, Decision, Procedure, Refus, jouer
from ent_carnet.services import effacement

__all__ = [
    "AUDITION",
    "CONSEIL",
    "Dossier",
    "Pieces",
    "appliquer",
    "au_dossier",
    "charger",
    "en_alsace_moselle",
    "lit_les_dossiers",
]

_ALSACE_MOSELLE = frozenset({"057", "067", "068"})
"""Départements, en tête du code UAI, où le vendredi saint et le 26 décembre sont fériés."""


AUDITION = (EtapeProcedure.CONVOCATION_AUDITION,)
CONSEIL = (EtapeProcedure.CONVOCATION_CONSEIL, EtapeProcedure.SECONDE_CONVOCATION)
"""Étapes qui disent quand et où l'élève est entendu : par le chef d'établissement, par le conseil."""

_ISSUES = dict(zip(Sanction, list(Issue)[2:], strict=True))


@dataclass(frozen=True, slots=True)
class Dossier:
    """Une procédure et ses étapes, de la plus ancienne à la plus récente."""

    sanction: SanctionEleve
    etapes: Sequence[Etape]

    @property
    def audition(self) -> Etape | None:
        """Dernière convocation pour être entendu par le chef d'établissement."""
        return self._derniere(AUDITION)

    @property
    def conseil(self) -> Etape | None:
        """Dernière convocation devant le conseil de discipline."""
        return self._derniere(CONSEIL)

    @property
    def convocation(self) -> Etape | None:
        """La dernière, devant l'un ou l'autre."""
        return self._derniere((*AUDITION, *CONSEIL))

    def _derniere(self, natures: Sequence[EtapeProcedure]) -> Etape | None:
        return next((etape for etape in reversed(self.etapes) if etape.nature in natures), None)

    @property
    def procedure(self) -> Procedure:
        """La procédure, telle que la règle la voit."""
        s, audition = self.sanction, self.audition
        decision = None
        if s.sanction is not None:
            decision = Decision(
                Sanction(s.sanction), s.par_conseil, s.jours, s.heures, s.sursis_jusqu_au, Mesure(s.mesure)
            )
        return Procedure(
            s.faits_le,
            EtatSanction(s.etat),
            s.majeur,
            en_alsace_moselle(s.uai),
            tuple((EtapeProcedure(etape.nature), etape.le) for etape in self.etapes),
            s.conseil_le,
            decision,
            Mesure(s.mesure),
            s.sursis_revoque_le,
            audition.reunion_le.astimezone(FUSEAU).date() if audition and audition.reunion_le else None,
        )


@dataclass(frozen=True, slots=True)
class Pieces:
    """Ce qu'une mesure hors de l'établissement exige (DISC-20) : accord, convention, engagement signé."""

    accord_le: date
    convention_le: date
    engagement_le: date

    def joindre(self, sanction: SanctionEleve) -> None:
        """Inscrit les trois pièces au dossier.

        :param sanction: sanction prononcée, ou dont la mesure alternative est acceptée.
        """
        sanction.hors_etablissement = True
        sanction.accord_le, sanction.convention_le = self.accord_le, self.convention_le
        sanction.engagement_le = self.engagement_le


def au_dossier(contexte: Contexte) -> ColumnElement[bool]:
    """Ce qui n'est pas effacé : à son terme, une sanction ne se lit plus, avant même d'être éliminée.

    :param contexte: qui regarde, et quel jour.
    """
    return or_(SanctionEleve.efface_le.is_(None), SanctionEleve.efface_le > contexte.jour)


def lit_les_dossiers(contexte: Contexte) -> bool:
    """Vrai pour la direction et le CPE, qui lisent le dossier ; un enseignant lit ce qui est notifié.

    :param contexte: qui regarde.
    """
    return not contexte.roles.isdisjoint(SUIVI)


def en_alsace_moselle(uai: str) -> bool:
    """Vrai pour un établissement du Haut-Rhin, du Bas-Rhin ou de la Moselle.

    :param uai: établissement.
    """
    return uai[:3] in _ALSACE_MOSELLE


def charger(
    session: Session, contexte: Contexte, sanction_id: UUID, *, pour_agir: bool = False, auteurs: bool = False
) -> Dossier:
    """Le dossier d'une procédure de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit ; la page a déjà borné l'élève.
    :param sanction_id: procédure.
    :param pour_agir: retient la ligne : deux personnes n'avancent pas la même procédure à la fois.
    :param auteurs: avec qui a noté chaque étape ; la famille ne le reçoit pas.
    :raises Introuvable: elle n'existe pas ici.
    """
    s = SanctionEleve
    enonce = select(s).where(s.uai == contexte.uai, s.id == sanction_id, au_dossier(contexte))
    sanction = session.scalars(enonce.with_for_update() if pour_agir else enonce).one_or_none()
    if sanction is None:
        raise Introuvable("cette procédure n'existe pas.", remede="revenir à la liste des sanctions.")
    e = Etape
    suite = select(e).where(e.uai == contexte.uai, e.sanction_id == sanction_id).order_by(e.le, e.id)
    etapes = session.scalars(suite.options(undefer(e.auteur_id)) if auteurs else suite).all()
    return Dossier(sanction, etapes)


def appliquer(session: Session, contexte: Contexte, dossier: Dossier, acte: Acte) -> Dossier:
    """Fait avancer la procédure d'une étape, si la règle le permet.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param dossier: dossier, retenu pour agir.
    :param acte: étape.
    :raises DonneeInvalide: elle est datée d'un jour à venir.
    :raises OperationRefusee: la règle la refuse.
    """
    if acte.le > contexte.jour:
        raise DonneeInvalide("une étape ne se note pas avant d'avoir eu lieu.", remede="corriger la date.")
    try:
        apres = jouer(dossier.procedure, acte)
    except Refus as refus:
        raise OperationRefusee(str(refus), remede="relire les étapes de la procédure.") from refus
    s = dossier.sanction
    s.etat, s.mesure = apres.etat, apres.mesure
    s.defense_jusqu_au, s.conseil_le = apres.defense_jusqu_au, apres.conseil_le
    s.sursis_revoque_le = apres.revoque_le
    if acte.etape is EtapeProcedure.PRONONCE and apres.decision is not None:
        d = apres.decision
        s.sanction, s.par_conseil, s.jours, s.heures = d.sanction, d.par_conseil, d.jours, d.heures
        s.sursis_jusqu_au, s.prononcee_le, s.prononcee_par = d.sursis_jusqu_au, acte.le, contexte.personne_id
        s.issue = _ISSUES[d.sanction]
    if acte.etape is EtapeProcedure.CLASSEMENT:
        s.issue = Issue.SANS_SANCTION
    r = acte.reunion
    etape = Etape(
        uai=s.uai, sanction_id=s.id, nature=acte.etape, le=acte.le, voie=acte.voie,
        reunion_le=datetime.combine(r.jour, r.heure, FUSEAU) if r else None,
        reunion_lieu=r.lieu if r else None, auteur_id=contexte.personne_id, efface_le=s.efface_le,
    )  # fmt: skip
    session.add(etape)
    session.flush()
    due = effacement.echeance(
        effacement.calendrier(session, s.uai), annee=s.annee, etat=s.etat, sanction=s.sanction,
        prononcee_le=s.prononcee_le, mesure=s.mesure,
    )  # fmt: skip
    if due != s.efface_le and s.effacement_demande_le is None:
        effacement.poser(session, s, due)
        session.flush()
    return Dossier(s, [*dossier.etapes, etape])
