"""Ce que les pages et l'API acceptent : des schémas marshmallow, communs aux deux.

Une date de fin reçue par l'API est exclue (le lendemain du dernier jour) ; un formulaire, lui,
demande le dernier jour compris, et la page ajoute le jour.
"""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from ent_core.chargement.deploiement import EtapeOuverture
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Profil, Role
from ent_core.contrat.uai import UAI, UAI_ATTENDU
from ent_core.identite.autorite import EffetActe
from ent_core.identite.suspensions import MOTIFS

__all__ = [
    "SaisieAnnee",
    "SaisieBascule",
    "SaisieCodes",
    "SaisieDelegation",
    "SaisieDeploiement",
    "SaisieEtablissements",
    "SaisieJournal",
    "SaisiePeriode",
    "SaisiePrealables",
    "SaisieRecherche",
    "SaisieRestriction",
    "SaisieRole",
    "SaisieSecurisation",
    "SaisieSuspension",
    "messages",
]

_DATE: dict[str, Any] = {
    "required": "Donnez une date.",
    "invalid": "Écrivez une date, par exemple 2026-09-01.",
    "null": "Donnez une date.",
}
_PAGE = validate.Range(min=1, max=200, error="Le numéro de page va de 1 à 200.")
_UAI = validate.Regexp(UAI, error=UAI_ATTENDU)


_EN_FRANCAIS = {
    "Missing data for required field.": "Remplissez ce champ.",
    "Field may not be null.": "Remplissez ce champ.",
    "Invalid value.": "Cette valeur ne convient pas.",
    "Not a valid integer.": "Écrivez un nombre entier.",
    "Not a valid string.": "Écrivez un texte.",
    "Not a valid boolean.": "Répondez par oui ou par non.",
    "Not a valid UUID.": "Cet identifiant n'existe pas.",
    "Not a valid list.": "Choisissez dans la liste.",
    "Not a valid date.": "Écrivez une date, par exemple 2026-09-01.",
    "Number too large.": "Ce nombre est trop grand.",
}
"""Ce que marshmallow dit par défaut → ce que lisent les personnes."""


class Saisie(Schema):
    """Champs vides ignorés, champs inconnus aussi (jeton de sécurité, bouton)."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Un champ qui n'a pas dit ses erreurs les dit en français."""
        dites = field_obj.error_messages
        field_obj.error_messages = {cle: _EN_FRANCAIS.get(str(texte), texte) for cle, texte in dites.items()}

    @pre_load
    def sans_vides(self, donnees: Any, **_options: Any) -> dict[str, Any]:
        """Un champ laissé vide vaut un champ absent ; le caractère nul, qu'aucun clavier n'écrit, est ôté."""
        plat = donnees.to_dict(flat=True) if hasattr(donnees, "to_dict") else dict(donnees)
        multiples = {nom for nom, champ in self.fields.items() if isinstance(champ, fields.List)}
        if hasattr(donnees, "getlist"):
            plat |= {nom: donnees.getlist(nom) for nom in multiples if nom in donnees}
        propres = {nom: _sans_nul(valeur) for nom, valeur in plat.items()}
        return {nom: valeur for nom, valeur in propres.items() if valeur not in ("", None)}


def _sans_nul(valeur: Any) -> Any:
    if isinstance(valeur, list):
        return [_sans_nul(une) for une in valeur]
    # PostgreSQL ne garde pas ce caractère : il ferait une panne de ce qui n'est qu'une saisie.
    return valeur.replace("\x00", "") if isinstance(valeur, str) else valeur


class SaisieRecherche(Saisie):
    """Chercher une personne."""

    q = fields.String(load_default="", validate=validate.Length(max=100, error="Cent caractères au plus."))
    uai = fields.String(load_default=None, validate=_UAI)
    profil = fields.String(
        load_default=None,
        validate=validate.OneOf([p.value for p in Profil], error="Ce profil n'existe pas."),
    )
    division = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Cette classe n'existe pas."})
    page = fields.Integer(load_default=1, validate=_PAGE, error_messages={"invalid": "Un nombre."})


