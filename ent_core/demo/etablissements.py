"""Les établissements fictifs : UAI, nom, adresse, divisions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ent_core.demo.modele import Adresse, Division, Etablissement
from ent_core.demo.nomenclatures import COLLEGE, LYCEE, LYCEE_POLYVALENT, NIVEAUX, TypeEtablissement
from ent_core.demo.noms import Hasard

__all__ = [
    "PAR_BASSIN",
    "ZONE_DE_REMPLACEMENT",
    "Taille",
    "adresse",
    "communes",
    "etablissements_du_bassin",
    "uai",
]

PAR_BASSIN = 3
# Structure sans établissement, volontairement absente de l'extraction, comme dans les flux réels.
ZONE_DE_REMPLACEMENT = 9_900

_LETTRES = "ABCDEFGHJKLMNPRSTUVWXYZ"
# Les UAI 0990101X à 0990103Z appartiennent à d'autres jeux d'essai.
_PREMIER_NUMERO = 990_201
_PREMIERE_CLE = 10_001
_EFFECTIF_LEGER = 150
_PETITE_ACADEMIE = 10
_ELEVES_PAR_DIVISION = 25

_NOMS = (
    "DES TROIS-MOULINS", "DU VAL-FLEURI", "DES HAUTES-BRUYERES", "DE LA GARENNE", "LES ACACIAS",
    "DU CLOS-MARAIS", "DES SOURCES", "LA CROIX-DES-VIGNES", "DU BELVEDERE", "LES GRANDS-CHAMPS",
    "DE L'ETANG-NEUF", "DES QUATRE-VENTS", "DU BOIS-JOLI", "LES MARRONNIERS", "DE LA PASSERELLE",
    "DU VIEUX-LAVOIR", "DES COQUELICOTS", "LA FONTAINE-AUX-MERLES", "DES REMPARTS", "DU GUE-D'ARGENT",
    "LES TERRASSES", "DE L'ECLUSE", "DES PEUPLIERS", "DU PONT-BLANC", "LES HERONS",
)  # fmt: skip
_DEBUTS = ("VALM", "BELC", "MONTR", "CHANTR", "FONTV", "ROCHEV", "BRUY", "SAULN", "CLAIRV", "AUBR", "HERB")
_FINS = ("ORIN", "OURT-SUR-LOREINE", "EVELLE", "ANNES", "AILLY-LES-BOIS", "ERAC", "IGNY-LE-VIEUX", "ONDE")
_VOIES = ("RUE", "AVENUE", "PLACE", "ALLEE", "CHEMIN", "BOULEVARD", "IMPASSE")
_LIEUX = (
    "DES ACACIAS", "DU MOULIN", "DE L'ECLUSE", "DES LILAS", "DU STADE", "DE LA GARE", "DES VERGERS",
    "DE LA REPUBLIQUE", "DES ECOLES", "DU LAVOIR", "DES ROSES", "DU 8 MAI", "DE LA PAIX", "DES CERISIERS",
    "DU MARCHE", "DES TANNEURS", "DE LA FORGE", "DU CHATEAU", "DES HIRONDELLES",
)  # fmt: skip
_COMPLEMENTS = ("BAT A", "BAT C", "APPT 12", "RESIDENCE LES PINS", "CHEZ M. ET MME VOISIN", "ETAGE 3 PORTE 2")


@dataclass(frozen=True, slots=True)
class Taille:
    """Combien d'établissements, et de quelle taille.

    :param eleves: élèves par établissement ; sans valeur, 150 jusqu'à dix établissements
        (démonstration légère), au-delà la taille réelle de chaque type.
    """

    etablissements: int
    eleves: int | None = None

    def effectif(self, type_etablissement: TypeEtablissement) -> int:
        """Nombre d'élèves d'un établissement de ce type."""
        if self.eleves is not None:
            return self.eleves
        return _EFFECTIF_LEGER if self.etablissements <= _PETITE_ACADEMIE else type_etablissement.effectif

    @property
    def bassins(self) -> int:
        """Nombre de bassins."""
        return -(-self.etablissements // PAR_BASSIN)


def uai(numero: int) -> str:
    """L'UAI d'un numéro : sept chiffres et la lettre de contrôle (reste de la division par 23).

    :param numero: entier d'au plus sept chiffres.
    """
    return f"{numero:07d}{_LETTRES[numero % 23]}"


def adresse(hasard: Hasard, commune: tuple[str, str]) -> Adresse:
    """Une adresse dans une commune.

    :param commune: code postal et nom.
    """
    alea = hasard.alea
    ligne = f"{alea.randrange(1, 180)} {alea.choice(_VOIES)} {alea.choice(_LIEUX)}"
    lignes = (ligne, alea.choice(_COMPLEMENTS)) if hasard.chance(0.3) else (ligne,)
    return Adresse(lignes, commune[0], commune[1])


def _parts(total: int, poids: tuple[int, ...]) -> list[int]:
    """Partage un total selon des poids, sans perdre ni ajouter d'unité."""
    bornes = [round(total * sum(poids[:i]) / sum(poids)) for i in range(len(poids) + 1)]
    return [suivante - precedente for precedente, suivante in pairwise(bornes)]


