"""Les lettres aux personnes touchées : ce qu'exige l'article 34.2, en mots simples, pour chaque public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ent_core.contrat.donnees import Categorie
from ent_core.socle.dates import jour_long
from ent_core.vie_privee.publication.phrases import CATEGORIES
from ent_core.vie_privee.violations.modeles import Violation

__all__ = ["Lettre", "lettres"]


@dataclass(frozen=True, slots=True)
class _Public:
    """Comment l'on parle à un public ; à un élève, on dit « tu »."""

    titre: str
    appel: str
    sur_qui: str
    tu: bool = False


_PUBLICS: Mapping[str, _Public] = {
    "responsable": _Public("Aux responsables d'élèves", "Madame, Monsieur,", "sur votre enfant ou sur vous"),
    "eleve": _Public("Aux élèves", "Bonjour,", "sur toi", tu=True),
    "personnel": _Public("Aux personnels", "Madame, Monsieur,", "sur vous"),
}
_ARRIVE: Mapping[str, str] = {
    "confidentialite": "ont pu être vues par quelqu'un qui n'aurait pas dû les voir",
    "integrite": "ont été changées alors qu'elles n'auraient pas dû l'être",
    "disponibilite": "ont été perdues, ou sont restées hors d'atteinte",
}
_RISQUES: Mapping[str, str] = {
    "perte_de_controle": "quelqu'un d'autre peut garder ou réutiliser ces informations",
    "discrimination": "ces informations pourraient servir à mettre une personne à l'écart",
    "usurpation": "quelqu'un pourrait se faire passer pour la personne",
    "reputation": "ces informations pourraient servir à se moquer ou à harceler",
    "securite": "une adresse ou une situation protégée a pu être connue",
    "scolarite": "la scolarité ou l'orientation pourrait en souffrir",
    "financier": "une perte d'argent est possible",
    "secret": "un secret professionnel ou médical a pu être levé",
    "service": "un service a pu être rendu en retard",
}
_CONSEILS: Mapping[str, tuple[str, str]] = {
    "usurpation": (
        "Changez de mot de passe. Méfiez-vous d'un message qui demande un code ou une pièce d'identité.",
        "Change de mot de passe. Méfie-toi d'un message qui demande un code ou une photo.",
    ),
    "reputation": (
        "En cas de moquerie ou de harcèlement, parlez-en à l'établissement, ou appelez le 3018.",
        "En cas de moquerie ou de harcèlement, parles-en à un adulte, ou appelle le 3018.",
    ),
    "securite": (
        "Si vous craignez pour votre sécurité, appelez le 17, puis prévenez l'établissement.",
        "Si tu as peur, parles-en tout de suite à un adulte, ou appelle le 17.",
    ),
    "financier": (
        "Surveillez vos comptes, et prévenez votre banque au moindre doute.",
        "Montre cette lettre à tes parents.",
    ),
}
"""Conséquence → ce que l'on conseille, à « vous » et à « tu »."""


@dataclass(frozen=True, slots=True)
class Lettre:
    """Une lettre prête à relire et à imprimer.

    :param public: groupe de personnes, tel que le comptage le nomme.
    :param debut: paragraphes d'avant la liste des informations touchées.
    """

    public: str
    titre: str
    appel: str
    debut: tuple[str, ...]
    informations: tuple[str, ...]
    suite: tuple[str, ...]


def lettres(violation: Violation, contact: str, publics: frozenset[str]) -> list[Lettre]:
    """Une lettre par public touché ; toujours celle des responsables si des élèves le sont.

    :param violation: violation dont la fiche est remplie.
    :param contact: à qui s'adresser.
    :param publics: groupes du comptage ; aucun de connu, tous.
    """
    voulus = publics & frozenset(_PUBLICS) or frozenset(_PUBLICS)
    if "eleve" in voulus:
        voulus |= {"responsable"}
    return [_lettre(violation, nom, contact) for nom in _PUBLICS if nom in voulus]


def _lettre(violation: Violation, nom: str, contact: str) -> Lettre:
    public = _PUBLICS[nom]
    quand = f"Le {jour_long(violation.debut)}" if violation.debut else "Récemment"
    arrive = " ; elles ".join(_ARRIVE[nature] for nature in violation.natures)
    risques = " ; ".join(_RISQUES[code] for code in violation.consequences)
    conseils = [_CONSEILS[code][public.tu] for code in violation.consequences if code in _CONSEILS]
    a_qui = f"{'Adresse-toi' if public.tu else 'Adressez-vous'} à {contact}."
    return Lettre(
        public=nom,
        titre=public.titre,
        appel=public.appel,
        debut=(
            f"{quand}, des informations {public.sur_qui} {arrive}.",
            f"Nous l'avons su le {jour_long(violation.connue_le)}.",
        ),
        informations=tuple(CATEGORIES[Categorie[code.upper()]] for code in violation.categories),
        suite=tuple(
            filter(
                None,
                (
                    f"Ce que cela peut entraîner : {risques}." if risques else "",
                    f"Ce que nous avons fait : {violation.mesures}" if violation.mesures else "",
                    *conseils,
                    f"Une question ? {a_qui}",
                    "" if public.tu else "Vous pouvez aussi adresser une réclamation à la CNIL (cnil.fr).",
                ),
            )
        ),
    )
