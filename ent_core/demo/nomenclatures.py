"""Les codes nationaux employés : formations, matières, disciplines, horaires, fonctions, régimes.

Codes et libellés viennent des nomenclatures nationales (BCN) ; les horaires s'inspirent des grilles
officielles, arrondis à la demi-heure. Un MEFSTAT11 dit le niveau (quatre chiffres), la série (deux),
puis répète cinq chiffres du MEF. Pour la voie générale d'après 2019, aucune liste publique relue ne
donne la série : celle de la seconde est celle d'avant la réforme, celle du cycle terminal est inventée.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "COLLEGE",
    "DISCIPLINES",
    "LYCEE",
    "LYCEE_POLYVALENT",
    "MATIERES",
    "NIVEAUX",
    "REGIMES",
    "TYPES",
    "Barrette",
    "Discipline",
    "Ligne",
    "Matiere",
    "Niveau",
    "TypeEtablissement",
]


@dataclass(frozen=True, slots=True)
class Discipline:
    """La discipline d'un enseignant.

    :param poste: code de discipline de poste (« L0202 »).
    :param categorie: code de la catégorie de discipline sur deux caractères.
    """

    poste: str
    categorie: str
    libelle: str


@dataclass(frozen=True, slots=True)
class Matiere:
    """Une matière enseignée.

    :param gestion: code de gestion, celui que voient les établissements.
    :param salle: type de salle nécessaire (« GEN » : salle banale).
    """

    code: str
    gestion: str
    libelle: str
    salle: str = "GEN"


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un enseignement de toute la division.

    :param demi_heures: durée par semaine, en demi-heures.
    :param blocs: vrai si les heures se donnent deux par deux.
    """

    matiere: str
    discipline: str
    demi_heures: int
    blocs: bool = False


