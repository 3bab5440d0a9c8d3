"""Réunir ce qu'il faut pour compter : inscriptions datées, emploi du temps, appels, faits, périodes.

Six énoncés au plus, quel que soit le nombre d'élèves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    UAI,
    Base,
    Source,
    inscriptions,
    instant_lie,
    lire,
    liste_liee,
    seances_prevues,
)
from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Appel, ChangementMotif, Fait, Motif
from ent_carnet.nomenclatures import EtatAbsence, Genre, Indicateur, LegitimiteMotif, NatureFait
from ent_carnet.regles.attendus import Appartenance, AppelFait, Constat, Prevue, observer
from ent_carnet.regles.demi_journees import Observee, Periode
from ent_carnet.regles.indicateurs import Changement, Indicateurs, indicateurs_au

__all__ = ["PeriodeTenue", "Releve", "bornes", "periodes_tenues", "relever"]

_tables = Base.metadata.tables
_appel = _tables[Appel.__tablename__].c
_fait = _tables[Fait.__tablename__].c
_absence = _tables[Absence.__tablename__].c
_motif = _tables[Motif.__tablename__].c
_change = _tables[ChangementMotif.__tablename__].c
_DU, _AU = instant_lie("du"), instant_lie("au")
_APPELS = select(
    _appel.id,
    _appel.seance_id,
    func.coalesce(_appel.division_id, _appel.groupe_id),
    _appel.debut,
    _appel.fin,
    _appel.termine_le.is_not(None),
).where(
    _appel.uai == UAI, _appel.annee == ANNEE, _appel.debut >= _DU, _appel.debut < _AU,
    or_(_appel.division_id == liste_liee("structures"), _appel.groupe_id == liste_liee("structures")),
)  # fmt: skip
_FAITS = select(_fait.eleve_id, _fait.appel_id, _fait.nature, _fait.debut, _fait.fin).where(
    _fait.uai == UAI, _fait.annee == ANNEE, _fait.debut >= _DU, _fait.debut < _AU,
    _fait.eleve_id == liste_liee("eleves"), _fait.retire_le.is_(None),
)  # fmt: skip
_ABSENCES = (
    select(
        _absence.id, _absence.eleve_id, _absence.genre, _absence.debut, _absence.fin, _absence.etat,
        _absence.motif_id, _absence.source, _absence.auteur_id, _absence.annoncee, _motif.libelle,
        _motif.legitimite, _motif.recevable, _motif.regle, _motif.compte, _motif.affichable,
    )
    .select_from(
        _absence.id.table.outerjoin(
            _motif.id.table, and_(_motif.uai == _absence.uai, _motif.id == _absence.motif_id)
        )
    )
    .where(
        _absence.uai == UAI, _absence.annee == ANNEE, _absence.debut < _AU, _absence.fin > _DU,
        _absence.eleve_id == liste_liee("eleves"), _absence.annulee_le.is_(None),
    )
    .order_by(_absence.debut, _absence.id)
)  # fmt: skip
_CHANGEMENTS = (
    select(_change.motif_id, _change.indicateur, _change.valeur, _change.effet_le)
    .where(_change.uai == UAI, _change.annee == ANNEE)
    .order_by(_change.decide_le, _change.id)
)


@dataclass(frozen=True, slots=True)
class PeriodeTenue:
    """Une absence ou un retard traité, avec ce que son motif vaut à sa date.

    :param libre: personne ne l'a encore traitée : elle suit les faits.
    """

    id: UUID
    eleve_id: UUID
    genre: Genre
    debut: datetime
    fin: datetime
    etat: EtatAbsence
    motif: str
    etablissement: bool
    indicateurs: Indicateurs
    importee: bool
    libre: bool

    @property
    def periode(self) -> Periode:
        """Ce que la règle des demi-journées en attend."""
        return Periode(
            self.debut, self.fin, self.motif, self.etat is EtatAbsence.REGLEE, self.etablissement,
            self.indicateurs.recevable, self.indicateurs.compte,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Releve:
    """Ce qui est su d'élèves dans un intervalle, par élève."""

    observees: Mapping[UUID, Sequence[Observee]]
    tenues: Mapping[UUID, Sequence[PeriodeTenue]]

    def periodes(self, eleve_id: UUID) -> list[Periode]:
        """Périodes d'absence d'un élève.

        :param eleve_id: élève.
        """
        return [t.periode for t in self.tenues.get(eleve_id, ()) if t.genre is Genre.ABSENCE]

    def retards(self, eleve_id: UUID, *, au_bulletin: bool = False) -> list[date]:
        """Jours des retards d'un élève, un par séance.

        :param eleve_id: élève.
        :param au_bulletin: sans ceux dont le motif dit qu'ils ne se comptent pas.
        """
        exclus = [
            (t.debut, t.fin)
            for t in self.tenues.get(eleve_id, ())
            if au_bulletin and t.genre is Genre.RETARD and not t.indicateurs.compte
        ]
        return [
            o.debut.astimezone(FUSEAU).date()
            for o in self.observees.get(eleve_id, ())
            if o.nature is NatureFait.RETARD and not any(d <= o.debut < f for d, f in exclus)
        ]


