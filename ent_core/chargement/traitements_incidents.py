"""Les traitements de l'incident : le registre des violations, et l'accès aux traces."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import REGISTRES_EXPORTES
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

__all__ = ["ACCES_TRACES", "VIOLATIONS"]

_CINQ_ANS = Conservation(
    Depart.FIN_DE_VALIDITE, Duree(mois=60), Sort.SUPPRIMER, autorite=Texte("code civil, article 2224")
)

VIOLATIONS = Traitement(
    cle="noyau.violations",
    version=1,
    intitule="Registre des violations de données",
    finalite="Documenter les violations, les notifier à temps à la CNIL et prévenir les personnes touchées.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 33 et 34",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
    ),
    conservation=_CINQ_ANS,
    origines=("constat saisi dans l'ENT", "comptage dans les traces"),
    depots=(REGISTRES_EXPORTES,),
)

ACCES_TRACES = Traitement(
    cle="noyau.acces_traces",
    version=1,
    intitule="Accès aux traces des écritures et des lectures",
    finalite="N'ouvrir les traces que pour un incident, sur demande motivée, bornée, accordée par un autre.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 5 et 32", "délibération CNIL n° 2021-122 du 14 octobre 2021"),
    personnes=frozenset(
        {Population.ELEVE, Population.RESPONSABLE, Population.PERSONNEL, Population.EXTERIEUR}
    ),
    # Jamais le chef d'établissement : les traces disent ce que font les personnels.
    destinataires=(
        Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_TECHNIQUE, Portee.ACADEMIE, Acces.ECRIRE),
    ),
    conservation=_CINQ_ANS,
    origines=("demande saisie dans l'ENT",),
)
