"""Les actes sur les absences qui s'inscrivent au journal : les mêmes pour la page, l'API et la commande."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ent_core.brique import COMMANDE, Contexte, Horloge, consigner
from sqlalchemy.orm import Session

from ent_carnet.modeles import Reglage
from ent_carnet.services import decompte, import_absences, indicateurs, motifs

__all__ = ["annuler_import", "changer_motif", "importer", "regler", "sceller"]


def changer_motif(
    session: Session, contexte: Contexte, horloge: Horloge, motif_id: UUID, saisie: Mapping[str, Any]
) -> indicateurs.Effet:
    """Change un indicateur d'un motif à une date ; les états et les alertes suivent.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param horloge: horloge.
    :param motif_id: motif.
    :param saisie: indicateur, valeur et date.
    """
    effet = indicateurs.changer(
        session, contexte.uai, contexte.annee, motif_id, **saisie, auteur_id=contexte.personne_id,
        instant=horloge.maintenant(),
    )  # fmt: skip
    details = {"indicateur": saisie["indicateur"], "valeur": saisie["valeur"]}
    _noter(session, contexte, horloge, "carnet.motif_change", motif_id, **details)
    return effet


def regler(session: Session, contexte: Contexte, horloge: Horloge, valeurs: Mapping[str, Any]) -> Reglage:
    """Change la règle de la demi-journée et les seuils ; ce qui est scellé ne change pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param horloge: horloge.
    :param valeurs: réglage → valeur.
    """
    reglage = motifs.reglage(session, contexte.uai)
    for nom, valeur in valeurs.items():
        setattr(reglage, nom, valeur)
    _noter(session, contexte, horloge, "carnet.absences_reglees")
    return reglage


def importer(
    session: Session, contexte: Contexte, horloge: Horloge, texte: str
) -> tuple[UUID, import_absences.Apercu]:
    """Importe un fichier ; rend le lot, et ce qui a été lu.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param horloge: horloge.
    :param texte: contenu du fichier, tel qu'à l'aperçu.
    """
    lot, apercu = import_absences.importer(
        session, contexte.uai, contexte.annee, texte, auteur_id=_auteur(contexte),
        instant=horloge.maintenant(),
    )  # fmt: skip
    details = {"lignes": len(apercu.pretes), "laissees": len(apercu.erreurs)}
    _noter(session, contexte, horloge, "carnet.absences_importees", lot, **details)
    return lot, apercu


def annuler_import(session: Session, contexte: Contexte, horloge: Horloge, lot_id: UUID) -> tuple[int, int]:
    """Annule un import ; rend les absences annulées, et celles que l'on garde car traitées depuis.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param horloge: horloge.
    :param lot_id: import.
    """
    annulees, gardees = import_absences.annuler_lot(
        session, contexte.uai, contexte.annee, lot_id, auteur_id=_auteur(contexte),
        instant=horloge.maintenant(),
    )  # fmt: skip
    _noter(session, contexte, horloge, "carnet.import_annule", lot_id, annulees=annulees, gardees=gardees)
    return annulees, gardees


def sceller(session: Session, contexte: Contexte, horloge: Horloge, rang: int) -> int:
    """Scelle les décomptes d'une période ; rend leur nombre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param horloge: horloge.
    :param rang: rang de la période.
    """
    nombre = decompte.sceller(session, contexte.uai, contexte.annee, rang, horloge.maintenant())
    _noter(session, contexte, horloge, "carnet.decomptes_scelles", periode=rang, eleves=nombre)
    return nombre


def _auteur(contexte: Contexte) -> UUID | None:
    """Une commande ne désigne personne."""
    return None if contexte.personne_id == COMMANDE else contexte.personne_id


def _noter(
    session: Session, contexte: Contexte, horloge: Horloge, acte: str, objet: UUID | None = None,
    **details: str | int | bool | None,
) -> None:  # fmt: skip
    consigner(
        session, horloge, acte, uai=contexte.uai, acteur=contexte.personne_id,
        objet=str(objet) if objet else None, details=details,
    )  # fmt: skip
