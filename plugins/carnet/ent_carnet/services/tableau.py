"""Le tableau de la vie scolaire : ce qui se passe maintenant, ce qui attend quelqu'un. Jamais par personne.

Une séance y est nommée par sa division, sa matière et sa salle : aucun agent n'y paraît, ni n'y est compté.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    Contexte,
    EtatVignette,
    LigneVignette,
    PersonneNommee,
    Portee,
    Vignette,
    annee_scolaire,
    eleves,
    heure,
    lire,
    nommer,
    seances_du_jour,
    structures_enseignees,
)
from sqlalchemy.orm import Session

from ent_carnet import permissions
from ent_carnet.modeles import Justification
from ent_carnet.modeles.communs import SUIVI
from ent_carnet.nomenclatures import Sanction
from ent_carnet.regles.appel import EtatAppel
from ent_carnet.regles.tableau import correspond, instant_montre
from ent_carnet.services import enonces_tableau, justifications
from ent_carnet.services.appel import Attendu, attendus
from ent_carnet.services.dossier_absences import divisions_du_jour, libelles
from ent_carnet.services.feuille import minuit

__all__ = [
    "AJoindre",
    "Absent",
    "Constate",
    "Ensemble",
    "Exclu",
    "MotifPropose",
    "Situation",
    "ensemble",
    "filtrer",
    "presences",
    "situation",
    "vignette",
]

_DEFINITIVE = timedelta(days=14)
"""Tant que se dit une exclusion définitive : le temps que l'élève soit inscrit ailleurs."""


@dataclass(frozen=True, slots=True)
class Constate:
    """Où l'appel a constaté une absence : de quoi la corriger d'un geste.

    :param heure: rang de l'heure dans la séance, à partir de 1.
    :param fait_id: ce que l'on avait sous les yeux.
    """

    seance_id: UUID
    heure: int
    fait_id: UUID


@dataclass(frozen=True, slots=True)
class Absent:
    """Un élève qui n'est pas là maintenant.

    :param annoncee: on le savait ; sinon l'appel de l'heure l'a constaté.
    :param constate: l'appel de l'heure en cours ; ``None``, annoncée, ou l'heure est passée.
    """

    eleve: PersonneNommee
    division: str
    debut: datetime
    fin: datetime
    annoncee: bool
    constate: Constate | None = None


@dataclass(frozen=True, slots=True)
class Exclu:
    """Un élève exclu aujourd'hui : de quand à quand, et d'où. Rien d'autre (réglementation, § 3.1).

    :param au: dernier jour ; ``None``, définitive.
    """

    eleve: PersonneNommee
    division: str
    effet: Sanction
    du: date
    au: date | None


@dataclass(frozen=True, slots=True)
class AJoindre:
    """Une famille à joindre aujourd'hui, et combien de fois on a déjà essayé."""

    eleve: PersonneNommee
    division: str
    debut: datetime
    fin: datetime
    essais: int


@dataclass(frozen=True, slots=True)
class MotifPropose:
    """Un motif qu'une famille propose, et qui attend une décision."""

    eleve: PersonneNommee
    division: str
    justification: Justification
    motif: str


@dataclass(frozen=True, slots=True)
class Situation:
    """La vie scolaire à un instant.

    :param montre: instant dont on montre les absents ; ``None``, aucun cours en ce moment.
    :param appels: séances commencées dont l'appel manque ; celles de l'heure d'abord.
    :param attendus: appels attendus jusqu'à maintenant, faits ou non.
    :param sans_motif: périodes de l'année qui attendent un motif.
    :param exclus: élèves exclus aujourd'hui.
    """

    montre: datetime | None
    attendus: int
    appels: Sequence[Attendu]
    absents: Sequence[Absent]
    a_joindre: Sequence[AJoindre]
    motifs: Sequence[MotifPropose]
    sans_motif: int
    plus_ancienne: datetime | None
    exclus: Sequence[Exclu] = ()


@dataclass(frozen=True, slots=True)
class Ensemble:
    """L'établissement en nombres, pour qui le dirige : des élèves et des séances, jamais des agents.

    :param par_division: absents de maintenant, par division, de la plus touchée à la moins touchée.
    """

    situation: Situation
    par_division: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Releve:
    """Ce que la base en dit, avant les noms."""

    montre: datetime | None
    attendus: int
    appels: list[Attendu]
    absents: Mapping[UUID, tuple[datetime, datetime, bool, Constate | None]]
    a_joindre: Mapping[UUID, tuple[datetime, datetime, int]]
    exclus: Sequence[tuple[UUID, Sanction, date, date | None]]
    motifs: Sequence[Justification] = ()
    sans_motif: int = 0
    plus_ancienne: datetime | None = None


