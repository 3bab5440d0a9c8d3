"""Traiter une absence : l'ouvrir, lui donner un motif, l'annuler. Le fait de l'appel n'y change pas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from ent_core.brique import FUSEAU, DonneeInvalide, Introuvable, Source, annee_scolaire
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Justification
from ent_carnet.nomenclatures import EtatAbsence, Genre
from ent_carnet.services import motifs

__all__ = ["annuler", "ouvrir", "qualifier", "revenir", "trouver"]


def ouvrir(
    session: Session,
    *,
    uai: str,
    eleve_id: UUID,
    debut: datetime,
    fin: datetime,
    motif_cle: str | None,
    auteur_id: UUID | None,
    instant: datetime,
    source: Source = Source.SAISIE,
    genre: Genre = Genre.ABSENCE,
    annoncee: bool = False,
    justification_id: UUID | None = None,
) -> Absence:
    """Ouvre une période : annoncée, saisie au bureau, ou décidée par l'établissement (exclusion).

    Son état suit le motif : sans motif, motif donné, ou réglée si le motif suffit.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param eleve_id: élève.
    :param debut: début, avec fuseau ; il dit l'année scolaire.
    :param fin: fin, avec fuseau.
    :param motif_cle: code du motif (« exclusion », « maladie ») ; ``None``, sans motif.
    :param auteur_id: qui l'ouvre.
    :param instant: maintenant.
    :param source: par où elle est entrée.
    :param genre: absence ou retard.
    :param annoncee: connue avant d'être constatée : l'appel la propose.
    :param justification_id: motif proposé qui l'annonce.
    :raises DonneeInvalide: la fin ne suit pas le début.
    :raises Introuvable: motif inconnu.
    """
    if fin <= debut:
        raise DonneeInvalide("la fin d'une absence suit son début.", remede="corriger l'heure de fin.")
    motif = motifs.obtenir(session, uai, motif_cle, genre) if motif_cle else None
    absence = Absence(
        uai=uai, annee=annee_scolaire(debut.astimezone(FUSEAU).date()), eleve_id=eleve_id, genre=genre,
        debut=debut, fin=fin, motif_id=motif.id if motif else None, etat=motifs.etat_du_motif(motif),
        annoncee=annoncee, source=source, auteur_id=auteur_id, traitee_le=instant,
        justification_id=justification_id,
    )  # fmt: skip
    session.add(absence)
    session.flush()
    return absence


def trouver(session: Session, uai: str, annee: int, absence_id: UUID) -> Absence:
    """Une absence de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param absence_id: absence.
    :raises Introuvable: elle n'existe pas ici.
    """
    trouvee = session.get(Absence, (uai, annee, absence_id))
    if trouvee is None:
        raise Introuvable("cette absence n'existe pas.", remede="revenir à la liste des absences.")
    return trouvee


def qualifier(
    session: Session,
    uai: str,
    annee: int,
    absences: Iterable[UUID],
    *,
    motif_id: UUID | None,
    reglee: bool | None,
    auteur_id: UUID,
    instant: datetime,
    justification_id: UUID | None = None,
) -> list[Absence]:
    """Donne un motif à des absences, ou le retire ; l'état en découle.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param absences: absences non annulées ; les autres sont laissées.
    :param motif_id: motif ; ``None``, elles redeviennent sans motif.
    :param reglee: ce que la personne décide ; ``None``, ce que dit le motif.
    :param auteur_id: qui traite.
    :param instant: maintenant.
    :param justification_id: motif proposé que l'on retient : ce qui valait avant est gardé (``revenir``).
    :raises DonneeInvalide: le motif n'est pas du genre de l'absence.
    """
    motif = motifs.par_id(session, uai, motif_id) if motif_id else None
    etat = motifs.etat_du_motif(motif)
    if motif is not None and reglee is not None:
        etat = EtatAbsence.REGLEE if reglee else EtatAbsence.MOTIF_DONNE
    trouvees = session.scalars(
        select(Absence)
        .where(
            Absence.uai == uai, Absence.annee == annee, Absence.id.in_(list(absences)),
            Absence.annulee_le.is_(None),
        )
        .order_by(Absence.id)
        .with_for_update()
    ).all()  # fmt: skip
    if motif is not None and any(absence.genre != motif.genre for absence in trouvees):
        raise DonneeInvalide(
            "un motif d'absence ne va pas à un retard, ni l'inverse.", remede="choisir dans l'autre liste."
        )
    for absence in trouvees:
        avant = (absence.motif_id, absence.etat) if justification_id else (None, None)
        absence.justification_id = justification_id
        absence.motif_avant_id, absence.etat_avant = avant
        absence.motif_id, absence.etat = motif.id if motif else None, etat
        absence.auteur_id, absence.traitee_le = auteur_id, instant
    session.flush()
    return list(trouvees)


def revenir(session: Session, retenue: Justification, *, auteur_id: UUID, instant: datetime) -> list[Absence]:
    """Ce qu'un motif proposé avait réglé redevient ce qu'il était ; ce qu'il avait annoncé s'annule.

    Une absence qu'une personne a traitée depuis n'en dépend plus : elle ne bouge pas.

    :param session: session ouverte dans l'établissement.
    :param retenue: motif que l'on ne retient plus.
    :param auteur_id: qui y revient.
    :param instant: maintenant.
    """
    reglees = session.scalars(
        select(Absence)
        .where(
            Absence.uai == retenue.uai, Absence.annee == retenue.annee,
            Absence.eleve_id == retenue.eleve_id, Absence.justification_id == retenue.id,
            Absence.annulee_le.is_(None),
        )
        .order_by(Absence.id)
        .with_for_update()
    ).all()  # fmt: skip
    for absence in reglees:
        if absence.etat_avant is None:
            absence.annulee_le = instant
        else:
            absence.motif_id, absence.etat = absence.motif_avant_id, absence.etat_avant
        absence.justification_id = absence.motif_avant_id = absence.etat_avant = None
        absence.auteur_id, absence.traitee_le = auteur_id, instant
    session.flush()
    return list(reglees)


def annuler(
    session: Session, uai: str, annee: int, absence_id: UUID, *, auteur_id: UUID, instant: datetime
) -> Absence:
    """Annule une période ouverte par erreur ; elle reste lisible, et ne compte plus.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param absence_id: absence.
    :param auteur_id: qui annule.
    :param instant: maintenant.
    """
    absence = trouver(session, uai, annee, absence_id)
    if absence.annulee_le is None:
        absence.annulee_le = absence.traitee_le = instant
        absence.auteur_id = auteur_id
    session.flush()
    return absence
