"""La demande écrite d'un personnel : engager une procédure, ou réunir le conseil de discipline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ent_core.brique import Contexte, Introuvable, OperationRefusee, PersonneNommee, Portee, nommer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import DemandeSanction
from ent_carnet.modeles.communs import SUIVI
from ent_carnet.nomenclatures import MotifDiscipline, SuiteDemande
from ent_carnet.regles.engagement import Obligation, obligation
from ent_carnet.services.atteinte import exiger_atteint

__all__ = ["DemandeLue", "deposer", "en_attente", "lister", "suivre", "trouver"]


@dataclass(frozen=True, slots=True)
class DemandeLue:
    """Une demande, telle que la liste la montre."""

    demande: DemandeSanction
    eleve: PersonneNommee | None
    auteur: PersonneNommee | None
    obligation: Obligation | None


def deposer(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    *,
    eleve_id: UUID,
    motif: MotifDiscipline,
    faits: str,
    conseil: bool,
    personnel_vise: bool,
) -> DemandeSanction:
    """Dépose une demande ; la direction et le CPE la voient aussitôt.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui demande.
    :param portee: périmètre de la permission.
    :param eleve_id: élève.
    :param motif: motif, dans la liste.
    :param faits: ce qui s'est passé.
    :param conseil: demande écrite de réunir le conseil de discipline.
    :param personnel_vise: les faits visent un membre du personnel.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    demande = DemandeSanction(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, conseil=conseil, motif=motif, faits=faits,
        personnel_vise=personnel_vise, jour=contexte.jour, auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(demande)
    session.flush()
    return demande


def lister(session: Session, contexte: Contexte) -> list[DemandeLue]:
    """Demandes de l'année : toutes pour le CPE et la direction, les siennes pour les autres.

    Ce qui attend d'abord, et parmi cela ce que le texte impose.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    """
    d = DemandeSanction
    enonce = (
        select(d).where(d.uai == contexte.uai, d.annee == contexte.annee).order_by(d.id.desc()).limit(300)
    )
    if contexte.roles.isdisjoint(SUIVI):
        enonce = enonce.where(d.auteur_id == contexte.personne_id)
    demandes: Sequence[DemandeSanction] = session.scalars(enonce).all()
    noms = nommer(session, {qui for une in demandes for qui in (une.eleve_id, une.auteur_id) if qui})
    lues = [
        DemandeLue(
            une, noms.get(une.eleve_id), noms.get(une.auteur_id) if une.auteur_id else None, _impose(une)
        )
        for une in demandes
    ]
    return sorted(lues, key=lambda lue: (lue.demande.suite != SuiteDemande.ATTENTE, lue.obligation is None))


def suivre(session: Session, contexte: Contexte, demande_id: UUID, suite: SuiteDemande) -> DemandeSanction:
    """Donne suite à une demande.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui décide.
    :param demande_id: demande.
    :param suite: procédure engagée, ou sans suite.
    :raises OperationRefusee: elle a déjà une suite.
    """
    demande = trouver(session, contexte, demande_id)
    if demande.suite != SuiteDemande.ATTENTE or suite is SuiteDemande.ATTENTE:
        raise OperationRefusee("cette demande a déjà une suite.", remede="revenir à la liste des demandes.")
    demande.suite, demande.suivie_le, demande.suivie_par = suite, contexte.jour, contexte.personne_id
    session.flush()
    return demande


def trouver(session: Session, contexte: Contexte, demande_id: UUID) -> DemandeSanction:
    """Une demande de l'année.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param demande_id: demande.
    :raises Introuvable: elle n'existe pas ici.
    """
    trouvee = session.get(DemandeSanction, (contexte.uai, contexte.annee, demande_id))
    if trouvee is None:
        raise Introuvable("cette demande n'existe pas.", remede="revenir à la liste des demandes.")
    return trouvee


def en_attente(session: Session, contexte: Contexte) -> tuple[int, list[tuple[date, Obligation]]]:
    """Nombre de demandes qui attendent, et celles où le texte impose d'agir (DISC-19) ; un énoncé.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    """
    d = DemandeSanction
    lignes = session.execute(
        select(d.motif, d.personnel_vise, d.jour, func.count())
        .where(d.uai == contexte.uai, d.annee == contexte.annee, d.suite == SuiteDemande.ATTENTE)
        .group_by(d.motif, d.personnel_vise, d.jour)
        .order_by(d.jour)
    ).all()
    imposees = [
        (jour, impose)
        for motif, vise, jour, nombre in lignes
        if (impose := obligation(MotifDiscipline(motif), personnel_vise=vise)) is not None
        for _ in range(nombre)
    ]
    return sum(ligne[3] for ligne in lignes), imposees


def _impose(demande: DemandeSanction) -> Obligation | None:
    return obligation(MotifDiscipline(demande.motif), personnel_vise=demande.personnel_vise)
