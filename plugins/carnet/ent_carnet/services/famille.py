"""La page d'un élève, telle que lui et ses responsables la lisent : présent ? à faire ? changé ? demain ?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    JOUR,
    UAI,
    Contexte,
    Introuvable,
    PersonneNommee,
    Portee,
    SeanceLue,
    eleves_nommes,
    instant_lie,
    jour_long,
    lire,
    seances_de_l_eleve,
    structures_suivies,
)
from sqlalchemy import Uuid, bindparam, func, or_, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Appel, Desaccord
from ent_carnet.nomenclatures import Genre, NatureAffichage
from ent_carnet.services.a_expliquer import AExpliquer, a_expliquer
from ent_carnet.services.corrections import CORRIGEE
from ent_carnet.services.envois import Envoi, derniers_envois
from ent_carnet.services.lecture_famille import LigneMontree, lignes_montrees, sur_papier
from ent_carnet.services.qui_explique import Empechement, empechement
from ent_carnet.services.reglement import ADRESSE
from ent_carnet.services.suivi_famille import AUCUN_SUIVI, SuiviFamille, suivi_de_la_famille

__all__ = ["CarnetLu", "Journee", "fenetre", "lire_le_carnet"]

_VUE = timedelta(days=28)
_A_VENIR = timedelta(days=31)
_CHERCHE = timedelta(days=22)


_appel, _absence, _desaccord = (modele.__table__.c for modele in (Appel, Absence, Desaccord))
_DEBUT, _FIN, _ELEVE = instant_lie("debut"), instant_lie("fin"), bindparam("eleve", type_=Uuid)
_SIENNES: Any = structures_suivies(UAI, ANNEE, _ELEVE, JOUR)
# Ce que l'établissement sait ce jour, en une ligne : les champs de ``_Su``.
_SU = select(
    select(func.count())
    .where(
        _appel.uai == UAI, _appel.annee == ANNEE, _appel.debut >= _DEBUT,
        _appel.debut < _FIN, _appel.termine_le.is_not(None),
        or_(_appel.division_id.in_(_SIENNES), _appel.groupe_id.in_(_SIENNES)),
    )
    .scalar_subquery(),
    select(_absence.id)
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.eleve_id == _ELEVE,
        _absence.debut < _FIN, _absence.fin > _DEBUT,
        _absence.annulee_le.is_(None), _absence.genre == Genre.ABSENCE.value,
    )
    .exists(),
    select(_desaccord.id)
    .where(
        _desaccord.uai == UAI, _desaccord.annee == ANNEE, _desaccord.eleve_id == _ELEVE,
        _desaccord.leve_le.is_(None),
    )
    .exists(),
    CORRIGEE,
    ADRESSE.scalar_subquery(),
)  # fmt: skip


class _Su(NamedTuple):
    """Appels terminés, absence notée, désaccord connu, ce qui vient d'être corrigé ; et le règlement."""

    appels_faits: int
    absent: bool
    desaccord: bool
    corrigee: datetime | None
    reglement: str | None


@dataclass(frozen=True, slots=True)
class Journee:
    """Les séances d'un jour, annulées et déplacées comprises."""

    jour: date
    seances: tuple[SeanceLue, ...]

    @property
    def changees(self) -> tuple[SeanceLue, ...]:
        """Ce qui n'est plus comme prévu."""
        return tuple(seance for seance in self.seances if seance.etat != "prevue")


@dataclass(frozen=True, slots=True)
class CarnetLu:
    """Ce que montre la page.

    :param enfants: entre qui choisir ; l'élève seul, pour lui-même.
    :param papier: rien ne se lit à l'écran.
    :param empechement: pourquoi cette personne ne donne pas de motif aujourd'hui (FAM-03, FAM-06, ABS-12).
    :param suivi: autorisations demandées, ce qui a été signalé.
    :param presence: la phrase du jour.
    :param desaccord: l'établissement sait que les responsables ne sont pas d'accord.
    :param reglement: où lire le règlement intérieur ; vide, l'établissement ne l'a pas encore dit.
    :param lignes: de la plus récente à la plus ancienne.
    """

    eleve: PersonneNommee
    enfants: Sequence[PersonneNommee]
    papier: bool
    empechement: Empechement | None = None
    suivi: SuiviFamille = AUCUN_SUIVI
    presence: str = ""
    desaccord: bool = False
    reglement: str = ""
    a_expliquer: Sequence[AExpliquer] = ()
    envois: Sequence[Envoi] = ()
    aujourd_hui: Journee | None = None
    prochain: Journee | None = None
    lignes: Sequence[LigneMontree] = ()

    @property
    def explique(self) -> bool:
        """C'est à cette personne de donner les motifs."""
        return self.empechement is None

    @property
    def changees(self) -> list[SeanceLue]:
        """Séances annulées ou déplacées, aujourd'hui et au prochain jour de cours."""
        return [s for journee in (self.aujourd_hui, self.prochain) if journee for s in journee.changees]


