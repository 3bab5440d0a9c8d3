"""Ce qu'une liste peut apporter, et sous quels en-têtes les logiciels français le présentent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ent_core.identite.tableur.valeurs import (
    lire_civilite,
    lire_courriel,
    lire_date,
    lire_ine,
    lire_liste,
    lire_nom,
    lire_oui_non,
    lire_responsable_legal,
    lire_sexe,
    lire_telephone,
    lire_texte,
)

__all__ = ["CHAMPS", "PREFIXE_ENFANT", "Champ", "Genre"]

PREFIXE_ENFANT = "enfant_"


class Genre(StrEnum):
    """Les trois listes que l'on sait lire."""

    ELEVES = "eleves"
    RESPONSABLES = "responsables"
    PERSONNELS = "personnels"


@dataclass(frozen=True, slots=True)
class Champ:
    """Une donnée attendue.

    :param cle: nom du champ dans la ligne lue.
    :param libelle: en-tête du modèle vierge, et nom montré à la personne.
    :param exemple: valeur inventée de la ligne d'exemple.
    :param lire: de la cellule à la valeur ; lève ``ValeurRefusee``.
    :param synonymes: autres en-têtes reconnus, du plus sûr au moins sûr.
    :param obligatoire: une ligne sans cette valeur est refusée.
    """

    cle: str
    libelle: str
    exemple: str
    lire: Callable[[str], object]
    synonymes: tuple[str, ...] = ()
    obligatoire: bool = False

    @property
    def repetable(self) -> bool:
        """Une fiche de responsable répète les colonnes de ses enfants."""
        return self.cle.startswith(PREFIXE_ENFANT)


_IDENTIFIANT = ("identifiant", "id externe", "id", "matricule", "numero interne", "externalid")
_NOM = ("nom de famille", "nom de naissance", "nom patronymique", "nom")
_NOM_USAGE = ("nom usage", "nom marital", "nom d'épouse")
_PRENOM = ("prénom usuel", "prénom 1", "prénoms")
_NAISSANCE = ("né(e) le", "né le", "date naissance", "date de naiss.", "date naiss", "ddn", "naissance")
_COURRIEL = (
    "adresse de messagerie",
    "adresse électronique",
    "adresse mail",
    "adresse e-mail",
    "adresse courriel",
    "courriel",
    "e-mail",
    "email",
    "mail",
    "mél",
    "messagerie",
)
_TELEPHONE = (
    "téléphone portable",
    "téléphone mobile",
    "tél. portable",
    "tél. mobile",
    "portable",
    "mobile",
    "téléphone",
    "numéro de téléphone",
    "tél.",
    "tel",
    "téléphone domicile",
    "téléphone personnel",
    "téléphone travail",
)
_CLASSE = (
    "division",
    "code division",
    "code classe",
    "libellé classe",
    "classe de rattachement",
    "structure",
)

_ELEVES = (
    Champ(
        "identifiant_externe",
        "Identifiant",
        "EX-0001",
        lire_texte,
        (*_IDENTIFIANT, "élève id", "identifiant élève", "id élève", "numéro élève", "elenoet"),
    ),
    Champ(
        "ine",
        "INE",
        "",
        lire_ine,
        (
            "identifiant national élève",
            "identifiant national",
            "numéro ine",
            "ine rnie",
            "id national",
            "n° ine",
        ),
    ),
    Champ(
        "nom",
        "Nom de famille",
        "EXEMPLE",
        lire_nom,
        ("nom élève", "nom de l'élève", "nom de famille élève", *_NOM),
        obligatoire=True,
    ),
    Champ("nom_usage", "Nom d'usage", "", lire_nom, ("nom d'usage élève", "nom usage élève", *_NOM_USAGE)),
    Champ(
        "prenom",
        "Prénom",
        "Camille",
        lire_nom,
        ("prénom élève", "prénom de l'élève", *_PRENOM),
        obligatoire=True,
    ),
    Champ(
        "date_naissance",
        "Date de naissance",
        "06/06/2015",
        lire_date,
        ("date de naissance élève", "date naissance élève", *_NAISSANCE),
        obligatoire=True,
    ),
    Champ("sexe", "Sexe", "F", lire_sexe, ("sexe élève", "genre", "civilité", "code sexe")),
    Champ("niveau", "Niveau", "6e", lire_texte, ("niveau de classe", "niveau scolaire", "formation")),
    Champ("division", "Classe", "6A", lire_texte, _CLASSE),
    Champ(
        "groupes",
        "Groupes",
        "6A_ANG1, 6A_LAT",
        lire_liste,
        ("groupe", "groupes d'enseignement", "autres groupes"),
    ),
    Champ(
        "regime", "Régime", "Demi-pensionnaire", lire_texte, ("code régime", "régime élève", "demi-pension")
    ),
    Champ(
        "courriel",
        "Adresse de messagerie",
        "camille@exemple.invalid",
        lire_courriel,
        ("courriel élève", "mail élève", *_COURRIEL),
    ),
    Champ("telephone", "Téléphone", "0199000001", lire_telephone, ("téléphone élève", *_TELEPHONE)),
)

