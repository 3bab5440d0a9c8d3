"""Instruire : ouvrir une procédure, notifier les faits, convoquer, clore sans sanction (R. 421-10-1)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Contexte,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    Portee,
    annee_scolaire,
    est_majeur,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Etape, InterdictionConservatoire, Motif, SanctionEleve
from ent_carnet.nomenclatures import EtapeProcedure, EtatSanction, MotifDiscipline, Voie
from ent_carnet.regles.procedure import Acte, Reunion
from ent_carnet.services import absences, effacement
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.services.dossier import AUDITION, CONSEIL, Dossier, Pieces, appliquer, charger

__all__ = ["INSTRUCTION", "absent", "interdictions", "interdire", "lever", "noter", "ouvrir"]

INSTRUCTION = frozenset(EtapeProcedure) - {
    EtapeProcedure.OUVERTURE,
    EtapeProcedure.PRONONCE,
    EtapeProcedure.REVOCATION_SURSIS,
    EtapeProcedure.EXECUTION,
    EtapeProcedure.NOTIFICATION_DECISION,
}
"""Étapes que note qui instruit ; les autres portent plus qu'un jour, ou sont du chef d'établissement."""

_EN_COURS = (EtatSanction.OUVERTE, EtatSanction.FAITS_NOTIFIES)


def ouvrir(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    *,
    eleve_id: UUID,
    motif: MotifDiscipline,
    faits: str,
    faits_le: date,
) -> SanctionEleve:
    """Ouvre une procédure pour un élève, et un seul.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui l'ouvre.
    :param portee: périmètre de la permission.
    :param eleve_id: élève.
    :param motif: motif, dans la liste.
    :param faits: les faits reprochés, sans nommer d'autre élève.
    :param faits_le: jour des faits.
    :raises DonneeInvalide: les faits sont datés d'un jour à venir.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if faits_le > contexte.jour:
        raise DonneeInvalide("les faits ne peuvent pas être à venir.", remede="corriger la date.")
    annee = annee_scolaire(faits_le)
    fin = effacement.calendrier(session, contexte.uai)
    sanction = SanctionEleve(
        uai=contexte.uai, annee=annee, eleve_id=eleve_id, motif=motif, faits=faits, faits_le=faits_le,
        majeur=est_majeur(session, contexte.uai, eleve_id, contexte.jour), efface_le=fin(annee + 1),
    )  # fmt: skip
    session.add(sanction)
    session.flush()
    session.add(
        Etape(
            uai=contexte.uai, sanction_id=sanction.id, nature=EtapeProcedure.OUVERTURE, le=contexte.jour,
            auteur_id=contexte.personne_id, efface_le=sanction.efface_le,
        )
    )  # fmt: skip
    session.flush()
    return sanction


def noter(
    session: Session,
    contexte: Contexte,
    sanction_id: UUID,
    etape: EtapeProcedure,
    le: date,
    *,
    voie: Voie | None = None,
    reunion: Reunion | None = None,
    pieces: Pieces | None = None,
) -> Dossier:
    """Note une étape de l'instruction.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui instruit.
    :param sanction_id: procédure.
    :param etape: étape faite.
    :param le: son jour.
    :param voie: comment l'acte est remis.
    :param reunion: quand et où l'élève est entendu, pour une convocation, et pour elle seule.
    :param pieces: pour une mesure alternative acceptée, si elle se fait hors de l'établissement.
    :raises OperationRefusee: l'étape n'est pas de l'instruction, ou la règle la refuse.
    """
    if etape not in INSTRUCTION:
        raise OperationRefusee(
            "cette étape ne se note pas ainsi.", remede="la prononcer, la notifier ou l'exécuter."
        )
    dossier = charger(session, contexte, sanction_id, pour_agir=True)
    if pieces is not None and etape is EtapeProcedure.MESURE_ACCEPTEE:
        pieces.joindre(dossier.sanction)
    convoque = etape in (*AUDITION, *CONSEIL)
    return appliquer(session, contexte, dossier, Acte(etape, le, voie, reunion if convoque else None))


