"""La feuille d'appel : les élèves attendus à cette heure, ce qui en est noté, ce que l'on savait déjà."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Contexte,
    Introuvable,
    PersonneNommee,
    Portee,
    SeanceLue,
    divisions,
    eleves_inscrits,
    groupes,
    heure,
    nommer,
    seance,
    structures_enseignees,
)
from sqlalchemy.orm import Session

from ent_carnet.regles.appel import (
    PRESENT,
    Constat,
    Delais,
    Derniere,
    EtatAppel,
    Fenetre,
    Heure,
    etat_de_l_appel,
    fenetre,
    heures_de,
    prevoir,
)
from ent_carnet.services.enonces_appel import (
    AppelLu,
    FaitLu,
    Signe,
    appels_des_seances,
    faits_des_appels,
    signes,
)

__all__ = ["Feuille", "Ligne", "Page", "appel_de", "dernieres", "minuit", "ouvrir", "page", "retiree"]

RETIREE = "retiree"
"""État d'une séance que l'emploi du temps n'a plus, et dont l'appel demeure."""


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un élève de la feuille.

    :param constat: noté, ou attendu si rien ne l'est encore.
    :param derniere: la dernière chose notée ; ``None`` : rien.
    :param mention: ce que l'on savait avant l'heure, sans motif.
    :param prevu: le constat est attendu, pas encore écrit.
    """

    eleve: PersonneNommee
    constat: Constat
    derniere: Derniere | None = None
    mention: str = ""
    prevu: bool = False

    @property
    def vu(self) -> UUID | None:
        """Fait courant."""
        return self.derniere.fait_id if self.derniere else None


