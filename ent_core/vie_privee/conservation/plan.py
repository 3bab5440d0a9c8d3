"""Le plan : ce qui serait éliminé, compté et figé sous une empreinte. Rien n'y est éliminé.

Quatre empreintes partielles disent, quand une approbation tombe, ce qui a changé : les règles, les années
scolaires, les gels, les statuts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, func, literal, select, union_all
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Depart, Sort
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import AnneeScolaire, Etablissement
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.conservation.gels import en_vigueur
from ent_core.vie_privee.conservation.modeles import Gel, LigneConservation, PlanConservation
from ent_core.vie_privee.conservation.preuve import canonique
from ent_core.vie_privee.conservation.regles import Regle, Regles
from ent_core.vie_privee.conservation.situation import Situation, activites, compter
from ent_core.vie_privee.conservation.tri import graine

__all__ = [
    "SEUIL_PART",
    "Conditions",
    "Ecart",
    "comparer",
    "conditions",
    "dresser",
    "empreinte",
    "lignes",
    "memes",
    "planifier",
    "precedent",
]

SEUIL_PART = 0.2
"""Part d'une table, dans un établissement, au-delà de laquelle une seconde approbation est exigée."""

_COMPTES = ("echues", "gelees", "actives", "retenues", "sans_date")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Ce dont dépend la valeur d'un plan, en dehors de ce qu'il compte."""

    regles: str
    calendriers: str
    gels: str
    statuts: str

    def changees(self, autres: Conditions) -> list[str]:
        """Ce qui diffère, en clair.

        :param autres: conditions recalculées.
        """
        dits = {
            "regles": "les règles de conservation",
            "calendriers": "les années scolaires",
            "gels": "les gels",
            "statuts": "les briques ou les établissements",
        }
        return [dit for nom, dit in dits.items() if getattr(self, nom) != getattr(autres, nom)]


@dataclass(frozen=True, slots=True)
class Ecart:
    """Une unité dont le nombre n'est plus le même d'un plan au suivant.

    :param avant: lignes à éliminer alors.
    :param apres: lignes à éliminer maintenant.
    """

    traitement: str
    objet: str
    uai: str | None
    periode: int | None
    avant: int
    apres: int


def planifier(
    session: Session, horloge: Horloge, regles: Regles, *, uai: str | None = None, par: UUID | None = None
) -> PlanConservation:
    """Compte ce qui est échu, et fige le plan.

    :param session: session de l'académie ; l'appelant valide.
    :param regles: règles de l'instance.
    :param uai: un établissement ; ``None`` pour toute l'académie.
    :param par: personne qui le demande ; ``None`` pour la tâche de la nuit.
    """
    plan = PlanConservation(
        id=session.scalar(select(func.ent_uuid7())),
        repere=session.scalar(select(func.ent_uuid7())),
        uai=uai,
        jour=horloge.aujourd_hui(),
        etabli_le=horloge.maintenant(),
    )
    situation = Situation(regles, plan.jour, en_vigueur(session), plan.repere)
    siennes = dresser(session, situation, uai)
    for rang, ligne in enumerate(siennes, 1):
        ligne.plan_id, ligne.rang = plan.id, rang
    voulues = conditions(session, regles, siennes)
    plan.regles, plan.calendriers = voulues.regles, voulues.calendriers
    plan.gels, plan.statuts = voulues.gels, voulues.statuts
    plan.empreinte = empreinte(plan, siennes)
    session.add(plan)
    session.flush()
    session.add_all(siennes)
    session.flush()
    consigner(
        session, horloge, "conservation.planifiee", uai=uai, acteur=par, objet=str(plan.id),
        details={"lignes": len(siennes), "echues": sum(ligne.echues for ligne in siennes)},
    )  # fmt: skip
    return plan


def dresser(session: Session, situation: Situation, uai: str | None) -> list[LigneConservation]:
    """Lignes qu'aurait un plan, dans l'ordre d'exécution ; rien n'en est gardé.

    :param session: session de l'académie.
    :param situation: règles, jour et gels.
    :param uai: un établissement ; ``None`` pour toute l'académie.
    """
    remplies = _remplies(session, situation.regles)
    return [
        ligne
        for regle in situation.regles.toutes
        if regle.table.name in remplies
        for ligne in _lignes(session, situation, regle, uai)
    ]


def _remplies(session: Session, regles: Regles) -> set[str]:
    """Tables qui ont une ligne au moins : les autres n'ont rien à compter."""
    tables = {regle.table.name: regle.table for regle in regles.toutes}
    une = (
        select(literal(nom)).where(select(literal(1)).select_from(table).exists())
        for nom, table in tables.items()
    )
    return set(session.scalars(union_all(*une))) if tables else set()


