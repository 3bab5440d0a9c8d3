"""Demander un droit sans l'exiger : montrer un bouton, borner une lecture à qui en est destinataire."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from ent_core.contrat.donnees import Donnee
from ent_core.contrat.interface import Contexte, Portee
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.roles.habilitations import RANGS, plus_large
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant

__all__ = ["perimetre", "peut", "portee_de_lecture"]


def peut(permission: str, objet: Any = None) -> bool:
    """Vrai si la personne a cette permission ici ; la page elle-même la redemandera par ``@exige``.

    :param permission: clé de permission.
    :param objet: ce sur quoi porterait l'acte.
    :raises Unauthorized: route ouverte sans session.
    """
    return instance().habilitations.autorise(contexte_courant(), permission, objet)


def perimetre(contexte: Contexte, permission: str) -> Portee | None:
    """Périmètre d'une permission pour qui agit, hors de la route qui l'exige ; ``None`` s'il ne l'a pas.

    :param contexte: qui agit.
    :param permission: clé de permission.
    """
    habilitations = instance().habilitations
    return (
        habilitations.portee(contexte, permission) if habilitations.autorise(contexte, permission) else None
    )


def portee_de_lecture(contexte: Contexte, *colonnes: InstrumentedAttribute[Any]) -> Portee | None:
    """Périmètre où le registre fait de cette personne la destinataire de ces colonnes ; ``None``, nulle part.

    Ce qu'une brique offre à une autre se borne ainsi : ni page ni permission ne le demande, mais seul qui
    en est destinataire le reçoit, pour les élèves que sa fonction lui fait connaître.

    :param contexte: qui demande.
    :param colonnes: colonnes que la réponse montre, de tables de la brique.
    """
    roles = set(contexte.roles)
    traitements = instance().registre.traitements
    portees: dict[str, list[Portee]] = {role: [] for role in roles}
    for attribut in colonnes:
        colonne = attribut.property.columns[0]
        declaree, dite = declaration(colonne.table), declaration_colonne(colonne)
        if isinstance(dite, Donnee) and dite.pour:
            roles &= set(dite.pour)
        if declaree is not None and declaree.traitement is not None:
            siens = {d.role: d.portee for d in traitements[declaree.traitement].destinataires}
            roles &= siens.keys()
            for role in roles:
                portees[role].append(siens[role])
    # Un même rôle peut avoir un périmètre par traitement : le plus étroit vaut pour l'ensemble.
    return plus_large(min(portees[role], key=RANGS.index) for role in roles if portees[role])
