"""La consultation : demandée avec un motif, accordée par une autre personne, fermée à l'heure dite.

Personne ne lit l'archive par défaut. La demande dit qui, quoi et pourquoi ; une autre personne l'accorde ou
la refuse ; chaque lecture s'inscrit au journal ; passé le terme, plus rien ne s'ouvre.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.archive.lecture import Criteres, UniteLue, chercher, lire
from ent_core.vie_privee.archive.lieu import archive_exigee
from ent_core.vie_privee.archive.modeles import DemandeArchive

__all__ = [
    "HEURES",
    "EtatDemande",
    "accorder",
    "consulter",
    "demander",
    "etat_de",
    "lister",
    "refuser",
    "trouver",
]

HEURES = 72
"""Durée d'une consultation, au plus."""

_ATTENTE = timedelta(days=30)
"""Ce que vaut une demande à laquelle personne ne répond."""


class EtatDemande(StrEnum):
    """Où en est une demande, à un instant."""

    EN_ATTENTE = "en attente"
    OUVERTE = "ouverte"
    FERMEE = "fermée"
    REFUSEE = "refusée"
    PERIMEE = "sans réponse"


def etat_de(demande: DemandeArchive, maintenant: datetime) -> EtatDemande:
    """Où en est une demande.

    :param maintenant: instant considéré.
    """
    if demande.etat == "refusee":
        return EtatDemande.REFUSEE
    if demande.ferme_le is not None:
        return EtatDemande.OUVERTE if maintenant < demande.ferme_le else EtatDemande.FERMEE
    if maintenant >= demande.demandee_le + _ATTENTE:
        return EtatDemande.PERIMEE
    return EtatDemande.EN_ATTENTE


def demander(
    session: Session,
    horloge: Horloge,
    uai: str,
    *,
    par: UUID,
    motif: str,
    heures: int,
    personne: UUID | None = None,
    traitement: str | None = None,
    annee: int | None = None,
) -> DemandeArchive:
    """Demande à consulter ce qui est d'une personne, ou une série.

    :param session: session de l'académie.
    :param uai: établissement dont l'archive serait lue.
    :param par: personne qui a la permission de demander.
    :param motif: pourquoi, en une phrase.
    :param heures: durée voulue, soixante-douze au plus.
    :param personne: personne concernée ; à défaut, une série (traitement, année).
    :raises DonneeInvalide: motif, durée ou objet absents.
    :raises Introuvable: l'archive n'a rien qui réponde.
    """
    archive = archive_exigee(session)
    if not 10 <= len(motif.strip()) <= 500:
        raise DonneeInvalide("le motif manque.", remede="dire pourquoi, de 10 à 500 caractères.")
    if not 1 <= heures <= HEURES:
        raise DonneeInvalide(f"la durée va de 1 à {HEURES} heures.", remede="en demander moins.")
    if personne is None and not traitement:
        raise DonneeInvalide(
            "la demande ne vise ni une personne ni une série.", remede="choisir l'une ou l'autre."
        )
    jeton = archive.jeton(personne) if personne else None
    if not chercher(session, Criteres(uai, jeton, traitement, annee), limite=1):
        raise Introuvable(
            "l'archive de cet établissement n'a rien qui réponde à cette demande.",
            remede="vérifier la personne, le traitement et l'année.",
        )
    maintenant = horloge.maintenant()
    demande = DemandeArchive(
        uai=uai, personne_id=_connue(session, personne), jeton=jeton, traitement=traitement, annee=annee,
        motif=motif.strip(), heures=heures, demandee_par=par, demandee_le=maintenant, etat="en_attente",
        lectures=0, terme=(maintenant + _ATTENTE).date(),
    )  # fmt: skip
    session.add(demande)
    session.flush()
    _consigner(session, horloge, "archive.demandee", demande, par)
    return demande


def accorder(
    session: Session, horloge: Horloge, uai: str | None, demande_id: UUID, *, par: UUID
) -> DemandeArchive:
    """Accorde une demande : la durée court de cet instant.

    :param uai: établissement de qui décide ; ``None`` pour l'académie.
    :param par: personne qui décide : ni celle qui demande, ni celle que la demande concerne.
    :raises AccesRefuse: ce n'est pas à elle de décider.
    :raises OperationRefusee: demande déjà décidée, ou trop ancienne.
    """
    demande = _a_decider(session, horloge, uai, demande_id, par)
    maintenant = horloge.maintenant()
    demande.etat, demande.decidee_par, demande.decidee_le = "accordee", par, maintenant
    demande.ferme_le = maintenant + timedelta(hours=demande.heures)
    demande.terme = demande.ferme_le.date()
    session.flush()
    _consigner(session, horloge, "archive.accordee", demande, par)
    return demande


