"""Le document de découverte : ce que le fournisseur sait faire, et où. Rien d'autre n'est servi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ent_core.federation.fournisseur_oidc.portees import AFFIRMATIONS, IDENTITE, PROLONGER
from ent_core.federation.protocoles.oidc import ALGORITHMES

__all__ = ["document"]

_PRESENTATIONS = ("client_secret_basic", "client_secret_post", "none")


def document(emetteur: str, adresses: Mapping[str, str]) -> dict[str, Any]:
    """Document de découverte.

    :param emetteur: adresse de l'ENT.
    :param adresses: adresse de chaque point, par son nom dans la norme.
    """
    return {
        "issuer": emetteur,
        **adresses,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(ALGORITHMES),
        "token_endpoint_auth_methods_supported": list(_PRESENTATIONS),
        "revocation_endpoint_auth_methods_supported": list(_PRESENTATIONS),
        "introspection_endpoint_auth_methods_supported": list(_PRESENTATIONS),
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [*IDENTITE, PROLONGER],
        "claims_supported": [
            "sub", "iss", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "name",
            *(affirmation.nom for affirmation in AFFIRMATIONS.values()),
        ],
        "acr_values_supported": ["1", "2"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }  # fmt: skip
