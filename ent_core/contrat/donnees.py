"""Déclarations de données : ce qui est traité, pourquoi, pour qui, combien de temps.

Une déclaration est une valeur immuable. Le noyau la vérifie au démarrage, en compile
les droits de la base et en tire le registre (RGPD, article 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ent_core.contrat.interface import Portee

__all__ = [
    "Acces",
    "AucuneDonnee",
    "BaseLegale",
    "Categorie",
    "Cloisonnement",
    "Conservation",
    "Depart",
    "Destinataire",
    "Donnee",
    "Duree",
    "FinaliteEnt",
    "Neutre",
    "Opposition",
    "Population",
    "Sort",
    "Sujet",
    "Traitement",
    "commun",
    "par_etablissement",
]


class FinaliteEnt(StrEnum):
    """Finalités permises à un ENT (arrêté du 30 novembre 2006 modifié, article 1er)."""

    CONTENUS = "saisie et mise à disposition de contenus éducatifs et pédagogiques"
    VIE_SCOLAIRE = "informations administratives et relatives à la vie scolaire"
    ENSEIGNEMENTS = "informations relatives aux enseignements"
    INSCRIPTIONS = "inscriptions en ligne à des activités"
    ESPACES = "espaces communautaires et échanges entre usagers"


class BaseLegale(StrEnum):
    """Bases légales (RGPD, article 6, paragraphe 1)."""

    MISSION_INTERET_PUBLIC = "mission d'intérêt public"
    OBLIGATION_LEGALE = "obligation légale"
    CONSENTEMENT = "consentement"


class Population(StrEnum):
    """Catégories de personnes concernées."""

    ELEVE = "élèves"
    RESPONSABLE = "responsables d'élèves"
    PERSONNEL = "personnels"
    EXTERIEUR = "intervenants extérieurs"


class Categorie(StrEnum):
    """Catégories de données (arrêté du 30 novembre 2006 modifié, article 2)."""

    IDENTITE = "identité"
    IDENTIFIANT = "identifiants"
    COORDONNEES = "coordonnées"
    CONNEXION = "compte et connexion"
    AFFECTATION = "fonction et affectation"
    SCOLARITE = "scolarité"
    FAMILLE = "liens familiaux et responsabilités"
    VIE_SCOLAIRE = "vie scolaire"
    EVALUATION = "évaluations"
    APPRECIATION = "appréciations"
    TRACE = "traces d'usage"
    SANTE = "santé"
    SENSIBLE = "données sensibles"


class Acces(StrEnum):
    """Ce qu'un destinataire peut faire."""

    LIRE = "lire"
    ECRIRE = "écrire"


class Depart(StrEnum):
    """Faits qui font courir une durée de conservation."""

    FIN_ANNEE_SCOLAIRE = "fin de l'année scolaire"
    PERTE_DE_VOCATION = "perte de vocation du compte"
    CREATION = "création de l'enregistrement"
    FIN_DE_VALIDITE = "fin de validité"


class Sort(StrEnum):
    """Ce qu'il advient des données échues."""

    SUPPRIMER = "suppression"
    ANONYMISER = "anonymisation"
    ARCHIVER = "versement aux archives"


@dataclass(frozen=True, slots=True)
class Duree:
    """Durée de conservation. Jours et mois s'ajoutent ; le jour du mois est borné à la fin du mois."""

    mois: int = 0
    jours: int = 0

    def __str__(self) -> str:
        parties = [f"{self.mois} mois"] if self.mois else []
        if self.jours or not parties:
            parties.append(f"{self.jours} jours")
        return " et ".join(parties)


@dataclass(frozen=True, slots=True)
class Destinataire:
    """Un rôle qui reçoit les données, et sur quel périmètre.

    :param role: code d'un rôle (voir la référence des rôles).
    :param portee: périmètre par relation.
    :param acces: lecture seule ou écriture.
    """

    role: str
    portee: Portee
    acces: Acces = Acces.LIRE


@dataclass(frozen=True, slots=True)
class Conservation:
    """Règle de conservation d'un traitement.

    :param depart: fait qui fait courir la durée ; une date manquante n'est jamais échue.
    :param duree: durée en base active.
    :param sort: sort final.
    :param autorite: texte, visa ou tableau qui permet l'élimination (code du patrimoine, L. 212-2).
    :param intermediaire: durée en archive intermédiaire, s'il y en a une.
    """

    depart: Depart
    duree: Duree
    sort: Sort
    autorite: str
    intermediaire: Duree | None = None


@dataclass(frozen=True, slots=True)
class Opposition:
    """Comment une personne s'oppose, et ce qu'elle reçoit à la place (RGPD, article 21)."""

    possible: bool
    motif: str
    papier: str = ""


@dataclass(frozen=True, slots=True)
class Traitement:
    """Une ligne du registre, telle que la machine l'applique.

    :param cle: ``brique.nom``, unique dans l'instance.
    :param version: entier croissant ; toute déclaration changée le fait monter.
    :param finalite: but poursuivi, en une phrase.
    :param finalite_ent: finalité permise dont il relève.
    :param textes: références juridiques de la base légale.
    """

    cle: str
    version: int
    finalite: str
    finalite_ent: FinaliteEnt
    base: BaseLegale
    textes: tuple[str, ...]
    personnes: frozenset[Population]
    destinataires: tuple[Destinataire, ...]
    conservation: Conservation
    opposition: Opposition | None = None


@dataclass(frozen=True, slots=True)
class AucuneDonnee:
    """Une brique qui ne traite aucune donnée personnelle, et pourquoi on peut le croire."""

    motif: str


@dataclass(frozen=True, slots=True)
class Donnee:
    """Une colonne de donnée personnelle.

    :param categorie: catégorie de donnée.
    :param libre: vrai pour un texte libre, où l'on peut écrire n'importe quoi sur n'importe qui.
    :param cles: clés permises d'une colonne JSON.
    """

    categorie: Categorie
    libre: bool = False
    cles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neutre:
    """Une colonne qui n'est pas une donnée personnelle, et pourquoi."""

    motif: str


@dataclass(frozen=True, slots=True)
class Sujet:
    """Le lien d'une table vers une personne.

    :param colonne: colonne qui porte l'identifiant de la personne.
    :param lien: ``proprietaire`` (la donnée la concerne), ``auteur`` ou ``tiers``.
    """

    colonne: str
    lien: str = "proprietaire"


@dataclass(frozen=True, slots=True)
class Cloisonnement:
    """À qui appartient une ligne : à un établissement (colonne ``uai``) ou à tous, avec un motif."""

    par_uai: bool
    motif: str = ""


def par_etablissement() -> Cloisonnement:
    """La table est cloisonnée : ``uai`` est la première colonne de sa clé."""
    return Cloisonnement(par_uai=True)


def commun(motif: str) -> Cloisonnement:
    """La table est commune à l'académie.

    :param motif: pourquoi elle ne peut pas être cloisonnée.
    """
    return Cloisonnement(par_uai=False, motif=motif)
