"""Le décompte en demi-journées : la règle de l'établissement, expliquée ligne à ligne, puis scellée.

Ce qui est scellé ne bouge plus : une correction ultérieure se montre « après scellement » (§ 4.2, règle 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import FUSEAU, Introuvable, OperationRefusee, PeriodeLue, periodes
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Decompte
from ent_carnet.regles.demi_journees import DemiJournee, RegleDemiJournee, Statut, compter
from ent_carnet.services.motifs import reglage
from ent_carnet.services.releve import relever

__all__ = ["Compte", "Ecart", "apres_scellement", "compter_eleves", "periode", "sceller", "scelles"]


@dataclass(frozen=True, slots=True)
class Compte:
    """Ce qui se compte d'un élève dans un intervalle.

    :param lignes: chaque demi-journée où il avait cours, et pourquoi elle compte ou non.
    :param retards: jours de ses retards, un par séance.
    :param retards_au_bulletin: sans ceux dont le motif ne se compte pas.
    """

    lignes: Sequence[DemiJournee]
    retards: Sequence[date]
    retards_au_bulletin: int

    @property
    def total(self) -> int:
        """Demi-journées d'absence."""
        return sum(ligne.compte for ligne in self.lignes)

    @property
    def non_reglees(self) -> int:
        """Parmi elles, celles que rien ne règle encore."""
        return sum(ligne.statut is Statut.NON_REGLEE for ligne in self.lignes)

    @property
    def illegitimes(self) -> int:
        """Parmi elles, celles sans motif légitime ni excuse valable."""
        return sum(ligne.compte and not ligne.legitime for ligne in self.lignes)

    @property
    def au_bulletin(self) -> tuple[int, int, int]:
        """Les trois nombres du bulletin : demi-journées, dont non réglées, retards."""
        imprimees = [ligne for ligne in self.lignes if ligne.au_bulletin]
        non_reglees = sum(ligne.statut is Statut.NON_REGLEE for ligne in imprimees)
        return len(imprimees), non_reglees, self.retards_au_bulletin


@dataclass(frozen=True, slots=True)
class Ecart:
    """Un élève dont le décompte scellé n'est plus celui d'aujourd'hui.

    :param scelle, courant: demi-journées, dont non réglées, retards.
    """

    eleve_id: UUID
    scelle: tuple[int, int, int]
    courant: tuple[int, int, int]


def compter_eleves(
    session: Session,
    uai: str,
    annee: int,
    du: date,
    au: date,
    eleves: Iterable[UUID] | None = None,
    *,
    vu_le: datetime | None = None,
) -> dict[UUID, Compte]:
    """Compte des élèves dans un intervalle, par la règle de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param eleves: élèves voulus ; par défaut, tous les inscrits de l'intervalle.
    :param vu_le: instant où on le lit, si des séances de l'intervalle sont à venir.
    """
    choix = reglage(session, uai)
    releve = relever(session, uai, annee, du, au, eleves)
    regle = RegleDemiJournee(choix.regle)
    return {
        eleve: Compte(
            compter(observees, releve.periodes(eleve), midi=choix.midi, regle=regle, vu_le=vu_le),
            releve.retards(eleve),
            len(releve.retards(eleve, au_bulletin=True)),
        )
        for eleve, observees in releve.observees.items()
    }


def periode(session: Session, uai: str, annee: int, rang: int) -> PeriodeLue:
    """Une période de l'année.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param rang: rang de la période.
    :raises Introuvable: l'établissement n'a pas cette période.
    """
    for trouvee in periodes(session, uai, annee):
        if trouvee.rang == rang:
            return trouvee
    raise Introuvable(
        f"l'année {annee}-{annee + 1} n'a pas de période {rang}.",
        remede="définir les périodes dans l'administration de l'établissement.",
    )


def scelles(
    session: Session, uai: str, annee: int, rang: int, eleves: Iterable[UUID] | None = None
) -> dict[UUID, Decompte]:
    """Décomptes scellés d'une période, par élève.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param rang: rang de la période.
    :param eleves: élèves voulus ; par défaut, tous.
    """
    enonce = select(Decompte).where(
        Decompte.uai == uai, Decompte.annee == annee, Decompte.periode == str(rang)
    )
    if eleves is not None:
        enonce = enonce.where(Decompte.eleve_id.in_(list(eleves)))
    return {decompte.eleve_id: decompte for decompte in session.scalars(enonce)}


def sceller(session: Session, uai: str, annee: int, rang: int, instant: datetime) -> int:
    """Scelle le décompte de chaque élève de la période ; rejoué, il n'ajoute que les manquants.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param rang: rang de la période.
    :param instant: maintenant.
    :returns: décomptes ajoutés.
    :raises OperationRefusee: la période n'est pas finie.
    """
    voulue = periode(session, uai, annee, rang)
    if instant.astimezone(FUSEAU).date() < voulue.fin:
        raise OperationRefusee(
            f"{voulue.libelle} n'est pas fini : un décompte ne se scelle qu'après son dernier jour.",
            remede="attendre le lendemain du dernier jour, ou corriger les dates de la période.",
        )
    deja = scelles(session, uai, annee, rang).keys()
    regle = reglage(session, uai).regle
    ajoutes = [
        Decompte(
            uai=uai, annee=annee, eleve_id=eleve, periode=str(rang), demi_journees=total,
            non_reglees=non_reglees, retards=retards, regle=regle, scelle_le=instant,
        )
        for eleve, compte in compter_eleves(session, uai, annee, voulue.debut, voulue.fin).items()
        if eleve not in deja
        for total, non_reglees, retards in (compte.au_bulletin,)
    ]  # fmt: skip
    session.add_all(ajoutes)
    session.flush()
    return len(ajoutes)


def apres_scellement(
    session: Session, uai: str, annee: int, rang: int, eleves: Iterable[UUID] | None = None
) -> list[Ecart]:
    """Élèves dont une correction est venue après le scellement ; ce qui est scellé reste ce qui s'imprime.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param rang: rang de la période.
    :param eleves: élèves voulus ; par défaut, tous.
    """
    tenus: Mapping[UUID, Decompte] = scelles(session, uai, annee, rang, eleves)
    if not tenus:
        return []
    voulue = periode(session, uai, annee, rang)
    courants = compter_eleves(session, uai, annee, voulue.debut, voulue.fin, tenus.keys())
    ecarts = []
    for eleve, decompte in tenus.items():
        scelle = (decompte.demi_journees, decompte.non_reglees, decompte.retards)
        courant = courants[eleve].au_bulletin if eleve in courants else (0, 0, 0)
        if scelle != courant:
            ecarts.append(Ecart(eleve, scelle, courant))
    return ecarts
