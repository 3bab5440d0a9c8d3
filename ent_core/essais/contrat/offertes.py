"""Ce qu'une brique donne aux autres, confronté à ses destinataires déclarés, sans passer par son calcul."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import Portage
from ent_core.essais.parcours import Parcours
from ent_core.roles.habilitations import RANGS
from ent_core.roles.perimetre import peut_atteindre

__all__ = ["personnes_citees", "personnes_hors_de_portee", "portees_declarees"]


def portees_declarees(brique: BriqueChargee) -> dict[str, Portee]:
    """Rôle → le plus large périmètre où un traitement de la brique le dit destinataire.

    :param brique: brique éprouvée.
    """
    portees: dict[str, Portee] = {}
    for traitement in brique.traitements:
        for destinataire in traitement.destinataires:
            deja = portees.get(destinataire.role, destinataire.portee)
            portees[destinataire.role] = max(deja, destinataire.portee, key=RANGS.index)
    return portees


def personnes_citees(reponses: Iterable[Any]) -> set[UUID]:
    """Tout identifiant qu'une réponse porte.

    :param reponses: réponses, des valeurs figées.
    """
    return {
        valeur
        for reponse in reponses
        for champ in dataclasses.fields(reponse)
        if isinstance(valeur := getattr(reponse, champ.name), UUID)
    }


def personnes_hors_de_portee(parcours: Parcours, role: str, portees: Sequence[Portee]) -> set[UUID]:
    """Élèves de l'annuaire, des deux écoles, qu'aucun de ces périmètres n'atteint.

    :param parcours: instance d'essai.
    :param role: nom de rôle de l'annuaire.
    :param portees: périmètres déclarés.
    """
    contexte, annuaire = parcours.contexte(role), parcours.instance.annuaire
    eleves = {p for nom, p in annuaire.personnes.items() if annuaire.profils.get(nom) == Profil.ELEVE}
    with parcours.instance.base.session(
        Portage("essai : qui est atteint", uai=contexte.uai, personne=contexte.personne_id)
    ) as session:
        atteints = {eleve for eleve in eleves for p in portees if peut_atteindre(session, contexte, p, eleve)}
    return eleves - atteints
