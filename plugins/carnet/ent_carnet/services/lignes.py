"""Les lignes du carnet d'un élève : ce que la famille peut lire, à l'écran et sur le papier.

Rien d'autre n'y entre (CARNET-07) : nature, date, motif. Ni circonstances, ni auteur, ni camarade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import FUSEAU, jour_long, lire
from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from ent_carnet.libelles import ETATS_RETENUE, MOTIFS, OBSERVATIONS, PUNITIONS, SANCTIONS
from ent_carnet.modeles import MODELES
from ent_carnet.nomenclatures import (
    EtapeProcedure,
    EtatAbsence,
    EtatJustification,
    EtatRetenue,
    EtatSanction,
    Genre,
    MotifDiscipline,
    MotObservation,
    NatureAffichage,
    NatureFait,
    NaturePunition,
    Sanction,
)
from ent_carnet.regles.intervalles import heures_dites, periode_dite
from ent_carnet.services.delai import lisible
from ent_carnet.services.liees import ANNEE, UAI, liste
from ent_carnet.services.liees import instant as moment

__all__ = ["LigneCarnet", "lignes_du_carnet"]


@dataclass(frozen=True, slots=True)
class LigneCarnet:
    """Un fait, tel que la famille le lit.

    :param objet_id: l'événement typé dont il vient.
    :param jour: le jour sous lequel il se range.
    :param libelle: ce qui s'est passé.
    :param detail: heures, motif, travail à faire.
    :param a_faire: ce que la famille a à faire ; vide, rien.
    :param attente: un motif est envoyé, une personne doit en décider.
    """

    nature: NatureAffichage
    objet_id: UUID
    jour: date
    libelle: str
    detail: str
    a_faire: str = ""
    attente: bool = False


_Lues = Iterable[Row[Any]]
_Dites = Iterator[tuple[UUID, LigneCarnet]]

_t: dict[str, Any] = {modele.__tablename__: modele.__table__.c for modele in MODELES}  # type: ignore[attr-defined] # des modèles
_absence, _motif, _fait = _t["carnet_absence"], _t["carnet_motif"], _t["carnet_fait"]
_punition, _retenue = _t["carnet_punition"], _t["carnet_retenue"]
_sanction, _etape, _mot = _t["carnet_sanction"], _t["carnet_etape"], _t["carnet_observation"]
_propose = _t["carnet_justification"]
_ELEVES = liste("eleves")
_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")
_DU, _AU = bindparam("du", type_=Date), bindparam("au", type_=Date)
_INSTANT, _JOUR = moment("instant"), bindparam("jour", type_=Date)
_LISIBLE = lisible(UAI, _INSTANT)


def _siens(table: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    return and_(table["uai"] == UAI, table["annee"] == ANNEE, table["eleve_id"] == _ELEVES)


def _envoye(table: Mapping[str, ColumnElement[Any]], genre: ColumnElement[Any]) -> ColumnElement[bool]:
    """Un motif du même genre est envoyé pour tout ce temps, et personne n'en a décidé."""
    motif = _motif.id.table.alias("motif_propose").c
    return (
        select(_propose.id)
        .join_from(
            _propose.id.table, motif.id.table, and_(motif.uai == UAI, motif.id == _propose.motif_id)
        )
        .where(
            _siens(_propose), _propose.eleve_id == table["eleve_id"], motif.genre == genre,
            _propose.etat == EtatJustification.ENVOYEE, _propose.debut <= table["debut"],
            _propose.fin >= table["fin"],
        )
        .exists()
        .label("attente")
    )  # fmt: skip


