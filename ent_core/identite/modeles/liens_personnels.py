"""Les liens personnels : un calendrier que l'appareil d'une personne relit, sans s'y connecter."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, Uuid
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["LienPersonnel"]


class LienPersonnel(Base):
    """Un lien gardé sous forme d'empreinte ; il ouvre une adresse, à un titre, jusqu'au 31 août."""

    __tablename__ = "lien_personnel"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("lu avant que l'établissement soit posé : le lien dit lequel")
    __sujets__ = (Sujet("personne_id"),)

    id: Mapped[UUID] = cle()
    jeton: Mapped[bytes] = neutre("empreinte SHA-256 du jeton", LargeBinary, exemption=EMPREINTE)
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    uai: Mapped[str] = donnee(Categorie.CONNEXION, String(8))
    profil: Mapped[str] = donnee(Categorie.CONNEXION, String(12))
    adresse: Mapped[str] = donnee(Categorie.CONNEXION, Text)
    nom: Mapped[str] = donnee(Categorie.CONNEXION, String(60))
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    vu_le: Mapped[date | None] = donnee(Categorie.TRACE, Date)
    lectures: Mapped[int] = neutre("lectures du dernier jour", SmallInteger, server_default="0")
    fin: Mapped[date] = neutre("premier jour où il n'ouvre plus rien", Date)

    __table_args__ = (
        Index(None, "jeton", unique=True),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
        Index(None, "fin"),
    )
