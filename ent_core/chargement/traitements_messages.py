"""Ce que le noyau tient pour prévenir : des messages, peu de temps ; des préférences, le temps du compte."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import COURRIELS, SMS
from ent_core.contrat.donnees import (
    Acces,
    BaseLegale,
    Conservation,
    Copie,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Opposition,
    Population,
    Sort,
    Texte,
    Traitement,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.papier import ChampPapier, FormulairePapier
from ent_core.contrat.roles import Role

__all__ = ["FEUILLES", "TRAITEMENTS_MESSAGES"]

_TOUS = frozenset(Population)
_EXPEDITEURS = (Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.CPE, Role.ADMINISTRATIF)
_CHACUN = tuple(
    Destinataire(role.value, Portee.MES_ENFANTS if role is Role.RESPONSABLE else Portee.MOI)
    for role in Role
    if role not in _EXPEDITEURS
)

_MESSAGES = Traitement(
    cle="noyau.messages",
    version=2,
    intitule="Messages qui préviennent d'une information",
    finalite="Prévenir une personne qu'une information l'attend dans l'ENT, sans dire laquelle au-dehors.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, articles L. 111-4 et L. 131-8", "RGPD, article 32"),
    personnes=_TOUS,
    destinataires=(
        *(Destinataire(role, Portee.ETABLISSEMENT, Acces.ECRIRE) for role in _EXPEDITEURS),
        *_CHACUN,
    ),
    conservation=Conservation(
        Depart.CREATION, Duree(jours=60), Sort.SUPPRIMER,
        autorite=Copie("l'information elle-même, dans la brique qui en prévient"), preavis=0,
    ),
    opposition=Opposition(
        possible=True,
        motif="Toute personne peut refuser les courriels et les SMS de l'ENT, sans avoir à se justifier.",
        papier="Un bordereau remis par l'établissement ; l'information elle-même, sur papier, à la demande.",
    ),
    origines=("information publiée dans l'ENT", "annuaire de l'académie, pour les coordonnées"),
    depots=(COURRIELS, SMS),
)  # fmt: skip

_PREFERENCES = Traitement(
    cle="noyau.preferences",
    version=1,
    intitule="Préférences des messages",
    finalite="Savoir par où et quand une personne veut être prévenue.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("arrêté du 30 novembre 2006 modifié, article 3",),
    personnes=_TOUS,
    destinataires=tuple(Destinataire(role.value, Portee.MOI, Acces.ECRIRE) for role in Role),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION, Duree(mois=3), Sort.SUPPRIMER,
        autorite=Texte("arrêté du 30 novembre 2006 modifié, article 6"),
    ),
    origines=("choix de la personne",),
)  # fmt: skip

TRAITEMENTS_MESSAGES = (_MESSAGES, _PREFERENCES)
"""Dans l'ordre où le registre les montre."""

FEUILLES = {
    "noyau.messages": FormulairePapier(
        "Demander une information sur papier",
        "À rendre à la vie scolaire ou au secrétariat, avec le bordereau reçu ou sans lui.",
        (
            ChampPapier(
                "Je demande sur papier",
                choix=("ce qu'annonce le bordereau", "tout ce qui est paru depuis la dernière fois"),
            ),
            ChampPapier(
                "Je le reçois",
                choix=("au guichet", "par courrier, à l'adresse que l'établissement connaît"),
            ),
            ChampPapier("Précision", aide="Si vous le souhaitez.", lignes=2),
        ),
    )
}
"""Feuille vierge de qui s'oppose, par traitement."""
