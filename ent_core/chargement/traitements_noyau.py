"""Les traitements du noyau : ce qu'il tient lui-même, pourquoi, pour qui, combien de temps."""

from __future__ import annotations

from ent_core.chargement.depots_noyau import (
    COFFRE,
    COPIES,
    COPIES_DU_COFFRE,
    ENVOIS,
    JOURNAL_TECHNIQUE,
    LIVRE,
    SAUVEGARDES,
    TETES,
    TRAVAUX,
)
from ent_core.chargement.traitements_archive import TRAITEMENTS_ARCHIVE
from ent_core.chargement.traitements_gar import TRAITEMENT_GAR
from ent_core.chargement.traitements_incidents import ACCES_TRACES, VIOLATIONS
from ent_core.chargement.traitements_messages import TRAITEMENTS_MESSAGES
from ent_core.chargement.traitements_services import TRAITEMENTS_SERVICES
from ent_core.chargement.traitements_support import SUPPORT
from ent_core.contrat.donnees import (
    Acces,
    BaseLegale,
    Conservation,
    Copie,
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

__all__ = ["CHACUN", "TRAITEMENTS"]

_ARRETE = "arrêté du 30 novembre 2006 modifié"
_TOUS = frozenset(Population)

_ANNUAIRE = Traitement(
    cle="noyau.annuaire",
    version=3,
    intitule="Annuaire des personnes et des classes",
    finalite="Tenir l'annuaire des personnes, des classes et des liens, sur lequel tout repose.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, articles 1 à 4", "code de l'éducation, article D. 111-1"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATIF, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        # Ceux-ci ne lisent que par les briques, et que ce que la façade partage : des noms et des classes.
        *(
            Destinataire(role, Portee.ETABLISSEMENT)
            for role in (
                Role.ASSISTANT_EDUCATION,
                Role.DOCUMENTALISTE,
                Role.ORIENTATION,
                Role.SANTE_SOCIAL,
            )
        ),
        *(
            Destinataire(role, Portee.MES_CLASSES)
            for role in (Role.ENSEIGNANT, Role.PROFESSEUR_PRINCIPAL, Role.SUPPLEANT)
        ),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS),
        Destinataire(Role.ELEVE, Portee.MOI),
    ),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION, Duree(mois=3), Sort.SUPPRIMER, autorite=Texte(f"{_ARRETE}, article 6")
    ),
    depots=(ENVOIS, TRAVAUX, SAUVEGARDES),
)

_COMPTES = Traitement(
    cle="noyau.comptes",
    version=3,
    intitule="Comptes et connexions",
    finalite="Ouvrir et protéger les comptes : connexion, second facteur, sessions, limitation des essais.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, article 3", "RGPD, article 32", "délibération CNIL n° 2022-100"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION, Duree(mois=3), Sort.SUPPRIMER, autorite=Texte(f"{_ARRETE}, article 6")
    ),
)

_HABILITATIONS = Traitement(
    cle="noyau.habilitations",
    version=2,
    intitule="Rôles, délégations, profils suspendus",
    finalite="Attribuer les rôles locaux et les délégations du chef ; suspendre la connexion d'un profil.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, article 4", "RGPD, article 32"),
    personnes=frozenset({Population.PERSONNEL, Population.RESPONSABLE, Population.ELEVE}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE,
        Duree(mois=12),
        Sort.SUPPRIMER,
        autorite=Texte("délibération CNIL n° 2021-122"),
    ),
)

_JOURNAL = Traitement(
    cle="noyau.journal",
    version=2,
    intitule="Journal des actes",
    finalite="Garder la trace des connexions, des changements de droits et des actes d'administration.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("RGPD, article 32", "délibération CNIL n° 2021-122 du 14 octobre 2021"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
        Destinataire(Role.DPD, Portee.ACADEMIE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("délibération CNIL n° 2021-122")
    ),
    depots=(JOURNAL_TECHNIQUE,),
)

_DECISIONS = Traitement(
    cle="noyau.decisions",
    version=3,
    intitule="Décisions sur les briques",
    finalite="Savoir qui a ouvert ou fermé une brique, qui a accepté ce qu'elle fait des données, et qui a"
    " attesté ce qu'il fallait avoir fait avant.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 5.2, 24 et 30",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE,
        Duree(mois=12),
        Sort.SUPPRIMER,
        autorite=Texte("délibération CNIL n° 2021-122"),
    ),
    origines=("décision saisie dans l'ENT",),
)

