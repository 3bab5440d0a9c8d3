"""Les actes sur un plan : approuver, annuler, reporter une unité, enregistrer un visa.

Une approbation couvre une empreinte, pour trente jours. Elle tombe d'elle-même dès que les règles, les
années scolaires, les gels ou les statuts ne sont plus ceux du plan.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.avis import annoncer, masquer, retirer
from ent_core.vie_privee.conservation.dossier import (
    Dossier,
    EtatPlan,
    en_attente,
    ouvrir,
)
from ent_core.vie_privee.conservation.modeles import (
    DecisionConservation,
    LigneConservation,
    PlanConservation,
    ReportConservation,
    VisaElimination,
)
from ent_core.vie_privee.conservation.plan import Conditions, conditions, empreinte
from ent_core.vie_privee.conservation.regles import Regles

__all__ = [
    "FICHIER_MAXIMAL",
    "annuler",
    "approuver",
    "aviser",
    "decider",
    "perimer",
    "reporter",
    "restaurer",
    "viser",
]

_REPORT_MAXIMAL = timedelta(days=366)
_REVUE = timedelta(days=90)
"""Ce que dure la remise en place d'une unité, avant qu'un plan puisse la proposer de nouveau."""

_CLOSENT = ("annulation", "fin", "ecart")
FICHIER_MAXIMAL = 5 * 1024 * 1024
"""Octets d'un bordereau signé."""


def approuver(
    session: Session,
    horloge: Horloge,
    regles: Regles,
    plan_id: UUID,
    *,
    couvre: str,
    par: UUID,
    uai: str | None = None,
) -> Dossier:
    """Approuve un plan, et avise : le préavis des lignes que plus rien d'autre ne retient court de ce jour.

    Une seconde fois, par une autre personne, pour les lignes qui le demandent.

    :param session: session de l'académie ; l'appelant valide.
    :param regles: règles de l'instance.
    :param plan_id: plan.
    :param couvre: empreinte que la personne a sous les yeux.
    :param par: personne qui a la permission.
    :param uai: établissement où elle l'a ; ``None`` pour l'académie.
    :raises Introuvable: plan d'un autre périmètre.
    :raises OperationRefusee: plan changé, dépassé, ou déjà approuvé par elle.
    """
    dossier = _a_decider(session, horloge, plan_id, uai)
    refaire = "établir un nouveau plan, le relire, puis l'approuver."
    if couvre != dossier.plan.empreinte or empreinte(dossier.plan, dossier.lignes) != couvre:
        raise OperationRefusee("ce plan n'est pas celui qui a été relu.", remede=refaire)
    if dossier.etat not in (EtatPlan.PROPOSE, EtatPlan.EXPIRE, EtatPlan.APPROUVE):
        raise OperationRefusee(f"ce plan est {dossier.etat.value}.", remede=refaire)
    if any(d.par == par for d in dossier.approbations):
        raise OperationRefusee(
            "vous avez déjà approuvé ce plan.", remede="demander le second regard d'une autre personne."
        )
    changees = _changees(session, regles, dossier)
    if changees:
        raise OperationRefusee(f"{', '.join(changees)} ont changé depuis ce plan.", remede=refaire)
    _seul(session, horloge, dossier)
    premiere = not dossier.approbations
    decider(session, horloge, dossier.plan, "approbation", par=par)
    if premiere:
        decider(session, horloge, dossier.plan, "avis", par=par)
    aviser(session, horloge, regles, plan_id)
    return ouvrir(session, horloge, plan_id, uai)


def aviser(session: Session, horloge: Horloge, regles: Regles, plan_id: UUID) -> None:
    """Donne les avis qui manquent, et cache ce que rien d'autre ne retient ; peut être rejoué sans effet.

    :param session: session de l'académie ; l'appelant valide.
    :param regles: règles de l'instance.
    :param plan_id: plan.
    """
    dossier = ouvrir(session, horloge, plan_id)
    annoncer(session, horloge, regles, dossier.plan, dossier.a_annoncer)
    _cacher(dossier, session)


def annuler(
    session: Session, horloge: Horloge, plan_id: UUID, *, motif: str, par: UUID | None, uai: str | None = None
) -> Dossier:
    """Annule un plan : rien de ce qu'il lui reste à éliminer ne le sera.

    :param session: session de l'académie ; l'appelant valide.
    :param motif: pourquoi.
    :raises OperationRefusee: plan déjà exécuté ou annulé.
    """
    dossier = _a_decider(session, horloge, plan_id, uai)
    if dossier.etat in (EtatPlan.EXECUTE, EtatPlan.ANNULE, EtatPlan.EN_ECART):
        raise OperationRefusee(f"ce plan est déjà {dossier.etat.value}.", remede="il n'y a rien à annuler.")
    decider(session, horloge, dossier.plan, "annulation", par=par, motif=_motif(motif))
    return ouvrir(session, horloge, plan_id, uai)


