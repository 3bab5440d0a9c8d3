"""Les services reliés à un compte, dans les mots de la personne."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.federation import liens
from ent_core.socle.dates import jour_court
from ent_core.web.instance import instance

__all__ = ["LienAffiche", "liens_affiches"]

_MOYENS = {
    "source": "reconnu par l'annuaire",
    "etat_civil": "reconnu par le nom, le prénom et la naissance",
    "preuve": "relié avec l'identifiant de l'ENT",
}


@dataclass(frozen=True, slots=True)
class LienAffiche:
    """Un lien, dans les mots de la personne."""

    emetteur: str
    nom: str
    moyen: str
    depuis: str
    vu: str


def liens_affiches(session: Session, personne: UUID) -> list[LienAffiche]:
    """Liens d'une personne ; un fournisseur qui n'est plus déclaré garde son adresse pour nom.

    :param session: session de la requête.
    :param personne: personne.
    """
    noms = {client.fournisseur.emetteur: client.fournisseur.nom for client in instance().entrees.tous}
    return [
        LienAffiche(
            lien.emetteur,
            noms.get(lien.emetteur, lien.emetteur),
            _MOYENS[lien.moyen],
            jour_court(lien.fait_le.date()),
            jour_court(lien.vu_le.date()) if lien.vu_le else "",
        )
        for lien in liens.lister(session, personne)
    ]
