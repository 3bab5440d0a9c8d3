"""Les gels : poser, lever, et le verrou que partagent la pose d'un gel et l'élimination d'un lot.

La pose prend le verrou seule, l'élimination le partage : un gel posé pendant un lot attend sa fin, puis
dit vrai ; le lot suivant le voit. Un seul verrou pour tous : il couvre aussi les lignes qui ne mènent à la
personne que par une autre table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.archive.lieu import archive_de
from ent_core.vie_privee.conservation.avis import demasquer
from ent_core.vie_privee.conservation.modeles import Gel

__all__ = ["Gels", "NatureGel", "en_vigueur", "lever", "lister", "partager_verrou", "poser"]

_VERROU = 0x454E54_47454C
_REVUE_MAXIMALE = 731


class NatureGel(StrEnum):
    """Pourquoi l'on suspend une élimination."""

    LITIGE = "litige"
    DEMANDE = "demande"
    RECLAMATION = "reclamation"
    INSPECTION = "inspection"
    LIMITATION = "limitation"


@dataclass(frozen=True, slots=True)
class Gels:
    """Les gels en vigueur à un instant.

    :param par_traitement: traitement → personnes ; la clé vide vaut pour tous.
    :param jetons: traitement → empreintes à clé des mêmes personnes ; ``None`` si la clé n'est pas là.
    """

    par_traitement: Mapping[str, frozenset[UUID]]
    identifiants: tuple[UUID, ...] = ()
    jetons: Mapping[str, frozenset[UUID]] | None = None

    def archives(self, alias: NamedFromClause) -> ColumnElement[bool]:
        """Condition sur l'index de l'archive ; sans la clé des jetons, un seul gel suspend tout.

        :param alias: alias d'une table d'index.
        """
        if self.jetons is None:
            return literal(bool(self.par_traitement))
        conditions = [
            and_(alias.c.jeton.in_(jetons), alias.c.traitement == traitement if traitement else true())
            for traitement, jetons in self.jetons.items()
        ]
        return func.coalesce(or_(*conditions), False) if conditions else false()

    def pour(self, traitement: str) -> frozenset[UUID]:
        """Personnes dont un traitement est gelé.

        :param traitement: clé du traitement.
        """
        return self.par_traitement.get(traitement, frozenset()) | self.par_traitement.get("", frozenset())


def partager_verrou(session: Session) -> None:
    """À prendre en tête d'une transaction qui élimine, avant de lire les gels.

    :param session: session de l'académie.
    """
    session.execute(select(func.pg_advisory_xact_lock_shared(_VERROU)))


def en_vigueur(session: Session) -> Gels:
    """Gels en vigueur ; une lecture courte, ils sont peu nombreux.

    :param session: session de l'académie.
    """
    par_traitement: dict[str, set[UUID]] = {}
    trouves = session.execute(
        select(Gel.id, Gel.traitement, Gel.personne_id).where(Gel.leve_le.is_(None)).order_by(Gel.id)
    ).all()
    for _, traitement, personne in trouves:
        par_traitement.setdefault(traitement or "", set()).add(personne)
    archive = archive_de(session)
    return Gels(
        {cle: frozenset(ids) for cle, ids in par_traitement.items()},
        tuple(t[0] for t in trouves),
        {cle: frozenset(map(archive.jeton, ids)) for cle, ids in par_traitement.items()} if archive else None,
    )


def lister(session: Session, uai: str | None = None, *, leves: bool = False) -> list[Gel]:
    """Gels, du plus récent au plus ancien.

    :param session: session de l'académie.
    :param uai: ceux qu'un établissement a posés ; ``None`` pour tous.
    :param leves: montrer aussi ceux qui sont levés.
    """
    enonce = select(Gel).order_by(Gel.leve_le.is_not(None), Gel.pose_le.desc(), Gel.id.desc())
    if uai is not None:
        enonce = enonce.where(Gel.uai == uai)
    return list(session.scalars(enonce if leves else enonce.where(Gel.leve_le.is_(None))))


def poser(
    session: Session,
    horloge: Horloge,
    personne_id: UUID,
    *,
    nature: NatureGel,
    motif: str,
    revoir_le: date,
    traitement: str | None = None,
    uai: str | None = None,
    par: UUID | None = None,
) -> Gel:
    """Pose un gel ; attend la fin du lot en cours, s'il y en a un.

    :param session: session de l'académie ; l'appelant valide, et rend alors le verrou.
    :param motif: référence du dossier ; jamais de récit.
    :param revoir_le: jour où le réexaminer, deux ans après au plus.
    :param traitement: traitement gelé ; ``None`` pour tout ce qui concerne la personne.
    :param uai: établissement qui le pose.
    :param par: personne qui décide.
    :raises Introuvable: la personne n'existe pas, ou n'existe plus.
    :raises DonneeInvalide: motif absent, ou date de réexamen passée ou trop lointaine.
    """
    jour = horloge.aujourd_hui()
    if not 3 <= len(motif.strip()) <= 300:
        raise DonneeInvalide("le motif du gel manque.", remede="citer le dossier, de 3 à 300 caractères.")
    if not 0 < (revoir_le - jour).days <= _REVUE_MAXIMALE:
        raise DonneeInvalide(
            "la date de réexamen n'est pas acceptable.", remede="choisir un jour dans les deux ans à venir."
        )
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    # Lue après le verrou : si elle vient de partir, on le dit au lieu de geler ce qui n'est plus.
    if session.scalar(select(Personne.id).where(Personne.id == personne_id).with_for_update()) is None:
        raise Introuvable(
            "cette personne n'est plus dans l'annuaire : il n'y a plus rien à geler.",
            remede="consulter les preuves d'élimination et les sauvegardes.",
        )
    gel = Gel(
        personne_id=personne_id, traitement=traitement, nature=nature.value, motif=motif.strip(), uai=uai,
        pose_le=jour, pose_par=par, revoir_le=revoir_le,
    )  # fmt: skip
    session.add(gel)
    session.flush()
    demasquer(session)
    _consigner(session, horloge, "gel.pose", gel, uai, par)
    return gel


def lever(session: Session, horloge: Horloge, gel_id: UUID, *, par: UUID | None, uai: str | None) -> Gel:
    """Lève un gel : ce qu'il suspendait revient dans le prochain plan.

    :param session: session de l'académie ; l'appelant valide.
    :param gel_id: gel à lever.
    :param par: personne qui décide.
    :param uai: établissement qui agit ; ``None`` pour l'académie.
    :raises Introuvable: gel inconnu, ou d'un autre établissement.
    :raises OperationRefusee: déjà levé.
    """
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    gel = session.get(Gel, gel_id, populate_existing=True)
    if gel is None or (uai is not None and gel.uai != uai):
        raise Introuvable("ce gel n'existe pas ici.", remede="le chercher dans la liste des gels.")
    if gel.leve_le is not None:
        raise OperationRefusee("ce gel est déjà levé.", remede="rafraîchir la liste.")
    gel.leve_le, gel.leve_par = horloge.aujourd_hui(), par
    session.flush()
    _consigner(session, horloge, "gel.leve", gel, uai, par)
    return gel


def _consigner(
    session: Session, horloge: Horloge, acte: str, gel: Gel, uai: str | None, par: UUID | None
) -> None:
    consigner(
        session, horloge, acte, uai=uai, acteur=par, objet=str(gel.id),
        details={"nature": gel.nature, "traitement": gel.traitement},
    )  # fmt: skip
