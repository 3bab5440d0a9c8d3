"""Le registre (RGPD, article 30). Deux horloges : l'affichage aux familles, et le dossier administratif."""

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
)

__all__ = ["AFFICHAGE", "ASSIDUITE", "PROPOSITIONS", "PUNITIONS", "SANCTIONS"]

_ECRIRE = Acces.ECRIRE
_ELEVES_ET_FAMILLES = frozenset({Population.ELEVE, Population.RESPONSABLE, Population.PERSONNEL})
_ELEVES_ET_PERSONNELS = frozenset({Population.ELEVE, Population.PERSONNEL})
_ENSEIGNANTS = (Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE)
_FAMILLE = (
    Destinataire(Role.ELEVE, Portee.MOI),
    Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS),
)
_FIN_D_ANNEE = Depart.FIN_ANNEE_SCOLAIRE

ASSIDUITE = Traitement(
    cle="carnet.assiduite",
    version=6,
    intitule="Appel, absences et retards",
    finalite="Contrôler l'assiduité : faire l'appel, suivre absences et retards, joindre les familles.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=(
        "code de l'éducation, article L. 131-8",
        "code de l'éducation, articles R. 131-5 à R. 131-7",
    ),
    personnes=_ELEVES_ET_FAMILLES,
    destinataires=(
        Destinataire(Role.ELEVE, Portee.MOI, _ECRIRE),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS, _ECRIRE),
        *(Destinataire(role, Portee.MES_CLASSES, _ECRIRE) for role in _ENSEIGNANTS),
        Destinataire(Role.PROFESSEUR_PRINCIPAL, Portee.MA_CLASSE_PRINCIPALE),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT, _ECRIRE),
    ),
    conservation=Conservation(
        _FIN_D_ANNEE, Duree(), Sort.SUPPRIMER, autorite=Texte("code de l'éducation, article R. 131-6")
    ),
    origines=("emploi du temps de l'établissement", "appel des personnels", "motif donné par la famille"),
)

AFFICHAGE = Traitement(
    cle="carnet.affichage",
    version=3,
    intitule="Carnet de l'élève, montré aux familles",
    finalite="Informer à distance l'élève et ses responsables des absences, retards, punitions et sanctions.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("arrêté du 16 juillet 2015, téléservice d'information des familles",),
    personnes=frozenset({Population.ELEVE, Population.RESPONSABLE}),
    destinataires=(
        Destinataire(Role.ELEVE, Portee.MOI, _ECRIRE),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS, _ECRIRE),
        *(Destinataire(role, Portee.MES_CLASSES, _ECRIRE) for role in _ENSEIGNANTS),
        Destinataire(Role.PROFESSEUR_PRINCIPAL, Portee.MA_CLASSE_PRINCIPALE),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT, _ECRIRE),
    ),
    conservation=Conservation(
        _FIN_D_ANNEE, Duree(), Sort.SUPPRIMER, autorite=Texte("arrêté du 16 juillet 2015"), au_depart=True
    ),
    opposition=Opposition(
        True,
        "le service est facultatif : ne pas l'employer n'a aucune conséquence sur la scolarité",
        papier="carnet de liaison hebdomadaire, imprimé par l'établissement",
    ),
    origines=("vie scolaire de l'établissement",),
)

PUNITIONS = Traitement(
    cle="carnet.punitions",
    version=2,
    intitule="Punitions scolaires",
    finalite="Décider et suivre les punitions scolaires, mesures d'ordre intérieur, jamais au dossier.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 511-13", "circulaire n° 2014-059 du 27 mai 2014"),
    personnes=_ELEVES_ET_PERSONNELS,
    destinataires=(
        *_FAMILLE,
        *(Destinataire(role, Portee.MES_CLASSES, _ECRIRE) for role in _ENSEIGNANTS),
        Destinataire(Role.PROFESSEUR_PRINCIPAL, Portee.MA_CLASSE_PRINCIPALE),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT, _ECRIRE),
    ),
    conservation=Conservation(
        _FIN_D_ANNEE, Duree(), Sort.SUPPRIMER, autorite=Texte("circulaire n° 2014-059 du 27 mai 2014")
    ),
    origines=("personnels de l'établissement",),
)

PROPOSITIONS = Traitement(
    cle="carnet.propositions",
    version=1,
    intitule="Propositions de punition",
    finalite="Recevoir la punition qu'un personnel propose, et lui répondre ; la famille n'en lit rien.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("circulaire n° 2014-059 du 27 mai 2014",),
    personnes=_ELEVES_ET_PERSONNELS,
    destinataires=(
        *(
            Destinataire(role, Portee.ETABLISSEMENT, _ECRIRE)
            for role in (Role.ADMINISTRATIF, Role.SANTE_SOCIAL, Role.ORIENTATION)
        ),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT, _ECRIRE),
    ),
    conservation=Conservation(
        _FIN_D_ANNEE, Duree(), Sort.SUPPRIMER, autorite=Texte("circulaire n° 2014-059 du 27 mai 2014")
    ),
    origines=("personnels de l'établissement",),
)

SANCTIONS = Traitement(
    cle="carnet.sanctions",
    version=4,
    intitule="Sanctions disciplinaires",
    finalite="Conduire les procédures disciplinaires et tenir les sanctions inscrites au dossier de l'élève.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=(
        "code de l'éducation, articles R. 511-12 à R. 511-14",
        "code de l'éducation, article R. 421-10-1",
    ),
    personnes=_ELEVES_ET_PERSONNELS,
    destinataires=(
        *_FAMILLE,
        Destinataire(Role.ENSEIGNANT, Portee.MES_CLASSES),
        Destinataire(Role.PROFESSEUR_PRINCIPAL, Portee.MA_CLASSE_PRINCIPALE),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, _ECRIRE),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT),
        # Les jours et l'effet d'une exclusion en cours : le reste est « pour » d'autres (§ 3.1).
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE,
        Duree(),
        Sort.SUPPRIMER,
        autorite=Texte("code de l'éducation, article R. 511-13 IV"),
    ),
    origines=("direction et vie scolaire de l'établissement", "conseil de discipline"),
    depots=(
        Depot(
            "échéances à aligner chaque nuit, sans aucun nom ni identifiant",
            NatureDepot.TRAVAUX,
            Duree(jours=7),
            "le noyau efface chaque nuit les travaux finis",
        ),
    ),
)
