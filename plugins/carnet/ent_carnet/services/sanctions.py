"""Prononcer, notifier, exécuter une sanction ; révoquer un sursis ; lire ce qui est au dossier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    Portee,
    eleves,
    nommer,
    peut_atteindre,
)
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import SanctionEleve
from ent_carnet.nomenclatures import (
    Accompagnement,
    EtapeProcedure,
    EtatSanction,
    Mesure,
    MotifDiscipline,
    NatureAffichage,
    Sanction,
    Voie,
)
from ent_carnet.regles.effacement import bornes_du_sursis
from ent_carnet.regles.procedure import Acte, Decision
from ent_carnet.regles.sursis import Suite, dans_le_sursis, empechement
from ent_carnet.services import avis, effacement, registre
from ent_carnet.services.dossier import Dossier, Pieces, appliquer, au_dossier, charger
from ent_carnet.services.procedure import absent
from ent_carnet.services.punitions import lien_famille

__all__ = [
    "Prononce",
    "SanctionLue",
    "du_dossier",
    "executer",
    "lister",
    "notifier",
    "prononcer",
    "sursis_en_cours",
    "trouver",
]

_INSCRITES = (EtatSanction.NOTIFIEE, EtatSanction.EXECUTEE)
_MOTIF_ABSENCE: Mapping[int, str] = {
    Sanction.EXCLUSION_DE_LA_CLASSE: "exclusion_classe",
    Sanction.EXCLUSION_DE_L_ETABLISSEMENT: "exclusion",
}


@dataclass(frozen=True, slots=True)
class Prononce:
    """Une décision à prononcer.

    :param decision: la sanction ; ``None`` si l'on ne fait que révoquer un sursis.
    :param motivation: pourquoi, en droit et en fait.
    :param suite: ce qui est décidé d'un sursis en cours.
    :param sursis_id: sanction dont le sursis est révoqué.
    :param par_conseil: décidé par le conseil de discipline.
    :param accompagnement: ce qui est proposé avec (DISC-26).
    """

    le: date
    motivation: str
    decision: Decision | None = None
    suite: Suite = Suite.SANCTION_SEULE
    sursis_id: UUID | None = None
    par_conseil: bool = False
    accompagnement: Accompagnement | None = None
    pieces: Pieces | None = None


@dataclass(frozen=True, slots=True)
class SanctionLue:
    """Une sanction dans une liste : ce que tous ses lecteurs peuvent en savoir."""

    id: UUID
    eleve: PersonneNommee
    etat: EtatSanction
    motif: MotifDiscipline
    sanction: Sanction | None
    par_conseil: bool
    prononcee_le: date | None
    jours: int | None
    heures: int | None
    du: date | None
    au: date | None
    sursis_jusqu_au: date | None
    mesure: Mesure


def prononcer(session: Session, contexte: Contexte, sanction_id: UUID, prononce: Prononce) -> Dossier:
    """Prononce la sanction, révoque un sursis, ou les deux (DISC-13).

    :param session: session ouverte dans l'établissement.
    :param contexte: chef d'établissement ; il enregistre aussi ce que le conseil décide.
    :param sanction_id: procédure.
    :param prononce: la décision.
    :raises DonneeInvalide: elle est incomplète, ou le terme du sursis hors des bornes.
    :raises OperationRefusee: la procédure ou la loi ne le permet pas.
    """
    dossier = charger(session, contexte, sanction_id, pour_agir=True)
    if (prononce.suite is Suite.REVOCATION_SEULE) != (prononce.decision is None):
        raise DonneeInvalide("dire la sanction, ou révoquer seulement.", remede="compléter la décision.")
    if prononce.decision is not None:
        _exiger_bornes(session, contexte, prononce.decision, prononce.le)
        _exiger_pieces(prononce)
    if prononce.suite is not Suite.SANCTION_SEULE:
        _revoquer(session, contexte, dossier, prononce)
    if prononce.decision is None:
        return _conclure_par_la_revocation(session, contexte, dossier, prononce)
    acte = Acte(EtapeProcedure.PRONONCE, prononce.le, decision=prononce.decision)
    s = dossier.sanction
    s.motivation, s.accompagnement = prononce.motivation, prononce.accompagnement
    if prononce.pieces is not None:
        prononce.pieces.joindre(s)
    apres = appliquer(session, contexte, dossier, acte)
    registre.tenir(session, contexte.uai, contexte.jour)
    return apres


def notifier(
    session: Session, contexte: Contexte, sanction_id: UUID, le: date, voie: Voie, instant: datetime
) -> Dossier:
    """Notifie la décision, avec ses voies de recours ; la famille la lit alors dans le carnet.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui notifie.
    :param sanction_id: procédure.
    :param le: jour de la notification.
    :param voie: comment la lettre est remise.
    :param instant: maintenant.
    """
    dossier = charger(session, contexte, sanction_id, pour_agir=True)
    apres = appliquer(session, contexte, dossier, Acte(EtapeProcedure.NOTIFICATION_DECISION, le, voie))
    s = apres.sanction
    avis.publier(
        session, contexte, eleve_id=s.eleve_id, annee=contexte.annee, nature=NatureAffichage.SANCTION,
        objet_id=s.id, visible_le=instant, lien=lien_famille(s.eleve_id),
    )  # fmt: skip
    return apres


def executer(
    session: Session,
    contexte: Contexte,
    sanction_id: UUID,
    *,
    du: date | None,
    au: date | None,
    instant: datetime,
) -> Dossier:
    """Exécute la sanction. Une exclusion a ses jours : l'appel saura que l'élève n'est pas attendu en classe.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui l'exécute.
    :param sanction_id: sanction notifiée.
    :param du: premier jour d'une exclusion ; pour une exclusion définitive, le jour où elle prend effet.
    :param au: dernier jour d'une exclusion temporaire.
    :param instant: maintenant.
    :raises DonneeInvalide: les jours ne vont pas à la sanction prononcée.
    """
    dossier = charger(session, contexte, sanction_id, pour_agir=True)
    s = dossier.sanction
    apres = appliquer(session, contexte, dossier, Acte(EtapeProcedure.EXECUTION, contexte.jour))
    motif = _MOTIF_ABSENCE.get(s.sanction or 0)
    if motif is not None:
        if du is None or au is None or not du <= au or (au - du).days >= 3 * (s.jours or 0) + 7:
            raise DonneeInvalide(
                "une exclusion a un premier et un dernier jour, à la suite.", remede="corriger les dates."
            )
        s.du, s.au = du, au
        absent(session, contexte, s.eleve_id, du, au, motif, instant)
    elif s.sanction == Sanction.EXCLUSION_DEFINITIVE:
        s.du = du or contexte.jour
    session.flush()
    return apres


def lister(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    *,
    instruction: bool,
    eleve_id: UUID | None = None,
    sanction_id: UUID | None = None,
) -> list[SanctionLue]:
    """Sanctions du périmètre, la plus récente d'abord ; deux énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param instruction: avec les procédures en cours ; sinon, ce qui est notifié seulement.
    :param eleve_id: un seul élève.
    :param sanction_id: une seule sanction.
    """
    s = SanctionEleve
    enonce = (
        select(
            s.id, s.eleve_id, s.etat, s.motif, s.sanction, s.par_conseil, s.prononcee_le, s.jours, s.heures,
            s.du, s.au, s.sursis_jusqu_au, s.mesure,
        )
        .where(s.uai == contexte.uai, s.eleve_id.in_(eleves(contexte, portee)), au_dossier(contexte))
        .order_by(s.id.desc())
        .limit(300)
    )  # fmt: skip
    if not instruction:
        enonce = enonce.where(s.etat.in_(_INSCRITES))
    if eleve_id is not None:
        enonce = enonce.where(s.eleve_id == eleve_id)
    if sanction_id is not None:
        enonce = enonce.where(s.id == sanction_id)
    lignes = session.execute(enonce).all()
    noms = nommer(session, {ligne.eleve_id for ligne in lignes})
    return [_lue(ligne, noms[ligne.eleve_id]) for ligne in lignes if ligne.eleve_id in noms]


def trouver(session: Session, contexte: Contexte, portee: Portee, sanction_id: UUID) -> SanctionLue:
    """Une sanction notifiée, telle qu'un enseignant de l'élève la lit.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param sanction_id: sanction.
    :raises Introuvable: elle n'existe pas pour cette personne.
    """
    trouvees = lister(session, contexte, portee, instruction=False, sanction_id=sanction_id)
    if not trouvees:
        raise Introuvable("cette sanction n'existe pas.", remede="revenir à la liste des sanctions.")
    return trouvees[0]


def du_dossier(session: Session, contexte: Contexte, portee: Portee, sanction_id: UUID) -> Dossier:
    """Le dossier entier, et qui en a noté chaque étape, pour qui l'instruit.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param sanction_id: procédure.
    :raises Introuvable: elle n'existe pas pour cette personne.
    """
    dossier = charger(session, contexte, sanction_id, auteurs=True)
    if not peut_atteindre(session, contexte, portee, dossier.sanction.eleve_id):
        raise Introuvable("cette procédure n'existe pas.", remede="revenir à la liste des sanctions.")
    return dossier


def sursis_en_cours(session: Session, contexte: Contexte, dossier: Dossier) -> list[SanctionEleve]:
    """Sanctions de l'élève dont le sursis courait le jour des faits : elles peuvent être révoquées.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui décide.
    :param dossier: procédure nouvelle.
    """
    s, nouvelle = SanctionEleve, dossier.sanction
    anciennes = session.scalars(
        select(s).where(
            s.uai == contexte.uai, s.eleve_id == nouvelle.eleve_id, s.id != nouvelle.id,
            s.etat == EtatSanction.NOTIFIEE, s.sursis_jusqu_au.is_not(None), s.sursis_revoque_le.is_(None),
            au_dossier(contexte),
        )
    )  # fmt: skip
    return [
        une for une in anciennes
        if une.prononcee_le and une.sursis_jusqu_au and dans_le_sursis(
            nouvelle.faits_le, prononcee_le=une.prononcee_le, sursis_jusqu_au=une.sursis_jusqu_au
        )
    ]  # fmt: skip


def _revoquer(session: Session, contexte: Contexte, nouvelle: Dossier, prononce: Prononce) -> None:
    permises = {une.id for une in sursis_en_cours(session, contexte, nouvelle)}
    if prononce.sursis_id is None or prononce.sursis_id not in permises:
        raise OperationRefusee(
            "aucun sursis de cet élève ne courait le jour des faits.", remede="prononcer une sanction seule."
        )
    defense = nouvelle.procedure.defense_jusqu_au
    if defense is None or prononce.le <= defense:
        raise OperationRefusee(
            "le délai de deux jours ouvrables pour se défendre n'est pas écoulé.",
            remede="attendre son terme.",
        )
    ancienne = charger(session, contexte, prononce.sursis_id, pour_agir=True)
    nouveaux = (prononce.decision.jours or 0) if prononce.decision else 0
    trop = empechement(prononce.suite, nouveaux=nouveaux, revoques=ancienne.sanction.jours or 0)
    if trop is not None:
        raise OperationRefusee(trop, remede="réduire la nouvelle exclusion, ou ne pas révoquer.")
    par_conseil = prononce.decision.par_conseil if prononce.decision else prononce.par_conseil
    acte = Acte(EtapeProcedure.REVOCATION_SURSIS, prononce.le, par_conseil=par_conseil)
    appliquer(session, contexte, ancienne, acte)


def _conclure_par_la_revocation(
    session: Session, contexte: Contexte, dossier: Dossier, prononce: Prononce
) -> Dossier:
    dossier.sanction.motivation = prononce.motivation
    return appliquer(session, contexte, dossier, Acte(EtapeProcedure.CLASSEMENT, prononce.le))


def _exiger_bornes(session: Session, contexte: Contexte, decision: Decision, le: date) -> None:
    if decision.sursis_jusqu_au is None:
        return
    bornes = bornes_du_sursis(decision.sanction, le, effacement.calendrier(session, contexte.uai))
    if bornes is None or not bornes[0] <= decision.sursis_jusqu_au <= bornes[1]:
        raise DonneeInvalide(
            "le terme du sursis va de la fin de l'année scolaire à celle de l'inscription de la sanction.",
            remede="choisir une date dans ces bornes.",
        )


def _exiger_pieces(prononce: Prononce) -> None:
    d = prononce.decision
    responsabilise = d is not None and d.sanction is Sanction.MESURE_DE_RESPONSABILISATION
    if prononce.pieces is not None and not responsabilise:
        raise DonneeInvalide(
            "seule une mesure de responsabilisation se fait hors de l'établissement.",
            remede="ôter les pièces.",
        )


def _lue(ligne: Row[*tuple[Any, ...]], eleve: PersonneNommee) -> SanctionLue:
    return SanctionLue(
        ligne.id, eleve, EtatSanction(ligne.etat), MotifDiscipline(ligne.motif),
        Sanction(ligne.sanction) if ligne.sanction else None, ligne.par_conseil, ligne.prononcee_le,
        ligne.jours, ligne.heures, ligne.du, ligne.au, ligne.sursis_jusqu_au, Mesure(ligne.mesure),
    )  # fmt: skip