def reporter(
    session: Session,
    horloge: Horloge,
    plan_id: UUID,
    rang: int,
    *,
    jusqu_au: date,
    motif: str,
    par: UUID | None,
    uai: str | None = None,
) -> ReportConservation:
    """Ôte une unité du plan jusqu'à un jour ; le reste du plan garde son approbation.

    :param session: session de l'académie ; l'appelant valide.
    :param rang: ligne du plan.
    :param jusqu_au: premier jour où l'unité peut revenir dans un plan, un an après au plus.
    :param motif: pourquoi.
    :raises Introuvable: ligne inconnue.
    :raises DonneeInvalide: date passée ou trop lointaine, motif absent.
    """
    dossier = ouvrir(session, horloge, plan_id, uai)
    ligne = _ligne(dossier, rang)
    if not dossier.jour < jusqu_au <= dossier.jour + _REPORT_MAXIMAL:
        raise DonneeInvalide(
            "la date du report n'est pas acceptable.", remede="choisir un jour dans l'année à venir."
        )
    report = _reporter(session, horloge, dossier, ligne, jusqu_au, _motif(motif), par)
    consigner(
        session, horloge, "conservation.reportee", uai=uai, acteur=par, objet=str(plan_id),
        details={"ligne": rang, "jusqu_au": jusqu_au.isoformat()},
    )  # fmt: skip
    return report


def restaurer(
    session: Session,
    horloge: Horloge,
    plan_id: UUID,
    rang: int,
    *,
    motif: str,
    par: UUID | None,
    uai: str | None = None,
) -> date:
    """Remet en place, pendant le préavis, toute l'unité d'une ligne : elle se voit, et ne partira pas.

    :param session: session de l'académie ; l'appelant valide.
    :param rang: une ligne du plan ; celles de même traitement, établissement et année la suivent.
    :param motif: pourquoi.
    :returns: jour où l'unité pourra revenir dans un plan.
    :raises Introuvable: ligne inconnue.
    :raises OperationRefusee: aucun avis n'est donné pour elle, ou elle est déjà éliminée.
    """
    dossier = ouvrir(session, horloge, plan_id, uai)
    unite = [li for li in dossier.unite(_ligne(dossier, rang)) if li.rang in dossier.avis]
    if not unite:
        raise OperationRefusee(
            "cette ligne n'attend pas d'être éliminée : il n'y a rien à remettre en place.",
            remede="rafraîchir la page ; ce qui est déjà parti figure parmi les preuves.",
            lieu=f"plan {plan_id}, ligne {rang}",
        )
    jusqu_au, texte = dossier.jour + _REVUE, _motif(motif)
    for ligne in unite:
        _reporter(session, horloge, dossier, ligne, jusqu_au, texte, par)
    consigner(
        session, horloge, "conservation.restauree", uai=unite[0].uai, acteur=par, objet=str(plan_id),
        details={"lignes": len(unite), "ligne": rang, "jusqu_au": jusqu_au.isoformat()},
    )  # fmt: skip
    return jusqu_au


def viser(
    session: Session,
    horloge: Horloge,
    plan_id: UUID,
    *,
    traitement: str,
    numero: str,
    jour: date,
    nom_fichier: str,
    fichier: bytes,
    par: UUID | None,
    uai: str | None = None,
) -> VisaElimination:
    """Enregistre le visa des archives : son numéro, et le bordereau signé.

    :param session: session de l'académie ; l'appelant valide.
    :param traitement: série visée.
    :param numero: numéro porté par le visa.
    :param jour: date du visa.
    :param fichier: bordereau signé, cinq mégaoctets au plus.
    :raises DonneeInvalide: numéro, date ou fichier absent ou inacceptable.
    :raises OperationRefusee: aucune ligne du plan n'attend de visa pour ce traitement.
    """
    dossier = _a_decider(session, horloge, plan_id, uai)
    if not any(li.visa and li.traitement == traitement for li in dossier.lignes):
        raise OperationRefusee(
            "aucune ligne de ce plan n'attend de visa pour ce traitement.", remede="vérifier le traitement."
        )
    if not (numero.strip() and len(numero) <= 60 and jour <= dossier.jour):
        raise DonneeInvalide(
            "le numéro du visa manque, ou sa date est à venir.", remede="les recopier du bordereau signé."
        )
    if not 0 < len(fichier) <= FICHIER_MAXIMAL:
        raise DonneeInvalide(
            "le bordereau signé manque, ou dépasse cinq mégaoctets.", remede="joindre sa numérisation."
        )
    visa = VisaElimination(
        plan_id=plan_id, traitement=traitement, numero=numero.strip(), jour=jour,
        nom_fichier=nom_fichier[:120], fichier=fichier, empreinte=hashlib.sha256(fichier).hexdigest(),
        par=par, le=horloge.maintenant(),
    )  # fmt: skip
    session.add(visa)
    session.flush()
    _cacher(ouvrir(session, horloge, plan_id), session)
    consigner(
        session, horloge, "conservation.visee", uai=uai, acteur=par, objet=str(plan_id),
        details={"traitement": traitement},
    )  # fmt: skip
    return visa


