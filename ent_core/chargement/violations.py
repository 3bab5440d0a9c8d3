"""Les violations d'une instance : clé des empreintes, vignette et tâche qui rappellent l'échéance."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, EtatVignette, LigneVignette, Vignette
from ent_core.contrat.roles import Role
from ent_core.contrat.taches import Tache
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.dates import heure, jour_long
from ent_core.vie_privee.violations.delai import compteur
from ent_core.vie_privee.violations.etapes import numero
from ent_core.vie_privee.violations.rappels import a_notifier, rappeler
from ent_core.vie_privee.violations.signaux import oublier_anciens
from ent_core.vie_privee.violations.tenue import lister

__all__ = ["cle_des_comptages", "taches_des_violations", "vignettes_des_violations"]

_MONTREES = 4


def cle_des_comptages(configuration: Configuration) -> bytes:
    """Clé des empreintes de listes de personnes.

    :param configuration: clé secrète de l'instance.
    """
    return hmac.new(cle_secrete(configuration).encode(), b"violations", hashlib.sha256).digest()


def vignettes_des_violations(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Les échéances des 72 heures, pour le délégué et le chef d'établissement ; rien s'il n'y en a pas.

    L'échéance est dite, non le temps qui reste : un accueil laissé ouvert ne ment pas.

    :param session: session de la requête.
    :param contexte: qui regarde.
    """
    if not contexte.roles & {Role.DPD, Role.DIRECTION}:
        return []
    ici = None if Role.DPD in contexte.roles else contexte.uai
    pressantes = [violation for violation in lister(session, ici, ouvertes=True) if a_notifier(violation)]
    if not pressantes:
        return []
    lignes = []
    for violation in pressantes[:_MONTREES]:
        echeance = compteur(violation.connue_le, violation.connue_le).echeance
        lignes.append(
            LigneVignette(
                f"{numero(violation)} : avant {jour_long(echeance)}, {heure(echeance)}",
                point="vie_privee_violations.violation", parametres={"violation_id": str(violation.id)},
            )
        )  # fmt: skip
    combien = "une violation" if len(pressantes) == 1 else f"{len(pressantes)} violations"
    return [
        Vignette(
            "noyau.violations",
            f"notifier {combien} de données",
            tuple(lignes),
            permission="noyau.violations",
            ordre=1,
            etat=EtatVignette.A_FAIRE,
            point="vie_privee_violations.liste",
            libelle_lien="Voir le délai",
        )
    ]


def taches_des_violations() -> tuple[Tache, ...]:
    """Chaque heure, rappeler ; chaque nuit, oublier les refus de plus d'un an."""

    def rappeler_l_echeance(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("violations : rappel de l'échéance") as session:
            rappeler(session, horloge)

    def oublier_les_refus(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("violations : refus de plus d'un an") as session:
            oublier_anciens(session, horloge)

    return (
        Tache(
            "noyau.rappeler_violations",
            rappeler_l_echeance,
            periode="7 * * * *",
            libelle="Rappeler l'échéance d'une violation",
        ),
        Tache(
            "noyau.oublier_refus",
            oublier_les_refus,
            periode="40 3 * * *",
            libelle="Oublier les accès refusés depuis plus d'un an",
        ),
    )
