"""Écrire l'appel : chaque constat aussitôt, l'ancien gardé, deux personnes à la fois sans rien perdre."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Contexte,
    DonneeInvalide,
    OperationRefusee,
    PersonneNommee,
    Portee,
    Source,
    heure,
    inscriptions,
    jour_long,
    nommer,
)
from sqlalchemy.orm import Session

from ent_carnet.nomenclatures import Canal, NatureFait
from ent_carnet.regles.appel import (
    PRESENT,
    Changement,
    Constat,
    Derniere,
    Heure,
    departager,
    fenetre,
    minutes_manquees,
)
from ent_carnet.services.enonces_appel import (
    AppelLu,
    ecrire_appel,
    ecrire_faits,
    faits_des_appels,
    retirer_faits,
)
from ent_carnet.services.feuille import Feuille, Page, dernieres, ouvrir
from ent_carnet.services.suites_appel import donner_suite

__all__ = ["Enregistrement", "Saisie", "changements_du_formulaire", "enregistrer", "noter_une_arrivee"]

_MATIERE = 64
_AVANCE_D_HORLOGE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Saisie:
    """Ce qu'une personne envoie d'une feuille.

    :param termine: toute la classe a été vue.
    :param canal: à l'écran, hors ligne puis renvoyé, ou recopié du papier.
    :param saisi_le: instant de la saisie, si elle est renvoyée plus tard.
    """

    changements: tuple[Changement, ...] = ()
    termine: bool = False
    canal: Canal = Canal.ECRAN
    saisi_le: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enregistrement:
    """La feuille, après l'écriture.

    :param connues: la dernière chose notée de chaque élève.
    :param conflits: élèves qu'une autre personne avait changés : rien n'en est écrit.
    :param noms: personnes qui y ont noté quelque chose.
    """

    appel: AppelLu
    connues: dict[UUID, Derniere]
    conflits: tuple[UUID, ...]
    noms: dict[UUID, PersonneNommee]


def enregistrer(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    instant: datetime,
    cible: tuple[UUID, int],
    saisie: Saisie,
) -> Enregistrement:
    """Enregistre des constats, dans la transaction de l'appelant.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui note.
    :param portee: périmètre de sa permission.
    :param instant: maintenant.
    :param cible: séance, et rang de l'heure.
    :param saisie: ce qui est noté.
    :raises Introuvable: séance hors de son périmètre.
    :raises OperationRefusee: la feuille ne s'écrit pas maintenant.
    :raises DonneeInvalide: un élève n'est pas de cette séance.
    """
    feuille = ouvrir(session, contexte, portee, *cible)
    _exiger_ouverte(feuille, saisie.canal, instant)
    _exiger_inscrits(session, contexte, feuille, {c.eleve_id for c in saisie.changements})
    le = _saisi_le(feuille, saisie, instant)
    appel = ecrire_appel(session, _colonnes(contexte, feuille, saisie, instant))
    # Un appel qui vient de naître n'a encore aucun fait.
    deja = [] if appel.version == 1 else [appel.id]
    connues = dernieres(faits_des_appels(session, contexte.uai, contexte.annee, deja))
    voulus = [_completer(c, feuille.heure, saisie.canal, le) for c in saisie.changements]
    verdict = departager(voulus, connues, contexte.personne_id)
    _ecrire(session, contexte, appel, connues, verdict.ecrire, saisie.canal, le)
    if appel.termine_le is not None:
        touches = set(connues) if saisie.termine else {c.eleve_id for c in verdict.ecrire}
        donner_suite(session, contexte, touches, feuille.heure.debut.astimezone(FUSEAU).date(), instant)
    par = {d.par for d in connues.values() if d.par and d.par != contexte.personne_id}
    return Enregistrement(appel, connues, verdict.conflits, nommer(session, par))


def noter_une_arrivee(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    instant: datetime,
    cible: tuple[UUID, int],
    eleve_id: UUID,
    vu: UUID | None,
    *,
    la: bool,
) -> UUID | None:
    """Un élève dit absent arrive : il est en retard, de maintenant. De retour en arrière, il est absent.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui le voit arriver.
    :param portee: périmètre de sa permission.
    :param instant: maintenant.
    :param cible: séance, et rang de l'heure.
    :param eleve_id: élève.
    :param vu: ce qui en était noté.
    :param la: il est arrivé.
    :returns: le fait écrit.
    :raises OperationRefusee: une autre personne vient de le noter, ou la feuille ne s'écrit plus.
    """
    constat = Constat(NatureFait.RETARD if la else NatureFait.ABSENT)
    saisie = Saisie((Changement(eleve_id, constat, vu),))
    ecrit = enregistrer(session, contexte, portee, instant, cible, saisie)
    if ecrit.conflits:
        raise OperationRefusee(
            "une autre personne vient de noter cet élève : rien n'est changé.",
            remede="recharger la page, qui dit où il en est.",
        )
    return ecrit.connues[eleve_id].fait_id


def changements_du_formulaire(page: Page, saisis: Iterable[Changement]) -> tuple[Changement, ...]:
    """Ce que la personne a changé, d'un formulaire qui renvoie toute la classe.

    Qui est resté tel qu'elle l'avait sous les yeux n'est pas un changement, même si un autre l'a noté depuis.

    :param page: la feuille, et son histoire.
    :param saisis: toute la classe, chacun avec le fait qu'elle voyait.
    """
    constats = {fait.id: fait.constat for fait in page.faits}
    # Un constat attendu (absence annoncée) s'écrit quand la personne le laisse : elle l'a confirmé.
    return tuple(
        saisi
        for saisi in saisis
        if saisi.constat != (constats.get(saisi.vu, PRESENT) if saisi.vu else PRESENT)
    )


def _exiger_ouverte(feuille: Feuille, canal: Canal, instant: datetime) -> None:
    if feuille.seance.etat == "annulee":
        raise OperationRefusee("cette séance est annulée : elle n'a pas d'appel.", remede="prévenir le CPE.")
    limite = feuille.fenetre
    if canal is not Canal.ECRAN:  # renvoyé plus tard, ou recopié : l'appel, lui, a eu lieu à l'heure
        limite = fenetre(feuille.heure, feuille.delais, vie_scolaire=True)
    if instant < limite.ouvre:
        raise OperationRefusee(
            f"cet appel s'ouvre à {heure(limite.ouvre)}.", remede="revenir au début de la séance."
        )
    if instant > limite.ferme:
        raise OperationRefusee(
            f"cet appel ne se corrige plus depuis {jour_long(limite.ferme)}, {heure(limite.ferme)}.",
            remede="demander la correction à la vie scolaire.",
        )


def _exiger_inscrits(session: Session, contexte: Contexte, feuille: Feuille, eleves: set[UUID]) -> None:
    if not eleves:
        return
    jour = feuille.heure.debut.astimezone(FUSEAU).date()
    siennes = inscriptions(session, contexte.uai, contexte.annee, jour, jour + timedelta(days=1), eleves)
    inconnus = eleves - {i.eleve_id for i in siennes if i.structure_id == feuille.structure_id}
    if inconnus:
        raise DonneeInvalide(
            f"{len(inconnus)} élève(s) de cette saisie ne sont pas de cette séance ce jour-là.",
            remede="recharger la feuille d'appel.",
        )


def _saisi_le(feuille: Feuille, saisie: Saisie, instant: datetime) -> datetime:
    """Instant de la saisie : celui d'un envoi retardé est cru, entre l'ouverture et maintenant."""
    if saisie.canal is Canal.ECRAN or saisie.saisi_le is None:
        return instant
    dit = saisie.saisi_le
    return dit if feuille.fenetre.ouvre <= dit <= instant + _AVANCE_D_HORLOGE else instant


def _colonnes(contexte: Contexte, feuille: Feuille, saisie: Saisie, instant: datetime) -> dict[str, object]:
    seance, deja = feuille.seance, feuille.appel
    return {
        "uai": contexte.uai, "annee": contexte.annee,
        "seance_id": deja.seance_id if deja else seance.id,
        "debut": feuille.heure.debut, "fin": feuille.heure.fin,
        "division_id": seance.division_id, "groupe_id": seance.groupe_id,
        "matiere": seance.matiere[:_MATIERE], "auteur_id": contexte.personne_id,
        "canal": saisie.canal.value, "fait_le": instant,
        "termine_le": instant if saisie.termine else None,
    }  # fmt: skip


def _completer(changement: Changement, heure: Heure, canal: Canal, le: datetime) -> Changement:
    """Un retard noté sans minutes pendant l'heure est de maintenant ; recopié du papier, on ne sait pas."""
    constat = changement.constat
    if constat.minutes is None and canal is not Canal.PAPIER:
        constat = replace(constat, minutes=minutes_manquees(constat.nature, heure, le))
    elif constat.minutes is not None:
        constat = replace(constat, minutes=min(constat.minutes, heure.duree))
    return replace(changement, constat=constat)


