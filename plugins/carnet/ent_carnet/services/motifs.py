"""La liste des motifs d'un établissement : la liste de départ, rattachée à celle de la loi, et sa lecture.

La loi reste fermée (C. éduc. L. 131-8, alinéa 2) ; l'établissement nomme ses motifs, et chacun y renvoie. Un
motif de santé dit qu'il y a santé, jamais laquelle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import Introuvable
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Motif, Reglage
from ent_carnet.nomenclatures import EtatAbsence, Genre, LegitimiteMotif

__all__ = ["DE_DEPART", "etat_du_motif", "installer", "lister", "obtenir", "par_id", "reglage"]

_ABSENCE, _RETARD = Genre.ABSENCE, Genre.RETARD
_L = LegitimiteMotif


class _Depart(NamedTuple):
    """Un motif de départ ; les indicateurs sont ceux de ``Motif``."""

    genre: Genre
    code: str
    libelle: str
    legitimite: LegitimiteMotif
    recevable: bool = True
    regle: bool = True
    compte: bool = True
    affichable: bool = True
    proposable: bool = True
    sante: bool = False


def _etablissement(code: str, libelle: str, *, sante: bool = False) -> _Depart:
    """Sous la responsabilité de l'établissement : ne compte pas, et la famille ne le propose pas."""
    return _Depart(
        _ABSENCE, code, libelle, _L.ETABLISSEMENT, compte=False, proposable=False, sante=sante
    )  # fmt: skip


DE_DEPART: tuple[_Depart, ...] = (
    _Depart(_ABSENCE, "maladie", "Maladie de l'élève", _L.MALADIE_ENFANT, sante=True),
    _Depart(_ABSENCE, "rdv_medical", "Rendez-vous médical", _L.MALADIE_ENFANT, sante=True),
    _Depart(_ABSENCE, "maladie_proche", "Maladie transmissible d'un proche", _L.MALADIE_PROCHE, sante=True),
    _Depart(_ABSENCE, "reunion_famille", "Réunion solennelle de famille", _L.REUNION_SOLENNELLE),
    _Depart(_ABSENCE, "transport", "Difficulté accidentelle de transport", _L.COMMUNICATIONS),
    _Depart(_ABSENCE, "suit_parents", "Responsables absents, que l'élève suit", _L.ABSENCE_RESPONSABLES),
    _Depart(_ABSENCE, "rendez_vous", "Démarche ou rendez-vous officiel", _L.AUTRE_A_APPRECIER),
    _Depart(
        _ABSENCE, "convenance", "Convenance personnelle", _L.AUTRE_A_APPRECIER, recevable=False, regle=False
    ),
    _Depart(_ABSENCE, "reveil", "Réveil tardif", _L.AUTRE_A_APPRECIER, recevable=False, regle=False),
    _Depart(
        _ABSENCE, "non_valable", "Motif non valable", _L.AUTRE_A_APPRECIER, recevable=False, proposable=False
    ),
    _etablissement("sortie", "Sortie ou voyage scolaire"),
    _etablissement("examen", "Examen ou épreuve"),
    _etablissement("stage", "Stage ou séquence d'observation"),
    _etablissement("convocation", "Convoqué par l'établissement"),
    _etablissement("infirmerie", "Accueilli à l'infirmerie", sante=True),
    _etablissement("dispense", "Dispensé de cours", sante=True),
    _etablissement("exclusion", "Exclusion temporaire de l'établissement"),
    _etablissement("exclusion_classe", "Exclusion de la classe, accueilli dans l'établissement"),
    _Depart(_RETARD, "transport", "Difficulté de transport", _L.COMMUNICATIONS, compte=False),
    _Depart(_RETARD, "rdv_medical", "Rendez-vous médical", _L.MALADIE_ENFANT, sante=True),
    _Depart(_RETARD, "reveil", "Réveil tardif", _L.AUTRE_A_APPRECIER, recevable=False, regle=False),
    _Depart(
        _RETARD, "etablissement", "Retenu par l'établissement", _L.ETABLISSEMENT,
        compte=False, proposable=False,
    ),
)  # fmt: skip
"""Ce qui convient sans y toucher ; l'établissement le change ensuite, à date."""

_PAR_CLE: Mapping[tuple[str, str], _Depart] = {(depart.genre, depart.code): depart for depart in DE_DEPART}


def installer(session: Session, uai: str) -> None:
    """Met en place les réglages et les motifs de départ ; peut être rejoué, et ne défait aucun choix.

    :param session: session de l'appelant.
    :param uai: établissement.
    """
    reglage(session, uai)
    tenus = {
        tuple(ligne) for ligne in session.execute(select(Motif.genre, Motif.code).where(Motif.uai == uai))
    }
    session.add_all(
        [Motif(uai=uai, **depart._asdict()) for cle, depart in _PAR_CLE.items() if cle not in tenus]
    )
    session.flush()


def reglage(session: Session, uai: str) -> Reglage:
    """Réglages d'un établissement ; ceux de départ s'il n'en a encore aucun.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    """
    trouve = session.get(Reglage, uai)
    if trouve is None:
        trouve = Reglage(uai=uai)
        session.add(trouve)
        session.flush()
        session.refresh(trouve)
    return trouve


def lister(
    session: Session, uai: str, genre: Genre | None = None, *, proposables: bool = False
) -> list[Motif]:
    """Motifs encore proposés à la saisie, dans l'ordre de leur libellé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param genre: absences ou retards ; par défaut, tous.
    :param proposables: seulement ceux qu'une famille peut proposer.
    """
    enonce = select(Motif).where(Motif.uai == uai, Motif.ferme_le.is_(None))
    if genre is not None:
        enonce = enonce.where(Motif.genre == genre)
    if proposables:
        enonce = enonce.where(Motif.proposable)
    return list(session.scalars(enonce.order_by(Motif.genre, Motif.libelle)))


def par_id(session: Session, uai: str, motif_id: UUID) -> Motif:
    """Un motif de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param motif_id: motif.
    :raises Introuvable: il n'est pas de cet établissement.
    """
    trouve = session.get(Motif, (uai, motif_id))
    if trouve is None:
        raise Introuvable("ce motif n'existe pas dans l'établissement.", remede="revenir à la liste.")
    return trouve


def obtenir(session: Session, uai: str, code: str, genre: Genre = Genre.ABSENCE) -> Motif:
    """Un motif par son code ; un motif de départ qui manque est remis en place.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param code: code, tel qu'à ``DE_DEPART`` (« exclusion », « sortie »).
    :param genre: absence ou retard.
    :raises Introuvable: code inconnu de l'établissement et de la liste de départ.
    """
    enonce = select(Motif).where(Motif.uai == uai, Motif.genre == genre, Motif.code == code)
    trouve = session.scalars(enonce).one_or_none()
    if trouve is not None:
        return trouve
    depart = _PAR_CLE.get((genre, code))
    if depart is None:
        raise Introuvable(
            f"aucun motif « {code} » dans l'établissement.", remede="le créer, ou en prendre un autre."
        )
    motif = Motif(uai=uai, **depart._asdict())
    session.add(motif)
    session.flush()
    return motif


def etat_du_motif(motif: Motif | None) -> EtatAbsence:
    """État que donne un motif, sans autre décision.

    :param motif: motif donné, ou ``None``.
    """
    if motif is None:
        return EtatAbsence.SANS_MOTIF
    return EtatAbsence.REGLEE if motif.regle else EtatAbsence.MOTIF_DONNE