@dataclass(frozen=True, slots=True)
class Feuille:
    """L'appel d'une heure, tel qu'une personne peut l'écrire.

    :param heures: heures de la séance ; ``rang`` est celle de la feuille.
    :param delais: délais de l'établissement.
    :param fenetre: quand cette personne l'écrit.
    """

    seance: SeanceLue
    heures: tuple[Heure, ...]
    rang: int
    appel: AppelLu | None
    delais: Delais
    fenetre: Fenetre

    @property
    def heure(self) -> Heure:
        """L'heure de la feuille."""
        return self.heures[self.rang]

    @property
    def structure_id(self) -> UUID:
        """Division ou groupe."""
        return self.seance.division_id or self.seance.groupe_id  # type: ignore[return-value] # l'un des deux

    def etat(self, instant: datetime) -> EtatAppel:
        """Où en est l'appel.

        :param instant: maintenant.
        """
        return etat_de_l_appel(
            self.heure,
            annulee=self.seance.etat == "annulee",
            commence=self.appel is not None,
            termine=self.appel is not None and self.appel.termine_le is not None,
            delais=self.delais,
            instant=instant,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Une feuille et ses lignes, prêtes à montrer.

    :param ouverte: la feuille s'écrit maintenant.
    :param noms: personnes qui y ont noté quelque chose.
    :param faits: toute l'histoire de la feuille.
    """

    feuille: Feuille
    etat: EtatAppel
    ouverte: bool
    lignes: tuple[Ligne, ...]
    noms: dict[UUID, PersonneNommee] = field(default_factory=dict)
    faits: tuple[FaitLu, ...] = ()


def ouvrir(session: Session, contexte: Contexte, portee: Portee, seance_id: UUID, rang: int) -> Feuille:
    """Trouve l'heure demandée, si la personne peut en faire l'appel : sa séance, ou une de ses classes.

    Un collègue qui partage la séance, ou qui remplace un absent dans une classe qu'il a, peut faire l'appel.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui demande.
    :param portee: périmètre de sa permission.
    :param seance_id: séance ; elle peut n'être plus à l'emploi du temps, si son appel a été fait.
    :param rang: rang de l'heure dans une séance longue, à partir de 0.
    :raises Introuvable: séance inconnue, hors de son périmètre, ou sans cette heure.
    """
    trouvee = seance(session, contexte.uai, contexte.annee, seance_id)
    if trouvee is None:
        delais, appels = appels_des_seances(
            session, contexte.uai, contexte.annee, seance_id, _JAMAIS, _JAMAIS
        )
        trouvee = retiree(session, contexte, appels)
    else:
        delais, appels = appels_des_seances(
            session, contexte.uai, contexte.annee, [trouvee], trouvee.debut, trouvee.fin
        )
    ecole = portee is Portee.ETABLISSEMENT
    if trouvee is None or not (ecole or _a_lui(session, contexte, trouvee)):
        raise _inconnue()
    heures = heures_de(trouvee.debut, trouvee.fin)
    if not 0 <= rang < len(heures):
        raise _inconnue()
    appel = appel_de(trouvee, heures[rang], appels)
    ouverte = fenetre(heures[rang], delais, vie_scolaire=ecole)
    return Feuille(trouvee, heures, rang, appel, delais, ouverte)


def page(session: Session, contexte: Contexte, feuille: Feuille, instant: datetime) -> Page:
    """Les élèves de la feuille, dans l'ordre des noms, et tout ce qui s'y est noté.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param feuille: la feuille.
    :param instant: maintenant.
    """
    uai, annee, jour = contexte.uai, contexte.annee, feuille.heure.debut.astimezone(FUSEAU).date()
    inscrits = eleves_inscrits(session, uai, annee, feuille.structure_id, jour)
    faits = faits_des_appels(session, uai, annee, [feuille.appel.id] if feuille.appel else [])
    connues = dernieres(faits)
    auteurs = {d.par for d in connues.values() if d.par} | {f.auteur_id for f in faits if f.auteur_id}
    partis = set(connues) - {eleve.id for eleve in inscrits}
    noms = nommer(session, auteurs | partis)
    # Qui a été noté reste sur la feuille, même si son inscription a été corrigée depuis.
    eleves = [*inscrits, *sorted((noms[p] for p in partis if p in noms), key=lambda n: n.nom)]
    sus = signes(session, uai, annee, [e.id for e in eleves], feuille.heure.debut, minuit(jour))
    termine = feuille.appel is not None and feuille.appel.termine_le is not None
    lignes = tuple(_ligne(e, connues.get(e.id), sus, feuille.delais, termine) for e in eleves)
    ouverte = feuille.fenetre.contient(instant) and feuille.seance.etat != "annulee"
    return Page(feuille, feuille.etat(instant), ouverte, lignes, noms, tuple(faits))


def dernieres(faits: Iterable[FaitLu]) -> dict[UUID, Derniere]:
    """La dernière chose notée de chaque élève ; un fait retiré sans suite vaut « présent ».

    :param faits: faits d'un appel, dans l'ordre de leur saisie.
    """
    connues: dict[UUID, Derniere] = {}
    for fait in faits:
        connues[fait.eleve_id] = (
            Derniere(fait.id, fait.constat, fait.auteur_id, fait.saisi_le)
            if fait.retire_le is None
            else Derniere(None, PRESENT, fait.retire_par, fait.retire_le)
        )
    return connues


def appel_de(seance: SeanceLue, heure: Heure, appels: Sequence[AppelLu]) -> AppelLu | None:
    """L'appel d'une heure : par l'identifiant de la séance, sinon par la même structure à la même heure.

    :param seance: la séance.
    :param heure: son heure.
    :param appels: appels possibles.
    """
    memes = [appel for appel in appels if appel.debut == heure.debut]
    sienne = [appel for appel in memes if appel.seance_id == seance.id]
    structure = seance.division_id or seance.groupe_id
    return next(iter(sienne or [appel for appel in memes if appel.structure_id == structure]), None)


def retiree(session: Session, contexte: Contexte, appels: Sequence[AppelLu]) -> SeanceLue | None:
    """La séance d'appels que l'emploi du temps n'a plus, telle qu'elle était.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param appels: appels d'une même séance.
    """
    if not appels:
        return None
    premier = appels[0]
    lire_structures = divisions if premier.division_id else groupes
    noms = {s.id: s.libelle for s in lire_structures(session, contexte.uai, contexte.annee)}
    auteurs = {appel.auteur_id for appel in appels if appel.auteur_id}
    return SeanceLue(
        premier.seance_id, premier.debut, appels[-1].fin, premier.matiere, premier.division_id,
        premier.groupe_id, noms.get(premier.structure_id or premier.id, ""), "", RETIREE, tuple(auteurs),
    )  # fmt: skip


def minuit(jour: date) -> datetime:
    """Le début d'un jour, à Paris.

    :param jour: le jour.
    """
    return datetime.combine(jour, time(), FUSEAU)


_JAMAIS = datetime(2000, 1, 1, tzinfo=FUSEAU)


def _a_lui(session: Session, contexte: Contexte, seance: SeanceLue) -> bool:
    if contexte.personne_id in seance.enseignants:
        return True
    jour = seance.debut.astimezone(FUSEAU).date()
    siennes = structures_enseignees(session, contexte.uai, contexte.annee, contexte.personne_id, jour)
    return (seance.division_id or seance.groupe_id) in {structure.id for structure in siennes}


def _ligne(
    eleve: PersonneNommee, derniere: Derniere | None, sus: Sequence[Signe], delais: Delais, termine: bool
) -> Ligne:
    siens = [signe for signe in sus if signe.eleve_id == eleve.id]
    attendu = next((s for s in siens if s.genre == "interdit"), None) or next(
        (s for s in siens if s.genre == "prevue"), None
    )
    if attendu is not None:
        constat = prevoir(attendu.code, etablissement=attendu.etablissement)
        mention = "Pas attendu : l'établissement le sait" if attendu.etablissement else "Absence annoncée"
        if derniere is None and not termine:
            return Ligne(eleve, constat, None, mention, prevu=True)
    else:
        avant = next((s.debut for s in siens if s.genre == "absent" and s.debut), None)
        mention = f"Absent à {heure(avant)}" if avant and delais.heure_precedente else ""
    return Ligne(eleve, derniere.constat if derniere else PRESENT, derniere, mention)


def _inconnue() -> Introuvable:
    return Introuvable(
        "cette séance n'existe pas, ou n'est pas à vous.", remede="revenir aux appels de la journée."
    )
