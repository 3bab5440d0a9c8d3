"""De ce qui est enregistré à la lettre : une punition, une procédure, un seuil d'absences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    Foyer,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    divisions,
    expediteur,
    foyers,
    inscrits_du_jour,
    nommer,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.libelles import MESURES
from ent_carnet.modeles import (
    Alerte,
    DemandeAbsence,
    InterdictionConservatoire,
    Punition,
    Retenue,
    SanctionEleve,
    Signalement,
)
from ent_carnet.nomenclatures import (
    EtatRetenue,
    EtatSanction,
    EtatSignalement,
    Mesure,
    MotifDiscipline,
    MotifSignalement,
    NaturePunition,
    Sanction,
)
from ent_carnet.regles.procedure import fin_de_la_defense
from ent_carnet.services import lettres_decisions as decisions
from ent_carnet.services import lettres_discipline as discipline
from ent_carnet.services.dossier import AUDITION, charger
from ent_carnet.services.lettres import ElevePrecise, Lettre, imprimer_lettres, sans_camarade
from ent_carnet.services.lettres_suivi import SeuilEcrit, seuil_franchi

__all__ = [
    "lettre_d_alerte",
    "lettre_de_convocation",
    "lettre_de_demande_absence",
    "lettre_de_procedure",
    "lettre_de_punition",
    "lettres_de_signalement",
]

Ligne = TypeVar("Ligne", Punition, SanctionEleve, Alerte, DemandeAbsence, Signalement)


@dataclass(frozen=True, slots=True)
class _Concerne:
    """L'élève, et ceux de ses divisions et de ses groupes : ceux qu'un récit peut nommer."""

    personne: PersonneNommee
    ecrit: ElevePrecise
    camarades: tuple[PersonneNommee, ...]
    foyers: tuple[Foyer, ...]


def lettre_de_punition(session: Session, contexte: Contexte, punition_id: UUID) -> bytes:
    """Porte une punition à la connaissance de chaque foyer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param punition_id: punition.
    :raises Introuvable: elle n'existe pas ici, ou elle est annulée.
    :raises DonneeInvalide: aucun foyer n'est connu, ou la retenue n'a pas de date.
    """
    punition = _exiger(session.get(Punition, (contexte.uai, contexte.annee, punition_id)))
    if punition.annulee_le is not None:
        raise _absente()
    retenue = session.scalars(
        select(Retenue)
        .where(
            Retenue.uai == contexte.uai,
            Retenue.annee == contexte.annee,
            Retenue.punition_id == punition_id,
            Retenue.etat.in_([EtatRetenue.PREVUE, EtatRetenue.FAITE]),
        )
        .order_by(Retenue.debut.desc())
    ).first()
    concerne = _concerne(session, contexte, punition.eleve_id)
    lettre = discipline.punition(
        discipline.PunitionEcrite(
            concerne.ecrit,
            NaturePunition(punition.nature),
            MotifDiscipline(punition.motif),
            punition.jour,
            sans_camarade(punition.travail or "", concerne.personne, concerne.camarades),
            discipline.RetenueEcrite(retenue.debut, retenue.fin, retenue.lieu) if retenue else None,
        )
    )
    return _imprimer(session, contexte, lettre, concerne.foyers)


def lettre_de_procedure(session: Session, contexte: Contexte, sanction_id: UUID) -> bytes:
    """La lettre qu'appelle l'état d'une procédure : les faits d'abord, la décision une fois prononcée.

    L'élève qui était majeur à l'ouverture la reçoit seul.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param sanction_id: procédure.
    :raises Introuvable: elle n'existe pas ici, ou elle est classée.
    :raises DonneeInvalide: aucun foyer n'est connu, ou une mention obligatoire manque.
    """
    procedure = _exiger(session.get(SanctionEleve, (contexte.uai, sanction_id)))
    concerne = _concerne(session, contexte, procedure.eleve_id)
    etat = EtatSanction(procedure.etat)
    if etat is EtatSanction.CLASSEE:
        raise _absente()
    if etat in (EtatSanction.OUVERTE, EtatSanction.FAITS_NOTIFIES):
        lettre = discipline.notification_des_faits(_faits(session, contexte, procedure, concerne))
    else:
        lettre = discipline.notification_de_la_decision(_decision(procedure, concerne))
    return _imprimer(session, contexte, lettre, _destines(procedure, concerne))


def lettre_de_convocation(session: Session, contexte: Contexte, sanction_id: UUID) -> bytes:
    """La dernière convocation d'une procédure : une audition, ou le conseil de discipline.

    L'élève qui était majeur à l'ouverture la reçoit seul.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param sanction_id: procédure.
    :raises Introuvable: la procédure n'existe pas ici.
    :raises OperationRefusee: rien n'y est convoqué, ou la décision est prise.
    :raises DonneeInvalide: aucun foyer n'est connu, ou la convocation ne dit ni l'heure ni le lieu.
    """
    dossier = charger(session, contexte, sanction_id)
    procedure, convocation = dossier.sanction, dossier.convocation
    if convocation is None or procedure.etat != EtatSanction.FAITS_NOTIFIES:
        raise OperationRefusee(
            "il n'y a pas de convocation à imprimer : aucune n'est notée, ou la décision est prise.",
            remede="noter d'abord la convocation.",
        )
    if convocation.reunion_le is None or convocation.reunion_lieu is None:
        raise DonneeInvalide(
            "cette convocation ne dit ni l'heure ni le lieu.", remede="remettre une lettre écrite à la main."
        )
    assert procedure.defense_jusqu_au is not None  # noqa: S101 - les faits sont notifiés
    concerne = _concerne(session, contexte, procedure.eleve_id)
    ecrite = discipline.ConvocationEcrite(
        concerne.ecrit,
        sans_camarade(procedure.faits, concerne.personne, concerne.camarades),
        procedure.faits_le,
        convocation.reunion_le,
        convocation.reunion_lieu,
        procedure.defense_jusqu_au,
    )
    audition = convocation.nature in AUDITION
    ecrire = discipline.convocation_a_une_audition if audition else discipline.convocation_au_conseil
    return _imprimer(session, contexte, ecrire(ecrite), _destines(procedure, concerne))


def lettre_d_alerte(session: Session, contexte: Contexte, alerte_id: UUID) -> bytes:
    """Propose une rencontre au sujet d'un seuil franchi ; c'est une personne qui la demande.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param alerte_id: alerte.
    :raises Introuvable: elle n'existe pas ici.
    :raises DonneeInvalide: aucun foyer n'est connu.
    """
    alerte = _exiger(session.get(Alerte, (contexte.uai, contexte.annee, alerte_id)))
    concerne = _concerne(session, contexte, alerte.eleve_id)
    lettre = seuil_franchi(SeuilEcrit(concerne.ecrit, alerte.nombre, alerte.du, alerte.au))
    return _imprimer(session, contexte, lettre, concerne.foyers)


def lettre_de_demande_absence(session: Session, contexte: Contexte, demande_absence_id: UUID) -> bytes:
    """Invite à demander une autorisation d'absence ; l'élève majeur la demande lui-même.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param demande_absence_id: demande.
    :raises Introuvable: elle n'existe pas ici, ou le doute est levé.
    :raises DonneeInvalide: aucun foyer n'est connu.
    """
    demande = _exiger(session.get(DemandeAbsence, (contexte.uai, contexte.annee, demande_absence_id)))
    if demande.levee_le is not None:
        raise _absente()
    concerne = _concerne(session, contexte, demande.eleve_id)
    lettre = decisions.demande_absence_a_faire(concerne.ecrit, demande.debut, demande.fin)
    siens = [foyer for foyer in concerne.foyers if foyer.eleve]
    return _imprimer(session, contexte, lettre, siens or concerne.foyers)


def lettres_de_signalement(session: Session, contexte: Contexte, signalement_id: UUID) -> bytes:
    """Aux responsables d'un élève majeur, l'information exceptionnelle ; à l'élève, ce qui leur est écrit.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param signalement_id: signalement décidé.
    :raises Introuvable: il n'existe pas ici, ou n'est pas décidé.
    :raises DonneeInvalide: aucun foyer n'est connu.
    """
    acte = _exiger(session.get(Signalement, (contexte.uai, contexte.annee, signalement_id)))
    if acte.etat != EtatSignalement.DECIDE or acte.decide_le is None:
        raise _absente()
    concerne = _concerne(session, contexte, acte.eleve_id)
    quoi = (concerne.ecrit, MotifSignalement(acte.motif), acte.decide_le)
    responsables = [foyer for foyer in concerne.foyers if not foyer.eleve]
    lui_meme = [foyer for foyer in concerne.foyers if foyer.eleve]
    return _imprimer_tout(
        session,
        contexte,
        [
            (decisions.perturbation_grave(*quoi), responsables),
            (decisions.perturbation_signalee(*quoi), lui_meme),
        ],
    )


def _faits(
    session: Session, contexte: Contexte, procedure: SanctionEleve, concerne: _Concerne
) -> discipline.FaitsEcrits:
    interdiction = session.scalars(
        select(InterdictionConservatoire)
        .where(
            InterdictionConservatoire.uai == contexte.uai,
            InterdictionConservatoire.eleve_id == procedure.eleve_id,
            InterdictionConservatoire.levee_le.is_(None),
            InterdictionConservatoire.au >= contexte.jour,
        )
        .order_by(InterdictionConservatoire.du.desc())
    ).first()
    return discipline.FaitsEcrits(
        concerne.ecrit,
        sans_camarade(procedure.faits, concerne.personne, concerne.camarades),
        procedure.faits_le,
        # Avant toute notification, le délai part du jour de la lettre.
        procedure.defense_jusqu_au or fin_de_la_defense(contexte.jour),
        (interdiction.du, interdiction.au) if interdiction else None,
    )


def _destines(procedure: SanctionEleve, concerne: _Concerne) -> list[Foyer]:
    return [foyer for foyer in concerne.foyers if foyer.eleve or not procedure.majeur]


def _decision(procedure: SanctionEleve, concerne: _Concerne) -> discipline.DecisionEcrite:
    assert procedure.sanction is not None  # noqa: S101 - la base le tient : prononcée, elle a
    assert procedure.prononcee_le is not None  # noqa: S101 - une sanction et une date
    mesure = Mesure(procedure.mesure)
    return discipline.DecisionEcrite(
        eleve=concerne.ecrit,
        sanction=Sanction(procedure.sanction),
        motif=MotifDiscipline(procedure.motif),
        motivation=sans_camarade(procedure.motivation or "", concerne.personne, concerne.camarades),
        faits_le=procedure.faits_le,
        prononcee_le=procedure.prononcee_le,
        par_conseil=procedure.par_conseil,
        jours=procedure.jours,
        heures=procedure.heures,
        du=procedure.du,
        au=procedure.au,
        sursis_jusqu_au=procedure.sursis_jusqu_au,
        mesure="" if mesure is Mesure.AUCUNE else MESURES[mesure],
        efface_le=procedure.efface_le,
    )


def _concerne(session: Session, contexte: Contexte, eleve_id: UUID) -> _Concerne:
    personne = nommer(session, {eleve_id}).get(eleve_id)
    siens = foyers(session, contexte, [eleve_id]).get(eleve_id, ())
    if personne is None:
        raise _absente()
    inscrits = inscrits_du_jour(session, contexte.uai, contexte.annee, contexte.jour)
    structures = [s for s, membres in inscrits.items() if any(m.id == eleve_id for m in membres)]
    camarades = {m.id: m for s in structures for m in inscrits[s] if m.id != eleve_id}
    ouvertes = divisions(session, contexte.uai, contexte.annee)
    libelle = next((d.libelle for d in ouvertes if d.id in structures), "")
    ecrit = ElevePrecise(personne.libelle, libelle)
    return _Concerne(personne, ecrit, tuple(camarades.values()), siens)


def _imprimer(session: Session, contexte: Contexte, lettre: Lettre, destines: Sequence[Foyer]) -> bytes:
    return _imprimer_tout(session, contexte, [(lettre, destines)])


def _imprimer_tout(
    session: Session, contexte: Contexte, courriers: Sequence[tuple[Lettre, Sequence[Foyer]]]
) -> bytes:
    if not all(destines for _, destines in courriers):
        raise DonneeInvalide(
            "aucun destinataire de cette lettre n'est connu de l'annuaire.",
            remede="vérifier les responsables de l'élève, ou remettre une lettre écrite à la main.",
        )
    return imprimer_lettres(expediteur(session, contexte.uai), contexte.jour, courriers)


def _exiger(trouvee: Ligne | None) -> Ligne:
    if trouvee is None:
        raise _absente()
    return trouvee


def _absente() -> Introuvable:
    return Introuvable("il n'y a pas de lettre à imprimer ici.", remede="revenir à la liste.")
