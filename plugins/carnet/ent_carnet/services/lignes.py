"""Les lignes du carnet d'un élève : ce que la famille peut lire, à l'écran et sur le papier.

Rien d'autre n'y entre (CARNET-07) : nature, date, motif. Ni circonstances, ni auteur, ni camarade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from ent_core.brique import ANNEE, FUSEAU, JOUR, UAI, instant_lie, jour_long, lire, liste_liee
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
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


class _Sorte(StrEnum):
    """D'où vient une ligne."""

    ABSENCE = "absence"
    FAIT = "fait"
    PUNITION = "punition"
    RETENUE = "retenue"
    SANCTION = "sanction"
    MOT = "mot"


_t: dict[str, Any] = {modele.__tablename__: modele.__table__.c for modele in MODELES}  # type: ignore[attr-defined] # des modèles
_absence, _motif, _fait = _t["carnet_absence"], _t["carnet_motif"], _t["carnet_fait"]
_punition, _retenue = _t["carnet_punition"], _t["carnet_retenue"]
_sanction, _etape, _mot = _t["carnet_sanction"], _t["carnet_etape"], _t["carnet_observation"]
_propose = _t["carnet_justification"]
_ELEVES = liste_liee("eleves")
_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")
_DU, _AU = bindparam("du", type_=Date), bindparam("au", type_=Date)
_INSTANT = instant_lie("instant")
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
    )  # fmt: skip


# Ce que dit une ligne, d'où qu'elle vienne : deux formes, deux énoncés.
_ASSIDUITE = ("code", "etat", "motif", "jour", "debut", "fin", "minutes", "attente")
_DISCIPLINE = ("code", "echelon", "motif", "texte", "jour", "debut", "fin", "du", "au", "sursis")


def _lues(forme: Sequence[str], sorte: _Sorte, objet: Any, eleve: Any, **dites: Any) -> Select[Any]:  # noqa: ANN401 - des colonnes
    """Les lignes d'une sorte ; ce qu'elles ne disent pas est nul. La première donne son type à chacun."""
    return select(
        literal(sorte.value, String).label("sorte"), objet.label("id"), eleve.label("eleve_id"),
        *(dites.get(nom, null()).label(nom) for nom in forme),
    )  # fmt: skip


