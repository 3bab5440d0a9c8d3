"""De quoi essayer ce qu'une brique fait dire aux familles : un service de SMS, et la tournée des messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

from ent_core.contrat.messages import CanalSms
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai, faux_brique
from ent_core.identite.modeles import Personne
from ent_core.messages.envoi import Tournee, envoyer

__all__ = ["Operateur", "donner_un_mobile", "porter_les_messages"]


@dataclass(slots=True)
class Operateur:
    """Un service de SMS qui garde ce qu'il porte.

    :param refuses: numéros qu'il refuse.
    """

    partis: list[tuple[str, str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def brique(self) -> ModuleType:
        """Une brique « telephonie » qui le donne à l'instance, à charger avec celle que l'on essaie."""
        return faux_brique("telephonie", ent_canal_sms=lambda: CanalSms("Essai", self._porter))

    def _porter(self, numero: str, texte: str) -> bool:
        if numero in self.refuses:
            return False
        self.partis.append((numero, texte))
        return True


def donner_un_mobile(instance: InstanceEssai, role: str, numero: str) -> None:
    """Écrit un numéro sur la fiche d'une personne de l'annuaire.

    :param instance: instance d'essai.
    :param role: nom de rôle de l'annuaire.
    :param numero: numéro de mobile.
    """
    with instance.base.academie("essai : coordonnées") as session:
        session.get_one(Personne, instance.annuaire[role]).mobile = numero


def porter_les_messages(instance: InstanceEssai) -> Tournee:
    """Fait la tournée que l'ouvrier ferait à cette heure dans le premier collège.

    :param instance: instance d'essai.
    """
    return envoyer(instance.base, ECOLE)
