"""Les préférences d'une personne, sujet par sujet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.messages.canaux import Canal, ouverts
from ent_core.messages.modeles import PreferenceMessage
from ent_core.messages.poste import Poste
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["RYTHMES", "Preference", "garder", "preferences"]

RYTHMES = {"aussitot": "aussitôt", "jour": "un résumé par jour"}
_table = Base.metadata.tables[PreferenceMessage.__tablename__]


@dataclass(frozen=True, slots=True)
class Preference:
    """Un choix.

    :param canal: canal voulu ; vide, l'établissement choisit.
    """

    canal: str = ""
    rythme: str = "aussitot"


def preferences(session: Session, personne: UUID) -> dict[str, Preference]:
    """Choix d'une personne, par sujet ; un sujet absent est laissé à l'établissement.

    :param session: session ouverte.
    :param personne: personne.
    """
    lignes = session.execute(
        select(_table.c.sujet, _table.c.canal, _table.c.rythme).where(_table.c.personne_id == personne)
    )
    return {sujet: Preference(canal, rythme) for sujet, canal, rythme in lignes}


def garder(session: Session, poste: Poste, personne: UUID, choix: Mapping[str, Preference]) -> None:
    """Enregistre des choix ; un canal vide efface le choix.

    :param session: session ouverte.
    :param personne: personne qui choisit, pour elle-même.
    :param choix: sujet → préférence.
    :raises DonneeInvalide: sujet inconnu, canal fermé dans cette instance, rythme inconnu.
    """
    canaux = {canal.value for canal in ouverts(poste)}
    for sujet, voulue in choix.items():
        if sujet not in poste.sujets or voulue.rythme not in RYTHMES or voulue.canal not in {"", *canaux}:
            raise DonneeInvalide("ce choix n'est pas proposé.", remede="choisir dans la liste.", lieu=sujet)
    vides = [sujet for sujet, voulue in choix.items() if not voulue.canal]
    session.execute(delete(_table).where(_table.c.personne_id == personne, _table.c.sujet.in_(vides)))
    for sujet, voulue in choix.items():
        if voulue.canal:
            valeurs = {"canal": Canal(voulue.canal).value, "rythme": voulue.rythme}
            session.execute(
                insert(_table)
                .values(personne_id=personne, sujet=sujet, **valeurs)
                .on_conflict_do_update(index_elements=[_table.c.personne_id, _table.c.sujet], set_=valeurs)
            )
