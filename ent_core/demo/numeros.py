"""Identifiants et adresses électroniques, uniques dans toute l'académie fictive."""

from __future__ import annotations

from dataclasses import dataclass, field

from ent_core.demo.noms import sans_accents

__all__ = ["Numeros"]

_PREMIERE_PERSONNE = 1_000_000
_PREMIER_SIECLE = 700_000_000
_PAR_BASSIN = 100_000
# Réservés aux personnes qui arrivent après l'extraction complète.
_PREMIER_ARRIVANT = 90_000


@dataclass(slots=True)
class Numeros:
    """La tranche d'identifiants d'un bassin.

    :param bassin: rang du bassin.
    """

    bassin: int
    suivant: int = 0
    courriels: dict[str, int] = field(default_factory=dict)

    @classmethod
    def des_arrivants(cls, bassin: int) -> Numeros:
        """Les identifiants de personnes absentes de l'extraction complète."""
        return cls(bassin, _PREMIER_ARRIVANT)

    def personne(self) -> int:
        """Un nouvel identifiant ENTPersonJointure."""
        self.suivant += 1
        return _PREMIERE_PERSONNE + self.bassin * _PAR_BASSIN + self.suivant

    @staticmethod
    def siecle(personne: int) -> int:
        """L'identifiant de la base élèves d'un élève."""
        return personne - _PREMIERE_PERSONNE + _PREMIER_SIECLE

    @staticmethod
    def ine(personne: int) -> str:
        """Un INE de forme RNIE (neuf chiffres, deux lettres), commençant par 09.

        Un numéro d'élève tient en sept chiffres tant que l'académie a moins de cent bassins ; au-delà,
        le dépassement passe dans les lettres.
        """
        rang = personne - _PREMIERE_PERSONNE
        reste = rang // 10_000_000
        return f"09{rang % 10_000_000:07d}{chr(65 + rang % 26)}{chr(65 + reste % 26)}"

    def courriel(self, prenom: str, nom: str, domaine: str) -> str:
        """Une adresse qui n'a pas encore servi.

        :param domaine: domaine en « .invalid », qui ne peut pas recevoir de message.
        """
        base = f"{sans_accents(prenom)}.{sans_accents(nom)}"
        deja = self.courriels.get(base, 0)
        self.courriels[base] = deja + 1
        homonyme = f"-{deja + 1}" if deja else ""
        return f"{base}{self.bassin or ''}{homonyme}@{domaine}"
