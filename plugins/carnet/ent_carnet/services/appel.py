"""Les appels d'une journée : ceux que l'emploi du temps attend, faits ou non, et ce qu'ils ont constaté.

Un appel oublié n'a pas de ligne : il existe par sa séance. Aucun compte n'est fait par enseignant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    UAI,
    Contexte,
    EtatVignette,
    LigneVignette,
    Role,
    SeanceLue,
    Vignette,
    annee_scolaire,
    heure,
    instant_lie,
    lire,
    seances_du_jour,
    seances_enseignees,
    structures_enseignees,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet import permissions
from ent_carnet.modeles import Fait
from ent_carnet.nomenclatures import NatureFait
from ent_carnet.regles.appel import Delais, EtatAppel, Heure, choisir, etat_de_l_appel, heures_de
from ent_carnet.services.enonces_appel import AppelLu, appels_des_seances, compter
from ent_carnet.services.feuille import appel_de, minuit

__all__ = [
    "Attendu",
    "FaitDuJour",
    "attendus",
    "attendus_de",
    "attendus_du_jour",
    "faits_du_jour",
    "remplacables",
    "seance_a_ouvrir",
    "vignette",
]

_A_L_APPEL = frozenset({Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE})
_LIGNES = 5
_UN_JOUR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attendu:
    """Un appel que l'emploi du temps attend : une séance longue en attend un par heure.

    :param heure: heure de la séance ; ``rang`` est la sienne, à partir de 0.
    :param appel: ce qui en est enregistré ; ``None`` : rien.
    :param nombres: élèves par nature de fait, si on les a demandés.
    """

    seance: SeanceLue
    heure: Heure
    etat: EtatAppel
    appel: AppelLu | None = None
    nombres: Mapping[NatureFait, int] = field(default_factory=dict)
    rang: int = 0

    @property
    def numero(self) -> int:
        """Rang de l'heure dans sa séance, à partir de 1."""
        return self.rang + 1

    @property
    def manque(self) -> bool:
        """Vrai s'il reste à faire, ou à terminer."""
        return self.etat in (EtatAppel.A_FAIRE, EtatAppel.COMMENCE, EtatAppel.OUBLIE)


@dataclass(frozen=True, slots=True)
class FaitDuJour:
    """Un fait courant ; un retard garde ses minutes, une absence est celle d'une heure."""

    eleve_id: UUID
    appel_id: UUID
    debut: datetime
    fin: datetime
    nature: NatureFait
    minutes: int | None


_fait = Fait.__table__.c
_DU_JOUR = (
    select(_fait.eleve_id, _fait.appel_id, _fait.debut, _fait.fin, _fait.nature, _fait.minutes)
    .where(
        _fait.uai == UAI,
        _fait.annee == ANNEE,
        _fait.debut >= instant_lie("du"),
        _fait.debut < instant_lie("au"),
        _fait.retire_le.is_(None),
    )
    .order_by(_fait.debut, _fait.id)
)


def attendus(
    session: Session,
    uai: str,
    annee: int,
    seances: Sequence[SeanceLue],
    instant: datetime,
    *,
    nombres: bool = False,
) -> tuple[Delais, list[Attendu]]:
    """Les appels qu'attendent ces séances d'un même jour, et les délais de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param seances: séances, dans l'ordre.
    :param instant: maintenant.
    :param nombres: compter les élèves absents, en retard… de chaque appel.
    """
    if not seances:
        return Delais(), []
    matin = minuit(seances[0].debut.astimezone(FUSEAU).date())
    delais, appels = appels_des_seances(session, uai, annee, seances, matin, matin + _UN_JOUR)
    comptes = compter(session, uai, annee, [appel.id for appel in appels]) if nombres else {}
    dits = [a for seance in seances for a in _attendus(seance, appels, delais, instant, comptes)]
    return delais, sorted(dits, key=lambda attendu: attendu.heure.debut)


def attendus_de(
    session: Session, contexte: Contexte, jour: date, instant: datetime, *, nombres: bool = False
) -> tuple[Delais, list[Attendu]]:
    """Les appels d'un jour de la personne qui demande.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui demande.
    :param jour: le jour.
    :param instant: maintenant.
    :param nombres: compter les élèves.
    """
    uai, annee = contexte.uai, annee_scolaire(jour)
    siennes = seances_enseignees(session, uai, annee, contexte.personne_id, jour)
    return attendus(session, uai, annee, siennes, instant, nombres=nombres)


def attendus_du_jour(
    session: Session, uai: str, jour: date, instant: datetime, *, nombres: bool = False
) -> list[Attendu]:
    """Tous les appels d'un jour de l'établissement, faits ou non.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param jour: le jour.
    :param instant: maintenant.
    :param nombres: compter les élèves.
    """
    annee = annee_scolaire(jour)
    toutes = seances_du_jour(session, uai, annee, jour)
    return attendus(session, uai, annee, toutes, instant, nombres=nombres)[1]


