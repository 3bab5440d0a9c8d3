"""Faire correspondre les colonnes d'un fichier aux champs attendus : proposer, mémoriser, rejouer."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ent_core.identite.tableur.champs import CHAMPS, Champ, Genre
from ent_core.identite.tableur.cles import cle_de_comparaison
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["Affectation", "Correspondance", "proposer_correspondance"]

_VERSION = 1
# En dessous, deux en-têtes différents (« Date de naissance », « Pays de naissance ») se confondraient.
_RESSEMBLANCE_MIN = 0.88
_REMEDE_MEMOIRE = "choisir de nouveau les colonnes, puis enregistrer la correspondance"


@dataclass(frozen=True, slots=True)
class Affectation:
    """Une colonne donnée à un champ.

    :param indice: rang de la colonne, à partir de 0.
    :param entete: texte de l'en-tête.
    :param champ: clé du champ.
    :param rang: 1, ou le rang de l'enfant pour un champ répété.
    :param confiance: de 0 à 1 ; 1 quand l'en-tête est connu ou que la personne a choisi.
    """

    indice: int
    entete: str
    champ: str
    rang: int = 1
    confiance: float = 1.0


@dataclass(frozen=True, slots=True)
class Correspondance:
    """Quelle colonne apporte quel champ, pour une liste d'un genre donné."""

    genre: Genre
    entetes: tuple[str, ...]
    affectations: tuple[Affectation, ...]

    @property
    def ignorees(self) -> tuple[str, ...]:
        """En-têtes des colonnes qui ne seront pas lues."""
        lues = {affectation.indice for affectation in self.affectations}
        return tuple(entete for indice, entete in enumerate(self.entetes) if entete and indice not in lues)

    @property
    def manquants(self) -> tuple[str, ...]:
        """Libellés des champs obligatoires qu'aucune colonne n'apporte."""
        lus = {affectation.champ for affectation in self.affectations}
        manquants = [
            champ.libelle for champ in CHAMPS[self.genre] if champ.obligatoire and champ.cle not in lus
        ]
        if self.genre is Genre.RESPONSABLES and not (
            "enfant_identifiant" in lus or {"enfant_nom", "enfant_prenom"} <= lus
        ):
            manquants.append("Identifiant de l'élève, ou nom et prénom de l'élève")
        return tuple(manquants)

    @property
    def confiance(self) -> float:
        """De 0 à 1 : la moins sûre des affectations ; 0 s'il manque un champ obligatoire."""
        if self.manquants:
            return 0.0
        return min((affectation.confiance for affectation in self.affectations), default=0.0)

    def en_dict(self) -> dict[str, Any]:
        """La correspondance à mémoriser : par nom d'en-tête, pour survivre à un changement d'ordre."""
        colonnes = [
            {
                "entete": affectation.entete,
                "occurrence": _occurrence(self.entetes, affectation.indice),
                "champ": affectation.champ,
                "rang": affectation.rang,
            }
            for affectation in self.affectations
        ]
        return {"version": _VERSION, "genre": self.genre.value, "colonnes": colonnes}

    @classmethod
    def depuis_dict(cls, memoire: Mapping[str, Any], entetes: Sequence[str]) -> Correspondance:
        """Rejoue une correspondance mémorisée sur d'autres en-têtes ; les colonnes disparues sont laissées.

        :raises DonneeInvalide: mémoire d'une autre version, ou qui cite un champ inconnu.
        """
        positions = {
            (cle_de_comparaison(entete), _occurrence(entetes, indice)): indice
            for indice, entete in enumerate(entetes)
        }
        try:
            if memoire["version"] != _VERSION:
                raise ValueError(memoire["version"])
            genre = Genre(memoire["genre"])
            connus = {champ.cle: champ for champ in CHAMPS[genre]}
            affectations = []
            for colonne in memoire["colonnes"]:
                champ, rang = connus[colonne["champ"]], int(colonne["rang"])
                if rang < 1 or (rang > 1 and not champ.repetable):
                    raise ValueError(rang)
                indice = positions.get((cle_de_comparaison(colonne["entete"]), int(colonne["occurrence"])))
                if indice is not None:
                    affectations.append(Affectation(indice, entetes[indice], champ.cle, rang))
            return cls.choisie(genre, entetes, affectations)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DonneeInvalide(
                "La correspondance mémorisée ne peut pas être relue.", remede=_REMEDE_MEMOIRE
            ) from None

    @classmethod
    def choisie(
        cls, genre: Genre, entetes: Sequence[str], affectations: Sequence[Affectation]
    ) -> Correspondance:
        """Une correspondance faite ou retouchée par la personne.

        :raises DonneeInvalide: une colonne affectée deux fois, ou un champ reçu de deux colonnes.
        """
        indices = Counter(affectation.indice for affectation in affectations)
        cibles = Counter((affectation.champ, affectation.rang) for affectation in affectations)
        if any(compte > 1 for compte in (*indices.values(), *cibles.values())):
            raise DonneeInvalide(
                "Une colonne est donnée à deux champs, ou un champ à deux colonnes.",
                remede="ne garder qu'une colonne par champ",
            )
        return cls(
            genre, tuple(entetes), tuple(sorted(affectations, key=lambda affectation: affectation.indice))
        )


