"""L'avis et le sursis : ce qui va partir se dit, ne se montre plus, et se remet en place d'un geste.

L'avis part avec l'approbation, et le préavis court de lui. Dès que plus rien d'autre ne retient une ligne du
plan, les pages ordinaires ne voient plus son unité. Une unité où un gel, la vie ou d'autres lignes retiennent
quelque chose reste visible entière : mieux vaut montrer trop que cacher ce qui doit rester.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Acces
from ent_core.contrat.roles import Role
from ent_core.donnees.masques import Masquage, masquage
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.conservation.declencheurs import dernier_depart_echu
from ent_core.vie_privee.conservation.modeles import AvisElimination, LigneConservation, PlanConservation
from ent_core.vie_privee.conservation.regles import Regle, Regles

__all__ = [
    "AvisReuni",
    "accorder",
    "annoncer",
    "demasquer",
    "lister",
    "masquer",
    "resumer",
    "retirer",
    "reunir",
]

_DECIDENT = frozenset({Role.DIRECTION.value, Role.DPD.value, Role.ADMINISTRATEUR_ACADEMIQUE.value})
_FAMILLES = frozenset(
    {Role.ELEVE.value, Role.RESPONSABLE.value, Role.DELEGUE_ELEVES.value, Role.DELEGUE_PARENTS.value}
)


@dataclass(frozen=True, slots=True)
class AvisReuni:
    """Ce qui va partir d'un établissement, d'un traitement et d'une année, toutes tables réunies.

    :param rang: une des lignes du plan ; remettre en place la nomme, et toute l'unité revient.
    """

    plan_id: UUID
    rang: int
    traitement: str
    uai: str | None
    annee: int | None
    nombre: int
    execution_le: date
    masque: bool


def annoncer(
    session: Session,
    horloge: Horloge,
    regles: Regles,
    plan: PlanConservation,
    a_dire: Sequence[LigneConservation],
) -> None:
    """Donne l'avis de lignes d'un plan approuvé, et le consigne.

    :param session: session de l'académie ; l'appelant valide.
    :param regles: règles de l'instance.
    :param a_dire: lignes que ce plan peut éliminer, et dont l'avis n'est pas donné.
    """
    jour = horloge.aujourd_hui()
    session.add_all(_avis(plan, ligne, regles, jour) for ligne in a_dire)
    session.flush()
    for uai in sorted({ligne.uai or "" for ligne in a_dire}):
        siennes = [ligne for ligne in a_dire if (ligne.uai or "") == uai]
        consigner(
            session, horloge, "conservation.avisee", uai=uai or None, objet=str(plan.id),
            details={"lignes": len(siennes), "echues": sum(ligne.echues for ligne in siennes)},
        )  # fmt: skip


def masquer(session: Session, plan_id: UUID, rangs: set[int]) -> None:
    """Cache ces lignes d'un plan aux pages ordinaires, et montre les autres.

    :param session: session de l'académie ; l'appelant valide.
    :param rangs: lignes que seul le préavis retient.
    """
    a = AvisElimination
    session.execute(
        update(a).where(a.plan_id == plan_id).values(masque=and_(a.repere.is_not(None), a.rang.in_(rangs)))
    )


def retirer(session: Session, plan_id: UUID, rangs: set[int] | None = None) -> None:
    """Retire des avis : ce qu'ils cachaient se voit de nouveau, s'il en reste.

    :param session: session de l'académie ; l'appelant valide.
    :param rangs: lignes du plan ; ``None``, toutes.
    """
    enonce = delete(AvisElimination).where(AvisElimination.plan_id == plan_id)
    session.execute(enonce if rangs is None else enonce.where(AvisElimination.rang.in_(rangs)))


def accorder(session: Session, plans: Collection[UUID]) -> None:
    """Retire les avis des plans qui ne sont plus à exécuter : une approbation s'éteint sans un geste.

    :param session: session de l'académie ; l'appelant valide.
    :param plans: plans approuvés qu'il reste à exécuter.
    """
    session.execute(delete(AvisElimination).where(AvisElimination.plan_id.not_in(plans)))


def demasquer(session: Session) -> None:
    """Montre de nouveau tout ce qui attendait : un gel posé fait tomber chaque approbation.

    :param session: session de l'académie ; l'appelant valide.
    """
    session.execute(update(AvisElimination).where(AvisElimination.masque).values(masque=False))


def lister(session: Session, plan_id: UUID) -> dict[int, AvisElimination]:
    """Avis d'un plan, par rang de ligne.

    :param session: session de l'académie.
    """
    trouves = session.scalars(select(AvisElimination).where(AvisElimination.plan_id == plan_id))
    return {avis.rang: avis for avis in trouves}


def reunir(session: Session, uai: str | None, roles: frozenset[str] | None = None) -> list[AvisReuni]:
    """Ce qui va partir, la plus proche élimination d'abord.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None`` pour tous.
    :param roles: rôles de qui regarde ; ``None``, tous les avis.
    """
    a = AvisElimination
    groupe = (a.plan_id, a.traitement, a.uai, a.annee)
    enonce = (
        select(
            a.plan_id, func.min(a.rang), a.traitement, a.uai, a.annee, func.sum(a.nombre),
            func.max(a.execution_le), func.bool_and(a.masque),
        )
        .where(*_pour(uai, roles))
        .group_by(*groupe)
        .order_by(func.max(a.execution_le), a.traitement, a.uai, a.annee)
    )  # fmt: skip
    return [AvisReuni(*rangee) for rangee in session.execute(enonce)]


def resumer(session: Session, uai: str | None, roles: frozenset[str]) -> tuple[int, date | None]:
    """Nombre d'enregistrements qui vont partir, et premier jour où ils le peuvent.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None`` pour tous.
    :param roles: rôles de qui regarde.
    """
    enonce = select(func.sum(AvisElimination.nombre), func.min(AvisElimination.execution_le))
    nombre, premier = session.execute(enonce.where(*_pour(uai, roles))).one()
    return nombre or 0, premier


def _pour(uai: str | None, roles: frozenset[str] | None) -> Iterator[ColumnElement[bool]]:
    if uai is not None:
        yield or_(AvisElimination.uai == uai, AvisElimination.uai.is_(None))
    if roles is not None:
        yield AvisElimination.concernes.overlap(sorted(roles))


def _avis(plan: PlanConservation, ligne: LigneConservation, regles: Regles, jour: date) -> AvisElimination:
    regle = regles.de(ligne.objet)
    comment, du, au = _unite(plan, ligne, regle)
    return AvisElimination(
        plan_id=plan.id, rang=ligne.rang, traitement=ligne.traitement, objet=ligne.objet, uai=ligne.uai,
        concernes=_concernes(regle), annee=ligne.periode, nombre=ligne.echues, avise_le=jour,
        execution_le=jour + timedelta(days=ligne.preavis),
        masque=False, du=du, au=au, repere=plan.repere if comment else None,
    )  # fmt: skip


def _concernes(regle: Regle | None) -> list[str]:
    """Ceux qui en décident, et les destinataires qui écrivent ces données ; ni élèves, ni familles."""
    destinataires = regle.traitement.destinataires if regle else ()
    ecrivent = {d.role for d in destinataires if d.acces is Acces.ECRIRE}
    return sorted((ecrivent | _DECIDENT) - _FAMILLES)


def _unite(
    plan: PlanConservation, ligne: LigneConservation, regle: Regle | None
) -> tuple[Masquage | None, date | None, date | None]:
    """Ce qui cache l'unité : son année, ou ses départs, d'août à août, déjà échus le jour du plan."""
    if regle is None or ligne.periode is None or ligne.gelees or ligne.actives or ligne.retenues:
        return None, None, None
    voulue = regle.traitement.conservation
    comment = masquage(regle.table, regle.declaree, voulue)
    if comment is not Masquage.DATES:
        return comment, None, None
    echus = dernier_depart_echu(plan.jour, voulue.duree) + timedelta(days=1)
    return comment, date(ligne.periode, 8, 1), min(date(ligne.periode + 1, 8, 1), echus)
