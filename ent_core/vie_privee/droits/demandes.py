"""Les demandes : reçues avec un accusé, instruites, répondues dans le mois, ou refusées avec un motif."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Duree, Traitement
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.declencheurs import ajouter
from ent_core.vie_privee.droits.avis import MotifRefus
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.oppositions import Voie
from ent_core.vie_privee.droits.qualite import Qualite
from ent_core.vie_privee.publication.droits import Droit

__all__ = [
    "Association",
    "Controle",
    "Etat",
    "deposer",
    "etat_de",
    "lister",
    "numero",
    "prendre",
    "prolonger",
    "refuser",
    "repondre",
    "retirer",
    "siennes",
    "trouver",
]

_DELAI, _PROLONGEE = Duree(mois=1), Duree(mois=3)


class Etat(StrEnum):
    """Où en est une demande."""

    RECUE = "recue"
    EN_COURS = "en_cours"
    REPONDUE = "repondue"
    REFUSEE = "refusee"
    RETIREE = "retiree"


class Controle(StrEnum):
    """Comment l'identité a été établie ; aucune copie de pièce n'est gardée."""

    CONNEXION = "connexion"
    CONNUE = "connue"
    PIECE_VUE = "piece_vue"
    MANDAT = "mandat"


class Association(StrEnum):
    """Comment l'élève mineur a été associé à la demande qui le concerne."""

    INFORME = "informe"
    ENTENDU = "entendu"
    TROP_JEUNE = "trop_jeune"


def numero(demande: Demande) -> str:
    """« 2026-4F9A1C », à dire au téléphone.

    :param demande: demande enregistrée.
    """
    return f"{demande.recue_le.year}-{demande.id.hex[-6:].upper()}"


def etat_de(demande: Demande, jour: date) -> str:
    """« en_retard », « bientot » (sept jours), ou « a_temps » ; vide si elle est close.

    :param jour: jour considéré.
    """
    if demande.close_le is not None:
        return ""
    reste = (demande.echeance - jour).days
    return "en_retard" if reste < 0 else "bientot" if reste <= 7 else "a_temps"


def deposer(
    session: Session,
    horloge: Horloge,
    *,
    uai: str,
    personne: UUID,
    demandeur: UUID | None,
    qualite: Qualite,
    droit: Droit,
    traitement: Traitement | None = None,
    precisions: str = "",
    source: Voie = Voie.ECRAN,
    controle: Controle = Controle.CONNEXION,
    recue_le: date | None = None,
    saisie_par: UUID | None = None,
) -> Demande:
    """Reçoit une demande et en accuse réception ; le délai court du jour de sa réception.

    :param session: session de l'établissement.
    :param uai: établissement, responsable de la réponse.
    :param personne: personne concernée.
    :param demandeur: personne qui demande, si elle est dans l'annuaire.
    :param qualite: à quel titre, vérifié par l'appelant.
    :param traitement: traitement visé ; ``None``, tous.
    :param controle: comment l'identité du demandeur a été établie.
    :param recue_le: jour de réception d'une demande sur papier ; par défaut, ce jour.
    :param saisie_par: agent qui recopie une demande sur papier.
    :raises DonneeInvalide: jour à venir, ou opposition sans raison ou sans traitement.
    """
    jour = recue_le or horloge.aujourd_hui()
    if jour > horloge.aujourd_hui():
        raise DonneeInvalide("ce jour est à venir.", remede="donner le jour de réception.")
    if droit is Droit.OPPOSITION and (traitement is None or not precisions.strip()):
        raise DonneeInvalide(
            "une opposition vise un traitement, pour une raison qui tient à votre situation.",
            remede="choisir le traitement, et dire cette raison.",
        )
    demande = Demande(
        uai=uai, personne_id=personne, demandeur_id=demandeur, qualite=qualite.value,
        droit=droit.name.lower(), traitement=traitement.cle if traitement else None, source=source.value,
        controle=controle.value,
        precisions=precisions.strip()[:2000] or None, recue_le=jour, echeance=ajouter(jour, _DELAI),
        accuse_le=horloge.maintenant(), etat=Etat.RECUE.value,
    )  # fmt: skip
    session.add(demande)
    session.flush()
    _consigner(session, horloge, "demande.recue", demande, saisie_par or demandeur, source=source.value)
    return demande


def prendre(session: Session, horloge: Horloge, demande: Demande, par: UUID | None) -> None:
    """Commence l'instruction.

    :param demande: demande reçue.
    :param par: personne qui instruit.
    :raises OperationRefusee: elle est close.
    """
    _ouverte(session, demande)
    demande.etat, demande.traitee_par = Etat.EN_COURS.value, par
    _consigner(session, horloge, "demande.prise", demande, par)


def prolonger(session: Session, horloge: Horloge, demande: Demande, motif: str, par: UUID | None) -> None:
    """Porte le délai à trois mois, une fois, avant le terme du premier mois (RGPD, article 12.3).

    :param motif: complexité ou nombre de demandes, dit à la personne.
    :raises OperationRefusee: close, déjà prolongée, ou le premier mois est passé.
    :raises DonneeInvalide: motif absent.
    """
    _ouverte(session, demande)
    if demande.prolongation is not None:
        raise OperationRefusee("ce délai est déjà prolongé.", remede="répondre avant l'échéance.")
    if horloge.aujourd_hui() > demande.echeance:
        raise OperationRefusee(
            "le premier mois est passé : le délai ne se prolonge plus.", remede="répondre sans attendre."
        )
    if len(motif.strip()) < 10:
        raise DonneeInvalide("le motif manque.", remede="dire à la personne pourquoi il faut plus de temps.")
    demande.prolongation = motif.strip()[:500]
    demande.echeance = ajouter(demande.recue_le, _PROLONGEE)
    _consigner(session, horloge, "demande.prolongee", demande, par)


