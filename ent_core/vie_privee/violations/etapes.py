"""Les étapes : ce qui a été dit ou décidé d'une violation, ajouté dans la transaction du geste."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from ent_core.vie_privee.violations.modeles import Violation, ViolationEtape

__all__ = ["etapes", "exiger_dit", "exiger_ouverte", "inscrire", "numero", "poser"]


def numero(violation: Violation) -> str:
    """« V2026-4F9A1C », à dire au téléphone.

    :param violation: violation enregistrée.
    """
    return f"V{violation.connue_le.year}-{violation.id.hex[-6:].upper()}"


def etapes(session: Session, violation: Violation) -> list[ViolationEtape]:
    """Ce qui a été fait, dans l'ordre.

    :param violation: violation.
    """
    return list(
        session.scalars(
            select(ViolationEtape)
            .where(ViolationEtape.violation_id == violation.id)
            .order_by(ViolationEtape.instant, ViolationEtape.id)
        )
    )


def inscrire(
    session: Session, horloge: Horloge, violation: Violation, acte: str, par: UUID | None, *,
    dit: str = "", valeurs: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Ajoute une étape, et un acte au journal, sans aucune valeur.

    :param acte: clé de ``ACTES``.
    :param dit: phrase de la personne.
    :param valeurs: ce qui change.
    """
    session.add(
        ViolationEtape(
            violation_id=violation.id, instant=horloge.maintenant(), par=par, acte=acte,
            dit=dit.strip()[:4000] or None, valeurs={nom: _texte(v) for nom, v in (valeurs or {}).items()},
        )
    )  # fmt: skip
    session.flush()
    consigner(session, horloge, f"violation.{acte}", uai=violation.uai, acteur=par, objet=str(violation.id))


def exiger_dit(texte: str, constat: str, remede: str) -> None:
    """Exige une phrase de la personne, et non trois lettres.

    :param constat: ce qui manque.
    :param remede: que faire.
    :raises DonneeInvalide: moins de dix caractères.
    """
    if len(texte.strip()) < 10:
        raise DonneeInvalide(f"{constat}.", remede=f"{remede}.")


def exiger_ouverte(session: Session, violation: Violation) -> None:
    """Exige une violation ouverte, relue sous verrou.

    :raises OperationRefusee: elle est close.
    """
    # Relue sous verrou : de deux décisions au même instant, la seconde voit la première.
    session.flush()
    session.refresh(violation, with_for_update=True)
    if violation.close_le is not None:
        raise OperationRefusee("cette violation est close.", remede="la rouvrir, en disant pourquoi.")


def poser(violation: Violation, valeurs: Mapping[str, Any]) -> None:
    """Change des champs de la fiche.

    :param valeurs: nom → valeur.
    """
    for nom, valeur in valeurs.items():
        setattr(violation, nom, valeur)


def _texte(valeur: Any) -> Any:
    return valeur.isoformat() if isinstance(valeur, date) else valeur
