"""Le registre (RGPD, article 30) : ce que la brique enregistre, pourquoi, pour qui, combien de temps."""

from __future__ import annotations

from ent_core.brique import (
    Acces,
    BaseLegale,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Population,
    Portee,
    Role,
    Sort,
    Texte,
    Traitement,
)

__all__ = ["AFFICHAGE"]

AFFICHAGE = Traitement(
    cle="annonces.affichage",
    version=1,
    intitule="Annonces de l'établissement",
    finalite="Afficher les annonces de la direction et de la vie scolaire dans l'établissement.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("arrêté du 30 novembre 2006 modifié, article 1er",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT),
        Destinataire(Role.ENSEIGNANT, Portee.ETABLISSEMENT),
        Destinataire(Role.DOCUMENTALISTE, Portee.ETABLISSEMENT),
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATIF, Portee.ETABLISSEMENT),
        Destinataire(Role.SANTE_SOCIAL, Portee.ETABLISSEMENT),
        Destinataire(Role.ELEVE, Portee.ETABLISSEMENT),
        Destinataire(Role.RESPONSABLE, Portee.ETABLISSEMENT),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE,
        Duree(mois=1),
        Sort.SUPPRIMER,
        autorite=Texte("arrêté du 30 novembre 2006 modifié, article 6"),
    ),
)
