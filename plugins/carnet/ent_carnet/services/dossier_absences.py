"""Ce que les pages montrent des absences : une liste à traiter, le dossier d'un élève."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ent_core.brique import (
    AccesRefuse,
    Contexte,
    Introuvable,
    PersonneNommee,
    Portee,
    divisions,
    eleves,
    inscriptions,
    nommer,
    peut_atteindre,
    portee_de_lecture,
    responsables,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Alerte, Contact, Justification, Motif
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.regles.signes import signes
from ent_carnet.services import contacts, justifications, seuils
from ent_carnet.services.decompte import Compte, compter_eleves

__all__ = [
    "Dossier",
    "LigneAbsence",
    "atteindre",
    "divisions_du_jour",
    "dossier",
    "exiger_l_etablissement",
    "libelles",
    "lister",
    "suit_les_familles",
]

LIMITE = 100
_REGARD = timedelta(days=56)


@dataclass(frozen=True, slots=True)
class LigneAbsence:
    """Une absence, telle qu'on la montre.

    :param motif: libellé montrable à qui regarde ; vide, aucun.
    """

    absence: Absence
    eleve: PersonneNommee
    division: str
    motif: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Tout ce que l'équipe lit d'un élève.

    :param compte: demi-journées et retards des huit dernières semaines.
    :param signes: ce qui change, en phrases.
    :param contacts: vide pour qui ne joint pas les familles.
    """

    eleve: PersonneNommee
    division: str
    absences: Sequence[LigneAbsence]
    compte: Compte
    signes: Sequence[str]
    alertes: Sequence[Alerte]
    contacts: Sequence[Contact]
    justifications: Sequence[Justification]
    responsables: Sequence[PersonneNommee]
    noms: Mapping[UUID, PersonneNommee]
    motifs: Mapping[UUID, str]


def atteindre(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> None:
    """Refuse un élève hors du périmètre, comme s'il n'existait pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :raises Introuvable: hors du périmètre.
    """
    if not peut_atteindre(session, contexte, portee, eleve_id):
        raise Introuvable("cet élève n'est pas dans vos classes.", remede="revenir à la liste.")


def exiger_l_etablissement(portee: Portee) -> None:
    """Refuse à qui n'a reçu qu'une partie des élèves un acte qui les touche tous.

    :param portee: périmètre accordé ; une délégation peut être plus étroite que l'établissement.
    :raises AccesRefuse: le périmètre est plus étroit.
    """
    if portee is not Portee.ETABLISSEMENT:
        raise AccesRefuse(
            "cet acte touche tous les élèves, et votre délégation n'en couvre qu'une partie.",
            remede="le demander à la vie scolaire.",
        )


def lister(
    session: Session, contexte: Contexte, portee: Portee, etat: EtatAbsence, limite: int = LIMITE
) -> list[LigneAbsence]:
    """Absences et retards d'un état, du plus récent au plus ancien.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param etat: état voulu.
    :param limite: au plus.
    """
    trouvees = session.scalars(
        select(Absence)
        .where(
            Absence.uai == contexte.uai, Absence.annee == contexte.annee, Absence.etat == etat,
            Absence.annulee_le.is_(None), Absence.eleve_id.in_(eleves(contexte, portee)),
        )
        .order_by(Absence.debut.desc(), Absence.id)
        .limit(limite)
    ).all()  # fmt: skip
    return _lignes(session, contexte, portee, trouvees)


def suit_les_familles(contexte: Contexte) -> bool:
    """Vrai pour qui lit contacts et motifs proposés à son titre : une délégation ne vaut que sur ses pages.

    :param contexte: qui regarde.
    """
    return portee_de_lecture(contexte, Contact.canal, Justification.motif_id) is not None


def dossier(
    session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID, *, joindre: bool
) -> Dossier:
    """Dossier d'un élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :param joindre: vrai pour qui joint les familles : les contacts et les responsables sont lus.
    :raises Introuvable: élève hors du périmètre.
    """
    atteindre(session, contexte, portee, eleve_id)
    uai, annee, demain = contexte.uai, contexte.annee, contexte.jour + timedelta(days=1)
    siennes = session.scalars(
        select(Absence)
        .where(Absence.uai == uai, Absence.annee == annee, Absence.eleve_id == eleve_id)
        .order_by(Absence.debut.desc(), Absence.id)
        .limit(LIMITE)
    ).all()
    compte = compter_eleves(session, uai, annee, demain - _REGARD, demain, [eleve_id]).get(
        eleve_id, Compte((), (), 0)
    )
    alertes = seuils.de_l_eleve(session, uai, annee, eleve_id)
    notes = contacts.de_l_eleve(session, uai, annee, eleve_id) if joindre else ()
    adultes = responsables(session, eleve_id, contexte.jour) if joindre else []
    cites = {p for note in notes for p in (note.responsable_id, note.auteur_id) if p}
    cites |= {p for alerte in alertes for p in (alerte.traitee_par, alerte.referent_id) if p}
    return Dossier(
        eleve=nommer(session, [eleve_id])[eleve_id],
        division=divisions_du_jour(session, contexte, [eleve_id]).get(eleve_id, ""),
        absences=_lignes(session, contexte, portee, siennes),
        compte=compte,
        signes=signes(compte.lignes, compte.retards, contexte.jour),
        alertes=alertes,
        contacts=notes,
        justifications=justifications.a_traiter(session, uai, annee, [eleve_id]) if joindre else (),
        responsables=adultes,
        noms=nommer(session, cites),
        motifs=libelles(session, uai, portee),
    )


def libelles(session: Session, uai: str, portee: Portee) -> dict[UUID, str]:
    """Libellés des motifs ; hors de la vie scolaire, un motif de santé n'est pas nommé (§ 4.3, règle 5).

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param portee: périmètre de qui regarde.
    """
    nommes = portee is Portee.ETABLISSEMENT
    return {
        motif.id: motif.libelle if nommes or not motif.sante else "Motif donné"
        for motif in session.scalars(select(Motif).where(Motif.uai == uai))
    }


def divisions_du_jour(session: Session, contexte: Contexte, eleves_voulus: Iterable[UUID]) -> dict[UUID, str]:
    """Division du jour de chaque élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleves_voulus: élèves.
    """
    uai, annee, jour = contexte.uai, contexte.annee, contexte.jour
    noms = {d.id: d.libelle for d in divisions(session, uai, annee)}
    lues = inscriptions(session, uai, annee, jour, jour + timedelta(days=1), eleves_voulus)
    return {i.eleve_id: noms[i.structure_id] for i in lues if i.structure_id in noms}


def _lignes(
    session: Session, contexte: Contexte, portee: Portee, absences: Sequence[Absence]
) -> list[LigneAbsence]:
    concernes = {absence.eleve_id for absence in absences}
    noms, motifs = nommer(session, concernes), libelles(session, contexte.uai, portee)
    par_division = divisions_du_jour(session, contexte, concernes)
    return [
        LigneAbsence(
            absence, noms[absence.eleve_id], par_division.get(absence.eleve_id, ""),
            motifs.get(absence.motif_id, "") if absence.motif_id else "",
        )
        for absence in absences
        if absence.eleve_id in noms
    ]  # fmt: skip
