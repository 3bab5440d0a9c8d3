"""Ce qui ne part pas au GAR : un motif, une fiche, un fichier ; le reste part.

Vocabulaire. *Écarté* : la fiche entière ne part pas. *Incomplet* : elle part, sans la mention en cause.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from ent_core.identite.tableur.texte import proteger

__all__ = ["ECARTE", "LIBELLES", "PLAFOND", "REMEDES", "AnomalieGar", "MotifGar", "ReleveGar", "creer_prive"]

PLAFOND = 200
"""Anomalies montrées par établissement ; le relevé écrit à côté de l'archive les a toutes."""


def creer_prive(chemin: Path) -> BinaryIO:
    """Un fichier neuf, que seul le compte de l'ENT lit.

    :param chemin: fichier à écrire.
    """
    drapeaux = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.fdopen(os.open(chemin, drapeaux, 0o600), "wb")


class MotifGar(StrEnum):
    """Pourquoi une fiche, ou une mention, n'est pas transmise."""

    NOM = "nom"
    PRENOM = "prenom"
    NAISSANCE = "naissance"
    LONGUEUR = "longueur"
    ADRESSE = "adresse"
    CODE_PRIS = "code_pris"
    CODE_ILLISIBLE = "code_illisible"
    FORMATION_ABSENTE = "formation_absente"
    FORMATION_INCONNUE = "formation_inconnue"
    NIVEAU_INCONNU = "niveau_inconnu"
    DISCIPLINE_INCONNUE = "discipline_inconnue"
    TELEPHONE = "telephone"
    SANS_AFFECTATION = "sans_affectation"


ECARTE = frozenset(
    {
        MotifGar.NOM,
        MotifGar.PRENOM,
        MotifGar.NAISSANCE,
        MotifGar.LONGUEUR,
        MotifGar.ADRESSE,
        MotifGar.CODE_PRIS,
        MotifGar.CODE_ILLISIBLE,
    }
)
"""Motifs qui retiennent la fiche entière ; les autres n'ôtent qu'une mention."""

LIBELLES: dict[str, str] = {
    MotifGar.NOM: "Le nom manque ou ne se lit pas",
    MotifGar.PRENOM: "Le prénom manque ou ne se lit pas",
    MotifGar.NAISSANCE: "La date de naissance manque",
    MotifGar.LONGUEUR: "Un texte est plus long que le format ne l'admet",
    MotifGar.ADRESSE: "La personne affecte les ressources, et n'a pas d'adresse de courriel",
    MotifGar.CODE_PRIS: "Ce groupe a le même code qu'une division",
    MotifGar.CODE_ILLISIBLE: "Le code porte des caractères que le format n'admet pas",
    MotifGar.FORMATION_ABSENTE: "La formation de l'élève n'est pas renseignée",
    MotifGar.FORMATION_INCONNUE: "La formation n'est pas dans la nomenclature",
    MotifGar.NIVEAU_INCONNU: "La nomenclature ne donne pas le niveau de la formation",
    MotifGar.DISCIPLINE_INCONNUE: "La discipline n'est pas dans la nomenclature : seul son code est transmis",
    MotifGar.TELEPHONE: "Le téléphone de l'établissement est trop long : il n'est pas transmis",
    MotifGar.SANS_AFFECTATION: "Personne n'affecte les ressources : aucune ne s'ouvrira",
}

