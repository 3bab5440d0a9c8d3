"""La fin du sursis : les personnes disparues de l'annuaire sont supprimées à leur terme, jamais avant."""

from __future__ import annotations

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.resultats import Bilan
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.calendrier import Horloge

__all__ = ["supprimer_echus"]


def supprimer_echus(session: Session, horloge: Horloge) -> Bilan:
    """Supprime les personnes dont le sursis est échu, avec tout ce qui dépend d'elles.

    Une personne qui a retrouvé un rattachement est gardée, quel que soit son terme.

    :param session: session de l'académie ; l'appelant valide.
    :param horloge: heure de référence.
    :returns: nombre de personnes supprimées, et gardées malgré leur terme.
    """
    jour = horloge.aujourd_hui()
    rattachee = (
        select(Rattachement.personne_id)
        .where(
            Rattachement.personne_id == Personne.id,
            or_(Rattachement.fin.is_(None), Rattachement.fin > jour),
        )
        .exists()
    )
    echue = Personne.suppression_le <= jour
    gardees = len(session.scalars(select(Personne.id).where(echue, rattachee)).all())
    supprimees = len(
        session.scalars(
            delete(Personne)
            .where(echue, ~rattachee)
            .returning(Personne.id)
            .execution_options(synchronize_session=False)
        ).all()
    )
    if supprimees:
        consigner(session, horloge, "sursis.echu", details={"personnes": supprimees, "gardees": gardees})
    return Bilan({"personne": supprimees, "gardees": gardees})
