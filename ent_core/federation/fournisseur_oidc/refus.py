"""Les refus du protocole : un code de la norme, et une phrase pour qui met le service au point.

La norme n'admet dans ces phrases que l'ASCII : elles sont sans accents, et la personne ne les lit pas.
"""

from __future__ import annotations

__all__ = ["RefusOidc"]


class RefusOidc(Exception):
    """Un refus, à rendre au service sous la forme que veut la norme.

    :param erreur: code de la norme (``invalid_grant``…).
    :param detail: phrase, en ASCII.
    :param statut: code HTTP, quand le refus est une réponse et non une redirection.
    :param attente: secondes avant un autre essai ; zéro, sans objet.
    """

    def __init__(self, erreur: str, detail: str, *, statut: int = 400, attente: int = 0) -> None:
        super().__init__(erreur)
        self.erreur = erreur
        self.detail = detail
        self.statut = statut
        self.attente = attente
