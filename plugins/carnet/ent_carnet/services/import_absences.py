"""Importer des absences d'un fichier : aperçu, écriture, et de quoi la défaire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from ent_core.brique import FUSEAU, DonneeInvalide, Introuvable, Source, divisions, inscrits_du_jour
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence
from ent_carnet.nomenclatures import Genre
from ent_carnet.regles.csv_absences import ErreurLigne, LigneLue, cle_de_nom, lire_csv
from ent_carnet.services import motifs, seuils

__all__ = ["Apercu", "Lot", "annuler_lot", "apercevoir", "importer", "lots"]


@dataclass(frozen=True, slots=True)
class Apercu:
    """Ce qu'un fichier apporterait.

    :param pretes: lignes à écrire, avec leur élève.
    :param erreurs: lignes laissées, et pourquoi.
    """

    pretes: Sequence[tuple[LigneLue, UUID]]
    erreurs: Sequence[ErreurLigne]

    @property
    def eleves(self) -> int:
        """Nombre d'élèves concernés."""
        return len({eleve for _, eleve in self.pretes})


@dataclass(frozen=True, slots=True)
class Lot:
    """Un import passé.

    :param tenues: absences du lot encore en vigueur.
    """

    id: UUID
    le: datetime
    absences: int
    tenues: int


def apercevoir(session: Session, uai: str, annee: int, texte: str, jour: date) -> Apercu:
    """Lit un fichier et retrouve les élèves, sans rien écrire.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire ; une ligne d'une autre année est une erreur.
    :param texte: contenu du fichier.
    :param jour: jour où les classes sont lues.
    """
    lues, erreurs = lire_csv(texte)
    connus = _eleves_connus(session, uai, annee, jour)
    codes = {motif.code for motif in motifs.lister(session, uai, Genre.ABSENCE)}
    tenues = _tenues(session, uai, annee)
    pretes: list[tuple[LigneLue, UUID]] = []
    for ligne in lues:
        trouves = connus.get(ligne.eleve, [])
        message = _refus(ligne, trouves, codes, annee)
        if not message and any(d < ligne.fin and ligne.debut < f for d, f in tenues[trouves[0]]):
            message = "elle recouvre une absence déjà tenue, ou une autre ligne."
        if message:
            erreurs.append(ErreurLigne(ligne.rang, message))
            continue
        tenues[trouves[0]].append((ligne.debut, ligne.fin))
        pretes.append((ligne, trouves[0]))
    return Apercu(pretes, sorted(erreurs, key=lambda erreur: erreur.rang))


def importer(
    session: Session, uai: str, annee: int, texte: str, *, auteur_id: UUID | None, instant: datetime
) -> tuple[UUID, Apercu]:
    """Écrit les lignes prêtes en un lot ; les autres sont laissées, et dites.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param texte: contenu du fichier, tel qu'à l'aperçu.
    :param auteur_id: qui importe ; ``None`` pour une commande.
    :param instant: maintenant.
    :returns: le lot, et ce qui a été lu.
    :raises DonneeInvalide: aucune ligne n'est prête.
    """
    jour = instant.astimezone(FUSEAU).date()
    apercu = apercevoir(session, uai, annee, texte, jour)
    if not apercu.pretes:
        raise DonneeInvalide("aucune ligne du fichier ne peut être importée.", remede="corriger le fichier.")
    lot = _lot(instant)
    par_code = {motif.code: motif for motif in motifs.lister(session, uai, Genre.ABSENCE)}
    for ligne, eleve in apercu.pretes:
        motif = par_code.get(ligne.motif)
        session.add(
            Absence(
                uai=uai, annee=annee, eleve_id=eleve, genre=Genre.ABSENCE, debut=ligne.debut, fin=ligne.fin,
                motif_id=motif.id if motif else None, etat=motifs.etat_du_motif(motif), source=Source.IMPORT,
                auteur_id=auteur_id, traitee_le=instant, lot_id=lot,
            )
        )  # fmt: skip
    session.flush()
    seuils.evaluer(
        session, uai, annee, date(annee, 8, 1), jour + timedelta(days=1), {e for _, e in apercu.pretes}
    )
    return lot, apercu


