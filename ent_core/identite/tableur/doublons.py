"""Signaler les lignes qui pourraient être la même personne ; ne jamais les fusionner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from ent_core.identite.tableur.cles import cle_de_comparaison
from ent_core.identite.tableur.lignes import LigneEleve, LigneLue, LignePersonnel

__all__ = ["Doublon", "chercher_doublons"]


@dataclass(frozen=True, slots=True)
class Doublon:
    """Des lignes qui se ressemblent trop.

    :param lignes: leurs numéros dans le fichier, au moins deux.
    :param code: ``meme_identifiant``, ``meme_ine`` ou ``meme_identite``.
    :param motif: ce qu'elles ont en commun, sans le citer.
    """

    lignes: tuple[int, ...]
    code: str
    motif: str


_MOTIFS = {
    "meme_identifiant": "le même identifiant",
    "meme_ine": "le même INE",
    "meme_identite": "le même nom, le même prénom et la même date de naissance, s'il y en a une",
}


def chercher_doublons(lignes: Iterable[LigneLue]) -> tuple[Doublon, ...]:
    """Les groupes de lignes semblables, dans l'ordre du fichier."""
    groupes: defaultdict[tuple[str, Hashable], list[int]] = defaultdict(list)
    for ligne in lignes:
        for cle in _cles(ligne):
            groupes[cle].append(ligne.ligne)
    doublons = (
        Doublon(tuple(numeros), code, _MOTIFS[code])
        for (code, _), numeros in groupes.items()
        if len(numeros) > 1
    )
    return tuple(sorted(doublons, key=lambda doublon: (doublon.lignes, doublon.code)))


def _cles(ligne: LigneLue) -> Iterator[tuple[str, Hashable]]:
    if ligne.identifiant_externe:
        yield "meme_identifiant", ligne.identifiant_externe
    naissance = None
    if isinstance(ligne, LigneEleve):
        if ligne.ine:
            yield "meme_ine", ligne.ine
        naissance = ligne.date_naissance
    elif isinstance(ligne, LignePersonnel):
        naissance = ligne.date_naissance
    yield "meme_identite", (cle_de_comparaison(ligne.nom), cle_de_comparaison(ligne.prenom), naissance)