@dataclass(frozen=True, slots=True)
class Barrette:
    """Des groupes parallèles, pris dans les divisions d'un alignement.

    :param cle: nom court, qui entre dans le code des groupes.
    :param choix: (matière, discipline, poids) de chaque groupe.
    :param part: part des élèves qui suivent l'option ; 1 si tous choisissent un groupe.
    :param unique: vrai si seul le premier alignement du niveau propose la barrette.
    """

    cle: str
    choix: tuple[tuple[str, str, int], ...]
    demi_heures: int
    blocs: bool = False
    part: float = 1.0
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Niveau:
    """Un niveau d'enseignement, donc une formation (MEF).

    :param age: âge atteint dans l'année civile de la rentrée par un élève « à l'heure ».
    :param prefixe: début du code des divisions.
    :param demi_groupes: deux (matière, discipline) données en demi-groupes, une semaine sur deux.
    """

    cle: str
    mef: str
    libelle: str
    mefstat: str
    age: int
    prefixe: str
    lignes: tuple[Ligne, ...]
    demi_groupes: tuple[tuple[str, str], ...] = ()
    barrettes: tuple[Barrette, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeEtablissement:
    """Un type d'établissement.

    :param effectif: nombre d'élèves en taille réelle.
    :param niveaux: clés des niveaux.
    :param poids: part des élèves de chaque niveau.
    """

    sigle: str
    nature: str
    libelle: str
    effectif: int
    niveaux: tuple[str, ...]
    poids: tuple[int, ...]


DISCIPLINES: dict[str, Discipline] = {
    "LM": Discipline("L0202", "02", "LETTRES MODERNES"),
    "LC": Discipline("L0201", "02", "LETTRES CLASSIQUES"),
    "PHI": Discipline("L0100", "01", "PHILOSOPHIE"),
    "ALL": Discipline("L0421", "04", "ALLEMAND"),
    "ANG": Discipline("L0422", "04", "ANGLAIS"),
    "ESP": Discipline("L0426", "04", "ESPAGNOL"),
    "HG": Discipline("L1000", "10", "HISTOIRE-GEOGRAPHIE"),
    "SES": Discipline("L1100", "11", "SCIENCES ECONOMIQUES ET SOCIALES"),
    "MAT": Discipline("L1300", "13", "MATHEMATIQUES"),
    "TEC": Discipline("L1400", "14", "TECHNOLOGIE"),
    "NSI": Discipline("L5800", "58", "NUMERIQUE ET SCIENCES INFORMATIQUES"),
    "PC": Discipline("L1500", "15", "SCIENCES PHYSIQUES ET CHIMIQUES"),
    "SVT": Discipline("L1600", "16", "SCIENCES DE LA VIE ET DE LA TERRE"),
    "MUS": Discipline("L1700", "17", "EDUCATION MUSICALE ET CHANT CHORAL"),
    "ARP": Discipline("L1800", "18", "ARTS PLASTIQUES"),
    "EPS": Discipline("L1900", "19", "EDUCATION PHYSIQUE ET SPORTIVE"),
    "LHG": Discipline("P0210", "02", "LETTRES HISTOIRE GEOGRAPHIE"),
    "MSC": Discipline("P1315", "13", "MATHEMATIQUES SCIENCES PHYSIQUES"),
    "EGE": Discipline("P8011", "80", "ECONOMIE ET GESTION"),
    "BSE": Discipline("P7200", "72", "BIOTECHNOLOGIES SANTE-ENVIRONNEMENT"),
    "AAP": Discipline("P6500", "65", "ARTS APPLIQUES"),
}

MATIERES: dict[str, Matiere] = {
    m.code: m
    for m in (
        Matiere("006600", "ACCPE", "ACCOMPAGNEMENT PERSONNALISE"),
        Matiere("010300", "PHILO", "PHILOSOPHIE"),
        Matiere("010500", "HLPHI", "HUMANITES, LITTERATURE ET PHILOSOPHIE"),
        Matiere("020300", "LCALA", "LCA LATIN"),
        Matiere("020700", "FRANC", "FRANCAIS"),
        Matiere("030102", "ALL2", "ALLEMAND LV2"),
        Matiere("030201", "AGL1", "ANGLAIS LV1"),
        Matiere("030602", "ESP2", "ESPAGNOL LV2"),
        Matiere("043700", "HI-GE", "HISTOIRE-GEOGRAPHIE"),
        Matiere("043800", "EMC", "ENSEIGNEMENT MORAL ET CIVIQUE"),
        Matiere("043900", "HGGSP", "HIST.-GEO., GEOPOLITIQUE, SC.POLITIQUES"),
        Matiere("050700", "SES", "SCIENCES ECONOMIQUES ET SOCIALES"),
        Matiere("061300", "MATHS", "MATHEMATIQUES"),
        Matiere("061700", "MA-SC", "MATHS SCIENCES", "SCI"),
        Matiere("062300", "PH-CH", "PHYSIQUE-CHIMIE", "PHY"),
        Matiere("062900", "SVT", "SCIENCES DE LA VIE ET DE LA TERRE", "SVT"),
        Matiere("065300", "G-SCI", "ENSEIGNEMENT SCIENTIFIQUE", "PHY"),
        Matiere("070800", "TECHN", "TECHNOLOGIE", "TEC"),
        Matiere("074600", "SNTEC", "SCIENCES NUMERIQUES ET TECHNOLOGIE", "INF"),
        Matiere("074700", "NSINF", "NUMERIQUE ET SCIENCES INFORMATIQUES", "INF"),
        Matiere("081300", "EDMUS", "EDUCATION MUSICALE", "MUS"),
        Matiere("090100", "A-PLA", "ARTS PLASTIQUES", "ART"),
        Matiere("100100", "EPS", "EDUCATION PHYSIQUE ET SPORTIVE", "GYM"),
        Matiere("278300", "AACAR", "ARTS APPLIQUES ET CULTURES ARTISTIQUES", "ART"),
        Matiere("312800", "PSE", "PREVENTION-SANTE-ENVIRONNEMENT", "SCI"),
        Matiere("381000", "E-DRT", "ECONOMIE ET DROIT"),
        Matiere("390600", "CPT-G", "COMPTABILITE ET GESTION", "INF"),
        Matiere("413700", "COGRC", "COMMUNICATION & GESTION RELATION CLIENT", "INF"),
        Matiere("432000", "GESTN", "GESTION", "INF"),
    )
}

_LV2 = (("030602", "ESP", 70), ("030102", "ALL", 30))
_SCIENCES = (("062900", "SVT"), ("062300", "PC"))


def _latin(demi_heures: int) -> Barrette:
    return Barrette("LAT", (("020300", "LC", 1),), demi_heures, part=0.2, unique=True)


def _tronc_college(francais: int, histoire: int, anglais: int, eps: int) -> tuple[Ligne, ...]:
    return (
        Ligne("020700", "LM", francais),
        Ligne("043700", "HG", histoire),
        Ligne("043800", "HG", 1),
        Ligne("030201", "ANG", anglais),
        Ligne("100100", "EPS", eps, blocs=True),
        Ligne("062900", "SVT", 2),
        Ligne("062300", "PC", 2),
        Ligne("090100", "ARP", 2),
        Ligne("081300", "MUS", 2),
    )


def _tronc_cycle4(francais: int, histoire: int) -> tuple[Ligne, ...]:
    return (
        *_tronc_college(francais, histoire, 6, 6),
        Ligne("061300", "MAT", 7),
        Ligne("070800", "TEC", 3),
    )


def _tronc_professionnel(gestion: int) -> tuple[Ligne, ...]:
    return (
        Ligne("020700", "LHG", 4),
        Ligne("043700", "LHG", 3),
        Ligne("043800", "LHG", 1),
        Ligne("061700", "MSC", 6),
        Ligne("030201", "ANG", 4),
        Ligne("030602", "ESP", 2),
        Ligne("100100", "EPS", 4, blocs=True),
        Ligne("278300", "AAP", 2),
        Ligne("312800", "BSE", 2),
        Ligne("381000", "EGE", 2),
        Ligne("390600", "EGE", 4, blocs=True),
        Ligne("413700", "EGE", 8, blocs=True),
        Ligne("432000", "EGE", gestion, blocs=True),
    )


_SPECIALITES_1 = (
    Barrette("S1", (("061300", "MAT", 60), ("043900", "HG", 40)), 8, blocs=True),
    Barrette("S2", (("062300", "PC", 50), ("050700", "SES", 50)), 8, blocs=True),
    Barrette("S3", (("062900", "SVT", 50), ("010500", "PHI", 30), ("074700", "NSI", 20)), 8, blocs=True),
)
_SPECIALITES_T = (
    Barrette("S1", (("061300", "MAT", 55), ("043900", "HG", 45)), 12, blocs=True),
    Barrette("S2", (("062300", "PC", 45), ("050700", "SES", 35), ("010500", "PHI", 20)), 12, blocs=True),
)

NIVEAUX: dict[str, Niveau] = {
    n.cle: n
    for n in (
        Niveau(
            "6", "10010012110", "6EME", "21110010012", 11, "6",
            (
                *_tronc_college(9, 5, 8, 8),
                Ligne("061300", "MAT", 9),
                Ligne("006600", "LM", 2),
            ),
            _SCIENCES,
        ),
        Niveau(
            "5", "10110001110", "5EME", "21120010001", 12, "5",
            _tronc_cycle4(9, 5), _SCIENCES, (Barrette("LV2", _LV2, 5), _latin(2)),
        ),
        Niveau(
            "4", "10210001110", "4EME", "21150010001", 13, "4",
            _tronc_cycle4(9, 5), _SCIENCES, (Barrette("LV2", _LV2, 5), _latin(4)),
        ),
        Niveau(
            "3", "10310019110", "3EME", "21160010019", 14, "3",
            _tronc_cycle4(8, 6), _SCIENCES, (Barrette("LV2", _LV2, 5), _latin(4)),
        ),
        Niveau(
            "2GT", "20010018110", "2NDE GENERALE ET TECHNOLOGIQUE", "22111410018", 15, "2GT",
            (
                Ligne("020700", "LM", 8),
                Ligne("043700", "HG", 6),
                Ligne("043800", "HG", 1),
                Ligne("030201", "ANG", 6),
                Ligne("061300", "MAT", 8),
                Ligne("062300", "PC", 4),
                Ligne("062900", "SVT", 2),
                Ligne("050700", "SES", 3),
                Ligne("074600", "NSI", 3),
                Ligne("100100", "EPS", 4, blocs=True),
                Ligne("006600", "LM", 2),
            ),
            _SCIENCES,
            (Barrette("LV2", _LV2, 5), _latin(4)),
        ),
        Niveau(
            "1G", "20110019110", "PREMIERE GENERALE", "22121010019", 16, "1G",
            (
                Ligne("020700", "LM", 8),
                Ligne("043700", "HG", 6),
                Ligne("043800", "HG", 1),
                Ligne("030201", "ANG", 5),
                Ligne("065300", "PC", 4),
                Ligne("100100", "EPS", 4, blocs=True),
            ),
            (),
            (*_SPECIALITES_1, Barrette("LV2", _LV2, 4), _latin(4)),
        ),
        Niveau(
            "TG", "20210019110", "TERMINALE GENERALE", "22131010019", 17, "TG",
            (
                Ligne("010300", "PHI", 8),
                Ligne("043700", "HG", 6),
                Ligne("043800", "HG", 1),
                Ligne("030201", "ANG", 4),
                Ligne("065300", "PC", 4),
                Ligne("100100", "EPS", 4, blocs=True),
            ),
            (),
            (*_SPECIALITES_T, Barrette("LV2", _LV2, 4), _latin(4)),
        ),
        Niveau(
            "2PRO", "24730003310", "2NDPRO MET.GEST.ADM. TRA. LOG.2NDE COMM.", "23810030003", 15, "2GATL",
            _tronc_professionnel(8),
        ),
        Niveau(
            "1PRO", "24730004320", "1ERPRO ASSISTANC.GEST.ORGANIS.ACTIVITES", "23820030004", 16, "1AGO",
            _tronc_professionnel(8),
        ),
        Niveau(
            "TPRO", "24730004330", "TLEPRO ASSISTANC.GEST.ORGANIS.ACTIVITES", "23830030004", 17, "TAGO",
            _tronc_professionnel(8),
        ),
    )
}  # fmt: skip

COLLEGE = TypeEtablissement("CLG", "340", "COLLEGE", 500, ("6", "5", "4", "3"), (27, 25, 24, 24))
LYCEE = TypeEtablissement("LG", "302", "LYCEE D ENSEIGNEMENT GENERAL", 900, ("2GT", "1G", "TG"), (36, 33, 31))
LYCEE_POLYVALENT = TypeEtablissement(
    "LPO",
    "306",
    "LYCEE POLYVALENT",
    800,
    ("2GT", "1G", "TG", "2PRO", "1PRO", "TPRO"),
    (24, 20, 19, 13, 12, 12),
)
TYPES: dict[str, TypeEtablissement] = {t.sigle: t for t in (COLLEGE, LYCEE, LYCEE_POLYVALENT)}

REGIMES: tuple[tuple[str, int], ...] = (
    ("DEMI-PENSIONNAIRE DANS L'ETABLISSEMENT", 45),
    ("DEMI-PENSIONNAIRE DANS L'ETABLISSEMENT 4", 22),
    ("DEMI-PENSIONNAIRE AU TICKET", 3),
    ("EXTERNE LIBRE", 24),
    ("EXTERNE SURVEILLE", 3),
    ("INTERNE DANS L'ETABLISSEMENT", 3),
)
