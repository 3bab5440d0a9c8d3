"""La procédure disciplinaire : une table de passages, des conditions, et rien d'autre ne fait avancer.

Les faits sont dits à l'élève et à ses responsables, un délai court, l'autorité compétente décide, la décision
est notifiée puis s'exécute (R. 421-10-1, R. 511-13 à R. 511-14, D. 511-31 et suivants).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

from ent_carnet.nomenclatures import EtapeProcedure as Etape
from ent_carnet.nomenclatures import EtatSanction as Etat
from ent_carnet.nomenclatures import Mesure, Sanction, Voie
from ent_carnet.regles.ouvrables import apres_jours_ouvrables

__all__ = [
    "CONVOCATION_JOURS",
    "DEFENSE_JOURS_OUVRABLES",
    "EXCLUSION_MAXIMALE",
    "PASSAGES",
    "Acte",
    "Decision",
    "Procedure",
    "Refus",
    "Reunion",
    "fin_de_la_defense",
    "jouer",
    "possibles",
]

DEFENSE_JOURS_OUVRABLES = 2
CONVOCATION_JOURS = 5
SECOND_CONSEIL_JOURS = (5, 10)
EXCLUSION_MAXIMALE = 8
APPEL_JOURS = 8
_EXCLUSIONS_TEMPORAIRES = (Sanction.EXCLUSION_DE_LA_CLASSE, Sanction.EXCLUSION_DE_L_ETABLISSEMENT)

PASSAGES: Mapping[Etat, Mapping[Etape, Etat]] = {
    Etat.OUVERTE: {
        Etape.NOTIFICATION_ELEVE: Etat.FAITS_NOTIFIES,
        Etape.NOTIFICATION_RESPONSABLES: Etat.FAITS_NOTIFIES,
        Etape.CLASSEMENT: Etat.CLASSEE,
    },
    Etat.FAITS_NOTIFIES: {
        Etape.CONSULTATION_DOSSIER: Etat.FAITS_NOTIFIES,
        Etape.OBSERVATIONS_RECUES: Etat.FAITS_NOTIFIES,
        Etape.CONVOCATION_AUDITION: Etat.FAITS_NOTIFIES,
        Etape.CONVOCATION_CONSEIL: Etat.FAITS_NOTIFIES,
        Etape.SECONDE_CONVOCATION: Etat.FAITS_NOTIFIES,
        Etape.PRONONCE: Etat.PRONONCEE,
        Etape.CLASSEMENT: Etat.CLASSEE,
    },
    Etat.PRONONCEE: {Etape.NOTIFICATION_DECISION: Etat.NOTIFIEE},
    Etat.NOTIFIEE: {
        Etape.MESURE_ACCEPTEE: Etat.NOTIFIEE,
        Etape.MESURE_REFUSEE: Etat.NOTIFIEE,
        Etape.MESURE_MANQUEE: Etat.NOTIFIEE,
        Etape.MESURE_RESPECTEE: Etat.EXECUTEE,
        Etape.REVOCATION_SURSIS: Etat.NOTIFIEE,
        Etape.APPEL: Etat.NOTIFIEE,
        Etape.EXECUTION: Etat.EXECUTEE,
    },
    Etat.EXECUTEE: {Etape.APPEL: Etat.EXECUTEE},
    Etat.CLASSEE: {},
}
"""État → étape permise → état atteint. Les faits ne sont notifiés que lorsque tous ceux qui doivent l'être
l'ont été : la première notification laisse la procédure ouverte."""

_UNE_FOIS = frozenset(Etape) - {
    Etape.CONSULTATION_DOSSIER,
    Etape.OBSERVATIONS_RECUES,
    Etape.CONVOCATION_AUDITION,
}


class Refus(ValueError):
    """L'étape n'est pas permise ; le message dit pourquoi."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Ce que l'autorité prononce."""

    sanction: Sanction
    par_conseil: bool = False
    jours: int | None = None
    heures: int | None = None
    sursis_jusqu_au: date | None = None
    mesure: Mesure = Mesure.AUCUNE


