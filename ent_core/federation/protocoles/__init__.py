"""Les options de chaque protocole : les contrôler, les mettre en base, les relire.

Un protocole de plus : son type d'options dans ``contrat/services.py``, un module ici pour ce qu'il contrôle,
et une ligne dans chacune des deux tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ent_core.contrat.services import OptionsCas, OptionsOidc, OptionsSaml, OptionsService, Protocole
from ent_core.federation.protocoles import cas, oidc, saml

__all__ = ["controler", "ecrire", "lire"]

_TYPES: Mapping[Protocole, type[OptionsService]] = {
    Protocole.CAS: OptionsCas,
    Protocole.OIDC: OptionsOidc,
    Protocole.SAML: OptionsSaml,
}


def controler(options: OptionsService, permis: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Ce qui manque aux options d'un service, ou s'y contredit : champ, et phrase.

    :param options: options déclarées.
    :param permis: hôtes admis sans https.
    """
    match options:
        case OptionsCas():
            yield from cas.controler(options)
        case OptionsOidc():
            yield from oidc.controler(options, permis)
        case OptionsSaml():
            yield from saml.controler(options, permis)


def ecrire(options: OptionsService) -> dict[str, Any]:
    """Options, telles que la base les garde.

    :param options: options déclarées.
    """
    ecrites: dict[str, Any] = msgspec.to_builtins(options)
    return ecrites


def lire(protocole: Protocole, gardees: Mapping[str, Any]) -> OptionsService:
    """Options relues de la base.

    :param protocole: protocole du service.
    :param gardees: ce que la base a gardé.
    """
    # Les premières lignes ont des 0 et des 1 pour des faux et des vrais.
    return msgspec.convert(gardees, type=_TYPES[protocole], strict=False)
