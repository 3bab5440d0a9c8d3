"""Quelques exemples de ce qu'une ligne de plan éliminerait, relus à la demande : le plan n'en garde aucun."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import cast, null, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Uuid

from ent_core.contrat.donnees import Lien
from ent_core.vie_privee.conservation.expressions import chemins, echeance_sql
from ent_core.vie_privee.conservation.gels import en_vigueur
from ent_core.vie_privee.conservation.lots import de_la_ligne
from ent_core.vie_privee.conservation.modeles import LigneConservation, PlanConservation
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.conservation.situation import Situation

__all__ = ["Exemple", "exemples"]


@dataclass(frozen=True, slots=True)
class Exemple:
    """Une ligne qui serait éliminée.

    :param personne_id: personne qu'elle concerne, si elle y mène directement.
    """

    reference: str
    personne_id: UUID | None


def exemples(
    session: Session, regles: Regles, plan: PlanConservation, ligne: LigneConservation, nombre: int = 3
) -> list[Exemple]:
    """Premières lignes, par échéance.

    :param session: session de l'académie.
    :param nombre: nombre d'exemples.
    """
    regle = regles.de(ligne.objet)
    if regle is None or not ligne.echues:
        return []
    situation = Situation(regles, plan.jour, en_vigueur(session), plan.repere)
    alias = regle.table.alias("t")
    calcul = situation.calcul(regle, alias)
    directs = [
        c.personne for c in chemins(regle.table, alias) if c.lien is Lien.PROPRIETAIRE and not c.etapes
    ]
    cles = [alias.c[c.name] for c in regle.table.primary_key]
    trouves = session.execute(
        select(*cles, (directs[0] if directs else cast(null(), Uuid)).label("personne_"))
        .select_from(situation.source(alias, calcul))
        .where(de_la_ligne(regle, ligne, alias, calcul), situation.a_eliminer(regle, alias, calcul))
        .order_by(echeance_sql(calcul, regle.duree))
        .limit(nombre)
    )
    return [Exemple(" ".join(str(v) for v in r[:-1] if not isinstance(v, bytes)), r[-1]) for r in trouves]