@dataclass(frozen=True, slots=True)
class Reunion:
    """Quand et où l'élève est entendu : devant le conseil de discipline, ou par le chef d'établissement."""

    jour: date
    heure: time
    lieu: str


@dataclass(frozen=True, slots=True)
class Acte:
    """Une étape, à son jour.

    :param voie: comment il est remis ; exigé d'une convocation devant le conseil.
    :param reunion: quand et où, pour une convocation.
    :param decision: pour le prononcé.
    :param par_conseil: révocation décidée par le conseil de discipline.
    """

    etape: Etape
    le: date
    voie: Voie | None = None
    reunion: Reunion | None = None
    decision: Decision | None = None
    par_conseil: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """Une procédure, telle que la règle la voit.

    :param majeur: l'élève majeur reçoit seul les notifications.
    :param alsace_moselle: deux jours fériés de plus.
    :param etapes: étapes faites, de la plus ancienne à la plus récente.
    """

    faits_le: date
    etat: Etat = Etat.OUVERTE
    majeur: bool = False
    alsace_moselle: bool = False
    etapes: tuple[tuple[Etape, date], ...] = ()
    conseil_le: date | None = None
    decision: Decision | None = None
    mesure: Mesure = Mesure.AUCUNE
    revoque_le: date | None = None
    audition_le: date | None = None

    def le(self, *etapes: Etape) -> date | None:
        """Jour de la dernière de ces étapes, si l'une est faite."""
        return max((jour for nature, jour in self.etapes if nature in etapes), default=None)

    @property
    def defense_jusqu_au(self) -> date | None:
        """Dernier jour de la défense, une fois les faits notifiés."""
        notifies = self.le(Etape.NOTIFICATION_ELEVE, Etape.NOTIFICATION_RESPONSABLES)
        if notifies is None or self.etat is Etat.OUVERTE:
            return None
        return fin_de_la_defense(notifies, alsace_moselle=self.alsace_moselle)


def fin_de_la_defense(notifies_le: date, *, alsace_moselle: bool = False) -> date:
    """Dernier des deux jours ouvrables de la défense ; la décision vient après (DISC-16).

    :param notifies_le: jour de la dernière notification des faits.
    :param alsace_moselle: jours fériés d'Alsace et de Moselle compris.
    """
    return apres_jours_ouvrables(notifies_le, DEFENSE_JOURS_OUVRABLES, alsace_moselle=alsace_moselle)


def possibles(procedure: Procedure, jour: date) -> tuple[Etape, ...]:
    """Étapes que l'on peut proposer ce jour ; le prononcé et les convocations demandent plus que leur jour.

    :param procedure: procédure.
    :param jour: le jour.
    """
    return tuple(
        etape for etape in PASSAGES[procedure.etat] if _empechement(procedure, Acte(etape, jour)) is None
    )


def jouer(procedure: Procedure, acte: Acte) -> Procedure:
    """La procédure après cette étape.

    :param procedure: procédure.
    :param acte: étape, son jour, et ce qu'elle porte.
    :raises Refus: l'étape n'est pas permise.
    """
    if acte.etape not in PASSAGES[procedure.etat]:
        raise Refus("cette étape ne suit pas l'état de la procédure.")
    empechement = _empechement(procedure, acte) or _exigence(procedure, acte)
    if empechement is not None:
        raise Refus(empechement)
    apres = replace(procedure, etapes=(*procedure.etapes, (acte.etape, acte.le)))
    return replace(apres, etat=_arrivee(apres, acte.etape), **_suites(apres, acte))


def _arrivee(procedure: Procedure, etape: Etape) -> Etat:
    if procedure.etat is Etat.OUVERTE and etape is not Etape.CLASSEMENT:
        tous = {Etape.NOTIFICATION_ELEVE}
        if not procedure.majeur:
            tous.add(Etape.NOTIFICATION_RESPONSABLES)
        if not tous <= {nature for nature, _ in procedure.etapes}:
            return Etat.OUVERTE
    return PASSAGES[procedure.etat][etape]


