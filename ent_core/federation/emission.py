"""Ce que l'ENT dit d'une personne à un service, et à quelles conditions il le dit.

Une seule fonction, ``peut_emettre``, garde toutes les sorties, quel que soit le protocole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.services import ServiceTiers
from ent_core.donnees.base import Base
from ent_core.federation.gabarits import GABARITS, SourceAttribut, rendre
from ent_core.federation.modeles import EmissionService, ServiceFerme
from ent_core.federation.sources import Porteur, lire_sources
from ent_core.identite.connexion import LOCALE
from ent_core.identite.modeles import Compte, Personne
from ent_core.identite.secrets import Coffre
from ent_core.identite.sessions import EN_ATTENTE, SessionReconnue
from ent_core.socle.calendrier import annee_scolaire

__all__ = [
    "Dit",
    "Empechement",
    "compte_en_regle",
    "compter",
    "dire",
    "ecrire_si_en_regle",
    "emissions",
    "peut_emettre",
    "valeurs",
]

_emission = Base.metadata.tables[EmissionService.__tablename__]
_compte = Base.metadata.tables[Compte.__tablename__].c
_personne = Base.metadata.tables[Personne.__tablename__].c
_fermes = Base.metadata.tables[ServiceFerme.__tablename__].c


class Empechement(StrEnum):
    """Pourquoi une session n'ouvre aucun service."""

    SECOND_FACTEUR = "second_facteur"
    ASSISTANCE = "assistance"
    SUSPENDU = "suspendu"
    CONTEXTE = "contexte"


@dataclass(frozen=True, slots=True)
class Dit:
    """Ce qu'un service apprend d'une personne.

    :param principal: ce qui la désigne chez lui.
    :param attributs: nom → valeurs ; un attribut sans valeur n'y est pas.
    """

    principal: str
    attributs: Mapping[str, tuple[str, ...]]


def peut_emettre(reconnue: SessionReconnue) -> Empechement | None:
    """Ce qui empêche une session d'ouvrir un service ; ``None`` si rien.

    :param reconnue: session de la requête.
    """
    if reconnue.support is not None:
        return Empechement.ASSISTANCE
    if reconnue.niveau == EN_ATTENTE:
        return Empechement.SECOND_FACTEUR
    if reconnue.suspendu:
        return Empechement.SUSPENDU
    return None if reconnue.uai and reconnue.profil else Empechement.CONTEXTE


def _en_regle(methode: ColumnElement[str]) -> ColumnElement[bool]:
    """Condition : le compte n'est ni suspendu, ni en attente d'un mot de passe que la session suppose choisi.

    Qui entre par un fournisseur d'identité n'a pas de mot de passe d'ici, et n'a rien à activer.

    :param methode: moyen par lequel la session a été ouverte.
    """
    return or_(_compte.etat == "actif", and_(_compte.etat == "a_activer", methode != LOCALE))


def compte_en_regle(compte_id: UUID | ColumnElement[UUID], methode: str | ColumnElement[str]) -> Select[UUID]:
    """Le compte, s'il est en règle et que la personne n'est pas partie ; à jouer par l'énoncé qui s'y fie.

    :param compte_id: compte, ou colonne qui le désigne.
    :param methode: moyen par lequel la session a été ouverte, ou colonne qui le dit.
    """
    ouverte_par = literal(methode) if isinstance(methode, str) else methode
    return (
        select(_compte.id)
        .select_from(_compte.id.table.join(_personne.id.table, _personne.id == _compte.personne_id))
        .where(_compte.id == compte_id, _en_regle(ouverte_par), _personne.sursis_depuis.is_(None))
    )


def ecrire_si_en_regle(
    session: Session, table: Table, valeurs: Mapping[str, Any], reconnue: SessionReconnue
) -> bool:
    """Écrit une ligne si le compte d'une session est en règle ; vrai si elle est écrite.

    L'énoncé qui écrit relit l'état du compte : une suspension simultanée l'emporte.

    :param session: session de la requête.
    :param table: table d'un ticket, ou d'un code.
    :param valeurs: valeur de chaque colonne.
    :param reconnue: session dont la ligne découle.
    """
    source = compte_en_regle(reconnue.compte_id, reconnue.methode).with_only_columns(
        *(literal(valeur, table.c[nom].type) for nom, valeur in valeurs.items())
    )
    ecrite = insert(table).from_select(list(valeurs), source).returning(literal(1))
    return session.scalar(ecrite) is not None


def dire(
    session: Session,
    coffre: Coffre,
    service: ServiceTiers,
    personne_id: UUID,
    uai: str,
    profil: str,
    jour: date,
    authentifie_le: datetime | None = None,
) -> Dit:
    """Réponse exacte qu'un service recevrait d'une personne.

    :param session: session de l'académie.
    :param coffre: coffre de l'instance.
    :param personne_id: personne.
    :param uai: établissement en vigueur.
    :param profil: profil en vigueur.
    :param authentifie_le: quand elle s'est connectée.
    """
    gabarit = GABARITS[service.gabarit]
    lues = valeurs(session, coffre, service, personne_id, uai, profil, jour, authentifie_le)
    principal = next(iter(lues[gabarit.principal]), "")
    return Dit(principal, rendre(gabarit, service.attributs, lues))


def valeurs(
    session: Session,
    coffre: Coffre,
    service: ServiceTiers,
    personne_id: UUID,
    uai: str,
    profil: str,
    jour: date,
    authentifie_le: datetime | None = None,
) -> Mapping[SourceAttribut, tuple[str, ...]]:
    """Ce qu'un service peut savoir d'une personne, par source : rien d'autre n'est lu.

    Mêmes paramètres que ``dire``.
    """
    fermes = session.scalars(select(_fermes.uai).where(_fermes.cle == service.cle))
    sujet = Porteur(
        service=service.cle,
        personne_id=personne_id,
        uai=uai,
        profil=profil,
        jour=jour,
        annee=annee_scolaire(jour),
        etablissements=service.etablissements,
        fermes=frozenset(fermes),
        authentifie_le=authentifie_le,
    )
    return lire_sources(session, coffre, sujet, GABARITS[service.gabarit].sources(service.attributs))


def compter(session: Session, service: str, uai: str, profil: str, jour: date) -> None:
    """Ajoute une réponse au compte du mois ; personne n'y est désigné.

    :param session: session de l'académie, ou de l'établissement.
    :param service: identifiant du service.
    """
    ligne = insert(_emission).values(
        uai=uai, service=service, profil=profil, mois=jour.replace(day=1), nombre=1
    )
    session.execute(
        ligne.on_conflict_do_update(
            index_elements=list(_emission.primary_key.columns), set_={"nombre": _emission.c.nombre + 1}
        )
    )


def emissions(session: Session, service: str, uai: str | None) -> list[tuple[date, str, int]]:
    """Réponses données à un service : mois, profil, nombre ; le plus récent d'abord, un an au plus.

    :param session: session de l'établissement, ou de l'académie.
    :param service: identifiant du service.
    :param uai: établissement ; ``None``, tous.
    """
    c = _emission.c
    enonce = select(c.mois, c.profil, c.nombre).where(c.service == service)
    if uai is not None:
        enonce = enonce.where(c.uai == uai)
    comptes: dict[tuple[date, str], int] = {}
    for mois, profil, nombre in session.execute(enonce):
        comptes[mois, profil] = comptes.get((mois, profil), 0) + nombre
    rangees = sorted(comptes.items(), key=lambda c: (-c[0][0].toordinal(), c[0][1]))
    return [(mois, profil, nombre) for (mois, profil), nombre in rangees[:60]]