_ABSENCES = (
    select(
        _absence.eleve_id, _absence.id, _absence.genre, _absence.debut, _absence.fin, _absence.etat,
        # Un motif que l'établissement ne montre pas reste connu, sans être dit.
        case((_motif.affichable, _motif.libelle), else_="").label("motif"),
        _envoye(_absence, _absence.genre),
    )
    .select_from(_absence.id.table.outerjoin(_motif.id.table, and_(
        _motif.uai == _absence.uai, _motif.id == _absence.motif_id
    )))
    .where(_siens(_absence), _absence.annulee_le.is_(None), _absence.debut < _FIN, _absence.fin > _DEBUT)
)  # fmt: skip
_FAITS = select(
    _fait.eleve_id, _fait.id, _fait.nature, _fait.debut, _fait.fin, _fait.minutes,
    _envoye(_fait, case((_fait.nature == NatureFait.RETARD, Genre.RETARD.value), else_=Genre.ABSENCE.value)),
).where(
    _siens(_fait), _fait.retire_le.is_(None), _fait.debut >= _DEBUT, _fait.debut < _FIN,
    _fait.nature.in_([NatureFait.ABSENT, NatureFait.RETARD, NatureFait.DEPART]),
)  # fmt: skip
_PUNITIONS = select(
    _punition.eleve_id, _punition.id, _punition.nature, _punition.motif, _punition.jour, _punition.travail
).where(
    _siens(_punition), _punition.annulee_le.is_(None), _LISIBLE, _punition.jour >= _DU, _punition.jour < _AU
)
_RETENUES = select(
    _punition.eleve_id, _retenue.id, _retenue.punition_id, _retenue.debut, _retenue.fin, _retenue.lieu,
    _retenue.etat, _punition.travail,
).where(
    _siens(_punition), _punition.annulee_le.is_(None), _LISIBLE,
    _retenue.uai == _punition.uai, _retenue.annee == _punition.annee, _retenue.punition_id == _punition.id,
    or_(
        and_(_retenue.debut >= _DEBUT, _retenue.debut < _FIN),
        and_(_punition.jour >= _DU, _punition.jour < _AU),
    ),
)  # fmt: skip
_NOTIFIEE = func.coalesce(
    select(func.max(_etape.le))
    .where(
        _etape.uai == _sanction.uai,
        _etape.sanction_id == _sanction.id,
        _etape.nature == EtapeProcedure.NOTIFICATION_DECISION,
    )
    .correlate(_sanction.id.table)
    .scalar_subquery(),
    _sanction.prononcee_le,
)
_SANCTIONS = select(
    _sanction.eleve_id, _sanction.id, _sanction.sanction, _sanction.motif, _sanction.du, _sanction.au,
    _sanction.sursis_jusqu_au, _NOTIFIEE.label("jour"),
).where(
    _sanction.uai == UAI, _sanction.eleve_id == _ELEVES,
    _sanction.etat.in_([EtatSanction.NOTIFIEE, EtatSanction.EXECUTEE]),
    # Effacée, une sanction ne se lit plus, même d'une semaine où elle était au dossier.
    or_(_sanction.efface_le.is_(None), _sanction.efface_le > _JOUR),
    or_(and_(_NOTIFIEE >= _DU, _NOTIFIEE < _AU), and_(_sanction.du < _AU, _sanction.au >= _DU)),
)  # fmt: skip
_MOTS = select(_mot.eleve_id, _mot.id, _mot.code, _mot.jour).where(
    _siens(_mot), _mot.retiree_le.is_(None), _mot.jour >= _DU, _mot.jour < _AU
)


_A_DONNER = "Motif à donner à la vie scolaire."


def lignes_du_carnet(
    session: Session, uai: str, annee: int, eleves: Iterable[UUID], du: date, au: date, instant: datetime
) -> dict[UUID, tuple[LigneCarnet, ...]]:
    """Lignes de plusieurs élèves entre deux jours, dans l'ordre du temps ; six énoncés en tout.

    Un élève sans ligne est rendu avec un tuple vide. Rien n'est accordé ici : l'appelant borne les élèves.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param instant: maintenant : ce qui se corrige encore, ou s'est effacé, n'y est pas.
    """
    voulus = list(set(eleves))
    valeurs = {
        "uai": uai, "annee": annee, "eleves": voulus, "du": du, "au": au,
        "debut": _minuit(du), "fin": _minuit(au), "instant": instant, "jour": _local(instant).date(),
    }  # fmt: skip
    lignes: dict[UUID, list[LigneCarnet]] = {eleve: [] for eleve in voulus}
    absences = lire(session, _ABSENCES, valeurs).all()
    for eleve, ligne in (
        *((a.eleve_id, _absence_lue(a, du)) for a in absences),
        *_faits_sans_suite(lire(session, _FAITS, valeurs).all(), absences),
        *_discipline(lire(session, _PUNITIONS, valeurs).all(), lire(session, _RETENUES, valeurs).all()),
        *((s.eleve_id, _sanction_lue(s)) for s in lire(session, _SANCTIONS, valeurs)),
        *((m.eleve_id, _mot_lu(m)) for m in lire(session, _MOTS, valeurs)),
    ):
        lignes[eleve].append(ligne)
    return {eleve: tuple(sorted(siennes, key=_ordre)) for eleve, siennes in lignes.items()}