def remplacables(
    session: Session, contexte: Contexte, jour: date, instant: datetime, miens: Collection[Attendu]
) -> list[Attendu]:
    """Appels qui manquent maintenant dans les classes de la personne, et qui ne sont pas les siens.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui demande.
    :param jour: le jour.
    :param instant: maintenant.
    :param miens: ses propres appels.
    """
    uai, annee = contexte.uai, annee_scolaire(jour)
    siennes = structures_enseignees(session, uai, annee, contexte.personne_id, jour)
    deja = {attendu.seance.id for attendu in miens}
    autres = [
        seance
        for seance in seances_du_jour(session, uai, annee, jour, [structure.id for structure in siennes])
        if seance.id not in deja
    ]
    ouverts = (EtatAppel.A_FAIRE, EtatAppel.COMMENCE)
    return [a for a in attendus(session, uai, annee, autres, instant)[1] if a.etat in ouverts]


def seance_a_ouvrir(delais: Delais, miens: Sequence[Attendu], instant: datetime) -> tuple[UUID, int] | None:
    """La feuille à ouvrir sans rien demander, et le rang de l'heure dans une séance longue.

    :param delais: délais de l'établissement.
    :param miens: appels du jour de la personne.
    :param instant: maintenant.
    """
    choisi = choisir([(a.heure, a.etat) for a in miens], delais, instant)
    return None if choisi is None else (miens[choisi].seance.id, miens[choisi].rang)


def faits_du_jour(session: Session, uai: str, jour: date) -> list[FaitDuJour]:
    """Faits courants d'un jour, dans l'ordre des heures.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param jour: le jour, à Paris.
    """
    bornes = {"du": minuit(jour), "au": minuit(jour + _UN_JOUR)}
    lignes = lire(session, _DU_JOUR, {"uai": uai, "annee": annee_scolaire(jour), **bornes})
    return [
        FaitDuJour(eleve, appel, debut, fin, NatureFait(nature), minutes)
        for eleve, appel, debut, fin, nature, minutes in lignes
    ]


def vignette(session: Session, contexte: Contexte, instant: datetime) -> Vignette | None:
    """« Appel à faire », pour qui enseigne aujourd'hui ; rien pour les autres.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param instant: maintenant.
    """
    if not contexte.roles & _A_L_APPEL:
        return None
    _, miens = attendus_de(session, contexte, contexte.jour, instant)
    if not miens:
        return None
    a_faire = [attendu for attendu in miens if attendu.manque]
    suivant = next((attendu for attendu in miens if attendu.etat is EtatAppel.A_VENIR), None)
    return Vignette(
        "carnet.appel",
        "l'appel" if a_faire else "Appel",
        tuple(map(_ligne, a_faire[:_LIGNES])),
        permission=permissions.APPEL,
        ordre=20,
        etat=EtatVignette.A_FAIRE if a_faire else EtatVignette.VIDE,
        vide=f"Prochain appel à {heure(suivant.heure.debut)}." if suivant else "Tous vos appels sont faits.",
        point="carnet.appel",
        libelle_lien="Faire l'appel" if a_faire else "Voir mes appels",
    )


def _ligne(attendu: Attendu) -> LigneVignette:
    seance = attendu.seance
    dit = {EtatAppel.OUBLIE: "appel non fait", EtatAppel.COMMENCE: "appel à terminer"}.get(attendu.etat, "")
    heures = f"de {heure(attendu.heure.debut)} à {heure(attendu.heure.fin)}"
    return LigneVignette(
        f"{seance.structure}, {seance.matiere}",
        f"{heures}, {dit}" if dit else heures,
        "carnet.feuille_d_appel",
        {"seance_id": str(seance.id)} | ({"heure": str(attendu.rang + 1)} if attendu.rang else {}),
    )


def _attendus(
    seance: SeanceLue,
    appels: Sequence[AppelLu],
    delais: Delais,
    instant: datetime,
    comptes: Mapping[UUID, Mapping[NatureFait, int]],
) -> Iterator[Attendu]:
    for rang, heure_ in enumerate(heures_de(seance.debut, seance.fin)):
        appel = appel_de(seance, heure_, appels)
        etat = etat_de_l_appel(
            heure_,
            annulee=seance.etat == "annulee",
            commence=appel is not None,
            termine=appel is not None and appel.termine_le is not None,
            delais=delais,
            instant=instant,
        )
        vide: dict[NatureFait, Any] = {}
        yield Attendu(seance, heure_, etat, appel, comptes.get(appel.id, vide) if appel else vide, rang)
