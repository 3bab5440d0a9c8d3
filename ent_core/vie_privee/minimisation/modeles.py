"""Le dernier jour où chaque colonne a été lue ; ni par qui, ni sur qui."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import neutre

__all__ = ["ColonneLue"]


class ColonneLue(Base):
    """Une colonne déclarée, depuis quand on l'observe, et quand elle a servi pour la dernière fois."""

    __tablename__ = "colonne_lue"
    __cloisonnement__ = commun("une déclaration est la même pour toutes les écoles")

    objet: Mapped[str] = neutre("table", String(63), primary_key=True)
    colonne: Mapped[str] = neutre("colonne", String(63), primary_key=True)
    suivie_depuis: Mapped[date] = neutre("premier jour d'observation", Date)
    lue_le: Mapped[date | None] = neutre("dernier jour de lecture ; vide, jamais", Date)
