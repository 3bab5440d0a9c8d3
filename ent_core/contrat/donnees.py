"""Déclarations de données : ce qui est traité, pourquoi, pour qui, combien de temps.

Une déclaration est une valeur immuable. Le noyau la vérifie au démarrage, en compile
les droits de la base et en tire le registre (RGPD, article 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ent_core.contrat.interface import Portee

__all__ = [
    "Acces",
    "AucuneDonnee",
    "Autorite",
    "BaseLegale",
    "Categorie",
    "Cloisonnement",
    "Conservation",
    "Copie",
    "Depart",
    "Depot",
    "Destinataire",
    "Donnee",
    "Duree",
    "Exemption",
    "FinaliteEnt",
    "Lien",
    "NatureDepot",
    "Neutre",
    "Opposition",
    "Population",
    "Sort",
    "Sujet",
    "Tableau",
    "Texte",
    "Traitement",
    "Visa",
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
    """Faits qui font courir une durée de conservation.

    Les trois premiers se lisent dans l'année de la ligne ou dans la situation de la personne ; les trois
    derniers, dans la colonne que la table nomme par ``__depart__``. Jamais dans une date de modification.
    """

    FIN_ANNEE_SCOLAIRE = "fin de l'année scolaire"
    PERTE_DE_VOCATION = "perte de vocation du compte"
    SORTIE_ETABLISSEMENT = "sortie de l'établissement"
    CREATION = "création de l'enregistrement"
    FIN_DE_VALIDITE = "fin de validité"
    FAIT = "fait daté"


class Lien(StrEnum):
    """Ce qu'une personne est pour une ligne."""

    PROPRIETAIRE = "propriétaire"
    AUTEUR = "auteur"
    TIERS = "tiers"


class NatureDepot(StrEnum):
    """Endroits, autres que les tables déclarées, où des données se trouvent."""

    FICHIERS = "fichiers"
    CACHE = "cache"
    MESSAGES = "messages sortants"
    JOURNAUX = "journaux du serveur"
    TRAVAUX = "travaux différés"
    SAUVEGARDES = "sauvegardes"
    SERVICE_TIERS = "service tiers"


class Sort(StrEnum):
    """Ce qu'il advient des données échues."""

    SUPPRIMER = "suppression"
    ANONYMISER = "anonymisation"
    ARCHIVER = "versement aux archives"


@dataclass(frozen=True, slots=True)
class Duree:
    """Durée de conservation. Jours et mois s'ajoutent ; le jour du mois est borné à la fin du mois.

    :param annees: années scolaires entières : avec ``Depart.FIN_ANNEE_SCOLAIRE``, 1 mène à la fin de
        l'année suivante.
    """

    mois: int = 0
    jours: int = 0
    annees: int = 0

    def __str__(self) -> str:
        unites = (
            (self.annees, "année scolaire" if self.annees == 1 else "années scolaires"),
            (self.mois, "mois"),
            (self.jours, "jour" if self.jours == 1 else "jours"),
        )
        return " et ".join(f"{nombre} {unite}" for nombre, unite in unites if nombre) or "aucun délai"


@dataclass(frozen=True, slots=True)
class Texte:
    """Un texte ordonne l'élimination : elle est automatique, une fois le plan approuvé.

    :param reference: code et article, ou arrêté et article.
    """

    reference: str


@dataclass(frozen=True, slots=True)
class Tableau:
    """Un tableau de gestion, signé avec les archives, autorise l'élimination pour toute la série.

    :param reference: intitulé du tableau.
    :param du: date de signature.
    """

    reference: str
    du: date


@dataclass(frozen=True, slots=True)
class Copie:
    """L'exemplaire de référence est conservé ailleurs ; celui-ci est une copie de travail.

    :param original: où se trouve l'original.
    """

    original: str


@dataclass(frozen=True, slots=True)
class Visa:
    """Rien n'est éliminé sans le visa du directeur des archives (code du patrimoine, article L. 212-2).

    :param serie: nature des documents, telle qu'elle figurera sur le bordereau d'élimination.
    """

    serie: str = ""


