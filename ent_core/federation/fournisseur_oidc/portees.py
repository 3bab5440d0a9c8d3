"""Les portées : ce que chacune dit d'une personne, et lesquelles demandent son accord."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ent_core.contrat.services import OptionsOidc
from ent_core.federation.gabarits import SourceAttribut

__all__ = ["AFFIRMATIONS", "IDENTITE", "PROLONGER", "admises", "affirmer", "soumises"]

IDENTITE = ("openid", "profile", "email", "address", "scolarite")
"""Portées d'identité : elles ne donnent rien de plus que la déclaration du service."""

PROLONGER = "offline_access"
"""Lire encore quand la personne est sortie."""

_S = SourceAttribut


@dataclass(frozen=True, slots=True)
class Affirmation:
    """Une affirmation (« claim »), et la portée qui la demande."""

    nom: str
    portee: str
    liste: bool = False


AFFIRMATIONS: Mapping[SourceAttribut, Affirmation] = {
    _S.IDENTIFIANT: Affirmation("preferred_username", "profile"),
    _S.NOM: Affirmation("family_name", "profile"),
    _S.PRENOM: Affirmation("given_name", "profile"),
    _S.NAISSANCE: Affirmation("birthdate", "profile"),
    _S.COURRIEL: Affirmation("email", "email"),
    _S.CODE_POSTAL: Affirmation("address", "address"),
    _S.CLE_AAF: Affirmation("ent_cle_aaf", "scolarite"),
    _S.UAI: Affirmation("ent_uai", "scolarite"),
    _S.UAIS: Affirmation("ent_uais", "scolarite", liste=True),
    _S.ETABLISSEMENTS: Affirmation("ent_etablissements", "scolarite", liste=True),
    _S.PROFIL: Affirmation("ent_profil", "scolarite"),
    _S.PROFIL_NUMERO: Affirmation("ent_profil_numero", "scolarite"),
    _S.DIVISIONS: Affirmation("ent_divisions", "scolarite", liste=True),
    _S.GROUPES: Affirmation("ent_groupes", "scolarite", liste=True),
    _S.VECTEURS: Affirmation("FrEduVecteur", "scolarite", liste=True),
}
"""Nom normalisé s'il en existe un ; sinon un nom à nous. L'instant de connexion est déjà ``auth_time``."""


def admises(options: OptionsOidc, demandees: Iterable[str], traitements: Container[str]) -> tuple[str, ...]:
    """Portées que le service peut recevoir, parmi celles qu'il demande ; les autres sont ignorées.

    :param options: options du service.
    :param demandees: portées demandées, dans l'ordre.
    :param traitements: ceux du registre : une portée qui n'en est plus n'ouvre rien, et ne se demande pas.
    """
    declarees = [portee for portee in options.portees if portee in traitements]
    connues = {*IDENTITE, *declarees, *([PROLONGER] if options.prolonger else [])}
    return tuple(dict.fromkeys(portee for portee in demandees if portee in connues))


def soumises(portees: Iterable[str]) -> frozenset[str]:
    """Portées qui demandent l'accord de la personne : tout ce qui va plus loin que la déclaration.

    :param portees: portées admises.
    """
    return frozenset(portees) - set(IDENTITE)


def affirmer(valeurs: Mapping[SourceAttribut, tuple[str, ...]], portees: Iterable[str]) -> dict[str, Any]:
    """Affirmations, coupées par les portées ; ce qui n'a pas de valeur n'est pas dit.

    :param valeurs: ce que la déclaration du service laisse savoir.
    :param portees: portées accordées.
    """
    voulues, dites = frozenset(portees), dict[str, Any]()
    for source, affirmation in AFFIRMATIONS.items():
        presentes = [valeur for valeur in valeurs.get(source, ()) if valeur]
        if presentes and affirmation.portee in voulues:
            dites[affirmation.nom] = presentes if affirmation.liste else presentes[0]
    if "address" in dites:
        dites["address"] = {"postal_code": dites["address"]}
    if noms := [dites[nom] for nom in ("given_name", "family_name") if nom in dites]:
        dites["name"] = " ".join(noms)
    return dites