def _suites(procedure: Procedure, acte: Acte) -> dict[str, Any]:
    match acte.etape:
        case Etape.CONVOCATION_CONSEIL | Etape.SECONDE_CONVOCATION:
            return {"conseil_le": acte.reunion.jour if acte.reunion else None}
        case Etape.CONVOCATION_AUDITION:
            return {"audition_le": acte.reunion.jour if acte.reunion else None}
        case Etape.PRONONCE:
            decision = acte.decision
            return {"decision": decision, "mesure": decision.mesure if decision else Mesure.AUCUNE}
        case Etape.MESURE_ACCEPTEE:
            return {"mesure": Mesure.ACCEPTEE}
        case Etape.MESURE_REFUSEE:
            return {"mesure": Mesure.AUCUNE}
        case Etape.MESURE_RESPECTEE:
            return {"mesure": Mesure.RESPECTEE}
        case Etape.MESURE_MANQUEE:
            return {"mesure": Mesure.MANQUEE}
        case Etape.REVOCATION_SURSIS:
            return {"revoque_le": acte.le}
    return {}


def _empechement(p: Procedure, acte: Acte) -> str | None:
    """Ce qui, ce jour-là, empêche l'étape, quoi qu'elle porte."""
    faites = {nature for nature, _ in p.etapes}
    if acte.etape in _UNE_FOIS and acte.etape in faites:
        return "cette étape est déjà faite."
    if acte.le < max((jour for _, jour in p.etapes), default=p.faits_le):
        return "une étape ne peut pas précéder celle d'avant."
    return _CONDITIONS.get(acte.etape, _libre)(p, acte)


def _libre(_p: Procedure, _acte: Acte) -> str | None:
    return None


def _notifier_les_responsables(p: Procedure, _acte: Acte) -> str | None:
    return "un élève majeur reçoit seul la notification." if p.majeur else None


def _reconvoquer(p: Procedure, _acte: Acte) -> str | None:
    return None if p.conseil_le else "un second conseil suppose qu'un premier ait été convoqué."


def _prononcer(p: Procedure, acte: Acte) -> str | None:
    defense = p.defense_jusqu_au
    if defense is None or acte.le <= defense:
        return "le délai de deux jours ouvrables pour se défendre n'est pas écoulé."
    if p.audition_le is not None and acte.le < p.audition_le:
        return "l'élève est convoqué pour être entendu : la décision attend ce jour-là."
    return None


def _mesure(attendue: Mesure, dit: str) -> Callable[[Procedure, Acte], str | None]:
    def condition(p: Procedure, _acte: Acte) -> str | None:
        return None if p.mesure is attendue else dit

    return condition


def _revoquer(p: Procedure, acte: Acte) -> str | None:
    sursis = p.decision.sursis_jusqu_au if p.decision else None
    if sursis is None:
        return "la sanction n'est pas assortie du sursis."
    return None if acte.le <= sursis else "le délai du sursis est passé."


def _executer(p: Procedure, _acte: Acte) -> str | None:
    assert p.decision is not None  # noqa: S101 - notifiée, elle est prononcée
    if p.decision.sursis_jusqu_au is not None and p.revoque_le is None:
        return "une sanction avec sursis ne s'exécute pas tant qu'il n'est pas révoqué."
    if p.mesure in (Mesure.PROPOSEE, Mesure.ACCEPTEE):
        return "la mesure alternative est en cours."
    return None


def _appeler(p: Procedure, acte: Acte) -> str | None:
    if p.decision is None or not p.decision.par_conseil:
        return "l'appel devant le recteur est celui d'une décision du conseil de discipline."
    notifiee = p.le(Etape.NOTIFICATION_DECISION)
    if notifiee is None or acte.le > notifiee + timedelta(days=APPEL_JOURS):
        return "le délai de huit jours pour faire appel est passé."
    return None


