"""Les mots d'une liste et les codes nationaux : fonctions des personnels, liens de parenté."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ent_core.contrat.roles import FONCTIONS_PROFILS, Profil
from ent_core.identite.tableur.cles import cle_de_comparaison

__all__ = ["AUTRE_LIEN", "DIRECTION", "ENSEIGNANT", "code_lien", "fonction_de"]

ENSEIGNANT = "ENS"
DIRECTION = "DIR"
AUTRE_LIEN = "90"

_MOTS_FONCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "DIR": "direction, directeur, directrice, directeur d'école, directrice d'école, principal, "
        "principale, proviseur, proviseure, chef d'établissement, cheffe d'établissement",
        "DEC": "adjoint de direction, adjointe de direction, principal adjoint, principale adjointe, "
        "proviseur adjoint, proviseure adjointe, directeur adjoint, directrice adjointe",
        "ENS": "enseignant, enseignante, professeur, professeure, prof, professeur des écoles, "
        "professeure des écoles, instituteur, institutrice, maître, maîtresse, enseignement, "
        "enseignant titulaire",
        "EDU": "cpe, conseiller principal d'éducation, conseillère principale d'éducation",
        "AED": "aed, assistant d'éducation, assistante d'éducation, surveillant, surveillante, vie scolaire",
        "AES": "aesh, avs, accompagnant d'élèves en situation de handicap, "
        "accompagnante d'élèves en situation de handicap",
        "DOC": "documentaliste, professeur documentaliste, professeure documentaliste, documentation, cdi",
        "ADF": "secrétaire, secrétariat, administratif, administrative, personnel administratif, "
        "gestionnaire, intendant, intendante",
        "MDS": "infirmier, infirmière, médecin, médecin scolaire",
        "ASH": "assistant social, assistante sociale, assistant de service social, "
        "assistante de service social",
        "PSY": "psychologue, psychologue scolaire, psychologue de l'éducation nationale, psyen",
        "LAB": "technicien de laboratoire, technicienne de laboratoire, personnel de laboratoire",
        "COLTER": "atsem, agent, agent technique, agent de la collectivité, personnel de la collectivité",
    }
)
_MOTS_LIENS: Mapping[str, str] = MappingProxyType(
    {
        "10": "mère, maman, mere",
        "20": "père, papa",
        "37": "frère, sœur, fratrie",
        "38": "grand père, grand mère, grands parents, ascendant, aïeul",
        "39": "oncle, tante, autre membre de la famille, beau père, belle mère, famille",
        "41": "éducateur, éducatrice",
        "42": "assistant familial, assistante familiale, famille d'accueil",
        "43": "garde d'enfant, assistante maternelle, assistant maternel, nourrice",
        "50": "tuteur, tutrice",
        "51": "ase, aide sociale à l'enfance, ddass",
        "70": "lui même, elle même, élève, élève majeur",
        "90": "autre, autre cas, autre lien",
    }
)


def _index(mots: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(
        {cle_de_comparaison(mot): code for code, suite in mots.items() for mot in (code, *suite.split(", "))}
    )


_FONCTIONS: Mapping[str, str] = MappingProxyType(
    {cle_de_comparaison(code): code for code in FONCTIONS_PROFILS} | dict(_index(_MOTS_FONCTIONS))
)
_LIENS = _index(_MOTS_LIENS)


def fonction_de(texte: str) -> tuple[Profil, str] | None:
    """Profil national et code d'une fonction écrite en clair ou en code ; ``None`` si elle est inconnue.

    :param texte: par exemple « Professeure des écoles » ou « EDU ».
    """
    code = _FONCTIONS.get(cle_de_comparaison(texte))
    return None if code is None else (FONCTIONS_PROFILS[code], code)


def code_lien(texte: str) -> str | None:
    """Code national d'un lien de parenté ; ``None`` s'il est inconnu.

    :param texte: par exemple « Mère » ou « 10 ».
    """
    return _LIENS.get(cle_de_comparaison(texte))
