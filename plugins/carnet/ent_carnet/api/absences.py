"""Les absences par l'API : les mêmes actes que les pages, et ce que les familles font elles-mêmes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    eleves,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask_smorest import abort

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import Absence, Alerte, Contact, Decompte, Justification, Motif
from ent_carnet.permissions import ABSENCES, EXPLIQUER, TRAITER
from ent_carnet.regles.demi_journees import DemiJournee
from ent_carnet.schemas.absences import (
    DECISIONS,
    AbsenceLue,
    AbsenceSaisie,
    AlerteLue,
    ChoixAbsences,
    ChoixIntervalle,
    ClotureSaisie,
    ContactLu,
    ContactSaisi,
    DecompteLu,
    DemiJourneeLue,
    JustificationLue,
    JustificationSaisie,
    LotSaisi,
    MotifLu,
)
from ent_carnet.schemas.decisions import ExamenSaisi
from ent_carnet.services import absences, contacts, decompte, justifications, lot_absences, motifs, seuils
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.explication import exiger_d_expliquer
from ent_carnet.services.suites_absences import (
    accepter_un_motif,
    recompter,
    refuser_un_motif,
    reprendre_une_decision,
    reprendre_une_suite,
)

__all__ = ["lister_les_absences"]


@ressources.get("/absences")
@exige(ABSENCES)
@ressources.arguments(ChoixAbsences, location="query")
@ressources.response(200, AbsenceLue(many=True))
def lister_les_absences(choix: dict[str, Any]) -> list[Absence]:
    """Absences et retards d'un état, des élèves atteints."""
    lignes = dossiers.lister(session_courante(), contexte_courant(), portee_courante(), choix["etat"])
    return [ligne.absence for ligne in lignes]


@ressources.post("/absences/eleves/<uuid:eleve_id>")
@exige(TRAITER)
@ressources.arguments(AbsenceSaisie)
@ressources.response(201, AbsenceLue)
def ouvrir_une_absence(saisie: dict[str, Any], eleve_id: UUID) -> Absence:
    """Note une absence annoncée, ou décidée par l'établissement."""
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    ouverte = absences.ouvrir(
        session, uai=contexte.uai, eleve_id=eleve_id, debut=saisie["debut"], fin=saisie["fin"],
        motif_cle=saisie["motif"], auteur_id=contexte.personne_id, instant=instant, genre=saisie["genre"],
        annoncee=saisie["annoncee"] or saisie["fin"] > instant,
    )  # fmt: skip
    recompter(session, contexte, [eleve_id])
    return ouverte


@ressources.post("/absences/traiter")
@exige(TRAITER)
@ressources.arguments(LotSaisi)
@ressources.response(200, AbsenceLue(many=True))
def traiter_des_absences(saisie: dict[str, Any]) -> list[Absence]:
    """Donne un motif à une ou plusieurs absences."""
    session, contexte = session_courante(), contexte_courant()
    voulues = [absences.trouver(session, contexte.uai, contexte.annee, une) for une in saisie["absences"]]
    for absence in voulues:
        dossiers.atteindre(session, contexte, portee_courante(), absence.eleve_id)
    lot_absences.exiger_ensemble(session, contexte, voulues)
    traitees = absences.qualifier(
        session, contexte.uai, contexte.annee, saisie["absences"], motif_id=saisie["motif_id"],
        reglee=DECISIONS[saisie["decision"]], auteur_id=contexte.personne_id,
        instant=horloge_courante().maintenant(),
    )  # fmt: skip
    recompter(session, contexte, {absence.eleve_id for absence in traitees})
    return traitees


@ressources.get("/absences/motifs")
@exige(ABSENCES)
@ressources.response(200, MotifLu(many=True))
def lister_tous_les_motifs() -> list[Motif]:
    """Motifs d'absence et de retard de l'établissement."""
    return motifs.lister(session_courante(), contexte_courant().uai)


@ressources.get("/motifs")
@exige(EXPLIQUER)
@ressources.response(200, MotifLu(many=True))
def lister_les_motifs() -> list[Motif]:
    """Motifs qu'une famille peut proposer."""
    return motifs.lister(session_courante(), contexte_courant().uai, proposables=True)


@ressources.post("/eleves/<uuid:eleve_id>/motifs-proposes")
@exige(EXPLIQUER)
@ressources.arguments(JustificationSaisie)
@ressources.response(201, JustificationLue)
def proposer_un_motif(saisie: dict[str, Any], eleve_id: UUID) -> Justification:
    """La famille donne le motif d'une absence, passée ou à venir ; une personne en décidera."""
    session, contexte = session_courante(), contexte_courant()
    exiger_d_expliquer(session, contexte, portee_courante(), eleve_id)
    return justifications.declarer(
        session, uai=contexte.uai, eleve_id=eleve_id, declarant_id=contexte.personne_id, **saisie,
        jour=contexte.jour,
    )  # fmt: skip


@ressources.delete("/motifs-proposes/<uuid:justification_id>")
@exige(EXPLIQUER)
@ressources.response(204)
def retirer_un_motif(justification_id: UUID) -> None:
    """Retire ce que l'on a soi-même envoyé, tant que personne ne l'a traité."""
    contexte = contexte_courant()
    justifications.retirer(
        session_courante(), contexte.uai, contexte.annee, justification_id,
        declarant_id=contexte.personne_id, instant=horloge_courante().maintenant(),
    )  # fmt: skip