_CONDITIONS: Mapping[Etape, Callable[[Procedure, Acte], str | None]] = {
    Etape.NOTIFICATION_RESPONSABLES: _notifier_les_responsables,
    Etape.SECONDE_CONVOCATION: _reconvoquer,
    Etape.PRONONCE: _prononcer,
    Etape.MESURE_ACCEPTEE: _mesure(Mesure.PROPOSEE, "aucune mesure alternative n'est proposée."),
    Etape.MESURE_REFUSEE: _mesure(Mesure.PROPOSEE, "aucune mesure alternative n'est proposée."),
    Etape.MESURE_RESPECTEE: _mesure(Mesure.ACCEPTEE, "la mesure alternative n'a pas été acceptée."),
    Etape.MESURE_MANQUEE: _mesure(Mesure.ACCEPTEE, "la mesure alternative n'a pas été acceptée."),
    Etape.REVOCATION_SURSIS: _revoquer,
    Etape.EXECUTION: _executer,
    Etape.APPEL: _appeler,
}


_SANS_REUNION = "une convocation dit le jour, l'heure et le lieu du conseil de discipline."


def _exigence(p: Procedure, acte: Acte) -> str | None:
    """Ce que l'étape doit porter."""
    reunion = acte.reunion
    match acte.etape:
        case Etape.CONVOCATION_AUDITION:
            if reunion is None or reunion.jour < acte.le:
                return "une convocation dit le jour, à venir, l'heure et le lieu où l'élève est entendu."
        case Etape.CONVOCATION_CONSEIL:
            if acte.voie is None:
                return "dire comment la convocation est remise : pli recommandé, ou contre signature."
            if reunion is None:
                return _SANS_REUNION
            if reunion.jour < acte.le + timedelta(days=CONVOCATION_JOURS):
                return "le conseil de discipline se tient cinq jours au moins après la convocation."
        case Etape.SECONDE_CONVOCATION:
            assert p.conseil_le is not None  # noqa: S101 - vérifié par _reconvoquer
            premier, dernier = (p.conseil_le + timedelta(days=jours) for jours in SECOND_CONSEIL_JOURS)
            if acte.voie is None:
                return "dire comment la convocation est remise : pli recommandé, ou contre signature."
            if reunion is None:
                return _SANS_REUNION
            if not premier <= reunion.jour <= dernier:
                return "le second conseil se tient de cinq à dix jours après le premier."
        case Etape.PRONONCE:
            return _decision(p, acte)
        case Etape.REVOCATION_SURSIS:
            definitive = p.decision is not None and p.decision.sanction is Sanction.EXCLUSION_DEFINITIVE
            if definitive and not acte.par_conseil:
                return "seul le conseil de discipline révoque le sursis d'une exclusion définitive."
    return None


def _decision(p: Procedure, acte: Acte) -> str | None:
    d = acte.decision
    if d is None:
        return "dire la sanction prononcée."
    if d.sanction is Sanction.EXCLUSION_DEFINITIVE and not d.par_conseil:
        return "l'exclusion définitive relève du seul conseil de discipline."
    if d.par_conseil and acte.le != p.conseil_le:
        return "le conseil de discipline décide le jour où il a été convoqué."
    if (d.sanction in _EXCLUSIONS_TEMPORAIRES) != (d.jours is not None):
        return "une exclusion temporaire, et elle seule, a un nombre de jours."
    if d.jours is not None and not 1 <= d.jours <= EXCLUSION_MAXIMALE:
        return "une exclusion temporaire dure de un à huit jours."
    if (d.sanction is Sanction.MESURE_DE_RESPONSABILISATION) != (d.heures is not None):
        return "une mesure de responsabilisation, et elle seule, a un nombre d'heures."
    if d.heures is not None and not 1 <= d.heures <= 20:
        return "une mesure de responsabilisation dure vingt heures au plus."
    if d.sursis_jusqu_au is not None and d.sanction < Sanction.MESURE_DE_RESPONSABILISATION:
        return "l'avertissement et le blâme ne sont pas assortis du sursis."
    if d.mesure not in (Mesure.AUCUNE, Mesure.PROPOSEE):
        return "une mesure alternative se propose d'abord."
    if d.mesure is Mesure.PROPOSEE and d.sanction not in _EXCLUSIONS_TEMPORAIRES:
        return "une mesure alternative remplace une exclusion temporaire."
    return None
