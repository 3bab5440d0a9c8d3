"""Les gabarits d'attributs : ce qu'un service reçoit d'une personne, nom par nom. Rien n'en sort d'autre.

Un gabarit est une donnée : l'ajouter ne demande pas de code. Ses valeurs viennent d'une liste fermée de
sources (``SourceAttribut``), calculées pour une personne, un établissement et un profil.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

__all__ = ["GABARITS", "Attribut", "FormeAttribut", "Gabarit", "SourceAttribut", "rendre"]


class SourceAttribut(StrEnum):
    """Ce que l'on sait dire d'une personne ; le libellé est ce que lit l'administrateur."""

    IDENTIFIANT = "identifiant de connexion"
    OPAQUE = "identifiant propre au service, qui ne se rapproche d'aucun autre"
    CLE_AAF = "clé de l'annuaire fédérateur"
    NOM = "nom"
    PRENOM = "prénom"
    NAISSANCE = "date de naissance"
    COURRIEL = "adresse électronique"
    CODE_POSTAL = "code postal"
    UAI = "code de l'établissement"
    UAIS = "codes des établissements où le service est ouvert"
    ETABLISSEMENTS = "noms des établissements où le service est ouvert"
    PROFIL = "profil national"
    PROFIL_NUMERO = "profil, écrit National_1 à National_4"
    DIVISIONS = "classes"
    GROUPES = "groupes"
    VECTEURS = "vecteurs d'identité (responsable et élève)"
    AUTHENTIFIE_LE = "instant de la connexion"
    GAR_ENT = "nom de l'ENT auprès du GAR"
    GAR_PERSONNE = "identifiant de la personne dans l'envoi au GAR"


class FormeAttribut(StrEnum):
    """Comment une valeur s'écrit."""

    TELLE = "telle quelle"
    JOUR_FR = "JJ/MM/AAAA"
    POINTS_VIRGULES = "valeurs séparées par des points-virgules"


@dataclass(frozen=True, slots=True)
class Attribut:
    """Un attribut émis.

    :param nom: nom que le service attend.
    :param source: d'où vient sa valeur.
    :param forme: comment elle s'écrit.
    """

    nom: str
    source: SourceAttribut
    forme: FormeAttribut = FormeAttribut.TELLE


@dataclass(frozen=True, slots=True)
class Gabarit:
    """Ce qu'une famille de services reçoit.

    :param libelle: pour qui il est fait.
    :param principal: ce qui désigne la personne (``cas:user``).
    :param attributs: ce qui l'accompagne.
    :param exige: attributs sans lesquels rien n'est dit : le service ne reconnaîtrait pas la personne.
    """

    libelle: str
    principal: SourceAttribut
    attributs: tuple[Attribut, ...] = ()
    exige: frozenset[str] = frozenset()

    def retenus(self, seuls: Sequence[str]) -> tuple[Attribut, ...]:
        """Attributs donnés.

        :param seuls: noms retenus ; vide, tous.
        """
        return tuple(a for a in self.attributs if not seuls or a.nom in seuls or a.nom in self.exige)

    def sources(self, seuls: Sequence[str]) -> frozenset[SourceAttribut]:
        """Ce qu'il faut savoir d'une personne pour l'écrire, et rien de plus.

        :param seuls: noms retenus.
        """
        return frozenset({self.principal, *(a.source for a in self.retenus(seuls))})


def rendre(
    gabarit: Gabarit, seuls: Sequence[str], valeurs: Mapping[SourceAttribut, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Attributs émis, dans l'ordre du gabarit ; celui qui n'a pas de valeur n'est pas émis.

    :param gabarit: gabarit.
    :param seuls: noms retenus.
    :param valeurs: valeurs de chaque source.
    """
    rendus = ((a.nom, _mettre_en_forme(a.forme, valeurs.get(a.source, ()))) for a in gabarit.retenus(seuls))
    return {nom: mises for nom, mises in rendus if mises}


def _mettre_en_forme(forme: FormeAttribut, valeurs: Sequence[str]) -> tuple[str, ...]:
    presentes = tuple(valeur for valeur in valeurs if valeur)
    if forme is FormeAttribut.JOUR_FR:
        return tuple(f"{date.fromisoformat(valeur):%d/%m/%Y}" for valeur in presentes)
    if forme is FormeAttribut.POINTS_VIRGULES:
        return (";".join(presentes),) if presentes else ()
    return presentes


_S = SourceAttribut

GABARITS: Mapping[str, Gabarit] = {
    "identifiant": Gabarit("Un identifiant, et rien d'autre", _S.OPAQUE),
    "generique": Gabarit(
        "Un service qui montre le nom et range par classe",
        _S.OPAQUE,
        (
            Attribut("uid", _S.OPAQUE),
            Attribut("lastName", _S.NOM),
            Attribut("firstName", _S.PRENOM),
            Attribut("profile", _S.PROFIL),
            Attribut("structures", _S.UAIS),
            Attribut("classes", _S.DIVISIONS),
            Attribut("groups", _S.GROUPES),
        ),
    ),
    "pronote": Gabarit(
        "Pronote : reconnaître par l'état civil à la première visite",
        _S.IDENTIFIANT,
        (
            Attribut("nom", _S.NOM),
            Attribut("prenom", _S.PRENOM),
            Attribut("dateNaissance", _S.NAISSANCE, FormeAttribut.JOUR_FR),
            Attribut("codePostal", _S.CODE_POSTAL),
            Attribut("categories", _S.PROFIL_NUMERO, FormeAttribut.POINTS_VIRGULES),
        ),
    ),
    "moodle": Gabarit(
        "Moodle : créer le compte et l'inscrire dans les cohortes de sa classe",
        _S.IDENTIFIANT,
        (
            Attribut("uid", _S.IDENTIFIANT),
            Attribut("sn", _S.NOM),
            Attribut("givenName", _S.PRENOM),
            Attribut("mail", _S.COURRIEL),
            Attribut("ENTPersonProfils", _S.PROFIL),
            Attribut("ENTPersonStructRattachRNE", _S.UAIS),
            Attribut("ENTEleveClasses", _S.DIVISIONS),
        ),
    ),
    "uai": Gabarit(
        "Un service d'établissement, qui ne connaît pas les personnes",
        _S.OPAQUE,
        (Attribut("ENTPersonStructRattachRNE", _S.UAI), Attribut("ENTPersonProfils", _S.PROFIL)),
    ),
    "vecteur": Gabarit(
        "Un service qui attend le vecteur d'identité des académies",
        _S.OPAQUE,
        (Attribut("FrEduVecteur", _S.VECTEURS),),
    ),
    "annuaire": Gabarit(
        "Gepi, SACoche, GRR : retrouver la personne par la clé de l'annuaire fédérateur",
        _S.IDENTIFIANT,
        (
            Attribut("uid", _S.IDENTIFIANT),
            Attribut("ENTPersonJointure", _S.CLE_AAF),
            Attribut("Nom", _S.NOM),
            Attribut("Prenom", _S.PRENOM),
            Attribut("ENTPersonProfils", _S.PROFIL),
            Attribut("CodeRNE", _S.UAI),
        ),
    ),
    "gar": Gabarit(
        "Le GAR : les personnes de l'établissement qui sont dans l'envoi, et elles seules",
        _S.OPAQUE,
        (Attribut("idEnt", _S.GAR_ENT), Attribut("GARPersonIdentifiant", _S.GAR_PERSONNE)),
        exige=frozenset({"idEnt", "GARPersonIdentifiant"}),
    ),
}
"""Gabarits fournis, par nom."""