def _divisions(type_etablissement: TypeEtablissement, effectif: int, chiffres: bool) -> tuple[Division, ...]:
    """Les divisions de chaque niveau, d'effectifs voisins.

    :param chiffres: vrai pour des codes tout en chiffres (« 601 »), comme bien des collèges en ont.
    """
    divisions: list[Division] = []
    for cle, eleves in zip(
        type_etablissement.niveaux, _parts(effectif, type_etablissement.poids), strict=True
    ):
        niveau = NIVEAUX[cle]
        nombre = max(1, round(eleves / _ELEVES_PAR_DIVISION))
        for rang, taille in enumerate(_parts(eleves, (1,) * nombre)):
            if type_etablissement is COLLEGE:
                suffixe = f"{rang + 1:02d}" if chiffres else chr(ord("A") + rang % 26) * (1 + rang // 26)
            else:
                suffixe = str(rang + 1)
            code = niveau.prefixe + suffixe
            divisions.append(Division(code, f"{niveau.libelle} {suffixe}", cle, taille))
    return tuple(divisions)


def etablissements_du_bassin(taille: Taille, bassin: int, hasard: Hasard) -> tuple[Etablissement, ...]:
    """Les établissements d'un bassin, avec leurs divisions, sans groupes ni services.

    Un bassin pair a un collège, un lycée général et un lycée polyvalent ; un bassin impair, un second
    collège à la place du dernier.

    :param bassin: rang du bassin.
    """
    types = (COLLEGE, LYCEE, LYCEE_POLYVALENT if bassin % 2 == 0 else COLLEGE)
    premiers = range(bassin * PAR_BASSIN, min((bassin + 1) * PAR_BASSIN, taille.etablissements))
    noms = hasard.alea.sample(_NOMS, PAR_BASSIN)
    return tuple(
        Etablissement(
            rang=rang,
            cle=_PREMIERE_CLE + rang,
            uai=uai(_PREMIER_NUMERO + rang),
            type=types[place].sigle,
            nom=noms[place],
            adresse=adresse(hasard, commune),
            telephone=hasard.telephone_fixe(),
            divisions=_divisions(
                types[place], taille.effectif(types[place]), chiffres=place == PAR_BASSIN - 1
            ),
        )
        for place, (rang, commune) in enumerate(zip(premiers, communes(bassin), strict=False))
    )


def communes(bassin: int) -> tuple[tuple[str, str], ...]:
    """Les communes d'un bassin : code postal fictif (99xxx) et nom inventé."""
    return tuple(
        (f"99{rang % 900 + 100:03d}", _DEBUTS[rang % len(_DEBUTS)] + _FINS[(rang // 3 + rang) % len(_FINS)])
        for rang in range(bassin * PAR_BASSIN, (bassin + 1) * PAR_BASSIN)
    )
