"""Ce qui reste quand la source est purgée : des nombres protégés, et rien d'autre."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Exemption, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, neutre

__all__ = ["PublicationStatistique"]

_PROTEGEE = Exemption(
    "nombres que la protection laisse publier, intitulés de listes fermées et de divisions ; aucune case tue",
    par="mainteneurs du noyau",
    le=date(2026, 11, 22),
)


class PublicationStatistique(Base):
    """Une statistique d'une période, figée : redemandée, elle dit la même chose. Rien ne la modifie.

    Ce qui est tu n'y est pas écrit : même qui lit la base ne l'y trouve pas.
    """

    __tablename__ = "publication_statistique"
    __cloisonnement__ = commun("des nombres protégés, dont certains valent pour toute l'académie")
    __ajout_seul__ = True

    id: Mapped[UUID] = cle()
    statistique: Mapped[str] = neutre("clé de la statistique", String(64))
    nom_table: Mapped[str] = neutre("table comptée", String(63))
    uai: Mapped[str | None] = neutre(
        "établissement ; absent, l'académie", String(8), ForeignKey("etablissement.uai")
    )
    periode: Mapped[str] = neutre("code de la période", String(7))
    debut: Mapped[date] = neutre("premier jour compté", Date)
    fin: Mapped[date] = neutre("lendemain du dernier jour compté", Date)
    regle: Mapped[int] = neutre("version de la règle de protection", SmallInteger)
    seuil: Mapped[int] = neutre("plus petit effectif publié", SmallInteger)
    contenu: Mapped[dict[str, Any]] = neutre("la grille protégée", JSONB, exemption=_PROTEGEE)
    empreinte: Mapped[str] = neutre("empreinte de la publication", String(64))
    figee_le: Mapped[datetime] = neutre("quand elle a été figée", DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_publication_statistique_periode",
            "statistique",
            text("coalesce(uai, '')"),
            "periode",
            unique=True,
        ),
        Index(None, "uai"),
    )