def lignes(session: Session, plan_id: UUID) -> list[LigneConservation]:
    """Lignes d'un plan, dans l'ordre d'exécution.

    :param session: session de l'académie.
    :param plan_id: plan.
    """
    enonce = select(LigneConservation).where(LigneConservation.plan_id == plan_id)
    return list(session.scalars(enonce.order_by(LigneConservation.rang)))


def precedent(session: Session, plan: PlanConservation) -> PlanConservation | None:
    """Plan du même périmètre établi juste avant.

    :param session: session de l'académie.
    """
    enonce = select(PlanConservation).where(
        PlanConservation.uai.is_not_distinct_from(plan.uai), PlanConservation.id < plan.id
    )
    return session.scalars(enonce.order_by(PlanConservation.id.desc()).limit(1)).one_or_none()


def comparer(avant: Sequence[LigneConservation], apres: Sequence[LigneConservation]) -> list[Ecart]:
    """Ce qui change d'un plan au suivant : unités venues, parties, ou d'un autre nombre.

    :param avant: lignes du plan précédent.
    :param apres: lignes du plan.
    """
    alors, maintenant = _par_unite(avant), _par_unite(apres)
    cles = sorted(alors.keys() | maintenant.keys(), key=lambda cle: tuple(map(str, cle)))
    return [
        Ecart(*cle, alors.get(cle, 0), maintenant.get(cle, 0))
        for cle in cles
        if alors.get(cle, 0) != maintenant.get(cle, 0)
    ]


def memes(avant: Sequence[LigneConservation], apres: Sequence[LigneConservation]) -> bool:
    """Vrai si deux plans disent la même chose ; ni la date, ni la taille des tables n'apprennent rien.

    :param avant: lignes de l'un.
    :param apres: lignes de l'autre.
    """
    sans = {"plan_id", "total"}
    noms = [c.key for c in LigneConservation.__table__.c if c.key not in sans]
    return [[getattr(li, n) for n in noms] for li in avant] == [
        [getattr(li, n) for n in noms] for li in apres
    ]


def empreinte(plan: PlanConservation, siennes: Sequence[LigneConservation]) -> str:
    """Empreinte du plan entier, recalculée de ce que la base garde.

    :param plan: plan.
    :param siennes: ses lignes, dans l'ordre.
    """
    sans = {"empreinte"}
    valeurs = attrgetter(*(c.key for c in LigneConservation.__table__.c))
    return _empreinte(
        {
            "plan": {c.key: getattr(plan, c.key) for c in PlanConservation.__table__.c if c.key not in sans},
            "lignes": [valeurs(ligne) for ligne in siennes],
        }
    )


