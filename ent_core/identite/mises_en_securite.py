"""Une mise en sécurité en nombre, suivie : demandée en un acte, faite par morceaux, reprise où elle en était.

Chaque morceau est une unité de travail : une coupure n'en défait qu'un, et relancer n'en refait aucun. Deux
ouvriers qui s'y mettent ensemble se partagent les comptes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.file_taches import differer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import CompteASecuriser, Securisation
from ent_core.identite.securisation import ApercuSecurite, fermer
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = [
    "TACHE",
    "SuiviSecurisation",
    "avancer",
    "demander",
    "lancer",
    "personnes",
    "purger",
    "recentes",
    "suivre",
]

TACHE = "noyau.mettre_en_securite"

_MORCEAU = 50
_GARDE = timedelta(days=30)
_MOTIF = "mettre des comptes en sécurité"
_t, _s = CompteASecuriser, Securisation


@dataclass(frozen=True, slots=True)
class SuiviSecurisation:
    """Où en est une mise en sécurité.

    :param sessions: sessions déjà fermées.
    :param finie_le: ``None`` tant qu'il reste des comptes.
    """

    id: UUID
    demandee_le: datetime
    total: int
    faits: int
    sessions: int
    finie_le: datetime | None


def demander(
    session: Session,
    horloge: Horloge,
    uai: str,
    vus: ApercuSecurite,
    *,
    confirmes: int | None = None,
    acteur: UUID | None = None,
) -> UUID:
    """Retient les comptes à mettre en sécurité ; rien n'est encore fermé.

    :param uai: établissement qui le demande.
    :param vus: comptes, tels que l'aperçu les donne maintenant.
    :param confirmes: nombre que la personne a confirmé ; ``None`` pour une commande.
    :param acteur: personne qui le demande.
    :raises OperationRefusee: personne n'est visé, ou le nombre a changé depuis l'aperçu.
    """
    if not vus.comptes:
        raise OperationRefusee("aucun compte n'est désigné.", remede="vérifier le choix, puis recommencer.")
    if confirmes is not None and confirmes != len(vus.comptes):
        raise OperationRefusee(
            "la liste a changé depuis l'aperçu : rien n'est fait.", remede="relire le nouvel aperçu."
        )
    demandee = _s(uai=uai, demandee_le=horloge.maintenant())
    session.add(demandee)
    session.flush()
    session.add_all(
        _t(uai=uai, securisation_id=demandee.id, compte_id=compte, personne_id=personne)
        for compte, personne in vus.comptes
    )
    session.flush()
    consigner(
        session, horloge, "comptes.securite_demandee", uai=uai, acteur=acteur, objet=str(demandee.id),
        details={"nombre": len(vus.comptes)},
    )  # fmt: skip
    return demandee.id


def lancer(session: Session, uai: str, securisation_id: UUID, acteur: UUID | None) -> None:
    """Demande le travail, ou le redemande : il reprend où il en était.

    :param uai: établissement.
    :param securisation_id: mise en sécurité.
    :param acteur: personne qui le demande.
    """
    differer(
        session, TACHE, cle_unique=str(securisation_id), uai=uai, securisation=str(securisation_id),
        acteur=str(acteur) if acteur else "",
    )  # fmt: skip


def avancer(
    base: BaseDeDonnees,
    horloge: Horloge,
    uai: str,
    securisation_id: UUID,
    *,
    acteur: UUID | None,
    prevenir: Callable[[Session, Sequence[UUID]], int],
    progression: Callable[[str, int, int], None] = lambda _etape, _fait, _total: None,
) -> int:
    """Met en sécurité ce qui reste, morceau par morceau.

    :param uai: établissement.
    :param securisation_id: mise en sécurité.
    :param acteur: personne qui l'a demandée.
    :param prevenir: prévient des personnes, dans l'unité de travail qui ferme leur compte.
    :param progression: où l'on en est : étape, fait, total.
    :returns: nombre de messages.
    :raises Introuvable: elle n'est pas de cet établissement.
    """
    with base.ecole(uai, _MOTIF) as session:
        avant = suivre(session, uai, securisation_id)
    faits, messages = avant.faits, 0
    while True:
        with base.ecole(uai, _MOTIF) as session:
            restants = session.execute(_restants(uai, securisation_id)).all()
            if not restants:
                break
            comptes = [(ligne.compte_id, ligne.personne_id) for ligne in restants]
            fermees = fermer(session, horloge, uai, comptes, acteur)
            _noter(session, horloge, uai, securisation_id, [compte for compte, _ in comptes], fermees)
            messages += prevenir(session, [personne for _, personne in comptes])
        faits += len(comptes)
        progression("comptes", faits, avant.total)
    with base.ecole(uai, _MOTIF) as session:
        _finir(session, horloge, uai, securisation_id, avant.total, acteur)
    return messages


def suivre(session: Session, uai: str, securisation_id: UUID) -> SuiviSecurisation:
    """Où en est une mise en sécurité.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    :param securisation_id: mise en sécurité.
    :raises Introuvable: elle n'est pas de cet établissement.
    """
    ligne = session.execute(_suivis(uai).where(_s.id == securisation_id)).one_or_none()
    if ligne is None:
        raise Introuvable("cette mise en sécurité n'existe pas ici.", remede="revenir à la liste.")
    return SuiviSecurisation(*ligne)


def recentes(session: Session, uai: str) -> list[SuiviSecurisation]:
    """Mises en sécurité d'un mois, la plus récente d'abord.

    :param uai: établissement.
    """
    return [
        SuiviSecurisation(*ligne)
        for ligne in session.execute(_suivis(uai).order_by(_s.demandee_le.desc()).limit(5))
    ]


def personnes(session: Session, uai: str, securisation_id: UUID) -> list[UUID]:
    """Titulaires des comptes mis en sécurité, à qui une lettre est due.

    :param uai: établissement.
    :param securisation_id: mise en sécurité.
    """
    faits = (_t.uai == uai, _t.securisation_id == securisation_id, _t.fait_le.is_not(None))
    return list(session.scalars(select(_t.personne_id).where(*faits)))


def purger(session: Session, horloge: Horloge) -> int:
    """Oublie les mises en sécurité d'il y a plus d'un mois ; le journal les garde. Rend leur nombre."""
    limite = horloge.maintenant() - _GARDE
    return len(session.execute(delete(_s).where(_s.demandee_le < limite).returning(_s.id)).all())


def _suivis(uai: str) -> Select[UUID, datetime, int, int, int, datetime | None]:
    du_lot = (_t.uai == _s.uai, _t.securisation_id == _s.id)
    return select(
        _s.id,
        _s.demandee_le,
        select(func.count()).select_from(_t).where(*du_lot).scalar_subquery(),
        select(func.count(_t.fait_le)).where(*du_lot).scalar_subquery(),
        _s.sessions,
        _s.finie_le,
    ).where(_s.uai == uai)


def _restants(uai: str, securisation_id: UUID) -> Select[UUID, UUID]:
    return (
        select(_t.compte_id, _t.personne_id)
        .where(_t.uai == uai, _t.securisation_id == securisation_id, _t.fait_le.is_(None))
        .order_by(_t.compte_id)
        .limit(_MORCEAU)
        .with_for_update(skip_locked=True)
    )


def _noter(
    session: Session, horloge: Horloge, uai: str, securisation_id: UUID, comptes: Sequence[UUID], fermees: int
) -> None:
    session.execute(
        update(_t)
        .where(_t.uai == uai, _t.securisation_id == securisation_id, _t.compte_id.in_(comptes))
        .values(fait_le=horloge.maintenant())
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(_s)
        .where(_s.uai == uai, _s.id == securisation_id)
        .values(sessions=_s.sessions + fermees)
        .execution_options(synchronize_session=False)
    )


def _finir(
    session: Session, horloge: Horloge, uai: str, securisation_id: UUID, total: int, acteur: UUID | None
) -> None:
    """Une seule fois, par celui qui n'en trouve plus : un autre ouvrier tient peut-être encore un morceau."""
    reste = exists().where(_t.uai == uai, _t.securisation_id == securisation_id, _t.fait_le.is_(None))
    finie = session.scalar(
        update(_s)
        .where(_s.uai == uai, _s.id == securisation_id, _s.finie_le.is_(None), ~reste)
        .values(finie_le=horloge.maintenant())
        .returning(_s.id)
        .execution_options(synchronize_session=False)
    )
    if finie is not None:
        consigner(
            session, horloge, "comptes.mis_en_securite", uai=uai, acteur=acteur, details={"nombre": total}
        )
