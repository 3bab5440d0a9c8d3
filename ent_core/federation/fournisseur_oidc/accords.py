"""Les accords : ce qu'une personne laisse un service lire pour elle, et qu'elle peut retirer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.fournisseur_oidc.modeles import AccordService, JetonOidc
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["Accord", "accordees", "accorder", "accords", "retirer_accord"]

_table = Base.metadata.tables[AccordService.__tablename__]
_a = _table.c
_jetons = Base.metadata.tables[JetonOidc.__tablename__]
_j = _jetons.c


@dataclass(frozen=True, slots=True)
class Accord:
    """Un accord en vigueur.

    :param portees: traitements qu'il peut lire ; ``offline_access``, s'il le peut la personne sortie.
    :param servi_le: dernière fois qu'un jeton du service a servi ; absent, jamais depuis soixante jours.
    """

    service: str
    portees: tuple[str, ...]
    accorde_le: datetime
    servi_le: datetime | None


def accorder(
    session: Session,
    horloge: Horloge,
    *,
    compte_id: UUID,
    personne_id: UUID,
    uai: str,
    service: str,
    portees: Collection[str],
) -> None:
    """Retient un accord ; il s'ajoute à celui que le service avait déjà.

    :param uai: établissement en vigueur, pour le journal.
    :param portees: portées accordées.
    """
    toutes = sorted({*portees, *accordees(session, compte_id, service)})
    nouvelle = insert(_table).values(
        compte_id=compte_id, personne_id=personne_id, service=service, portees=toutes,
        accorde_le=horloge.maintenant(),
    )  # fmt: skip
    session.execute(
        nouvelle.on_conflict_do_update(
            index_elements=[_a.compte_id, _a.service],
            index_where=_a.retire_le.is_(None),
            set_={"portees": toutes, "accorde_le": nouvelle.excluded.accorde_le},
        )
    )
    consigner(
        session, horloge, "service.accord", uai=uai, acteur=personne_id, objet=service,
        details={"portees": " ".join(sorted(portees))},
    )  # fmt: skip


def accordees(session: Session, compte_id: UUID, service: str) -> frozenset[str]:
    """Portées déjà accordées à un service.

    :param compte_id: compte.
    :param service: identifiant du service.
    """
    trouvees = session.scalar(
        select(_a.portees).where(_a.compte_id == compte_id, _a.service == service, _a.retire_le.is_(None))
    )
    return frozenset(trouvees or ())


def accords(session: Session, compte_id: UUID) -> list[Accord]:
    """Accords en vigueur d'un compte, le plus récent d'abord. Un énoncé.

    :param compte_id: compte.
    """
    siens = and_(_j.compte_id == _a.compte_id, _j.service == _a.service)
    servi = select(func.max(_j.servi_le)).where(siens, _j.sorte == "acces").scalar_subquery()
    enonce = select(_a.service, _a.portees, _a.accorde_le, servi).where(
        _a.compte_id == compte_id, _a.retire_le.is_(None)
    )
    return [
        Accord(service, tuple(portees), accorde_le, servi_le)
        for service, portees, accorde_le, servi_le in session.execute(enonce.order_by(_a.accorde_le.desc()))
    ]


def retirer_accord(session: Session, horloge: Horloge, compte_id: UUID, service: str) -> None:
    """Retire un accord : tous les jetons du service pour ce compte s'éteignent aussitôt.

    :param compte_id: compte de la personne.
    :param service: identifiant du service.
    :raises Introuvable: ce compte n'a rien accordé à ce service.
    """
    instant = horloge.maintenant()
    personne = session.scalar(
        update(_table)
        .where(_a.compte_id == compte_id, _a.service == service, _a.retire_le.is_(None))
        .values(retire_le=instant)
        .returning(_a.personne_id)
    )
    if personne is None:
        raise Introuvable("vous n'avez rien accordé à ce service.", remede="rafraîchir la page.")
    session.execute(
        update(_jetons)
        .where(_j.compte_id == compte_id, _j.service == service, _j.retire_le.is_(None))
        .values(retire_le=instant)
    )
    consigner(session, horloge, "service.accord_retire", acteur=personne, objet=service)
