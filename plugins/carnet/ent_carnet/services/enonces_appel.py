"""Les énoncés de l'appel, bâtis une fois : la page la plus ouverte de la journée n'en compile aucun."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    JOUR,
    UAI,
    Base,
    SeanceLue,
    instant_lie,
    lire,
    liste_liee,
)
from sqlalchemy import (
    SmallInteger,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as inserer
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Appel, Fait, InterdictionConservatoire, Motif, Reglage
from ent_carnet.nomenclatures import Ailleurs, Genre, LegitimiteMotif, NatureFait
from ent_carnet.regles.appel import Constat, Delais

__all__ = [
    "AppelLu",
    "FaitLu",
    "Signe",
    "appels_des_seances",
    "compter",
    "ecrire_appel",
    "ecrire_faits",
    "faits_des_appels",
    "retirer_faits",
    "signes",
]


@dataclass(frozen=True, slots=True)
class AppelLu:
    """L'appel d'une heure, commencé ou terminé."""

    id: UUID
    seance_id: UUID
    debut: datetime
    fin: datetime
    division_id: UUID | None
    groupe_id: UUID | None
    matiere: str
    auteur_id: UUID | None
    fait_le: datetime
    termine_le: datetime | None
    version: int

    @property
    def structure_id(self) -> UUID | None:
        """Sa division ou son groupe."""
        return self.division_id or self.groupe_id


@dataclass(frozen=True, slots=True)
class FaitLu:
    """Un fait, courant ou retiré."""

    id: UUID
    appel_id: UUID
    eleve_id: UUID
    constat: Constat
    auteur_id: UUID | None
    saisi_le: datetime
    retire_le: datetime | None
    retire_par: UUID | None


@dataclass(frozen=True, slots=True)
class Signe:
    """Ce qui est déjà su d'un élève au début de l'heure.

    :param genre: ``absent`` (à un appel du jour), ``prevue`` (absence connue) ou ``interdit``.
    :param code: code du motif d'une absence prévue.
    :param etablissement: l'absence relève de l'établissement.
    """

    genre: str
    eleve_id: UUID
    debut: datetime | None
    code: str | None
    etablissement: bool


_APPELS_NOTES, _FAITS_NOTES = (Base.metadata.tables[modele.__tablename__] for modele in (Appel, Fait))
_appel, _fait, _absence = _APPELS_NOTES.c, _FAITS_NOTES.c, Absence.__table__.c
_motif, _reglage, _interdit = (modele.__table__.c for modele in (Motif, Reglage, InterdictionConservatoire))
_INSTANT, _APPELS, _ELEVES = instant_lie("instant"), liste_liee("appels"), liste_liee("eleves")

_COLONNES = (
    _appel.id, _appel.seance_id, _appel.debut, _appel.fin, _appel.division_id, _appel.groupe_id,
    _appel.matiere, _appel.auteur_id, _appel.fait_le, _appel.termine_le, _appel.version,
)  # fmt: skip
_ici = select(true().label("toujours")).subquery("ici")
# Les délais et les appels d'un coup : sans réglage et sans appel, une ligne vide le dit encore.
_DELAIS_ET_APPELS = (
    select(
        _reglage.avance, _reglage.correction, _reglage.correction_cpe, _reglage.heure_precedente, *_COLONNES
    )
    .select_from(
        _ici.outerjoin(Reglage.__table__, _reglage.uai == UAI).outerjoin(
            Appel.__table__,
            and_(
                _appel.uai == UAI,
                _appel.annee == ANNEE,
                or_(
                    _appel.seance_id == liste_liee("seances"),
                    and_(
                        _appel.debut >= instant_lie("du"),
                        _appel.debut < instant_lie("au"),
                        func.coalesce(_appel.division_id, _appel.groupe_id) == liste_liee("structures"),
                    ),
                ),
            ),
        )
    )
    .order_by(_appel.debut, _appel.id)
)
_FAITS = (
    select(
        _fait.id, _fait.appel_id, _fait.eleve_id, _fait.nature, _fait.minutes, _fait.ailleurs,
        _fait.auteur_id, _fait.saisi_le, _fait.retire_le, _fait.retire_par,
    )
    .where(_fait.uai == UAI, _fait.annee == ANNEE, _fait.appel_id == _APPELS)
    .order_by(_fait.id)
)  # fmt: skip
_NOMBRES = (
    select(_fait.appel_id, _fait.nature, func.count())
    .where(
        _fait.uai == UAI, _fait.annee == ANNEE, _fait.appel_id == _APPELS, _fait.retire_le.is_(None)
    )
    .group_by(_fait.appel_id, _fait.nature)
)  # fmt: skip
_SIGNES = union_all(
    select(
        literal("absent").label("genre"), _fait.eleve_id, func.max(_fait.debut).label("debut"),
        cast(null(), String).label("code"), literal(False).label("etablissement"),
    )
    .where(
        _fait.uai == UAI, _fait.annee == ANNEE, _fait.eleve_id == _ELEVES, _fait.retire_le.is_(None),
        _fait.nature == NatureFait.ABSENT.value, _fait.debut < _INSTANT,
        _fait.debut >= instant_lie("matin"),
    )
    .group_by(_fait.eleve_id),
    select(
        literal("prevue"), _absence.eleve_id, _absence.debut, _motif.code,
        func.coalesce(_motif.legitimite == LegitimiteMotif.ETABLISSEMENT.value, False),
    )
    .select_from(
        Absence.__table__.outerjoin(
            Motif.__table__, and_(_motif.uai == _absence.uai, _motif.id == _absence.motif_id)
        )
    )
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.eleve_id == _ELEVES,
        _absence.genre == Genre.ABSENCE.value, _absence.annulee_le.is_(None),
        _absence.debut <= _INSTANT, _absence.fin > _INSTANT,
        or_(_absence.annoncee, _motif.legitimite == LegitimiteMotif.ETABLISSEMENT.value),
    ),
    select(literal("interdit"), _interdit.eleve_id, null(), null(), literal(True)).where(
        _interdit.uai == UAI, _interdit.annee == ANNEE, _interdit.eleve_id == _ELEVES,
        _interdit.du <= JOUR, _interdit.au >= JOUR, _interdit.levee_le.is_(None),
    ),
)  # fmt: skip
_inseree = inserer(_APPELS_NOTES)
# La ligne écrite est tenue jusqu'à la fin de la transaction : deux saisies se suivent, sans se mêler.
_ECRIRE_APPEL = _inseree.on_conflict_do_update(
    index_elements=["uai", "annee", "seance_id", "debut"],
    set_={
        "version": _appel.version + 1,
        "fait_le": _inseree.excluded.fait_le,
        "termine_le": func.coalesce(_appel.termine_le, _inseree.excluded.termine_le),
    },
).returning(*_COLONNES)
# Ici, un paramètre au nom d'une colonne serait pris pour la valeur à y écrire.
_RETIRER = (
    update(_FAITS_NOTES)
    .where(
        _fait.uai == bindparam("ecole", type_=String),
        _fait.annee == bindparam("an", type_=SmallInteger),
        _fait.id == liste_liee("faits"),
        _fait.retire_le.is_(None),
    )
    .values(retire_le=_INSTANT, retire_par=bindparam("par", type_=Uuid))
)
_ECRIRE_FAITS = insert(_FAITS_NOTES).returning(_fait.eleve_id, _fait.id)


def appels_des_seances(
    session: Session, uai: str, annee: int, seances: Sequence[SeanceLue] | UUID, du: datetime, au: datetime
) -> tuple[Delais, list[AppelLu]]:
    """Délais de l'établissement, et appels de ces séances ; un seul énoncé.

    Un appel est celui d'une séance par son identifiant, ou par sa structure dans l'intervalle : un nouvel
    emploi du temps peut avoir donné un autre identifiant à la même heure.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param seances: séances, ou l'identifiant d'une séance qui n'est plus à l'emploi du temps.
    :param du: début de l'intervalle.
    :param au: fin de l'intervalle, exclue.
    """
    if isinstance(seances, UUID):
        ids, structures = [seances], []
    else:
        ids = [seance.id for seance in seances]
        structures = [seance.division_id or seance.groupe_id for seance in seances]
    valeurs = {"uai": uai, "annee": annee, "seances": ids, "structures": structures, "du": du, "au": au}
    lignes = lire(session, _DELAIS_ET_APPELS, valeurs).all()
    avance = lignes[0][0]
    delais = Delais() if avance is None else Delais(*lignes[0][:4])
    return delais, [AppelLu(*ligne[4:]) for ligne in lignes if ligne[4] is not None]


def faits_des_appels(session: Session, uai: str, annee: int, appels: Collection[UUID]) -> list[FaitLu]:
    """Tous les faits de ces appels, retirés compris, dans l'ordre de leur saisie.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param appels: appels.
    """
    if not appels:
        return []
    lignes = lire(session, _FAITS, {"uai": uai, "annee": annee, "appels": list(appels)})
    return [
        FaitLu(fait, appel, eleve, _constat(nature, minutes, ailleurs), *reste)
        for fait, appel, eleve, nature, minutes, ailleurs, *reste in lignes
    ]


def compter(
    session: Session, uai: str, annee: int, appels: Collection[UUID]
) -> dict[UUID, dict[NatureFait, int]]:
    """Élèves par nature de fait, appel par appel ; jamais par personne.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param appels: appels.
    """
    nombres: dict[UUID, dict[NatureFait, int]] = {}
    if appels:
        for appel, nature, nombre in lire(
            session, _NOMBRES, {"uai": uai, "annee": annee, "appels": list(appels)}
        ):
            nombres.setdefault(appel, {})[NatureFait(nature)] = nombre
    return nombres


def signes(
    session: Session, uai: str, annee: int, eleves: Iterable[UUID], instant: datetime, matin: datetime
) -> list[Signe]:
    """Ce qui est déjà su d'élèves au début d'une heure ; un seul énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves de la feuille.
    :param instant: début de l'heure.
    :param matin: début du jour, à Paris.
    """
    valeurs = {
        "uai": uai, "annee": annee, "eleves": list(eleves), "instant": instant, "matin": matin,
        "jour": matin.date(),
    }  # fmt: skip
    return [Signe(*ligne) for ligne in lire(session, _SIGNES, valeurs)]


def ecrire_appel(session: Session, valeurs: dict[str, Any]) -> AppelLu:
    """Commence, complète ou termine un appel, et tient sa ligne jusqu'à la fin de la transaction.

    :param session: session ouverte dans l'établissement.
    :param valeurs: colonnes de la ligne.
    """
    return AppelLu(*session.execute(_ECRIRE_APPEL, valeurs).one())


def retirer_faits(
    session: Session, uai: str, annee: int, faits: Collection[UUID], instant: datetime, par: UUID
) -> None:
    """Retire des faits ; leurs lignes restent.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param faits: faits courants.
    :param instant: maintenant.
    :param par: qui corrige.
    """
    if faits:
        session.execute(
            _RETIRER, {"ecole": uai, "an": annee, "faits": list(faits), "instant": instant, "par": par}
        )


def ecrire_faits(session: Session, lignes: Sequence[dict[str, Any]]) -> dict[UUID, UUID]:
    """Écrit des faits, un par élève, et rend l'identifiant de chacun par élève.

    :param session: session ouverte dans l'établissement.
    :param lignes: colonnes de chaque fait.
    """
    if not lignes:
        return {}
    return {eleve: fait for eleve, fait in session.execute(_ECRIRE_FAITS, lignes)}


def _constat(nature: str, minutes: int | None, ailleurs: str | None) -> Constat:
    return Constat(NatureFait(nature), minutes, Ailleurs(ailleurs) if ailleurs else None)