def interdire(
    session: Session, contexte: Contexte, sanction_id: UUID, du: date, au: date, instant: datetime
) -> InterdictionConservatoire:
    """Interdit l'accès à titre conservatoire, le temps de la défense : ce n'est pas une sanction (DISC-17).

    :param session: session ouverte dans l'établissement.
    :param contexte: chef d'établissement.
    :param sanction_id: procédure en cours.
    :param du: premier jour.
    :param au: dernier jour ; au plus, celui de la défense ou du conseil de discipline.
    :param instant: maintenant.
    :raises OperationRefusee: la procédure n'est pas en cours, ou le terme est trop loin.
    """
    dossier = charger(session, contexte, sanction_id, pour_agir=True)
    s = dossier.sanction
    terme = s.conseil_le or s.defense_jusqu_au
    if s.etat not in _EN_COURS or terme is None:
        raise OperationRefusee(
            "l'interdiction d'accès suppose que les faits soient notifiés, et rien encore décidé.",
            remede="noter d'abord les notifications.",
        )
    if not (du <= au <= terme and du >= contexte.jour):
        raise OperationRefusee(
            "l'interdiction d'accès ne passe pas le délai de défense, ni le jour du conseil.",
            remede="choisir des jours dans ce délai.",
        )
    interdiction = InterdictionConservatoire(
        uai=contexte.uai, annee=contexte.annee, eleve_id=s.eleve_id, du=du, au=au,
        auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(interdiction)
    absent(session, contexte, s.eleve_id, du, au, "exclusion", instant)
    session.flush()
    return interdiction


def lever(session: Session, contexte: Contexte, interdiction_id: UUID, instant: datetime) -> None:
    """Lève une interdiction d'accès avant son terme ; l'absence annoncée s'arrête avec elle.

    :param session: session ouverte dans l'établissement.
    :param contexte: chef d'établissement.
    :param interdiction_id: interdiction.
    :param instant: maintenant.
    :raises Introuvable: elle n'existe pas ici.
    """
    trouvee = session.get(InterdictionConservatoire, (contexte.uai, contexte.annee, interdiction_id))
    if trouvee is None:
        raise Introuvable("cette interdiction n'existe pas.", remede="revenir à la procédure.")
    if trouvee.levee_le is not None:
        return
    trouvee.levee_le = instant
    a, m = Absence, Motif
    annoncees = session.scalars(
        select(a)
        .join(m, (m.uai == a.uai) & (m.id == a.motif_id))
        .where(
            a.uai == contexte.uai, a.annee == contexte.annee, a.eleve_id == trouvee.eleve_id,
            m.code == "exclusion", a.annoncee, a.annulee_le.is_(None), a.debut == _minuit(trouvee.du),
        )
    ).all()  # fmt: skip
    for annoncee in annoncees:
        if instant <= annoncee.debut:
            annoncee.annulee_le = instant
        elif instant < annoncee.fin:
            annoncee.fin = instant
    session.flush()


def interdictions(session: Session, contexte: Contexte, eleve_id: UUID) -> list[InterdictionConservatoire]:
    """Interdictions d'accès d'un élève cette année, la plus récente d'abord.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde ; la page a déjà borné l'élève.
    :param eleve_id: élève.
    """
    i = InterdictionConservatoire
    return list(
        session.scalars(
            select(i)
            .where(i.uai == contexte.uai, i.annee == contexte.annee, i.eleve_id == eleve_id)
            .order_by(i.du.desc(), i.id.desc())
        )
    )


def absent(
    session: Session, contexte: Contexte, eleve_id: UUID, du: date, au: date, motif: str, instant: datetime
) -> Absence:
    """Annonce à l'appel que l'élève n'est pas attendu en classe : de l'établissement, jamais un manquement.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui décide.
    :param eleve_id: élève.
    :param du: premier jour.
    :param au: dernier jour.
    :param motif: code du motif.
    :param instant: maintenant.
    """
    return absences.ouvrir(
        session, uai=contexte.uai, eleve_id=eleve_id, debut=_minuit(du), fin=_minuit(au + timedelta(days=1)),
        motif_cle=motif, auteur_id=contexte.personne_id, instant=instant, annoncee=True,
    )  # fmt: skip


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
