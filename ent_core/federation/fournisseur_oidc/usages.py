"""L'usage d'un accord : le journal en garde une ligne par jour, non une par lecture."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.fournisseur_oidc.modeles import JetonOidc
from ent_core.identite.secrets import empreinte_jeton
from ent_core.socle.calendrier import FUSEAU, Horloge

__all__ = ["premiere_du_jour"]

_jetons = Base.metadata.tables[JetonOidc.__tablename__]


def premiere_du_jour(session: Session, horloge: Horloge, jeton: str) -> bool:
    """Vrai si ni ce jeton ni un autre du même accord n'a servi aujourd'hui ; à demander avant qu'il serve.

    :param session: session de l'académie.
    :param jeton: jeton d'accès reçu, valable ou non.
    """
    ce, autre = _jetons.alias("ce"), _jetons.alias("autre")
    minuit = datetime.combine(horloge.aujourd_hui(), time(), FUSEAU)
    servi = exists().where(
        ce.c.empreinte == empreinte_jeton(jeton),
        autre.c.compte_id == ce.c.compte_id,
        autre.c.service == ce.c.service,
        autre.c.sorte == "acces",
        autre.c.servi_le >= minuit,
    )
    return not session.scalar(select(servi))
