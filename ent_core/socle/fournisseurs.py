"""Le secret d'un fournisseur d'identité : dans un fichier à part, ou dans l'environnement."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ent_core.contrat.fournisseurs import FORME_CLE, Fournisseur
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["PREFIXE_SECRET", "lire_secret", "poser_secret"]

PREFIXE_SECRET = "ENT_SECRET_"  # noqa: S105 - le nom de la variable, non son contenu
"""Début du nom de la variable qui porte le secret d'un fournisseur : ``ENT_SECRET_EDUCONNECT``."""

_SECRET_MINIMAL = 16
_PERMISES = frozenset(champ.name for champ in fields(Fournisseur)) - {"secret"}


def poser_secret(
    valeurs: Mapping[str, Any], variables: Mapping[str, str], lieu: str
) -> dict[str, dict[str, Any]]:
    """Donne à chaque fournisseur déclaré le secret que son fichier ou l'environnement contient.

    :param valeurs: section ``fournisseurs`` telle que lue.
    :param variables: variables d'environnement.
    :param lieu: fichier de configuration, pour les messages.
    :raises ConfigurationInvalide: clé mal formée, secret écrit en clair, illisible, trop court ou orphelin.
    """
    attendus = {f"{PREFIXE_SECRET}{cle.upper().replace('-', '_')}": cle for cle in valeurs}
    orphelines = sorted(nom for nom in variables if nom.startswith(PREFIXE_SECRET) and nom not in attendus)
    if orphelines:
        raise _refus(f"la variable {orphelines[0]} n'est celle d'aucun fournisseur déclaré", "environnement")
    rendus: dict[str, dict[str, Any]] = {}
    for nom, cle in attendus.items():
        ou = f"{lieu}, [fournisseurs.{cle}]"
        declare = valeurs[cle]
        if not isinstance(declare, dict) or not FORME_CLE.fullmatch(cle):
            raise _refus("une clé de fournisseur a de 2 à 30 minuscules, chiffres ou tirets", ou)
        if "secret" in declare:
            raise _refus("un secret ne s'écrit pas dans ce fichier", ou)
        for inconnue in sorted(set(declare) - _PERMISES):
            proches = difflib.get_close_matches(inconnue, _PERMISES, n=1, cutoff=0.5)
            dit = f" ; vouliez-vous dire « {proches[0]} » ?" if proches else ""
            raise _refus(f"la clé « {inconnue} » est inconnue{dit}", ou)
        rendus[cle] = {
            **declare,
            "secret": lire_secret(str(declare.get("secret_fichier", "")), ou, variables.get(nom, "")),
        }
    return rendus


def lire_secret(chemin: str, ou: str, donne: str = "") -> str:
    """Secret d'un fournisseur, vide s'il n'en a pas.

    :param chemin: fichier qui le contient.
    :param ou: section déclarée, pour les messages.
    :param donne: secret déjà reçu de l'environnement, qui l'emporte.
    :raises ConfigurationInvalide: fichier illisible, secret trop court.
    """
    secret = donne
    if not secret and chemin:
        try:
            secret = Path(chemin).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as erreur:
            raise _refus(f"le fichier du secret est illisible ({type(erreur).__name__})", ou) from erreur
    if secret and len(secret) < _SECRET_MINIMAL:
        raise _refus(f"son secret a moins de {_SECRET_MINIMAL} caractères", ou)
    if not secret.isascii() or not secret.isprintable():
        raise _refus("son secret a des caractères que le protocole n'admet pas (RFC 6749)", ou)
    return secret


def _refus(pourquoi: str, lieu: str) -> ConfigurationInvalide:
    return ConfigurationInvalide(
        f"fournisseur d'identité refusé : {pourquoi}.",
        remede="donner le secret par secret_fichier ou par ENT_SECRET_<CLÉ>, et corriger le reste.",
        lieu=lieu,
    )
