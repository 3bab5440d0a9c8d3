"""La force d'un mot de passe, jugée par zxcvbn : combien d'essais à qui commence par le plus probable.

zxcvbn ne connaît que l'anglais : le français, l'école et la personne lui sont donnés en dictionnaires. Ses
dictionnaires sont communs au processus : on les complète sans y toucher, rien d'une personne n'y reste.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from ent_core.identite.mots_courants import MOTS_COURANTS
from ent_core.identite.secrets import normaliser_secret

__all__ = ["CONSEILS", "JUGES", "Jugement", "ecritures", "juger", "morceaux", "nu"]

JUGES = 40
"""Caractères examinés : le coût croît avec le carré, et quarante caractères bien choisis suffisent."""

CONSEILS = {
    "Use a few words, avoid common phrases.": "préférer quelques mots, sans former une phrase toute faite",
    "No need for symbols, digits, or uppercase letters.": "ni signe, ni chiffre, ni majuscule n'est exigé",
    "Add another word or two. Uncommon words are better.": "ajouter un mot ou deux, peu courants",
    "Straight rows of keys are easy to guess.": "une rangée de touches se devine",
    "Short keyboard patterns are easy to guess.": "un dessin sur le clavier se devine",
    "Use a longer keyboard pattern with more turns.": "éviter les touches qui se suivent",
    'Repeats like "aaa" are easy to guess.': "une lettre répétée se devine",
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': (
        "répéter un morceau ne le rend pas plus fort"
    ),
    "Avoid repeated words and characters.": "éviter les répétitions",
    'Sequences like "abc" or "6543" are easy to guess.': "une suite comme « abc » ou « 6543 » se devine",
    "Avoid sequences.": "éviter les suites",
    "Recent years are easy to guess.": "une année récente se devine",
    "Avoid recent years.": "éviter les années récentes",
    "Avoid years that are associated with you.": "éviter les années qui vous concernent",
    "Dates are often easy to guess.": "une date se devine",
    "Avoid dates and years that are associated with you.": "éviter les dates qui vous concernent",
    "This is a top-10 common password.": "c'est l'un des dix mots de passe les plus répandus",
    "This is a top-100 common password.": "c'est l'un des cent mots de passe les plus répandus",
    "This is a very common password.": "ce mot de passe est très répandu",
    "This is similar to a commonly used password.": "il ressemble à un mot de passe très répandu",
    "A word by itself is easy to guess.": "un mot seul se devine",
    "Names and surnames by themselves are easy to guess.": "un nom ou un prénom seul se devine",
    "Common names and surnames are easy to guess.": "un nom ou un prénom courant se devine",
    "Capitalization doesn't help very much.": "une majuscule au début n'aide guère",
    "All-uppercase is almost as easy to guess as all-lowercase.": "tout en majuscules n'aide guère",
    "Reversed words aren't much harder to guess.": "un mot à l'envers n'est guère plus fort",
    "Predictable substitutions like '@' instead of 'a' don't help very much.": (
        "écrire « @ » pour « a » n'aide guère"
    ),
}
"""Ce que dit zxcvbn → ce que lit la personne ; un essai tient la liste entière."""

_DICTIONNAIRES = {
    "personne": "il contient un mot qui vous désigne : nom, établissement, classe, date de naissance",
    "francais": "les mots et les prénoms courants se devinent",
}
_CHIFFRES_POUR_LETTRES = str.maketrans("013457@$!", "oieastasi")
_REPETES = (re.compile(r"(.+?)\1+"), re.compile(r"(.+)\1+"))


@dataclass(frozen=True, slots=True)
class Jugement:
    """Ce que vaut un mot de passe.

    :param essais: nombre d'essais à qui commence par le plus probable.
    :param conseils: ce qui l'affaiblit, et que faire ; en français, sans le citer.
    """

    essais: float
    conseils: tuple[str, ...]


def juger(secret: str, personnels: Collection[str] = ()) -> Jugement:
    """Juge un mot de passe, tel qu'il est tapé et sans ses accents ni ses espaces : le plus faible compte.

    :param secret: mot de passe choisi.
    :param personnels: ce que l'on devine d'abord de la personne : noms, identifiant, établissement, dates.
    """
    compose = normaliser_secret(secret)[:JUGES]
    simple = nu(compose)
    formes = dict.fromkeys((compose, simple, simple.translate(_CHIFFRES_POUR_LETTRES)))
    mots = {mot: rang for rang, mot in enumerate(dict.fromkeys(morceaux(personnels)), start=1)}
    return min((_juger(forme, mots) for forme in formes), key=lambda jugement: jugement.essais)


def nu(texte: str) -> str:
    """Sans casse, sans accent, sans espace.

    :param texte: texte quelconque.
    """
    decompose = unicodedata.normalize("NFKD", texte.casefold())
    return "".join(c for c in decompose if not unicodedata.combining(c) and not c.isspace())


def morceaux(textes: Iterable[str]) -> Iterator[str]:
    """Chaque texte, puis chacun de ses mots, tels que ``nu`` les écrit.

    :param textes: noms, identifiants, dates.
    """
    for texte in textes:
        yield nu(texte)
        yield from (nu(mot) for mot in texte.replace(".", " ").replace("-", " ").split())


def ecritures(jour: date) -> tuple[str, ...]:
    """Façons d'écrire une date dans un mot de passe.

    :param jour: date de naissance.
    """
    formes = "%d%m%Y %d%m%y %d/%m/%Y %d/%m/%y %d/%m %d-%m-%Y %d.%m.%Y %Y-%m-%d %Y%m%d %d%m %Y"
    return tuple(jour.strftime(forme) for forme in formes.split())


def _juger(secret: str, personnels: dict[str, int]) -> Jugement:
    if not secret:
        return Jugement(1, ())
    from zxcvbn import feedback, matching, scoring

    connus = {**matching.RANKED_DICTIONARIES, "francais": _francais(), "personne": personnels}
    # Sans le terme que zxcvbn ajoute par mot : trois mots parmi les plus courants y passeraient toujours.
    trouve = scoring.most_guessable_match_sequence(secret, _reperer(secret, connus), _exclude_additive=True)
    conseils = feedback.get_feedback(0, trouve["sequence"])
    dits = [CONSEILS[texte] for texte in (conseils["warning"], *conseils["suggestions"]) if texte]
    dictionnaires = {m.get("dictionary_name") for m in _a_plat(trouve["sequence"])}
    propres = [phrase for nom, phrase in _DICTIONNAIRES.items() if nom in dictionnaires]
    return Jugement(float(trouve["guesses"]), tuple(dict.fromkeys([*propres, *dits])))


def _a_plat(sequence: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for trouve in sequence:
        yield trouve
        yield from _a_plat(trouve.get("base_matches", []))


def _reperer(secret: str, connus: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Ce que zxcvbn reconnaît, sans ses remplacements de lettres : quelques signes y coûtent des secondes."""
    from zxcvbn import matching

    reperes = (
        matching.dictionary_match, matching.reverse_dictionary_match, matching.spatial_match,
        matching.sequence_match, matching.regex_match, matching.date_match,
    )  # fmt: skip
    trouves = [m for reperer in reperes for m in reperer(secret, _ranked_dictionaries=connus)]
    return sorted([*trouves, *_repetitions(secret, connus)], key=lambda m: (m["i"], m["j"]))


def _repetitions(secret: str, connus: dict[str, dict[str, int]]) -> Iterator[dict[str, Any]]:
    """Un morceau répété vaut ce que vaut le morceau ; zxcvbn, lui, le jugerait sans nos dictionnaires."""
    from zxcvbn import scoring

    for motif in _REPETES:
        for trouve in motif.finditer(secret):
            base = trouve[1]
            analyse = scoring.most_guessable_match_sequence(base, _reperer(base, connus))
            yield {
                "pattern": "repeat", "i": trouve.start(), "j": trouve.end() - 1, "token": trouve[0],
                "base_token": base, "base_guesses": analyse["guesses"],
                "base_matches": analyse["sequence"], "repeat_count": len(trouve[0]) / len(base),
            }  # fmt: skip


@cache
def _francais() -> dict[str, int]:
    return {mot: rang for rang, mot in enumerate(MOTS_COURANTS, start=1)}