REMEDES: dict[str, str] = {
    MotifGar.NOM: "corriger la fiche dans l'annuaire de l'académie, puis importer",
    MotifGar.PRENOM: "corriger la fiche dans l'annuaire de l'académie, puis importer",
    MotifGar.NAISSANCE: "compléter la fiche dans l'annuaire de l'académie, puis importer",
    MotifGar.LONGUEUR: "raccourcir le texte à sa source",
    MotifGar.ADRESSE: "compléter son adresse dans l'annuaire, ou déléguer à une autre personne",
    MotifGar.CODE_PRIS: "changer le code du groupe dans SIECLE ou STS",
    MotifGar.CODE_ILLISIBLE: "changer le code dans SIECLE ou STS",
    MotifGar.FORMATION_ABSENTE: "compléter la scolarité de l'élève dans l'annuaire",
    MotifGar.FORMATION_INCONNUE: "importer une livraison complète de l'annuaire, nomenclatures comprises",
    MotifGar.NIVEAU_INCONNU: "importer une livraison complète de l'annuaire, nomenclatures comprises",
    MotifGar.DISCIPLINE_INCONNUE: "importer une livraison complète de l'annuaire, nomenclatures comprises",
    MotifGar.TELEPHONE: "corriger le numéro dans l'annuaire de l'académie",
    MotifGar.SANS_AFFECTATION: "rattacher le chef d'établissement, ou déléguer l'affectation",
}


@dataclass(frozen=True, slots=True)
class AnomalieGar:
    """Une fiche ou une mention qui n'est pas transmise.

    :param fichier: genre du fichier où elle manque.
    :param personne_id: personne en cause, s'il y en a une.
    :param cle: code en cause, s'il y en a un.
    """

    uai: str
    fichier: str
    motif: MotifGar
    personne_id: UUID | None = None
    cle: str = ""


@dataclass(slots=True)
class ReleveGar:
    """Le relevé d'un export : tout va au fichier, seul un nombre borné reste en mémoire.

    :param sortie: fichier du relevé, en CSV ; des identifiants, aucun nom.
    """

    sortie: BinaryIO
    ecartes: Counter[str] = field(default_factory=Counter)
    incompletes: Counter[str] = field(default_factory=Counter)
    _montrees: dict[str, list[AnomalieGar]] = field(default_factory=lambda: defaultdict(list))
    _vues: set[AnomalieGar] = field(default_factory=set)
    _texte: TextIOWrapper = field(init=False)

    def __post_init__(self) -> None:
        self._texte = TextIOWrapper(self.sortie, encoding="utf-8", newline="", write_through=True)
        self._ecrire("établissement", "fichier", "clé", "motif", "que faire")

    def noter(
        self, uai: str, fichier: str, motif: MotifGar, personne_id: UUID | None = None, cle: str = ""
    ) -> None:
        """Ajoute une anomalie ; la même, deux fois dite, ne compte qu'une fois.

        :param uai: établissement.
        :param fichier: genre du fichier.
        :param motif: pourquoi.
        :param personne_id: personne en cause.
        :param cle: code en cause.
        """
        anomalie = AnomalieGar(uai, fichier, motif, personne_id, cle)
        montrees = self._montrees[uai]
        if anomalie in self._vues:
            return
        if len(montrees) < PLAFOND:
            montrees.append(anomalie)
            self._vues.add(anomalie)
        (self.ecartes if motif in ECARTE else self.incompletes)[uai] += 1
        self._ecrire(uai, fichier, str(personne_id or cle), LIBELLES[motif], REMEDES[motif])

    def montrees(self) -> Iterator[AnomalieGar]:
        """Anomalies à garder, par établissement, dans l'ordre où elles se sont présentées."""
        for uai in sorted(self._montrees):
            yield from self._montrees[uai]

    @property
    def total(self) -> int:
        """Nombre d'anomalies."""
        return self.ecartes.total() + self.incompletes.total()

    def publier(self, chemin: Path) -> None:
        """Écrit le relevé sous son nom, pour le seul compte de l'ENT.

        :param chemin: fichier à écrire.
        """
        self._texte.flush()
        self.sortie.seek(0)
        with creer_prive(chemin) as fichier:
            shutil.copyfileobj(self.sortie, fichier)

    def fermer(self) -> None:
        """Rend le fichier, sans le fermer."""
        self._texte.detach()

    def _ecrire(self, *champs: str) -> None:
        csv.writer(self._texte, delimiter=";").writerow([proteger(champ) for champ in champs])
