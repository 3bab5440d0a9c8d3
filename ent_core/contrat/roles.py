"""Les rôles : profils nationaux, fonctions, et rôles locaux du schéma directeur.

Vocabulaire. *Profil* : population nationale (``National_ENS``). *Fonction* : code de
l'annuaire fédérateur (``EDU``). *Rôle* : ce dont dépendent les permissions ; il se
déduit du profil, de la fonction et des affectations, ou s'attribue localement.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FONCTIONS_PROFILS", "LIBELLES_PROFILS", "LIBELLES_ROLES", "Profil", "Role", "role_de"]


class Profil(StrEnum):
    """Profils nationaux (annexe opérationnelle du SDET, § 4.7)."""

    ELEVE = "National_ELV"
    RESPONSABLE = "National_TUT"
    ENSEIGNANT = "National_ENS"
    DIRECTION = "National_DIR"
    VIE_SCOLAIRE = "National_EVS"
    ADMINISTRATIF = "National_ETA"
    ACADEMIE = "National_ACA"
    DOCUMENTALISTE = "National_DOC"
    COLLECTIVITE = "National_COL"


class Role(StrEnum):
    """Rôles dont dépendent les permissions."""

    ELEVE = "eleve"
    RESPONSABLE = "responsable"
    ENSEIGNANT = "enseignant"
    PROFESSEUR_PRINCIPAL = "professeur_principal"
    SUPPLEANT = "suppleant"
    CPE = "cpe"
    ASSISTANT_EDUCATION = "assistant_education"
    DIRECTION = "direction"
    DIRECTION_ADJOINTE = "direction_adjointe"
    ADMINISTRATIF = "administratif"
    SANTE_SOCIAL = "sante_social"
    ORIENTATION = "orientation"
    DOCUMENTALISTE = "documentaliste"
    COLLECTIVITE = "collectivite"
    INSPECTION = "inspection"
    ADMINISTRATEUR_FONCTIONNEL = "administrateur_fonctionnel"
    ADMINISTRATEUR_ACADEMIQUE = "administrateur_academique"
    ADMINISTRATEUR_TECHNIQUE = "administrateur_technique"
    DPD = "dpd"
    ARCHIVISTE = "archiviste"
    DELEGUE_ELEVES = "delegue_eleves"
    DELEGUE_PARENTS = "delegue_parents"


LIBELLES_PROFILS: dict[str, str] = {
    Profil.ELEVE: "Élève",
    Profil.RESPONSABLE: "Responsable d'élève",
    Profil.ENSEIGNANT: "Enseignant",
    Profil.DIRECTION: "Direction",
    Profil.VIE_SCOLAIRE: "Vie scolaire",
    Profil.ADMINISTRATIF: "Administratif, technique, santé-social, orientation",
    Profil.ACADEMIE: "Académie",
    Profil.DOCUMENTALISTE: "Documentaliste",
    Profil.COLLECTIVITE: "Collectivité",
}

LIBELLES_ROLES: dict[str, str] = {
    Role.ELEVE: "élève",
    Role.RESPONSABLE: "responsable d'élève",
    Role.ENSEIGNANT: "enseignant",
    Role.PROFESSEUR_PRINCIPAL: "professeur principal",
    Role.SUPPLEANT: "enseignant suppléant",
    Role.CPE: "conseiller principal d'éducation",
    Role.ASSISTANT_EDUCATION: "assistant d'éducation",
    Role.DIRECTION: "chef d'établissement",
    Role.DIRECTION_ADJOINTE: "adjoint de direction",
    Role.ADMINISTRATIF: "personnel administratif ou technique",
    Role.SANTE_SOCIAL: "personnel de santé ou social",
    Role.ORIENTATION: "psychologue de l'éducation nationale, orientation",
    Role.DOCUMENTALISTE: "professeur documentaliste",
    Role.COLLECTIVITE: "agent de la collectivité",
    Role.INSPECTION: "inspecteur ou agent de l'académie",
    Role.ADMINISTRATEUR_FONCTIONNEL: "administrateur fonctionnel",
    Role.ADMINISTRATEUR_ACADEMIQUE: "administrateur de l'académie",
    Role.ADMINISTRATEUR_TECHNIQUE: "administrateur technique, sans accès au contenu",
    Role.DPD: "délégué à la protection des données",
    Role.ARCHIVISTE: "archiviste",
    Role.DELEGUE_ELEVES: "délégué d'élèves, au titre de son mandat",
    Role.DELEGUE_PARENTS: "délégué de parents, au titre de son mandat",
}

_PAR_FONCTION: dict[Profil, str] = {
    Profil.ELEVE: "ELE",
    Profil.ENSEIGNANT: "ENS FCA FCP FIJ IS ISES PPA RPL BED UPI RH1D EAP",
    Profil.DIRECTION: "DIR DEC DECPR DSES",
    Profil.VIE_SCOLAIRE: "EDU SUR AED AES AEH ADE",
    Profil.ADMINISTRATIF: "ADF ADM ADA ALB ASE ASH CFC CPD CTR LAB MDS ORI OUV PSY TEC ACP",
    Profil.ACADEMIE: "INS INJ",
    Profil.DOCUMENTALISTE: "DOC",
    Profil.COLLECTIVITE: "COLTER",
}

FONCTIONS_PROFILS: dict[str, Profil] = {
    fonction: profil for profil, fonctions in _PAR_FONCTION.items() for fonction in fonctions.split()
}
"""Fonction de l'annuaire fédérateur → profil national."""

_ROLE_PAR_FONCTION: dict[str, Role] = {
    "EDU": Role.CPE,
    "SUR": Role.ASSISTANT_EDUCATION,
    "AED": Role.ASSISTANT_EDUCATION,
    "MDS": Role.SANTE_SOCIAL,
    "ASH": Role.SANTE_SOCIAL,
    "ORI": Role.ORIENTATION,
    "PSY": Role.ORIENTATION,
    "RPL": Role.SUPPLEANT,
}

_ROLE_PAR_PROFIL: dict[str, Role] = {
    Profil.ELEVE: Role.ELEVE,
    Profil.RESPONSABLE: Role.RESPONSABLE,
    Profil.ENSEIGNANT: Role.ENSEIGNANT,
    Profil.DIRECTION: Role.DIRECTION,
    Profil.VIE_SCOLAIRE: Role.ASSISTANT_EDUCATION,
    Profil.ADMINISTRATIF: Role.ADMINISTRATIF,
    Profil.ACADEMIE: Role.INSPECTION,
    Profil.DOCUMENTALISTE: Role.DOCUMENTALISTE,
    Profil.COLLECTIVITE: Role.COLLECTIVITE,
}


def role_de(profil: str, fonction: str | None) -> Role | None:
    """Rôle principal d'un rattachement ; ``None`` pour un profil inconnu, donc aucun droit.

    :param profil: profil national.
    :param fonction: code de fonction de l'annuaire, s'il y en a un.
    """
    if profil == Profil.VIE_SCOLAIRE and fonction not in _ROLE_PAR_FONCTION:
        return Role.ADMINISTRATIF if fonction else Role.ASSISTANT_EDUCATION
    return _ROLE_PAR_FONCTION.get(fonction or "") or _ROLE_PAR_PROFIL.get(profil)
