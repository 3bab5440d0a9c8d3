"""Qui prévenir, et par où on peut le joindre : relu à chaque envoi, jamais retenu.

Les deux parents reçoivent la même chose, quelle que soit leur situation (FAM-01) ; celui qu'un acte écarte
ne reçoit rien ; à dix-huit ans, l'élève est prévenu lui-même, et peut s'opposer à ce que ses parents le
soient (FAM-06).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, distinct, func, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.existence import au_moins_une
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI, liste_liee
from ent_core.donnees.session import lire
from ent_core.identite.autorite import ecarte
from ent_core.identite.modeles import Compte, Personne, Rattachement, Responsabilite
from ent_core.messages.modeles import PreferenceMessage
from ent_core.messages.poste import TRAITEMENT, Poste
from ent_core.socle.calendrier import est_mineur

__all__ = ["Joignable", "admis", "joindre", "nombre_de_familles", "prevenus"]

_SOI_MEME = "70"
"""Lien d'un élève majeur avec sa propre fiche de responsable."""

_tables = Base.metadata.tables
_p = _tables[Personne.__tablename__]
_titre = _tables[Rattachement.__tablename__]
_lien = _tables[Responsabilite.__tablename__]
_compte = _tables[Compte.__tablename__]
_pref = _tables[PreferenceMessage.__tablename__]
_QUI: Any = liste_liee("personnes")

_eleve = _titre.alias("eleve")
_ICI = and_(_eleve.c.uai == UAI, _eleve.c.profil == Profil.ELEVE.value, en_vigueur(_eleve.c, JOUR))
_AUTORITE = and_(
    _lien.c.legal > 0,
    en_vigueur(_lien.c, JOUR),
    ~ecarte(_lien.c, JOUR),
)
_RESPONSABLES = (
    select(_lien.c.eleve_id, _lien.c.responsable_id, _lien.c.lien)
    .where(
        _AUTORITE,
        _lien.c.eleve_id == _QUI,
        au_moins_une(_ICI, _eleve.c.personne_id == _lien.c.eleve_id),
    )
    .order_by(_lien.c.eleve_id, _lien.c.responsable_id)
)
_LIES = select(_lien.c.responsable_id).where(_lien.c.eleve_id == bindparam("eleve"))
_est_eleve = au_moins_une(_ICI, _eleve.c.personne_id == _p.c.id)
_ELEVES = select(_p.c.id, _p.c.naissance).where(_p.c.id == _QUI, _est_eleve)
_FAMILLE = au_moins_une(
    _AUTORITE,
    _lien.c.responsable_id == _p.c.id,
    au_moins_une(_ICI, _eleve.c.personne_id == _lien.c.eleve_id),
)
_PERSONNEL = au_moins_une(
    _titre.c.uai == UAI,
    _titre.c.personne_id == _p.c.id,
    _titre.c.profil.notin_([Profil.ELEVE.value, Profil.RESPONSABLE.value]),
    en_vigueur(_titre.c, JOUR),
)
_JOIGNABLES = (
    select(
        _p.c.id,
        _PERSONNEL.label("personnel"),
        _est_eleve.label("eleve"),
        _FAMILLE.label("famille"),
        _p.c.courriel,
        _p.c.mobile,
        func.coalesce(_compte.c.etat == "actif", False).label("compte"),
        _pref.c.canal,
        _pref.c.rythme,
    )
    .select_from(_p)
    .outerjoin(_compte, _compte.c.personne_id == _p.c.id)
    .outerjoin(_pref, and_(_pref.c.personne_id == _p.c.id, _pref.c.sujet == bindparam("sujet")))
    .where(_p.c.id == _QUI, _p.c.sursis_depuis.is_(None))
)
_FAMILLES = select(func.count(distinct(_lien.c.responsable_id))).where(
    _AUTORITE, _lien.c.eleve_id.in_(select(_eleve.c.personne_id).where(_ICI).limit(bindparam("eleves")))
)


@dataclass(frozen=True, slots=True)
class Joignable:
    """Une personne que l'établissement peut prévenir, et ce qui permet de choisir par où.

    :param qualite: ``personnel``, ``famille`` ou ``eleve``.
    :param compte: son compte est ouvert.
    :param canal: canal qu'elle préfère pour ce sujet ; vide, aucun choix.
    :param resume: elle préfère un résumé par jour.
    :param opposee: elle s'oppose aux messages : le papier.
    """

    id: UUID
    qualite: str
    courriel: str
    mobile: str
    compte: bool
    canal: str
    resume: bool
    opposee: bool


