"""Le refus d'une réponse de fournisseur : une phrase pour la personne, un motif précis pour le journal."""

from __future__ import annotations

from ent_core.federation.evenement import EntreeRefusee

__all__ = ["refuser"]


def refuser(motif: str, pourquoi: str) -> EntreeRefusee:
    """Erreur à lever.

    :param motif: code du journal : ``signature``, ``emetteur``, ``audience``…
    :param pourquoi: ce qui ne va pas, sans rien citer de ce qui a été reçu.
    """
    return EntreeRefusee(
        motif,
        f"le service de connexion a répondu de travers : {pourquoi}.",
        remede="recommencer depuis la page de connexion ; si cela revient, donner le code ci-dessous"
        " à l'établissement.",
    )
