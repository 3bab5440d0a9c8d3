"""Les réponses du serveur CAS, en XML ou en JSON : bâties nœud par nœud, jamais par du texte collé."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from ent_core.socle.xml import ecrivable

__all__ = ["CodeEchec", "Echec", "Reussite", "en_json", "en_xml"]

_NS = "http://www.yale.edu/tp/cas"


class CodeEchec(StrEnum):
    """Codes d'échec du protocole."""

    INVALID_REQUEST = "INVALID_REQUEST"
    INVALID_TICKET_SPEC = "INVALID_TICKET_SPEC"
    INVALID_TICKET = "INVALID_TICKET"
    INVALID_SERVICE = "INVALID_SERVICE"
    UNAUTHORIZED_SERVICE = "UNAUTHORIZED_SERVICE"
    UNAUTHORIZED_SERVICE_PROXY = "UNAUTHORIZED_SERVICE_PROXY"
    INTERNAL_ERROR = "INTERNAL_ERROR"


@dataclass(frozen=True, slots=True)
class Echec:
    """Une validation refusée.

    :param phrase: explication, sans rien de ce qui a été reçu.
    """

    code: CodeEchec
    phrase: str


@dataclass(frozen=True, slots=True)
class Reussite:
    """Une validation réussie.

    :param principal: ``cas:user``.
    :param attributs: nom → valeurs, si le point de validation en donne.
    """

    principal: str
    attributs: Mapping[str, Sequence[str]] = field(default_factory=dict)


def en_xml(reponse: Echec | Reussite) -> bytes:
    """``cas:serviceResponse``.

    :param reponse: ce qu'il faut dire.
    """
    racine = etree.Element(_q("serviceResponse"), nsmap={"cas": _NS})
    if isinstance(reponse, Echec):
        echec = etree.SubElement(racine, _q("authenticationFailure"), code=reponse.code.value)
        echec.text = reponse.phrase
    else:
        reussite = etree.SubElement(racine, _q("authenticationSuccess"))
        etree.SubElement(reussite, _q("user")).text = ecrivable(reponse.principal)
        if reponse.attributs:
            attributs = etree.SubElement(reussite, _q("attributes"))
            for nom, valeurs in reponse.attributs.items():
                for valeur in valeurs:
                    etree.SubElement(attributs, _q(nom)).text = ecrivable(valeur)
    return etree.tostring(racine, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def en_json(reponse: Echec | Reussite) -> bytes:
    """La même réponse, pour ``format=JSON``.

    :param reponse: ce qu'il faut dire.
    """
    dit: dict[str, object]
    if isinstance(reponse, Echec):
        dit = {"authenticationFailure": {"code": reponse.code.value, "description": reponse.phrase}}
    else:
        reussite: dict[str, object] = {"user": reponse.principal}
        if reponse.attributs:
            reussite["attributes"] = {nom: list(valeurs) for nom, valeurs in reponse.attributs.items()}
        dit = {"authenticationSuccess": reussite}
    return json.dumps({"serviceResponse": dit}, ensure_ascii=False).encode()


def _q(nom: str) -> str:
    return f"{{{_NS}}}{nom}"
