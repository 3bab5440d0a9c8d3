"""Les réglages des messages d'un établissement : les lire, les changer."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.donnees.base import Base
from ent_core.donnees.liees import UAI
from ent_core.donnees.session import lire
from ent_core.identite.journal import consigner
from ent_core.messages.heures import PAR_DEFAUT, Reglage
from ent_core.messages.modeles import ReglageMessages
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["reglage_de", "regler"]

_table = Base.metadata.tables[ReglageMessages.__tablename__]
_REGLAGE = select(*(_table.c[champ.name] for champ in fields(Reglage))).where(_table.c.uai == UAI)


def reglage_de(session: Session, uai: str) -> Reglage:
    """Réglages d'un établissement, ou les valeurs par défaut.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    """
    ligne = lire(session, _REGLAGE, {"uai": uai}).one_or_none()
    return PAR_DEFAUT if ligne is None else Reglage(*ligne)


def regler(session: Session, horloge: Horloge, contexte: Contexte, voulu: Reglage) -> None:
    """Change les réglages ; ce qui attend déjà garde son heure.

    :param session: session de l'établissement.
    :param contexte: qui agit.
    :param voulu: réglages.
    :raises DonneeInvalide: heures à l'envers, délai ou part hors bornes.
    """
    if not voulu.silence_fin < voulu.silence_debut:
        raise DonneeInvalide(
            "le silence du soir commence avant la fin de celui du matin.",
            remede="laisser au moins une heure du jour aux messages.",
            lieu="silence_debut",
        )
    if not voulu.silence_fin <= voulu.resume < voulu.silence_debut:
        raise DonneeInvalide(
            "l'heure du résumé tombe dans le silence.", remede="choisir une heure du jour.", lieu="resume"
        )
    if not 0 <= voulu.delai <= 120:
        raise DonneeInvalide("le délai va de 0 à 120 minutes.", lieu="delai")
    if not 1 <= voulu.seuil <= 100:
        raise DonneeInvalide("la part va de 1 à 100 pour cent.", lieu="seuil")
    valeurs = asdict(voulu)
    session.execute(
        insert(_table)
        .values(uai=contexte.uai, **valeurs)
        .on_conflict_do_update(index_elements=[_table.c.uai], set_=valeurs)
    )
    consigner(
        session, horloge, "messages.regles", uai=contexte.uai, acteur=contexte.personne_id,
        details={"delai": voulu.delai, "seuil": voulu.seuil, "fin_de_semaine": voulu.fin_de_semaine},
    )  # fmt: skip
