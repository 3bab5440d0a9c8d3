"""Ce que l'on peut effacer, et ce que la loi impose de garder : un verdict par traitement, calculé."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import BaseLegale, Traitement
from ent_core.identite.modeles import Personne
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.conservation.gels import en_vigueur
from ent_core.vie_privee.droits.avis import rendre_avis
from ent_core.vie_privee.droits.graphe import compter, places
from ent_core.vie_privee.droits.modeles import OppositionPersonne
from ent_core.vie_privee.publication.droits import Droit
from ent_core.vie_privee.registre import Registre

__all__ = ["ANNUAIRE", "ENTIERS", "Fondement", "Verdict", "examiner", "exiger_connue"]

ANNUAIRE = "noyau.annuaire"


class Fondement(StrEnum):
    """Pourquoi l'on efface avant le terme (RGPD, article 17.1)."""

    CONSENTEMENT = "consentement"
    OPPOSITION = "opposition"
    ILLICITE = "illicite"
    OBLIGATION = "obligation"


_COMMUNES = "Communes à toute l'académie, ces données ne s'effacent pas pour un seul établissement."

ENTIERS = (Fondement.ILLICITE, Fondement.OBLIGATION)
"""Fondements devant lesquels la base légale ne tient plus : rien n'aurait dû être là."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ce qu'il advient d'un traitement.

    :param lignes: lignes qui touchent la personne, par table.
    :param motif: pourquoi on le garde ; vide s'il est effacé.
    """

    traitement: str
    intitule: str
    lignes: Mapping[str, int]
    motif: str

    @property
    def efface(self) -> bool:
        """Vrai s'il est effacé."""
        return not self.motif

    @property
    def total(self) -> int:
        """Lignes de toutes ses tables."""
        return sum(self.lignes.values())


def exiger_connue(session: Session, personne: UUID) -> None:
    """Arrête si la personne n'est pas dans l'annuaire.

    :param session: session de l'académie.
    :raises Introuvable: elle n'y est pas, ou n'y est plus.
    """
    if session.scalar(select(Personne.id).where(Personne.id == personne)) is None:
        raise Introuvable(
            "cette personne n'est pas dans l'annuaire.",
            remede="« ent personne chercher » donne les identifiants.",
            lieu=str(personne),
        )


def examiner(
    session: Session,
    registre: Registre,
    personne: UUID,
    fondement: Fondement,
    *,
    traitements: Collection[str] = (),
    uai: str | None = None,
) -> list[Verdict]:
    """Verdict de chaque traitement où la personne est, sans rien changer.

    :param session: session de l'académie.
    :param traitements: ceux que la demande vise ; vide, tous.
    :param uai: établissement dont les seules lignes sont visées, sans les communes ; ``None``, tous.
    :raises Introuvable: personne ou traitement inconnu.
    """
    exiger_connue(session, personne)
    if inconnus := sorted(set(traitements) - set(registre.traitements)):
        raise Introuvable(
            "ce traitement n'existe pas.", remede="« ent registre montrer » les donne.", lieu=inconnus[0]
        )
    lignes, communes = _compter(session, registre, personne, uai)
    gels = en_vigueur(session)
    oppositions = select(OppositionPersonne.traitement).where(
        OppositionPersonne.personne_id == personne, OppositionPersonne.fin.is_(None)
    )
    if uai is not None:
        oppositions = oppositions.where(OppositionPersonne.uai == uai)
    opposes = set(session.scalars(oppositions))
    motifs = {
        cle: _motif(
            registre.traitements[cle], fondement, gele=personne in gels.pour(cle), oppose=cle in opposes
        )
        for cle in lignes
    } | dict.fromkeys(communes.keys() - lignes.keys(), _COMMUNES)
    lignes = communes | lignes
    for cle in motifs:
        if traitements and cle not in traitements:
            motifs[cle] = "La demande ne le vise pas."
    if not motifs.get(ANNUAIRE, "vide") and (uai or any(m for c, m in motifs.items() if c != ANNUAIRE)):
        # Sans sa fiche, ce que l'on garde ne désignerait plus personne, ou partirait avec elle.
        motifs[ANNUAIRE] = "D'autres données, gardées, s'appuient sur la fiche de la personne."
    return [
        Verdict(cle, registre.traitements[cle].intitule, lignes[cle], motifs[cle]) for cle in sorted(lignes)
    ]


def _compter(
    session: Session, registre: Registre, personne: UUID, uai: str | None
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Lignes visées, par traitement et table ; et, pour un établissement, celles qui ne sont d'aucun."""
    visees: dict[str, dict[str, int]] = {}
    communes: dict[str, dict[str, int]] = {}
    for place in places(registre):
        nombre = compter(session, place, personne, uai, communes=False)
        if nombre:
            visees.setdefault(place.traitement, {})[place.table.name] = nombre
        elif uai is not None and (nombre := compter(session, place, personne, uai)):
            communes.setdefault(place.traitement, {})[place.table.name] = nombre
    return visees, communes


def _motif(traitement: Traitement, fondement: Fondement, *, gele: bool, oppose: bool) -> str:
    if gele:
        return "Un gel est en vigueur : ces données servent à un litige ou à une demande (article 17.3 e)."
    if fondement in ENTIERS:
        return ""
    if fondement is Fondement.OPPOSITION and oppose:
        return ""
    if fondement is Fondement.CONSENTEMENT and traitement.base is BaseLegale.CONSENTEMENT:
        return ""
    avis = rendre_avis(traitement, Droit.EFFACEMENT)
    if avis.ouvert:
        return "Aucune opposition accueillie ne le vise."
    return avis.phrase