_RESPONSABLES = (
    Champ(
        "identifiant_externe",
        "Identifiant",
        "EX-R001",
        lire_texte,
        (*_IDENTIFIANT, "identifiant responsable", "id responsable", "personne id"),
    ),
    Champ(
        "civilite",
        "Civilité",
        "Mme",
        lire_civilite,
        ("civilité responsable", "civilité du responsable", "titre", "sexe", "sexe responsable"),
    ),
    Champ(
        "nom",
        "Nom de famille",
        "EXEMPLE",
        lire_nom,
        ("nom responsable", "nom du responsable", "nom de famille responsable", "nom parent", *_NOM),
        obligatoire=True,
    ),
    Champ(
        "nom_usage",
        "Nom d'usage",
        "",
        lire_nom,
        ("nom usage responsable", "nom d'usage responsable", *_NOM_USAGE),
    ),
    Champ(
        "prenom",
        "Prénom",
        "Dominique",
        lire_nom,
        ("prénom responsable", "prénom du responsable", "prénom parent", *_PRENOM),
        obligatoire=True,
    ),
    Champ(
        "courriel",
        "Adresse de messagerie",
        "dominique@exemple.invalid",
        lire_courriel,
        ("courriel responsable", "mail responsable", "mail parent", *_COURRIEL),
    ),
    Champ("telephone", "Téléphone", "0199000002", lire_telephone, ("téléphone responsable", *_TELEPHONE)),
    Champ(
        "lien",
        "Lien de parenté",
        "Mère",
        lire_texte,
        ("lien", "parenté", "lien avec l'élève", "qualité", "code parenté", "lien familial"),
    ),
    Champ(
        "responsable_legal",
        "Responsable légal",
        "oui",
        lire_responsable_legal,
        ("resp. légal", "resp légal", "représentant légal", "autorité parentale", "légal"),
    ),
    Champ(
        "enfant_identifiant",
        "Identifiant de l'élève",
        "EX-0001",
        lire_texte,
        ("identifiant élève", "identifiant enfant", "id élève", "élève id", "ine élève", "numéro élève"),
    ),
    Champ(
        "enfant_nom",
        "Nom de l'élève",
        "EXEMPLE",
        lire_nom,
        ("nom de famille enfant", "nom enfant", "nom de l'enfant", "nom élève", "nom de famille élève"),
    ),
    Champ(
        "enfant_nom_usage",
        "Nom d'usage de l'élève",
        "",
        lire_nom,
        ("nom d'usage enfant", "nom usage enfant", "nom d'usage élève"),
    ),
    Champ(
        "enfant_prenom",
        "Prénom de l'élève",
        "Camille",
        lire_nom,
        ("prénom enfant", "prénom de l'enfant", "prénom élève"),
    ),
    Champ(
        "enfant_date_naissance",
        "Date de naissance de l'élève",
        "06/06/2015",
        lire_date,
        ("date de naissance enfant", "date naissance enfant", "date de naissance élève", "né(e) le"),
    ),
    Champ(
        "enfant_division",
        "Classe de l'élève",
        "6A",
        lire_texte,
        ("classes enfants", "classe enfant", "classe élève", "classe", "division"),
    ),
)

_PERSONNELS = (
    Champ(
        "identifiant_externe",
        "Identifiant",
        "EX-P001",
        lire_texte,
        (*_IDENTIFIANT, "identifiant agent"),
    ),
    Champ("civilite", "Civilité", "M.", lire_civilite, ("titre", "sexe")),
    Champ(
        "nom",
        "Nom de famille",
        "MODELE",
        lire_nom,
        ("nom enseignant", "nom de l'enseignant", *_NOM),
        obligatoire=True,
    ),
    Champ("nom_usage", "Nom d'usage", "", lire_nom, ("nom d'usage enseignant", *_NOM_USAGE)),
    Champ("prenom", "Prénom", "Claude", lire_nom, ("prénom enseignant", *_PRENOM), obligatoire=True),
    Champ("date_naissance", "Date de naissance", "", lire_date, _NAISSANCE),
    Champ(
        "courriel",
        "Adresse de messagerie",
        "claude@exemple.invalid",
        lire_courriel,
        ("adresse académique", "mail académique", *_COURRIEL, "courriel professionnel"),
    ),
    Champ("telephone", "Téléphone", "", lire_telephone, _TELEPHONE),
    Champ(
        "fonction", "Fonction", "Enseignant", lire_texte, ("profil", "rôle", "emploi", "catégorie", "poste")
    ),
    Champ("directeur", "Directeur", "non", lire_oui_non, ("directrice", "directeur(trice)", "direction")),
    Champ(
        "matieres",
        "Matières",
        "Mathématiques",
        lire_liste,
        ("matière", "discipline", "disciplines", "matière enseignée", "matières enseignées"),
    ),
    Champ(
        "divisions",
        "Classes",
        "6A, 3B",
        lire_liste,
        ("classe", "classes enseignées", "division", "divisions"),
    ),
)

CHAMPS: Mapping[Genre, tuple[Champ, ...]] = MappingProxyType(
    {Genre.ELEVES: _ELEVES, Genre.RESPONSABLES: _RESPONSABLES, Genre.PERSONNELS: _PERSONNELS}
)