def situation(
    session: Session, contexte: Contexte, portee: Portee, instant: datetime, *, exclus: bool = False
) -> Situation:
    """La situation de maintenant, dans le périmètre de qui regarde.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param instant: maintenant.
    :param exclus: avec les élèves exclus aujourd'hui ; une délégation du suivi ne le donne pas.
    """
    lu = _relever(session, contexte, portee, instant, exclus=exclus)
    atteints = None if portee is Portee.ETABLISSEMENT else set(session.scalars(eleves(contexte, portee)))
    attente = [
        ligne
        for ligne in lire(
            session, enonces_tableau.SANS_MOTIF, {"uai": contexte.uai, "annee": annee_scolaire(contexte.jour)}
        )
        if atteints is None or ligne[0] in atteints
    ]
    return _nommer(
        session,
        contexte,
        replace(
            lu,
            motifs=justifications.a_traiter(
                session, contexte.uai, annee_scolaire(contexte.jour), eleves(contexte, portee)
            ),
            sans_motif=sum(ligne[1] for ligne in attente),
            plus_ancienne=min((ligne[2] for ligne in attente), default=None),
        ),
        libelles(session, contexte.uai, portee),
    )


def presences(session: Session, contexte: Contexte, portee: Portee, instant: datetime) -> Situation:
    """Ce qu'il faut pour joindre les familles, sans rien de ce qu'une absence devient : ni motif, ni suite.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param instant: maintenant.
    """
    return _nommer(session, contexte, _relever(session, contexte, portee, instant, exclus=True), {})


def _nommer(session: Session, contexte: Contexte, lu: _Releve, dits: Mapping[UUID, str]) -> Situation:
    concernes = {*lu.absents, *lu.a_joindre, *(j.eleve_id for j in lu.motifs), *(e[0] for e in lu.exclus)}
    noms = nommer(session, concernes)
    ou = divisions_du_jour(session, contexte, concernes)
    return Situation(
        lu.montre,
        lu.attendus,
        lu.appels,
        sorted((Absent(noms[e], ou.get(e, ""), *vu) for e, vu in lu.absents.items() if e in noms), key=_nom),
        sorted(
            (AJoindre(noms[e], ou.get(e, ""), *vu) for e, vu in lu.a_joindre.items() if e in noms),
            key=lambda ligne: (ligne.debut, *_nom(ligne)),
        ),
        [
            MotifPropose(noms[j.eleve_id], ou.get(j.eleve_id, ""), j, dits.get(j.motif_id, ""))
            for j in lu.motifs
            if j.eleve_id in noms
        ],
        lu.sans_motif,
        lu.plus_ancienne,
        [Exclu(noms[e], ou.get(e, ""), effet, du, au) for e, effet, du, au in lu.exclus if e in noms],
    )


def _nom(ligne: Absent | AJoindre) -> tuple[str, str]:
    return ligne.eleve.nom, ligne.eleve.prenom


def filtrer(vue: Situation, cherches: Sequence[str]) -> Situation:
    """Ne garde que les élèves et les séances dont le nom, la division ou la salle correspond.

    :param vue: situation.
    :param cherches: mots cherchés ; aucun, rien n'est retiré.
    """

    def nomme(ligne: Absent | AJoindre | MotifPropose | Exclu) -> bool:
        return correspond(cherches, f"{ligne.eleve.libelle} {ligne.division}")

    def situe(attendu: Attendu) -> bool:
        lieu = attendu.seance
        return correspond(cherches, f"{lieu.structure} {lieu.matiere} {lieu.salle}")

    return replace(
        vue,
        appels=list(filter(situe, vue.appels)),
        absents=list(filter(nomme, vue.absents)),
        a_joindre=list(filter(nomme, vue.a_joindre)),
        motifs=list(filter(nomme, vue.motifs)),
        exclus=list(filter(nomme, vue.exclus)),
    )


def ensemble(session: Session, contexte: Contexte, instant: datetime) -> Ensemble:
    """L'établissement en nombres.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde, avec le périmètre de l'établissement.
    :param instant: maintenant.
    """
    vue = situation(session, contexte, Portee.ETABLISSEMENT, instant)
    comptes = Counter(absent.division for absent in vue.absents if absent.division)
    return Ensemble(vue, sorted(comptes.items(), key=lambda compte: (-compte[1], compte[0])))