Autorite = Texte | Tableau | Copie | Visa
"""Ce qui permet d'éliminer des archives publiques."""


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
    :param autorite: ce qui permet l'élimination ; à défaut, le visa des archives.
    :param intermediaire: durée en archive intermédiaire, s'il y en a une.
    :param preavis: jours entre l'avis aux personnes qui doivent agir et l'exécution.
    :param au_depart: vrai si les lignes d'un élève s'effacent aussi dès qu'il quitte l'établissement, avec
        leur preuve, sans attendre ce terme ni un plan.
    """

    depart: Depart
    duree: Duree
    sort: Sort
    autorite: Autorite = Visa()
    intermediaire: Duree | None = None
    preavis: int = 7
    au_depart: bool = False


@dataclass(frozen=True, slots=True)
class Opposition:
    """Comment une personne s'oppose, et ce qu'elle reçoit à la place (RGPD, article 21)."""

    possible: bool
    motif: str
    papier: str = ""


@dataclass(frozen=True, slots=True)
class Depot:
    """Un endroit, autre qu'une table, où le traitement laisse des données ; lui aussi a un terme.

    :param intitule: ce que c'est, en quelques mots.
    :param nature: sorte d'endroit.
    :param duree: durée de conservation.
    :param moyen: qui l'efface, et comment.
    """

    intitule: str
    nature: NatureDepot
    duree: Duree
    moyen: str


@dataclass(frozen=True, slots=True)
class Traitement:
    """Une ligne du registre, telle que la machine l'applique.

    :param cle: ``brique.nom``, unique dans l'instance.
    :param version: entier croissant ; toute déclaration changée le fait monter.
    :param intitule: nom du traitement, tel que les familles le liront.
    :param finalite: but poursuivi, en une phrase.
    :param finalite_ent: finalité permise dont il relève.
    :param textes: références juridiques de la base légale.
    :param opposition: effet d'une opposition et voie papier ; ``None`` si la loi ne l'ouvre pas.
    :param origines: d'où viennent les données.
    :param depots: endroits, autres que les tables, où il en laisse.
    :param seuil: effectif sous lequel une statistique n'est pas rendue.
    """

    cle: str
    version: int
    intitule: str
    finalite: str
    finalite_ent: FinaliteEnt
    base: BaseLegale
    textes: tuple[str, ...]
    personnes: frozenset[Population]
    destinataires: tuple[Destinataire, ...]
    conservation: Conservation
    opposition: Opposition | None = None
    origines: tuple[str, ...] = ("annuaire de l'académie",)
    depots: tuple[Depot, ...] = ()
    seuil: int = 5


@dataclass(frozen=True, slots=True)
class AucuneDonnee:
    """Une brique qui ne traite aucune donnée personnelle, et pourquoi on peut le croire."""

    motif: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """Une dérogation signée : elle se relit, et quelqu'un en répond.

    :param motif: pourquoi la règle ne s'applique pas ici.
    :param par: qui en répond, par sa fonction.
    :param le: date de la décision.
    """

    motif: str
    par: str
    le: date


@dataclass(frozen=True, slots=True)
class Donnee:
    """Une colonne de donnée personnelle.

    :param categorie: catégorie de donnée.
    :param libre: vrai pour un texte libre, où l'on peut écrire n'importe quoi sur n'importe qui.
    :param cles: clés permises d'une colonne JSON.
    :param pour: rôles qui la lisent, parmi les destinataires du traitement ; vide : tous.
    :param chiffree: vrai si la valeur est chiffrée sous une clé que l'effacement détruit.
    """

    categorie: Categorie
    libre: bool = False
    cles: tuple[str, ...] = ()
    pour: frozenset[str] = frozenset()
    chiffree: bool = False


@dataclass(frozen=True, slots=True)
class Neutre:
    """Une colonne qui n'est pas une donnée personnelle, et pourquoi.

    :param motif: pourquoi ; le registre le cite.
    :param exemption: dérogation exigée d'un texte libre, d'un JSON ou d'un binaire.
    """

    motif: str
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class Sujet:
    """Le lien d'une table vers une personne.

    :param colonne: colonne qui porte l'identifiant de la personne, ou celui de la ligne de ``par``.
    :param lien: la donnée la concerne (propriétaire), elle l'a écrite (auteur), elle y est citée (tiers).
    :param par: table parente dont la ligne porte le sujet ; vide : la colonne désigne la personne.
    """

    colonne: str
    lien: Lien = Lien.PROPRIETAIRE
    par: str = ""


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