def _ecrire(
    session: Session,
    contexte: Contexte,
    appel: AppelLu,
    connues: dict[UUID, Derniere],
    changements: Sequence[Changement],
    canal: Canal,
    le: datetime,
) -> None:
    """Retire les faits remplacés, écrit les nouveaux, et met ``connues`` à jour."""
    remplaces = {
        c.eleve_id: connue.fait_id
        for c in changements
        if (connue := connues.get(c.eleve_id)) and connue.fait_id
    }
    moi = contexte.personne_id
    retirer_faits(session, contexte.uai, contexte.annee, list(remplaces.values()), le, moi)
    nouveaux = [c for c in changements if c.constat.nature is not None]
    source = Source.PAPIER if canal is Canal.PAPIER else Source.SAISIE
    ecrits = ecrire_faits(
        session,
        [
            {
                "uai": contexte.uai, "annee": contexte.annee, "eleve_id": c.eleve_id, "appel_id": appel.id,
                "debut": appel.debut, "fin": appel.fin, "nature": str(c.constat.nature),
                "minutes": c.constat.minutes, "ailleurs": c.constat.ailleurs, "source": source.value,
                "auteur_id": moi, "saisi_le": le, "remplace_id": remplaces.get(c.eleve_id),
            }
            for c in nouveaux
        ],
    )  # fmt: skip
    for c in changements:
        connues[c.eleve_id] = Derniere(ecrits.get(c.eleve_id), c.constat, moi, le)