def fenetre(contexte: Contexte, *, tout: bool) -> tuple[date, date]:
    """Premier jour montré, et lendemain du dernier.

    :param contexte: qui lit.
    :param tout: depuis le début de l'année scolaire, plutôt que quatre semaines.
    """
    rentree = date(contexte.annee, 8, 1)
    return rentree if tout else max(contexte.jour - _VUE, rentree), contexte.jour + _A_VENIR


def lire_le_carnet(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    eleve_id: UUID,
    instant: datetime,
    *,
    tout: bool = False,
) -> CarnetLu:
    """La page d'un élève ; un nombre fixe d'énoncés, quoi qu'il se soit passé.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :param instant: maintenant.
    :param tout: toute l'année, plutôt que quatre semaines.
    :raises Introuvable: l'élève n'est pas de ceux que la personne suit.
    """
    enfants = eleves_nommes(session, contexte, portee)
    eleve = next((enfant for enfant in enfants if enfant.id == eleve_id), None)
    if eleve is None:
        raise Introuvable("cet élève n'est pas de ceux que vous suivez.", remede="revenir à l'accueil.")
    # Ce que seul le noyau sait, d'abord et d'un trait : la base ne change de rôle qu'une fois.
    papier, empeche = sur_papier(session, contexte, eleve_id), empechement(session, contexte, eleve_id)
    suivi = suivi_de_la_famille(session, contexte, eleve_id)
    if papier:
        return CarnetLu(eleve, enfants, papier=True, suivi=suivi)
    aujourd_hui, prochain = _journees(session, contexte, eleve_id)
    du, au = fenetre(contexte, tout=tout)
    lignes = lignes_montrees(session, contexte, eleve_id, du, au, instant)
    su = _su(session, contexte, eleve_id)
    return CarnetLu(
        eleve,
        enfants,
        papier=False,
        empechement=empeche,
        suivi=suivi,
        presence=_presence(su, aujourd_hui, lignes) + _correction(su.corrigee),
        desaccord=su.desaccord,
        reglement=su.reglement or "",
        a_expliquer=a_expliquer(session, contexte.uai, contexte.annee, [eleve_id]),
        envois=derniers_envois(session, contexte, eleve_id),
        aujourd_hui=aujourd_hui,
        prochain=prochain,
        lignes=lignes,
    )


def _journees(session: Session, contexte: Contexte, eleve_id: UUID) -> tuple[Journee, Journee | None]:
    """Le jour même, et le prochain jour qui a des cours."""
    uai, annee, jour = contexte.uai, contexte.annee, contexte.jour
    par_jour: dict[date, list[SeanceLue]] = {jour: []}
    for seance in seances_de_l_eleve(session, uai, annee, eleve_id, jour, jour + _CHERCHE):
        par_jour.setdefault(seance.debut.astimezone(FUSEAU).date(), []).append(seance)
    aujourd_hui, *prochain = (Journee(jour, tuple(siennes)) for jour, siennes in par_jour.items())
    return aujourd_hui, prochain[0] if prochain else None


def _su(session: Session, contexte: Contexte, eleve_id: UUID) -> _Su:
    debut = datetime.combine(contexte.jour, time(), FUSEAU)
    valeurs = {
        "uai": contexte.uai, "annee": contexte.annee, "eleve": eleve_id, "jour": contexte.jour,
        "debut": debut, "fin": debut + timedelta(days=1),
    }  # fmt: skip
    return _Su(*lire(session, _SU, valeurs).one())


def _presence(su: _Su, aujourd_hui: Journee, lignes: Iterable[LigneMontree]) -> str:
    """Ce que l'établissement sait : « personne ne l'a dit absent » n'est pas « l'appel n'est pas fait »."""
    du_jour = {m.ligne.nature for m in lignes if m.ligne.jour == aujourd_hui.jour}
    if su.absent or NatureAffichage.ABSENCE in du_jour:
        return "Une absence est notée aujourd'hui."
    retard = " Un retard est noté." if NatureAffichage.RETARD in du_jour else ""
    if su.appels_faits:
        appels = "1 appel fait" if su.appels_faits == 1 else f"{su.appels_faits} appels faits"
        return f"Aucune absence aujourd'hui, {appels}.{retard}"
    if not any(seance.etat != "annulee" for seance in aujourd_hui.seances):
        return "Pas de cours aujourd'hui."
    return f"Aucun appel n'est encore fait aujourd'hui.{retard}"


def _correction(corrigee: datetime | None) -> str:
    if corrigee is None:
        return ""
    return f" L'établissement a corrigé ce qu'il avait noté du {jour_long(corrigee)}."
