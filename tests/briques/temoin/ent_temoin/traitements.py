"""Trois traitements : un suivi, dont on peut s'opposer ; des points d'une année ; un journal."""

from __future__ import annotations

from ent_core.brique import (
    Acces,
    BaseLegale,
    Conservation,
    Depart,
    Depot,
    Destinataire,
    Duree,
    FinaliteEnt,
    NatureDepot,
    Opposition,
    Population,
    Portee,
    Role,
    Sort,
    Texte,
    Traitement,
    Visa,
)

__all__ = ["JOURNAL", "POINTS", "SUIVI"]

SUIVI = Traitement(
    cle="temoin.suivi",
    version=1,
    intitule="Suivi d'essai",
    finalite="Éprouver le contrat sur des dossiers.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 511-13",),
    personnes=frozenset({Population.ELEVE, Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.SANTE_SOCIAL, Portee.ETABLISSEMENT),
        Destinataire(Role.ENSEIGNANT, Portee.MES_CLASSES),
    ),
    conservation=Conservation(
        Depart.FAIT,
        Duree(mois=12),
        Sort.SUPPRIMER,
        autorite=Texte("code de l'éducation, article R. 511-13"),
        preavis=14,
    ),
    opposition=Opposition(
        possible=True, motif="Une situation particulière se suit sur papier.", papier="feuille de suivi"
    ),
    origines=("saisie de la vie scolaire",),
    depots=(
        Depot("certificats", NatureDepot.FICHIERS, Duree(mois=12), "effacés avec le dossier"),
        Depot("journal technique", NatureDepot.JOURNAUX, Duree(mois=12), "ôté par la rotation du serveur"),
    ),
    seuil=11,
)

POINTS = Traitement(
    cle="temoin.points",
    version=1,
    intitule="Points d'une année",
    finalite="Éprouver le contrat sur ce qui vieillit avec l'année scolaire.",
    finalite_ent=FinaliteEnt.ENSEIGNEMENTS,
    base=BaseLegale.CONSENTEMENT,
    textes=("RGPD, article 6.1 a",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),),
    conservation=Conservation(
        Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=1), Sort.SUPPRIMER, autorite=Visa("Points d'essai")
    ),
)

JOURNAL = Traitement(
    cle="temoin.journal",
    version=1,
    intitule="Journal des dossiers",
    finalite="Savoir qui a ouvert un dossier.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, article 32",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("délibération CNIL n° 2021-122")
    ),
    origines=("activité dans l'ENT",),
)