def vignette(session: Session, contexte: Contexte, instant: datetime) -> Vignette | None:
    """« Vie scolaire maintenant », pour le CPE et la direction ; rien pour les autres.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param instant: maintenant.
    """
    if contexte.roles.isdisjoint(SUIVI):
        return None
    nombres = _compter(session, contexte, instant)
    mots = (
        ("absents", "élève absent à cette heure", "élèves absents à cette heure"),
        ("joindre", "famille à joindre", "familles à joindre"),
        ("motifs", "motif proposé à décider", "motifs proposés à décider"),
    )
    lignes = tuple(
        LigneVignette(f"{nombre} {un if nombre == 1 else des}", "", "carnet.tableau", {"vue": vue})
        for vue, un, des in mots
        if (nombre := nombres[vue])
    )
    return Vignette(
        "carnet.tableau", "Vie scolaire maintenant", lignes, permission=permissions.TRAITER, ordre=10,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide=f"À {heure(instant)}, personne n'est noté absent, ni à joindre.",
        point="carnet.tableau", libelle_lien="Voir les appels et tout le reste",
    )  # fmt: skip


def _compter(session: Session, contexte: Contexte, instant: datetime) -> dict[str, int]:
    """Les nombres de l'accueil, en un énoncé : il en a peu pour chaque brique.

    Un appel qui manque se déduit de l'emploi du temps : le tableau seul le dit.
    """
    jour = contexte.jour
    valeurs = {
        "uai": contexte.uai, "annee": annee_scolaire(jour), "jour": jour, "matin": minuit(jour),
        "soir": minuit(jour + timedelta(days=1)), "instant": instant, "montre": instant,
    }  # fmt: skip
    enonce = enonces_tableau.du_moment(eleves(contexte, Portee.ETABLISSEMENT))
    return {vue: nombre for vue, nombre in lire(session, enonce, valeurs)}


def _relever(
    session: Session, contexte: Contexte, portee: Portee, instant: datetime, *, exclus: bool
) -> _Releve:
    uai, jour = contexte.uai, contexte.jour
    annee = annee_scolaire(jour)
    entier = portee is Portee.ETABLISSEMENT
    siennes = (
        None if entier
        else [s.id for s in structures_enseignees(session, uai, annee, contexte.personne_id, jour)]
    )  # fmt: skip
    atteints = None if entier else set(session.scalars(eleves(contexte, portee)))
    seances = seances_du_jour(session, uai, annee, jour, siennes)
    montre = instant_montre(((s.debut, s.fin) for s in seances if s.etat != "annulee"), instant)
    dits = attendus(session, uai, annee, seances, instant)[1]
    feuilles = {a.appel.id: (a.seance.id, a.numero) for a in dits if a.appel and montre == instant}
    commences = [a for a in dits if a.heure.debut <= instant and a.etat is not EtatAppel.ANNULEE]
    bornes = {"matin": minuit(jour), "soir": minuit(jour + timedelta(days=1)), "jour": jour}
    ici = {"uai": uai, "annee": annee, "instant": instant, **bornes}
    absents: dict[UUID, tuple[datetime, datetime, bool, Constate | None]] = {}
    valeurs = {**ici, "montre": montre or bornes["matin"]}
    for eleve, *vu, appel, fait in lire(session, enonces_tableau.ABSENTS, valeurs):
        # Ce que l'appel constate l'emporte sur ce qui était annoncé.
        if (atteints is None or eleve in atteints) and (eleve not in absents or not vu[2]):
            feuille = feuilles.get(appel)
            absents[eleve] = (vu[0], vu[1], vu[2], Constate(*feuille, fait) if feuille else None)
    a_joindre: dict[UUID, tuple[datetime, datetime, int]] = {}
    for eleve, debut, fin, essais in lire(session, enonces_tableau.A_JOINDRE, ici):
        if atteints is None or eleve in atteints:
            a_joindre[eleve] = (a_joindre.get(eleve, (debut,))[0], fin, essais)
    en_cours = {"uai": uai, "jour": jour, "recentes": jour - _DEFINITIVE}
    exclusions = lire(session, enonces_tableau.EXCLUS, en_cours) if exclus else ()
    return _Releve(
        montre,
        len(commences),
        # Ceux de l'heure d'abord : c'est là qu'un appel peut encore se faire en classe.
        sorted((a for a in commences if a.manque), key=lambda a: a.etat is EtatAppel.OUBLIE),
        absents if montre else {},
        a_joindre,
        [
            (eleve, Sanction(effet), du, au)
            for eleve, effet, du, au in exclusions
            if atteints is None or eleve in atteints
        ],
    )
