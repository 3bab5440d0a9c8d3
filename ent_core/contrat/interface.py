"""Ce que les briques échangent avec le noyau au fil des requêtes : des données, jamais du HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

__all__ = ["Contexte", "EntreeMenu", "EtatVignette", "LigneVignette", "Permission", "Portee", "Vignette"]


class Portee(StrEnum):
    """Périmètres d'une permission, par relation avec les élèves ou les personnes."""

    MOI = "moi"
    MES_ENFANTS = "mes enfants"
    MES_CLASSES = "mes classes et mes groupes"
    MA_CLASSE_PRINCIPALE = "ma classe comme professeur principal"
    ETABLISSEMENT = "mon établissement"
    ACADEMIE = "l'académie"


@dataclass(frozen=True, slots=True)
class Permission:
    """Un droit nommé, avec les rôles qui l'ont par défaut.

    :param cle: ``brique.verbe``, par exemple ``carnet.lire``.
    :param libelle: ce que la permission laisse faire, en une phrase.
    :param roles: rôle → périmètre par défaut ; qui n'y est pas n'a rien.
    :param delegable: le chef d'établissement peut-il la déléguer ?
    :param statistiques: ses pages ne montrent que des statistiques publiées ; le portillon y refuse toute
        table personnelle, et un rôle qui ne reçoit pas les données peut donc l'avoir.
    """

    cle: str
    libelle: str
    roles: Mapping[str, Portee]
    delegable: bool = False
    statistiques: bool = False


@dataclass(frozen=True, slots=True)
class Contexte:
    """Qui agit, où et à quel titre : explicite dans chaque requête.

    :param uai: établissement en vigueur ; vide pour un acte de l'académie.
    :param profil: profil national en vigueur (``National_ELV``…).
    :param roles: rôles tirés du profil, de la fonction et des affectations du jour.
    :param delegations: permissions reçues par délégation, avec leur périmètre.
    :param briques: briques actives dans l'établissement ce jour.
    :param suspendues: briques ouvertes, mais dont l'établissement n'a pas encore accepté l'élargissement.
    :param en_attente: briques ouvertes, ou qui vont l'être, et dont un préalable au moins n'est pas attesté.
    """

    compte_id: UUID
    personne_id: UUID
    uai: str
    etablissement_nom: str
    profil: str
    jour: date
    annee: int
    roles: frozenset[str] = frozenset()
    delegations: Mapping[str, Portee] = field(default_factory=dict)
    briques: frozenset[str] = frozenset()
    suspendues: frozenset[str] = frozenset()
    en_attente: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EntreeMenu:
    """Une entrée de navigation ; le noyau la cache à qui n'a pas la permission.

    :param point: nom de route Flask (``carnet.accueil``).
    :param libelle: un ou deux mots.
    :param permission: permission exigée par la page.
    :param ordre: rang ; à égalité, l'ordre alphabétique.
    :param icone: nom d'une icône du noyau.
    :param section: autres routes dont les pages, et celles en dessous, sont de cette entrée.
    """

    point: str
    libelle: str
    permission: str
    ordre: int = 500
    icone: str = "carre"
    section: tuple[str, ...] = ()


class EtatVignette(StrEnum):
    """État d'une vignette, dit par le texte et par la forme."""

    NORMAL = "normal"
    A_FAIRE = "a_faire"
    VIDE = "vide"
    INDISPONIBLE = "indisponible"


@dataclass(frozen=True, slots=True)
class LigneVignette:
    """Une ligne d'une vignette : un texte, un détail, un lien éventuel."""

    texte: str
    detail: str = ""
    point: str | None = None
    parametres: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vignette:
    """Un bloc du tableau de bord ; il répond à une question.

    :param cle: identifiant unique dans la brique.
    :param titre: la question, dans les mots de la personne.
    :param lignes: au plus cinq lignes ; la page de la brique montre le reste.
    :param vide: ce qui est dit quand il n'y a rien.
    :param point: route « tout voir ».
    """

    cle: str
    titre: str
    lignes: tuple[LigneVignette, ...] = ()
    permission: str = ""
    ordre: int = 500
    compte: int | None = None
    etat: EtatVignette = EtatVignette.NORMAL
    vide: str = "Rien à signaler."
    point: str | None = None
    libelle_lien: str = "Tout voir"
