"""Le déploiement d'une brique : où elle est servie, où elle attend, où elle s'ouvrira, école par école."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import collate, func, select
from sqlalchemy.orm import Session

from ent_core.chargement.activation import Activation
from ent_core.chargement.decisions import Decision
from ent_core.donnees.base import Base
from ent_core.identite.modeles import Etablissement

__all__ = ["Deploiement", "EtapeOuverture", "LigneDeploiement", "deploiement", "ecoles_servies"]

_ACADEMIE = ""
_e = Base.metadata.tables[Etablissement.__tablename__].c


class EtapeOuverture(StrEnum):
    """Où en est une brique dans un établissement."""

    SERVIE = "servie"
    EN_ATTENTE = "en attente"
    SUSPENDUE = "suspendue"
    PREVUE = "prévue"
    FERMEE = "fermée"


@dataclass(frozen=True, slots=True)
class LigneDeploiement:
    """Un établissement.

    :param pilote: ouverte par une décision qui le vise, avant de l'être à toute l'académie.
    :param debut: premier jour de l'ouverture ; absent, depuis toujours, ou fermée.
    :param fin: lendemain du dernier jour ; absent, sans fin.
    :param restent: titres des préalables à attester.
    """

    uai: str
    nom: str
    ville: str
    etape: EtapeOuverture
    pilote: bool = False
    debut: date | None = None
    fin: date | None = None
    restent: tuple[str, ...] = ()

    @property
    def dernier(self) -> date | None:
        """Dernier jour, compris, tel qu'on le dit aux personnes ; ``None`` sans fin."""
        return None if self.fin is None else self.fin - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deploiement:
    """Le déploiement d'une brique.

    :param lignes: établissements des degrés de la brique, dans l'ordre de leur nom.
    :param generalisee: vrai si une décision de l'académie l'ouvre, ce jour ou plus tard.
    :param generalisation: premier jour de cette ouverture ; absent, depuis toujours.
    :param hors_degre: établissements d'un degré pour lequel elle n'est pas faite.
    """

    lignes: tuple[LigneDeploiement, ...]
    generalisee: bool
    generalisation: date | None
    hors_degre: int

    @property
    def comptes(self) -> Mapping[EtapeOuverture, int]:
        """Nombre d'établissements à chaque étape, toutes comprises."""
        comptes = Counter(ligne.etape for ligne in self.lignes)
        return {etape: comptes[etape] for etape in EtapeOuverture}

    @property
    def pilotes(self) -> int:
        """Nombre d'établissements pilotes."""
        return sum(ligne.pilote for ligne in self.lignes)


def deploiement(
    session: Session, activation: Activation, brique: str, jour: date, uai: str | None = None
) -> Deploiement:
    """Où en est une brique ; quatre énoncés, quel que soit le nombre d'établissements.

    :param session: session de l'académie, ou de l'établissement demandé.
    :param activation: ce qui est ouvert.
    :param brique: brique chargée.
    :param jour: le jour.
    :param uai: ce seul établissement ; ``None`` pour tous.
    """
    enonce = (
        select(_e.uai, _e.nom, _e.ville, _e.degre)
        .where(_e.degre > 0, _e.ferme_le.is_(None))
        .order_by(collate(func.ent_sans_accent(_e.nom), "C"), _e.uai)
    )
    if uai is not None:
        enonce = enonce.where(_e.uai == uai)
    lus = session.execute(enonce).all()
    ecoles = [ligne for ligne in lus if activation.convient(brique, ligne.degre)]
    ouvertures = activation.ouvertures(session, brique, [_ACADEMIE, *(e.uai for e in ecoles)], jour)
    attestes = activation.prealables.attestes(session, brique)
    acceptees = activation.acceptations.acceptees(session, brique)
    generale = ouvertures[_ACADEMIE]
    lignes = []
    for ecole in ecoles:
        manquants = activation.prealables.manquants(brique, attestes.get(ecole.uai, frozenset()))
        couverte = activation.acceptations.couvre(session, brique, acceptees.get(ecole.uai))
        lignes.append(
            _ligne(
                ecole.uai, ecole.nom, ecole.ville or "", ouvertures[ecole.uai], jour,
                tuple(p.titre for p in manquants), couverte=couverte, generale=generale,
            )
        )  # fmt: skip
    return Deploiement(
        tuple(lignes), generale is not None, generale.debut if generale else None, len(lus) - len(ecoles)
    )


def ecoles_servies(session: Session, activation: Activation, brique: str, jour: date) -> list[str]:
    """Établissements où une brique est servie ; ni fermée, ni suspendue, ni en attente de ses préalables.

    :param session: session de l'académie.
    :param activation: ce qui est ouvert.
    :param brique: brique chargée.
    :param jour: le jour.
    """
    lignes = deploiement(session, activation, brique, jour).lignes
    return [ligne.uai for ligne in lignes if ligne.etape is EtapeOuverture.SERVIE]


def _ligne(
    uai: str, nom: str, ville: str, ouverture: Decision | None, jour: date, restent: tuple[str, ...],
    *, couverte: bool, generale: Decision | None,
) -> LigneDeploiement:  # fmt: skip
    if ouverture is None:
        return LigneDeploiement(uai, nom, ville, EtapeOuverture.FERMEE)
    if not ouverture.vaut(jour):
        etape = EtapeOuverture.PREVUE
    elif restent:
        etape = EtapeOuverture.EN_ATTENTE
    else:
        etape = EtapeOuverture.SERVIE if couverte else EtapeOuverture.SUSPENDUE
    return LigneDeploiement(
        uai, nom, ville, etape,
        pilote=ouverture.niveau == "établissement" and not (generale and generale.vaut(jour)),
        debut=ouverture.debut,
        fin=ouverture.fin,
        restent=restent,
    )  # fmt: skip