def repondre(
    session: Session,
    horloge: Horloge,
    demande: Demande,
    texte: str,
    par: UUID | None,
    association: Association | None = None,
) -> None:
    """Clôt une demande par une réponse.

    :param texte: réponse, telle que la personne la lira.
    :param association: comment l'élève mineur a été associé ; exigé s'il l'est.
    :raises OperationRefusee: elle est close.
    :raises DonneeInvalide: réponse absente, ou association de l'élève non dite.
    """
    _clore(session, horloge, demande, Etat.REPONDUE, texte, par, association)


def refuser(
    session: Session,
    horloge: Horloge,
    demande: Demande,
    motif: MotifRefus,
    texte: str,
    par: UUID | None,
    association: Association | None = None,
) -> None:
    """Clôt une demande par un refus motivé ; la page y joint les voies de recours.

    :param motif: motif, d'une liste.
    :param texte: explication, telle que la personne la lira.
    :param association: comment l'élève mineur a été associé ; exigé s'il l'est.
    :raises OperationRefusee: elle est close.
    :raises DonneeInvalide: explication absente, ou association de l'élève non dite.
    """
    _clore(session, horloge, demande, Etat.REFUSEE, texte, par, association, motif)


def retirer(session: Session, horloge: Horloge, demande: Demande, par: UUID) -> None:
    """Retire sa demande.

    :raises OperationRefusee: elle est close.
    """
    _ouverte(session, demande)
    demande.etat, demande.close_le = Etat.RETIREE.value, horloge.aujourd_hui()
    _consigner(session, horloge, "demande.retiree", demande, par)


def trouver(session: Session, uai: str, identifiant: UUID) -> Demande:
    """Demande d'un établissement.

    :param session: session de l'établissement, ou de l'académie.
    :raises Introuvable: elle n'existe pas ici.
    """
    demande = session.get(Demande, (uai, identifiant))
    if demande is None:
        raise Introuvable("cette demande n'existe pas ici.", remede="revenir à la liste des demandes.")
    return demande


def lister(session: Session, uai: str | None, *, closes: bool = False, limite: int = 200) -> list[Demande]:
    """La file : l'échéance la plus proche d'abord ; ou les demandes closes, la plus récente d'abord.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    enonce = select(Demande).limit(limite)
    if uai is not None:
        enonce = enonce.where(Demande.uai == uai)
    if closes:
        return list(
            session.scalars(
                enonce.where(Demande.close_le.is_not(None)).order_by(Demande.close_le.desc(), Demande.id)
            )
        )
    return list(
        session.scalars(enonce.where(Demande.close_le.is_(None)).order_by(Demande.echeance, Demande.id))
    )


def siennes(session: Session, uai: str, personne: UUID) -> list[Demande]:
    """Demandes qu'une personne suit : celles qu'elle a faites, et celles faites sur elle.

    :param session: session de l'établissement.
    :param uai: établissement.
    """
    return list(
        session.scalars(
            select(Demande)
            .where(Demande.uai == uai, or_(Demande.demandeur_id == personne, Demande.personne_id == personne))
            .order_by(Demande.recue_le.desc(), Demande.id.desc())
        )
    )


def _clore(
    session: Session,
    horloge: Horloge,
    demande: Demande,
    etat: Etat,
    texte: str,
    par: UUID | None,
    association: Association | None,
    motif: MotifRefus | None = None,
) -> None:
    _ouverte(session, demande)
    if len(texte.strip()) < 10:
        raise DonneeInvalide("la réponse est vide.", remede="écrire ce que la personne lira.")
    if demande.qualite in (Qualite.RESPONSABLE, Qualite.ELEVE_MINEUR) and association is None:
        raise DonneeInvalide(
            "on ne sait pas comment l'élève a été associé à cette demande.",
            remede="dire s'il a été informé, entendu, ou s'il est trop jeune.",
        )
    demande.motif_refus = motif.value if motif else None
    demande.etat, demande.reponse = etat.value, texte.strip()[:4000]
    demande.close_le, demande.traitee_par = horloge.aujourd_hui(), par
    demande.association = association.value if association else None
    session.flush()
    _consigner(session, horloge, f"demande.{etat.value}", demande, par, motif=demande.motif_refus)


def _ouverte(session: Session, demande: Demande) -> None:
    # Relue sous verrou : de deux réponses au même instant, la seconde voit la première.
    session.flush()
    session.refresh(demande, with_for_update=True)
    if demande.close_le is not None:
        raise OperationRefusee("cette demande est close.", remede="en déposer une autre, au besoin.")


def _consigner(
    session: Session, horloge: Horloge, acte: str, demande: Demande, par: UUID | None, **details: str | None
) -> None:
    consigner(
        session, horloge, acte, uai=demande.uai, acteur=par, objet=str(demande.id),
        details={"droit": demande.droit, **details},
    )  # fmt: skip