def lots(session: Session, uai: str, annee: int) -> list[Lot]:
    """Imports de l'année, du plus récent au plus ancien.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    enonce = (
        select(
            Absence.lot_id,
            func.min(Absence.traitee_le),
            func.count(),
            func.count().filter(Absence.annulee_le.is_(None)),
        )
        .where(Absence.uai == uai, Absence.annee == annee, Absence.lot_id.is_not(None))
        .group_by(Absence.lot_id)
        .order_by(func.min(Absence.traitee_le).desc())
    )
    return [Lot(lot, le, nombre, tenues) for lot, le, nombre, tenues in session.execute(enonce) if lot]


def annuler_lot(
    session: Session, uai: str, annee: int, lot_id: UUID, *, auteur_id: UUID | None, instant: datetime
) -> tuple[int, int]:
    """Annule ce qu'un import a écrit, sauf ce qu'une personne a traité depuis.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param lot_id: import.
    :param auteur_id: qui annule.
    :param instant: maintenant.
    :returns: absences annulées, absences gardées car traitées depuis.
    :raises Introuvable: cet établissement n'a pas fait cet import, ou il est déjà annulé.
    """
    siennes = session.scalars(
        select(Absence)
        .where(
            Absence.uai == uai, Absence.annee == annee, Absence.lot_id == lot_id, Absence.annulee_le.is_(None)
        )
        .with_for_update()
    ).all()  # fmt: skip
    if not siennes:
        raise Introuvable("cet import n'existe pas, ou il est déjà annulé.", remede="recharger la page.")
    intactes = [absence for absence in siennes if _millisecondes(absence.traitee_le) == lot_id.int >> 80]
    for absence in intactes:
        absence.annulee_le = absence.traitee_le = instant
        absence.auteur_id = auteur_id
    session.flush()
    jour = instant.astimezone(FUSEAU).date() + timedelta(days=1)
    seuils.evaluer(session, uai, annee, date(annee, 8, 1), jour, {a.eleve_id for a in intactes})
    return len(intactes), len(siennes) - len(intactes)


def _lot(instant: datetime) -> UUID:
    """Identifiant d'un lot (UUIDv7) : il dit son instant, et donc ce qui n'a pas été traité depuis."""
    hasard = uuid4().int & ((1 << 76) - 1)
    return UUID(int=_millisecondes(instant) << 80 | 7 << 76 | hasard & ~(3 << 62) | 2 << 62)


def _millisecondes(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _refus(ligne: LigneLue, trouves: Sequence[UUID], codes: set[str], annee: int) -> str:
    if not trouves:
        return "aucun élève de ce nom dans cette classe."
    if len(trouves) > 1:
        return "plusieurs élèves de ce nom dans cette classe : saisir cette absence à l'écran."
    if not date(annee, 8, 1) <= ligne.debut.date() <= date(annee + 1, 7, 31):
        return "elle n'est pas de cette année scolaire."
    if ligne.motif and ligne.motif not in codes:
        return "ce motif n'est pas un code de l'établissement."
    return ""


def _eleves_connus(
    session: Session, uai: str, annee: int, jour: date
) -> dict[tuple[str, str, str], list[UUID]]:
    inscrits = inscrits_du_jour(session, uai, annee, jour)
    connus: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
    for division in divisions(session, uai, annee):
        for eleve in inscrits.get(division.id, ()):
            for nom in {cle_de_nom(division.code), cle_de_nom(division.libelle)}:
                connus[nom, cle_de_nom(eleve.nom), cle_de_nom(eleve.prenom)].append(eleve.id)
    return connus


def _tenues(session: Session, uai: str, annee: int) -> dict[UUID, list[tuple[datetime, datetime]]]:
    enonce = select(Absence.eleve_id, Absence.debut, Absence.fin).where(
        Absence.uai == uai, Absence.annee == annee, Absence.genre == Genre.ABSENCE,
        Absence.annulee_le.is_(None),
    )  # fmt: skip
    trouvees: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for eleve, debut, fin in session.execute(enonce):
        trouvees[eleve].append((debut, fin))
    return trouvees