def refuser(
    session: Session, horloge: Horloge, uai: str | None, demande_id: UUID, *, par: UUID, motif: str
) -> DemandeArchive:
    """Refuse une demande, et dit pourquoi à qui l'a faite.

    :param uai: établissement de qui décide ; ``None`` pour l'académie.
    :param motif: pourquoi.
    """
    if not 3 <= len(motif.strip()) <= 500:
        raise DonneeInvalide("le motif du refus manque.", remede="dire pourquoi, de 3 à 500 caractères.")
    demande = _a_decider(session, horloge, uai, demande_id, par)
    demande.etat, demande.decidee_par, demande.decidee_le = "refusee", par, horloge.maintenant()
    demande.motif_refus, demande.terme = motif.strip(), horloge.aujourd_hui()
    session.flush()
    _consigner(session, horloge, "archive.refusee", demande, par)
    return demande


def consulter(
    session: Session, horloge: Horloge, uai: str | None, demande_id: UUID, *, par: UUID
) -> list[UniteLue]:
    """Lit ce qu'une demande ouverte permet ; la lecture s'inscrit au journal, unité par unité.

    :param par: personne qui a demandé, et elle seule.
    :raises AccesRefuse: la demande est d'une autre personne, ou n'est pas ouverte.
    """
    demande = trouver(session, uai, demande_id, verrou=True)
    etat = etat_de(demande, horloge.maintenant())
    if demande.demandee_par != par:
        raise AccesRefuse("seul qui a demandé peut lire.", remede="faire sa propre demande.")
    if etat is not EtatDemande.OUVERTE:
        raise AccesRefuse(f"cette demande est {etat.value} : rien ne s'ouvre.", remede="en faire une autre.")
    criteres = Criteres(demande.uai, demande.jeton, demande.traitement, demande.annee)
    lues = list(lire(session, chercher(session, criteres)))
    demande.lectures += 1
    for lue in lues:
        consigner(
            session, horloge, "archive.lue", uai=demande.uai, acteur=par, objet=str(lue.unite.id),
            details={"demande": str(demande.id), "traitement": lue.unite.traitement},
        )  # fmt: skip
    session.flush()
    return lues


def trouver(session: Session, uai: str | None, demande_id: UUID, *, verrou: bool = False) -> DemandeArchive:
    """Une demande de l'établissement, ou de l'académie.

    :param uai: établissement ; ``None``, tous.
    :raises Introuvable: elle n'existe pas ici.
    """
    enonce = select(DemandeArchive).where(DemandeArchive.id == demande_id)
    demande = session.scalars(enonce.with_for_update() if verrou else enonce).one_or_none()
    if demande is None or (uai is not None and demande.uai != uai):
        raise Introuvable("cette demande n'existe pas ici.", remede="la chercher dans la liste.")
    return demande


def lister(session: Session, uai: str | None, *, limite: int = 100) -> Sequence[DemandeArchive]:
    """Demandes, de la plus récente à la plus ancienne.

    :param uai: établissement ; ``None``, tous.
    """
    enonce = select(DemandeArchive).order_by(DemandeArchive.id.desc()).limit(limite)
    return session.scalars(enonce if uai is None else enonce.where(DemandeArchive.uai == uai)).all()


def _a_decider(
    session: Session, horloge: Horloge, uai: str | None, demande_id: UUID, par: UUID
) -> DemandeArchive:
    demande = trouver(session, uai, demande_id, verrou=True)
    etat = etat_de(demande, horloge.maintenant())
    if etat is not EtatDemande.EN_ATTENTE:
        raise OperationRefusee(f"cette demande est {etat.value}.", remede="il n'y a plus rien à décider.")
    # La personne, non le compte : un second compte ne fait pas une seconde personne.
    if par == demande.demandee_par:
        raise AccesRefuse(
            "on n'accorde ni ne refuse sa propre demande.",
            remede="la soumettre au chef d'établissement ou au délégué à la protection des données.",
        )
    if par == demande.personne_id:
        raise AccesRefuse("cette demande vous concerne.", remede="une autre personne en décide.")
    return demande


def _connue(session: Session, personne: UUID | None) -> UUID | None:
    """La personne, si elle est encore dans l'annuaire ; partie, seul son jeton reste."""
    return None if personne is None else session.scalar(select(Personne.id).where(Personne.id == personne))


def _consigner(session: Session, horloge: Horloge, acte: str, demande: DemandeArchive, par: UUID) -> None:
    consigner(
        session, horloge, acte, uai=demande.uai, acteur=par, objet=str(demande.id),
        details={"traitement": demande.traitement, "annee": demande.annee, "heures": demande.heures},
    )  # fmt: skip