def proposer_correspondance(entetes: Sequence[str], genre: Genre | None = None) -> Correspondance:
    """La meilleure correspondance que l'on devine ; la personne la confirme toujours.

    :param genre: genre de la liste s'il est connu ; sinon, celui que les en-têtes désignent le mieux.
    """
    propositions = [_proposer(entetes, candidat) for candidat in ([genre] if genre else Genre)]

    def note(correspondance: Correspondance) -> tuple[int, int, int]:
        champs = {affectation.champ for affectation in correspondance.affectations}
        # Des colonnes d'enfant désignent une liste de responsables, même pauvre.
        enfants = sum(
            champ.startswith("enfant_") for champ in champs - {"enfant_division", "enfant_date_naissance"}
        )
        return (-len(correspondance.manquants), enfants, len(correspondance.affectations))

    return max(propositions, key=note)


def _proposer(entetes: Sequence[str], genre: Genre) -> Correspondance:
    cles = [cle_de_comparaison(entete) for entete in entetes]
    synonymes = {champ.cle: [cle_de_comparaison(nom) for nom in (champ.libelle, *champ.synonymes)]
                 for champ in CHAMPS[genre]}  # fmt: skip
    affectations: list[Affectation] = []
    libres = {indice for indice, cle in enumerate(cles) if cle}
    restants: list[Champ] = []
    for champ in CHAMPS[genre]:
        rangs = synonymes[champ.cle]
        connues = [indice for indice in sorted(libres) if cles[indice] in rangs]
        if not connues:
            restants.append(champ)
            continue
        meilleure = min(connues, key=lambda indice: (rangs.index(cles[indice]), indice))
        # Un enfant de plus répète le même en-tête ; un synonyme de plus n'est pas un enfant de plus.
        connues = [indice for indice in connues if champ.repetable and cles[indice] == cles[meilleure]] or [
            meilleure
        ]
        libres.difference_update(connues)
        affectations.extend(
            Affectation(indice, entetes[indice], champ.cle, rang)
            for rang, indice in enumerate(connues, start=1)
        )
    for champ in restants:
        ressemblances = {
            indice: max(
                difflib.SequenceMatcher(None, cles[indice], nom).ratio() for nom in synonymes[champ.cle]
            )
            for indice in libres
        }
        if ressemblances:
            indice = max(sorted(libres), key=ressemblances.__getitem__)
            if ressemblances[indice] >= _RESSEMBLANCE_MIN:
                libres.discard(indice)
                affectations.append(
                    Affectation(indice, entetes[indice], champ.cle, 1, round(ressemblances[indice] * 0.9, 2))
                )
    return Correspondance.choisie(genre, entetes, affectations)


def _occurrence(entetes: Sequence[str], indice: int) -> int:
    """Combien de fois cet en-tête est apparu, jusqu'à cette colonne comprise."""
    comptes: defaultdict[str, int] = defaultdict(int)
    for entete in entetes[: indice + 1]:
        comptes[cle_de_comparaison(entete)] += 1
    return comptes[cle_de_comparaison(entetes[indice])]