def prevenus(session: Session, poste: Poste, uai: str, eleves: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Qui est prévenu de ce qui touche chaque élève ; un élève qui n'est pas d'ici n'y est pas.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param eleves: élèves.
    """
    voulus = list(set(eleves))
    jour = poste.horloge.aujourd_hui()
    valeurs = {"uai": uai, "jour": jour, "personnes": voulus}
    naissances: dict[UUID, date | None] = {qui: ne_le for qui, ne_le in lire(session, _ELEVES, valeurs)}
    liens: dict[UUID, list[tuple[UUID, str]]] = {eleve: [] for eleve in naissances}
    for eleve, responsable, nature in lire(session, _RESPONSABLES, valeurs):
        liens[eleve].append((responsable, nature))
    majeurs = {eleve for eleve, ne_le in naissances.items() if _majeur(ne_le, jour)}
    refus = poste.opposees(session, TRAITEMENT, majeurs) if majeurs else frozenset()
    return {
        eleve: _de_l_eleve(eleve, siens, majeur=eleve in majeurs, refuse=eleve in refus)
        for eleve, siens in liens.items()
    }


def admis(
    session: Session, poste: Poste, uai: str, eleve: UUID, joignables: Iterable[Joignable]
) -> frozenset[UUID]:
    """Parmi ces personnes, celles à qui l'on peut parler d'un élève : lui, qui en est prévenu, le personnel.

    Un agent qui est aussi parent de l'élève suit la règle des parents.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param eleve: élève dont il s'agit.
    :param joignables: personnes que l'on voudrait prévenir.
    """
    trouves = prevenus(session, poste, uai, [eleve])
    if eleve not in trouves:
        return frozenset()
    relies = trouves[eleve] | {eleve}
    parents = frozenset(lire(session, _LIES, {"eleve": eleve}).scalars())
    return frozenset(
        j.id for j in joignables if j.id in relies or (j.qualite == "personnel" and j.id not in parents)
    )


def joindre(
    session: Session, poste: Poste, uai: str, sujet: str, personnes: Iterable[UUID]
) -> dict[UUID, Joignable]:
    """De quoi joindre des personnes ; qui n'est rien dans l'établissement ce jour n'y est pas.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param sujet: clé du sujet, pour les préférences.
    :param personnes: personnes.
    """
    valeurs = {
        "uai": uai, "jour": poste.horloge.aujourd_hui(), "sujet": sujet, "personnes": list(set(personnes)),
    }  # fmt: skip
    lignes = lire(session, _JOIGNABLES, valeurs).all()
    opposees = poste.opposees(session, TRAITEMENT, {ligne.id for ligne in lignes})
    return {
        ligne.id: Joignable(
            ligne.id,
            "personnel" if ligne.personnel else "famille" if ligne.famille else "eleve",
            ligne.courriel or "",
            ligne.mobile or "",
            ligne.compte,
            ligne.canal or "",
            ligne.rythme == "jour",
            ligne.id in opposees,
        )
        for ligne in lignes
        if ligne.personnel or ligne.famille or ligne.eleve
    }


def nombre_de_familles(session: Session, uai: str, jour: date, eleves: int | None = None) -> int:
    """Responsables qui peuvent être prévenus dans un établissement.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param jour: le jour.
    :param eleves: s'en tenir à ceux de tant d'élèves : il y a au moins autant de familles.
    """
    nombre: int = lire(session, _FAMILLES, {"uai": uai, "jour": jour, "eleves": eleves}).scalar_one()
    return nombre


def _de_l_eleve(eleve: UUID, liens: list[tuple[UUID, str]], *, majeur: bool, refuse: bool) -> frozenset[UUID]:
    soi = {responsable for responsable, nature in liens if nature == _SOI_MEME}
    autres = {responsable for responsable, nature in liens if nature != _SOI_MEME}
    if not majeur:
        return frozenset(autres | soi)
    return frozenset((soi or {eleve}) | (set() if refuse else autres))


def _majeur(naissance: date | None, jour: date) -> bool:
    return est_mineur(naissance, jour) is False