@ressources.get("/motifs-proposes")
@exige(TRAITER)
@ressources.response(200, JustificationLue(many=True))
def lister_les_motifs_proposes() -> Sequence[Justification]:
    """Motifs proposés qui attendent une décision."""
    contexte = contexte_courant()
    atteints = eleves(contexte, portee_courante())
    return justifications.a_traiter(session_courante(), contexte.uai, contexte.annee, atteints)


@ressources.post("/motifs-proposes/<uuid:justification_id>/<any(accepter,refuser,reprendre):decision>")
@exige(TRAITER)
@ressources.arguments(ExamenSaisi, location="query")
@ressources.response(204)
def decider_d_un_motif(examen: dict[str, bool], justification_id: UUID, decision: str) -> None:
    """Accepte, refuse, ou reprend la décision du jour ; ``examinee`` : chaque responsable est entendu."""
    session, contexte = session_courante(), contexte_courant()
    propose = justifications.trouver(session, contexte.uai, contexte.annee, justification_id)
    dossiers.atteindre(session, contexte, portee_courante(), propose.eleve_id)
    if decision == "reprendre":
        return reprendre_une_decision(session, contexte, horloge_courante(), justification_id)
    maintenant = horloge_courante().maintenant()
    if decision == "refuser":
        return refuser_un_motif(session, contexte, justification_id, maintenant)
    accepter_un_motif(session, contexte, justification_id, maintenant, **examen)


@ressources.get("/absences/eleves/<uuid:eleve_id>/decompte")
@exige(ABSENCES)
@ressources.arguments(ChoixIntervalle, location="query")
@ressources.response(200, DemiJourneeLue(many=True))
def expliquer_le_decompte(choix: dict[str, Any], eleve_id: UUID) -> Sequence[DemiJournee]:
    """Demi-journées d'un élève, et pourquoi chacune compte ou non."""
    session, contexte = session_courante(), contexte_courant()
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    du, au = choix["du"] or contexte.jour - timedelta(days=28), choix["au"] or contexte.jour
    if not du <= au <= du + timedelta(days=366):
        abort(422, message="L'intervalle est à l'envers, ou dépasse une année.")
    demain = au + timedelta(days=1)
    comptes = decompte.compter_eleves(
        session, contexte.uai, contexte.annee, du, demain, [eleve_id], vu_le=horloge_courante().maintenant()
    )
    return comptes[eleve_id].lignes if eleve_id in comptes else ()


@ressources.get("/absences/eleves/<uuid:eleve_id>/contacts")
@exige(TRAITER)
@ressources.response(200, ContactLu(many=True))
def lister_les_contacts(eleve_id: UUID) -> Sequence[Contact]:
    """Contacts avec la famille d'un élève."""
    session, contexte = session_courante(), contexte_courant()
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    return contacts.de_l_eleve(session, contexte.uai, contexte.annee, eleve_id)


@ressources.post("/absences/eleves/<uuid:eleve_id>/contacts")
@exige(TRAITER)
@ressources.arguments(ContactSaisi)
@ressources.response(201, ContactLu)
def noter_un_contact(saisie: dict[str, Any], eleve_id: UUID) -> Contact:
    """Note un essai de joindre la famille."""
    session, contexte = session_courante(), contexte_courant()
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    jour = saisie.pop("le") or contexte.jour
    return contacts.noter(
        session, uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, jour=jour,
        auteur_id=contexte.personne_id, **saisie,
    )  # fmt: skip


@ressources.get("/alertes")
@exige(TRAITER)
@ressources.response(200, AlerteLue(many=True))
def lister_les_alertes() -> Sequence[Alerte]:
    """Alertes qui attendent une personne."""
    contexte = contexte_courant()
    atteints = eleves(contexte, portee_courante())
    return seuils.ouvertes(session_courante(), contexte.uai, contexte.annee, atteints)


@ressources.post("/alertes/<uuid:alerte_id>")
@exige(TRAITER)
@ressources.arguments(ClotureSaisie)
@ressources.response(200, AlerteLue)
def clore_une_alerte(saisie: dict[str, Any], alerte_id: UUID) -> Alerte:
    """Note ce qu'une personne décide d'une alerte."""
    session, contexte = session_courante(), contexte_courant()
    alerte = seuils.trouver(session, contexte.uai, contexte.annee, alerte_id)
    dossiers.atteindre(session, contexte, portee_courante(), alerte.eleve_id)
    return seuils.clore(
        session, contexte.uai, contexte.annee, alerte_id, suite=saisie["suite"],
        auteur_id=contexte.personne_id, jour=contexte.jour,
        referent_id=contexte.personne_id if saisie["referent"] else None,
    )  # fmt: skip


@ressources.delete("/alertes/<uuid:alerte_id>/suite")
@exige(TRAITER)
@ressources.response(200, AlerteLue)
def rouvrir_une_alerte(alerte_id: UUID) -> Alerte:
    """Reprend la suite notée aujourd'hui ; l'alerte attend de nouveau une personne."""
    session, contexte = session_courante(), contexte_courant()
    alerte = seuils.trouver(session, contexte.uai, contexte.annee, alerte_id)
    dossiers.atteindre(session, contexte, portee_courante(), alerte.eleve_id)
    reprendre_une_suite(session, contexte, alerte)
    return alerte


@ressources.get("/decomptes/<int:rang>")
@exige(TRAITER)
@ressources.response(200, DecompteLu(many=True))
def lister_les_decomptes(rang: int) -> list[Decompte]:
    """Décomptes scellés d'une période."""
    contexte = contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    return list(decompte.scelles(session_courante(), contexte.uai, contexte.annee, rang).values())