class SaisieEtablissements(Saisie):
    """Chercher un établissement."""

    q = fields.String(load_default="", validate=validate.Length(max=100, error="Cent caractères au plus."))
    tri = fields.String(
        load_default="nom",
        validate=validate.OneOf(
            ["nom", "-nom", "ville", "-ville", "uai", "-uai", "nature", "-nature"],
            error="Ce tri n'existe pas.",
        ),
    )
    degre = fields.Integer(
        load_default=None, validate=validate.OneOf([0, 1, 2], error="Le degré est 0, 1 ou 2.")
    )
    page = fields.Integer(load_default=1, validate=_PAGE, error_messages={"invalid": "Un nombre."})


class SaisieJournal(Saisie):
    """Filtrer le journal."""

    acte = fields.String(load_default="", validate=validate.Length(max=60, error="Soixante caractères."))
    du = fields.Date(load_default=None, error_messages=_DATE)
    au = fields.Date(load_default=None, error_messages=_DATE)
    acteur = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Cette personne n'existe pas."})
    page = fields.Integer(load_default=1, validate=_PAGE, error_messages={"invalid": "Un nombre."})


class _Intervalle(Saisie):
    debut = fields.Date(required=True, error_messages=_DATE)
    fin = fields.Date(load_default=None, error_messages=_DATE)


class SaisieBascule(Saisie):
    """Ouvrir ou fermer une brique."""

    ouverte = fields.Boolean(required=True, error_messages={"required": "Choisissez : ouvrir ou fermer."})
    etablissements = fields.List(
        fields.String(validate=_UAI),
        load_default=list,
        validate=validate.Length(max=100, error="Cent établissements au plus à la fois."),
        metadata={"description": "Codes UAI ; vide : toute l'académie, si la permission va jusque-là."},
    )
    debut = fields.Date(load_default=None, error_messages=_DATE)
    fin = fields.Date(
        load_default=None,
        error_messages=_DATE,
        metadata={"description": "Lendemain du dernier jour."},
    )

    @validates_schema(skip_on_field_errors=True)
    def dates_dans_l_ordre(self, donnees: dict[str, Any], **_options: Any) -> None:
        """La fin suit le début."""
        if donnees["debut"] and donnees["fin"] and donnees["fin"] < donnees["debut"]:
            raise ValidationError("Le dernier jour précède le premier.", "fin")


class SaisieDeploiement(Saisie):
    """Filtrer le déploiement d'une brique."""

    etape = fields.Enum(
        EtapeOuverture, by_value=True, load_default=None, error_messages={"unknown": "Cet état n'existe pas."}
    )
    page = fields.Integer(load_default=1, validate=_PAGE, error_messages={"invalid": "Un nombre."})


class SaisiePrealables(Saisie):
    """Attester des préalables : ceux que l'on coche, ou tous."""

    cles = fields.List(fields.String(), load_default=list)
    tout = fields.Boolean(load_default=False)

    @validates_schema(skip_on_field_errors=True)
    def quelque_chose(self, donnees: dict[str, Any], **_options: Any) -> None:
        """Rien de coché n'atteste rien."""
        if not donnees["cles"] and not donnees["tout"]:
            raise ValidationError("Cochez ce qui est fait.", "cles")


class SaisieRole(_Intervalle):
    """Attribuer un rôle local."""

    role = fields.String(
        required=True,
        validate=validate.OneOf([r.value for r in Role], error="Ce rôle n'existe pas."),
        error_messages={"required": "Choisissez un rôle."},
    )
    uai = fields.String(load_default=None, validate=_UAI)


class SaisieRestriction(_Intervalle):
    """Enregistrer une décision de justice."""

    responsabilite = fields.UUID(
        required=True,
        error_messages={
            "required": "Choisissez le responsable.",
            "invalid_uuid": "Ce responsable n'existe pas.",
        },
    )
    reference = fields.String(
        required=True,
        validate=validate.Length(min=3, max=200, error="De 3 à 200 caractères."),
        error_messages={"required": "Donnez la référence de l'acte."},
    )
    effet = fields.Enum(
        EffetActe,
        by_value=True,
        load_default=EffetActe.ACCES,
        error_messages={"unknown": "Choisissez ce que l'acte retire."},
    )