def conditions(session: Session, regles: Regles, siennes: Sequence[LigneConservation]) -> Conditions:
    """Empreintes de ce dont dépend un plan, à l'instant présent.

    :param session: session de l'académie.
    :param regles: règles de l'instance.
    :param siennes: lignes du plan.
    """
    ecoles = func.any(literal(sorted({ligne.uai for ligne in siennes if ligne.uai}), ARRAY(String)))
    annees = select(AnneeScolaire.uai, AnneeScolaire.annee, AnneeScolaire.debut, AnneeScolaire.fin)
    gels = select(Gel.id, Gel.traitement).where(Gel.leve_le.is_(None))
    fermees = select(Etablissement.uai, Etablissement.ferme_le)
    return Conditions(
        regles=_empreinte([regle.resume() for regle in regles.toutes]),
        calendriers=_empreinte(
            _rangees(
                session,
                annees.where(AnneeScolaire.uai == ecoles).order_by(AnneeScolaire.uai, AnneeScolaire.annee),
            )
        ),
        gels=_empreinte(_rangees(session, gels.order_by(Gel.id))),
        statuts=_empreinte(
            [
                sorted({regle.brique for regle in regles.toutes}),
                _rangees(session, fermees.where(Etablissement.uai == ecoles).order_by(Etablissement.uai)),
            ]
        ),
    )


def _lignes(
    session: Session, situation: Situation, regle: Regle, uai: str | None
) -> Iterator[LigneConservation]:
    if uai is not None and not regle.par_uai:
        return
    comptees = compter(situation, regle, uai)
    unites: dict[tuple[str | None, int | None], dict[str, tuple[int, date | None, date | None]]] = {}
    totaux: dict[str | None, int] = {}
    for ecole, periode, etat, nombre, premiere, derniere in session.execute(comptees):
        totaux[ecole] = totaux.get(ecole, 0) + nombre
        unites.setdefault((ecole, periode), {})[etat] = (nombre, premiere, derniere)
    vivantes = _vivantes(session, regle)
    for (ecole, periode), etats in sorted(unites.items(), key=lambda u: (u[0][0] or "", u[0][1] or 0)):
        if (ecole, periode) in vivantes and "echues" in etats:
            etats["actives"] = etats.pop("echues")
        if any(etat in etats for etat in _COMPTES):
            yield _ligne(regle, ecole, periode, etats, totaux[ecole])


def _ligne(
    regle: Regle,
    uai: str | None,
    periode: int | None,
    etats: Mapping[str, tuple[int, date | None, date | None]],
    total: int,
) -> LigneConservation:
    nombre, premiere, derniere = etats.get("echues", (0, None, None))
    voulue = regle.traitement.conservation
    return LigneConservation(
        brique=regle.brique,
        traitement=regle.traitement.cle,
        version=regle.traitement.version,
        objet=regle.table.name,
        uai=uai,
        periode=periode,
        total=total,
        **{compte: etats.get(compte, (0,))[0] for compte in _COMPTES},
        echeance_min=premiere,
        echeance_max=derniere,
        duree=str(voulue.duree),
        depart=voulue.depart.value,
        sort=regle.acte,
        autorite=regle.autorite,
        visa=regle.sous_visa,
        preavis=voulue.preavis,
        second_regard=nombre > SEUIL_PART * total,
        defaut=regle.defaut.code if regle.defaut else "",
        graine=graine(regle.traitement.cle, regle.traitement.version, regle.table.name, uai, periode)
        if regle.sort is Sort.ARCHIVER
        else "",
    )


def _vivantes(session: Session, regle: Regle) -> set[tuple[str | None, int | None]]:
    """Années où quelque chose est daté d'après leur fin : leur calendrier est faux."""
    if regle.depart is not Depart.FIN_ANNEE_SCOLAIRE:
        return set()
    fins = {
        (uai, annee): fin
        for uai, annee, fin in session.execute(
            select(AnneeScolaire.uai, AnneeScolaire.annee, AnneeScolaire.fin)
        )
    }
    return {cle for cle, dernier in activites(session, regle).items() if cle in fins and dernier >= fins[cle]}


def _par_unite(siennes: Sequence[LigneConservation]) -> dict[tuple[str, str, str | None, int | None], int]:
    return {(li.traitement, li.objet, li.uai, li.periode): li.echues for li in siennes if li.echues}


def _rangees(session: Session, enonce: Any) -> list[list[Any]]:
    return [list(rangee) for rangee in session.execute(enonce)]


def _empreinte(valeur: Any) -> str:
    return hashlib.sha256(canonique(valeur)).hexdigest()
