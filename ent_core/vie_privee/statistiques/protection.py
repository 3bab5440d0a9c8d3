"""La protection : quelles cases d'une grille se taisent, pour qu'aucune ne se retrouve par le calcul.

Taire une case trop petite ne suffit pas : le total moins les autres la rend. Il faut en taire d'autres, et
savoir quand on en a tu assez. Une grille de deux entrées, dont une en arbre, est un *réseau* : une case est
un arc, chaque égalité « total = somme » est un nœud où ce qui entre sort (Fischetti et Salazar-González,
« Models and algorithms for the 2-dimensional cell suppression problem in statistical disclosure control »,
Mathematical Programming 84, 1999). Deux conséquences :

* toutes les grilles que la publication laisse possibles s'obtiennent de la vraie en faisant tourner des
  quantités le long de cycles de cases tues ; ce qu'une case tue peut valoir, du moins au plus, est donc un
  calcul de flot, exact, en nombres entiers ;
* au-delà (trois entrées, ou deux en arbre), ce n'est plus un réseau, et le moteur le refuse.

La règle : toute case tue garde un *jeu* d'au moins le seuil, c'est-à-dire au moins ``seuil + 1`` valeurs
possibles. Zéro est une petite case comme une autre.

Reste ce que le choix lui-même apprend : si l'on ne taisait que le nécessaire, qui connaît ce programme le
ferait tourner sur chaque grille possible, et n'en garderait que celles qui donnent cette publication
(Wong, Fu, Wang et Pei, « Minimality attack in privacy preserving data publishing », VLDB 2007). La clé de
l'instance tait donc d'abord quelques cases au hasard. Comme le jeu ne dépend que de ce qui est publié, toute
grille de personnes compatible avec la publication aurait pu la donner : connaître le programme n'en écarte
aucune.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush

from ent_core.vie_privee.statistiques.grille import Case, Trame

__all__ = ["VERSION", "taire"]

VERSION = 1
"""Version de la règle, notée dans chaque publication."""

_HASARD = 32
"""Prix d'une case fine, et une chance sur combien elle a d'être tue au hasard ; un total vaut davantage."""

_CENTRE = ("G", 0)
Noeud = tuple[str, int] | tuple[str, int, int]


def taire(
    trame: Trame, nombres: Mapping[Case, int], personnes: Mapping[Case, int], seuil: int, cle: bytes
) -> frozenset[Case]:
    """Cases à ne pas communiquer.

    :param trame: trame de la grille.
    :param nombres: nombre de chaque case, totaux compris.
    :param personnes: personnes différentes derrière chaque case.
    :param seuil: en dessous, une case se tait.
    :param cle: clé secrète, propre à cette publication ; elle tire au sort.
    """
    au_hasard = frozenset(case for case, prix in _prix(trame).items() if _tirer(cle, case) % prix == 0)
    return completer(trame, nombres, personnes, seuil, cle, au_hasard)


def completer(
    trame: Trame,
    nombres: Mapping[Case, int],
    personnes: Mapping[Case, int],
    seuil: int,
    cle: bytes,
    deja: Collection[Case],
) -> frozenset[Case]:
    """Ajoute à des cases tues les trop petites, puis ce qu'il faut pour que toutes aient du jeu.

    :param deja: cases tues d'avance.
    """
    a_garder = sorted({case for case in trame.cases if personnes[case] < seuil} | set(deja))
    reseau = _Reseau(trame, nombres, cle, a_garder)
    for case in a_garder:
        # Trois personnes pour quarante faits : la case doit pouvoir bouger d'autant qu'elle vaut.
        besoin = max(seuil, nombres[case]) if personnes[case] < seuil else seuil
        if not reseau.a_du_jeu(case, besoin):
            reseau.tues.update(reseau.cycle(case, besoin))
    return frozenset(reseau.tues)


def _tirer(cle: bytes, case: Case) -> int:
    return int.from_bytes(hmac.new(cle, repr(case).encode(), hashlib.sha256).digest()[:8])


def _prix(trame: Trame) -> dict[Case, int]:
    """Une case fine se tait au hasard une fois sur trente-deux ; un total, huit fois moins."""
    profondeurs = [trame.profondeur(ligne) for ligne in range(len(trame.dessus))]
    plus_bas = max(profondeurs)
    return {
        (ligne, colonne): _HASARD
        * 8 ** (plus_bas - profondeurs[ligne] + (1 if trame.colonnes and colonne == trame.colonnes else 0))
        for ligne, colonne in trame.cases
    }


class _Reseau:
    """Le réseau d'une grille et les cases déjà tues.

    Le tout part du centre par la colonne des totaux, descend jusqu'aux lignes fines, et remonte au centre
    par les autres colonnes.
    """

    def __init__(self, trame: Trame, nombres: Mapping[Case, int], cle: bytes, tues: Collection[Case]) -> None:
        self._trame = trame
        self._nombres = nombres
        self._couts = {
            case: prix * _HASARD + _tirer(cle, case) // _HASARD % _HASARD
            for case, prix in _prix(trame).items()
        }
        self._feuilles = trame.feuilles
        self._bouts = {case: self._extremites(case) for case in trame.cases}
        # D'un nœud : la case, où elle mène, et si elle croît (1) ou décroît (-1).
        self._voisins: dict[Noeud, list[tuple[Case, Noeud, int]]] = {}
        for case, (origine, but) in self._bouts.items():
            self._voisins.setdefault(origine, []).append((case, but, 1))
            self._voisins.setdefault(but, []).append((case, origine, -1))
        self._assurees: dict[Case, int] = {}
        self.tues = set(tues)

    def a_du_jeu(self, case: Case, besoin: int) -> bool:
        """Vrai si cette case peut varier d'autant, du moins au plus, la publication restant la même.

        :param case: case tue.
        :param besoin: jeu voulu.
        """
        origine, but = self._bouts[case]
        if origine == but or self._assurees.get(case, 0) >= besoin:
            return True
        en_plus = self._flot(but, origine, besoin, case)
        en_moins = min(self._nombres[case], besoin - en_plus)
        return en_plus + self._flot(origine, but, en_moins, case) >= besoin

    def _flot(self, depart: Noeud, arrivee: Noeud, voulu: int, sauf: Case) -> int:
        """Flot d'un nœud à l'autre par les cases tues, hors celle-ci ; compté jusqu'à ce qui est voulu."""
        reste: dict[Case, int] = {}
        fait = 0
        while fait < voulu:
            pas: dict[Noeud, tuple[Noeud, Case, int]] = {}
            file: deque[Noeud] = deque([depart])
            while file and arrivee not in pas:
                ici = file.popleft()
                for case, la, sens in self._voisins[ici]:
                    if la in pas or la == depart or case == sauf or case not in self.tues:
                        continue
                    if sens > 0 or reste.get(case, self._nombres[case]):
                        pas[la] = (ici, case, sens)
                        file.append(la)
            if arrivee not in pas:
                break
            chemin = list(_remonter(pas, depart, arrivee))
            bornes = (reste.get(case, self._nombres[case]) for case, sens in chemin if sens < 0)
            quantite = min([voulu - fait, *bornes])
            for case, sens in chemin:
                reste[case] = reste.get(case, self._nombres[case]) + sens * quantite
            if quantite == voulu:  # un seul cycle : chacune de ses cases tourne d'autant
                self._assurees.update((c, max(voulu, self._assurees.get(c, 0))) for c, _ in chemin)
            fait += quantite
        return fait

    def cycle(self, case: Case, besoin: int) -> list[Case]:
        """Les cases du cycle le moins cher par où cette case peut croître du besoin, sans rien de négatif.

        Il existe toujours : au pis, par les totaux, que rien ne borne.

        :param case: case tue, à qui il manque du jeu.
        :param besoin: de combien elle doit pouvoir croître.
        """
        arrivee, depart = self._bouts[case]
        prix: dict[Noeud, int] = {depart: 0}
        pas: dict[Noeud, tuple[Noeud, Case, int]] = {}
        tas: list[tuple[int, Noeud]] = [(0, depart)]
        while tas:
            cout, ici = heappop(tas)
            if ici == arrivee:
                break
            if cout > prix[ici]:
                continue
            for autre, la, sens in self._voisins[ici]:
                if autre == case or (sens < 0 and self._nombres[autre] < besoin):
                    continue
                nouveau = cout + (0 if autre in self.tues else self._couts[autre])
                if nouveau < prix.get(la, nouveau + 1):
                    prix[la] = nouveau
                    pas[la] = (ici, autre, sens)
                    heappush(tas, (nouveau, la))
        return [autre for autre, _ in _remonter(pas, depart, arrivee)]

    def _extremites(self, case: Case) -> tuple[Noeud, Noeud]:
        ligne, colonne = case
        dessus = self._trame.dessus[ligne]
        haut: Noeud = _CENTRE if dessus is None else ("N", dessus, colonne)
        bas: Noeud = ("N", ligne, colonne)
        if ligne in self._feuilles:
            bas = ("L", ligne) if self._trame.colonnes else _CENTRE
        return (haut, bas) if colonne == self._trame.colonnes else (bas, haut)


def _remonter(
    pas: Mapping[Noeud, tuple[Noeud, Case, int]], depart: Noeud, arrivee: Noeud
) -> Iterator[tuple[Case, int]]:
    while arrivee != depart:
        arrivee, case, sens = pas[arrivee]
        yield case, sens
