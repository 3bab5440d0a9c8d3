"""Ce que changerait une autre durée, avant de l'écrire : deux comptages, avec la règle puis avec l'essai.

Rien n'est gardé : ni plan, ni ligne. La règle, elle, ne change que dans le code, par une version de plus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Duree, Traitement
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.vie_privee.conservation.dossier import en_attente
from ent_core.vie_privee.conservation.gels import en_vigueur
from ent_core.vie_privee.conservation.plan import Ecart, comparer, dresser
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.conservation.situation import Situation

__all__ = ["Apercu", "apercevoir"]


@dataclass(frozen=True, slots=True)
class Apercu:
    """Ce qu'une règle changée ferait.

    :param avant: traitement tel qu'il est.
    :param apres: traitement tel qu'il serait.
    :param ecarts: unités dont le nombre de lignes à éliminer ne serait plus le même.
    :param annules: plans approuvés que le changement ferait tomber.
    """

    avant: Traitement
    apres: Traitement
    ecarts: tuple[Ecart, ...]
    annules: tuple[UUID, ...]

    @property
    def de_plus(self) -> int:
        """Lignes de plus à éliminer aujourd'hui ; négatif, s'il y en a de moins."""
        return sum(ecart.apres - ecart.avant for ecart in self.ecarts)


def apercevoir(
    session: Session,
    horloge: Horloge,
    regles: Regles,
    traitement: str,
    *,
    duree: Duree,
    uai: str | None = None,
) -> Apercu:
    """Compte ce qui est échu sous la durée déclarée, puis sous une autre.

    :param session: session de l'académie.
    :param regles: règles de l'instance.
    :param traitement: clé du traitement.
    :param duree: durée essayée.
    :param uai: un établissement ; ``None`` pour toute l'académie.
    :raises Introuvable: aucune règle n'a ce traitement.
    :raises DonneeInvalide: durée négative.
    """
    actuel = _traitement((regle.traitement for regle in regles.toutes), traitement)
    if min(duree.annees, duree.mois, duree.jours) < 0:
        raise DonneeInvalide("cette durée est négative.", remede="donner des nombres positifs.")
    essaye = replace(actuel, conservation=replace(actuel.conservation, duree=duree))
    jour, gels = horloge.aujourd_hui(), en_vigueur(session)
    alors = dresser(session, Situation(regles, jour, gels), uai)
    ensuite = dresser(session, Situation(regles.avec(essaye), jour, gels), uai)
    tombent = [d.plan for d in en_attente(session, horloge)] if essaye != actuel else []
    return Apercu(actuel, essaye, tuple(comparer(alors, ensuite)), tuple(plan.id for plan in tombent))


def _traitement(tous: Iterable[Traitement], cle: str) -> Traitement:
    trouve = next((t for t in tous if t.cle == cle), None)
    if trouve is None:
        raise Introuvable(
            "aucune règle de conservation ne porte ce traitement.",
            remede="la clé est au registre ; un traitement sans table personnelle n'a pas de règle.",
            lieu=cle,
        )
    return trouve
