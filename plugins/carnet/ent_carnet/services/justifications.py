"""Le motif qu'une famille propose : envoyé, puis accepté ou refusé par une personne. Le registre ne bouge
qu'alors (§ 4.3, règle 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    Source,
    annee_scolaire,
)
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from ent_carnet.modeles import Absence, Justification
from ent_carnet.nomenclatures import EtatJustification, Genre
from ent_carnet.services import absences, examen, motifs

__all__ = [
    "Decidee",
    "a_traiter",
    "accepter",
    "decidee",
    "declarer",
    "refuser",
    "reprendre",
    "retirer",
    "touchees",
    "trouver",
]

_DECIDEES = (EtatJustification.ACCEPTEE, EtatJustification.REFUSEE)


class Decidee(NamedTuple):
    """Une décision du jour, qui peut encore se reprendre.

    :param regle: une absence, au moins, en a pris le motif.
    """

    id: UUID
    etat: str
    regle: bool


def declarer(
    session: Session,
    *,
    uai: str,
    eleve_id: UUID,
    declarant_id: UUID | None,
    debut: datetime,
    fin: datetime,
    motif_id: UUID,
    jour: date,
    source: Source = Source.SAISIE,
) -> Justification:
    """Enregistre le motif qu'une famille donne, avant ou après l'absence (ABS-03).

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param eleve_id: élève, déjà atteint par qui déclare.
    :param declarant_id: responsable, ou élève majeur.
    :param debut: début, avec fuseau.
    :param fin: fin, avec fuseau.
    :param motif_id: motif proposable.
    :param jour: jour de réception.
    :param source: à l'écran, ou reçu sur papier.
    :raises DonneeInvalide: fin avant le début, ou motif qu'une famille ne propose pas.
    """
    if fin <= debut:
        raise DonneeInvalide("la fin d'une absence suit son début.", remede="corriger l'heure de fin.")
    motif = motifs.par_id(session, uai, motif_id)
    if not motif.proposable or motif.ferme_le is not None:
        raise DonneeInvalide(
            "ce motif n'est pas de ceux qu'une famille propose.", remede="en choisir un autre dans la liste."
        )
    justification = Justification(
        uai=uai, annee=annee_scolaire(debut.astimezone(FUSEAU).date()), eleve_id=eleve_id,
        declarant_id=declarant_id, debut=debut, fin=fin, motif_id=motif_id, source=source, recue_le=jour,
    )  # fmt: skip
    session.add(justification)
    session.flush()
    return justification


def a_traiter(
    session: Session,
    uai: str,
    annee: int,
    eleves: Sequence[UUID] | Select[UUID] | None = None,
    limite: int = 100,
) -> Sequence[Justification]:
    """Motifs proposés qui attendent une personne, du plus ancien au plus récent.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: ceux de ces seuls élèves ; par défaut, de tous.
    :param limite: au plus.
    """
    enonce = select(Justification).where(
        Justification.uai == uai, Justification.annee == annee,
        Justification.etat == EtatJustification.ENVOYEE,
    )  # fmt: skip
    if eleves is not None:
        enonce = enonce.where(Justification.eleve_id.in_(eleves))
    return session.scalars(enonce.order_by(Justification.recue_le, Justification.id).limit(limite)).all()


def touchees(session: Session, justification: Justification) -> Sequence[Absence]:
    """Absences non annulées que couvre, en tout ou partie, un motif proposé.

    :param session: session ouverte dans l'établissement.
    :param justification: motif proposé.
    """
    motif = motifs.par_id(session, justification.uai, justification.motif_id)
    return session.scalars(
        select(Absence)
        .where(
            Absence.uai == justification.uai, Absence.annee == justification.annee,
            Absence.eleve_id == justification.eleve_id, Absence.genre == motif.genre,
            Absence.debut < justification.fin, Absence.fin > justification.debut,
            Absence.annulee_le.is_(None),
        )
        .order_by(Absence.debut)
    ).all()  # fmt: skip


def accepter(
    session: Session,
    uai: str,
    annee: int,
    justification_id: UUID,
    *,
    auteur_id: UUID,
    instant: datetime,
    examinee: bool = False,
) -> list[Absence]:
    """Accepte : les absences couvertes prennent ce motif ; à venir, l'absence est annoncée à l'appel.

    Une absence couverte en partie seulement n'est pas touchée : une personne en juge. Si les responsables ne
    sont pas d'accord, une personne examine ; les motifs contraires en attente sont alors refusés (FAM-05).

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :param auteur_id: qui accepte.
    :param instant: maintenant.
    :param examinee: la personne dit avoir entendu chacun des responsables.
    :raises OperationRefusee: il a déjà été traité, un doute sérieux tient, ou l'examen n'est pas fait.
    """
    proposee = trouver(session, uai, annee, justification_id)
    contraires = examen.exiger_acceptable(session, proposee, examinee=examinee)
    justification = _clore(
        session, uai, annee, justification_id, EtatJustification.ACCEPTEE, auteur_id, instant
    )
    for contraire in sorted(contraires):
        if trouver(session, uai, annee, contraire).etat == EtatJustification.ENVOYEE:
            ecartee = _clore(session, uai, annee, contraire, EtatJustification.REFUSEE, auteur_id, instant)
            ecartee.retenue_id = justification_id
    motif = motifs.par_id(session, uai, justification.motif_id)
    couvertes = [
        absence
        for absence in touchees(session, justification)
        if justification.debut <= absence.debut and absence.fin <= justification.fin
    ]
    if not couvertes and justification.fin > instant and motif.genre == Genre.ABSENCE:
        annoncee = absences.ouvrir(
            session, uai=uai, eleve_id=justification.eleve_id, debut=justification.debut,
            fin=justification.fin, motif_cle=motif.code, auteur_id=auteur_id, instant=instant,
            source=Source(justification.source), annoncee=True, justification_id=justification_id,
        )  # fmt: skip
        return [annoncee]
    return absences.qualifier(
        session, uai, annee, [absence.id for absence in couvertes], motif_id=motif.id, reglee=None,
        auteur_id=auteur_id, instant=instant, justification_id=justification_id,
    )  # fmt: skip


def refuser(
    session: Session, uai: str, annee: int, justification_id: UUID, *, auteur_id: UUID, instant: datetime
) -> Justification:
    """Refuse : le registre ne change pas, et le refus reste dit.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :param auteur_id: qui refuse.
    :param instant: maintenant.
    :raises OperationRefusee: il a déjà été traité.
    """
    return _clore(session, uai, annee, justification_id, EtatJustification.REFUSEE, auteur_id, instant)


def reprendre(
    session: Session, uai: str, annee: int, justification_id: UUID, *, auteur_id: UUID, instant: datetime
) -> list[Absence]:
    """Une décision donnée par erreur : le jour même, le motif attend de nouveau, et rien n'en reste.

    D'une acceptation, les absences redeviennent ce qu'elles étaient, et les motifs contraires qu'elle avait
    fait refuser attendent de nouveau.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :param auteur_id: qui revient sur la décision.
    :param instant: maintenant.
    :returns: absences qui ont changé.
    :raises OperationRefusee: rien n'en a été décidé ce jour.
    """
    justification = trouver(session, uai, annee, justification_id)
    jour = instant.astimezone(FUSEAU).date()
    if justification.etat not in _DECIDEES or justification.traitee_le != jour:
        raise OperationRefusee(
            "seule une décision du jour se reprend.", remede="donner le motif dans le dossier de l'élève."
        )
    j = Justification
    ecartees = select(j.id).where(
        j.uai == uai, j.annee == annee, j.eleve_id == justification.eleve_id, j.retenue_id == justification_id
    )
    for une in (justification_id, *session.scalars(ecartees).all()):
        _rouvrir(trouver(session, uai, annee, une))
    return absences.revenir(session, justification, auteur_id=auteur_id, instant=instant)


def decidee(session: Session, uai: str, annee: int, justification_id: UUID, jour: date) -> Decidee | None:
    """Ce qui a été décidé d'un motif ce jour, et s'il a réglé une absence ; ``None``, rien à reprendre.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :param jour: aujourd'hui.
    """
    j, a = Justification, Absence
    regle = select(a.id).where(
        a.uai == j.uai, a.annee == j.annee, a.eleve_id == j.eleve_id, a.justification_id == j.id
    )
    lue = session.execute(
        select(j.id, j.etat, regle.exists()).where(
            j.uai == uai, j.annee == annee, j.id == justification_id, j.etat.in_(_DECIDEES),
            j.traitee_le == jour,
        )
    ).one_or_none()  # fmt: skip
    return Decidee(*lue) if lue else None


def retirer(
    session: Session, uai: str, annee: int, justification_id: UUID, *, declarant_id: UUID, instant: datetime
) -> Justification:
    """Retire ce que l'on a soi-même envoyé, tant que personne ne l'a traité.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :param declarant_id: qui l'avait envoyé.
    :param instant: maintenant.
    :raises Introuvable: il n'est pas de cette personne.
    :raises OperationRefusee: il a déjà été traité.
    """
    justification = trouver(session, uai, annee, justification_id)
    if justification.declarant_id != declarant_id:
        raise _introuvable()
    return _clore(session, uai, annee, justification_id, EtatJustification.RETIREE, None, instant)


def trouver(session: Session, uai: str, annee: int, justification_id: UUID) -> Justification:
    """Un motif proposé, retenu jusqu'à la fin de la transaction : deux personnes n'en décident pas à la fois.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param justification_id: motif proposé.
    :raises Introuvable: il n'existe pas ici.
    """
    # Qui a traité n'est pas pour la famille, qui passe aussi par ici.
    sans_agent = [defer(Justification.traitee_par)]
    cle = (uai, annee, justification_id)
    trouvee = session.get(Justification, cle, with_for_update=True, options=sans_agent)
    if trouvee is None:
        raise _introuvable()
    return trouvee


def _introuvable() -> Introuvable:
    return Introuvable("ce motif proposé n'existe pas.", remede="revenir à la liste.")


def _rouvrir(justification: Justification) -> None:
    justification.etat = EtatJustification.ENVOYEE
    justification.traitee_par = justification.traitee_le = justification.retenue_id = None


def _clore(
    session: Session,
    uai: str,
    annee: int,
    justification_id: UUID,
    etat: EtatJustification,
    auteur_id: UUID | None,
    instant: datetime,
) -> Justification:
    justification = trouver(session, uai, annee, justification_id)
    if justification.etat != EtatJustification.ENVOYEE:
        raise OperationRefusee(
            "ce motif proposé a déjà été traité.", remede="rafraîchir la page : elle dit ce qui a été décidé."
        )
    justification.etat = etat
    if auteur_id is not None:
        justification.traitee_par = auteur_id
    justification.traitee_le = instant.astimezone(FUSEAU).date()
    session.flush()
    return justification