_a_paris = cast(func.timezone(str(FUSEAU), _absence.debut), Date)
_ABSENCES = (
    _lues(
        _ASSIDUITE, _Sorte.ABSENCE, _absence.id, _absence.eleve_id, code=_absence.genre, etat=_absence.etat,
        # Un motif que l'établissement ne montre pas reste connu, sans être dit.
        motif=case((_motif.affichable, _motif.libelle), else_=""),
        jour=func.greatest(_a_paris, _DU), debut=_absence.debut, fin=_absence.fin,
        minutes=cast(null(), Integer), attente=_envoye(_absence, _absence.genre),
    )
    .select_from(_absence.id.table.outerjoin(_motif.id.table, and_(
        _motif.uai == _absence.uai, _motif.id == _absence.motif_id
    )))
    .where(_siens(_absence), _absence.annulee_le.is_(None), _absence.debut < _FIN, _absence.fin > _DEBUT)
)  # fmt: skip
_genre = case((_fait.nature == NatureFait.RETARD, Genre.RETARD.value), else_=Genre.ABSENCE.value)
_FAITS = _lues(
    _ASSIDUITE, _Sorte.FAIT, _fait.id, _fait.eleve_id, code=_fait.nature, debut=_fait.debut, fin=_fait.fin,
    minutes=_fait.minutes, attente=_envoye(_fait, _genre),
).where(
    _siens(_fait), _fait.retire_le.is_(None), _fait.debut >= _DEBUT, _fait.debut < _FIN,
    _fait.nature.in_([NatureFait.ABSENT, NatureFait.RETARD, NatureFait.DEPART]),
)  # fmt: skip
_CONSTATS = union_all(_ABSENCES, _FAITS)

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
_SANCTIONS = _lues(
    _DISCIPLINE, _Sorte.SANCTION, _sanction.id, _sanction.eleve_id, code=cast(null(), String),
    echelon=_sanction.sanction, motif=_sanction.motif, texte=cast(null(), String), jour=_NOTIFIEE,
    debut=cast(null(), _INSTANT.type), fin=cast(null(), _INSTANT.type), du=_sanction.du, au=_sanction.au,
    sursis=_sanction.sursis_jusqu_au,
).where(
    _sanction.uai == UAI, _sanction.eleve_id == _ELEVES,
    _sanction.etat.in_([EtatSanction.NOTIFIEE, EtatSanction.EXECUTEE]),
    # Effacée, une sanction ne se lit plus, même d'une semaine où elle était au dossier.
    or_(_sanction.efface_le.is_(None), _sanction.efface_le > JOUR),
    or_(_NOTIFIEE.between(_DU, _AU - 1), and_(_sanction.du < _AU, _sanction.au >= _DU)),
)  # fmt: skip
_du_jour = and_(_punition.jour >= _DU, _punition.jour < _AU)
_montree = and_(_siens(_punition), _punition.annulee_le.is_(None), _LISIBLE)
_PUNITIONS = _lues(
    _DISCIPLINE, _Sorte.PUNITION, _punition.id, _punition.eleve_id, code=_punition.nature,
    motif=_punition.motif, texte=_punition.travail, jour=_punition.jour,
).where(_montree, _du_jour)  # fmt: skip
_RETENUES = _lues(
    _DISCIPLINE, _Sorte.RETENUE, _retenue.id, _punition.eleve_id, code=_retenue.etat, texte=_retenue.lieu,
    debut=_retenue.debut, fin=_retenue.fin,
).where(
    _montree, _retenue.uai == _punition.uai, _retenue.annee == _punition.annee,
    _retenue.punition_id == _punition.id,
    or_(and_(_retenue.debut >= _DEBUT, _retenue.debut < _FIN), _du_jour),
)  # fmt: skip
_MOTS = _lues(
    _DISCIPLINE, _Sorte.MOT, _mot.id, _mot.eleve_id, code=_mot.code, jour=_mot.jour
).where(_siens(_mot), _mot.retiree_le.is_(None), _mot.jour >= _DU, _mot.jour < _AU)  # fmt: skip
_VECU = union_all(_SANCTIONS, _PUNITIONS, _RETENUES, _MOTS)


_A_DONNER = "Motif à donner à la vie scolaire."


def lignes_du_carnet(
    session: Session, uai: str, annee: int, eleves: Iterable[UUID], du: date, au: date, instant: datetime
) -> dict[UUID, tuple[LigneCarnet, ...]]:
    """Lignes de plusieurs élèves entre deux jours, dans l'ordre du temps ; deux énoncés en tout.

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
    constats = lire(session, _CONSTATS, valeurs).all()
    traitees = [lue for lue in constats if lue.sorte == _Sorte.ABSENCE]
    for lue in (*constats, *lire(session, _VECU, valeurs)):
        if lue.sorte != _Sorte.FAIT or not any(_traite(absence, lue) for absence in traitees):
            lignes[lue.eleve_id].append(_DITES[lue.sorte](lue))
    return {eleve: tuple(sorted(siennes, key=_ordre)) for eleve, siennes in lignes.items()}


def _absence_lue(absence: Row[Any]) -> LigneCarnet:
    retard = absence.code == Genre.RETARD
    sans_motif = absence.etat == EtatAbsence.SANS_MOTIF
    if sans_motif:
        motif, a_faire = "", "" if absence.attente else _A_DONNER
    else:
        motif = f"Motif : {absence.motif}." if absence.motif else "Motif connu de l'établissement."
        a_faire = "" if absence.etat == EtatAbsence.REGLEE else "Justificatif à remettre à la vie scolaire."
    return LigneCarnet(
        NatureAffichage.RETARD if retard else NatureAffichage.ABSENCE,
        absence.id,
        absence.jour,
        "Retard" if retard else "Absence",
        " ".join(filter(None, (f"{_intervalle(absence.debut, absence.fin)}.", motif))),
        a_faire,
        sans_motif and absence.attente,
    )


def _traite(absence: Row[Any], fait: Row[Any]) -> bool:
    """Vrai si la vie scolaire a traité ce que l'appel a constaté : seule sa décision se lit."""
    return bool(
        absence.eleve_id == fait.eleve_id and absence.code == _genre_du(fait)
        and absence.debut < fait.fin and fait.debut < absence.fin
    )  # fmt: skip


