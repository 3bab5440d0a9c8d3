"""Les déclarations dites en français ordinaire : les mêmes mots dans le registre et dans les notices."""

from __future__ import annotations

from collections.abc import Sequence

from ent_core.contrat.donnees import (
    Acces,
    Autorite,
    Categorie,
    Conservation,
    Copie,
    Depart,
    Depot,
    Destinataire,
    Duree,
    Population,
    Sort,
    Tableau,
    Texte,
    Visa,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role
from ent_core.socle.dates import jour_court

__all__ = [
    "CATEGORIES",
    "EXTERNES",
    "POPULATIONS",
    "autorite",
    "conservation",
    "depot",
    "destinataires",
    "intermediaire",
    "liste",
    "roles",
    "sort",
]

_ROLES: dict[str, str] = {
    Role.ELEVE: "les élèves",
    Role.RESPONSABLE: "les responsables d'élèves",
    Role.ENSEIGNANT: "les enseignants",
    Role.PROFESSEUR_PRINCIPAL: "les professeurs principaux",
    Role.SUPPLEANT: "les enseignants suppléants",
    Role.CPE: "les conseillers principaux d'éducation (CPE)",
    Role.ASSISTANT_EDUCATION: "les assistants d'éducation",
    Role.DIRECTION: "le chef d'établissement",
    Role.DIRECTION_ADJOINTE: "les adjoints de direction",
    Role.ADMINISTRATIF: "les personnels administratifs et techniques",
    Role.SANTE_SOCIAL: "les personnels de santé et sociaux",
    Role.ORIENTATION: "les psychologues de l'éducation nationale",
    Role.DOCUMENTALISTE: "les professeurs documentalistes",
    Role.COLLECTIVITE: "les agents de la collectivité",
    Role.INSPECTION: "les inspecteurs et agents de l'académie",
    Role.ADMINISTRATEUR_FONCTIONNEL: "les administrateurs de l'ENT dans l'établissement",
    Role.ADMINISTRATEUR_ACADEMIQUE: "les administrateurs de l'ENT dans l'académie",
    Role.ADMINISTRATEUR_TECHNIQUE: "les administrateurs techniques",
    Role.DPD: "le délégué à la protection des données",
    Role.ARCHIVISTE: "les archivistes",
    Role.DELEGUE_ELEVES: "les délégués d'élèves",
    Role.DELEGUE_PARENTS: "les délégués de parents",
}
"""Rôle → comment on le nomme au pluriel (une seule personne pour deux d'entre eux)."""

EXTERNES = frozenset(
    {
        Role.COLLECTIVITE,
        Role.INSPECTION,
        Role.ADMINISTRATEUR_ACADEMIQUE,
        Role.ADMINISTRATEUR_TECHNIQUE,
        Role.DPD,
    }
)
"""Rôles tenus hors de l'établissement."""

_SEULS = frozenset({Role.DIRECTION, Role.DPD})

_PORTEES: dict[Portee, tuple[str, str]] = {
    Portee.MOI: ("pour ce qui les concerne", "pour ce qui le concerne"),
    Portee.MES_ENFANTS: ("pour leurs enfants", "pour ses enfants"),
    Portee.MES_CLASSES: ("pour leurs classes et leurs groupes", "pour ses classes et ses groupes"),
    Portee.MA_CLASSE_PRINCIPALE: (
        "pour la classe dont ils sont professeurs principaux",
        "pour la classe dont il est professeur principal",
    ),
    Portee.ETABLISSEMENT: ("pour l'établissement", "pour l'établissement"),
    Portee.ACADEMIE: ("pour l'académie", "pour l'académie"),
}
"""Périmètre → complément, au pluriel et au singulier."""

_DEPARTS: dict[Depart, str] = {
    Depart.FIN_ANNEE_SCOLAIRE: "la fin de l'année scolaire",
    Depart.PERTE_DE_VOCATION: "le départ de la personne, quand elle n'a plus droit à un compte",
    Depart.SORTIE_ETABLISSEMENT: "la sortie de l'établissement",
    Depart.CREATION: "l'enregistrement",
    Depart.FIN_DE_VALIDITE: "la fin de validité",
    Depart.FAIT: "le fait daté",
}

_SORTS: dict[Sort, str] = {
    Sort.SUPPRIMER: "supprimées",
    Sort.ANONYMISER: "rendues anonymes",
    Sort.ARCHIVER: "versées aux archives publiques",
}

CATEGORIES: dict[Categorie, str] = {
    Categorie.IDENTITE: "l'identité : de qui il s'agit",
    Categorie.IDENTIFIANT: "les identifiants : des codes qui désignent une personne",
    Categorie.COORDONNEES: "les coordonnées : comment la joindre",
    Categorie.CONNEXION: "le compte et les connexions",
    Categorie.AFFECTATION: "la fonction et l'affectation",
    Categorie.SCOLARITE: "la scolarité : classe, groupes, options",
    Categorie.FAMILLE: "les liens de famille et qui est responsable de qui",
    Categorie.VIE_SCOLAIRE: "la vie scolaire",
    Categorie.EVALUATION: "les évaluations",
    Categorie.APPRECIATION: "les appréciations écrites",
    Categorie.TRACE: "les traces d'usage : qui a fait quoi, quand",
    Categorie.SANTE: "la santé",
    Categorie.SENSIBLE: "des données sensibles",
}
"""Catégorie → ce qu'elle veut dire."""

POPULATIONS: dict[Population, str] = {population: f"les {population}" for population in Population}


def destinataires(declares: Sequence[Destinataire]) -> list[str]:
    """« les enseignants, pour leurs classes et leurs groupes (lecture) », une ligne par périmètre.

    Quand tous les rôles reçoivent au moins ce qui les concerne, la ligne dit « chaque personne ».

    :param declares: destinataires déclarés.
    """
    groupes: dict[tuple[Portee, Acces], list[str]] = {}
    for declare in declares:
        groupes.setdefault((declare.portee, declare.acces), []).append(declare.role)
    tous = {declare.role for declare in declares} >= set(Role)
    return [_groupe(roles, portee, acces, tous=tous) for (portee, acces), roles in groupes.items()]


def _groupe(codes: list[str], portee: Portee, acces: Acces, *, tous: bool) -> str:
    droit = "lecture et écriture" if acces is Acces.ECRIRE else "lecture"
    if tous and portee is Portee.MOI:
        return f"chaque personne, pour ce qui la concerne ({droit})"
    pluriel, singulier = _PORTEES[portee]
    complement = singulier if len(codes) == 1 and codes[0] in _SEULS else pluriel
    return f"{liste([_ROLES.get(code, code) for code in codes])}, {complement} ({droit})"


def conservation(declaree: Conservation) -> str:
    """« 3 mois après la sortie de l'établissement », ou « jusqu'à la fin de l'année scolaire ».

    :param declaree: règle de conservation.
    """
    delai = _delai(declaree.duree, declaree.depart)
    return f"{delai} ; d'un élève qui part, jusqu'à son départ" if declaree.au_depart else delai


def _delai(duree: Duree, depart: Depart) -> str:
    if depart is Depart.FIN_ANNEE_SCOLAIRE and not (duree.mois or duree.jours):
        match duree.annees:
            case 0:
                return "jusqu'à la fin de l'année scolaire"
            case 1:
                return "jusqu'à la fin de l'année scolaire suivante"
            case annees:
                return f"jusqu'à la fin de la {annees}e année scolaire suivante"
    if duree == Duree():
        return f"jusqu'à {_DEPARTS[depart]}"
    return f"{_dire(duree)} après {_DEPARTS[depart]}"


def _dire(duree: Duree) -> str:
    """« 5 ans » se lit mieux que « 60 mois »."""
    annees, reste = divmod(duree.mois, 12)
    if annees > 1 and not (reste or duree.jours or duree.annees):
        return f"{annees} ans"
    return str(duree)


def intermediaire(declaree: Conservation) -> str:
    """Durée en archive intermédiaire, ou qu'il n'y en a pas.

    :param declaree: règle de conservation.
    """
    if declaree.intermediaire is None:
        return "aucune : les données passent de la base au sort final"
    return f"{_dire(declaree.intermediaire)} de plus, à part, sur demande motivée et approuvée"


def sort(declaree: Conservation) -> str:
    """« supprimées ».

    :param declaree: règle de conservation.
    """
    return _SORTS[declaree.sort]


def autorite(declaree: Autorite) -> str:
    """Ce qui permet d'éliminer, et ce que cela demande.

    :param declaree: autorité d'élimination.
    """
    match declaree:
        case Texte(reference):
            return f"un texte l'ordonne : {reference}"
        case Tableau(reference, du):
            return f"tableau de gestion signé avec les archives : {reference}, {jour_court(du)}"
        case Copie(original):
            return f"copie de travail ; l'original est gardé ailleurs : {original}"
        case Visa(serie):
            suite = f" (série « {serie} »)" if serie else ""
            return f"visa du directeur des archives, avant chaque élimination{suite}"


def depot(declare: Depot) -> str:
    """« exports (fichiers) : 30 jours, effacés par le moteur ».

    :param declare: endroit déclaré.
    """
    return f"{declare.intitule} ({declare.nature}) : {_dire(declare.duree)} ; {declare.moyen}"


def liste(elements: list[str]) -> str:
    """« a, b et c ».

    :param elements: textes.
    """
    if len(elements) < 2:
        return "".join(elements)
    return f"{', '.join(elements[:-1])} et {elements[-1]}"


def roles(codes: frozenset[str]) -> str:
    """« les enseignants et les professeurs principaux ».

    :param codes: codes de rôle.
    """
    return liste(sorted(_ROLES.get(code, code) for code in codes))
