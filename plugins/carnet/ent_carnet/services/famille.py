"""La page d'un élève, telle que lui et ses responsables la lisent : présent ? à faire ? changé ? demain ?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Base,
    Contexte,
    InscriptionLue,
    Introuvable,
    PersonneNommee,
    Portee,
    SeanceLue,
    eleves,
    inscriptions,
    lire,
    nommer,
    seances_du_jour,
    seances_prevues,
)
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Appel
from ent_carnet.nomenclatures import Genre, NatureAffichage
from ent_carnet.services.a_expliquer import AExpliquer, a_expliquer
from ent_carnet.services.envois import Envoi, derniers_envois
from ent_carnet.services.lecture_famille import LigneMontree, lignes_montrees, sur_papier
from ent_carnet.services.liees import ANNEE, UAI, instant, liste
from ent_carnet.services.qui_explique import Empechement, empechement
from ent_carnet.services.suivi_famille import AUCUN_SUIVI, SuiviFamille, suivi_de_la_famille

__all__ = ["CarnetLu", "Journee", "atteints", "fenetre", "lire_le_carnet"]

_VUE = timedelta(days=28)
_A_VENIR = timedelta(days=31)
_CHERCHE = timedelta(days=21)


_appel, _absence = Base.metadata.tables[Appel.__tablename__].c, Absence.__table__.c
_DEBUT, _FIN, _STRUCTURES = instant("debut"), instant("fin"), liste("structures")
# Appels terminés du jour, et s'il y a une absence.
_PRESENCE = select(
    select(func.count())
    .where(
        _appel.uai == UAI, _appel.annee == ANNEE, _appel.debut >= _DEBUT,
        _appel.debut < _FIN, _appel.termine_le.is_not(None),
        or_(_appel.division_id == _STRUCTURES, _appel.groupe_id == _STRUCTURES),
    )
    .scalar_subquery(),
    select(_absence.id)
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE,
        _absence.eleve_id == bindparam("eleve"), _absence.debut < _FIN, _absence.fin > _DEBUT,
        _absence.annulee_le.is_(None), _absence.genre == Genre.ABSENCE.value,
    )
    .exists(),
)  # fmt: skip


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
    :param suivi: autorisations demandées, désaccord connu, ce qui a été signalé.
    :param presence: la phrase du jour.
    :param lignes: de la plus récente à la plus ancienne.
    """

    eleve: PersonneNommee
    enfants: Sequence[PersonneNommee]
    papier: bool
    empechement: Empechement | None = None
    suivi: SuiviFamille = AUCUN_SUIVI
    presence: str = ""
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


def atteints(session: Session, contexte: Contexte, portee: Portee) -> list[PersonneNommee]:
    """Élèves dont la personne lit le carnet ce jour, dans l'ordre des prénoms.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param portee: périmètre accordé.
    """
    noms = nommer(session, session.scalars(eleves(contexte, portee)))
    return sorted(noms.values(), key=lambda eleve: (eleve.prenom, eleve.nom, eleve.id))


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
    enfants = atteints(session, contexte, portee)
    eleve = next((enfant for enfant in enfants if enfant.id == eleve_id), None)
    if eleve is None:
        raise Introuvable("cet élève n'est pas de ceux que vous suivez.", remede="revenir à l'accueil.")
    # Ce que seul le noyau sait, d'abord et d'un trait : la base ne change de rôle qu'une fois.
    papier, empeche = sur_papier(session, contexte, eleve_id), empechement(session, contexte, eleve_id)
    suivi = suivi_de_la_famille(session, contexte, eleve_id)
    if papier:
        return CarnetLu(eleve, enfants, papier=True, suivi=suivi)
    uai, annee, jour = contexte.uai, contexte.annee, contexte.jour
    inscrit = inscriptions(session, uai, annee, jour, jour + _CHERCHE, [eleve_id])
    aujourd_hui, prochain = _journees(session, contexte, inscrit)
    du, au = fenetre(contexte, tout=tout)
    lignes = lignes_montrees(session, contexte, eleve_id, du, au, instant)
    return CarnetLu(
        eleve,
        enfants,
        papier=False,
        empechement=empeche,
        suivi=suivi,
        presence=_presence(session, contexte, eleve_id, _structures(inscrit, jour), aujourd_hui, lignes),
        a_expliquer=a_expliquer(session, uai, annee, [eleve_id]),
        envois=derniers_envois(session, contexte, eleve_id),
        aujourd_hui=aujourd_hui,
        prochain=prochain,
        lignes=lignes,
    )


def _structures(inscrit: Iterable[InscriptionLue], jour: date) -> list[UUID]:
    return [i.structure_id for i in inscrit if i.debut <= jour and (i.fin is None or i.fin > jour)]


def _journees(
    session: Session, contexte: Contexte, inscrit: Sequence[InscriptionLue]
) -> tuple[Journee, Journee | None]:
    """Le jour même, et le prochain jour qui a des cours."""

    def journee(jour: date) -> Journee:
        siennes = seances_du_jour(session, contexte.uai, contexte.annee, jour, _structures(inscrit, jour))
        return Journee(jour, tuple(siennes))

    demain = contexte.jour + timedelta(days=1)
    prevues = seances_prevues(
        session, contexte.uai, contexte.annee, demain, demain + _CHERCHE, {i.structure_id for i in inscrit}
    )
    jours = [(s.debut.astimezone(FUSEAU).date(), s.structure_id) for s in prevues]
    suivant = next((jour for jour, structure in jours if structure in _structures(inscrit, jour)), None)
    return journee(contexte.jour), None if suivant is None else journee(suivant)


def _presence(
    session: Session,
    contexte: Contexte,
    eleve_id: UUID,
    structures: Sequence[UUID],
    aujourd_hui: Journee,
    lignes: Iterable[LigneMontree],
) -> str:
    """Ce que l'établissement sait : « personne ne l'a dit absent » n'est pas « l'appel n'est pas fait »."""
    debut = datetime.combine(contexte.jour, datetime.min.time(), FUSEAU)
    valeurs = {
        "uai": contexte.uai, "annee": contexte.annee, "eleve": eleve_id, "structures": list(structures),
        "debut": debut, "fin": debut + timedelta(days=1),
    }  # fmt: skip
    faits, manque = lire(session, _PRESENCE, valeurs).one()
    du_jour = {m.ligne.nature for m in lignes if m.ligne.jour == contexte.jour}
    if manque or NatureAffichage.ABSENCE in du_jour:
        return "Une absence est notée aujourd'hui."
    retard = " Un retard est noté." if NatureAffichage.RETARD in du_jour else ""
    if faits:
        appels_faits = "1 appel fait" if faits == 1 else f"{faits} appels faits"
        return f"Aucune absence aujourd'hui, {appels_faits}.{retard}"
    if not any(seance.etat != "annulee" for seance in aujourd_hui.seances):
        return "Pas de cours aujourd'hui."
    return f"Aucun appel n'est encore fait aujourd'hui.{retard}"
