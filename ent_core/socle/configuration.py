"""La configuration : un fichier TOML strict, des surcharges ``ENT_*``, rien d'implicite."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.socle.bascules import BasculeFichier
from ent_core.socle.erreurs import ConfigurationInvalide
from ent_core.socle.fournisseurs import PREFIXE_SECRET, poser_secret
from ent_core.socle.gar import Gar
from ent_core.socle.second_facteur import SecondFacteur, Support
from ent_core.socle.section import Section as _Section
from ent_core.socle.services import Federation, ServiceFichier

__all__ = [
    "Archive",
    "BasculeFichier",
    "Base",
    "Briques",
    "Coffre",
    "Configuration",
    "Courriel",
    "Gar",
    "Imports",
    "Journaux",
    "SecondFacteur",
    "Serveur",
    "Sessions",
    "Support",
    "charger",
    "fichier_lu",
]

NOM_PAR_DEFAUT = "ent.toml"


class Base(_Section, frozen=True, kw_only=True):
    """La base de données.

    :param url: adresse de l'application ; vide, la base embarquée sert.
    :param proprietaire: adresse du compte qui migre ; absente des serveurs web.
    """

    url: str = ""
    proprietaire: str = ""


class Serveur(_Section, frozen=True, kw_only=True):
    """Le serveur web.

    :param hote: adresse d'écoute.
    :param port: port d'écoute.
    :param processus: nombre de processus, un par cœur.
    :param fils: fils de chaque processus ; tous sauf un peuvent attendre une connexion à l'ENT.
    :param securise: l'ENT est servi en HTTPS (témoins ``Secure``, HSTS) ; faux pour un essai local.
    :param mandataires: nombre de mandataires de confiance devant l'ENT.
    """

    hote: str = "127.0.0.1"
    port: int = 8000
    processus: int = 2
    fils: int = 4
    securise: bool = True
    mandataires: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError("« port » va de 1 à 65535")
        if self.processus < 1 or self.fils < 1:
            raise ValueError("« processus » et « fils » sont au moins 1")
        if self.mandataires < 0:
            raise ValueError("« mandataires » est un nombre de mandataires, 0 au moins")

    @property
    def connexions(self) -> int:
        """Connexions à la base d'un processus, au plus.

        Une demande en tient jusqu'à trois : la sienne, un acte de l'académie, l'établissement visé. Avec une
        de moins que ceci, tous les fils pourraient s'attendre l'un l'autre.
        """
        return 2 * self.fils + 1


class Sessions(_Section, frozen=True, kw_only=True):
    """Durées des sessions (SDET-SES-01).

    :param inactivite: minutes, 60 au plus.
    :param duree: heures, 12 au plus.
    """

    inactivite: int = 30
    duree: int = 10

    def __post_init__(self) -> None:
        if not 5 <= self.inactivite <= 60:
            raise ValueError("« inactivite » va de 5 à 60 minutes (SDET-SES-01)")
        if not 1 <= self.duree <= 12:
            raise ValueError("« duree » va de 1 à 12 heures (SDET-SES-01)")


class Coffre(_Section, frozen=True, kw_only=True):
    """Les clés des données chiffrées, hors de la base.

    :param chemin: fichier du coffre ; vide, ``coffre/cles.sqlite`` dans ``donnees``.
    """

    chemin: str = ""


class Archive(_Section, frozen=True, kw_only=True):
    """L'archive intermédiaire.

    :param url: adresse de son compte de base ; vide, un compte à part de la base de l'application. Une autre
        base que celle de l'application : les contenus y sont portés.
    """

    url: str = ""


class Courriel(_Section, frozen=True, kw_only=True):
    """Le serveur de courrier par lequel l'ENT prévient ; sans serveur, aucun courriel ne part.

    :param hote: serveur SMTP ; vide, aucun courriel.
    :param port: port du serveur.
    :param securite: ``starttls``, ``tls``, ou ``aucune`` pour un relais de la même machine.
    :param compte: compte du serveur ; vide, sans authentification.
    :param mot_de_passe: mot de passe de ce compte, de préférence dans ``ENT_COURRIEL_MOT_DE_PASSE``.
    :param expediteur: adresse d'où partent les messages.
    :param adresse_ent: adresse publique de l'ENT, écrite dans les courriels et les SMS.
    :param attente: secondes avant de renoncer à joindre le serveur.
    """

    hote: str = ""
    port: int = 587
    securite: str = "starttls"
    compte: str = ""
    mot_de_passe: str = ""
    expediteur: str = ""
    adresse_ent: str = ""
    attente: int = 20

    def __post_init__(self) -> None:
        if self.securite not in ("starttls", "tls", "aucune"):
            raise ValueError("« securite » vaut « starttls », « tls » ou « aucune »")
        if self.securite == "aucune" and self.hote not in ("", "localhost", "127.0.0.1", "::1"):
            raise ValueError("« securite = aucune » ne vaut que pour un relais de la même machine")
        if self.hote and "@" not in self.expediteur:
            raise ValueError("« expediteur » est l'adresse d'où partent les courriels : elle manque")
        if self.adresse_ent and not self.adresse_ent.startswith(("https://", "http://")):
            raise ValueError("« adresse_ent » commence par https://")


class Imports(_Section, frozen=True, kw_only=True):
    """Garde-fous des imports.

    :param seuil_retraits: part des personnes au-delà de laquelle un import s'arrête et demande.
    :param sursis: jours entre la disparition et la suppression, 90 au plus (ENT-18).
    """

    seuil_retraits: float = 0.1
    sursis: int = 60

    def __post_init__(self) -> None:
        if not 0 < self.seuil_retraits <= 1:
            raise ValueError("« seuil_retraits » est une part entre 0 et 1")
        if not 1 <= self.sursis <= 90:
            raise ValueError("« sursis » va de 1 à 90 jours (arrêté du 30 novembre 2006, article 6)")


class Journaux(_Section, frozen=True, kw_only=True):
    """Journaux techniques, sans donnée personnelle.

    :param format: ``json`` pour une machine, ``texte`` pour une personne.
    :param niveau: ``DEBUG``, ``INFO``, ``WARNING`` ou ``ERROR``.
    """

    format: str = "json"
    niveau: str = "INFO"


class Briques(_Section, frozen=True, kw_only=True):
    """Briques chargées : installer une brique ne suffit pas, il faut la nommer ici.

    :param chargees: identifiants des briques.
    """

    chargees: tuple[str, ...] = ()


class Configuration(_Section, frozen=True, kw_only=True):
    """Toute la configuration d'une instance.

    :param produit: nom montré aux personnes.
    :param academie: nom de l'académie.
    :param donnees: dossier de la base embarquée et de la clé secrète.
    :param cle_secrete: 32 caractères au moins ; vide, une clé est gardée dans ``donnees``.
    :param demo: mode démonstration : données inventées, entrée en un clic.
    :param reglages: réglages propres à chaque brique.
    :param fournisseurs: fournisseurs d'identité par qui l'on entre, par clé.
    :param services: services tiers où l'on entre par l'ENT, par clé.
    """

    produit: str = "ENT"
    academie: str = "Académie"
    donnees: str = ".ent"
    cle_secrete: str = ""
    demo: bool = False
    base: Base = msgspec.field(default_factory=Base)
    coffre: Coffre = msgspec.field(default_factory=Coffre)
    archive: Archive = msgspec.field(default_factory=Archive)
    serveur: Serveur = msgspec.field(default_factory=Serveur)
    courriel: Courriel = msgspec.field(default_factory=Courriel)
    sessions: Sessions = msgspec.field(default_factory=Sessions)
    federation: Federation = msgspec.field(default_factory=Federation)
    second_facteur: SecondFacteur = msgspec.field(default_factory=SecondFacteur)
    support: Support = msgspec.field(default_factory=Support)
    imports: Imports = msgspec.field(default_factory=Imports)
    gar: Gar = msgspec.field(default_factory=Gar)
    journaux: Journaux = msgspec.field(default_factory=Journaux)
    briques: Briques = msgspec.field(default_factory=Briques)
    bascules: tuple[BasculeFichier, ...] = ()
    services: dict[str, ServiceFichier] = msgspec.field(default_factory=dict)
    reglages: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    fournisseurs: dict[str, Fournisseur] = msgspec.field(default_factory=dict)

    @property
    def production(self) -> bool:
        """Vrai hors démonstration et hors essai local : rien d'inachevé n'y passe."""
        return self.serveur.securise and not self.demo


_ALIAS = {
    "ENT_BASE": ("base", "url"),
    "ENT_BASE_PROPRIETAIRE": ("base", "proprietaire"),
    "ENT_COFFRE": ("coffre", "chemin"),
    "ENT_ARCHIVE": ("archive", "url"),
}
_LISTES = frozenset({"chargees", "hotes_permis"})
_TYPES = {
    "str": "un texte",
    "int": "un nombre entier",
    "float": "un nombre",
    "bool": "true ou false",
    "array": "une liste",
    "object": "une section",
    "date": "un jour, comme 2026-09-01",
    "null": "rien",
}
_LISTEES = {"bascules": BasculeFichier, "services": ServiceFichier}
_RESERVEES = frozenset({"ENT_CONFIGURATION", "ENT_TRACE_CROCHETS", "ENT_BASE_ESSAIS"})


def charger(chemin: Path | None = None, environnement: Mapping[str, str] | None = None) -> Configuration:
    """Lit le fichier, applique l'environnement, vérifie tout.

    :param chemin: fichier TOML ; par défaut ``ENT_CONFIGURATION``, sinon ``ent.toml`` s'il existe.
    :param environnement: variables ; par défaut celles du processus.
    :raises ConfigurationInvalide: fichier illisible, clé inconnue, valeur hors bornes.
    """
    variables = os.environ if environnement is None else environnement
    fichier = fichier_lu(chemin, variables)
    valeurs = _lire(fichier) if fichier else {}
    for nom in sorted(variables):
        if nom.startswith("ENT_") and nom not in _RESERVEES and not nom.startswith(PREFIXE_SECRET):
            _surcharger(valeurs, nom, variables[nom])
    declares = valeurs.get("fournisseurs", {})
    if isinstance(declares, dict):
        valeurs["fournisseurs"] = poser_secret(declares, variables, str(fichier or "environnement"))
    try:
        return msgspec.convert(valeurs, Configuration, strict=False)
    except msgspec.ValidationError as erreur:
        raise _traduire(erreur, str(fichier or "environnement")) from erreur


def fichier_lu(chemin: Path | None = None, environnement: Mapping[str, str] | None = None) -> Path | None:
    """Fichier que lit ``charger`` ; aucun si seul l'environnement parle.

    :param chemin: fichier demandé ; il l'emporte.
    :param environnement: variables ; par défaut celles du processus.
    """
    variables = os.environ if environnement is None else environnement
    if chemin is not None or variables.get("ENT_CONFIGURATION"):
        return chemin or Path(variables["ENT_CONFIGURATION"])
    return Path(NOM_PAR_DEFAUT) if Path(NOM_PAR_DEFAUT).is_file() else None


def _lire(fichier: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(fichier.read_text(encoding="utf-8"))
    except OSError as erreur:
        raise ConfigurationInvalide(
            "le fichier de configuration n'existe pas."
            if isinstance(erreur, FileNotFoundError)
            else "le fichier de configuration ne peut pas être lu.",
            remede="vérifier le chemin et ses droits ; « ent configuration modele » en écrit un complet.",
            lieu=str(fichier),
        ) from erreur
    except UnicodeDecodeError as erreur:
        ligne = erreur.object[: erreur.start].count(10) + 1
        raise ConfigurationInvalide(
            "le fichier n'est pas en UTF-8.",
            remede="l'enregistrer en UTF-8.",
            lieu=f"{fichier}, ligne {ligne}",
        ) from erreur
    except tomllib.TOMLDecodeError as erreur:
        citee = re.search(r"at line (\d+)", str(erreur))
        raise ConfigurationInvalide(
            "le fichier n'est pas du TOML correct.",
            remede="corriger cette ligne : un texte est entre guillemets, une section entre crochets, une clé"
            " n'est donnée qu'une fois.",
            lieu=f"{fichier}, {f'ligne {citee[1]}' if citee else 'fin du fichier'}",
        ) from erreur


def _surcharger(valeurs: dict[str, Any], nom: str, valeur: str) -> None:
    section, cle = _ALIAS.get(nom) or _chemin(nom)
    if section is None:
        valeurs[cle] = valeur
    else:
        valeurs.setdefault(section, {})[cle] = valeur.split(",") if cle in _LISTES else valeur


def _chemin(nom: str) -> tuple[str | None, str]:
    reste = nom.removeprefix("ENT_").lower()
    for champ in msgspec.structs.fields(Configuration):
        if isinstance(champ.type, type) and issubclass(champ.type, _Section):
            cles = [c.name for c in msgspec.structs.fields(champ.type)]
            if reste.startswith(champ.name + "_") and reste.removeprefix(champ.name + "_") in cles:
                return champ.name, reste.removeprefix(champ.name + "_")
        elif champ.name == reste:
            return None, reste
    raise ConfigurationInvalide(
        f"la variable {nom} ne correspond à aucun réglage.{_proche(nom, _variables())}",
        remede="corriger ou retirer cette variable ; « ent configuration modele » les montre toutes.",
        lieu="environnement",
    )


def _variables() -> list[str]:
    noms = list(_ALIAS)
    for champ in msgspec.structs.fields(Configuration):
        if isinstance(champ.type, type) and issubclass(champ.type, _Section):
            noms += [f"ENT_{champ.name}_{c.name}".upper() for c in msgspec.structs.fields(champ.type)]
        else:
            noms.append(f"ENT_{champ.name}".upper())
    return noms


def _traduire(erreur: msgspec.ValidationError, lieu: str) -> ConfigurationInvalide:
    texte = str(erreur)
    if inconnue := re.search(r"unknown field `(.+?)`(?: - at `\$\.?(.*)`)?", texte):
        cle, chemin = inconnue[1], re.sub(r"\[(\d+|\.\.\.)\]", "", inconnue[2] or "")
        connues = _cles(chemin)
        ou = f" dans la section [{chemin}]" if chemin else ""
        return ConfigurationInvalide(
            f"la clé « {cle} »{ou} est inconnue.{_proche(cle, connues)}",
            remede=f"clés permises : {', '.join(sorted(connues))}.",
            lieu=lieu,
        )
    endroit = re.search(r" - at `\$\.?(.+)`", texte)
    cause = texte.split(" - at ")[0]
    if type_attendu := re.match(r"Expected `(.+?)`, got `(.+?)`", cause):
        attendu, lu = (_TYPES.get(genre.split(" ")[0], genre) for genre in type_attendu.groups())
        cause = f"il faut {attendu}, pas {lu}"
    elif manque := re.match(r"Object missing required field `(.+)`", cause):
        cause = f"la clé « {manque[1]} » manque"
    elif cause.startswith("Invalid RFC3339"):
        cause = "un jour s'écrit comme 2026-09-01, et existe"
    return ConfigurationInvalide(
        f"réglage refusé : {cause}.",
        remede="corriger la valeur citée.",
        lieu=f"{lieu}, {endroit[1]}" if endroit else lieu,
    )


def _cles(chemin: str) -> list[str]:
    structure: Any = _LISTEES.get(chemin, Configuration)
    for champ in msgspec.structs.fields(Configuration):
        if champ.name == chemin and isinstance(champ.type, type) and issubclass(champ.type, _Section):
            structure = champ.type
    return [champ.name for champ in msgspec.structs.fields(structure)]


def _proche(cle: str, connues: list[str]) -> str:
    trouvees = difflib.get_close_matches(cle, connues, n=1, cutoff=0.5)
    return f" Vouliez-vous dire « {trouvees[0]} » ?" if trouvees else ""
