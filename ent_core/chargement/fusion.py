"""Fusionner deux fiches, briques comprises : chacune reporte ce qu'elle tient avant que l'une parte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.chargement.relais import Relais
from ent_core.contrat.resultats import Bilan
from ent_core.identite.fusion import Fusion, fusionner_personnes
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.lecture import reporter

__all__ = ["FusionComplete", "fusionner"]


@dataclass(frozen=True, slots=True)
class FusionComplete:
    """Ce que le noyau et les briques ont fait.

    :param briques: bilan de chaque brique qui a reporté quelque chose elle-même.
    """

    noyau: Fusion
    briques: Mapping[str, Bilan] = field(default_factory=dict)


def fusionner(
    session: Session,
    horloge: Horloge,
    relais: Relais,
    *,
    garde: UUID,
    absorbee: UUID,
    acteur: UUID | None = None,
) -> FusionComplete:
    """Fond une fiche dans une autre, dans la transaction de l'appelant.

    Une brique qui n'implante pas ``ent_fusionner_personnes`` voit ses références reportées telles quelles.

    :param session: session de l'académie.
    :param horloge: horloge injectée.
    :param relais: briques chargées, ouvertes ou non.
    :param garde: fiche qui reste.
    :param absorbee: fiche qui disparaît.
    :param acteur: personne qui décide.
    :raises Introuvable: une fiche n'existe pas.
    :raises OperationRefusee: ce sont deux personnes, ou une brique refuse.
    """
    bilans: dict[str, Bilan] = {}

    def prevenir() -> None:
        for brique, bilan in relais.appeler(
            "ent_fusionner_personnes", session=session, gardee=garde, absorbee=absorbee
        ):
            if bilan.refus:
                raise OperationRefusee(
                    f"la brique « {brique.manifeste.titre} » refuse : {bilan.refus}",
                    remede="régler d'abord ce qu'elle demande ; rien n'a été changé.",
                    lieu=f"brique {brique.id}",
                )
            bilans[brique.id] = bilan
        reporter(session, absorbee, garde)
        session.flush()

    noyau = fusionner_personnes(
        session, horloge, garde=garde, absorbee=absorbee, prevenir=prevenir, acteur=acteur
    )
    return FusionComplete(noyau, bilans)