def _genre_du(fait: Row[Any]) -> Genre:
    return Genre.RETARD if fait.code == NatureFait.RETARD else Genre.ABSENCE


def _fait_lu(fait: Row[Any]) -> LigneCarnet:
    """Ce que l'appel a constaté et que la vie scolaire n'a pas encore traité."""
    retard = _genre_du(fait) is Genre.RETARD
    duree = f" de {fait.minutes} minutes" if fait.minutes else ""
    libelle = "Absence" if fait.code == NatureFait.ABSENT else "Départ avant la fin"
    return LigneCarnet(
        NatureAffichage.RETARD if retard else NatureAffichage.ABSENCE,
        fait.id,
        _local(fait.debut).date(),
        f"Retard{duree}" if retard else libelle,
        f"{_intervalle(fait.debut, fait.fin)}.",
        "" if fait.attente else _A_DONNER,
        fait.attente,
    )


def _punition_lue(punition: Row[Any]) -> LigneCarnet:
    travail = f" Travail : {punition.texte}" if punition.texte else ""
    return LigneCarnet(
        NatureAffichage.PUNITION,
        punition.id,
        punition.jour,
        PUNITIONS[NaturePunition(punition.code)],
        f"Motif : {MOTIFS[MotifDiscipline(punition.motif)].lower()}.{travail}",
    )


def _retenue_lue(retenue: Row[Any]) -> LigneCarnet:
    quand = f"{jour_long(retenue.debut).capitalize()}, {heures_dites(retenue.debut, retenue.fin)}"
    return LigneCarnet(
        NatureAffichage.PUNITION,
        retenue.id,
        _local(retenue.debut).date(),
        f"Retenue {ETATS_RETENUE[EtatRetenue(retenue.code)].lower()}",
        f"{quand}, {retenue.texte}.",
    )


def _sanction_lue(sanction: Row[Any]) -> LigneCarnet:
    dit = [f"Motif : {MOTIFS[MotifDiscipline(sanction.motif)].lower()}."]
    if sanction.du:
        dit.append(f"Du {jour_long(sanction.du)} au {jour_long(sanction.au or sanction.du)}.")
    if terme := sanction.sursis:
        dit.append(f"Avec sursis jusqu'au {jour_long(terme)} {terme.year}.")
    libelle = SANCTIONS[Sanction(sanction.echelon)]
    return LigneCarnet(NatureAffichage.SANCTION, sanction.id, sanction.jour, libelle, " ".join(dit))


def _mot_lu(mot: Row[Any]) -> LigneCarnet:
    return LigneCarnet(
        NatureAffichage.OBSERVATION, mot.id, mot.jour, OBSERVATIONS[MotObservation(mot.code)], "Observation."
    )


_DITES: Mapping[str, Callable[[Row[Any]], LigneCarnet]] = {
    _Sorte.ABSENCE: _absence_lue,
    _Sorte.FAIT: _fait_lu,
    _Sorte.PUNITION: _punition_lue,
    _Sorte.RETENUE: _retenue_lue,
    _Sorte.SANCTION: _sanction_lue,
    _Sorte.MOT: _mot_lu,
}


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
