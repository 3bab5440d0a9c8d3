"""Les valeurs d'une personne pour un service : ses seules écoles, son seul profil, ses seules sources.

Une source qui n'est pas demandée n'est pas lue. Le nombre d'énoncés dépend du gabarit, jamais de la personne.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, literal, select, union
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.types import String, Uuid

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import ANNEE, JOUR
from ent_core.federation.gabarits import SourceAttribut
from ent_core.federation.gar.format import PROFILS
from ent_core.federation.gar.identifiants import ent_du_gar, identifiant_gar
from ent_core.identite.autorite import ecarte
from ent_core.identite.modeles import (
    Compte,
    Division,
    Etablissement,
    Groupe,
    Identifiant,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Service,
)
from ent_core.identite.secrets import Coffre

__all__ = ["Porteur", "lire_sources", "opaque"]

_tables = Base.metadata.tables
_p = _tables[Personne.__tablename__].c
_c = _tables[Compte.__tablename__].c
_e = _tables[Etablissement.__tablename__].c
_r = _tables[Rattachement.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_i = _tables[Inscription.__tablename__].c
_s = _tables[Service.__tablename__].c
_id = _tables[Identifiant.__tablename__].c
_d = _tables[Division.__tablename__].c
_g = _tables[Groupe.__tablename__].c

_QUI: Any = bindparam("personne", type_=Uuid)
_ECOLES: Any = bindparam("uais", type_=ARRAY(String))
_CLE_AAF, _CLE_ELEVE = "ENTPersonJointure", "ELEVE_ID"

_NUMEROS: dict[str, str] = {
    Profil.ELEVE: "National_1",
    Profil.RESPONSABLE: "National_2",
    Profil.ENSEIGNANT: "National_3",
    Profil.DOCUMENTALISTE: "National_3",
}
"""Vocabulaire d'avant le schéma directeur ; tout autre personnel est « National_4 »."""


@dataclass(frozen=True, slots=True)
class Porteur:
    """Pour qui, d'où et à quel titre une réponse est faite.

    :param uai: établissement en vigueur à l'ouverture du service.
    :param etablissements: ceux où le service est ouvert ; vide, tous.
    :param fermes: établissements qui n'ont pas voulu de ce service.
    :param authentifie_le: quand la personne s'est connectée ; absent d'un aperçu.
    """

    service: str
    personne_id: UUID
    uai: str
    profil: str
    jour: date
    annee: int
    etablissements: tuple[str, ...] = ()
    fermes: frozenset[str] = frozenset()
    authentifie_le: datetime | None = None


def opaque(coffre: Coffre, service: str, personne_id: UUID) -> str:
    """Identifiant stable d'une personne chez un service : deux services ne peuvent pas les rapprocher.

    :param coffre: coffre de l'instance.
    :param service: identifiant du service.
    :param personne_id: personne.
    """
    return coffre.sceller("federation.sujet", service, str(personne_id)).hex()[:32]


def lire_sources(
    session: Session, coffre: Coffre, sujet: Porteur, voulues: Collection[SourceAttribut]
) -> dict[SourceAttribut, tuple[str, ...]]:
    """Valeurs des sources voulues.

    :param session: session de l'académie : une personne peut être de plusieurs écoles du service.
    :param coffre: coffre de l'instance.
    :param sujet: pour qui.
    :param voulues: sources du gabarit.
    """
    lues: dict[SourceAttribut, tuple[str, ...]] = {
        SourceAttribut.OPAQUE: (opaque(coffre, sujet.service, sujet.personne_id),),
        SourceAttribut.UAI: (sujet.uai,),
        SourceAttribut.PROFIL: (sujet.profil,),
        SourceAttribut.PROFIL_NUMERO: (_NUMEROS.get(sujet.profil, "National_4"),),
        SourceAttribut.AUTHENTIFIE_LE: (sujet.authentifie_le.isoformat(),) if sujet.authentifie_le else (),
    }
    ecoles = _ecoles(session, sujet)
    for sources, lire in _LECTURES:
        if not sources.isdisjoint(voulues):
            lues |= lire(session, sujet, ecoles)
    return {source: lues[source] for source in voulues}


