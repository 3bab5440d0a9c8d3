"""Expliquer une absence : qui le peut, laquelle, et le reçu. Le registre ne change qu'après une personne."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ent_core.brique import AccesRefuse, Contexte, Introuvable, Portee
from sqlalchemy.orm import Session

from ent_carnet.modeles import Justification
from ent_carnet.nomenclatures import EtatJustification, Genre
from ent_carnet.services import justifications
from ent_carnet.services.a_expliquer import AExpliquer, a_expliquer
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.services.envois import Envoi, a_deja_envoye, un_envoi
from ent_carnet.services.lecture_famille import sur_papier
from ent_carnet.services.qui_explique import Empechement, empechement

__all__ = ["choisir", "envoyer", "exiger_d_expliquer", "exiger_l_ecran", "peut_contredire", "recu"]


def exiger_l_ecran(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> None:
    """L'élève est de ceux que la personne suit, et sa famille emploie le service à l'écran.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :raises Introuvable: l'élève n'est pas de ceux que la personne suit.
    :raises AccesRefuse: la famille garde le papier.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if sur_papier(session, contexte, eleve_id):
        raise AccesRefuse("rien ne se fait à l'écran pour cet élève.", remede="répondre sur le papier reçu.")


def exiger_d_expliquer(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> None:
    """C'est à cette personne de donner les motifs de cet élève, et à l'écran.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui explique.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :raises Introuvable: l'élève n'est pas de ceux que la personne suit.
    :raises AccesRefuse: ce n'est pas à elle d'expliquer, ou la famille garde le papier.
    """
    exiger_l_ecran(session, contexte, portee, eleve_id)
    match empechement(session, contexte, eleve_id):
        case None:
            return
        case Empechement.SANS_EXERCICE:
            raise AccesRefuse(
                "d'après l'acte de justice connu de l'établissement, vous êtes informé de tout, sans décider"
                " pour cet élève.",
                remede="présenter au secrétariat un acte plus récent, s'il y en a un.",
            )
        case _:
            raise AccesRefuse(
                "ce motif est donné par un responsable, ou par l'élève s'il a dix-huit ans.",
                remede="le demander à la personne concernée.",
            )


def choisir(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    eleve_id: UUID,
    jour: date | None = None,
    genre: Genre | None = None,
    *,
    autre: bool = False,
) -> AExpliquer | None:
    """Ce que la personne peut expliquer, le plus ancien d'abord ; ``None`` s'il ne reste rien.

    Un motif déjà envoyé par l'autre responsable suffit ; qui n'est pas d'accord en donne un autre (FAM-05).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui explique.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :param jour: jour voulu ; par défaut, le plus ancien.
    :param genre: absence ou retard ; par défaut, l'un ou l'autre.
    :param autre: donner un autre motif que celui d'un autre responsable.
    :raises Introuvable: l'élève n'est pas de ceux que la personne suit.
    :raises AccesRefuse: ce n'est pas à elle d'expliquer, ou la famille garde le papier.
    """
    exiger_d_expliquer(session, contexte, portee, eleve_id)
    restent = a_expliquer(session, contexte.uai, contexte.annee, [eleve_id])
    voulues = (
        une for une in restent
        if une.attente is autre and jour in (None, une.jour) and genre in (None, une.genre)
    )  # fmt: skip
    quoi = next(voulues, None)
    if quoi is not None and autre and a_deja_envoye(session, contexte, eleve_id, quoi.debut, quoi.fin):
        return None
    return quoi


def envoyer(session: Session, contexte: Contexte, quoi: AExpliquer, motif_id: UUID) -> Justification:
    """Envoie le motif d'une absence ou d'un retard à la vie scolaire.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui explique.
    :param quoi: ce que ``choisir`` a rendu.
    :param motif_id: motif de la liste, du même genre.
    """
    return justifications.declarer(
        session, uai=contexte.uai, eleve_id=quoi.eleve_id, declarant_id=contexte.personne_id,
        debut=quoi.debut, fin=quoi.fin, motif_id=motif_id, jour=contexte.jour,
    )  # fmt: skip


def peut_contredire(session: Session, contexte: Contexte, envoi: Envoi) -> bool:
    """Vrai si la personne peut donner un autre motif que celui d'un autre responsable, encore en attente.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param envoi: motif envoyé.
    """
    return (
        not envoi.sien
        and envoi.etat == EtatJustification.ENVOYEE
        and empechement(session, contexte, envoi.eleve_id) is None
        and not a_deja_envoye(session, contexte, envoi.eleve_id, envoi.debut, envoi.fin)
    )


def recu(session: Session, contexte: Contexte, portee: Portee, justification_id: UUID) -> Envoi:
    """Un motif envoyé pour un élève que la personne suit, par elle ou par un autre responsable.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param portee: périmètre accordé.
    :param justification_id: motif envoyé.
    :raises Introuvable: il n'est pas de ces élèves, ou la famille garde le papier.
    """
    trouve = un_envoi(session, contexte, justification_id)
    if trouve is not None:
        exiger_atteint(session, contexte, portee, trouve.eleve_id)
    if trouve is None or sur_papier(session, contexte, trouve.eleve_id):
        raise Introuvable("ce motif n'existe pas.", remede="revenir au carnet.")
    return trouve
