"""Les feuilles d'appel d'un jour, par classe : pour la salle sans réseau, et pour la panne."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    SeanceLue,
    Structure,
    divisions,
    heure,
    inscrits_du_jour,
    jour_court,
    jour_long,
    seances_du_jour,
)
from sqlalchemy.orm import Session

__all__ = ["PERIME_APRES", "Colonne", "Feuille", "LigneFeuille", "donnees", "feuilles"]

PERIME_APRES = timedelta(days=7)
"""Une feuille recopiée se détruit ; celle qui ne sert pas aussi, au plus tard ce temps après son jour."""

_ANNULEE = "annulee"


@dataclass(frozen=True, slots=True)
class Colonne:
    """Une séance de la classe, ou les groupes qui ont cours à la même heure."""

    debut: datetime
    fin: datetime
    matiere: str
    salle: str

    @property
    def heure(self) -> str:
        """« 8 h 05 »."""
        return heure(self.debut)


@dataclass(frozen=True, slots=True)
class LigneFeuille:
    """Un élève, et les colonnes où il est attendu."""

    nom: str
    attendu: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Feuille:
    """La feuille d'une classe, un jour."""

    code: str
    division: str
    jour: date
    seances: tuple[Colonne, ...]
    eleves: tuple[LigneFeuille, ...]

    @property
    def consigne(self) -> str:
        """Ce que devient la feuille."""
        return f"à recopier dans l'ENT, puis à détruire avant le {jour_court(self.jour + PERIME_APRES)}"


def feuilles(
    session: Session, uai: str, annee: int, jour: date, voulues: Collection[UUID] | None = None
) -> list[Feuille]:
    """Feuilles des classes d'un établissement ; trois énoncés, quel que soit leur nombre.

    Une séance annulée n'y est pas. Un élève de groupe n'est attendu que dans les siens.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param jour: le jour ; les élèves sont ceux de ce jour-là.
    :param voulues: divisions ; par défaut, toutes.
    """
    inscrits = inscrits_du_jour(session, uai, annee, jour)
    membres = {structure: {eleve.id for eleve in eleves} for structure, eleves in inscrits.items()}
    prevues = [seance for seance in seances_du_jour(session, uai, annee, jour) if seance.etat != _ANNULEE]
    retenues = [d for d in divisions(session, uai, annee) if voulues is None or d.id in voulues]
    resultat = []
    for division in retenues:
        eleves = inscrits.get(division.id, [])
        par_heure = _de_la_division(division, {eleve.id for eleve in eleves}, prevues, membres)
        resultat.append(
            Feuille(
                division.code,
                division.libelle,
                jour,
                tuple(_colonne(seances) for seances in par_heure),
                tuple(
                    LigneFeuille(
                        f"{eleve.nom} {eleve.prenom}".strip(),
                        tuple(
                            any(eleve.id in membres.get(_structure(s), ()) for s in seances)
                            for seances in par_heure
                        ),
                    )
                    for eleve in eleves
                ),
            )
        )
    return resultat


def donnees(lot: Iterable[Feuille], etablissement: str, etablie_le: date) -> dict[str, object]:
    """Ce que montre le gabarit ``appel.typ``.

    :param lot: feuilles.
    :param etablissement: son nom.
    :param etablie_le: jour de l'impression.
    """
    return {
        "titre": "Feuilles d'appel",
        "expediteur": etablissement,
        "feuilles": [
            {
                "classe": feuille.division,
                "jour": f"{jour_long(feuille.jour)} {feuille.jour.year}".capitalize(),
                "consigne": feuille.consigne,
                "etablie_le": jour_court(etablie_le),
                "seances": [
                    {"heure": c.heure, "matiere": c.matiere, "salle": c.salle} for c in feuille.seances
                ],
                "eleves": [{"nom": e.nom, "attendu": e.attendu} for e in feuille.eleves],
            }
            for feuille in lot
        ],
    }


def _structure(seance: SeanceLue) -> UUID:
    structure = seance.division_id or seance.groupe_id
    assert structure is not None  # noqa: S101 - la base le tient : une séance est de l'une ou de l'autre
    return structure


def _de_la_division(
    division: Structure, eleves: set[UUID], prevues: Iterable[SeanceLue], membres: Mapping[UUID, set[UUID]]
) -> list[list[SeanceLue]]:
    """Séances de la classe et des groupes de ses élèves, réunies par horaire."""
    par_heure: dict[tuple[datetime, datetime], list[SeanceLue]] = {}
    for seance in prevues:
        structure = _structure(seance)
        if structure == division.id or eleves & membres.get(structure, set()):
            par_heure.setdefault((seance.debut, seance.fin), []).append(seance)
    return [par_heure[horaire] for horaire in sorted(par_heure)]


def _colonne(seances: list[SeanceLue]) -> Colonne:
    matieres = " / ".join(dict.fromkeys(seance.matiere for seance in seances))
    salles = list(dict.fromkeys(seance.salle for seance in seances if seance.salle))
    return Colonne(seances[0].debut, seances[0].fin, matieres, salles[0] if len(salles) == 1 else "")