def _ecoles(session: Session, sujet: Porteur) -> list[tuple[str, str]]:
    """Écoles de la personne à ce titre où le service est ouvert : celle en vigueur d'abord."""
    trouvees = session.execute(_MES_ECOLES, {**_valeurs(sujet, ()), "profil": sujet.profil}).all()
    return [
        (uai, nom)
        for uai, nom in sorted(trouvees, key=lambda e: (e.uai != sujet.uai, e.uai))
        if uai == sujet.uai
        or ((not sujet.etablissements or uai in sujet.etablissements) and uai not in sujet.fermes)
    ]


def _identite(
    session: Session, sujet: Porteur, _: Sequence[tuple[str, str]]
) -> dict[SourceAttribut, tuple[str, ...]]:
    ligne = session.execute(_IDENTITE, {"personne": sujet.personne_id}).one()
    naissance = ligne.naissance.isoformat() if ligne.naissance else None
    return {
        SourceAttribut.IDENTIFIANT: _une(ligne.identifiant),
        SourceAttribut.NOM: _une(ligne.nom),
        SourceAttribut.PRENOM: _une(ligne.prenom),
        SourceAttribut.NAISSANCE: _une(naissance),
        SourceAttribut.COURRIEL: _une(ligne.courriel),
        SourceAttribut.CODE_POSTAL: _une(ligne.code_postal),
        SourceAttribut.CLE_AAF: tuple(ligne.cles or ()),
    }


def _structures(
    _session: Session, sujet: Porteur, ecoles: Sequence[tuple[str, str]]
) -> dict[SourceAttribut, tuple[str, ...]]:
    return {
        SourceAttribut.UAIS: tuple(uai for uai, _ in ecoles) or (sujet.uai,),
        SourceAttribut.ETABLISSEMENTS: tuple(nom for _, nom in ecoles),
    }


def _divisions(
    session: Session, sujet: Porteur, ecoles: Sequence[tuple[str, str]]
) -> dict[SourceAttribut, tuple[str, ...]]:
    """Classes et groupes : les siens pour un élève, ceux où il enseigne pour un professeur, sinon aucun."""
    lignes = (
        session.execute(_DIVISIONS, _valeurs(sujet, ecoles)).all()
        if sujet.profil in (Profil.ELEVE, Profil.ENSEIGNANT, Profil.DOCUMENTALISTE)
        else []
    )
    return {
        SourceAttribut.DIVISIONS: tuple(ligne.libelle for ligne in lignes if ligne.genre == "division"),
        SourceAttribut.GROUPES: tuple(ligne.libelle for ligne in lignes if ligne.genre == "groupe"),
    }


def _vecteurs(
    session: Session, sujet: Porteur, ecoles: Sequence[tuple[str, str]]
) -> dict[SourceAttribut, tuple[str, ...]]:
    """« type|nom|prénom|numéro de l'élève|UAI » : le sien pour un élève, un par enfant pour un responsable.

    Le nom est celui de la personne qui entre. Une barre dans un nom couperait le vecteur : il n'est pas émis.
    """
    valeurs = _valeurs(sujet, ecoles)
    if sujet.profil == Profil.ELEVE:
        lignes, types = session.execute(_MOI_ELEVE, valeurs).all(), ("3", "4")
    elif sujet.profil == Profil.RESPONSABLE:
        lignes, types = session.execute(_MES_ENFANTS, valeurs).all(), ("1", "2")
    else:
        lignes, types = [], ("", "")
    champs = (
        (types[degre == 2], nom, prenom or "", numero, uai) for nom, prenom, numero, uai, degre in lignes
    )
    return {
        SourceAttribut.VECTEURS: tuple(
            "|".join(c) for c in champs if not any("|" in morceau for morceau in c)
        )
    }


def _gar(
    session: Session, sujet: Porteur, _: Sequence[tuple[str, str]]
) -> dict[SourceAttribut, tuple[str, ...]]:
    """Ce que le GAR sait de la personne dans l'établissement en vigueur ; rien s'il ne l'y connaît pas."""
    if sujet.profil not in (Profil.ELEVE.value, *PROFILS):
        return {SourceAttribut.GAR_ENT: (), SourceAttribut.GAR_PERSONNE: ()}
    connue = identifiant_gar(session, sujet.personne_id, sujet.uai, sujet.jour)
    return {
        SourceAttribut.GAR_ENT: _une(ent_du_gar(session, sujet.uai)),
        SourceAttribut.GAR_PERSONNE: _une(connue),
    }


def _valeurs(sujet: Porteur, ecoles: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "personne": sujet.personne_id,
        "jour": sujet.jour,
        "annee": sujet.annee,
        "uais": [uai for uai, _ in ecoles],
    }


