"""Ce qu'un établissement atteste avant que le carnet y serve."""

from __future__ import annotations

from ent_core.brique import Prealable

__all__ = ["PREALABLES"]

PREALABLES = (
    Prealable(
        "courrier",
        "Les familles ont reçu la lettre de présentation",
        "Remettez-la à chaque foyer avant l'ouverture : elle dit à quoi sert le carnet, comment garder"
        " le papier et comment entrer avec un code provisoire (avis de la CNIL ; RGPD, article 13).",
        lien="carnet.imprimer_presentation",
        libelle_lien="Lire et imprimer la lettre",
    ),
    Prealable(
        "papier",
        "Un carnet de papier est prêt pour qui ne veut ou ne peut pas lire à l'écran",
        "Désignez qui imprime le carnet chaque semaine et qui le remet. Ne pas employer l'écran ne doit avoir"
        " aucune conséquence (avis de la CNIL ; code de l'éducation, article D. 111-3).",
    ),
    Prealable(
        "conseil",
        "Le conseil d'administration est informé",
        "Inscrivez l'ouverture à l'ordre du jour, avec les dates et ce que le carnet enregistre : le conseil"
        " délibère sur l'information des parents d'élèves (code de l'éducation, article R. 421-20).",
    ),
    Prealable(
        "personnels",
        "Les personnels et leurs représentants sont informés",
        "Dites-leur ce que le carnet note de leur travail, qui le lit et combien de temps : « Voir ce qui va"
        " changer » le détaille (RGPD, article 13 ; code général de la fonction publique).",
    ),
    Prealable(
        "reglement",
        "Le règlement intérieur se consulte en ligne",
        "Il dit les obligations d'assiduité et les modalités de l'appel, auxquelles le carnet renvoie"
        " (code de l'éducation, articles L. 511-1 et R. 421-5).",
        lien="carnet.reglement_interieur",
        libelle_lien="Donner son adresse",
    ),
)
"""Dans l'ordre où l'établissement les mène."""
