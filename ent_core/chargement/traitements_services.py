"""Ce que le noyau tient des services tiers : leurs déclarations, et de quoi les prévenir d'une sortie."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import SERVICES
from ent_core.contrat.donnees import (
    Acces,
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

__all__ = ["TRAITEMENTS_SERVICES", "TRAITEMENT_DES_SERVICES"]

TRAITEMENT_DES_SERVICES = "noyau.connexions_services"
"""Celui dont le registre cite chaque service déclaré, et ce qu'il reçoit."""

_SERVICES = Traitement(
    cle="noyau.services_tiers",
    version=2,
    intitule="Services ouverts par l'ENT",
    finalite="Savoir quels services hors de l'ENT s'ouvrent par lui, qui l'a décidé, et ce qu'ils reçoivent.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 5.2, 24, 28 et 30",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=60), Sort.SUPPRIMER, autorite=Texte("code civil, article 2224")
    ),
    origines=("décision saisie dans l'ENT",),
)

_CONNEXIONS = Traitement(
    cle=TRAITEMENT_DES_SERVICES,
    version=2,
    intitule="Entrées dans les services tiers",
    finalite="Ouvrir un service sans second mot de passe, l'en faire sortir, et dire à chacun qui a reçu"
    " quoi de lui.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("arrêté du 30 novembre 2006 modifié, article 3", "RGPD, articles 15 et 32"),
    personnes=frozenset(Population),
    destinataires=tuple(Destinataire(role.value, Portee.MOI) for role in Role),
    conservation=Conservation(
        Depart.CREATION, Duree(jours=60), Sort.SUPPRIMER,
        autorite=Texte("arrêté du 30 novembre 2006 modifié, article 6"), preavis=0,
    ),
    origines=("ouverture d'un service par la personne",),
    depots=(SERVICES,),
)  # fmt: skip

_RELIES = Traitement(
    cle="noyau.services_relies",
    version=1,
    intitule="Accords donnés à des services",
    finalite="Retenir ce qu'une personne a accordé à un service de lire pour elle,"
    " et le lui laisser retirer.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.CONSENTEMENT,
    textes=("RGPD, articles 6.1 a et 7",),
    personnes=frozenset(Population),
    destinataires=tuple(Destinataire(role.value, Portee.MOI) for role in Role),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("RGPD, article 7.1"), preavis=0
    ),
    origines=("accord donné par la personne",),
)

TRAITEMENTS_SERVICES = (_SERVICES, _CONNEXIONS, _RELIES)
"""Dans l'ordre où le registre les montre."""
