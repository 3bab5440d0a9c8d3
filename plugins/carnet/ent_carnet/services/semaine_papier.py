"""Le carnet de la semaine sur papier : les mêmes lignes que l'écran, une feuille par élève et par foyer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from ent_core.brique import (
    Contexte,
    Expediteur,
    Foyer,
    PersonneNommee,
    annee_scolaire,
    divisions,
    expediteur,
    foyers,
    inscrits_du_jour,
    jour_court,
    jour_long,
    opposees,
)
from sqlalchemy.orm import Session

from ent_carnet.services.lignes import LigneCarnet, lignes_du_carnet
from ent_carnet.traitements import AFFICHAGE

__all__ = ["EleveDeLaSemaine", "SemaineImprimee", "donnees", "semaine"]

SEPT_JOURS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EleveDeLaSemaine:
    """Un exemplaire : un élève, un foyer, ses lignes."""

    eleve: PersonneNommee
    division: str
    foyer: Foyer
    lignes: tuple[LigneCarnet, ...]


@dataclass(frozen=True, slots=True)
class SemaineImprimee:
    """Les exemplaires d'une semaine.

    :param lundi: premier jour.
    """

    expediteur: Expediteur
    lundi: date
    exemplaires: tuple[EleveDeLaSemaine, ...]


def semaine(
    session: Session,
    contexte: Contexte,
    jour: date,
    instant: datetime,
    *,
    division_id: UUID | None = None,
    papier_seul: bool = True,
) -> SemaineImprimee:
    """Exemplaires d'une semaine, dans l'ordre des classes puis des noms ; un nombre fixe d'énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param jour: un jour de la semaine.
    :param instant: maintenant : le papier dit ce que dit l'écran à cette heure.
    :param division_id: division voulue ; par défaut, toutes.
    :param papier_seul: seulement les foyers qui gardent le papier : l'élève, ou l'un d'eux, s'y oppose à
        l'écran.
    """
    lundi = jour - timedelta(days=jour.weekday())
    annee = annee_scolaire(lundi)
    inscrits = inscrits_du_jour(session, contexte.uai, annee, jour)
    rangs = [
        (eleve, division.libelle)
        for division in divisions(session, contexte.uai, annee)
        if division_id in (None, division.id)
        for eleve in inscrits.get(division.id, [])
    ]
    par_eleve = foyers(session, contexte, [eleve.id for eleve, _ in rangs])
    if papier_seul:
        par_eleve = _qui_gardent_le_papier(session, par_eleve)
    lignes = lignes_du_carnet(session, contexte.uai, annee, par_eleve, lundi, lundi + SEPT_JOURS, instant)
    return SemaineImprimee(
        expediteur(session, contexte.uai),
        lundi,
        tuple(
            EleveDeLaSemaine(eleve, libelle, foyer, lignes[eleve.id])
            for eleve, libelle in rangs
            for foyer in par_eleve.get(eleve.id, ())
        ),
    )


def donnees(imprimee: SemaineImprimee, etablie_le: date) -> dict[str, object]:
    """Ce que montre le gabarit ``semaine.typ``.

    :param imprimee: exemplaires.
    :param etablie_le: jour de l'impression.
    """
    semaine_du = f"Semaine du {jour_long(imprimee.lundi)} {imprimee.lundi.year}"
    return {
        "titre": f"Carnets, {semaine_du.lower()}",
        "expediteur": imprimee.expediteur,
        "exemplaires": [
            {
                "eleve": exemplaire.eleve.libelle,
                "classe": exemplaire.division,
                "semaine": semaine_du,
                "etablie_le": jour_court(etablie_le),
                "personnes": exemplaire.foyer.personnes,
                "adresse": exemplaire.foyer.adresse,
                "jours": _par_jour(exemplaire.lignes),
            }
            for exemplaire in imprimee.exemplaires
        ],
    }


def _par_jour(lignes: Sequence[LigneCarnet]) -> list[dict[str, object]]:
    return [
        {
            "jour": jour_long(jour).capitalize(),
            "lignes": [
                {
                    "libelle": ligne.libelle,
                    "detail": ligne.detail,
                    "a_faire": ligne.a_faire,
                    "attente": ligne.attente,
                }
                for ligne in lot
            ],
        }
        for jour, lot in groupby(lignes, key=lambda ligne: ligne.jour)
    ]


def _qui_gardent_le_papier(
    session: Session, par_eleve: Mapping[UUID, tuple[Foyer, ...]]
) -> dict[UUID, tuple[Foyer, ...]]:
    concernees = set(par_eleve) | _membres(par_eleve.values())
    opposes = opposees(session, AFFICHAGE.cle, concernees)
    retenus = {
        eleve: _de_qui_s_oppose(siens)
        if eleve in opposes
        else tuple(f for f in siens if opposes.intersection(f.ids))
        for eleve, siens in par_eleve.items()
    }
    return {eleve: siens for eleve, siens in retenus.items() if siens}


def _de_qui_s_oppose(siens: tuple[Foyer, ...]) -> tuple[Foyer, ...]:
    """Majeur, l'élève opposé reçoit seul son carnet (FAM-06) ; mineur, ses responsables le reçoivent."""
    return tuple(foyer for foyer in siens if foyer.eleve) or siens


def _membres(lots: Iterable[tuple[Foyer, ...]]) -> set[UUID]:
    return {personne for lot in lots for foyer in lot for personne in foyer.ids}
