"""Qui peut quoi (réglementation, matrice 3.1) : des destinataires des traitements, et personne d'autre."""

from __future__ import annotations

from ent_core.brique import Permission, Portee, Role

__all__ = [
    "ABSENCES",
    "APPEL",
    "CARNET",
    "DECIDER",
    "EXPLIQUER",
    "IMPRIMER",
    "INSTRUIRE",
    "JOINDRE",
    "PERMISSIONS",
    "PROPOSER",
    "PUNIR",
    "PUNITIONS",
    "REGLER",
    "REPONDRE",
    "SANCTIONNER",
    "SANCTIONS",
    "TRAITER",
]

CARNET = "carnet.lire"
EXPLIQUER = "carnet.expliquer"
APPEL = "carnet.appel"
ABSENCES = "carnet.absences"
TRAITER = "carnet.traiter"
JOINDRE = "carnet.joindre"
PUNITIONS = "carnet.punitions"
PUNIR = "carnet.punir"
PROPOSER = "carnet.proposer"
REPONDRE = "carnet.repondre"
SANCTIONS = "carnet.sanctions"
INSTRUIRE = "carnet.instruire"
SANCTIONNER = "carnet.sanctionner"
REGLER = "carnet.regler"
DECIDER = "carnet.decider"
IMPRIMER = "carnet.imprimer"

_Portees = dict[str, Portee]

_FAMILLE: _Portees = {Role.ELEVE: Portee.MOI, Role.RESPONSABLE: Portee.MES_ENFANTS}
_ENSEIGNANTS: _Portees = dict.fromkeys(
    (Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE), Portee.MES_CLASSES
)
_PRINCIPAL: _Portees = {Role.PROFESSEUR_PRINCIPAL: Portee.MA_CLASSE_PRINCIPALE}
_VIE_SCOLAIRE: _Portees = dict.fromkeys((Role.CPE, Role.ASSISTANT_EDUCATION), Portee.ETABLISSEMENT)
_CHEF: _Portees = {Role.DIRECTION: Portee.ETABLISSEMENT}
_DIRECTION: _Portees = {**_CHEF, Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT}
_CPE: _Portees = {Role.CPE: Portee.ETABLISSEMENT}
_AUTRES: _Portees = dict.fromkeys(
    (Role.ADMINISTRATIF, Role.SANTE_SOCIAL, Role.ORIENTATION), Portee.ETABLISSEMENT
)
_PERSONNELS: _Portees = {**_ENSEIGNANTS, **_PRINCIPAL, **_VIE_SCOLAIRE, **_DIRECTION}

PERMISSIONS = (
    Permission(CARNET, "Lire le carnet de l'élève", _FAMILLE),
    Permission(EXPLIQUER, "Expliquer une absence", _FAMILLE),
    Permission(APPEL, "Faire l'appel", {**_ENSEIGNANTS, **_VIE_SCOLAIRE, **_CHEF}),
    Permission(ABSENCES, "Voir les absences et les retards", _PERSONNELS),
    Permission(
        TRAITER, "Régler les absences et joindre les familles", {**_CPE, **_DIRECTION}, delegable=True
    ),
    # Qui est absent maintenant, et le téléphone : rien de ce qu'une absence devient.
    Permission(
        JOINDRE, "Voir les absents du moment et noter un appel à la famille", {**_VIE_SCOLAIRE, **_DIRECTION}
    ),
    # Autorisations d'absence, désaccords, signalements : la direction seule (R. 131-5), sans délégation.
    Permission(DECIDER, "Décider des suites d'une absence avec la famille", _DIRECTION),
    Permission(PUNITIONS, "Voir les punitions", _PERSONNELS),
    Permission(PUNIR, "Donner une punition", {**_ENSEIGNANTS, **_VIE_SCOLAIRE, **_DIRECTION}),
    # Qui ne punit pas propose (circulaire n° 2014-059) ; le CPE ou la direction répond.
    Permission(PROPOSER, "Proposer une punition", _AUTRES),
    Permission(REPONDRE, "Répondre aux punitions proposées", {**_CPE, **_DIRECTION}),
    Permission(
        SANCTIONS,
        "Voir les sanctions inscrites au dossier",
        {Role.ENSEIGNANT: Portee.MES_CLASSES, **_PRINCIPAL, **_CPE, **_DIRECTION},
    ),
    Permission(INSTRUIRE, "Instruire une procédure disciplinaire", {**_CPE, **_CHEF}),
    # Le chef d'établissement prononce seul (R. 511-14) : ni délégation, ni adjoint.
    Permission(SANCTIONNER, "Prononcer une sanction", _CHEF),
    # Les adresses des familles y paraissent : ni délégation, ni assistant d'éducation.
    Permission(
        IMPRIMER, "Imprimer le carnet, les feuilles d'appel et le pack de panne", {**_CPE, **_DIRECTION}
    ),
    Permission(REGLER, "Régler le carnet de l'établissement", _CHEF, delegable=True),
)