def _absence_lue(absence: Row[Any], du: date) -> LigneCarnet:
    retard = absence.genre == Genre.RETARD
    sans_motif = absence.etat == EtatAbsence.SANS_MOTIF
    if sans_motif:
        motif, a_faire = "", "" if absence.attente else _A_DONNER
    else:
        motif = f"Motif : {absence.motif}." if absence.motif else "Motif connu de l'établissement."
        a_faire = "" if absence.etat == EtatAbsence.REGLEE else "Justificatif à remettre à la vie scolaire."
    return LigneCarnet(
        NatureAffichage.RETARD if retard else NatureAffichage.ABSENCE,
        absence.id,
        max(_local(absence.debut).date(), du),
        "Retard" if retard else "Absence",
        " ".join(filter(None, (f"{_intervalle(absence.debut, absence.fin)}.", motif))),
        a_faire,
        sans_motif and absence.attente,
    )


def _faits_sans_suite(
    faits: Iterable[Row[Any]], absences: Iterable[Row[Any]]
) -> Iterator[tuple[UUID, LigneCarnet]]:
    """Ce que l'appel a constaté et que la vie scolaire n'a pas encore traité."""
    traitees = list(absences)
    for fait in faits:
        absent = fait.nature == NatureFait.ABSENT
        genre = Genre.RETARD if fait.nature == NatureFait.RETARD else Genre.ABSENCE
        if any(
            a.eleve_id == fait.eleve_id and a.genre == genre and a.debut < fait.fin and fait.debut < a.fin
            for a in traitees
        ):
            continue
        duree = f" de {fait.minutes} minutes" if fait.minutes and genre is Genre.RETARD else ""
        libelle = "Absence" if absent else "Départ avant la fin"
        yield (
            fait.eleve_id,
            LigneCarnet(
                NatureAffichage.RETARD if genre is Genre.RETARD else NatureAffichage.ABSENCE,
                fait.id,
                _local(fait.debut).date(),
                f"Retard{duree}" if genre is Genre.RETARD else libelle,
                f"{_intervalle(fait.debut, fait.fin)}.",
                "" if fait.attente else _A_DONNER,
                fait.attente,
            ),
        )


def _discipline(
    punitions: Iterable[Row[Any]], retenues: Iterable[Row[Any]]
) -> Iterator[tuple[UUID, LigneCarnet]]:
    for punition in punitions:
        travail = f" Travail : {punition.travail}" if punition.travail else ""
        yield (
            punition.eleve_id,
            LigneCarnet(
                NatureAffichage.PUNITION,
                punition.id,
                punition.jour,
                PUNITIONS[NaturePunition(punition.nature)],
                f"Motif : {MOTIFS[MotifDiscipline(punition.motif)].lower()}.{travail}",
            ),
        )
    for retenue in retenues:
        quand = f"{jour_long(retenue.debut).capitalize()}, {heures_dites(retenue.debut, retenue.fin)}"
        yield (
            retenue.eleve_id,
            LigneCarnet(
                NatureAffichage.PUNITION,
                retenue.id,
                _local(retenue.debut).date(),
                f"Retenue {ETATS_RETENUE[EtatRetenue(retenue.etat)].lower()}",
                f"{quand}, {retenue.lieu}.",
            ),
        )


def _sanction_lue(sanction: Row[Any]) -> LigneCarnet:
    dit = [f"Motif : {MOTIFS[MotifDiscipline(sanction.motif)].lower()}."]
    if sanction.du:
        dit.append(f"Du {jour_long(sanction.du)} au {jour_long(sanction.au or sanction.du)}.")
    if sanction.sursis_jusqu_au:
        terme = sanction.sursis_jusqu_au
        dit.append(f"Avec sursis jusqu'au {jour_long(terme)} {terme.year}.")
    libelle = SANCTIONS[Sanction(sanction.sanction)]
    return LigneCarnet(NatureAffichage.SANCTION, sanction.id, sanction.jour, libelle, " ".join(dit))


def _mot_lu(mot: Row[Any]) -> LigneCarnet:
    return LigneCarnet(
        NatureAffichage.OBSERVATION, mot.id, mot.jour, OBSERVATIONS[MotObservation(mot.code)], "Observation."
    )


def _ordre(ligne: LigneCarnet) -> tuple[date, str, str, str]:
    return ligne.jour, ligne.nature, ligne.detail, str(ligne.objet_id)


def _intervalle(debut: datetime, fin: datetime) -> str:
    """La ligne porte son jour : d'un seul jour, les heures suffisent."""
    dernier = _local(fin - timedelta(microseconds=1)).date()
    dit = heures_dites(debut, fin) if _local(debut).date() == dernier else periode_dite(debut, fin)
    return dit[0].upper() + dit[1:]


def _local(instant: datetime) -> datetime:
    return instant.astimezone(FUSEAU)


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