_REGISTRE = Traitement(
    cle="noyau.registre",
    version=1,
    intitule="Registre et information des personnes",
    finalite="Tenir le registre des traitements et dire à chacun ce que l'école enregistre.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 12 à 14, 28 et 30",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
        *(
            Destinataire(role, Portee.ETABLISSEMENT)
            for role in (Role.ELEVE, Role.RESPONSABLE, Role.ENSEIGNANT)
        ),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE,
        Duree(mois=60),
        Sort.SUPPRIMER,
        autorite=Visa("Registre des activités de traitement"),
    ),
    origines=("réponse saisie dans l'ENT",),
)

_TRACES = Traitement(
    cle="noyau.traces",
    version=1,
    intitule="Traces des écritures et des lectures sensibles",
    finalite="Savoir qui a changé une donnée ou lu une donnée sensible, quand la loi le demande.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("RGPD, articles 5, 32 et 33", "délibération CNIL n° 2021-122 du 14 octobre 2021"),
    personnes=_TOUS,
    # Ni le chef d'établissement, ni l'administrateur : ce n'est pas un outil de surveillance du personnel.
    destinataires=(Destinataire(Role.DPD, Portee.ACADEMIE),),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("délibération CNIL n° 2021-122")
    ),
    origines=("activité dans l'ENT",),
)

_CONSERVATION = Traitement(
    cle="noyau.conservation",
    version=2,
    intitule="Gels et décisions d'élimination",
    finalite="Suspendre l'élimination de ce qui sert à un litige, et savoir qui a décidé d'éliminer quoi.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 5 et 18", "code du patrimoine, articles L. 212-2 et L. 214-3"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=60), Sort.SUPPRIMER, autorite=Texte("code civil, article 2224")
    ),
    origines=("décision saisie dans l'ENT",),
    depots=(TETES,),
)

_INSTRUCTEURS = (
    Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
    Destinataire(Role.DPD, Portee.ACADEMIE, Acces.ECRIRE),
)
CHACUN: dict[str, Portee] = {
    **{role.value: Portee.MOI for role in Role},
    Role.RESPONSABLE: Portee.MES_ENFANTS,
}
"""Chacun pour soi, un responsable pour ses enfants."""

_DEMANDES = Traitement(
    cle="noyau.demandes",
    version=2,
    intitule="Demandes d'exercice des droits",
    finalite="Recevoir les demandes des personnes sur leurs données, y répondre à temps, et le prouver.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, articles 5.2, 12 et 15 à 22",),
    personnes=_TOUS,
    destinataires=(
        *_INSTRUCTEURS,
        *(
            Destinataire(role, portee, Acces.ECRIRE)
            for role, portee in CHACUN.items()
            if role not in (Role.DIRECTION, Role.DPD)
        ),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=60), Sort.ANONYMISER, autorite=Texte("code civil, article 2224")
    ),
    origines=("demande de la personne, à l'écran ou sur papier",),
    depots=(LIVRE, COFFRE, COPIES_DU_COFFRE),
)

_COPIES = Traitement(
    cle="noyau.copies",
    version=2,
    intitule="Copies remises aux personnes",
    finalite="Préparer la copie de ses données pour la personne qui la demande, et la tenir prête un mois.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, article 15.3",),
    personnes=_TOUS,
    destinataires=_INSTRUCTEURS,
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(), Sort.SUPPRIMER, autorite=Copie("les tables d'où elle est tirée"),
        preavis=0,
    ),
    origines=("données déjà enregistrées dans l'ENT",),
    depots=(COPIES,),
)  # fmt: skip

_OPPOSITIONS = Traitement(
    cle="noyau.oppositions",
    version=1,
    intitule="Oppositions à un traitement",
    finalite="Savoir qui s'oppose à quoi, pour que chaque brique le respecte.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.OBLIGATION_LEGALE,
    textes=("RGPD, article 21",),
    personnes=_TOUS,
    destinataires=(*_INSTRUCTEURS, Destinataire(Role.ADMINISTRATIF, Portee.ETABLISSEMENT)),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("RGPD, article 5")
    ),
    origines=("demande de la personne, à l'écran ou sur papier",),
)

TRAITEMENTS = (
    _ANNUAIRE,
    _COMPTES,
    SUPPORT,
    _HABILITATIONS,
    _DECISIONS,
    _JOURNAL,
    _REGISTRE,
    _TRACES,
    ACCES_TRACES,
    VIOLATIONS,
    _CONSERVATION,
    _DEMANDES,
    _COPIES,
    _OPPOSITIONS,
    *TRAITEMENTS_SERVICES,
    *TRAITEMENTS_MESSAGES,
    *TRAITEMENTS_ARCHIVE,
    TRAITEMENT_GAR,
)
"""Dans l'ordre où le registre les montre."""
