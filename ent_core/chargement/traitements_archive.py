"""Les traitements de l'archive intermédiaire : ce qu'elle garde, et qui demande à la lire."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import BORDEREAUX, COFFRE, CONTENUS, COPIES_DU_COFFRE
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
    Visa,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role

__all__ = ["TRAITEMENTS_ARCHIVE"]

_TOUS = frozenset(Population)
_FINALITE = "Garder à part ce qui n'est plus d'usage courant, le temps qu'un texte ou un litige le demande."
_TEXTES = (
    "code du patrimoine, articles L. 211-4, L. 212-2 et L. 212-3",
    "RGPD, articles 5.1 e et 89",
)
# Jamais un enseignant. L'archiviste est une personne à qui la permission est donnée sous l'un de ces rôles.
_LECTEURS = (
    Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
    Destinataire(Role.ARCHIVISTE, Portee.ETABLISSEMENT),
    Destinataire(Role.DPD, Portee.ACADEMIE),
)

TRAITEMENTS_ARCHIVE = (
    Traitement(
        cle="noyau.archives",
        version=1,
        intitule="Archive intermédiaire",
        finalite=_FINALITE,
        finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
        base=BaseLegale.OBLIGATION_LEGALE,
        textes=_TEXTES,
        personnes=_TOUS,
        destinataires=_LECTEURS,
        conservation=Conservation(
            Depart.FIN_DE_VALIDITE,
            Duree(),
            Sort.SUPPRIMER,
            autorite=Texte("celui que chaque série cite, inscrit à son entrée"),
        ),
        origines=("données de l'ENT dont la vie active est finie",),
        depots=(CONTENUS, COFFRE, COPIES_DU_COFFRE),
    ),
    Traitement(
        cle="noyau.archives_visa",
        version=1,
        intitule="Archive intermédiaire, en attente d'un visa",
        finalite=_FINALITE,
        finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
        base=BaseLegale.OBLIGATION_LEGALE,
        textes=_TEXTES,
        personnes=_TOUS,
        destinataires=_LECTEURS,
        conservation=Conservation(
            Depart.FIN_DE_VALIDITE, Duree(), Sort.SUPPRIMER, autorite=Visa("Archives intermédiaires")
        ),
        origines=("données de l'ENT dont la vie active est finie",),
        depots=(CONTENUS, COFFRE, COPIES_DU_COFFRE),
    ),
    Traitement(
        cle="noyau.archives_acces",
        version=1,
        intitule="Consultations et versements de l'archive",
        finalite="Savoir qui a demandé à lire l'archive, qui l'a permis, et ce qui a été remis aux archives.",
        finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
        base=BaseLegale.OBLIGATION_LEGALE,
        textes=("RGPD, articles 5.2 et 32", "code du patrimoine, article L. 212-3"),
        personnes=_TOUS,
        destinataires=(
            Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
            Destinataire(Role.ARCHIVISTE, Portee.ETABLISSEMENT, Acces.ECRIRE),
            Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
        ),
        conservation=Conservation(
            Depart.FIN_DE_VALIDITE,
            Duree(mois=12),
            Sort.SUPPRIMER,
            autorite=Texte("délibération CNIL n° 2021-122"),
        ),
        origines=("demande et décision saisies dans l'ENT",),
        depots=(BORDEREAUX,),
    ),
)
"""Dans l'ordre où le registre les montre."""
