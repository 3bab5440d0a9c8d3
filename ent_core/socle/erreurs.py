"""Les erreurs que l'ENT montre à une personne : quoi, où, pourquoi, que faire.

Une erreur ne contient jamais de donnée personnelle : un identifiant technique,
un fichier et une ligne suffisent à retrouver la fiche en cause.
"""

from __future__ import annotations

from collections.abc import Iterable

from ent_core.contrat.resultats import Anomalie

__all__ = [
    "AccesRefuse",
    "AnomaliesTrouvees",
    "BaseIndisponible",
    "ConfigurationInvalide",
    "DocumentImpossible",
    "DonneeInvalide",
    "DonneeProtegee",
    "ErreurEnt",
    "FichierRefuse",
    "Introuvable",
    "OperationRefusee",
]


class ErreurEnt(Exception):
    """Erreur destinée à une personne.

    :param message: ce qui s'est passé et pourquoi, en une ou deux phrases.
    :param remede: ce que la personne peut faire.
    :param lieu: fichier, ligne, table ou adresse en cause.
    """

    code = "ENT-000"
    statut_http = 500
    code_de_sortie = 1

    def __init__(self, message: str, *, remede: str = "", lieu: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remede = remede
        self.lieu = lieu

    def __str__(self) -> str:
        parties = [f"[{self.code}] {self.message}"]
        if self.lieu:
            parties.append(f"Où : {self.lieu}")
        if self.remede:
            parties.append(f"Que faire : {self.remede}")
        return "\n".join(parties)


class ConfigurationInvalide(ErreurEnt):
    """La configuration ne permet pas de démarrer."""

    code = "ENT-CONF"
    code_de_sortie = 2


class BaseIndisponible(ErreurEnt):
    """La base ne répond pas, ou n'est pas celle qu'il faut (version, droits, migrations)."""

    code = "ENT-BASE"
    statut_http = 503
    code_de_sortie = 3


class DonneeInvalide(ErreurEnt):
    """Une valeur saisie ou reçue n'est pas acceptable."""

    code = "ENT-DONNEE"
    statut_http = 422


class FichierRefuse(ErreurEnt):
    """Un fichier reçu est illisible, tronqué, dangereux ou d'un autre format : rien n'est changé."""

    code = "ENT-FICHIER"
    statut_http = 422


class DocumentImpossible(ErreurEnt):
    """Un document à imprimer n'a pas pu être composé."""

    code = "ENT-PAPIER"


class OperationRefusee(ErreurEnt):
    """L'opération est comprise, mais l'état présent ne la permet pas."""

    code = "ENT-REFUS"
    statut_http = 409


class AccesRefuse(ErreurEnt):
    """La personne n'a pas la permission demandée."""

    code = "ENT-ACCES"
    statut_http = 403


class DonneeProtegee(ErreurEnt):
    """Un énoncé touche ce que ni la finalité ni le rôle en vigueur ne permettent : rien n'est parti."""

    code = "ENT-PORTILLON"
    statut_http = 403


class Introuvable(ErreurEnt):
    """L'objet demandé n'existe pas, ou n'existe pas pour cette personne."""

    code = "ENT-404"
    statut_http = 404


class AnomaliesTrouvees(ErreurEnt):
    """La vérification a trouvé des anomalies ; toutes sont montrées d'un coup.

    :param anomalies: au moins une anomalie de niveau « erreur ».
    """

    code = "ENT-VERIF"

    def __init__(self, anomalies: Iterable[Anomalie]) -> None:
        self.anomalies = tuple(anomalies)
        lignes = "\n".join(str(anomalie) for anomalie in self.anomalies)
        super().__init__(
            f"{len(self.anomalies)} anomalie(s) empêchent de démarrer.\n{lignes}",
            remede="corriger chaque anomalie, puis relancer « ent verifier ».",
        )
