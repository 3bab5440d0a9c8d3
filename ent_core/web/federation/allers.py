"""Partir chez un fournisseur d'identité, pour entrer ou pour se prouver de nouveau."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.demandes import Demande
from ent_core.federation.entrees import Client
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.saml.client import ClientSaml
from ent_core.web.federation.plans import adresse_de_retour, garder
from ent_core.web.federation.refus_d_entree import refuser_l_entree

__all__ = ["aller_chez"]


def aller_chez(client: Client, demande: Demande) -> Response:
    """Départ vers un fournisseur ; le témoin de la demande reste au navigateur.

    :param client: fournisseur.
    :param demande: demande commencée.
    """
    try:
        reponse = redirect(client.depart(demande, adresse_de_retour(client.cle)))
    except (EntreeRefusee, PartenaireInjoignable) as refus:
        return refuser_l_entree(client.cle, refus, None)
    return garder(reponse, demande.nom_du_temoin, demande.temoin, croise=isinstance(client, ClientSaml))
