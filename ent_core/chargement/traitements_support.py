"""Ce que le noyau tient de l'assistance : qui a vu l'ENT à la place de qui, et quand."""

from __future__ import annotations

from ent_core.contrat.donnees import (
    BaseLegale,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Population,
    Sort,
    Texte,
    Traitement,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role

__all__ = ["SUPPORT"]

SUPPORT = Traitement(
    cle="noyau.support",
    version=1,
    intitule="Visites de l'assistance",
    finalite="Savoir, et dire à la personne, quand l'assistance a vu l'ENT à sa place et pourquoi.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("RGPD, articles 5 et 32", "délibération CNIL n° 2021-122 du 14 octobre 2021"),
    personnes=frozenset(Population),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS),
        Destinataire(Role.ELEVE, Portee.MOI),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
        Destinataire(Role.DPD, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("délibération CNIL n° 2021-122")
    ),
    origines=("activité de l'assistance dans l'ENT",),
)