def _une(valeur: str | None) -> tuple[str, ...]:
    return (valeur,) if valeur else ()


_Lecture = Callable[[Session, Porteur, Sequence[tuple[str, str]]], dict[SourceAttribut, tuple[str, ...]]]
_LECTURES: tuple[tuple[frozenset[SourceAttribut], _Lecture], ...] = (
    (
        frozenset(
            {
                SourceAttribut.IDENTIFIANT,
                SourceAttribut.NOM,
                SourceAttribut.PRENOM,
                SourceAttribut.NAISSANCE,
                SourceAttribut.COURRIEL,
                SourceAttribut.CODE_POSTAL,
                SourceAttribut.CLE_AAF,
            }
        ),
        _identite,
    ),
    (frozenset({SourceAttribut.UAIS, SourceAttribut.ETABLISSEMENTS}), _structures),
    (frozenset({SourceAttribut.DIVISIONS, SourceAttribut.GROUPES}), _divisions),
    (frozenset({SourceAttribut.VECTEURS}), _vecteurs),
    (frozenset({SourceAttribut.GAR_ENT, SourceAttribut.GAR_PERSONNE}), _gar),
)
"""Sources, et l'énoncé qui les lit ensemble."""

_MES_ECOLES = (
    select(_e.uai, _e.nom)
    .where(
        exists().where(
            _r.uai == _e.uai,
            _r.personne_id == _QUI,
            _r.profil == bindparam("profil"),
            en_vigueur(_r, JOUR),
        )
    )
    .order_by(_e.uai)
)

_CLES = (
    select(func.array_agg(aggregate_order_by(_id.valeur, _id.valeur)))
    .where(_id.personne_id == _p.id, _id.type == _CLE_AAF)
    .scalar_subquery()
)
_IDENTITE = (
    select(
        _c.identifiant, _p.nom, _p.prenom, _p.naissance, _p.courriel, _p.code_postal, _CLES.label("cles")
    )
    .join_from(_tables[Personne.__tablename__], _tables[Compte.__tablename__], _c.personne_id == _p.id,
               isouter=True)
    .where(_p.id == _QUI)
)  # fmt: skip

_miennes = union(
    select(_i.uai, _i.annee, _i.division_id, _i.groupe_id).where(
        _i.personne_id == _QUI, _i.annee == ANNEE, _i.uai == func.any(_ECOLES), en_vigueur(_i, JOUR)
    ),
    select(_s.uai, _s.annee, _s.division_id, _s.groupe_id).where(
        _s.personne_id == _QUI, _s.annee == ANNEE, _s.uai == func.any(_ECOLES), en_vigueur(_s, JOUR)
    ),
).subquery()
_DIVISIONS = union(
    select(literal("division").label("genre"), _d.libelle).join_from(
        _miennes,
        _tables[Division.__tablename__],
        and_(_d.uai == _miennes.c.uai, _d.annee == _miennes.c.annee, _d.id == _miennes.c.division_id),
    ),
    select(literal("groupe").label("genre"), _g.libelle).join_from(
        _miennes,
        _tables[Groupe.__tablename__],
        and_(_g.uai == _miennes.c.uai, _g.annee == _miennes.c.annee, _g.id == _miennes.c.groupe_id),
    ),
).order_by("genre", "libelle")


def _eleves(eleve: Any, nomme: Any) -> Any:
    """Élèves rattachés ce jour dans les écoles du service, avec leur numéro ; sans numéro, pas de vecteur."""
    return (
        select(nomme.nom, nomme.prenom, _id.valeur, _r.uai, _e.degre)
        .where(
            _r.personne_id == eleve,
            _r.profil == Profil.ELEVE.value,
            _r.uai == func.any(_ECOLES),
            en_vigueur(_r, JOUR),
            _e.uai == _r.uai,
            _id.personne_id == eleve,
            _id.type == _CLE_ELEVE,
        )
        .distinct()
        .order_by(_r.uai, _id.valeur)
    )


_MOI_ELEVE = _eleves(_p.id, _p).where(_p.id == _QUI)
_MES_ENFANTS = _eleves(_lien.eleve_id, _p).where(
    _p.id == _QUI,
    _lien.responsable_id == _p.id,
    _lien.legal > 0,
    en_vigueur(_lien, JOUR),
    ~ecarte(_lien, JOUR),
)