class SaisieDelegation(_Intervalle):
    """Déléguer une permission."""

    permission = fields.String(required=True, error_messages={"required": "Choisissez une permission."})
    personne = fields.UUID(
        required=True,
        error_messages={
            "required": "Choisissez une personne.",
            "invalid_uuid": "Cette personne n'existe pas.",
        },
    )
    portee = fields.Enum(
        Portee,
        by_value=True,
        load_default=Portee.ETABLISSEMENT,
        error_messages={"unknown": "Ce périmètre n'existe pas."},
    )
    motif = fields.String(
        required=True,
        validate=validate.Length(min=3, max=300, error="De 3 à 300 caractères."),
        error_messages={"required": "Dites pourquoi, en quelques mots."},
    )
    fin = fields.Date(required=True, error_messages=_DATE)


class SaisieAnnee(_Intervalle):
    """Définir une année scolaire."""

    annee = fields.Integer(
        required=True,
        validate=validate.Range(min=2000, max=2100, error="Une année entre 2000 et 2100."),
        error_messages={"required": "Donnez l'année.", "invalid": "Une année, par exemple 2026."},
    )
    fin = fields.Date(required=True, error_messages=_DATE)


class SaisiePeriode(SaisieAnnee):
    """Définir une période."""

    rang = fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=12, error="Un rang de 1 à 12."),
        error_messages={"required": "Donnez le rang.", "invalid": "Un nombre, par exemple 1."},
    )
    libelle = fields.String(
        required=True,
        validate=validate.Length(min=1, max=60, error="Soixante caractères au plus."),
        error_messages={"required": "Donnez un nom, par exemple « Premier trimestre »."},
    )


class SaisieCodes(Saisie):
    """Préparer des lettres d'activation."""

    uai = fields.String(load_default=None, validate=_UAI)
    division = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Cette classe n'existe pas."})
    profil = fields.Enum(
        Profil, by_value=True, load_default=None, error_messages={"unknown": "Ce profil n'existe pas."}
    )
    forme = fields.String(
        load_default="ecran", validate=validate.OneOf(["ecran", "pdf"], error="Cette forme n'existe pas.")
    )


class SaisieSecurisation(Saisie):
    """Désigner des comptes à mettre en sécurité ; ``confirmes`` répète le nombre de l'aperçu."""

    uai = fields.String(load_default=None, validate=_UAI)
    division = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Cette classe n'existe pas."})
    profil = fields.Enum(
        Profil, by_value=True, load_default=None, error_messages={"unknown": "Ce profil n'existe pas."}
    )
    identifiants = fields.String(
        load_default="", validate=validate.Length(max=20_000, error="Vingt mille caractères au plus.")
    )
    confirmes = fields.Integer(load_default=None)


class SaisieSuspension(Saisie):
    """Suspendre la connexion d'un profil."""

    uai = fields.String(load_default=None, validate=_UAI)
    profil = fields.Enum(
        Profil, by_value=True, required=True,
        error_messages={"unknown": "Ce profil n'existe pas.", "required": "Choisissez un profil."},
    )  # fmt: skip
    motif = fields.String(
        required=True,
        validate=validate.OneOf(list(MOTIFS), error="Ce motif n'existe pas."),
        error_messages={"required": "Choisissez un motif."},
    )


def messages(erreur: ValidationError) -> dict[str, str]:
    """Un message par champ, pour le résumé des erreurs d'une page.

    :param erreur: erreur de marshmallow.
    """
    trouves = erreur.normalized_messages()  # type: ignore[no-untyped-call] # marshmallow ne la type pas
    return {champ: _premier(valeur) for champ, valeur in trouves.items()}


def _premier(valeur: Any) -> str:
    if isinstance(valeur, dict):
        return _premier(next(iter(valeur.values())))
    return str(valeur[0]) if isinstance(valeur, list) else str(valeur)
