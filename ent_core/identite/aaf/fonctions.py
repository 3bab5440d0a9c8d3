"""Des fonctions d'un agent à son profil national.

Table : annexe opérationnelle du SDET, § 4.7. Quand les tables publiques se contredisent (AES), c'est
l'annexe qui l'emporte : ``National_EVS``. Les anciens profils numériques ne sont jamais émis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ent_core.contrat.roles import FONCTIONS_PROFILS
from ent_core.identite.aaf.valeurs import decouper, premiere

__all__ = ["Fonction", "est_enseignant", "lire_fonctions", "profil_dans_structure", "profil_de_fonction"]

_FONCTIONS_ENSEIGNANTES = frozenset({"ENS", "DOC"})


@dataclass(frozen=True, slots=True)
class Fonction:
    """Une fonction exercée dans une structure.

    :param structure: jointure de la structure.
    :param code: code de fonction ; vide quand l'AAF écrit « - » (sans objet).
    """

    structure: str
    code: str
    libelle: str
    code_discipline: str
    discipline: str


def lire_fonctions(attributs: Mapping[str, list[str]]) -> tuple[Fonction, ...]:
    """Les fonctions d'un agent, dans l'ordre de la fiche.

    :param attributs: attributs de la fiche ; seul ``ENTPersonFonctions`` est lu.
    """
    suite = []
    for valeur in attributs.get("ENTPersonFonctions", ()):
        champs = ("" if champ == "-" else champ for champ in decouper(valeur, 5)[:5])
        suite.append(Fonction(*champs))
    return tuple(suite)


def profil_de_fonction(code: str) -> str | None:
    """Le profil national d'une fonction, ou ``None`` si la fonction n'est pas dans la table.

    :param code: code de fonction de l'AAF, par exemple ``EDU``.
    """
    return FONCTIONS_PROFILS.get(code)


def est_enseignant(attributs: Mapping[str, list[str]]) -> bool:
    """Dit si l'agent enseigne.

    ``ENTPersonCategorieEnseignant`` décide quand il est présent ; sinon la présence devant élèves ; sinon
    une fonction d'enseignement ou de documentation.

    :param attributs: attributs de la fiche.
    """
    categorie = premiere(attributs.get("ENTPersonCategorieEnseignant")).upper()
    if categorie in ("O", "N"):
        return categorie == "O"
    if premiere(attributs.get("PersEducNatPresenceDevantEleves")).upper() == "O":
        return True
    return any(fonction.code in _FONCTIONS_ENSEIGNANTES for fonction in lire_fonctions(attributs))


def profil_dans_structure(fonction: Fonction, *, enseignant: bool) -> str | None:
    """Le profil d'un agent dans la structure où il exerce une fonction.

    Une fonction connue l'emporte (un directeur d'école qui a une classe reste à la direction), sauf si la
    fiche dit en clair que l'agent n'enseigne pas : il reçoit alors le profil des personnels, qui ouvre le
    moins de droits sur les élèves. Sans fonction connue, seul un enseignant a un profil.

    :param fonction: fonction exercée.
    :param enseignant: résultat de :func:`est_enseignant`.
    :returns: profil national, ou ``None`` : à l'appelant de mettre la fiche de côté et de le dire.
    """
    profil = FONCTIONS_PROFILS.get(fonction.code)
    if profil == "National_ENS" and not enseignant:
        return "National_ETA"
    if profil is None and enseignant:
        return "National_ENS"
    return profil
