"""Les fiches de l'académie fictive, telles que les fichiers nationaux les portent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = [
    "Adresse",
    "Bassin",
    "Cours",
    "Division",
    "Eleve",
    "Etablissement",
    "Fonction",
    "Groupe",
    "LienResponsable",
    "Personnel",
    "Responsable",
    "Service",
]


@dataclass(frozen=True, slots=True)
class Adresse:
    """Une adresse postale.

    :param lignes: une à quatre lignes.
    """

    lignes: tuple[str, ...]
    code_postal: str
    ville: str
    pays: str = "FRANCE"


@dataclass(frozen=True, slots=True)
class Division:
    """Une division (classe).

    :param niveau: clé d'un niveau des nomenclatures (« 6 », « 2GT »…).
    :param effectif: nombre d'élèves.
    """

    code: str
    libelle: str
    niveau: str
    effectif: int


@dataclass(frozen=True, slots=True)
class Groupe:
    """Un groupe d'élèves d'une ou plusieurs divisions.

    :param ensemble: ce qui réunit des groupes parallèles entre lesquels un élève n'en a qu'un.
    :param matiere: matière suivie par les élèves du groupe, ou chaîne vide pour un demi-groupe.
    :param poids: préférence des élèves pour ce groupe ; 0 pour un demi-groupe, rempli à parts égales.
    :param part: part des élèves qui ont un groupe de l'ensemble ; moins de 1 pour une option.
    """

    code: str
    libelle: str
    divisions: tuple[str, ...]
    ensemble: str
    matiere: str = ""
    poids: int = 0
    part: float = 1.0


@dataclass(frozen=True, slots=True)
class Cours:
    """Une plage hebdomadaire ou de quinzaine.

    :param alternance: « H », « QA » ou « QB ».
    :param jour: 1 pour lundi.
    :param debut: « 0800 ».
    :param duree: « 0055 ».
    """

    alternance: str
    jour: int
    debut: str
    duree: str
    salle: str


@dataclass(frozen=True, slots=True)
class Service:
    """Un enseignement donné à une division ou à un groupe.

    :param cible: code de la division ou du groupe.
    :param enseignants: identifiants de un ou deux enseignants (co-enseignement).
    :param demi_heures: durée hebdomadaire, en demi-heures.
    """

    cible: str
    est_groupe: bool
    matiere: str
    enseignants: tuple[int, ...]
    demi_heures: int
    cours: tuple[Cours, ...]


@dataclass(frozen=True, slots=True)
class Etablissement:
    """Un établissement, ses structures et ses services.

    :param rang: rang dans l'académie, à partir de 0.
    :param cle: identifiant ENTStructureJointure.
    """

    rang: int
    cle: int
    uai: str
    type: str
    nom: str
    adresse: Adresse
    telephone: str
    divisions: tuple[Division, ...] = ()
    groupes: tuple[Groupe, ...] = ()
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class LienResponsable:
    """Ce qui lie un élève à un responsable (six champs de l'annuaire).

    :param code: nature du lien (10 mère, 20 père…).
    :param legal: 0 aucun, 1 premier, 2 second représentant légal.
    """

    responsable: int
    code: str
    financier: int
    legal: int
    contact: int
    paiement: int


@dataclass(frozen=True, slots=True)
class Responsable:
    """Une personne (ou un organisme : prénom et civilité vides) en relation avec un élève."""

    cle: int
    civilite: str
    nom_naissance: str
    nom_usage: str
    prenom: str
    naissance: date | None
    adresse: Adresse
    fixe: str
    professionnel: str
    mobile: str
    courriel: str
    diffusion: bool
    eleves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Eleve:
    """Un élève.

    :param numero_siecle: identifiant de la base élèves, pivot entre les flux.
    :param ine: identifiant national, vide s'il n'est pas encore attribué.
    :param cohabitants: responsables de même adresse.
    :param groupes: codes des groupes suivis.
    """

    cle: int
    numero_siecle: int
    ine: str
    civilite: str
    nom_naissance: str
    nom_usage: str
    prenoms: tuple[str, ...]
    naissance: date
    adresse: Adresse
    cohabitants: tuple[int, ...]
    liens: tuple[LienResponsable, ...]
    boursier: bool
    transport: bool
    regime: str
    etablissement: int
    division: str
    niveau: str
    groupes: tuple[str, ...]
    matieres: tuple[str, ...]
    entree: date
    sortie: date | None


@dataclass(frozen=True, slots=True)
class Fonction:
    """Une fonction exercée dans une structure.

    :param structure: identifiant de la structure (établissement ou zone de remplacement).
    """

    structure: int
    code: str
    libelle: str
    discipline: str
    libelle_discipline: str


@dataclass(frozen=True, slots=True)
class Personnel:
    """Un agent.

    :param discipline: clé de discipline d'un enseignant, vide pour les autres.
    :param rattachement: structure administrative.
    :param principal: couples (établissement, division) dont il est professeur principal.
    """

    cle: int
    civilite: str
    nom_naissance: str
    nom_usage: str
    prenom: str
    naissance: date
    courriel: str
    discipline: str
    rattachement: int
    fonctions: tuple[Fonction, ...]
    principal: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Bassin:
    """Quelques établissements voisins, qui partagent familles et enseignants.

    :param cas: cas particuliers présents, chacun avec les identifiants des personnes en cause.
    """

    rang: int
    etablissements: tuple[Etablissement, ...]
    eleves: tuple[Eleve, ...]
    responsables: tuple[Responsable, ...]
    personnels: tuple[Personnel, ...]
    cas: tuple[tuple[str, tuple[int, ...]], ...]