def bornes(du: date, au: date) -> tuple[datetime, datetime]:
    """Instants du premier jour et du lendemain du dernier, à Paris.

    :param du: premier jour.
    :param au: lendemain du dernier jour.
    """
    return datetime.combine(du, time(), FUSEAU), datetime.combine(au, time(), FUSEAU)


def relever(
    session: Session,
    uai: str,
    annee: int,
    du: date,
    au: date,
    eleves: Iterable[UUID] | None = None,
    tenues: Mapping[UUID, Sequence[PeriodeTenue]] | None = None,
) -> Releve:
    """Relève tout ce qui est su d'élèves dans un intervalle.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param eleves: élèves voulus ; par défaut, tous les inscrits de l'intervalle.
    :param tenues: leurs périodes dans l'intervalle, si elles sont déjà lues.
    """
    lues = inscriptions(session, uai, annee, du, au, eleves)
    voulus = list({i.eleve_id for i in lues} if eleves is None else set(eleves))
    structures = list({i.structure_id for i in lues})
    premier, dernier = bornes(du, au)
    commun = {"uai": uai, "annee": annee, "du": premier, "au": dernier}
    appels = [AppelFait(*ligne) for ligne in lire(session, _APPELS, {**commun, "structures": structures})]
    constats: dict[UUID, list[Constat]] = defaultdict(list)
    for eleve, appel, nature, debut, fin in lire(session, _FAITS, {**commun, "eleves": voulus}):
        constats[eleve].append(Constat(appel, NatureFait(nature), debut, fin))
    if tenues is None:
        tenues = periodes_tenues(session, uai, annee, du, au, voulus)
    observees = observer(
        [Appartenance(i.eleve_id, i.structure_id, i.debut, i.fin) for i in lues],
        [
            Prevue(s.id, s.structure_id, s.debut, s.fin)
            for s in seances_prevues(session, uai, annee, du, au, structures)
        ],
        appels,
        constats,
        {eleve: [(t.debut, t.fin) for t in siennes if t.importee] for eleve, siennes in tenues.items()},
    )
    return Releve(observees, tenues)


def periodes_tenues(
    session: Session,
    uai: str,
    annee: int,
    du: date,
    au: date,
    eleves: Iterable[UUID],
    *,
    a_leur_date: bool = True,
) -> dict[UUID, list[PeriodeTenue]]:
    """Périodes non annulées qui touchent un intervalle, par élève ; deux énoncés.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param eleves: élèves voulus.
    :param a_leur_date: faux pour qui n'emploie pas les indicateurs : ils sont ceux d'aujourd'hui.
    """
    changements: dict[UUID, list[Changement]] = defaultdict(list)
    if a_leur_date:
        for motif_id, indicateur, valeur, effet in lire(session, _CHANGEMENTS, {"uai": uai, "annee": annee}):
            changements[motif_id].append(Changement(Indicateur(indicateur), valeur, effet))
    premier, dernier = bornes(du, au)
    valeurs = {"uai": uai, "annee": annee, "du": premier, "au": dernier, "eleves": list(eleves)}
    trouvees: dict[UUID, list[PeriodeTenue]] = defaultdict(list)
    for ligne in lire(session, _ABSENCES, valeurs):
        trouvees[ligne.eleve_id].append(_tenue(ligne, changements.get(ligne.motif_id, ())))
    return trouvees


_SANS_MOTIF = Indicateurs(recevable=False, regle=False, compte=True, affichable=True)


def _tenue(ligne: Row[Any], changements: Sequence[Changement]) -> PeriodeTenue:
    indicateurs = _SANS_MOTIF
    if ligne.libelle is not None:
        courants = Indicateurs(ligne.recevable, ligne.regle, ligne.compte, ligne.affichable)
        indicateurs = indicateurs_au(ligne.debut.astimezone(FUSEAU).date(), courants, changements)
    return PeriodeTenue(
        ligne.id, ligne.eleve_id, Genre(ligne.genre), ligne.debut, ligne.fin, EtatAbsence(ligne.etat),
        ligne.libelle or "", ligne.legitimite == LegitimiteMotif.ETABLISSEMENT, indicateurs,
        importee=ligne.source == Source.IMPORT,
        libre=ligne.auteur_id is None and ligne.etat == EtatAbsence.SANS_MOTIF
        and ligne.source == Source.SAISIE and not ligne.annoncee,
    )  # fmt: skip
