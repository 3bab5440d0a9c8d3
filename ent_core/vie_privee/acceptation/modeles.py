"""Ce qu'un établissement a accepté des déclarations d'une brique, et quand."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["Acceptation", "DeclarationSoumise"]


class DeclarationSoumise(Base):
    """Des déclarations sur lesquelles un établissement s'est prononcé, gardées sous leur empreinte."""

    __tablename__ = "declaration_soumise"
    __cloisonnement__ = commun("les mêmes déclarations valent pour tous les établissements")

    brique: Mapped[str] = neutre("identifiant de brique", String(31), primary_key=True)
    empreinte: Mapped[str] = neutre("SHA-256 des déclarations", String(64), primary_key=True)
    version: Mapped[str] = neutre("version de la brique", String(64))
    contenu: Mapped[dict[str, Any]] = neutre(
        "les déclarations, telles que le code les donne", JSONB, exemption=CODE
    )
    vue_le: Mapped[datetime] = neutre("première fois", DateTime(timezone=True))


class Acceptation(Cloisonne, Base):
    """La réponse d'un établissement aux déclarations d'une brique. Une réponse remplacée garde sa ligne."""

    __tablename__ = "acceptation"
    __traitement__ = "noyau.decisions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("decidee_par", Lien.AUTEUR),)
    __depart__ = "remplacee_le"

    brique: Mapped[str] = neutre("identifiant de brique", String(31))
    empreinte: Mapped[str] = neutre("SHA-256 des déclarations", String(64))
    reponse: Mapped[str] = neutre("acceptée ou refusée", String(8))
    origine: Mapped[str] = neutre("ouverture, page ou commande", String(10))
    decidee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    decidee_le: Mapped[datetime] = neutre("date de la réponse", DateTime(timezone=True))
    remplacee_le: Mapped[datetime | None] = neutre("date de la réponse suivante", DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["brique", "empreinte"], ["declaration_soumise.brique", "declaration_soumise.empreinte"]
        ),
        CheckConstraint("reponse in ('acceptee', 'refusee')", name="reponse"),
        CheckConstraint("origine in ('ouverture', 'page', 'commande')", name="origine"),
        Index(
            "uq_acceptation_en_vigueur",
            "uai",
            "brique",
            "reponse",
            unique=True,
            postgresql_where=text("remplacee_le is null"),
        ),
        Index(None, "decidee_par"),
    )