def perimer(session: Session, horloge: Horloge, regles: Regles, dossier: Dossier) -> str:
    """Annule le plan si ce dont il dépend a changé ; rend pourquoi, ou rien.

    :param session: session de l'académie ; l'appelant valide.
    """
    if empreinte(dossier.plan, dossier.lignes) != dossier.plan.empreinte:
        motif = "le plan gardé n'est plus celui de son empreinte"
    elif changees := _changees(session, regles, dossier):
        motif = f"{', '.join(changees)} ont changé depuis ce plan"
    else:
        return ""
    decider(session, horloge, dossier.plan, "annulation", par=None, motif=motif)
    return motif


def decider(
    session: Session,
    horloge: Horloge,
    plan: PlanConservation,
    nature: str,
    *,
    par: UUID | None = None,
    motif: str = "",
) -> None:
    """Garde un acte sur un plan, et le consigne au journal.

    :param nature: approbation, avis, annulation, execution, fin ou ecart.
    """
    session.add(
        DecisionConservation(
            plan_id=plan.id, nature=nature, jour=horloge.aujourd_hui(), le=horloge.maintenant(), par=par,
            empreinte=plan.empreinte, motif=motif[:300],
        )
    )  # fmt: skip
    session.flush()
    if nature in _CLOSENT:
        retirer(session, plan.id)
    consigner(
        session, horloge, "conservation.decidee", uai=plan.uai, acteur=par, objet=str(plan.id),
        details={"nature": nature},
    )  # fmt: skip


def _a_decider(session: Session, horloge: Horloge, plan_id: UUID, uai: str | None) -> Dossier:
    dossier = ouvrir(session, horloge, plan_id, uai)
    if dossier.partiel:
        raise AccesRefuse(
            "ce plan est celui de l'académie : elle seule en décide.",
            remede="reporter les lignes de l'établissement, ou s'adresser à l'académie.",
        )
    return dossier


def _changees(session: Session, regles: Regles, dossier: Dossier) -> list[str]:
    plan = dossier.plan
    alors = Conditions(plan.regles, plan.calendriers, plan.gels, plan.statuts)
    return alors.changees(conditions(session, regles, dossier.lignes))


def _seul(session: Session, horloge: Horloge, dossier: Dossier) -> None:
    """Deux plans approuvés ne couvrent pas le même établissement : le second ne trouverait rien."""
    plan = dossier.plan
    for autre in (dossier.plan for dossier in en_attente(session, horloge)):
        if autre.id != plan.id and (plan.uai is None or autre.uai in (None, plan.uai)):
            raise OperationRefusee(
                "un autre plan approuvé couvre déjà ce périmètre.",
                remede="l'exécuter ou l'annuler, puis établir un nouveau plan.",
                lieu=f"plan {autre.id}",
            )


def _cacher(dossier: Dossier, session: Session) -> None:
    masquer(session, dossier.plan.id, {ligne.rang for ligne in dossier.pretes})


def _ligne(dossier: Dossier, rang: int) -> LigneConservation:
    ligne = next((li for li in dossier.lignes if li.rang == rang), None)
    if ligne is None:
        raise Introuvable("cette ligne n'est pas dans le plan.", remede="rafraîchir la page.")
    return ligne


def _reporter(
    session: Session,
    horloge: Horloge,
    dossier: Dossier,
    ligne: LigneConservation,
    jusqu_au: date,
    motif: str,
    par: UUID | None,
) -> ReportConservation:
    report = ReportConservation(
        traitement=ligne.traitement, objet=ligne.objet, uai=ligne.uai, periode=ligne.periode,
        jusqu_au=jusqu_au, motif=motif, par=par, le=horloge.maintenant(),
    )  # fmt: skip
    session.add(report)
    session.flush()
    retirer(session, dossier.plan.id, {ligne.rang})
    return report


def _motif(texte: str) -> str:
    if not 3 <= len(texte.strip()) <= 300:
        raise DonneeInvalide("le motif manque.", remede="dire pourquoi, de 3 à 300 caractères.")
    return texte.strip()
